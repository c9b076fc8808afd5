# Device.Time.: the clock, its zone and NTP.
# Router: /etc/config/system, section `ntp`, which busybox' ntpd is started from (sysntpd).

Device.Time.                                r
  Enable             rw boolean             uci system.ntp:timeserver.enabled | default 1
  Status             r  enum(Disabled, Unsynchronized, Synchronized, Error)  call time.status
  # The standard has given these up for Client.{i}.Servers; ACS templates have not.
  NTPServer1         rw string(64) compat   uci system.ntp:timeserver.server | item 0
  NTPServer2         rw string(64) compat   uci system.ntp:timeserver.server | item 1
  NTPServer3         rw string(64) compat   uci system.ntp:timeserver.server | item 2
  NTPServer4         rw string(64) compat   uci system.ntp:timeserver.server | item 3
  NTPServer5         rw string(64) compat   uci system.ntp:timeserver.server | item 4
  CurrentLocalTime   r  dateTime deny       call time.now
  LocalTimeZone      rw string(256)         call time.zone

# ntpd has one client, which asks all servers; chrony one for each of its sections. Polls are powers of two of seconds.
Device.Time.Client.{i}.                     r
  rows uci system.@timeserver
  rows uci chrony.@pool
  rows uci chrony.@server
  rows uci chrony.@peer
  ident hostname
  write call time.client
  Enable               rw boolean             call time.client enable
  Status               r  enum(Disabled, Unsynchronized, Synchronized, Error_FailedToSynchronize, Error)  call time.status
  Mode                 r  enum(Unicast, Broadcast, Multicast, Manycast)  const Unicast
  Port                 r  unsignedInt(1..65535)  const 123
  IPVersion            r  int(-1..-1,4..4,6..6)  const -1
  Version              r  unsignedInt(1..4)   const 4
  Servers              rw list string         call time.client servers
  ResolveAddresses     r  boolean             call time.client pool
  ResolveMaxAddresses  rw unsignedInt         call time.client maxsources
  Peer                 r  boolean             call time.client peer
  MinPoll              rw unsignedInt         call time.client minpoll
  MaxPoll              rw unsignedInt         call time.client maxpoll
  IBurst               rw boolean             call time.client iburst

# The same ntpd serves the LAN when it is told to, on one device (-I) or all.
Device.Time.Server.{i}.                     r
  rows uci system.@timeserver
  Enable             rw boolean             uci .enable_server | default 0
  Status             r  enum(Up, Down, Error)  call time.server
  Mode               r  enum(Unicast, Broadcast, Multicast, Manycast)  const Unicast
  Version            r  unsignedInt(1..4)   const 4
  Port               r  unsignedInt(1..65535)  const 123
  BindType           r  enum(Address, Device)  const Device
  TTL                r  unsignedInt(1..255) file /proc/sys/net/ipv4/ip_default_ttl | default 64
