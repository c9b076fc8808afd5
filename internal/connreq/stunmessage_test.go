package connreq

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"testing"

	pion "github.com/pion/stun/v3"
)

// Our own few bytes of STUN are held against pion's, which has RFC 5389's messages and no others: ids with the magic cookie.

func TestPionReadsWhatWeSend(t *testing.T) {
	q := stunQuestion{id: newID(true), listens: true, changed: true, user: "cpe-1", pass: "secret", answerTo: netip.MustParseAddrPort("192.0.2.1:4711")}
	raw := q.bytes()
	var m pion.Message
	if err := pion.Decode(raw, &m); err != nil {
		t.Fatal(err)
	}
	if m.Type != pion.BindingRequest || !bytes.Equal(m.TransactionID[:], q.id[4:]) || len(m.Attributes) != 4 {
		t.Errorf("got %v", &m)
	}
	for attr, want := range map[pion.AttrType]string{
		0xc001: requestBinding, 0xc002: "", pion.AttrUsername: "cpe-1   ", 0x0002: "\x00\x01\x12\x67\xc0\x00\x02\x01",
	} {
		if got, err := m.Get(attr); err != nil || string(got) != want {
			t.Errorf("%v: got %q, %v, want %q", attr, got, err, want)
		}
	}
}

// Where the signed part is a multiple of 64 bytes long, RFC 3489 and RFC 5389 sign alike.
func TestPionVerifiesOurSignature(t *testing.T) {
	q := stunQuestion{id: newID(true), listens: true, user: "0123456789abcdef", pass: "secret", signed: true}
	if n := len(q.bytes()) - integrityBytes; n != 64 {
		t.Fatalf("%d bytes are signed, want 64", n)
	}
	var m pion.Message
	if err := pion.Decode(q.bytes(), &m); err != nil {
		t.Fatal(err)
	}
	if err := pion.NewShortTermIntegrity("secret").Check(&m); err != nil {
		t.Error(err)
	}
	if err := pion.NewShortTermIntegrity("wrong").Check(&m); err == nil {
		t.Error("a wrong password verifies")
	}
}

func TestWeReadWhatPionSends(t *testing.T) {
	id := newID(true)
	mapped := netip.MustParseAddrPort("198.51.100.7:40000")
	ip := mapped.Addr().AsSlice()
	build := func(setters ...pion.Setter) []byte {
		m := pion.New()
		copy(m.TransactionID[:], id[4:])
		m.WriteHeader()
		for _, s := range setters {
			if err := s.AddTo(m); err != nil {
				t.Fatal(err)
			}
		}
		return m.Raw
	}
	for name, c := range map[string]struct {
		raw    []byte
		mapped netip.AddrPort
		code   int
	}{
		"XOR-MAPPED-ADDRESS": {build(pion.BindingSuccess, &pion.XORMappedAddress{IP: ip, Port: 40000}, pion.NewSoftware("pion"), pion.Fingerprint), mapped, 0},
		"MAPPED-ADDRESS":     {build(pion.BindingSuccess, &pion.MappedAddress{IP: ip, Port: 40000}), mapped, 0},
		"both": {build(pion.BindingSuccess, &pion.MappedAddress{IP: ip, Port: 1}, &pion.XORMappedAddress{IP: ip, Port: 40000},
			pion.NewShortTermIntegrity("x"), pion.Fingerprint), mapped, 0},
		"IPv6":       {build(pion.BindingSuccess, &pion.XORMappedAddress{IP: netip.MustParseAddr("2001:db8::1").AsSlice(), Port: 40000}), netip.AddrPort{}, 0},
		"error 401":  {build(pion.BindingError, pion.CodeUnauthorized, pion.NewRealm("r"), pion.NewNonce("n")), netip.AddrPort{}, 401},
		"error 420":  {build(pion.BindingError, pion.CodeUnknownAttribute, pion.UnknownAttributes{2}), netip.AddrPort{}, 420},
		"no address": {build(pion.BindingSuccess), netip.AddrPort{}, 0},
	} {
		a, ok := parseAnswer(c.raw)
		if !ok || a.id != id || a.mapped != c.mapped || a.code != c.code {
			t.Errorf("%s: got %+v, %v", name, a, ok)
		}
	}
}

