Device.X_ACME_Tinc.  r
  needs uci tinc
  needs file /usr/sbin/tincd
  Version  r  string  ubus tinc status "{\"what\":\"all of it\"}" .daemon.version
  LogLevel  rw  unsignedInt(0..5,10..)  uci tinc.globals:globals.loglevel
  Domains  rw  list string  uci tinc.globals.domain
  Mode  rw  enum(router, switch, "a hub")  uci tinc.@globals[0].mode
  Arp  r  string  file /proc/net/arp

Device.X_ACME_Tinc.Network.{i}.  rw
  rows uci tinc.@tinc-net
  add uci tinc.@tinc-net network_{n}
  unique Key
  Name  r  string  const {section}
  Enable  rw  boolean  uci .enabled
  Key  rw  string hidden  uci .key
  Friend  rw  pathRef  uci .friend | ref Device.X_ACME_Tinc.Network.

Device.X_ACME_Tinc.Peer.{i}.  r
  rows ubus tinc peers {} .peers key=name
  Name  r  string  ubus .name
  Bytes  r  unsignedLong  ubus .stats.bytes

Device.X_ACME_Tinc.Peer.{i}.Stats.  r
  Packets  r  unsignedInt  ubus .stats.packets

Device.DeviceInfo.  r
  FirstUseDate  none

Device.LEDs.  none
