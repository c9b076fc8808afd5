package connreq

import (
	"context"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
)

// world is a NAT and a STUN server of RFC 3489 behind it, in memory: whoever plays with it has the time of a synctest bubble.
type world struct {
	t        *testing.T
	mu       sync.Mutex // guards all below
	lifetime time.Duration
	none     bool // no NAT: everybody is seen as who they are
	open     map[uint16]*mapping
	nextPort uint16
	dead     bool   // the server says nothing
	refuses  bool   // RESPONSE-ADDRESS: the answer goes to whom it came from
	swallows bool   // RESPONSE-ADDRESS: nothing is answered
	modern   bool   // only ids with the magic cookie are answered, by XOR-MAPPED-ADDRESS
	password string // not "": requests must be signed
	flaps    bool   // each answer tells another address
	lose     int    // so many requests from now on
	asked    []question
	links    uint16
}

type mapping struct {
	link *link
	port uint16
	last time.Time
}

// question is a request as the server saw it.
type question struct {
	at   time.Time
	from netip.AddrPort
	port uint16 // that it was sent from
	raw  []byte
	attr map[uint16][]byte
}

func (q *question) has(attr uint16) bool { _, ok := q.attr[attr]; return ok }

var (
	homeAddr   = netip.MustParseAddr("192.168.1.2")
	natAddr    = netip.MustParseAddr("198.51.100.7")
	serverAddr = netip.MustParseAddr("203.0.113.1")
)

func newWorld(t *testing.T) *world {
	return &world{t: t, lifetime: time.Hour * 24, open: map[uint16]*mapping{}, nextPort: 40000, links: 7547}
}

// newLink is a socket at home.
func (w *world) newLink() (*link, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := &link{port: int(w.links), answers: make(chan datagram, 8), close: func() {}}
	w.links++
	l.send = func(b []byte, to netip.AddrPort) error { w.sent(l, b, to); return nil }
	return l, nil
}

// through is the mapping of a socket, a new one if the last was forgotten.
func (w *world) through(l *link) *mapping {
	for _, m := range w.open {
		if m.link == l && time.Since(m.last) < w.lifetime {
			m.last = time.Now()
			return m
		}
	}
	m := &mapping{link: l, port: w.nextPort, last: time.Now()}
	if w.none {
		m.port = uint16(l.port)
	}
	w.nextPort++
	w.open[m.port] = m
	return m
}

func (w *world) sent(l *link, b []byte, to netip.AddrPort) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.through(l)
	q := w.parse(b)
	q.at, q.port, q.from = time.Now(), uint16(l.port), netip.AddrPortFrom(natAddr, m.port)
	if w.none {
		q.from = netip.AddrPortFrom(homeAddr, m.port)
	}
	if to.Addr() != serverAddr || w.dead {
		return
	}
	w.asked = append(w.asked, q)
	if w.lose > 0 {
		w.lose--
		return
	}
	if w.modern && binary.BigEndian.Uint32(b[4:]) != magicCookie {
		return
	}
	answerTo := q.from
	if value, ok := q.attr[attrResponseAddress]; ok {
		if w.swallows {
			return
		}
		if !w.refuses {
			answerTo = mappedAddress(value, 0)
		}
	}
	if m := w.open[answerTo.Port()]; m != nil && time.Since(m.last) < w.lifetime {
		m.link.take(w.answer(&q), to)
	}
}

// parse takes a request to pieces, by its own means.
func (w *world) parse(b []byte) question {
	q := question{raw: slices.Clone(b), attr: map[uint16][]byte{}}
	if len(b) < 20 || binary.BigEndian.Uint16(b) != stunRequest || int(binary.BigEndian.Uint16(b[2:])) != len(b)-20 {
		w.t.Errorf("not a Binding Request: %x", b)
		return q
	}
	for rest := b[20:]; len(rest) >= 4; {
		n := int(binary.BigEndian.Uint16(rest[2:]))
		if n%4 != 0 || 4+n > len(rest) {
			w.t.Errorf("an attribute of %d bytes in %x", n, b)
			break
		}
		q.attr[binary.BigEndian.Uint16(rest)] = rest[4 : 4+n]
		rest = rest[4+n:]
	}
	return q
}

