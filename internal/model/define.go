package model

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// The verbs of the language: a closed list. What a verb's words mean is the source's business.
var verbs = []string{"uci", "ubus", "file", "exec", "dbus", "const", "state", "call", "none"}

// flags are the words between type and source.
var flags = map[string]func(*Def){
	"hidden":  func(d *Def) { d.Hidden = true },
	"deny":    func(d *Def) { d.Notify = NotifyDeny },
	"forced":  func(d *Def) { d.Notify = NotifyForced },
	"active":  func(d *Def) { d.Notify = NotifyDefault },
	"inform":  func(d *Def) { d.Inform = true },
	"command": func(d *Def) { d.Command = true },
	"compat":  func(d *Def) { d.Compat = true },
}

// An objectDef is what all files together say about one object, in their order.
type objectDef struct {
	path     string // "Device.WiFi.SSID.{i}."
	at       where
	writable bool
	params   []*paramDef
	clauses  []*clause
}

// A paramDef is one parameter line. An older line of the same name waits in older, for the case that this one proves
// unusable once the whole object is known.
type paramDef struct {
	at      where
	name    string
	def     Def
	expr    Expr // nil for `none`
	filters []filter
	older   *paramDef
}

// A clause is one lower-case line of an object.
type clause struct {
	at      where
	block   int // which object line it stands under: `replace` drops those of earlier ones
	kind    string
	name    string   // of a let
	words   []string // as the clause needs them: of the source, or the names
	expr    Expr
	filters []filter
}

// where is a place in a file.
type where struct {
	file string
	line int
}

// definitions collects files until they are built into a tree.
type definitions struct {
	source   Source
	objects  map[string]*objectDef
	order    []*objectDef
	problems []Problem
	files    int

	// While a file is read:
	at      where
	current *objectDef      // nil below a broken object line: its lines are skipped
	block   int             // counts object lines
	replace map[string]bool // kinds of clauses not yet replaced under a `replace` line; nil without one
}

// maxObjects bounds what all files together define.
const maxObjects = 10_000

// name is how messages call a file of fsys: by its path on the router where the file system says it.
func fileName(fsys fs.FS, name string) string {
	if dir, ok := fsys.(fmt.Stringer); ok {
		return dir.String() + "/" + name
	}
	return name
}

// readAll reads the .dm files of every file system in order, those of one by name.
func (d *definitions) readAll(all []fs.FS) {
	for _, fsys := range all {
		entries, err := fs.ReadDir(fsys, ".")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.at = where{file: fileName(fsys, "")}
			d.problem("%v", err)
		}
		for _, e := range entries {
			if e.IsDir() || !strings.HasSuffix(e.Name(), ".dm") {
				continue
			}
			d.readFile(fsys, e.Name())
		}
	}
}

func (d *definitions) readFile(fsys fs.FS, name string) {
	d.at = where{file: fileName(fsys, name)}
	info, err := fs.Stat(fsys, name)
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("more than %d bytes", maxFile)
	}
	var data []byte
	if err == nil {
		data, err = fs.ReadFile(fsys, name)
	}
	if err != nil {
		d.problem("%v", err)
		return
	}
	d.read(d.at.file, data)
}

// read adds one file. Whatever is wrong with a line drops that line and becomes a Problem.
func (d *definitions) read(file string, data []byte) {
	d.files++
	d.at = where{file: file}
	lines, err := lex(data)
	if err != nil {
		d.problem("%v", err)
	}
	d.current = nil
	for _, l := range lines {
		d.at.line = l.number
		err := l.err
		switch {
		case err != nil && !l.indented:
			d.current = nil
		case err != nil:
		case !l.indented:
			err = d.object(l.words)
		case d.current == nil:
		case upper(l.words[0].text):
			err = d.param(l.words)
		default:
			err = d.clause(l.words)
		}
		if err != nil {
			d.problem("%v", err)
		}
	}
	if len(lines) > 0 && lines[0].indented {
		d.at.line = lines[0].number
		d.problem("a parameter before any object: expected an object path such as Device.X. at column one")
	}
}

func (d *definitions) problem(format string, args ...any) {
	const most = 1000
	if len(d.problems) < most {
		d.problems = append(d.problems, Problem{File: d.at.file, Line: d.at.line, Msg: fmt.Sprintf(format, args...)})
	}
}

