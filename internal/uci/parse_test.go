package uci

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// show writes a package on one line: type/name (- where anonymous) and its options, o=v or o=[v|v].
func show(p *Package) string {
	var b strings.Builder
	for _, s := range p.Sections {
		name := s.Name
		if s.Anonymous {
			name = "-"
		}
		fmt.Fprintf(&b, "%s/%s{", s.Type, name)
		for i, o := range s.Options {
			if i > 0 {
				b.WriteByte(' ')
			}
			if o.IsList {
				fmt.Fprintf(&b, "%s=[%s]", o.Name, strings.Join(o.Values, "|"))
			} else {
				fmt.Fprintf(&b, "%s=%s", o.Name, o.Values[0])
			}
		}
		b.WriteString("} ")
	}
	return strings.TrimSpace(b.String())
}

// grammar is what libuci makes of a file. The want of a refused file is "!line: text".
// The same table runs against the real uci where there is one.
var grammar = []struct{ name, in, want string }{
	{"an empty file is an empty package", "", ""},
	{"blank lines and comments say nothing", "\n \t\n# x\n  # y\n\v\n\n", ""},
	{"a section has a type and a name", "config interface 'lan'\n", "interface/lan{}"},
	{"a section without a name is anonymous", "config rule\n", "rule/-{}"},
	{"a section with an empty name is anonymous", "config rule ''\n", "rule/-{}"},
	{"commands have one letter too", "c a b\no x 1\nl y 2\n", "a/b{x=1 y=[2]}"},
	{"a package line is checked and ignored", "package 'other'\nconfig a b\n", "a/b{}"},
	{"p is package", "p other\nc a b\n", "a/b{}"},
	{"the last line needs no line feed", "config a b\n\toption x 1", "a/b{x=1}"},
	{"white space before a command is skipped", " \t config a b\n \v\f option x 1\n", "a/b{x=1}"},
	{"CRLF is accepted", "config a b\r\n\toption x 1\r\n\toption y '2'\r\n\r\n", "a/b{x=1 y=2}"},
	{"types and names may be quoted", "config 'a' \"b\"\n", "a/b{}"},
	{"a type is any printable ASCII", "config wifi-iface!$%&/() b\n", "wifi-iface!$%&/()/b{}"},
	{"an option name may be quoted", "config a b\noption 'x' 1\n", "a/b{x=1}"},

	{"a word joins its pieces", `config a b` + "\n" + `option x un'quo ted'"dou'ble"end` + "\n", `a/b{x=unquo teddou'bleend}`},
	{"nothing is special in single quotes", `config a b` + "\n" + `option x '\"#;\n$'` + "\n", `a/b{x=\"#;\n$}`},
	{"a single quote is written '\\''", `config a b` + "\n" + `option x 'it'\''s'` + "\n", `a/b{x=it's}`},
	{"a backslash in double quotes takes the next character", `config a b` + "\n" + `option x "a\"\\\n\'"` + "\n", `a/b{x=a"\n'}`},
	{"a backslash outside quotes takes the next character", `config a b` + "\n" + `option x a\ \#\;\'\"\nb` + "\n", `a/b{x=a #;'"nb}`},
	{"a value in single quotes may span lines", "config a b\noption x 'l1\nl2\n\n l4'\n", "a/b{x=l1\nl2\n\n l4}"},
	{"a value in double quotes may span lines", "config a b\noption x \"l1\nl2\"\n", "a/b{x=l1\nl2}"},
	{"a line in quotes is no comment", "config a b\noption x '\n# no\n'\n", "a/b{x=\n# no\n}"},
	{"CR stays inside quotes", "config a b\noption x 'a\r\nb'\n", "a/b{x=a\r\nb}"},
	{"backslash and line feed join lines", "config a b\noption x a\\\nb\n", "a/b{x=ab}"},
	{"backslash and CRLF join lines", "config a b\noption x a\\\r\nb\n", "a/b{x=ab}"},
	{"backslash and line feed join lines in double quotes", "config a b\noption x \"a\\\nb\"\n", "a/b{x=ab}"},
	{"a joined line may begin with white space, which ends the word", "config a b\noption x a\\\n b\n", "!3: too many"},
	{"a backslash at the end of the file vanishes", "config a b\noption x a\\", "a/b{x=a}"},
	{"quotes may be empty inside a word", "config a b\noption x a''b\n", "a/b{x=ab}"},
	{"UTF-8 and control bytes are values", "config a b\noption x 'ü\x01\x7f\xff'\n", "a/b{x=ü\x01\x7f\xff}"},

	{"# begins a comment after white space", "config a b # c\noption x 1 # d\n", "a/b{x=1}"},
	{"# begins a comment inside a word", "config a b\noption x y#z\n", "a/b{x=y}"},
	{"# begins a comment after a quote", "config a b\noption x 'y'#z'\n", "a/b{x=y}"},
	{"# instead of a name leaves it out", "config a # b\n", "a/-{}"},
	{"; separates statements after a quote", "config a b\noption x '1'; option y '2' ;option z 3\n", "a/b{x=1 y=2 z=3}"},
	{"; after a space separates statements", "config a b ; option x 1 ; list y 2\n", "a/b{x=1 y=[2]}"},
	{"; after a bare word hides the rest of the line", "config a b\noption x 1; option y 2\n", "a/b{x=1}"},
	{"; at the end of a line is an error after a quote", "config a b\noption x '1';\n", "!2: none of"},
	{"; at the end of a line hides nothing after a bare word", "config a b\noption x 1;\n", "a/b{x=1}"},
	{"; in place of a name swallows the statement", "config a ; option x 1\n", "!1: too many"},
	{"an empty quoted word ends a statement", "config a b\noption x '1' '' option y 2\n", "a/b{x=1 y=2}"},

	{"an option without a value does not exist", "config a b\noption x\n", "a/b{}"},
	{"an option with an empty value does not exist", "config a b\noption x ''\n", "a/b{}"},
	{"an empty value leaves an earlier one", "config a b\noption x 1\noption x ''\n", "a/b{x=1}"},
	{"of repeated options the last wins in the place of the first", "config a b\noption x 1\noption y 2\noption x 3\n", "a/b{x=3 y=2}"},
	{"list after option makes a list of both", "config a b\noption x 1\nlist x 2\n", "a/b{x=[1|2]}"},
	{"option after list replaces the list", "config a b\nlist x 1\nlist x 2\noption x 3\n", "a/b{x=3}"},
	{"an empty option after list leaves the list", "config a b\nlist x 1\noption x ''\n", "a/b{x=[1]}"},
	{"a list may hold empty items", "config a b\nlist x ''\nlist x\nlist x 1\n", "a/b{x=[||1]}"},
	{"lists need not be together", "config a b\nlist x 1\noption y 2\nlist x 3\n", "a/b{x=[1|3] y=2}"},
	{"a section of the same name and type goes on", "config a b\noption x 1\nconfig a c\nconfig a b\noption x 2\noption y 3\n",
		"a/b{x=2 y=3} a/c{}"},
	{"anonymous sections stay apart", "config a\nconfig a\n", "a/-{} a/-{}"},
	{"a computed name finds its anonymous section", "config dnsmasq\noption x 1\nconfig dnsmasq cfg01411c\noption y 2\n",
		"dnsmasq/-{x=1 y=2}"},

	{"another command is an error", "config a b\noptions x 1\n", "!2: none of"},
	{"a command ends at white space only", "config\ta b\noption'x' 1\n", "!2: none of"},
	{"a UTF-8 BOM is an error", "\xef\xbb\xbfconfig a b\n", "!1: none of"},
	{"config needs a type", "config\n", "!1: none of"},
	{"config needs more than a space", "config \n", "!1: section type"},
	{"an empty type is an error", "config '' b\n", "!1: section type"},
	{"a type with a space is an error", "config 'a b' c\n", "!1: section type"},
	{"a type of UTF-8 is an error", "config ü c\n", "!1: section type"},
	{"a section name with a dash is an error", "config a b-c\n", "!1: section name"},
	{"a section name with a dot is an error", "config a b.c\n", "!1: section name"},
	{"one bad option name fails the whole file", "config a b\noption x 1\noption y-z 2\n", "!3: option name"},
	{"option needs a name", "config a b\noption \n", "!2: option name"},
	{"an empty option name is an error", "config a b\noption '' 1\n", "!2: option name"},
	{"option before a section is an error", "option x 1\n", "!1: before the first"},
	{"list before a section is an error", "list x 1\n", "!1: before the first"},
	{"a third word is an error", "config a b\noption x 1 2\n", "!2: too many"},
	{"a third word of config is an error", "config a b c\n", "!1: too many"},
	{"a second package word is an error", "package a b\n", "!1: too many"},
	{"a bad package name is an error", "package a.b\n", "!1: package name"},
	{"package needs a name", "package \n", "!1: package name"},
	{"the same name with another type is an error", "config a b\nconfig c b\n", "!2: of type"},
	{"an open single quote is an error where it began", "config a b\noption x 'y\n\n\n", "!2: never closed"},
	{"an open double quote is an error where it began", "config a b\noption x \"y\n\n\n", "!2: never closed"},
	{"a backslash does not close a double quote", "config a b\noption x \"y\\\"\n", "!2: never closed"},
}

