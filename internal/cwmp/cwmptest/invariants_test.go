package cwmptest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

func anInform(id string) string {
	return Envelope(soap.NS12, IDHeader(id), `<cwmp:Inform><DeviceId><Manufacturer>M</Manufacturer><OUI>00D09E</OUI><ProductClass>C</ProductClass><SerialNumber>1</SerialNumber></DeviceId>`+
		`<Event soap-enc:arrayType="cwmp:EventStruct[1]"><EventStruct><EventCode>M Reboot</EventCode><CommandKey>k</CommandKey></EventStruct></Event>`+
		`<MaxEnvelopes>1</MaxEnvelopes><CurrentTime>2026-11-22T17:34:44+01:00</CurrentTime><RetryCount>0</RetryCount>`+
		`<ParameterList soap-enc:arrayType="cwmp:ParameterValueStruct[1]"><ParameterValueStruct><Name>Device.X</Name><Value xsi:type="xsd:string">x</Value></ParameterValueStruct></ParameterList></cwmp:Inform>`)
}

func transferComplete(code, text string) string {
	return Envelope(soap.NS12, IDHeader("2"), "<cwmp:TransferComplete><CommandKey>k</CommandKey><FaultStruct><FaultCode>"+code+"</FaultCode><FaultString>"+text+
		"</FaultString></FaultStruct><StartTime>0001-01-01T00:00:00Z</StartTime><CompleteTime>0001-01-01T00:00:00Z</CompleteTime></cwmp:TransferComplete>")
}

func aFault(side, code, text, more string) string {
	return Envelope(soap.NS12, IDHeader("acs-1"), "<soap-env:Fault><faultcode>"+side+"</faultcode><faultstring>CWMP fault</faultstring><detail><cwmp:Fault><FaultCode>"+code+
		"</FaultCode><FaultString>"+text+"</FaultString>"+more+"</cwmp:Fault></detail></soap-env:Fault>")
}

func response(id, method string) string {
	return Envelope(soap.NS12, IDHeader(id), "<cwmp:"+method+"Response/>")
}

// A talker is a CPE without manners.
type talker struct {
	t      *testing.T
	acs    *ACS
	client *http.Client
}

func newTalker(t *testing.T) *talker {
	acs := New()
	client := &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(acs.Close)
	return &talker{t, acs, client}
}

// post sends one message, with the headers that belong to it unless others are given.
func (c *talker) post(body string, header ...string) *http.Response {
	c.t.Helper()
	method := http.MethodPost
	req, err := http.NewRequest(method, c.acs.URL, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "text/xml; charset=utf-8")
		req.Header["SOAPAction"] = []string{""}
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Del(header[i])
		if header[i+1] != "" {
			req.Header.Set(header[i], header[i+1])
		}
	}
	resp, err := c.client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is kept
	resp.Body.Close()
	return resp
}

func (c *talker) want(rules ...string) {
	c.t.Helper()
	got := c.acs.Violations()
	ok := len(got) == len(rules)
	for i := range rules {
		ok = ok && strings.HasPrefix(got[i], rules[i]+":")
	}
	if !ok {
		c.t.Errorf("violations %q, want %q", got, rules)
	}
}

