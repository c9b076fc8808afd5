package cwmp

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
)

// §9.9: DelayReboot counts from the end of the session, for the boot in which it was set.
// Covers: §9.9.
func TestDelayReboot(t *testing.T) {
	b := newBox(t, nil)
	now := time.Now()
	if b.cpe.restartDue(now.Add(1000 * time.Hour)) {
		t.Fatal("a reboot nobody ordered")
	}
	b.set(func(c *config.Config) { c.CPE.DelayReboot = 60 })
	if b.cpe.restartDue(now.Add(59 * time.Second)) {
		t.Error("too early")
	}
	if !b.cpe.restartDue(time.Now().Add(60*time.Second)) || b.cpe.restartDue(time.Now().Add(61*time.Second)) {
		t.Error("not at its time, or twice")
	}
	b.start() // the process alone: it waits anew
	b.cpe.Boot("boot-1")
	b.cpe.settings(true)
	if !b.cpe.restartDue(time.Now().Add(60 * time.Second)) {
		t.Error("forgotten by a restart of the process")
	}
	b.start()
	b.cpe.Boot("boot-2") // the option could not be set back
	b.cpe.settings(true)
	b.cpe.settings(false)
	if b.cpe.restartDue(time.Now().Add(1000 * time.Hour)) {
		t.Error("the box would reboot for ever")
	}
	b.set(func(c *config.Config) { c.CPE.DelayReboot = -1 })
	b.set(func(c *config.Config) { c.CPE.DelayReboot = 5 })
	b.set(func(c *config.Config) { c.CPE.DelayReboot = -1 })
	if b.cpe.restartDue(time.Now().Add(time.Hour)) {
		t.Error("called off, and done")
	}
	b.set(func(c *config.Config) { c.CPE.DelayReboot = 0 })
	left := make(chan struct{})
	b.cpe.cfg.OnLeave = func() { close(left) }
	go b.cpe.Run(t.Context())
	<-left
	if got := b.commands(); got != "reboot\n" {
		t.Errorf("commands %q", got)
	}
}

// §9.9: ScheduleReboot is done once, at its time; a time that is past is none.
// Covers: §9.9.
func TestScheduleReboot(t *testing.T) {
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	b := newBox(t, nil)
	soon := at(time.Hour)
	for _, tt := range []struct {
		text string
		in   time.Duration
		want bool
	}{
		{config.UnknownTime, time.Hour, false}, {at(-time.Minute), time.Hour, false}, {soon, 59 * time.Minute, false}, {soon, 61 * time.Minute, true},
		{soon, 61 * time.Minute, false},           // done
		{at(2 * time.Hour), 3 * time.Hour, false}, // the box was off then
	} {
		b.set(func(c *config.Config) { c.CPE.ScheduleReboot = tt.text })
		if got := b.cpe.restartDue(time.Now().Add(tt.in)); got != tt.want {
			t.Errorf("%s, now %s: %v", tt.text, at(tt.in), got)
		}
	}
	b.set(func(c *config.Config) { c.CPE.ScheduleReboot = soon })
	b.cpe.trySave()
	b.start()
	b.cpe.Boot("boot-2") // with a clock that is behind
	b.cpe.settings(true)
	if b.cpe.restartDue(time.Now().Add(61 * time.Minute)) {
		t.Error("the same order is done again")
	}
}

// Annex O: a heartbeat is an Inform of its own, is not told late, and does not hurry an ACS that does not answer.
// Covers: §9.5.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) {
			l.conf.ACS.HeartbeatEnable, l.conf.ACS.HeartbeatInterval = true, 30*time.Second
			l.fail = func(n int) bool { return n == 2 }
		})
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		l.mu.Lock()
		for i, v := range l.visits {
			if i == 3 {
				if len(v.events) != 0 || v.retries != 1 {
					t.Errorf("the retry told %q", v.events)
				}
				continue
			}
			if len(v.events) != 1 || v.events[0] != EventHeartbeat {
				t.Errorf("session %d: %q", i, v.events)
			}
			if i > 0 && i != 4 && v.at.Sub(l.visits[i-1].at) != 30*time.Second {
				t.Errorf("session %d came %v after the one before", i, v.at.Sub(l.visits[i-1].at))
			}
		}
		if n := len(l.visits); n < 10 || n > 12 {
			t.Errorf("%d sessions", n)
		}
		l.mu.Unlock()
		l.set(func(c *config.Config) { c.CPE.AmdVersion = 5 }) // which has none
		l.mu.Lock()
		n := len(l.visits)
		l.mu.Unlock()
		time.Sleep(5 * time.Minute)
		l.mu.Lock()
		if len(l.visits) != n {
			t.Error("a heartbeat in an older version")
		}
		l.mu.Unlock()
		l.stop()
	})
}
