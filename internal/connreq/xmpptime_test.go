package connreq

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/connreq/xmpptest"
	"github.com/cwmpd/cwmpd/internal/web"
)

var addrA, addrB = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")

// inBubble is a connection whose time is virtual: dial makes what would be TCP.
func inBubble(change func(c *config.XMPP), dial func(ctx context.Context, at netip.AddrPort) (net.Conn, error)) (x *XMPP, stop func()) {
	c := config.Default().XMPP
	c.Section, c.Enable, c.Username, c.Password, c.Domain, c.Algorithm = "x", true, "cpe", "pw", "example.net", "DNS"
	change(&c)
	x = NewXMPP(XMPPConfig{
		Settings: func() config.XMPP { return c }, Credentials: func() (string, string) { return "acs", "pw" },
		Web: func() web.Config { return web.Config{} }, OnRequest: func() {},
	})
	x.lookup = func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{addrA, addrB}, nil }
	x.dial = dial
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { x.Run(ctx); close(ended) }()
	return x, func() { cancel(); <-ended }
}

// C-54: the pauses grow as the ACS wants, and each address has its attempts before it is the next one's turn.
func TestXMPPRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type attempt struct {
			at   netip.Addr
			when time.Time
		}
		made := make(chan attempt)
		_, stop := inBubble(func(*config.XMPP) {}, func(ctx context.Context, at netip.AddrPort) (net.Conn, error) {
			select {
			case made <- attempt{at.Addr(), time.Now()}:
			case <-ctx.Done():
			}
			return nil, errors.New("refused")
		})
		defer stop()
		var last time.Time
		for i := range 40 {
			a := <-made
			want, n := addrA, i%16
			if i >= 16 && i < 32 {
				want = addrB
			}
			if a.at != want {
				t.Fatalf("attempt %d goes to %v, want %v", i+1, a.at, want)
			}
			bound := min(60*time.Second<<max(n-1, 0), 30720*time.Second)
			switch {
			case i == 16:
				bound = 0 // it has not failed yet
			case i == 32:
				bound = 30720 * time.Second // all have
			}
			if pause := a.when.Sub(last); i > 0 && (pause < 0 || pause > bound) {
				t.Errorf("pause %v before attempt %d, want at most %v", pause, i+1, bound)
			}
			last = a.when
		}
	})
}

func TestXMPPPauses(t *testing.T) {
	for _, c := range []struct {
		name   string
		set    config.XMPP
		n      int
		bound  float64
		atmost time.Duration
	}{
		{"the first", config.XMPP{Attempts: 16, RetryInitial: 60, RetryMultiplier: 2000, RetryMax: 30720}, 1, 0, time.Minute},
		{"the tenth", config.XMPP{Attempts: 16, RetryInitial: 60, RetryMultiplier: 2000, RetryMax: 30720}, 10, 0, 30720 * time.Second},
		{"the third of another multiplier", config.XMPP{Attempts: 16, RetryInitial: 10, RetryMultiplier: 1500, RetryMax: 30720}, 3, 0, 22500 * time.Millisecond},
		{"no growth", config.XMPP{Attempts: 16, RetryInitial: 7, RetryMultiplier: 1000, RetryMax: 30720}, 1e9, 0, 7 * time.Second},
		{"a first that exceeds the bound", config.XMPP{Attempts: 16, RetryInitial: 60, RetryMultiplier: 2000, RetryMax: 5}, 1, 0, 5 * time.Second},
		{"left to us", config.XMPP{RetryInitial: 1, RetryMultiplier: 1000, RetryMax: 1}, 100, 0, time.Hour},
	} {
		p := newPauses(&c.set)
		longest := time.Duration(0)
		for range 2000 {
			longest = max(longest, p.pause(c.n))
		}
		if longest > c.atmost || longest < c.atmost*9/10 {
			t.Errorf("C-54 %s: up to %v, want up to %v", c.name, longest, c.atmost)
		}
	}
}

