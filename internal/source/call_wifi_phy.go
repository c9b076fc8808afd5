package source

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// A phy is what a wireless chip can do. It comes from `iw phy NAME info`, which every OpenWrt with Wi-Fi has, else, with
// less, from the ubus object of rpcd-mod-iwinfo.
type phy struct {
	bands             map[string]*band // by uci's name: 2g 5g 6g 60g
	retries, retriesL string
	aps, stations     int
	uapsd             bool
}

type band struct {
	standards []string // a b g n ac ax be
	widths    []string // 20MHz …
	channels  []int
	rates     []string // Mbps of the rates that are older than 802.11n
	dbm       int      // highest transmit power of any channel
	streams   int
}

// phyCache remembers what chips can do, for a minute: the country changes channels and power.
type phyCache struct {
	mu   sync.Mutex
	phys map[string]cachedPhy
	has  map[string]bool // features of hostapd
}

type cachedPhy struct {
	phy *phy
	at  time.Time
}

func newPhyCache() *phyCache { return &phyCache{phys: map[string]cachedPhy{}, has: map[string]bool{}} }

func (c *phyCache) funcs() map[string]Func {
	return map[string]Func{
		// wifi.has FEATURE: whether hostapd was built with it (-vsae, -veap, …).
		"wifi.has": {
			Get: func(ctx context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
				return digit(c.feature(ctx, r, args[0])), nil
			},
			Need: func(ctx context.Context, r *Reader, args []string) bool {
				return len(args) == 1 && c.feature(ctx, r, args[0])
			},
		},
		"wifi.phy":      {Get: c.get},
		"wifi.radio":    {Get: getRadio, Hook: c.hookRadio},
		"wifi.txpower":  {Get: c.getPower, Set: c.setPower},
		"wifi.modes":    {Get: c.getModes},
		"wifi.security": {Get: getSecurity, Hook: c.hookSecurity},
	}
}

// atStart are the features that decide which objects there are: all of them are asked for at once, since the first Inform
// waits for the answers.
var atStart = []string{"eap", "wps"}

// feature asks hostapd, once in the life of the daemon.
func (c *phyCache) feature(ctx context.Context, r *Reader, name string) bool {
	if r.Box() == nil {
		return false
	}
	c.mu.Lock()
	has, known := c.has[name]
	c.mu.Unlock()
	if known {
		return has
	}
	if !slices.Contains(atStart, name) {
		return c.askFeature(ctx, r, name)
	}
	var wg sync.WaitGroup
	for _, other := range atStart {
		if other != name {
			wg.Go(func() { c.askFeature(ctx, r, other) })
		}
	}
	has = c.askFeature(ctx, r, name)
	wg.Wait()
	return has
}

func (c *phyCache) askFeature(ctx context.Context, r *Reader, name string) bool {
	_, err := r.Box().Command(ctx, "/usr/sbin/hostapd", "-v"+name)
	if exit := (*exec.ExitError)(nil); err == nil || errors.As(err, &exit) && exit.Exited() || errors.Is(err, fs.ErrNotExist) {
		c.mu.Lock()
		c.has[name] = err == nil
		c.mu.Unlock()
	}
	return err == nil
}

// phyOf is the kernel's name of a radio's chip, "" where it is not known.
func phyOf(ctx context.Context, r *Reader, radio string) string {
	for _, v := range wireless(ctx, r).Get(radio, "interfaces").All() {
		if ifname := v.Get("ifname").Text(); ifname != "" {
			if name := strings.TrimSpace(string(r.File("/sys/class/net/" + ifname + "/phy80211/name"))); name != "" {
				return name
			}
		}
	}
	return r.Ubus(ctx, "iwinfo", "phyname", ubus.Table("section", radio)).Get("phyname").Text()
}

