package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
)

// The container of apk version 3 ("ADB"): a tree of values, each named by a 32-bit word (type in the high four bits, a small
// number or an offset into the block in the others), then the files' contents, block after block. All little-endian.
// apk's own manual page apk-v3(5) is the source; that the result is right is what apk itself says (package_test.go).

// A word names a value.
type word uint32

const (
	wordInt    = 0x10000000
	wordInt32  = 0x20000000
	wordBlob8  = 0x80000000
	wordBlob16 = 0x90000000
	wordBlob32 = 0xa0000000
	wordArray  = 0xd0000000
	wordObject = 0xe0000000

	blockADB  = 0 << 30
	blockData = 2 << 30
)

// An adb collects the values of one block. Equal values are written once, as apk does it.
type adb struct {
	bytes.Buffer
	known map[string]int
}

func newADB() *adb {
	a := &adb{known: map[string]int{}}
	a.Write(make([]byte, 8)) // versions 0 and the root's word, which comes last
	return a
}

func (a *adb) put(b []byte, align int) word {
	key := string(rune(align)) + string(b)
	at, known := a.known[key]
	if !known {
		a.Write(make([]byte, -a.Len()&(align-1)))
		at = a.Len()
		a.Write(b)
		a.known[key] = at
	}
	return word(at)
}

func (a *adb) int(n uint32) word {
	if n < wordInt {
		return wordInt | word(n)
	}
	return wordInt32 | a.put(binary.LittleEndian.AppendUint32(nil, n), 4)
}

func (a *adb) text(s string) word { return a.blob([]byte(s)) }

func (a *adb) blob(b []byte) word {
	switch n := len(b); {
	case n == 0:
		return 0
	case n <= 0xff:
		return wordBlob8 | a.put(append([]byte{byte(n)}, b...), 1)
	case n <= 0xffff:
		return wordBlob16 | a.put(append(binary.LittleEndian.AppendUint16(nil, uint16(n)), b...), 2)
	default:
		return wordBlob32 | a.put(append(binary.LittleEndian.AppendUint32(nil, uint32(n)), b...), 4)
	}
}

// object writes its fields in the schema's order; array its items. Both begin with the number of slots, that one included.
func (a *adb) object(fields ...word) word { return a.slots(wordObject, fields) }
func (a *adb) array(items ...word) word   { return a.slots(wordArray, items) }

func (a *adb) slots(kind word, words []word) word {
	for len(words) > 0 && words[len(words)-1] == 0 {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return 0
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(words)+1))
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, uint32(w))
	}
	return kind | a.put(b, 4)
}

// finish closes the block. The package's identity is a hash of the block as it is with zeros in the identity's place.
func (a *adb) finish(root word, identity []byte) []byte {
	b := a.Bytes()
	binary.LittleEndian.PutUint32(b[4:], uint32(root))
	sum := sha256.Sum256(b)
	at := bytes.Index(b, identity)
	copy(b[at:at+len(identity)], sum[:])
	return b
}

// appendBlock adds a block, filled up to a multiple of eight octets.
func appendBlock(to []byte, kind uint32, parts ...[]byte) []byte {
	size := 4
	for _, p := range parts {
		size += len(p)
	}
	to = binary.LittleEndian.AppendUint32(to, kind|uint32(size))
	for _, p := range parts {
		to = append(to, p...)
	}
	return append(to, make([]byte, -size&7)...)
}
