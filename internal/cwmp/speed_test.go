package cwmp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/web"
)

// A session with n RPCs, of the ACS and of ours, takes n+2 round trips.
func TestRoundTripsOfASession(t *testing.T) {
	for _, n := range []int{0, 1, 7, 100} {
		b := newBench(t)
		for range n {
			b.acs.Ask(cwmptest.GetRPCMethods())
		}
		b.good()
		if got := len(b.acs.Messages()); got != n+2 {
			t.Errorf("%d round trips for %d RPCs, want %d", got, n, n+2)
		}
	}
	d := newDepot(t)
	d.end(d.get("c1", "/good"), d.get("c2", "/good"))
	before := len(d.acs.Messages())
	d.acs.Ask(cwmptest.GetRPCMethods(), cwmptest.GetRPCMethods(), cwmptest.GetRPCMethods())
	d.good()
	if got := len(d.acs.Messages()) - before; got != 2+3+2 {
		t.Errorf("%d round trips for two RPCs of ours and three of the ACS, want 7", got)
	}
}

// A plainACS asks the same again and again, and remembers nothing but how often.
type plainACS struct {
	asks  int64
	asked atomic.Int64
	open  atomic.Int64  // POSTs that are not answered
	each  func(n int64) // called for each answer; nil for nothing
}

func (a *plainACS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.open.Add(1) > 1 {
		panic("H-8: two requests at a time")
	}
	defer a.open.Add(-1)
	head := make([]byte, 4096)
	n, _ := io.ReadFull(r.Body, head)
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "Text/XML;charset=UTF-8;x=y") // H-3: in any case, with any parameters
	switch {
	case strings.Contains(string(head[:n]), "cwmp:Inform>"):
		a.asked.Store(0)
		_, id, _ := strings.Cut(string(head[:n]), `mustUnderstand="1">`)
		id, _, _ = strings.Cut(id, "<")
		_, _ = io.WriteString(w, cwmptest.Envelope(soap.NS12, cwmptest.IDHeader(id), "<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>"))
	case a.asked.Load() == a.asks:
		w.WriteHeader(http.StatusNoContent)
	default:
		n := a.asked.Add(1)
		if a.each != nil {
			a.each(n)
		}
		_, _ = io.WriteString(w, cwmptest.Envelope(soap.NS12, cwmptest.IDHeader(fmt.Sprint(n)),
			string(cwmptest.GetParameterValues("Device.DeviceInfo.SoftwareVersion", "Device.Test.Int"))))
	}
}

// talkTo makes a router's CPE talk to another ACS, without authentication.
func (r *router) talkTo(url string) {
	from := r.cpe.cfg.Settings
	r.cpe.cfg.Settings = func() config.Config {
		c := from()
		c.ACS.URL = url
		return c
	}
	r.cpe.cfg.Web = func() web.Config { return web.Config{AllowLocal: true} }
}

// H-8, H-3: a session with a thousand RPCs holds no more memory at its end than near its beginning.
func TestMemoryOfALongSession(t *testing.T) {
	const first, last = 200, 1000
	live, begin := map[int64]uint64{}, time.Now()
	acs := &plainACS{asks: last, each: func(n int64) {
		if n != first && n != last {
			return
		}
		defer func() { begin = time.Now() }()
		if n == last {
			t.Logf("%v for one GetParameterValues, the time of the ACS included", time.Since(begin)/(last-first))
		}
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		live[n] = m.HeapAlloc
	}}
	server := httptest.NewServer(acs)
	defer server.Close()
	r := newRouter(t)
	r.talkTo(server.URL)
	r.cpe.log = slog.Discard()
	if rec := r.good(); rec.MoreCalls != last+1-maxCalls {
		t.Errorf("%d more calls", rec.MoreCalls)
	}
	if live[last] > live[first]+256<<10 {
		t.Errorf("%d bytes after %d RPCs, %d after %d", live[first], first, live[last], last)
	}
}
