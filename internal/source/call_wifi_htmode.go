package source

import (
	"context"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// checkWidth tests the htmode that the parameters of this transaction made.
func checkWidth(r *Reader, row *model.Row, p *phy, changed map[string]string) error {
	blame := ""
	for _, name := range []string{"OperatingChannelBandwidth", "OperatingStandards", "OperatingFrequencyBand", "Channel"} {
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
	return checkBlock(b, bandOf(s), text(s, "channel"), mode, width, changed)
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
		mode := iwinfo(ctx, r, ifname).Get("htmode").Text()
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
