package connreq

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// errSilent says that a server did not answer.
var errSilent = errors.New("no answer")

// codeError is the code of a Binding Error Response.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("the server answered with error %d", int(e)) }

// The waits of RFC 3489 9.3: nine requests in 7.9 s, and 1.6 s for the last answer. 0.1, 0.2, 0.4, 0.8, then 1.6 s each.
const (
	firstWait   = 100 * time.Millisecond
	longestWait = 1600 * time.Millisecond
	maxTries    = 9
)

// newID makes 128 random bits. To servers that are silent to those it begins with the magic cookie of RFC 5389.
func newID(cookie bool) (id transaction) {
	rand.Read(id[:]) // never fails
	if cookie {
		binary.BigEndian.PutUint32(id[:], magicCookie)
	}
	return id
}

// ask sends a request from one socket until an answer comes to it or to the other, which may be nil. What is not from the
// server or does not have our id is not an answer (Z-43), nor is what should be signed and is not.
func (s *stun) ask(ctx context.Context, q *stunQuestion, server netip.AddrPort, from, other *link) (a stunAnswer, at *link, err error) {
	message := q.bytes()
	var others chan datagram
	for _, l := range []*link{from, other} {
		if l != nil {
			l.await(server)
			defer l.await(netip.AddrPort{})
		}
	}
	if other != nil {
		others = other.answers
	}
	wait := firstWait
	for range maxTries {
		if err := from.send(message, server); err != nil {
			return a, nil, err
		}
		timer := time.NewTimer(wait)
		for waiting := true; waiting; {
			var d datagram
			select {
			case <-ctx.Done():
				timer.Stop()
				return a, nil, ctx.Err()
			case <-timer.C:
				waiting = false
				continue
			case d = <-from.answers:
				at = from
			case d = <-others:
				at = other
			}
			if a, ok := parseAnswer(d.data); ok && a.id == q.id && d.from == server && (!q.signed || a.code != 0 || a.signedWith(q.pass)) {
				timer.Stop()
				return a, at, nil
			}
		}
		wait = min(2*wait, longestWait)
	}
	return a, nil, errSilent
}

// await says whose answers are taken; those that came before are forgotten.
func (l *link) await(server netip.AddrPort) {
	if !server.IsValid() {
		l.awaited.Store(nil)
		return
	}
	for len(l.answers) > 0 {
		<-l.answers
	}
	l.awaited.Store(&server)
}

// bind asks for our mapping, and signs the request if the server wants that (C-33).
func (s *stun) bind(ctx context.Context, p *peer, changed bool) (netip.AddrPort, error) {
	for {
		q := stunQuestion{id: newID(p.cookie), listens: true, changed: changed, user: p.set.Username, pass: p.set.Password, signed: p.signs}
		a, _, err := s.ask(ctx, &q, p.server, s.primary, nil)
		switch {
		case err != nil:
			return netip.AddrPort{}, err
		case a.code == 0 && a.mapped.IsValid():
			return a.mapped, nil
		case a.code == 0:
			return netip.AddrPort{}, errors.New("the answer holds no address")
		case !q.signed && q.user != "" && wantsSignature(a.code):
			p.signs = true
		default:
			return netip.AddrPort{}, codeError(a.code)
		}
	}
}

// wantsSignature names the errors that a signed request may help against: Unauthorized, Stale Credentials, Missing Username.
func wantsSignature(code int) bool { return code == 401 || code == 430 || code == 432 }

// lives tries whether our mapping is still there: a request from another socket has the server answer to it. If the
// answer comes back to the other socket, the server cannot do that (C-35).
func (s *stun) lives(ctx context.Context, p *peer, mapped netip.AddrPort) (lives, able bool, err error) {
	second, err := s.second()
	if err != nil {
		return false, false, err
	}
	defer second.close()
	q := stunQuestion{id: newID(p.cookie), answerTo: mapped, user: p.set.Username, pass: p.set.Password, signed: p.signs}
	if !q.signed {
		q.user = ""
	}
	_, at, err := s.ask(ctx, &q, p.server, second, s.primary)
	if errors.Is(err, errSilent) {
		return false, true, nil
	}
	return at == s.primary, at == s.primary, err
}
