package source

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// natFuncs are the values of Device.NAT.
func natFuncs() map[string]Func {
	return map[string]Func{
		"nat.interfaces": {Rows: natInterfaces},
		"nat.interface":  {Get: getNATInterface, Hook: hookNATInterface},
		"nat.mappings":   {Rows: portMappings, Add: addMapping, Delete: deleteMapping},
		"nat.mapping":    {Get: getMapping, Set: setMapping, Hook: hookMapping},
		"nat.control":    {Get: getOrigin},
	}
}

// zoneOf is the firewall zone of a network, nil where it has none.
func zoneOf(r *Reader, network string) *uci.Section {
	for _, z := range zones(r) {
		if slices.Contains(items(z, "network"), network) {
			return z
		}
	}
	return nil
}

func zoneNamed(r *Reader, name string) *uci.Section {
	for _, z := range zones(r) {
		if z.Get("name") == name {
			return z
		}
	}
	return nil
}

func zones(r *Reader) []*uci.Section {
	p := r.UCI("firewall")
	if p == nil {
		return nil
	}
	return p.OfType("zone")
}

// networkPath is the IP.Interface of a network, "" where there is none.
func networkPath(r *Reader, network string) string {
	if network == "" || r.Tree() == nil {
		return ""
	}
	return r.Tree().Path("Device.IP.Interface.", network)
}

// networkAt is the network that an IP.Interface stands for, "" where the path leads nowhere.
func networkAt(r *Reader, path string) string {
	if path == "" || r.Tree() == nil {
		return ""
	}
	row := r.Tree().Row(path)
	if row == nil || row.Table() != "Device.IP.Interface." {
		return ""
	}
	return row.Key
}

// speaksIPv4 leaves out networks that NAT, which is of IPv4 here, has nothing to do with.
func speaksIPv4(r *Reader, network string) bool {
	s := r.section("network", network)
	if s == nil || s.Type != "interface" {
		return false
	}
	switch s.Get("proto") {
	case "dhcpv6", "6in4", "6to4", "6rd", "dslite", "map", "464xlat":
		return false
	case "static":
		return s.Option("ipaddr") != nil
	}
	return true
}

// natInterfaces has one row per network that is in a firewall zone. The row's section is the zone's: masquerading is an
// option of the zone.
func natInterfaces(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var out []model.Row
	for _, z := range zones(r) {
		for _, network := range items(z, "network") {
			if speaksIPv4(r, network) {
				out = append(out, model.Row{Key: network, Package: "firewall", Section: z.Name})
			}
		}
	}
	return out, nil
}

func getNATInterface(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	z := r.own(row)
	switch args[0] {
	case "enable":
		return digit(yes(text(z, "masq"), false)), nil
	case "path":
		return networkPath(r, row.Key), nil
	case "sources":
		return joinList(items(z, "masq_src")), nil
	case "status":
		switch {
		case !yes(text(z, "masq"), false):
			return "Disabled", nil
		case networkUp(ctx, r, row.Key):
			return "Enabled", nil
		}
		return "Error", nil // the interface is down
	case "tcp":
		return conntrackTimeout(r, "nf_conntrack_tcp_timeout_established"), nil
	case "udp":
		return conntrackTimeout(r, "nf_conntrack_udp_timeout_stream"), nil
	}
	return "", nil
}

func conntrackTimeout(r *Reader, name string) string {
	if v := strings.TrimSpace(string(r.File("/proc/sys/net/netfilter/" + name))); v != "" {
		return v
	}
	return "-1"
}

// hookNATInterface writes what is the zone's. Networks of one zone are translated alike: it would be a bad surprise if
// NAT of one uplink went off with another's, so all of them have to be set in the same transaction.
func hookNATInterface(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	z := r.own(row)
	if z == nil {
		return nil
	}
	for name, option := range map[string]string{"Enable": "masq", "SourceNetwork": "masq_src"} {
		value, ok := changed[name]
		if !ok {
			continue
		}
		if option == "masq" {
			value = digit(yes(value, false))
		}
		if natHas(z, option) == value {
			continue
		}
		if err := natAgree(r, row, z, name, value); err != nil {
			return err
		}
		if option == "masq" {
			if err := r.uciSet("firewall", z.Name, option, value); err != nil {
				return err
			}
			continue
		}
		list := strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == ' ' })
		for _, item := range list {
			if !isSubnet(strings.TrimPrefix(item, "!")) {
				return at(name, model.BadValue, "%q is not an address or a prefix", item)
			}
		}
		if err := r.setItems("firewall", z.Name, option, list); err != nil {
			return err
		}
	}
	return nil
}

