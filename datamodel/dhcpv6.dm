# Device.DHCPv6: DHCPv6 client and server.
# Router: odhcp6c (`config interface` of proto dhcpv6), odhcpd (/etc/config/dhcp), ubus dhcp, odhcp6c.NETDEV (OpenWrt 25.12).

Device.DHCPv6.                           r

# One row per interface with proto dhcpv6, also those that netifd made beside PPP.
Device.DHCPv6.Client.{i}.                rw
  needs  file /usr/sbin/odhcp6c
  rows   call net.protos dhcpv6
  add    call net.protos dhcpc dhcpv6 reqprefix=no
  max    16
  unique Interface
  write  call dhcp6.client
  let    dev call net.name
  Enable                  rw boolean           call net.interface.enable
  # Itself where it has a netdev; what is set makes it an alias of that interface.
  Interface               rw pathRef           call dhcp6.client interface | ref Device.IP.Interface.
  Status                  r  enum(Disabled, Enabled, Error_Misconfigured, Error) call net.interface.status | map Down=Disabled Up=Enabled Dormant=Enabled *=Error
  DUID                    r  hexBinary(0..130) call dhcp6.client duid
  RequestAddresses        rw boolean           uci .reqaddress | default try | map none=0 try=1 force=1
  RequestPrefixes         rw boolean           uci .reqprefix | default auto | map no=0 auto=1 *=1
  RapidCommit             r  boolean           const false
  SuggestedT1             r  int(-1..)         const -1
  SuggestedT2             r  int(-1..)         const -1
  SupportedOptions        r  list unsignedInt  const 1,2,3,5,7,11,12,13,19,20,21,22,23,24,25,26,31,32,56,64,67,82,83,94,95,96 | list ,
  # Beside those that odhcp6c asks for by itself.
  RequestedOptions        rw list unsignedInt  uci .reqopts | list " "
  AuthenticationProtocol  r  enum(None, ConfigurationToken, DelayedAuthentication, ReconfigureKeyAuthentication) const ReconfigureKeyAuthentication
  Renew                   rw boolean command   call after network.interface.{section} renew

# Whose answer odhcp6c took; older ones do not tell.
Device.DHCPv6.Client.{i}.Server.{i}.     r
  rows   ubus odhcp6c.{parent.dev} get_state {} .SERVER
  unique SourceAddress
  volatile
  noalias
  SourceAddress  r  IPv6Address  const {key}

# sendopts, vendorclass (16), userclass (15).
Device.DHCPv6.Client.{i}.SentOption.{i}. rw
  rows   call dhcp6.sent
  add    call dhcp6.sent
  unique Tag
  write  call dhcp6.sent.value
  Enable  rw boolean               call dhcp6.sent.value enable
  Tag     rw unsignedInt(0..65535) call dhcp6.sent.value tag
  Value   rw hexBinary(0..1024)    call dhcp6.sent.value value

# The last reply, without what odhcp6c keeps to itself.
Device.DHCPv6.Client.{i}.ReceivedOption.{i}. r
  rows   call dhcp6.received
  volatile
  noalias
  Tag     r  unsignedInt(0..65535) call dhcp6.received tag
  Value   r  hexBinary(0..65535)   call dhcp6.received value
  Server  r  pathRef               ubus odhcp6c.{parent.dev} get_state {} .SERVER[0] | ref Device.DHCPv6.Client.{i}.Server.

# All ones: an odhcp6c that does not count.
Device.DHCPv6.Client.{i}.Stats.          r
  Reset               rw boolean command call after odhcp6c.{dev} reset_statistics
  Solicit             r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_solicit | default 18446744073709551615
  Advertise           r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_advertise | default 18446744073709551615
  Request             r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_request | default 18446744073709551615
  Confirm             r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_confirm | default 18446744073709551615
  Renew               r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_renew | default 18446744073709551615
  Rebind              r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_rebind | default 18446744073709551615
  Reply               r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_reply | default 18446744073709551615
  Release             r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_release | default 18446744073709551615
  Decline             r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_decline | default 18446744073709551615
  Reconfigure         r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_reconfigure | default 18446744073709551615
  InformationRequest  r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_information_request | default 18446744073709551615
  DiscardedPackets    r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_discarded_packets | default 18446744073709551615
  TransmitFailure     r  StatsCounter64  ubus odhcp6c.{dev} get_statistics {} .dhcp_transmit_failures | default 18446744073709551615

