package connreq

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// ownPathForm is what we make: 128 random bits in one piece, since Oktopus takes only one piece of a path.
var ownPathForm = regexp.MustCompile(`^/[0-9a-f]{32}$`)

// ownPath returns our random path (C-10). It is made once and kept in ROOT/etc/cwmpd/connreq, so it survives reboots and
// upgrades and goes with a factory reset.
func ownPath(root string, log *slog.Logger) string {
	file := filepath.Join(root, "etc/cwmpd/connreq")
	if data, err := os.ReadFile(file); err == nil {
		if path := strings.TrimSpace(string(data)); ownPathForm.MatchString(path) {
			return path
		}
	}
	b := make([]byte, 16)
	rand.Read(b) // never fails
	path := "/" + hex.EncodeToString(b)
	if err := keep(file, path+"\n"); err != nil {
		log.Warn("connection requests: the path will be another one after a restart", "err", err)
	}
	return path
}

// keep writes a file as a whole, or not at all.
func keep(file, text string) error {
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
	if err == nil {
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
