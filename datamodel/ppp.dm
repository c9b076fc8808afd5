# Device.PPP: interfaces that dial (proto pppoe, pppoa, ppp, pptp, l2tp).
# Router: /etc/config/network (`config interface`), ubus network.interface, pppd through netifd's ppp.sh.
#
# Such a section is also the IP.Interface that stands on it: both rows share their settings.

Device.PPP.    r
  needs uci network
  SupportedNCPs  r  list enum(ATCP, IPCP, IPXCP, NBFCP, IPv6CP)  const IPCP,IPv6CP | list ,

Device.PPP.Interface.{i}.    rw
  rows call net.ppps
  add  call net.ppps ppp pppoe
  max  16
  Enable               rw boolean           call net.interface.enable
  # After the session, as ifup does; of one that is switched off there is nothing to reset.
  Reset                rw boolean command   call after network.interface.{key} down up
  Status               r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error)            call net.interface.status
  Name                 r  string(64)        call net.ppp.name
  LastChange           r  unsignedInt deny  call net.interface.lastchange
  LowerLayers          rw list pathRef      call net.ppp.lower | ref
  ConnectionStatus     r  enum(Unconfigured, Connecting, Authenticating, Connected, PendingDisconnect, Disconnecting, Disconnected)  call net.ppp.connection
  LastConnectionError  r  enum(ERROR_NONE, ERROR_ISP_TIME_OUT, ERROR_COMMAND_ABORTED, ERROR_NOT_ENABLED_FOR_INTERNET, ERROR_BAD_PHONE_NUMBER, ERROR_USER_DISCONNECT, ERROR_ISP_DISCONNECT, ERROR_IDLE_DISCONNECT, ERROR_FORCED_DISCONNECT, ERROR_SERVER_OUT_OF_RESOURCES, ERROR_RESTRICTED_LOGON_HOURS, ERROR_ACCOUNT_DISABLED, ERROR_ACCOUNT_EXPIRED, ERROR_PASSWORD_EXPIRED, ERROR_AUTHENTICATION_FAILURE, ERROR_NO_DIALTONE, ERROR_NO_CARRIER, ERROR_NO_ANSWER, ERROR_LINE_BUSY, ERROR_UNSUPPORTED_BITSPERSECOND, ERROR_TOO_MANY_LINE_ERRORS, ERROR_IP_CONFIGURATION, ERROR_UNKNOWN)  call net.ppp.error
  IdleDisconnectTime   rw unsignedInt       uci .demand | default 0
  Username             rw string(64)        uci .username
  Password             rw string(64) hidden uci .password
  EncryptionProtocol   r  enum(None, MPPE)  const None
  CompressionProtocol  r  enum(None, "Van Jacobson", "STAC LZS")  const None
  MaxMRUSize           rw unsignedInt(64..65535)  call net.interface.mtu
  CurrentMRUSize       r  unsignedInt(64..65535)  call net.field mtu
  # OnDemand is `demand`, Manual is `auto 0`.
  ConnectionTrigger    rw enum(OnDemand, AlwaysOn, Manual)  call net.ppp.trigger
  # The two words of `keepalive`.
  LCPEcho              rw unsignedInt       call net.ppp.echo interval
  LCPEchoRetry         rw unsignedInt       call net.ppp.echo failures
  LCPEchoAdaptive      rw boolean           uci .keepalive_adaptive | default 1
  IPCPEnable           r  boolean           const true
  IPv6CPEnable         rw boolean           call net.interface.ipv6

Device.PPP.Interface.{i}.Stats.    r
  Reset                       rw boolean command    call net.reset
  BytesSent                   r  StatsCounter64 deny  call net.counter tx_bytes
  BytesReceived               r  StatsCounter64 deny  call net.counter rx_bytes
  PacketsSent                 r  StatsCounter64 deny  call net.counter tx_packets
  PacketsReceived             r  StatsCounter64 deny  call net.counter rx_packets
  ErrorsSent                  r  StatsCounter32 deny  call net.counter tx_errors 32
  ErrorsReceived              r  StatsCounter32 deny  call net.counter rx_errors 32
  DiscardPacketsSent          r  StatsCounter32 deny  call net.counter tx_dropped 32
  DiscardPacketsReceived      r  StatsCounter32 deny  call net.counter rx_dropped 32
  UnicastPacketsReceived      r  StatsCounter64 deny  call net.counter rx_packets -multicast
  MulticastPacketsReceived    r  StatsCounter64 deny  call net.counter multicast

Device.PPP.Interface.{i}.PPPoE.    r
  SessionID    r  unsignedInt(1..)  call net.ppp.session
  ACName       rw string(256)       uci .ac
  ServiceName  rw string(256)       uci .service

Device.PPP.Interface.{i}.IPCP.    r
  LocalIPAddress       r  IPv4Address  call net.ppp.ipcp address
  RemoteIPAddress      r  IPv4Address  call net.ppp.ipcp ptpaddress
  DNSServers           r  list(0..2) IPv4Address  call net.ppp.dns
  PassthroughEnable    r  boolean      const false
  PassthroughDHCPPool  r  pathRef      const ""

Device.PPP.Interface.{i}.IPv6CP.    r
  LocalInterfaceIdentifier   r  IPv6Address  call net.ppp.ipv6cp local
  RemoteInterfaceIdentifier  r  IPv6Address  call net.ppp.ipv6cp remote
