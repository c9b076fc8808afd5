package cwmp

import (
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// oktopus wraps a call as the Oktopus ACS does: the oldest namespace, its own prefixes, an empty header without an ID.
func oktopus(body string) cwmptest.Step {
	return cwmptest.Body("text/xml; charset=utf-8", `<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:schemaLocation="urn:dslforum-org:cwmp-1-0 ..\schemas\wt121.xsd" xmlns:cwmp="`+soap.NS10+`">
  <soap:Header/>
  <soap:Body>`+body+`</soap:Body>
</soap:Envelope>`)
}

// TestOktopus plays a session with it: lists without arrayType, values without a type, no ID, cwmp-1-0 after an Inform in
// cwmp-1-2. Every answer is in the namespace of its request, without an ID.
func TestOktopus(t *testing.T) {
	r := newRouter(t)
	r.acs.Play(cwmptest.Polite,
		oktopus(`<cwmp:GetParameterNames>
      <ParameterPath>Device.Test.</ParameterPath>
      <NextLevel>1</NextLevel>
    </cwmp:GetParameterNames>`),
		oktopus(`<cwmp:GetParameterValues>
      <ParameterNames>
        <string>Device.Test.Int</string>
        <string>Device.Test.Bool</string>
      </ParameterNames>
    </cwmp:GetParameterValues>`),
		oktopus(`<cwmp:SetParameterValues>
      <ParameterList>
        <ParameterValueStruct>
          <Name>Device.Test.Int</Name>
          <Value>42</Value>
        </ParameterValueStruct>
        <ParameterValueStruct><Name>Device.Test.String</Name><Value>a b</Value></ParameterValueStruct>
      </ParameterList>
      <ParameterKey>LC1309123</ParameterKey>
    </cwmp:SetParameterValues>`),
	)
	r.good()
	for _, name := range []string{"GetParameterNamesResponse", "GetParameterValuesResponse", "SetParameterValuesResponse"} {
		m := r.last(name)
		if m.Namespace() != soap.NS10 || m.Element("ID") != nil {
			t.Errorf("%s: %s", name, m.Body)
		}
	}
	if got := r.value("Device.Test.Int") + ", " + r.value("Device.Test.String") + ", " + r.key(); got != "42, a b, LC1309123" {
		t.Errorf("set to %s", got)
	}
}
