package web

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Response is an answer of the ACS.
type Response struct {
	Status    int
	Header    http.Header
	Body      []byte   // decoded
	URL       string   // where the answer came from, after redirects
	LocalAddr net.Addr // our end of the connection
}

// Session is the HTTP side of one CWMP session: one connection at a time (H-9), its own cookies, its own proof of identity.
// Where redirects have led counts for the rest of the session and no longer (H-22). It is used by one goroutine.
type Session struct{ c *client }

// NewSession prepares a session with the ACS at acsURL; nothing is sent yet. An empty user name and password are none.
func NewSession(cfg Config, acsURL, username, password string) (*Session, error) {
	cfg = cfg.withDefaults()
	home, err := parseURL(acsURL)
	if err != nil {
		return nil, err
	}
	c := &client{
		cfg: cfg, dialer: newDialer(cfg), jar: &jar{}, home: home, at: home,
		further: redirectPolicy{allowDowngrade: cfg.AllowDowngrade},
	}
	c.auth.basicPlain = cfg.AllowBasicPlain
	c.auth.add(login{username, password})
	return &Session{c}, nil
}

// Post sends one message and returns the answer, whatever its status: also one that means failure, but for a redirect (it is
// followed) and a challenge (it is answered; if that is impossible or refused, the error is ErrAuth).
//
// The keys of header are sent as they are spelled (H-4), Content-Length always (H-13); User-Agent is added. An answer in gzip or
// deflate is decoded, unless header has an Accept-Encoding that does not name it (H-18).
func (s *Session) Post(ctx context.Context, header http.Header, body []byte) (*Response, error) {
	resp, err := s.c.do(ctx, &message{
		method: http.MethodPost, header: header, body: bytes.NewReader(body), size: int64(len(body)),
	})
	if err != nil {
		s.c.drop()
		s.c.cfg.Affinity.set(strings.ToLower(s.c.at.Hostname()), netip.Addr{}) // the next session may have more luck elsewhere
		return nil, err
	}
	out := &Response{Status: resp.StatusCode, Header: resp.Header, URL: s.c.at.String(), LocalAddr: s.c.conn.LocalAddr()}
	raw, err := s.readBody(ctx, resp)
	if err == nil {
		out.Body, err = decode(raw, resp.Header, header, s.c.cfg.MaxBody)
	}
	if err != nil {
		s.c.drop()
		return nil, err
	}
	return out, nil
}

// readBody reads a whole answer, in the time and the size that Config allows.
func (s *Session) readBody(ctx context.Context, resp *http.Response) ([]byte, error) {
	c, limit := s.c.conn, s.c.cfg.MaxBody
	if resp.ContentLength > limit {
		return nil, failf(ErrTooLarge, nil, "answer of %d bytes", resp.ContentLength)
	}
	defer c.obey(ctx)()
	c.setReadDeadline(ctx, s.c.cfg.BodyTimeout)
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, bodyFailure(ctx, err, s.c.at.Host)
	case int64(len(body)) > limit:
		return nil, failf(ErrTooLarge, nil, "answer of more than %d bytes", limit)
	}
	s.c.release(resp, true)
	return body, nil
}

// SetCredentials gives credentials that replace those of NewSession. What the ACS has accepted stays in use; at its next
// challenge the new ones are tried first, and the old ones after them (K-12).
func (s *Session) SetCredentials(username, password string) { s.c.auth.add(login{username, password}) }

// Close ends the session: the connection is closed and all cookies are forgotten (H-12, H-31). The next Post starts anew.
func (s *Session) Close() {
	s.c.drop()
	s.c.jar.cookies = nil
	s.c.auth.chosen = nil
	s.c.at = s.c.home
}
