package connreq

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/icholy/digest"

	"github.com/cwmpd/cwmpd/internal/slog"
)

// bed is a running listener.
type bed struct {
	*HTTP
	root     string
	requests atomic.Int32
	woken    chan bool
	mu       sync.Mutex // guards what follows
	user     string
	pass     string
	port     int
	path     string
	enabled  bool
	changed  chan bool
}

func run(t *testing.T) *bed {
	b := &bed{root: t.TempDir(), user: "acs", pass: "secret", enabled: true, woken: make(chan bool, 100), changed: make(chan bool, 100)}
	b.start(t)
	return b
}

func (b *bed) start(t *testing.T) {
	t.Helper()
	b.HTTP = NewHTTP(HTTPConfig{
		Root:        b.root,
		Credentials: func() (string, string) { b.mu.Lock(); defer b.mu.Unlock(); return b.user, b.pass },
		Settings:    func() (int, string) { b.mu.Lock(); defer b.mu.Unlock(); return b.port, b.path },
		Enabled:     func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.enabled },
		OnRequest:   func() { b.requests.Add(1); b.woken <- true },
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
		if u := b.URL("h"); u != "" {
			t.Errorf("URL after the end: %q", u)
		}
	})
	<-b.Ready()
}

// set changes settings and waits until they are used.
func (b *bed) set(change func()) {
	b.mu.Lock()
	change()
	b.mu.Unlock()
	for len(b.changed) > 0 {
		<-b.changed
	}
	b.Reload()
	<-b.changed
}

func (b *bed) url() string { return b.URL("127.0.0.1") }

// ask sends one request and returns the status; auth is the Authorization header.
func ask(t *testing.T, method, url, auth string) *http.Response {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if auth != "" {
		req.Header.Set("Authorization", auth)
	}
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return resp
}

// acs does what an ACS does: a GET, and another one with the answer to the challenge.
func acs(t *testing.T, url, user, pass string) *http.Response {
	t.Helper()
	resp := ask(t, "GET", url, "")
	if resp.StatusCode != 401 {
		return resp
	}
	return ask(t, "GET", url, credentials(t, resp, url, user, pass))
}

