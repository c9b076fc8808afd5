package kernel

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
)

// An attr is the value of a netlink attribute. Its readers give zero for what is too short.
type attr []byte

// next takes the first attribute of b; a nil value says that there is none, or that what is there is broken.
func next(b []byte) (typ uint16, v attr, rest []byte) {
	if len(b) < 4 {
		return 0, nil, nil
	}
	n := int(binary.NativeEndian.Uint16(b))
	if n < 4 || n > len(b) {
		return 0, nil, nil
	}
	typ = binary.NativeEndian.Uint16(b[2:]) & 0x3fff // without the marks of nesting and of network order
	return typ, attr(b[4:n:n]), b[min((n+3)&^3, len(b)):]
}

// find returns the first attribute at the end of a path of nested ones, nil where there is none.
func find(b []byte, path ...uint16) attr {
	for _, want := range path {
		typ, v, rest := next(b)
		for v != nil && typ != want {
			typ, v, rest = next(rest)
		}
		if b = v; v == nil {
			return nil
		}
	}
	return b
}

// num reads a number of any width in the processor's order.
func (v attr) num() uint64 {
	switch {
	case len(v) >= 8:
		return binary.NativeEndian.Uint64(v)
	case len(v) >= 4:
		return uint64(binary.NativeEndian.Uint32(v))
	case len(v) >= 2:
		return uint64(binary.NativeEndian.Uint16(v))
	case len(v) == 1:
		return uint64(v[0])
	}
	return 0
}

// text reads a string up to its zero.
func (v attr) text() string {
	s, _, _ := strings.Cut(string(v), "\x00")
	return s
}

func (v attr) ip() netip.Addr {
	a, _ := netip.AddrFromSlice(v)
	return a
}

// mac is an Ethernet address, "" for one of another length.
func (v attr) mac() string {
	if len(v) != 6 {
		return ""
	}
	return net.HardwareAddr(v).String()
}

// add appends an attribute to a request.
func add(b []byte, typ uint16, v []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(4+len(v)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = append(b, v...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func addNum(b []byte, typ uint16, n uint32) []byte {
	return add(b, typ, binary.NativeEndian.AppendUint32(nil, n))
}
