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

// pools are the sections of DHCPv4; what was made for odhcpd alone is none.
func pools(r *Reader) []*uci.Section {
	p := r.UCI("dhcp")
	if p == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.OfType("dhcp")), ownedBy6)
}

// poolOn reports whether dnsmasq serves DHCPv4 on a pool's interface. `ignore` would end DHCPv6 and router
// advertisements too, so we switch off by `dhcpv4 disabled`.
func poolOn(s *uci.Section) bool {
	return s != nil && !yes(s.Get("ignore"), false) && s.Get("dhcpv4") != "disabled"
}

func switchPool(r *Reader, s *uci.Section, on bool) error {
	if poolOn(s) == on {
		return nil
	}
	if !on {
		return r.uciSet("dhcp", s.Name, "dhcpv4", "disabled")
	}
	if err := r.uciSet("dhcp", s.Name, "ignore", ""); err != nil {
		return err
	}
	return r.uciSet("dhcp", s.Name, "dhcpv4", "server")
}

// poolRange is what dnsmasq's script makes of start and limit: the first and last address, within the subnet.
func poolRange(r *Reader, s *uci.Section) (first, last, base uint32, subnet netip.Prefix) {
	subnet = subnetOf(r, s.Get("interface"))
	if !subnet.IsValid() {
		return 0, 0, 0, subnet
	}
	if m, err := netip.ParseAddr(s.Get("netmask")); err == nil && m.Is4() {
		subnet = netip.PrefixFrom(subnet.Addr(), maskBits(m))
	}
	base = number(subnet.Masked().Addr())
	start, limit := 100, 150
	if v := s.Get("start"); v != "" {
		if a, err := netip.ParseAddr(v); err == nil {
			start = int(number(a))
		} else if n, err := strconv.Atoi(v); err == nil {
			start = n
		}
	}
	if n, err := strconv.Atoi(s.Get("limit")); err == nil {
		limit = n
	}
	host := ^uint32(0) >> subnet.Bits()
	first = base + uint32(start)&host
	last = first + uint32(max(limit, 1)) - 1
	if top := base + host - 1; host > 1 && last > top {
		last = top
	}
	return first, last, base, subnet
}

// getPool answers `call dhcp4.pool FIELD`.
func getPool(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	if s == nil {
		return "", nil
	}
	low, high, _, subnet := poolRange(r, s)
	switch args[0] {
	case "enable":
		return digit(poolOn(s)), nil
	case "status":
		switch {
		case !poolOn(s):
			return "Disabled", nil
		case !subnet.IsValid():
			return "Error_Misconfigured", nil // dnsmasq serves static networks only
		}
		return "Enabled", nil
	case "order":
		return strconv.Itoa(1 + slices.IndexFunc(pools(r), func(o *uci.Section) bool { return o.Name == s.Name })), nil
	case "devices":
		if yes(s.Get("dynamicdhcp"), true) {
			return "All", nil
		}
		return "Known", nil
	case "min":
		if subnet.IsValid() {
			return addr(low).String(), nil
		}
	case "max":
		if subnet.IsValid() {
			return addr(high).String(), nil
		}
	case "mask":
		if subnet.IsValid() {
			return maskOf(subnet.Bits()).String(), nil
		}
		return s.Get("netmask"), nil
	case "reserved":
		return joinList(reserved(r, s)), nil
	}
	return "", nil
}

// reserved are the addresses of hosts within the pool: dnsmasq gives them to nobody else.
func reserved(r *Reader, s *uci.Section) []string {
	low, high, _, subnet := poolRange(r, s)
	if !subnet.IsValid() {
		return nil
	}
	var out []string
	for _, h := range r.UCI("dhcp").OfType("host") {
		a, err := netip.ParseAddr(h.Get("ip"))
		if err == nil && a.Is4() && number(a) >= low && number(a) <= high && len(out) < 32 {
			out = append(out, a.String())
		}
	}
	return out
}

func setPool(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	s := r.own(row)
	if have, _ := getPool(ctx, r, row, args); have == value || s == nil {
		return nil
	}
	switch args[0] {
	case "enable":
		return switchPool(r, s, yes(value, false))
	case "devices":
		set, ok := map[string]string{"All": "", "Known": "0"}[value]
		if !ok {
			return model.Errorf(model.BadValue, "dnsmasq can serve All or Known devices")
		}
		return r.uciSet("dhcp", s.Name, "dynamicdhcp", set)
	case "order":
		return orderPool(r, s, value)
	case "mask":
		m, err := netip.ParseAddr(value)
		if value != "" && (err != nil || !m.Is4() || number(maskOf(maskBits(m))) != number(m) || maskBits(m) == 0) {
			return model.Errorf(model.BadValue, "not a netmask")
		}
		if own := subnetOf(r, s.Get("interface")); own.IsValid() && value != "" && own.Bits() == maskBits(m) {
			value = ""
		}
		return r.uciSet("dhcp", s.Name, "netmask", value)
	}
	return nil
}

