# Device.DSL, Device.PTM, Device.ATM: a Lantiq DSL modem and the links over its line.
# Router: ubus `dsl metrics` (dsl_cpe_control); /etc/config/network, `config dsl` and `config atm-bridge` (br2684ctl).
#
# One line with one channel. With `xfer_mode ptm` the netdev dsl0 is a PTM.Link; with atm each atm-bridge is an ATM.Link, and
# so is an interface of proto pppoa, read-only. An Ethernet.Link stands on them.
#
# Left out: what dsl_cpe_control does not tell, such as what the line could do (XTSE, AllowedProfiles,
# LinkEncapsulationSupported) and corrected errors, of which it counts seconds only.

Device.DSL.    r
  needs file /etc/init.d/dsl_control
  BondingGroupNumberOfEntries  r  unsignedInt  const 0

Device.DSL.Line.{i}.    r
  rows call dsl
  let state  ubus dsl metrics {} .state
  let up     ubus dsl metrics {} .up
  let uptime ubus dsl metrics {} .uptime
  # Whether the control daemon is started, without which there is no line; nor is there then whoever is reached by it only.
  Enable                 rw boolean           call service.enable dsl_control
  Status                 r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error)  const {up} | map 1=Up 0=Down *=Unknown
  Name                   r  string(64)        const {section}
  LastChange             r  unsignedInt deny  call net.since {state} {up} {uptime}
  LowerLayers            r  list pathRef      const ""
  Upstream               r  boolean           const true
  FirmwareVersion        r  string(64)        ubus dsl metrics {} .firmware_version | trim 64
  # state_num has no number for the states of a training.
  LinkStatus             r  enum(Up, Initializing, EstablishingLink, NoSignal, Disabled, Error)  const {state} \
    | map =Error Exception=Error "Not initialized"=Disabled Disabled=Disabled Idle=NoSignal "Idle request"=NoSignal Silent=NoSignal \
      "Silent request"=NoSignal "Lowpower L3"=NoSignal Handshake=EstablishingLink "Showtime with TC-Layer sync"=Up \
      "Showtime without TC-Layer sync"=Up "Lowpower L2"=Up Fastretrain=Up *=Initializing
  XTSUsed                r  hexBinary(8..8)   ubus dsl metrics {} .xtse | octets
  CurrentProfile         r  enum(8a, 8b, 8c, 8d, 12a, 12b, 17a, 30a, 35b)  ubus dsl metrics {} .profile
  PowerManagementState   r  enum(L0, L1, L2, L3, L4)  ubus dsl metrics {} .power_state_num | map 0=L0 1=L1 2=L2 3=L3 *=
  # kbit/s of bit/s, 0.1 dB of dB; the power is in 0.1 dBm.
  UpstreamMaxBitRate     r  unsignedInt       ubus dsl metrics {} .upstream.attndr | scale 1/1000
  DownstreamMaxBitRate   r  unsignedInt       ubus dsl metrics {} .downstream.attndr | scale 1/1000
  UpstreamNoiseMargin    r  int deny          ubus dsl metrics {} .upstream.snr | scale 10
  DownstreamNoiseMargin  r  int deny          ubus dsl metrics {} .downstream.snr | scale 10
  UpstreamAttenuation    r  int deny          ubus dsl metrics {} .upstream.latn | scale 10
  DownstreamAttenuation  r  int deny          ubus dsl metrics {} .downstream.latn | scale 10
  UpstreamPower          r  int deny          ubus dsl metrics {} .upstream.actatp | scale 10
  DownstreamPower        r  int deny          ubus dsl metrics {} .downstream.actatp | scale 10
  TRELLISds              r  int               ubus dsl metrics {} .downstream.trellis
  TRELLISus              r  int               ubus dsl metrics {} .upstream.trellis
  # Vendor IDs of G.994.1: country, vendor, vendor's own.
  XTUCCountry            r  hexBinary(2..2)   ubus dsl metrics {} .atu_c.vendor_id | octets 0 2
  XTUCVendor             r  hexBinary(4..4)   ubus dsl metrics {} .atu_c.vendor_id | octets 2 6
  XTUCVendorSpecific     r  hexBinary(2..2)   ubus dsl metrics {} .atu_c.vendor_id | octets 6 8
  XTUCSystemCountry      r  hexBinary(2..2)   ubus dsl metrics {} .atu_c.system_vendor_id | octets 0 2
  XTUCSystemVendor       r  hexBinary(4..4)   ubus dsl metrics {} .atu_c.system_vendor_id | octets 2 6
  XTUCSystemVendorSpecific  r  hexBinary(2..2)   ubus dsl metrics {} .atu_c.system_vendor_id | octets 6 8
  XTUCVersion            r  hexBinary(16..16) ubus dsl metrics {} .atu_c.version | octets 0 16
  XTUCSerial             r  string(32)        ubus dsl metrics {} .atu_c.serial | octets text

