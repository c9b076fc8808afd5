package discover

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// Dir is where the hooks put what they heard, as the router sees it.
const Dir = "/var/run/cwmpd"

// MaxFile is how long a file of a hook may be, in bytes.
const MaxFile = 8 << 10

// ParseLease reads a file dhcp4.* or dhcp6.*. Option 125 counts before option 43, which other vendors fill too.
func ParseLease(file string) Offer {
	var o, o43 Offer
	for name, value := range words(file) {
		b, err := hex.DecodeString(value)
		if err != nil {
			continue
		}
		switch name {
		case "opt125":
			o = Option125(b)
		case "opt17":
			o = Option17(b)
		case "opt43":
			o43 = Option43(b)
		}
	}
	return o.over(o43)
}

// ParseDevice reads a file device.*; the zero ID if it names none.
func ParseDevice(file string) ID {
	w := words(file)
	return NewID(w["oui"], w["serial"], w["class"])
}

// words reads lines "name value"; the last of a name counts.
func words(file string) map[string]string {
	out := map[string]string{}
	if len(file) > MaxFile {
		return out
	}
	for line := range strings.Lines(file) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		out[name] = value
	}
	return out
}

// Announce4 is what a DHCPv4 client sends as option 125 to tell who it is, in hexadecimal (Annex F: suboptions 1, 2, 3).
func (id ID) Announce4() string {
	var b []byte
	for i, text := range []string{id.OUI, id.Serial, id.Class} {
		if text != "" && len(text) < 256 {
			b = append(append(b, byte(i+1), byte(len(text))), text...)
		}
	}
	if len(b) > 255 { // four-octet characters may make it so: the class may be left out
		b = b[:4+len(id.OUI)+len(id.Serial)]
	}
	head := binary.BigEndian.AppendUint32(nil, Enterprise)
	return hex.EncodeToString(append(append(head, byte(len(b))), b...))
}

// Announce6 is the same for option 17 of DHCPv6 (suboptions 11, 12, 13).
func (id ID) Announce6() string {
	b := binary.BigEndian.AppendUint32(nil, Enterprise)
	for i, text := range []string{id.OUI, id.Serial, id.Class} {
		if text != "" {
			b = binary.BigEndian.AppendUint16(b, uint16(i+11))
			b = append(binary.BigEndian.AppendUint16(b, uint16(len(text))), text...)
		}
	}
	return hex.EncodeToString(b)
}

// Class is what makes a DHCP server know a device of TR-069 (K-31): in option 60 as it is.
const Class = "dslforum.org"

// Class124 is the same in option 124, which goes beside a vendor class that is somebody else's, in hexadecimal.
func Class124() string {
	b := binary.BigEndian.AppendUint32(nil, Enterprise)
	return hex.EncodeToString(append(append(b, byte(len(Class))), Class...))
}

// Class6 is the same in option 16 of DHCPv6, in hexadecimal.
func Class6() string {
	b := binary.BigEndian.AppendUint32(nil, Enterprise)
	b = binary.BigEndian.AppendUint16(b, uint16(len(Class)))
	return hex.EncodeToString(append(b, Class...))
}

// Dnsmasq is the configuration that has dnsmasq tell our identity to those devices that told it theirs: it marks them with
// the tag cpewan-id. Values are written in hexadecimal, so that nothing in them means anything to dnsmasq.
func (id ID) Dnsmasq() string {
	var b strings.Builder
	b.WriteString("# Written by cwmpd: who we are, for devices that say who they are (TR-069 Annex F).\n")
	for i, text := range []string{id.OUI, id.Serial, id.Class} {
		if len(text) < 2 { // a single pair of digits would be a number to dnsmasq
			continue
		}
		b.WriteString("dhcp-option=tag:cpewan-id,vi-encap:3561," + string(rune('4'+i)) + ",")
		for j := range len(text) {
			if j > 0 {
				b.WriteByte(':')
			}
			b.WriteString(hex.EncodeToString([]byte{text[j]}))
		}
		b.WriteByte('\n')
	}
	return b.String()
}
