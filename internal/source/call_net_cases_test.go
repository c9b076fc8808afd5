package source_test

import (
	"os"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
)

// netCases are what operators do to a network, each on the router as it came.
var netCases = []struct {
	name string
	run  func(*testing.T, *netRouter)
}{
	{"a VLAN's number renames its device and its users", netVLANIDRenamesTheDeviceAndItsUsers},
	{"a VLAN device without a section", netVLANIDOfADeviceWithoutASection},
	{"a priority gives a VLAN device its section", netVLANPriorityMakesASection},
	{"a new uplink on a VLAN", netANewUplinkOnAVLAN},
	{"a port is switched off and on", netPortOffAndOn},
	{"a port gets another device", netPortGetsAnotherDevice},
	{"PVID", netPVID},
	{"a VLAN of a bridge", netBridgeVLAN},
	{"the number of a bridge's VLAN moves its interface", netBridgeVLANIDMovesTheInterface},
	{"a new bridge", netANewBridge},
	{"forms of static addresses", netStaticAddressForms},
	{"an address is switched off and on", netAddressOffAndOn},
	{"dynamic addresses", netDynamicAddresses},
	{"an interface is deleted", netDeleteInterface},
	{"settings of an interface", netInterfaceSettings},
	{"PPP", netPPP},
	{"routes", netRoutes},
	{"counters are reset", netStatsReset},
	{"no configuration", netWithoutConfiguration},
	{"a bond", netBond},
}

func TestNetCases(t *testing.T) {
	n := newNetRouter(t, nil)
	for _, c := range netCases {
		t.Run(c.name, func(t *testing.T) {
			n.reset(t)
			c.run(t, n)
		})
	}
}

// A VLAN netdev called after its VLAN gets a new name, and so do all who use it; the row stays the same.
func netVLANIDRenamesTheDeviceAndItsUsers(t *testing.T, n *netRouter) {
	row := n.row("Device.Ethernet.VLANTermination.", "Name", "wan.35")
	wanb := n.row("Device.PPP.Interface.", "Name", "pppoe-wanb")
	n.set(row+"VLANID", "36")
	n.want(row+"Name", "wan.36")
	n.want(row+"VLANID", "36")
	n.want(wanb+"LowerLayers", strings.TrimSuffix(row, "."))
	n.wantSection("network", "uplink_vlan", "type=8021q;ifname=wan;vid=36;name=wan.36;")
	if got := n.section("network", "wanb"); !strings.Contains(got, "device=wan.36;") {
		t.Errorf("wanb is %s", got)
	}
	n.load() // the number outlives the daemon
	n.want(row+"Name", "wan.36")
	n.set(row+"LowerLayers", "Device.Ethernet.Link."+number(n.row("Device.Ethernet.Link.", "Name", "br-lan")))
	n.want(row+"Name", "br-lan.36")
	n.set(row+"VLANID", "35", row+"LowerLayers", "Device.Ethernet.Link."+number(n.row("Device.Ethernet.Link.", "Name", "wan")))
	n.want(row+"Name", "wan.35")
}

func number(row string) string {
	row = strings.TrimSuffix(row, ".")
	return row[strings.LastIndexByte(row, '.')+1:]
}

// The VLAN of a netdev that exists by its name alone changes that name in the interface.
func netVLANIDOfADeviceWithoutASection(t *testing.T, n *netRouter) {
	row := n.row("Device.Ethernet.VLANTermination.", "Name", "br-lan.20")
	n.set(row+"VLANID", "30")
	if got := n.section("network", "guest"); !strings.Contains(got, "device=br-lan.30;") {
		t.Errorf("guest is %s", got)
	}
	n.want(row+"VLANID", "30")
	n.wantReason(n.trySet(row+"VLANID", "1"), model.BadValue) // br-lan.1 is the LAN's
}

