// Package connreq is how an ACS wakes us: by an HTTP GET on a secret path, with digest authentication (TR-069 3.2.2).
//
// The listener is reachable from the whole Internet, so it trusts nobody and does very little: it answers within
// milliseconds, whatever the agent is doing, since it shares no lock with it, and then calls OnRequest. What happens after
// that is not its business: several requests become one session elsewhere (C-3, C-4).
//
// Bounds (C-17, Z-40): 8 connections, 4 of one source, where a newcomer takes the place of the oldest that has not said
// what it wants; 5 seconds and 8 KiB for a request's head; 5 requests on a connection; bodies are not read.
//
// Rates (C-5, Z-41): 10 accepted requests a minute, 5 at once; for each source (an IPv4 address, an IPv6 /64) 6 wrong
// passwords a minute, 5 at once, and 60 requests without credentials. What is beyond gets 503 and no session. The table of
// sources is bounded; those for whom there is no room share one entry.
package connreq
