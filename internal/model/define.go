package model

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// The verbs of the language: a closed list. What a verb's words mean is the source's business.
var verbs = []string{"uci", "ubus", "file", "exec", "dbus", "const", "state", "call", "none"}

// A flag is a word between type and source.
type flag struct {
	word string
	set  func(*Def)
}

// flags are the words between type and source.
var flags = [...]flag{
	{"active", func(d *Def) { d.Notify = NotifyDefault }},
	{"command", func(d *Def) { d.Command = true }},
	{"compat", func(d *Def) { d.Compat = true }},
	{"deny", func(d *Def) { d.Notify = NotifyDeny }},
	{"forced", func(d *Def) { d.Notify = NotifyForced }},
	{"hidden", func(d *Def) { d.Hidden = true }},
	{"inform", func(d *Def) { d.Inform = true }},
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
	files    []string // as read
	layers   int      // file systems that had files

	// While a file is read:
	at      where
	current *objectDef      // nil below a broken object line: its lines are skipped
	removed bool            // the object line said none
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
		before := len(d.files)
		for _, e := range entries {
			if e.IsDir() || !strings.HasSuffix(e.Name(), ".dm") {
				continue
			}
			d.readFile(fsys, e.Name())
		}
		if len(d.files) > before {
			d.layers++
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
	d.files = append(d.files, file)
	d.at = where{file: file}
	d.current, d.removed = nil, false
	first := line{}
	err := lex(data, func(l *line) {
		if first.number == 0 {
			first = *l
		}
		d.at.line = l.number
		if err := d.line(l); err != nil {
			d.problem("%v", err)
		}
	})
	if err != nil {
		d.at.line = 0
		d.problem("%v", err)
	}
	if first.indented {
		d.at.line = first.number
		d.problem("a parameter before any object: expected an object path such as Device.X. at column one")
	}
}

// line adds one line.
func (d *definitions) line(l *line) error {
	switch {
	case l.err != nil:
		if !l.indented {
			d.current, d.removed = nil, false
		}
		return l.err
	case !l.indented:
		return d.object(l.words)
	case d.removed:
		return errors.New("below an object that is none: expected no lines here")
	case d.current == nil:
		return nil
	case upper(l.words[0].text):
		return d.param(l.words)
	}
	return d.clause(l.words)
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
	d.current, d.removed, d.replace = nil, false, nil
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
		d.removed = true
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
		if err := checkVendor(part); err != nil {
			return err
		}
	}
	return nil
}

// checkVendor wants of a vendor's name the form of TR-106 (3.3): X_VENDOR_NAME.
func checkVendor(name string) error {
	if rest, ok := strings.CutPrefix(name, "X_"); ok {
		vendor, own, _ := strings.Cut(rest, "_")
		if vendor == "" || own == "" {
			return fmt.Errorf("%s: a vendor's name is X_VENDOR_NAME, where VENDOR is an OUI or a domain: X_ACME-COM_Light", name)
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
