// Package ubus speaks OpenWrt's system bus: it calls the objects of other daemons, serves objects of our own, and
// takes part in events and notifications. It talks to ubusd over its unix socket in the protocol of libubus, without C.
//
// # Values
//
// All data on the bus is blobmsg, a binary cousin of JSON. A [Value] is a view of such bytes: they are checked once, when
// they come in (lengths, padding, ends of strings and names, 32 levels at most), and are then read in place, so that a
// parameter quoted from the middle of a large answer costs no more than the way to it. [Table], [Array] and [FromJSON]
// make Values. Integers have no sign on the wire and receivers compare types exactly; we send an int32 where the number
// fits and an int64 where not, as the ubus command does.
//
// # The client
//
// A [Client] is one connection, made when first needed:
//
//	c := ubus.New(ubus.Config{Path: ubus.SocketPath("/")})
//	board, err := c.Call(ctx, "system", "board", ubus.Value{})
//	version := board.Get("release", "version").Text()
//
// Many calls may be in flight; answers find their call by sequence number and peer, and one that comes after the
// deadline is dropped. The protocol knows no timeouts, so every call has one here. Ids of objects are remembered; when
// ubusd says that one is gone, its daemon was restarted, and the path is looked up and called again.
//
// [Client.Run] keeps the connection up. On every new one [Client.Serve]d objects, [Client.Listen]ers and
// [Client.Subscribe]rs are registered again; a subscription waits for its object to appear, and follows it through
// restarts.
//
// # Goroutines
//
// Each connection owns four: the reader drains the socket and never waits (ubusd silently drops messages for a client
// that does not read), the writer writes, keep registers, deliver calls listeners one by one. Handles of served methods
// run in goroutines of their own, 16 at a time; every request is answered with a STATUS, also when there are too many.
// What deliver has no time for is dropped beyond 1024 events, with a warning in the log.
//
// # What comes from outside
//
// A message is at most 1 MiB. One whose frame makes no sense ends the connection, since the stream cannot be trusted
// any more; an answer, event or notification whose frame is fine but whose blobmsg is not only fails by itself, because
// ubusd passes those on from other daemons unchecked. File descriptors that come along are closed by the kernel.
//
// Package ubustest is a ubusd for tests; the same exchanges run against it and against a real one, where one is found.
package ubus
