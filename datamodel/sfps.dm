# Device.SFPs: what is plugged into the cages of the ports.
# Router: the kernel's sfp driver and device tree (/sys), the modules' memories by ethtool.
#
# The numbers are the octets, and bits, of SFF-8472: a0 is the serial ID at A0h, a2 the diagnostics at A2h.

Device.SFPs.    r

Device.SFPs.SFPCage.{i}.    r
  rows call sfp.cages
  unique Name
  Name               r  string               call sfp.cage name
  SFPPresent         r  boolean              call sfp.cage present
  SFF8024Identifier  r  unsignedInt(0..255)  call sfp.cage identifier
  MgmtInterface      r  enum(SFF-8472, Unknown)  call sfp.cage interface
  # Modules for GPON and its kin have no code: Unsupported.
  SFPType            r  enum(Unsupported, G-PON, XG-PON, NG-PON2, XGS-PON, EPON, MoCA, "Optical Ethernet", "Electrical Ethernet")  call sfp.cage type
  SFPReference       r  pathRef              call sfp.cage module | ref

Device.SFPs.Mgmt.    r

Device.SFPs.Mgmt.SFF8472.{i}.    r
  rows call sfp.modules
  unique Name
  Name  r  string  call sfp.cage name

Device.SFPs.Mgmt.SFF8472.{i}.Transceiver.    r
  Connector              r  hexBinary(1..1)       call sfp.value hex a0 2 1
  Transceiver            r  hexBinary(9..9)       call sfp.value codes a0 3
  Encoding               r  unsignedInt(0..255)   call sfp.value octet a0 11
  BRNominal              r  int                   call sfp.value rate a0 12
  RateIdentifier         r  hexBinary(1..1)       call sfp.value hex a0 13 1
  VendorName             r  string(16)            call sfp.value text a0 20 16
  VendorOUI              r  hexBinary(3..3)       call sfp.value hex a0 37 3
  VendorPN               r  string(16)            call sfp.value text a0 40 16
  VendorRev              r  string(4)             call sfp.value text a0 56 4
  BRMax                  r  unsignedInt(0..255)   call sfp.value octet a0 66
  BRMin                  r  unsignedInt(0..100)   call sfp.value percent a0 67
  VendorSN               r  string(16)            call sfp.value text a0 68 16
  DateCode               r  string(8)             call sfp.value text a0 84 8
  LengthSMFkm            r  unsignedInt(0..255)   call sfp.value octet a0 14
  LengthSMF              r  unsignedInt(0..255)   call sfp.value octet a0 15
  LengthOM2              r  unsignedInt(0..255)   call sfp.value octet a0 16
  LengthOM1              r  unsignedInt(0..255)   call sfp.value octet a0 17
  LengthOM3              r  unsignedInt(0..255)   call sfp.value octet a0 19
  Wavelength             r  unsignedInt(0..65535) call sfp.value word a0 60
  VerCompliance          r  hexBinary(1..1)       call sfp.value hex a0 94 1
  OptCooledTrans         r  boolean  call sfp.value bit a0 64 2
  OptPowerlvl            r  boolean  call sfp.value bit a0 64 1
  OptLinearRcvr          r  boolean  call sfp.value bit a0 64 0
  OptRateSelect          r  boolean  call sfp.value bit a0 65 5
  OptTxDisable           r  boolean  call sfp.value bit a0 65 4
  OptTxFault             r  boolean  call sfp.value bit a0 65 3
  OptInvertedLOS         r  boolean  call sfp.value bit a0 65 2
  OptLOS                 r  boolean  call sfp.value bit a0 65 1
  DMCtypeImplemented     r  boolean  call sfp.value bit a0 92 6
  DMCtypeInternalCal     r  boolean  call sfp.value bit a0 92 5
  DMCtypeExternalCal     r  boolean  call sfp.value bit a0 92 4
  DMCtypeRxAvgPwr        r  boolean  call sfp.value bit a0 92 3
  EOCalarmsImplemented   r  boolean  call sfp.value bit a0 93 7
  EOCSoftTxDisable       r  boolean  call sfp.value bit a0 93 6
  EOCSoftTxFault         r  boolean  call sfp.value bit a0 93 5
  EOCSoftRxLOS           r  boolean  call sfp.value bit a0 93 4
  EOCSoftRateSelect      r  boolean  call sfp.value bit a0 93 3
  SFF8079AppSelect       r  boolean  call sfp.value bit a0 93 2
  SFF8431SoftRateSelect  r  boolean  call sfp.value bit a0 93 1
  EMCSPowerLvlOp         r  boolean  call sfp.value bit a2 118 1
  EMCSPowerLvlSelect     r  boolean  call sfp.value bit a2 118 0

