package uci

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	gouci "github.com/digineo/go-uci"
)

// A realUCI is the uci program of libuci with directories of its own.
type realUCI struct {
	t    *testing.T
	bin  string
	root string
}

// findRealUCI skips the test where there is no uci program: named by CWMPD_UCI_BIN, or in PATH.
func findRealUCI(t *testing.T) realUCI {
	t.Helper()
	bin := os.Getenv("CWMPD_UCI_BIN")
	if bin == "" {
		bin, _ = exec.LookPath("uci")
	}
	if bin == "" {
		t.Skip("no real uci to compare with: not in PATH, and CWMPD_UCI_BIN is not set")
	}
	r := realUCI{t, bin, t.TempDir()}
	for _, dir := range []string{"etc/config", "tmp/.uci", "var/run/uci"} {
		if err := os.MkdirAll(filepath.Join(r.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r realUCI) command(args ...string) *exec.Cmd {
	base := []string{"-c", r.path("etc/config"), "-C", r.path("var/run/uci"), "-t", r.path("tmp/.uci"), "-X"}
	return exec.Command(r.bin, append(base, args...)...)
}

func (r realUCI) path(name string) string { return filepath.Join(r.root, name) }

// run gives the output, and whether the program was content.
func (r realUCI) run(args ...string) (string, bool) {
	r.t.Helper()
	out, err := r.command(args...).Output()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		r.t.Fatal(err)
	}
	return string(out), err == nil
}

func (r realUCI) write(pkg, data string) {
	r.t.Helper()
	if err := os.WriteFile(r.path("etc/config/"+pkg), []byte(data), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// compare lets both read a file, and wants the same verdict, the same text and the same names.
func (r realUCI) compare(in string) {
	r.t.Helper()
	r.write("test", in)
	want, ok := r.run("export", "test")
	p, err := Parse("test", []byte(in))
	if ok != (err == nil) {
		r.t.Errorf("got %v, libuci accepts: %v\nfile: %q", err, ok, in)
		return
	}
	if !ok || oddType(p) {
		return
	}
	if got := "package test\n" + string(p.Bytes()); got != want {
		r.t.Errorf("got %q, want %q\nfile: %q", got, want, in)
	}
	shown, _ := r.run("show", "test")
	for _, s := range p.Sections {
		if line := "test." + s.Name + "=" + s.Type + "\n"; !strings.Contains(shown, line) {
			r.t.Errorf("libuci has no %q in %q\nfile: %q", line, shown, in)
		}
	}
}

// oddType tells that libuci's own writer spoils a section type.
func oddType(p *Package) bool {
	for _, s := range p.Sections {
		if strings.ContainsAny(s.Type, `'"\#;`) {
			return true
		}
	}
	return false
}

func TestTheGrammarIsThatOfTheRealUCI(t *testing.T) {
	r := findRealUCI(t)
	for _, c := range grammar {
		r.compare(c.in)
	}
}

// soup makes files of grammar's pieces in any order; most are wrong in some way.
func soup(rnd *rand.Rand) string {
	pieces := []string{"config ", "config a b\n", "option ", "option x ", "list ", "list y ", "package p\n", "a", "b1", "'", "'", "\"",
		"\\", "\n", "\n", "\n", " ", "\t", ";", "#", "'v w'", "\"v\\\"\"", "''", "\r\n", "\\\n", "ü", "-", "x", "c a b\no z 1\n"}
	b := new(strings.Builder)
	if rnd.IntN(4) > 0 {
		b.WriteString("config a b\n")
	}
	for range 2 + rnd.IntN(9) {
		b.WriteString(pieces[rnd.IntN(len(pieces))])
	}
	return b.String()
}

func TestAnyFileIsReadAsByTheRealUCI(t *testing.T) {
	r := findRealUCI(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	n := 1500
	if testing.Short() {
		n = 150
	}
	for i := 0; i < n && !t.Failed(); i++ {
		r.compare(soup(rnd))
	}
}

// The same changes through libuci's deltas and through our edits give the same file; and while they are uncommitted,
// Foreign reads them from the delta as the edits that they are.
func TestEditsDoWhatTheRealUCIDoes(t *testing.T) {
	r := findRealUCI(t)
	const before = "config a n\n\toption x 1\n\tlist y 1\n\tlist y 2\nconfig b\n\toption x 2\nconfig b\nconfig c m\n"
	anon := anonymousName(2, "b")
	for name, commands := range map[string][][]string{
		"set":            {{"set", "test.n.x=it's\n\"2\""}, {"set", "test." + anon + ".new=1"}},
		"set empty":      {{"set", "test.n.x="}},
		"set over list":  {{"set", "test.n.y=1"}},
		"delete":         {{"delete", "test.n.x"}, {"delete", "test.m"}, {"delete", "test." + anon}},
		"delete an item": {{"delete", "test.n.y=1"}},
		"add":            {{"add", "test", "b"}, {"set", "test.@b[-1].z=1"}},
		"add named":      {{"set", "test.q=type"}, {"set", "test.q.z=1"}},
		"rename":         {{"rename", "test.n=k"}, {"rename", "test.m=j"}, {"rename", "test." + anon + "=given"}},
		"rename option":  {{"rename", "test.n.x=w"}},
		"reorder":        {{"reorder", "test.m=0"}, {"reorder", "test.n=9"}, {"reorder", "test." + anon + "=2"}},
		"add_list":       {{"add_list", "test.n.y=3"}, {"add_list", "test.n.x=3"}, {"add_list", "test.m.l=3"}},
		"del_list":       {{"del_list", "test.n.y=2"}, {"del_list", "test.n.y=9"}},
		"all of a list":  {{"del_list", "test.n.y=2"}, {"add_list", "test.n.y=1"}, {"set", "test.n.z=\tü\r\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			r.t = t
			r.write("test", before)
			for _, c := range commands {
				if _, ok := r.run(c...); !ok {
					t.Fatalf("uci %q", c)
				}
			}
			edits, err := Open(r.root).Foreign("test")
			if err != nil || len(edits) != len(commands) {
				t.Fatalf("got %d edits of %d, %v", len(edits), len(commands), err)
			}
			p, err := Parse("test", []byte(before))
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range edits {
				if err := p.Apply(e); err != nil {
					t.Fatal(err)
				}
			}
			if _, ok := r.run("commit", "test"); !ok {
				t.Fatal("uci commit")
			}
			want, err := os.ReadFile(r.path("etc/config/test"))
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Bytes(); !bytes.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// go-uci is the second oracle, on what it reads right. It refuses or damages: empty values, pieces joined to one word
// ('it'\”s'), values of several lines, quoted types, CRLF, option after list, repeated options.
func TestPlainFilesAreReadAsByGoUCI(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	for i := range 300 {
		p := plainPackage(rnd)
		data := p.Bytes()
		if i%2 == 1 { // the style of people
			data = bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("'"), []byte(`"`)), []byte("\t"), []byte("  "))
		}
		name := fmt.Sprintf("p%d", i)
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
		tree := gouci.NewTree(dir)
		if err := tree.LoadConfig(name, false); err != nil {
			t.Fatalf("go-uci: %v of %q", err, data)
		}
		got, err := Parse(name, data)
		if err != nil {
			t.Fatalf("%v of %q", err, data)
		}
		for _, s := range got.Sections {
			for _, o := range s.Options {
				want, ok := tree.Get(name, s.Name, o.Name)
				if !ok || strings.Join(o.Values, "\n") != strings.Join(want, "\n") {
					t.Errorf("%s.%s: got %q, go-uci has %q in %q", s.Name, o.Name, o.Values, want, data)
				}
			}
		}
		if show(got) != show(p) {
			t.Errorf("got %s, want %s", show(got), show(p))
		}
	}
}

func plainPackage(rnd *rand.Rand) *Package {
	p := &Package{}
	value := func() string {
		const chars = `abc XYZ 019 .:/-_,@+=%&#;()[]{}|~^!?*<>ü`
		b := []rune{'v'}
		for range rnd.IntN(12) {
			b = append(b, []rune(chars)[rnd.IntN(len([]rune(chars)))])
		}
		return string(b)
	}
	for i := range rnd.IntN(5) {
		s, err := p.Add([]string{"interface", "wifi-iface", "rule"}[rnd.IntN(3)], fmt.Sprintf("n%d", i))
		if err != nil {
			panic(err)
		}
		for j := range rnd.IntN(5) {
			if rnd.IntN(3) > 0 {
				err = s.Set(fmt.Sprintf("o%d", j), value())
			} else {
				err = s.SetList(fmt.Sprintf("l%d", j), []string{value(), value()})
			}
			if err != nil {
				panic(err)
			}
		}
	}
	return p
}
