package source

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// dhcpFuncs are the values of Device.DHCPv4.
func dhcpFuncs() map[string]Func {
	funcs := map[string]Func{
		"dhcp4.server": {Get: getDHCPServer, Set: setDHCPServer},
		"dhcp4.metric": {Get: getDHCPMetric},
		"dhcp4.pools":  {Rows: poolRows, Delete: deletePool},
		// netifd tells udhcpc to renew its lease.
		"dhcp4.renew": command(func(_ *Reader, row *model.Row) []ubusCommand {
			return []ubusCommand{{"network.interface." + row.Section, "renew", ubus.Table()}}
		}),
		"dhcp4.match":       {Get: getCriterion},
		"dhcp4.pool":        {Get: getPool, Set: setPool, Hook: hookPool},
		"dhcp4.option":      {Get: getPoolOption, Set: setPoolOption},
		"dhcp4.hosts":       {Rows: poolHosts, Add: addPoolHost, Delete: deleteSection},
		"dhcp4.host":        {Get: getPoolHost, Set: setPoolHost, Hook: hookPoolHost},
		"dhcp4.hostenable":  hostParking.enable(),
		"dhcp4.clients":     {Rows: poolClients},
		"dhcp4.client":      {Get: getPoolClient},
		"dhcp4.address":     {Rows: clientAddresses},
		"dhcp4.clientopts":  {Rows: clientOptions, Get: getClientOption},
		"dhcp4.relays":      {Rows: relayRows, Add: addRelay, Delete: deleteSection},
		"dhcp4.relay":       {Get: getRelay, Set: setRelay},
		"dhcp4.relayenable": relayParking.enable(),
		"dhcp4.live":        {Get: getDHCPClient},
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

// ifaceStatus is netifd's view of a network, absent while it does not know it.
func ifaceStatus(ctx context.Context, r *Reader, network string) ubus.Value {
	index := r.Memo("netifd interfaces", func() any {
		m := map[string]ubus.Value{}
		for _, v := range r.Ubus(ctx, "network.interface", "dump", ubus.Value{}).Get("interface").All() {
			m[v.Get("interface").Text()] = v
		}
		return m
	}).(map[string]ubus.Value)
	return index[network]
}

func networkUp(ctx context.Context, r *Reader, network string) bool {
	return ifaceStatus(ctx, r, network).Get("up").Bool()
}

// subnetOf is the first configured IPv4 address of a network with its prefix; not valid where it is not static.
func subnetOf(r *Reader, network string) netip.Prefix {
	s := r.section("network", network)
	if s == nil || s.Get("proto") != "static" {
		return netip.Prefix{}
	}
	for _, item := range items(s, "ipaddr") {
		if p, err := netip.ParsePrefix(item); err == nil && p.Addr().Is4() {
			return p
		}
		a, err := netip.ParseAddr(item)
		if err != nil || !a.Is4() {
			continue
		}
		bits := 24
		if m, err := netip.ParseAddr(s.Get("netmask")); err == nil && m.Is4() {
			bits = maskBits(m)
		} else if n, err := strconv.Atoi(s.Get("netmask")); err == nil && n > 0 && n <= 32 {
			bits = n
		}
		return netip.PrefixFrom(a, bits)
	}
	return netip.Prefix{}
}

func maskBits(mask netip.Addr) int {
	n := number(mask)
	bits := 0
	for n&0x80000000 != 0 {
		bits++
		n <<= 1
	}
	return bits
}

func maskOf(bits int) netip.Addr { return addr(^uint32(0) << (32 - bits)) }

func number(a netip.Addr) uint32 {
	if !a.Is4() {
		return 0
	}
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func addr(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}

// ------------------------------------------------------------------------------------------------ the server

func pools(r *Reader) []*uci.Section {
	p := r.UCI("dhcp")
	if p == nil {
		return nil
	}
	return p.OfType("dhcp")
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

// ------------------------------------------------------------------------------------------------------- pools

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

// ------------------------------------------------------------------------------------------- static addresses

var hostParking = parking{pkg: "dhcp", live: "host", parked: "cwmp_host", ident: []string{"mac", "name"}}

// poolOf is where we remember the pool of a host that has no address yet.
const poolOf = "cwmp_pool"

func poolHosts(_ context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	pool := r.own(parent)
	if pool == nil {
		return nil, nil
	}
	_, _, _, subnet := poolRange(r, pool)
	return hostParking.rows(r, func(h *uci.Section) bool {
		a, err := netip.ParseAddr(h.Get("ip"))
		if err != nil {
			return h.Get(poolOf) == pool.Name
		}
		return subnet.IsValid() && subnet.Contains(a)
	}), nil
}

func addPoolHost(_ context.Context, r *Reader, parent *model.Row, n uint32, _ []string) (model.Row, error) {
	name := r.freeName("dhcp", "cwmp_host_"+parent.Section+"_"+strconv.FormatUint(uint64(n), 10))
	err := r.addSection("dhcp", hostParking.parked, name, poolOf, parent.Section)
	return model.Row{Key: name, Package: "dhcp", Section: name}, err
}

func getPoolHost(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	if args[0] == "mac" {
		if macs := items(s, "mac"); len(macs) > 0 {
			return macs[0], nil
		}
		return "", nil
	}
	if ip := text(s, "ip"); ip != "ignore" {
		return ip, nil
	}
	return "", nil
}

func setPoolHost(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	s := r.own(row)
	if s == nil || args[0] != "mac" {
		return r.uciSet("dhcp", row.Section, args[0], value)
	}
	macs := slices.Clone(items(s, "mac"))
	if len(macs) < 2 {
		o := s.Option("mac")
		if len(macs) == 1 && strings.EqualFold(macs[0], value) {
			return nil
		}
		if o != nil && o.IsList && value != "" {
			return r.setItems("dhcp", s.Name, "mac", []string{value})
		}
		return r.uciSet("dhcp", s.Name, "mac", value)
	}
	macs[0] = value
	return r.setItems("dhcp", s.Name, "mac", macs)
}

func hookPoolHost(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	s := r.own(row)
	if s == nil {
		return nil
	}
	pool := r.own(row.Parent)
	if ip := s.Get("ip"); ip != "" && pool != nil {
		a, err := netip.ParseAddr(ip)
		_, _, _, subnet := poolRange(r, pool)
		switch {
		case err != nil || !subnet.IsValid() || !subnet.Contains(a):
			return at("Yiaddr", model.BadValue, "not in the subnet %s of the pool", subnet.Masked())
		case a == subnet.Addr():
			return at("Yiaddr", model.BadValue, "that is the router's own address")
		}
		if err := r.uciSet("dhcp", s.Name, poolOf, ""); err != nil {
			return err
		}
	} else if pool != nil && s.Get(poolOf) != pool.Name {
		if err := r.uciSet("dhcp", s.Name, poolOf, pool.Name); err != nil {
			return err
		}
	}
	if s := r.own(row); s.Type == hostParking.live && (s.Get("mac") == "" || s.Get("ip") == "") && changed["Enable"] != "" {
		return at("Enable", model.BadValue, "it needs Chaddr and Yiaddr")
	}
	return nil
}

// ------------------------------------------------------------------------------------------------------ leases

// lease is one line of dnsmasq's lease file.
type lease struct {
	expires  int64 // Unix seconds, 0: never
	mac      string
	ip       netip.Addr
	name     string
	clientID string // hexadecimal, no colons
}

// leases reads dnsmasq's lease file, and what odhcpd serves where it is the DHCPv4 server.
func leases(ctx context.Context, r *Reader) []lease {
	return r.Memo("dhcp leases", func() any {
		file := "/tmp/dhcp.leases"
		if p := r.UCI("dhcp"); p != nil {
			for _, s := range p.OfType("dnsmasq") {
				if f := s.Get("leasefile"); f != "" {
					file = f
					break
				}
			}
		}
		return append(parseLeases(string(r.File(file))), odhcpdLeases(ctx, r)...)
	}).([]lease)
}

func parseLeases(text string) []lease {
	var out []lease
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 5 {
			continue // "duid …": from here on it is DHCPv6
		}
		ip, err := netip.ParseAddr(f[2])
		expires, err2 := strconv.ParseInt(f[0], 10, 64)
		mac := plainMAC(f[1])
		if err != nil || err2 != nil || !ip.Is4() || mac == "" {
			continue
		}
		l := lease{expires: expires, mac: mac, ip: ip}
		if f[3] != "*" {
			l.name = clean(f[3])
		}
		if id := strings.ReplaceAll(f[4], ":", ""); isHex(id) {
			l.clientID = id
		}
		out = append(out, l)
	}
	return out
}

func odhcpdLeases(ctx context.Context, r *Reader) []lease {
	s := r.section("dhcp", "odhcpd")
	if !yes(text(s, "maindhcp"), false) {
		return nil
	}
	var out []lease
	for _, dev := range r.Ubus(ctx, "dhcp", "ipv4leases", ubus.Value{}).Get("device").All() {
		for _, v := range dev.Get("leases").All() {
			ip, err := netip.ParseAddr(v.Get("address").Text())
			mac := plainMAC(v.Get("mac").Text())
			if err != nil || mac == "" {
				continue
			}
			l := lease{mac: mac, ip: ip, name: v.Get("hostname").Text()}
			if left, ok := v.Get("valid").Int(); ok && left > 0 && left < 1<<32-1 {
				l.expires = time.Now().Unix() + left
			}
			out = append(out, l)
		}
	}
	return out
}

// plainMAC is a MAC address in lower case with colons, "" where the text is none. dnsmasq writes "06-…" before one that
// is not of Ethernet.
func plainMAC(text string) string {
	text = strings.ToLower(strings.ReplaceAll(text, "-", ":"))
	if len(text) == 12 && isHex(text) {
		return text[0:2] + ":" + text[2:4] + ":" + text[4:6] + ":" + text[6:8] + ":" + text[8:10] + ":" + text[10:12]
	}
	if len(text) != 17 || !isHex(strings.ReplaceAll(text, ":", "")) || strings.Count(text, ":") != 5 {
		return ""
	}
	return text
}

func isHex(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil && text != ""
}

// poolClients are the leases in the subnet of a pool.
func poolClients(ctx context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	pool := r.own(parent)
	if pool == nil {
		return nil, nil
	}
	_, _, _, subnet := poolRange(r, pool)
	if !subnet.IsValid() {
		return nil, nil
	}
	var out []model.Row
	for _, l := range leases(ctx, r) {
		if subnet.Contains(l.ip) && !slices.ContainsFunc(out, func(o model.Row) bool { return o.Key == l.mac }) {
			out = append(out, model.Row{Key: l.mac, Data: l})
		}
	}
	return out, nil
}

// getPoolClient answers `call dhcp4.client mac|active|ip|expires`, for the client and for its address.
func getPoolClient(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	l, ok := row.Data.(lease)
	if !ok {
		return "", nil
	}
	switch args[0] {
	case "mac":
		return l.mac, nil
	case "active":
		h := hosts(ctx, r)[l.mac]
		return digit((l.expires == 0 || l.expires > time.Now().Unix()) && h != nil && h.active), nil
	case "ip":
		return l.ip.String(), nil
	case "expires":
		if l.expires == 0 {
			return "9999-12-31T23:59:59Z", nil // for ever, in TR-106's words
		}
		return time.Unix(l.expires, 0).UTC().Format(time.RFC3339), nil
	}
	return "", nil
}

func clientAddresses(ctx context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	l, _ := parent.Data.(lease)
	var out []model.Row
	for _, o := range leases(ctx, r) {
		if o.mac == l.mac && l.mac != "" && subnetOfRow(r, parent.Parent).Contains(o.ip) {
			out = append(out, model.Row{Key: o.ip.String(), Data: o})
		}
	}
	return out, nil
}

func subnetOfRow(r *Reader, pool *model.Row) netip.Prefix {
	s := r.own(pool)
	if s == nil {
		return netip.Prefix{}
	}
	_, _, _, subnet := poolRange(r, s)
	return subnet
}

// clientOptions are the options that the lease file keeps: host name and client identifier.
func clientOptions(_ context.Context, _ *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	l, _ := parent.Data.(lease)
	var out []model.Row
	if l.name != "" {
		out = append(out, model.Row{Key: "12", Data: hex.EncodeToString([]byte(l.name))})
	}
	if l.clientID != "" {
		out = append(out, model.Row{Key: "61", Data: l.clientID})
	}
	return out, nil
}

func getClientOption(_ context.Context, _ *Reader, row *model.Row, _ []string) (string, error) {
	value, _ := row.Data.(string)
	return value, nil
}

// ------------------------------------------------------------------------------------------------------- relay

var relayParking = parking{pkg: "dhcp", live: "relay", parked: "cwmp_relay", ident: []string{"local_addr", "server_addr"}}

func relayRows(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	return relayParking.rows(r, func(*uci.Section) bool { return true }), nil
}

func addRelay(_ context.Context, r *Reader, _ *model.Row, n uint32, _ []string) (model.Row, error) {
	name := r.freeName("dhcp", "cwmp_relay_"+strconv.FormatUint(uint64(n), 10))
	return model.Row{Key: name, Package: "dhcp", Section: name}, r.addSection("dhcp", relayParking.parked, name)
}

// getRelay answers `call dhcp4.relay FIELD`; the row is nobody's for the relay as a whole.
func getRelay(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	p := r.UCI("dhcp")
	if p == nil {
		return "", nil
	}
	s := r.own(row)
	switch args[0] {
	case "any":
		return digit(len(p.OfType("relay")) > 0), nil
	case "anystatus":
		if len(p.OfType("relay")) > 0 {
			return "Enabled", nil
		}
		return "Disabled", nil
	case "status":
		switch {
		case s == nil || s.Type != "relay":
			return "Disabled", nil
		case s.Get("local_addr") == "" || s.Get("server_addr") == "":
			return "Error_Misconfigured", nil
		}
		return "Enabled", nil
	case "order":
		n := 0
		for _, o := range p.Sections {
			if o.Type == "relay" || o.Type == "cwmp_relay" {
				n++
			}
			if s != nil && o.Name == s.Name {
				break
			}
		}
		return strconv.Itoa(n), nil
	case "interface":
		if a, err := netip.ParseAddr(text(s, "local_addr")); err == nil {
			return networkPath(r, networkOfAddress(r, a)), nil
		}
	}
	return "", nil
}

// networkOfAddress is the network that has an address as its own.
func networkOfAddress(r *Reader, a netip.Addr) string {
	p := r.UCI("network")
	if p == nil {
		return ""
	}
	for _, s := range p.OfType("interface") {
		if sub := subnetOf(r, s.Name); sub.IsValid() && sub.Addr() == a {
			return s.Name
		}
	}
	return ""
}

func setRelay(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if have, _ := getRelay(ctx, r, row, args); have == value {
		return nil
	}
	if value == "" {
		return r.uciSet("dhcp", row.Section, "local_addr", "")
	}
	sub := subnetOf(r, networkAt(r, value))
	if !sub.IsValid() {
		return model.Errorf(model.BadValue, "that interface has no static IPv4 address")
	}
	return r.uciSet("dhcp", row.Section, "local_addr", sub.Addr().String())
}

// ------------------------------------------------------------------------------------------------------ client

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
