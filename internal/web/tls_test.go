package web

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// authority is a CA made for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T, from, to time.Time) *authority {
	t.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := x509.ParseCertificate(der)
	return &authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// leaf says what certificate a server or client gets.
type leaf struct {
	cn       string
	names    []string
	ips      []string
	from, to time.Time
	rsa      bool
}

// issue returns a certificate with its key; the CA is included in the PEM.
func (a *authority) issue(t *testing.T, l leaf) (tls.Certificate, []byte, []byte) {
	t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: l.cn}, DNSNames: l.names, NotBefore: l.from, NotAfter: l.to,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, ip := range l.ips {
		tmpl.IPAddresses = append(tmpl.IPAddresses, net.ParseIP(ip))
	}
	ecKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	var key any = ecKey
	public := any(ecKey.Public())
	if l.rsa {
		rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		key, public = rsaKey, rsaKey.Public()
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, public, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, _ := x509.MarshalPKCS8PrivateKey(key)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	return pair, certPEM, keyPEM
}

// rootWith returns a router's root directory with trusted roots.
func rootWith(t *testing.T, pems ...[]byte) string {
	t.Helper()
	root := t.TempDir()
	write(t, root, "etc/ssl/certs/ca-certificates.crt", bytes.Join(pems, nil))
	return root
}

func write(t *testing.T, root, name string, data []byte) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// tlsServer returns the URL, for the name acs.example, of an httptest server that answers "hello".
func tlsServer(t *testing.T, cfg *tls.Config, h http.HandlerFunc) string {
	t.Helper()
	if h == nil {
		h = func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }
	}
	srv := httptest.NewUnstartedServer(h)
	srv.TLS = cfg
	srv.Config.ErrorLog = discardLog()
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv.URL
}

func toLoopback(_ context.Context, _, _ string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

func named(url, name string) string { return strings.Replace(url, "127.0.0.1", name, 1) }

// TestServerVerification is T-340, T-341, K-3, K-4, K-5 and the clock that is not set.
func TestServerVerification(t *testing.T) {
	now := time.Now()
	year := 365 * 24 * time.Hour
	ca := newAuthority(t, now.Add(-10*year), now.Add(10*year))
	oldCA := newAuthority(t, now.Add(-10*year), now.Add(-year))
	rogue := newAuthority(t, now.Add(-year), now.Add(year))
	good := leaf{cn: "acs", names: []string{"acs.example", "*.wild.example"}, ips: []string{"127.0.0.1"}, from: now.Add(-time.Hour), to: now.Add(time.Hour)}
	with := func(change func(*leaf)) leaf { l := good; change(&l); return l }
	for name, c := range map[string]struct {
		ca       *authority
		leaf     leaf
		host     string
		insecure bool
		unset    bool   // the clock
		want     string // part of the error; "" for none
	}{
		"right name":                     {ca, good, "acs.example", false, false, ""},
		"trailing dot":                   {ca, good, "acs.example.", false, false, ""},
		"wildcard":                       {ca, good, "a.wild.example", false, false, ""},
		"wildcard two levels deep":       {ca, good, "a.b.wild.example", false, false, "not"},
		"literal address in SAN":         {ca, good, "127.0.0.1", false, false, ""},
		"literal address not in SAN":     {ca, with(func(l *leaf) { l.ips = nil }), "127.0.0.1", false, false, "IP SANs"},
		"wrong name":                     {ca, good, "other.example", false, false, "valid for"},
		"name in CN only":                {ca, with(func(l *leaf) { l.names, l.cn = nil, "acs.example" }), "acs.example", false, false, "not valid for any names"},
		"expired":                        {ca, with(func(l *leaf) { l.to = now.Add(-time.Minute) }), "acs.example", false, false, "expired"},
		"not yet valid":                  {ca, with(func(l *leaf) { l.from = now.Add(time.Minute) }), "acs.example", false, false, "not yet valid"},
		"issuer unknown":                 {rogue, good, "acs.example", false, false, "unknown authority"},
		"issuer expired":                 {oldCA, good, "acs.example", false, false, "expired"},
		"anything, insecure":             {rogue, with(func(l *leaf) { l.names = nil }), "acs.example", true, false, ""},
		"clock not set, expired":         {ca, with(func(l *leaf) { l.to = now.Add(-time.Minute) }), "acs.example", false, true, ""},
		"clock not set, not yet valid":   {ca, with(func(l *leaf) { l.from, l.to = now.Add(year), now.Add(2*year) }), "acs.example", false, true, ""},
		"clock not set, issuer expired":  {oldCA, good, "acs.example", false, true, ""},
		"clock not set, wrong name":      {ca, good, "other.example", false, true, "valid for"},
		"clock not set, issuer unknown":  {rogue, good, "acs.example", false, true, "unknown authority"},
		"clock not set, literal address": {ca, good, "127.0.0.1", false, true, ""},
		"clock not set, wrong address":   {ca, with(func(l *leaf) { l.ips = []string{"127.0.0.9"} }), "127.0.0.1", false, true, "valid for"},
	} {
		t.Run(name, func(t *testing.T) {
			pair, _, _ := c.ca.issue(t, c.leaf)
			var sni string
			url := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{pair}, GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
				sni = h.ServerName
				return nil, nil
			}}, nil)
			cfg := Config{Root: rootWith(t, ca.pem, oldCA.pem), Insecure: c.insecure, ClockSet: func() bool { return !c.unset }}
			s := newTestSession(t, cfg, named(url, c.host), "", "")
			s.c.dialer.lookup = toLoopback
			resp, err := s.Post(t.Context(), nil, []byte("x"))
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want == "" && string(resp.Body) != "hello":
				t.Errorf("got body %q", resp.Body)
			case c.want != "" && (!errors.Is(err, ErrContact) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want ErrContact with %q", err, c.want)
			}
			if want := strings.TrimSuffix(c.host, "."); want != "127.0.0.1" && sni != want || want == "127.0.0.1" && sni != "" {
				t.Errorf("got SNI %q for %s", sni, c.host)
			}
		})
	}
}

