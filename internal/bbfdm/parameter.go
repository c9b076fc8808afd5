package bbfdm

import "strings"

// parameter writes one line.
func (t *translator) parameter(path string, p *node, in rows) {
	full := path + p.name
	if p.name == "" || p.name[0] < 'A' || p.name[0] > 'Z' || !isName(p.name) {
		t.miss(full, "is no name of a parameter")
		return
	}
	if t.hidden(full, "  ", p.name, p) {
		return
	}
	m := p.at("mapping")
	source, settable, why := sourceOf(m, in)
	if why != "" {
		t.miss(full, why)
		return
	}
	writable := p.str("write") == "true"
	if writable && !settable {
		t.miss(full, "is read only: what it comes from cannot be written")
	}
	typ := t.typeOf(full, p)
	if table, field, ok := strings.Cut(m.str("linker_obj"), ".*."); ok {
		t.miss(full, "finds the row of "+table+". by the name of its section, where it was its "+field)
		typ, source = "pathRef", source+" | ref "+quote(table+".")
	}
	if p.has("flags", "Secure") {
		typ += " hidden"
	}
	t.line("  "+p.name, "", mode(writable && settable), "", typ, "", source)
}

// sourceOf says a mapping, and whether it can be written; or why it cannot be said.
func sourceOf(m *node, in rows) (words string, settable bool, why string) {
	key := m.str("key")
	switch kind := m.str("type"); kind {
	case "uci":
		return uciOf(m, in)
	case "uci_sec":
		if key == "" {
			key = m.str("option.name") + m.str("list.name")
		}
		return ofRow(key, in)
	case "ubus":
		return ubusOf(m, in)
	case "json":
		if in.call == "" || key == "" || strings.Contains(key, "@") {
			return "", false, key + " is a member of what our rows do not hold"
		}
		return "ubus " + quote("."+key), false, ""
	case "procfs", "sysfs":
		return "file " + quote(m.str(kind+".file")), false, ""
	case "":
		return "", false, "has no mapping"
	default:
		return "", false, "a mapping of the type " + quote(kind) + "; a script can be asked instead (source exec)"
	}
}

// ofRow says an option of the row's own section.
func ofRow(option string, in rows) (words string, settable bool, why string) {
	switch {
	case option == "@Name":
		return "const {section}", false, ""
	case in.section == "" || option == "" || option[0] == '@':
		return "", false, quote(option) + " is of no section that our rows have"
	}
	return "uci " + quote("."+option), true, ""
}

func uciOf(m *node, in rows) (words string, settable bool, why string) {
	pkg, name, typ := m.str("uci.file"), m.str("uci.section.name"), m.str("uci.section.type")
	option := m.str("uci.option.name") + m.str("uci.list.name")
	section := pkg + "." + name
	switch {
	case pkg == "" || option == "":
		return "", false, "the mapping names no package or no option"
	case name == "" && typ != "" && in.section == pkg+".@"+typ:
		return ofRow(option, in)
	case option[0] == '@':
		return "", false, option + " is of no row"
	case name != "" && typ != "":
		section += ":" + typ // a write makes the section
	case name != "":
	case typ != "" && m.at("uci.section.index") == nil:
		section += "@" + typ + "[0]"
	default:
		return "", false, "a section of " + pkg + " that is named by the place of a row of another table"
	}
	return "uci " + quote(section+"."+option), true, ""
}

func ubusOf(m *node, in rows) (words string, settable bool, why string) {
	key, call := m.str("ubus.key"), callOf(m)
	own := strings.ReplaceAll(key, "[@index]", "[@i-1]") // versions 1 and 0
	if member, ok := strings.CutPrefix(own, in.key+"[@i-1]."); ok && call == in.call {
		return "ubus " + quote("."+member), false, ""
	}
	if strings.Contains(key+call, "@") {
		return "", false, quote(key+" "+call) + " holds a place in a list or what is written"
	}
	return "ubus " + call + " " + quote("."+key), false, ""
}

// types are those that both languages have by the same name.
const types = " string unsignedInt unsignedLong int long boolean dateTime hexBinary base64 decimal" +
	" IPAddress IPv4Address IPv6Address IPPrefix IPv4Prefix IPv6Prefix MACAddress URL UUID StatsCounter32 StatsCounter64 "

// typeOf returns a parameter's type: that of a list where it stands there.
func (t *translator) typeOf(path string, p *node) string {
	typ := ""
	for _, name := range [...]string{p.str("list.datatype"), p.str("datatype"), p.str("type")} {
		if typ == "" && name != "" && strings.Contains(types, " "+name+" ") {
			typ = name
		}
	}
	if typ == "" {
		t.miss(path, "type "+p.str("type")+" is taken for a string")
		typ = "string"
	}
	var words, spans []string
	for _, at := range [...]string{"", "list."} {
		for _, w := range p.list(at + "enumerations") {
			words = append(words, quote(w.text))
		}
		for _, r := range p.list(at + "range") {
			spans = append(spans, r.str("min")+".."+r.str("max"))
		}
		if p.at(at+"pattern") != nil {
			t.miss(path, "its pattern is not checked")
		}
	}
	switch {
	case words != nil:
		typ = "enum(" + strings.Join(words, ", ") + ")"
	case spans != nil:
		typ += "(" + strings.Join(spans, ",") + ")"
	}
	if p.at("list") != nil {
		typ = "list " + typ
	}
	return typ
}
