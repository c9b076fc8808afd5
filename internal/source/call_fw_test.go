package source

import (
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/uci"
)

func parseFirewall(t testing.TB, text string) *uci.Package {
	t.Helper()
	p, err := uci.Parse("firewall", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const twoZones = "config defaults\n\toption input 'REJECT'\n\toption output 'ACCEPT'\n\toption forward 'REJECT'\n" +
	"config zone\n\toption name 'lan'\n\tlist network 'lan'\n\toption input 'ACCEPT'\n\toption output 'ACCEPT'\n" +
	"config zone\n\toption name 'wan'\n\tlist network 'wan'\n\toption masq '1'\n"

// TestWayThroughTheFirewall follows connections through rules as fw4 asks them.
func TestWayThroughTheFirewall(t *testing.T) {
	rule := func(options string) string {
		var b strings.Builder
		b.WriteString("config rule\n")
		for pair := range strings.SplitSeq(options, " ") {
			name, value, _ := strings.Cut(pair, "=")
			b.WriteString("\toption " + name + " '" + strings.ReplaceAll(value, "+", " ") + "'\n")
		}
		return b.String()
	}
	ssh := fwProbe{"input", "wan", 4, "6", 22}
	for name, c := range map[string]struct {
		rules string
		probe fwProbe
		open  bool
	}{
		"the policy of a zone":                       {"", fwProbe{"input", "lan", 4, "6", 22}, true},
		"the default policy":                         {"", ssh, false},
		"an open port":                               {rule("src=wan proto=tcp dest_port=20-25 target=ACCEPT"), ssh, true},
		"tcp and udp where none is named":            {rule("src=wan dest_port=22 target=ACCEPT"), ssh, true},
		"another port":                               {rule("src=wan proto=tcp dest_port=23 target=ACCEPT"), ssh, false},
		"every port but this":                        {rule("src=wan proto=tcp dest_port=!22 target=ACCEPT"), ssh, false},
		"another protocol":                           {rule("src=wan proto=udp dest_port=22 target=ACCEPT"), ssh, false},
		"the other IP version":                       {rule("src=wan family=ipv6 proto=tcp dest_port=22 target=ACCEPT"), ssh, false},
		"disabled":                                   {rule("src=wan proto=tcp dest_port=22 target=ACCEPT enabled=0"), ssh, false},
		"a forwarded one is not for us":              {rule("src=wan dest=lan proto=tcp dest_port=22 target=ACCEPT"), ssh, false},
		"some may":                                   {rule("src=wan src_ip=192.0.2.1 proto=tcp dest_port=22 target=ACCEPT"), ssh, true},
		"the first rule that meets":                  {rule("src=wan target=DROP proto=all") + rule("src=wan proto=tcp dest_port=22 target=ACCEPT"), ssh, false},
		"a rule from any zone comes first":           {rule("src=wan proto=tcp dest_port=22 target=ACCEPT") + rule("src=* proto=all target=DROP"), ssh, false},
		"some may not":                               {rule("src=wan src_ip=192.0.2.1 proto=all target=DROP") + rule("src=wan proto=tcp target=ACCEPT"), ssh, true},
		"the beginning of a word is a target":        {rule("src=wan proto=tcp dest_port=22 target=acc"), ssh, true},
		"a mark decides nothing":                     {rule("src=wan proto=tcp dest_port=22 target=MARK set_mark=1"), ssh, false},
		"a ping":                                     {rule("src=wan proto=icmp icmp_type=echo-request target=ACCEPT"), fwProbe{"input", "wan", 4, "1", 0}, true},
		"a ping of IPv6 by number":                   {rule("src=wan proto=icmp family=ipv6 icmp_type=128 target=ACCEPT"), fwProbe{"input", "wan", 6, "58", 0}, true},
		"what goes out":                              {"", fwProbe{"output", "lan", 4, "6", 443}, true},
		"what goes out of the default":               {"", fwProbe{"output", "wan", 4, "6", 443}, true},
		"what does not":                              {rule("dest=wan proto=tcp dest_port=443 target=REJECT"), fwProbe{"output", "wan", 4, "6", 443}, false},
		"what may go nowhere":                        {rule("proto=all target=DROP"), fwProbe{"output", "wan", 6, "6", 443}, false},
		"forwarding":                                 {"config forwarding\n\toption src 'lan'\n\toption dest 'wan'\n", fwProbe{"forward", "lan", 6, "58", 0}, true},
		"a rule before the forwarding":               {"config forwarding\n\toption src 'lan'\n\toption dest 'wan'\n" + rule("src=lan dest=* proto=all target=DROP"), fwProbe{"forward", "lan", 6, "58", 0}, false},
		"a rule to one zone keeps not all of it out": {"config forwarding\n\toption src 'lan'\n\toption dest 'wan'\n" + rule("src=lan dest=guest proto=all target=DROP"), fwProbe{"forward", "lan", 6, "58", 0}, true},
	} {
		if got := fwOpen(parseFirewall(t, twoZones+c.rules), c.probe); got != c.open {
			t.Errorf("%s: open is %v", name, got)
		}
	}
}

func TestPartsOfFirewallOptions(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.0/24 /": "192.0.2.0 24 false", "!2001:db8::/32 /": "2001:db8:: 32 true", "! 80:90 -": "80 90 true", "80 -": "80  false", "-90 -": " 90 false", "! -": "  true",
	} {
		i := strings.LastIndexByte(text, ' ')
		s := &uci.Section{}
		if err := s.SetList("x", []string{text[:i]}); err != nil {
			t.Fatal(err)
		}
		base, tail, not := fwCut(s, "x", text[i+1:])
		if got := base + " " + tail + map[bool]string{true: " true", false: " false"}[not]; got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"10.0.0.0/255.0.0.0": "10.0.0.0/8", "192.0.2.1": "192.0.2.1/32", "::1": "::1/128", "lan": "", "1.2.3.4/33": "", "1.2.3.4-1.2.3.9": "", "": "", "1.2.3.4/x": "",
	} {
		p, ok := fwAddress(text)
		if ok != (want != "") || ok && p.String() != want {
			t.Errorf("%q is %v, want %q", text, p, want)
		}
	}
	for mac, want := range map[string]string{"::5eff:fe10:1" + fwSuffix: "02:00:5e:10:00:01", "::1" + fwSuffix: "", "::5eff:fe10:1": "", fwSuffix: "", "": ""} {
		if got := fwMAC(mac); got != want {
			t.Errorf("%q is of %q, want %q", mac, got, want)
		}
	}
}

// FuzzFirewall reads any file as a firewall: nothing of it may break what looks at rules.
func FuzzFirewall(f *testing.F) {
	f.Add(twoZones + "config rule\n\toption src '*'\n\tlist proto 'tcpudp'\n\toption dest_port '!1-2 3'\n\toption icmp_type 'ping'\n\toption target 'drop'\n\toption dest_ip '!::1/64'\n")
	f.Add("config rule\n\toption proto ' ! '\n\toption dest_port '-'\n\toption ipset '!'\n\toption src_ip '/'\n\toption match '_'\n")
	r := newReader(New(Config{Root: f.TempDir()}), nil)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := uci.Parse("firewall", []byte(text))
		if err != nil {
			return
		}
		for _, s := range p.Sections {
			for _, o := range s.Options {
				base, tail, _ := fwCut(s, o.Name, "-")
				if strings.Contains(base, "-") {
					t.Errorf("%q has the parts %q and %q", o.Values, base, tail)
				}
				for _, item := range items(s, o.Name) {
					fwPorts(item)
					fwMAC(item)
					if a, ok := fwAddress(item); ok && !a.IsValid() {
						t.Errorf("%q is %v", item, a)
					}
				}
			}
			if len(fwProtocols(s)) == 0 {
				t.Error("a rule without a protocol")
			}
			fwICMP(s)
			fwKind(s)
			isDMZ(s)
			setKind(s)
		}
		for _, chain := range []string{"input", "output", "forward"} {
			fwOpen(p, fwProbe{chain, "lan", 4, "6", 22})
			fwOpen(p, fwProbe{chain, "wan", 6, "58", 0})
		}
		fwAnyZone(r, p, "input", 0, []int{22})
		fwAsked(r, p)
	})
}

