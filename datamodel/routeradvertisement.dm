# Device.RouterAdvertisement, Device.NeighborDiscovery.
# Router: odhcpd (/etc/config/dhcp), /proc/sys/net/ipv6, /etc/config/network (`config device`).

# On when a row is. Switching it off remembers which rows to switch on again.
Device.RouterAdvertisement.              r
  needs file /usr/sbin/odhcpd
  Enable  rw boolean  call dhcp.server ra

# One row per `config dhcp` with `option ra`; relays are off. A row goes and moves with its own options.
Device.RouterAdvertisement.InterfaceSetting.{i}.  rw
  rows   call dhcp6.services ra
  add    call dhcp6.services ra ra_flags=none
  max    16
  unique Interface
  write  call dhcp6.service
  Enable                  rw boolean                  call dhcp6.service enable
  Status                  r  enum(Disabled, Enabled, Error_Misconfigured, Error) call dhcp6.service status
  Interface               rw pathRef                  call dhcp6.service interface | ref Device.IP.Interface.
  # GUA: no server is given; odhcpd announces an address of the interface, its ULA before others.
  RDNSSMode               rw enum(Static, LLA, GUA, LLA_GUA) call dhcp6.service mode
  # Those of `list dns` that are IPv6, which DHCPv6 has too.
  RDNSS                   rw list IPv6Address         call dhcp6.service servers
  DNSSL                   rw list string              uci .domain
  Prefixes                r  list(..8) pathRef        call dhcp6.service prefixes ra | ref
  MaxRtrAdvInterval       rw unsignedInt(4..1800)     uci .ra_maxinterval | default 600
  MinRtrAdvInterval       rw unsignedInt(3..1350)     call dhcp6.service shortest
  AdvDefaultLifetime      rw unsignedInt(0..9000)     call dhcp6.service lifetime
  AdvManagedFlag          rw boolean                  call dhcp6.service flag managed-config
  AdvOtherConfigFlag      rw boolean                  call dhcp6.service flag other-config
  AdvMobileAgentFlag      rw boolean                  call dhcp6.service flag home-agent
  AdvPreferredRouterFlag  rw enum(High, Medium, Low)  uci .ra_preference | default medium | map high=High medium=Medium low=Low
  AdvNDProxyFlag          r  boolean                  const false
  # Not set it is the MTU of the netdev: odhcpd always sends one.
  AdvLinkMTU              rw unsignedInt(0..65535)    call dhcp6.service mtu
  AdvReachableTime        rw unsignedInt(0..3600000)  uci .ra_reachabletime | default 0
  AdvRetransTimer         rw unsignedInt(0..60000)    uci .ra_retranstime | default 0
  AdvCurHopLimit          rw unsignedInt(0..255)      uci .ra_hoplimit | default 0
  OptionNumberOfEntries   r  unsignedInt              const 0

Device.NeighborDiscovery.                r
  needs file /proc/sys/net/ipv6/conf
  Enable  r  boolean  const true

# One row per netdev that speaks IPv6.
Device.NeighborDiscovery.InterfaceSetting.{i}.  r
  rows   call dhcp6.discovery
  unique Interface
  let    dev call net.name
  Enable                   r  boolean            const true
  Status                   r  enum(Disabled, Enabled, Error_Misconfigured, Error) const Enabled
  Interface                r  pathRef            const {key} | ref Device.IP.Interface.
  DADTransmits             rw unsignedInt        call net.option dadtransmits dadtransmits | default 1
  RetransTimer             r  unsignedInt(1..)   file /proc/sys/net/ipv6/neigh/{dev}/retrans_time_ms | default 1000
  RtrSolicitationInterval  r  unsignedInt(4000..) call dhcp6.discovery interval
  MaxRtrSolicitations      r  unsignedInt        call dhcp6.discovery max
  NUDEnable                r  boolean            const true
  RSEnable                 r  boolean            call dhcp6.discovery rs
