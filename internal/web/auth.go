package web

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/icholy/digest"
)

const (
	maxBad   = 2 // refusals of one login for one request (H-43)
	maxStale = 3 // nonces called stale for one request
)

// login is a user name with its password.
type login struct{ user, pass string }

// auth answers challenges. It belongs to one session.
type auth struct {
	logins     []login // newest first (K-12)
	basicPlain bool

	// What is sent unasked since it was right before (H-42), nil for nothing.
	chosen *challenge
	with   login
	origin string // for whom chosen is
	conn   *conn  // for which cnonce was drawn
	cnonce string
	nc     int
}

// tries counts what was refused for one request.
type tries struct {
	bad   map[login]int
	last  login
	stale int
	sent  bool // the last request had an Authorization field
}

// add puts a login before those known.
func (a *auth) add(l login) {
	if l.user == "" && l.pass == "" {
		return
	}
	a.logins = slices.DeleteFunc(a.logins, func(o login) bool { return o == l })
	a.logins = append([]login{l}, a.logins...)
	a.logins = a.logins[:min(len(a.logins), 2)]
}

// forget drops all logins: for a redirect to somebody else.
func (a *auth) forget() { a.logins, a.chosen = nil, nil }

// header returns the Authorization field for a request on a connection, "" for none.
func (a *auth) header(method string, u *url.URL, c *conn) (string, error) {
	if a.chosen == nil || a.origin != c.origin {
		return "", nil
	}
	if a.chosen.basic {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.with.user+":"+a.with.pass)), nil
	}
	if a.conn != c {
		if a.chosen.session && a.nc > 0 {
			return "", nil // its key is bound to the cnonce of the old connection
		}
		a.conn, a.cnonce = c, newCnonce()
	}
	a.nc++
	return a.chosen.answer(a.with, method, u.RequestURI(), a.cnonce, a.nc)
}

// challenged chooses how to answer a 401, or says why it cannot.
func (a *auth) challenged(resp *http.Response, c *conn, t *tries) error {
	best, refused := a.strongest(resp.Header["Www-Authenticate"], c.secure())
	if t.sent && len(resp.Header["Www-Authenticate"]) == 0 { // refused for good: GenieACS challenges once per connection
		t.refuse(a.with)
		if other, ok := t.next(a.logins); ok && other != a.with {
			a.chosen = nil // without credentials there will be a challenge for the other ones
			return nil
		}
		return a.denied(resp, c)
	}
	if best == nil {
		return &failure{kind: ErrAuth, doing: "answer the challenge of " + c.origin + ": " + refused, err: &StatusError{resp.StatusCode}}
	}
	if len(a.logins) == 0 {
		return &failure{kind: ErrAuth, doing: "no user name and password for " + c.origin, err: &StatusError{resp.StatusCode}}
	}
	chosen, ok := a.with, true
	switch {
	case t.sent && best.params.Stale && t.stale < maxStale:
		t.stale++
	case t.sent:
		t.refuse(a.with)
		chosen, ok = t.next(a.logins)
	default:
		chosen, ok = t.next(a.logins)
	}
	if !ok {
		return a.denied(resp, c)
	}
	a.chosen, a.with, a.origin, a.nc, a.conn = best, chosen, c.origin, 0, nil
	return nil
}

func (a *auth) denied(resp *http.Response, c *conn) error {
	return &failure{kind: ErrAuth, doing: c.origin + " refuses our user name or password", err: &StatusError{resp.StatusCode}}
}

func (t *tries) refuse(l login) {
	if t.bad == nil {
		t.bad = map[login]int{}
	}
	t.bad[l]++
	t.last = l
}

// next returns the login that was refused least, of several the newest, but not the same twice in a row.
func (t *tries) next(logins []login) (login, bool) {
	var best login
	found := false
	for _, l := range logins {
		n := t.bad[l]
		if n < maxBad && (!found || n < t.bad[best] || n == t.bad[best] && best == t.last) {
			best, found = l, true
		}
	}
	return best, found
}

// strongest returns the best challenge that can be answered, or nil and why none can.
func (a *auth) strongest(fields []string, secure bool) (best *challenge, refused string) {
	refused = "none is Basic or Digest"
	for _, c := range parseChallenges(fields) {
		switch {
		case c.basic && !secure && !a.basicPlain:
			refused = "Basic without TLS would show the password" // H-40
		case c.rank == 0:
			refused = "unknown algorithm or quality of protection" // auth-int alone is one (H-43)
		case best == nil || c.rank > best.rank:
			best = &c
		}
	}
	return best, refused
}

// answer computes the value of an Authorization field.
func (c *challenge) answer(l login, method, uri, cnonce string, nc int) (string, error) {
	chal, o := c.params, digest.Options{Method: method, URI: uri, Username: l.user, Password: l.pass, Count: nc, Cnonce: cnonce}
	if c.session { // RFC 7616 3.4.2; the library knows only the plain algorithms
		chal.Algorithm = strings.TrimSuffix(strings.ToUpper(chal.Algorithm), "-SESS")
		o.A1 = c.hash(c.hash(l.user+":"+chal.Realm+":"+l.pass) + ":" + chal.Nonce + ":" + cnonce)
	}
	cred, err := digest.Digest(&chal, o)
	if err != nil {
		return "", failf(ErrAuth, err, "digest")
	}
	cred.Algorithm = c.params.Algorithm
	value := cred.String()
	if c.session && cred.QOP == "" {
		value += fmt.Sprintf(", cnonce=%q", cnonce)
	}
	return value, nil
}

func newCnonce() string { return rand.Text() }
