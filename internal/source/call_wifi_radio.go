package source

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

func radioFuncs(caps *phyCache) map[string]Func {
	return map[string]Func{
		"wifi.radio":       {Get: getRadio, Hook: caps.hookRadio},
		"wifi.width":       {Get: getWidth, Set: setWidth},
		"wifi.standards":   {Get: getStandards, Set: setStandards},
		"wifi.txpower":     {Get: caps.getPower, Set: caps.setPower},
		"wifi.country":     {Get: getCountry, Set: setCountry},
		"wifi.guard":       {Get: getGuard, Set: setGuard},
		"wifi.threshold":   {Get: getThreshold, Set: setThreshold},
		"wifi.rates":       {Get: getRates, Set: setRates},
		"wifi.ifaceoption": {Get: getIfaceOption, Set: setIfaceOption},
		"wifi.stat":        {Get: getRadioStat},
		"wifi.statreset":   {Get: readsFalse, Set: resetRadioStat},
		"wifi.live":        {Get: getLive},
	}
}

func readsFalse(context.Context, *Reader, *model.Row, []string) (string, error) { return "0", nil }

var bandNames = map[string]string{"2g": "2.4GHz", "5g": "5GHz", "6g": "6GHz"}

// bandOf is uci's name of a radio's band: 2g, 5g, 6g or 60g.
func bandOf(s *uci.Section) string {
	if b := text(s, "band"); b != "" {
		return b
	}
	switch text(s, "hwmode") { // before 21.02
	case "11a":
		return "5g"
	case "11b", "11g":
		return "2g"
	}
	return ""
}

// firstIface is the first network device of a radio that is up.
func firstIface(ctx context.Context, r *Reader, radio string) string {
	for _, v := range wireless(ctx, r).Get(radio, "interfaces").All() {
		if name := v.Get("ifname").Text(); name != "" {
			return name
		}
	}
	return ""
}

// getRadio answers `call wifi.radio FIELD`.
func getRadio(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	st := wireless(ctx, r).Get(row.Section)
	switch args[0] {
	case "status":
		return radioStatus(s, st), nil
	case "ifname":
		return firstIface(ctx, r, row.Section), nil
	case "upstream":
		return digit(slices.ContainsFunc(radioIfaces(r, row.Section), func(i *uci.Section) bool { return i.Get("mode") == "sta" })), nil
	case "band":
		return bandNames[bandOf(s)], nil
	case "channel":
		if c := text(s, "channel"); c != "" && c != "auto" && c != "0" {
			return c, nil
		}
		return liveChannel(ctx, r, row.Section), nil
	case "auto":
		c := text(s, "channel")
		return digit(c == "auto" || c == "" || c == "0"), nil
	case "inuse":
		return liveChannel(ctx, r, row.Section), nil
	case "reason":
		return channelReason(ctx, r, s, row.Section), nil
	case "extension":
		switch text(s, "htmode") {
		case "HT40+":
			return "AboveControlChannel", nil
		case "HT40-":
			return "BelowControlChannel", nil
		}
		return "Auto", nil
	}
	return "", nil
}

func radioStatus(s *uci.Section, st ubus.Value) string {
	switch {
	case yes(text(s, "disabled"), false) || st.Get("disabled").Bool():
		return "Down"
	case !st.Exists():
		return "NotPresent"
	case st.Get("retry_setup_failed").Bool():
		return "Error"
	case st.Get("pending").Bool():
		return "Dormant"
	case st.Get("up").Bool():
		return "Up"
	}
	return "Down"
}

// radioIfaces are the wifi-iface sections of a radio that are switched on.
func radioIfaces(r *Reader, radio string) []*uci.Section {
	var out []*uci.Section
	for _, s := range allIfaces(r, radio) {
		if !yes(s.Get("disabled"), false) {
			out = append(out, s)
		}
	}
	return out
}

func allIfaces(r *Reader, radio string) []*uci.Section {
	p := r.UCI("wireless")
	if p == nil {
		return nil
	}
	var out []*uci.Section
	for _, s := range p.OfType(ifaceType) {
		if slices.Contains(items(s, "device"), radio) {
			out = append(out, s)
		}
	}
	return out
}

