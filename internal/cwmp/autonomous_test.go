package cwmp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// allow sets a policy, given as NAME=TEXT.
func (r *router) allow(object string, settings ...string) {
	r.t.Helper()
	var values []cwmptest.Value
	for _, s := range settings {
		name, text, _ := strings.Cut(s, "=")
		v := cwmptest.Value{Name: object + name, Text: text}
		if name == "Enable" {
			v.Type = "boolean"
		}
		values = append(values, v)
	}
	if m := r.one(cwmptest.SetParameterValues("", values...)); m.Text("Status") != "0" {
		r.t.Fatalf("set %q: %s", settings, m.Body)
	}
}

const firmware = "1 Firmware Upgrade Image"

func image() soap.AutonomousTransfer {
	return soap.AutonomousTransfer{
		TransferURL: "https://files.example/i.bin", IsDownload: true, FileType: firmware, FileSize: 7, TargetFileName: "i.bin",
		Start: time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC), Complete: time.Date(2026, 11, 22, 16, 1, 0, 0, time.UTC),
	}
}

func (r *router) report(t soap.AutonomousTransfer, want bool) {
	r.t.Helper()
	if wanted, err := r.cpe.TransferDone(r.t.Context(), t); err != nil || wanted != want {
		r.t.Fatalf("%+v: wanted %v, %v; want %v", t, wanted, err, want)
	}
}

// §3.15, E-4: what the router's own software transferred is told to an ACS that wants to know, until it has answered, over
// a restart too.
func TestAutonomousTransferComplete(t *testing.T) {
	r := newRouter(t)
	r.report(image(), false) // the standard's default is silence
	r.allow(transferPolicy, "Enable=true", "FileTypeFilter="+firmware+",X 00D09E Tones")
	r.good()
	r.wantEvents()
	r.report(image(), true)
	r.cpe.takePosted(time.Now())
	if r.cpe.dueAt.IsZero() {
		t.Error("no session is due for it (S-17)")
	}
	r.start() // a power cut
	r.cpe.Boot("boot-1")
	r.cpe.settings(true)
	r.acs.Play(cwmptest.Polite, cwmptest.Fault(8002))
	r.good()
	r.wantEvents("10 AUTONOMOUS TRANSFER COMPLETE")
	failed := image()
	failed.FaultCode, failed.FaultString, failed.Start, failed.Complete = 9018, "no <image>", time.Time{}, time.Time{}
	r.report(failed, true)
	r.acs.Play(cwmptest.Polite, cwmptest.Fault(8005), cwmptest.Polite)
	r.good()
	r.wantEvents("10 AUTONOMOUS TRANSFER COMPLETE")
	told := r.acs.Pick("AutonomousTransferComplete")
	if len(told) != 4 { // refused, to be repeated, repeated, the other one
		t.Fatalf("told %d times", len(told))
	}
	for i, want := range []string{"0 https://files.example/i.bin 1 7 i.bin 2026-11-22T16:00:00Z 2026-11-22T16:01:00Z",
		"9018 https://files.example/i.bin 1 7 i.bin 0001-01-01T00:00:00Z 0001-01-01T00:00:00Z"} {
		m := told[2+i]
		got := fmt.Sprint(m.Text("FaultCode"), " ", m.Text("TransferURL"), " ", m.Text("IsDownload"), " ", m.Text("FileSize"), " ",
			m.Text("TargetFileName"), " ", m.Text("StartTime"), " ", m.Text("CompleteTime"))
		if got != want || m.Text("FileType") != firmware {
			t.Errorf("told %s, want %s", got, want)
		}
	}
	r.good()
	r.wantEvents()
	r.start() // what was answered is forgotten on flash too
	r.cpe.Boot("boot-1")
	r.cpe.settings(true)
	r.good()
	r.wantEvents()
	if len(r.cpe.saved.Refused) != 0 {
		t.Errorf("left: %v", r.cpe.saved.Refused)
	}
}

// AutonomousTransferCompletePolicy decides what is told.
func TestAutonomousTransferCompletePolicy(t *testing.T) {
	up, bad, config := image(), image(), image()
	up.IsDownload, bad.FaultCode, config.FileType = false, 9016, "3 Vendor Configuration File"
	all := []soap.AutonomousTransfer{image(), up, bad, config}
	r := newRouter(t)
	for _, tt := range []struct {
		settings string
		want     string // which of all are told
	}{
		{"Enable=false;FileTypeFilter=" + firmware, ""},
		{"Enable=true;FileTypeFilter=", ""},
		{"FileTypeFilter=" + firmware, "0 1 2"},
		{"FileTypeFilter=3 Vendor Configuration File", "3"},
		{"FileTypeFilter=2 Web Content," + firmware + ",3 Vendor Configuration File", "0 1 2 3"},
		{"TransferTypeFilter=Download", "0 2 3"},
		{"TransferTypeFilter=Upload", "1"},
		{"TransferTypeFilter=Both;ResultTypeFilter=Success", "0 1 3"},
		{"ResultTypeFilter=Failure", "2"},
		{"Enable=false", ""},
	} {
		r.allow(transferPolicy, strings.Split(tt.settings, ";")...)
		var got []string
		for i, one := range all {
			if wanted, err := r.cpe.TransferDone(t.Context(), one); err != nil {
				t.Fatal(err)
			} else if wanted {
				got = append(got, fmt.Sprint(i))
			}
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: told %q, want %q", tt.settings, s, tt.want)
		}
		r.cpe.dropReports(r.cpe.reportIDs()...)
	}
}

