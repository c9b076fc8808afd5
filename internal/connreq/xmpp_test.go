package connreq

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/connreq/xmpptest"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/web"
)

// patient is how long anything may take that has to come.
const patient = 30 * time.Second

var testCA = sync.OnceValue(xmpptest.NewCA)

// tlsFor is a server's side of TLS with a certificate for a name.
func tlsFor(t *testing.T, name string) *tls.Config {
	t.Helper()
	cert, key := testCA().Issue(name)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

// A line is an agent's XMPP and a server, with what a test may change before it starts.
type line struct {
	*XMPP
	t      *testing.T
	server *xmpptest.Server
	root   string
	mu     sync.Mutex
	config config.XMPP   // guarded by mu
	asked  chan struct{} // one for each accepted request
	told   chan struct{} // one slot
	log    *lockedLog
	stop   func()
}

type lockedLog struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const secret = "open sesame, = and äöü"

// newLine is a connection to a server for example.net with TLS that does as a server should.
func newLine(t *testing.T) *line {
	t.Helper()
	l := &line{t: t, root: t.TempDir(), log: &lockedLog{}, told: make(chan struct{}, 1), asked: make(chan struct{}, 100)}
	l.server = &xmpptest.Server{Domain: "example.net", User: "cpe,1=x", Password: secret, TLS: tlsFor(t, "example.net"), TLSRequired: true,
		Mechanisms: []string{"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"}}
	c := config.Default().XMPP
	c.Section, c.Enable, c.Username, c.Password, c.Domain, c.Resource = "x", true, "cpe,1=x", secret, "example.net", "router"
	c.UseTLS, c.RetryInitial = true, 1
	l.config = c
	dir := filepath.Join(l.root, "etc/ssl/certs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), testCA().PEM, 0o644); err != nil {
		t.Fatal(err)
	}
	l.renew()
	return l
}

// renew makes the agent's side anew, as a restart does.
func (l *line) renew() {
	l.t.Helper()
	store, err := state.Open(l.root, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	l.XMPP = NewXMPP(XMPPConfig{
		Settings:    func() config.XMPP { l.mu.Lock(); defer l.mu.Unlock(); return l.config },
		Credentials: func() (string, string) { return "acs", "knock, knock" },
		Web:         func() web.Config { return web.Config{Root: l.root, AllowLocal: true} },
		OnRequest:   func() { l.asked <- struct{}{} },
		OnChange:    func() { poke(l.told) },
		Store:       store,
		Log:         slog.New(l.log, slog.LevelDebug),
	})
}

// set changes the configuration.
func (l *line) set(change func(c *config.XMPP)) {
	l.mu.Lock()
	change(&l.config)
	l.mu.Unlock()
	l.Reload()
}

// start runs both sides.
func (l *line) start() {
	l.t.Helper()
	port := freePort(l.t)
	l.server.Start(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)).String())
	l.t.Cleanup(l.server.Close)
	l.lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	l.lookupSRV = func(context.Context, string) ([]*net.SRV, error) {
		return []*net.SRV{{Target: "xmpp.example.net.", Port: uint16(port)}}, nil
	}
	l.run()
}

func (l *line) run() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { l.Run(ctx); close(ended) }()
	l.stop = sync.OnceFunc(func() { cancel(); <-ended })
	l.t.Cleanup(func() {
		l.stop()
		log := l.log.String()
		if strings.Contains(log, secret) || strings.Contains(log, "knock, knock") {
			l.t.Error("INV-9: a password is in the log")
		}
		if l.t.Failed() {
			l.t.Log(log)
		}
	})
}

// client waits for the n-th time that the agent was let in.
func (l *line) client(n int) *xmpptest.Client {
	l.t.Helper()
	c, err := l.server.Client(n, patient)
	if err != nil {
		l.t.Fatal(err, l.State())
	}
	return c
}

// status waits until the connection is as it should be.
func (l *line) status(want string) XMPPState {
	l.t.Helper()
	for deadline := time.After(patient); ; {
		s := l.State()
		if s.Status == want {
			return s
		}
		select {
		case <-l.told:
		case <-deadline:
			l.t.Fatalf("status %s, want %s", s.Status, want)
		}
	}
}

