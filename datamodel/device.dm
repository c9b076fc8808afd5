# Device: the root of the data model and what the router is.

Device.                                r
  RootDataModelVersion r string(32) inform   const 2.19
