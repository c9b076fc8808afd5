package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cwmpd/cwmpd/internal/system"
)

// Identity is TR-069's DeviceIdStruct: constant over the life of the device (I-1).
type Identity struct {
	Manufacturer string // at most 64 characters
	OUI          string // six upper-case hexadecimal digits (I-2)
	ProductClass string // at most 64, may be empty
	Serial       string // at most 64, never empty
}

// NoOUI stands where no manufacturer's prefix is known: no manufacturer can have it, since its group bit is set.
const NoOUI = "FFFFFF"

// ErrNoSerial says that nothing on the box is unique to it.
var ErrNoSerial = errors.New("no serial number: set cpe.serial_number in /etc/config/cwmp")

// Identify finds out who the box is: the owner's options first, then /etc/device_info, the board's name, the address on
// its label. A first start on any router thus can reach its ACS; only a box without a network device has no serial.
// mac is the address on its label, "" where there is none.
func Identify(c Config, board system.Board, mac string) (Identity, error) {
	maker, product := board.Manufacturer, board.Product
	if product == "Generic" || product == "" { // OpenWrt's own default says nothing
		maker, product = "", ""
	}
	first, rest, _ := strings.Cut(strings.TrimSpace(board.Model), " ")
	oui := NoOUI
	if mac != "" && !system.LocalMAC(mac) {
		oui = strings.ReplaceAll(mac, ":", "")[:6]
	}
	id := Identity{
		Manufacturer: clean(c.CPE.Manufacturer, maker, first, "OpenWrt"),
		OUI:          clean(c.CPE.OUI, oui),
		ProductClass: clean(c.CPE.ProductClass, product, rest, first),
		Serial:       clean(c.CPE.Serial, board.Serial, strings.ReplaceAll(mac, ":", "")),
	}
	if id.Serial == "" {
		return id, ErrNoSerial
	}
	return id, nil
}

// clean returns the first text that holds anything, without control characters and at most 64 characters long.
func clean(texts ...string) string {
	for _, t := range texts {
		t = strings.TrimSpace(strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || r == 0xfffd {
				return -1
			}
			return r
		}, t))
		if r := []rune(t); len(r) > 64 {
			t = string(r[:64])
		}
		if t != "" {
			return t
		}
	}
	return ""
}

// Username returns the user name TR-069 gives a device that has none configured: <OUI>-<ProductClass>-<SerialNumber>,
// or <OUI>-<SerialNumber> without a product class, with every character but letters, digits and "_" percent-encoded (H-44).
func (id Identity) Username() string {
	if id.ProductClass == "" {
		return id.OUI + "-" + percent(id.Serial)
	}
	return id.OUI + "-" + percent(id.ProductClass) + "-" + percent(id.Serial)
}

func percent(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
