package cwmp

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/cwmpd/cwmpd/internal/web"
)

// oneSession waits until nobody is flashing the box, holds a session, and does what has to follow it. It returns true
// when the box is going down.
func (c *CPE) oneSession(ctx context.Context) (leaving bool) {
	if !c.takeSlot(ctx) {
		return false
	}
	defer func() {
		if !leaving { // a box that goes down begins no flash write
			c.freeSlot()
		}
	}()
	c.dueAt, c.throttled, c.retryAt = time.Time{}, time.Time{}, time.Time{}
	c.setPhase(InSession)
	c.account = accountOf(c.cfg.Settings().ACS)
	record := Record{Start: time.Now(), URL: withoutQuery(c.url), Probation: c.saved.Probation != nil}
	out := c.converse(ctx, &record)
	record.End, record.OK, record.Why = time.Now(), out.err == nil, "complete"
	if out.err != nil {
		record.Why = out.err.Error()
	}
	c.keep(record)
	if out.broken {
		c.breakPromise()
	}
	if ctx.Err() != nil && out.err != nil {
		return false // we were told to stop; the events stay for the next run
	}
	if out.err == nil {
		c.succeeded(record)
	} else {
		c.failed(ctx, record, out)
	}
	if c.cfg.OnEnd != nil {
		c.cfg.OnEnd(record.BytesIn > 0 || !errors.Is(out.err, web.ErrContact))
	}
	if c.cfg.AfterSession != nil {
		c.cfg.AfterSession(ctx) // also after a failed one: what was committed is to be applied
	}
	c.settings(false)
	c.lastEnd = time.Now()
	return c.keepPromise(ctx)
}

// takeSlot and freeSlot keep sessions and flash writes apart.
func (c *CPE) takeSlot(ctx context.Context) bool {
	if c.cfg.Busy == nil {
		return true
	}
	select {
	case c.cfg.Busy <- struct{}{}:
		return true
	default:
		c.setPhase(HeldOff)
	}
	select {
	case c.cfg.Busy <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (c *CPE) freeSlot() {
	if c.cfg.Busy != nil {
		<-c.cfg.Busy
	}
	if c.cfg.Transfers != nil {
		c.cfg.Transfers.SessionOver() // what was asked for with DelaySeconds 0 may start
	}
}

func (c *CPE) succeeded(r Record) {
	c.log.Info("session complete", "events", codes(r.Events), "rpcs", len(r.Calls)+r.MoreCalls)
	c.retries, c.backoff, c.lastGood = 0, 0, r.End
	c.saved.RetryCount = 0
	c.proved(c.account)
	c.trySave()
}

// failed chooses when to try again (S-30 to S-35), and in which version of CWMP.
func (c *CPE) failed(ctx context.Context, r Record, out outcome) {
	if !out.informed && !c.routed(ctx) {
		c.log.Warn("session failed, there is no route to the ACS any more", "events", codes(r.Events), "err", out.err)
		c.events.sessionFailed()
		c.due(time.Now())
		c.trySave()
		return
	}
	c.retries++
	c.backoff++
	acs := c.cfg.Settings().ACS
	wait := max(retryWait(c.backoff, acs.RetryMinWait, acs.RetryMultiplier), out.atLeast)
	c.log.Warn("session failed", "events", codes(r.Events), "err", out.err, "retry", c.retries, "in", wait.Round(time.Second))
	c.retryAt = time.Now().Add(wait)
	if !out.informed {
		c.events.sessionFailed()
		c.versionRefused(out.err)
	}
	c.saved.RetryCount = c.retries
	c.notProved(out.err, r.Why)
	c.trySave()
}

func (c *CPE) versionRefused(err error) {
	var fault *acsFault
	switch status := statusOf(err); {
	case errors.As(err, &fault) && fault.code == acsVersionIncompatible:
		c.offer.incompatible()
	case errors.As(err, &fault) && (fault.code == acsMethodNotSupported || fault.code == acsInvalidArguments),
		status == http.StatusBadRequest, status == http.StatusInternalServerError:
		c.offer.refused()
	}
}

func retryJitter() time.Duration { return time.Duration(rand.Int64N(int64(time.Second))) }

func codes(events []Event) []string {
	list := make([]string, len(events))
	for i, e := range events {
		list[i] = e.Code
	}
	return list
}

// session is what converse is on a router.
func (c *CPE) session(ctx context.Context, r *Record) outcome {
	set := c.cfg.Settings()
	if set.ACS.URL != c.url { // this moment
		c.lookAtURL()
	}
	c.account = accountOf(set.ACS)
	user, password := c.credentials()
	c.sessions++
	number, cfg := c.sessions, c.cfg.Web()
	if t := c.cfg.Trace; t != nil {
		cfg.Heads = func(req *http.Request, resp *http.Response, err error) { t.exchange(number, req, resp, err) }
	}
	conn, err := web.NewSession(cfg, set.ACS.URL, user, password)
	if err != nil {
		return outcome{err: err}
	}
	defer conn.Close() // connection and cookies end with the session (H-12)
	s := &session{cpe: c, number: number, log: c.log, http: conn, settings: set, record: r, version: c.offer.now}
	err = s.run(ctx)
	s.step(Ended)
	return outcome{err: err, atLeast: s.retryAfter, informed: s.informed, broken: s.promised != "" && !s.kept}
}

// credentials are those for the ACS; the user name has a default made of our identity (H-44).
func (c *CPE) credentials() (user, password string) {
	acs := c.cfg.Settings().ACS
	if acs.Username == "" && acs.Password != "" {
		return c.cfg.Identity().Username(), acs.Password
	}
	return acs.Username, acs.Password
}

// keep adds a record to the last twenty.
func (c *CPE) keep(r Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records = append(c.records, r)
	if len(c.records) > maxRecords {
		c.records = c.records[len(c.records)-maxRecords:]
	}
	if r.OK {
		c.status.LastSuccess = r.End
		c.status.Successes++
	} else {
		c.status.LastFailure, c.status.LastWhy = r.End, r.Why
		c.status.Failures++
	}
}

// Sessions returns what is remembered of the last sessions, the newest last.
func (c *CPE) Sessions() []Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Record(nil), c.records...)
}

// Status returns how things stand.
func (c *CPE) Status() Status {
	c.mu.Lock()
	st := c.status
	c.mu.Unlock()
	if q := c.cfg.Transfers; q != nil {
		st.Transfers = q.Entries()
	}
	return st
}

func (c *CPE) setPhase(p Phase) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Phase, c.status.Step = p, ""
	if p == InSession {
		c.status.Next = time.Time{} // it is this one
	}
}

func (c *CPE) setStep(s Step) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Step = s
}

func (c *CPE) publish(phase Phase, next time.Time) {
	events := inOrder(c.untoldEvents())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Phase, c.status.Step = phase, ""
	c.status.URL, c.status.RetryCount, c.status.Next = withoutQuery(c.url), c.retries, next
	c.status.NextPeriodic = time.Time{}
	if c.periodic.interval > 0 {
		c.status.NextPeriodic = c.periodic.due
	}
	c.status.Events = events
	c.status.Probation, c.status.GivenUp = nil, c.saved.GivenUp
	if p := c.saved.Probation; p != nil {
		left, running := c.probationLeft(time.Now())
		st := &Probation{New: withoutQuery(p.New.URL), Old: withoutQuery(p.Old.URL), Since: p.Since, Back: p.Back, Tries: p.NewTries, Why: p.Why}
		if running {
			st.Until = time.Now().Add(left)
		}
		c.status.Probation = st
	}
}
