package source

import (
	"cmp"
	"slices"
	"strings"
)

// findLinks lists the netdevs that an IP interface may stand on: bridges, ports of their own, what a VLAN is on, and
// whatever the configuration names.
func (n *netView) findLinks() {
	add := func(dev string) {
		if dev == "" || dev == "lo" || n.isLink[dev] || n.vlan[dev] != nil || strings.ContainsAny(dev, "@/") {
			return
		}
		n.isLink[dev] = true
		n.links = append(n.links, dev)
	}
	for _, i := range n.ifaces {
		switch {
		case i.s == nil:
		case i.s.Get("device") != "" || i.s.Get("ifname") != "":
			add(i.device)
		case n.live.wifi[i.l3] != "":
			add(i.l3)
		}
	}
	for _, v := range n.vlans {
		add(v.base)
	}
	for _, s := range n.bridges {
		add(s.Get("name"))
	}
	for _, s := range n.lags {
		if name := s.Get("name"); n.member[name] == "" {
			add(name)
		}
	}
	for _, dev := range n.live.ethernet {
		if n.member[dev] == "" && n.bonded[dev] == "" {
			add(dev)
		}
	}
}

// below refers to what carries an IP or PPP interface on the netdev dev, "" for nothing we model.
func (n *netView) below(dev string) string {
	if v := n.vlan[dev]; v != nil {
		return ref(tableVLAN, v.key)
	}
	if n.isLink[dev] {
		return ref(tableLink, dev)
	}
	return ""
}

// belowIface refers to the lower layer of an IP interface.
func (n *netView) belowIface(i *netIface) string {
	for range 8 { // an alias of an alias … is legal, a ring of them is not
		if i.isPPP() {
			return ref(tablePPP, i.name)
		}
		if table, _ := i.layer(); table != "" {
			return ref(table, i.name)
		}
		if below := n.belowTunnel(i); below != "" {
			return below
		}
		if i.isCellular() {
			return ref(tableCellular, i.s.Get("device"))
		}
		name, alias := strings.CutPrefix(i.device, "@")
		if !alias {
			break
		}
		next := n.iface[name]
		if next == nil {
			return ""
		}
		i = next
	}
	if i.s == nil || i.device == "" {
		for _, p := range n.ifaces {
			if p != i && p.isPPP() && p.l3 == i.l3 && p.l3 != "" {
				return ref(tablePPP, p.name)
			}
			if p.isCellular() && p.l3 == i.l3 && p.l3 != "" {
				return ref(tableCellular, p.s.Get("device"))
			}
		}
	}
	if i.device == "" {
		return n.below(i.l3)
	}
	return n.below(i.device)
}

// belowLink refers to the lower layer of an Ethernet link.
func (n *netView) belowLink(dev string) string {
	if n.bridge[dev] != nil {
		return ref(tablePort, dev)
	}
	return n.belowNetdev(dev)
}

// belowPort refers to what a port of a bridge is on.
func (n *netView) belowPort(dev string) string {
	if v := n.vlan[dev]; v != nil {
		return ref(tableVLAN, v.key)
	}
	return n.belowNetdev(dev)
}

// belowNetdev refers to what a netdev is the face of.
func (n *netView) belowNetdev(dev string) string {
	switch {
	case n.lag[dev] != nil:
		return ref(tableLAG, dev)
	case n.live.isEth[dev]:
		return ref(tableEthernet, dev)
	case n.live.wifi[dev] != "":
		return ref(tableSSID, n.live.wifi[dev])
	}
	return cmp.Or(n.dsl[dev], n.tunnelOn(dev))
}

// belowPPP refers to what an interface dials over.
func (n *netView) belowPPP(i *netIface) string {
	if i.proto == "pppoa" {
		return ref(tableATM, i.name)
	}
	return n.below(i.device)
}

// netdev is the inverse of below and belowPort: the netdev that a reference means.
func (n *netView) netdev(r *Reader, reference string) (string, bool) {
	table, key, ok := cutRef(reference)
	if !ok {
		return "", false
	}
	switch table {
	case tableEthernet:
		return key, n.live.isEth[key]
	case tableLAG:
		return key, n.lag[key] != nil
	case tableLink:
		return key, n.isLink[key]
	case tableVLAN:
		for _, v := range n.vlans {
			if v.key == key || v.s != nil && v.s.Name == key {
				return v.name, true
			}
		}
	case tableSSID:
		for dev, section := range n.live.wifi {
			if section == key {
				return dev, true
			}
		}
	case tablePort:
		return key, n.bridge[key] != nil
	case tableGRE, tableVXLAN:
		if i := n.iface[key]; i != nil {
			return i.l3, true
		}
	}
	for dev, link := range n.dsl {
		if link == reference {
			return dev, true
		}
	}
	return "", false
}

// ref is the raw form of a reference: the row of a table with that key.
func ref(table, key string) string { return table + "{" + key + "}" }

func cutRef(raw string) (table, key string, ok bool) {
	i := strings.LastIndexByte(raw, '{')
	if i < 0 || !strings.HasSuffix(raw, "}") {
		return "", "", false
	}
	return raw[:i], raw[i+1 : len(raw)-1], true
}

// oneRef takes the only item of a raw list of references; "" is none.
func oneRef(value string) (string, error) {
	items, isList := splitList(value)
	if !isList && value != "" {
		items = []string{value}
	}
	items = slices.DeleteFunc(slices.Clone(items), func(s string) bool { return s == "" })
	if len(items) > 1 {
		return "", badValue("one lower layer at most, not %d", len(items))
	}
	if len(items) == 0 {
		return "", nil
	}
	return items[0], nil
}
