package model

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/cwmpd/cwmpd/internal/state"
)

// memory is a second Source: a router made of sections in one JSON file per package. It proves that the seam holds without
// UCI, ubus or files of a router, and it can be made to hang, to panic and to fail.
type memory struct {
	dir   string
	mu    sync.Mutex
	funcs map[string]memFunc
	needs map[string]bool

	begun, closed int                  // transactions
	reads         map[string]int       // how often an expression was read
	prepare       func() error         // fails Prepare; nil does not
	effect        func() error         // Prepared.Commit
	after         []string             // Prepared.After
	onSet         func(e *memEx) error // fails Set
}

type memFunc struct {
	get  func(ctx context.Context, a *memAccess, row *Row) (string, error)
	rows func(ctx context.Context, a *memAccess, parent *Row) ([]Row, error)
	hook func(a *memAccess, row *Row, changed map[string]string) error
	set  func(a *memAccess, row *Row, value string) error
}

// A memSection is a UCI section in short: lists have ListSep. Name is libuci's: of an anonymous one it is its place.
type memSection struct {
	Type, Name string
	Anonymous  bool
	Options    map[string]string
}

type memPackage []*memSection

func newMemory(t *testing.T) *memory {
	t.Helper()
	return &memory{dir: t.TempDir(), funcs: map[string]memFunc{}, needs: map[string]bool{}, reads: map[string]int{}}
}

func (m *memory) path(pkg string) string { return filepath.Join(m.dir, pkg+".json") }

