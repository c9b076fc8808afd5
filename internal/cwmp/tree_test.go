package cwmp

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/notify"
	"github.com/cwmpd/cwmpd/internal/source"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// testModel is a data model small enough to be listed in a test.
const testModel = `
Device.                       r
  RootDataModelVersion        r  string inform          const 2.19
Device.DeviceInfo.            r
  Manufacturer                r  string(64)             const OpenWrt
  ManufacturerOUI             r  string(6..6)           const 00D09E
  ProductClass                r  string(64)             const GW
  SerialNumber                r  string(64)             const 123
  HardwareVersion             r  string inform          const HW1
  SoftwareVersion             r  string inform forced   file /etc/version
  ProvisioningCode            rw string(64) inform forced uci cwmp.cpe.provisioning_code
  UpTime                      r  unsignedInt deny       file /proc/uptime word 0
Device.ManagementServer.      r
  URL                         rw URL                    uci cwmp.acs.url
  Username                    rw string(256)            uci cwmp.acs.userid
  Password                    rw string(256) hidden     uci cwmp.acs.passwd
  ParameterKey                r  string(32) inform deny state ParameterKey
  ConnectionRequestURL        r  string inform active   file /tmp/connreq
  AliasBasedAddressing        r  boolean inform         const true
  LightweightNotificationProtocolsSupported r list string const UDP
  InstanceMode                rw enum(InstanceNumber, InstanceAlias) uci cwmp.cpe.instance_mode | default InstanceNumber
  AutoCreateInstances         rw boolean                uci cwmp.cpe.auto_create_instances | default 0
  PeriodicInformInterval      rw unsignedInt(1..)       uci cwmp.acs.periodic_inform_interval | default 86400
Device.ManagementServer.InformParameter.{i}. rw
  rows uci cwmp.@inform_parameter
  add uci cwmp.@inform_parameter cwmp_inform_{n} enable=0
  Enable                      rw boolean                uci .enable | default 0
  ParameterName               rw string(256)            uci .parameter_name
  EventList                   rw list string            uci .events_list | list ,
Device.ManagementServer.AutonomousTransferCompletePolicy. r
  Enable                      rw boolean                uci cwmp.atc:autonomous_notify.enable | default 0
  TransferTypeFilter          rw enum(Upload, Download, Both) uci cwmp.atc:autonomous_notify.transfer_type | default Both
  ResultTypeFilter            rw enum(Success, Failure, Both) uci cwmp.atc:autonomous_notify.result_type | default Both
  FileTypeFilter              rw list string            uci cwmp.atc:autonomous_notify.file_type | list ,
Device.ManagementServer.DUStateChangeComplPolicy. r
  Enable                      rw boolean                uci cwmp.du:autonomous_notify.enable | default 0
  OperationTypeFilter         rw list string            uci cwmp.du:autonomous_notify.operation_type | list ,
  ResultTypeFilter            rw enum(Success, Failure, Both) uci cwmp.du:autonomous_notify.result_type | default Both
  FaultCodeFilter             rw list string            uci cwmp.du:autonomous_notify.fault_code | list ,
Device.Test.                  r
  String                      rw string(8)              uci test.t.string
  Long                        rw string                 uci test.t.text
  Int                         rw int                    uci test.t.int
  Unsigned                    rw unsignedInt            uci test.t.unsigned
  Bool                        rw boolean                uci test.t.bool
  When                        rw dateTime               uci test.t.when
  Blob                        rw base64(16)             uci test.t.blob
  Hex                         rw hexBinary(4)           uci test.t.hex
  Mode                        rw enum(One,Two)          uci test.t.mode
Device.Test.Row.{i}.          rw
  rows uci test.@row
  add uci test.@row row_{n} enable=0
  max 3
  Enable                      rw boolean                uci .enable | default 0
  Name                        rw string(32)             uci .name
  Next                        rw pathRef                uci .next | ref Device.Test.Row.
Device.Test.Row.{i}.Part.{i}. rw
  rows uci test.@part row={parent.section}
  add  uci test.@part part_{parent.n}_{n} row={parent.section}
  Size                        rw unsignedInt            uci .size
Device.Test.Fixed.{i}.        r
  rows uci test.@fixed
  Name                        r  string                 uci .name
`

