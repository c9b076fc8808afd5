package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// maxConfig bounds a configuration file, and what an archive unpacks to.
const maxConfig = 8 << 20

// ApplyConfig puts a vendor configuration file in force, all of it or nothing, and returns the
// packages that changed. commit brings the files onto flash, all or none, with the promise that these packages will be
// reloaded. The file is one of
//
//   - the text of `uci export`: each package that it names is replaced as a whole, others stay;
//   - the text of one package, whose name is the last part of TargetFileName;
//   - a backup as `sysupgrade -b` makes it: a compressed tar of regular files under etc/. Packages in etc/config
//     replace those of the same names. Other files are put in their places and take effect when somebody reads them.
//     What lies in etc/cwmpd is this box's own memory and is left out.
//
// Anything else is ErrCorrupt, also an archive with links, devices, or names that lead out of etc/ (Z-37).
func ApplyConfig(ctx context.Context, dir *uci.Dir, commit func(packages []string, files []state.File) error, r Request, file string) ([]string, error) {
	data, err := readConfig(file)
	if err != nil {
		return nil, err
	}
	var c contents
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		c, err = readBackup(data, dir.Root())
	} else {
		c, err = readText(data, r.TargetFileName)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return c.commit(ctx, dir, commit)
}

// contents is what a configuration file wants.
type contents struct {
	packages []*uci.Package
	files    []state.File // that are not packages
}

func readConfig(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err == nil && len(data) > maxConfig {
		err = fmt.Errorf("%w: larger than %d bytes", ErrCorrupt, maxConfig)
	}
	return data, err
}

func readText(data []byte, target string) (contents, error) {
	name := path.Base(target)
	if !uci.ValidPackage(name) {
		name = ""
	}
	packages, err := uci.ParseExport(name, data)
	if err == nil && len(packages) == 0 {
		err = errors.New("no package in it")
	}
	return contents{packages: packages}, err
}

// commit writes everything at once.
func (c contents) commit(ctx context.Context, dir *uci.Dir, commit func([]string, []state.File) error) ([]string, error) {
	var edits []uci.Edit
	for _, p := range c.packages {
		e := uci.Edit{Op: uci.OpReplace, Package: p.Name, Content: p}
		if err := new(uci.Package).Apply(e); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		edits = append(edits, e)
	}
	w, err := dir.Begin(ctx, edits)
	var busy *uci.BusyError
	if errors.As(err, &busy) || errors.Is(err, uci.ErrVolatile) {
		return nil, fmt.Errorf("%w: %w", errRefused, err)
	}
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if err := commit(w.Packages(), append(w.Files(), c.files...)); err != nil {
		return nil, err
	}
	return w.Packages(), nil
}
