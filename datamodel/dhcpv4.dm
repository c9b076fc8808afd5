# Device.DHCPv4: DHCP client, server and relay.
# Router: /etc/config/dhcp (dnsmasq), /etc/config/network (udhcpc under netifd); leases from dnsmasq's lease file.
#
# dnsmasq has no switch for a host, a relay or an option. Such a row that is disabled is a section of a type that
# dnsmasq does not read (cwmp_host, cwmp_relay, cwmp_option); enabling it makes it the real thing.

Device.DHCPv4.                           r

# One row per `config interface` with proto dhcp. The protocol is the interface's, so rows come and go with it.
Device.DHCPv4.Client.{i}.                r
  needs  uci network
  rows   uci network.@interface proto=dhcp
  unique Interface
  Enable                  r  boolean           call dhcp4.live enable
  Interface               r  pathRef           call dhcp4.live path
  Status                  r  enum(Disabled, Enabled, Error_Misconfigured, Error) call dhcp4.live status
  DHCPStatus              r  enum(Init, Selecting, Requesting, Rebinding, Bound, Renewing) call dhcp4.live dhcpstatus
  IPAddress               r  IPv4Address       call dhcp4.live ip
  SubnetMask              r  IPv4Address       call dhcp4.live mask
  IPRouters               r  list IPv4Address  call dhcp4.live routers
  DNSServers              r  list IPv4Address  call dhcp4.live dns
  # udhcpc renews at half time and tells nobody when: this is the most that can be left.
  LeaseTimeRemaining      r  int(-1..) deny    call dhcp4.live left
  DHCPServer              r  IPv4Address       call dhcp4.live server
  PassthroughEnable       rw boolean           call only 0
  PassthroughDHCPPool     r  pathRef           const ""
  AuthenticationProtocol  r  enum(None, ConfigurationToken, DelayedAuthentication) const None
  Renew                   rw boolean command   call after network.interface.{section} renew

# sendopts, and hostname, vendorid, clientid.
Device.DHCPv4.Client.{i}.SentOption.{i}. rw
  rows   call dhcp4.sent
  add    call dhcp4.sent
  unique Tag
  write  call dhcp4.sent.value
  Enable  rw boolean              call dhcp4.sent.value enable
  Tag     rw unsignedInt(1..254)  call dhcp4.sent.value tag
  Value   rw hexBinary(0..255)    call dhcp4.sent.value value

# reqopts.
Device.DHCPv4.Client.{i}.ReqOption.{i}.  rw
  rows   call dhcp4.req
  add    call dhcp4.req
  unique Tag
  write  call dhcp4.req.value
  Enable  rw boolean              call dhcp4.req.value enable
  Order   r  unsignedInt(1..)     call dhcp4.req.value order
  Tag     rw unsignedInt(1..254)  call dhcp4.req.value tag

# ------------------------------------------------------------------------------------------------------- server

# On when a pool is. Switching it off remembers which pools to switch on again.
Device.DHCPv4.Server.                    r
  needs uci dhcp
  Enable       rw boolean            call dhcp.server dhcpv4

# Of dnsmasq, since it started.
Device.DHCPv4.Server.Stats.              r
  Discover     r  StatsCounter64     call dhcp4.metric dhcp_discover
  Offer        r  StatsCounter64     call dhcp4.metric dhcp_offer
  Request      r  StatsCounter64     call dhcp4.metric dhcp_request
  ACK          r  StatsCounter64     call dhcp4.metric dhcp_ack
  NACK         r  StatsCounter64     call dhcp4.metric dhcp_nak
  Decline      r  StatsCounter64     call dhcp4.metric dhcp_decline
  Release      r  StatsCounter64     call dhcp4.metric dhcp_release
  Inform       r  StatsCounter64     call dhcp4.metric dhcp_inform