func liveChannel(ctx context.Context, r *Reader, radio string) string {
	ifname := firstIface(ctx, r, radio)
	if ifname == "" {
		return ""
	}
	if c := r.Ubus(ctx, "hostapd."+ifname, "get_status", ubus.Value{}).Get("channel").Text(); c != "" && c != "0" {
		return c
	}
	return r.Ubus(ctx, "iwinfo", "info", ubus.Table("device", ifname)).Get("channel").Text()
}

// channelReason compares the channel that was asked for with the one in use. hostapd chooses at start only; what moved
// it later is radar.
func channelReason(ctx context.Context, r *Reader, s *uci.Section, radio string) string {
	live := liveChannel(ctx, r, radio)
	switch want := text(s, "channel"); {
	case live == "":
		return "Unknown"
	case want == "auto" || want == "" || want == "0":
		return "Auto_Startup"
	case want == live:
		return "Manual"
	}
	return "Auto_DFS"
}

// hookRadio handles what only makes sense together: channel, automatic channel, band, width and extension channel.
func (c *phyCache) hookRadio(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	s := r.own(row)
	if s == nil {
		return nil
	}
	p := c.of(ctx, r, row.Section)
	if err := c.setBand(r, row, p, changed); err != nil {
		return err
	}
	if err := setChannel(ctx, r, row, p, changed); err != nil {
		return err
	}
	if err := setExtension(r, row, changed); err != nil {
		return err
	}
	return checkWidth(r, row, p, changed)
}

func (c *phyCache) setBand(r *Reader, row *model.Row, p *phy, changed map[string]string) error {
	name, ok := changed["OperatingFrequencyBand"]
	if !ok || bandNames[bandOf(r.own(row))] == name {
		return nil
	}
	for short, long := range bandNames {
		if long != name {
			continue
		}
		if p.bands[short] == nil {
			break
		}
		if err := r.uciSet("wireless", row.Section, "band", short); err != nil {
			return err
		}
		if err := r.uciSet("wireless", row.Section, "hwmode", ""); err != nil {
			return err
		}
		if _, ok := changed["Channel"]; ok {
			return nil
		}
		return r.uciSet("wireless", row.Section, "channel", "auto")
	}
	return at("OperatingFrequencyBand", model.BadValue, "not one of SupportedFrequencyBands")
}

// setChannel writes the channel. A channel alone switches the automatic choice off; switching that on wins over one.
func setChannel(ctx context.Context, r *Reader, row *model.Row, p *phy, changed map[string]string) error {
	channel, hasChannel := changed["Channel"]
	auto, hasAuto := changed["AutoChannelEnable"]
	s := r.own(row)
	have := text(s, "channel")
	isAuto := have == "auto" || have == "" || have == "0"
	if hasAuto && yes(auto, false) {
		if isAuto {
			return nil
		}
		return r.uciSet("wireless", row.Section, "channel", "auto")
	}
	if hasChannel {
		if b := p.bands[bandOf(s)]; b != nil {
			n, _ := strconv.Atoi(channel)
			if !slices.Contains(b.channels, n) {
				return at("Channel", model.BadValue, "not one of PossibleChannels")
			}
		}
		if isAuto && !hasAuto && channel == liveChannel(ctx, r, row.Section) {
			return nil // what the automatic choice reads as is written back
		}
		return r.uciSet("wireless", row.Section, "channel", channel)
	}
	if hasAuto && isAuto {
		live := liveChannel(ctx, r, row.Section)
		if live == "" {
			return at("AutoChannelEnable", model.Refused, "the radio is not up: set a Channel too")
		}
		return r.uciSet("wireless", row.Section, "channel", live)
	}
	return nil
}

func setExtension(r *Reader, row *model.Row, changed map[string]string) error {
	want, ok := changed["ExtensionChannel"]
	if !ok {
		return nil
	}
	mode := text(r.own(row), "htmode")
	sign := map[string]string{"AboveControlChannel": "+", "BelowControlChannel": "-"}[want]
	if !strings.HasPrefix(mode, "HT40") {
		if sign == "" {
			return nil
		}
		return at("ExtensionChannel", model.BadValue, "only 802.11n at 40 MHz has one to choose")
	}
	return r.uciSet("wireless", row.Section, "htmode", "HT40"+sign)
}

