package source

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// netPortRows is `rows call net.ports`: the management port, which is the bridge itself, and then its members.
func netPortRows(ctx context.Context, r *Reader, bridge *model.Row, _ []string) ([]model.Row, error) {
	b := r.bridgeBook(ctx, bridge)
	var rows []model.Row
	for _, p := range b.Ports {
		rows = append(rows, model.Row{Key: p.Key, ReadOnly: p.movable() != nil, Data: bridgePort{}})
	}
	return rows, nil
}

// netPortAdd is `add call net.ports`: a port that waits for its LowerLayers.
func netPortAdd(ctx context.Context, r *Reader, bridge *model.Row, number uint32, _ []string) (model.Row, error) {
	b := r.bridgeBook(ctx, bridge)
	key := freeKey("port"+strconv.Itoa(int(number)), func(key string) bool { return b.port(key) != nil })
	b.Ports = append(b.Ports, &portEntry{Key: key, listed: true})
	return model.Row{Key: key, Data: bridgePort{}}, b.save(ctx)
}

// freeKey returns name, or name with the first ordinal that is not taken.
func freeKey(name string, taken func(string) bool) string {
	key := name
	for i := 2; taken(key); i++ {
		key = name + "-" + strconv.Itoa(i)
	}
	return key
}

// netPortDelete takes the port out of the bridge and of the bridge's VLANs.
func netPortDelete(ctx context.Context, r *Reader, row *model.Row) error {
	b, p, err := r.portOf(ctx, row)
	if err != nil {
		return err
	}
	if err := p.movable(); err != nil {
		return err
	}
	b.Ports = slices.DeleteFunc(b.Ports, func(q *portEntry) bool { return q == p })
	b.VLANs = slices.DeleteFunc(b.VLANs, func(e *vlanEntry) bool { return e.Dev == p.name() })
	return b.save(ctx)
}

// name is what a VLAN calls the port: its netdev, or its key as long as it has none.
func (p *portEntry) name() string {
	return cmp.Or(p.Dev, p.Key)
}

// movable refuses to change the membership of what the bridge's ports do not decide.
func (p *portEntry) movable() error {
	switch {
	case p.self:
		return refused("the management port is the bridge itself")
	case p.guest:
		return refused("%s is in the bridge by its network: change that of its SSID", p.Dev)
	}
	return nil
}

func (r *Reader) portOf(ctx context.Context, row *model.Row) (*bridgeBook, *portEntry, error) {
	b := r.bridgeBook(ctx, row.Parent)
	if p := b.port(row.Key); p != nil {
		return b, p, nil
	}
	return nil, nil, &model.ParamError{Reason: model.NoSuchRow, Msg: "the port has gone"}
}

// netPortEnable is `call net.port.enable`.
var netPortEnable = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		_, p, err := r.portOf(ctx, row)
		return digit(err == nil && p.Enabled), nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		b, p, err := r.portOf(ctx, row)
		if err != nil || p.Enabled == (value == "1") {
			return err
		}
		if err := p.movable(); err != nil {
			return err
		}
		if in := r.network(ctx).port[p.Dev]; value == "1" && in != "" && p.Dev != "" {
			return badValue("%s is a port of %s", p.Dev, in)
		}
		p.Enabled, p.listed = value == "1", true
		return b.save(ctx)
	},
}

// netPortLower is `call net.port.lower`: what the port is on; for the management port all other ports.
var netPortLower = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		b, p, err := r.portOf(ctx, row)
		if err != nil {
			return "", nil
		}
		return joinRefs(r.network(ctx).belowPortOf(b, p)...), nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		b, p, err := r.portOf(ctx, row)
		if err != nil {
			return err
		}
		n := r.network(ctx)
		if value == joinRefs(n.belowPortOf(b, p)...) {
			return nil
		}
		if err := p.movable(); err != nil {
			return err
		}
		reference, err := oneRef(value)
		if err != nil {
			return err
		}
		dev := ""
		if reference != "" {
			if dev, err = n.portDevice(r, reference); err != nil {
				return err
			}
		}
		if dev == p.Dev {
			return nil
		}
		if in := n.port[dev]; in != "" || dev != "" && b.portOf(dev) != nil {
			return badValue("%s is a port of %s", dev, cmp.Or(in, b.name))
		}
		if user := n.userOf(dev); dev != "" && user != "" {
			return badValue("%s uses %s", user, dev)
		}
		for _, e := range b.VLANs {
			if e.Dev == p.name() {
				e.Dev = cmp.Or(dev, p.Key)
			}
		}
		p.Dev, p.listed = dev, true
		return b.save(ctx)
	},
}

// belowPortOf refers to the lower layers of a port.
func (n *netView) belowPortOf(b *bridgeBook, p *portEntry) []string {
	if !p.self {
		return []string{n.belowPort(p.Dev)}
	}
	var refs []string
	for _, q := range b.Ports {
		if !q.self {
			refs = append(refs, ref(tablePort, q.Key))
		}
	}
	slices.Sort(refs) // the order of a bridge's ports means nothing
	return refs
}

