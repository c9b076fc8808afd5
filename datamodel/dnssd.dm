# Device.DNS.SD: services of the LAN that multicast DNS tells of, and our own that are told there.
# Router: umdns (/etc/config/umdns, /etc/umdns, what init scripts have procd know), which forgets what its owner took back
# or did not repeat in time. While `option disabled` holds it down, Status is Error.

Device.DNS.SD.                           r
  needs file /usr/sbin/umdns
  Enable               rw boolean                        call service.enable umdns
  Status               r  enum(Disabled, Enabled, Error) call service.status umdns
  AdvertisedInterfaces rw list pathRef                   uci umdns.@umdns[0].network | ref Device.IP.Interface.

# Who wants another one tells it to procd or to /etc/umdns. A row is called _ssh._tcp.local/ssh_22.
Device.DNS.SD.Advertise.{i}.             r
  rows  ubus umdns announcements {} .*.*
  let   id   call sd.after /
  let   name ubus service list {} .*.instances.*.data.mdns.{id}.instance | item 0
  Enable              r boolean                                             const true
  Status              r enum(Disabled, Enabled, Error_Misconfigured, Error) const Enabled
  # Empty where umdns speaks on several.
  Interface           r pathRef              call sd.interface | ref Device.IP.Interface.
  InstanceName        r string(63)           call sd.instance {name} | trim 63
  ApplicationProtocol r string(15)           const {key} | list . | entry _
  TransportProtocol   r enum(TCP, UDP)       const {key} | list . | item 1 | map _tcp=TCP _udp=UDP
  Domain              r string(256)          const local
  Port                r unsignedInt(..65535) ubus .port

Device.DNS.SD.Advertise.{i}.TextRecord.{i}. r
  rows  ubus .txt
  noalias
  Key                 r string(255)          const {key} | list = | item 0
  Value               r string(255)          call sd.after =

# A row is called _http._tcp/NAME.
Device.DNS.SD.Service.{i}.               r
  rows  ubus umdns browse {"array":true} .*.*
  let   v4 ubus .ipv4
  let   v6 ubus .ipv6
  volatile
  noalias
  InstanceName        r string(63)               call sd.after / | trim 63
  ApplicationProtocol r string(15)               const {key} | list . | entry _ | trim 15
  TransportProtocol   r enum(TCP, UDP)           const {key} | list / | item 0 | list . | item 1 | map _tcp=TCP _udp=UDP
  Domain              r string(256)              ubus .domain | default local
  Port                r unsignedInt(..65535)     ubus .port
  Target              r string(256)              ubus .host
  Status              r enum(LeaseActive, GoodbyeReceived, LeaseExpired) const LeaseActive
  LastUpdate          r dateTime                 call sd.updated | time
  Host                r list pathRef             call hosts.at {v4} {v6} | ref Device.Hosts.Host.
  TimeToLive          r unsignedInt(..2147483647) ubus .ttl | uint
  Priority            r unsignedInt(..65535)     ubus .priority
  Weight              r unsignedInt(..65535)     ubus .weight

Device.DNS.SD.Service.{i}.TextRecord.{i}. r
  rows  ubus .txt
  volatile
  noalias
  Key                 r string(255)              const {key} | list = | item 0
  Value               r string(255)              call sd.after =
