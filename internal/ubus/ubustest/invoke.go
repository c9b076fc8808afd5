package ubustest

import (
	"strings"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

func (c *client) invoke(m *ubus.Message) int {
	b := c.bus
	o, method := c.target(m, ubus.AttrObjID), m.Text(ubus.AttrMethod)
	args, err := m.Table(ubus.AttrData)
	switch {
	case !m.Has(ubus.AttrObjID) || !m.Has(ubus.AttrMethod):
		return ubus.StatusInvalidArgument
	case o == nil:
		return ubus.StatusNotFound
	case o.id == ubus.EventObject:
		return c.events(method, args)
	}
	if err == nil {
		b.calls = append(b.calls, Call{Object: o.path, Method: method, Args: args})
		b.happened()
	}
	if o.owner == nil {
		b.running.Go(func() { c.call(o.id, o.methods[method], m) })
		return noStatus
	}
	p := ubus.NewPacket(ubus.MsgInvoke, m.Seq, c.id).U32(ubus.AttrObjID, o.id).Text(ubus.AttrMethod, method).
		Text(ubus.AttrUser, "root").Text(ubus.AttrGroup, "root")
	if m.Flag(ubus.AttrNoReply) {
		p.Flag(ubus.AttrNoReply, true)
	}
	if m.Has(ubus.AttrData) {
		p.Table(ubus.AttrData, args)
	}
	o.owner.send(p)
	return noStatus
}

// call runs one of the bus's own methods and answers as libubus would in a daemon.
func (c *client) call(id uint32, method Method, m *ubus.Message) {
	args, err := m.Table(ubus.AttrData)
	var v ubus.Value
	code := ubus.StatusInvalidArgument
	switch {
	case method == nil:
		code = ubus.StatusMethodNotFound
	case err == nil && m.Has(ubus.AttrData):
		v, code = method(args)
	}
	if m.Flag(ubus.AttrNoReply) {
		return
	}
	if v.Exists() {
		c.send(ubus.NewPacket(ubus.MsgData, m.Seq, id).U32(ubus.AttrObjID, id).Table(ubus.AttrData, v))
	}
	c.send(ubus.NewPacket(ubus.MsgStatus, m.Seq, id).U32(ubus.AttrStatus, uint32(code)).U32(ubus.AttrObjID, id))
}

// events are the methods of ubusd's own object.
func (c *client) events(method string, args ubus.Value) int {
	switch method {
	case "register":
		return c.register(args)
	case "send":
		return c.broadcast(args)
	}
	return ubus.StatusInvalidCommand
}

func (c *client) register(args ubus.Value) int {
	pattern, id := args.Get("pattern"), args.Get("object")
	if pattern.Kind() != ubus.KindString || id.Kind() != ubus.KindInt32 {
		return ubus.StatusInvalidArgument
	}
	n, _ := id.Uint()
	o := c.bus.objects[uint32(n)]
	switch {
	case n < firstID:
		return ubus.StatusPermissionDenied
	case o == nil:
		return ubus.StatusNotFound
	case o.owner != c || pattern.Text() == "":
		return ubus.StatusPermissionDenied
	}
	o.patterns = append(o.patterns, pattern.Text())
	c.bus.happened()
	return ubus.StatusOK
}

func (c *client) broadcast(args ubus.Value) int {
	name, data := args.Get("id"), args.Get("data")
	if name.Kind() != ubus.KindString || data.Kind() != ubus.KindTable {
		return ubus.StatusInvalidArgument
	}
	if strings.HasPrefix(name.Text(), "ubus.") {
		return ubus.StatusPermissionDenied
	}
	c.bus.events = append(c.bus.events, Event{Name: name.Text(), Data: data})
	c.bus.broadcast(c, name.Text(), data)
	return ubus.StatusOK
}
