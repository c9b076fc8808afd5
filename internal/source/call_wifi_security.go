package source

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

var securityTable = []named{
	{"wifi.rekey", &Func{Get: getRekey, Set: setRekey}},
	{"wifi.availability", &Func{Get: getAvailability, Set: setAvailability}},
	{"wifi.wps", &Func{Get: getWPS, Set: setWPS}},
}

// securityMode is one value of ModeEnabled: how uci's option encryption begins, and what it needs.
type securityMode struct {
	name, encryption string
	needs            string // feature of hostapd
	sae, passphrase  bool
	radius           bool
	mfp              string // ieee80211w that goes with it
}

var securityModes = []securityMode{
	{name: "None", encryption: "none"},
	{name: "WPA-Personal", encryption: "psk", passphrase: true},
	{name: "WPA2-Personal", encryption: "psk2", passphrase: true},
	{name: "WPA3-Personal", encryption: "sae", needs: "sae", sae: true, passphrase: true, mfp: "2"},
	{name: "WPA-WPA2-Personal", encryption: "psk-mixed", passphrase: true},
	{name: "WPA3-Personal-Transition", encryption: "sae-mixed", needs: "sae", sae: true, passphrase: true, mfp: "1"},
	{name: "WPA-Enterprise", encryption: "wpa", needs: "eap", radius: true},
	{name: "WPA2-Enterprise", encryption: "wpa2", needs: "eap", radius: true},
	{name: "WPA3-Enterprise", encryption: "wpa3", needs: "eap", radius: true, mfp: "2"},
	{name: "WPA-WPA2-Enterprise", encryption: "wpa-mixed", needs: "eap", radius: true},
	{name: "OWE", encryption: "owe", needs: "owe", mfp: "2"},
}

// otherEncryptions are further spellings that netifd's scripts know.
var otherEncryptions = map[string]string{
	"": "None", "open": "None", "psk3": "WPA3-Personal", "psk3-mixed": "WPA3-Personal-Transition",
	"psk+psk2": "WPA-WPA2-Personal", "wpa-psk": "WPA-Personal", "wpa-psk2": "WPA2-Personal", "wpa3-192": "WPA3-Enterprise",
	"wpa3-mixed": "WPA2-Enterprise", "wep": "WEP-128", "wep-open": "WEP-128", "wep-shared": "WEP-128", "8021x": "WPA-Enterprise",
}

// cutEncryption splits "psk2+tkip+ccmp" into the name of the mode and the ciphers.
func cutEncryption(encryption string) (mode, ciphers string) {
	base, ciphers, _ := strings.Cut(strings.ReplaceAll(encryption, "/", "+"), "+")
	if base == "psk" && strings.HasPrefix(ciphers, "psk2") {
		_, ciphers, _ = strings.Cut(ciphers, "+")
		base = "psk+psk2"
	}
	for _, m := range securityModes {
		if m.encryption == base {
			return m.name, ciphers
		}
	}
	return otherEncryptions[base], ciphers
}

func modeNamed(name string) (securityMode, bool) {
	i := slices.IndexFunc(securityModes, func(m securityMode) bool { return m.name == name })
	if i < 0 {
		return securityMode{}, false
	}
	return securityModes[i], true
}

func (c *phyCache) supports(ctx context.Context, r *Reader, m securityMode, band string) bool {
	if band == "6g" && m.mfp != "2" {
		return false // 802.11ax: nothing weaker than WPA3 at 6 GHz
	}
	return m.needs == "" || c.feature(ctx, r, m.needs)
}

func bandOfRow(r *Reader, row *model.Row) string {
	return bandOf(r.section("wireless", text(r.own(row), "device")))
}

func (c *phyCache) getModes(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	var out []string
	for _, m := range securityModes {
		if c.supports(ctx, r, m, bandOfRow(r, row)) {
			out = append(out, m.name)
		}
	}
	return joinList(out), nil
}

