package source

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// getZone is the local domain of an instance of dnsmasq.
func getZone(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	return text(r.own(row), "domain"), nil
}

func setZone(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	if strings.ContainsAny(value, " \t\n\r/,#") {
		return model.Errorf(model.BadValue, "not a domain name")
	}
	s := r.own(row)
	old := text(s, "domain")
	if old == value {
		return nil
	}
	if err := r.uciSet("dhcp", row.Section, "domain", value); err != nil {
		return err
	}
	if local := text(s, "local"); local == "/"+old+"/" && value != "" {
		return r.uciSet("dhcp", row.Section, "local", "/"+value+"/")
	}
	return nil
}

var domainParking = parking{pkg: "dhcp", live: "domain", parked: "cwmp_domain", ident: []string{"name", "ip"}}

// zoneHosts are the names that dnsmasq is told; they are shown below its first instance.
func zoneHosts(_ context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	if all := dnsmasqs(r); len(all) == 0 || all[0].Name != parent.Section {
		return nil, nil
	}
	return domainParking.rows(r, func(*uci.Section) bool { return true }), nil
}

func addZoneHost(_ context.Context, r *Reader, _ *model.Row, n uint32, _ []string) (model.Row, error) {
	name := r.freeName("dhcp", "cwmp_domain_"+strconv.FormatUint(uint64(n), 10))
	return model.Row{Key: name, Package: "dhcp", Section: name}, r.addSection("dhcp", domainParking.parked, name)
}

func getZoneHost(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	if args[0] == "name" {
		return joinList(items(s, "name")), nil
	}
	if r.Tree() == nil {
		return "", nil
	}
	for mac, h := range hosts(ctx, r) {
		if ip := text(s, "ip"); ip != "" && slices.Contains(h.addresses(), ip) {
			return r.Tree().Path("Device.Hosts.Host.", mac), nil
		}
	}
	return "", nil
}

func setZoneHost(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if have, _ := getZoneHost(ctx, r, row, args); have == value {
		return nil
	}
	if args[0] == "name" {
		list, isList := splitList(value)
		if !isList {
			list = strings.FieldsFunc(value, func(c rune) bool { return c == ',' })
		}
		for _, name := range list {
			if strings.ContainsAny(name, " \t\n\r/#") {
				return model.Errorf(model.BadValue, "%q is not a host name", name)
			}
		}
		if len(list) == 1 {
			return r.uciSet("dhcp", row.Section, "name", list[0])
		}
		return r.setItems("dhcp", row.Section, "name", list)
	}
	if value == "" {
		return r.uciSet("dhcp", row.Section, "ip", "")
	}
	row2 := r.Tree().Row(value)
	if row2 == nil || row2.Table() != "Device.Hosts.Host." {
		return model.Errorf(model.BadValue, "no such host")
	}
	h := hosts(ctx, r)[row2.Key]
	if h == nil || h.ip() == "" {
		return model.Errorf(model.BadValue, "that host has no address")
	}
	return r.uciSet("dhcp", row.Section, "ip", h.ip())
}

func hookZoneHost(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	s := r.own(row)
	if s != nil && s.Type == domainParking.live && changed["Enable"] != "" && (s.Get("name") == "" || s.Get("ip") == "") {
		return at("Enable", model.BadValue, "it needs Name and Host")
	}
	return nil
}
