// Package notify knows which values changed since the ACS last heard of them (TR-069 A.3.2.4, A.3.2.5).
//
// Two facts are kept. The attributes: what the ACS wants of each parameter, as far as that is not what the data model says
// anyway. The baseline: for each notified parameter the value that the ACS knows, from an Inform that it answered, from its
// own SetParameterValues, or from the moment when notification was switched on. A change is a difference between the baseline
// and the value of now, and nothing else: changes are not collected, so there is nothing to lose in a power cut, a value
// that went there and back is no change (N-5), and a difference that arose while the router was off is found at boot (N-7).
// Long values are kept as hashes.
//
// Passive parameters are read when an Inform is built (Pending) and never else. Active ones are read (look) when something
// has happened that may have changed them: a file of UCI was written (inotify), netifd or hostapd said so (ubus), somebody
// called Poke; all within one second are one. Only while an active parameter has a source that tells nobody of its changes,
// a ticker reads every 30 seconds (N-14). What the data model itself makes active (SoftwareVersion, ConnectionRequestURL …)
// does not start the ticker: its owners Poke.
//
// Lightweight notifications (Annex M, levels 3 to 6) have a baseline of their own, what was last sent, so that neither way of
// telling silences the other. Nobody answers them, and none is sent twice (N-24): what could be sent counts as told.
//
// Run owns the timers, sends the datagrams and calls OnChange, which is limited to ten at once and one a second, and on account
// of one value to ten at once and one in five minutes (N-12): what flaps opens no session after session, and goes along with
// those of others. The two facts may be asked and changed by everybody; mu guards them, and the slot turn puts writing them to flash in order. A reading that was
// overtaken by a change of the facts is made again.
package notify
