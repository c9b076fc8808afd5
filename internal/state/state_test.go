package state

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cwmpd/cwmpd/internal/slog"
)

func open(t *testing.T) (*Store, string) {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "etc/config"), 0o755); err != nil {
		t.Fatal(err)
	}
	return must(Open(root, nil)), root
}

func write(t *testing.T, path, data string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	return must(os.Stat(path)).Mode().Perm()
}

// Covers: K-13.
func TestModesAreKeptAndNewFilesArePrivate(t *testing.T) {
	s, root := open(t)
	old, fresh, asked := filepath.Join(root, "etc/config/a"), filepath.Join(root, "etc/config/b"), filepath.Join(root, "etc/x")
	write(t, old, "1", 0o640)
	err := s.Commit(File{Path: old, Data: []byte("2"), Mode: 0o600}, File{Path: fresh, Data: []byte("3")},
		File{Path: asked, Data: []byte("4"), Mode: 0o755})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{old: 0o640, fresh: 0o600, asked: 0o755, s.Path(""): 0o700} {
		if got := mode(t, path); got != want {
			t.Errorf("%s: got %o, want %o", path, got, want)
		}
	}
}

func TestUnchangedContentIsNotWritten(t *testing.T) {
	s, root := open(t)
	path := filepath.Join(root, "etc/config/a")
	write(t, path, "same", 0o644)
	s.step = func(st step) error { t.Errorf("unexpected %v", st); return nil }
	err := s.Commit(File{Path: path, Data: []byte("same")}, File{Path: path + "2", Remove: true})
	if err != nil {
		t.Fatal(err)
	}
}

func TestALinkIsFollowedAndItsTargetReplaced(t *testing.T) {
	s, root := open(t)
	dir := filepath.Join(root, "overlay")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "abs"), "1", 0o604)
	for name, target := range map[string]string{
		"rel": "../../overlay/rel", "abs": filepath.Join(dir, "abs"), "rooted": "/overlay/rooted", "two": "rel",
	} {
		if err := os.Symlink(target, filepath.Join(root, "etc/config", name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"rel", "abs", "rooted", "two"} {
		path := filepath.Join(root, "etc/config", name)
		if err := s.Commit(File{Path: path, Data: []byte(name)}); err != nil {
			t.Fatal(err)
		}
		if fi := must(os.Lstat(path)); fi.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is a link no more", name)
		}
	}
	for name, want := range map[string]string{"rel": "two", "abs": "abs", "rooted": "rooted"} {
		if got := string(must(os.ReadFile(filepath.Join(dir, name)))); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := mode(t, filepath.Join(dir, "abs")); got != 0o604 {
		t.Errorf("got %o, want 604", got)
	}
	if err := os.Symlink("loop", filepath.Join(root, "etc/config/loop")); err != nil {
		t.Fatal(err)
	}
	err := s.Commit(File{Path: filepath.Join(root, "etc/config/loop"), Data: []byte("x")})
	if !errors.Is(err, syscall.ELOOP) {
		t.Errorf("got %v, want ELOOP", err)
	}
}

func TestWhatCannotBeCommittedIsRefusedBeforeAnythingChanges(t *testing.T) {
	s, root := open(t)
	good := filepath.Join(root, "etc/config/good")
	for name, bad := range map[string]File{
		"relative path":   {Path: "etc/config/a"},
		"directory":       {Path: filepath.Join(root, "etc/config")},
		"file as parent":  {Path: filepath.Join(root, "etc/file/a")},
		"named twice":     {Path: filepath.Join(root, "etc/config/../config/good"), Data: []byte("y")},
		"removed dir too": {Path: filepath.Join(root, "etc/config"), Remove: true},
	} {
		write(t, filepath.Join(root, "etc/file"), "", 0o644)
		if err := s.Commit(File{Path: good, Data: []byte("x")}, bad); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := os.Stat(good); err == nil {
			t.Errorf("%s: the other file was written", name)
		}
	}
}

func TestWhoOnlyReadsLeavesNoTrace(t *testing.T) {
	root := t.TempDir()
	s := must(Open(root, nil))
	var v string
	if err := s.Load("fact", &v); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that there is no such fact", err)
	}
	if entries := must(os.ReadDir(root)); len(entries) > 0 {
		t.Errorf("%v was made", entries)
	}
	if err := s.Save("fact", "x"); err != nil {
		t.Errorf("save after that: %v", err)
	}
}

