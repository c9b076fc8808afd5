package transfer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// signed is an image with the metadata that OpenWrt appends, and a signature after it.
func signed(image, release, revision string) string {
	info := "\x00\x00\x00\x00\x00\x00\x00\x00" + fmt.Sprintf(`{ "metadata_version": "1.1", "supported_devices": ["x"], "version": { "dist": "OpenWrt", "version": %q, "revision": %q } }`, release, revision)
	return image + block(info, typeInfo) + block("signature", 0)
}

func block(data string, typ byte) string {
	t := make([]byte, trailerLen)
	binary.BigEndian.PutUint32(t, trailerMagic)
	t[8] = typ
	binary.BigEndian.PutUint32(t[12:], uint32(len(data)+trailerLen))
	return data + string(t)
}

// T-263, T-264, R-78: how an upgrade is judged in the life after it.
func TestAFirmwareUpgradeIsJudgedInTheNextLife(t *testing.T) {
	for name, c := range map[string]struct {
		image  string
		reboot bool
		want   Reason
		msg    string
	}{
		"the version changed":                  {"GOOD\n", true, OK, ""},
		"the promised version runs":            {signed("GOOD\n", "24.10.9", ""), true, OK, ""},
		"another version than promised, a new": {signed("GOOD\n", "23", "r1"), true, OK, ""},
		"the same version, as promised":        {signed("SAME\n", "24.10.2", ""), true, OK, ""},
		"fallen back from what was promised":   {signed("SAME\n", "24.10.9", ""), true, Failed, "24.10.2"},
		"fallen back, it seems":                {"SAME\n", true, Failed, "24.10.2"},
		"the agent restarted, the box did not": {"STUCK\n", false, Failed, "did not restart"},
		"a power cut before the flash":         {"STUCK\n", true, Failed, "24.10.2"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRouter(t)
			leaving := make(chan struct{})
			r.cfg.OnLeaving = func() { close(leaving) }
			l := r.start()
			l.add(firmware(serve(t, c.image)))
			l.SessionOver()
			<-leaving
			if got := l.Entries()[0].State; got != Applying || len(l.Done()) != 0 {
				t.Errorf("got %v before the box is down", got)
			}
			if err := l.Cancel("key"); !errors.Is(err, ErrTooLate) {
				t.Errorf("cancelled while flashing: %v (T-262)", err)
			}
			l.end()
			if r.spooled() == "" {
				t.Error("the image was taken from under sysupgrade")
			}
			if c.reboot {
				l.reboot()
			}
			r.cfg.OnLeaving = nil
			got := r.start().result()
			if got.Reason != c.want || !strings.Contains(got.Msg, c.msg) || got.CommandKey != "key" || got.Start.IsZero() {
				t.Errorf("got %+v, want %v %q", got, c.want, c.msg)
			}
			log := r.read("tmp/commands.log")
			if !strings.HasPrefix(log, "sysupgrade -T /tmp/cwmpd-spool/") || strings.Count(log, "sysupgrade /tmp/cwmpd-spool/") != 1 {
				t.Errorf("commands: %s", log)
			}
		})
	}
}

func TestAnUpgradeMayForgetTheSettings(t *testing.T) {
	r := newRouter(t)
	r.cfg.Keep = func() bool { return false }
	l := r.start()
	if got := l.transfer(firmware(serve(t, "REFUSED\n"))); got.Reason != Failed {
		t.Errorf("got %+v", got)
	}
	if log := r.read("tmp/commands.log"); !strings.Contains(log, "sysupgrade -n /tmp/cwmpd-spool/") {
		t.Errorf("commands: %s", log)
	}
}

// The flash is not written in a session, and no session starts while it is written.
func TestTheFlashIsWrittenBetweenSessions(t *testing.T) {
	r := newRouter(t)
	busy := make(chan struct{}, 1)
	r.cfg.Busy = busy
	held := make(chan bool, 1)
	r.cfg.Apply = func(context.Context, Request, string) (bool, error) {
		held <- len(busy) == 1
		return false, nil
	}
	busy <- struct{}{} // a session
	l := r.start()
	l.add(configuration(serve(t, "x")))
	l.SessionOver()
	l.wait(Fetched)
	select {
	case <-held:
		t.Fatal("applied in mid-session")
	case <-time.After(50 * time.Millisecond):
	}
	<-busy
	if got := l.result(); got.Reason != OK || !<-held {
		t.Errorf("got %+v, or the slot was not held", got)
	}
	l.end()
	if len(busy) != 0 {
		t.Error("the slot was not given back")
	}
}