# One row per `config dhcp`. VendorClassID, UserClassID and Chaddr are sections that give a device a tag. The lists of servers are what is set; an empty one means dnsmasq's default, the router.
Device.DHCPv4.Server.Pool.{i}.           rw
  rows   call dhcp4.pools
  unique Order
  add    uci dhcp.@dhcp cwmp_pool_{n} dhcpv4=disabled start=100 limit=150 leasetime=86400
  write  call dhcp4.pool
  Enable             rw boolean                 call dhcp4.pool enable
  Status             r  enum(Disabled, Enabled, Error_Misconfigured, Error) call dhcp4.pool status
  Order              rw unsignedInt(1..)        call dhcp4.pool order
  Interface          rw pathRef                 uci .interface | ref Device.IP.Interface.
  VendorClassID         rw string(255)          call dhcp4.match vendor
  VendorClassIDExclude  rw boolean              call dhcp4.match vendor not
  UserClassID           rw hexBinary(0..255)    call dhcp4.match user
  UserClassIDExclude    rw boolean              call dhcp4.match user not
  Chaddr                rw MACAddress           call dhcp4.match mac
  # Whole octets only.
  ChaddrMask            rw MACAddress           call dhcp4.match mask
  ChaddrExclude         rw boolean              call dhcp4.match mac not
  VendorClassIDMode  rw enum(Exact, Prefix, Suffix, Substring) call only Substring
  AllowedDevices     rw enum(All, Known, Unknown) call dhcp4.pool devices
  MinAddress         rw IPv4Address             call dhcp4.pool min
  MaxAddress         rw IPv4Address             call dhcp4.pool max
  # The StaticAddress rows within the pool; they cannot be reserved without a device.
  ReservedAddresses  rw list(0..32) IPv4Address call dhcp4.pool reserved
  SubnetMask         rw IPv4Address             call dhcp4.pool mask
  DNSServers         rw list(0..4) IPv4Address  call dhcp4.option 6
  DomainName         rw string(64)              call dhcp4.option 15
  IPRouters          rw list(0..4) IPv4Address  call dhcp4.option 3
  WINSServers        rw list IPv4Address        call dhcp4.option 44
  LeaseTime          rw int(-1..)               uci .leasetime | default 12h | dur

# One row per `config host` with an address in the pool's subnet.
Device.DHCPv4.Server.Pool.{i}.StaticAddress.{i}. rw
  rows   call dhcp4.hosts
  add    call dhcp4.hosts
  unique Chaddr
  write  call dhcp4.host
  Enable  rw boolean      call dhcp4.hostenable
  Chaddr  rw MACAddress   call dhcp4.host mac | mac
  Yiaddr  rw IPv4Address  call dhcp4.host ip

# dhcp_option entries that have no parameter above. Value is what goes over the wire; dnsmasq's notation is made of it.
Device.DHCPv4.Server.Pool.{i}.Option.{i}. rw
  rows   call dhcp4.options
  add    call dhcp4.options
  unique Tag
  write  call dhcp4.options.value
  Enable  rw boolean              call dhcp4.options.value enable
  Tag     rw unsignedInt(1..254)  call dhcp4.options.value tag
  Value   rw hexBinary(0..255)    call dhcp4.options.value value

Device.DHCPv4.Server.Pool.{i}.Client.{i}. r
  rows   call dhcp4.clients
  unique Chaddr
  volatile
  Chaddr  r  MACAddress  call dhcp4.client mac | mac
  Active  r  boolean     call dhcp4.client active

Device.DHCPv4.Server.Pool.{i}.Client.{i}.IPv4Address.{i}. r
  rows   call dhcp4.address
  unique IPAddress
  volatile
  noalias
  IPAddress           r  IPv4Address  call dhcp4.client ip
  LeaseTimeRemaining  r  dateTime     call dhcp4.client expires

# Host name (12) and client identifier (61), which dnsmasq keeps.
Device.DHCPv4.Server.Pool.{i}.Client.{i}.Option.{i}. r
  rows   call dhcp4.clientopts
  volatile
  noalias
  Tag    r  unsignedInt(0..255)  const {key}
  Value  r  hexBinary(0..255)    call dhcp4.clientopts

# -------------------------------------------------------------------------------------------------------- relay

Device.DHCPv4.Relay.                     r
  needs uci dhcp
  Enable  r  boolean                        call dhcp4.relay any
  Status  r  enum(Disabled, Enabled, Error) call dhcp4.relay anystatus

# One row per `config relay`; it is the network whose own address is local_addr.
Device.DHCPv4.Relay.Forwarding.{i}.      rw
  rows  call dhcp4.relays
  add   call dhcp4.relays
  Enable               rw boolean                   call dhcp4.relayenable
  Status               r  enum(Disabled, Enabled, Error_Misconfigured, Error) call dhcp4.relay status
  Order                r  unsignedInt(1..)          call dhcp4.relay order
  Interface            rw pathRef                   call dhcp4.relay interface
  DHCPServerIPAddress  rw IPv4Address               uci .server_addr
  LocallyServed        rw boolean                   call only 0
