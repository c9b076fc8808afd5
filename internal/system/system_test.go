package system

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func box(t *testing.T, files map[string]string) *Box {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(content, "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	b, err := Open(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPathNeverLeavesTheRoot(t *testing.T) {
	b := box(t, nil)
	for _, name := range []string{"../../etc/passwd", "/../etc", "a/../../..", "/", ""} {
		got := b.Path(name)
		if got != b.Root && !strings.HasPrefix(got, b.Root+"/") {
			t.Errorf("Path(%q) = %q, outside of %q", name, got, b.Root)
		}
	}
}

func TestBoardReadsTheFilesOfAnImage(t *testing.T) {
	b := box(t, map[string]string{
		"etc/openwrt_release":                "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='24.10.2'\nDISTRIB_DESCRIPTION='OpenWrt 24.10.2 r1'\n",
		"etc/device_info":                    "DEVICE_MANUFACTURER='Acme'\nDEVICE_PRODUCT=\"GW\"\n",
		"tmp/sysinfo/model":                  "Acme GW 9\n",
		"tmp/sysinfo/board_name":             "acme,gw9\n",
		"proc/uptime":                        "123.45 99.0\n",
		"proc/sys/kernel/random/boot_id":     "b00t\n",
		"sys/class/net/lo/address":           "00:00:00:00:00:00\n",
		"sys/class/net/eth0/address":         "94:83:c4:00:00:02\n",
		"sys/class/net/eth1/address":         "94:83:c4:00:00:01\n",
		"sys/class/net/wlan0/address":        "02:83:c4:00:00:00\n",
		"sys/class/net/pppoe-wan/type":       "512\n",
		"sys/class/net/bridge/not-an-adress": "",
	})
	got := b.Board()
	want := Board{Model: "Acme GW 9", Name: "acme,gw9", Release: "24.10.2", Description: "OpenWrt 24.10.2 r1", Manufacturer: "Acme", Product: "GW"}
	if got != want {
		t.Errorf("Board() = %+v, want %+v", got, want)
	}
	if got, want := b.BaseMAC(), "94:83:C4:00:00:01"; got != want {
		t.Errorf("BaseMAC() = %q, want the lowest one of a manufacturer, %q", got, want)
	}
	if got, want := b.Uptime(), 123450*time.Millisecond; got != want {
		t.Errorf("Uptime() = %v, want %v", got, want)
	}
	if got, want := b.BootID(), "b00t"; got != want {
		t.Errorf("BootID() = %q, want %q", got, want)
	}
}

func TestBaseMACPrefersTheLabel(t *testing.T) {
	b := box(t, map[string]string{
		"etc/board.json":             `{"system":{"label_macaddr":"94:83:c4:aa:bb:cc"},"network":{"lan":{"macaddr":"94:83:c4:00:00:09"}}}`,
		"sys/class/net/eth0/address": "94:83:c4:00:00:02\n",
	})
	if got, want := b.BaseMAC(), "94:83:C4:AA:BB:CC"; got != want {
		t.Errorf("BaseMAC() = %q, want %q", got, want)
	}
}

func TestTimeZones(t *testing.T) {
	winter := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	summer := time.Date(2026, 7, 15, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ tz, winter, summer string }{
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-01-15T13:00:00+01:00", "2026-07-15T14:00:00+02:00"},
		{"UTC0", "2026-01-15T12:00:00Z", "2026-07-15T12:00:00Z"},
		{"<+0330>-3:30", "2026-01-15T15:30:00+03:30", "2026-07-15T15:30:00+03:30"},
		{"EST5EDT,M3.2.0,M11.1.0", "2026-01-15T07:00:00-05:00", "2026-07-15T08:00:00-04:00"},
		{"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-15T23:00:00+11:00", "2026-07-15T22:00:00+10:00"},
	} {
		loc, err := ParseTZ(c.tz)
		if err != nil {
			t.Errorf("ParseTZ(%q): %v", c.tz, err)
			continue
		}
		if got := winter.In(loc).Format(time.RFC3339); got != c.winter {
			t.Errorf("%s in winter: got %s, want %s", c.tz, got, c.winter)
		}
		if got := summer.In(loc).Format(time.RFC3339); got != c.summer {
			t.Errorf("%s in summer: got %s, want %s", c.tz, got, c.summer)
		}
	}
	for _, tz := range []string{"", "Europe/Berlin", "C", "CET\n-1", strings.Repeat("x", 200), "-"} {
		if loc, err := ParseTZ(tz); err == nil {
			t.Errorf("ParseTZ(%q) = %v, want an error", tz, loc)
		}
	}
	if loc := box(t, map[string]string{"tmp/TZ": "CET-1CEST,M3.5.0,M10.5.0/3\n"}).Location(); loc == time.UTC {
		t.Error("Location() ignores /tmp/TZ")
	}
}

func TestCommandsRunInsideTheRootWithoutAShell(t *testing.T) {
	b := box(t, map[string]string{
		"sbin/reboot":     "#!/bin/sh\necho rebooted \"$@\" > \"$(dirname \"$0\")/../log\"\n",
		"sbin/sysupgrade": "#!/bin/sh\n[ \"$1\" = -T ] && { echo 'not for this board'; exit 1; }\nexit 0\n",
		"bin/args":        "#!/bin/sh\nprintf '%s|' \"$@\"\n",
		"bin/loud":        "#!/bin/sh\nhead -c 200000 /dev/zero\n",
	})
	ctx := context.Background()
	out, err := b.Command(ctx, "/bin/args", "a b", "$(id)", "; true")
	if got, want := string(out), "a b|$(id)|; true|"; err != nil || got != want {
		t.Errorf("Command = %q, %v, want %q", got, err, want)
	}
	out, err = b.Command(ctx, "/bin/loud")
	if err != nil || len(out) != commandOutput {
		t.Errorf("a talkative command gave %d bytes, %v; want %d", len(out), err, commandOutput)
	}
	if err := b.Reboot(ctx); err != nil {
		t.Error(err)
	}
	if got := b.line("/log"); got != "rebooted" {
		t.Errorf("reboot recorded %q", got)
	}
	var refused *ImageError
	if err := b.TestImage(ctx, "/tmp/fw"); !errors.As(err, &refused) || refused.Output != "not for this board" {
		t.Errorf("TestImage = %v, want sysupgrade's refusal", err)
	}
	if err := b.FactoryReset(ctx); err == nil {
		t.Error("FactoryReset without /sbin/factoryreset succeeded")
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := b.Command(ctx, "/bin/args"); err == nil {
		t.Error("Command ran under an ended context")
	}
}

func TestLockIsHeldOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run/lock")
	l, err := LockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var held *HeldError
	if _, err := LockFile(path); !errors.As(err, &held) || held.PID == "" {
		t.Errorf("second lock: %v, want a HeldError with the holder's process number", err)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	l, err = LockFile(path)
	if err != nil {
		t.Fatalf("after unlock: %v", err)
	}
	l.Unlock()
}

func TestClockBeforeTheReleaseIsNotSet(t *testing.T) {
	b := box(t, map[string]string{"etc/openwrt_release": ""})
	if !b.ClockSet() {
		t.Error("ClockSet() = false on a machine whose clock is right")
	}
	b.now = func() time.Time { return time.Unix(3600, 0) }
	if b.ClockSet() {
		t.Error("ClockSet() = true in 1970")
	}
	b.now = func() time.Time { return time.Now().Add(-72 * time.Hour) }
	if b.ClockSet() {
		t.Error("ClockSet() = true three days before the image was made")
	}
}

func TestWatchClockEndsWithItsContext(t *testing.T) {
	b := box(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.WatchClock(ctx, func() {}) }()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("WatchClock: %v", err)
	}
}
