package cwmp

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

func notification(name string, n int) cwmptest.Attribute {
	return cwmptest.Attribute{Name: name, Notification: &n}
}

// attributes asks for attributes and returns "2 [Subscriber]" by name.
func (r *router) attributes(names ...string) map[string]string {
	r.t.Helper()
	m := r.one(cwmptest.GetParameterAttributes(names...))
	if m.Name != "GetParameterAttributesResponse" {
		r.t.Fatalf("answer %s", m.Body)
	}
	list := map[string]string{}
	for _, el := range m.Element("ParameterList").ChildElements() {
		var access []string
		for _, s := range el.SelectElement("AccessList").ChildElements() {
			access = append(access, s.Text())
		}
		list[el.SelectElement("Name").Text()] = el.SelectElement("Notification").Text() + " [" + strings.Join(access, " ") + "]"
	}
	return list
}

func (r *router) set(attrs ...cwmptest.Attribute) {
	r.t.Helper()
	if m := r.one(cwmptest.SetParameterAttributes(attrs...)); m.Name != "SetParameterAttributesResponse" {
		r.t.Fatalf("answer %s", m.Body)
	}
}

func (r *router) writeTest(option, value string) {
	r.t.Helper()
	text := strings.Replace(testFiles["etc/config/test"], "\toption int", "\toption "+option+" '"+value+"'\n\toption int", 1)
	if option == "int" {
		text = strings.Replace(testFiles["etc/config/test"], "'-5'", "'"+value+"'", 1)
	}
	writeFiles(r.t, r.root, map[string]string{"etc/config/test": text})
}

// Covers: §2.2, N-2.
func TestT200_DefaultAttributes(t *testing.T) {
	r := newRouter(t)
	got := r.attributes("Device.")
	for path, want := range map[string]string{
		"Device.DeviceInfo.SoftwareVersion": "2 [Subscriber]", "Device.DeviceInfo.ProvisioningCode": "2 [Subscriber]",
		"Device.ManagementServer.ConnectionRequestURL": "2 [Subscriber]", "Device.Test.Int": "0 [Subscriber]",
	} {
		if got[path] != want {
			t.Errorf("%s: %s, want %s", path, got[path], want)
		}
	}
	for name := range got {
		if strings.HasSuffix(name, ".") {
			t.Errorf("R-57: an object: %s", name)
		}
	}
	if all := r.attributes(""); len(all) != len(got) {
		t.Errorf("the empty path has %d, Device. %d", len(all), len(got))
	}
	wantFault(t, r.one(cwmptest.GetParameterAttributes()), 9003)
}

// Covers: N-1, N-4, N-8, I-7.
func TestT202_PassiveChangeIsInTheNextInform(t *testing.T) {
	r := newRouter(t)
	r.set(notification("Device.Test.Int", 1))
	r.good()
	r.wantEvents()
	r.writeTest("int", "7")
	r.good()
	r.wantEvents("4 VALUE CHANGE")
	if got := r.last("Inform").Values()["Device.Test.Int"]; got != "7" {
		t.Errorf("value %q", got)
	}
	r.good()
	r.wantEvents()
	if _, there := r.last("Inform").Values()["Device.Test.Int"]; there {
		t.Error("told twice")
	}
}

func TestT205_NotWatched(t *testing.T) {
	r := newRouter(t)
	r.set(notification("Device.Test.Int", 1))
	r.good()
	r.set(notification("Device.Test.Int", 0))
	r.writeTest("int", "7")
	r.good()
	r.wantEvents()
}

// Covers: R-54, N-15.
func TestT206_ActiveMayBeRefused(t *testing.T) {
	r := newRouter(t)
	m := r.one(cwmptest.SetParameterAttributes(notification("Device.Test.Int", 1), notification("Device.DeviceInfo.UpTime", 2)))
	wantFault(t, m, 9009)
	if got := r.attributes("Device.Test.Int")["Device.Test.Int"]; got != "0 [Subscriber]" {
		t.Errorf("R-50: half of it was done: %s", got)
	}
	r.set(notification("Device.DeviceInfo.UpTime", 1))
}

func TestT208_ForcedStaysActive(t *testing.T) {
	r := newRouter(t)
	r.set(notification("Device.DeviceInfo.SoftwareVersion", 0))
	if got := r.attributes("Device.DeviceInfo.SoftwareVersion")["Device.DeviceInfo.SoftwareVersion"]; got != "2 [Subscriber]" {
		t.Errorf("attributes %s", got)
	}
}

