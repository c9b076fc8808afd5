package source

import (
	"context"
	"encoding/binary"
	"strconv"
	"strings"
	"sync"

	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/model"
)

// A neighbourhood is Device.WiFi.NeighboringWiFiDiagnostic.: what was asked for, and what the last scan found. It lasts as
// long as the daemon.
type neighbourhood struct {
	asked chan struct{} // one slot

	mu     sync.Mutex // guards what follows
	state  string     // "" is None
	radios [][2]string
	found  []network
}

// A network is the Data of a row of Result.
type network struct {
	kernel.BSS
	radio string // section
	noise int8
}

const (
	requested = "Requested"
	scanned   = "Complete"
	notFound  = "Error"
)

// funcs are wifi.scan, the DiagnosticsState, and wifi.networks, the results.
func (n *neighbourhood) funcs(into map[string]Func) {
	into["wifi.scan"] = Func{
		Get: func(context.Context, *Reader, *model.Row, []string) (string, error) {
			n.mu.Lock()
			defer n.mu.Unlock()
			return n.state, nil
		},
		Set: func(ctx context.Context, r *Reader, _ *model.Row, _ []string, value string) error {
			if value != requested {
				return badValue("want %s", requested)
			}
			var radios [][2]string
			for radio := range wireless(ctx, r).All() {
				if ifname := firstIface(ctx, r, radio); ifname != "" {
					radios = append(radios, [2]string{radio, ifname})
				}
			}
			r.Act(func(context.Context) error {
				n.mu.Lock()
				n.state, n.radios, n.found = requested, radios, nil
				n.mu.Unlock()
				select {
				case n.asked <- struct{}{}:
				default:
				}
				return nil
			})
			return nil
		},
	}
	into["wifi.networks"] = Func{Get: getNetwork, Rows: func(context.Context, *Reader, *model.Row, []string) ([]model.Row, error) {
		n.mu.Lock()
		defer n.mu.Unlock()
		var rows []model.Row
		seen := map[string]bool{}
		for _, f := range n.found {
			if !seen[f.BSSID] { // two radios of a band hear the same
				seen[f.BSSID] = true
				rows = append(rows, model.Row{Key: f.BSSID, Data: f})
			}
		}
		return rows, nil
	}}
}

// RunScans looks for neighbouring networks whenever that was asked for, and tells done. It ends with ctx.
func (rt *Router) RunScans(ctx context.Context, done func()) error {
	n := rt.around
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-n.asked:
		}
		n.mu.Lock()
		radios := n.radios
		n.mu.Unlock()
		found, state := rt.scan(ctx, radios)
		n.mu.Lock()
		n.found, n.state = found, state
		n.mu.Unlock()
		if ctx.Err() == nil {
			done()
		}
	}
}

// scan has one device of each radio look around. What one of them found is a result, whatever became of the others.
func (rt *Router) scan(ctx context.Context, radios [][2]string) (found []network, state string) {
	state = notFound
	for _, radio := range radios {
		k := newReader(rt, nil).Kernel()
		ctx, cancel := context.WithTimeout(ctx, kernel.ScanTime)
		err := k.Scan(ctx, radio[1])
		cancel()
		if err != nil {
			rt.log.Warn("scan for networks", "radio", radio[0], "error", err)
			continue
		}
		state = scanned
		noise := map[uint32]int8{}
		for _, s := range k.Surveys(radio[1]) {
			noise[s.Freq] = s.Noise
		}
		for _, b := range k.Networks(radio[1]) {
			found = append(found, network{b, radio[0], noise[b.Freq]})
		}
	}
	return found, state
}

// getNetwork is `call wifi.networks FIELD`.
func getNetwork(_ context.Context, _ *Reader, row *model.Row, args []string) (string, error) {
	n, _ := row.Data.(network)
	number := 0
	switch args[0] {
	case "radio":
		return n.radio, nil
	case "ssid":
		return strings.Trim(string(n.element(0, -1)), "\x00"), nil
	case "bssid":
		return n.BSSID, nil
	case "mode":
		if n.Capability&3 == 2 {
			return "AdHoc", nil
		}
		return "Infrastructure", nil
	case "channel":
		number = channelOf(n.Freq)
	case "signal":
		number = int(n.Signal)
	case "noise":
		number = int(n.noise)
	case "security":
		mode, _ := n.security()
		return mode, nil
	case "ciphers":
		_, ciphers := n.security()
		return joinList(ciphers), nil
	case "band":
		return n.band(), nil
	case "standards":
		return joinList(n.standards(45, 191, 35, 108)), nil
	case "operating":
		return joinList(n.standards(61, 192, 36, 106)), nil
	case "width":
		return n.width(), nil
	case "beacon":
		number = int(n.Interval)
	case "dtim":
		if tim := n.element(5, -1); len(tim) > 1 {
			number = int(tim[1])
		}
	case "basic":
		return joinList(n.rates(true)), nil
	case "rates":
		return joinList(n.rates(false)), nil
	}
	if number == 0 {
		return "", nil
	}
	return strconv.Itoa(number), nil
}

// element returns the first information element of a kind; those of kind 255 have a further one.
func (n *network) element(kind byte, further int) []byte {
	for b := n.Elements; len(b) >= 2 && len(b) >= 2+int(b[1]); b = b[2+int(b[1]):] {
		v := b[2 : 2+int(b[1])]
		switch {
		case b[0] != kind:
		case further < 0:
			return v
		case len(v) > 0 && v[0] == byte(further):
			return v[1:]
		}
	}
	return nil
}

