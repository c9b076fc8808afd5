package ubus

import (
	"encoding/binary"
	"fmt"
	"io"
)

// A MessageType says what a message is for.
type MessageType uint8

// The types of messages.
const (
	MsgHello MessageType = iota
	MsgStatus
	MsgData
	MsgPing
	MsgLookup
	MsgInvoke
	MsgAddObject
	MsgRemoveObject
	MsgSubscribe
	MsgUnsubscribe
	MsgNotify
	MsgMonitor
)

// An Attr numbers an attribute of a message.
type Attr uint8

// The attributes of messages.
const (
	AttrStatus      Attr = iota + 1 // u32
	AttrObjPath                     // text
	AttrObjID                       // u32
	AttrMethod                      // text
	AttrObjType                     // u32
	AttrSignature                   // table
	AttrData                        // table
	AttrTarget                      // u32
	AttrActive                      // flag
	AttrNoReply                     // flag
	AttrSubscribers                 // list of u32
	AttrUser                        // text
	AttrGroup                       // text
	attrEnd
)

// EventObject is the object of ubusd itself that takes events and registrations for them.
const EventObject = 1

// headerSize counts the version, type, sequence number and peer in front of a message's outer attribute.
const headerSize = 8

// A Message is one message of the bus as it came in. Its attributes were checked to lie inside of it.
type Message struct {
	Type    MessageType
	Seq     uint16
	Peer    uint32
	body    string // all attributes
	attrs   [attrEnd]string
	present uint16
}

// ReadMessage reads the next message from r. An error that wraps ErrMalformed means that the stream is of no more use.
func ReadMessage(r io.Reader) (*Message, error) {
	var head [headerSize + 4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	if head[0] != 0 {
		return nil, fmt.Errorf("%w: message version %d", ErrMalformed, head[0])
	}
	n := int(binary.BigEndian.Uint32(head[headerSize:]) & lenMask)
	if n < 4 || pad4(n) > MaxMessage {
		return nil, fmt.Errorf("%w: message of %d bytes", ErrMalformed, n)
	}
	body := make([]byte, n-4)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	m := &Message{
		Type: MessageType(head[1]),
		Seq:  binary.BigEndian.Uint16(head[2:]),
		Peer: binary.BigEndian.Uint32(head[4:]),
		body: string(body),
	}
	if err := m.split(m.body); err != nil {
		return nil, err
	}
	return m, nil
}

// split notes where the attributes are; unknown ones are passed over, and of equal ones the last counts, as in libubox.
func (m *Message) split(s string) error {
	for len(s) > 0 {
		head, body, rest, ok := cutBlob(s)
		if !ok {
			return fmt.Errorf("%w: attribute %d bytes before the end of a message", ErrMalformed, len(s))
		}
		if id := Attr(head >> 24 & 0x7f); id > 0 && id < attrEnd {
			m.attrs[id] = body
			m.present |= 1 << id
		}
		s = rest
	}
	return nil
}

// Has reports whether the attribute is there.
func (m *Message) Has(a Attr) bool { return m.present&(1<<a) != 0 }

// U32 returns a number; false when it is missing or of another size.
func (m *Message) U32(a Attr) (uint32, bool) {
	if len(m.attrs[a]) != 4 {
		return 0, false
	}
	return be32(m.attrs[a]), true
}

// Text returns a text, "" when it is missing.
func (m *Message) Text(a Attr) string { return cString(m.attrs[a]) }

// Flag returns a flag, false when it is missing.
func (m *Message) Flag(a Attr) bool { return len(m.attrs[a]) == 1 && m.attrs[a][0] != 0 }

// Table returns a table, after a check of all its bytes; it is absent when the attribute is missing.
func (m *Message) Table(a Attr) (Value, error) {
	if !m.Has(a) {
		return Value{}, nil
	}
	return parseTable(m.attrs[a])
}

// A Packet is a message to be sent. Its methods append attributes in the order of their calls.
type Packet struct {
	buf []byte
	err error
}

// NewPacket starts a message.
func NewPacket(t MessageType, seq uint16, peer uint32) *Packet {
	p := &Packet{buf: make([]byte, headerSize+4, 64)}
	p.buf[1] = byte(t)
	binary.BigEndian.PutUint16(p.buf[2:], seq)
	binary.BigEndian.PutUint32(p.buf[4:], peer)
	return p
}

// U32 appends a number.
func (p *Packet) U32(a Attr, n uint32) *Packet {
	return p.attr(a, string(binary.BigEndian.AppendUint32(nil, n)))
}

// Text appends a text.
func (p *Packet) Text(a Attr, s string) *Packet { return p.attr(a, cString(s)+"\x00") }

// Flag appends a flag.
func (p *Packet) Flag(a Attr, on bool) *Packet {
	if on {
		return p.attr(a, "\x01")
	}
	return p.attr(a, "\x00")
}

// Table appends a table; an absent one is sent as an empty one.
func (p *Packet) Table(a Attr, v Value) *Packet {
	switch {
	case v == tooLarge:
		p.err = ErrTooLarge
	case v.Exists() && v.kind != KindTable:
		p.err = fmt.Errorf("%s where the bus wants a table", v.kind)
	default:
		return p.attr(a, v.data)
	}
	return p
}

// List appends a list of numbers, as SUBSCRIBERS holds them.
func (p *Packet) List(a Attr, numbers []uint32) *Packet {
	var b []byte
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, 8)
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return p.attr(a, string(b))
}

// Forward returns the message with another peer, byte by byte what came in otherwise.
func (m *Message) Forward(peer uint32) *Packet {
	p := NewPacket(m.Type, m.Seq, peer)
	p.buf = append(p.buf, m.body...)
	p.pad()
	return p
}

func (p *Packet) attr(a Attr, payload string) *Packet {
	if len(p.buf)+len(payload)+4 > headerSize+MaxMessage {
		p.err = ErrTooLarge
	}
	if p.err != nil {
		return p
	}
	p.buf = binary.BigEndian.AppendUint32(p.buf, uint32(a)<<24|uint32(4+len(payload)))
	p.buf = append(p.buf, payload...)
	p.pad()
	return p
}

func (p *Packet) pad() {
	for len(p.buf)%4 != 0 {
		p.buf = append(p.buf, 0)
	}
}

// Bytes returns the finished message, or ErrTooLarge.
func (p *Packet) Bytes() ([]byte, error) {
	n := len(p.buf) - headerSize
	if p.err == nil && n > MaxMessage {
		p.err = ErrTooLarge
	}
	if p.err != nil {
		return nil, p.err
	}
	binary.BigEndian.PutUint32(p.buf[headerSize:], uint32(n))
	return p.buf, nil
}
