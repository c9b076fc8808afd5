package cwmptest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

func inform(id string) string {
	return Envelope(soap.NS12, IDHeader(id), `<cwmp:Inform><Event soap-enc:arrayType="cwmp:EventStruct[1]"><EventStruct><EventCode>M Reboot</EventCode><CommandKey>k</CommandKey></EventStruct></Event>`+
		`<ParameterList soap-enc:arrayType="cwmp:ParameterValueStruct[1]"><ParameterValueStruct><Name>Device.X</Name><Value xsi:type="xsd:string">x</Value></ParameterValueStruct></ParameterList></cwmp:Inform>`)
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
func TestInvariants(t *testing.T) {
	tests := []struct {
		name string
		talk func(c *talker)
		want []string
	}{
		{"a good session", func(c *talker) {
			c.acs.Ask(GetRPCMethods())
			c.post(inform("1"))
			c.post("")
			c.post(response("acs-1", "GetRPCMethods"))
		}, nil},
		{"a repeated Inform", func(c *talker) { c.acs.Play(Fault(8005)); c.post(inform("1")); c.post(inform("1")); c.post("") }, nil},
		{"not XML", func(c *talker) { c.post("<a"); c.post("") }, []string{"INV-1", "INV-7", "INV-7"}},
		{"GET", func(c *talker) {
			resp, err := c.client.Get(c.acs.URL)
			if err != nil {
				c.t.Fatal(err)
			}
			resp.Body.Close()
		}, []string{"INV-2", "INV-3", "INV-7"}},
		{"quoted SOAPAction", func(c *talker) { c.post(inform("1"), "SOAPAction", `""`); c.post("") }, []string{"INV-3"}},
		{"no Content-Type", func(c *talker) { c.post(inform("1"), "Content-Type", ""); c.post("") }, []string{"INV-3"}},
		{"an empty POST with Content-Type", func(c *talker) { c.post(inform("1")); c.post("", "Content-Type", "text/xml") }, []string{"INV-3"}},
		{"another ID", func(c *talker) {
			c.acs.Ask(GetRPCMethods())
			c.post(inform("1"))
			c.post("")
			c.post(response("1", "GetRPCMethods"))
		}, []string{"INV-4"}},
		{"no answer", func(c *talker) { c.acs.Ask(GetRPCMethods()); c.post(inform("1")); c.post(""); c.post("") }, []string{"INV-4"}},
		{"a request without ID", func(c *talker) {
			c.post(strings.Replace(inform("1"), IDHeader("1"), "", 1))
			c.post("")
		}, []string{"INV-4"}},
		{"a wrong count", func(c *talker) { c.post(strings.Replace(inform("1"), "[1]", "[2]", 1)); c.post("") }, []string{"INV-5"}},
		{"no xsi:type", func(c *talker) {
			c.post(strings.Replace(inform("1"), ` xsi:type="xsd:string"`, "", 1))
			c.post("")
		}, []string{"INV-6"}},
		{"no session", func(c *talker) { c.post("") }, []string{"INV-7"}},
		{"a secret", func(c *talker) {
			c.acs.Secret("x")
			c.acs.Secret("s3cret")
			c.post(strings.Replace(inform("1"), ">x<", ">s3cret<", 1))
			c.post("")
		}, []string{"INV-9", "INV-9"}},
		{"a request after the empty POST", func(c *talker) {
			c.acs.Ask(GetRPCMethods())
			c.post(inform("1"))
			c.post("")
			c.post(Envelope(soap.NS12, IDHeader("2"), "<cwmp:TransferComplete/>"))
		}, []string{"INV-10", "INV-4"}},
		{"a request after an empty POST that was held", func(c *talker) {
			c.acs.Play(InformResponse(HoldHeader(true)), Empty)
			c.post(inform("1"))
			c.post("")
			c.post(Envelope(soap.NS12, IDHeader("2"), "<cwmp:TransferComplete/>"))
			c.post("")
		}, nil},
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

func TestConnectionLeftOpen(t *testing.T) {
	c := newTalker(t)
	c.post(inform("1"))
	c.post("")
	c.acs.checkClosed()
	c.want("INV-8")
	c.client.CloseIdleConnections()
}

func TestTwoSessionsAtATime(t *testing.T) {
	c := newTalker(t)
	c.post(inform("1"))
	other := &talker{t, c.acs, &http.Client{Transport: &http.Transport{}}}
	other.post(inform("2"))
	c.want("INV-7")
	c.client.CloseIdleConnections()
	other.client.CloseIdleConnections()
}

func TestMessages(t *testing.T) {
	c := newTalker(t)
	c.post(inform("1"))
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
