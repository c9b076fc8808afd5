package notify

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	inDir  = unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR
	inWait = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR
)

// watchDirs calls changed after a file of one of the directories was written, has come or has gone, and once when
// it begins to watch, until ctx ends. A directory that does not exist is waited for; one that goes is waited for again. It
// returns an error if the kernel cannot.
func watchDirs(ctx context.Context, dirs []string, changed func()) error {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return fmt.Errorf("inotify: %w", err)
	}
	f := os.NewFile(uintptr(fd), "inotify")
	defer f.Close()
	defer context.AfterFunc(ctx, func() { f.Close() })()
	d := &dirWatch{fd: fd, dirs: dirs}
	if err := d.arrange(); err != nil {
		return err
	}
	changed() // what was written while nobody watched
	buf := make([]byte, 16<<10)
	for {
		n, err := f.Read(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("inotify: %w", err)
		}
		files, moved := d.events(buf[:n])
		if moved {
			if err := d.arrange(); err != nil {
				return err
			}
		}
		if files || moved {
			changed()
		}
	}
}

// dirWatch knows what is watched.
type dirWatch struct {
	fd   int
	dirs []string
	held map[int32]string // watch descriptor: "" for one of dirs, else the name that is waited for
}

// arrange watches each directory, or the nearest one above that exists for the name that is missing in it. All watches are
// made anew: directories that are replaced are rare.
func (d *dirWatch) arrange() error {
	for wd := range d.held {
		unix.InotifyRmWatch(d.fd, uint32(wd)) // may be gone with its directory
	}
	d.held = map[int32]string{}
	for _, dir := range d.dirs {
		for range 10 {
			again, err := d.add(filepath.Clean(dir))
			if err != nil {
				return err
			}
			if !again {
				break
			}
		}
	}
	return nil
}

// add watches one directory. again says that what is missing has come while we looked.
func (d *dirWatch) add(dir string) (again bool, err error) {
	missing := ""
	for at := dir; ; at = filepath.Dir(at) {
		mask := uint32(inDir)
		if missing != "" {
			mask = inWait
		}
		wd, err := unix.InotifyAddWatch(d.fd, at, mask|unix.IN_MASK_ADD)
		switch {
		case err == nil:
			d.hold(int32(wd), missing)
			if missing == "" {
				return false, nil
			}
			_, err := os.Stat(filepath.Join(at, missing))
			return err == nil, nil
		case !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) || at == filepath.Dir(at):
			return false, fmt.Errorf("watch %s: %w", at, err)
		}
		missing = filepath.Base(at)
	}
}

// hold notes a watch. Where two directories are waited for in one place, or one lies in the other, every name counts.
func (d *dirWatch) hold(wd int32, name string) {
	if have, ok := d.held[wd]; ok && have != name {
		name = "*"
	}
	d.held[wd] = name
}

// events reports whether files changed, and whether a directory that matters has come or gone.
func (d *dirWatch) events(buf []byte) (files, moved bool) {
	for len(buf) >= unix.SizeofInotifyEvent {
		wd := int32(binary.NativeEndian.Uint32(buf))
		mask := binary.NativeEndian.Uint32(buf[4:])
		size := int(binary.NativeEndian.Uint32(buf[12:]))
		rest := buf[unix.SizeofInotifyEvent:]
		name := strings.TrimRight(string(rest[:min(size, len(rest))]), "\x00")
		buf = rest[min(size, len(rest)):]
		waited, held := d.held[wd]
		switch {
		case mask&unix.IN_Q_OVERFLOW != 0:
			return true, true
		case !held: // of a watch that was given up
		case mask&(unix.IN_DELETE_SELF|unix.IN_MOVE_SELF|unix.IN_UNMOUNT|unix.IN_IGNORED) != 0:
			moved = true
		case waited == "*":
			files, moved = true, true
		case waited != "":
			moved = moved || name == waited
		default:
			files = files || !strings.HasPrefix(name, ".") // temporary files of uci and of others
		}
	}
	return files, moved
}