func (c *phyCache) of(ctx context.Context, r *Reader, radio string) *phy {
	name := phyOf(ctx, r, radio)
	if name == "" || strings.ContainsAny(name, "/ ") || strings.HasPrefix(name, "-") {
		return &phy{}
	}
	c.mu.Lock()
	known, ok := c.phys[name]
	c.mu.Unlock()
	if ok && time.Since(known.at) < time.Minute {
		return known.phy
	}
	var p *phy
	if r.Box() != nil {
		if out, err := r.Box().Command(ctx, "/usr/sbin/iw", "phy", name, "info"); err == nil {
			p = parsePhy(out)
		}
	}
	if p == nil || len(p.bands) == 0 {
		p = iwinfoPhy(ctx, r, radio)
	}
	if ctx.Err() == nil && len(p.bands) > 0 {
		c.mu.Lock()
		c.phys[name] = cachedPhy{p, time.Now()}
		c.mu.Unlock()
	}
	return p
}

// phyBands maps the number in iw's "Band N:" to uci's name.
var phyBands = map[string]string{"1": "2g", "2": "5g", "3": "60g", "4": "6g"}

// parsePhy reads `iw phy NAME info`.
func parsePhy(out []byte) *phy {
	p := &phy{bands: map[string]*band{}}
	var b *band
	var rates bool
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		raw := lines.Text()
		line := strings.TrimSpace(raw)
		depth := len(raw) - len(strings.TrimLeft(raw, "\t"))
		if n, ok := strings.CutPrefix(line, "Band "); ok && depth == 1 {
			b = nil
			if name := phyBands[strings.TrimSuffix(n, ":")]; name != "" {
				b = &band{}
				p.bands[name] = b
				b.legacy(name)
			}
			continue
		}
		if depth <= 1 {
			b = nil
			p.line(line)
			continue
		}
		if b == nil {
			p.combination(line)
			continue
		}
		if depth == 2 {
			rates = line == "Bitrates (non-HT):"
		}
		b.line(line, rates)
	}
	for name, b := range p.bands {
		b.finish(name)
	}
	return p
}

func (p *phy) line(line string) {
	key, value, _ := strings.Cut(line, ": ")
	switch key {
	case "Retry short limit":
		p.retries = value
	case "Retry long limit":
		p.retriesL = value
	case "Maximum associated stations in AP mode":
		p.stations, _ = strconv.Atoi(value)
	case "Device supports AP-side u-APSD.":
		p.uapsd = true
	}
}

// combination reads "* #{ AP, mesh point } <= 16, …": how many access points there may be.
func (p *phy) combination(line string) {
	rest := line
	for {
		_, after, ok := strings.Cut(rest, "#{")
		if !ok {
			return
		}
		kinds, after, ok := strings.Cut(after, "}")
		if !ok {
			return
		}
		for _, kind := range strings.Split(kinds, ",") {
			if strings.TrimSpace(kind) != "AP" {
				continue
			}
			limit, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(after), "<= "), ",")
			if n, err := strconv.Atoi(strings.TrimSpace(limit)); err == nil && n > p.aps {
				p.aps = n
			}
		}
		rest = after
	}
}

func (b *band) legacy(name string) {
	switch name {
	case "2g":
		b.standards = []string{"b", "g"}
	case "5g":
		b.standards = []string{"a"}
	}
	b.widths = []string{"20MHz"}
}

func add(list *[]string, item string) {
	if !slices.Contains(*list, item) {
		*list = append(*list, item)
	}
}