// One attempt for each address, and the pauses between rounds grow.
func TestXMPPRounds(t *testing.T) {
	p := newPauses(&config.XMPP{Attempts: 1, RetryInitial: 60, RetryMultiplier: 2000, RetryMax: 30720})
	all := []netip.AddrPort{netip.AddrPortFrom(addrA, 1), netip.AddrPortFrom(addrB, 1)}
	for round := 1; round <= 10; round++ {
		for i, want := range all {
			at, last := p.choose(all)
			if at != want || last != (i == 1) {
				t.Fatalf("round %d: %v, last %v; want %v", round, at, last, want)
			}
			if pause := p.next(at, last, true, 0); i == 0 && pause != 0 {
				t.Errorf("round %d: pause %v though %v was not tried", round, pause, all[1])
			}
		}
		if p.rounds != round {
			t.Errorf("%d rounds counted, want %d", p.rounds, round)
		}
	}
	if at, _ := p.choose(all); at != all[0] {
		t.Error("a new round begins at", at)
	}
	p.next(all[0], false, true, time.Hour)
	if p.rounds != 0 {
		t.Error("a connection that lived long is no failure")
	}
}

// While there is no way to the network nothing counts, and its coming back ends the pause (without polling).
func TestXMPPWithoutRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled := make(chan netip.Addr)
		x, stop := inBubble(func(c *config.XMPP) { c.RetryInitial, c.Attempts = 65535, 2 }, func(ctx context.Context, at netip.AddrPort) (net.Conn, error) {
			select {
			case dialled <- at.Addr():
			case <-ctx.Done():
			}
			return nil, &net.OpError{Op: "dial", Err: syscall.ENETUNREACH}
		})
		defer stop()
		for range 20 {
			if a := <-dialled; a != addrA {
				t.Fatalf("an attempt without a route was counted: now %v", a)
			}
			synctest.Wait()
			if s := x.State(); s.Status != XMPPDormant {
				t.Fatalf("status %s, want %s", s.Status, XMPPDormant)
			}
			was := time.Now()
			x.NetworkChanged()
			x.NetworkChanged()
			time.Sleep(afterMove)
			synctest.Wait()
			if s := x.State(); s.Status != XMPPConnecting || time.Since(was) > afterMove {
				t.Fatalf("status %s %v after the network changed", s.Status, time.Since(was))
			}
		}
	})
}

// pipeServer is a server for connections of a bubble.
func pipeServer(s *xmpptest.Server) func(context.Context, netip.AddrPort) (net.Conn, error) {
	return func(context.Context, netip.AddrPort) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go s.Serve(theirs)
		return ours, nil
	}
}

func plainServer() *xmpptest.Server {
	return &xmpptest.Server{Domain: "example.net", User: "cpe", Password: "pw", Mechanisms: []string{"SCRAM-SHA-1"}}
}

