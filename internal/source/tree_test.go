package source_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/source"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// The spine of the data model over a real tree, on a small router.

var small = map[string]string{
	"etc/config/system":   "config system\n\toption hostname 'r'\n\toption timezone 'UTC'\n\toption zonename 'UTC'\n\nconfig timeserver 'ntp'\n\toption enabled '1'\n\tlist server '0.pool'\n\tlist server '1.pool'\n",
	"etc/config/cwmp":     "config acs 'acs'\n\toption url 'http://acs/'\n\toption passwd 'secret'\n\nconfig inform_parameter\n\toption enable '1'\n\toption parameter_name 'Device.WiFi.'\n\toption events_list '1 BOOT,2 PERIODIC'\n",
	"etc/device_info":     "DEVICE_REVISION='v1'\n",
	"etc/openwrt_release": "DISTRIB_ARCH='mipsel_24kc'\n",
	"usr/lib/os-release":  "OPENWRT_BUILD_DATE=\"1750711236\"\n",
	"proc/meminfo":        "MemTotal: 100 kB\nMemAvailable: 50 kB\n",
	"proc/uptime":         "12.5 1\n",
	"proc/stat":           "cpu 1 0 1 8 0 0 0\ncpu0 1 0 1 8 0 0 0\n",
	"proc/7/stat":         "7 (sh) R 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 0 0 0\n",
	"proc/7/cmdline":      "/bin/sh\x00",
}

type device struct {
	tree *model.Tree
	root string
	src  *source.Router
	log  strings.Builder // of src
}

