package agent

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/connreq"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// newUDP builds the listener for connection requests by UDP. Without Run it is closed.
func (p *Parts) newUDP() *connreq.UDP {
	return connreq.NewUDP(connreq.UDPConfig{
		Store: p.Store, Log: p.log.With("part", "connreq"),
		Settings:    p.udpSettings,
		Credentials: p.knocker,
		Allowed:     p.mayWake,
		Clock:       func() (time.Time, bool) { return p.Box.Now(), p.Box.ClockSet() },
		OnRequest:   func() { call(p.onKnock) },
		OnChange:    func() { call(p.onBinding) },
	})
}

// knocker is who may wake us, by HTTP, UDP or XMPP: ConnectionRequestUsername and ConnectionRequestPassword.
func (p *Parts) knocker() (user, pass string) {
	s := p.settings.Load()
	return s.CPE.Username, s.CPE.Password
}

func (p *Parts) udpSettings() connreq.UDPSettings {
	s := p.settings.Load()
	set := connreq.UDPSettings{
		Enable: s.CPE.Enable && s.ACS.URL != "", Port: s.STUN.ClientPort, Window: s.STUN.Window,
		STUN: connreq.STUNSettings{
			Enable: s.STUN.Enable, Server: s.STUN.Server, Port: s.STUN.Port,
			Username: s.STUN.Username, Password: s.STUN.Password, Min: s.STUN.Min, Max: s.STUN.Max,
		},
	}
	if set.Port == 0 {
		set.Port = s.CPE.Port
	}
	if u, err := url.Parse(s.ACS.URL); err == nil && set.STUN.Server == "" {
		set.STUN.Server = u.Hostname()
	}
	return set
}

// statusSTUN is what STUN found out, for `cwmpd status`; "" where it is not wanted.
func (p *Parts) statusSTUN() string {
	set, server := p.udpSettings(), p.udp.Server()
	switch {
	case !set.Enable || !set.STUN.Enable:
		return ""
	case !server.IsValid():
		return "no answer of " + set.STUN.Server + " yet"
	case p.udp.NATDetected():
		return p.udp.Address("") + ", behind a NAT, by " + server.String()
	}
	return p.udp.Address("") + ", without a NAT, by " + server.String()
}

// mayWake says from whom connection requests count: from everybody who knows the password (C-1), unless the owner wants
// them from the ACS alone.
func (p *Parts) mayWake(from netip.Addr) bool {
	s := p.settings.Load()
	if !s.CPE.ACSOnly {
		return true
	}
	for word := range strings.FieldsSeq(s.CPE.Allow) {
		if network, err := netip.ParsePrefix(word); err == nil && network.Contains(from) {
			return true
		}
	}
	known := p.acsAddrs.Load()
	if known != nil && slices.Contains(*known, from) || from == p.udp.Server() {
		return true
	}
	if now := time.Now().Unix(); now-p.strangers.Load() >= 30 { // it may have moved
		p.strangers.Store(now)
		p.log.Warn("connection request of a stranger", "from", from)
		call(p.onMove)
	}
	return false
}

// lookUpACS finds the addresses of the ACS, if anything depends on them. While its name cannot be resolved the last ones
// count.
func (p *Parts) lookUpACS(ctx context.Context) {
	s := p.settings.Load()
	u, err := url.Parse(s.ACS.URL)
	if err != nil || !s.CPE.ACSOnly && s.CPE.IncomingRule != "IP_Port" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		p.log.Warn("resolve the ACS", "err", err)
		return
	}
	addrs = addrs[:min(len(addrs), 32)]
	for i := range addrs {
		addrs[i] = addrs[i].Unmap().WithZone("")
	}
	sort.SliceStable(addrs, func(i, j int) bool { return addrs[i].Less(addrs[j]) }) // slices would compile a sort for Addr alone
	p.acsAddrs.Store(&addrs)
}

// firewallService is the name under which procd keeps our rules; fw4 and firewall3 ask it for those of all services.
const firewallService = "cwmpd-firewall"

// firewallRules are the rules that let connection requests in, none unless the owner asked for them. fw4 takes those of
// services before its own, so no redirect, not that of all ports to one host either, leads such a request elsewhere.
func (p *Parts) firewallRules() []ubus.Value {
	s := p.settings.Load()
	rules := []ubus.Value{}
	var sources []string
	switch s.CPE.IncomingRule {
	case "":
		return rules
	case "IP_Port":
		if sources = p.sources(s); len(sources) == 0 {
			return rules // nobody yet
		}
	}
	for _, r := range []struct {
		proto string
		port  int
	}{{"tcp", p.http.Port()}, {"udp", p.udp.Port()}} {
		if r.port == 0 {
			continue
		}
		rule := []any{"type", "rule", "src", s.CPE.IncomingZone, "proto", r.proto, "dest_port", strconv.Itoa(r.port), "target", "ACCEPT"}
		if sources != nil {
			rule = append(rule, "src_ip", sources)
		}
		rules = append(rules, ubus.Table(rule...),
			ubus.Table("type", "redirect", "src", s.CPE.IncomingZone, "proto", r.proto, "src_dport", strconv.Itoa(r.port), "target", "DNAT"))
	}
	return rules
}

// sources are those who may reach our ports: the ACS, the STUN server, the networks of the owner.
func (p *Parts) sources(s *settings) []string {
	list := strings.Fields(s.CPE.Allow)
	if known := p.acsAddrs.Load(); known != nil {
		for _, addr := range *known {
			list = append(list, addr.String())
		}
	}
	if server := p.udp.Server(); server.IsValid() {
		list = append(list, server.String())
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// openFirewall has procd keep the rules of now, which reloads the firewall if they are others. A router where nobody
// ever asked for rules hears nothing of this.
func (d *Daemon) openFirewall(ctx context.Context) {
	rules := d.firewallRules()
	data := ubus.Table("firewall", rules)
	if len(rules) == 0 {
		data = ubus.Table()
	}
	text, err := data.MarshalJSON()
	if err != nil || string(text) == d.firewall {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if len(rules) == 0 && d.firewall == "" { // rules of ours may be left from before
		v, err := d.Bus.Call(ctx, "service", "list", ubus.Table("name", firewallService))
		if err != nil {
			return
		}
		if !v.Get(firewallService).Exists() {
			d.firewall = string(text)
			return
		}
	}
	if _, err := d.Bus.Call(ctx, "service", "set", ubus.Table("name", firewallService, "data", data)); err != nil {
		d.log.Warn("firewall", "err", err)
		return
	}
	d.firewall = string(text)
	d.log.Info("firewall", "rules", len(rules))
}
