package datamodel_test

import (
	"encoding/pem"
	"maps"
	"os"
	"strings"
	"testing"
)

const fwRules = "Device.Firewall.Chain.1.Rule."

// wallOther and wallSingle are what other and single are in TestEveryWritableParameter.
var wallOther = map[string][]string{
	"Set.{i}.Rule.{i}.IPAddressList": {"192.0.2.1"},
	"Set.{i}.Name":                   {"other"},
	"Client.{i}.Interface":           {"Device.IP.Interface.6"},
	"Hostname.{i}.Name":              {"other.example"},
	"Server.{i}.ServiceName":         {"other.example"},
	"Server.{i}.CheckInterval":       {"300"},
}

var wallSingle = map[string]string{
	"Set.{i}.Type":                     "there are addresses in it",
	"Set.{i}.IPVersion":                "there are addresses in it",
	"Rule.{i}.MACAddressList":          "a set of addresses",
	"Rule.{i}.PortList":                "a set of addresses",
	"Rule.{i}.Exclude":                 "fw4 has no such thing",
	"InterfaceSetting.{i}.StealthMode": "the LAN is the way in; TestPing",
	"Firewall.Enable":                  "there is an uplink",
	"Device.UPnPMediaServer":           "minidlna is not there",
	"Device.UPnPMediaRenderer":         "none",
	"Device.UPnPWLANAccessPoint":       "none",
	"Device.UPnPQoSDevice":             "none",
	"Device.UPnPQoSPolicyHolder":       "none",
	"Device.UPnPDMBasicMgmt":           "none",
	"Device.UPnPDMConfigurationMgmt":   "none",
	"Device.UPnPDMSoftwareMgmt":        "none",
}

// TestFirewallOfTheSandbox compares rows with what stands in /etc/config/firewall.
func TestFirewallOfTheSandbox(t *testing.T) {
	l := newLAN(t)
	all := l.all("Device.Firewall.")
	for path, want := range map[string]string{
		"Config": "Advanced", "AdvancedLevel": "Device.Firewall.Level.1", "Level.1.DefaultPolicy": "Reject", "Level.1.Chain": "Device.Firewall.Chain.1",
		"Chain.1.RuleNumberOfEntries": "4", "Chain.1.Rule.1.Description": "Allow-ICMPv6-Forward", "Chain.1.Rule.1.DestAllInterfaces": "true",
		"Chain.1.Rule.1.Protocol": "58", "Chain.1.Rule.1.IPVersion": "6", "Chain.1.Rule.2.Protocol": "50", "Chain.1.Rule.2.DestInterface": "Device.IP.Interface.2",
		"Chain.1.Rule.3.DestPort": "500", "Chain.1.Rule.3.DestPortRangeMax": "-1", "Chain.1.Rule.4.Status": "Disabled", "Chain.1.Rule.4.SourceIP": "192.168.1.10",
		"Chain.1.Rule.4.Target": "Reject", "Chain.1.Rule.4.Order": "4", "Chain.1.Rule.4.ExpiryDate": "9999-12-31T23:59:59Z",
		"ServiceNumberOfEntries": "7", "Service.1.DestPort": "68", "Service.2.ICMPType": "8", "Service.5.ICMPType": "130", "Service.5.SourcePrefixes": "fe80::/10",
		"Service.6.ICMPType": "128", "Service.7.DestPort": "53,67", "Service.7.Protocol": "17,6", "Service.7.Interface": "Device.IP.Interface.3",
		"PolicyNumberOfEntries": "2", "Policy.1.SourceInterface": "Device.IP.Interface.2", "Policy.1.ReverseTargetChain": "Reject", "PinholeNumberOfEntries": "0",
	} {
		if got, ok := all["Device.Firewall."+path]; got != want || !ok {
			t.Errorf("%s is %q (there: %v), want %q", path, got, ok, want)
		}
	}
}

