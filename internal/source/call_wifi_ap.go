package source

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// boundAP is where we remember which AccessPoint took over the section of an SSID.
func boundAP(section string) string { return "wifi.ap." + section }

func wifiAPs(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	p := r.UCI("wireless")
	if p == nil {
		return nil, nil
	}
	var out []model.Row
	for _, s := range p.Sections {
		if s.Type != bareAP && (s.Type != ifaceType || s.Get("mode") != "ap") {
			continue
		}
		row := wifiRow(r, s)
		if key := r.State(boundAP(s.Name)); key != "" {
			row.Key, row.Place = key, ""
		}
		out = append(out, row)
	}
	return out, nil
}

// addAP makes an AccessPoint without an SSID. Nobody knows its key, so that it is not open if it is switched on before
// its security is set.
func addAP(_ context.Context, r *Reader, _ *model.Row, n uint32, _ []string) (model.Row, error) {
	name := r.freeName("wireless", "cwmp_ap_"+strconv.FormatUint(uint64(n), 10))
	var secret [16]byte
	rand.Read(secret[:])
	err := r.addSection("wireless", bareAP, name, "mode", "ap", "encryption", "psk2", "key", hex.EncodeToString(secret[:]), "disabled", "1")
	return model.Row{Key: name, Package: "wireless", Section: name}, err
}

func deleteAP(_ context.Context, r *Reader, row *model.Row) error {
	s := r.own(row)
	if s == nil {
		return nil
	}
	r.SetState(boundAP(s.Name), "")
	r.SetState(halfOn(s.Name), "")
	if s.Type == bareAP {
		return r.removeSection("wireless", s.Name)
	}
	_, err := r.retype("wireless", s, bareSSID, wifiRow(r, s).Key, ofSSID)
	return err
}

func getSSIDReference(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	if s := r.own(row); s == nil || s.Type != ifaceType || r.Tree() == nil {
		return "", nil
	}
	return r.Tree().Path("Device.WiFi.SSID.", row.Section), nil
}

func getProfileReference(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	if r.Tree() == nil {
		return "", nil
	}
	for _, p := range r.Tree().Rows("Device.WiFi.EndPoint.{i}.Profile.") {
		if p.Parent != nil && p.Parent.Number == row.Number {
			return p.Path(), nil
		}
	}
	return "", nil
}

// hookAP binds an AccessPoint to its SSID and keeps the two lists of stations in step.
func hookAP(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	if path, ok := changed["SSIDReference"]; ok {
		if err := bindAP(r, row, path); err != nil {
			return err
		}
	}
	return setMACList(r, row, changed)
}

func bindAP(r *Reader, row *model.Row, path string) error {
	ap := r.own(row)
	ssid := r.Tree().Row(path)
	switch {
	case ap == nil:
		return model.Errorf(model.Internal, "the AccessPoint has no section")
	case path == "" && ap.Type == bareAP, ssid != nil && ssid.Section == row.Section:
		return nil
	case path == "" || ap.Type != bareAP:
		return at("SSIDReference", model.BadValue, "an AccessPoint keeps its SSID; delete the one and add another")
	case ssid == nil:
		return at("SSIDReference", model.BadValue, "no such SSID")
	}
	s := r.own(ssid)
	if s == nil || s.Type != bareSSID {
		return at("SSIDReference", model.BadValue, "that SSID has an AccessPoint or EndPoint already")
	}
	both := yes(ap.Get("disabled"), false) || yes(s.Get("disabled"), false)
	half := ""
	switch {
	case !yes(ap.Get("disabled"), false) && both:
		half = "ap"
	case !yes(s.Get("disabled"), false) && both:
		half = "ssid"
	}
	options := ap.Options
	if err := r.removeSection("wireless", ap.Name); err != nil {
		return err
	}
	key := ssid.Key
	name, err := r.retype("wireless", r.own(ssid), ifaceType, key, nil)
	if err != nil {
		return err
	}
	if name == key {
		if err := r.uciSet("wireless", name, parkedKey, ""); err != nil {
			return err
		}
	}
	for _, o := range options {
		if ofSSID(o.Name) || o.Name == parkedKey {
			continue
		}
		if err := r.uciEdit(uci.Edit{Op: uci.OpSet, Package: "wireless", Section: name, Option: o.Name, Values: o.Values, IsList: o.IsList}); err != nil {
			return err
		}
	}
	if err := r.uciSet("wireless", name, "mode", "ap"); err != nil {
		return err
	}
	if err := r.uciSet("wireless", name, "disabled", digit(both)); err != nil {
		return err
	}
	r.SetState(boundAP(name), row.Key)
	r.SetState(halfOn(name), half)
	row.Section, row.Place = name, ""
	return nil
}

