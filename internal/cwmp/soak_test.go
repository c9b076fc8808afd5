package cwmp

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// T-360 in small: an ACS that does anything at any time. The CPE must come through, break no invariant, and hold a good
// session whenever the ACS is polite again.
func TestT360_RandomACS(t *testing.T) {
	seed := uint64(1)
	if !testing.Short() {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	r := newRouter(t)
	r.conf.ACS.GetRPCMethods = true
	steps := []func() cwmptest.Step{
		func() cwmptest.Step { return cwmptest.Polite },
		func() cwmptest.Step { return cwmptest.Polite },
		func() cwmptest.Step { return cwmptest.Empty },
		func() cwmptest.Step { return cwmptest.Empty200 },
		func() cwmptest.Step { return cwmptest.Drop },
		func() cwmptest.Step {
			return cwmptest.Fault([]int{8000, 8001, 8002, 8003, 8004, 8005, 8006, 8800}[rnd.IntN(8)])
		},
		func() cwmptest.Step { return cwmptest.Status([]int{400, 404, 500, 503}[rnd.IntN(4)]) },
		func() cwmptest.Step { return cwmptest.CloseAfter(cwmptest.Polite) },
		func() cwmptest.Step { return cwmptest.Chunked(cwmptest.Polite) },
		func() cwmptest.Step {
			return cwmptest.InformResponse(cwmptest.HoldHeader(rnd.IntN(2) == 0))
		},
		func() cwmptest.Step { return cwmptest.Redirect(307, r.acs.URL) },
		func() cwmptest.Step {
			junk := make([]byte, rnd.IntN(200))
			for i := range junk {
				junk[i] = byte(rnd.IntN(256))
			}
			return cwmptest.Body("text/xml", string(junk))
		},
	}
	calls := []cwmptest.Call{
		cwmptest.GetParameterNames("Device.", false), cwmptest.GetParameterValues("Device."), cwmptest.GetParameterValues("Device.Nope"),
		cwmptest.AddObject("Device.Test.Row.", "k"), cwmptest.DeleteObject("Device.Test.Row.1.", "k"), cwmptest.ScheduleInform(9999, "k"),
		cwmptest.SetParameterValues("k", cwmptest.Value{Name: "Device.Test.Int", Text: "1", Type: "int"}), "<cwmp:Foo/>", notifyCall(2), notifyCall(0),
	}
	for n := range 60 {
		r.cpe.Post(Event{EventMScheduleInform, fmt.Sprint(n)})
		for range rnd.IntN(5) {
			r.acs.Play(steps[rnd.IntN(len(steps))]())
		}
		for range rnd.IntN(4) {
			r.acs.Ask(calls[rnd.IntN(len(calls))])
		}
		r.session()
	}
	for n := 0; r.acs.Left() > 0; n++ {
		if n > 500 {
			t.Fatalf("%d steps are left", r.acs.Left())
		}
		r.session()
	}
	r.good()
	r.good()
	r.wantEvents()
}

func notifyCall(n int) cwmptest.Call {
	return cwmptest.SetParameterAttributes(cwmptest.Attribute{Name: "Device.Test.Int", Notification: &n})
}
