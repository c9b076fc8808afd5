package cwmp

import (
	"errors"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

func methodList(methods ...string) cwmptest.Step {
	return cwmptest.Answer("", `<cwmp:GetRPCMethodsResponse><MethodList soap-enc:arrayType="xsd:string[9]"><string>`+
		strings.Join(methods, "</string><string>")+"</string></MethodList></cwmp:GetRPCMethodsResponse>")
}

// §3.15: RequestDownload goes to an ACS that has it, with the event 9.
// Covers: §3.15.
func TestRequestDownload(t *testing.T) {
	b := newBench(t)
	if err := b.cpe.RequestDownload(transfer.TypeFirmware, [][2]string{{"Version", "<2>"}}); err != nil {
		t.Fatal(err)
	}
	b.acs.Play(cwmptest.Polite, methodList("Inform", "RequestDownload", "TransferComplete"))
	b.good()
	b.wantNames("Inform", "GetRPCMethods", "RequestDownload", "")
	b.wantEvents("9 REQUEST DOWNLOAD")
	if m := b.last("RequestDownload"); m.Text("FileType") != transfer.TypeFirmware || m.Text("Name") != "Version" || m.Text("Value") != "<2>" {
		t.Errorf("said %s", m.Body)
	}
	b.good()
	b.wantEvents()
	b.start() // what the ACS can do is remembered
	b.cpe.Boot("boot-1")
	if err := b.cpe.RequestDownload(transfer.TypeConfig, nil); err != nil {
		t.Fatal(err)
	}
	before := len(b.names())
	b.acs.Play(cwmptest.Polite, cwmptest.Fault(8000))
	b.good()
	if got := b.names()[before:]; len(got) != 3 || got[1] != "RequestDownload" {
		t.Errorf("the CPE sent %q", got)
	}
	b.good() // it was wrong about itself
	if err := b.cpe.RequestDownload(transfer.TypeConfig, nil); !errors.Is(err, ErrACSRefuses) {
		t.Errorf("after 8000: %v", err)
	}
	for _, wrong := range []struct {
		fileType string
		args     [][2]string
	}{{"2 Web Content", nil}, {"", nil}, {transfer.TypeConfig, [][2]string{{"", "x"}}}, {transfer.TypeConfig, [][2]string{{"n", strings.Repeat("x", 257)}}}, {transfer.TypeConfig, make([][2]string, 17)}} {
		if err := b.cpe.RequestDownload(wrong.fileType, wrong.args); !errors.Is(err, ErrNoSuchType) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}

// An ACS without RequestDownload is not asked for one, and one without GetRPCMethods not for that either.
func TestMethodsOfTheACSAreRemembered(t *testing.T) {
	for name, answer := range map[string]cwmptest.Step{"listed without": methodList("Inform"), "8000": cwmptest.Fault(8000)} {
		b := newBench(t)
		b.set(func(c *config.Config) { c.ACS.GetRPCMethods = true })
		if err := b.cpe.RequestDownload(transfer.TypeConfig, nil); err != nil {
			t.Fatal(err)
		}
		b.acs.Play(cwmptest.Polite, answer)
		b.good()
		b.wantNames("Inform", "GetRPCMethods", "")
		b.good()
		b.wantEvents()
		b.wantNames("Inform", "GetRPCMethods", "", "Inform", "")
		if err := b.cpe.RequestDownload(transfer.TypeConfig, nil); !errors.Is(err, ErrACSRefuses) {
			t.Errorf("%s: %v", name, err)
		}
		b.start()
		b.cpe.Boot("boot-1")
		b.good()
		if n := len(b.acs.Pick("GetRPCMethods")); (n == 1) != (name == "8000") {
			t.Errorf("%s: GetRPCMethods was sent %d times over two starts", name, n)
		}
		b.cpe.saved.ACS.URL = "http://another.example/" // the memory is of one ACS
		b.cpe.askedMethods = false
		b.good()
		if _, known := b.cpe.knows("RequestDownload"); !known || b.last("GetRPCMethods").Name == "" {
			t.Errorf("%s: another ACS was not asked", name)
		}
	}
}