func bubbleClient(t *testing.T, s *xmpptest.Server, n int) *xmpptest.Client {
	t.Helper()
	c, err := s.Client(n, 1000*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// C-54: KeepAliveInterval.
func TestXMPPKeepsAlive(t *testing.T) {
	for _, c := range []struct {
		interval int
		want     time.Duration // 0: never
	}{{-1, keepAlive}, {30, 30 * time.Second}, {0, 0}} {
		synctest.Test(t, func(t *testing.T) {
			s := plainServer()
			_, stop := inBubble(func(x *config.XMPP) { x.KeepAlive = c.interval }, pipeServer(s))
			defer stop()
			cl := bubbleClient(t, s, 0)
			for range 3 {
				before := time.Now()
				if came := cl.Blank(1000 * time.Hour); came != (c.want > 0) {
					t.Fatalf("interval %d: a keep-alive %v", c.interval, came)
				}
				if c.want > 0 && time.Since(before) != c.want {
					t.Errorf("interval %d: a keep-alive after %v, want %v", c.interval, time.Since(before), c.want)
				}
			}
		})
	}
}

// Z-46: a server that says nothing, or not all.
func TestXMPPSilence(t *testing.T) {
	for _, c := range []struct {
		name string
		hook func(string) string
		want time.Duration
	}{
		{"no stream", at("open", "!"), loginTime},
		{"no features", at("open", openTag+"!"), loginTime},
		{"a drop of features", at("open", openTag+"<stream:features><mecha!"), loginTime},
		{"no success", at("auth", "!"), loginTime},
		{"half a stanza", at("bound", "<iq type='get'!"), stanzaTime},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := plainServer()
			s.Hook = c.hook
			x, stop := inBubble(func(c *config.XMPP) { c.RetryInitial = 65535 }, pipeServer(s))
			defer stop()
			time.Sleep(c.want - time.Millisecond)
			synctest.Wait()
			if got := x.State().Status; got != XMPPConnecting && got != XMPPEnabled {
				t.Errorf("%s: status %s before %v are over", c.name, got, c.want)
			}
			time.Sleep(2 * time.Millisecond)
			synctest.Wait()
			if got := x.State().Status; got != XMPPNoServer && got != XMPPConnecting {
				t.Errorf("%s: status %s after %v", c.name, got, c.want)
			}
			if got := x.State().TLS; got {
				t.Error("TLS")
			}
		})
	}
}

// Z-46: a flood of requests is answered at our pace; a connection that does not take our answers ends.
func TestXMPPFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plainServer()
		_, stop := inBubble(func(*config.XMPP) {}, pipeServer(s))
		defer stop()
		cl := bubbleClient(t, s, 0)
		began := time.Now()
		go cl.Send(strings.Repeat("<iq type='get' id='1' from='a@b/c'/>", 1050))
		for range 1050 {
			if _, err := cl.Next(time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took < 90*time.Second || took > 110*time.Second {
			t.Errorf("1050 stanzas in %v, want some 100 s", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		x, stop := inBubble(func(c *config.XMPP) { c.RetryInitial = 65535 }, func(context.Context, netip.AddrPort) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() { // it speaks and speaks, and never listens
				for {
					if _, err := theirs.Write([]byte(" ")); err != nil {
						return
					}
				}
			}()
			return ours, nil
		})
		defer stop()
		time.Sleep(loginTime + time.Second)
		synctest.Wait()
		if got := x.State().Status; got == XMPPEnabled {
			t.Error("status", got)
		}
	})
}

// A server that accepts and drops again and again is a server that fails.
func TestXMPPDropsAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plainServer()
		s.Hook = func(step string) string {
			if step == "bound" {
				return "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
			}
			return ""
		}
		_, stop := inBubble(func(*config.XMPP) {}, pipeServer(s))
		defer stop()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if n := s.Connections(); n < 5 || n > 60 {
			t.Errorf("%d connections in a day", n)
		}
	})
}

// Servers of a table, in the order of RFC 2782.
func TestXMPPServerTable(t *testing.T) {
	table := []config.XMPPServer{
		{Enable: true, Address: "late", Port: 1, Priority: 20, Weight: 60000},
		{Enable: true, Address: "often", Port: 2, Priority: 10, Weight: 30},
		{Enable: true, Address: "seldom", Port: 3, Priority: 10, Weight: 10},
		{Enable: true, Address: "hardly", Port: 4, Priority: 10, Weight: -1},
		{Enable: false, Address: "off", Port: 5},
		{Enable: true, Address: "", Port: 6},
	}
	first := map[string]int{}
	for range 4000 {
		got := inTurn(table)
		if len(got) != 4 || got[3] != (hostPort{"late", 1}) {
			t.Fatalf("order %v", got)
		}
		first[got[0].host]++
	}
	if first["often"] < 2700 || first["often"] > 3300 || first["seldom"] < 800 || first["seldom"] > 1200 || first["hardly"] > 40 {
		t.Errorf("C-54 first in turn: %v", first)
	}
}
