package source

import (
	"context"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/json"
	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// The tables that the network family refers to.
const (
	tableEthernet = "Device.Ethernet.Interface."
	tableLink     = "Device.Ethernet.Link."
	tableVLAN     = "Device.Ethernet.VLANTermination."
	tableLAG      = "Device.Ethernet.LAG."
	tablePort     = "Device.Bridging.Bridge.{i}.Port."
	tableBrVLAN   = "Device.Bridging.Bridge.{i}.VLAN."
	tablePPP      = "Device.PPP.Interface."
	tableIP       = "Device.IP.Interface."
	tablePrefix   = "Device.IP.Interface.{i}.IPv6Prefix."
	tableSSID     = "Device.WiFi.SSID."
	tableRadio    = "Device.WiFi.Radio."
)

// netCache is what one transaction knows of the network. The router's answers do not change in a transaction, the
// configuration does, by the transaction's own edits.
type netCache struct {
	live  *netLive
	view  *netView
	seen  int // edits when view was made
	saved int // writes of this family to the agent's own values
	base  netBaseline
}

// network returns the index of the network as this transaction sees it.
func (r *Reader) network(ctx context.Context) *netView {
	c := r.networkCache(ctx)
	if n := len(r.uci.edits) + c.saved; c.view == nil || c.seen != n {
		c.view, c.seen = newNetView(r, c.live), n
	}
	return c.view
}

func (r *Reader) networkCache(ctx context.Context) *netCache {
	return r.Memo("net", func() any { return &netCache{live: newNetLive(ctx, r)} }).(*netCache)
}

// netLive is what netifd, the Wi-Fi scripts and the kernel say now.
type netLive struct {
	devices  map[string]ubus.Value
	names    []string // of devices, sorted
	ifaces   map[string]ubus.Value
	order    []string          // of ifaces, as netifd lists them
	wifi     map[string]string // netdev to its wifi-iface section
	wifiNet  map[string][]string
	ethernet []string // physical ports, sorted
	boardWAN string
	isEth    map[string]bool
	inet6    map[string][]kernel.Address
}

func newNetLive(ctx context.Context, r *Reader) *netLive {
	l := &netLive{
		devices: map[string]ubus.Value{}, ifaces: map[string]ubus.Value{}, wifi: map[string]string{},
		wifiNet: map[string][]string{}, isEth: map[string]bool{},
	}
	for name, v := range r.Ubus(ctx, "network.device", "status", ubus.Value{}).All() {
		l.devices[name] = v
		l.names = append(l.names, name)
	}
	slices.Sort(l.names)
	for _, v := range r.Ubus(ctx, "network.interface", "dump", ubus.Value{}).Get("interface").All() {
		name := v.Get("interface").Text()
		if _, twice := l.ifaces[name]; twice || name == "" {
			continue
		}
		l.ifaces[name] = v
		l.order = append(l.order, name)
	}
	for _, radio := range r.Ubus(ctx, "network.wireless", "status", ubus.Value{}).All() {
		for _, v := range radio.Get("interfaces").All() {
			dev, section := v.Get("ifname").Text(), v.Get("section").Text()
			if dev == "" || section == "" {
				continue
			}
			l.wifi[dev] = section
			for _, network := range v.Get("config", "network").All() {
				l.wifiNet[dev] = append(l.wifiNet[dev], network.Text())
			}
		}
	}
	l.findEthernet(r)
	l.inet6 = inet6(r)
	return l
}

// findEthernet finds the physical ports: those the board's description names, those of a switch chip, and every other
// device with a driver behind it that speaks Ethernet. The conduit behind a switch chip is none.
func (l *netLive) findEthernet(r *Reader) {
	found := map[string]bool{}
	for _, dev := range l.board(r) {
		found[dev] = true
	}
	for dev, v := range l.devices {
		if v.Get("devtype").Text() == "dsa" {
			found[dev] = true
		}
	}
	for _, file := range r.Glob("/sys/class/net/*/device/uevent") {
		dev := path.Base(path.Dir(path.Dir(file)))
		typ := strings.TrimSpace(string(r.File("/sys/class/net/" + dev + "/type")))
		if typ == "1" && !strings.Contains(string(r.File("/sys/class/net/"+dev+"/uevent")), "DEVTYPE=w") {
			found[dev] = true
		}
	}
	for dev := range found { // the board's description names its DSL modem too
		if strings.HasPrefix(dev, "dsl") || strings.HasPrefix(dev, "ptm") || strings.HasPrefix(dev, "nas") {
			delete(found, dev)
		}
	}
	for dev, v := range l.devices {
		delete(found, v.Get("conduit").Text())
		if l.wifi[dev] != "" {
			delete(found, dev)
		}
	}
	for _, file := range r.Glob("/sys/class/net/*/dsa/tagging") {
		delete(found, path.Base(path.Dir(path.Dir(file))))
	}
	for dev := range found {
		l.ethernet = append(l.ethernet, dev)
	}
	slices.Sort(l.ethernet)
	l.isEth = found
}

// board lists the ports in /etc/board.json, which the first boot wrote.
func (l *netLive) board(r *Reader) []string {
	var b struct {
		Network map[string]struct {
			Device string   `json:"device"`
			Ports  []string `json:"ports"`
		} `json:"network"`
	}
	if json.Unmarshal(r.File("/etc/board.json"), &b) != nil {
		return nil
	}
	l.boardWAN = b.Network["wan"].Device
	var out []string
	for _, n := range b.Network {
		for _, dev := range append(n.Ports, n.Device) {
			if dev != "" && !strings.ContainsAny(dev, "./:") && !strings.HasPrefix(dev, "switch") {
				out = append(out, dev)
			}
		}
	}
	return out
}

// netView is the configured network, with what is alive of it.
type netView struct {
	r    *Reader
	live *netLive
	pkg  *uci.Package // nil where there is none

	device  map[string]*uci.Section // `config device` by the name of its netdev
	bridges []*uci.Section
	bridge  map[string]*uci.Section
	lags    []*uci.Section
	lag     map[string]*uci.Section
	bonded  map[string]string // netdev to the bond it is in
	port    map[string]string // netdev to the bridge that it is configured into
	member  map[string]string // netdev to the bridge it is in, or will be
	ifaces  []*netIface
	iface   map[string]*netIface
	vlans   []*netVLAN
	vlan    map[string]*netVLAN
	links   []string
	isLink  map[string]bool
	books   map[string]*bridgeBook
	line    *uci.Section                     // of the DSL modem, nil where there is none
	ptm     string                           // the netdev of its PTM driver, "" in ATM mode
	dsl     map[string]string                // netdevs over the DSL line, and the rows of PTM or ATM that they are
	said    map[string]map[*kernelRoute]bool // routes of the kernel that a section has made, by the sections' type
}

// netIface is an interface of netifd. s is nil for one that netifd made itself, such as the IPv6 half of a PPP link.
type netIface struct {
	name, proto string
	s           *uci.Section
	live        ubus.Value
	device, l3  string // the netdev below it and the one that carries its addresses
}

// netVLAN is a netdev that tags what it sends. s is nil for one that exists by its name alone.
type netVLAN struct {
	name, key, base string
	vid             int
	s               *uci.Section
	explicit        bool // s says type, ifname and vid
}

func newNetView(r *Reader, live *netLive) *netView {
	n := &netView{
		lag: map[string]*uci.Section{}, bonded: map[string]string{}, said: map[string]map[*kernelRoute]bool{},
		r: r, live: live, pkg: r.UCI("network"), device: map[string]*uci.Section{}, bridge: map[string]*uci.Section{},
		member: map[string]string{}, iface: map[string]*netIface{}, vlan: map[string]*netVLAN{}, isLink: map[string]bool{},
	}
	if n.pkg != nil {
		for _, s := range n.pkg.OfType("device") {
			name := s.Get("name")
			if name == "" || n.device[name] != nil {
				continue
			}
			n.device[name] = s
			switch s.Get("type") {
			case "bridge":
				n.bridges = append(n.bridges, s)
				n.bridge[name] = s
			case "bonding":
				n.lags = append(n.lags, s)
				n.lag[name] = s
				for _, dev := range words(s, "ports") {
					n.bonded[dev] = name
				}
			}
		}
		for _, s := range n.pkg.OfType("interface") {
			if !s.Anonymous {
				n.addIface(s.Name, s)
			}
		}
	}
	for _, name := range live.order {
		if n.iface[name] == nil {
			n.addIface(name, nil)
		}
	}
	n.findMembers()
	n.findDSL()
	n.findVLANs(r)
	n.findLinks()
	return n
}

func (n *netView) addIface(name string, s *uci.Section) {
	i := &netIface{name: name, s: s, live: n.live.ifaces[name]}
	if s != nil {
		i.proto, i.device = s.Get("proto"), firstWord(s.Get("device"))
		if i.device == "" {
			i.device = firstWord(s.Get("ifname"))
		}
	} else {
		i.proto = i.live.Get("proto").Text()
	}
	if i.device == "" {
		i.device = i.live.Get("device").Text()
	}
	switch i.l3 = i.live.Get("l3_device").Text(); {
	case i.l3 != "":
	case i.isPPP():
		i.l3 = i.proto + "-" + name
	default:
		if _, i.l3 = i.layer(); i.l3 == "" && !strings.ContainsAny(i.device, "@/") {
			i.l3 = i.device
		}
	}
	n.ifaces = append(n.ifaces, i)
	n.iface[name] = i
}

func (i *netIface) isPPP() bool {
	switch i.proto {
	case "pppoe", "pppoa", "ppp", "pptp", "l2tp":
		return true
	}
	return false
}

// words returns the items of an option; netifd splits the scalar form of a list at blanks.
func words(s *uci.Section, option string) []string {
	o := s.Option(option)
	if o == nil {
		return nil
	}
	if o.IsList {
		return o.Values
	}
	return strings.Fields(o.Values[0])
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

// findMembers notes which netdev is in which bridge: by configuration, by a VLAN of the bridge, or right now.
func (n *netView) findMembers() {
	for _, s := range n.bridges {
		name := s.Get("name")
		for _, dev := range words(s, "ports") {
			n.join(dev, name)
		}
	}
	for _, s := range n.bridgeVLANs("") {
		for _, token := range words(s, "ports") {
			dev, _, _ := strings.Cut(token, ":")
			n.join(dev, s.Get("device"))
		}
	}
	n.port = maps.Clone(n.member)
	for _, name := range n.live.names {
		for _, dev := range n.live.devices[name].Get("bridge-members").All() {
			n.join(dev.Text(), name)
		}
	}
}

func (n *netView) join(dev, bridge string) {
	if dev != "" && bridge != "" && n.member[dev] == "" {
		n.member[dev] = bridge
	}
}

// bridgeVLANs lists the VLANs of a bridge, of all bridges for "".
func (n *netView) bridgeVLANs(bridge string) []*uci.Section {
	if n.pkg == nil {
		return nil
	}
	var out []*uci.Section
	for _, s := range n.pkg.OfType("bridge-vlan") {
		if bridge == "" || s.Get("device") == bridge {
			out = append(out, s)
		}
	}
	return out
}

// findVLANs lists the netdevs that tag: those with a section of their own, then those used under a name such as eth0.7.
func (n *netView) findVLANs(r *Reader) {
	keys := vlanKeys(r)
	add := func(v *netVLAN) {
		if n.vlan[v.name] != nil {
			return
		}
		if v.key = keys[v.name]; v.key == "" {
			v.key = v.name
		}
		n.vlans = append(n.vlans, v)
		n.vlan[v.name] = v
	}
	if n.pkg != nil {
		for _, s := range n.pkg.OfType("device") {
			name, typ := s.Get("name"), s.Get("type")
			if name == "" || n.device[name] != s || typ != "8021q" && typ != "8021ad" {
				continue
			}
			vid, _ := strconv.Atoi(s.Get("vid"))
			add(&netVLAN{name: name, base: s.Get("ifname"), vid: vid, s: s, explicit: true})
		}
	}
	var byName func(dev string)
	byName = func(dev string) {
		base, vid, ok := splitVLAN(dev)
		if s := n.device[dev]; ok && (s == nil || s.Get("type") == "") {
			add(&netVLAN{name: dev, base: base, vid: vid, s: s})
			byName(base)
		}
	}
	for _, i := range n.ifaces {
		if i.s != nil {
			byName(i.device)
		}
	}
	for _, s := range n.bridges {
		for _, dev := range words(s, "ports") {
			byName(dev)
		}
	}
	for _, v := range slices.Clone(n.vlans) {
		byName(v.base)
	}
}

// splitVLAN cuts eth0.7 into eth0 and 7.
func splitVLAN(dev string) (base string, vid int, ok bool) {
	i := strings.LastIndexByte(dev, '.')
	if i <= 0 || strings.ContainsAny(dev, "/@") {
		return "", 0, false
	}
	vid, err := strconv.Atoi(dev[i+1:])
	return dev[:i], vid, err == nil && vid >= 1 && vid <= 4094
}
