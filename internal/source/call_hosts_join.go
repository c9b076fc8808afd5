package source

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

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

// neighbours are those of both families, without those of uplinks. One that is stale, which on a small network it can be for
// ever, is there as long as a bridge would remember it.
func (j *hostJoin) neighbours(ctx context.Context) {
	outside := uplinks(ctx, j.r)
	for _, n := range j.r.Kernel().Neighbours() {
		if outside[n.Dev] || n.IP.IsMulticast() {
			continue
		}
		active, seen := false, true
		switch n.State {
		case "reachable", "delay", "probe", "permanent":
			active = true
		case "stale":
			active = n.Confirmed <= remembered
		default:
			seen = false // nothing but a question without an answer
		}
		if !seen && j.hosts[plainMAC(n.MAC)] == nil {
			continue
		}
		if h := j.host(n.MAC); h != nil && len(h.v6) < 32 {
			h.device = n.Dev
			h.address(n.IP)
			h.active = h.active || active
		}
	}
}

// remembered is how many seconds a bridge remembers a host that is silent, unless it is told otherwise.
const remembered = 300

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

// ports asks the bridges which port each host was last seen on.
func (j *hostJoin) ports() {
	for _, f := range j.r.Kernel().Forwarding() {
		if h := j.hosts[f.MAC]; h != nil && !f.Local && h.ap == "" {
			h.port = f.Dev
		}
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
