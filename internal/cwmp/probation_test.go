package cwmp

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/transfer"
	"github.com/cwmpd/cwmpd/internal/web"
)

// A mover is a loop whose ACS can change; some are dead.
type mover struct {
	*loop
	store    *state.Store
	dead     map[string]bool
	switched []Account // by us; guarded by loop.mu as the rest
	refuse   bool      // the configuration cannot be written
	urls     []string  // of the visits; the passwords where one is asked for
	takes    string    // the password that the ACS takes; "": any
}

const oldACS, newACS = "http://acs.example/", "http://new.example/"

// newMover runs a CPE that knows the old ACS, with credentials, since a session that went well.
func newMover(t *testing.T, store *state.Store) *mover {
	t.Helper()
	m := &mover{store: store, dead: map[string]bool{newACS: true}}
	m.loop = startLoop(t, func(l *loop) {
		m.loop = l
		l.conf.ACS.Username, l.conf.ACS.Password = "old", "secret"
		saved := l.cpe.saved
		m.make()
		l.cpe.saved = saved
	})
	m.cpe.Post(Event{Code: EventPeriodic})
	pass(2 * time.Second)
	if m.cpe.saved.Good != (Account{oldACS, "old", "secret"}) {
		t.Fatalf("known as good: %+v", m.cpe.saved.Good)
	}
	return m
}

func (m *mover) make() {
	m.loop.make(m.store)
	m.cpe.cfg.SwitchACS = func(from, to Account) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.refuse {
			return errPlayed
		}
		if from.URL != m.conf.ACS.URL {
			m.t.Errorf("from %q, but %q is configured", from.URL, m.conf.ACS.URL)
		}
		m.conf.ACS.URL, m.conf.ACS.Username, m.conf.ACS.Password = to.URL, to.Username, to.Password
		m.switched = append(m.switched, to)
		return nil
	}
	m.fail = func(int) bool {
		acs := m.conf.ACS
		if m.how = nil; m.takes == "" || m.dead[acs.URL] {
			m.urls = append(m.urls, acs.URL)
			return m.dead[acs.URL]
		}
		m.urls, m.how = append(m.urls, acs.Password), &web.StatusError{Code: 401}
		return acs.Password != m.takes
	}
}

// dies says whether an ACS is dead from now on.
func (m *mover) dies(url string, dead bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead[url] = dead
}

// again is a power cut, or a restart of the process in the same boot.
func (m *mover) again(boot string) {
	m.t.Helper()
	m.stop()
	m.make()
	m.run(boot)
}

func (m *mover) move(url, user, password string) {
	m.t.Helper()
	m.set(func(c *config.Config) { c.ACS.URL, c.ACS.Username, c.ACS.Password = url, user, password })
}

func (m *mover) wantACS(url, user, password string) {
	m.t.Helper()
	if got := accountOf(m.settings().ACS); got != (Account{url, user, password}) {
		m.t.Fatalf("after %v with %v: configured %+v", m.switched, m.urls, got)
	}
}

// wantTaken wants the ACS to have taken this password without any other having been put back.
func (m *mover) wantTaken(password string) {
	m.t.Helper()
	if s := m.cpe.saved; s.Probation != nil || s.Good.Password != password || len(m.switched) != 0 {
		m.t.Errorf("saved %+v, switched %v", s, m.switched)
	}
}

// since are the sessions from number n on, as "URL: events".
func (m *mover) since(n int) []string {
	visits := m.seen()
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for i := n; i < len(visits); i++ {
		list = append(list, m.urls[i]+": "+strings.Join(visits[i].events, ", "))
	}
	return list
}

func bubble(t *testing.T, name string, play func(t *testing.T, m *mover)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		store, err := state.Open(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			m := newMover(t, store)
			defer func() { m.stop() }()
			play(t, m)
		})
	})
}

