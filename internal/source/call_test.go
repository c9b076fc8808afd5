package source

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
)

func TestCallPassesArgumentsAndHonoursCaps(t *testing.T) {
	var seen []string
	f := Func{
		Get: func(_ context.Context, _ *Reader, _ *model.Row, args []string) (string, error) {
			seen = append(seen, strings.Join(args, "|"))
			return "v", nil
		},
		Set: func(_ context.Context, _ *Reader, _ *model.Row, args []string, value string) error {
			seen = append(seen, "set "+strings.Join(args, "|")+"="+value)
			return nil
		},
	}
	rt := newRouter(t, map[string]string{"etc/config/x": "config t 'k'\n\toption a 'b'\n"}, func(c *Config) {
		c.Funcs = map[string]Func{"t.both": f, "t.read": {Get: f.Get}, "time.zone": f}
	})
	r := rt.begin(t)
	row := &model.Row{Key: "k", Package: "x", Section: "k", Number: 1}
	wantText(t, "get", rt.get(t, r, "call t.both one {.a} {.none} -{.a}", row), "v")
	rt.set(t, r, "call t.both one", row, "2")
	rt.get(t, r, "call time.zone", nil)
	wantList(t, "calls", seen, "one|b||-b", "set one=2", "")
	if err := r.Set(t.Context(), rt.expr(t, model.UseValue, "call t.read"), row, "x"); err == nil {
		t.Error("a function without Set is set")
	}
}

func TestEveryBuiltinFunctionServesSomething(t *testing.T) {
	for name, f := range builtin() {
		if f.Get == nil && f.Rows == nil && f.Hook == nil && f.Need == nil && f.Add == nil {
			t.Errorf("%s does nothing", name)
		}
		if strings.ToLower(name) != name || strings.ContainsAny(name, " {}") {
			t.Errorf("%q: want one word in lower case", name)
		}
	}
}

const cwmpFile = `
config acs 'acs'
	option url 'http://acs/'
	option username 'old'
	option passwd 'secret'
`

func TestMgmtOptionHasTwoNames(t *testing.T) {
	rt := newRouter(t, map[string]string{"etc/config/cwmp": cwmpFile})
	r := rt.begin(t)
	wantText(t, "other name", rt.get(t, r, "call mgmt.option acs userid username", nil), "old")
	wantText(t, "no section", rt.get(t, r, "call mgmt.option cpe userid username", nil), "")
	rt.set(t, r, "call mgmt.option acs userid username", nil, "new")
	rt.set(t, r, "call mgmt.option cpe passwd password", nil, "")
	rt.set(t, r, "call mgmt.option cpe userid username", nil, "cr")
	wantText(t, "own write", rt.get(t, r, "call mgmt.option acs userid username", nil), "new")
	rt.commit(t, r)
	p, err := rt.cfg.UCI.Load("cwmp")
	if err != nil {
		t.Fatal(err)
	}
	acs, cpe := p.Section("acs"), p.Section("cpe")
	if acs.Get("userid") != "new" || acs.Option("username") != nil || acs.Get("passwd") != "secret" {
		t.Errorf("acs %+v", acs)
	}
	if cpe == nil || cpe.Type != "cpe" || cpe.Get("userid") != "cr" {
		t.Errorf("cpe %+v", cpe)
	}
}

func TestTimeZoneTakesTheOldNameAway(t *testing.T) {
	rt := newRouter(t, map[string]string{"etc/config/system": "config system\n\toption timezone 'CET-1CEST,M3.5.0,M10.5.0/3'\n\toption zonename 'Europe/Berlin'\n",
		"usr/lib/os-release": `OPENWRT_BUILD_DATE="1750711236"`})
	r := rt.begin(t)
	wantText(t, "zone", rt.get(t, r, "call time.zone", nil), "CET-1CEST,M3.5.0,M10.5.0/3")
	rt.set(t, r, "call time.zone", nil, "CET-1CEST,M3.5.0,M10.5.0/3")
	wantText(t, "the same zone keeps its name", rt.get(t, r, "uci system.@system[0].zonename", nil), "Europe/Berlin")
	for _, bad := range []string{"Europe/Berlin", "nonsense,,", "\n"} {
		if err := r.Set(t.Context(), rt.expr(t, model.UseValue, "call time.zone"), nil, bad); reason(err) != model.BadValue {
			t.Errorf("%q: %v", bad, err)
		}
	}
	rt.set(t, r, "call time.zone", nil, "IST-5:30")
	wantText(t, "zone", rt.get(t, r, "call time.zone", nil), "IST-5:30")
	wantText(t, "name", rt.get(t, r, "uci system.@system[0].zonename", nil), "")
	if now := rt.get(t, r, "call time.now", nil); !strings.HasSuffix(now, "+05:30") {
		t.Errorf("local time %q, want the offset of the new zone", now)
	}
	rt.set(t, r, "call time.zone", nil, "")
	wantText(t, "no zone is UTC", rt.get(t, r, "call time.zone", nil), "UTC")
	if now := rt.get(t, r, "call time.now", nil); !strings.HasSuffix(now, "Z") {
		t.Errorf("local time %q, want UTC", now)
	}
}

