package source

import (
	"context"
	"encoding/binary"
	"net/netip"
	"strconv"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

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
