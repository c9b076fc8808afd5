package cwmp

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/notify"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/transfer"
	"github.com/cwmpd/cwmpd/internal/web"
)

const (
	pause      = time.Second      // between two sessions, at least (S-16)
	maxPosted  = 256              // events waiting for the loop
	clockCheck = time.Minute      // how late a step of the wall clock is noticed
	routeCheck = 30 * time.Second // how late a route is noticed that nobody told of, while a session waits for it
	goneLimit  = 10 * time.Minute

	minHeartbeat = 30 * time.Second
)

// Config says what a CPE is made of. Settings, Identity and Web are required, and asked anew for every session.
type Config struct {
	Tree         *model.Tree
	Notify       *notify.Watcher           // nil: nothing is watched
	Transfers    *transfer.Queue           // nil: no downloads
	Box          *system.Box               // nil: no clock, no reboot (tests)
	Store        *state.Store              // nil: nothing survives a restart (tests)
	Settings     func() config.Config      //
	Identity     func() config.Identity    //
	Web          func() web.Config         //
	Busy         chan struct{}             // one slot, held by whoever sent to it: a session here, a flash write elsewhere; nil: never busy
	AfterSession func(ctx context.Context) // called after every session, also a failed one: to apply what was set; nil: nothing is
	Trace        *Tracer                   // nil: nothing is traced
	// SwitchACS puts the account to into the configuration, in the place of from, which completed no session in its time (see
	// probation). After it Settings must tell so. nil: no ACS is ever on probation.
	SwitchACS func(from, to Account) error
	// Routed reports whether there is a way to the ACS of Settings: without one no session is tried. Wake tells that it may have
	// changed. nil: there always is.
	Routed  func(ctx context.Context) bool
	OnEnd   func(contact bool) // called after every session: whether the ACS was reached; nil: nobody asks
	OnLeave func()             // called when a reboot or a factory reset was ordered and begins; nil: nobody asks
	Log     *slog.Logger       // nil discards
}

// A CPE is the TR-069 side of the router.
type CPE struct {
	cfg         Config
	log         *slog.Logger
	converse    func(ctx context.Context, r *Record) outcome // holds one session; tests of the loop put their own in
	wake        chan struct{}
	callLimit   int           // requests of the ACS in one session
	answerLimit int           // bytes of one answer
	reporting   chan struct{} // one slot: held while reports are written to flash
	left        atomic.Bool   // a factory reset was ordered: write nothing more

	mu      sync.Mutex // guards what follows, up to the empty line
	reports []report   // replaced, never changed
	posted  []Event
	asked   []soap.RequestDownload
	refuses bool // the ACS is known not to have RequestDownload
	changed bool
	status  Status
	records []Record

	// Only Run's goroutine, and New before it, touch these.
	saved          saved
	onFlash        []byte // what saved was when it was last written
	flashedRetries uint32
	booted         bool
	disabled       bool // by EnableCWMP
	bootID         string
	url            string    // the ACS of this moment
	account        Account   // of the session that is open, or was last
	tried          time.Time // since when the time of a probation runs, as far as it is not in Spent; zero: it does not
	writeAt        time.Time // not before that the configuration is written for a probation
	keptEvents     eventList // of the ACS before, while the new one is on probation
	keptAsked      []soap.RequestDownload
	events         eventList
	retries        uint32    // RetryCount of the next Inform: sessions that failed in a row (S-34)
	backoff        int       // the same since boot: n of the retry table (S-32)
	retryAt        time.Time // zero: no retry is waiting
	dueAt          time.Time // zero: no event wants a session
	throttled      time.Time // zero: no active notification waits for its throttle (N-11)
	lastEnd        time.Time
	lastGood       time.Time
	periodic       periodic
	heartbeat      periodic
	restart        restart
	offer          offer
	uncompressed   string // the value of HTTPCompression that the ACS refused
	askedMethods   bool
	sessions       int // begun
}

// An outcome is how a session ended.
type outcome struct {
	err      error
	atLeast  time.Duration // before the next attempt: Retry-After
	informed bool
	broken   bool // a reboot was promised, and the answer that said so did not leave
}

// New reads the state of the last run. Nothing happens before Run.
func New(cfg Config) (*CPE, error) {
	if cfg.Settings == nil || cfg.Identity == nil || cfg.Web == nil {
		return nil, errors.New("cwmp: Settings, Identity and Web are required")
	}
	log := cfg.Log
	if log == nil {
		log = slog.Discard()
	}
	c := &CPE{cfg: cfg, log: log, wake: make(chan struct{}, 1), reporting: make(chan struct{}, 1), callLimit: maxCallsOfACS, answerLimit: maxResponseSize}
	c.converse = c.session
	c.load()
	c.setPhase(Idle)
	return c, nil
}

