package cwmp

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/web"
)

// archive has the envelopes of all tests (INV-1).
var archive cwmptest.Archive

func TestMain(m *testing.M) { os.Exit(archive.Check(m.Run(), "../../../shared/xsd")) }

const password = "s3cret-acs-password"

// A bench is a CPE and the ACS it talks to.
type bench struct {
	t    *testing.T
	acs  *cwmptest.ACS
	cpe  *CPE
	root string
	logs *syncBuffer
	odd  string                // why the envelopes of this test are not what the schemas want; "" for a test where they are
	more func(*bench, *Config) // what a test adds to the parts of every CPE that start makes; nil for nothing

	mu   sync.Mutex
	conf config.Config
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// newBench makes a CPE in its state P0: the ACS had its BOOTSTRAP, and no event is pending. Sessions are held by calling
// session, one at a time, without the loop and its waiting.
func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchWith(t, nil)
}

func newBenchWith(t *testing.T, more func(*bench, *Config)) *bench {
	t.Helper()
	b := &bench{more: more, t: t, acs: cwmptest.New(), root: t.TempDir(), logs: &syncBuffer{}, conf: config.Default()}
	b.conf.ACS.URL, b.conf.ACS.Username, b.conf.ACS.Password = b.acs.URL, "cpe", password
	b.conf.ACS.PeriodicEnable = false
	b.acs.Secret(password)
	t.Cleanup(func() {
		b.acs.Close()
		for _, v := range b.acs.Violations() {
			t.Errorf("invariant broken: %s", v)
		}
		if strings.Contains(b.logs.String(), password) {
			t.Error("INV-9: the password is in the log")
		}
		if b.odd == "" {
			archive.Add(t.Name(), b.acs.Envelopes()...)
		}
	})
	b.start()
	b.cpe.saved.BootID, b.cpe.saved.Bootstrapped = "boot-1", b.acs.URL
	b.cpe.Boot("boot-1")
	b.cpe.settings(true)
	return b
}

// start makes the CPE anew, as after a restart of the process.
func (b *bench) start() {
	b.t.Helper()
	log := slog.New(b.logs, slog.LevelDebug)
	store, err := state.Open(b.root, log)
	if err != nil {
		b.t.Fatal(err)
	}
	cfg := Config{
		Store: store, Settings: b.settings, Log: log,
		Identity: func() config.Identity {
			return config.Identity{Manufacturer: "OpenWrt", OUI: "00D09E", ProductClass: "GW", Serial: "123"}
		},
		Web: func() web.Config { return web.Config{AllowLocal: true} },
	}
	if b.more != nil {
		b.more(b, &cfg)
	}
	if b.cpe, err = New(cfg); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) settings() config.Config {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.conf
}

func (b *bench) set(change func(*config.Config)) {
	b.mu.Lock()
	change(&b.conf)
	b.mu.Unlock()
	b.cpe.settings(false)
}

// session holds one session and returns how it ended.
func (b *bench) session() Record {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	defer cancel()
	b.cpe.takePosted(time.Now())
	b.cpe.oneSession(ctx)
	records := b.cpe.Sessions()
	return records[len(records)-1]
}

// good holds a session that has to succeed.
func (b *bench) good() Record {
	b.t.Helper()
	r := b.session()
	if !r.OK {
		b.t.Fatalf("session failed: %s\n%s", r.Why, b.logs)
	}
	return r
}

// bad holds a session that has to fail with a text in its reason.
func (b *bench) bad(why string) Record {
	b.t.Helper()
	r := b.session()
	if r.OK || !strings.Contains(r.Why, why) {
		b.t.Fatalf("session ended with %q, want a failure with %q", r.Why, why)
	}
	return r
}

// names lists the messages so far, in order.
func (b *bench) names() []string {
	var list []string
	for _, m := range b.acs.Messages() {
		list = append(list, m.Name)
	}
	return list
}

func (b *bench) wantNames(want ...string) {
	b.t.Helper()
	if got := b.names(); !slices.Equal(got, want) {
		b.t.Errorf("the CPE sent %q, want %q", got, want)
	}
}

func (b *bench) last(name string) cwmptest.Message {
	b.t.Helper()
	list := b.acs.Pick(name)
	if len(list) == 0 {
		b.t.Fatalf("no %q among %q", name, b.names())
	}
	return list[len(list)-1]
}

func (b *bench) wantEvents(want ...string) {
	b.t.Helper()
	if got := b.last("Inform").Events(); !slices.Equal(got, want) {
		b.t.Errorf("events %q, want %q", got, want)
	}
}
