package web

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"time"
)

const (
	maxRequests = 30       // for one message, whatever challenges and redirects say (Z-11)
	maxDiscard  = 64 << 10 // of the body of a challenge or redirect; more is cheaper to cut off
	discardTime = 5 * time.Second
)

// client sends messages to wherever redirects have led, over one connection. A Session and a transfer each have one.
type client struct {
	cfg     Config
	dialer  *dialer
	auth    auth
	jar     *jar     // nil for transfers
	home    *url.URL // of the ACS; nil for transfers, which have no home
	at      *url.URL
	conn    *conn // nil while there is none
	further redirectPolicy
	told    bool // the last request told the proxy who we are
}

// message is what is sent, as often as it takes.
type message struct {
	method string
	header http.Header
	body   io.ReadSeeker // nil for none
	size   int64
}

// do sends a message until it is answered by something else than a challenge or a redirect. The body of the answer is to be
// read, and then release called.
func (c *client) do(ctx context.Context, m *message) (*http.Response, error) {
	redirects, tried, proxied := 0, tries{}, tries{}
	for range maxRequests {
		resp, err := c.send(ctx, m, &tried)
		if err != nil {
			return nil, err
		}
		target, err := c.further.target(m.method, c.at, resp)
		switch {
		case err != nil:
			return nil, err
		case target != nil:
			if redirects++; redirects > maxRedirects {
				return nil, failf(ErrRedirect, nil, "more than %d redirects", maxRedirects)
			}
			tried = tries{}
			c.discard(ctx, resp)
			c.move(target)
		case resp.StatusCode == http.StatusProxyAuthRequired && c.conn.proxied:
			proxied.sent = c.told
			if err := c.dialer.challenged(resp, &proxied); err != nil {
				return nil, err
			}
			c.discard(ctx, resp)
		case resp.StatusCode == http.StatusUnauthorized:
			redirects = 0
			if err := c.auth.challenged(resp, c.conn, &tried); err != nil {
				return nil, err
			}
			c.discard(ctx, resp)
		default:
			return resp, nil
		}
	}
	return nil, failf(ErrProtocol, nil, "no end of challenges and redirects")
}

// move goes to another place.
func (c *client) move(target *url.URL) {
	if c.home == nil && !sameServer(c.at, target) {
		c.auth.forget() // what a file server may know is nobody else's business
	}
	c.at = target
}

// send sends a message once, over the connection there is or over a new one.
func (c *client) send(ctx context.Context, m *message, t *tries) (*http.Response, error) {
	for range 2 {
		fresh, err := c.connect(ctx)
		if err != nil {
			return nil, err
		}
		req, err := c.request(ctx, m)
		if err != nil {
			return nil, err
		}
		t.sent = req.Header["Authorization"] != nil
		resp, err := c.conn.roundTrip(ctx, req, c.cfg.HeaderTimeout, c.home == nil)
		if c.cfg.Heads != nil {
			c.cfg.Heads(req, resp, err)
		}
		if err == nil {
			if c.jar != nil {
				c.jar.store(resp.Header, time.Now())
			}
			return resp, nil
		}
		c.drop()
		if !errors.Is(err, errIdleClosed) {
			return nil, err
		}
		if fresh {
			break
		}
	}
	return nil, failf(ErrContact, nil, "%s closes the connection without a word", c.at.Host)
}

// connect makes sure of a connection to where we are, and reports whether it is a new one.
func (c *client) connect(ctx context.Context) (bool, error) {
	if c.conn != nil && c.conn.origin == origin(c.at) {
		return false, nil
	}
	c.drop()
	conn, err := c.dialer.dial(ctx, c.at, c.guarded())
	if err != nil {
		return false, err
	}
	c.conn = conn
	return true, nil
}

// guarded reports whether the place was named by somebody who must not lead us to the router's own services (Z-08, Z-34).
func (c *client) guarded() bool {
	if c.cfg.AllowLocal {
		return false
	}
	return c.home == nil || origin(c.home) != origin(c.at) && !localHost(c.home.Hostname(), c.dialer.own())
}

func (c *client) request(ctx context.Context, m *message) (*http.Request, error) {
	req := (&http.Request{
		Method: m.method, URL: c.at, Host: hostHeader(c.at), Header: maps.Clone(m.header),
		Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if req.Header == nil {
		req.Header = http.Header{}
	}
	if req.Header["User-Agent"] == nil {
		req.Header["User-Agent"] = []string{c.cfg.UserAgent}
	}
	if m.size > 0 {
		if _, err := m.body.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		req.Body, req.ContentLength = &source{r: io.LimitReader(m.body, m.size), left: m.size}, m.size
	}
	if c.jar != nil {
		if value := c.jar.header(c.at, time.Now()); value != "" {
			req.Header["Cookie"] = []string{value}
		}
	}
	value, err := c.auth.header(m.method, c.at, c.conn)
	if value != "" {
		req.Header["Authorization"] = []string{value}
	}
	if c.conn.proxied && err == nil {
		value, err = c.dialer.proxy.header(m.method, &url.URL{Opaque: c.at.String()}, c.dialer.toward)
		if c.told = value != ""; c.told {
			req.Header["Proxy-Authorization"] = []string{value}
		}
	}
	return req, err
}

// discard reads the rest of an answer that nobody wants, if it is short, to keep the connection (H-10, H-25).
func (c *client) discard(ctx context.Context, resp *http.Response) {
	if resp.Close {
		c.drop()
		return
	}
	defer c.conn.obey(ctx)()
	c.conn.setReadDeadline(ctx, discardTime)
	n, err := io.CopyN(io.Discard, resp.Body, maxDiscard)
	c.release(resp, errors.Is(err, io.EOF) && n < maxDiscard)
}

// release is told when an answer is dealt with, and whether its body was read to the end.
func (c *client) release(resp *http.Response, whole bool) {
	if !c.conn.done(resp, whole) {
		c.conn = nil
	}
}

// drop closes the connection.
func (c *client) drop() {
	if c.conn != nil {
		c.conn.close()
		c.conn = nil
	}
}
