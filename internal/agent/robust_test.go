package agent

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// another makes a second ACS.
func (s *stage) another() *stage {
	s.t.Helper()
	acs := cwmptest.New()
	s.t.Cleanup(func() {
		acs.Close()
		for _, v := range acs.Violations() {
			s.t.Errorf("invariant at the other ACS: %s", v)
		}
	})
	return &stage{t: s.t, router: s.router, acs: acs, bus: s.bus, log: s.log}
}

// T-125: the ACS hands the router over. The session ends where it was; the new ACS hears "0 BOOTSTRAP", and nothing of
// what was to be told to the old one.
func TestT125_TheACSNamesAnother(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	other := s.another()
	m := s.ask(cwmptest.ScheduleInform(1, "old"), cwmptest.SetParameterValues("moved", cwmptest.Value{Name: "Device.ManagementServer.URL", Text: other.acs.URL}),
		cwmptest.GetParameterValues("Device.ManagementServer.URL"))
	if got := m[2].Values()["Device.ManagementServer.URL"]; m[1].Text("Status") != "0" || got != other.acs.URL {
		t.Errorf("Status %s, URL %s, want that of the other ACS", m[1].Text("Status"), got)
	}
	s.settle()
	inform := other.wantInform("0 BOOTSTRAP")
	if got := inform.Values()["Device.ManagementServer.ParameterKey"]; got != "moved" {
		t.Errorf("ParameterKey %q, want %q", got, "moved")
	}
	other.settle()
	if got := len(s.acs.Pick("Inform")); got != 2 {
		t.Errorf("%d Informs at the old ACS, want 2", got)
	}
}

// T-125: the owner does the same with an editor, while the agent runs and while it does not.
func TestT125_TheOwnerNamesAnother(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	other := s.another()
	s.write("etc/config/cwmp", strings.Replace(s.read("etc/config/cwmp"), s.acs.URL, other.acs.URL, 1))
	s.tell("cwmp")
	other.wantInform("0 BOOTSTRAP")
	other.settle()

	s.halt()
	s.write("etc/config/cwmp", strings.Replace(s.read("etc/config/cwmp"), other.acs.URL, s.acs.URL, 1))
	s.start()
	s.wantInform("0 BOOTSTRAP")
	s.settle()
}

// A reload of the configuration, as at SIGHUP and `cwmpd reload`, does not disturb an open session.
func TestReloadKeepsTheSession(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	reloaded := make(chan struct{})
	s.acs.Play(cwmptest.Polite, cwmptest.When(reloaded, cwmptest.Polite))
	s.acs.Ask(cwmptest.GetParameterValues("Device.DeviceInfo.ProvisioningCode"))
	s.call("tr069", "inform", "event", "6 CONNECTION REQUEST")
	s.wait("") // the ACS makes us wait
	s.write("etc/config/cwmp", strings.Replace(s.read("etc/config/cwmp"), "DEMO-1", "DEMO-2", 1))
	s.call("cwmp", "reload")
	close(reloaded)
	if got := s.answers(1)[0].Values()["Device.DeviceInfo.ProvisioningCode"]; got != "DEMO-2" {
		t.Errorf("ProvisioningCode %q, want %q", got, "DEMO-2")
	}
	s.settle()
	for _, r := range s.acs.Pick("Inform") {
		if got := r.Text("RetryCount"); got != "0" {
			t.Errorf("RetryCount %s: a session was lost", got)
		}
	}
}

// Two agents on one router: the second one says so and ends, the first one goes on.
func TestOneAgentForOneRouter(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := Run(ctx, s.options()); err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "another cwmpd") {
		t.Errorf("the second agent ended with %v", err)
	}
	if got := s.get("Device.Time.Enable")["Device.Time.Enable"]; got != "true" {
		t.Errorf("the first agent answers %q", got)
	}
}