// TestRuleInAnyOrder sets the parts of options in an order that no person would choose.
func TestRuleInAnyOrder(t *testing.T) {
	l := newLAN(t)
	row := l.add(fwRules)
	pairs := []string{"Enable", "true", "DestPortRangeMax", "90", "DestPortExclude", "true", "DestPort", "80", "DestMask", "/24", "DestIPExclude", "true",
		"DestIP", "198.51.100.0", "Protocol", "6", "Target", "Reject", "DSCP", "46", "DSCPExclude", "true", "SourceMACExclude", "true",
		"SourceMAC", "02:00:00:00:00:0A", "Log", "true", "IPVersion", "4", "ExpiryDate", "2035-06-01T10:00:00Z", "Description", `say "no"`,
		"SourceInterface", "Device.IP.Interface.3", "DestInterface", "Device.IP.Interface.4"}
	var set []string
	for i := 0; i < len(pairs); i += 2 {
		set = append(set, row+pairs[i], pairs[i+1])
	}
	l.set(set...)
	for i := 0; i < len(set); i += 2 {
		if got := l.value(set[i]); got != set[i+1] {
			t.Errorf("%s reads %q, want %q", set[i], got, set[i+1])
		}
	}
	s := l.section("firewall", "cwmp_rule_5")
	for option, want := range map[string]string{
		"enabled": "1", "src": "guest", "dest": "wan", "dest_ip": "!198.51.100.0/24", "dest_port": "!80-90", "proto": "tcp", "target": "REJECT", "dscp": "!EF",
		"src_mac": "!02:00:00:00:00:0A", "log": "1", "family": "ipv4", "name": "say 'no'", "stop_date": "2035-06-01T12:00:00",
	} {
		if got := s.Get(option); got != want {
			t.Errorf("option %s is %q, want %q", option, got, want)
		}
	}
	if got := l.value(row + "Status"); got != "Enabled" {
		t.Errorf("it is %s", got)
	}
	if created := l.value(row + "CreationDate"); !strings.HasPrefix(created, "20") {
		t.Errorf("created %s", created)
	}
}

