package connreq

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/connreq/xmpptest"
)

// freePort finds a port on loopback that nobody gets by chance: below those of outgoing connections.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 30_000 + rand.IntN(2_000)
		if ln, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			ln.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// T-321, T-322, T-323 with a real server.
func TestXMPPWithProsody(t *testing.T) {
	if !xmpptest.HaveProsody() {
		t.Skip("prosody is not installed")
	}
	prosody := func(t *testing.T, name string) (*line, *xmpptest.Prosody) {
		p, err := xmpptest.NewProsody(t.TempDir(), freePort(t), testCA(), "example.net", name, "cpe", "cpe-password", "acs", "acs-password")
		if err == nil {
			err = p.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Stop)
		l := newLine(t)
		l.config.Username, l.config.Password = "cpe", "cpe-password"
		l.lookup = func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
		l.lookupSRV = func(context.Context, string) ([]*net.SRV, error) {
			return []*net.SRV{{Target: "localhost.", Port: uint16(p.Port)}}, nil
		}
		t.Cleanup(func() {
			if t.Failed() {
				p.Stop()
				t.Log(p.Output())
			}
		})
		return l, p
	}
	dial := func(t *testing.T, p *xmpptest.Prosody) *xmpptest.Client {
		t.Helper()
		acs, err := xmpptest.Dial(p.Addr(), testCA(), "example.net", "acs", "acs-password", "1")
		if err != nil {
			t.Fatal(err)
		}
		return acs
	}
	request := func(t *testing.T, acs *xmpptest.Client, to, password, want string) {
		t.Helper()
		got, err := acs.Ask(xmpptest.Request(acs.JID, to, "7", "acs", password), patient)
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("answered with %s, %v; want %s", got, err, want)
		}
	}
	t.Run("C-53 requests, and the server restarts", func(t *testing.T) {
		l, p := prosody(t, "example.net")
		l.config.Resource = "router"
		l.run()
		if s := l.status(XMPPEnabled); !s.TLS {
			t.Error("no TLS")
		}
		jid := l.JabberID()
		if jid != "cpe@example.net/router" {
			t.Errorf("C-50 JabberID %q", jid)
		}
		acs := dial(t, p)
		request(t, acs, jid, "knock, knock", "type='result'")
		l.heard()
		request(t, acs, jid, "wrong", "not-authorized")
		l.set(func(c *config.XMPP) { c.AllowedJIDs = "other@example.net" })
		request(t, acs, jid, "knock, knock", "service-unavailable")
		l.set(func(c *config.XMPP) { c.AllowedJIDs = "ACS@Example.NET" })
		p.Stop()
		l.status(XMPPNoServer)
		if l.JabberID() != jid {
			t.Errorf("C-50 JabberID %q while the server is away", l.JabberID())
		}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		l.status(XMPPEnabled)
		request(t, dial(t, p), l.JabberID(), "knock, knock", "type='result'")
		l.heard()
		l.set(func(c *config.XMPP) { c.Enable = false })
		l.status(XMPPDisabled)
		request(t, dial(t, p), jid, "knock, knock", "service-unavailable") // the server's own word: we are not there
		if len(l.asked) > 0 {
			t.Error("a request was told upwards that was refused")
		}
		if log := l.log.String(); strings.Contains(log, "cpe-password") {
			t.Error("INV-9: a password is in the log")
		}
	})
	t.Run("C-54 wrong password", func(t *testing.T) {
		l, _ := prosody(t, "example.net")
		l.config.Password = "wrong"
		l.run()
		l.status(XMPPAuthFailed)
	})
	t.Run("C-54 a certificate with another name", func(t *testing.T) {
		l, _ := prosody(t, "xmpp.example.org")
		l.run()
		l.status(XMPPError)
	})
}
