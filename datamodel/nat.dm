# Device.NAT: masquerading and port mappings.
# Router: /etc/config/firewall (fw4).

Device.NAT.                              r
  needs uci firewall
  MaxNumberOfPortMappings                r  unsignedInt   const 256
  # The firewall has no port triggers.
  PortTriggerNumberOfEntries             r  unsignedInt   const 0
  MaxNumberOfPortTriggers                r  unsignedInt   const 0

# One row per network with IPv4 that is in a firewall zone. Masquerading is the zone's: where a zone has several such
# networks, Enable and SourceNetwork of all of them have to be set alike in one request, else it is refused. A row that the ACS
# adds is about a network that is in no zone: enabled, it is in the one that is translated and leads out, as long as the row
# is there; the others' Interface is the zone's, and they cannot be deleted.
Device.NAT.InterfaceSetting.{i}.         rw
  rows   call nat.interfaces
  add    call nat.interfaces
  max    64
  unique Interface
  write  call nat.interface
  Enable                 rw boolean       call nat.interface enable
  Status                 r  enum(Disabled, Enabled, Enabled_NATForcedDisabled, Enabled_PortMappingDisabled, Error_Misconfigured, Error) call nat.interface status
  Interface              rw pathRef       call nat.interface path
  SourceNetwork          rw list string(256) call nat.interface sources
  # The kernel's, for all connections.
  TCPTranslationTimeout  r  int(-1..)     file /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established | default -1
  UDPTranslationTimeout  r  int(-1..)     file /proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream | default -1

# One row per protocol of a `config redirect` with target DNAT. A redirect for TCP and UDP is two rows; a write to one
# of them makes two sections of it. fw4 redirects from a zone: the Interface that was set is remembered as long as it is
# in that zone, and AllInterfaces cannot be true. What devices asked miniupnpd for are rows too, read-only.
Device.NAT.PortMapping.{i}.              rw
  rows   call nat.mappings
  add    call nat.mappings
  unique RemoteHost,ExternalPort,Protocol
  write  call nat.mapping
  Enable                 rw boolean                  call nat.mapping enable
  Status                 r  enum(Disabled, Enabled, Inactive, Error_Misconfigured, Error) call nat.mapping status
  Origin                 r  enum(User, System, UPnP, Controller) call nat.control
  Interface              rw pathRef                  call nat.mapping interface
  AllInterfaces          rw boolean                  call nat.mapping all
  LeaseDuration          rw unsignedInt deny         call nat.mapping lease | default 0
  RemainingLeaseTime     r  unsignedInt deny         call nat.mapping left | default 0
  RemoteHost             rw string                   call nat.mapping remote
  ExternalPort           rw unsignedInt(0..65535)    call nat.mapping from
  ExternalPortEndRange   rw unsignedInt(0..65535)    call nat.mapping to
  InternalPort           rw unsignedInt(0..65535)    call nat.mapping inner
  Protocol               rw enum(TCP, UDP)           call nat.mapping protocol
  InternalClient         rw string(256)              call nat.mapping client
  Description            rw string(256)              call nat.mapping name
  Log                    rw boolean                  call nat.mapping log
