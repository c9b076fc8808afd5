// Package cwmp is the TR-069 conversation: when the router calls its ACS, what it says, and what it does when asked.
//
// # Between sessions
//
// A CPE (cpe.go, between.go) owns the list of events that the ACS was not told of, the retry counters, the periodic timer
// and the schedules. Others only Post events to it, from any goroutine; Run's goroutine alone touches the rest, and holds
// the sessions itself, so that there is never more than one. A session begins when an event wants one or a retry is due,
// not sooner than a second after the last one, and while the slot Busy is not held by a flash write.
//
//	      Post, timers                         ok: events told, count 0
//	IDLE ──────────────▶ DUE ──▶ IN SESSION ──────────────────────────▶ IDLE
//	                      ▲          │
//	    waited, or an     │          ▼ failed: the events stay, count + 1
//	    event that wants  └───── RETRYING (5 s … 85 min, S-30 to S-35)
//	    a session
//
// What must survive a reboot is in one small file (saved.go), written before the ACS hears the answer that promises it.
// Two things are not events but differences: "1 BOOT" is another boot id than the one the ACS was told of, and
// "0 BOOTSTRAP" another URL than the one that answered it. Changed values and ended transfers are asked for when an Inform
// is made, of packages notify and transfer.
//
// # One session
//
// Read session.go from top to bottom; each arrow is a POST of ours with what came back:
//
//	Inform ────────────▶ InformResponse       repeated as it is after fault 8005; any other answer: failed
//	TransferComplete ──▶ …Response            what we owe, one by one, unless HoldRequests
//	(empty) ───────────▶ GetParameterNames    from here on the ACS asks …
//	…Response ─────────▶ SetParameterValues   … and we answer, with a response or a fault
//	…Response ─────────▶ 204                  nothing more: done
//
// Redirects, challenges, cookies, TLS and compression of answers are package web's; XML is package soap's; what a path
// means and whether a value fits is package model's. A method of the ACS is one file and one line in rpc.go. Numbers of
// faults are in fault.go and nowhere else.
//
// After the session, also after a failed one, comes what would have cut it: the reloads of what was set, a new URL, the
// reboot (between.go).
//
// Requirement numbers (S-9, R-14, …) are those of the project's catalogue of TR-069 Amendment 6.
package cwmp
