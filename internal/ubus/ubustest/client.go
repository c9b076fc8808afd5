package ubustest

import (
	"bufio"
	"maps"
	"net"
	"slices"
	"sync"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

// A client is one connection.
type client struct {
	bus  *Bus
	id   uint32
	conn net.Conn
	wake chan struct{}
	done chan struct{} // closed when read has ended

	mu     sync.Mutex
	out    [][]byte
	queued int
}

// send queues a message. Like ubusd it silently drops what a client that does not read has no room for.
func (c *client) send(p *ubus.Packet) {
	data, err := p.Bytes()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || c.queued+len(data) > ubus.MaxMessage+64 {
		return
	}
	c.out, c.queued = append(c.out, data), c.queued+len(data)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *client) write() {
	for {
		select {
		case <-c.wake:
		case <-c.done:
			return
		}
		c.mu.Lock()
		out := net.Buffers(c.out)
		c.out, c.queued = nil, 0
		c.mu.Unlock()
		if _, err := out.WriteTo(c.conn); err != nil {
			c.conn.Close()
			return
		}
	}
}

// read takes the client's messages until it goes away or sends nonsense; then its objects go with it.
func (c *client) read() {
	defer close(c.done)
	r := bufio.NewReader(c.conn)
	for {
		m, err := ubus.ReadMessage(r)
		if err != nil {
			break
		}
		c.handle(m)
	}
	c.conn.Close()
	b := c.bus
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.objects {
		if o.owner == c {
			b.remove(o)
		}
	}
	delete(b.clients, c.id)
	b.happened()
}

// noStatus says that a handler has seen to the answer, or that there is none.
const noStatus = -1

// handlers answer the client's messages with a status that is then sent.
var handlers = map[ubus.MessageType]func(*client, *ubus.Message) int{
	ubus.MsgPing:         (*client).ping,
	ubus.MsgLookup:       (*client).lookup,
	ubus.MsgInvoke:       (*client).invoke,
	ubus.MsgAddObject:    (*client).addObject,
	ubus.MsgRemoveObject: (*client).removeObject,
	ubus.MsgSubscribe:    (*client).subscribe,
	ubus.MsgUnsubscribe:  (*client).unsubscribe,
	ubus.MsgNotify:       (*client).notify,
	ubus.MsgData:         (*client).response,
	ubus.MsgStatus:       (*client).response,
}

func (c *client) handle(m *ubus.Message) {
	b := c.bus
	if m.Type == ubus.MsgLookup {
		b.mu.Lock()
		f := b.lookup
		b.mu.Unlock()
		if f != nil {
			f(m.Text(ubus.AttrObjPath))
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	code := ubus.StatusInvalidCommand
	if h := handlers[m.Type]; h != nil {
		code = h(c, m)
	}
	if code != noStatus {
		c.status(m, code)
	}
}

func (c *client) status(m *ubus.Message, code int) {
	c.send(ubus.NewPacket(ubus.MsgStatus, m.Seq, m.Peer).U32(ubus.AttrStatus, uint32(code)))
}

func (c *client) ping(m *ubus.Message) int {
	c.send(ubus.NewPacket(ubus.MsgData, m.Seq, m.Peer))
	return ubus.StatusOK
}

func (c *client) lookup(m *ubus.Message) int {
	pattern := m.Text(ubus.AttrObjPath)
	if !m.Has(ubus.AttrObjPath) {
		pattern = "*"
	}
	found := ubus.StatusNotFound
	for _, path := range slices.Sorted(maps.Keys(c.bus.paths)) {
		if !matches(pattern, path) {
			continue
		}
		found = ubus.StatusOK
		o := c.bus.paths[path]
		if o.typ == 0 {
			continue // without a SIGNATURE it is found, but not shown
		}
		c.send(ubus.NewPacket(ubus.MsgData, m.Seq, m.Peer).Text(ubus.AttrObjPath, o.path).
			U32(ubus.AttrObjID, o.id).U32(ubus.AttrObjType, o.typ).Table(ubus.AttrSignature, o.signature))
	}
	if !m.Has(ubus.AttrObjPath) {
		return ubus.StatusOK
	}
	return found
}

// target returns the object that an attribute names.
func (c *client) target(m *ubus.Message, a ubus.Attr) *object {
	id, _ := m.U32(a)
	return c.bus.objects[id]
}

func (c *client) addObject(m *ubus.Message) int {
	b := c.bus
	signature, err := m.Table(ubus.AttrSignature)
	path := m.Text(ubus.AttrObjPath)
	if err != nil || b.paths[path] != nil {
		return ubus.StatusInvalidArgument
	}
	o := &object{id: b.newID(), path: path, signature: signature, owner: c}
	p := ubus.NewPacket(ubus.MsgData, m.Seq, m.Peer).U32(ubus.AttrObjID, o.id)
	if m.Has(ubus.AttrSignature) {
		o.typ = b.newID()
		p.U32(ubus.AttrObjType, o.typ)
	}
	b.add(o)
	c.send(p)
	return ubus.StatusOK
}

func (c *client) removeObject(m *ubus.Message) int {
	o := c.target(m, ubus.AttrObjID)
	switch {
	case !m.Has(ubus.AttrObjID):
		return ubus.StatusInvalidArgument
	case o == nil:
		return ubus.StatusNotFound
	case o.owner != c:
		return ubus.StatusPermissionDenied
	}
	c.bus.remove(o)
	c.send(ubus.NewPacket(ubus.MsgData, m.Seq, m.Peer).U32(ubus.AttrObjID, o.id))
	return ubus.StatusOK
}

func (c *client) subscribe(m *ubus.Message) int {
	o, target := c.target(m, ubus.AttrObjID), c.target(m, ubus.AttrTarget)
	switch {
	case !m.Has(ubus.AttrObjID) || !m.Has(ubus.AttrTarget):
		return ubus.StatusInvalidArgument
	case o == nil:
		return ubus.StatusNotFound
	case o.owner != c:
		return ubus.StatusInvalidArgument
	case target == nil || target.id == ubus.EventObject:
		return ubus.StatusNotFound
	case target.owner == c:
		return ubus.StatusInvalidArgument
	}
	c.bus.follow(o, target)
	return ubus.StatusOK
}

func (c *client) unsubscribe(m *ubus.Message) int {
	o, target := c.target(m, ubus.AttrObjID), c.target(m, ubus.AttrTarget)
	switch {
	case o == nil || target == nil:
		return ubus.StatusNotFound
	case o.owner != c:
		return ubus.StatusInvalidArgument
	case !c.bus.unfollow(o, target):
		return ubus.StatusNotFound
	}
	return ubus.StatusOK
}

func (c *client) notify(m *ubus.Message) int {
	o := c.target(m, ubus.AttrObjID)
	data, err := m.Table(ubus.AttrData)
	switch {
	case err != nil || !m.Has(ubus.AttrObjID) || !m.Has(ubus.AttrMethod):
		return ubus.StatusInvalidArgument
	case o == nil:
		return ubus.StatusNotFound
	case o.owner != c:
		return ubus.StatusPermissionDenied
	}
	noReply := m.Flag(ubus.AttrNoReply)
	if !noReply {
		var ids []uint32
		for _, s := range o.subscribers {
			ids = append(ids, s.id)
		}
		c.send(ubus.NewPacket(ubus.MsgStatus, m.Seq, m.Peer).U32(ubus.AttrObjID, o.id).
			List(ubus.AttrSubscribers, ids).U32(ubus.AttrStatus, ubus.StatusOK))
	}
	c.bus.forwardNotify(o, c, m.Seq, m.Text(ubus.AttrMethod), data, noReply)
	return noStatus
}

// response passes an answer on to the client that asked.
func (c *client) response(m *ubus.Message) int {
	o := c.target(m, ubus.AttrObjID)
	to := c.bus.clients[m.Peer]
	wanted := ubus.AttrStatus
	if m.Type == ubus.MsgData {
		wanted = ubus.AttrData
	}
	if o != nil && o.owner == c && to != nil && m.Has(wanted) {
		to.send(m.Forward(o.id))
	}
	return noStatus
}