// K-20, K-21, E-3: a new ACS that completes no session in its time gives way to the old one, which gets what it was owed.
func TestK21_NewACSOnProbation(t *testing.T) {
	bubble(t, "K-21 the old one is asked again, with its credentials", func(t *testing.T, m *mover) {
		m.cpe.saved.Schedules = []schedule{{time.Now().Add(20 * time.Minute), "s1"}}
		m.dies(oldACS, true) // an event is pending
		m.cpe.Post(Event{Code: "X 00D09E owed"})
		pass(time.Second)
		m.dies(oldACS, false)
		m.move(newACS, "new", "other")
		n := len(m.seen())
		pass(55 * time.Minute)
		m.wantACS(newACS, "new", "other")
		for _, got := range m.since(n) {
			if got != newACS+": 0 BOOTSTRAP" {
				t.Errorf("asked %q", got)
			}
		}
		if st := m.cpe.Status().Probation; st == nil || st.New != newACS || st.Old != oldACS || st.Tries < 5 || st.Why != "played" || st.Back ||
			time.Until(st.Until) > 6*time.Minute || time.Until(st.Until) < 4*time.Minute {
			t.Errorf("status %+v", st)
		}
		n = len(m.seen())
		pass(6 * time.Minute)
		m.wantACS(oldACS, "old", "secret")
		got := m.since(n)
		want := oldACS + ": X 00D09E owed, 3 SCHEDULED, M ScheduleInform"
		if len(got) == 0 || got[len(got)-1] != want {
			t.Errorf("asked %q, the last is to be %q", got, want)
		}
		st := m.cpe.Status()
		if st.Probation != nil || st.GivenUp == nil || st.GivenUp.URL != newACS || st.GivenUp.Why != "played" || st.GivenUp.Tries < 5 {
			t.Errorf("status %+v, given up %+v", st.Probation, st.GivenUp)
		}
		n = len(m.seen())
		pass(24 * time.Hour)
		if got := m.since(n); len(got) != 0 {
			t.Errorf("sessions without a reason: %q", got)
		}
	})
	bubble(t, "E-3 when the new one completes a session, what the old one was owed is dropped", func(t *testing.T, m *mover) {
		m.dies(oldACS, true)
		m.cpe.saved.Schedules = []schedule{{time.Now().Add(3 * time.Hour), "s1"}}
		m.cpe.saved.DUChanges = []duChange{{ID: "d"}}
		m.cpe.Post(Event{Code: "X 00D09E owed"})
		pass(time.Second)
		m.move(newACS, "", "")
		pass(10 * time.Minute)
		n := len(m.seen())
		m.dies(newACS, false) // the next try comes before its time is up
		pass(6 * time.Hour)
		if got := m.since(n); !slices.Equal(got, []string{newACS + ": 0 BOOTSTRAP"}) {
			t.Errorf("asked %q", got)
		}
		if s := m.cpe.saved; s.Probation != nil || s.Schedules != nil || s.DUChanges != nil || s.Good.URL != newACS || len(m.switched) != 0 {
			t.Errorf("saved %+v", s)
		}
	})
	bubble(t, "the same value written again changes nothing", func(t *testing.T, m *mover) {
		m.move(newACS, "", "")
		pass(50 * time.Minute)
		m.move(newACS, "", "")
		m.dies("http://NEW.example:80/", true)
		m.move("http://NEW.example:80/", "", "") // the same, spelled differently
		pass(11 * time.Minute)
		m.wantACS(oldACS, "old", "secret")
	})
	bubble(t, "power cuts and reboots", func(t *testing.T, m *mover) {
		m.dies(oldACS, true)
		m.cpe.Post(Event{Code: EventPeriodic}) // is durable once a session failed
		pass(time.Second)
		m.dies(oldACS, false)
		m.move(newACS, "", "")
		pass(31 * time.Minute)
		m.again("boot-1") // no boot
		pass(time.Minute)
		n := len(m.seen())
		m.again("boot-2")
		pass(10 * time.Minute)
		for _, got := range m.since(n) {
			if got != newACS+": 0 BOOTSTRAP, 1 BOOT" {
				t.Errorf("asked %q", got)
			}
		}
		n = len(m.seen())
		pass(time.Hour) // of the time spent some is forgotten
		m.wantACS(oldACS, "old", "secret")
		if got := m.since(n); len(got) == 0 || got[len(got)-1] != oldACS+": 2 PERIODIC, 1 BOOT" {
			t.Errorf("asked %q", got)
		}
	})
	bubble(t, "EnableCWMP=false and no URL stop the time", func(t *testing.T, m *mover) {
		m.move(newACS, "", "")
		pass(30 * time.Minute)
		m.set(func(c *config.Config) { c.CPE.Enable = false })
		pass(48 * time.Hour)
		m.set(func(c *config.Config) { c.CPE.Enable = true })
		pass(20 * time.Minute)
		m.wantACS(newACS, "", "")
		m.move("", "", "")
		pass(48 * time.Hour)
		m.move(newACS, "n", "p")
		pass(5 * time.Minute)
		m.wantACS(newACS, "n", "p")
		pass(6 * time.Minute)
		m.wantACS(oldACS, "old", "secret")
	})
	bubble(t, "several bad URLs in a row", func(t *testing.T, m *mover) {
		m.dies("http://c.example/", true)
		m.move(newACS, "", "")
		pass(40 * time.Minute)
		m.cpe.Post(Event{Code: "X 00D09E meanwhile"})
		pass(time.Minute)
		m.move("http://c.example/", "c", "c")
		pass(40 * time.Minute) // its own time
		m.wantACS("http://c.example/", "c", "c")
		n := len(m.seen())
		pass(21 * time.Minute)
		m.wantACS(oldACS, "old", "secret")
		if got := m.since(n); len(got) == 0 || got[len(got)-1] != oldACS+": X 00D09E meanwhile" {
			t.Errorf("asked %q", got)
		}
		if g := m.cpe.Status().GivenUp; g == nil || g.URL != "http://c.example/" {
			t.Errorf("given up %+v", g)
		}
	})
	bubble(t, "somebody takes the change back", func(t *testing.T, m *mover) {
		m.move(newACS, "", "")
		pass(10 * time.Minute)
		m.cpe.Post(Event{Code: "X 00D09E meanwhile"})
		pass(0)
		n := len(m.seen())
		m.move(oldACS, "old", "secret")
		pass(time.Minute)
		if got := m.since(n); !slices.Equal(got, []string{oldACS + ": X 00D09E meanwhile"}) {
			t.Errorf("asked %q", got)
		}
		if m.cpe.saved.Probation != nil || len(m.switched) != 0 {
			t.Errorf("still on probation: %+v", m.cpe.saved.Probation)
		}
	})
	bubble(t, "S-33 nobody answers: they take turns, ever longer, until one does", func(t *testing.T, m *mover) {
		m.dies(oldACS, true)
		m.cpe.Post(Event{Code: "X 00D09E owed"})
		pass(time.Second)
		m.move(newACS, "new", "other")
		pass(90 * time.Minute)
		m.wantACS(oldACS, "old", "secret") // from 1 h to 3 h
		pass(2 * time.Hour)
		m.wantACS(newACS, "new", "other") // to 7 h
		m.again("boot-1")
		pass(time.Minute)
		m.wantACS(newACS, "new", "other")
		n := len(m.seen())
		m.dies(newACS, false)
		pass(2 * time.Hour)
		if got := m.since(n); !slices.Equal(got, []string{newACS + ": 0 BOOTSTRAP"}) {
			t.Errorf("asked %q", got)
		}
		if m.cpe.saved.Good != (Account{newACS, "new", "other"}) || m.cpe.saved.Probation != nil {
			t.Errorf("%+v", m.cpe.saved)
		}
	})
	bubble(t, "the configuration cannot be written, and then it can", func(t *testing.T, m *mover) {
		m.move(newACS, "", "")
		m.mu.Lock()
		m.refuse = true
		m.mu.Unlock()
		pass(90 * time.Minute)
		m.wantACS(newACS, "", "")
		m.again("boot-1") // amid it
		pass(time.Minute)
		m.mu.Lock()
		m.refuse = false
		m.mu.Unlock()
		pass(2 * time.Minute)
		m.wantACS(oldACS, "old", "secret")
	})
	bubble(t, "a power cut after the configuration was written", func(t *testing.T, m *mover) {
		m.move(newACS, "", "")
		pass(30 * time.Minute)
		m.stop()
		m.cpe.saved.Probation.Writing = true
		m.cpe.trySave()
		m.conf.ACS.URL, m.conf.ACS.Username, m.conf.ACS.Password = oldACS, "old", "secret"
		n := len(m.seen())
		m.make()
		m.dies(oldACS, true)
		m.cpe.Post(Event{Code: EventPeriodic})
		m.run("boot-1")
		pass(30 * time.Minute)
		if p := m.cpe.saved.Probation; p == nil || !p.Back || p.Kept != nil || p.Writing {
			t.Fatalf("probation %+v", p)
		}
		for _, got := range m.since(n) {
			if got != oldACS+": 2 PERIODIC" {
				t.Errorf("asked %q", got)
			}
		}
	})
	bubble(t, "0 is no probation", func(t *testing.T, m *mover) {
		m.set(func(c *config.Config) { c.ACS.Probation = 0 })
		m.dies(oldACS, true)
		m.cpe.Post(Event{Code: "X 00D09E owed"})
		pass(time.Second)
		m.move(newACS, "", "")
		pass(48 * time.Hour)
		m.wantACS(newACS, "", "")
		if m.cpe.saved.Probation != nil || len(m.switched) != 0 {
			t.Errorf("on probation: %+v", m.cpe.saved.Probation)
		}
	})
	bubble(t, "0 amid a probation ends it", func(t *testing.T, m *mover) {
		m.move(newACS, "", "")
		pass(30 * time.Minute)
		m.set(func(c *config.Config) { c.ACS.Probation = 0 })
		pass(48 * time.Hour)
		m.wantACS(newACS, "", "")
		if m.cpe.saved.Probation != nil {
			t.Errorf("on probation: %+v", m.cpe.saved.Probation)
		}
	})
}