func (b *band) line(line string, rates bool) {
	switch {
	case strings.HasPrefix(line, "HT20/HT40"):
		add(&b.standards, "n")
		add(&b.widths, "40MHz")
	case line == "HT20":
		add(&b.standards, "n")
	case strings.HasPrefix(line, "HT TX/RX MCS rate indexes supported: 0-"):
		_, last, _ := strings.Cut(line, "0-")
		last, _, _ = strings.Cut(last, ",")
		if n, err := strconv.Atoi(last); err == nil && n < 32 {
			b.streams = max(b.streams, (n+1)/8)
		}
	case strings.HasPrefix(line, "VHT Capabilities"):
		add(&b.standards, "ac")
		add(&b.widths, "80MHz")
	case strings.HasPrefix(line, "Supported Channel Width: 160"):
		add(&b.widths, "160MHz")
		if strings.Contains(line, "80+80") && !strings.Contains(line, "neither") {
			add(&b.widths, "80+80MHz")
		}
	case strings.HasPrefix(line, "HE Iftypes:") && strings.Contains(line, "AP"):
		add(&b.standards, "ax")
	case strings.HasPrefix(line, "EHT Iftypes:") && strings.Contains(line, "AP"):
		add(&b.standards, "be")
	case strings.HasPrefix(line, "HE40/2.4GHz"):
		add(&b.widths, "40MHz")
	case strings.HasPrefix(line, "HE40/HE80/5GHz"):
		add(&b.widths, "40MHz")
		add(&b.widths, "80MHz")
	case strings.HasPrefix(line, "HE160/5GHz"):
		add(&b.widths, "160MHz")
	case strings.HasPrefix(line, "320MHz in 6GHz"):
		add(&b.widths, "320MHz-1")
	case strings.Contains(line, " streams: MCS"):
		if n, err := strconv.Atoi(line[:strings.IndexByte(line, ' ')]); err == nil && n <= 16 {
			b.streams = max(b.streams, n)
		}
	case rates && strings.HasPrefix(line, "* ") && strings.Contains(line, " Mbps"):
		rate, _, _ := strings.Cut(line[2:], " Mbps")
		add(&b.rates, strings.TrimSuffix(rate, ".0"))
	case strings.HasPrefix(line, "* ") && strings.Contains(line, " MHz ["):
		b.channel(line)
	}
}

// channel reads "* 5260.0 MHz [52] (20.0 dBm) (radar detection)".
func (b *band) channel(line string) {
	_, rest, _ := strings.Cut(line, "[")
	number, rest, ok := strings.Cut(rest, "]")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || strings.Contains(rest, "(disabled)") {
		return
	}
	b.channels = append(b.channels, n)
	if _, power, ok := strings.Cut(rest, "("); ok {
		power, _, _ = strings.Cut(power, " dBm")
		if f, err := strconv.ParseFloat(power, 64); err == nil && f > 0 && f < 60 {
			b.dbm = max(b.dbm, int(f))
		}
	}
}

// finish puts lists into their usual order and drops what the band has not: iw prints 5 GHz widths of chips in
// every band.
func (b *band) finish(name string) {
	slices.SortFunc(b.standards, byPlace(standardOrder))
	slices.SortFunc(b.widths, byPlace(widthOrder))
	if name == "2g" {
		b.standards = slices.DeleteFunc(b.standards, func(s string) bool { return s == "ac" })
		b.widths = slices.DeleteFunc(b.widths, func(w string) bool { return w != "20MHz" && w != "40MHz" })
	}
	slices.Sort(b.channels)
	b.channels = slices.Compact(b.channels)
}

var (
	standardOrder = []string{"a", "b", "g", "n", "ac", "ax", "be"}
	widthOrder    = []string{"20MHz", "40MHz", "80MHz", "160MHz", "80+80MHz", "320MHz-1", "320MHz-2"}
)

func byPlace(order []string) func(a, b string) int {
	return func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) }
}

