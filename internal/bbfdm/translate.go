// Package bbfdm says in the language of .dm files what JSON plugins of bbfdm say, the data model daemon beside icwmp:
// mappings of the types uci, uci_sec, ubus, json, procfs and sysfs, in the forms of json_plugin_version 0, 1 and 2.
//
// What our language has no word for is left out and named: commands and events of USP, `cli` mappings, positions in
// ubus replies. Instance numbers are not taken over, since the two count differently.
package bbfdm

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

const prefixWord = "{BBF_VENDOR_PREFIX}"

// Translate returns a plugin as a .dm file, and for each thing that is not in it, or is not as it was, a line PATH: why.
// vendor stands for {BBF_VENDOR_PREFIX} in names: "X_ACME_".
func Translate(plugin []byte, vendor string) (dm []byte, left []string, err error) {
	text := string(plugin)
	if strings.Contains(text, prefixWord) {
		if !strings.HasPrefix(vendor, "X_") || !strings.HasSuffix(vendor, "_") || strings.ContainsAny(vendor, "\"\\ .{}") {
			return nil, nil, fmt.Errorf("the plugin has names with %s: want a vendor prefix such as X_ACME_", prefixWord)
		}
		text = strings.ReplaceAll(text, prefixWord, vendor)
	}
	root, err := ubus.FromJSON([]byte(text))
	if err != nil {
		return nil, nil, err
	}
	if bad, ok := control(root); ok {
		return nil, nil, fmt.Errorf("control characters in %q", bad)
	}
	t := translator{}
	for name, v := range root.All() {
		switch {
		case name == "json_plugin_version":
		case !isObject(v):
			return nil, nil, fmt.Errorf("%q is no object of a data model", name)
		default:
			t.object(name, v, rows{})
		}
	}
	if t.out.Len() == 0 && len(t.left) == 0 {
		return nil, nil, fmt.Errorf("no object in it")
	}
	return t.out.Bytes(), t.left, nil
}

// control finds a string with control characters, which our files have no way to say.
func control(v ubus.Value) (string, bool) {
	isControl := func(c rune) bool { return c < ' ' || c == 0x7f }
	if k := v.Kind(); k != ubus.KindTable && k != ubus.KindArray {
		return v.Text(), strings.ContainsFunc(v.Text(), isControl)
	}
	for name, m := range v.All() {
		if strings.ContainsFunc(name, isControl) {
			return name, true
		}
		if bad, ok := control(m); ok {
			return bad, true
		}
	}
	return "", false
}

// isName reports whether text can stand as a name or a path.
func isName(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_-.{}", c))
	})
}

func isObject(v ubus.Value) bool { return v.Get("type").Text() == "object" }

type translator struct {
	out  bytes.Buffer
	left []string
}

// rows says where the instances of a table come from, for the parameters of it and of what is below.
type rows struct {
	pkg, typ string // of UCI sections
	call     string // OBJECT METHOD {ARGS} of ubus
	key      string // the member of its reply that holds them
}

func (t *translator) miss(path, format string, args ...any) {
	t.left = append(t.left, path+": "+fmt.Sprintf(format, args...))
}

// forCWMP reports whether an ACS may see something; gone, that the plugin takes it out of the standard's tree.
func forCWMP(v ubus.Value) (yes, gone bool) {
	for _, p := range v.Get("protocols").All() {
		yes = yes || p.Text() == "cwmp"
		gone = gone || p.Text() == "none"
	}
	return yes, gone
}

// first returns the mapping: in version 0 an object, later the only element of an array.
func first(v ubus.Value) ubus.Value {
	m := v.Get("mapping")
	if m.Kind() == ubus.KindArray {
		return m.Index(0)
	}
	return m
}

