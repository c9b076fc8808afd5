package datamodel_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
)

// TestReadOfTheSandbox compares some values of each object with what the sandbox's files say.
func TestReadOfTheSandbox(t *testing.T) {
	l := newLAN(t)
	all := map[string]string{}
	for _, object := range append(slices.Clone(lanObjects), "Device.DHCPv6.", "Device.RouterAdvertisement.") {
		maps.Copy(all, l.all(object))
	}
	for path, want := range map[string]string{
		"Device.WiFi.RadioNumberOfEntries":                                      "2",
		"Device.WiFi.Radio.1.Status":                                            "Up",
		"Device.WiFi.Radio.1.Channel":                                           "6",
		"Device.WiFi.Radio.1.AutoChannelEnable":                                 "true",
		"Device.WiFi.Radio.1.MaxBitRate":                                        "573",
		"Device.WiFi.Radio.1.OperatingStandards":                                "g,n,ax",
		"Device.WiFi.Radio.2.OperatingStandards":                                "a,n,ac,ax",
		"Device.WiFi.Radio.2.OperatingChannelBandwidth":                         "80MHz",
		"Device.WiFi.Radio.2.CurrentOperatingChannelBandwidth":                  "80MHz",
		"Device.WiFi.Radio.2.SupportedOperatingChannelBandwidths":               "20MHz,40MHz,80MHz,160MHz",
		"Device.WiFi.Radio.2.TransmitPower":                                     "25",
		"Device.WiFi.Radio.2.RegulatoryDomain":                                  "DE ",
		"Device.WiFi.SSID.1.Name":                                               "phy0-ap0",
		"Device.WiFi.SSID.1.LowerLayers":                                        "Device.WiFi.Radio.1",
		"Device.WiFi.SSID.3.SSID":                                               `Anna's "Guest" WLAN`,
		"Device.WiFi.SSID.3.Status":                                             "Up",
		"Device.WiFi.SSID.4.Enable":                                             "false",
		"Device.WiFi.SSID.4.Status":                                             "Down",
		"Device.WiFi.AccessPoint.2.Security.ModeEnabled":                        "WPA3-Personal-Transition",
		"Device.WiFi.AccessPoint.2.Security.MFPConfig":                          "Optional",
		"Device.WiFi.AccessPoint.2.Security.KeyPassphrase":                      "",
		"Device.WiFi.AccessPoint.3.SSIDReference":                               "Device.WiFi.SSID.3",
		"Device.WiFi.AccessPoint.3.MACAddressControlEnabled":                    "false",
		"Device.WiFi.AccessPoint.4.SSIDAdvertisementEnabled":                    "false",
		"Device.WiFi.AccessPoint.2.AssociatedDevice.1.MACAddress":               "F2:5D:0C:81:AA:04",
		"Device.WiFi.AccessPoint.2.AssociatedDevice.1.OperatingStandard":        "ax",
		"Device.WiFi.AccessPoint.2.AssociatedDevice.1.SNR":                      "39",
		"Device.WiFi.AccessPoint.2.AssociatedDevice.1.Stats.BytesSent":          "1288034551",
		"Device.WiFi.AccessPoint.1.Accounting.Enable":                           "false",
		"Device.NAT.PortMappingNumberOfEntries":                                 "6",
		"Device.NAT.PortMapping.2.Protocol":                                     "TCP",
		"Device.NAT.PortMapping.3.Protocol":                                     "UDP",
		"Device.NAT.PortMapping.3.InternalPort":                                 "3074",
		"Device.NAT.PortMapping.4.ExternalPortEndRange":                         "30009",
		"Device.NAT.PortMapping.4.RemoteHost":                                   "198.51.100.0/24",
		"Device.NAT.PortMapping.5.Status":                                       "Disabled",
		"Device.NAT.InterfaceSetting.2.Status":                                  "Enabled",
		"Device.NAT.InterfaceSetting.2.TCPTranslationTimeout":                   "7440",
		"Device.DHCPv4.Client.1.DHCPStatus":                                     "Bound",
		"Device.DHCPv4.Client.1.IPRouters":                                      "203.0.113.1",
		"Device.DHCPv4.Relay.Status":                                            "Disabled",
		"Device.DHCPv4.Server.Stats.ACK":                                        "91",
		"Device.DHCPv4.Server.Pool.1.MinAddress":                                "192.168.1.100",
		"Device.DHCPv4.Server.Pool.1.MaxAddress":                                "192.168.1.249",
		"Device.DHCPv4.Server.Pool.1.LeaseTime":                                 "43200",
		"Device.DHCPv4.Server.Pool.1.DNSServers":                                "192.168.1.1,9.9.9.9",
		"Device.DHCPv4.Server.Pool.1.Option.2.Value":                            "036c616e0004686f6d65076578616d706c6500",
		"Device.DHCPv4.Server.Pool.1.StaticAddress.1.Yiaddr":                    "192.168.1.10",
		"Device.DHCPv4.Server.Pool.1.ClientNumberOfEntries":                     "5",
		"Device.DHCPv4.Server.Pool.1.Client.1.IPv4Address.1.LeaseTimeRemaining": "9999-12-31T23:59:59Z",
		"Device.DHCPv4.Server.Pool.2.Client.1.Chaddr":                           "D6:77:1E:09:C3:06",
		"Device.DHCPv4.Server.Pool.3.Enable":                                    "false",
		"Device.DHCPv6.Client.1.Interface":                                      "Device.IP.Interface.5",
		"Device.DHCPv6.Client.1.DUID":                                           "000300019483c45e1021",
		"Device.DHCPv6.Client.1.RequestPrefixes":                                "true",
		"Device.DHCPv6.Client.1.Status":                                         "Enabled",
		"Device.DHCPv6.Client.1.Server.1.SourceAddress":                         "fe80::5:73ff:fea0:1",
		"Device.DHCPv6.Client.1.ReceivedOption.1.Tag":                           "23",
		"Device.DHCPv6.Client.1.ReceivedOption.1.Value":                         "20010db8005300000000000000000053",
		"Device.DHCPv6.Client.1.ReceivedOption.1.Server":                        "Device.DHCPv6.Client.1.Server.1",
		"Device.DHCPv6.Client.1.Stats.Renew":                                    "148",
		"Device.DHCPv6.Client.2.Stats.Renew":                                    "18446744073709551615",
		"Device.DHCPv6.Client.2.Interface":                                      "Device.IP.Interface.12",
		"Device.DHCPv6.Server.PoolNumberOfEntries":                              "1",
		"Device.DHCPv6.Server.Pool.1.IAPDAddLength":                             "2",
		"Device.DHCPv6.Server.Pool.1.IANAPrefixes":                              "Device.IP.Interface.2.IPv6Prefix.1,Device.IP.Interface.2.IPv6Prefix.2",
		"Device.DHCPv6.Server.Pool.1.ClientNumberOfEntries":                     "2",
		"Device.DHCPv6.Server.Pool.1.Client.1.IPv6Address.2.IPAddress":          "fd4e:91c7:2b10:10::7a1",
		"Device.DHCPv6.Server.Pool.1.Client.1.Option.1.Value":                   "000100012c03a15e3c22fb109a02",
		"Device.DHCPv6.Server.Pool.1.Client.2.IPv6Prefix.1.Prefix":              "2001:db8:1200:14::/62",
		"Device.DHCPv6.Server.Pool.1.Client.2.IPv6Prefix.1.ValidLifetime":       "9999-12-31T23:59:59Z",
		"Device.RouterAdvertisement.InterfaceSetting.1.AdvManagedFlag":          "true",
		"Device.RouterAdvertisement.InterfaceSetting.1.AdvLinkMTU":              "1500",
		"Device.RouterAdvertisement.InterfaceSetting.1.AdvDefaultLifetime":      "1800",
		"Device.RouterAdvertisement.InterfaceSetting.1.RDNSSMode":               "GUA",
		"Device.RouterAdvertisement.InterfaceSetting.1.Prefixes":                "Device.IP.Interface.2.IPv6Prefix.1,Device.IP.Interface.2.IPv6Prefix.2",
		"Device.DNS.Client.Server.1.Type":                                       "Static",
		"Device.DNS.Client.Server.3.Type":                                       "DHCPv4",
		"Device.DNS.Relay.ForwardNumberOfEntries":                               "5",
		"Device.DNS.Relay.Forwarding.1.DNSServer":                               "9.9.9.9",
		"Device.DNS.Zone.1.Host.2.Host":                                         "Device.Hosts.Host.1",
		"Device.Hosts.HostNumberOfEntries":                                      "7",
		"Device.Hosts.Host.1.Layer1Interface":                                   "Device.Ethernet.Interface.1",
		"Device.Hosts.Host.1.Layer3Interface":                                   "Device.IP.Interface.2",
		"Device.Hosts.Host.4.Active":                                            "false",
		"Device.Hosts.Host.7.AssociatedDevice":                                  "Device.WiFi.AccessPoint.2.AssociatedDevice.1",
		"Device.Hosts.Host.7.Layer1Interface":                                   "Device.WiFi.Radio.2",
		"Device.Hosts.Host.7.InterfaceType":                                     "Wi-Fi",
		"Device.Hosts.Host.7.DHCPClient":                                        "Device.DHCPv4.Server.Pool.1.Client.4",
		"Device.Hosts.Host.3.IPv6Address.1.IPAddress":                           "2001:db8:1200:10:3e22:fbff:fe10:9a02", // a neighbour
		"Device.Hosts.Host.3.IPv6Address.3.IPAddress":                           "2001:db8:1200:10::7a1",                // leased
	} {
		if got, ok := all[path]; got != want || !ok {
			t.Errorf("%s is %q (there: %v), want %q", path, got, ok, want)
		}
	}
	for path, v := range all {
		if strings.Contains(v, "open Sesame") || strings.Contains(v, "Anna's guests") {
			t.Errorf("%s shows a key", path)
		}
	}
}

