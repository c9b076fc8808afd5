# Device.XMPP.: connections to XMPP servers, by which the ACS reaches us behind any NAT (TR-069 Annex K).
# Router: /etc/config/cwmp, sections `xmpp_connection` and `xmpp_server`. The connection that is made is the one which
# Device.ManagementServer.ConnReqXMPPConnection names, the others wait (Dormant).

Device.ManagementServer.                    r
  ConnReqXMPPConnection             rw pathRef                      uci cwmp.cpe:cpe.xmpp_connection | ref Device.XMPP.Connection.
  ConnReqAllowedJabberIDs           rw list(..32) string(256)       uci cwmp.cpe:cpe.xmpp_allowed_jid
  ConnReqJabberID                   r  string active                call agent.jabber_id

Device.XMPP.                                r
  SupportedServerConnectAlgorithms  r  list enum(DNS-SRV, DNS, ServerTable) const DNS-SRV,DNS,ServerTable

Device.XMPP.Connection.{i}.                 rw
  rows uci cwmp.@xmpp_connection
  ident username domain resource
  add uci cwmp.@xmpp_connection cwmp_xmpp_{n} enable=0
  unique Username,Domain,Resource
  max 4
  Enable                            rw boolean                      uci .enable | default 0
  Username                          rw string(256)                  uci .username
  Password                          rw string(256) hidden           uci .password
  Domain                            rw string(64)                   uci .domain
  Resource                          rw string(64)                   uci .resource
  JabberID                          r  string                       call agent.xmpp JabberID
  Status                            r  enum(Enabled, Disabled, Unknown, Dormant, Connecting, ServerNotPresent, Error_Misconfigured, Error_AuthenticationFailure, Error) \
                                       call agent.xmpp Status
  LastChangeDate                    r  dateTime                     call agent.xmpp LastChangeDate
  ServerConnectAlgorithm            rw enum(DNS-SRV, DNS, ServerTable) uci .server_connect_algorithm | default DNS-SRV
  KeepAliveInterval                 rw long(-1..2147483647)         uci .keepalive_interval | default -1
  ServerConnectAttempts             rw unsignedInt(..2147483647)    uci .connect_attempts | default 16
  ServerRetryInitialInterval        rw unsignedInt(1..65535)        uci .retry_initial_interval | default 60
  ServerRetryIntervalMultiplier     rw unsignedInt(1000..65535)     uci .retry_interval_multiplier | default 2000
  ServerRetryMaxInterval            rw unsignedInt(1..2147483647)   uci .retry_max_interval | default 30720
  UseTLS                            rw boolean                      uci .use_tls | default 0
  TLSEstablished                    r  boolean                      call agent.xmpp TLSEstablished

Device.XMPP.Connection.{i}.Server.{i}.      rw
  rows uci cwmp.@xmpp_server connection={parent.section}
  ident connection server_address port
  add uci cwmp.@xmpp_server {parent.section}_server_{n} connection={parent.section} enable=0
  unique ServerAddress,Port
  max 8
  Enable                            rw boolean                      uci .enable | default 0
  Priority                          rw unsignedInt(..65535)         uci .priority | default 0
  Weight                            rw long(-1..65535)              uci .weight | default 0
  ServerAddress                     rw string(256)                  uci .server_address
  Port                              rw unsignedInt(1..65535)        uci .port | default 5222

Device.XMPP.Connection.{i}.Stats.           r
  ReceivedMessages                  r  unsignedInt                  call agent.xmpp ReceivedMessages
  TransmittedMessages               r  unsignedInt                  call agent.xmpp TransmittedMessages
  ReceivedErrorMessages             r  unsignedInt                  call agent.xmpp ReceivedErrorMessages
  TransmittedErrorMessages          r  unsignedInt                  call agent.xmpp TransmittedErrorMessages
