// Package system is the box we live in: its root directory, its board and release, its clock and time zone, and the
// commands that reboot, upgrade or reset it.
//
// Every path is resolved under one root directory. On a router that is "/"; in tests and in the sandbox it is a
// directory that looks like a router, and nothing outside of it is read, written or run.
package system
