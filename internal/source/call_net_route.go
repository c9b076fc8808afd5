package source

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// maxRoutes is how many routes of the kernel one table shows.
const maxRoutes = 256

// A kernelRoute is the Data of a row that /etc/config/network does not say.
type kernelRoute struct {
	dest    netip.Prefix
	gateway netip.Addr // the zero Addr for none
	metric  int
	dev     string
	typ     string
	from    uint8 // RTPROT_…
	origin  string
	expires string
	iface   string
	of      *kernelRoute // the one in the list that this is a copy of
}

// key names a route of the kernel.
func (k *kernelRoute) key() string {
	return k.dest.String() + " " + k.gateway.String() + " " + k.dev + " " + strconv.Itoa(k.metric)
}

// shown makes rows of the kernel's routes of one family: those of the main table that lead somewhere or forbid to, not to the
// router itself nor to neighbours by their link-local addresses.
func (k routeKind) shown(all []kernel.Route) []*kernelRoute {
	var out []*kernelRoute
	for _, live := range all {
		dest := live.Dest.Addr()
		switch {
		case dest.Is4() != (k.typ == "route"), live.Table != kernel.MainTable, len(out) >= maxRoutes:
			continue
		case live.Type == unicast && live.Dev == "lo", dest.IsMulticast(), dest.Is6() && dest.IsLinkLocalUnicast():
			continue
		}
		r := &kernelRoute{dest: live.Dest, gateway: live.Gateway, metric: int(live.Metric & 0x7fffffff), dev: live.Dev, typ: "Normal", from: live.Protocol}
		switch live.Type {
		case unicast:
		case 6:
			r.typ = "Blackhole"
		case 7:
			r.typ = "Unreachable"
		case 8:
			r.typ = "Prohibit"
		default:
			continue
		}
		if r.typ != "Normal" {
			r.dev = "" // the kernel says lo
		}
		if live.Expires > 0 {
			r.expires = lifetime(int64(live.Expires), true)
		}
		out = append(out, r)
	}
	return out
}

const unicast = 1 // RTN_UNICAST

// HasRoute reports whether one of the routes leads to an address.
func HasRoute(routes []kernel.Route, to netip.Addr) bool {
	return slices.ContainsFunc(routes, func(k kernel.Route) bool {
		return k.Type == unicast && k.Dev != "lo" && k.Dest.Contains(to.WithZone(""))
	})
}

// netRouters is `rows call net.routers`: the main routing table.
func netRouters(context.Context, *Reader, *model.Row, []string) ([]model.Row, error) {
	return []model.Row{{Key: "main"}}, nil
}

// routeKind is one of the two address families.
type routeKind struct {
	typ string // of the sections: route or route6
}

func (k routeKind) routes(r *Reader) []*kernelRoute {
	return r.Memo("net.routes "+k.typ, func() any { return k.shown(r.Kernel().Routes()) }).([]*kernelRoute)
}

// said tells which routes of the kernel a section has made.
func (k routeKind) said(r *Reader, n *netView) map[*kernelRoute]bool {
	said := n.said[k.typ]
	if said != nil || n.pkg == nil {
		return said
	}
	said = map[*kernelRoute]bool{}
	for _, s := range n.pkg.OfType(k.typ) {
		if live := k.find(r, n, s); live != nil {
			said[live] = true
		}
	}
	n.said[k.typ] = said
	return said
}

// rows lists the routes of the kernel that no section says.
func (k routeKind) rows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	n := r.network(ctx)
	said := k.said(r, n)
	var rows []model.Row
	seen := map[string]bool{}
	for _, live := range k.routes(r) {
		if said[live] || seen[live.key()] {
			continue
		}
		seen[live.key()] = true
		known := *live
		known.of = live
		n.explain(&known)
		rows = append(rows, model.Row{Key: live.key(), ReadOnly: true, Data: &known})
	}
	return rows, nil
}

