package source

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

const (
	tableGRE   = "Device.GRE.Tunnel.{i}.Interface."
	tableVXLAN = "Device.VXLAN.Tunnel.{i}.Interface."
	tableIPv4  = "Device.IP.Interface.{i}.IPv4Address."
)

// netProtoRows is `rows call net.protos PROTO…`: the interfaces of these protocols. Below one of them there is one row, the
// same interface as a layer of its own.
func netProtoRows(ctx context.Context, r *Reader, parent *model.Row, protos []string) ([]model.Row, error) {
	n := r.network(ctx)
	if !parent.IsRoot() {
		if i := n.iface[parent.Key]; i != nil {
			return []model.Row{i.row()}, nil
		}
		return nil, nil
	}
	var rows []model.Row
	for _, i := range n.ifaces {
		if slices.Contains(protos, i.proto) {
			rows = append(rows, i.row())
		}
	}
	return rows, nil
}

// layer is the table of TR-181 that a tunnel is in as a layer below its IP interface, "" for one that is not, and the netdev
// that its script makes.
func (i *netIface) layer() (table, dev string) {
	switch i.proto {
	case "gre":
		return tableGRE, "gre4-" + i.name
	case "gretap":
		return tableGRE, "gre4t-" + i.name
	case "grev6":
		return tableGRE, "gre6-" + i.name
	case "grev6tap":
		return tableGRE, "gre6t-" + i.name
	case "vxlan", "vxlan6":
		return tableVXLAN, i.name
	case "6rd":
		return "", "6rd-" + i.name
	case "dslite":
		return "", "ds-" + i.name
	}
	return "", ""
}

// tunnelOn refers to the tunnel that makes a netdev.
func (n *netView) tunnelOn(dev string) string {
	for _, i := range n.ifaces {
		if table, own := i.layer(); table != "" && (dev == i.l3 || dev == own) {
			return ref(table, i.name)
		}
	}
	return ""
}

// overIPv6 reports whether a tunnel's packets travel in IPv6.
func (i *netIface) overIPv6() bool {
	switch i.proto {
	case "grev6", "grev6tap", "vxlan6", "dslite", "ipip6", "map", "464xlat", "vtiv6":
		return true
	}
	return false
}

// carrier is the interface that a tunnel runs over: the one it names, or, while it is up, the one with the default route,
// which is where the scripts of netifd look. "" for what is no such tunnel.
func (n *netView) carrier(i *netIface) string {
	if !i.hasLayer() && (!slices.Contains(tunnels[:], i.proto) || i.proto == "wireguard") {
		return ""
	}
	if name := text(i.s, "tunlink"); name != "" {
		return name
	}
	if name, alias := strings.CutPrefix(i.device, "@"); alias {
		return name
	}
	if !i.live.Get("up").Bool() {
		return ""
	}
	target := "0.0.0.0"
	if i.overIPv6() {
		target = "::"
	}
	for _, o := range n.ifaces {
		if o == i || slices.Contains(tunnels[:], o.proto) {
			continue
		}
		if leadsOut(o.live, target) {
			return o.name
		}
	}
	return ""
}

// leadsOut reports whether netifd has a default route from an interface, for the IP version of target.
func leadsOut(live ubus.Value, target string) bool {
	for _, route := range live.Get("route").All() {
		if route.Get("target").Text() == target && route.Get("mask").Text() == "0" {
			return true
		}
	}
	return false
}

// belowTunnel refers to what carries a tunnel.
func (n *netView) belowTunnel(i *netIface) string {
	if name := n.carrier(i); name != "" {
		return ref(tableIP, name)
	}
	return ""
}

// setCarrier writes the lower layer of a tunnel; none leaves the choice to netifd.
func (r *Reader) setCarrier(n *netView, i *netIface, value string) error {
	reference, err := oneRef(value)
	if err != nil || reference == n.belowTunnel(i) {
		return err
	}
	table, name, _ := cutRef(reference)
	if reference != "" && (table != tableIP || n.iface[name] == nil) {
		return badValue("a tunnel runs over an IP.Interface")
	}
	for o, hops := n.iface[name], 0; o != nil; o, hops = n.iface[n.carrier(o)], hops+1 {
		if o == i || hops > 8 {
			return badValue("the tunnel would run through itself")
		}
	}
	return r.uciSet("network", i.name, "tunlink", name)
}

