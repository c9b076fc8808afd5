package agent

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// unfound is the configuration of a router that is to find its ACS; the laboratory's ACSs are on this machine, without TLS.
const unfound = `config acs 'acs'
	option dhcp_discovery '1'
	option dhcp_allow_http '1'
	option retry_min_wait_interval '1'
	option retry_interval_multiplier '1000'

config cpe 'cpe'
	option userid 'acs'
	option passwd 'connreq-secret'
	option port '7547'
	option allow_local_transfers '1'
`

// newSearch is a stage of a router that knows no ACS.
func newSearch(t *testing.T) *stage {
	t.Helper()
	return newStage(t, map[string]string{"etc/config/cwmp": unfound})
}

// further is a further ACS.
func (s *stage) further() *cwmptest.ACS {
	acs := cwmptest.New()
	s.t.Cleanup(func() {
		s.halt()
		acs.Close()
		for _, v := range acs.Violations() {
			s.t.Errorf("invariant: %s", v)
		}
	})
	return acs
}

// at looks at another ACS from here on.
func (s *stage) at(acs *cwmptest.ACS) { s.acs, s.seen = acs, len(acs.Messages()) }

const urlPath = "Device.ManagementServer.URL"

// T-345, K-30, K-33: without a URL nothing is sent; a lease that names an ACS is taken at once. K-35: a renewed lease moves us
// on while the URL is DHCP's, and no more once the ACS has set it.
func TestLeasesMoveTheURLUntilTheACSDoes(t *testing.T) {
	t.Parallel()
	s := newSearch(t)
	first, second, third := s.acs, s.further(), s.further()
	s.start()
	if v := s.call("cwmp", "status"); v.Get("acs_url").Text() != "" || v.Get("acs_url_from").Text() != "" {
		t.Errorf("the ACS is %q, from %q, before anybody named one", v.Get("acs_url").Text(), v.Get("acs_url_from").Text())
	}
	s.lease("dhcp4", "bound", "43 1="+first.URL+" 2=bronze 3=7 4=1500")
	s.wantBootstrap()
	s.settle()
	got := s.get(urlPath, "Device.DeviceInfo.ProvisioningCode", "Device.ManagementServer.CWMPRetryMinimumWaitInterval",
		"Device.ManagementServer.CWMPRetryIntervalMultiplier")
	// The retry values were set in the file: DHCP's do not count.
	if got[urlPath] != first.URL || got["Device.DeviceInfo.ProvisioningCode"] != "bronze" ||
		got["Device.ManagementServer.CWMPRetryMinimumWaitInterval"] != "1" || got["Device.ManagementServer.CWMPRetryIntervalMultiplier"] != "1000" {
		t.Errorf("in force are %v", got)
	}
	if from := s.call("cwmp", "status").Get("acs_url_from").Text(); from != "dhcp" {
		t.Errorf("the URL is from %q, want dhcp", from)
	}
	s.lease("dhcp4", "renew", "43 1="+first.URL+" 2=bronze") // nothing new
	s.at(second)
	s.lease("dhcp4", "renew", "125 11="+second.URL)
	s.wantBootstrap()
	s.settle()
	s.set("0", cwmptest.Value{Name: urlPath, Text: third.URL, Type: "string"})
	s.at(third)
	s.wantBootstrap()
	s.settle()
	s.lease("dhcp4", "renew", "125 11="+first.URL)
	s.eventually("the lease is kept", func() bool { return strings.Contains(s.read("etc/config/cwmp"), "dhcp_url '"+first.URL+"'") })
	if got := s.get(urlPath)[urlPath]; got != third.URL {
		t.Errorf("after a lease the URL is %q, want the one that the ACS set, %q", got, third.URL)
	}
	s.halt()
	s.start()
	if got := s.get(urlPath)[urlPath]; got != third.URL {
		t.Errorf("after a restart the URL is %q, want %q", got, third.URL)
	}
	s.set("0", cwmptest.Value{Name: urlPath, Text: "", Type: "string"}) // K-20: we are not lost, DHCP's is there
	s.at(first)
	s.wantBootstrap()
	s.settle()
	if got := s.get(urlPath)[urlPath]; got != first.URL {
		t.Errorf("without a URL of its own it is %q, want %q", got, first.URL)
	}
}

// deadURL is an ACS that refuses every connection.
func deadURL(t *testing.T) string { return "http://127.0.0.1:" + strconv.Itoa(freePort(t)) + "/" }

// impatient is a search whose agent asks DHCP soon.
func impatient(t *testing.T, files map[string]string) *stage {
	s := newStage(t, files)
	s.silence = 500 * time.Millisecond
	return s
}

// T-347, K-33, K-34: DHCP named the first ACS; the one that was set since cannot be reached, so DHCP is asked again, and what
// it says then, not what it said before, takes the place. K-35: all that outlives a restart.
func TestAnACSThatIsGoneIsLookedForByDHCP(t *testing.T) {
	t.Parallel()
	s := impatient(t, map[string]string{"etc/config/cwmp": unfound})
	home, dead := s.acs, deadURL(t)
	s.lease("dhcp4", "bound", "43 1="+home.URL)
	s.begin()
	s.set("0", cwmptest.Value{Name: urlPath, Text: dead, Type: "string"})
	s.wantCall("network.interface.wan.renew {}")
	if got := s.read("etc/config/cwmp"); !strings.Contains(got, "url '"+dead+"'") {
		t.Errorf("nobody answered yet, and the URL that was set is gone:\n%s", got)
	}
	s.seen = len(home.Messages())
	s.lease("dhcp4", "renew", "43 1="+home.URL)
	s.inform() // no "0 BOOTSTRAP": the other one never was the ACS
	s.settle()
	s.restart()
	if got := s.get(urlPath)[urlPath]; got != home.URL {
		t.Errorf("the URL is %q, want %q", got, home.URL)
	}
}

