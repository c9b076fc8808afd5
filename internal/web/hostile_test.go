package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestHostileAnswers is Z-01, Z-04, Z-07, Z-10, Z-11 of the catalogue.
func TestHostileAnswers(t *testing.T) {
	endless := func(text string) func(p *peer) {
		return func(p *peer) {
			p.read()
			for {
				if _, err := p.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
					return
				}
			}
		}
	}
	say := func(text string) func(p *peer) {
		return func(p *peer) {
			for {
				if _, _, ok := p.read(); !ok {
					return
				}
				p.say("%s", text)
			}
		}
	}
	huge := strings.Repeat("x", 1<<20)
	for name, c := range map[string]struct {
		serve func(p *peer)
		want  error
	}{
		"a header line without end":       {endless("x"), ErrTooLarge},
		"header lines without end":        {endless("HTTP/1.1 200 OK\nA: b\n"), ErrTooLarge},
		"interim answers without end":     {endless("HTTP/1.1 100 Continue\n\n"), ErrProtocol},
		"large interim answers":           {endless("HTTP/1.1 100 C\nA: " + strings.Repeat("x", 8000) + "\n\n"), ErrTooLarge},
		"switching protocols":             {say("HTTP/1.1 101 Switching\n\n"), ErrProtocol},
		"no HTTP":                         {say("SSH-2.0-OpenSSH\n\n"), ErrProtocol},
		"HTTP/2":                          {say("HTTP/2.0 200 OK\n\n"), ErrProtocol},
		"two different lengths":           {say("HTTP/1.1 200 OK\nContent-Length: 2\nContent-Length: 3\n\nabc"), ErrProtocol},
		"negative length":                 {say("HTTP/1.1 200 OK\nContent-Length: -2\n\nabc"), ErrProtocol},
		"length with a sign":              {say("HTTP/1.1 200 OK\nContent-Length: +2\n\nab"), ErrProtocol},
		"chunk size that is no number":    {say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nzz\nab\n0\n\n"), ErrTruncated},
		"chunk size that overflows":       {say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nfffffffffffffffff\nab\n0\n\n"), ErrTruncated},
		"unknown transfer coding":         {say("HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n\n0\n\n"), ErrProtocol},
		"length beyond the limit":         {say("HTTP/1.1 200 OK\nContent-Length: 99999999999\n\nabc"), ErrTooLarge},
		"chunks without end":              {say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n" + strings.Repeat("5\nhello\n", 500000)), ErrTooLarge},
		"body without end":                {endless("HTTP/1.1 200 OK\n\n" + huge), ErrTooLarge},
		"redirect to itself":              {say("HTTP/1.1 302 Found\nLocation: /\nContent-Length: 0\n\n"), ErrRedirect},
		"401 without end":                 {say("HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\nContent-Length: 0\n\n"), ErrAuth},
		"stale without end":               {say("HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", stale=true\nContent-Length: 0\n\n"), ErrAuth},
		"401 with a body without end":     {say("HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\n\n" + huge), ErrAuth},
		"500 challenges":                  {say("HTTP/1.1 401 No\n" + strings.Repeat("WWW-Authenticate: Foo a=b\n", 500) + "Content-Length: 0\n\n"), ErrAuth},
		"challenge of 60 KiB":             {say("HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"" + huge[:60<<10] + "\nContent-Length: 0\n\n"), ErrAuth},
		"challenge with unbalanced quote": {say("HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"r, nonce=\"n\", qop=\"auth\nContent-Length: 0\n\n"), ErrAuth},
		"auth-int alone":                  {say("HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"\nContent-Length: 0\n\n"), ErrAuth},
		"unknown algorithm":               {say("HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=CRC32\nContent-Length: 0\n\n"), ErrAuth},
		"401 without a challenge":         {say("HTTP/1.1 401 No\nContent-Length: 0\n\n"), ErrAuth},
		"Basic in the clear (T-080)":      {say("HTTP/1.1 401 No\nWWW-Authenticate: Basic realm=\"r\"\nContent-Length: 0\n\n"), ErrAuth},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := rawServer(t, func(_ int, p *peer) { c.serve(p) })
			s := newTestSession(t, Config{BodyTimeout: 20 * time.Second}, "http://"+addr, "user", "s3cret")
			_, err := s.Post(t.Context(), nil, []byte("x"))
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "user\"") {
				t.Errorf("secret in %v", err)
			}
		})
	}
}

// An endless game of challenges and redirects ends, too.
func TestChallengesAndRedirectsByTurns(t *testing.T) {
	n := 0
	addr := rawServer(t, func(_ int, p *peer) {
		for {
			if _, _, ok := p.read(); !ok {
				return
			}
			if n++; n%2 == 0 {
				p.say("HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n%d\", qop=\"auth\"\nContent-Length: 0\n\n", n)
				continue
			}
			p.say("HTTP/1.1 307 Found\nLocation: /%d\nContent-Length: 0\n\n", n)
		}
	})
	s := newTestSession(t, Config{}, "http://"+addr, "u", "p")
	if _, err := s.Post(t.Context(), nil, nil); !errors.Is(err, ErrProtocol) || n != maxRequests {
		t.Errorf("got %v after %d requests, want ErrProtocol after %d", err, n, maxRequests)
	}
}

func FuzzChallenges(f *testing.F) {
	f.Add(`Basic realm="a", Digest realm="b, c", nonce="x", qop="auth,auth-int", algorithm=SHA-256, opaque=""`)
	f.Add(`Digest realm="a\"b", nonce=abc/+=, stale=TRUE`)
	f.Add(`Negotiate YII=, Digest nonce="`)
	f.Fuzz(func(t *testing.T, field string) {
		a := auth{logins: []login{{"u", "p"}}, basicPlain: true}
		best, _ := a.strongest([]string{field}, false)
		if best == nil || best.basic {
			return
		}
		value, err := best.answer(login{"u", "p"}, "POST", "/", "c", 1)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(value, "\r\n\x00") && !strings.ContainsAny(best.params.Algorithm, "\r\n\x00") {
			t.Fatalf("control characters in %q", value)
		}
	})
}

func FuzzCookies(f *testing.F) {
	f.Add("a=b; Path=/x; Max-Age=3; Secure; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
	f.Add("=; ;;==; Path")
	f.Fuzz(func(t *testing.T, line string) {
		var j jar
		now := time.Unix(1e9, 0)
		u, _ := parseURL("https://a/x/y")
		for i := range 3 {
			j.store(http.Header{"Set-Cookie": {line, fmt.Sprintf("c%d=%s", i, line)}}, now)
		}
		if h := j.header(u, now); len(h) > maxJar+1000 || strings.ContainsAny(h, "\r\n\x00") {
			t.Fatalf("got header %q", h)
		}
	})
}
