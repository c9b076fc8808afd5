# Device.Time.Server.: where NTP for the LAN listens.
# Router: /etc/config/system, section `ntp`.

Device.Time.Server.{i}.                     r
  Interface          rw pathRef             uci .interface | ref Device.IP.Interface.
