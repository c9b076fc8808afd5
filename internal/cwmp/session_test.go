package cwmp

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// Covers: I-4, E-7, S-17.
func TestT001_FirstContact(t *testing.T) {
	b := newBench(t)
	b.cpe.saved = saved{}
	b.cpe.url, b.cpe.booted = "", false
	b.cpe.Boot("boot-1")
	b.good()
	b.wantEvents("0 BOOTSTRAP", "1 BOOT")
	inform := b.last("Inform")
	if inform.Text("MaxEnvelopes") != "1" || inform.Text("RetryCount") != "0" || inform.Text("OUI") != "00D09E" {
		t.Errorf("Inform: %s", inform.Body)
	}
	b.good()
	b.wantEvents()
}

// Covers: S-17, E-7.
func TestT002_Reboot(t *testing.T) {
	b := newBench(t)
	b.good()
	b.start()
	b.cpe.Boot("boot-2")
	b.good()
	b.wantEvents("1 BOOT")
}

// Covers: S-15, E-7.
func TestT004_RestartIsNoBoot(t *testing.T) {
	b := newBench(t)
	b.cpe.trySave()
	b.start()
	b.cpe.Boot("boot-1")
	if _, ok := b.cpe.next(b.cpe.lastEnd); ok {
		t.Error("a restart of the process wants a session")
	}
}

// Covers: S-1, S-9, H-12.
func TestT005_SessionOrder(t *testing.T) {
	b := newBench(t)
	b.good()
	b.wantNames("Inform", "")
	if got := b.last("Inform").Text("RetryCount"); got != "0" {
		t.Errorf("RetryCount %s", got)
	}
}

// Covers: S-3, I-4.
func TestT007_MaxEnvelopesIsIgnored(t *testing.T) {
	for _, body := range []string{"<MaxEnvelopes>0</MaxEnvelopes>", "<MaxEnvelopes>5</MaxEnvelopes>", ""} {
		b := newBench(t)
		b.acs.Play(cwmptest.Answer("", "<cwmp:InformResponse>"+body+"</cwmp:InformResponse>"))
		b.good()
	}
}

// Covers: I-5.
func TestT013_TooManyEvents(t *testing.T) {
	b := newBench(t)
	b.cpe.Post(Event{Code: EventScheduled})
	for i := range 70 {
		b.cpe.Post(Event{EventMScheduleInform, fmt.Sprint(i)})
	}
	b.good()
	events := b.last("Inform").Events()
	if len(events) != 64 || events[0] != "3 SCHEDULED" || events[1] != "M ScheduleInform 7" || events[63] != "M ScheduleInform 69" {
		t.Errorf("%d events: %q", len(events), events)
	}
}

// Covers: S-13, I-6, S-34.
func TestT014_WhatWasToldIsNotRepeated(t *testing.T) {
	b := newBench(t)
	b.cpe.Post(Event{Code: EventConnectionRequest})
	b.acs.Play(cwmptest.Polite, cwmptest.Drop)
	b.bad("")
	b.wantEvents("6 CONNECTION REQUEST")
	b.good()
	b.wantEvents()
	if got := b.last("Inform").Text("RetryCount"); got != "1" {
		t.Errorf("RetryCount %s, want 1", got)
	}
	b.good()
	if got := b.last("Inform").Text("RetryCount"); got != "0" {
		t.Errorf("RetryCount %s after a good session, want 0", got)
	}
}

func TestC7_ConnectionRequestIsNotRetried(t *testing.T) {
	b := newBench(t)
	b.cpe.Post(Event{Code: EventConnectionRequest})
	b.cpe.Post(Event{Code: EventPeriodic})
	b.acs.Play(cwmptest.Status(500))
	b.bad("500")
	b.good()
	b.wantEvents("2 PERIODIC")
}

