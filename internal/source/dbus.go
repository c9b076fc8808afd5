package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/cwmpd/cwmpd/internal/dbus"
	"github.com/cwmpd/cwmpd/internal/model"
)

// dbusSocket is where the system bus of the router listens.
const dbusSocket = "/var/run/dbus/system_bus_socket"

const (
	dbusProperties = "org.freedesktop.DBus.Properties"
	dbusManager    = "org.freedesktop.DBus.ObjectManager"
)

// A dbusRow is what a row from the bus remembers: who has it, and the interfaces told with it, each a map of Variants.
type dbusRow struct {
	name   string
	path   string
	ifaces map[string]any
}

type dbusKey struct{ name, iface, path string }

type dbusView struct {
	props   map[dbusKey]map[string]any
	objects map[dbusKey][]dbusRow
	dead    map[string]bool // names that did not answer
	down    bool            // there is no bus
	pending []dbusSet
}

// dbusSet is a write that waits for the commit.
type dbusSet struct {
	key      dbusKey
	property string
	value    dbus.Variant
}

// dbusBus returns the connection to the system bus, made when it is first needed and again after it broke.
func (rt *Router) dbusBus(ctx context.Context) (*dbus.Conn, error) {
	select {
	case rt.dialing <- struct{}{}:
		defer func() { <-rt.dialing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	rt.mu.Lock()
	bus := rt.bus
	rt.mu.Unlock()
	if bus != nil {
		return bus, nil
	}
	bus, err := dbus.Dial(ctx, rt.rooted(dbusSocket))
	if err == nil {
		rt.mu.Lock()
		rt.bus = bus
		rt.mu.Unlock()
	}
	return bus, err
}

// dbusBroke forgets the connection.
func (rt *Router) dbusBroke(bus *dbus.Conn) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.bus == bus {
		rt.bus = nil
	}
}

// dbusCall calls a method and returns the answer's first value as a map, nil for none; a failure is logged once, and a
// name that is silent is not asked again in this transaction.
func (r *Reader) dbusCall(ctx context.Context, key dbusKey, call dbus.Call) map[string]any {
	if r.dbus.down || r.dbus.dead[key.name] {
		return nil
	}
	answer, err := r.dbusTry(ctx, key, call)
	name := "dbus " + key.name + " " + key.iface
	if err == nil {
		r.rt.quiet.again(name)
		if len(answer) == 0 {
			return nil
		}
		all, _ := answer[0].(map[string]any)
		return all
	}
	if ctx.Err() == nil && r.rt.quiet.first(name) {
		level := slog.LevelWarn
		if errors.Is(err, os.ErrNotExist) || dbusUnknown(err) {
			level = slog.LevelDebug
		}
		r.rt.log.Log(ctx, level, "D-Bus does not answer", "name", key.name, "interface", key.iface, "error", err)
	}
	return nil
}

func (r *Reader) dbusTry(ctx context.Context, key dbusKey, call dbus.Call) ([]any, error) {
	call.Name, call.Path = key.name, key.path
	for again := false; ; again = true {
		bus, err := r.rt.dbusBus(ctx)
		if err != nil {
			r.dbus.down = true
			return nil, err
		}
		answer, err := bus.Call(ctx, call)
		var answered *dbus.Error
		if err == nil || errors.As(err, &answered) {
			return answer, err
		}
		r.rt.dbusBroke(bus)
		if !again && (errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.EPIPE)) {
			continue // the bus was started again since the last call
		}
		if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
			if r.dbus.dead == nil {
				r.dbus.dead = map[string]bool{}
			}
			r.dbus.dead[key.name] = true
		}
		return nil, err
	}
}

// dbusUnknown reports whether the bus says that there is no such name, object or interface.
func dbusUnknown(err error) bool {
	var de *dbus.Error
	if !errors.As(err, &de) {
		return false
	}
	last := de.Name[strings.LastIndexByte(de.Name, '.')+1:]
	return slices.Contains([]string{"ServiceUnknown", "NameHasNoOwner", "UnknownObject", "UnknownInterface", "UnknownMethod"}, last)
}