// ask sends a stanza and wants this answer.
func (l *line) ask(c *xmpptest.Client, stanza, want string) {
	l.t.Helper()
	got, err := c.Ask(stanza, patient)
	if err != nil || got != want {
		l.t.Errorf("%s\nanswered with %s, %v\nwant          %s", stanza, got, err, want)
	}
}

// heard waits until a request was told upwards.
func (l *line) heard() {
	l.t.Helper()
	select {
	case <-l.asked:
	case <-time.After(patient):
		l.t.Fatal("an accepted request was not told upwards")
	}
}

func TestXMPPLetsUsIn(t *testing.T) {
	for _, c := range []struct {
		name      string
		prepare   func(l *line)
		mechanism string
	}{
		{"C-54 SCRAM-SHA-256 within TLS", func(*line) {}, "SCRAM-SHA-256"},
		{"C-54 bound to TLS 1.3, without a word on how", func(l *line) {
			l.server.Mechanisms = []string{"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}
		}, "SCRAM-SHA-256-PLUS"},
		{"C-54 bound by the exporter", func(l *line) {
			l.server.Mechanisms = []string{"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"}
			l.server.Bindings = []string{"tls-server-end-point", "tls-exporter"}
		}, "SCRAM-SHA-1-PLUS"},
		{"C-54 bound to the certificate", func(l *line) {
			l.server.Mechanisms = []string{"SCRAM-SHA-256-PLUS"}
			l.server.Bindings = []string{"tls-server-end-point"}
			l.server.TLS.MaxVersion = tls.VersionTLS12
		}, "SCRAM-SHA-256-PLUS"},
		{"C-54 no binding that both know", func(l *line) {
			l.server.Mechanisms = []string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}
			l.server.Bindings = []string{"tls-unique"}
		}, "SCRAM-SHA-256"},
		{"C-54 SCRAM-SHA-1, last words in a challenge", func(l *line) {
			l.server.Mechanisms = []string{"SCRAM-SHA-1"}
			l.server.LastWords = true
		}, "SCRAM-SHA-1"},
		{"C-54 PLAIN within TLS", func(l *line) { l.server.Mechanisms = []string{"PLAIN"} }, "PLAIN"},
		{"C-54 a server of RFC 3921", func(l *line) { l.server.Session = true }, "SCRAM-SHA-256"},
		{"C-54 TLS since the ACS wants it", func(l *line) { l.server.TLSRequired = false }, "SCRAM-SHA-256"},
		{"C-54 TLS since the server wants it", func(l *line) { l.config.UseTLS = false }, "SCRAM-SHA-256"},
		{"C-54 nobody wants TLS", func(l *line) { l.config.UseTLS = false; l.server.TLSRequired = false }, "SCRAM-SHA-256"},
		{"C-54 DNS-SRV has nothing, so the domain itself", func(l *line) { l.config.Algorithm = "" }, "SCRAM-SHA-256"},
		{"C-54 ServerTable", func(l *line) { l.config.Algorithm = "ServerTable" }, "SCRAM-SHA-256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLine(t)
			c.prepare(l)
			switch alg := l.config.Algorithm; alg {
			case "":
				l.dial = viaServer(l)
				l.config.Algorithm = "DNS-SRV"
				l.server.Start("127.0.0.1:0")
				t.Cleanup(l.server.Close)
				l.lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
					if host != "example.net" {
						t.Errorf("looked up %q", host)
					}
					return []netip.Addr{netip.MustParseAddr("127.0.0.7")}, nil
				}
				l.lookupSRV = func(context.Context, string) ([]*net.SRV, error) { return nil, &net.DNSError{IsNotFound: true} }
				l.run()
			case "ServerTable":
				l.server.Start("127.0.0.1:0")
				t.Cleanup(l.server.Close)
				l.dial = viaServer(l)
				l.config.Servers[0] = config.XMPPServer{Enable: true, Address: "127.0.0.1", Port: 5222}
				l.run()
			default:
				l.start()
			}
			cl := l.client(0)
			secure := c.name != "C-54 nobody wants TLS"
			if cl.Mechanism != c.mechanism || cl.TLS != secure {
				t.Errorf("%s, TLS %v; want %s, %v", cl.Mechanism, cl.TLS, c.mechanism, secure)
			}
			if s := l.status(XMPPEnabled); s.TLS != secure || s.Section != "x" {
				t.Errorf("the state is %+v", s)
			}
			if got, want := l.JabberID(), "cpe,1=x@example.net/router"; got != want {
				t.Errorf("C-50 JabberID %q, want %q", got, want)
			}
		})
	}
}

