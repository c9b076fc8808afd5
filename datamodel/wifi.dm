# Device.WiFi: radios, SSIDs, access points and the stations on them.
# Router: /etc/config/wireless (netifd); live state from the ubus objects network.wireless, hostapd.* and, where
# rpcd-mod-iwinfo is installed, iwinfo, else nl80211; what a chip can do from `iw phy`.
#
# Left out: what hostapd does not tell (what a station could do at most), channel changes that nobody watches, Passpoint's
# OSU, which newer versions of hostapd refuse to start with.
#
# OpenWrt keeps an SSID and its AccessPoint in one section, `config wifi-iface`. AddObject on either makes a section of
# a type that netifd does not read (cwmp_ssid, cwmp_ap); setting AccessPoint.{i}.SSIDReference joins the two. Deleting
# one leaves the other. Their Enable are two switches of one circuit: the section is on when both are.

Device.WiFi.                           r
  needs uci wireless
  # All radios down and up again.
  Reset  rw boolean command  call after network.wireless down up

# --------------------------------------------------------------------------------------------------------- radios

# One row per `config wifi-device`; radios cannot be added.
Device.WiFi.Radio.{i}.                 r
  rows  uci wireless.@wifi-device
  let   ifname call wifi.radio ifname
  write call wifi.radio
  Enable                               rw boolean               uci .disabled | default 0 | not
  Status                               r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error) call wifi.radio status
  Name                                 r  string(64)            const {section}
  LastChange                           r  unsignedInt deny      call wifi.since
  LowerLayers                          r  list pathRef          const ""
  MaxBitRate                           r  unsignedInt           call wifi.phy maxrate
  Upstream                             r  boolean               call wifi.radio upstream
  SupportedFrequencyBands              r  list enum(2.4GHz, 5GHz, 6GHz) call wifi.phy bands
  OperatingFrequencyBand               rw string                call wifi.radio band
  SupportedStandards                   r  list enum(a, b, g, n, ac, ax, be) call wifi.phy standards
  OperatingStandards                   rw list string           call wifi.standards
  PossibleChannels                     r  list string           call wifi.phy channels
  # Nothing scans in the background: of the channels around, the radio knows its own.
  ChannelsInUse                        r  list string deny      call wifi.radio inuse
  # The channel that is set, or the one that the automatic choice came to.
  Channel                              rw unsignedInt(1..255)   call wifi.radio channel
  AutoChannelSupported                 r  boolean               call wifi.has acs
  AutoChannelEnable                    rw boolean               call wifi.radio auto
  # Channels are chosen when the radio starts.
  AutoChannelRefreshPeriod             rw unsignedInt           call only 0
  ChannelLastChange                    r  unsignedInt deny      call wifi.channelsince
  ChannelLastSelectionReason           r  enum(Manual, Auto_Startup, Auto_User, Auto_Refresh, Auto_Dynamic, Auto_DFS, Unknown) call wifi.radio reason
  FirmwareVersion                      r  string(64)            call wifi.firmware
  MaxSupportedSSIDs                    r  unsignedInt(1..)      call wifi.phy aps
  MaxSupportedAssociations             r  unsignedInt(1..)      call wifi.phy stations
  SupportedOperatingChannelBandwidths  r  list enum(20MHz, 40MHz, 80MHz, 160MHz, 80+80MHz, 320MHz-1, 320MHz-2, Auto) call wifi.phy widths
  OperatingChannelBandwidth            rw string                call wifi.width
  CurrentOperatingChannelBandwidth     r  enum(20MHz, 40MHz, 80MHz, 160MHz, 80+80MHz, 320MHz-1, 320MHz-2) call wifi.width live
  ExtensionChannel                     rw enum(AboveControlChannel, BelowControlChannel, Auto) call wifi.radio extension
  # OpenWrt can forbid the short interval; the intervals of 802.11ax cannot be chosen.
  GuardInterval                        rw enum(400nsec, 800nsec, 1xLTF_0.8us, 1xLTF_1.6us, 2xLTF_0.8us, 2xLTF_1.6us, 4xLTF_0.8us, 4xLTF_3.2us, Auto) call wifi.guard
  CenterFrequencySegment0              r  unsignedInt           call wifi.live center_chan1
  CenterFrequencySegment1              r  unsignedInt           call wifi.live center_chan2
  MCS                                  rw int(-1..15,16..31)    call only -1
  TransmitPowerSupported               r  list int(-1..100)     call wifi.phy powers
  TransmitPower                        rw int(-1..100)          call wifi.txpower
  IEEE80211hSupported                  r  boolean               uci .band | map 5g=true *=false
  IEEE80211hEnabled                    rw boolean               uci .doth | default 1
  # One country for all radios, since the kernel has one.
  RegulatoryDomain                     rw string(3..3)          call wifi.country
  RetryLimit                           r  unsignedInt(0..7)     call wifi.phy retry
  LongRetryLimit                       r  unsignedInt           call wifi.phy longretry
  FragmentationThreshold               rw unsignedInt           call wifi.threshold frag 2346
  RTSThreshold                         rw unsignedInt           call wifi.threshold rts 2347
  BeaconPeriod                         rw unsignedInt(15..65535) uci .beacon_int | default 100
  # These four are options of each access point; the radio's value is written to all of them.
  DTIMPeriod                           rw unsignedInt(1..255)   call wifi.ifaceoption dtim_period 2
  PreambleType                         rw enum(short, long, auto) call wifi.ifaceoption short_preamble 1 preamble
  EnableRRM                            rw boolean               call wifi.ifaceoption ieee80211k 0 bool
  PacketAggregationEnable              rw boolean               call only 1
  BasicDataTransmitRates               rw list string           call wifi.rates basic
  SupportedDataTransmitRates           r  list string           call wifi.phy rates
  OperationalDataTransmitRates         rw list string           call wifi.rates all

