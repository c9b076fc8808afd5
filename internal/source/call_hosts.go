package source

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
)

// hostsTable are the values of Device.Hosts.
var hostsTable = []named{
	{"hosts.rows", &Func{Rows: hostRows}},
	{"hosts.host", &Func{Get: getHost}},
	{"hosts.at", &Func{Get: hostsAt}},
	{"hosts.addresses", &Func{Rows: hostAddresses, Get: getHostAddress}},
	{"hosts.rules", &Func{Rows: accessRules, Delete: deleteAccess}},
	{"hosts.schedules", &Func{Rows: accessSchedules, Add: addSchedule, Delete: deleteSchedule}},
	{"hosts.schedule", &Func{Get: getSchedule, Set: setSchedule, Hook: hookSchedule}},
	{"hosts.access", &Func{Get: getAccess, Set: setAccess, Hook: hookAccess}},
	{"hosts.traffic", &Func{Get: hostTraffic}},
}

func hostsMade() map[string]Func {
	return map[string]Func{
		"hosts.since": {Get: (&activity{}).get},
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

// hostsAt is `call hosts.at ADDRESS…`: the hosts that have one of these addresses, MAC or IP, each text a list or one of them.
func hostsAt(ctx context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	index := r.Memo("hosts.at", func() any {
		at := map[string]string{}
		for mac, h := range hosts(ctx, r) {
			for _, a := range append(h.addresses(), mac) {
				if old := at[a]; old == "" || mac < old {
					at[a] = mac
				}
			}
		}
		return at
	}).(map[string]string)
	var macs []string
	for _, a := range strings.Split(strings.Join(args, model.ListSep), model.ListSep) {
		if mac := index[strings.ToLower(a)]; mac != "" && !slices.Contains(macs, mac) {
			macs = append(macs, mac)
		}
	}
	return joinList(macs), nil
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
			return tree.Path("Device.DHCPv4.Server.Pool.{i}.Client.", h.mac)
		}
	case "station":
		if h.ap != "" {
			return stationPath(tree, h)
		}
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

// stationPath is the path of a host at the access point that it is associated with.
func stationPath(tree model.Context, h *host) string {
	for _, row := range tree.Rows("Device.WiFi.AccessPoint.{i}.AssociatedDevice.") {
		if row.Key == h.mac && row.Parent != nil && row.Parent.Section == h.ap {
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
