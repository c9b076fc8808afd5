package cwmp

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/web"
)

// A visit is one session as the loop held it.
type visit struct {
	at      time.Time
	events  []string
	retries uint32
}

// A loop runs CPE.Run without a network: sessions are a func, time is that of the bubble.
type loop struct {
	t      *testing.T
	cpe    *CPE
	cancel context.CancelFunc
	done   chan error

	mu     sync.Mutex
	conf   config.Config
	visits []visit
	fail   func(n int) bool // whether session n (from 0) fails
	how    error            // as fail says; nil: errPlayed
	during func(n int)      // what happens in it
}

var errPlayed = errors.New("played")

// startLoop runs a CPE in its state P0 until the test ends. change may adapt it before it runs.
func startLoop(t *testing.T, change func(l *loop)) *loop {
	t.Helper()
	l := &loop{t: t, conf: config.Default(), done: make(chan error, 1)}
	l.conf.ACS.URL, l.conf.ACS.PeriodicEnable = "http://acs.example/", false
	l.make(nil)
	l.cpe.saved.BootID, l.cpe.saved.Bootstrapped = "boot-1", l.conf.ACS.URL
	if change != nil {
		change(l)
	}
	l.run("boot-1")
	return l
}

func (l *loop) make(store *state.Store) {
	l.t.Helper()
	var err error
	l.cpe, err = New(Config{
		Settings: l.settings, Store: store,
		Identity: func() config.Identity { return config.Identity{} },
		Web:      func() web.Config { return web.Config{} },
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.cpe.converse = l.converse
}

func (l *loop) run(bootID string) {
	ctx, cancel := context.WithCancel(l.t.Context())
	l.cancel = cancel
	l.cpe.Boot(bootID)
	go func() { l.done <- l.cpe.Run(ctx) }()
	synctest.Wait()
}

// stop ends the loop; a bubble ends with its last goroutine.
func (l *loop) stop() {
	l.t.Helper()
	l.cancel()
	if err := <-l.done; err != nil {
		l.t.Errorf("Run: %v", err)
	}
}

func (l *loop) settings() config.Config {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conf
}

func (l *loop) set(change func(*config.Config)) {
	l.mu.Lock()
	change(&l.conf)
	l.mu.Unlock()
	l.cpe.SettingsChanged()
	synctest.Wait()
}

func (l *loop) converse(_ context.Context, r *Record) outcome {
	l.mu.Lock()
	n := len(l.visits)
	told := l.cpe.events.deliverable()
	l.visits = append(l.visits, visit{time.Now(), codes(told), l.cpe.retries})
	failed := l.fail != nil && l.fail(n)
	during, how := l.during, l.how
	l.mu.Unlock()
	r.Events = told
	if during != nil {
		during(n)
	}
	if failed {
		return outcome{err: cmp.Or(how, errPlayed)}
	}
	s := &session{cpe: l.cpe, log: l.cpe.log, told: told, settings: l.settings(), record: r}
	l.cpe.informed(s)
	return outcome{informed: true}
}

func (l *loop) seen() []visit {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.visits)
}

// pass lets time go by.
func pass(d time.Duration) {
	time.Sleep(d) // of the bubble: it takes no time
	synctest.Wait()
}

func always(int) bool { return true }

// Covers: S-30, S-33, S-34, S-17.
func TestT100_RetryWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) { l.fail = always })
		defer l.stop()
		l.cpe.Post(Event{Code: EventPeriodic})
		pass(6 * time.Hour)
		visits := l.seen()
		if len(visits) < 13 {
			t.Fatalf("%d sessions in six hours", len(visits))
		}
		for n := 1; n < len(visits); n++ {
			low := 5 * time.Second << (min(n, 10) - 1)
			got := visits[n].at.Sub(visits[n-1].at)
			if got < low || got > 2*low {
				t.Errorf("wait %d is %v, want %v to %v", n, got, low, 2*low)
			}
			if visits[n].retries != uint32(n) || !slices.Equal(visits[n].events, []string{"2 PERIODIC"}) {
				t.Errorf("retry %d: %+v", n, visits[n])
			}
		}
	})
}

