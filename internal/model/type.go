package model

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

// A Range is one closed interval of a number, of a string's length in characters, or of octets.
type Range struct {
	Min, Max       int64
	HasMin, HasMax bool
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
}
