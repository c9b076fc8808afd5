# Device.IP: the interfaces of netifd and their addresses.
# Router: /etc/config/network (`config interface`), ubus network.interface, /proc/net.
#
# Every `config interface` is a row called after its section, also where two share a netdev (wan and wan6). So is an
# interface that netifd makes itself, such as the IPv6 half of a PPP link; nothing of that can be changed. Addresses given
# here (proto static) can be changed; those from DHCP, PPP or router advertisements can be read.

Device.IP.    r
  needs uci network
  IPv4Capable  r  boolean                         const true
  IPv4Enable   r  boolean                         const true
  IPv4Status   r  enum(Disabled, Enabled, Error)  const Enabled
  IPv6Capable  r  boolean                         file /proc/net/if_inet6 | default 0 | map 0=0 *=1
  IPv6Enable   r  boolean                         file /proc/sys/net/ipv6/conf/all/disable_ipv6 | default 1 | not
  IPv6Status   r  enum(Disabled, Enabled, Error)  file /proc/sys/net/ipv6/conf/all/disable_ipv6 | default 1 | map 0=Enabled *=Disabled
  ULAPrefix    rw IPv6Prefix                      uci network.globals:globals.ula_prefix

Device.IP.Interface.{i}.    rw
  rows call net.interfaces
  add  call net.interfaces ip none
  max  64
  Enable                         rw boolean           call net.interface.enable
  # After the session, as ifup does; of one that is switched off there is nothing to reset.
  Reset                          rw boolean command   call after network.interface.{key} down up
  Status                         r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error)            call net.interface.status
  Name                           r  string(64)        const {key}
  LastChange                     r  unsignedInt deny  call net.interface.lastchange
  # An Ethernet.Link or a VLANTermination; a PPP.Interface makes an alias (`option device '@name'`) on it.
  LowerLayers                    rw list pathRef      call net.interface.lower | ref
  # A static interface: all its addresses on or off.
  IPv4Enable                     rw boolean           call net.interface.ipv4
  IPv6Enable                     rw boolean           call net.interface.ipv6
  ULAEnable                      rw boolean           call net.interface.ula
  Router                         r  pathRef           const main | ref Device.Routing.Router.
  MaxMTUSize                     rw unsignedInt(64..65535)  call net.interface.mtu
  Type                           r  enum(Normal, Loopback, Tunnel, Tunneled)  call net.interface.type
  Loopback                       r  boolean           call net.interface.loopback
  AutoIPEnable                   r  boolean           const false

Device.IP.Interface.{i}.Stats.    r
  Reset                       rw boolean command    call net.reset
  BytesSent                   r  StatsCounter64 deny  call net.counter tx_bytes
  BytesReceived               r  StatsCounter64 deny  call net.counter rx_bytes
  PacketsSent                 r  StatsCounter64 deny  call net.counter tx_packets
  PacketsReceived             r  StatsCounter64 deny  call net.counter rx_packets
  ErrorsSent                  r  StatsCounter32 deny  call net.counter tx_errors 32
  ErrorsReceived              r  StatsCounter32 deny  call net.counter rx_errors 32
  DiscardPacketsSent          r  StatsCounter32 deny  call net.counter tx_dropped 32
  DiscardPacketsReceived      r  StatsCounter32 deny  call net.counter rx_dropped 32
  UnicastPacketsReceived      r  StatsCounter64 deny  call net.counter rx_packets -multicast
  MulticastPacketsReceived    r  StatsCounter64 deny  call net.counter multicast

# Answers those who measure the line by TWAMP Light (RFC 5357 appendix I) on the addresses of the interface, at most 500 times a
# second; never the port that it listens on, behind which there could be another one, and nobody with a packet of less than
# 41 octets. The firewall is not opened for it.
Device.IP.Interface.{i}.TWAMPReflector.{i}.    rw
  rows  call twamp.rows
  add   call twamp.rows
  max   8
  unique Port
  write call twamp.status
  Enable           rw boolean                state enable | default 0
  Status           r  enum(Disabled, Active, Error)  call twamp.status
  Port             rw unsignedInt(1..65535)  state port | default 862
  MaximumTTL       rw unsignedInt(1..255)    state ttl | default 1
  IPAllowedList    rw list string            state addresses
  PortAllowedList  rw list string            state ports

