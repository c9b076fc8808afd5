package source

import (
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

func TestWhenAServiceWasHeardOf(t *testing.T) {
	rt := newRouter(t, nil)
	now := time.Now()
	stamp := func(ago, zone time.Duration) string { return now.Add(zone - ago).UTC().Format("2006-01-02T15:04:05Z") }
	for name, c := range map[string]struct {
		ttl  any
		last string
		age  int64 // -1: not known
	}{
		"in a zone that is UTC":        {120, stamp(40*time.Second, 0), 40},
		"in the east":                  {120, stamp(100*time.Second, 5*time.Hour+45*time.Minute), 100},
		"in the west":                  {120, stamp(0, -9*time.Hour-30*time.Minute), 0},
		"longer ago than it lives":     {120, stamp(200*time.Second, 0), -1},
		"it lives longer than a shift": {4500, stamp(40*time.Second, 0), -1},
		"a lifetime that overflows":    {int64(math.MaxInt64), stamp(40*time.Second, 0), -1},
		"a negative lifetime":          {-1, stamp(40*time.Second, 0), -1},
		"no lifetime":                  {nil, stamp(0, 0), 0},
		"no time":                      {120, "soon", -1},
		"nothing":                      {120, "", -1},
	} {
		row := model.Row{Data: ubus.Table("ttl", c.ttl, "last_update", c.last)}
		text, err := sdUpdated(t.Context(), rt.begin(t), &row, nil)
		got, _ := strconv.ParseInt(text, 10, 64)
		want := now.Unix() - c.age
		if err != nil || c.age < 0 && text != "" || c.age >= 0 && (got < want-1 || got > want+2) {
			t.Errorf("%s: %q, want %d", name, text, want)
		}
	}
}

func FuzzServiceUpdated(f *testing.F) {
	f.Add(int64(120), "2026-01-02T03:04:05Z")
	f.Add(int64(-1), "9999-12-31T23:59:59Z")
	f.Fuzz(func(t *testing.T, ttl int64, last string) {
		row := model.Row{Data: ubus.Table("ttl", ttl, "last_update", last)}
		text, err := sdUpdated(t.Context(), &Reader{rt: &Router{}}, &row, nil)
		if err != nil || text != "" {
			t.Errorf("%q, %v of a router whose clock nobody set", text, err)
		}
	})
}
