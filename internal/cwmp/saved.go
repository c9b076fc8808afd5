package cwmp

import (
	"bytes"
	"errors"
	"io/fs"
	"time"

	"github.com/cwmpd/cwmpd/internal/json"
)

// savedName is the state file of this package.
const savedName = "session"

// saved is what survives a reboot (section 8).
type saved struct {
	BootID       string         // the boot whose "1 BOOT" the ACS was told of (E-7)
	Bootstrapped string         // the ACS URL whose "0 BOOTSTRAP" was answered (E-7)
	Events       []pendingEvent `json:",omitempty"`
	Schedules    []schedule     `json:",omitempty"`
	RetryCount   uint32         `json:",omitempty"` // best effort (S-34)
	Promise      promise        `json:",omitempty"`
	DelayBoot    string         `json:",omitempty"` // the boot in which DelayReboot was set (9.9)
	RestartedAt  string         `json:",omitempty"` // the ScheduleReboot that was done
	ACS          knowledge      `json:",omitzero"`
	DUChanges    []duChange     `json:",omitempty"` // whose ends the ACS does not know yet
	Good         Account        // of the last session that was complete; before there is one, that answered Inform
	Probation    *probation     `json:",omitempty"` // of an ACS that was not heard of yet
	GivenUp      *GivenUp       `json:",omitempty"`
	Refused      map[string]int `json:",omitempty"` // transfer id → sessions in which TransferComplete was refused (S-20)
}

// A schedule is one ScheduleInform that has not come yet (3.11).
type schedule struct {
	At         time.Time
	CommandKey string
}

// A promise is what the ACS was told will happen after the session.
type promise string

const (
	promiseReboot       promise = "reboot"
	promiseFactoryReset promise = "factory reset"
)

// load reads the state of the last run. A broken file counts as none: then "0 BOOTSTRAP" is sent again (P-2).
func (c *CPE) load() {
	if c.cfg.Store == nil {
		return
	}
	if err := c.cfg.Store.Load(savedName, &c.saved); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.log.Warn("state of the sessions is lost, starting as if new", "err", err)
		c.saved = saved{}
	}
	c.loadReports()
	for _, p := range c.saved.Events {
		p.durable = true
		c.events.put(p)
	}
	if p := c.saved.Probation; p != nil && p.Kept != nil {
		for _, e := range p.Kept.Events {
			e.durable = true
			c.keptEvents.put(e)
		}
	}
	c.retries = c.saved.RetryCount
	c.onFlash, c.flashedRetries = c.saved.text(), c.saved.RetryCount
}

// save brings the state onto flash when it differs from what is there. It must have returned before the ACS hears of
// what it holds (E-4).
func (c *CPE) save() error {
	if c.cfg.Store == nil || c.left.Load() {
		return nil
	}
	c.saved.Events = c.events.durableOnes()
	if p := c.saved.Probation; p != nil && p.Kept != nil {
		p.Kept.Events = c.keptEvents.durableOnes()
	}
	text := c.saved.text()
	stale := c.flashedRetries > 0 && c.saved.RetryCount == 0
	if bytes.Equal(text, c.onFlash) && !stale {
		return nil
	}
	if err := c.cfg.Store.Save(savedName, c.saved); err != nil {
		return err
	}
	c.onFlash, c.flashedRetries = text, c.saved.RetryCount
	return nil
}

// text is what decides whether the flash is written: the number of retries alone, which grows for as long as an ACS is
// down, is not worth it.
func (s saved) text() []byte {
	s.RetryCount, s.Probation = 0, s.Probation.unworn()
	text, _ := json.Marshal(s) // strings, numbers and times: it cannot fail
	return text
}

// trySave is save for where nobody can be told; the next save tries again.
func (c *CPE) trySave() {
	if err := c.save(); err != nil {
		c.log.Error("state of the sessions cannot be saved", "err", err)
	}
}
