// Package digest is the answering side of HTTP digest authentication (RFC 7616, RFC 2617): it guards the connection
// request URL (C-11, C-14, C-15).
//
// A Server gives out one challenge, with one algorithm, written so that the simple parsers of real ACSs read it: no
// comma and no quote inside a quoted value. Nonces are not stored when they are given out: each carries the time of
// its birth, random bytes and an HMAC, so asking for a million of them costs us nothing (Z-41). Only a nonce that was
// used with the right password is remembered, with the highest nonce count seen, so that a recorded request cannot be
// played again. That table is bounded as well: when it is full the oldest nonce is forgotten and all nonces at least
// as old are declared stale.
package digest
