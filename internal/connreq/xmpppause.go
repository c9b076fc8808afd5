package connreq

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
)

// pauses says when which address is tried (C-54).
type pauses struct {
	attempts   int // for one address
	initial    float64
	multiplier float64
	max        float64                // seconds, all three
	tried      map[netip.AddrPort]int // failed attempts of this round
	rounds     int                    // in which every address has failed
}

// newPauses takes the ACS's values. With ServerConnectAttempts 0 it leaves them to us: every address once, and the standard's
// own pauses, of an hour at most.
func newPauses(c *config.XMPP) *pauses {
	p := &pauses{attempts: c.Attempts, initial: float64(c.RetryInitial), multiplier: float64(c.RetryMultiplier) / 1000, max: float64(c.RetryMax)}
	if c.Attempts == 0 {
		p.attempts, p.initial, p.multiplier, p.max = 1, 60, 2, 3600
	}
	p.tried = map[netip.AddrPort]int{}
	return p
}

// choose returns the first address that has attempts left in this round, and whether no other has.
func (p *pauses) choose(all []netip.AddrPort) (at netip.AddrPort, last bool) {
	last = true
	for _, a := range all {
		switch {
		case p.tried[a] >= p.attempts:
		case !at.IsValid():
			at = a
		case a != at:
			last = false
		}
	}
	if !at.IsValid() { // the names lead to the same addresses in another order than before
		clear(p.tried)
		return all[0], len(all) == 1
	}
	return at, last
}

// next counts an attempt that failed, or a connection that ended after up, and returns the pause before the next one. The
// zero address stands for servers that were not found.
func (p *pauses) next(at netip.AddrPort, last, counts bool, up time.Duration) time.Duration {
	if up >= steadyTime {
		clear(p.tried)
		p.rounds = 0
	}
	if counts {
		p.tried[at]++
	}
	n := max(p.tried[at], 1)
	if at.IsValid() && n >= p.attempts {
		if !last && counts {
			return 0 // the next one has not failed yet
		}
		clear(p.tried)
		p.rounds++
		n = p.rounds * p.attempts
	}
	return p.pause(n)
}

// pause draws the n-th pause: a random time up to a bound, which grows from one to the next (TR-069 Annex K).
func (p *pauses) pause(n int) time.Duration {
	bound := p.initial
	for i := 1; i < n && bound < p.max; i++ {
		bound *= p.multiplier
		if p.multiplier <= 1 {
			break
		}
	}
	return time.Duration(rand.Float64() * min(bound, p.max) * float64(time.Second))
}
