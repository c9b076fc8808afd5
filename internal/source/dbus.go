package source

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/slog"
)

// dbusSocket is where the system bus of the router listens.
const dbusSocket = "/var/run/dbus/system_bus_socket"

const dbusPatience = 3 * time.Second

const (
	dbusProperties = "org.freedesktop.DBus.Properties"
	dbusManager    = "org.freedesktop.DBus.ObjectManager"
)

// A dbusRow is what a row from the bus remembers: who has it, and the properties told with it.
type dbusRow struct {
	name  string
	path  dbus.ObjectPath
	props map[string]map[string]dbus.Variant
}

type dbusKey struct {
	name, iface string
	path        dbus.ObjectPath
}

type dbusView struct {
	props   map[dbusKey]map[string]dbus.Variant
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
	if bus != nil && bus.Connected() {
		return bus, nil
	}
	d := net.Dialer{Timeout: dbusPatience}
	socket, err := d.DialContext(ctx, "unix", rt.rooted(dbusSocket))
	if err != nil {
		return nil, err
	}
	bus, err = dbusHello(socket)
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	rt.mu.Lock()
	rt.bus = bus
	rt.mu.Unlock()
	return bus, nil
}

func dbusHello(socket net.Conn) (*dbus.Conn, error) {
	if err := socket.SetDeadline(time.Now().Add(dbusPatience)); err != nil {
		return nil, err
	}
	bus, err := dbus.NewConn(socket)
	if err != nil {
		return nil, err
	}
	if err := bus.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Getuid()))}); err != nil {
		return nil, fmt.Errorf("authenticate: %w", err)
	}
	if err := bus.Hello(); err != nil {
		return nil, fmt.Errorf("hello: %w", err)
	}
	return bus, socket.SetDeadline(time.Time{})
}

// dbusCall calls a method and stores the answer; a failure is logged once, and a name that is silent is not asked
// again in this transaction.
func (r *Reader) dbusCall(ctx context.Context, key dbusKey, method string, store any, args ...any) bool {
	if r.dbus.down || r.dbus.dead[key.name] {
		return false
	}
	err := r.dbusTry(ctx, key, method, store, args...)
	name := "dbus " + key.name + " " + key.iface
	if err == nil {
		r.rt.quiet.again(name)
		return true
	}
	if ctx.Err() == nil && r.rt.quiet.first(name) {
		level := slog.LevelWarn
		if errors.Is(err, os.ErrNotExist) || dbusUnknown(err) {
			level = slog.LevelDebug
		}
		r.rt.log.Log(ctx, level, "D-Bus does not answer", "name", key.name, "interface", key.iface, "error", err)
	}
	return false
}

func (r *Reader) dbusTry(ctx context.Context, key dbusKey, method string, store any, args ...any) error {
	asked, cancel := context.WithTimeout(ctx, dbusPatience)
	defer cancel()
	bus, err := r.rt.dbusBus(asked)
	if err != nil {
		r.dbus.down = true
		return err
	}
	call := bus.Object(key.name, key.path).CallWithContext(asked, method, dbus.FlagNoAutoStart, args...)
	if call.Err != nil {
		if asked.Err() != nil {
			if r.dbus.dead == nil {
				r.dbus.dead = map[string]bool{}
			}
			r.dbus.dead[key.name] = true
		}
		return call.Err
	}
	if store == nil {
		return nil
	}
	return call.Store(store)
}

// dbusUnknown reports whether the bus says that there is no such name, object or interface.
func dbusUnknown(err error) bool {
	var de dbus.Error
	if !errors.As(err, &de) {
		return false
	}
	last := de.Name[strings.LastIndexByte(de.Name, '.')+1:]
	return slices.Contains([]string{"ServiceUnknown", "NameHasNoOwner", "UnknownObject", "UnknownInterface", "UnknownMethod"}, last)
}

// dbusProps returns the properties of an interface of an object, asked for once.
func (r *Reader) dbusProps(ctx context.Context, key dbusKey) map[string]dbus.Variant {
	if p, ok := r.dbus.props[key]; ok {
		return p
	}
	var p map[string]dbus.Variant
	if !r.dbusCall(ctx, key, dbusProperties+".GetAll", &p, key.iface) {
		p = nil
	}
	if r.dbus.props == nil {
		r.dbus.props = map[dbusKey]map[string]dbus.Variant{}
	}
	r.dbus.props[key] = p
	return p
}

