# Device.LLDP.Discovery: who is at the other end of a cable, as it says itself by LLDP (IEEE 802.1AB).
# Router: lldpd, asked by its own client; neighbours that speak another protocol (CDP and so on) are not shown. A row is
# called after subtype and identifier.

Device.LLDP.                             r
  needs file /usr/sbin/lldpcli

Device.LLDP.Discovery.                   r

Device.LLDP.Discovery.Device.{i}.        r
  rows  call lldp.rows chassis
  let   chassis ubus .chassis[0].id[0].value
  let   port    ubus .port[0].id[0].value
  let   manage  ubus .chassis[0].mgmt-ip.*.value
  unique ChassisIDSubtype,ChassisID
  volatile
  noalias
  Interface         r pathRef             ubus .name | ref Device.Ethernet.Interface. Device.Ethernet.Link.
  # Those whose identifiers lldpd shows; the codes are those of 802.1AB table 8-2.
  ChassisIDSubtype  r unsignedInt(..255)  ubus .chassis[0].id[0].type | map ifalias=2 mac=4 ip=5 ifname=6 local=7
  ChassisID         r string(1..255)      ubus .chassis[0].id[0].value | trim 255
  Host              r list pathRef        call hosts.at {chassis} {port} {manage} | ref Device.Hosts.Host.

Device.LLDP.Discovery.Device.{i}.Port.{i}. r
  rows  call lldp.rows port
  unique PortIDSubtype,PortID
  volatile
  noalias
  # Table 8-3.
  PortIDSubtype     r unsignedInt(..255)  ubus .port[0].id[0].type | map ifalias=1 mac=3 ip=4 ifname=5 local=7
  PortID            r string(1..255)      ubus .port[0].id[0].value | trim 255
  TTL               r unsignedInt(..65535) ubus .port[0].ttl[0].value
  PortDescription   r string(255)         ubus .port[0].descr[0].value | trim 255
