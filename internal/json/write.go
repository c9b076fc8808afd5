package json

import (
	"encoding"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

var rawType = reflect.TypeFor[Raw]()

// Marshal is the text of v, without blanks. The members of a struct come in the order of its fields, those of a map by name.
func Marshal(v any) ([]byte, error) {
	e := encoder{fields: fields{}}
	e.value(reflect.ValueOf(v))
	return e.buf, e.err
}

type encoder struct {
	buf    []byte
	fields fields
	err    error
}

func (e *encoder) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		e.buf = Quote(e.buf, v.String())
	case reflect.Bool:
		e.buf = strconv.AppendBool(e.buf, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.buf = strconv.AppendInt(e.buf, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.buf = strconv.AppendUint(e.buf, v.Uint(), 10)
	case reflect.Invalid:
		e.null()
	case reflect.Pointer, reflect.Interface:
		e.value(v.Elem()) // of nil: invalid
	case reflect.Slice:
		if isBinary(v.Type()) {
			e.unknown(v)
			return
		}
		e.list(v)
	case reflect.Map:
		e.dict(v)
	case reflect.Struct:
		e.table(v)
	default:
		e.unknown(v)
	}
}

func (e *encoder) unknown(v reflect.Value) {
	e.err = errors.New("json: no form for " + v.Type().String())
}

func isBinary(t reflect.Type) bool { return t.Elem().Kind() == reflect.Uint8 && t != rawType }

func (e *encoder) null() { e.buf = append(e.buf, "null"...) }

func (e *encoder) list(v reflect.Value) {
	switch {
	case v.IsNil():
		e.null()
		return
	case v.Type() == rawType:
		e.buf = append(e.buf, v.Bytes()...)
		return
	}
	e.buf = append(e.buf, '[')
	for i := range v.Len() {
		e.comma()
		e.value(v.Index(i))
	}
	e.buf = append(e.buf, ']')
}

func (e *encoder) dict(v reflect.Value) {
	if v.IsNil() {
		e.null()
		return
	}
	items := make(map[string]reflect.Value, v.Len())
	for _, key := range v.MapKeys() {
		name := ""
		if key.CanUint() {
			name = strconv.FormatUint(key.Uint(), 10)
		} else {
			name = key.String()
		}
		items[name] = v.MapIndex(key)
	}
	e.buf = append(e.buf, '{')
	for _, name := range slices.Sorted(maps.Keys(items)) {
		e.key(name)
		e.value(items[name])
	}
	e.buf = append(e.buf, '}')
}

func (e *encoder) table(v reflect.Value) {
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		e.err = errors.Join(e.err, err)
		e.buf = Quote(e.buf, string(text))
		return
	}
	e.buf = append(e.buf, '{')
	for _, f := range e.fields.of(v.Type()) {
		member := v.FieldByIndex(f.index)
		if f.omitEmpty && isEmpty(member) || f.omitZero && isZero(member) {
			continue
		}
		e.key(f.name)
		e.value(member)
	}
	e.buf = append(e.buf, '}')
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

func isZero(v reflect.Value) bool {
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
		return z.IsZero()
	}
	return v.IsZero()
}

func (e *encoder) key(name string) {
	e.comma()
	e.buf = append(Quote(e.buf, name), ':')
}

// comma parts a member from the one before it, if there is one.
func (e *encoder) comma() {
	if last := e.buf[len(e.buf)-1]; last != '{' && last != '[' {
		e.buf = append(e.buf, ',')
	}
}

// Quote appends s as a JSON string. Bytes that are not UTF-8 (an SSID may hold any) become U+FFFD.
func Quote(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
