package ubus

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// keeping is what the keep goroutine has registered on its connection. Guarded by conn.mu.
type keeping struct {
	events  uint32                            // our listening object, 0 before there is one
	pattern map[string]bool                   // registered for
	subs    map[*subscription]*subscribedObjs // subscriptions that have their object
}

// subscribedObjs are the objects that one subscription follows.
type subscribedObjs struct {
	id     uint32          // our anonymous object
	target map[uint32]bool // theirs
	stale  bool            // something that matches has appeared
}

// settle waits until everything registered so far is on the bus, when there is a connection. Without one there is
// nothing to wait for: the next connection registers everything.
func (c *Client) settle() error {
	cn := c.current()
	if cn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.cfg.Timeout)
	defer cancel()
	if err := cn.settle(ctx); err != nil && !errors.Is(err, ErrNotConnected) {
		return err
	}
	return nil
}

// settle asks keep for a pass and waits for its end.
func (cn *conn) settle(ctx context.Context) error {
	over := make(chan struct{})
	select {
	case cn.asked <- over:
	case <-cn.done:
		return ErrNotConnected
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-over:
		return nil
	case <-cn.done:
		return ErrNotConnected
	case <-ctx.Done():
		return ctx.Err()
	}
}

// keep makes the bus agree with what the client wants, over and over: after a connect, when something was added, and
// when an object came or went. It alone registers.
func (cn *conn) keep() {
	for {
		select {
		case <-cn.done:
			return
		case <-cn.stale:
			cn.reconcile()
		case over := <-cn.asked:
			cn.reconcile()
			close(over)
		}
	}
}

// reconcile does one pass. What fails is logged and tried again in the next one.
func (cn *conn) reconcile() {
	c := cn.client
	c.mu.Lock()
	objects, listeners, subs := slices.Clone(c.objects), slices.Clone(c.listeners), slices.Clone(c.subs)
	c.mu.Unlock()
	if len(objects)+len(listeners)+len(subs) == 0 {
		return
	}
	cn.listen("ubus.object.*")
	for _, l := range listeners {
		cn.listen(l.pattern)
	}
	for _, s := range objects {
		cn.publish(s)
	}
	for _, s := range subs {
		cn.subscribe(s)
	}
}

// ask is a roundTrip under the client's timeout that turns a code into an error. ubusd itself answers these at once; when
// it does not, the connection is given up, since nobody could say what is registered on it.
func (cn *conn) ask(about string, peer uint32, data func(*Message), build func(seq uint16) *Packet) error {
	ctx, cancel := context.WithTimeout(cn.life, cn.client.cfg.Timeout)
	defer cancel()
	code, _, err := cn.roundTrip(ctx, peer, data, build)
	if err == nil && code != StatusOK {
		return &StatusError{Code: code, Object: about}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		cn.fail(fmt.Errorf("ubusd does not answer: %w", err))
	}
	return err
}

