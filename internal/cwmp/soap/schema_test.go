package soap_test

import (
	"bytes"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// The Broadband Forum's schemas accept every message in every namespace (INV-1), and they do refuse what is wrong.
//
func TestMessagesAgainstSchema(t *testing.T) {
	schema, err := cwmptest.OpenSchema("../../../../shared/xsd", t.TempDir())
	if err != nil {
		t.Skipf("CWMP schemas or xmllint are absent: %v", err)
	}
	for _, ns := range []string{soap.NS10, soap.NS11, soap.NS12} {
		h := soap.Header{Namespace: ns, ID: "1", HasID: true}
		if ns == soap.NS12 {
			h.SupportedVersions, h.SessionTimeout = "1.0,1.1,1.2,1.3,1.4", 60
		}
		messages := soap.EveryMessage(h)
		if err := schema.Check(messages...); err != nil {
			t.Errorf("%s: %v", ns, err)
		}
		for _, wrong := range [][2]string{{"<RetryCount>", "<Retries>"}, {"EventStruct[2]", "EventStruct"}, {"1 BOOT", "BOOT"}} {
			if err := schema.Check(bytes.ReplaceAll(messages[0], []byte(wrong[0]), []byte(wrong[1]))); err == nil {
				t.Errorf("%s: the schema does not mind %q for %q", ns, wrong[1], wrong[0])
			}
		}
	}
}
