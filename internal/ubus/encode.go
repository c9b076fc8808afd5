package ubus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// ErrTooLarge is returned when a message would be longer than the bus carries.
var ErrTooLarge = errors.New("ubus message longer than 1 MiB")

// tooLarge is what Table and Array return instead of something that no message can hold: absent, and refused by
// everything that sends.
var tooLarge = Value{data: "too large"}

// Table makes a table of key, value, key, value. Values are those that Array takes. A pair whose value is an absent
// Value is left out. It panics for an odd number, a key that is no string, and Go types that blobmsg has no kind for.
func Table(pairs ...any) Value {
	if len(pairs)%2 != 0 {
		panic("ubus.Table: key without value")
	}
	var e encoder
	for i := 0; i < len(pairs); i += 2 {
		e.any(pairs[i].(string), pairs[i+1], 1)
	}
	return e.value(KindTable)
}

// Array makes an array of strings, bools, ints of any size, floats, nil, Values, and of slices and maps of these.
func Array(items ...any) Value {
	var e encoder
	for _, item := range items {
		e.any("", item, 1)
	}
	return e.value(KindArray)
}

// Of makes a Value of one thing that Array takes.
func Of(x any) Value { return Array(x).Index(0) }

// An encoder appends blobmsg attributes. Once something went wrong it only remembers that.
type encoder struct {
	buf []byte
	err error
}

func (e *encoder) value(kind Kind) Value {
	if e.err != nil || len(e.buf) > MaxMessage {
		return tooLarge
	}
	return Value{kind: kind, data: string(e.buf)}
}

// open starts an attribute; what is appended until close is its payload.
func (e *encoder) open(kind Kind, name string) (start int) {
	if name = cString(name); len(name) > maxName {
		e.err = fmt.Errorf("%w: name of %d bytes", ErrTooLarge, len(name))
		name = ""
	}
	start = len(e.buf)
	e.buf = binary.BigEndian.AppendUint32(e.buf, extended|uint32(kind-1)<<24)
	e.buf = binary.BigEndian.AppendUint16(e.buf, uint16(len(name)))
	e.buf = append(e.buf, name...)
	e.buf = append(e.buf, 0)
	e.pad()
	return start
}

func (e *encoder) close(start int) {
	n := len(e.buf) - start
	if n > MaxMessage {
		e.err, e.buf = ErrTooLarge, e.buf[:start]
		return
	}
	head := binary.BigEndian.Uint32(e.buf[start:])
	binary.BigEndian.PutUint32(e.buf[start:], head|uint32(n))
	e.pad()
}

func (e *encoder) pad() {
	for len(e.buf)%4 != 0 {
		e.buf = append(e.buf, 0)
	}
}

func (e *encoder) raw(kind Kind, name, payload string) {
	if e.err != nil {
		return
	}
	start := e.open(kind, name)
	e.buf = append(e.buf, payload...)
	e.close(start)
}

func (e *encoder) text(name, s string) {
	if e.err != nil {
		return
	}
	start := e.open(KindString, name)
	e.buf = append(e.buf, cString(s)...)
	e.buf = append(e.buf, 0)
	e.close(start)
}

func (e *encoder) bool(name string, b bool) {
	payload := "\x00"
	if b {
		payload = "\x01"
	}
	e.raw(KindBool, name, payload)
}

// int takes the smallest of int32 and int64, as the ubus command does: receivers match kinds exactly.
func (e *encoder) int(name string, n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	if n >= math.MinInt32 && n <= math.MaxInt32 {
		e.raw(KindInt32, name, string(b[4:]))
		return
	}
	e.raw(KindInt64, name, string(b[:]))
}

func (e *encoder) double(name string, f float64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], math.Float64bits(f))
	e.raw(KindDouble, name, string(b[:]))
}

func (e *encoder) nest(kind Kind, name string, members func()) {
	if e.err != nil {
		return
	}
	start := e.open(kind, name)
	members()
	e.close(start)
}

// any encodes what Array documents.
func (e *encoder) any(name string, x any, depth int) {
	if depth > maxDepth {
		e.err = fmt.Errorf("%w: deeper than %d", ErrTooLarge, maxDepth)
		return
	}
	switch x := x.(type) {
	case nil:
		e.raw(KindNull, name, "")
	case Value:
		e.add(name, x)
	case string:
		e.text(name, x)
	case bool:
		e.bool(name, x)
	case int:
		e.int(name, int64(x))
	case int32:
		e.int(name, int64(x))
	case int64:
		e.int(name, x)
	case uint16:
		e.int(name, int64(x))
	case uint32:
		e.int(name, int64(x))
	case uint64:
		e.int(name, int64(x))
	case float64:
		e.double(name, x)
	case []string:
		e.nest(KindArray, name, func() {
			for _, s := range x {
				e.text("", s)
			}
		})
	case []any:
		e.nest(KindArray, name, func() {
			for _, item := range x {
				e.any("", item, depth+1)
			}
		})
	case []Value:
		e.nest(KindArray, name, func() {
			for _, item := range x {
				e.add("", item)
			}
		})
	case map[string]string:
		e.nest(KindTable, name, func() {
			for _, key := range slices.Sorted(maps.Keys(x)) {
				e.text(key, x[key])
			}
		})
	case map[string]any:
		e.nest(KindTable, name, func() {
			for _, key := range slices.Sorted(maps.Keys(x)) {
				e.any(key, x[key], depth+1)
			}
		})
	default:
		panic(fmt.Sprintf("ubus: no blobmsg kind for %T", x))
	}
}

func (e *encoder) add(name string, v Value) {
	switch {
	case v == tooLarge:
		e.err = ErrTooLarge
	case v.Exists():
		e.raw(v.kind, name, v.data)
	}
}