// getSecurity answers `call wifi.security mode|ciphers|mfp|secret`. A secret is never read.
func getSecurity(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	name, ciphers := cutEncryption(text(s, "encryption"))
	switch args[0] {
	case "mode":
		return name, nil
	case "ciphers":
		return joinList(cipherNames(name, ciphers)), nil
	case "mfp":
		switch mfp(s) {
		case "2":
			return "Required", nil
		case "1":
			return "Optional", nil
		}
		return "Disabled", nil
	}
	return "", nil
}

func cipherNames(mode, ciphers string) []string {
	if m, ok := modeNamed(mode); !ok || !m.passphrase && !m.radius {
		if mode == "OWE" {
			return []string{"AES"}
		}
		return nil
	}
	var out []string
	if strings.Contains(ciphers, "tkip") {
		out = append(out, "TKIP")
	}
	if ciphers != "tkip" {
		out = append(out, "AES")
	}
	return out
}

// mfp is ieee80211w, with the default that netifd's scripts give it.
func mfp(s *uci.Section) string {
	if v := text(s, "ieee80211w"); v != "" {
		return v
	}
	name, _ := cutEncryption(text(s, "encryption"))
	m, _ := modeNamed(name)
	return m.mfp
}

// hookSecurity writes mode, ciphers, key and management frame protection, which hang together, in any order.
func (c *phyCache) hookSecurity(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	s := r.own(row)
	if s == nil {
		return model.Errorf(model.Refused, "there is no SSID behind it")
	}
	if err := hookText(ctx, r, row, changed); err != nil {
		return err
	}
	name, ciphers := cutEncryption(text(s, "encryption"))
	if want, ok := changed["ModeEnabled"]; ok && want != name {
		m, known := modeNamed(want)
		if !known || !c.supports(ctx, r, m, bandOfRow(r, row)) {
			return at("ModeEnabled", model.BadValue, "not one of ModesSupported")
		}
		if !m.passphrase && !m.radius || m.mfp != "" {
			ciphers = ""
		}
		name = want
		if err := setEncryption(r, row, m, ciphers, changed); err != nil {
			return err
		}
	}
	m, known := modeNamed(name)
	if err := setCiphers(r, row, m, changed); err != nil {
		return err
	}
	if err := setKey(r, row, m, changed); err != nil {
		return err
	}
	if err := setMFP(r, row, m, changed); err != nil {
		return err
	}
	if !known {
		return nil
	}
	return checkSecurity(r, row, m, changed)
}

func setEncryption(r *Reader, row *model.Row, m securityMode, ciphers string, changed map[string]string) error {
	value := m.encryption
	if ciphers != "" {
		value += "+" + ciphers
	}
	if err := r.uciSet(row.Package, row.Section, "encryption", value); err != nil {
		return err
	}
	if _, ok := changed["MFPConfig"]; ok {
		return nil
	}
	return r.uciSet(row.Package, row.Section, "ieee80211w", m.mfp)
}

func setCiphers(r *Reader, row *model.Row, m securityMode, changed map[string]string) error {
	want, ok := changed["EncryptionMode"]
	if !ok {
		return nil
	}
	list := strings.FieldsFunc(want, func(c rune) bool { return c == ',' || c == ' ' })
	tkip, aes := slices.Contains(list, "TKIP"), slices.Contains(list, "AES")
	_, have := cutEncryption(text(r.own(row), "encryption"))
	if names := cipherNames(m.name, have); slices.Contains(names, "TKIP") == tkip && slices.Contains(names, "AES") == aes {
		return nil
	}
	suffix := ""
	switch {
	case !m.passphrase && !m.radius || !tkip && !aes:
		return at("EncryptionMode", model.BadValue, "%s has no choice of ciphers", m.name)
	case tkip && m.mfp != "":
		return at("EncryptionMode", model.BadValue, "%s forbids TKIP", m.name)
	case tkip && aes:
		suffix = "+tkip+ccmp"
	case tkip:
		suffix = "+tkip"
	default:
		suffix = "+ccmp"
	}
	base, _, _ := strings.Cut(strings.ReplaceAll(text(r.own(row), "encryption"), "/", "+"), "+")
	return r.uciSet(row.Package, row.Section, "encryption", base+suffix)
}