// Whatever is not an InformResponse ends the session before it began (S-11, S-19, H-15, X-20).
// Covers: I-10, X-15, X-24, §4.3.
func TestInformRefused(t *testing.T) {
	other := func(x *cwmptest.Exchange) {
		x.Envelope(cwmptest.IDHeader("another"), "<cwmp:InformResponse/>")
	}
	tests := []struct {
		name string
		step cwmptest.Step
		why  string
	}{
		{"T-016 204", cwmptest.Empty, "empty answer"},
		{"T-016 200 without body", cwmptest.Empty200, "empty answer"},
		{"T-017 another ID", other, "ID of another message"},
		{"T-085 400", cwmptest.Status(400), "400"},
		{"T-085 403", cwmptest.Status(403), "403"},
		{"T-085 404", cwmptest.Status(404), "404"},
		{"T-085 500", cwmptest.Status(500), "500"},
		{"T-085 502", cwmptest.Status(502), "502"},
		{"T-085 503", cwmptest.Status(503), "503"},
		{"S-19 fault 8001", cwmptest.Fault(8001), "fault 8001"},
		{"T-055 fault 8006", cwmptest.Fault(8006), "fault 8006"},
		{"a fault in 9000", cwmptest.Fault(9002), "fault 9002"},
		{"T-124 fault without detail", cwmptest.Answer("", "<soap-env:Fault><faultcode>Server</faultcode><faultstring>no</faultstring></soap-env:Fault>"), "without CWMP detail"},
		{"T-044 unclosed tag", cwmptest.Body("text/xml", "<soap:Envelope>"), "well-formed"},
		{"T-041 empty Body", cwmptest.Answer("", ""), "0 messages"},
		{"T-040 two messages", cwmptest.Answer("", "<cwmp:InformResponse/><cwmp:InformResponse/>"), "2 messages"},
		{"HTML", cwmptest.Body("text/html", "<html><body>login</body></html>"), "envelope"},
		{"S-7 a request instead", cwmptest.Send(cwmptest.GetRPCMethods()), ""},
		{"another response", cwmptest.Answer("", "<cwmp:TransferCompleteResponse/>"), `response to "TransferComplete"`},
		{"a response of nobody's", cwmptest.Answer("", `<x:InformResponse xmlns:x="urn:x"/>`), `response to "Inform"`},
		{"X-26 unknown header", cwmptest.InformResponse(`<x:New xmlns:x="urn:x" soap-env:mustUnderstand="1"/>`), "New"},
		{"T-053 version 9.9", cwmptest.InformResponse(`<cwmp:UseCWMPVersion soap-env:mustUnderstand="1">9.9</cwmp:UseCWMPVersion>`), "9.9"},
		{"Z-14 DOCTYPE", cwmptest.Body("text/xml", `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/shadow">]><a>&b;</a>`), "well-formed"},
		{"connection cut", cwmptest.Drop, ""},
		{"Z-01 endless header", cwmptest.Raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20)), ""},
		{"Z-04 bad chunks", cwmptest.Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\nx"), ""},
		{"truncated body", cwmptest.Raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<soap"), ""},
		{"not HTTP", cwmptest.Raw("\x16\x03\x01\x02\x00\x01\x00"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.cpe.Post(Event{Code: EventPeriodic})
			b.acs.Play(tt.step)
			r := b.bad(tt.why)
			b.wantNames("Inform")
			if len(r.Calls) > 0 && r.Calls[0].Fault == 0 && r.Version != "" {
				t.Errorf("recorded as informed: %+v", r)
			}
			if _, ok := b.cpe.next(b.cpe.lastEnd); !ok || b.cpe.retryAt.IsZero() {
				t.Error("no retry is planned")
			}
			if _, err := soapEnvelopeOf(b); err != nil {
				t.Error(err)
			}
			b.good()
			b.wantEvents("2 PERIODIC")
		})
	}
}

func soapEnvelopeOf(b *bench) (*soap.Envelope, error) {
	for _, e := range b.acs.Envelopes() {
		if env, err := soap.Parse(e, ""); err == nil {
			return env, nil
		}
	}
	return nil, errors.New("no envelope came")
}

//
func TestX22_HeadersOfInform(t *testing.T) {
	b := newBench(t)
	b.good()
	inform := b.last("Inform")
	if inform.Text("SupportedCWMPVersions") != "1.0,1.1,1.2,1.3,1.4" || inform.Text("SessionTimeout") != "60" || inform.Namespace() != soap.NS12 {
		t.Errorf("Inform: %s", inform.Body)
	}
	b = newBench(t)
	b.set(func(c *config.Config) { c.CPE.AmdVersion = 1 })
	b.good()
	inform = b.last("Inform")
	if inform.Text("SupportedCWMPVersions") != "" || inform.Text("SessionTimeout") != "" || inform.Namespace() != soap.NS10 {
		t.Errorf("Inform of 1.0: %s", inform.Body)
	}
}

