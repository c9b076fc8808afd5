package uci

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newDir makes a root with one file per name and content.
func newDir(t *testing.T, files map[string]string) (*Dir, string) {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"etc/config", "tmp/.uci", "var/run/uci"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range files {
		put(t, filepath.Join(root, name), data)
	}
	return Open(root), root
}

func put(t *testing.T, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, d *Dir, pkg string) *Package {
	t.Helper()
	p, err := d.Load(pkg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLoadReadsAFileOnceUntilItChanges(t *testing.T) {
	d, root := newDir(t, map[string]string{"etc/config/a": sample})
	path := filepath.Join(root, "etc/config/a")
	first := load(t, d, "a")
	if load(t, d, "a") != first {
		t.Error("a young file that did not change was parsed again")
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if load(t, d, "a") != first {
		t.Error("the same content was parsed again")
	}
	if d.cachedPackage("a").stale {
		t.Error("an old file is not trusted")
	}
	put(t, path, strings.Replace(sample, "x 1", "x 9", 1)) // of the same length
	if got := load(t, d, "a").Section("n").Get("x"); got != "9" {
		t.Errorf("got %q, want 9", got)
	}
	// Within the resolution of a file system's clock nothing but the content tells.
	now := time.Now()
	if err := os.Chtimes(path, now, now); err != nil {
		t.Fatal(err)
	}
	load(t, d, "a")
	put(t, path, strings.Replace(sample, "x 1", "x 8", 1))
	if err := os.Chtimes(path, now, now); err != nil {
		t.Fatal(err)
	}
	if got := load(t, d, "a").Section("n").Get("x"); got != "8" {
		t.Errorf("got %q, want 8", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load("a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want not exist", err)
	}
}

func TestWhatCannotBeLoaded(t *testing.T) {
	d, root := newDir(t, map[string]string{"etc/config/bad": "config a b\nnonsense\n", "etc/config/large": strings.Repeat("#", maxFile+1)})
	if err := os.Mkdir(filepath.Join(root, "etc/config/dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(root, "etc/config/fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"bad":   filepath.Join(root, "etc/config/bad") + ":2: ",
		"large": "larger", "dir": "not a regular", "fifo": "not a regular", "none": "no such file",
		"../passwd": "package name", "": "package name", "a.b": "package name",
	} {
		if _, err := d.Load(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	var se *SyntaxError
	if _, err := d.Load("bad"); !errors.As(err, &se) || se.Line != 2 {
		t.Errorf("the second time: got %v, want the same error", err)
	}
}

func TestVarRunHidesEtc(t *testing.T) {
	d, _ := newDir(t, map[string]string{"etc/config/a": "config a etc\n", "var/run/uci/a": "config a var\n", "var/run/uci/b": "",
		"etc/config/c-d": "", "etc/config/e.f": "", "etc/config/.a.uci-Xyz123": "", "etc/config/sub/x": ""})
	if got := show(load(t, d, "a")); got != "a/var{}" {
		t.Errorf("got %s, want var", got)
	}
	got, err := d.Packages()
	if err != nil || strings.Join(got, " ") != "a b c-d" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestDeltasAreNotAppliedButListed(t *testing.T) {
	d, _ := newDir(t, map[string]string{"etc/config/a": sample, "tmp/.uci/a": "a.n.x='7'\n", "tmp/.uci/large": strings.Repeat("#", maxFile+1)})
	if got := load(t, d, "a").Section("n").Get("x"); got != "1" {
		t.Errorf("got %q, want what is committed", got)
	}
	got, err := d.Foreign("a")
	if err != nil || len(got) != 1 || got[0].Values[0] != "7" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := d.Foreign("none"); err != nil || got != nil {
		t.Errorf("got %+v, %v, want nothing", got, err)
	}
	if _, err := d.Foreign("large"); err == nil {
		t.Error("a delta without bounds was read")
	}
}

func TestLoadDoesNotHangOnALockedFile(t *testing.T) {
	d, root := newDir(t, map[string]string{"etc/config/a": sample})
	f, err := os.Open(filepath.Join(root, "etc/config/a"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if got := show(load(t, d, "a")); got != show(parse(t, sample)) {
		t.Errorf("got %s", got)
	}
}