// dbusObjects returns the objects of an ObjectManager that have an interface, by path.
func (r *Reader) dbusObjects(ctx context.Context, key dbusKey) []dbusRow {
	if rows, ok := r.dbus.objects[key]; ok {
		return rows
	}
	var all map[dbus.ObjectPath]map[string]map[string]dbus.Variant
	var rows []dbusRow
	if r.dbusCall(ctx, key, dbusManager+".GetManagedObjects", &all) {
		for _, path := range slices.Sorted(maps.Keys(all)) {
			if _, ok := all[path][key.iface]; ok {
				rows = append(rows, dbusRow{key.name, path, all[path]})
			}
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
		err := r.dbusTry(ctx, s.key, dbusProperties+".Set", nil, s.key.iface, s.property, s.value)
		if err != nil {
			return refused("set %s of %s: %v", s.property, s.key.path, err)
		}
	}
	return nil
}

// dbusValue is a property: `dbus NAME PATH INTERFACE PROPERTY`, or `dbus . INTERFACE PROPERTY` of the row's object. PROPERTY
// may be the member of a dictionary, Lte.rsrp, and several with commas between: the first that is there.
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
	case use == model.UseRows && len(words) == 4 && words[0] == ".":
		return &dbusListed{strings.Join(words, " "), words[1], words[2], words[3]}, nil
	case use == model.UseRows && len(words) == 3:
		if !dbus.ObjectPath(words[1]).IsValid() {
			return nil, fmt.Errorf("%q is not an object path", words[1])
		}
		return &dbusRows{dbusKey{words[0], words[2], dbus.ObjectPath(words[1])}}, nil
	case use == model.UseRows:
		return nil, errors.New("want NAME PATH INTERFACE, or . INTERFACE PROPERTY ITEMINTERFACE of the row above")
	}
	return nil, nil
}

func (e *dbusValue) Caps() model.Caps { return model.Caps{Set: !strings.ContainsAny(e.property, ".,")} }
func (e *dbusValue) String() string   { return "dbus " + e.text }

// where returns the object that has the property, and its properties.
func (e *dbusValue) where(ctx context.Context, r *Reader, row *model.Row) (dbusKey, map[string]dbus.Variant) {
	if e.relative {
		d := dbusOf(row)
		if d == nil {
			return dbusKey{}, nil
		}
		return dbusKey{d.name, e.iface, d.path}, d.props[e.iface]
	}
	name, ok := e.name.expand(r, row)
	path, ok2 := e.path.expand(r, row)
	key := dbusKey{name, e.iface, dbus.ObjectPath(path)}
	if !ok || !ok2 || !key.path.IsValid() {
		return dbusKey{}, nil
	}
	return key, r.dbusProps(ctx, key)
}

func (e *dbusValue) get(ctx context.Context, r *Reader, row *model.Row) (string, error) {
	if row != nil {
		if m, ok := row.Data.(*modem); ok && m.bus == nil {
			return m.tells(ctx, r, e.property), nil
		}
	}
	key, props := e.where(ctx, r, row)
	for i := len(r.dbus.pending) - 1; i >= 0; i-- {
		if s := &r.dbus.pending[i]; s.key == key && s.property == e.property {
			return dbusText(s.value), nil
		}
	}
	for alternatives := e.property; alternatives != ""; {
		var name string
		name, alternatives, _ = strings.Cut(alternatives, ",")
		name, field, member := strings.Cut(name, ".")
		v := props[name]
		if member {
			v = dbusMembers(v)[field]
		}
		if text := dbusText(v); text != "" {
			return text, nil
		}
	}
	return "", nil
}

// dbusOf is the object that a row is, nil where it is none.
func dbusOf(row *model.Row) *dbusRow {
	if row == nil {
		return nil
	}
	switch d := row.Data.(type) {
	case *dbusRow:
		return d
	case *modem:
		return d.bus
	}
	return nil
}

// dbusMembers are those of a dictionary.
func dbusMembers(v dbus.Variant) map[string]dbus.Variant {
	members, _ := v.Value().(map[string]dbus.Variant)
	return members
}

