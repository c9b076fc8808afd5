package agent

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/source"
	"github.com/cwmpd/cwmpd/internal/web"
)

// Addresses of nobody (RFC 5737, RFC 3849): the way to them is the way to the world.
var (
	world4 = netip.AddrFrom4([4]byte{192, 0, 2, 1})
	world6 = netip.MustParseAddr("2001:db8::1")
)

// routed reports whether there is a way to the ACS, or to the proxy before it. A name needs a way to the world, or has to resolve to an address that
// needs none. Nothing is sent but what resolving takes.
func (p *Parts) routed(ctx context.Context) bool {
	s := p.settings.Load()
	to := s.ACS.URL
	if s.ACS.Proxy != "" && !web.IsLocal(to) {
		to = s.ACS.Proxy
	}
	u, err := url.Parse(to)
	if err != nil {
		return true // the session will tell
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		return p.route(addr.Unmap())
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || p.route(world4) || !s.CPE.ForceIPv4 && p.route(world6) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	addrs, _ := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	for _, addr := range addrs {
		if p.route(addr.Unmap()) {
			return true
		}
	}
	return false
}

// newRoute asks the kernel, or below a root that is not the kernel's the recording there.
func (p *Parts) newRoute() func(netip.Addr) bool {
	if p.Box.Root == "/" {
		return kernelRoute
	}
	return p.fileRoute
}

// kernelRoute asks for the route of a socket, as policy rules have it; nothing is sent.
func kernelRoute(addr netip.Addr) bool {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 7547)))
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// fileRoute looks the route up in the recording of the kernel's routes. Where there is none nobody knows, and there is one.
func (p *Parts) fileRoute(addr netip.Addr) bool {
	text, err := p.Box.ReadFile("/kernel/routes.json", 1<<20)
	k := kernel.Kernel{File: func(string) []byte { return text }}
	return addr.IsLoopback() || addr.IsLinkLocalUnicast() || err != nil || source.HasRoute(k.Routes(), addr)
}
