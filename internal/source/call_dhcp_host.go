package source

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

var hostParking = parking{pkg: "dhcp", live: "host", parked: "cwmp_host", ident: []string{"mac", "name"}}

// poolOf is where we remember the pool of a host that has no address yet.
const poolOf = "cwmp_pool"

func poolHosts(_ context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	pool := r.own(parent)
	if pool == nil {
		return nil, nil
	}
	_, _, _, subnet := poolRange(r, pool)
	return hostParking.rows(r, func(h *uci.Section) bool {
		a, err := netip.ParseAddr(h.Get("ip"))
		if err != nil {
			return h.Get(poolOf) == pool.Name
		}
		return subnet.IsValid() && subnet.Contains(a)
	}), nil
}

func addPoolHost(_ context.Context, r *Reader, parent *model.Row, n uint32, _ []string) (model.Row, error) {
	name := r.freeName("dhcp", "cwmp_host_"+parent.Section+"_"+strconv.FormatUint(uint64(n), 10))
	err := r.addSection("dhcp", hostParking.parked, name, poolOf, parent.Section)
	return model.Row{Key: name, Package: "dhcp", Section: name}, err
}

func getPoolHost(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	if args[0] == "mac" {
		if macs := items(s, "mac"); len(macs) > 0 {
			return macs[0], nil
		}
		return "", nil
	}
	if ip := text(s, "ip"); ip != "ignore" {
		return ip, nil
	}
	return "", nil
}

func setPoolHost(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	s := r.own(row)
	if s == nil || args[0] != "mac" {
		return r.uciSet("dhcp", row.Section, args[0], value)
	}
	macs := slices.Clone(items(s, "mac"))
	if len(macs) < 2 {
		o := s.Option("mac")
		if len(macs) == 1 && strings.EqualFold(macs[0], value) {
			return nil
		}
		if o != nil && o.IsList && value != "" {
			return r.setItems("dhcp", s.Name, "mac", []string{value})
		}
		return r.uciSet("dhcp", s.Name, "mac", value)
	}
	macs[0] = value
	return r.setItems("dhcp", s.Name, "mac", macs)
}

func hookPoolHost(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	s := r.own(row)
	if s == nil {
		return nil
	}
	pool := r.own(row.Parent)
	if ip := s.Get("ip"); ip != "" && pool != nil {
		a, err := netip.ParseAddr(ip)
		_, _, _, subnet := poolRange(r, pool)
		switch {
		case err != nil || !subnet.IsValid() || !subnet.Contains(a):
			return at("Yiaddr", model.BadValue, "not in the subnet %s of the pool", subnet.Masked())
		case a == subnet.Addr():
			return at("Yiaddr", model.BadValue, "that is the router's own address")
		}
		if err := r.uciSet("dhcp", s.Name, poolOf, ""); err != nil {
			return err
		}
	} else if pool != nil && s.Get(poolOf) != pool.Name {
		if err := r.uciSet("dhcp", s.Name, poolOf, pool.Name); err != nil {
			return err
		}
	}
	if s := r.own(row); s.Type == hostParking.live && (s.Get("mac") == "" || s.Get("ip") == "") && changed["Enable"] != "" {
		return at("Enable", model.BadValue, "it needs Chaddr and Yiaddr")
	}
	return nil
}