// orderPool moves a pool among the pools.
func orderPool(r *Reader, s *uci.Section, value string) error {
	want, err := strconv.Atoi(value)
	all := pools(r)
	if err != nil || want < 1 {
		return model.Errorf(model.BadValue, "want 1 to %d", len(all))
	}
	target := all[min(want, len(all))-1]
	place := slices.IndexFunc(r.UCI("dhcp").Sections, func(o *uci.Section) bool { return o.Name == target.Name })
	return r.uciEdit(uci.Edit{Op: uci.OpOrder, Package: "dhcp", Section: s.Name, Values: []string{strconv.Itoa(place)}})
}

// hookPool writes the range, whose ends hang together, and checks what is left.
func hookPool(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	s := r.own(row)
	if s == nil {
		return nil
	}
	if seconds, err := strconv.Atoi(changed["LeaseTime"]); err == nil && seconds >= 0 && seconds < 120 {
		return at("LeaseTime", model.BadValue, "dnsmasq takes 120 seconds or more")
	}
	if list, ok := changed["ReservedAddresses"]; ok && list != strings.Join(reserved(r, s), ",") {
		return at("ReservedAddresses", model.Refused, "add a StaticAddress for each address")
	}
	for _, name := range []string{"DomainName", "Interface"} {
		if v, ok := changed[name]; ok && strings.ContainsAny(v, " \t\n\r,") {
			return at(name, model.BadValue, "dnsmasq's configuration cannot hold that")
		}
	}
	if err := setCriteria(r, s, changed); err != nil {
		return err
	}
	lowText, hasLow := changed["MinAddress"]
	highText, hasHigh := changed["MaxAddress"]
	if !hasLow && !hasHigh {
		return nil
	}
	low, high, base, subnet := poolRange(r, s)
	if !subnet.IsValid() {
		return at("Interface", model.BadValue, "the pool needs an Interface with a static IPv4 address first")
	}
	for _, end := range []struct {
		name, text string
		has        bool
		to         *uint32
	}{{"MinAddress", lowText, hasLow, &low}, {"MaxAddress", highText, hasHigh, &high}} {
		if !end.has {
			continue
		}
		a, err := netip.ParseAddr(end.text)
		if err != nil || !subnet.Contains(a) {
			return at(end.name, model.BadValue, "not in the subnet %s of the interface", subnet.Masked())
		}
		*end.to = number(a)
	}
	host := ^uint32(0) >> subnet.Bits()
	switch {
	case low > high:
		return at("MinAddress", model.BadValue, "the range of addresses ends before it begins")
	case low == base:
		return at("MinAddress", model.BadValue, "that is the address of the network")
	case high == base+host:
		return at("MaxAddress", model.BadValue, "that is the broadcast address")
	}
	if err := r.uciSet("dhcp", s.Name, "start", strconv.Itoa(int(low-base))); err != nil {
		return err
	}
	return r.uciSet("dhcp", s.Name, "limit", strconv.Itoa(int(high-low)+1))
}

// Options with a parameter of their own, by number, as dnsmasq calls them.
var namedOptions = map[string]string{
	"1": "netmask", "3": "router", "6": "dns-server", "12": "hostname", "15": "domain-name", "28": "broadcast", "42": "ntp-server",
	"44": "netbios-ns", "66": "tftp-server", "67": "bootfile-name", "119": "domain-search", "121": "classless-static-route",
	"150": "tftp-server-address",
}

// cutOption splits "6,1.2.3.4", "option:dns-server,1.2.3.4" or "tag:x,6,…" into number and value; ok is false for what
// is not a plain option for all clients.
func cutOption(entry string) (code, value string, ok bool) {
	code, value, _ = strings.Cut(entry, ",")
	if name, named := strings.CutPrefix(code, "option:"); named {
		code = name
		for n, known := range namedOptions {
			if known == name {
				code = n
			}
		}
	}
	n, err := strconv.Atoi(code)
	return code, value, err == nil && n > 0 && n < 255
}

// getPoolOption is the value of one DHCP option of a pool: `call dhcp4.option CODE`; "" where dnsmasq's default holds.
func getPoolOption(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	for _, entry := range items(r.own(row), "dhcp_option") {
		if code, value, ok := cutOption(entry); ok && code == args[0] {
			return joinList(strings.Split(value, ",")), nil
		}
	}
	return "", nil
}

func setPoolOption(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	list, isList := splitList(value)
	if !isList {
		list = strings.Split(value, ",")
	}
	value = strings.Join(list, ",")
	if strings.ContainsAny(value, " \t\n\r") {
		return model.Errorf(model.BadValue, "dnsmasq's configuration cannot hold white space")
	}
	entries := slices.Clone(items(r.own(row), "dhcp_option"))
	i := slices.IndexFunc(entries, func(e string) bool { code, _, ok := cutOption(e); return ok && code == args[0] })
	switch {
	case i >= 0 && value == "":
		entries = slices.Delete(entries, i, i+1)
	case i >= 0:
		head, old, _ := strings.Cut(entries[i], ",")
		if old == value {
			return nil
		}
		entries[i] = head + "," + value
	case value == "":
		return nil
	default:
		entries = append(entries, args[0]+","+value)
	}
	return r.setItems("dhcp", row.Section, "dhcp_option", entries)
}