// dbusProps returns the properties of an interface of an object, each a Variant, asked for once.
func (r *Reader) dbusProps(ctx context.Context, key dbusKey) map[string]any {
	if p, ok := r.dbus.props[key]; ok {
		return p
	}
	p := r.dbusCall(ctx, key, dbus.Call{Interface: dbusProperties, Method: "GetAll", Args: []any{key.iface}})
	if r.dbus.props == nil {
		r.dbus.props = map[dbusKey]map[string]any{}
	}
	r.dbus.props[key] = p
	return p
}

// dbusObjects returns the objects of an ObjectManager that have an interface, by path.
func (r *Reader) dbusObjects(ctx context.Context, key dbusKey) []dbusRow {
	if rows, ok := r.dbus.objects[key]; ok {
		return rows
	}
	var rows []dbusRow
	all := r.dbusCall(ctx, key, dbus.Call{Interface: dbusManager, Method: "GetManagedObjects"})
	for _, path := range slices.Sorted(maps.Keys(all)) {
		ifaces, _ := all[path].(map[string]any)
		if _, ok := ifaces[key.iface]; ok {
			rows = append(rows, dbusRow{key.name, path, ifaces})
		}
	}
	if r.dbus.objects == nil {
		r.dbus.objects = map[dbusKey][]dbusRow{}
	}
	r.dbus.objects[key] = rows
	return rows
}

// dbusCommit sets the properties that waited, in their order. The first that fails ends it.
func (r *Reader) dbusCommit(ctx context.Context) error {
	for _, s := range r.dbus.pending {
		_, err := r.dbusTry(ctx, s.key, dbus.Call{
			Interface: dbusProperties, Method: "Set", Args: []any{s.key.iface, s.property, s.value},
		})
		if err != nil {
			return refused("set %s of %s: %v", s.property, s.key.path, err)
		}
	}
	return nil
}

// dbusValue is a property: `dbus NAME PATH INTERFACE PROPERTY`, or `dbus . INTERFACE PROPERTY` of the row's object.
type dbusValue struct {
	text       string
	name, path template
	iface      string
	property   string
	relative   bool
}

// compileDBus compiles `dbus …`.
func compileDBus(_ *Router, use model.Use, words []string) (model.Expr, error) {
	relative := len(words) > 0 && words[0] == "."
	switch {
	case (use == model.UseValue || use == model.UseLet) && relative && len(words) == 3:
		return &dbusValue{text: strings.Join(words, " "), iface: words[1], property: words[2], relative: true}, nil
	case (use == model.UseValue || use == model.UseLet) && !relative && len(words) == 4:
		t, err := parseTemplates(words[:2])
		if err != nil {
			return nil, err
		}
		return &dbusValue{text: strings.Join(words, " "), name: t[0], path: t[1], iface: words[2], property: words[3]}, nil
	case use == model.UseValue || use == model.UseLet:
		return nil, errors.New("want NAME PATH INTERFACE PROPERTY, or . INTERFACE PROPERTY of the row")
	case use == model.UseRows && len(words) == 3:
		if !dbus.ValidPath(words[1]) {
			return nil, fmt.Errorf("%q is not an object path", words[1])
		}
		return &dbusRows{dbusKey{words[0], words[2], words[1]}}, nil
	case use == model.UseRows:
		return nil, errors.New("want NAME PATH INTERFACE")
	}
	return nil, nil
}

func (e *dbusValue) Caps() model.Caps { return model.Caps{Set: true} }
func (e *dbusValue) String() string   { return "dbus " + e.text }

