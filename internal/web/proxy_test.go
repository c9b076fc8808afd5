package web

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A proxy leads everybody to one server, whatever he wants.
type proxy struct {
	t      *testing.T
	addr   string // of the proxy
	server string
	user   string // who may pass; "" for everybody
	digest bool
	status int // of the answer to CONNECT; 0 means 200

	mu    sync.Mutex
	asked []string // "METHOD target"
}

func newProxy(t *testing.T, server string) *proxy {
	p := &proxy{t: t, server: server}
	p.addr = rawServer(t, func(_ int, c *peer) { p.serve(c) })
	return p
}

func (p *proxy) serve(c *peer) {
	for {
		head, body, ok := c.read()
		if !ok {
			return
		}
		line, _, _ := strings.Cut(head, "\r\n")
		method, target, _ := strings.Cut(strings.TrimSuffix(line, " HTTP/1.1"), " ")
		p.mu.Lock()
		p.asked = append(p.asked, method+" "+target)
		p.mu.Unlock()
		if p.user != "" && !p.knows(method, target, field(head, "Proxy-Authorization")) {
			offer := `Basic realm="p"`
			if p.digest {
				offer = `Digest realm="p", nonce="n", qop="auth", algorithm=MD5`
			}
			c.say("HTTP/1.1 407 Who\nProxy-Authenticate: %s\nContent-Length: 0\n\n", offer)
			continue
		}
		if method == "CONNECT" && p.status != 0 {
			c.say("HTTP/1.1 %d No\nContent-Length: 0\n\n", p.status)
			continue
		}
		there, err := net.Dial("tcp", p.server)
		if err != nil {
			p.t.Error(err)
			return
		}
		defer there.Close()
		if method == "CONNECT" {
			c.say("HTTP/1.1 200 Connection established\n\n")
			go func() { io.Copy(there, c.br); there.(*net.TCPConn).CloseWrite() }()
			io.Copy(c, there)
			return
		}
		io.WriteString(there, strings.Replace(head, "Proxy-Authorization", "X-Leaked", 1)+"\r\n"+body)
		resp, err := http.ReadResponse(bufio.NewReader(there), nil)
		if err != nil {
			p.t.Error(err)
			return
		}
		resp.Write(c)
	}
}

func (p *proxy) knows(method, target, value string) bool {
	if !p.digest {
		return value == "Basic "+"cHU6cHA=" // pu:pp
	}
	params := map[string]string{}
	for item := range strings.SplitSeq(strings.TrimPrefix(value, "Digest "), ", ") {
		k, v, _ := strings.Cut(item, "=")
		params[k] = strings.Trim(v, `"`)
	}
	want := hexMD5(hexMD5("pu:p:pp") + ":n:" + params["nc"] + ":" + params["cnonce"] + ":auth:" + hexMD5(method+":"+target))
	return params["uri"] == target && params["response"] == want
}

