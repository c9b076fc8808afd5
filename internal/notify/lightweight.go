package notify

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strconv"
	"time"
)

const (
	lightSupported = "Device.ManagementServer.LightweightNotificationProtocolsSupported"
	lightFile      = "lightweight"    // in the store: what was last sent
	lightSaved     = 10 * time.Minute // flash is written no more often
	lightEvery     = 10 * time.Second // between messages of a value that flaps, after the first ten (N-12)
	lightBurst     = 16               // datagrams of one message; the rest goes with the next
	lightDial      = 2 * time.Second  // for the name of the receiver
	clockCheck     = time.Minute      // how late a step of the wall clock is noticed
)

// Lightweight is how lightweight notifications are sent (N-20, N-21).
type Lightweight struct {
	Enable   bool
	Host     string        // "": nowhere
	Port     int           //
	IPv4     bool          // no IPv6
	Interval time.Duration // LightweightNotificationTriggerInterval; 0: values of the levels 3 and 4 wait for a 5 or 6
	Phase    time.Time     // LightweightNotificationTriggerTime; zero: unknown

	Username, Password              string // of ManagementServer
	OUI, ProductClass, SerialNumber string
}

// A lightSender knows when to send; only loop touches it.
type lightSender struct {
	interval time.Duration
	phase    time.Time
	due      time.Time // the next trigger; zero: none
	owed     bool      // a message waits for its token
	tokens   bucket
	savedAt  time.Time
	unsaved  bool
}

// lookLightly sends what a lightweight notification is due for, and returns when to look again, and whether the ticker is
// wanted.
func (w *Watcher) lookLightly(ctx context.Context, s *lightSender) (again <-chan time.Time, ticker bool) {
	var cfg Lightweight
	if w.cfg.Lightweight != nil {
		cfg = w.cfg.Lightweight()
	}
	if !cfg.Enable || !w.anyLight() {
		s.interval, s.due, s.owed = 0, time.Time{}, false
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	s.owed = s.trigger(time.Now(), cfg) || s.owed
	found, changed, err := w.compare(ctx, lightAtOnce)
	if err == nil {
		ticker = w.wantTicker(found)
		if len(changed) > 0 || s.owed {
			found, changed, err = w.compare(ctx, light)
		}
	}
	if err != nil {
		if ctx.Err() == nil {
			w.log.Warn("notified parameters cannot be read", "err", err)
		}
		return s.timer(time.Now(), tick), true
	}
	s.owed = false
	if len(changed) > 0 {
		if wait := s.tokens.take(time.Now()); wait > 0 {
			s.owed = true
			return s.timer(time.Now(), wait), ticker
		}
		s.owed = w.sendLightly(ctx, cfg, s, found, slices.Sorted(maps.Keys(changed)))
	}
	w.saveLightly(s)
	if s.owed {
		return s.timer(time.Now(), time.Second), ticker
	}
	return s.timer(time.Now(), 0), ticker
}

func (w *Watcher) anyLight() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.attrs {
		if a.Notification != nil && light.has(*a.Notification) {
			return true
		}
	}
	return false
}

// sendLightly sends the changes and counts them as told; more is true if there were too many for one time. Without a way to
// the receiver they stay as they are until the next look.
func (w *Watcher) sendLightly(ctx context.Context, cfg Lightweight, s *lightSender, found map[string]reading, paths []string) (more bool) {
	conn, err := dialLightly(ctx, cfg)
	if err != nil {
		w.log.Warn("no way to send a lightweight notification", "err", err)
		return false
	}
	defer conn.Close()
	sent := 0
	for sent < lightBurst && len(paths) > 0 {
		datagram, n := cfg.message(time.Now(), found, paths)
		if datagram == nil {
			w.log.Warn("too long for a lightweight notification", "parameter", paths[0])
		} else if _, err := conn.Write(datagram); err != nil {
			w.log.Debug("lightweight notification", "err", err) // nobody listens, as an earlier one found out
		}
		w.toldLightly(found, paths[:n])
		paths = paths[n:]
		sent++
	}
	s.unsaved = true
	w.log.Debug("lightweight notification", "datagrams", sent, "to", conn.RemoteAddr())
	return len(paths) > 0
}

func dialLightly(ctx context.Context, cfg Lightweight) (net.Conn, error) {
	if cfg.Host == "" {
		return nil, errors.New("no host")
	}
	network := "udp"
	if cfg.IPv4 {
		network = "udp4"
	}
	return (&net.Dialer{Timeout: lightDial}).DialContext(ctx, network, cfg.address())
}

func (cfg Lightweight) address() string { return net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)) }

func (w *Watcher) toldLightly(found map[string]reading, paths []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, path := range paths {
		if _, still := w.light[path]; still {
			w.light[path] = mark(found[path].value)
		}
	}
}

// saveLightly keeps what was sent, so that after a reboot it is known what changed since. A power cut in the minutes after a
// notification makes it come twice.
func (w *Watcher) saveLightly(s *lightSender) {
	now := time.Now()
	if !s.unsaved || !s.savedAt.IsZero() && now.Sub(s.savedAt) < lightSaved {
		return
	}
	s.savedAt, s.unsaved = now, false
	if err := w.save(lightFile); err != nil {
		w.log.Error("what was notified is not saved", "err", err)
	}
}

// trigger reports whether an instant of LightweightNotificationTriggerInterval has come, and sets the next one.
func (s *lightSender) trigger(now time.Time, cfg Lightweight) (fired bool) {
	if s.interval != cfg.Interval || !s.phase.Equal(cfg.Phase) {
		s.interval, s.phase, s.due = cfg.Interval, cfg.Phase, time.Time{}
	}
	if s.interval <= 0 {
		s.due = time.Time{}
		return false
	}
	wait := s.wait(now)
	fired = !s.due.IsZero() && wait <= 0
	if s.due.IsZero() || wait <= 0 || wait > s.interval { // the last: the wall clock was set back
		s.due = s.next(now)
	}
	return fired
}

// next is the first instant after now: TriggerTime + N·interval where that is known (N-21). In seconds: it may be further
// away than a Duration can say.
func (s *lightSender) next(now time.Time) time.Time {
	if s.phase.IsZero() {
		return now.Add(s.interval)
	}
	step := max(int64(s.interval/time.Second), 1)
	since := (now.Unix() - s.phase.Unix()) % step
	if since < 0 {
		since += step
	}
	return time.Unix(now.Unix()+step-since, 0)
}

func (s *lightSender) wait(now time.Time) time.Duration {
	if !s.phase.IsZero() {
		now = now.Round(0) // the wall clock
	}
	return s.due.Sub(now)
}

// timer fires at the next instant, or earlier after wait if that is not 0; nil if there is neither.
func (s *lightSender) timer(now time.Time, wait time.Duration) <-chan time.Time {
	if !s.due.IsZero() {
		next := max(s.wait(now), time.Millisecond)
		if !s.phase.IsZero() {
			next = min(next, clockCheck)
		}
		if wait == 0 || next < wait {
			wait = next
		}
	}
	if wait == 0 {
		return nil
	}
	return time.After(wait)
}
