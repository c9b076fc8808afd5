package web

import (
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// The limits of a jar (H-33).
const (
	maxCookies   = 50
	maxCookie    = 4 << 10
	maxJar       = 64 << 10
	maxSetCookie = 8 << 10 // with attributes
)

// jar holds the cookies of one session (H-30 to H-33). Domains do not matter: a redirect is a verifiable transaction, and
// its target gets the cookies too (H-26). A cookie without Path is sent everywhere, since a redirect may lead to any path.
type jar struct{ cookies []cookie }

type cookie struct {
	name, value, path string
	secure            bool
	ends              time.Time // zero: with the session
}

// store takes the Set-Cookie fields of an answer, whatever its status.
func (j *jar) store(h http.Header, now time.Time) {
	date := now
	if d, err := http.ParseTime(h.Get("Date")); err == nil {
		date = d // Expires is by the server's clock, ours may not be set
	}
	for _, line := range h["Set-Cookie"] {
		if c, ok := parseCookie(line, now, date); ok {
			j.put(c, now)
		}
	}
}

func (j *jar) put(c cookie, now time.Time) {
	i := slices.IndexFunc(j.cookies, func(o cookie) bool { return o.name == c.name && o.path == c.path })
	over := !c.ends.IsZero() && !c.ends.After(now)
	size := len(c.name) + len(c.value)
	for k, o := range j.cookies {
		if k != i {
			size += len(o.name) + len(o.value)
		}
	}
	switch {
	case over && i >= 0:
		j.cookies = slices.Delete(j.cookies, i, i+1)
	case over || size > maxJar:
	case i >= 0:
		j.cookies[i] = c
	case len(j.cookies) < maxCookies:
		j.cookies = append(j.cookies, c)
	}
}

// header returns the value of the Cookie field for a request, "" for none. Longer paths come first (RFC 6265 5.4).
func (j *jar) header(u *url.URL, now time.Time) string {
	var fit []cookie
	for _, c := range j.cookies {
		if (c.ends.IsZero() || c.ends.After(now)) && (!c.secure || u.Scheme == "https") && pathMatch(u.EscapedPath(), c.path) {
			fit = append(fit, c)
		}
	}
	sort.SliceStable(fit, func(i, j int) bool { return len(fit[i].path) > len(fit[j].path) }) // slices would compile a sort for cookie alone
	var b strings.Builder
	for i, c := range fit {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.name + "=" + c.value)
	}
	return b.String()
}

// pathMatch is RFC 6265 5.1.4.
func pathMatch(request, path string) bool {
	rest, ok := strings.CutPrefix(request, path)
	return ok && (rest == "" || strings.HasSuffix(path, "/") || rest[0] == '/')
}

// parseCookie reads one Set-Cookie line (RFC 6265 5.2). The value is kept byte by byte.
func parseCookie(line string, now, date time.Time) (cookie, bool) {
	if len(line) > maxSetCookie {
		return cookie{}, false
	}
	pair, attrs, _ := strings.Cut(line, ";")
	name, value, ok := strings.Cut(pair, "=")
	c := cookie{name: strings.TrimSpace(name), value: strings.TrimSpace(value), path: "/"}
	if !ok || c.name == "" || len(c.name)+len(c.value) > maxCookie || strings.ContainsFunc(c.name+c.value, isControl) {
		return cookie{}, false
	}
	maxAge := false
	for attrs != "" {
		var attr string
		attr, attrs, _ = strings.Cut(attrs, ";")
		key, val, _ := strings.Cut(attr, "=")
		val = strings.TrimSpace(val)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "path":
			c.path = "/"
			if strings.HasPrefix(val, "/") {
				c.path = val
			}
		case "secure":
			c.secure = true
		case "max-age": // wins over Expires
			if secs, err := strconv.ParseInt(val, 10, 64); err == nil {
				maxAge = true
				c.ends = now.Add(time.Duration(min(max(secs, 0), 1<<30)) * time.Second)
			}
		case "expires":
			if t, ok := parseExpires(val); ok && !maxAge {
				c.ends = now.Add(t.Sub(date))
			}
		}
	}
	return c, true
}

// parseExpires reads the date forms that servers use.
func parseExpires(val string) (time.Time, bool) {
	for _, layout := range []string{time.RFC1123, "Mon, 02-Jan-2006 15:04:05 MST", time.RFC850, time.ANSIC, "Mon, 2 Jan 2006 15:04:05 MST"} {
		if t, err := time.Parse(layout, val); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