// addObject adds an object of ours and has take get its INVOKEs from the very next message on.
func (cn *conn) addObject(path string, signature Value, take func(*Message)) (id uint32, err error) {
	noted := func(m *Message) {
		id, _ = m.U32(AttrObjID)
		cn.mu.Lock()
		cn.targets[id] = take
		cn.mu.Unlock()
	}
	err = cn.ask(path, 0, noted, func(seq uint16) *Packet {
		p := NewPacket(MsgAddObject, seq, 0)
		if path != "" {
			p.Text(AttrObjPath, path).Table(AttrSignature, signature)
		}
		return p
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

// listen registers our listening object for a pattern.
func (cn *conn) listen(pattern string) {
	cn.mu.Lock()
	id, have := cn.kept.events, cn.kept.pattern[pattern]
	cn.mu.Unlock()
	if have {
		return
	}
	var err error
	if id == 0 {
		id, err = cn.addObject("", Value{}, cn.event)
	}
	if err == nil {
		cn.mu.Lock()
		cn.kept.events = id
		cn.mu.Unlock()
		err = cn.ask(pattern, EventObject, nil, func(seq uint16) *Packet {
			return NewPacket(MsgInvoke, seq, EventObject).U32(AttrObjID, EventObject).Text(AttrMethod, "register").
				Table(AttrData, Table("object", id32(id), "pattern", pattern))
		})
	}
	if err != nil {
		cn.warn("listen for ubus events", pattern, err)
		return
	}
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if cn.kept.pattern == nil {
		cn.kept.pattern = map[string]bool{}
	}
	cn.kept.pattern[pattern] = true
}

// id32 makes an id an int32 on the wire, whose upper half would else be sent as an int64.
func id32(id uint32) int32 { return int32(id) }

// publish puts one object on the bus unless it is there.
func (cn *conn) publish(s *served) {
	cn.mu.Lock()
	_, have := cn.own[s.Path]
	cn.mu.Unlock()
	if have {
		return
	}
	id, err := cn.addObject(s.Path, s.signature(), func(m *Message) { cn.request(s, m) })
	c := cn.client
	c.mu.Lock()
	before := s.err
	s.err = err
	c.mu.Unlock()
	if err != nil {
		if before == nil {
			cn.warn("put object on ubus", s.Path, err)
		}
		return
	}
	cn.mu.Lock()
	cn.own[s.Path] = id
	cn.mu.Unlock()
}

// subscribe follows the matching objects that are there and not followed yet.
func (cn *conn) subscribe(s *subscription) {
	cn.mu.Lock()
	o := cn.kept.subs[s]
	cn.mu.Unlock()
	if o == nil {
		id, err := cn.addObject("", Value{}, func(m *Message) { cn.notification(s, m) })
		if err != nil {
			cn.warn("subscribe on ubus", s.pattern, err)
			return
		}
		o = &subscribedObjs{id: id, target: map[uint32]bool{}, stale: true}
		cn.mu.Lock()
		if cn.kept.subs == nil {
			cn.kept.subs = map[*subscription]*subscribedObjs{}
		}
		cn.kept.subs[s] = o
		cn.mu.Unlock()
	}
	cn.mu.Lock()
	stale := o.stale
	o.stale = false
	cn.mu.Unlock()
	if stale {
		cn.follow(s, o)
	}
}

func (cn *conn) follow(s *subscription, o *subscribedObjs) {
	ctx, cancel := context.WithTimeout(cn.life, cn.client.cfg.Timeout)
	defer cancel()
	objects, err := cn.lookup(ctx, s.pattern)
	if err != nil && Code(err) != StatusNotFound {
		cn.warn("subscribe on ubus", s.pattern, err)
	}
	for _, there := range objects {
		cn.mu.Lock()
		have := o.target[there.ID] || cn.targets[there.ID] != nil
		cn.mu.Unlock()
		if have {
			continue
		}
		err := cn.ask(there.Path, 0, nil, func(seq uint16) *Packet {
			return NewPacket(MsgSubscribe, seq, 0).U32(AttrObjID, o.id).U32(AttrTarget, there.ID)
		})
		if err != nil {
			cn.warn("subscribe on ubus", there.Path, err)
			continue
		}
		cn.mu.Lock()
		o.target[there.ID] = true
		cn.mu.Unlock()
	}
}

func (cn *conn) warn(what, about string, err error) {
	if !cn.broken() {
		cn.client.log.Warn(what, "name", about, "err", err)
	}
}

// appeared has the subscriptions that match look for the new object. It runs in the reader.
func (cn *conn) appeared(path string) {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	for s, o := range cn.kept.subs {
		if matches(s.pattern, path) {
			o.stale = true
			signal(cn.stale)
		}
	}
}

// vanished ends the calls that the object will not answer any more, and takes a path that has become free. It runs in
// the reader.
func (cn *conn) vanished(path string, id uint32) {
	cn.uncache(path, id)
	cn.mu.Lock()
	var orphans []*call
	for seq, c := range cn.calls {
		if c.peer == id && !c.abandoned {
			delete(cn.calls, seq)
			orphans = append(orphans, c)
		}
	}
	_, ours := cn.own[path]
	cn.mu.Unlock()
	for _, c := range orphans {
		c.answer <- answer{err: &StatusError{Code: StatusConnectionFailed, Object: path}}
	}
	if !ours {
		signal(cn.stale)
	}
}

// unsubscribed forgets an object that ubusd says is gone. It runs in the reader.
func (cn *conn) unsubscribed(m *Message) {
	own, _ := m.U32(AttrObjID)
	target, _ := m.U32(AttrTarget)
	cn.mu.Lock()
	defer cn.mu.Unlock()
	for _, o := range cn.kept.subs {
		if o.id == own {
			delete(o.target, target)
		}
	}
}
