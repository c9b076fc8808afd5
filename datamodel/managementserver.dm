# Device.ManagementServer.: the ACS, and how it reaches us.
# Router: /etc/config/cwmp, with the option names of icwmp. What this agent does not do is not here.

Device.ManagementServer.                    r
  write call mgmt.check_url
  EnableCWMP                        rw boolean                      uci cwmp.cpe:cpe.enable | default 1
  URL                               rw URL                          call mgmt.found acs url dhcp_url
  Username                          rw string(256)                  call mgmt.option acs userid username
  Password                          rw string(256) hidden           call mgmt.option acs passwd password
  PeriodicInformEnable              rw boolean                      uci cwmp.acs:acs.periodic_inform_enable | default 1
  PeriodicInformInterval            rw unsignedInt(1..)             uci cwmp.acs:acs.periodic_inform_interval | default 86400
  PeriodicInformTime                rw dateTime                     uci cwmp.acs:acs.periodic_inform_time | default 0001-01-01T00:00:00Z
  ParameterKey                      r  string(32) inform deny       state ParameterKey
  ConnectionRequestURL              r  URL inform active            call agent.connreq_url
  ConnectionRequestUsername         rw string(256)                  call mgmt.option cpe userid username
  ConnectionRequestPassword         rw string(256) hidden           call mgmt.option cpe passwd password
  UDPConnectionRequestAddress       r  string(256)                  call agent.connreq_udp
  STUNEnable                        rw boolean                      uci cwmp.stun:stun.enable | default 0
  STUNServerAddress                 rw string(256)                  uci cwmp.stun:stun.server_address
  STUNServerPort                    rw unsignedInt(0..65535)        uci cwmp.stun:stun.server_port | default 3478
  STUNUsername                      rw string(256)                  uci cwmp.stun:stun.username
  STUNPassword                      rw string(256) hidden           uci cwmp.stun:stun.password
  STUNMaximumKeepAlivePeriod        rw int(-1..)                    uci cwmp.stun:stun.max_keepalive | default 3600
  STUNMinimumKeepAlivePeriod        rw unsignedInt                  uci cwmp.stun:stun.min_keepalive | default 30
  NATDetected                       r  boolean                      call agent.nat_detected
  ScheduleReboot                    rw dateTime                     uci cwmp.cpe:cpe.schedule_reboot | default 0001-01-01T00:00:00Z
  DelayReboot                       rw int(-1..)                    uci cwmp.cpe:cpe.delay_reboot | default -1
  UpgradesManaged                   rw boolean                      uci cwmp.cpe:cpe.upgrades_managed | default 0
  DefaultActiveNotificationThrottle rw unsignedInt                  uci cwmp.cpe:cpe.active_notif_throttle | default 0
  CWMPRetryMinimumWaitInterval      rw unsignedInt(1..65535)        call mgmt.found acs retry_min_wait_interval dhcp_retry_min_wait_interval | default 5
  CWMPRetryIntervalMultiplier       rw unsignedInt(1000..65535)     call mgmt.found acs retry_interval_multiplier dhcp_retry_interval_multiplier | default 2000
  ManageableDeviceNotificationLimit rw unsignedInt                  uci cwmp.cpe:cpe.md_notif_limit | default 0
  HTTPConnectionRequestEnable       rw boolean                      uci cwmp.cpe:cpe.http_connreq_enable | default 1
  SupportedConnReqMethods           r  list enum(HTTP, STUN, XMPP)  const HTTP,STUN,XMPP
  AliasBasedAddressing              r  boolean inform               const true
  InstanceMode                      rw enum(InstanceNumber, InstanceAlias) uci cwmp.cpe:cpe.instance_mode | default InstanceNumber
  AutoCreateInstances               rw boolean                      uci cwmp.cpe:cpe.auto_create_instances | default 0
  InstanceWildcardsSupported        r  boolean                      const true
  HTTPCompressionSupported          r  list enum(GZIP, Compress, Deflate) const GZIP,Deflate
  HTTPCompression                   rw enum(Disabled, GZIP, Deflate) uci cwmp.acs:acs.compression | default Disabled
  # Nobody is managed through this router (Annex J).
  EmbeddedDeviceNumberOfEntries     r  unsignedInt                  const 0
  VirtualDeviceNumberOfEntries      r  unsignedInt                  const 0
  LightweightNotificationProtocolsSupported r  list enum(UDP)       const UDP
  LightweightNotificationProtocolsUsed      rw list enum(UDP)       uci cwmp.lwn:lwn.enable | default 0 | map 1=UDP true=UDP on=UDP yes=UDP enabled=UDP 0= *= | list ,
  LightweightNotificationTriggerInterval    rw unsignedInt(0..)     uci cwmp.lwn:lwn.trigger_interval | default 0
  LightweightNotificationTriggerTime        rw dateTime             uci cwmp.lwn:lwn.trigger_time | default 0001-01-01T00:00:00Z
  UDPLightweightNotificationHost            rw string(256)          uci cwmp.lwn:lwn.hostname
  UDPLightweightNotificationPort            rw unsignedInt(1..65535) uci cwmp.lwn:lwn.port | default 7547

