# Device.Routing: the main routing table.
# Router: /etc/config/network (`config route`, `config route6`), ubus network.interface, the kernel's
# routes.
#
# Routes of the configuration can be changed; those that the kernel has besides can be read. A section with a table of its
# own is not shown, since it is not in the main table.

Device.Routing.    r
  needs uci network

Device.Routing.Router.{i}.    r
  rows call net.routers
  Enable  r  boolean                         const true
  Status  r  enum(Disabled, Enabled, Error)  const Enabled

Device.Routing.Router.{i}.IPv4Forwarding.{i}.    rw
  rows uci network.@route !table
  rows call net.routes4
  ident interface target netmask gateway metric
  add  uci network.@route cwmp_route_{n} disabled=1
  max  64
  unique DestIPAddress,DestSubnetMask,ForwardingPolicy,GatewayIPAddress,Interface,ForwardingMetric
  Enable            rw boolean      call net.route4 enable
  Status            r  enum(Disabled, Enabled, Error_Misconfigured, Error)  call net.route4 status
  Type              rw enum(Normal, Receive, Blackhole, Unreachable, Prohibit)  call net.route4 type
  StaticRoute       r  boolean      call net.route4 static
  DestIPAddress     rw IPv4Address  call net.route4 dest
  DestSubnetMask    rw IPv4Address  call net.route4 mask
  ForwardingPolicy  r  int(-1..)    const -1
  GatewayIPAddress  rw IPv4Address  call net.route4 gateway
  Interface         rw pathRef      call net.route4 interface | ref Device.IP.Interface.
  # A route that the kernel made itself (to its own networks) has no word in the standard: Static, with StaticRoute false.
  Origin            r  enum(DHCPv4, OSPF, IPCP, RIP, 3GPP-NAS, Static)  call net.route4 origin
  ForwardingMetric  rw int(-1..)    call net.route4 metric

Device.Routing.Router.{i}.IPv6Forwarding.{i}.    rw
  rows uci network.@route6 !table
  rows call net.routes6
  ident interface target gateway metric
  add  uci network.@route6 cwmp_route6_{n} disabled=1
  max  64
  unique DestIPPrefix,ForwardingPolicy,NextHop,Interface,ForwardingMetric
  Enable            rw boolean      call net.route6 enable
  Status            r  enum(Disabled, Enabled, Error_Misconfigured, Error)  call net.route6 status
  Type              rw enum(Normal, Receive, Blackhole, Unreachable, Prohibit)  call net.route6 type
  DestIPPrefix      rw IPv6Prefix   call net.route6 prefix
  ForwardingPolicy  r  int(-1..)    const -1
  NextHop           rw IPv6Address  call net.route6 gateway
  Interface         rw pathRef      call net.route6 interface | ref Device.IP.Interface.
  Origin            r  enum(DHCPv6, OSPF, RA, RIPng, 3GPP-NAS, Static)  call net.route6 origin
  ForwardingMetric  rw int(-1..)    call net.route6 metric
  ExpirationTime    r  dateTime     call net.route6 expires

# Interfaces of proto dhcpv6 learn their default route from router advertisements.
Device.Routing.RouteInformation.    r
  Enable  r  boolean  const true

Device.Routing.RouteInformation.InterfaceSetting.{i}.    r
  rows call net.routeinfo
  noalias
  let  dev call net.name
  Status                 r  enum(ForwardingEntryCreated, NoForwardingEntry, Error)  call net.routeinfo status
  Interface              r  pathRef      call net.routeinfo interface | ref Device.IP.Interface.
  SourceRouter           r  IPv6Address  call net.routeinfo router
  Prefix                 r  IPv6Prefix   call net.routeinfo prefix
  RouteLifetime          r  dateTime     call net.routeinfo expires
  # 0: the router left it open, or an odhcp6c that does not tell.
  ReachableTime          r  unsignedInt(..3600000)  ubus odhcp6c.{dev} get_state {} .RA_REACHABLE
  RetransTimer           r  unsignedInt  ubus odhcp6c.{dev} get_state {} .RA_RETRANSMIT
  HomeAgent              r  boolean      const false
  OptionNumberOfEntries  r  unsignedInt  const 0
