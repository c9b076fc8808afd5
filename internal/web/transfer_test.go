package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// get is a Get with a limit of 1000 bytes from a server on loopback.
func get(t *testing.T, cfg Config, url, user, pass string) (string, error) {
	t.Helper()
	cfg.AllowLocal = true
	var b bytes.Buffer
	n, err := Get(t.Context(), cfg, url, user, pass, 1000, &b)
	if err == nil && n != int64(b.Len()) {
		t.Errorf("got %d bytes, told %d", b.Len(), n)
	}
	return b.String(), err
}

// TestGetFaults is T-253 and T-254 as far as HTTP goes.
func TestGetFaults(t *testing.T) {
	short := Config{BodyTimeout: 60 * time.Millisecond, HeaderTimeout: 60 * time.Millisecond}
	kib := strings.Repeat("x", 1000)
	for name, c := range map[string]struct {
		say  string
		cfg  Config
		want error
		code int
	}{
		"all well":                {"HTTP/1.1 200 OK\nContent-Length: 1000\n\n" + kib, Config{}, nil, 0},
		"all well, until the end": {"HTTP/1.1 200 OK\n\n" + kib, Config{}, nil, 0},
		"encoded, taken as it is": {"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 1000\n\n" + kib, Config{}, nil, 0},
		"404":                     {"HTTP/1.1 404 No\nContent-Length: 0\n\n", Config{}, errStatus, 404},
		"403":                     {"HTTP/1.1 403 No\nContent-Length: 0\n\n", Config{}, errStatus, 403},
		"401 and no password":     {"HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\nContent-Length: 0\n\n", Config{}, ErrAuth, 401},
		"204 is no file":          {"HTTP/1.1 204 No\n\n", Config{}, errStatus, 204},
		"206 is no file":          {"HTTP/1.1 206 Part\nContent-Length: 2\n\nab", Config{}, errStatus, 206},
		"truncated":               {"HTTP/1.1 200 OK\nContent-Length: 1000\n\nabc", Config{}, ErrTruncated, 0},
		"truncated chunks":        {"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nab", Config{}, ErrTruncated, 0},
		"too large, said":         {"HTTP/1.1 200 OK\nContent-Length: 1001\n\n" + kib + "x", Config{}, ErrTooLarge, 0},
		"too large, not said":     {"HTTP/1.1 200 OK\n\n" + kib + "x", Config{}, ErrTooLarge, 0},
		"six redirects":           {"HTTP/1.1 302 Found\nLocation: /again\nContent-Length: 0\n\n", Config{}, ErrRedirect, 0},
		"no answer":               {"", short, ErrContact, 0},
	} {
		addr := rawServer(t, func(_ int, p *peer) {
			for {
				if _, _, ok := p.read(); !ok {
					return
				}
				if p.say("%s", c.say); c.say == "" || !strings.Contains(c.say, "Location") && !strings.Contains(c.say, " 401 ") {
					if c.say == "" {
						p.read()
					}
					return
				}
			}
		})
		got, err := get(t, c.cfg, "http://"+addr+"/f", "", "")
		if !errors.Is(err, c.want) || err == nil && got != kib {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		var status *StatusError
		if errors.As(err, &status); (status == nil) != (c.code == 0) || status != nil && status.Code != c.code {
			t.Errorf("%s: got status %v, want %d", name, status, c.code)
		}
	}
	for url, want := range map[string]error{
		"ftp://h/f": ErrScheme, "javascript:alert(1)": ErrScheme, "file:///etc/shadow": ErrScheme, "/f": ErrScheme, "": ErrScheme,
		"http://user:secret@h/f": ErrScheme, "http://127.0.0.1:1/f?token=secret": ErrContact,
	} {
		_, err := get(t, Config{}, url, "", "")
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", url, err, want)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("secret in %v", err)
		}
	}
	if _, err := Get(t.Context(), Config{}, "http://h/", "", "", 0, io.Discard); !errors.Is(err, ErrTooLarge) {
		t.Errorf("limit 0: got %v", err)
	}
}

