package source

import (
	"context"
	"net/netip"
	"slices"
	"strconv"

	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// netIPv6Rows is `rows call net.ipv6`: static addresses, those that netifd got or cut from a prefix, and the link-local one.
func netIPv6Rows(ctx context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	n := r.network(ctx)
	b := r.addrBook(ctx, parent, "ip6addr")
	if b.iface == nil {
		return nil, nil
	}
	rows := b.rows()
	add := func(a *liveAddr) {
		known := slices.ContainsFunc(b.List, func(s *netAddr) bool { return s.Live && sameAddr(s.Addr, a.addr) }) ||
			slices.ContainsFunc(rows, func(row model.Row) bool { return row.Key == a.addr })
		if !known && a.addr != "" {
			a.status = n.state(b.iface.l3, a.addr, a.status)
			rows = append(rows, model.Row{Key: a.addr, ReadOnly: true, Data: addrData{a}})
		}
	}
	for _, v := range b.iface.live.Get("ipv6-address").All() {
		a := newLiveAddr(v)
		if a.origin = "AutoConfigured"; a.bits == 128 {
			a.origin = "DHCPv6"
		}
		// A static address that was taken away stays with the interface until it is reloaded.
		if b.iface.proto != "static" {
			add(a)
		}
	}
	for _, v := range b.iface.live.Get("ipv6-prefix-assignment").All() {
		a := newLiveAddr(v)
		local := v.Get("local-address")
		a.addr, a.origin = local.Get("address").Text(), "AutoConfigured"
		add(a)
	}
	if n.ownsLinkLocal(b.iface) {
		for _, k := range n.live.inet6[b.iface.l3] {
			a := &liveAddr{
				addr: k.Prefix.Addr().String(), bits: k.Prefix.Bits(), origin: "AutoConfigured",
				preferred: lifetime(int64(k.Preferred), true), valid: lifetime(int64(k.Valid), true),
			}
			switch ip := k.Prefix.Addr(); {
			case ip.IsLinkLocalUnicast():
				add(a)
			case ip.IsLoopback():
				a.origin = "WellKnown"
				add(a)
			}
		}
	}
	return rows, nil
}

// ownsLinkLocal picks one of the interfaces that share a netdev: the first that speaks IPv6 of its own, or else the first.
func (n *netView) ownsLinkLocal(i *netIface) bool {
	var owner *netIface
	for _, o := range n.ifaces {
		if o.l3 != i.l3 || !o.live.Get("up").Bool() {
			continue
		}
		speaks := o.live.Get("ipv6-address").Len()+o.live.Get("ipv6-prefix-assignment").Len() > 0
		if owner == nil || speaks && owner.live.Get("ipv6-address").Len()+owner.live.Get("ipv6-prefix-assignment").Len() == 0 {
			owner = o
		}
	}
	return owner == i
}

// newLiveAddr reads what netifd's lists of addresses and prefixes have in common.
func newLiveAddr(v ubus.Value) *liveAddr {
	bits, _ := v.Get("mask").Int()
	a := &liveAddr{addr: v.Get("address").Text(), bits: int(bits), status: "Preferred"}
	preferred, ok := v.Get("preferred").Int()
	if a.preferred = lifetime(preferred, ok); ok && preferred == 0 {
		a.status = "Deprecated"
	}
	valid, ok := v.Get("valid").Int()
	a.valid = lifetime(valid, ok)
	return a
}

// state is what the kernel says of an IPv6 address, or else what is known otherwise.
func (n *netView) state(dev, addr, known string) string {
	for _, k := range n.live.inet6[dev] {
		switch {
		case !sameAddr(k.Prefix.Addr().String(), addr):
		case k.Flags&kernel.Failed != 0:
			return "Duplicate"
		case k.Flags&kernel.Optimistic != 0:
			return "Optimistic"
		case k.Flags&kernel.Tentative != 0:
			return "Tentative"
		case k.Flags&kernel.Deprecated != 0:
			return "Deprecated"
		default:
			return "Preferred"
		}
	}
	return known
}

// netIPv6Prefix is `call net.ipv6.prefix`: the prefix of the same interface that the address is in.
func netIPv6Prefix(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	text, err := netAddrField("ip6addr").Get(ctx, r, row, []string{"address"})
	addr, perr := netip.ParseAddr(text)
	if err != nil || perr != nil {
		return "", err
	}
	rows, err := netPrefixRows(ctx, r, row.Parent, nil)
	for i := range rows {
		rows[i].Parent = row.Parent
		text, _ := netPrefix().Get(ctx, r, &rows[i], []string{"prefix"})
		if p, err := netip.ParsePrefix(text); err == nil && p.Contains(addr) {
			return ref(tablePrefix, rows[i].Key), nil
		}
	}
	return "", err
}

// netPrefixRows is `rows call net.prefixes`: prefixes given by hand, those a provider delegated, and the parts of them (or
// of the router's own prefix) that were assigned to the interface.
func netPrefixRows(ctx context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	n := r.network(ctx)
	b := r.addrBook(ctx, parent, "ip6prefix")
	if b.iface == nil {
		return nil, nil
	}
	rows := b.rows()
	for _, v := range b.iface.live.Get("ipv6-prefix").All() {
		a := newLiveAddr(v)
		known := slices.ContainsFunc(b.List, func(s *netAddr) bool { return s.Live && sameAddr(s.Addr, a.addr) })
		if a.origin = "PrefixDelegation"; !known && b.iface.proto != "static" {
			rows = append(rows, model.Row{Key: a.field("prefix"), ReadOnly: true, Data: addrData{a}})
		}
	}
	for _, v := range b.iface.live.Get("ipv6-prefix-assignment").All() {
		a := newLiveAddr(v)
		a.origin, a.parent = "Child", n.parentPrefix(b.iface.name, a)
		rows = append(rows, model.Row{Key: a.field("prefix"), Data: addrData{a}})
	}
	return rows, nil
}

// parentPrefix refers to the delegated prefix that a part was cut from.
func (n *netView) parentPrefix(name string, part *liveAddr) string {
	for _, i := range n.ifaces {
		for _, v := range i.live.Get("ipv6-prefix").All() {
			got := v.Get("assigned", name)
			if got.Exists() && sameAddr(got.Get("address").Text(), part.addr) {
				return ref(tablePrefix, newLiveAddr(v).field("prefix"))
			}
		}
	}
	return ""
}

// netPrefix is `call net.prefix FIELD`.
func netPrefix() Func {
	field := netAddrField("ip6prefix")
	return Func{
		Get: func(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
			live := liveOf(row)
			switch args[0] {
			case "statictype":
				switch {
				case live == nil:
					return "Static", nil
				case live.origin == "Child":
					return "Child", nil
				}
				return "Inapplicable", nil
			case "childbits":
				if live == nil || live.origin != "Child" {
					return "", nil
				}
				return r.childBits(row.Parent), nil
			case "onlink":
				return digit(live != nil && live.origin == "Child" && r.announced(row.Parent.Key)), nil
			}
			return field.Get(ctx, r, row, args)
		},
		Set: func(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
			if args[0] != "childbits" {
				return field.Set(ctx, r, row, args, value)
			}
			if live := liveOf(row); live == nil || live.origin != "Child" {
				return readOnly("only a part of another prefix has child bits")
			}
			return r.setChildBits(row.Parent, value)
		},
	}
}

// childBits is how an interface cuts its part from a prefix: as long as ip6assign says, at the place ip6hint says.
func (r *Reader) childBits(iface *model.Row) string {
	bits, err := strconv.Atoi(r.option(iface, "ip6assign"))
	if err != nil || bits < 1 || bits > 64 {
		return ""
	}
	hint, _ := strconv.ParseUint(r.option(iface, "ip6hint"), 16, 32)
	var b [16]byte
	for i := range 4 {
		b[4+i] = byte(hint >> (24 - 8*i))
	}
	return netip.PrefixFrom(netip.AddrFrom16(b), bits).String()
}

func (r *Reader) setChildBits(iface *model.Row, value string) error {
	if iface.Section == "" {
		return readOnly("netifd made this interface itself")
	}
	p, err := netip.ParsePrefix(value)
	if err != nil || !p.Addr().Is6() || p.Bits() < 33 || p.Bits() > 64 {
		return badValue("want the bits of a child prefix such as 0:0:0:10::/60, of 33 to 64 bits")
	}
	b := p.Masked().Addr().As16()
	for i, v := range b {
		if v != 0 && (i < 4 || i > 7) {
			return badValue("only bits 33 to 64 can be chosen")
		}
	}
	hint := uint32(b[4])<<24 | uint32(b[5])<<16 | uint32(b[6])<<8 | uint32(b[7])
	text := ""
	if hint != 0 {
		text = strconv.FormatUint(uint64(hint), 16)
	}
	if err := r.uciSet("network", iface.Section, "ip6assign", strconv.Itoa(p.Bits())); err != nil {
		return err
	}
	return r.uciSet("network", iface.Section, "ip6hint", text)
}

// dropChild ends that an interface takes parts of prefixes.
func (r *Reader) dropChild(iface *model.Row) error {
	if iface.Section == "" {
		return readOnly("netifd made this interface itself")
	}
	if err := r.uciSet("network", iface.Section, "ip6hint", ""); err != nil {
		return err
	}
	return r.uciSet("network", iface.Section, "ip6assign", "")
}

// announced reports whether odhcpd offers an interface's prefixes for autoconfiguration.
func (r *Reader) announced(iface string) bool {
	p := r.UCI("dhcp")
	if p == nil {
		return false
	}
	for _, s := range p.OfType("dhcp") {
		if s.Get("interface") == iface {
			return s.Get("ra") == "server" && yes(s.Get("ra_slaac"), true)
		}
	}
	return false
}
