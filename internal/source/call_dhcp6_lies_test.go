package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// leases6 is the answer of odhcpd with these leases on the LAN.
func leases6(list string) map[string]string {
	return map[string]string{"ubus/dhcp.ipv6leases.json": `{"device":{"br-lan.1":{"leases":[` + list + `]}}}`}
}

// What odhcpd says may be broken: the pool is read all the same, without what makes no sense.
func TestLeases6ThatLie(t *testing.T) {
	const pool = "Device.DHCPv6.Server.Pool.1."
	for _, c := range []struct{ name, leases, clients, addresses string }{
		{"none", "", "0", ""},
		{"no list", `null`, "0", ""},
		{"no DUID", `{"ipv6-addr":[{"address":"2001:db8::1"}]}`, "0", ""},
		{"a DUID that is none", `{"duid":"zz"},{"duid":"` + strings.Repeat("ab", 131) + `"},{"duid":7.5}`, "0", ""},
		{"one with two associations", `{"duid":"00030001aabbccddeeff","valid":5,"ipv6-addr":[{"address":"2001:db8::1","valid-lifetime":5}]},
			{"duid":"00030001AABBCCDDEEFF","valid":5,"ipv6-addr":[{"address":"2001:db8::2"},{"address":"2001:db8::1"}]}`, "1", "2"},
		{"addresses that are none", `{"duid":"0001","ipv6-addr":{"x":1},"ipv6-prefix":"y","valid":-1}`, "1", "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNetRouter(t, leases6(c.leases))
			n.want(pool+"ClientNumberOfEntries", c.clients)
			if c.addresses != "" {
				n.want(pool+"Client.1.IPv6AddressNumberOfEntries", c.addresses)
			}
			n.read("Device.DHCPv6.")
		})
	}
}

// TestRecordedLeases6 reads what real routers said.
func TestRecordedLeases6(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/fixtures/ubus/*/dhcp.ipv6leases.json")
	if len(files) == 0 {
		t.Skip("the recorded answers are not beside this repository")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n := newNetRouter(t, map[string]string{"ubus/dhcp.ipv6leases.json": strings.ReplaceAll(string(text), "br-lan", "br-lan.1")})
		n.want("Device.DHCPv6.Server.Pool.1.ClientNumberOfEntries", "0")
	}
}

// What a DHCPv6 reply brought may be cut off.
func TestReceivedOptionsThatLie(t *testing.T) {
	for passthru, want := range map[string]string{
		"": "0", "00": "0", "zz": "0", "0017": "0", "00170010": "0", "0017000020": "1", "00170000001700010a": "2",
	} {
		dump, err := os.ReadFile("../sandbox/root/ubus/network.interface.dump.json")
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(dump), "0017001020010db8005300000000000000000053", passthru)
		status, err := os.ReadFile("../sandbox/root/ubus/network.interface.wan6.status.json")
		if err != nil {
			t.Fatal(err)
		}
		n := newNetRouter(t, map[string]string{
			"ubus/network.interface.dump.json":        text,
			"ubus/network.interface.wan6.status.json": strings.ReplaceAll(string(status), "0017001020010db8005300000000000000000053", passthru),
		})
		n.want("Device.DHCPv6.Client.1.ReceivedOptionNumberOfEntries", want)
		n.read("Device.DHCPv6.Client.1.")
	}
}
