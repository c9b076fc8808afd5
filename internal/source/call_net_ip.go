package source

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// netIPRows is `rows call net.interfaces`: the interfaces of /etc/config/network, and those that netifd made beside
// them, which nobody can change.
func netIPRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, i := range r.network(ctx).ifaces {
		rows = append(rows, i.row())
	}
	return rows, nil
}

func (i *netIface) row() model.Row {
	if i.s == nil {
		return model.Row{Key: i.name, ReadOnly: true}
	}
	return model.Row{Key: i.name, Package: "network", Section: i.name}
}

// netPPPRows is `rows call net.ppps`: the interfaces that dial.
func netPPPRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, i := range r.network(ctx).ifaces {
		if i.s != nil && i.isPPP() {
			rows = append(rows, i.row())
		}
	}
	return rows, nil
}

// netIfaceAdd is `add call net.interfaces PATTERN PROTO [OPTION=VALUE…]`: an interface that is switched off. Its name becomes part of that
// of a netdev, which leaves room for eight characters.
func netIfaceAdd(_ context.Context, r *Reader, _ *model.Row, number uint32, args []string) (model.Row, error) {
	name := r.freeName("network", args[0]+strconv.Itoa(int(number)))
	row := model.Row{Key: name, Package: "network", Section: name}
	pairs := []string{"proto", args[1], "disabled", "1"}
	for _, arg := range args[2:] {
		option, value, _ := strings.Cut(arg, "=")
		pairs = append(pairs, option, value)
	}
	return row, r.addSection("network", "interface", name, pairs...)
}

// netIfaceDelete removes an interface, and its name wherever other packages hold it.
func netIfaceDelete(ctx context.Context, r *Reader, row *model.Row) error {
	n := r.network(ctx)
	i := n.iface[row.Key]
	if i == nil || i.s == nil {
		return refused("netifd made this interface itself")
	}
	if i.device == "lo" {
		return refused("the router does not work without its loopback")
	}
	for _, o := range n.ifaces {
		if o.s != nil && o.device == "@"+i.name {
			return refused("interface %s stands on %s", o.name, i.name)
		}
	}
	if table, dev := i.layer(); table != "" {
		for _, typ := range [...]string{"device", "bridge-vlan"} {
			if err := r.dropWord("network", typ, "ports", dev); err != nil {
				return err
			}
		}
		for _, s := range slices.Clone(n.pkg.OfType("vxlan_peer")) {
			if s.Get("vxlan") == i.name {
				if err := r.removeSection("network", s.Name); err != nil {
					return err
				}
			}
		}
	}
	for _, u := range ifaceUsers {
		if err := r.dropWord(u.pkg, u.typ, u.option, i.name); err != nil {
			return err
		}
	}
	return r.uciEdit(uci.Edit{Op: uci.OpDelete, Package: "network", Section: i.name})
}

// ifaceUsers are the options that hold names of interfaces.
var ifaceUsers = [...]struct{ pkg, typ, option string }{
	{"firewall", "zone", "network"},
	{"firewall", natType, "network"},
	{"wireless", "wifi-iface", "network"},
	{"dhcp", "dhcp", "interface"},
	{"network", "route", "interface"},
	{"network", "route6", "interface"},
	{"network", "interface", "ip6class"},
	{"network", "interface", "tunlink"},
}

// dropWord takes word out of an option of all sections of a type.
func (r *Reader) dropWord(pkg, typ, option, word string) error {
	p := r.UCI(pkg)
	if p == nil {
		return nil
	}
	for _, s := range p.OfType(typ) {
		items := words(s, option)
		if !slices.Contains(items, word) {
			continue
		}
		items = slices.DeleteFunc(slices.Clone(items), func(w string) bool { return w == word })
		if err := r.setWords(pkg, s.Name, option, items); err != nil {
			return err
		}
		// A route without an interface would go to the loopback.
		if typ == "route" || typ == "route6" {
			if err := r.uciSet(pkg, s.Name, "disabled", "1"); err != nil {
				return err
			}
		}
	}
	return nil
}

