package model

import "strings"

// splitList returns the items of a raw value: those of a list, or a scalar as the only one; nil for "".
func splitList(raw string) []string {
	if raw == "" {
		return nil
	}
	if raw[0] != ListSep[0] {
		return []string{raw}
	}
	return strings.Split(raw[1:], ListSep)
}

// joinList is the raw list of items; "" for none.
func joinList(items []string) string {
	if len(items) == 0 {
		return ""
	}
	return ListSep + strings.Join(items, ListSep)
}

// eachItem applies a filter to a scalar, or to each item of a list; items that become "" are dropped.
func eachItem(raw string, change func(string) string) string {
	if raw == "" || raw[0] != ListSep[0] {
		return change(raw)
	}
	items := splitList(raw)
	kept := items[:0]
	for _, item := range items {
		if item = change(item); item != "" {
			kept = append(kept, item)
		}
	}
	return joinList(kept)
}

// The items of a comma-separated list cannot hold a comma, nor blanks at their ends: TR-106 §3.2.3 percent-encodes them.
// Nothing else is touched, so that a URL's own %2F stays what it is; a percent sign is encoded only where it would be
// taken for one of ours.
const encodable = ", \t\r\n%"

func encodeItem(item string) string {
	if !strings.ContainsAny(item, encodable) {
		return item
	}
	var b strings.Builder
	for i := range len(item) {
		c := item[i]
		atEnd := i == 0 || i == len(item)-1
		if c == ',' || blankByte(c) && atEnd || c == '%' && ourCode(item[i+1:]) {
			b.WriteByte('%')
			b.WriteByte("0123456789ABCDEF"[c>>4])
			b.WriteByte("0123456789ABCDEF"[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func decodeItem(item string) string {
	if strings.IndexByte(item, '%') < 0 {
		return item
	}
	var b strings.Builder
	for i := 0; i < len(item); i++ {
		code, ok := byte(0), false
		if item[i] == '%' {
			code, ok = percent(item[i+1:])
		}
		if !ok || code == '%' && !ourCode(item[i+3:]) {
			b.WriteByte(item[i])
			continue
		}
		b.WriteByte(code)
		i += 2
	}
	return b.String()
}

// percent reads two hexadecimal digits that stand for a byte we would encode.
func percent(text string) (byte, bool) {
	if len(text) < 2 || !isHex(text[0]) || !isHex(text[1]) {
		return 0, false
	}
	c := unhex(text[0])<<4 | unhex(text[1])
	return c, strings.IndexByte(encodable, c) >= 0
}

func ourCode(text string) bool {
	_, ok := percent(text)
	return ok
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

func blankByte(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