// checkWidth tests the htmode that the parameters of this transaction made.
func checkWidth(r *Reader, row *model.Row, p *phy, changed map[string]string) error {
	blame := ""
	for _, name := range []string{"OperatingChannelBandwidth", "OperatingStandards", "OperatingFrequencyBand"} {
		if _, ok := changed[name]; ok {
			blame = name
			break
		}
	}
	if blame == "" {
		return nil
	}
	s := r.own(row)
	mode := text(s, "htmode")
	gen, width := cutHTMode(mode)
	if !slices.Contains(htmodes[gen], strings.TrimRight(strings.TrimPrefix(mode, gen), "+-")) && mode != "NOHT" && mode != "" {
		return at(blame, model.BadValue, "%s has no channels of %s", generation[gen], width)
	}
	b := p.bands[bandOf(s)]
	if b == nil {
		return nil
	}
	if width != "" && !slices.Contains(b.widths, width) {
		return at(blame, model.BadValue, "%s is not one of SupportedOperatingChannelBandwidths", width)
	}
	if g := generation[gen]; g != "" && !slices.Contains(b.standards, g) {
		return at(blame, model.BadValue, "%s is not one of SupportedStandards", g)
	}
	return nil
}

// generation is the standard that the letters of an htmode stand for, htmodes the widths each has.
var (
	generation = map[string]string{"HT": "n", "VHT": "ac", "HE": "ax", "EHT": "be"}
	letters    = map[string]string{"n": "HT", "ac": "VHT", "ax": "HE", "be": "EHT"}
	htmodes    = map[string][]string{
		"HT":  {"20", "40"},
		"VHT": {"20", "40", "80", "160", "80+80"},
		"HE":  {"20", "40", "80", "160", "80+80"},
		"EHT": {"20", "40", "80", "160", "320"},
	}
)

// cutHTMode splits "VHT80" into "VHT" and "80MHz"; what is older than 802.11n is "" and 20MHz.
func cutHTMode(mode string) (gen, width string) {
	i := strings.IndexAny(mode, "0123456789")
	if i < 0 {
		return "", "20MHz"
	}
	gen, digits := mode[:i], mode[i:]
	if digits != "80+80" {
		digits = strings.TrimRight(digits, "+-")
	}
	if digits == "320" {
		return gen, "320MHz-1" // which of the two overlapping rasters is meant follows from the channel
	}
	return gen, digits + "MHz"
}

func htmode(gen, width string) string {
	if gen == "" {
		return "NOHT"
	}
	width, _, _ = strings.Cut(width, "MHz")
	return gen + width
}

func getWidth(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	if len(args) > 0 && args[0] == "live" {
		ifname := firstIface(ctx, r, row.Section)
		if ifname == "" {
			return "", nil
		}
		mode := r.Ubus(ctx, "iwinfo", "info", ubus.Table("device", ifname)).Get("htmode").Text()
		if mode == "" {
			return "", nil
		}
		_, width := cutHTMode(mode)
		return width, nil
	}
	_, width := cutHTMode(text(r.own(row), "htmode"))
	return width, nil
}

func setWidth(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	mode := text(r.own(row), "htmode")
	gen, width := cutHTMode(mode)
	if width == value {
		return nil
	}
	if !slices.Contains(widthOrder, value) || value == "320MHz-2" {
		return model.Errorf(model.BadValue, "not one of SupportedOperatingChannelBandwidths")
	}
	if gen == "" {
		gen = "HT"
	}
	return r.uciSet("wireless", row.Section, "htmode", htmode(gen, value))
}

// bandStandards are the standards of a band, oldest first.
func bandStandards(band string) []string {
	switch band {
	case "2g":
		return []string{"b", "g", "n", "ax", "be"}
	case "6g":
		return []string{"ax", "be"}
	}
	return []string{"a", "n", "ac", "ax", "be"}
}

// standardsOf are the oldest and the newest standard that a radio speaks: the newest is in htmode, the oldest is what
// stations must at least know (require_mode, legacy_rates).
func standardsOf(s *uci.Section) (oldest, newest string) {
	all := bandStandards(bandOf(s))
	gen, _ := cutHTMode(text(s, "htmode"))
	newest = generation[gen]
	if newest == "ac" && bandOf(s) == "2g" {
		newest = "n"
	}
	oldest = all[0]
	if oldest == "b" && !yes(text(s, "legacy_rates"), false) {
		oldest = "g"
	}
	if !slices.Contains(all, newest) {
		newest = oldest
	}
	if m := text(s, "require_mode"); slices.Contains(all, m) {
		oldest = m
	}
	return oldest, newest
}

