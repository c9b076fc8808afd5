package connreq

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/state"
)

// signedUDP is a connection request as GenieACS sends it.
func signedUDP(ts int64, id, un, pass string) string {
	mac := hmac.New(sha1.New, []byte(pass))
	fmt.Fprintf(mac, "%d%s%s%s", ts, id, un, "c0ffee")
	return fmt.Sprintf("GET http://192.0.2.1:7547?ts=%d&id=%s&un=%s&cn=c0ffee&sig=%x HTTP/1.1\r\nHost: 192.0.2.1:7547\r\n\r\n", ts, id, un, mac.Sum(nil))
}

// judged is a listener without a socket.
func judged(t *testing.T, store *state.Store, change func(*UDPConfig)) *UDP {
	cfg := UDPConfig{
		Store: store, Settings: func() UDPSettings { return UDPSettings{Enable: true} },
		Credentials: func() (string, string) { return "acs", "secret" }, OnRequest: func() {},
	}
	if change != nil {
		change(&cfg)
	}
	return NewUDP(cfg)
}

var acsAddr = netip.MustParseAddrPort("192.0.2.9:3478")

func TestC36_UDPRequest(t *testing.T) {
	good := signedUDP(1000, "7", "acs", "secret")
	sig := good[strings.Index(good, "sig=")+4:][:40]
	for name, text := range map[string]string{
		"as GenieACS sends it": good,
		"upper case":           strings.Replace(good, sig, strings.ToUpper(sig), 1),
		"another order":        "GET http://h:1?sig=" + sig + "&cn=c0ffee&un=acs&id=7&ts=1000 HTTP/1.1\r\n\r\n",
		"headers and a body":   strings.Replace(good, "\r\n\r\n", "\r\nContent-Length: 3\r\nX: y\r\n\r\nabc", 1),
		"a path of one slash":  strings.Replace(good, "7547?", "7547/?", 1),
		"unknown fields":       strings.Replace(good, "?ts", "?x=y&z&ts", 1),
		"an escaped name":      strings.Replace(good, "un=acs", "un=%61cs", 1),
		"no port":              strings.Replace(good, "192.0.2.1:7547?", "h?", 1),
	} {
		if why := judged(t, nil, nil).judge([]byte(text), acsAddr, time.Now()); why != "" {
			t.Errorf("%s: ignored: %s", name, why)
		}
	}
	for _, user := range []string{"00D09E-Router 5-1", "a+b", "ä&=%?"} {
		u := judged(t, nil, func(c *UDPConfig) { c.Credentials = func() (string, string) { return user, "secret" } })
		mac := hmac.New(sha1.New, []byte("secret"))
		fmt.Fprintf(mac, "5%s%s%s", "1", user, "c")
		text := fmt.Sprintf("GET http://h:1?ts=5&id=1&un=%s&cn=c&sig=%x HTTP/1.1\r\n\r\n", strings.ReplaceAll(url.PathEscape(user), "&", "%26"), mac.Sum(nil))
		if why := u.judge([]byte(text), acsAddr, time.Now()); why != "" {
			t.Errorf("%q escaped after it was signed: ignored: %s", user, why)
		}
	}
}

// TestT320_UDPRequestsThatAreIgnored is C-36, C-37, C-39.
func TestT320_UDPRequestsThatAreIgnored(t *testing.T) {
	good := signedUDP(1000, "7", "acs", "secret")
	without := func(field string) string {
		i := strings.Index(good, field+"=")
		end := strings.IndexAny(good[i:], "& ")
		return good[:i] + "x=y" + good[i+end:]
	}
	for name, text := range map[string]string{
		"nothing":            "",
		"ts missing":         without("ts"),
		"id missing":         without("id"),
		"un missing":         without("un"),
		"cn missing":         without("cn"),
		"sig missing":        without("sig"),
		"a field twice":      strings.Replace(good, "?ts", "?id=7&ts", 1),
		"sig twice":          strings.Replace(good, " HTTP/1.1", "&sig="+strings.Repeat("0", 40)+" HTTP/1.1", 1),
		"17 fields":          strings.Replace(good, "?ts", "?"+strings.Repeat("x&", 12)+"ts", 1),
		"wrong un":           signedUDP(1000, "7", "asc", "secret"),
		"un in another case": signedUDP(1000, "7", "ACS", "secret"),
		"wrong password":     signedUDP(1000, "7", "acs", "guess"),
		"wrong sig":          strings.Replace(good, "sig=", "sig=0", 1),
		"other sig":          good[:strings.Index(good, "sig=")] + "sig=" + strings.Repeat("ab", 20) + " HTTP/1.1\r\n\r\n",
		"ts changed":         strings.Replace(good, "ts=1000", "ts=1001", 1),
		"ts is no number":    strings.Replace(good, "ts=1000", "ts=1000x", 1),
		"ts is negative":     signedUDP(-1, "7", "acs", "secret"),
		"ts overflows":       strings.Replace(good, "ts=1000", "ts=99999999999999999999", 1),
		"a long id":          signedUDP(1000, strings.Repeat("7", 65), "acs", "secret"),
		"POST":               strings.Replace(good, "GET", "POST", 1),
		"HTTP/1.0":           strings.Replace(good, "HTTP/1.1", "HTTP/1.0", 1),
		"https":              strings.Replace(good, "http://", "https://", 1),
		"no host":            strings.Replace(good, "192.0.2.1:7547?", "?", 1),
		"no end":             strings.TrimSuffix(good, "\r\n"),
		"half of it":         good[:len(good)/2],
		"2000 bytes":         good + strings.Repeat("x", 2000-len(good)),
		"a STUN answer":      "\x01\x01\x00\x00" + strings.Repeat("x", 16),
	} {
		called := false
		u := judged(t, nil, func(c *UDPConfig) { c.OnRequest = func() { called = true } })
		u.serve([]byte(text), acsAddr)
		if called {
			t.Errorf("%s: accepted", name)
		}
	}
	none := judged(t, nil, func(c *UDPConfig) { c.Credentials = func() (string, string) { return "", "" } })
	if none.judge([]byte(signedUDP(1, "1", "", "")), acsAddr, time.Now()) == "" {
		t.Error("accepted without a password (factory state)")
	}
}

