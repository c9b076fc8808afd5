package kernel

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"syscall"
)

// A Link is a network device; kernel/links.json.
type Link struct {
	Index  uint32
	Name   string
	Master string // the bridge or bond that it is in
	Kind   string // "bridge", "vlan", "veth" …, "" for a device with a driver of its own
}

// An Address is one that a device has; kernel/addresses.json.
type Address struct {
	Dev       string
	Prefix    netip.Prefix // the address, with its length
	Flags     uint32       // IFA_F_…
	Preferred uint32       // seconds that are left, Forever
	Valid     uint32
}

// Flags of an Address.
const (
	Optimistic = 0x04
	Failed     = 0x08 // a duplicate
	Deprecated = 0x20
	Tentative  = 0x40
)

// Forever is a lifetime without end.
const Forever = 0xffffffff

// A Route is an entry of a routing table; kernel/routes.json.
type Route struct {
	Dest     netip.Prefix
	From     netip.Prefix // of the sources it goes for; the zero Prefix for all
	Gateway  netip.Addr   // the zero Addr for none
	Dev      string
	Metric   uint32
	Table    uint32 // MainTable …
	Protocol uint8  // RTPROT_…: who made it
	Type     uint8  // RTN_…: 1 unicast, 2 local, 6 blackhole, 7 unreachable, 8 prohibit
	Expires  uint32 // seconds, 0 for never
}

// MainTable is the routing table that is used where no rule says otherwise.
const MainTable = 254

// A Neighbour is an entry of the ARP or neighbour discovery table; kernel/neighbours.json.
type Neighbour struct {
	Dev, MAC  string
	IP        netip.Addr
	State     string // incomplete, reachable, stale, delay, probe, failed, noarp, permanent, none
	Confirmed uint32 // seconds since the neighbour last answered
}

// A Forward is what a bridge has learned of an address; kernel/forwarding.json.
type Forward struct {
	MAC    string
	Dev    string // the port
	Master string // the bridge
	VLAN   uint16
	Local  bool // the bridge's own
}

// A BridgeVLAN is a VLAN that a port of a bridge is in; kernel/bridgevlans.json.
type BridgeVLAN struct {
	Dev            string
	VLAN           uint16
	PVID, Untagged bool
}

// rt asks rtnetlink for a dump; head is the size of the header in question and answer, the family stands first in both.
func (k *Kernel) rt(kind string, typ uint16, family byte, head int, more ...byte) []message {
	body := make([]byte, head, head+len(more))
	body[0] = family
	answer := k.ask(kind, syscall.NETLINK_ROUTE, typ, dump, append(body, more...))
	whole := answer[:0]
	for _, m := range answer {
		if len(m.data) >= head {
			whole = append(whole, m)
		}
	}
	return whole
}

// Links are the network devices.
func (k *Kernel) Links() []Link {
	if !k.first("links", &k.links) {
		return k.links
	}
	k.names = map[uint32]string{}
	masters := map[string]uint32{}
	for _, m := range k.rt("links", syscall.RTM_GETLINK, syscall.AF_UNSPEC, 16) {
		l := Link{Index: attr(m.data[4:]).num32()}
		for typ, v, rest := next(m.data[16:]); v != nil; typ, v, rest = next(rest) {
			switch typ {
			case syscall.IFLA_IFNAME:
				l.Name = v.text()
			case syscall.IFLA_MASTER:
				masters[l.Name] = v.num32() // the name comes first
			case syscall.IFLA_LINKINFO:
				l.Kind = find(v, 1).text()
			}
		}
		if l.Name != "" {
			k.names[l.Index] = l.Name
			k.links = append(k.links, l)
		}
	}
	for i := range k.links {
		k.links[i].Master = k.names[masters[k.links[i].Name]]
	}
	return k.links
}

// name of a device by its index, "" for one that has gone.
func (k *Kernel) name(index uint32) string {
	k.Links()
	return k.names[index]
}

