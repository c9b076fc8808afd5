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
	{"nat.interfaces", &Func{Rows: natInterfaces, Add: addNAT, Delete: deleteNAT}},
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

func zones(r *Reader) []*uci.Section { return fwSections(r, "zone") }

func fwSections(r *Reader, typ string) []*uci.Section {
	p := r.UCI("firewall")
	if p == nil {
		return nil
	}
	return p.OfType(typ)
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
	proto := s.Get("proto")
	return !strings.Contains(" dhcpv6 6in4 6to4 6rd dslite map 464xlat ", " "+proto+" ") && (proto != "static" || s.Option("ipaddr") != nil)
}

// natInterfaces has one row per network that is in a firewall zone, but for those that rows of the ACS put there; `all` is these
// and those without IPv4 too, and no others. The row's section is the zone's: masquerading is an option of the zone.
func natInterfaces(_ context.Context, r *Reader, _ *model.Row, args []string) ([]model.Row, error) {
	var out []model.Row
	p := r.UCI("firewall")
	if p == nil {
		return nil, nil
	}
	for _, s := range p.Sections {
		var keys []string
		switch {
		case s.Type == "zone":
			keys = items(s, "network")
		case s.Type == natType && len(args) == 0:
			keys = []string{s.Name}
		}
		for _, key := range keys {
			if len(args) > 0 || s.Type == natType || speaksIPv4(r, key) && natMade(r, s, key) == nil {
				out = append(out, model.Row{Key: key, Package: "firewall", Section: s.Name})
			}
		}
	}
	return out, nil
}

func getNATInterface(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	z, network := r.own(row), row.Key
	enabled := yes(text(z, "masq"), false)
	if z != nil && z.Type == natType {
		enabled, network = yes(z.Get("enabled"), false), z.Get("network")
		z = natZone(r, z)
	}
	switch args[0] {
	case "enable":
		return digit(enabled), nil
	case "path":
		return networkPath(r, network), nil
	case "sources":
		return joinList(items(z, "masq_src")), nil
	case "status":
		switch {
		case !enabled:
			return "Disabled", nil
		case !yes(text(z, "masq"), false) || !yes(text(z, "enabled"), true) || !speaksIPv4(r, network):
			return "Error_Misconfigured", nil
		case networkUp(ctx, r, network):
			return "Enabled", nil
		}
		return "Error", nil // the interface is down
	}
	return "", nil
}

// hookNATInterface writes what is the zone's. Networks of one zone are translated alike: it would be a bad surprise if
// NAT of one uplink went off with another's, so all of them have to be set in the same transaction.
func hookNATInterface(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	z := r.own(row)
	if z == nil {
		return nil
	}
	enable, switched := changed["Enable"]
	_, moved := changed["Interface"]
	switch on := digit(enable == "true"); {
	case z.Type == natType:
		if err := hookMadeNAT(ctx, r, z, changed); err != nil {
			return err
		}
		z = natZone(r, r.own(row))
	case moved:
		return at("Interface", model.Refused, "the network is in its firewall zone by itself: add a row")
	case switched && on != digit(yes(z.Get("masq"), false)):
		if err := natAgree(r, row, z, "Enable", enable); err != nil {
			return err
		}
		if err := r.uciSet("firewall", z.Name, "masq", on); err != nil {
			return err
		}
	}
	value, ok := changed["SourceNetwork"]
	if !ok || strings.Join(items(z, "masq_src"), ",") == value {
		return nil
	}
	if z == nil {
		return at("SourceNetwork", model.Refused, "it is of the firewall zone: there is none without Enable and Interface")
	}
	if err := natAgree(r, row, z, "SourceNetwork", value); err != nil {
		return err
	}
	list := strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == ' ' })
	for _, item := range list {
		if !isSubnet(strings.TrimPrefix(item, "!")) {
			return at("SourceNetwork", model.BadValue, "%q is not an address or a prefix", item)
		}
	}
	return r.setItems("firewall", z.Name, "masq_src", list)
}

func natAgree(r *Reader, row *model.Row, z *uci.Section, name, value string) error {
	for _, other := range items(z, "network") {
		path := natPath(r, z, other)
		if path == row.Path() || !speaksIPv4(r, other) {
			continue
		}
		if have, err := r.Tree().Value(path + "." + name); err == nil && have == value {
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
