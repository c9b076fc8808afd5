package source

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// hostsFuncs are the values of Device.Hosts.
func hostsFuncs() map[string]Func {
	return map[string]Func{
		"hosts.rows":      {Rows: hostRows},
		"hosts.host":      {Get: getHost},
		"hosts.since":     {Get: (&activity{}).get},
		"hosts.addresses": {Rows: hostAddresses, Get: getHostAddress},
		"hosts.rules":     {Rows: accessRules, Delete: deleteSection},
		"hosts.access":    {Get: getAccess, Set: setAccess, Hook: hookAccess},
	}
}

// A host is one MAC address on the LAN side and what all of the router's tables say of it.
type host struct {
	mac       string // lower case, with colons
	v4, v6    []netip.Addr
	name      string
	clientID  string
	device    string // IP device that the kernel knows it on
	port      string // port of the bridge
	ap        string // wifi-iface section, where it is associated
	leased    bool
	expires   int64
	active    bool
	leasedIP4 netip.Addr
}

const maxHosts = 1024

// hosts joins leases, neighbours, bridge and stations, by MAC address.
func hosts(ctx context.Context, r *Reader) map[string]*host {
	return r.Memo("hosts", func() any {
		j := &hostJoin{r: r, hosts: map[string]*host{}}
		j.leases(ctx)
		j.neighbours(ctx)
		j.stations(ctx)
		j.ipv6(ctx)
		j.ports()
		j.names()
		return j.hosts
	}).(map[string]*host)
}

type hostJoin struct {
	r     *Reader
	hosts map[string]*host
}

// host returns the entry of a MAC address, a new one where there was none; nil for what is no host.
func (j *hostJoin) host(mac string) *host {
	mac = plainMAC(mac)
	if mac == "" || mac == "00:00:00:00:00:00" || mac == "ff:ff:ff:ff:ff:ff" {
		return nil
	}
	if h := j.hosts[mac]; h != nil {
		return h
	}
	if len(j.hosts) >= maxHosts {
		return nil
	}
	h := &host{mac: mac}
	j.hosts[mac] = h
	return h
}

func (j *hostJoin) leases(ctx context.Context) {
	for _, l := range leases(ctx, j.r) {
		h := j.host(l.mac)
		if h == nil {
			continue
		}
		h.leased, h.expires, h.leasedIP4 = true, l.expires, l.ip
		if l.name != "" {
			h.name = l.name
		}
		h.clientID = l.clientID
		h.address(l.ip)
	}
}

func (h *host) address(a netip.Addr) {
	list := &h.v4
	if a.Is6() {
		list = &h.v6
	}
	if !slices.Contains(*list, a) {
		*list = append(*list, a)
	}
}

// neighbours reads /proc/net/arp, without those of uplinks. Flags 0x2: the kernel has an answer of the host.
func (j *hostJoin) neighbours(ctx context.Context) {
	outside := uplinks(ctx, j.r)
	for line := range strings.Lines(string(j.r.File("/proc/net/arp"))) {
		f := strings.Fields(line)
		if len(f) != 6 || outside[f[5]] {
			continue
		}
		ip, err := netip.ParseAddr(f[0])
		flags, err2 := strconv.ParseUint(f[2], 0, 32)
		if err != nil || err2 != nil {
			continue
		}
		if j.hosts[plainMAC(f[3])] == nil && flags&2 == 0 {
			continue // nothing but a question without an answer
		}
		if h := j.host(f[3]); h != nil {
			h.device = f[5]
			h.address(ip)
			h.active = h.active || flags&2 != 0
		}
	}
}

// uplinks are the devices of networks that are translated: what is there is not on the LAN.
func uplinks(ctx context.Context, r *Reader) map[string]bool {
	out := map[string]bool{}
	for _, z := range zones(r) {
		if !yes(z.Get("masq"), false) {
			continue
		}
		for _, network := range items(z, "network") {
			st := ifaceStatus(ctx, r, network)
			out[st.Get("l3_device").Text()] = true
			out[st.Get("device").Text()] = true
			out[text(r.section("network", network), "device")] = true
		}
	}
	return out
}

func (j *hostJoin) stations(ctx context.Context) {
	for _, radio := range wireless(ctx, j.r).All() {
		for _, v := range radio.Get("interfaces").All() {
			ifname := v.Get("ifname").Text()
			if ifname == "" || v.Get("config", "mode").Text() != "ap" {
				continue
			}
			for mac := range j.r.Ubus(ctx, "hostapd."+ifname, "get_clients", ubus.Value{}).Get("clients").All() {
				if h := j.host(mac); h != nil {
					h.ap, h.port, h.active = v.Get("section").Text(), ifname, true
				}
			}
		}
	}
}

// ipv6 adds what odhcpd leased. A DHCPv6 client has a DUID, not a MAC address; those made of one are taken apart, and
// they count only where the host is known otherwise.
func (j *hostJoin) ipv6(ctx context.Context) {
	for _, dev := range j.r.Ubus(ctx, "dhcp", "ipv6leases", ubus.Value{}).Get("device").All() {
		for _, v := range dev.Get("leases").All() {
			h := j.hosts[duidMAC(v.Get("duid").Text())]
			if h == nil {
				continue
			}
			if h.name == "" {
				h.name = v.Get("hostname").Text()
			}
			for _, a := range v.Get("ipv6-addr").All() {
				if ip, err := netip.ParseAddr(a.Get("address").Text()); err == nil && ip.Is6() && len(h.v6) < 32 {
					h.address(ip)
				}
			}
		}
	}
}