func TestParse(t *testing.T) {
	for _, c := range grammar {
		t.Run(c.name, func(t *testing.T) {
			p, err := Parse("test", []byte(c.in))
			wantErr, isErr := strings.CutPrefix(c.want, "!")
			if !isErr {
				if err != nil {
					t.Fatalf("got %v, want %s", err, c.want)
				}
				if got := show(p); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				return
			}
			line, text, _ := strings.Cut(wantErr, ": ")
			var se *SyntaxError
			if !errors.As(err, &se) {
				t.Fatalf("got %v, want a syntax error", err)
			}
			if got := fmt.Sprint(se.Line); got != line || !strings.Contains(se.Msg, text) || se.File != "test" {
				t.Errorf("got %v, want line %s, %s", se, line, text)
			}
		})
	}
}

// What is written is read back the same, and written the same again.
func TestWrittenPackagesAreReadBackTheSame(t *testing.T) {
	for _, c := range grammar {
		p, err := Parse("test", []byte(c.in))
		if err != nil {
			continue
		}
		again, err := Parse("test", p.Bytes())
		if err != nil {
			t.Errorf("%s: %v of %q", c.name, err, p.Bytes())
			continue
		}
		if got, want := show(again), show(p); got != want || string(again.Bytes()) != string(p.Bytes()) {
			t.Errorf("%s: got %s, want %s", c.name, got, want)
		}
	}
}

