# Device.UPnP: miniupnpd and minidlna; other devices on the LAN, where the owner has set cpe.upnp_discovery.
# Router: /etc/config/upnpd, /etc/config/minidlna.

Device.UPnP. r

Device.UPnP.Device. r
  needs uci upnpd.config
  Enable                rw boolean uci upnpd.config.enabled | default 1
  UPnPIGD               rw boolean call upnp.igd
  UPnPMediaServer       rw boolean uci minidlna.config.enabled
  UPnPMediaRenderer     rw boolean call only 0
  UPnPWLANAccessPoint   rw boolean call only 0
  UPnPQoSDevice         rw boolean call only 0
  UPnPQoSPolicyHolder   rw boolean call only 0
  UPnPDMBasicMgmt       rw boolean call only 0
  UPnPDMConfigurationMgmt rw boolean call only 0
  UPnPDMSoftwareMgmt    rw boolean call only 0

Device.UPnP.Device.Capabilities. r
  UPnPArchitecture      r unsignedInt const 1
  UPnPArchitectureMinorVer r unsignedInt const 1
  UPnPIGD               r unsignedInt call upnp.igd version
  UPnPMediaServer       r unsignedInt uci minidlna.config.enabled | map =0 *=1
  UPnPMediaRenderer     r unsignedInt const 0
  UPnPWLANAccessPoint   r unsignedInt const 0
  UPnPBasicDevice       r unsignedInt const 0
  UPnPQoSDevice         r unsignedInt const 0
  UPnPQoSPolicyHolder   r unsignedInt const 0
  UPnPDMBasicMgmt       r unsignedInt const 0
  UPnPDMConfigurationMgmt r unsignedInt const 0
  UPnPDMSoftwareMgmt    r unsignedInt const 0

# What was not repeated in time, or said goodbye, is not there any more. A device that is heard of before its first word as a
# root device is among the others until then.
Device.UPnP.Discovery. r
  needs call upnp.discovers

Device.UPnP.Discovery.RootDevice.{i}. r
  rows call upnp.heard root
  let  from ubus .from
  unique UUID
  volatile
  noalias
  Status    r enum(LeaseActive, LeaseExpired, ByebyeReceived) const LeaseActive
  UUID      r UUID            ubus .uuid
  USN       r string(256)     ubus .USN
  LeaseTime r unsignedInt     ubus .lease
  Location  r URL             ubus .LOCATION
  Server    r string(256)     ubus .SERVER | trim 256
  Host      r list(..1024) pathRef call hosts.at {from} | ref Device.Hosts.Host.
  LastUpdate r dateTime       ubus .last | time

Device.UPnP.Discovery.Device.{i}. r
  rows call upnp.heard device
  let  from ubus .from
  unique UUID
  volatile
  noalias
  Status    r enum(LeaseActive, LeaseExpired, ByebyeReceived) const LeaseActive
  UUID      r UUID            ubus .uuid
  USN       r string(256)     ubus .USN
  LeaseTime r unsignedInt     ubus .lease
  Location  r URL             ubus .LOCATION
  Server    r string(256)     ubus .SERVER | trim 256
  Host      r list(..1024) pathRef call hosts.at {from} | ref Device.Hosts.Host.
  LastUpdate r dateTime       ubus .last | time

Device.UPnP.Discovery.Service.{i}. r
  rows call upnp.heard service
  let  from ubus .from
  unique USN
  volatile
  noalias
  Status    r enum(LeaseActive, LeaseExpired, ByebyeReceived) const LeaseActive
  USN       r string(256)     ubus .USN
  LeaseTime r unsignedInt     ubus .lease
  Location  r URL             ubus .LOCATION
  Server    r string(256)     ubus .SERVER | trim 256
  Host      r list(..1024) pathRef call hosts.at {from} | ref Device.Hosts.Host.
  LastUpdate r dateTime       ubus .last | time
  ParentDevice r pathRef       ubus .uuid | ref Device.UPnP.Discovery.RootDevice. Device.UPnP.Discovery.Device.