// setKey writes the one option that OpenWrt has for three parameters.
func setKey(r *Reader, row *model.Row, m securityMode, changed map[string]string) error {
	pass, hasPass := changed["KeyPassphrase"]
	sae, hasSAE := changed["SAEPassphrase"]
	psk, hasPSK := changed["PreSharedKey"]
	switch {
	case hasPass && hasSAE && pass != sae && m.sae:
		return at("SAEPassphrase", model.Refused, "hostapd here has one passphrase for WPA2 and WPA3: set both alike")
	case hasPass:
		if err := checkPassphrase("KeyPassphrase", pass); err != nil {
			return err
		}
		return r.uciSet(row.Package, row.Section, "key", pass)
	case hasSAE && !m.sae:
		return at("SAEPassphrase", model.Refused, "%s does not use it", m.name)
	case hasSAE:
		if err := checkPassphrase("SAEPassphrase", sae); err != nil {
			return err
		}
		return r.uciSet(row.Package, row.Section, "key", sae)
	case hasPSK && psk == "":
		return at("PreSharedKey", model.BadValue, "want 32 octets")
	case hasPSK && m.sae:
		return at("PreSharedKey", model.Refused, "WPA3 needs a passphrase")
	case hasPSK:
		if len(psk) != 64 {
			return at("PreSharedKey", model.BadValue, "want 32 octets, this has %d", len(psk)/2)
		}
		return r.uciSet(row.Package, row.Section, "key", strings.ToLower(psk))
	}
	return nil
}

// checkPassphrase tests what hostapd takes. The message never holds the passphrase.
func checkPassphrase(name, pass string) error {
	if len(pass) < 8 || len(pass) > 63 {
		return at(name, model.BadValue, "a passphrase has 8 to 63 octets, this has %d", len(pass))
	}
	return nil
}

func setMFP(r *Reader, row *model.Row, m securityMode, changed map[string]string) error {
	want, ok := changed["MFPConfig"]
	if !ok {
		return nil
	}
	value := map[string]string{"Disabled": "0", "Optional": "1", "Required": "2"}[want]
	if m.mfp > value {
		return at("MFPConfig", model.BadValue, "%s needs more", m.name)
	}
	have := mfp(r.own(row))
	if have == value || have == "" && value == "0" {
		return nil
	}
	return r.uciSet(row.Package, row.Section, "ieee80211w", value)
}

// checkSecurity tests that the mode has what it needs, so that no AccessPoint is taken off the air by half a change.
func checkSecurity(r *Reader, row *model.Row, m securityMode, changed map[string]string) error {
	s := r.own(row)
	blame := "ModeEnabled"
	if _, ok := changed[blame]; !ok {
		for name := range changed {
			blame = name
		}
	}
	key := text(s, "key")
	switch {
	case m.passphrase && (len(key) < 8 || len(key) > 64) && text(s, "wpa_psk_file") == "" && text(s, "sae_password_file") == "":
		return at(blame, model.BadValue, "%s needs a KeyPassphrase", m.name)
	case m.sae && len(key) == 64:
		return at(blame, model.BadValue, "%s needs a KeyPassphrase, there is a PreSharedKey", m.name)
	case m.radius && s.Get("mode") == "ap" && text(s, "auth_server") == "" && text(s, "server") == "":
		if _, ok := changed["ModeEnabled"]; ok {
			return at(blame, model.BadValue, "%s needs a RadiusServerIPAddr", m.name)
		}
	}
	return nil
}

// getRekey is the interval of the group key in seconds; hostapd's own is longer without TKIP.
func getRekey(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	s := r.own(row)
	if v := text(s, "wpa_group_rekey"); v != "" {
		return v, nil
	}
	if _, ciphers := cutEncryption(text(s, "encryption")); strings.Contains(ciphers, "tkip") {
		return "600", nil
	}
	return "86400", nil
}

