# Device.InterfaceStack: which row stands on which, from the top (IP) to the bottom (ports and radios). Computed from the
# same index as the LowerLayers parameters.

Device.InterfaceStack.{i}.    r
  rows call net.stack
  HigherLayer  r  pathRef     call net.stack higher | ref
  LowerLayer   r  pathRef     call net.stack lower | ref
  HigherAlias  r  string(64)  call net.stack higher alias
  LowerAlias   r  string(64)  call net.stack lower alias
