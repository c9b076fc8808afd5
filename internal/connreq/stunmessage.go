package connreq

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"net/netip"
	"strings"
)

// Message types and attributes of RFC 3489 and of TR-069 Annex G (C-31).
const (
	stunRequest  = 0x0001
	stunResponse = 0x0101
	stunError    = 0x0111

	attrMappedAddress    = 0x0001
	attrResponseAddress  = 0x0002
	attrUsername         = 0x0006
	attrMessageIntegrity = 0x0008
	attrErrorCode        = 0x0009
	attrLastClassic      = 0x000b // REFLECTED-FROM; RFC 3489 has no more
	attrRealm            = 0x0014
	attrNonce            = 0x0015
	attrXORMappedAddress = 0x0020
	attrOptional         = 0x8000 // and above: may be passed over
	attrRequestBinding   = 0xc001 // CONNECTION-REQUEST-BINDING
	attrBindingChange    = 0xc002
)

const (
	stunHeader     = 20         // bytes: type, length, 128 bits of transaction id
	maxSTUN        = 1500       // bytes of an answer
	maxAttributes  = 32         // of an answer
	magicCookie    = 0x2112a442 // how an id of RFC 5389 begins
	integrityBytes = 4 + sha1.Size
)

// requestBinding is the value of CONNECTION-REQUEST-BINDING, with its trailing blank (C-32).
const requestBinding = "dslforum.org/TR-111 "

// transaction is the id of a request. RFC 3489 has 128 bits of it and no magic cookie, which to it is an id like any other.
type transaction [16]byte

func (id *transaction) cookie() bool { return binary.BigEndian.Uint32(id[:]) == magicCookie }

// stunQuestion is a Binding Request.
type stunQuestion struct {
	id         transaction
	listens    bool           // it comes from where we listen for connection requests (C-32)
	changed    bool           // our mapping has changed
	answerTo   netip.AddrPort // IPv4, or not valid: to whom the answer goes, instead of to us (C-35)
	user, pass string         // user may be "" (C-33)
	signed     bool
}

func (q *stunQuestion) bytes() []byte {
	b := make([]byte, 4, 256)
	b = append(b, q.id[:]...)
	add := func(attr uint16, value string) {
		b = binary.BigEndian.AppendUint16(b, attr)
		b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
		b = append(b, value...)
	}
	if q.answerTo.IsValid() {
		ip := q.answerTo.Addr().As4()
		add(attrResponseAddress, string(binary.BigEndian.AppendUint16([]byte{0, 1}, q.answerTo.Port()))+string(ip[:]))
	}
	if q.listens {
		add(attrRequestBinding, requestBinding)
	}
	if q.changed {
		add(attrBindingChange, "")
	}
	if q.user != "" {
		add(attrUsername, q.user+strings.Repeat(" ", -len(q.user)&3))
	}
	binary.BigEndian.PutUint16(b, stunRequest)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-stunHeader))
	if q.signed {
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)-stunHeader+integrityBytes))
		add(attrMessageIntegrity, string(integrity(b, q.pass)))
	}
	return b
}

// integrity is RFC 3489's: over the message as far as it goes, zeroes added up to a multiple of 64 bytes. RFC 5389 adds
// none.
func integrity(message []byte, password string) []byte {
	mac := hmac.New(sha1.New, []byte(password))
	mac.Write(message)
	mac.Write(make([]byte, -len(message)&63))
	return mac.Sum(nil)
}

// stunAnswer is a Binding Response, or a Binding Error Response if code is not zero.
type stunAnswer struct {
	id       transaction
	code     int
	mapped   netip.AddrPort // not valid if the answer has none that can be used
	unsigned []byte         // what stands before MESSAGE-INTEGRITY
	sum      []byte         // nil: there is none
}

// signedWith reports whether the answer was made by somebody who knows the password.
func (a *stunAnswer) signedWith(password string) bool {
	return a.sum != nil && hmac.Equal(a.sum, integrity(a.unsigned, password))
}

// looksLikeSTUN tells an answer from a connection request, which comes to the same port and begins with a letter.
func looksLikeSTUN(b []byte) bool {
	return len(b) >= stunHeader && b[0] == 1 && len(b) <= maxSTUN
}

// parseAnswer reads an answer. ok is false for everything that RFC 3489 has us discard: what is not whole, has attributes
// that must be understood and are not, or is no answer (Z-43).
func parseAnswer(b []byte) (a stunAnswer, ok bool) {
	if !looksLikeSTUN(b) || int(binary.BigEndian.Uint16(b[2:])) != len(b)-stunHeader {
		return a, false
	}
	typ := binary.BigEndian.Uint16(b)
	if typ != stunResponse && typ != stunError {
		return a, false
	}
	a.id = transaction(b[4:stunHeader])
	var plain, xored netip.AddrPort // of several the last counts
	rest := b[stunHeader:]
	for n := 0; len(rest) > 0 && a.sum == nil; n++ { // what follows MESSAGE-INTEGRITY counts for nothing
		if len(rest) < 4 || n == maxAttributes {
			return a, false
		}
		attr, size := binary.BigEndian.Uint16(rest), int(binary.BigEndian.Uint16(rest[2:]))
		padded := 4 + (size+3)&^3 // classic values are multiples of 4, later ones are padded
		if padded > len(rest) {
			return a, false
		}
		value := rest[4 : 4+size]
		switch attr {
		case attrMappedAddress:
			plain = mappedAddress(value, 0)
		case attrXORMappedAddress:
			xored = mappedAddress(value, magicCookie)
		case attrMessageIntegrity:
			if size != sha1.Size {
				return a, false
			}
			a.unsigned, a.sum = b[:len(b)-len(rest)], value
		case attrErrorCode:
			if size < 4 {
				return a, false
			}
			a.code = int(value[2]&7)*100 + int(value[3])
		default:
			if attr > attrLastClassic && attr < attrOptional && attr != attrRealm && attr != attrNonce {
				return a, false
			}
		}
		rest = rest[padded:]
	}
	if (typ == stunError) != (a.code != 0) {
		return a, false
	}
	// What a NAT may have rewritten counts less; but before RFC 5389 XOR was done in several ways.
	if a.mapped = plain; a.id.cookie() && xored.IsValid() {
		a.mapped = xored
	}
	return a, true
}

// mappedAddress reads an address of IPv4, not valid if it is none that anybody can have.
func mappedAddress(value []byte, xor uint32) netip.AddrPort {
	if len(value) != 8 || value[1] != 1 {
		return netip.AddrPort{}
	}
	port := binary.BigEndian.Uint16(value[2:]) ^ uint16(xor>>16)
	var ip [4]byte
	binary.BigEndian.PutUint32(ip[:], binary.BigEndian.Uint32(value[4:])^xor)
	addr := netip.AddrFrom4(ip)
	if port == 0 || ip[0] == 0 || ip[0] >= 224 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr, port)
}
