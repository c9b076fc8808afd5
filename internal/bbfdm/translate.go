// Package bbfdm says in the language of .dm files what JSON plugins of bbfdm say, the data model daemon beside icwmp:
// mappings of the types uci, uci_sec, ubus, json, procfs and sysfs, in the forms of json_plugin_version 0, 1 and 2.
//
// What our language has no word for is left out and named: commands and events of USP, `cli` mappings, positions in
// ubus replies. Instance numbers are not taken over, since the two count differently.
package bbfdm

import (
	"errors"
	"fmt"
	"strings"
)

const prefixWord = "{BBF_VENDOR_PREFIX}"

// Translate returns a plugin as a .dm file, and for each thing that is not in it, or is not as it was, a line PATH: why.
// vendor stands for {BBF_VENDOR_PREFIX} in names: "X_ACME_".
func Translate(plugin []byte, vendor string) (dm []byte, left []string, err error) {
	text := string(plugin)
	if strings.Contains(text, prefixWord) {
		if !strings.HasPrefix(vendor, "X_") || !strings.HasSuffix(vendor, "_") || !isName(vendor) {
			return nil, nil, errors.New("the plugin has names with " + prefixWord + ": want a vendor prefix such as X_ACME_")
		}
		text = strings.ReplaceAll(text, prefixWord, vendor)
	}
	root, err := parse(text)
	if err != nil {
		return nil, nil, err
	}
	if bad := root.control(); bad != "" {
		return nil, nil, fmt.Errorf("control characters in %q", bad)
	}
	t := translator{}
	for _, o := range root.members {
		switch {
		case o.name == "json_plugin_version":
		case !o.isObject():
			return nil, nil, fmt.Errorf("%q is no object of a data model", o.name)
		default:
			t.object(o.name, o, rows{})
		}
	}
	if len(t.out)+len(t.left) == 0 {
		return nil, nil, errors.New("no object in it")
	}
	return t.out, t.left, nil
}

// isName reports whether text can stand as a name or a path.
func isName(text string) bool {
	return strings.Trim(text, letters+"ABCDEFGHIJKLMNOPQRSTUVWXYZ_-.{}") == ""
}

const letters = "abcdefghijklmnopqrstuvwxyz0123456789"

type translator struct {
	out  []byte
	left []string
}

// rows says where the instances of a table come from, for the parameters of it and of what is below.
type rows struct {
	section string // PACKAGE.@TYPE
	call    string // OBJECT METHOD {ARGS} of ubus
	key     string // the member of its reply that holds them
}

func (t *translator) miss(path, why string) { t.left = append(t.left, path+": "+why) }

func (t *translator) line(words ...string) { t.out = append(t.out, strings.Join(words, " ")+"\n"...) }

// hidden deals with what an ACS does not see: what the plugin takes out of the standard's tree, and what is for USP.
func (t *translator) hidden(path, indent, name string, n *node) bool {
	switch {
	case n.has("protocols", "none"):
		t.line(indent+name, " none")
	case !n.has("protocols", "cwmp"):
		t.miss(path, "is not for CWMP")
	default:
		return false
	}
	return true
}

