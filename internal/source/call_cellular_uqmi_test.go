package source

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
)

const (
	serving = `{"registration":"registered","radio_interface":["lte"],"plmn_mcc":262,"plmn_mnc":1,"plmn_description":"Example","roaming":false}`
	able    = `{"max_tx_channel_rate":50000000,"max_rx_channel_rate":100000000,"data_service":"non_simultaneous_cs_ps","sim":"supported","networks":["gsm","umts","lte","unknown"]}`
	signals = `{"type":"lte","rssi":-58,"rsrq":-9,"rsrp":-86,"snr":15.600000}`
	ready   = `{"card_slot":1,"card_application_state":"ready","pin1_status":"disabled","pin1_verify_tries":3,"pin2_status":"not_verified"}`
)

func TestWhatUQMISays(t *testing.T) {
	at := "registration=registered plmn_description=Example roaming=0 RegistrationState=1 radio_interface=,lte"
	for name, c := range map[string]struct{ lines, want string }{
		"nothing":             {"", ""},
		"all":                 {serving + "\n\"867698041234567\"\n" + able + "\n" + signals + "\n" + ready + "\n\"262011234567890\"\n\"89490200001234567890\"\n", at + ",lte EquipmentIdentifier=867698041234567 networks=,gsm,umts,lte,unknown rssi=-58 rsrp=-86 rsrq=-9 card_application_state=ready pin1_status=disabled Imsi=262011234567890 SimIdentifier=89490200001234567890"},
		"texts missing":       {serving + "\n" + able + "\n" + signals + "\n" + ready + "\n\"8949020000123456789\"\n", at + ",lte networks=,gsm,umts,lte,unknown rssi=-58 rsrp=-86 rsrq=-9 card_application_state=ready pin1_status=disabled SimIdentifier=8949020000123456789"},
		"refused":             {serving + "\n\"Unknown error\"\n\"262011234567890\"", at},
		"refused at once":     {"\"Failed to connect to service\"\n", ""},
		"no SIM service":      {serving + "\n\"867698041234567\"\n" + able + "\n" + signals + "\n\"Invalid QMI command\"\n", at + ",lte EquipmentIdentifier=867698041234567 networks=,gsm,umts,lte,unknown rssi=-58 rsrp=-86 rsrq=-9"},
		"roaming":             {strings.Replace(serving, "false", "true", 1), strings.NewReplacer("roaming=0", "roaming=1", "State=1", "State=5").Replace(at)},
		"roaming not told":    {`{"registration":"registered"}`, "registration=registered"},
		"searching":           {strings.Replace(serving, `"registered"`, `"searching"`, 1), "registration=searching roaming=0"},
		"before 2024":         {`{"registration":"registered","roaming":false}` + "\n{}\n{\"type\":\"wcdma\",\"rssi\":-71,\"ecio\":-5}\n", "registration=registered roaming=0 RegistrationState=1 radio_interface=,wcdma rssi=-71"},
		"LTE and NR":          {serving + "\n{}\n[{\"type\":\"lte\",\"rssi\":-58,\"rsrq\":-9,\"rsrp\":-86,\"snr\":1.0},{\"type\":\"5gnr\",\"rsrp\":-99,\"snr\":3.0,\"rsrq\":-11}]\n", at + ",lte,5gnr rssi=-58 rsrp=-86 rsrq=-9"},
		"NR alone":            {serving + "\n{}\n{\"type\":\"5gnr\",\"rsrp\":-99}", at + ",5gnr rsrp=-99"},
		"GSM":                 {"{}\n{}\n{\"type\":\"gsm\",\"signal\":-80}", "signal=-80"},
		"the card's own PIN":  {"{}\n{}\n{}\n{\"card_application_state\":\"puk-required\",\"pin1_status\":\"disabled\"}", "card_application_state=puk-required"},
		"SIM state of 2021":   {"{}\n{}\n{}\n{\"pin1_status\":\"verified\"}", "pin1_status=verified"},
		"no card":             {"{}\n{}\n{}\n{}\n\"UIM uninitialized\"", ""},
		"truncated":           {serving + "\n\"867698041234567\"\n" + able[:40], at + " EquipmentIdentifier=867698041234567"},
		"a half text":         {serving + "\n\"8676980", at},
		"no JSON":             {"Request timed out\n" + serving, ""},
		"huge":                {serving + "\n{}\n{\"rssi\":-99999999999999999999,\"rsrp\":99999999999,\"rsrq\":1e400}", at + " rssi=-100000000000000000000 rsrp=99999999999 rsrq=+Inf"},
		"of other types":      {"7\nnull\n[]\n[[]]\n{\"registration\":[],\"radio_interface\":\"lte\",\"type\":{},\"networks\":7,\"rssi\":null}\n", ""},
		"a forged list":       {strings.Replace(serving, `"lte"`, `"l\u001fte"`, 1), strings.Replace(at, "radio_interface=,lte", "radio_interface=,lte", 1)},
		"an endless list":     {`{"networks":[` + strings.Repeat(`"a",`, 100) + `"b"]}`, "networks=" + strings.Repeat(",a", 16)},
		"deep":                {strings.Repeat("[", 5000), ""},
		"a text for a number": {"{}\n{}\n{\"type\":\"lte\",\"rssi\":\"-5\\u0000x\"}", "rssi=-5"},
	} {
		var got []string
		for key, value := range parseUQMI([]byte(c.lines)) {
			if value != "" {
				got = append(got, key+"="+strings.ReplaceAll(value, model.ListSep, ","))
			}
		}
		want := strings.Fields(c.want)
		slices.Sort(want)
		slices.Sort(got)
		wantText(t, name, strings.Join(got, " "), strings.Join(want, " "))
	}
}

