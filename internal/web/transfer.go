package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// minProgress is how much has to come in each stretch of Config.BodyTimeout, so that a server cannot drip for ever.
const minProgress = 4 << 10

// Get writes what url holds to w, at most limit bytes, and returns how many were written. The credentials are shown to the
// server of url alone, and only if it asks for them. When a transfer ends early, what w got is not to be used.
func Get(ctx context.Context, cfg Config, url, username, password string, limit int64, w io.Writer) (int64, error) {
	if limit <= 0 {
		return 0, failf(ErrTooLarge, nil, "no room for any byte")
	}
	c, err := newTransfer(cfg, url, username, password)
	if err != nil {
		return 0, err
	}
	defer c.drop()
	return c.get(ctx, limit, w)
}

func (c *client) get(ctx context.Context, limit int64, w io.Writer) (int64, error) {
	resp, err := c.do(ctx, &message{method: http.MethodGet})
	switch {
	case err != nil:
		return 0, err
	case resp.StatusCode != http.StatusOK:
		return 0, failf(errStatus, &StatusError{resp.StatusCode}, "get from %s", c.at.Host)
	case resp.ContentLength > limit:
		return 0, failf(ErrTooLarge, nil, "get from %s: %d bytes, %d is the limit", c.at.Host, resp.ContentLength, limit)
	}
	return c.copyBody(ctx, w, resp, limit)
}

// Put sends size bytes of r to url.
func Put(ctx context.Context, cfg Config, url, username, password string, r io.ReadSeeker, size int64) error {
	c, err := newTransfer(cfg, url, username, password)
	if err != nil {
		return err
	}
	defer c.drop()
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	resp, err := c.do(ctx, &message{method: http.MethodPut, header: header, body: r, size: size})
	if err != nil {
		return err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return failf(errStatus, &StatusError{resp.StatusCode}, "put to %s", c.at.Host)
	}
	return nil
}

// errStatus is the kind of an error that is a StatusError and nothing else.
var errStatus = errors.New("refused")

func newTransfer(cfg Config, rawURL, username, password string) (*client, error) {
	cfg = cfg.withDefaults()
	at, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	c := &client{cfg: cfg, dialer: newDialer(cfg), at: at, further: redirectPolicy{allowDowngrade: cfg.AllowDowngrade}}
	c.auth.basicPlain = cfg.AllowBasicPlain
	c.auth.add(login{username, password})
	return c, nil
}

// copyBody copies an answer as it is: a Content-Encoding that nobody asked for is the file's own business.
func (c *client) copyBody(ctx context.Context, w io.Writer, resp *http.Response, limit int64) (int64, error) {
	defer c.conn.obey(ctx)()
	from := &progress{c: c.conn, ctx: ctx, r: io.LimitReader(resp.Body, limit+1), window: c.cfg.BodyTimeout, got: minProgress}
	n, err := io.Copy(w, from)
	switch {
	case from.err != nil:
		return n, bodyFailure(ctx, from.err, c.at.Host)
	case err != nil:
		return n, err
	case n > limit:
		return n, failf(ErrTooLarge, nil, "get from %s: more than %d bytes", c.at.Host, limit)
	}
	return n, nil
}

// progress reads a body; the deadline moves on only when enough has come.
type progress struct {
	c      *conn
	ctx    context.Context
	r      io.Reader
	window time.Duration
	got    int
	err    error // of reading, to tell it from one of writing
}

func (p *progress) Read(b []byte) (int, error) {
	if p.got >= minProgress {
		p.got = 0
		p.c.setReadDeadline(p.ctx, p.window)
	}
	n, err := p.r.Read(b)
	p.got += n
	if err != nil && !errors.Is(err, io.EOF) {
		p.err = err
	}
	return n, err
}
