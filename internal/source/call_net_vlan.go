package source

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/json"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// A VLAN netdev is often called after what it is, eth0.7. When its VLAN changes so do its name and all who use it; the
// row keeps its key, and with that its number. The agent's own value "net.vlans" holds such keys, by the name of today.

const vlanKeysName = "net.vlans"

func vlanKeys(r *Reader) map[string]string {
	var keys map[string]string
	if text := r.State(vlanKeysName); text != "" {
		_ = json.Unmarshal([]byte(text), &keys) // broken: the names are the keys
	}
	return keys
}

func (r *Reader) setVLANKeys(ctx context.Context, keys map[string]string) error {
	text := ""
	if len(keys) > 0 {
		b, err := json.Marshal(keys)
		if err != nil {
			return err
		}
		text = string(b)
	}
	r.SetState(vlanKeysName, text)
	r.networkCache(ctx).saved++
	return nil
}

// netVLANRows is `rows call net.vlans`: the netdevs that tag what they send.
func netVLANRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, v := range r.network(ctx).vlans {
		row := model.Row{Key: v.key, Data: tagger{}}
		if v.s != nil {
			row.Package, row.Section = "network", v.s.Name
			row.Place = "network." + v.s.Name
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// netVLANAdd is `add call net.vlans`: a tagging netdev that is off and stands on nothing yet.
func netVLANAdd(ctx context.Context, r *Reader, _ *model.Row, number uint32, _ []string) (model.Row, error) {
	name, section, err := r.newDevice(ctx, "vlan"+strconv.Itoa(int(number)), "8021q", "vid", "1")
	return model.Row{Key: name, Package: "network", Section: section, Data: tagger{}}, err
}

// netVLANDelete refuses while somebody stands on the netdev: the network would break in a way nobody asked for.
func netVLANDelete(ctx context.Context, r *Reader, row *model.Row) error {
	n := r.network(ctx)
	v, err := n.vlanOf(row)
	if err != nil {
		return err
	}
	if user := n.userOf(v.name); user != "" {
		return refused("%s uses %s", user, v.name)
	}
	if v.s == nil {
		return refused("%s exists by its name alone", v.name)
	}
	keys := vlanKeys(r)
	if keys[v.name] != "" {
		delete(keys, v.name)
		if err := r.setVLANKeys(ctx, keys); err != nil {
			return err
		}
	}
	return r.uciEdit(uci.Edit{Op: uci.OpDelete, Package: "network", Section: v.s.Name})
}

func (n *netView) vlanOf(row *model.Row) (*netVLAN, error) {
	for _, v := range n.vlans {
		if v.key == row.Key {
			return v, nil
		}
	}
	return nil, &model.ParamError{Reason: model.NoSuchRow, Msg: "the VLAN has gone"}
}

// userOf names one who stands on a netdev, "" when nobody does.
func (n *netView) userOf(dev string) string {
	for _, i := range n.ifaces {
		if i.s != nil && i.device == dev {
			return "interface " + i.name
		}
	}
	for _, v := range n.vlans {
		if v.base == dev {
			return "device " + v.name
		}
	}
	if in := n.port[dev]; in != "" && dev != in {
		return "bridge " + in
	}
	if in := n.bonded[dev]; in != "" {
		return "bond " + in
	}
	return ""
}

// netVLANID is `call net.vlanid`.
var netVLANID = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		v, err := r.network(ctx).vlanOf(row)
		if err != nil || v.vid == 0 {
			return "", nil
		}
		return strconv.Itoa(v.vid), nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		vid, err := strconv.Atoi(value)
		if err != nil {
			return badValue("%q is no VLAN", value)
		}
		v, err := r.network(ctx).vlanOf(row)
		if err != nil {
			return err
		}
		return r.moveVLAN(ctx, v, v.base, vid)
	},
}

// netVLANLower is `call net.vlan.lower`: the Ethernet.Link below, or the VLANTermination for a VLAN in a VLAN.
var netVLANLower = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		n := r.network(ctx)
		v, err := n.vlanOf(row)
		if err != nil {
			return "", nil
		}
		return joinRefs(n.below(v.base)), nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		n := r.network(ctx)
		v, err := n.vlanOf(row)
		if err != nil {
			return err
		}
		base, err := n.lowerDevice(r, value)
		if err != nil {
			return err
		}
		for dev := base; dev != ""; {
			if dev == v.name {
				return badValue("a VLAN cannot stand on itself")
			}
			up := n.vlan[dev]
			if up == nil {
				break
			}
			dev = up.base
		}
		if base == "" && !v.explicit {
			return refused("%s stands on %s by its name", v.name, v.base)
		}
		return r.moveVLAN(ctx, v, base, v.vid)
	},
}

// lowerDevice returns the netdev that a new LowerLayers means: an Ethernet link, a VLAN, or nothing.
func (n *netView) lowerDevice(r *Reader, value string) (string, error) {
	reference, err := oneRef(value)
	if err != nil || reference == "" {
		return "", err
	}
	table, _, _ := cutRef(reference)
	if table != tableLink && table != tableVLAN {
		return "", badValue("want an Ethernet.Link or an Ethernet.VLANTermination")
	}
	dev, ok := n.netdev(r, reference)
	if !ok {
		return "", badValue("the lower layer has no network device")
	}
	return dev, nil
}

