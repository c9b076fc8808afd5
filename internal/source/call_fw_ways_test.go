package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/uci"
)

// fwSection writes `config TYPE` with options NAME=VALUE, + for a blank.
func fwSection(typ, options string) string {
	var b strings.Builder
	b.WriteString("config " + typ + "\n")
	for _, pair := range strings.Fields(options) {
		name, value, _ := strings.Cut(pair, "=")
		b.WriteString("\toption " + name + " '" + strings.ReplaceAll(value, "+", " ") + "'\n")
	}
	return b.String()
}

func fwRouter(t testing.TB, cwmp string) *Reader {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"network": "config interface 'lan'\n\toption proto 'static'\n\toption ipaddr '192.168.1.1'\n\toption netmask '255.255.255.0'\n",
		"cwmp":    "config cpe 'cpe'\n\toption port '7547'\n" + cwmp,
	} {
		if err := os.MkdirAll(filepath.Join(root, "etc/config"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "etc/config", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return newReader(New(Config{Root: root, UCI: uci.Open(root)}), nil)
}

// TestWhereRedirectsLead follows connections through redirects before the rules, as netfilter does.
func TestWhereRedirectsLead(t *testing.T) {
	r := fwRouter(t, "")
	open := fwSection("rule", "src=wan proto=tcp dest_port=22 target=ACCEPT")
	ssh := fwProbe{"input", "wan", 4, "6", 22}
	for name, c := range map[string]struct {
		text  string
		probe fwProbe
		port  int
	}{
		"a rule":                            {open, ssh, 22},
		"no rule":                           {"", ssh, 0},
		"the port of a host":                {open + fwSection("redirect", "src=wan src_dport=22 dest_ip=192.168.1.9 proto=tcp target=DNAT"), ssh, 0},
		"all ports of a host":               {open + fwSection("redirect", "src=wan dest_ip=192.168.1.9 proto=all"), ssh, 0},
		"another port of a host":            {open + fwSection("redirect", "src=wan src_dport=23-25 dest_ip=192.168.1.9 proto=tcp"), ssh, 22},
		"UDP of a host":                     {open + fwSection("redirect", "src=wan src_dport=22 dest_ip=192.168.1.9 proto=udp"), ssh, 22},
		"of another zone":                   {open + fwSection("redirect", "src=lan src_dport=22 dest_ip=192.168.1.9"), ssh, 22},
		"of any zone, which fw4 skips":      {open + fwSection("redirect", "src=* src_dport=22 dest_ip=192.168.1.9"), ssh, 22},
		"disabled":                          {open + fwSection("redirect", "src=wan src_dport=22 dest_ip=192.168.1.9 enabled=0"), ssh, 22},
		"from some only":                    {open + fwSection("redirect", "src=wan src_dport=22 src_ip=192.0.2.1 dest_ip=192.168.1.9"), ssh, 22},
		"IPv4 alone where nothing is said":  {open + fwSection("redirect", "src=wan src_dport=22 dest_ip=192.168.1.9"), fwProbe{"input", "wan", 6, "6", 22}, 22},
		"source NAT":                        {open + fwSection("redirect", "src=wan dest=wan src_dip=192.0.2.1 target=SNAT"), ssh, 22},
		"to the router itself":              {fwSection("redirect", "src=wan src_dport=2222 dest_port=22 proto=tcp"), fwProbe{"input", "wan", 4, "6", 2222}, 22},
		"to an address of the router":       {fwSection("redirect", "src=wan src_dport=2222 dest_ip=192.168.1.1 dest_port=22"), fwProbe{"input", "wan", 4, "6", 2222}, 22},
		"a range to the router":             {fwSection("redirect", "src=wan src_dport=2220-2229 dest_port=20-29"), fwProbe{"input", "wan", 4, "6", 2222}, 22},
		"the same port, which needs a rule": {fwSection("redirect", "src=wan src_dport=22"), ssh, 0},
		"the first that fits":               {open + fwSection("redirect", "src=wan src_dport=22") + fwSection("redirect", "src=wan dest_ip=192.168.1.9 proto=all"), ssh, 22},
		"what goes out":                     {fwSection("redirect", "src=wan dest_ip=192.168.1.9 proto=all"), fwProbe{"output", "wan", 4, "6", 443}, 443},
	} {
		if got := fwComes(r, parseFirewall(t, twoZones+c.text), c.probe); got != c.port {
			t.Errorf("%s: it comes in at %d, want %d", name, got, c.port)
		}
	}
}

// TestConnectionRequestsComeIn: by a rule of the owner, or by the agent's own, which is asked first but for those from any zone.
func TestConnectionRequestsComeIn(t *testing.T) {
	open, dmz := fwSection("rule", "src=wan proto=tcp dest_port=7547 target=ACCEPT"), fwSection("redirect", "src=wan dest_ip=192.168.1.9 proto=all")
	own := "\toption incoming_rule 'IP_Port'\n"
	for name, c := range map[string]struct {
		cwmp, text string
		in         bool
	}{
		"nobody opened the port":        {"", "", false},
		"a rule of the owner":           {"", open, true},
		"a DMZ beside it":               {"", open + dmz, false},
		"the agent's rule":              {own, "", true},
		"a DMZ beside that":             {own, dmz, true},
		"a port mapping beside that":    {own, fwSection("redirect", "src=wan src_dport=7000-8000 dest_ip=192.168.1.9"), true},
		"a rule that drops in the zone": {own, fwSection("rule", "src=wan proto=all target=DROP"), true},
		"a rule that drops everywhere":  {own, fwSection("rule", "src=* proto=all target=DROP"), false},
		"from some of everywhere":       {own, fwSection("rule", "src=* src_ip=192.0.2.1 proto=all target=DROP"), true},
		"switched off":                  {own + "\toption http_connreq_enable '0'\n", open, false},
	} {
		if got := fwAsked(fwRouter(t, c.cwmp), parseFirewall(t, twoZones+c.text)); got != c.in {
			t.Errorf("%s: %v", name, got)
		}
	}
	var s uci.Section
	for _, p := range [][2]string{{"src", "wan"}, {"src_dport", "7547"}, {"dest_ip", "192.168.1.9"}} {
		_ = s.Set(p[0], p[1])
	}
	if err := takesRequests(fwRouter(t, ""), &s); err != nil {
		t.Errorf("without a rule of the agent: %v", err)
	}
	if err := takesRequests(fwRouter(t, own), &s); err == nil || !strings.Contains(err.Error(), "connection requests") {
		t.Errorf("the port of connection requests can be mapped: %v", err)
	}
	_ = s.Set("proto", "udp")
	if err := takesRequests(fwRouter(t, own), &s); err != nil {
		t.Errorf("UDP of the same port: %v", err)
	}
}
