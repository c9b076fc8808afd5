package uci

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/state"
)

func begin(t *testing.T, d *Dir, edits ...Edit) (*Write, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return d.Begin(ctx, edits)
}

// change does edits for good.
func change(t *testing.T, d *Dir, root string, edits ...Edit) {
	t.Helper()
	w, err := begin(t, d, edits...)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	commit(t, root, w)
}

func commit(t *testing.T, root string, w *Write) {
	t.Helper()
	s, err := state.Open(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(w.Files()...); err != nil {
		t.Fatal(err)
	}
}

func set(pkg, section, option, value string) Edit {
	return Edit{Op: OpSet, Package: pkg, Section: section, Option: option, Values: []string{value}}
}

func read(t *testing.T, root, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAWriteChangesWhatItMustAndKeepsModes(t *testing.T) {
	d, root := newDir(t, map[string]string{"etc/config/a": sample, "etc/config/b": "# kept\nconfig b n\n option x 1\n", "etc/config/c": "config c n\n"})
	if err := os.Chmod(filepath.Join(root, "etc/config/a"), 0o640); err != nil {
		t.Fatal(err)
	}
	w, err := begin(t, d, set("c", "n", "x", "2"), set("a", "n", "x", "9"), set("b", "n", "x", "1"),
		Edit{Op: OpAdd, Package: "fresh", Section: "q", Type: "t"}, Edit{Op: OpAdd, Package: "emptied", Section: "q", Type: "t"},
		Edit{Op: OpDelete, Package: "emptied", Section: "q"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(w.Packages(), " "); got != "a c fresh" {
		t.Errorf("got %s, want those that differ", got)
	}
	commit(t, root, w)
	w.Close()
	w.Close()
	if got, want := read(t, root, "etc/config/a"), strings.Replace(string(parse(t, sample).Bytes()), "x '1'", "x '9'", 1); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := read(t, root, "etc/config/b"); !strings.HasPrefix(got, "# kept") {
		t.Errorf("a package that does not change was written: %q", got)
	}
	for name, want := range map[string]os.FileMode{"a": 0o640, "c": 0o644, "fresh": 0o600} {
		fi, err := os.Stat(filepath.Join(root, "etc/config", name))
		if err != nil || fi.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v, want %o", name, fi.Mode(), err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "etc/config/emptied")); err == nil {
		t.Error("a package in which nothing is left was made")
	}
}

func TestWhatBeginRefusesChangesAndLocksNothing(t *testing.T) {
	files := map[string]string{"etc/config/a": sample, "etc/config/bad": "nonsense\n", "etc/config/v": "", "var/run/uci/v": "config a n\n"}
	for name, c := range map[string]struct {
		edits []Edit
		want  error
		text  string
	}{
		"volatile":           {[]Edit{set("a", "n", "x", "2"), set("v", "n", "x", "2")}, ErrVolatile, "v"},
		"unknown section":    {[]Edit{set("a", "n", "x", "2"), set("a", "gone", "x", "2")}, ErrNoSection, "a.gone"},
		"unknown package":    {[]Edit{set("none", "n", "x", "2")}, ErrNoSection, "none.n"},
		"deleted section":    {[]Edit{{Op: OpDelete, Package: "a", Section: "n"}, set("a", "n", "x", "2")}, ErrNoSection, "deleted"},
		"no section":         {[]Edit{set("a", "", "x", "2")}, ErrNoSection, "a."},
		"broken file":        {[]Edit{set("bad", "n", "x", "2")}, nil, "config/bad:1: "},
		"package name":       {[]Edit{set("../x", "n", "x", "2")}, nil, "package name"},
		"value":              {[]Edit{set("a", "n", "x", "2\x00")}, nil, "control"},
		"too large":          {[]Edit{{Op: OpSet, Package: "a", Section: "n", Option: "x", IsList: true, Values: many(20)}}, nil, "too many"},
		"computed, unseen":   {[]Edit{{Op: OpSet, Package: "a", Section: anonymousName(2, "b"), Option: "x", Base: &Package{}}}, ErrNoSection, "cfg"},
		"added and then bad": {[]Edit{{Op: OpAdd, Package: "new", Section: "q", Type: "t"}, set("new", "q", "x-y", "1")}, nil, "option name"},
	} {
		t.Run(name, func(t *testing.T) {
			d, root := newDir(t, files)
			_, err := begin(t, d, c.edits...)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, want %v with %q", err, c.want, c.text)
			}
			if _, err := os.Stat(filepath.Join(root, "etc/config/new")); err == nil {
				t.Error("the new package stayed")
			}
			change(t, d, root, set("a", "n", "x", "3")) // would wait for a lock that was left
		})
	}
}

func many(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = strings.Repeat("x", maxValue)
	}
	return list
}

const twoRules = "config rule\n\toption name A\nconfig rule\n\toption name B\nconfig rule\n\toption name B\nconfig zone z\n"

// An edit of an unnamed section made on one state of the file hits the same section in the next, or nothing.
func TestUnnamedSectionsAreFoundByWhatTheyHold(t *testing.T) {
	a, b1, b2 := anonymousName(1, "rule"), anonymousName(2, "rule"), anonymousName(3, "rule")
	for name, c := range map[string]struct {
		ref, now, want string // want "" is busy
	}{
		"nothing changed":                 {b1, twoRules, "A B! B z"},
		"twins keep their order":          {b2, twoRules, "A B B! z"},
		"one before it is gone":           {b2, strings.Replace(twoRules, "config rule\n\toption name A\n", "", 1), "B B! z"},
		"one before it is new":            {a, "config rule\n\toption name N\n" + twoRules, "N A! B B z"},
		"another section before it":       {b1, "config x y\n" + twoRules, "y A B! B z"},
		"it moved to the end":             {a, strings.Replace(twoRules, "config rule\n\toption name A\n", "", 1) + "config rule\n\toption name A\n", "B B z A!"},
		"it is gone":                      {a, strings.Replace(twoRules, "config rule\n\toption name A\n", "", 1), ""},
		"it was changed":                  {a, strings.Replace(twoRules, "name A", "name C", 1), ""},
		"one of the twins is gone":        {b1, strings.Replace(twoRules, "config rule\n\toption name B\n", "", 1), ""},
		"it has got a twin":               {a, twoRules + "config rule\n\toption name A\n", ""},
		"it has got a name":               {a, strings.Replace(twoRules, "config rule", "config rule r", 1), ""},
		"a named one, others moved":       {"z", "config x y\n" + twoRules, "y A B B z!"},
		"a named one has another type":    {"z", strings.Replace(twoRules, "config zone", "config area", 1), ""},
		"by place, whatever is there now": {"@rule[0]", "config rule\n\toption name N\n" + twoRules, "N! A B B z"},
	} {
		t.Run(name, func(t *testing.T) {
			d, root := newDir(t, map[string]string{"etc/config/a": twoRules})
			base := load(t, d, "a")
			put(t, filepath.Join(root, "etc/config/a"), c.now)
			load(t, d, "a") // another transaction has seen the change already
			e := set("a", c.ref, "hit", "1")
			e.Base = base
			w, err := begin(t, d, e)
			if c.want == "" {
				var busy *BusyError
				if !errors.As(err, &busy) {
					t.Errorf("got %v, want a BusyError", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			var got []string
			for _, s := range parse(t, string(w.Files()[0].Data)).Sections {
				name := s.Get("name")
				if name == "" {
					name = s.Name
				}
				if s.Get("hit") == "1" {
					name += "!"
				}
				got = append(got, name)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestWithoutABaseTheLastLoadedStateCounts(t *testing.T) {
	d, root := newDir(t, map[string]string{"etc/config/a": twoRules})
	load(t, d, "a")
	put(t, filepath.Join(root, "etc/config/a"), strings.Replace(twoRules, "config rule\n\toption name A\n", "", 1))
	_, err := begin(t, d, set("a", anonymousName(1, "rule"), "hit", "1"))
	var busy *BusyError
	if !errors.As(err, &busy) {
		t.Errorf("got %v, want a BusyError: the section is gone and another has its name", err)
	}
}

func TestLaterEditsOfAListSeeEarlierOnes(t *testing.T) {
	d, root := newDir(t, map[string]string{"etc/config/a": twoRules})
	base := load(t, d, "a")
	work := base.Clone()
	added, err := work.Add("rule", "")
	if err != nil {
		t.Fatal(err)
	}
	a, b := anonymousName(1, "rule"), anonymousName(2, "rule")
	edits := []Edit{
		{Op: OpDelete, Section: a},
		set("", b, "name", "C"), set("", b, "name", "D"),
		{Op: OpAdd, Section: added.Name, Type: "rule", Anonymous: true}, set("", added.Name, "name", "E"),
		{Op: OpRename, Section: b, Values: []string{"given"}}, set("", "given", "x", "1"), set("", b, "y", "2"),
	}
	for i := range edits {
		edits[i].Package, edits[i].Base = "a", base
	}
	change(t, d, root, edits...)
	const want = "rule/given{name=D x=1 y=2} rule/-{name=B} zone/z{} rule/-{name=E}"
	if got := show(load(t, d, "a")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Uncommitted changes of others stop only what they would meet.
func TestUncommittedChangesOfOthers(t *testing.T) {
	const file = "config a n\n\toption x 1\nconfig b\n\toption x 2\nconfig b\n\toption x 3\nconfig c m\n"
	b1, b2, b3 := anonymousName(2, "b"), anonymousName(3, "b"), anonymousName(5, "b")
	for name, c := range map[string]struct {
		delta string
		edit  Edit
		busy  bool
	}{
		"the same option":                    {"a.n.x='5'", set("a", "n", "x", "9"), true},
		"another option":                     {"a.n.y='5'", set("a", "n", "x", "9"), false},
		"another section":                    {"a.m.x='5'", set("a", "n", "x", "9"), false},
		"another package's line":             {"b.n.x='5'", set("a", "n", "x", "9"), false},
		"the same list item":                 {"|a.n.x='5'", set("a", "n", "x", "9"), true},
		"the section goes":                   {"-a.n", set("a", "n", "x", "9"), true},
		"the option goes":                    {"-a.n.x", set("a", "n", "x", "9"), true},
		"another option goes":                {"-a.n.y", set("a", "n", "x", "9"), false},
		"the section gets a name":            {"@a.n='k'", set("a", "n", "x", "9"), true},
		"we take its new name":               {"@a.n='k'", Edit{Op: OpAdd, Package: "a", Section: "k", Type: "t"}, true},
		"we delete what they set":            {"a.n.y='5'", Edit{Op: OpDelete, Package: "a", Section: "n"}, true},
		"we delete another":                  {"a.n.y='5'", Edit{Op: OpDelete, Package: "a", Section: "m"}, false},
		"both add a section":                 {"a.q='t'\na.q.x='1'", Edit{Op: OpAdd, Package: "a", Section: "q", Type: "t"}, true},
		"each adds a section":                {"a.q='t'", Edit{Op: OpAdd, Package: "a", Section: "p", Type: "t"}, false},
		"both add an unnamed section":        {"+a." + b3 + "='b'", Edit{Op: OpAdd, Package: "a", Type: "b"}, true},
		"they add an unnamed one, we name":   {"+a." + b3 + "='b'", Edit{Op: OpAdd, Package: "a", Section: "p", Type: "b"}, false},
		"the same unnamed section":           {"a." + b2 + ".x='5'", set("a", b2, "x", "9"), true},
		"the same by its place":              {"a." + b2 + ".x='5'", set("a", "@b[1]", "x", "9"), true},
		"the other unnamed section":          {"a." + b2 + ".x='5'", set("a", b1, "x", "9"), false},
		"their unnamed section would move":   {"a." + b2 + ".y='5'", Edit{Op: OpDelete, Package: "a", Section: b1}, true},
		"their unnamed section moves, named": {"a." + b2 + ".y='5'", Edit{Op: OpDelete, Package: "a", Section: "n"}, true},
		"their unnamed section stays":        {"a." + b1 + ".y='5'", Edit{Op: OpDelete, Package: "a", Section: b2}, false},
		"we move sections":                   {"a." + b1 + ".y='5'", Edit{Op: OpOrder, Package: "a", Section: "m", Values: []string{"0"}}, true},
		"they move the section":              {"^a.n='2'", set("a", "n", "x", "9"), true},
		"we replace all":                     {"a.q.y='5'", Edit{Op: OpReplace, Package: "a", Content: &Package{}}, true},
		"a line that libuci skips":           {"a.n.x", set("a", "n", "x", "9"), false},
		"a section that is gone for long":    {"a.cfg77aaaa.x='1'", set("a", "n", "x", "9"), false},
	} {
		t.Run(name, func(t *testing.T) {
			d, root := newDir(t, map[string]string{"etc/config/a": file, "tmp/.uci/a": c.delta + "\n"})
			load(t, d, "a")
			w, err := begin(t, d, c.edit)
			var busy *BusyError
			if c.busy && !errors.As(err, &busy) || !c.busy && err != nil {
				t.Fatalf("got %v, want busy: %v", err, c.busy)
			}
			if err == nil {
				w.Close()
			}
			if got := read(t, root, "tmp/.uci/a"); got != c.delta+"\n" {
				t.Errorf("the delta was touched: %q", got)
			}
		})
	}
}

func TestNothingIsWrittenWhileRpcdMayRollBack(t *testing.T) {
	d, root := newDir(t, map[string]string{"etc/config/a": sample, "var/run/rpcd/snapshot-files/network": ""})
	var busy *BusyError
	if _, err := begin(t, d, set("a", "n", "x", "9")); !errors.As(err, &busy) {
		t.Errorf("got %v, want busy", err)
	}
	old := time.Now().Add(-2 * applyWait)
	if err := os.Chtimes(filepath.Join(root, "var/run/rpcd/snapshot-files/network"), old, old); err != nil {
		t.Fatal(err)
	}
	change(t, d, root, set("a", "n", "x", "9")) // an rpcd that was restarted has forgotten it
}

func TestALinkedPackageIsWrittenWhereItLies(t *testing.T) {
	d, root := newDir(t, map[string]string{"overlay/a": sample})
	if err := os.Symlink("../../overlay/a", filepath.Join(root, "etc/config/a")); err != nil {
		t.Fatal(err)
	}
	change(t, d, root, set("a", "n", "x", "9"))
	if got := read(t, root, "overlay/a"); !strings.Contains(got, "x '9'") {
		t.Errorf("got %q", got)
	}
	if fi, err := os.Lstat(filepath.Join(root, "etc/config/a")); err != nil || fi.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
}

func TestALockOfSomebodyElseIsWaitedForAsLongAsTheContextAllows(t *testing.T) {
	d, root := newDir(t, map[string]string{"etc/config/a": sample})
	f, err := os.Open(filepath.Join(root, "etc/config/a"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var busy *BusyError
	if _, err := d.Begin(ctx, []Edit{set("a", "n", "x", "9")}); !errors.As(err, &busy) {
		t.Errorf("got %v, want busy", err)
	}
}

// Many writers, each adding one to a number, as a libuci beside us does it: no addition gets lost.
func TestConcurrentWritersLoseNothing(t *testing.T) {
	d, root := newDir(t, map[string]string{"etc/config/a": "config a n\n", "etc/config/b": "config a n\n"})
	var wg sync.WaitGroup
	const writers, rounds = 6, 5
	for i := range writers {
		wg.Go(func() {
			own := d
			if i%2 == 1 {
				own = Open(root) // another process
			}
			for range rounds {
				change(t, own, root,
					Edit{Op: OpListAdd, Package: "b", Section: "n", Option: "l", Values: []string{"x"}},
					Edit{Op: OpListAdd, Package: "a", Section: "n", Option: "l", Values: []string{"x"}})
				load(t, own, "a")
			}
		})
	}
	wg.Wait()
	for _, pkg := range []string{"a", "b"} {
		if got := len(load(t, d, pkg).Section("n").List("l")); got != writers*rounds {
			t.Errorf("%s: got %d, want %d", pkg, got, writers*rounds)
		}
	}
}

// A libuci that has unlocked and not yet renamed is seen by its temporary file.
func TestALibuciBetweenUnlockAndRenameIsWaitedFor(t *testing.T) {
	d, root := newDir(t, map[string]string{"etc/config/a": sample, "etc/config/.a.uci-AbCdEf": strings.Replace(sample, "x 1", "x 7", 1)})
	done := make(chan error)
	go func() {
		w, err := begin(t, d, set("a", "n", "z", "9"))
		if err == nil {
			commit(t, root, w)
			w.Close()
		}
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if err := os.Rename(filepath.Join(root, "etc/config/.a.uci-AbCdEf"), filepath.Join(root, "etc/config/a")); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if s := load(t, d, "a").Section("n"); s.Get("x") != "7" || s.Get("z") != "9" {
		t.Errorf("got x=%s z=%s, want both changes", s.Get("x"), s.Get("z"))
	}
}

// A real `uci commit` that waits for our lock goes on from our change.
func TestARealCommitThatWaitsForOurLockKeepsOurChange(t *testing.T) {
	r := findRealUCI(t)
	r.write("test", sample)
	if _, ok := r.run("set", "test.n.theirs=1"); !ok {
		t.Fatal("uci set")
	}
	d := Open(r.root)
	w, err := begin(t, d, set("test", "n", "ours", "2"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := r.command("commit", "test")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	defer w.Close()
	if !waiting(t, r.path("etc/config/test")) {
		t.Skip("no look into other processes here")
	}
	commit(t, r.root, w)
	w.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if s := load(t, d, "test").Section("n"); s.Get("ours") != "2" || s.Get("theirs") != "1" {
		t.Errorf("got ours=%q theirs=%q, want both changes", s.Get("ours"), s.Get("theirs"))
	}
}

// waiting waits until somebody else has the file open.
func waiting(t *testing.T, path string) bool {
	t.Helper()
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if openElsewhere(fi) {
			return true
		}
		<-time.After(10 * time.Millisecond)
	}
	return false
}

// Our writes and commits of the real uci at the same time: no change of either is lost.
func TestOurWritesAndThoseOfTheRealUCIDoNotLoseEachOther(t *testing.T) {
	r := findRealUCI(t)
	r.write("test", "config a n\n")
	d := Open(r.root)
	const rounds = 25
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range rounds {
			// A delta of another option of the same section does not stop us.
			if _, ok := r.run("set", "test.n.t"+strconv.Itoa(i)+"=1"); !ok {
				t.Error("uci set")
			}
			if _, ok := r.run("commit", "test"); !ok {
				t.Error("uci commit")
			}
		}
	})
	wg.Go(func() {
		for i := range rounds {
			change(t, d, r.root, set("test", "n", "o"+strconv.Itoa(i), "1"))
		}
	})
	wg.Wait()
	s := load(t, d, "test").Section("n")
	if s == nil || len(s.Options) != 2*rounds {
		t.Errorf("got %s, want %d options", show(load(t, d, "test")), 2*rounds)
	}
}
