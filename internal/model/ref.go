package model

import (
	"errors"
	"slices"
	"strings"
)

// A refFilter is `ref T1 T2…`: a raw key or section is the path of the row that has it, in the first table that knows it.
// Without tables the raw value names its table itself: Device.Ethernet.Link.{br-lan}.
type refFilter struct {
	tables []string // "Device.WiFi.Radio."
}

func makeRef(args []string, _ bool) (filter, error) {
	for _, table := range args {
		if err := checkObjectPath(table); err != nil {
			return filter{}, err
		}
		if strings.HasSuffix(table, "."+instanceOf+".") {
			return filter{}, errors.New("a table is named without its last {i}")
		}
	}
	r := &refFilter{tables: args}
	return filter{
		refs: r,
		read: func(tx *Tx, raw string) string {
			return eachItem(raw, func(item string) string { return r.path(tx, item) })
		},
		write: r.write,
	}, nil
}

// path is where an item of a raw value points, "" for nowhere.
func (r *refFilter) path(tx *Tx, item string) string {
	if row := r.row(tx, item); row != nil {
		return row.Path()
	}
	return ""
}

func (r *refFilter) row(tx *Tx, item string) *Row {
	if item == "" {
		return nil
	}
	if len(r.tables) == 0 {
		table, key, ok := splitTableKey(item)
		if !ok {
			return nil
		}
		return tx.byKey(table, key)
	}
	for _, table := range r.tables {
		if row := tx.byKey(table, item); row != nil {
			return row
		}
	}
	return nil
}

// write turns paths back into sections or keys.
func (r *refFilter) write(tx *Tx, value, _ string) (string, error) {
	var failed error
	raw := eachItem(value, func(path string) string {
		if path == "" {
			return ""
		}
		row := tx.rowAt(path)
		switch {
		case row == nil:
			failed = errors.New("refers to nothing that exists")
		case len(r.tables) == 0:
			return row.Table() + "{" + row.Key + "}"
		case !slices.Contains(r.tables, row.Table()):
			failed = errors.New("cannot refer to that object, only to rows of " + strings.Join(r.tables, " "))
		case row.Section != "":
			return row.Section
		default:
			return row.Key
		}
		return ""
	})
	return raw, failed
}

// splitTableKey takes apart TABLE{KEY}.
func splitTableKey(item string) (table, key string, ok bool) {
	body, ok := strings.CutSuffix(item, "}")
	if !ok {
		return "", "", false
	}
	i := strings.Index(body, ".{")
	for i >= 0 && strings.HasPrefix(body[i+1:], instanceOf+".") {
		next := strings.Index(body[i+2:], ".{")
		if next < 0 {
			return "", "", false
		}
		i += 2 + next
	}
	if i < 0 {
		return "", "", false
	}
	return body[:i+1], body[i+2:], true
}

// clearReferences takes the rows that were deleted out of every strong reference which the router keeps as their key or
// section. Weak references stay, and so do read-only ones: they say what the router does.
func (tx *Tx) clearReferences() error {
	for _, p := range tx.def.references {
		for _, gone := range tx.goneRows {
			if err := tx.clearReferencesOf(p, gone); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *Tx) clearReferencesOf(p *param, gone *Row) error {
	at := slices.IndexFunc(p.filters, func(f filter) bool { return f.refs != nil })
	ref := p.filters[at].refs
	if !slices.Contains(ref.tables, gone.Table()) {
		return nil
	}
	return tx.everyRow(p.object, func(row *Row) error {
		if row.ReadOnly {
			return nil
		}
		raw, err := tx.raw(p, row)
		if err != nil || raw == "" {
			return nil // what cannot be read refers to nothing
		}
		inner := readThrough(p.filters[:at], tx, raw)
		cleared := eachItem(inner, func(item string) string {
			if (item == gone.Key || item == gone.Section) && ref.row(tx, item) == nil {
				return ""
			}
			return item
		})
		if cleared == inner {
			return nil
		}
		text, err := writeThrough(p.filters[:at], tx, cleared, raw)
		if err == nil {
			err = tx.setRaw(p, row, text)
		}
		if err != nil {
			return tx.explain(err, p, row)
		}
		return nil // not noted as set: the asker did not name it, so it counts as a value change (N-10)
	})
}
