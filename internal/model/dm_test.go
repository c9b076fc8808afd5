package model

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// problemsOf loads a .dm text beside a good object, so that something is always left.
func problemsOf(t *testing.T, text string) []string {
	t.Helper()
	m := newMemory(t)
	m.funcs["good"] = memFunc{}
	good := "Device. r\n  Good r string const good\n"
	_, problems, err := Load(t.Context(), Config{Source: m, Files: []fs.FS{fstest.MapFS{"a.dm": {Data: []byte(good)}, "b.dm": {Data: []byte(text)}}}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	return got
}

func TestBrokenLinesSayWhereAndWhatWasExpected(t *testing.T) {
	const object = "Device.X. r\n"
	const table = "Device.T.{i}. r\n  rows uci p.@t\n"
	for _, c := range []struct{ name, text, want string }{
		{"an object without its dot", "Device.X r", `b.dm:1: "Device.X": expected an object path that ends in a dot (Device.Time. or Device.WiFi.SSID.{i}.)`},
		{"an object without access", "Device.X.", `b.dm:1: Device.X.: access "", expected one of r rw none`},
		{"an object of another root", "Dev.X. r", `b.dm:1: "Dev.X.": expected a path that begins with Device. or InternetGatewayDevice. as its root`},
		{"a vendor's object without a name of its own", "Device.X_ACME.  r", `b.dm:1: X_ACME: a vendor's name is X_VENDOR_NAME, where VENDOR is an OUI or a domain: X_ACME-COM_Light`},
		{"an object with a strange name", "Device.x$. r", `b.dm:1: "Device.x$.": "x$" is no object name: expected letters and digits beginning with a capital, or {i} after a name`},
		{"rw on what is no table", "Device.X. rw", `b.dm:1: Device.X.: rw allows AddObject, so only a table (…{i}.) has it: expected r`},
		{"a word too many on an object line", "Device.X. r please", `b.dm:1: Device.X.: unexpected "please", expected OBJECT ACCESS or OBJECT ACCESS replace`},
		{"a parameter before any object", "  Name r string const a", `b.dm:1: a parameter before any object: expected an object path such as Device.X. at column one`},
		{"a misspelt access", object + "  Name wr string const a", `b.dm:2: Name: access "wr", did you mean "rw"?`},
		{"a misspelt type", object + "  Name r sting const a", `b.dm:2: Name: unknown type "sting", did you mean "string"?`},
		{"a type of another language", object + "  Name r bool const 1", `b.dm:2: Name: unknown type "bool", did you mean "boolean"?`},
		{"a type in the wrong case", object + "  Name r datetime const 1", `b.dm:2: Name: unknown type "datetime", did you mean "dateTime"?`},
		{"a misspelt flag", object + "  Name r string hiden const a", `b.dm:2: Name: unknown flag or verb "hiden", did you mean "hidden"?`},
		{"a misspelt verb", object + "  Name r string cosnt a", `b.dm:2: Name: unknown flag or verb "cosnt", did you mean "const"?`},
		{"a misspelt filter", object + "  Name r string const a | defualt b", `b.dm:2: Name: unknown filter "defualt", did you mean "default"?`},
		{"a filter without its argument", object + "  Name r string const a | item", `b.dm:2: Name: filter item: wrong arguments (expected: item N)`},
		{"an empty filter", object + "  Name r string const a |", `b.dm:2: Name: a filter is missing after |`},
		{"a misspelt clause", object + "  ned file /x", `b.dm:2: unknown clause "ned", did you mean "needs"? (a parameter begins with a capital)`},
		{"a clause for tables only", object + "  rows uci a.@b", `b.dm:2: rows: only a table (…{i}.) has it, and Device.X. is none`},
		{"no source", object + "  Name r string", `b.dm:2: Name: the source is missing: expected one of uci ubus file exec dbus const state call none`},
		{"no type", object + "  Name r", `b.dm:2: Name: the type is missing: expected NAME ACCESS TYPE SOURCE`},
		{"a quote that does not end", object + `  Name r string const "a`, `b.dm:2: "\"a": the closing quote is missing`},
		{"a parenthesis that does not end", object + `  Name r enum(a,b const a`, `b.dm:2: "(a,b const a": the closing ')' is missing`},
		{"a range upside down", object + "  Name r int(5..1) const 3", `b.dm:2: Name: "5..1": expected a range such as 1.., ..10 or 1..10`},
		{"a number's range without dots", object + "  Name r int(5) const 3", `b.dm:2: Name: int(5): expected a range such as int(0..5)`},
		{"an enumeration with a value twice", object + "  Name r enum(A,A) const A", `b.dm:2: Name: enum: "A" stands there twice`},
		{"an object with a source line as parameter", object + "  Sub. r", `b.dm:2: Sub.: an object stands at column one, a parameter has no dot`},
		{"a command that is no boolean", object + "  Name rw string command state a", `b.dm:2: Name: command: only a boolean can be one, it reads false and writing true does something`},
		{"rw on what cannot be set", object + "  Name rw string const a", `b.dm:2: Name: "const a" cannot be set: expected access r, or a clause write call NAME on its object`},
		{"rw through a filter without inverse", object + "  Name rw unsignedInt state a | uint", `b.dm:2: Name: the filter "uint" cannot be undone, so the parameter cannot be written: expected access r`},
		{"a function nobody has", object + "  Name r string call bad", `b.dm:2: Name: call: unknown function "bad"`},
		{"a source that panics", object + "  Name r string dbus a", `b.dm:2: Name: dbus: the source broke down: no dbus here`},
		{"a table without rows", "Device.T.{i}. r\n", `b.dm:1: Device.T.{i}.: a table needs rows SOURCE, or rows none`},
		{"a table that cannot grow", "Device.T.{i}. rw\n  rows uci p.@t\n", `b.dm:1: Device.T.{i}.: rw needs a clause add, and rows that can be deleted; taken as r`},
		{"an object below no table", "Device.T.{i}.S. r\n", `b.dm:1: Device.T.{i}.S.: its table Device.T.{i}. is defined nowhere`},
		{"a reference into nowhere", table + "Device.X. r\n  Ref r pathRef const a | ref Device.Tt.\n", `b.dm:4: Ref: ref Device.Tt.: no such table, did you mean Device.T.?`},
		{"a reference to {i}", object + "  Ref r pathRef const a | ref Device.T.{i}.\n", `b.dm:2: Ref: filter ref: a table is named without its last {i} (expected: ref [TABLE…])`},
		{"a unique key of nothing", table + "  unique Nmae\n  Name r string const a\n", `b.dm:3: unique: Device.T.{i}. has no parameter "Nmae", did you mean "Name"?`},
		{"an unknown placeholder", table + "  let ifname const a\n  Name r string const {ifnam}\n", `b.dm:4: unknown placeholder {ifnam}, did you mean "ifname"?`},
		{"a parent that is none", table + "  Name r string const {parent.key}\n", `b.dm:3: {parent.key}: the table has no parent row`},
		{"a let twice", table + "  let a const 1\nDevice.T.{i}.S. r\n  let a const 2\n", `b.dm:5: let a: the same row has one of that name already`},
		{"a let of a reserved name", table + "  let key const 1\n", `b.dm:3: let: "key" cannot be a name: letters and digits, and none of section, key, n, parent (expected: let NAME SOURCE [| FILTER]…)`},
		{"a hook that is no call", object + "  write uci a.b.c", `b.dm:2: write: "uci" is not call (expected: write call NAME)`},
		{"a maximum that is none", table + "  max many", `b.dm:3: max: not a number from 1 to 8192 (expected: max NUMBER)`},
		{"a line below an object that is none", "Device.X. none\n  Name r string const a", `b.dm:2: below an object that is none: expected no lines here`},
		{"what is no text", "Device.X. r\n\xff\xfe", `b.dm: not UTF-8 text`},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, "problems", problemsOf(t, c.text), []string{c.want})
		})
	}
}