// viaServer dials the test's server in place of port 5222.
func viaServer(l *line) func(context.Context, netip.AddrPort) (net.Conn, error) {
	return func(ctx context.Context, at netip.AddrPort) (net.Conn, error) {
		if at.Port() != xmppPort {
			l.t.Errorf("dials %v", at)
		}
		return web.Dial(ctx, l.cfg.Web(), l.server.Addr())
	}
}

func TestXMPPKeepsOut(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(l *line)
		want    string
	}{
		{"C-54 wrong password", func(l *line) { l.config.Password = "wrong" }, XMPPAuthFailed},
		{"C-54 wrong password, PLAIN", func(l *line) { l.config.Password = "wrong"; l.server.Mechanisms = []string{"PLAIN"} }, XMPPAuthFailed},
		{"C-54 a server that does not know the password", func(l *line) { l.server.Forged = true }, XMPPAuthFailed},
		{"Z-46 no TLS offered though it is wanted", func(l *line) { l.server.TLS = nil }, XMPPMisconfigured},
		{"Z-46 PLAIN without TLS", func(l *line) {
			l.server.TLS, l.config.UseTLS, l.server.Mechanisms = nil, false, []string{"PLAIN"}
		}, XMPPMisconfigured},
		{"C-54 the certificate of somebody else", func(l *line) { l.server.TLS = tlsFor(l.t, "example.org") }, XMPPError},
		{"C-54 the certificate of the host, not of the domain", func(l *line) { l.server.TLS = tlsFor(l.t, "xmpp.example.net") }, XMPPError},
		{"C-54 a certificate nobody vouches for", func(l *line) {
			if err := os.WriteFile(filepath.Join(l.root, "etc/ssl/certs/ca.pem"), xmpptest.NewCA().PEM, 0o644); err != nil {
				l.t.Fatal(err)
			}
		}, XMPPError},
		{"C-54 mechanisms that nobody should use", func(l *line) { l.server.Mechanisms = []string{"DIGEST-MD5", "ANONYMOUS", "X-OAUTH2"} }, XMPPMisconfigured},
		{"Z-46 too few rounds", func(l *line) { l.server.Rounds = 1 }, XMPPError},
		{"Z-46 too many rounds", func(l *line) { l.server.Rounds = 2_000_000_000 }, XMPPError},
		{"Z-46 bytes before TLS", func(l *line) {
			l.server.Hook = at("proceed", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><stream:features/>!")
		}, XMPPError},
		{"Z-46 no TLS after all", func(l *line) {
			l.server.Hook = at("proceed", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>!")
		}, XMPPError},
		{"Z-46 success without a proof", func(l *line) {
			l.server.Hook = at("auth", "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>!")
		}, XMPPAuthFailed},
		{"Z-46 the account is not there today", func(l *line) {
			l.server.Hook = at("auth", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><temporary-auth-failure/></failure>!")
		}, XMPPError},
		{"Z-46 HTTP", func(l *line) { l.server.Hook = at("open", "HTTP/1.1 400 Bad Request\r\n\r\n<html></html>!") }, XMPPError},
		{"Z-46 a DTD", func(l *line) {
			l.server.Hook = at("open", "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'bbbb'>]><stream:stream>!")
		}, XMPPError},
		{"Z-46 features of too many elements", func(l *line) {
			l.server.Hook = at("open", openTag+"<stream:features>"+strings.Repeat("<a/>", maxElements)+"!")
		}, XMPPError},
		{"Z-46 another host to go to", func(l *line) {
			l.server.Hook = at("open", openTag+"<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:1</see-other-host></stream:error></stream:stream>")
		}, XMPPError},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLine(t)
			l.config.RetryInitial = 3600
			c.prepare(l)
			l.start()
			if l.status(c.want); l.JabberID() != "" {
				t.Errorf("C-50 JabberID %q though we were not let in", l.JabberID())
			}
		})
	}
}

