package model

import (
	"context"
	"fmt"
	"strconv"
)

// A Param is one parameter as Get visits it; it and Path are valid during the visit only.
type Param struct {
	Path     []byte
	Type     Base
	Value    string // canonical text; "" when hidden
	Writable bool
	Hidden   bool
	Def      *Def
}

// Get visits the parameters that a full name, a partial path or "" stands for, depth first: an object's
// parameters, then the objects below it, each in the order of the definitions, rows by number. visit may read, but not
// write, in the same transaction.
func (tx *Tx) Get(ctx context.Context, path string, visit func(*Param) error) error {
	defer tx.enter(ctx)()
	w := walker{tx: tx, ctx: ctx, visit: visit, path: make([]byte, 0, maxPath)}
	return tx.resolve(ctx, path, func(t target) error {
		switch {
		case t.param != nil:
			w.path = append(tx.appendPrefix(w.path[:0], t.row), t.object.below...)
			return w.param(t.param, t.row)
		case t.object == nil:
			return w.all()
		case t.table:
			w.path = append(tx.appendPrefix(w.path[:0], t.row), t.object.table.rel...)
			return w.table(t.object, t.row)
		}
		w.path = append(tx.appendPrefix(w.path[:0], t.row), t.object.below...)
		return w.object(t.object, t.row)
	})
}

// A walker goes through the tree with one growing and shrinking path.
type walker struct {
	tx    *Tx
	ctx   context.Context
	path  []byte
	p     Param
	visit func(*Param) error
}

func (w *walker) all() error {
	for _, o := range w.tx.def.roots {
		w.path = append(w.path[:0], o.below...)
		if err := w.object(o, w.tx.top); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) object(o *object, row *Row) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	base := len(w.path)
	for _, p := range o.params {
		if err := w.param(p, row); err != nil {
			return err
		}
	}
	for _, child := range o.objects {
		w.path = append(append(w.path[:base], child.name...), '.')
		var err error
		if child.isTable() {
			err = w.table(child, row)
		} else {
			err = w.object(child, row)
		}
		if err != nil {
			return err
		}
	}
	w.path = w.path[:base]
	return nil
}

// table walks the rows of a table whose path, with the dot, is w.path.
func (w *walker) table(o *object, outer *Row) error {
	base := len(w.path)
	for _, r := range w.tx.rows(o, outer).rows {
		if r.gone {
			continue
		}
		w.path = append(w.tx.appendID(w.path[:base], r), '.')
		if err := w.object(o, r); err != nil {
			return err
		}
	}
	return w.ctx.Err()
}

func (w *walker) param(p *param, row *Row) error {
	base := len(w.path)
	value, err := w.tx.show(w.ctx, p, row)
	if err != nil {
		return err
	}
	w.path = append(w.path, p.name...)
	w.p = Param{Path: w.path, Type: p.def.Type.Base, Value: value, Writable: p.writable(row), Hidden: p.def.Hidden, Def: &p.def}
	err = w.visit(&w.p)
	w.path = w.path[:base]
	return err
}

// writable says whether Set would try.
func (p *param) writable(row *Row) bool {
	return p.def.Writable && (!row.ReadOnly || p.isAlias())
}

// Value reads one parameter; a hidden one as "".
func (tx *Tx) Value(ctx context.Context, path string) (string, error) {
	defer tx.enter(ctx)()
	c, err := tx.one(path)
	if err != nil {
		return "", err
	}
	return tx.show(ctx, c.param, c.row)
}

// show is what the world may see of a parameter. A source that cannot say has said nothing: the type's empty value, and a
// line in the log the first time. Only the end of ctx is an error.
func (tx *Tx) show(ctx context.Context, p *param, row *Row) (string, error) {
	switch {
	case p.def.Hidden:
		return "", nil
	case p.def.Command:
		return "false", nil
	}
	value, err := tx.text(p, row)
	if err == nil && p.def.Type.Ref {
		return tx.showPaths(value), nil
	}
	if err == nil {
		return value, nil
	}
	if ended := ctx.Err(); ended != nil {
		return "", fmt.Errorf("read %s: %w", tx.pathOf(p, row), ended)
	}
	tx.once(&p.logged, "a parameter cannot be read", p.def.Path, err)
	return p.def.Type.Empty(), nil
}

// text is the canonical text of a parameter, hidden or not.
func (tx *Tx) text(p *param, row *Row) (string, error) {
	if p.expr == nil {
		return tx.implied(p, row), nil
	}
	if len(tx.pending) > 0 {
		if value, ok := tx.pending[cell{p, row}]; ok {
			return value, nil
		}
	}
	raw, err := tx.raw(p, row)
	if err != nil {
		return "", err
	}
	return tx.canonical(p, readThrough(p.filters, tx, raw)), nil
}

func (tx *Tx) implied(p *param, row *Row) string {
	if p.isAlias() {
		return row.aliasText()
	}
	return strconv.Itoa(tx.rows(p.counts, row).count())
}

// canonical makes what the router says a text of the parameter's type.
func (tx *Tx) canonical(p *param, text string) string {
	value, ok := p.def.Type.Show(text)
	if !ok {
		err := fmt.Errorf("not of the type %s", p.def.Type.String())
		if !p.def.Hidden {
			err = fmt.Errorf("%s is %w", excerpt(text), err)
		}
		tx.once(&p.logged, "the router's value does not fit", p.def.Path, err)
	}
	return value
}

// maxDepth bounds values that are computed from values that are computed from values.
const maxDepth = 24

// raw asks the source.
func (tx *Tx) raw(p *param, row *Row) (raw string, err error) {
	return tx.ask(p.expr, row, p.def.Path)
}

func (tx *Tx) ask(expr Expr, row *Row, path string) (raw string, err error) {
	if tx.access == nil {
		return "", errOver
	}
	if tx.depth >= maxDepth {
		return "", fmt.Errorf("needs itself")
	}
	tx.depth++
	defer func() {
		tx.depth--
		if p := recover(); p != nil {
			tx.broke("a value broke its source", path, p)
			err = errBroke
		}
	}()
	return tx.access.Get(tx.ctx, expr, row.pass())
}

// readLet reads a let; what cannot be read is "".
func (tx *Tx) readLet(l *let, row *Row) string {
	raw, err := tx.ask(l.expr, row, "let "+l.name)
	if err != nil {
		tx.tree.log.Debug("a let cannot be read", "let", l.name, "error", err)
		return ""
	}
	return readThrough(l.filters, tx, raw)
}

func (tx *Tx) readRows(expr Expr, outer *Row) (rows []Row, err error) {
	if tx.access == nil {
		return nil, errOver
	}
	defer func() {
		if p := recover(); p != nil {
			tx.broke("a table broke its source", expr.String(), p)
			rows, err = nil, errBroke
		}
	}()
	return tx.access.Rows(tx.ctx, expr, outer)
}

// need asks whether a `needs` clause holds; what breaks does not.
func (tx *Tx) need(ctx context.Context, expr Expr) bool {
	defer tx.enter(ctx)()
	holds := false
	err := contain(tx, "a need broke its source", expr.String(), func() error {
		holds = tx.access.Need(ctx, expr)
		return nil
	})
	return err == nil && holds
}

// pathOf is the path of a parameter of a row.
func (tx *Tx) pathOf(p *param, row *Row) string { return row.prefix() + p.object.below + p.name }