//
func TestT052_VersionOfTheACS(t *testing.T) {
	tests := []struct{ use, ns, version, speaks string }{
		{"1.0", soap.NS12, "1.0", soap.NS10},
		{"1.2", soap.NS12, "1.2", soap.NS12},
		{"1.4", soap.NS12, "1.4", soap.NS12},
		{"", soap.NS10, "1.0", soap.NS10},
		{"", soap.NS11, "1.1", soap.NS11},
		{"", soap.NS12, "1.3", soap.NS12},
	}
	for _, tt := range tests {
		b := newBench(t)
		b.set(func(c *config.Config) { c.ACS.GetRPCMethods = true })
		header := ""
		if tt.use != "" {
			header = `<cwmp:UseCWMPVersion soap-env:mustUnderstand="1">` + tt.use + `</cwmp:UseCWMPVersion>`
		}
		b.acs.Speak(tt.ns)
		b.acs.Play(cwmptest.InformResponse(header))
		if r := b.good(); r.Version != tt.version {
			t.Errorf("%+v: version %s", tt, r.Version)
		}
		b.wantNames("Inform", "GetRPCMethods", "")
		if got := b.last("GetRPCMethods").Namespace(); got != tt.speaks {
			t.Errorf("%+v: speaks %s", tt, got)
		}
	}
}

//
func TestT056_AnsweredInTheNamespaceOfTheRequest(t *testing.T) {
	b := newBench(t)
	b.acs.Play(cwmptest.Polite, func(x *cwmptest.Exchange) {
		x.ACS.Speak(soap.NS11)
		cwmptest.Send(cwmptest.GetRPCMethods())(x)
		x.ACS.Speak(soap.NS12)
	})
	b.good()
	if got := b.last("GetRPCMethodsResponse").Namespace(); got != soap.NS11 {
		t.Errorf("answered in %s", got)
	}
}

// Covers: X-33, §4.3.
func TestT055_RetryInALowerNamespace(t *testing.T) {
	b := newBench(t)
	want := []string{soap.NS12, soap.NS11, soap.NS10, soap.NS12}
	for _, ns := range want {
		b.acs.Play(cwmptest.Fault(8006))
		b.bad("8006")
		if got := b.last("Inform").Namespace(); got != ns {
			t.Errorf("Inform in %s, want %s", got, ns)
		}
	}
}

// an ACS that answers cwmp-1-2 with 500 is tried in cwmp-1-0 after two failures, and that stays while it works.
func TestX34_OldACS(t *testing.T) {
	b := newBench(t)
	old := func(x *cwmptest.Exchange) {
		if x.Namespace() != soap.NS10 {
			cwmptest.Status(500)(x)
			return
		}
		x.ACS.Speak(soap.NS10)
		cwmptest.Polite(x)
	}
	b.acs.Play(old, old, old, cwmptest.Polite, old)
	b.bad("500")
	b.bad("500")
	b.good()
	b.good()
	if got := b.last("Inform").Namespace(); got != soap.NS10 {
		t.Errorf("Inform in %s", got)
	}
}

func TestT034_RequestWithoutID(t *testing.T) {
	b := newBench(t)
	b.acs.Play(cwmptest.Polite, cwmptest.SendAs("", "", cwmptest.GetRPCMethods()))
	b.good()
	if m := b.last("GetRPCMethodsResponse"); m.Element("Header") != nil {
		t.Errorf("answer with a header: %s", m.Body)
	}
}

//
func TestX20_OddIDsAreEchoed(t *testing.T) {
	for _, id := range []string{" ", "a b", "ü€😀", "<&>\"'", strings.Repeat("x", 1024), "0"} {
		b := newBench(t)
		b.acs.Play(cwmptest.Polite, cwmptest.SendAs(id, "", cwmptest.GetRPCMethods()))
		b.good()
		if got := b.last("GetRPCMethodsResponse").ID(); got != id {
			t.Errorf("ID %q came back as %q", id, got)
		}
	}
}

func TestT035_MustUnderstand(t *testing.T) {
	b := newBench(t)
	b.acs.Play(cwmptest.Polite, cwmptest.SendAs("1", `<x:Foo xmlns:x="urn:x" mustUnderstand="1"/>`, cwmptest.Reboot("k")))
	b.good()
	if got := b.last("Fault").Text("faultcode"); got != "soap-env:MustUnderstand" {
		t.Errorf("faultcode %q", got)
	}
	if b.cpe.saved.Promise != "" {
		t.Error("the request was executed")
	}
}