func TestNULAndTooLargeAreRefused(t *testing.T) {
	for name, in := range map[string]string{
		"t:2: NUL":      "config a b\noption x 'a\x00b'\n",
		"t:0: larger":   strings.Repeat("#", maxFile+1),
		"t:2: word too": "config a b\noption x '" + strings.Repeat("x", maxValue+1) + "'\n",
		"t:3: word too": "config a b\noption x a\\\n" + strings.Repeat("x", maxValue+1) + "\n",
	} {
		if _, err := Parse("t", []byte(in)); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
	}
}

// Files made to be slow are read in a moment.
func TestManySectionsAndOptionsTakeLinearTime(t *testing.T) {
	var b strings.Builder
	for i := 0; b.Len() < maxFile/2; i++ {
		fmt.Fprintf(&b, "c a n%d\n", i)
	}
	for i := 0; b.Len() < maxFile-40; i++ {
		fmt.Fprintf(&b, "o x%d 1\n", i)
	}
	p, err := Parse("t", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if last := p.Sections[len(p.Sections)-1]; len(p.Sections) < 1000 || len(last.Options) < 1000 {
		t.Errorf("got %d sections, %d options", len(p.Sections), len(last.Options))
	}
}

func TestAnonymousNamesAreThoseOfLibuci(t *testing.T) {
	for want, c := range map[string]struct {
		n   int
		typ string
	}{
		"cfg01411c":  {1, "dnsmasq"},
		"cfg030f15":  {3, "device"},
		"cfg02dc81":  {2, "zone"},
		"cfg12cdc81": {300, "zone"},
	} {
		if got := anonymousName(c.n, c.typ); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	p, err := Parse("t", []byte("config x named\nconfig zone\nconfig x named\nconfig device\n"))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := p.Sections[1].Name, p.Sections[2].Name; a != "cfg02dc81" || b != "cfg030f15" {
		t.Errorf("got %s and %s, want places 2 and 3: named sections count once", a, b)
	}
}

func TestBytesAreThoseOfLibuci(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"empty":       {"# nothing\n", "\n"},
		"all of it":   {"package x\nc a\n  o x 1 # c\n\n\nl y 'it'\\''s'\nl y \"a\nb\"\nconfig b c\n", "\nconfig a\n\toption x '1'\n\tlist y 'it'\\''s'\n\tlist y 'a\nb'\n\nconfig b 'c'\n\n"},
		"odd types":   {"config 'a#b' x\nconfig \"it's\"\n", "\nconfig 'a#b' 'x'\n\nconfig 'it'\\''s'\n\n"},
		"empty items": {"config a b\nlist x\n", "\nconfig a 'b'\n\tlist x ''\n\n"},
	} {
		p, err := Parse("t", []byte(c.in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := string(p.Bytes()); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestParseExport(t *testing.T) {
	for name, c := range map[string]struct{ first, in, want string }{
		"two packages":                {"", "package a\n\nconfig x y\n\npackage b\nconfig z\n", "a: x/y{}, b: z/-{}"},
		"a default name is not used":  {"net", "package a\nconfig x y\n", "a: x/y{}"},
		"a default name is used":      {"net", "config x y\npackage b\n", "net: x/y{}, b: "},
		"the default name may return": {"net", "package a\npackage net\nconfig x y\n", "a: , net: x/y{}"},
		"nobody's section":            {"", "config x y\n", "!1: before"},
		"twice":                       {"", "package a\npackage b\npackage a\n", "!3: twice"},
		"nothing":                     {"net", "", ""},
		"an option of no section":     {"", "package a\nconfig x y\npackage b\noption z 1\n", "!4: before"},
	} {
		list, err := ParseExport(c.first, []byte(c.in))
		var got []string
		for _, p := range list {
			got = append(got, p.Name+": "+show(p))
		}
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			line, text, _ := strings.Cut(want, ": ")
			if err == nil || !strings.Contains(err.Error(), ":"+line+": ") || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: got %v, want %s", name, err, want)
			}
			continue
		}
		if err != nil || strings.Join(got, ", ") != c.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range grammar {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		_, _ = ParseExport("x", in)
		p, err := Parse("t", in)
		if err != nil {
			return
		}
		out := p.Bytes()
		again, err := Parse("t", out)
		if err != nil {
			t.Fatalf("%v in %q, written for %q", err, out, in)
		}
		if got, want := show(again), show(p); got != want {
			t.Fatalf("got %q, want %q, written for %q", got, want, in)
		}
		if got := again.Bytes(); string(got) != string(out) {
			t.Fatalf("got %q, want %q", got, out)
		}
	})
}
