package transfer

import (
	"time"
)

const (
	maxTries = 3
	// An hour of waiting is all that a power cut may cost a box that does not know the time; a shorter one costs flash.
	noteEvery = time.Hour
	// How often a wait that the clock would shorten looks whether the clock was set.
	clockEvery = time.Minute
)

// entry is a transfer and what is known of it.
type entry struct {
	ID      string
	Request Request
	State   State
	Since   anchor // of the delay
	Tries   int    // how often the fetch began

	Window   int `json:",omitempty"` // the window of a ScheduleDownload that is open, or the next one
	Attempts int `json:",omitempty"` // in that window

	Boot      string `json:",omitempty"` // in which it began to be applied
	Was       string `json:",omitempty"` // firmware version that ran then
	Wants     string `json:",omitempty"` // firmware version that the image says it holds
	Rebooting bool   `json:",omitempty"` // applied; only the reboot is missing

	Start, Complete time.Time
	Reason          Reason
	Msg             string `json:",omitempty"`

	held      bool          // until the session that asked is over
	recovered bool          // it was under way when the agent ended
	began     time.Time     // monotonic; passed is how much of the delay was over then
	passed    time.Duration // see began
	notBefore time.Time     // monotonic; the pause after a failed attempt
	unclocked bool          // the clock will tell more about passed once it is set
}

// anchor is a moment in all the times there are.
type anchor struct {
	Boot   string        // boot id
	Uptime time.Duration // in that boot
	Wall   time.Time     // zero while the clock is not set
	Passed time.Duration // of the delay, before this moment
}

// moment is now, in all the times there are.
type moment struct {
	mono   time.Time
	boot   string
	uptime time.Duration
	wall   time.Time // zero while the clock is not set
}

func (q *Queue) clock() moment {
	m := moment{mono: time.Now(), boot: q.cfg.Box.BootID(), uptime: q.cfg.Box.Uptime()}
	m.wall = q.wallTime()
	return m
}

// wallTime is zero while the clock is not set.
func (q *Queue) wallTime() time.Time {
	if !q.cfg.Box.ClockSet() {
		return time.Time{}
	}
	return q.cfg.Box.Now().UTC().Round(0)
}

// anchor notes how much of the delay is over at m.
func (e *entry) anchor(m moment) {
	if !e.began.IsZero() {
		e.passed += m.mono.Sub(e.began)
	}
	e.began = m.mono
	e.Since = anchor{m.boot, m.uptime, m.wall, e.passed}
}

// reckon finds out how much of the delay is over for an entry that comes from flash.
func (e *entry) reckon(m moment) {
	a := e.Since
	e.began, e.passed, e.unclocked = m.mono, a.Passed, false
	switch {
	case a.Boot == m.boot && m.uptime >= a.Uptime:
		e.passed += m.uptime - a.Uptime
	case a.Wall.IsZero(): // nobody knows
	case m.wall.IsZero():
		e.unclocked = true
	case m.wall.After(a.Wall):
		e.passed += min(m.wall.Sub(a.Wall), e.Request.span())
	}
}

// passedAt is how much time passed since the request.
func (e *entry) passedAt(now time.Time) time.Duration { return e.passed + now.Sub(e.began) }

// clockWasSet makes up for what reckon could not know.
func (e *entry) clockWasSet(m moment) {
	before := e.passedAt(m.mono)
	later := *e
	later.reckon(m)
	if later.passedAt(m.mono) > before {
		*e = later
	}
	e.unclocked = false
}

// remaining is how long the time that passed still matters.
func (e *entry) remaining(now time.Time) time.Duration {
	return e.Request.span() - e.passedAt(now)
}

// public is the request as others may see it.
func (e *entry) public() Request {
	r := e.Request
	r.Username, r.Password = "", ""
	return r
}

// finish ends a transfer. What is not needed any more is not kept on flash.
func (e *entry) finish(reason Reason, msg string, at time.Time) {
	e.Reason, e.Msg = reason, scrub(msg, e.Request)
	e.State, e.Complete = Finished, at
	e.Request = e.public()
	e.Request.URL = origin(e.Request.URL)
}

// resume decides what becomes of an entry that the last run of the agent left.
func (q *Queue) resume(e *entry) {
	now := q.clock()
	e.reckon(now)
	switch {
	case e.State == Waiting, e.State == Finished:
		return
	case e.State == Applying && e.Rebooting:
		e.finish(OK, "", now.wall)
	case e.State == Applying && e.Request.FileType == TypeFirmware && e.Request.Kind == Download:
		q.judge(e, now)
	case e.Tries >= maxTries && !e.Request.Scheduled():
		e.finish(Incomplete, "interrupted too often", now.wall)
	default:
		e.State, e.recovered = Waiting, true
		e.passed = max(e.passed, e.Request.Delay)
	}
	if e.State == Finished {
		q.logEnd(e)
	}
}

// judge tells how a firmware upgrade ended, in the life after it.
func (q *Queue) judge(e *entry, now moment) {
	runs := q.version()
	switch {
	case e.Boot == now.boot:
		e.finish(Failed, "sysupgrade did not restart the box", now.wall)
	case runs == e.Was && runs != e.Wants:
		e.finish(Failed, "the box still runs "+runs, now.wall)
	default:
		e.finish(OK, "", now.wall)
	}
}

// version names the firmware that runs.
func (q *Queue) version() string {
	b := q.cfg.Box.Board()
	return versionText(b.Release, b.Revision)
}

func versionText(release, revision string) string {
	if release == "" || revision == "" {
		return release + revision
	}
	return release + " " + revision
}

func (q *Queue) logEnd(e *entry) {
	log := q.log.With("type", e.Request.FileType, "url", origin(e.Request.URL), "key", e.Request.CommandKey)
	if e.Reason == OK {
		log.Info("transfer done")
		return
	}
	log.Warn("transfer failed", "reason", e.Reason, "err", e.Msg)
}
