# Device. and Device.DeviceInfo.: the root of the data model, and what the router is.
# Router: /etc/device_info, /etc/openwrt_release, /tmp/sysinfo, /proc; the owner's own words in /etc/config/cwmp win.

Device.                                     r
  RootDataModelVersion         r  string(32) inform          const 2.19

Device.DeviceInfo.                          r
  # These four are the DeviceId of every Inform; the agent finds them out once.
  Manufacturer                 r  string(64)                 call agent.identity manufacturer
  ManufacturerOUI              r  string(6..6)               call agent.identity oui
  ProductClass                 r  string(64)                 call agent.identity productclass
  SerialNumber                 r  string(64)                 call agent.identity serial
  ModelName                    r  string(64)                 call device.board model
  ModelNumber                  r  string(64)                 call device.board number
  Description                  r  string(256)                call device.board description
  HardwareVersion              r  string(64) inform          call device.board hardware
  SoftwareVersion              r  string(64) inform forced   call agent.software_version
  # The owner's words.
  DeviceCategory               r  list string                uci cwmp.cpe.device_category
  AdditionalHardwareVersion    r  list string                uci cwmp.cpe.additional_hardware_version
  AdditionalSoftwareVersion    r  list string                ubus system board {} .kernel
  ActiveFirmwareImage          r  pathRef                    const running | ref Device.DeviceInfo.FirmwareImage.
  # One image, so the one that runs is the one that boots.
  BootFirmwareImage            r  pathRef                    const running | ref Device.DeviceInfo.FirmwareImage.
  ProvisioningCode             rw string(64) inform forced   call mgmt.found cpe provisioning_code dhcp_provisioning_code
  UpTime                       r  unsignedInt deny           call device.uptime
  FirstUseDate                 r  dateTime                   call agent.first_use
  HostName                     rw string(255)                call device.hostname
  LogRotateNumberOfEntries     r  unsignedInt                const 0
  LocationNumberOfEntries      r  unsignedInt                const 0
  DeviceImageNumberOfEntries   r  unsignedInt                const 0

# OpenWrt keeps one system image; a board with two slots needs a file of its vendor here.
Device.DeviceInfo.FirmwareImage.{i}.        r
  rows const running
  Name                         r  string(64)                 const firmware
  Version                      r  string(64)                 call agent.software_version
  Available                    r  boolean                    const true
  Status                       r  enum(NoImage, Active, Downloading, Validating, Available, DownloadFailed, ValidationFailed, InstallationFailed, ActivationFailed)  const Active
  BootFailureLog               r  string                     const ""

# Row 1 is everything, as `sysupgrade -b` saves it; then one row per file of /etc/config.
Device.DeviceInfo.VendorConfigFile.{i}.     r
  rows call device.configs
  Name                         r  string(64)                 call device.config name
  Version                      r  string(16)                 call device.config version
  Date                         r  dateTime                   call device.config date
  Description                  r  string(256)                call device.config description
  UseForBackupRestore          r  boolean                    call device.config backup

Device.DeviceInfo.VendorLogFile.{i}.        r
  rows call device.logs
  Name                         r  string(64)                 call device.log name
  MaximumSize                  r  unsignedInt                call device.log size
  Persistent                   r  boolean                    call device.log persistent

Device.DeviceInfo.SupportedDataModel.{i}.   r
  rows const device2
  URL                          r  URL                        const ""
  URN                          r  string(256)                const urn:broadband-forum-org:tr-181-2-19-1
  Features                     r  list string                const Router

Device.DeviceInfo.Processor.{i}.            r
  rows call device.cores
  Architecture                 r  enum(arm, i386, m68010, m68k, mipseb, mipsel, powerpc, sh3eb, sh3el, x86_64)  call device.arch

# Free is what programs can still get (MemAvailable): the kernel's own MemFree leaves out the caches.
Device.DeviceInfo.MemoryStatus.             r
  Total                        r  unsignedInt                file /proc/meminfo line MemTotal: word 1
  Free                         r  unsignedInt deny           file /proc/meminfo line MemAvailable: word 1
  TotalPersistent              r  unsignedInt                ubus system info {} .root.total
  FreePersistent               r  unsignedInt deny           ubus system info {} .root.avail

# Samples are taken while it is enabled; MemUtilization is that of now. The agent writes to the system's log, which goes to a
# file where Device.Syslog. says so.
Device.DeviceInfo.MemoryStatus.MemoryMonitor.  r
  Enable                       rw boolean                    state memory.enable
  MemUtilization               r  unsignedInt(..100)         call device.memory
  PollingInterval              rw unsignedInt(1..)           state memory.interval | default 60
  CriticalRiseThreshold        rw unsignedInt(..100)         state memory.rise | default 80
  CriticalFallThreshold        rw unsignedInt(..100)         state memory.fall | default 60
  CriticalRiseTimeStamp        r  dateTime                   call device.sampled rise
  CriticalFallTimeStamp        r  dateTime                   call device.sampled fall
  EnableCriticalLog            rw boolean                    state memory.log
  VendorLogFileRef             r  pathRef                    uci system.@system[0].log_file | default syslog | ref Device.DeviceInfo.VendorLogFile.
  FilePath                     r  string                     uci system.@system[0].log_file