// where returns the object that has the property, and its properties.
func (e *dbusValue) where(ctx context.Context, r *Reader, row *model.Row) (dbusKey, map[string]any) {
	if e.relative {
		if row == nil {
			return dbusKey{}, nil
		}
		d, ok := row.Data.(*dbusRow)
		if !ok {
			return dbusKey{}, nil
		}
		props, _ := d.ifaces[e.iface].(map[string]any)
		return dbusKey{d.name, e.iface, d.path}, props
	}
	name, ok := e.name.expand(r, row)
	path, ok2 := e.path.expand(r, row)
	key := dbusKey{name, e.iface, path}
	if !ok || !ok2 || !dbus.ValidPath(path) {
		return dbusKey{}, nil
	}
	return key, r.dbusProps(ctx, key)
}

func (e *dbusValue) get(ctx context.Context, r *Reader, row *model.Row) (string, error) {
	key, props := e.where(ctx, r, row)
	for i := len(r.dbus.pending) - 1; i >= 0; i-- {
		if s := &r.dbus.pending[i]; s.key == key && s.property == e.property {
			return dbusText(s.value), nil
		}
	}
	v, _ := props[e.property].(dbus.Variant)
	return dbusText(v), nil
}

func (e *dbusValue) set(ctx context.Context, r *Reader, row *model.Row, value string) error {
	key, props := e.where(ctx, r, row)
	old, ok := props[e.property].(dbus.Variant)
	if !ok {
		return refused("D-Bus has no property %s now", e.property)
	}
	v, err := dbusLike(old, value)
	if err != nil {
		return err
	}
	r.dbus.pending = append(r.dbus.pending, dbusSet{key, e.property, v})
	return nil
}

// dbusText is the raw text of a property; what has no text, such as a dictionary, is absent.
func dbusText(v dbus.Variant) string {
	switch x := v.Value.(type) {
	case string:
		return clean(x)
	case bool:
		if x {
			return "1"
		}
		return "0"
	case int64:
		return strconv.FormatInt(x, 10)
	case uint64:
		return strconv.FormatUint(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case []string:
		return joinList(x)
	case []byte:
		return clean(string(x))
	}
	return ""
}

// dbusLike makes a value of the type that old has.
func dbusLike(old dbus.Variant, text string) (dbus.Variant, error) {
	v := dbus.Variant{Type: old.Type}
	var err error
	bits, signed := dbus.Integer(old.Type)
	switch {
	case signed:
		v.Value, err = strconv.ParseInt(text, 10, bits)
	case bits > 0:
		v.Value, err = strconv.ParseUint(text, 10, bits)
	case v.Type == "s":
		v.Value = text
	case v.Type == "o":
		v.Value = text
		if !dbus.ValidPath(text) {
			err = errors.New("not an object path")
		}
	case v.Type == "b":
		v.Value = text == "1"
	case v.Type == "d":
		v.Value, err = strconv.ParseFloat(text, 64)
	case v.Type == "as":
		items, _ := splitList(text)
		v.Value = append([]string{}, items...)
	default:
		return old, refused("a D-Bus property of type %s cannot be set", old.Type)
	}
	if err != nil {
		return old, model.Errorf(model.BadValue, "%q does not fit a D-Bus property of type %s", text, old.Type)
	}
	return v, nil
}

// dbusRows makes a row of every object below an ObjectManager that has an interface: `dbus NAME PATH INTERFACE`. The
// key is the object's path.
type dbusRows struct{ key dbusKey }

func (e *dbusRows) Caps() model.Caps { return model.Caps{} }
func (e *dbusRows) String() string {
	return "dbus " + e.key.name + " " + e.key.path + " " + e.key.iface
}

func (e *dbusRows) rows(ctx context.Context, r *Reader, _ *model.Row) ([]model.Row, error) {
	objects := r.dbusObjects(ctx, e.key)
	out := make([]model.Row, len(objects))
	for i := range objects {
		out[i] = model.Row{Key: objects[i].path, Data: &objects[i]}
	}
	return out, nil
}
