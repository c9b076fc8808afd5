package connreq

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cwmpd/cwmpd/internal/slog"
)

// isOwnPath recognizes what we make: 128 random bits in one piece, since Oktopus takes only one piece of a path.
func isOwnPath(path string) bool {
	random, ok := strings.CutPrefix(path, "/")
	return ok && len(random) == 32 && strings.Trim(random, "0123456789abcdef") == ""
}

// ownPath returns our random path (C-10). It is made once and kept in ROOT/etc/cwmpd/connreq, so it survives reboots and
// upgrades and goes with a factory reset.
func ownPath(root string, log *slog.Logger) string {
	file := ownPathFile(root)
	path, broken := read(file)
	if path != "" {
		return path
	}
	b := make([]byte, 16)
	rand.Read(b) // never fails
	path = "/" + hex.EncodeToString(b)
	if err := keep(file, path+"\n", broken); errors.Is(err, fs.ErrExist) {
		if other, _ := read(file); other != "" { // the daemon and the command line met
			return other
		}
	} else if err != nil {
		log.Warn("connection requests: the path will be another one after a restart", "err", err)
	}
	return path
}

func ownPathFile(root string) string { return filepath.Join(root, "etc/cwmpd/connreq") }

// read returns the path that a file holds, "" for none; broken says that it holds something else.
func read(file string) (path string, broken bool) {
	f, err := os.Open(file)
	if err != nil {
		return "", false
	}
	defer f.Close()
	data, _ := io.ReadAll(io.LimitReader(f, 64))
	if path = strings.TrimSpace(string(data)); isOwnPath(path) {
		return path, false
	}
	return "", true
}

// keep writes a file as a whole, or not at all. If it exists already and is not to be replaced, the error is fs.ErrExist.
func keep(file, text string, replace bool) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".connreq-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && !replace {
		err = os.Link(f.Name(), file)
		replace = err != nil && !errors.Is(err, fs.ErrExist) // a file system without links
		if replace {
			err = nil
		}
	}
	if err == nil && replace {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
