package connreq

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/slog"
)

var discard = slog.Discard()

// in plays in a bubble, where waiting costs nothing.
func in(t *testing.T, play func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { play(t, newWorld(t)) })
}

func enabled() STUNSettings {
	return STUNSettings{Enable: true, Server: "stun.example.net", Min: 20 * time.Second, Max: 300 * time.Second}
}

// TestT315_Discovery is C-30, C-31, C-32, C-34: what is sent byte by byte, and what becomes of the answer.
func TestT315_Discovery(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		c := w.newClient(enabled())
		synctest.Wait()
		asked := w.since(time.Time{})
		if len(asked) < 2 {
			t.Fatalf("%d requests", len(asked))
		}
		first, second := asked[0], asked[1]
		want := append([]byte{0, 1, 0, 24}, first.raw[4:20]...)
		want = append(want, 0xc0, 0x01, 0, 20)
		want = append(want, 0x64, 0x73, 0x6c, 0x66, 0x6f, 0x72, 0x75, 0x6d, 0x2e, 0x6f, 0x72, 0x67, 0x2f, 0x54, 0x52, 0x2d, 0x31, 0x31, 0x31, 0x20)
		if !bytes.Equal(first.raw, want) {
			t.Errorf("C-31 C-32: got %x, want %x", first.raw, want)
		}
		if bytes.Equal(first.raw[4:20], second.raw[4:20]) {
			t.Error("two requests with one id")
		}
		if first.port != 7547 || second.port != 7547 {
			t.Errorf("C-30: sent from %d and %d", first.port, second.port)
		}
		if value, ok := second.attr[attrBindingChange]; !ok || len(value) != 0 || !second.has(attrRequestBinding) {
			t.Errorf("C-34: the server is not told of the change: %x", second.raw)
		}
		b := c.last()
		if b == nil || b.mapped != netip.MustParseAddrPort("198.51.100.7:40000") || b.local != netip.MustParseAddrPort("192.168.1.2:7547") {
			t.Errorf("got %+v", b)
		}
	})
}

// Without a NAT the mapping is our own address.
func TestC34_NoNAT(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.none = true
		c := w.newClient(enabled())
		synctest.Wait()
		if b := c.last(); b == nil || b.mapped != b.local {
			t.Errorf("got %+v", b)
		}
	})
}

// TestC35_Retransmissions holds against RFC 3489 9.3, and a dead server against being asked for ever.
func TestC35_Retransmissions(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		start := time.Now()
		w.lose = 9
		w.newClient(enabled())
		time.Sleep(10 * time.Second)
		asked := w.since(time.Time{})
		var got []time.Duration
		for _, q := range asked {
			got = append(got, q.at.Sub(start))
			if !bytes.Equal(q.raw, asked[0].raw) {
				t.Error("a retransmission is another request")
			}
		}
		ms := time.Millisecond
		want := []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms, 3100 * ms, 4700 * ms, 6300 * ms, 7900 * ms}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestC35_LostRequestsAreSentAgain(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.lose = 8
		c := w.newClient(enabled())
		time.Sleep(8 * time.Second)
		synctest.Wait()
		if c.last() == nil {
			t.Error("eight lost requests and one that arrived: no mapping")
		}
	})
}