// status is the state of an interface in TR-181's words.
func (n *netView) ifaceStatus(i *netIface) string {
	switch v := i.live; {
	case v.Get("up").Bool():
		return "Up"
	case !v.Exists():
		return "Down"
	case !v.Get("available").Bool():
		if n.live.devices[i.device].Get("present").Bool() {
			return "LowerLayerDown"
		}
		return "NotPresent"
	case v.Get("pending").Bool():
		return "Dormant"
	case v.Get("errors").Len() > 0:
		return "Error"
	}
	return "Down"
}

// ifaceGet makes a parameter of an interface; where the interface has gone it is absent.
func ifaceGet(get func(*netView, *netIface) string) func(context.Context, *Reader, *model.Row, []string) (string, error) {
	return func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		n := r.network(ctx)
		if i := n.iface[row.Key]; i != nil {
			return get(n, i), nil
		}
		return "", nil
	}
}

// ifaceSet makes the writing of one; only an interface of /etc/config/network can be written.
func ifaceSet(set func(context.Context, *Reader, *netIface, string) error) func(context.Context, *Reader, *model.Row, []string, string) error {
	return func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		i := r.network(ctx).iface[row.Key]
		if i == nil || i.s == nil {
			return readOnly("netifd made this interface itself")
		}
		return set(ctx, r, i, value)
	}
}

// netIfaceStatus is `call net.interface.status`.
func netIfaceStatus() Func { return Func{Get: ifaceGet((*netView).ifaceStatus)} }

// netIfaceChange is `call net.interface.lastchange`: what netifd counts while the interface is up, and our own count since
// it went down.
func netIfaceChange(m *netMemory) Func {
	return Func{Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		n := r.network(ctx)
		i := n.iface[row.Key]
		if i == nil {
			return "", nil
		}
		if s, ok := i.live.Get("uptime").Int(); ok {
			m.since(row, "Up", 0)
			return strconv.FormatInt(s, 10), nil
		}
		return m.since(row, n.ifaceStatus(i), r.uptime()), nil
	}}
}

// netIfaceLower is `call net.interface.lower`: the LowerLayers of an IP interface, which is `option device`.
func netIfaceLower() Func {
	return Func{
		Get: ifaceGet(func(n *netView, i *netIface) string { return joinRefs(n.belowIface(i)) }),
		Set: ifaceSet(func(ctx context.Context, r *Reader, i *netIface, value string) error {
			n := r.network(ctx)
			reference, err := oneRef(value)
			if err != nil || reference == n.belowIface(i) {
				return err
			}
			if i.device == "lo" {
				return refused("the loopback stands on nothing")
			}
			if i.isPPP() {
				return badValue("an interface of proto %s stands on its own PPP.Interface", i.proto)
			}
			if i.isCellular() {
				return badValue("an interface of proto %s stands on its own Cellular.Interface", i.proto)
			}
			if i.hasLayer() {
				return badValue("an interface of proto %s stands on its own tunnel", i.proto)
			}
			if slices.Contains(tunnels[:], i.proto) {
				return r.setCarrier(n, i, value)
			}
			table, key, _ := cutRef(reference)
			if table != tablePPP {
				dev, err := n.lowerDevice(r, value)
				if err != nil {
					return err
				}
				return r.setIfaceDevice(i, dev)
			}
			// An alias stands on the addresses of another interface.
			if below := n.iface[key]; below == nil || below == i {
				return badValue("no such PPP interface")
			}
			return r.setIfaceDevice(i, "@"+key)
		}),
	}
}

// netPPPLower is `call net.ppp.lower`: what a PPP interface dials over.
func netPPPLower() Func {
	return Func{
		Get: ifaceGet(func(n *netView, i *netIface) string {
			if i.s == nil {
				return ""
			}
			return joinRefs(n.belowPPP(i))
		}),
		Set: ifaceSet(func(ctx context.Context, r *Reader, i *netIface, value string) error {
			dev, err := r.network(ctx).lowerDevice(r, value)
			if err != nil {
				return err
			}
			return r.setIfaceDevice(i, dev)
		}),
	}
}