// duidMAC is the Ethernet address in a DUID of type 1 or 3.
func duidMAC(duid string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(duid, ":", ""))
	if err != nil || len(b) < 4 || binary.BigEndian.Uint16(b[2:]) != 1 {
		return ""
	}
	switch {
	case binary.BigEndian.Uint16(b) == 1 && len(b) == 14:
		return plainMAC(hex.EncodeToString(b[8:]))
	case binary.BigEndian.Uint16(b) == 3 && len(b) == 10:
		return plainMAC(hex.EncodeToString(b[4:]))
	}
	return ""
}

// ports asks the bridges which port each host was last seen on: brforward holds 16 octets an entry, the address, the
// low octet of the port's number, whether it is the bridge's own, the age, the high octet.
func (j *hostJoin) ports() {
	for _, file := range j.r.Glob("/sys/class/net/*/brforward") {
		bridge := strings.TrimSuffix(strings.TrimPrefix(file, "/sys/class/net/"), "/brforward")
		names := j.portNames(bridge)
		data := j.r.File(file)
		for ; len(data) >= 16; data = data[16:] {
			mac := plainMAC(hex.EncodeToString(data[:6]))
			name := names[int(data[6])|int(data[12])<<8]
			if h := j.hosts[mac]; h != nil && data[7] == 0 && h.ap == "" && name != "" {
				h.port = name
			}
		}
	}
}

func (j *hostJoin) portNames(bridge string) map[int]string {
	out := map[int]string{}
	for _, file := range j.r.Glob("/sys/class/net/" + bridge + "/brif/*/port_no") {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "/sys/class/net/"+bridge+"/brif/"), "/port_no")
		j.portNumber(out, file, name)
	}
	if len(out) == 0 {
		for _, file := range j.r.Glob("/sys/class/net/*/brport/port_no") {
			name := strings.TrimSuffix(strings.TrimPrefix(file, "/sys/class/net/"), "/brport/port_no")
			j.portNumber(out, file, name)
		}
	}
	return out
}

func (j *hostJoin) portNumber(out map[int]string, file, name string) {
	if n, err := strconv.ParseInt(strings.TrimSpace(string(j.r.File(file))), 0, 32); err == nil {
		out[int(n)] = name
	}
}

// names takes the names that the operator gave to hosts.
func (j *hostJoin) names() {
	p := j.r.UCI("dhcp")
	if p == nil {
		return
	}
	for _, s := range p.OfType("host") {
		for _, mac := range items(s, "mac") {
			if h := j.hosts[plainMAC(mac)]; h != nil && h.name == "" {
				h.name = s.Get("name")
			}
		}
	}
}

func (h *host) ip() string {
	switch {
	case h.leasedIP4.IsValid():
		return h.leasedIP4.String()
	case len(h.v4) > 0:
		return h.v4[0].String()
	}
	for _, a := range h.v6 {
		if a.IsGlobalUnicast() {
			return a.String()
		}
	}
	if len(h.v6) > 0 {
		return h.v6[0].String()
	}
	return ""
}

func (h *host) addresses() []string {
	var out []string
	for _, a := range append(slices.Clone(h.v4), h.v6...) {
		out = append(out, a.String())
	}
	return out
}

func hostRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	all := slices.SortedFunc(maps.Values(hosts(ctx, r)), func(a, b *host) int { return cmp.Compare(a.mac, b.mac) })
	out := make([]model.Row, len(all))
	for i, h := range all {
		out[i] = model.Row{Key: h.mac, Data: h}
	}
	return out, nil
}

// getHost answers `call hosts.host FIELD`.
func getHost(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	h, ok := row.Data.(*host)
	if !ok {
		return "", nil
	}
	switch args[0] {
	case "mac":
		return strings.ToUpper(h.mac), nil
	case "ip":
		return h.ip(), nil
	case "name":
		return h.name, nil
	case "active":
		return digit(h.active), nil
	case "type":
		switch {
		case h.ap != "":
			return "Wi-Fi", nil
		case h.port != "" || h.device != "":
			return "Ethernet", nil
		}
		return "Other", nil
	case "source":
		switch {
		case h.leased:
			return "DHCP", nil
		case len(h.v4) > 0:
			return "Static", nil
		}
		return "None", nil
	case "left":
		switch left := h.expires - time.Now().Unix(); {
		case h.leased && h.expires == 0:
			return "-1", nil
		case h.leased && left > 0:
			return strconv.FormatInt(min(left, 1<<31-1), 10), nil
		}
		return "0", nil
	case "clientid":
		return h.clientID, nil
	}
	return hostPath(ctx, r, h, args[0]), nil
}

// activity remembers, as long as the daemon lives, when a host was first seen to come or go.
type activity struct {
	mu   sync.Mutex
	seen map[string]activeSince
}