func TestRetryWindow(t *testing.T) {
	tests := []struct {
		n, m, k   int
		low, high time.Duration
	}{
		{1, 5, 2000, 5 * time.Second, 10 * time.Second},
		{2, 5, 2000, 10 * time.Second, 20 * time.Second},
		{9, 5, 2000, 1280 * time.Second, 2560 * time.Second},
		{10, 5, 2000, 2560 * time.Second, 5120 * time.Second},
		{11, 5, 2000, 2560 * time.Second, 5120 * time.Second},
		{1 << 30, 5, 2000, 2560 * time.Second, 5120 * time.Second},
		{1, 10, 1500, 10 * time.Second, 15 * time.Second}, // T-101
		{3, 10, 1500, 22500 * time.Millisecond, 33750 * time.Millisecond},
		{5, 7, 1000, 7 * time.Second, 7 * time.Second},
		{10, 65535, 65535, longestRetry, longestRetry}, // S-35
		{1, 65535, 65535, 65535 * time.Second, longestRetry},
	}
	for _, tt := range tests {
		low, high := retryWindow(tt.n, tt.m, tt.k)
		if low != tt.low || high != tt.high {
			t.Errorf("n=%d m=%d k=%d: %v to %v, want %v to %v", tt.n, tt.m, tt.k, low, high, tt.low, tt.high)
		}
		for range 100 {
			if w := retryWait(tt.n, tt.m, tt.k); w < low || w > high {
				t.Errorf("n=%d m=%d k=%d: wait %v", tt.n, tt.m, tt.k, w)
			}
		}
	}
}

func TestS35_ChangedIntervalCountsForTheNextWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) { l.fail = always; l.conf.ACS.RetryMinWait, l.conf.ACS.RetryMultiplier = 100, 1000 })
		defer l.stop()
		l.cpe.Post(Event{Code: EventPeriodic})
		pass(150 * time.Second)
		l.set(func(c *config.Config) { c.ACS.RetryMinWait = 7 })
		pass(62 * time.Second)
		visits := l.seen()
		var gaps []time.Duration
		for i := 1; i < len(visits); i++ {
			gaps = append(gaps, visits[i].at.Sub(visits[i-1].at))
		}
		if want := []time.Duration{100 * time.Second, 100 * time.Second, 7 * time.Second}; !slices.Equal(gaps, want) {
			t.Errorf("waits %v, want %v", gaps, want)
		}
	})
}

// Covers: S-32.
func TestT103_RebootInBackoff(t *testing.T) {
	store, err := state.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) {
			saved := l.cpe.saved
			l.make(store)
			l.cpe.saved = saved
			l.fail = always
		})
		l.cpe.Post(Event{Code: EventPeriodic})
		pass(time.Hour)
		l.stop()
		before := len(l.seen())
		l.make(store)
		l.run("boot-2")
		defer l.stop()
		pass(10 * time.Second)
		visits := l.seen()[before:]
		if len(visits) < 2 {
			t.Fatal("no retry within ten seconds after the reboot")
		}
		if got := visits[0].events; !slices.Equal(got, []string{"2 PERIODIC", "1 BOOT"}) { // T-113
			t.Errorf("events %q", got)
		}
		if wait := visits[1].at.Sub(visits[0].at); wait < 5*time.Second || wait > 10*time.Second {
			t.Errorf("first wait after the reboot is %v", wait)
		}
		if visits[1].retries != visits[0].retries+1 {
			t.Errorf("RetryCounts %d, %d", visits[0].retries, visits[1].retries)
		}
	})
}

