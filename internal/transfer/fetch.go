package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/cwmpd/cwmpd/internal/web"
)

const (
	spoolName = "/tmp/cwmpd-spool"
	// What a download leaves free: /tmp is memory, and sysupgrade wants some too.
	reserve = 8 << 20
)

// file is a spooled file.
type file struct {
	real  string // path for us
	name  string // path as the router sees it
	size  int64
	inUse bool // by a sysupgrade that goes on without us
}

// remove ends a file, unless somebody still needs it. nil is no file.
func (f *file) remove() {
	if f != nil && !f.inUse {
		_ = os.Remove(f.real)
	}
}

func (q *Queue) spoolDir() string { return q.cfg.Box.Path(spoolName) }

// spool makes an empty file that nobody else can have prepared (Z-35).
func (q *Queue) spool(id string) (*os.File, *file, error) {
	dir := q.spoolDir()
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, nil, err
	}
	fi, err := os.Lstat(dir)
	if err != nil {
		return nil, nil, err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !fi.IsDir() || fi.Mode().Perm() != 0o700 || !ok || int(st.Uid) != os.Geteuid() {
		if err := os.RemoveAll(dir); err != nil { // of a link only the link
			return nil, nil, err
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, nil, err
		}
	}
	f := &file{real: filepath.Join(dir, id), name: filepath.Join(spoolName, id)}
	_ = os.Remove(f.real)
	w, err := os.OpenFile(f.real, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return w, f, err
}

// get fetches the file of a download into the spool.
func (q *Queue) get(ctx context.Context, e entry) (*file, error) {
	room := q.room()
	if e.Request.FileSize > uint64(room) {
		return nil, fmt.Errorf("%w: %d bytes", ErrNoSpace, e.Request.FileSize)
	}
	w, f, err := q.spool(e.ID)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	r := e.Request
	f.size, err = web.Get(ctx, q.cfg.Web(), r.URL, r.Username, r.Password, room, w)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return f, err
}

// put makes the file of an upload in the spool and sends it.
func (q *Queue) put(ctx context.Context, e entry) (*file, error) {
	w, f, err := q.spool(e.ID)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	defer w.Close()
	if err := q.cfg.Produce(ctx, e.public(), &bounded{w, q.room()}); err != nil {
		return f, fmt.Errorf("make the file: %w", err)
	}
	if f.size, err = w.Seek(0, io.SeekCurrent); err == nil {
		_, err = w.Seek(0, io.SeekStart)
	}
	if err != nil {
		return f, err
	}
	r := e.Request
	return f, web.Put(ctx, q.cfg.Web(), r.URL, r.Username, r.Password, w, f.size)
}

// bounded is a writer with an end.
type bounded struct {
	w    io.Writer
	room int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if int64(len(p)) > b.room {
		return 0, ErrNoSpace
	}
	b.room -= int64(len(p))
	return b.w.Write(p)
}

// room is how many bytes a file may have: what is free on /tmp and, since that is memory, what is free of that.
func (q *Queue) room() int64 {
	free := int64(math.MaxInt64)
	var fs syscall.Statfs_t
	if err := syscall.Statfs(q.cfg.Box.Path("/tmp"), &fs); err == nil {
		free = int64(min(uint64(fs.Bavail), math.MaxInt64/uint64(max(fs.Bsize, 1)))) * int64(fs.Bsize)
	}
	if n, ok := q.freeMemory(); ok {
		free = min(free, n)
	}
	return max(free-reserve, 0)
}

func (q *Queue) freeMemory() (int64, bool) {
	data, err := q.cfg.Box.ReadFile("/proc/meminfo", 64<<10)
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(data) {
		fields := bytes.Fields(line)
		if len(fields) < 2 || string(fields[0]) != "MemAvailable:" {
			continue
		}
		n, err := strconv.ParseInt(string(fields[1]), 10, 52)
		return n << 10, err == nil
	}
	return 0, false
}

// ErrCorrupt is a file that is not what its type promises.
var ErrCorrupt = errors.New("unusable file")

// errSignature is an image whose signature is missing or wrong.
var errSignature = errors.New("signature of the image")

// errRefused is a change that the router does not take now.
var errRefused = errors.New("refused")

// reasons maps errors to reasons, the first that fits.
var reasons = []struct {
	err    error
	reason Reason
}{
	{errSignature, Signature},
	{ErrCorrupt, Corrupt},
	{errRefused, Failed},
	{ErrFileType, Access},
	{ErrScheme, Scheme},
	{ErrNoSpace, NoSpace},
	{syscall.ENOSPC, NoSpace},
	{web.ErrTooLarge, NoSpace},
	{web.ErrForbiddenAddress, Failed},
	{web.ErrRedirect, Failed},
	{web.ErrAuth, Auth},
	{web.ErrContact, Contact},
	{web.ErrTruncated, Incomplete},
	{web.ErrScheme, Scheme},
	{web.ErrProtocol, Access},
}

// reasonOf is OK for nil.
func reasonOf(err error) Reason {
	if err == nil {
		return OK
	}
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.reason
		}
	}
	var status *web.StatusError
	if !errors.As(err, &status) {
		return Internal
	}
	if status.Code == 401 || status.Code == 403 || status.Code == 407 {
		return Auth
	}
	return Access
}
