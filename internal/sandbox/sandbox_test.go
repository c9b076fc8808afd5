package sandbox

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

// newRouter returns a fresh router in a directory with a short name.
func newRouter(t *testing.T) *Router {
	t.Helper()
	dir, err := os.MkdirTemp("", "sbx")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// started returns a router whose bus runs, and a client of it.
func started(t *testing.T) (*Router, *ubus.Client) {
	t.Helper()
	r := newRouter(t)
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	c := ubus.New(ubus.Config{Path: r.Socket()})
	t.Cleanup(func() {
		c.Close()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.Lookup(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	return r, c
}

func call(t *testing.T, c *ubus.Client, object, method string, args ...any) ubus.Value {
	t.Helper()
	v, err := c.Call(t.Context(), object, method, ubus.Table(args...))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func changed(t *testing.T, c *ubus.Client, pkg string) {
	t.Helper()
	call(t, c, "service", "event", "type", "config.change", "data", ubus.Table("package", pkg))
}

// edit replaces text in a file of the router, which must be there once.
func edit(t *testing.T, r *Router, file, old, text string) {
	t.Helper()
	data, err := os.ReadFile(r.Path(file))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), old); n != 1 {
		t.Fatalf("%s: %q is there %d times", file, old, n)
	}
	if err := os.WriteFile(r.Path(file), []byte(strings.Replace(string(data), old, text, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, r *Router, file string) string {
	t.Helper()
	data, err := os.ReadFile(r.Path(file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}

func TestNewWritesARouterOnce(t *testing.T) {
	r := newRouter(t)
	for _, name := range []string{"etc/config/network", "rom/etc/config/network", "proc/uptime", "sys/class/net/lan1/address", "ubus", "var/run/ubus"} {
		if _, err := os.Stat(r.Path(name)); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]fs.FileMode{"sbin/reboot": 0o755, "sbin/sysupgrade": 0o755, "etc/shadow": 0o600, "etc/config/network": 0o644} {
		info, err := os.Stat(r.Path(name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: got mode %v, want %v", name, got, want)
		}
	}
	if _, err := New(r.Dir); err == nil {
		t.Error("a second router was written over the first")
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("an empty directory was taken for a router")
	}
}

func TestQuestionsAreReadFromFileNames(t *testing.T) {
	cases := map[string]question{
		"system.board.json":                   {"system", "board", map[string]string{}},
		"network.interface.lan.status.json":   {"network.interface.lan", "status", map[string]string{}},
		"iwinfo.info{device=phy0-ap0}.json":   {"iwinfo", "info", map[string]string{"device": "phy0-ap0"}},
		"x.y{a=1.5,b=two}.json":               {"x", "y", map[string]string{"a": "1.5", "b": "two"}},
		"hostapd.phy0-ap0.get_clients.json":   {"hostapd.phy0-ap0", "get_clients", map[string]string{}},
		"network.interface.wan_6.status.json": {"network.interface.wan_6", "status", map[string]string{}},
	}
	for name, want := range cases {
		if got, ok := questionOf(name); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v", name, got, ok)
		}
	}
	for _, name := range []string{"README", "nodot.json", ".json", ".x.json"} {
		if q, ok := questionOf(name); ok && q.object != "" && name != ".x.json" {
			t.Errorf("%s: got %v", name, q)
		}
	}
}

// Untouched, the router answers exactly what its files say: what is made of UCI agrees with them.
func TestAnswersAgreeWithTheFiles(t *testing.T) {
	r, c := started(t)
	asked := 0
	for file, q := range r.questions() {
		var args []any
		for key, value := range q.args {
			args = append(args, key, value)
		}
		got := call(t, c, q.object, q.method, args...)
		want, err := ubus.FromJSON([]byte(read(t, r, filepath.Join("ubus", file))))
		if err != nil {
			t.Fatal(err)
		}
		asked++
		if q.object == "system" && q.method == "info" {
			continue // as proc says
		}
		if !sameJSON(t, got, want) {
			t.Errorf("%s: another answer:\n got %s\nwant %s", file, jsonOf(got), jsonOf(want))
		}
	}
	if asked < 20 {
		t.Errorf("only %d answers", asked)
	}
}

func sameJSON(t *testing.T, a, b ubus.Value) bool {
	t.Helper()
	var x, y any
	for _, p := range []struct {
		v  ubus.Value
		to *any
	}{{a, &x}, {b, &y}} {
		if err := json.Unmarshal([]byte(jsonOf(p.v)), p.to); err != nil {
			t.Fatal(err)
		}
	}
	return reflect.DeepEqual(x, y)
}

func TestAnEditedAnswerIsAnswered(t *testing.T) {
	r, c := started(t)
	if err := os.WriteFile(r.Path("ubus/acme.light.json"), []byte(`{"on":true}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if !call(t, c, "acme", "light").Get("on").Bool() {
		t.Error("a new file is not answered")
	}
	if err := os.WriteFile(r.Path("ubus/acme.light.json"), []byte(`{"on":false,"by":"hand"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := call(t, c, "acme", "light").Get("by").Text(); got != "hand" {
		t.Errorf("got %q", got)
	}
	if err := os.WriteFile(r.Path("ubus/acme.light.json"), []byte(`{"on":`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(t.Context(), "acme", "light", ubus.Value{}); ubus.Code(err) != ubus.StatusNotFound {
		t.Errorf("a broken file: %v", err)
	}
}

func TestArgumentsPickAnswers(t *testing.T) {
	_, c := started(t)
	wan, all := call(t, c, "network.device", "status", "name", "wan"), call(t, c, "network.device", "status")
	if !wan.Get("macaddr").Exists() || jsonOf(all.Get("wan")) != jsonOf(wan) {
		t.Error("network.device status of one is not that of all")
	}
	_, err := c.Call(t.Context(), "network.device", "status", ubus.Table("name", "nosuch"))
	if ubus.Code(err) != ubus.StatusInvalidArgument {
		t.Errorf("a device that is not there: %v", err)
	}
	two, five := call(t, c, "iwinfo", "info", "device", "phy0-ap0"), call(t, c, "iwinfo", "info", "device", "phy1-ap0")
	if two.Get("phy").Text() == five.Get("phy").Text() {
		t.Error("iwinfo does not look at its argument")
	}
	if _, err := c.Call(t.Context(), "iwinfo", "info", ubus.Table("device", "lan1")); ubus.Code(err) != ubus.StatusNotFound {
		t.Errorf("iwinfo of what is no radio: %v", err)
	}
	if v := call(t, c, "service", "list", "name", "nosuch"); v.Len() != 0 {
		t.Errorf("service list of one that is not there: %s", jsonOf(v))
	}
	if v := call(t, c, "service", "list", "name", "cwmpd"); v.Len() != 1 || !v.Get("cwmpd").Exists() {
		t.Errorf("service list of one: %s", jsonOf(v))
	}
	if n := call(t, c, "log", "read", "lines", 2).Get("log").Len(); n != 2 {
		t.Errorf("log read of two lines: %d", n)
	}
}

// What an ACS sets shows when the package is reloaded, not before, and who listens is told.
func TestNetworkIsReloadedOnConfigChange(t *testing.T) {
	r, c := started(t)
	updates, events := make(chan string, 9), make(chan string, 9)
	if err := c.Subscribe("network.interface.lan", func(typ string, data ubus.Value) {
		updates <- typ + " " + data.Get("ipv4-address").Index(0).Get("address").Text()
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.Listen("network.interface", func(_ string, data ubus.Value) {
		events <- data.Get("action").Text() + " " + data.Get("interface").Text()
	}); err != nil {
		t.Fatal(err)
	}
	edit(t, r, "etc/config/network", "option ipaddr '192.168.1.1'", "option ipaddr '10.0.0.1'")
	edit(t, r, "etc/config/network", "option netmask '255.255.255.0'", "option netmask '255.255.0.0'")
	if got := call(t, c, "network.interface.lan", "status").Get("ipv4-address").Index(0).Get("address").Text(); got != "192.168.1.1" {
		t.Errorf("before the reload: %s", got)
	}
	changed(t, c, "network")
	lan := call(t, c, "network.interface.lan", "status").Get("ipv4-address").Index(0)
	if lan.Get("address").Text() != "10.0.0.1" || lan.Get("mask").Text() != "16" {
		t.Errorf("after the reload: %s", jsonOf(lan))
	}
	if got := receive(t, updates); got != "interface.update 10.0.0.1" {
		t.Errorf("notified of %s", got)
	}
	if got := receive(t, events); got != "ifup lan" {
		t.Errorf("event %s", got)
	}
	commands, err := r.Commands()
	if want := []string{`service event {"type":"config.change","data":{"package":"network"}}`}; err != nil || !slices.Equal(commands, want) {
		t.Errorf("recorded %q, %v", commands, err)
	}

	edit(t, r, "etc/config/network", "config interface 'wanb'", "config interface 'iptv'")
	changed(t, c, "network")
	if _, err := c.Call(t.Context(), "network.interface.wanb", "status", ubus.Value{}); ubus.Code(err) != ubus.StatusNotFound {
		t.Errorf("a removed interface: %v", err)
	}
	if got := call(t, c, "network.interface.iptv", "status"); got.Get("proto").Text() != "pppoe" || got.Get("up").Bool() {
		t.Errorf("a new interface: %s", jsonOf(got))
	}
}

func receive(t *testing.T, ch <-chan string) string {
	t.Helper()
	select {
	case s := <-ch:
		return s
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		return ""
	}
}

func TestWirelessFollowsItsConfiguration(t *testing.T) {
	r, c := started(t)
	edit(t, r, "etc/config/wireless", "option channel '36'", "option channel '100'")
	edit(t, r, "etc/config/wireless", "option hidden '1'\n\toption disabled '1'", "option hidden '1'")
	edit(t, r, "etc/config/wireless", "option ssid \"Anna's \\\"Guest\\\" WLAN\"", "option ssid 'x'\n\toption disabled '1'")
	changed(t, c, "wireless")
	status := call(t, c, "network.wireless", "status")
	if got := status.Get("radio1", "config", "channel").Text(); got != "100" {
		t.Errorf("channel: got %s", got)
	}
	iot := status.Get("radio1", "interfaces").Index(1)
	if iot.Get("section").Text() != "iot" || iot.Get("ifname").Text() != "phy1-ap1" || iot.Get("config", "hidden").Kind() != ubus.KindBool ||
		iot.Get("config", "network").Index(0).Text() != "lan" {
		t.Errorf("the enabled one: %s", jsonOf(iot))
	}
	if n := status.Get("radio0", "interfaces").Len(); n != 1 {
		t.Errorf("with the guests' disabled radio0 has %d", n)
	}
	if _, err := c.Call(t.Context(), "hostapd.phy0-ap1", "get_clients", ubus.Value{}); ubus.Code(err) != ubus.StatusNotFound {
		t.Errorf("hostapd of the disabled one: %v", err)
	}
	if got := call(t, c, "hostapd.phy1-ap1", "get_status").Get("ssid").Text(); got != "HomeNet-IoT" {
		t.Errorf("hostapd of the enabled one: %s", got)
	}
	if v := call(t, c, "hostapd.phy1-ap1", "get_clients"); v.Get("clients").Kind() != ubus.KindTable {
		t.Errorf("its clients: %s", jsonOf(v))
	}

	edit(t, r, "etc/config/wireless", "config wifi-device 'radio1'", "config wifi-device 'radio1'\n\toption disabled '1'")
	changed(t, c, "wireless")
	radio := call(t, c, "network.wireless", "status").Get("radio1")
	if radio.Get("up").Bool() || !radio.Get("disabled").Bool() || radio.Get("interfaces").Index(0).Get("ifname").Exists() {
		t.Errorf("a radio that is off: %s", jsonOf(radio))
	}
}

// run runs one of the router's commands.
func run(t *testing.T, r *Router, name string, args ...string) error {
	t.Helper()
	out, err := exec.Command(r.Path(name), args...).CombinedOutput()
	if err != nil {
		t.Logf("%s: %s", name, out)
	}
	return err
}

func TestRebootGivesANewBootID(t *testing.T) {
	r, c := started(t)
	seen := map[string]bool{read(t, r, bootIDFile): true}
	edit(t, r, "etc/config/system", "option hostname 'homerouter'", "option hostname 'other'")
	for i, reboot := range []func() error{r.Reboot, func() error { return run(t, r, "sbin/reboot") }} {
		if err := reboot(); err != nil {
			t.Fatal(err)
		}
		id := read(t, r, bootIDFile)
		if seen[id] || len(id) != 36 {
			t.Errorf("reboot %d: boot id %q", i, id)
		}
		seen[id] = true
	}
	if got := call(t, c, "system", "board").Get("hostname").Text(); got != "other" {
		t.Errorf("after the boot the name is %s", got)
	}
	if got := call(t, c, "system", "info").Get("uptime").Text(); got != "31" {
		t.Errorf("uptime: got %s", got)
	}
	if commands, err := r.Commands(); err != nil || !slices.Equal(commands, []string{"reboot"}) {
		t.Errorf("recorded %q, %v", commands, err)
	}
}

func TestFactoryResetGoesBackToTheFirmware(t *testing.T) {
	r := newRouter(t)
	before, id := read(t, r, "etc/config/network"), read(t, r, bootIDFile)
	edit(t, r, "etc/config/network", "192.168.1.1'", "10.9.8.7'")
	for _, name := range []string{"etc/cwmpd/state.json", "etc/config/added"} {
		if err := os.MkdirAll(filepath.Dir(r.Path(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.Path(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(t, r, "sbin/factoryreset", "-y", "-r"); err != nil {
		t.Fatal(err)
	}
	if read(t, r, "etc/config/network") != before || read(t, r, bootIDFile) == id {
		t.Error("the configuration or the boot id is the old one")
	}
	for _, name := range []string{"etc/cwmpd", "etc/config/added"} {
		if _, err := os.Stat(r.Path(name)); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
	if commands, _ := r.Commands(); !slices.Equal(commands, []string{"factoryreset -y -r"}) {
		t.Errorf("recorded %q", commands)
	}
}

func TestSysupgradeTakesItsOwnImagesOnly(t *testing.T) {
	r, c := started(t)
	good, bad := r.Path("tmp/good.bin"), r.Path("tmp/bad.bin")
	for path, text := range map[string]string{good: "SANDBOXFW 24.10.9 nothing else\x00\xff\n", bad: "HDR0 something"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	id := read(t, r, bootIDFile)
	if err := run(t, r, "sbin/sysupgrade", "-T", good); err != nil {
		t.Errorf("-T of a good image: %v", err)
	}
	for _, args := range [][]string{{"-T", bad}, {bad}, {"/tmp/nosuch.bin"}, {}} {
		if err := run(t, r, "sbin/sysupgrade", args...); err == nil {
			t.Errorf("sysupgrade %v: no error", args)
		}
	}
	if read(t, r, bootIDFile) != id || call(t, c, "system", "board").Get("release", "version").Text() != "24.10.2" {
		t.Error("something was installed")
	}
	edit(t, r, "etc/config/network", "192.168.1.1'", "10.9.8.7'")
	if err := run(t, r, "sbin/sysupgrade", "/tmp/good.bin"); err != nil { // a path on the router
		t.Fatal(err)
	}
	board := call(t, c, "system", "board")
	if board.Get("release", "version").Text() != "24.10.9" || !strings.HasPrefix(board.Get("release", "description").Text(), "OpenWrt 24.10.9 ") {
		t.Errorf("installed: %s", jsonOf(board.Get("release")))
	}
	if read(t, r, bootIDFile) == id || !strings.Contains(read(t, r, "usr/lib/os-release"), `VERSION="24.10.9"`) {
		t.Error("no boot, or the old os-release")
	}
	if !strings.Contains(read(t, r, "etc/config/network"), "10.9.8.7") {
		t.Error("the settings are gone")
	}
	if err := run(t, r, "sbin/sysupgrade", "-n", good); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(read(t, r, "etc/config/network"), "10.9.8.7") || !strings.Contains(read(t, r, "etc/openwrt_release"), "24.10.9") {
		t.Error("-n kept the settings, or lost the version")
	}
}

func TestBackupsAreMadeAndPutBack(t *testing.T) {
	r := newRouter(t)
	backup := filepath.Join(t.TempDir(), "backup.tgz")
	if err := run(t, r, "sbin/sysupgrade", "-b", backup); err != nil {
		t.Fatal(err)
	}
	before := read(t, r, "etc/config/network")
	edit(t, r, "etc/config/network", "192.168.1.1'", "10.9.8.7'")
	if err := run(t, r, "sbin/sysupgrade", "-r", backup); err != nil {
		t.Fatal(err)
	}
	if read(t, r, "etc/config/network") != before {
		t.Error("not put back")
	}
}