# "14 HEARTBEAT": an Inform now and then that only says that we live.
Device.ManagementServer.HeartbeatPolicy.    r
  Enable                            rw boolean                      uci cwmp.acs:acs.heartbeat_enable | default 0
  ReportingInterval                 rw unsignedInt(30..)            uci cwmp.acs:acs.heartbeat_interval | default 30
  InitiationTime                    rw dateTime                     uci cwmp.acs:acs.heartbeat_time | default 0001-01-01T00:00:00Z

# Transfers that the ACS did not order, of which it wants to hear: those that software on the router reports by the method
# transfer_complete of our object on ubus. An empty filter has none of it told, as the standard says.
Device.ManagementServer.AutonomousTransferCompletePolicy.  r
  write call mgmt.check_file_types
  Enable                            rw boolean                      uci cwmp.transfer_complete:autonomous_notify.enable | default 0
  TransferTypeFilter                rw enum(Upload, Download, Both) uci cwmp.transfer_complete:autonomous_notify.transfer_type | default Both
  ResultTypeFilter                  rw enum(Success, Failure, Both) uci cwmp.transfer_complete:autonomous_notify.result_type | default Both
  FileTypeFilter                    rw list string                  uci cwmp.transfer_complete:autonomous_notify.file_type | list ,

# The same for deployment units, reported by du_state_change_complete.
Device.ManagementServer.DUStateChangeComplPolicy.  r
  Enable                            rw boolean                      uci cwmp.du_state_change:autonomous_notify.enable | default 0
  OperationTypeFilter               rw list enum(Install, Update, Uninstall) uci cwmp.du_state_change:autonomous_notify.operation_type | list ,
  ResultTypeFilter                  rw enum(Success, Failure, Both) uci cwmp.du_state_change:autonomous_notify.result_type | default Both
  FaultCodeFilter                   rw list enum(9001, 9003, 9012, 9013, 9015, 9016, 9017, 9018, 9022, 9023, 9024, 9025, 9026, 9027, 9028, 9029, 9030, 9031, 9032) \
                                                                    uci cwmp.du_state_change:autonomous_notify.fault_code | list ,

# What the ACS wants to see in every Inform beside the standard's own list, or in those with certain events.
Device.ManagementServer.InformParameter.{i}.  rw
  rows uci cwmp.@inform_parameter
  ident parameter_name
  add uci cwmp.@inform_parameter cwmp_inform_{n} enable=0
  unique ParameterName
  max 32
  Enable                            rw boolean                      uci .enable | default 0
  ParameterName                     rw string(256)                  uci .parameter_name
  EventList                         rw list string                  uci .events_list | list ,

# Devices on the LAN that say who they are when they ask for a lease (TR-069 Annex F), as long as they have it. dnsmasq tells
# our hotplug script; odhcpd, where it serves DHCPv4, and DHCPv6 tell nobody.
Device.ManagementServer.ManageableDevice.{i}. r
  rows   call mgmt.device
  unique ManufacturerOUI SerialNumber ProductClass
  volatile
  noalias
  ManufacturerOUI                   r  string(6..6) deny            call mgmt.device oui
  SerialNumber                      r  string(64) deny              call mgmt.device serial
  ProductClass                      r  string(64) deny              call mgmt.device class
  Host                              r  list pathRef                 call mgmt.device host | list ,

# Standby (TR-069 Annex L): the router never is, so that what the ACS asks for holds at any time.
Device.ManagementServer.StandbyPolicy.      r
  CRUnawarenessMaxDuration          rw int(-1..)                    state standby_unaware | default -1
  MaxMissedPeriodic                 rw int(-1..)                    state standby_missed | default -1
  NotifyMissedScheduled             rw boolean                      state standby_notify
  NetworkAwarenessCapable           r  boolean                      const true
  SelfTimerCapable                  r  boolean                      const true
  CRAwarenessRequested              rw boolean                      state standby_requests
  PeriodicAwarenessRequested        rw boolean                      state standby_periodic
  ScheduledAwarenessRequested       rw boolean                      state standby_scheduled
