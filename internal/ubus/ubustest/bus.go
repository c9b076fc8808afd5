package ubustest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

// A Bus is a running ubusd.
type Bus struct {
	path     string
	listener net.Listener
	running  sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	clients  map[uint32]*client
	objects  map[uint32]*object
	paths    map[string]*object
	calls    []Call
	events   []Event
	notes    []Event
	eventSeq uint16
	changed  chan struct{} // closed and replaced whenever something happens
	lookup   func(pattern string)
}

// A Call is an invocation that the bus has seen, of its own objects and of those of clients.
type Call struct {
	Object, Method string
	Args           ubus.Value
}

// An Event is an event or a notification that a client has sent.
type Event struct {
	Name string // of a notification: OBJECT.TYPE
	Data ubus.Value
}

// A Method answers a call with DATA, unless its Value is absent, and a STATUS.
type Method = func(args ubus.Value) (ubus.Value, int)

// localPeer is the client that objects made of Go functions seem to belong to.
const localPeer = 2

// firstID is where ids of objects begin; ubusd keeps the lower ones for itself.
const firstID = 1024

// New starts a bus on the socket path, whose directory it makes if need be. A socket that is there is replaced.
func New(path string) (*Bus, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("socket of %d bytes (107 are the most): %w", len(path), err)
	}
	b := &Bus{
		path: path, listener: l, changed: make(chan struct{}),
		clients: map[uint32]*client{}, objects: map[uint32]*object{}, paths: map[string]*object{},
	}
	b.objects[ubus.EventObject] = &object{id: ubus.EventObject}
	b.running.Go(b.accept)
	return b, nil
}

// Path returns the socket's path.
func (b *Bus) Path() string { return b.path }

// Close ends all connections, removes the socket and waits for methods that are still at work.
func (b *Bus) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	err := b.listener.Close()
	b.DropClients()
	b.running.Wait()
	return err
}

// DropClients ends all connections, as a restart of ubusd does; new ones are welcome.
func (b *Bus) DropClients() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.clients {
		c.conn.Close()
	}
}

func (b *Bus) accept() {
	for {
		conn, err := b.listener.Accept()
		if err != nil {
			return
		}
		c := &client{bus: b, conn: conn, wake: make(chan struct{}, 1), done: make(chan struct{})}
		b.mu.Lock()
		if b.closed {
			b.mu.Unlock()
			conn.Close()
			return
		}
		c.id = b.newID()
		b.clients[c.id] = c
		c.send(ubus.NewPacket(ubus.MsgHello, 0, c.id))
		b.mu.Unlock()
		b.running.Go(c.read)
		b.running.Go(c.write)
	}
}

// newID returns an id that nobody has; they are random, so that nobody relies on them over a restart.
func (b *Bus) newID() uint32 {
	for {
		id := rand.Uint32()
		if id >= firstID && b.clients[id] == nil && b.objects[id] == nil {
			return id
		}
	}
}

// Object puts an object made of Go functions on the bus. One with the same path is taken off before, so that it looks
// like a daemon that was restarted. Methods are called in goroutines of their own.
func (b *Bus) Object(path string, methods map[string]func(args ubus.Value) (ubus.Value, int)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o := b.paths[path]; o != nil {
		b.remove(o)
	}
	pairs := []any{}
	for _, name := range slices.Sorted(maps.Keys(methods)) {
		pairs = append(pairs, name, ubus.Table())
	}
	o := &object{id: b.newID(), typ: b.newID(), path: path, signature: ubus.Table(pairs...), methods: methods}
	b.add(o)
}

// Remove takes an object off the bus, whoever it belongs to.
func (b *Bus) Remove(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o := b.paths[path]; o != nil {
		b.remove(o)
	}
}

// Paths returns the objects on the bus, sorted.
func (b *Bus) Paths() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.paths))
}

// Subscribers returns how many subscriptions an object has.
func (b *Bus) Subscribers(path string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o := b.paths[path]; o != nil {
		return len(o.subscribers)
	}
	return 0
}

// OnLookup has f called before a client's LOOKUP is answered, so that objects can be made when they are asked for.
func (b *Bus) OnLookup(f func(pattern string)) {
	b.mu.Lock()
	b.lookup = f
	b.mu.Unlock()
}

// Notify notifies the subscribers of one of the bus's own objects.
func (b *Bus) Notify(path, typ string, data ubus.Value) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o := b.paths[path]; o != nil {
		o.invokeSeq++
		b.forwardNotify(o, nil, o.invokeSeq, typ, data, false)
	}
}

// Event broadcasts an event, one of ubusd's own too.
func (b *Bus) Event(name string, data ubus.Value) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broadcast(nil, name, data)
}

// Calls returns what was invoked so far.
func (b *Bus) Calls() []Call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.calls)
}

// Events returns the events that clients have sent so far.
func (b *Bus) Events() []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.events)
}

// Notifications returns those that clients have sent so far, with or without subscribers.
func (b *Bus) Notifications() []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.notes)
}

// Wait returns once ok is true. ok is asked now and whenever something happened on the bus; it may call the Bus.
func (b *Bus) Wait(ctx context.Context, ok func() bool) error {
	for {
		b.mu.Lock()
		changed := b.changed
		b.mu.Unlock()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// happened wakes those in Wait. mu is held.
func (b *Bus) happened() {
	close(b.changed)
	b.changed = make(chan struct{})
}
