package source

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// A modem is what ModemManager has on D-Bus, or what an interface of /etc/config/network names in `option device` without
// it: the path of the device in sysfs (proto modemmanager) or its control port (qmi, mbim, ncm, 3g). That is the key of its
// row: ModemManager gives it another number each time it is plugged in. How a modem is tells ModemManager, else uqmi;
// umbim, whose answers are for people to read, is not asked.
var cellularTable = []named{
	{"cellular", &Func{Rows: cellularRows, Get: cellularGet, Set: cellularSet, Need: cellularNeed}},
	{"cellular.ap", &Func{Rows: accessPointRows, Add: accessPointAdd, Delete: netIfaceDelete}},
}

const (
	tableCellular = "Device.Cellular.Interface."
	mmName        = "org.freedesktop.ModemManager1"
	mmPath        = "/org/freedesktop/ModemManager1"
	mmModem       = mmName + ".Modem"
	mm3GPP        = mmModem + ".Modem3gpp"
)

// A modem is the Data of its row. bus is nil without ModemManager, iface without an interface that uses it.
type modem struct {
	bus   *dbusRow
	iface *netIface
	dev   string            // its netdev
	uqmi  map[string]string // what uqmi says, once it was asked
}

// cellularProtos are those of netifd that use a modem, the one that a new interface gets first.
var cellularProtos = [...]string{"modemmanager", "qmi", "mbim", "ncm", "3g"}

func (i *netIface) isCellular() bool {
	return i.s != nil && slices.Contains(cellularProtos[:], i.proto)
}

// cellularNeed reports whether some proto for modems is installed.
func cellularNeed(_ context.Context, r *Reader, _ []string) bool { return cellularProto(r) != "" }

func cellularProto(r *Reader) string {
	for _, proto := range cellularProtos {
		if len(r.Glob("/lib/netifd/proto/"+proto+".sh")) > 0 {
			return proto
		}
	}
	return ""
}

func modemObjects(ctx context.Context, r *Reader) []dbusRow {
	return r.dbusObjects(ctx, dbusKey{mmName, mmModem, mmPath})
}

func cellularRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	n := r.network(ctx)
	var rows []model.Row
	add := func(key string, bus *dbusRow) {
		if !strings.HasPrefix(key, "/") || slices.ContainsFunc(rows, func(row model.Row) bool { return row.Key == key }) {
			return
		}
		m := &modem{bus: bus}
		for _, i := range n.ifaces {
			if i.isCellular() && i.s.Get("device") == key {
				m.iface, m.dev = i, i.l3
				break
			}
		}
		if bus != nil && m.dev == "" {
			ports, _ := splitList(dbusText(bus.props[mmModem]["Ports"]))
			for i := 0; i+1 < len(ports); i += 2 {
				if ports[i+1] == "2" { // MM_MODEM_PORT_TYPE_NET
					m.dev = ports[i]
				}
			}
		}
		rows = append(rows, model.Row{Key: key, Data: m})
	}
	objects := modemObjects(ctx, r)
	for i := range objects {
		add(dbusText(objects[i].props[mmModem]["Device"]), &objects[i])
	}
	for _, i := range n.ifaces {
		if i.isCellular() {
			add(i.s.Get("device"), nil)
		}
	}
	return rows, nil
}

// modes are the technologies that a modem can be told to use: their bits and names in ModemManager, for uqmi and here.
var modes = [...]struct {
	bit           uint64
	mm, qmi, ours string
}{
	{2, "2g", "gsm", "GPRS"}, {4, "3g", "umts", "UMTS"}, {8, "4g", "lte", "LTE"}, {16, "5g", "5gnr", "NR"},
}

// cellularGet is `call cellular FIELD`, of a modem, of an access point (ipversion) or of all (roaming, roams).
func cellularGet(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	switch args[0] {
	case "roaming":
		for _, i := range r.network(ctx).ifaces {
			if i.isCellular() && i.proto == "modemmanager" && yes(i.s.Get("allow_roaming"), true) {
				return "1", nil
			}
		}
		return "0", nil
	case "roams":
		at := ""
		rows, _ := cellularRows(ctx, r, nil, nil) // never fails
		for _, row := range rows {
			switch row.Data.(*modem).property(ctx, r, mm3GPP, "RegistrationState", "RegistrationState") {
			case "1", "6", "9": // MM_MODEM_3GPP_REGISTRATION_STATE_HOME, …_HOME_SMS_ONLY, …_HOME_CSFB_NOT_PREFERRED
				at = "Home"
			case "5", "7", "10":
				return "Roaming", nil
			}
		}
		return at, nil
	case "ipversion":
		switch s := r.own(row); text(s, "proto") {
		case "modemmanager":
			return text(s, "iptype"), nil
		default:
			return text(s, "pdptype"), nil
		}
	case "device":
		return text(r.own(row), "device"), nil
	}
	m, ok := row.Data.(*modem)
	if !ok {
		return "", nil
	}
	var s *uci.Section
	if m.iface != nil {
		s = r.section("network", m.iface.name)
	}
	var props map[string]dbus.Variant
	if m.bus != nil {
		props = m.bus.props[mmModem]
	}
	state := dbusText(props["State"])
	switch args[0] {
	case "name":
		return m.dev, nil
	case "enable":
		if s == nil {
			n, _ := strconv.Atoi(state)
			return digit(n >= 6), nil // MM_MODEM_STATE_ENABLED
		}
		return digit(!yes(s.Get("disabled"), false)), nil
	case "state":
		if m.bus == nil && m.iface != nil {
			return r.network(ctx).ifaceStatus(m.iface), nil
		}
		return state, nil
	case "sim":
		if dbusText(props["Sim"]) == "/" {
			return "none", nil
		}
		return m.property(ctx, r, mmModem, "UnlockRequired", "card_application_state"), nil
	case "technology":
		return preferred(s), nil
	case "number":
		numbers, _ := splitList(dbusText(props["OwnNumbers"]))
		if len(numbers) == 0 {
			return "", nil
		}
		return strings.TrimPrefix(numbers[0], "+"), nil
	case "locks":
		locks := m.property(ctx, r, mm3GPP, "EnabledFacilityLocks", "pin1_status")
		bits, err := strconv.ParseUint(locks, 10, 32)
		if err != nil {
			return locks, nil // uqmi's word, or nothing
		}
		return digit(bits&1 != 0), nil // MM_MODEM_3GPP_FACILITY_SIM
	}
	return text(s, args[0]), nil
}

