# Device.X_CWMPD_WireGuard.: tunnels of WireGuard, which the standard has no object for.
# Router: /etc/config/network, `config interface` of proto wireguard and one section type for the peers of each,
# `config wireguard_NAME`. The IP.Interface of the same section has the addresses in use.

Device.X_CWMPD_WireGuard.                             r
  needs file /lib/netifd/proto/wireguard.sh

Device.X_CWMPD_WireGuard.Interface.{i}.               rw
  rows  call net.protos wireguard
  add   call net.protos wg wireguard
  max   16
  write call wireguard.interface
  Enable               rw boolean                     uci .disabled | default 0 | not
  Status               r  enum(Up, Down)              ubus network.interface dump {} .interface[interface={section}].up | default false | map true=Up *=Down
  Name                 r  string(64)                  const {section}
  PrivateKey           rw string(44) hidden           uci .private_key
  # Computed from the private key.
  PublicKey            r  string(44)                  call wireguard.public
  # 0 lets the kernel choose.
  ListenPort           rw unsignedInt(..65535)        uci .listen_port | default 0
  Addresses            rw list IPPrefix               uci .addresses
  MTU                  rw unsignedInt(..65535)        uci .mtu | default 0
  FwMark               rw unsignedInt                 uci .fwmark | default 0

Device.X_CWMPD_WireGuard.Interface.{i}.Peer.{i}.      rw
  rows  uci network.@wireguard_{parent.section}
  ident public_key
  add   uci network.@wireguard_{parent.section} {parent.section}_peer{n} disabled=1
  max   64
  unique PublicKey
  write call wireguard.peer
  Enable               rw boolean                     uci .disabled | default 0 | not
  Description          rw string(256)                 uci .description
  PublicKey            rw string(44)                  uci .public_key
  PresharedKey         rw string(44) hidden           uci .preshared_key
  AllowedIPs           rw list IPPrefix               uci .allowed_ips
  # Whether netifd makes routes to them.
  RouteAllowedIPs      rw boolean                     uci .route_allowed_ips | default 0
  EndpointHost         rw string(256)                 uci .endpoint_host
  EndpointPort         rw unsignedInt(1..65535)       uci .endpoint_port | default 51820
  # Seconds; 0 sends none.
  PersistentKeepalive  rw unsignedInt(..65535)        uci .persistent_keepalive | default 0
