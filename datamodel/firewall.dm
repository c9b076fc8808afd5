# Device.Firewall: rules, services of the router itself, pinholes, policies, sets.
# Router: /etc/config/firewall (fw4).

Device.Firewall. r
  needs uci firewall
  # False takes all rules away, also at boot, and with them the translation of addresses. So it is refused where two zones have
  # a network, or the one that has does not let all in: first they have to be what they would be then. So is what would make
  # them need it while it is off.
  Enable rw boolean call service.enable firewall
  # Of opkg's list of packages.
  Version r string(16) file /usr/lib/opkg/info/firewall4.control line Version: | trim 16
  LastChange r dateTime call file.changed /etc/config/firewall | time
  Config rw enum(High, Low, Advanced, Policy) call only Advanced
  AdvancedLevel r pathRef const 1 | ref Device.Firewall.Level.
  PolicyLevel r pathRef const ""
  Type r enum(Stateless, Stateful) const Stateful
  LogNumberOfEntries r unsignedInt const 0

# What the configuration says: there is one level of it. Its DefaultPolicy is for what no rule and no policy lets from one
# zone to another.
Device.Firewall.Level.{i}. r
  rows call fw.one
  Name r string(64) const OpenWrt
  Description r string(256) const /etc/config/firewall
  Order r unsignedInt(1..) const 1
  Chain r pathRef const 1 | ref Device.Firewall.Chain.
  PortMappingEnabled rw boolean call only 1
  DefaultPolicy rw enum(Drop, Accept, Reject) uci firewall.@defaults[0].forward | default DROP | map ACCEPT=Accept REJECT=Reject DROP=Drop accept=Accept reject=Reject drop=Drop
  DefaultLogPolicy rw boolean call fw.log

# All rules are in one chain; fw4 asks them from the first to the last of those between the same zones.
Device.Firewall.Chain.{i}. r
  rows call fw.one
  Enable r boolean const true
  Name r string(64) const rules
  Creator r enum(Defaults, PortMapping, WANIPv6FirewallControl, ACS, UserInterface, Other) const UserInterface

# A `config rule` about what is forwarded (those for the router itself are services), one row for each of its protocols; a
# write makes sections of their own of these. fw4's rules are between zones: an interface stands for all of its zone, none
# for the router itself. A rule ends by itself at ExpiryDate.
Device.Firewall.Chain.{i}.Rule.{i}. rw
  rows call fw.rules Rule.
  add call fw.rules Rule.
  max 512
  write call fw.rule
  Enable rw boolean call fw.part enabled base | default 1
  Status r enum(Disabled, Enabled, Error_Misconfigured, Error) call fw.rule status
  Order rw unsignedInt(1..) call fw.rule order
  Description rw string(256) call fw.rule name
  Target rw enum(Drop, Accept, Reject) call fw.part target base | map ACCEPT=Accept REJECT=Reject DROP=Drop accept=Accept reject=Reject drop=Drop
  Log rw boolean call fw.part log base | map =0 1=1 0=0 off=0 no=0 false=0 *=1
  CreationDate r dateTime state created
  ExpiryDate rw dateTime call fw.end date
  SourceInterface rw pathRef call fw.zone src
  SourceInterfaceExclude rw boolean call only 0
  SourceAllInterfaces rw boolean call fw.zone src all
  DestInterface rw pathRef call fw.zone dest
  DestInterfaceExclude rw boolean call only 0
  DestAllInterfaces rw boolean call fw.zone dest all
  IPVersion rw int(4..4,6..6,-1..-1) call fw.part family base | map =-1 ipv4=4 ipv6=6 any=-1 all=-1 inet=4 *=*
  DestIP rw IPAddress call fw.part dest_ip base /
  DestMask rw IPPrefix call fw.part dest_ip tail /
  DestIPExclude rw boolean call fw.part dest_ip not
  DestMatchSet rw pathRef call fw.set dest in
  DestMatchSetExclude rw pathRef call fw.set dest not
  SourceIP rw IPAddress call fw.part src_ip base /
  SourceMask rw IPPrefix call fw.part src_ip tail /
  SourceIPExclude rw boolean call fw.part src_ip not
  SourceMatchSet rw pathRef call fw.set src in
  SourceMatchSetExclude rw pathRef call fw.set src not
  # 1 is that of the rule's IP version.
  Protocol rw int(-1..255) call fw.rule proto
  ProtocolExclude rw boolean call only 0
  DestPort rw int(-1..65535) call fw.part dest_port base - | map =-1 *=*
  DestPortRangeMax rw int(-1..65535) call fw.part dest_port tail - | map =-1 *=*
  DestPortExclude rw boolean call fw.part dest_port not
  SourcePort rw int(-1..65535) call fw.part src_port base - | map =-1 *=*
  SourcePortRangeMax rw int(-1..65535) call fw.part src_port tail - | map =-1 *=*
  SourcePortExclude rw boolean call fw.part src_port not
  DSCP rw int(-1..63) call fw.part dscp base | map =-1 BE=0 LE=1 CS0=0 CS1=8 CS2=16 CS3=24 CS4=32 CS5=40 CS6=48 CS7=56 \
    AF11=10 AF12=12 AF13=14 AF21=18 AF22=20 AF23=22 AF31=26 AF32=28 AF33=30 AF41=34 AF42=36 AF43=38 EF=46 *=*
  DSCPExclude rw boolean call fw.part dscp not
  SourceMAC rw MACAddress call fw.part src_mac base | mac
  SourceMACExclude rw boolean call fw.part src_mac not