// Z-49: whatever lies broken on the flash, the agent reaches its ACS.
func TestZ49_BrokenFiles(t *testing.T) {
	t.Parallel()
	wreck := map[string]func(path string) error{
		"empty":     func(path string) error { return os.Truncate(path, 0) },
		"null":      func(path string) error { return os.WriteFile(path, []byte("null"), 0o600) },
		"rubbish":   func(path string) error { return os.WriteFile(path, []byte("\x00\xff{'config\noption"), 0o600) },
		"directory": func(path string) error { os.Remove(path); return os.Mkdir(path, 0o700) },
		"cut": func(path string) error {
			info, err := os.Stat(path)
			if err == nil {
				err = os.Truncate(path, info.Size()/2)
			}
			return err
		},
	}
	for how, breaks := range wreck {
		t.Run("state "+how, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, nil)
			s.begin()
			s.one(cwmptest.SetParameterAttributes(cwmptest.Attribute{Name: "Device.WiFi.SSID.1.SSID", Notification: new(int)}))
			s.set("1", cwmptest.Value{Name: "Device.WiFi.SSID.1.SSID", Text: "Set"})
			s.halt()
			broken := 0
			err := filepath.WalkDir(s.router.Path("etc/cwmpd"), func(path string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				broken++
				return breaks(path)
			})
			if err != nil || broken < 4 {
				t.Fatalf("%d files broken, %v", broken, err)
			}
			s.start()
			s.wantInform("0 BOOTSTRAP, 1 BOOT")
			s.settle()
			if got := s.get("Device.WiFi.SSID.1.SSID")["Device.WiFi.SSID.1.SSID"]; got != "Set" {
				t.Errorf("SSID %q, want %q", got, "Set")
			}
			if how == "directory" {
				return // what is no file at all nobody replaces
			}
			s.set("1", cwmptest.Value{Name: "Device.WiFi.SSID.1.SSID", Text: "Again"})
			s.restart() // what was written over the broken files is sound
			if got := s.get("Device.WiFi.SSID.1.SSID")["Device.WiFi.SSID.1.SSID"]; got != "Again" {
				t.Errorf("SSID %q, want %q", got, "Again")
			}
		})
		t.Run("configuration "+how, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, nil)
			s.begin()
			s.halt()
			packages, err := filepath.Glob(s.router.Path("etc/config/*"))
			if err != nil || len(packages) < 5 {
				t.Fatalf("%d packages, %v", len(packages), err)
			}
			for _, path := range packages {
				// An empty file is a sound one: somebody wants no ACS.
				if filepath.Base(path) == "cwmp" && how == "empty" {
					continue
				}
				if err := breaks(path); err != nil {
					t.Fatal(err)
				}
			}
			s.reboot()
			inform := s.inform()
			if !slices.Contains(inform.Events(), "1 BOOT") || slices.Contains(inform.Events(), "0 BOOTSTRAP") {
				t.Errorf("Inform with %q, want 1 BOOT of a known ACS", inform.Events())
			}
			s.settle()
			if m := s.one(cwmptest.GetParameterValues("")); m.Name != "GetParameterValuesResponse" || len(m.Values()) < 100 {
				t.Errorf("the whole tree: %s with %d values", m.Name, len(m.Values()))
			}
		})
	}
	t.Run("definitions", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, map[string]string{
			"etc/cwmpd/datamodel/a-broken.dm":            "Device.DeviceInfo.  rw\n  Serial\x00Number nonsense\n",
			"etc/cwmpd/datamodel/b-bad-source.dm":        "Device.Time. r\n  Enable rw boolean uci\n",
			"usr/share/cwmpd/datamodel/c-unclosed.dm":    "Device.Time. r\n  Enable rw enum(Up, Down uci a.b.c\n",
			"usr/share/cwmpd/datamodel/d-fine.dm":        "Device.X_ACME_Lamp. r\n  Colour r string const green\n",
			"usr/share/cwmpd/datamodel/e-not-a-model.dm": strings.Repeat("\xff", 1<<16),
		})
		s.begin()
		if got := s.get("Device.X_ACME_Lamp.Colour", "Device.Time.Enable"); got["Device.X_ACME_Lamp.Colour"] != "green" || got["Device.Time.Enable"] != "true" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("without a bus", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		s.router.Close()
		s.begin()
	})
}

