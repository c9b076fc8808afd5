# Device.GRE, Device.VXLAN, Device.IPv6rd, Device.DSLite: tunnels.
# Router: /etc/config/network, `config interface` of proto gre, gretap, grev6, grev6tap, vxlan, vxlan6, 6rd, dslite.
#
# Such a section is also the IP.Interface that stands on it; it goes with either. A tunnel runs over the interface that
# `tunlink` names, or the one that netifd finds; only that one is a lower layer, and only the first can be set.

Device.GRE.                              r
  needs file /lib/netifd/proto/gre.*
  FilterNumberOfEntries  r  unsignedInt  const 0

Device.GRE.Tunnel.{i}.                   rw
  rows  call net.protos gre gretap grev6 grev6tap
  add   call net.protos gre gre
  max   16
  write call net.tunnel
  Enable                   rw boolean                        call net.interface.enable
  Status                   r  enum(Disabled, Enabled, Error) call net.interface.status | map Down=Disabled Up=Enabled Dormant=Enabled *=Error
  RemoteEndpoints          rw list(..1) string(256)          call net.tunnel endpoint
  ConnectedRemoteEndpoint  r  string(256)                    call net.tunnel connected
  # `gre` or `grev6`; the tap of a gretap stays one.
  DeliveryHeaderProtocol   rw enum(IPv4, IPv6)               call net.tunnel header
  KeepAlivePolicy          r  enum(ICMP, None)               const None
  KeepAliveTimeout         r  unsignedInt                    const 10
  KeepAliveThreshold       r  unsignedInt                    const 3
  # `tos` is the whole octet.
  DefaultDSCPMark          rw unsignedInt(..63)              uci .tos | default 0 | scale 1/4

# One, the tunnel itself.
Device.GRE.Tunnel.{i}.Interface.{i}.     r
  rows  call net.protos
  write call net.tunnel
  Enable                         rw boolean          call net.interface.enable
  Status                         r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error) call net.interface.status
  Name                           r  string(64)       call net.name
  LastChange                     r  unsignedInt deny call net.interface.lastchange
  LowerLayers                    rw list pathRef     call net.tunnel lower | ref
  UseChecksum                    rw boolean          call net.options ocsum icsum
  # 0 is no key.
  KeyIdentifierGenerationPolicy  r  enum(Disabled, Provisioned) call net.options okey | map =Disabled *=Provisioned
  KeyIdentifier                  rw unsignedInt      call net.options okey ikey
  UseSequenceNumber              rw boolean          call net.options oseqno iseqno

Device.GRE.Tunnel.{i}.Interface.{i}.Stats.  r
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

Device.VXLAN.                            r
  needs file /lib/netifd/proto/vxlan.*
  FilterNumberOfEntries  r  unsignedInt  const 0

# Several peers of one tunnel are `config vxlan_peer`, which are not shown.
Device.VXLAN.Tunnel.{i}.                 rw
  rows  call net.protos vxlan vxlan6
  add   call net.protos vxlan vxlan vid=1
  max   16
  write call net.tunnel
  Enable                   rw boolean                        call net.interface.enable
  Status                   r  enum(Disabled, Enabled, Error) call net.interface.status | map Down=Disabled Up=Enabled Dormant=Enabled *=Error
  RemoteEndpoints          rw list(..1) string(256)          call net.tunnel endpoint
  ConnectedRemoteEndpoint  r  string(256)                    call net.tunnel connected
  DeliveryHeaderProtocol   rw enum(IPv4, IPv6)               call net.tunnel header
  KeepAlivePolicy          r  enum(ICMP, None)               const None
  KeepAliveTimeout         r  unsignedInt                    const 10
  KeepAliveThreshold       r  unsignedInt                    const 3
  # vxlan.sh hands `tos` on as a number, netifd wants text and drops it.
  DefaultDSCPMark          r  unsignedInt                    const 0
  # One port is srcportmin alone; 0 leaves it to the kernel.
  SourcePort               rw unsignedInt(..65534)           call net.options srcportmin -srcportmax | default 0
  RemotePort               rw unsignedInt(..65535)           uci .port | default 4789

Device.VXLAN.Tunnel.{i}.Interface.{i}.   r
  rows  call net.protos
  Enable                 rw boolean            call net.interface.enable
  Status                 r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error) call net.interface.status
  Name                   r  string(64)         call net.name
  LastChange             r  unsignedInt deny   call net.interface.lastchange
  LowerLayers            rw list pathRef       call net.tunnel lower | ref
  VNI                    rw int(0..16777215)   uci .vid | default 0

Device.VXLAN.Tunnel.{i}.Interface.{i}.Stats.  r
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

# Rows are sections, and what netifd made of DHCPv4's option 212, of which only its name is known.
Device.IPv6rd.                           r
  needs file /lib/netifd/proto/6rd.*
  # All of them off; on again are those that were.
  Enable  rw boolean  call net.tunnel.any 6rd

Device.IPv6rd.InterfaceSetting.{i}.      r
  rows  call net.protos 6rd
  write call net.tunnel
  Enable                    rw boolean                        call net.interface.enable
  Status                    r  enum(Disabled, Enabled, Error) call net.interface.status | map Down=Disabled Up=Enabled Dormant=Enabled *=Error
  BorderRelayIPv4Addresses  rw list(..1) IPv4Address          uci .peeraddr | list " "
  # The tunnel has the domain's prefix on link: other routers of the domain are reached directly.
  AllTrafficToBorderRelay   r  boolean                        const false
  SPIPv6Prefix              rw IPv6Prefix                     call net.tunnel prefix
  IPv4MaskLength            rw unsignedInt(0..32)             uci .ip4prefixlen | default 0
  AddressSource             r  pathRef                        call net.tunnel source | ref
  TunneledInterface         r  pathRef                        const {key} | ref Device.IP.Interface.

# Rows are sections, and what netifd made of DHCPv6's option 64, of which only its name is known.
Device.DSLite.                           r
  needs file /lib/netifd/proto/dslite.*
  # As of IPv6rd.
  Enable  rw boolean  call net.tunnel.any dslite

Device.DSLite.InterfaceSetting.{i}.      r
  rows  call net.protos dslite
  write call net.tunnel
  Enable                         rw boolean                        call net.interface.enable
  Status                         r  enum(Disabled, Enabled, Error) call net.interface.status | map Down=Disabled Up=Enabled Dormant=Enabled *=Error
  EndpointAssignmentPrecedence   r  enum(DHCPv6, Static)           call net.tunnel origin
  # `peeraddr` holds a name or an address; the other waits in cwmp_peer.
  EndpointAddressTypePrecedence  rw enum(FQDN, IPv6Address)        call net.tunnel type
  EndpointAddressInUse           r  IPv6Address                    call net.tunnel used
  EndpointName                   rw string(256)                    call net.tunnel name
  EndpointAddress                rw IPv6Address                    call net.tunnel address
  Origin                         r  enum(DHCPv6, Static)           call net.tunnel origin
  TunneledInterface              r  pathRef                        const {key} | ref Device.IP.Interface.
