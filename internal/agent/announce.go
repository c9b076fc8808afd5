package agent

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/discover"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// DHCPOptions are commands for `uci batch` that make the DHCP clients of the WAN ask where the ACS is, say that this is a device
// of TR-069 (K-31), and with identity say which one (§9.2, Annex F). Only what is missing is there, and nothing that the
// owner set is overwritten: where a vendor class is set for an ISP's sake, ours is sent in option 124 beside it.
func (p *Parts) DHCPOptions(identity bool) ([]string, error) {
	network, err := p.UCI.Load("network")
	if err != nil {
		return nil, err
	}
	if !p.settings.Load().ACS.DHCPDiscovery {
		return nil, nil
	}
	id := p.settings.Load().id
	us := discover.NewID(id.OUI, id.Serial, id.ProductClass)
	identity = identity && us != (discover.ID{})
	var out []string
	for _, name := range p.settings.Load().Leases() {
		s := network.Section(name)
		if s == nil || s.Type != "interface" {
			continue
		}
		c := dhcpClient{s: s}
		switch s.Get("proto") {
		case "dhcp":
			c.want("reqopts", "43", "125")
			switch own := s.Get("vendorid"); {
			case own == "" && !c.sends("60:", "0x3c:", "0x3C:", "vendor:"):
				c.set("vendorid", discover.Class)
			case !strings.Contains(own, discover.Class) && !c.sends("124:", "0x7c:", "0x7C:"):
				c.want("sendopts", "124:"+discover.Class124())
			}
			if identity && !c.sends("125:", "0x7d:", "0x7D:") {
				c.want("sendopts", "125:"+us.Announce4())
			}
		case "dhcpv6":
			c.want("reqopts", "17")
			if s.Get("vendorclass") == "" && !c.sends("16:") {
				c.set("vendorclass", discover.Class6())
			}
			if identity && !c.sends("17:") {
				c.want("sendopts", "17:"+us.Announce6())
			}
		}
		out = append(out, c.commands...)
	}
	return out, nil
}

// A dhcpClient is a section of /etc/config/network, with what is to be changed in it.
type dhcpClient struct {
	s        *uci.Section
	commands []string
}

func (c *dhcpClient) set(option, value string) {
	c.commands = append(c.commands, fmt.Sprintf("set network.%s.%s='%s'", c.s.Name, option, value))
}

// want adds words to an option that is a list or words with blanks between.
func (c *dhcpClient) want(option string, words ...string) {
	o := c.s.Option(option)
	have := strings.Fields(c.s.Get(option))
	missing := slices.DeleteFunc(words, func(w string) bool { return slices.Contains(have, w) })
	switch {
	case len(missing) == 0, strings.ContainsAny(strings.Join(have, ""), `'"\`): // the latter nobody writes
	case o != nil && !o.IsList:
		c.set(option, strings.Join(append(have, missing...), " "))
	default:
		for _, w := range missing {
			c.commands = append(c.commands, fmt.Sprintf("add_list network.%s.%s='%s'", c.s.Name, option, w))
		}
	}
}

// sends reports whether sendopts has an option, by the ways its number is written.
func (c *dhcpClient) sends(prefixes ...string) bool {
	return slices.ContainsFunc(strings.Fields(c.s.Get("sendopts")), func(w string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(w, p) })
	})
}