// Boot says in which boot of the box we are; it is called before Run, which otherwise asks the box. Another boot than the
// one the ACS was told of is "1 BOOT"; a mere restart of this process is not (E-7).
func (c *CPE) Boot(bootID string) {
	if bootID == "" {
		bootID = "unknown"
	}
	c.booted, c.bootID = true, bootID
	c.events.booted(bootID)
	c.keptEvents.booted(bootID)
	if c.saved.BootID != bootID && c.saved.Promise == promiseReboot {
		c.saved.Promise = "" // kept, or overtaken
	}
	c.lookAtURL()
	c.addBoot()
}

func (c *CPE) addBoot() {
	if c.saved.BootID != c.bootID && c.events.add(Event{Code: EventBoot}) {
		c.due(time.Now())
	}
}

// Post tells of an event. It may be called from every goroutine, also during a session; the event then belongs to the
// next one (S-16). "4 VALUE CHANGE" and "7 TRANSFER COMPLETE" mean that there is something to find.
func (c *CPE) Post(e Event) {
	if !e.Valid() {
		c.log.Warn("not an event", "code", clip(e.Code, 64))
		return
	}
	c.mu.Lock()
	if len(c.posted) < maxPosted && !(slices.Contains(c.posted, e) && !multiple(e.Code)) {
		c.posted = append(c.posted, e)
	}
	c.mu.Unlock()
	c.poke()
}

// SettingsChanged says that the configuration was written. It may be called from every goroutine.
func (c *CPE) SettingsChanged() {
	c.mu.Lock()
	c.changed = true
	c.mu.Unlock()
	c.poke()
}

// Wake says that there may be a way to the ACS now.
func (c *CPE) Wake() { c.poke() }

// Stepped says that the wall clock was set.
func (c *CPE) Stepped() { c.SettingsChanged() }

func (c *CPE) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run keeps the conversation with the ACS until ctx ends. It alone touches events, retries and the open session.
func (c *CPE) Run(ctx context.Context) error {
	if !c.booted {
		c.Boot(c.readBootID())
	}
	c.settings(true)
	if len(c.doneTransfers())+len(c.saved.DUChanges)+len(c.reported()) > 0 {
		c.due(time.Now())
	}
	if c.saved.Promise != "" && c.takeSlot(ctx) { // given by the last run, which did not come to it
		if c.keepPromise(ctx) {
			return c.stay(ctx)
		}
		c.freeSlot()
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		now := time.Now()
		c.takePosted(now)
		c.takeProbation(ctx, now)
		c.takeTimed(now)
		at, ok := c.next(now)
		if c.restartDue(now) && c.takeSlot(ctx) {
			if c.rebootNow(ctx) {
				return c.stay(ctx)
			}
			c.freeSlot()
		}
		wait := routeCheck
		switch due := ok && !at.After(now); {
		case due && c.routed(ctx):
			if c.oneSession(ctx) {
				return c.stay(ctx)
			}
			continue
		case due: // it waits, and no retry is counted
			c.setPhase(NoRoute)
			c.countNoRoute(now)
			wait = min(wait, c.sleep(now, at, false))
		default:
			wait = c.sleep(now, at, ok)
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-c.wake:
		case <-timer.C:
		}
	}
	return nil
}

func (c *CPE) routed(ctx context.Context) bool { return c.cfg.Routed == nil || c.cfg.Routed(ctx) }

func (c *CPE) readBootID() string {
	if c.cfg.Box == nil {
		return ""
	}
	return c.cfg.Box.BootID()
}

// stay waits for the box to go down.
func (c *CPE) stay(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(goneLimit):
		return errors.New("the box was told to go down and did not")
	}
}

// due asks for a session at a time, or earlier if one is due earlier.
func (c *CPE) due(at time.Time) {
	if c.dueAt.IsZero() || at.Before(c.dueAt) {
		c.dueAt = at
	}
}

// next says when the next session begins; false: nobody knows.
func (c *CPE) next(now time.Time) (time.Time, bool) {
	at := earliest(c.dueAt, c.retryAt, c.throttled)
	phase := Idle
	switch {
	case !c.cfg.Settings().CPE.Enable || c.url == "":
		phase = HeldOff
	case at.IsZero():
	case at.Equal(c.retryAt):
		phase = Retrying
	default:
		phase = Due
	}
	if first := c.lastEnd.Add(pause); !at.IsZero() && at.Before(first) {
		at = first
	}
	c.count(now, phase != HeldOff)
	c.publish(phase, at)
	return at, phase == Due || phase == Retrying
}

