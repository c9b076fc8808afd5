# Device.LEDs: the LEDs of the board and of its Wi-Fi chips.
# Router: /sys/class/leds; /etc/config/system, `config led`, which /etc/init.d/led applies.
#
# Left out: where a LED sits (Location, RelativeXPosition, RelativeYPosition), which nobody tells the router, and how far
# a blink is.

Device.LEDs.    r
  needs file /sys/class/leds

# A LED that is switched off has trigger none and default 0; what it did is kept beside.
Device.LEDs.LED.{i}.    r
  rows call leds
  Enable                 rw boolean   call led enable
  Name                   r  string    const {key}
  Status                 r  enum(Disabled, InUse, Controlled, Error)  call led status | map 1=InUse 0=Disabled
  # The kernel's trigger: netdev, timer, phy0tpt, none …
  Reason                 r  string deny   call led trigger
  CyclePeriodRepetitions r  int(-1..) deny  const -1
  MaxBrightness          r  unsignedInt  file ./max_brightness

# The two halves of a blink, of a LED with trigger timer.
Device.LEDs.LED.{i}.CycleElement.{i}.    r
  rows call led.cycle
  Enable        r  boolean                const true
  Order         r  unsignedInt(1..)       call led half | map on=1 off=2
  Color         r  hexBinary(3..3)        call led colour
  Duration      rw unsignedInt            call led duration | default 500
  FadeInterval  r  unsignedInt            const 0
  Brightness    r  unsignedInt(0..100)    call led half | map on=100 off=0

Device.LEDs.LED.{i}.CurrentCycleElement.    r
  CycleElementReference  r  pathRef deny  call led element | ref Device.LEDs.LED.{i}.CycleElement.
  # Of the colour in the LED's name; empty where there is none.
  Color                  r  hexBinary(3..3) deny  call led colour
