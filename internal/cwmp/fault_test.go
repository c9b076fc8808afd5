package cwmp

import (
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// §4.2, F-2: every code that we use has the name and the side that the standard gives it. The codes are written out here:
// a slip in the constants is seen too.
func TestFaultCodes(t *testing.T) {
	standard := map[int]string{
		9000: "Method not supported", 9001: "Request denied", 9002: "Internal error", 9003: "Invalid arguments", 9004: "Resources exceeded",
		9005: "Invalid parameter name", 9006: "Invalid parameter type", 9007: "Invalid parameter value", 9008: "Attempt to set a non-writable parameter",
		9009: "Notification request rejected", 9010: "File transfer failure", 9011: "Upload failure", 9012: "File transfer server authentication failure",
		9013: "Unsupported protocol for file transfer", 9014: "File transfer failure: unable to join multicast group",
		9015: "File transfer failure: unable to contact file server", 9016: "File transfer failure: unable to access file",
		9017: "File transfer failure: unable to complete download", 9018: "File transfer failure: file corrupted", 9019: "File transfer failure: file authentication failure",
		9020: "File transfer failure: unable to complete download within specified time windows", 9021: "Cancelation of file transfer not permitted in current transfer state",
		9022: "Invalid UUID Format", 9023: "Unknown Execution Environment", 9024: "Disabled Execution Environment", 9025: "Deployment Unit to Execution Environment mismatch",
		9026: "Duplicate Deployment Unit", 9027: "System Resources Exceeded", 9028: "Unknown Deployment Unit", 9029: "Invalid Deployment Unit State",
		9030: "Invalid DU Update – Downgrade not permitted", 9031: "Invalid DU Update – Version not specified", 9032: "Invalid DU Update – Version already exists",
	}
	client := map[int]bool{9003: true, 9005: true, 9006: true, 9007: true, 9008: true, 9020: true, 9021: true}
	for code, kind := range faultKinds {
		if kind.text != standard[code] || kind.client != client[code] {
			t.Errorf("%d is %q, client: %v; the standard has %q, %v", code, kind.text, kind.client, standard[code], client[code])
		}
	}
	for code := 9000; code <= 9013; code++ {
		if _, known := faultKinds[code]; !known {
			t.Errorf("%d has no name", code)
		}
	}
}

// F-4: a fault tells neither secrets nor where our files are, and repeats no long input. The ACS of these tests wants
// every FaultString short, and holds every message against the secrets.
func TestF4_FaultsDoNotTellTooMuch(t *testing.T) {
	r := newRouter(t)
	long := strings.Repeat("x", 5000)
	for _, call := range []cwmptest.Call{
		cwmptest.GetParameterValues("Device." + long),
		cwmptest.GetParameterNames(long, false),
		cwmptest.SetParameterValues("k", cwmptest.Value{Name: "Device.Test.Mode", Text: long, Type: "string"}),
		cwmptest.SetParameterValues("k", cwmptest.Value{Name: "Device." + long, Text: "x", Type: "string"}),
		cwmptest.SetParameterValues(long),
		cwmptest.SetParameterValues("k", cwmptest.Value{Name: "Device.ManagementServer.URL", Text: "http://u:" + password + "@x/", Type: "string"}),
		cwmptest.AddObject("Device."+long+".", "k"),
		cwmptest.Download(cwmptest.DownloadArgs{FileType: long, URL: "http://u:" + password + "@x/", Password: password}),
		cwmptest.Call("<cwmp:" + strings.Repeat("M", 900) + "/>"),
		cwmptest.SetParameterAttributes(notification("Device."+long, 1)),
	} {
		m := r.one(call)
		if m.FaultCode() == 0 {
			t.Errorf("%.80s is not refused", call)
		}
		if strings.Contains(string(m.Body), strings.Repeat("x", 129)) || strings.Contains(string(m.Body), strings.Repeat("M", 129)) || strings.Contains(string(m.Body), r.root) {
			t.Errorf("%.80s: too much is told: %s", call, m.Body)
		}
	}
}

// an answer that is too large is a fault, never a part of it.
func TestR35_AnswersThatAreTooLarge(t *testing.T) {
	r := newRouter(t)
	r.cpe.answerLimit = 3000
	for _, call := range []cwmptest.Call{cwmptest.GetParameterValues("Device."), cwmptest.GetParameterNames("", false), cwmptest.GetParameterAttributes("")} {
		m := r.one(call)
		wantFault(t, m, 9004)
		if strings.Contains(string(m.Body), "ParameterList") {
			t.Errorf("a part was sent: %s", m.Body)
		}
	}
	if m := r.one(cwmptest.GetParameterValues("Device.Test.Int")); m.FaultCode() != 0 {
		t.Errorf("a small question afterwards: %s", m.Body)
	}
}