func TestT209_WhatIsNotToChangeIsNotRead(t *testing.T) {
	r := newRouter(t)
	entry := func(change, notification, accessChange string) cwmptest.Call {
		return cwmptest.Call("<cwmp:SetParameterAttributes><ParameterList><SetParameterAttributesStruct><Name>Device.Test.Int</Name><NotificationChange>" + change +
			"</NotificationChange><Notification>" + notification + "</Notification><AccessListChange>" + accessChange +
			"</AccessListChange><AccessList/></SetParameterAttributesStruct></ParameterList></cwmp:SetParameterAttributes>")
	}
	for _, tt := range []struct {
		call cwmptest.Call
		code int
		want string
	}{
		{entry("false", "99", "0"), 0, "0 [Subscriber]"},
		{entry("0", "", "false"), 0, "0 [Subscriber]"}, // GenieACS
		{entry("true", "1", "false"), 0, "1 [Subscriber]"},
		{entry("true", "7", "false"), 9003, "1 [Subscriber]"},
		{entry("true", "-1", "false"), 9003, "1 [Subscriber]"},
		{entry("true", "3", "false"), 9003, "1 [Subscriber]"}, // lightweight, in a session of 1.3 (T-213)
		{entry("true", "", "false"), 9003, "1 [Subscriber]"},
		{entry("maybe", "1", "false"), 9003, "1 [Subscriber]"},
		{entry("false", "1", "true"), 0, "1 []"}, // T-210
		{"<cwmp:SetParameterAttributes><ParameterList/></cwmp:SetParameterAttributes>", 9003, "1 []"},
	} {
		wantFault(t, r.one(tt.call), tt.code)
		if got := r.attributes("Device.Test.Int")["Device.Test.Int"]; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.call, got, tt.want)
		}
	}
}

func TestT210_AccessList(t *testing.T) {
	r := newRouter(t)
	r.odd = "R-56 wants unknown entities stored and returned, the schema knows the Subscriber only"
	list := []string{"Subscriber", "X_ACME_Someone"}
	r.set(cwmptest.Attribute{Name: "Device.Test.Int", AccessList: &list})
	if got := r.attributes("Device.Test.Int")["Device.Test.Int"]; got != "0 [Subscriber X_ACME_Someone]" {
		t.Errorf("attributes %s", got)
	}
	list[1] = strings.Repeat("x", 65)
	wantFault(t, r.one(cwmptest.SetParameterAttributes(cwmptest.Attribute{Name: "Device.Test.Int", AccessList: &list})), 9003)
}

func TestT211_PartialPath(t *testing.T) {
	r := newRouter(t)
	r.ask(cwmptest.AddObject("Device.Test.Row.", ""))
	r.set(notification("Device.Test.Row.", 1))
	for path, got := range r.attributes("Device.Test.Row.1.") {
		if !strings.HasPrefix(got, "1") {
			t.Errorf("%s: %s", path, got)
		}
	}
	r.ask(cwmptest.AddObject("Device.Test.Row.", ""))
	for path, got := range r.attributes("Device.Test.Row.2.") {
		if !strings.HasPrefix(got, "0") {
			t.Errorf("a new instance has %s: %s", path, got)
		}
	}
	wantFault(t, r.one(cwmptest.SetParameterAttributes(notification("Device.Test.Int", 1), notification("Device.Nope", 1))), 9005)
	r.set(notification("Device.Test.Int", 1), notification("Device.Test.Int", 2))
	if got := r.attributes("Device.Test.Int")["Device.Test.Int"]; got != "2 [Subscriber]" {
		t.Errorf("the last entry does not win: %s", got)
	}
}

//
func TestT187_OwnChangesAreNoNews(t *testing.T) {
	r := newRouter(t)
	r.set(notification("Device.Test.Int", 2), notification("Device.Test.RowNumberOfEntries", 2))
	r.good()
	r.ask(cwmptest.SetParameterValues("", cwmptest.Value{Name: "Device.Test.Int", Text: "9", Type: "int"}), cwmptest.AddObject("Device.Test.Row.", "")) // N-10, R-66
	r.good()
	r.wantEvents()
	r.writeTest("int", "10")
	r.good()
	r.wantEvents("4 VALUE CHANGE")
}