// TestOrderOfRules moves a rule to the front: the file's order is fw4's.
func TestOrderOfRules(t *testing.T) {
	l := newLAN(t)
	row := l.add(fwRules)
	l.set(row+"Order", "1", row+"Description", "first")
	text := l.config("firewall")
	if strings.Index(text, "'first'") > strings.Index(text, "Allow-ICMPv6-Forward") {
		t.Errorf("not before the first rule:\n%s", text)
	}
	for path, want := range map[string]string{row: "1", fwRules + "1.": "2", fwRules + "4.": "5"} {
		if got := l.value(path + "Order"); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	l.set(row+"Order", "99")
	if got := l.value(row + "Order"); got != "5" {
		t.Errorf("the last is %s", got)
	}
}

// TestRuleOfTwoProtocols is two rows; what is written to one of them leaves the other alone.
func TestRuleOfTwoProtocols(t *testing.T) {
	l := newLAN(t)
	l.write("firewall", l.config("firewall")+"\nconfig rule\n\toption name 'Both'\n\toption src 'lan'\n\toption dest 'wan'\n\toption dest_port '25'\n\toption target 'DROP'\n")
	tcp, udp := fwRules+"5.", fwRules+"6."
	for path, want := range map[string]string{tcp + "Protocol": "6", udp + "Protocol": "17", tcp + "Order": "5", udp + "Order": "6", udp + "DestPort": "25"} {
		if got := l.value(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	l.set(udp+"DestPort", "26")
	for path, want := range map[string]string{tcp + "DestPort": "25", udp + "DestPort": "26", tcp + "Protocol": "6", udp + "Protocol": "17", udp + "Order": "6"} {
		if got := l.value(path); got != want {
			t.Errorf("after the write %s is %q, want %q", path, got, want)
		}
	}
	l.remove(udp)
	if text := l.config("firewall"); !strings.Contains(text, "'25'") || strings.Contains(text, "'26'") {
		t.Errorf("not the one that was deleted:\n%s", text)
	}
}

// TestFirewallRefuses what fw4 would skip, what it would misread, and what would lock people out. The file stays as it was.
func TestFirewallRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		table string
		set   []string
		says  string
	}{
		"a port of every protocol":     {fwRules, []string{"SourceInterface", "Device.IP.Interface.2", "DestPort", "25"}, "ports are of TCP"},
		"a port of ICMP":               {fwRules, []string{"SourceInterface", "Device.IP.Interface.2", "DestPort", "25", "Protocol", "1"}, "ports are of TCP"},
		"a range that ends before":     {fwRules, []string{"SourceInterface", "Device.IP.Interface.2", "Protocol", "6", "DestPort", "25", "DestPortRangeMax", "20"}, "no port"},
		"a range without beginning":    {fwRules, []string{"SourceInterface", "Device.IP.Interface.2", "Protocol", "6", "DestPortRangeMax", "20"}, "no port"},
		"an exclusion of nothing":      {fwRules, []string{"SourceInterface", "Device.IP.Interface.2", "SourceIPExclude", "true"}, "no address"},
		"a mask of nothing":            {fwRules, []string{"SourceInterface", "Device.IP.Interface.2", "SourceMask", "/24"}, "no address"},
		"IPv4 to IPv6":                 {fwRules, []string{"SourceInterface", "Device.IP.Interface.2", "SourceIP", "192.0.2.1", "DestIP", "2001:db8::1"}, "other IP version"},
		"an address of the other kind": {fwRules, []string{"SourceInterface", "Device.IP.Interface.2", "SourceIP", "192.0.2.1", "IPVersion", "6"}, "other IP version"},
		"a rule from nowhere":          {fwRules, []string{"DestInterface", "Device.IP.Interface.4"}, "needs SourceInterface"},
		"an interface without a zone":  {fwRules, []string{"SourceInterface", "Device.IP.Interface.1"}, "in no firewall zone"},
		"an end in another century":    {fwRules, []string{"SourceAllInterfaces", "true", "DestAllInterfaces", "true", "ExpiryDate", "2105-01-01T00:00:00Z"}, "2000 to 2037"},
		"a pinhole to everybody":       {"Device.Firewall.Pinhole.", []string{"Interface", "Device.IP.Interface.4"}, "needs DestIP"},
		"an ICMP type of UDP":          {"Device.Firewall.Service.", []string{"Protocol", "17", "ICMPType", "8"}, "of ICMP"},
		"no way in":                    {"Device.Firewall.Service.", []string{"Action", "Drop"}, "administer"},
		"no way in from the LAN":       {"Device.Firewall.Service.", []string{"Action", "Reject", "Interface", "Device.IP.Interface.2", "Protocol", "6", "DestPort", "22,80,443"}, "administer"},
		"a policy from nowhere":        {"Device.Firewall.Policy.", []string{"SourceInterface", "Device.IP.Interface.2", "DestinationInterface", "Device.IP.Interface.99"}, "refers to nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLAN(t)
			row := l.add(c.table)
			before := l.configs()
			pairs := []string{}
			for i := 0; i < len(c.set); i += 2 {
				pairs = append(pairs, row+c.set[i], c.set[i+1])
			}
			if name == "no way in from the LAN" || name == "no way in" {
				l.set(row+"Enable", "false") // the rule comes last: before it nothing lets anybody in
			}
			err := l.try(append(pairs, row+"Enable", "true")...)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it was %v, want %q", err, c.says)
			}
			if !maps.Equal(before, l.configs()) {
				t.Error("a refused change is in the file")
			}
		})
	}
}

// TestWayInOfTheRules: where the policy lets nobody in, the last rule that does cannot go, be disabled or be turned.
func TestWayInOfTheRules(t *testing.T) {
	l := newLAN(t)
	text := strings.Replace(l.config("firewall"), "option input 'ACCEPT'", "option input 'REJECT'", 1)
	l.write("firewall", text+"\nconfig rule 'ssh'\n\toption name 'Office'\n\toption src 'wan'\n\toption src_ip '198.51.100.7'\n\toption proto 'tcp'\n\toption dest_port '22'\n\toption target 'ACCEPT'\n")
	row := l.find("Device.Firewall.Service.", "SourcePrefixes", "198.51.100.7/32")
	for _, pair := range [][2]string{{"Enable", "false"}, {"Action", "Drop"}, {"DestPort", "2222"}, {"Protocol", "17"}} {
		if err := l.try(row+pair[0], pair[1]); err == nil || !strings.Contains(err.Error(), "administer") {
			t.Errorf("%s=%s: %v", pair[0], pair[1], err)
		}
	}
	if err := l.tryRemove(row); err == nil || !strings.Contains(err.Error(), "administer") {
		t.Errorf("its deletion: %v", err)
	}
	l.set(row+"SourcePrefixes", "198.51.100.0/24") // who may come in may change
}

