package agent

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

func TestDeadline(t *testing.T) {
	const wall = 1_800_000_000
	for _, c := range []struct {
		name  string
		noted deadline
		now   moment
		left  int64
		then  deadline
	}{
		{"the same boot", deadline{600, "a", 700, wall}, moment{"a", 300, wall - 400}, 400, deadline{600, "a", 700, wall}},
		{"the clock is set, from 1970", deadline{600, "a", 700, 0}, moment{"a", 300, wall}, 400, deadline{600, "a", 700, wall + 400}},
		{"the clock is set back by a day", deadline{600, "a", 700, wall}, moment{"a", 300, wall - 86400}, 400, deadline{600, "a", 700, wall - 86400 + 400}},
		{"it is slewed a little", deadline{600, "a", 700, wall}, moment{"a", 300, wall - 390}, 400, deadline{600, "a", 700, wall}},
		{"time is up", deadline{600, "a", 700, 0}, moment{"a", 701, 0}, -1, deadline{600, "a", 700, 0}},
		{"another boot, before NTP", deadline{600, "a", 700, wall}, moment{"b", 20, 0}, 580, deadline{600, "a", 700, wall}},
		{"then NTP answers: most of it is over", deadline{600, "a", 700, wall}, moment{"b", 40, wall - 100}, 100, deadline{600, "b", 140, wall}},
		{"it was over while the power was away", deadline{600, "a", 700, wall}, moment{"b", 40, wall + 5}, -5, deadline{600, "b", 35, wall}},
		{"a clock that stands in the past cannot make it longer", deadline{600, "a", 700, wall}, moment{"b", 40, wall - 9000}, 560, deadline{600, "b", 600, wall - 9000 + 560}},
		{"another boot, and there never was a clock", deadline{600, "a", 700, 0}, moment{"b", 40, 0}, 560, deadline{600, "b", 600, 0}},
	} {
		if got := c.noted.left(c.now); got != c.left {
			t.Errorf("%s: %d left, want %d", c.name, got, c.left)
		}
		if got := c.noted.noted(c.now); got != c.then {
			t.Errorf("%s: noted %+v, want %+v", c.name, got, c.then)
		} else if got.left(c.now) != c.left && got.Boot == c.now.boot {
			t.Errorf("%s: noted, it is %d", c.name, got.left(c.now))
		}
	}
}

// AutoDisableDuration: what is on for a while is switched off when it is over, over a restart of the agent and of the box.
func TestAutoDisable(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	uptime := func(seconds int) { s.write("proc/uptime", fmt.Sprintf("%d.00 1.00\n", seconds)) }
	const pages, server = "Device.UserInterface.HTTPAccess.3.", "Device.SSH.Server.1."
	left := func() int {
		n, _ := strconv.Atoi(s.get(pages + "TimeLeft")[pages+"TimeLeft"])
		return n
	}
	wants := func(name string, at, most int) {
		t.Helper()
		if got := left(); got > at || got < at-most {
			t.Errorf("%s: %d s are left, want %d", name, got, at)
		}
	}
	uptime(1000)
	wants("before", 0, 0)
	s.set("1", cwmptest.Value{Name: pages + "AutoDisableDuration", Text: "600"})
	wants("set", 600, 0)
	const flash = "etc/cwmpd/autodisable.json"
	first := s.read(flash)
	if !strings.Contains(first, pages) || !strings.Contains(first, `"Up":1600`) {
		t.Errorf("on flash:\n%s", first)
	}
	uptime(1200)
	wants("later", 400, 0)
	s.restart()
	wants("after a restart", 400, 0)
	s.eventually("the clock did not go with the uptime: it is noted anew", func() bool { return s.read(flash) != first })

	release := s.router.Path("etc/openwrt_release")
	soon := time.Now().Add(48 * time.Hour) // newer than now: the clock is not set
	if err := os.Chtimes(release, soon, soon); err != nil {
		t.Fatal(err)
	}
	s.reboot()
	s.wantInform("1 BOOT")
	uptime(50)
	wants("after a boot, before the clock is set", 550, 0)
	if err := os.Chtimes(release, time.Time{}, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	s.restart() // as when the clock is set
	wants("when the clock is set", 400, int(patience/time.Second))

	s.set("1", cwmptest.Value{Name: server + "AutoDisableDuration", Text: "1"}, cwmptest.Value{Name: "Device.UserInterface.Enable", Text: "false"})
	uptime(120)
	s.edit("etc/config/dropbear", []string{"+"}) // somebody writes, and it is looked at
	s.eventually("the SSH server is off, though nobody else can log in", func() bool {
		return strings.Contains(s.read("etc/config/dropbear"), "option enable '0'")
	})
	s.wantCall(`service.event {"type":"config.change","data":{"package":"dropbear"}}`)
	wants("of the pages", 330, int(patience/time.Second))
	s.set("1", cwmptest.Value{Name: pages + "Enable", Text: "false"})
	wants("switched off", 0, 0)
	s.set("1", cwmptest.Value{Name: pages + "Enable", Text: "true"})
	wants("switched on", 600, 0)
	s.set("1", cwmptest.Value{Name: pages + "AutoDisableDuration", Text: "0"})
	wants("for ever", 0, 0)
	if got := strings.TrimSpace(s.read(flash)); strings.Contains(got, "Device") {
		t.Errorf("on flash at the end:\n%s", got)
	}
	if got := s.read("etc/config/uhttpd"); !strings.Contains(got, "443") {
		t.Errorf("no longer open:\n%s", got)
	}
}