// Covers: S-33, S-34.
func TestT104_SuccessResetsTheCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) { l.fail = func(n int) bool { return n != 5 } })
		defer l.stop()
		l.cpe.Post(Event{Code: EventPeriodic})
		pass(10 * time.Minute)
		l.cpe.Post(Event{Code: EventPeriodic})
		pass(11 * time.Second)
		visits := l.seen()
		if len(visits) < 8 {
			t.Fatalf("%d sessions", len(visits))
		}
		if visits[5].retries != 5 || visits[6].retries != 0 || visits[7].retries != 1 {
			t.Errorf("RetryCounts %+v", visits[5:8])
		}
		if wait := visits[7].at.Sub(visits[6].at); wait < 5*time.Second || wait > 10*time.Second {
			t.Errorf("first wait after a success is %v", wait)
		}
	})
}

// S-30, S-31, T-314: an event ends the wait, and the session that it causes is the retry.
// Covers: C-2, S-17.
func TestT314_ConnectionRequestInBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) { l.fail = func(n int) bool { return n < 6 } })
		defer l.stop()
		l.cpe.Post(Event{Code: EventPeriodic})
		pass(200 * time.Second)
		before := l.seen()
		if len(before) < 4 || len(before) > 6 {
			t.Fatalf("%d sessions", len(before))
		}
		now := time.Now()
		l.cpe.Post(Event{Code: EventConnectionRequest})
		pass(pause)
		visits := l.seen()
		last := visits[len(visits)-1]
		if len(visits) != len(before)+1 || last.at.Sub(now) > pause || last.retries != uint32(len(before)) {
			t.Errorf("after the connection request: %+v", visits[len(before):])
		}
		if !slices.Equal(last.events, []string{"2 PERIODIC", "6 CONNECTION REQUEST"}) {
			t.Errorf("events %q", last.events)
		}
	})
}

// Covers: S-2, S-16.
func TestC3_ManyConnectionRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) {
			l.during = func(n int) {
				if n == 0 { // C-4: in the middle of the session
					for range 3 {
						l.cpe.Post(Event{Code: EventConnectionRequest})
					}
				}
			}
		})
		defer l.stop()
		for range 5 {
			l.cpe.Post(Event{Code: EventConnectionRequest})
		}
		pass(time.Minute)
		visits := l.seen()
		if len(visits) != 2 {
			t.Fatalf("%d sessions, want one and its one follower", len(visits))
		}
		if gap := visits[1].at.Sub(visits[0].at); gap < pause || gap > 2*pause {
			t.Errorf("the follower came after %v (S-16)", gap)
		}
		for _, v := range visits {
			if !slices.Equal(v.events, []string{"6 CONNECTION REQUEST"}) {
				t.Errorf("events %q", v.events)
			}
		}
	})
}

// T-106, T-109: with PeriodicInformTime at its Unknown Time only the interval counts, from when it was set.
// Covers: S-40, S-15, S-17.
func TestT106_Periodic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, nil)
		defer l.stop()
		begin := time.Now()
		l.set(func(c *config.Config) { c.ACS.PeriodicEnable, c.ACS.PeriodicInterval = true, 20*time.Second })
		pass(2 * time.Minute)
		visits := l.seen()
		if len(visits) != 6 {
			t.Fatalf("%d sessions in two minutes", len(visits))
		}
		for i, v := range visits {
			if at := v.at.Sub(begin); at != time.Duration(i+1)*20*time.Second || !slices.Equal(v.events, []string{"2 PERIODIC"}) {
				t.Errorf("session %d at %v with %q", i, at, v.events)
			}
		}
		l.set(func(c *config.Config) { c.ACS.PeriodicEnable = false })
		pass(time.Hour)
		if n := len(l.seen()); n != 6 {
			t.Errorf("%d sessions after periodic Informs were switched off", n-6)
		}
	})
}

// Covers: S-41.
func TestT107_PeriodicPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, nil)
		defer l.stop()
		pass(23 * time.Second)
		l.set(func(c *config.Config) {
			c.ACS.PeriodicEnable, c.ACS.PeriodicInterval, c.ACS.PeriodicTime = true, time.Minute, "2000-01-01T00:00:07Z"
		})
		pass(10 * time.Minute)
		visits := l.seen()
		if len(visits) != 10 {
			t.Fatalf("%d sessions in ten minutes", len(visits))
		}
		for _, v := range visits {
			if v.at.UTC().Second() != 7 {
				t.Errorf("session at %v", v.at)
			}
		}
	})
}

