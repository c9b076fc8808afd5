package agent

import (
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// Z-50: what the router itself says may be anything: control bytes, a megabyte of text, counters below zero, another kind of
// value than ever. The whole tree is answered all the same, as XML that is well-formed (INV-1), each value of its type (T-157).
func TestZ50_LyingSources(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	swap := func(name, old, lie string) {
		text := s.read(name)
		if !strings.Contains(text, old) {
			t.Fatalf("%s does not hold %q", name, old)
		}
		s.write(name, strings.Replace(text, old, lie, -1))
	}
	swap("etc/config/wireless", "'HomeNet'", "'Home\x07\x1b[31m\xff\xfeNet'")
	swap("etc/config/system", "option hostname", "option notes '"+strings.Repeat("x", 200_000)+"'\n\toption hostname")
	swap("ubus/network.device.status.json", `"rx_bytes":`, `"rx_bytes": -7, "was":`)
	swap("ubus/network.device.status.json", `"mtu":`, `"mtu": {"not":"a number"}, "was_mtu":`)
	swap("ubus/system.board.json", `"model":`, `"model": "`+strings.Repeat("M", 1<<19)+`", "was":`)
	swap("tmp/sysinfo/model", s.read("tmp/sysinfo/model"), strings.Repeat("M", 1<<19))
	swap("proc/uptime", s.read("proc/uptime"), "-5 soon\n")
	swap("proc/meminfo", "MemTotal:", "MemTotal: many\nWas:")
	s.write("tmp/dhcp.leases", "not a lease\n1 2\n\x00\x01\n"+strings.Repeat("9", 70_000)+"\n"+s.read("tmp/dhcp.leases"))
	s.begin()
	s.settle()
	values := s.get("Device.")
	if n := len(values); n < 1000 {
		t.Errorf("%d values, want the whole tree", n)
	}
	for name, want := range map[string]string{
		"Device.DeviceInfo.UpTime": "0", "Device.DeviceInfo.MemoryStatus.Total": "0",
	} {
		if values[name] != want {
			t.Errorf("%s = %q, want the honest empty value %q", name, values[name], want)
		}
	}
	if got := values["Device.WiFi.SSID.1.SSID"]; strings.ContainsAny(got, "\x07\x1b") || !strings.HasPrefix(got, "Home") {
		t.Errorf("SSID = %q, want control characters replaced", got)
	}
	if got := values["Device.DeviceInfo.ModelName"]; len(got) > 64 {
		t.Errorf("ModelName has %d characters, its type 64", len(got))
	}
	for name, text := range values {
		if strings.HasSuffix(name, ".BytesReceived") && strings.HasPrefix(text, "-") {
			t.Errorf("%s = %s, below zero", name, text)
		}
	}
	if m := s.one(cwmptest.GetParameterNames("Device.", false)); m.Name != "GetParameterNamesResponse" {
		t.Errorf("GetParameterNames was answered by %s", m.Name)
	}
}
