package connreq

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
)

const (
	xmppPort   = 5222
	maxTargets = 16               // addresses of all servers together
	lookupTime = 20 * time.Second // for finding all of them
)

// hostPort is a server as it is named.
type hostPort struct {
	host string
	port uint16
}

// find returns the addresses of the servers of a connection in the order in which they are to be tried (C-54).
func (x *XMPP) find(ctx context.Context, c *config.XMPP) ([]netip.AddrPort, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	servers, err := x.servers(ctx, c)
	var out []netip.AddrPort
	for _, s := range servers {
		addrs, e := x.lookup(ctx, s.host)
		if e != nil {
			err = e
		}
		for _, a := range addrs {
			if at := netip.AddrPortFrom(a, s.port); len(out) < maxTargets {
				out = append(out, at)
			}
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	if err == nil {
		err = errors.New("no server is known")
	}
	return nil, &fault{XMPPNoServer, err}
}

// servers names the servers by the algorithm that the ACS chose.
func (x *XMPP) servers(ctx context.Context, c *config.XMPP) ([]hostPort, error) {
	domain := []hostPort{{c.Domain, xmppPort}}
	switch c.Algorithm {
	case "DNS":
		return domain, nil
	case "ServerTable":
		return inTurn(c.Servers[:]), nil
	}
	records, err := x.lookupSRV(ctx, c.Domain) // sorted by priority, and at random by weight (RFC 2782)
	var de *net.DNSError
	switch {
	case errors.As(err, &de) && de.IsNotFound, err == nil && len(records) == 0:
		return domain, nil // RFC 6120 section 3.2.2
	case err != nil:
		return nil, err
	case len(records) == 1 && records[0].Target == ".":
		return nil, errors.New("the domain has no XMPP service")
	}
	var out []hostPort
	for _, r := range records[:min(len(records), maxTargets)] {
		out = append(out, hostPort{strings.TrimSuffix(r.Target, "."), r.Port})
	}
	return out, nil
}

// inTurn orders the rows of a server table: by priority, and among equals at random, those of greater weight more often
// first (RFC 2782).
func inTurn(table []config.XMPPServer) []hostPort {
	var left []config.XMPPServer
	for _, s := range table {
		if s.Enable && s.Address != "" && s.Port != 0 {
			left = append(left, s)
		}
	}
	var out []hostPort
	for len(left) > 0 {
		first, total := left[0].Priority, 0
		for _, s := range left {
			first = min(first, s.Priority)
		}
		for _, s := range left {
			if s.Priority == first {
				total += weight(s)
			}
		}
		draw := rand.IntN(total)
		for i, s := range left {
			if s.Priority != first {
				continue
			}
			if draw -= weight(s); draw < 0 {
				out = append(out, hostPort{strings.Trim(s.Address, "[]"), uint16(s.Port)})
				left = append(left[:i], left[i+1:]...)
				break
			}
		}
	}
	return out
}

// weight is how often a server is drawn: one without a weight has a very small chance.
func weight(s config.XMPPServer) int { return max(s.Weight, 0)*100 + 1 }
