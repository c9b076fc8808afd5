package connreq

import "time"

const (
	keepAliveBlind = 30 * time.Second // where the server does not help to find out how long mappings live
	keepAliveLeast = 10 * time.Second // if no minimum is set
	keepAliveMost  = time.Hour        // if no maximum is set
)

// lifetime finds out how long a NAT keeps a mapping that nobody uses, and so how often we must send (C-35). It doubles the
// time that it tries until a mapping dies, then halves the difference: a device is out of reach only for what the last
// tries were too long. Its results come from elsewhere; it is nothing but arithmetic.
type lifetime struct {
	min, max   time.Duration
	good, bad  time.Duration // the longest that a mapping outlived, the shortest that it did not (0: none yet)
	able, deaf bool          // the server sends answers to other addresses; it does not
	blind      time.Duration // while deaf: how often we send
}

// newLifetime begins with what STUNMinimumKeepAlivePeriod and STUNMaximumKeepAlivePeriod allow; max < 0 means no maximum.
func newLifetime(least, most time.Duration) *lifetime {
	if most < 0 {
		most = max(least, keepAliveMost)
	}
	if least == 0 {
		least = min(keepAliveLeast, most)
	}
	return &lifetime{min: min(least, most), max: max(most, time.Second)}
}

// fixed reports that there is nothing to find out.
func (l *lifetime) fixed() bool { return l.min >= l.max }

// settled reports that it is known well enough, or cannot be.
func (l *lifetime) settled() bool {
	return l.fixed() || l.deaf || l.good >= l.max || l.bad > 0 && (l.bad <= l.min || l.bad-l.good <= max(5*time.Second, l.good/8))
}

// next returns how long to leave the mapping alone, and whether to try then if it is still there; else it is kept alive.
func (l *lifetime) next() (wait time.Duration, try bool) {
	switch {
	case l.fixed():
		return l.max, false
	case l.deaf:
		return l.blind, false
	case l.settled():
		return min(max(l.good-l.good/10, l.min), l.max), false // NATs are not exact
	case !l.able:
		return 0, true // a mapping a moment old lives: this tries the server
	case l.bad > 0:
		return (l.good + l.bad) / 2, true
	case l.good == 0:
		return l.min, true
	}
	return min(2*l.good, l.max), true
}

// tried takes the result of a try after wait.
func (l *lifetime) tried(wait time.Duration, lived bool) {
	switch {
	case wait == 0 && lived:
		l.able = true
	case wait == 0:
		l.blindly(keepAliveBlind)
	case lived:
		l.good = max(l.good, wait)
	default:
		l.bad = wait
	}
}

// lost tells that a mapping died though it was kept alive: NATs change, and so do ways.
func (l *lifetime) lost() {
	wait, _ := l.next()
	switch {
	case l.fixed():
	case l.deaf:
		l.blindly(wait / 2)
	case wait <= l.min:
		l.bad, l.good = l.min, 0
	default:
		l.good, l.bad = 0, wait
	}
}

func (l *lifetime) blindly(wait time.Duration) {
	l.deaf, l.blind = true, min(max(wait, l.min), l.max)
}
