package source

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

func fwStatus(r *Reader, s *uci.Section) string {
	end, ends := fwEnd(r, s)
	switch {
	case !yes(s.Get("enabled"), true):
		return "Disabled"
	case fwFault(r, s) != "":
		return "Error_Misconfigured"
	case !ends || time.Now().Before(end):
		return "Enabled"
	case fwKind(s) == fwPinhole:
		return "Inactive"
	}
	return "Disabled"
}

// hookFW refuses what fw4 would skip or misread, and what would mean everybody where an ACS forgot to say whom.
func hookFW(_ context.Context, r *Reader, row *model.Row, _ map[string]string) error {
	s := fwOf(r, row)
	if s == nil || row.ReadOnly {
		return nil
	}
	kind := fwKind(s)
	if s.Type == "rule" && !strings.HasSuffix(row.Table(), kind) {
		return refused("that would make it a row of another table, %q: add one there", kind)
	}
	if s.Type != "zone" && yes(s.Get("enabled"), true) {
		why := fwFault(r, s)
		switch {
		case why != "" || s.Type != "rule" || !ours(row):
		case kind == fwPinhole && s.Get("dest_ip") == "":
			why = "a pinhole needs DestIP or DestMACAddress: without it every host is meant"
		case kind == fwRule && s.Get("src") == "":
			why = "a rule needs SourceInterface or SourceAllInterfaces: without it what the router itself sends is meant"
		}
		if why != "" {
			return model.Errorf(model.BadValue, "not while it is enabled: %s", why)
		}
	}
	return nil
}

// fwFamily is 4 or 6, 0 for both.
func fwFamily(family string) int {
	switch {
	case family == "inet" || strings.Contains(family, "4"):
		return 4
	case strings.Contains(family, "6"):
		return 6
	}
	return 0
}

// A fwVersion is what the parts of a rule say of the IP version, 0 as long as none does.
type fwVersion int

// clash reports whether a part is of the other one.
func (v *fwVersion) clash(family int) bool {
	if *v == 0 {
		*v = fwVersion(family)
	}
	return family != 0 && int(*v) != family
}

// fwFault says why fw4 skips a rule or a forwarding, or does not heed an option of it.
func fwFault(r *Reader, s *uci.Section) string {
	version := fwVersion(fwFamily(s.Get("family")))
	for _, side := range []string{"src", "dest"} {
		name := s.Get(side)
		z := zoneNamed(r, name)
		switch {
		case name == "*", name == "" && s.Type == "rule":
		case z == nil || !yes(z.Get("enabled"), true):
			return side + ": there is no such zone"
		case version.clash(fwFamily(z.Get("family"))):
			return side + ": the zone is of the other IP version"
		}
	}
	protos := fwProtocols(s)
	ported := fwAll(protos, "6", "17")
	for _, side := range []string{"src", "dest"} {
		v4, v6 := false, false
		for _, item := range items(s, side+"_ip") {
			item = strings.TrimSpace(strings.TrimPrefix(item, "!"))
			p, ok := fwAddress(item)
			if !ok && (!strings.Contains(item, "-") && !strings.HasSuffix(item, fwSuffix) && r.section("network", item) == nil) {
				return side + "_ip: " + item + " is no address"
			}
			v4, v6 = v4 || p.Addr().Is4(), v6 || strings.Contains(item, ":")
		}
		if v4 != v6 && (v4 && version.clash(4) || v6 && version.clash(6)) {
			return side + "_ip: the address is of the other IP version"
		}
		if mac := items(s, side+"_mac"); len(mac) > 0 && plainMAC(strings.TrimPrefix(mac[0], "!")) == "" {
			return side + "_mac: no MAC address"
		}
		ports := items(s, side+"_port")
		for _, item := range ports {
			if first, last := fwPorts(item); first < 0 || last > 65535 || last < first {
				return side + "_port: " + item + " is no port or range of ports"
			}
		}
		if len(ports) > 0 && !ported {
			return side + "_port: ports are of TCP (6) and UDP (17) alone"
		}
	}
	if s.Option("icmp_type") != nil && !slices.Contains(protos, "1") && !slices.Contains(protos, "58") {
		return "icmp_type: of ICMP (1, 58) alone"
	}
	if s.Option("dscp") != nil && strings.HasSuffix(s.Get("dscp"), "!") {
		return "dscp: there is nothing to exclude"
	}
	if s.Option("ipset") == nil {
		return ""
	}
	set, dir, _ := fwSetOf(r, s)
	match := text(set, "match")
	switch {
	case set == nil || !yes(set.Get("enabled"), true):
		return "ipset: there is no such set, or it is disabled"
	case strings.HasSuffix(match, "mac") && dir == "dest":
		return "ipset: the MAC address of a destination is not known in a firewall"
	case strings.HasSuffix(match, "port") && !ported && !fwAll(protos, "-1"):
		return "ipset: ports are of TCP (6) and UDP (17) alone"
	case version.clash(fwFamily(fwDefault(set.Get("family"), "ipv4"))):
		return "ipset: the set is of the other IP version"
	}
	return ""
}

