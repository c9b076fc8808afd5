package agent

import (
	"slices"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// K-20, K-21: the ACS sets URL, Username and Password to where nobody is. The router is rebooted meanwhile, the old ACS gets it
// back with its own credentials and what it was owed, and whoever asks is told why.
func TestK21_TheOldACSGetsTheRouterBack(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	text := strings.NewReplacer("retry_min_wait_interval '5'", "retry_min_wait_interval '1'",
		"retry_interval_multiplier '2000'", "retry_interval_multiplier '1000'").Replace(s.read("etc/config/cwmp"))
	s.write("etc/config/cwmp", text)
	s.begin()
	const dead = "http://127.0.0.1:1/acs?secret=query"
	actively := 2
	answers := s.ask(cwmptest.ScheduleInform(1, "s1"), cwmptest.SetParameterAttributes(
		cwmptest.Attribute{Name: "Device.ManagementServer.URL", Notification: &actively}),
		cwmptest.SetParameterValues("", cwmptest.Value{Name: "Device.ManagementServer.URL", Text: dead}, cwmptest.Value{Name: "Device.ManagementServer.Username", Text: "new-user"},
			cwmptest.Value{Name: "Device.ManagementServer.Password", Text: "acs-secret"}))
	if answers[2].Text("Status") != "0" {
		t.Fatalf("answer %s", answers[2].Body)
	}
	s.eventually("the new ACS is tried", func() bool {
		p := s.call("cwmp", "status").Get("probation")
		return p.Get("tries").Text() != "" && p.Get("tries").Text() != "0" && strings.Contains(p.Get("why").Text(), "refused")
	})
	if now := s.read("etc/config/cwmp"); !strings.Contains(now, dead) || !strings.Contains(now, "new-user") {
		t.Fatalf("configured:\n%s", now)
	}
	s.reboot()
	s.write("etc/config/cwmp", strings.Replace(s.read("etc/config/cwmp"), "config acs 'acs'\n", "config acs 'acs'\n\toption probation '1'\n", 1))
	m := s.inform()
	events := strings.Join(m.Events(), ", ")
	for _, want := range []string{"1 BOOT", "3 SCHEDULED", "M ScheduleInform s1", "4 VALUE CHANGE"} {
		if !strings.Contains(events, want) {
			t.Errorf("the old ACS is told %q, want %q among it", events, want)
		}
	}
	if strings.Contains(events, "0 BOOTSTRAP") {
		t.Errorf("the old ACS is told %q", events)
	}
	if got := m.Values()["Device.ManagementServer.URL"]; got != s.acs.URL {
		t.Errorf("the value that changed is %q, want %q", got, s.acs.URL)
	}
	s.settle()
	s.eventually("the new ACS is given up", func() bool {
		return s.call("cwmp", "status").Get("given_up").Get("url").Text() == "http://127.0.0.1:1/acs"
	})
	now := s.read("etc/config/cwmp")
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "#") && !strings.Contains(now, strings.TrimSpace(line)) {
			t.Errorf("no %q in the configuration any more:\n%s", line, now)
		}
	}
	if strings.Contains(now, "new-user") || strings.Contains(s.log.String(), "secret=query") {
		t.Errorf("left in the configuration, or told in the log:\n%s", now)
	}
	first := s.call("cwmp", "sessions").Get("sessions").Index(0) // of this boot
	if first.Get("acs_url").Text() != "http://127.0.0.1:1/acs" || first.Get("probation").Text() == "" || !strings.Contains(first.Get("why").Text(), "refused") {
		t.Errorf("first session %v", first)
	}
}

// K-20: the ACS sets a password and does not take it. The one before is put back, and the session that was wanted is held.
func TestK20_ThePasswordBeforeComesBack(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.write("etc/config/cwmp", strings.NewReplacer("retry_min_wait_interval '5'", "retry_min_wait_interval '1'", "retry_interval_multiplier '2000'", "retry_interval_multiplier '1000'",
		"config acs 'acs'\n", "config acs 'acs'\n\toption probation '1'\n").Replace(s.read("etc/config/cwmp")))
	first := userAndPassword(s.read("etc/config/cwmp"))
	if len(first) != 2 {
		t.Fatalf("configured %q", first)
	}
	s.acs.RequireDigest(first[0], first[1])
	s.begin()
	s.acs.Secret("nobody-knows")
	s.set("0", cwmptest.Value{Name: "Device.ManagementServer.Username", Text: "somebody"}, cwmptest.Value{Name: "Device.ManagementServer.Password", Text: "nobody-knows"})
	if now := s.read("etc/config/cwmp"); !strings.Contains(now, "nobody-knows") {
		t.Fatalf("configured:\n%s", now)
	}
	s.call("tr069", "inform", "event", "6 CONNECTION REQUEST")
	s.wantInform("") // a connection request is not told twice
	s.settle()
	if got := userAndPassword(s.read("etc/config/cwmp")); !slices.Equal(got, first) {
		t.Errorf("configured %q, want %q", got, first)
	}
	s.eventually("somebody is told", func() bool {
		return strings.Contains(s.call("cwmp", "status").Get("given_up").Get("why").Text(), "401")
	})
}

// userAndPassword are those for the ACS, of the file cwmp.
func userAndPassword(text string) (found []string) {
	text, _, _ = strings.Cut(text, "config cpe")
	for line := range strings.Lines(text) {
		f := strings.Fields(strings.ReplaceAll(line, "'", ""))
		if len(f) == 3 && (f[1] == "userid" || f[1] == "passwd") {
			found = append(found, f[2])
		}
	}
	return found
}
