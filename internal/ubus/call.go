package ubus

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

const (
	maxObjects = 4096 // taken of one LOOKUP
	maxIDs     = 1024 // remembered of all
)

// Call invokes a method and returns the last DATA of the answer, absent when there was none. args is a table; absent
// means an empty one. Without a connection it makes one. An answer other than success is a *StatusError, with DATA
// beside it if the object sent any, as procd's sysupgrade does to say why; a deadline that passes is
// context.DeadlineExceeded, no bus is ErrNotConnected.
func (c *Client) Call(ctx context.Context, object, method string, args Value) (Value, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	v, err := c.call(ctx, object, method, args)
	var se *StatusError
	if err != nil && !errors.As(err, &se) {
		err = fmt.Errorf("ubus call %s %s: %w", object, method, err)
	}
	return v, err
}

func (c *Client) call(ctx context.Context, object, method string, args Value) (Value, error) {
	for fresh := false; ; fresh = true {
		cn, err := c.connect(ctx)
		if err != nil {
			return Value{}, err
		}
		id, cached, err := cn.objectID(ctx, object)
		if err != nil {
			return Value{}, err
		}
		v, status, err := cn.invoke(ctx, id, method, args)
		if err != nil || status.code == StatusOK {
			return v, err
		}
		// The daemon behind the path was restarted and has another id now: ask once more. Nobody has seen our call.
		if status.code == StatusNotFound && !status.answered && cached && !fresh {
			cn.uncache(object, id)
			continue
		}
		return v, &StatusError{Code: status.code, Object: object, Method: method}
	}
}

// A status says how an INVOKE ended, and whether the object itself answered or ubusd in its place.
type status struct {
	code     int
	answered bool
}

func (cn *conn) invoke(ctx context.Context, id uint32, method string, args Value) (Value, status, error) {
	var last *Message
	code, m, err := cn.roundTrip(ctx, id, func(m *Message) { last = m }, func(seq uint16) *Packet {
		return NewPacket(MsgInvoke, seq, id).U32(AttrObjID, id).Text(AttrMethod, method).Table(AttrData, args)
	})
	if err != nil {
		return Value{}, status{}, err
	}
	st := status{code: code, answered: m.Has(AttrObjID)}
	if last == nil {
		return Value{}, st, nil
	}
	v, err := last.Table(AttrData)
	return v, st, err
}

// objectID returns the id of a path, from memory where possible.
func (cn *conn) objectID(ctx context.Context, path string) (id uint32, cached bool, err error) {
	cn.mu.Lock()
	id, cached = cn.ids[path]
	cn.mu.Unlock()
	if cached {
		return id, true, nil
	}
	objects, err := cn.lookup(ctx, path)
	if err != nil {
		return 0, false, err
	}
	id = objects[0].ID
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if len(cn.ids) >= maxIDs {
		clear(cn.ids)
	}
	cn.ids[path] = id
	return id, false, nil
}

func (cn *conn) uncache(path string, id uint32) {
	cn.mu.Lock()
	if cn.ids[path] == id {
		delete(cn.ids, path)
	}
	cn.mu.Unlock()
}

// Lookup returns the objects with that path, or whose path begins with what is before a final `*`; all for "". That
// no object matches is an error for a path, and an empty answer for a pattern.
func (c *Client) Lookup(ctx context.Context, pattern string) ([]Object, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	cn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	objects, err := cn.lookup(ctx, pattern)
	if Code(err) == StatusNotFound && strings.HasSuffix(pattern, "*") {
		return nil, nil
	}
	return objects, err
}

// lookup returns at least one object for a path without `*`, or an error.
func (cn *conn) lookup(ctx context.Context, pattern string) ([]Object, error) {
	var found []Object
	add := func(m *Message) {
		if o, err := objectOf(m); err == nil && len(found) < maxObjects {
			found = append(found, o)
		}
	}
	code, _, err := cn.roundTrip(ctx, 0, add, func(seq uint16) *Packet {
		p := NewPacket(MsgLookup, seq, 0)
		if pattern != "" {
			p.Text(AttrObjPath, pattern)
		}
		return p
	})
	if err != nil {
		return nil, err
	}
	exact := pattern != "" && !strings.HasSuffix(pattern, "*")
	if code == StatusOK && len(found) == 0 && exact {
		code = StatusNotFound // hidden from us by an ACL
	}
	if code != StatusOK {
		return nil, &StatusError{Code: code, Object: pattern}
	}
	return found, nil
}

// objectOf reads one DATA of a LOOKUP.
func objectOf(m *Message) (Object, error) {
	o := Object{Path: m.Text(AttrObjPath), Methods: map[string]Method{}}
	o.ID, _ = m.U32(AttrObjID)
	signature, err := m.Table(AttrSignature)
	for name, args := range signature.All() {
		var method Method
		for arg, typ := range args.All() {
			n, _ := typ.Int()
			method.Args = append(method.Args, Arg{Name: arg, Kind: Kind(n + 1)})
		}
		o.Methods[name] = method
	}
	return o, err
}

// Send broadcasts an event. Names that begin with "ubus." are ubusd's own and refused.
func (c *Client) Send(ctx context.Context, event string, data Value) error {
	if !data.Exists() && data != tooLarge {
		data = Table()
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	cn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	_, st, err := cn.invoke(ctx, EventObject, "send", Table("id", event, "data", data))
	if err == nil && st.code != StatusOK {
		err = &StatusError{Code: st.code, Object: event, Method: "send"}
	}
	return err
}

// Notify tells the subscribers of our object at path. It does not wait for what they make of it.
func (c *Client) Notify(ctx context.Context, path, typ string, data Value) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	cn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	cn.mu.Lock()
	id, ok := cn.own[path]
	cn.mu.Unlock()
	if !ok {
		return &StatusError{Code: StatusNotFound, Object: path, Method: typ}
	}
	code, _, err := cn.roundTrip(ctx, id, nil, func(seq uint16) *Packet {
		return NewPacket(MsgNotify, seq, id).U32(AttrObjID, id).Text(AttrMethod, typ).Table(AttrData, data)
	})
	if err == nil && code != StatusOK {
		err = &StatusError{Code: code, Object: path, Method: typ}
	}
	return err
}