//
func TestT037_NoMoreRequests(t *testing.T) {
	b := newBench(t)
	b.acs.Play(cwmptest.InformResponse(`<cwmp:NoMoreRequests soap-env:mustUnderstand="1">1</cwmp:NoMoreRequests>`))
	b.good()
	b.wantNames("Inform", "")
}

// Covers: X-16, F-1, F-2, S-36.
func TestT043_MethodOfAForeignNamespace(t *testing.T) {
	b := newBench(t)
	b.acs.Ask(`<x:Reboot xmlns:x="urn:x"><CommandKey/></x:Reboot>`, "<cwmp:Foo/>", "<cwmp:X_000000_Bar><a/></cwmp:X_000000_Bar>")
	b.good()
	faults := b.acs.Pick("Fault")
	if len(faults) != 3 {
		t.Fatalf("%d faults", len(faults))
	}
	for _, f := range faults {
		if f.FaultCode() != 9000 || f.Text("faultcode") != "Server" {
			t.Errorf("fault %s", f.Body)
		}
	}
	if b.cpe.saved.Promise != "" {
		t.Error("a foreign Reboot was executed")
	}
}

// S-8: with HoldRequests our requests wait, and go out in the same session when it is lifted.
// Covers: X-21, S-5.
func TestT050_HoldRequests(t *testing.T) {
	b := newBench(t)
	b.set(func(c *config.Config) { c.ACS.GetRPCMethods = true })
	b.acs.Play(cwmptest.InformResponse(cwmptest.HoldHeader(true)), cwmptest.SendAs("1", cwmptest.HoldHeader(true), "<cwmp:GetRPCMethods/>"),
		cwmptest.SendAs("2", cwmptest.HoldHeader(false), "<cwmp:GetRPCMethods/>"))
	b.good()
	b.wantNames("Inform", "", "GetRPCMethodsResponse", "GetRPCMethodsResponse", "GetRPCMethods", "")
}

func TestS8_EmptyAnswerLiftsHoldRequests(t *testing.T) {
	b := newBench(t)
	b.set(func(c *config.Config) { c.ACS.GetRPCMethods = true })
	b.acs.Play(cwmptest.InformResponse(cwmptest.HoldHeader(true)), cwmptest.Empty)
	b.good()
	b.wantNames("Inform", "", "GetRPCMethods", "")
}

// S-10: an empty answer to our response ends the session only after our empty POST.
func TestS10_EmptyAnswerToAResponse(t *testing.T) {
	b := newBench(t)
	b.acs.Ask(cwmptest.GetRPCMethods())
	b.good()
	b.wantNames("Inform", "", "GetRPCMethodsResponse")
	b.acs.Play(cwmptest.InformResponse(cwmptest.HoldHeader(true)), cwmptest.Send(cwmptest.GetRPCMethods()), cwmptest.Empty)
	b.good()
	b.wantNames("Inform", "", "GetRPCMethodsResponse", "Inform", "", "GetRPCMethodsResponse", "")
}

// Covers: S-18.
func TestT118_RetryRequest(t *testing.T) {
	b := newBench(t)
	b.acs.Play(cwmptest.Fault(8005), cwmptest.Fault(8005))
	b.good()
	informs := b.acs.Pick("Inform")
	if len(informs) != 3 {
		t.Fatalf("%d Informs", len(informs))
	}
	for _, m := range informs[1:] {
		if string(m.Body) != string(informs[0].Body) || m.Conn != informs[0].Conn {
			t.Error("the Inform was not repeated as it was, on its connection")
		}
	}
}

// Z-22: an ACS that answers everything with 8005.
// Covers: S-18.
func TestT119_RetryRequestForEver(t *testing.T) {
	b := newBench(t)
	b.acs.Play(slices.Repeat([]cwmptest.Step{cwmptest.Fault(8005)}, 11)...)
	b.bad("repeated")
	if n := len(b.acs.Pick("Inform")); n != 11 {
		t.Errorf("%d Informs, want 11", n)
	}
}

// Covers: S-21, F-3.
func TestT283_UnsolicitedResponse(t *testing.T) {
	b := newBench(t)
	b.acs.Play(cwmptest.Polite, cwmptest.SendAs("1", "", "<cwmp:GetParameterValuesResponse/>"))
	b.bad("nobody asked for")
	b.wantNames("Inform", "")
}