# ------------------------------------------------------------------------------------------------------- server

# On when a pool is. Switching it off remembers which pools to switch on again.
Device.DHCPv6.Server.                    r
  needs file /usr/sbin/odhcpd
  Enable       rw boolean            call dhcp.server dhcpv6

# One row per `config dhcp` with `option dhcpv6`; relays are off. A pool goes and moves with its own options.
Device.DHCPv6.Server.Pool.{i}.           rw
  rows   call dhcp6.services dhcpv6
  add    call dhcp6.services dhcpv6
  max    16
  unique Order
  write  call dhcp6.service
  Enable         rw boolean             call dhcp6.service enable
  Status         r  enum(Disabled, Enabled, Error_Misconfigured, Error) call dhcp6.service status
  Order          r  unsignedInt(1..)    call dhcp6.service order
  Interface      rw pathRef             call dhcp6.service interface | ref Device.IP.Interface.
  IANAEnable     rw boolean             uci .dhcpv6_na | default 1
  IANAPrefixes   r  list(..8) pathRef   call dhcp6.service prefixes dhcpv6_na | ref
  IAPDEnable     rw boolean             uci .dhcpv6_pd | default 1
  IAPDPrefixes   r  list(..8) pathRef   call dhcp6.service prefixes dhcpv6_pd | ref
  # From ip6assign of the interface to dhcpv6_pd_min_len.
  IAPDAddLength  rw unsignedInt(..64)   call dhcp6.service addlength

# One row per DUID.
Device.DHCPv6.Server.Pool.{i}.Client.{i}. r
  rows   call dhcp6.leases clients
  volatile
  # Of a neighbour whose MAC address is in the DUID.
  SourceAddress  r  IPv6Address  call dhcp6.leases source
  Active         r  boolean      call dhcp6.leases active

Device.DHCPv6.Server.Pool.{i}.Client.{i}.IPv6Address.{i}. r
  rows   call dhcp6.leases ipv6-addr
  unique IPAddress
  volatile
  noalias
  IPAddress          r  IPv6Address  const {key}
  PreferredLifetime  r  dateTime     call dhcp6.leases preferred-lifetime
  ValidLifetime      r  dateTime     call dhcp6.leases valid-lifetime

Device.DHCPv6.Server.Pool.{i}.Client.{i}.IPv6Prefix.{i}. r
  rows   call dhcp6.leases ipv6-prefix
  unique Prefix
  volatile
  noalias
  Prefix             r  IPv6Prefix   const {key}
  PreferredLifetime  r  dateTime     call dhcp6.leases preferred-lifetime
  ValidLifetime      r  dateTime     call dhcp6.leases valid-lifetime

# Its DUID. odhcpd tells the host name too, but not the octets of option 39.
Device.DHCPv6.Server.Pool.{i}.Client.{i}.Option.{i}. r
  rows   call dhcp6.leases duid
  volatile
  noalias
  Tag    r  unsignedInt(0..65535)  const {key}
  Value  r  hexBinary(0..65535)    const {parent.key}

# Name servers (23), domains (24) and time servers (56), which router advertisements share, and dhcpv6_raw.
Device.DHCPv6.Server.Pool.{i}.Option.{i}. rw
  rows   call dhcp6.options
  add    call dhcp6.options
  unique Tag
  write  call dhcp6.options.value
  Enable  rw boolean               call dhcp6.options.value enable
  Tag     rw unsignedInt(0..65535) call dhcp6.options.value tag
  Value   rw hexBinary(0..1024)    call dhcp6.options.value value
