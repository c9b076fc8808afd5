package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/cwmp"
	"github.com/cwmpd/cwmpd/internal/discover"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/web"
)

const (
	// unreachable is how long the ACS may give no sign before DHCP is asked where it is now (K-33).
	unreachable = 300 * time.Second
	// A DHCP server may change its mind leaseBurst times, then once every leaseEvery: what it says goes to flash.
	leaseBurst = 10
	leaseEvery = 10 * time.Minute
)

// discoveryState is the state file that holds what is remembered of finding the ACS beside /etc/config/cwmp. It goes with a
// factory reset.
const discoveryState = "discovery"

type discoveryMemory struct {
	First   string `json:"first,omitempty"`   // where the first ACS that was reached came from: fromDHCP or fromConfig (K-33)
	Refused string `json:"refused,omitempty"` // a URL of DHCP's that completed no session on probation; until DHCP says another
	Good    string `json:"good,omitempty"`    // the last URL of DHCP's that completed a session
}

const (
	fromDHCP   = "dhcp"
	fromConfig = "config"
)

// discovery is how others tell leaseWatch, which finds the ACS by DHCP.
type discovery struct {
	silence time.Duration // unreachable; tests have less patience
	leased  chan struct{} // one slot: a file of a hook may have changed
	ended   chan struct{} // one slot: there is something in contact

	mu      sync.Mutex // guards what follows
	contact []bool     // how sessions ended since leaseWatch looked
}

func newDiscovery(silence time.Duration) *discovery {
	if silence == 0 {
		silence = unreachable
	}
	return &discovery{silence: silence, leased: make(chan struct{}, 1), ended: make(chan struct{}, 1)}
}

func signal(slot chan struct{}) {
	select {
	case slot <- struct{}{}:
	default:
	}
}

// sessionEnded hears whether a session reached its ACS.
func (d *Daemon) sessionEnded(contact bool) {
	d.found.mu.Lock()
	d.found.contact = append(d.found.contact, contact)
	d.found.mu.Unlock()
	signal(d.found.ended)
}

// A lease is what one file of a hook says.
type lease struct {
	file  os.FileInfo
	offer discover.Offer
}

// readLeases reads what the DHCP servers said that may, in the order of the interfaces, DHCPv4 before DHCPv6.
func (p *Parts) readLeases() []lease {
	var list []lease
	for _, name := range p.settings.Load().Leases() {
		for _, kind := range []string{"dhcp4.", "dhcp6."} {
			path := discover.Dir + "/" + kind + name
			info, err := os.Stat(p.Box.Path(path))
			text, readErr := p.Box.ReadFile(path, discover.MaxFile)
			if err == nil && readErr == nil && !strings.Contains(name, "/") {
				list = append(list, lease{info, discover.ParseLease(string(text))})
			}
		}
	}
	return list
}

// newLeaseWatch looks at the leases that are there, so that their ACS is known before anybody runs.
func (d *Daemon) newLeaseWatch() *leaseWatch {
	w := &leaseWatch{d: d, tokens: leaseBurst, refilled: time.Now()}
	if err := d.Store.Load(discoveryState, &w.memory); err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.log.Warn("where the ACS was found is forgotten", "err", err)
	}
	w.look()
	return w
}

// run takes what DHCP says, and asks it again when the ACS cannot be reached (K-33 to K-35).
func (w *leaseWatch) run(ctx context.Context) error {
	d := w.d
	if s := d.settings.Load(); s.ACS.URL == "" && s.ACS.DHCPDiscovery && len(w.seen) == 0 {
		w.ask(ctx) // a lease from before our hooks were there
	}
	signal(d.found.leased)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.found.leased:
			w.look()
			if err := d.tellDevices(ctx); err != nil {
				d.log.Warn("devices are not told who their gateway is", "err", err)
			}
		case <-d.found.ended:
			w.listen()
		case <-w.silent:
			w.search(ctx)
		case <-w.later:
			w.later = nil
			w.look()
		}
	}
}

// leaseWatch finds the ACS by DHCP. Its run is one goroutine, which takes mu for all but waiting for netifd; the CPE's comes by
// switchACS.
type leaseWatch struct {
	d        *Daemon
	mu       sync.Mutex
	memory   discoveryMemory
	tokens   int
	refilled time.Time
	seen     []discover.Offer // the leases as they were looked at last

	deaf   bool             // the ACS was not reached in the last session
	silent <-chan time.Time // fires when it was not for so long that DHCP is asked
	asked  []lease          // the leases when DHCP was first asked, since the ACS is silent; nil: it was not
	later  <-chan time.Time // fires when DHCP may change its mind again
}

