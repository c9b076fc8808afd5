package source

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// A layering is the Data of a row of InterfaceStack: one row stands on another.
type layering struct{ higher, lower string }

// netStackRows is `rows call net.stack`: every edge of the layers that this file's family and the SSIDs make, the lower end
// being a row that exists.
func netStackRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	n := r.network(ctx)
	var rows []model.Row
	add := func(higher string, lowers ...string) {
		for _, lower := range lowers {
			e := layering{higher, lower}
			if lower == "" || r.refPath(higher) == "" || r.refPath(lower) == "" {
				continue
			}
			rows = append(rows, model.Row{Key: higher + ">" + lower, Data: e})
		}
	}
	for _, i := range n.ifaces {
		add(ref(tableIP, i.name), n.belowIface(i))
	}
	for _, i := range n.ifaces {
		if i.s != nil && i.isPPP() {
			add(ref(tablePPP, i.name), n.belowPPP(i))
			if i.proto == "pppoa" {
				add(n.belowPPP(i), n.belowDSL(tableChannel))
			}
		}
		if table, _ := i.layer(); table != "" {
			add(ref(table, i.name), n.belowTunnel(i))
		}
	}
	for _, v := range n.vlans {
		add(ref(tableVLAN, v.key), n.below(v.base))
	}
	for _, dev := range n.links {
		add(ref(tableLink, dev), n.belowLink(dev))
	}
	for _, dev := range slices.Sorted(maps.Keys(n.dsl)) {
		add(n.dsl[dev], n.belowDSL(tableChannel))
	}
	add(n.belowDSL(tableChannel), n.belowDSL(tableLine))
	for _, s := range n.lags {
		name := s.Get("name")
		add(ref(tableLAG, name), n.belowLAG(name)...)
	}
	bridges, err := netBridgeRows(ctx, r, nil, nil)
	for i := range bridges {
		b := n.book(&bridges[i])
		for _, p := range b.Ports {
			add(ref(tablePort, p.Key), n.belowPortOf(b, p)...)
		}
	}
	if wireless := r.UCI("wireless"); wireless != nil {
		for _, s := range wireless.OfType("wifi-iface") {
			for _, radio := range words(s, "device") {
				add(ref(tableSSID, s.Name), ref(tableRadio, radio))
			}
		}
	}
	return rows, err
}

// refPath is the path that a raw reference means, "" for none.
func (r *Reader) refPath(raw string) string {
	table, key, ok := cutRef(raw)
	if !ok || r.Tree() == nil {
		return ""
	}
	return r.Tree().Path(table, key)
}

// netStack is `call net.stack higher|lower [alias]`.
func netStack(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	e, ok := row.Data.(layering)
	if !ok {
		return "", nil
	}
	end := e.higher
	if args[0] == "lower" {
		end = e.lower
	}
	if len(args) == 1 {
		return end, nil
	}
	path := r.refPath(end)
	if path == "" {
		return "", nil
	}
	return r.Tree().Value(path + ".Alias")
}

// A socket is the Data of a row of ActivePort.
type socket struct{ local, remote, localPort, remotePort, state string }

// maxSockets is how many TCP sockets ActivePort shows.
const maxSockets = 512

// netSockets is `rows call net.sockets`: the TCP sockets that listen or are connected.
func netSockets(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, file := range [...]string{"/proc/net/tcp", "/proc/net/tcp6"} {
		for line := range strings.Lines(string(r.File(file))) {
			f := strings.Fields(line)
			if len(f) < 4 || len(rows) >= maxSockets {
				continue
			}
			s := socket{state: map[string]string{"0A": "LISTEN", "01": "ESTABLISHED"}[f[3]]}
			var ok, ok2 bool
			s.local, s.localPort, ok = socketAddr(f[1])
			s.remote, s.remotePort, ok2 = socketAddr(f[2])
			if s.state == "" || !ok || !ok2 {
				continue
			}
			if s.state == "LISTEN" {
				s.remote, s.remotePort = "", "0"
			}
			key := s.local + " " + s.localPort + " " + s.remote + " " + s.remotePort
			if !slices.ContainsFunc(rows, func(row model.Row) bool { return row.Key == key }) {
				rows = append(rows, model.Row{Key: key, Data: s})
			}
		}
	}
	return rows, nil
}

// socketAddr reads 0101A8C0:0050: words of four bytes in the processor's order, and a port.
func socketAddr(text string) (addr, port string, ok bool) {
	a, p, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(a)
	number, err2 := strconv.ParseUint(p, 16, 16)
	if err != nil || err2 != nil || len(raw) != 4 && len(raw) != 16 {
		return "", "", false
	}
	for w := 0; w < len(raw); w += 4 {
		binary.NativeEndian.PutUint32(raw[w:], binary.BigEndian.Uint32(raw[w:]))
	}
	ip, ok := netip.AddrFromSlice(raw)
	return ip.Unmap().String(), strconv.FormatUint(number, 10), ok
}

// netSocket is `call net.socket FIELD`.
func netSocket(_ context.Context, _ *Reader, row *model.Row, args []string) (string, error) {
	s, ok := row.Data.(socket)
	if !ok {
		return "", nil
	}
	switch args[0] {
	case "local":
		return s.local, nil
	case "localport":
		return s.localPort, nil
	case "remote":
		return s.remote, nil
	case "remoteport":
		return s.remotePort, nil
	}
	return s.state, nil
}
