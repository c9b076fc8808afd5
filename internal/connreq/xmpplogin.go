package connreq

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/config"
)

const (
	nsTLS     = "urn:ietf:params:xml:ns:xmpp-tls"
	nsSASL    = "urn:ietf:params:xml:ns:xmpp-sasl"
	nsBind    = "urn:ietf:params:xml:ns:xmpp-bind"
	nsSession = "urn:ietf:params:xml:ns:xmpp-session"
	nsBinding = "urn:xmpp:sasl-cb:0"
)

// maxOther is how many stanzas may come before an answer that we wait for.
const maxOther = 20

// fault is why there is no connection, with the word that Device.XMPP.Connection.{i}.Status has for it.
type fault struct {
	status string
	err    error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

func faultf(status, format string, args ...any) error {
	return &fault{status, fmt.Errorf(format, args...)}
}

// login makes us known to the server (RFC 6120 sections 5 to 7) and returns the full JID that it gives us.
func (s *stream) login(ctx context.Context, c *config.XMPP, resource string, startTLS func(context.Context) (*tls.Conn, error)) (jid string, err error) {
	features, err := s.begin(c.Domain)
	if err != nil {
		return "", err
	}
	offer := features.child(nsTLS, "starttls")
	switch mechanisms := features.child(nsSASL, "mechanisms"); {
	case offer != nil && (c.UseTLS || offer.child(nsTLS, "required") != nil || mechanisms == nil):
		if features, err = s.startTLS(ctx, c.Domain, startTLS); err != nil {
			return "", err
		}
	case c.UseTLS:
		return "", faultf(XMPPMisconfigured, "the server offers no TLS")
	}
	if err := s.authenticate(c, features); err != nil {
		return "", err
	}
	if features, err = s.begin(c.Domain); err != nil {
		return "", err
	}
	return s.bind(features, resource)
}

func (s *stream) startTLS(ctx context.Context, domain string, startTLS func(context.Context) (*tls.Conn, error)) (features *element, err error) {
	if err := s.write("<starttls xmlns='" + nsTLS + "'/>"); err != nil {
		return nil, err
	}
	answer, err := s.next()
	switch {
	case err != nil:
		return nil, err
	case answer.Space != nsTLS || answer.Local != "proceed":
		return nil, errors.New("the server does not go on to TLS")
	case s.br.Buffered() > 0: // somebody in between wants it to count as said under TLS
		return nil, errors.New("the server speaks before TLS has begun")
	}
	secured, err := startTLS(ctx)
	if err != nil {
		return nil, err
	}
	s.secure(secured)
	return s.begin(domain)
}

// authenticate proves who we are by the best mechanism that both sides know: PLAIN within TLS only (C-54).
func (s *stream) authenticate(c *config.XMPP, features *element) error {
	var offered []string
	if m := features.child(nsSASL, "mechanisms"); m != nil {
		for _, e := range m.inner {
			offered = append(offered, strings.TrimSpace(e.text))
		}
	}
	name, binding := s.channel(features)
	for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-1"} {
		bound := slices.Contains(offered, mechanism+"-PLUS")
		switch {
		case bound && binding != nil:
			return s.scram(mechanism+"-PLUS", newScram(scramHash(mechanism), "p="+name+",,", binding, c.Username, c.Password))
		case !slices.Contains(offered, mechanism):
		case binding != nil && !slices.ContainsFunc(offered, func(m string) bool { return strings.HasSuffix(m, "-PLUS") }):
			// We could bind; a server that could too sees that somebody has taken that offer out.
			return s.scram(mechanism, newScram(scramHash(mechanism), "y,,", nil, c.Username, c.Password))
		default:
			return s.scram(mechanism, newScram(scramHash(mechanism), "n,,", nil, c.Username, c.Password))
		}
	}
	if s.tls == nil || !slices.Contains(offered, "PLAIN") {
		return faultf(XMPPMisconfigured, "no way to authenticate: the server offers %.200q", strings.Join(offered, " "))
	}
	_, err := s.sasl("PLAIN", "\x00"+c.Username+"\x00"+c.Password, nil)
	return err
}

