package connreq

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// bucket holds tokens; it starts full.
type bucket struct {
	tokens float64
	last   time.Time
}

// rate says how a bucket fills.
type rate struct {
	every time.Duration // one more token
	burst float64
}

// The rates of C-5 and Z-41.
var (
	rateAccepted = rate{6 * time.Second, 5}
	rateFailed   = rate{10 * time.Second, 5}
	rateKnock    = rate{time.Second, 20}
	rateCrowd    = rate{50 * time.Millisecond, 100}
	rateStanzas  = rate{100 * time.Millisecond, 50} // of an XMPP server (Z-46)
)

const maxSources = 256

// fill brings the tokens up to date.
func (b *bucket) fill(r rate, now time.Time) {
	if b.last.IsZero() {
		b.tokens = r.burst
	} else {
		b.tokens = min(r.burst, b.tokens+float64(max(0, now.Sub(b.last)))/float64(r.every))
	}
	b.last = now
}

// take takes a token if there is one.
func (b *bucket) take(r rate, now time.Time) bool {
	b.fill(r, now)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// source is whom we hold responsible: an IPv4 address or an IPv6 /64. The zero source is everybody else.
type source netip.Prefix

func sourceOf(remote string) source {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return source{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return source{}
	}
	addr = addr.Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	p, _ := addr.Prefix(bits)
	return source(p)
}

// rates counts who asked how often.
type rates struct {
	mu       sync.Mutex // never held for longer than a map access
	accepted bucket
	crowd    bucket
	sources  map[source]*asked
}

type asked struct{ failed, knock bucket }

func newRates() *rates { return &rates{sources: map[source]*asked{}} }

// accept counts a request with the right password; false means too many.
func (r *rates) accept(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.accepted.take(rateAccepted, now)
}

// knock counts a request without credentials; false means too many.
func (r *rates) knock(from source, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of(from, now).knock.take(rateKnock, now)
}

// mayFail reports whether a source may have another guess.
func (r *rates) mayFail(from source, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := &r.of(from, now).failed
	b.fill(rateFailed, now)
	return b.tokens >= 1
}

// mayGuess is mayFail where a source can be forged: whose budget is used up, maybe by others in its name, shares one with all
// such sources, which is what we can verify without trouble.
func (r *rates) mayGuess(from source, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := &r.of(from, now).failed
	b.fill(rateFailed, now)
	return b.tokens >= 1 || r.crowd.take(rateCrowd, now)
}

// failed counts a wrong guess.
func (r *rates) failed(from source, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of(from, now).failed.take(rateFailed, now)
}

// of returns the entry of a source, that of everybody else when the table is full.
func (r *rates) of(from source, now time.Time) *asked {
	a := r.sources[from]
	if a == nil && len(r.sources) >= maxSources {
		r.tidy(now)
	}
	if a == nil && len(r.sources) >= maxSources {
		from = source{}
		a = r.sources[from]
	}
	if a == nil {
		a = &asked{}
		r.sources[from] = a
	}
	return a
}

// tidy forgets those whose buckets are full again.
func (r *rates) tidy(now time.Time) {
	for from, a := range r.sources {
		a.failed.fill(rateFailed, now)
		a.knock.fill(rateKnock, now)
		if a.failed.tokens >= rateFailed.burst && a.knock.tokens >= rateKnock.burst {
			delete(r.sources, from)
		}
	}
}
