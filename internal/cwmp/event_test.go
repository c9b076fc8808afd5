package cwmp

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

// boot starts the CPE anew in a boot of the box.
func (b *bench) boot(id string) {
	b.t.Helper()
	b.start()
	b.cpe.Boot(id)
	b.cpe.settings(true)
}

// §2.3: how often an event is listed, and what is left of it when the session fails, and when the box reboots then.
func TestEventPolicies(t *testing.T) {
	for _, tt := range []struct {
		event          Event
		twice          int // entries after it happened twice
		retried, boots bool
	}{
		{Event{Code: EventPeriodic}, 1, true, true},
		{Event{Code: EventScheduled}, 1, true, true},
		{Event{Code: EventConnectionRequest}, 1, false, false},
		{Event{Code: EventDiagnosticsComplete}, 1, true, false},
		{Event{Code: EventHeartbeat}, 1, false, false},
		{Event{EventMReboot, "k"}, 2, true, true},
		{Event{EventMScheduleInform, "k"}, 2, true, true},
		{Event{Code: "X 00D09E Lamp on"}, 1, true, false},
		{Event{Code: "X example.com Lamp"}, 1, true, false},
	} {
		b := newBench(t)
		count := func() (n int) {
			for _, e := range b.last("Inform").Events() {
				if strings.HasPrefix(e, tt.event.Code) {
					n++
				}
			}
			return n
		}
		want := func(when string, there bool) {
			t.Helper()
			if n := count(); n != 0 && !there || n != tt.twice && there {
				t.Errorf("%s %s: %d entries", tt.event.Code, when, n)
			}
		}
		b.cpe.Post(tt.event)
		b.cpe.takePosted(time.Now())
		b.cpe.Post(tt.event)
		b.acs.Play(cwmptest.Status(500))
		b.bad("500")
		want("at first", true)
		b.acs.Play(cwmptest.Status(503))
		b.bad("503")
		want("in the retry", tt.retried)
		b.boot("boot-2")
		b.good()
		want("after a boot", tt.boots)
		b.good()
		want("after it was told", false)
	}
}

// E-8: the codes as the standard spells them, and as the schemas of each version know them (INV-1).
// Covers: I-11.
func TestE8_Codes(t *testing.T) {
	for code, since := range map[string]version{
		"0 BOOTSTRAP": 0, "1 BOOT": 0, "2 PERIODIC": 0, "3 SCHEDULED": 0, "4 VALUE CHANGE": 0, "6 CONNECTION REQUEST": 0,
		"7 TRANSFER COMPLETE": 0, "8 DIAGNOSTICS COMPLETE": 0, "9 REQUEST DOWNLOAD": 0, "10 AUTONOMOUS TRANSFER COMPLETE": 1,
		"11 DU STATE CHANGE COMPLETE": 2, "12 AUTONOMOUS DU STATE CHANGE COMPLETE": 2, "14 HEARTBEAT": 4,
		"M Reboot": 0, "M ScheduleInform": 0, "M Download": 0, "M Upload": 0, "M ScheduleDownload": 2, "M ChangeDUState": 2,
		"X 00D09E Lamp on": 0, "X example.com Lamp": 2,
	} {
		if !(Event{Code: code}).Valid() {
			t.Errorf("%s is no event", code)
		}
		for v := version(0); v <= 4; v++ {
			b := newBench(t)
			b.cpe.offer.now = v
			b.acs.Speak(v.namespace())
			b.cpe.events.put(pendingEvent{Event: Event{Code: code}})
			b.good()
			if listed := slices.Equal(b.last("Inform").Events(), []string{code}); listed != (v >= since) {
				t.Errorf("%s in an Inform of 1.%d: %v", code, v, listed)
			}
		}
	}
}

// I-5: whoever posts vendors' events does not fill the list with them, and what Inform does not carry was not told.
func TestI5_VendorEventsAreLimited(t *testing.T) {
	b := newBench(t)
	b.cpe.Post(Event{Code: EventPeriodic})
	for i := range 100 {
		b.cpe.Post(Event{Code: fmt.Sprint("X 00D09E Lamp ", i)})
		b.cpe.Post(Event{EventMReboot, fmt.Sprint(i)})
	}
	b.good()
	events := b.last("Inform").Events()
	if len(events) != maxEvents || events[0] != "2 PERIODIC" || events[63] != "X 00D09E Lamp 99" || events[48] != "X 00D09E Lamp 84" || events[47] != "M Reboot 99" {
		t.Errorf("%d events: %q", len(events), events)
	}
	b.good()
	b.wantEvents()
}