// TestC37_Replay: copies, older ones, another id of the same second; over a restart and with new passwords too.
func TestC37_Replay(t *testing.T) {
	store, err := state.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	pass, now := "secret", time.Now()
	start := func() *UDP {
		return judged(t, store, func(c *UDPConfig) { c.Credentials = func() (string, string) { return "acs", pass } })
	}
	u := start()
	try := func(what string, ts int64, id string, want bool) {
		t.Helper()
		now = now.Add(time.Hour) // rates are another matter
		if got := u.judge([]byte(signedUDP(ts, id, "acs", pass)), acsAddr, now) == ""; got != want {
			t.Errorf("%s: accepted %v", what, got)
		}
	}
	try("the first", 1000, "1", true)
	try("its copy", 1000, "1", false)
	try("another of the same second", 1000, "2", true)
	try("a copy of the one before", 1000, "1", false)
	try("an older one", 999, "3", false)
	try("a newer one with an old id", 1001, "1", true)
	u = start()
	try("its copy after a restart", 1001, "1", false)
	try("an older one after a restart", 1000, "9", false)
	try("one from the far future, of an ACS without a clock", 1<<62, "1", true)
	try("the next", 1002, "2", false)
	pass = "changed"
	try("the next, with a new password", 1002, "2", true)
	try("and its copy", 1002, "2", false)
	pass = "secret"
	for i := range maxIDs {
		try("of one second", 2000, fmt.Sprint(i), true)
	}
	try("too many of one second", 2000, "x", false)
	try("of the next", 2001, "x", true)
}

// TestC37_Window: where the owner wants it and the clock is right, requests from other days are ignored.
func TestC37_Window(t *testing.T) {
	clock, right := time.Unix(1e9, 0), true
	window := 24 * time.Hour
	for _, c := range []struct {
		off    time.Duration
		window time.Duration
		right  bool
		want   bool
	}{
		{23 * time.Hour, window, true, true}, {-23 * time.Hour, window, true, true},
		{25 * time.Hour, window, true, false}, {-25 * time.Hour, window, true, false},
		{25 * time.Hour, window, false, true}, {25 * time.Hour, 0, true, true},
	} {
		right = c.right
		u := judged(t, nil, func(cfg *UDPConfig) {
			cfg.Clock = func() (time.Time, bool) { return clock, right }
			cfg.Settings = func() UDPSettings { return UDPSettings{Enable: true, Window: c.window} }
		})
		if got := u.judge([]byte(signedUDP(clock.Add(c.off).Unix(), "1", "acs", "secret")), acsAddr, time.Now()) == ""; got != c.want {
			t.Errorf("%+v: accepted %v", c, got)
		}
	}
}

// TestC39_Rates: wrong signatures are looked at so often and no more, and nobody is shut out by guesses in his name; what is
// accepted is limited too (C-5).
func TestC39_Rates(t *testing.T) {
	u, now := judged(t, nil, nil), time.Now()
	looked := 0
	for i := range 10_000 {
		if u.judge([]byte(signedUDP(int64(i), "1", "acs", "guess")), acsAddr, now) == "wrong signature" {
			looked++
		}
	}
	if looked > 150 {
		t.Errorf("%d signatures verified", looked)
	}
	if why := u.judge([]byte(signedUDP(1, "1", "acs", "secret")), acsAddr, now.Add(time.Second)); why != "" {
		t.Errorf("a second later the ACS is ignored: %s", why)
	}
	n := 0
	for i := range 100 {
		if u.judge([]byte(signedUDP(int64(i+10), "1", "acs", "secret")), acsAddr, now.Add(time.Second)) == "" {
			n++
		}
	}
	if n != 4 {
		t.Errorf("%d more accepted at once, want 4", n)
	}
}

