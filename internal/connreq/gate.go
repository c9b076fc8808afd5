package connreq

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// The limits of C-17 and Z-40.
const (
	maxGuests    = 8
	maxPerSource = 4
)

// gate is a listener with a limited number of connections. When it is full, the oldest that is not just being answered
// makes room, so that those who never finish their request cannot keep an ACS out.
type gate struct {
	net.Listener
	allowed func(netip.Addr) bool

	mu     sync.Mutex
	guests []*guest // guarded by mu; oldest first
	closed bool     // guarded by mu
}

// guest is an open connection.
type guest struct {
	net.Conn
	gate *gate
	from source
	busy atomic.Bool // its request is being answered
	once sync.Once
}

func newGate(ln net.Listener, allowed func(netip.Addr) bool) *gate {
	return &gate{Listener: ln, allowed: allowed}
}

func everybody(netip.Addr) bool { return true }

// Accept waits for the next connection that may stay.
func (g *gate) Accept() (*guest, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok && !g.allowed(tcp.AddrPort().Addr().Unmap().WithZone("")) {
			c.Close()
			continue
		}
		n := &guest{Conn: c, gate: g, from: sourceOf(c.RemoteAddr().String())}
		if g.admit(n) {
			return n, nil
		}
		c.Close()
	}
}

// admit lets a guest in, if need be in another's place.
func (g *gate) admit(n *guest) bool {
	leaves, ok := g.place(n)
	if leaves != nil {
		leaves.Close()
	}
	return ok
}

func (g *gate) place(n *guest) (leaves *guest, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	same := 0
	for _, o := range g.guests {
		if o.from == n.from {
			same++
		}
	}
	switch {
	case g.closed:
		return nil, false
	case same >= maxPerSource:
		leaves = g.oldest(func(o *guest) bool { return o.from == n.from })
	case len(g.guests) >= maxGuests:
		leaves = g.oldest(func(*guest) bool { return true })
	default:
		g.guests = append(g.guests, n)
		return nil, true
	}
	if leaves == nil {
		return nil, false
	}
	g.guests = append(g.guests, n)
	return leaves, true
}

func (g *gate) oldest(which func(*guest) bool) *guest {
	for i, o := range g.guests {
		if which(o) && !o.busy.Load() {
			g.guests = append(g.guests[:i], g.guests[i+1:]...)
			return o
		}
	}
	return nil
}

// Close lets nobody in any more and sends everybody away.
func (g *gate) Close() error {
	err := g.Listener.Close()
	g.mu.Lock()
	g.closed = true
	guests := append([]*guest(nil), g.guests...)
	g.mu.Unlock()
	for _, n := range guests {
		n.Close()
	}
	return err
}

// Close closes the connection and makes its place free.
func (n *guest) Close() error {
	n.once.Do(func() { n.gate.forget(n) })
	return n.Conn.Close()
}

func (g *gate) forget(n *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, o := range g.guests {
		if o == n {
			g.guests = append(g.guests[:i], g.guests[i+1:]...)
			return
		}
	}
}
