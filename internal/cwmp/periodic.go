package cwmp

import (
	"math/rand/v2"
	"time"
)

// periodic says when "2 PERIODIC" is due. With a phase (PeriodicInformTime and a clock that is set) the instants are
// wall-clock ones, T0 + N·interval; without, they are an interval apart on the monotonic clock (S-41).
type periodic struct {
	interval time.Duration // 0: periodic Informs are off
	phase    time.Time     // zero: free
	due      time.Time     // with a phase: wall clock only, no monotonic reading
}

// set takes new settings. first is true at start, when a free phase is drawn at random so that a street full of routers
// does not come back in one second after a power cut.
func (p *periodic) set(now time.Time, interval time.Duration, phase time.Time, first bool) {
	if p.interval == interval && p.phase.Equal(phase) {
		return
	}
	p.interval, p.phase = interval, phase
	switch {
	case interval == 0:
	case !phase.IsZero():
		p.due = p.next(now)
	case first:
		p.due = now.Add(time.Duration(rand.Int64N(int64(interval))) + 1)
	default:
		p.due = now.Add(interval)
	}
}

// next is the first instant after now.
func (p *periodic) next(now time.Time) time.Time {
	if p.phase.IsZero() {
		return now.Add(p.interval)
	}
	// In seconds: T0 may be further away than a Duration can say.
	step := max(int64(p.interval/time.Second), 1)
	since := now.Unix() - p.phase.Unix()
	ahead := step - mod(since, step)
	return time.Unix(now.Unix()+ahead, 0)
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }

// fire reports whether an instant has come since the last call. However many were missed, it is one (S-42).
func (p *periodic) fire(now time.Time) bool {
	if p.interval == 0 {
		return false
	}
	wait := p.wait(now)
	if wait > 0 {
		if wait > p.interval {
			p.due = p.next(now) // the wall clock was set back
		}
		return false
	}
	p.due = p.next(now)
	return true
}

// wait is how long it is to the next instant.
func (p *periodic) wait(now time.Time) time.Duration {
	if !p.phase.IsZero() {
		now = now.Round(0)
	}
	return p.due.Sub(now)
}