// T-184: what an ACS may send as a value stays a value: in the files, and on the way back.
func TestT184_HostileValues(t *testing.T) {
	t.Parallel()
	hostile := []string{
		"'; reboot;#", `"`, `\`, `a\'b`, "'\\''", "$(reboot)", "`reboot`", "${IFS}", "-oProxyCommand=x", "--", "\ttab\t",
		"two\nlines", "a\n\toption evil '1'\n", "config\n", "emoji 😀", "<b>&amp;]]>", " blank ", "%s%n", "../../etc/passwd", "{n}{section}", "a\rb", "a\u2028b",
	}
	s := newStage(t, nil)
	s.begin()
	params := []string{"Device.DeviceInfo.ProvisioningCode", "Device.WiFi.SSID.1.SSID", "Device.NAT.PortMapping.1.Description",
		"Device.Time.NTPServer1", "Device.DHCPv4.Server.Pool.1.DomainName", "Device.ManagementServer.Username"}
	before := s.sections()
	var calls []cwmptest.Call
	for _, text := range hostile {
		for _, path := range params {
			calls = append(calls, cwmptest.SetParameterValues("", cwmptest.Value{Name: path, Text: text, Type: "string"}))
		}
		calls = append(calls, cwmptest.GetParameterValues(params...))
	}
	m := s.ask(calls...)
	s.settle()
	taken, holds := map[string]int{}, map[string]string{}
	for _, text := range hostile {
		for i, path := range params {
			switch set := m[i]; {
			case set.Name == "SetParameterValuesResponse":
				taken[path]++
				holds[path] = text
			case set.FaultCode() != 9003 || set.ParamFaults()[path] != 9007:
				t.Errorf("%s = %q: fault %d %v", path, text, set.FaultCode(), set.ParamFaults())
			}
		}
		for path, got := range m[len(params)].Values() {
			if want, known := holds[path]; known && got != want {
				t.Errorf("%s reads %q after %q was sent, want %q", path, got, text, want)
			}
		}
		m = m[len(params)+1:]
	}
	for _, path := range params[:3] {
		if taken[path] < 10 {
			t.Errorf("%s took only %d of %d texts", path, taken[path], len(hostile))
		}
	}
	if after := s.sections(); !slices.Equal(before, after) {
		t.Errorf("sections and options %s", difference(before, after))
	}
	if commands, err := s.router.Commands(); err != nil || slices.Contains(commands, "reboot") {
		t.Errorf("commands %q, %v", commands, err)
	}
}

// sections lists package, section and option names of the router's configuration, which must parse.
func (s *stage) sections() []string {
	s.t.Helper()
	var list []string
	for _, name := range []string{"cwmp", "wireless", "network", "dhcp", "firewall", "system"} {
		p, err := uci.Parse(name, []byte(s.read("etc/config/"+name)))
		if err != nil {
			s.t.Fatalf("%v\n%s", err, s.read("etc/config/"+name))
		}
		for _, section := range p.Sections {
			list = append(list, name+"."+section.Type+"."+section.Name)
		}
	}
	return list
}

// T-031, X-6: envelopes of 32 KiB and more are understood.
func TestT031_LongEnvelopes(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	var calls []cwmptest.Call
	sizes := []int{32_768, 32_769, 1 << 20}
	for _, size := range sizes {
		calls = append(calls, callOfSize(size))
	}
	for i, m := range s.ask(calls...) {
		if got := m.Values()["Device.Time.Enable"]; got != "true" {
			t.Errorf("%d bytes: %s %q", sizes[i], m.Name, got)
		}
	}
	s.settle()
}

