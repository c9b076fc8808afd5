// Package web speaks HTTP to the outside, safely: to the ACS (Session) and to file servers (Get, Put).
//
// It does not use http.Client, for reasons that TR-069 gives: a redirect must keep the POST and its body (H-20), an
// authenticated retry must use the same TCP connection (H-10), all connections of a session go to one address (S-50), a
// request goes out once and only once (H-8), and every byte and second is counted. So a connection is our own (conn.go), with
// net/http's own reader and writer of messages on it, and http.Client's automatisms are the few lines of client.go:
//
//	client.do      one request until it is answered: challenges (auth.go) and redirects (redirect.go)
//	client.send    one message over the connection; a new connection where there is none (dial.go, tls.go)
//	conn.roundTrip one message and the head of its answer
//
// A connection that the server closed between two messages is replaced (H-9). It counts as closed between messages only if
// the server had not read anything of our next one: if it might have, the request fails, and the session with it (H-11).
//
// What a server can make us do is bounded: 64 KiB of header, interim responses included, Config.MaxBody, 5 redirects in a
// row, two wrong answers per password and request, a deadline for each phase. Redirects and transfers never reach the router's
// own services: the address is checked where it is dialled, after the name was resolved (Z-08, Z-34).
//
// The trusted roots are those of ROOT/etc/ssl/certs and of Config. While the router does not know the time, validity
// periods are ignored and all the rest is verified (K-5).
//
// Errors name the host, never a path, a query, a user name or a password.
package web