// Each invariant is found when it is broken, and only then.
// Covers: INV-1, INV-2, INV-3, INV-4, INV-5, INV-6, INV-7, INV-9, INV-10, E-8, X-2.
func TestInvariants(t *testing.T) {
	tests := []struct {
		name string
		talk func(c *talker)
		want []string
	}{
		{"a good session", func(c *talker) {
			c.acs.Ask(GetRPCMethods())
			c.post(anInform("1"))
			c.post("")
			c.post(response("acs-1", "FactoryReset"))
		}, nil},
		{"a repeated Inform", func(c *talker) { c.acs.Play(Fault(8005)); c.post(anInform("1")); c.post(anInform("1")); c.post("") }, nil},
		{"not XML", func(c *talker) { c.post("<a"); c.post("") }, []string{"INV-1", "INV-7", "INV-7"}},
		{"GET", func(c *talker) {
			resp, err := c.client.Get(c.acs.URL)
			if err != nil {
				c.t.Fatal(err)
			}
			resp.Body.Close()
		}, []string{"INV-2", "INV-3", "INV-7"}},
		{"quoted SOAPAction", func(c *talker) { c.post(anInform("1"), "SOAPAction", `""`); c.post("") }, []string{"INV-3"}},
		{"no Content-Type", func(c *talker) { c.post(anInform("1"), "Content-Type", ""); c.post("") }, []string{"INV-3"}},
		{"an empty POST with Content-Type", func(c *talker) { c.post(anInform("1")); c.post("", "Content-Type", "text/xml") }, []string{"INV-3"}},
		{"another ID", func(c *talker) {
			c.acs.Ask(GetRPCMethods())
			c.post(anInform("1"))
			c.post("")
			c.post(response("1", "FactoryReset"))
		}, []string{"INV-4"}},
		{"no answer", func(c *talker) { c.acs.Ask(GetRPCMethods()); c.post(anInform("1")); c.post(""); c.post("") }, []string{"INV-4"}},
		{"a request without ID", func(c *talker) {
			c.post(strings.Replace(anInform("1"), IDHeader("1"), "", 1))
			c.post("")
		}, []string{"INV-4"}},
		{"a wrong count", func(c *talker) { c.post(strings.Replace(anInform("1"), "[1]", "[2]", 1)); c.post("") }, []string{"INV-5"}},
		{"no xsi:type", func(c *talker) {
			c.post(strings.Replace(anInform("1"), ` xsi:type="xsd:string"`, "", 1))
			c.post("")
		}, []string{"INV-6"}},
		{"no session", func(c *talker) { c.post("") }, []string{"INV-7"}},
		{"a secret", func(c *talker) {
			c.acs.Secret("x")
			c.acs.Secret("s3cret")
			c.post(strings.Replace(anInform("1"), ">x<", ">s3cret<", 1))
			c.post("")
		}, []string{"INV-9", "INV-9"}},
		{"a request after the empty POST", func(c *talker) {
			c.acs.Ask(GetRPCMethods())
			c.post(anInform("1"))
			c.post("")
			c.post(transferComplete("0", ""))
		}, []string{"INV-10", "INV-4"}},
		{"a request after an empty POST that was held", func(c *talker) {
			c.acs.Play(InformResponse(HoldHeader(true)), Empty)
			c.post(anInform("1"))
			c.post("")
			c.post(transferComplete("0", ""))
			c.post("")
		}, nil},
	}
	for rule, change := range map[string][2]string{
		"INV-1 the order":              {"<CurrentTime>2026-11-22T17:34:44+01:00</CurrentTime><RetryCount>0</RetryCount>", "<RetryCount>0</RetryCount><CurrentTime>2026-11-22T17:34:44+01:00</CurrentTime>"},
		"INV-1 a long key":             {">k<", ">" + strings.Repeat("k", 33) + "<"},
		"INV-1 another namespace":      {"<cwmp:Inform>", `<cwmp:Inform xmlns:cwmp="urn:dslforum-org:cwmp-1-0">`},
		"INV-1 two IDs":                {IDHeader("1"), IDHeader("1") + IDHeader("1")},
		"INV-1 a header to understand": {IDHeader("1"), IDHeader("1") + `<cwmp:SessionTimeout soap-env:mustUnderstand="1">30</cwmp:SessionTimeout>`},
		"INV-1 two messages":           {"</cwmp:Inform>", "</cwmp:Inform><cwmp:FactoryResetResponse/>"},
		"X-2 a qualified argument":     {"<CurrentTime>2026-11-22T17:34:44+01:00</CurrentTime>", "<cwmp:CurrentTime>2026-11-22T17:34:44+01:00</cwmp:CurrentTime>"},
		"X-22 a short SessionTimeout":  {IDHeader("1"), IDHeader("1") + `<cwmp:SessionTimeout soap-env:mustUnderstand="0">29</cwmp:SessionTimeout>`},
		"INV-5 another member":         {"cwmp:EventStruct[1]", "cwmp:Event[1]"},
		"INV-6 no integer":             {`"xsd:string">x`, `"xsd:int">x`},
		"I-2 an OUI in lower case":     {"00D09E", "00d09e"},
		"I-2 a line end in a name":     {">M<", ">M\n<"},
		"S-3 MaxEnvelopes":             {"<MaxEnvelopes>1", "<MaxEnvelopes>2"},
		"I-3 CurrentTime":              {"T17", " 17"},
		"I-4 RetryCount":               {"<RetryCount>0", "<RetryCount>-1"},
		"I-7 a parameter twice":        {"<ParameterValueStruct>", `<ParameterValueStruct><Name>Device.X</Name><Value xsi:type="xsd:string"></Value></ParameterValueStruct><ParameterValueStruct>`},
		"§2.2 one forced parameter":    {"Device.X", "Device.RootDataModelVersion"},
		"E-8 an unknown event":         {"M Reboot", "m reboot"},
		"§2.3 an event with a key":     {"M Reboot", "1 BOOT"},
	} {
		want, _, _ := strings.Cut(rule, " ")
		tests = append(tests, struct {
			name string
			talk func(c *talker)
			want []string
		}{rule, func(c *talker) {
			text := strings.ReplaceAll(anInform("1"), change[0], change[1])
			count := fmt.Sprintf("cwmp:ParameterValueStruct[%d]", strings.Count(text, "<ParameterValueStruct>"))
			text = strings.Replace(text, "cwmp:ParameterValueStruct[1]", count, 1)
			c.post(text)
		}, []string{want}})
	}
	for rule, answer := range map[string]string{
		"F-2 the other side":               aFault("Client", "9001", "Request denied", ""),
		"F-4 a long FaultString":           aFault("Server", "9001", strings.Repeat("x", 300), ""),
		"§4.2 a code of the ACS":           aFault("Server", "8001", "Request denied", ""),
		"R-15 9004 of a parameter":         aFault("Client", "9003", "x", "<SetParameterValuesFault><ParameterName>a</ParameterName><FaultCode>9004</FaultCode><FaultString>x</FaultString></SetParameterValuesFault>"),
		"§3.15 9003 in a TransferComplete": transferComplete("9003", "x"),
		"INV-1 an unknown message":         response("acs-1", "Explode"),
		"INV-1 the other namespace":        strings.Replace(aFault("Server", "9001", "Request denied", ""), soap.NS12, soap.NS10, 1),
	} {
		want, _, _ := strings.Cut(rule, " ")
		tests = append(tests, struct {
			name string
			talk func(c *talker)
			want []string
		}{rule, func(c *talker) {
			c.post(anInform("1"))
			if want != "§3.15" {
				c.acs.Ask(FactoryReset())
				c.post("")
			}
			c.post(answer)
			if want == "§3.15" {
				c.post("")
			}
		}, []string{want}})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newTalker(t)
			tt.talk(c)
			c.client.CloseIdleConnections()
			c.want(tt.want...)
		})
	}
}

