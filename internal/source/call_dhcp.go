package source

import (
	"context"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// dhcpTable are the values of Device.DHCPv4.
var dhcpTable = []named{
	{"dhcp.server", &Func{Get: getDHCPServer, Set: setDHCPServer}},
	{"dhcp4.metric", &Func{Get: getDHCPMetric}},
	{"dhcp4.pools", &Func{Rows: poolRows, Delete: deletePool}},
	{"dhcp4.match", &Func{Get: getCriterion}},
	{"dhcp4.pool", &Func{Get: getPool, Set: setPool, Hook: hookPool}},
	{"dhcp4.option", &Func{Get: getPoolOption, Set: setPoolOption}},
	{"dhcp4.hosts", &Func{Rows: poolHosts, Add: addPoolHost, Delete: deleteSection}},
	{"dhcp4.host", &Func{Get: getPoolHost, Set: setPoolHost, Hook: hookPoolHost}},
	{"dhcp4.clients", &Func{Rows: poolClients}},
	{"dhcp4.client", &Func{Get: getPoolClient}},
	{"dhcp4.address", &Func{Rows: clientAddresses}},
	{"dhcp4.clientopts", &Func{Rows: clientOptions, Get: getClientOption}},
	{"dhcp4.relays", &Func{Rows: relayRows, Add: addRelay, Delete: deleteSection}},
	{"dhcp4.relay", &Func{Get: getRelay, Set: setRelay}},
	{"dhcp4.live", &Func{Get: getDHCPClient}},
	{"after", &Func{Get: readsFalse, Set: setAfter}},
}

func dhcpMade() map[string]Func {
	funcs := map[string]Func{
		"dhcp4.hostenable":  hostParking.enable(),
		"dhcp4.relayenable": relayParking.enable(),
	}
	for _, f := range dhcp6Table {
		funcs[f.name] = *f.Func
	}
	for name, f := range poolOptionTable6().funcs("dhcp6.options") {
		funcs[name] = f
	}
	for name, f := range sentOptionTable6().funcs("dhcp6.sent") {
		funcs[name] = f
	}
	for name, f := range poolOptionTable().funcs("dhcp4.options") {
		funcs[name] = f
	}
	for name, f := range sentOptionTable().funcs("dhcp4.sent") {
		funcs[name] = f
	}
	for name, f := range reqOptionTable().funcs("dhcp4.req") {
		funcs[name] = f
	}
	return funcs
}

// A server is on when one of its sections is. Switched off, it remembers which to switch on again.

// serverSections are those of `call dhcp.server dhcpv4|ra|dhcpv6`, and whether one is on.
func serverSections(r *Reader, kind string) ([]*uci.Section, func(*uci.Section) bool) {
	if kind == "dhcpv4" {
		return pools(r), poolOn
	}
	return service(kind).sections(r), service(kind).on
}

func getDHCPServer(_ context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	all, on := serverSections(r, args[0])
	return digit(slices.ContainsFunc(all, on)), nil
}

func setDHCPServer(_ context.Context, r *Reader, _ *model.Row, args []string, value string) error {
	all, on := serverSections(r, args[0])
	want := yes(value, false)
	if want == slices.ContainsFunc(all, on) {
		return nil
	}
	put := func(s *uci.Section) error {
		if args[0] == "dhcpv4" {
			return switchPool(r, s, want)
		}
		return r.uciSet("dhcp", s.Name, args[0], map[bool]string{true: "server", false: "disabled"}[want])
	}
	remember := args[0] + ".off"
	off := strings.Fields(r.State(remember))
	if len(off) == 0 {
		off = []string{"lan"}
	}
	var names []string
	found := !want
	for _, s := range all {
		if want && !slices.Contains(off, s.Name) || !want && !on(s) {
			continue
		}
		if err := put(s); err != nil {
			return err
		}
		found = true
		names = append(names, s.Name)
	}
	if !found {
		return model.Errorf(model.Refused, "nothing to switch on: enable a row")
	}
	if want {
		names = nil
	}
	r.SetState(remember, strings.Join(names, " "))
	return nil
}

// getDHCPMetric is a counter of dnsmasq since it started: `call dhcp4.metric NAME`. The first instance is called
// dnsmasq on ubus, others have the section's name behind it.
func getDHCPMetric(ctx context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	v := r.Ubus(ctx, "dnsmasq", "metrics", ubus.Value{})
	if p := r.UCI("dhcp"); !v.Exists() && p != nil {
		for _, s := range p.OfType("dnsmasq") {
			if v = r.Ubus(ctx, "dnsmasq."+s.Name, "metrics", ubus.Value{}); v.Exists() {
				break
			}
		}
	}
	return v.Get(args[0]).Text(), nil
}