# Sums over the network devices of the radio.
Device.WiFi.Radio.{i}.Stats.           r
  Reset                    rw boolean command       call wifi.statreset
  BytesSent                r  StatsCounter64 deny   call wifi.stat tx_bytes
  BytesReceived            r  StatsCounter64 deny   call wifi.stat rx_bytes
  PacketsSent              r  StatsCounter64 deny   call wifi.stat tx_packets
  PacketsReceived          r  StatsCounter64 deny   call wifi.stat rx_packets
  ErrorsSent               r  StatsCounter32 deny   call wifi.stat tx_errors 32
  ErrorsReceived           r  StatsCounter32 deny   call wifi.stat rx_errors 32
  DiscardPacketsSent       r  StatsCounter32 deny   call wifi.stat tx_dropped 32
  DiscardPacketsReceived   r  StatsCounter32 deny   call wifi.stat rx_dropped 32
  Noise                    r  int                   call wifi.live noise
  # Since the agent knows the radio, or the last Reset. The total has also those of which nobody knows why.
  TotalChannelChangeCount        r  unsignedInt     call wifi.changes
  ManualChannelChangeCount       r  unsignedInt     call wifi.changes Manual
  AutoStartupChannelChangeCount  r  unsignedInt     call wifi.changes Auto_Startup
  AutoDFSChannelChangeCount      r  unsignedInt     call wifi.changes Auto_DFS

# ---------------------------------------------------------------------------------------------------------- SSIDs