// peerOption is the option that holds the other end of a tunnel.
func (i *netIface) peerOption() string {
	switch i.proto {
	case "grev6", "grev6tap", "vxlan6":
		return "peer6addr"
	}
	return "peeraddr"
}

// otherPeer is our option for the end of a DS-Lite tunnel that is not in use, a name beside an address or the reverse.
const otherPeer = "cwmp_peer"

func isName(peer string) bool {
	_, err := netip.ParseAddr(peer)
	return err != nil
}

// getAnyTunnel answers `call net.tunnel.any PROTO`: whether a tunnel of that kind is switched on.
func getAnyTunnel(ctx context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	return digit(slices.ContainsFunc(r.network(ctx).ifaces, func(i *netIface) bool {
		return i.proto == args[0] && !yes(text(i.s, "disabled"), false)
	})), nil
}

// setAnyTunnel switches all of them off, and remembers which to switch on again.
func setAnyTunnel(ctx context.Context, r *Reader, _ *model.Row, args []string, value string) error {
	if was, _ := getAnyTunnel(ctx, r, nil, args); was == value {
		return nil
	}
	off := strings.Fields(r.State(args[0] + ".off"))
	var names []string
	for _, i := range r.network(ctx).ifaces {
		disabled := ""
		switch {
		case i.proto != args[0], value == "1" && !slices.Contains(off, i.name):
			continue
		case i.s == nil:
			return readOnly("netifd made %s itself", i.name)
		case value == "0" && yes(i.s.Get("disabled"), false):
			continue
		case value == "0":
			disabled = "1"
		}
		names = append(names, i.name)
		if err := r.uciSet("network", i.name, "disabled", disabled); err != nil {
			return err
		}
	}
	if len(names) == 0 {
		return refused("nothing to switch on: enable a row")
	}
	if value == "1" {
		names = nil
	}
	r.SetState(args[0]+".off", strings.Join(names, " "))
	return nil
}

// getTunnel answers `call net.tunnel FIELD`.
func getTunnel(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	n := r.network(ctx)
	i := n.iface[row.Key]
	if i == nil {
		return "", nil
	}
	peer := text(i.s, i.peerOption())
	named := isName(peer)
	up := i.live.Get("up").Bool()
	switch args[0] {
	case "endpoint":
		return joinRefs(peer), nil
	case "connected":
		if up {
			return peer, nil
		}
	case "header":
		if i.overIPv6() {
			return "IPv6", nil
		}
		return "IPv4", nil
	case "lower":
		return joinRefs(n.belowTunnel(i)), nil
	case "prefix":
		if prefix := text(i.s, "ip6prefix"); prefix != "" {
			return prefix + "/" + text(i.s, "ip6prefixlen"), nil
		}
	case "source":
		return n.tunnelSource(ctx, r, i), nil
	case "origin":
		if i.s == nil {
			return "DHCPv6", nil
		}
		return "Static", nil
	case "type":
		if named {
			return "FQDN", nil
		}
		return "IPv6Address", nil
	case "used":
		if up && !named {
			return peer, nil
		}
	case "name", "address":
		for _, end := range [...]string{peer, text(i.s, otherPeer)} {
			if end != "" && isName(end) == (args[0] == "name") {
				return end, nil
			}
		}
	}
	return "", nil
}

// tunnelSource refers to the IPv4 address that a tunnel comes from: `option ipaddr`, or the first of the uplink.
func (n *netView) tunnelSource(ctx context.Context, r *Reader, i *netIface) string {
	want := text(i.s, "ipaddr")
	for _, o := range n.ifaces {
		if want == "" && o.name != n.carrier(i) || slices.Contains(tunnels[:], o.proto) {
			continue
		}
		parent := o.row()
		rows, _ := netIPv4Rows(ctx, r, &parent, nil)
		for k := range rows {
			rows[k].Parent = &parent
			have, _ := netAddrField("ipaddr").Get(ctx, r, &rows[k], []string{"address"})
			if want == "" || have == want {
				if path := r.Tree().Path(tableIP, o.name); path != "" {
					return ref(tableIPv4, rows[k].Key)
				}
			}
		}
	}
	return ""
}

