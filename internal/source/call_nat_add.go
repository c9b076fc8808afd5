package source

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// A row of Device.NAT.InterfaceSetting. that the ACS makes is a section that fw4 does not read, `config cwmp_nat`: with `enabled`,
// the `network`, and, as long as it is there because of the row, the `zone` that it was put into. It goes where addresses are
// translated already and has what is said of that zone: what may come in and go out, and who else may use it.

const natType = "cwmp_nat"

// natMade is the row that put a network into a zone, nil where it is there by itself.
func natMade(r *Reader, z *uci.Section, network string) *uci.Section {
	name := z.Get("name")
	for _, s := range fwSections(r, natType) {
		if s.Get("network") == network && s.Get("zone") == name {
			return s
		}
	}
	return nil
}

// natZone is the zone that a row put its network into, nil where it is not there.
func natZone(r *Reader, s *uci.Section) *uci.Section {
	z := zoneNamed(r, s.Get("zone"))
	if !slices.Contains(items(z, "network"), s.Get("network")) {
		return nil
	}
	return z
}

const natSettings = "Device.NAT.InterfaceSetting."

// natPath is the row of a network that is in a zone.
func natPath(r *Reader, z *uci.Section, network string) string {
	if s := natMade(r, z, network); s != nil {
		network = s.Name
	}
	return r.Tree().Path(natSettings, network)
}

// natWay is the zone that is translated, or is about to be in this transaction, and leads out: with the default route, if one
// has it, else the first from which the router is not open.
func natWay(ctx context.Context, r *Reader) (way *uci.Section) {
	defaults := r.section("firewall", "@defaults[0]")
	for _, z := range zones(r) {
		on, leads := yes(z.Get("masq"), false), false
		for _, network := range items(z, "network") {
			leads = leads || leadsOut(ifaceStatus(ctx, r, network), "0.0.0.0")
			if !on {
				v, _ := r.Tree().Value(natPath(r, z, network) + ".Enable")
				on = v == "true"
			}
		}
		switch {
		case !on || !yes(z.Get("enabled"), true):
		case leads:
			return z
		case way == nil && !strings.EqualFold(firstOf(z.Get("input"), text(defaults, "input")), "ACCEPT"):
			way = z
		}
	}
	return way
}

func addNAT(_ context.Context, r *Reader, _ *model.Row, n uint32, _ []string) (model.Row, error) {
	name := r.freeName("firewall", "cwmp_nat_"+strconv.Itoa(int(n)))
	return model.Row{Key: name, Package: "firewall", Section: name}, r.addSection("firewall", natType, name, "enabled", "0")
}

func deleteNAT(ctx context.Context, r *Reader, row *model.Row) error {
	s := r.own(row)
	if s == nil || s.Type != natType {
		return refused("the network is in its firewall zone by itself: Enable switches its NAT off")
	}
	if err := moveNAT(ctx, r, s, "", false); err != nil {
		return err
	}
	return r.removeSection("firewall", s.Name)
}

// hookMadeNAT moves the network of a row when Interface or Enable changed, whichever of them came first.
func hookMadeNAT(ctx context.Context, r *Reader, s *uci.Section, changed map[string]string) error {
	network, on := s.Get("network"), yes(s.Get("enabled"), false)
	path, moved := changed["Interface"]
	if moved {
		network = networkAt(r, path)
		if lo := r.section("network", network); path != "" && (lo == nil || lo.Get("device") == "lo") {
			return at("Interface", model.BadValue, "want an IP interface of /etc/config/network that is not the loopback")
		}
	}
	enable, switched := changed["Enable"]
	if switched {
		on = enable == "true"
	}
	if !moved && !switched {
		return nil
	}
	z := zoneOf(r, network)
	taken := z != nil && (on || moved) && natMade(r, z, network) == nil
	for _, o := range fwSections(r, natType) {
		have, _ := r.Tree().Value(r.Tree().Path(natSettings, o.Name) + ".Interface")
		taken = taken || path != "" && have == path && o.Name != s.Name
	}
	if taken {
		return at("Interface", model.BadValue, "network %s has a row already, or is in a firewall zone by itself", network)
	}
	return moveNAT(ctx, r, s, network, on)
}

// moveNAT takes the network of a row out of its zone, and puts this one there if it is to be on.
func moveNAT(ctx context.Context, r *Reader, s *uci.Section, network string, on bool) error {
	was, left, zone := s.Get("network"), natZone(r, s), ""
	var z *uci.Section
	if on && network != "" {
		if z = natWay(ctx, r); z == nil {
			return at("Enable", model.Refused, "no firewall zone translates addresses")
		}
		zone = z.Get("name")
	}
	err := cmp.Or(r.uciSet("firewall", s.Name, "enabled", digit(on)), r.uciSet("firewall", s.Name, "network", network),
		r.uciSet("firewall", s.Name, "zone", zone))
	if err == nil && left != nil && natMade(r, left, was) == nil {
		err = putNAT(r, left, was, false)
	}
	if err == nil && z != nil {
		err = putNAT(r, z, network, true)
	}
	return err
}

// putNAT writes the networks of a zone in the form that they have there, a list or words of an option: fw4 reads both.
func putNAT(r *Reader, z *uci.Section, network string, in bool) error {
	list := slices.Clone(items(r.section("firewall", z.Name), "network"))
	list = slices.DeleteFunc(list, func(item string) bool { return item == network })
	if in {
		list = append(list, network)
	}
	return r.setWords("firewall", z.Name, "network", list)
}
