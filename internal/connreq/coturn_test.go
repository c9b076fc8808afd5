package connreq

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"testing"
	"time"
)

// startCoturn runs Debian's turnserver as a STUN server, and nothing more, on an address of loopback.
func startCoturn(t *testing.T) netip.AddrPort {
	t.Helper()
	program, err := exec.LookPath("turnserver")
	if err != nil {
		t.Skip("no turnserver here (Debian: coturn)")
	}
	server := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 11}), 0)
	probe, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(server))
	if err != nil {
		t.Fatal(err)
	}
	server = probe.LocalAddr().(*net.UDPAddr).AddrPort()
	probe.Close()
	dir := t.TempDir()
	cmd := exec.Command(program, "-n", "--stun-only", "--no-cli", "--no-tls", "--no-dtls", "--no-tcp",
		"--listening-ip=127.0.0.11", "--listening-ip=127.0.0.12", fmt.Sprint("--listening-port=", server.Port()),
		"--log-file=stdout", "--pidfile="+dir+"/pid", "--userdb="+dir+"/db")
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	awaitSTUN(t, server)
	return server
}

// awaitSTUN asks a server until it answers.
func awaitSTUN(t *testing.T, server netip.AddrPort) {
	t.Helper()
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(server))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for deadline := time.Now().Add(30 * time.Second); ; {
		c.Write((&stunQuestion{id: newID(false)}).bytes())
		c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if n, err := c.Read(make([]byte, maxSTUN)); err == nil && n >= stunHeader {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not answer")
		}
		time.Sleep(20 * time.Millisecond) // a port that is closed is told at once
	}
}

// TestCoturn_T315 is T-315 against coturn, whose answers to requests of RFC 3489 have no magic cookie and a plain
// MAPPED-ADDRESS. On loopback there is no NAT.
func TestCoturn_T315(t *testing.T) {
	server := startCoturn(t)
	conn, err := net.ListenUDP("udp", nil) // of both families, as the listener's
	if err != nil {
		t.Fatal(err)
	}
	l := newLink(conn)
	go l.read(func([]byte, netip.AddrPort) {})
	defer l.close()
	s := &stun{log: discard, primary: l, second: openLink}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	want := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(l.port))
	for name, cookie := range map[string]bool{"RFC 3489": false, "RFC 5389": true} {
		p := &peer{server: server, cookie: cookie, set: STUNSettings{Username: "cpe", Password: "x"}}
		if mapped, err := s.bind(ctx, p, true); err != nil || mapped != want || p.signs {
			t.Errorf("%s: mapped to %v, want %v; %v", name, mapped, want, err)
		}
		// It answers to whom asked, with REFLECTED-FROM, or refuses: our period is a blind one (C-35).
		if _, able, err := s.lives(ctx, p, want); err != nil || able {
			t.Errorf("%s: RESPONSE-ADDRESS: able %v, %v", name, able, err)
		}
	}
}

// TestCoturn_T319: the whole listener, found by STUN, woken by a datagram to the address that was found.
func TestCoturn_T319(t *testing.T) {
	server := startCoturn(t)
	set := UDPSettings{Enable: true, STUN: STUNSettings{Enable: true, Server: "127.0.0.11", Port: int(server.Port()), Min: 30 * time.Second, Max: -1}}
	b := runUDP(t, set)
	for b.Server() != server.Addr() {
		select {
		case <-b.changed:
		case <-time.After(30 * time.Second):
			t.Fatal("no answer of coturn's came to anything")
		}
	}
	if got, want := b.Address("h"), fmt.Sprintf("127.0.0.1:%d", b.Port()); got != want || b.NATDetected() {
		t.Errorf("address %s, want %s; NAT %v", got, want, b.NATDetected())
	}
	c, err := net.Dial("udp", b.Address("h"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, signedUDP(1, "1", "acs", "secret"))
	<-b.woken
}