// T-112, S-43: an instant shortens the wait for a retry, but for some jitter.
func TestT112_PeriodicWhileTheACSIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) {
			l.conf.ACS.PeriodicEnable, l.conf.ACS.PeriodicInterval = true, time.Minute
			l.fail = func(n int) bool { return n < 20 }
		})
		defer l.stop()
		pass(time.Hour)
		for i, v := range l.seen() {
			if !slices.Equal(v.events, []string{"2 PERIODIC"}) {
				t.Errorf("session %d: %q", i, v.events)
			}
		}
	})
}

func TestS42_PeriodicDuringASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) {
			l.during = func(n int) {
				if n == 0 {
					time.Sleep(65 * time.Second) // of the bubble: six instants pass
				}
			}
		})
		defer l.stop()
		l.set(func(c *config.Config) { c.ACS.PeriodicEnable, c.ACS.PeriodicInterval = true, 10*time.Second })
		pass(10*time.Second + 65*time.Second + pause)
		visits := l.seen()
		if len(visits) != 2 {
			t.Errorf("%d sessions, want the first and one for all missed instants", len(visits))
		}
	})
}

func TestT130_Disabled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) { l.conf.CPE.Enable = false })
		defer l.stop()
		l.cpe.Post(Event{Code: EventConnectionRequest})
		pass(time.Hour)
		if n := len(l.seen()); n != 0 || l.cpe.Status().Phase != HeldOff {
			t.Errorf("%d sessions while disabled, phase %s", n, l.cpe.Status().Phase)
		}
		l.set(func(c *config.Config) { c.CPE.Enable = true })
		pass(time.Second)
		if n := len(l.seen()); n != 1 {
			t.Errorf("%d sessions after it was enabled", n)
		}
	})
}

func TestNoURLNoSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) { l.conf.ACS.URL = "" })
		defer l.stop()
		l.cpe.Post(Event{Code: EventPeriodic})
		pass(time.Hour)
		if n := len(l.seen()); n != 0 {
			t.Errorf("%d sessions without an ACS", n)
		}
		l.set(func(c *config.Config) { c.ACS.URL = "http://new.example/" })
		pass(time.Second)
		if v := l.seen(); len(v) != 1 || !slices.Equal(v[0].events, []string{"0 BOOTSTRAP"}) {
			t.Errorf("sessions %+v", v)
		}
	})
}

func TestBusySlotHoldsSessionsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := make(chan struct{}, 1)
		l := startLoop(t, func(l *loop) {
			l.cpe.cfg.Busy = busy
			l.during = func(int) {
				select {
				case busy <- struct{}{}:
					t.Error("the slot is free during a session")
				default:
				}
			}
		})
		defer l.stop()
		busy <- struct{}{} // somebody writes flash
		l.cpe.Post(Event{Code: EventConnectionRequest})
		pass(time.Minute)
		if n := len(l.seen()); n != 0 || l.cpe.Status().Phase != HeldOff {
			t.Errorf("%d sessions during a flash write, phase %s", n, l.cpe.Status().Phase)
		}
		<-busy
		pass(time.Second)
		if n := len(l.seen()); n != 1 || len(busy) != 0 {
			t.Errorf("%d sessions after it, slot taken: %d", n, len(busy))
		}
	})
}

// Covers: §3.11, E-1, S-17, §8.
func TestScheduleInformComes(t *testing.T) {
	store, err := state.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, func(l *loop) {
			saved := l.cpe.saved
			l.make(store)
			l.cpe.saved = saved
			l.cpe.saved.Schedules = []schedule{{time.Now().Add(90 * time.Second), "a"}, {time.Now().Add(time.Hour), "b"}}
			l.cpe.trySave()
		})
		begin := time.Now()
		pass(2 * time.Minute)
		visits := l.seen()
		if len(visits) != 1 || visits[0].at.Sub(begin) != 90*time.Second || !slices.Equal(visits[0].events, []string{"3 SCHEDULED", "M ScheduleInform"}) {
			t.Errorf("sessions %+v", visits)
		}
		l.stop()
		pass(2 * time.Hour) // the box is off
		l.make(store)
		l.run("boot-1")
		defer l.stop()
		pass(time.Second)
		if visits := l.seen(); len(visits) != 2 || !slices.Equal(visits[1].events, []string{"3 SCHEDULED", "M ScheduleInform"}) {
			t.Errorf("the missed one: %+v", visits)
		}
	})
}

