package agent

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/icholy/digest"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// stunServer answers every Binding Request with one address, as if there were a NAT.
type stunServer struct {
	conn   *net.UDPConn
	mapped atomic.Pointer[netip.AddrPort]
	client atomic.Pointer[netip.AddrPort] // who asked last
}

func newSTUNServer(t *testing.T, mapped string) *stunServer {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s := &stunServer{conn: conn}
	s.see(mapped)
	done := make(chan struct{})
	go func() { defer close(done); s.serve() }()
	t.Cleanup(func() { conn.Close(); <-done })
	return s
}

// see says as whom the server sees us.
func (s *stunServer) see(mapped string) {
	addr := netip.MustParseAddrPort(mapped)
	s.mapped.Store(&addr)
}

func (s *stunServer) serve() {
	buf := make([]byte, 1500)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if n < 20 || buf[1] != 1 {
			continue
		}
		s.client.Store(&from)
		ip := s.mapped.Load().Addr().As4()
		answer := append([]byte{1, 1, 0, 12}, buf[4:20]...)
		answer = append(answer, 0, 1, 0, 8, 0, 1)
		answer = binary.BigEndian.AppendUint16(answer, s.mapped.Load().Port())
		s.conn.WriteToUDPAddrPort(append(answer, ip[:]...), from)
	}
}

// TestT315_AgentBehindNAT: the ACS switches STUN on and wants to know where the agent is (C-34); then it knocks from the STUN
// server's own port, as it has to (C-36). Switched off, the address is ours again.
func TestT315_AgentBehindNAT(t *testing.T) {
	const server = "Device.ManagementServer."
	nat := newSTUNServer(t, "198.51.100.7:40000")
	s := newStage(t, nil)
	s.acs.Secret("stun-secret")
	s.begin()
	own := s.get(server+"UDPConnectionRequestAddress", server+"NATDetected", server+"SupportedConnReqMethods")
	if !strings.HasPrefix(own[server+"UDPConnectionRequestAddress"], "127.0.0.1:") || own[server+"NATDetected"] != "false" ||
		!strings.Contains(own[server+"SupportedConnReqMethods"], "STUN") {
		t.Errorf("without STUN: %v", own)
	}
	two := 2
	if m := s.one(cwmptest.SetParameterAttributes(cwmptest.Attribute{Name: server + "UDPConnectionRequestAddress", Notification: &two})); m.FaultCode() != 0 {
		t.Fatalf("%s", m.Body)
	}
	s.set("0",
		cwmptest.Value{Name: server + "STUNServerAddress", Text: "127.0.0.1", Type: "string"},
		cwmptest.Value{Name: server + "STUNServerPort", Text: strconv.Itoa(nat.conn.LocalAddr().(*net.UDPAddr).Port), Type: "unsignedInt"},
		cwmptest.Value{Name: server + "STUNUsername", Text: "cpe", Type: "string"},
		cwmptest.Value{Name: server + "STUNPassword", Text: "stun-secret", Type: "string"},
		cwmptest.Value{Name: server + "STUNEnable", Text: "1", Type: "boolean"},
	)
	m := s.wantInform("4 VALUE CHANGE")
	if got := m.Values()[server+"UDPConnectionRequestAddress"]; got != "198.51.100.7:40000" {
		t.Errorf("told %q", got)
	}
	s.settle()
	got := s.get(server+"UDPConnectionRequestAddress", server+"NATDetected", server+"STUNPassword", server+"STUNEnable")
	if got[server+"UDPConnectionRequestAddress"] != "198.51.100.7:40000" || got[server+"NATDetected"] != "true" || got[server+"STUNPassword"] != "" || got[server+"STUNEnable"] != "true" {
		t.Errorf("behind the NAT: %v", got)
	}
	if got, want := s.call("cwmp", "status").Get("stun").Text(), "198.51.100.7:40000, behind a NAT, by 127.0.0.1"; got != want {
		t.Errorf("cwmpd status says %q, want %q", got, want)
	}
	if to := nat.client.Load(); "127.0.0.1:"+strconv.Itoa(int(to.Port())) != own[server+"UDPConnectionRequestAddress"] {
		t.Errorf("C-30: STUN from %v, connection requests to %s", to, own[server+"UDPConnectionRequestAddress"])
	}
	s.seen = len(s.acs.Messages())
	nat.conn.WriteToUDPAddrPort([]byte(signedUDP("acs", "connreq-secret", "1000", "1", "198.51.100.7:40000")), *nat.client.Load())
	s.wantInform("6 CONNECTION REQUEST")
	s.settle()

	s.set("0", cwmptest.Value{Name: server + "STUNEnable", Text: "0", Type: "boolean"})
	m = s.wantInform("4 VALUE CHANGE")
	if got := m.Values()[server+"UDPConnectionRequestAddress"]; got != own[server+"UDPConnectionRequestAddress"] {
		t.Errorf("switched off: told %q", got)
	}
	if got := s.call("cwmp", "status").Get("stun").Text(); got != "" {
		t.Errorf("switched off: cwmpd status says %q", got)
	}
}

