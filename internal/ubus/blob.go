package ubus

import (
	"errors"
	"fmt"
)

// The limits of what we take and send; ubusd itself disconnects whoever sends a longer message.
const (
	MaxMessage = 1 << 20 // bytes of a message's outer attribute
	maxDepth   = 32      // tables and arrays inside one another
	maxName    = 1<<16 - 1
)

// ErrMalformed is wrapped by every complaint about bytes that are not what the protocol wants.
var ErrMalformed = errors.New("malformed blob")

const (
	extended = 1 << 31   // marks an attribute that carries a name: all of blobmsg
	lenMask  = 1<<24 - 1 // the length counts the 4 bytes of the header, but not the padding
)

// A member is one blobmsg attribute.
type member struct {
	key  string
	kind Kind
	data string
}

func (m member) value() Value { return Value{kind: m.kind, data: m.data} }

func pad4(n int) int { return (n + 3) &^ 3 }

func be32(s string) uint32 {
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
}

// cutBlob takes the attribute at the start of s: its id and flags, its payload, and what follows its padding.
func cutBlob(s string) (head uint32, body, rest string, ok bool) {
	if len(s) < 4 {
		return 0, "", "", false
	}
	head = be32(s)
	n := int(head & lenMask)
	if n < 4 || pad4(n) > len(s) {
		return 0, "", "", false
	}
	return head, s[4:n], s[pad4(n):], true
}

// cut takes the blobmsg attribute at the start of s. It checks whatever it relies on, so that readers need no
// knowledge of whether the bytes were validated; it does not look into tables and arrays.
func cut(s string) (m member, rest string, ok bool) {
	head, body, rest, ok := cutBlob(s)
	if !ok || head&extended == 0 || len(body) < 4 {
		return member{}, "", false
	}
	m.kind = Kind(head>>24&0x7f) + 1
	name := int(body[0])<<8 | int(body[1])
	header := pad4(2 + name + 1)
	if m.kind > KindDouble || header > len(body) || body[2+name] != 0 {
		return member{}, "", false
	}
	m.key, m.data = cString(body[2:2+name]), body[header:]
	return m, rest, m.sound()
}

// sound checks the payload's length, and that a string ends.
func (m member) sound() bool {
	switch m.kind {
	case KindString:
		return len(m.data) > 0 && m.data[len(m.data)-1] == 0
	case KindBool:
		return len(m.data) == 1
	case KindInt16:
		return len(m.data) == 2
	case KindInt32:
		return len(m.data) == 4
	case KindInt64, KindDouble:
		return len(m.data) == 8
	}
	return true
}

// validate walks all members in s, so that later readers can trust every length.
func validate(s string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: deeper than %d", ErrMalformed, maxDepth)
	}
	for len(s) > 0 {
		m, rest, ok := cut(s)
		if !ok {
			return fmt.Errorf("%w: member %d bytes before the end of its container", ErrMalformed, len(s))
		}
		if m.kind == KindTable || m.kind == KindArray {
			if err := validate(m.data, depth+1); err != nil {
				return err
			}
		}
		s = rest
	}
	return nil
}
