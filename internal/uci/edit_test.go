package uci

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func parse(t *testing.T, text string) *Package {
	t.Helper()
	p, err := Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const sample = "config a n\n\toption x 1\n\tlist y 1\n\tlist y 2\nconfig b\n\toption x 2\nconfig b\n\toption x 3\nconfig c m\n"

func TestApply(t *testing.T) {
	for name, c := range map[string]struct {
		edits []Edit
		want  string // or "!text of the error"
	}{
		"set":                       {[]Edit{{Op: OpSet, Section: "n", Option: "x", Values: []string{"9"}}}, "a/n{x=9 y=[1|2]} b/-{x=2} b/-{x=3} c/m{}"},
		"set nothing deletes":       {[]Edit{{Op: OpSet, Section: "n", Option: "x"}}, "a/n{y=[1|2]} b/-{x=2} b/-{x=3} c/m{}"},
		"set empty deletes":         {[]Edit{{Op: OpSet, Section: "n", Option: "y", Values: []string{""}}}, "a/n{x=1} b/-{x=2} b/-{x=3} c/m{}"},
		"set a list":                {[]Edit{{Op: OpSet, Section: "n", Option: "x", Values: []string{"8", ""}, IsList: true}}, "a/n{x=[8|] y=[1|2]} b/-{x=2} b/-{x=3} c/m{}"},
		"set an empty list deletes": {[]Edit{{Op: OpSet, Section: "n", Option: "y", IsList: true}}, "a/n{x=1} b/-{x=2} b/-{x=3} c/m{}"},
		"two values, no list":       {[]Edit{{Op: OpSet, Section: "n", Option: "x", Values: []string{"8", "9"}}}, "!2 values"},
		"control characters":        {[]Edit{{Op: OpSet, Section: "n", Option: "x", Values: []string{"a\x00"}}}, "!control"},
		"a bad option name":         {[]Edit{{Op: OpSet, Section: "n", Option: "x-y", Values: []string{"a"}}}, "!option name"},
		"unset":                     {[]Edit{{Op: OpUnset, Section: "@b[0]", Option: "x"}, {Op: OpUnset, Section: "n", Option: "zz"}}, "a/n{x=1 y=[1|2]} b/-{} b/-{x=3} c/m{}"},
		"unset an item":             {[]Edit{{Op: OpUnset, Section: "n", Option: "y", Values: []string{"0"}}}, "a/n{x=1 y=[2]} b/-{x=2} b/-{x=3} c/m{}"},
		"add":                       {[]Edit{{Op: OpAdd, Section: "q", Type: "t"}, {Op: OpSet, Section: "q", Option: "x", Values: []string{"1"}}}, "a/n{x=1 y=[1|2]} b/-{x=2} b/-{x=3} c/m{} t/q{x=1}"},
		"add anonymous":             {[]Edit{{Op: OpAdd, Section: "ref", Type: "t", Anonymous: true}, {Op: OpSet, Section: "ref", Option: "x", Values: []string{"1"}}}, "a/n{x=1 y=[1|2]} b/-{x=2} b/-{x=3} c/m{} t/-{x=1}"},
		"add without a name":        {[]Edit{{Op: OpAdd, Type: "t"}, {Op: OpSet, Section: "@t[-1]", Option: "x", Values: []string{"1"}}}, "a/n{x=1 y=[1|2]} b/-{x=2} b/-{x=3} c/m{} t/-{x=1}"},
		"add what exists":           {[]Edit{{Op: OpAdd, Section: "n", Type: "a"}}, "!exists"},
		"add a bad name":            {[]Edit{{Op: OpAdd, Section: "n-m", Type: "a"}}, "!section name"},
		"add a bad type":            {[]Edit{{Op: OpAdd, Section: "q", Type: "a b"}}, "!section type"},
		"delete":                    {[]Edit{{Op: OpDelete, Section: "@b[-2]"}, {Op: OpDelete, Section: "m"}}, "a/n{x=1 y=[1|2]} b/-{x=3}"},
		"delete what is not there":  {[]Edit{{Op: OpDelete, Section: "q"}}, "!no such section"},
		"rename":                    {[]Edit{{Op: OpRename, Section: "@b[1]", Values: []string{"k"}}}, "a/n{x=1 y=[1|2]} b/-{x=2} b/k{x=3} c/m{}"},
		"rename to what exists":     {[]Edit{{Op: OpRename, Section: "n", Values: []string{"m"}}}, "!exists"},
		"rename an option":          {[]Edit{{Op: OpRename, Section: "n", Option: "x", Values: []string{"w"}}}, "a/n{w=1 y=[1|2]} b/-{x=2} b/-{x=3} c/m{}"},
		"rename to nothing":         {[]Edit{{Op: OpRename, Section: "n", Option: "x"}}, "!new name"},
		"order":                     {[]Edit{{Op: OpOrder, Section: "m", Values: []string{"0"}}, {Op: OpOrder, Section: "n", Values: []string{"99"}}}, "c/m{} b/-{x=2} b/-{x=3} a/n{x=1 y=[1|2]}"},
		"order to nowhere":          {[]Edit{{Op: OpOrder, Section: "m", Values: []string{"-1"}}}, "!place"},
		"add items":                 {[]Edit{{Op: OpListAdd, Section: "n", Option: "x", Values: []string{"4", "5"}}}, "a/n{x=[1|4|5] y=[1|2]} b/-{x=2} b/-{x=3} c/m{}"},
		"delete items":              {[]Edit{{Op: OpListDel, Section: "n", Option: "y", Values: []string{"1", "7"}}, {Op: OpListDel, Section: "n", Option: "x", Values: []string{"1"}}}, "a/n{x=1 y=[2]} b/-{x=2} b/-{x=3} c/m{}"},
		"replace":                   {[]Edit{{Op: OpReplace, Content: &Package{Sections: []*Section{{Type: "t", Name: "q"}}}}}, "t/q{}"},
		"replace by nonsense":       {[]Edit{{Op: OpReplace, Content: &Package{Sections: []*Section{{Type: "t t", Name: "q"}}}}}, "!of type"},
		"no operation":              {[]Edit{{Op: 99, Section: "n"}}, "!not known"},
	} {
		t.Run(name, func(t *testing.T) {
			p := parse(t, sample)
			var err error
			for _, e := range c.edits {
				if err = p.Apply(e); err != nil {
					break
				}
			}
			if text, bad := strings.CutPrefix(c.want, "!"); bad {
				if err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("got %v, want %s", err, text)
				}
				return
			}
			if got := show(p); err != nil || got != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestAnEditOfAMissingSectionIsToldApart(t *testing.T) {
	err := parse(t, sample).Apply(Edit{Op: OpSet, Package: "test", Section: "gone", Option: "x"})
	if !errors.Is(err, ErrNoSection) {
		t.Errorf("got %v, want ErrNoSection", err)
	}
}

func TestSectionsAreFoundByNameAndPlace(t *testing.T) {
	p := parse(t, sample)
	for ref, want := range map[string]string{
		"n": "n", "m": "m", "@b[0]": anonymousName(2, "b"), "@b[-1]": anonymousName(3, "b"), "@b[1]": anonymousName(3, "b"),
		"@a[0]": "n", "@[3]": "m", anonymousName(2, "b"): anonymousName(2, "b"),
		"@b[2]": "", "@b[-3]": "", "@b[]": "", "@b": "", "@b[x]": "", "@q[0]": "", "": "", "@": "", "@[": "", "q": "",
	} {
		got := ""
		if s := p.Section(ref); s != nil {
			got = s.Name
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", ref, got, want)
		}
	}
}

func TestValuesOfSections(t *testing.T) {
	s := parse(t, sample).Section("n")
	if got := s.Get("x") + "," + s.Get("y") + "," + s.Get("none"); got != "1,1 2," {
		t.Errorf("got %q", got)
	}
	if a, b, c := s.List("x"), s.List("y"), s.List("none"); len(a) != 1 || len(b) != 2 || c != nil {
		t.Errorf("got %q %q %q", a, b, c)
	}
}

// Hostile values stay values (T-184).
func TestHostileValuesAreStoredLiterally(t *testing.T) {
	for _, v := range []string{"a\nb", `'"'"'`, "'; reboot;#", `\`, `\'`, "\t", "😀", "$(reboot)", "'\nconfig evil 'x'\n\toption a 'b", "\r\n", " ", "#"} {
		p := parse(t, sample)
		if err := p.Section("n").Set("x", v); err != nil {
			t.Errorf("%q: %v", v, err)
		}
		again := parse(t, string(p.Bytes()))
		if got := again.Section("n").Get("x"); got != v || len(again.Sections) != 4 {
			t.Errorf("got %q, want %q in %d sections", got, v, len(again.Sections))
		}
	}
	for _, v := range []string{"\x00", "a\x1b[2J", "\x07", strings.Repeat("x", maxValue+1)} {
		if err := parse(t, sample).Section("n").Set("x", v); err == nil || strings.Contains(err.Error(), v) {
			t.Errorf("%q: got %v, want an error that does not repeat it", clip(v), err)
		}
	}
}

func TestACloneDoesNotShareAnything(t *testing.T) {
	p := parse(t, sample)
	c := p.Clone()
	c.Section("n").Option("y").Values[0] = "changed"
	_ = c.Section("n").Set("x", "changed")
	c.Section("m").Type = "changed"
	c.Delete("n")
	if got, want := show(p), show(parse(t, sample)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Whatever is done to a clone, Diff tells it in edits that do the same.
func TestDiff(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	names := []string{"n", "m", "k", "@b[0]", "@b[1]", "@t[0]", "@[2]"}
	for range 2000 {
		old := parse(t, sample)
		p := old.Clone()
		for range rnd.IntN(6) {
			e := Edit{Op: Op(rnd.IntN(int(OpReplace))), Section: names[rnd.IntN(len(names))], Type: "t", Option: "x",
				Values: []string{[]string{"0", "1", "q"}[rnd.IntN(3)]}, IsList: rnd.IntN(2) == 0}
			if e.Op == OpAdd && e.Section[0] == '@' {
				e.Section = ""
			}
			if e.Op == OpRename && rnd.IntN(2) == 0 {
				e.Option = ""
			}
			_ = p.Apply(e)
		}
		again := old.Clone()
		edits := Diff(old, p)
		for _, e := range edits {
			if err := again.Apply(e); err != nil {
				t.Fatalf("%v in %+v", err, edits)
			}
		}
		if got, want := sorted(again), sorted(p); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		if len(Diff(p, p)) != 0 {
			t.Fatal("a package differs from itself")
		}
	}
}

// sorted shows a package whose options are in an order of no meaning.
func sorted(p *Package) string {
	c := p.Clone()
	for _, s := range c.Sections {
		for i := range s.Options {
			for j := range i {
				if s.Options[j].Name > s.Options[i].Name {
					s.Options[i], s.Options[j] = s.Options[j], s.Options[i]
				}
			}
		}
	}
	return show(c)
}

func TestDeltaLines(t *testing.T) {
	const delta = `network.lan.ipaddr='192.168.1.1'
network.lan='interface'
+network.cfg0958ae='rule'
-network.wan
-network.wan.dns
-network.wan.dns='1'
@network.lan='home'
@network.lan.ip='ip6'
^network.lan='3'
|network.lan.dns='it'\''s
two lines'
~network.lan.dns='1.1.1.1'
+network.lan.odd='option'
network.gone=''
other.lan.ipaddr='1'
network.lan.ipaddr
network.@rule[0].x='1'
network='x'
network.a.b.c='1'
network.a-b.c='1'
network.a.b='1' trailing
^network.lan.x='3'
|network.lan='x'
@network.lan='bad-name'
network.lan.x=''
noise '
`
	want := []Edit{
		{Op: OpSet, Section: "lan", Option: "ipaddr", Values: []string{"192.168.1.1"}},
		{Op: OpAdd, Section: "lan", Type: "interface"},
		{Op: OpAdd, Section: "cfg0958ae", Type: "rule", Anonymous: true},
		{Op: OpDelete, Section: "wan"},
		{Op: OpUnset, Section: "wan", Option: "dns"},
		{Op: OpUnset, Section: "wan", Option: "dns", Values: []string{"1"}},
		{Op: OpRename, Section: "lan", Values: []string{"home"}},
		{Op: OpRename, Section: "lan", Option: "ip", Values: []string{"ip6"}},
		{Op: OpOrder, Section: "lan", Values: []string{"3"}},
		{Op: OpListAdd, Section: "lan", Option: "dns", Values: []string{"it's\ntwo lines"}},
		{Op: OpListDel, Section: "lan", Option: "dns", Values: []string{"1.1.1.1"}},
		{Op: OpSet, Section: "lan", Option: "odd", Values: []string{"option"}},
		{Op: OpDelete, Section: "gone"},
		{Op: OpSet, Section: "lan", Option: "x", Values: []string{""}},
	}
	got := parseDelta("network", []byte(delta))
	for i := range max(len(got), len(want)) {
		var g, w Edit
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
			w.Package = "network"
		}
		if show := func(e Edit) string {
			return strings.Join(append([]string{string(rune('0' + e.Op)), e.Package, e.Section, e.Option, e.Type}, e.Values...), "|")
		}; show(g) != show(w) || g.Anonymous != w.Anonymous {
			t.Errorf("%d: got %+v, want %+v", i, g, w)
		}
	}
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte("network.lan.ipaddr='1'\n+network.cfg0958ae='rule'\n-network.wan\n@network.lan='x'\n"))
	f.Add([]byte("^network.lan='3'\n|network.lan.dns='it'\\''s\ntwo'\n~network.lan.dns=a\\\nb;\n"))
	f.Add([]byte("network.lan.ip='a\x00b'\n'''"))
	f.Fuzz(func(t *testing.T, in []byte) {
		p := parse(t, sample)
		for _, e := range parseDelta("network", in) {
			if e.Package != "network" || !ValidName(e.Section) || e.Option != "" && !ValidName(e.Option) {
				t.Fatalf("bad name in %+v", e)
			}
			e.Section = "n"
			_ = p.Apply(e)
			if p.Section("n") == nil {
				return
			}
		}
		if _, err := Parse("test", p.Bytes()); err != nil {
			t.Fatalf("%v after %q", err, in)
		}
	})
}