// TestC1_OnlyFromTheACS: with the option others are not even looked at.
func TestC1_OnlyFromTheACS(t *testing.T) {
	u := judged(t, nil, func(c *UDPConfig) { c.Allowed = func(a netip.Addr) bool { return a == acsAddr.Addr() } })
	if why := u.judge([]byte(signedUDP(1, "1", "acs", "secret")), netip.MustParseAddrPort("192.0.2.10:3478"), time.Now()); why != "not from the ACS" {
		t.Errorf("got %q", why)
	}
	if why := u.judge([]byte(signedUDP(1, "1", "acs", "secret")), netip.MustParseAddrPort("[::ffff:192.0.2.9]:1"), time.Now()); why != "" {
		t.Errorf("got %q", why)
	}
}

// udpBed is a listener on a real socket.
type udpBed struct {
	*UDP
	set     atomic.Pointer[UDPSettings]
	woken   chan bool
	changed chan bool
}

func runUDP(t *testing.T, set UDPSettings) *udpBed {
	b := &udpBed{woken: make(chan bool, 100), changed: make(chan bool, 100)}
	b.set.Store(&set)
	b.UDP = NewUDP(UDPConfig{
		Settings:    func() UDPSettings { return *b.set.Load() },
		Credentials: func() (string, string) { return "acs", "secret" },
		OnRequest:   func() { b.woken <- true },
		OnChange:    func() { b.changed <- true },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if b.Port() != 0 || b.Address("h") != "" {
			t.Error("still open after the end")
		}
	})
	<-b.Ready()
	return b
}

// use changes the settings and waits until something comes of it.
func (b *udpBed) use(set UDPSettings) {
	b.set.Store(&set)
	for len(b.changed) > 0 {
		<-b.changed
	}
	b.Reload()
	<-b.changed
}

// TestT319_UDPRequest: three copies wake once, over IPv4 and IPv6 (C-18), and nothing is ever answered.
func TestT319_UDPRequest(t *testing.T) {
	b := runUDP(t, UDPSettings{Enable: true})
	ts := int64(1000)
	for _, host := range []string{"127.0.0.1", "::1"} {
		c, err := net.Dial("udp", net.JoinHostPort(host, fmt.Sprint(b.Port())))
		if err != nil {
			if host == "::1" {
				t.Logf("no IPv6 here: %v", err)
				continue
			}
			t.Fatal(err)
		}
		defer c.Close()
		ts++
		c.Write([]byte(signedUDP(ts, "1", "acs", "wrong")))
		c.Write([]byte("junk"))
		for range 3 {
			c.Write([]byte(signedUDP(ts, "1", "acs", "secret")))
		}
		ts++
		c.Write([]byte(signedUDP(ts, "2", "acs", "secret")))
		<-b.woken
		<-b.woken // by the last: all before were looked at
		if len(b.woken) != 0 {
			t.Errorf("%s: woken %d times more", host, len(b.woken))
		}
		c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if n, err := c.Read(make([]byte, 100)); err == nil {
			t.Errorf("%s: %d bytes came back", host, n)
		}
	}
}

// TestC34_Address is what UDPConnectionRequestAddress says without STUN, and that the port is closed when it should be.
func TestC34_Address(t *testing.T) {
	b := runUDP(t, UDPSettings{Enable: true})
	port := b.Port()
	for host, want := range map[string]string{"192.0.2.1": fmt.Sprintf("192.0.2.1:%d", port), "2001:db8::1": fmt.Sprintf("[2001:db8::1]:%d", port), "": ""} {
		if got := b.Address(host); got != want {
			t.Errorf("%q: got %q, want %q", host, got, want)
		}
	}
	if b.NATDetected() {
		t.Error("a NAT without STUN")
	}
	for host, want := range map[string]string{"192.0.2.1": "192.0.2.1", "2001:db8::1": "[2001:db8::1]"} {
		if got := authority(host, 80); got != want {
			t.Errorf("port 80: got %q, want %q", got, want)
		}
	}
	b.use(UDPSettings{})
	if b.Port() != 0 || b.Address("192.0.2.1") != "" {
		t.Error("disabled: still open")
	}
	again, err := net.ListenUDP("udp", &net.UDPAddr{Port: port})
	if err != nil {
		t.Errorf("disabled: the port is not free: %v", err)
	} else {
		defer again.Close()
	}
	b.use(UDPSettings{Enable: true, Port: port}) // which is taken
	if got := b.Port(); got <= port || got > port+morePorts {
		t.Errorf("port %d was taken, got %d", port, got)
	}
}

func FuzzUDPRequest(f *testing.F) {
	f.Add([]byte(signedUDP(1, "1", "acs", "secret")))
	f.Add([]byte("GET http://h?sig=00&ts=1&id=%31&un=%zz&cn= HTTP/1.1\r\nX: y\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok := parseUDPRequest(b)
		if !ok {
			return
		}
		if len(b) > maxUDPRequest || r.ts < 0 || r.id == "" || strings.ContainsAny(r.id+r.cn+r.un, "\r\n&") {
			t.Errorf("got %+v", r)
		}
		r.names("acs")
		r.signedBy("acs", "secret")
	})
}
