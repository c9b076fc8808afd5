# Device.X_CWMPD_UCI.: any UCI package, for what has no parameter of its own. It is there when the owner lists packages
# in /etc/config/cwmp: `list uci_read PACKAGE`, `list uci_write PACKAGE` in section cpe.

Device.X_CWMPD_UCI.                         r
  needs call uci.open

Device.X_CWMPD_UCI.Package.{i}.             r
  rows call uci.packages
  Name        r  string(64)                 call uci.field name
  Writable    r  boolean                    call uci.field writable
  # TYPE or TYPE NAME: a new section at the end. Reads empty.
  AddSection  rw string(256)                call uci.field add

# A section without a name is known again by its options, as long as no two of a type are equal. AddObject makes one of type
# cwmp_new, which nobody reads, with a name of that kind: of such a one Name and Type can be set, until both are.
Device.X_CWMPD_UCI.Package.{i}.Section.{i}. rw
  rows call uci.sections
  add call uci.sections
  Name        rw string(64)                 call uci.field name
  Type        rw string(64)                 call uci.field type
  # NAME=VALUE, NAME+=ITEM, NAME-=ITEM, NAME=: an option, an item of a list more or less, no such option. Reads empty.
  SetOption   rw string(4096)               call uci.field set

# AddObject makes an option cwmp_newN, of which Name can be set, once.
Device.X_CWMPD_UCI.Package.{i}.Section.{i}.Option.{i}. rw
  rows call uci.options
  add call uci.options
  Name        rw string(64)                 call uci.field name
  Type        r  enum(option, list)         call uci.field type
  # Passwords and keys read empty. Items of a list stand between commas; in them a comma is %2C and a percent sign %25.
  Value       rw string(4096)               call uci.field value
