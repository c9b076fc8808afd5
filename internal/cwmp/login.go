package cwmp

import (
	"net/http"
	"time"
)

// A user name or password that was changed without the URL is on probation too: whoever set it may not know that the ACS
// does not. The ACS is the same, so nothing is put aside, and it has no turn to take before it refuses: only what passes while it
// answers with 401 counts. Then the one before is back, and where that is refused as well they take turns.

// ofLogin reports whether the two accounts are of one ACS.
func (p *probation) ofLogin() bool { return p != nil && sameURL(p.New.URL, p.Old.URL) }

// lookAtLogin finds out whether it is another user name or password than in the last session that was complete.
func (c *CPE) lookAtLogin(acs Account) {
	p, old := c.saved.Probation, c.saved.Good
	switch {
	case p.ofLogin() && p.Writing && acs == *p.other():
		c.arrive()
	case p.ofLogin() && acs == *p.asked(), p != nil && !p.ofLogin(), c.probationTime() == 0, !sameURL(old.URL, acs.URL):
		return
	case acs == old:
		if p == nil {
			return
		}
		c.saved.Probation = nil // by somebody's hand
	default:
		c.log.Warn("the user name or the password for the ACS is another one, on probation", "url", withoutQuery(acs.URL))
		c.saved.Probation = &probation{New: acs, Old: old, Since: time.Now().Truncate(time.Second)}
	}
	c.tried = time.Time{}
	if !c.retryAt.IsZero() { // the other one was refused
		c.backoff, c.retryAt = 0, time.Time{}
		c.due(time.Now())
	}
	c.trySave()
}

// notTaken: a session failed while a login is on probation.
func (c *CPE) notTaken(err error) {
	p := c.saved.Probation
	if statusOf(err) != http.StatusUnauthorized {
		c.count(time.Now(), false)
		p.Tries = 0
		return
	}
	p.Tries++
	c.count(time.Now(), true)
	if !p.Back {
		p.NewTries++
		p.Why = clip(err.Error(), 256)
	}
}