// Item 8: an HTTP proxy, asked for a tunnel for https and for whole URLs for http, with credentials of its own.
func TestProxy(t *testing.T) {
	now := time.Now()
	ca := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour))
	pair, _, _ := ca.issue(t, leaf{names: []string{"acs.invalid"}, from: now.Add(-time.Hour), to: now.Add(time.Hour)})
	secure := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{pair}}, func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if strings.HasPrefix(name, "Proxy-") {
				t.Errorf("the ACS gets %s", name)
			}
		}
		io.WriteString(w, "secure")
	})
	plain := rawServer(t, func(_ int, p *peer) {
		for {
			head, _, ok := p.read()
			if !ok {
				return
			}
			if !strings.Contains(head, "\r\nHost: acs.invalid:7547\r\n") {
				t.Errorf("head %q", head)
			}
			p.say(ok200)
		}
	})
	root := t.TempDir()
	write(t, root, "etc/ssl/certs/ca.pem", ca.pem)
	for _, tt := range []struct {
		name     string
		url      string
		change   func(*proxy, *Config)
		want     string // body, or part of the error
		kind     error
		asked    string
		requests int
	}{
		{"http", "http://acs.invalid:7547/x?y", nil, "ok", nil, "POST http://acs.invalid:7547/x?y", 2},
		{"http, Basic", "http://acs.invalid:7547/x", func(p *proxy, c *Config) { p.user = "pu" }, "ok", nil, "POST http://acs.invalid:7547/x", 3},
		{"http, Digest", "http://acs.invalid:7547/x", func(p *proxy, c *Config) { p.user, p.digest = "pu", true }, "ok", nil, "POST http://acs.invalid:7547/x", 3},
		{"http, wrong password", "http://acs.invalid:7547/x", func(p *proxy, c *Config) { p.user, c.ProxyPassword = "pu", "wrong" }, "refuses", ErrAuth, "POST http://acs.invalid:7547/x", 3},
		{"https", "https://acs.invalid:7547/x", nil, "secure", nil, "CONNECT acs.invalid:7547", 1},
		{"https, Basic", "https://acs.invalid/x", func(p *proxy, c *Config) { p.user = "pu" }, "secure", nil, "CONNECT acs.invalid:443", 2},
		{"https, Digest", "https://acs.invalid/x", func(p *proxy, c *Config) { p.user, p.digest = "pu", true }, "secure", nil, "CONNECT acs.invalid:443", 2},
		{"https, wrong password", "https://acs.invalid/x", func(p *proxy, c *Config) { p.user, c.ProxyPassword = "pu", "wrong" }, "refuses", ErrAuth, "CONNECT acs.invalid:443", 3},
		{"https, no password", "https://acs.invalid/x", func(p *proxy, c *Config) { p.user, c.ProxyUser, c.ProxyPassword = "pu", "", "" }, "no user name", ErrAuth, "CONNECT acs.invalid:443", 1},
		{"https, forbidden", "https://acs.invalid/x", func(p *proxy, c *Config) { p.status = 403 }, "HTTP status 403", ErrContact, "CONNECT acs.invalid:443", 1},
		{"https, another name's certificate", "https://other.invalid/x", nil, "valid for", ErrContact, "CONNECT other.invalid:443", 1},
		{"no proxy there", "https://acs.invalid/x", func(p *proxy, c *Config) { c.Proxy = "http://127.0.0.1:1" }, "refused", ErrContact, "", 0},
		{"a proxy of another kind", "https://acs.invalid/x", func(p *proxy, c *Config) { c.Proxy = "https://127.0.0.1:1" }, "http://", ErrScheme, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := plain
			if strings.HasPrefix(tt.url, "https") {
				server = strings.TrimPrefix(secure, "https://")
			}
			p := newProxy(t, server)
			cfg := Config{Root: root, Proxy: "http://" + p.addr, ProxyUser: "pu", ProxyPassword: "pp"}
			if tt.change != nil {
				tt.change(p, &cfg)
			}
			s := newTestSession(t, cfg, tt.url, "u", "acs-secret")
			resp, err := s.Post(t.Context(), nil, []byte("hello"))
			if tt.kind == nil && err == nil {
				_, err = s.Post(t.Context(), nil, []byte("again"))
			}
			switch {
			case tt.kind == nil && (err != nil || string(resp.Body) != tt.want):
				t.Errorf("%v", err)
			case tt.kind != nil && (!errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("%v, want %v with %q", err, tt.kind, tt.want)
			case err != nil && (strings.Contains(err.Error(), "wrong") || strings.Contains(err.Error(), "pp")):
				t.Errorf("the password is told: %v", err)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if len(p.asked) != tt.requests || len(p.asked) > 0 && p.asked[0] != tt.asked {
				t.Errorf("asked %q, want %d times %q", p.asked, tt.requests, tt.asked)
			}
		})
	}
	t.Run("not for what is local", func(t *testing.T) {
		s := newTestSession(t, Config{Proxy: "http://127.0.0.1:1"}, "http://"+rawServer(t, func(_ int, p *peer) { p.read(); p.say(ok200) })+"/", "", "")
		post(t, s, "ok", 200)
	})
}
