package discover

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Enterprise is the number of the Broadband Forum, under which options 124 and 125, and 16 and 17 of DHCPv6, are ours.
const Enterprise = 3561

const (
	maxOption = 2048
	maxURL    = 2048
	maxText   = 64 // characters
)

// An ID names a device or a gateway (Annex F).
type ID struct {
	OUI    string `json:"oui"`    // six upper-case hexadecimal digits
	Serial string `json:"serial"` // 1 to 64 characters
	Class  string `json:"class"`  // at most 64 characters, may be empty
}

// An Offer is what one lease says. What it does not say, or says wrongly, is zero.
type Offer struct {
	URL             string // of the ACS: begins with http:// or https://, not checked further
	Provisioning    string // ProvisioningCode
	RetryMinWait    int    // CWMPRetryMinimumWaitInterval, 1 to 65535 s
	RetryMultiplier int    // CWMPRetryIntervalMultiplier, 1000 to 65535
	Gateway         ID     // of the gateway that gave the lease, only if all that must be there is
}

// suboptions walks type, length, value. Every header has width octets for each of type and length; 0 and 255 are padding
// where pads says so. It reports whether the lengths added up.
func suboptions(b []byte, width int, pads bool, visit func(code int, value []byte)) bool {
	number := func(b []byte) int {
		if width == 2 {
			return int(binary.BigEndian.Uint16(b))
		}
		return int(b[0])
	}
	for len(b) > 0 {
		if pads && b[0] == 0 {
			b = b[1:]
			continue
		}
		if pads && b[0] == 255 {
			return true
		}
		if len(b) < 2*width {
			return false
		}
		code, n := number(b), number(b[width:])
		b = b[2*width:]
		if n > len(b) {
			return false
		}
		visit(code, b[:n])
		b = b[n:]
	}
	return true
}

// Suboptions of the ACS's place and of the gateway's identity, in their order in fields.
var (
	option43  = [7]int{1, 2, 3, 4}
	option125 = [7]int{11, 12, 13, 14, 4, 5, 6}
	option17  = [7]int{1, 2, 3, 4, 14, 15, 16}
)

// read takes the suboptions that codes names; the first of each counts. It reports whether the lengths added up.
func read(b []byte, width int, pads bool, codes [7]int) (o Offer, ok bool) {
	var fields [7]string
	ok = suboptions(b, width, pads, func(code int, value []byte) {
		for i, c := range codes {
			if c == code && c != 0 && fields[i] == "" {
				fields[i] = string(bytes.TrimRight(value, "\x00")) // K-32
			}
		}
	})
	if !ok {
		return Offer{}, false
	}
	if web(fields[0]) {
		o.URL = fields[0]
	}
	o.Provisioning = text(fields[1])
	o.RetryMinWait = number(fields[2], 1)
	o.RetryMultiplier = number(fields[3], 1000)
	o.Gateway = NewID(fields[4], fields[5], fields[6])
	return o, true
}

// NewID returns the identity, the zero one if it is none: OUI and serial number must be there and well formed.
func NewID(oui, serial, class string) ID {
	id := ID{strings.ToUpper(oui), text(serial), text(class)}
	if len(id.OUI) != 6 || strings.Trim(id.OUI, "0123456789ABCDEF") != "" || id.Serial == "" || id.Class == "" && class != "" {
		return ID{}
	}
	return id
}

// text is a text that can be shown and sent, "" if it is none.
func text(s string) string {
	if len(s) > 4*maxText || utf8.RuneCountInString(s) > maxText || !printable(s) {
		return ""
	}
	return s
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffe || r == 0xffff })
}

func number(s string, least int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > 65535 {
		return 0
	}
	return n
}

// web reports whether a text looks like the URL of a web server.
func web(s string) bool {
	lower := strings.ToLower(s[:min(len(s), 8)])
	return len(s) <= maxURL && printable(s) && (strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://"))
}

// Option43 reads the vendor-specific information of DHCPv4: suboptions, or nothing but the URL, as older servers send it.
func Option43(b []byte) Offer {
	if len(b) > maxOption {
		return Offer{}
	}
	if bare := string(bytes.TrimRight(b, "\x00\xff")); web(bare) {
		return Offer{URL: bare}
	}
	o, _ := read(b, 1, true, option43)
	return o
}

// Option125 reads the vendor-identifying information of DHCPv4.
func Option125(b []byte) Offer {
	for len(b) >= 5 && len(b) <= maxOption {
		n := int(b[4])
		if n > len(b)-5 {
			break
		}
		if binary.BigEndian.Uint32(b) == Enterprise {
			o, _ := read(b[5:5+n], 1, false, option125)
			return o
		}
		b = b[5+n:]
	}
	return Offer{}
}

// Option17 reads the vendor-specific information of DHCPv6.
func Option17(b []byte) Offer {
	if len(b) < 4 || len(b) > maxOption || binary.BigEndian.Uint32(b) != Enterprise {
		return Offer{}
	}
	o, _ := read(b[4:], 2, false, option17)
	return o
}

// Over returns o, with what it does not say taken from another.
func (o Offer) over(other Offer) Offer {
	if o.URL == "" {
		o.URL = other.URL
	}
	if o.Provisioning == "" {
		o.Provisioning = other.Provisioning
	}
	if o.RetryMinWait == 0 {
		o.RetryMinWait = other.RetryMinWait
	}
	if o.RetryMultiplier == 0 {
		o.RetryMultiplier = other.RetryMultiplier
	}
	if o.Gateway == (ID{}) {
		o.Gateway = other.Gateway
	}
	return o
}