Device.WiFi.SSID.{i}.                  rw
  rows   call wifi.ssids
  add    call wifi.ssids
  unique BSSID
  let    ifname ubus network.wireless status {} .{.device}.interfaces[section={section}].ifname
  write  call wifi.ssid
  Enable          rw boolean           call wifi.enable ssid
  Status          r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error) call wifi.ssidstatus
  Name            r  string(64)        call wifi.name
  LastChange      r  unsignedInt deny  call net.lastchange
  # An option: netifd takes no list of one.
  LowerLayers     rw list pathRef      uci .device | list " " | ref Device.WiFi.Radio.
  Upstream        r  boolean           uci .mode | map sta=true *=false
  BSSID           r  MACAddress        ubus hostapd.{ifname} get_status {} .bssid | mac
  MACAddress      r  MACAddress        file /sys/class/net/{ifname}/address | mac
  SSID            rw string(32)        uci .ssid
  MLDUnit         r  int(-1..-1,0..24) call wifi.mld

Device.WiFi.SSID.{i}.Stats.            r
  Reset                     rw boolean command       call net.reset
  BytesSent                 r  StatsCounter64 deny   call net.counter tx_bytes
  BytesReceived             r  StatsCounter64 deny   call net.counter rx_bytes
  PacketsSent               r  StatsCounter64 deny   call net.counter tx_packets
  PacketsReceived           r  StatsCounter64 deny   call net.counter rx_packets
  ErrorsSent                r  StatsCounter32 deny   call net.counter tx_errors 32
  ErrorsReceived            r  StatsCounter32 deny   call net.counter rx_errors 32
  DiscardPacketsSent        r  StatsCounter32 deny   call net.counter tx_dropped 32
  DiscardPacketsReceived    r  StatsCounter32 deny   call net.counter rx_dropped 32
  UnicastPacketsReceived    r  StatsCounter64 deny   call net.counter rx_packets -multicast
  MulticastPacketsReceived  r  StatsCounter64 deny   call net.counter multicast
  # Of the stations that are here now; those that left took theirs along.
  RetransCount              r  unsignedInt           call wifi.retries retries
  FailedRetransCount        r  unsignedInt           call wifi.retries failed
  RetryCount                r  unsignedInt           call wifi.retries retries

# -------------------------------------------------------------------------------------------------- access points

Device.WiFi.AccessPoint.{i}.           rw
  rows   call wifi.aps
  add    call wifi.aps
  unique SSIDReference
  let    ifname ubus network.wireless status {} .{.device}.interfaces[section={section}].ifname
  write  call wifi.ap
  Enable                    rw boolean            call wifi.enable ap
  Status                    r  enum(Disabled, Enabled, Error_Misconfigured, Error) call wifi.apstatus
  SSIDReference             rw pathRef            call wifi.ap
  SSIDAdvertisementEnabled  rw boolean            uci .hidden | default 0 | not
  WMMCapability             r  boolean            const true
  UAPSDCapability           r  boolean            call wifi.phy uapsd
  WMMEnable                 rw boolean            uci .wmm | default 1
  UAPSDEnable               rw boolean            uci .uapsd | default 1
  IsolationEnable           rw boolean            uci .isolate | default 0
  # A list of forbidden stations (macfilter deny) reads as no control and is left alone.
  MACAddressControlEnabled  rw boolean            call wifi.maclist on
  AllowedMACAddress         rw list MACAddress    call wifi.maclist
  MaxAllowedAssociations    rw unsignedInt        call wifi.zerounset maxassoc
  MaxAssociatedDevices      rw unsignedInt compat call wifi.zerounset maxassoc

