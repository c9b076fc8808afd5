package model

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// instances keeps the instance numbers and aliases of all rows ever seen. A number belongs to a row's key for ever and is
// never given twice: each table remembers the highest one. It is kept in memory while reading and written with
// the next commit, or at the end of a transaction of the ACS or the agent; numbers of volatile tables are never written.
type instances struct {
	mu      sync.Mutex
	tables  map[string]*numbers // by today's path of the table: "Device.IP.Interface.2.IPv4Address."
	changed uint64              // counts changes that belong on flash
	saved   uint64              // the count that is there
}

// numbers are the instance numbers of one table below one row.
type numbers struct {
	last     uint32 // the highest number ever given
	volatile bool
	gone     uint64            // see entry.gone
	rows     map[string]*entry // by row key
}

type entry struct {
	number uint32
	alias  string
	place  string
	gone   uint64 // the commit that deleted the row, 0 for none: who opened before it may still see the row, and by its number
}

// afterglow is for how many commits the numbers of deleted rows are remembered for those who opened before.
const afterglow = 16

// maxLost is how many keys of vanished rows a table remembers, so that a modem that comes back has its old number.
const maxLost = 256

// savedTable and savedRow are what is written; the keys are short because flash is.
type savedTable struct {
	Last uint32              `json:"last"`
	Rows map[string]savedRow `json:"rows,omitempty"`
}

type savedRow struct {
	N     uint32 `json:"n"`
	Alias string `json:"alias,omitempty"`
	Place string `json:"place,omitempty"`
}

// restore takes over what was saved. What cannot be true (a number twice, or 0) is dropped, and never given again.
func (in *instances) restore(saved map[string]savedTable) {
	in.tables = make(map[string]*numbers, len(saved))
	for path, t := range saved {
		n := &numbers{last: t.Last, rows: make(map[string]*entry, len(t.Rows))}
		taken := map[uint32]bool{0: true}
		for _, key := range sortedKeys(t.Rows) {
			r := t.Rows[key]
			n.last = max(n.last, r.N)
			if !taken[r.N] {
				taken[r.N] = true
				n.rows[fromJSONKey(key)] = &entry{number: r.N, alias: r.Alias, place: r.Place}
			}
		}
		in.tables[path] = n
	}
}

func (in *instances) table(path string, volatile bool) *numbers {
	t := in.tables[path]
	if t == nil {
		t = &numbers{volatile: volatile, rows: map[string]*entry{}}
		in.tables[path] = t
	}
	if t.volatile != volatile { // the definition changed
		t.volatile = volatile
		in.changed++
	}
	return t
}

// assign gives every row in fresh its number and alias: the one that the transaction reserved, that its key has already,
// that of a lost row of the same place (a foreign edit changed what its key is made of), or a new one. kept are the rows of
// the table that have theirs. A transaction that writes takes nothing over: what it misses it may have removed itself.
// opened is how many commits there had been when the transaction began.
func (in *instances) assign(path string, volatile, writer bool, opened uint64, reserved map[string]uint32, kept, fresh []*Row) {
	if len(fresh) == 0 {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	t := in.table(path, volatile)
	present := len(kept)
	var unknown []*Row
	for _, r := range fresh {
		e := t.rows[r.Key]
		if e != nil && e.gone != 0 && opened >= e.gone {
			e = nil // somebody made a row of the same key again: it is another one
		}
		switch {
		case reserved[r.Key] != 0:
			r.Number = reserved[r.Key]
		case e == nil:
			unknown = append(unknown, r)
		default:
			present++
			r.Number, r.alias = e.number, e.alias
			if e.place != r.Place && !writer {
				e.place = r.Place
				in.touch(t)
			}
		}
	}
	if len(unknown) == 0 {
		return
	}
	var lost map[string]string
	if present < len(t.rows) && !writer {
		lost = t.lost(kept, fresh)
	}
	for _, r := range unknown {
		e := t.rebind(lost[r.Place], r)
		if e == nil {
			if t.last == math.MaxUint32 {
				continue // number 0: the row stays unseen, for a number is never given twice
			}
			t.last++
			e = &entry{number: t.last, place: r.Place}
			t.rows[r.Key] = e
		}
		r.Number, r.alias = e.number, e.alias
	}
	in.touch(t)
	if len(t.rows) > present+len(unknown)+maxLost {
		in.forgetLost(path, t, kept, fresh)
	}
}

func (in *instances) touch(t *numbers) {
	if !t.volatile {
		in.changed++
	}
}

// lost maps the places of keys that no row has now to those keys.
func (t *numbers) lost(kept, fresh []*Row) map[string]string {
	there := presentKeys(kept, fresh)
	lost := map[string]string{}
	for key, e := range t.rows {
		if e.place != "" && e.gone == 0 && !there[key] {
			lost[e.place] = key
		}
	}
	return lost
}

func presentKeys(lists ...[]*Row) map[string]bool {
	there := map[string]bool{}
	for _, rows := range lists {
		for _, r := range rows {
			there[r.Key] = true
		}
	}
	return there
}

// rebind moves the entry of a lost key to a row of the same place.
func (t *numbers) rebind(lost string, r *Row) *entry {
	if lost == "" || r.Place == "" {
		return nil
	}
	e := t.rows[lost]
	if e == nil {
		return nil
	}
	delete(t.rows, lost)
	t.rows[r.Key] = e
	return e
}

// forgetLost drops the oldest keys of vanished rows, and all tables below them.
func (in *instances) forgetLost(path string, t *numbers, kept, fresh []*Row) {
	there := presentKeys(kept, fresh)
	var gone []string
	for key := range t.rows {
		if !there[key] {
			gone = append(gone, key)
		}
	}
	slices.SortFunc(gone, func(a, b string) int { return cmp.Compare(t.rows[a].number, t.rows[b].number) })
	for _, key := range gone[:len(gone)-maxLost/2] {
		in.dropBelow(rowPrefix(path, t.rows[key].number))
		delete(t.rows, key)
	}
}

// reserve takes the next number of a table; 0 when there is none left.
func (in *instances) reserve(path string, volatile bool) uint32 {
	in.mu.Lock()
	defer in.mu.Unlock()
	t := in.table(path, volatile)
	if t.last == math.MaxUint32 {
		return 0
	}
	t.last++
	in.touch(t)
	return t.last
}

func (in *instances) dropBelow(prefix string) {
	for path := range in.tables {
		if strings.HasPrefix(path, prefix) {
			delete(in.tables, path)
		}
	}
}

// dirty tells whether something new belongs on flash.
func (in *instances) dirty() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.changed != in.saved
}

// wrote notes that a snapshot is on flash.
func (in *instances) wrote(count uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.saved = max(in.saved, count)
}

// rowPrefix is the beginning of all paths below a row of a table.
func rowPrefix(table string, number uint32) string {
	return table + strconv.FormatUint(uint64(number), 10) + "."
}

// jsonKey is a key that JSON brings back as it was: names on a router need not be UTF-8.
func jsonKey(key string) string {
	if utf8.ValidString(key) && !strings.HasPrefix(key, `"`) {
		return key
	}
	return strconv.Quote(key)
}

func fromJSONKey(text string) string {
	if key, err := strconv.Unquote(text); err == nil && text[0] == '"' {
		return key
	}
	return text
}
