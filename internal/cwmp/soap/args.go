package soap

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// An ArgError says that a request was understood and its arguments were not: CWMP fault 9003.
type ArgError struct {
	Arg string // name of the argument
	Msg string
}

func (e *ArgError) Error() string { return e.Arg + ": " + e.Msg }

// Args reads the arguments of one message. The first thing wrong is kept and told by Err; until then every accessor
// returns a zero value, so that a handler reads all its arguments and asks once.
type Args struct {
	el  *etree.Element
	err *ArgError
}

// Args returns the arguments of the message.
func (env *Envelope) Args() *Args { return &Args{el: env.message} }

// Err is the first error, an *ArgError, or nil.
func (a *Args) Err() error {
	if a.err == nil {
		return nil
	}
	return a.err
}

func (a *Args) fail(name, format string, args ...any) {
	if a.err == nil {
		a.err = &ArgError{name, fmt.Sprintf(format, args...)}
	}
}

// one finds the argument: unqualified, or qualified with a CWMP namespace, in any order among others.
func (a *Args) one(name string) *etree.Element {
	var found *etree.Element
	for _, el := range a.el.ChildElements() {
		if el.Tag != name || !argumentNS(el) {
			continue
		}
		if found != nil {
			a.fail(name, "given twice")
			return nil
		}
		found = el
	}
	if found == nil {
		a.fail(name, "missing")
	}
	return found
}

// argumentNS is lenient with ACSs that qualify arguments, or have a default namespace in scope.
func argumentNS(el *etree.Element) bool {
	ns := el.NamespaceURI()
	if ns == "" || el.Space == "" {
		return true
	}
	_, ok := CanonicalNS(ns)
	return ok
}

// String returns a string argument of at most limit characters, white space kept.
func (a *Args) String(name string, limit int) string {
	el := a.one(name)
	if el == nil {
		return ""
	}
	return a.text(el, name, limit)
}

func (a *Args) text(el *etree.Element, name string, limit int) string {
	value, ok := text(el)
	switch {
	case !ok:
		a.fail(name, "has child elements")
	case Length(value) > limit:
		a.fail(name, "longer than %d characters", limit)
	default:
		return value
	}
	return ""
}

// OptionalString is String for an argument that ACSs leave out.
func (a *Args) OptionalString(name string, limit int) string {
	if child(a.el, name) == nil {
		return ""
	}
	return a.String(name, limit)
}

// Bool returns a boolean argument.
func (a *Args) Bool(name string) bool {
	el := a.one(name)
	if el == nil {
		return false
	}
	value, _ := text(el)
	b, ok := parseBool(value)
	if !ok {
		a.fail(name, "not a boolean")
	}
	return b
}

// Uint returns an unsignedInt argument.
func (a *Args) Uint(name string) uint32 { return uint32(a.number(name, 0, 1<<32-1)) }

// Int returns an int argument between low and high.
func (a *Args) Int(name string, low, high int64) int { return int(a.number(name, low, high)) }

func (a *Args) number(name string, low, high int64) int64 {
	el := a.one(name)
	if el == nil {
		return 0
	}
	value, _ := text(el)
	n, ok := parseInt(collapse(value))
	if !ok || n < low || n > high {
		a.fail(name, "not a number from %d to %d", low, high)
		return 0
	}
	return n
}

// parseInt is as strict as XML Schema: an optional sign and ASCII digits, nothing else.
func parseInt(s string) (int64, bool) {
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// Strings returns an array of strings of at most limit characters each; arrayType is not looked at.
func (a *Args) Strings(name string, limit int) []string {
	el := a.one(name)
	if el == nil {
		return nil
	}
	members := el.ChildElements()
	list := make([]string, 0, len(members))
	for _, m := range members {
		list = append(list, a.text(m, name, limit))
	}
	return list
}

// Structs returns the members of an array of structs, each with accessors of its own that report to the same Err.
func (a *Args) Structs(name, member string) []Member {
	el := a.one(name)
	if el == nil {
		return nil
	}
	var list []Member
	for _, m := range el.ChildElements() {
		if m.Tag != member {
			a.fail(name, "member %.64q is not %s", m.Tag, member)
			return nil
		}
		list = append(list, Member{Args{el: m}, a})
	}
	return list
}

// Repeated returns the elements of a name that a message may hold several of, each with accessors of its own that report to
// the same Err.
func (a *Args) Repeated(name string) []Member {
	var list []Member
	for _, el := range a.el.ChildElements() {
		if el.Tag == name && argumentNS(el) {
			list = append(list, Member{Args{el: el}, a})
		}
	}
	return list
}

// StructType is the local name of the CWMP type that xsi:type names, "" where there is none.
func (m *Member) StructType() string {
	for i := range m.el.Attr {
		a := &m.el.Attr[i]
		if a.Key != "type" || a.Space == "" || a.NamespaceURI() != NSInstance {
			continue
		}
		prefix, local, ok := strings.Cut(collapse(a.Value), ":")
		if !ok {
			prefix, local = "", prefix
		}
		if _, known := CanonicalNS(resolve(m.el, prefix)); known {
			return local
		}
	}
	return ""
}

// A Member is one struct of an array.
type Member struct {
	Args
	all *Args
}

// Done hands the member's first error to the Args it came from.
func (m *Member) Done() {
	if m.err != nil && m.all.err == nil {
		m.all.err = m.err
	}
}

// A Value is one ParameterValueStruct.
type Value struct {
	Name string
	Text string
	Type string // local name of the XML Schema type; "" without xsi:type; "?" for one of another namespace
}

// Values returns an array of ParameterValueStruct.
func (a *Args) Values(name string) []Value {
	members := a.Structs(name, "ParameterValueStruct")
	list := make([]Value, 0, len(members))
	for i := range members {
		list = append(list, members[i].value())
		members[i].Done()
	}
	return list
}

func (m *Member) value() Value {
	v := Value{Name: m.String("Name", 256)}
	if el := m.one("Value"); el != nil {
		v.Text = m.text(el, "Value", MaxBytes)
		v.Type = xsiType(el)
	}
	return v
}

// xsiType resolves the QName in xsi:type by the namespaces in scope. The types of SOAP's encoding schema are those of
// XML Schema under another name.
func xsiType(el *etree.Element) string {
	for i := range el.Attr {
		a := &el.Attr[i]
		if a.Key != "type" || a.Space == "" || a.NamespaceURI() != NSInstance {
			continue
		}
		prefix, local, ok := strings.Cut(collapse(a.Value), ":")
		if !ok {
			prefix, local = "", prefix
		}
		switch resolve(el, prefix) {
		case NSSchema, NSEncoding:
			return local
		}
		return "?"
	}
	return ""
}

// resolve finds what a prefix inside an attribute value means at el.
func resolve(el *etree.Element, prefix string) string {
	for ; el != nil; el = el.Parent() {
		for i := range el.Attr {
			a := &el.Attr[i]
			if (prefix == "" && a.Space == "" && a.Key == "xmlns") || (prefix != "" && a.Space == "xmlns" && a.Key == prefix) {
				return a.Value
			}
		}
	}
	return ""
}
