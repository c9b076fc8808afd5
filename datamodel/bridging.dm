# Device.Bridging: bridges, their ports and their VLANs.
# Router: /etc/config/network (`config device` of type bridge, `config bridge-vlan`), /sys/class/net/<bridge>/bridge and
# /sys/class/net/<port>/brport.
#
# A port is an item of `list ports`, or a Wi-Fi interface that joined through its network; the first port is the bridge
# itself, the management port. OpenWrt cannot switch a port or a VLAN off: what an ACS switches off leaves the lists and
# waits in the agent's state (a VLAN: in its section, under another option) until it is switched on again.

Device.Bridging.    r
  needs uci network
  MaxBridgeEntries               r  unsignedInt  const 16
  MaxDBridgeEntries              r  unsignedInt  const 16
  MaxQBridgeEntries              r  unsignedInt  const 16
  MaxVLANEntries                 r  unsignedInt  const 4094
  MaxProviderBridgeEntries       r  unsignedInt  const 0
  ProviderBridgeNumberOfEntries  r  unsignedInt  const 0
  MaxFilterEntries               r  unsignedInt  const 0
  FilterNumberOfEntries          r  unsignedInt  const 0

Device.Bridging.Bridge.{i}.    rw
  rows call net.bridges
  add  call net.bridges
  max  16
  Enable     rw boolean                          call net.option enabled | default 1
  Status     r  enum(Disabled, Enabled, Error)   call net.bridge.status
  Name       r  string(64)                       uci .name
  # 802.1Q looks at VLAN tags: vlan_filtering, or any `config bridge-vlan`.
  Standard   rw enum(802.1D-2004, 802.1Q-2005)   call net.bridge.standard
  AgingTime  rw unsignedInt(10..1000000)         call net.bridge.aging

# Defaults are netifd's.
Device.Bridging.Bridge.{i}.STP.    r
  Enable           rw boolean                   uci .stp | default 0
  Status           r  enum(Disabled, Enabled, Error_Misconfigured, Error)  file /sys/class/net/{key}/bridge/stp_state | default 0 | map 0=Disabled *=Enabled
  Protocol         r  enum(STP, RSTP)           uci .stp_proto | default stp | map rstp=RSTP *=STP
  BridgePriority   rw unsignedInt(0..61440)     uci .priority | default 32767
  HelloTime        rw unsignedInt(100..1000)    uci .hello_time | default 1 | scale 100/1
  MaxAge           rw unsignedInt(600..4000)    uci .max_age | default 10 | scale 100/1
  ForwardingDelay  rw unsignedInt(4..30)        uci .forward_delay | default 8

Device.Bridging.Bridge.{i}.Port.{i}.    rw
  rows call net.ports
  add  call net.ports
  max  64
  Enable                            rw boolean              call net.port.enable
  Status                            r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error)               call net.status
  Name                              r  string(64)           call net.name
  LastChange                        r  unsignedInt deny     call net.lastchange
  # An Ethernet.Interface or a VLANTermination. An SSID joins and leaves by its own network.
  LowerLayers                       rw list pathRef         call net.port.lower | ref
  ManagementPort                    r  boolean              call net.port.management
  Type                              r  enum(ProviderNetworkPort, CustomerNetworkPort, CustomerEdgePort, CustomerVLANPort, VLANUnawarePort)  call net.port.type
  PortState                         r  enum(Disabled, Blocking, Listening, Learning, Forwarding, Broken)  call net.port.state
  # The bridge must have the VLAN; the port joins it untagged where it was not in it.
  PVID                              rw int(1..4094)         call net.port.pvid
  TPID                              r  unsignedInt          const 33024
  AcceptableFrameTypes              r  enum(AdmitAll, AdmitOnlyVLANTagged, AdmitOnlyPrioUntagged)  call net.port.frames
  IngressFiltering                  r  boolean              call net.port.ingress
  ServiceAccessPrioritySelection    r  boolean              const false
  ServiceAccessPriorityTranslation  r  list(8..8) unsignedInt(0..7)  const 0,1,2,3,4,5,6,7 | list ,
  PriorityTagging                   r  boolean              const false
  PathCost                          r  unsignedInt(0..65535)  call net.port.file path_cost
  # The kernel counts to 63 where the standard counts to 255.
  Priority                          r  unsignedInt(0..240)  call net.port.file priority | scale 4/1

Device.Bridging.Bridge.{i}.Port.{i}.Stats.    r
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

Device.Bridging.Bridge.{i}.VLAN.{i}.    rw
  rows call net.brvlans
  add  call net.brvlans
  unique VLANID
  Enable  rw boolean        call net.brvlan.enable
  Name    rw string(64)     call net.brvlan.name
  VLANID  rw int(1..4094)   call net.brvlan.id

# One row per item of a bridge-vlan's ports: lan1:t is tagged, lan1 and lan1:u are not, * marks the port's PVID.
Device.Bridging.Bridge.{i}.VLANPort.{i}.    rw
  rows call net.vlanports
  add  call net.vlanports
  unique VLAN,Port
  Enable    rw boolean   call net.vlanport enable
  VLAN      rw pathRef   call net.vlanport vlan | ref
  Port      rw pathRef   call net.vlanport port | ref
  Untagged  rw boolean   call net.vlanport untagged
