// Package twamp answers the test packets of TWAMP Light (RFC 5357 appendix I) in unauthenticated mode: whoever measures a
// line sends them, and gets back what they carried and when they came and went. A Reflector has no sessions and
// remembers nothing of who asked; its answers number as the packets do, and are never longer.
package twamp

import (
	"encoding/binary"
	"math/bits"
	"time"

	"golang.org/x/sys/unix"
)

// minPacket is the length of an answer. A shorter packet has too little padding for one that is not longer (RFC 5357
// §4.2.1), and gets none.
const minPacket = 41

// answer turns a test packet into what is sent back, in its place; false means that it is none. ttl is what the packet
// came with, estimate the error of our clock.
func answer(b []byte, ttl byte, received time.Time, estimate uint16) bool {
	if len(b) < minPacket {
		return false
	}
	copy(b[24:38], b) // the sender's number, time and error estimate
	binary.BigEndian.PutUint16(b[12:], estimate)
	stamp(b[16:], received)
	b[14], b[15], b[38], b[39], b[40] = 0, 0, 0, 0, ttl
	stamp(b[4:], time.Now())
	return true
}

// stamp writes a time as NTP does: seconds since 1900 and their fraction (RFC 5905 §6).
func stamp(b []byte, t time.Time) {
	binary.BigEndian.PutUint32(b, uint32(t.Unix()+2208988800))
	binary.BigEndian.PutUint32(b[4:], uint32(uint64(t.Nanosecond())<<32/1e9))
}

// clockError is the error estimate of the clock as the kernel knows it.
func clockError() uint16 {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil || state == unix.TIME_ERROR {
		return estimate(uint64(t.Maxerror), false)
	}
	return estimate(uint64(t.Esterror), true)
}

// estimate writes an error in microseconds as 8 bits times a power of two of 2^-32 seconds, rounded up; the first bit says
// that the clock follows an outer one (RFC 4656 §4.1.2).
func estimate(us uint64, synchronised bool) uint16 {
	units := min(us, 1<<31)*4295 + 1
	scale := max(bits.Len64(units)-8, 0)
	e := min(units>>scale+1, 255) | uint64(scale)<<8
	if synchronised {
		e |= 1 << 15
	}
	return uint16(e)
}
