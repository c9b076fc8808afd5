package ubus

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/json"
)

// MarshalJSON prints the value as the ubus command does, without its blanks. Absent prints as null.
func (v Value) MarshalJSON() ([]byte, error) { return v.appendJSON(nil), nil }

func (v Value) appendJSON(b []byte) []byte {
	switch v.kind {
	case KindArray, KindTable:
		return v.appendMembers(b)
	case KindString:
		return json.Quote(b, cString(v.data))
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
			b = append(json.Quote(b, key), ':')
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

// FromJSON makes a Value of one JSON text, with the kinds the ubus command would choose: an integer is an int32 when
// it fits, else an int64; a fraction is a double.
func FromJSON(text []byte) (Value, error) {
	if len(text) > 8*MaxMessage {
		return Value{}, ErrTooLarge
	}
	r := json.NewReader(text)
	var e encoder
	if err := e.json(r, "", 0); err != nil {
		return Value{}, err
	}
	if err := r.End(); err != nil {
		return Value{}, err
	}
	if len(e.buf) > MaxMessage {
		return Value{}, ErrTooLarge
	}
	return Value{kind: KindArray, data: string(e.buf)}.Index(0), nil
}

// json encodes the reader's next value. The reader keeps its own errors.
func (e *encoder) json(r *json.Reader, name string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("json: %w: deeper than %d", ErrTooLarge, maxDepth)
	}
	switch r.Kind() {
	case '{':
		start := e.open(KindTable, name)
		for r.Open('{'); r.More('}'); {
			key := r.Key()
			if key == "" {
				return errors.Join(r.Err(), errors.New("json: a member without a name, which blobmsg cannot hold"))
			}
			if err := e.json(r, key, depth+1); err != nil {
				return err
			}
		}
		e.close(start)
	case '[':
		start := e.open(KindArray, name)
		for r.Open('['); r.More(']'); {
			if err := e.json(r, "", depth+1); err != nil {
				return err
			}
		}
		e.close(start)
	case '0':
		e.number(name, r.Number())
	case '"':
		e.text(name, r.Text())
	default:
		if word := r.Word(); word == "null" {
			e.raw(KindNull, name, "")
		} else {
			e.bool(name, word == "true")
		}
	}
	return e.err
}

func (e *encoder) number(name, text string) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		e.int(name, i)
		return
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		e.int(name, int64(u)) // a counter above 2^63: the wire has no sign
		return
	}
	f, _ := strconv.ParseFloat(text, 64)
	e.double(name, f)
}
