package soap

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// everyMessage is one of each message that a CPE sends, in a stable order.
func everyMessage() []struct {
	name  string
	write func(e *Encoder)
} {
	at := time.Date(2026, 11, 22, 17, 0, 0, 0, time.FixedZone("", 3600))
	queued := []QueuedTransfer{{"a&b", 1, true, "1 Firmware Upgrade Image", 1 << 20, "x.bin"}, {"", 3, false, "4 Vendor Log File", 0, ""}}
	access := []string{"Subscriber"}
	return []struct {
		name  string
		write func(e *Encoder)
	}{
		{"Inform", func(e *Encoder) {
			e.InformStart(Inform{
				Device:      DeviceID{"OpenWrt", "00D09E", "GW", "123"},
				Events:      []Event{{"1 BOOT", ""}, {"M Reboot", "a&b"}},
				CurrentTime: "2026-11-22T17:34:44+01:00", RetryCount: 3,
			})
			e.ParameterValue([]byte("Device.DeviceInfo.SoftwareVersion"), "string", "24.10.1")
			e.ParameterValue([]byte("Device.WiFi.SSID.1.SSID"), "string", "Café <5>\x07")
			e.ParameterValue([]byte("Device.WiFi.SSID.1.Enable"), "boolean", "true")
			e.InformEnd()
		}},
		{"InformEmpty", func(e *Encoder) {
			e.InformStart(Inform{Device: DeviceID{"OpenWrt", "00D09E", "", "123"}, CurrentTime: UnknownTime})
			e.InformEnd()
		}},
		{"TransferComplete", func(e *Encoder) {
			e.TransferComplete(TransferComplete{CommandKey: "c1", Start: at, Complete: at.Add(31 * time.Second)})
		}},
		{"TransferCompleteFault", func(e *Encoder) {
			e.TransferComplete(TransferComplete{CommandKey: "c1", FaultCode: 9010, FaultString: "404 Not Found"})
		}},
		{"DUStateChangeComplete", func(e *Encoder) {
			uuid := "00000000-0000-5000-8000-00000000000a"
			e.DUStateChangeComplete([]DUResult{{UUID: uuid, Version: "1", FaultCode: 9001, FaultString: "denied", Start: at, Complete: at}, {UUID: uuid, FaultCode: 9028}}, "k<")
		}},
		{"AutonomousDUStateChangeComplete", func(e *Encoder) {
			uuid := "00000000-0000-5000-8000-00000000000a"
			e.AutonomousDUStateChangeComplete([]DUResult{
				{Operation: "Install", UUID: uuid, Version: "1", Ref: "Device.SoftwareModules.DeploymentUnit.1.", Start: at, Complete: at},
				{Operation: "Uninstall", UUID: uuid}, {Operation: "Update", UUID: uuid, FaultCode: 9032, FaultString: "it is there"},
			})
		}},
		{"AutonomousTransferComplete", func(e *Encoder) {
			e.AutonomousTransferComplete(AutonomousTransfer{TransferURL: "https://files.example/?a=1&b=2", IsDownload: true,
				FileType: "1 Firmware Upgrade Image", FileSize: 7, TargetFileName: "<image>", FaultCode: 9018, FaultString: "bad", Start: at})
		}},
		{"ChangeDUStateResponse", func(e *Encoder) { e.Empty("ChangeDUStateResponse") }},
		{"RequestDownload", func(e *Encoder) {
			e.RequestDownload(RequestDownload{"1 Firmware Upgrade Image", [][2]string{{"Version", "<2>"}, {"Model", ""}}})
		}},
		{"GetRPCMethods", func(e *Encoder) { e.GetRPCMethods() }},
		{"GetRPCMethodsResponse", func(e *Encoder) { e.GetRPCMethodsResponse([]string{"AddObject", "Reboot"}) }},
		{"SetParameterValuesResponse", func(e *Encoder) { e.Status("SetParameterValuesResponse", 1) }},
		{"DeleteObjectResponse", func(e *Encoder) { e.Status("DeleteObjectResponse", 0) }},
		{"AddObjectResponse", func(e *Encoder) { e.AddObjectResponse(4, 0) }},
		{"DownloadResponse", func(e *Encoder) { e.TransferResponse("DownloadResponse") }},
		{"UploadResponse", func(e *Encoder) { e.TransferResponse("UploadResponse") }},
		{"GetQueuedTransfersResponse", func(e *Encoder) { e.QueuedTransfersResponse(queued) }},
		{"GetAllQueuedTransfersResponse", func(e *Encoder) { e.AllQueuedTransfersResponse(queued) }},
		{"ScheduleDownloadResponse", func(e *Encoder) { e.Empty("ScheduleDownloadResponse") }},
		{"CancelTransferResponse", func(e *Encoder) { e.Empty("CancelTransferResponse") }},
		{"RebootResponse", func(e *Encoder) { e.Empty("RebootResponse") }},
		{"FactoryResetResponse", func(e *Encoder) { e.Empty("FactoryResetResponse") }},
		{"ScheduleInformResponse", func(e *Encoder) { e.Empty("ScheduleInformResponse") }},
		{"SetParameterAttributesResponse", func(e *Encoder) { e.Empty("SetParameterAttributesResponse") }},
		{"GetParameterValuesResponse", func(e *Encoder) {
			e.Open("GetParameterValuesResponse")
			e.List("ParameterList", "cwmp:ParameterValueStruct")
			for i := range 12 {
				e.ParameterValue(fmt.Appendf(nil, "Device.X.%d.Y", i), "unsignedInt", "7")
			}
			e.EndList()
			e.Close()
		}},
		{"GetParameterNamesResponse", func(e *Encoder) {
			e.Open("GetParameterNamesResponse")
			e.List("ParameterList", "cwmp:ParameterInfoStruct")
			e.ParameterInfo([]byte("Device."), false)
			e.ParameterInfo([]byte("Device.WiFi.SSID."), true)
			e.EndList()
			e.Close()
		}},
		{"GetParameterNamesResponseEmpty", func(e *Encoder) {
			e.Open("GetParameterNamesResponse")
			e.List("ParameterList", "cwmp:ParameterInfoStruct")
			e.EndList()
			e.Close()
		}},
		{"GetParameterAttributesResponse", func(e *Encoder) {
			e.Open("GetParameterAttributesResponse")
			e.List("ParameterList", "cwmp:ParameterAttributeStruct")
			e.ParameterAttribute([]byte("Device.DeviceInfo.SoftwareVersion"), 2, access)
			e.ParameterAttribute([]byte("Device.DeviceInfo.UpTime"), 0, nil)
			e.EndList()
			e.Close()
		}},
		{"Fault", func(e *Encoder) { e.Fault(Fault{Code: 9002, Message: "Internal error"}) }},
		{"FaultSetParameterValues", func(e *Encoder) {
			e.Fault(Fault{Client: true, Code: 9003, Message: "Invalid arguments", Params: []ParamFault{
				{"Device.Time.LocalTimeZone", 9007, "Invalid parameter value"}, {"Device.<Nope>", 9005, "Invalid parameter name"},
			}})
		}},
		{"FaultMustUnderstand", func(e *Encoder) { e.MustUnderstandFault("Foo") }},
	}
}

