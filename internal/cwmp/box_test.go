package cwmp

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/system"
)

// newBox makes a bench on a box whose commands write down that they were called.
func newBox(t *testing.T, files map[string]string) *bench {
	t.Helper()
	return newBenchWith(t, func(b *bench, c *Config) {
		writeFiles(t, b.root, map[string]string{"proc/sys/kernel/random/boot_id": "boot-1\n"})
		writeFiles(t, b.root, files)
		for _, name := range []string{"reboot", "factoryreset"} {
			script := "#!/bin/sh\necho " + name + " \"$@\" >>" + filepath.Join(b.root, "commands") + "\n"
			path := filepath.Join(b.root, "sbin", name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		box, err := system.Open(b.root, c.Log)
		if err != nil {
			t.Fatal(err)
		}
		c.Box = box
	})
}

func (b *bench) commands() string {
	text, _ := os.ReadFile(filepath.Join(b.root, "commands"))
	return string(text)
}

// Covers: §3.12.
func TestT116_RebootOfTheBox(t *testing.T) {
	b := newBox(t, nil)
	left := false
	b.cpe.cfg.OnLeave = func() { left = true }
	b.cpe.cfg.Busy = make(chan struct{}, 1)
	b.acs.Ask(cwmptest.Reboot("abc"), cwmptest.GetRPCMethods())
	b.acs.Play(cwmptest.Polite, cwmptest.Polite, func(x *cwmptest.Exchange) {
		if b.commands() != "" {
			t.Error("the box reboots in the middle of the session (S-14)")
		}
		cwmptest.Polite(x)
	})
	b.good()
	if got := b.commands(); got != "reboot\n" || !left || len(b.cpe.cfg.Busy) != 1 {
		t.Errorf("commands %q, told: %v, slot taken: %d", got, left, len(b.cpe.cfg.Busy))
	}
	b.start()
	b.cpe.Boot("boot-2")
	b.good()
	b.wantEvents("1 BOOT", "M Reboot abc")
	b.good()
	b.wantEvents()
	if got := b.commands(); got != "reboot\n" {
		t.Errorf("commands %q", got)
	}
}

// A process that died between the answer and the reboot makes good on it.
func TestPromiseOfTheLastRunIsKept(t *testing.T) {
	b := newBox(t, nil)
	b.cpe.saved.Promise = promiseReboot
	b.cpe.trySave()
	b.start()
	done := make(chan error, 1)
	ctx := t.Context()
	gone := make(chan struct{})
	b.cpe.cfg.OnLeave = func() { close(gone) }
	go func() { done <- b.cpe.Run(ctx) }()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing happens")
	}
	if got := b.commands(); got != "reboot\n" {
		t.Errorf("commands %q", got)
	}
	if len(b.names()) != 0 {
		t.Errorf("a session before the reboot: %q", b.names())
	}
}

// Covers: §3.12, E-5.
func TestT127_FactoryReset(t *testing.T) {
	b := newBox(t, nil)
	b.acs.Ask(cwmptest.Reboot("lost"), cwmptest.FactoryReset(), cwmptest.ScheduleInform(3600, "lost too"))
	b.good()
	if got := b.commands(); got != "factoryreset -y -r\n" {
		t.Errorf("commands %q", got)
	}
	if err := os.RemoveAll(filepath.Join(b.root, "etc/cwmpd")); err != nil { // what the real one does
		t.Fatal(err)
	}
	b.cpe.trySave()
	if _, err := os.Stat(filepath.Join(b.root, "etc/cwmpd")); err == nil {
		t.Error("state was written after the factory reset")
	}
	b.start()
	b.cpe.Boot("boot-2")
	b.good()
	b.wantEvents("0 BOOTSTRAP", "1 BOOT")
}

func TestRebootThatDoesNotWork(t *testing.T) {
	b := newBox(t, nil)
	if err := os.Remove(filepath.Join(b.root, "sbin/reboot")); err != nil {
		t.Fatal(err)
	}
	b.acs.Ask(cwmptest.Reboot("abc"))
	b.good()
	if b.cpe.saved.Promise != "" {
		t.Error("it would be tried for ever")
	}
	b.good() // life goes on
}

// Covers: I-3.
func TestT010_CurrentTime(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		clock bool
		want  string
	}{
		{"east of Greenwich", map[string]string{"etc/TZ": "<+0530>-5:30\n"}, true, `^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+05:30$`},
		{"UTC", map[string]string{"etc/TZ": "UTC0\n"}, true, `^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$`},
		{"T-009 clock not set", map[string]string{"proc/uptime": "312.50 600.00\n", "etc/openwrt_release": "x"}, false, `^0001-01-01T00:05:12$`},
		{"nothing known", map[string]string{"etc/openwrt_release": "x"}, false, `^0001-01-01T00:00:00Z$`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t, tt.files)
			if !tt.clock { // a firmware that is newer than the clock
				future := time.Now().AddDate(1, 0, 0)
				if err := os.Chtimes(filepath.Join(b.root, "etc/openwrt_release"), future, future); err != nil {
					t.Fatal(err)
				}
			}
			b.good()
			got := b.last("Inform").Text("CurrentTime")
			if !regexp.MustCompile(tt.want).MatchString(got) {
				t.Fatalf("CurrentTime %q", got)
			}
			if at, err := time.Parse(time.RFC3339, got); tt.clock && (err != nil || time.Since(at).Abs() > 5*time.Second) {
				t.Errorf("CurrentTime %s is %v from now", got, time.Since(at))
			}
		})
	}
}

// T-366: on a disk that cannot be written nothing is promised, and sessions go on.
//
func TestT366_ReadOnlyDisk(t *testing.T) {
	b := newBox(t, nil)
	b.cpe.trySave()
	state := filepath.Join(b.root, "etc/cwmpd")
	if err := os.RemoveAll(state); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, b.root, map[string]string{"etc/cwmpd": "not a directory\n"})
	b.acs.Ask(cwmptest.Reboot("abc"), cwmptest.ScheduleInform(60, "k"), cwmptest.FactoryReset(), cwmptest.GetRPCMethods())
	b.good()
	for _, f := range b.acs.Pick("Fault") {
		if f.FaultCode() != 9002 || strings.Contains(string(f.Body), b.root) {
			t.Errorf("fault %s", f.Body)
		}
	}
	if n := len(b.acs.Pick("Fault")); n != 3 || b.commands() != "" || len(b.cpe.saved.Schedules) != 0 || len(b.cpe.events.list) != 0 {
		t.Errorf("%d faults, commands %q, events %+v", n, b.commands(), b.cpe.events.list)
	}
	if err := os.Remove(state); err != nil {
		t.Fatal(err)
	}
	b.acs.Ask(cwmptest.ScheduleInform(60, "k")) // recovery needs nobody
	b.good()
	if b.last("ScheduleInformResponse").Name == "" || len(b.cpe.saved.Schedules) != 1 {
		t.Error("the schedule is not kept")
	}
}
