package source

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

func dnsmasqs(r *Reader) []*uci.Section {
	p := r.UCI("dhcp")
	if p == nil {
		return nil
	}
	return p.OfType("dnsmasq")
}

func firstDnsmasq(r *Reader, _ *model.Row) []*uci.Section {
	if all := dnsmasqs(r); len(all) > 0 {
		return all[:1]
	}
	return nil
}

func relayOn(r *Reader) bool {
	return slices.ContainsFunc(dnsmasqs(r), func(s *uci.Section) bool { return s.Get("port") != "0" && !yes(s.Get("disabled"), false) })
}

func getDNSRelay(ctx context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	if args[0] == "enable" {
		return digit(relayOn(r)), nil
	}
	if !relayOn(r) {
		return "Disabled", nil
	}
	service := r.Ubus(ctx, "service", "list", ubus.Table("name", "dnsmasq")).Get("dnsmasq", "instances")
	for _, v := range service.All() {
		if v.Get("running").Bool() {
			return "Enabled", nil
		}
	}
	return "Error", nil
}

// setDNSRelay switches the DNS side of dnsmasq: port 0 leaves it a DHCP server.
func setDNSRelay(_ context.Context, r *Reader, _ *model.Row, _ []string, value string) error {
	if relayOn(r) == yes(value, false) {
		return nil
	}
	for _, s := range dnsmasqs(r) {
		port := "0"
		if yes(value, false) {
			port = ""
		}
		if err := r.uciSet("dhcp", s.Name, "port", port); err != nil {
			return err
		}
	}
	return nil
}

// getRelayConfig answers `call dns.config forwarders|interface` for one instance of dnsmasq.
func getRelayConfig(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	if args[0] == "interface" {
		for _, network := range items(r.own(row), "interface") {
			return networkPath(r, network), nil
		}
		return "", nil
	}
	if r.Tree() == nil {
		return "", nil
	}
	if all := dnsmasqs(r); len(all) == 0 || all[0].Name != row.Section {
		return "", nil
	}
	var out []string
	size := 0
	for _, f := range r.Tree().Rows("Device.DNS.Relay.Forwarding.") {
		if size += len(f.Path()) + 1; size > 256 {
			break
		}
		out = append(out, f.Path())
	}
	return joinList(out), nil
}

// learnedForwarders are the servers in the file that netifd writes for dnsmasq, unless that is told not to read it.
func learnedForwarders(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	file := "/tmp/resolv.conf.d/resolv.conf.auto"
	for _, s := range firstDnsmasq(r, nil) {
		if yes(s.Get("noresolv"), false) {
			return nil, nil
		}
		if f := s.Get("resolvfile"); f != "" {
			file = f
		}
	}
	var out []model.Row
	network := ""
	for line := range strings.Lines(string(r.File(file))) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == "#" && f[1] == "Interface" {
			network = f[2]
		}
		if len(f) < 2 || f[0] != "nameserver" {
			continue
		}
		server, _, _ := strings.Cut(f[1], "%")
		key := network + "/" + server
		if _, err := netip.ParseAddr(server); err != nil || slices.ContainsFunc(out, func(o model.Row) bool { return o.Key == key }) {
			continue
		}
		kind := learnedKind(ctx, r, network, server)
		if slices.Contains(items(r.section("network", network), "dns"), server) {
			kind = "Static"
		}
		out = append(out, model.Row{Key: key, ReadOnly: true, Data: learned{network, server, kind}})
	}
	return out, nil
}

// forwarder is ADDRESS[#PORT][@INTERFACE], an entry of dnsmasq's list server. Those for one domain only are not ours to
// show.
type forwarder struct{ address, port, iface string }

func cutForwarder(item string) forwarder {
	rest, iface, _ := strings.Cut(item, "@")
	address, port, _ := strings.Cut(rest, "#")
	return forwarder{address, port, iface}
}

func (f forwarder) String() string {
	out := f.address
	if f.port != "" {
		out += "#" + f.port
	}
	if f.iface != "" {
		out += "@" + f.iface
	}
	return out
}

// forwarderTable is DNS.Relay.Forwarding: `list server` of dnsmasq.
func forwarderTable() *listTable {
	return &listTable{
		pkg: "dhcp", typ: "cwmp_forwarder", prefix: "cwmp_fwd_", lists: []string{"server"},
		owners: firstDnsmasq,
		option: func(string) string { return "server" },
		shown:  func(item string) bool { _, err := netip.ParseAddr(cutForwarder(item).address); return err == nil },
		ident:  func(item string) string { return cutForwarder(item).address },
		get: func(r *Reader, _, item, field string) string {
			f := cutForwarder(item)
			switch field {
			case "server":
				return f.address
			case "interface":
				return networkPath(r, networkOfDevice(r, f.iface))
			}
			return "Static"
		},
		set: func(r *Reader, owner, item, field, value string) (string, string, error) {
			f := cutForwarder(item)
			if field == "server" {
				f.address = value
				return owner, f.String(), checkAddress(value)
			}
			f.iface = ""
			if value != "" {
				network := networkAt(r, value)
				if f.iface = deviceOfNetwork(r, network); f.iface == "" {
					return owner, item, model.Errorf(model.BadValue, "that interface has no device")
				}
			}
			return owner, f.String(), nil
		},
		check: func(_ *Reader, _, item string) error {
			if cutForwarder(item).address == "" {
				return at("DNSServer", model.BadValue, "an enabled row needs one")
			}
			return nil
		},
	}
}

// deviceOfNetwork is the device that carries a network's packets, as netifd says, else as configured.
func deviceOfNetwork(r *Reader, network string) string {
	if dev := ifaceStatus(context.Background(), r, network).Get("l3_device").Text(); dev != "" {
		return dev
	}
	return text(r.section("network", network), "device")
}

func networkOfDevice(r *Reader, device string) string {
	p := r.UCI("network")
	if p == nil || device == "" {
		return ""
	}
	for _, s := range p.OfType("interface") {
		if deviceOfNetwork(r, s.Name) == device {
			return s.Name
		}
	}
	return ""
}