func credentials(t *testing.T, resp *http.Response, url, user, pass string) string {
	t.Helper()
	chal, err := digest.FindChallenge(resp.Header)
	if err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequest("GET", url, nil)
	cred, err := digest.Digest(chal, digest.Options{Method: "GET", URI: req.URL.RequestURI(), Username: user, Password: pass, Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	return cred.String()
}

// TestRequest is T-300, T-305, C-10, C-12, C-13.
func TestRequest(t *testing.T) {
	b := run(t)
	for range 5 {
		resp := acs(t, b.url(), "acs", "secret")
		if resp.StatusCode != 200 || resp.Header.Get("Content-Length") != "0" {
			t.Fatalf("got %v %v", resp.Status, resp.Header)
		}
		<-b.woken
	}
	if n := b.requests.Load(); n != 5 {
		t.Errorf("got %d requests, want 5", n)
	}
}

// TestRefusals is T-301, T-302, T-304, T-311.
// Covers: C-6, C-11.
func TestRefusals(t *testing.T) {
	b := run(t)
	url := b.url()
	good := func(at string) string { return credentials(t, ask(t, "GET", url, ""), at, "acs", "secret") }
	for name, c := range map[string]struct {
		method, url, auth string
		want              int
	}{
		"no authorization": {"GET", url, "", 401},
		"Basic":            {"GET", url, "Basic YWNzOnNlY3JldA==", 401},
		"other path":       {"GET", url + "x", "", 404},
		"root":             {"GET", strings.TrimSuffix(url, b.place.Load().path) + "/", "", 404},
		"path below":       {"GET", url + "/x", good(url + "/x"), 404},
		"POST":             {"POST", url, good(url), 405},
		"HEAD":             {"HEAD", url, good(url), 405},
		"other uri":        {"GET", url, good(url + "?x"), 401},
	} {
		if resp := ask(t, c.method, c.url, c.auth); resp.StatusCode != c.want {
			t.Errorf("%s: got %d, want %d", name, resp.StatusCode, c.want)
		}
	}
	if n := b.requests.Load(); n != 0 {
		t.Errorf("got %d requests, want none", n)
	}
}

// Covers: C-11.
func TestWrongCredentials(t *testing.T) {
	b := run(t)
	for _, c := range []struct{ user, pass string }{{"acs", "wrong"}, {"ACS", "secret"}, {"", "secret"}} {
		if resp := acs(t, b.url(), c.user, c.pass); resp.StatusCode != 401 || resp.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%v: got %v", c, resp.Status)
		}
	}
	b.mu.Lock()
	b.user, b.pass = "", ""
	b.mu.Unlock()
	if resp := acs(t, b.url(), "", ""); resp.StatusCode != 401 {
		t.Errorf("factory state: got %v", resp.Status)
	}
	b.mu.Lock()
	b.user, b.pass = "new", "secret2" // T-313
	b.mu.Unlock()
	if resp := acs(t, b.url(), "acs", "secret"); resp.StatusCode != 401 {
		t.Errorf("old credentials: got %v", resp.Status)
	}
	if resp := acs(t, b.url(), "new", "secret2"); resp.StatusCode != 503 && resp.StatusCode != 200 {
		t.Errorf("new credentials: got %v", resp.Status)
	}
}

// Covers: C-14.
func TestReplayIsStale(t *testing.T) {
	b := run(t)
	auth := credentials(t, ask(t, "GET", b.url(), ""), b.url(), "acs", "secret")
	if resp := ask(t, "GET", b.url(), auth); resp.StatusCode != 200 {
		t.Fatal(resp.Status)
	}
	resp := ask(t, "GET", b.url(), auth)
	if resp.StatusCode != 401 || !strings.Contains(resp.Header.Get("WWW-Authenticate"), "stale=true") {
		t.Errorf("got %v %v", resp.Status, resp.Header)
	}
}

// raw sends bytes and returns all that comes; the first answer must not wait for more.
func raw(t *testing.T, b *bed, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", b.place.Load().port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(2 * time.Second))
	io.WriteString(c, strings.ReplaceAll(strings.ReplaceAll(text, "\n", "\r\n"), "PATH", b.place.Load().path))
	br := bufio.NewReader(c)
	first, err := br.ReadString('\n')
	if err != nil {
		return fmt.Sprintf("%q and then %v", first, err)
	}
	c.(*net.TCPConn).CloseWrite()
	rest, _ := io.ReadAll(br)
	return first + string(rest)
}

// TestOddRequests is T-308, Z-40 and the forms that old ACSs use.
func TestOddRequests(t *testing.T) {
	b := run(t)
	for name, c := range map[string]struct{ send, want string }{
		"body and query":        {"GET PATH?a=b HTTP/1.1\nHost: h\nContent-Length: 100000\n\nabc", "HTTP/1.1 401"},
		"chunked body":          {"GET PATH HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n", "HTTP/1.1 401"},
		"HTTP/1.0":              {"GET PATH HTTP/1.0\n\n", "HTTP/1.0 401"},
		"absolute target":       {"GET http://h:1PATH HTTP/1.1\nHost: h\nConnection: close\n\n", "HTTP/1.1 401"},
		"HTTP/0.9":              {"GET PATH\n\n", "HTTP/1.1 400"},
		"TLS hello":             {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n", "HTTP/1.1 400"},
		"junk":                  {"\x00\xff\xfe\n\n", "HTTP/1.1 400"},
		"header of 20 KiB":      {"GET PATH HTTP/1.1\nHost: h\nX: " + strings.Repeat("x", 20<<10) + "\n\n", "HTTP/1.1 431"},
		"two lengths":           {"GET PATH HTTP/1.1\nHost: h\nContent-Length: 1\nContent-Length: 2\n\n", "HTTP/1.1 400"},
		"length and chunked":    {"GET PATH HTTP/1.1\nHost: h\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n", "HTTP/1.1 4"},
		"blank before a colon":  {"GET PATH HTTP/1.1\nHost : h\n\n", "HTTP/1.1 400"},
		"two credentials":       {"GET PATH HTTP/1.1\nHost: h\nConnection: close\nAuthorization: Digest a=b\nAuthorization: Digest c=d\n\n", "HTTP/1.1 401"},
		"path with a backslash": {"GET \\PATH HTTP/1.1\nHost: h\nConnection: close\n\n", "HTTP/1.1 4"},
		"asterisk":              {"OPTIONS * HTTP/1.1\nHost: h\nConnection: close\n\n", "HTTP/1.1"},
		"HTTP/2 preface":        {"PRI * HTTP/2.0\n\nSM\n\n", "HTTP/1.1 4"},
	} {
		if got := raw(t, b, c.send); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	// A correct request with body and query.
	resp := ask(t, "GET", b.url(), "")
	auth := credentials(t, resp, b.url()+"?x=1", "acs", "secret")
	if got := raw(t, b, "GET PATH?x=1 HTTP/1.1\nHost: h\nAuthorization: "+auth+"\nContent-Length: 3\n\nabc"); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || !strings.Contains(got, "\r\nContent-Length: 0\r\n") {
		t.Errorf("got %q", got)
	}
	<-b.woken
}

// Five requests on one connection, not more (C-17).
func TestRequestsPerConnection(t *testing.T) {
	b := run(t)
	got := raw(t, b, strings.Repeat("GET PATH HTTP/1.1\nHost: h\n\n", 7))
	if n := strings.Count(got, "HTTP/1.1 401"); n != maxRequests || strings.Count(got, "Connection: close") != 1 {
		t.Errorf("got %d answers", n)
	}
}

// Those who never finish their request do not keep the ACS out (Z-40).
func TestSlowloris(t *testing.T) {
	b := run(t)
	addr := fmt.Sprintf("127.0.0.1:%d", b.place.Load().port)
	var idle []net.Conn
	for range 50 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, "GET / HTTP/1.1\r\nX: ")
		idle = append(idle, c)
	}
	start := time.Now()
	if resp := acs(t, b.url(), "acs", "secret"); resp.StatusCode != 200 {
		t.Errorf("got %v", resp.Status)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("took %v", d)
	}
	idle[0].SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := bufio.NewReader(idle[0]).ReadByte(); err == nil || os.IsTimeout(err) {
		t.Errorf("the oldest is still there: %v", err)
	}
}

func TestGate(t *testing.T) {
	g := newGate(nil, everybody)
	add := func(from string) (*guest, bool) {
		a, b := net.Pipe()
		t.Cleanup(func() { a.Close(); b.Close() })
		n := &guest{Conn: a, gate: g, from: sourceOf(from)}
		return n, g.admit(n)
	}
	for i := range 6 {
		if _, ok := add("192.0.2.1:1"); !ok {
			t.Fatalf("guest %d is refused", i)
		}
	}
	if len(g.guests) != maxPerSource {
		t.Errorf("one source has %d, want %d", len(g.guests), maxPerSource)
	}
	for i := range 10 {
		if _, ok := add(fmt.Sprintf("198.51.100.%d:1", i)); !ok {
			t.Fatalf("guest %d is refused", i)
		}
	}
	if len(g.guests) != maxGuests {
		t.Errorf("got %d, want %d", len(g.guests), maxGuests)
	}
	for _, n := range g.guests {
		n.busy.Store(true)
	}
	if _, ok := add("192.0.2.9:1"); ok {
		t.Error("somebody busy was thrown out")
	}
	last := g.guests[3]
	last.Close()
	last.Close()
	if len(g.guests) != maxGuests-1 {
		t.Errorf("after Close: got %d", len(g.guests))
	}
}

// TestFlood is T-307: 503 without Retry-After, and no session for it.
// Covers: C-5, C-6.
func TestFlood(t *testing.T) {
	b := run(t)
	got := map[int]int{}
	for range 12 {
		resp := acs(t, b.url(), "acs", "secret")
		got[resp.StatusCode]++
		if resp.Header.Get("Retry-After") != "" {
			t.Error("Retry-After")
		}
	}
	if got[200] != 5 || got[503] != 7 || b.requests.Load() != 5 {
		t.Errorf("got %v and %d requests, want 5 of 200 and 7 of 503", got, b.requests.Load())
	}
}

func TestBruteForce(t *testing.T) {
	b := run(t)
	auth := credentials(t, ask(t, "GET", b.url(), ""), b.url(), "acs", "guess")
	got := map[int]int{}
	for range 20 {
		got[ask(t, "GET", b.url(), auth).StatusCode]++
	}
	if got[401] != 5 || got[503] != 15 {
		t.Errorf("got %v, want 5 of 401, then 503", got)
	}
}

// Covers: C-5.
func TestRates(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := newRates()
	n := 0
	for range 600 { // ten minutes, ten tries a second would be too many
		if r.accept(now) {
			n++
		}
		now = now.Add(time.Second)
	}
	if n < 100 || n > 106 {
		t.Errorf("%d accepted in ten minutes, want 10 a minute and 5", n)
	}
	now = now.Add(-time.Hour) // whatever the clock does
	r.accept(now)
	for i := range 10_000 {
		from := sourceOf(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 1).String())
		r.knock(from, now)
		r.failed(from, now)
	}
	if len(r.sources) > maxSources+1 {
		t.Errorf("table of %d", len(r.sources))
	}
	if r.mayFail(sourceOf("203.0.113.1:1"), now) {
		t.Error("with a full table newcomers share a budget that is used up")
	}
	if now = now.Add(time.Hour); !r.mayFail(sourceOf("203.0.113.1:1"), now) || len(r.sources) > 2 {
		t.Errorf("after an hour: table of %d", len(r.sources))
	}
	if sourceOf("[2001:db8::1]:1") != sourceOf("[2001:db8::ffff]:2") || sourceOf("[2001:db8::1]:1") == sourceOf("[2001:db8:0:1::1]:1") || sourceOf("[::ffff:192.0.2.1]:1") != sourceOf("192.0.2.1:2") || sourceOf("junk") != (source{}) {
		t.Error("sources are an IPv4 address or an IPv6 /64")
	}
}

