package source

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// wifiTable are the values of Device.WiFi. that need more than a line.
//
// OpenWrt has one section, `config wifi-iface`, for what TR-181 calls an SSID and the AccessPoint (or EndPoint) that
// refers to it. Each row of ours that has no partner is a section of a type that netifd does not know, so it can never
// go on the air half configured: `cwmp_ssid` is an SSID without an AccessPoint, `cwmp_ap` an AccessPoint without an
// SSID. Setting SSIDReference makes a wifi-iface of the two; deleting one of the two leaves the other.
var wifiTable = []named{
	{"wifi.ssids", &Func{Rows: wifiSSIDs, Add: addSSID, Delete: deleteSSID}},
	{"wifi.aps", &Func{Rows: wifiAPs, Add: addAP, Delete: deleteAP}},
	{"wifi.ap", &Func{Get: getSSIDReference, Hook: hookAP}},
	{"wifi.ssid", &Func{Hook: hookSSID}},
	{"wifi.enable", &Func{Get: getWifiEnable, Set: setWifiEnable}},
	{"wifi.name", &Func{Get: getSSIDName}},
	{"wifi.ssidstatus", &Func{Get: getSSIDStatus}},
	{"wifi.apstatus", &Func{Get: getAPStatus}},
	{"wifi.staprofile", &Func{Rows: staProfile}},
	{"wifi.stastatus", &Func{Get: getStaStatus}},
	{"wifi.since", &Func{Get: getWifiSince}},
	{"wifi.maclist", &Func{Get: getMACList}},
	{"wifi.zerounset", &Func{Get: getZeroUnset, Set: setZeroUnset}},
	{"wifi.ssidref", &Func{Get: getSSIDReference}},
	{"wifi.profileref", &Func{Get: getProfileReference}},
	{"wifi.isset", &Func{Get: isSet}},
	{"wifi.text", &Func{Hook: hookText}},
	{"only", &only},
	{"wifi.retries", &Func{Get: sumOfStations}},
	{"wifi.server", &wifiServer},
	{"wifi.mld", &Func{Get: getMLD}},
	{"wifi.firmware", &Func{Get: getFirmware}},
	{"wifi.securityreset", &Func{Get: readsFalse, Set: resetSecurity}},
	{"wifi.plmn", &wifiPLMN},
}

func wifiMade() map[string]Func {
	funcs := newPhyCache().funcs()
	funcs["wifi.channelsince"] = channelSince()
	return funcs
}

const (
	ifaceType = "wifi-iface"
	bareSSID  = "cwmp_ssid"
	bareAP    = "cwmp_ap"
)

// ssidOptions are the options of a wifi-iface that belong to the SSID; the others are the AccessPoint's.
var ssidOptions = []string{"device", "ssid", "network", "disabled", "mlo", "macaddr"}

func ofSSID(option string) bool { return slices.Contains(ssidOptions, option) }

func ofAP(option string) bool { return !ofSSID(option) || option == "disabled" }

func wifiRow(r *Reader, s *uci.Section) model.Row {
	return r.rowOf("wireless", s, "device", "network", "mode", "ssid")
}

func wifiSSIDs(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	p := r.UCI("wireless")
	if p == nil {
		return nil, nil
	}
	var out []model.Row
	for _, s := range p.Sections {
		if s.Type == ifaceType || s.Type == bareSSID {
			row := wifiRow(r, s)
			row.Data = netdev(ifnameOf(ctx, r, s))
			out = append(out, row)
		}
	}
	return out, nil
}

func addSSID(_ context.Context, r *Reader, _ *model.Row, n uint32, _ []string) (model.Row, error) {
	number := strconv.FormatUint(uint64(n), 10)
	name := r.freeName("wireless", "cwmp_ssid_"+number)
	radio := ""
	if p := r.UCI("wireless"); p != nil {
		for _, s := range p.OfType("wifi-device") {
			radio = s.Name
			break
		}
	}
	err := r.addSection("wireless", bareSSID, name, "device", radio, "network", lanName(r), "ssid", "cwmp-"+number, "disabled", "1")
	return model.Row{Key: name, Package: "wireless", Section: name}, err
}

// lanName is the network that a new SSID belongs to.
func lanName(r *Reader) string {
	if r.section("network", "lan") != nil {
		return "lan"
	}
	return ""
}

func deleteSSID(_ context.Context, r *Reader, row *model.Row) error {
	s := r.own(row)
	if s == nil {
		return nil
	}
	if s.Type != ifaceType || s.Get("mode") != "ap" {
		return r.removeSection("wireless", s.Name)
	}
	key := r.State(boundAP(s.Name))
	if key == "" {
		key = row.Key
	}
	r.SetState(boundAP(s.Name), "")
	r.SetState(halfOn(s.Name), "")
	_, err := r.retype("wireless", s, bareAP, key, ofAP)
	return err
}

// hookText refuses what would be another line of hostapd's configuration.
func hookText(_ context.Context, _ *Reader, _ *model.Row, changed map[string]string) error {
	for name, value := range changed {
		if strings.ContainsAny(value, "\n\r") {
			return at(name, model.BadValue, "hostapd's configuration cannot hold a line break")
		}
	}
	return nil
}

