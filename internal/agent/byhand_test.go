package agent

import (
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

// What the owner edits in /etc/config/cwmp counts without a reload being asked for, as it does for every file of UCI.
func TestOwnConfigurationByHand(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	s.settle()
	s.write("etc/config/cwmp", strings.Replace(s.read("etc/config/cwmp"), "connreq-secret", "by-hand", 1))
	s.eventually("the new password opens the door", func() bool { return s.knock("acs", "by-hand") == "200" })
	s.wantInform("6 CONNECTION REQUEST")
	s.settle()
}

// A reload that procd was not there to hear is sent when it comes back, not at the end of some later session.
func TestOwedReloadWhenProcdComesBack(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	s.settle()
	s.router.Bus().Remove("service")
	s.call("cwmp", "set", "path", "Device.Time.Enable", "value", "false")
	owed := func() bool { return s.call("cwmp", "status").Get("reload").Index(0).Text() == "system" }
	if !owed() {
		t.Fatal("the change is not owed to procd")
	}
	s.router.Bus().Object("service", map[string]func(ubus.Value) (ubus.Value, int){
		"event": func(ubus.Value) (ubus.Value, int) { return ubus.Table(), ubus.StatusOK },
	})
	s.eventually("procd is told", func() bool { return !owed() })
}