func natHas(z *uci.Section, option string) string {
	if option == "masq" {
		return digit(yes(z.Get("masq"), false))
	}
	return strings.Join(items(z, option), ",")
}

func natAgree(r *Reader, row *model.Row, z *uci.Section, name, value string) error {
	for _, other := range items(z, "network") {
		if other == row.Key || !speaksIPv4(r, other) {
			continue
		}
		path := r.Tree().Path("Device.NAT.InterfaceSetting.", other)
		have, err := r.Tree().Value(path + "." + name)
		if name == "Enable" {
			have = digit(yes(have, false))
		}
		if err == nil && have == value {
			continue
		}
		return at(name, model.Refused, "network %s is in the same firewall zone %s: set both alike", other, z.Get("name"))
	}
	return nil
}

func isSubnet(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(text)
	return err == nil
}

// Port mappings are DNAT redirects. One for both TCP and UDP is two rows, as TR-181 has one protocol a row; what is
// written to one of them, or its deletion, makes two sections of it.

var redirectIdent = []string{"src", "src_dport", "name"}

// protocols are those of a redirect that a row can show.
func protocols(s *uci.Section) []string {
	list := strings.Fields(strings.ToLower(strings.ReplaceAll(strings.Join(items(s, "proto"), " "), "tcpudp", "tcp udp")))
	if len(list) == 0 {
		list = []string{"tcp", "udp"} // fw4's default
	}
	var out []string
	for _, p := range []string{"tcp", "udp"} {
		if slices.Contains(list, p) || slices.Contains(list, "all") || slices.Contains(list, "any") || slices.Contains(list, "*") {
			out = append(out, p)
		}
	}
	return out
}

func isMapping(s *uci.Section) bool {
	target := strings.ToLower(s.Get("target"))
	return s.Type == "redirect" && (target == "dnat" || target == "")
}

// secondKey is the key of the UDP row of a redirect for both, and the name of its section once it has one of its own.
func secondKey(key string) string { return "pm_" + fingerName(key) + "_udp" }

func portMappings(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	p := r.UCI("firewall")
	if p == nil {
		return nil, nil
	}
	var out []model.Row
	for _, s := range p.OfType("redirect") {
		if !isMapping(s) {
			continue
		}
		row := r.rowOf("firewall", s, redirectIdent...)
		for i, proto := range protocols(s) {
			mapped := row
			mapped.Data = proto
			if i > 0 {
				mapped.Key, mapped.Place = secondKey(row.Key), ""
			}
			out = append(out, mapped)
		}
	}
	return append(out, upnpRows(r)...), nil
}

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

// mappingOf is the section and the protocol of a row; the section of a row's own, made in this transaction, comes first.
func mappingOf(r *Reader, row *model.Row) (*uci.Section, string) {
	proto, _ := row.Data.(string)
	if s := r.section("firewall", row.Key); s != nil {
		return s, proto
	}
	return r.own(row), proto
}

func addMapping(_ context.Context, r *Reader, _ *model.Row, n uint32, _ []string) (model.Row, error) {
	name := r.freeName("firewall", "cwmp_pm_"+strconv.FormatUint(uint64(n), 10))
	src := "wan"
	for _, z := range zones(r) {
		if yes(z.Get("masq"), false) {
			src = z.Get("name")
			break
		}
	}
	err := r.addSection("firewall", "redirect", name, "enabled", "0", "src", src, "proto", "tcp", "target", "DNAT")
	return model.Row{Key: name, Package: "firewall", Section: name, Data: "tcp"}, err
}

