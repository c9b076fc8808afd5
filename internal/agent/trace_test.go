package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// Item 11: a trace of the daemon shows what was said, and none of the passwords and keys that the data model knows.
func TestTraceOfTheDaemon(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.trace = filepath.Join(t.TempDir(), "trace")
	s.begin()
	values := []cwmptest.Value{
		{Name: "Device.ManagementServer.Password", Text: "acs-secret"},
		{Name: "Device.ManagementServer.ConnectionRequestPassword", Text: "connreq-secret"},
		{Name: "Device.WiFi.AccessPoint.1.Security.KeyPassphrase", Text: "wifi-secret"},
		{Name: "Device.WiFi.SSID.1.SSID", Text: "Sunshine"},
	}
	s.ask(cwmptest.SetParameterValues("k", values...), cwmptest.GetParameterValues("Device.WiFi.", "Device.ManagementServer.", "Device.PPP."))
	s.settle()
	s.halt()
	text, err := os.ReadFile(s.trace)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"KeyPassphrase</Name>", "Sunshine", "SetParameterValuesResponse", "session 2 ACS", "User-Agent: cwmpd"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in the trace", want)
		}
	}
	for _, secret := range []string{"acs-secret", "connreq-secret", "wifi-secret"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is in the trace", secret)
		}
	}
	for _, option := range []string{"key", "password", "sae_password", "auth_secret"} { // of the router's own files
		for _, file := range []string{"wireless", "network"} {
			for line := range strings.Lines(s.read("etc/config/" + file)) {
				_, secret, ok := strings.Cut(line, "option "+option+" '")
				if secret = strings.TrimSuffix(strings.TrimSpace(secret), "'"); ok && len(secret) > 3 && strings.Contains(string(text), secret) {
					t.Errorf("%s of %s is in the trace", option, file)
				}
			}
		}
	}
}