// explain says which interface of netifd a route of the kernel belongs to and where it came from.
func (n *netView) explain(k *kernelRoute) {
	k.origin = cmp.Or(protocolOrigin(k), "Static")
	k.expires = cmp.Or(k.expires, forever)
	for _, i := range n.ifaces {
		if i.l3 != k.dev || k.dev == "" {
			continue
		}
		if k.iface == "" && (i.live.Get("ipv4-address").Len() > 0 || !k.dest.Addr().Is4()) {
			k.iface = i.name
		}
		for _, v := range i.live.Get("route").All() {
			if !k.dest.IsValid() || !sameAddr(v.Get("target").Text(), k.dest.Addr().String()) {
				continue
			}
			if bits, _ := v.Get("mask").Int(); int(bits) != k.dest.Bits() {
				continue
			}
			k.iface = i.name
			switch {
			case protocolOrigin(k) != "":
			case i.proto == "dhcp":
				k.origin = "DHCPv4"
			case i.isPPP() && k.dest.Addr().Is4():
				k.origin = "IPCP"
			case i.proto == "dhcpv6" && k.gateway.IsLinkLocalUnicast():
				k.origin = "RA"
			case i.proto == "dhcpv6":
				k.origin = "DHCPv6"
			}
			if valid, ok := v.Get("valid").Int(); ok {
				k.expires = lifetime(valid, ok)
			}
			return
		}
	}
}

// protocolOrigin is what the kernel knows of where a route came from; netifd's own are all static to it.
func protocolOrigin(k *kernelRoute) string {
	switch k.from {
	case 9: // RTPROT_RA
		return "RA"
	case 16: // RTPROT_DHCP
		if k.dest.Addr().Is4() {
			return "DHCPv4"
		}
		return "DHCPv6"
	case 188: // RTPROT_OSPF
		return "OSPF"
	case 189: // RTPROT_RIP
		if k.dest.Addr().Is4() {
			return "RIP"
		}
		return "RIPng"
	}
	return ""
}

// find is the route of the kernel that a section has made, nil when there is none.
func (k routeKind) find(r *Reader, n *netView, s *uci.Section) *kernelRoute {
	if yes(s.Get("disabled"), false) {
		return nil
	}
	dest, ok := routeTarget(s, k.typ)
	if !ok {
		return nil
	}
	i := n.iface[s.Get("interface")]
	for _, live := range k.routes(r) {
		metric, err := strconv.Atoi(s.Get("metric"))
		switch {
		case live.dest != dest.Masked():
		case i != nil && i.l3 != live.dev && live.dev != "":
		case s.Get("gateway") != "" && !sameAddr(s.Get("gateway"), live.gateway.String()):
		case err == nil && metric != live.metric:
		default:
			return live
		}
	}
	return nil
}

// routeTarget is where a section leads: target with a length, with netmask, or a single host.
func routeTarget(s *uci.Section, typ string) (netip.Prefix, bool) {
	target, length, _ := strings.Cut(s.Get("target"), "/")
	a, err := netip.ParseAddr(target)
	if err != nil {
		return netip.Prefix{}, false
	}
	if length == "" {
		length = s.Get("netmask")
	}
	bits := a.BitLen()
	if v, err := strconv.Atoi(length); err == nil {
		bits = v
	} else if v, ok := netmaskBits(length); ok && typ == "route" {
		bits = v
	}
	return netip.PrefixFrom(a, bits), bits >= 0 && bits <= a.BitLen()
}

// routeTypes are the types of routes that TR-181 knows.
var routeTypes = [...][2]string{
	{"unicast", "Normal"}, {"local", "Receive"}, {"blackhole", "Blackhole"}, {"unreachable", "Unreachable"}, {"prohibit", "Prohibit"},
}

// value makes `call net.route4 FIELD` or `call net.route6 FIELD`.
func (k routeKind) value() Func {
	return Func{
		Get: func(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
			if live, ok := row.Data.(*kernelRoute); ok {
				// A row that this transaction has given a section is that section's from now on.
				if args[0] == "enable" && k.said(r, r.network(ctx))[live.of] {
					return "0", nil
				}
				return live.field(args[0]), nil
			}
			s := r.own(row)
			if s == nil {
				return "", nil
			}
			return k.field(r, r.network(ctx), s, args[0]), nil
		},
		Set: func(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
			s := r.own(row)
			if s == nil {
				return readOnly("the route was not given here")
			}
			return k.set(r, s, args[0], value)
		},
	}
}

func (k *kernelRoute) field(name string) string {
	switch name {
	case "enable":
		return "1"
	case "status":
		return "Enabled"
	case "static":
		return "0"
	case "type":
		return k.typ
	case "dest":
		return k.dest.Addr().String()
	case "mask":
		return netmaskText(k.dest.Bits())
	case "prefix":
		return k.dest.String()
	case "gateway":
		if k.gateway.IsValid() {
			return k.gateway.String()
		}
		return ""
	case "interface":
		return k.iface
	case "origin":
		return k.origin
	case "metric":
		return strconv.Itoa(k.metric)
	case "expires":
		return k.expires
	}
	return ""
}