// moveVLAN changes the base and the VLAN of a tagging netdev, and its name where it says both.
func (r *Reader) moveVLAN(ctx context.Context, v *netVLAN, base string, vid int) error {
	if base == v.base && vid == v.vid {
		return nil
	}
	name := v.name
	if v.name == v.base+"."+strconv.Itoa(v.vid) && base != "" {
		name = base + "." + strconv.Itoa(vid)
	}
	if v.explicit {
		if err := r.uciSet("network", v.s.Name, "ifname", base); err != nil {
			return err
		}
		if err := r.uciSet("network", v.s.Name, "vid", strconv.Itoa(vid)); err != nil {
			return err
		}
	}
	if name == v.name {
		return nil
	}
	if len(name) > 15 {
		return badValue("%s is too long for a network device", name)
	}
	n := r.network(ctx)
	if n.vlan[name] != nil || n.device[name] != nil {
		return badValue("there is a device %s already", name)
	}
	keys := vlanKeys(r)
	if keys == nil {
		keys = map[string]string{}
	}
	delete(keys, v.name)
	if v.key != name {
		keys[name] = v.key
	}
	if err := r.renameDevice(v.name, name); err != nil {
		return err
	}
	return r.setVLANKeys(ctx, keys)
}

// deviceUsers are the options that hold the names of netdevs.
var deviceUsers = [...]struct{ pkg, typ, option string }{
	{"network", "device", "name"},
	{"network", "device", "ifname"},
	{"network", "device", "ports"},
	{"network", "interface", "device"},
	{"network", "interface", "ifname"},
	{"network", "bridge-vlan", "device"},
	{"network", "bridge-vlan", "ports"},
	{"firewall", "zone", "device"},
}

// renameDevice gives a netdev another name wherever one is written.
func (r *Reader) renameDevice(from, to string) error {
	for _, u := range deviceUsers {
		p := r.UCI(u.pkg)
		if p == nil {
			continue
		}
		for _, s := range p.OfType(u.typ) {
			items, changed := slices.Clone(words(s, u.option)), false
			for i, item := range items {
				dev, flags, hasFlags := strings.Cut(item, ":")
				if dev != from {
					continue
				}
				if items[i] = to; hasFlags {
					items[i] += ":" + flags
				}
				changed = true
			}
			if !changed {
				continue
			}
			value := joinList(items)
			if o := s.Option(u.option); o != nil && !o.IsList {
				value = strings.Join(items, " ")
			}
			if err := r.uciSet(u.pkg, s.Name, u.option, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// netVLANPriority is `call net.vlanpriority`: the priority bits of frames of the default class, -1 when none is set.
func netVLANPriority() Func {
	items := func(n *netView, row *model.Row) (dev string, list []string) {
		dev = netdevOf(n, row)
		if s := n.device[dev]; s != nil {
			list = words(s, "egress_qos_mapping")
		}
		return dev, list
	}
	return Func{
		Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
			_, list := items(r.network(ctx), row)
			for _, item := range list {
				if p, ok := strings.CutPrefix(item, "0:"); ok {
					return p, nil
				}
			}
			return "-1", nil
		},
		Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
			dev, list := items(r.network(ctx), row)
			list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return strings.HasPrefix(s, "0:") })
			if value != "-1" {
				list = append([]string{"0:" + value}, list...)
			}
			return r.setTagged(ctx, dev, "egress_qos_mapping", joinList(list))
		},
	}
}

// setTagged changes a setting that only a netdev with `option type` has; one that exists by its name gets a section
// saying what the name said.
func (r *Reader) setTagged(ctx context.Context, dev, option, value string) error {
	v := r.network(ctx).vlan[dev]
	if v == nil {
		return refused("%s is no VLAN", dev)
	}
	if !v.explicit {
		if value == "" || option == "type" && value == "8021q" {
			return nil
		}
		section, err := r.deviceSection(ctx, dev)
		if err != nil {
			return err
		}
		for _, o := range [][2]string{{"type", "8021q"}, {"ifname", v.base}, {"vid", strconv.Itoa(v.vid)}} {
			if err := r.uciSet("network", section, o[0], o[1]); err != nil {
				return err
			}
		}
		return r.uciSet("network", section, option, value)
	}
	return r.uciSet("network", v.s.Name, option, value)
}

// netTPID is `call net.tpid`: 0x8100 for 8021q, 0x88a8 for 8021ad.
var netTPID = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		n := r.network(ctx)
		if s := n.device[netdevOf(n, row)]; s != nil && s.Get("type") == "8021ad" {
			return "34984", nil
		}
		return "33024", nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		typ, ok := map[string]string{"33024": "8021q", "34984": "8021ad"}[value]
		if !ok {
			return badValue("want 33024 (802.1Q) or 34984 (802.1ad)")
		}
		return r.setTagged(ctx, netdevOf(r.network(ctx), row), "type", typ)
	},
}