// setIfaceDevice writes `option device`, and takes the older spelling away, which would lose against it.
func (r *Reader) setIfaceDevice(i *netIface, dev string) error {
	if err := r.uciSet("network", i.name, "ifname", ""); err != nil {
		return err
	}
	return r.uciSet("network", i.name, "device", dev)
}

// netIPv4Enable is `call net.interface.ipv4`. A static interface has IPv4 as long as one of its addresses is on; whether
// another one has it is a matter of its proto.
var netIPv4Enable = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		i := r.network(ctx).iface[row.Key]
		if i == nil {
			return "", nil
		}
		return digit(r.hasIPv4(ctx, row, i)), nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		i := r.network(ctx).iface[row.Key]
		if i == nil || i.s == nil {
			return readOnly("netifd made this interface itself")
		}
		if value == digit(r.hasIPv4(ctx, row, i)) {
			return nil
		}
		switch i.proto {
		case "none", "":
			return r.uciSet("network", i.name, "proto", "static")
		case "static":
			b := r.addrBook(ctx, row, "ipaddr")
			if len(b.List) == 0 {
				return r.uciSet("network", i.name, "proto", "none")
			}
			for _, a := range b.List {
				a.Enabled = value == "1"
			}
			return b.save(ctx)
		}
		return refused("proto %s decides that", i.proto)
	},
}

func (r *Reader) hasIPv4(ctx context.Context, row *model.Row, i *netIface) bool {
	switch i.proto {
	case "static":
		list := r.addrBook(ctx, row, "ipaddr").List
		return len(list) == 0 || slices.ContainsFunc(list, func(a *netAddr) bool { return a.Enabled })
	case "none", "", "dhcpv6", "6in4", "6to4", "6rd", "grev6", "map", "464xlat":
		return false
	}
	return true
}

// carrier says where netifd reads a setting of what an interface stands on: from a dialling interface's own section, and
// otherwise from that of the netdev.
func (n *netView) carrierOption(i *netIface, option string) string {
	if i.isPPP() || i.device == "" {
		return optionText(i.s, option)
	}
	return n.deviceOption(i.device, option)
}

func (r *Reader) setCarrierOption(ctx context.Context, i *netIface, option, value string) error {
	n := r.network(ctx)
	if i.isPPP() || i.device == "" || n.device[i.device] == nil {
		return r.uciSet("network", i.name, option, value)
	}
	return r.setDeviceOption(ctx, i.device, option, value)
}

// netIPv6Enable is `call net.interface.ipv6`: whether the kernel speaks IPv6 there.
func netIPv6Enable() Func {
	get := func(n *netView, i *netIface) string { return digit(yes(n.carrierOption(i, "ipv6"), true)) }
	return Func{
		Get: ifaceGet(get),
		Set: ifaceSet(func(ctx context.Context, r *Reader, i *netIface, value string) error {
			n := r.network(ctx)
			if value == get(n, i) {
				return nil
			}
			if strings.HasPrefix(i.device, "@") {
				return refused("%s stands on another interface: set it there", i.name)
			}
			if value == "1" && i.isPPP() {
				value = "auto"
			}
			return r.setCarrierOption(ctx, i, "ipv6", value)
		}),
	}
}

// netMTU is `call net.interface.mtu`: as configured, or else as it is. The loopback's is beyond what TR-181 can say.
func netMTU() Func {
	return Func{
		Get: ifaceGet(func(n *netView, i *netIface) string {
			mtu := n.carrierOption(i, "mtu")
			if mtu == "" {
				mtu = n.live.devices[i.l3].Get("mtu").Text()
			}
			switch v, err := strconv.Atoi(mtu); {
			case err == nil && v > 65535:
				return "65535"
			case err != nil && i.proto == "pppoe":
				return "1492"
			case err != nil && i.smallMTU():
				return "1280"
			case err != nil:
				return "1500"
			}
			return mtu
		}),
		Set: ifaceSet(func(ctx context.Context, r *Reader, i *netIface, value string) error {
			if i.device == "lo" || strings.HasPrefix(i.device, "@") {
				return refused("%s has no MTU of its own", i.name)
			}
			return r.setCarrierOption(ctx, i, "mtu", value)
		}),
	}
}

