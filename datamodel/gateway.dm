# Device.GatewayInfo: the gateway before this router, where it says who it is (TR-069 Annex F). Empty on most routers.
# Router: option 125 of the WAN's lease, which our hook of udhcpc keeps; option 17 of DHCPv6 alike.

Device.GatewayInfo.                 r
  ManufacturerOUI    r string(0..6) active   call agent.gateway oui
  ProductClass       r string(64) active    call agent.gateway class
  SerialNumber       r string(64) active    call agent.gateway serial
