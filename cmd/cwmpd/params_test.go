package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/agent"
	"github.com/cwmpd/cwmpd/internal/system"
)

const (
	ssid       = "Device.WiFi.SSID.1.SSID"
	passphrase = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
	channel    = "Device.WiFi.Radio.1.Channel"
	upTime     = "Device.DeviceInfo.UpTime"
	mapping    = "Device.NAT.PortMapping."
)

// TestParameters does the same over both doors: on the files of a router, and over the bus of one whose daemon runs.
func TestParameters(t *testing.T) {
	for name, open := range map[string]func(*testing.T) *bed{"offline": offline, "online": online} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			before := b.fingerprint()
			reads(b)
			refusals(b)
			if after := b.fingerprint(); after != before {
				t.Errorf("reading, or what was refused, wrote below etc/:\n%s", changedLines(before, after))
			}
			values(b)
			instances(b)
			attributes(b)
		})
	}
}

func reads(b *bed) {
	t := b.t
	if got, want := b.ok("get", "Device.DeviceInfo.ModelNumber"), "Device.DeviceInfo.ModelNumber=glinet,gl-mt3000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := b.ok("get", "-q", "Device.DeviceInfo.ModelNumber", ssid), "glinet,gl-mt3000\nHomeNet"; got != want {
		t.Errorf("the values alone: got %q, want %q", got, want)
	}
	if got := b.ok("get", passphrase); got != passphrase+"=" {
		t.Errorf("a hidden value reads %q", got)
	}
	object := strings.Split(b.ok("get", "Device.WiFi.SSID.1."), "\n")
	for _, line := range object {
		if !strings.HasPrefix(line, "Device.WiFi.SSID.1.") || !strings.Contains(line, "=") {
			t.Errorf("get of an object prints %q", line)
		}
	}
	if again := b.ok("get", ssid, "Device.WiFi.SSID.1.", "Device.WiFi.SSID.1.Enable"); again != strings.Join(object, "\n") {
		t.Errorf("paths that lie in each other are not read once:\n%s", again)
	}
	all := asJSON[map[string]string](b, "get", "Device.")
	if len(all) < 1000 || all[ssid] != "HomeNet" || all[passphrase] != "" {
		t.Errorf("get Device.: %d parameters, %s is %q", len(all), ssid, all[ssid])
	}
	for _, args := range [][]string{{"get", "--json", ssid}, {"get", ssid, "--json"}, {"get", "--json=true", "--", ssid}} {
		if got, want := b.ok(args...), "{\n  \""+ssid+"\": \"HomeNet\"\n}"; got != want {
			t.Errorf("%q: got %q, want %q", args, got, want)
		}
	}

	level := strings.Split(b.ok("names", "-n", "Device.WiFi."), "\n")
	for _, want := range []string{"r  Device.WiFi.RadioNumberOfEntries", "r  Device.WiFi.Radio.", "rw Device.WiFi.SSID."} {
		if !slices.Contains(level, want) {
			t.Errorf("names -n Device.WiFi. has no line %q:\n%s", want, strings.Join(level, "\n"))
		}
	}
	names := asJSON[map[string]bool](b, "names")
	for name, writable := range map[string]bool{ssid: true, upTime: false, "Device.WiFi.SSID.1.": true} {
		if got, ok := names[name]; !ok || got != writable {
			t.Errorf("names: %s writable=%v (there: %v), want %v", name, got, ok, writable)
		}
	}
	for path := range all {
		if _, ok := names[path]; !ok {
			t.Errorf("%s has a value and no name", path)
		}
	}
	if got := asJSON[map[string]bool](b, "names", "Device.WiFi.SSID.1.", "Device.Time.")["Device.Time.Enable"]; !got {
		t.Error("names of two objects lacks the second")
	}
}

