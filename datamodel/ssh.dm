# Device.SSH.: the SSH servers and the administrator's keys.
# Router: /etc/config/dropbear, /etc/dropbear/authorized_keys. Who may reach a port is the firewall's to say.

Device.SSH.                         r
  needs uci dropbear
  Enable                   rw boolean                    call service.enable dropbear
  Status                   r  enum(Disabled, Enabled, Error)  call service.status dropbear

Device.SSH.Server.{i}.              rw
  rows  uci dropbear.@dropbear
  ident Port Interface DirectInterface
  add   uci dropbear.@dropbear cwmp_ssh_{n} enable=0 Port=22 PasswordAuth=0 RootPasswordAuth=0 RootLogin=0 IdleTimeout=180 SSHKeepAlive=300 MaxAuthTries=3
  max   10
  write call ssh.server
  Enable                   rw boolean                    uci .enable | default 1
  Status                   r  enum(Disabled, Enabled, Error, Error_Misconfigured)  call ssh.server status
  # Bound to the addresses of this interface; empty: to all.
  Interface                rw pathRef                    call ssh.server interface | ref Device.IP.Interface.
  Port                     rw unsignedInt(1..65535)      uci .Port | default 22
  IdleTimeout              rw unsignedInt                uci .IdleTimeout | default 0
  KeepAlive                rw unsignedInt                uci .SSHKeepAlive | default 300
  AllowRootLogin           rw boolean                    uci .RootLogin | default 1
  AllowPasswordLogin       rw boolean                    uci .PasswordAuth | default 1
  AllowRootPasswordLogin   rw boolean                    uci .RootPasswordAuth | default 1
  MaxAuthTries             rw unsignedInt                uci .MaxAuthTries | default 3
  ActivationDate           r  dateTime                   call ssh.server since
  # Minutes after Enable, over restarts and reboots too, until it is switched off again. Set to another value it begins anew.
  AutoDisableDuration      rw unsignedInt                uci .cwmp_auto_disable | default 0
  PID                      r  unsignedInt                call ssh.server pid

# dropbear serves every user as root, so that whose session it is cannot be seen.
Device.SSH.Server.{i}.Session.{i}.  r
  rows  call ssh.sessions
  volatile
  IPAddress                r  IPAddress                  call net.socket remote
  Port                     r  unsignedInt                call net.socket remoteport

# One row per key; the other lines of the file stay as they are.
Device.SSH.AuthorizedKey.{i}.       rw
  rows  call ssh.key
  add   call ssh.key
  max   64
  User                     r  pathRef                    const root | ref Device.Users.User.
  Key                      rw string(4200)               call ssh.key
