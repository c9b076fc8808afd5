package model

import (
	"fmt"
	"strconv"
	"strings"
)

// A Row is one instance of a table. A Source fills in Key to Data; the tree sets the rest.
//
// Key names the row for ever within its parent: a section's name, a MAC address, and for an anonymous UCI section a
// fingerprint of its content (with an ordinal for twins), since libuci's own name moves with its position.
type Row struct {
	Key      string
	Package  string // UCI package and section as libuci names them today; empty where there is none
	Section  string
	Place    string // where an anonymous row lies ("firewall.cfg0a92bd"); a row whose Key is new takes over the number of a lost row of the same Place; "" never does
	ReadOnly bool   // nothing of it can be set, nor can it be deleted (Alias excepted)
	Data     any    // whatever the source wants to remember

	Parent *Row   // nil for a row that is not below another row; set by the tree
	Number uint32 // instance number, 0 for the root; set by the tree

	tx    *Tx
	scope *scope
	outer *Row   // Parent, or the root
	at    int    // which rows clause found it
	below string // what every path below the row begins with: its path and a dot; "" until somebody asks
	bound string // the key that the instance numbers know it by: Key may have moved by our own writes
	alias string
	gone  bool // deleted by this transaction
	sets  []rowSet
	lets  []letCell
}

// A letCell remembers a let until the transaction writes something.
type letCell struct {
	value string
	stamp int // Tx.writes when it was read, plus one; computing while it is
}

const computing = -1

// IsRoot reports whether r stands for everything outside tables: no key, no section, no number. A nil Row does.
func (r *Row) IsRoot() bool { return r == nil || r.scope != nil && r.scope.table == nil }

// Var is the value of a {placeholder}: a `let` of the row, of its singletons or of its parents, or one of section, key, n,
// parent.section, parent.key, parent.n (parent.parent.key and so on too). Absent is "".
func (r *Row) Var(name string) string {
	for r != nil {
		rest, ok := strings.CutPrefix(name, "parent.")
		if !ok {
			break
		}
		r, name = r.Parent, rest
	}
	if r == nil {
		return ""
	}
	switch name {
	case "section":
		return r.Section
	case "key":
		return r.Key
	case "n":
		return strconv.FormatUint(uint64(r.Number), 10)
	}
	for ; r != nil; r = r.above() {
		if r.scope == nil {
			continue
		}
		for i := range r.scope.lets {
			if r.scope.lets[i].name == name {
				return r.let(i)
			}
		}
	}
	return ""
}

// above is the row whose lets r sees too. A source's own Row knows its Parent only.
func (r *Row) above() *Row {
	if r.outer != nil {
		return r.outer
	}
	return r.Parent
}

// let reads a let once; one that needs itself is "".
func (r *Row) let(i int) string {
	if r.lets == nil {
		r.lets = make([]letCell, len(r.scope.lets))
	}
	cell := &r.lets[i]
	if cell.stamp == r.tx.writes+1 || cell.stamp == computing {
		return cell.value
	}
	*cell = letCell{stamp: computing}
	value := r.tx.readLet(&r.scope.lets[i], r)
	*cell = letCell{value, r.tx.writes + 1}
	return value
}

// Table is the definition's path of the row's table, "Device.WiFi.SSID." or "Device.IP.Interface.{i}.IPv4Address."; "" for the root.
func (r *Row) Table() string {
	if r.IsRoot() || r.scope == nil {
		return ""
	}
	return strings.TrimSuffix(r.scope.table.def.Path, instanceOf+".")
}

// Path is the row's own path today, without a trailing dot: "Device.IP.Interface.2.IPv4Address.1"; "" for the root.
func (r *Row) Path() string {
	if r.IsRoot() || r.scope == nil {
		return ""
	}
	return strings.TrimSuffix(r.prefix(), ".")
}

// prefix is what every path below the row begins with.
func (r *Row) prefix() string {
	if r.IsRoot() || r.scope == nil {
		return ""
	}
	if r.below == "" {
		var buf [maxPath]byte
		path := append(append(buf[:0], r.outer.prefix()...), r.scope.table.table.rel...)
		r.below = string(append(strconv.AppendUint(path, uint64(r.Number), 10), '.'))
	}
	return r.below
}

// tablePath is the path of a table right below the row: "Device.IP.Interface.2.IPv4Address.".
func (r *Row) tablePath(o *object) string { return r.prefix() + o.table.rel }

// pass is the row as a source is told of it: outside tables it gets nil, unless there are lets to be asked for.
func (r *Row) pass() *Row {
	if r.scope.table == nil && len(r.scope.lets) == 0 {
		return nil
	}
	return r
}

// aliasText is the row's alias: what the ACS gave it, else one that its number makes unique for ever (9.7: the CPE's own
// begin with cpe- and never change).
func (r *Row) aliasText() string {
	if r.alias == "" {
		r.alias = ownAlias(r.Number)
	}
	return r.alias
}

const aliasPrefix = "cpe-"

func ownAlias(number uint32) string { return aliasPrefix + strconv.FormatUint(uint64(number), 10) }

func (r *Row) String() string { return fmt.Sprintf("%s (%s)", r.Path(), r.Key) }
