# Device.UPnP: miniupnpd and minidlna. The router does not listen for other devices (Discovery).
# Router: /etc/config/upnpd, /etc/config/minidlna.

Device.UPnP. r
  needs uci upnpd.config

Device.UPnP.Device. r
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