// TestURL is C-10, C-16, C-18, T-310.
func TestURL(t *testing.T) {
	b := run(t)
	p := b.place.Load()
	if len(p.path) != 33 {
		t.Errorf("got path %q, want 128 bits", p.path)
	}
	for host, want := range map[string]string{
		"192.0.2.1":     fmt.Sprintf("http://192.0.2.1:%d%s", p.port, p.path),
		"2001:db8::1":   fmt.Sprintf("http://[2001:db8::1]:%d%s", p.port, p.path),
		"[2001:db8::1]": fmt.Sprintf("http://[2001:db8::1]:%d%s", p.port, p.path),
		"fe80::1%wan":   fmt.Sprintf("http://[fe80::1]:%d%s", p.port, p.path),
		"":              "",
	} {
		if got := b.URL(host); got != want {
			t.Errorf("%q: got %q, want %q", host, got, want)
		}
	}
	b.set(func() { b.path = "cr/x y" })
	if got := b.url(); !strings.HasSuffix(got, "/cr/x%20y") {
		t.Errorf("got %q", got)
	}
	if resp := acs(t, b.url(), "acs", "secret"); resp.StatusCode != 200 {
		t.Errorf("path of the option: got %v", resp.Status)
	}
	b.set(func() { b.path = "/" })
	if b.place.Load().path != p.path {
		t.Error("our own path has changed")
	}
	url := b.url()
	b.set(func() { b.enabled = false })
	if got := b.url(); got != "" {
		t.Errorf("disabled: got %q", got)
	}
	if _, err := http.Get(url); err == nil {
		t.Error("disabled: the port is open")
	}
	b.set(func() { b.enabled = true })
	if resp := acs(t, b.url(), "acs", "secret"); resp.StatusCode != 200 {
		t.Errorf("enabled again: got %v", resp.Status)
	}
}