func TestTimeStatus(t *testing.T) {
	rt := newRouter(t, map[string]string{"etc/config/system": system0})
	r := rt.begin(t)
	wantText(t, "by default", rt.get(t, r, "call time.status", nil), "Unsynchronized")
	rt.set(t, r, "uci system.ntp.enabled", nil, "0")
	wantText(t, "switched off", rt.get(t, r, "call time.status", nil), "Disabled")
	writeFile(t, rt.root, ntpFlag, "")
	wantText(t, "as the root says", rt.get(t, rt.begin(t), "call time.status", nil), "Synchronized")
}

func TestTimeServerRunsWhenItListens(t *testing.T) {
	var bus *ubustest.Bus
	rt := newRouter(t, nil, withBus(t, &bus))
	wantText(t, "nobody", rt.get(t, rt.begin(t), "call time.server", nil), "Down")
	var listens atomic.Bool
	bus.Object("service", methods{"list": func(args ubus.Value) (ubus.Value, int) {
		command := []any{"/usr/sbin/ntpd", "-n", "-p", "a"}
		if listens.Load() {
			command = append(command, "-l")
		}
		return ubus.Table(args.Get("name").Text(), ubus.Table("instances", ubus.Table("instance1", ubus.Table("running", true, "command", command)))), ubus.StatusOK
	}})
	wantText(t, "client only", rt.get(t, rt.begin(t), "call time.server", nil), "Down")
	listens.Store(true)
	wantText(t, "with -l", rt.get(t, rt.begin(t), "call time.server", nil), "Up")
}

func TestHostname(t *testing.T) {
	rt := newRouter(t, map[string]string{"etc/config/system": system0})
	r := rt.begin(t)
	wantText(t, "name", rt.get(t, r, "call device.hostname", nil), "r")
	for _, bad := range []string{"", "-a", "a-", "a..b", "a b", "a_b", strings.Repeat("a", 64), "ä", "a.", strings.Repeat("a.", 130) + "a"} {
		if err := r.Set(t.Context(), rt.expr(t, model.UseValue, "call device.hostname"), nil, bad); reason(err) != model.BadValue {
			t.Errorf("%q: %v", bad, err)
		}
	}
	rt.set(t, r, "call device.hostname", nil, "home-router.example")
	wantText(t, "own write", rt.get(t, r, "call device.hostname", nil), "home-router.example")
}