func TestADeadServerIsLeftAloneMoreAndMore(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.lose = 1 << 30
		c := w.newClient(enabled())
		start := time.Now()
		time.Sleep(24 * time.Hour)
		var begun []time.Duration
		for _, q := range w.since(start) {
			if n := len(begun); n == 0 || q.at.Sub(start)-begun[n-1] > 10*time.Second {
				begun = append(begun, q.at.Sub(start))
			}
		}
		// 30 s, 1, 2, 4, 8, 16, 32 min and then an hour, each less a tenth at most.
		if len(begun) < 28 || len(begun) > 36 {
			t.Errorf("%d attempts in a day: %v", len(begun), begun)
		}
		for i := 1; i < len(begun); i++ {
			gap, want := begun[i]-begun[i-1], min(stunRetry<<min(i-1, 10), stunRetryMost)
			if gap > want+10*time.Second || gap < want*9/10 {
				t.Errorf("attempt %d after %v, want %v", i, gap, want)
			}
		}
		if n := c.lookedUp(); n < len(begun) {
			t.Errorf("%d look-ups for %d attempts: its address may have changed", n, len(begun))
		}
		w.set(func() { w.lose = 0 })
		time.Sleep(2 * time.Hour)
		if c.last() == nil {
			t.Error("the server is back, and we are not")
		}
	})
}

// When the server dies later, what was found stays: the mapping may live.
func TestAServerThatDiesTakesNothingAway(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		c := w.newClient(enabled())
		time.Sleep(time.Hour)
		was := c.last()
		w.set(func() { w.dead = true })
		time.Sleep(time.Hour)
		if now := c.last(); was == nil || now != was {
			t.Errorf("got %+v, want %+v", now, was)
		}
		w.set(func() { w.dead = false; clear(w.open) })
		time.Sleep(2 * time.Hour)
		if now := c.last(); now == was || now.mapped == was.mapped {
			t.Errorf("after its return: %+v", now)
		}
	})
}

// TestT316_Signed is C-33: 401 makes us sign, with the name padded by blanks, and from then on at once.
func TestT316_Signed(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.password = "stun-secret"
		set := enabled()
		set.Username, set.Password = "cpe-01", "stun-secret"
		c := w.newClient(set)
		time.Sleep(time.Hour)
		asked := w.since(time.Time{})
		if c.last() == nil || len(asked) < 4 {
			t.Fatalf("no mapping after %d requests", len(asked))
		}
		for i, q := range asked {
			if q.has(attrMessageIntegrity) != (i > 0) {
				t.Errorf("request %d signed: %v", i, q.has(attrMessageIntegrity))
			}
			if i == 0 && !q.has(attrUsername) {
				t.Error("the ACS is not told who we are")
			}
			if i == 0 {
				continue
			}
			if got := string(q.attr[attrUsername]); got != "cpe-01  " {
				t.Errorf("USERNAME %q", got)
			}
			if at := len(q.raw) - 24; binary.BigEndian.Uint16(q.raw[at:]) != attrMessageIntegrity {
				t.Errorf("MESSAGE-INTEGRITY is not the last of %x", q.raw)
			}
		}
	})
}

// Without a user name nothing is ever signed; with a wrong password we do not insist.
func TestC33_CannotSign(t *testing.T) {
	for name, set := range map[string]STUNSettings{
		"no user name":   {Enable: true, Server: "s", Password: "stun-secret", Max: -1},
		"wrong password": {Enable: true, Server: "s", Username: "cpe", Password: "guess", Max: -1},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.password = "stun-secret"
				c := w.newClient(set)
				time.Sleep(25 * time.Second)
				asked := w.since(time.Time{})
				want := 1
				if set.Username != "" {
					want = 2
				}
				if len(asked) != want || asked[len(asked)-1].has(attrMessageIntegrity) != (set.Username != "") {
					t.Errorf("%d requests in the first 25 s, want %d", len(asked), want)
				}
				time.Sleep(time.Hour)
				if n := len(w.since(time.Time{})); n > 20 || c.last() != nil {
					t.Errorf("%d requests in an hour", n)
				}
			})
		})
	}
}