// Covers: S-21, F-3.
func TestT284_FaultInReplyToNothing(t *testing.T) {
	b := newBench(t)
	b.acs.Play(cwmptest.Polite, cwmptest.Fault(8002))
	b.bad("nobody asked for")
	b.wantNames("Inform", "")
}

// Covers: S-6.
func TestT286_ManyRequests(t *testing.T) {
	b := newBench(t)
	b.acs.Ask(slices.Repeat([]cwmptest.Call{cwmptest.GetRPCMethods()}, 1000)...)
	r := b.good()
	if n := len(b.acs.Pick("GetRPCMethodsResponse")); n != 1000 || len(r.Calls) != maxCalls || r.MoreCalls != 1001-maxCalls {
		t.Errorf("%d answers, %d+%d recorded", n, len(r.Calls), r.MoreCalls)
	}
}

func TestT287_DataAfterTheEnd(t *testing.T) {
	b := newBench(t)
	b.acs.Play(cwmptest.Polite, cwmptest.Raw("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"))
	b.session() // good or bad: a raw answer that says more than one thing
	b.wantNames("Inform", "")
}

// GenieACS answers what it does not know with an element that no parser takes, and some ACSs with nothing at all.
func TestAnswersOfRealACSsToARequest(t *testing.T) {
	genie := cwmptest.Answer("", "<soap-env:Body:Fault><faultcode>Server</faultcode></soap-env:Body:Fault>")
	b := newBench(t)
	b.set(func(c *config.Config) { c.ACS.GetRPCMethods = true })
	b.acs.Play(cwmptest.Polite, genie)
	r := b.good()
	b.wantNames("Inform", "GetRPCMethods", "")
	if r.Calls[1].Fault != 8000 {
		t.Errorf("recorded %+v", r.Calls)
	}

	b = newBench(t)
	b.set(func(c *config.Config) { c.ACS.GetRPCMethods = true })
	b.acs.Play(cwmptest.Polite, cwmptest.Empty200)
	b.bad("empty answer") // S-11
	b.good()
	b.wantNames("Inform", "GetRPCMethods", "Inform", "")
}

func TestS7_RequestInAnswerToARequest(t *testing.T) {
	b := newBench(t)
	b.set(func(c *config.Config) { c.ACS.GetRPCMethods = true })
	b.acs.Play(cwmptest.Polite, func(x *cwmptest.Exchange) { x.Envelope("", "<cwmp:GetRPCMethods/>") })
	b.bad("in answer to GetRPCMethods")
}

func TestS20_FaultToARequestGoesOn(t *testing.T) {
	b := newBench(t)
	b.set(func(c *config.Config) { c.ACS.GetRPCMethods = true })
	b.acs.Play(cwmptest.Polite, cwmptest.Fault(8005), cwmptest.Fault(8002))
	b.good()
	b.wantNames("Inform", "GetRPCMethods", "GetRPCMethods", "")
}

// Covers: §3.0, §3.1, §3.14, R-4, X-32.
func TestT280_GetRPCMethods(t *testing.T) {
	all := map[string]version{"GetRPCMethods": 0, "SetParameterValues": 0, "GetParameterValues": 0, "GetParameterNames": 0, "SetParameterAttributes": 0,
		"GetParameterAttributes": 0, "AddObject": 0, "DeleteObject": 0, "Reboot": 0, "Download": 0, "Upload": 0, "GetQueuedTransfers": 0, "GetAllQueuedTransfers": 1, "CancelTransfer": 2, "ScheduleDownload": 2, "ChangeDUState": 2, "FactoryReset": 0, "ScheduleInform": 0}
	const never = 99
	for _, m := range []string{"SetVouchers", "GetOptions", "Inform", "Kicked", "TransferComplete", "AutonomousTransferComplete", "RequestDownload", "X_00D09E_Foo"} {
		all[m] = never
	}
	withoutArguments := []string{"GetRPCMethods", "GetQueuedTransfers", "GetAllQueuedTransfers"}
	for v := version(0); v <= 4; v++ {
		b := newBench(t)
		b.acs.Speak(v.namespace())
		b.acs.Play(cwmptest.InformResponse(`<cwmp:UseCWMPVersion soap-env:mustUnderstand="1">` + v.String() + "</cwmp:UseCWMPVersion>"))
		b.acs.Ask(cwmptest.GetRPCMethods())
		var asked []string
		for _, m := range slices.Sorted(maps.Keys(all)) {
			if m != "FactoryReset" { // it has no argument that could be missing, and would be done
				b.acs.Ask(cwmptest.Call("<cwmp:" + m + "/>"))
				asked = append(asked, m)
			}
		}
		b.good()
		var listed []string
		for _, el := range b.last("GetRPCMethodsResponse").Element("MethodList").ChildElements() {
			listed = append(listed, el.Text())
		}
		messages := b.acs.Messages()
		answers := messages[len(messages)-len(asked):]
		for m, since := range all {
			if slices.Contains(listed, m) != (since <= v) {
				t.Errorf("1.%d: %s listed: %v", v, m, slices.Contains(listed, m))
			}
			i := slices.Index(asked, m)
			if i < 0 {
				continue
			}
			want := 9003 // T-281: without arguments
			if since > v {
				want = 9000
			} else if slices.Contains(withoutArguments, m) {
				want = 0
			}
			if got := answers[i].FaultCode(); got != want {
				t.Errorf("1.%d: %s answered with %d, want %d", v, m, got, want)
			}
		}
	}
}

