package model

import (
	"cmp"
	"slices"
)

// A rowSet is a table below one row. After an Add or a Delete it is read anew, and rows that are still there keep their Row.
type rowSet struct {
	rows    []*Row // by number
	err     error  // the source could not say
	stamp   int    // Tx.grown when it was read, plus one
	loading bool
}

// maxRows bounds one table below one row.
const maxRows = 8192

// maxKey bounds what a row may be called by: keys are kept on flash.
const maxKey = 512

// rows lists a table below a row.
func (tx *Tx) rows(o *object, outer *Row) *rowSet {
	if outer.sets == nil {
		outer.sets = make([]rowSet, len(outer.scope.inner))
	}
	set := &outer.sets[o.table.slot]
	if set.stamp == tx.grown+1 || outer.gone {
		return set
	}
	if set.loading {
		tx.partial = true
		tx.once(&o.table.logged, "the rows of a table need themselves", o.def.Path, nil)
		return set
	}
	set.loading = true
	tx.load(o, outer, set)
	set.loading, set.stamp = false, tx.grown+1
	return set
}

// load asks the source for the rows and matches them with those known.
func (tx *Tx) load(o *object, outer *Row, set *rowSet) {
	var found []*Row
	var seen map[string]bool // nil while a key cannot come twice
	for at, expr := range o.table.rows {
		rows, err := tx.readRows(expr, outer.pass())
		if err != nil {
			set.err = err
			tx.once(&o.table.logged, "the rows of a table cannot be read", o.def.Path, err)
			return
		}
		own := slices.Clone(rows) // the source may remember its own
		found = slices.Grow(found, len(own))
		if seen == nil && len(found)+len(own) > 1 {
			seen = make(map[string]bool, len(own))
			for _, r := range found {
				seen[r.Key] = true
			}
		}
		for i := range own {
			r := &own[i]
			if r.Key == "" || len(r.Key) > maxKey || seen[r.Key] || len(found) >= maxRows {
				continue
			}
			if seen != nil {
				seen[r.Key] = true
			}
			r.at = at
			found = append(found, r)
		}
	}
	set.err = nil
	tx.adopt(o, outer, set, found)
}

// adopt makes the source's rows the tree's: a row known already in this transaction stays the same Row with its number,
// the others get theirs from the instance numbers kept.
func (tx *Tx) adopt(o *object, outer *Row, set *rowSet, found []*Row) {
	if len(found) == 0 && len(set.rows) == 0 {
		return
	}
	known := knownRows(set.rows)
	path := outer.tablePath(o)
	fresh, kept := found[:0], make([]*Row, 0, len(found)) // what is fresh was found, and goes no further than that
	for _, r := range found {
		var old *Row
		if known != nil {
			old = known[r.identity()]
		}
		if old == nil {
			r.tx, r.scope, r.outer, r.Parent, r.bound = tx, o.scope, outer, outer, r.Key
			if outer.IsRoot() {
				r.Parent = nil
			}
			fresh = append(fresh, r)
			continue
		}
		if old.gone {
			continue
		}
		old.Key, old.Section, old.Package, old.Place, old.ReadOnly, old.Data, old.at = r.Key, r.Section, r.Package, r.Place, r.ReadOnly, r.Data, r.at
		kept = append(kept, old)
	}
	tx.tree.instances.assign(path, o.table.volatile, tx.writer, tx.opened, tx.fresh[path], kept, fresh)
	for _, r := range fresh {
		if r.Number != 0 {
			kept = append(kept, r)
		}
	}
	for _, old := range set.rows {
		if old.gone {
			kept = append(kept, old) // remembered until the end, so that it does not come back
		}
	}
	slices.SortFunc(kept, func(a, b *Row) int { return cmp.Compare(a.Number, b.Number) })
	set.rows = kept
}

// knownRows indexes rows by what they are called within one transaction.
func knownRows(rows []*Row) map[string]*Row {
	if len(rows) == 0 {
		return nil
	}
	known := make(map[string]*Row, len(rows))
	for _, r := range rows {
		known[r.identity()] = r
	}
	return known
}

// identity is what a row is called within one transaction: an anonymous section keeps its place there even when its content,
// and with it its Key, changes.
func (r *Row) identity() string {
	if r.Place != "" {
		return r.Place
	}
	return "\x00" + r.Key
}

// live visits the rows that are there.
func (s *rowSet) live(visit func(*Row) error) error {
	for _, r := range s.rows {
		if r.gone {
			continue
		}
		if err := visit(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *rowSet) count() int {
	n := 0
	for _, r := range s.rows {
		if !r.gone {
			n++
		}
	}
	return n
}

// number finds a row by its instance number.
func (s *rowSet) number(n uint32) *Row {
	i, ok := slices.BinarySearchFunc(s.rows, n, func(r *Row, n uint32) int { return cmp.Compare(r.Number, n) })
	if !ok || s.rows[i].gone {
		return nil
	}
	return s.rows[i]
}

// aliased finds a row by its alias.
func (s *rowSet) aliased(alias string) *Row {
	for _, r := range s.rows {
		if !r.gone && r.aliasText() == alias {
			return r
		}
	}
	return nil
}

// everyRow visits the rows of an object's scope, over all parents; the root for objects outside tables.
func (tx *Tx) everyRow(o *object, visit func(*Row) error) error { return tx.everyRowOf(o.scope, visit) }

func (tx *Tx) everyRowOf(s *scope, visit func(*Row) error) error {
	if s.table == nil {
		return visit(tx.top)
	}
	return tx.everyRowOf(s.outer, func(outer *Row) error { return tx.rows(s.table, outer).live(visit) })
}

// A keyIndex finds the rows of a table by key and by section.
type keyIndex struct {
	stamp int
	rows  map[string]*Row
}

// byKey finds a row of a table, over all parents, by its key or section; keys go first.
func (tx *Tx) byKey(table, key string) *Row {
	o := tx.def.tables[table]
	if o == nil || key == "" {
		return nil
	}
	index := tx.index[o]
	if index == nil || index.stamp != tx.grown+1 {
		index = &keyIndex{rows: map[string]*Row{}}
		tx.partial = false
		_ = tx.everyRow(o, func(r *Row) error {
			if index.rows[r.Key] == nil || index.rows[r.Key].Key != r.Key {
				index.rows[r.Key] = r
			}
			if r.Section != "" && index.rows[r.Section] == nil {
				index.rows[r.Section] = r
			}
			return nil
		})
		if !tx.partial {
			index.stamp = tx.grown + 1
		}
		if tx.index == nil {
			tx.index = map[*object]*keyIndex{}
		}
		tx.index[o] = index
	}
	return index.rows[key]
}
