package digest

import (
	"strconv"
	"strings"
)

const (
	maxHeader = 4 << 10
	maxParams = 32
)

// params are the parameters of an Authorization header, by lower-case name.
type params map[string]string

// count returns the nonce count, 0 when there is none or it is not up to eight hexadecimal digits.
func (p params) count() uint64 {
	nc := p["nc"]
	n, err := strconv.ParseUint(nc, 16, 32)
	if err != nil || len(nc) > 8 {
		return 0
	}
	return n
}

// parse reads an Authorization header of the Digest scheme: name=value pairs with commas between them, each name once.
// Unknown names are ignored.
func parse(s string) (params, bool) {
	const scheme = "digest "
	if len(s) > maxHeader || len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return nil, false
	}
	p := params{}
	for s = trim(s[len(scheme):]); s != ""; {
		name, rest, found := strings.Cut(s, "=")
		name = strings.ToLower(trim(name))
		if !found || !isToken(name) || len(p) == maxParams {
			return nil, false
		}
		value, after, ok := value(trim(rest))
		if _, twice := p[name]; !ok || twice {
			return nil, false
		}
		p[name] = value
		if after = trim(after); after == "" {
			break
		}
		if after[0] != ',' {
			return nil, false
		}
		s = strings.TrimLeft(after, ", \t")
	}
	return p, true
}

// value reads a token or a quoted string.
func value(s string) (val, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ", \t")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], end > 0
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

func trim(s string) string { return strings.Trim(s, " \t") }

func isToken(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) {
			return false
		}
	}
	return s != ""
}
