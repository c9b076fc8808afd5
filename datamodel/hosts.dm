# Device.Hosts: what is on the LAN.
# Router: DHCP leases, the kernel's neighbours, the bridges' forwarding tables, hostapd's stations, odhcpd's leases; names that
# `config host` gives. Neighbours on networks that are translated (uplinks) are not hosts.

Device.Hosts.                            r

Device.Hosts.Host.{i}.                   r
  rows   call hosts.rows
  unique PhysAddress
  volatile
  noalias
  PhysAddress         r  string(64)          call hosts.host mac
  IPAddress           r  IPAddress           call hosts.host ip
  DHCPClient          r  list(0..2) pathRef  call hosts.host dhcp
  AssociatedDevice    r  pathRef             call hosts.host station
  Layer1Interface     r  pathRef             call hosts.host layer1
  Layer3Interface     r  pathRef             call hosts.host layer3
  InterfaceType       r  enum(Ethernet, G.hn, HPNA, HomePlug, MoCA, UPA, Wi-Fi, Other) call hosts.host type
  HostName            r  string(64)          call hosts.host name | trim 64
  Active              r  boolean             call hosts.host active
  # Of changes that the agent saw; unknown before the first.
  ActiveLastChange    r  dateTime            call hosts.since | time
  # Deleted from the standard; old templates of ACSs still ask for them.
  AddressSource       r  enum(DHCP, Static, AutoIP, None) compat call hosts.host source
  LeaseTimeRemaining  r  int(-1..) compat    call hosts.host left
  ClientID            r  hexBinary(0..65535) compat call hosts.host clientid

# What nlbwmon counted in its current period, a month mostly.
Device.Hosts.Host.{i}.WANStats.          r
  needs  file /usr/sbin/nlbw
  BytesSent           r  StatsCounter64      call hosts.traffic tx_bytes
  BytesReceived       r  StatsCounter64      call hosts.traffic rx_bytes
  PacketsSent         r  StatsCounter64      call hosts.traffic tx_pkts
  PacketsReceived     r  StatsCounter64      call hosts.traffic rx_pkts

Device.Hosts.Host.{i}.IPv4Address.{i}.   r
  rows   call hosts.addresses 4
  unique IPAddress
  volatile
  noalias
  IPAddress           r  IPv4Address         call hosts.addresses

Device.Hosts.Host.{i}.IPv6Address.{i}.   r
  rows   call hosts.addresses 6
  unique IPAddress
  volatile
  noalias
  IPAddress           r  IPv6Address         call hosts.addresses

# Firewall rules about one device: those with src_mac and a destination.
Device.Hosts.AccessControl.{i}.          rw
  needs  uci firewall
  rows   call hosts.rules
  add    uci firewall.@rule cwmp_ac_{n} enabled=0 src=lan dest=wan proto=all target=REJECT
  unique PhysAddress
  write  call hosts.access
  Origin        r  enum(User, System, Controller) call nat.control
  PhysAddress   rw string(64)         call hosts.access mac
  Enable        rw boolean            uci .enabled | default 1
  AccessPolicy  rw enum(Allow, Deny)  call hosts.access policy
  HostName      rw string(256)        state hostname

# When the rule is about the device, by the router's clock: always, if no schedule is enabled. No Day is each of them, no
# StartTime midnight. At other times the other rules decide. nft knows the hours by UTC: they move with summer time once the
# firewall is loaded again.
Device.Hosts.AccessControl.{i}.Schedule.{i}. rw
  rows   call hosts.schedules
  add    call hosts.schedules
  max 16
  write  call hosts.schedule
  Enable        rw boolean            call hosts.schedule enabled | default 1
  Day           rw list enum(Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday) call hosts.schedule weekdays | list " "
  StartTime     rw string(5)          call hosts.schedule start_time
  Duration      rw unsignedInt(1..604800) call hosts.schedule duration