const unitA, unitB = "00000000-0000-5000-8000-00000000000a", "00000000-0000-5000-8000-00000000000b"

// what was installed without the ACS is told as its policy says, one operation or several at a time.
func TestAutonomousDUStateChangeComplete(t *testing.T) {
	r := newRouter(t)
	units := []soap.DUResult{
		{Operation: "Install", UUID: unitA, Version: "1", Ref: "Device.SoftwareModules.DeploymentUnit.1."},
		{Operation: "Update", UUID: unitA, Version: "2", FaultCode: 9027, FaultString: "full"},
		{Operation: "Uninstall", UUID: unitB},
	}
	for i, tt := range []struct{ settings, want string }{
		{"Enable=false;OperationTypeFilter=Install,Update,Uninstall;FaultCodeFilter=9027", ""},
		{"Enable=true", "Install Installed 0, Update Failed 9027, Uninstall Uninstalled 0"},
		{"FaultCodeFilter=9015", "Install Installed 0, Uninstall Uninstalled 0"},
		{"ResultTypeFilter=Failure", ""},
		{"FaultCodeFilter=9015,9027", "Update Failed 9027"},
		{"ResultTypeFilter=Success;OperationTypeFilter=Uninstall", "Uninstall Uninstalled 0"},
		{"OperationTypeFilter=", ""},
	} {
		r.allow(unitPolicy, strings.Split(tt.settings, ";")...)
		wanted, err := r.cpe.UnitsChanged(t.Context(), units)
		if err != nil || wanted != (tt.want != "") {
			t.Fatalf("%s: wanted %v, %v", tt.settings, wanted, err)
		}
		if !wanted {
			continue
		}
		if i == 1 {
			r.start()
			r.cpe.Boot("boot-1")
			r.cpe.settings(true)
		}
		r.good()
		r.wantEvents("12 AUTONOMOUS DU STATE CHANGE COMPLETE")
		var got []string
		for _, el := range r.last("AutonomousDUStateChangeComplete").Element("AutonomousDUStateChangeComplete").SelectElements("Results") {
			got = append(got, el.SelectElement("OperationPerformed").Text()+" "+el.SelectElement("CurrentState").Text()+" "+el.FindElement("Fault/FaultCode").Text())
		}
		if s := strings.Join(got, ", "); s != tt.want {
			t.Errorf("%s: told %s, want %s", tt.settings, s, tt.want)
		}
		r.good()
		r.wantEvents()
	}
}

// §3.15: a report that is none is refused, and so are more than the list holds; what is not on flash was not taken.
func TestReportsThatAreRefused(t *testing.T) {
	r := newRouter(t)
	r.allow(transferPolicy, "Enable=true", "FileTypeFilter="+firmware)
	r.allow(unitPolicy, "Enable=true", "OperationTypeFilter=Install")
	for name, change := range map[string]func(*soap.AutonomousTransfer){
		"no type":        func(a *soap.AutonomousTransfer) { a.FileType = "" },
		"not a type":     func(a *soap.AutonomousTransfer) { a.FileType = "Firmware" },
		"a type of none": func(a *soap.AutonomousTransfer) { a.FileType = "0 Nothing" },
		"a long type":    func(a *soap.AutonomousTransfer) { a.FileType = "1 " + strings.Repeat("x", 63) },
		"a vendor alone": func(a *soap.AutonomousTransfer) { a.FileType = "X 00D09E" },
		"a long URL":     func(a *soap.AutonomousTransfer) { a.TransferURL = strings.Repeat("x", 1025) },
		"a long name":    func(a *soap.AutonomousTransfer) { a.TargetFileName = strings.Repeat("x", 257) },
		"a long text":    func(a *soap.AutonomousTransfer) { a.FaultString = strings.Repeat("x", 257) },
		"9003":           func(a *soap.AutonomousTransfer) { a.FaultCode = 9003 },
		"9013":           func(a *soap.AutonomousTransfer) { a.FaultCode = 9013 },
		"1":              func(a *soap.AutonomousTransfer) { a.FaultCode = 1 },
	} {
		a := image()
		change(&a)
		if _, err := r.cpe.TransferDone(t.Context(), a); !errors.Is(err, ErrNoReport) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := soap.DUResult{Operation: "Install", UUID: unitA}
	for name, units := range map[string][]soap.DUResult{
		"none":      nil,
		"too many":  make([]soap.DUResult, maxUnits+1),
		"no UUID":   {good, {Operation: "Install"}},
		"operation": {{Operation: "Explode", UUID: unitA}},
		"9010":      {{Operation: "Install", UUID: unitA, FaultCode: 9010}},
		"version":   {{Operation: "Install", UUID: unitA, Version: strings.Repeat("1", 33)}},
	} {
		if _, err := r.cpe.UnitsChanged(t.Context(), units); !errors.Is(err, ErrNoReport) {
			t.Errorf("units, %s: %v", name, err)
		}
	}
	if n := len(r.cpe.reported()); n != 0 {
		t.Fatalf("%d reports were kept", n)
	}
	for range maxReports {
		r.report(image(), true)
	}
	if _, err := r.cpe.TransferDone(t.Context(), image()); !errors.Is(err, ErrTooManyReports) {
		t.Errorf("one too many: %v", err)
	}
	r.cpe.dropReports(r.cpe.reportIDs()...)
	if err := os.RemoveAll(filepath.Join(r.root, "etc/cwmpd")); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, r.root, map[string]string{"etc/cwmpd": "in the way"})
	if _, err := r.cpe.TransferDone(t.Context(), image()); err == nil || len(r.cpe.reported()) != 0 {
		t.Errorf("it could not be kept: %v, %d reports", err, len(r.cpe.reported()))
	}
	if err := os.Remove(filepath.Join(r.root, "etc/cwmpd")); err != nil {
		t.Fatal(err)
	}
}

