package web

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// Response is an answer of the ACS.
type Response struct {
	Status    int
	Header    http.Header
	Body      []byte
	URL       string   // where the answer came from, after redirects
	LocalAddr net.Addr // our end of the connection
}

// Session is the HTTP side of one CWMP session.
type Session struct{ cfg Config }

// NewSession prepares a session with the ACS at acsURL; nothing is sent yet.
func NewSession(cfg Config, acsURL, username, password string) (*Session, error) {
	return &Session{cfg: cfg}, nil
}

// Post sends one message and returns the answer, whatever its status.
func (s *Session) Post(ctx context.Context, header http.Header, body []byte) (*Response, error) {
	return nil, errors.New("not yet")
}

// SetCredentials gives credentials that replace those of NewSession: at the next challenge they are tried first, and the
// old ones after them (K-12).
func (s *Session) SetCredentials(username, password string) {}

// Close ends the session: the connection is closed and all cookies are forgotten.
func (s *Session) Close() {}
