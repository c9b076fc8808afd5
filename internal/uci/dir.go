package uci

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Dir is the configuration of one router root. It is safe for many goroutines.
type Dir struct {
	root string

	mu    sync.Mutex // guards what is below
	cache map[string]*cached
	held  map[string]int // packages that a Write of ours has locked
}

// cached is what Load last made of a file.
type cached struct {
	id    fileID
	stale bool // the file was so young that a later change may not show in id
	data  string
	pkg   *Package
	err   error
}

// fileID tells one state of a file from another.
type fileID struct {
	dev, ino     uint64
	size         int64
	mtime, ctime time.Time
}

// youngFile is how long the times of a file may stay the same although it changes: some flash file systems count
// whole seconds.
const youngFile = 2 * time.Second

// Open gives the configuration under a root directory, / for the box itself.
func Open(root string) *Dir {
	if abs, err := filepath.Abs(root); err == nil { // fails only where there is no working directory
		root = abs
	}
	return &Dir{root: root, cache: map[string]*cached{}, held: map[string]int{}}
}

// Root is the root directory, absolute.
func (d *Dir) Root() string { return d.root }

func (d *Dir) etcPath(pkg string) string { return filepath.Join(d.root, "etc/config", pkg) }
func (d *Dir) varPath(pkg string) string { return filepath.Join(d.root, "var/run/uci", pkg) }

// path is the file that libuci reads for a package: one in var/run/uci hides the one in etc/config.
func (d *Dir) path(pkg string) string {
	if p := d.varPath(pkg); exists(p) {
		return p
	}
	return d.etcPath(pkg)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Load reads a package, without the uncommitted changes of anybody. The result is shared and must not be changed.
// As long as the file does not change it is the same pointer. The error is an fs.ErrNotExist where there is no such
// package, a *SyntaxError where libuci could not read it.
func (d *Dir) Load(pkg string) (*Package, error) {
	if !ValidPackage(pkg) {
		return nil, fmt.Errorf("package name %q: %w", clip(pkg), fs.ErrNotExist)
	}
	path := d.path(pkg)
	fi, err := os.Stat(path)
	if err != nil {
		d.forget(pkg)
		return nil, fmt.Errorf("load %s: %w", pkg, err)
	}
	before := d.cachedPackage(pkg)
	if before != nil && !before.stale && before.id == idOf(fi) {
		return before.pkg, before.err
	}
	c, err := d.read(pkg, path)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", pkg, err)
	}
	if before != nil && before.data == c.data {
		c.pkg, c.err = before.pkg, before.err
	} else {
		c.pkg, c.err = parseFile(pkg, path, c.data)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cache[pkg] = c
	return c.pkg, c.err
}

func (d *Dir) cachedPackage(pkg string) *cached {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cache[pkg]
}

func (d *Dir) forget(pkg string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.cache, pkg)
}

func parseFile(pkg, path, data string) (*Package, error) {
	p, err := Parse(pkg, []byte(data))
	var se *SyntaxError
	if errors.As(err, &se) {
		se.File = path
	}
	return p, err
}

// read takes the content of a package file under a shared lock.
func (d *Dir) read(pkg, path string) (*cached, error) {
	f, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d.lockShared(pkg, f)
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data, err := readAll(f)
	if err != nil {
		return nil, err
	}
	return &cached{id: idOf(fi), stale: time.Since(fi.ModTime()) < youngFile, data: string(data)}, nil
}

// lockShared waits a moment for writers. Nearly all of them rename, so that reading without the lock is sound too:
// when the wait is over, or the writer is ourselves, we do.
func (d *Dir) lockShared(pkg string, f *os.File) {
	for range 50 {
		d.mu.Lock()
		ours := d.held[pkg] > 0
		d.mu.Unlock()
		if ours || syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != syscall.EWOULDBLOCK {
			return
		}
		time.Sleep(lockPoll)
	}
}

// openRegular opens a file that is neither a directory nor something that could block.
func openRegular(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return f, nil
}

// readAll reads what a package file may hold, and one byte more when it is too large.
func readAll(f *os.File) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(f, 0, maxFile+1))
}

func idOf(fi fs.FileInfo) fileID {
	id := fileID{size: fi.Size(), mtime: fi.ModTime()}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		id.dev, id.ino = uint64(st.Dev), st.Ino
		id.ctime = time.Unix(int64(st.Ctim.Sec), int64(st.Ctim.Nsec))
	}
	return id
}

// Packages lists the packages that there are, sorted. Files that libuci does not take for packages are left out.
func (d *Dir) Packages() ([]string, error) {
	entries, err := os.ReadDir(d.etcPath(""))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	volatile, err := os.ReadDir(d.varPath(""))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	var names []string
	for _, e := range append(entries, volatile...) {
		if !ValidPackage(e.Name()) {
			continue
		}
		if fi, err := os.Stat(d.path(e.Name())); err == nil && fi.Mode().IsRegular() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Foreign lists the changes of a package that somebody made and did not commit yet (/tmp/.uci).
func (d *Dir) Foreign(pkg string) ([]Edit, error) {
	if !ValidPackage(pkg) {
		return nil, fmt.Errorf("package name %q", clip(pkg))
	}
	path := filepath.Join(d.root, "tmp/.uci", pkg)
	f, err := openRegular(path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("uncommitted changes: %w", err)
	}
	defer f.Close()
	data, err := readAll(f)
	if err != nil {
		return nil, fmt.Errorf("uncommitted changes: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("uncommitted changes: %s is larger than %d bytes", path, maxFile)
	}
	return parseDelta(pkg, data), nil
}
