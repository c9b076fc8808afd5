package source

import (
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// upnpRows are what devices asked miniupnpd for, each as the redirect or the rule that it comes to. Its lease file has a line
// for each, that of IPv6 with pinholes beside it:
//
//	PROTOCOL:EXTERNAL PORT:ADDRESS:PORT:END:DESCRIPTION
//	PROTOCOL;ADDRESS;PORT;REMOTE ADDRESS;REMOTE PORT;ID;END;DESCRIPTION
//
// END of a pinhole is counted from a clock that differs between versions of miniupnpd, so it is not told.
func upnpRows(r *Reader, typ string) []model.Row {
	config := r.section("upnpd", "config")
	// The option has a new name since 2025.
	file := fwDefault(fwDefault(text(config, "lease_file"), text(config, "upnp_lease_file")), "/var/run/miniupnpd.leases")
	network, sep, options := fwDefault(text(config, "external_iface"), "wan"), ":", "proto src_dport dest_ip dest_port end name"
	if typ == "rule" {
		file += "-ipv6"
		network, sep, options = fwDefault(text(config, "external_iface6"), "wan6"), ";", "proto dest_ip dest_port src_ip src_port id _ name"
	}
	names := strings.Fields(options)
	var out []model.Row
	for _, line := range strings.Split(string(r.File(file)), "\n") {
		f := strings.SplitN(line, sep, len(names))
		if len(f) < len(names)-1 || f[0] != "TCP" && f[0] != "UDP" || len(out) >= 256 {
			continue
		}
		s := &uci.Section{Type: typ}
		for i := range f {
			if value := strings.TrimSpace(clean(f[i])); value != "0" {
				_ = s.Set(names[i], value) // what UCI could not hold stays out
			}
		}
		key := "upnp/" + f[0] + "/" + f[1]
		if typ == "rule" {
			key = "upnp6/" + f[5]
			_, _ = s.Set("family", "ipv6"), s.Set("dest", "*")
		}
		_, _ = s.Set("network", network), s.Set("src", text(zoneOf(r, network), "name"))
		out = append(out, model.Row{Key: key, ReadOnly: true, Data: s})
	}
	return out
}
