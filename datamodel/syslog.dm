# Device.Syslog.: where the system's log goes.
# Router: /etc/config/system, section `system`, which logd and logread are started from. All of the log goes to both a
# file and a server; log_size 0 does not switch logd off, and conloglevel is about the console.

Device.Syslog.                      r
  needs call service.there log
  Enable                   rw boolean                    call service.enable log
  Status                   r  enum(Disabled, Enabled, Error)  call service.status log
  FilterNumberOfEntries    r  unsignedInt                const 0
  TemplateNumberOfEntries  r  unsignedInt                const 0

Device.Syslog.Source.{i}.           r
  rows const log
  KernelMessages           r  boolean                    const true
  SystemMessages           r  boolean                    const true
  Severity                 r  enum(All)                  const All
  FacilityLevel            r  enum(All)                  const All

Device.Syslog.Action.{i}.           r
  rows  uci system.@system
  write call syslog.file
  SourceRef                r  list pathRef               const log | ref Device.Syslog.Source.
  FilterRef                r  list pathRef               const ""
  TemplateRef              r  pathRef                    const ""
  StructuredData           r  boolean                    const false

Device.Syslog.Action.{i}.LogFile.   r
  Enable                   rw boolean                    call syslog.file enable
  VendorLogFileRef         r  pathRef                    uci .log_file | ref Device.DeviceInfo.VendorLogFile.
  # Below /tmp, /var/log or /mnt; kept while it is switched off.
  FilePath                 rw string                     call syslog.file path

Device.Syslog.Action.{i}.LogRemote. r
  Enable                   rw boolean                    call syslog.remote enable
  Status                   r  enum(Disabled, Enabled, Error_Unreachable, Error)  call syslog.remote status
  Address                  rw string                     call syslog.remote address
  Protocol                 rw enum(TCP, UDP)             uci .log_proto | default udp | map tcp=TCP udp=UDP
  Port                     rw unsignedInt(1..65535)      uci .log_port | default 514