// An answer to a signed request counts only if it is signed too.
func TestC33_UnsignedAnswer(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.password = "stun-secret"
		set := enabled()
		set.Username, set.Password = "cpe", "stun-secret"
		c := w.newClient(set, func(c *client, _ sender) sender {
			return func(b []byte, to netip.AddrPort) error {
				q := w.parse(b)
				q.from = netip.MustParseAddrPort("198.51.100.66:666")
				if !q.has(attrMessageIntegrity) {
					c.primary.take(w.answer(&q), to)
					return nil
				}
				delete(q.attr, attrMessageIntegrity) // somebody on the way answers as well as he can
				c.primary.take(w.reply(&q, stunResponse, attrMappedAddress, []byte{0, 1, 9, 9, 198, 51, 100, 66}), to)
				return nil
			}
		})
		time.Sleep(time.Minute)
		if b := c.last(); b != nil {
			t.Errorf("believed %+v", b)
		}
	})
}

// TestT317_MappingChanges is C-34: the NAT forgets, the next request shows it, the server is told, and it is made known.
func TestT317_MappingChanges(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		c := w.newClient(enabled())
		time.Sleep(time.Hour)
		was, n := c.last(), len(c.bindings())
		w.forget()
		forgot := time.Now()
		time.Sleep(10 * time.Minute)
		now := c.last()
		if now == was || now.mapped.Addr() != natAddr || len(c.bindings()) != n+1 {
			t.Fatalf("got %+v after %+v, %d times", now, was, len(c.bindings()))
		}
		asked := w.since(forgot)
		told := slices.IndexFunc(asked, func(q question) bool { return q.has(attrBindingChange) })
		if told < 1 || asked[told].at.Sub(asked[told-1].at) > time.Second || !asked[told].has(attrRequestBinding) {
			t.Errorf("BINDING-CHANGE is request %d of %d", told, len(asked))
		}
	})
}

// TestC35_FixedPeriod: with equal limits nothing is tried.
func TestC35_FixedPeriod(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		set := enabled()
		set.Min, set.Max = 45*time.Second, 45*time.Second
		w.newClient(set)
		start := time.Now()
		time.Sleep(10*time.Minute + time.Second)
		asked := w.since(start)
		for _, q := range asked[2:] {
			if at := q.at.Sub(start); q.has(attrResponseAddress) || q.has(attrBindingChange) || at%(45*time.Second) != 0 {
				t.Errorf("%x after %v", q.raw, at)
			}
		}
		if len(asked) != 2+13 {
			t.Errorf("%d requests in ten minutes", len(asked))
		}
	})
}

// TestT318_LifetimeOfMappings is C-35: a NAT that forgets after 60 s, limits of 20 and 300 s. It also is what a day costs.
func TestT318_LifetimeOfMappings(t *testing.T) {
	for name, c := range map[string]struct {
		nat, min, max time.Duration
		least, most   time.Duration // the period that is found
	}{
		"T-318":                    {60 * time.Second, 20 * time.Second, 300 * time.Second, 45 * time.Second, 60 * time.Second},
		"it never forgets":         {24 * time.Hour, 20 * time.Second, 300 * time.Second, 270 * time.Second, 300 * time.Second},
		"no maximum":               {24 * time.Hour, 30 * time.Second, -1, 50 * time.Minute, time.Hour},
		"it forgets before we may": {5 * time.Second, 20 * time.Second, 300 * time.Second, 20 * time.Second, 20 * time.Second},
		"180 s, no limits":         {180 * time.Second, 0, -1, 140 * time.Second, 180 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.lifetime = c.nat
				set := enabled()
				set.Min, set.Max = c.min, c.max
				w.newClient(set)
				time.Sleep(24 * time.Hour)
				settled := time.Now()
				time.Sleep(12 * time.Hour)
				var last time.Time
				for _, q := range w.since(time.Time{}) {
					if q.port != 7547 { // from the second socket, with the address of the first
						if !q.has(attrResponseAddress) || q.has(attrRequestBinding) {
							t.Fatalf("a try: %x", q.raw)
						}
						if q.at.After(settled) {
							t.Errorf("still trying after a day, at %v", q.at)
						}
						continue
					}
					gap := q.at.Sub(last)
					if !q.has(attrBindingChange) && !last.IsZero() && gap < c.min {
						t.Errorf("C-35: %v after the last request, %v is the least", gap, c.min)
					}
					if q.has(attrBindingChange) && last.IsZero() == false && q.at.After(settled) && c.nat > c.min {
						t.Errorf("the mapping was lost at %v", q.at)
					}
					if q.at.After(settled.Add(time.Hour)) && gap > 0 && (gap < c.least || gap > c.most) {
						t.Errorf("a period of %v, want %v to %v", gap, c.least, c.most)
					}
					last = q.at
				}
				if n := len(w.since(settled)); n < int(12*time.Hour/c.most)-1 || n > 3*int(12*time.Hour/c.least) {
					t.Errorf("%d requests in half a day", n)
				}
			})
		})
	}
}