Device.SFPs.Mgmt.SFF8472.{i}.Transceiver.Thresholds.    r
  HighTempAlarm          r  int(-274..)  call sfp.value temp a2 0
  LowTempAlarm           r  int(-274..)  call sfp.value temp a2 2
  HighTempWarning        r  int(-274..)  call sfp.value temp a2 4
  LowTempWarning         r  int(-274..)  call sfp.value temp a2 6
  HighVccAlarm           r  unsignedInt(0..65535)  call sfp.value vcc a2 8
  LowVccAlarm            r  unsignedInt(0..65535)  call sfp.value vcc a2 10
  HighVccWarning         r  unsignedInt(0..65535)  call sfp.value vcc a2 12
  LowVccWarning          r  unsignedInt(0..65535)  call sfp.value vcc a2 14
  HighTxBiasAlarm        r  unsignedInt  call sfp.value bias a2 16
  LowTxBiasAlarm         r  unsignedInt  call sfp.value bias a2 18
  HighTxBiasWarning      r  unsignedInt  call sfp.value bias a2 20
  LowTxBiasWarning       r  unsignedInt  call sfp.value bias a2 22
  HighTxPowerAlarm       r  int  call sfp.value txpower a2 24
  LowTxPowerAlarm        r  int  call sfp.value txpower a2 26
  HighTxPowerWarning     r  int  call sfp.value txpower a2 28
  LowTxPowerWarning      r  int  call sfp.value txpower a2 30
  HighRxPowerAlarm       r  int  call sfp.value rxpower a2 32
  LowRxPowerAlarm        r  int  call sfp.value rxpower a2 34
  HighRxPowerWarning     r  int  call sfp.value rxpower a2 36
  LowRxPowerWarning      r  int  call sfp.value rxpower a2 38

Device.SFPs.Mgmt.SFF8472.{i}.Transceiver.Status.    r
  Temperature            r  int(-274..)  call sfp.value temp a2 96
  Vcc                    r  unsignedInt(0..65535)  call sfp.value vcc a2 98
  TxBias                 r  unsignedInt  call sfp.value bias a2 100
  TxPower                r  int  call sfp.value txpower a2 102
  RxPower                r  int  call sfp.value rxpower a2 104
  TxDisableState         r  boolean  call sfp.value bit a2 110 7
  SoftTxDisableSelect    r  boolean  call sfp.value bit a2 110 6
  RS1State               r  boolean  call sfp.value bit a2 110 5
  RateSelectState        r  boolean  call sfp.value bit a2 110 4
  SoftRateSelectSelect   r  boolean  call sfp.value bit a2 110 3
  TXFaultState           r  boolean  call sfp.value bit a2 110 2
  RxLOSState             r  boolean  call sfp.value bit a2 110 1
  DataReadyBarState      r  boolean  call sfp.value bit a2 110 0

Device.SFPs.Mgmt.SFF8472.{i}.Transceiver.Alarms.    r
  TemperatureHigh        r  boolean  call sfp.value bit a2 112 7
  TemperatureLow         r  boolean  call sfp.value bit a2 112 6
  VccHigh                r  boolean  call sfp.value bit a2 112 5
  VccLow                 r  boolean  call sfp.value bit a2 112 4
  TxBiasHigh             r  boolean  call sfp.value bit a2 112 3
  TxBiasLow              r  boolean  call sfp.value bit a2 112 2
  TxPowerHigh            r  boolean  call sfp.value bit a2 112 1
  TxPowerLow             r  boolean  call sfp.value bit a2 112 0
  RxPowerHigh            r  boolean  call sfp.value bit a2 113 7
  RxPowerLow             r  boolean  call sfp.value bit a2 113 6

Device.SFPs.Mgmt.SFF8472.{i}.Transceiver.Warnings.    r
  TemperatureHigh        r  boolean  call sfp.value bit a2 116 7
  TemperatureLow         r  boolean  call sfp.value bit a2 116 6
  VccHigh                r  boolean  call sfp.value bit a2 116 5
  VccLow                 r  boolean  call sfp.value bit a2 116 4
  TxBiasHigh             r  boolean  call sfp.value bit a2 116 3
  TxBiasLow              r  boolean  call sfp.value bit a2 116 2
  TxPowerHigh            r  boolean  call sfp.value bit a2 116 1
  TxPowerLow             r  boolean  call sfp.value bit a2 116 0
  RxPowerHigh            r  boolean  call sfp.value bit a2 117 7
  RxPowerLow             r  boolean  call sfp.value bit a2 117 6

# An SFP with an Ethernet port behind it is an Ethernet.Interface; what a GPON stick does inside nobody tells.
Device.Optical.    r
  InterfaceNumberOfEntries  r  unsignedInt  const 0
