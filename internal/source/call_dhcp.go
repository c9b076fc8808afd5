package source

import (
	"context"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// dhcpTable are the values of Device.DHCPv4.
var dhcpTable = []named{
	{"dhcp4.server", &Func{Get: getDHCPServer, Set: setDHCPServer}},
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
}

func dhcpMade() map[string]Func {
	funcs := map[string]Func{
		// netifd tells udhcpc to renew its lease.
		"dhcp4.renew": command(func(_ *Reader, row *model.Row) []ubusCommand {
			return []ubusCommand{{"network.interface." + row.Section, "renew", ubus.Table()}}
		}),
		"dhcp4.hostenable":  hostParking.enable(),
		"dhcp4.relayenable": relayParking.enable(),
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

// The server is on when a pool is. Switched off, it remembers which pools to switch on again.
const poolsOff = "dhcp4.off"

func getDHCPServer(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	return digit(slices.ContainsFunc(pools(r), poolOn)), nil
}

func setDHCPServer(_ context.Context, r *Reader, _ *model.Row, _ []string, value string) error {
	all := pools(r)
	if yes(value, false) == slices.ContainsFunc(all, poolOn) {
		return nil
	}
	if !yes(value, false) {
		var off []string
		for _, s := range all {
			if poolOn(s) {
				off = append(off, s.Name)
				if err := switchPool(r, s, false); err != nil {
					return err
				}
			}
		}
		r.SetState(poolsOff, strings.Join(off, " "))
		return nil
	}
	off := strings.Fields(r.State(poolsOff))
	if len(off) == 0 {
		off = []string{"lan"}
	}
	r.SetState(poolsOff, "")
	for _, name := range off {
		if s := r.section("dhcp", name); s != nil && s.Type == "dhcp" {
			if err := switchPool(r, s, true); err != nil {
				return err
			}
		}
	}
	if !slices.ContainsFunc(pools(r), poolOn) {
		return model.Errorf(model.Refused, "no pool to switch on: enable one")
	}
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
