package cwmp

import (
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

const uuidA, uuidB = "00000000-0000-5000-8000-00000000000a", "00000000-0000-5000-8000-00000000000B"

// T-278: the results are in the order of the operations, and are told until the ACS knows, over a restart too.
// Covers, E-1, §3.15.
func TestT278_ChangeDUState(t *testing.T) {
	b := newBench(t)
	op := cwmptest.Operation
	b.acs.Ask(cwmptest.ChangeDUState("du1",
		op("Install", "URL", "https://files.example/a.ipk", "UUID", uuidA, "Username", "u", "Password", password),
		op("Uninstall", "UUID", uuidB, "Version", "1.0"),
		op("Install", "URL", "https://files.example/a.ipk", "ExecutionEnvRef", "Device.SoftwareModules.ExecEnv.1."),
		op("Install", "URL", "ftp://files.example/a.ipk"),
		op("Install", "URL", "no url", "UUID", uuidA),
		op("Install", "URL", "https://files.example/a.ipk", "UUID", "nonsense"),
		op("Update", "UUID", uuidA, "Version", "2"),
		op("Update", "URL", "https://files.example/a.ipk"),
		op("Update"),
		op("Uninstall", "UUID", "")))
	b.good()
	if b.last("ChangeDUStateResponse").Name == "" {
		t.Fatal("refused")
	}
	b.acs.Play(cwmptest.Polite, cwmptest.Fault(8002))
	b.good()
	b.wantEvents("11 DU STATE CHANGE COMPLETE", "M ChangeDUState du1")
	b.start()
	b.cpe.Boot("boot-1")
	b.cpe.settings(true)
	b.good()
	b.wantEvents("11 DU STATE CHANGE COMPLETE", "M ChangeDUState du1")
	m := b.last("DUStateChangeComplete")
	var got []string
	for _, el := range m.Element("DUStateChangeComplete").SelectElements("Results") {
		got = append(got, el.SelectElement("UUID").Text()[34:]+" "+el.SelectElement("Version").Text()+" "+el.SelectElement("CurrentState").Text()+" "+el.FindElement("Fault/FaultCode").Text())
	}
	want := "0a  Failed 9001, 0B 1.0 Failed 9028, 00  Failed 9023, 00  Failed 9013, 0a  Failed 9003, 00  Failed 9022, 0a 2 Failed 9028, 00  Failed 9028, 00  Failed 9001, 00  Failed 9028"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("results %s\nwant    %s", s, want)
	}
	if m.Text("CommandKey") != "du1" || strings.Contains(string(m.Body), password) {
		t.Errorf("said %s", m.Body)
	}
	b.good()
	b.wantEvents()
	if n := len(b.acs.Pick("DUStateChangeComplete")); n != 2 || len(b.cpe.saved.DUChanges)+len(b.cpe.saved.Refused) != 0 {
		t.Errorf("told %d times, left %+v", n, b.cpe.saved)
	}
}

// what has no form is refused as a whole, and nothing of it is done.
func TestChangeDUStateThatIsRefused(t *testing.T) {
	b := newBench(t)
	op := cwmptest.Operation
	good := op("Install", "URL", "https://files.example/a.ipk")
	for name, tt := range map[string]struct {
		call cwmptest.Call
		want int
	}{
		"no operation":        {cwmptest.ChangeDUState("k"), 9003},
		"unknown operation":   {cwmptest.ChangeDUState("k", good, op("Explode", "UUID", uuidA)), 9003},
		"no type":             {cwmptest.ChangeDUState("k", "<Operations><URL>http://x/</URL></Operations>"), 9003},
		"a foreign type":      {cwmptest.ChangeDUState("k", `<Operations xsi:type="xsd:InstallOpStruct"><URL>http://x/</URL></Operations>`), 9003},
		"install what":        {cwmptest.ChangeDUState("k", good, op("Install")), 9003},
		"uninstall what":      {cwmptest.ChangeDUState("k", op("Uninstall", "Version", "1")), 9003},
		"a long URL":          {cwmptest.ChangeDUState("k", op("Install", "URL", "http://x/"+strings.Repeat("x", 1024))), 9003},
		"a long version":      {cwmptest.ChangeDUState("k", op("Update", "Version", strings.Repeat("1", 33))), 9003},
		"a long key":          {cwmptest.ChangeDUState(strings.Repeat("k", 33), good), 9003},
		"too many operations": {cwmptest.ChangeDUState("k", strings.Repeat(good, 33)), 9004},
	} {
		b.acs.Ask(tt.call)
		b.good()
		messages := b.acs.Messages()
		if m := messages[len(messages)-1]; m.FaultCode() != tt.want {
			t.Errorf("%s: %s", name, m.Body)
		}
	}
	if len(b.cpe.saved.DUChanges) != 0 {
		t.Errorf("kept %+v", b.cpe.saved.DUChanges)
	}
	for range maxDUChanges + 1 {
		b.acs.Ask(cwmptest.ChangeDUState("", good))
	}
	b.good()
	if n := len(b.acs.Pick("ChangeDUStateResponse")); n != maxDUChanges || b.last("Fault").FaultCode() != 9004 {
		t.Errorf("%d taken on, then %s", n, b.last("Fault").Body)
	}
	told := len(b.acs.Pick("DUStateChangeComplete"))
	b.acs.Speak(soap.NS11) // knows nothing of them
	b.cpe.offer.now = 1
	b.good()
	b.wantEvents()
	if n := len(b.acs.Pick("DUStateChangeComplete")); n != told || len(b.cpe.saved.DUChanges) != maxDUChanges {
		t.Error("told to an ACS of CWMP 1.1")
	}
}
