package model

import (
	"context"
	"slices"
	"strings"
)

// Add makes a row in a table ("Device.NAT.PortMapping.") and returns its instance number. With Config.Aliases the path may
// end in the new row's alias ("Device.NAT.PortMapping.[web].").
func (tx *Tx) Add(ctx context.Context, object string) (uint32, error) {
	defer tx.enter(ctx)()
	table, alias, err := tx.def.newAlias(object)
	if err != nil {
		return 0, err
	}
	t, err := tx.toGrow(ctx, table)
	if err != nil {
		return 0, withPath(err, object)
	}
	if !t.table || !t.object.def.Writable {
		return 0, &ParamError{Path: object, Reason: Unknown, Msg: "not a table that rows can be added to"}
	}
	set := tx.rows(t.object, t.row)
	switch {
	case set.err != nil:
		return 0, &ParamError{Path: object, Reason: Internal, Msg: "the rows cannot be read"}
	case t.row.ReadOnly:
		return 0, &ParamError{Path: object, Reason: Refused, Msg: "the row above is the router's own"}
	case alias != "" && !t.object.table.alias:
		return 0, &ParamError{Path: object, Reason: Unknown, Msg: "the rows of this table have no alias"}
	case alias != "" && set.aliased(alias) != nil:
		return 0, &ParamError{Path: object, Reason: BadArgument, Msg: "the alias is taken"}
	case set.count() >= t.object.table.max:
		return 0, &ParamError{Path: object, Reason: NoRoom, Msg: "the table is full"}
	}
	row, err := tx.grow(t.object, t.row, object)
	if err != nil {
		tx.failed = err
		return 0, err
	}
	if alias != "" {
		row.alias = alias
		tx.aliases = append(tx.aliases, row)
	}
	return row.Number, nil
}

// newAlias cuts the alias off that a row is to be added with.
func (c *compiled) newAlias(path string) (table, alias string, err error) {
	body, ok := strings.CutSuffix(path, "].")
	i := strings.LastIndex(body, ".[")
	if !ok || i < 0 || !c.aliases {
		return path, "", nil
	}
	id, ok := c.identify(body[i+1:] + "]")
	if !ok || strings.HasPrefix(id.alias, aliasPrefix) {
		return "", "", &ParamError{Path: path, Reason: Unknown, Msg: "not an alias"}
	}
	return path[:i+1], id.alias, nil
}

func (tx *Tx) toGrow(ctx context.Context, path string) (target, error) {
	if _, err := tx.def.locate(path); err != nil {
		return target{}, err
	}
	if err := tx.lock(ctx); err != nil {
		return target{}, err
	}
	return tx.single(path)
}

// grow makes the row, with the number it will have reserved before: names of sections are made of it.
func (tx *Tx) grow(o *object, outer *Row, path string) (*Row, error) {
	table := outer.tablePath(o)
	number := tx.tree.instances.reserve(table, o.table.volatile)
	if number == 0 {
		return nil, &ParamError{Path: path, Reason: NoRoom, Msg: "all instance numbers are used up"}
	}
	var made Row
	err := contain(tx, "AddObject broke its source", path, func() (err error) {
		made, err = tx.access.Add(tx.ctx, o.table.add, outer.pass(), number)
		return err
	})
	if err == nil && made.Key == "" {
		err = Errorf(Internal, "the new row has no key")
	}
	if err != nil {
		return nil, tx.explainObject(err, path)
	}
	if tx.fresh == nil {
		tx.fresh = map[string]map[string]uint32{}
	}
	if tx.fresh[table] == nil {
		tx.fresh[table] = map[string]uint32{}
	}
	tx.fresh[table][made.Key] = number
	tx.grown++
	tx.writes++
	row := tx.rows(o, outer).number(number)
	if row == nil {
		tx.tree.log.Warn("a new row is not one of its table's rows: does the add clause fit the rows clause?", "path", table)
		return nil, &ParamError{Path: path, Reason: Internal, Msg: "the new row is not to be seen"}
	}
	tx.added = append(tx.added, row)
	return row, nil
}

// explainObject is explain for a table or a row.
func (tx *Tx) explainObject(err error, path string) error {
	pe := withPath(err, path).(*ParamError)
	if pe.Reason == Internal && tx.ctx.Err() == nil {
		tx.tree.log.Error("an object cannot be added or deleted", "path", path, "error", err)
	}
	return &ParamError{Path: path, Reason: pe.Reason, Msg: pe.Msg}
}

// Delete removes a row ("Device.NAT.PortMapping.3.") with all below it.
func (tx *Tx) Delete(ctx context.Context, object string) error {
	defer tx.enter(ctx)()
	t, err := tx.toGrow(ctx, object)
	if err != nil {
		return withPath(err, object)
	}
	switch {
	case t.table || t.param != nil || t.object == nil || !t.object.isTable() || !t.object.def.Writable:
		return &ParamError{Path: object, Reason: Unknown, Msg: "not a row that can be deleted"}
	case !t.row.deletable():
		return &ParamError{Path: object, Reason: Refused, Msg: "the row is the router's own"}
	}
	if err := tx.remove(t.row); err != nil {
		tx.failed = tx.explainObject(err, object)
		return tx.failed
	}
	return nil
}

// remove deletes what is below a row and then the row. Rows below that live in the row's own section go with it.
func (tx *Tx) remove(row *Row) error {
	for _, inner := range row.scope.inner {
		for _, child := range slices.Clone(tx.rows(inner, row).rows) {
			own := child.Section == "" || child.Package != row.Package || child.Section != row.Section
			if child.gone || !own || !child.deletable() {
				continue
			}
			if err := tx.remove(child); err != nil {
				return err
			}
		}
	}
	expr := row.scope.table.table.rows[row.at]
	err := contain(tx, "DeleteObject broke its source", row.Path(), func() error {
		return tx.access.Delete(tx.ctx, expr, row)
	})
	if err != nil {
		return err
	}
	row.gone = true
	tx.grown++
	tx.writes++
	tx.goneRows = append(tx.goneRows, row)
	return nil
}
