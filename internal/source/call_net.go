package source

// netFuncs are the values of InterfaceStack, Ethernet, Bridging, IP, PPP and Routing that the network.* objects of ubus,
// /etc/config/network and the kernel's files say only together. They all stand on one index (call_net_index.go), which a
// transaction makes once: of one answer about all devices and one about all interfaces.
//
// Rows of these tables are called after netdevs (Ethernet, Bridging) and after the interfaces of netifd (IP, PPP).
func netFuncs() map[string]Func {
	memory := &netMemory{}
	route4 := routeKind{typ: "route", file: "/proc/net/route", kernel: kernelRoutes4}
	route6 := routeKind{typ: "route6", file: "/proc/net/ipv6_route", kernel: kernelRoutes6}
	return map[string]Func{
		"net.name":       {Get: netName},
		"net.option":     netOption(),
		"net.field":      {Get: netField},
		"net.status":     {Get: netStatus},
		"net.lastchange": {Get: netLastChange(memory)},
		"net.counter":    {Get: netCounter},
		"net.reset":      netReset(),

		"net.ethernet":      {Rows: netEthernetRows},
		"net.upstream":      {Get: netUpstream},
		"net.bitrate":       {Get: netBitRate},
		"net.duplex":        {Get: netDuplex},
		"net.duplexmode":    netDuplexMode(),
		"net.speeds":        {Get: netSpeeds},
		"net.maxbitrate":    netMaxBitRate(),
		"net.flow":          netFlow(),
		"net.flowsupported": {Get: netFlowSupported},
		"net.links":         {Rows: netLinkRows},
		"net.link.lower":    {Get: netLinkLower},

		"net.lags":      {Rows: netLAGRows, Add: netLAGAdd, Delete: netLAGDelete},
		"net.lag.lower": netLAGLower(),

		"net.vlans":        {Rows: netVLANRows, Add: netVLANAdd, Delete: netVLANDelete},
		"net.vlanid":       netVLANID(),
		"net.vlan.lower":   netVLANLower(),
		"net.vlanpriority": netVLANPriority(),
		"net.tpid":         netTPID(),

		"net.bridges":         {Rows: netBridgeRows, Add: netBridgeAdd, Delete: netBridgeDelete},
		"net.bridge.status":   {Get: netBridgeStatus},
		"net.bridge.standard": netBridgeStandard(),
		"net.bridge.aging":    netAging(),
		"net.ports":           {Rows: netPortRows, Add: netPortAdd, Delete: netPortDelete},
		"net.port.enable":     netPortEnable(),
		"net.port.lower":      netPortLower(),
		"net.port.management": {Get: netPortManagement},
		"net.port.type":       {Get: netPortType},
		"net.port.state":      {Get: netPortState},
		"net.port.file":       {Get: netPortFile},
		"net.port.pvid":       netPVID(),
		"net.port.frames":     {Get: netPortFrames},
		"net.port.ingress":    {Get: netPortIngress},
		"net.brvlans":         {Rows: netBrVLANRows, Add: netBrVLANAdd, Delete: netBrVLANDelete},
		"net.brvlan.enable":   netBrVLANEnable(),
		"net.brvlan.id":       netBrVLANID(),
		"net.brvlan.name":     netBrVLANName(),
		"net.vlanports":       {Rows: netVLANPortRows, Add: netVLANPortAdd, Delete: netVLANPortDelete},
		"net.vlanport":        netVLANPort(),

		"net.interfaces":           {Rows: netIPRows, Add: netIfaceAdd, Delete: netIfaceDelete},
		"net.interface.enable":     netIfaceEnable(),
		"net.interface.status":     netIfaceStatus(),
		"net.interface.lastchange": netIfaceChange(memory),
		"net.interface.lower":      netIfaceLower(),
		"net.interface.ipv4":       netIPv4Enable(),
		"net.interface.ipv6":       netIPv6Enable(),
		"net.interface.ula":        netULA(),
		"net.interface.mtu":        netMTU(),
		"net.interface.type":       netIfaceType(),
		"net.interface.loopback":   netIfaceLoopback(),
		"net.ipv4":                 {Rows: netIPv4Rows, Add: netAddrAdd("ipaddr"), Delete: netAddrDelete("ipaddr")},
		"net.ipv4.field":           netAddrField("ipaddr"),
		"net.ipv6":                 {Rows: netIPv6Rows, Add: netAddrAdd("ip6addr"), Delete: netAddrDelete("ip6addr")},
		"net.ipv6.field":           netAddrField("ip6addr"),
		"net.ipv6.prefix":          {Get: netIPv6Prefix},
		"net.prefixes":             {Rows: netPrefixRows, Add: netAddrAdd("ip6prefix"), Delete: netAddrDelete("ip6prefix")},
		"net.prefix":               netPrefix(),
		"net.sockets":              {Rows: netSockets},
		"net.socket":               {Get: netSocket},

		"net.ppps":           {Rows: netPPPRows, Add: netIfaceAdd, Delete: netIfaceDelete},
		"net.ppp.name":       netPPPName(),
		"net.ppp.lower":      netPPPLower(),
		"net.ppp.connection": netPPPConnection(),
		"net.ppp.error":      netPPPError(),
		"net.ppp.trigger":    netPPPTrigger(),
		"net.ppp.echo":       netPPPEcho(),
		"net.ppp.session":    {Get: netPPPoESession},
		"net.ppp.ipcp":       {Get: netIPCP},
		"net.ppp.dns":        netIPCPServers(),
		"net.ppp.ipv6cp":     {Get: netIPv6CP},

		"net.routers":   {Rows: netRouters},
		"net.routes4":   {Rows: route4.rows},
		"net.route4":    route4.value(),
		"net.routes6":   {Rows: route6.rows},
		"net.route6":    route6.value(),
		"net.routeinfo": {Rows: netRouteInfoRows, Get: netRouteInfo},

		"net.stack": {Rows: netStackRows, Get: netStack},
	}
}