# The key is one option; KeyPassphrase, SAEPassphrase and PreSharedKey all write it.
Device.WiFi.AccessPoint.{i}.Security.  r
  write call wifi.security
  ModesSupported       r  list enum(None, WEP-64, WEP-128, WPA-Personal, WPA2-Personal, WPA3-Personal, WPA-WPA2-Personal, WPA3-Personal-Transition, WPA-Enterprise, WPA2-Enterprise, WPA3-Enterprise, WPA-WPA2-Enterprise, OWE) call wifi.modes
  ModeEnabled          rw string                   call wifi.security mode
  EncryptionMode       rw list enum(TKIP, AES)     call wifi.security ciphers
  PreSharedKey         rw hexBinary(0..32) hidden  call wifi.security secret
  KeyPassphrase        rw string(8..63) hidden     call wifi.security secret
  SAEPassphrase        rw string hidden            call wifi.security secret
  RekeyingInterval     rw unsignedInt              call wifi.rekey
  RadiusServerIPAddr   rw IPAddress                call wifi.server auth_server 0
  # With the port and the secret of the first.
  SecondaryRadiusServerIPAddr rw IPAddress         call wifi.server auth_server 1
  RadiusServerPort     rw unsignedInt(1..65535)    uci .auth_port | default 1812
  RadiusSecret         rw string hidden            uci .auth_secret
  MFPConfig            rw enum(Disabled, Optional, Required) call wifi.security mfp
  # To what the firmware has for this section, if it is not open.
  Reset                rw boolean command          call wifi.securityreset

# Push button and label only; a PIN of the router's own goes with the label.
Device.WiFi.AccessPoint.{i}.WPS.       r
  needs call wifi.has wps
  Enable                  rw boolean       call wifi.wps enable
  ConfigMethodsSupported  r  list enum(Label, PushButton) const Label,PushButton
  ConfigMethodsEnabled    rw list string   call wifi.wps methods
  Status                  r  enum(Disabled, Error, Unconfigured, Configured, SetupLocked) call wifi.wps status
  Version                 r  string        const 2.0
  PIN                     rw string(0..8) hidden call wifi.wps pin

Device.WiFi.AccessPoint.{i}.Accounting. r
  needs call wifi.has eap
  write call wifi.text
  Enable           r  boolean                      call wifi.isset acct_server
  ServerIPAddr     rw IPAddress                    call wifi.server acct_server 0
  SecondaryServerIPAddr rw IPAddress               call wifi.server acct_server 1
  ServerPort       rw unsignedInt(1..65535)        uci .acct_port | default 1813
  Secret           rw string hidden                uci .acct_secret
  InterimInterval  rw unsignedInt(0..0,60..)       call wifi.zerounset acct_interval

# 802.11u. Only the full hostapd has it, the one that also has an EAP server; a smaller one would not start with it.
Device.WiFi.AccessPoint.{i}.Interworking. r
  needs call wifi.has eap
  write call wifi.text
  Enable                                    rw boolean     uci .iw_enabled | default 0
  AccessNetworkType                         rw enum(PrivateNetwork, PrivateNetworkWithGuestAccess, ChargeablePublicNetwork, FreePublicNetwork, PersonalDeviceNetwork, EmergencyServicesOnlyNetwork, TestOrExperimental, Wildcard) uci .iw_access_network_type | default 0 | map 0=PrivateNetwork 1=PrivateNetworkWithGuestAccess 2=ChargeablePublicNetwork 3=FreePublicNetwork 4=PersonalDeviceNetwork 5=EmergencyServicesOnlyNetwork 14=TestOrExperimental 15=Wildcard
  InternetAvailable                         rw boolean     uci .iw_internet | default 0
  ASRA                                      rw boolean     uci .iw_asra | default 0
  VenueGroup                                rw enum(Unspecified, Assembly, Business, Educational, Factory-Industrial, Institutional, Mercantile, Residential, Storage, Utility-Miscellaneous, Vehicular, Outdoor) uci .iw_venue_group | default 0 | map 0=Unspecified 1=Assembly 2=Business 3=Educational 4=Factory-Industrial 5=Institutional 6=Mercantile 7=Residential 8=Storage 9=Utility-Miscellaneous 10=Vehicular 11=Outdoor
  VenueType                                 rw string      uci .iw_venue_type | default 0
  HESSID                                    rw MACAddress  uci .iw_hessid | mac
  EmergencyServiceReachable                 rw boolean     uci .iw_esr | default 0
  UnauthenticatedEmergencyServiceAvailable  rw boolean     uci .iw_uesa | default 0

