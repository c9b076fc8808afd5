package source

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// dhcp6Table are the values of Device.DHCPv6, RouterAdvertisement and NeighborDiscovery.
var dhcp6Table = []named{
	{"dhcp6.services", &Func{Rows: serviceRows, Add: addService, Delete: deleteService}},
	{"dhcp6.service", &Func{Get: getOdhcpd, Set: setOdhcpd, Hook: hookOdhcpd}},
	{"dhcp6.leases", &Func{Rows: leaseRows6, Get: getLease6}},
	{"dhcp6.client", &Func{Get: getClient6, Set: setClient6, Hook: hookClient6}},
	{"dhcp6.received", &Func{Rows: receivedRows6, Get: getReceived6}},
	{"dhcp6.discovery", &Func{Rows: discoveryRows, Get: getDiscovery}},
}

// A service is what odhcpd does by a `config dhcp` section besides DHCPv4: router advertisements (ra) or DHCPv6 (dhcpv6), by
// the option of that name. It is the Data of a row of Server.Pool and of RouterAdvertisement.InterfaceSetting, which are there as long as the
// section has the option. Rows of several tables can share a section: each moves and goes with its own options.
type service string

var services = [...]service{"ra", "dhcpv6"}

func (v service) on(s *uci.Section) bool {
	mode := s.Get(string(v))
	return mode == "server" || mode == "hybrid"
}

// has reports whether an option belongs to the service.
func (v service) has(option string) bool {
	return option == "cwmp_"+string(v) || option == "ra" && v == "ra" || strings.HasPrefix(option, "ra_") && v == "ra" ||
		strings.HasPrefix(option, "dhcpv6") && v == "dhcpv6"
}

// ownedBy6 reports whether a section was made for one of the services, and is no DHCPv4 pool.
func ownedBy6(s *uci.Section) bool {
	return slices.ContainsFunc(services[:], func(v service) bool { return strings.HasPrefix(s.Name, "cwmp_"+string(v)+"_") })
}

func (v service) sections(r *Reader) []*uci.Section {
	p := r.UCI("dhcp")
	if p == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.OfType("dhcp")), func(s *uci.Section) bool { return s.Option(string(v)) == nil })
}

// row is that of a section; a row that moved to another section keeps its key in an option.
func (v service) row(r *Reader, s *uci.Section) model.Row {
	row := r.rowOf("dhcp", s, "interface")
	row.Key = cmp.Or(s.Get("cwmp_"+string(v)), row.Key)
	row.Data = v
	return row
}

// serviceRows is `rows call dhcp6.services SERVICE`.
func serviceRows(_ context.Context, r *Reader, _ *model.Row, args []string) ([]model.Row, error) {
	var rows []model.Row
	for _, s := range service(args[0]).sections(r) {
		rows = append(rows, service(args[0]).row(r, s))
	}
	return rows, nil
}

// addService is `add call dhcp6.services SERVICE [OPTION=VALUE]`.
func addService(_ context.Context, r *Reader, _ *model.Row, n uint32, args []string) (model.Row, error) {
	name := r.freeName("dhcp", "cwmp_"+args[0]+"_"+strconv.Itoa(int(n)))
	pairs := []string{"dhcpv4", "disabled", args[0], "disabled"}
	for _, arg := range args[1:] {
		option, value, _ := strings.Cut(arg, "=")
		pairs = append(pairs, option, value)
	}
	return model.Row{Key: name, Package: "dhcp", Section: name, Data: service(args[0])}, r.addSection("dhcp", "dhcp", name, pairs...)
}

