# Device.QoS.: shaping of what leaves the router.
# Router: /etc/config/sqm (sqm-scripts). One queue discipline shapes and queues, so there are no rows of queues, of
# schedulers and of policers. The rate towards the LAN (`download`) is not the standard's.

Device.QoS.                         r
  needs uci sqm
  MaxClassificationEntries          r  unsignedInt  const 0
  MaxAppEntries                     r  unsignedInt  const 0
  MaxFlowEntries                    r  unsignedInt  const 0
  MaxPolicerEntries                 r  unsignedInt  const 0
  MaxQueueEntries                   r  unsignedInt  const 0
  MaxShaperEntries                  r  unsignedInt  const 32
  MaxSchedulerEntries               r  unsignedInt  const 0
  ClassificationNumberOfEntries     r  unsignedInt  const 0
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
