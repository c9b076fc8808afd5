package web

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// TestRequestAsTR069WantsIt: H-1, H-2, H-4, H-5, H-13, H-14, T-089.
func TestRequestAsTR069WantsIt(t *testing.T) {
	var got sent
	addr := rawServer(t, func(_ int, p *peer) {
		for {
			head, body, ok := p.read()
			if !ok {
				return
			}
			got.add(head + "\n" + body)
			p.say(ok200)
		}
	})
	s := newTestSession(t, Config{UserAgent: "cwmpd/1"}, "http://"+addr+"/acs?id=1", "", "")
	header := http.Header{"SOAPAction": {""}, "Content-Type": {`text/xml; charset="utf-8"`}}
	if _, err := s.Post(t.Context(), header, []byte("<Inform/>")); err != nil {
		t.Fatal(err)
	}
	post(t, s, "", 200)
	want := []string{
		"POST /acs?id=1 HTTP/1.1\r\nHost: " + addr + "\r\nUser-Agent: cwmpd/1\r\nContent-Length: 9\r\n" +
			"Content-Type: text/xml; charset=\"utf-8\"\r\nSOAPAction: \r\n\n<Inform/>",
		"POST /acs?id=1 HTTP/1.1\r\nHost: " + addr + "\r\nUser-Agent: cwmpd/1\r\nContent-Length: 0\r\n\n",
	}
	if !slices.Equal(got.all(), want) {
		t.Errorf("got\n%q, want\n%q", got.all(), want)
	}
}