func TestT281_Arguments(t *testing.T) {
	tests := []struct {
		call cwmptest.Call
		want int
	}{
		{"<cwmp:Reboot/>", 9003},
		{"<cwmp:Reboot><Commandkey>k</Commandkey></cwmp:Reboot>", 9003},
		{"<cwmp:Reboot><CommandKey>" + cwmptest.Call(strings.Repeat("k", 33)) + "</CommandKey></cwmp:Reboot>", 9003},
		{"<cwmp:Reboot><CommandKey>a</CommandKey><CommandKey>b</CommandKey></cwmp:Reboot>", 9003},
		{"<cwmp:ScheduleInform><CommandKey>a</CommandKey><Extra/><DelaySeconds> 5 </DelaySeconds></cwmp:ScheduleInform>", 0},
		{cwmptest.ScheduleInform(0, "k"), 9003}, // T-115
		{"<cwmp:ScheduleInform><DelaySeconds>-1</DelaySeconds><CommandKey>a</CommandKey></cwmp:ScheduleInform>", 9003},
	}
	for _, tt := range tests {
		b := newBench(t)
		b.acs.Ask(tt.call)
		b.good()
		if got := b.acs.Messages()[2].FaultCode(); got != tt.want {
			t.Errorf("%s: fault %d, want %d", tt.call, got, tt.want)
		}
	}
}

func TestT089_EmptyPOST(t *testing.T) {
	b := newBench(t)
	b.good()
	m := b.last("")
	if m.Header.Get("Content-Length") != "0" || m.Header.Get("Content-Type") != "" {
		t.Errorf("header %v", m.Header)
	}
	if m.Header.Get("Expect") != "" || b.last("Inform").Header.Get("Expect") != "" {
		t.Error("Expect is sent (H-14)")
	}
}

func TestT061_Chunked(t *testing.T) {
	b := newBench(t)
	b.acs.Play(cwmptest.Chunked(cwmptest.Polite))
	b.good()
}

func TestT062_Continue(t *testing.T) {
	b := newBench(t)
	b.acs.Play(func(x *cwmptest.Exchange) {
		x.Informational(http.StatusContinue)
		cwmptest.Polite(x)
	})
	b.good()
}

func TestT065_Redirect(t *testing.T) {
	for _, code := range []int{301, 302, 307, 308} {
		b, second := newBench(t), cwmptest.New()
		b.acs.Ask(cwmptest.GetRPCMethods())
		b.acs.Play(cwmptest.Redirect(code, second.URL))
		b.good()
		if got := second.Messages(); len(got) != 2 || string(got[0].Body) != string(b.last("Inform").Body) {
			t.Errorf("%d: %d messages at the second ACS", code, len(got))
		}
		second.Close()
		for _, v := range second.Violations() {
			t.Error(v)
		}
		b.good() // H-22: the next session is at the configured ACS
		b.wantNames("Inform", "Inform", "", "GetRPCMethodsResponse")
	}
}

// Covers: H-23.
func TestT067_RedirectChain(t *testing.T) {
	b := newBench(t)
	hop := cwmptest.Redirect(307, b.acs.URL)
	b.acs.Play(hop, hop, hop, hop, hop)
	b.good()
	b.acs.Play(hop, hop, hop, hop, hop, hop)
	b.bad("")
}

