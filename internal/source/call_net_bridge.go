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

// A bridge's ports and VLANs are lists of netdev names in OpenWrt, without a way to switch one off. What an ACS has
// switched off, or not finished yet, therefore waits among the agent's own values of the bridge's row.

// netBridgeRows is `rows call net.bridges`.
func netBridgeRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, s := range r.network(ctx).bridges {
		name := s.Get("name")
		rows = append(rows, model.Row{Key: name, Package: "network", Section: s.Name, Data: netdev(name)})
	}
	return rows, nil
}

// netBridgeAdd is `add call net.bridges`: a bridge without ports, which is off.
func netBridgeAdd(ctx context.Context, r *Reader, _ *model.Row, number uint32, _ []string) (model.Row, error) {
	name, section, err := r.newDevice(ctx, "br-"+strconv.Itoa(int(number)), "bridge", "bridge_empty", "1")
	return model.Row{Key: name, Package: "network", Section: section, Data: netdev(name)}, err
}

// netBridgeDelete takes the bridge's VLANs along. It refuses while an interface or a VLAN device stands on the bridge.
func netBridgeDelete(ctx context.Context, r *Reader, row *model.Row) error {
	n := r.network(ctx)
	s := n.bridge[row.Key]
	if s == nil {
		return &model.ParamError{Reason: model.NoSuchRow, Msg: "the bridge has gone"}
	}
	if user := n.userOf(row.Key); user != "" {
		return refused("%s uses %s", user, row.Key)
	}
	for _, v := range n.bridgeVLANs(row.Key) {
		if err := r.uciEdit(uci.Edit{Op: uci.OpDelete, Package: "network", Section: v.Name}); err != nil {
			return err
		}
	}
	return r.uciEdit(uci.Edit{Op: uci.OpDelete, Package: "network", Section: r.network(ctx).bridge[row.Key].Name})
}

// netBridgeStatus is `call net.bridge.status`.
func netBridgeStatus(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	n := r.network(ctx)
	v := n.live.devices[row.Key]
	switch {
	case n.deviceOption(row.Key, "enabled") == "0":
		return "Disabled", nil
	case v.Get("up").Bool():
		return "Enabled", nil
	case v.Exists():
		return "Disabled", nil
	}
	return "Error", nil
}

// netBridgeStandard is `call net.bridge.standard`: whether the bridge looks at VLAN tags.
var netBridgeStandard = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		if r.network(ctx).filters(row.Key) {
			return "802.1Q-2005", nil
		}
		return "802.1D-2004", nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		n := r.network(ctx)
		want := value != "802.1D-2004"
		if n.filters(row.Key) == want {
			return nil
		}
		if !want && len(n.bridgeVLANs(row.Key)) > 0 {
			return refused("%s has VLANs", row.Key)
		}
		filtering := ""
		if want {
			filtering = "1"
		}
		return r.uciSet("network", n.bridge[row.Key].Name, "vlan_filtering", filtering)
	},
}

// filters reports whether a bridge looks at VLAN tags, as netifd decides it.
func (n *netView) filters(bridge string) bool {
	s := n.bridge[bridge]
	return s != nil && s.Get("vlan_filtering") == "1" || len(n.bridgeVLANs(bridge)) > 0
}

// netAging is `call net.bridge.aging`: as configured, or else as the kernel counts it, in hundredths of a second.
var netAging = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		if v := r.network(ctx).deviceOption(row.Key, "ageing_time"); v != "" {
			return v, nil
		}
		text := strings.TrimSpace(string(r.File("/sys/class/net/" + row.Key + "/bridge/ageing_time")))
		if ticks, err := strconv.Atoi(text); err == nil {
			return strconv.Itoa(ticks / 100), nil
		}
		return "300", nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		return r.setDeviceOption(ctx, row.Key, "ageing_time", value)
	},
}

// A bridgeBook is all that is known of a bridge's ports and of their VLANs.
type bridgeBook struct {
	r     *Reader
	row   *model.Row // of the bridge
	name  string
	Ports []*portEntry `json:"ports,omitempty"`
	VLANs []*vlanEntry `json:"vlans,omitempty"`
}

