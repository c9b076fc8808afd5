package cwmp

import (
	"context"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/model"
)

const delayRebootPath = "Device.ManagementServer.DelayReboot"

// lateRestart is how much later than ScheduleReboot a reboot still is the one that was ordered: a box that was off then,
// or learns the time only now, does not make up for it.
const lateRestart = 2 * time.Minute

// A restart is a reboot that the parameters ScheduleReboot or DelayReboot order (9.9). Unlike the RPC Reboot it is told by
// "1 BOOT" alone.
type restart struct {
	delay   int       // as last seen
	after   time.Time // monotonic; zero: none
	at      time.Time // wall clock; zero: none
	ordered string    // the text of at
}

// orderRestart takes over the two parameters, after the session that set them. DelayReboot is true for the boot that it
// was set in alone: found at the start of another one it is set back, and nothing is done.
func (c *CPE) orderRestart(now time.Time, set config.CPE, first bool) {
	r := &c.restart
	if set.DelayReboot != r.delay || first {
		r.delay, r.after = set.DelayReboot, time.Time{}
		switch {
		case r.delay < 0:
			c.saved.DelayBoot = ""
		case first && c.saved.DelayBoot != c.bootID:
			c.resetDelayReboot()
		default:
			r.after = now.Add(time.Duration(r.delay) * time.Second)
			c.saved.DelayBoot = c.bootID
		}
		c.trySave()
	}
	if set.ScheduleReboot == r.ordered {
		return
	}
	r.ordered, r.at = set.ScheduleReboot, parsePhase(set.ScheduleReboot)
	if r.ordered == c.saved.RestartedAt || r.at.Before(now) && c.clockSet() {
		r.at = time.Time{} // done, or past
	}
}

// restartDue reports that the box is to reboot now.
func (c *CPE) restartDue(now time.Time) bool {
	r := &c.restart
	if !r.after.IsZero() && !now.Before(r.after) {
		r.after = time.Time{}
		return true
	}
	if late := now.Sub(r.at); r.at.IsZero() || late < 0 || !c.clockSet() {
		return false
	} else if r.at = (time.Time{}); late > lateRestart {
		return false
	}
	c.saved.RestartedAt = r.ordered // before it is done: a clock that is behind after the boot must not do it again
	return true
}

// wait is how long it is until something may be due.
func (r *restart) wait(now time.Time) time.Duration {
	wait := 24 * time.Hour
	if !r.after.IsZero() {
		wait = min(wait, r.after.Sub(now))
	}
	if !r.at.IsZero() {
		wait = min(wait, clockCheck)
		if left := r.at.Sub(now); left > 0 { // else the clock is not set
			wait = min(wait, left)
		}
	}
	return wait
}

// rebootNow reboots between two sessions; the caller holds the slot. It returns true when the box is on its way down.
func (c *CPE) rebootNow(ctx context.Context) bool {
	c.resetDelayReboot()
	c.saved.Promise = promiseReboot
	if err := c.save(); err != nil {
		c.log.Error("no reboot: it could not be remembered that it was done", "err", err)
		c.saved.Promise = ""
		return false
	}
	return c.keepPromise(ctx)
}

// resetDelayReboot sets the parameter back to "none", as it is after each boot. That it does not work is no harm: at the
// start of a boot it means nothing.
func (c *CPE) resetDelayReboot() {
	if c.cfg.Tree == nil || c.restart.delay < 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	tx, err := c.cfg.Tree.Begin(ctx, model.FromSelf)
	if err == nil {
		defer tx.Close()
		if err = tx.Set(ctx, delayRebootPath, "-1", model.BaseAny); err == nil {
			_, err = tx.Commit(ctx)
		}
	}
	if err != nil {
		c.log.Warn("DelayReboot cannot be set back", "err", err)
	}
}