// Covers: INV-8.
func TestConnectionLeftOpen(t *testing.T) {
	c := newTalker(t)
	c.post(anInform("1"))
	c.post("")
	c.acs.checkClosed()
	c.want("INV-8")
	c.client.CloseIdleConnections()
}

func TestTwoSessionsAtATime(t *testing.T) {
	c := newTalker(t)
	c.post(anInform("1"))
	other := &talker{t, c.acs, &http.Client{Transport: &http.Transport{}}}
	other.post(anInform("2"))
	c.want("INV-7")
	c.client.CloseIdleConnections()
	other.client.CloseIdleConnections()
}

func TestMessages(t *testing.T) {
	c := newTalker(t)
	c.post(anInform("1"))
	c.post("")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	m, err := c.acs.Wait(ctx, "Inform", 1)
	if err != nil || m.ID() != "1" || len(m.Events()) != 1 || m.Events()[0] != "M Reboot k" || m.Values()["Device.X"] != "x" || m.Types()["Device.X"] != "xsd:string" || m.Session != 1 {
		t.Errorf("%+v, %v", m, err)
	}
	c.client.CloseIdleConnections()
}

func TestCallsParse(t *testing.T) {
	one, list := 1, []string{"Subscriber"}
	for _, call := range []Call{
		GetRPCMethods(), GetParameterNames("Device.", true), GetParameterValues("a", "b<"), GetParameterAttributes("a"),
		SetParameterValues("k", Value{"a", "<>", "string"}, Value{Name: "b"}), SetParameterAttributes(Attribute{"a", &one, &list}, Attribute{Name: "b"}),
		AddObject("a.", "k"), DeleteObject("a.1.", "k"), Download(DownloadArgs{URL: "http://x/?a&b"}), Reboot("k"), FactoryReset(), ScheduleInform(1, "k"), Upload(DownloadArgs{URL: "http://x/?a&b"}),
		ScheduleDownload(DownloadArgs{URL: "http://x/?a&b"}, Window{1, 2, "1 At Any Time", -1}), GetQueuedTransfers(), GetAllQueuedTransfers(), CancelTransfer("k"),
	} {
		if _, err := soap.Parse([]byte(Envelope(soap.NS12, IDHeader("1"), string(call))), ""); err != nil {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// An Archive finds the test that made a wrong envelope, and lets good ones pass (INV-1).
func TestArchive(t *testing.T) {
	const xsd = "../../../../shared/xsd"
	if _, err := OpenSchema(xsd, t.TempDir()); err != nil {
		t.Skipf("CWMP schemas or xmllint are absent: %v", err)
	}
	good := anInform("1")
	var a Archive
	a.Add("TestGood", []byte(good), []byte(response("1", "FactoryReset")))
	if code := a.Check(0, xsd); code != 0 {
		t.Error("good envelopes are refused")
	}
	a.Add("TestBad/of them", []byte(strings.Replace(good, "RetryCount", "Retries", 2)))
	if a.Check(0, xsd) == 0 {
		t.Error("a bad envelope passes")
	}
	if got := a.named("/tmp/x", "/tmp/x/00001.xml validates\n/tmp/x/00003.xml:7: wrong\n"); got != "TestBad/of them:7: wrong\n" {
		t.Errorf("said %q", got)
	}
}
