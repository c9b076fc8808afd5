package ubus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MarshalJSON prints the value as the ubus command does, without its blanks. Absent prints as null.
func (v Value) MarshalJSON() ([]byte, error) { return v.appendJSON(nil), nil }

func (v Value) appendJSON(b []byte) []byte {
	switch v.kind {
	case KindArray, KindTable:
		return v.appendMembers(b)
	case KindString:
		return appendQuoted(b, cString(v.data))
	case KindBool:
		return strconv.AppendBool(b, v.Bool())
	case KindInt16, KindInt32, KindInt64:
		return strconv.AppendInt(b, v.signed(), 10)
	case KindDouble:
		return appendFloat(b, v.float())
	}
	return append(b, "null"...)
}

func (v Value) appendMembers(b []byte) []byte {
	brackets := "[]"
	if v.kind == KindTable {
		brackets = "{}"
	}
	b = append(b, brackets[0])
	first := true
	for key, m := range v.All() {
		if !first {
			b = append(b, ',')
		}
		first = false
		if v.kind == KindTable {
			b = append(appendQuoted(b, key), ':')
		}
		b = m.appendJSON(b)
	}
	return append(b, brackets[1])
}

// appendFloat keeps a mark of the kind: 1.0 must not come back as an int32. JSON has no NaN and no infinity.
func appendFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return append(b, s...)
}

// appendQuoted quotes s for JSON; bytes that are not UTF-8 (an SSID may hold any) become U+FFFD.
func appendQuoted(b []byte, s string) []byte {
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

// FromJSON makes a Value of one JSON text, with the kinds the ubus command would choose: an integer is an int32 when
// it fits, else an int64; a fraction is a double.
func FromJSON(text []byte) (Value, error) {
	if len(text) > 8*MaxMessage {
		return Value{}, ErrTooLarge
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var e encoder
	if err := e.json(d, "", 0); err != nil {
		return Value{}, fmt.Errorf("json: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Value{}, errors.New("json: text after the value")
	}
	if len(e.buf) > MaxMessage {
		return Value{}, ErrTooLarge
	}
	return Value{kind: KindArray, data: string(e.buf)}.Index(0), nil
}

// json encodes the decoder's next value.
func (e *encoder) json(d *json.Decoder, name string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: deeper than %d", ErrTooLarge, maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		err = e.jsonNested(d, name, t, depth)
	case json.Number:
		e.number(name, t)
	case string:
		e.text(name, t)
	case bool:
		e.bool(name, t)
	case nil:
		e.raw(KindNull, name, "")
	}
	return errors.Join(err, e.err)
}

func (e *encoder) jsonNested(d *json.Decoder, name string, open json.Delim, depth int) error {
	kind := KindArray
	if open == '{' {
		kind = KindTable
	}
	start := e.open(kind, name)
	for d.More() {
		key := ""
		if kind == KindTable {
			token, err := d.Token()
			if err != nil {
				return err
			}
			if key, _ = token.(string); key == "" {
				return errors.New("a member without a name, which blobmsg cannot hold")
			}
		}
		if err := e.json(d, key, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	e.close(start)
	return e.err
}

func (e *encoder) number(name string, n json.Number) {
	if i, err := n.Int64(); err == nil {
		e.int(name, i)
		return
	}
	if u, err := strconv.ParseUint(n.String(), 10, 64); err == nil {
		e.int(name, int64(u)) // a counter above 2^63: the wire has no sign
		return
	}
	f, _ := n.Float64()
	e.double(name, f)
}