// P-3: the flash is not written for every try.
func TestK21_FlashWritesOfAProbation(t *testing.T) {
	store, err := state.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		m := newMover(t, store)
		defer func() { m.stop() }()
		m.set(func(c *config.Config) {
			c.ACS.Probation, c.ACS.RetryMinWait, c.ACS.RetryMultiplier = 24*time.Hour, 10, 1000
		})
		writes, before := 0, slices.Clone(m.cpe.onFlash)
		m.during = func(int) {
			if !slices.Equal(before, m.cpe.onFlash) {
				writes++
				before = slices.Clone(m.cpe.onFlash)
			}
		}
		m.move(newACS, "", "")
		n := len(m.seen())
		pass(20 * time.Hour)
		if tries := len(m.seen()) - n; tries < 5000 || writes > 15 || writes < 5 {
			t.Errorf("%d tries, %d writes", tries, writes)
		}
	})
}

// E-3, on the wire: transfers, value changes, schedules and DU changes wait for the outcome, and a download that waits goes on.
func TestE3_WhatIsOwedWaitsForTheOutcome(t *testing.T) {
	for _, back := range []bool{false, true} {
		name := "the new one answers"
		if back {
			name = "the old one is asked again"
		}
		t.Run(name, func(t *testing.T) {
			second := cwmptest.New()
			defer second.Close()
			r := &router{}
			d := newDepotWith(t, func(*transfer.Config) {}, r.build, func(b *bench, c *Config) {
				c.Settings = b.settings
				c.SwitchACS = func(_, to Account) error {
					b.mu.Lock()
					defer b.mu.Unlock()
					b.conf.ACS.URL, b.conf.ACS.Username, b.conf.ACS.Password = to.URL, to.Username, to.Password
					return nil
				}
			})
			r.bench = d.bench
			d.good()
			const version = "Device.DeviceInfo.SoftwareVersion"
			d.acs.Ask(d.get("ended", "/good"), cwmptest.ScheduleInform(3600, "later"), cwmptest.ChangeDUState("du", cwmptest.Operation("Uninstall", "UUID", noUUID)),
				cwmptest.Download(cwmptest.DownloadArgs{CommandKey: "waits", FileType: transfer.TypeConfig, URL: d.files.URL + "/good", DelaySeconds: 3600}))
			d.good()
			d.wait(1)
			writeFiles(t, d.root, map[string]string{"etc/version": "25.12\n"})
			d.set(func(c *config.Config) { c.ACS.URL, c.ACS.Username, c.ACS.Password = second.URL, "n", "p" })
			if back {
				second.Play(cwmptest.Polite, cwmptest.Status(500), cwmptest.Status(500)) // it has our "0 BOOTSTRAP", and no session is completed
				d.bad("500")
			} else {
				d.good()
			}
			m := second.Pick("Inform")[0]
			if got := m.Events(); !slices.Equal(got, []string{"0 BOOTSTRAP"}) {
				t.Errorf("the new ACS is told %q", got)
			}
			if len(second.Pick("TransferComplete"))+len(second.Pick("DUStateChangeComplete")) > 0 {
				t.Error("the new ACS is told what the old one ordered")
			}
			if !back {
				if q := d.queue.Entries(); len(q) != 1 || q[0].CommandKey != "waits" || len(d.cpe.saved.Schedules)+len(d.cpe.saved.DUChanges) != 0 {
					t.Errorf("left %+v, %+v", q, d.cpe.saved)
				}
				d.good()
				if got := second.Pick("Inform")[1].Events(); len(got) != 0 {
					t.Errorf("then it is told %q", got)
				}
				return
			}
			// A restart in between, then the time is up.
			d.start()
			d.cpe.Boot("boot-1")
			d.cpe.settings(true)
			d.bad("500")
			d.cpe.saved.Probation.Spent = 1 << 20
			d.cpe.count(time.Now(), true)
			d.cpe.takeProbation(t.Context(), time.Now())
			if got := accountOf(d.settings().ACS); got != (Account{d.acs.URL, "cpe", password}) {
				t.Fatalf("configured %+v", got)
			}
			before := len(d.acs.Messages())
			d.good()
			m = d.last("Inform")
			want := []string{"4 VALUE CHANGE", "7 TRANSFER COMPLETE", "11 DU STATE CHANGE COMPLETE", "M Download ended", "M ChangeDUState du"}
			if got := m.Events(); !slices.Equal(got, want) || m.Values()[version] != "25.12" {
				t.Errorf("the old ACS is told %q and the version %q", got, m.Values()[version])
			}
			if d.last("TransferComplete").Text("CommandKey") != "ended" || len(d.acs.Messages()) < before+4 {
				t.Errorf("sent %q", d.names())
			}
			if q := d.queue.Entries(); len(q) != 1 || q[0].CommandKey != "waits" || len(d.cpe.saved.Schedules) != 1 {
				t.Errorf("left %+v, schedules %+v", q, d.cpe.saved.Schedules)
			}
			d.good()
			d.wantEvents()
		})
	}
}