func TestDeviceFacts(t *testing.T) {
	rt := newRouter(t, map[string]string{
		"etc/device_info":                       "DEVICE_REVISION='v1.2'\n",
		"etc/openwrt_release":                   "DISTRIB_ARCH='aarch64_cortex-a53'\nDISTRIB_DESCRIPTION='OpenWrt 24.10'\n",
		"tmp/sysinfo/model":                     strings.Repeat("M", 70) + "\n",
		"tmp/sysinfo/board_name":                "glinet,gl-mt3000\n",
		"proc/uptime":                           "266421.33 1.0\n",
		"proc/stat":                             "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 100 0 100 300 0 0 0 0\ncpu1 0 0 0 500 0 0 0 0\nintr 1\n",
		"proc/613/stat":                         "613 (a ) b) S 1 613 613 0 -1 4194560 123 0 0 0 150 50 0 0 20 0 1 0 100 1 1\n",
		"proc/613/cmdline":                      "/usr/sbin/pppd\x00password\x00secret\x00",
		"proc/613/status":                       "Name:\tx\nVmSize:\t    1234 kB\n",
		"proc/2/stat":                           "2 (kthreadd) I 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 -100 0 1 0 0 0 0\n",
		"proc/2/comm":                           "kthreadd\n",
		"sys/class/thermal/thermal_zone0/temp":  "48123\n",
		"sys/class/thermal/thermal_zone0/type":  "cpu-thermal\n",
		"sys/class/hwmon/hwmon1/temp1_input":    "x\n",
		"sys/class/hwmon/hwmon1/name":           "mt7915_phy0\n",
		"etc/config/system":                     system0,
		"etc/config/cwmp":                       "config cpe 'cpe'\n\toption description 'mine'\n",
		"etc/config/network.bak":                "",
		"proc/sys/kernel/random/boot_id":        "x",
		"sys/class/thermal/cooling_device0/max": "1",
	})
	r := rt.begin(t)
	for source, want := range map[string]string{
		"call device.board model":       strings.Repeat("M", 64),
		"call device.board number":      "glinet,gl-mt3000",
		"call device.board description": "mine",
		"call device.board hardware":    "v1.2",
		"call device.uptime":            "266421",
		"call device.arch":              "arm",
		"call device.cpu busy":          "20",
		"call device.cpu user":          "10",
	} {
		wantText(t, source, rt.get(t, r, source, nil), want)
	}

	table := func(source string) map[string]*model.Row {
		all := map[string]*model.Row{}
		for i, row := range rt.rows(t, r, source, nil) {
			row.Number = uint32(i + 1)
			all[row.Key] = &row
		}
		return all
	}
	cpus := table("call device.cpus")
	if len(cpus) != 2 || cpus["cpu0"] == nil || len(table("call device.cores")) != 2 {
		t.Fatalf("processors %v", cpus)
	}
	wantText(t, "one processor", rt.get(t, r, "call device.cpu idle", cpus["cpu0"]), "60")

	processes := table("call device.processes")
	for source, want := range map[string]string{
		"call device.process command": "/usr/sbin/pppd", "call device.process size": "1234", "call device.process state": "Sleeping",
		"call device.process priority": "20", "call device.process cputime": "2000",
	} {
		wantText(t, source, rt.get(t, r, source, processes["613"]), want)
	}
	wantText(t, "kernel thread", rt.get(t, r, "call device.process command", processes["2"]), "[kthreadd]")
	wantText(t, "real-time priority", rt.get(t, r, "call device.process priority", processes["2"]), "0")
	wantText(t, "a process that ended", rt.get(t, r, "call device.process state", &model.Row{Key: "99", Number: 9}), "")

	sensors := table("call device.sensors")
	wantText(t, "sensor", rt.get(t, r, "call device.sensor name", sensors["thermal_zone0"]), "thermal_zone0 cpu-thermal")
	wantText(t, "degrees", rt.get(t, r, "call device.sampled value", sensors["thermal_zone0"]), "48")
	wantText(t, "broken sensor", rt.get(t, r, "call device.sampled value", sensors["hwmon1.temp1"]), "")
	wantText(t, "broken sensor", rt.get(t, r, "call device.sampled status", sensors["hwmon1.temp1"]), "Error")

	configs := table("call device.configs")
	if len(configs) != 3 || configs["all"] == nil || configs["system"] == nil {
		t.Fatalf("configuration files %v", configs)
	}
	stamp := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, name := range []string{"system", "network.bak", "cwmp"} {
		if err := os.Chtimes(filepath.Join(rt.root, "etc/config", name), stamp, stamp); err != nil {
			t.Fatal(err)
		}
		stamp = stamp.Add(-time.Hour)
	}
	for _, key := range []string{"all", "system"} {
		wantText(t, "date of "+key, rt.get(t, r, "call device.config date", configs[key]), "2026-01-02T03:04:05Z")
	}
	version := rt.get(t, r, "call device.config version", configs["system"])
	writeFile(t, rt.root, "etc/config/system", system0+"\n#")
	if again := rt.get(t, rt.begin(t), "call device.config version", configs["system"]); len(version) != 16 || again == version {
		t.Errorf("version %q, and %q of another content", version, again)
	}

	logs := table("call device.logs")
	wantText(t, "log size", rt.get(t, r, "call device.log size", logs["syslog"]), "131072")
	rt.set(t, r, "uci system.@system[0].log_size", nil, "0")
	rt.set(t, r, "uci system.@system[0].log_file", nil, "/mnt/log")
	logs = table("call device.logs")
	if len(logs) != 1 || rt.get(t, r, "call device.log persistent", logs["/mnt/log"]) != "true" {
		t.Errorf("logs %v", logs)
	}
}

func TestCPULoadIsThatSinceTheLastLook(t *testing.T) {
	c := &cpuSampler{}
	now := time.Now()
	look := func(after time.Duration, user, idle string) uint64 {
		now = now.Add(after)
		s := c.look([]byte("cpu  "+user+" 0 0 "+idle+" 0 0 0 0\n"), now)["cpu"]
		return 100 - s.idle
	}
	got := []uint64{look(0, "100", "900"), look(time.Second, "200", "900"), look(time.Second, "200", "1000"), look(5*time.Second, "200", "1100"), look(5*time.Second, "10", "90")}
	if want := []uint64{10, 10, 50, 0, 10}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: since boot, too early, mean, idle, counted anew", got, want)
	}
}
