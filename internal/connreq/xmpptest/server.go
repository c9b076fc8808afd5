// Package xmpptest is a small XMPP server for tests: STARTTLS, SCRAM and PLAIN, one resource bound at a time. It says what a
// test wants it to say, also what no server should.
package xmpptest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"hash"
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

func (p *peer) mechanisms(now bool) string {
	if !now {
		return ""
	}
	var b strings.Builder
	b.WriteString("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>")
	for _, m := range p.s.Mechanisms {
		b.WriteString("<mechanism>" + m + "</mechanism>")
	}
	b.WriteString("</mechanisms>")
	if len(p.s.Bindings) > 0 {
		b.WriteString("<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>")
		for _, t := range p.s.Bindings {
			b.WriteString("<channel-binding type='" + t + "'/>")
		}
		b.WriteString("</sasl-channel-binding>")
	}
	return b.String()
}

var errDenied = errors.New("denied")

// authenticate returns what goes into <success/>.
func (p *peer) authenticate(mechanism, initial string) (string, error) {
	first, err := base64.StdEncoding.DecodeString(initial)
	if err != nil {
		return "", err
	}
	if mechanism == "PLAIN" {
		if string(first) != "\x00"+p.s.User+"\x00"+p.s.Password {
			return "", errDenied
		}
		return "", nil
	}
	h := map[string]func() hash.Hash{"SCRAM-SHA-1": sha1.New, "SCRAM-SHA-256": sha256.New}[strings.TrimSuffix(mechanism, "-PLUS")]
	gs2, bare, ok := strings.Cut(string(first), ",,")
	if h == nil || !ok {
		return "", errDenied
	}
	binding, err := p.binding(mechanism, gs2)
	if err != nil {
		return "", err
	}
	name, nonce, _ := strings.Cut(bare, ",r=")
	rounds := p.s.Rounds
	if rounds == 0 {
		rounds = 4096
	}
	salt := []byte("salt of a test")
	challenge := fmt.Sprintf("r=%sserver,s=%s,i=%d", nonce, base64.StdEncoding.EncodeToString(salt), rounds)
	p.say("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</challenge>", base64.StdEncoding.EncodeToString([]byte(challenge)))
	_, text, err := p.stanza()
	if err != nil {
		return "", err
	}
	final, err := base64.StdEncoding.DecodeString(inside(text, "response"))
	if err != nil {
		return "", err
	}
	without, proof, _ := strings.Cut(string(final), ",p=")
	if p.s.Forged {
		return base64.StdEncoding.EncodeToString([]byte("v=" + base64.StdEncoding.EncodeToString(make([]byte, h().Size())))), nil
	}
	wantName := "n=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(p.s.User)
	wantBinding := "c=" + base64.StdEncoding.EncodeToString(append([]byte(gs2+",,"), binding...))
	if name != wantName || without != wantBinding+",r="+nonce+"server" {
		return "", errDenied
	}
	mac := func(key []byte, text string) []byte {
		m := hmac.New(h, key)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	salted, err := pbkdf2.Key(h, p.s.Password, salt, rounds, h().Size())
	must(err)
	auth := bare + "," + challenge + "," + without
	key := mac(salted, "Client Key")
	stored := h()
	stored.Write(key)
	for i, b := range mac(stored.Sum(nil), auth) {
		key[i] ^= b
	}
	if proof != base64.StdEncoding.EncodeToString(key) {
		return "", errDenied
	}
	last := base64.StdEncoding.EncodeToString([]byte("v=" + base64.StdEncoding.EncodeToString(mac(mac(salted, "Server Key"), auth))))
	if p.s.LastWords {
		p.say("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</challenge>", last)
		if _, _, err = p.stanza(); err != nil {
			return "", err
		}
		last = ""
	}
	return last, nil
}

// binding checks the flag of a client's first message and returns what ties it to the connection.
func (p *peer) binding(mechanism, gs2 string) ([]byte, error) {
	plus := strings.HasSuffix(mechanism, "-PLUS")
	offered := false
	for _, m := range p.s.Mechanisms {
		offered = offered || strings.HasSuffix(m, "-PLUS")
	}
	switch {
	case !plus && (gs2 == "n" || gs2 == "y" && !offered):
		return nil, nil
	case plus && gs2 == "p=tls-exporter" && p.tls != nil:
		state := p.tls.ConnectionState()
		return state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	case plus && gs2 == "p=tls-server-end-point" && p.tls != nil:
		sum := sha256.Sum256(p.s.TLS.Certificates[0].Certificate[0])
		return sum[:], nil
	}
	return nil, errDenied
}

// Request is a connection request.
func Request(from, to, id, user, password string) string {
	return fmt.Sprintf("<iq from='%s' to='%s' id='%s' type='get'><connectionRequest xmlns='urn:broadband-forum-org:cwmp:xmppConnReq-1-0'>"+
		"<username>%s</username><password>%s</password></connectionRequest></iq>", from, to, id, user, password)
}
