package source

import (
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
)

// A upnpLease is a port mapping that a device on the LAN asked for, from miniupnpd's lease file:
// PROTOCOL:EXTERNAL PORT:ADDRESS:PORT:END:DESCRIPTION.
type upnpLease struct {
	proto, from, client, to, name string
	end                           int64
}

func upnpRows(r *Reader) []model.Row {
	file := "/var/run/miniupnpd.leases"
	if f := text(r.section("upnpd", "config"), "upnp_lease_file"); f != "" {
		file = f
	}
	var out []model.Row
	for line := range strings.Lines(string(r.File(file))) {
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
