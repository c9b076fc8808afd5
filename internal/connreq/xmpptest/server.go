// Package xmpptest is a small XMPP server for tests: STARTTLS, SCRAM and PLAIN, one resource bound at a time. It says what a
// test wants it to say, also what no server should.
package xmpptest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// CA signs certificates for tests.
type CA struct {
	PEM  []byte
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewCA makes a root of its own.
func NewCA() *CA {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "xmpptest"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	must(err)
	cert, err := x509.ParseCertificate(der)
	must(err)
	return &CA{PEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), cert: cert, key: key}
}

// Issue makes a certificate for a name, and its key, in PEM.
func (ca *CA) Issue(name string) (cert, key []byte) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	t := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, t, ca.cert, &k.PublicKey, ca.key)
	must(err)
	pk, err := x509.MarshalPKCS8PrivateKey(k)
	must(err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pk})
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Server plays an XMPP server. Fields may be set before Serve; the zero value offers nothing.
type Server struct {
	Domain, User, Password string
	TLS                    *tls.Config // nil: STARTTLS is not offered
	TLSRequired            bool
	Mechanisms             []string // offered, when TLS is established or there is none
	Bindings               []string // types of channel binding that it tells of
	Rounds                 int      // of SCRAM; 0 means 4096
	Forged                 bool     // does not know the password and lets everybody in
	LastWords              bool     // says its last words of SCRAM in a challenge, not in <success/>
	Session                bool     // wants a session, as servers of RFC 3921 do
	Resource               string   // given in place of the one asked for

	// Hook is asked at each step of a connection: "open", "proceed", "auth", "bound". A text is sent in place of what comes
	// next; with "!" at its end the connection stays open after it, else it is closed.
	Hook func(step string) string

	mu      sync.Mutex
	clients []*Client
	count   int
	changed chan struct{}
	wg      sync.WaitGroup
	open    map[net.Conn]bool
	ln      net.Listener
}

// Client is a connection that was let in.
type Client struct {
	JID       string
	Mechanism string
	TLS       bool

	conn  net.Conn
	lines chan string
	gone  chan struct{}
	blank chan struct{} // one slot: a keep-alive came
}

// Start listens on loopback.
func (s *Server) Start(at string) (port int) {
	ln, err := net.Listen("tcp", at)
	must(err)
	s.mu.Lock()
	s.ln = ln
	s.mu.Unlock()
	s.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.wg.Go(func() { s.Serve(c) })
		}
	})
	return ln.Addr().(*net.TCPAddr).Port
}

// Addr is where it listens.
func (s *Server) Addr() netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ln.Addr().(*net.TCPAddr).AddrPort()
}