// split gives each protocol of a redirect its own section: the row's and the other one's.
func splitMapping(r *Reader, row *model.Row) (*uci.Section, error) {
	s, proto := mappingOf(r, row)
	if s == nil {
		return nil, model.Errorf(model.Internal, "the redirect is gone")
	}
	if len(protocols(s)) < 2 {
		return s, nil
	}
	second := row.Key
	if proto == "tcp" {
		second = secondKey(row.Key)
	}
	if err := r.addSection("firewall", "redirect", second); err != nil {
		return nil, err
	}
	for _, o := range s.Options {
		if o.Name == "proto" || o.Name == parkedKey {
			continue
		}
		if err := r.uciEdit(uci.Edit{Op: uci.OpSet, Package: "firewall", Section: second, Option: o.Name, Values: o.Values, IsList: o.IsList}); err != nil {
			return nil, err
		}
	}
	if err := r.uciSet("firewall", second, "proto", "udp"); err != nil {
		return nil, err
	}
	if err := r.uciSet("firewall", s.Name, "proto", "tcp"); err != nil {
		return nil, err
	}
	s, _ = mappingOf(r, row)
	return s, nil
}

func deleteMapping(_ context.Context, r *Reader, row *model.Row) error {
	s, err := splitMapping(r, row)
	if err != nil {
		return err
	}
	r.SetState(mappingNetwork(s.Name), "")
	return r.removeSection("firewall", s.Name)
}

// mappingNetwork is where we remember which network of the zone the ACS chose: fw4 knows zones only.
func mappingNetwork(section string) string { return "nat.network." + section }

func getMapping(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	if l, ok := row.Data.(upnpLease); ok {
		return l.get(r, args[0]), nil
	}
	s, proto := mappingOf(r, row)
	if s == nil {
		return "", nil
	}
	from, to := cutPorts(s.Get("src_dport"))
	inner, _ := cutPorts(s.Get("dest_port"))
	switch args[0] {
	case "enable":
		return digit(yes(s.Get("enabled"), true)), nil
	case "status":
		return mappingStatus(r, s), nil
	case "interface":
		return networkPath(r, mappingNetworkOf(r, s)), nil
	case "all":
		return digit(s.Get("src") == "*"), nil
	case "remote":
		return strings.Join(items(s, "src_ip"), " "), nil
	case "from":
		return from, nil
	case "to":
		return to, nil
	case "inner":
		if inner == "" || inner == "0" {
			return from, nil // fw4 leaves the port as it is
		}
		return inner, nil
	case "protocol":
		if list := protocols(s); len(list) == 1 {
			proto = list[0]
		}
		return strings.ToUpper(proto), nil
	case "client":
		return s.Get("dest_ip"), nil
	case "name":
		return s.Get("name"), nil
	case "log":
		return digit(s.Get("log") != "" && yes(s.Get("log"), true)), nil
	}
	return "", nil
}

// cutPorts splits "a-b" (fw4 takes "a:b" too); one port, or none, has no end.
func cutPorts(ports string) (from, to string) {
	from, to, _ = strings.Cut(strings.Replace(ports, ":", "-", 1), "-")
	if from == "" {
		from = "0"
	}
	if to == "" || to == from {
		to = "0"
	}
	return from, to
}

func mappingStatus(r *Reader, s *uci.Section) string {
	switch {
	case !yes(s.Get("enabled"), true):
		return "Disabled"
	case zoneNamed(r, s.Get("src")) == nil:
		return "Error_Misconfigured" // fw4 skips it, "*" as well
	case s.Get("dest_ip") == "" && s.Get("dest") != "":
		return "Error_Misconfigured"
	}
	return "Enabled"
}

func mappingNetworkOf(r *Reader, s *uci.Section) string {
	z := zoneNamed(r, s.Get("src"))
	list := items(z, "network")
	if chosen := r.State(mappingNetwork(s.Name)); slices.Contains(list, chosen) {
		return chosen
	}
	for _, network := range list {
		if speaksIPv4(r, network) {
			return network
		}
	}
	return ""
}

func setMapping(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if have, _ := getMapping(ctx, r, row, args); have == value {
		return nil
	}
	switch args[0] {
	case "all":
		if !yes(value, false) {
			return nil
		}
		return model.Errorf(model.BadValue, "the firewall needs one zone to redirect from")
	case "interface":
		if z := zoneOf(r, networkAt(r, value)); z == nil {
			return model.Errorf(model.BadValue, "that interface is in no firewall zone")
		}
	case "remote":
		if value != "" && !isSubnet(value) {
			return model.Errorf(model.BadValue, "want an address or a prefix")
		}
	case "client":
		if a, err := netip.ParseAddr(value); value != "" && (err != nil || !a.Is4()) {
			return model.Errorf(model.BadValue, "want an IPv4 address: the firewall does not look names up")
		}
	}
	s, err := splitMapping(r, row)
	if err != nil {
		return err
	}
	return writeMapping(r, s, args[0], value)
}