func TestBrokenLineLeavesTheRest(t *testing.T) {
	b := newMemory(t)
	text := `
Device.A. r
  First  r string const 1
  Broken r strin const 2
  Last   r string const 3
Device.B r
  Lost   r string const 4
Device.C. r
  Kept   r string const 5
`
	tree, problems, err := Load(t.Context(), Config{Source: b, Files: fsOf("x.dm", text)})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "problems", len(problems), 2)
	tx, _ := tree.Begin(t.Context(), FromCLI)
	defer tx.Close()
	got, _ := valuesIn(t.Context(), tx, "")
	same(t, "values", got, []string{"Device.A.First=1", "Device.A.Last=3", "Device.C.Kept=5"})
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"comments stand at the beginning of a line or after white space", "Device.A. r # yes\n  # no\n  X r string const a#b # c", "Device.A.X=a#b"},
		{"a backslash continues the line", "Device.A. r\n  X r \\\n    string \\\n const a", "Device.A.X=a"},
		{"a backslash in a comment does not", "Device.A. r\n# note \\\n  X r string const a", "Device.A.X=a"},
		{"quotes keep blanks, bars and hashes", `Device.A. r` + "\n" + `  X r string const "a | b  # \"c\" \\"`, `Device.A.X=a | b  # "c" \`},
		{"const joins its words by one blank", "Device.A. r\n  X r string const a   b", "Device.A.X=a b"},
		{"a quoted empty word is the empty string", "Device.A. r\n  X r string const \"\" | default b", "Device.A.X=b"},
		{"a parenthesis group keeps its blanks", "Device.A. r\n  X r enum(Up, \"Not Present\") const Not Present", "Device.A.X=Not Present"},
		{"JSON is one word", "Device.A. r\n  X r string const {\"a\": [1, \"{b}\"]} c", `Device.A.X={"a": [1, "{b}"]} c`},
		{"carriage returns and a byte order mark are forgiven", "\ufeffDevice.A. r\r\n\tX\tr\tstring\tconst\ta\r\n", "Device.A.X=a"},
		{"a re-opened object is merged, a later line wins in its old place", "Device.A. r\n  X r string const 1\n  Y r string const 2\nDevice.B. r\nDevice.A. r\n  X r string const 3", "Device.A.X=3 Device.A.Y=2"},
		{"none takes a parameter back", "Device.A. r\n  X r string const 1\n  Y r string const 2\nDevice.A. r\n  X none\n  Y r string none", ""},
		{"none takes an object and all below it back", "Device.A.B. r\n  X r string const 1\nDevice.A. none\nDevice.C. r\n  Z r string const 3", "Device.C.Z=3"},
		{"a later line that cannot be used leaves the earlier one", "Device.A. r\n  X r string const 1\n  X r string bad 2", "Device.A.X=1"},
		{"a map takes blanks in quotes", "Device.A. r\n  X r string const a | map a=\"x y\"", "Device.A.X=x y"},
		{"a let serves singletons below and may use another", "Device.A. r\n  let a const 1\nDevice.A.B. r\n  let b const {a}2\n  X r string call show", "Device.A.B.X=12/1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory(t)
			m.funcs["show"] = memFunc{get: func(_ context.Context, _ *memAccess, row *Row) (string, error) {
				return expand(row.Var("b"), row) + "/" + row.Var("a"), nil
			}}
			tree, _, err := Load(t.Context(), Config{Source: m, Files: fsOf("x.dm", c.text)})
			if err != nil {
				t.Fatal(err)
			}
			tx, _ := tree.Begin(t.Context(), FromCLI)
			defer tx.Close()
			got, err := valuesIn(t.Context(), tx, "Device.")
			if err != nil {
				t.Fatal(err)
			}
			same(t, "values", strings.Join(got, " "), c.want)
		})
	}
}

func TestLaterFilesWin(t *testing.T) {
	m := newMemory(t)
	layers := []fs.FS{
		fstest.MapFS{"b.dm": {Data: []byte("Device.A. r\n  X r string const base\n  Y r string const base")}},
		fstest.MapFS{},
		fstest.MapFS{"isp.dm": {Data: []byte("Device.A. r\n  X r string const isp")}, "notes.txt": {Data: []byte("not read")}},
		os.DirFS(filepath.Join(t.TempDir(), "absent")),
	}
	tree, problems, err := Load(t.Context(), Config{Source: m, Files: layers})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	tx, _ := tree.Begin(t.Context(), FromCLI)
	defer tx.Close()
	got, _ := valuesIn(t.Context(), tx, "")
	same(t, "values", got, []string{"Device.A.X=isp", "Device.A.Y=base"})
}

func TestReplaceTakesThePlaceOfEarlierClauses(t *testing.T) {
	b := newBed(t, `
Device.T.{i}. r
  noalias
  rows uci p.@t
  X r string const x
Device.T.{i}. r
  rows uci p.@u
Device.R.{i}. r
  noalias
  rows uci p.@t
Device.R.{i}. r replace
  rows uci p.@u
  rows uci p.@v
`, func(m *memory) { m.put(t, "p", "t a", "u b", "v c") })
	same(t, "added", b.value("Device.TNumberOfEntries"), "2")
	same(t, "replaced", b.value("Device.RNumberOfEntries"), "2")
}

func TestNeeds(t *testing.T) {
	b := newBed(t, `
Device.A. r
  X r string const x
Device.A.B. r
  needs file /usr/sbin/b
  Y r string const y
Device.A.B.T.{i}. r
  rows uci p.@t
  Z r string const z
`, nil)
	same(t, "without", b.values(""), []string{"Device.A.X=x"})
	s := b.tree.Stats()
	same(t, "unmet", s.Unmet, []string{"Device.A.B.", "Device.A.B.T.{i}."})
	same(t, "parameters", s.Parameters, 1)
	var unmet []string
	b.tree.Definitions(func(d Def) {
		if d.Unmet {
			unmet = append(unmet, d.Path)
		}
	})
	same(t, "definitions left out", unmet, []string{"Device.A.B.", "Device.A.B.Y", "Device.A.B.T.{i}.", "Device.A.B.T.{i}.Z"})

	old := b.begin(FromACS)
	b.needs["file /usr/sbin/b"] = true
	if problems := b.tree.Reload(t.Context()); problems != nil {
		t.Fatal(problems)
	}
	same(t, "with", b.values(""), []string{"Device.A.X=x", "Device.A.B.Y=y", "Device.A.B.TNumberOfEntries=0"})
	got, _ := valuesIn(t.Context(), old, "")
	same(t, "an open transaction goes on with the old ones", got, []string{"Device.A.X=x"})
}

func TestReloadThatFindsNothingKeepsTheOld(t *testing.T) {
	b := newBed(t, "Device.A. r\n  X r string const x\n", nil)
	b.tree.cfg.Files = fsOf("x.dm", "nonsense")
	if problems := b.tree.Reload(t.Context()); len(problems) != 2 {
		t.Errorf("got %v, want the line and the failure", problems)
	}
	same(t, "value", b.value("Device.A.X"), "x")
}

func TestLoadFailsOnlyWhenNothingIsLeft(t *testing.T) {
	_, problems, err := Load(t.Context(), Config{Source: newMemory(t), Files: fsOf("x.dm", "nonsense")})
	if err == nil || len(problems) != 1 {
		t.Errorf("got %v, %v", err, problems)
	}
}

func TestCheckNamesTheFileOnTheHost(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.dm"), filepath.Join(dir, "bad.dm")
	os.WriteFile(good, []byte("Device.X_ACME_A. r\n  Ref r pathRef const a | ref Device.T.\n"), 0o600)
	os.WriteFile(bad, []byte("Device.X_ACME_B. r\n  Y r string cnst y\n"), 0o600)
	cfg := Config{Source: newMemory(t), Files: fsOf("core.dm", "Device.T.{i}. r\n  rows uci p.@t\n  Bad r nonsense const a\n")}
	same(t, "problems of the good one", len(Check([]string{good}, cfg)), 0)
	got := Check([]string{bad, good}, cfg)
	if len(got) != 1 || got[0].String() != bad+`:2: Y: unknown flag or verb "cnst", did you mean "const"?` {
		t.Errorf("got %v", got)
	}
	same(t, "all", len(Check(nil, cfg)), 1)
	cfg.Files = append(cfg.Files, DirFS(dir))
	same(t, "a file that is installed already is read once", len(Check([]string{bad}, cfg)), 1)
	if got := Check([]string{filepath.Join(dir, "absent.dm")}, cfg); len(got) != 1 {
		t.Errorf("a file that is not there: got %v", got)
	}
}

func TestDefinitionsAndLookup(t *testing.T) {
	b := newBed(t, `
Device.ManagementServer. r
  ParameterKey r string(32) inform state key
  Password rw string(256) hidden deny state pw
Device.T.{i}. rw
  rows uci p.@t
  add uci p.@t t_{n}
  count TEntries
  X rw list(1..3) unsignedInt(1..10) compat active uci .x
  Y r pathRef weak forced const ""
`, nil)
	var got []string
	b.tree.Definitions(func(d Def) {
		line := d.Path
		if !d.Object {
			line += " " + d.Type.String()
		}
		for word, is := range map[string]bool{"implied": d.Implied} {
			if is {
				line += " " + word
			}
		}
		if d.Writable {
			line += " rw"
		}
		got = append(got, line)
	})
	same(t, "definitions", got, []string{
		"Device.", "Device.TEntries unsignedInt implied",
		"Device.ManagementServer.", "Device.ManagementServer.ParameterKey string(..32)", "Device.ManagementServer.Password string(..256) rw",
		"Device.T.{i}. rw", "Device.T.{i}.X list(1..3) unsignedInt(1..10) rw", "Device.T.{i}.Y pathRef weak", "Device.T.{i}.Alias Alias implied rw",
	})
	d, err := b.tree.Lookup("Device.T.77.X")
	if err != nil || d.Path != "Device.T.{i}.X" || d.Notify != NotifyDefault || !d.Compat || d.Line != 9 || d.File != "test.dm" || d.Source != "uci .x" {
		t.Errorf("got %+v, %v", d, err)
	}
	same(t, "informs", b.tree.Informs(), []string{"Device.ManagementServer.ParameterKey"})
	_, err = b.tree.Lookup("Device.T.77.Nope")
	reason(t, "unknown", err, Unknown)
	s := b.tree.Stats()
	if s.Tables != 1 || s.Writable != 3 || s.Hidden != 1 || s.Compat != 1 || s.Verbs["state"] != 2 || s.Verbs[""] != 2 {
		t.Errorf("got %+v", s)
	}
}

func FuzzDM(f *testing.F) {
	f.Add("Device.A. r\n  X r string const a\n")
	f.Add("Device.T.{i}. rw\n  rows uci p.@t a=b\n  add uci p.@t t_{n} x=1\n  unique X\n  X rw list(0..4) enum(A, \"B C\") hidden uci .x | list \" \" | map a=A *=*\n")
	f.Add("Device.T.{i}.S. r\n  let a ubus o m {\"a\": \"b\"} .c[d=e] | default \"\"\n  Y r pathRef weak const a | ref Device.T.\n\\\n")
	f.Add("Device.A. none\nDevice.A. r replace\n  needs file /x\n  X none")
	f.Fuzz(func(t *testing.T, text string) {
		m := &memory{dir: "/nowhere", reads: map[string]int{}}
		tree, problems, err := Load(t.Context(), Config{Source: m, Files: fsOf("x.dm", text)})
		for _, p := range problems {
			if p.File != "x.dm" || p.Msg == "" {
				t.Fatalf("a problem without a place or a message: %+v", p)
			}
		}
		if err != nil {
			return
		}
		tree.Definitions(func(d Def) {
			if d.Unmet || strings.Contains(d.Path, instanceOf) {
				return
			}
			if got, err := tree.Lookup(d.Path); err != nil || got.Path != d.Path {
				t.Fatalf("definition %q is not found: %v", d.Path, err)
			}
		})
		tx, err := tree.Begin(t.Context(), FromCLI)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Close()
		names := 0
		if err := tx.Names(t.Context(), "", false, func(Name) error { names++; return nil }); err != nil {
			t.Fatal(err)
		}
		if names != tree.Stats().Objects+tree.Stats().Parameters-inTables(tree) {
			t.Fatalf("%d names, %+v", names, tree.Stats())
		}
	})
}

// inTables counts the parameters and singletons inside tables, which have no rows on an empty router.
func inTables(tree *Tree) (n int) {
	tree.Definitions(func(d Def) {
		if i := strings.Index(d.Path, instanceOf+"."); i >= 0 && i+len(instanceOf)+1 < len(d.Path) && !d.Unmet {
			n++
		}
	})
	return n
}
