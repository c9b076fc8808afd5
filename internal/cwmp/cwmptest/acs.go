package cwmptest

import (
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/beevik/etree"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/digest"
)

// An ACS plays its part on a real socket. Its methods may be used by many goroutines.
type ACS struct {
	URL      string
	Patience time.Duration // how long a session without further calls is kept open for one that comes yet

	server *httptest.Server
	digest *digest.Server

	mu         sync.Mutex // guards what follows
	steps      []Step
	calls      []Call
	ns         string
	ids        int
	messages   []Message
	violations []string
	secrets    []string
	user, pass string
	basic      bool
	authorized map[string]bool // connections
	news       chan struct{}   // closed and replaced with every message
	check      checker
}

// New starts an ACS on an address of this machine.
func New() *ACS {
	a := newACS()
	a.server.Start()
	a.URL = a.server.URL + "/acs"
	return a
}

// NewTLS starts an ACS with a certificate that nobody trusts; Certificate is its root.
func NewTLS() *ACS {
	a := newACS()
	a.server.StartTLS()
	a.URL = a.server.URL + "/acs"
	return a
}

// Listen starts an ACS on an address, for the sandbox.
func Listen(address string) (*ACS, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	a := newACS()
	a.server.Listener.Close()
	a.server.Listener = l
	a.server.Start()
	a.URL = a.server.URL + "/acs"
	return a, nil
}

func newACS() *ACS {
	a := &ACS{ns: soap.NS12, news: make(chan struct{}), digest: digest.New("cwmptest"), authorized: map[string]bool{}}
	a.check.conns, a.check.changed = map[string]bool{}, make(chan struct{})
	a.server = httptest.NewUnstartedServer(http.HandlerFunc(a.serve))
	a.server.Config.ConnState = a.connState
	return a
}

// Server is the HTTP server beneath, for its certificate.
func (a *ACS) Server() *httptest.Server { return a.server }

// Close ends the ACS. Connections that the CPE left open a second after its last session are a violation (INV-8).
func (a *ACS) Close() {
	a.checkClosed()
	a.server.CloseClientConnections()
	a.server.Close()
}

// Play adds steps for the next POSTs, in order.
func (a *ACS) Play(steps ...Step) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.steps = append(a.steps, steps...)
}

// Ask queues calls; the polite ACS sends them one by one when the CPE has nothing to say.
func (a *ACS) Ask(calls ...Call) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, calls...)
}

// Left tells how many steps and calls were not played yet.
func (a *ACS) Left() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.steps) + len(a.calls)
}

// Speak sets the CWMP namespace of what the ACS sends.
func (a *ACS) Speak(ns string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ns = ns
}

// RequireDigest lets only those in who know the password; each connection is challenged once.
func (a *ACS) RequireDigest(user, password string) { a.require(user, password, false) }

// RequireBasic does the same with Basic authentication.
func (a *ACS) RequireBasic(user, password string) { a.require(user, password, true) }

func (a *ACS) require(user, password string, basic bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.user, a.pass, a.basic = user, password, basic
	clear(a.authorized)
}

// Secret names a text that no message of the CPE may contain (INV-9).
func (a *ACS) Secret(s string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.secrets = append(a.secrets, s)
}

// Messages returns what the CPE has sent so far.
func (a *ACS) Messages() []Message {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.messages)
}

// Violations returns how the CPE broke the invariants so far.
func (a *ACS) Violations() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.violations)
}

// Wait returns the n-th message (1 is the first) of a name; "" is the empty POST.
func (a *ACS) Wait(ctx context.Context, name string, n int) (Message, error) {
	for {
		a.mu.Lock()
		seen, news := 0, a.news
		for _, m := range a.messages {
			if m.Name == name {
				if seen++; seen == n {
					a.mu.Unlock()
					return m, nil
				}
			}
		}
		a.mu.Unlock()
		select {
		case <-news:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("%d messages %q came, waiting for %d: %w", seen, name, n, ctx.Err())
		}
	}
}

// Pick returns all messages of a name.
func (a *ACS) Pick(name string) []Message {
	var list []Message
	for _, m := range a.Messages() {
		if m.Name == name {
			list = append(list, m)
		}
	}
	return list
}

