package cwmptest

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// A checker holds what the CPE sends against the invariants. Its order of messages is that of the ACS, whose lock is held
// in message.
type checker struct {
	inFlight atomic.Int32

	mu      sync.Mutex // guards what follows
	session int
	live    bool            // a session is open
	emptied bool            // the CPE has sent its empty POST while nothing held its requests
	hold    bool            // HoldRequests of our last envelope
	echo    *string         // the ID that the next message has to carry; nil: none of ours waits for an answer
	lastID  string          // of the last Inform
	agreed  string          // namespace that the session's InformResponse made that of our requests; "" is not known
	asked   string          // namespace of the last call of the ACS
	conns   map[string]bool // open connections that were used
	changed chan struct{}   // closed and replaced when conns changes
}

type breach struct{ rule, text string }

func (c *checker) enter() { c.inFlight.Add(1) }
func (c *checker) leave() { c.inFlight.Add(-1) }

// message checks one message and gives it its session.
func (c *checker) message(m *Message, secrets []string) []breach {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []breach
	fail := func(rule, format string, args ...any) {
		found = append(found, breach{rule, fmt.Sprintf(format, args...)})
	}
	c.http(m, fail)
	c.order(m, fail)
	c.envelope(m, secrets, fail)
	m.Session = c.session
	return found
}

type failFunc func(rule, format string, args ...any)

func (c *checker) http(m *Message, fail failFunc) {
	if m.proto != "HTTP/1.1" || m.Header.Get("Expect") != "" || m.length < 0 {
		fail("INV-2", "%s, Expect %q, Content-Length %d", m.proto, m.Header.Get("Expect"), m.length)
	}
	if m.Method != http.MethodPost {
		fail("INV-2", "method %s", m.Method)
	}
	if n := c.inFlight.Load(); n > 1 {
		fail("INV-2", "%d requests at a time", n)
	}
	action, has := m.Header["Soapaction"]
	contentType := m.Header.Get("Content-Type")
	switch {
	case len(m.Body) == 0 && (has || contentType != ""):
		fail("INV-3", "an empty POST with SOAPAction %q, Content-Type %q", action, contentType)
	case len(m.Body) == 0 && m.Header.Get("Content-Length") != "0":
		fail("INV-3", "an empty POST with Content-Length %q", m.Header.Get("Content-Length"))
	case len(m.Body) > 0 && (!has || len(action) != 1 || action[0] != ""):
		fail("INV-3", "SOAPAction %q", action)
	case len(m.Body) > 0 && !strings.HasPrefix(contentType, "text/xml"):
		fail("INV-3", "Content-Type %q", contentType)
	}
}

// order follows the session: who may speak now.
func (c *checker) order(m *Message, fail failFunc) {
	if m.Name == "Inform" {
		if id := m.ID(); !c.live || id != c.lastID {
			c.begin(m, fail)
			c.lastID = id
		}
	} else if !c.live {
		fail("INV-7", "%q outside a session", m.Name)
	}
	switch {
	case m.Name == "":
		if !c.hold {
			c.emptied = true
		}
	case m.IsRequest() && c.emptied:
		fail("INV-10", "a request after the empty POST")
	}
	if c.echo != nil {
		want := *c.echo
		switch {
		case m.Name == "" || m.IsRequest():
			fail("INV-4", "our request %q was not answered", want)
		case m.ID() != want:
			fail("INV-4", "ID %q, want %q", m.ID(), want)
		}
		c.echo = nil
	}
}

func (c *checker) begin(m *Message, fail failFunc) {
	for conn := range c.conns {
		if conn != m.Conn {
			fail("INV-7", "the connection of the session before is still open")
		}
	}
	c.session++
	c.live, c.emptied, c.hold, c.echo, c.agreed, c.asked = true, false, false, nil, "", ""
	if cookie := m.Header.Get("Cookie"); cookie != "" && c.session > 1 { // the first one may have been redirected to us
		fail("H-31", "a new session with the cookie %.40q", cookie)
	}
}

// envelope checks a message by itself.
func (c *checker) envelope(m *Message, secrets []string, fail failFunc) {
	if len(m.Body) == 0 {
		return
	}
	for _, s := range secrets {
		if s != "" && strings.Contains(string(m.Body), s) {
			fail("INV-9", "a secret in the message")
		}
	}
	if m.doc == nil {
		return
	}
	if len(m.Body) <= soap.MaxBytes && (m.Name != "Fault" || m.Element("detail") != nil) {
		if _, err := soap.Parse(m.Body, m.Header.Get("Content-Type")); err != nil {
			fail("INV-1", "%v", err)
			return
		}
	}
	header(m, fail)
	body(m, fail)
	if m.IsRequest() && m.ID() == "" {
		fail("INV-4", "a request without ID")
	}
	c.language(m, fail)
}

// language checks that a message is in the namespace that was agreed on: a request in that of the session, an answer in
// that of what it answers.
func (c *checker) language(m *Message, fail failFunc) {
	want := c.asked
	if m.IsRequest() && m.Name != "Inform" {
		want = c.agreed
	}
	if m.Name != "Inform" && want != "" && m.Namespace() != want {
		fail("INV-1", "in namespace %q, want %q", m.Namespace(), want)
	}
}

// answered follows what the ACS did.
func (c *checker) answered(x *Exchange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x.sent != answerOther { // a redirect or a challenge changes nothing: the same POST comes again
		c.hold = x.hold
	}
	switch c.asked = ""; x.sent {
	case answerRequest:
		c.asked = x.ns
	case answerEnvelope:
		if x.Name == "Inform" {
			c.agreed = min(x.ns, x.Namespace()) // the CPE may have offered less than we know
			if _, version, chosen := strings.Cut(x.header, "UseCWMPVersion"); chosen {
				c.agreed = map[bool]string{true: soap.NS10, false: soap.NS12}[strings.Contains(version, ">1.0<")]
			}
		}
	}
	if x.sent == answerEmpty && c.emptied {
		c.live = false
	}
}

// expectEcho is called before a request is sent.
func (a *ACS) expectEcho(id string) {
	a.check.mu.Lock()
	defer a.check.mu.Unlock()
	a.check.echo = &id
}

// settle gives the connections of the session before a moment to be seen as closed.
func (a *ACS) settle(conn string) { a.check.waitClosed(conn, time.Second) }

// waitClosed waits until no connection is open but the one named, and returns how many others are.
func (c *checker) waitClosed(but string, limit time.Duration) int {
	timeout := time.After(limit)
	for {
		c.mu.Lock()
		others, changed := len(c.conns), c.changed
		if c.conns[but] {
			others--
		}
		c.mu.Unlock()
		if others == 0 {
			return 0
		}
		select {
		case <-changed:
		case <-timeout:
			return others
		}
	}
}

func (a *ACS) connState(conn net.Conn, state http.ConnState) {
	c := &a.check
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
	key := conn.RemoteAddr().String()
	switch state {
	case http.StateActive:
		c.conns[key] = true
	case http.StateClosed, http.StateHijacked:
		delete(c.conns, key)
	}
}

// checkClosed waits a second for the CPE to hang up, unless the test ends in the middle of a session.
func (a *ACS) checkClosed() {
	a.check.mu.Lock()
	live := a.check.live
	a.check.mu.Unlock()
	if live {
		return
	}
	if open := a.check.waitClosed("", time.Second); open > 0 {
		a.violated(Message{}, "INV-8", "%d connections are open a second after the session", open)
	}
}
