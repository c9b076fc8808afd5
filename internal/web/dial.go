package web

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// dialer makes the connections of one session or transfer.
type dialer struct {
	cfg    Config
	lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	own    func() []netip.Addr
	chosen map[string]netip.Addr // per host: the address that this session talks to (S-50)
	trust  *trust
	proxy  auth  // who we are to the proxy
	toward *conn // stands for the proxy in proxy
}

func newDialer(cfg Config) *dialer {
	d := &dialer{cfg: cfg, lookup: lookup, own: ownAddresses, chosen: map[string]netip.Addr{}, trust: &trust{cfg: cfg}}
	d.proxy.basicPlain, d.toward = true, &conn{origin: "the proxy"}
	d.proxy.add(login{cfg.ProxyUser, cfg.ProxyPassword})
	return d
}

// dial connects to the host of a URL. guarded says that the URL was given by somebody whom the router's own services do
// not trust: a redirect, a transfer.
func (d *dialer) dial(ctx context.Context, u *url.URL, guarded bool) (*conn, error) {
	host := strings.ToLower(u.Hostname())
	if d.viaProxy(host) {
		return d.dialProxy(ctx, u)
	}
	addrs, err := d.addresses(ctx, host)
	if err != nil {
		return nil, failf(ErrContact, err, "resolve %s", host)
	}
	tcp, err := d.connect(ctx, host, addrs, portOf(u), guarded)
	if err != nil {
		return nil, err
	}
	return d.secure(ctx, tcp, u, host)
}

// secure makes a connection of HTTP of one of TCP, over TLS where the URL says so.
func (d *dialer) secure(ctx context.Context, tcp net.Conn, u *url.URL, host string) (*conn, error) {
	if u.Scheme == "http" {
		return newConn(tcp, tcp, origin(u)), nil
	}
	secured, err := d.handshake(ctx, tcp, host)
	if err != nil {
		tcp.Close()
		d.cfg.Affinity.set(host, netip.Addr{}) // another address may do better
		return nil, err
	}
	return newConn(secured, tcp, origin(u)), nil
}

func (d *dialer) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return inOrder([]netip.Addr{addr}, addr, d.cfg.ForceIPv4)
	}
	if addr, ok := d.chosen[host]; ok {
		return []netip.Addr{addr}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.cfg.ConnectTimeout)
	defer cancel()
	network := "ip"
	if d.cfg.ForceIPv4 {
		network = "ip4"
	}
	addrs, err := d.lookup(ctx, network, host)
	if err != nil {
		return nil, err
	}
	return inOrder(addrs, d.cfg.Affinity.get(host), d.cfg.ForceIPv4)
}

// stagger is how long one address is waited for before the next one is tried beside it (RFC 8305 5): an address that is dead costs
// no more than that, and a line by satellite opens no second connection.
const stagger = time.Second

// connect tries one address after the other, each with a head start, and takes the first that answers; each has all of
// ConnectTimeout (H-11). The checks see the very address that is dialled, so a name that resolves differently a moment later
// changes nothing (Z-34).
func (d *dialer) connect(ctx context.Context, host string, addrs []netip.Addr, port string, guarded bool) (net.Conn, error) {
	own := d.own()
	var errs []error
	addrs = slices.DeleteFunc(slices.Clone(addrs), func(addr netip.Addr) bool {
		refused := nobody(addr) || guarded && local(addr, own)
		if refused {
			errs = append(errs, forbidden(host, addr))
		}
		return refused
	})
	ctx, cancel := context.WithTimeout(ctx, d.cfg.ConnectTimeout+time.Duration(len(addrs))*stagger)
	defer cancel()
	type answer struct {
		net.Conn
		addr netip.Addr
		err  error
	}
	answers, tried, open := make(chan answer, len(addrs)), 0, 0
	var won net.Conn
	next := time.NewTimer(0)
	defer next.Stop()
	for tried < len(addrs) && ctx.Err() == nil && won == nil || open > 0 {
		select {
		case <-next.C:
			if tried == len(addrs) || ctx.Err() != nil {
				continue
			}
			addr := addrs[tried]
			tried, open = tried+1, open+1
			next.Reset(stagger)
			go func() {
				attempt, cancel := context.WithTimeout(ctx, d.cfg.ConnectTimeout)
				defer cancel()
				c, err := new(net.Dialer).DialContext(attempt, "tcp", net.JoinHostPort(addr.String(), port))
				answers <- answer{c, addr, err}
			}()
		case a := <-answers:
			open--
			switch {
			case a.err == nil && won == nil:
				won = a.Conn
				d.chosen[host] = a.addr
				d.cfg.Affinity.set(host, a.addr)
				cancel()
			case a.err == nil:
				a.Close()
			case won == nil:
				errs = append(errs, failf(ErrContact, a.err, "connect to %s", host))
				next.Reset(0)
			}
		}
	}
	if won != nil {
		return won, nil
	}
	d.cfg.Affinity.set(host, netip.Addr{})
	switch len(errs) {
	case 0:
		return nil, failf(ErrContact, context.Cause(ctx), "connect to %s", host)
	case 1:
		return nil, errs[0]
	}
	return nil, errors.Join(errs...)
}

func (d *dialer) handshake(ctx context.Context, tcp net.Conn, host string) (*tls.Conn, error) {
	cfg, err := d.trust.config(host)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.cfg.ConnectTimeout)
	defer cancel()
	c := tls.Client(tcp, cfg)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, failf(ErrContact, err, "TLS with %s", host)
	}
	return c, nil
}