// lightweight notifications are for sessions of CWMP 1.4; older ones see what they know of them.
func TestT213_Lightweight(t *testing.T) {
	r := newRouter(t)
	speak := func() {
		r.acs.Play(cwmptest.InformResponse(`<cwmp:UseCWMPVersion soap-env:mustUnderstand="1">1.4</cwmp:UseCWMPVersion>`))
	}
	for level, old := range []string{"0", "1", "2", "0", "1", "0", "1"} {
		speak()
		r.set(notification("Device.Test.Int", level))
		if got := r.attributes("Device.Test.Int")["Device.Test.Int"]; got != old+" [Subscriber]" {
			t.Errorf("%d in a session of 1.3: %s", level, got)
		}
		speak()
		if got, want := r.attributes("Device.Test.Int")["Device.Test.Int"], strconv.Itoa(level)+" [Subscriber]"; got != want {
			t.Errorf("%d: %s", level, got)
		}
	}
	speak()
	wantFault(t, r.one(cwmptest.SetParameterAttributes(notification("Device.Test.Int", 7))), 9003)
	speak()
	wantFault(t, r.one(cwmptest.SetParameterAttributes(notification("Device.DeviceInfo.UpTime", 6))), 9009)
	r.writeTest("int", "30")
	r.good()
	r.wantEvents("4 VALUE CHANGE") // T-221: 6 is passive as well
}

// Covers: N-3, §8.
func TestT214_AttributesSurvive(t *testing.T) {
	r := newRouter(t)
	r.set(notification("Device.Test.Int", 2))
	r.good()
	r.start()
	r.cpe.Boot("boot-1")
	if got := r.attributes("Device.Test.Int")["Device.Test.Int"]; got != "2 [Subscriber]" {
		t.Errorf("attributes %s", got)
	}
	r.writeTest("int", "11") // T-215: while nobody looked
	r.start()
	r.cpe.Boot("boot-2")
	r.good()
	r.wantEvents("1 BOOT", "4 VALUE CHANGE")
	if got := r.last("Inform").Values()["Device.Test.Int"]; got != "11" {
		t.Errorf("value %q", got)
	}
}

// Covers: N-9.
func TestT217_TheRetryCarriesTheNewestValue(t *testing.T) {
	r := newRouter(t)
	r.set(notification("Device.Test.Int", 2))
	r.good()
	for i := 20; i < 23; i++ {
		r.writeTest("int", strconv.Itoa(i))
		r.acs.Play(cwmptest.Status(500))
		r.bad("500")
	}
	r.good()
	inform := r.last("Inform")
	if got := inform.Values()["Device.Test.Int"]; got != "22" || !slices.Equal(inform.Events(), []string{"4 VALUE CHANGE"}) {
		t.Errorf("value %q, events %q", got, inform.Events())
	}
}

// E-3: another ACS gets nothing that was meant for the old one.
func TestE3_ChangesAreDroppedWithTheACS(t *testing.T) {
	r, second := newRouter(t), cwmptest.New()
	defer second.Close()
	r.set(notification("Device.Test.Int", 2))
	r.good()
	r.writeTest("int", "5")
	r.cpe.Post(Event{Code: EventPeriodic})
	r.cpe.saved.Schedules = []schedule{{time.Now(), "old"}}
	writeFiles(t, r.root, map[string]string{"etc/config/cwmp": "config acs 'acs'\n\toption url '" + second.URL + "'\n\toption periodic_inform_enable '0'\n"})
	r.cpe.SettingsChanged()
	r.cpe.posted = nil
	r.good()
	if got := second.Pick("Inform"); len(got) != 1 || !slices.Equal(got[0].Events(), []string{"0 BOOTSTRAP"}) {
		t.Errorf("%d Informs, events %q", len(got), got[0].Events())
	}
}

// N-11: the throttle holds back the session of an active notification, and no other.
func TestN11_Throttle(t *testing.T) {
	r := newRouter(t)
	r.set(notification("Device.Test.Int", 2))
	text := strings.ReplaceAll(testFiles["etc/config/cwmp"], "URL", r.acs.URL) + "\toption active_notif_throttle '3600'\n"
	writeFiles(t, r.root, map[string]string{"etc/config/cwmp": text})
	r.good()
	r.writeTest("int", "30")
	if _, err := r.watcher.Pending(t.Context()); err != nil || !r.watcher.Active() {
		t.Fatalf("the watcher sees no active change, %v", err)
	}
	r.cpe.Post(Event{Code: EventValueChange})
	now := time.Now()
	r.cpe.takePosted(now)
	at, due := r.cpe.next(now)
	if wait := at.Sub(now); !due || wait < 3590*time.Second || wait > 3600*time.Second {
		t.Errorf("session in %v", wait)
	}
	r.cpe.Post(Event{Code: EventConnectionRequest})
	r.cpe.takePosted(now)
	if at, _ := r.cpe.next(now); at.Sub(now) > pause {
		t.Errorf("a connection request waits for %v", at.Sub(now))
	}
	r.good()
	r.wantEvents("4 VALUE CHANGE", "6 CONNECTION REQUEST")
	r.cpe.Post(Event{Code: EventValueChange}) // late news: the ACS has been told
	r.cpe.takePosted(time.Now())
	if _, due := r.cpe.next(time.Now()); due {
		t.Error("a session for what was told")
	}
}