func envelopeOf(h Header, write func(e *Encoder)) []byte {
	var e Encoder
	e.Begin(h)
	write(&e)
	return e.End()
}

//
func TestEveryMessageGolden(t *testing.T) {
	for _, m := range everyMessage() {
		got := envelopeOf(Header{ID: "7", HasID: true}, m.write)
		file := filepath.Join("testdata", m.name+".xml")
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", m.name, got, want)
		}
	}
}

// What we write we can read: our parser is stricter than any ACS.
func TestEveryMessageParses(t *testing.T) {
	for _, m := range everyMessage() {
		if m.name == "FaultMustUnderstand" {
			continue // a SOAP fault without CWMP detail
		}
		for _, ns := range []string{NS10, NS11, NS12} {
			h := Header{Namespace: ns, ID: " a<\r\n", HasID: true}
			env, err := Parse(envelopeOf(h, m.write), "")
			if err != nil {
				t.Fatalf("%s: %v", m.name, err)
			}
			if env.ID != h.ID || !env.HasID || env.Namespace != ns {
				t.Errorf("%s: ID %q, namespace %q", m.name, env.ID, env.Namespace)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	got := string(envelopeOf(Header{ID: "1", HasID: true, SupportedVersions: "1.0,1.4", SessionTimeout: 60}, func(e *Encoder) { e.GetRPCMethods() }))
	for _, want := range []string{
		`<cwmp:ID soap-env:mustUnderstand="1">1</cwmp:ID>`,
		`<cwmp:SessionTimeout soap-env:mustUnderstand="0">60</cwmp:SessionTimeout>`,
		`<cwmp:SupportedCWMPVersions soap-env:mustUnderstand="0">1.0,1.4</cwmp:SupportedCWMPVersions>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	if got := string(envelopeOf(Header{}, func(e *Encoder) { e.GetRPCMethods() })); strings.Contains(got, "Header") {
		t.Errorf("T-034: an answer to a request without ID has a header: %s", got)
	}
}

func TestDateTime(t *testing.T) {
	if got := DateTime(time.Time{}); got != UnknownTime {
		t.Errorf("zero time is %s", got)
	}
	at := time.Date(2026, 11, 22, 17, 34, 44, 9, time.FixedZone("", 3600))
	if got, want := DateTime(at), "2026-11-22T16:34:44Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTruncateCountsCharacters(t *testing.T) {
	if got := Truncate("äöü", 2); got != "äö" {
		t.Errorf("got %q", got)
	}
	if got := Truncate("abc", 3); got != "abc" {
		t.Errorf("got %q", got)
	}
}
