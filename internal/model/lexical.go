package model

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// unknownTime is TR-106's "Unknown Time".
const unknownTime = "0001-01-01T00:00:00Z"

// parsers read the lexical forms of XML Schema and check the ranges of a type. They return canonical text.
var parsers = [...]func(t *Type, text string) (string, error){
	BaseAny:          parseString,
	BaseString:       parseString,
	BaseInt:          parseSigned,
	BaseUnsignedInt:  parseUnsigned,
	BaseLong:         parseSigned,
	BaseUnsignedLong: parseUnsigned,
	BaseBoolean:      parseBoolean,
	BaseDateTime:     parseDateTime,
	BaseBase64:       parseBase64,
	BaseHexBinary:    parseHex,
	BaseDecimal:      parseDecimal,
}

// parseString counts characters, not bytes, and refuses what XML 1.0 cannot carry back.
func parseString(t *Type, text string) (string, error) {
	if printable(text) != text {
		return "", errors.New("characters that XML cannot carry")
	}
	return text, t.checkLength(utf8.RuneCountInString(text), "characters")
}

func (t *Type) checkLength(n int, unit string) error {
	if t.inRanges(int64(n)) {
		return nil
	}
	return fmt.Errorf("%d %s, expected %s", n, unit, t.rangesText())
}

func (t *Type) inRanges(n int64) bool {
	for _, r := range t.Ranges {
		if (!r.HasMin || n >= r.Min) && (!r.HasMax || n <= r.Max) {
			return true
		}
	}
	return len(t.Ranges) == 0
}

func (t *Type) rangesText() string {
	parts := make([]string, len(t.Ranges))
	for i, r := range t.Ranges {
		parts[i] = r.String()
	}
	return strings.Join(parts, ", ")
}

var errNumber = errors.New("not a decimal number")

// digits takes apart an optional sign and ASCII digits, and drops the zeros that say nothing. Nothing else is a number:
// no 0x10, no 1e9, no NaN, no digits of other scripts (Z-28).
func digits(text string) (negative bool, abs string, err error) {
	text = trim(text)
	if text != "" && (text[0] == '+' || text[0] == '-') {
		negative = text[0] == '-'
		text = text[1:]
	}
	if text == "" {
		return false, "", errNumber
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false, "", errNumber
		}
	}
	abs = strings.TrimLeft(text, "0")
	if abs == "" {
		return false, "0", nil
	}
	return negative, abs, nil
}

func parseSigned(t *Type, text string) (string, error) {
	negative, abs, err := digits(text)
	if err != nil {
		return "", err
	}
	if negative {
		abs = "-" + abs
	}
	bits := 64
	if t.item == BaseInt {
		bits = 32
	}
	n, err := strconv.ParseInt(abs, 10, bits)
	if err != nil {
		return "", fmt.Errorf("out of range of %s", t.item)
	}
	return abs, t.checkNumber(n)
}

func parseUnsigned(t *Type, text string) (string, error) {
	negative, abs, err := digits(text)
	if err != nil {
		return "", err
	}
	bits := 64
	if t.item == BaseUnsignedInt {
		bits = 32
	}
	n, err := strconv.ParseUint(abs, 10, bits)
	if err != nil || negative {
		return "", fmt.Errorf("out of range of %s", t.item)
	}
	return abs, t.checkNumber(int64(min(n, math.MaxInt64)))
}

func (t *Type) checkNumber(n int64) error {
	if t.inRanges(n) {
		return nil
	}
	return fmt.Errorf("out of range, expected %s", t.rangesText())
}

func parseBoolean(_ *Type, text string) (string, error) {
	switch trim(text) {
	case "1", "true":
		return "true", nil
	case "0", "false":
		return "false", nil
	}
	return "", errors.New("not a boolean, expected true, false, 1 or 0")
}

func parseDecimal(t *Type, text string) (string, error) {
	text = trim(text)
	if len(text) > 128 {
		return "", errors.New("too long for a decimal number")
	}
	sign := ""
	if text != "" && (text[0] == '-' || text[0] == '+') {
		sign, text = strings.TrimPrefix(text[:1], "+"), text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return "", errNumber
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		whole += "." + fraction
	}
	if whole == "0" {
		sign = ""
	}
	return sign + whole, t.checkDecimal(sign + whole)
}

