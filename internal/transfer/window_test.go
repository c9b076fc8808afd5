package transfer

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/web"
)

const sec = time.Second

// A timetable is a queue in a bubble that notes, in seconds after its start, when it asks the file server.
type timetable struct {
	*life
	begin time.Time
	asked []int
}

// newTimetable makes a router whose file server has the file from second good on; it is down before.
func newTimetable(t *testing.T, good int) (*router, func(asked ...int) *timetable) {
	r := newRouter(t)
	begin := time.Now()
	return r, func(asked ...int) *timetable { // asked in earlier lives
		tt := &timetable{begin: begin, asked: asked}
		r.cfg.Web = func() web.Config {
			at := int(time.Since(begin).Round(sec) / sec)
			tt.asked = append(tt.asked, at)
			return web.Config{Root: r.root, AllowLocal: at >= good} // else refused without a packet
		}
		tt.life = r.start()
		return tt
	}
}

// finish waits for the result and wants attempts and an end.
func (tt *timetable) finish(want Reason, at int, asked ...int) {
	tt.r.t.Helper()
	<-tt.done
	got := tt.Done()[0]
	if passed := int(time.Since(tt.begin).Round(sec) / sec); got.Reason != want || passed != at || !slices.Equal(tt.asked, asked) {
		tt.r.t.Errorf("ended with %v (%s) after %d s, asked at %v; want %v after %d s, %v", got.Reason, got.Msg, passed, tt.asked, want, at, asked)
	}
	if !got.Scheduled() {
		tt.r.t.Error("the result has forgotten that it was scheduled")
	}
}

func scheduled(url string, windows ...Window) Request {
	return Request{CommandKey: "key", FileType: TypeConfig, URL: url, Windows: windows}
}

// T-272, R-92, R-93: attempts, and how it ends.
func TestWindows(t *testing.T) {
	url := serve(t, "package x\n")
	first, second := Window{10 * sec, 40 * sec, AnyTime, 0}, Window{60 * sec, 90 * sec, Immediately, 0}
	retries := func(w Window, n int) Window { w.MaxRetries = n; return w }
	const never = 1 << 30
	for name, c := range map[string]struct {
		windows []Window
		good    int
		want    Reason
		end     int
		asked   []int
	}{
		"the server is there":                       {[]Window{first, second}, 0, OK, 10, []int{10}},
		"it comes in the second window":             {[]Window{first, second}, 60, OK, 60, []int{10, 60}},
		"it comes while we try again":               {[]Window{retries(first, 2), second}, 20, OK, 25, []int{10, 15, 25}},
		"all attempts of both windows fail":         {[]Window{retries(first, 1), retries(second, 1)}, never, Failed, 65, []int{10, 15, 60, 65}},
		"one attempt in one window fails":           {[]Window{first}, never, Failed, 10, []int{10}},
		"the window closes before all are made":     {[]Window{retries(first, 9)}, never, Windows, 40, []int{10, 15, 25}},
		"as often as there is time":                 {[]Window{retries(first, -1), retries(second, -1)}, never, Windows, 90, []int{10, 15, 25, 60, 65, 75}},
		"a window that is open at once":             {[]Window{{0, 5 * sec, AnyTime, 0}}, 0, OK, 0, []int{0}},
		"one window that touches the other, no gap": {[]Window{{0, 7 * sec, AnyTime, -1}, {7 * sec, 8 * sec, AnyTime, 0}}, 7, OK, 7, []int{0, 5, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, start := newTimetable(t, c.good)
				tt := start()
				tt.add(scheduled(url, c.windows...))
				tt.SessionOver()
				tt.finish(c.want, c.end, c.asked...)
				tt.end()
			})
		})
	}
}

// when idle means that the line carries next to nothing.
func TestAWindowWhenIdle(t *testing.T) {
	url := serve(t, "package x\n")
	for name, c := range map[string]struct {
		quiet int // from this second on
		known bool
		want  Reason
		end   int
		asked []int
	}{
		"quiet from the beginning": {0, true, OK, 20, []int{20}},
		"quiet later":              {35, true, OK, 50, []int{50}},
		"never quiet":              {1000, true, Windows, 100, nil},
		"nobody knows":             {0, false, Windows, 100, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, start := newTimetable(t, 0)
				begin := time.Now()
				r.cfg.Traffic = func() (uint64, bool) {
					passed := min(int(time.Since(begin)/sec), c.quiet)
					return uint64(passed) * 20_000, c.known
				}
				tt := start()
				tt.add(scheduled(url, Window{10 * sec, 100 * sec, WhenIdle, 0}))
				tt.SessionOver()
				tt.finish(c.want, c.end, c.asked...)
				tt.end()
			})
		})
	}
}