// TestReadingChangesNothing: a look at everything leaves all files alone.
func TestReadingChangesNothing(t *testing.T) {
	l := newLAN(t)
	before := l.configs()
	l.all("Device.")
	if changed := changedIn(before, l.configs()); len(changed) > 0 {
		t.Errorf("reading changed %q", changed)
	}
}

// TestAddAndDelete makes a row in every table that can grow, sets it, and removes it again: the files are as before.
func TestAddAndDelete(t *testing.T) {
	l := newLAN(t)
	for _, c := range []struct {
		table string
		set   []string // name, value
		file  string
		want  string // in the file once it is set
	}{
		{"Device.WiFi.SSID.", []string{"SSID", "Third"}, "wireless", "option ssid 'Third'"},
		{"Device.WiFi.AccessPoint.", []string{"IsolationEnable", "true"}, "wireless", "config cwmp_ap "},
		{"Device.NAT.PortMapping.", []string{"Enable", "true", "ExternalPort", "8080", "InternalPort", "80", "InternalClient", "192.168.1.121", "Protocol", "UDP"},
			"firewall", "option dest_ip '192.168.1.121'"},
		{"Device.DHCPv4.Server.Pool.", []string{"LeaseTime", "900"}, "dhcp", "option leasetime '15m'"},
		{"Device.DHCPv4.Server.Pool.1.StaticAddress.", []string{"Enable", "true", "Chaddr", "02:00:00:00:00:01", "Yiaddr", "192.168.1.60"},
			"dhcp", "config host 'cwmp_host_lan_"},
		{"Device.DHCPv4.Server.Pool.1.Option.", []string{"Enable", "true", "Tag", "66", "Value", "746674702e6578616d706c65"},
			"dhcp", "list dhcp_option '66,tftp.example'"},
		{"Device.DHCPv4.Relay.Forwarding.", []string{"Enable", "true", "Interface", "Device.IP.Interface.3", "DHCPServerIPAddress", "192.0.2.67"},
			"dhcp", "option local_addr '192.168.20.1'"},
		{"Device.DHCPv4.Client.1.SentOption.", []string{"Value", "41434d45", "Tag", "60", "Enable", "true"}, "network", "option vendorid 'ACME'"},
		{"Device.DHCPv4.Client.1.ReqOption.", []string{"Tag", "43", "Enable", "true"}, "network", "option reqopts '43'"},
		{"Device.DHCPv6.Client.", []string{"Enable", "true", "Interface", "Device.IP.Interface.2"}, "network", "option device '@lan'"},
		{"Device.DHCPv6.Client.1.SentOption.", []string{"Value", "0005687567656f", "Tag", "15"}, "network", "cwmp_sentoption6"},
		{"Device.DHCPv6.Client.1.SentOption.", []string{"Enable", "true", "Value", "0005687567656f", "Tag", "15"}, "network", "option userclass 'hugeo'"},
		{"Device.DHCPv6.Client.1.SentOption.", []string{"Value", "00000de9", "Tag", "40", "Enable", "true"}, "network", "list sendopts '40:00000de9'"},
		{"Device.DHCPv6.Server.Pool.", []string{"Interface", "Device.IP.Interface.3", "Enable", "true", "IAPDEnable", "false"}, "dhcp", "option dhcpv6_pd '0'"},
		{"Device.DHCPv6.Server.Pool.1.Option.", []string{"Enable", "true", "Tag", "23", "Value", "20010db8000000000000000000000053"}, "dhcp", "list dns '2001:db8::53'"},
		{"Device.DHCPv6.Server.Pool.1.Option.", []string{"Enable", "true", "Tag", "24", "Value", "036c616e00"}, "dhcp", "list domain 'lan'"},
		{"Device.DHCPv6.Server.Pool.1.Option.", []string{"Enable", "true", "Tag", "56", "Value", "00030009036e7470036c616e00"}, "dhcp", "list ntp 'ntp.lan'"},
		{"Device.DHCPv6.Server.Pool.1.Option.", []string{"Enable", "true", "Tag", "97", "Value", "aabb"}, "dhcp", "option dhcpv6_raw '00610002aabb'"},
		{"Device.RouterAdvertisement.InterfaceSetting.", []string{"Interface", "Device.IP.Interface.3", "Enable", "true", "AdvManagedFlag", "true"}, "dhcp", "list ra_flags 'managed-config'"},
		{"Device.DNS.Client.Server.", []string{"Enable", "true", "DNSServer", "192.0.2.53", "Interface", "Device.IP.Interface.2"}, "network", "list dns '192.0.2.53'"},
		{"Device.DNS.Relay.Forwarding.", []string{"Interface", "Device.IP.Interface.4", "DNSServer", "192.0.2.53", "Enable", "true"}, "dhcp", "list server '192.0.2.53@wan'"},
		{"Device.DNS.Zone.1.Host.", []string{"Enable", "true", "Name", "tv.home.example", "Host", "Device.Hosts.Host.4"}, "dhcp", "option name 'tv.home.example'"},
		{fwRules, []string{"Enable", "true", "SourceAllInterfaces", "true", "DestInterface", "Device.IP.Interface.4", "SourceMAC", "02:00:00:00:00:02"},
			"firewall", "option src_mac '02:00:00:00:00:02'"},
		{"Device.Firewall.Service.", []string{"Enable", "true", "Protocol", "6,17", "DestPort", "53,853", "SourcePrefixes", "192.0.2.0/24"}, "firewall", "list proto 'udp'"},
		{"Device.Firewall.Pinhole.", []string{"Enable", "true", "DestIP", "2001:db8::7", "Protocol", "6", "DestPort", "80", "DestPortRangeMax", "81"}, "firewall", "option dest_port '80-81'"},
		{"Device.Firewall.Policy.", []string{"Enable", "true", "SourceInterface", "Device.IP.Interface.2", "DestinationInterface", "Device.IP.Interface.3"},
			"firewall", "config forwarding 'cwmp_fwd_"},
		{"Device.Firewall.DMZ.", []string{"Enable", "true", "DestIP", "192.168.1.9", "Interface", "Device.IP.Interface.4"}, "firewall", "config redirect 'cwmp_dmz_"},
		{"Device.Firewall.Set.", []string{"Enable", "true", "Name", "ports", "Type", "Ports"}, "firewall", "option match 'src_port'"},
		{"Device.DynamicDNS.Client.", []string{"Enable", "true", "Username", "me"}, "ddns", "option username 'me'"},
		{"Device.Hosts.AccessControl.", []string{"Enable", "true", "PhysAddress", "02:00:00:00:00:02", "HostName", "toy"}, "firewall", "option src_mac '02:00:00:00:00:02'"},
	} {
		before := l.configs()
		row := l.add(c.table)
		for path, v := range l.all(row) {
			if strings.HasSuffix(path, ".Enable") && strings.Count(path, ".") == strings.Count(row, ".") && v != "false" {
				t.Errorf("%s is %q after it was added", path, v)
			}
		}
		var pairs []string
		for i := 0; i < len(c.set); i += 2 {
			pairs = append(pairs, row+c.set[i], c.set[i+1])
		}
		l.set(pairs...)
		for i := 0; i < len(pairs); i += 2 {
			if got := l.value(pairs[i]); got != pairs[i+1] {
				t.Errorf("%s reads %q, want %q", pairs[i], got, pairs[i+1])
			}
		}
		if text := l.config(c.file); !strings.Contains(text, c.want) {
			t.Errorf("%s: %s has no %q:\n%s", c.table, c.file, c.want, text)
		}
		l.remove(row)
		if after := l.configs(); !maps.Equal(before, after) {
			for _, name := range changedIn(normal(t, before), normal(t, after)) {
				t.Errorf("%s: after its deletion %s is\n%s", c.table, name, after[name])
			}
		}
	}
}

