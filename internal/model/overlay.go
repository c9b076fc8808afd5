package model

import (
	"slices"
	"strings"
)

// An overlay is what one transaction changes about instances.
type overlay struct {
	added   []keyed // with their numbers
	removed []keyed
	renamed []rename // rows whose keys moved by the transaction's own writes: their numbers go along
	aliases []keyed
	paths   []string // of rows that are no more: all tables below them go
}

type rename struct{ table, from, to string }

type keyed struct {
	table, key string
	volatile   bool
	number     uint32
	alias      string
	place      string
}

func (o *overlay) empty() bool {
	return len(o.added)+len(o.aliases)+len(o.renamed)+len(o.removed)+len(o.paths) == 0
}

// stage makes new keys known before they can be seen on flash, so that a reader who meets one there at once gives it no
// other number. undo takes them back.
func (in *instances) stage(o *overlay) (undo func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	var back []func()
	bind := func(table string, volatile bool, key string, e *entry) {
		t := in.table(table, volatile)
		old := t.rows[key]
		switch {
		case old == nil:
			back = append(back, func() { delete(t.rows, key) })
		case old.gone != 0:
			back = append(back, func() { t.rows[key] = old })
		default:
			return
		}
		t.rows[key] = e
	}
	for _, a := range o.added {
		bind(a.table, a.volatile, a.key, &entry{number: a.number, place: a.place})
	}
	for _, r := range o.renamed {
		if t := in.tables[r.table]; t != nil && t.rows[r.from] != nil {
			copied := *t.rows[r.from]
			bind(r.table, t.volatile, r.to, &copied)
		}
	}
	return func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		for _, undo := range back {
			undo()
		}
	}
}

// finish makes the rest of an overlay hold, once it is on flash; commit counts the one that brought it.
func (in *instances) finish(o *overlay, commit uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.forget(commit)
	moving := make([]entry, len(o.renamed)) // all at once: the key of a deleted twin may pass to its brother
	for i, r := range o.renamed {
		if t := in.tables[r.table]; t != nil && t.rows[r.from] != nil {
			moving[i] = *t.rows[r.from]
			t.rows[r.from].gone = commit
		}
	}
	for _, r := range o.removed {
		if t := in.tables[r.table]; t != nil && t.rows[r.key] != nil {
			t.rows[r.key].gone = commit
		}
	}
	for i, r := range o.renamed {
		if moving[i].number != 0 {
			in.tables[r.table].rows[r.to] = &moving[i]
		}
	}
	for _, a := range o.aliases {
		if t := in.tables[a.table]; t != nil && t.rows[a.key] != nil {
			t.rows[a.key].alias = a.alias
		}
	}
	for path, t := range in.tables {
		if slices.ContainsFunc(o.paths, func(p string) bool { return strings.HasPrefix(path, p) }) {
			t.gone = commit
		}
	}
}

// forget drops what was deleted so long ago that nobody sees it any more.
func (in *instances) forget(commit uint64) {
	for path, t := range in.tables {
		if t.gone != 0 && t.gone+afterglow < commit {
			delete(in.tables, path)
			continue
		}
		for key, e := range t.rows {
			if e.gone != 0 && e.gone+afterglow < commit {
				delete(t.rows, key)
			}
		}
	}
}

// snapshot is what belongs on flash, with an overlay that is staged applied; count goes into wrote once it is there.
func (in *instances) snapshot(o *overlay) (saved map[string]savedTable, count uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	copied := &instances{tables: make(map[string]*numbers, len(in.tables))}
	for path, t := range in.tables {
		if t.volatile || t.gone != 0 {
			continue
		}
		c := &numbers{last: t.last, rows: make(map[string]*entry, len(t.rows))}
		for key, e := range t.rows {
			if e.gone == 0 {
				e := *e
				c.rows[key] = &e
			}
		}
		copied.tables[path] = c
	}
	copied.finish(o, 1)
	saved = make(map[string]savedTable, len(copied.tables))
	for path, t := range copied.tables {
		if t.gone == 0 {
			saved[path] = t.saved()
		}
	}
	return saved, in.changed
}

func (t *numbers) saved() savedTable {
	s := savedTable{Last: t.last, Rows: make(map[string]savedRow, len(t.rows))}
	for key, e := range t.rows {
		if e.gone == 0 {
			s.Rows[jsonKey(key)] = savedRow{e.number, e.alias, e.place}
		}
	}
	return s
}
