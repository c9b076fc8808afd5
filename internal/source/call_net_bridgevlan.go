package source

import (
	"context"
	"slices"
	"strconv"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// A `config bridge-vlan` cannot be switched off. One that an ACS has switched off keeps its section, with the name of
// its bridge in this option instead of `device`, where netifd does not look.
const idleBridge = "cwmp_device"

// netBrVLANRows is `rows call net.brvlans`: the VLANs of a bridge.
func netBrVLANRows(ctx context.Context, r *Reader, bridge *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	n := r.network(ctx)
	if n.pkg == nil {
		return nil, nil
	}
	for _, s := range n.pkg.OfType("bridge-vlan") {
		if s.Get("device") == bridge.Key || s.Get("device") == "" && s.Get(idleBridge) == bridge.Key {
			rows = append(rows, r.rowOf("network", s, "device", "vlan"))
		}
	}
	return rows, nil
}

// netBrVLANAdd is `add call net.brvlans`: the lowest free VLAN, without ports and switched off.
func netBrVLANAdd(ctx context.Context, r *Reader, bridge *model.Row, _ uint32, _ []string) (model.Row, error) {
	n := r.network(ctx)
	taken := map[string]bool{}
	for _, s := range n.pkg.OfType("bridge-vlan") {
		if s.Get("device") == bridge.Key || s.Get(idleBridge) == bridge.Key {
			taken[s.Get("vlan")] = true
		}
	}
	vid := 1
	for taken[strconv.Itoa(vid)] {
		vid++
	}
	if vid > 4094 {
		return model.Row{}, &model.ParamError{Reason: model.NoRoom, Msg: "every VLAN is taken"}
	}
	name, err := r.newNetwork("bridge-vlan", "cwmp_"+validPart(bridge.Key)+"_"+strconv.Itoa(vid))
	if err != nil {
		return model.Row{}, err
	}
	if err := r.uciSet("network", name, idleBridge, bridge.Key); err != nil {
		return model.Row{}, err
	}
	return model.Row{Key: name, Package: "network", Section: name}, r.uciSet("network", name, "vlan", strconv.Itoa(vid))
}

// netBrVLANDelete takes the places of the ports in the VLAN along.
func netBrVLANDelete(ctx context.Context, r *Reader, row *model.Row) error {
	s := r.section("network", row.Section)
	if s == nil {
		return &model.ParamError{Reason: model.NoSuchRow, Msg: "the VLAN has gone"}
	}
	n := r.network(ctx)
	vid, _ := strconv.Atoi(s.Get("vlan"))
	if user := n.userOf(row.Parent.Key + "." + strconv.Itoa(vid)); user != "" {
		return refused("%s uses VLAN %d", user, vid)
	}
	b := r.bridgeBook(ctx, row.Parent)
	b.VLANs = slices.DeleteFunc(b.VLANs, func(e *vlanEntry) bool { return e.VID == vid })
	if err := r.uciEdit(uci.Edit{Op: uci.OpDelete, Package: "network", Section: s.Name}); err != nil {
		return err
	}
	return b.save(ctx)
}

// netBrVLANEnable is `call net.brvlan.enable`.
var netBrVLANEnable = Func{
	Get: func(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		return digit(r.option(row, "device") != ""), nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		from, to := "device", idleBridge
		if value == "1" {
			from, to = to, from
		}
		bridge := r.option(row, from)
		if bridge == "" {
			return nil
		}
		// The ports of a VLAN that is off wait in the agent's own values, and come back with it.
		b := r.bridgeBook(ctx, row.Parent)
		if err := r.uciSet("network", row.Section, from, ""); err != nil {
			return err
		}
		if err := r.uciSet("network", row.Section, to, bridge); err != nil {
			return err
		}
		if value != "1" {
			if err := r.uciSet("network", row.Section, "ports", ""); err != nil {
				return err
			}
		}
		return b.save(ctx)
	},
}

// netBrVLANID is `call net.brvlan.id`. The netdev of the VLAN, and who stands on it, follow the number.
var netBrVLANID = Func{
	Get: func(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		return r.option(row, "vlan"), nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		old := r.option(row, "vlan")
		if old == value {
			return nil
		}
		n := r.network(ctx)
		bridge := row.Parent.Key
		for _, s := range n.bridgeVLANs(bridge) {
			if s.Get("vlan") == value {
				return badValue("%s has a VLAN %s already", bridge, value)
			}
		}
		was, _ := strconv.Atoi(old)
		vid, err := strconv.Atoi(value)
		if err != nil {
			return badValue("%q is no VLAN", value)
		}
		b := r.bridgeBook(ctx, row.Parent)
		for _, e := range b.VLANs {
			if e.VID == was {
				e.VID = vid
			}
		}
		if err := r.uciSet("network", row.Section, "vlan", value); err != nil {
			return err
		}
		if err := b.save(ctx); err != nil {
			return err
		}
		if v := n.vlan[bridge+"."+old]; v != nil && v.base == bridge {
			return r.moveVLAN(ctx, v, bridge, vid)
		}
		return nil
	},
}

// netBrVLANName is `call net.brvlan.name`: the name an operator gave the VLAN, or else that of its netdev.
var netBrVLANName = Func{
	Get: func(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		if name := r.option(row, "cwmp_name"); name != "" {
			return name, nil
		}
		return row.Parent.Key + "." + r.option(row, "vlan"), nil
	},
	Set: func(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		return r.uciSet("network", row.Section, "cwmp_name", value)
	},
}

// netVLANPortRows is `rows call net.vlanports`: the places of a bridge's ports in its VLANs.
func netVLANPortRows(ctx context.Context, r *Reader, bridge *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, e := range r.bridgeBook(ctx, bridge).VLANs {
		rows = append(rows, model.Row{Key: e.Key})
	}
	return rows, nil
}

// netVLANPortAdd is `add call net.vlanports`.
func netVLANPortAdd(ctx context.Context, r *Reader, bridge *model.Row, number uint32, _ []string) (model.Row, error) {
	b := r.bridgeBook(ctx, bridge)
	key := freeKey("place"+strconv.Itoa(int(number)), func(key string) bool { return b.byKey(key) != nil })
	b.VLANs = append(b.VLANs, &vlanEntry{Key: key})
	return model.Row{Key: key}, b.save(ctx)
}

func netVLANPortDelete(ctx context.Context, r *Reader, row *model.Row) error {
	b := r.bridgeBook(ctx, row.Parent)
	b.VLANs = slices.DeleteFunc(b.VLANs, func(e *vlanEntry) bool { return e.Key == row.Key })
	return b.save(ctx)
}

// netVLANPort is `call net.vlanport FIELD`, with enable, vlan, port or untagged for FIELD.
var netVLANPort = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
		b := r.bridgeBook(ctx, row.Parent)
		e := b.byKey(row.Key)
		if e == nil {
			return "", nil
		}
		switch args[0] {
		case "enable":
			return digit(e.Enabled), nil
		case "untagged":
			return digit(e.Untagged), nil
		case "port":
			for _, p := range b.Ports {
				if p.name() == e.Dev {
					return ref(tablePort, p.Key), nil
				}
			}
			return "", nil
		}
		rows, err := netBrVLANRows(ctx, r, row.Parent, nil)
		for _, v := range rows {
			if s := r.section("network", v.Section); e.VID != 0 && s.Get("vlan") == strconv.Itoa(e.VID) {
				return ref(tableBrVLAN, v.Key), nil
			}
		}
		return "", err
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
		b := r.bridgeBook(ctx, row.Parent)
		e := b.byKey(row.Key)
		if e == nil {
			return &model.ParamError{Reason: model.NoSuchRow, Msg: "the port has left the VLAN"}
		}
		vid, dev := e.VID, e.Dev
		switch args[0] {
		case "enable":
			e.Enabled = value == "1"
		case "untagged":
			e.Untagged = value == "1"
			if !e.Untagged {
				e.PVID = false
			} else if !slices.ContainsFunc(b.VLANs, func(o *vlanEntry) bool { return o.Dev == e.Dev && o.PVID }) {
				e.PVID = true // untagged frames that go out are to come back in too
			}
		case "port":
			_, key, _ := cutRef(value)
			p := b.port(key)
			if value == "" {
				dev = ""
			} else if p == nil || p.self || p.guest {
				return badValue("want a port of %s that is listed in it", b.name)
			} else {
				dev = p.name()
			}
		case "vlan":
			var err error
			if vid, err = r.vlanNumber(ctx, row.Parent, value); err != nil {
				return err
			}
		}
		if other := b.entry(vid, dev); other != nil && other != e && vid != 0 && dev != "" {
			return badValue("%s is in VLAN %d already", dev, vid)
		}
		e.VID, e.Dev = vid, dev
		return b.save(ctx)
	},
}

// vlanNumber is the number of the bridge's VLAN that a reference means, 0 for none.
func (r *Reader) vlanNumber(ctx context.Context, bridge *model.Row, reference string) (int, error) {
	if reference == "" {
		return 0, nil
	}
	_, key, _ := cutRef(reference)
	rows, err := netBrVLANRows(ctx, r, bridge, nil)
	if err != nil {
		return 0, err
	}
	for _, v := range rows {
		if v.Key == key || v.Section == key {
			return strconv.Atoi(r.section("network", v.Section).Get("vlan"))
		}
	}
	return 0, badValue("want a VLAN of %s", bridge.Key)
}
