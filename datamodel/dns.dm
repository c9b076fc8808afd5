# Device.DNS: name servers of the router and of its clients.
# Router: dnsmasq (/etc/config/dhcp), name servers of networks (/etc/config/network) and those that netifd learned.
#
# A disabled server is a section beside (cwmp_dns, cwmp_forwarder): lists have no disabled items.

Device.DNS.                              r
  SupportedRecordTypes  r  list enum(A, AAAA, SRV, PTR) const A,AAAA,SRV,PTR

Device.DNS.Client.                       r
  Enable                rw boolean                        call only 1
  Status                r  enum(Disabled, Enabled, Error) call dns.client

# `list dns` of networks, and, read-only, what networks learned. A new row needs both DNSServer and Interface.
Device.DNS.Client.Server.{i}.            rw
  needs uci network
  rows  call dns.servers
  rows  call dns.learned
  add   call dns.servers
  unique DNSServer
  write call dns.server
  Enable     rw boolean                        call dns.server enable
  Status     r  enum(Disabled, Enabled, Error) call dns.server status
  DNSServer  rw IPAddress                      call dns.server server
  Interface  rw pathRef                        call dns.server interface
  Type       r  enum(DHCPv4, DHCPv6, RouterAdvertisement, IPCP, 3GPP-NAS, Static) call dns.server type

# Off means port 0: dnsmasq goes on as the DHCP server.
Device.DNS.Relay.                        r
  needs uci dhcp.@dnsmasq
  Enable     rw boolean                        call dns.relay enable
  Status     r  enum(Disabled, Enabled, Error) call dns.relay status

# `list server` of the first dnsmasq (those for one domain only are not shown), and, read-only, what networks learned.
Device.DNS.Relay.Forwarding.{i}.         rw
  count ForwardNumberOfEntries
  rows  call dns.forwarders
  rows  call dns.upstream
  add   call dns.forwarders
  unique DNSServer
  write call dns.forwarder
  Enable     rw boolean                        call dns.forwarder enable
  Status     r  enum(Disabled, Enabled, Error) call dns.forwarder status
  DNSServer  rw IPAddress                      call dns.forwarder server
  Interface  rw pathRef                        call dns.forwarder interface
  Type       r  enum(DHCPv4, DHCPv6, RouterAdvertisement, IPCP, 3GPP-NAS, Static) call dns.forwarder type

Device.DNS.Relay.Config.{i}.             r
  rows  uci dhcp.@dnsmasq
  Forwarders   r  list pathRef   call dns.config forwarders
  Interface    r  pathRef        call dns.config interface
  CacheSize    r  unsignedInt    uci .cachesize | default 150
  CacheMinTTL  r  unsignedInt    uci .min_cache_ttl | default 0
  CacheMaxTTL  r  unsignedInt    uci .max_cache_ttl | default 0

# The local domain of a dnsmasq.
Device.DNS.Zone.{i}.                     r
  needs uci dhcp.@dnsmasq
  rows  uci dhcp.@dnsmasq
  Enable     rw boolean                        call only 1
  Name       rw string(128)                    call dns.zone
  Origin     r  enum(User, System, Controller) const System
  Interface  r  pathRef                        const ""

# `config domain`: names for an address.
Device.DNS.Zone.{i}.Host.{i}.            rw
  rows  call dns.hosts
  add   call dns.hosts
  write call dns.host
  Enable  rw boolean                        call dns.hostenable
  Name    rw list string(128)               call dns.host name
  Origin  r  enum(User, System, Controller) call nat.control
  # The host that has the address; an address of no known host reads empty.
  Host    rw pathRef                        call dns.host host