// wpa is the content of the vendor's element that came before 802.11i.
func (n *network) wpa() []byte {
	for b := n.Elements; len(b) >= 2 && len(b) >= 2+int(b[1]); b = b[2+int(b[1]):] {
		if v := b[2 : 2+int(b[1])]; b[0] == 221 && len(v) > 4 && string(v[:4]) == "\x00\x50\xf2\x01" {
			return v[4:]
		}
	}
	return nil
}

func (n *network) band() string {
	switch {
	case n.Freq > 5925 && n.Freq < 7200:
		return "6GHz"
	case n.Freq > 4900 && n.Freq < 5925:
		return "5GHz"
	case n.Freq > 2400 && n.Freq < 2500:
		return "2.4GHz"
	}
	return ""
}

// standards are told by the elements of 802.11n, ac, ax and be: what the network can, or what it does.
func (n *network) standards(ht, vht byte, he, eht int) []string {
	var list []string
	switch n.band() {
	case "2.4GHz":
		list = append(list, "b")
		for _, rate := range n.rates(false) {
			if rate == "54" || rate == "6" {
				list = []string{"b", "g"}
			}
		}
	case "5GHz":
		list = append(list, "a")
	}
	if n.element(ht, -1) != nil {
		list = append(list, "n")
	}
	if n.element(vht, -1) != nil && n.band() == "5GHz" {
		list = append(list, "ac")
	}
	if n.element(255, he) != nil {
		list = append(list, "ax")
	}
	if n.element(255, eht) != nil {
		list = append(list, "be")
	}
	return list
}

// width is that of the newest operation element.
func (n *network) width() string {
	if b := n.element(255, 106); len(b) > 7 && b[0]&1 != 0 { // EHT: of the operation information
		if w := b[5] & 7; w == 4 {
			if b[7]%64 == 31 { // the middle is channel 31, 95 or 159
				return "320MHz-1"
			}
			return "320MHz-2"
		} else if w < 4 {
			return widthOrder[w]
		}
	}
	if b := n.element(255, 36); len(b) > 6 { // HE: of the part for 6 GHz
		at := 6
		if b[1]&0x40 != 0 {
			at += 3
		}
		if b[1]&0x80 != 0 {
			at++
		}
		if b[2]&2 != 0 && len(b) > at+1 {
			return widthOrder[b[at+1]&3]
		}
	}
	if b := n.element(192, -1); len(b) > 2 && b[0] > 0 {
		if b[0] > 1 || b[2] != 0 {
			return "160MHz" // 80+80 MHz too, which has no word here
		}
		return "80MHz"
	}
	if b := n.element(61, -1); len(b) > 1 && b[1]&4 != 0 && b[1]&3 != 0 {
		return "40MHz"
	}
	return "20MHz"
}

// rates are in Mbit/s, as of the time before 802.11n.
func (n *network) rates(basic bool) []string {
	var list []string
	for _, kind := range [...]byte{1, 50} {
		for _, rate := range n.element(kind, -1) {
			if basic && rate < 0x80 || rate&0x7f >= 122 { // the highest are no rates, but what a station must know
				continue
			}
			text := strconv.Itoa(int(rate&0x7f) / 2)
			if rate&1 != 0 {
				text += ".5"
			}
			list = append(list, text)
		}
	}
	return list
}

// Kinds of key management (802.11 table 9-190) as bits.
const (
	akmEnterprise  = 1<<1 | 1<<3 | 1<<5
	akmPSK         = 1<<2 | 1<<4 | 1<<6
	akmSAE         = 1<<8 | 1<<9 | 1<<24 | 1<<25
	akmEnterprise3 = 1<<11 | 1<<12 | 1<<13
	akmOWE         = 1 << 18
)

// security puts the RSN and WPA elements into the words of TR-181.
func (n *network) security() (mode string, ciphers []string) {
	rsn, wpa := n.element(48, -1), n.wpa()
	akm2, suites2 := keying(rsn)
	akm1, suites1 := keying(wpa)
	for _, c := range [...]struct {
		bits uint32
		name string
	}{{1 << 2, "TKIP"}, {1<<4 | 1<<8 | 1<<9 | 1<<10, "AES"}} { // CCMP and GCMP
		if (suites1|suites2)&c.bits != 0 {
			ciphers = append(ciphers, c.name)
		}
	}
	switch {
	case rsn == nil && wpa == nil:
		if n.Capability&0x10 != 0 {
			return "WEP", nil
		}
		return "None", nil
	case akm2&akmOWE != 0:
		mode = "OWE"
	case akm2&akmSAE != 0 && akm2&akmPSK != 0:
		mode = "WPA2-PSK-WPA3-SAE"
	case akm2&akmSAE != 0:
		mode = "WPA3-SAE"
	case akm2&akmEnterprise3 != 0:
		mode = "WPA3-Enterprise"
	default:
		both := akm1 | akm2
		switch {
		case rsn != nil && wpa != nil:
			mode = "WPA-WPA2"
		case rsn != nil:
			mode = "WPA2"
		default:
			mode = "WPA"
		}
		if both&akmPSK == 0 && both&akmEnterprise != 0 {
			mode += "-Enterprise"
		}
	}
	return mode, ciphers
}

// keying reads what RSN and WPA elements have in common: version, group cipher, pairwise ciphers, key management.
func keying(b []byte) (akm, suites uint32) {
	if len(b) < 8 {
		return 0, 0
	}
	b = b[6:]
	for _, into := range [...]*uint32{&suites, &akm} {
		if len(b) < 2 {
			break
		}
		count := int(binary.LittleEndian.Uint16(b))
		for b = b[2:]; count > 0 && len(b) >= 4; b, count = b[4:], count-1 {
			if kind := b[3]; kind < 32 {
				*into |= 1 << kind
			}
		}
	}
	return akm, suites
}
