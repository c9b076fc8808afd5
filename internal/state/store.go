package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/cwmpd/cwmpd/internal/slog"
)

// Store keeps the agent's own small files and commits sets of files as one.
// It is safe for many goroutines and processes; commits run one after the other.
type Store struct {
	root string // cleaned
	dir  string // root/etc/cwmpd
	log  *slog.Logger
	step func(step) error // asked before each step on the file system; nil outside tests

	mu     sync.Mutex      // guards all below
	logged map[string]bool // what was said once already
	broken map[string]bool // facts whose newest file Load could not use
}

const (
	stateDir  = "etc/cwmpd"
	keptDir   = "datamodel" // in stateDir, and not ours: an ISP's own definitions
	tmpSuffix = ".cwmpd-tmp"
)

// Open gives the store of a router root and finishes a Commit that a power cut interrupted. A journal that cannot be
// read is put aside and logged. A disk that cannot be written is logged too, and fails the first Commit, not Open.
// A nil log discards.
func Open(root string, log *slog.Logger) (*Store, error) {
	if log == nil {
		log = slog.Discard()
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	s := &Store{root: abs, dir: filepath.Join(abs, stateDir), log: log, logged: map[string]bool{}, broken: map[string]bool{}}
	if _, err := os.Stat(s.dir); errors.Is(err, fs.ErrNotExist) {
		return s, nil // nothing was ever committed: whoever only reads leaves no trace
	}
	if err := s.lock(func() error { return s.recover() }); err != nil {
		s.log.Error("state cannot be written", "dir", s.dir, "err", err)
	}
	return s, nil
}

// Path is where a file or directory of the given name lies in the store's directory; nothing is made there.
func (s *Store) Path(name string) string { return filepath.Join(s.dir, name) }

// Wipe forgets everything the store holds. The directory datamodel is not the store's and stays.
func (s *Store) Wipe() error {
	return s.lock(func() error {
		entries, err := os.ReadDir(s.dir)
		if err != nil {
			return fmt.Errorf("wipe state: %w", err)
		}
		for _, e := range entries {
			if e.Name() == keptDir {
				continue
			}
			if err := os.RemoveAll(s.Path(e.Name())); err != nil {
				return fmt.Errorf("wipe state: %w", err)
			}
		}
		return s.syncDir(s.dir)
	})
}

// lock runs work while no other Store of this root, in this process or another, commits.
func (s *Store) lock(work func() error) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	d, err := os.Open(s.dir)
	if err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	defer d.Close() // and the lock goes with it
	if fi, err := d.Stat(); err == nil && fi.Mode().Perm() != 0o700 {
		_ = d.Chmod(0o700) // there are passwords in it; on a read-only disk it stays as it is
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", s.dir, err)
	}
	return work()
}

// once reports whether this key is asked about for the first time.
func (s *Store) once(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.logged[key] {
		return false
	}
	s.logged[key] = true
	return true
}

// setBroken notes whether the file at path may become a last good copy, and returns what was noted before.
func (s *Store) setBroken(path string, broken bool) (was bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was = s.broken[path]
	s.broken[path] = broken
	return was
}

// sweep removes temporary files of commits that ended before they had a journal.
func (s *Store) sweep() {
	for _, dir := range []string{s.dir, filepath.Join(s.root, "etc/config")} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") && strings.HasSuffix(e.Name(), tmpSuffix) && e.Type().IsRegular() {
				_ = os.Remove(filepath.Join(dir, e.Name()))
			}
		}
	}
}

// real follows symbolic links as realpath does; the last component may be missing. An absolute link inside a
// root other than / is taken to mean that root.
func (s *Store) real(path string) (string, error) {
	for range 16 {
		if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
			path = filepath.Join(dir, filepath.Base(path))
		}
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil // not a link, or not there
		}
		switch {
		case !filepath.IsAbs(target):
			path = filepath.Join(filepath.Dir(path), target)
		case s.root == "/" || target == s.root || strings.HasPrefix(target, s.root+"/"):
			path = target
		default:
			path = filepath.Join(s.root, target)
		}
	}
	return "", &fs.PathError{Op: "follow", Path: path, Err: syscall.ELOOP}
}
