package source

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

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
