// Package dbus asks objects on the router's system bus, such as those of ModemManager: method calls and their answers,
// no signals, nothing served. One call goes at a time; between calls nothing runs.
//
// Values are plain: every unsigned number is a uint64, every signed one an int64, a double a float64; strings, object
// paths and signatures are strings; arrays of them are []string, bytes []byte, dictionaries with such keys
// map[string]any, other arrays and structures []any. What a Variant's value was on the wire its Type says.
//
// The protocol is that of https://dbus.freedesktop.org/doc/dbus-specification.html. What the bus tells is bounded: a
// message has at most 1 MiB, its types nest at most 32 deep, and an answer takes at most 3 seconds.
package dbus
