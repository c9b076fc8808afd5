package agent

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
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
}