// K-11, K-20: a Username or Password that the ACS refuses for as long as a new ACS may be silent gives way to the one before.
// Only refusals count.
func TestK20_NewPasswordOnProbation(t *testing.T) {
	const dead = "X 00D09E owed"
	picky := func(m *mover, takes string) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.takes = takes
	}
	bubble(t, "refused for an hour: the one before is back, and what is owed is told", func(t *testing.T, m *mover) {
		picky(m, "secret")
		m.cpe.saved.Schedules = []schedule{{time.Now().Add(40 * time.Minute), "s1"}}
		m.move(oldACS, "old", "wrong")
		pass(24 * time.Minute)
		m.cpe.Post(Event{Code: dead})
		pass(59 * time.Minute)
		m.wantACS(oldACS, "old", "wrong")
		if st := m.cpe.Status().Probation; st == nil || st.Tries < 5 || !strings.Contains(st.Why, "401") || st.New != st.Old {
			t.Errorf("status %+v", st)
		}
		n := len(m.seen())
		pass(2 * time.Minute)
		m.wantACS(oldACS, "old", "secret")
		if got := m.since(n); len(got) == 0 || got[len(got)-1] != "secret: X 00D09E owed, 3 SCHEDULED, M ScheduleInform" {
			t.Errorf("asked %q", got)
		}
		if s := m.cpe.saved; s.Probation != nil || s.GivenUp == nil || !strings.Contains(s.GivenUp.Why, "401") || s.Good.Password != "secret" {
			t.Errorf("saved %+v", s)
		}
		n = len(m.seen())
		pass(24 * time.Hour)
		if got := m.since(n); len(got) != 0 {
			t.Errorf("sessions without a reason: %q", got)
		}
	})
	bubble(t, "taken: it is the one that counts from then on", func(t *testing.T, m *mover) {
		picky(m, "new")
		m.move(oldACS, "old", "new")
		pass(24 * time.Hour) // nobody has asked yet
		m.cpe.Post(Event{Code: dead})
		pass(time.Minute)
		if s := m.cpe.saved; s.Probation != nil || s.GivenUp != nil || s.Good.Password != "new" || len(m.switched) != 0 {
			t.Errorf("saved %+v, switched %v", s, m.switched)
		}
	})
	bubble(t, "an ACS that is away, or breaks down, has refused nothing", func(t *testing.T, m *mover) {
		picky(m, "new")
		m.dies(oldACS, true)
		m.move(oldACS, "old", "new")
		m.cpe.Post(Event{Code: dead})
		pass(48 * time.Hour)
		m.wantACS(oldACS, "old", "new")
		m.dies(oldACS, false)
		pass(24 * time.Hour)
		m.wantTaken("new")
	})
	bubble(t, "the ACS changes its mind within the hour", func(t *testing.T, m *mover) {
		picky(m, "secret")
		m.move(oldACS, "old", "new")
		m.cpe.Post(Event{Code: dead})
		pass(10 * time.Minute)
		picky(m, "new")
		pass(45 * time.Minute)
		m.wantTaken("new")
	})
	bubble(t, "both are refused: they take turns until one is taken", func(t *testing.T, m *mover) {
		picky(m, "neither")
		m.move(oldACS, "old", "new")
		m.cpe.Post(Event{Code: dead})
		pass(90 * time.Minute)
		m.wantACS(oldACS, "old", "secret") // two hours
		pass(2 * time.Hour)
		m.wantACS(oldACS, "old", "new") // four
		picky(m, "new")
		pass(2 * time.Hour)
		if s := m.cpe.saved; s.Probation != nil || s.Good.Password != "new" || s.GivenUp != nil {
			t.Errorf("saved %+v", s)
		}
	})
	bubble(t, "power cuts, restarts, and one amid the writing", func(t *testing.T, m *mover) {
		picky(m, "secret")
		m.move(oldACS, "old", "wrong")
		m.cpe.Post(Event{Code: EventPeriodic})
		pass(20 * time.Minute)
		m.again("boot-2")
		pass(20 * time.Minute)
		m.wantACS(oldACS, "old", "wrong")
		m.mu.Lock()
		m.refuse = true
		m.mu.Unlock()
		pass(50 * time.Minute)
		m.again("boot-2")
		m.wantACS(oldACS, "old", "wrong")
		m.stop()
		m.conf.ACS.Password = "secret" // it was written
		m.refuse = false
		m.make()
		m.run("boot-2")
		n := len(m.seen())
		m.cpe.Post(Event{Code: dead})
		pass(time.Hour)
		m.wantACS(oldACS, "old", "secret")
		if s := m.cpe.saved; s.Probation != nil || s.Good.Password != "secret" || s.GivenUp == nil || len(m.since(n)) == 0 {
			t.Errorf("saved %+v, asked %q", s, m.since(n))
		}
	})
	bubble(t, "corrected by hand while it is refused: tried at once", func(t *testing.T, m *mover) {
		picky(m, "right")
		m.move(oldACS, "old", "wrong")
		m.cpe.Post(Event{Code: dead})
		pass(50 * time.Minute)
		n := len(m.seen())
		m.move(oldACS, "old", "right")
		pass(2 * time.Second)
		if got := m.since(n); !slices.Equal(got, []string{"right: " + dead}) || m.cpe.saved.Probation != nil {
			t.Errorf("asked %q", got)
		}
	})
	bubble(t, "the change is taken back", func(t *testing.T, m *mover) {
		picky(m, "secret")
		m.move(oldACS, "old", "wrong")
		m.cpe.Post(Event{Code: dead})
		pass(10 * time.Minute)
		m.move(oldACS, "old", "secret")
		pass(2 * time.Second)
		if s := m.cpe.saved; s.Probation != nil || s.GivenUp != nil || len(m.switched) != 0 {
			t.Errorf("saved %+v", s)
		}
	})
	bubble(t, "another URL while the password is on probation", func(t *testing.T, m *mover) {
		m.move(oldACS, "old", "wrong")
		m.move(newACS, "n", "p")
		pass(65 * time.Minute)
		m.wantACS(oldACS, "old", "secret")
	})
	bubble(t, "0 is no probation", func(t *testing.T, m *mover) {
		picky(m, "secret")
		m.set(func(c *config.Config) { c.ACS.Probation = 0 })
		m.move(oldACS, "old", "wrong")
		m.cpe.Post(Event{Code: dead})
		pass(48 * time.Hour)
		m.wantACS(oldACS, "old", "wrong")
	})
}