// hookSSID checks what belongs together in an SSID.
func hookSSID(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	if err := hookText(ctx, r, row, changed); err != nil {
		return err
	}
	if ssid, ok := changed["SSID"]; ok {
		if len(ssid) == 0 || len(ssid) > 32 {
			return at("SSID", model.BadValue, "an SSID has 1 to 32 octets, this has %d", len(ssid))
		}
	}
	if lower, ok := changed["LowerLayers"]; ok {
		if strings.Contains(lower, ",") || lower == "" {
			return at("LowerLayers", model.BadValue, "an SSID lies on exactly one radio")
		}
	}
	return nil
}

// halfOn is where we remember which of SSID and AccessPoint is switched on while the other, and so the section, is off.
func halfOn(section string) string { return "wifi.on." + section }

// wifiEnable reports whether side ("ssid" or "ap") of a section is switched on.
func wifiEnable(r *Reader, s *uci.Section, side string) bool {
	return s != nil && (!yes(s.Get("disabled"), false) || s.Type == ifaceType && r.State(halfOn(s.Name)) == side)
}

func getWifiEnable(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	return digit(wifiEnable(r, r.own(row), args[0])), nil
}

func setWifiEnable(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	s := r.own(row)
	if s == nil {
		return model.Errorf(model.Internal, "no section")
	}
	on, side := yes(value, false), args[0]
	other := "ap"
	if side == "ap" {
		other = "ssid"
	}
	if s.Type != ifaceType || s.Get("mode") != "ap" {
		return r.uciSet("wireless", s.Name, "disabled", digit(!on))
	}
	otherOn := wifiEnable(r, s, other)
	half := ""
	switch {
	case on && !otherOn:
		half = side
	case !on && otherOn:
		half = other
	}
	if on == wifiEnable(r, s, side) {
		return nil
	}
	r.SetState(halfOn(s.Name), half)
	return r.uciSet("wireless", s.Name, "disabled", digit(!on || !otherOn))
}

// wireless is netifd's view of all radios.
func wireless(ctx context.Context, r *Reader) ubus.Value {
	return r.Ubus(ctx, "network.wireless", "status", ubus.Value{})
}

// ifnameOf is the network device of a wifi-iface, "" while it is down.
func ifnameOf(ctx context.Context, r *Reader, s *uci.Section) string {
	if s == nil {
		return ""
	}
	for _, radio := range items(s, "device") {
		for _, v := range wireless(ctx, r).Get(radio, "interfaces").All() {
			if v.Get("section").Text() == s.Name {
				return v.Get("ifname").Text()
			}
		}
	}
	return ""
}

func getSSIDName(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	if name := ifnameOf(ctx, r, r.own(row)); name != "" {
		return name, nil
	}
	return row.Key, nil
}

func radioOff(ctx context.Context, r *Reader, radio string) bool {
	return yes(text(r.section("wireless", radio), "disabled"), false) || wireless(ctx, r).Get(radio, "disabled").Bool()
}

func getSSIDStatus(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	s := r.own(row)
	if s == nil || !wifiEnable(r, s, "ssid") {
		return "Down", nil
	}
	if s.Type == bareSSID {
		return "Dormant", nil
	}
	radio := text(s, "device")
	if radioOff(ctx, r, radio) {
		return "LowerLayerDown", nil
	}
	st := wireless(ctx, r).Get(radio)
	ifname := ifnameOf(ctx, r, s)
	switch {
	case !st.Exists():
		return "NotPresent", nil
	case ifname == "" && st.Get("pending").Bool():
		return "Dormant", nil
	case ifname == "":
		return "Down", nil
	}
	switch strings.TrimSpace(string(r.File("/sys/class/net/" + ifname + "/operstate"))) {
	case "up", "unknown":
		return "Up", nil
	case "dormant":
		return "Dormant", nil
	case "":
		return "Unknown", nil
	}
	return "Down", nil
}

// getWifiSince is the number of seconds since netifd last configured the radio, which is when hostapd's configuration
// was written, else since the router started.
func getWifiSince(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	radio := row.Section
	if s := r.own(row); s != nil && s.Type != "wifi-device" {
		radio = text(s, "device")
	}
	box := r.Box()
	if box == nil {
		return "", nil
	}
	if phy := phyOf(ctx, r, radio); phy != "" {
		if st, err := os.Stat(box.Path("/var/run/hostapd-" + phy + ".conf")); err == nil {
			if age := time.Since(st.ModTime()); age > 0 {
				return strconv.FormatInt(int64(age/time.Second), 10), nil
			}
		}
	}
	return strconv.FormatInt(int64(r.uptime()/time.Second), 10), nil
}

// isSet is whether an option is there: `call wifi.isset OPTION`.
func isSet(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	return digit(text(r.own(row), args[0]) != ""), nil
}

// A number that OpenWrt has no zero for: 0 is the absent option.
func getZeroUnset(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	if v := text(r.own(row), args[0]); v != "" {
		return v, nil
	}
	return "0", nil
}

func setZeroUnset(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if value == "0" {
		value = ""
	}
	return r.uciSet(row.Package, row.Section, args[0], value)
}
