# Device.Users.: the accounts of the system. Device.LANConfigSecurity.: the administrator's password.
# Router: /etc/passwd, /etc/shadow, /etc/group, /etc/shells; rpcd's logins follow. Roles are not known to OpenWrt.

Device.Users.                       r
  needs file /etc/passwd
  RoleNumberOfEntries      r  unsignedInt                const 0
  SupportedCapabilities    r  list enum(CAP_CHOWN)       const ""

# Ids below 1000 and nobody are the system's: they can be given a password, and switched off where that locks nobody out.
# Enable is the password's: off is the "!" of `passwd -l`; switching on needs a password.
Device.Users.User.{i}.              rw
  rows   call users.user
  add    call users.user
  max    64
  unique Username
  unique UserID
  write  call users.user
  Enable                   rw boolean                    call users.user enable
  UserID                   rw unsignedInt                call users.user id
  Username                 rw string(64)                 call users.user name
  Password                 rw string(64) hidden          call users.user password
  # The first is the group of his own.
  GroupParticipation       rw list pathRef weak          call users.user groups | ref Device.Users.Group.
  StaticUser               r  boolean                    call users.user static
  Shell                    rw pathRef weak               call users.user shell | ref Device.Users.SupportedShell.

Device.Users.Group.{i}.             rw
  rows   call users.group
  add    call users.group
  max    64
  unique Groupname
  unique GroupID
  Enable                   r  boolean                    const true
  GroupID                  rw unsignedInt                call users.group id
  Groupname                rw string(64)                 call users.group name
  StaticGroup              r  boolean                    call users.group static

Device.Users.SupportedShell.{i}.    r
  rows   call users.shell
  unique Name
  Enable                   r  boolean                    const true
  Name                     r  string(64)                 const {key}

Device.LANConfigSecurity.           r
  needs file /etc/passwd
  ConfigPassword           rw string(64) hidden          call users.root password