// netULA is `call net.interface.ula`: whether the interface takes a part of the router's own prefix.
func netULA() Func {
	get := func(_ *netView, i *netIface) string {
		classes := []string(nil)
		if i.s != nil {
			classes = words(i.s, "ip6class")
		}
		on := i.s != nil && i.s.Get("ip6assign") != "" && (len(classes) == 0 || slices.Contains(classes, "local"))
		return digit(on)
	}
	return Func{
		Get: ifaceGet(get),
		Set: ifaceSet(func(ctx context.Context, r *Reader, i *netIface, value string) error {
			n := r.network(ctx)
			if value == get(n, i) {
				return nil
			}
			classes := slices.Clone(words(i.s, "ip6class"))
			if value == "1" {
				if i.s.Get("ip6assign") == "" {
					if err := r.uciSet("network", i.name, "ip6assign", "60"); err != nil {
						return err
					}
					classes = slices.DeleteFunc(classes, func(c string) bool { return c == "local" })
					return r.setWords("network", i.name, "ip6class", append(classes, "local"))
				}
				return r.setWords("network", i.name, "ip6class", append(classes, "local"))
			}
			if len(classes) == 0 {
				classes = n.prefixClasses()
			}
			classes = slices.DeleteFunc(classes, func(c string) bool { return c == "local" })
			if len(classes) == 0 {
				return r.uciSet("network", i.name, "ip6assign", "")
			}
			return r.setWords("network", i.name, "ip6class", classes)
		}),
	}
}

// prefixClasses lists where prefixes to hand down come from: the interfaces that ask a provider for one, or have one.
func (n *netView) prefixClasses() []string {
	var out []string
	for _, i := range n.ifaces {
		if i.s != nil && (i.proto == "dhcpv6" || i.s.Get("ip6prefix") != "" || i.live.Get("ipv6-prefix").Len() > 0) {
			out = append(out, i.name)
		}
	}
	return out
}

// netIfaceType is `call net.interface.type`.
func netIfaceType() Func {
	return Func{Get: ifaceGet(func(_ *netView, i *netIface) string {
		switch {
		case i.device == "lo":
			return "Loopback"
		case slices.Contains(tunnels[:], i.proto):
			return "Tunneled"
		}
		return "Normal"
	})}
}

var tunnels = [...]string{
	"6in4", "6to4", "6rd", "dslite", "ipip", "ipip6", "gre", "gretap", "grev6", "grev6tap", "vti", "vtiv6", "xfrm",
	"wireguard", "map", "464xlat", "l2tp", "pptp",
}

// netIfaceLoopback is `call net.interface.loopback`.
func netIfaceLoopback() Func {
	return Func{Get: ifaceGet(func(_ *netView, i *netIface) string { return digit(i.device == "lo") })}
}

// netIfaceEnable is `call net.interface.enable`.
func netIfaceEnable() Func {
	return Func{
		Get: ifaceGet(func(_ *netView, i *netIface) string {
			if i.s == nil {
				return "1"
			}
			return digit(!yes(i.s.Get("disabled"), false))
		}),
		Set: ifaceSet(func(_ context.Context, r *Reader, i *netIface, value string) error {
			if i.device == "lo" && value == "0" {
				return refused("the router does not work without its loopback")
			}
			if value == digit(!yes(i.s.Get("disabled"), false)) {
				return nil
			}
			if value == "1" {
				return r.uciSet("network", i.name, "disabled", "")
			}
			return r.uciSet("network", i.name, "disabled", "1")
		}),
	}
}

// inet6 lists the IPv6 addresses that the kernel has, by netdev.
func inet6(r *Reader) map[string][]kernel.Address {
	out := map[string][]kernel.Address{}
	for _, a := range r.Kernel().Addresses() {
		if a.Prefix.Addr().Is6() {
			out[a.Dev] = append(out[a.Dev], a)
		}
	}
	return out
}