func getAPStatus(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	s := r.own(row)
	switch {
	case s == nil || !wifiEnable(r, s, "ap"):
		return "Disabled", nil
	case s.Type == bareAP:
		return "Error_Misconfigured", nil
	case !wifiEnable(r, s, "ssid") || radioOff(ctx, r, text(s, "device")):
		return "Disabled", nil
	}
	ifname := ifnameOf(ctx, r, s)
	if ifname == "" {
		return "Error", nil
	}
	switch r.Ubus(ctx, "hostapd."+ifname, "get_status", ubus.Value{}).Get("status").Text() {
	case "ENABLED":
		return "Enabled", nil
	case "":
		return "Error", nil
	}
	return "Disabled", nil // choosing a channel, waiting for radar
}

// staProfile is the one profile of an EndPoint: the same section.
func staProfile(_ context.Context, _ *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	return []model.Row{{Key: "profile", Package: parent.Package, Section: parent.Section}}, nil
}

func getStaStatus(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	on, off := "Enabled", "Disabled"
	if args[0] == "profile" {
		on = "Active"
	}
	if s == nil || yes(s.Get("disabled"), false) {
		return off, nil
	}
	ifname := ifnameOf(ctx, r, s)
	if ifname == "" {
		return off, nil
	}
	if strings.TrimSpace(string(r.File("/sys/class/net/"+ifname+"/operstate"))) == "up" {
		return on, nil
	}
	if args[0] == "profile" {
		return "Available", nil
	}
	return "Error", nil
}

// getMACList serves MACAddressControlEnabled (arg "on") and AllowedMACAddress. A list of forbidden stations, which
// TR-181 cannot say, is left alone and reads as no control.
func getMACList(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	filter := text(s, "macfilter")
	if len(args) > 0 && args[0] == "on" {
		return digit(filter == "allow"), nil
	}
	if filter == "deny" {
		return "", nil
	}
	return joinList(items(s, "maclist")), nil
}

func setMACList(r *Reader, row *model.Row, changed map[string]string) error {
	control, hasControl := changed["MACAddressControlEnabled"]
	list, hasList := changed["AllowedMACAddress"]
	s := r.own(row)
	if s == nil || !hasControl && !hasList {
		return nil
	}
	filter := text(s, "macfilter")
	on := yes(control, filter == "allow")
	switch {
	case on && filter != "allow":
		if filter == "deny" && !hasList {
			list, hasList = "", true // those that were kept out are not those to be let in
		}
		if err := r.uciSet("wireless", s.Name, "macfilter", "allow"); err != nil {
			return err
		}
	case !on && filter == "allow":
		if err := r.uciSet("wireless", s.Name, "macfilter", "disable"); err != nil {
			return err
		}
	case !on && filter == "deny" && list != "":
		return at("AllowedMACAddress", model.Refused, "this AccessPoint has a list of forbidden stations; set MACAddressControlEnabled too")
	case !on && filter == "deny":
		return nil
	}
	if !hasList {
		return nil
	}
	var macs []string
	for _, m := range strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' }) {
		macs = append(macs, strings.ToLower(m))
	}
	return r.setItems("wireless", s.Name, "maclist", macs)
}
