package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// network.wireless status is the configuration as netifd knows it, with the names of the devices that are up.
func (r *Router) wirelessStatus(base, _ ubus.Value) (ubus.Value, int) {
	var radios []any
	for i, s := range r.config("wireless").OfType("wifi-device") {
		radios = append(radios, s.Name, r.radio(i, s, base.Get(s.Name)))
	}
	return ubus.Table(radios...), ubus.StatusOK
}

func (r *Router) radio(number int, s *uci.Section, base ubus.Value) ubus.Value {
	disabled := s.Get("disabled") == "1"
	interfaces := []ubus.Value{}
	for _, iface := range r.config("wireless").OfType("wifi-iface") {
		if iface.Get("device") != s.Name || iface.Get("disabled") == "1" {
			continue
		}
		known := ubus.Table("section", iface.Name)
		for _, v := range base.Get("interfaces").All() {
			if v.Get("section").Text() == iface.Name {
				known = v
			}
		}
		if disabled {
			known = with(known, "ifname", ubus.Value{})
		} else if !known.Get("ifname").Exists() {
			known = with(known, "ifname", freeName(number, base, interfaces))
		}
		interfaces = append(interfaces, with(known, "config", typed(known.Get("config"), iface), "vlans", []any{}, "stations", []any{}))
	}
	return with(base, "up", !disabled, "pending", false, "autostart", true, "disabled", disabled, "retry_setup_failed", false,
		"config", typed(base.Get("config"), s), "interfaces", interfaces)
}

// freeName names a new access point: phy0-ap2 where phy0-ap0 and phy0-ap1 are taken.
func freeName(number int, base ubus.Value, others []ubus.Value) string {
	taken := map[string]bool{}
	for _, v := range base.Get("interfaces").All() {
		taken[v.Get("ifname").Text()] = true
	}
	for _, v := range others {
		taken[v.Get("ifname").Text()] = true
	}
	for i := 0; ; i++ {
		if name := fmt.Sprintf("phy%d-ap%d", number, i); !taken[name] {
			return name
		}
	}
}

// wirelessKinds are the options that netifd does not show as text; the others of what it has shown before are as then.
var wirelessKinds = map[string]ubus.Kind{
	"disabled": ubus.KindBool, "hidden": ubus.KindBool, "isolate": ubus.KindBool, "wmm": ubus.KindBool, "noscan": ubus.KindBool,
	"ieee80211k": ubus.KindBool, "ieee80211r": ubus.KindBool, "bss_transition": ubus.KindBool, "wps_pushbutton": ubus.KindBool,
	"cell_density": ubus.KindInt32, "txpower": ubus.KindInt32, "ieee80211w": ubus.KindInt32, "maxassoc": ubus.KindInt32,
	"dtim_period": ubus.KindInt32, "beacon_int": ubus.KindInt32, "distance": ubus.KindInt32,
	"network": ubus.KindArray, "maclist": ubus.KindArray, "channels": ubus.KindArray, "device": ubus.KindArray,
}

// typed returns the options of a section as netifd shows them: those the base has in its order, then the rest, which
// includes only what the section still has.
func typed(base ubus.Value, s *uci.Section) ubus.Value {
	var pairs []any
	for key, v := range base.All() {
		if s.Option(key) == nil && wirelessKinds[key] == ubus.KindAbsent && v.Kind() == ubus.KindString {
			continue // unset meanwhile
		}
		pairs = append(pairs, key, v)
	}
	base = ubus.Table(pairs...)
	for _, o := range s.Options {
		if o.Name == "device" && s.Type == "wifi-iface" && !base.Get("device").Exists() || o.Name == "disabled" && s.Type == "wifi-iface" {
			continue
		}
		kind := wirelessKinds[o.Name]
		if kind == ubus.KindAbsent {
			kind = base.Get(o.Name).Kind()
		}
		text := strings.Join(o.Values, " ")
		switch n, err := strconv.Atoi(text); {
		case kind == ubus.KindBool:
			base = with(base, o.Name, text == "1")
		case kind == ubus.KindInt32 && err == nil:
			base = with(base, o.Name, n)
		case kind == ubus.KindArray:
			base = with(base, o.Name, strings.Fields(text))
		default:
			base = with(base, o.Name, text)
		}
	}
	return base
}

// accessPoints returns the configuration behind each network device of an access point.
func (r *Router) accessPoints() map[string]ubus.Value {
	all := map[string]ubus.Value{}
	status, _ := r.wirelessStatus(r.read("network.wireless.status.json"), ubus.Value{})
	for _, radio := range status.All() {
		for _, v := range radio.Get("interfaces").All() {
			if name := v.Get("ifname").Text(); name != "" {
				all[name] = v.Get("config")
			}
		}
	}
	return all
}

// wantHostapd has an object per access point, and none for those that are off.
func (r *Router) wantHostapd(want map[string]map[string]bool, add func(object, method string)) {
	aps := r.accessPoints()
	for object := range want {
		if ifname, ok := strings.CutPrefix(object, "hostapd."); ok && !aps[ifname].Exists() {
			delete(want, object)
		}
	}
	for _, ifname := range slices.Sorted(maps.Keys(aps)) {
		add("hostapd."+ifname, "get_status")
		add("hostapd."+ifname, "get_clients")
	}
}

// hostapd answers for one access point: get_status with the name that is in the air, and for one that is new that
// nobody is there.
func (r *Router) hostapd(ifname, method string) ubustest.Method {
	return func(args ubus.Value) (ubus.Value, int) {
		r.refresh()
		base, code := r.recite("hostapd."+ifname, method, args)
		switch method {
		case "get_status":
			if code != ubus.StatusOK {
				base = ubus.Table("status", "ENABLED")
			}
			return with(base, "ssid", r.accessPoints()[ifname].Get("ssid")), ubus.StatusOK
		case "get_clients":
			if code != ubus.StatusOK {
				base = ubus.Table("freq", 0, "clients", ubus.Table())
			}
			return base, ubus.StatusOK
		}
		return base, code
	}
}

// iwinfo info {device} tells the same name.
func (r *Router) iwinfoInfo(base, args ubus.Value) (ubus.Value, int) {
	config, ok := r.accessPoints()[args.Get("device").Text()]
	if !ok || !base.Exists() {
		return ubus.Value{}, ubus.StatusNotFound
	}
	return with(base, "ssid", config.Get("ssid")), ubus.StatusOK
}