func TestVersionsAndSuites(t *testing.T) {
	now := time.Now()
	ca := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour))
	pair, _, _ := ca.issue(t, leaf{names: []string{"acs.example"}, from: now.Add(-time.Hour), to: now.Add(time.Hour), rsa: true})
	for name, c := range map[string]struct {
		server *tls.Config
		ok     bool
	}{
		"TLS 1.0 and 1.1 only (T-343)": {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
		"TLS 1.2":                      {&tls.Config{MaxVersion: tls.VersionTLS12}, true},
		"TLS 1.3":                      {&tls.Config{MinVersion: tls.VersionTLS13}, true},
		"the mandatory suite (K-2)":    {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}, true},
		"RC4 only":                     {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}}, false},
	} {
		c.server.Certificates = []tls.Certificate{pair}
		url := tlsServer(t, c.server, nil)
		s := newTestSession(t, Config{Root: rootWith(t, ca.pem)}, named(url, "acs.example"), "", "")
		s.c.dialer.lookup = toLoopback
		if _, err := s.Post(t.Context(), nil, nil); (err == nil) != c.ok {
			t.Errorf("%s: got %v, want success %v", name, err, c.ok)
		}
	}
}

// TestClientCertificate is T-344, K-6.
func TestClientCertificate(t *testing.T) {
	now := time.Now()
	ca := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour))
	deviceCA := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour))
	life := leaf{names: []string{"acs.example"}, from: now.Add(-time.Hour), to: now.Add(time.Hour)}
	server, _, _ := ca.issue(t, life)
	life.cn = "00D09E-Router-123"
	_, cert, key := deviceCA.issue(t, life)
	clients := x509.NewCertPool()
	clients.AddCert(deviceCA.cert)
	url := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients},
		func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
		})
	root := rootWith(t, ca.pem)
	write(t, root, "etc/cwmpd/dev.crt", cert)
	write(t, root, "etc/cwmpd/dev.key", key)
	write(t, root, "etc/cwmpd/dev.pem", append(cert, key...))
	write(t, root, "etc/cwmpd/broken.pem", []byte("-----BEGIN"))
	for name, c := range map[string]struct {
		cfg  Config
		want string // in the error
	}{
		"two files":      {Config{CertFile: "/etc/cwmpd/dev.crt", KeyFile: "/etc/cwmpd/dev.key"}, ""},
		"one file":       {Config{CertFile: "/etc/cwmpd/dev.pem"}, ""},
		"none":           {Config{}, "certificate required"},
		"missing":        {Config{CertFile: "/etc/cwmpd/nowhere.pem"}, "client certificate"},
		"broken":         {Config{CertFile: "/etc/cwmpd/broken.pem"}, "client certificate"},
		"without a key":  {Config{CertFile: "/etc/cwmpd/dev.crt"}, "client certificate"},
		"outside a root": {Config{CertFile: "/../../../../../../etc/cwmpd/dev.pem"}, ""}, // stays below the root
	} {
		c.cfg.Root = root
		s := newTestSession(t, c.cfg, named(url, "acs.example"), "", "")
		s.c.dialer.lookup = toLoopback
		resp, err := s.Post(t.Context(), nil, nil)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want == "" && string(resp.Body) != life.cn:
			t.Errorf("%s: got subject %q", name, resp.Body)
		case name == "none" && errors.Is(err, ErrContact) && strings.Contains(err.Error(), "closes the connection"):
			// the server's last word was lost: its reset, for the request behind the handshake, overtook it
		case c.want != "" && (!errors.Is(err, ErrContact) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want ErrContact with %q", name, err, c.want)
		}
	}
}

