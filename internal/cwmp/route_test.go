package cwmp

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
)

// S-34: while there is no route a session waits: no retry is counted, and it begins at once when the route is there.
func TestS34_NoRouteBurnsNoRetry(t *testing.T) {
	var up atomic.Bool
	start := func(t *testing.T) *loop {
		up.Store(true)
		return startLoop(t, func(l *loop) {
			l.cpe.cfg.Routed = func(context.Context) bool { return up.Load() }
		})
	}
	synctest.Test(t, func(t *testing.T) {
		l := start(t)
		defer l.stop()
		up.Store(false)
		l.cpe.Post(Event{Code: EventPeriodic})
		pass(24 * time.Hour)
		if st := l.cpe.Status(); len(l.seen()) != 0 || st.Phase != NoRoute || st.RetryCount != 0 || len(st.Events) != 1 {
			t.Fatalf("%d sessions, status %+v", len(l.seen()), st)
		}
		up.Store(true)
		l.cpe.Wake()
		synctest.Wait()
		visits := l.seen()
		if len(visits) != 1 || visits[0].retries != 0 || !visits[0].at.Equal(time.Now()) {
			t.Errorf("%+v, now %v", visits, time.Now())
		}
		// Nobody tells of the route.
		up.Store(false)
		l.cpe.Post(Event{Code: EventPeriodic})
		pass(10 * time.Minute)
		up.Store(true)
		pass(routeCheck)
		if len(l.seen()) != 2 {
			t.Errorf("%d sessions", len(l.seen()))
		}
	})
	synctest.Test(t, func(t *testing.T) { // the route goes while a session is tried
		l := start(t)
		defer l.stop()
		l.fail = func(n int) bool { return n < 3 }
		l.during = func(n int) { up.Store(n != 1) }
		l.cpe.Post(Event{Code: EventPeriodic})
		pass(20 * time.Second)
		if visits := l.seen(); len(visits) != 2 || visits[1].retries != 1 {
			t.Fatalf("%+v", visits)
		}
		if st := l.cpe.Status(); st.Phase != NoRoute || st.RetryCount != 1 {
			t.Errorf("status %+v", st)
		}
		up.Store(true)
		l.cpe.Wake()
		synctest.Wait()
		if visits := l.seen(); len(visits) != 3 || visits[2].retries != 1 { // the session that had no way does not count
			t.Errorf("%+v", visits)
		}
		pass(21 * time.Second)
		if visits := l.seen(); len(visits) != 4 || visits[3].retries != 2 {
			t.Errorf("%+v", visits)
		}
	})
	bubble(t, "a new ACS is not blamed for it", func(t *testing.T, m *mover) {
		up.Store(true)
		m.cpe.cfg.Routed = func(context.Context) bool { return up.Load() }
		m.move(newACS, "", "")
		pass(30 * time.Minute)
		up.Store(false)
		m.set(func(c *config.Config) {})
		pass(48 * time.Hour)
		m.wantACS(newACS, "", "")
		up.Store(true)
		m.cpe.Wake()
		pass(time.Minute)
		m.wantACS(newACS, "", "")
		pass(90 * time.Minute)
		m.wantACS(oldACS, "old", "secret")
	})
}