func setTunnel(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	n := r.network(ctx)
	i := n.iface[row.Key]
	if i == nil || i.s == nil {
		return readOnly("netifd made this interface itself")
	}
	put := func(option, value string) error { return r.uciSet("network", i.name, option, value) }
	switch args[0] {
	case "endpoint":
		peer, err := oneRef(value)
		if err != nil {
			return err
		}
		return put(i.peerOption(), peer)
	case "header":
		proto := strings.Replace(i.proto, "v6", "", 1)
		if proto == "vxlan6" {
			proto = "vxlan"
		}
		if value == "IPv6" {
			if proto == "vxlan" {
				proto = "vxlan6"
			} else {
				proto = "grev6" + strings.TrimPrefix(proto, "gre")
			}
		}
		if proto == i.proto {
			return nil
		}
		peer := i.s.Get(i.peerOption())
		for _, option := range [...]string{i.peerOption(), "ipaddr", "ip6addr"} { // our own address is of the other family
			if err := put(option, ""); err != nil {
				return err
			}
		}
		i.proto = proto
		if err := put(i.peerOption(), peer); err != nil {
			return err
		}
		return put("proto", proto)
	case "lower":
		return r.setCarrier(n, i, value)
	case "prefix":
		prefix, length, _ := strings.Cut(value, "/")
		if err := put("ip6prefixlen", length); err != nil {
			return err
		}
		return put("ip6prefix", prefix)
	case "name", "address":
		if args[0] == "name" && value != "" && (!isName(value) || strings.ContainsAny(value, " \t\n")) {
			return badValue("not a name: an address is EndpointAddress")
		}
		peer, other := i.s.Get("peeraddr"), i.s.Get(otherPeer)
		if peer == "" || isName(peer) == (args[0] == "name") {
			peer = value
		} else {
			other = value
		}
		if peer == "" {
			peer, other = other, ""
		}
		if err := put(otherPeer, other); err != nil {
			return err
		}
		return put("peeraddr", peer)
	case "type":
		return nil // the hook's
	}
	return readOnly("%s of a tunnel", args[0])
}

// hookTunnel looks at a tunnel as the request leaves it.
func hookTunnel(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	i := r.network(ctx).iface[row.Key]
	if i == nil || i.s == nil {
		return nil
	}
	peer := i.s.Get(i.peerOption())
	if first := changed["EndpointAddressTypePrecedence"]; first != "" && peer != "" && (first == "FQDN") != isName(peer) {
		other := i.s.Get(otherPeer)
		if other == "" {
			return at("EndpointAddressTypePrecedence", model.BadValue, "the endpoint is not given in that form")
		}
		if err := r.uciSet("network", i.name, otherPeer, peer); err != nil {
			return err
		}
		if err := r.uciSet("network", i.name, "peeraddr", other); err != nil {
			return err
		}
	}
	if i.proto == "6rd" && i.s.Get("ip6prefix") != "" {
		bits, err := strconv.Atoi(i.s.Get("ip6prefixlen"))
		mask, _ := strconv.Atoi(i.s.Get("ip4prefixlen"))
		if err != nil || bits+32-mask > 64 {
			return at("SPIPv6Prefix", model.BadValue, "with %d bits of the IPv4 address nothing of 64 bits is left to delegate", 32-mask)
		}
	}
	if ip, err := netip.ParseAddr(peer); strings.ContainsAny(peer, " \t\n") || i.hasLayer() && err == nil && ip.Is6() != i.overIPv6() {
		return at("RemoteEndpoints", model.BadValue, "%q is no endpoint of this DeliveryHeaderProtocol", peer)
	}
	if yes(changed["Enable"], false) && i.proto != "vxlan" && i.proto != "vxlan6" && peer == "" {
		return at("Enable", model.BadValue, "the other end of the tunnel is not set")
	}
	return nil
}

// netOptions is `call net.options OPTION…`: one value that stands in several options, such as both directions of a GRE key.
// 0, which is what they are without, takes them out. One with a - is taken out by each write.
var netOptions = Func{
	Get: func(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
		return text(r.own(row), args[0]), nil
	},
	Set: func(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
		if value == "0" {
			value = ""
		}
		for _, option := range args {
			put := value
			if rest, out := strings.CutPrefix(option, "-"); out {
				option, put = rest, ""
			}
			if err := r.uciSet(row.Package, row.Section, option, put); err != nil {
				return err
			}
		}
		return nil
	},
}

func (i *netIface) hasLayer() bool {
	table, _ := i.layer()
	return table != ""
}

// smallMTU is what the scripts of most tunnels take when nothing is set.
func (i *netIface) smallMTU() bool {
	table, dev := i.layer()
	return dev != "" && table != tableVXLAN
}
