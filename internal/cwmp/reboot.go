package cwmp

import (
	"context"
	"slices"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// orderLimit is how long the command that takes the box down may take to say that it will.
const orderLimit = 2 * time.Minute

// reboot promises a reboot after the session (3.12). "M Reboot" is on flash before the answer is, and becomes true with
// the next boot; two calls in a session are one reboot and two events.
func (s *session) reboot(_ context.Context, args *soap.Args) error {
	key := args.String("CommandKey", maxKey)
	if err := args.Err(); err != nil {
		return err
	}
	c := s.cpe
	before := slices.Clone(c.events.list)
	c.events.addHeld(Event{EventMReboot, key}, c.bootID)
	if err := s.vow(promiseReboot); err != nil {
		c.events.list = before
		return err
	}
	s.enc.Empty("RebootResponse")
	return nil
}

// factoryReset promises a return to the factory's state after the session (3.12).
func (s *session) factoryReset(_ context.Context, _ *soap.Args) error {
	if err := s.vow(promiseFactoryReset); err != nil {
		return err
	}
	s.enc.Empty("FactoryResetResponse")
	return nil
}

// vow writes down what will happen. A factory reset wins over a reboot of the same session.
func (s *session) vow(p promise) error {
	c := s.cpe
	before := s.promised
	if s.promised != promiseFactoryReset {
		s.promised = p
	}
	c.saved.Promise = s.promised
	if err := c.save(); err != nil {
		s.promised, c.saved.Promise = before, before
		return err
	}
	return nil
}

// breakPromise forgets a promise whose answer did not leave: the ACS does not count on it (S-14).
func (c *CPE) breakPromise() {
	c.saved.Promise = ""
	c.events.dropHeld()
	c.trySave()
}

// keepPromise does what was promised, after the session. It returns true when the box is on its way down.
func (c *CPE) keepPromise(ctx context.Context) bool {
	p := c.saved.Promise
	if p == "" {
		return false
	}
	c.setPhase(Leaving)
	c.log.Info("leaving as the ACS told us", "what", string(p))
	if c.cfg.Box == nil {
		c.log.Error("there is no box to reboot")
		return false
	}
	act := c.cfg.Box.Reboot
	if p == promiseFactoryReset {
		act = c.cfg.Box.FactoryReset
		c.left.Store(true) // whatever is written from now on would come back from the dead
	}
	ctx, cancel := context.WithTimeout(ctx, orderLimit)
	defer cancel()
	if err := act(ctx); err != nil {
		c.left.Store(false)
		c.saved.Promise = ""
		c.trySave()
		c.log.Error("it did not work", "what", string(p), "err", err)
		return false
	}
	if c.cfg.OnLeave != nil {
		c.cfg.OnLeave()
	}
	return true
}
