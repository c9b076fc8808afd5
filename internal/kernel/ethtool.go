package kernel

import (
	"encoding/hex"
	"syscall"
)

// An EEE is what a port says of Energy Efficient Ethernet; kernel/eee.json.
type EEE struct {
	Dev                        string
	Supported, Enabled, Active bool
}

// Counters are what a port's hardware counts by the standards; kernel/counters.json. What it does not count is not there.
type Counters struct {
	Dev   string
	MAC   map[uint16]uint64 // ETHTOOL_A_STATS_ETH_MAC_…
	RMON  map[uint16]uint64 // ETHTOOL_A_STATS_RMON_…
	Sizes map[uint32]uint64 // frames received, by the largest size of theirs; from 1024 octets on all are 1518
}

// A Module is what is plugged into a port: the memories at A0h and A2h, 128 octets each; kernel/modules.json. A2 is empty for
// a module without diagnostics.
type Module struct {
	Dev    string
	A0, A2 Octets
}

// Octets are hexadecimal in a recording.
type Octets []byte

// MarshalText makes hexadecimal text.
func (o Octets) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, o), nil }

// UnmarshalText reads hexadecimal text.
func (o *Octets) UnmarshalText(text []byte) (err error) {
	*o, err = hex.AppendDecode(nil, text)
	return err
}

// genl asks a family of generic netlink; the messages of the answer are without its header. An empty kind stays silent about
// a failure.
func (k *Kernel) genl(kind, family string, command byte, flags uint16, body []byte) []message {
	id := k.families[family]
	if id == 0 {
		for _, m := range k.ask("family "+family, syscall.NETLINK_GENERIC, 0x10, 0, familyByName(family)) {
			if len(m.data) >= 4 {
				id = find(m.data[4:], 1).num16()
			}
		}
		if id == 0 {
			return nil
		}
		if k.families == nil {
			k.families = map[string]uint16{}
		}
		k.families[family] = id
	}
	answer := k.ask(kind, syscall.NETLINK_GENERIC, id, flags, append([]byte{command, 1, 0, 0}, body...))
	whole := answer[:0]
	for _, m := range answer {
		if len(m.data) >= 4 {
			m.data = m.data[4:]
			whole = append(whole, m)
		}
	}
	return whole
}

// familyByName is CTRL_CMD_GETFAMILY by CTRL_ATTR_FAMILY_NAME.
func familyByName(name string) []byte { return add([]byte{3, 1, 0, 0}, 2, append([]byte(name), 0)) }

const nested = 0x8000 // NLA_F_NESTED

// ethtool's header: a device by its name, and bitsets as numbers.
func ethtoolHeader(typ uint16, dev string) []byte {
	h := addNum(nil, 3, 1)
	if dev != "" {
		h = add(h, 2, append([]byte(dev), 0))
	}
	return add(nil, typ|nested, h)
}

// EEE asks all ports that know of it.
func (k *Kernel) EEE() []EEE {
	if !k.first("eee", &k.eee) {
		return k.eee
	}
	for _, m := range k.genl("eee", "ethtool", 23, dump, ethtoolHeader(1, "")) {
		e := EEE{Dev: find(m.data, 1, 2).text(), Enabled: find(m.data, 5).num() != 0, Active: find(m.data, 4).num() != 0}
		for _, b := range find(m.data, 2, 5) { // the mask of the own modes
			e.Supported = e.Supported || b != 0
		}
		if e.Dev != "" {
			k.eee = append(k.eee, e)
		}
	}
	return k.eee
}

// Counters asks all ports for what their MAC counts, and for the counters of RMON (RFC 2819).
func (k *Kernel) Counters() []Counters {
	if !k.first("counters", &k.counters) {
		return k.counters
	}
	groups := addNum(addNum(addNum(nil, 2, 4), 4, 1<<1|1<<3), 5, 1<<1|1<<3) // eth-mac and rmon, of a set of four
	for _, m := range k.genl("counters", "ethtool", 32, dump, add(ethtoolHeader(2, ""), 3|nested, groups)) {
		c := Counters{Dev: find(m.data, 2, 2).text(), MAC: map[uint16]uint64{}, RMON: map[uint16]uint64{}, Sizes: map[uint32]uint64{}}
		for typ, v, rest := next(m.data); v != nil; typ, v, rest = next(rest) {
			if typ == 4 { // ETHTOOL_A_STATS_GRP
				c.group(v)
			}
		}
		if c.Dev != "" && len(c.MAC)+len(c.RMON)+len(c.Sizes) > 0 {
			k.counters = append(k.counters, c)
		}
	}
	return k.counters
}

func (c *Counters) group(b []byte) {
	into := c.MAC
	if find(b, 2).num() == 3 {
		into = c.RMON
	}
	for typ, v, rest := next(b); v != nil; typ, v, rest = next(rest) {
		switch typ {
		case 4: // a counter, perhaps after some padding
			for id, n, more := next(v); n != nil; id, n, more = next(more) {
				if len(n) == 8 {
					into[id] = n.num()
				}
			}
		case 5: // the frames received between two sizes
			size := find(v, 8).num32()
			if find(v, 7).num32() >= 1024 {
				size = 1518
			}
			if n := find(v, 9); len(n) == 8 {
				c.Sizes[size] += n.num()
			}
		}
	}
}

// Modules asks these ports for what is plugged into them. A port that tells nothing has none.
func (k *Kernel) Modules(devs []string) []Module {
	if !k.first("modules", &k.modules) {
		return k.modules
	}
	for _, dev := range devs {
		m := Module{Dev: dev, A0: k.memory(dev, 0x50)}
		if len(m.A0) < memory {
			continue
		}
		if diagnostics := m.A0[92]; diagnostics&0x44 == 0x40 { // they are there, and not behind a switch of addresses
			m.A2 = k.memory(dev, 0x51)
		}
		k.modules = append(k.modules, m)
	}
	return k.modules
}

const memory = 128 // octets that are read of a memory

func (k *Kernel) memory(dev string, address byte) Octets {
	b := ethtoolHeader(1, dev)
	b = addNum(b, 2, 0)
	b = addNum(b, 3, memory)
	b = add(b, 4, []byte{0}) // page
	b = add(b, 5, []byte{0}) // bank
	b = add(b, 6, []byte{address})
	for _, m := range k.genl("", "ethtool", 31, 0, b) {
		if data := find(m.data, 7); len(data) == memory {
			return Octets(data)
		}
	}
	return nil
}
