package agent

import (
	"net/url"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/notify"
)

// lightweight says how and where lightweight notifications are sent: to the ACS unless another host is set (N-20).
func (p *Parts) lightweight() notify.Lightweight {
	s := p.settings.Load()
	l := notify.Lightweight{
		Enable: s.LWN.Enable && s.CPE.Enable, Host: s.LWN.Hostname, Port: s.LWN.Port, IPv4: s.CPE.ForceIPv4,
		Interval: s.LWN.TriggerInterval, Phase: p.phase(s.LWN.TriggerTime),
		Username: s.ACS.Username, Password: s.ACS.Password,
		OUI: s.id.OUI, ProductClass: s.id.ProductClass, SerialNumber: s.id.Serial,
	}
	if u, err := url.Parse(s.ACS.URL); err == nil && l.Host == "" {
		l.Host = u.Hostname()
	}
	return l
}

// phase is a time that the ACS set, zero if that is Unknown Time or our clock is not set: then there is nothing to compare
// it with.
func (p *Parts) phase(text string) time.Time {
	t, ok := config.ParseTime(text)
	if !ok || t.Year() == 1 || !p.Box.ClockSet() {
		return time.Time{}
	}
	return t
}