// Addresses are those of all devices.
func (k *Kernel) Addresses() []Address {
	if !k.first("addresses", &k.addresses) {
		return k.addresses
	}
	for _, m := range k.rt("addresses", syscall.RTM_GETADDR, syscall.AF_UNSPEC, 8) {
		a := Address{Dev: k.name(attr(m.data[4:]).num32()), Flags: uint32(m.data[2]), Preferred: Forever, Valid: Forever}
		var ip, local netip.Addr
		for typ, v, rest := next(m.data[8:]); v != nil; typ, v, rest = next(rest) {
			switch typ {
			case syscall.IFA_ADDRESS:
				ip = v.ip()
			case syscall.IFA_LOCAL:
				local = v.ip() // on a wire between two, the other one is the address
			case 8: // IFA_FLAGS
				a.Flags = v.num32()
			case syscall.IFA_CACHEINFO:
				if len(v) >= 8 {
					a.Preferred, a.Valid = v.num32(), v[4:].num32()
				}
			}
		}
		if local.IsValid() {
			ip = local
		}
		if a.Prefix = netip.PrefixFrom(ip, int(m.data[1])); a.Prefix.IsValid() && a.Dev != "" {
			k.addresses = append(k.addresses, a)
		}
	}
	return k.addresses
}

// Routes are those of all tables and both families, a route by several ways once for each.
func (k *Kernel) Routes() []Route {
	if !k.first("routes", &k.routes) {
		return k.routes
	}
	for _, m := range k.rt("routes", syscall.RTM_GETROUTE, syscall.AF_UNSPEC, 12) {
		k.route(m.data)
	}
	return k.routes
}

func (k *Kernel) route(b []byte) {
	any4, any6 := netip.IPv4Unspecified(), netip.IPv6Unspecified()
	r := Route{Table: uint32(b[4]), Protocol: b[5], Type: b[7]}
	dest, from := any4, netip.Addr{}
	switch b[0] {
	case syscall.AF_INET:
	case syscall.AF_INET6:
		dest = any6
	default:
		return // multicast and MPLS
	}
	if attr(b[8:]).num32()&syscall.RTM_F_CLONED != 0 {
		return // a cached copy
	}
	var ways attr
	for typ, v, rest := next(b[12:]); v != nil; typ, v, rest = next(rest) {
		switch typ {
		case syscall.RTA_DST:
			dest = v.ip()
		case syscall.RTA_SRC:
			from = v.ip()
		case syscall.RTA_OIF:
			r.Dev = k.name(v.num32())
		case syscall.RTA_PRIORITY:
			r.Metric = v.num32()
		case syscall.RTA_TABLE:
			r.Table = v.num32()
		case syscall.RTA_MULTIPATH:
			ways = v
		case syscall.RTA_CACHEINFO: // in hundredths of a second, of IPv6 alone
			if len(v) >= 12 && b[0] == syscall.AF_INET6 {
				r.Expires = uint32(max(0, int32(v[8:].num32()))) / 100
			}
		}
	}
	r.gateway(b[12:])
	if r.Dest = netip.PrefixFrom(dest, int(b[1])); !r.Dest.IsValid() {
		return
	}
	if from.IsValid() {
		r.From = netip.PrefixFrom(from, int(b[2]))
	}
	if len(ways) == 0 {
		k.routes = append(k.routes, r)
		return
	}
	for len(ways) >= 8 { // struct rtnexthop
		n := int(binary.NativeEndian.Uint16(ways))
		if n < 8 || n > len(ways) {
			return
		}
		way := r
		way.Dev = k.name(ways[4:].num32())
		way.gateway(ways[8:n])
		k.routes = append(k.routes, way)
		ways = ways[min((n+3)&^3, len(ways)):]
	}
}

// gateway finds the next hop, of the other family too (RFC 5549).
func (r *Route) gateway(b []byte) {
	if v := find(b, syscall.RTA_GATEWAY); v != nil {
		r.Gateway = v.ip()
	} else if v := find(b, 18); len(v) > 2 { // RTA_VIA: the family goes before
		r.Gateway = v[2:].ip()
	}
}

