package cwmp

import (
	"fmt"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// H-3: text/xml is understood however an ACS spells it. That ours is text/xml is INV-3.
func TestH3_ContentTypesOfTheACS(t *testing.T) {
	for _, contentType := range []string{"Text/XML;charset=UTF-8", "text/xml", "TEXT/XML ; Charset=\"utf-8\"; action=x", "text/xml; charset=utf-8;"} {
		b := newBench(t)
		b.acs.Play(func(x *cwmptest.Exchange) {
			cwmptest.Body(contentType, cwmptest.Envelope(soap.NS12, cwmptest.IDHeader(x.ID()), "<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>"))(x)
		})
		if r := b.session(); !r.OK {
			t.Errorf("%s: %s", contentType, r.Why)
		}
	}
}

// H-8: while an answer is under way nothing else is sent.
func TestH8_OneRequestAtATime(t *testing.T) {
	b := newBench(t)
	var seen []int
	slow := func(next cwmptest.Step) cwmptest.Step {
		return func(x *cwmptest.Exchange) {
			x.Informational(102)
			b.cpe.Post(Event{Code: EventPeriodic}) // a reason to say something
			seen = append(seen, len(x.ACS.Messages()))
			next(x)
		}
	}
	b.acs.Ask(cwmptest.GetRPCMethods())
	b.acs.Play(slow(cwmptest.Polite), slow(cwmptest.Polite), slow(cwmptest.Polite))
	b.good()
	if fmt.Sprint(seen) != "[1 2 3]" { // INV-2 looks for requests that overlap
		t.Errorf("messages at the time of each answer: %v", seen)
	}
	b.wantNames("Inform", "", "GetRPCMethodsResponse")
}
