package cwmp

import (
	"cmp"
	"context"
	"errors"
	"math/bits"
	"slices"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
)

// An Account is how an ACS is reached. The three belong together: an ACS that hands us over to another one sets them all.
type Account struct{ URL, Username, Password string }

func accountOf(a config.ACS) Account { return Account{a.URL, a.Username, a.Password} }

const (
	maxTurns   = 5           // each turn is twice as long as the one before, this often
	writeAgain = time.Minute // after a configuration that could not be written
)

// A probation is the time that a new ACS has to complete a session (K-20). What the old one is owed is kept until then: only an
// ACS that completed a session is the ACS (E-3). If it never does, the old one is put back into the configuration, with
// its credentials, in one commit. So ManagementServer.URL reads the ACS that is asked, never one that is given up; to the old
// ACS, which set the other value, that is a value change like any.
//
// Nobody knows then whether the new URL is wrong or the whole world was out of reach, so the old one is on probation as well: if it
// does not complete a session either, the new one has another turn, and so on, each turn longer than the last, until one
// of them does (K-21: a URL that is merely unreachable is not lost). Then the other is forgotten; a new URL that failed
// while the old one worked is not tried again before somebody sets it again.
//
// The time of a turn is counted while sessions can be held: not while CWMP is disabled or no route is there, and not while the box is
// off. It is on flash in doubling steps.
type probation struct {
	New, Old Account // Old completed a session, as it is here; New did not yet
	Since    time.Time
	Back     bool   `json:",omitempty"` // New did not in its time, and Old is asked
	Writing  bool   `json:",omitempty"` // the other one is to be put into the configuration, or was
	Turns    int    `json:",omitempty"` // how often it went from one to the other
	Spent    int64  `json:",omitempty"` // seconds of this turn
	Tries    int    `json:",omitempty"` // sessions that failed in this turn
	NewTries int    `json:",omitempty"` // sessions with New that failed, in all turns
	Why      string `json:",omitempty"` // how the last one of them ended
	Kept     *dues  `json:",omitempty"` // what Old is owed; nil while it is asked itself
}

// A GivenUp is an ACS that did not complete a session while on probation, where the one before it did.
type GivenUp struct {
	URL   string // without a query
	At    time.Time
	Tries int
	Why   string // how the last try ended
}

// asked and other are the ACS whose turn it is, and the other one.
func (p *probation) asked() *Account {
	if p.Back {
		return &p.Old
	}
	return &p.New
}

func (p *probation) other() *Account {
	if p.Back {
		return &p.New
	}
	return &p.Old
}

// unworn is p as it counts for whether the flash is written.
func (p *probation) unworn() *probation {
	if p == nil {
		return nil
	}
	q := *p
	q.Spent, q.Tries, q.NewTries, q.Why = int64(bits.Len64(uint64(p.Spent/60))), min(p.Tries, 1), 0, ""
	if p.ofLogin() { // they come and go
		q.Tries = 0
	}
	return &q
}

// probationTime is how long a new ACS may take, 0 for as long as it likes.
func (c *CPE) probationTime() time.Duration {
	if c.cfg.SwitchACS == nil {
		return 0
	}
	return c.cfg.Settings().ACS.Probation
}

func (c *CPE) turnTime() time.Duration {
	return c.probationTime() << min(c.saved.Probation.Turns, maxTurns)
}

// leaveACS begins with an ACS that is not the one we know.
func (c *CPE) leaveACS(to Account) {
	p := c.saved.Probation
	old := c.saved.Good
	if p != nil {
		old = p.Old
	}
	if c.probationTime() == 0 || old.URL == "" || sameURL(old.URL, to.URL) {
		c.saved.Probation, c.tried = nil, time.Time{}
		c.discard()
		return
	}
	var kept *dues
	if p != nil {
		kept = p.Kept // New came and went, and Old is owed what it was
	}
	c.saved.Probation = &probation{New: to, Old: old, Since: time.Now().Truncate(time.Second), Kept: kept}
	c.tried = time.Time{}
	c.park()
	c.log.Warn("the ACS is another one, on probation", "url", withoutQuery(to.URL), "before", withoutQuery(old.URL), "within", c.probationTime())
}