// a file that came in time is not applied out of it.
func TestNothingIsAppliedOutOfTheWindow(t *testing.T) {
	url := serve(t, "package x\n")
	synctest.Test(t, func(t *testing.T) {
		r, start := newTimetable(t, 0)
		r.cfg.Busy = make(chan struct{}, 1)
		applied := []int{}
		begin := time.Now()
		r.cfg.Apply = func(context.Context, Request, string) (bool, error) {
			applied = append(applied, int(time.Since(begin)/sec))
			return false, nil
		}
		tt := start()
		r.cfg.Busy <- struct{}{} // a long session
		tt.add(scheduled(url, Window{10 * sec, 40 * sec, AnyTime, 5}, Window{60 * sec, 90 * sec, AnyTime, 0}))
		tt.SessionOver()
		time.Sleep(50 * sec)
		<-r.cfg.Busy
		tt.finish(OK, 60, 10, 60)
		if !slices.Equal(applied, []int{60}) {
			t.Errorf("applied at %v", applied)
		}
		tt.end()
	})
}

// the windows stay where they are over a restart, and are over when they are.
func TestWindowsOutliveTheAgent(t *testing.T) {
	url := serve(t, "package x\n")
	for uptime, c := range map[string]struct {
		want  Reason
		end   int
		asked []int
	}{
		"150.00": {OK, 60, []int{10, 60}}, // between the windows
		"165.00": {OK, 50, []int{10, 50}}, // in the second one
		"900.00": {Windows, 50, []int{10}},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, start := newTimetable(t, 20)
			tt := start()
			tt.add(scheduled(url, Window{10 * sec, 40 * sec, AnyTime, 0}, Window{60 * sec, 90 * sec, AnyTime, 0}))
			tt.SessionOver()
			time.Sleep(50 * sec)
			tt.end()
			r.write("proc/uptime", uptime+" 0.00\n")
			tt = start(tt.asked...)
			tt.SessionOver()
			tt.finish(c.want, c.end, c.asked...)
			tt.end()
		})
	}
}

// T-274.
func TestWindowsThatAreRefused(t *testing.T) {
	r := newRouter(t)
	q := r.queue()
	w := func(start, end int, mode Mode, retries int) Window {
		return Window{time.Duration(start) * sec, time.Duration(end) * sec, mode, retries}
	}
	for name, windows := range map[string][]Window{
		"three": {w(0, 1, AnyTime, 0), w(2, 3, AnyTime, 0), w(4, 5, AnyTime, 0)}, "overlapping": {w(0, 10, AnyTime, 0), w(9, 20, AnyTime, 0)},
		"reversed": {w(10, 5, AnyTime, 0)}, "empty": {w(5, 5, AnyTime, 0)}, "in the wrong order": {w(10, 20, AnyTime, 0), w(0, 5, AnyTime, 0)},
		"confirmation": {w(0, 5, "4 Confirmation Needed", 0)}, "of a vendor": {w(0, 5, "X ACME Full Moon", 0)}, "no mode": {w(0, 5, "", 0)},
		"retries": {w(0, 5, AnyTime, -2)}, "idle, where nobody knows": {w(0, 5, WhenIdle, 0)},
	} {
		if err := q.Add(scheduled("http://192.0.2.1/x", windows...)); !errors.Is(err, ErrArgument) && !errors.Is(err, ErrMode) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(q.Entries()); n != 0 {
		t.Errorf("%d in the queue", n)
	}
}

// A scheduled transfer that is cancelled is gone, also between its attempts.
func TestAScheduledTransferIsCancelled(t *testing.T) {
	url := handle(t, http.NotFound)
	synctest.Test(t, func(t *testing.T) {
		_, start := newTimetable(t, 0)
		tt := start()
		tt.add(scheduled(url, Window{10 * sec, 400 * sec, AnyTime, -1}))
		tt.SessionOver()
		time.Sleep(20 * sec)
		if err := tt.Cancel("key"); err != nil {
			t.Error(err)
		}
		time.Sleep(1000 * sec)
		if !slices.Equal(tt.asked, []int{10, 15}) || len(tt.Entries()) != 0 {
			t.Errorf("asked at %v, left %+v", tt.asked, tt.Entries())
		}
		tt.end()
	})
}
