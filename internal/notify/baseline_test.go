package notify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
)

const sysFile = "etc/config/system"

// TestPassive is T-202, T-205, N-1, N-8, N-9.
// Covers: N-4.
func TestPassive(t *testing.T) {
	b := newBed(t, nil)
	b.notify(hostname, 1)
	b.wantPending()
	b.edit(sysFile, "r1", "r2")
	b.wantPending(hostname + "=r2")
	if b.Active() {
		t.Error("a passive change wants a session")
	}
	b.wantPending(hostname + "=r2") // the Inform was not answered (N-9)
	b.edit(sysFile, "r2", "r3")
	b.wantPending(hostname + "=r3") // the newest value (T-217)
	b.ack()
	b.wantPending()
	b.notify(hostname, 0)
	b.edit(sysFile, "r3", "r4")
	b.wantPending() // T-205
	b.notify(hostname, 1)
	b.wantPending() // from now on
}

// There and back again is no change (N-5).
func TestThereAndBack(t *testing.T) {
	b := newBed(t, nil)
	b.notify(hostname, 2)
	b.edit(sysFile, "r1", "r2")
	b.wantPending(hostname + "=r2")
	if !b.Active() {
		t.Error("not active")
	}
	b.edit(sysFile, "r2", "r1")
	b.wantPending()
	if b.Active() {
		t.Error("still active")
	}
}

// A value that changes between the Inform and its answer is not lost (N-6).
func TestChangeWhileTheSessionIsOpen(t *testing.T) {
	b := newBed(t, nil)
	b.notify(hostname, 2)
	b.edit(sysFile, "r1", "r2")
	changes, err := b.Pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.edit(sysFile, "r2", "r3")
	if err := b.Ack(changes); err != nil {
		t.Fatal(err)
	}
	b.wantPending(hostname + "=r3")
}

// TestReboot is T-214, T-215, N-7: the difference is found again, also that of SoftwareVersion after an upgrade.
func TestReboot(t *testing.T) {
	b := newBed(t, nil)
	b.notify(hostname, 1)
	b.wantPending()
	b.setValue("version", "2.0")
	b.edit(sysFile, "r1", "r2")
	b.restart()
	b.wantPending(hostname+"=r2", version+"=2.0")
	if !b.Active() {
		t.Error("not active")
	}
	b.ack()
	b.restart()
	b.wantPending()
}

// The first look of a new router tells nothing: with "0 BOOTSTRAP" the ACS asks for itself.
func TestFirstLook(t *testing.T) {
	b := newBed(t, nil)
	b.wantPending()
	b.setValue("url", "http://192.0.2.2:7547/x")
	b.wantPending(url + "=http://192.0.2.2:7547/x") // T-218
}

// TestOwnChangesOfTheACS is T-187, R-18, N-10, R-66.
func TestOwnChangesOfTheACS(t *testing.T) {
	b := newBed(t, nil)
	b.notify("Device.WiFi.", 1)
	b.notify(ssid1, 2)
	b.acs(set(ssid1, "mine"))
	b.wantPending("Device.WiFi.SSID.1.Name=mine") // the side effect counts, the parameter itself does not
	b.ack()
	b.edit("etc/config/wireless", "mine", "theirs")
	b.wantPending("Device.WiFi.SSID.1.Name=theirs", ssid1+"=theirs")
	b.ack()
	b.notify("Device.WiFi.SSIDNumberOfEntries", 2)
	b.acs(func(tx *model.Tx) error { _, err := tx.Add(t.Context(), "Device.WiFi.SSID."); return err })
	b.wantPending()
	b.acs(func(tx *model.Tx) error { return tx.Delete(t.Context(), "Device.WiFi.SSID.2.") })
	b.wantPending()
	b.write("etc/config/wireless", "")
	b.wantPending("Device.WiFi.SSIDNumberOfEntries=0") // somebody else's deletion is a change of the number, and of nothing else
	b.restart()
	b.wantPending("Device.WiFi.SSIDNumberOfEntries=0")
}

// A source that spells a value differently than the ACS did is no change either, and the next foreign change is one.
func TestOwnChangeSpelledDifferently(t *testing.T) {
	b := newBed(t, nil)
	b.notify(hostname, 2)
	b.Known(model.Changes{Set: map[string]string{hostname: "R1 as the ACS wrote it"}})
	b.wantPending()
	b.edit(sysFile, "r1", "r2")
	b.wantPending(hostname + "=r2")
}

// A row that somebody deleted drops out; one that comes back is compared with what the ACS knew.
func TestRowsComeAndGo(t *testing.T) {
	b := newBed(t, nil)
	b.notify(ssid2, 2)
	b.write("etc/config/wireless", "config wifi-iface 'a'\n\toption ssid 'one'\n")
	b.wantPending()
	b.write("etc/config/wireless", "config wifi-iface 'a'\n\toption ssid 'one'\nconfig wifi-iface 'b'\n\toption ssid 'two'\n")
	b.wantPending()
	b.edit("etc/config/wireless", "two", "three")
	b.wantPending(ssid2 + "=three")
}

// Active by default in a table: every row is watched, a new one from its value of now on.
func TestActiveTable(t *testing.T) {
	b := newBed(t, nil)
	b.wantPending()
	b.write("etc/config/units", "config unit 'u'\n\toption status 'Idle'\n")
	b.wantPending()
	b.edit("etc/config/units", "Idle", "Active")
	b.wantPending("Device.Unit.1.Status=Active")
	if !b.Active() {
		t.Error("not active")
	}
	b.notify("Device.Unit.1.Status", 0)
	b.wantPending()
}

// Long values are kept as hashes, and hidden ones not at all.
func TestWhatIsKept(t *testing.T) {
	b := newBed(t, nil)
	b.notify("Device.DeviceInfo.", 1)
	long := strings.Repeat("long ", 100)
	b.edit(sysFile, "n1", long)
	b.edit(sysFile, "config system\n", "config system\n\toption secret 'abc'\n")
	b.wantPending(notes + "=" + long)
	b.ack()
	b.acs(set("Device.DeviceInfo.Secret", "geheim"))
	b.wantPending()
	for path, m := range b.baseline {
		if len(m) > maxMark || strings.Contains(m, "geheim") || strings.Contains(m, "abc") {
			t.Errorf("kept of %s: %q", path, m)
		}
	}
	if mark("sha256:x") == "sha256:x" || mark("a") != "a" || mark(long) == mark(long+"x") {
		t.Error("marks are not unique")
	}
}

// Only what is watched costs a write to flash (P-3).
func TestFlashWear(t *testing.T) {
	b := newBed(t, nil)
	b.notify(notes, 1)
	b.wantPending()
	file := filepath.Join(b.root, "etc/cwmpd/baseline.json")
	written := func() os.FileInfo {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	before := written()
	b.Known(model.Changes{Set: map[string]string{hostname: "x"}, Deleted: []string{"Device.WiFi.SSID.9."}})
	b.wantPending()
	if err := b.Ack(nil); err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, written()) {
		t.Error("written without need")
	}
	b.Known(model.Changes{Set: map[string]string{notes: "x"}})
	if os.SameFile(before, written()) {
		t.Error("not written")
	}
}
