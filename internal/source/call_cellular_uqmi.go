package source

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// uqmiArgs ask a modem of proto qmi how it is, for -t milliseconds at most. uqmi stops at the first action that the modem
// refuses: what all modems know comes first. Tables stand between texts, for one may be missing without a word (parseUQMI).
var uqmiArgs = [...]string{"/sbin/uqmi", "-s", "-t", "3000", "--get-serving-system", "--get-imei", "--get-capabilities",
	"--get-signal-info", "--uim-get-sim-state", "--get-imsi", "--get-iccid", "-d"}

// uqmiSettled is for how many seconds an interface must be up: qmi.sh still asks the modem when netifd has its first address.
const uqmiSettled = 10

// uqmiTexts are the members of uqmi's tables that somebody asks for, uqmiLists those that are arrays of texts.
var (
	uqmiTexts = [...]string{"registration", "plmn_description", "roaming", "rssi", "signal", "rsrp", "rsrq", "card_application_state", "pin1_status"}
	uqmiLists = [...]string{"radio_interface", "networks"}
)

// tells is a property of a modem that ModemManager has not, by what uqmi says; of several names with commas between the first
// that is there.
func (m *modem) tells(ctx context.Context, r *Reader, names string) string {
	if m.uqmi == nil {
		var out []byte
		if m.iface != nil && r.uqmiMay(ctx, m.iface.s.Get("device")) {
			out, _ = r.execRead(ctx, append(uqmiArgs[:], m.iface.s.Get("device"))) // an error is logged
		}
		m.uqmi = parseUQMI(out)
	}
	for name := ""; names != ""; {
		if name, names, _ = strings.Cut(names, ","); m.uqmi[name] != "" {
			return m.uqmi[name]
		}
	}
	return ""
}

// property is what ModemManager tells of a modem, else uqmi by another name.
func (m *modem) property(ctx context.Context, r *Reader, iface, name, uqmi string) string {
	if m.bus == nil {
		return m.tells(ctx, r, uqmi)
	}
	return dbusText(m.bus.props[iface][name])
}

// uqmiMay reports whether a control port can be asked without taking qmi.sh's answers from it: an interface of proto qmi is up
// on it, which has that port's netdev, none is being set up, and ModemManager has not the port.
func (r *Reader) uqmiMay(ctx context.Context, device string) bool {
	port, may := path.Base(device), false
	for _, i := range r.network(ctx).ifaces {
		if i.s == nil || i.s.Get("device") != device {
			continue
		}
		if i.live.Get("pending").Bool() {
			return false
		}
		up, _ := i.live.Get("uptime").Int()
		if up >= uqmiSettled && i.live.Get("proto").Text() == "qmi" && device == "/dev/"+port && i.l3 != "" {
			may = may || len(r.Glob("/sys/class/usbmisc/"+port+"/device/net/"+i.l3)) > 0
		}
	}
	if may {
		for _, o := range modemObjects(ctx, r) {
			ports, _ := splitList(dbusText(o.props[mmModem]["Ports"]))
			may = may && !slices.Contains(ports, port)
		}
	}
	return may
}

// parseUQMI reads what uqmi prints for uqmiArgs: a JSON value a line, the last of which says why it went no further when that is
// neither a table, an array nor digits. The members of tables keep their names; the rest is called as ModemManager does. What is
// not there is left out.
func parseUQMI(out []byte) map[string]string {
	told := map[string]string{}
	line, tables := "", 0
	for rest := string(out); rest != ""; {
		line, rest, _ = strings.Cut(rest, "\n")
		v, err := ubus.FromJSON([]byte(line))
		if err != nil {
			break
		}
		digits := v.Text()
		if strings.Trim(digits, "0123456789") != "" {
			break
		}
		switch {
		case v.Kind() == ubus.KindArray: // LTE's signal and that of NR beside it
			uqmiTable(v.Index(0), told)
			uqmiTable(v.Index(1), told)
			tables++
		case v.Kind() == ubus.KindTable:
			uqmiTable(v, told)
			tables++
		case tables == 1:
			told["EquipmentIdentifier"] = digits
		case tables == 4 && len(digits) > 15:
			told["SimIdentifier"] = digits
		case tables == 4:
			told["Imsi"] = digits
		}
	}
	if told["registration"] != "registered" {
		delete(told, "plmn_description")
		delete(told, "radio_interface")
	} else if roaming := told["roaming"]; roaming != "" {
		told["RegistrationState"] = "1"
		if roaming == "1" {
			told["RegistrationState"] = "5"
		}
	}
	// It may be that of the card where the card is not ready: its own PIN takes the place of PIN1.
	if state := told["card_application_state"]; state != "ready" && state != "" {
		delete(told, "pin1_status")
	}
	return told
}

// uqmiTable adds the members of a table, where an earlier one has not told them. What is a signal of is a radio interface too:
// uqmi lists those since 2024 only.
func uqmiTable(v ubus.Value, told map[string]string) {
	for _, key := range uqmiTexts {
		if told[key] == "" {
			told[key] = clean(v.Get(key).Text())
		}
	}
	for _, key := range uqmiLists {
		list := v.Get(key)
		for i := range min(list.Len(), 16) {
			told[key] += model.ListSep + clean(list.Index(i).Text())
		}
	}
	if radio := v.Get("type").Text(); radio != "" {
		told["radio_interface"] += model.ListSep + clean(radio)
	}
}