// Covers: H-21.
func TestT068_RedirectInTheMiddle(t *testing.T) {
	b, second := newBench(t), cwmptest.New()
	defer second.Close()
	b.acs.Play(cwmptest.Polite, cwmptest.Send(cwmptest.GetRPCMethods()), cwmptest.Redirect(302, second.URL))
	second.Play(cwmptest.Send(cwmptest.GetRPCMethods()))
	b.good()
	if got := second.Messages(); len(got) != 2 || string(got[0].Body) != string(b.last("GetRPCMethodsResponse").Body) {
		t.Errorf("%d messages at the second ACS", len(got))
	}
}

func TestT071_RelativeLocation(t *testing.T) {
	b := newBench(t)
	b.acs.Play(cwmptest.Redirect(302, "other?x=1"))
	b.good()
	if got := b.acs.Messages()[1].URL; got != "/other?x=1" {
		t.Errorf("went to %s", got)
	}
}

// Covers: H-31.
func TestT073_Cookies(t *testing.T) {
	b := newBench(t)
	b.acs.Ask(cwmptest.GetRPCMethods())
	b.acs.Play(cwmptest.With("Set-Cookie", "a=1", cwmptest.With("Set-Cookie", "b="+strings.Repeat("x", 512), cwmptest.Polite)),
		cwmptest.With("Set-Cookie", "a=2", cwmptest.With("Set-Cookie", "b=; Max-Age=0", cwmptest.Polite)))
	b.good()
	b.good()
	var got []string
	for _, m := range b.acs.Messages() {
		got = append(got, m.Header.Get("Cookie"))
	}
	if got[0] != "" || !strings.Contains(got[1], "a=1") || !strings.Contains(got[1], "b=xxx") || got[2] != "a=2" || got[3] != "" {
		t.Errorf("cookies %.40q", got)
	}
}

func TestH9_ACSClosesTheConnection(t *testing.T) {
	b := newBench(t)
	b.acs.Ask(cwmptest.GetRPCMethods())
	b.acs.Play(cwmptest.CloseAfter(cwmptest.Polite), cwmptest.CloseAfter(cwmptest.Polite))
	b.good()
	b.wantNames("Inform", "", "GetRPCMethodsResponse")
}

// Covers: H-16.
func TestT086_Compression(t *testing.T) {
	for option, coding := range map[string]string{"GZIP": "gzip", "Deflate": "deflate", "Disabled": ""} {
		b := newBench(t)
		b.set(func(c *config.Config) { c.ACS.Compression = option })
		b.acs.Ask(cwmptest.GetRPCMethods())
		b.good()
		for _, m := range b.acs.Messages() {
			want := coding
			if m.Name == "" {
				want = ""
			}
			if got := m.Header.Get("Content-Encoding"); got != want {
				t.Errorf("%s: %q has Content-Encoding %q", option, m.Name, got)
			}
		}
	}
}

func TestH17_UnsupportedMediaType(t *testing.T) {
	b := newBench(t)
	b.set(func(c *config.Config) { c.ACS.Compression = "GZIP" })
	b.acs.Play(cwmptest.Status(415))
	b.bad("415")
	b.good()
	if got := b.last("Inform").Header.Get("Content-Encoding"); got != "" {
		t.Errorf("still compressed with %s", got)
	}
}

// Covers: §3.12, E-1.
func TestT116_Reboot(t *testing.T) {
	b := newBench(t)
	b.acs.Ask(cwmptest.Reboot("abc"), cwmptest.GetRPCMethods(), cwmptest.Reboot("second"))
	b.good() // without a box nobody reboots: see box_test.go
	b.wantNames("Inform", "", "RebootResponse", "GetRPCMethodsResponse", "RebootResponse")
	b.start()
	b.cpe.Boot("boot-2")
	b.good()
	b.wantEvents("1 BOOT", "M Reboot abc", "M Reboot second")
	if b.cpe.saved.Promise != "" {
		t.Error("the box would be rebooted again")
	}
}

