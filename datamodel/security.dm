# Device.Security: certificates of the router's own services and of the agent, and what it trusts.
# Router: /etc/uhttpd.crt, /etc/ssl, /etc/cwmpd.

Device.Security. r

# The certificates of these files, one row each; those of the bundle of authorities are not listed.
Device.Security.Certificate.{i}. r
  rows   call security.certificates
  noalias
  unique SerialNumber,Issuer
  Enable             r boolean const true
  LastModif          r dateTime call security.certificate changed | time
  SerialNumber       r string(64) call security.certificate serial
  Issuer             r string(256) call security.certificate issuer | trim 256
  NotBefore          r dateTime call security.certificate from
  NotAfter           r dateTime call security.certificate to
  Subject            r string(256) call security.certificate subject | trim 256
  SubjectAlt         r list string(256) call security.certificate names
  SignatureAlgorithm r string(256) call security.certificate algorithm

Device.Security.CABundle.{i}. r
  rows   file /etc/ssl/certs/ca-certificates.crt
  noalias
  unique Name
  Enable r boolean const true
  Name   r string const {key}
