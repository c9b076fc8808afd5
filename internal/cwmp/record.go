package cwmp

import (
	"time"

	"github.com/cwmpd/cwmpd/internal/transfer"
)

const (
	maxRecords = 20
	maxCalls   = 100 // of one session; what comes after is counted only
)

// A Record is what is remembered of one session, for `cwmpd status`. No values and no credentials are in it.
type Record struct {
	Start, End time.Time
	URL        string // of the ACS, without a query
	Version    string // CWMP version spoken; "" when Inform was not answered
	Events     []Event
	RetryCount uint32
	Calls      []Call // RPCs in both directions, in order
	MoreCalls  int    // those beyond the first hundred
	BytesOut   int64  // that were answered
	BytesIn    int64
	OK         bool
	Why        string // how it ended
	Probation  bool   // neither this ACS nor another one had completed a session since the ACS was changed
}

// A Call is one RPC of a session.
type Call struct {
	Method string
	FromUs bool
	Fault  int // 0: none
}

func (r *Record) call(c Call) {
	if len(r.Calls) >= maxCalls {
		r.MoreCalls++
		return
	}
	c.Method = clip(c.Method, 64)
	r.Calls = append(r.Calls, c)
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

// Step says how far an open session is.
type Step string

// The steps of a session, in their order; Owing and Serving alternate until our empty POST.
const (
	Connecting Step = "connecting"
	Informing  Step = "informing"
	Owing      Step = "owing"
	Serving    Step = "serving"
	Ended      Step = "ended"
)

// Phase says what happens between sessions.
type Phase string

// The phases.
const (
	Idle      Phase = "idle"
	Due       Phase = "due"
	InSession Phase = "in session"
	Retrying  Phase = "waiting to retry"
	NoRoute   Phase = "waiting for a route to the ACS"
	HeldOff   Phase = "held off" // CWMP is disabled, no ACS is known, or the box is being flashed
	Leaving   Phase = "leaving"  // a reboot or a factory reset was ordered
)

// Status is a snapshot for people.
type Status struct {
	Phase        Phase
	Step         Step // while Phase is InSession
	URL          string
	RetryCount   uint32
	Next         time.Time // when the next session is due; zero: nobody knows
	NextPeriodic time.Time // zero: periodic Informs are off
	LastSuccess  time.Time
	LastFailure  time.Time
	LastWhy      string  // how the last failed session ended
	Successes    int     // sessions that went well since New
	Failures     int     // those that did not
	Events       []Event // that the ACS was not told of yet, but for changes of values
	Transfers    []transfer.Entry
	Probation    *Probation
	GivenUp      *GivenUp // nil: none, or an ACS proved itself since
}

// A Probation is a new ACS that has to complete a session, for people. URLs have no query.
type Probation struct {
	New, Old string
	Since    time.Time
	Back     bool      // Old is asked, since New did not in its time
	Until    time.Time // when the other one is asked, if this one completes no session; zero: the time does not run
	Tries    int       // sessions with New that failed
	Why      string    // how the last one of them ended
}