# `option ipaddr` with netmask, with a length, or `list ipaddr`: the form is kept. A dynamic address is one row for ever.
Device.IP.Interface.{i}.IPv4Address.{i}.    rw
  rows call net.ipv4
  add  call net.ipv4
  max  16
  unique IPAddress,SubnetMask
  Enable          rw boolean       call net.ipv4.field enable
  Status          r  enum(Disabled, Enabled, Error_Misconfigured, Error)  call net.ipv4.field status
  IPAddress       rw IPv4Address   call net.ipv4.field address
  SubnetMask      rw IPv4Address   call net.ipv4.field mask
  AddressingType  r  enum(DHCP, IKEv2, AutoIP, IPCP, Static, 3GPP-NAS)  call net.ipv4.field origin

# `list ip6addr`, what netifd has besides, and the link-local address. A new one is a /64.
Device.IP.Interface.{i}.IPv6Address.{i}.    rw
  rows call net.ipv6
  add  call net.ipv6
  max  16
  unique IPAddress
  Enable             rw boolean       call net.ipv6.field enable
  Status             r  enum(Disabled, Enabled, Error_Misconfigured, Error)  call net.ipv6.field status
  IPAddressStatus    r  enum(Preferred, Deprecated, Invalid, Inaccessible, Unknown, Tentative, Duplicate, Optimistic)  call net.ipv6.field state
  IPAddress          rw IPv6Address   call net.ipv6.field address
  Origin             r  enum(AutoConfigured, DHCPv6, IKEv2, MAP, WellKnown, 3GPP-NAS, Static)  call net.ipv6.field origin
  Prefix             r  pathRef       call net.ipv6.prefix | ref
  PreferredLifetime  r  dateTime      call net.ipv6.field preferred
  ValidLifetime      r  dateTime      call net.ipv6.field valid
  Anycast            r  boolean       const false

# `list ip6prefix` (Static), what a provider delegated, and what netifd cut from a prefix for this interface (Child):
# ChildPrefixBits is ip6assign and ip6hint.
Device.IP.Interface.{i}.IPv6Prefix.{i}.    rw
  rows call net.prefixes
  add  call net.prefixes
  max  16
  unique Prefix
  Enable             rw boolean      call net.prefix enable
  Status             r  enum(Disabled, Enabled, Error)  call net.prefix status | map Error_Misconfigured=Error *=*
  PrefixStatus       r  enum(Preferred, Deprecated, Invalid, Inaccessible, Unknown)  call net.prefix state
  Prefix             rw IPv6Prefix   call net.prefix prefix
  Origin             r  enum(AutoConfigured, PrefixDelegation, RouterAdvertisement, WellKnown, Static, Child)  call net.prefix origin
  StaticType         r  enum(Static, Inapplicable, PrefixDelegation, Child)  call net.prefix statictype
  ParentPrefix       r  pathRef      call net.prefix parent | ref
  ChildPrefixBits    rw IPv6Prefix   call net.prefix childbits
  OnLink             r  boolean      call net.prefix onlink
  Autonomous         r  boolean      call net.prefix onlink
  PreferredLifetime  r  dateTime     call net.prefix preferred
  ValidLifetime      r  dateTime     call net.prefix valid

# TCP sockets that listen or are connected.
Device.IP.ActivePort.{i}.    r
  rows call net.sockets
  volatile
  noalias
  LocalIPAddress   r  IPAddress              call net.socket local
  LocalPort        r  unsignedInt(0..65535)  call net.socket localport
  RemoteIPAddress  r  IPAddress              call net.socket remote
  RemotePort       r  unsignedInt(0..65535)  call net.socket remoteport
  Status           r  enum(LISTEN, ESTABLISHED)  call net.socket state
