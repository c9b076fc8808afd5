package web

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/url"
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
}

func newDialer(cfg Config) *dialer {
	return &dialer{cfg: cfg, lookup: lookup, own: ownAddresses, chosen: map[string]netip.Addr{}, trust: &trust{cfg: cfg}}
}

// dial connects to the host of a URL. guarded says that the URL was given by somebody whom the router's own services do
// not trust: a redirect, a transfer.
func (d *dialer) dial(ctx context.Context, u *url.URL, guarded bool) (*conn, error) {
	host := strings.ToLower(u.Hostname())
	addrs, err := d.addresses(ctx, host)
	if err != nil {
		return nil, failf(ErrContact, err, "resolve %s", host)
	}
	tcp, err := d.connect(ctx, host, addrs, portOf(u), guarded)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "http" {
		return newConn(tcp, tcp, origin(u)), nil
	}
	secured, err := d.handshake(ctx, tcp, host)
	if err != nil {
		tcp.Close()
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

// connect tries one address after the other. The checks see the very address that is dialled, so a name that resolves
// differently a moment later changes nothing (Z-34).
func (d *dialer) connect(ctx context.Context, host string, addrs []netip.Addr, port string, guarded bool) (net.Conn, error) {
	own := d.own()
	// All together get at least ConnectTimeout (H-11), each no less than ten seconds of it.
	each := max(d.cfg.ConnectTimeout/time.Duration(len(addrs)), min(d.cfg.ConnectTimeout, 10*time.Second))
	var errs []error
	for _, addr := range addrs {
		if nobody(addr) || guarded && local(addr, own) {
			errs = append(errs, forbidden(host, addr))
			continue
		}
		attempt, cancel := context.WithTimeout(ctx, each)
		c, err := new(net.Dialer).DialContext(attempt, "tcp", net.JoinHostPort(addr.String(), port))
		cancel()
		if err == nil {
			d.chosen[host] = addr
			d.cfg.Affinity.set(host, addr)
			return c, nil
		}
		errs = append(errs, failf(ErrContact, err, "connect to %s", host))
		if ctx.Err() != nil {
			break
		}
	}
	d.cfg.Affinity.set(host, netip.Addr{})
	if len(errs) == 1 {
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