type activeSince struct {
	active bool
	since  int64 // Unix seconds, 0: before we first looked
}

// get is the time of the last change that we saw, "" before there was one.
func (a *activity) get(_ context.Context, _ *Reader, row *model.Row, _ []string) (string, error) {
	h, ok := row.Data.(*host)
	if !ok {
		return "", nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, known := a.seen[h.mac]
	switch {
	case !known:
		if a.seen == nil || len(a.seen) >= maxHosts {
			a.seen = map[string]activeSince{}
		}
		s = activeSince{active: h.active}
	case s.active != h.active:
		s = activeSince{h.active, time.Now().Unix()}
	}
	a.seen[h.mac] = s
	return strconv.FormatInt(s.since, 10), nil
}

// hostPath is one of a host's references.
func hostPath(ctx context.Context, r *Reader, h *host, what string) string {
	tree := r.Tree()
	if tree == nil {
		return ""
	}
	switch what {
	case "dhcp":
		if h.leased {
			return pathBelow(tree, "Device.DHCPv4.Server.Pool.{i}.Client.", h.mac, func(*model.Row) bool { return true })
		}
	case "station":
		return pathBelow(tree, "Device.WiFi.AccessPoint.{i}.AssociatedDevice.", h.mac, func(p *model.Row) bool {
			return p.Parent != nil && p.Parent.Section == h.ap
		})
	case "layer1":
		if h.ap != "" {
			return tree.Path("Device.WiFi.Radio.", text(r.section("wireless", h.ap), "device"))
		}
		return tree.Path("Device.Ethernet.Interface.", h.port)
	case "layer3":
		if network := networkOfDevice(r, h.device); network != "" {
			return networkPath(r, network)
		}
		for _, a := range h.v4 {
			if network := networkHolding(r, a); network != "" {
				return networkPath(r, network)
			}
		}
	}
	return ""
}

// pathBelow is the path of the row with this key in a table below another one.
func pathBelow(tree model.Context, table, key string, fits func(*model.Row) bool) string {
	for _, row := range tree.Rows(table) {
		if row.Key == key && fits(row) {
			return row.Path()
		}
	}
	return ""
}

func networkHolding(r *Reader, a netip.Addr) string {
	p := r.UCI("network")
	if p == nil {
		return ""
	}
	for _, s := range p.OfType("interface") {
		if sub := subnetOf(r, s.Name); sub.IsValid() && sub.Contains(a) {
			return s.Name
		}
	}
	return ""
}

// hostAddresses are the addresses of a host of one family: `call hosts.addresses 4`.
func hostAddresses(_ context.Context, _ *Reader, parent *model.Row, args []string) ([]model.Row, error) {
	h, ok := parent.Data.(*host)
	if !ok {
		return nil, nil
	}
	list := h.v4
	if args[0] == "6" {
		list = h.v6
	}
	out := make([]model.Row, len(list))
	for i, a := range list {
		out[i] = model.Row{Key: a.String()}
	}
	return out, nil
}

func getHostAddress(_ context.Context, _ *Reader, row *model.Row, _ []string) (string, error) {
	return row.Key, nil
}

// -------------------------------------------------------------------------------------------- access control

// accessRules are the rules about one device on its way out, and those of ours that have no device yet.
func accessRules(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	p := r.UCI("firewall")
	if p == nil {
		return nil, nil
	}
	var out []model.Row
	for _, s := range p.OfType("rule") {
		if s.Option("src_mac") != nil && s.Option("dest") != nil || strings.HasPrefix(s.Name, "cwmp_ac_") {
			out = append(out, r.rowOf("firewall", s, "src_mac", "name"))
		}
	}
	return out, nil
}

// getAccess answers `call hosts.access FIELD` for a firewall rule about one MAC address.
func getAccess(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	switch args[0] {
	case "mac":
		if macs := items(s, "src_mac"); len(macs) > 0 {
			return macs[0], nil
		}
	case "policy":
		if strings.EqualFold(text(s, "target"), "ACCEPT") {
			return "Allow", nil
		}
		return "Deny", nil
	}
	return "", nil
}

func setAccess(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if have, _ := getAccess(ctx, r, row, args); strings.EqualFold(have, value) {
		return nil
	}
	if args[0] == "policy" {
		target := map[string]string{"Allow": "ACCEPT", "Deny": "REJECT"}[value]
		return r.uciSet("firewall", row.Section, "target", target)
	}
	if value == "" {
		return r.uciSet("firewall", row.Section, "src_mac", "")
	}
	if plainMAC(value) == "" {
		return model.Errorf(model.BadValue, "not a MAC address")
	}
	return r.uciSet("firewall", row.Section, "src_mac", value)
}

// hookAccess keeps a rule without an address off: it would be about everybody.
func hookAccess(_ context.Context, r *Reader, row *model.Row, _ map[string]string) error {
	if s := r.own(row); s != nil && yes(s.Get("enabled"), true) && s.Get("src_mac") == "" {
		return at("PhysAddress", model.BadValue, "an enabled rule needs one: without it everybody is meant")
	}
	return nil
}
