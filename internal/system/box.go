package system

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/slog"
)

// A Box is one router, seen through its root directory. Its methods may be used by many goroutines.
type Box struct {
	Root string
	// TZ returns the POSIX TZ string in force, "" where it is not known; nil means that only the files are asked.
	TZ func() string

	log *slog.Logger
	now func() time.Time
}

// Open returns the box whose file system begins at root, which must be a directory. A nil log discards.
func Open(root string, log *slog.Logger) (*Box, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open root %q: %w", root, err)
	}
	st, err := os.Stat(abs)
	if err != nil {
		return nil, fmt.Errorf("open root: %w", err)
	}
	if !st.IsDir() {
		return nil, fmt.Errorf("open root %q: not a directory", root)
	}
	if log == nil {
		log = slog.Discard()
	}
	return &Box{Root: abs, log: log, now: time.Now}, nil
}

// Real reports whether the box is the machine this process runs on, not a directory that plays one.
func (b *Box) Real() bool { return b.Root == "/" }

// Path returns the real path of name, which is absolute as the router sees it. "..", however often, stays in the root.
func (b *Box) Path(name string) string {
	return filepath.Join(b.Root, filepath.Clean("/"+name))
}

// ErrTooLarge says that a file holds more than the caller wanted to read.
var ErrTooLarge = errors.New("file too large")

// ReadFile returns the content of name, at most max bytes; a longer file is ErrTooLarge.
func (b *Box) ReadFile(name string, max int64) ([]byte, error) {
	f, err := os.Open(b.Path(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, max+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(data)) > max {
		return nil, fmt.Errorf("read %s: %w: more than %d bytes", name, ErrTooLarge, max)
	}
	return data, nil
}

// line returns the trimmed first kilobyte of a small file, "" where it cannot be read.
func (b *Box) line(name string) string {
	data, err := b.ReadFile(name, 1024)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.TrimRight(string(data), "\x00"))
}

// BootID returns the kernel's identifier of this boot, "" where there is none. Another one means the box was rebooted.
func (b *Box) BootID() string { return b.line("/proc/sys/kernel/random/boot_id") }

// Uptime returns how long the box has been up, 0 where that is not known.
func (b *Box) Uptime() time.Duration {
	first, _, _ := strings.Cut(b.line("/proc/uptime"), " ")
	s, err := strconv.ParseFloat(first, 64)
	if err != nil || s < 0 || s > 1e10 {
		return 0
	}
	return time.Duration(s * float64(time.Second))
}