// knockFrom connects from one of our own addresses and returns the status of a request without credentials, "closed" if
// nobody says anything.
func (s *stage) knockFrom(source string) string {
	s.t.Helper()
	informs := s.acs.Pick("Inform")
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: from.DialContext}}
	resp, err := client.Get(informs[len(informs)-1].Values()["Device.ManagementServer.ConnectionRequestURL"])
	if err != nil {
		return "closed"
	}
	resp.Body.Close()
	return strconv.Itoa(resp.StatusCode)
}

// TestC1_OnlyFromTheACS: unless the owner wants otherwise everybody may knock; then only the ACS and whom he names.
func TestC1_OnlyFromTheACS(t *testing.T) {
	s := newStage(t, nil)
	s.begin()
	if got := s.knockFrom("127.0.0.5"); got != "401" {
		t.Errorf("C-1: a stranger is answered with %s", got)
	}
	s.edit("etc/config/cwmp", []string{"s|config cpe 'cpe'|config cpe 'cpe'\n\toption connreq_acs_only '1'|"})
	s.eventually("a stranger is not answered", func() bool { return s.knockFrom("127.0.0.5") == "closed" })
	s.eventually("the ACS is", func() bool { return s.knockFrom("127.0.0.1") == "401" })
	s.seen = len(s.acs.Messages())
	s.knockUDPFrom("127.0.0.5", "1")
	s.knockUDPFrom("127.0.0.1", "9") // comes after it
	s.wantInform("6 CONNECTION REQUEST")
	s.settle()
	s.edit("etc/config/cwmp", []string{"s|option connreq_acs_only '1'|option connreq_acs_only '1'\n\toption connreq_allow '192.0.2.1 127.0.0.4/30'|"})
	s.eventually("one of the named networks is", func() bool { return s.knockFrom("127.0.0.5") == "401" })
	if got := s.knockFrom("127.0.0.9"); got != "closed" {
		t.Errorf("another stranger is answered with %s", got)
	}
	if n := len(s.acs.Pick("Inform")); n != 2 {
		t.Errorf("%d sessions: a stranger's datagram opened one", n)
	}
	s.seen = len(s.acs.Messages())
	s.knockUDPFrom("127.0.0.5", "2")
	s.wantInform("6 CONNECTION REQUEST")
}

// knockUDPFrom sends a signed datagram from one of our own addresses.
func (s *stage) knockUDPFrom(source, id string) {
	s.t.Helper()
	informs := s.acs.Pick("Inform")
	u, err := url.Parse(informs[len(informs)-1].Values()["Device.ManagementServer.ConnectionRequestURL"])
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := (&net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(source)}}).Dial("udp", u.Host)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, signedUDP("acs", "connreq-secret", "1000", id, u.Host))
}

// TestFirewall: nothing is opened unless the owner asks; then what procd tells the firewall follows the ports, and the
// addresses of the ACS.
func TestFirewall(t *testing.T) {
	s := newStage(t, nil)
	s.begin()
	for _, c := range s.router.Bus().Calls() {
		if c.Object == "service" && c.Method == "set" {
			t.Errorf("C-17: the firewall is touched without being asked: %v", c.Args)
		}
	}
	port := func() string { return portOption.FindString(s.read("etc/config/cwmp")) }
	number := func() string { return strings.Trim(strings.TrimPrefix(port(), "option port "), "'") }
	rule := func(proto, more string) string {
		return `{"type":"rule","src":"wan","proto":"` + proto + `","dest_port":"` + number() + `","target":"ACCEPT"` + more + `},{"type":"redirect","src":"wan","proto":"` + proto + `","src_dport":"` + number() + `","target":"DNAT"}`
	}
	want := func(more string) {
		t.Helper()
		s.wantCall(`service.set {"name":"cwmpd-firewall","data":{"firewall":[` + rule("tcp", more) + `,` + rule("udp", more) + `]}}`)
	}
	s.edit("etc/config/cwmp", []string{"s|config cpe 'cpe'|config cpe 'cpe'\n\toption incoming_rule 'Port_Only'|"})
	want("")
	s.edit("etc/config/cwmp", []string{"s|Port_Only|IP_Port|"})
	want(`,"src_ip":["127.0.0.1"]`)
	s.edit("etc/config/cwmp", []string{"s|option incoming_rule|option connreq_allow '2001:db8::/32 192.0.2.7'\n\toption incoming_rule|"})
	want(`,"src_ip":["127.0.0.1","192.0.2.7/32","2001:db8::/32"]`)
	s.edit("etc/config/cwmp", []string{"s|" + port() + "|option port '" + strconv.Itoa(freePort(t)) + "'|"})
	want(`,"src_ip":["127.0.0.1","192.0.2.7/32","2001:db8::/32"]`)
	if v := s.call("service", "get_data", "type", "firewall"); v.Get("cwmpd-firewall", "firewall").Len() != 4 {
		t.Errorf("the firewall is told %v", v)
	}
	s.edit("etc/config/cwmp", []string{"s|option incoming_rule 'IP_Port'||"})
	s.wantCall(`service.set {"name":"cwmpd-firewall","data":{}}`)
}