func (t *translator) object(path string, v ubus.Value, above rows) {
	yes, gone := forCWMP(v)
	switch {
	case !isName(path) || !strings.HasPrefix(path, "Device.") || !strings.HasSuffix(path, "."):
		t.miss(path, "is no path of an object")
		return
	case gone:
		fmt.Fprintf(&t.out, "%s  none\n\n", path)
		return
	case !yes:
		t.miss(path, "is not for CWMP")
		return
	}
	table, grows := strings.HasSuffix(path, "{i}."), v.Get("access").Bool()
	own, clauses := above, []string(nil)
	if table {
		own = rowsOf(first(v))
		if clauses = own.clauses(path, grows, v); clauses == nil {
			t.miss(path, "has rows that only the place in a list names, or that our language cannot list")
			return
		}
		if grows = grows && own.pkg != ""; !grows && v.Get("access").Bool() {
			t.miss(path, "rows of ubus cannot be added and deleted")
		}
	}
	t.line(path, mode(grows))
	t.needs(path, v.Get("dependency").Text())
	for _, c := range clauses {
		t.line("  " + c)
	}
	for name, p := range v.All() {
		if table && isName(name) && hasFlag(p, "Unique") {
			t.line("  unique " + name)
		}
	}
	for name, p := range v.All() {
		switch {
		case p.Kind() != ubus.KindTable || name == "mapping":
		case isObject(p):
		case strings.HasSuffix(name, "!") || strings.HasSuffix(name, "()"):
			t.miss(path+name, "commands and events are USP's")
		case name == "Alias" || strings.HasSuffix(name, "NumberOfEntries") && strings.Contains(countKey(p), "@Count"):
			// there without being written
		default:
			t.parameter(path, name, p, own)
		}
	}
	t.out.WriteByte('\n')
	for name, p := range v.All() {
		if isObject(p) {
			if !strings.HasPrefix(name, "Device.") {
				name = path + name
			}
			t.object(name, p, own)
		}
	}
}

func hasFlag(p ubus.Value, flag string) bool {
	for _, f := range p.Get("flags").All() {
		if f.Text() == flag {
			return true
		}
	}
	return false
}

func (t *translator) line(words ...string) { t.out.WriteString(strings.Join(words, "  ") + "\n") }

func mode(writable bool) string {
	if writable {
		return "rw"
	}
	return "r"
}

// countKey returns what stands where @Count may.
func countKey(p ubus.Value) string {
	m := first(p)
	return m.Get("ubus", "key").Text() + m.Get("uci", "option", "name").Text()
}

// needs says a dependency: file:A,B;ubus:C;opkg:D.
func (t *translator) needs(path, dependency string) {
	for _, part := range strings.FieldsFunc(dependency, func(c rune) bool { return c == ';' }) {
		kind, list, _ := strings.Cut(part, ":")
		for _, what := range strings.Split(list, ",") {
			pkg, isUCI := strings.CutPrefix(what, "/etc/config/")
			switch {
			case kind != "file":
				t.miss(path, "needs %s %s, which cannot be asked for: it is there always", kind, what)
			case isUCI:
				t.line("  needs uci " + quote(pkg))
			default:
				t.line("  needs file " + quote(what))
			}
		}
	}
}

// rowsOf reads the mapping of a table.
func rowsOf(m ubus.Value) rows {
	switch m.Get("type").Text() {
	case "uci":
		return rows{pkg: m.Get("uci", "file").Text(), typ: m.Get("uci", "section", "type").Text()}
	case "ubus":
		return rows{call: callOf(m), key: m.Get("ubus", "key").Text()}
	}
	return rows{}
}

// clauses returns those of a table, nil when there is no way to list its rows.
func (r rows) clauses(path string, grows bool, object ubus.Value) []string {
	switch {
	case r.pkg != "" && r.typ != "":
		list := []string{"rows uci " + quote(r.pkg+".@"+r.typ)}
		if grows {
			name := strings.ToLower(strings.TrimSuffix(path, ".{i}."))
			name = strings.Map(wordRune, name[strings.LastIndexByte(name, '.')+1:])
			list = append(list, "add uci "+quote(r.pkg+".@"+r.typ)+" "+name+"_{n}")
		}
		return list
	case r.call != "" && r.key != "":
		if key := keyField(object); key != "" {
			return []string{"rows ubus " + r.call + " " + quote("."+r.key) + " key=" + key}
		}
	}
	return nil
}

func wordRune(c rune) rune {
	if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
		return c
	}
	return '_'
}

// names are members of replies that name what they stand in, the best first.
var names = []string{"section", "id", "name", "ifname", "device", "interface", "macaddr", "mac", "serial"}

// keyField returns a member by which a row of a ubus reply is known again: one that a parameter shows.
func keyField(object ubus.Value) string {
	shown := map[string]bool{}
	for _, p := range object.All() {
		if m := first(p); m.Get("type").Text() == "json" {
			shown[m.Get("key").Text()] = true
		}
	}
	for _, name := range names {
		if shown[name] {
			return name
		}
	}
	return ""
}

// callOf returns OBJECT METHOD {ARGS}.
func callOf(m ubus.Value) string {
	call := m.Get("ubus")
	args := "{}"
	if a := call.Get("args"); a.Len() > 0 {
		text, _ := a.MarshalJSON()
		args = strings.ReplaceAll(string(text), "@Name", "{section}")
	}
	return quote(call.Get("object").Text()) + " " + quote(call.Get("method").Text()) + " " + quote(args)
}

// quote makes text one word of a .dm file.
func quote(text string) string {
	if text != "" && !strings.ContainsAny(text, " \t#\"\\|") {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
