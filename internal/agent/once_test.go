package agent

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/sandbox"
)

// TestWholeReadAsksOnce reads the whole tree and counts: no method of the bus is called twice with the same arguments, and
// no file of the router is opened twice. A UCI file may be: to be parsed, and for the checksum of VendorConfigFile.
func TestWholeReadAsksOnce(t *testing.T) {
	root := grownRouter(t, 40)
	router, err := sandbox.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := router.Start(); err != nil {
		t.Fatal(err)
	}
	p := openParts(t, root)
	params := readValues(t, p, new(soap.Encoder), "")
	calls := map[string]int{}
	for _, c := range router.Bus().Calls() {
		calls[questionText(c.Object, c.Method, c.Args)]++
	}
	p.Close()
	router.Close()
	if len(calls) < 20 {
		t.Errorf("%d different calls for %d parameters", len(calls), params)
	}
	for call, n := range calls {
		if n > 1 {
			t.Errorf("%s was called %d times", call, n)
		}
	}

	serveRouter(t, root)
	p = openParts(t, root)
	watch := watchFiles(t, root)
	readValues(t, p, new(soap.Encoder), "")
	opened := map[string]int{}
	for _, f := range watch() {
		opened[f]++
	}
	if opened["/etc/config/network"] == 0 || opened["/kernel/neighbours.json"] == 0 {
		t.Errorf("opened were only %v", opened)
	}
	for file, n := range opened {
		switch {
		case strings.HasPrefix(file, "/usr/sbin/"): // run, not read
		case n > 2, n > 1 && !strings.HasPrefix(file, "/etc/config/"):
			t.Errorf("%s was opened %d times", file, n)
		}
	}
}

// watchFiles returns what names the files below root that are opened from now on, with repetitions.
func watchFiles(tb testing.TB, root string) func() []string {
	tb.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		tb.Skipf("files cannot be watched: %v", err)
	}
	tb.Cleanup(func() { unix.Close(fd) })
	dirs := map[int32]string{}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		wd, err := unix.InotifyAddWatch(fd, path, unix.IN_OPEN|unix.IN_CLOSE) // equal events in a row are one, so each needs its end
		dirs[int32(wd)] = strings.TrimPrefix(path, root)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return func() (files []string) {
		buf := make([]byte, 1<<20)
		for {
			n, err := unix.Read(fd, buf)
			if err != nil || n <= 0 {
				slices.Sort(files)
				return files
			}
			for b := buf[:n]; len(b) >= unix.SizeofInotifyEvent; {
				wd, mask := int32(binary.NativeEndian.Uint32(b)), binary.NativeEndian.Uint32(b[4:])
				size := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(b[12:]))
				name := string(bytes.TrimRight(b[unix.SizeofInotifyEvent:size], "\x00"))
				if mask&unix.IN_Q_OVERFLOW != 0 {
					tb.Fatal("more files were opened than can be counted")
				}
				if mask&unix.IN_ISDIR == 0 && mask&unix.IN_OPEN != 0 {
					files = append(files, dirs[wd]+"/"+name)
				}
				b = b[size:]
			}
		}
	}
}