// S-14: a reboot whose answer did not leave does not happen, and is not reported.
func TestS14_RebootWhoseAnswerWasLost(t *testing.T) {
	b := newBench(t)
	b.acs.Play(cwmptest.Polite, cwmptest.Send(cwmptest.Reboot("abc")), cwmptest.Drop)
	b.bad("")
	if b.cpe.saved.Promise != "" || len(b.cpe.events.list) != 0 {
		t.Errorf("promise %q, events %+v", b.cpe.saved.Promise, b.cpe.events.list)
	}
	b.start()
	b.cpe.Boot("boot-2")
	b.good()
	b.wantEvents("1 BOOT")
}

// Covers: E-3, S-17.
func TestT125_AnotherACS(t *testing.T) {
	b, second := newBench(t), cwmptest.New()
	defer second.Close()
	b.cpe.Post(Event{Code: EventPeriodic})
	b.acs.Play(cwmptest.Status(500))
	b.bad("500")
	b.set(func(c *config.Config) { c.ACS.URL = second.URL })
	b.good()
	got := second.Messages()
	if len(got) != 2 || !slices.Equal(got[0].Events(), []string{"0 BOOTSTRAP"}) || got[0].Text("RetryCount") != "0" {
		t.Errorf("the second ACS got %d messages, events %q", len(got), got[0].Events())
	}
	if b.cpe.saved.Bootstrapped != second.URL {
		t.Error("the bootstrap is not remembered")
	}
}

func TestRetryAfter(t *testing.T) {
	b := newBench(t)
	b.acs.Play(cwmptest.With("Retry-After", "120", cwmptest.Status(503)))
	b.bad("503")
	if wait := b.cpe.retryAt.Sub(b.cpe.lastEnd); wait.Seconds() < 119 || wait.Seconds() > 121 {
		t.Errorf("retry after %v", wait)
	}
}

func TestZ32_ScheduleInformsAreLimited(t *testing.T) {
	b := newBench(t)
	var calls []cwmptest.Call
	for i := range maxSchedules + 1 {
		calls = append(calls, cwmptest.ScheduleInform(3600, fmt.Sprint(i)))
	}
	b.acs.Ask(calls...)
	b.good()
	if f := b.last("Fault"); f.FaultCode() != 9004 || len(b.acs.Pick("ScheduleInformResponse")) != maxSchedules {
		t.Errorf("fault %d after %d", f.FaultCode(), len(b.acs.Pick("ScheduleInformResponse")))
	}
	b.start()
	if len(b.cpe.saved.Schedules) != maxSchedules {
		t.Errorf("%d schedules survive a restart", len(b.cpe.saved.Schedules))
	}
}

func TestRecords(t *testing.T) {
	b := newBench(t)
	b.acs.Ask(cwmptest.GetRPCMethods(), "<cwmp:Nope/>")
	r := b.good()
	want := []Call{{"Inform", true, 0}, {"GetRPCMethods", false, 0}, {"Nope", false, 9000}}
	if !slices.Equal(r.Calls, want) || r.BytesOut == 0 || r.BytesIn == 0 || r.Why != "complete" || r.URL != b.acs.URL {
		t.Errorf("record %+v", r)
	}
	for range maxRecords + 5 {
		b.cpe.keep(Record{})
	}
	if n := len(b.cpe.Sessions()); n != maxRecords {
		t.Errorf("%d records are kept", n)
	}
}

// Z-23: requests without end.
func TestS22_EndlessRequests(t *testing.T) {
	b := newBench(t)
	b.cpe.callLimit = 20
	b.acs.Ask(slices.Repeat([]cwmptest.Call{cwmptest.GetRPCMethods()}, 30)...)
	b.bad("more than 20 requests")
	if n := len(b.acs.Pick("GetRPCMethodsResponse")); n != 20 {
		t.Errorf("%d answers, want 20", n)
	}
}

func TestE7_TheSameURL(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"http://acs.example/x", "http://acs.example/x", true},
		{"http://ACS.example:80", "http://acs.example/", true},
		{"HTTPS://acs.example:443/a", "https://acs.example/a", true},
		{"http://acs.example:443/", "http://acs.example/", false},
		{"http://acs.example/a", "http://acs.example/A", false},
		{"https://acs.example/", "http://acs.example/", false},
		{"http://[2001:DB8::1]:80/", "http://[2001:db8::1]/", true},
		{"http://acs.example/?a=1", "http://acs.example/?a=2", false},
		{"", "http://acs.example/", false},
	} {
		if got := sameURL(tt.a, tt.b); got != tt.same {
			t.Errorf("%q and %q: %v", tt.a, tt.b, got)
		}
	}
}