// TestC2_AnswerDoesNotWaitForTheTree: while a session reads a value that takes for ever, connection requests by HTTP and UDP
// are answered and remembered. The session afterwards is one (C-4, C-38).
func TestC2_AnswerDoesNotWaitForTheTree(t *testing.T) {
	s := newStage(t, map[string]string{
		"etc/cwmpd/datamodel/slow.dm": "Device.X_TEST_Slow.  r\n  Value  r string  exec slow\n",
	})
	s.write("usr/libexec/cwmpd/slow", "#!/bin/sh\n>"+s.router.Path("tmp/reading")+"\nread x <"+s.router.Path("tmp/go")+"\necho done\n")
	if err := os.Chmod(s.router.Path("usr/libexec/cwmpd/slow"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(s.router.Path("tmp/go"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.begin()
	s.acs.Ask(cwmptest.GetParameterValues("Device."))
	s.call("tr069", "inform", "event", "6 CONNECTION REQUEST")
	s.inform()
	s.eventually("the tree is being read", func() bool { _, err := os.Stat(s.router.Path("tmp/reading")); return err == nil })
	if got := s.knock("acs", "connreq-secret"); got != "200" {
		t.Errorf("answered with %s", got)
	}
	s.knockUDP("acs", "connreq-secret", "1000", "1")
	if _, err := os.Stat(s.router.Path("tmp/reading")); err != nil || len(s.acs.Pick("GetParameterValuesResponse")) != 0 {
		t.Fatal("the tree was read before we could knock")
	}
	if err := os.WriteFile(s.router.Path("tmp/go"), []byte("\n"), 0); err != nil {
		t.Fatal(err)
	}
	if m := s.wait("GetParameterValuesResponse"); m.Values()["Device.X_TEST_Slow.Value"] != "done" {
		t.Errorf("got %q", m.Values()["Device.X_TEST_Slow.Value"])
	}
	s.wantInform("6 CONNECTION REQUEST")
	s.settle()
	if n := len(s.acs.Pick("Inform")); n != 3 {
		t.Errorf("%d sessions, want the first, that one and one more", n)
	}
}

// BenchmarkConnectionRequest is the time from an ACS's GET to our 200, in a quiet router and while the whole tree is read all
// the time: 50 ms at most are wanted.
func BenchmarkConnectionRequest(b *testing.B) {
	for _, busy := range []bool{false, true} {
		b.Run(map[bool]string{false: "quiet", true: "while the tree is read"}[busy], func(b *testing.B) { benchmarkKnock(b, busy) })
	}
}

func benchmarkKnock(b *testing.B, busy bool) {
	root := grownRouter(b, 160)
	serveRouter(b, root)
	p := openParts(b, root)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { p.http.Run(ctx) })
	<-p.http.Ready()
	if busy {
		wg.Go(func() {
			for ctx.Err() == nil {
				var enc soap.Encoder
				readValues(b, p, &enc, "")
			}
		})
	}
	target := p.http.URL("127.0.0.1")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // an ACS connects anew
	get := func(auth string) *http.Response {
		req, err := http.NewRequest("GET", target, nil)
		if err != nil {
			b.Fatal(err)
		}
		if auth != "" {
			req.Header.Set("Authorization", auth)
		}
		resp, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	challenge, err := digest.FindChallenge(get("").Header)
	if err != nil {
		b.Fatal(err)
	}
	path := target[strings.LastIndexByte(target, '/'):]
	var times []time.Duration
	for b.Loop() {
		cred, err := digest.Digest(challenge, digest.Options{Method: "GET", URI: path, Username: "acs", Password: "connreq-secret", Count: len(times) + 1})
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		resp := get(cred.String())
		times = append(times, time.Since(start))
		if resp.StatusCode != 200 && resp.StatusCode != 503 { // verified, and then perhaps one too many
			b.Fatal(resp.Status)
		}
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)-1].Microseconds())/1000, "max-ms")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
}
