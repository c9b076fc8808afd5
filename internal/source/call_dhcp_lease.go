package source

import (
	"context"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// lease is one line of dnsmasq's lease file.
type lease struct {
	expires  int64 // Unix seconds, 0: never
	mac      string
	ip       netip.Addr
	name     string
	clientID string // hexadecimal, no colons
}

// leases reads dnsmasq's lease file, and what odhcpd serves where it is the DHCPv4 server.
func leases(ctx context.Context, r *Reader) []lease {
	return r.Memo("dhcp leases", func() any {
		file := "/tmp/dhcp.leases"
		if p := r.UCI("dhcp"); p != nil {
			for _, s := range p.OfType("dnsmasq") {
				if f := s.Get("leasefile"); f != "" {
					file = f
					break
				}
			}
		}
		return append(parseLeases(string(r.File(file))), odhcpdLeases(ctx, r)...)
	}).([]lease)
}

func parseLeases(text string) []lease {
	var out []lease
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 5 {
			continue // "duid …": from here on it is DHCPv6
		}
		ip, err := netip.ParseAddr(f[2])
		expires, err2 := strconv.ParseInt(f[0], 10, 64)
		mac := plainMAC(f[1])
		if err != nil || err2 != nil || !ip.Is4() || mac == "" {
			continue
		}
		l := lease{expires: expires, mac: mac, ip: ip}
		if f[3] != "*" {
			l.name = clean(f[3])
		}
		if id := strings.ReplaceAll(f[4], ":", ""); isHex(id) {
			l.clientID = id
		}
		out = append(out, l)
	}
	return out
}

func odhcpdLeases(ctx context.Context, r *Reader) []lease {
	s := r.section("dhcp", "odhcpd")
	if !yes(text(s, "maindhcp"), false) {
		return nil
	}
	var out []lease
	for _, dev := range r.Ubus(ctx, "dhcp", "ipv4leases", ubus.Value{}).Get("device").All() {
		for _, v := range dev.Get("leases").All() {
			ip, err := netip.ParseAddr(v.Get("address").Text())
			mac := plainMAC(v.Get("mac").Text())
			if err != nil || mac == "" {
				continue
			}
			l := lease{mac: mac, ip: ip, name: v.Get("hostname").Text()}
			if left, ok := v.Get("valid").Int(); ok && left > 0 && left < 1<<32-1 {
				l.expires = time.Now().Unix() + left
			}
			out = append(out, l)
		}
	}
	return out
}

// plainMAC is a MAC address in lower case with colons, "" where the text is none. dnsmasq writes "06-…" before one that
// is not of Ethernet.
func plainMAC(text string) string {
	text = strings.ToLower(strings.ReplaceAll(text, "-", ":"))
	if len(text) == 12 && isHex(text) {
		return text[0:2] + ":" + text[2:4] + ":" + text[4:6] + ":" + text[6:8] + ":" + text[8:10] + ":" + text[10:12]
	}
	if len(text) != 17 || !isHex(strings.ReplaceAll(text, ":", "")) || strings.Count(text, ":") != 5 {
		return ""
	}
	return text
}

func isHex(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil && text != ""
}

// poolClients are the leases in the subnet of a pool.
func poolClients(ctx context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	pool := r.own(parent)
	if pool == nil {
		return nil, nil
	}
	_, _, _, subnet := poolRange(r, pool)
	if !subnet.IsValid() {
		return nil, nil
	}
	var out []model.Row
	for _, l := range leases(ctx, r) {
		if subnet.Contains(l.ip) && !slices.ContainsFunc(out, func(o model.Row) bool { return o.Key == l.mac }) {
			out = append(out, model.Row{Key: l.mac, Data: l})
		}
	}
	return out, nil
}

// getPoolClient answers `call dhcp4.client mac|active|ip|expires`, for the client and for its address.
func getPoolClient(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	l, ok := row.Data.(lease)
	if !ok {
		return "", nil
	}
	switch args[0] {
	case "mac":
		return l.mac, nil
	case "active":
		h := hosts(ctx, r)[l.mac]
		return digit((l.expires == 0 || l.expires > time.Now().Unix()) && h != nil && h.active), nil
	case "ip":
		return l.ip.String(), nil
	case "expires":
		if l.expires == 0 {
			return "9999-12-31T23:59:59Z", nil // for ever, in TR-106's words
		}
		return time.Unix(l.expires, 0).UTC().Format(time.RFC3339), nil
	}
	return "", nil
}

func clientAddresses(ctx context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	l, _ := parent.Data.(lease)
	var out []model.Row
	for _, o := range leases(ctx, r) {
		if o.mac == l.mac && l.mac != "" && subnetOfRow(r, parent.Parent).Contains(o.ip) {
			out = append(out, model.Row{Key: o.ip.String(), Data: o})
		}
	}
	return out, nil
}

func subnetOfRow(r *Reader, pool *model.Row) netip.Prefix {
	s := r.own(pool)
	if s == nil {
		return netip.Prefix{}
	}
	_, _, _, subnet := poolRange(r, s)
	return subnet
}

// clientOptions are the options that the lease file keeps: host name and client identifier.
func clientOptions(_ context.Context, _ *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	l, _ := parent.Data.(lease)
	var out []model.Row
	if l.name != "" {
		out = append(out, model.Row{Key: "12", Data: hex.EncodeToString([]byte(l.name))})
	}
	if l.clientID != "" {
		out = append(out, model.Row{Key: "61", Data: l.clientID})
	}
	return out, nil
}

func getClientOption(_ context.Context, _ *Reader, row *model.Row, _ []string) (string, error) {
	value, _ := row.Data.(string)
	return value, nil
}