// leave takes the options of the service out of a section, and removes a section that was there for it alone.
func (v service) leave(r *Reader, s *uci.Section) error {
	if ownedBy6(s) && !slices.ContainsFunc(services[:], func(o service) bool { return o != v && s.Option(string(o)) != nil }) {
		return r.removeSection("dhcp", s.Name)
	}
	for _, o := range slices.Clone(s.Options) {
		if v.has(o.Name) {
			if err := r.uciSet("dhcp", s.Name, o.Name, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func deleteService(_ context.Context, r *Reader, row *model.Row) error {
	s, v := r.own(row), row.Data.(service)
	if s == nil {
		return nil
	}
	if p := r.UCI("dhcp"); v == "dhcpv6" {
		for _, o := range slices.Clone(p.OfType(optionBeside6)) {
			if o.Get("owner") == s.Name {
				if err := r.removeSection("dhcp", o.Name); err != nil {
					return err
				}
			}
		}
	}
	return v.leave(r, s)
}

// move brings a service to the section of another network, or to one of its own where that network has none. What both
// services share (name servers, domains) goes along where it is not yet.
func (v service) move(r *Reader, row *model.Row, s, to *uci.Section, network string) error {
	name := ""
	if to == nil {
		name = r.freeName("dhcp", "cwmp_"+string(v)+"_"+network)
		if err := r.addSection("dhcp", "dhcp", name, "interface", network, "dhcpv4", "disabled"); err != nil {
			return err
		}
	} else {
		name = to.Name
	}
	for _, o := range s.Options {
		shared := slices.Contains([]string{"dns", "domain", "ntp", "dns_service"}, o.Name) && (to == nil || to.Option(o.Name) == nil)
		if v.has(o.Name) || shared {
			if err := r.uciEdit(uci.Edit{Op: uci.OpSet, Package: "dhcp", Section: name, Option: o.Name, Values: o.Values, IsList: o.IsList}); err != nil {
				return err
			}
		}
	}
	if err := r.uciSet("dhcp", name, "cwmp_"+string(v), row.Key); err != nil {
		return err
	}
	if v == "dhcpv6" {
		for _, o := range r.UCI("dhcp").OfType(optionBeside6) {
			if o.Get("owner") == s.Name {
				if err := r.uciSet("dhcp", o.Name, "owner", name); err != nil {
					return err
				}
			}
		}
	}
	row.Section, row.Place = name, ""
	return v.leave(r, s)
}

func (v service) setInterface(r *Reader, row *model.Row, s *uci.Section, network string) error {
	if s.Get("interface") == network {
		return nil
	}
	var to *uci.Section
	for _, o := range r.UCI("dhcp").OfType("dhcp") {
		if network == "" || o.Name == s.Name || o.Get("interface") != network {
			continue
		}
		if o.Option(string(v)) != nil {
			return badValue("another row is for that interface")
		}
		to = o
	}
	if to == nil && ownedBy6(s) && !slices.ContainsFunc(services[:], func(o service) bool { return o != v && s.Option(string(o)) != nil }) {
		return r.uciSet("dhcp", s.Name, "interface", network)
	}
	if network == "" {
		return badValue("a row of that section needs its interface")
	}
	return v.move(r, row, s, to, network)
}

// leaseBits is the length of the part of a prefix that a network has, 64 where it has none.
func (n *netView) leaseBits(network string) int {
	i := n.iface[network]
	if i == nil {
		return 64
	}
	if bits, err := strconv.Atoi(text(i.s, "ip6assign")); err == nil && bits > 0 && bits <= 64 {
		return bits
	}
	return 64
}

func intOr(text string, absent int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return absent
}

// getOdhcpd answers `call dhcp6.service FIELD [OPTION]` with what a section says of its service, or odhcpd's default.
func getOdhcpd(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	v, ok := row.Data.(service)
	if s == nil || !ok {
		return "", nil
	}
	n := r.network(ctx)
	network := s.Get("interface")
	i := n.iface[network]
	longest := intOr(s.Get("ra_maxinterval"), 600)
	switch args[0] {
	case "enable":
		return digit(v.on(s)), nil
	case "status":
		switch {
		case !v.on(s):
			return "Disabled", nil
		case i == nil:
			return "Error_Misconfigured", nil
		}
		return "Enabled", nil
	case "order":
		return strconv.Itoa(1 + slices.IndexFunc(v.sections(r), func(o *uci.Section) bool { return o.Name == s.Name })), nil
	case "interface":
		return network, nil
	case "prefixes":
		var refs []string
		if i == nil || !v.on(s) || !yes(s.Get(args[1]), true) {
			break
		}
		for _, part := range i.live.Get("ipv6-prefix-assignment").All() {
			if a := newLiveAddr(part); len(refs) < 8 && (a.bits < 64 || a.bits == 64 && args[1] != "dhcpv6_pd") {
				refs = append(refs, ref(tablePrefix, a.field("prefix")))
			}
		}
		return joinRefs(refs...), nil
	case "addlength":
		return strconv.Itoa(max(intOr(s.Get("dhcpv6_pd_min_len"), 62)-n.leaseBits(network), 0)), nil
	case "shortest":
		return cmp.Or(s.Get("ra_mininterval"), strconv.Itoa(longest/3)), nil
	case "lifetime":
		return cmp.Or(s.Get("ra_lifetime"), strconv.Itoa(3*longest)), nil
	case "mtu":
		if i != nil && s.Get("ra_mtu") == "" {
			return n.live.devices[i.l3].Get("mtu").Text(), nil
		}
		return s.Get("ra_mtu"), nil
	case "flag":
		return digit(slices.Contains(raFlags(s), args[1])), nil
	case "mode":
		if len(servers6(s, true)) == 0 && yes(s.Get("dns_service"), true) && yes(s.Get("ra_dns"), true) {
			return "GUA", nil
		}
		return "Static", nil
	case "servers":
		return joinList(servers6(s, true)), nil
	}
	return "", nil
}

func raFlags(s *uci.Section) []string {
	if s.Option("ra_flags") == nil {
		return []string{"other-config"}
	}
	return slices.DeleteFunc(slices.Clone(items(s, "ra_flags")), func(f string) bool { return f == "none" })
}

// servers6 are the name servers of a section that are addresses of IPv6, or those that are not.
func servers6(s *uci.Section, six bool) []string {
	return slices.DeleteFunc(slices.Clone(items(s, "dns")), func(item string) bool {
		a, err := netip.ParseAddr(item)
		return (err == nil && a.Is6()) != six
	})
}

func setOdhcpd(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	have, err := getOdhcpd(ctx, r, row, args)
	s := r.own(row)
	if s == nil || err != nil || have == value {
		return err
	}
	v := row.Data.(service)
	put := func(option, value string) error { return r.uciSet("dhcp", s.Name, option, value) }
	switch args[0] {
	case "enable":
		if value == "1" {
			return put(string(v), "server")
		}
		return put(string(v), "disabled")
	case "interface":
		return v.setInterface(r, row, s, value)
	case "addlength":
		bits := r.network(ctx).leaseBits(s.Get("interface")) + intOr(value, 0)
		if bits > 64 {
			return badValue("nothing longer than 64 bits is delegated")
		}
		return put("dhcpv6_pd_min_len", strconv.Itoa(bits))
	case "shortest":
		return put("ra_mininterval", value)
	case "lifetime":
		return put("ra_lifetime", value)
	case "mtu":
		return put("ra_mtu", value)
	case "flag":
		flags := slices.DeleteFunc(raFlags(s), func(f string) bool { return f == args[1] })
		if value == "1" {
			flags = append(flags, args[1])
		}
		if len(flags) == 0 {
			flags = []string{"none"}
		}
		return r.setItems("dhcp", s.Name, "ra_flags", flags)
	case "mode":
		announce := ""
		switch value {
		case "Static":
			announce = "0"
		case "GUA":
			if err := r.setItems("dhcp", s.Name, "dns", servers6(s, false)); err != nil {
				return err
			}
			if err := put("ra_dns", ""); err != nil {
				return err
			}
		default:
			return badValue("odhcpd announces servers that are given, or an address of the interface")
		}
		return put("dns_service", announce)
	case "servers":
		list, isList := splitList(value)
		if !isList && value != "" {
			list = []string{value}
		}
		announce := ""
		if len(list) == 0 {
			announce = "0"
		}
		if err := put("dns_service", announce); err != nil {
			return err
		}
		return r.setItems("dhcp", s.Name, "dns", append(servers6(s, false), list...))
	}
	return readOnly("%s of odhcpd", args[0])
}

// hookOdhcpd looks at a row as the request leaves it.
func hookOdhcpd(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	s := r.own(row)
	v, ok := row.Data.(service)
	if s == nil || !ok {
		return nil
	}
	if (changed["Enable"] != "" || changed["Interface"] != "") && v.on(s) && r.network(ctx).iface[s.Get("interface")] == nil {
		return at("Enable", model.BadValue, "it needs an Interface")
	}
	longest := intOr(s.Get("ra_maxinterval"), 600)
	if n := intOr(s.Get("ra_mininterval"), longest/3); changed["MinRtrAdvInterval"]+changed["MaxRtrAdvInterval"] != "" && n > longest*3/4 {
		return at("MinRtrAdvInterval", model.BadValue, "more than three quarters of MaxRtrAdvInterval")
	}
	n := intOr(s.Get("ra_lifetime"), 3*longest)
	if changed["AdvDefaultLifetime"]+changed["MaxRtrAdvInterval"] != "" && n != 0 && (n < longest || n > 9000) {
		return at("AdvDefaultLifetime", model.BadValue, "0, or MaxRtrAdvInterval to 9000")
	}
	return nil
}