// A portEntry is a port. Key is the name its netdev had when the row was made.
type portEntry struct {
	Key     string `json:"key"`
	Dev     string `json:"dev,omitempty"`
	Enabled bool   `json:"enabled,omitempty"`
	Live    bool   `json:"live,omitempty"` // stands in UCI
	listed  bool   // in list ports, and not only in a VLAN
	self    bool   // the bridge itself: its management port
	guest   bool   // joined while running, a Wi-Fi interface for one
}

// A vlanEntry is one port's place in one VLAN of the bridge.
type vlanEntry struct {
	Key      string `json:"key"`
	VID      int    `json:"vid,omitempty"`
	Dev      string `json:"dev,omitempty"` // of the port, or its key as long as that has no netdev
	Untagged bool   `json:"untagged,omitempty"`
	PVID     bool   `json:"pvid,omitempty"`
	Enabled  bool   `json:"enabled,omitempty"`
	Live     bool   `json:"live,omitempty"`
	token    string // as UCI has it
}

const bookName = "bridge"

// bridgeBook returns the book of a bridge as this transaction sees it.
func (r *Reader) bridgeBook(ctx context.Context, bridge *model.Row) *bridgeBook {
	return r.network(ctx).book(bridge)
}

// book returns the book of a bridge. One that was changed without being saved must not be used again.
func (n *netView) book(bridge *model.Row) *bridgeBook {
	b := n.books[bridge.Key]
	if b == nil {
		b = newBridgeBook(n.r, n, bridge)
		if n.books == nil {
			n.books = map[string]*bridgeBook{}
		}
		n.books[bridge.Key] = b
	}
	return b
}

func newBridgeBook(r *Reader, n *netView, bridge *model.Row) *bridgeBook {
	b := &bridgeBook{r: r, row: bridge, name: bridge.Key}
	var saved bridgeBook
	if text := r.stateGet(rowName(bridge), bookName); text != "" {
		_ = json.Unmarshal([]byte(text), &saved) // broken: what stands in UCI is all
	}
	b.Ports = append(b.Ports, &portEntry{Key: b.name, Dev: b.name, Enabled: true, Live: true, self: true})
	if s := n.bridge[b.name]; s != nil {
		for _, dev := range words(s, "ports") {
			b.found(&saved, dev).listed = true
		}
	}
	for _, s := range n.bridgeVLANs(b.name) {
		vid, _ := strconv.Atoi(s.Get("vlan"))
		for _, token := range words(s, "ports") {
			e := parseToken(token, vid)
			if b.entry(vid, e.Dev) != nil || e.Dev == "" {
				continue
			}
			e.Key = e.natural()
			for _, k := range saved.VLANs {
				if k.Live && k.VID == vid && k.Dev == e.Dev {
					e.Key = k.Key
				}
			}
			b.VLANs = append(b.VLANs, e)
			b.found(&saved, e.Dev)
		}
	}
	for _, v := range n.live.devices[b.name].Get("bridge-members").All() {
		if dev := v.Text(); b.port(dev) == nil && b.portOf(dev) == nil && n.live.wifi[dev] != "" {
			b.Ports = append(b.Ports, &portEntry{Key: dev, Dev: dev, Enabled: true, Live: true, guest: true})
		}
	}
	for _, p := range saved.Ports {
		if !p.Live && b.port(p.Key) == nil {
			b.Ports = append(b.Ports, p)
		}
	}
	for _, e := range saved.VLANs {
		if !e.Live && b.byKey(e.Key) == nil {
			b.VLANs = append(b.VLANs, e)
		}
	}
	return b
}

// found adds a port that stands in UCI, under the key it was given once.
func (b *bridgeBook) found(saved *bridgeBook, dev string) *portEntry {
	if p := b.portOf(dev); p != nil {
		return p
	}
	p := &portEntry{Key: dev, Dev: dev, Enabled: true, Live: true}
	for _, k := range saved.Ports {
		if k.Live && k.Dev == dev {
			p.Key = k.Key
		}
	}
	b.Ports = append(b.Ports, p)
	return p
}

