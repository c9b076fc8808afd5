package model

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/cwmpd/cwmpd/internal/state"
)

// A Tx is a transaction: the only way to read and to write. It is used by one goroutine at a time and must be closed.
// Reads see what the same transaction has written.
type Tx struct {
	tree    *Tree
	def     *compiled
	origin  Origin
	access  Access
	ctx     context.Context // of the call that runs: a source that asks back for a let or a path has no other
	opened  uint64          // Tree.commits when access was opened
	top     *Row            // what stands for everything outside tables
	aliased bool            // UseAliases

	index   map[*object]*keyIndex
	partial bool // a table was asked for while it was being read
	depth   int  // of values that need values

	writer   bool // holds the writer slot
	writes   int  // counts changes: what a let said before is stale
	grown    int  // counts added and deleted rows: what a table held before is stale
	done     bool
	failed   error // an Add or Delete that broke off halfway: nothing can be committed
	attached []state.File

	fresh    map[string]map[string]uint32 // numbers reserved: table path → row key
	added    []*Row
	goneRows []*Row
	aliases  []*Row // whose alias changed
	pending  map[cell]string
	changes  map[cell]*change
	order    []*change
}

// A cell is one parameter of one row.
type cell struct {
	param *param
	row   *Row
}

// A change is what the transaction did to a cell.
type change struct {
	cell
	path       string
	first, now string
	own        bool // by SetOwn: no write hook hears of it
}

func (tx *Tx) open(ctx context.Context) error {
	tx.opened = tx.tree.commits.Load()
	tx.top = &Row{tx: tx, scope: tx.def.top}
	tx.index = nil
	err := contain(tx, "the source cannot be opened", "", func() (err error) {
		tx.access, err = tx.tree.cfg.Source.Begin(ctx, view{tx})
		return err
	})
	if err == nil && tx.access == nil {
		err = errors.New("the source opened nothing")
	}
	return err
}

var errOver = &ParamError{Reason: Internal, Msg: "the transaction is over"}

// enter makes ctx the one of the running call; the result ends the call.
func (tx *Tx) enter(ctx context.Context) (leave func()) {
	outer := tx.ctx
	tx.ctx = ctx
	return func() { tx.ctx = outer }
}

// lock takes the writer slot. What was read before another transaction committed meanwhile is read anew.
func (tx *Tx) lock(ctx context.Context) error {
	switch {
	case tx.done:
		return errOver
	case tx.writer:
		return nil
	}
	select {
	case tx.tree.writer <- struct{}{}:
	case <-ctx.Done():
		return &ParamError{Reason: Busy, Msg: "another transaction is writing"}
	}
	tx.writer = true
	if tx.tree.commits.Load() == tx.opened {
		return nil
	}
	tx.closeAccess()
	if err := tx.open(ctx); err != nil {
		tx.failed = err
		return &ParamError{Reason: Internal, Msg: err.Error()}
	}
	return nil
}

func (tx *Tx) closeAccess() {
	if tx.access == nil {
		return
	}
	access := tx.access
	tx.access = nil
	if err := contain(tx, "the source cannot be closed", "", access.Close); err != nil {
		tx.tree.log.Warn("the source did not close well", "error", err)
	}
}

// Attach adds a file to the commit.
func (tx *Tx) Attach(f state.File) { tx.attached = append(tx.attached, f) }

// Close ends the transaction; what was not committed never was. Numbers that rows got while the ACS or the agent read them
// are on flash when it returns: they are as good as promised (P-1).
func (tx *Tx) Close() error {
	if tx.done {
		return nil
	}
	tx.done = true
	tx.closeAccess()
	if tx.writer {
		<-tx.tree.writer
	}
	if tx.origin == FromCLI {
		return nil
	}
	return tx.tree.saveInstances()
}

// errBroke stands for a panic in a source; the log has the rest.
var errBroke = errors.New("the source broke down")

// contain runs code of a source, which may be anybody's: a panic ends neither the daemon nor the transaction.
func contain(tx *Tx, what, path string, run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			tx.broke(what, path, p)
			err = errBroke
		}
	}()
	return run()
}

func (tx *Tx) broke(what, path string, p any) {
	tx.tree.log.Error(what, "path", path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}

// once logs what would else be said at each reading.
func (tx *Tx) once(logged *atomic.Bool, msg, path string, err error) {
	if !logged.CompareAndSwap(false, true) {
		return
	}
	if err != nil {
		tx.tree.log.Warn(msg, "path", path, "error", err)
		return
	}
	tx.tree.log.Warn(msg, "path", path)
}

// A view is a transaction as sources see it.
type view struct{ tx *Tx }

func (v view) Origin() Origin { return v.tx.origin }

func (v view) Owed() []string { return v.tx.tree.Owed() }

func (v view) Path(table, key string) string {
	if r := v.tx.byKey(table, key); r != nil {
		return r.Path()
	}
	return ""
}

func (v view) Row(path string) *Row { return v.tx.rowAt(path) }

func (v view) Rows(table string) []*Row {
	o := v.tx.def.tables[table]
	if o == nil {
		return nil
	}
	var rows []*Row
	_ = v.tx.everyRow(o, func(r *Row) error {
		rows = append(rows, r)
		return nil
	})
	return rows
}

func (v view) Value(path string) (string, error) {
	c, err := v.tx.one(path)
	if err != nil {
		return "", err
	}
	return v.tx.text(c.param, c.row)
}
