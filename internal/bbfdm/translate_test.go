package bbfdm

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what came out into testdata")

// What is in testdata/tinc.json comes out as tinc.dm, and what cannot is named in tinc.left. That the daemon understands
// tinc.dm, cmd/cwmpd tests.
func TestTranslate(t *testing.T) {
	plugin, err := os.ReadFile("testdata/tinc.json")
	if err != nil {
		t.Fatal(err)
	}
	dm, left, err := Translate(plugin, "X_ACME_")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "testdata/tinc.dm", string(dm))
	compare(t, "testdata/tinc.left", strings.Join(left, "\n")+"\n")
}

func compare(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s differs; go test -update writes\n%s", file, text)
	}
}

// In version 0 a mapping is no array, and rows are counted by @i-1.
func TestVersion0(t *testing.T) {
	dm, left, err := Translate([]byte(`{ "Device.X_A_Radio.{i}.": { "type": "object", "protocols": ["cwmp"], "array": true, "access": false,
		"mapping": { "type": "uci", "uci": { "file": "wireless", "section": { "type": "wifi-device" } } },
		"Country": { "type": "string", "protocols": ["cwmp"], "read": true, "write": true, "mapping":
			{ "type": "uci", "uci": { "file": "wireless", "section": { "type": "wifi-device", "index": "@i-1" }, "option": { "name": "country" } } } } } }`), "")
	const want = "Device.X_A_Radio.{i}.  r\n  rows uci wireless.@wifi-device\n  Country  rw  string  uci .country\n\n"
	if err != nil || string(dm) != want || len(left) != 0 {
		t.Errorf("%v, left %q\n%s", err, left, dm)
	}
}

func TestRefused(t *testing.T) {
	for _, plugin := range []string{
		"", "{", "[]", "7", `{}`, `{"json_plugin_version": 2}`, `{"Device.X.": 3}`, `{"Device.X.": {"type": "event"}}`,
		`{"Device.{BBF_VENDOR_PREFIX}X.": {"type": "object", "protocols": ["cwmp"]}}`,
	} {
		if dm, _, err := Translate([]byte(plugin), ""); err == nil {
			t.Errorf("%q became %q", plugin, dm)
		}
	}
}

// Whatever stands in a plugin, no word of it can end its word and become another of our language.
func FuzzTranslate(f *testing.F) {
	plugin, err := os.ReadFile("testdata/tinc.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(plugin))
	f.Add(`{"Device.X_A_B.": {"type": "object", "protocols": ["cwmp"], "C": {"type": "string", "protocols": ["cwmp"], "mapping": [{"type": "procfs", "procfs": {"file": "/proc/a\nDevice.Y. none"}}]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		dm, _, err := Translate([]byte(text), "X_ACME_")
		if err != nil {
			return
		}
		for line := range strings.Lines(string(dm)) {
			if line != "\n" && !strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "Device.") {
				t.Errorf("line %q of\n%s", line, dm)
			}
		}
	})
}
