package twamp

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"
)

func prefixes(t *testing.T, addresses, ports []string) Config {
	t.Helper()
	var c Config
	if err := c.Parse(addresses, ports); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhoIsAnswered(t *testing.T) {
	list := prefixes(t, []string{"192.0.2.7", "198.51.100.0/24", "2001:db8::/32"}, []string{"862", "2000-2010"})
	list.At, list.MaxTTL = netip.MustParseAddrPort("203.0.113.1:862"), 64
	all := Config{At: netip.MustParseAddrPort("203.0.113.1:862"), MaxTTL: 255}
	for _, tt := range []struct {
		name, from string
		ttl        int
		c          *Config
		want       bool
	}{
		{"an address of the list", "192.0.2.7:2000", 64, &list, true},
		{"an address beside it", "192.0.2.8:2000", 64, &list, false},
		{"of a prefix", "198.51.100.255:2010", 1, &list, true},
		{"without a TTL", "192.0.2.7:2000", -1, &list, false},
		{"of a prefix of IPv6", "[2001:db8:7::1]:2005", 64, &list, true},
		{"a port beside the range", "192.0.2.7:2011", 64, &list, false},
		{"from too far", "192.0.2.7:2000", 65, &list, false},
		{"from our own port, although it is in the list", "192.0.2.7:862", 64, &list, false},
		{"everybody", "192.0.2.8:49152", 255, &all, true},
		{"everybody but reflectors", "192.0.2.8:862", 255, &all, false},
		{"no port", "192.0.2.8:0", 255, &all, false},
	} {
		if got := tt.c.allows(netip.MustParseAddrPort(tt.from), tt.ttl); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestListsThatAreNone(t *testing.T) {
	for _, text := range []string{"", "192.0.2", "192.0.2.0/33", "192.0.2.1-192.0.2.9", "fe80::1%lan", "2001:db8::/129", "all"} {
		if err := new(Config).Parse([]string{text}, nil); err == nil {
			t.Errorf("%q is an address", text)
		}
	}
	for _, text := range []string{"", "-", "5-", "-5", "6-5", "65536", "1-65536", "+1", "0x1", "1,2"} {
		if err := new(Config).Parse(nil, []string{text}); err == nil {
			t.Errorf("%q is a port", text)
		}
	}
}

// RFC 4656 (4.1.2): multiplier * 2^-32 * 2^scale seconds.
func TestErrorEstimates(t *testing.T) {
	for us, want := range map[uint64]uint16{0: 0x0002, 1: 0x0587, 1000: 0x0f84, 16000000: 0x1d81, 1 << 62: 0x2487} {
		if got := estimate(us, false); got != want {
			t.Errorf("%d µs: %#x, want %#x", us, got, want)
		}
		e := estimate(us, true)
		if e>>14 != 2 || e&255 == 0 { // synchronised, not of PTP, a multiplier
			t.Errorf("%d µs: %#x", us, e)
		}
	}
}

// exchange sends a packet and returns what comes back, nil if nothing does before that for a second packet which is right.
func exchange(t *testing.T, r *Reflector, packet []byte) []byte {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.At))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	right := make([]byte, 100)
	copy(right, "last")
	buf := make([]byte, 10000)
	for _, p := range [][]byte{packet, right} {
		if _, err := conn.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	if string(buf[:4]) == "last" {
		return nil
	}
	return buf[:n]
}

func TestReflection(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		r, err := Listen(Config{At: netip.MustParseAddrPort(at), MaxTTL: 255})
		if err != nil {
			t.Logf("%s: %v", at, err)
			continue
		}
		packet := []byte("\x00\x00\x00\x07SENTTIME\x81\x22padding of the sender, as long as an answer wants it")
		before := time.Now()
		got := exchange(t, r, packet)
		after := time.Now()
		if len(got) != len(packet) {
			t.Fatalf("%s: %d octets for %d", at, len(got), len(packet))
		}
		if !bytes.Equal(got[:4], packet[:4]) || !bytes.Equal(got[24:38], packet[:14]) || !bytes.Equal(got[41:], packet[41:]) {
			t.Errorf("%s: % x", at, got)
		}
		if got[14]|got[15]|got[38]|got[39] != 0 || got[40] != 64 || got[13] == 0 {
			t.Errorf("%s: what is to be zero, the TTL, the error estimate: % x", at, got)
		}
		last := before
		for _, i := range []int{16, 4} { // received, then sent
			s, f := binary.BigEndian.Uint32(got[i:]), binary.BigEndian.Uint32(got[i+4:])
			stamp := time.Unix(int64(s)-2208988800, int64(uint64(f)*1e9>>32)+1)
			if stamp.Before(last.Round(0)) || stamp.After(after.Round(0).Add(time.Microsecond)) {
				t.Errorf("%s: %v is not between %v and %v", at, stamp, last, after)
			}
			last = stamp.Add(-time.Microsecond)
		}
		for name, p := range map[string][]byte{"empty": {}, "without padding": packet[:14], "one octet too short": packet[:40], "too long": make([]byte, 9001)} {
			if got := exchange(t, r, p); got != nil {
				t.Errorf("%s: a packet that is %s has an answer of %d octets", at, name, len(got))
			}
		}
		r.Close()
	}
}

func TestTooManyHops(t *testing.T) {
	near, err := Listen(Config{At: netip.MustParseAddrPort("127.0.0.1:0"), MaxTTL: 63})
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := Listen(Config{At: netip.MustParseAddrPort("127.0.0.1:0"), MaxTTL: 64})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	for _, r := range []*Reflector{near, far} { // both get theirs in this order, and loopback keeps it
		if _, err := conn.WriteToUDPAddrPort(make([]byte, minPacket), r.At); err != nil {
			t.Fatal(err)
		}
	}
	if _, from, err := conn.ReadFromUDPAddrPort(make([]byte, 100)); err != nil || from.Port() != far.At.Port() {
		t.Errorf("answered by %v, %v", from, err)
	}
}

func TestNoMoreThanSoMany(t *testing.T) {
	r, err := Listen(Config{At: netip.MustParseAddrPort("127.0.0.1:0"), MaxTTL: 255})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.At))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	start, got := time.Now(), 0
	for range 4 * most {
		conn.Write(make([]byte, minPacket))
		conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := conn.Read(make([]byte, 100)); err == nil {
			got++
		}
	}
	if limit := most * (int(time.Since(start)/time.Second) + 2); got == 0 || got > limit {
		t.Errorf("%d answers in %v, at most %d", got, time.Since(start), limit)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(make([]byte, 41), byte(64))
	f.Add(make([]byte, 14), byte(0))
	f.Fuzz(func(t *testing.T, b []byte, ttl byte) {
		before := bytes.Clone(b)
		if answer(b, ttl, time.Now(), 1) != (len(b) >= minPacket) {
			t.Fatalf("%d octets", len(b))
		}
		if len(b) >= minPacket && (!bytes.Equal(b[24:38], before[:14]) || b[40] != ttl || !bytes.Equal(b[41:], before[41:])) {
			t.Errorf("% x became % x", before, b)
		}
		ttlOf(before)
	})
}
