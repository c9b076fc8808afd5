package xmpptest

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"time"
)

// Dial is an ACS's side: it logs in to a server over STARTTLS with PLAIN, and returns what stanzas can be sent through and
// come from.
func Dial(at string, ca *CA, domain, user, password, resource string) (*Client, error) {
	tcp, err := net.DialTimeout("tcp", at, 10*time.Second)
	if err != nil {
		return nil, err
	}
	tcp.SetDeadline(time.Now().Add(30 * time.Second))
	c, err := login(tcp, ca, domain, user, password, resource)
	if err != nil {
		tcp.Close()
		return nil, err
	}
	tcp.SetDeadline(time.Time{})
	return c, nil
}

func login(tcp net.Conn, ca *CA, domain, user, password, resource string) (*Client, error) {
	p := &peer{conn: tcp, br: bufio.NewReader(tcp), s: &Server{}}
	// say sends something, and wants an element of that name for it; a new stream has its features read too.
	say := func(text, want string, fresh bool) (string, error) {
		if err := p.say("%s", text); err != nil {
			return "", err
		}
		if fresh {
			p.dec = xml.NewDecoder(p)
			for {
				t, err := p.dec.Token()
				if err != nil {
					return "", err
				}
				if _, ok := t.(xml.StartElement); ok {
					break
				}
			}
		}
		root, all, err := p.stanza()
		if err == nil && root.Name.Local != want {
			err = fmt.Errorf("%s for %s", all, text)
		}
		return all, err
	}
	open := "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='" + domain + "'>"
	if _, err := say(open, "features", true); err != nil {
		return nil, err
	}
	if _, err := say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "proceed", false); err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.PEM)
	secured := tls.Client(tcp, &tls.Config{ServerName: domain, RootCAs: roots})
	if err := secured.Handshake(); err != nil {
		return nil, err
	}
	p.conn, p.br = secured, bufio.NewReader(secured)
	if _, err := say(open, "features", true); err != nil {
		return nil, err
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	if _, err := say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"+plain+"</auth>", "success", false); err != nil {
		return nil, err
	}
	if _, err := say(open, "features", true); err != nil {
		return nil, err
	}
	bound, err := say("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>"+resource+"</resource></bind></iq>", "iq", false)
	if err != nil {
		return nil, err
	}
	c := &Client{JID: inside(bound, "jid"), TLS: true, conn: secured, lines: make(chan string, 100), gone: make(chan struct{}), blank: make(chan struct{}, 1)}
	if c.JID == "" {
		return nil, errors.New(bound)
	}
	p.cl = c
	go func() {
		defer close(c.gone)
		for {
			_, text, err := p.stanza()
			if err != nil {
				return
			}
			c.lines <- text
		}
	}()
	return c, nil
}