// TestPinholeOfAMAC opens a port of a host whose address is made of its MAC address.
func TestPinholeOfAMAC(t *testing.T) {
	l := newLAN(t)
	row := l.add("Device.Firewall.Pinhole.")
	l.set(row+"Enable", "true", row+"DestMACAddress", "02:00:5E:10:00:01", row+"Protocol", "6,17", row+"DestPort", "22", row+"LeaseDuration", "3600",
		row+"Interface", "Device.IP.Interface.4")
	for name, want := range map[string]string{"DestMACAddress": "02:00:5E:10:00:01", "DestIP": "", "Protocol": "6,17", "LeaseDuration": "3600", "Status": "Enabled", "Origin": "Controller"} {
		if got := l.value(row + name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if left := l.value(row + "RemainingLeaseTime"); len(left) != 4 || left < "3500" || left > "3600" {
		t.Errorf("%s s are left", left)
	}
	if s := l.section("firewall", "cwmp_pin_1"); s.Get("dest_ip") != "::5eff:fe10:1/::ffff:ffff:ffff:ffff" || s.Get("dest") != "*" {
		t.Errorf("it is %q to %q", s.Get("dest_ip"), s.Get("dest"))
	}
}

// TestPinholesOfDevices shows what devices asked miniupnpd for.
func TestPinholesOfDevices(t *testing.T) {
	l := newLAN(t)
	l.file("var/run/miniupnpd.leases-ipv6", "TCP;2001:db8::5;8080;;0;17;0;camera\nbroken\nUDP;2001:db8::6;53;2001:db8:9::1;1000;18;99;\n")
	all := l.all("Device.Firewall.Pinhole.")
	for path, want := range map[string]string{
		"1.DestIP": "2001:db8::5", "1.DestPort": "8080", "1.SourcePort": "-1", "1.Protocol": "6", "1.Origin": "UPnP", "1.Description": "camera", "1.IPVersion": "6",
		"1.Enable": "true", "1.Status": "Enabled", "2.Protocol": "17", "2.SourcePrefixes": "2001:db8:9::1/128", "2.SourcePort": "1000", "1.Interface": "Device.IP.Interface.5",
	} {
		if got := all["Device.Firewall.Pinhole."+path]; got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if err := l.try("Device.Firewall.Pinhole.1.Enable", "false"); err == nil {
		t.Error("a device's own pinhole was switched off")
	}
}

// TestDMZ: all that comes from a zone goes to one host, and is no port mapping.
func TestDMZ(t *testing.T) {
	l := newLAN(t)
	row := l.add("Device.Firewall.DMZ.")
	if err := l.try(row+"Enable", "true"); err == nil {
		t.Error("a DMZ without a host was enabled")
	}
	l.set(row+"Enable", "true", row+"DestIP", "192.168.1.9", row+"SourcePrefix", "192.0.2.0/24", row+"Interface", "Device.IP.Interface.4", row+"Description", "all")
	s := l.section("firewall", "cwmp_dmz_1")
	for option, want := range map[string]string{"dest_ip": "192.168.1.9", "dest": "lan", "src": "wan", "src_ip": "192.0.2.0/24", "proto": "all", "target": "DNAT", "name": "all"} {
		if got := s.Get(option); got != want {
			t.Errorf("option %s is %q, want %q", option, got, want)
		}
	}
	if o := s.Option("src_ip"); o.IsList {
		t.Error("a redirect takes no list")
	}
	if n := l.value("Device.NAT.PortMappingNumberOfEntries"); n != "6" {
		t.Errorf("%s port mappings", n)
	}
}

// TestPing makes a rule where the others do not say what is wanted, and takes it away where they do.
func TestPing(t *testing.T) {
	l := newLAN(t)
	before := l.config("firewall")
	wan := l.find("Device.Firewall.InterfaceSetting.", "Interface", "Device.IP.Interface.4")
	for _, name := range []string{"IPv4AcceptICMPEchoRequest", "IPv6AcceptICMPEchoRequest", "IPv6PassThroughICMPEchoRequest"} {
		l.set(wan+name, "false")
		if got := l.value(wan + name); got != "false" {
			t.Errorf("%s is %s", name, got)
		}
	}
	if s := l.section("firewall", "cwmp_ping_input4_wan"); s.Get("target") != "DROP" || s.Get("family") != "ipv4" || s.Get("src") != "wan" {
		t.Errorf("the rule is %v", s.Options)
	}
	l.set(wan+"IPv4AcceptICMPEchoRequest", "true", wan+"IPv6AcceptICMPEchoRequest", "true", wan+"IPv6PassThroughICMPEchoRequest", "true")
	if after := l.config("firewall"); after != normal(t, map[string]string{"firewall": before})["firewall"] {
		t.Errorf("not as before:\n%s", after)
	}
	l.set(wan+"StealthMode", "true")
	if got := l.section("firewall", "@zone[1]").Get("input"); got != "DROP" {
		t.Errorf("the zone's input is %s", got)
	}
	if err := l.try(l.find("Device.Firewall.InterfaceSetting.", "Interface", "Device.IP.Interface.2")+"StealthMode", "true"); err == nil || !strings.Contains(err.Error(), "administer") {
		t.Errorf("stealth in the LAN: %v", err)
	}
	if got := l.value(wan + "IPv4SpoofingProtection"); got != "true" {
		t.Errorf("rp_filter reads %s", got)
	}
}

// TestHelpers switches one connection tracking helper off and leaves the others on.
func TestHelpers(t *testing.T) {
	l := newLAN(t)
	const sip, ftp = "Device.Firewall.ConnectionTracking.SIP.Enable", "Device.Firewall.ConnectionTracking.FTP.Enable"
	l.set(sip, "false")
	if got := l.value(ftp); got != "true" || l.value(sip) != "false" {
		t.Errorf("SIP %s, FTP %s", l.value(sip), got)
	}
	if s := l.section("firewall", "@zone[0]"); s.Get("helper") != "ftp" {
		t.Errorf("the LAN has %q", s.Get("helper"))
	}
	l.set(ftp, "false")
	if s := l.section("firewall", "@zone[0]"); s.Get("helper") != "" || s.Get("auto_helper") != "0" {
		t.Errorf("the LAN has %q, auto %q", s.Get("helper"), s.Get("auto_helper"))
	}
	l.set(sip, "true")
	if got := l.value(sip) + l.value(ftp); got != "truefalse" {
		t.Errorf("SIP and FTP are %s", got)
	}
}

// TestSets: what is in them, who compares with them, and what becomes of these.
func TestSets(t *testing.T) {
	l := newLAN(t)
	set, rule := "Device.Firewall.Set.1.", l.add(fwRules)
	l.set(rule+"SourceMatchSet", "Device.Firewall.Set.1", rule+"SourceAllInterfaces", "true", rule+"DestAllInterfaces", "true", rule+"Enable", "true")
	if got := l.section("firewall", "cwmp_rule_5").Get("ipset"); got != "blocked src" {
		t.Errorf("ipset %q", got)
	}
	for name, pair := range map[string][]string{
		"a second set":             {rule + "DestMatchSet", "Device.Firewall.Set.1"},
		"a rule of the other kind": {rule + "IPVersion", "6"},
		"a set of both kinds":      {set + "IPVersion", "-1"},
		"an address of the other":  {set + "Rule.1.IPAddressList", "2001:db8::1"},
		"a port among addresses":   {set + "Rule.1.PortList", "80"},
		"a name that fw4 refuses":  {set + "Name", "9 lives"},
		"other things than are in": {set + "Type", "Ports"},
	} {
		if err := l.try(pair...); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	l.set(set+"Name", "banned", set+"Rule.1.IPAddressList", "198.51.100.1,198.51.100.2,198.51.100.3")
	if got := l.section("firewall", "cwmp_rule_5").Get("ipset"); got != "banned src" {
		t.Errorf("after the set has another name: ipset %q", got)
	}
	l.set(rule+"SourceMatchSet", "", rule+"SourceMatchSetExclude", "Device.Firewall.Set.1")
	if got := l.section("firewall", "cwmp_rule_5").Get("ipset"); got != "!banned src" {
		t.Errorf("excluded: ipset %q", got)
	}
	l.remove(set)
	if got := l.value(rule+"Enable") + l.value(rule+"SourceMatchSetExclude"); got != "false" {
		t.Errorf("without its set the rule is %s", got)
	}
}

// TestDynamicDNS reads the state files of ddns-scripts and writes what goes together.
func TestDynamicDNS(t *testing.T) {
	l := newLAN(t)
	const client, server = "Device.DynamicDNS.Client.1.", "Device.DynamicDNS.Server.1."
	for path, want := range map[string]string{
		client + "Status": "Updated", client + "LastError": "NO_ERROR", client + "Server": "Device.DynamicDNS.Server.1", client + "Interface": "Device.IP.Interface.4",
		client + "Hostname.1.Status": "Registered", client + "Hostname.1.Name": "anna.provider.example", client + "Password": "",
		server + "ServerAddress": "update.provider.example", server + "ServerPort": "443", server + "CheckInterval": "600", server + "RetryInterval": "60",
		"Device.DynamicDNS.SupportedServices": "other.example,provider.example", "Device.DynamicDNS.Client.2.Status": "Disabled",
		"Device.DynamicDNS.Server.2.ServerAddress": "dyn.example.net", "Device.DynamicDNS.Server.2.ServerPort": "8080",
	} {
		if got := l.value(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	for log, want := range map[string]string{
		" 101500  note : PID '12' started at 2026-11-23 10:15\n 101501 ERROR : IP update not accepted by DDNS Provider\n": "PROTOCOL_ERROR",
		" 101501 ERROR : GNU Wget Error: '4'\n":                                     "CONNECTION_ERROR",
		" 101501 ERROR : BIND host error: '1'\n":                                    "DNS_ERROR",
		" 101501 ERROR : BIND host error\n 101502  info : Update successful - IP\n": "NO_ERROR",
		" 101501  CRIT : No update_url found/defined - TERMINATE\n":                 "MISCONFIGURATION_ERROR",
		"\x00\xff": "NO_ERROR",
	} {
		l.file("var/log/ddns/home.log", log)
		if got := l.value(client + "LastError"); got != want {
			t.Errorf("after %q it is %s, want %s", log, got, want)
		}
	}
	l.file("var/run/ddns/home.update", "not a number")
	if got := l.value(client + "Hostname.1.LastUpdate"); got != "0001-01-01T00:00:00Z" {
		t.Errorf("updated at %s", got)
	}
	l.file("var/run/ddns/home.pid", "../../1")
	if got := l.value(client + "Status"); got != "Error" {
		t.Errorf("without its process it is %s", got)
	}
	row := l.add("Device.DynamicDNS.Client.")
	l.set(row+"Hostname.1.Name", "new.example", row+"Interface", "Device.IP.Interface.5", row+"Username", "me", row+"Password", "secret",
		"Device.DynamicDNS.Server.3.ServiceName", "other.example", "Device.DynamicDNS.Server.3.CheckInterval", "900", row+"Enable", "true")
	s := l.section("ddns", "cwmp_ddns_3")
	for option, want := range map[string]string{"enabled": "1", "domain": "new.example", "lookup_host": "new.example", "interface": "wan6", "ip_network": "wan6",
		"service_name": "other.example", "check_interval": "15", "check_unit": "minutes", "password": "secret"} {
		if got := s.Get(option); got != want {
			t.Errorf("option %s is %q, want %q", option, got, want)
		}
	}
	for _, pair := range [][2]string{{"Device.DynamicDNS.Server.3.ServiceName", "../etc"}, {"Device.DynamicDNS.Server.3.ServiceName", "none.example"},
		{"Device.DynamicDNS.Server.3.CheckInterval", "60"}, {row + "Hostname.1.Name", "a b;reboot"}} {
		if err := l.try(pair[0], pair[1]); err == nil {
			t.Errorf("%s=%s was taken", pair[0], pair[1])
		}
	}
}

// TestIGD reads and writes miniupnpd's switch under its old and its new name.
func TestIGD(t *testing.T) {
	for config, want := range map[string]string{
		"":                               "true 2 option enable_upnp '0'",
		"option igdv1 '1'":               "true 1 option enable_upnp '0'",
		"option enable_upnp '0'":         "false 2 option enable_upnp '1'",
		"option enabled_protocols 'all'": "true 1 option enabled_protocols 'pcp+nat-pmp'",
		"option enabled_protocols 'pcp+nat-pmp'\n\toption upnp_igd_compat 'igdv2'": "false 2 option enabled_protocols 'all'",
	} {
		l := newLAN(t)
		l.write("upnpd", "config upnpd 'config'\n\t"+config+"\n")
		on := l.value("Device.UPnP.Device.UPnPIGD")
		got := on + " " + l.value("Device.UPnP.Device.Capabilities.UPnPIGD")
		l.set("Device.UPnP.Device.UPnPIGD", map[string]string{"true": "false", "false": "true"}[on])
		if text := l.config("upnpd"); !strings.HasPrefix(want, got+" option") || !strings.Contains(text, want[len(got)+1:]) {
			t.Errorf("%q is %s, then\n%s\nwant %s", config, got, text, want)
		}
	}
}

// TestCertificates reads PEM and DER, and passes over what is neither.
func TestCertificates(t *testing.T) {
	l := newLAN(t)
	text, err := os.ReadFile(l.router.Path("etc/uhttpd.crt"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	l.file("etc/ssl/twice.pem", string(text))
	l.file("etc/ssl/broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	l.file("etc/ssl/noise.crt", "\x30\x82\xff\xff")
	check := func() {
		t.Helper()
		for path, want := range map[string]string{
			"CertificateNumberOfEntries": "1", "Certificate.1.SerialNumber": "B911C3A7", "Certificate.1.NotAfter": "2028-01-05T09:00:00Z",
			"Certificate.1.SubjectAlt": "OpenWrt,router.lan,192.168.1.1", "Certificate.1.Issuer": "CN=OpenWrt,O=OpenWrt5f1c0a2e,C=ZZ",
			"Certificate.1.SignatureAlgorithm": "ECDSA-SHA256", "CABundle.1.Name": "ca-certificates.crt",
		} {
			if got := l.value("Device.Security." + path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
	}
	check()
	l.file("etc/uhttpd.crt", string(block.Bytes))
	l.file("etc/ssl/twice.pem", "")
	check()
}

// TestPortMappingLease gives one protocol of a mapping an end, of which fw4 knows; after it the mapping is there and rests.
func TestPortMappingLease(t *testing.T) {
	l := newLAN(t)
	l.write("firewall", l.config("firewall")+"\nconfig redirect 'both'\n\toption name 'lease of both'\n\toption src 'wan'\n\toption src_dport '9999'\n\toption dest 'lan'\n\toption dest_ip '192.168.1.9'\n")
	row := l.find("Device.NAT.PortMapping.", "ExternalPort", "9999")
	l.set(row+"LeaseDuration", "3600")
	if got := l.value(row+"LeaseDuration") + " " + l.value(row+"Status"); got != "3600 Enabled" {
		t.Errorf("it is %s", got)
	}
	if left := l.value(row + "RemainingLeaseTime"); len(left) != 4 || left < "3500" || left > "3600" {
		t.Errorf("%s s are left", left)
	}
	first, second := l.section("firewall", "both"), ""
	for path, value := range l.all("Device.NAT.PortMapping.") {
		if strings.HasSuffix(path, ".ExternalPort") && value == "9999" && !strings.HasPrefix(path, row) {
			second = strings.TrimSuffix(path, "ExternalPort")
		}
	}
	if got := l.value(second+"LeaseDuration") + " " + l.value(second+"RemainingLeaseTime"); first.Get("proto") == "" || got != "0 0" {
		t.Errorf("the other protocol has a lease of %s; the section is of %q", got, first.Get("proto"))
	}
	l.write("firewall", strings.Replace(l.config("firewall"), "option stop_date '20", "option stop_date '2001-01-01T00:00:00'\n\toption x '", 1))
	if got := l.value(row+"Status") + " " + l.value(row+"RemainingLeaseTime"); got != "Inactive 0" {
		t.Errorf("after its end it is %s", got)
	}
	l.set(row+"LeaseDuration", "0")
	if got := l.value(row + "Status"); got != "Enabled" || strings.Contains(l.config("firewall"), "stop_date") {
		t.Errorf("without a lease it is %s:\n%s", got, l.config("firewall"))
	}
}
