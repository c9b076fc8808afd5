package agent

import (
	"os"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// A service whose init script refuses: the ACS was told Status 1, the log tells what went wrong, and the parameter reads what
// is so. It is not tried again.
func TestErrandThatFails(t *testing.T) {
	t.Parallel()
	s := newStage(t, map[string]string{"etc/init.d/log": "#!/bin/sh\necho ran >>\"${0%/*}/../../tmp/commands.log\"\necho out of memory\nexit 1\n"})
	if err := os.Chmod(s.router.Path("etc/init.d/log"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.begin()
	s.set("1", cwmptest.Value{Name: "Device.Syslog.Enable", Text: "false"})
	if got := s.get("Device.Syslog.Enable")["Device.Syslog.Enable"]; got != "true" {
		t.Errorf("Enable reads %q", got)
	}
	if log := s.log.String(); strings.Count(log, "out of memory") != 2 || !strings.Contains(log, "/etc/init.d/log stop") {
		t.Error("the log does not tell of both commands")
	}
	if got := s.owed(); got != "" {
		t.Errorf("still owed: %q", got)
	}
}

// An interface that netifd does not have, as one that is switched off: there is nothing to reset.
func TestErrandWithoutInterface(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	s.router.Bus().Remove("network.interface.wan")
	s.set("1", cwmptest.Value{Name: "Device.IP.Interface.4.Reset", Text: "true"})
	s.eventually("the log tells that there is no such interface", func() bool {
		return strings.Contains(s.log.String(), "network.interface.wan up")
	})
	if got := s.owed(); got != "" {
		t.Errorf("still owed: %q", got)
	}
}
