package system

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Location returns the time zone of the router: the POSIX TZ string of its configuration, such as
// "CET-1CEST,M3.5.0,M10.5.0/3". Base OpenWrt has no zoneinfo files, and Go reads such a string nowhere by itself.
// UTC where nothing legal is found.
func (b *Box) Location() *time.Location {
	var candidates []string
	if b.TZ != nil {
		candidates = append(candidates, b.TZ())
	}
	// /etc/TZ is a link to /tmp/TZ, which would lead out of a root that is not "/".
	candidates = append(candidates, b.line("/tmp/TZ"), b.line("/etc/TZ"))
	for _, tz := range candidates {
		if tz == "" {
			continue
		}
		if loc, err := ParseTZ(tz); err == nil {
			return loc
		}
	}
	return time.UTC
}

// badZone is the abbreviation of the zone in force where Go could not read the rule.
const badZone = "?tz"

// ParseTZ makes a location of a POSIX TZ string. Go has the parser, but only for the footer of a TZif file
// (RFC 8536 §3.3): so we hand it such a file, with one transition long ago and the string as its footer.
func ParseTZ(tz string) (*time.Location, error) {
	if tz == "" || len(tz) > 128 || strings.ContainsAny(tz, "\n\x00") {
		return nil, fmt.Errorf("time zone %q: not a POSIX TZ string", tz)
	}
	header := func(times, types, chars uint32) []byte {
		h := append([]byte("TZif2"), make([]byte, 15)...)
		for _, n := range []uint32{0, 0, 0, times, types, chars} {
			h = binary.BigEndian.AppendUint32(h, n)
		}
		return h
	}
	data := header(0, 0, 0)
	data = append(data, header(1, 1, uint32(len(badZone)+1))...)
	data = binary.BigEndian.AppendUint64(data, 1<<63|1<<40) // a transition before all history
	data = append(data, 0)                                  // to type 0:
	data = append(data, 0, 0, 0, 0, 0, 0)                   // offset 0, no DST, abbreviation 0
	data = append(data, badZone+"\x00\n"+tz+"\n"...)
	loc, err := time.LoadLocationFromTZData(tz, data)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w", tz, err)
	}
	if name, _ := time.Unix(1<<31, 0).In(loc).Zone(); name == badZone {
		return nil, fmt.Errorf("time zone %q: not a POSIX TZ string", tz)
	}
	return loc, nil
}