# What a station can ask for before it associates.
Device.WiFi.AccessPoint.{i}.ANQP.      r
  needs call wifi.has eap
  write call wifi.text
  Enable                   r  boolean      uci .iw_enabled | default 0
  IPv4AddressAvailability  rw enum(NotAvailable, PublicIPv4, PortRestrictedIPv4, SingleNATIPv4, DoubleNATIPv4, PortRestrictSingleNATIPv4, PortRestrictDoubleNATIPv4, Unknown) call wifi.availability 4
  IPv6AddressAvailability  rw enum(NotAvailable, Available, Unknown) call wifi.availability 6
  VenueName                rw string(252)  uci .iw_venue_name | item 0
  RoamingConsortiumOIs     rw list string  uci .iw_roaming_consortium
  NAIRealms                rw list string  uci .iw_nai_realm
  Domains                  rw list string  uci .iw_domain_name
  NetworkAuthTypes         rw list(..1) enum(0, 1, 2, 3) uci .iw_network_auth_type | list " " | map 00=0 01=1 02=2 03=3
  Cellular3GPPNetworkInfo  rw list unsignedInt call wifi.plmn

Device.WiFi.AccessPoint.{i}.Passpoint. r
  needs call wifi.has eap
  write call wifi.text
  Enable                   rw boolean      uci .hs20 | default 0
  Version                  r  enum(R1, R2, R3) const R2
  OperatorFriendlyName     rw string(252)  uci .hs20_oper_friendly_name | item 0
  DGAFDisable              rw boolean      uci .disable_dgaf | default 0

# ------------------------------------------------------------------------------------------------------- stations

Device.WiFi.AccessPoint.{i}.AssociatedDevice.{i}. r
  rows  call wifi.stations
  unique MACAddress
  volatile
  noalias
  MACAddress             r  MACAddress             call wifi.station mac | mac
  OperatingStandard      r  enum(a, b, g, n, ac, ax, be) call wifi.station standard
  AuthenticationState    r  boolean                call wifi.station authorized
  LastDataDownlinkRate   r  unsignedInt(1000..) deny call wifi.station down
  LastDataUplinkRate     r  unsignedInt(1000..) deny call wifi.station up
  AssociationTime        r  dateTime               call wifi.station since | time
  SignalStrength         r  int(-200..0)           call wifi.station signal
  Noise                  r  int(-200..0)           call wifi.station noise
  SNR                    r  unsignedInt            call wifi.station snr
  # Of a hundred frames, averaged over the association.
  Retransmissions        r  unsignedInt(0..100)    call wifi.station retries100
  Active                 r  boolean                call wifi.station assoc

# "Sent" is from the access point to the station.
Device.WiFi.AccessPoint.{i}.AssociatedDevice.{i}.Stats. r
  BytesSent           r  StatsCounter64   call wifi.station txbytes
  BytesReceived       r  StatsCounter64   call wifi.station rxbytes
  PacketsSent         r  StatsCounter64   call wifi.station txpackets
  PacketsReceived     r  StatsCounter64   call wifi.station rxpackets
  ErrorsSent          r  StatsCounter32   call wifi.station failed
  ErrorsReceived      r  StatsCounter32   call wifi.station dropped
  RetransCount        r  StatsCounter32   call wifi.station retries
  FailedRetransCount  r  StatsCounter32   call wifi.station failed
  RetryCount          r  StatsCounter32   call wifi.station retries

# ------------------------------------------------------------------------------ the router as a station (uplink)

Device.WiFi.EndPoint.{i}.              r
  rows  uci wireless.@wifi-iface mode=sta
  ident device network mode ssid
  Enable            rw boolean    uci .disabled | default 0 | not
  Status            r  enum(Disabled, Enabled, Error_Misconfigured, Error) call wifi.stastatus endpoint
  ProfileReference  r  pathRef    call wifi.profileref
  SSIDReference     r  pathRef    call wifi.ssidref

