package source

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
)

func badValue(format string, args ...any) error {
	return &model.ParamError{Reason: model.BadValue, Msg: fmt.Sprintf(format, args...)}
}

func readOnly(format string, args ...any) error {
	return &model.ParamError{Reason: model.ReadOnly, Msg: fmt.Sprintf(format, args...)}
}

// A netdev is the Data of a row that stands for one network device.
type netdev string

// A tagger is the Data of a row of VLANTermination: the name of its netdev may change.
type tagger struct{}

// A bridgePort is the Data of a bridge's port, whose netdev can be replaced.
type bridgePort struct{}

// netdevOf names the netdev that a row, or the row it is part of, stands for.
func netdevOf(n *netView, row *model.Row) string {
	switch d := row.Data.(type) {
	case netdev:
		return string(d)
	case tagger:
		for _, v := range n.vlans {
			if v.key == row.Key {
				return v.name
			}
		}
		return ""
	case *modem:
		return d.dev
	case circuit:
		return n.circuit(n.r.own(row))
	case bridgePort:
		if p := n.book(row.Parent).port(row.Key); p != nil {
			return p.Dev
		}
		return ""
	}
	if i := n.iface[row.Key]; i != nil {
		return i.l3
	}
	return ""
}

// newNetwork makes a named section of /etc/config/network.
func (r *Reader) newNetwork(typ, wish string) (string, error) {
	name := r.freeName("network", wish)
	return name, r.addSection("network", typ, name)
}

// newDevice makes the `config device` of a netdev that is off: of a type, called wish or, where that is taken, with an
// ordinal behind it. more are further options, in pairs.
func (r *Reader) newDevice(ctx context.Context, wish, typ string, more ...string) (name, section string, err error) {
	n := r.network(ctx)
	name = freeKey(wish, func(name string) bool { return n.device[name] != nil || n.live.devices[name].Exists() })
	section = r.freeName("network", "cwmp_"+name)
	options := append([]string{"type", typ, "name", name}, more...)
	return name, section, r.addSection("network", "device", section, append(options, "enabled", "0")...)
}

// deviceOptions are the settings of a netdev which netifd also takes from the section of an interface, as long as the
// netdev has no section of its own.
var deviceOptions = [...]string{
	"mtu", "mtu6", "macaddr", "txqueuelen", "ipv6", "promisc", "rpfilter", "acceptlocal", "igmpversion", "mldversion",
	"neighreachabletime", "neighgcstaletime", "dadtransmits", "multicast", "sendredirects", "multicast_to_unicast",
	"multicast_router", "multicast_fast_leave", "learning", "unicast_flood", "isolate", "ip6segmentrouting",
}

// deviceOption reads a setting of a netdev where netifd would.
func (n *netView) deviceOption(dev, option string) string {
	if s := n.device[dev]; s != nil {
		return optionText(s, option)
	}
	if !slices.Contains(deviceOptions[:], option) {
		return ""
	}
	for _, i := range n.ifaces {
		if i.s != nil && i.device == dev {
			if v := optionText(i.s, option); v != "" {
				return v
			}
		}
	}
	return ""
}

// deviceSection returns the name of a netdev's section, which is made when it has none. Settings that an interface
// carried for it come along, since netifd no longer looks there.
func (r *Reader) deviceSection(ctx context.Context, dev string) (string, error) {
	n := r.network(ctx)
	if s := n.device[dev]; s != nil {
		return s.Name, nil
	}
	if dev == "" || strings.ContainsAny(dev, "@/") {
		return "", refused("no network device carries this yet")
	}
	carried := map[string]string{}
	for _, option := range deviceOptions {
		if v := n.deviceOption(dev, option); v != "" {
			carried[option] = v
		}
	}
	name, err := r.newNetwork("device", "cwmp_dev_"+validPart(dev))
	if err != nil {
		return "", err
	}
	if err := r.uciSet("network", name, "name", dev); err != nil {
		return "", err
	}
	for _, option := range deviceOptions {
		if v := carried[option]; v != "" {
			if err := r.uciSet("network", name, option, v); err != nil {
				return "", err
			}
		}
	}
	return name, nil
}

func (r *Reader) setDeviceOption(ctx context.Context, dev, option, value string) error {
	if r.network(ctx).deviceOption(dev, option) == value {
		return nil
	}
	section, err := r.deviceSection(ctx, dev)
	if err != nil {
		return err
	}
	return r.uciSet("network", section, option, value)
}