func newDevice(t *testing.T, more ...fstest.MapFS) *device {
	t.Helper()
	d := &device{root: t.TempDir()}
	for name, text := range small {
		path := filepath.Join(d.root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	d.open(t, more...)
	return d
}

// open loads the tree, as a start of the daemon does.
func (d *device) open(t *testing.T, more ...fstest.MapFS) {
	t.Helper()
	store, err := state.Open(d.root, nil)
	if err != nil {
		t.Fatal(err)
	}
	box, err := system.Open(d.root, nil)
	if err != nil {
		t.Fatal(err)
	}
	says := func(text string) source.Func {
		return source.Func{Get: func(_ context.Context, _ *source.Reader, _ *model.Row, args []string) (string, error) {
			return strings.TrimSpace(text + " " + strings.Join(args, " ")), nil
		}}
	}
	src := source.New(source.Config{Log: slog.New(&d.log, slog.LevelInfo), Root: d.root, UCI: uci.Open(d.root), Box: box, Store: store, Funcs: map[string]source.Func{
		"agent.identity": says("id"), "agent.software_version": says("24.10"), "agent.first_use": says("2026-01-02T03:04:05Z"), "agent.time_left": says("0"), "agent.gateway": says(""),
		"agent.connreq_url": says("http://192.0.2.1:7547/x"), "agent.connreq_udp": says("192.0.2.1:7547"), "agent.nat_detected": says("false"),
	}})
	t.Cleanup(func() { src.Close() })
	files := fstest.MapFS{}
	for _, name := range []string{"device.dm", "managementserver.dm", "time.dm"} {
		data, err := fs.ReadFile(datamodel.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	cfg := model.Config{Store: store, Source: src, Own: []string{"cwmp"}}
	cfg.Files = append(cfg.Files, files)
	for _, m := range more {
		cfg.Files = append(cfg.Files, m)
	}
	tree, problems, err := model.Load(t.Context(), cfg)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	d.tree, d.src = tree, src
}

// get reads everything below path.
func (d *device) get(t *testing.T, path string) map[string]string {
	t.Helper()
	tx, err := d.tree.Begin(t.Context(), model.FromACS)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Close()
	all := map[string]string{}
	if err := tx.Get(t.Context(), path, func(p *model.Param) error { all[string(p.Path)] = p.Value; return nil }); err != nil {
		t.Fatalf("get %s: %v", path, err)
	}
	return all
}

// change runs f in a transaction and commits it.
func (d *device) change(t *testing.T, f func(tx *model.Tx) error) (model.Changes, error) {
	t.Helper()
	tx, err := d.tree.Begin(t.Context(), model.FromACS)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Close()
	if err := f(tx); err != nil {
		return model.Changes{}, err
	}
	return tx.Commit(t.Context())
}

// set sets path and text pairs.
func (d *device) set(t *testing.T, pairs ...string) (model.Changes, error) {
	t.Helper()
	return d.change(t, func(tx *model.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Set(t.Context(), pairs[i], pairs[i+1], model.BaseAny); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *device) file(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(d.root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func want(t *testing.T, got map[string]string, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if v, ok := got[pairs[i]]; !ok || v != pairs[i+1] {
			t.Errorf("%s: got %q (there: %v), want %q", pairs[i], v, ok, pairs[i+1])
		}
	}
}

func TestTheSpineReads(t *testing.T) {
	d := newDevice(t)
	const info, mgmt, clock = "Device.DeviceInfo.", "Device.ManagementServer.", "Device.Time."
	want(t, d.get(t, ""),
		"Device.RootDataModelVersion", "2.19",
		info+"Manufacturer", "id manufacturer",
		info+"HardwareVersion", "v1",
		info+"ActiveFirmwareImage", "Device.DeviceInfo.FirmwareImage.1",
		info+"UpTime", "12",
		info+"HostName", "r",
		info+"MemoryStatus.Free", "50",
		info+"MemoryStatus.TotalPersistent", "0",
		info+"Processor.1.Architecture", "mipsel",
		info+"ProcessStatus.CPUUsage", "20",
		info+"ProcessStatus.CPU.1.Name", "cpu0",
		info+"ProcessStatus.ProcessNumberOfEntries", "1",
		info+"ProcessStatus.Process.1.PID", "7",
		info+"ProcessStatus.Process.1.State", "Running",
		info+"VendorConfigFileNumberOfEntries", "3",
		info+"VendorConfigFile.1.Name", "all",
		info+"VendorConfigFile.1.UseForBackupRestore", "true",
		info+"VendorLogFile.1.MaximumSize", "131072",
		info+"TemperatureStatus.TemperatureSensorNumberOfEntries", "0",
		mgmt+"EnableCWMP", "true",
		mgmt+"URL", "http://acs/",
		mgmt+"Password", "",
		mgmt+"PeriodicInformInterval", "86400",
		mgmt+"PeriodicInformTime", "0001-01-01T00:00:00Z",
		mgmt+"CWMPRetryMinimumWaitInterval", "5",
		mgmt+"ConnectionRequestURL", "http://192.0.2.1:7547/x",
		mgmt+"SupportedConnReqMethods", "HTTP,STUN,XMPP",
		mgmt+"InformParameterNumberOfEntries", "1",
		mgmt+"InformParameter.1.ParameterName", "Device.WiFi.",
		mgmt+"InformParameter.1.EventList", "1 BOOT,2 PERIODIC",
		clock+"Enable", "true",
		clock+"Status", "Unsynchronized",
		clock+"LocalTimeZone", "UTC",
		clock+"NTPServer2", "1.pool",
		clock+"NTPServer3", "",
		clock+"ClientNumberOfEntries", "1",
		clock+"Client.1.Servers", "0.pool,1.pool",
		clock+"Client.1.IPVersion", "-1",
		clock+"Server.1.Status", "Down",
	)
	informs := d.tree.Informs()
	for _, path := range []string{"Device.RootDataModelVersion", info + "HardwareVersion", info + "SoftwareVersion", info + "ProvisioningCode",
		mgmt + "ParameterKey", mgmt + "ConnectionRequestURL"} {
		if !slices.Contains(informs, path) {
			t.Errorf("%s is in no Inform: %q", path, informs)
		}
	}
}

func TestTheSpineWrites(t *testing.T) {
	d := newDevice(t)
	changes, err := d.set(t, "Device.Time.NTPServer3", "time.example", "Device.Time.LocalTimeZone", "CET-1CEST,M3.5.0,M10.5.0/3",
		"Device.ManagementServer.PeriodicInformInterval", "300", "Device.ManagementServer.Username", "me",
		"Device.ManagementServer.ConnectionRequestPassword", "new", "Device.DeviceInfo.ProvisioningCode", "A.B")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(changes.Reload, []string{"system"}) || !changes.Own {
		t.Errorf("changes %+v: want system to be reloaded, and our own package told of", changes)
	}
	system, cwmp := d.file(t, "etc/config/system"), d.file(t, "etc/config/cwmp")
	for _, text := range []string{"list server 'time.example'", "option timezone 'CET-1CEST,M3.5.0,M10.5.0/3'"} {
		if !strings.Contains(system, text) {
			t.Errorf("no %q in %s", text, system)
		}
	}
	if strings.Contains(system, "zonename") {
		t.Errorf("the old zone's name is still in %s", system)
	}
	for _, text := range []string{"option periodic_inform_interval '300'", "option userid 'me'", "config cpe 'cpe'", "option passwd 'new'", "option provisioning_code 'A.B'"} {
		if !strings.Contains(cwmp, text) {
			t.Errorf("no %q in %s", text, cwmp)
		}
	}
	want(t, d.get(t, "Device.Time."), "Device.Time.Client.1.Servers", "0.pool,1.pool,time.example", "Device.Time.LocalTimeZone", "CET-1CEST,M3.5.0,M10.5.0/3")

	// Slots of a list in the order that an ACS happens to send.
	if _, err := d.set(t, "Device.Time.NTPServer1", "", "Device.Time.NTPServer2", "", "Device.Time.NTPServer3", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.set(t, "Device.Time.NTPServer2", "b", "Device.Time.NTPServer1", "a"); err != nil {
		t.Fatal(err)
	}
	want(t, d.get(t, "Device.Time."), "Device.Time.Client.1.Servers", "a,b")

	for path, value := range map[string]string{
		"Device.Time.LocalTimeZone": "Europe/Berlin", "Device.DeviceInfo.HostName": "a b", "Device.ManagementServer.PeriodicInformInterval": "0",
		"Device.ManagementServer.URL": "x y", "Device.DeviceInfo.UpTime": "5",
	} {
		if _, err := d.set(t, path, value); model.Errors(err) == nil {
			t.Errorf("%s = %q: %v, want a refusal", path, value, err)
		}
	}
}

func TestParameterKeyIsTheAgents(t *testing.T) {
	d := newDevice(t)
	if _, err := d.set(t, "Device.ManagementServer.ParameterKey", "x"); model.Errors(err) == nil {
		t.Error("the ACS sets ParameterKey")
	}
	if _, err := d.change(t, func(tx *model.Tx) error {
		return tx.SetOwn(t.Context(), "Device.ManagementServer.ParameterKey", "k1")
	}); err != nil {
		t.Fatal(err)
	}
	d.open(t) // as after a reboot
	want(t, d.get(t, "Device.ManagementServer.ParameterKey"), "Device.ManagementServer.ParameterKey", "k1")
}

func TestInformParametersAreAddedAndDeleted(t *testing.T) {
	d := newDevice(t)
	const table = "Device.ManagementServer.InformParameter."
	var number uint32
	if _, err := d.change(t, func(tx *model.Tx) (err error) {
		number, err = tx.Add(t.Context(), table)
		if err != nil {
			return err
		}
		return tx.Set(t.Context(), table+"2.ParameterName", "Device.Hosts.", model.BaseString)
	}); err != nil || number != 2 {
		t.Fatalf("number %d, %v", number, err)
	}
	want(t, d.get(t, table), table+"2.Enable", "false", table+"2.ParameterName", "Device.Hosts.", table+"1.ParameterName", "Device.WiFi.")
	if !strings.Contains(d.file(t, "etc/config/cwmp"), "config inform_parameter 'cwmp_inform_2'") {
		t.Error("the new section has no name")
	}
	// The anonymous one changes an option that identifies it, and keeps its number.
	if _, err := d.set(t, table+"1.ParameterName", "Device.IP."); err != nil {
		t.Fatal(err)
	}
	d.open(t)
	want(t, d.get(t, table), table+"1.ParameterName", "Device.IP.", table+"2.ParameterName", "Device.Hosts.")
	if _, err := d.change(t, func(tx *model.Tx) error { return tx.Delete(t.Context(), table+"1.") }); err != nil {
		t.Fatal(err)
	}
	left := d.get(t, table)
	want(t, left, table+"2.ParameterName", "Device.Hosts.")
	if len(left) != 4 {
		t.Errorf("left: %v", left)
	}
}

// A table, an object below it, a child table, lets, scripts and the agent's state, as a file of an ISP has them.
const vendor = `
Device.X_ACME_T.                     r
Device.X_ACME_T.Box.{i}.             rw
  rows uci acme.@box
  ident label
  add  uci acme.@box acme_{n} enabled=0 "label=Box {n}"
  unique Label
  let  dir uci .dir | default nowhere
  Enable   rw boolean        uci .enabled | default 0
  Label    rw string(20)     uci .label
  Note     rw string(40)     state Note
  Text     r  string         file /tmp/{dir}/text
  Size     rw unsignedInt    exec acme {section} size
Device.X_ACME_T.Box.{i}.Lid.         r
  Colour   rw enum(Red, Blue)  uci .lid | map 1=Red 2=Blue | default Red
Device.X_ACME_T.Box.{i}.Item.{i}.    rw
  rows uci acme.@item box={parent.section} ident=what
  add  uci acme.@item item_{n} box={parent.section}
  What     rw string         uci .what
  Of       r  string         const {parent.section}/{parent.n}/{n}
`

func TestATableOfAnISP(t *testing.T) {
	d := newDevice(t, fstest.MapFS{"x.dm": {Data: []byte(vendor)}})
	write := func(name, text string, mode os.FileMode) {
		path := filepath.Join(d.root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("etc/config/acme", "config box 'one'\n\toption label 'First'\n\toption dir 'd1'\n\toption lid '2'\n\nconfig item\n\toption box 'one'\n\toption what 'apple'\n\nconfig item\n\toption box 'two'\n\toption what 'lost'\n", 0o644)
	write("tmp/d1/text", "hello\n", 0o644)
	write("usr/libexec/cwmpd/acme", "#!/bin/sh\nf=${0%/usr/libexec/cwmpd/acme}/tmp/size.$2\ncase $1 in get) cat $f 2>/dev/null || echo 5;; set) echo $4 >$f;; esac\n", 0o755)

	const box = "Device.X_ACME_T.Box."
	want(t, d.get(t, "Device.X_ACME_T."), "Device.X_ACME_T.BoxNumberOfEntries", "1",
		box+"1.Enable", "false", box+"1.Label", "First", box+"1.Text", "hello", box+"1.Size", "5", box+"1.Lid.Colour", "Blue",
		box+"1.ItemNumberOfEntries", "1", box+"1.Item.1.What", "apple", box+"1.Item.1.Of", "one/1/1")

	if _, err := d.change(t, func(tx *model.Tx) error {
		for _, table := range []string{box, box + "2.Item.", box + "2.Item."} {
			if _, err := tx.Add(t.Context(), table); err != nil {
				return err
			}
		}
		for path, text := range map[string]string{"2.Note": "mine", "2.Lid.Colour": "Blue", "2.Size": "9", "1.Size": "8", "2.Item.2.What": "pear", "1.Note": "old"} {
			if err := tx.Set(t.Context(), box+path, text, model.BaseAny); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	d.open(t, fstest.MapFS{"x.dm": {Data: []byte(vendor)}})
	got := d.get(t, "Device.X_ACME_T.")
	want(t, got, box+"2.Label", "Box 2", box+"2.Note", "mine", box+"2.Lid.Colour", "Blue", box+"2.Size", "9", box+"1.Size", "8",
		box+"2.Item.2.What", "pear", box+"2.Item.2.Of", "acme_2/2/2", box+"1.Note", "old", box+"2.ItemNumberOfEntries", "2")

	if _, err := d.set(t, box+"1.Enable", "1", box+"2.Enable", "1", box+"2.Label", "First"); model.Errors(err) == nil {
		t.Errorf("two of one unique key: %v", err)
	}
	if _, err := d.change(t, func(tx *model.Tx) error { return tx.Delete(t.Context(), box+"2.") }); err != nil {
		t.Fatal(err)
	}
	if values := d.file(t, "etc/cwmpd/values.json"); strings.Contains(values, "mine") || !strings.Contains(values, "old") {
		t.Errorf("values of the rows: %s", values)
	}
}