// A server that drips is given up, one that is slow but steady is not.
func TestStalledAndSlow(t *testing.T) {
	for name, c := range map[string]struct {
		piece int           // bytes at once
		every time.Duration //
		ok    bool
	}{
		"a byte a second":        {1, time.Second, false},
		"a KiB every 20 s":       {1 << 10, 20 * time.Second, false},
		"a KiB every 10 s":       {1 << 10, 10 * time.Second, true},
		"a lot, once in a while": {minProgress, 59 * time.Second, true},
		"nothing":                {0, time.Hour, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			tr, err := newTransfer(Config{}, "http://files.example/", "", "")
			if err != nil {
				t.Fatal(err)
			}
			const size = 32 * minProgress
			serve := func(p *peer) {
				p.read()
				p.say("HTTP/1.1 200 OK\nContent-Length: %d\n\n", size)
				for left := size; left > 0; left -= c.piece {
					time.Sleep(c.every)
					if _, err := p.Write(make([]byte, min(c.piece, left))); err != nil || c.piece == 0 {
						return
					}
				}
			}
			piped(tr, serve, func() {
				n, err := tr.get(t.Context(), 1e6, io.Discard)
				if c.ok && (err != nil || n != size) || !c.ok && (!errors.Is(err, ErrTruncated) || !strings.Contains(err.Error(), "stalled")) {
					t.Errorf("%s: got %d bytes, %v", name, n, err)
				}
			})
		})
	}
}

// The disk's error is not the network's.
func TestFullDisk(t *testing.T) {
	addr := rawServer(t, func(_ int, p *peer) { p.read(); p.say(ok200) })
	full := errors.New("no space left on device")
	_, err := Get(t.Context(), Config{AllowLocal: true}, "http://"+addr, "", "", 100, iotestWriter{full})
	if !errors.Is(err, full) || errors.Is(err, ErrTruncated) {
		t.Errorf("got %v, want %v alone", err, full)
	}
}

type iotestWriter struct{ err error }

func (w iotestWriter) Write([]byte) (int, error) { return 0, w.err }

// TestTransfersStayOut is Z-34.
func TestTransfersStayOut(t *testing.T) {
	addr := rawServer(t, func(_ int, p *peer) { p.read(); p.say(ok200) })
	_, port, _ := net.SplitHostPort(addr)
	hosts := []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0", "[::]", "2130706433", "127.1"}
	for _, own := range ownAddresses() {
		if !own.IsLoopback() && own.Is4() {
			hosts = append(hosts, own.String()) // the router's admin page
		}
	}
	for _, host := range hosts {
		_, err := Get(t.Context(), Config{}, "http://"+host+":"+port+"/", "", "", 100, io.Discard)
		if !errors.Is(err, ErrForbiddenAddress) && !errors.Is(err, ErrContact) || errors.Is(err, errStatus) {
			t.Errorf("%s: got %v", host, err)
		}
		if strings.Contains(host, "127.0.0.1") && !errors.Is(err, ErrForbiddenAddress) {
			t.Errorf("%s: got %v, want ErrForbiddenAddress", host, err)
		}
	}
	if err := Put(t.Context(), Config{}, "http://"+addr, "", "", strings.NewReader("x"), 1); !errors.Is(err, ErrForbiddenAddress) {
		t.Errorf("put: got %v, want ErrForbiddenAddress", err)
	}
}

// TestCredentialsOfTransfers is T-257: never unasked, never to another host.
func TestCredentialsOfTransfers(t *testing.T) {
	var asked sent
	second := rawServer(t, func(_ int, p *peer) {
		head, _, _ := p.read()
		asked.add("second " + field(head, "Authorization"))
		p.say("HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\nContent-Length: 0\n\n")
		p.read()
	})
	first := rawServer(t, func(_ int, p *peer) {
		for {
			head, _, ok := p.read()
			if !ok {
				return
			}
			asked.add("first " + strings.Fields(head)[1] + " " + strings.Join(strings.Fields(field(head, "Authorization") + " -")[:1], ""))
			switch {
			case field(head, "Authorization") == "":
				p.say("HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\nContent-Length: 0\n\n")
			case strings.HasPrefix(head, "GET /away"):
				p.say("HTTP/1.1 302 Found\nLocation: http://%s/\nContent-Length: 0\n\n", second)
			case strings.HasPrefix(head, "GET /near"):
				p.say("HTTP/1.1 303 See\nLocation: /file\nContent-Length: 0\n\n")
			default:
				p.say(ok200)
			}
		}
	})
	if got, err := get(t, Config{}, "http://"+first+"/near", "u", "p"); err != nil || got != "ok" {
		t.Errorf("got %q, %v", got, err)
	}
	if want := []string{"first /near -", "first /near Digest", "first /file Digest"}; !slices.Equal(asked.all(), want) {
		t.Errorf("got %q, want %q", asked.all(), want)
	}
	asked.list = nil
	if _, err := get(t, Config{}, "http://"+first+"/away", "u", "p"); !errors.Is(err, ErrAuth) {
		t.Errorf("got %v, want ErrAuth", err)
	}
	if want := []string{"first /away -", "first /away Digest", "second "}; !slices.Equal(asked.all(), want) {
		t.Errorf("got %q, want %q", asked.all(), want)
	}
}