func getStandards(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	s := r.own(row)
	all := bandStandards(bandOf(s))
	oldest, newest := standardsOf(s)
	from, to := slices.Index(all, oldest), slices.Index(all, newest)
	if to < from {
		to = from
	}
	return joinList(all[from : to+1]), nil
}

func setStandards(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	s := r.own(row)
	all := bandStandards(bandOf(s))
	want, isList := splitList(value)
	if !isList {
		want = strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == ' ' })
	}
	slices.SortFunc(want, byPlace(all))
	want = slices.Compact(want)
	if len(want) == 0 || slices.Contains(want, "") {
		return model.Errorf(model.BadValue, "at least one standard")
	}
	from := slices.Index(all, want[0])
	if from < 0 || from+len(want) > len(all) || !slices.Equal(all[from:from+len(want)], want) {
		return model.Errorf(model.BadValue, "this router can do a range of %s without gaps", strings.Join(all, ", "))
	}
	newest := want[len(want)-1]
	if newest == "b" {
		return model.Errorf(model.BadValue, "802.11b alone is not supported")
	}
	require, legacy := "", ""
	switch want[0] {
	case "n", "ac", "ax":
		if from > 0 {
			require = want[0]
		}
	case "b":
		legacy = "1"
	case "be":
		return model.Errorf(model.BadValue, "802.11be alone is not supported")
	}
	_, width := cutHTMode(text(s, "htmode"))
	if err := r.uciSet("wireless", row.Section, "htmode", htmode(letters[newest], width)); err != nil {
		return err
	}
	if err := r.uciSet("wireless", row.Section, "require_mode", require); err != nil {
		return err
	}
	if yes(text(s, "legacy_rates"), false) == (legacy != "") {
		return nil
	}
	return r.uciSet("wireless", row.Section, "legacy_rates", legacy)
}

// powerSteps are the percentages that whole dBm below the highest come to, and -1 for the driver's own choice.
func powerSteps(highest int) []string {
	out := []string{"-1"}
	for dbm := highest; dbm > 0; dbm-- {
		add(&out, strconv.Itoa(percent(dbm, highest)))
	}
	return out
}

func percent(dbm, highest int) int {
	return max(1, int(math.Round(100*math.Pow(10, float64(dbm-highest)/10))))
}

func (c *phyCache) highest(ctx context.Context, r *Reader, row *model.Row) int {
	if b := c.of(ctx, r, row.Section).bands[bandOf(r.own(row))]; b != nil {
		return b.dbm
	}
	return 0
}

func (c *phyCache) getPower(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	set := text(r.own(row), "txpower")
	dbm, err := strconv.Atoi(set)
	if set == "" || err != nil {
		return "-1", nil
	}
	highest := c.highest(ctx, r, row)
	if highest == 0 || dbm >= highest {
		return "100", nil
	}
	return strconv.Itoa(percent(dbm, highest)), nil
}

func (c *phyCache) setPower(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	if value == "-1" {
		return r.uciSet("wireless", row.Section, "txpower", "")
	}
	want, _ := strconv.Atoi(value)
	highest := c.highest(ctx, r, row)
	if highest == 0 {
		return model.Errorf(model.Refused, "the radio does not say what power it has")
	}
	if have, err := strconv.Atoi(text(r.own(row), "txpower")); err == nil && percent(min(have, highest), highest) == want {
		return nil
	}
	for dbm := highest; dbm > 0; dbm-- {
		if percent(dbm, highest) == want {
			return r.uciSet("wireless", row.Section, "txpower", strconv.Itoa(dbm))
		}
	}
	return model.Errorf(model.BadValue, "not one of TransmitPowerSupported")
}

// The third letter of a regulatory domain is country3: all environments, indoor, outdoor.
var environments = map[string]string{" ": "", "I": "0x49", "O": "0x4f"}