Device.DeviceInfo.NetworkProperties.        r
  needs file /proc/sys/net/ipv4/tcp_rmem
  MaxTCPWindowSize             r  unsignedInt                file /proc/sys/net/ipv4/tcp_rmem word 2
  # Linux recovers losses as New Reno does; the others of its algorithms have no word here.
  TCPImplementation            r  list enum("New Reno", Vegas)  file /proc/sys/net/ipv4/tcp_congestion_control | map "reno=New Reno" "cubic=New Reno" vegas=Vegas *=

# Loads are means since the last look, at least two seconds ago; nobody waits for a measurement. Those of a processor that is
# enabled are means of the last NumSamples polls.
Device.DeviceInfo.ProcessStatus.            r
  CPUUsage                     r  unsignedInt(..100) deny    call device.cpu busy

Device.DeviceInfo.ProcessStatus.CPU.{i}.    r
  rows call device.cpus
  Enable                       rw boolean                    state enable
  Name                         r  string(256)                const {key}
  UpTime                       r  unsignedInt                call device.uptime
  UserModeUtilization          r  unsignedInt(..100)         call device.cpu user
  SystemModeUtilization        r  unsignedInt(..100)         call device.cpu system
  IdleModeUtilization          r  unsignedInt(..100)         call device.cpu idle
  CPUUtilization               r  unsignedInt(..100)         call device.cpu busy
  PollInterval                 rw unsignedInt(1..)           state interval | default 5
  NumSamples                   rw unsignedInt(1..300)        state samples | default 30
  CriticalRiseThreshold        rw unsignedInt(..100)         state rise | default 80
  CriticalFallThreshold        rw unsignedInt(..100)         state fall | default 60
  CriticalRiseTimeStamp        r  dateTime                   call device.sampled rise
  CriticalFallTimeStamp        r  dateTime                   call device.sampled fall
  EnableCriticalLog            rw boolean                    state log
  VendorLogFileRef             r  pathRef                    uci system.@system[0].log_file | default syslog | ref Device.DeviceInfo.VendorLogFile.
  FilePath                     r  string                     uci system.@system[0].log_file

Device.DeviceInfo.ProcessStatus.Process.{i}.  r
  rows call device.processes
  volatile
  noalias
  PID                          r  unsignedInt                const {key}
  Command                      r  string(256)                call device.process command
  Size                         r  unsignedInt deny           call device.process size
  Priority                     r  unsignedInt(..99)          call device.process priority
  CPUTime                      r  unsignedInt deny           call device.process cputime
  State                        r  enum(Running, Sleeping, Stopped, Idle, Uninterruptible, Zombie) deny  call device.process state

Device.DeviceInfo.TemperatureStatus.        r

# To read a sensor takes a sample. With an interval of 0 the agent takes others while an alarm is set, once a minute.
Device.DeviceInfo.TemperatureStatus.TemperatureSensor.{i}.  r
  rows call device.sensors
  Enable                       rw boolean                    state enable | default true
  Status                       r  enum(Disabled, Enabled, Error)  call device.sampled status
  Reset                        rw boolean command            call device.reset
  ResetTime                    r  dateTime                   call device.sampled reset
  Name                         r  string(256)                call device.sensor name
  Value                        r  int(-274..) deny           call device.sampled value | default -274
  LastUpdate                   r  dateTime deny              call device.sampled last
  MinValue                     r  int(-274..)                call device.sampled min | default -274
  MinTime                      r  dateTime                   call device.sampled mintime
  MaxValue                     r  int(-274..)                call device.sampled max | default -274
  MaxTime                      r  dateTime                   call device.sampled maxtime
  LowAlarmValue                rw int(-274..)                state low | default -274
  LowAlarmTime                 r  dateTime                   call device.sampled low
  HighAlarmValue               rw int(-274..)                state high | default -274
  HighAlarmTime                r  dateTime                   call device.sampled high
  PollingInterval              rw unsignedInt                state interval | default 0

# Chips that measure a supply: hwmon's with a power.
Device.DeviceInfo.PowerStatus.              r

Device.DeviceInfo.PowerStatus.PowerSensor.{i}.  r
  rows call device.sensors power
  Enable                       r  boolean                    const true
  Status                       r  enum(Disabled, Enabled, Error)  call device.sensor status
  Name                         r  string                     call device.sensor name
  Voltage                      r  int                        file /sys/class/hwmon/{key}/in1_input
  Current                      r  int                        file /sys/class/hwmon/{key}/curr1_input
  Power                        r  int                        file /sys/class/hwmon/{key}/power1_input | scale 1/1000

# What the kernel left behind in memory that outlives a reboot. Whose boot a record is from is not noted.
Device.DeviceInfo.KernelFaults.             r
  needs file /sys/fs/pstore
  StoragePath                  r  string                     const /sys/fs/pstore

Device.DeviceInfo.KernelFaults.KernelFault.{i}.  r
  rows file /sys/fs/pstore/dmesg-*
  FaultLocation                r  string                     const /sys/fs/pstore/{key}
  TimeStamp                    r  dateTime                   call device.config date
