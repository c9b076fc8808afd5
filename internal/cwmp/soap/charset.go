package soap

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"
)

// toUTF8 returns body as UTF-8 without a byte order mark. The encoding is told by the mark, else by the charset of
// the Content-Type, else by the XML declaration, else it is UTF-8.
func toUTF8(body []byte, contentType string) ([]byte, error) {
	if rest, ok := bytes.CutPrefix(body, []byte("\xEF\xBB\xBF")); ok {
		return checkUTF8(rest)
	}
	charset := charsetOf(contentType)
	if charset == "" {
		charset = declaredEncoding(body)
	}
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8":
		return checkUTF8(body)
	case "us-ascii", "ascii", "iso-8859-1", "latin1", "iso8859-1":
		return fromLatin1(body), nil
	}
	return nil, fmt.Errorf("character encoding %q is not supported", Truncate(charset, 32))
}

func checkUTF8(b []byte) ([]byte, error) {
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("invalid UTF-8")
	}
	return b, nil
}

func fromLatin1(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

// charsetOf is lenient: ACSs write Content-Types that mime refuses, and then the XML declaration decides.
func charsetOf(contentType string) string {
	if contentType == "" {
		return ""
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(params["charset"])
}

// declaredEncoding reads encoding="…" from an XML declaration in an ASCII-compatible encoding.
func declaredEncoding(b []byte) string {
	if !bytes.HasPrefix(b, []byte("<?xml")) {
		return ""
	}
	end := bytes.Index(b[:min(len(b), 256)], []byte("?>"))
	if end < 0 {
		return ""
	}
	_, rest, ok := strings.Cut(string(b[:end]), "encoding")
	if !ok {
		return ""
	}
	rest = strings.TrimLeft(rest, " \t\r\n=")
	if rest == "" || (rest[0] != '"' && rest[0] != '\'') {
		return ""
	}
	value, _, ok := strings.Cut(rest[1:], rest[:1])
	if !ok {
		return ""
	}
	return value
}
