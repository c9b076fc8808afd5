package web

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	maxBundle = 4 << 20 // bytes of one file of certificates
	maxRoots  = 16 << 20
	maxChain  = 16 // certificates that a server may present
)

// trust holds the TLS settings of one session: roots and client certificate are read once, when first needed, so that a
// renewed pair is used from the next session on.
type trust struct {
	cfg    Config
	loaded bool
	err    error
	roots  []*x509.Certificate
	pair   *tls.Certificate
}

// config returns the settings for one server (K-2 to K-7).
func (t *trust) config(host string) (*tls.Config, error) {
	if !t.loaded {
		t.loaded = true
		t.err = t.load()
	}
	if t.err != nil {
		return nil, failf(ErrContact, t.err, "TLS with %s", host)
	}
	c := &tls.Config{
		ServerName:             strings.TrimSuffix(host, "."), // no SNI is sent for a literal address (K-3)
		MinVersion:             tls.VersionTLS12,
		CipherSuites:           suites(),
		NextProtos:             []string{"http/1.1"},
		SessionTicketsDisabled: true,
	}
	if t.pair != nil {
		// Asked or not by the names of its issuers: many an ACS lists none, or others (K-6).
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return t.pair, nil }
	}
	switch {
	case t.cfg.Insecure:
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(s tls.ConnectionState) error { return t.checkPins([][]*x509.Certificate{s.PeerCertificates[:1]}) }
	case t.cfg.ClockSet():
		c.RootCAs = pool(t.roots)
		c.VerifyConnection = func(s tls.ConnectionState) error {
			if err := checkLength(s.PeerCertificates); err != nil {
				return err
			}
			return t.checkPins(s.VerifiedChains)
		}
	default:
		c.InsecureSkipVerify = true // by crypto/tls; VerifyConnection does it
		c.VerifyConnection = func(s tls.ConnectionState) error {
			chains, err := verifyTimeless(s, c.ServerName, t.roots)
			if err != nil {
				return err
			}
			return t.checkPins(chains)
		}
	}
	return c, nil
}

// suites is Go's choice for TLS 1.2 and the one suite that TR-069 makes mandatory, which Go puts last (K-2).
func suites() []uint16 {
	var ids []uint16
	for _, s := range tls.CipherSuites() {
		ids = append(ids, s.ID)
	}
	return append(ids, tls.TLS_RSA_WITH_AES_128_CBC_SHA)
}

// checkPins wants one of the pinned keys in one of the chains. Where the chain is not verified that can be the server's own
// alone: anybody can put somebody else's certificate behind his own.
func (t *trust) checkPins(chains [][]*x509.Certificate) error {
	if len(t.cfg.Pins) == 0 {
		return nil
	}
	for _, chain := range chains {
		for _, cert := range chain {
			sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
			if slices.Contains(t.cfg.Pins, "sha256/"+base64.StdEncoding.EncodeToString(sum[:])) {
				return nil
			}
		}
	}
	return errors.New("none of the server's keys is pinned")
}

func checkLength(chain []*x509.Certificate) error {
	if len(chain) > maxChain {
		return fmt.Errorf("server presents %d certificates", len(chain))
	}
	return nil
}

// verifyTimeless verifies chain and name while the time is not known: validity periods are ignored, nothing else (K-5).
// The name is given, since ConnectionState knows none for a literal address.
func verifyTimeless(s tls.ConnectionState, name string, roots []*x509.Certificate) ([][]*x509.Certificate, error) {
	if err := checkLength(s.PeerCertificates); err != nil {
		return nil, err
	}
	if len(s.PeerCertificates) == 0 || name == "" {
		return nil, errors.New("server presents no certificate")
	}
	chain := timeless(s.PeerCertificates)
	return chain[0].Verify(x509.VerifyOptions{
		DNSName:       name,
		Roots:         pool(timeless(roots)),
		Intermediates: pool(chain[1:]),
		CurrentTime:   anyTime,
	})
}

// anyTime lies within the validity of every certificate that timeless returns.
var anyTime = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// timeless returns copies that are valid at anyTime; their signatures cover the untouched raw bytes.
func timeless(certs []*x509.Certificate) []*x509.Certificate {
	out := make([]*x509.Certificate, len(certs))
	for i, c := range certs {
		cp := *c
		cp.NotBefore, cp.NotAfter = anyTime.AddDate(-1, 0, 0), anyTime.AddDate(1, 0, 0)
		out[i] = &cp
	}
	return out
}

func pool(certs []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certs {
		p.AddCert(c)
	}
	return p
}

func (t *trust) load() error {
	if t.cfg.CertFile != "" {
		pair, err := t.loadPair()
		if err != nil {
			return fmt.Errorf("client certificate: %w", err)
		}
		t.pair = &pair
	}
	if t.cfg.Insecure {
		t.cfg.Log.Warn("the server's certificate is not verified")
		return nil
	}
	if t.cfg.CAFile != "" {
		data, err := readCapped(t.cfg.path(t.cfg.CAFile))
		if err == nil && !t.addRoots(data) {
			err = errors.New("no certificate in it")
		}
		if err != nil {
			return fmt.Errorf("trusted roots of %s: %w", t.cfg.CAFile, err)
		}
	}
	for _, dir := range []string{"/etc/ssl/certs", t.cfg.CADir} {
		if dir != "" {
			t.loadDir(t.cfg.path(dir))
		}
	}
	if data, err := readCapped(t.cfg.path("/etc/ssl/cert.pem")); err == nil && len(t.roots) == 0 {
		t.addRoots(data)
	}
	if len(t.roots) == 0 {
		return errors.New("no trusted roots: install ca-bundle or set ssl_cacert")
	}
	return nil
}

func (t *trust) loadPair() (tls.Certificate, error) {
	cert, err := readCapped(t.cfg.path(t.cfg.CertFile))
	if err != nil {
		return tls.Certificate{}, err
	}
	key := cert
	if t.cfg.KeyFile != "" {
		if key, err = readCapped(t.cfg.path(t.cfg.KeyFile)); err != nil {
			return tls.Certificate{}, err
		}
	}
	return tls.X509KeyPair(cert, key)
}

// loadDir adds the certificates of a directory. The hash links of OpenSSL point to files of the same directory, which
// are read anyway; a file that is no certificate is nobody's concern.
func (t *trust) loadDir(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.cfg.Log.Warn("trusted roots not readable", "err", err)
	}
	total := 0
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if target, err := os.Readlink(name); err == nil && !strings.Contains(target, "/") {
			continue
		}
		data, err := readCapped(name)
		if err != nil {
			continue
		}
		if total += len(data); total > maxRoots {
			t.cfg.Log.Warn("too many trusted roots, the rest is left out", "dir", dir)
			return
		}
		t.addRoots(data)
	}
}

// addRoots adds the certificates of a PEM file, and reports whether there was any.
func (t *trust) addRoots(data []byte) bool {
	found := false
	for len(data) > 0 {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			t.roots = append(t.roots, c)
			found = true
		}
	}
	return found
}

// readCapped reads a regular file of sane size.
func readCapped(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBundle+1))
	if err == nil && len(data) > maxBundle {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxBundle)
	}
	return data, err
}