func getCountry(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	s := r.own(row)
	country := text(s, "country")
	if country == "" {
		if ifname := firstIface(ctx, r, row.Section); ifname != "" {
			country = r.Ubus(ctx, "iwinfo", "info", ubus.Table("device", ifname)).Get("country").Text()
		}
	}
	if len(country) != 2 || country == "00" {
		return "", nil
	}
	for letter, code := range environments {
		if code != "" && strings.EqualFold(text(s, "country3"), code) {
			return country + letter, nil
		}
	}
	return country + " ", nil
}

// setCountry sets all radios: the kernel has one regulatory domain.
func setCountry(_ context.Context, r *Reader, _ *model.Row, _ []string, value string) error {
	if len(value) == 2 {
		value += " " // a blank at the end is easily lost on the way
	}
	if len(value) != 3 || strings.ContainsFunc(value[:2], func(c rune) bool { return c < 'A' || c > 'Z' }) {
		return model.Errorf(model.BadValue, "want two capital letters and a blank, I or O")
	}
	code, ok := environments[value[2:]]
	if !ok {
		return model.Errorf(model.BadValue, "want two capital letters and a blank, I or O")
	}
	p := r.UCI("wireless")
	if p == nil {
		return nil
	}
	for _, s := range p.OfType("wifi-device") {
		if err := r.uciSet("wireless", s.Name, "country", value[:2]); err != nil {
			return err
		}
		if err := r.uciSet("wireless", s.Name, "country3", code); err != nil {
			return err
		}
	}
	return nil
}

var shortGI = []string{"short_gi_20", "short_gi_40", "short_gi_80", "short_gi_160"}

func getGuard(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	s := r.own(row)
	for _, o := range shortGI[:2] {
		if yes(text(s, o), true) {
			return "Auto", nil
		}
	}
	return "800nsec", nil
}

func setGuard(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	off := map[string]string{"Auto": "", "800nsec": "0"}
	set, ok := off[value]
	if !ok {
		return model.Errorf(model.BadValue, "this router can do Auto and 800nsec")
	}
	if have, _ := getGuard(ctx, r, row, nil); have == value {
		return nil
	}
	for _, o := range shortGI {
		if err := r.uciSet("wireless", row.Section, o, set); err != nil {
			return err
		}
	}
	return nil
}

// getThreshold reads rts and frag, whose "off" is a number beyond every frame: `call wifi.threshold OPTION OFF`.
func getThreshold(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	if v := text(r.own(row), args[0]); v != "" && v != "off" {
		return v, nil
	}
	return args[1], nil
}

func setThreshold(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	have, _ := getThreshold(ctx, r, row, args)
	if have == value {
		return nil
	}
	n, _ := strconv.Atoi(value)
	off, _ := strconv.Atoi(args[1])
	switch {
	case n > off || args[0] == "frag" && n < 256:
		return model.Errorf(model.BadValue, "out of range")
	case n == off:
		value = ""
	}
	return r.uciSet("wireless", row.Section, args[0], value)
}

// defaultRates are the rates in Mbit/s that netifd's scripts choose where nothing is set, by cell_density, without and
// with the rates of 802.11b.
var defaultRates = map[string][2]struct{ basic, all string }{
	"0": {{"6,12,24", "6,9,12,18,24,36,48,54"}, {"1,2,5.5,11", "1,2,5.5,6,9,11,12,18,24,36,48,54"}},
	"1": {{"6,12,24", "6,9,12,18,24,36,48,54"}, {"5.5,11", "5.5,6,9,11,12,18,24,36,48,54"}},
	"2": {{"12,24", "12,18,24,36,48,54"}, {"11", "11,12,18,24,36,48,54"}},
	"3": {{"24", "24,36,48,54"}, {"11", "11,12,18,24,36,48,54"}},
}

var rateOption = map[string]string{"basic": "basic_rate", "all": "supported_rates"}

func getRates(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	if set := items(s, rateOption[args[0]]); len(set) > 0 {
		var out []string
		for _, kbit := range set {
			if n, err := strconv.Atoi(kbit); err == nil {
				out = append(out, strconv.FormatFloat(float64(n)/1000, 'f', -1, 64))
			}
		}
		return joinList(out), nil
	}
	density := text(s, "cell_density")
	if _, ok := defaultRates[density]; !ok {
		density = "0"
	}
	old := 0
	if bandOf(s) == "2g" && yes(text(s, "legacy_rates"), false) {
		old = 1
	}
	list := defaultRates[density][old].all
	if args[0] == "basic" {
		list = defaultRates[density][old].basic
	}
	return joinList(strings.Split(list, ",")), nil
}