// The path is made once and kept; what somebody broke is made again.
func TestOwnPathIsKept(t *testing.T) {
	b := run(t)
	file := filepath.Join(b.root, "etc/cwmpd/connreq")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got %v, %v", info, err)
	}
	first := b.place.Load().path
	second := &bed{root: b.root, enabled: true, changed: make(chan bool, 10)}
	second.start(t)
	if got := second.place.Load().path; got != first {
		t.Errorf("got %q, want %q", got, first)
	}
	os.WriteFile(file, []byte("/guess\n"), 0o600)
	third := &bed{root: b.root, enabled: true, changed: make(chan bool, 10)}
	third.start(t)
	if got := third.place.Load().path; got == first || got == "/guess" {
		t.Errorf("got %q", got)
	}
	if left, _ := filepath.Glob(filepath.Join(b.root, "etc/cwmpd/.connreq-*")); left != nil {
		t.Errorf("left over: %v", left)
	}
}

// A port that is taken is not the end: the next one is used, and the URL says so.
func TestPortTaken(t *testing.T) {
	ln, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	taken := ln.Addr().(*net.TCPAddr).Port
	b := &bed{root: t.TempDir(), user: "acs", pass: "secret", enabled: true, port: taken, woken: make(chan bool, 9), changed: make(chan bool, 10)}
	b.start(t)
	if got := b.place.Load().port; got <= taken || got > taken+morePorts {
		t.Errorf("got port %d, want one after %d", got, taken)
	}
	if resp := acs(t, b.url(), "acs", "secret"); resp.StatusCode != 200 {
		t.Errorf("got %v", resp.Status)
	}
	b.set(func() { b.port = 0 })
	b.set(func() { b.port = 70000 })
	if b.url() != "" {
		t.Errorf("port 70000: got %q", b.url())
	}
}

