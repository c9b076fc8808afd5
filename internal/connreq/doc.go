// Package connreq is how an ACS wakes us: by an HTTP GET on a secret path, with digest authentication (TR-069 3.2.2), or by a
// signed datagram, which gets through NATs with the help of STUN (Annex G).
//
// The HTTP listener is reachable from the whole Internet, so it trusts nobody and does very little: it answers within
// milliseconds, whatever the agent is doing, since it shares no lock with it, and then calls OnRequest. What happens after
// that is not its business: several requests become one session elsewhere (C-3, C-4).
//
// Bounds (C-17, Z-40): 8 connections, 4 of one source, where a newcomer takes the place of the oldest that has not said
// what it wants; 5 seconds and 8 KiB for a request's head; 5 requests on a connection; bodies are not read.
//
// Rates (C-5, Z-41): 10 accepted requests a minute, 5 at once; for each source (an IPv4 address, an IPv6 /64) 6 wrong
// passwords a minute, 5 at once, and 60 requests without credentials. What is beyond gets 503 and no session. The table of
// sources is bounded; those for whom there is no room share one entry.
//
// By UDP nothing is ever answered. A datagram has 1500 bytes and 16 fields at most; what is not well formed, for another user,
// or not newer than what was accepted last costs no HMAC; of wrong signatures we verify 6 a minute from one source and 20 a
// second from all whose 6 are used up, since sources can be forged. The newest time and its ids are on flash before anybody is
// woken (C-37), so a copy is one after a reboot too.
//
// STUN is that of RFC 3489, which Annex G wants: 128 random bits of id, no magic cookie, MESSAGE-INTEGRITY over zeroes up to 64
// bytes. github.com/pion/stun has RFC 5389's messages and no others, imports a DTLS stack beside them (130 kB on mipsle), and
// panics on some of what strangers may send; so the few bytes are our own and pion's are what tests hold them against.
// An answer has 1500 bytes and 32 attributes at most, the id of what we ask just now, and comes from the server. The goroutine
// of stun.run owns everything; the reader of the socket hands it what it awaits. A server is asked nine times in 9.5 s, then
// again after half a minute, doubled up to an hour, at another of its addresses and with the magic cookie by turns. Mappings
// are made known once a minute at most (Z-44).
//
// XMPP (Annex K) turns it round: we hold a connection to a server that both sides trust to say who is who, and an IQ on it
// is a request. xmpp.go keeps the connection, xmppserver.go and xmpppause.go say where and when it is tried, xmpplogin.go,
// xmppstream.go and scram.go speak RFC 6120, and xmpprequest.go judges what comes.
//
// Bounds (Z-46): 64 KiB, 16 levels, 1000 elements and 30 seconds a stanza, 32 attributes an element, a minute for the login,
// 10 seconds for an answer to be taken; ten stanzas a second are read, and the rest waits at the server. The rates of
// requests are those above, with an account of XMPP for a source. TLS when the ACS or the server wants it, verified for the
// domain as the ACS's is; no PLAIN without it; a server that does not prove that it knows the password is left.
package connreq
