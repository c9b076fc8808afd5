package ubus

import (
	"strings"
)

// maxInbox is how many events and notifications may wait for slow listeners; what comes then is dropped, as ubusd
// itself does with clients that do not read.
const maxInbox = 1024

// A listener takes events.
type listener struct {
	pattern string
	fn      func(event string, data Value)
}

// A subscription takes the notifications of the objects that match.
type subscription struct {
	pattern string
	fn      func(typ string, data Value)
}

// A delivery is a call to be made by the deliver goroutine.
type delivery func()

// Listen has fn called for every event whose name matches: exactly, or up to a final `*`. Our own events do not come
// back. All functions given to Listen and Subscribe are called by one goroutine in the order of what happened; one
// that takes its time delays the others, but no answers of Calls.
func (c *Client) Listen(pattern string, fn func(event string, data Value)) error {
	c.mu.Lock()
	c.listeners = append(c.listeners, &listener{pattern, fn})
	c.mu.Unlock()
	return c.settle()
}

// Subscribe has fn called for every notification of the object at path, or of all whose path matches up to a final
// `*`. Objects that are not there yet are subscribed to when they come, and again when they come back. Objects of
// this client itself cannot be subscribed to.
func (c *Client) Subscribe(path string, fn func(typ string, data Value)) error {
	c.mu.Lock()
	c.subs = append(c.subs, &subscription{path, fn})
	c.mu.Unlock()
	return c.settle()
}

// matches is ubusd's idea of a pattern.
func matches(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return pattern == name
}

// event takes an INVOKE of our listening object. It runs in the reader. ubusd throws answers to events away, but
// libubus sends them, so we do.
func (cn *conn) event(m *Message) {
	defer cn.reply(m, StatusOK)
	name := m.Text(AttrMethod)
	data, err := m.Table(AttrData)
	if err != nil {
		cn.client.log.Warn("malformed ubus event", "event", name, "err", err)
		return
	}
	switch name {
	case "ubus.object.add":
		cn.appeared(data.Get("path").Text())
	case "ubus.object.remove":
		id, _ := data.Get("id").Uint()
		cn.vanished(data.Get("path").Text(), uint32(id))
	}
	c := cn.client
	c.mu.Lock()
	listeners := c.listeners
	c.mu.Unlock()
	for _, l := range listeners {
		if matches(l.pattern, name) {
			cn.post(func() { l.fn(name, data) })
		}
	}
}

// notification takes an INVOKE of the object that stands for a subscription. It runs in the reader.
func (cn *conn) notification(s *subscription, m *Message) {
	typ := m.Text(AttrMethod)
	data, err := m.Table(AttrData)
	if err != nil {
		cn.client.log.Warn("malformed ubus notification", "object", s.pattern, "type", typ, "err", err)
		cn.reply(m, StatusInvalidArgument)
		return
	}
	cn.reply(m, StatusOK)
	cn.post(func() { s.fn(typ, data) })
}

func (cn *conn) post(d delivery) {
	select {
	case cn.inbox <- d:
	default:
		cn.client.log.Warn("ubus event dropped: too many are waiting")
	}
}

// deliver calls what was posted, in order, until the connection ends; what is left then is dropped with it.
func (cn *conn) deliver() {
	for {
		select {
		case <-cn.done:
			return
		case d := <-cn.inbox:
			d()
		}
	}
}