// channel returns what ties an exchange to the TLS connection (RFC 9266, RFC 5929), nil where nothing does. A server that
// tells no types is taken at the default of the version of TLS.
func (s *stream) channel(features *element) (name string, binding []byte) {
	if s.tls == nil {
		return "", nil
	}
	state := s.tls.ConnectionState()
	var types []string
	if told := features.child(nsBinding, "sasl-channel-binding"); told != nil {
		for _, e := range told.inner {
			types = append(types, e.get("type"))
		}
	} else if state.Version >= tls.VersionTLS13 {
		types = []string{"tls-exporter"}
	}
	if slices.Contains(types, "tls-exporter") {
		if key, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32); err == nil {
			return "tls-exporter", key
		}
	}
	if slices.Contains(types, "tls-server-end-point") && len(state.PeerCertificates) > 0 {
		return "tls-server-end-point", endPoint(state.PeerCertificates[0])
	}
	return "", nil
}

// endPoint is the hash of a certificate (RFC 5929 section 4.1).
func endPoint(c *x509.Certificate) []byte {
	switch c.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		sum := sha512.Sum384(c.Raw)
		return sum[:]
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		sum := sha512.Sum512(c.Raw)
		return sum[:]
	case x509.PureEd25519:
		return nil // names no hash
	}
	sum := sha256.Sum256(c.Raw)
	return sum[:]
}

func (s *stream) scram(mechanism string, x *scram) error {
	last, err := s.sasl(mechanism, x.first(), x)
	if err == nil && !x.verify(last) {
		return faultf(XMPPAuthFailed, "the server does not know the password")
	}
	return err
}

// sasl plays an exchange to its end (RFC 6120 section 6) and returns the server's last words. x answers challenges.
func (s *stream) sasl(mechanism, first string, x *scram) (last string, err error) {
	say := "<auth xmlns='" + nsSASL + "' mechanism='" + mechanism + "'>" + base64.StdEncoding.EncodeToString([]byte(first)) + "</auth>"
	for range 3 {
		if err := s.write(say); err != nil {
			return "", err
		}
		e, err := s.next()
		if err != nil {
			return "", err
		}
		text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(strings.TrimPrefix(e.text, "=")))
		switch {
		case e.Space != nsSASL:
			return "", fmt.Errorf("<%.40s> in place of an answer", e.Local)
		case e.Local == "failure" && e.child(nsSASL, "temporary-auth-failure") == nil:
			return "", faultf(XMPPAuthFailed, "the server does not let us in: %q", e.condition())
		case e.Local == "success" && err == nil:
			if len(text) > 0 {
				last = string(text)
			}
			return last, nil
		case e.Local != "challenge" || err != nil || x == nil:
			return "", fmt.Errorf("authentication ends with <%.40s> %q", e.Local, e.condition())
		}
		answer := ""
		if last = string(text); x.server == nil {
			if answer, err = x.final(last); err != nil {
				return "", err
			}
		} // else the server's last words come as a challenge, which wants an empty answer
		say = "<response xmlns='" + nsSASL + "'>" + base64.StdEncoding.EncodeToString([]byte(answer)) + "</response>"
	}
	return "", errors.New("authentication without end")
}

// bind gets us a full JID (RFC 6120 section 7); resource is what we would like to have in it, "" for anything.
func (s *stream) bind(features *element, resource string) (jid string, err error) {
	want := ""
	if resource != "" {
		want = "<resource>" + escape(resource) + "</resource>"
	}
	answer, err := s.ask("bind", "<bind xmlns='"+nsBind+"'>"+want+"</bind>")
	if err != nil {
		return "", err
	}
	if e := answer.child(nsBind, "bind").child(nsBind, "jid"); e != nil {
		jid = e.text
	}
	_, full, _ := strings.Cut(jid, "/")
	if full == "" || len(jid) > 3071 || strings.ContainsFunc(jid, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fmt.Errorf("the server gives us %.100q for an address", jid)
	}
	// Servers of RFC 3921 want a session to be begun as well.
	if e := features.child(nsSession, "session"); e != nil && e.child(nsSession, "optional") == nil {
		_, err = s.ask("session", "<session xmlns='"+nsSession+"'/>")
	}
	return jid, err
}

// ask sends an IQ to the server and waits for its answer.
func (s *stream) ask(id, payload string) (*element, error) {
	if err := s.write("<iq type='set' id='" + id + "'>" + payload + "</iq>"); err != nil {
		return nil, err
	}
	for range maxOther {
		e, err := s.next()
		if err != nil {
			return nil, err
		}
		if e.Local != "iq" || e.get("id") != id {
			continue
		}
		if e.get("type") != "result" {
			text := ""
			if c := e.child(nsClient, "error"); c != nil {
				text = c.condition()
			}
			return nil, fmt.Errorf("the server refuses to %s: %q", id, text)
		}
		return e, nil
	}
	return nil, fmt.Errorf("no answer to %s", id)
}