# A `config rule` with a source and no destination: what reaches the router itself. No Interface is any.
Device.Firewall.Service.{i}. rw
  rows call fw.rules Service.
  add uci firewall.@rule cwmp_svc_{n} enabled=0 src=* proto=all target=ACCEPT
  max 256
  unique Interface,DestPort,Protocol,SourcePrefixes
  write call fw.rule
  Enable rw boolean uci .enabled | default 1
  Status r enum(Disabled, Enabled, Error_Misconfigured, Error) call fw.rule status
  Interface rw pathRef call fw.zone src any
  DestPort rw list int(-1..65535) uci .dest_port | list " " | map =-1 *=*
  IPVersion rw int(4..4,6..6,-1..-1) uci .family | map =-1 ipv4=4 ipv6=6 any=-1 all=-1 inet=4 *=*
  Protocol rw list int(-1..255) call fw.rule protos
  # The first; a rule with several is changed on the router.
  ICMPType rw int(-1..255) call fw.rule icmp
  SourcePrefixes rw list IPPrefix call fw.rule prefixes
  Action rw enum(Drop, Accept, Reject) uci .target | map ACCEPT=Accept REJECT=Reject DROP=Drop accept=Accept reject=Reject drop=Drop
  Log rw boolean uci .log | map =0 1=1 0=0 off=0 no=0 false=0 *=1

# A `config rule` that accepts what goes to one IPv6 address, and what devices asked miniupnpd for, read-only.
Device.Firewall.Pinhole.{i}. rw
  rows call fw.rules Pinhole.
  add uci firewall.@rule cwmp_pin_{n} enabled=0 src=* dest=* proto=all target=ACCEPT
  max 256
  write call fw.rule
  Enable rw boolean uci .enabled | default 1
  Status r enum(Disabled, Enabled, Inactive, Error_Misconfigured, Error) call fw.rule status
  Origin r enum(User, System, UPnP, Controller) call nat.control
  Description rw string(256) call fw.rule name
  Interface rw pathRef call fw.zone src any
  LeaseDuration rw unsignedInt call fw.end lease
  RemainingLeaseTime r unsignedInt deny call fw.end left
  SourcePort rw int(-1..65535) call fw.part src_port base - | map =-1 *=*
  SourcePortRangeMax rw int(-1..65535) call fw.part src_port tail - | map =-1 *=*
  DestPort rw int(-1..65535) call fw.part dest_port base - | map =-1 *=*
  DestPortRangeMax rw int(-1..65535) call fw.part dest_port tail - | map =-1 *=*
  IPVersion rw int(4..4,6..6,-1..-1) call fw.part family base | map =-1 ipv4=4 ipv6=6 any=-1 all=-1 inet=4 *=*
  Protocol rw list int(-1..255) call fw.rule protos
  SourcePrefixes rw list IPPrefix call fw.rule prefixes
  DestIP rw IPAddress call fw.part dest_ip base /
  # Of hosts whose address is made of it (EUI-64), in whatever prefix.
  DestMACAddress rw MACAddress call fw.rule mac | mac
  Log rw boolean uci .log | map =0 1=1 0=0 off=0 no=0 false=0 *=1