Device.WiFi.EndPoint.{i}.Stats.        r
  LastDataDownlinkRate  r  unsignedInt(1000..600000) deny  call wifi.station up
  LastDataUplinkRate    r  unsignedInt(1000..600000) deny  call wifi.station down
  SignalStrength        r  int(-200..0)         call wifi.station signal
  Retransmissions       r  unsignedInt(0..100)  call wifi.station retries100

Device.WiFi.EndPoint.{i}.Security.     r
  ModesSupported  r  list enum(None, WEP-64, WEP-128, WPA-Personal, WPA2-Personal, WPA3-Personal, WPA-WPA2-Personal, WPA3-Personal-Transition, WPA-Enterprise, WPA2-Enterprise, WPA3-Enterprise, WPA-WPA2-Enterprise, OWE) call wifi.modes

# The one network that the section names.
Device.WiFi.EndPoint.{i}.Profile.{i}.  r
  rows  call wifi.staprofile
  write call wifi.ssid
  Enable    rw boolean            uci .disabled | default 0 | not
  Status    r  enum(Active, Available, Error, Disabled) call wifi.stastatus profile
  SSID      rw string(32)         uci .ssid
  Priority  rw unsignedInt(..255) call only 0
  Location  rw string             state location

Device.WiFi.EndPoint.{i}.Profile.{i}.Security. r
  write call wifi.security
  ModeEnabled    rw string                   call wifi.security mode
  PreSharedKey   rw hexBinary(0..32) hidden  call wifi.security secret
  KeyPassphrase  rw string(8..63) hidden     call wifi.security secret
  SAEPassphrase  rw string hidden            call wifi.security secret
  MFPConfig      rw enum(Disabled, Optional, Required) call wifi.security mfp

# --------------------------------------------------------------------------------------------- the networks around

# Every radio that is up looks around; the results last until the next time or the end of the daemon.
Device.WiFi.NeighboringWiFiDiagnostic. r
  DiagnosticsState  rw enum(None, Requested, Complete, Error) call wifi.scan | default None

Device.WiFi.NeighboringWiFiDiagnostic.Result.{i}. r
  rows  call wifi.networks
  unique BSSID
  volatile
  noalias
  Radio                       r  pathRef          call wifi.networks radio | ref Device.WiFi.Radio.
  SSID                        r  string(32)       call wifi.networks ssid
  BSSID                       r  MACAddress       call wifi.networks bssid | mac
  Mode                        r  enum(AdHoc, Infrastructure) call wifi.networks mode
  Channel                     r  unsignedInt(1..255) call wifi.networks channel
  SignalStrength              r  int(-200..0)     call wifi.networks signal
  SecurityModeEnabled         r  enum(None, WEP, WPA, WPA2, WPA-WPA2, WPA-Enterprise, WPA2-Enterprise, WPA-WPA2-Enterprise, WPA3-SAE, WPA2-PSK-WPA3-SAE, WPA3-Enterprise, OWE) call wifi.networks security
  EncryptionMode              r  list enum(TKIP, AES) call wifi.networks ciphers
  OperatingFrequencyBand      r  enum(2.4GHz, 5GHz, 6GHz) call wifi.networks band
  SupportedStandards          r  list enum(a, b, g, n, ac, ax, be) call wifi.networks standards
  OperatingStandards          r  list string      call wifi.networks operating
  OperatingChannelBandwidth   r  enum(20MHz, 40MHz, 80MHz, 160MHz, 320MHz-1, 320MHz-2, Auto) call wifi.networks width
  # In units of 1024 µs, as of a radio's own; DTIMPeriod counts beacons.
  BeaconPeriod                r  unsignedInt      call wifi.networks beacon
  Noise                       r  int(-200..0)     call wifi.networks noise
  BasicDataTransferRates      r  list string      call wifi.networks basic
  SupportedDataTransferRates  r  list string      call wifi.networks rates
  DTIMPeriod                  r  unsignedInt      call wifi.networks dtim
