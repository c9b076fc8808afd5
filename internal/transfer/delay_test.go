package transfer

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/web"
)

// How much of a delay of ten hours is over when the agent comes back.
func TestADelayOutlivesTheAgent(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const h = time.Hour
	for name, c := range map[string]struct {
		since anchor
		now   moment
		left  time.Duration
		later bool // the clock would tell more
	}{
		"the agent alone restarted":                {anchor{"b", h, noon, 0}, moment{boot: "b", uptime: 3 * h, wall: noon.Add(9 * h)}, 8 * h, false},
		"the agent alone restarted, no clock":      {anchor{"b", h, time.Time{}, 0}, moment{boot: "b", uptime: 3 * h}, 8 * h, false},
		"rebooted, the clock knows":                {anchor{"a", h, noon, 0}, moment{boot: "b", uptime: 0, wall: noon.Add(4 * h)}, 6 * h, false},
		"rebooted, overdue":                        {anchor{"a", h, noon, 0}, moment{boot: "b", uptime: 0, wall: noon.Add(400 * h)}, 0, false},
		"rebooted, the clock is not set yet":       {anchor{"a", h, noon, h}, moment{boot: "b", uptime: 0}, 9 * h, true},
		"rebooted, the clock was never set":        {anchor{"a", h, time.Time{}, 2 * h}, moment{boot: "b", uptime: 5 * h, wall: noon}, 8 * h, false},
		"rebooted, the clock goes back":            {anchor{"a", h, noon, 0}, moment{boot: "b", uptime: 0, wall: noon.Add(-h)}, 10 * h, false},
		"rebooted, the clock is far in the next":   {anchor{"a", h, noon, h}, moment{boot: "b", wall: noon.AddDate(290, 0, 0)}, -h, false},
		"the uptime goes back in the same boot":    {anchor{"b", 5 * h, time.Time{}, 0}, moment{boot: "b", uptime: h}, 10 * h, false},
		"the uptime goes back, the clock does not": {anchor{"b", 5 * h, noon, 0}, moment{boot: "b", uptime: h, wall: noon.Add(h)}, 9 * h, false},
	} {
		e := entry{Request: Request{Delay: 10 * h}, Since: c.since}
		c.now.mono = time.Now()
		e.reckon(c.now)
		if got := e.remaining(c.now.mono); got != c.left || e.unclocked != c.later {
			t.Errorf("%s: got %v left, later %v, want %v, %v", name, got, e.unclocked, c.left, c.later)
		}
	}
}

func TestTheLongestDelayIsNoOverflow(t *testing.T) {
	longest := time.Duration(1<<32-1) * time.Second
	now := moment{mono: time.Now(), boot: "b", wall: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	e := entry{Request: Request{Delay: longest}}
	e.anchor(now)
	now.boot, now.wall = "c", now.wall.AddDate(280, 0, 0)
	e.reckon(now)
	if got := e.remaining(now.mono); got > 0 {
		t.Errorf("got %v left after 280 years", got)
	}
	e = entry{Request: Request{Delay: longest}}
	e.anchor(now)
	e.reckon(now)
	if got := e.remaining(now.mono); got != longest {
		t.Errorf("got %v, want %v", got, longest)
	}
}

func TestTheClockShortensAWaitOnceItIsSet(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now := moment{mono: time.Now(), boot: "b"}
	e := entry{Request: Request{Delay: 10 * time.Hour}, Since: anchor{Boot: "a", Wall: noon}}
	e.reckon(now)
	later := moment{mono: now.mono.Add(time.Minute), boot: "b", uptime: time.Minute, wall: noon.Add(7 * time.Hour)}
	e.clockWasSet(later)
	if got := e.remaining(later.mono); got != 3*time.Hour || e.unclocked {
		t.Errorf("got %v, want 3h", got)
	}
	// A clock that says less than what we have seen pass ourselves is not believed.
	e = entry{Request: Request{Delay: 10 * time.Hour}, Since: anchor{Boot: "a", Wall: noon}}
	e.reckon(now)
	later = moment{mono: now.mono.Add(2 * time.Hour), boot: "b", uptime: 2 * time.Hour, wall: noon.Add(time.Hour)}
	e.clockWasSet(later)
	if got := e.remaining(later.mono); got != 8*time.Hour || e.unclocked {
		t.Errorf("got %v, want 8h", got)
	}
}

// A box that never knows the time comes through a long delay all the same, though it is rebooted daily; and its flash
// is written once in an hour of waiting at most.
func TestALongDelayIsServedInManyBootsWithoutAClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t)
		r.cfg.Web = func() web.Config { return web.Config{Root: r.root} } // refuses loopback
		l := r.start()
		l.add(Request{FileType: TypeConfig, URL: "http://127.0.0.1/x", Delay: 3 * 24 * time.Hour})
		l.SessionOver()
		begin := time.Now()
		for {
			select {
			case <-l.done:
				// Half an hour of each boot is lost, after its last note.
				if got := time.Since(begin); got < 72*time.Hour || got > 72*time.Hour*3/2 {
					t.Errorf("got %v, want 72h and what the reboots cost", got)
				}
				if got := l.Done()[0].Reason; got != Failed {
					t.Errorf("got %v", got)
				}
				l.end()
				return
			case <-time.After(90 * time.Minute):
				l.reboot()
				l = r.start()
			}
			if time.Since(begin) > 1000*time.Hour {
				t.Fatal("never came")
			}
		}
	})
}

func TestWaitingWithAClockWritesNothing(t *testing.T) {
	r := newRouter(t)
	q := r.queue()
	if err := q.Add(Request{FileType: TypeConfig, URL: "http://files.example/", Delay: 100 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	before := r.read("etc/cwmpd/transfers.json")
	if !strings.Contains(before, `"Wall":"20`) {
		t.Skip("the clock of this machine is not set")
	}
	q.noteAll(func(e *entry) { e.began = e.began.Add(-2 * noteEvery) })
	q.takeNotes()
	if after := r.read("etc/cwmpd/transfers.json"); after != before {
		t.Errorf("got %s, want %s", after, before)
	}
}
