// Package ubustest is a ubusd for tests and for the sandbox. It speaks the real protocol on a real unix socket: objects
// of clients, events, subscriptions and lookups work as with ubusd, except that everybody may do everything. Besides,
// a [Bus] answers for objects made of Go functions, and remembers who called what.
//
// That it behaves like ubusd is tested: the suite of package ubus runs the same exchanges against both.
package ubustest
