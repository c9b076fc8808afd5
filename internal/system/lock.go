package system

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A Lock keeps a second daemon, or the CLI, from writing to the same router at once.
type Lock struct{ f *os.File }

// A HeldError says who holds a lock.
type HeldError struct{ Path, PID string }

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s is held by process %s", e.Path, e.PID)
}

// LockFile takes the lock at path without waiting and writes our process number into it; *HeldError when it is taken.
// The kernel lets go of it when the process ends, however that happens.
func LockFile(path string) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			pid := make([]byte, 16)
			n, _ := f.ReadAt(pid, 0)
			return nil, &HeldError{Path: path, PID: strings.TrimSpace(string(pid[:n]))}
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := f.Truncate(0); err == nil {
		_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
	}
	return &Lock{f}, nil
}

// Unlock lets go of the lock. The file stays: removing it would let two processes lock two inodes of one name.
func (l *Lock) Unlock() error { return l.f.Close() }
