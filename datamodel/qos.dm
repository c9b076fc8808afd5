# Device.QoS.: marking of packets, and shaping of what leaves the router.
# Router: /etc/config/firewall (fw4), /etc/config/sqm (sqm-scripts). One queue discipline shapes and queues, so there are no
# rows of queues, of schedulers and of policers, and no classes of traffic. The rate towards the LAN is not the standard's.

Device.QoS.                         r
  needs uci firewall
  MaxClassificationEntries          r  unsignedInt  const 256
  MaxAppEntries                     r  unsignedInt  const 0
  MaxFlowEntries                    r  unsignedInt  const 0
  MaxPolicerEntries                 r  unsignedInt  const 0
  MaxQueueEntries                   r  unsignedInt  const 0
  MaxShaperEntries                  r  unsignedInt  call qos.shaper max
  MaxSchedulerEntries               r  unsignedInt  const 0
  AppNumberOfEntries                r  unsignedInt  const 0
  FlowNumberOfEntries               r  unsignedInt  const 0
  PolicerNumberOfEntries            r  unsignedInt  const 0
  QueueNumberOfEntries              r  unsignedInt  const 0
  QueueStatsNumberOfEntries         r  unsignedInt  const 0
  SchedulerNumberOfEntries          r  unsignedInt  const 0
  DefaultForwardingPolicy           r  unsignedInt  const 0
  DefaultTrafficClass               r  unsignedInt  const 0
  DefaultPolicer                    r  pathRef      const ""
  DefaultQueue                      r  pathRef      const ""
  # As it came.
  DefaultDSCPMark                   r  int(-2..)    const -1
  DefaultEthernetPriorityMark       r  int(-2..)    const -1
  DefaultInnerEthernetPriorityMark  r  int(-2..)    const -1
  AvailableAppList                  r  list string  const ""

Device.QoS.Shaper.{i}.              rw
  needs  uci sqm
  rows   uci sqm.@queue
  ident  interface
  add    uci sqm.@queue cwmp_sqm_{n} enabled=0 upload=0 download=0 qdisc=cake script=piece_of_cake.qos linklayer=none
  max    32
  unique Interface
  write  call qos.shaper
  Enable                            rw boolean      uci .enabled | default 0
  Status                            r  enum(Disabled, Enabled, Error_Misconfigured, Error)  call qos.shaper status
  Children                          r  list pathRef const ""
  Interface                         rw pathRef      call qos.shaper interface | ref
  # In kbit/s there; percents are not known, and -1 is no limit.
  ShapingRate                       rw long(-1..-1,1000..)  call qos.shaper rate
  ShapingBurstSize                  r  unsignedInt  const 0

# A `config rule` of the target DSCP, one row for each of its protocols. An Interface stands for all of its zone.
Device.QoS.Classification.{i}.      rw
  rows   call fw.rules Classification.
  add    uci firewall.@rule cwmp_qos_{n} enabled=0 src=* proto=all target=DSCP
  write  call qos.class
  Enable                 rw boolean       call fw.part enabled base | default 1
  Status                 r  enum(Disabled, Enabled, Error) call fw.rule status | map Error_Misconfigured=Error
  Order                  rw unsignedInt(1..) call fw.rule order
  Interface              rw pathRef       call fw.zone src
  AllInterfaces          rw boolean       call fw.zone src all
  IPVersion              rw int(4..4,6..6,-1..-1) call fw.part family base | map =-1 ipv4=4 ipv6=6 any=-1 all=-1 inet=4 *=*
  DestIP                 rw IPAddress     call fw.part dest_ip base /
  DestMask               rw IPPrefix      call fw.part dest_ip tail /
  DestIPExclude          rw boolean       call fw.part dest_ip not
  SourceIP               rw IPAddress     call fw.part src_ip base /
  SourceMask             rw IPPrefix      call fw.part src_ip tail /
  SourceIPExclude        rw boolean       call fw.part src_ip not
  Protocol               rw int(-1..255)  call fw.rule proto
  ProtocolExclude        rw boolean       call only 0
  DestPort               rw int(-1..65535) call fw.part dest_port base - | map =-1 *=*
  DestPortRangeMax       rw int(-1..65535) call fw.part dest_port tail - | map =-1 *=*
  DestPortExclude        rw boolean       call fw.part dest_port not
  SourcePort             rw int(-1..65535) call fw.part src_port base - | map =-1 *=*
  SourcePortRangeMax     rw int(-1..65535) call fw.part src_port tail - | map =-1 *=*
  SourcePortExclude      rw boolean       call fw.part src_port not
  SourceMACAddress       rw MACAddress    call fw.part src_mac base | mac
  SourceMACExclude       rw boolean       call fw.part src_mac not
  DSCPCheck              rw int(-1..63)   call fw.part dscp base | map =-1 BE=0 LE=1 CS0=0 CS1=8 CS2=16 CS3=24 CS4=32 CS5=40 CS6=48 CS7=56 \
    AF11=10 AF12=12 AF13=14 AF21=18 AF22=20 AF23=22 AF31=26 AF32=28 AF33=30 AF41=34 AF42=36 AF43=38 EF=46 *=*
  DSCPExclude            rw boolean       call fw.part dscp not
  DSCPMark               rw int(-1..63)   call fw.part set_dscp base | map =-1 BE=0 LE=1 CS0=0 CS1=8 CS2=16 CS3=24 CS4=32 CS5=40 CS6=48 CS7=56 AF11=10 AF12=12 AF13=14 AF21=18 AF22=20 AF23=22 AF31=26 AF32=28 AF33=30 AF41=34 AF42=36 AF43=38 EF=46 *=*
  ForwardingPolicy       r  unsignedInt   const 0
