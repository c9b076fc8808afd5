package ubus

import (
	"context"
	"errors"
	"maps"
	"slices"
)

// An Object is something with methods on the bus: one that we serve, or one that Lookup found.
type Object struct {
	Path    string
	ID      uint32 // given by ubusd; only set by Lookup
	Methods map[string]Method
}

// A Method is what an object can be asked. Args are documentation for callers (`ubus -v list`); they are not enforced.
type Method struct {
	Args   []Arg
	Handle func(ctx context.Context, r Request) (Value, error) // a Value beside an error is sent too; nil in what Lookup returns
}

// An Arg is a named argument.
type Arg struct {
	Name string
	Kind Kind
}

// A Request is one call of a method of ours. The context of its Handle ends when the connection does.
type Request struct {
	Object, Method string
	Args           Value  // a table
	User, Group    string // who asks, as ubusd knows it from the socket
}

const (
	maxHandles = 16  // Handles running at a time, over all objects
	maxWaiting = 256 // requests that wait for one of these; more are turned away
)

// served is an object of ours.
type served struct {
	Object
	err error // why ubusd did not take it, the last time; guarded by Client.mu
}

// signature returns what ADD_OBJECT wants to know: a table per method with the type numbers of its arguments.
func (s *served) signature() Value {
	var e encoder
	for _, name := range slices.Sorted(maps.Keys(s.Methods)) {
		e.nest(KindTable, name, func() {
			for _, arg := range s.Methods[name].Args {
				e.int(arg.Name, int64(arg.Kind)-1)
			}
		})
	}
	return e.value(KindTable)
}

// Serve puts an object on the bus, now when there is a connection and again on every later one. It returns an error
// when ubusd refuses the object, which happens while another client has the path; it is then tried again as soon as
// that path becomes free. Each request runs in a goroutine of its own.
func (c *Client) Serve(obj Object) error {
	s := &served{Object: obj}
	c.mu.Lock()
	c.objects = append(c.objects, s)
	c.mu.Unlock()
	if err := c.settle(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return s.err
}

// request takes an INVOKE of one of our objects. It runs in the reader.
func (cn *conn) request(s *served, m *Message) {
	method, ok := s.Methods[m.Text(AttrMethod)]
	args, err := m.Table(AttrData)
	switch {
	case !ok || method.Handle == nil:
		cn.reply(m, StatusMethodNotFound)
		return
	case !m.Has(AttrData) || err != nil:
		cn.reply(m, StatusInvalidArgument)
		return
	}
	if cn.client.waiting.Add(1) > maxWaiting {
		cn.client.waiting.Add(-1)
		cn.client.log.Warn("too many ubus requests", "object", s.Path)
		cn.reply(m, StatusNoMemory)
		return
	}
	r := Request{Object: s.Path, Method: m.Text(AttrMethod), Args: args, User: m.Text(AttrUser), Group: m.Text(AttrGroup)}
	go cn.run(m, method.Handle, r)
}

func (cn *conn) run(m *Message, handle func(context.Context, Request) (Value, error), r Request) {
	c := cn.client
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
		c.waiting.Add(-1)
	case <-cn.done:
		c.waiting.Add(-1)
		return
	}
	v, err := handle(cn.life, r)
	code := answerCode(err)
	if v.Exists() && !m.Flag(AttrNoReply) {
		id, _ := m.U32(AttrObjID)
		p := NewPacket(MsgData, m.Seq, m.Peer).U32(AttrObjID, id).Table(AttrData, v)
		if err := cn.send(p); err != nil {
			c.log.Warn("ubus answer not sent", "object", r.Object, "method", r.Method, "err", err)
			code = StatusNoMemory
		}
	} else if v == tooLarge && err == nil {
		c.log.Warn("ubus answer not sent", "object", r.Object, "method", r.Method, "err", ErrTooLarge)
		code = StatusNoMemory
	}
	cn.reply(m, code)
}

// answerCode is what a Handle's error becomes on the wire.
func answerCode(err error) int {
	if errors.Is(err, context.DeadlineExceeded) {
		return StatusTimeout
	}
	return Code(err)
}