func (e *dbusValue) set(ctx context.Context, r *Reader, row *model.Row, value string) error {
	key, props := e.where(ctx, r, row)
	old, ok := props[e.property]
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

// dbusText is the raw text of a property; what has no text, such as a dictionary, is absent. The members of structures are
// items of one list.
func dbusText(v dbus.Variant) string { return dbusTextOf(v.Value()) }

func dbusTextOf(v any) string {
	switch x := v.(type) {
	case string:
		return clean(x)
	case dbus.ObjectPath:
		return string(x)
	case bool:
		if x {
			return "1"
		}
		return "0"
	case byte:
		return strconv.FormatUint(uint64(x), 10)
	case int16:
		return strconv.FormatInt(int64(x), 10)
	case uint16:
		return strconv.FormatUint(uint64(x), 10)
	case int32:
		return strconv.FormatInt(int64(x), 10)
	case uint32:
		return strconv.FormatUint(uint64(x), 10)
	case int64:
		return strconv.FormatInt(x, 10)
	case uint64:
		return strconv.FormatUint(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case []string:
		return joinList(x)
	case []dbus.ObjectPath:
		items := make([]string, len(x))
		for i, p := range x {
			items[i] = string(p)
		}
		return joinList(items)
	case []byte:
		return clean(string(x))
	case [][]any:
		var items []string
		for _, members := range x {
			for _, m := range members {
				items = append(items, dbusTextOf(m))
			}
		}
		return joinList(items)
	}
	return ""
}

// dbusLike makes a value of the type that old has.
func dbusLike(old dbus.Variant, text string) (dbus.Variant, error) {
	var v any
	var err error
	number := func(bits int) uint64 {
		var n uint64
		n, err = strconv.ParseUint(text, 10, bits)
		return n
	}
	signed := func(bits int) int64 {
		var n int64
		n, err = strconv.ParseInt(text, 10, bits)
		return n
	}
	switch old.Value().(type) {
	case string:
		v = text
	case dbus.ObjectPath:
		v = dbus.ObjectPath(text)
		if !v.(dbus.ObjectPath).IsValid() {
			err = errors.New("not an object path")
		}
	case bool:
		v = text == "1"
	case byte:
		v = byte(number(8))
	case int16:
		v = int16(signed(16))
	case uint16:
		v = uint16(number(16))
	case int32:
		v = int32(signed(32))
	case uint32:
		v = uint32(number(32))
	case int64:
		v = signed(64)
	case uint64:
		v = number(64)
	case float64:
		v, err = strconv.ParseFloat(text, 64)
	case []string:
		items, _ := splitList(text)
		v = append([]string{}, items...)
	default:
		return old, refused("a D-Bus property of type %s cannot be set", old.Signature())
	}
	if err != nil {
		return old, model.Errorf(model.BadValue, "%q does not fit a D-Bus property of type %s", text, old.Signature())
	}
	return dbus.MakeVariant(v), nil
}

// dbusRows makes a row of every object below an ObjectManager that has an interface: `dbus NAME PATH INTERFACE`. The
// key is the object's path.
type dbusRows struct{ key dbusKey }

func (e *dbusRows) Caps() model.Caps { return model.Caps{} }
func (e *dbusRows) String() string {
	return "dbus " + e.key.name + " " + string(e.key.path) + " " + e.key.iface
}

func (e *dbusRows) rows(ctx context.Context, r *Reader, _ *model.Row) ([]model.Row, error) {
	objects := r.dbusObjects(ctx, e.key)
	out := make([]model.Row, len(objects))
	for i := range objects {
		out[i] = model.Row{Key: string(objects[i].path), Data: &objects[i]}
	}
	return out, nil
}

// dbusListed makes a row of every object that a property of the object above lists: `dbus . INTERFACE PROPERTY ITEM`.
type dbusListed struct{ text, iface, property, item string }

// maxListed bounds the objects of one list, each of which is asked.
const maxListed = 256

func (e *dbusListed) Caps() model.Caps { return model.Caps{} }
func (e *dbusListed) String() string   { return "dbus " + e.text }

func (e *dbusListed) rows(ctx context.Context, r *Reader, parent *model.Row) ([]model.Row, error) {
	d := dbusOf(parent)
	if d == nil {
		return nil, nil
	}
	paths, _ := d.props[e.iface][e.property].Value().([]dbus.ObjectPath)
	var out []model.Row
	for _, path := range paths[:min(len(paths), maxListed)] {
		if props := r.dbusProps(ctx, dbusKey{d.name, e.item, path}); props != nil {
			out = append(out, model.Row{Key: string(path), Data: &dbusRow{d.name, path, map[string]map[string]dbus.Variant{e.item: props}}})
		}
	}
	return out, nil
}
