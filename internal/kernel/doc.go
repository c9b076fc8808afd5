// Package kernel asks the kernel over netlink what no file and no daemon says as well: the neighbours of both families, what
// the bridges have learned, routes with their origin, addresses with their lifetimes (rtnetlink), what is plugged into a port
// and what it counts (ethtool), radios, stations and the networks around (nl80211).
//
// A Kernel is one transaction's view: each kind is dumped once, when it is first asked for, and a dump that failed is empty
// and not asked again. What came while devices vanished is without them.
//
// Watch is apart from that: it listens to what nl80211 tells unasked, with a filter in the kernel for what nobody wants to hear.
//
// Below a root that is not the kernel's own a Kernel replays recordings instead, one JSON file for each kind:
//
//	kernel/KIND.json         an array with the fields of KIND's type in this package, such as kernel/neighbours.json
//	                         [{"dev":"br-lan","ip":"192.168.1.7","mac":"00:11:32:a4:5b:01","state":"reachable"}]
//
// A kind without a file is empty.
//
// The sockets are the standard library's. github.com/mdlayher/netlink would fill 152 kB of flash, with rtnetlink, genetlink,
// ethtool and wifi on top 300 kB; they serve as the oracle of the tests.
package kernel