func earliest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if first.IsZero() || (!t.IsZero() && t.Before(first)) {
			first = t
		}
	}
	return first
}

// sleep is how long nothing happens by itself. Not longer than a minute while wall-clock times are waited for, since our
// timers do not notice when the clock is set.
func (c *CPE) sleep(now, at time.Time, ok bool) time.Duration {
	wait := 24 * time.Hour
	if ok {
		wait = min(wait, at.Sub(now))
	}
	if c.periodic.interval > 0 {
		wait = min(wait, c.periodic.wait(now))
		if !c.periodic.phase.IsZero() {
			wait = min(wait, clockCheck)
		}
	}
	if c.heartbeat.interval > 0 {
		wait = min(wait, c.heartbeat.wait(now), clockCheck)
	}
	wait = min(wait, c.restart.wait(now))
	if left, running := c.probationLeft(now); running {
		wait = min(wait, left)
	}
	for _, s := range c.saved.Schedules {
		wait = min(wait, s.At.Sub(now), clockCheck)
	}
	return max(wait, 0)
}

// takePosted moves what others posted into the event list.
func (c *CPE) takePosted(now time.Time) {
	c.mu.Lock()
	posted, changed := c.posted, c.changed
	c.posted, c.changed = nil, false
	c.mu.Unlock()
	if changed {
		c.settings(false)
	}
	for _, e := range posted {
		switch {
		case e.Code == EventValueChange:
			c.valueChanged(now)
		case fromElsewhere[e.Code]:
			if c.untold() {
				c.due(now)
			}
		default:
			c.events.add(e)
			c.due(now)
		}
	}
	if len(posted) > 0 {
		c.trySave()
	}
}

// valueChanged: an active notification wants a session, but not sooner than the throttle after the last good one (N-11).
func (c *CPE) valueChanged(now time.Time) {
	if c.disabled || c.cfg.Notify == nil || !c.cfg.Notify.Active() {
		return // in the meantime the ACS heard of it, or set it itself
	}
	at := now
	if throttle := c.cfg.Settings().CPE.NotifyThrottle; throttle > 0 && !c.lastGood.IsZero() {
		at = c.lastGood.Add(throttle)
	}
	if at.After(now) {
		c.throttled = at
		return
	}
	c.due(now)
}

// takeTimed adds the events whose time has come.
func (c *CPE) takeTimed(now time.Time) {
	if c.takeScheduled(now) {
		c.due(now)
	}
	if c.heartbeat.fire(now) && c.offer.now >= sinceVersion(EventHeartbeat) {
		c.events.add(Event{Code: EventHeartbeat})
		if c.retryAt.IsZero() { // the ACS that does not answer is not to be asked more often for it
			c.due(now)
		}
	}
	if !c.periodic.fire(now) {
		return
	}
	c.events.add(Event{Code: EventPeriodic})
	if !c.retryAt.IsZero() {
		now = now.Add(time.Second + retryJitter()) // S-43
	}
	c.due(now)
}

// settings takes over the configuration.
func (c *CPE) settings(first bool) {
	set := c.cfg.Settings()
	c.lookAtURL()
	c.offer.allow(newest(set.CPE.AmdVersion))
	if set.ACS.Compression != c.uncompressed {
		c.uncompressed = ""
	}
	now := time.Now()
	interval := time.Duration(0)
	if set.ACS.PeriodicEnable {
		interval = max(set.ACS.PeriodicInterval, time.Second)
	}
	c.periodic.set(now, interval, c.phase(set.ACS.PeriodicTime), first)
	interval = 0
	if set.ACS.HeartbeatEnable && set.CPE.AmdVersion >= 6 { // Annex O is of Amendment 6
		interval = max(set.ACS.HeartbeatInterval, minHeartbeat)
	}
	c.heartbeat.set(now, interval, c.phase(set.ACS.HeartbeatTime), true)
	c.orderRestart(now, set.CPE, first)
	was := c.disabled
	if c.disabled = !set.CPE.Enable; was && !c.disabled { // what changed meanwhile, and did not change back: our own URL did
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		c.pendingChanges(ctx)
		c.valueChanged(now)
	}
}

// phase is a time that the ACS set; without a clock there is none (S-41).
func (c *CPE) phase(text string) time.Time {
	if !c.clockSet() {
		return time.Time{}
	}
	return parsePhase(text)
}

func (c *CPE) clockSet() bool { return c.cfg.Box == nil || c.cfg.Box.ClockSet() }

// parsePhase reads PeriodicInformTime; Unknown Time, and what is no time, is a free phase.
func parsePhase(text string) time.Time {
	if text == soap.UnknownTime {
		return time.Time{}
	}
	t, _ := config.ParseTime(strings.TrimSpace(text))
	return t
}