// TestC35_ServerWithoutResponseAddress: 30 s, and less when mappings die.
func TestC35_ServerWithoutResponseAddress(t *testing.T) {
	for name, set := range map[string]func(w *world){
		"it answers to us":   func(w *world) { w.refuses = true },
		"it does not answer": func(w *world) { w.swallows = true },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				set(w)
				w.newClient(enabled())
				time.Sleep(10*time.Minute + time.Second)
				from := time.Now()
				time.Sleep(10 * time.Minute)
				if n := len(w.since(from)); n != 20 {
					t.Errorf("%d requests in ten minutes, want one each 30 s", n)
				}
				w.set(func() { w.lifetime = 25 * time.Second })
				time.Sleep(10 * time.Minute)
				from = time.Now()
				time.Sleep(10 * time.Minute)
				asked := w.since(from)
				if n := len(asked); n != 30 || slices.ContainsFunc(asked, func(q question) bool { return q.has(attrBindingChange) }) {
					t.Errorf("%d requests in ten minutes, want one each 20 s", n)
				}
			})
		})
	}
}

// A server that answers only to ids with the magic cookie is asked that way after the first failure.
func TestC31_ModernServer(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.modern = true
		c := w.newClient(enabled())
		time.Sleep(time.Minute)
		if b := c.last(); b == nil || b.mapped != netip.MustParseAddrPort("198.51.100.7:40000") && b.mapped != netip.MustParseAddrPort("198.51.100.7:40001") {
			t.Errorf("got %+v", b)
		}
	})
}

// TestZ44_Flapping: a server, or somebody in its name, that tells another address each time makes no storm.
func TestZ44_Flapping(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.flaps = true
		c := w.newClient(enabled())
		time.Sleep(time.Hour)
		if n := len(c.bindings()); n > 61 {
			t.Errorf("%d changes in an hour", n)
		}
		if n := len(w.since(time.Time{})); n > 2*180+20 {
			t.Errorf("%d requests in an hour", n)
		}
	})
}

// TestZ43_Spoofed: answers of others, or with another id, or unusable ones.
func TestZ43_Spoofed(t *testing.T) {
	for name, spoof := range map[string]func(w *world, l *link, q question, to netip.AddrPort){
		"another id": func(w *world, l *link, q question, to netip.AddrPort) {
			q.raw = slices.Clone(q.raw)
			q.raw[19] ^= 1
			l.take(w.answer(&q), to)
		},
		"from another port": func(w *world, l *link, q question, to netip.AddrPort) {
			l.take(w.answer(&q), netip.AddrPortFrom(to.Addr(), to.Port()+1))
		},
		"port 0": func(w *world, l *link, q question, to netip.AddrPort) {
			l.take(w.reply(&q, stunResponse, attrMappedAddress, []byte{0, 1, 0, 0, 1, 2, 3, 4}), to)
		},
		"0.0.0.0": func(w *world, l *link, q question, to netip.AddrPort) {
			l.take(w.reply(&q, stunResponse, attrMappedAddress, []byte{0, 1, 9, 9, 0, 0, 0, 0}), to)
		},
		"IPv6": func(w *world, l *link, q question, to netip.AddrPort) {
			l.take(w.reply(&q, stunResponse, attrMappedAddress, append([]byte{0, 2, 9, 9}, make([]byte, 16)...)), to)
		},
		"no address": func(w *world, l *link, q question, to netip.AddrPort) {
			l.take(w.reply(&q, stunResponse, 0x8022, nil), to)
		},
		"a request": func(w *world, l *link, q question, to netip.AddrPort) { l.take(q.raw, to) },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				c := w.newClient(enabled(), func(c *client, _ sender) sender {
					return func(b []byte, to netip.AddrPort) error {
						q := w.parse(b)
						q.from = netip.MustParseAddrPort("198.51.100.66:666")
						for range 100 { // more than there is room for
							spoof(w, c.primary, q, to)
						}
						return nil
					}
				})
				time.Sleep(time.Hour)
				if b := c.last(); b != nil {
					t.Errorf("believed %+v", b)
				}
			})
		})
	}
}