func refusals(b *bed) {
	b.fails(exitFault, []string{"cwmpd: Device.No.Such: no such parameter"}, "get", "Device.No.Such")
	b.fails(exitFault, []string{"cwmpd: Device.No.: no such parameter"}, "get", ssid, "Device.No.")
	b.fails(exitFault, []string{"cwmpd: Device.WiFi: no such parameter; the object is Device.WiFi."}, "get", "Device.WiFi")
	b.fails(exitFault, []string{"cwmpd: Device.WiFi.SSID.1: no such parameter; the object is Device.WiFi.SSID.1."}, "names", "Device.WiFi.SSID.1")
	b.fails(exitFault, []string{"cwmpd: Device.Time: no such parameter; the object is Device.Time."}, "attrs", "Device.Time")
	b.fails(exitFault, []string{"cwmpd: -x: no such parameter"}, "get", "--", "-x")
	b.fails(exitFault, []string{
		"cwmpd: Device.No: no such parameter",
		"cwmpd: " + channel + ": bad value: out of range, expected 1..255",
		"cwmpd: " + upTime + ": read-only",
		"cwmpd: " + passphrase + ": bad value: 4 characters, expected 8..63",
		"cwmpd: Device.WiFi.SSID.99.SSID: no such instance",
	}, "set", ssid+"=fine", "Device.No=1", channel+"=999", upTime+"=1", passphrase+"=zyxw", "Device.WiFi.SSID.99.SSID=x")
	b.fails(exitFault, []string{"cwmpd: " + ssid + ": bad value: hostapd's configuration cannot hold a line break"}, "set", ssid+"=two\nlines")
	b.fails(exitFault, []string{"cwmpd: Device.WiFi.Radio.: no such parameter: not a table that rows can be added to"}, "add", "Device.WiFi.Radio")
	b.fails(exitFault, []string{"cwmpd: " + mapping + "99.: no such instance"}, "del", mapping+"99")
	for _, secret := range []string{"q1", strings.Repeat("pssst", 20), "line\nbreak"} {
		if a := b.do("set", passphrase+"="+secret); a.code != exitFault || strings.Contains(a.err, secret) {
			b.t.Errorf("set of a bad passphrase: exit %d, %q", a.code, a.err)
		}
	}
	if got := b.ok("get", ssid); got != ssid+"=HomeNet" {
		b.t.Errorf("a set that was refused in part changed %q", got)
	}
}

func values(b *bed) {
	t := b.t
	for _, value := range []string{"two words", "a=b=c", "=", "-dash", "--json", " blank at both ends ", `"quoted" \ it's`, "ünïcødé", "$HOME `x` %s #"} {
		b.made("set", ssid+"="+value)
		if got := b.ok("get", ssid); got != ssid+"="+value {
			t.Errorf("set %q, got %q", value, got)
		}
		if got := asJSON[map[string]string](b, "get", ssid)[ssid]; got != value {
			t.Errorf("set %q, got %q in JSON", value, got)
		}
	}
	for _, args := range [][]string{{"set", ssid, "by two words"}, {"set", "--", ssid, "-by two words"}} {
		b.made(args...)
		if got, want := b.ok("get", "-q", ssid), args[len(args)-1]; got != want {
			t.Errorf("%q: got %q", args, got)
		}
	}
	const text = "Device.DeviceInfo.ProvisioningCode" // takes what is no line of text
	b.made("set", text+"=one\ttwo")
	if got, want := b.ok("get", text), text+`="one\ttwo"`; got != want {
		t.Errorf("a value with a control character: got %q, want %q", got, want)
	}
	if got, want := b.ok("get", "-q", text), "one\ttwo"; got != want {
		t.Errorf("the same alone: got %q, want %q", got, want)
	}
	b.made("set", ssid+"=Both", "Device.WiFi.SSID.2.SSID=Of them")
	if got, want := b.ok("get", "-q", ssid, "Device.WiFi.SSID.2.SSID"), "Both\nOf them"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	wireless, err := os.ReadFile(b.router.Path("etc/config/wireless"))
	if err != nil || !strings.Contains(string(wireless), "option ssid 'Both'") {
		t.Errorf("the router's file does not hold what was set: %v\n%s", err, wireless)
	}
}

func instances(b *bed) {
	t := b.t
	first := b.made("add", mapping)
	second := b.made("add", strings.TrimSuffix(mapping, ".")) // a person may forget the dot
	if !strings.HasPrefix(first, mapping) || !strings.HasSuffix(first, ".") || first == second {
		t.Errorf("added %q and %q", first, second)
	}
	a := b.do("--json", "add", mapping)
	if want := "{\n  \"path\": \"" + mapping; a.code != exitOK || !strings.HasPrefix(a.out, want) {
		t.Errorf("--json add: %+v", a)
	}
	third := strings.Split(a.out, `"`)[3]
	if b.ok("names", "-n", third) == "" {
		t.Errorf("%s was added and has no names", third)
	}
	b.made("del", first, strings.TrimSuffix(second, "."), third)
	for _, path := range []string{first, second, third} {
		if a := b.do("get", path); a.code != exitFault || !strings.Contains(a.err, path) {
			t.Errorf("get %s after del: %+v", path, a)
		}
	}
}

