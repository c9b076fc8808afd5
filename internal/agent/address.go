package agent

import (
	"context"
	"net"
	"net/url"
	"time"

	"github.com/cwmpd/cwmpd/internal/connreq"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// newConnReq builds the listener for connection requests. Without Run it only knows its URL, which is all the CLI wants.
func (p *Parts) newConnReq() *connreq.HTTP {
	return connreq.NewHTTP(connreq.HTTPConfig{
		Root: p.Box.Root, Log: p.log.With("part", "connreq"),
		Settings: func() (int, string) { s := p.settings.Load(); return s.CPE.Port, s.CPE.Path },
		Enabled: func() bool {
			s := p.settings.Load()
			return s.CPE.Enable && s.CPE.HTTPConnReq && s.ACS.URL != ""
		},
		Credentials: p.knocker,
		Allowed:     p.mayWake,
		OnRequest:   func() { call(p.onKnock) },
		OnChange:    func() { call(p.onMove) },
	})
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// connReqURL is Device.ManagementServer.ConnectionRequestURL: "" while no address is known or the port is closed (C-16).
func (p *Parts) connReqURL(ctx context.Context) string { return p.http.URL(p.ownHost(ctx)) }

// ownHost is our address as the ACS sees it without a NAT between, "" while there is none.
func (p *Parts) ownHost(ctx context.Context) string {
	if p.host.Load() == nil {
		p.lookUpHost(ctx)
	}
	return *p.host.Load()
}

// lookUpHost finds the address by which the ACS can reach us: the one the kernel would use towards it, else that of the WAN
// interface. It reports whether it changed. Nothing is sent; only the name of the ACS may have to be resolved.
func (p *Parts) lookUpHost(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	s := p.settings.Load()
	host := routeTo(ctx, s.ACS.URL, s.CPE.ForceIPv4)
	if host == "" {
		host = p.wanAddress(ctx, s.CPE.DefaultWAN)
	}
	old := p.host.Swap(&host)
	return old == nil || *old != host
}

// routeTo returns our own address on the way to the host of an URL, "" where there is no way.
func routeTo(ctx context.Context, acs string, forceIPv4 bool) string {
	u, err := url.Parse(acs)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	network := "udp"
	if forceIPv4 {
		network = "udp4"
	}
	c, err := new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(u.Hostname(), "7547"))
	if err != nil {
		return ""
	}
	defer c.Close()
	addr, ok := c.LocalAddr().(*net.UDPAddr)
	if !ok || addr.IP.IsUnspecified() {
		return ""
	}
	return addr.IP.String()
}

func (p *Parts) wanAddress(ctx context.Context, section string) string {
	if p.Bus == nil {
		return ""
	}
	v, err := p.Bus.Call(ctx, "network.interface."+section, "status", ubus.Table())
	if err != nil {
		return ""
	}
	return v.Get("ipv4-address").Index(0).Get("address").Text()
}
