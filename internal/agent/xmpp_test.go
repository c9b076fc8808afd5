package agent

import (
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/connreq/xmpptest"
	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

const (
	jabberID    = "Device.ManagementServer.ConnReqJabberID"
	xmppTable   = "Device.XMPP.Connection."
	xmppFirst   = xmppTable + "1."
	xmppAccount = "cpe-secret-7"
)

// An xmppServer is ours or prosody.
type xmppServer struct {
	port  int
	start func()
	stop  func()
	// request sends a connection request as acs@example.net/1 and returns the answer.
	request func(to, password string) string
}

// TestXMPPConnectionRequests has the ACS set up a connection from nothing, and wake us by it: C-50, C-53, C-54, T-321,
// T-323.
func TestXMPPConnectionRequests(t *testing.T) {
	ca := xmpptest.NewCA()
	t.Run("a server of ours", func(t *testing.T) {
		t.Parallel()
		cert, key := ca.Issue("example.net")
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		server := &xmpptest.Server{Domain: "example.net", User: "cpe", Password: xmppAccount, TLS: &tls.Config{Certificates: []tls.Certificate{pair}},
			TLSRequired: true, Mechanisms: []string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}}
		clients := 0
		port := freePort(t)
		x := &xmppServer{port: port, start: func() { server.Start(at(port)) }, stop: func() { server.Close(); clients++ }}
		x.request = func(to, password string) string {
			c, err := server.Client(clients, patience)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := c.Ask(xmpptest.Request("acs@example.net/1", to, "1", "acs", password), patience)
			if err != nil {
				t.Fatal(err)
			}
			return answer
		}
		playXMPP(t, ca, x)
	})
	t.Run("prosody", func(t *testing.T) {
		t.Parallel()
		if !xmpptest.HaveProsody() {
			t.Skip("prosody is not installed")
		}
		p, err := xmpptest.NewProsody(t.TempDir(), freePort(t), ca, "example.net", "example.net", "cpe", xmppAccount, "acs", "acs-account")
		if err != nil {
			t.Fatal(err)
		}
		x := &xmppServer{port: p.Port, stop: p.Stop, start: func() {
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
		}}
		x.request = func(to, password string) string {
			acs, err := xmpptest.Dial(p.Addr(), ca, "example.net", "acs", "acs-account", "1")
			if err != nil {
				t.Fatal(err)
			}
			defer acs.Drop()
			answer, err := acs.Ask(xmpptest.Request(acs.JID, to, "1", "acs", password), patience)
			if err != nil {
				t.Fatal(err)
			}
			return answer
		}
		playXMPP(t, ca, x)
	})
}

