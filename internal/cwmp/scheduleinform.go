package cwmp

import (
	"context"
	"slices"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// maxSchedules is how many ScheduleInforms may wait; further ones are 9004.
const maxSchedules = 64

// scheduleInform orders an Inform for later (3.11). It is on flash, with the time of day, before it is answered.
func (s *session) scheduleInform(_ context.Context, args *soap.Args) error {
	delay := args.Uint("DelaySeconds")
	key := args.String("CommandKey", maxKey)
	if err := args.Err(); err != nil {
		return err
	}
	if delay == 0 {
		return faultf(invalidArguments, "DelaySeconds is 0")
	}
	c := s.cpe
	if len(c.saved.Schedules) >= maxSchedules {
		return faultf(resourcesExceeded, "%d informs are scheduled already", maxSchedules)
	}
	before := c.saved.Schedules
	c.saved.Schedules = append(slices.Clone(before), schedule{time.Now().Add(time.Duration(delay) * time.Second), key})
	if err := c.save(); err != nil {
		c.saved.Schedules = before
		return err
	}
	s.enc.Empty("ScheduleInformResponse")
	return nil
}

// takeScheduled turns the schedules that have come into events; those of the time we were off come at once.
func (c *CPE) takeScheduled(now time.Time) bool {
	var later []schedule
	for _, s := range c.saved.Schedules {
		if s.At.After(now) {
			later = append(later, s)
			continue
		}
		c.events.add(Event{Code: EventScheduled})
		c.events.add(Event{EventMScheduleInform, s.CommandKey})
	}
	if len(later) == len(c.saved.Schedules) {
		return false
	}
	c.saved.Schedules = later
	c.trySave()
	return true
}
