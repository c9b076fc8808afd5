# Device.USB: the router as USB host: its ports, host controllers, and what is plugged in.
# Router: /sys/bus/usb/devices. A root hub is usb1, its ports usb1-port1 …, what is at port 4 of the hub 1-1 is 1-1.4.
#
# Left out: the form of a socket (Receptacle), which nobody tells the router. Of the configurations of a device the one
# in use is shown.

Device.USB.    r
  needs file /sys/bus/usb/devices
  InterfaceNumberOfEntries  r  unsignedInt  const 0

Device.USB.Port.{i}.    r
  rows file /sys/bus/usb/devices/usb*/*-0:1.0/usb*-port*
  Name      r  string(64)   const {key}
  Standard  r  string(4)    file ../../version
  Type      r  enum(Host, Hub, Device)       const Host
  Rate      r  enum(Low, Full, High, Super)  file ./device/speed | map 1.5=Low 12=Full 480=High = *=Super
  # Of what is plugged in.
  Power     r  enum(Self, Bus, Unknown)      file ./device/bmAttributes | map c0=Self e0=Self 80=Bus a0=Bus *=Unknown

Device.USB.USBHosts.    r

Device.USB.USBHosts.Host.{i}.    r
  rows file /sys/bus/usb/devices/usb*
  let  bus file /sys/bus/usb/devices/{key}/busnum
  Enable                 r  boolean     file ./authorized | default 1
  Name                   r  string(64)  const {key}
  # "Linux 6.6.119 xhci-hcd"
  Type                   r  enum(Unknown, OHCI, EHCI, UHCI, xHCI) \
                                        file ./manufacturer word 2 | map xhci-hcd=xHCI ehci_hcd=EHCI ohci_hcd=OHCI uhci_hcd=UHCI *=Unknown
  PowerManagementEnable  r  boolean     file ./power/control | map auto=1 *=0
  USBVersion             r  string(4)   file ./version

Device.USB.USBHosts.Host.{i}.Device.{i}.    r
  rows file /sys/bus/usb/devices/{parent.bus}-*/devnum
  volatile
  noalias
  DeviceNumber     r  unsignedInt           file ./devnum
  USBVersion       r  string(4)             file ./version
  DeviceClass      r  hexBinary(1)          file ./bDeviceClass
  DeviceSubClass   r  hexBinary(1)          file ./bDeviceSubClass
  DeviceVersion    r  unsignedInt(..65535)  file ./bcdDevice | hex
  DeviceProtocol   r  hexBinary(1)          file ./bDeviceProtocol
  ProductID        r  unsignedInt(..65535)  file ./idProduct | hex
  VendorID         r  unsignedInt(..65535)  file ./idVendor | hex
  Manufacturer     r  string(64)            file ./manufacturer | trim 64
  ProductClass     r  string(64)            file ./product | trim 64
  SerialNumber     r  string(64)            file ./serial | trim 64
  # At the hub that it is plugged into; 0 and no parent at a socket of the router.
  Port             r  unsignedInt(..255)    call usb.place port
  USBPort          r  pathRef               call usb.place root | ref Device.USB.Port.
  Rate             r  enum(Unknown, Low, Full, High, Super)  file ./speed | map 1.5=Low 12=Full 480=High 5000=Super 10000=Super 20000=Super *=Unknown
  Parent           r  pathRef               call usb.place parent | ref Device.USB.USBHosts.Host.{i}.Device.
  MaxChildren      r  unsignedInt           file ./maxchild
  IsSuspended      r  boolean               file ./power/runtime_status | map suspended=1 *=0
  IsSelfPowered    r  boolean               file ./bmAttributes | map c0=1 e0=1 *=0

Device.USB.USBHosts.Host.{i}.Device.{i}.Configuration.{i}.    r
  rows file /sys/bus/usb/devices/{parent.key}
  volatile
  noalias
  ConfigurationNumber  r  unsignedInt  file ./bConfigurationValue

Device.USB.USBHosts.Host.{i}.Device.{i}.Configuration.{i}.Interface.{i}.    r
  rows file /sys/bus/usb/devices/{parent.key}:*
  volatile
  noalias
  InterfaceNumber    r  unsignedInt(..255)  file ./bInterfaceNumber | hex
  InterfaceClass     r  hexBinary(1)        file ./bInterfaceClass
  InterfaceSubClass  r  hexBinary(1)        file ./bInterfaceSubClass
  InterfaceProtocol  r  hexBinary(1)        file ./bInterfaceProtocol