// TestGetTLS is T-275, K-8, R-81.
//
func TestGetTLS(t *testing.T) {
	now := time.Now()
	ca := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour))
	for ip, want := range map[string]error{"127.0.0.1": nil, "127.0.0.2": ErrContact} {
		pair, _, _ := ca.issue(t, leaf{ips: []string{ip}, from: now.Add(-time.Hour), to: now.Add(time.Hour)})
		url := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{pair}}, nil)
		got, err := get(t, Config{Root: rootWith(t, ca.pem)}, url, "", "")
		if !errors.Is(err, want) || want == nil && got != "hello" || want != nil && got != "" {
			t.Errorf("certificate for %s: got %q, %v", ip, got, err)
		}
	}
}

func TestPut(t *testing.T) {
	var got sent
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got.add(fmt.Sprintf("%s %s %d %v", r.Method, r.URL, len(body), r.TransferEncoding))
		switch {
		case r.URL.Path == "/forbidden":
			w.WriteHeader(403)
		case r.URL.Path == "/moved":
			w.Header().Set("Location", "/there")
			w.WriteHeader(302)
		case r.URL.Path == "/see":
			w.Header().Set("Location", "/there")
			w.WriteHeader(303)
		case r.Header.Get("Authorization") == "":
			w.Header().Set("WWW-Authenticate", `Digest realm="r", nonce="n", qop="auth"`)
			w.WriteHeader(401)
		default:
			w.WriteHeader(201)
		}
	}))
	defer srv.Close()
	cfg := Config{AllowLocal: true}
	file := strings.Repeat("log\n", 100_000)
	put := func(path string, r io.ReadSeeker, size int64) error {
		return Put(t.Context(), cfg, srv.URL+path, "u", "p", r, size)
	}
	if err := put("/moved", strings.NewReader(file), int64(len(file))); err != nil {
		t.Error(err)
	}
	if want := []string{"PUT /moved 400000 []", "PUT /there 400000 []", "PUT /there 400000 []"}; !slices.Equal(got.all(), want) {
		t.Errorf("got %q, want %q", got.all(), want)
	}
	var status *StatusError
	if err := put("/forbidden", strings.NewReader("x"), 1); !errors.As(err, &status) || status.Code != 403 {
		t.Errorf("forbidden: got %v", err)
	}
	if err := put("/see", strings.NewReader("x"), 1); !errors.As(err, &status) || status.Code != 303 {
		t.Errorf("303: got %v", err)
	}
	if err := put("/x", strings.NewReader(""), 0); err != nil {
		t.Errorf("empty file: %v", err)
	}
	if err := put("/x", strings.NewReader("abc"), 5); err == nil {
		t.Error("file shorter than it was: got no error")
	}
	bad := errors.New("flash is broken")
	if err := put("/x", brokenFile{iotest.ErrReader(bad)}, 5); !errors.Is(err, bad) {
		t.Errorf("broken file: got %v", err)
	}
}

type brokenFile struct{ io.Reader }

func (brokenFile) Seek(int64, int) (int64, error) { return 0, nil }

// A server that refuses a large file early is heard at once.
func TestPutRefusedEarly(t *testing.T) {
	addr := rawServer(t, func(_ int, p *peer) {
		p.br.ReadString('\n')
		p.say("HTTP/1.1 403 No\nContent-Length: 0\n\n")
		p.br.WriteTo(io.Discard)
	})
	var status *StatusError
	big := strings.NewReader(strings.Repeat("x", 64<<20))
	if err := Put(t.Context(), Config{AllowLocal: true}, "http://"+addr, "", "", big, big.Size()); !errors.As(err, &status) || status.Code != 403 {
		t.Errorf("got %v, want status 403", err)
	}
	if big.Len() == 0 {
		t.Error("all of it was sent")
	}
}

func TestCancelledTransfer(t *testing.T) {
	addr := rawServer(t, func(_ int, p *peer) {
		p.read()
		p.say("HTTP/1.1 200 OK\nContent-Length: 100000\n\nabc")
		p.read()
	})
	ctx, cancel := context.WithCancel(t.Context())
	w := writerFunc(func(b []byte) (int, error) { cancel(); return len(b), nil })
	if _, err := Get(ctx, Config{AllowLocal: true}, "http://"+addr, "", "", 1e6, w); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