func TestAnswersOfAllKinds(t *testing.T) {
	big := strings.Repeat("x", 3000)
	for name, c := range map[string]struct {
		say    string
		status int
		body   string
		conns  int // for two messages
	}{
		"chunked with odd sizes, extensions and trailers (T-061)": {
			"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: X\n\n1;a=b\nh\n3\nell\n1\no\n0\nX: y\n\n", 200, "hello", 1},
		"100 before 200 (T-062)":                  {"HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, "hello", 1},
		"several interim answers":                 {"HTTP/1.1 100 Continue\n\nHTTP/1.1 102 P\nA: b\n\nHTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, "hello", 1},
		"folded header":                           {"HTTP/1.1 200 OK\nX-A: b\n  c\nContent-Length: 5\n\nhello", 200, "hello", 1},
		"204 (H-7)":                               {"HTTP/1.1 204 No Content\n\n", 204, "", 1},
		"200 without a body":                      {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", 200, "", 1},
		"connection: close (H-9)":                 {"HTTP/1.1 200 OK\nConnection: close\nContent-Length: 5\n\nhello", 200, "hello", 2},
		"HTTP/1.0":                                {"HTTP/1.0 200 OK\nContent-Length: 5\n\nhello", 200, "hello", 2},
		"body until the end of the connection":    {"HTTP/1.1 200 OK\n\n" + big, 200, big, 2},
		"both lengths: chunked wins, then closed": {"HTTP/1.1 200 OK\nContent-Length: 3\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n", 200, "hello", 2},
		"bytes after the answer":                  {"HTTP/1.1 200 OK\nContent-Length: 5\n\nhelloHTTP/1.1 200 OK\n\n", 200, "hello", 2},
		"500 is an answer (H-6)":                  {"HTTP/1.1 500 Oops\nContent-Length: 5\n\nfault", 500, "fault", 1},
		"303 is no redirect (H-20)":               {"HTTP/1.1 303 See\nLocation: /x\nContent-Length: 0\n\n", 303, "", 1},
		"401 with nothing to answer":              {"HTTP/1.1 503 Busy\nRetry-After: 60\nContent-Length: 0\n\n", 503, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			var conns sent
			addr := rawServer(t, func(n int, p *peer) {
				conns.add("")
				for {
					if _, _, ok := p.read(); !ok {
						return
					}
					p.say("%s", c.say)
					if c.conns == 2 {
						return
					}
				}
			})
			s := newTestSession(t, Config{}, "http://"+addr, "", "")
			for range 2 {
				resp := post(t, s, "question", c.status)
				if string(resp.Body) != c.body {
					t.Errorf("got body %q, want %q", resp.Body, c.body)
				}
				if resp.LocalAddr == nil || resp.URL != "http://"+addr+"/" {
					t.Errorf("got %v %q", resp.LocalAddr, resp.URL)
				}
			}
			if n := len(conns.all()); n != c.conns {
				t.Errorf("got %d connections, want %d", n, c.conns)
			}
		})
	}
}

// A server that closes between two messages without a word is met again on a new connection (H-9).
func TestClosedBetweenMessages(t *testing.T) {
	needTCPInfo(t)
	closed := make(chan bool)
	addr := rawServer(t, func(n int, p *peer) {
		p.read()
		p.say(ok200)
		if n == 1 {
			p.Close()
			close(closed)
		}
		p.read()
	})
	s := newTestSession(t, Config{}, "http://"+addr, "", "")
	post(t, s, "1", 200)
	<-closed
	post(t, s, "2", 200)
}

// The same when the end comes while our message is on its way: the kernel knows that nobody read it.
func TestClosedWhileSending(t *testing.T) {
	needTCPInfo(t)
	c1, c2 := net.Conn(nil), make(chan net.Conn, 1)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if c1, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	go func() { c, _ := ln.Accept(); c2 <- c }()
	server := <-c2
	server.Close()
	c1.Write([]byte("unheard"))
	if !unread(c1) {
		t.Error("got read, want unread")
	}

	if c1, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	go func() { c, _ := ln.Accept(); c2 <- c }()
	server = <-c2
	c1.Write([]byte("heard"))
	server.Read(make([]byte, 10))
	server.Close()
	if unread(c1) {
		t.Error("got unread, want read")
	}
}

// A server that took the message and hung up fails the session: it is not sent twice (H-11, T-014).
func TestKilledBeforeTheAnswer(t *testing.T) {
	var got sent
	addr := rawServer(t, func(n int, p *peer) {
		for {
			_, body, ok := p.read()
			if !ok {
				return
			}
			got.add(body)
			if body == "2" {
				return
			}
			p.say(ok200)
		}
	})
	s := newTestSession(t, Config{}, "http://"+addr, "", "")
	post(t, s, "1", 200)
	if _, err := s.Post(t.Context(), nil, []byte("2")); !errors.Is(err, ErrContact) {
		t.Errorf("got %v, want ErrContact", err)
	}
	if want := []string{"1", "2"}; !slices.Equal(got.all(), want) {
		t.Errorf("got %q, want %q", got.all(), want)
	}
}

// TestRedirects: T-065, T-070, T-071, H-20, H-22, H-25.
func TestRedirects(t *testing.T) {
	var got sent
	second := rawServer(t, func(_ int, p *peer) {
		for {
			head, body, ok := p.read()
			if !ok {
				return
			}
			got.add(strings.Fields(head)[0] + " second " + strings.Fields(head)[1] + " " + body)
			p.say(ok200)
		}
	})
	code := 302
	first := rawServer(t, func(_ int, p *peer) {
		for {
			head, body, ok := p.read()
			if !ok {
				return
			}
			path := strings.Fields(head)[1]
			got.add(strings.Fields(head)[0] + " first " + path + " " + body)
			switch path {
			case "/acs":
				p.say("HTTP/1.1 %d Moved\nLocation: down?x=1\nContent-Length: 10240\n\n%s", code, strings.Repeat("b", 10240))
			default:
				p.say("HTTP/1.1 %d Moved\nLocation: http://%s/there\nContent-Length: 0\n\n", code, second)
			}
		}
	})
	for _, code = range []int{301, 302, 307, 308} {
		got.list = nil
		s := newTestSession(t, Config{}, "http://"+first+"/acs", "", "")
		resp := post(t, s, "Inform", 200)
		post(t, s, "more", 200)
		s.Close()
		want := []string{"POST first /acs Inform", "POST first /down?x=1 Inform", "POST second /there Inform", "POST second /there more"}
		if !slices.Equal(got.all(), want) {
			t.Errorf("%d: got %q, want %q", code, got.all(), want)
		}
		if resp.URL != "http://"+second+"/there" {
			t.Errorf("got URL %q", resp.URL)
		}
		post(t, s, "again", 200) // closed: from home again (H-22)
		if got := got.all(); got[4] != "POST first /acs again" {
			t.Errorf("after Close: got %q", got[4])
		}
	}
}

// Covers: H-23.
func TestRedirectLimit(t *testing.T) {
	for _, n := range []int{5, 6} {
		left := n
		addr := rawServer(t, func(_ int, p *peer) {
			for {
				if _, _, ok := p.read(); !ok {
					return
				}
				if left--; left >= 0 {
					p.say("HTTP/1.1 302 Found\nLocation: /hop%d\nContent-Length: 0\n\n", left)
					continue
				}
				p.say(ok200)
			}
		})
		s := newTestSession(t, Config{}, "http://"+addr, "", "")
		_, err := s.Post(t.Context(), nil, []byte("x"))
		if n == 5 && err != nil || n == 6 && !errors.Is(err, ErrRedirect) {
			t.Errorf("%d redirects: got %v", n, err)
		}
	}
}

// TestRedirectTargets: H-24, H-27, Z-08.
func TestRedirectTargets(t *testing.T) {
	for _, c := range []struct {
		location string
		want     error
	}{
		{"file:///etc/passwd", ErrRedirect},
		{"ftp://example.com/", ErrRedirect},
		{"gopher://example.com/", ErrRedirect},
		{"http://user:secret@example.com/", ErrRedirect},
		{"http://user@example.com/", ErrRedirect},
		{"//user@example.com/", ErrRedirect},
		{"http://exa\tmple.com/", ErrRedirect},
		{"http://example.com:0/", ErrRedirect},
		{"http://example.com:70000/", ErrRedirect},
		{"http:///path", ErrRedirect},
		{"http:opaque", ErrRedirect},
		{"", ErrRedirect},
		{"/" + strings.Repeat("x", 3000), ErrRedirect},
		{"http://127.0.0.1:9/", ErrForbiddenAddress},
		{"http://[::1]:9/", ErrForbiddenAddress},
		{"http://[::ffff:127.0.0.1]:9/", ErrForbiddenAddress},
		{"http://[64:ff9b::127.0.0.1]:9/", ErrForbiddenAddress},
		{"http://169.254.169.254/latest", ErrForbiddenAddress},
		{"http://[fe80::1]/", ErrForbiddenAddress},
		{"http://0.0.0.0:9/", ErrForbiddenAddress},
		{"http://0.1.2.3:9/", ErrForbiddenAddress},
		{"http://224.0.0.1:9/", ErrForbiddenAddress},
		{"http://rebound.example:9/", ErrForbiddenAddress},
		{"http://localhost:9/", ErrForbiddenAddress},
		{"http://own.example:9/", ErrForbiddenAddress},
	} {
		addr := rawServer(t, func(_ int, p *peer) {
			p.read()
			p.say("HTTP/1.1 302 Found\nLocation: %s\nContent-Length: 0\n\n", c.location)
		})
		_, port, _ := net.SplitHostPort(addr)
		s := newTestSession(t, Config{}, "http://acs.example:"+port, "", "")
		s.c.dialer.lookup = func(_ context.Context, _, host string) ([]netip.Addr, error) {
			if host == "own.example" {
				return []netip.Addr{netip.MustParseAddr("192.0.2.77")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
		s.c.dialer.own = func() []netip.Addr { return []netip.Addr{netip.MustParseAddr("192.0.2.77")} }
		_, err := s.Post(t.Context(), nil, nil)
		if !errors.Is(err, c.want) {
			t.Errorf("%q: got %v, want %v", c.location, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("secret in %v", err)
		}
	}
}

func TestTwoLocations(t *testing.T) {
	addr := rawServer(t, func(_ int, p *peer) {
		p.read()
		p.say("HTTP/1.1 302 Found\nLocation: /a\nLocation: /b\nContent-Length: 0\n\n")
	})
	if _, err := newTestSession(t, Config{}, "http://"+addr, "", "").Post(t.Context(), nil, nil); !errors.Is(err, ErrRedirect) {
		t.Errorf("got %v, want ErrRedirect", err)
	}
}

// TestCookies: T-073, T-074, H-26, H-30, H-31, H-32.
func TestCookies(t *testing.T) {
	var got sent
	second := rawServer(t, func(_ int, p *peer) {
		head, _, _ := p.read()
		got.add(field(head, "Cookie"))
		p.say("HTTP/1.1 200 OK\nSet-Cookie: session=3; Domain=elsewhere.example\nContent-Length: 0\n\n")
		head, _, _ = p.read()
		got.add(field(head, "Cookie"))
		p.say("HTTP/1.1 200 OK\nSet-Cookie: session=x; Max-Age=0\nSet-Cookie: big=%s\nContent-Length: 0\n\n", strings.Repeat("v", 600))
		head, _, _ = p.read()
		got.add(field(head, "Cookie"))
		p.say("HTTP/1.1 204 No\n\n")
	})
	first := rawServer(t, func(_ int, p *peer) {
		head, _, _ := p.read()
		got.add(field(head, "Cookie"))
		p.say("HTTP/1.1 200 OK\nSet-Cookie: session=1; HttpOnly\nSet-Cookie: a=\"q x\"; Path=/\nContent-Length: 0\n\n")
		head, _, _ = p.read()
		got.add(field(head, "Cookie"))
		p.say("HTTP/1.1 302 Found\nLocation: http://%s/other/path\nSet-Cookie: session=2\nContent-Length: 0\n\n", second)
	})
	s := newTestSession(t, Config{}, "http://"+first+"/acs/x", "", "")
	for range 4 {
		if _, err := s.Post(t.Context(), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"", `session=1; a="q x"`, `session=2; a="q x"`, `session=3; a="q x"`, `a="q x"; big=` + strings.Repeat("v", 600)}
	if !slices.Equal(got.all(), want) {
		t.Errorf("got %q, want %q", got.all(), want)
	}
	s.Close()
	if h := s.c.jar.header(s.c.home, time.Now()); h != "" {
		t.Errorf("after Close: got cookies %q", h)
	}
}

// TestCompressedAnswers: T-088, Z-05, H-18.
func TestCompressedAnswers(t *testing.T) {
	zipped := func(text []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(text)
		w.Close()
		return b.Bytes()
	}
	var zl bytes.Buffer
	w := zlib.NewWriter(&zl)
	w.Write([]byte("hello"))
	w.Close()
	bomb := zipped(make([]byte, 64<<20))
	for name, c := range map[string]struct {
		coding string
		body   []byte
		asked  string
		want   error
	}{
		"gzip":                    {"gzip", zipped([]byte("hello")), "gzip, deflate", nil},
		"x-gzip":                  {"X-GZIP", zipped([]byte("hello")), "gzip", nil},
		"deflate":                 {"deflate", zl.Bytes(), "gzip, deflate", nil},
		"deflate, raw":            {"deflate", zl.Bytes()[2:], "deflate", nil},
		"identity":                {"identity", []byte("hello"), "", nil},
		"nothing said of it":      {"gzip", zipped([]byte("hello")), "", nil},
		"only identity asked for": {"gzip", zipped([]byte("hello")), "identity", ErrProtocol},
		"asked against":           {"gzip", zipped([]byte("hello")), "gzip;q=0", ErrProtocol},
		"nested":                  {"gzip, gzip", zipped(zipped([]byte("hello"))), "gzip", ErrProtocol},
		"unknown":                 {"br", []byte("hello"), "gzip", ErrProtocol},
		"not gzip at all":         {"gzip", []byte("hello"), "gzip", ErrProtocol},
		"cut short":               {"gzip", zipped([]byte("hello"))[:20], "gzip", ErrTruncated},
		"bomb":                    {"gzip", bomb, "gzip", ErrTooLarge},
	} {
		addr := rawServer(t, func(_ int, p *peer) {
			p.read()
			p.say("HTTP/1.1 200 OK\nContent-Encoding: %s\nContent-Length: %d\n\n", c.coding, len(c.body))
			p.Write(c.body)
		})
		s := newTestSession(t, Config{}, "http://"+addr, "", "")
		h := http.Header{}
		if c.asked != "" {
			h["Accept-Encoding"] = []string{c.asked}
		}
		resp, err := s.Post(t.Context(), h, nil)
		if !errors.Is(err, c.want) || err == nil && string(resp.Body) != "hello" {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestAddresses: S-50, S-51, T-091.
func TestAddresses(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("no second loopback address: ", err)
	}
	var peers sent
	serveRaw(t, ln, func(_ int, p *peer) {
		peers.add(p.LocalAddr().(*net.TCPAddr).IP.String())
		p.read()
		p.say("HTTP/1.1 200 OK\nConnection: close\nContent-Length: 0\n\n")
	})
	port := ln.Addr().(*net.TCPAddr).Port
	var looked int
	affinity := &Affinity{}
	for range 4 {
		s := newTestSession(t, Config{Affinity: affinity}, fmt.Sprintf("http://acs.example:%d/", port), "", "")
		s.c.dialer.lookup = func(_ context.Context, network, host string) ([]netip.Addr, error) {
			looked++
			return []netip.Addr{netip.MustParseAddr("127.0.0.3"), netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.4")}, nil
		}
		for range 3 {
			post(t, s, "", 200)
		}
	}
	if looked != 4 || len(peers.all()) != 12 {
		t.Errorf("got %d look-ups and %d connections, want 4 and 12", looked, len(peers.all()))
	}
	if got := affinity.get("acs.example"); got != netip.MustParseAddr("127.0.0.2") {
		t.Errorf("remembered %v", got)
	}
}

// S-50, RFC 8305: an address whose packets get lost costs a second, not the session.
func TestS50_DeadAddress(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("no second loopback address: ", err)
	}
	serveRaw(t, ln, func(_ int, p *peer) { p.read(); p.say(ok200) })
	port := ln.Addr().(*net.TCPAddr).Port
	// A listener whose queue is full answers no further SYN.
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		defer unix.Close(fd)
		err = errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 3}}), unix.Listen(fd, 0))
	}
	if err != nil {
		t.Fatal(err)
	}
	first, err := net.Dial("tcp", fmt.Sprintf("127.0.0.3:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	hole, good := netip.MustParseAddr("127.0.0.3"), netip.MustParseAddr("127.0.0.2")
	affinity := &Affinity{}
	affinity.set("acs.example", hole) // it worked last time
	for n, want := range []time.Duration{stagger, 0} {
		s := newTestSession(t, Config{Affinity: affinity}, fmt.Sprintf("http://acs.example:%d/", port), "", "")
		s.c.dialer.lookup = func(context.Context, string, string) ([]netip.Addr, error) { return []netip.Addr{good, hole}, nil }
		begin := time.Now()
		post(t, s, "", 200)
		if took := time.Since(begin); took < want || took > 25*time.Second {
			t.Errorf("session %d: connected after %v", n, took)
		}
		if affinity.get("acs.example") != good {
			t.Errorf("remembered %v", affinity.get("acs.example"))
		}
	}
}

func TestOrderOfAddresses(t *testing.T) {
	parse := func(list ...string) (out []netip.Addr) {
		for _, s := range list {
			out = append(out, netip.MustParseAddr(s))
		}
		return out
	}
	four := parse("192.0.2.1", "192.0.2.2")[1]
	got, err := inOrder(parse("2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2", "192.0.2.2", "::ffff:192.0.2.1"), four, false)
	if err != nil || len(got) != 4 || got[0] != four || !got[1].Is6() || !got[2].Is4() && !got[3].Is4() {
		t.Errorf("got %v, %v", got, err)
	}
	first := map[netip.Addr]bool{}
	for range 100 {
		got, err = inOrder(parse("2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"), netip.Addr{}, false)
		if err != nil || len(got) != 5 || !got[0].Is6() || !got[1].Is4() || !got[2].Is6() || !got[3].Is4() || !got[4].Is6() {
			t.Fatalf("got %v, %v", got, err)
		}
		first[got[0]] = true
	}
	if len(first) != 3 {
		t.Errorf("first are %v, and never another one", first)
	}
	got, err = inOrder(parse("192.0.2.1", "2001:db8::2", "2001:db8::3"), netip.Addr{}, false)
	if err != nil || !got[0].Is4() || !got[1].Is6() || !got[2].Is6() {
		t.Errorf("got %v, %v", got, err)
	}
	got, err = inOrder(parse("2001:db8::1", "192.0.2.1"), netip.Addr{}, true)
	if err != nil || !slices.Equal(got, parse("192.0.2.1")) {
		t.Errorf("IPv4 only: got %v, %v", got, err)
	}
	if _, err = inOrder(parse("2001:db8::1"), netip.Addr{}, true); err == nil {
		t.Error("no IPv4 address: got no error")
	}
	var many []netip.Addr
	for a := netip.MustParseAddr("192.0.2.0"); len(many) < 1000; a = a.Next() {
		many = append(many, a)
	}
	if got, _ = inOrder(many, netip.Addr{}, false); len(got) != maxAddresses {
		t.Errorf("got %d addresses, want %d", len(got), maxAddresses)
	}
}

// Each phase has its deadline (T-064, T-363, Z-02, S-12), and the context ends all.
func TestDeadlines(t *testing.T) {
	for name, c := range map[string]struct {
		cancel time.Duration // 0: never
		say    string
		then   string // said a byte a second
		want   error
		after  time.Duration
	}{
		"silence":                      {0, "", "", ErrContact, 60 * time.Second},
		"header never ends":            {0, "HTTP/1.1 200 OK\nA: ", strings.Repeat("b", 1000), ErrContact, 60 * time.Second},
		"body never ends":              {0, "HTTP/1.1 200 OK\nContent-Length: 1000\n\nabc", strings.Repeat("b", 900), ErrTruncated, 60 * time.Second},
		"chunks never end":             {0, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", strings.Repeat("1\r\nx\r\n", 900), ErrTruncated, 60 * time.Second},
		"the end, but late (H-11)":     {0, "", "HTTP/1.1 204 No\r\n\r\n", nil, 19 * time.Second},
		"context, header":              {7 * time.Second, "", "", context.Canceled, 7 * time.Second},
		"context, body":                {7 * time.Second, "HTTP/1.1 200 OK\nContent-Length: 100\n\nabc", "", context.Canceled, 7 * time.Second},
		"context, after an interim":    {7 * time.Second, "HTTP/1.1 100 Continue\n\n", "", context.Canceled, 7 * time.Second},
		"a redirect's body never ends": {0, "HTTP/1.1 302 Found\nLocation: http://192.0.2.1:1/\nContent-Length: 1000\n\n", strings.Repeat("b", 900), context.Canceled, 5 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newTestSession(t, Config{}, "http://acs.example/", "", "")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s.c.dialer.own = func() []netip.Addr { cancel(); return nil } // no second connection, in the bubble
			if c.cancel > 0 {
				time.AfterFunc(c.cancel, cancel)
			}
			serve := func(p *peer) {
				p.read()
				p.say("%s", c.say)
				for i := range len(c.then) {
					time.Sleep(time.Second)
					if _, err := p.Write([]byte{c.then[i]}); err != nil {
						return
					}
				}
			}
			piped(s.c, serve, func() {
				start := time.Now()
				_, err := s.Post(ctx, nil, []byte("x"))
				if took := time.Since(start); !errors.Is(err, c.want) || took != c.after {
					t.Errorf("%s: got %v after %v, want %v after %v", name, err, took, c.want, c.after)
				}
			})
		})
	}
}

// The answer of a server that does not want the rest of a large message is heard.
func TestAnswerBeforeTheEndOfTheRequest(t *testing.T) {
	addr := rawServer(t, func(_ int, p *peer) {
		p.br.ReadString('\n')
		p.say("HTTP/1.1 413 Too Large\nConnection: close\nContent-Length: 0\n\n")
		p.Conn.(*net.TCPConn).CloseWrite()
		p.br.WriteTo(new(bytes.Buffer))
	})
	s := newTestSession(t, Config{}, "http://"+addr, "", "")
	post(t, s, strings.Repeat("x", 8<<20), 413)
}

func TestURLsOfTheACS(t *testing.T) {
	for _, bad := range []string{"", "acs.example", "ftp://acs.example/", "http://", "http://u:p@acs.example/", "http://u:p", "http://acs.example:99999/", "http://a b/", "http://a\r\nb/", "http://ä.example/", "http://a/" + strings.Repeat("x", 2048), "https:opaque"} {
		if _, err := NewSession(Config{}, bad, "", ""); !errors.Is(err, ErrScheme) {
			t.Errorf("%q: got %v, want ErrScheme", bad, err)
		} else if strings.Contains(err.Error(), "u:p") || strings.Contains(err.Error(), `":p"`) {
			t.Errorf("secret in %v", err)
		}
	}
	for raw, want := range map[string]string{
		"http://acs.example:80/x": "acs.example", "https://acs.example:443": "acs.example", "https://acs.example:80": "acs.example:80",
		"http://[2001:db8::1]:7547/": "[2001:db8::1]:7547", "http://[2001:db8::1]/": "[2001:db8::1]", "http://[fe80::1%25eth0]/": "[fe80::1]",
	} {
		u, err := parseURL(raw)
		if err != nil || hostHeader(u) != want {
			t.Errorf("%s: got Host %q, %v, want %q", raw, hostHeader(u), err, want)
		}
	}
}

func TestIsLocal(t *testing.T) {
	for url, want := range map[string]bool{
		"http://localhost:80/": true, "http://x.localhost./": true, "http://127.1.2.3/": true, "http://[::1]/": true, "http://[fe80::1%25lan]/": true,
		"http://169.254.1.1/": true, "http://acs.example/": false, "http://192.0.2.1/": false, "": false,
	} {
		if got := IsLocal(url); got != want {
			t.Errorf("%q: got %v, want %v", url, got, want)
		}
	}
}

// needTCPInfo skips where the kernel does not tell what became of what we sent, as under qemu's user emulation.
func needTCPInfo(t *testing.T) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const established = 1 // TCP_ESTABLISHED
	var info *unix.TCPInfo
	var asked error
	raw.Control(func(fd uintptr) { info, asked = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if asked != nil || info.State != established || info.Snd_mss == 0 {
		t.Skip("no TCP_INFO here (an emulator?)")
	}
}