// Covers: S-41.
func TestPeriodicPhaseArithmetic(t *testing.T) {
	now := time.Date(2026, 11, 22, 17, 34, 44, 5, time.UTC)
	tests := []struct {
		name     string
		phase    time.Time
		interval time.Duration
		want     time.Time
	}{
		{"past midnight", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), 24 * time.Hour, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)},
		{"far future", time.Date(9999, 12, 31, 23, 59, 7, 0, time.UTC), time.Minute, time.Date(2026, 11, 22, 17, 35, 7, 0, time.UTC)},
		{"far past", time.Date(2, 1, 1, 0, 0, 30, 0, time.UTC), time.Minute, time.Date(2026, 11, 22, 17, 35, 30, 0, time.UTC)},
		{"this very second", now.Truncate(time.Second), time.Hour, now.Truncate(time.Second).Add(time.Hour)},
		{"every second", now, time.Second, now.Truncate(time.Second).Add(time.Second)},
	}
	for _, tt := range tests {
		p := periodic{interval: tt.interval, phase: tt.phase}
		if got := p.next(now); !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got.UTC(), tt.want)
		}
	}
}

// Covers: S-42.
func TestT110_ClockSteps(t *testing.T) {
	start := time.Date(2026, 11, 22, 17, 0, 30, 0, time.UTC)
	p := periodic{}
	p.set(start, time.Minute, time.Date(2000, 1, 1, 0, 0, 7, 0, time.UTC), false)
	fired := 0
	ahead := start.Add(time.Hour) // NTP
	for _, now := range []time.Time{ahead, ahead, ahead.Add(time.Second), ahead.Add(36 * time.Second)} {
		if p.fire(now) {
			fired++
		}
	}
	if fired != 1 || !p.due.Equal(ahead.Add(37*time.Second)) {
		t.Errorf("fired %d times after a step ahead, next %v", fired, p.due.UTC())
	}
	back := start.Add(-24 * time.Hour)
	if p.fire(back) || p.wait(back) > time.Minute {
		t.Errorf("after a step back the next instant is %v away", p.wait(back))
	}
}

func TestParsePhase(t *testing.T) {
	tests := map[string]int64{
		"0001-01-01T00:00:00Z": 0, "": 0, "soon": 0,
		"2000-01-01T00:00:07Z": 946684807, "2000-01-01T01:00:07+01:00": 946684807, "2000-01-01T00:00:07": 946684807, "2000-01-01T00:00:07.000Z": 946684807,
	}
	for text, want := range tests {
		got := parsePhase(text)
		if (want == 0) != got.IsZero() || (want != 0 && got.Unix() != want) {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestPostTakesOnlyEvents(t *testing.T) {
	l := &loop{t: t, conf: config.Default()}
	l.make(nil)
	for _, code := range []string{"", "BOOT", "0", "M ", "Z Foo", string(make([]byte, 100))} {
		l.cpe.Post(Event{Code: code})
	}
	l.cpe.Post(Event{Code: EventMReboot, CommandKey: string(make([]byte, 33))})
	if len(l.cpe.posted) != 0 {
		t.Errorf("posted %+v", l.cpe.posted)
	}
	for _, code := range []string{"13 WAKEUP", "M X_ACME_Light", "X 00D09E Lamp on"} {
		l.cpe.Post(Event{Code: code})
	}
	if len(l.cpe.posted) != 3 {
		t.Errorf("posted %+v", l.cpe.posted)
	}
}
