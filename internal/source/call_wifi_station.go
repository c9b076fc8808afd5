package source

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

var stationTable = []named{
	{"wifi.stations", &Func{Rows: wifiStations}},
	{"wifi.station", &Func{Get: getStation}},
}

// station is what hostapd and iwinfo know of one station; iwinfo may be absent.
type station struct {
	hostapd, iwinfo ubus.Value
	freq            int64 // MHz, 0 where it is not known
}

// wifiStations are the stations of an AccessPoint: those that hostapd has associated.
func wifiStations(ctx context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	ifname := ifnameOf(ctx, r, r.own(parent))
	if ifname == "" {
		return nil, nil
	}
	var out []model.Row
	reply := r.Ubus(ctx, "hostapd."+ifname, "get_clients", ubus.Value{})
	freq, _ := reply.Get("freq").Int()
	for mac, v := range reply.Get("clients").All() {
		st := station{hostapd: v, freq: freq}
		for _, w := range assoclist(ctx, r, ifname).All() {
			if strings.EqualFold(w.Get("mac").Text(), mac) {
				st.iwinfo = w
			}
		}
		out = append(out, model.Row{Key: strings.ToLower(clean(mac)), Data: st})
	}
	return out, nil
}

// sinceMemo keeps moments still that are computed as "now less so many seconds": both are cut to whole seconds, and the
// difference would change to and fro, a value change each time.
type sinceMemo struct {
	mu    sync.Mutex
	known map[string]int64 // guarded by mu; Unix seconds by row
}

// settle returns the moment told last, unless the new one differs by more than rounding explains.
func (m *sinceMemo) settle(key string, moment int64) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.known[key]; ok && max(old-moment, moment-old) <= 2 {
		return old
	}
	if m.known == nil || len(m.known) > 1000 {
		m.known = map[string]int64{}
	}
	m.known[key] = moment
	return moment
}

// getStation answers `call wifi.station FIELD` for an AssociatedDevice, and for an EndPoint, whose station is the
// access point it is connected to.
func getStation(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	st, ok := row.Data.(station)
	if !ok {
		ifname := ifnameOf(ctx, r, r.own(row))
		if ifname == "" {
			return "", nil
		}
		st.iwinfo = assoclist(ctx, r, ifname).Index(0)
	}
	h, w := st.hostapd, st.iwinfo
	switch args[0] {
	case "mac":
		return row.Key, nil
	case "standard":
		return st.standard(), nil
	case "down":
		return first(h.Get("rate", "tx"), w.Get("tx", "rate")), nil
	case "up":
		return first(h.Get("rate", "rx"), w.Get("rx", "rate")), nil
	case "signal":
		return first(h.Get("signal"), w.Get("signal")), nil
	case "noise":
		return w.Get("noise").Text(), nil
	case "snr":
		return st.snr(), nil
	case "since":
		sec, ok := w.Get("connected_time").Int()
		if !ok {
			return "", nil
		}
		return strconv.FormatInt(r.rt.since.settle(rowName(row), time.Now().Unix()-sec), 10), nil
	case "retries100":
		return st.retries100(), nil
	case "txbytes":
		return first(h.Get("bytes", "tx"), w.Get("tx", "bytes")), nil
	case "rxbytes":
		return first(h.Get("bytes", "rx"), w.Get("rx", "bytes")), nil
	case "txpackets":
		return first(h.Get("packets", "tx"), w.Get("tx", "packets")), nil
	case "rxpackets":
		return first(h.Get("packets", "rx"), w.Get("rx", "packets")), nil
	case "retries":
		return w.Get("tx", "retries").Text(), nil
	case "failed":
		return w.Get("tx", "failed").Text(), nil
	case "dropped":
		return w.Get("rx", "drop_misc").Text(), nil
	case "assoc":
		return h.Get("assoc").Text(), nil
	case "authorized":
		return h.Get("authorized").Text(), nil
	}
	return "", nil
}

func first(values ...ubus.Value) string {
	for _, v := range values {
		if v.Exists() {
			return v.Text()
		}
	}
	return ""
}

func (st station) standard() string {
	for _, flag := range []struct{ name, standard string }{{"eht", "be"}, {"he", "ax"}, {"vht", "ac"}, {"ht", "n"}} {
		if st.hostapd.Get(flag.name).Bool() || st.iwinfo.Get("rx", flag.name).Bool() || st.iwinfo.Get("tx", flag.name).Bool() {
			return flag.standard
		}
	}
	switch {
	case st.freq > 4000:
		return "a"
	case st.freq > 0:
		return "g"
	}
	return ""
}

func (st station) snr() string {
	signal, ok := st.hostapd.Get("signal").Int()
	if !ok {
		signal, ok = st.iwinfo.Get("signal").Int()
	}
	noise, ok2 := st.iwinfo.Get("noise").Int()
	if !ok || !ok2 || noise == 0 || signal < noise {
		return ""
	}
	return strconv.FormatInt(signal-noise, 10)
}

// retries100 is how many of a hundred frames were sent again, on average since the station came: the driver keeps no
// record of the last hundred.
func (st station) retries100() string {
	retries, ok := st.iwinfo.Get("tx", "retries").Uint()
	sent, ok2 := st.iwinfo.Get("tx", "packets").Uint()
	if !ok || !ok2 || sent == 0 {
		return ""
	}
	return strconv.FormatUint(min(100, retries*100/sent), 10)
}

// sumOfStations adds up a counter of the stations that are there now: `call wifi.retries FIELD`.
func sumOfStations(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	ifname := ifnameOf(ctx, r, r.own(row))
	if ifname == "" {
		return "", nil
	}
	var sum uint64
	for _, w := range assoclist(ctx, r, ifname).All() {
		n, _ := w.Get("tx", args[0]).Uint()
		sum += n
	}
	return strconv.FormatUint(sum, 10), nil
}