const openTag = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"

// at is a hook that says something at one step, the first time it comes to it.
func at(step, text string) func(string) string {
	var once sync.Once
	return func(now string) (say string) {
		if now == step {
			once.Do(func() { say = text })
		}
		return say
	}
}

const own = "cpe,1=x@example.net/router"

func TestXMPPRequests(t *testing.T) { // T-321, T-322
	l := newLine(t)
	l.config.AllowedJIDs = "ACS@ISP.example\nboss@isp.example/Desk"
	l.start()
	c := l.client(0)
	ok := func(id, from string) string {
		return "<iq id='" + id + "' from='" + own + "' to='" + from + "' type='result'/>"
	}
	refused := func(id, from string) string {
		return "<iq id='" + id + "' from='" + own + "' to='" + from + "' type='error'>" + unavailable + "</iq>"
	}
	unauthorized := func(id, from string) string {
		return "<iq id='" + id + "' from='" + own + "' to='" + from + "' type='error'>" + notAuthorized + "</iq>"
	}
	right := func(from, id string) string { return xmpptest.Request(from, own, id, "acs", "knock, knock") }
	const acs = "acs@isp.example/1"
	for _, q := range []struct{ name, stanza, want string }{
		{"C-51 C-53 a request", right(acs, "1"), ok("1", acs)},
		{"C-52 a bare JID means all its resources", right("Acs@isp.EXAMPLE/other", "2"), ok("2", "Acs@isp.EXAMPLE/other")},
		{"C-52 a full JID is meant exactly", right("boss@isp.example/Desk", "3"), ok("3", "boss@isp.example/Desk")},
		{"C-52 not so", right("boss@isp.example/desk", "4"), refused("4", "boss@isp.example/desk")},
		{"C-52 somebody else", right("acs@isp.example.org/1", "5"), refused("5", "acs@isp.example.org/1")},
		{"C-52 our own account is not the ACS", strings.Replace(right("", "6"), "from='' ", "", 1), "<iq id='6' from='" + own + "' type='error'>" + unavailable + "</iq>"},
		{"C-53 wrong password", xmpptest.Request(acs, own, "7", "acs", "Knock, knock"), unauthorized("7", acs)},
		{"C-53 wrong user", xmpptest.Request(acs, own, "8", "acs2", "knock, knock"), unauthorized("8", acs)},
		{"C-53 no password", strings.Replace(right(acs, "9"), "<password>knock, knock</password>", "", 1), unauthorized("9", acs)},
		{"C-53 another name space", strings.Replace(right(acs, "10"), "Req-1-0", "Req-2-0", 1), refused("10", acs)},
		{"C-55 a set", strings.Replace(right(acs, "11"), "type='get'", "type='set'", 1), refused("11", acs)},
		{"C-55 two at once", strings.Replace(right(acs, "12"), "</iq>", "<x/></iq>", 1), refused("12", acs)},
		{"C-55 what version are you", "<iq from='" + acs + "' id='13' type='get'><query xmlns='jabber:iq:version'/></iq>", refused("13", acs)},
		{"C-55 nothing at all", "<iq from='" + acs + "' id='14' type='set'/>", refused("14", acs)},
		{"messages, presence and answers are passed over", "<message from='" + acs + "'><body>hi</body></message><presence from='" + acs + "'/>" +
			"<iq from='" + acs + "' id='1' type='result'/><iq from='" + acs + "' id='1' type='error'><error type='cancel'/></iq>" +
			right(acs, "15"), ok("15", acs)},
		{"what goes back is quoted", right("acs@isp.example/&lt;&apos;&quot;", "1&lt;6"), ok("1&lt;6", "acs@isp.example/&lt;&#39;&#34;")},
	} {
		l.ask(c, q.stanza, q.want)
		if t.Failed() {
			t.Fatal(q.name)
		}
		if strings.Contains(q.want, "'result'") {
			l.heard()
		}
	}
	if n := len(l.asked); n > 0 {
		t.Errorf("%d requests told upwards that were refused", n)
	}
	s := l.State()
	if s.Received != 20 || s.Sent != 16 || s.ReceivedErrors != 1 || s.SentErrors != 11 {
		t.Errorf("counted %+v", s)
	}
}

