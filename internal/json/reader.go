package json

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A Reader goes through one JSON text:
//
//	for r.Open('['); r.More(']'); {
//		list = append(list, r.Text())
//	}
//	err := r.End()
//
// The first error ends the text: what is read after it is empty, and End tells it.
type Reader struct {
	text  string
	at    int
	depth int
	first bool // what follows is the first member of its table or array
	err   error
}

// NewReader reads the text, which must not be longer than the caller can bear.
func NewReader(text []byte) *Reader { return &Reader{text: string(text)} }

// Kind tells what the next value is by its first byte: one of { [ " t f n, and 0 for every number. It is ' ' at the end.
func (r *Reader) Kind() byte {
	switch c := r.peek(); {
	case c == '-' || digit(c):
		return '0'
	case c == 0:
		return ' '
	default:
		return c
	}
}

// Open begins a table '{' or an array '['.
func (r *Reader) Open(bracket byte) {
	if r.want(bracket); r.depth == maxDepth {
		r.fail("too deep")
	}
	r.depth++
	r.first = true
}

// More reports whether another member follows; where none does it takes the closing bracket.
func (r *Reader) More(bracket byte) bool {
	first := r.first
	r.first = false
	switch r.peek() {
	case bracket:
		r.at++
		r.depth--
		return false
	case ',':
		if first {
			r.fail("a comma before the first member")
		}
		r.at++
	default:
		if !first {
			r.fail("want a comma or " + string(bracket))
		}
	}
	return r.err == nil
}

// Key is the name of a member of a table; its value comes next.
func (r *Reader) Key() string {
	key := r.Text()
	r.want(':')
	return key
}

// Text is a string. What is no UTF-8 in it, or half of a surrogate pair, becomes U+FFFD.
func (r *Reader) Text() string {
	r.want('"')
	rest := r.text[r.at:]
	end := strings.IndexByte(rest, '"')
	if plain := rest[:max(end, 0)]; end >= 0 && isPlain(plain) {
		r.at += end + 1
		return plain
	}
	var b strings.Builder
	for r.err == nil {
		c, size := utf8.DecodeRuneInString(r.text[r.at:])
		r.at += size
		switch {
		case c == '"':
			return b.String()
		case c == '\\':
			c = r.escape()
		case c < ' ' || size == 0:
			r.fail("a string does not end")
		}
		b.WriteRune(c)
	}
	return ""
}

func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// escape is the rune that an escape stands for, behind its backslash.
func (r *Reader) escape() rune {
	if r.at == len(r.text) {
		r.fail("a string does not end")
		return 0
	}
	c := r.text[r.at]
	r.at++
	if c == 'u' {
		high := r.hex()
		if rest := r.text[r.at:]; utf16.IsSurrogate(high) && strings.HasPrefix(rest, `\u`) {
			r.at += 2
			if both := utf16.DecodeRune(high, r.hex()); both != utf8.RuneError {
				return both
			}
			if r.err != nil {
				return 0
			}
			r.at -= len(`\u1234`) // it stands for itself
		}
		if utf16.IsSurrogate(high) {
			return utf8.RuneError
		}
		return high
	}
	const letters, stand = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	i := strings.IndexByte(letters, c)
	if i < 0 {
		r.fail("an unknown escape")
		return 0
	}
	return rune(stand[i])
}

func (r *Reader) hex() rune {
	digits := r.text[r.at:min(r.at+4, len(r.text))]
	n, err := strconv.ParseUint(digits, 16, 16)
	if err != nil || len(digits) < 4 {
		r.fail("want four hexadecimal digits")
		return 0
	}
	r.at += 4
	return rune(n)
}

// Number is the text of a number.
func (r *Reader) Number() string {
	r.peek()
	start := r.at
	r.skip("-")
	if r.skip("0") == 0 {
		r.digits()
	}
	if r.skip(".") > 0 {
		r.digits()
	}
	if r.skip("eE") > 0 {
		r.skip("+-")
		r.digits()
	}
	if r.err != nil {
		return ""
	}
	return r.text[start:r.at]
}

// skip takes one byte of set, if it is there.
func (r *Reader) skip(set string) int {
	if r.at < len(r.text) && strings.IndexByte(set, r.text[r.at]) >= 0 {
		r.at++
		return 1
	}
	return 0
}

func (r *Reader) digits() {
	if r.skip("0123456789") == 0 {
		r.fail("want a digit")
	}
	for r.skip("0123456789") > 0 {
	}
}

// Word is true, false or null.
func (r *Reader) Word() string {
	r.peek()
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(r.text[r.at:], word) {
			r.at += len(word)
			return word
		}
	}
	r.fail("want a value")
	return ""
}

// Skip passes over a value of any kind and returns its text.
func (r *Reader) Skip() Raw {
	r.peek()
	start := r.at
	switch r.Kind() {
	case '{':
		for r.Open('{'); r.More('}'); {
			r.Key()
			r.Skip()
		}
	case '[':
		for r.Open('['); r.More(']'); {
			r.Skip()
		}
	case '"':
		r.Text()
	case '0':
		r.Number()
	default:
		r.Word()
	}
	if r.err != nil {
		return nil
	}
	return Raw(r.text[start:r.at])
}

// End tells the first error, also that something follows the value.
func (r *Reader) End() error {
	if r.peek() != 0 {
		r.fail("text after the value")
	}
	return r.err
}

// Err is the first error so far.
func (r *Reader) Err() error { return r.err }

// peek is the next byte that is not blank; 0 at the end. A text that holds a byte 0 there is refused.
func (r *Reader) peek() byte {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
			r.at++
		case 0:
			r.fail("a byte 0")
		default:
			return c
		}
	}
	return 0
}

func (r *Reader) want(c byte) {
	if r.peek() != c {
		r.fail("want " + string(c))
		return
	}
	r.at++
}

func (r *Reader) fail(why string) {
	if r.err == nil {
		r.err = errors.New("json: byte " + strconv.Itoa(r.at) + ": " + why)
	}
	r.text, r.at = "", 0
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
