package source

import (
	"strings"
	"unicode/utf8"

	"github.com/cwmpd/cwmpd/internal/model"
)

// maxValue is the longest value that is read or written, in bytes.
const maxValue = 64 << 10

// clean makes raw text fit for the tree: at most maxValue bytes of valid UTF-8 and no list separator, which would let
// a file or a reply forge a list.
func clean(s string) string {
	if len(s) > maxValue {
		s = s[:maxValue]
		for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
		if n := len(s); n > 0 && s[n-1] >= utf8.RuneSelf {
			s = s[:n-1]
		}
	}
	if strings.IndexByte(s, model.ListSep[0]) >= 0 {
		s = strings.ReplaceAll(s, model.ListSep, "")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

// joinList makes the raw form of a list. A list longer than maxValue loses its last items.
func joinList(items []string) string {
	n := 0
	for _, it := range items {
		n += len(it) + 1
	}
	b := make([]byte, 0, min(n, maxValue))
	for _, it := range items {
		it = clean(it)
		if len(b)+1+len(it) > maxValue {
			break
		}
		b = append(append(b, model.ListSep[0]), it...)
	}
	return string(b)
}

// splitList is the inverse of joinList; a value that is not a list reports false.
func splitList(value string) ([]string, bool) {
	rest, ok := strings.CutPrefix(value, model.ListSep)
	if !ok {
		return nil, false
	}
	return strings.Split(rest, model.ListSep), true
}