// preferred is the only or the preferred one of the technologies that a section allows.
func preferred(s *uci.Section) string {
	mode := text(s, "preferredmode")
	if mode == "" || mode == "none" {
		mode = text(s, "allowedmode")
	}
	if text(s, "proto") == "qmi" {
		mode = s.Get("modes")
	}
	for _, m := range modes {
		if mode != "" && (mode == m.mm || mode == m.qmi) {
			return m.ours
		}
	}
	return "Auto"
}

func cellularSet(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	n := r.network(ctx)
	switch args[0] {
	case "roaming":
		done := false
		for _, i := range n.ifaces {
			if i.isCellular() && i.proto == "modemmanager" {
				done = true
				if yes(i.s.Get("allow_roaming"), true) == yes(value, false) {
					continue
				}
				if err := r.uciSet("network", i.name, "allow_roaming", value); err != nil {
					return err
				}
			}
		}
		if !done && value == "1" {
			return refused("only an interface of proto modemmanager knows of roaming")
		}
		return nil
	case "ipversion":
		option := "pdptype"
		if text(r.own(row), "proto") == "modemmanager" {
			option = "iptype"
		} else if value == "ipv4" {
			value = "ip"
		}
		return r.uciSet("network", row.Section, option, value)
	case "device":
		return r.setModem(n, r.own(row), value)
	}
	m, ok := row.Data.(*modem)
	if !ok || m.iface == nil {
		return refused("no interface of /etc/config/network uses this modem")
	}
	set := func(option, value string) error { return r.uciSet("network", m.iface.name, option, value) }
	switch args[0] {
	case "enable":
		if value == "1" {
			return set("disabled", "")
		}
		return set("disabled", "1")
	case "technology":
		return setTechnology(m, preferred(r.section("network", m.iface.name)), value, set)
	}
	return set(args[0], value)
}

// setModem has an interface use another modem. ModemManager's are called by a path in sysfs, those of the other protos by
// their control port: the interface takes the proto of one that uses the modem.
func (r *Reader) setModem(n *netView, s *uci.Section, device string) error {
	if device != "" && (text(s, "proto") == "modemmanager") != strings.HasPrefix(device, "/sys/") {
		proto := "modemmanager"
		for _, i := range n.ifaces {
			if i.isCellular() && i.s.Get("device") == device {
				proto = i.proto
			}
		}
		if err := r.uciSet("network", s.Name, "proto", proto); err != nil {
			return err
		}
	}
	return r.uciSet("network", s.Name, "device", device)
}

// setTechnology prefers a technology and allows as many others as the modem can with it; the only one it is where the modem
// knows no preference. Auto leaves it to the modem.
func setTechnology(m *modem, have, value string, set func(option, value string) error) error {
	if have == value {
		return nil
	}
	allowed, first := "", ""
	for _, mode := range modes {
		if mode.ours != value {
			continue
		}
		if m.iface.proto == "qmi" {
			return set("modes", mode.qmi)
		}
		if m.bus != nil {
			allowed, first = combination(m.bus, mode.bit)
		}
	}
	switch {
	case value == "Auto" && m.iface.proto == "qmi":
		return set("modes", "")
	case value != "Auto" && allowed == "":
		return badValue("the modem cannot prefer that, or is not there to be asked")
	}
	if err := set("allowedmode", allowed); err != nil {
		return err
	}
	return set("preferredmode", first)
}

// combination is the best of the modem's combinations of modes in which one comes first.
func combination(bus *dbusRow, bit uint64) (allowed, first string) {
	var best uint64
	numbers, _ := splitList(dbusText(bus.props[mmModem]["SupportedModes"]))
	for i := 0; i+1 < len(numbers); i += 2 {
		all, _ := strconv.ParseUint(numbers[i], 10, 32)
		prefer, _ := strconv.ParseUint(numbers[i+1], 10, 32)
		if (prefer == bit || prefer == 0 && all == bit) && all&bit != 0 && all > best && all < 32 {
			best = all
		}
	}
	var names []string
	for _, mode := range modes {
		if best&mode.bit != 0 {
			names = append(names, mode.mm)
		}
		if mode.bit == bit && best != bit {
			first = mode.mm
		}
	}
	return strings.Join(names, "|"), first
}

// accessPointRows is `rows call cellular.ap`: the interfaces that use a modem.
func accessPointRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, i := range r.network(ctx).ifaces {
		if i.isCellular() {
			rows = append(rows, i.row())
		}
	}
	return rows, nil
}

func accessPointAdd(ctx context.Context, r *Reader, parent *model.Row, number uint32, _ []string) (model.Row, error) {
	return netIfaceAdd(ctx, r, parent, number, []string{"wwan", cellularProto(r)})
}