// Settings that only a typed device has give it the section that its name stood for.
func netVLANPriorityMakesASection(t *testing.T, n *netRouter) {
	row := n.row("Device.Ethernet.VLANTermination.", "Name", "br-lan.20")
	n.set(row+"VLANPriority", "5")
	n.want(row+"VLANPriority", "5")
	n.wantSection("network", "cwmp_dev_br_lan_20", "name=br-lan.20;type=8021q;ifname=br-lan;vid=20;egress_qos_mapping=0:5;")
}

// A new VLAN on a port carries a new interface: four rows from AddObject to a working uplink.
func netANewUplinkOnAVLAN(t *testing.T, n *netRouter) {
	vlan := n.add("Device.Ethernet.VLANTermination.")
	link := n.row("Device.Ethernet.Link.", "Name", "wan")
	n.set(vlan+"VLANID", "70", vlan+"LowerLayers", strings.TrimSuffix(link, "."), vlan+"Enable", "true")
	ppp := n.add("Device.PPP.Interface.")
	n.set(ppp+"Enable", "true", ppp+"LowerLayers", strings.TrimSuffix(vlan, "."), ppp+"Username", "u", ppp+"Password", "it's")
	name := n.value(ppp + "Name")
	section := strings.TrimPrefix(name, "pppoe-")
	n.wantSection("network", section, "proto=pppoe;device="+n.value(vlan+"Name")+";username=u;password=it's;")
	ip := n.row("Device.IP.Interface.", "Name", section)
	n.want(ip+"LowerLayers", strings.TrimSuffix(ppp, "."))
	n.wantReason(n.delete(vlan), model.Refused) // it is in use
	if err := n.delete(ppp); err != nil {
		t.Fatal(err)
	}
	if err := n.delete(vlan); err != nil {
		t.Fatal(err)
	}
	if got := n.section("network", section); got != "" {
		t.Errorf("%s is still there: %s", section, got)
	}
}

