package transfer

import (
	"context"
	"errors"
	"time"
)

// Mode says when in its window a transfer may be made (TR-069 A.4.1.8).
type Mode string

// The modes. There is nobody whom "4 Confirmation Needed" could ask.
const (
	AnyTime     Mode = "1 At Any Time"
	Immediately Mode = "2 Immediately"
	WhenIdle    Mode = "3 When Idle"
)

// A Window is a time in which a scheduled download may be made, from Start up to End after the request.
type Window struct {
	Start, End time.Duration
	Mode       Mode
	MaxRetries int // after the first attempt in this window; -1: until it closes
}

const (
	maxWindows = 2
	// Pauses between the attempts in a window double from the first to the longest.
	firstPause, longestPause = 5 * time.Second, 5 * time.Minute
	// A line that carries less than quietRate in idleEvery is idle: names are looked up, clocks are set, nobody is there.
	idleEvery = 10 * time.Second
	quietRate = 8 << 10 // bytes per second
)

// ErrMode is a window whose mode is not supported.
var ErrMode = errors.New("mode of the window not supported")

// errWindowOver ends a transfer whose window closes.
var errWindowOver = errors.New("the time window is over")

// checkWindows wants them in order, apart from each other, and in modes that we have.
func checkWindows(list []Window) error {
	if len(list) > maxWindows {
		return ErrArgument
	}
	closed := time.Duration(0)
	for _, w := range list {
		if w.Start < closed || w.End <= w.Start || w.MaxRetries < -1 {
			return ErrArgument
		}
		if w.Mode != AnyTime && w.Mode != Immediately && w.Mode != WhenIdle {
			return ErrMode
		}
		closed = w.End
	}
	return nil
}

// Scheduled tells a ScheduleDownload from a Download.
func (r Request) Scheduled() bool { return len(r.Windows) > 0 }

// span is how long after the request its time is known to have come, or to be over.
func (r Request) span() time.Duration {
	if r.Scheduled() {
		return r.Windows[len(r.Windows)-1].End
	}
	return r.Delay
}

// window is the window that is open, or the next one; nil when the last one is over.
func (e *entry) window(passed time.Duration) *Window {
	for i := e.Window; i < len(e.Request.Windows); i++ {
		if w := &e.Request.Windows[i]; passed < w.End {
			return w
		}
	}
	return nil
}

// wait is how long an entry is not to be started, 0 when it is; also when the last window is over, so that it ends.
func (e *entry) wait(now time.Time) time.Duration {
	passed := e.passedAt(now)
	if !e.Request.Scheduled() {
		return e.Request.Delay - passed
	}
	w := e.window(passed)
	if w == nil {
		return 0
	}
	return max(w.Start-passed, e.notBefore.Sub(now), 0)
}

// enter counts an attempt in the window that is open.
func (e *entry) enter(passed time.Duration) {
	for e.Window < len(e.Request.Windows) && passed >= e.Request.Windows[e.Window].End {
		e.Window, e.Attempts = e.Window+1, 0
	}
	e.Attempts++
}

// retry decides after an attempt that ended with how whether there is another one. It says false, and how a scheduled
// transfer ends: as its last attempt did when all were made, and with Windows when the time was over before.
func (e *entry) retry(now time.Time, how *ending) bool {
	passed := e.passedAt(now)
	if e.Window >= len(e.Request.Windows) {
		return false
	}
	w := e.Request.Windows[e.Window]
	exhausted := w.MaxRetries >= 0 && e.Attempts > w.MaxRetries
	if passed < w.End && !exhausted {
		e.notBefore = now.Add(min(firstPause<<min(e.Attempts-1, 10), longestPause, w.End-passed))
		return true
	}
	if !exhausted && how.reason != Windows {
		*how = ending{Windows, "the last attempt", how.err}
	}
	e.Window, e.Attempts = e.Window+1, 0
	return e.window(passed) != nil
}

// within bounds an attempt by the window that is open; false: there is none, nor will there be.
func (q *Queue) within(ctx context.Context, e *entry) (context.Context, context.CancelFunc, bool) {
	if !e.Request.Scheduled() {
		return ctx, func() {}, true
	}
	passed := e.passedAt(time.Now())
	w := e.window(passed)
	if w == nil {
		return ctx, nil, false
	}
	ctx, cancel := context.WithTimeoutCause(ctx, w.End-passed, errWindowOver)
	return ctx, cancel, true
}

// disturbs reports that an entry has to wait for the line to be quiet, and puts it off a little.
func (q *Queue) disturbs(e *entry) bool {
	now := time.Now()
	passed := e.passedAt(now)
	w := e.window(passed)
	if w == nil || w.Mode != WhenIdle || q.quiet(now) {
		return false
	}
	q.note(e.ID, func(e *entry) { e.notBefore = now.Add(min(idleEvery, w.End-passed)) })
	return true
}

// A meter is one reading of what the line has carried.
type meter struct {
	at    time.Time
	bytes uint64
	ok    bool
}

// quiet reports whether the line was quiet since the last look, which has to be a short while ago. Only Run calls it.
func (q *Queue) quiet(now time.Time) bool {
	last := q.line
	q.line = meter{at: now}
	q.line.bytes, q.line.ok = q.cfg.Traffic()
	took := now.Sub(last.at)
	return q.line.ok && last.ok && took >= idleEvery && took < 3*idleEvery && q.line.bytes >= last.bytes &&
		q.line.bytes-last.bytes < uint64(quietRate*took.Seconds())
}
