package model

import (
	"context"
	"errors"
	"strings"
)

// Set changes a parameter. Every error is a *ParamError; the transaction goes on, so that all can be collected. typ is what
// the asker says the value is, BaseAny for nothing. The text a parameter has already changes nothing at all.
func (tx *Tx) Set(ctx context.Context, path, text string, typ Base) error {
	defer tx.enter(ctx)()
	return tx.tell(tx.put(ctx, path, text, typ))
}

func (tx *Tx) put(ctx context.Context, path, text string, typ Base) error {
	c, err := tx.toWrite(ctx, path)
	if err != nil {
		return err
	}
	p := c.param
	switch {
	case !p.writable(c.row):
		return &ParamError{Path: path, Reason: ReadOnly}
	case !p.def.Type.Accepts(typ):
		return &ParamError{Path: path, Reason: BadType, Msg: "is " + p.def.Type.Base.String() + ", not " + typ.String()}
	}
	return tx.write(c, text)
}

// SetOwn changes a parameter that others only read and that the agent owns, such as ParameterKey.
func (tx *Tx) SetOwn(ctx context.Context, path, text string) error {
	defer tx.enter(ctx)()
	c, err := tx.toWrite(ctx, path)
	if err != nil {
		return err
	}
	if !c.param.set {
		return &ParamError{Path: path, Reason: ReadOnly, Msg: "the agent does not own it"}
	}
	if err := tx.write(c, text); err != nil {
		return err
	}
	if ch := tx.changes[c]; ch != nil {
		ch.own = true
	}
	return nil
}

// toWrite takes the writer slot and finds the parameter. The order matters: rows found before are stale after waiting.
func (tx *Tx) toWrite(ctx context.Context, path string) (cell, error) {
	if _, err := tx.def.locate(path); err != nil {
		return cell{}, err // nobody has to wait to hear that there is no such thing
	}
	if err := tx.lock(ctx); err != nil {
		return cell{}, withPath(err, path)
	}
	c, err := tx.one(path)
	return c, withPath(err, path)
}

// withPath makes err a ParamError about path.
func withPath(err error, path string) error {
	if err == nil {
		return nil
	}
	var pe *ParamError
	if !errors.As(err, &pe) {
		return &ParamError{Path: path, Reason: Internal, Msg: err.Error()}
	}
	if pe.Path == "" {
		pe = &ParamError{Path: path, Reason: pe.Reason, Msg: pe.Msg}
	}
	return pe
}

func (tx *Tx) write(c cell, text string) error {
	p, row := c.param, c.row
	value, err := p.def.Type.Parse(text)
	if err == nil && p.def.Type.Ref {
		value, err = tx.references(p, value)
	}
	if err != nil {
		return &ParamError{Path: tx.pathOf(p, row), Reason: BadValue, Msg: err.Error()}
	}
	if p.def.Command {
		if value == "false" {
			return nil
		}
		return tx.change(c, "false", value)
	}
	old, err := tx.text(p, row)
	switch {
	case err != nil:
		return tx.explain(err, p, row)
	case p.isAlias():
		return tx.setAlias(c, old, value)
	case p.def.Type.same(old, value):
		tx.note(c, old, old)
		return nil
	}
	return tx.change(c, old, value)
}

// change hands a new value to the source, or keeps it for the write hook where the source cannot set it.
func (tx *Tx) change(c cell, old, value string) error {
	p, row := c.param, c.row
	if p.set {
		was := ""
		if len(p.filters) > 0 {
			var err error
			if was, err = tx.raw(p, row); err != nil {
				return tx.explain(err, p, row)
			}
		}
		raw, err := writeThrough(p.filters, tx, p.def.Type.raw(value), was)
		if err != nil {
			return &ParamError{Path: tx.pathOf(p, row), Reason: BadValue, Msg: err.Error()}
		}
		if err := tx.setRaw(p, row, raw); err != nil {
			return tx.explain(err, p, row)
		}
	} else {
		if tx.pending == nil {
			tx.pending = map[cell]string{}
		}
		tx.pending[c] = value
	}
	tx.note(c, old, value)
	return nil
}

// setRaw asks the source to change a raw value.
func (tx *Tx) setRaw(p *param, row *Row, raw string) error {
	if strings.ContainsRune(raw, 0) {
		return Errorf(BadValue, "holds a NUL")
	}
	tx.writes++
	return contain(tx, "a value broke its source", p.def.Path, func() error {
		return tx.access.Set(tx.ctx, p.expr, row.pass(), raw)
	})
}

// note remembers that a parameter was set; old counts the first time only.
func (tx *Tx) note(c cell, old, now string) {
	ch := tx.changes[c]
	if ch == nil {
		ch = &change{cell: c, path: tx.pathOf(c.param, c.row), first: old}
		if tx.changes == nil {
			tx.changes = map[cell]*change{}
		}
		tx.changes[c] = ch
		tx.order = append(tx.order, ch)
	}
	ch.now = now
}

// differs tells whether anything is left of a change.
func (ch *change) differs() bool {
	return ch.first != ch.now || ch.param.def.Command
}

// explain makes any error of a source a ParamError about a parameter. A source may name another one of the row.
func (tx *Tx) explain(err error, p *param, row *Row) error {
	var pe *ParamError
	if !errors.As(err, &pe) {
		if tx.ctx.Err() == nil {
			tx.tree.log.Error("a parameter cannot be written", "path", tx.pathOf(p, row), "error", err)
		}
		return &ParamError{Path: tx.pathOf(p, row), Reason: Internal, Msg: "the router did not do it"}
	}
	path := pe.Path
	switch {
	case path == "":
		path = tx.pathOf(p, row)
	case tx.def.locateRoot(path) == nil:
		path = row.prefix() + path
	}
	return &ParamError{Path: path, Reason: pe.Reason, Msg: pe.Msg}
}

// locateRoot finds the root object a whole path begins with, nil for a name below a row.
func (c *compiled) locateRoot(path string) *object {
	name, _, _ := step(path)
	return find(c.roots, name)
}

// references checks and tidies the value of a path name: strong ones must lead somewhere, with or without a trailing
// dot; weak ones without a filter may dangle. What leads somewhere is kept with instance numbers: an alias may change.
func (tx *Tx) references(p *param, value string) (string, error) {
	if value == "" {
		return "", nil
	}
	paths := strings.Split(value, ",")
	for i, path := range paths {
		path = strings.TrimSuffix(path, ".")
		if t, ok := tx.leads(path); ok {
			path = strings.TrimSuffix(t.path(), ".")
		} else if !p.def.Type.Weak {
			return "", errors.New("refers to nothing that exists")
		}
		paths[i] = path
	}
	return strings.Join(paths, ","), nil
}

// setAlias keeps an alias for the commit. Those that begin with cpe- are ours to give (9.7).
func (tx *Tx) setAlias(c cell, old, value string) error {
	row := c.row
	if strings.HasPrefix(value, aliasPrefix) && value != old && value != ownAlias(row.Number) {
		return &ParamError{Path: tx.pathOf(c.param, row), Reason: BadValue, Msg: "only the device's own aliases begin with " + aliasPrefix}
	}
	if value != old {
		row.alias = value
		tx.aliases = append(tx.aliases, row)
		tx.writes++
	}
	tx.note(c, old, value)
	return nil
}