// testFiles is the router of these tests.
var testFiles = map[string]string{
	"etc/config/cwmp":  "config acs 'acs'\n\toption url 'URL'\n\toption userid 'cpe'\n\toption passwd '" + password + "'\n\toption periodic_inform_enable '0'\n\nconfig cpe 'cpe'\n",
	"etc/config/test":  "config t 't'\n\toption string 'abc'\n\toption int '-5'\n\toption bool '1'\n\nconfig fixed\n\toption name 'a\x0bb'\n",
	"etc/version":      "24.10.1\n",
	"tmp/connreq":      "http://192.0.2.1:7547/x\n",
	"proc/uptime":      "312 5\n",
	"etc/config/other": "config other\n",
}

// A router is a bench with a data model behind it.
type router struct {
	*bench
	tree    *model.Tree
	watcher *notify.Watcher
	uci     *uci.Dir
	reloads []string
}

func newRouter(t *testing.T) *router {
	t.Helper()
	r := &router{}
	r.bench = newBenchWith(t, r.build)
	return r
}

// build makes the parts that a daemon has, anew for every start.
func (r *router) build(b *bench, c *Config) {
	t := b.t
	t.Helper()
	if _, err := os.Stat(filepath.Join(b.root, "etc/config/cwmp")); err != nil {
		files := map[string]string{}
		for name, text := range testFiles {
			files[name] = strings.ReplaceAll(text, "URL", b.acs.URL)
		}
		writeFiles(t, b.root, files)
	}
	box, err := system.Open(b.root, c.Log)
	if err != nil {
		t.Fatal(err)
	}
	r.uci = uci.Open(b.root)
	tree, problems, err := model.Load(t.Context(), model.Config{
		Store: c.Store, Own: []string{"cwmp"}, Log: c.Log, Aliases: true, Wildcard: true,
		Source: source.New(source.Config{Root: b.root, UCI: r.uci, Box: box, Store: c.Store, Log: c.Log}),
		Files:  []fs.FS{fstest.MapFS{"test.dm": {Data: []byte(testModel)}}},
		Reload: func(_ context.Context, pkg string) error { r.reloads = append(r.reloads, pkg); return nil },
	})
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v, %+v", err, problems)
	}
	watcher, err := notify.New(notify.Config{Tree: tree, Store: c.Store, Log: c.Log})
	if err != nil {
		t.Fatal(err)
	}
	r.tree, r.watcher = tree, watcher
	c.Tree, c.Notify = tree, watcher
	c.Settings = r.fromUCI
	c.AfterSession = func(ctx context.Context) {
		if err := tree.Apply(ctx); err != nil {
			t.Errorf("apply: %v", err)
		}
	}
}

// fromUCI reads the settings from the router's file, as the agent does.
func (r *router) fromUCI() config.Config {
	pkg, err := r.uci.Load("cwmp")
	if err != nil {
		r.t.Error(err)
	}
	c, _ := config.FromUCI(pkg)
	return c
}

// ask holds a session in which the ACS makes calls, and returns the answers.
func (r *router) ask(calls ...cwmptest.Call) []cwmptest.Message {
	r.t.Helper()
	before := len(r.acs.Messages())
	r.acs.Ask(calls...)
	r.good()
	answers := r.acs.Messages()[before+2:]
	if len(answers) != len(calls) {
		r.t.Fatalf("%d answers to %d calls", len(answers), len(calls))
	}
	return answers
}

func (r *router) one(call cwmptest.Call) cwmptest.Message {
	r.t.Helper()
	return r.ask(call)[0]
}

