package agent

import (
	"slices"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// §3.15: an updater on the router reports what it did, and the ACS hears of it in a session of its own, as its policies say.
func TestReportsOnTheBus(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	const transfers, units = "Device.ManagementServer.AutonomousTransferCompletePolicy.", "Device.ManagementServer.DUStateChangeComplPolicy."
	report := func() ubus.Value {
		return s.call("cwmp", "transfer_complete", "file_type", "1 Firmware Upgrade Image", "url", "https://vendor.example/i.bin",
			"file_size", 1<<20, "complete", "2026-11-22T16:00:00Z")
	}
	if got := report().Get("status").Text(); got != "0" {
		t.Errorf("reported though the ACS wants none: status %s", got)
	}
	s.set("0", cwmptest.Value{Name: transfers + "Enable", Text: "1", Type: "boolean"},
		cwmptest.Value{Name: transfers + "FileTypeFilter", Text: "1 Firmware Upgrade Image"},
		cwmptest.Value{Name: units + "Enable", Text: "1", Type: "boolean"},
		cwmptest.Value{Name: units + "OperationTypeFilter", Text: "Install,Uninstall"})
	if got := report().Get("status").Text(); got != "1" {
		t.Errorf("status %s", got)
	}
	if m := s.wait("AutonomousTransferComplete"); m.Text("TransferURL") != "https://vendor.example/i.bin" || m.Text("FileSize") != "1048576" ||
		m.Text("FaultCode") != "0" || m.Text("CompleteTime") != "2026-11-22T16:00:00Z" {
		t.Errorf("told %s", m.Body)
	}
	s.settle()
	s.call("cwmp", "du_state_change_complete", "results", ubus.Array(ubus.Table("operation", "Install", "uuid", "00000000-0000-5000-8000-00000000000a", "version", "2.1")))
	if m := s.wait("AutonomousDUStateChangeComplete"); m.Text("OperationPerformed") != "Install" || m.Text("CurrentState") != "Installed" || m.Text("Version") != "2.1" {
		t.Errorf("told %s", m.Body)
	}
	s.settle()
	if got := s.get(transfers)[transfers+"TransferTypeFilter"]; got != "Both" {
		t.Errorf("TransferTypeFilter %q, want %q", got, "Both")
	}
}

// H-16: what HTTPCompression says counts from the next session on.
func TestT086_CompressionSetByTheACS(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	for _, coding := range []struct{ value, header string }{{"GZIP", "gzip"}, {"Deflate", "deflate"}, {"Disabled", ""}} {
		s.set("0", cwmptest.Value{Name: "Device.ManagementServer.HTTPCompression", Text: coding.value})
		if got := s.get("Device.ManagementServer.HTTPCompression")["Device.ManagementServer.HTTPCompression"]; got != coding.value {
			t.Errorf("HTTPCompression %q, want %q", got, coding.value)
		}
		informs := s.acs.Pick("Inform")
		if got := informs[len(informs)-1].Header.Get("Content-Encoding"); got != coding.header {
			t.Errorf("%s: Content-Encoding %q, want %q", coding.value, got, coding.header)
		}
	}
}

// §3.15: firmware that came by LuCI, without the ACS, is an autonomous transfer; that of the first start is none.
func TestFirmwareThatTheACSDidNotOrder(t *testing.T) {
	t.Parallel()
	const policy = "Device.ManagementServer.AutonomousTransferCompletePolicy."
	s := newStage(t, nil)
	s.begin()
	s.set("0", cwmptest.Value{Name: policy + "Enable", Text: "1", Type: "boolean"},
		cwmptest.Value{Name: policy + "FileTypeFilter", Text: "1 Firmware Upgrade Image"})
	flash := func(from, to string) {
		for _, name := range []string{"etc/openwrt_release", "usr/lib/os-release"} {
			text := s.read(name)
			if !strings.Contains(text, from) {
				t.Fatalf("%s does not hold %q:\n%s", name, from, text)
			}
			s.write(name, strings.ReplaceAll(text, from, to))
		}
	}
	flash("24.10.2", "25.12.0")
	s.acs.Play(cwmptest.Status(500)) // the ACS does not hear of it at once
	s.reboot()
	s.inform()
	s.halt()
	s.start()
	if m := s.inform(); !slices.Contains(m.Events(), "10 AUTONOMOUS TRANSFER COMPLETE") || m.Values()["Device.DeviceInfo.SoftwareVersion"] != "25.12.0" {
		t.Errorf("Inform with %q", m.Events())
	}
	m := s.wait("AutonomousTransferComplete")
	if m.Text("FileType") != "1 Firmware Upgrade Image" || m.Text("IsDownload") != "1" || m.Text("FaultCode") != "0" || m.Text("CompleteTime") != "0001-01-01T00:00:00Z" {
		t.Errorf("told %s", m.Body)
	}
	s.settle()
	s.reboot()
	if m := s.inform(); slices.Contains(m.Events(), "10 AUTONOMOUS TRANSFER COMPLETE") {
		t.Errorf("told again: %q", m.Events())
	}
	s.settle()
	s.set("0", cwmptest.Value{Name: policy + "Enable", Text: "0", Type: "boolean"})
	flash("25.12.0", "25.12.1")
	s.reboot()
	if m := s.inform(); slices.Contains(m.Events(), "10 AUTONOMOUS TRANSFER COMPLETE") {
		t.Errorf("told though the ACS does not want to know: %q", m.Events())
	}
	s.settle()
}
