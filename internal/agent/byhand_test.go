package agent

import (
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/transfer"
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

// procd is back on the bus.
func (s *stage) procd() {
	s.router.Bus().Object("service", map[string]func(ubus.Value) (ubus.Value, int){
		"event": func(ubus.Value) (ubus.Value, int) { return ubus.Table(), ubus.StatusOK },
	})
}

// owed lists the packages whose reload procd did not hear of.
func (s *stage) owed() string {
	var list []string
	for _, v := range s.call("cwmp", "status").Get("reload").All() {
		list = append(list, v.Text())
	}
	return strings.Join(list, " ")
}

// A reload that procd was not there to hear is sent when it comes back, not at the end of some later session.
func TestOwedReloadWhenProcdComesBack(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	s.settle()
	s.router.Bus().Remove("service")
	s.call("cwmp", "set", "path", "Device.Time.Enable", "value", "false")
	if got := s.owed(); got != "system" {
		t.Fatalf("owed to procd: %q", got)
	}
	s.procd()
	s.eventually("procd is told", func() bool { return s.owed() == "" })
}

// The same where the whole bus was away: nobody then tells that procd came.
func TestOwedReloadWhenTheBusComesBack(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	s.settle()
	s.router.Bus().Remove("service")
	s.call("cwmp", "set", "path", "Device.Time.Enable", "value", "false")
	s.router.Close()
	if err := s.router.Start(); err != nil {
		t.Fatal(err)
	}
	s.wantCall(`service.event {"type":"config.change","data":{"package":"system"}}`)
	s.eventually("nothing is owed", func() bool { return s.owed() == "" })
}

// R-79, P-1: a configuration file that was downloaded owes its reloads with the same commit: they are sent when procd is
// there, after a restart of the agent too.
func TestOwedReloadOfADownloadedConfiguration(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	s.settle()
	s.router.Bus().Remove("service")
	file := s.serve(strings.Replace(s.read("etc/config/system"), "option hostname", "option notes 'downloaded'\n\toption hostname", 1))
	s.one(cwmptest.Download(cwmptest.DownloadArgs{FileType: transfer.TypeConfig, URL: file, TargetFileName: "system", CommandKey: "c1"}))
	s.wait("TransferComplete")
	s.settle()
	if got := s.owed(); got != "system" || !strings.Contains(s.read("etc/config/system"), "downloaded") {
		t.Fatalf("owed to procd: %q", got)
	}
	s.halt()
	s.start()
	if got := s.owed(); got != "system" {
		t.Errorf("owed after a restart: %q", got)
	}
	s.procd()
	s.wantCall(`service.event {"type":"config.change","data":{"package":"system"}}`)
	s.eventually("nothing is owed", func() bool { return s.owed() == "" })
}
