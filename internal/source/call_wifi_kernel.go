package source

import (
	"context"
	"strings"

	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// The ubus object iwinfo is in images with LuCI. Without it nl80211 is asked, and its answer put in the same words.

// assoclist are the stations of a wireless device, as `iwinfo assoclist` lists them.
func assoclist(ctx context.Context, r *Reader, ifname string) ubus.Value {
	if v := r.Ubus(ctx, "iwinfo", "assoclist", ubus.Table("device", ifname)).Get("results"); v.Exists() {
		return v
	}
	return r.Memo("assoclist "+ifname, func() any {
		noise := int(onAir(r, ifname).Noise)
		var list []any
		for _, s := range r.Kernel().Stations(ifname) {
			side := func(rate uint32, standard string, bytes uint64, packets uint32, more ...any) ubus.Value {
				return ubus.Table(append([]any{
					"rate", rate, "bytes", bytes, "packets", packets,
					"ht", standard == "n", "vht", standard == "ac", "he", standard == "ax", "eht", standard == "be",
				}, more...)...)
			}
			pairs := []any{
				"mac", strings.ToUpper(s.MAC), "noise", noise, "connected_time", s.Connected,
				"rx", side(s.RxRate, s.RxStandard, s.RxBytes, s.RxPackets, "drop_misc", s.RxDropMisc),
				"tx", side(s.TxRate, s.TxStandard, s.TxBytes, s.TxPackets, "retries", s.TxRetries, "failed", s.TxFailed),
			}
			if s.Signal != 0 {
				pairs = append(pairs, "signal", int(s.Signal))
			}
			list = append(list, ubus.Table(pairs...))
		}
		return ubus.Array(list...)
	}).(ubus.Value)
}

// iwinfo is what `iwinfo info` says of a wireless device, or else as much as nl80211 says.
func iwinfo(ctx context.Context, r *Reader, ifname string) ubus.Value {
	if v := r.Ubus(ctx, "iwinfo", "info", ubus.Table("device", ifname)); v.Exists() {
		return v
	}
	for _, c := range r.Kernel().Channels() {
		if c.Dev != ifname || c.Freq == 0 {
			continue
		}
		pairs := []any{"htmode", nlWidths[c.Width], "channel", channelOf(c.Freq), "center_chan1", channelOf(c.Center1), "center_chan2", channelOf(c.Center2)}
		if noise := onAir(r, ifname).Noise; noise != 0 {
			pairs = append(pairs, "noise", int(noise))
		}
		return ubus.Table(pairs...)
	}
	return ubus.Value{}
}

// nlWidths are htmodes of the widths that NL80211_CHAN_WIDTH_… number.
var nlWidths = map[uint32]string{1: "HT20", 2: "HT40", 3: "VHT80", 4: "VHT80+80", 5: "VHT160", 13: "EHT320"}

// onAir is the survey of the channel that a device is on.
func onAir(r *Reader, ifname string) kernel.Survey {
	for _, s := range r.Kernel().Surveys(ifname) {
		if s.InUse {
			return s
		}
	}
	return kernel.Survey{}
}

// channelOf is the number of the channel in the middle of which a frequency in MHz is, 0 for none.
func channelOf(freq uint32) int {
	switch {
	case freq == 2484:
		return 14
	case freq == 5935:
		return 2 // of 6 GHz
	case freq > 5950:
		return int(freq-5950) / 5
	case freq >= 4910 && freq <= 4980:
		return int(freq-4000) / 5
	case freq > 5000:
		return int(freq-5000) / 5
	case freq > 2407 && freq < 2484:
		return int(freq-2407) / 5
	}
	return 0
}