// TestSSIDAndAccessPointOfTheACS walks the way an ACS goes: both rows, bound, secured, on; then off again in each order.
func TestSSIDAndAccessPointOfTheACS(t *testing.T) {
	l := newLAN(t)
	ssid := l.add("Device.WiFi.SSID.")
	ap := l.add("Device.WiFi.AccessPoint.")
	if n := l.value("Device.WiFi.AccessPointNumberOfEntries"); n != "5" {
		t.Errorf("%s access points, want 5", n)
	}
	l.set(ssid+"Enable", "true", ssid+"SSID", "Office", ssid+"LowerLayers", "Device.WiFi.Radio.2")
	if got := l.value(ssid + "Status"); got != "Dormant" {
		t.Errorf("an SSID without an AccessPoint is %s", got)
	}
	l.set(ap+"Security.KeyPassphrase", "correct horse", ap+"Security.ModeEnabled", "WPA3-Personal",
		ap+"SSIDReference", strings.TrimSuffix(ssid, "."), ap+"Enable", "true")
	s := l.section("wireless", "cwmp_ssid_"+strings.TrimSuffix(strings.TrimPrefix(ssid, "Device.WiFi.SSID."), "."))
	if s == nil {
		t.Fatalf("no section of the SSID in\n%s", l.config("wireless"))
	}
	for option, want := range map[string]string{
		"device": "radio1", "mode": "ap", "ssid": "Office", "encryption": "sae", "key": "correct horse", "ieee80211w": "2", "disabled": "",
	} {
		if got := s.Get(option); got != want && (option != "disabled" || got != "0") {
			t.Errorf("option %s is %q, want %q", option, got, want)
		}
	}
	if s.Type != "wifi-iface" || strings.Contains(l.config("wireless"), "cwmp_ap ") {
		t.Errorf("not one wifi-iface:\n%s", l.config("wireless"))
	}
	for path, want := range map[string]string{
		ap + "SSIDReference": strings.TrimSuffix(ssid, "."), ap + "Enable": "true", ssid + "Enable": "true",
		ap + "Security.ModeEnabled": "WPA3-Personal", ap + "Security.MFPConfig": "Required",
	} {
		if got := l.value(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	// Two switches of one circuit.
	l.set(ssid+"Enable", "false")
	if s := l.section("wireless", s.Name); s.Get("disabled") != "1" || l.value(ap+"Enable") != "true" {
		t.Errorf("disabled is %q, the AccessPoint %s", s.Get("disabled"), l.value(ap+"Enable"))
	}
	l.set(ap+"Enable", "false", ssid+"Enable", "true")
	if s := l.section("wireless", s.Name); s.Get("disabled") != "1" || l.value(ap+"Enable") != "false" || l.value(ssid+"Enable") != "true" {
		t.Error("the section is on while its AccessPoint is off")
	}
	l.remove(ap)
	if s := l.section("wireless", s.Name); s.Type != "cwmp_ssid" || s.Get("key") != "" || s.Get("ssid") != "Office" {
		t.Errorf("after its AccessPoint went the SSID is\n%s", l.config("wireless"))
	}
	if l.value(ssid+"SSID") != "Office" {
		t.Error("the SSID lost its row")
	}
	second := l.add("Device.WiFi.AccessPoint.")
	l.set(second+"SSIDReference", strings.TrimSuffix(ssid, "."))
	l.remove(ssid)
	if got := l.value(second + "SSIDReference"); got != "" {
		t.Errorf("the AccessPoint refers to %q after its SSID went", got)
	}
	l.remove(second)
	if text := l.config("wireless"); strings.Contains(text, "cwmp_") {
		t.Errorf("something is left:\n%s", text)
	}
}

// TestAnAccessPointKeepsItsSSID: the SSID of somebody else's section cannot be taken.
func TestAnAccessPointKeepsItsSSID(t *testing.T) {
	l := newLAN(t)
	ap := l.add("Device.WiFi.AccessPoint.")
	for _, c := range [][2]string{
		{ap + "SSIDReference", "Device.WiFi.SSID.1"},
		{"Device.WiFi.AccessPoint.1.SSIDReference", "Device.WiFi.SSID.2"},
		{"Device.WiFi.AccessPoint.1.SSIDReference", ""},
	} {
		before := l.config("wireless")
		if err := l.try(c[0], c[1]); err == nil || l.config("wireless") != before {
			t.Errorf("%s=%q was taken: %v", c[0], c[1], err)
		}
	}
}

// TestSecurityNeedsWhatItNeeds: no mode without its key or server, no key that hostapd would not take.
func TestSecurityNeedsWhatItNeeds(t *testing.T) {
	l := newLAN(t)
	const s = "Device.WiFi.AccessPoint.1.Security."
	for _, pairs := range [][]string{
		{s + "KeyPassphrase", "short"},
		{s + "KeyPassphrase", strings.Repeat("x", 64)},
		{s + "KeyPassphrase", "two\nlines of text"},
		{s + "KeyPassphrase", strings.Repeat("é", 40)}, // 80 octets
		{s + "PreSharedKey", "0102"},
		{s + "SAEPassphrase", "a passphrase"}, // WPA2
		{s + "ModeEnabled", "WEP-64"},
		{s + "ModeEnabled", "WPA2-Enterprise"},
		{s + "ModeEnabled", "WPA3-Personal", s + "MFPConfig", "Optional"},
		{s + "ModeEnabled", "WPA3-Personal", s + "PreSharedKey", strings.Repeat("00", 32)},
		{s + "ModeEnabled", "WPA3-Personal", s + "EncryptionMode", "TKIP"},
		{s + "ModeEnabled", "WPA3-Personal-Transition", s + "KeyPassphrase", "one passphrase", s + "SAEPassphrase", "other passphrase"},
	} {
		before := l.config("wireless")
		err := l.try(pairs...)
		if err == nil || l.config("wireless") != before {
			t.Errorf("%q was taken: %v", pairs, err)
		}
		if err != nil && strings.Contains(err.Error(), pairs[len(pairs)-1]) && strings.Contains(pairs[len(pairs)-1], "pass") {
			t.Errorf("the error shows the key: %v", err)
		}
	}
	// In any order.
	l.set(s+"RadiusSecret", "between us", s+"ModeEnabled", "WPA2-Enterprise", s+"RadiusServerIPAddr", "192.0.2.18")
	if got := l.section("wireless", "default_radio0").Get("encryption"); got != "wpa2+ccmp" {
		t.Errorf("encryption is %q", got)
	}
	l.set(s+"ModeEnabled", "None")
	if got := l.section("wireless", "default_radio0").Get("encryption"); got != "none" {
		t.Errorf("encryption is %q", got)
	}
	l.set(s+"KeyPassphrase", "eight or more", s+"ModeEnabled", "WPA3-Personal-Transition")
	sec := l.section("wireless", "default_radio0")
	if sec.Get("encryption") != "sae-mixed" || sec.Get("ieee80211w") != "1" || sec.Get("key") != "eight or more" {
		t.Errorf("encryption %q, ieee80211w %q", sec.Get("encryption"), sec.Get("ieee80211w"))
	}
	l.set(s+"ModeEnabled", "WPA2-Personal")
	if sec := l.section("wireless", "default_radio0"); sec.Get("encryption") != "psk2" || sec.Get("ieee80211w") != "" {
		t.Errorf("encryption %q, ieee80211w %q", sec.Get("encryption"), sec.Get("ieee80211w"))
	}
}

// TestChannelInAnyOrder sets channel, automatic choice, band width and standards together.
func TestChannelInAnyOrder(t *testing.T) {
	l := newLAN(t)
	const one, two = "Device.WiFi.Radio.1.", "Device.WiFi.Radio.2."
	for _, c := range []struct {
		pairs []string
		radio string
		want  map[string]string
	}{
		{[]string{one + "AutoChannelEnable", "false"}, "radio0", map[string]string{"channel": "6"}},
		{[]string{one + "AutoChannelEnable", "true"}, "radio0", map[string]string{"channel": "auto"}},
		{[]string{one + "Channel", "11", one + "AutoChannelEnable", "false"}, "radio0", map[string]string{"channel": "11"}},
		{[]string{one + "AutoChannelEnable", "true", one + "Channel", "1"}, "radio0", map[string]string{"channel": "auto"}},
		{[]string{one + "Channel", "1"}, "radio0", map[string]string{"channel": "1"}},
		{[]string{two + "OperatingChannelBandwidth", "40MHz", two + "OperatingStandards", "a,n"}, "radio1", map[string]string{"htmode": "HT40"}},
		{[]string{two + "ExtensionChannel", "AboveControlChannel"}, "radio1", map[string]string{"htmode": "HT40+"}},
		{[]string{two + "OperatingChannelBandwidth", "160MHz", two + "OperatingStandards", "n,ac,ax"}, "radio1", map[string]string{"htmode": "HE160", "require_mode": "n"}},
		{[]string{two + "OperatingStandards", "a,n,ac"}, "radio1", map[string]string{"htmode": "VHT160", "require_mode": ""}},
		{[]string{one + "OperatingStandards", "b,g,n"}, "radio0", map[string]string{"htmode": "HT20", "legacy_rates": "1"}},
	} {
		if err := l.try(c.pairs...); err != nil {
			t.Errorf("%q: %v", c.pairs, err)
			continue
		}
		for option, want := range c.want {
			if got := l.section("wireless", c.radio).Get(option); got != want {
				t.Errorf("after %q %s is %q, want %q", c.pairs, option, got, want)
			}
		}
	}
	for _, pairs := range [][]string{
		{two + "Channel", "13"}, {two + "Channel", "144"}, {one + "OperatingChannelBandwidth", "80MHz"},
		{two + "OperatingStandards", "a,ac"}, {two + "OperatingStandards", "b"}, {one + "OperatingStandards", "g,n,ax,be"},
		{two + "OperatingStandards", "a,n"}, // at 160 MHz
		{one + "TransmitPower", "99"}, {one + "RegulatoryDomain", "de "}, {one + "OperatingFrequencyBand", "5GHz"},
	} {
		before := l.config("wireless")
		if err := l.try(pairs...); err == nil || l.config("wireless") != before {
			t.Errorf("%q was taken: %v", pairs, err)
		}
	}
}

// TestPortMappingKeepsItsInsidePort: a redirect without dest_port keeps the port, which was read as InternalPort. A new
// ExternalPort must not move it, also where the same request sets InternalPort to what it was.
func TestPortMappingKeepsItsInsidePort(t *testing.T) {
	for name, pairs := range map[string][]string{
		"outside alone": {"ExternalPort", "7000"},
		"inside first":  {"InternalPort", "3074", "ExternalPort", "7000"},
		"inside last":   {"ExternalPort", "7000", "InternalPort", "3074"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLAN(t)
			for i := range pairs {
				if i%2 == 0 {
					pairs[i] = "Device.NAT.PortMapping.2." + pairs[i]
				}
			}
			l.set(pairs...)
			for path, want := range map[string]string{
				"Device.NAT.PortMapping.2.ExternalPort": "7000", "Device.NAT.PortMapping.2.InternalPort": "3074",
				"Device.NAT.PortMapping.3.ExternalPort": "3074", "Device.NAT.PortMapping.3.InternalPort": "3074",
			} {
				if got := l.value(path); got != want {
					t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
		})
	}
}

// TestPortMappingOfTwoProtocols: what is written to one row makes two sections, and both rows keep their numbers.
func TestPortMappingOfTwoProtocols(t *testing.T) {
	l := newLAN(t)
	l.set("Device.NAT.PortMapping.3.InternalPort", "3075")
	for path, want := range map[string]string{
		"Device.NAT.PortMapping.2.Protocol": "TCP", "Device.NAT.PortMapping.2.InternalPort": "3074",
		"Device.NAT.PortMapping.3.Protocol": "UDP", "Device.NAT.PortMapping.3.InternalPort": "3075",
		"Device.NAT.PortMapping.3.Description":  "Kid's console",
		"Device.NAT.PortMappingNumberOfEntries": "6",
	} {
		if got := l.value(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if s := l.section("firewall", "game"); s.Get("proto") != "tcp" || s.Get("dest_port") != "" {
		t.Errorf("the section of TCP has proto %q and dest_port %q", s.Get("proto"), s.Get("dest_port"))
	}
	l.remove("Device.NAT.PortMapping.2.")
	if got := l.value("Device.NAT.PortMapping.3.Protocol"); got != "UDP" {
		t.Errorf("the row of UDP is %q", got)
	}

	l = newLAN(t) // deleted before it was ever split
	l.remove("Device.NAT.PortMapping.2.")
	if got := l.value("Device.NAT.PortMapping.3.Protocol"); got != "UDP" {
		t.Errorf("the row of UDP is %q", got)
	}
	if n := l.value("Device.NAT.PortMappingNumberOfEntries"); n != "5" {
		t.Errorf("%s rows are left", n)
	}
}

// TestPortMappingPorts sets ends of ranges in any order.
func TestPortMappingPorts(t *testing.T) {
	l := newLAN(t)
	const pm = "Device.NAT.PortMapping.1."
	for _, c := range []struct {
		pairs      []string
		out, inner string
	}{
		{[]string{pm + "ExternalPortEndRange", "9009", pm + "InternalPort", "80", pm + "ExternalPort", "9000"}, "9000-9009", "80-89"},
		{[]string{pm + "ExternalPortEndRange", "0"}, "9000", "80"},
		{[]string{pm + "ExternalPort", "9001"}, "9001", "80"},
		{[]string{pm + "ExternalPort", "0", pm + "InternalPort", "0"}, "", ""},
	} {
		l.set(c.pairs...)
		s := l.section("firewall", "@redirect[0]")
		if s.Get("src_dport") != c.out || s.Get("dest_port") != c.inner {
			t.Errorf("after %q the ports are %q and %q", c.pairs, s.Get("src_dport"), s.Get("dest_port"))
		}
	}
	l.set(pm+"ExternalPort", "100")
	for _, pairs := range [][]string{
		{pm + "ExternalPortEndRange", "99"},
		{pm + "AllInterfaces", "true"},
		{pm + "InternalClient", "nas.lan"},
		{pm + "RemoteHost", "anybody"},
		{pm + "Interface", "Device.IP.Interface.1"}, // loopback: in no zone
	} {
		before := l.config("firewall")
		if err := l.try(pairs...); err == nil || l.config("firewall") != before {
			t.Errorf("%q was taken: %v", pairs, err)
		}
	}
	// A new row must not open the router's own port.
	row := l.add("Device.NAT.PortMapping.")
	if err := l.try(row+"ExternalPort", "22", row+"Enable", "true"); err == nil {
		t.Error("a mapping to the router itself was enabled")
	}
	// The zone of wan is wanb's too: the choice is kept.
	l.set(pm+"Interface", "Device.IP.Interface.6")
	if got := l.value(pm + "Interface"); got != "Device.IP.Interface.6" {
		t.Errorf("Interface is %q", got)
	}
}

// TestNATOfOneZoneGoesTogether: networks of one zone are translated alike.
func TestNATOfOneZoneGoesTogether(t *testing.T) {
	l := newLAN(t)
	wan := l.find("Device.NAT.InterfaceSetting.", "Interface", "Device.IP.Interface.4")
	wanb := l.find("Device.NAT.InterfaceSetting.", "Interface", "Device.IP.Interface.6")
	guest := l.find("Device.NAT.InterfaceSetting.", "Interface", "Device.IP.Interface.3")
	if err := l.try(wanb+"Enable", "false"); err == nil || l.value(wan+"Enable") != "true" {
		t.Errorf("NAT of wan went with wanb's: %v", err)
	}
	l.set(wanb+"Enable", "false", wan+"Enable", "false")
	if got := l.section("firewall", "@zone[1]").Get("masq"); got != "0" {
		t.Errorf("masq is %q", got)
	}
	l.set(guest+"Enable", "true", guest+"SourceNetwork", "192.168.20.0/25")
	if s := l.section("firewall", "guestzone"); s.Get("masq") != "1" || s.Get("masq_src") != "192.168.20.0/25" {
		t.Errorf("masq %q, masq_src %q", s.Get("masq"), s.Get("masq_src"))
	}
	if err := l.try(guest+"SourceNetwork", "everybody"); err == nil {
		t.Error("a source that is no network was taken")
	}
}

// TestNATOfAnotherInterface: a row of the ACS has its network in wan's zone while it is enabled, whatever comes first, and is
// about no network that has a row.
func TestNATOfAnotherInterface(t *testing.T) {
	l := newLAN(t)
	const nat = "Device.NAT.InterfaceSetting."
	dsl := strings.TrimSuffix(l.add("Device.IP.Interface."), ".")
	lte := strings.TrimSuffix(l.add("Device.IP.Interface."), ".")
	a, b := l.add(nat), l.add(nat)
	wan, wanb := l.find(nat, "Interface", "Device.IP.Interface.4"), l.find(nat, "Interface", "Device.IP.Interface.6")
	zone := func() string { return strings.Join(l.section("firewall", "@zone[1]").Option("network").Values, " ") }
	name := func(path string) string { return l.value(path + ".Name") }
	for i, step := range []struct {
		set  []string
		ok   bool
		want string // what the zone has beside its own
	}{
		{[]string{a + "Enable", "true", a + "Interface", dsl}, true, name(dsl)},
		{[]string{a + "Interface", lte, a + "Enable", "true"}, true, name(lte)},
		{[]string{b + "Interface", lte}, false, name(lte)}, // has a row
		{[]string{b + "Interface", lte, b + "Enable", "true"}, false, name(lte)},
		{[]string{b + "Interface", "Device.IP.Interface.4"}, false, name(lte)},
		{[]string{b + "Interface", "Device.IP.Interface.5"}, false, name(lte)}, // in the zone, without IPv4
		{[]string{b + "Interface", "Device.IP.Interface.3", b + "Enable", "true"}, false, name(lte)},
		{[]string{b + "Interface", "Device.IP.Interface.1"}, false, name(lte)}, // the loopback
		{[]string{b + "Interface", "Device.IP.Interface.999"}, false, name(lte)},
		{[]string{b + "Interface", "Device.NAT.PortMapping.1"}, false, name(lte)},
		{[]string{b + "SourceNetwork", "192.168.20.0/25"}, false, name(lte)}, // in no zone
		{[]string{wan + "Interface", dsl}, false, name(lte)},
		{[]string{wan + "Enable", "false", wanb + "Enable", "false"}, false, name(lte)},
		{[]string{b + "Enable", "true", b + "Interface", dsl}, true, name(lte) + " " + name(dsl)},
		{[]string{a + "Interface", dsl, b + "Interface", lte}, true, name(dsl) + " " + name(lte)}, // change places
		{[]string{a + "Interface", "", b + "Interface", dsl}, true, name(dsl)},
		{[]string{a + "Enable", "false", a + "Interface", lte, b + "Enable", "false"}, true, ""},
		{[]string{a + "Enable", "true", wan + "Enable", "false", wanb + "Enable", "false"}, false, ""},
		{[]string{wan + "Enable", "false", wanb + "Enable", "false"}, true, ""},
		{[]string{a + "Enable", "true"}, false, ""}, // nothing is translated
		{[]string{a + "Enable", "true", wan + "Enable", "true", wanb + "Enable", "true"}, true, name(lte)},
	} {
		before := l.config("firewall")
		err := l.try(step.set...)
		if (err == nil) != step.ok || !step.ok && l.config("firewall") != before {
			t.Errorf("step %d, %q: %v", i, step.set, err)
		}
		if got, want := zone(), strings.TrimSpace("wan wan6 wanb "+step.want); got != want {
			t.Errorf("step %d, %q: the zone has %q, want %q", i, step.set, got, want)
		}
	}
	if got := l.value(a+"Status") + " " + l.value(b+"Status"); got != "Error Disabled" { // the interface is down
		t.Errorf("status %q", got)
	}
}

// TestPoolRange writes both ends, in each order, and keeps within the subnet.
func TestPoolRange(t *testing.T) {
	l := newLAN(t)
	const pool = "Device.DHCPv4.Server.Pool.1."
	l.set(pool+"MinAddress", "192.168.1.250", pool+"MaxAddress", "192.168.1.254")
	if s := l.section("dhcp", "lan"); s.Get("start") != "250" || s.Get("limit") != "5" {
		t.Errorf("start %q, limit %q", s.Get("start"), s.Get("limit"))
	}
	l.set(pool+"MaxAddress", "192.168.1.30", pool+"MinAddress", "192.168.1.20")
	if s := l.section("dhcp", "lan"); s.Get("start") != "20" || s.Get("limit") != "11" {
		t.Errorf("start %q, limit %q", s.Get("start"), s.Get("limit"))
	}
	l.set(pool+"LeaseTime", "-1")
	if got := l.section("dhcp", "lan").Get("leasetime"); got != "infinite" {
		t.Errorf("leasetime is %q", got)
	}
	for _, pairs := range [][]string{
		{pool + "MinAddress", "192.168.2.1"}, {pool + "MinAddress", "192.168.1.31"}, {pool + "MaxAddress", "192.168.1.255"},
		{pool + "MinAddress", "192.168.1.0"}, {pool + "LeaseTime", "119"}, {pool + "ReservedAddresses", "192.168.1.25"},
		{pool + "AllowedDevices", "Unknown"}, {pool + "DomainName", "a b"},
		{pool + "StaticAddress.1.Yiaddr", "192.168.20.5"}, {pool + "StaticAddress.1.Yiaddr", "192.168.1.1"},
		{pool + "StaticAddress.1.Chaddr", "30:05:5C:7D:20:88"}, // the printer's
		{pool + "Option.1.Tag", "6"}, {pool + "Option.1.Value", "0102"},
	} {
		before := l.config("dhcp")
		if err := l.try(pairs...); err == nil || l.config("dhcp") != before {
			t.Errorf("%q was taken: %v", pairs, err)
		}
	}
}

// TestSwitchedOffAndOnAgain: what OpenWrt cannot switch off keeps its row, its number and all its options.
func TestSwitchedOffAndOnAgain(t *testing.T) {
	l := newLAN(t)
	for _, row := range []string{
		"Device.DHCPv4.Server.Pool.1.StaticAddress.1.", // anonymous
		"Device.DHCPv4.Server.Pool.1.StaticAddress.2.", // named, with options of its own
		"Device.DHCPv4.Server.Pool.1.Option.1.",
		"Device.DNS.Relay.Forwarding.1.",
		"Device.DNS.Client.Server.2.",
		"Device.DNS.Zone.1.Host.1.",
		"Device.DNS.Zone.1.Host.2.",
	} {
		before := l.all(row)
		l.set(row+"Enable", "false")
		off := l.all(row)
		for path, v := range before {
			if off[path] != v && !strings.HasSuffix(path, ".Enable") && !strings.HasSuffix(path, ".Status") {
				t.Errorf("%s is %q while it is off, was %q", path, off[path], v)
			}
		}
		if off[row+"Enable"] != "false" {
			t.Errorf("%sEnable is %q", row, off[row+"Enable"])
		}
		l.set(row+"Enable", "true")
		if on := l.all(row); !maps.Equal(on, before) {
			t.Errorf("%s is %v after it was switched on again, was %v", row, on, before)
		}
	}
	if s := l.section("dhcp", "printer"); s == nil || s.Type != "host" || s.Get("dns") != "1" {
		t.Errorf("the printer lost something:\n%s", l.config("dhcp"))
	}
}

// TestServerOfDHCP remembers which pools to switch on again, and leaves DHCPv6 alone.
func TestServerOfDHCP(t *testing.T) {
	l := newLAN(t)
	l.set("Device.DHCPv4.Server.Enable", "false")
	for _, name := range []string{"lan", "guest"} {
		if s := l.section("dhcp", name); s.Get("dhcpv4") != "disabled" || s.Get("ignore") != "" {
			t.Errorf("%s: dhcpv4 %q, ignore %q", name, s.Get("dhcpv4"), s.Get("ignore"))
		}
	}
	l.set("Device.DHCPv4.Server.Enable", "true")
	if l.value("Device.DHCPv4.Server.Pool.1.Enable") != "true" || l.value("Device.DHCPv4.Server.Pool.3.Enable") != "false" {
		t.Error("other pools are on than before")
	}
}

// TestLearnedServersAreReadOnly: what the provider gave cannot be set or deleted.
func TestLearnedServersAreReadOnly(t *testing.T) {
	l := newLAN(t)
	for _, row := range []string{"Device.DNS.Client.Server.3.", "Device.DNS.Relay.Forwarding.2."} {
		if err := l.try(row+"Enable", "false"); err == nil {
			t.Errorf("%sEnable was set", row)
		}
		tx, err := l.tree.Begin(t.Context(), model.FromACS)
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Delete(t.Context(), row); err == nil {
			t.Errorf("%s was deleted", row)
		}
		tx.Close()
	}
}

// TestListOfForbiddenStations is not turned into a list of allowed ones.
func TestListOfForbiddenStations(t *testing.T) {
	l := newLAN(t)
	const ap = "Device.WiFi.AccessPoint.3."
	if err := l.try(ap+"AllowedMACAddress", "02:00:00:00:00:01"); err == nil {
		t.Error("the list of forbidden stations was written over")
	}
	l.set(ap+"MACAddressControlEnabled", "true")
	if got := l.value(ap + "AllowedMACAddress"); got != "" {
		t.Errorf("those who were forbidden are allowed: %s", got)
	}
	l.set(ap+"AllowedMACAddress", "02:00:00:00:00:01")
	if got := l.value(ap + "AllowedMACAddress"); !strings.EqualFold(got, "02:00:00:00:00:01") {
		t.Errorf("allowed is %q", got)
	}
}

// TestHostileValues stores them as they are, and the files stay whole (T-184).
func TestHostileValues(t *testing.T) {
	l := newLAN(t)
	row := l.add("Device.NAT.PortMapping.")
	for _, hostile := range []string{
		`'; reboot;#`, `it's`, `'`, `''`, `"`, `\`, `\'`, "a\tb", "two\nlines", "\noption enabled '0'\nconfig x", "😀 été", "$(reboot)", "`reboot`",
		" lead", "trail ", "#no comment", "a;b", strings.Repeat("x", 256),
	} {
		l.set(row+"Description", hostile)
		if got := l.value(row + "Description"); got != hostile {
			t.Errorf("%q reads %q", hostile, got)
		}
		if s := l.section("firewall", strings.ReplaceAll(row, "Device.NAT.PortMapping.", "cwmp_pm_")[:len("cwmp_pm_")+1]); s == nil || strings.ContainsAny(s.Get("name"), "\"\n") || len(s.Get("name")) > 100 ||
			s.Get("name") != hostile && !strings.ContainsAny(hostile, "\"\n\t") && len(hostile) < 100 {
			t.Errorf("%q stands differently, or so that nft would not load the firewall:\n%s", hostile, l.config("firewall"))
		}
		l.configs()
	}
	for _, hostile := range []string{`'; reboot;#`, `it's`, `"quoted"`, `back\slash`, "a\tb", "😀 été", "$(reboot)", " x "} {
		l.set("Device.WiFi.SSID.1.SSID", hostile)
		if got := l.section("wireless", "default_radio0").Get("ssid"); got != hostile {
			t.Errorf("SSID %q stands as %q", hostile, got)
		}
		key := hostile + "12345678"
		l.set("Device.WiFi.AccessPoint.1.Security.KeyPassphrase", key)
		if got := l.section("wireless", "default_radio0").Get("key"); got != key {
			t.Errorf("a key stands differently")
		}
		l.configs()
	}
	// Where a service would take it for something else it is refused: hostapd and dnsmasq have lines.
	for _, pairs := range [][]string{
		{"Device.WiFi.SSID.1.SSID", "two\nlines"}, {"Device.WiFi.SSID.1.SSID", ""}, {"Device.WiFi.SSID.1.SSID", strings.Repeat("é", 17)},
		{"Device.WiFi.AccessPoint.1.Security.RadiusSecret", "x\nssid=y"}, {"Device.WiFi.AccessPoint.1.Accounting.Secret", "x\ny"},
		{"Device.WiFi.AccessPoint.1.Interworking.VenueType", "1\nx=y"}, {"Device.WiFi.AccessPoint.1.WPS.PIN", "12345678;"},
		{"Device.DHCPv4.Server.Pool.1.DomainName", "x\ndhcp-script=/bin/sh"},
		{"Device.DNS.Zone.1.Name", "x\nserver=/x/"}, {"Device.DNS.Zone.1.Host.1.Name", "x\ny"},
		{"Device.DHCPv4.Server.Pool.1.Option.1.Tag", "66", "Device.DHCPv4.Server.Pool.1.Option.1.Value", "610a62"},
	} {
		before := l.configs()
		if err := l.try(pairs...); err == nil || !maps.Equal(before, l.configs()) {
			t.Errorf("%q was taken: %v", pairs, err)
		}
	}
}

// TestOwnValueAgain: setting every parameter to what it is changes no file (T-185).
func TestOwnValueAgain(t *testing.T) {
	l := newLAN(t)
	l.set("Device.NAT.PortMapping.1.Description", "so that the files are as we write them")
	before := l.configs()
	for _, object := range lanObjects {
		all := l.writable(object)
		for _, path := range slices.Sorted(maps.Keys(all)) {
			if all[path].Hidden {
				continue
			}
			if err := l.try(path, l.value(path)); err != nil && l.value(path) != "" {
				t.Errorf("%s=%q: %v", path, l.value(path), err)
			}
			if changed := changedIn(before, l.configs()); len(changed) > 0 {
				t.Errorf("%s=%q changed %q", path, l.value(path), changed)
				before = l.configs()
			}
		}
	}
}

// TestPoolForSomeDevices writes what makes dnsmasq serve some devices from a pool, and takes it away again.
func TestPoolForSomeDevices(t *testing.T) {
	l := newLAN(t)
	l.set("Device.DHCPv4.Server.Pool.1.LeaseTime", "3600") // so that the file is as we write it
	before := l.config("dhcp")
	const pool = "Device.DHCPv4.Server.Pool.1."
	l.set(pool+"ChaddrMask", "FF:FF:FF:00:00:00", pool+"Chaddr", "02:AA:BB:00:00:00", pool+"ChaddrExclude", "true",
		pool+"VendorClassID", "ACME STB", pool+"UserClassID", "696e7465726e6574")
	if got := strings.Join(l.section("dhcp", "lan").List("tag"), " "); !strings.Contains(got, "!cwmp_lan_mac") || !strings.Contains(got, "cwmp_lan_vendor") {
		t.Errorf("the pool's tags are %q", got)
	}
	for section, want := range map[string]string{"cwmp_lan_mac": "02:aa:bb:*:*:*", "cwmp_lan_vendor": "ACME STB", "cwmp_lan_user": "internet"} {
		s := l.section("dhcp", section)
		if s == nil || s.Get("networkid") != section || s.Get(s.Type)+s.Get("vendorclass")+s.Get("userclass") == "" || !strings.Contains(l.config("dhcp"), "'"+want+"'") {
			t.Errorf("%s is not there with %q:\n%s", section, want, l.config("dhcp"))
		}
	}
	for name, want := range map[string]string{
		"Chaddr": "02:AA:BB:00:00:00", "ChaddrMask": "FF:FF:FF:00:00:00", "ChaddrExclude": "true", "VendorClassIDExclude": "false", "UserClassID": "696e7465726e6574",
	} {
		if got := l.value(pool + name); !strings.EqualFold(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, pairs := range [][]string{
		{pool + "ChaddrMask", "FF:FF:F0:00:00:00"}, {pool + "Chaddr", "02:AA:BB:CC:00:00"}, {pool + "VendorClassID", "a,b"},
		{pool + "UserClassID", "0a"}, {"Device.DHCPv4.Server.Pool.2.ChaddrMask", "FF:FF:FF:FF:FF:FF"},
	} {
		if err := l.try(pairs...); err == nil {
			t.Errorf("%q was taken", pairs)
		}
	}
	l.set(pool+"Chaddr", "", pool+"ChaddrExclude", "false", pool+"VendorClassID", "", pool+"UserClassID", "")
	if after := l.config("dhcp"); after != before {
		t.Errorf("something is left:\n%s", after)
	}
}

// TestResetOfCounters: counters begin at 0 again, and what was before is not lost to the kernel.
func TestResetOfCounters(t *testing.T) {
	l := newLAN(t)
	for _, stats := range []string{"Device.WiFi.SSID.1.Stats.", "Device.WiFi.Radio.1.Stats."} {
		if l.value(stats+"BytesSent") == "0" {
			t.Errorf("%sBytesSent is 0 from the beginning", stats)
		}
		l.set(stats+"Reset", "true")
		if got := l.value(stats + "BytesSent"); got != "0" {
			t.Errorf("%sBytesSent is %s after Reset", stats, got)
		}
		if got := l.value(stats + "Reset"); got != "false" {
			t.Errorf("%sReset reads %s", stats, got)
		}
	}
	if l.value("Device.WiFi.SSID.2.Stats.BytesSent") == "0" {
		t.Error("another SSID was reset too")
	}
}

// TestMappingsOfMiniupnpd are there and cannot be set.
func TestMappingsOfMiniupnpd(t *testing.T) {
	l := newLAN(t)
	lease := "TCP:50123:192.168.1.121:22:4102444800:ssh: home\nUDP:x\nrubbish\n"
	if err := os.WriteFile(l.router.Path("var/run/miniupnpd.leases"), []byte(lease), 0o644); err != nil {
		t.Fatal(err)
	}
	row := l.find("Device.NAT.PortMapping.", "Origin", "UPnP")
	for name, want := range map[string]string{
		"ExternalPort": "50123", "InternalPort": "22", "InternalClient": "192.168.1.121", "Protocol": "TCP", "Description": "ssh: home",
		"Status": "Enabled", "Interface": "Device.IP.Interface.4",
	} {
		if got := l.value(row + name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if err := l.try(row+"Enable", "false"); err == nil {
		t.Error("it was switched off")
	}
	if n := l.value("Device.NAT.PortMappingNumberOfEntries"); n != "7" {
		t.Errorf("%s rows, want 7", n)
	}
}
