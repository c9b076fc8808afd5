package state

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/cwmpd/cwmpd/internal/slog"
)

// A cutDisk remembers what a real disk may forget in a power cut: contents that were not synced, and the order of
// names in a directory after its last sync. Cut before step number at, it panics with errCut.
type cutDisk struct {
	at, now int
	pending map[string][]nameOp // by directory, in order
	dirty   map[string]bool     // files whose content was not synced
}

type nameOp struct{ undo func() }

var errCut = errors.New("power cut")

func newCutDisk(at int) *cutDisk {
	return &cutDisk{at: at, pending: map[string][]nameOp{}, dirty: map[string]bool{}}
}

func (d *cutDisk) step(st step) error {
	if d.now == d.at {
		panic(errCut)
	}
	d.now++
	dir := filepath.Dir(st.path)
	switch st.op {
	case "write":
		d.dirty[st.path] = true
	case "sync":
		delete(d.dirty, st.path)
	case "syncdir":
		delete(d.pending, st.path)
	case "mkdir", "create", "remove":
		d.pending[dir] = append(d.pending[dir], nameOp{restore(st.path)})
	case "link":
		d.pending[dir] = append(d.pending[dir], nameOp{restore(st.to)})
	case "rename":
		from, to := restore(st.path), restore(st.to)
		d.pending[dir] = append(d.pending[dir], nameOp{func() { to(); from() }})
		d.dirty[st.to] = d.dirty[st.path]
		delete(d.dirty, st.path)
	}
	return nil
}

// restore returns a func that makes path be as it is now.
func restore(path string) func() {
	fi, err := os.Lstat(path)
	if err != nil || fi.IsDir() {
		return func() { os.RemoveAll(path) }
	}
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return func() {
		if err := os.WriteFile(path, data, fi.Mode()); err != nil {
			panic(err)
		}
	}
}

// lose forgets: of each directory's pending operations those after a point that pick chooses.
func (d *cutDisk) lose(pick func(n int) int) {
	for path, dirty := range d.dirty {
		if _, err := os.Lstat(path); dirty && err == nil {
			os.Truncate(path, 0)
		}
	}
	for _, ops := range d.pending {
		keep := pick(len(ops) + 1)
		for _, op := range slices.Backward(ops[keep:]) {
			op.undo()
		}
	}
}

// losses are the ways in which a disk may forget.
func losses(seed int) map[string]func(n int) int {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	return map[string]func(n int) int{
		"keeps all":  func(n int) int { return n - 1 },
		"loses all":  func(int) int { return 0 },
		"loses some": func(n int) int { return r.IntN(n) },
	}
}

// set is a named commit over a root made by before.
type set struct {
	name   string
	before map[string]string // path relative to root: content
	files  map[string]string // "-" removes
}

func sets() []set {
	return []set{
		{"one new file", nil, map[string]string{"etc/config/a": "new"}},
		{"one changed file", map[string]string{"etc/config/a": "old"}, map[string]string{"etc/config/a": "new"}},
		{"one removed file", map[string]string{"etc/config/a": "old"}, map[string]string{"etc/config/a": "-"}},
		{"two changed files", map[string]string{"etc/config/a": "old a", "etc/config/b": "old b"},
			map[string]string{"etc/config/a": "new a", "etc/config/b": "new b"}},
		{"two files, one in a new directory", map[string]string{"etc/config/a": "old a"},
			map[string]string{"etc/config/a": "new a", "etc/x/y/b": "new b"}},
		{"five files with a removal and a fact", map[string]string{"etc/config/a": "old a", "etc/config/b": "old b",
			"etc/config/gone": "bye", "etc/cwmpd/fact.json": factOld},
			map[string]string{"etc/config/a": "new a", "etc/config/b": "new b", "etc/config/gone": "-",
				"etc/cwmpd/fact.json": factNew, "etc/config/fresh": "hello"}},
	}
}