// TestRoots: K-7.
func TestRoots(t *testing.T) {
	now := time.Now()
	ca := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour))
	pair, _, _ := ca.issue(t, leaf{names: []string{"acs.example"}, from: now.Add(-time.Hour), to: now.Add(time.Hour)})
	url := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{pair}}, nil)
	other := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour)).pem
	for name, c := range map[string]struct {
		files map[string][]byte
		cfg   Config
		want  string
	}{
		"nothing":                     {nil, Config{}, "no trusted roots"},
		"single file in the usual":    {map[string][]byte{"etc/ssl/certs/x.crt": ca.pem, "etc/ssl/certs/README": []byte("hi")}, Config{}, ""},
		"only /etc/ssl/cert.pem":      {map[string][]byte{"etc/ssl/cert.pem": ca.pem}, Config{}, ""},
		"CA file beside the usual":    {map[string][]byte{"etc/ssl/certs/x.crt": other, "etc/isp.pem": ca.pem}, Config{CAFile: "/etc/isp.pem"}, ""},
		"CA directory":                {map[string][]byte{"etc/isp/a.pem": ca.pem}, Config{CADir: "/etc/isp"}, ""},
		"CA file missing":             {map[string][]byte{"etc/ssl/certs/x.crt": ca.pem}, Config{CAFile: "/etc/isp.pem"}, "/etc/isp.pem"},
		"CA file without any":         {map[string][]byte{"etc/ssl/certs/x.crt": ca.pem, "etc/isp.pem": []byte("x")}, Config{CAFile: "/etc/isp.pem"}, "no certificate"},
		"CA file too large":           {map[string][]byte{"etc/isp.pem": make([]byte, maxBundle+1)}, Config{CAFile: "/etc/isp.pem"}, "larger"},
		"CA file that is a directory": {map[string][]byte{"etc/isp.pem/x": nil}, Config{CAFile: "/etc/isp.pem"}, "no file"},
	} {
		root := t.TempDir()
		for file, data := range c.files {
			write(t, root, file, data)
		}
		c.cfg.Root = root
		s := newTestSession(t, c.cfg, named(url, "acs.example"), "", "")
		s.c.dialer.lookup = toLoopback
		_, err := s.Post(t.Context(), nil, nil)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// TLS is never given up: neither for a server that speaks plain HTTP (K-1), nor by a redirect (H-24).
func TestNoFallback(t *testing.T) {
	now := time.Now()
	ca := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour))
	pair, _, _ := ca.issue(t, leaf{names: []string{"acs.example"}, from: now.Add(-time.Hour), to: now.Add(time.Hour)})
	plain := rawServer(t, func(_ int, p *peer) {
		p.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		p.read()
	})
	clear := rawServer(t, func(_ int, p *peer) { p.read(); p.say(ok200) })
	cfg := Config{Root: rootWith(t, ca.pem), AllowLocal: true}
	s := newTestSession(t, cfg, "https://"+plain, "", "")
	if _, err := s.Post(t.Context(), nil, nil); !errors.Is(err, ErrContact) {
		t.Errorf("plain server: got %v, want ErrContact", err)
	}
	url := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{pair}}, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+clear, http.StatusFound)
	})
	for _, allow := range []bool{false, true} {
		cfg.AllowDowngrade = allow
		s := newTestSession(t, cfg, named(url, "acs.example"), "", "")
		s.c.dialer.lookup = toLoopback
		if _, err := s.Post(t.Context(), nil, nil); (err == nil) != allow || err != nil && !errors.Is(err, ErrRedirect) {
			t.Errorf("redirect to http, allowed %v: got %v", allow, err)
		}
	}
	// The other way round the certificate is that of the new host.
	up := rawServer(t, func(_ int, p *peer) {
		p.read()
		p.say("HTTP/1.1 302 Found\nLocation: %s\nContent-Length: 0\n\n", named(url, "wrong.example"))
	})
	s = newTestSession(t, cfg, "http://"+up, "", "")
	s.c.dialer.lookup = toLoopback
	if _, err := s.Post(t.Context(), nil, nil); !errors.Is(err, ErrContact) || !strings.Contains(err.Error(), "wrong.example") {
		t.Errorf("redirect to https with another certificate: got %v", err)
	}
}

