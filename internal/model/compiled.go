package model

import (
	"slices"
	"strings"
	"sync/atomic"
)

// A compiled is the tree of definitions as transactions use it. It is never changed.
type compiled struct {
	roots      []*object
	objects    map[string]*object // by the path of their definition
	order      []*object          // parents before children
	tables     map[string]*object // by path without the last {i}: "Device.WiFi.Radio."
	references []*param           // strong references that can be written
	top        *scope
	unmet      []Def
	files      int

	wildcard, aliases bool
}

// A scope is what shares one Row: a table with all its singletons, or everything outside tables.
type scope struct {
	table *object // nil for everything outside tables
	outer *scope  // nil for everything outside tables
	lets  []let
	inner []*object // the tables right below; a table's slot is its place here
}

type let struct {
	name    string
	expr    Expr
	filters []filter
}

// An object is a definition in the tree.
type object struct {
	def     Def
	name    string // "SSID"
	below   string // from the scope's row to its parameters: "" for a table, "Security." for a singleton of it
	parent  *object
	scope   *scope // whose row its parameters are read with
	params  []*param
	objects []*object
	byName  []*param  // params, sorted
	sorted  []*object // objects, sorted
	hook    *hook     // the nearest `write` clause, nil for none
	table   *table    // nil for a singleton
}

// A table is what only tables have.
type table struct {
	rel      string // from the outer scope's row to the rows: "SSID." or, outside tables, "Device.WiFi.SSID."
	slot     int    // in the inner tables of the outer scope
	rows     []Expr
	add      Expr
	max      int
	volatile bool
	alias    bool // has the implied Alias
	count    *param
	unique   [][]*param
	enable   *param // nil: there is none
	logged   atomic.Bool
}

type hook struct {
	object *object
	expr   Expr
}

// A param is a parameter in the tree.
type param struct {
	def     Def
	name    string
	object  *object
	expr    Expr    // nil for the implied ones
	counts  *object // the table whose rows it counts
	set     bool    // the source can set it
	filters []filter
	logged  atomic.Bool // that its source broke down, or that what it says is not of the type
}

// isAlias tells the Alias that the tree keeps.
func (p *param) isAlias() bool { return p.expr == nil && p.counts == nil }

func (o *object) isTable() bool { return o.table != nil }

func find(sorted []*object, name string) *object {
	i, ok := slices.BinarySearchFunc(sorted, name, func(o *object, name string) int { return strings.Compare(o.name, name) })
	if !ok {
		return nil
	}
	return sorted[i]
}

func (o *object) child(name string) *object { return find(o.sorted, name) }

func (o *object) param(name string) *param {
	i, ok := slices.BinarySearchFunc(o.byName, name, func(p *param, name string) int { return strings.Compare(p.name, name) })
	if !ok {
		return nil
	}
	return o.byName[i]
}
