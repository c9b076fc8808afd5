package agent

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/sandbox"
)

// TestRealLLDPD: two of lldpd at the two ends of a wire, and one of them is the router's.
func TestRealLLDPD(t *testing.T) {
	l := newLAN(t, "lldpd", "lldpcli")
	root := t.TempDir()
	if _, err := sandbox.New(root); err != nil {
		t.Fatal(err)
	}
	sockets, err := os.MkdirTemp("", "cw") // lldpd looks at it as somebody else, who may not look below a test's own directory
	if err == nil {
		err = os.Chmod(sockets, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(sockets) })
	ours, theirs := filepath.Join(sockets, "ours"), filepath.Join(sockets, "theirs")
	l.run(l.server, "lldpd", "-d", "-u", theirs, "-I", "cws", "-S", "the switch in the cellar")
	l.run(l.client, "lldpd", "-d", "-u", ours, "-I", "cwc")
	client := filepath.Join(root, "usr/sbin/lldpcli")
	text := fmt.Sprintf("#!/bin/sh\nexec ip netns exec %s lldpcli -u %s \"$@\"\n", l.client, ours)
	if err := os.WriteFile(client, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		exec.Command("ip", "netns", "exec", l.server, "lldpcli", "-u", theirs, "update").Run()
		if out, _ := exec.Command(client, "show", "neighbors").CombinedOutput(); strings.Contains(string(out), "cellar") {
			break
		} else if time.Now().After(end) {
			t.Fatalf("the neighbour is not heard: %s", out)
		}
	}
	mac, err := exec.Command("ip", "netns", "exec", l.server, "cat", "/sys/class/net/cws/address").Output()
	if err != nil {
		t.Fatal(err)
	}

	tx, err := openParts(t, root).Tree.Begin(t.Context(), model.FromACS)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Close()
	for path, want := range map[string]string{
		"DeviceNumberOfEntries":           "1",
		"Device.1.ChassisIDSubtype":       "4",
		"Device.1.ChassisID":              strings.TrimSpace(string(mac)),
		"Device.1.PortNumberOfEntries":    "1",
		"Device.1.Port.1.PortIDSubtype":   "3",
		"Device.1.Port.1.PortID":          strings.TrimSpace(string(mac)),
		"Device.1.Port.1.TTL":             "120",
		"Device.1.Port.1.PortDescription": "cws",
	} {
		if got, err := tx.Value(t.Context(), "Device.LLDP.Discovery."+path); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", path, got, err, want)
		}
	}
}