// iwinfoPhy makes of iwinfo's answers what there is; the chip of one radio section is then one band.
func iwinfoPhy(ctx context.Context, r *Reader, radio string) *phy {
	device := radio
	for _, v := range wireless(ctx, r).Get(radio, "interfaces").All() {
		if name := v.Get("ifname").Text(); name != "" {
			device = name
			break
		}
	}
	arg := ubus.Table("device", device)
	info := r.Ubus(ctx, "iwinfo", "info", arg)
	p := &phy{bands: map[string]*band{}}
	if !info.Exists() {
		return p
	}
	for _, v := range r.Ubus(ctx, "iwinfo", "freqlist", arg).Get("results").All() {
		name := v.Get("band").Text() + "g"
		if v.Get("restricted").Bool() {
			continue
		}
		b := p.bands[name]
		if b == nil {
			b = &band{}
			b.legacy(name)
			p.bands[name] = b
		}
		if n, ok := v.Get("channel").Int(); ok {
			b.channels = append(b.channels, int(n))
		}
	}
	for name, b := range p.bands {
		for _, v := range info.Get("hwmodes").All() {
			add(&b.standards, v.Text())
		}
		for _, v := range info.Get("htmodes").All() {
			if _, width := cutHTMode(v.Text()); width != "" {
				add(&b.widths, width)
			}
		}
		for _, v := range r.Ubus(ctx, "iwinfo", "txpowerlist", arg).Get("results").All() {
			if n, ok := v.Get("dbm").Int(); ok {
				b.dbm = max(b.dbm, int(n))
			}
		}
		b.finish(name)
	}
	return p
}

// get answers `call wifi.phy FIELD` for the radio of the row.
func (c *phyCache) get(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	radio := row.Section
	s := r.own(row)
	if s != nil && s.Type != "wifi-device" {
		radio = text(s, "device")
		s = r.section("wireless", radio)
	}
	p := c.of(ctx, r, radio)
	b := p.bands[bandOf(s)]
	if b == nil {
		b = &band{}
	}
	switch args[0] {
	case "bands":
		var names []string
		for _, name := range []string{"2g", "5g", "6g"} {
			if p.bands[name] != nil {
				names = append(names, bandNames[name])
			}
		}
		return joinList(names), nil
	case "standards":
		return joinList(b.standards), nil
	case "widths":
		return joinList(b.widths), nil
	case "channels":
		return joinList(ranges(b.channels)), nil
	case "rates":
		return joinList(b.rates), nil
	case "maxrate":
		return strconv.Itoa(b.maxRate()), nil
	case "powers":
		return joinList(powerSteps(b.dbm)), nil
	case "aps":
		return strconv.Itoa(max(p.aps, 1)), nil
	case "stations":
		if p.stations == 0 {
			return "2007", nil // association identifiers of 802.11
		}
		return strconv.Itoa(p.stations), nil
	case "retry":
		return p.retries, nil
	case "longretry":
		return p.retriesL, nil
	case "uapsd":
		return digit(p.uapsd), nil
	}
	return "", nil
}

// ranges writes 1,2,3,5 as 1-3 and 5.
func ranges(list []int) []string {
	var out []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		if j > i+1 {
			out = append(out, strconv.Itoa(list[i])+"-"+strconv.Itoa(list[j]))
		} else {
			for k := i; k <= j; k++ {
				out = append(out, strconv.Itoa(list[k]))
			}
		}
		i = j + 1
	}
	return out
}

// perStream is the highest rate in kbit/s of one spatial stream, by standard and width.
var perStream = map[string]map[string]int{
	"n":  {"20MHz": 72200, "40MHz": 150000},
	"ac": {"20MHz": 86700, "40MHz": 200000, "80MHz": 433300, "160MHz": 866700, "80+80MHz": 866700},
	"ax": {"20MHz": 143400, "40MHz": 286800, "80MHz": 600500, "160MHz": 1201000, "80+80MHz": 1201000},
	"be": {"20MHz": 172100, "40MHz": 344100, "80MHz": 720600, "160MHz": 1441200, "320MHz-1": 2882400},
}

// maxRate is the highest rate of the band in Mbit/s, 0 where the number of streams is not known.
func (b *band) maxRate() int {
	best := 0
	for _, s := range b.standards {
		for _, w := range b.widths {
			best = max(best, perStream[s][w]*b.streams)
		}
	}
	if best == 0 {
		for _, rate := range b.rates {
			if f, err := strconv.ParseFloat(rate, 64); err == nil {
				best = max(best, int(f*1000))
			}
		}
	}
	return best / 1000
}