// Z-13: a server that presents a hundred certificates is refused, verified or not; one with a few too many is served.
func TestZ13_LongChains(t *testing.T) {
	now := time.Now()
	ca := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour))
	pair, _, _ := ca.issue(t, leaf{names: []string{"acs.example"}, from: now.Add(-time.Hour), to: now.Add(time.Hour)})
	for _, n := range []int{1, 16, 17, 100} {
		for _, unset := range []bool{false, true} { // the clock
			long := pair
			long.Certificate = append([][]byte{pair.Certificate[0]}, slices.Repeat([][]byte{ca.cert.Raw}, n-1)...)
			url := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{long}}, nil)
			s := newTestSession(t, Config{Root: rootWith(t, ca.pem), ClockSet: func() bool { return !unset }}, named(url, "acs.example"), "", "")
			s.c.dialer.lookup = toLoopback
			if _, err := s.Post(t.Context(), nil, nil); (err == nil) != (n <= 16) {
				t.Errorf("%d certificates, clock not set: %v: got %v", n, unset, err)
			}
		}
	}
}

// A peer that accepts and then says nothing does not hold us (Z-13).
func TestSilentHandshake(t *testing.T) {
	now := time.Now()
	ca := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour))
	addr := rawServer(t, func(_ int, p *peer) { p.read() })
	s := newTestSession(t, Config{Root: rootWith(t, ca.pem), ConnectTimeout: 50 * time.Millisecond}, "https://"+addr, "", "")
	if _, err := s.Post(t.Context(), nil, nil); !errors.Is(err, ErrContact) {
		t.Errorf("got %v, want ErrContact", err)
	}
}

// K-7: pinned keys are wanted beside a chain that is right, and are all there is without one.
func TestK7_PinnedKeys(t *testing.T) {
	now := time.Now()
	ca := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour))
	rogue := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour))
	pin := func(c *x509.Certificate) string {
		sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
		return "sha256/" + base64.StdEncoding.EncodeToString(sum[:])
	}
	good := leaf{names: []string{"acs.example"}, from: now.Add(-time.Hour), to: now.Add(time.Hour)}
	pair, _, _ := ca.issue(t, good)
	own, _ := x509.ParseCertificate(pair.Certificate[0])
	for _, tt := range []struct {
		name  string
		cfg   Config
		chain [][]byte // what the server presents behind its own certificate
		want  string
	}{
		{"none", Config{}, nil, ""},
		{"its own", Config{Pins: []string{pin(own)}}, nil, ""},
		{"that of its CA", Config{Pins: []string{pin(ca.cert)}}, nil, ""},
		{"one of several", Config{Pins: []string{pin(rogue.cert), pin(own)}}, nil, ""},
		{"another one", Config{Pins: []string{pin(rogue.cert)}}, nil, "pinned"},
		{"another one, whose certificate the server has", Config{Pins: []string{pin(rogue.cert)}}, [][]byte{rogue.cert.Raw}, "pinned"},
		{"no key at all", Config{Pins: []string{"sha256/x"}}, nil, "pinned"},
		{"its own, clock not set", Config{Pins: []string{pin(own)}, ClockSet: func() bool { return false }}, nil, ""},
		{"another one, clock not set", Config{Pins: []string{pin(rogue.cert)}, ClockSet: func() bool { return false }}, [][]byte{rogue.cert.Raw}, "pinned"},
		{"its own, insecure", Config{Pins: []string{pin(own)}, Insecure: true}, nil, ""},
		{"another one, insecure", Config{Pins: []string{pin(rogue.cert)}, Insecure: true}, [][]byte{rogue.cert.Raw}, "pinned"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := pair
			server.Certificate = append(slices.Clone(pair.Certificate), tt.chain...)
			url := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{server}}, nil)
			tt.cfg.Root = t.TempDir()
			write(t, tt.cfg.Root, "etc/ssl/certs/ca.pem", ca.pem)
			s := newTestSession(t, tt.cfg, named(url, "acs.example"), "", "")
			s.c.dialer.lookup = toLoopback
			_, err := s.Post(t.Context(), nil, nil)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	// The chain is verified all the same.
	_, err := func() (*Response, error) {
		root := t.TempDir()
		write(t, root, "etc/ssl/certs/ca.pem", rogue.pem)
		s := newTestSession(t, Config{Root: root, Pins: []string{pin(own)}}, named(tlsServer(t, &tls.Config{Certificates: []tls.Certificate{pair}}, nil), "acs.example"), "", "")
		s.c.dialer.lookup = toLoopback
		return s.Post(t.Context(), nil, nil)
	}()
	if err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("a pinned key of an unknown authority: %v", err)
	}
}