func (t *translator) object(path string, o *node, above rows) {
	if !isName(path) || !strings.HasPrefix(path, "Device.") || !strings.HasSuffix(path, ".") {
		t.miss(path, "is no path of an object")
		return
	}
	if t.hidden(path, "", path, o) {
		return
	}
	own := above
	table, grows := strings.HasSuffix(path, "{i}."), o.str("access") == "true"
	if table {
		own = rowsOf(o)
		if own == (rows{}) {
			t.miss(path, "has rows that only the place in a list names, or that our language cannot list")
			return
		}
		if grows && own.section == "" {
			t.miss(path, "rows of ubus cannot be added and deleted")
			grows = false
		}
	}
	t.line(path, "", mode(grows))
	t.needs(path, o.str("dependency"))
	if table {
		t.clauses(path, o, own, grows)
	}
	for _, p := range o.members {
		switch {
		case !p.table || p.name == "mapping" || p.isObject():
		case strings.HasSuffix(p.name, "!") || strings.HasSuffix(p.name, "()"):
			t.miss(path+p.name, "commands and events are USP's")
		case p.name == "Alias" || strings.HasSuffix(p.name, "NumberOfEntries") && strings.Contains(p.str("mapping"), "@Count"):
			// there without being written
		default:
			t.parameter(path, p, own)
		}
	}
	t.line()
	for _, p := range o.members {
		if p.isObject() {
			name := p.name
			if !strings.HasPrefix(name, "Device.") {
				name = path + name
			}
			t.object(name, p, own)
		}
	}
}

func mode(writable bool) string {
	if writable {
		return "rw"
	}
	return "r"
}

// needs says a dependency: file:A,B;ubus:C;opkg:D.
func (t *translator) needs(path, dependency string) {
	for part := range strings.SplitSeq(dependency, ";") {
		kind, list, _ := strings.Cut(part, ":")
		for what := range strings.SplitSeq(list, ",") {
			pkg, isUCI := strings.CutPrefix(what, "/etc/config/")
			switch {
			case what == "":
			case kind != "file":
				t.miss(path, "needs "+kind+" "+what+", which cannot be asked for: it is there always")
			case isUCI:
				t.line("  needs uci", quote(pkg))
			default:
				t.line("  needs file", quote(what))
			}
		}
	}
}

// rowsOf reads the mapping of a table: in version 0 an object, later the only element of an array. It is empty where the
// rows cannot be listed.
func rowsOf(o *node) (r rows) {
	m := o.at("mapping")
	switch m.str("type") {
	case "uci":
		if pkg, typ := m.str("uci.file"), m.str("uci.section.type"); pkg != "" && typ != "" {
			r.section = pkg + ".@" + typ
		}
	case "ubus":
		if m.str("ubus.key") != "" && keyField(o) != "" {
			r.call, r.key = callOf(m), m.str("ubus.key")
		}
	}
	return r
}

// clauses says those of a table.
func (t *translator) clauses(path string, o *node, r rows, grows bool) {
	if r.call != "" {
		t.line("  rows ubus", r.call, quote("."+r.key), "key="+keyField(o))
		return
	}
	t.line("  rows uci", quote(r.section))
	if grows {
		name := strings.TrimSuffix(path, ".{i}.")
		name = strings.Map(wordRune, strings.ToLower(name[strings.LastIndexByte(name, '.')+1:]))
		t.line("  add uci", quote(r.section), name+"_{n}")
	}
	for _, p := range o.members {
		if p.has("flags", "Unique") {
			t.line("  unique", quote(p.name))
		}
	}
}

func wordRune(c rune) rune {
	if strings.ContainsRune(letters, c) {
		return c
	}
	return '_'
}

// keyField returns a member by which a row of a ubus reply is known again: the best that a parameter shows.
func keyField(o *node) string {
	for name := range strings.SplitSeq("section id name ifname device interface macaddr mac serial", " ") {
		for _, p := range o.members {
			if m := p.at("mapping"); m.str("type") == "json" && m.str("key") == name {
				return name
			}
		}
	}
	return ""
}

// callOf returns OBJECT METHOD {ARGS}.
func callOf(m *node) string {
	args := m.str("ubus.args")
	if args == "" {
		args = "{}"
	}
	return quote(m.str("ubus.object")) + " " + quote(m.str("ubus.method")) + " " + quote(strings.ReplaceAll(args, "@Name", "{section}"))
}

// quote makes text one word of a .dm file.
func quote(text string) string {
	if text != "" && !strings.ContainsAny(text, " \t#\"\\|") {
		return text
	}
	return `"` + strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), `"`, `\"`) + `"`
}