var (
	factOld = string(must(wrap(1)))
	factNew = string(must(wrap(2)))
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (c set) build(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"etc/config", "etc/cwmpd"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range c.before {
		if err := os.WriteFile(filepath.Join(root, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func (c set) commit(s *Store, root string) (err error) {
	defer func() {
		switch r := recover(); {
		case r == nil:
		case r == any(errCut):
			err = errCut
		default:
			panic(r)
		}
	}()
	var files []File
	for _, name := range slices.Sorted(keys(c.files)) {
		f := File{Path: filepath.Join(root, name), Data: []byte(c.files[name])}
		f.Remove = c.files[name] == "-"
		files = append(files, f)
	}
	return s.Commit(files...)
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// check says "old", "new" or what is wrong with the files of root.
func (c set) check(root string) string {
	isOld, isNew := true, true
	for name, want := range c.files {
		data, err := os.ReadFile(filepath.Join(root, name))
		before, had := c.before[name]
		isOld = isOld && had == (err == nil) && string(data) == before
		if want == "-" {
			isNew = isNew && errors.Is(err, fs.ErrNotExist)
		} else {
			isNew = isNew && err == nil && string(data) == want
		}
	}
	switch {
	case isOld:
		return "old"
	case isNew:
		return "new"
	}
	return "half done: " + dump(root)
}

func dump(root string) string {
	var b strings.Builder
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			data, _ := os.ReadFile(path)
			fmt.Fprintf(&b, "%s=%q ", strings.TrimPrefix(path, root+"/"), data)
		}
		return nil
	})
	return b.String()
}

// leftovers lists temporary files and journals.
func leftovers(root string) string {
	var list []string
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && (strings.HasSuffix(path, tmpSuffix) || filepath.Base(path) == journalName) {
			list = append(list, path)
		}
		return nil
	})
	return strings.Join(list, " ")
}

// A commit cut at any step is all there or not at all after the next start, whatever the disk forgot; once Commit
// returned it is there; and a second cut while the first is repaired changes nothing of that (P-1).
// Covers: T-361.
func TestAPowerCutLeavesAllOrNothing(t *testing.T) {
	for _, c := range sets() {
		t.Run(c.name, func(t *testing.T) {
			sawOld, sawNew := false, false
			for at := 0; ; at++ {
				finished := false
				for how, pick := range losses(at) {
					root := c.build(t)
					s := must(Open(root, nil))
					disk := newCutDisk(at)
					s.step = disk.step
					err := c.commit(s, root)
					disk.lose(pick)
					finished = err == nil
					if err != nil && err != errCut {
						t.Fatalf("step %d: %v", at, err)
					}
					recoverWithCuts(t, root, at)
					s = must(Open(root, nil))
					got := c.check(root)
					sawOld, sawNew = sawOld || got == "old", sawNew || got == "new"
					if finished && got != "new" {
						t.Fatalf("%s after a finished commit: got %s, want new", how, got)
					}
					if got != "old" && got != "new" {
						t.Fatalf("cut before step %d, disk %s: %s", at, how, got)
					}
					if left := leftovers(root); left != "" && !strings.Contains(left, "/etc/x/") {
						t.Errorf("cut before step %d, disk %s: leftovers %s", at, how, left)
					}
					if err := c.commit(s, root); err != nil || c.check(root) != "new" {
						t.Fatalf("commit after recovery: %v, %s", err, c.check(root))
					}
				}
				if finished {
					if at < 2 || !sawOld || !sawNew {
						t.Errorf("only %d steps, old seen %v, new seen %v: the harness does not cut", at, sawOld, sawNew)
					}
					return
				}
			}
		})
	}
}

// recoverWithCuts opens the root with a cut at one of the first steps of the recovery.
func recoverWithCuts(t *testing.T, root string, seed int) {
	t.Helper()
	s := &Store{root: root, dir: filepath.Join(root, stateDir), log: slog.Discard(), logged: map[string]bool{}, broken: map[string]bool{}}
	disk := newCutDisk(seed % 7)
	s.step = disk.step
	func() {
		defer func() {
			if r := recover(); r != nil && r != any(errCut) {
				panic(r)
			}
		}()
		if err := s.lock(s.recover); err != nil {
			t.Fatal(err)
		}
	}()
	disk.lose(losses(seed)["loses some"])
}

// A step that fails (disk full, disk turned read-only) leaves nothing half applied: at once when the disk works
// again, at the next start when it does not (Z-49, T-366).
func TestAFailingDiskLeavesAllOrNothing(t *testing.T) {
	for _, c := range sets() {
		for _, forever := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, forever %v", c.name, forever), func(t *testing.T) {
				for at := 0; ; at++ {
					root := c.build(t)
					s := must(Open(root, nil))
					now := 0
					s.step = func(step) error {
						now++
						if now-1 == at || forever && now > at {
							return syscall.ENOSPC
						}
						return nil
					}
					err := c.commit(s, root)
					if at >= now {
						break
					}
					got := c.check(root)
					if err != nil && !errors.Is(err, syscall.ENOSPC) {
						t.Fatalf("step %d: got %v, want no space", at, err)
					}
					if err == nil && got != "new" {
						t.Fatalf("step %d: success reported, but %s", at, got)
					}
					if err != nil && !forever && got != "old" {
						t.Fatalf("step %d: failure reported, but %s", at, got)
					}
					s = must(Open(root, nil))
					if got := c.check(root); got != "old" && got != "new" {
						t.Fatalf("step %d, after a new start: %s", at, got)
					}
					if err := c.commit(s, root); err != nil || c.check(root) != "new" {
						t.Fatalf("step %d, second try: %v, %s", at, err, c.check(root))
					}
				}
			})
		}
	}
}