// field reads a route of /etc/config/network.
func (k routeKind) field(r *Reader, n *netView, s *uci.Section, name string) string {
	target, length, hasLength := strings.Cut(s.Get("target"), "/")
	switch name {
	case "enable":
		return digit(!yes(s.Get("disabled"), false))
	case "status":
		switch {
		case yes(s.Get("disabled"), false):
			return "Disabled"
		case k.find(r, n, s) != nil:
			return "Enabled"
		}
		return "Error_Misconfigured"
	case "static":
		return "1"
	case "type":
		for _, t := range routeTypes {
			if t[0] == s.Get("type") {
				return t[1]
			}
		}
		return "Normal"
	case "dest":
		return target
	case "mask":
		if !hasLength {
			length = s.Get("netmask")
		}
		if bits, err := strconv.Atoi(length); err == nil {
			return netmaskText(bits)
		}
		if length == "" && target != "" {
			return netmaskText(32)
		}
		return length
	case "prefix":
		if p, ok := routeTarget(s, k.typ); ok {
			return p.String()
		}
		return ""
	case "gateway":
		return s.Get("gateway")
	case "interface":
		return s.Get("interface")
	case "origin":
		return "Static"
	case "metric":
		if s.Get("metric") == "" {
			return "-1"
		}
		return s.Get("metric")
	case "expires":
		return forever
	}
	return ""
}

func (k routeKind) set(r *Reader, s *uci.Section, name, value string) error {
	put := func(option, value string) error { return r.uciSet("network", s.Name, option, value) }
	target, length, hasLength := strings.Cut(s.Get("target"), "/")
	switch name {
	case "enable":
		if (value == "1") == !yes(s.Get("disabled"), false) {
			return nil
		}
		if value == "1" {
			return put("disabled", "")
		}
		return put("disabled", "1")
	case "type":
		for _, t := range routeTypes {
			if t[1] == value && value != "Normal" {
				return put("type", t[0])
			}
		}
		return put("type", "")
	case "dest":
		if hasLength && value != "" {
			value += "/" + length
		} else if hasLength {
			if err := put("netmask", k.field(r, nil, s, "mask")); err != nil {
				return err
			}
		}
		return put("target", value)
	case "mask":
		if _, ok := netmaskBits(value); !ok && value != "" {
			return badValue("%s is no mask", value)
		}
		if hasLength {
			bits, _ := netmaskBits(value)
			if value != "" {
				return put("target", target+"/"+strconv.Itoa(bits))
			}
			return put("target", target)
		}
		return put("netmask", value)
	case "prefix":
		return put("target", value)
	case "gateway":
		return put("gateway", value)
	case "interface":
		return put("interface", value)
	case "metric":
		if value == "-1" {
			value = ""
		}
		return put("metric", value)
	}
	return readOnly("%s of a route", name)
}

// netRouteInfoRows is `rows call net.routeinfo`: the interfaces that learn routes from router advertisements.
func netRouteInfoRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, i := range r.network(ctx).ifaces {
		if i.proto == "dhcpv6" && i.live.Get("up").Bool() {
			rows = append(rows, model.Row{Key: i.name})
		}
	}
	return rows, nil
}

// netRouteInfo is `call net.routeinfo FIELD`.
func netRouteInfo(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	i := r.network(ctx).iface[row.Key]
	if i == nil {
		return "", nil
	}
	if args[0] == "interface" {
		return i.name, nil
	}
	router, prefix, expires := "", "", "0001-01-01T00:00:00Z"
	for _, v := range i.live.Get("route").All() {
		hop, err := netip.ParseAddr(v.Get("nexthop").Text())
		if err != nil || !hop.IsLinkLocalUnicast() {
			continue
		}
		target, _ := netip.ParseAddr(v.Get("target").Text())
		if target.IsValid() && !target.IsUnspecified() {
			if prefix == "" {
				prefix = target.String() + "/" + v.Get("mask").Text()
			}
			continue
		}
		valid, ok := v.Get("valid").Int()
		router, expires = hop.String(), lifetime(valid, ok)
	}
	switch args[0] {
	case "router":
		return router, nil
	case "prefix":
		return prefix, nil
	case "expires":
		return expires, nil
	case "status":
		if router != "" {
			return "ForwardingEntryCreated", nil
		}
		return "NoForwardingEntry", nil
	}
	return "", nil
}