// Close ends everything.
func (s *Server) Close() {
	s.mu.Lock()
	if s.ln != nil {
		s.ln.Close()
	}
	for c := range s.open {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// Connections is how many there were.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Client waits for the n-th client that was let in, counted from 0.
func (s *Server) Client(n int, patience time.Duration) (*Client, error) {
	timeout := time.After(patience)
	for {
		s.mu.Lock()
		if s.changed == nil {
			s.changed = make(chan struct{})
		}
		changed := s.changed
		if n < len(s.clients) {
			defer s.mu.Unlock()
			return s.clients[n], nil
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-timeout:
			return nil, errors.New("no client came")
		}
	}
}

func (s *Server) join(c *Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = append(s.clients, c)
	if s.changed != nil {
		close(s.changed)
	}
	s.changed = nil
}

// Send says something to a client.
func (c *Client) Send(xml string) error {
	_, err := io.WriteString(c.conn, xml)
	return err
}

// Next returns the next stanza of a client as it came.
func (c *Client) Next(patience time.Duration) (string, error) {
	select {
	case l := <-c.lines:
		return l, nil
	case <-c.gone:
		return "", io.EOF
	case <-time.After(patience):
		return "", errors.New("nothing came")
	}
}

// Ask sends a stanza and returns the answer.
func (c *Client) Ask(xml string, patience time.Duration) (string, error) {
	if err := c.Send(xml); err != nil {
		return "", err
	}
	return c.Next(patience)
}

// Blank waits for a keep-alive.
func (c *Client) Blank(patience time.Duration) bool {
	select {
	case <-c.blank:
		return true
	case <-c.gone:
	case <-time.After(patience):
	}
	return false
}

// Drop ends the connection.
func (c *Client) Drop() { c.conn.Close() }

// Gone is closed when the client has left.
func (c *Client) Gone() <-chan struct{} { return c.gone }

// peer is a connection while it is served.
type peer struct {
	s    *Server
	conn net.Conn
	tls  *tls.Conn
	br   *bufio.Reader
	seen strings.Builder // of the present stanza
	dec  *xml.Decoder
	cl   *Client
}

func (p *peer) ReadByte() (byte, error) {
	b, err := p.br.ReadByte()
	if err == nil {
		p.seen.WriteByte(b)
	}
	return b, err
}

func (p *peer) Read([]byte) (int, error) { return 0, io.ErrNoProgress }

func (p *peer) say(format string, args ...any) error {
	_, err := fmt.Fprintf(p.conn, format, args...)
	return err
}

// Serve plays the server on one connection.
func (s *Server) Serve(c net.Conn) {
	s.mu.Lock()
	s.count++
	if s.open == nil {
		s.open = map[net.Conn]bool{}
	}
	s.open[c] = true
	s.mu.Unlock()
	p := &peer{s: s, conn: c, br: bufio.NewReader(c)}
	defer func() {
		c.Close()
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
		if p.cl != nil {
			close(p.cl.gone)
		}
	}()
	p.play()
}

var errHooked = errors.New("the test has spoken")

// step asks the test whether it wants to say something else.
func (p *peer) step(name string) error {
	if p.s.Hook == nil {
		return nil
	}
	text := p.s.Hook(name)
	if text == "" {
		return nil
	}
	text, stay := strings.CutSuffix(text, "!")
	p.say("%s", text)
	if stay {
		io.Copy(io.Discard, p.br)
	}
	return errHooked
}

func (p *peer) header() error {
	p.dec = xml.NewDecoder(p)
	for {
		t, err := p.dec.Token()
		if err != nil {
			return err
		}
		if e, ok := t.(xml.StartElement); ok {
			if e.Name.Local != "stream" {
				return fmt.Errorf("stream begins with %v", e.Name)
			}
			break
		}
	}
	if err := p.step("open"); err != nil {
		return err
	}
	return p.say("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' from='%s' version='1.0'>", p.s.Domain)
}

// stanza reads one, and returns its root and its text.
func (p *peer) stanza() (xml.StartElement, string, error) {
	for {
		b, err := p.br.ReadByte()
		if err != nil {
			return xml.StartElement{}, "", err
		}
		if b != ' ' {
			p.br.UnreadByte()
			break
		}
		if p.cl != nil {
			select {
			case p.cl.blank <- struct{}{}:
			default:
			}
		}
	}
	p.seen.Reset()
	var root xml.StartElement
	for depth := 0; ; {
		t, err := p.dec.Token()
		if err != nil {
			return root, "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				root = t.Copy()
			}
		case xml.EndElement:
			if depth--; depth < 0 {
				return root, "", io.EOF
			}
			if depth == 0 {
				return root, p.seen.String(), nil
			}
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// inside returns the text between a tag and its end.
func inside(text, tag string) string {
	_, rest, _ := strings.Cut(text, "<"+tag)
	_, rest, ok := strings.Cut(rest, ">")
	if !ok {
		return ""
	}
	body, _, _ := strings.Cut(rest, "</"+tag)
	return body
}

func (p *peer) play() error {
	if err := p.header(); err != nil {
		return err
	}
	if p.s.TLS != nil {
		required := ""
		if p.s.TLSRequired {
			required = "<required/>"
		}
		p.say("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>%s</starttls>%s</stream:features>", required, p.mechanisms(!p.s.TLSRequired))
	} else {
		p.say("<stream:features>%s</stream:features>", p.mechanisms(true))
	}
	root, text, err := p.stanza()
	if err != nil {
		return err
	}
	if root.Name.Local == "starttls" {
		if err := p.step("proceed"); err != nil {
			return err
		}
		p.say("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
		p.tls = tls.Server(p.conn, p.s.TLS)
		if err := p.tls.Handshake(); err != nil {
			return err
		}
		p.conn, p.br = p.tls, bufio.NewReader(p.tls)
		if err := p.header(); err != nil {
			return err
		}
		p.say("<stream:features>%s</stream:features>", p.mechanisms(true))
		if root, text, err = p.stanza(); err != nil {
			return err
		}
	}
	if err := p.step("auth"); err != nil {
		return err
	}
	mechanism := attr(root, "mechanism")
	last, err := p.authenticate(mechanism, inside(text, "auth"))
	if err != nil {
		p.say("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>")
		return err
	}
	p.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</success>", last)
	if err := p.header(); err != nil {
		return err
	}
	session := ""
	if p.s.Session {
		session = "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"
	}
	p.say("<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>%s</stream:features>", session)
	if root, text, err = p.stanza(); err != nil {
		return err
	}
	resource := inside(text, "resource")
	if p.s.Resource != "" {
		resource = p.s.Resource
	}
	if resource == "" {
		resource = rand.Text()
	}
	cl := &Client{JID: p.s.User + "@" + p.s.Domain + "/" + resource, Mechanism: mechanism, TLS: p.tls != nil,
		conn: p.conn, lines: make(chan string, 100), gone: make(chan struct{}), blank: make(chan struct{}, 1)}
	p.say("<message from='x@y' to='%s'><body>early</body></message>", cl.JID)
	p.say("<iq type='result' id='%s'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>%s</jid></bind></iq>", attr(root, "id"), cl.JID)
	if p.s.Session {
		if root, _, err = p.stanza(); err != nil {
			return err
		}
		p.say("<iq type='result' id='%s'/>", attr(root, "id"))
	}
	p.cl = cl
	p.s.join(cl)
	if err := p.step("bound"); err != nil {
		return err
	}
	for {
		_, text, err := p.stanza()
		if err != nil {
			return err
		}
		cl.lines <- text
	}
}

var errDenied = errors.New("denied")

// Request is a connection request.
func Request(from, to, id, user, password string) string {
	return fmt.Sprintf("<iq from='%s' to='%s' id='%s' type='get'><connectionRequest xmlns='urn:broadband-forum-org:cwmp:xmppConnReq-1-0'>"+
		"<username>%s</username><password>%s</password></connectionRequest></iq>", from, to, id, user, password)
}