func setRekey(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	if have, _ := getRekey(ctx, r, row, nil); have == value {
		return nil
	}
	return r.uciSet(row.Package, row.Section, "wpa_group_rekey", value)
}

// wpsMethods are the ways of WPS that OpenWrt's scripts know, with their option.
var wpsMethods = []struct{ name, option string }{{"Label", "wps_label"}, {"PushButton", "wps_pushbutton"}}

// getWPS answers `call wifi.wps enable|methods|status|pin`.
func getWPS(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	var on []string
	for _, m := range wpsMethods {
		if yes(text(s, m.option), false) {
			on = append(on, m.name)
		}
	}
	switch {
	case args[0] == "pin":
		return "", nil
	case args[0] == "methods":
		return joinList(on), nil
	case args[0] == "enable":
		return digit(len(on) > 0), nil
	case len(on) == 0:
		return "Disabled", nil
	}
	if name, _ := cutEncryption(text(s, "encryption")); name == "None" {
		return "Unconfigured", nil
	}
	return "Configured", nil
}

func setWPS(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if args[0] == "pin" {
		if strings.Trim(value, "0123456789") != "" || len(value) != 0 && len(value) != 4 && len(value) != 8 {
			return model.Errorf(model.BadValue, "a PIN has 4 or 8 digits")
		}
		return r.uciSet(row.Package, row.Section, "wps_pin", value)
	}
	if args[0] == "enable" {
		have, _ := getWPS(ctx, r, row, args)
		switch {
		case yes(value, false) == yes(have, false):
			return nil
		case yes(value, false):
			return r.uciSet(row.Package, row.Section, "wps_pushbutton", "1")
		}
		value = ""
	}
	list, isList := splitList(value)
	if !isList {
		list = strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == ' ' })
	}
	for _, name := range list {
		if name != "" && name != "Label" && name != "PushButton" {
			return model.Errorf(model.BadValue, "not one of ConfigMethodsSupported")
		}
	}
	for _, m := range wpsMethods {
		set := ""
		if slices.Contains(list, m.name) {
			set = "1"
		}
		if yes(text(r.own(row), m.option), false) == (set == "1") {
			continue
		}
		if err := r.uciSet(row.Package, row.Section, m.option, set); err != nil {
			return err
		}
	}
	return nil
}

// IEEE 802.11u has both in one octet: IPv4 in the upper six bits, IPv6 in the lower two.
var (
	ipv4Availability = []string{
		"NotAvailable", "PublicIPv4", "PortRestrictedIPv4", "SingleNATIPv4", "DoubleNATIPv4", "PortRestrictSingleNATIPv4",
		"PortRestrictDoubleNATIPv4", "Unknown",
	}
	ipv6Availability = []string{"NotAvailable", "Available", "Unknown"}
)

func availability(r *Reader, row *model.Row) (v4, v6 int) {
	n, err := strconv.ParseUint(strings.TrimPrefix(text(r.own(row), "iw_ipaddr_type_availability"), "0x"), 16, 8)
	if err != nil {
		return 7, 2
	}
	return min(int(n>>2), 7), min(int(n&3), 2)
}

func getAvailability(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	v4, v6 := availability(r, row)
	if args[0] == "6" {
		return ipv6Availability[v6], nil
	}
	return ipv4Availability[v4], nil
}

func setAvailability(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	v4, v6 := availability(r, row)
	was4, was6 := v4, v6
	if args[0] == "6" {
		v6 = slices.Index(ipv6Availability, value)
	} else {
		v4 = slices.Index(ipv4Availability, value)
	}
	if v4 == was4 && v6 == was6 {
		return nil
	}
	return r.uciSet(row.Package, row.Section, "iw_ipaddr_type_availability", fmt.Sprintf("%02x", v4<<2|v6))
}
