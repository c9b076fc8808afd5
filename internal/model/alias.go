package model

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// UseAliases makes the transaction show [alias] where a path has an instance number: in names, in values that are paths,
// and in the errors of Set and Commit (9.7). What it understands stays the same, and Changes have numbers always. Tables
// without Alias keep their numbers.
func (tx *Tx) UseAliases() { tx.aliased = tx.def.aliases }

// appendID appends a row's place in a path as the transaction shows it.
func (tx *Tx) appendID(path []byte, r *Row) []byte {
	if !tx.aliased || !r.scope.table.table.alias {
		return strconv.AppendUint(path, uint64(r.Number), 10)
	}
	path = append(path, '[')
	path = append(path, r.aliasText()...)
	return append(path, ']')
}

// appendPrefix appends what every path below a row begins with, as the transaction shows it.
func (tx *Tx) appendPrefix(path []byte, r *Row) []byte {
	if !tx.aliased || r.IsRoot() {
		return append(path, r.prefix()...)
	}
	path = append(tx.appendPrefix(path, r.outer), r.scope.table.table.rel...)
	return append(tx.appendID(path, r), '.')
}

// path is what names the target, with instance numbers.
func (t target) path() string {
	switch {
	case t.object == nil:
		return ""
	case t.table:
		return t.row.tablePath(t.object)
	case t.param != nil:
		return t.row.prefix() + t.object.below + t.param.name
	}
	return t.row.prefix() + t.object.below
}

// shown is what names the target as the transaction shows it.
func (tx *Tx) shown(t target) string {
	path := t.path()
	if !tx.aliased {
		return path
	}
	return string(tx.appendPrefix(nil, t.row)) + path[len(t.row.prefix()):]
}

// leads finds the parameter or the object that a path without its last dot names.
func (tx *Tx) leads(path string) (target, bool) {
	if t, err := tx.single(path); err == nil && t.param != nil {
		return t, true
	}
	t, err := tx.single(path + ".")
	return t, err == nil && t.object != nil
}

// showPaths turns the value of a path name into what the transaction shows. What leads nowhere stays as it is.
func (tx *Tx) showPaths(value string) string {
	if !tx.aliased || value == "" {
		return value
	}
	paths := strings.Split(value, ",")
	for i, path := range paths {
		if t, ok := tx.leads(path); ok {
			paths[i] = strings.TrimSuffix(tx.shown(t), ".")
		}
	}
	return strings.Join(paths, ",")
}

// Retell turns a parameter's full name and the value that another transaction read into what this one shows.
func (tx *Tx) Retell(ctx context.Context, path, value string) (string, string) {
	if !tx.aliased {
		return path, value
	}
	defer tx.enter(ctx)()
	t, err := tx.single(path)
	if err != nil || t.param == nil {
		return path, value
	}
	if t.param.def.Type.Ref {
		value = tx.showPaths(value)
	}
	return tx.shown(t), value
}

// tell makes errors name parameters as the transaction shows them, however the asker named them.
func (tx *Tx) tell(err error) error {
	if err == nil || !tx.def.aliases {
		return err
	}
	refused, told := Errors(err), false
	list := make([]error, len(refused))
	for i, pe := range refused {
		list[i] = pe
		if !tx.aliased && !strings.Contains(pe.Path, "[") {
			continue
		}
		if t, err := tx.single(pe.Path); err == nil {
			list[i], told = &ParamError{Path: tx.shown(t), Reason: pe.Reason, Msg: pe.Msg}, true
		}
	}
	switch {
	case !told:
		return err
	case len(list) == 1:
		return list[0]
	}
	return errors.Join(list...)
}

// Numbered is the full name of a parameter to be set, with instance numbers. Names that hold an [alias] are to be looked up
// before the first Set, for that may change an alias, and what a request does must not depend on its order. With
// create, rows with aliases that nobody has are added to the transaction, the outermost first. Every error is a
// *ParamError.
func (tx *Tx) Numbered(ctx context.Context, path string, create bool) (string, error) {
	defer tx.enter(ctx)()
	if create {
		if err := tx.makeRows(ctx, path); err != nil {
			return "", tx.tell(err)
		}
	}
	c, err := tx.toWrite(ctx, path)
	if err != nil {
		return "", tx.tell(err)
	}
	return tx.pathOf(c.param, c.row), nil
}

func (tx *Tx) makeRows(ctx context.Context, path string) error {
	if where, err := tx.def.locate(path); err != nil || where.param == nil || strings.Contains(path, "*") {
		return nil // toWrite says what is wrong
	}
	if err := tx.lock(ctx); err != nil {
		return withPath(err, path)
	}
	for end := strings.Index(path, "]."); end >= 0; {
		row := path[:end+2]
		_, err := tx.single(row)
		var pe *ParamError
		if errors.As(err, &pe) && pe.Reason == NoSuchRow {
			_, err = tx.Add(ctx, row)
		}
		if errors.As(err, &pe) {
			return &ParamError{Path: path, Reason: pe.Reason, Msg: pe.Msg}
		}
		next := strings.Index(path[end+2:], "].")
		if next < 0 {
			break
		}
		end += 2 + next
	}
	return nil
}
