package cwmp

import (
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/web"
)

// TestTotalsOutliveTheRecords: only the last sessions are remembered, but all are counted.
func TestTotalsOutliveTheRecords(t *testing.T) {
	c, err := New(Config{
		Settings: func() config.Config { return config.Config{} },
		Identity: func() config.Identity { return config.Identity{} },
		Web:      func() web.Config { return web.Config{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	for range maxRecords {
		c.keep(Record{Why: "no answer", End: time.Unix(1, 0)})
	}
	for range maxRecords + 5 {
		c.keep(Record{OK: true, Why: "complete", End: time.Unix(2, 0)})
	}
	st := c.Status()
	if st.Failures != maxRecords || st.Successes != maxRecords+5 {
		t.Errorf("counted %d failures and %d successes, want %d and %d", st.Failures, st.Successes, maxRecords, maxRecords+5)
	}
	if st.LastWhy != "no answer" || st.LastFailure != time.Unix(1, 0) || st.LastSuccess != time.Unix(2, 0) {
		t.Errorf("last failure %v (%s), last success %v", st.LastFailure, st.LastWhy, st.LastSuccess)
	}
}
