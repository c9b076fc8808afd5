package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/uci"
)

// discovered puts what DHCP said in the place of what nobody else set (K-33, K-35). An option that was set counts as the
// ACS's own word, or the owner's, even if it is the default.
func (c *Config) discovered(p *uci.Package) {
	acs := &c.ACS
	if !acs.DHCPDiscovery || CheckDiscovered(*c, acs.DHCPURL) != nil {
		acs.DHCPURL = ""
	}
	if !acs.DHCPDiscovery {
		return
	}
	unset := func(typ, option string) bool {
		if len(p.OfType(typ)) == 0 {
			return true
		}
		return first(p, typ).Option(option) == nil
	}
	if acs.URL == "" {
		acs.URL, acs.FromDHCP = acs.DHCPURL, acs.DHCPURL != ""
	}
	if unset("cpe", "provisioning_code") {
		c.CPE.Provisioning = acs.DHCPProvisioning
	}
	if acs.DHCPRetryMinWait > 0 && unset("acs", "retry_min_wait_interval") {
		acs.RetryMinWait = acs.DHCPRetryMinWait
	}
	if acs.DHCPRetryMultiplier > 0 && unset("acs", "retry_interval_multiplier") {
		acs.RetryMultiplier = acs.DHCPRetryMultiplier
	}
}

// CheckDiscovered says what keeps a text of a DHCP server, which may be anybody's, from being our ACS (Z-47): it needs TLS,
// whose certificates are our defence, unless the owner does without.
func CheckDiscovered(c Config, url string) error {
	if err := CheckURL(url); err != nil {
		return err
	}
	if !strings.HasPrefix(strings.ToLower(url), "https:") && !c.ACS.DHCPAllowHTTP {
		return fmt.Errorf("is without TLS; acs.dhcp_allow_http would allow it")
	}
	return nil
}

// Leases are the interfaces, as /etc/config/network calls them, whose DHCP servers may say who our ACS is.
func (c Config) Leases() []string {
	names := strings.Fields(c.ACS.DHCPInterfaces)
	if len(names) == 0 {
		return []string{c.CPE.DefaultWAN, c.CPE.DefaultWAN + "6"}
	}
	return slices.Compact(names)
}
