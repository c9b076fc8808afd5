package dbus

import (
	"errors"
	"strings"
)

const maxDepth = 32

var (
	errType  = errors.New("dbus: bad type signature")
	errDepth = errors.New("dbus: types nest too deep")
)

// A Variant is a value with its type, a D-Bus signature such as "u" or "as".
type Variant struct {
	Type  string
	Value any
}

// A numeric type: how many bytes it has on the wire, and whether it is signed.
type numeric struct {
	size   int
	signed bool
}

var numerics = map[byte]numeric{
	'y': {1, false}, 'n': {2, true}, 'q': {2, false}, 'i': {4, true}, 'u': {4, false}, 'x': {8, true}, 't': {8, false},
	'h': {4, false}, // the place of a file descriptor that was not taken
}

// Integer returns how many bits the integer type has and whether it is signed; bits is 0 for any other type.
func Integer(typ string) (bits int, signed bool) {
	if len(typ) != 1 || typ == "h" {
		return 0, false
	}
	n := numerics[typ[0]]
	return 8 * n.size, n.signed
}

// ValidPath reports whether text is an object path.
func ValidPath(text string) bool {
	if text == "/" {
		return true
	}
	rest, ok := strings.CutPrefix(text, "/")
	for part := range strings.SplitSeq(rest, "/") {
		ok = ok && part != "" && strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
	}
	return ok
}

// alignment of a value of the type on the wire.
func alignment(typ string) int {
	switch c := typ[0]; c {
	case 's', 'o', 'a', 'b':
		return 4
	case '(', '{', 'd':
		return 8
	case 'g', 'v':
		return 1
	default:
		return numerics[c].size
	}
}

// split cuts the first complete type off a signature.
func split(signature string, depth int) (first, rest string, err error) {
	if depth > maxDepth {
		return "", "", errDepth
	}
	if signature == "" {
		return "", "", errType
	}
	switch c := signature[0]; c {
	case 'a':
		element, rest, err := split(signature[1:], depth+1)
		return signature[:1+len(element)], rest, err
	case '(', '{':
		end := byte(')')
		if c == '{' {
			end = '}'
		}
		at := 1
		for members := 0; ; members++ {
			if at < len(signature) && signature[at] == end && (members == 2 || c == '(' && members > 0) {
				return signature[:at+1], signature[at+1:], nil
			}
			member, _, err := split(signature[at:], depth+1)
			if err != nil {
				return "", "", err
			}
			at += len(member)
		}
	default:
		if !strings.Contains("sogbdv", signature[:1]) && numerics[c].size == 0 {
			return "", "", errType
		}
		return signature[:1], signature[1:], nil
	}
}