// E-1, E-2, E-4, S-13: everything at once. What InformResponse acknowledges is told; what has a response of its own comes
// again when the power fails in the middle of the session.
func TestE1_EverythingAtOnce(t *testing.T) {
	r := newRouter(t)
	r.set(notification("Device.Test.Int", 1))
	r.allow(transferPolicy, "Enable=true", "FileTypeFilter="+firmware)
	r.allow(unitPolicy, "Enable=true", "OperationTypeFilter=Install")
	r.acs.Ask(cwmptest.ChangeDUState("du", cwmptest.Operation("Update")), cwmptest.Reboot("rb"), cwmptest.ScheduleInform(1, "si"))
	r.good()
	r.writeTest("int", "7")
	r.report(image(), true)
	if _, err := r.cpe.UnitsChanged(t.Context(), []soap.DUResult{{Operation: "Install", UUID: unitA}}); err != nil {
		t.Fatal(err)
	}
	own := []string{"10 AUTONOMOUS TRANSFER COMPLETE", "11 DU STATE CHANGE COMPLETE", "12 AUTONOMOUS DU STATE CHANGE COMPLETE", "M ChangeDUState du"}
	all := slices.Concat([]string{"1 BOOT", "3 SCHEDULED", "4 VALUE CHANGE"}, own, []string{"M Reboot rb", "M ScheduleInform si"})
	sorted := func() []string { e := r.last("Inform").Events(); slices.Sort(e); return e }
	want := func(events ...string) {
		t.Helper()
		slices.Sort(events)
		if got := sorted(); !slices.Equal(got, events) {
			t.Errorf("events %q, want %q", got, events)
		}
	}
	r.boot("boot-2")
	r.cpe.takeScheduled(time.Now().Add(time.Hour))
	r.acs.Play(cwmptest.Drop)
	r.bad("")
	want(all...)
	r.boot("boot-2") // the power fails
	r.acs.Play(cwmptest.Polite, cwmptest.Drop)
	r.bad("")
	want(all...)
	r.boot("boot-2")
	r.acs.Play(cwmptest.Polite, cwmptest.Polite, cwmptest.Drop)
	r.bad("")
	want(slices.Clone(own)...)
	r.boot("boot-2")
	r.good()
	want(own[1:]...)
	for _, name := range []string{"AutonomousTransferComplete", "DUStateChangeComplete", "AutonomousDUStateChangeComplete"} {
		if r.last(name).Name == "" {
			t.Errorf("no %s", name)
		}
	}
	r.boot("boot-2")
	r.good()
	want()
}

// S-17: what ends, or is asked for, on this router opens a session of its own. One that the ACS refused before waits for
// the next.
func TestS17_WhatOpensASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, nil)
		defer l.stop()
		before := 0
		sessions := func(what string, more int) {
			t.Helper()
			pass(time.Minute)
			all := len(l.seen())
			if got := all - before; got != more {
				t.Errorf("%s: %d sessions, want %d", what, got, more)
			}
			before = all
		}
		sessions("nothing", 0)
		do := func(f func()) { l.cpe.mu.Lock(); defer l.cpe.mu.Unlock(); f() }
		if err := l.cpe.RequestDownload(transfer.TypeFirmware, nil); err != nil {
			t.Fatal(err)
		}
		sessions("a download is asked for", 1)
		do(func() { l.cpe.asked = nil })
		report := report{ID: "a", Transfer: new(soap.AutonomousTransfer)}
		do(func() { l.cpe.reports = append(l.cpe.reports, report) })
		l.cpe.Post(Event{Code: EventAutonomousTransfer})
		sessions("a transfer was reported", 1)
		do(func() { l.cpe.saved.Refused = map[string]int{"a": 1} })
		l.cpe.Post(Event{Code: EventAutonomousTransfer})
		sessions("and refused", 0)
		do(func() { l.cpe.saved.DUChanges = []duChange{{ID: "b"}} })
		l.cpe.Post(Event{Code: EventDUChange})
		sessions("a ChangeDUState ended", 1)
		for _, code := range []string{EventPeriodic, EventScheduled, EventConnectionRequest, EventDiagnosticsComplete, "X 00D09E Lamp"} {
			l.cpe.Post(Event{Code: code})
			sessions(code, 1)
		}
		l.cpe.Post(Event{Code: EventValueChange})
		sessions("nothing changed", 0)
	})
}
