package source

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// neighbour is an answer about one neighbour with these texts.
func neighbour(via, chassis, id, port string) string {
	return `{"name":"lan1","via":"` + via + `","chassis":[{"id":[{"type":"` + chassis + `","value":"` + id + `"}]}],"port":[{"id":[{"type":"ifname","value":"` + port + `"}]}]}`
}

func TestNeighboursOfLLDP(t *testing.T) {
	for name, c := range map[string]struct{ text, devices, ports string }{
		"nobody":              {`{"lldp":[{}]}`, "", ""},
		"no daemon":           {``, "", ""},
		"one":                 {`{"lldp":[{"interface":[` + neighbour("LLDP", "mac", "00:01:02:03:04:05", "eth0") + `]}]}`, "mac 00:01:02:03:04:05", "ifname eth0"},
		"others":              {`{"lldp":[{"interface":[` + neighbour("EDP", "mac", "a", "b") + `,` + neighbour("LLDP", "local", "x", "y") + `]}]}`, "local x", "ifname y"},
		"without identifiers": {`{"lldp":[{"interface":[` + neighbour("LLDP", "unhandled", "", "b") + `,` + neighbour("LLDP", "local", "x", "") + `]}]}`, "local x", ""},
		"the form of many":    {`{"lldp":{"interface":{"lan1":{"via":"LLDP","chassis":{"x":{"id":{"type":"mac","value":"00"}}}}}}}`, "", ""},
		"truncated":           {`{"lldp":[{"interface":[` + neighbour("LLDP", "mac", "a", "b"), "", ""},
		"of other types":      {`{"lldp":[{"interface":[7,null,[],"x",{"via":true,"chassis":7},{"via":"LLDP","chassis":[[{"id":1}]]}]}]}`, "", ""},
		"a forged list":       {`{"lldp":[{"interface":[` + neighbour("LLDP", "local", `a\u001fb`, `\ufffd`) + `]}]}`, "local ab", "ifname \ufffd"},
	} {
		all := parseLLDP([]byte(c.text))
		devices := keys(lldpNeighbours(all, "chassis", ""))
		wantText(t, name, strings.Join(devices, "|"), c.devices)
		wantText(t, name, strings.Join(keys(lldpNeighbours(all, "port", c.devices)), "|"), c.ports)
	}
}

func TestWhenANeighbourWasHeardOf(t *testing.T) {
	rt := newRouter(t, map[string]string{"proc/uptime": "180000.50 1.00\n"})
	for age, want := range map[string]int64{
		"0 day, 00:00:00": 0, "0 day, 01:02:03": 3723, "2 days, 01:00:00": 176400,
		"2 days, 02:00:01": -1, "24855 days, 03:14:07": -1, "99999999999999999999 days, 00:00:00": -1, "0 day, 00:00:-7": -1, "too much": -1, "": -1,
	} {
		row := model.Row{Data: ubus.Table("age", age)}
		text, err := lldpUpdated(t.Context(), rt.begin(t), &row, nil)
		got, _ := strconv.ParseInt(text, 10, 64)
		ago := time.Now().Unix() - got
		if err != nil || want < 0 && text != "" || want >= 0 && (ago < want || ago > want+2) {
			t.Errorf("%s: %q, %d s ago", age, text, ago)
		}
	}
}

func FuzzLLDP(f *testing.F) {
	f.Add([]byte(`{"lldp":[{"interface":[` + neighbour("LLDP", "mac", "00:01:02:03:04:05", "eth0") + `]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		all := parseLLDP(text)
		for _, device := range lldpNeighbours(all, "chassis", "") {
			if device.Key == "" || strings.Contains(device.Key, model.ListSep) {
				t.Errorf("a row is called %q", device.Key)
			}
			for _, port := range lldpNeighbours(all, "port", device.Key) {
				lldpUpdated(t.Context(), &Reader{rt: &Router{}}, &port, nil)
			}
		}
	})
}