// portDevice returns the netdev that a new LowerLayers of a port means.
func (n *netView) portDevice(r *Reader, reference string) (string, error) {
	table, _, _ := cutRef(reference)
	switch table {
	case tableEthernet, tableLAG, tableVLAN:
	case tableSSID:
		return "", refused("an SSID joins a bridge by its network")
	default:
		return "", badValue("want an Ethernet.Interface, an Ethernet.LAG or an Ethernet.VLANTermination")
	}
	dev, ok := n.netdev(r, reference)
	if !ok {
		return "", badValue("the lower layer has no network device")
	}
	return dev, nil
}

// netPortManagement is `call net.port.management`.
func netPortManagement(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	_, p, err := r.portOf(ctx, row)
	return digit(err == nil && p.self), nil
}

// netPortType is `call net.port.type`.
func netPortType(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	b, _, err := r.portOf(ctx, row)
	if err == nil && r.network(ctx).filters(b.name) {
		return "CustomerVLANPort", nil
	}
	return "VLANUnawarePort", nil
}

var portStates = map[string]string{"0": "Disabled", "1": "Listening", "2": "Learning", "3": "Forwarding", "4": "Blocking"}

// netPortState is `call net.port.state`: what the kernel's spanning tree lets the port do.
func netPortState(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	_, p, err := r.portOf(ctx, row)
	if err != nil {
		return "Disabled", nil
	}
	n := r.network(ctx)
	if p.self && n.live.devices[p.Dev].Get("up").Bool() {
		return "Forwarding", nil
	}
	if state := portStates[r.portFile(p, "state")]; state != "" {
		return state, nil
	}
	return "Disabled", nil
}

func (r *Reader) portFile(p *portEntry, name string) string {
	if p.Dev == "" {
		return ""
	}
	return strings.TrimSpace(string(r.File("/sys/class/net/" + p.Dev + "/brport/" + name)))
}

// netPortFile is `call net.port.file NAME`: a file of the kernel's about the port.
func netPortFile(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	_, p, err := r.portOf(ctx, row)
	if err != nil {
		return "", nil
	}
	return r.portFile(p, args[0]), nil
}

// netPVID is `call net.port.pvid`: the VLAN that untagged frames of the port belong to. Writing it moves the mark; the
// port becomes an untagged member of a VLAN it was not in, and no tagged one changes its tags.
var netPVID = Func{
	Get: portVLAN,
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		b, p, err := r.portOf(ctx, row)
		if err != nil {
			return err
		}
		vid, err := strconv.Atoi(value)
		if err != nil {
			return badValue("%q is no VLAN", value)
		}
		if now, _ := portVLAN(ctx, r, row, nil); now == value {
			return nil
		}
		if p.guest || p.self {
			return refused("%s has no entry in the bridge's VLANs", p.Dev)
		}
		if !slices.ContainsFunc(r.network(ctx).bridgeVLANs(b.name), func(s *uci.Section) bool { return s.Get("vlan") == value }) {
			return badValue("%s has no VLAN %d", b.name, vid)
		}
		e := b.entry(vid, p.name())
		if e == nil {
			e = &vlanEntry{VID: vid, Dev: p.name(), Untagged: true, Enabled: true}
			e.Key = freeKey(e.natural(), func(key string) bool { return b.byKey(key) != nil })
			b.VLANs = append(b.VLANs, e)
		}
		for _, other := range b.VLANs {
			if other.Dev == p.name() {
				other.PVID = other == e
			}
		}
		return b.save(ctx)
	},
}

func portVLAN(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	b, p, err := r.portOf(ctx, row)
	if err != nil {
		return "", nil
	}
	for _, e := range b.VLANs {
		if e.Dev == p.name() && e.PVID {
			return strconv.Itoa(e.VID), nil
		}
	}
	if p.guest || p.self {
		for _, v := range r.Kernel().BridgeVLANs() {
			if v.Dev == p.Dev && v.PVID {
				return strconv.Itoa(int(v.VLAN)), nil
			}
		}
	}
	return "1", nil
}

// netPortFrames is `call net.port.frames`: AdmitOnlyVLANTagged when no VLAN takes the port's untagged frames.
func netPortFrames(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	b, p, err := r.portOf(ctx, row)
	if err != nil || p.self || p.guest || !r.network(ctx).filters(b.name) {
		return "AdmitAll", nil
	}
	for _, e := range b.VLANs {
		if e.Dev == p.name() && e.PVID {
			return "AdmitAll", nil
		}
	}
	return "AdmitOnlyVLANTagged", nil
}

// netPortIngress is `call net.port.ingress`: a bridge that looks at tags drops frames of VLANs the port is not in.
func netPortIngress(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	b, _, err := r.portOf(ctx, row)
	return digit(err == nil && r.network(ctx).filters(b.name)), nil
}