func attributes(b *bed) {
	t := b.t
	if got, want := b.ok("attrs", ssid), "0 "+ssid+" Subscriber"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b.fails(exitFault, []string{"cwmpd: Device.WiFi.Radio.1.Stats.BytesSent: refused: active notification"}, "attrs", "--set", "2", "Device.WiFi.Radio.1.Stats.BytesSent")
	b.ok("attrs", "--set", "2", ssid)
	b.ok("attrs", "Device.WiFi.SSID.2.", "--set=1")
	type attr struct {
		Path         string
		Notification int
		AccessList   []string `json:"access_list"`
	}
	levels := map[string]int{}
	for _, a := range asJSON[[]attr](b, "attrs", "Device.WiFi.SSID.") {
		levels[a.Path] = a.Notification
		if !slices.Equal(a.AccessList, []string{"Subscriber"}) {
			t.Errorf("%s has access list %q", a.Path, a.AccessList)
		}
	}
	for path, want := range map[string]int{ssid: 2, "Device.WiFi.SSID.1.Enable": 0, "Device.WiFi.SSID.2.SSID": 1, "Device.WiFi.SSID.2.Enable": 1} {
		if got, ok := levels[path]; !ok || got != want {
			t.Errorf("%s has notification %d, want %d", path, got, want)
		}
	}
	b.ok("attrs", "--set", "0", "Device.WiFi.SSID.")
}

// TestBothDoorsSayTheSame reads one router with and without its daemon.
func TestBothDoorsSayTheSame(t *testing.T) {
	t.Parallel()
	b := online(t)
	b.ok("attrs", "--set", "1", "Device.WiFi.")
	b.ok("attrs", "--set", "2", ssid)
	parts, err := agent.Open(t.Context(), agent.Options{Root: b.router.Dir, Files: datamodel.Files, Version: version})
	if err != nil {
		t.Fatal(err)
	}
	defer parts.Close()
	direct := parts.Direct()

	attrs, err := direct.Attrs(t.Context(), []string{""})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, a := range attrs {
		want[a.Path] = fmt.Sprintln(a.Notification, a.AccessList)
	}
	got := map[string]string{}
	for _, line := range strings.Split(b.ok("attrs", ""), "\n") {
		f := strings.Fields(line)
		got[f[1]] = fmt.Sprintln(f[0], f[2:])
	}
	if len(want) < 1000 || !maps.Equal(got, want) {
		for path := range want {
			if got[path] != want[path] {
				t.Errorf("attributes of %s: the daemon says %q, the files %q", path, got[path], want[path])
			}
		}
		t.Errorf("the daemon tells attributes of %d parameters, the files of %d", len(got), len(want))
	}

	params, err := direct.Get(t.Context(), []string{"Device.WiFi.", "Device.NAT."})
	if err != nil {
		t.Fatal(err)
	}
	values := asJSON[map[string]string](b, "get", "Device.WiFi.", "Device.NAT.")
	if len(params) != len(values) {
		t.Errorf("%d parameters from the files, %d from the daemon", len(params), len(values))
	}
	for _, p := range params {
		moves := strings.Contains(p.Path, "Stats.") || strings.HasSuffix(p.Path, ".LastChange") || strings.HasSuffix(p.Path, ".AssociationTime")
		if v, ok := values[p.Path]; !ok || v != p.Value && !moves {
			t.Errorf("%s is %q from the files and %q from the daemon", p.Path, p.Value, v)
		}
	}
}

// TestSomebodyElseWrites: a change without the daemon waits a little for who holds the router, and then gives up.
func TestSomebodyElseWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("waits as long as the command does, five seconds")
	}
	t.Parallel()
	b := offline(t)
	held := b.router.Path(agent.LockPath)
	lock, err := system.LockFile(held)
	if err != nil {
		t.Fatal(err)
	}
	before := b.fingerprint()
	b.fails(exitError, []string{fmt.Sprintf("cwmpd: nothing was changed, somebody else writes this router: %s is held by process %d", held, os.Getpid())},
		"set", ssid+"=Mine")
	if b.ok("get", ssid) != ssid+"=HomeNet" || b.fingerprint() != before {
		t.Error("the set that gave up changed something")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if a := run(ctx, "run", "--root", b.router.Dir); a.code != exitError || !strings.Contains(a.err, "cwmpd: another cwmpd manages this router: ") {
		t.Errorf("run beside another one: %+v", a)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	b.made("set", ssid+"=Mine")
}