// callOfSize asks for one name again and again, in an envelope of that many bytes.
func callOfSize(size int) cwmptest.Call {
	call := cwmptest.GetParameterValues("Device.Time.Enable")
	envelope := len(cwmptest.Envelope("urn:dslforum-org:cwmp-1-2", cwmptest.IDHeader("acs-1"), ""))
	const name = "<string>Device.Time.Enable</string>"
	more := size - envelope - len(call)
	names := strings.Repeat(name, more/len(name)) + strings.Repeat(" ", more%len(name))
	return cwmptest.Call(strings.Replace(string(call), "</ParameterNames>", names+"</ParameterNames>", 1))
}

// T-038, T-049, X-8, X-10: array counts that are wrong or missing, and types whose prefix is bound elsewhere.
func TestT038_OddEnvelopes(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	const get = `<cwmp:GetParameterValues><ParameterNames%s><string>Device.Time.Enable</string><string>Device.Time.NTPServer1</string></ParameterNames></cwmp:GetParameterValues>`
	const set = `<cwmp:SetParameterValues><ParameterList%s><ParameterValueStruct><Name>Device.Time.Enable</Name><Value%s>1</Value></ParameterValueStruct></ParameterList><ParameterKey/></cwmp:SetParameterValues>`
	fill := func(format string, args ...string) cwmptest.Call {
		for _, a := range args {
			format = strings.Replace(format, "%s", a, 1)
		}
		return cwmptest.Call(format)
	}
	m := s.ask(
		fill(get, ` soap-enc:arrayType="xsd:string[9]"`), fill(get, ``), fill(get, ` soap-enc:arrayType="xsd:string[0]"`), fill(get, ` soap-enc:arrayType="nonsense"`),
		fill(set, ` xmlns:s="http://www.w3.org/2001/XMLSchema"`, ` xsi:type="s:boolean"`),
		fill(set, ``, ` xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:q="http://www.w3.org/2001/XMLSchema" i:type="q:boolean"`),
		fill(set, ``, ` xsi:type="xsd:string"`),
	)
	for i := range 4 {
		if len(m[i].Values()) != 2 {
			t.Errorf("case %d: %s", i, strings.Join(cwmptest.Describe(m[i]), "; "))
		}
	}
	for i, want := range []string{"SetParameterValuesResponse", "SetParameterValuesResponse", "Fault"} {
		if m[4+i].Name != want {
			t.Errorf("case %d: %s, want %s", 4+i, strings.Join(cwmptest.Describe(m[4+i]), "; "), want)
		}
	}
	s.settle()
}

// T-236, Z-32: a table is filled to its limit; the refusal leaves ParameterKey as it was.
func TestT236_FullTable(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.begin()
	const table = "Device.ManagementServer.InformParameter."
	var calls []cwmptest.Call
	for range 32 {
		calls = append(calls, cwmptest.AddObject(table, "good"))
	}
	calls = append(calls, cwmptest.AddObject(table, "bad"), cwmptest.GetParameterValues("Device.ManagementServer.ParameterKey"))
	m := s.ask(calls...)
	s.settle()
	if m[31].Text("InstanceNumber") != "32" || m[32].FaultCode() != 9004 || m[33].Values()["Device.ManagementServer.ParameterKey"] != "good" {
		t.Errorf("the last answers: %v %v %v", cwmptest.Describe(m[31]), cwmptest.Describe(m[32]), cwmptest.Describe(m[33]))
	}
}

// T-005, T-010: the first session's order, and the time in its Inform.
func TestT010_CurrentTime(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	m := s.begin()
	text := m.Text("CurrentTime")
	at, err := time.Parse(time.RFC3339, text)
	if off := time.Since(at); err != nil || off < -2*time.Second || off > 2*time.Second+patience/10 {
		t.Errorf("CurrentTime %s, %v off, %v", text, off, err)
	}
	if strings.HasSuffix(text, "Z") {
		t.Errorf("CurrentTime %s of a router in Berlin", text)
	}
	var names []string
	for _, m := range s.acs.Messages() {
		names = append(names, m.Name)
	}
	if want := []string{"Inform", ""}; !slices.Equal(names, want) {
		t.Errorf("the CPE sent %q, want %q", names, want)
	}
}
