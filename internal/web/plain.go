package web

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"time"
)

// Lookup returns the addresses of a host name for a protocol other than HTTP, in the order in which they are to be tried.
func Lookup(ctx context.Context, cfg Config, host string) ([]netip.Addr, error) {
	cfg.Affinity = nil // which address is tried next is the caller's business
	addrs, err := newDialer(cfg.withDefaults()).addresses(ctx, host)
	if err != nil {
		return nil, failf(ErrContact, err, "resolve %s", host)
	}
	return addrs, nil
}

// Dial opens a TCP connection to an address that somebody outside has named: the router's own services are not reached, as
// long as Config does not allow it (Z-34). The kernel sends no keep-alives of its own on it.
func Dial(ctx context.Context, cfg Config, at netip.AddrPort) (net.Conn, error) {
	cfg = cfg.withDefaults()
	if nobody(at.Addr()) || !cfg.AllowLocal && local(at.Addr(), ownAddresses()) {
		return nil, forbidden(at.String(), at.Addr())
	}
	c, err := (&net.Dialer{Timeout: cfg.ConnectTimeout, KeepAlive: -time.Second}).DialContext(ctx, "tcp", at.String())
	if err != nil {
		return nil, failf(ErrContact, err, "connect to %s", at)
	}
	return c, nil
}

// StartTLS makes TLS of a connection whose other side agreed to it. The server is verified as the ACS is, under the given
// name; the caller sets the connection's deadline.
func StartTLS(ctx context.Context, cfg Config, tcp net.Conn, name string) (*tls.Conn, error) {
	t := &trust{cfg: cfg.withDefaults()}
	c, err := t.config(name)
	if err != nil {
		return nil, err
	}
	c.NextProtos = nil
	conn := tls.Client(tcp, c)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, failf(ErrContact, err, "TLS with %s", name)
	}
	return conn, nil
}
