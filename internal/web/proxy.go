package web

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// viaProxy reports whether a host is reached through Config.Proxy: every one but ourselves.
func (d *dialer) viaProxy(host string) bool {
	return d.cfg.Proxy != "" && !localHost(host, d.own())
}

// dialProxy connects to the proxy, and for https through it to the host. Of plain http the proxy gets each request with its whole
// URL. Names of hosts are the proxy's to resolve.
func (d *dialer) dialProxy(ctx context.Context, u *url.URL) (*conn, error) {
	at, err := parseURL(d.cfg.Proxy)
	switch {
	case err != nil:
		return nil, err
	case at.Scheme != "http":
		return nil, failf(ErrScheme, nil, "proxy %s: its own URL has to begin with http://", at.Host)
	}
	if u.Scheme == "http" {
		tcp, err := d.reachProxy(ctx, at)
		if err != nil {
			return nil, err
		}
		c := newConn(tcp, tcp, origin(u))
		c.proxied = true
		return c, nil
	}
	for t := (tries{}); ; {
		tcp, err := d.reachProxy(ctx, at)
		if err != nil {
			return nil, err
		}
		again, err := d.tunnel(ctx, tcp, u, &t)
		if err == nil && !again {
			return d.secure(ctx, tcp, u, strings.ToLower(u.Hostname()))
		}
		tcp.Close()
		if err != nil {
			return nil, err
		}
	}
}

func (d *dialer) reachProxy(ctx context.Context, at *url.URL) (net.Conn, error) {
	host := strings.ToLower(at.Hostname())
	addrs, err := d.addresses(ctx, host)
	if err != nil {
		return nil, failf(ErrContact, err, "resolve the proxy %s", host)
	}
	return d.connect(ctx, host, addrs, portOf(at), false)
}

// tunnel asks the proxy for a connection to the host of a URL; again says that it wants to know who we are, on a new connection.
func (d *dialer) tunnel(ctx context.Context, tcp net.Conn, u *url.URL, t *tries) (again bool, err error) {
	defer context.AfterFunc(ctx, func() { tcp.SetDeadline(time.Unix(1, 0)) })()
	tcp.SetDeadline(time.Now().Add(d.cfg.ConnectTimeout))
	to := &url.URL{Opaque: net.JoinHostPort(u.Hostname(), portOf(u))}
	req := "CONNECT " + to.Opaque + " HTTP/1.1\r\nHost: " + to.Opaque + "\r\nUser-Agent: " + d.cfg.UserAgent + "\r\n"
	value, err := d.proxy.header(http.MethodConnect, to, d.toward)
	if err != nil {
		return false, err
	}
	if t.sent = value != ""; t.sent {
		req += "Proxy-Authorization: " + value + "\r\n"
	}
	if _, err := io.WriteString(tcp, req+"\r\n"); err != nil {
		return false, failf(ErrContact, err, "ask the proxy")
	}
	br := bufio.NewReader(io.LimitReader(tcp, maxHead))
	resp, err := http.ReadResponse(br, &http.Request{Method: http.MethodConnect})
	switch {
	case err != nil:
		return false, failf(ErrContact, err, "answer of the proxy")
	case resp.StatusCode == http.StatusProxyAuthRequired:
		return true, d.challenged(resp, t)
	case resp.StatusCode/100 != 2:
		return false, failf(ErrContact, &StatusError{resp.StatusCode}, "the proxy does not connect us")
	case br.Buffered() > 0:
		return false, failf(ErrProtocol, nil, "%s speaks before it is asked", u.Host)
	}
	tcp.SetDeadline(time.Time{})
	return false, nil
}

// challenged answers a 407.
func (d *dialer) challenged(resp *http.Response, t *tries) error {
	return d.proxy.challenged(&http.Response{StatusCode: resp.StatusCode, Header: http.Header{
		"Www-Authenticate": resp.Header["Proxy-Authenticate"],
	}}, d.toward, t)
}
