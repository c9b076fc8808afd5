package bbfdm

import (
	"strings"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

// parameter writes one line.
func (t *translator) parameter(path, name string, p ubus.Value, in rows) {
	full := path + name
	yes, gone := forCWMP(p)
	switch {
	case !isName(name) || name == "" || name[0] < 'A' || name[0] > 'Z':
		t.miss(full, "is no name of a parameter")
		return
	case gone:
		t.line("  "+name, "none")
		return
	case !yes:
		t.miss(full, "is not for CWMP")
		return
	}
	source, settable := t.source(full, first(p), in)
	if source == "" {
		return
	}
	writable := p.Get("write").Bool()
	if writable && !settable {
		t.miss(full, "is read only: what it comes from cannot be written")
	}
	typ, flags := t.typeOf(full, p)
	if linker := first(p).Get("linker_obj").Text(); linker != "" {
		if table, field, ok := strings.Cut(linker, ".*."); ok {
			t.miss(full, "finds the row of %s. by the name of its section, where it was its %s", table, field)
			typ, source = "pathRef", source+" | ref "+quote(table+".")
		}
	}
	t.line("  "+name, mode(writable && settable), typ+flags, source)
}

// source says a mapping; "" when it cannot be said. settable is whether it can be written.
func (t *translator) source(path string, m ubus.Value, in rows) (words string, settable bool) {
	kind := m.Get("type").Text()
	key := m.Get("key").Text()
	switch kind {
	case "uci":
		return t.uci(path, m.Get("uci"), in)
	case "uci_sec":
		if option := m.Get("option", "name").Text() + m.Get("list", "name").Text(); key == "" {
			key = option
		}
		return t.ofRow(path, key, in.pkg != "")
	case "ubus":
		return t.ubus(path, m, in)
	case "json":
		if in.call == "" || key == "" || strings.Contains(key, "@") {
			t.miss(path, "%q is a member of what our rows do not hold", key)
			return "", false
		}
		return "ubus " + quote("."+key), false
	case "procfs", "sysfs":
		return "file " + quote(m.Get(kind, "file").Text()), false
	case "":
		t.miss(path, "has no mapping")
	default:
		t.miss(path, "a mapping of the type %q; a script can be asked instead (source exec)", kind)
	}
	return "", false
}

// ofRow says an option of the row's own section.
func (t *translator) ofRow(path, option string, hasSection bool) (words string, settable bool) {
	switch {
	case option == "@Name":
		return "const {section}", false
	case !hasSection || option == "" || strings.HasPrefix(option, "@"):
		t.miss(path, "%q is of no section that our rows have", option)
		return "", false
	}
	return "uci " + quote("."+option), true
}

func (t *translator) uci(path string, m ubus.Value, in rows) (words string, settable bool) {
	pkg, name, typ := m.Get("file").Text(), m.Get("section", "name").Text(), m.Get("section", "type").Text()
	option := m.Get("option", "name").Text() + m.Get("list", "name").Text()
	switch {
	case pkg == "" || option == "":
		t.miss(path, "the mapping names no package or no option")
		return "", false
	case name == "" && typ != "" && in.pkg == pkg && in.typ == typ:
		return t.ofRow(path, option, true)
	case strings.HasPrefix(option, "@"):
		t.miss(path, "%s is of no row", option)
		return "", false
	case name != "" && typ != "":
		return "uci " + quote(pkg+"."+name+":"+typ+"."+option), true // a write makes the section
	case name != "":
		return "uci " + quote(pkg+"."+name+"."+option), true
	case typ != "" && !m.Get("section", "index").Exists():
		return "uci " + quote(pkg+".@"+typ+"[0]."+option), true
	}
	t.miss(path, "a section of %s that is named by the place of a row of another table", pkg)
	return "", false
}

func (t *translator) ubus(path string, m ubus.Value, in rows) (words string, settable bool) {
	key := m.Get("ubus", "key").Text()
	for _, position := range []string{"[@i-1]", "[@index]"} {
		if list, member, ok := strings.Cut(key, position); ok && list == in.key && callOf(m) == in.call && strings.HasPrefix(member, ".") {
			return "ubus " + quote(member), false
		}
	}
	if strings.Contains(key, "@") || strings.Contains(callOf(m), "@") {
		t.miss(path, "%q stands for a place in a list or for what is written", key+" "+callOf(m))
		return "", false
	}
	return "ubus " + callOf(m) + " " + quote("."+key), false
}

// typeOf returns a parameter's type and its flags.
func (t *translator) typeOf(path string, p ubus.Value) (typ, flags string) {
	typ = p.Get("datatype").Text()
	if !known(typ) {
		typ = p.Get("type").Text()
	}
	list := p.Get("list")
	if inner := list.Get("datatype").Text(); known(inner) {
		typ = inner
	}
	if !known(typ) {
		t.miss(path, "type %q is taken for a string", typ)
		typ = "string"
	}
	switch enums := words(p, "enumerations", list); {
	case len(enums) > 0:
		typ = "enum(" + strings.Join(enums, ", ") + ")"
	default:
		if r := spans(p, list); r != "" {
			typ += "(" + r + ")"
		}
	}
	if p.Get("pattern").Exists() || list.Get("pattern").Exists() {
		t.miss(path, "its pattern is not checked")
	}
	if list.Exists() {
		typ = "list " + typ
	}
	for _, f := range p.Get("flags").All() {
		switch f.Text() {
		case "Secure":
			flags += " hidden"
		case "Unique":
		default:
			t.miss(path, "the flag %s means nothing here", f.Text())
		}
	}
	return typ, flags
}

func known(typ string) bool {
	switch typ {
	case "string", "unsignedInt", "unsignedLong", "int", "long", "boolean", "dateTime", "hexBinary", "base64", "decimal",
		"IPAddress", "IPv4Address", "IPv6Address", "IPPrefix", "IPv4Prefix", "IPv6Prefix", "MACAddress", "URL", "UUID",
		"StatsCounter32", "StatsCounter64":
		return true
	}
	return false
}

// words returns the enumeration that stands at the parameter or at its list.
func words(p ubus.Value, name string, list ubus.Value) (all []string) {
	from := p.Get(name)
	if !from.Exists() {
		from = list.Get(name)
	}
	for _, w := range from.All() {
		all = append(all, quote(w.Text()))
	}
	return all
}

// spans returns ranges as our types have them: 0..1000,15000..
func spans(p, list ubus.Value) string {
	from := p.Get("range")
	if !from.Exists() {
		from = list.Get("range")
	}
	var all []string
	for _, r := range from.All() {
		all = append(all, r.Get("min").Text()+".."+r.Get("max").Text())
	}
	return strings.Join(all, ",")
}
