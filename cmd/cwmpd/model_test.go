package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodModel = `
Device.X_00D09E_Test.   r
  Answer                rw string(8)  uci cwmp.test.answer
`

const brokenModel = `# an owner's file
Device.X_00D09E_Test.   r
  Answer                rw string(8)  uci cwmp.test.answer
  Question              rw strnig     uci cwmp.test.question
  Fixed                 rw string     const 42
`

func TestModelCheck(t *testing.T) {
	t.Parallel()
	b := offline(t)
	dir := t.TempDir()
	good, broken := filepath.Join(dir, "good.dm"), filepath.Join(dir, "broken.dm")
	write(t, good, goodModel)
	write(t, broken, brokenModel)

	if got := b.ok("model", "check"); got != "no problems" {
		t.Errorf("the router's own files: %q", got)
	}
	if got := b.ok("model", "check", good); got != "no problems" {
		t.Errorf("a good file: %q", got)
	}
	a := b.do("model", "check", good, broken)
	lines := strings.Split(strings.TrimSuffix(a.out, "\n"), "\n")
	if a.code != exitFault || a.err != "cwmpd: 2 problems\n" || len(lines) != 2 ||
		!strings.HasPrefix(lines[0], broken+":4: ") || !strings.Contains(lines[0], "strnig") || !strings.HasPrefix(lines[1], broken+":5: ") {
		t.Errorf("a broken file: exit %d, %q\n%s", a.code, a.err, a.out)
	}
	a = b.do("model", "check", broken, "--json")
	if a.code != exitFault || !strings.HasPrefix(a.out, "[\n") || !strings.Contains(a.out, `"Line": 4`) {
		t.Errorf("--json: %+v", a)
	}
	if got := b.ok("model", "check", "--json", good); got != "[]" {
		t.Errorf("--json of a good file: %q", got)
	}
	if a := b.do("model", "check", dir+"/none.dm"); a.code != exitError || !strings.Contains(a.err, "none.dm: no such file or directory") {
		t.Errorf("a file that is not there: %+v", a)
	}

	// The same among the owner's: told, and left out of the tree.
	write(t, b.router.Path("etc/cwmpd/datamodel/good.dm"), strings.ReplaceAll(goodModel, "Test", "Mine"))
	write(t, b.router.Path("etc/cwmpd/datamodel/isp.dm"), "Device.X_00D09E_Isp.  r\n  A  r strnig  const 1\n")
	if a := b.do("model", "check"); a.code != exitFault || a.err != "cwmpd: 1 problem\n" || !strings.Contains(a.out, "isp.dm:2: ") {
		t.Errorf("a broken file of the owner: %+v", a)
	}
	if got := b.ok("names", "-n", "Device.X_00D09E_Mine."); got != "rw Device.X_00D09E_Mine.Answer" {
		t.Errorf("the owner's good file beside a broken one: %q", got)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestModelStats(t *testing.T) {
	t.Parallel()
	b := offline(t)
	text := b.ok("model", "stats")
	for _, part := range []string{"files ", "\n  Device.WiFi. ", "\n  from uci ", "\n  implied "} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	stats := asJSON[struct {
		Parameters, Objects int
		Verbs               map[string]int
	}](b, "model", "stats")
	sum := 0
	for _, n := range stats.Verbs {
		sum += n
	}
	if stats.Parameters < 500 || stats.Objects < 50 || sum != stats.Parameters {
		t.Errorf("%d parameters, %d objects, %d parameters by source", stats.Parameters, stats.Objects, sum)
	}
}

// What comes of a bbfdm plugin is a file that loads, and what could not be said is on the error output.
func TestModelImportBBFDM(t *testing.T) {
	t.Parallel()
	b := offline(t)
	const plugin = "../../internal/bbfdm/testdata/tinc.json"
	a := b.do("model", "import-bbfdm", "--vendor", "X_ACME_", plugin)
	if a.code != 0 || !strings.HasPrefix(a.out, "Device.X_ACME_Tinc.  r\n") || !strings.Contains(a.err, "Device.X_ACME_Tinc.Shell: ") {
		t.Fatalf("%+v", a)
	}
	dm := filepath.Join(t.TempDir(), "tinc.dm")
	write(t, dm, a.out)
	if got := b.ok("model", "check", dm); got != "no problems" {
		t.Errorf("check: %s", got)
	}
	write(t, b.router.Path("etc/cwmpd/datamodel/tinc.dm"), a.out)
	write(t, b.router.Path("usr/sbin/tincd"), "")
	write(t, b.router.Path("etc/config/tinc"), "config globals globals\n\toption loglevel 3\nconfig tinc-net home\n\toption enabled 1\n\toption key k\n")
	if got := b.ok("get", "Device.X_ACME_Tinc.LogLevel", "Device.X_ACME_Tinc.Network.1."); !strings.Contains(got, "LogLevel=3\n") ||
		!strings.Contains(got, "Network.1.Name=home\n") || !strings.Contains(got, "Network.1.Enable=true\n") || strings.Contains(got, "Key=k") {
		t.Errorf("on a router with tinc:\n%s", got)
	}
	if a := b.do("model", "import-bbfdm", plugin); a.code != exitError || !strings.Contains(a.err, "X_ACME_") {
		t.Errorf("without a vendor's prefix: %+v", a)
	}
	if a := b.do("model", "import-bbfdm"); a.code != exitUsage {
		t.Errorf("without a file: %+v", a)
	}
}

// TestModelHints: a name that is neither the built-in model's nor a vendor's is told, with the one that may be meant.
func TestModelHints(t *testing.T) {
	t.Parallel()
	b := offline(t)
	file := filepath.Join(t.TempDir(), "isp.dm")
	write(t, file, `# comments and X_ names are left alone
Device.WiFi.Radio.{i}.  r
  Chanel         r unsignedInt  const 1
  Channel        r unsignedInt  \
    const 2
  X_ACME_Fan     r boolean      const true
  Zebra          r string       const x
  needs file /etc
Device.Wifi.Radio.{i}.  r
  Anything       r string       const x
Device.X_ACME_Light.    r
  Brightness     r string       const x
Device.DeviceInfo.      r
  firstUseDate   none
`)
	a := b.do("model", "check", file)
	want := []string{
		file + ":3: hint: the built-in model has no Chanel, and a vendor's name begins with X_, the nearest is Channel",
		file + ":7: hint: the built-in model has no Zebra, and a vendor's name begins with X_",
		file + ":9: hint: the built-in model has no Device.Wifi.Radio.{i}., and a vendor's name begins with X_, the nearest is Device.WiFi.Radio.{i}.",
	}
	for _, line := range want {
		if !strings.Contains(a.err, line+"\n") {
			t.Errorf("no hint %q in\n%s", line, a.err)
		}
	}
	if n := strings.Count(a.err, "hint:"); n != len(want) {
		t.Errorf("%d hints, want %d:\n%s", n, len(want), a.err)
	}
}
