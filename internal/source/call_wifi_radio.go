package source

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

var radioTable = []named{
	{"wifi.width", &Func{Get: getWidth, Set: setWidth}},
	{"wifi.standards", &Func{Get: getStandards, Set: setStandards}},
	{"wifi.country", &Func{Get: getCountry, Set: setCountry}},
	{"wifi.guard", &Func{Get: getGuard, Set: setGuard}},
	{"wifi.threshold", &Func{Get: getThreshold, Set: setThreshold}},
	{"wifi.rates", &Func{Get: getRates, Set: setRates}},
	{"wifi.ifaceoption", &Func{Get: getIfaceOption, Set: setIfaceOption}},
	{"wifi.stat", &Func{Get: getRadioStat}},
	{"wifi.statreset", &Func{Get: readsFalse, Set: resetRadioStat}},
	{"wifi.live", &Func{Get: getLive}},
}

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
		return digit(isClient(r, row.Section)), nil
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

// isClient reports whether a radio is to connect to somebody else's network, whose channel it follows.
func isClient(r *Reader, radio string) bool {
	return slices.ContainsFunc(radioIfaces(r, radio), func(i *uci.Section) bool { return i.Get("mode") == "sta" })
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
	return iwinfo(ctx, r, ifname).Get("channel").Text()
}

// channelReason is why the radio changed its channel when that was seen. Else the channel that was asked for is compared with
// the one in use: hostapd chooses at start only; what moved it later is radar.
func channelReason(ctx context.Context, r *Reader, s *uci.Section, radio string) string {
	live := liveChannel(ctx, r, radio)
	_, seen := r.rt.channels.since(ctx, r, radio, "")
	switch want := text(s, "channel"); {
	case live != "" && seen != "":
		return seen
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
