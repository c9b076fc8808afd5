package uci

import (
	"errors"
	"fmt"
)

// maxValue bounds a word of a file and a value to be written, in bytes.
const maxValue = 64 << 10

// ValidName tells whether s may be the name of a section or an option: letters, digits and _ of ASCII.
func ValidName(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '_' {
			return false
		}
	}
	return s != ""
}

// ValidPackage tells whether s may be the name of a package: as ValidName, and also the dash.
func ValidPackage(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '_' && s[i] != '-' {
			return false
		}
	}
	return s != ""
}

// ValidType tells whether s may be the type of a section: any printable ASCII but the space.
func ValidType(s string) bool {
	for i := range len(s) {
		if s[i] < 33 || s[i] > 126 {
			return false
		}
	}
	return s != ""
}

// CheckValue refuses values that do not belong into a file: with NUL or other control bytes than tab, line feed and
// carriage return, or too long. Everything else is a value, quotes and UTF-8 too.
func CheckValue(s string) error {
	if len(s) > maxValue {
		return fmt.Errorf("value of %d bytes is longer than %d", len(s), maxValue)
	}
	for i := range len(s) {
		if c := s[i]; c < 32 && c != '\t' && c != '\n' && c != '\r' {
			return errors.New("value holds a control character")
		}
	}
	return nil
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// anonymousName is what libuci calls section number n (from 1, named ones counted too) of a package.
func anonymousName(n int, typ string) string {
	h := uint32(5381)
	for i := range len(typ) {
		h = h*33 + uint32(typ[i])
	}
	return fmt.Sprintf("cfg%02x%04x", n, h&0x7fffffff%(1<<16))
}
