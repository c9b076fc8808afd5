package dbus

import (
	"errors"
	"math"
	"strings"
)

var errShort = errors.New("dbus: message ends early")

// A reader takes values from a message; the alignment counts from its begin.
type reader struct {
	buf []byte
	at  int
	big bool // numbers have their highest byte first
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// align skips what fills up to a multiple of n.
func (r *reader) align(n int) { r.take((n - r.at%n) % n) }

// take returns the next n bytes, or nothing when there are not so many.
func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.buf)-r.at {
		r.fail(errShort)
		return nil
	}
	r.at += n
	return r.buf[r.at-n : r.at]
}

func (r *reader) number(size int) uint64 {
	r.align(size)
	bytes := r.take(size)
	var n uint64
	for i := range bytes {
		if !r.big {
			i = len(bytes) - 1 - i
		}
		n = n<<8 | uint64(bytes[i])
	}
	return n
}

// text reads a string whose length has so many bytes.
func (r *reader) text(sizeOfLength int) string {
	n := r.number(sizeOfLength)
	text := string(r.take(int(min(n, MaxMessage))))
	r.take(1) // the NUL
	return text
}

// values reads a value of every type in the signature.
func (r *reader) values(signature string, depth int) []any {
	var all []any
	for signature != "" && r.err == nil {
		first, rest, err := split(signature, depth)
		if err != nil {
			r.fail(err)
			break
		}
		all = append(all, r.value(first, depth))
		signature = rest
	}
	return all
}

// value reads a value of one complete type.
func (r *reader) value(typ string, depth int) any {
	if depth > maxDepth {
		r.fail(errDepth)
		return nil
	}
	switch c := typ[0]; c {
	case 'b':
		return r.number(4) != 0
	case 'd':
		return math.Float64frombits(r.number(8))
	case 's', 'o':
		return r.text(4)
	case 'g':
		return r.text(1)
	case 'v':
		return r.variant(depth)
	case 'a':
		return r.array(typ[1:], depth)
	case '(', '{':
		r.align(8)
		return r.values(typ[1:len(typ)-1], depth+1)
	default:
		n := numerics[c]
		if !n.signed {
			return r.number(n.size)
		}
		unused := 64 - 8*n.size
		return int64(r.number(n.size)<<unused) >> unused
	}
}

func (r *reader) variant(depth int) Variant {
	typ := r.text(1)
	first, rest, err := split(typ, depth)
	if err != nil || rest != "" {
		r.fail(errType)
		return Variant{}
	}
	return Variant{typ, r.value(first, depth+1)}
}

func (r *reader) array(element string, depth int) any {
	size := r.number(4)
	r.align(alignment(element))
	if size > uint64(len(r.buf)-r.at) {
		r.fail(errShort)
		return nil
	}
	end := r.at + int(size)
	if element == "y" {
		return append([]byte{}, r.take(int(size))...)
	}
	texts, dict, other := []string{}, map[string]any{}, []any{}
	for r.at < end && r.err == nil {
		v := r.value(element, depth+1)
		if pair, ok := v.([]any); ok && element[0] == '{' && len(pair) == 2 && isText(element[1]) {
			dict[pair[0].(string)] = pair[1]
		} else if text, ok := v.(string); ok {
			texts = append(texts, text)
		} else {
			other = append(other, v)
		}
	}
	switch {
	case r.at > end:
		r.fail(errShort)
		return nil
	case isText(element[0]):
		return texts
	case element[0] == '{' && isText(element[1]):
		return dict
	}
	return other
}

func isText(c byte) bool { return strings.IndexByte("sog", c) >= 0 }