func FuzzUQMI(f *testing.F) {
	f.Add([]byte(serving + "\n\"867698041234567\"\n" + able + "\n" + signals + "\n" + ready + "\n\"262011234567890\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for key, value := range parseUQMI(text) {
			if key != "networks" && key != "radio_interface" && value != clean(value) {
				t.Errorf("%s is %q", key, value)
			}
		}
	})
}

// A modem is asked when nobody else can be asking it, once a transaction, and for what uqmi knows alone.
func TestWhenUQMIIsAsked(t *testing.T) {
	const up = `{"interface":"wwan","up":true,"pending":false,"available":true,"uptime":60,"l3_device":"wwan0","proto":"qmi"}`
	const other = `,{"interface":"other","up":false,"pending":true,"available":true,"proto":"qmi"}`
	for _, c := range []struct{ name, live, device, port, owner, want string }{
		{name: "up", live: up, want: "asked"},
		{name: "modems of others", live: up, owner: "cdc-wdm1", want: "asked"},
		{name: "ModemManager has it", live: up, owner: "cdc-wdm0"},
		{name: "for a moment only", live: strings.Replace(up, "60", "9", 1)},
		{name: "being set up", live: strings.NewReplacer(`"up":true,"pending":false`, `"up":false,"pending":true`, `"uptime":60,"l3_device":"wwan0",`, "").Replace(up)},
		{name: "being set up for another interface", live: up + other},
		{name: "down", live: `{"interface":"wwan","up":false,"pending":false,"available":true,"proto":"qmi"}`},
		{name: "not known to netifd", live: `{"interface":"lan","up":true}`},
		{name: "still of another proto", live: strings.Replace(up, "qmi", "mbim", 1)},
		{name: "still another modem", live: strings.Replace(up, "wwan0", "wwan1", 1)},
		{name: "another port", live: up, port: "cdc-wdm7"},
		{name: "no device node", live: up, device: "/tmp/cdc-wdm0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.device == "" {
				c.device = "/dev/cdc-wdm0"
			}
			if c.port == "" {
				c.port = "cdc-wdm0"
			}
			var bus *ubustest.Bus
			rt := newRouter(t, map[string]string{
				"etc/config/network": fmt.Sprintf("config interface wwan\n option proto qmi\n option device %q\nconfig interface other\n option proto qmi\n option device %q\n", c.device, c.device),
				"sbin/uqmi":          "#!/bin/sh\necho \"$*\" >>${0%/sbin/uqmi}/calls\necho '" + serving + "'\necho '\"Not supported\"'\nexit 255\n",
				"calls":              "",
				"sys/class/usbmisc/" + c.port + "/device/net/wwan0/mtu": "1500\n",
			}, withBus(t, &bus))
			bus.Object("network.interface", methods{"dump": answers(t, `{"interface":[`+c.live+`]}`)})
			if c.owner != "" {
				serveModem(t, startBus(t, rt.cfg.Root), c.owner)
			}
			r := rt.begin(t)
			rows := rt.rows(t, r, "call cellular", nil)
			row := &rows[len(rows)-1]
			rt.get(t, r, "call cellular state", row)
			rt.get(t, r, "call cellular name", row)
			wantText(t, "before", string(rt.begin(t).File("/calls")), "")
			name := rt.get(t, r, "dbus . "+mm3GPP+" OperatorName,plmn_description", row)
			home := rt.get(t, r, "call cellular roams", nil)
			calls := strings.TrimSpace(string(rt.begin(t).File("/calls")))
			if c.want == "" {
				wantText(t, "name, roaming and calls", name+home+calls, "")
				return
			}
			wantText(t, "name and roaming", name+" "+home, "Example Home")
			wantText(t, "calls", calls, strings.Join(uqmiArgs[1:], " ")+" /dev/cdc-wdm0")
			if n := rt.log.count("level=WARN"); n != 0 {
				t.Errorf("an action that the modem has not is worth %d warnings", n)
			}
		})
	}
}

// serveModem exports a modem of ModemManager's that has a control port.
func serveModem(t *testing.T, conn *dbus.Conn, port string) {
	t.Helper()
	ports := dbus.MakeVariant([]struct {
		Name string
		Type uint32
	}{{port, 6}, {"wwan0", 2}})
	device := dbus.MakeVariant("/sys/devices/platform/usb1/1-1")
	objects := map[dbus.ObjectPath]map[string]map[string]dbus.Variant{mmPath + "/Modem/0": {mmModem: {"Ports": ports, "Device": device}}}
	if err := conn.Export(manager{objects}, mmPath, dbusManager); err != nil {
		t.Fatal(err)
	}
	if reply, err := conn.RequestName(mmName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
}