# What the PTM driver counts; with ATM nobody counts for the line.
Device.DSL.Line.{i}.Stats.    r
  Reset                   rw boolean command    call net.reset
  BytesSent               r  StatsCounter64 deny  call net.counter tx_bytes
  BytesReceived           r  StatsCounter64 deny  call net.counter rx_bytes
  PacketsSent             r  StatsCounter64 deny  call net.counter tx_packets
  PacketsReceived         r  StatsCounter64 deny  call net.counter rx_packets
  ErrorsSent              r  StatsCounter32 deny  call net.counter tx_errors 32
  ErrorsReceived          r  StatsCounter32 deny  call net.counter rx_errors 32
  DiscardPacketsSent      r  StatsCounter32 deny  call net.counter tx_dropped 32
  DiscardPacketsReceived  r  StatsCounter32 deny  call net.counter rx_dropped 32

Device.DSL.Line.{i}.Stats.Total.    r
  ErroredSecs          r  unsignedInt deny  ubus dsl metrics {} .errors.near.es
  SeverelyErroredSecs  r  unsignedInt deny  ubus dsl metrics {} .errors.near.ses

Device.DSL.Channel.{i}.    r
  rows call dsl
  let state  ubus dsl metrics {} .state
  let up     ubus dsl metrics {} .up
  let uptime ubus dsl metrics {} .uptime
  let standard ubus dsl metrics {} .standard | map G.992.3=G.992.3 G.992.5=G.992.3 G.993.2=G.993.2 *=
  let mode   uci .xfer_mode | map ptm=PTM atm=ATM *=
  Enable                   r  boolean           ubus dsl metrics {} .api_version | map =0 *=1
  Status                   r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error)  const {up} | map 1=Up 0=LowerLayerDown *=Unknown
  Name                     r  string(64)        const {section}
  LastChange               r  unsignedInt deny  call net.since {state} {up} {uptime}
  LowerLayers              r  list pathRef      const {section} | ref Device.DSL.Line.
  LinkEncapsulationUsed    r  enum(G.992.3_Annex_K_ATM, G.992.3_Annex_K_PTM, G.993.2_Annex_K_ATM, G.993.2_Annex_K_PTM)  const {standard}_Annex_K_{mode}
  # Microseconds.
  ActualInterleavingDelay  r  unsignedInt       ubus dsl metrics {} .downstream.interleave_delay | scale 1/1000
  UpstreamCurrRate         r  unsignedInt deny  ubus dsl metrics {} .upstream.data_rate | scale 1/1000
  DownstreamCurrRate       r  unsignedInt deny  ubus dsl metrics {} .downstream.data_rate | scale 1/1000

Device.DSL.Channel.{i}.Stats.    r
  Reset                   rw boolean command    call net.reset
  BytesSent               r  StatsCounter64 deny  call net.counter tx_bytes
  BytesReceived           r  StatsCounter64 deny  call net.counter rx_bytes
  PacketsSent             r  StatsCounter64 deny  call net.counter tx_packets
  PacketsReceived         r  StatsCounter64 deny  call net.counter rx_packets
  ErrorsSent              r  StatsCounter32 deny  call net.counter tx_errors 32
  ErrorsReceived          r  StatsCounter32 deny  call net.counter rx_errors 32
  DiscardPacketsSent      r  StatsCounter32 deny  call net.counter tx_dropped 32
  DiscardPacketsReceived  r  StatsCounter32 deny  call net.counter rx_dropped 32