func TestXMPPRatesAndOpenLists(t *testing.T) {
	l := newLine(t)
	l.start()
	c := l.client(0)
	wrong := func(from string) string { return xmpptest.Request(from, own, "1", "acs", "guess") }
	is := func(stanza, want string) {
		t.Helper()
		if got, err := c.Ask(stanza, patient); err != nil || !strings.Contains(got, want) {
			t.Fatalf("%s\nanswered with %s, %v\nwant %s", stanza, got, err, want)
		}
	}
	for range 5 {
		is(wrong("thief@isp.example/1"), "not-authorized")
	}
	// C-5: no more guesses, from no other resource either, and also not a right one; others are not concerned.
	is(wrong("Thief@isp.example/2"), "service-unavailable")
	is(xmpptest.Request("thief@isp.example/3", own, "1", "acs", "knock, knock"), "service-unavailable")
	for range 5 { // C-52: without a list everybody may ask
		is(xmpptest.Request("anybody@example.com/1", own, "1", "acs", "knock, knock"), "result")
		l.heard()
	}
	is(xmpptest.Request("anybody@example.com/1", own, "1", "acs", "knock, knock"), "service-unavailable") // C-5
	l.set(func(c *config.XMPP) { c.AllowedJIDs = "x@y" })
	is(xmpptest.Request("anybody@example.com/1", own, "1", "acs", "guess"), "service-unavailable")
	if l.server.Connections() != 1 {
		t.Error("who may ask is no reason to connect again")
	}
}

// C-15: a device without credentials obeys nobody.
func TestXMPPWithoutCredentials(t *testing.T) {
	l := newLine(t)
	l.cfg.Credentials = func() (string, string) { return "", "" }
	l.start()
	l.ask(l.client(0), xmpptest.Request("a@b/c", own, "1", "", ""), "<iq id='1' from='"+own+"' to='a@b/c' type='error'>"+notAuthorized+"</iq>")
}

// Z-46: what a server sends in place of a stanza ends the connection, and nothing of it is kept.
func TestXMPPHostileStanzas(t *testing.T) {
	for _, c := range []struct{ name, text, why string }{
		{"an endless stanza", "<message>" + strings.Repeat("x", maxStanza), "stanza too long"},
		{"an endless name", "<" + strings.Repeat("x", maxStanza), "stanza too long"},
		{"endless blanks in a tag", "<iq" + strings.Repeat(" ", maxStanza), "stanza too long"},
		{"a deep stanza", strings.Repeat("<x>", maxDepth+1), "too many elements"},
		{"a broad stanza", "<iq>" + strings.Repeat("<x/>", maxElements), "too many elements"},
		{"a billion attributes", "<iq " + strings.Repeat("%d='' ", maxAttrs+1) + "/>", "too many attributes"},
		{"the same attribute twice", "<iq from='a' from='b'/>", "twice"},
		{"an entity", "<iq>&lol;</iq>", "invalid character entity"},
		{"a DTD", "<!DOCTYPE iq [<!ENTITY lol 'lol'>]>", "between stanzas"},
		{"a comment", "<iq><!-- x --></iq>", "in a stanza"},
		{"a processing instruction", "<?php ?>", "between stanzas"},
		{"text between stanzas", "hello<iq/>", "between stanzas"},
		{"an element that ends as another", "<iq></message>", "element <iq> closed by </message>"},
		{"a binary", "\x00\x01\x02<", "illegal character code"},
		{"invalid UTF-8", "<iq>\xff\xfe</iq>", "invalid UTF-8"},
		{"the end", "</stream:stream>", "closed the stream"},
		{"a stream error", "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Replaced\nby</text></stream:error>", `conflict: Replaced\\nby`},
	} {
		t.Run("Z-46 "+c.name, func(t *testing.T) {
			t.Parallel()
			l := newLine(t)
			l.config.RetryInitial = 3600
			l.start()
			cl := l.client(0)
			for n := 0; strings.Contains(c.text, "%d"); n++ {
				c.text = strings.Replace(c.text, "%d", string(rune('a'+n%26))+string(rune('a'+n/26)), 1)
			}
			cl.Send(c.text)
			select {
			case <-cl.Gone():
			case <-time.After(patient):
				t.Fatal("the connection stays")
			}
			want := XMPPError
			if c.name == "the end" {
				want = XMPPNoServer
			}
			l.status(want)
			l.stop()
			if log := l.log.String(); !strings.Contains(log, c.why) {
				t.Errorf("the log does not say %q", c.why)
			}
			if got := l.JabberID(); got != own {
				t.Errorf("C-50 JabberID %q while the connection is lost", got)
			}
		})
	}
}

