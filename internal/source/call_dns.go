package source

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// dnsFuncs are the values of Device.DNS.
func dnsFuncs() map[string]Func {
	funcs := map[string]Func{
		"dns.client":     {Get: getDNSClient},
		"dns.relay":      {Get: getDNSRelay, Set: setDNSRelay},
		"dns.config":     {Get: getRelayConfig},
		"dns.zone":       {Get: getZone, Set: setZone},
		"dns.hosts":      {Rows: zoneHosts, Add: addZoneHost, Delete: deleteSection},
		"dns.host":       {Get: getZoneHost, Set: setZoneHost, Hook: hookZoneHost},
		"dns.hostenable": domainParking.enable(),
		"dns.learned":    {Rows: learnedServers},
		"dns.upstream":   {Rows: learnedForwarders},
	}
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

// --------------------------------------------------------------------------------------------------- the relay

func dnsmasqs(r *Reader) []*uci.Section {
	p := r.UCI("dhcp")
	if p == nil {
		return nil
	}
	return p.OfType("dnsmasq")
}

func firstDnsmasq(r *Reader, _ *model.Row) []*uci.Section {
	if all := dnsmasqs(r); len(all) > 0 {
		return all[:1]
	}
	return nil
}

func relayOn(r *Reader) bool {
	return slices.ContainsFunc(dnsmasqs(r), func(s *uci.Section) bool { return s.Get("port") != "0" && !yes(s.Get("disabled"), false) })
}

func getDNSRelay(ctx context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	if args[0] == "enable" {
		return digit(relayOn(r)), nil
	}
	if !relayOn(r) {
		return "Disabled", nil
	}
	service := r.Ubus(ctx, "service", "list", ubus.Table("name", "dnsmasq")).Get("dnsmasq", "instances")
	for _, v := range service.All() {
		if v.Get("running").Bool() {
			return "Enabled", nil
		}
	}
	return "Error", nil
}

// setDNSRelay switches the DNS side of dnsmasq: port 0 leaves it a DHCP server.
func setDNSRelay(_ context.Context, r *Reader, _ *model.Row, _ []string, value string) error {
	if relayOn(r) == yes(value, false) {
		return nil
	}
	for _, s := range dnsmasqs(r) {
		port := "0"
		if yes(value, false) {
			port = ""
		}
		if err := r.uciSet("dhcp", s.Name, "port", port); err != nil {
			return err
		}
	}
	return nil
}

// getRelayConfig answers `call dns.config forwarders|interface` for one instance of dnsmasq.
func getRelayConfig(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	if args[0] == "interface" {
		for _, network := range items(r.own(row), "interface") {
			return networkPath(r, network), nil
		}
		return "", nil
	}
	if r.Tree() == nil {
		return "", nil
	}
	if all := dnsmasqs(r); len(all) == 0 || all[0].Name != row.Section {
		return "", nil
	}
	var out []string
	size := 0
	for _, f := range r.Tree().Rows("Device.DNS.Relay.Forwarding.") {
		if size += len(f.Path()) + 1; size > 256 {
			break
		}
		out = append(out, f.Path())
	}
	return joinList(out), nil
}

// learnedForwarders are the servers in the file that netifd writes for dnsmasq, unless that is told not to read it.
func learnedForwarders(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	file := "/tmp/resolv.conf.d/resolv.conf.auto"
	for _, s := range firstDnsmasq(r, nil) {
		if yes(s.Get("noresolv"), false) {
			return nil, nil
		}
		if f := s.Get("resolvfile"); f != "" {
			file = f
		}
	}
	var out []model.Row
	network := ""
	for line := range strings.Lines(string(r.File(file))) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == "#" && f[1] == "Interface" {
			network = f[2]
		}
		if len(f) < 2 || f[0] != "nameserver" {
			continue
		}
		server, _, _ := strings.Cut(f[1], "%")
		key := network + "/" + server
		if _, err := netip.ParseAddr(server); err != nil || slices.ContainsFunc(out, func(o model.Row) bool { return o.Key == key }) {
			continue
		}
		kind := learnedKind(ctx, r, network, server)
		if slices.Contains(items(r.section("network", network), "dns"), server) {
			kind = "Static"
		}
		out = append(out, model.Row{Key: key, ReadOnly: true, Data: learned{network, server, kind}})
	}
	return out, nil
}

// forwarder is ADDRESS[#PORT][@INTERFACE], an entry of dnsmasq's list server. Those for one domain only are not ours to
// show.
type forwarder struct{ address, port, iface string }

func cutForwarder(item string) forwarder {
	rest, iface, _ := strings.Cut(item, "@")
	address, port, _ := strings.Cut(rest, "#")
	return forwarder{address, port, iface}
}

func (f forwarder) String() string {
	out := f.address
	if f.port != "" {
		out += "#" + f.port
	}
	if f.iface != "" {
		out += "@" + f.iface
	}
	return out
}

