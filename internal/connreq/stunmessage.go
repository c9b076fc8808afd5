package connreq

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	pion "github.com/pion/stun/v3"
)

// Attributes of RFC 3489 and of TR-069 Annex G (C-31) for which pion has no name.
const (
	attrResponseAddress pion.AttrType = 0x0002
	attrLastClassic     pion.AttrType = 0x000b // REFLECTED-FROM; RFC 3489 has no more
	attrRequestBinding  pion.AttrType = 0xc001 // CONNECTION-REQUEST-BINDING
	attrBindingChange   pion.AttrType = 0xc002
)

const (
	stunHeader     = 20         // bytes: type, length, 128 bits of transaction id
	maxSTUN        = 1500       // bytes of an answer
	maxAttributes  = 32         // of an answer
	magicCookie    = 0x2112a442 // how an id of RFC 5389 begins
	integrityBytes = 4 + sha1.Size
	addressBytes   = 8 // of the value of MAPPED-ADDRESS, for IPv4
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

// bytes encodes a request. The messages of pion are those of RFC 5389; what differs, the id and the signature, is put into
// its bytes.
func (q *stunQuestion) bytes() []byte {
	m := pion.New()
	m.SetType(pion.BindingRequest)
	if q.answerTo.IsValid() {
		ip := q.answerTo.Addr().As4()
		m.Add(attrResponseAddress, append(binary.BigEndian.AppendUint16([]byte{0, 1}, q.answerTo.Port()), ip[:]...))
	}
	if q.listens {
		m.Add(attrRequestBinding, []byte(requestBinding))
	}
	if q.changed {
		m.Add(attrBindingChange, nil)
	}
	if q.user != "" {
		m.Add(pion.AttrUsername, []byte(q.user+strings.Repeat(" ", -len(q.user)&3)))
	}
	copy(m.Raw[4:], q.id[:])
	m.WriteLength()
	if q.signed {
		length := m.Length
		m.Length += integrityBytes // it counts in what is signed
		m.WriteLength()
		m.Length = length
		m.Add(pion.AttrMessageIntegrity, integrity(m.Raw, q.pass))
	}
	return m.Raw
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
	if !looksLikeSTUN(b) {
		return a, false
	}
	a.id = transaction(b[4:stunHeader])
	raw := slices.Clone(b)
	binary.BigEndian.PutUint32(raw[4:], magicCookie) // which pion wants to see, and RFC 3489 does not have
	m := pion.Message{Raw: raw}
	if m.Decode() != nil || int(m.Length) != len(b)-stunHeader || len(m.Attributes) > maxAttributes {
		return a, false
	}
	if m.Type != pion.BindingSuccess && m.Type != pion.BindingError {
		return a, false
	}
	at := stunHeader
	for i, attr := range m.Attributes {
		if attr.Type == pion.AttrMessageIntegrity {
			if len(attr.Value) != sha1.Size {
				return a, false
			}
			a.unsigned, a.sum = b[:at], attr.Value
			m.Attributes = m.Attributes[:i] // what follows counts for nothing
			break
		}
		if mustUnderstand(attr.Type) {
			return a, false
		}
		at += 4 + (len(attr.Value)+3)&^3
	}
	var code pion.ErrorCodeAttribute
	if code.GetFrom(&m) == nil {
		a.code = int(code.Code)
	}
	if (m.Type == pion.BindingError) != (a.code != 0) {
		return a, false
	}
	a.mapped = mappedAddress(&m, a.id.cookie())
	return a, true
}

// mustUnderstand reports whether an attribute is mandatory, and none that we know.
func mustUnderstand(attr pion.AttrType) bool {
	switch attr {
	case pion.AttrRealm, pion.AttrNonce, pion.AttrXORMappedAddress:
		return false
	}
	return attr > attrLastClassic && attr.Required()
}

// mappedAddress is the address of IPv4 that an answer tells, not valid if there is none that anybody can have. What a NAT may
// have rewritten counts less than what it cannot; but before RFC 5389 XOR was done in several ways.
func mappedAddress(m *pion.Message, cookie bool) netip.AddrPort {
	if whole(m, pion.AttrXORMappedAddress) && cookie {
		var x pion.XORMappedAddress
		if x.GetFrom(m) == nil {
			return usable(x.IP, x.Port)
		}
	}
	var plain pion.MappedAddress
	if whole(m, pion.AttrMappedAddress) && plain.GetFrom(m) == nil {
		return usable(plain.IP, plain.Port)
	}
	return netip.AddrPort{}
}

// whole guards pion, which panics at shorter values.
func whole(m *pion.Message, attr pion.AttrType) bool {
	value, err := m.Get(attr)
	return err == nil && len(value) == addressBytes
}

func usable(ip []byte, port int) netip.AddrPort {
	if len(ip) != 4 || port == 0 || ip[0] == 0 || ip[0] >= 224 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip)), uint16(port))
}