// Switching a port off takes it out of the bridge's lists and keeps its places in the VLANs.
func netPortOffAndOn(t *testing.T, n *netRouter) {
	bridge := n.row("Device.Bridging.Bridge.", "Name", "br-lan")
	port := n.row(bridge+"Port.", "Name", "lan4")
	places := len(n.read(bridge + "VLANPort."))
	n.set(port+"Enable", "false")
	if text := n.config("network"); strings.Contains(text, "lan4") {
		t.Errorf("lan4 is still in\n%s", text)
	}
	n.load()
	n.want(port+"Enable", "false")
	n.want(port+"Name", "lan4")
	if got := len(n.read(bridge + "VLANPort.")); got != places {
		t.Errorf("%d parameters of VLANPort, want %d", got, places)
	}
	n.set(port+"Enable", "true")
	text := n.config("network")
	for _, want := range []string{"list ports 'lan4'", "list ports 'lan4:t'", "list ports 'lan4:u*'"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// A port gets another netdev: it keeps its row and its VLANs.
func netPortGetsAnotherDevice(t *testing.T, n *netRouter) {
	bridge := n.row("Device.Bridging.Bridge.", "Name", "br-lan")
	port := n.row(bridge+"Port.", "Name", "lan3")
	lan1 := "Device.Ethernet.Interface." + number(n.row("Device.Ethernet.Interface.", "Name", "lan1"))
	n.wantReason(n.trySet(port+"LowerLayers", lan1), model.BadValue) // a port of the bridge already
	wan := "Device.Ethernet.Interface." + number(n.row("Device.Ethernet.Interface.", "Name", "wan"))
	n.wantReason(n.trySet(port+"LowerLayers", wan), model.BadValue) // interface wan is on it
	n.set(port+"LowerLayers", "")
	n.want(port+"Name", "")
	if text := n.config("network"); strings.Contains(text, "lan3") {
		t.Errorf("lan3 is still in\n%s", text)
	}
	lan3 := "Device.Ethernet.Interface." + number(n.row("Device.Ethernet.Interface.", "Name", "lan3"))
	n.set(port+"LowerLayers", lan3)
	n.want(port+"Name", "lan3")
	text := n.config("network")
	for _, want := range []string{"list ports 'lan3'", "list ports 'lan3:u*'", "list ports 'lan3:t'"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	wifi := n.row(bridge+"Port.", "Name", "phy0-ap0")
	n.wantReason(n.trySet(wifi+"Enable", "false"), model.ReadOnly)
	n.wantReason(n.delete(bridge+"Port.1."), model.Refused) // the management port
}

func netPVID(t *testing.T, n *netRouter) {
	bridge := n.row("Device.Bridging.Bridge.", "Name", "br-lan")
	port := n.row(bridge+"Port.", "Name", "lan1")
	n.want(port+"PVID", "1")
	n.set(port+"PVID", "20")
	n.want(port+"PVID", "20")
	n.want(port+"AcceptableFrameTypes", "AdmitAll")
	n.wantSection("network", "guest_vlan", "device=br-lan;vlan=20;ports=lan3:t|lan4:u*|lan1:u*;")
	if text := n.config("network"); !strings.Contains(text, "list ports 'lan1:u'") {
		t.Errorf("lan1 left VLAN 1:\n%s", text)
	}
	n.wantReason(n.trySet(port+"PVID", "99"), model.BadValue)
}

// A VLAN of the bridge is made, filled, renumbered, switched off and on, and removed.
func netBridgeVLAN(t *testing.T, n *netRouter) {
	bridge := n.row("Device.Bridging.Bridge.", "Name", "br-lan")
	before := n.config("network")
	vlan := n.add(bridge + "VLAN.")
	n.want(vlan+"VLANID", "2") // the lowest that is free
	n.set(vlan+"VLANID", "40", vlan+"Enable", "true")
	place := n.add(bridge + "VLANPort.")
	port := strings.TrimSuffix(n.row(bridge+"Port.", "Name", "lan2"), ".")
	n.set(place+"VLAN", strings.TrimSuffix(vlan, "."), place+"Port", port, place+"Enable", "true")
	n.wantSection("network", "cwmp_br_lan_2", "vlan=40;device=br-lan;ports=lan2:t;")
	n.set(place+"Untagged", "true")
	n.want(place+"Untagged", "true")
	n.wantSection("network", "cwmp_br_lan_2", "vlan=40;device=br-lan;ports=lan2:u;")
	n.set(vlan+"Enable", "false")
	n.wantSection("network", "cwmp_br_lan_2", "vlan=40;cwmp_device=br-lan;")
	n.load()
	n.want(place+"VLAN", strings.TrimSuffix(vlan, "."))
	n.set(vlan+"Enable", "true")
	n.wantSection("network", "cwmp_br_lan_2", "vlan=40;device=br-lan;ports=lan2:u;")
	n.wantReason(n.trySet(vlan+"VLANID", "20"), model.BadValue) // taken
	if err := n.delete(vlan); err != nil {
		t.Fatal(err)
	}
	if got := n.config("network"); got != before {
		t.Errorf("got\n%s\nwant\n%s", got, before)
	}
}

// A VLAN's number is part of the name of its netdev: who stands on it follows.
func netBridgeVLANIDMovesTheInterface(t *testing.T, n *netRouter) {
	bridge := n.row("Device.Bridging.Bridge.", "Name", "br-lan")
	vlan := n.row(bridge+"VLAN.", "VLANID", "20")
	n.set(vlan+"VLANID", "21")
	n.wantSection("network", "guest_vlan", "device=br-lan;vlan=21;ports=lan3:t|lan4:u*;")
	if got := n.section("network", "guest"); !strings.Contains(got, "device=br-lan.21;") {
		t.Errorf("guest is %s", got)
	}
	n.wantReason(n.delete(vlan), model.Refused)
	n.wantReason(n.delete(bridge), model.Refused)
}

// A bridge of our own: port, then an interface on it.
func netANewBridge(t *testing.T, n *netRouter) {
	lan := n.row("Device.Bridging.Bridge.", "Name", "br-lan")
	old := n.row(lan+"Port.", "Name", "lan3")
	if err := n.delete(old); err != nil {
		t.Fatal(err)
	}
	bridge := n.add("Device.Bridging.Bridge.")
	port := n.add(bridge + "Port.")
	lan3 := "Device.Ethernet.Interface." + number(n.row("Device.Ethernet.Interface.", "Name", "lan3"))
	n.set(port+"LowerLayers", lan3, port+"Enable", "true", bridge+"Enable", "true")
	name := n.value(bridge + "Name")
	n.wantSection("network", "cwmp_br_2", "type=bridge;name="+name+";bridge_empty=1;enabled=1;ports=lan3;")
	ip := n.add("Device.IP.Interface.")
	link := n.row("Device.Ethernet.Link.", "Name", name)
	n.want(link+"LowerLayers", strings.TrimSuffix(n.row(bridge+"Port.", "ManagementPort", "true"), "."))
	n.set(ip+"LowerLayers", strings.TrimSuffix(link, "."))
	addr := n.add(ip + "IPv4Address.")
	n.set(addr+"IPAddress", "10.1.0.1", addr+"SubnetMask", "255.255.0.0", addr+"Enable", "true", ip+"Enable", "true")
	n.wantSection("network", n.value(ip+"Name"), "proto=static;device="+name+";ipaddr=10.1.0.1/16;")
	n.load()
	n.want(addr+"IPAddress", "10.1.0.1")
	if got := n.value(ip + "IPv4AddressNumberOfEntries"); got != "1" {
		t.Errorf("%s addresses", got)
	}
	if err := n.delete(ip); err != nil {
		t.Fatal(err)
	}
	if err := n.delete(bridge); err != nil {
		t.Fatal(err)
	}
}

// Each way to write a static address keeps its form.
func netStaticAddressForms(t *testing.T, n *netRouter) {
	cases := []struct{ name, before, ip, mask, after string }{
		{"option with netmask", "	option ipaddr '192.168.1.1'\n	option netmask '255.255.255.0'\n", "192.168.2.1", "255.255.254.0", "ipaddr=192.168.2.1;netmask=255.255.254.0;"},
		{"option with a length", "	option ipaddr '192.168.1.1/24'\n", "192.168.2.1", "255.255.254.0", "ipaddr=192.168.2.1/23;"},
		{"option with a mask behind a slash", "	option ipaddr '192.168.1.1/255.255.255.0'\n", "192.168.2.1", "255.255.255.0", "ipaddr=192.168.2.1/24;"},
		{"list", "	list ipaddr '192.168.1.1/24'\n	list ipaddr '10.0.0.1/8'\n", "192.168.2.1", "255.255.254.0", "ipaddr=192.168.2.1/23|10.0.0.1/8;"},
		{"two in one option", "	option ipaddr '192.168.1.1/24 10.0.0.1/8'\n", "192.168.2.1", "255.255.255.0", "ipaddr=192.168.2.1/24|10.0.0.1/8;"},
		{"list with netmask", "	list ipaddr '192.168.1.1'\n	option netmask '255.255.255.0'\n", "192.168.2.1", "255.255.255.0", "ipaddr=192.168.2.1/24;"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n.reset(t)
			n.write("etc/config/network", "config interface 'lan'\n	option proto 'static'\n"+c.before)
			addr := n.row("Device.IP.Interface.", "Name", "lan") + "IPv4Address.1."
			n.want(addr+"IPAddress", "192.168.1.1")
			n.want(addr+"SubnetMask", "255.255.255.0")
			n.set(addr+"SubnetMask", c.mask, addr+"IPAddress", c.ip)
			n.wantSection("network", "lan", "proto=static;"+c.after)
			n.load()
			n.want(addr+"IPAddress", c.ip)
			n.want(addr+"SubnetMask", c.mask)
		})
	}
}

// An address that is off leaves the configuration and waits; a second one turns the option into a list.
func netAddressOffAndOn(t *testing.T, n *netRouter) {
	lan := n.row("Device.IP.Interface.", "Name", "lan")
	addr := lan + "IPv4Address.1."
	more := n.add(lan + "IPv4Address.")
	n.set(more+"IPAddress", "192.168.9.1", more+"Enable", "true")
	n.want(more+"Status", "Error_Misconfigured") // no mask yet
	n.set(more+"SubnetMask", "255.255.255.0")
	const rest = "ip6assign=60;"
	if got := n.section("network", "lan"); got != "device=br-lan.1;proto=static;ipaddr=192.168.1.1|192.168.9.1/24;netmask=255.255.255.0;"+rest {
		t.Errorf("lan is %s", got)
	}
	n.set(addr+"Enable", "false")
	if got := n.section("network", "lan"); !strings.Contains(got, "ipaddr=192.168.9.1/24;") || strings.Contains(got, "netmask") {
		t.Errorf("lan is %s", got)
	}
	n.load()
	n.want(addr+"IPAddress", "192.168.1.1")
	n.want(addr+"Enable", "false")
	n.want(lan+"IPv4Enable", "true")
	n.set(lan+"IPv4Enable", "false")
	n.want(more+"Enable", "false")
	n.set(lan+"IPv4Enable", "true")
	n.want(addr+"Enable", "true")
	n.wantReason(n.trySet(more+"IPAddress", "192.168.1.1"), model.BadValue) // twice
}

// What a provider gave can be read and not be changed, and cannot be given by hand beside it.
func netDynamicAddresses(t *testing.T, n *netRouter) {
	wan := n.row("Device.IP.Interface.", "Name", "wan")
	n.want(wan+"IPv4Address.1.AddressingType", "DHCP")
	n.wantReason(n.trySet(wan+"IPv4Address.1.IPAddress", "192.0.2.1"), model.ReadOnly)
	n.wantReason(n.delete(wan+"IPv4Address.1."), model.Refused)
	err := n.do(func(tx *model.Tx) error { _, err := tx.Add(t.Context(), wan+"IPv4Address."); return err })
	n.wantReason(err, model.Refused)
	n.want(n.row("Device.IP.Interface.", "Name", "wanb")+"IPv4Address.1.AddressingType", "IPCP")
	half := n.row("Device.IP.Interface.", "Name", "wanb_6")
	n.wantReason(n.trySet(half+"Enable", "false"), model.ReadOnly)
	wan6 := n.row("Device.IP.Interface.", "Name", "wan6")
	n.want(n.row(wan6+"IPv6Address.", "IPAddress", "2001:db8:7::45:1")+"Origin", "DHCPv6")
	lan := n.row("Device.IP.Interface.", "Name", "lan")
	child := n.row(lan+"IPv6Prefix.", "Prefix", "2001:db8:1200:10::/60")
	n.want(child+"Origin", "Child")
	n.want(child+"ParentPrefix", strings.TrimSuffix(n.row(wan6+"IPv6Prefix.", "Prefix", "2001:db8:1200::/56"), "."))
	n.set(child+"ChildPrefixBits", "0:0:0:30::/62")
	n.want(child+"ChildPrefixBits", "0:0:0:30::/62")
	if got := n.section("network", "lan"); !strings.Contains(got, "ip6assign=62;ip6hint=30;") {
		t.Errorf("lan is %s", got)
	}
	address := n.row(lan+"IPv6Address.", "IPAddress", "2001:db8:1200:10::1")
	n.want(address+"Prefix", strings.TrimSuffix(child, "."))
	n.want(address+"IPAddressStatus", "Preferred")
}

// Deleting an interface takes its name out of the firewall, of DHCP, of Wi-Fi and of the routes.
func netDeleteInterface(t *testing.T, n *netRouter) {
	n.wantReason(n.delete(n.row("Device.IP.Interface.", "Name", "loopback")), model.Refused)
	if err := n.delete(n.row("Device.IP.Interface.", "Name", "wan")); err != nil {
		t.Fatal(err)
	}
	if got := n.section("network", "wan"); got != "" {
		t.Errorf("wan is still there: %s", got)
	}
	if got := n.section("network", "office"); strings.Contains(got, "interface=") || !strings.Contains(got, "disabled=1") {
		t.Errorf("the route through wan is %s", got)
	}
	for _, pkg := range []string{"firewall", "dhcp", "wireless"} {
		if text := n.config(pkg); strings.Contains(text, "network 'wan'") || strings.Contains(text, "interface 'wan'") {
			t.Errorf("wan is still in /etc/config/%s:\n%s", pkg, text)
		}
	}
}

func netInterfaceSettings(t *testing.T, n *netRouter) {
	lan := n.row("Device.IP.Interface.", "Name", "lan")
	wanb := n.row("Device.IP.Interface.", "Name", "wanb")
	guest := n.row("Device.IP.Interface.", "Name", "guest")
	n.set(lan+"Enable", "false")
	if got := n.section("network", "lan"); !strings.Contains(got, "disabled=1;") {
		t.Errorf("lan is %s", got)
	}
	n.set(lan+"Enable", "true")
	n.set(lan+"MaxMTUSize", "1400", wanb+"MaxMTUSize", "1480")
	if got := n.section("network", "lan"); !strings.Contains(got, "mtu=1400;") {
		t.Errorf("lan is %s", got)
	}
	// A device section made later takes the interface's settings over, since netifd then looks only there.
	vlan := n.row("Device.Ethernet.VLANTermination.", "Name", "br-lan.1")
	n.set(vlan+"Enable", "false")
	n.wantSection("network", "cwmp_dev_br_lan_1", "name=br-lan.1;mtu=1400;enabled=0;")
	n.want(lan+"MaxMTUSize", "1400")
	n.want(guest+"ULAEnable", "false") // its ip6class says wan6
	n.set(guest+"ULAEnable", "true")
	if got := n.section("network", "guest"); !strings.Contains(got, "ip6class=wan6|local;") {
		t.Errorf("guest is %s", got)
	}
	n.set(lan+"ULAEnable", "false")
	if got := n.section("network", "lan"); !strings.Contains(got, "ip6class=wan6|rd;") {
		t.Errorf("lan is %s", got)
	}
	n.set(wanb+"IPv6Enable", "false")
	if got := n.section("network", "wanb"); !strings.Contains(got, "ipv6=0;") {
		t.Errorf("wanb is %s", got)
	}
	ppp := n.row("Device.PPP.Interface.", "Name", "pppoe-wanb")
	n.want(ppp+"IPv6CPEnable", "false")
	n.wantReason(n.trySet(wanb+"LowerLayers", strings.TrimSuffix(n.row("Device.Ethernet.Link.", "Name", "wan"), ".")), model.BadValue)
}

func netPPP(t *testing.T, n *netRouter) {
	ppp := n.row("Device.PPP.Interface.", "Name", "pppoe-wanb")
	n.set(ppp+"LCPEcho", "20")
	n.set(ppp+"LCPEchoRetry", "3")
	n.set(ppp+"ConnectionTrigger", "OnDemand")
	got := n.section("network", "wanb")
	for _, want := range []string{"keepalive=3 20;", "demand=300;"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	n.want(ppp+"IdleDisconnectTime", "300")
	n.set(ppp+"ConnectionTrigger", "Manual")
	if got := n.section("network", "wanb"); !strings.Contains(got, "auto=0;") || strings.Contains(got, "demand") {
		t.Errorf("wanb is %s", got)
	}
	n.want(ppp+"Password", "")
	n.want(ppp+"IPv6CP.LocalInterfaceIdentifier", "::c00a:2eff:fe00:77")
}

func netRoutes(t *testing.T, n *netRouter) {
	table := "Device.Routing.Router.1.IPv4Forwarding."
	office := n.row(table, "DestIPAddress", "192.0.2.0")
	n.set(office+"DestSubnetMask", "255.255.255.128", office+"Enable", "true")
	n.wantSection("network", "office", "interface=wan;target=192.0.2.0/25;gateway=203.0.113.9;metric=50;")
	n.want(office+"Status", "Error_Misconfigured") // the kernel has not got it
	route := n.add(table)
	lan := strings.TrimSuffix(n.row("Device.IP.Interface.", "Name", "lan"), ".")
	n.set(route+"DestIPAddress", "10.30.0.0", route+"DestSubnetMask", "255.255.0.0", route+"GatewayIPAddress", "192.168.1.253",
		route+"Interface", lan, route+"ForwardingMetric", "7", route+"Enable", "true")
	var section string
	for _, line := range strings.Split(n.config("network"), "\n") {
		if name, ok := strings.CutPrefix(line, "config route 'cwmp_route_"); ok {
			section = "cwmp_route_" + strings.TrimSuffix(name, "'")
		}
	}
	n.wantSection("network", section, "target=10.30.0.0;netmask=255.255.0.0;gateway=192.168.1.253;interface=lan;metric=7;")
	kernel := n.row(table, "GatewayIPAddress", "203.0.113.1")
	n.want(kernel+"StaticRoute", "false")
	n.wantReason(n.trySet(kernel+"Enable", "false"), model.ReadOnly)
	n.wantReason(n.delete(kernel), model.Refused)
	// Removing the configured route of the LAN leaves the kernel's until the network is reloaded.
	bench := n.row(table, "DestIPAddress", "10.20.0.0")
	if err := n.delete(bench); err != nil {
		t.Fatal(err)
	}
	n.want(n.row(table, "DestIPAddress", "10.20.0.0")+"StaticRoute", "false")
}

// A Reset counts from now on, and not beyond a reboot.
func netStatsReset(t *testing.T, n *netRouter) {
	stats := n.row("Device.Ethernet.Interface.", "Name", "lan1") + "Stats."
	link := n.row("Device.Ethernet.Link.", "Name", "br-lan") + "Stats."
	before := n.value(link + "BytesSent")
	if n.value(stats+"BytesSent") == "0" {
		t.Fatal("the sandbox counts nothing")
	}
	n.set(stats+"Reset", "true")
	n.want(stats+"BytesSent", "0")
	n.want(stats+"UnicastPacketsReceived", "0")
	n.want(stats+"Reset", "false")
	n.want(link+"BytesSent", before)
	n.load()
	n.want(stats+"BytesSent", "0")
	n.write("proc/sys/kernel/random/boot_id", "another-boot\n")
	n.load()
	if n.value(stats+"BytesSent") == "0" {
		t.Error("after a reboot it still counts from the Reset")
	}
}

// Without the network package nothing of the family exists, and nothing breaks.
func netWithoutConfiguration(t *testing.T, n *netRouter) {
	if err := os.Remove(n.box.Path("etc/config/network")); err != nil {
		t.Fatal(err)
	}
	n.load()
	tx, err := n.tree.Begin(t.Context(), model.FromACS)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Close()
	_, err = tx.Value(t.Context(), "Device.IP.InterfaceNumberOfEntries")
	n.wantReason(err, model.Unknown)
}

// Answers of devices, files and a configuration that make no sense give values that are empty, and no panic.
func TestNetNonsense(t *testing.T) {
	n := newNetRouter(t, map[string]string{
		"etc/config/network": `
config device
	option name 'a.1'
	option type '8021q'
	option ifname 'a.1'
config device
	option name 'br'
	option type 'bridge'
	list ports 'br'
	list ports ':t'
config bridge-vlan
	option device 'br'
	option vlan 'x'
	list ports 'br:*'
	list ports ':'
config interface 'x'
	option device '@y'
	option proto 'static'
	list ipaddr '1.2.3.4/99'
	list ipaddr 'nonsense'
	option netmask '255.0.255.0'
config interface 'y'
	option device '@x'
	option proto 'pppoe'
	option keepalive ' , '
config route
	option target 'a/b'
	option metric 'z'
config route6
	option target '::/200'
`,
		"kernel/routes.json":                    `[{"dest":"10.0.0.0/8","metric":-1,"table":254,"type":1},{"dest":"a/b"},{"table":254,"type":99},{},7]`,
		"kernel/addresses.json":                 `[{"dev":"wan"},{"dev":7,"prefix":"fe80::/200"`,
		"kernel/forwarding.json":                `{}`,
		"proc/net/tcp":                          "a\n 0: zz:yy 00:00 0A\n",
		"proc/net/pppoe":                        "Id\nzzzz a b\n",
		"etc/board.json":                        `{"network":{"wan":{"device":7}}}`,
		"ubus/network.device.status.json":       `{"wan":[1,2],"br":{"bridge-members":"x","present":true,"statistics":7},"":{}}`,
		"ubus/network.interface.dump.json":      `{"interface":[{"interface":"x","ipv4-address":{"a":1},"ipv6-prefix-assignment":[1,{}],"route":["a"],"up":true,"l3_device":"br"},{},7]}`,
		"sys/class/net/br-lan/bridge/stp_state": "",
	})
	if got := len(n.read(netObjects...)); got < 50 {
		t.Errorf("only %d parameters", got)
	}
}

// Two ports become a bond, an interface stands on it, and the ports stand on nothing else.
func netBond(t *testing.T, n *netRouter) {
	table := "Device.Ethernet.LAG."
	n.want("Device.Ethernet.LAGNumberOfEntries", "0")
	add := func(tx *model.Tx) error { _, err := tx.Add(t.Context(), table); return err }
	n.wantReason(n.do(add), model.Refused) // no driver
	n.write("sys/class/net/bonding_masters", "\n")
	bridge := n.row("Device.Bridging.Bridge.", "Name", "br-lan")
	var ports []string
	for _, dev := range []string{"lan3", "lan4"} {
		port := "Device.Ethernet.Interface." + number(n.row("Device.Ethernet.Interface.", "Name", dev))
		ports = append(ports, port)
	}
	lag := n.add(table)
	n.wantReason(n.trySet(lag+"LowerLayers", strings.Join(ports, ",")), model.BadValue) // they are in the bridge
	for _, dev := range []string{"lan3", "lan4"} {
		if err := n.delete(n.row(bridge+"Port.", "Name", dev)); err != nil {
			t.Fatal(err)
		}
	}
	n.set(lag+"LowerLayers", strings.Join(ports, ","), lag+"Enable", "true")
	n.want(lag+"LowerLayers", strings.Join(ports, ","))
	name := n.value(lag + "Name")
	n.wantSection("network", "cwmp_"+name, "type=bonding;name="+name+";policy=802.3ad;enabled=1;ports=lan3|lan4;")
	link := n.row("Device.Ethernet.Link.", "Name", name)
	n.want(link+"LowerLayers", strings.TrimSuffix(lag, "."))
	ip := n.add("Device.IP.Interface.")
	n.set(ip+"LowerLayers", strings.TrimSuffix(link, "."))
	n.wantReason(n.delete(lag), model.Refused)
	n.row("Device.InterfaceStack.", "HigherLayer", strings.TrimSuffix(lag, "."))
	n.set(ip+"LowerLayers", "")
	port := n.add(bridge + "Port.")
	n.set(port+"LowerLayers", strings.TrimSuffix(lag, "."), port+"Enable", "true")
	n.want(port+"Name", name)
	if err := n.delete(port); err != nil {
		t.Fatal(err)
	}
	if err := n.delete(lag); err != nil {
		t.Fatal(err)
	}
}

// The packet itself is the business of package kernel; here it is who may be woken.
func TestWakeOnLAN(t *testing.T) {
	n := newNetRouter(t, nil)
	wol := "Device.Ethernet.WoL."
	n.wantReason(n.trySet(wol+"SendMagicPacket", "true"), model.Refused) // whom
	n.wantReason(n.trySet(wol+"SendMagicPacket", "true", wol+"MACAddress", "00:11:22:33:44:55", wol+"Password", "secret"), model.BadValue)
	n.set(wol+"MACAddress", "00:11:22:33:44:55", wol+"Password", "192.0.2.1", wol+"SendMagicPacket", "true")
	n.want(wol+"SendMagicPacket", "false")
	n.want(wol+"MACAddress", "00:11:22:33:44:55")
}
