package connreq

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sort"
	"time"

	"github.com/cwmpd/cwmpd/internal/slog"
)

const (
	stunPort      = 3478
	stunRetry     = 30 * time.Second // after a failure, doubled with each further one
	stunRetryMost = time.Hour
	resolveAgain  = time.Hour   // names may get other addresses
	publishPause  = time.Minute // between two mappings that are made known (Z-44)
)

// STUNSettings are what the ACS sets, and the host of its URL in Server if it set no server.
type STUNSettings struct {
	Enable             bool
	Server             string // host name or IPv4 address; "": STUN does nothing
	Port               int    // 0 means 3478
	Username, Password string
	Min, Max           time.Duration // STUNMinimumKeepAlivePeriod, STUNMaximumKeepAlivePeriod; Max < 0 means none
}

// binding is what STUN found out.
type binding struct {
	mapped, local, server netip.AddrPort
}

// stun keeps a mapping alive. All of it belongs to the goroutine of run.
type stun struct {
	log      *slog.Logger
	settings func() STUNSettings
	publish  func(*binding)
	tried    func() // the first server has answered or does not, or there is none
	primary  *link  // the socket that listens for connection requests (C-30)
	second   func() (*link, error)
	lookup   func(ctx context.Context, host string) ([]netip.Addr, error)
	route    func(to netip.AddrPort) netip.Addr
	again    chan struct{} // one slot: look at everything anew

	told      binding // to the server, by BINDING-CHANGE
	shown     binding // by publish
	shownAt   time.Time
	lastError string
	way       way // that periods is about
	periods   *lifetime
}

// way is all that the lifetime of a mapping may depend on.
type way struct {
	set           STUNSettings
	server, local netip.AddrPort
}

// peer is the server that we talk to, and what it has taught us.
type peer struct {
	set    STUNSettings
	server netip.AddrPort
	since  time.Time // when its name was resolved
	signs  bool      // it wants signed requests
	cookie bool      // it answers only to ids that begin with the magic cookie
}

// errAgain ends a conversation that has to begin anew.
var errAgain = errors.New("the settings or our address have changed")

// look makes run look at the settings, and for our mapping, at once.
func (s *stun) look() {
	select {
	case s.again <- struct{}{}:
	default:
	}
}

// run keeps our mapping alive until ctx ends, while STUN is enabled.
func (s *stun) run(ctx context.Context) {
	failures, cookie := 0, false
	for ctx.Err() == nil {
		set := s.settings()
		if !set.Enable || set.Server == "" {
			s.forget()
			s.tried()
			failures = 0
			s.sleep(ctx, -1)
			continue
		}
		answered, err := s.converse(ctx, set, failures, cookie)
		s.tried()
		if answered {
			failures, s.lastError = 0, ""
		}
		if errors.Is(err, errAgain) || ctx.Err() != nil {
			continue
		}
		failures++
		cookie = errors.Is(err, errSilent) && !cookie
		if text := err.Error(); text != s.lastError {
			s.log.Warn("STUN", "server", set.Server, "err", text)
			s.lastError = text
		}
		if s.sleep(ctx, backOff(failures)) != nil {
			failures = 0 // somebody says that things have changed
		}
	}
}

// backOff doubles from half a minute to an hour; a tenth is left to chance, so that not all devices come back at once.
func backOff(failures int) time.Duration {
	wait := min(stunRetry<<min(failures-1, 10), stunRetryMost)
	return wait - rand.N(wait/10)
}

// forget withdraws what is known.
func (s *stun) forget() {
	if s.shown != (binding{}) || s.told != (binding{}) {
		s.publish(nil)
	}
	s.told, s.shown, s.shownAt, s.lastError = binding{}, binding{}, time.Time{}, ""
}

// sleep waits; errAgain says that it was cut short. A negative time has no end.
func (s *stun) sleep(ctx context.Context, d time.Duration) error {
	var timeout <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.again:
		return errAgain
	case <-timeout:
		return nil
	}
}