// count keeps the time of the turn: it runs while sessions can be held.
func (c *CPE) count(now time.Time, running bool) {
	p := c.saved.Probation
	switch {
	case p == nil:
		c.tried = time.Time{}
		return
	case !c.tried.IsZero():
		if gone := int64(now.Sub(c.tried) / time.Second); gone > 0 {
			p.Spent += gone
			c.tried = c.tried.Add(time.Duration(gone) * time.Second)
		}
	}
	switch {
	case !running, p.ofLogin() && p.Tries == 0:
		c.tried = time.Time{}
	case c.tried.IsZero():
		c.tried = now
	}
}

// countNoRoute stops the time of the turn. Since when in the last wait there was no route nobody knows: half a turn is left.
func (c *CPE) countNoRoute(now time.Time) {
	c.count(now, false)
	if p := c.saved.Probation; p != nil {
		p.Spent = min(p.Spent, int64(c.turnTime()/time.Second)/2)
	}
}

// probationLeft is how long the ACS of this turn still has, and whether that time runs at all.
func (c *CPE) probationLeft(now time.Time) (left time.Duration, running bool) {
	p := c.saved.Probation
	switch {
	case p == nil:
		return 0, false
	case p.Writing:
		return c.writeAt.Sub(now), true
	case p.Tries == 0 || c.tried.IsZero():
		return 0, false
	}
	return max(c.turnTime()-time.Duration(p.Spent)*time.Second-now.Sub(c.tried), c.writeAt.Sub(now)), true
}

// takeProbation goes over to the other ACS when the time of this one is up.
func (c *CPE) takeProbation(ctx context.Context, now time.Time) {
	left, running := c.probationLeft(now)
	if !running || left > 0 {
		return
	}
	p := c.saved.Probation
	if !p.Writing && !c.routed(ctx) { // that is nobody's fault
		c.countNoRoute(now)
		return
	}
	if configured := accountOf(c.cfg.Settings().ACS); sameURL(configured.URL, p.asked().URL) {
		*p.asked() = configured // credentials may have been corrected meanwhile
	}
	from, to := *p.asked(), *p.other()
	if !p.Writing {
		msg := "the ACS completed no session in its time, the other one is asked again"
		if p.ofLogin() {
			msg = "the ACS refuses the user name or the password, the other ones are tried again"
		}
		c.log.Warn(msg,
			"url", withoutQuery(from.URL), "other", withoutQuery(to.URL), "tries", p.Tries, "last", cmp.Or(c.lastWhy(), p.Why))
	}
	p.Writing = true
	err := c.save()
	if err == nil {
		err = c.cfg.SwitchACS(from, to)
	}
	if err == nil {
		if c.lookAtURL(); p.Writing {
			err = errors.New("the configuration stays as it was")
		}
	}
	if err != nil {
		c.log.Error("the ACS cannot be changed back", "url", withoutQuery(to.URL), "err", err)
		c.writeAt = now.Add(writeAgain)
	}
}

// arrive begins the turn of the other ACS, which is in the configuration now.
func (c *CPE) arrive() {
	p := c.saved.Probation
	p.Back, p.Writing, p.Spent, p.Tries = !p.Back, false, 0, 0
	p.Turns++
	c.tried = time.Time{}
	switch {
	case p.ofLogin():
	case p.Back:
		c.unpark()
	default:
		c.park()
	}
}

// proved: an ACS completed a session.
func (c *CPE) proved(acs Account) {
	p := c.saved.Probation
	c.saved.Probation, c.saved.Good = nil, acs
	switch {
	case p == nil:
		return
	case p.Back:
		c.saved.GivenUp = &GivenUp{URL: withoutQuery(p.New.URL), At: time.Now().Truncate(time.Second), Tries: p.NewTries, Why: p.Why}
		msg := "the new ACS is given up, the one before it answers"
		if p.ofLogin() {
			msg = "the new user name or password is given up, those before are taken"
		}
		c.log.Warn(msg, "url", c.saved.GivenUp.URL, "last", p.Why)
	default:
		c.saved.GivenUp = nil
		c.log.Info("the new ACS has proved itself", "url", withoutQuery(acs.URL))
		c.forgetKept(p.Kept)
	}
	c.tried = time.Time{}
	if c.untold() { // a transfer that the old ACS ordered, and that ended meanwhile
		c.due(time.Now())
	}
}

// notProved: a session failed.
func (c *CPE) notProved(err error, why string) {
	p := c.saved.Probation
	if p == nil {
		return
	}
	if p.ofLogin() {
		c.notTaken(err)
		return
	}
	p.Tries++
	if !p.Back {
		p.NewTries++
		p.Why = clip(why, 256)
	}
	c.count(time.Now(), true)
}