// put writes a package as a human would with an editor. A section is "type name opt=value…"; the name "-" is anonymous.
func (m *memory) put(t *testing.T, pkg string, sections ...string) {
	t.Helper()
	var p memPackage
	for _, text := range sections {
		f := strings.Fields(text)
		s := &memSection{Type: f[0], Name: f[1], Anonymous: f[1] == "-", Options: map[string]string{}}
		for _, o := range f[2:] {
			name, value, _ := strings.Cut(o, "=")
			if items, ok := strings.CutPrefix(value, "["); ok {
				value = joinList(strings.Split(strings.TrimSuffix(items, "]"), ","))
			}
			s.Options[name] = value
		}
		p = append(p, s)
	}
	if err := os.WriteFile(m.path(pkg), p.bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// get reads one package from disk, one line per section, as put takes them.
func (m *memory) get(t *testing.T, pkg string) []string {
	t.Helper()
	var lines []string
	for _, s := range m.load(pkg) {
		line := s.Type + " " + s.Name
		if s.Anonymous {
			line = s.Type + " -"
		}
		for _, name := range slices.Sorted(maps.Keys(s.Options)) {
			value := s.Options[name]
			if strings.HasPrefix(value, ListSep) {
				value = "[" + strings.Join(splitList(value), ",") + "]"
			}
			line += " " + name + "=" + value
		}
		lines = append(lines, line)
	}
	return lines
}

func (p memPackage) bytes() []byte {
	data, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return data
}

func (m *memory) load(pkg string) memPackage {
	var p memPackage
	data, err := os.ReadFile(m.path(pkg))
	if err != nil {
		return nil
	}
	if err := json.Unmarshal(data, &p); err != nil {
		panic(err)
	}
	for i, s := range p {
		if s.Anonymous {
			s.Name = fmt.Sprintf("cfg%02x", i)
		}
	}
	return p
}

// A memEx is a compiled expression of any verb.
type memEx struct {
	use   Use
	words []string
	text  string
	fn    memFunc
}

func (e *memEx) String() string { return e.text }

func (e *memEx) Caps() Caps {
	switch e.words[0] {
	case "uci", "state":
		return Caps{Set: e.use == UseValue, Grow: e.use == UseRows || e.use == UseAdd}
	case "call":
		return Caps{Set: e.fn.set != nil}
	}
	return Caps{}
}

func (e *memEx) Names() []string {
	var names []string
	for _, w := range e.words {
		for !strings.HasPrefix(w, `{"`) {
			_, rest, ok := strings.Cut(w, "{")
			name, tail, end := strings.Cut(rest, "}")
			if !ok || !end {
				break
			}
			names, w = append(names, name), tail
		}
	}
	return names
}

func (m *memory) Compile(use Use, words []string) (Expr, error) {
	e := &memEx{use: use, words: words, text: strings.Join(words, " ")}
	switch words[0] {
	case "uci", "state", "const", "file", "ubus", "exec":
		if len(words) < 2 {
			return nil, fmt.Errorf("%s: expected %s NAME", words[0], words[0])
		}
	case "call":
		fn, ok := m.funcs[words[1]]
		if !ok {
			return nil, fmt.Errorf("call: unknown function %q", words[1])
		}
		e.fn = fn
	case "dbus":
		panic("no dbus here")
	}
	return e, nil
}

func (m *memory) Begin(_ context.Context, tree Context) (Access, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.begun++
	return &memAccess{m: m, tree: tree, packages: map[string]memPackage{}, dirty: map[string]bool{}}, nil
}

// A memAccess is one transaction's view.
type memAccess struct {
	m        *memory
	tree     Context
	packages map[string]memPackage
	dirty    map[string]bool
	closed   bool
}

func (a *memAccess) pkg(name string) memPackage {
	p, ok := a.packages[name]
	if !ok {
		p = a.m.load(name)
		a.packages[name] = p
	}
	return p
}

func (a *memAccess) section(pkg, name string) *memSection {
	for _, s := range a.pkg(pkg) {
		if s.Name == name {
			return s
		}
	}
	return nil
}

func expand(word string, row *Row) string {
	for {
		before, rest, ok := strings.Cut(word, "{")
		name, after, end := strings.Cut(rest, "}")
		if !ok || !end {
			return word
		}
		word = before + row.Var(name) + after
	}
}

// option finds the section and option that `uci …` names.
func (a *memAccess) option(e *memEx, row *Row) (*memSection, string, string) {
	word := expand(e.words[1], row)
	if option, ok := strings.CutPrefix(word, "."); ok {
		return a.section(row.Package, row.Section), option, row.Package
	}
	parts := strings.SplitN(word, ".", 3)
	return a.section(parts[0], parts[1]), parts[2], parts[0]
}

func (a *memAccess) Get(ctx context.Context, at Expr, row *Row) (string, error) {
	e := at.(*memEx)
	a.m.mu.Lock()
	a.m.reads[e.text]++
	a.m.mu.Unlock()
	switch e.words[0] {
	case "const":
		return strings.Join(e.words[1:], " "), nil
	case "uci":
		if s, option, _ := a.option(e, row); s != nil {
			return s.Options[option], nil
		}
		return "", nil
	case "state":
		for _, s := range a.pkg("state") {
			if s.Name == stateName(e, row) {
				return s.Options["v"], nil
			}
		}
		return "", nil
	case "call":
		return e.fn.get(ctx, a, row)
	}
	return "", fmt.Errorf("%s is not here", e.words[0])
}

func stateName(e *memEx, row *Row) string {
	if row == nil {
		return e.words[1]
	}
	return row.Path() + " " + row.Key + " " + e.words[1]
}

func (a *memAccess) Set(_ context.Context, at Expr, row *Row, value string) error {
	e := at.(*memEx)
	if a.m.onSet != nil {
		if err := a.m.onSet(e); err != nil {
			return err
		}
	}
	switch e.words[0] {
	case "state":
		name := stateName(e, row)
		s := a.section("state", name)
		if s == nil {
			s = &memSection{Type: "value", Name: name, Options: map[string]string{}}
			a.packages["state"] = append(a.pkg("state"), s)
		}
		s.Options["v"] = value
		a.dirty["state"] = true
		return nil
	case "call":
		return e.fn.set(a, row, value)
	}
	s, option, pkg := a.option(e, row)
	if s == nil {
		return errors.New("no such section")
	}
	a.set(pkg, s, option, value)
	return nil
}

func (a *memAccess) set(pkg string, s *memSection, option, value string) {
	if s.Options[option] == value {
		return
	}
	s.Options[option] = value
	if value == "" {
		delete(s.Options, option)
	}
	a.dirty[pkg] = true
}

func (a *memAccess) Rows(ctx context.Context, at Expr, parent *Row) ([]Row, error) {
	e := at.(*memEx)
	if e.words[0] == "call" {
		return e.fn.rows(ctx, a, parent)
	}
	pkg, typ, _ := strings.Cut(e.words[1], ".@")
	var ident []string
	var rows []Row
	twins := map[string]int{}
	for _, s := range a.pkg(pkg) {
		match := s.Type == typ
		for _, cond := range e.words[2:] {
			name, want, _ := strings.Cut(cond, "=")
			if name == "ident" {
				ident = strings.Split(want, ",")
				continue
			}
			match = match && s.Options[name] == expand(want, &Row{Parent: parent})
		}
		if !match {
			continue
		}
		r := Row{Key: s.Name, Package: pkg, Section: s.Name, ReadOnly: s.Options["dynamic"] == "1"}
		if s.Anonymous {
			r.Key, r.Place = fingerprint(s, ident), pkg+"."+s.Name
			twins[r.Key]++
			if n := twins[r.Key]; n > 1 {
				r.Key = fmt.Sprintf("%s#%d", r.Key, n)
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func fingerprint(s *memSection, ident []string) string {
	h := sha256.New()
	for _, name := range ident {
		fmt.Fprintf(h, "%s=%s\n", name, s.Options[name])
	}
	return "@" + s.Type + "-" + hex.EncodeToString(h.Sum(nil)[:4])
}

func (a *memAccess) Add(_ context.Context, at Expr, parent *Row, number uint32) (Row, error) {
	e := at.(*memEx)
	pkg, typ, _ := strings.Cut(e.words[1], ".@")
	r := Row{Parent: parent, Number: number, Package: pkg}
	name := expand(e.words[2], &r)
	r.Key, r.Section = name, name
	s := &memSection{Type: typ, Name: name, Options: map[string]string{}}
	for _, o := range e.words[3:] {
		option, value, _ := strings.Cut(o, "=")
		s.Options[option] = expand(value, &r)
	}
	a.packages[pkg] = append(a.pkg(pkg), s)
	a.dirty[pkg] = true
	return r, nil
}

func (a *memAccess) Delete(_ context.Context, _ Expr, row *Row) error {
	n := len(a.pkg(row.Package))
	a.packages[row.Package] = slices.DeleteFunc(a.pkg(row.Package), func(s *memSection) bool { return s.Name == row.Section })
	if len(a.packages[row.Package]) == n {
		return errors.New("no such section")
	}
	a.dirty[row.Package] = true
	return nil
}

func (a *memAccess) Hook(_ context.Context, at Expr, row *Row, changed map[string]string) error {
	return at.(*memEx).fn.hook(a, row, changed)
}

func (a *memAccess) Need(_ context.Context, at Expr) bool {
	return a.m.needs[at.String()]
}

func (a *memAccess) Prepare(context.Context) (Prepared, error) {
	if a.m.prepare != nil {
		if err := a.m.prepare(); err != nil {
			return Prepared{}, err
		}
	}
	p := Prepared{Commit: a.m.effect, After: a.m.after}
	for _, name := range slices.Sorted(maps.Keys(a.dirty)) {
		data := a.packages[name].bytes()
		if old, err := os.ReadFile(a.m.path(name)); err == nil && string(old) == string(data) {
			continue
		}
		p.Files = append(p.Files, state.File{Path: a.m.path(name), Data: data})
		if name != "state" {
			p.Packages = append(p.Packages, name)
		}
	}
	return p, nil
}

func (a *memAccess) Close() error {
	if a.closed {
		return errors.New("closed twice")
	}
	a.closed = true
	a.m.mu.Lock()
	defer a.m.mu.Unlock()
	a.m.closed++
	return nil
}

// A bed is a tree on a memory, for tests.
type bed struct {
	*testing.T
	*memory
	tree    *Tree
	store   *state.Store
	root    string
	cfg     Config
	commits []Changes
	reloads []string
}

// newBed loads the .dm text; problems fail the test.
func newBed(t *testing.T, dm string, setup func(*memory)) *bed {
	t.Helper()
	b := &bed{T: t, memory: newMemory(t), root: t.TempDir()}
	if setup != nil {
		setup(b.memory)
	}
	b.cfg = Config{
		Source: b.memory, Files: fsOf("test.dm", dm), Own: []string{"cwmp"}, Wildcard: true, Aliases: true,
		OnCommit: func(c Changes) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.commits = append(b.commits, c)
		},
		Reload: func(_ context.Context, pkg string) error {
			b.reloads = append(b.reloads, pkg)
			return nil
		},
	}
	b.boot()
	return b
}

// boot starts the daemon anew on the same flash.
func (b *bed) boot() {
	b.Helper()
	var err error
	if b.store, err = state.Open(b.root, nil); err != nil {
		b.Fatal(err)
	}
	b.cfg.Store = b.store
	tree, problems, err := Load(b.Context(), b.cfg)
	if err != nil {
		b.Fatal(err, problems)
	}
	for _, p := range problems {
		b.Error("unexpected problem: ", p)
	}
	b.tree = tree
}

func fsOf(name, text string) []fs.FS { return []fs.FS{fstest.MapFS{name: {Data: []byte(text)}}} }

func (b *bed) begin(origin Origin) *Tx {
	b.Helper()
	tx, err := b.tree.Begin(b.Context(), origin)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { tx.Close() })
	return tx
}

// values reads path=value lines in a transaction of the ACS.
func (b *bed) values(path string) []string {
	b.Helper()
	tx := b.begin(FromACS)
	defer tx.Close()
	got, err := valuesIn(b.Context(), tx, path)
	if err != nil {
		b.Fatal(path, err)
	}
	return got
}

func valuesIn(ctx context.Context, tx *Tx, path string) (lines []string, err error) {
	err = tx.Get(ctx, path, func(p *Param) error {
		lines = append(lines, string(p.Path)+"="+p.Value)
		return nil
	})
	return lines, err
}

func (b *bed) value(path string) string {
	b.Helper()
	tx := b.begin(FromACS)
	defer tx.Close()
	v, err := tx.Value(b.Context(), path)
	if err != nil {
		b.Fatal(path, err)
	}
	return v
}

// set makes "path=value" changes in one transaction and commits; it returns the errors in words.
func (b *bed) set(pairs ...string) (Changes, []string) {
	b.Helper()
	tx := b.begin(FromACS)
	defer tx.Close()
	var failed []string
	for _, pair := range pairs {
		path, value, _ := strings.Cut(pair, "=")
		if err := tx.Set(b.Context(), path, value, BaseAny); err != nil {
			failed = append(failed, err.Error())
		}
	}
	if failed != nil {
		return Changes{}, failed
	}
	c, err := tx.Commit(b.Context())
	for _, e := range Errors(err) {
		failed = append(failed, e.Error())
	}
	if err != nil && failed == nil {
		failed = append(failed, err.Error())
	}
	return c, failed
}

func (b *bed) mustSet(pairs ...string) Changes {
	b.Helper()
	c, failed := b.set(pairs...)
	if failed != nil {
		b.Fatal(failed)
	}
	return c
}

func (b *bed) add(table string) uint32 {
	b.Helper()
	tx := b.begin(FromACS)
	defer tx.Close()
	n, err := tx.Add(b.Context(), table)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := tx.Commit(b.Context()); err != nil {
		b.Fatal(err)
	}
	return n
}

func (b *bed) del(path string) Changes {
	b.Helper()
	tx := b.begin(FromACS)
	defer tx.Close()
	if err := tx.Delete(b.Context(), path); err != nil {
		b.Fatal(err)
	}
	c, err := tx.Commit(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func same[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	g, w := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want)
	if g != w {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func reason(t testing.TB, what string, err error, want Reason) {
	t.Helper()
	var pe *ParamError
	if !errors.As(err, &pe) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	} else if pe.Reason != want {
		t.Errorf("%s: got %v (%v), want %v", what, pe.Reason, err, want)
	}
}
