# Device.Cellular: modems, their SIMs and access points.
# Router: /etc/config/network, `config interface` of proto modemmanager, qmi, mbim, ncm or 3g; ModemManager on D-Bus, else
# uqmi while an interface of proto qmi is up. Without them there are the settings, and of what is alive what netifd knows.
# In a list of properties the last are members of uqmi's tables.
#
# Left out: a scan for networks (AvailableNetworks), which takes the modem off the air; the storages of messages.

Device.Cellular.    r
  needs call cellular
  # Of all interfaces of proto modemmanager; qmi has no such option.
  RoamingEnabled  rw boolean              call cellular roaming
  RoamingStatus   r  enum(Home, Roaming)  call cellular roams

Device.Cellular.Interface.{i}.    r
  rows call cellular
  let state  call cellular state
  let bearer dbus . org.freedesktop.ModemManager1.Modem Bearers | item 0
  let sim    dbus . org.freedesktop.ModemManager1.Modem Sim
  # That of the interface that uses it.
  Enable                       rw boolean           call cellular enable
  # ModemManager's states, or already netifd's word.
  Status                       r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error)  const {state} \
    | map -1=Error 0=Unknown 1=Dormant 2=Error 3=Down 4=Down 5=Dormant 6=Dormant 7=Dormant 8=Dormant 9=Dormant 10=Dormant 11=Up =Unknown
  Name                         r  string(64)        call cellular name
  LastChange                   r  unsignedInt deny  call net.since {state} "" ""
  LowerLayers                  r  list pathRef      const ""
  Upstream                     r  boolean           const true
  IMEI                         r  string(15..15)    dbus . org.freedesktop.ModemManager1.Modem EquipmentIdentifier
  SupportedAccessTechnologies  r  list enum(GPRS, EDGE, UMTS, UMTSHSPA, CDMA2000OneX, CDMA2000HRPD, LTE, NR) \
    dbus . org.freedesktop.ModemManager1.Modem SupportedModes,networks \
    | map gsm=2 umts=4 lte=8 5gnr=16 cdma1x=32 cdma1xevdo=64 *=* | bits 1=GPRS 1=EDGE 2=UMTS 2=UMTSHSPA 5=CDMA2000OneX 6=CDMA2000HRPD 3=LTE 4=NR
  # The others stay allowed where the modem can prefer. GPRS is all of 2G, UMTS all of 3G.
  PreferredAccessTechnology    rw enum(Auto, GPRS, UMTS, LTE, NR)  call cellular technology
  # Of uqmi's names gsm is GPRS at least, umts and wcdma UMTS.
  CurrentAccessTechnology      r  enum(GPRS, EDGE, UMTS, UMTSHSPA, CDMA2000OneX, CDMA2000HRPD, LTE, NR) \
    dbus . org.freedesktop.ModemManager1.Modem AccessTechnologies,radio_interface \
    | map 5gnr=32768 lte=16384 umts=32 wcdma=32 gsm=8 cdma-1x=1024 cdma=1024 cdma-1x_evdo=2048 hdr=2048 *=* \
    | bits 15=NR 14=LTE 16=LTE 17=LTE 6=UMTSHSPA 7=UMTSHSPA 8=UMTSHSPA 9=UMTSHSPA 5=UMTS 4=EDGE 3=GPRS 11=CDMA2000HRPD 12=CDMA2000HRPD 13=CDMA2000HRPD 10=CDMA2000OneX \
    | item 0
  # MCC and MNC.
  NetworkRequested             rw string(64)        call cellular plmn
  NetworkInUse                 r  string(64)        dbus . org.freedesktop.ModemManager1.Modem.Modem3gpp OperatorName,OperatorCode,plmn_description | trim 64
  # As long as ModemManager measures (option signalrate), or uqmi's. The ranges are those that can be reported (3GPP TS 38.133 10.1).
  RSSI                         r  int(-156..0) deny   dbus . org.freedesktop.ModemManager1.Modem.Signal Lte.rssi,Umts.rssi,Gsm.rssi,Cdma.rssi,rssi,signal | scale 1
  RSRP                         r  int(-156..0) deny   dbus . org.freedesktop.ModemManager1.Modem.Signal Lte.rsrp,Nr5g.rsrp,rsrp | scale 1
  RSRQ                         r  int(-43..20) deny   dbus . org.freedesktop.ModemManager1.Modem.Signal Lte.rsrq,Nr5g.rsrq,rsrq | scale 1
  # From ModemManager 1.20.
  UpstreamMaxBitRate           r  unsignedInt       dbus org.freedesktop.ModemManager1 {bearer} org.freedesktop.ModemManager1.Bearer Stats.uplink-speed | scale 1/1000
  DownstreamMaxBitRate         r  unsignedInt       dbus org.freedesktop.ModemManager1 {bearer} org.freedesktop.ModemManager1.Bearer Stats.downlink-speed | scale 1/1000

