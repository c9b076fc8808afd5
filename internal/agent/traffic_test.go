package agent

import (
	"testing"

	"github.com/cwmpd/cwmpd/datamodel"
)

// what "3 When Idle" looks at is the device of the WAN interface, or the one that the owner names.
func TestWANTraffic(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		device, option, rx, tx string
		want                   uint64
		ok                     bool
	}{
		{"wan", "", "1000\n", "234\n", 1234, true},
		{"eth0", "eth0", "5", "6", 11, true},
		{"wan", "", "", "", 0, false},
		{"none", "none", "", "", 0, false},
		{"wan", "../wan", "1", "2", 0, false},
	} {
		s := newStage(t, nil)
		for name, text := range map[string]string{"rx_bytes": tt.rx, "tx_bytes": tt.tx} {
			if tt.device != "none" {
				s.write("sys/class/net/"+tt.device+"/statistics/"+name, text)
			}
		}
		if tt.option != "" {
			s.write("etc/config/cwmp", "config cpe 'cpe'\n\toption interface '"+tt.option+"'\n")
		}
		p, err := Open(t.Context(), Options{Root: s.router.Dir, Files: datamodel.Files})
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := p.wanTraffic(); got != tt.want || ok != tt.ok {
			t.Errorf("%+v: got %d, %v", tt, got, ok)
		}
		p.Close()
	}
}
