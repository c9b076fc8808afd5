# Device.Ethernet: the ports, what can carry IP on top of them, bonds, and VLAN tags.
# Router: /etc/config/network (`config device`), ubus network.device, /sys/class/net.
#
# A port is a row by itself; so is every netdev that an IP interface could stand on (a bridge, a bond, a port outside both):
# those are the Links. A VLANTermination is a `config device` of type 8021q or 8021ad, or a netdev used under a name such as
# eth0.7. Settings of a netdev without a section of its own are written to a new one.
#
# Left out: MDI-X, energy detection, and counters that no netdev has.

Device.Ethernet.    r
  needs uci network
  WoLSupported                  r  boolean      const true
  FlowControlSupported          r  boolean      call net.flowsupported

# A magic packet goes to all networks of the LAN. Password: six octets as a MAC address, or four as an IPv4 address.
Device.Ethernet.WoL.    r
  SendMagicPacket  rw boolean command  call net.wol
  MACAddress       rw MACAddress       state wol.mac
  Password         rw string           state wol.password

# The ports of the board; the conduit behind a switch chip is none.
Device.Ethernet.Interface.{i}.    r
  rows call net.ethernet
  Enable                          rw boolean             call net.option enabled | default 1
  Status                          r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error)              call net.status Down
  Name                            r  string(64)          call net.name
  LastChange                      r  unsignedInt deny    call net.lastchange
  LowerLayers                     r  list pathRef        const ""
  Upstream                        r  boolean             call net.upstream
  # A fixed speed; -1 negotiates.
  MaxBitRate                      rw int(-1..)           call net.maxbitrate
  MACAddress                      r  MACAddress          call net.field macaddr | mac
  SupportedLinkModes              r  list unsignedInt    call net.speeds link-supported
  AdvertisedLinkModes             r  list unsignedInt    call net.speeds link-advertising
  LinkPartnerAdvertisedLinkModes  r  list unsignedInt    call net.speeds link-partner-advertising
  CurrentBitRate                  r  unsignedInt deny    call net.bitrate
  DuplexMode                      rw enum(Half, Full, Auto)      call net.duplexmode
  CurrentDuplexMode               r  enum(Unknown, Half, Full)   call net.duplex
  # As configured; the driver decides where nothing is.
  EEEEnable                       rw boolean             call net.eee eee
  EEECapability                   r  boolean             call net.eee supported
  EEEStatus                       r  enum(Disabled, Active, Inactive, Unsupported)  call net.eee status
  SFPReferenceList                r  list pathRef        call sfp.cages | ref

Device.Ethernet.Interface.{i}.Stats.    r
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
  Collisions                  r  StatsCounter64 deny  call net.counter collisions

# What an IP interface can stand on. A bridge of OpenWrt is a Link over its management port.
Device.Ethernet.Link.{i}.    r
  rows call net.links
  Enable           rw boolean          call net.option enabled | default 1
  Status           r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error)           call net.status
  Name             r  string(64)       call net.name
  LastChange       r  unsignedInt deny call net.lastchange
  LowerLayers      r  list pathRef     call net.link.lower | ref
  MTU              rw unsignedInt      call net.option mtu mtu | default 1500
  MACAddress       rw MACAddress       call net.option macaddr macaddr | mac
  PriorityTagging  r  boolean          const false
  FlowControl      rw boolean          call net.flow

Device.Ethernet.Link.{i}.Stats.    r
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

# A `config device` of type bonding. Nothing is added as long as the kernel has no bonding driver.
Device.Ethernet.LAG.{i}.    rw
  rows call net.lags
  add  call net.lags
  max  8
  unique MACAddress
  Enable       rw boolean           call net.option enabled | default 1
  Status       r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error)            call net.status
  Name         r  string(64)        call net.name
  LastChange   r  unsignedInt deny  call net.lastchange
  LowerLayers  rw list pathRef      call net.lag.lower | ref
  MACAddress   rw MACAddress        call net.option macaddr macaddr | mac

Device.Ethernet.LAG.{i}.Stats.    r
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

# Changing VLANID or LowerLayers of a netdev called after them (eth0.7) renames it, and changes all who use it.
Device.Ethernet.VLANTermination.{i}.    rw
  rows call net.vlans
  add  call net.vlans
  max  64
  Enable        rw boolean                call net.option enabled | default 1
  Status        r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error)                 call net.status
  Name          r  string(64)             call net.name
  LastChange    r  unsignedInt deny       call net.lastchange
  LowerLayers   rw list pathRef           call net.vlan.lower | ref
  VLANID        rw unsignedInt(1..4094)   call net.vlanid
  VLANPriority  rw int(-1..7)             call net.vlanpriority
  TPID          rw unsignedInt            call net.tpid

Device.Ethernet.VLANTermination.{i}.Stats.    r
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

# The ports whose hardware counts frames by their sizes (RFC 2819); what it does not count reads 0. ETHTOOL_A_STATS_…: mac is
# ETH_MAC, rmon is RMON; size is the largest of a group.
Device.Ethernet.RMONStats.{i}.    r
  rows call net.rmon
  Enable                  r  boolean            const true
  Status                  r  enum(Disabled, Enabled, Error_Misconfigured, Error)  const Enabled
  Name                    r  string(64)         call net.name
  Interface               r  pathRef            call net.rmon interface | ref
  VLANID                  r  unsignedInt(0..4094)  const 0
  Queue                   r  pathRef            const ""
  AllQueues               r  boolean            const true
  DropEvents              r  unsignedInt deny   call net.counter rx_missed_errors 32
  Bytes                   r  unsignedLong deny  call net.rmon mac 12 rx_bytes
  Packets                 r  unsignedLong deny  call net.rmon mac 3 rx_packets
  BroadcastPackets        r  unsignedLong deny  call net.rmon mac 18
  MulticastPackets        r  unsignedLong deny  call net.rmon mac 17 multicast
  CRCErroredPackets       r  unsignedInt deny   call net.rmon mac 4 rx_crc_errors
  UndersizePackets        r  unsignedInt deny   call net.rmon rmon 0
  OversizePackets         r  unsignedInt deny   call net.rmon rmon 1
  Packets64Bytes          r  unsignedLong deny  call net.rmon size 64
  Packets65to127Bytes     r  unsignedLong deny  call net.rmon size 127
  Packets128to255Bytes    r  unsignedLong deny  call net.rmon size 255
  Packets256to511Bytes    r  unsignedLong deny  call net.rmon size 511
  Packets512to1023Bytes   r  unsignedLong deny  call net.rmon size 1023
  Packets1024to1518Bytes  r  unsignedLong deny  call net.rmon size 1518
