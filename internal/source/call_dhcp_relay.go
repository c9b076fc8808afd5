package source

import (
	"context"
	"net/netip"
	"strconv"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

var relayParking = parking{pkg: "dhcp", live: "relay", parked: "cwmp_relay", ident: []string{"local_addr", "server_addr"}}

func relayRows(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	return relayParking.rows(r, func(*uci.Section) bool { return true }), nil
}

func addRelay(_ context.Context, r *Reader, _ *model.Row, n uint32, _ []string) (model.Row, error) {
	name := r.freeName("dhcp", "cwmp_relay_"+strconv.FormatUint(uint64(n), 10))
	return model.Row{Key: name, Package: "dhcp", Section: name}, r.addSection("dhcp", relayParking.parked, name)
}

// getRelay answers `call dhcp4.relay FIELD`; the row is nobody's for the relay as a whole.
func getRelay(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	p := r.UCI("dhcp")
	if p == nil {
		return "", nil
	}
	s := r.own(row)
	switch args[0] {
	case "any":
		return digit(len(p.OfType("relay")) > 0), nil
	case "anystatus":
		if len(p.OfType("relay")) > 0 {
			return "Enabled", nil
		}
		return "Disabled", nil
	case "status":
		switch {
		case s == nil || s.Type != "relay":
			return "Disabled", nil
		case s.Get("local_addr") == "" || s.Get("server_addr") == "":
			return "Error_Misconfigured", nil
		}
		return "Enabled", nil
	case "order":
		n := 0
		for _, o := range p.Sections {
			if o.Type == "relay" || o.Type == "cwmp_relay" {
				n++
			}
			if s != nil && o.Name == s.Name {
				break
			}
		}
		return strconv.Itoa(n), nil
	case "interface":
		if a, err := netip.ParseAddr(text(s, "local_addr")); err == nil {
			return networkPath(r, networkOfAddress(r, a)), nil
		}
	}
	return "", nil
}

// networkOfAddress is the network that has an address as its own.
func networkOfAddress(r *Reader, a netip.Addr) string {
	p := r.UCI("network")
	if p == nil {
		return ""
	}
	for _, s := range p.OfType("interface") {
		if sub := subnetOf(r, s.Name); sub.IsValid() && sub.Addr() == a {
			return s.Name
		}
	}
	return ""
}

func setRelay(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if have, _ := getRelay(ctx, r, row, args); have == value {
		return nil
	}
	if value == "" {
		return r.uciSet("dhcp", row.Section, "local_addr", "")
	}
	sub := subnetOf(r, networkAt(r, value))
	if !sub.IsValid() {
		return model.Errorf(model.BadValue, "that interface has no static IPv4 address")
	}
	return r.uciSet("dhcp", row.Section, "local_addr", sub.Addr().String())
}
