package source

import (
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
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

func FuzzLLDP(f *testing.F) {
	f.Add([]byte(`{"lldp":[{"interface":[` + neighbour("LLDP", "mac", "00:01:02:03:04:05", "eth0") + `]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		all := parseLLDP(text)
		for _, device := range lldpNeighbours(all, "chassis", "") {
			if device.Key == "" || strings.Contains(device.Key, model.ListSep) {
				t.Errorf("a row is called %q", device.Key)
			}
			lldpNeighbours(all, "port", device.Key)
		}
	})
}
