package source

import (
	"context"
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// netPPPName is `call net.ppp.name`: the netdev of a dialling interface.
func netPPPName() Func {
	return Func{Get: ifaceGet(func(_ *netView, i *netIface) string { return i.l3 })}
}

// netPPPConnection is `call net.ppp.connection`.
func netPPPConnection() Func {
	return Func{Get: ifaceGet(func(_ *netView, i *netIface) string {
		switch {
		case i.live.Get("up").Bool():
			return "Connected"
		case i.live.Get("pending").Bool():
			return "Connecting"
		case i.s == nil || i.s.Get("username") == "" && i.s.Get("device") == "":
			return "Unconfigured"
		}
		return "Disconnected"
	})}
}

// pppErrors are the codes that ppp.sh makes of pppd's exit status.
var pppErrors = map[string]string{
	"AUTH_TOPEER_FAILED": "ERROR_AUTHENTICATION_FAILURE",
	"AUTH_FAILED":        "ERROR_AUTHENTICATION_FAILURE",
	"PEER_AUTH_FAILED":   "ERROR_AUTHENTICATION_FAILURE",
	"CONNECT_FAILED":     "ERROR_ISP_TIME_OUT",
	"NEGOTIATION_FAILED": "ERROR_ISP_TIME_OUT",
	"PEER_DEAD":          "ERROR_ISP_DISCONNECT",
	"HANGUP":             "ERROR_ISP_DISCONNECT",
	"USER_REQUEST":       "ERROR_USER_DISCONNECT",
	"IDLE_TIMEOUT":       "ERROR_IDLE_DISCONNECT",
	"NO_DEVICE":          "ERROR_NO_CARRIER",
}

// netPPPError is `call net.ppp.error`: why the last connection failed, as netifd remembers it until the next one is up.
func netPPPError() Func {
	return Func{Get: ifaceGet(func(_ *netView, i *netIface) string {
		errors := i.live.Get("errors")
		if errors.Len() == 0 {
			return "ERROR_NONE"
		}
		if known := pppErrors[errors.Index(errors.Len()-1).Get("code").Text()]; known != "" {
			return known
		}
		return "ERROR_UNKNOWN"
	})}
}

// netPPPTrigger is `call net.ppp.trigger`: `demand` dials when somebody wants out, `auto 0` waits for a person.
func netPPPTrigger() Func {
	get := func(_ *netView, i *netIface) string {
		switch n, _ := strconv.Atoi(text(i.s, "demand")); {
		case n > 0:
			return "OnDemand"
		case !yes(text(i.s, "auto"), true):
			return "Manual"
		}
		return "AlwaysOn"
	}
	return Func{
		Get: ifaceGet(get),
		Set: ifaceSet(func(ctx context.Context, r *Reader, i *netIface, value string) error {
			if value == get(nil, i) {
				return nil
			}
			auto, demand := "", ""
			switch value {
			case "Manual":
				auto = "0"
			case "OnDemand":
				demand = "300"
			}
			if err := r.uciSet("network", i.name, "auto", auto); err != nil {
				return err
			}
			return r.uciSet("network", i.name, "demand", demand)
		}),
	}
}

// keepalive is `option keepalive 'FAILURES INTERVAL'` as ppp.sh reads it.
func keepalive(i *netIface) (failures, interval int) {
	text := text(i.s, "keepalive")
	if text == "" {
		return 5, 1
	}
	f := strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == ',' })
	if len(f) == 0 {
		return 0, 0
	}
	failures, _ = strconv.Atoi(f[0])
	if interval = 5; len(f) > 1 {
		interval, _ = strconv.Atoi(f[len(f)-1])
	}
	if failures < 1 {
		return 0, 0
	}
	return failures, interval
}

// netPPPEcho is `call net.ppp.echo interval|failures`: the two words of one option. No echo is no failure and no interval.
var netPPPEcho = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
		i := r.network(ctx).iface[row.Key]
		if i == nil {
			return "", nil
		}
		failures, interval := keepalive(i)
		if args[0] == "failures" {
			return strconv.Itoa(failures), nil
		}
		return strconv.Itoa(interval), nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
		i := r.network(ctx).iface[row.Key]
		number, err := strconv.Atoi(value)
		if i == nil || err != nil {
			return badValue("%q is no number", value)
		}
		failures, interval := keepalive(i)
		now := interval
		if args[0] == "failures" {
			now = failures
		}
		if number == now {
			return nil
		}
		if args[0] == "failures" {
			failures = number
			if interval == 0 {
				interval = 5
			}
		} else {
			interval = number
			if failures == 0 {
				failures = 5
			}
		}
		if failures == 0 || interval == 0 {
			failures, interval = 0, 0
		}
		return r.uciSet("network", i.name, "keepalive", strconv.Itoa(failures)+" "+strconv.Itoa(interval))
	},
}

// netPPPoESession is `call net.ppp.session`: the number of the PPPoE session over the interface's device. The kernel prints
// its two bytes as they lie in memory.
func netPPPoESession(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	i := r.network(ctx).iface[row.Key]
	if i == nil || i.device == "" {
		return "", nil
	}
	for line := range strings.Lines(string(r.File("/proc/net/pppoe"))) {
		f := strings.Fields(line)
		if len(f) != 3 || f[2] != i.device {
			continue
		}
		id, err := strconv.ParseUint(f[0], 16, 16)
		if err != nil {
			continue
		}
		var b [2]byte
		binary.NativeEndian.PutUint16(b[:], uint16(id))
		return strconv.Itoa(int(binary.BigEndian.Uint16(b[:]))), nil
	}
	return "", nil
}

// netIPCP is `call net.ppp.ipcp address|ptpaddress`.
func netIPCP(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	i := r.network(ctx).iface[row.Key]
	if i == nil {
		return "", nil
	}
	return i.live.Get("ipv4-address").Index(0).Get(args[0]).Text(), nil
}

// netIPCPServers is `call net.ppp.dns`: the first two name servers, also when they are not asked.
func netIPCPServers() Func {
	return Func{Get: ifaceGet(func(_ *netView, i *netIface) string {
		var out []string
		for _, list := range [...][]string{{"dns-server"}, {"inactive", "dns-server"}} {
			for _, v := range i.live.Get(list...).All() {
				if a, err := netip.ParseAddr(v.Text()); err == nil && a.Is4() && len(out) < 2 {
					out = append(out, v.Text())
				}
			}
		}
		return joinList(out)
	})}
}

// netIPv6CP is `call net.ppp.ipv6cp local|remote`: the interface identifiers, which are the lower halves of the
// link-local addresses at both ends. The remote one shows as the next hop of a route.
func netIPv6CP(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	n := r.network(ctx)
	i := n.iface[row.Key]
	if i == nil || i.l3 == "" {
		return "", nil
	}
	if args[0] == "local" {
		for _, k := range n.live.inet6[i.l3] {
			if id := identifier(k.Prefix.Addr().String()); id != "" {
				return id, nil
			}
		}
		return "", nil
	}
	for _, o := range n.ifaces {
		if o.l3 != i.l3 {
			continue
		}
		for _, route := range o.live.Get("route").All() {
			if id := identifier(route.Get("nexthop").Text()); id != "" {
				return id, nil
			}
		}
	}
	return "", nil
}

// identifier is the lower half of a link-local address, "" for any other.
func identifier(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil || !a.Is6() || !a.IsLinkLocalUnicast() {
		return ""
	}
	b := a.As16()
	clear(b[:8])
	return netip.AddrFrom16(b).String()
}
