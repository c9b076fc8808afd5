package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// A step is one change of the file system that a power cut may come before.
type step struct {
	op       string // mkdir create write chmod sync rename remove link syncdir
	path, to string
}

// do announces a step; only tests make it fail.
func (s *Store) do(op, path, to string) error {
	if s.step == nil {
		return nil
	}
	return s.step(step{op, path, to})
}

// owner is whom a new file belongs to.
type owner struct{ uid, gid int }

// writeTemp puts data on the disk under path, which nobody reads yet.
func (s *Store) writeTemp(path string, data []byte, mode os.FileMode, own *owner) (err error) {
	if err := s.do("create", path, ""); err != nil {
		return err
	}
	_ = os.Remove(path) // of a commit that was cut; O_EXCL then follows no link
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = s.fill(f, data, mode, own)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (s *Store) fill(f *os.File, data []byte, mode os.FileMode, own *owner) error {
	if err := s.do("write", f.Name(), ""); err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := s.do("chmod", f.Name(), ""); err != nil {
		return err
	}
	if own != nil {
		_ = f.Chown(own.uid, own.gid) // only root may give files away
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := s.do("sync", f.Name(), ""); err != nil {
		return err
	}
	return f.Sync()
}

func (s *Store) rename(from, to string) error {
	if err := s.do("rename", from, to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// remove is content when the file is gone already.
func (s *Store) remove(path string) error {
	if err := s.do("remove", path, ""); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (s *Store) syncDir(path string) error {
	if err := s.do("syncdir", path, ""); err != nil {
		return err
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return nil
}

// mkdirAll makes dir and its parents so that they are still there after a power cut.
func (s *Store) mkdirAll(dir string) error {
	if fi, err := os.Stat(dir); err == nil {
		if !fi.IsDir() {
			return &os.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
		}
		return nil
	}
	parent := filepath.Dir(dir)
	if err := s.mkdirAll(parent); err != nil {
		return err
	}
	if err := s.do("mkdir", dir, ""); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return s.syncDir(parent)
}