// E-3: what was to be told to one ACS is not told to the next.
func TestReportsAreDroppedWithTheACS(t *testing.T) {
	r := newRouter(t)
	r.allow(transferPolicy, "Enable=true", "FileTypeFilter="+firmware)
	r.report(image(), true)
	r.cpe.url, r.cpe.saved.Bootstrapped = "", "http://old.example/"
	r.cpe.lookAtURL()
	r.good()
	r.wantEvents("0 BOOTSTRAP")
	r.start()
	if n := len(r.cpe.reported()); n != 0 {
		t.Errorf("%d reports are left", n)
	}
}

// X-32, §3.15: CWMP 1.0 has no AutonomousTransferComplete, 1.1 has one with fewer words, and both have no deployment units:
// what an ACS cannot be told waits.
func TestReportsByVersion(t *testing.T) {
	r := newRouter(t)
	r.allow(transferPolicy, "Enable=true", "FileTypeFilter="+firmware+",5 Ringer File,X 00D09E Tones")
	r.allow(unitPolicy, "Enable=true", "OperationTypeFilter=Install")
	ringer, tones, late := image(), image(), image()
	ringer.FileType, tones.FileType = "5 Ringer File", "X 00D09E Tones"
	late.FaultCode = 9020
	for _, a := range []soap.AutonomousTransfer{ringer, late, tones} {
		r.report(a, true)
	}
	if _, err := r.cpe.UnitsChanged(t.Context(), []soap.DUResult{{Operation: "Install", UUID: unitA}}); err != nil {
		t.Fatal(err)
	}
	for v, want := range [][]string{{}, {firmware + " 9010", "X 00D09E Tones 0"}, {"5 Ringer File 0", "units"}} {
		r.cpe.offer.now = version(v)
		r.acs.Speak(version(v).namespace())
		from := len(r.acs.Messages())
		r.good()
		if events := strings.Join(r.last("Inform").Events(), ", "); events != []string{"",
			"10 AUTONOMOUS TRANSFER COMPLETE", "10 AUTONOMOUS TRANSFER COMPLETE, 12 AUTONOMOUS DU STATE CHANGE COMPLETE"}[v] {
			t.Errorf("1.%d: events %s", v, events)
		}
		var got []string
		for _, m := range r.acs.Messages()[from:] {
			switch m.Name {
			case "AutonomousTransferComplete":
				got = append(got, m.Text("FileType")+" "+m.Text("FaultCode"))
			case "AutonomousDUStateChangeComplete":
				got = append(got, "units")
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("1.%d: told %q, want %q", v, got, want)
		}
	}
}

// K-20, E-3: a new ACS on probation does not hear of what was reported before. When it proves itself that is forgotten; when the
// old one comes back it is told.
func TestReportsAndProbation(t *testing.T) {
	transferred := image()
	told := report{ID: "told", Transfer: &transferred}
	for _, proves := range []bool{true, false} {
		bubble(t, "E-3", func(t *testing.T, m *mover) {
			m.dead[oldACS] = true // before it could be told
			if err := m.cpe.report(t.Context(), told); err != nil {
				t.Fatal(err)
			}
			pass(time.Second)
			m.dead[oldACS], m.dead[newACS] = false, !proves
			m.move(newACS, "", "")
			var early, late int
			m.mu.Lock()
			m.during = func(int) {
				if m.conf.ACS.URL == newACS {
					early += len(m.cpe.reported())
				} else {
					late = len(m.cpe.reported())
				}
			}
			m.mu.Unlock()
			pass(2 * time.Minute)
			if early != 0 {
				t.Error("the new ACS is told")
			}
			if n := len(m.cpe.allReports()); proves != (n == 0) {
				t.Errorf("proved: %v, and %d reports are left", proves, n)
			}
			if pass(2 * time.Hour); proves == (late == 1) {
				t.Errorf("proved: %v, and the old ACS is told of %d reports", proves, late)
			}
		})
	}
}