# Of the cells (hec) and of the packets (crc_p).
Device.DSL.Channel.{i}.Stats.Total.    r
  XTURHECErrors  r  unsignedInt deny  ubus dsl metrics {} .errors.near.hec
  XTUCHECErrors  r  unsignedInt deny  ubus dsl metrics {} .errors.far.hec
  XTURCRCErrors  r  unsignedInt deny  ubus dsl metrics {} .errors.near.crc_p
  XTUCCRCErrors  r  unsignedInt deny  ubus dsl metrics {} .errors.far.crc_p

Device.PTM.    r
  needs file /etc/init.d/dsl_control

Device.PTM.Link.{i}.    r
  rows call dsl ptm
  Enable       rw boolean           call net.option enabled | default 1
  Status       r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error)  call net.status
  Name         r  string(64)        const {key}
  LastChange   r  unsignedInt deny  call net.lastchange
  LowerLayers  r  list pathRef      const {section} | ref Device.DSL.Channel.
  MACAddress   r  MACAddress        call net.field macaddr | mac

Device.PTM.Link.{i}.Stats.    r
  Reset                   rw boolean command    call net.reset
  BytesSent               r  StatsCounter64 deny  call net.counter tx_bytes
  BytesReceived           r  StatsCounter64 deny  call net.counter rx_bytes
  PacketsSent             r  StatsCounter64 deny  call net.counter tx_packets
  PacketsReceived         r  StatsCounter64 deny  call net.counter rx_packets
  ErrorsSent              r  StatsCounter32 deny  call net.counter tx_errors 32
  ErrorsReceived          r  StatsCounter32 deny  call net.counter rx_errors 32
  DiscardPacketsSent      r  StatsCounter32 deny  call net.counter tx_dropped 32
  DiscardPacketsReceived  r  StatsCounter32 deny  call net.counter rx_dropped 32
  UnicastPacketsReceived    r  StatsCounter64 deny  call net.counter rx_packets -multicast
  MulticastPacketsReceived  r  StatsCounter64 deny  call net.counter multicast

Device.ATM.    r
  needs file /etc/init.d/br2684ctl

Device.ATM.Link.{i}.    rw
  rows call atm
  add  call atm
  max  8
  unique Name
  Enable              rw boolean           call atm enable
  Status              r  enum(Up, Down, Unknown, Dormant, NotPresent, LowerLayerDown, Error)  call net.status
  Name                r  string(64)        call atm name
  LastChange          r  unsignedInt deny  call net.lastchange
  LowerLayers         r  list pathRef      call atm line | ref Device.DSL.Channel.
  # PPPoA is an interface of that proto.
  LinkType            rw enum(EoA, IPoA, PPPoA, CIP, Unconfigured)  call atm type
  DestinationAddress  rw string(256)       call atm address
  Encapsulation       rw enum(LLC, VCMUX)  uci .encaps | default llc | map llc=LLC vc=VCMUX 0=LLC 1=VCMUX
  AAL                 r  enum(AAL1, AAL2, AAL3, AAL4, AAL5)  const AAL5

Device.ATM.Link.{i}.Stats.    r
  Reset                   rw boolean command    call net.reset
  BytesSent               r  StatsCounter64 deny  call net.counter tx_bytes
  BytesReceived           r  StatsCounter64 deny  call net.counter rx_bytes
  PacketsSent             r  StatsCounter64 deny  call net.counter tx_packets
  PacketsReceived         r  StatsCounter64 deny  call net.counter rx_packets
  ErrorsSent              r  StatsCounter32 deny  call net.counter tx_errors 32
  ErrorsReceived          r  StatsCounter32 deny  call net.counter rx_errors 32
  DiscardPacketsSent      r  StatsCounter32 deny  call net.counter tx_dropped 32
  DiscardPacketsReceived  r  StatsCounter32 deny  call net.counter rx_dropped 32