func writeMapping(r *Reader, s *uci.Section, field, value string) error {
	set := func(option, value string) error { return r.uciSet("firewall", s.Name, option, value) }
	from, to := cutPorts(s.Get("src_dport"))
	switch field {
	case "enable":
		return set("enabled", digit(yes(value, false)))
	case "interface":
		network := networkAt(r, value)
		r.SetState(mappingNetwork(s.Name), network)
		return set("src", zoneOf(r, network).Get("name"))
	case "remote":
		return set("src_ip", value)
	case "from":
		return set("src_dport", ports(value, to))
	case "to":
		return set("src_dport", ports(from, value))
	case "inner":
		return set("dest_port", ports(value, "0"))
	case "protocol":
		return set("proto", strings.ToLower(value))
	case "client":
		if err := set("dest_ip", value); err != nil {
			return err
		}
		return set("dest", zoneOfAddress(r, value))
	case "name":
		return set("name", value)
	case "log":
		if yes(value, false) {
			return set("log", "1")
		}
		return set("log", "")
	}
	return nil
}

func ports(from, to string) string {
	switch {
	case to != "0" && to != from:
		return from + "-" + to
	case from == "0":
		return ""
	}
	return from
}

// zoneOfAddress is the zone whose network an address belongs to, else lan's or none.
func zoneOfAddress(r *Reader, address string) string {
	if a, err := netip.ParseAddr(address); err == nil {
		for _, z := range zones(r) {
			for _, network := range items(z, "network") {
				if subnetOf(r, network).Contains(a) {
					return z.Get("name")
				}
			}
		}
	}
	if z := zoneOf(r, "lan"); z != nil && address != "" {
		return z.Get("name")
	}
	return ""
}

// hookMapping brings the ports into a form that fw4 takes, whatever order they were set in.
func hookMapping(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	s, _ := mappingOf(r, row)
	if s == nil {
		return nil
	}
	if _, ok := changed["InternalClient"]; ok || changed["Enable"] != "" {
		if ours(row) && yes(s.Get("enabled"), true) && s.Get("dest_ip") == "" {
			return at("InternalClient", model.BadValue, "an enabled mapping needs one: without it the port of the router itself is meant")
		}
	}
	_, from := changed["ExternalPort"]
	_, to := changed["ExternalPortEndRange"]
	_, inner := changed["InternalPort"]
	if !from && !to && !inner {
		return nil
	}
	outside, end := cutPorts(s.Get("src_dport"))
	inside, _ := cutPorts(s.Get("dest_port"))
	first, _ := strconv.Atoi(outside)
	last, _ := strconv.Atoi(end)
	target, _ := strconv.Atoi(inside)
	switch {
	case last != 0 && (first == 0 || last < first):
		return at("ExternalPortEndRange", model.BadValue, "the range of ports ends before it begins")
	case target == 0 && inner:
		return r.uciSet("firewall", s.Name, "dest_port", "")
	case target == 0:
		return nil
	case first == 0:
		return at("InternalPort", model.BadValue, "all ports cannot go to one")
	case last == 0:
		return r.uciSet("firewall", s.Name, "dest_port", inside)
	case target+last-first > 65535:
		return at("InternalPort", model.BadValue, "the range of ports ends beyond 65535")
	}
	return r.uciSet("firewall", s.Name, "dest_port", inside+"-"+strconv.Itoa(target+last-first))
}

// ours reports whether a row was made by AddObject.
func ours(row *model.Row) bool { return strings.HasPrefix(row.Key, "cwmp_") }

// getOrigin says who made a section: its name tells the ACS's from others.
func getOrigin(_ context.Context, _ *Reader, row *model.Row, _ []string) (string, error) {
	if _, ok := row.Data.(upnpLease); ok {
		return "UPnP", nil
	}
	if ours(row) {
		return "Controller", nil
	}
	return "User", nil
}