func (d *definitions) problemAt(at where, format string, args ...any) {
	d.at = at
	d.problem(format, args...)
}

// object reads a line at column one: PATH ACCESS [replace], or PATH none.
func (d *definitions) object(words []word) error {
	d.current, d.replace = nil, nil
	d.block++
	path := words[0].text
	if err := checkObjectPath(path); err != nil {
		return err
	}
	access, rest := "", []word(nil)
	if len(words) > 1 {
		access, rest = words[1].text, words[2:]
	}
	if len(rest) > 0 && rest[0].text == "replace" {
		d.replace, rest = map[string]bool{}, rest[1:]
	}
	if len(rest) > 0 {
		return fmt.Errorf("%s: unexpected %q, expected OBJECT ACCESS or OBJECT ACCESS replace", path, rest[0].text)
	}
	switch access {
	case "none":
		d.remove(path)
		return nil
	case "r", "rw":
	default:
		return fmt.Errorf("%s: access %q%s", path, access, didYouMean(access, []string{"r", "rw", "none"}))
	}
	table := strings.HasSuffix(path, "."+instanceOf+".")
	if access == "rw" && !table {
		return fmt.Errorf("%s: rw allows AddObject, so only a table (…{i}.) has it: expected r", path)
	}
	return d.open(path, access == "rw")
}

// open makes path the current object.
func (d *definitions) open(path string, writable bool) error {
	o := d.objects[path]
	if o == nil {
		if len(d.order) >= maxObjects {
			return fmt.Errorf("more than %d objects", maxObjects)
		}
		o = &objectDef{path: path, at: d.at}
		d.objects[path] = o
		d.order = append(d.order, o)
	}
	o.writable = writable
	d.current = o
	return nil
}

// remove takes back what was said so far about an object and all below it.
func (d *definitions) remove(path string) {
	d.order = slices.DeleteFunc(d.order, func(o *objectDef) bool {
		if !strings.HasPrefix(o.path, path) {
			return false
		}
		delete(d.objects, o.path)
		return true
	})
}

// checkObjectPath wants Name.Name.{i}.Name. with a root we know.
func checkObjectPath(path string) error {
	body, ok := strings.CutSuffix(path, ".")
	if !ok {
		return fmt.Errorf("%q: expected an object path that ends in a dot (Device.Time. or Device.WiFi.SSID.{i}.)", path)
	}
	if len(path) > maxPath {
		return fmt.Errorf("%s: longer than %d characters", excerpt(path), maxPath)
	}
	parts := strings.Split(body, ".")
	if parts[0] != "Device" && parts[0] != "InternetGatewayDevice" {
		return fmt.Errorf("%q: expected a path that begins with Device. or InternetGatewayDevice. as its root", path)
	}
	for i, part := range parts {
		if part == instanceOf && i > 1 && parts[i-1] != instanceOf {
			continue
		}
		if !upper(part) || !identifierText(part) {
			return fmt.Errorf("%q: %q is no object name: expected letters and digits beginning with a capital, or {i} after a name", path, part)
		}
	}
	return nil
}

// upper tells a parameter or object name from a clause.
func upper(text string) bool { return text != "" && text[0] >= 'A' && text[0] <= 'Z' }