// listen hears of sessions and of URLs that are not to be used.
func (w *leaseWatch) listen() {
	f := w.d.found
	f.mu.Lock()
	contact := f.contact
	f.contact = nil
	f.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(contact) == 0 {
		return
	}
	switch reached := contact[len(contact)-1]; {
	case reached:
		w.deaf, w.silent, w.asked = false, nil, nil
		w.remember()
	case !w.deaf || slices.Contains(contact, true):
		w.deaf, w.silent, w.asked = true, time.After(w.d.found.silence), nil
	}
}

// remember keeps where the ACS came from that we talk to.
func (w *leaseWatch) remember() {
	s := w.d.settings.Load()
	before := w.memory
	if w.memory.First == "" {
		w.memory.First = fromConfig
		if s.ACS.FromDHCP {
			w.memory.First = fromDHCP
		}
	}
	if s.ACS.FromDHCP {
		w.memory.Good = s.ACS.URL
	}
	if w.memory != before {
		w.save()
	}
}

func (w *leaseWatch) save() {
	if err := w.d.Store.Save(discoveryState, w.memory); err != nil {
		w.d.log.Error("where the ACS was found is not saved", "err", err)
	}
}

// search asks DHCP where the ACS is now, as often as it stays silent: if DHCP told us of it in the first place.
func (w *leaseWatch) search(ctx context.Context) {
	w.silent = time.After(w.d.found.silence)
	w.mu.Lock()
	first := w.memory.First
	w.mu.Unlock()
	s := w.d.settings.Load()
	if !s.ACS.DHCPDiscovery || !s.ACS.FromDHCP && first != fromDHCP {
		return
	}
	leases := w.d.readLeases()
	if len(leases) == 0 {
		return // the link is down: no wonder. What the hooks write when it is up is read anyway.
	}
	if w.asked == nil { // else an answer may have come that was not looked at yet
		w.asked = leases
	}
	w.ask(ctx)
}

// ask has netifd renew the leases of our interfaces (K-34). The answers come by way of the hooks.
func (w *leaseWatch) ask(ctx context.Context) {
	d := w.d
	for _, name := range d.settings.Load().Leases() {
		once, cancel := context.WithTimeout(ctx, 5*time.Second)
		_, err := d.Bus.Call(once, "network.interface."+name, "renew", ubus.Table())
		cancel()
		if err != nil {
			d.log.Debug("a lease cannot be renewed", "interface", name, "err", err)
			continue
		}
		d.log.Info("DHCP is asked where the ACS is", "interface", name)
	}
}

// look takes what the leases say now.
func (w *leaseWatch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.d
	leases := d.readLeases()
	var offers []discover.Offer
	for _, l := range leases {
		offers = append(offers, l.offer)
	}
	if !slices.Equal(offers, w.seen) {
		w.seen = offers
		d.watcher.Poke() // GatewayInfo
	}
	if len(leases) == 0 { // the link went down
		w.deaf, w.silent, w.asked = false, nil, nil
		return
	}
	s := d.settings.Load()
	offer, ok := w.choose(s.Config, offers)
	if !ok {
		return
	}
	if !slices.ContainsFunc(offers, func(o discover.Offer) bool { return o.URL == w.memory.Refused }) {
		w.forgive()
	}
	options := d.offered(s, offer)
	instead := w.asked != nil && w.renewed(leases) && !s.ACS.FromDHCP && s.ACS.URL != "" && s.ACS.URL != offer.URL
	if len(options) == 0 && !instead {
		return
	}
	if !w.mayChange() {
		return
	}
	if instead {
		options = append(options, acsOption{"url", ""})
		d.log.Warn("the ACS cannot be reached, the one that DHCP names takes its place", "acs", s.ACS.URL, "by", offer.URL)
	}
	if err := d.setACS(options); err != nil {
		d.log.Error("what DHCP says of the ACS is not kept", "err", err)
		return
	}
	w.asked = nil
	d.log.Info("DHCP says where the ACS is", "url", offer.URL)
}

