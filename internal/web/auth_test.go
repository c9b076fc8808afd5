package web

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

// The vectors of RFC 7616 3.9.1, RFC 2617 3.5 and, for -sess, computed by hand from the definition.
func TestDigestVectors(t *testing.T) {
	rfc := `realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", `
	for name, c := range map[string]struct{ field, want string }{
		"RFC 7616, SHA-256": {`Digest ` + rfc + `qop="auth, auth-int", algorithm=SHA-256`, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		"RFC 7616, MD5":     {`Digest ` + rfc + `qop="auth, auth-int", algorithm=MD5`, "8ca523f5e9506fed4657c9700eebdbec"},
		"the stronger wins": {`Digest ` + rfc + `qop="auth, auth-int", algorithm=MD5, Basic realm="x", digest ` + rfc + `algorithm="SHA-256", qop=auth`, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
	} {
		best, _ := (&auth{}).strongest([]string{c.field}, false)
		if best == nil {
			t.Fatalf("%s: no challenge found", name)
		}
		got, err := best.answer(login{"Mufasa", "Circle of Life"}, "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 1)
		if err != nil || !strings.Contains(got, `response="`+c.want+`"`) {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
}

// digestServer is an ACS that wants digest authentication as c says; it recomputes the answer from what we sent.
type digestServer struct {
	challenge string
	user      string
	pass      string
	mu        sync.Mutex // guards pass and every
	every     int        // challenge each so many requests again, with another nonce
	stale     bool       // and say so
	closes    bool       // say Connection: close with a challenge
	once      bool       // challenge once per connection, as GenieACS: a wrong answer gets no further one, and the end
	seen      sent
}

func (d *digestServer) serve(n int, p *peer) {
	nonce := 0
	for i := 1; ; i++ {
		head, body, ok := p.read()
		if !ok {
			return
		}
		answer := field(head, "Authorization")
		params := map[string]string{}
		for _, o := range splitOffers(answer) {
			params = o.params
		}
		d.seen.add(fmt.Sprintf("%d: nc=%s %s", n, params["nc"], body))
		d.mu.Lock()
		again := d.every > 0 && i%d.every == 0
		right := d.right(params)
		d.mu.Unlock()
		if answer != "" && !again && right {
			p.say(ok200)
			continue
		}
		if d.once && answer != "" {
			p.say("HTTP/1.1 401 No\nConnection: close\nContent-Length: 12\n\nUnauthorized")
			return
		}
		nonce++
		extra := ""
		if again && d.stale {
			extra = ", stale=true"
		}
		if d.closes {
			p.say("HTTP/1.1 401 No\nConnection: close\nWWW-Authenticate: %s%s\nContent-Length: 3\n\nno!", strings.ReplaceAll(d.challenge, "NONCE", fmt.Sprint("n", nonce)), extra)
			return
		}
		p.say("HTTP/1.1 401 No\nWWW-Authenticate: %s%s\nContent-Length: 3\n\nno!", strings.ReplaceAll(d.challenge, "NONCE", fmt.Sprint("n", nonce)), extra)
	}
}

// right is RFC 7616 3.4 written a second time.
func (d *digestServer) right(p map[string]string) bool {
	h := hexMD5
	if strings.HasPrefix(p["algorithm"], "SHA-256") {
		h = hexSHA256
	}
	a1 := d.user + ":" + p["realm"] + ":" + d.pass
	if strings.HasSuffix(p["algorithm"], "-sess") {
		a1 = h(a1) + ":" + p["nonce"] + ":" + p["cnonce"]
	}
	a2 := h("POST:/acs?x=1")
	want := h(h(a1) + ":" + p["nonce"] + ":" + a2)
	if p["qop"] != "" {
		want = h(h(a1) + ":" + p["nonce"] + ":" + p["nc"] + ":" + p["cnonce"] + ":" + p["qop"] + ":" + a2)
	}
	return p["username"] == d.user && p["uri"] == "/acs?x=1" && p["response"] == want &&
		(!strings.Contains(d.challenge, "opaque") || p["opaque"] == "o,p") && (!strings.Contains(d.challenge, "a, \\\"b\\\"") || p["realm"] == `a, "b"`)
}

// TestDigest is T-076, T-077, T-082, T-083, H-10, H-41, H-42.
func TestDigest(t *testing.T) {
	for name, c := range map[string]struct {
		d    *digestServer
		want []string
	}{
		"MD5, qop auth; then unasked": {&digestServer{challenge: `Digest realm="r",qop="auth,auth-int",nonce="NONCE"`}, []string{"1: nc= 1", "1: nc=00000001 1", "1: nc=00000002 2", "1: nc=00000003 3"}},
		"opaque, commas and quotes":   {&digestServer{challenge: `Digest realm="a, \"b\"", qop="auth", nonce="NONCE", opaque="o,p", algorithm=MD5`}, []string{"1: nc= 1", "1: nc=00000001 1", "1: nc=00000002 2", "1: nc=00000003 3"}},
		"MD5-sess":                    {&digestServer{challenge: `Digest realm="r", qop="auth", nonce="NONCE", algorithm=MD5-sess`}, []string{"1: nc= 1", "1: nc=00000001 1", "1: nc=00000002 2", "1: nc=00000003 3"}},
		"MD5-sess without qop":        {&digestServer{challenge: `Digest realm="r", nonce="NONCE", algorithm=MD5-sess`}, []string{"1: nc= 1", "1: nc= 1", "1: nc= 2", "1: nc= 3"}},
		"SHA-256":                     {&digestServer{challenge: `Digest realm="r", qop="auth", nonce="NONCE", algorithm=SHA-256`}, []string{"1: nc= 1", "1: nc=00000001 1", "1: nc=00000002 2", "1: nc=00000003 3"}},
		"SHA-256-sess":                {&digestServer{challenge: `Digest realm="r", qop="auth", nonce="NONCE", algorithm=SHA-256-sess`}, []string{"1: nc= 1", "1: nc=00000001 1", "1: nc=00000002 2", "1: nc=00000003 3"}},
		"no qop (RFC 2069)":           {&digestServer{challenge: `Digest realm="r", nonce="NONCE"`}, []string{"1: nc= 1", "1: nc= 1", "1: nc= 2", "1: nc= 3"}},
		"MD5 beside Basic":            {&digestServer{challenge: `Basic realm="r", Digest realm="r", nonce="NONCE", qop="auth"`}, []string{"1: nc= 1", "1: nc=00000001 1", "1: nc=00000002 2", "1: nc=00000003 3"}},
		"challenged again":            {&digestServer{challenge: `Digest realm="r", qop="auth", nonce="NONCE"`, every: 3}, []string{"1: nc= 1", "1: nc=00000001 1", "1: nc=00000002 2", "1: nc=00000001 2", "1: nc=00000002 3"}},
		"stale":                       {&digestServer{challenge: `Digest realm="r", qop="auth", nonce="NONCE"`, every: 3, stale: true}, []string{"1: nc= 1", "1: nc=00000001 1", "1: nc=00000002 2", "1: nc=00000001 2", "1: nc=00000002 3"}},
		"challenge with close":        {&digestServer{challenge: `Digest realm="r", qop="auth", nonce="NONCE"`, closes: true}, []string{"1: nc= 1", "2: nc=00000001 1", "2: nc=00000002 2", "2: nc=00000003 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := c.d
			d.user, d.pass = "00D09E-Router-1", `pä"ss:1`
			addr := rawServer(t, d.serve)
			s := newTestSession(t, Config{}, "http://"+addr+"/acs?x=1", d.user, d.pass)
			for _, body := range []string{"1", "2", "3"} {
				post(t, s, body, 200)
			}
			if !slices.Equal(d.seen.all(), c.want) {
				t.Errorf("got %q, want %q", d.seen.all(), c.want)
			}
		})
	}
}

// A new connection has a new cnonce (H-42), and the nonce count goes on.
func TestNewConnectionNewCnonce(t *testing.T) {
	var got sent
	addr := rawServer(t, func(n int, p *peer) {
		for i := 0; ; i++ {
			head, _, ok := p.read()
			if !ok {
				return
			}
			a := field(head, "Authorization")
			if a == "" {
				p.say("HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"r\", qop=\"auth\", nonce=\"n\"\nContent-Length: 0\n\n")
				continue
			}
			got.add(splitOffers(a)[0].params["nc"] + splitOffers(a)[0].params["cnonce"])
			p.say("HTTP/1.1 200 OK\nConnection: close\nContent-Length: 0\n\n")
			return
		}
	})
	s := newTestSession(t, Config{}, "http://"+addr, "u", "p")
	post(t, s, "1", 200)
	post(t, s, "2", 200)
	a, b := got.all()[0], got.all()[1]
	if a[:8] != "00000001" || b[:8] != "00000002" || len(a) < 24 || a[8:] == b[8:] {
		t.Errorf("got %q and %q", a, b)
	}
}

// TestRefusedCredentials: H-43. The first request has none, two have them.
func TestRefusedCredentials(t *testing.T) {
	d := &digestServer{challenge: `Digest realm="r", qop="auth", nonce="NONCE"`, user: "u", pass: "right"}
	s := newTestSession(t, Config{}, "http://"+rawServer(t, d.serve)+"/acs?x=1", "u", "wrong")
	_, err := s.Post(t.Context(), nil, []byte("x"))
	var status *StatusError
	if !errors.Is(err, ErrAuth) || !errors.As(err, &status) || status.Code != 401 {
		t.Errorf("got %v, want ErrAuth and status 401", err)
	}
	if n := len(d.seen.all()); n != 3 {
		t.Errorf("got %d requests, want 3", n)
	}
}

// TestReplacedCredentials: K-12. What was accepted goes on; at a challenge the new ones are tried, then the old ones.
func TestReplacedCredentials(t *testing.T) {
	for _, c := range []struct {
		pass string // what the ACS wants after the change
		want []string
	}{
		{"new", []string{"1: nc= 1", "1: nc=00000001 1", "1: nc=00000002 2", "1: nc=00000003 3", "1: nc=00000001 3"}},
		{"old", []string{"1: nc= 1", "1: nc=00000001 1", "1: nc=00000002 2", "1: nc=00000003 3", "1: nc=00000001 3", "1: nc=00000001 3"}},
	} {
		d := &digestServer{challenge: `Digest realm="r", qop="auth", nonce="NONCE"`, user: "u", pass: "old"}
		s := newTestSession(t, Config{}, "http://"+rawServer(t, d.serve)+"/acs?x=1", "u", "old")
		post(t, s, "1", 200)
		s.SetCredentials("u", "new")
		post(t, s, "2", 200)
		d.mu.Lock()
		d.pass, d.every = c.pass, 4
		d.mu.Unlock()
		post(t, s, "3", 200)
		if !slices.Equal(d.seen.all(), c.want) {
			t.Errorf("ACS wants the %s password: got %q, want %q", c.pass, d.seen.all(), c.want)
		}
	}
}

// An ACS that says no without a challenge means the login; another one that we know is tried, with a challenge of its own.
func TestRefusedWithoutChallenge(t *testing.T) {
	d := &digestServer{challenge: `Digest realm="r", qop="auth,auth-int", nonce="NONCE"`, user: "u", pass: "old", once: true}
	s := newTestSession(t, Config{}, "http://"+rawServer(t, d.serve)+"/acs?x=1", "u", "old")
	s.SetCredentials("u", "new")
	post(t, s, "1", 200)
	if want := []string{"1: nc= 1", "1: nc=00000001 1", "2: nc= 1", "2: nc=00000001 1"}; !slices.Equal(d.seen.all(), want) {
		t.Errorf("got %q, want %q", d.seen.all(), want)
	}

	d = &digestServer{challenge: d.challenge, user: "u", pass: "right", once: true}
	s = newTestSession(t, Config{}, "http://"+rawServer(t, d.serve)+"/acs?x=1", "u", "wrong")
	_, err := s.Post(t.Context(), nil, []byte("x"))
	if !errors.Is(err, ErrAuth) || !strings.Contains(fmt.Sprint(err), "refuses our user name or password") {
		t.Errorf("got %v", err)
	}
	if n := len(d.seen.all()); n != 2 {
		t.Errorf("got %d requests, want 2", n)
	}
}

// Another server asks for itself, and gets its own answer (H-26).
func TestChallengeAfterRedirect(t *testing.T) {
	d := &digestServer{challenge: `Digest realm="two", qop="auth", nonce="NONCE"`, user: "u", pass: "p"}
	second := rawServer(t, d.serve)
	first := &digestServer{challenge: `Digest realm="one", qop="auth", nonce="NONCE"`, user: "u", pass: "p"}
	addr := rawServer(t, func(n int, p *peer) {
		head, _, _ := p.read()
		if field(head, "Authorization") == "" {
			p.say("HTTP/1.1 401 No\nWWW-Authenticate: %s\nContent-Length: 0\n\n", first.challenge)
			p.read()
		}
		p.say("HTTP/1.1 307 Go\nLocation: http://%s/acs?x=1\nContent-Length: 0\n\n", second)
		p.read()
	})
	s := newTestSession(t, Config{}, "http://"+addr, "u", "p")
	post(t, s, "1", 200)
	if want := []string{"1: nc= 1", "1: nc=00000001 1"}; !slices.Equal(d.seen.all(), want) {
		t.Errorf("got %q, want %q", d.seen.all(), want)
	}
}

// TestBasic: T-079, T-080, H-40.
func TestBasic(t *testing.T) {
	now := time.Now()
	ca := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour))
	pair, _, _ := ca.issue(t, leaf{names: []string{"acs.example"}, from: now.Add(-time.Hour), to: now.Add(time.Hour)})
	var asked sent
	handler := func(w http.ResponseWriter, r *http.Request) {
		user, pass, ok := r.BasicAuth()
		asked.add(user + ":" + pass)
		if !ok || user != "u" || pass != "p:q" {
			w.Header().Set("WWW-Authenticate", `Basic realm="GenieACS"`)
			w.WriteHeader(401)
		}
	}
	url := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{pair}}, handler)
	s := newTestSession(t, Config{Root: rootWith(t, ca.pem)}, named(url, "acs.example"), "u", "p:q")
	s.c.dialer.lookup = toLoopback
	post(t, s, "1", 200)
	post(t, s, "2", 200)
	if want := []string{":", "u:p:q", "u:p:q"}; !slices.Equal(asked.all(), want) {
		t.Errorf("got %q, want %q", asked.all(), want)
	}

	plain := rawServer(t, func(_ int, p *peer) {
		for {
			head, _, ok := p.read()
			switch {
			case !ok:
				return
			case field(head, "Authorization") == "Basic dTpw":
				p.say(ok200)
			default:
				p.say("HTTP/1.1 401 No\nWWW-Authenticate: Basic realm=\"r\"\nContent-Length: 0\n\n")
			}
		}
	})
	for _, allow := range []bool{false, true} {
		s := newTestSession(t, Config{AllowBasicPlain: allow}, "http://"+plain, "u", "p")
		if _, err := s.Post(t.Context(), nil, nil); (err == nil) != allow {
			t.Errorf("allow_basic_plain %v: got %v", allow, err)
		}
	}
}

func TestParseChallenges(t *testing.T) {
	for field, want := range map[string][]int{
		`Basic realm="a"`: {10},
		`Basic`:           {10},
		`Negotiate YII=, NTLM, Digest nonce="n", Basic realm=x`: {0, 0, 20, 10},
		`Digest realm="x", qop="", nonce=abc/+=, stale=TRUE`:    {20},
		`Digest realm="x", nonce="a", nonce="b"`:                {0},
		`Digest realm="x", nonce="`:                             {0},
		`Digest realm="x"`:                                      {0},
		`Digest nonce = "n" , qop = "auth-int , AUTH"`:          {20},
		`, ,`: nil,
		`"x"`: nil,
		``:    nil,
	} {
		var got []int
		for _, c := range parseChallenges([]string{field}) {
			got = append(got, c.rank)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got ranks %v, want %v", field, got, want)
		}
	}
}

// Covers: H-32, H-33.
func TestCookieRules(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	many := make([]string, 60)
	for i := range many {
		many[i] = fmt.Sprintf("c%d=1", i)
	}
	for name, c := range map[string]struct {
		set  []string
		date string
		url  string
		want string
	}{
		"path":                       {[]string{"a=1; Path=/acs", "b=2; Path=/other", "c=3; path=/acs/deep", "d=4; Path=rel"}, "", "http://h/acs/deep/x", "c=3; a=1; d=4"},
		"path is not a prefix":       {[]string{"a=1; Path=/ac"}, "", "http://h/acs", ""},
		"secure over http":           {[]string{"a=1; Secure"}, "", "http://h/", ""},
		"secure over https":          {[]string{"a=1; Secure"}, "", "https://h/", "a=1"},
		"replaced":                   {[]string{"a=1", "a=2", "a=3; Path=/x"}, "", "http://h/", "a=2"},
		"deleted by age":             {[]string{"a=1", "b=2", "a=; Max-Age=0"}, "", "http://h/", "b=2"},
		"deleted by date":            {[]string{"a=1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "", "http://h/", ""},
		"age wins over date":         {[]string{"a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "", "http://h/", "a=1"},
		"date by the server's clock": {[]string{"a=1; Expires=Fri, 01-May-2020 00:00:10 GMT"}, "Fri, 01 May 2020 00:00:00 GMT", "http://h/", "a=1"},
		"unreadable date":            {[]string{"a=1; Expires=soon"}, "", "http://h/", "a=1"},
		"quotes and equals signs":    {[]string{`a="x=y,z"`}, "", "http://h/", `a="x=y,z"`},
		"no name":                    {[]string{"=1", "novalue", " =x"}, "", "http://h/", ""},
		"control characters":         {[]string{"a=1\x012"}, "", "http://h/", ""},
		"too large":                  {[]string{"a=" + strings.Repeat("x", 4096), "b=1"}, "", "http://h/", "b=1"},
		"too many":                   {many, "", "http://h/", strings.Join(many[:50], "; ")},
	} {
		var j jar
		h := http.Header{"Set-Cookie": c.set}
		if c.date != "" {
			h.Set("Date", c.date)
		}
		j.store(h, now)
		u, err := parseURL(c.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := j.header(u, now); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	var j jar
	for i := range 40 {
		j.store(http.Header{"Set-Cookie": {fmt.Sprintf("c%d=%s", i, strings.Repeat("x", 4000))}}, now)
	}
	if u, _ := parseURL("http://h/"); len(j.header(u, now)) > maxJar+200 {
		t.Errorf("jar of %d bytes", len(j.header(u, now)))
	}
}