func (w *world) answer(q *question) []byte {
	signed := q.has(attrMessageIntegrity)
	if w.password != "" && !signed {
		return w.reply(q, stunError, attrErrorCode, []byte{0, 0, 4, 1})
	}
	if signed {
		if got, want := q.attr[attrMessageIntegrity], integrity(q.raw[:len(q.raw)-24], w.password); !slices.Equal(got, want) {
			return w.reply(q, stunError, attrErrorCode, []byte{0, 0, 4, 31})
		}
	}
	from := q.from
	if w.flaps {
		from = netip.AddrPortFrom(from.Addr(), uint16(len(w.asked)))
	}
	attr, xor := uint16(attrMappedAddress), uint32(0)
	if w.modern {
		attr, xor = attrXORMappedAddress, magicCookie
	}
	ip := from.Addr().As4()
	value := binary.BigEndian.AppendUint16([]byte{0, 1}, from.Port()^uint16(xor>>16))
	value = binary.BigEndian.AppendUint32(value, binary.BigEndian.Uint32(ip[:])^xor)
	return w.reply(q, stunResponse, attr, value)
}

func (w *world) reply(q *question, typ, attr uint16, value []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, typ)
	b = append(b, 0, 0)
	b = append(b, q.raw[4:20]...)
	b = binary.BigEndian.AppendUint16(b, attr)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	if typ == stunResponse && q.has(attrMessageIntegrity) {
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)-20+24))
		sum := integrity(b, w.password)
		b = append(b, 0, attrMessageIntegrity, 0, 20)
		b = append(b, sum...)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-20))
	return b
}

// forget has the NAT forget all mappings, as when it was switched off and on.
func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.open)
}

// set changes the world.
func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// since lists the requests from a time on.
func (w *world) since(t time.Time) []question {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []question
	for _, q := range w.asked {
		if !q.at.Before(t) {
			list = append(list, q)
		}
	}
	return list
}

type sender = func([]byte, netip.AddrPort) error

// client is a STUN client in a world.
type client struct {
	*stun
	mu      sync.Mutex // guards what follows
	set     STUNSettings
	shown   []*binding
	addrs   []netip.Addr
	local   netip.Addr
	lookups int
}

// newClient runs a client in a bubble until the test ends; wrap, if any, stands between it and the world.
func (w *world) newClient(set STUNSettings, wrap ...func(c *client, send sender) sender) *client {
	l, _ := w.newLink()
	c := &client{set: set, addrs: []netip.Addr{serverAddr}, local: homeAddr}
	c.stun = &stun{
		log: discard, primary: l, second: w.newLink, again: make(chan struct{}, 1), tried: func() {},
		settings: func() STUNSettings { c.mu.Lock(); defer c.mu.Unlock(); return c.set },
		publish:  func(b *binding) { c.mu.Lock(); defer c.mu.Unlock(); c.shown = append(c.shown, b) },
		lookup: func(context.Context, string) ([]netip.Addr, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.lookups++
			return c.addrs, nil
		},
		route: func(netip.AddrPort) netip.Addr { c.mu.Lock(); defer c.mu.Unlock(); return c.local },
	}
	for _, wrap := range wrap {
		l.send = wrap(c, l.send)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); c.run(ctx) }()
	w.t.Cleanup(func() { cancel(); <-done })
	return c
}

// change changes what the client stands on.
func (c *client) change(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

func (c *client) bindings() []*binding {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.shown)
}

func (c *client) last() *binding {
	all := c.bindings()
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

func (c *client) lookedUp() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lookups
}