# A `config forwarding`. No interface is any zone. What comes the other way has a policy of its own, or the level's.
Device.Firewall.Policy.{i}. rw
  rows uci firewall.@forwarding
  ident src dest family
  add uci firewall.@forwarding cwmp_fwd_{n} enabled=0
  max 64
  write call fw.rule
  Enable rw boolean uci .enabled | default 1
  Status r enum(Disabled, Enabled, Error_Misconfigured, Error) call fw.rule status
  Chain r pathRef const ""
  TargetChain rw enum(Drop, Accept, Reject) call only Accept
  SourceInterface rw pathRef call fw.zone src any
  DestinationInterface rw pathRef call fw.zone dest any
  IPVersion rw int(4..4,6..6,-1..-1) uci .family | map =-1 ipv4=4 ipv6=6 any=-1 all=-1 inet=4 *=*
  ReverseChain r pathRef const ""
  ReverseTargetChain r enum(Drop, Accept, Reject) call fw.rule reverse | default DROP | map ACCEPT=Accept REJECT=Reject DROP=Drop accept=Accept reject=Reject drop=Drop

# A redirect of all that comes from a zone to one host; connection requests by HTTP do not go there where the agent has the
# firewall let them in (incoming_rule).
Device.Firewall.DMZ.{i}. rw
  rows call fw.dmz
  add uci firewall.@redirect cwmp_dmz_{n} enabled=0 src=wan proto=all target=DNAT
  max 16
  unique DestIP,SourcePrefix
  write call fw.dmz
  Enable rw boolean uci .enabled | default 1
  Status r enum(Disabled, Enabled, Error_Misconfigured, Error) call nat.mapping status
  Origin r enum(User, System, Controller) call nat.control
  Description rw string(256) call fw.rule name
  Interface rw pathRef call fw.zone src
  LeaseDuration rw unsignedInt call fw.end lease
  RemainingLeaseTime r unsignedInt deny call fw.end left
  DestIP rw IPv4Address uci .dest_ip
  SourcePrefix rw IPv4Prefix call fw.rule prefixes | item 0
  Log rw boolean uci .log | map =0 1=1 0=0 off=0 no=0 false=0 *=1

# One row per network that is in a zone. What is here is the zone's, and so that of all its networks; for pings a rule is made
# where the others do not say what is wanted.
Device.Firewall.InterfaceSetting.{i}. r
  rows call nat.interfaces all
  unique Interface
  write call fw.rule
  let dev ubus network.interface dump {} .interface[interface={key}].l3_device
  Enable rw boolean call only 1
  Status r enum(Disabled, Enabled, Error_Misconfigured, Error) const Enabled
  Interface r pathRef const {key} | ref Device.IP.Interface.
  IPv4SpoofingProtection r boolean file /proc/sys/net/ipv4/conf/{dev}/rp_filter | map 2=1 *=*
  IPv4AcceptICMPEchoRequest rw boolean call fw.ping input 4
  IPv6AcceptICMPEchoRequest rw boolean call fw.ping input 6
  IPv6PassThroughICMPEchoRequest rw boolean call fw.ping forward 6
  StealthMode rw boolean uci .input | default REJECT | map DROP=1 drop=1 REJECT=0 reject=0 ACCEPT=0 accept=0

