package model

import (
	"context"

	"github.com/cwmpd/cwmpd/internal/state"
)

// ListSep stands before each item of a multi-valued raw value (a UCI list) between a source and the filters:
// "\x1fa\x1fb" is the list of a and b. A raw value that does not begin with it is a scalar.
const ListSep = "\x1f"

// A Source reaches every kind of place where values live. Package source is the real one.
type Source interface {
	// Compile understands the words of one source expression; words[0] is the verb. It is called while files are
	// loaded. The error says what is wrong and what was expected; the tree adds file and line.
	Compile(use Use, words []string) (Expr, error)
	// Begin opens the source for one transaction. It is cheap: nothing is read before it is asked for.
	Begin(ctx context.Context, tree Context) (Access, error)
}

// Use says what an expression is for.
type Use int

const (
	UseValue Use = iota // the value of a parameter
	UseRows             // the rows of a table
	UseAdd              // the template of AddObject
	UseHook             // the `write` clause: words are those after "write"
	UseNeed             // a `needs` clause: words are those after "needs"
	UseLet              // a `let` value
)

// An Expr is a compiled expression. It belongs to the Source that made it and is never changed.
type Expr interface {
	Caps() Caps
	String() string // as written, for messages and `model stats`
}

// Caps is what an expression can do beside reading.
type Caps struct {
	Set  bool // Access.Set works: an rw line without it needs a write hook on its object
	Grow bool // Access.Add (for UseAdd) or Access.Delete (for UseRows) works
}

// Context is what a source may ask the tree while a transaction is open. It sees what the transaction has written.
type Context interface {
	// Path names the row of that key or section, without a trailing dot ("Device.WiFi.Radio.1"), or is "".
	// table is "Device.WiFi.Radio." or, below another table, "Device.IP.Interface.{i}.IPv4Address.".
	Path(table, key string) string
	// Row is the row that a path names (with or without the trailing dot), nil when there is none.
	Row(path string) *Row
	// Rows lists a table (named as for Path), over all parents.
	Rows(table string) []*Row
	// Value reads a parameter, hidden ones too: never hand it on to a transport.
	Value(path string) (string, error)
	Origin() Origin
	// Owed lists what commits before left to be done after the session.
	Owed() []string
}

// An Access is one transaction's view of a source. It is used by one goroutine at a time. What it has read it remembers
// until Close, so that one ubus reply serves all parameters that quote it. Every method ends when ctx does.
//
// A row is never nil: for a parameter or a table outside every table it is the root's (see Row.IsRoot).
type Access interface {
	// Rows lists the rows one `rows` clause finds below parent. The tree sets Parent and Number itself.
	Rows(ctx context.Context, at Expr, parent *Row) ([]Row, error)
	// Get reads a raw value; absent is "" and no error.
	Get(ctx context.Context, at Expr, row *Row) (string, error)
	// Set changes a raw value for this transaction; Get and Rows see it from now on.
	Set(ctx context.Context, at Expr, row *Row, value string) error
	// Add makes a row by the template `at`; the instance number is already reserved.
	Add(ctx context.Context, at Expr, parent *Row, number uint32) (Row, error)
	// Delete removes a row; at is the `rows` clause that found it.
	Delete(ctx context.Context, at Expr, row *Row) error
	// Hook runs the `write` clause of an object, once for a changed row, at commit. changed holds the canonical text of all
	// the row's parameters that this transaction set, by name relative to the object that has the clause.
	Hook(ctx context.Context, at Expr, row *Row, changed map[string]string) error
	// Need tests a `needs` clause.
	Need(ctx context.Context, at Expr) bool
	// Prepare takes the locks, re-reads, replays, and returns what is to be committed. Nothing is committed by it.
	Prepare(ctx context.Context) (Prepared, error)
	// Close is called once, always, after the commit or without one; it releases locks and drops what was not committed.
	Close() error
}

// Prepared is a transaction's effect on one source.
type Prepared struct {
	Files    []state.File // as they will be
	Packages []string     // UCI packages that really change
	Commit   func() error // effects that are not files, before the files; nil for none
	After    []string     // errands, which Config.Reload gets after the session
}
