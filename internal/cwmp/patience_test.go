package cwmp

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// S-43: a periodic instant ends the wait for a retry, as every event does, though never in the second after a session.
func TestS43_PeriodicWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) {
			l.conf.ACS.PeriodicEnable, l.conf.ACS.PeriodicInterval = true, 5*time.Second
			l.fail = always
		})
		defer l.stop()
		pass(10 * time.Minute)
		visits := l.seen()
		if len(visits) < 80 { // by the retry policy alone there would be seven
			t.Errorf("%d sessions in ten minutes", len(visits))
		}
		for i := 1; i < len(visits); i++ {
			if gap := visits[i].at.Sub(visits[i-1].at); gap < time.Second || gap > 7*time.Second {
				t.Errorf("session %d comes %v after the one before", i, gap)
			}
			if visits[i].retries != uint32(i) {
				t.Errorf("session %d has RetryCount %d", i, visits[i].retries)
			}
		}
	})
}

// T-362: a network that comes and goes every five seconds. Nothing is lost, nothing runs wild, and each success ends the
// series of retries.
func TestT362_FlappingNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		down := func() bool { return int(time.Since(begin)/(5*time.Second))%2 == 1 }
		told := map[string]int{}
		l := startLoop(t, nil)
		defer l.stop()
		l.mu.Lock()
		l.fail = func(n int) bool {
			if down() {
				return true
			}
			for _, e := range l.visits[n].events {
				told[e]++
			}
			return false
		}
		l.mu.Unlock()
		const days = 2
		for range days * 24 * 60 {
			l.cpe.Post(Event{Code: EventScheduled})
			pass(61 * time.Second)
		}
		pass(48 * time.Hour) // the wait for a retry may be long by now
		visits := l.seen()
		if n := len(visits); n < days*24*60 || n > 3*days*24*60 {
			t.Errorf("%d sessions in %d days", n, days)
		}
		if told["3 SCHEDULED"] < days*24*60/2 { // the others met one that was waiting, and became one with it
			t.Errorf("the event was told %d times", told["3 SCHEDULED"])
		}
		for i := 1; i < len(visits); i++ {
			if gap := visits[i].at.Sub(visits[i-1].at); gap < pause {
				t.Fatalf("session %d comes %v after the one before", i, gap)
			}
		}
		if last := l.cpe.Status(); last.Phase != Idle {
			t.Errorf("in the end the agent is %s", last.Phase)
		}
	})
}

// T-365: the clock steps by ten years, to and fro. Periodic Informs neither pile up nor stay away.
func TestT365_ClockStepsOfYears(t *testing.T) {
	for _, phase := range []time.Time{time.Date(2000, 1, 1, 0, 0, 7, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 7, 0, time.UTC)} {
		now := time.Date(2026, 11, 22, 17, 0, 30, 0, time.UTC)
		p := periodic{}
		p.set(now, time.Minute, phase, false)
		for _, years := range []int{10, -10, -10, 10, -20, 20} {
			now = now.AddDate(years, 0, 0)
			var fired []int
			for range 180 {
				if p.fire(now) {
					fired = append(fired, now.Second())
				}
				now = now.Add(time.Second)
			}
			// One for all that were missed, if the step was ahead, and then every minute at its second.
			if n := len(fired); n < 3 || n > 4 || !slices.Equal(fired[n-3:], []int{7, 7, 7}) {
				t.Errorf("after a step of %d years: %v", years, fired)
			}
		}
	}
}