// Names get other addresses; a server whose name no longer leads to it is left.
func TestTheNameOfTheServerMoves(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		other := netip.MustParseAddr("203.0.113.9")
		var toOther atomic.Int32
		c := w.newClient(enabled(), func(_ *client, send sender) sender {
			return func(b []byte, to netip.AddrPort) error {
				if to.Addr() == other {
					toOther.Add(1)
				}
				return send(b, to)
			}
		})
		time.Sleep(10 * time.Minute)
		c.change(func() { c.addrs = []netip.Addr{other} })
		time.Sleep(2 * time.Hour)
		if toOther.Load() == 0 {
			t.Error("the new address was never asked")
		}
	})
}

// One of several addresses answers: the next attempt asks the next one.
func TestSeveralAddresses(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		c := w.newClient(STUNSettings{})
		c.change(func() {
			c.addrs = []netip.Addr{netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("203.0.113.0"), serverAddr, netip.MustParseAddr("2001:db8::1")}
			c.set = enabled()
		})
		c.look()
		time.Sleep(2 * time.Minute)
		if b := c.last(); b == nil || b.server.Addr() != serverAddr {
			t.Errorf("got %+v", b)
		}
	})
}

// While STUN is off nothing is sent; switched on it starts at once, switched off it forgets.
func TestC34_Switched(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		c := w.newClient(STUNSettings{Server: "stun.example.net"})
		time.Sleep(24 * time.Hour)
		if n := len(w.since(time.Time{})); n > 0 || c.lookedUp() > 0 {
			t.Errorf("%d requests, %d look-ups while it is off", n, c.lookedUp())
		}
		c.change(func() { c.set = enabled() })
		c.look()
		synctest.Wait()
		if c.last() == nil {
			t.Fatal("on: no mapping")
		}
		c.change(func() { c.set.Enable = false })
		c.look()
		synctest.Wait()
		if all := c.bindings(); len(all) != 2 || all[1] != nil {
			t.Errorf("off: got %v", all)
		}
		n := len(w.since(time.Time{}))
		time.Sleep(24 * time.Hour)
		if now := len(w.since(time.Time{})); now != n {
			t.Errorf("off: %d more requests", now-n)
		}
	})
}

// Looking again costs nothing as long as nothing has changed; another address of ours is used at once.
func TestOurAddressChanges(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		c := w.newClient(enabled())
		time.Sleep(6 * time.Hour)
		n := len(w.since(time.Time{}))
		for range 100 {
			c.look()
			synctest.Wait()
		}
		if now := len(w.since(time.Time{})); now != n {
			t.Errorf("%d more requests", now-n)
		}
		moved := netip.MustParseAddr("192.168.2.2")
		c.change(func() { c.local = moved })
		w.forget()
		c.look()
		synctest.Wait()
		if b := c.last(); b.local.Addr() != moved || b.mapped.Port() == 40000 {
			t.Errorf("got %+v", b)
		}
	})
}