// T-348, K-33: an ACS that was configured is never replaced by DHCP's, however dead it is.
func TestAConfiguredACSIsNeverLeftForDHCPs(t *testing.T) {
	t.Parallel()
	s := impatient(t, map[string]string{"etc/config/cwmp": strings.Replace(unfound, "option dhcp_d", "option url 'x'\n\toption dhcp_d", 1)})
	rogue := s.further()
	s.lease("dhcp4", "bound", "43 1="+rogue.URL)
	s.begin()
	dead := deadURL(t)
	s.set("0", cwmptest.Value{Name: urlPath, Text: dead, Type: "string"})
	s.eventually("two sessions failed", func() bool { n, _ := s.call("cwmp", "status").Get("failures").Int(); return n >= 2 })
	s.lease("dhcp4", "renew", "43 1="+rogue.URL)
	s.eventually("another failed", func() bool { n, _ := s.call("cwmp", "status").Get("failures").Int(); return n >= 4 })
	s.wantCall("!network.interface.wan.renew {}")
	if n := len(rogue.Messages()); n > 0 {
		t.Errorf("the ACS of DHCP's got %d messages", n)
	}
}

// K-20, K-35: an ACS that DHCP names is on probation like any other. Where it completes no session, the one before it is asked again,
// and what DHCP goes on saying is not believed until it says something else.
func TestAnACSOfDHCPsIsOnProbation(t *testing.T) {
	t.Parallel()
	s := newStage(t, map[string]string{"etc/config/cwmp": strings.Replace(unfound, "option dhcp_d", "option probation '1'\n\toption dhcp_d", 1)})
	good, bad := s.acs, deadURL(t)
	s.lease("dhcp4", "bound", "43 1="+good.URL)
	d := s.daemon()
	s.inform()
	s.settle()
	inForce := func(url string) func() bool { return func() bool { return d.settings.Load().ACS.URL == url } }
	s.lease("dhcp4", "renew", "43 1="+bad)
	s.eventually("the other URL is taken", inForce(bad))
	s.eventually("the good one is back", inForce(good.URL))
	s.lease("dhcp4", "renew", "43 1="+bad, "125 12=x")
	s.lease("dhcp6", "bound", "17 1="+bad+" 2=y")
	s.eventually("the bad one is given up", func() bool { return s.call("cwmp", "status").Get("given_up").Get("url").Text() == bad })
	if now := s.read("etc/config/cwmp"); !inForce(good.URL)() || !strings.Contains(now, "dhcp_url '"+good.URL+"'") {
		t.Errorf("in force is %q, configured\n%s", d.settings.Load().ACS.URL, now)
	}
	s.restart()
	if got := s.get(urlPath)[urlPath]; got != good.URL {
		t.Errorf("after a restart the URL is %q, want %q", got, good.URL)
	}
	next := s.further()
	s.at(next)
	s.lease("dhcp6", "rebound", "17 1="+next.URL)
	s.lease("dhcp4", "renew", "125 12=x")
	s.wantBootstrap()
	s.settle()
	s.lease("dhcp4", "renew", "43 1="+bad)
	s.lease("dhcp6", "rebound", "17 2=z")
	s.eventually("what was refused is taken when it is said anew", func() bool { return strings.Contains(s.read("etc/config/cwmp"), "dhcp_url '"+bad+"'") })
}

// Z-47: what a DHCP server says is a stranger's word.
func TestLeasesThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config string // of unfound, what is replaced by nothing
		on     string // the interface
		lease  []string
	}{
		"Z-47 a URL without TLS":           {"\toption dhcp_allow_http '1'\n", "wan", []string{"43 1=http://192.0.2.1/"}},
		"Z-47 the router itself":           {"\toption allow_local_transfers '1'\n", "wan", []string{"43 1=http://127.0.0.1/"}},
		"Z-47 the router itself by IPv6":   {"\toption allow_local_transfers '1'\n", "wan", []string{"43 1=http://[::1]:80/"}},
		"Z-47 another interface":           {"", "lan", []string{"43 1=http://192.0.2.1/"}},
		"Z-47 a URL with a password":       {"", "wan", []string{"43 1=http://me:you@192.0.2.1/"}},
		"Z-47 a URL that is no URL":        {"", "wan", []string{"43 1=http://"}},
		"Z-47 what a shell might take":     {"", "wan", []string{"43 raw=$(touch${IFS}/tmp/pwned);`reboot`"}},
		"Z-47 discovery is switched off":   {"\toption dhcp_discovery '1'\n", "wan", []string{"43 1=http://192.0.2.1/"}},
		"Z-47 an interface with a path":    {"", "../../tmp/x", []string{"43 1=http://192.0.2.1/"}},
		"Z-47 an option that is too large": {"", "wan", []string{"43 raw=http://192.0.2.1/" + strings.Repeat("a", 3000)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := strings.Replace(unfound, c.config, "", 1)
			if strings.Contains(c.config, "dhcp_discovery") {
				config = strings.Replace(unfound, "dhcp_discovery '1'", "dhcp_discovery '0'", 1)
			}
			s := newStage(t, map[string]string{"etc/config/cwmp": config})
			s.leaseOn(c.on, "dhcp4", "bound", c.lease...)
			d := s.daemon()
			s.call("cwmp", "reload") // everybody is there
			w := &leaseWatch{d: d}
			w.look()
			if url := d.settings.Load().ACS.URL; url != "" {
				t.Errorf("%q is believed", url)
			}
			if _, err := os.Stat(s.router.Path("/tmp/x")); err == nil {
				t.Error("a file was written elsewhere")
			}
		})
	}
}