// TestC31_Classic is an answer of RFC 3489 as its servers send it: no magic cookie, an address that is not XORed, signed
// over zeroes up to 64 bytes.
func TestC31_Classic(t *testing.T) {
	const text = "0101003c" + "000102030405060708090a0b0c0d0e0f" +
		"00010008" + "00019c40c6336407" + // MAPPED-ADDRESS
		"00040008" + "00010d96cb007101" + // SOURCE-ADDRESS
		"00050008" + "00010d97cb007102" + // CHANGED-ADDRESS
		"00080014" // and 20 bytes of MESSAGE-INTEGRITY
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	// HMAC-SHA1 with the key "secret" over the 56 bytes before the attribute and 8 zeroes, made with Python's hmac.
	sum, _ := hex.DecodeString("d90726d5827791d9528173076df3cadba1f5c0f7")
	a, ok := parseAnswer(append(b, sum...))
	if !ok || a.mapped != netip.MustParseAddrPort("198.51.100.7:40000") || a.id[15] != 15 {
		t.Fatalf("got %+v, %v", a, ok)
	}
	if !a.signedWith("secret") || a.signedWith("secreT") {
		t.Error("signature")
	}
}

// TestZ43_Malformed: every answer that is not whole is none.
func TestZ43_Malformed(t *testing.T) {
	q := question{raw: make([]byte, 20)}
	good := new(world).reply(&q, stunResponse, attrMappedAddress, []byte{0, 1, 0x9c, 0x40, 198, 51, 100, 7})
	if a, ok := parseAnswer(good); !ok || !a.mapped.IsValid() {
		t.Fatalf("got %+v, %v", a, ok)
	}
	edit := func(change func(b []byte) []byte) []byte { return change(bytes.Clone(good)) }
	many := good[:20:20]
	for range maxAttributes + 1 {
		many = append(many, 0x80, 0x22, 0, 0)
	}
	binary.BigEndian.PutUint16(many[2:], uint16(len(many)-20))
	for name, b := range map[string][]byte{
		"nothing":                nil,
		"19 bytes":               good[:19],
		"an attribute cut off":   good[:len(good)-1],
		"more than it says":      append(bytes.Clone(good), 0),
		"less than it says":      edit(func(b []byte) []byte { b[3]++; return b }),
		"a request":              edit(func(b []byte) []byte { b[0] = 0; return b }),
		"an indication":          edit(func(b []byte) []byte { b[0], b[1] = 0, 0x11; return b }),
		"unknown, mandatory":     edit(func(b []byte) []byte { b[20], b[21] = 0x00, 0x70; return b }),
		"longer than the packet": edit(func(b []byte) []byte { b[22] = 0xff; return b }),
		"an error without code":  edit(func(b []byte) []byte { b[1] = 0x11; return b }),
		"an answer with a code":  edit(func(b []byte) []byte { b[21], b[26], b[27] = attrErrorCode, 4, 1; return b }),
		"a short signature":      edit(func(b []byte) []byte { b[21] = attrMessageIntegrity; return b }),
		"too many attributes":    many,
		"2000 bytes":             make([]byte, 2000),
	} {
		if a, ok := parseAnswer(b); ok {
			t.Errorf("%s: got %+v", name, a)
		}
	}
}

func FuzzSTUNAnswer(f *testing.F) {
	q := question{raw: make([]byte, 20)}
	w := new(world)
	f.Add(w.reply(&q, stunResponse, attrMappedAddress, []byte{0, 1, 0x9c, 0x40, 198, 51, 100, 7}))
	f.Add(w.reply(&q, stunError, attrErrorCode, []byte{0, 0, 4, 1, 'n', 'o', 0, 0}))
	m := pion.New()
	m.WriteHeader()
	pion.BindingSuccess.AddTo(m)
	(&pion.XORMappedAddress{IP: []byte{1, 2, 3, 4}, Port: 5}).AddTo(m)
	pion.NewShortTermIntegrity("x").AddTo(m)
	f.Add(m.Raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := parseAnswer(b)
		if !ok {
			return
		}
		a.signedWith("x")
		if a.mapped.IsValid() && (!a.mapped.Addr().Is4() || a.mapped.Port() == 0 || a.mapped.Addr().IsUnspecified()) {
			t.Errorf("mapped %v", a.mapped)
		}
		if !a.id.cookie() || a.sum != nil { // we read no further than MESSAGE-INTEGRITY
			return
		}
		var m pion.Message // who is stricter than pion loses nothing, who is laxer does
		if err := pion.Decode(b, &m); err != nil {
			t.Fatalf("pion cannot read it: %v", err)
		}
		only := 0
		for _, attr := range m.Attributes {
			if attr.Type == pion.AttrXORMappedAddress {
				only++
			}
		}
		var x pion.XORMappedAddress
		if only == 1 && binary.BigEndian.Uint16(b[20:]) == attrXORMappedAddress && a.mapped.IsValid() && x.GetFrom(&m) == nil {
			if got := netip.AddrPortFrom(netip.AddrFrom4([4]byte(x.IP)), uint16(x.Port)); got != a.mapped {
				t.Errorf("pion reads %v, we read %v", got, a.mapped)
			}
		}
	})
}