Device.Cellular.Interface.{i}.Stats.    r
  Reset                     rw boolean command      call net.reset
  BytesSent                 r  StatsCounter64 deny  call net.counter tx_bytes
  BytesReceived             r  StatsCounter64 deny  call net.counter rx_bytes
  PacketsSent               r  StatsCounter64 deny  call net.counter tx_packets
  PacketsReceived           r  StatsCounter64 deny  call net.counter rx_packets
  ErrorsSent                r  StatsCounter64 deny  call net.counter tx_errors
  ErrorsReceived            r  StatsCounter64 deny  call net.counter rx_errors
  DiscardPacketsSent        r  StatsCounter64 deny  call net.counter tx_dropped
  DiscardPacketsReceived    r  StatsCounter64 deny  call net.counter rx_dropped
  UnicastPacketsReceived    r  StatsCounter64 deny  call net.counter rx_packets -multicast
  MulticastPacketsReceived  r  StatsCounter64 deny  call net.counter multicast

Device.Cellular.Interface.{i}.USIM.    r
  # The lock that ModemManager waits for; PIN2 and PUK2 keep nobody from the network. Or uqmi's card_application_state.
  Status    r  enum(None, Available, Valid, Blocked, Error)  call cellular sim | map = 0= none=None 1=Valid 2=Available 3=Valid 4=Blocked 5=Valid \
    unknown= ready=Valid detected=Available pin-required=Available check-personalization-state=Available puk-required=Blocked pin1-blocked=Blocked *=Error
  IMSI      r  string(14..15)        dbus org.freedesktop.ModemManager1 {sim} org.freedesktop.ModemManager1.Sim Imsi
  ICCID     r  string(6..20)         dbus org.freedesktop.ModemManager1 {sim} org.freedesktop.ModemManager1.Sim SimIdentifier
  MSISDN    r  string(14..15)        call cellular number
  # Changing it takes the PIN itself.
  PINCheck  r  enum(OnNetworkAccess, Reboot, Off)  call cellular locks | map 1=OnNetworkAccess 0=Off disabled=Off verified=OnNetworkAccess not_verified=OnNetworkAccess *=
  PIN       rw string(..4) hidden    call cellular pincode

Device.Cellular.Interface.{i}.SMS.    r
  StorageNumberOfEntries  r  unsignedInt  const 0

Device.Cellular.Interface.{i}.SMS.Message.{i}.    r
  rows dbus . org.freedesktop.ModemManager1.Modem.Messaging Messages org.freedesktop.ModemManager1.Sms
  volatile
  # Who to ask for the number of whom: PDU types 2 and 33 are sent.
  let from dbus . org.freedesktop.ModemManager1.Sms PduType | map 2= 33= *=org.freedesktop.ModemManager1
  let to   dbus . org.freedesktop.ModemManager1.Sms PduType | map 2=org.freedesktop.ModemManager1 33=org.freedesktop.ModemManager1 *=
  Sender     r  string    dbus {from} {key} org.freedesktop.ModemManager1.Sms Number
  Receiver   r  string    dbus {to} {key} org.freedesktop.ModemManager1.Sms Number
  Text       r  string    dbus . org.freedesktop.ModemManager1.Sms Text
  TimeStamp  r  dateTime  dbus . org.freedesktop.ModemManager1.Sms Timestamp | time
  Status     r  enum(ReceivedRead, Received, Sent, Stored, Unknown)  dbus . org.freedesktop.ModemManager1.Sms State | map 1=Stored 3=Received 5=Sent *=Unknown
  Type       r  enum(PointToPoint, Broadcast, Acknowledgement)       dbus . org.freedesktop.ModemManager1.Sms PduType | map 3=Acknowledgement 35=Acknowledgement 36=Acknowledgement 37=Acknowledgement *=PointToPoint

# One of an interface; a second one needs an interface, and a modem that can have two.
Device.Cellular.AccessPoint.{i}.    rw
  rows call cellular.ap
  add  call cellular.ap
  max  8
  unique APN,Interface
  Enable     rw boolean             call net.interface.enable
  APN        rw string(64)          uci .apn
  Username   rw string(256)         uci .username
  Password   rw string(256) hidden  uci .password
  Interface  rw pathRef             call cellular device | ref Device.Cellular.Interface.
  # Without the option it is IPv4.
  IPVersion  rw int(4..4,6..6,-1..-1)  call cellular ipversion | default ipv4 | map ipv4=4 ip=4 ipv6=6 ipv4v6=-1
  Type       r  list string         const default
