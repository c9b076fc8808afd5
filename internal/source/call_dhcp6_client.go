package source

import (
	"context"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// leaseRows6 is `rows call dhcp6.leases clients` below a pool: one row for each DUID, whose leases are its Data; and below it
// `ipv6-addr`, `ipv6-prefix`: one for each that it has, and `duid`: the one option of it that odhcpd tells.
func leaseRows6(ctx context.Context, r *Reader, parent *model.Row, args []string) ([]model.Row, error) {
	var rows []model.Row
	row := func(key string) *model.Row {
		for i := range rows {
			if rows[i].Key == key {
				return &rows[i]
			}
		}
		rows = append(rows, model.Row{Key: key})
		return &rows[len(rows)-1]
	}
	switch args[0] {
	case "clients":
		i := r.network(ctx).iface[text(r.own(parent), "interface")]
		if i == nil {
			break
		}
		for _, lease := range r.Ubus(ctx, "dhcp", "ipv6leases", ubus.Value{}).Get("device", i.l3, "leases").All() {
			if duid := lease.Get("duid").Text(); isHex(duid) && len(duid) <= 260 {
				c := row(strings.ToLower(duid))
				leases, _ := c.Data.([]ubus.Value)
				c.Data = append(leases, lease)
			}
		}
	case "duid":
		row("1")
	default:
		leases, _ := parent.Data.([]ubus.Value)
		for _, lease := range leases {
			for _, v := range lease.Get(args[0]).All() {
				key := v.Get("address").Text()
				if args[0] == "ipv6-prefix" {
					key += "/" + v.Get("prefix-length").Text()
				}
				row(key).Data = v
			}
		}
	}
	return rows, nil
}

// getLease6 answers `call dhcp6.leases source|active` for a client, and a lifetime of what it has.
func getLease6(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	switch d := row.Data.(type) {
	case ubus.Value:
		left, ok := d.Get(args[0]).Int()
		return lifetime(left, ok && left >= 0), nil
	case []ubus.Value:
		if args[0] == "source" {
			if h := hosts(ctx, r)[duidMAC(row.Key)]; h != nil {
				for _, a := range h.v6 {
					if a.IsLinkLocalUnicast() {
						return a.String(), nil
					}
				}
			}
			return "", nil
		}
		for _, lease := range d {
			if left, _ := lease.Get("valid").Int(); left != 0 {
				return "1", nil
			}
		}
		return "0", nil
	}
	return "", nil
}

// asks is the netdev on which an interface of proto dhcpv6 works, through an alias or not.
func (n *netView) asks(i *netIface) string {
	if name, alias := strings.CutPrefix(i.device, "@"); alias {
		if below := n.iface[name]; below != nil {
			return below.l3
		}
		return ""
	}
	return i.device
}

// getClient6 answers `call dhcp6.client interface|duid`. An alias (`option device '@wan'`) works on the interface that it
// names; what has a netdev of its own is an IP.Interface of its own too.
func getClient6(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	n := r.network(ctx)
	i := n.iface[row.Key]
	switch {
	case i == nil || i.device == "":
		return "", nil
	case args[0] == "interface":
		if name, alias := strings.CutPrefix(i.device, "@"); alias {
			return name, nil
		}
		return i.name, nil
	}
	duid := text(i.s, "clientid")
	if duid == "" && n.pkg != nil {
		for _, s := range n.pkg.OfType("globals") {
			duid = s.Get("dhcp_default_duid")
		}
	}
	if duid = strings.ToLower(strings.NewReplacer(":", "", "-", "", " ", "").Replace(duid)); isHex(duid) {
		return duid, nil
	}
	// odhcp6c makes one of the netdev's address (DUID-LL); where there is none it takes one of any other netdev.
	if mac := plainMAC(n.live.devices[n.asks(i)].Get("macaddr").Text()); mac != "" {
		return "00030001" + strings.ReplaceAll(mac, ":", ""), nil
	}
	return "", nil
}

func setClient6(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	n := r.network(ctx)
	i := n.iface[row.Key]
	if i == nil || i.s == nil {
		return readOnly("netifd made this interface itself")
	}
	have, err := getClient6(ctx, r, row, args)
	if err != nil || have == value {
		return err
	}
	if value == "" {
		return r.setIfaceDevice(i, "")
	}
	if dev := n.asks(i); value == i.name && dev != "" {
		return r.setIfaceDevice(i, dev)
	}
	if to := n.iface[value]; to == nil || to == i || to.device == "lo" || strings.HasPrefix(to.device, "@") {
		return badValue("a DHCPv6 client cannot work on that interface")
	}
	return r.setIfaceDevice(i, "@"+value)
}

// hookClient6: a client that is on has an interface, which no other has.
func hookClient6(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	n := r.network(ctx)
	i := n.iface[row.Key]
	if i == nil || i.s == nil || yes(i.s.Get("disabled"), false) || changed["Enable"]+changed["Interface"] == "" {
		return nil
	}
	dev := n.asks(i)
	if dev == "" {
		return at("Interface", model.BadValue, "the client needs an interface")
	}
	for _, o := range n.ifaces {
		if o != i && o.proto == "dhcpv6" && n.asks(o) == dev && (o.s == nil || !yes(o.s.Get("disabled"), false)) {
			return at("Interface", model.BadValue, "interface %s asks there already", o.name)
		}
	}
	return nil
}

// receivedRows6 are the options of the last reply that odhcp6c handed on.
func receivedRows6(ctx context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	i := r.network(ctx).iface[parent.Key]
	if i == nil {
		return nil, nil
	}
	options, _ := cutOptions6(i.live.Get("data", "passthru").Text())
	var rows []model.Row
	seen := map[string]int{}
	for _, o := range options {
		tag, value, _ := strings.Cut(o, ":")
		key := tag
		if seen[tag]++; seen[tag] > 1 {
			key += "." + strconv.Itoa(seen[tag])
		}
		rows = append(rows, model.Row{Key: key, Data: value})
	}
	return rows, nil
}

// discoveryRows are the interfaces that own an IPv6 netdev.
func discoveryRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	n := r.network(ctx)
	var rows []model.Row
	for _, i := range n.ifaces {
		if i.l3 != "" && i.l3 != "lo" && len(r.File("/proc/sys/net/ipv6/conf/"+i.l3+"/accept_ra")) > 0 && n.ownsLinkLocal(i) {
			rows = append(rows, i.row())
		}
	}
	return rows, nil
}