// An upgrade that sysupgrade began and that does not take the box down has failed.
func TestAnUpgradeThatDoesNotHappenIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t)
		l := &life{r: r, done: make(chan struct{}, 1)}
		r.cfg.OnDone = func() { l.done <- struct{}{} }
		l.Queue = r.queue()
		l.add(firmware("http://files.example/"))
		e := l.entries[0]
		f := &file{real: filepath.Join(r.root, "tmp/image"), name: "/tmp/image"}
		r.write("tmp/image", "STUCK\n")
		begin := time.Now()
		if got := l.apply(t.Context(), t.Context(), e, f); got == nil || got.reason != Failed || time.Since(begin) != upgradeWait {
			t.Errorf("got %+v after %v", got, time.Since(begin))
		}
		if f.inUse {
			t.Error("the image is kept for nobody")
		}
	})
}

// A configuration that needs a reboot is done after it, one whose application was cut is applied again.
func TestAConfigurationMayNeedAReboot(t *testing.T) {
	r := newRouter(t)
	leaving := make(chan struct{})
	r.cfg.OnLeaving = func() { close(leaving) }
	r.cfg.Apply = func(context.Context, Request, string) (bool, error) { return true, nil }
	l := r.start()
	l.add(configuration(serve(t, "x")))
	l.SessionOver()
	<-leaving
	if len(l.Done()) != 0 || r.read("tmp/commands.log") != "reboot\n" {
		t.Errorf("got %v and commands %s", l.Done(), r.read("tmp/commands.log"))
	}
	l.reboot()
	if got := r.start().result(); got.Reason != OK {
		t.Errorf("got %+v", got)
	}

	r = newRouter(t)
	begun, calls := make(chan struct{}, 1), 0
	r.cfg.Apply = func(ctx context.Context, _ Request, _ string) (bool, error) {
		if calls++; calls == 1 {
			begun <- struct{}{}
			<-ctx.Done()
			return false, ctx.Err()
		}
		return false, nil
	}
	l = r.start()
	l.add(configuration(serve(t, "x")))
	l.SessionOver()
	<-begun
	l.reboot()
	if got := r.start().result(); got.Reason != OK || calls != 2 {
		t.Errorf("got %+v after %d calls", got, calls)
	}
}

func TestImageVersion(t *testing.T) {
	good := signed("image", "24.10.9", "r2-abc")
	for name, c := range map[string]struct{ image, want string }{
		"metadata and signature": {good, "24.10.9 r2-abc"},
		"metadata alone":         {good[:len(good)-len(block("signature", 0))], "24.10.9 r2-abc"},
		"metadata alone, no image": {block("\x00\x00\x00\x00\x00\x00\x00\x00"+`{"version":{"version":"1","revision":"2"}}`+"\n\x00", typeInfo),
			"1 2"},
		"nothing":           {"image", ""},
		"empty":             {"", ""},
		"cut":               {good[:len(good)-1], ""},
		"signature alone":   {"image" + block("s", 0), ""},
		"not JSON":          {block("\x00\x00\x00\x00\x00\x00\x00\x00nonsense", typeInfo), ""},
		"no header":         {block("short", typeInfo), ""},
		"size beyond start": {strings.Replace(block("short", 0), "\x00\x00\x00\x15", "\x00\x00\xff\xff", 1), ""},
		"size of nothing":   {strings.Replace(block("short", 0), "\x00\x00\x00\x15", "\x00\x00\x00\x00", 1), ""},
		"too many blocks":   {signed("", "1", "2") + strings.Repeat(block("", 0), 20), ""},
	} {
		path := filepath.Join(t.TempDir(), "image")
		if err := os.WriteFile(path, []byte(c.image), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := imageVersion(path); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	if got := imageVersion("/nonexistent"); got != "" {
		t.Errorf("got %q of no file", got)
	}
}

func FuzzImageVersion(f *testing.F) {
	f.Add([]byte(signed("image", "24.10.9", "r2-abc")))
	path := filepath.Join(f.TempDir(), "image")
	f.Fuzz(func(t *testing.T, image []byte) {
		if err := os.WriteFile(path, image, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = imageVersion(path)
	})
}
