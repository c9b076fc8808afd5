package ubustest

import (
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

// An object is one on the bus. Everything in it is guarded by Bus.mu.
type object struct {
	id, typ     uint32
	path        string // "" for an anonymous one
	signature   ubus.Value
	owner       *client           // nil for one made of Go functions
	methods     map[string]Method // nil for one of a client
	subscribers []*object         // who follows this one
	targets     []*object         // whom this one follows
	patterns    []string          // events it listens to
	invokeSeq   uint16
}

// add puts o on the bus and tells about it. mu is held, as in all that follows.
func (b *Bus) add(o *object) {
	b.objects[o.id] = o
	if o.path != "" {
		b.paths[o.path] = o
		b.broadcast(nil, "ubus.object.add", objectEvent(o))
	}
	b.happened()
}

func objectEvent(o *object) ubus.Value { return ubus.Table("id", int32(o.id), "path", o.path) }

// remove takes o off the bus: it follows nobody any more, and those who follow it are told.
func (b *Bus) remove(o *object) {
	for _, target := range slices.Clone(o.targets) {
		b.unfollow(o, target)
	}
	for _, s := range slices.Clone(o.subscribers) {
		s.invokeSeq++
		if s.owner != nil {
			s.owner.send(ubus.NewPacket(ubus.MsgUnsubscribe, s.invokeSeq, 0).U32(ubus.AttrObjID, s.id).U32(ubus.AttrTarget, o.id))
		}
		b.unfollow(s, o)
	}
	delete(b.objects, o.id)
	if o.path != "" {
		delete(b.paths, o.path)
		b.broadcast(nil, "ubus.object.remove", objectEvent(o))
	}
	b.happened()
}

func (b *Bus) follow(s, target *object) {
	s.targets = append(s.targets, target)
	target.subscribers = append(target.subscribers, s)
	if len(target.subscribers) == 1 {
		target.tellActive(true)
	}
	b.happened()
}

// unfollow reports whether s followed target.
func (b *Bus) unfollow(s, target *object) bool {
	i := slices.Index(target.subscribers, s)
	if i < 0 {
		return false
	}
	target.subscribers = slices.Delete(target.subscribers, i, i+1)
	j := slices.Index(s.targets, target)
	s.targets = slices.Delete(s.targets, j, j+1)
	if len(target.subscribers) == 0 {
		target.tellActive(false)
	}
	b.happened()
	return true
}

// tellActive tells the owner that its object has subscribers now, or none any more.
func (o *object) tellActive(active bool) {
	if o.owner == nil {
		return
	}
	o.invokeSeq++
	o.owner.send(ubus.NewPacket(ubus.MsgNotify, o.invokeSeq, 0).U32(ubus.AttrObjID, o.id).Flag(ubus.AttrActive, active))
}

// broadcast sends an event to every object that listens, once; not to those of its sender.
func (b *Bus) broadcast(from *client, name string, data ubus.Value) {
	for _, o := range b.objects {
		if o.owner == nil || o.owner == from || !slices.ContainsFunc(o.patterns, func(p string) bool { return matches(p, name) }) {
			continue
		}
		b.eventSeq++
		o.owner.send(ubus.NewPacket(ubus.MsgInvoke, b.eventSeq, 0).
			U32(ubus.AttrObjID, o.id).Text(ubus.AttrMethod, name).Table(ubus.AttrData, data))
	}
	b.happened()
}

// forwardNotify passes a notification of o on to its subscribers.
func (b *Bus) forwardNotify(o *object, from *client, seq uint16, typ string, data ubus.Value, noReply bool) {
	peer := uint32(localPeer)
	if from != nil {
		peer = from.id
		b.notes = append(b.notes, Event{Name: o.path + "." + typ, Data: data})
	}
	for _, s := range o.subscribers {
		if s.owner == nil {
			continue
		}
		p := ubus.NewPacket(ubus.MsgInvoke, seq, peer)
		if noReply {
			p.Flag(ubus.AttrNoReply, true)
		}
		p.U32(ubus.AttrObjID, s.id).Text(ubus.AttrMethod, typ)
		if from != nil {
			p.Text(ubus.AttrUser, "root").Text(ubus.AttrGroup, "root")
		}
		s.owner.send(p.Table(ubus.AttrData, data))
	}
	b.happened()
}

func matches(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return pattern == name
}
