package model

import (
	"context"
	"strings"
)

// A Name is one line of Names, valid during the visit only. Objects end with a dot.
type Name struct {
	Path     []byte
	Writable bool // may be set (parameter), grown (table), deleted (row)
	Object   bool
	Def      *Def

	at cell // of a parameter that Path names with aliases
}

// Numbered is the path of a parameter with instance numbers, whatever the transaction shows.
func (n Name) Numbered() string {
	if n.at.param == nil {
		return string(n.Path)
	}
	return target{place{object: n.at.param.object, param: n.at.param}, n.at.row}.path()
}

// Names visits the names below a path as GetParameterNames wants them, depth first, in the order of Get.
// NextLevel of a parameter is a BadArgument.
func (tx *Tx) Names(ctx context.Context, path string, nextLevel bool, visit func(Name) error) error {
	defer tx.enter(ctx)()
	n := namer{tx: tx, ctx: ctx, path: make([]byte, 0, maxPath), visit: visit}
	return tx.resolve(ctx, path, func(t target) error {
		switch {
		case t.param != nil && nextLevel:
			return &ParamError{Path: path, Reason: BadArgument, Msg: "NextLevel of a parameter"}
		case t.param != nil:
			n.path = append(tx.appendPrefix(n.path[:0], t.row), t.object.below...)
			return n.param(t.param, t.row)
		case t.object == nil:
			return n.all(nextLevel)
		case t.table:
			n.path = append(tx.appendPrefix(n.path[:0], t.row), t.object.table.rel...)
			return n.table(t.object, t.row, !nextLevel, nextLevel)
		}
		n.path = append(tx.appendPrefix(n.path[:0], t.row), t.object.below...)
		return n.object(t.object, t.row, !nextLevel, nextLevel)
	})
}

// A namer goes through the tree as a walker does, and reads no values.
type namer struct {
	tx    *Tx
	ctx   context.Context
	path  []byte
	visit func(Name) error
}

func (n *namer) emit(d *Def, writable bool) error {
	return n.visit(Name{Path: n.path, Writable: writable, Object: d.Object, Def: d})
}