func setRates(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if have, _ := getRates(ctx, r, row, args); have == value {
		return nil
	}
	list, isList := splitList(value)
	if !isList {
		list = strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == ' ' })
	}
	known := strings.Split("1,2,5.5,6,9,11,12,18,24,36,48,54", ",")
	var kbit []string
	for _, rate := range list {
		if rate == "" {
			continue
		}
		if !slices.Contains(known, rate) {
			return model.Errorf(model.BadValue, "%q is not a rate: want one of %s", rate, strings.Join(known, " "))
		}
		f, _ := strconv.ParseFloat(rate, 64)
		kbit = append(kbit, strconv.Itoa(int(f*1000)))
	}
	return r.setItems("wireless", row.Section, rateOption[args[0]], kbit)
}

// getIfaceOption serves parameters that TR-181 has on the radio and OpenWrt on each access point:
// `call wifi.ifaceoption OPTION DEFAULT [bool|preamble]`.
func getIfaceOption(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	kind := ""
	if len(args) > 2 {
		kind = args[2]
	}
	all := allIfaces(r, row.Section)
	value := args[1]
	for i, s := range all {
		v := s.Get(args[0])
		if v == "" {
			v = args[1]
		}
		switch {
		case kind == "":
			if i == 0 {
				value = v
			}
		case i == 0 || !yes(v, false):
			value = digit(yes(v, false)) // on when it is on everywhere
		}
	}
	if kind == "preamble" {
		if yes(value, true) {
			return "auto", nil
		}
		return "long", nil
	}
	return value, nil
}

func setIfaceOption(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if have, _ := getIfaceOption(ctx, r, row, args); have == value {
		return nil
	}
	if len(args) > 2 && args[2] == "preamble" {
		set, ok := map[string]string{"auto": "1", "long": "0"}[value]
		if !ok {
			return model.Errorf(model.BadValue, "stations choose: want auto or long")
		}
		value = set
	}
	all := allIfaces(r, row.Section)
	if len(all) == 0 {
		return model.Errorf(model.Refused, "the radio has no SSID yet")
	}
	for _, s := range all {
		if err := r.uciSet("wireless", s.Name, args[0], value); err != nil {
			return err
		}
	}
	return nil
}

// getRadioStat adds up a counter of all network devices of a radio, since the last Reset: `call wifi.stat FIELD [32]`.
func getRadioStat(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	sum := radioSum(ctx, r, row, args[0])
	var note counters
	if text := r.stateGet(rowName(row), baselineName); text != "" && json.Unmarshal([]byte(text), &note) == nil && note.Boot == r.bootID() {
		if from := note.From[args[0]]; from <= sum { // else devices went
			sum -= from
		}
	}
	if len(args) > 1 {
		sum &= 1<<32 - 1
	}
	return strconv.FormatUint(sum, 10), nil
}

func radioSum(ctx context.Context, r *Reader, row *model.Row, field string) uint64 {
	var sum uint64
	live := r.networkCache(ctx).live
	for _, v := range wireless(ctx, r).Get(row.Section, "interfaces").All() {
		n, _ := live.counter(r, v.Get("ifname").Text(), field)
		sum += n
	}
	return sum
}

// resetRadioStat notes where the counters stand.
func resetRadioStat(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	if !yes(value, false) {
		return nil
	}
	note := counters{Boot: r.bootID(), From: map[string]uint64{}}
	for _, field := range netCounters {
		note.From[field] = radioSum(ctx, r, row, field)
	}
	text, err := json.Marshal(note)
	if err != nil {
		return err
	}
	r.stateSet(rowName(row), baselineName, string(text))
	return nil
}

// getLive answers from iwinfo's view of the radio: `call wifi.live FIELD`.
func getLive(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	ifname := firstIface(ctx, r, row.Section)
	if ifname == "" {
		return "", nil
	}
	return r.Ubus(ctx, "iwinfo", "info", ubus.Table("device", ifname)).Get(args[0]).Text(), nil
}
