package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/system"
)

// apply puts a fetched file in force, while no session runs. It is nil when we are stopped before the end, or waiting ends
// before it could begin.
func (q *Queue) apply(ctx, waiting context.Context, e entry, f *file) *ending {
	firmware := e.Request.FileType == TypeFirmware
	if firmware {
		if err := q.testImage(waiting, f); err != nil {
			return unlessStopped(waiting, endOf(err))
		}
	}
	if !q.takeBusy(waiting) {
		return nil
	}
	defer q.freeBusy()
	err := q.update(e.ID, func(e *entry) {
		e.State, e.Boot = Applying, q.cfg.Box.BootID()
		if firmware {
			e.Was, e.Wants = q.version(), imageVersion(f.real)
		}
	})
	switch {
	case err != nil:
		// Not to be done: after the reboot it would be done again, and again.
		return &ending{Internal, "cannot be saved", err}
	case firmware:
		return q.upgrade(ctx, f)
	}
	return q.configure(ctx, e, f)
}

// unlessStopped is nil when ctx is over: what failed then may have failed of that.
func unlessStopped(ctx context.Context, end *ending) *ending {
	if ctx.Err() != nil {
		return nil
	}
	return end
}

// testImage asks sysupgrade whether it would take the image (R-78, Z-38).
func (q *Queue) testImage(ctx context.Context, f *file) error {
	err := q.cfg.Box.TestImage(ctx, f.name)
	var refused *system.ImageError
	if !errors.As(err, &refused) {
		return err
	}
	q.log.Warn("sysupgrade refuses the image", "output", clip(refused.Output))
	if blamesSignature(refused.Output) {
		return fmt.Errorf("%w: %w", errSignature, err)
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// blamesSignature tells whether nothing but the signature is wrong with an image: sysupgrade also mentions a missing
// one where none is needed.
func blamesSignature(output string) bool {
	s := strings.ToLower(output)
	for _, other := range []string{"metadata", "device", "supported", "magic", "invalid image"} {
		if strings.Contains(s, other) {
			return false
		}
	}
	return strings.Contains(s, "signature")
}

func clip(s string) string {
	if len(s) > 500 {
		return s[:500] + "…"
	}
	return s
}

func (q *Queue) takeBusy(ctx context.Context) bool {
	if q.cfg.Busy == nil {
		return true
	}
	select {
	case q.cfg.Busy <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (q *Queue) freeBusy() {
	if q.cfg.Busy != nil {
		<-q.cfg.Busy
	}
}

// upgrade writes the firmware. When it goes well nothing after it matters: the box restarts, and the next life judges.
func (q *Queue) upgrade(ctx context.Context, f *file) *ending {
	f.inUse = true // also when we are stopped: that is how an upgrade begins
	if err := q.cfg.Box.Upgrade(ctx, f.name, q.cfg.Keep == nil || q.cfg.Keep()); err != nil {
		f.inUse = ctx.Err() != nil
		return unlessStopped(ctx, &ending{reason: Failed, err: err})
	}
	q.leave()
	if !q.stillHere(ctx) {
		return nil
	}
	f.inUse = false
	return &ending{reason: Failed, msg: "sysupgrade did not restart the box"}
}

// configure applies a configuration file.
func (q *Queue) configure(ctx context.Context, e entry, f *file) *ending {
	reboot, err := q.cfg.Apply(ctx, e.public(), f.real)
	if err != nil {
		return unlessStopped(ctx, endOf(err))
	}
	if !reboot {
		return &ending{}
	}
	if err := q.update(e.ID, func(e *entry) { e.Rebooting = true }); err != nil {
		q.log.Warn("applied, but not saved", "err", err)
	}
	if err := q.cfg.Box.Reboot(ctx); err != nil {
		return &ending{msg: "applied, but the box does not reboot", err: err}
	}
	q.leave()
	if !q.stillHere(ctx) {
		return nil
	}
	return &ending{msg: "applied, but the box did not reboot"}
}

func (q *Queue) leave() {
	if q.cfg.OnLeaving != nil {
		q.cfg.OnLeaving()
	}
}

// stillHere waits for the end of this life and reports that it did not come.
func (q *Queue) stillHere(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(upgradeWait):
		return true
	}
}
