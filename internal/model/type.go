package model

import (
	"fmt"
	"slices"
	"strings"
)

// Base is a CWMP data type, as xsi:type names it.
type Base int

const (
	BaseAny Base = iota // not said: the value is taken for the parameter's own type
	BaseString
	BaseInt
	BaseUnsignedInt
	BaseLong
	BaseUnsignedLong
	BaseBoolean
	BaseDateTime
	BaseBase64
	BaseHexBinary
	BaseDecimal
)

var baseNames = [...]string{
	BaseAny: "anySimpleType", BaseString: "string", BaseInt: "int", BaseUnsignedInt: "unsignedInt", BaseLong: "long",
	BaseUnsignedLong: "unsignedLong", BaseBoolean: "boolean", BaseDateTime: "dateTime", BaseBase64: "base64",
	BaseHexBinary: "hexBinary", BaseDecimal: "decimal",
}

// String is the type's name in XML Schema (base64 as SOAP encoding has it).
func (b Base) String() string {
	if b < 0 || int(b) >= len(baseNames) {
		return "anySimpleType"
	}
	return baseNames[b]
}

// XSD is the type's name in the namespace of XML Schema, where base64 is called base64Binary.
func (b Base) XSD() string {
	switch b {
	case BaseAny:
		return "string"
	case BaseBase64:
		return "base64Binary"
	}
	return b.String()
}

func (b Base) number() bool {
	return b >= BaseInt && b <= BaseUnsignedLong || b == BaseDecimal
}

// A Range is one closed interval of a number, of a string's length in characters, or of octets.
type Range struct {
	Min, Max       int64
	HasMin, HasMax bool
}

func (r Range) String() string {
	var b strings.Builder
	if r.HasMin {
		fmt.Fprint(&b, r.Min)
	}
	b.WriteString("..")
	if r.HasMax {
		fmt.Fprint(&b, r.Max)
	}
	return b.String()
}

// A Type is the type of a parameter with all its constraints.
type Type struct {
	Base     Base     // the type on the wire; string for lists and references
	Name     string   // the word in the .dm file: "StatsCounter32", "enum", "pathRef", "string"
	Ranges   []Range  // of the value (numbers), its length (strings) or its octets (binary); of each item for a list
	Enum     []string // allowed values, or items of a list; nil for no enumeration
	List     bool     // comma-separated items
	MinItems int      // of a list
	MaxItems int      // of a list; 0 means no limit
	Ref      bool     // a path name
	Weak     bool     // a reference that may dangle

	item Base                    // the type of one item, or of the value itself where it is no list
	form func(text string) error // what the named type asks for beyond its base; nil for nothing
}

// String is the type as a .dm file writes it.
func (t *Type) String() string {
	var b strings.Builder
	if t.List {
		b.WriteString("list")
		if t.MinItems > 0 || t.MaxItems > 0 {
			fmt.Fprintf(&b, "(%s)", Range{int64(t.MinItems), int64(t.MaxItems), t.MinItems > 0, t.MaxItems > 0})
		}
		b.WriteByte(' ')
	}
	b.WriteString(t.Name)
	switch {
	case t.Enum != nil:
		fmt.Fprintf(&b, "(%s)", strings.Join(t.Enum, ","))
	case !slices.Equal(t.Ranges, ruleOf(t.Name).ranges):
		fmt.Fprintf(&b, "(%s)", strings.ReplaceAll(t.rangesText(), " ", ""))
	}
	if t.Weak {
		b.WriteString(" weak")
	}
	return b.String()
}

// Empty is what a parameter of the type reads where the router has nothing: TR-106's Unknown Time, 0, false or "".
func (t *Type) Empty() string {
	switch {
	case t.List:
		return ""
	case t.item == BaseBoolean:
		return "false"
	case t.item == BaseDateTime:
		return unknownTime
	case t.item.number():
		return "0"
	}
	return ""
}

// Accepts tells whether a value that came with the type b may be taken for one of t.
func (t *Type) Accepts(b Base) bool { return b == BaseAny || b == t.Base }

