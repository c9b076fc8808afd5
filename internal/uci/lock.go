package uci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	lockPoll = 10 * time.Millisecond
	lockWait = 10 * time.Second // when the context has no deadline
	// A libuci renames its temporary file at once; one that is older was left by a crash.
	libuciTempAge = 5 * time.Second
	// How long a replaced inode may stay open elsewhere before we no longer care.
	handOverWait = 2 * time.Second
)

// A locked is a package file under libuci's exclusive lock.
type locked struct {
	path    string
	f       *os.File
	created bool // by us, so that there is something to lock
}

// lock takes libuci's lock on a package file and makes sure that the locked inode is the one behind the path. With
// create a file that is missing appears, empty, as with libuci.
func (d *Dir) lock(ctx context.Context, pkg string, create bool) (*locked, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	path := d.etcPath(pkg)
	for {
		l, err := openForLock(path, create)
		if err != nil {
			return nil, err
		}
		err = l.wait(ctx)
		if err == nil {
			err = waitForLibuci(ctx, path)
		}
		if err == nil && l.current() {
			return l, nil
		}
		l.release()
		if ctx.Err() != nil {
			return nil, &BusyError{Package: pkg, Why: "locked by another program"}
		}
		if err != nil {
			return nil, err
		}
	}
}

func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, lockWait)
}

func openForLock(path string, create bool) (*locked, error) {
	f, err := openRegular(path, os.O_RDWR)
	if !errors.Is(err, fs.ErrNotExist) || !create {
		return &locked{path: path, f: f}, err
	}
	f, err = openRegular(path, os.O_RDWR|os.O_CREATE)
	return &locked{path: path, f: f, created: true}, err
}

// wait polls, so that it ends with ctx.
func (l *locked) wait(ctx context.Context) error {
	for {
		err := syscall.Flock(int(l.f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || errors.Is(err, syscall.ENOSYS) {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(lockPoll):
		return nil
	}
}

// waitForLibuci waits while a libuci that has given up its lock did not rename its temporary file yet.
func waitForLibuci(ctx context.Context, path string) error {
	pattern := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".uci-*")
	for limit := time.Now().Add(libuciTempAge); time.Now().Before(limit); {
		if !anyYoung(pattern) {
			return nil
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
	return nil
}

func anyYoung(pattern string) bool {
	paths, _ := filepath.Glob(pattern)
	for _, p := range paths {
		if fi, err := os.Stat(p); err == nil && time.Since(fi.ModTime()) < libuciTempAge {
			return true
		}
	}
	return false
}

// current tells whether the path still leads to the locked inode.
func (l *locked) current() bool {
	mine, err := l.f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(l.path)
	return err == nil && os.SameFile(mine, now)
}

// replaced tells whether a rename took the inode from under the lock and nobody else names it.
func (l *locked) replaced() bool {
	fi, err := l.f.Stat()
	if err != nil {
		return false
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 0
}

// overwrite puts data into the locked inode, for those who wait for its lock.
func (l *locked) overwrite(data []byte) error {
	if err := l.f.Truncate(0); err != nil {
		return err
	}
	_, err := l.f.WriteAt(data, 0)
	return err
}

// handOver gives up the lock of a replaced inode and waits until nobody has that inode open any more: a libuci that
// got its lock is not kept from renaming by the lock of the new inode, and our next write would not notice it.
func (l *locked) handOver() {
	fi, err := l.f.Stat()
	if err != nil {
		return
	}
	_ = syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN)
	ctx, cancel := context.WithTimeout(context.Background(), handOverWait)
	defer cancel()
	for openElsewhere(fi) && pause(ctx) == nil {
	}
	_ = waitForLibuci(ctx, l.path)
}

// openElsewhere tells whether another process has a file open, as far as /proc lets us see.
func openElsewhere(fi os.FileInfo) bool {
	self := strconv.Itoa(os.Getpid())
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, fd := range fds {
		if strings.HasPrefix(fd, "/proc/"+self+"/") {
			continue
		}
		name, err := os.Readlink(fd)
		if err != nil || !strings.HasPrefix(name, "/") || strings.HasPrefix(name, "/dev/") {
			continue // no file
		}
		if other, err := os.Stat(fd); err == nil && os.SameFile(fi, other) {
			return true
		}
	}
	return false
}

// release gives the lock back, and removes a file that was made for it and stayed empty.
func (l *locked) release() {
	if fi, err := l.f.Stat(); l.created && err == nil && fi.Size() == 0 && l.current() {
		_ = os.Remove(l.path)
	}
	_ = l.f.Close()
}

// applyWait is for how long the snapshot of an rpcd apply counts as one that may be rolled back. rpcd waits 60 to 90 s
// for the confirmation; a snapshot that is much older was forgotten by an rpcd that was restarted.
const applyWait = 15 * time.Minute

// applyPending tells whether rpcd waits for the confirmation of an apply, and would copy old files back without it.
func (d *Dir) applyPending() bool {
	dir := filepath.Join(d.root, "var/run/rpcd/snapshot-files")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if fi, err := e.Info(); err == nil && time.Since(fi.ModTime()).Abs() < applyWait {
			return true
		}
	}
	return false
}

// BusyError says that somebody else is about to change the same thing; later it may work.
type BusyError struct {
	Package, Section, Option string // "" where all of the package or section is meant
	Why                      string // in words
}

func (e *BusyError) Error() string {
	name := e.Package
	for _, part := range []string{e.Section, e.Option} {
		if part != "" {
			name += "." + part
		}
	}
	return fmt.Sprintf("%s is busy: %s", name, e.Why)
}