// netOption is `call net.option OPTION [FIELD…]`: a setting of the row's netdev in its `config device`; where it is
// not set, the field of network.device's answer.
var netOption = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
		n := r.network(ctx)
		dev := netdevOf(n, row)
		if v := n.deviceOption(dev, args[0]); v != "" || len(args) == 1 {
			return v, nil
		}
		return n.live.devices[dev].Get(args[1:]...).Text(), nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
		return r.setDeviceOption(ctx, netdevOf(r.network(ctx), row), args[0], value)
	},
}

// netField is `call net.field NAME…`: a field of network.device's answer about the row's netdev.
func netField(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	n := r.network(ctx)
	return n.live.devices[netdevOf(n, row)].Get(args...).Text(), nil
}

// netName is `call net.name`: the name of the row's netdev.
func netName(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	return netdevOf(r.network(ctx), row), nil
}

// status is the state of a netdev in TR-181's words. lower is what a missing carrier means: Down for a port,
// LowerLayerDown for what stands on one.
func (n *netView) status(dev, lower string) string {
	v, ok := n.live.devices[dev]
	switch {
	case !ok || !v.Get("present").Bool():
		return "NotPresent"
	case !v.Get("up").Bool():
		return "Down"
	case !v.Get("carrier").Bool():
		return lower
	}
	return "Up"
}

// netStatus is `call net.status [LOWER]`.
func netStatus(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	n := r.network(ctx)
	lower := "LowerLayerDown"
	if len(args) > 0 {
		lower = args[0]
	}
	return n.status(netdevOf(n, row), lower), nil
}

// netMemory remembers since when a row has had its state. It belongs to one Router and lives as long.
type netMemory struct {
	mu   sync.Mutex
	seen map[string]netSince
}

type netSince struct {
	state string
	since time.Time
}

// since returns the seconds for which the row has been in a state. first is what is known when it is seen for the
// first time.
func (m *netMemory) since(row *model.Row, state string, first time.Duration) string {
	name, now := rowName(row), time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.seen[name]
	if !ok || s.state != state {
		s = netSince{state, now}
		if !ok {
			s.since = now.Add(-first)
		}
		if m.seen == nil || len(m.seen) >= 512 {
			m.seen = map[string]netSince{}
		}
		m.seen[name] = s
	}
	return strconv.FormatInt(int64(now.Sub(s.since)/time.Second), 10)
}

// netLastChange is `call net.lastchange`: seconds since the netdev of the row went up or down. The kernel keeps no time of
// it; what happened before the first look is taken from the interface on it, or else from the boot.
func netLastChange(m *netMemory) func(context.Context, *Reader, *model.Row, []string) (string, error) {
	return func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		n := r.network(ctx)
		dev := netdevOf(n, row)
		state := n.status(dev, "Down") + " " + strings.TrimSpace(string(r.File("/sys/class/net/"+dev+"/carrier_changes")))
		return m.since(row, state, r.netSeconds(n, dev)), nil
	}
}

// netStateSince is `call net.since STATE UP SECONDS`: how long the row has been in a state, where something else than a netdev
// says so; while it is up, SECONDS if they are known.
func netStateSince(m *netMemory) func(context.Context, *Reader, *model.Row, []string) (string, error) {
	return func(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
		if args[1] == "1" && args[2] != "" {
			m.since(row, args[0], 0)
			return args[2], nil
		}
		return m.since(row, args[0], r.uptime()), nil
	}
}

func (r *Reader) netSeconds(n *netView, dev string) time.Duration {
	longest := int64(0)
	for _, i := range n.ifaces {
		if i.l3 == dev || i.device == dev {
			if s, ok := i.live.Get("uptime").Int(); ok && s > longest {
				longest = s
			}
		}
	}
	if longest == 0 {
		return r.uptime()
	}
	return time.Duration(longest) * time.Second
}

// netBitRate is `call net.bitrate`: the speed of the link now, in Mbit/s.
func netBitRate(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	n := r.network(ctx)
	v := n.live.devices[netdevOf(n, row)]
	if !v.Get("carrier").Bool() {
		return "0", nil
	}
	return strings.TrimRight(v.Get("speed").Text(), "FH"), nil
}

// netDuplex is `call net.duplex`: the duplex mode of the link now.
func netDuplex(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	n := r.network(ctx)
	switch speed := n.live.devices[netdevOf(n, row)].Get("speed").Text(); {
	case strings.HasSuffix(speed, "F"):
		return "Full", nil
	case strings.HasSuffix(speed, "H"):
		return "Half", nil
	}
	return "Unknown", nil
}

