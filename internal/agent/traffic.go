package agent

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

// wanTraffic tells how many bytes went over the WAN device in both directions; false while there is no such device.
func (p *Parts) wanTraffic() (uint64, bool) {
	device := p.settings.Load().CPE.Interface
	if device == "" {
		device = p.wanDevice()
	}
	if device == "" || strings.ContainsAny(device, "/ ") || device[0] == '.' {
		return 0, false
	}
	sum := uint64(0)
	for _, name := range []string{"rx_bytes", "tx_bytes"} {
		text, err := p.Box.ReadFile("/sys/class/net/"+device+"/statistics/"+name, 64)
		if err != nil {
			return 0, false
		}
		n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
		if err != nil {
			return 0, false
		}
		sum += n
	}
	return sum, true
}

// wanDevice is the layer 3 device of the WAN interface, as netifd has it.
func (p *Parts) wanDevice() string {
	if p.Bus == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	v, err := p.Bus.Call(ctx, "network.interface."+p.settings.Load().CPE.DefaultWAN, "status", ubus.Table())
	if err != nil {
		return ""
	}
	return v.Get("l3_device").Text()
}