var neighbourStates = [...]string{"incomplete", "reachable", "stale", "delay", "probe", "failed", "noarp", "permanent"}

// Neighbours are those of both families.
func (k *Kernel) Neighbours() []Neighbour {
	if !k.first("neighbours", &k.neighbours) {
		return k.neighbours
	}
	for _, m := range k.rt("neighbours", syscall.RTM_GETNEIGH, syscall.AF_UNSPEC, 12) {
		if m.data[0] != syscall.AF_INET && m.data[0] != syscall.AF_INET6 {
			continue
		}
		n := Neighbour{Dev: k.name(attr(m.data[4:]).num32()), State: "none"}
		if bit := bits.TrailingZeros16(binary.NativeEndian.Uint16(m.data[8:])); bit < len(neighbourStates) {
			n.State = neighbourStates[bit]
		}
		for typ, v, rest := next(m.data[12:]); v != nil; typ, v, rest = next(rest) {
			switch typ {
			case 1: // NDA_DST
				n.IP = v.ip()
			case 2: // NDA_LLADDR
				n.MAC = v.mac()
			case 3: // NDA_CACHEINFO: confirmed, used and updated, hundredths of a second ago
				n.Confirmed = v.num32() / 100
			}
		}
		if n.Dev != "" && n.IP.IsValid() {
			k.neighbours = append(k.neighbours, n)
		}
	}
	return k.neighbours
}

// Forwarding is what all bridges have learned, and their own addresses.
func (k *Kernel) Forwarding() []Forward {
	if !k.first("forwarding", &k.forwarding) {
		return k.forwarding
	}
	for _, m := range k.rt("forwarding", syscall.RTM_GETNEIGH, syscall.AF_BRIDGE, 12) {
		f := Forward{Dev: k.name(attr(m.data[4:]).num32()), Local: binary.NativeEndian.Uint16(m.data[8:])&0x80 != 0} // NUD_PERMANENT
		for typ, v, rest := next(m.data[12:]); v != nil; typ, v, rest = next(rest) {
			switch typ {
			case 2: // NDA_LLADDR
				f.MAC = v.mac()
			case 5: // NDA_VLAN
				f.VLAN = uint16(v.num())
			case 9: // NDA_MASTER; without one it is a filter of the device itself
				f.Master = k.name(v.num32())
			}
		}
		if f.Dev != "" && f.MAC != "" && f.Master != "" {
			k.forwarding = append(k.forwarding, f)
		}
	}
	return k.forwarding
}

// BridgeVLANs are the VLANs of all ports of bridges, and of the bridges themselves.
func (k *Kernel) BridgeVLANs() []BridgeVLAN {
	if !k.first("bridgevlans", &k.bridgeVIDs) {
		return k.bridgeVIDs
	}
	for _, m := range k.rt("bridgevlans", syscall.RTM_GETLINK, syscall.AF_BRIDGE, 16, addNum(nil, 29, 2)...) { // IFLA_EXT_MASK: the VLANs
		dev := k.name(attr(m.data[4:]).num32())
		for typ, v, rest := next(find(m.data[16:], 26)); v != nil && dev != ""; typ, v, rest = next(rest) { // IFLA_AF_SPEC
			if typ == 2 && len(v) >= 4 { // IFLA_BRIDGE_VLAN_INFO
				flags := v.num16()
				k.bridgeVIDs = append(k.bridgeVIDs, BridgeVLAN{Dev: dev, VLAN: v[2:].num16(), PVID: flags&2 != 0, Untagged: flags&4 != 0})
			}
		}
	}
	return k.bridgeVIDs
}

// num16 is num of the first two bytes.
func (v attr) num16() uint16 {
	if len(v) < 2 {
		return 0
	}
	return binary.NativeEndian.Uint16(v)
}