// Parse takes a value from outside, strictly (R-17, Z-28), and returns its canonical text: white space around anything but
// a string collapsed, booleans as true and false, numbers without sign or zeros that say nothing, lists without blanks.
// Strings stay as they are, byte by byte. The error does not quote the value: it may be a password.
func (t *Type) Parse(text string) (string, error) {
	if len(text) > maxValue {
		return "", fmt.Errorf("longer than %d bytes", maxValue)
	}
	if !t.List {
		return t.parseItem(text)
	}
	var items []string
	if text = trim(text); text != "" {
		items = strings.Split(text, ",")
	}
	if len(items) < t.MinItems || t.MaxItems > 0 && len(items) > t.MaxItems {
		return "", fmt.Errorf("%d items, expected %s", len(items), Range{int64(t.MinItems), int64(t.MaxItems), true, t.MaxItems > 0})
	}
	for i, item := range items {
		value, err := t.parseItem(decodeItem(trim(item)))
		if err == nil && value == "" {
			err = fmt.Errorf("empty")
		}
		if err != nil {
			return "", fmt.Errorf("item %d: %w", i+1, err)
		}
		items[i] = encodeItem(value)
	}
	return strings.Join(items, ","), nil
}

// maxValue bounds one value; certificates and scripts in base64 stay far below.
const maxValue = 256 << 10

func (t *Type) parseItem(text string) (string, error) {
	value, err := parsers[t.item](t, text)
	if err != nil {
		return "", err
	}
	if t.Enum != nil && !t.inEnum(value) {
		return "", fmt.Errorf("not in the enumeration %s", strings.Join(t.Enum, ", "))
	}
	if t.form != nil {
		if err := t.form(value); err != nil {
			return "", err
		}
	}
	return value, nil
}

func (t *Type) inEnum(value string) bool {
	for _, e := range t.Enum {
		if e == value {
			return true
		}
	}
	return false
}

// Show takes a value from the router, leniently, and returns its canonical text; ok is false when the value is not of the
// type at all. Ranges and lengths are not looked at: what is so is so.
func (t *Type) Show(raw string) (value string, ok bool) {
	if raw == "" {
		return t.Empty(), true
	}
	if !t.List {
		if raw[0] == ListSep[0] {
			raw = strings.Join(splitList(raw), " ")
		}
		return t.showItem(raw)
	}
	var items []string
	isList := raw[0] == ListSep[0]
	if isList {
		items = splitList(raw)
	} else {
		items = strings.Split(raw, ",")
	}
	ok = true
	kept := items[:0]
	for _, item := range items {
		if !isList {
			item = decodeItem(trim(item))
		}
		value, good := t.showItem(item)
		ok = ok && good
		if good && value != "" {
			kept = append(kept, encodeItem(value))
		}
	}
	return strings.Join(kept, ","), ok
}

// unbounded are the base types without constraints: what the router has is shown, in range or not.
var unbounded = func() (all [BaseDecimal + 1]*Type) {
	for b := range all {
		all[b] = &Type{item: Base(b)}
	}
	return all
}()

func (t *Type) showItem(raw string) (string, bool) {
	var value string
	switch t.item {
	case BaseString:
		value = printable(raw)
	case BaseBoolean:
		yes, ok := truth(raw)
		if !ok {
			return "false", false
		}
		return boolText(yes), true
	default:
		var err error
		if value, err = parsers[t.item](unbounded[t.item], raw); err != nil {
			return t.itemEmpty(), false
		}
	}
	if value != "" && (t.Enum != nil && !t.inEnum(value) || t.form != nil && t.form(value) != nil) {
		return t.itemEmpty(), false
	}
	return value, true
}

func (t *Type) itemEmpty() string {
	if t.List {
		return ""
	}
	return t.Empty()
}

// raw is the text that a value of the type is handed to the filters with: "1" and "0" for booleans, a raw list for lists.
func (t *Type) raw(value string) string {
	if t.List {
		if value == "" {
			return ""
		}
		items := strings.Split(value, ",")
		for i, item := range items {
			items[i] = t.rawItem(decodeItem(item))
		}
		return joinList(items)
	}
	return t.rawItem(value)
}

func (t *Type) rawItem(value string) string {
	if t.item != BaseBoolean {
		return value
	}
	if value == "true" {
		return "1"
	}
	return "0"
}

// same tells whether two canonical values mean the same.
func (t *Type) same(a, b string) bool {
	return a == b || t.Name == "MACAddress" && strings.EqualFold(a, b)
}
