package cwmp

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/notify"
)

// lookAtURL finds out whether the ACS is another one than the one that had our "0 BOOTSTRAP". If so, what was to be told to
// the old one is put aside while the new one is on probation, or dropped where there is none (E-3).
func (c *CPE) lookAtURL() {
	acs := accountOf(c.cfg.Settings().ACS)
	p := c.saved.Probation
	if p != nil && c.probationTime() == 0 { // the owner has switched it off: whoever is asked is the ACS
		c.forgetKept(p.Kept)
		p, c.saved.Probation = nil, nil
		c.trySave()
	}
	if acs.URL == c.url || p.ofLogin() && sameURL(acs.URL, p.New.URL) {
		c.url = acs.URL
		c.lookAtLogin(acs)
		return
	}
	c.url = acs.URL
	known := sameURL(acs.URL, c.saved.Bootstrapped) && !c.events.has(EventBootstrap)
	switch {
	case acs.URL == "":
		return
	case p == nil && known:
		c.lookAtLogin(acs)
		return
	case p != nil && p.Writing && sameURL(acs.URL, p.other().URL):
		c.arrive()
	case p != nil && sameURL(acs.URL, p.asked().URL): // after a restart
		if p.Back || known {
			return
		}
	case p != nil && !p.Back && sameURL(acs.URL, p.Old.URL): // by somebody's hand
		c.unpark()
		c.saved.Probation = nil
	default:
		c.leaveACS(acs)
		c.retries, c.saved.RetryCount = 0, 0
	}
	if !sameURL(acs.URL, c.saved.Bootstrapped) || c.events.has(EventBootstrap) {
		c.log.Info("first contact with this ACS", "url", withoutQuery(acs.URL))
		c.events.add(Event{Code: EventBootstrap})
	}
	if c.booted {
		c.addBoot()
	}
	c.backoff, c.retryAt = 0, time.Time{}
	c.offer.now, c.offer.failures = c.offer.top, 0
	c.due(time.Now())
	c.trySave()
}

// discard drops every undelivered event with what belongs to it, and those that were to come by order of the old ACS.
func (c *CPE) discard() {
	c.events.list, c.saved.Schedules, c.saved.DUChanges = nil, nil, nil
	c.mu.Lock()
	c.asked = nil
	c.mu.Unlock()
	c.dropReports(c.reportIDs()...)
	for _, r := range c.doneTransfers() {
		c.forgetTransfer(r)
	}
	c.dropChanges()
}

// dropChanges makes the values of now those that the ACS knows.
func (c *CPE) dropChanges() {
	if w := c.cfg.Notify; w != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := w.Ack(c.pendingChanges(ctx)); err != nil {
			c.log.Error("changes of values cannot be dropped", "err", err)
		}
	}
}

func (c *CPE) pendingChanges(ctx context.Context) []notify.Change {
	if c.cfg.Notify == nil {
		return nil
	}
	changes, err := c.cfg.Notify.Pending(ctx)
	if err != nil {
		c.log.Warn("changes of values cannot be found", "err", err)
	}
	return changes
}

// sameURL reports whether two URLs name one ACS: host and scheme in any case, the default port said or not (E-7).
func sameURL(a, b string) bool { return a == b || normal(a) == normal(b) }

func normal(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		port = ""
	}
	u.Host = host + ":" + port
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String()
}

func withoutQuery(url string) string {
	url, _, _ = strings.Cut(url, "?")
	return url
}
