package cwmp

import (
	"fmt"
	"strings"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// A version is the minor number of a CWMP version: 4 is CWMP 1.4.
type version int

func (v version) String() string { return fmt.Sprintf("1.%d", int(v)) }

// namespace is where the messages of a version live: 1.2, 1.3 and 1.4 share one.
func (v version) namespace() string {
	return [...]string{soap.NS10, soap.NS11, soap.NS12}[min(v, 2)]
}

// newest is the newest version that the option amd_version allows: Amendment 1 is 1.0, Amendments 5 and 6 are 1.4.
func newest(amendment int) version { return version(min(max(amendment-1, 0), 4)) }

// list is the value of SupportedCWMPVersions.
func (v version) list() string {
	var b strings.Builder
	for i := version(0); i <= v; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(i.String())
	}
	return b.String()
}

// negotiate reads from an InformResponse which version the session speaks.
func (v version) negotiate(reply *soap.Envelope) (version, error) {
	if use := reply.UseCWMPVersion; use != "" && v == 4 {
		for i := version(0); i <= v; i++ {
			if use == i.String() {
				return i, nil
			}
		}
		return 0, protocolErrorf("UseCWMPVersion %.16q was not offered", use)
	}
	switch reply.Namespace {
	case soap.NS10:
		return 0, nil
	case soap.NS11:
		return min(v, 1), nil
	case soap.NS12:
		return min(v, 3), nil
	}
	return 0, protocolErrorf("InformResponse in an unknown namespace")
}

// An offer is the version that the next Inform offers. It goes down when an ACS seems not to understand, and stays where
// a session came about.
type offer struct {
	top, now version
	failures int // sessions in a row that the ACS refused as if it did not understand
}

// allow takes the newest version allowed from the settings.
func (o *offer) allow(top version) {
	if o.top != top {
		*o = offer{top: top, now: top}
	}
}

// incompatible: fault 8006. The next attempt is made in the next lower namespace, after the lowest in the highest.
func (o *offer) incompatible() {
	switch {
	case o.now > 1:
		o.now = 1
	case o.now == 1:
		o.now = 0
	default:
		o.now = o.top
	}
}

// refused: a fault 8000 or 8003, or HTTP 400 or 500, in answer to Inform. After two of them the other end of the range
// is tried.
func (o *offer) refused() {
	o.failures++
	if o.failures < 2 {
		return
	}
	o.failures = 0
	if o.now > 0 {
		o.now = 0
		return
	}
	o.now = o.top
}

func (o *offer) accepted() { o.failures = 0 }
