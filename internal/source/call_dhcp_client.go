package source

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// getDHCPClient answers `call dhcp4.live FIELD` for a network that gets its address by DHCP.
func getDHCPClient(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	st := ifaceStatus(ctx, r, row.Section)
	v4 := st.Get("ipv4-address").Index(0)
	off := yes(text(r.own(row), "disabled"), false)
	switch args[0] {
	case "enable":
		return digit(!off), nil
	case "path":
		return networkPath(r, row.Section), nil
	case "status":
		if off {
			return "Disabled", nil
		}
		return "Enabled", nil
	case "dhcpstatus":
		switch {
		case st.Get("up").Bool() && v4.Exists():
			return "Bound", nil
		case st.Get("pending").Bool() && yes(strings.TrimSpace(string(r.File("/sys/class/net/"+st.Get("device").Text()+"/carrier"))), false):
			return "Selecting", nil
		}
		return "Init", nil
	case "ip":
		return v4.Get("address").Text(), nil
	case "mask":
		if n, ok := v4.Get("mask").Int(); ok && n > 0 && n <= 32 {
			return maskOf(int(n)).String(), nil
		}
	case "routers":
		return joinList(routers(st)), nil
	case "dns":
		list := st.Get("dns-server")
		if list.Len() == 0 {
			list = st.Get("inactive", "dns-server")
		}
		var out []string
		for _, v := range list.All() {
			if a, err := netip.ParseAddr(v.Text()); err == nil && a.Is4() {
				out = append(out, a.String())
			}
		}
		return joinList(out), nil
	case "server":
		if a, err := netip.ParseAddr(st.Get("data", "dhcpserver").Text()); err == nil && a.Is4() {
			return a.String(), nil
		}
	case "left":
		return leaseLeft(st), nil
	}
	return "", nil
}

func routers(st ubus.Value) []string {
	var out []string
	for _, list := range []ubus.Value{st.Get("route"), st.Get("inactive", "route")} {
		for _, v := range list.All() {
			if v.Get("target").Text() == "0.0.0.0" && v.Get("mask").Text() == "0" {
				if hop := v.Get("nexthop").Text(); hop != "" && hop != "0.0.0.0" && !slices.Contains(out, hop) {
					out = append(out, hop)
				}
			}
		}
	}
	return out
}

// leaseLeft is the most that can be left of the lease in seconds: udhcpc renews at half time and tells nobody.
func leaseLeft(st ubus.Value) string {
	lease, ok := st.Get("data", "leasetime").Int()
	up, ok2 := st.Get("uptime").Int()
	switch {
	case !ok || !ok2 || !st.Get("up").Bool() || lease <= 0:
		return "0"
	case lease >= 1<<31-1:
		return "-1"
	case lease < 2:
		return strconv.FormatInt(lease, 10)
	}
	return strconv.FormatInt(lease-up%(lease/2), 10)
}