# Helpers whose kernel module is there. Without a list of its own, a zone that is not translated has all of them.
Device.Firewall.ConnectionTracking. r
Device.Firewall.ConnectionTracking.SIP. r
  needs file /sys/module/nf_conntrack_sip
  Enable rw boolean call fw.helper on sip
  Ports r list int(0..65535) call fw.helper port sip
  DirectMedia r boolean file /sys/module/nf_conntrack_sip/parameters/sip_direct_media
  DirectSignaling r boolean file /sys/module/nf_conntrack_sip/parameters/sip_direct_signalling
  ExternalMedia r boolean file /sys/module/nf_conntrack_sip/parameters/sip_external_media
  TimeOut r unsignedInt file /sys/module/nf_conntrack_sip/parameters/sip_timeout
Device.Firewall.ConnectionTracking.FTP. r
  needs file /sys/module/nf_conntrack_ftp
  Enable rw boolean call fw.helper on ftp
  Ports r list(..8) int(0..65535) call fw.helper port ftp
  Loose r boolean file /sys/module/nf_conntrack_ftp/parameters/loose | map Y=1 N=0
Device.Firewall.ConnectionTracking.PPTP. r
  needs file /sys/module/nf_conntrack_pptp
  Enable rw boolean call fw.helper on pptp
Device.Firewall.ConnectionTracking.TFTP. r
  needs file /sys/module/nf_conntrack_tftp
  Enable rw boolean call fw.helper on tftp
  Ports r list(..8) int(0..65535) call fw.helper port tftp
Device.Firewall.ConnectionTracking.IRC. r
  needs file /sys/module/nf_conntrack_irc
  Enable rw boolean call fw.helper on irc
  Ports r list int(0..65535) call fw.helper port irc
  MAXDCCChannels r unsignedInt file /sys/module/nf_conntrack_irc/parameters/max_dcc_channels
  DCCTimeout r unsignedInt file /sys/module/nf_conntrack_irc/parameters/dcc_timeout
Device.Firewall.ConnectionTracking.H323. r
  needs file /sys/module/nf_conntrack_h323
  Enable rw boolean call fw.helper on RAS Q.931
  RegistrationRequestTTL r unsignedInt file /sys/module/nf_conntrack_h323/parameters/default_rrq_ttl
  GKRoutedOnly r boolean file /sys/module/nf_conntrack_h323/parameters/gkrouted_only
  CallForwardFilter r boolean file /sys/module/nf_conntrack_h323/parameters/callforward_filter | map Y=1 N=0

# A `config ipset` of one kind of thing. Rules that compare with it get its new name, and are off once it is deleted.
Device.Firewall.Set.{i}. rw
  rows call fw.sets
  add uci firewall.@ipset cwmp_set_{n} enabled=0 name=cwmp_set_{n} match=src_ip family=ipv4
  max 64
  unique Name
  write call fw.sets
  Enable rw boolean uci .enabled | default 1
  Origin r enum(User, System, Controller) call nat.control
  Name rw string(31) call fw.sets name
  Type rw enum(IPAddresses, Ports, MACAddresses) uci .match | list " " | item 0 | map src_ip=IPAddresses src_mac=MACAddresses src_port=Ports \
    dest_ip=IPAddresses dst_ip=IPAddresses ip=IPAddresses src_net=IPAddresses dest_net=IPAddresses dst_net=IPAddresses net=IPAddresses \
    mac=MACAddresses dest_port=Ports dst_port=Ports port=Ports
  IPVersion rw int(4..4,6..6,-1..-1) uci .family | default ipv4 | map ipv4=4 ipv6=6 any=-1 inet=4 *=*

Device.Firewall.Set.{i}.Rule.{i}. r
  rows call fw.one
  write call fw.sets
  Exclude rw boolean call only 0
  IPAddressList rw list IPAddress call fw.sets ip net
  MACAddressList rw list MACAddress call fw.sets mac
  PortList rw list string call fw.sets port