func identifierText(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !(c == '_' || c == '-' && i > 0 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return text != ""
}

// param reads NAME ACCESS TYPE [FLAG…] SOURCE [| FILTER]…, or NAME none.
func (d *definitions) param(words []word) error {
	name := words[0].text
	if strings.HasSuffix(name, ".") {
		return fmt.Errorf("%s: an object stands at column one, a parameter has no dot", name)
	}
	if !identifierText(name) || len(d.current.path)+len(name) > maxPath {
		return fmt.Errorf("%q is no parameter name: expected letters and digits beginning with a capital", name)
	}
	if len(words) == 2 && words[1].text == "none" && !words[1].quoted {
		d.drop(name)
		return nil
	}
	p := &paramDef{at: d.at, name: name}
	p.def = Def{Path: d.current.path + name, File: d.at.file, Line: d.at.line}
	rest, err := p.head(words[1:])
	if err == nil {
		err = d.source0(p, rest)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if p.expr == nil {
		d.drop(name)
		return nil
	}
	d.add(p)
	return nil
}

// head reads access, type and flags, and returns what follows.
func (p *paramDef) head(words []word) ([]word, error) {
	if len(words) == 0 {
		return nil, errors.New("expected NAME ACCESS TYPE SOURCE")
	}
	switch access := words[0].text; access {
	case "r", "rw":
		p.def.Writable = access == "rw"
	default:
		return nil, fmt.Errorf("access %q%s", access, didYouMean(access, []string{"r", "rw"}))
	}
	typ, used, err := parseType(words[1:])
	if err != nil {
		return nil, err
	}
	p.def.Type = typ
	rest := words[1+used:]
	for len(rest) > 0 && !rest[0].quoted {
		set, ok := flags[rest[0].text]
		if !ok {
			break
		}
		set(&p.def)
		rest = rest[1:]
	}
	if p.def.Command && typ.item != BaseBoolean {
		return nil, errors.New("command: only a boolean can be one, it reads false and writing true does something")
	}
	return rest, nil
}

// source0 reads SOURCE [| FILTER]…; it leaves expr nil for `none`.
func (d *definitions) source0(p *paramDef, words []word) error {
	if len(words) == 0 {
		return fmt.Errorf("the source is missing: expected one of %s", strings.Join(verbs, " "))
	}
	if verb := words[0].text; !slices.Contains(verbs, verb) {
		return fmt.Errorf("unknown flag or verb %q%s", verb, didYouMean(verb, append(sortedKeys(flags), verbs...)))
	}
	if words[0].text == "none" {
		return nil
	}
	expr, filters, err := d.expression(UseValue, words, p.def.Type.item == BaseBoolean)
	if err != nil {
		return err
	}
	for _, f := range filters {
		if p.def.Writable && !f.inverse() {
			return fmt.Errorf("the filter %q cannot be undone, so the parameter cannot be written: expected access r", f.text)
		}
	}
	p.expr, p.filters = expr, filters
	p.def.Source = sourceText(words)
	return nil
}

// expression reads SOURCE [| FILTER]….
func (d *definitions) expression(use Use, words []word, boolean bool) (Expr, []filter, error) {
	parts := splitPipes(words)
	if len(parts[0]) == 0 {
		return nil, nil, fmt.Errorf("the source is missing: expected one of %s", strings.Join(verbs, " "))
	}
	if verb := parts[0][0]; !slices.Contains(verbs, verb) || verb == "none" {
		return nil, nil, fmt.Errorf("unknown verb %q%s", verb, didYouMean(verb, verbs))
	}
	expr, err := d.compile(use, parts[0])
	if err != nil {
		return nil, nil, err
	}
	var filters []filter
	for _, part := range parts[1:] {
		f, err := newFilter(part, boolean)
		if err != nil {
			return nil, nil, err
		}
		filters = append(filters, f)
	}
	return expr, filters, nil
}

// compile asks the source, whose code may be anybody's: a panic is an error of this line only.
func (d *definitions) compile(use Use, words []string) (expr Expr, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: the source broke down: %v", words[0], p)
		}
	}()
	expr, err = d.source.Compile(use, words)
	if err == nil && expr == nil {
		err = fmt.Errorf("%s: nothing to read", words[0])
	}
	return expr, err
}

// splitPipes cuts the words at unquoted bars.
func splitPipes(words []word) [][]string {
	parts := [][]string{nil}
	for _, w := range words {
		if w.text == "|" && !w.quoted {
			parts = append(parts, nil)
			continue
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], w.text)
	}
	return parts
}

func sourceText(words []word) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	return strings.Join(texts, " ")
}

// add puts a parameter into the current object; one of the same name gives up its place.
func (d *definitions) add(p *paramDef) {
	o := d.current
	for i, old := range o.params {
		if old.name == p.name {
			p.older = old
			o.params[i] = p
			return
		}
	}
	o.params = append(o.params, p)
}

func (d *definitions) drop(name string) {
	d.current.params = slices.DeleteFunc(d.current.params, func(p *paramDef) bool { return p.name == name })
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare[string])
	return keys
}
