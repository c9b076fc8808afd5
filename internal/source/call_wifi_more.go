package source

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// wifiServer is `call wifi.server OPTION 0|1`: the first or the second server of an option that names RADIUS servers. Two of
// them are a list, which OpenWrt's scripts know since they are written in ucode.
var wifiServer = Func{
	Get: func(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
		list := items(r.own(row), args[0])
		if n := place(args); n < len(list) {
			return list[n], nil
		}
		return "", nil
	},
	Set: func(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
		list, n := slices.Clone(items(r.own(row), args[0])), place(args)
		switch {
		case n < len(list) && value == "":
			list = slices.Delete(list, n, n+1)
		case n < len(list):
			list[n] = value
		case value == "":
			return nil
		case n > len(list):
			return badValue("there is no first server")
		case n == 1 && len(r.Glob("/usr/share/ucode/wifi/ap.uc")) == 0:
			return refused("the Wi-Fi scripts of this router know one server only")
		default:
			list = append(list, value)
		}
		if len(list) < 2 {
			return r.uciSet(row.Package, row.Section, args[0], strings.Join(list, ""))
		}
		return r.setItems(row.Package, row.Section, args[0], list)
	},
}

func place(args []string) int {
	if len(args) > 1 && args[1] == "1" {
		return 1
	}
	return 0
}

// getMLD is `call wifi.mld`: which multi-link device an SSID belongs to, -1 for none. A section with the option mlo is one.
func getMLD(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	n := 0
	if p := r.UCI("wireless"); p != nil && yes(text(r.own(row), "mlo"), false) {
		for _, s := range p.OfType(ifaceType) {
			if s.Name == row.Section {
				return strconv.Itoa(n), nil
			}
			if yes(s.Get("mlo"), false) {
				n++
			}
		}
	}
	return "-1", nil
}

// getFirmware is `call wifi.firmware`: what the driver says that its chip runs.
func getFirmware(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	if ifname := firstIface(ctx, r, row.Section); ifname != "" {
		return r.Kernel().Firmware(ifname), nil
	}
	return "", nil
}

// channelSince makes `call wifi.channelsince`: seconds for which the radio has been on its channel. What was before the first
// look is taken to be since hostapd was configured.
func channelSince() Func {
	memory := &netMemory{}
	return Func{Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		since, err := getWifiSince(ctx, r, row, nil)
		seconds, _ := strconv.Atoi(since)
		return memory.since(row, liveChannel(ctx, r, row.Section), time.Duration(seconds)*time.Second), err
	}}
}

// securityOptions are those that Security.Reset takes back.
var securityOptions = [...]string{
	"encryption", "key", "ieee80211w", "wpa_group_rekey", "auth_server", "auth_port", "auth_secret", "sae_password_file", "wpa_psk_file",
}

// resetSecurity gives an access point the security that the firmware came with.
func resetSecurity(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	if value != "1" {
		return nil
	}
	factory, err := uci.Parse("wireless", r.File("/rom/etc/config/wireless"))
	if err != nil {
		return refused("the firmware's settings cannot be read")
	}
	s := factory.Section(row.Section)
	switch name, _ := cutEncryption(text(s, "encryption")); {
	case s == nil || s.Type != ifaceType:
		return refused("the firmware has no settings for this access point")
	case name == "None":
		return refused("the firmware's access point is open")
	}
	for _, option := range securityOptions {
		if text(r.own(row), option) == text(s, option) {
			continue
		}
		if err := r.uciSet(row.Package, row.Section, option, text(s, option)); err != nil {
			return err
		}
	}
	return nil
}

// wifiPLMN is `call wifi.plmn`: the operators of a cellular network, which UCI has as country and network with a comma between.
var wifiPLMN = Func{
	Get: func(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		var list []string
		for _, item := range items(r.own(row), "iw_anqp_3gpp_cell_net") {
			list = append(list, strings.ReplaceAll(item, ",", ""))
		}
		return joinList(list), nil
	},
	Set: func(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		var list []string
		raw, isList := splitList(value)
		if !isList && value != "" {
			raw = []string{value}
		}
		for _, item := range raw {
			if len(item) != 5 && len(item) != 6 {
				return badValue("an operator has five or six digits: country and network")
			}
			list = append(list, item[:3]+","+item[3:])
		}
		return r.setItems(row.Package, row.Section, "iw_anqp_3gpp_cell_net", list)
	},
}

// checkBlock tests that a fixed channel has the room that the width wants: all channels of 20 MHz that are used together must
// be allowed.
func checkBlock(b *band, name, channel, mode, width string, changed map[string]string) error {
	n, err := strconv.Atoi(channel)
	if err != nil || n == 0 || len(b.channels) == 0 {
		return nil // automatic
	}
	wide, _ := strconv.Atoi(strings.TrimRight(strings.TrimSuffix(width, "-1"), "MHz"))
	count := wide / 20
	if count < 2 {
		return nil
	}
	blame := "OperatingChannelBandwidth"
	if _, ok := changed["Channel"]; ok {
		blame = "Channel"
	}
	has := func(n int) bool { return slices.Contains(b.channels, n) }
	fits := true
	if name == "2g" {
		fits = has(n+4) && !strings.HasSuffix(mode, "-") || has(n-4) && !strings.HasSuffix(mode, "+")
	} else {
		start := 1
		if name == "5g" {
			switch {
			case n >= 149:
				start = 149
			case n >= 100:
				start = 100
			default:
				start = 36
			}
		}
		first := start + (n-start)/(4*count)*4*count
		for i := range count {
			fits = fits && has(first+4*i)
		}
	}
	if !fits {
		return at(blame, model.BadValue, "channel %d has no room for %s here", n, width)
	}
	return nil
}