// Both families are served (C-18).
func TestDualStack(t *testing.T) {
	if ln, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("no IPv6 here: ", err)
	} else {
		ln.Close()
	}
	b := run(t)
	for _, host := range []string{"127.0.0.1", "::1"} {
		if resp := acs(t, b.URL(host), "acs", "secret"); resp.StatusCode != 200 {
			t.Errorf("%s: got %v", host, resp.Status)
		}
	}
}

// The answer does not wait for the agent, which may be busy.
func TestAnswerDoesNotWait(t *testing.T) {
	b := &bed{root: t.TempDir(), user: "acs", pass: "secret", enabled: true, woken: make(chan bool), changed: make(chan bool, 10)}
	b.start(t)
	start := time.Now()
	resp := acs(t, b.url(), "acs", "secret") // OnRequest blocks until woken is read
	took := time.Since(start)
	<-b.woken
	if resp.StatusCode != 200 || took > time.Second {
		t.Errorf("got %v after %v", resp.Status, took)
	}
}

func TestSHA256(t *testing.T) {
	h := NewHTTP(HTTPConfig{SHA256: true})
	if c := h.digest.Challenge(false); !strings.Contains(c, "algorithm=SHA-256") {
		t.Errorf("got %s", c)
	}
}

// Before Run, and on the command line, the URL is the one asked for, once there is a path. Asking makes none.
func TestURLBeforeRun(t *testing.T) {
	root := t.TempDir()
	enabled := true
	h := NewHTTP(HTTPConfig{Root: root, Port: 7547, Enabled: func() bool { return enabled }})
	if url := h.URL("192.0.2.1"); url != "" {
		t.Errorf("got %q before there is a path", url)
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) > 0 {
		t.Errorf("asking wrote %v, %v", entries, err)
	}
	ownPath(root, slog.Discard())
	url := h.URL("192.0.2.1")
	if again := NewHTTP(HTTPConfig{Root: root, Port: 7547}).URL("192.0.2.1"); !strings.HasPrefix(url, "http://192.0.2.1:7547/") || url != again {
		t.Errorf("got %q and %q", url, again)
	}
	if enabled = false; h.URL("192.0.2.1") != "" {
		t.Error("disabled: got a URL")
	}
}

// A port that is closed has no URL; one that is about to be opened has it already.
func TestURLWhileOpening(t *testing.T) {
	b := run(t)
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	b.set(func() { b.port = l.Addr().(*net.TCPAddr).Port })
	url := b.URL("h")
	b.set(func() { b.enabled = false })
	if closed := b.URL("h"); closed != "" {
		t.Errorf("closed: got %q", closed)
	}
	b.mu.Lock()
	b.enabled = true
	b.mu.Unlock()
	b.Reload()
	if opening := b.URL("h"); opening != url || url == "" {
		t.Errorf("opening: got %q, want %q", opening, url)
	}
}

// Two processes that make the path at one time agree.
func TestPathsMeet(t *testing.T) {
	root := t.TempDir()
	got := make(chan string, 20)
	for range cap(got) {
		go func() { got <- ownPath(root, slog.Discard()) }()
	}
	first := <-got
	for range cap(got) - 1 {
		if other := <-got; other != first {
			t.Fatalf("got %q and %q", first, other)
		}
	}
}

// A directory that cannot be written costs the path at the next start, and no more.
func TestPathOnReadOnlyFlash(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "etc"), nil, 0o644); err != nil { // no directory can be here now
		t.Fatal(err)
	}
	h := NewHTTP(HTTPConfig{Root: root, Port: 7547})
	if a, b := h.own(), h.own(); a == "" || a != b {
		t.Errorf("got %q and %q", a, b)
	}
}

// TestC18_BothFamilies is T-312: one port, asked by IPv4 and by IPv6, and a source's budget in each.
func TestC18_BothFamilies(t *testing.T) {
	b := run(t)
	for _, host := range []string{"127.0.0.1", "::1"} {
		c, err := net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(b.Port())))
		if err != nil {
			if host == "::1" {
				t.Skipf("no IPv6 here: %v", err)
			}
			t.Fatal(err)
		}
		c.Close()
		if resp := acs(t, b.URL(host), "acs", "secret"); resp.StatusCode != 200 {
			t.Errorf("%s: got %v", host, resp.Status)
		}
		<-b.woken
	}
}
