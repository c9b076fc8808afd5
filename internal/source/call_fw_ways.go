package source

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// keepsFirewallWays refuses a commit after which a way is gone that was there before: into the router to repair it, out to
// the ACS, or from the ACS in. It looks at the whole of the firewall as it will be, whoever changed what of it.
func (r *Reader) keepsFirewallWays() error {
	p, base := r.UCI("firewall"), newReader(r.rt, r.tree)
	was := base.UCI("firewall")
	if p == nil || was == nil {
		return nil
	}
	ports := adminPorts(r)
	for _, family := range []int{4, 6} { // 6 alone is not what people have who come to repair it
		if fwAnyZone(base, was, "input", family, adminPorts(base)) {
			if !fwAnyZone(r, p, "input", family, ports) {
				return refused("nobody could administer this router any more: no zone would reach its ports %v", ports)
			}
			break
		}
	}
	out := []int{443}
	if u, err := url.Parse(ownConfig(r).ACS.URL); err == nil {
		if n, err := strconv.Atoi(u.Port()); err == nil {
			out[0] = n
		} else if u.Scheme == "http" {
			out[0] = 80
		}
	}
	if fwAnyZone(base, was, "output", 0, out) && !fwAnyZone(r, p, "output", 0, out) {
		return refused("this router could not reach its ACS any more, at port %d", out[0])
	}
	if fwAsked(base, was) && !fwAsked(r, p) {
		return refused("the ACS' connection requests would not arrive any more, at port %d", ownConfig(r).CPE.Port)
	}
	return nil
}

// fwAnyZone looks for a zone with a network through which a port is reached, be it by a redirect to the router itself; on the
// way out only at the zones that lead to the internet, which are those that are translated, if there are any. Family 0 is any.
func fwAnyZone(r *Reader, p *uci.Package, chain string, family int, ports []int) bool {
	zones := p.OfType("zone")
	masq := chain == "output" && slices.ContainsFunc(zones, func(z *uci.Section) bool { return yes(z.Get("masq"), false) })
	outside := slices.Clone(ports)
	if chain == "input" {
		for _, s := range p.OfType("redirect") {
			if first, _ := fwPorts(s.Get("src_dport")); first > 0 {
				outside = append(outside, first)
			}
		}
	}
	for _, z := range zones {
		if len(items(z, "network"))+len(items(z, "device")) == 0 || !yes(z.Get("enabled"), true) || masq && !yes(z.Get("masq"), false) {
			continue
		}
		for _, port := range outside {
			for _, f := range []int{4, 6} {
				c := fwProbe{chain, z.Get("name"), f, "6", port}
				if (family == 0 || family == f) && slices.Contains(ports, fwComes(r, p, c)) {
					return true
				}
			}
		}
	}
	return false
}

// fwComes is the port of the router at which some of such connections come in, behind redirects and rules, 0 for none.
func fwComes(r *Reader, p *uci.Package, c fwProbe) int {
	for _, s := range p.OfType("redirect") {
		dest, family := s.Get("dest_ip"), fwFamily(s.Get("family"))
		if family == 0 {
			family = 4
			if strings.Contains(dest, ":") {
				family = 6
			}
		}
		protos := fwProtocols(s)
		if c.chain != "input" || !yes(s.Get("enabled"), true) || s.Get("src") != c.zone || !strings.HasPrefix("dnat", strings.ToLower(s.Get("target"))) ||
			family != c.family || !slices.Contains(protos, c.proto) && !slices.Contains(protos, "-1") ||
			!fwPortIn(items(s, "src_dport"), c.port) || fwPartly(s, "") {
			continue
		}
		if dest != "" && !fwOwn(r, dest) {
			return 0
		}
		first, _ := fwPorts(s.Get("src_dport"))
		to, _ := fwPorts(s.Get("dest_port"))
		switch {
		case to <= 0 || to == c.port:
			to = c.port
		case first > 0:
			to += c.port - first
		}
		if to != c.port {
			return to // fw4 lets in what it redirected
		}
		break
	}
	if fwOpen(p, c) {
		return c.port
	}
	return 0
}

// fwOwn reports whether an address is one that the router has by its configuration.
func fwOwn(r *Reader, address string) bool {
	p := r.UCI("network")
	return p != nil && slices.ContainsFunc(p.OfType("interface"), func(s *uci.Section) bool {
		return slices.ContainsFunc(items(s, "ipaddr"), func(item string) bool {
			own, _, _ := strings.Cut(item, "/")
			return own == address
		})
	})
}

// fwAsked reports whether connection requests come in, in the IP version of their URL. What the agent hands to fw4 for them
// is asked before all rules and redirects of the zone.
func fwAsked(r *Reader, p *uci.Package) bool {
	cpe := ownConfig(r).CPE
	if !cpe.HTTPConnReq || !slices.ContainsFunc(p.OfType("zone"), func(z *uci.Section) bool { return z.Get("name") == cpe.IncomingZone }) {
		return false
	}
	c := fwProbe{"input", cpe.IncomingZone, 4, "6", cpe.Port}
	if r.Tree() != nil {
		if at, _ := r.Tree().Value("Device.ManagementServer.ConnectionRequestURL"); strings.Contains(at, "[") {
			c.family = 6
		}
	}
	if cpe.IncomingRule != "" {
		port := strconv.Itoa(cpe.Port)
		rule, redirect := &uci.Section{Type: "rule"}, &uci.Section{Type: "redirect"}
		for _, o := range [][2]string{{"src", c.zone}, {"dest_port", port}, {"src_dport", port}, {"target", "ACCEPT"}} {
			_ = rule.Set(o[0], o[1])
			_ = redirect.Set(o[0], o[1])
		}
		_ = redirect.Set("target", "DNAT")
		p = &uci.Package{Sections: append([]*uci.Section{rule, redirect}, p.Sections...)}
	}
	return fwComes(r, p, c) == cpe.Port
}

// takesRequests reports whether a redirect is about the port of connection requests alone: the agent's own comes before it.
func takesRequests(r *Reader, s *uci.Section) error {
	cpe := ownConfig(r).CPE
	if cpe.IncomingRule == "" || !slices.Contains(protocols(s), "tcp") || s.Get("src") != cpe.IncomingZone || s.Get("src_dport") != strconv.Itoa(cpe.Port) || !yes(s.Get("enabled"), true) {
		return nil
	}
	return at("ExternalPort", model.Refused, "at this port the ACS' connection requests come in")
}
