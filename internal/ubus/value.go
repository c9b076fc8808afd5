package ubus

import (
	"iter"
	"math"
	"strconv"
	"strings"
)

// A Kind is the type of a Value. Its number is the blobmsg type on the wire plus one, so that the zero Kind is "absent".
type Kind uint8

// The kinds of blobmsg. JSON's false and true are KindBool, which the wire calls int8.
const (
	KindAbsent Kind = iota
	KindNull
	KindArray
	KindTable
	KindString
	KindInt64
	KindInt32
	KindInt16
	KindBool
	KindDouble
)

var kindNames = [...]string{"absent", "null", "array", "table", "string", "int64", "int32", "int16", "bool", "double"}

// String returns the kind's name as `ubus -v list` would have it, more or less.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// A Value is a view of blobmsg bytes that were validated when they came in; nothing is decoded until it is asked for,
// and asking allocates nothing. The zero Value is absent. Values are immutable and may be shared between goroutines.
type Value struct {
	kind Kind
	data string // the payload: members of a table or array, the NUL-terminated text of a string, big-endian numbers
}

// ParseTable returns the table whose members are the blobmsg attributes in b, as the DATA of a message holds them.
func ParseTable(b []byte) (Value, error) { return parseTable(string(b)) }

func parseTable(s string) (Value, error) {
	if err := validate(s, 1); err != nil {
		return Value{}, err
	}
	return Value{kind: KindTable, data: s}, nil
}

// Exists reports whether there is a value at all; null exists.
func (v Value) Exists() bool { return v.kind != KindAbsent }

// Kind returns the value's type.
func (v Value) Kind() Kind { return v.kind }

// Get walks into tables by member name, as in v.Get("release", "version"). It is absent when a step is; of members
// with the same name the first counts, as in libubox.
func (v Value) Get(keys ...string) Value {
	for _, key := range keys {
		v = v.member(key)
	}
	return v
}

func (v Value) member(key string) Value {
	if v.kind != KindTable {
		return Value{}
	}
	for m, rest, ok := cut(v.data); ok; m, rest, ok = cut(rest) {
		if m.key == key {
			return m.value()
		}
	}
	return Value{}
}

// Len returns the number of members of a table or array, and 0 for everything else.
func (v Value) Len() int {
	n := 0
	for range v.All() {
		n++
	}
	return n
}

// Index returns the i-th member of a table or array, absent when there is none.
func (v Value) Index(i int) Value {
	for _, m := range v.All() {
		if i == 0 {
			return m
		}
		i--
	}
	return Value{}
}

// Each calls f for each member of a table or array in wire order until f returns false. The key is "" in arrays.
func (v Value) Each(f func(key string, v Value) bool) { v.All()(f) }

// All is Each for range.
func (v Value) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.kind != KindTable && v.kind != KindArray {
			return
		}
		for m, rest, ok := cut(v.data); ok; m, rest, ok = cut(rest) {
			if !yield(m.key, m.value()) {
				return
			}
		}
	}
}

// Text returns the value as text: a string as it is, a bool as 1 or 0, numbers in decimal, everything else as "".
// An int32 or int64 is taken as signed, as the JSON of the ubus command does.
func (v Value) Text() string {
	switch v.kind {
	case KindString:
		return cString(v.data)
	case KindBool:
		if v.data[0] != 0 {
			return "1"
		}
		return "0"
	case KindInt16, KindInt32, KindInt64:
		return strconv.FormatInt(v.signed(), 10)
	case KindDouble:
		return strconv.FormatFloat(v.float(), 'f', -1, 64)
	}
	return ""
}

// Int returns a number, a bool as 0 or 1, or a string holding a decimal number. A fraction is cut off.
func (v Value) Int() (int64, bool) {
	switch v.kind {
	case KindBool, KindInt16, KindInt32, KindInt64:
		return v.signed(), true
	case KindDouble:
		f := math.Trunc(v.float())
		if f >= math.MinInt64 && f < math.MaxInt64 {
			return int64(f), true
		}
	case KindString:
		n, err := strconv.ParseInt(cString(v.data), 10, 64)
		return n, err == nil
	}
	return 0, false
}

// Uint is Int for counters: the wire has no sign, so the bits of an int32 or int64 are taken as an unsigned number.
func (v Value) Uint() (uint64, bool) {
	switch v.kind {
	case KindBool, KindInt16, KindInt32, KindInt64:
		return v.unsigned(), true
	case KindDouble:
		f := math.Trunc(v.float())
		if f >= 0 && f < math.MaxUint64 {
			return uint64(f), true
		}
	case KindString:
		n, err := strconv.ParseUint(cString(v.data), 10, 64)
		return n, err == nil
	}
	return 0, false
}

// Float returns a number as a float.
func (v Value) Float() (float64, bool) {
	if v.kind == KindDouble {
		return v.float(), true
	}
	n, ok := v.Int()
	return float64(n), ok
}

// Bool returns a bool, whether a number is not 0, or what UCI means by a string such as "on".
func (v Value) Bool() bool {
	switch v.kind {
	case KindBool, KindInt16, KindInt32, KindInt64:
		return v.unsigned() != 0
	case KindString:
		switch cString(v.data) {
		case "1", "true", "on", "yes", "enabled":
			return true
		}
	}
	return false
}

// String describes the value without showing it: answers such as that of network.wireless hold keys.
func (v Value) String() string {
	return "ubus " + v.kind.String() + " of " + strconv.Itoa(len(v.data)) + " bytes"
}

// LogValue keeps a value's content out of logs, as String does.
func (v Value) LogValue() string { return v.String() }

// unsigned reads the big-endian number that the payload is.
func (v Value) unsigned() uint64 {
	n := uint64(0)
	for i := range len(v.data) {
		n = n<<8 | uint64(v.data[i])
	}
	return n
}

func (v Value) signed() int64 {
	switch n := v.unsigned(); v.kind {
	case KindInt16:
		return int64(int16(n))
	case KindInt32:
		return int64(int32(n))
	default:
		return int64(n)
	}
}

func (v Value) float() float64 { return math.Float64frombits(v.unsigned()) }

// cString cuts s at its first NUL, which is where every C reader of the bus stops.
func cString(s string) string {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return s
}