// cutAfterJournal brings a set to the moment when its journal counts and nothing is applied.
func cutAfterJournal(t *testing.T, c set) string {
	t.Helper()
	root := c.build(t)
	s := must(Open(root, nil))
	seen := false
	s.step = func(st step) error {
		if seen && st.op == "rename" {
			panic(errCut)
		}
		seen = seen || st.op == "rename" && filepath.Base(st.to) == journalName
		return nil
	}
	if err := c.commit(s, root); err != errCut {
		t.Fatalf("got %v, want a power cut", err)
	}
	return root
}

func TestAForeignChangeAfterTheCutIsLeftAlone(t *testing.T) {
	c := sets()[3]
	root := cutAfterJournal(t, c)
	a, b := filepath.Join(root, "etc/config/a"), filepath.Join(root, "etc/config/b")
	if err := os.WriteFile(a, []byte("foreign"), 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	must(Open(root, slog.New(&log, nil)))
	if got, want := string(must(os.ReadFile(a))), "foreign"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := string(must(os.ReadFile(b))), "new b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !strings.Contains(log.String(), "changed by somebody else") {
		t.Errorf("not logged: %s", log.String())
	}
	if left := leftovers(root); left != "" {
		t.Errorf("leftovers %s", left)
	}
}

func TestABrokenJournalIsPutAsideAndLogged(t *testing.T) {
	c := sets()[3]
	spoil := map[string]func([]byte) []byte{
		"truncated":     func(b []byte) []byte { return b[:len(b)/2] },
		"empty":         func([]byte) []byte { return nil },
		"one bit":       func(b []byte) []byte { b[len(b)/2] ^= 4; return b },
		"noise":         func([]byte) []byte { return []byte("\x00\xff\x13") },
		"wrong type":    func([]byte) []byte { return must(wrap(map[string]int{"a": 1})) },
		"leaves root":   func([]byte) []byte { return must(wrap([]record{{Path: "../../etc/passwd", New: "x"}})) },
		"too long":      func([]byte) []byte { return bytes.Repeat([]byte("x"), maxJournal+1) },
		"later version": func(b []byte) []byte { return bytes.Replace(b, []byte(`"version":1`), []byte(`"version":2`), 1) },
	}
	for name, change := range spoil {
		t.Run(name, func(t *testing.T) {
			root := cutAfterJournal(t, c)
			path := filepath.Join(root, "etc/cwmpd", journalName)
			if err := os.WriteFile(path, change(must(os.ReadFile(path))), 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			s := must(Open(root, slog.New(&log, nil)))
			if got := c.check(root); got != "old" {
				t.Errorf("got %s, want old", got)
			}
			if _, err := os.Stat(path + ".bad"); err != nil || !strings.Contains(log.String(), "put aside") {
				t.Errorf("not put aside (%v) or not logged: %s", err, log.String())
			}
			if err := c.commit(s, root); err != nil || c.check(root) != "new" {
				t.Errorf("next commit: %v, %s", err, c.check(root))
			}
		})
	}
}

func TestAJournalWhoseContentsAreMissingChangesNothing(t *testing.T) {
	c := sets()[3]
	root := cutAfterJournal(t, c)
	if err := os.Truncate(filepath.Join(root, "etc/config/.b"+tmpSuffix), 1); err != nil {
		t.Fatal(err)
	}
	must(Open(root, nil))
	if got := c.check(root); got != "old" {
		t.Errorf("got %s, want old", got)
	}
}