// renewed reports whether a hook wrote since DHCP was asked.
func (w *leaseWatch) renewed(leases []lease) bool {
	return slices.ContainsFunc(leases, func(l lease) bool {
		return !slices.ContainsFunc(w.asked, func(old lease) bool {
			return os.SameFile(old.file, l.file) && old.file.ModTime().Equal(l.file.ModTime())
		})
	})
}

// choose returns the offer that counts: the one that names what counted before, else the first whose URL may be used.
func (w *leaseWatch) choose(c config.Config, offers []discover.Offer) (best discover.Offer, ok bool) {
	if !c.ACS.DHCPDiscovery {
		return best, false
	}
	for _, o := range offers {
		switch why := w.unusable(c, o.URL); {
		case o.URL == "" || o.URL == w.memory.Refused:
		case why != nil:
			w.d.log.Warn("DHCP names an ACS that is not used", "url", o.URL, "why", why)
		case !ok || o.URL == c.ACS.DHCPURL:
			best, ok = o, true
		}
	}
	return best, ok
}

func (w *leaseWatch) unusable(c config.Config, url string) error {
	if err := config.CheckDiscovered(c, url); err != nil {
		return err
	}
	if web.IsLocal(url) && !c.CPE.AllowLocal {
		return errors.New("is the router itself")
	}
	return nil
}

// mayChange takes a token.
func (w *leaseWatch) mayChange() bool {
	now := time.Now()
	for w.tokens < leaseBurst && now.Sub(w.refilled) >= leaseEvery {
		w.tokens, w.refilled = w.tokens+1, w.refilled.Add(leaseEvery)
	}
	if w.tokens == leaseBurst {
		w.refilled = now
	}
	if w.tokens == 0 {
		if w.later == nil {
			w.later = time.After(leaseEvery - now.Sub(w.refilled))
			w.d.log.Warn("DHCP changes its mind about the ACS too often")
		}
		return false
	}
	w.tokens--
	return true
}

// switchACS puts an account into the configuration, in the place of one that completed no session on probation. A URL that came
// from DHCP goes back to where DHCP's is, so that the next lease may move it; one that failed is refused.
func (w *leaseWatch) switchACS(from, to cwmp.Account) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	acs := w.d.settings.Load().ACS
	memory := w.memory
	fromDHCP := slices.Contains([]string{acs.DHCPURL, memory.Good, memory.Refused}, to.URL)
	if memory.Refused == to.URL {
		memory.Refused = ""
	}
	if acs.FromDHCP && acs.URL == from.URL && from.URL != to.URL {
		memory.Refused = from.URL
	}
	if memory != w.memory {
		w.memory = memory
		w.save()
	}
	options := accountOptions(to)
	if fromDHCP {
		options = append(options[1:], acsOption{"url", ""}, acsOption{"dhcp_url", to.URL})
	}
	return w.d.writeACS(options)
}

// forgive forgets which URL was refused: DHCP says another now.
func (w *leaseWatch) forgive() {
	if w.memory.Refused != "" {
		w.memory.Refused = ""
		w.save()
	}
}

// offered are the options that make the configuration say what DHCP does.
func (d *Daemon) offered(s *settings, o discover.Offer) []acsOption {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprint(n)
	}
	acs := s.ACS
	var options []acsOption
	for _, v := range [][3]string{
		{"dhcp_url", acs.DHCPURL, o.URL},
		{"dhcp_provisioning_code", acs.DHCPProvisioning, o.Provisioning},
		{"dhcp_retry_min_wait_interval", number(acs.DHCPRetryMinWait), number(o.RetryMinWait)},
		{"dhcp_retry_interval_multiplier", number(acs.DHCPRetryMultiplier), number(o.RetryMultiplier)},
	} {
		if v[1] != v[2] {
			options = append(options, acsOption{v[0], v[2]})
		}
	}
	return options
}

// setACS makes changes in the section acs of /etc/config/cwmp, and takes them over.
func (d *Daemon) setACS(options []acsOption) error {
	err := d.writeACS(options)
	d.reloadSettings()
	return err
}

// urlFrom says where the URL in force is from, for people: "config", "dhcp", or "" while there is none.
func (d *Daemon) urlFrom() string {
	switch s := d.settings.Load(); {
	case s.ACS.FromDHCP:
		return fromDHCP
	case s.ACS.URL != "":
		return fromConfig
	}
	return ""
}
