package source

// netTable are the values of InterfaceStack, Ethernet, Bridging, IP, PPP and Routing that the network.* objects of ubus,
// /etc/config/network and the kernel's files say only together. They all stand on one index (call_net_index.go), which a
// transaction makes once: of one answer about all devices and one about all interfaces.
//
// Rows of these tables are called after netdevs (Ethernet, Bridging) and after the interfaces of netifd (IP, PPP).
var netTable = []named{
	{"net.name", &Func{Get: netName}},
	{"net.option", &netOption},
	{"net.field", &Func{Get: netField}},
	{"net.status", &Func{Get: netStatus}},
	{"net.counter", &Func{Get: netCounter}},
	{"net.reset", &netReset},

	{"net.ethernet", &Func{Rows: netEthernetRows}},
	{"net.upstream", &Func{Get: netUpstream}},
	{"net.bitrate", &Func{Get: netBitRate}},
	{"net.duplex", &Func{Get: netDuplex}},
	{"net.duplexmode", &netDuplexMode},
	{"net.speeds", &Func{Get: netSpeeds}},
	{"net.maxbitrate", &netMaxBitRate},
	{"net.flow", &netFlow},
	{"net.flowsupported", &Func{Get: netFlowSupported}},
	{"net.links", &Func{Rows: netLinkRows}},
	{"net.link.lower", &Func{Get: netLinkLower}},

	{"net.lags", &Func{Rows: netLAGRows, Add: netLAGAdd, Delete: netLAGDelete}},
	{"net.lag.lower", &netLAGLower},

	{"net.vlans", &Func{Rows: netVLANRows, Add: netVLANAdd, Delete: netVLANDelete}},
	{"net.vlanid", &netVLANID},
	{"net.vlan.lower", &netVLANLower},
	{"net.tpid", &netTPID},

	{"net.bridges", &Func{Rows: netBridgeRows, Add: netBridgeAdd, Delete: netBridgeDelete}},
	{"net.bridge.status", &Func{Get: netBridgeStatus}},
	{"net.bridge.standard", &netBridgeStandard},
	{"net.bridge.aging", &netAging},
	{"net.ports", &Func{Rows: netPortRows, Add: netPortAdd, Delete: netPortDelete}},
	{"net.port.enable", &netPortEnable},
	{"net.port.lower", &netPortLower},
	{"net.port.management", &Func{Get: netPortManagement}},
	{"net.port.type", &Func{Get: netPortType}},
	{"net.port.state", &Func{Get: netPortState}},
	{"net.port.file", &Func{Get: netPortFile}},
	{"net.port.pvid", &netPVID},
	{"net.port.frames", &Func{Get: netPortFrames}},
	{"net.port.ingress", &Func{Get: netPortIngress}},
	{"net.brvlans", &Func{Rows: netBrVLANRows, Add: netBrVLANAdd, Delete: netBrVLANDelete}},
	{"net.brvlan.enable", &netBrVLANEnable},
	{"net.brvlan.id", &netBrVLANID},
	{"net.brvlan.name", &netBrVLANName},
	{"net.vlanports", &Func{Rows: netVLANPortRows, Add: netVLANPortAdd, Delete: netVLANPortDelete}},
	{"net.vlanport", &netVLANPort},

	{"net.interfaces", &Func{Rows: netIPRows, Add: netIfaceAdd, Delete: netIfaceDelete}},
	{"net.interface.ipv4", &netIPv4Enable},
	{"net.ipv6.prefix", &Func{Get: netIPv6Prefix}},
	{"net.sockets", &Func{Rows: netSockets}},
	{"net.socket", &Func{Get: netSocket}},

	{"net.ppps", &Func{Rows: netPPPRows, Add: netIfaceAdd, Delete: netIfaceDelete}},
	{"net.ppp.echo", &netPPPEcho},
	{"net.ppp.session", &Func{Get: netPPPoESession}},
	{"net.ppp.ipcp", &Func{Get: netIPCP}},
	{"net.ppp.ipv6cp", &Func{Get: netIPv6CP}},

	{"net.protos", &Func{Rows: netProtoRows, Add: netIfaceAdd, Delete: netIfaceDelete}},
	{"net.tunnel", &Func{Get: getTunnel, Set: setTunnel, Hook: hookTunnel}},
	{"net.tunnel.any", &Func{Get: getAnyTunnel, Set: setAnyTunnel}},
	{"net.options", &netOptions},

	{"net.routers", &Func{Rows: netRouters}},
	{"net.routeinfo", &Func{Rows: netRouteInfoRows, Get: netRouteInfo}},

	{"net.stack", &Func{Rows: netStackRows, Get: netStack}},

	{"net.eee", &Func{Get: netEEE, Set: netOption.Set}},
	{"net.rmon", &Func{Rows: netRMONRows, Get: netRMON}},
	{"net.wol", &Func{Get: readsFalse, Set: sendMagicPacket}},
	{"sfp.cages", &Func{Rows: sfpCages, Get: sfpCageOf}},
	{"sfp.modules", &Func{Rows: sfpModules}},
	{"sfp.cage", &Func{Get: getCage}},
	{"sfp.value", &Func{Get: sfpValue}},
}

func netMade() map[string]Func {
	memory := &netMemory{}
	route4, route6 := routeKind{"route"}, routeKind{"route6"}
	return map[string]Func{
		"net.lastchange":           {Get: netLastChange(memory)},
		"net.since":                {Get: netStateSince(memory)},
		"net.vlanpriority":         netVLANPriority(),
		"net.interface.enable":     netIfaceEnable(),
		"net.interface.status":     netIfaceStatus(),
		"net.interface.lastchange": netIfaceChange(memory),
		"net.interface.lower":      netIfaceLower(),
		"net.interface.ipv6":       netIPv6Enable(),
		"net.interface.ula":        netULA(),
		"net.interface.mtu":        netMTU(),
		"net.interface.type":       netIfaceType(),
		"net.interface.loopback":   netIfaceLoopback(),
		"net.ipv4":                 {Rows: netIPv4Rows, Add: netAddrAdd("ipaddr"), Delete: netAddrDelete("ipaddr")},
		"net.ipv4.field":           netAddrField("ipaddr"),
		"net.ipv6":                 {Rows: netIPv6Rows, Add: netAddrAdd("ip6addr"), Delete: netAddrDelete("ip6addr")},
		"net.ipv6.field":           netAddrField("ip6addr"),
		"net.prefixes":             {Rows: netPrefixRows, Add: netAddrAdd("ip6prefix"), Delete: netAddrDelete("ip6prefix")},
		"net.prefix":               netPrefix(),
		"net.ppp.name":             netPPPName(),
		"net.ppp.lower":            netPPPLower(),
		"net.ppp.connection":       netPPPConnection(),
		"net.ppp.error":            netPPPError(),
		"net.ppp.trigger":          netPPPTrigger(),
		"net.ppp.dns":              netIPCPServers(),
		"net.routes4":              {Rows: route4.rows},
		"net.route4":               route4.value(),
		"net.routes6":              {Rows: route6.rows},
		"net.route6":               route6.value(),
	}
}
