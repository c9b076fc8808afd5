# Device.DynamicDNS: ddns-scripts.
# Router: /etc/config/ddns, /usr/share/ddns, /var/run/ddns, /var/log/ddns.

Device.DynamicDNS. r
  needs uci ddns
  SupportedServices r list string(1024) call ddns.services

# One row per `config service`. It is its own Server too, so that cannot be another's.
Device.DynamicDNS.Client.{i}. rw
  rows   uci ddns.@service
  add    uci ddns.@service cwmp_ddns_{n} enabled=0 ip_source=network ip_network=wan interface=wan use_syslog=2
  max    32
  unique Server,Username
  Enable    rw boolean uci .enabled | default 0
  Status    r enum(Connecting, Authenticating, Updated, Error_Misconfigured, Error, Disabled) call ddns.status
  LastError r enum(NO_ERROR, MISCONFIGURATION_ERROR, DNS_ERROR, CONNECTION_ERROR, AUTHENTICATION_ERROR, TIMEOUT_ERROR, PROTOCOL_ERROR) call ddns.error
  Server    r pathRef const {key} | ref Device.DynamicDNS.Server.
  Interface rw pathRef call ddns.option ip_network interface wan | ref Device.IP.Interface.
  Username  rw string(256) uci .username
  Password  rw string(256) hidden uci .password

Device.DynamicDNS.Client.{i}.Hostname.{i}. r
  rows   call fw.one
  noalias
  unique Name
  Enable     rw boolean uci .enabled | default 0
  Status     r enum(Registered, UpdateNeeded, Updating, Error, Disabled) call ddns.status | map Updated=Registered Connecting=Updating Error_Misconfigured=Error
  Name       rw string(256) call ddns.option lookup_host domain
  LastUpdate r dateTime call ddns.updated | time

# What a service is told and how often, a row for each Client.
Device.DynamicDNS.Server.{i}. r
  rows   uci ddns.@service
  unique Name
  Enable             r boolean const true
  Name               r string(64) const {key}
  ServiceName        rw string(256) call ddns.service
  ServerAddress      r string(256) call ddns.url host
  ServerPort         r unsignedInt(0..65535) call ddns.url port
  SupportedProtocols r list enum(HTTP, HTTPS) const HTTP,HTTPS | list ,
  Protocol           rw enum(HTTP, HTTPS) uci .use_https | default 0 | map 0=HTTP 1=HTTPS
  # ddns-scripts make 5 seconds of less than 300.
  CheckInterval      rw unsignedInt(300..) call ddns.every check 10 minutes
  RetryInterval      rw unsignedInt call ddns.every retry 60 seconds
  MaxRetries         rw unsignedInt uci .retry_max_count | default 0