func (t *Type) checkDecimal(text string) error {
	if len(t.Ranges) == 0 {
		return nil
	}
	n, _ := new(big.Rat).SetString(text)
	for _, r := range t.Ranges {
		if (!r.HasMin || n.Cmp(new(big.Rat).SetInt64(r.Min)) >= 0) && (!r.HasMax || n.Cmp(new(big.Rat).SetInt64(r.Max)) <= 0) {
			return nil
		}
	}
	return fmt.Errorf("out of range, expected %s", t.rangesText())
}

var errTime = errors.New("not a date and time such as 2030-12-31T23:59:59Z")

// parseDateTime checks that the day exists (2026-02-30 does not) and keeps the text: the zone is part of what was said.
func parseDateTime(_ *Type, text string) (string, error) {
	text = trim(text)
	if _, _, err := readTime(text); err != nil {
		return "", err
	}
	return text, nil
}

// readTime reads an XML Schema dateTime; zoned is false when it names no time zone.
func readTime(text string) (at time.Time, zoned bool, err error) {
	const form = "2006-01-02T15:04:05"
	if len(text) < len(form) || len(text) > 40 || text[:4] == "0000" {
		return at, false, errTime
	}
	rest := text[len(form):]
	if rest != "" && rest[0] == '.' {
		rest = strings.TrimLeft(rest[1:], "0123456789")
		if text[len(text)-len(rest)-1] == '.' {
			return at, false, errTime
		}
	}
	switch {
	case rest == "" || rest == "Z":
	case len(rest) == 6 && (rest[0] == '+' || rest[0] == '-') && rest[1:] <= "14:00":
		if _, err := time.Parse("15:04", rest[1:]); err != nil {
			return at, false, errTime
		}
	default:
		return at, false, errTime
	}
	if at, err = time.Parse(form, text[:len(form)]); err != nil {
		return at, false, errTime
	}
	if len(rest) == 6 {
		offset, _ := time.Parse("-07:00", rest)
		_, seconds := offset.Zone()
		at = at.Add(-time.Duration(seconds) * time.Second)
	}
	return at, rest != "", nil
}

// parseBase64 takes line breaks as senders put them in, and counts decoded octets (9.8).
func parseBase64(t *Type, text string) (string, error) {
	if strings.ContainsAny(text, " \t\r\n") {
		text = strings.Map(func(c rune) rune {
			if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
				return -1
			}
			return c
		}, text)
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return "", errors.New("not base64")
	}
	return text, t.checkLength(len(data), "octets")
}

func parseHex(t *Type, text string) (string, error) {
	text = trim(text)
	for i := range len(text) {
		if !isHex(text[i]) {
			return "", errors.New("not hexadecimal")
		}
	}
	if len(text)%2 != 0 {
		return "", errors.New("an odd number of hexadecimal digits")
	}
	return text, t.checkLength(len(text)/2, "octets")
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

// truth reads the booleans that OpenWrt writes.
func truth(raw string) (yes, ok bool) {
	switch trim(raw) {
	case "1", "true", "on", "yes", "enabled", "True", "TRUE":
		return true, true
	case "0", "false", "off", "no", "disabled", "False", "FALSE", "":
		return false, true
	}
	return false, false
}

func boolText(yes bool) string {
	if yes {
		return "true"
	}
	return "false"
}

// trim drops XML's white space around text.
func trim(text string) string { return strings.Trim(text, " \t\r\n") }

// printable replaces what XML 1.0 has no way to say: broken UTF-8 and control characters.
func printable(text string) string {
	clean := true
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			clean = false
			break
		}
	}
	if clean {
		return text
	}
	return strings.Map(func(c rune) rune {
		switch {
		case c < ' ' && c != '\t' && c != '\n' && c != '\r', c == 0xFFFE, c == 0xFFFF:
			return utf8.RuneError
		}
		return c
	}, text)
}