// A real full disk, not a pretended one.
func TestAFullDiskGivesAClearErrorAndChangesNothing(t *testing.T) {
	root := t.TempDir()
	if err := syscall.Mount("none", root, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("cannot mount a small tmpfs: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(root, 0) })
	s := must(Open(root, nil))
	a, b := filepath.Join(root, "etc/a"), filepath.Join(root, "etc/b")
	if err := os.Mkdir(filepath.Dir(a), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, a, "old", 0o644)
	err := s.Commit(File{Path: a, Data: []byte("new")}, File{Path: b, Data: bytes.Repeat([]byte("x"), 100<<10)})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "etc/.b") {
		t.Errorf("got %v, want no space and the path", err)
	}
	if got := string(must(os.ReadFile(a))); got != "old" || leftovers(root) != "" {
		t.Errorf("got %q and %q, want old and nothing", got, leftovers(root))
	}
	if err := s.Commit(File{Path: a, Data: []byte("new")}, File{Path: b, Data: []byte("fits")}); err != nil {
		t.Errorf("after the disk has room again: %v", err)
	}
}

func TestAReadOnlyDiskFailsTheCommitNotTheStart(t *testing.T) {
	root := t.TempDir()
	if err := syscall.Mount("none", root, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("cannot mount a small tmpfs: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(root, 0) })
	remount := func(flags uintptr) {
		if err := syscall.Mount("none", root, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Skipf("cannot remount: %v", err)
		}
	}
	remount(syscall.MS_RDONLY)
	s := must(Open(root, nil))
	if err := s.Save("fact", 1); !errors.Is(err, syscall.EROFS) {
		t.Errorf("got %v, want EROFS", err)
	}
	var v int
	if err := s.Load("fact", &v); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want not exist", err)
	}
	remount(0)
	if err := s.Save("fact", 1); err != nil {
		t.Errorf("recovery is not automatic: %v", err)
	}
}

type fact struct {
	Number int
	Names  map[string]string
}

func TestAFactComesBackAsItWasSaved(t *testing.T) {
	s, root := open(t)
	want := fact{7, map[string]string{"<&>": "ü\n"}}
	if err := s.Save("some-fact", want); err != nil {
		t.Fatal(err)
	}
	var got fact
	if err := must(Open(root, nil)).Load("some-fact", &got); err != nil || got.Number != 7 || got.Names["<&>"] != "ü\n" {
		t.Errorf("got %+v, %v", got, err)
	}
	if m := mode(t, s.Path("some-fact.json")); m != 0o600 {
		t.Errorf("mode %o, want 600", m)
	}
	for _, name := range []string{"", "a/b", "..", "a.b", "ü"} {
		if s.Save(name, 1) == nil || s.Load(name, &got) == nil {
			t.Errorf("name %q was accepted", name)
		}
	}
}

func TestABrokenFactFallsBackToTheCopyBefore(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"truncated":     func(b []byte) []byte { return b[:len(b)-9] },
		"empty":         func([]byte) []byte { return nil },
		"one bit":       func(b []byte) []byte { return bytes.Replace(b, []byte("2"), []byte("3"), -1) },
		"value changed": func(b []byte) []byte { return bytes.Replace(b, []byte(`"Number":2`), []byte(`"Number":4`), 1) },
		"wrong type":    func([]byte) []byte { return must(wrap([]string{"a"})) },
		"later version": func(b []byte) []byte { return bytes.Replace(b, []byte(`"version":1`), []byte(`"version":9`), 1) },
		"not JSON":      func([]byte) []byte { return []byte("\xff\x00") },
		"null":          func([]byte) []byte { return []byte("null") },
		"deep":          func([]byte) []byte { return bytes.Repeat([]byte("["), 1<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			s, root := open(t)
			for n := 1; n <= 2; n++ {
				if err := s.Save("fact", fact{Number: n}); err != nil {
					t.Fatal(err)
				}
			}
			path := s.Path("fact.json")
			write(t, path, string(spoil(must(os.ReadFile(path)))), 0o600)
			var log bytes.Buffer
			s = must(Open(root, slog.New(&log, nil)))
			var got fact
			for range 2 {
				if err := s.Load("fact", &got); err != nil || got.Number != 1 {
					t.Fatalf("got %+v, %v, want the copy before", got, err)
				}
			}
			if n := strings.Count(log.String(), "fact.json"); n != 1 {
				t.Errorf("logged %d times, want once: %s", n, log.String())
			}
			// What is broken never becomes the last good copy.
			if err := s.Save("fact", fact{Number: 5}); err != nil {
				t.Fatal(err)
			}
			write(t, path, "broken", 0o600)
			if err := s.Load("fact", &got); err != nil || got.Number != 1 {
				t.Errorf("got %+v, %v, want the last good one", got, err)
			}
			write(t, path+"~", "broken too", 0o600)
			got.Number = 42
			if err := s.Load("fact", &got); !errors.Is(err, os.ErrNotExist) || got.Number != 42 {
				t.Errorf("got %+v, %v, want untouched and not exist", got, err)
			}
		})
	}
}

func TestARemovedFactDoesNotComeBack(t *testing.T) {
	s, _ := open(t)
	for n := range 2 {
		if err := s.Save("fact", n); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(File{Path: s.Path("fact.json"), Remove: true}); err != nil {
		t.Fatal(err)
	}
	var v int
	if err := s.Load("fact", &v); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %d, %v, want not exist", v, err)
	}
}

func TestTwoStoresOfOneRootDoNotMixTheirCommits(t *testing.T) {
	s, root := open(t)
	a, b := filepath.Join(root, "etc/a"), filepath.Join(root, "etc/b")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			own := s
			if i%2 == 1 {
				own = must(Open(root, nil))
			}
			data := []byte{byte('0' + i)}
			if err := own.Commit(File{Path: a, Data: data}, File{Path: b, Data: data}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if x, y := must(os.ReadFile(a)), must(os.ReadFile(b)); !bytes.Equal(x, y) {
		t.Errorf("got %q and %q, want the same", x, y)
	}
}

func TestWipeForgetsAllButTheDefinitionsOfOthers(t *testing.T) {
	s, _ := open(t)
	if err := s.Save("fact", 1); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(s.Path("datamodel"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.Wipe(); err != nil {
		t.Fatal(err)
	}
	list := must(os.ReadDir(s.Path("")))
	if len(list) != 1 || list[0].Name() != "datamodel" {
		t.Errorf("got %v, want datamodel alone", list)
	}
}