// Envelopes returns every envelope that came, for a Schema.
func (a *ACS) Envelopes() [][]byte {
	var list [][]byte
	for _, m := range a.Messages() {
		if len(m.Body) > 0 {
			list = append(list, m.Body)
		}
	}
	return list
}

const maxBody = 64 << 20

func (a *ACS) serve(w http.ResponseWriter, r *http.Request) {
	a.check.enter()
	x := &Exchange{ACS: a, w: w, r: r}
	defer x.leave()
	m := Message{Conn: r.RemoteAddr, At: time.Now(), Method: r.Method, URL: r.URL.String(), Header: r.Header.Clone(), proto: r.Proto, length: r.ContentLength}
	if !a.allowed(w, r) {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxBody))
		return
	}
	m.Body, m.doc = a.read(m, r)
	if m.doc != nil {
		if body := m.doc.FindElement("/Envelope/Body"); body != nil && len(body.ChildElements()) > 0 {
			m.Name = body.ChildElements()[0].Tag
		}
	}
	if m.Name == "Inform" {
		a.settle(m.Conn)
	}
	step := a.record(&m)
	x.Message = m
	step(x)
	a.check.answered(x)
}

func (a *ACS) read(m Message, r *http.Request) ([]byte, *etree.Document) {
	var body io.Reader = io.LimitReader(r.Body, maxBody)
	var err error
	switch r.Header.Get("Content-Encoding") {
	case "gzip":
		body, err = gzip.NewReader(body)
	case "deflate":
		body, err = zlib.NewReader(body)
	}
	var text []byte
	if err == nil {
		text, err = io.ReadAll(body)
	}
	if err != nil {
		a.violated(m, "INV-1", "the body cannot be read: %v", err)
		return nil, nil
	}
	if len(text) == 0 {
		return nil, nil
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(text); err != nil {
		a.violated(m, "INV-1", "not XML: %v", err)
		return text, nil
	}
	return text, doc
}

// record keeps a message, checks it, and says how it is answered.
func (a *ACS) record(m *Message) Step {
	a.mu.Lock()
	broken := a.check.message(m, a.secrets)
	a.messages = append(a.messages, *m)
	step := Step(Polite)
	if len(a.steps) > 0 {
		step, a.steps = a.steps[0], a.steps[1:]
	}
	close(a.news)
	a.news = make(chan struct{})
	a.mu.Unlock()
	for _, b := range broken {
		a.violated(*m, b.rule, "%s", b.text)
	}
	return step
}

func (a *ACS) violated(m Message, rule, format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.violations = append(a.violations, fmt.Sprintf("%s: %s %s: %s", rule, m.Method, m.Name, fmt.Sprintf(format, args...)))
}

// allowed answers requests without authorization itself.
func (a *ACS) allowed(w http.ResponseWriter, r *http.Request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.user == "" || a.authorized[r.RemoteAddr] {
		return true
	}
	ok := false
	challenge := `Basic realm="cwmptest"`
	if a.basic {
		user, pass, given := r.BasicAuth()
		ok = given && user == a.user && pass == a.pass
	} else {
		result := a.digest.Check(r.Method, r.RequestURI, r.Header.Get("Authorization"), a.user, a.pass)
		ok = result == digest.OK
		challenge = a.digest.Challenge(result == digest.Stale)
	}
	if ok {
		a.authorized[r.RemoteAddr] = true
		return true
	}
	w.Header().Set("WWW-Authenticate", challenge)
	w.WriteHeader(http.StatusUnauthorized)
	return false
}

// ask sends the next queued call, or 204.
func (a *ACS) ask(x *Exchange) {
	a.waitForCall(x)
	a.mu.Lock()
	var next Call
	if len(a.calls) > 0 {
		next, a.calls = Call(a.fill(string(a.calls[0]))), a.calls[1:]
	}
	a.mu.Unlock()
	if next == "" {
		Empty(x)
		return
	}
	Send(next)(x)
}

func (a *ACS) namespace() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ns
}

func (a *ACS) newID() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ids++
	return "acs-" + strconv.Itoa(a.ids)
}
