package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxRedirects is how many may follow each other (H-23).
const maxRedirects = 5

// redirectPolicy says which redirects are followed.
type redirectPolicy struct{ allowDowngrade bool }

// target returns where an answer sends us, nil if it does not. The method and the body stay what they are (H-20), so
// "303 See Other" is followed by a GET only.
func (p redirectPolicy) target(method string, from *url.URL, resp *http.Response) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	case http.StatusSeeOther:
		if method != http.MethodGet {
			return nil, nil
		}
	default:
		return nil, nil
	}
	locations := slices.Compact(slices.Clone(resp.Header["Location"]))
	if len(locations) != 1 || locations[0] == "" {
		return nil, failf(ErrRedirect, nil, "redirect of %s with %d locations", from.Host, len(locations))
	}
	raw := locations[0]
	if len(raw) > maxURL || strings.ContainsFunc(raw, isControl) {
		return nil, failf(ErrRedirect, nil, "redirect of %s to a URL that is too long or has control characters", from.Host)
	}
	u, err := from.Parse(raw) // may be relative (H-26)
	if err == nil {
		err = checkURL(u)
	}
	if err != nil {
		return nil, failf(ErrRedirect, err, "redirect of %s", from.Host)
	}
	if from.Scheme == "https" && u.Scheme == "http" && !p.allowDowngrade {
		return nil, failf(ErrRedirect, nil, "redirect of %s from https to http", from.Host) // H-24
	}
	return u, nil
}

// sameServer reports whether two URLs are of one server, by name; the usual step from http to https is no other server.
func sameServer(a, b *url.URL) bool {
	if !strings.EqualFold(a.Hostname(), b.Hostname()) {
		return false
	}
	upgrade := a.Scheme == "http" && b.Scheme == "https" && portOf(a) == "80" && portOf(b) == "443"
	return upgrade || a.Scheme == b.Scheme && portOf(a) == portOf(b)
}
