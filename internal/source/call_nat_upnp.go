package source

import (
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// A upnpLease is a port mapping that a device on the LAN asked for, from miniupnpd's lease file:
// PROTOCOL:EXTERNAL PORT:ADDRESS:PORT:END:DESCRIPTION.
type upnpLease struct {
	proto, from, client, to, name string
	end                           int64
}

// leaseFile is where miniupnpd keeps what devices asked for; the option has a new name since 2025.
func leaseFile(r *Reader) string {
	s := r.section("upnpd", "config")
	return fwDefault(fwDefault(text(s, "lease_file"), text(s, "upnp_lease_file")), "/var/run/miniupnpd.leases")
}

func upnpRows(r *Reader) []model.Row {
	var out []model.Row
	for line := range strings.Lines(string(r.File(leaseFile(r)))) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 6)
		if len(f) < 5 || f[0] != "TCP" && f[0] != "UDP" || len(out) >= 256 {
			continue
		}
		l := upnpLease{proto: f[0], from: f[1], client: f[2], to: f[3]}
		l.end, _ = strconv.ParseInt(f[4], 10, 64)
		if len(f) > 5 {
			l.name = clean(f[5])
		}
		out = append(out, model.Row{Key: "upnp/" + l.proto + "/" + l.from, ReadOnly: true, Data: l})
	}
	return out
}

// upnpRows6 are the pinholes that devices asked for, each as the rule that it is:
// PROTOCOL;ADDRESS;PORT;REMOTE ADDRESS;REMOTE PORT;ID;END;DESCRIPTION. END is counted from a clock that differs between
// versions of miniupnpd, so it is not told.
func upnpRows6(r *Reader) []model.Row {
	var out []model.Row
	zone := text(zoneOf(r, fwDefault(text(r.section("upnpd", "config"), "external_iface6"), "wan6")), "name")
	for line := range strings.Lines(string(r.File(leaseFile(r) + "-ipv6"))) {
		f := strings.SplitN(strings.TrimSpace(line), ";", 8)
		if len(f) < 8 || len(out) >= 256 {
			continue
		}
		s := &uci.Section{Type: "rule"}
		for i, option := range []string{"proto", "dest_ip", "dest_port", "src_ip", "src_port", "", "", "name"} {
			if value := clean(f[i]); option != "" && value != "0" {
				_ = s.Set(option, value) // what UCI could not hold stays out
			}
		}
		_, _, _ = s.Set("family", "ipv6"), s.Set("src", zone), s.Set("dest", "*")
		out = append(out, model.Row{Key: "upnp6/" + f[5], ReadOnly: true, Data: s})
	}
	return out
}

func (l upnpLease) get(r *Reader, field string) string {
	switch field {
	case "enable":
		return "1"
	case "status":
		return "Enabled"
	case "interface":
		network := text(r.section("upnpd", "config"), "external_iface")
		if network == "" {
			network = "wan"
		}
		return networkPath(r, network)
	case "from":
		return l.from
	case "inner":
		return l.to
	case "to":
		return "0"
	case "protocol":
		return l.proto
	case "client":
		return l.client
	case "name":
		return l.name
	case "left":
		return strconv.FormatInt(max(0, l.end-time.Now().Unix()), 10)
	}
	return ""
}