func (c *CPE) lastWhy() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status.LastWhy
}

// dues is what one ACS is owed and another must not get.
type dues struct {
	Bootstrapped string
	BootID       string         // the boot of the last "1 BOOT" that it had
	Events       []pendingEvent `json:",omitempty"` // the durable ones; all of them are in CPE.keptEvents
	Schedules    []schedule     `json:",omitempty"`
	DUChanges    []duChange     `json:",omitempty"`
	Transfers    []string       `json:",omitempty"` // IDs of all that were in the queue
	Done         []string       `json:",omitempty"` // of those, the ones that had ended
	Reports      []string       `json:",omitempty"` // IDs of those that were there
}

// park puts aside what is owed, to what was put aside before.
func (c *CPE) park() {
	p := c.saved.Probation
	first := p.Kept == nil
	if first {
		p.Kept = &dues{Bootstrapped: c.saved.Bootstrapped, BootID: c.saved.BootID}
		c.keptEvents = eventList{}
	}
	k := p.Kept
	c.keptEvents.join(c.events.list)
	k.Schedules = append(k.Schedules, c.saved.Schedules...)
	k.DUChanges = append(k.DUChanges, c.saved.DUChanges...)
	k.Reports = c.reportIDs()
	if q := c.cfg.Transfers; q != nil {
		k.Transfers, k.Done = nil, nil
		for _, e := range q.Entries() {
			k.Transfers = append(k.Transfers, e.ID)
		}
		for _, r := range q.Done() {
			k.Done = append(k.Done, r.ID)
		}
	}
	c.mu.Lock()
	c.keptAsked, c.asked = append(c.keptAsked, c.asked...), nil
	c.mu.Unlock()
	if first && c.cfg.Notify != nil {
		if err := c.cfg.Notify.Keep(); err != nil {
			c.log.Error("what the old ACS knows of the values cannot be kept", "err", err)
		}
	}
	c.events.list, c.saved.Schedules, c.saved.DUChanges = nil, nil, nil
	c.trySave() // before the values count as known to the new one
	c.dropChanges()
}

// unpark takes back what was put aside. What came up meanwhile is owed too.
func (c *CPE) unpark() {
	k := c.saved.Probation.Kept
	if k == nil {
		return
	}
	if c.cfg.Notify != nil {
		if err := c.cfg.Notify.Restore(); err != nil {
			c.log.Error("what the old ACS knows of the values cannot be restored", "err", err)
		}
	}
	c.keptEvents.join(c.events.list)
	c.events, c.keptEvents = c.keptEvents, eventList{}
	c.saved.Bootstrapped, c.saved.BootID = k.Bootstrapped, k.BootID
	c.saved.Schedules = append(k.Schedules, c.saved.Schedules...)
	c.saved.DUChanges = append(k.DUChanges, c.saved.DUChanges...)
	c.mu.Lock()
	c.asked, c.keptAsked = append(c.keptAsked, c.asked...), nil
	c.mu.Unlock()
	c.saved.Probation.Kept = nil
}

// forgetKept drops what the old ACS was owed. What it ordered and has not ended yet stays ordered; the new one hears of
// the end.
func (c *CPE) forgetKept(k *dues) {
	c.keptEvents = eventList{}
	c.mu.Lock()
	c.keptAsked = nil
	c.mu.Unlock()
	if k == nil {
		return
	}
	c.dropReports(k.Reports...)
	for _, r := range c.doneTransfers() {
		if slices.Contains(k.Done, r.ID) {
			c.forgetTransfer(r)
		}
	}
}

// hidden reports whether a transfer is the matter of the old ACS, which is not asked now.
func (c *CPE) hidden(id string) bool {
	p := c.saved.Probation
	return p != nil && p.Kept != nil && slices.Contains(p.Kept.Transfers, id)
}

// join takes over events of another list, but for those that are found anew with every ACS or are not retried.
func (l *eventList) join(list []pendingEvent) {
	for _, e := range list {
		switch e.Code {
		case EventBootstrap, EventBoot, EventConnectionRequest, EventHeartbeat:
			continue
		}
		if multiple(e.Code) || e.HeldBoot != "" || !l.has(e.Code) {
			l.put(e)
		}
	}
}