func fwAll(list []string, known ...string) bool {
	for _, item := range list {
		if !slices.Contains(known, item) {
			return false
		}
	}
	return true
}

// fwPorts are the ends of a range of ports, -1 where it is none.
func fwPorts(item string) (first, last int) {
	from, to, ok := strings.Cut(strings.Replace(strings.TrimPrefix(item, "!"), ":", "-", 1), "-")
	first, err := strconv.Atoi(from)
	if last = first; ok {
		last, _ = strconv.Atoi(to)
	}
	if err != nil {
		first = -1
	}
	return first, last
}

func fwDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// A fwProbe is a new connection whose way through the firewall is looked for.
type fwProbe struct {
	chain  string // input, output or forward
	zone   string // where it comes from, with output where it goes to
	family int
	proto  string
	port   int
}

// fwConditions are the options that make a rule, or a redirect, one about a part of what it names.
const fwConditions = " src_ip src_port src_mac src_dip ipset mark dscp limit helper device start_date stop_date start_time stop_time weekdays "

func fwPartly(s *uci.Section, more string) bool {
	for _, o := range s.Options {
		if strings.Contains(fwConditions+more, " "+o.Name+" ") {
			return true
		}
	}
	return false
}

// fwOpen reports whether some of such connections come through: rules in fw4's order, those from any zone first, then what
// is forwarded, then the policy. A rule with further conditions is about a part of them: it can let them in, but keeps not
// all of them out. Rules that services hand to fw4 over ubus are not seen.
func fwOpen(p *uci.Package, c fwProbe) bool {
	rules, policy := p.OfType("rule"), ""
	for _, zone := range []string{"*", c.zone} {
		for _, s := range rules {
			if !fwMeets(s, c, zone) {
				continue
			}
			accept := fwTarget(s) == "Accept"
			if accept || (c.chain != "forward" || s.Get("dest") == "*") && !fwPartly(s, " dest_ip ") {
				return accept
			}
		}
	}
	if c.chain == "forward" {
		for _, f := range p.OfType("forwarding") {
			if src := f.Get("src"); yes(f.Get("enabled"), true) && (src == c.zone || src == "*") && f.Get("dest") != "" {
				return true
			}
		}
	}
	for _, s := range p.Sections {
		if s.Type == "defaults" && policy == "" || s.Type == "zone" && s.Get("name") == c.zone && c.chain != "forward" {
			policy = fwDefault(s.Get(c.chain), policy)
		}
	}
	return policy != "" && strings.HasPrefix("accept", strings.ToLower(policy))
}

// fwMeets reports whether a rule is in the chain of a connection, for rules of one zone or of any, and about it.
func fwMeets(s *uci.Section, c fwProbe, zone string) bool {
	src, dest := s.Get("src"), s.Get("dest")
	here := false
	switch c.chain {
	case "input":
		here = src == zone && dest == ""
	case "forward":
		here = src == zone && dest != ""
	case "output":
		here = src == "" && (dest == zone || dest == "" && zone == "*")
	}
	f := fwFamily(s.Get("family"))
	protos := fwProtocols(s)
	if !here || !yes(s.Get("enabled"), true) || fwTarget(s) == "" || f != 0 && f != c.family ||
		!slices.Contains(protos, c.proto) && !slices.Contains(protos, "-1") {
		return false
	}
	if c.proto == "1" || c.proto == "58" {
		types := items(s, "icmp_type")
		return len(types) == 0 || slices.Contains(types, "echo-request") || slices.Contains(types, "ping") ||
			slices.Contains(types, "8") && c.family == 4 || slices.Contains(types, "128") && c.family == 6
	}
	return fwPortIn(items(s, "dest_port"), c.port)
}

func fwPortIn(ports []string, port int) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(item string) bool {
		first, last := fwPorts(item)
		return (port >= first && port <= last) != strings.HasPrefix(item, "!")
	})
}

// adminPorts are those of dropbear and uhttpd.
func adminPorts(r *Reader) []int {
	var out []int
	for _, c := range [][3]string{{"dropbear", "dropbear", "Port"}, {"uhttpd", "uhttpd", "listen_http"}, {"uhttpd", "uhttpd", "listen_https"}} {
		p := r.UCI(c[0])
		if p == nil {
			continue
		}
		for _, s := range p.OfType(c[1]) {
			for _, item := range items(s, c[2]) {
				n, err := strconv.Atoi(item[strings.LastIndexByte(item, ':')+1:])
				if err == nil && yes(s.Get("enable"), true) && !slices.Contains(out, n) {
					out = append(out, n)
				}
			}
		}
	}
	if len(out) == 0 {
		out = []int{22}
	}
	return out
}