// forwarderTable is DNS.Relay.Forwarding: `list server` of dnsmasq.
func forwarderTable() *listTable {
	return &listTable{
		pkg: "dhcp", typ: "cwmp_forwarder", prefix: "cwmp_fwd_", lists: []string{"server"},
		owners: firstDnsmasq,
		option: func(string) string { return "server" },
		shown:  func(item string) bool { _, err := netip.ParseAddr(cutForwarder(item).address); return err == nil },
		ident:  func(item string) string { return cutForwarder(item).address },
		get: func(r *Reader, _, item, field string) string {
			f := cutForwarder(item)
			switch field {
			case "server":
				return f.address
			case "interface":
				return networkPath(r, networkOfDevice(r, f.iface))
			}
			return "Static"
		},
		set: func(r *Reader, owner, item, field, value string) (string, string, error) {
			f := cutForwarder(item)
			if field == "server" {
				f.address = value
				return owner, f.String(), checkAddress(value)
			}
			f.iface = ""
			if value != "" {
				network := networkAt(r, value)
				if f.iface = deviceOfNetwork(r, network); f.iface == "" {
					return owner, item, model.Errorf(model.BadValue, "that interface has no device")
				}
			}
			return owner, f.String(), nil
		},
		check: func(_ *Reader, _, item string) error {
			if cutForwarder(item).address == "" {
				return at("DNSServer", model.BadValue, "an enabled row needs one")
			}
			return nil
		},
	}
}

// deviceOfNetwork is the device that carries a network's packets, as netifd says, else as configured.
func deviceOfNetwork(r *Reader, network string) string {
	if dev := ifaceStatus(context.Background(), r, network).Get("l3_device").Text(); dev != "" {
		return dev
	}
	return text(r.section("network", network), "device")
}

func networkOfDevice(r *Reader, device string) string {
	p := r.UCI("network")
	if p == nil || device == "" {
		return ""
	}
	for _, s := range p.OfType("interface") {
		if deviceOfNetwork(r, s.Name) == device {
			return s.Name
		}
	}
	return ""
}

// --------------------------------------------------------------------------------------------------- the zone

// getZone is the local domain of an instance of dnsmasq.
func getZone(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	return text(r.own(row), "domain"), nil
}

func setZone(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	if strings.ContainsAny(value, " \t\n\r/,#") {
		return model.Errorf(model.BadValue, "not a domain name")
	}
	s := r.own(row)
	old := text(s, "domain")
	if old == value {
		return nil
	}
	if err := r.uciSet("dhcp", row.Section, "domain", value); err != nil {
		return err
	}
	if local := text(s, "local"); local == "/"+old+"/" && value != "" {
		return r.uciSet("dhcp", row.Section, "local", "/"+value+"/")
	}
	return nil
}

var domainParking = parking{pkg: "dhcp", live: "domain", parked: "cwmp_domain", ident: []string{"name", "ip"}}

// zoneHosts are the names that dnsmasq is told; they are shown below its first instance.
func zoneHosts(_ context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	if all := dnsmasqs(r); len(all) == 0 || all[0].Name != parent.Section {
		return nil, nil
	}
	return domainParking.rows(r, func(*uci.Section) bool { return true }), nil
}

func addZoneHost(_ context.Context, r *Reader, _ *model.Row, n uint32, _ []string) (model.Row, error) {
	name := r.freeName("dhcp", "cwmp_domain_"+strconv.FormatUint(uint64(n), 10))
	return model.Row{Key: name, Package: "dhcp", Section: name}, r.addSection("dhcp", domainParking.parked, name)
}

func getZoneHost(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	if args[0] == "name" {
		return joinList(items(s, "name")), nil
	}
	if r.Tree() == nil {
		return "", nil
	}
	for mac, h := range hosts(ctx, r) {
		if ip := text(s, "ip"); ip != "" && slices.Contains(h.addresses(), ip) {
			return r.Tree().Path("Device.Hosts.Host.", mac), nil
		}
	}
	return "", nil
}

func setZoneHost(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if have, _ := getZoneHost(ctx, r, row, args); have == value {
		return nil
	}
	if args[0] == "name" {
		list, isList := splitList(value)
		if !isList {
			list = strings.FieldsFunc(value, func(c rune) bool { return c == ',' })
		}
		for _, name := range list {
			if strings.ContainsAny(name, " \t\n\r/#") {
				return model.Errorf(model.BadValue, "%q is not a host name", name)
			}
		}
		if len(list) == 1 {
			return r.uciSet("dhcp", row.Section, "name", list[0])
		}
		return r.setItems("dhcp", row.Section, "name", list)
	}
	if value == "" {
		return r.uciSet("dhcp", row.Section, "ip", "")
	}
	row2 := r.Tree().Row(value)
	if row2 == nil || row2.Table() != "Device.Hosts.Host." {
		return model.Errorf(model.BadValue, "no such host")
	}
	h := hosts(ctx, r)[row2.Key]
	if h == nil || h.ip() == "" {
		return model.Errorf(model.BadValue, "that host has no address")
	}
	return r.uciSet("dhcp", row.Section, "ip", h.ip())
}

func hookZoneHost(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	s := r.own(row)
	if s != nil && s.Type == domainParking.live && changed["Enable"] != "" && (s.Get("name") == "" || s.Get("ip") == "") {
		return at("Enable", model.BadValue, "it needs Name and Host")
	}
	return nil
}