func at(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func playXMPP(t *testing.T, ca *xmpptest.CA, x *xmppServer) {
	s := newStage(t, map[string]string{"etc/ssl/certs/xmpp.pem": string(ca.PEM)})
	s.acs.Secret(xmppAccount)
	x.start()
	t.Cleanup(x.stop)
	if m := s.begin(); m.Values()[jabberID] != "" {
		t.Errorf("C-50 the first Inform has %s = %q", jabberID, m.Values()[jabberID])
	}
	if got := s.get("Device.ManagementServer.SupportedConnReqMethods")["Device.ManagementServer.SupportedConnReqMethods"]; !strings.Contains(got, "XMPP") {
		t.Errorf("C-50 SupportedConnReqMethods = %q", got)
	}
	s.one(cwmptest.AddObject(xmppTable, ""))
	s.one(cwmptest.AddObject(xmppFirst+"Server.", ""))
	s.set("0",
		cwmptest.Value{Name: xmppFirst + "Username", Text: "cpe"}, cwmptest.Value{Name: xmppFirst + "Password", Text: xmppAccount},
		cwmptest.Value{Name: xmppFirst + "Domain", Text: "example.net"}, cwmptest.Value{Name: xmppFirst + "Resource", Text: "router"},
		cwmptest.Value{Name: xmppFirst + "UseTLS", Text: "true", Type: "boolean"},
		cwmptest.Value{Name: xmppFirst + "ServerConnectAlgorithm", Text: "ServerTable"},
		cwmptest.Value{Name: xmppFirst + "ServerRetryInitialInterval", Text: "1", Type: "unsignedInt"},
		cwmptest.Value{Name: xmppFirst + "Server.1.ServerAddress", Text: "127.0.0.1"},
		cwmptest.Value{Name: xmppFirst + "Server.1.Port", Text: fmt.Sprint(x.port), Type: "unsignedInt"},
		cwmptest.Value{Name: xmppFirst + "Server.1.Enable", Text: "true", Type: "boolean"},
		cwmptest.Value{Name: xmppFirst + "Enable", Text: "true", Type: "boolean"})
	if got := s.get(xmppFirst)[xmppFirst+"Status"]; got != "Dormant" {
		t.Errorf("Status %q of a connection that nobody wants, want Dormant", got)
	}
	s.set("0", cwmptest.Value{Name: "Device.ManagementServer.ConnReqXMPPConnection", Text: "Device.XMPP.Connection.1"},
		cwmptest.Value{Name: "Device.ManagementServer.ConnReqAllowedJabberIDs", Text: "ACS@example.net"})

	const jid = "cpe@example.net/router"
	if m := s.wantInform("4 VALUE CHANGE"); m.Values()[jabberID] != jid {
		t.Errorf("C-50 %s = %q, want %q", jabberID, m.Values()[jabberID], jid)
	}
	s.settle()
	wake := func() {
		t.Helper()
		if got := x.request(jid, "connreq-secret"); !strings.Contains(got, "result") || strings.Contains(got, "error") {
			t.Fatalf("C-53 answered with %s", got)
		}
		s.wantInform("6 CONNECTION REQUEST")
		s.settle()
	}
	wake()
	if got := x.request(jid, "wrong"); !strings.Contains(got, "not-authorized") || strings.Contains(got, "wrong") {
		t.Errorf("C-53 answered with %s", got)
	}
	got := s.get(xmppFirst)
	for name, want := range map[string]string{
		"Status": "Enabled", "JabberID": jid, "TLSEstablished": "true", "Password": "", "Username": "cpe", "ServerNumberOfEntries": "1",
		"ServerConnectAttempts": "16", "KeepAliveInterval": "-1", "Stats.ReceivedMessages": "2", "Stats.TransmittedMessages": "2",
		"Stats.TransmittedErrorMessages": "1", "Stats.ReceivedErrorMessages": "0",
	} {
		if got[xmppFirst+name] != want {
			t.Errorf("%s = %q, want %q", name, got[xmppFirst+name], want)
		}
	}
	if got[xmppFirst+"LastChangeDate"] < "2020" {
		t.Errorf("LastChangeDate = %q", got[xmppFirst+"LastChangeDate"])
	}

	status := func() string { return s.call("cwmp", "status").Get("xmpp").Text() }
	if v := s.call("cwmp", "status"); v.Get("jabber_id").Text() != jid {
		t.Errorf("cwmpd status has the Jabber ID %q", v.Get("jabber_id").Text())
	}
	// The server goes away and comes back, then we do: our address stays, so there is no value change.
	x.stop()
	s.eventually("the connection is lost", func() bool { return status() != "Enabled" })
	if got := s.get(jabberID)[jabberID]; got != jid {
		t.Errorf("C-50 %q while the connection is lost, want %q", got, jid)
	}
	x.start()
	s.eventually("the connection is back", func() bool { return status() == "Enabled" })
	s.seen = len(s.acs.Messages())
	wake()
	s.restart()
	s.eventually("the connection is back", func() bool { return status() == "Enabled" })
	for _, m := range s.acs.Pick("Inform") {
		if m.Values()[jabberID] != jid && strings.Contains(strings.Join(m.Events(), " "), "4 VALUE CHANGE") {
			t.Errorf("C-50 an Inform with %v and %s = %q", m.Events(), jabberID, m.Values()[jabberID])
		}
	}

	// Deleting the row ends it all.
	s.set("0", cwmptest.Value{Name: "Device.ManagementServer.ConnReqAllowedJabberIDs", Text: ""})
	s.one(cwmptest.DeleteObject(xmppFirst, ""))
	if got := s.get("Device.ManagementServer.ConnReqXMPPConnection", jabberID); got["Device.ManagementServer.ConnReqXMPPConnection"] != "" || got[jabberID] != "" {
		t.Errorf("C-50 after the row is deleted: %v", got)
	}
	if text := s.read("etc/config/cwmp"); strings.Contains(text, "xmpp_") && strings.Contains(text, "config xmpp") {
		t.Errorf("sections are left:\n%s", text)
	}
}
