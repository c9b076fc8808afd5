package source

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// natTable are the values of Device.NAT.
var natTable = []named{
	{"nat.interfaces", &Func{Rows: natInterfaces}},
	{"nat.interface", &Func{Get: getNATInterface, Hook: hookNATInterface}},
	{"nat.mappings", &Func{Rows: portMappings, Add: addMapping, Delete: deleteMapping}},
	{"nat.mapping", &Func{Get: getMapping, Set: setMapping, Hook: hookMapping}},
	{"nat.control", &Func{Get: getOrigin}},
}

// zoneOf is the firewall zone of a network, nil where it has none.
func zoneOf(r *Reader, network string) *uci.Section {
	for _, z := range zones(r) {
		if slices.Contains(items(z, "network"), network) {
			return z
		}
	}
	return nil
}

func zoneNamed(r *Reader, name string) *uci.Section {
	for _, z := range zones(r) {
		if z.Get("name") == name {
			return z
		}
	}
	return nil
}

func zones(r *Reader) []*uci.Section {
	p := r.UCI("firewall")
	if p == nil {
		return nil
	}
	return p.OfType("zone")
}

// networkPath is the IP.Interface of a network, "" where there is none.
func networkPath(r *Reader, network string) string {
	if network == "" || r.Tree() == nil {
		return ""
	}
	return r.Tree().Path("Device.IP.Interface.", network)
}

// networkAt is the network that an IP.Interface stands for, "" where the path leads nowhere.
func networkAt(r *Reader, path string) string {
	if path == "" || r.Tree() == nil {
		return ""
	}
	row := r.Tree().Row(path)
	if row == nil || row.Table() != "Device.IP.Interface." {
		return ""
	}
	return row.Key
}

// speaksIPv4 leaves out networks that NAT, which is of IPv4 here, has nothing to do with.
func speaksIPv4(r *Reader, network string) bool {
	s := r.section("network", network)
	if s == nil || s.Type != "interface" {
		return false
	}
	switch s.Get("proto") {
	case "dhcpv6", "6in4", "6to4", "6rd", "dslite", "map", "464xlat":
		return false
	case "static":
		return s.Option("ipaddr") != nil
	}
	return true
}

// natInterfaces has one row per network that is in a firewall zone; `all` is those without IPv4 too. The row's section is the zone's: masquerading is an
// option of the zone.
func natInterfaces(_ context.Context, r *Reader, _ *model.Row, args []string) ([]model.Row, error) {
	var out []model.Row
	for _, z := range zones(r) {
		for _, network := range items(z, "network") {
			if len(args) > 0 || speaksIPv4(r, network) {
				out = append(out, model.Row{Key: network, Package: "firewall", Section: z.Name})
			}
		}
	}
	return out, nil
}

func getNATInterface(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	z := r.own(row)
	switch args[0] {
	case "enable":
		return digit(yes(text(z, "masq"), false)), nil
	case "path":
		return networkPath(r, row.Key), nil
	case "sources":
		return joinList(items(z, "masq_src")), nil
	case "status":
		switch {
		case !yes(text(z, "masq"), false):
			return "Disabled", nil
		case networkUp(ctx, r, row.Key):
			return "Enabled", nil
		}
		return "Error", nil // the interface is down
	case "tcp":
		return conntrackTimeout(r, "nf_conntrack_tcp_timeout_established"), nil
	case "udp":
		return conntrackTimeout(r, "nf_conntrack_udp_timeout_stream"), nil
	}
	return "", nil
}

func conntrackTimeout(r *Reader, name string) string {
	if v := strings.TrimSpace(string(r.File("/proc/sys/net/netfilter/" + name))); v != "" {
		return v
	}
	return "-1"
}

// hookNATInterface writes what is the zone's. Networks of one zone are translated alike: it would be a bad surprise if
// NAT of one uplink went off with another's, so all of them have to be set in the same transaction.
func hookNATInterface(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	z := r.own(row)
	if z == nil {
		return nil
	}
	for name, option := range map[string]string{"Enable": "masq", "SourceNetwork": "masq_src"} {
		value, ok := changed[name]
		if !ok {
			continue
		}
		if option == "masq" {
			value = digit(yes(value, false))
		}
		if natHas(z, option) == value {
			continue
		}
		if err := natAgree(r, row, z, name, value); err != nil {
			return err
		}
		if option == "masq" {
			if err := r.uciSet("firewall", z.Name, option, value); err != nil {
				return err
			}
			continue
		}
		list := strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == ' ' })
		for _, item := range list {
			if !isSubnet(strings.TrimPrefix(item, "!")) {
				return at(name, model.BadValue, "%q is not an address or a prefix", item)
			}
		}
		if err := r.setItems("firewall", z.Name, option, list); err != nil {
			return err
		}
	}
	return nil
}

func natHas(z *uci.Section, option string) string {
	if option == "masq" {
		return digit(yes(z.Get("masq"), false))
	}
	return strings.Join(items(z, option), ",")
}

func natAgree(r *Reader, row *model.Row, z *uci.Section, name, value string) error {
	for _, other := range items(z, "network") {
		if other == row.Key || !speaksIPv4(r, other) {
			continue
		}
		path := r.Tree().Path("Device.NAT.InterfaceSetting.", other)
		have, err := r.Tree().Value(path + "." + name)
		if name == "Enable" {
			have = digit(yes(have, false))
		}
		if err == nil && have == value {
			continue
		}
		return at(name, model.Refused, "network %s is in the same firewall zone %s: set both alike", other, z.Get("name"))
	}
	return nil
}

func isSubnet(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(text)
	return err == nil
}

// ours reports whether a row was made by AddObject.
func ours(row *model.Row) bool { return strings.HasPrefix(row.Key, "cwmp_") }

// getOrigin says who made a section: its name tells the ACS's from others.
func getOrigin(_ context.Context, _ *Reader, row *model.Row, _ []string) (string, error) {
	if row.ReadOnly {
		return "UPnP", nil
	}
	if ours(row) {
		return "Controller", nil
	}
	return "User", nil
}