// all names the root objects, and what is below them unless that is the next level's.
func (n *namer) all(nextLevel bool) error {
	for _, o := range n.tx.def.roots {
		n.path = append(n.path[:0], o.below...)
		var err error
		if nextLevel {
			err = n.emit(&o.def, false)
		} else {
			err = n.object(o, n.tx.top, true, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// object names an object itself where wanted, and all below it or only the next level.
func (n *namer) object(o *object, row *Row, itself, nextLevel bool) error {
	if err := n.ctx.Err(); err != nil {
		return err
	}
	if itself {
		if err := n.emit(&o.def, o.isTable() && row.deletable()); err != nil {
			return err
		}
	}
	for _, p := range o.params {
		if err := n.param(p, row); err != nil {
			return err
		}
	}
	base := len(n.path)
	for _, child := range o.objects {
		n.path = append(append(n.path[:base], child.name...), '.')
		var err error
		switch {
		case nextLevel:
			err = n.emit(&child.def, child.isTable() && child.def.Writable && !row.ReadOnly)
		case child.isTable():
			err = n.table(child, row, true, false)
		default:
			err = n.object(child, row, true, false)
		}
		if err != nil {
			return err
		}
	}
	n.path = n.path[:base]
	return nil
}

func (n *namer) table(o *object, outer *Row, itself, nextLevel bool) error {
	if itself {
		if err := n.emit(&o.def, o.def.Writable && !outer.ReadOnly); err != nil {
			return err
		}
	}
	base := len(n.path)
	for _, r := range n.tx.rows(o, outer).rows {
		if r.gone {
			continue
		}
		n.path = append(n.tx.appendID(n.path[:base], r), '.')
		var err error
		if nextLevel {
			err = n.emit(&o.def, r.deletable())
		} else {
			err = n.object(o, r, true, false)
		}
		if err != nil {
			return err
		}
	}
	n.path = n.path[:base]
	return n.ctx.Err()
}

func (n *namer) param(p *param, row *Row) error {
	base := len(n.path)
	n.path = append(n.path, p.name...)
	name := Name{Path: n.path, Writable: p.writable(row), Def: &p.def}
	if n.tx.aliased {
		name.at = cell{p, row}
	}
	err := n.visit(name)
	n.path = n.path[:base]
	return err
}

// deletable says whether Delete would try.
func (r *Row) deletable() bool {
	o := r.scope.table
	return o.def.Writable && !r.ReadOnly && o.table.rows[r.at].Caps().Grow
}

// Check tells whether Get and Names would know the path, without reading values.
func (tx *Tx) Check(ctx context.Context, path string) error {
	defer tx.enter(ctx)()
	return tx.resolve(ctx, path, func(target) error { return nil })
}

// A target is one thing that a path names, with the row it hangs in: for a table as a whole, the row above it.
type target struct {
	place
	row *Row
}

// resolve visits what a path names: one thing, or several where it holds a wildcard. It is linear in the path and in the
// rows that wildcards match.
func (tx *Tx) resolve(ctx context.Context, path string, visit func(target) error) error {
	if tx.done {
		return errOver
	}
	where, err := tx.def.locate(path)
	if err != nil {
		return err
	}
	if where.object == nil {
		return visit(target{where, tx.top})
	}
	_, rest, _ := step(path)
	r := resolver{tx: tx, ctx: ctx, place: where, path: path, visit: visit}
	return r.descend(find(tx.def.roots, path[:len(path)-len(rest)-1]), tx.top, rest)
}

type resolver struct {
	tx    *Tx
	ctx   context.Context
	place place
	path  string
	visit func(target) error
	wild  bool // below a wildcard: a row that is not there contributes nothing
}

// descend follows rest, whose names locate has checked, from an object of a row.
func (r *resolver) descend(o *object, row *Row, rest string) error {
	for rest != "" {
		name, tail, dot := step(rest)
		if !dot {
			break
		}
		o, rest = o.child(name), tail
		if o.isTable() && rest != "" {
			id, tail, _ := step(rest)
			return r.pick(o, row, id, tail)
		}
	}
	return r.visit(target{r.place, row})
}

// pick goes on in the rows that an identifier names.
func (r *resolver) pick(o *object, outer *Row, id, rest string) error {
	set := r.tx.rows(o, outer)
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if set.err != nil {
		return &ParamError{Path: r.path, Reason: Internal, Msg: "the rows cannot be read"}
	}
	i, _ := r.tx.def.identify(id)
	if i.all {
		r.wild = true
		return set.live(func(row *Row) error { return r.descend(o, row, rest) })
	}
	row := set.number(i.number)
	if i.alias != "" && o.table.alias {
		row = set.aliased(i.alias)
	}
	if row == nil && r.wild {
		return nil
	}
	if row == nil {
		return &ParamError{Path: r.path, Reason: NoSuchRow}
	}
	return r.descend(o, row, rest)
}

// one finds the one parameter that a full name names.
func (tx *Tx) one(path string) (cell, error) {
	t, err := tx.single(path)
	if err != nil {
		return cell{}, err
	}
	if t.param == nil {
		return cell{}, &ParamError{Path: path, Reason: Unknown, Msg: "not a parameter"}
	}
	return cell{t.param, t.row}, nil
}

// single finds the one thing that a path without wildcards names.
func (tx *Tx) single(path string) (target, error) {
	if strings.Contains(path, "*") {
		return target{}, &ParamError{Path: path, Reason: Unknown, Msg: "a wildcard names no single parameter"}
	}
	var found target
	err := tx.resolve(tx.ctx, path, func(t target) error {
		found = t
		return nil
	})
	return found, err
}

// rowAt finds the row that a path names, with or without its dot; nil for none.
func (tx *Tx) rowAt(path string) *Row {
	if path == "" {
		return nil
	}
	if !strings.HasSuffix(path, ".") {
		path += "."
	}
	t, err := tx.single(path)
	if err != nil || t.object == nil || t.table || !t.object.isTable() {
		return nil
	}
	return t.row
}
