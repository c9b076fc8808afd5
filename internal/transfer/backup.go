package transfer

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/uci"
)

const (
	maxMembers    = 4096
	maxMemberName = 256
	packageDir    = "etc/config/"
	ownDir        = "etc/cwmpd/"
)

// readBackup reads an archive into memory. It looks at the router to see that no name in it leads through a link, and
// writes nothing.
func readBackup(data []byte, root string) (contents, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return contents{}, err
	}
	limited := &io.LimitedReader{R: z, N: maxConfig + 1}
	b := backup{root: root, seen: map[string]bool{}}
	if err = b.read(tar.NewReader(limited)); err == nil {
		_, err = io.Copy(io.Discard, limited) // to the checksum
	}
	switch {
	case limited.N <= 0:
		return contents{}, fmt.Errorf("unpacks to more than %d bytes", maxConfig)
	case err != nil:
		return contents{}, err
	case len(b.packages)+len(b.files) == 0:
		return contents{}, errors.New("no file in it")
	}
	return b.contents, nil
}

// backup is an archive while it is read.
type backup struct {
	contents
	root string
	seen map[string]bool
}

func (b *backup) read(t *tar.Reader) error {
	for range maxMembers {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := b.member(h, t); err != nil {
			return fmt.Errorf("%q: %w", h.Name[:min(len(h.Name), maxMemberName)], err)
		}
	}
	return fmt.Errorf("more than %d files", maxMembers)
}

func (b *backup) member(h *tar.Header, r io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	name, err := cleanName(h.Name)
	if err != nil {
		return err
	}
	switch {
	case h.Typeflag == tar.TypeDir && (name == "." || name == "etc" || strings.HasPrefix(name, "etc/")):
		return nil // files make their directories
	case h.Typeflag != tar.TypeReg:
		return errors.New("not a regular file")
	case !strings.HasPrefix(name, "etc/"):
		return errors.New("not under etc/")
	case b.seen[name]:
		return errors.New("there twice")
	}
	b.seen[name] = true
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, ownDir) {
		return nil
	}
	if pkg := strings.TrimPrefix(name, packageDir); pkg != name && uci.ValidPackage(pkg) {
		p, err := uci.Parse(pkg, data)
		if err != nil {
			return err
		}
		b.packages = append(b.packages, p)
		return nil
	}
	if err := b.noLinks(name); err != nil {
		return err
	}
	mode := fs.FileMode(h.Mode & 0o777)
	b.files = append(b.files, state.File{Path: filepath.Join(b.root, name), Data: data, Mode: mode})
	return nil
}

// cleanName is a name of an archive without a leading ./, or an error if it could lead elsewhere than it says.
func cleanName(name string) (string, error) {
	if name == "" || len(name) > maxMemberName || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", errors.New("bad name")
	}
	if strings.HasPrefix(name, "/") {
		return "", errors.New("absolute name")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", errors.New("name leads upwards")
		}
	}
	return path.Clean(name), nil
}

// noLinks refuses a name whose directories, as far as the router has them, are not plain directories, and one that is
// a link or something else than a file itself.
func (b *backup) noLinks(name string) error {
	parts := strings.Split(name, "/")
	at := b.root
	for i, part := range parts {
		at = filepath.Join(at, part)
		fi, err := os.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		last := i == len(parts)-1
		if last && !fi.Mode().IsRegular() || !last && !fi.IsDir() {
			return errors.New("something else is in its place")
		}
	}
	return nil
}