func TestNeedsFirewall(t *testing.T) {
	const network = "config interface 'lan'\n\toption proto 'static'\nconfig interface 'wan'\n\toption proto 'dhcp'\n\toption disabled '1'\nconfig interface 'guest'\n\toption proto 'static'\n"
	lan := "config zone\n\toption name 'lan'\n\tlist network 'lan'\n\toption input 'ACCEPT'\n"
	for name, c := range map[string]struct{ firewall, want string }{
		"an access point":                  {lan + "config zone\n\toption name 'wan'\n\tlist network 'wan'\n\tlist network 'wan6'\n\toption masq '1'\n", ""},
		"nothing":                          {"", ""},
		"what it does not say is kept out": {"config zone\n\toption name 'lan'\n\tlist network 'lan'\n", "the router is open to the zone lan"},
		"or let in, where all are":         {"config defaults\n\toption input 'accept'\nconfig zone\n\toption name 'lan'\n\tlist network 'lan'\n", ""},
		"guests":                           {lan + "config zone\n\toption name 'guest'\n\tlist network 'guest'\n\toption input 'ACCEPT'\n", "the zones lan and guest are open to one another"},
		"translation":                      {strings.Replace(lan, "ACCEPT'\n", "ACCEPT'\n\toption masq '1'\n", 1), "nobody translates the addresses for the zone lan"},
		"a zone by its device":             {lan + "config zone\n\toption name 'vpn'\n\tlist device 'tun+'\n\toption input 'DROP'\n", "the router is open to the zone vpn"},
	} {
		rt := newRouter(t, map[string]string{"etc/config/firewall": c.firewall, "etc/config/network": network})
		if got := rt.begin(t).needsFirewall(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