// getDiscovery answers `call dhcp6.discovery rs|interval|max`. Where odhcp6c runs it asks for routers, and not the kernel: at
// once and three times more, every four seconds.
func getDiscovery(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	n := r.network(ctx)
	dev := netdevOf(n, row)
	for _, i := range n.ifaces {
		if i.proto == "dhcpv6" && n.asks(i) == dev && i.live.Exists() {
			return map[string]string{"rs": "1", "interval": "4000", "max": "4"}[args[0]], nil
		}
	}
	sysctl := func(name string) string {
		return strings.TrimSpace(string(r.File("/proc/sys/net/ipv6/conf/" + dev + "/" + name)))
	}
	switch args[0] {
	case "rs":
		accept := sysctl("accept_ra")
		return digit(accept == "2" || accept == "1" && sysctl("forwarding") == "0"), nil
	case "interval":
		return strconv.Itoa(1000 * intOr(sysctl("router_solicitation_interval"), 4)), nil
	}
	if most := sysctl("router_solicitations"); most != "-1" {
		return most, nil
	}
	return "4294967295", nil // without an end
}

func getReceived6(_ context.Context, _ *Reader, row *model.Row, args []string) (string, error) {
	if args[0] == "tag" {
		tag, _, _ := strings.Cut(row.Key, ".")
		return tag, nil
	}
	value, _ := row.Data.(string)
	return value, nil
}