// netSpeeds is `call net.speeds FIELD`: the link modes in a field such as link-supported as rates in Mbit/s, each once.
func netSpeeds(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	n := r.network(ctx)
	var rates []int
	for _, mode := range n.live.devices[netdevOf(n, row)].Get(args...).All() {
		digits, _, _ := strings.Cut(mode.Text(), "base")
		if rate, err := strconv.Atoi(digits); err == nil && !slices.Contains(rates, rate) {
			rates = append(rates, rate)
		}
	}
	slices.Sort(rates)
	var out []string
	for _, rate := range rates {
		out = append(out, strconv.Itoa(rate))
	}
	return joinList(out), nil
}

// netMaxBitRate is `call net.maxbitrate`: the speed a port is fixed to, -1 when it negotiates.
var netMaxBitRate = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		n := r.network(ctx)
		if v := n.deviceOption(netdevOf(n, row), "speed"); v != "" {
			return v, nil
		}
		return "-1", nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		n := r.network(ctx)
		dev := netdevOf(n, row)
		if value == "-1" {
			return r.setDeviceOption(ctx, dev, "speed", "")
		}
		modes := n.live.devices[dev].Get("link-supported")
		fits := modes.Len() == 0
		for _, mode := range modes.All() {
			fits = fits || strings.HasPrefix(mode.Text(), value+"base")
		}
		if !fits {
			return badValue("the port has no mode of %s Mbit/s", value)
		}
		return r.setDeviceOption(ctx, dev, "speed", value)
	},
}

// netFlow is `call net.flow`: pause frames, as configured or else as negotiated. Only a port of its own can be told.
var netFlow = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		n := r.network(ctx)
		dev := netdevOf(n, row)
		if v := n.deviceOption(dev, "pause"); v != "" {
			return v, nil
		}
		return digit(n.live.devices[dev].Get("flow-control", "negotiated").Len() > 0), nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		n := r.network(ctx)
		dev := netdevOf(n, row)
		if !n.live.isEth[dev] {
			return refused("%s is no port: its ports negotiate flow control", dev)
		}
		return r.setDeviceOption(ctx, dev, "pause", value)
	},
}

// netFlowSupported is `call net.flowsupported`: whether any port knows pause frames.
func netFlowSupported(ctx context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	live := r.network(ctx).live
	return digit(slices.ContainsFunc(live.ethernet, func(dev string) bool {
		return live.devices[dev].Get("flow-control", "supported").Len() > 0
	})), nil
}

// netUpstream is `call net.upstream`: whether the port leads to the provider, which is where the firewall masquerades.
func netUpstream(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	n := r.network(ctx)
	dev := netdevOf(n, row)
	if dev == n.live.boardWAN {
		return "1", nil
	}
	firewall := r.UCI("firewall")
	if firewall == nil {
		return "0", nil
	}
	for _, zone := range firewall.OfType("zone") {
		if zone.Get("masq") != "1" {
			continue
		}
		for _, name := range strings.Fields(zone.Get("network")) {
			if i := n.iface[name]; i != nil && (n.base(i.device) == dev || n.member[dev] == n.base(i.device) && n.member[dev] != "") {
				return "1", nil
			}
		}
	}
	return "0", nil
}

// base is the netdev below all VLANs of dev.
func (n *netView) base(dev string) string {
	for range 8 {
		v := n.vlan[dev]
		if v == nil {
			break
		}
		dev = v.base
	}
	return dev
}

// netEthernetRows is `rows call net.ethernet`.
func netEthernetRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	return deviceRows(r.network(ctx).live.ethernet), nil
}

// netLinkRows is `rows call net.links`.
func netLinkRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	return deviceRows(r.network(ctx).links), nil
}

func deviceRows(devices []string) []model.Row {
	rows := make([]model.Row, len(devices))
	for i, dev := range devices {
		rows[i] = model.Row{Key: dev, Data: netdev(dev)}
	}
	return rows
}

// netLinkLower is `call net.link.lower`.
func netLinkLower(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	return joinRefs(r.network(ctx).belowLink(row.Key)), nil
}

// joinRefs makes a raw list of the references that there are.
func joinRefs(refs ...string) string {
	return joinList(slices.DeleteFunc(refs, func(s string) bool { return s == "" }))
}

// netDuplexMode is `call net.duplexmode`: the duplex mode a port is fixed to; Auto negotiates.
var netDuplexMode = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		n := r.network(ctx)
		switch v := n.deviceOption(netdevOf(n, row), "duplex"); {
		case v == "":
			return "Auto", nil
		case yes(v, false):
			return "Full", nil
		}
		return "Half", nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		raw := map[string]string{"Full": "1", "Half": "0", "Auto": ""}[value]
		return r.setDeviceOption(ctx, netdevOf(r.network(ctx), row), "duplex", raw)
	},
}