// parseToken reads an item of a bridge-vlan's ports: lan1, lan1:t, lan1:u*.
func parseToken(token string, vid int) *vlanEntry {
	dev, flags, _ := strings.Cut(token, ":")
	return &vlanEntry{
		VID: vid, Dev: dev, Enabled: true, Live: true, token: token,
		Untagged: !strings.Contains(flags, "t"), PVID: strings.Contains(flags, "*"),
	}
}

func (e *vlanEntry) natural() string { return strconv.Itoa(e.VID) + "." + e.Dev }

// text is the item as UCI wants it; one that says the same as before keeps its spelling.
func (e *vlanEntry) text() string {
	if e.token != "" {
		if was := parseToken(e.token, e.VID); was.Dev == e.Dev && was.Untagged == e.Untagged && was.PVID == e.PVID {
			return e.token
		}
	}
	flags := "t"
	if e.Untagged {
		flags = "u"
	}
	if e.PVID {
		flags += "*"
	}
	return e.Dev + ":" + flags
}

func (b *bridgeBook) port(key string) *portEntry {
	for _, p := range b.Ports {
		if p.Key == key {
			return p
		}
	}
	return nil
}

func (b *bridgeBook) portOf(dev string) *portEntry {
	for _, p := range b.Ports {
		if p.Dev == dev && dev != "" {
			return p
		}
	}
	return nil
}

func (b *bridgeBook) byKey(key string) *vlanEntry {
	for _, e := range b.VLANs {
		if e.Key == key {
			return e
		}
	}
	return nil
}

func (b *bridgeBook) entry(vid int, dev string) *vlanEntry {
	for _, e := range b.VLANs {
		if e.VID == vid && e.Dev == dev {
			return e
		}
	}
	return nil
}

// active reports whether a port stands in UCI when the book is saved.
func (p *portEntry) active() bool { return p.Enabled && p.Dev != "" }

// save writes what is on to UCI and keeps what is off, and keys that are no names of today.
func (b *bridgeBook) save(ctx context.Context) error {
	n := b.r.network(ctx)
	s := n.bridge[b.name]
	if s == nil {
		return refused("the bridge has gone")
	}
	var ports []string
	for _, p := range b.Ports {
		if p.active() && p.listed {
			ports = append(ports, p.Dev)
		}
	}
	if err := b.r.setWords("network", s.Name, "ports", ports); err != nil {
		return err
	}
	written := map[*vlanEntry]bool{}
	for _, s := range b.r.network(ctx).bridgeVLANs(b.name) {
		vid, _ := strconv.Atoi(s.Get("vlan"))
		var tokens []string
		for _, e := range b.VLANs {
			if p := b.portOf(e.Dev); e.Enabled && e.VID == vid && p != nil && p.Enabled {
				tokens = append(tokens, e.text())
				written[e] = true
			}
		}
		if err := b.r.setWords("network", s.Name, "ports", tokens); err != nil {
			return err
		}
	}
	keep := bridgeBook{}
	for _, p := range b.Ports {
		live := p.active()
		if !p.self && !p.guest && (!live || p.Key != p.Dev) {
			keep.Ports = append(keep.Ports, &portEntry{Key: p.Key, Dev: p.Dev, Enabled: p.Enabled, Live: live})
		}
	}
	for _, e := range b.VLANs {
		if !written[e] || e.Key != e.natural() {
			k := *e
			k.Live = written[e]
			keep.VLANs = append(keep.VLANs, &k)
		}
	}
	text := ""
	if len(keep.Ports)+len(keep.VLANs) > 0 {
		out, err := json.Marshal(keep)
		if err != nil {
			return err
		}
		text = string(out)
	}
	b.r.stateSet(rowName(b.row), bookName, text)
	b.r.networkCache(ctx).saved++
	return nil
}

// setWords writes the items of an option in the form it has; a new one becomes a list.
func (r *Reader) setWords(pkg, section, option string, items []string) error {
	value := joinList(items)
	if s := r.section(pkg, section); s != nil {
		o := s.Option(option)
		if o != nil && slices.Equal(words(s, option), items) {
			return nil
		}
		if o != nil && !o.IsList {
			value = strings.Join(items, " ")
		}
	}
	return r.uciSet(pkg, section, option, value)
}
