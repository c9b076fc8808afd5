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

// dnsTable are the values of Device.DNS.
var dnsTable = []named{
	{"dns.client", &Func{Get: getDNSClient}},
	{"dns.relay", &Func{Get: getDNSRelay, Set: setDNSRelay}},
	{"dns.config", &Func{Get: getRelayConfig}},
	{"dns.zone", &Func{Get: getZone, Set: setZone}},
	{"dns.hosts", &Func{Rows: zoneHosts, Add: addZoneHost, Delete: deleteSection}},
	{"dns.host", &Func{Get: getZoneHost, Set: setZoneHost, Hook: hookZoneHost}},
	{"dns.learned", &Func{Rows: learnedServers}},
	{"dns.upstream", &Func{Rows: learnedForwarders}},
}

func dnsMade() map[string]Func {
	funcs := map[string]Func{"dns.hostenable": domainParking.enable()}
	for name, f := range serverTable().funcs("dns.servers") {
		funcs[name] = f
	}
	for name, f := range forwarderTable().funcs("dns.forwarders") {
		funcs[name] = f
	}
	funcs["dns.server"] = orLearned(funcs["dns.servers.value"])
	funcs["dns.forwarder"] = orLearned(funcs["dns.forwarders.value"])
	return funcs
}

// A learned is a name server that a network got from its provider.
type learned struct{ network, server, kind string }

// orLearned answers for rows that the provider made, and gives the others to f.
func orLearned(f Func) Func {
	get := f.Get
	f.Get = func(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
		l, ok := row.Data.(learned)
		if !ok {
			if args[0] == "status" {
				on, err := get(ctx, r, row, []string{"enable"})
				if yes(on, false) {
					return "Enabled", err
				}
				return "Disabled", err
			}
			return get(ctx, r, row, args)
		}
		switch args[0] {
		case "enable":
			return "1", nil
		case "status":
			return "Enabled", nil
		case "server":
			return l.server, nil
		case "interface":
			return networkPath(r, l.network), nil
		case "type":
			return l.kind, nil
		}
		return "", nil
	}
	return f
}

// learnedKind is how a network learns: by its protocol, and by the family of what it learned.
func learnedKind(ctx context.Context, r *Reader, network, server string) string {
	st := ifaceStatus(ctx, r, network)
	proto := st.Get("proto").Text()
	if proto == "" {
		proto = text(r.section("network", network), "proto")
	}
	a, _ := netip.ParseAddr(server)
	switch {
	case proto == "dhcpv6" || a.Is6():
		return "DHCPv6"
	case proto == "dhcp":
		return "DHCPv4"
	case strings.HasPrefix(proto, "ppp") || proto == "3g" || proto == "l2tp" || proto == "pptp":
		return "IPCP"
	case proto == "qmi" || proto == "mbim" || proto == "ncm" || proto == "modemmanager":
		return "3GPP-NAS"
	}
	return "Static"
}

// learnedServers are the servers that netifd has for a network and that are not configured for it. A network with
// peerdns 0 does not use them.
func learnedServers(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var out []model.Row
	for _, v := range r.Ubus(ctx, "network.interface", "dump", ubus.Value{}).Get("interface").All() {
		network := v.Get("interface").Text()
		mine := items(r.section("network", network), "dns")
		for _, s := range v.Get("dns-server").All() {
			server := s.Text()
			if _, err := netip.ParseAddr(server); err != nil || slices.Contains(mine, server) {
				continue
			}
			out = append(out, model.Row{
				Key: network + "/" + server, ReadOnly: true,
				Data: learned{network, server, learnedKind(ctx, r, network, server)},
			})
		}
	}
	return out, nil
}

// serverTable is DNS.Client.Server: `list dns` of networks.
func serverTable() *listTable {
	return &listTable{
		pkg: "network", typ: "cwmp_dns", prefix: "cwmp_dns_", lists: []string{"dns"},
		owners: func(r *Reader, _ *model.Row) []*uci.Section {
			if p := r.UCI("network"); p != nil {
				return p.OfType("interface")
			}
			return nil
		},
		option: func(string) string { return "dns" },
		shown:  func(item string) bool { _, err := netip.ParseAddr(item); return err == nil },
		ident:  func(item string) string { return item },
		get: func(r *Reader, owner, item, field string) string {
			switch field {
			case "server":
				return item
			case "interface":
				return networkPath(r, owner)
			}
			return "Static"
		},
		set: func(r *Reader, owner, item, field, value string) (string, string, error) {
			if field == "server" {
				return owner, value, checkAddress(value)
			}
			network := networkAt(r, value)
			if network == "" && value != "" || network != "" && r.section("network", network) == nil {
				return owner, item, model.Errorf(model.BadValue, "no network that can have name servers")
			}
			return network, item, nil
		},
	}
}

func checkAddress(value string) error {
	if _, err := netip.ParseAddr(value); value != "" && err != nil {
		return model.Errorf(model.BadValue, "not an IP address")
	}
	return nil
}

func getDNSClient(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	for line := range strings.Lines(string(r.File("/tmp/resolv.conf"))) {
		if strings.HasPrefix(line, "nameserver ") {
			return "Enabled", nil
		}
	}
	return "Error", nil
}