// converse finds the server, one of its addresses for each attempt, and keeps talking to it until it is silent or
// something has changed. answered says whether it ever said something useful.
func (s *stun) converse(ctx context.Context, set STUNSettings, attempt int, cookie bool) (answered bool, err error) {
	servers, err := s.resolve(ctx, set)
	if err != nil {
		return false, err
	}
	p := &peer{set: set, server: servers[attempt%len(servers)], since: time.Now(), cookie: cookie}
	mapped, err := s.bind(ctx, p, false)
	if err != nil {
		return false, err
	}
	var periods *lifetime
	for {
		if err := s.learn(ctx, p, mapped); err != nil {
			return true, err
		}
		s.tried()
		if periods == nil {
			periods = s.lifetimeOn(p)
		}
		wait, try := periods.next()
		if err := s.keep(ctx, p, wait); err != nil {
			return true, err
		}
		lived := true
		if try {
			var able bool
			if lived, able, err = s.lives(ctx, p, mapped); err != nil {
				return true, err
			}
			if wait == 0 || !able {
				periods.tried(0, lived)
			}
			if wait == 0 {
				continue // a moment ago our own socket has sent, and may not yet again
			}
		}
		before := mapped
		if mapped, err = s.bind(ctx, p, false); err != nil {
			return true, err
		}
		switch { // only now is it sure that the server lives
		case try:
			periods.tried(wait, lived)
		case mapped != before:
			periods.lost()
		}
		if time.Since(p.since) >= resolveAgain {
			if servers, err := s.resolve(ctx, set); err == nil && !slices.Contains(servers, p.server) {
				return true, errAgain
			}
			p.since = time.Now()
		}
	}
}

// keep waits until it is time to send. A mapping that was not to be made known yet is on the way.
func (s *stun) keep(ctx context.Context, p *peer, wait time.Duration) error {
	for deadline := time.Now().Add(wait); ; {
		left := time.Until(deadline)
		pause := publishPause - time.Since(s.shownAt)
		late := s.shown != s.told && pause <= left
		if late {
			left = pause
		}
		switch err := s.sleep(ctx, left); {
		case errors.Is(err, errAgain) && s.settings() == p.set && s.route(p.server) == s.told.local.Addr():
			// other settings, other networks
		case err != nil:
			return err
		case !late:
			return nil
		default:
			s.show()
		}
	}
}

// lifetimeOn is what is known of the lifetime of mappings on the way that we go now.
func (s *stun) lifetimeOn(p *peer) *lifetime {
	now := way{p.set, p.server, s.told.local}
	if s.way != now {
		s.way, s.periods = now, newLifetime(p.set.Min, p.set.Max)
	}
	return s.periods
}

// resolve lists the server's addresses, those of IPv4 that somebody can have.
func (s *stun) resolve(ctx context.Context, set STUNSettings) ([]netip.AddrPort, error) {
	port := set.Port
	if port == 0 {
		port = stunPort
	}
	addrs := []netip.Addr{}
	if addr, err := netip.ParseAddr(set.Server); err == nil {
		addrs = append(addrs, addr)
	} else if addrs, err = s.lookup(ctx, set.Server); err != nil {
		return nil, fmt.Errorf("resolve the server: %w", err)
	}
	var servers []netip.AddrPort
	for _, addr := range addrs {
		if addr = addr.Unmap(); addr.Is4() && !addr.IsUnspecified() && !addr.IsMulticast() && addr.As4()[0] < 240 {
			servers = append(servers, netip.AddrPortFrom(addr, uint16(port)))
		}
	}
	if len(servers) == 0 {
		return nil, errors.New("the server has no address of IPv4")
	}
	// Resolvers change the order to share the load. slices would compile a sort for AddrPort alone.
	sort.SliceStable(servers, func(i, j int) bool { return servers[i].Compare(servers[j]) < 0 })
	return servers, nil
}

// learn takes note of our mapping. If it has changed the server is told at once (C-34); an answer that differs again is
// left for the next time (Z-44).
func (s *stun) learn(ctx context.Context, p *peer, mapped netip.AddrPort) error {
	now := binding{mapped: mapped, server: p.server, local: netip.AddrPortFrom(s.route(p.server), uint16(s.primary.port))}
	if now == s.told {
		return nil
	}
	s.log.Info("STUN: our address has changed", "mapped", mapped, "local", now.local, "server", p.server)
	if now.mapped != s.told.mapped || now.server != s.told.server {
		if _, err := s.bind(ctx, p, true); err != nil && ctx.Err() != nil {
			return err
		}
	}
	s.told = now
	if s.shown == (binding{}) || time.Since(s.shownAt) >= publishPause {
		s.show()
	}
	return nil
}

func (s *stun) show() {
	s.shown, s.shownAt = s.told, time.Now()
	b := s.shown
	s.publish(&b)
}