func (r *router) value(path string) string {
	r.t.Helper()
	tx, err := r.tree.Begin(r.t.Context(), model.FromSelf)
	if err != nil {
		r.t.Fatal(err)
	}
	defer tx.Close()
	v, err := tx.Value(r.t.Context(), path)
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

func (r *router) key() string { return r.value("Device.ManagementServer.ParameterKey") }

func wantFault(t *testing.T, m cwmptest.Message, code int) {
	t.Helper()
	if m.FaultCode() != code {
		t.Errorf("got %s %s, want fault %d", m.Name, m.Body, code)
	}
}

func writeFiles(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var forced = []string{
	"Device.RootDataModelVersion", "Device.DeviceInfo.HardwareVersion", "Device.DeviceInfo.SoftwareVersion",
	"Device.DeviceInfo.ProvisioningCode", "Device.ManagementServer.ParameterKey", "Device.ManagementServer.ConnectionRequestURL",
	"Device.ManagementServer.AliasBasedAddressing",
}

// Covers: §2.2, I-7.
func TestT011_ForcedParameters(t *testing.T) {
	r := newRouter(t)
	r.good()
	inform := r.last("Inform")
	got := inform.Values()
	for _, path := range forced {
		if _, ok := got[path]; !ok || strings.Count(string(inform.Body), "<Name>"+path+"<") != 1 {
			t.Errorf("%s is not there exactly once", path)
		}
	}
	if got["Device.DeviceInfo.SoftwareVersion"] != "24.10.1" || got["Device.ManagementServer.ConnectionRequestURL"] != "http://192.0.2.1:7547/x" {
		t.Errorf("values %q", got)
	}
}

// Covers: I-1.
func TestT008_DeviceIDIsThatOfDeviceInfo(t *testing.T) {
	r := newRouter(t)
	values := r.one(cwmptest.GetParameterValues("Device.DeviceInfo.")).Values()
	inform := r.last("Inform")
	for element, name := range map[string]string{"Manufacturer": "Manufacturer", "OUI": "ManufacturerOUI", "ProductClass": "ProductClass", "SerialNumber": "SerialNumber"} {
		if got, want := inform.Text(element), values["Device.DeviceInfo."+name]; got != want {
			t.Errorf("%s %q, want %q", element, got, want)
		}
	}
}

//
func TestT140_GetParameterNames(t *testing.T) {
	r := newRouter(t)
	if got := r.one(cwmptest.GetParameterNames("", true)).Names(); !slices.Equal(got, []string{"Device."}) {
		t.Errorf("root: %q", got)
	}
	got := r.one(cwmptest.GetParameterNames("Device.Test.", true)).Names() // T-142
	if slices.Contains(got, "Device.Test.") || !slices.Contains(got, "Device.Test.Int rw") || !slices.Contains(got, "Device.Test.Row. rw") || slices.Contains(got, "Device.Test.Fixed.1.") {
		t.Errorf("children: %q", got)
	}
	got = r.one(cwmptest.GetParameterNames("Device.Test.", false)).Names() // T-143
	for _, want := range []string{"Device.Test.", "Device.Test.Int rw", "Device.Test.Fixed.", "Device.Test.Fixed.1.", "Device.Test.Fixed.1.Name"} {
		if !slices.Contains(got, want) {
			t.Errorf("subtree without %s: %q", want, got)
		}
	}
	if got := r.one(cwmptest.GetParameterNames("Device.Test.Row.", true)).Names(); len(got) != 0 {
		t.Errorf("empty table: %q", got)
	}
	if got := r.one(cwmptest.GetParameterNames("Device.Test.Row.", false)).Names(); !slices.Equal(got, []string{"Device.Test.Row. rw"}) {
		t.Errorf("empty table itself: %q", got)
	}
	if got := r.one(cwmptest.GetParameterNames("Device.Test.Int", false)).Names(); !slices.Equal(got, []string{"Device.Test.Int rw"}) {
		t.Errorf("one parameter: %q", got)
	}
	wantFault(t, r.one(cwmptest.GetParameterNames("Device.Test.Int", true)), 9003)
	whole := r.one(cwmptest.GetParameterNames("", false)).Names()
	if whole[0] != "Device." || slices.ContainsFunc(whole, func(n string) bool { return strings.Contains(n, "{i}") }) {
		t.Errorf("whole model: %q", whole)
	}
}

//
func TestT145_UnknownPaths(t *testing.T) {
	r := newRouter(t)
	long := "Device." + strings.Repeat("x", 249)
	for path, code := range map[string]int{
		"Device.DeviceInfo": 9005, "Device.Nope.": 9005, "device.": 9005, "Device..": 9005, ".Device.": 9005, " ": 9005, "Device.Test.Row.1.": 9005,
		"Device.Test.Fixed.01.": 9005, "Device.Test.Fixed.99999999999999999999.": 9005, "Device.Test.Fixed.{i}.": 9005, "Device.Test.Fixed.**.": 9005, "Device.Test.*.": 9005,
		"Device.Test.Fixed.[a].": 9005, "Device.Test.Fixed.[a.": 9005, "Device.Test.Fixed.]a[.": 9005, "*.*.*.*": 9005, "Device.%00.": 9005, "Device.Test..": 9005, long: 9005, long + "x": 9003, strings.Repeat("Device.", 1<<14): 9003,
	} {
		wantFault(t, r.one(cwmptest.GetParameterNames(path, false)), code)
		wantFault(t, r.one(cwmptest.GetParameterValues("Device.Test.Int", path)), code) // T-152
		if path == " " {
			continue
		}
		wantFault(t, r.one(cwmptest.GetParameterAttributes(path)), code) // T-212
	}
}

func TestT151_GetParameterValues(t *testing.T) {
	r := newRouter(t)
	whole := r.one(cwmptest.GetParameterValues("Device.")).Values()
	var names []string
	for _, n := range r.one(cwmptest.GetParameterNames("", false)).Names() {
		if n = strings.TrimSuffix(n, " rw"); !strings.HasSuffix(n, ".") {
			names = append(names, n)
		}
	}
	for _, n := range names {
		if _, ok := whole[n]; !ok {
			t.Errorf("GPV has no %s", n)
		}
	}
	if len(names) != len(whole) {
		t.Errorf("%d names, %d values", len(names), len(whole))
	}
	if got := r.one(cwmptest.GetParameterValues("")).Values(); len(got) != len(whole) {
		t.Errorf("GPV of the empty path has %d values, want %d", len(got), len(whole))
	}
	if m := r.one(cwmptest.GetParameterValues("Device.Test.Row.")); m.FaultCode() != 0 || len(m.Values()) != 0 {
		t.Errorf("R-31 empty table: %s", m.Body)
	}
	wantFault(t, r.one(cwmptest.GetParameterValues()), 9003) // T-155
	wantFault(t, r.one(cwmptest.GetParameterValues("Device.", "Device.Nope")), 9005)
}

// Covers, K-10, X-13.
func TestT154_HiddenAndIllegalValues(t *testing.T) {
	r := newRouter(t)
	m := r.one(cwmptest.GetParameterValues("Device."))
	if v, typ := m.Values()["Device.ManagementServer.Password"], m.Types()["Device.ManagementServer.Password"]; v != "" || typ != "xsd:string" {
		t.Errorf("Password is %q of %s", v, typ)
	}
	if got := m.Values()["Device.Test.Fixed.1.Name"]; got != "a\uFFFDb" { // T-047
		t.Errorf("a control character became %q", got)
	}
	for path, want := range map[string]string{"Device.Test.Int": "xsd:int", "Device.Test.Bool": "xsd:boolean", "Device.Test.When": "xsd:dateTime",
		"Device.Test.Blob": "xsd:base64Binary", "Device.Test.Hex": "xsd:hexBinary", "Device.DeviceInfo.UpTime": "xsd:unsignedInt", "Device.Test.Mode": "xsd:string"} {
		if got := m.Types()[path]; got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if got := m.Values()["Device.Test.Bool"]; got != "true" {
		t.Errorf("a boolean is %q", got)
	}
}

func TestZ25_OverlappingNamesAreAnsweredOnce(t *testing.T) {
	r := newRouter(t)
	names := slices.Repeat([]string{"Device.", "Device.Test.", "Device.Test.Int"}, 10_000)
	m := r.one(cwmptest.GetParameterValues(names...))
	if n := strings.Count(string(m.Body), "<Name>Device.Test.Int<"); n != 1 || m.FaultCode() != 0 {
		t.Errorf("Device.Test.Int is there %d times, fault %d", n, m.FaultCode())
	}
}

//
func TestT170_SetParameterValues(t *testing.T) {
	r := newRouter(t)
	m := r.one(cwmptest.SetParameterValues("K1", cwmptest.Value{Name: "Device.Test.String", Text: "new", Type: "string"}))
	if m.Text("Status") != "1" { // the package is reloaded after the session
		t.Errorf("answer %s", m.Body)
	}
	if r.value("Device.Test.String") != "new" || r.key() != "K1" || !slices.Equal(r.reloads, []string{"test"}) {
		t.Errorf("value %q, key %q, reloads %q", r.value("Device.Test.String"), r.key(), r.reloads)
	}
	m = r.one(cwmptest.SetParameterValues("K2", cwmptest.Value{Name: "Device.Test.String", Text: "new", Type: "string"})) // T-185
	if m.Text("Status") != "0" || len(r.reloads) != 1 {
		t.Errorf("the same value again: %s, reloads %q", m.Body, r.reloads)
	}
	m = r.one(cwmptest.SetParameterValues(""))
	if m.Text("Status") != "0" || r.key() != "" {
		t.Errorf("empty list: %s, key %q", m.Body, r.key())
	}
	m = r.one(cwmptest.SetParameterValues("K3", cwmptest.Value{Name: "Device.DeviceInfo.ProvisioningCode", Text: "p", Type: "string"}))
	if m.Text("Status") != "0" { // a package of our own
		t.Errorf("own package: %s", m.Body)
	}
	r.good()
	if got := r.last("Inform").Values()["Device.ManagementServer.ParameterKey"]; got != "K3" {
		t.Errorf("the next Inform has the key %q", got)
	}
}

//
func TestT171_EveryWrongParameterIsNamed(t *testing.T) {
	r := newRouter(t)
	m := r.one(cwmptest.SetParameterValues("K",
		cwmptest.Value{Name: "Device.Test.String", Text: "good", Type: "string"},
		cwmptest.Value{Name: "Device.Test.Int", Text: "x", Type: "int"},
		cwmptest.Value{Name: "Device.Test.Bool", Text: "true", Type: "string"}, // T-179
		cwmptest.Value{Name: "Device.Nope", Text: "", Type: "string"},
		cwmptest.Value{Name: "Device.DeviceInfo.UpTime", Text: "1", Type: "unsignedInt"},
		cwmptest.Value{Name: "Device.Test.", Text: "1", Type: "string"}, // T-173
		cwmptest.Value{Name: "Device.Test.Mode", Text: "one", Type: "string"},
		cwmptest.Value{Name: "Device.Test.Row.7.Name", Text: "one", Type: "string"},
	))
	wantFault(t, m, 9003)
	want := map[string]int{"Device.Test.Int": 9007, "Device.Test.Bool": 9006, "Device.Nope": 9005, "Device.DeviceInfo.UpTime": 9008,
		"Device.Test.": 9005, "Device.Test.Mode": 9007, "Device.Test.Row.7.Name": 9005}
	got := m.ParamFaults()
	for path, code := range want {
		if got[path] != code {
			t.Errorf("%s: fault %d, want %d", path, got[path], code)
		}
	}
	if len(got) != len(want) || r.value("Device.Test.String") != "abc" || r.key() != "" {
		t.Errorf("faults %v, value %q, key %q", got, r.value("Device.Test.String"), r.key())
	}
	if m.Text("faultcode") != "Client" {
		t.Errorf("faultcode %q", m.Text("faultcode"))
	}
}

//
func TestT172_TheSameNameTwice(t *testing.T) {
	r := newRouter(t)
	v := cwmptest.Value{Name: "Device.Test.String", Text: "x", Type: "string"}
	m := r.one(cwmptest.SetParameterValues("K", v, v))
	wantFault(t, m, 9003)
	if len(m.ParamFaults()) != 0 || r.value("Device.Test.String") != "abc" {
		t.Errorf("fault %s", m.Body)
	}
}

// Covers, §9.8.
func TestT175_Values(t *testing.T) {
	r := newRouter(t)
	tests := []struct {
		name, typ, text string
		want            string // the value read back; a number is a fault
	}{
		{"Int", "int", "-2147483648", "-2147483648"}, {"Int", "int", "2147483647", "2147483647"},
		{"Int", "int", "2147483648", "9007"}, {"Int", "int", "-2147483649", "9007"},
		{"Int", "int", " 7\n", "7"}, {"Int", "int", "+1", "1"}, {"Int", "int", "0x10", "9007"}, {"Int", "int", "1e9", "9007"}, {"Int", "int", "NaN", "9007"},
		{"Int", "int", "٣", "9007"}, {"Int", "int", "99999999999999999999", "9007"}, {"Int", "long", "1", "9006"}, {"Int", "", "3", "3"},
		{"Unsigned", "unsignedInt", "4294967295", "4294967295"}, {"Unsigned", "unsignedInt", "4294967296", "9007"}, {"Unsigned", "unsignedInt", "-1", "9007"},
		{"Bool", "boolean", "0", "false"}, {"Bool", "boolean", " true ", "true"}, {"Bool", "boolean", "TRUE", "9007"}, {"Bool", "", "1", "true"},
		{"String", "string", "12345678", "12345678"}, {"String", "string", "123456789", "9007"}, // T-176
		{"String", "string", "&&&&&&&&", "&&&&&&&&"}, {"String", "string", "äöüßäöüß", "äöüßäöüß"}, {"String", "string", "äöüßäöüßä", "9007"},
		{"String", "unsignedInt", "1", "9006"},
		{"When", "dateTime", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"}, {"When", "dateTime", "2026-02-30T00:00:00Z", "9007"}, // T-178
		{"Blob", "base64", "aGFsbG8=", "aGFsbG8="}, {"Blob", "base64Binary", "aGFsbG8=", "aGFsbG8="}, {"Blob", "base64", "?", "9007"},
		{"Hex", "hexBinary", "00ff", "00FF|00ff"}, {"Hex", "hexBinary", "0", "9007"},
		{"Mode", "string", "Two", "Two"}, {"Mode", "string", "two", "9007"},
		{"Long", "string", "  a\n b ", "  a\n b "},                         // T-046
		{"Long", "string", "'; reboot;#\n\"\\\t😀", "'; reboot;#\n\"\\\t😀"}, // T-184
		{"Long", "nonsense", "x", "9006"},
	}
	for _, tt := range tests {
		path := "Device.Test." + tt.name
		before := r.value(path)
		answers := r.ask(cwmptest.SetParameterValues("K", cwmptest.Value{Name: path, Text: tt.text, Type: tt.typ}), cwmptest.GetParameterValues(path))
		got := answers[1].Values()[path]
		if strings.HasPrefix(tt.want, "90") && len(tt.want) == 4 {
			if code := answers[0].ParamFaults()[path]; answers[0].FaultCode() != 9003 || code != map[string]int{"9006": 9006, "9007": 9007}[tt.want] || got != before {
				t.Errorf("%s %s %q: %s, then %q", tt.name, tt.typ, tt.text, answers[0].Body, got)
			}
			continue
		}
		if !slices.Contains(strings.Split(tt.want, "|"), got) || answers[0].FaultCode() != 0 {
			t.Errorf("%s %s %q: read back %q, %s", tt.name, tt.typ, tt.text, got, answers[0].Body)
		}
	}
}

func TestR16_LenientTypes(t *testing.T) {
	r := newRouter(t)
	set := cwmptest.SetParameterValues("K", cwmptest.Value{Name: "Device.Test.Bool", Text: "false", Type: "string"})
	wantFault(t, r.one(set), 9003)
	writeFiles(t, r.root, map[string]string{"etc/config/cwmp": "config acs 'acs'\n\toption url '" + r.acs.URL + "'\n\toption periodic_inform_enable '0'\n\nconfig cpe 'cpe'\n\toption lenient_types '1'\n"})
	if m := r.one(set); m.FaultCode() != 0 || r.value("Device.Test.Bool") != "false" {
		t.Errorf("lenient: %s", m.Body)
	}
}

//
func TestT230_Objects(t *testing.T) {
	r := newRouter(t)
	m := r.one(cwmptest.AddObject("Device.Test.Row.", "K1"))
	if m.Text("InstanceNumber") != "1" || m.Text("Status") != "1" || r.key() != "K1" {
		t.Errorf("AddObject: %s, key %q", m.Body, r.key())
	}
	if got := r.one(cwmptest.GetParameterNames("Device.Test.Row.", true)).Names(); !slices.Equal(got, []string{"Device.Test.Row.1. rw"}) {
		t.Errorf("names %q", got)
	}
	values := r.one(cwmptest.GetParameterValues("Device.Test.Row.", "Device.Test.RowNumberOfEntries")).Values()
	if values["Device.Test.Row.1.Enable"] != "false" || values["Device.Test.RowNumberOfEntries"] != "1" {
		t.Errorf("values %q", values)
	}
	r.ask(cwmptest.AddObject("Device.Test.Row.", "K"), cwmptest.AddObject("Device.Test.Row.", "K"))
	wantFault(t, r.one(cwmptest.AddObject("Device.Test.Row.", "full")), 9004) // T-236
	if r.key() != "K" {
		t.Errorf("key %q after a fault", r.key())
	}
	if m := r.one(cwmptest.DeleteObject("Device.Test.Row.2.", "K2")); m.Name != "DeleteObjectResponse" || m.Text("Status") != "1" || r.key() != "K2" { // T-232
		t.Errorf("DeleteObject: %s", m.Body)
	}
	wantFault(t, r.one(cwmptest.DeleteObject("Device.Test.Row.2.", "K")), 9005)
	if m := r.one(cwmptest.AddObject("Device.Test.Row.", "")); m.Text("InstanceNumber") != "4" { // T-233
		t.Errorf("a number is used again: %s", m.Body)
	}
	for object, code := range map[string]int{"Device.Test.Row": 9005, "Device.Test.Row.1.": 9005, "Device.Test.": 9005, "Device.Nope.": 9005, "Device.Test.Fixed.": 9005, "": 9005} {
		wantFault(t, r.one(cwmptest.AddObject(object, "K")), code)
	}
	for object, code := range map[string]int{"Device.Test.Row.": 9005, "Device.Test.Row.1": 9005, "Device.Test.Fixed.1.": 9005, "Device.": 9005} { // T-235
		wantFault(t, r.one(cwmptest.DeleteObject(object, "K")), code)
	}
}

func TestT125_URLSetByTheACS(t *testing.T) {
	r, second := newRouter(t), cwmptest.New()
	defer second.Close()
	m := r.one(cwmptest.SetParameterValues("K", cwmptest.Value{Name: "Device.ManagementServer.URL", Text: second.URL, Type: "string"}))
	if m.FaultCode() != 0 {
		t.Fatal(string(m.Body))
	}
	if len(second.Messages()) != 0 {
		t.Error("the session went on at the new ACS")
	}
	r.good()
	if got := second.Pick("Inform"); len(got) != 1 || !slices.Equal(got[0].Events(), []string{"0 BOOTSTRAP"}) {
		t.Errorf("%d Informs at the new ACS", len(got))
	}
}

func TestK12_CredentialsSetByTheACS(t *testing.T) {
	r := newRouter(t)
	r.acs.RequireDigest("cpe", password)
	r.acs.Ask(cwmptest.SetParameterValues("", cwmptest.Value{Name: "Device.ManagementServer.Password", Text: "another-secret", Type: "string"}))
	changed := func(x *cwmptest.Exchange) {
		x.ACS.RequireDigest("cpe", "another-secret") // the next request is challenged anew
		cwmptest.Send(cwmptest.GetRPCMethods())(x)
	}
	r.acs.Play(cwmptest.Polite, cwmptest.Polite, changed)
	r.good()
	r.wantNames("Inform", "", "SetParameterValuesResponse", "GetRPCMethodsResponse")
	r.good()
}

// Covers: I-8, I-9.
func TestT019_InformParameter(t *testing.T) {
	r := newRouter(t)
	row := "Device.ManagementServer.InformParameter.1."
	r.ask(cwmptest.AddObject("Device.ManagementServer.InformParameter.", ""), cwmptest.SetParameterValues("",
		cwmptest.Value{Name: row + "Enable", Text: "1", Type: "boolean"},
		cwmptest.Value{Name: row + "ParameterName", Text: "Device.DeviceInfo.UpTime", Type: "string"},
		cwmptest.Value{Name: row + "EventList", Text: "2 PERIODIC, M Reboot", Type: "string"}))
	inform := func(code string) cwmptest.Message {
		if code != "" {
			r.cpe.Post(Event{Code: code})
		}
		r.good()
		return r.last("Inform")
	}
	has := func(m cwmptest.Message) bool { _, ok := m.Values()["Device.DeviceInfo.UpTime"]; return ok }
	if m := inform(EventPeriodic); !has(m) || !slices.Equal(m.Events(), []string{"2 PERIODIC"}) {
		t.Errorf("PERIODIC: %s", m.Body)
	}
	if m := inform(EventConnectionRequest); has(m) {
		t.Error("in the Inform of a connection request")
	}
	if m := inform(""); has(m) {
		t.Error("in an Inform without events")
	}
	r.one(cwmptest.SetParameterValues("", cwmptest.Value{Name: row + "EventList", Text: "", Type: "string"}))
	if m := inform(EventConnectionRequest); !has(m) {
		t.Error("an empty list means every event")
	}
	m := r.one(cwmptest.SetParameterValues("", cwmptest.Value{Name: row + "ParameterName", Text: "Device.DeviceInfo.SoftwareVersion", Type: "string"}))
	if m.FaultCode() != 9003 || m.ParamFaults()[row+"ParameterName"] != 9007 {
		t.Errorf("T-020: a parameter that every Inform has: %s", m.Body)
	}
}

func TestWanted(t *testing.T) {
	tests := []struct {
		list   string
		events []Event
		want   bool
	}{
		{"", nil, false},
		{"", []Event{{Code: EventValueChange}}, false},
		{"", []Event{{Code: EventValueChange}, {Code: EventBoot}}, true},
		{"1 BOOT,2 PERIODIC", []Event{{Code: EventPeriodic}}, true},
		{" 1 BOOT , 2 PERIODIC ", []Event{{Code: EventBoot}}, true},
		{"1 BOOT", []Event{{Code: EventPeriodic}}, false},
		{"M Reboot", []Event{{Code: EventMReboot, CommandKey: "k"}}, true},
	}
	for _, tt := range tests {
		if got := wanted(tt.list, tt.events); got != tt.want {
			t.Errorf("%q for %v: %v", tt.list, tt.events, got)
		}
	}
}

func TestT193_ManyParameters(t *testing.T) {
	r := newRouter(t)
	var rows strings.Builder
	rows.WriteString(testFiles["etc/config/test"])
	for range 500 {
		rows.WriteString("\nconfig row\n\toption name 'x'\n")
	}
	writeFiles(t, r.root, map[string]string{"etc/config/test": rows.String()})
	var values []cwmptest.Value
	for name := range r.one(cwmptest.GetParameterValues("Device.Test.Row.")).Values() {
		if strings.HasSuffix(name, ".Name") {
			values = append(values, cwmptest.Value{Name: name, Text: "y", Type: "string"})
		}
	}
	if len(values) != 500 {
		t.Fatalf("%d rows", len(values))
	}
	m := r.one(cwmptest.SetParameterValues("K", values...))
	if m.FaultCode() != 0 || r.value(values[77].Name) != "y" || r.value(values[499].Name) != "y" {
		t.Errorf("fault %d", m.FaultCode())
	}
}

// what was set is in the router's file before the ACS hears so; R-21: it is applied after the session only.
func TestR6_SetIsOnFlashFirst(t *testing.T) {
	r := newRouter(t)
	r.acs.Ask(cwmptest.SetParameterValues("K", cwmptest.Value{Name: "Device.Test.String", Text: "kept", Type: "string"}))
	r.acs.Play(cwmptest.Polite, cwmptest.Polite, func(x *cwmptest.Exchange) {
		data, err := os.ReadFile(filepath.Join(r.root, "etc/config/test"))
		if err != nil || !strings.Contains(string(data), "'kept'") || len(r.reloads) > 0 {
			t.Errorf("the file holds %q, %v, reloads %q", data, err, r.reloads)
		}
		cwmptest.Drop(x) // R-21, design: also a failed session applies what was committed
	})
	r.bad("")
	if !slices.Equal(r.reloads, []string{"test"}) {
		t.Errorf("reloads %q", r.reloads)
	}
}

// K-20, Z-29: a URL that would cut us off from every ACS is refused, whatever the data model thinks of it.
func TestZ29_URLThatLocksOut(t *testing.T) {
	r := newRouter(t)
	for _, url := range []string{"", "acs.example", "ftp://acs.example/", "file:///etc/shadow", "http://a:b@acs.example/", "http:///x", "http://acs.example/\r\nX: y", "http://x/" + strings.Repeat("y", 2048)} {
		m := r.one(cwmptest.SetParameterValues("K", cwmptest.Value{Name: acsURLPath, Text: url, Type: "string"}))
		if got := m.ParamFaults()[acsURLPath]; m.FaultCode() != 9003 || got != 9007 {
			t.Errorf("%.40q: %.300s", url, m.Body)
		}
	}
}