// C-54, T-323: the server goes and comes back; we come back to it by ourselves, with the same address.
func TestXMPPServerRestarts(t *testing.T) {
	l := newLine(t)
	l.config.Resource = "" // and the server gives what is asked for, or something of its own
	l.start()
	first := l.client(0)
	l.status(XMPPEnabled)
	jid := l.JabberID()
	if jid != first.JID {
		t.Errorf("C-50 JabberID %q, want %q", jid, first.JID)
	}
	at := l.server.Addr().String()
	l.server.Close()
	l.status(XMPPNoServer)
	if l.JabberID() != jid || l.State().TLS {
		t.Errorf("C-50 while the connection is lost: JabberID %q, want %q; TLS %v", l.JabberID(), jid, l.State().TLS)
	}
	l.server.Start(at)
	second := l.client(1)
	l.status(XMPPEnabled)
	if second.JID != jid || l.JabberID() != jid {
		t.Errorf("C-50 back with JabberID %q, want %q", l.JabberID(), jid)
	}
	l.stop()
	select {
	case <-second.Gone():
	case <-time.After(patient):
		t.Error("we do not leave")
	}

	// The daemon restarts: the address is known before there is a connection.
	l.renew()
	if got := l.JabberID(); got != jid {
		t.Errorf("C-50 JabberID %q after a restart, want %q", got, jid)
	}
	l.set(func(c *config.XMPP) { c.Username = "other" })
	if got := l.JabberID(); got != "" {
		t.Errorf("C-50 JabberID %q of somebody else", got)
	}
}

// C-6, C-50: what is disabled has no connection, and no address.
func TestXMPPIsSwitchedOffAndOn(t *testing.T) {
	l := newLine(t)
	l.start()
	c := l.client(0)
	l.set(func(c *config.XMPP) { c.Enable = false })
	select {
	case <-c.Gone():
	case <-time.After(patient):
		t.Fatal("the connection stays")
	}
	l.status(XMPPDisabled)
	if got := l.JabberID(); got != "" {
		t.Errorf("C-50 JabberID %q while disabled", got)
	}
	l.set(func(c *config.XMPP) { c.Enable, c.Domain = true, "" })
	l.status(XMPPMisconfigured)
	l.set(func(c *config.XMPP) { c.Domain = "example.net" })
	l.client(1)
	l.status(XMPPEnabled)
}

// A change of the network is a reason to look whether the link lives, and not to wait for the next attempt.
func TestXMPPNetworkChanges(t *testing.T) {
	l := newLine(t)
	l.config.KeepAlive, l.config.RetryInitial = 0, 3600
	l.start()
	c := l.client(0)
	l.status(XMPPEnabled)
	l.NetworkChanged()
	if !c.Blank(patient) {
		t.Error("nothing is sent to find out whether the link lives")
	}
	at := l.server.Addr().String()
	l.server.Close()
	l.status(XMPPNoServer) // and now there is a pause of an hour, or of a part of it
	l.server.Start(at)
	l.NetworkChanged()
	l.client(1)
}
