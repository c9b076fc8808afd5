package model

import (
	"context"

	"github.com/cwmpd/cwmpd/internal/state"
)

// A Tx is a transaction: the only way to read and to write. It is used by one goroutine at a time and must be closed.
// Reads see what the same transaction has written.
type Tx struct{}

// A Param is one parameter as Get visits it; it and Path are valid during the visit only.
type Param struct {
	Path     []byte
	Type     Base
	Value    string // canonical text; "" when hidden
	Writable bool
	Hidden   bool
	Def      *Def
}

// A Name is one line of Names, valid during the visit only. Objects end with a dot.
type Name struct {
	Path     []byte
	Writable bool // may be set (parameter), grown (table), deleted (row)
	Object   bool
	Def      *Def
}

// Names visits the names below a path as GetParameterNames wants them, depth first, in a stable order.
func (tx *Tx) Names(ctx context.Context, path string, nextLevel bool, visit func(Name) error) error {
	return nil
}

// Get visits the parameters that a full name, a partial path or "" stands for.
func (tx *Tx) Get(ctx context.Context, path string, visit func(*Param) error) error { return nil }

// Value reads one parameter; a hidden one as "".
func (tx *Tx) Value(ctx context.Context, path string) (string, error) { return "", nil }

// Check tells whether Get and Names would know the path, without reading values.
func (tx *Tx) Check(ctx context.Context, path string) error { return nil }

// Set changes a parameter. Every error is a *ParamError; the transaction goes on, so that all can be collected.
func (tx *Tx) Set(ctx context.Context, path, text string, typ Base) error { return nil }

// SetOwn changes a parameter that others only read and that the agent owns, such as ParameterKey.
func (tx *Tx) SetOwn(ctx context.Context, path, text string) error { return nil }

// Add makes a row in a table ("Device.NAT.PortMapping.") and returns its instance number.
func (tx *Tx) Add(ctx context.Context, object string) (uint32, error) { return 0, nil }

// Delete removes a row ("Device.NAT.PortMapping.3.") with all below it.
func (tx *Tx) Delete(ctx context.Context, object string) error { return nil }

// Attach adds a file to the commit.
func (tx *Tx) Attach(f state.File) {}

// Commit makes all changes at once or none. It may return ParamErrors (see Errors). The transaction is closed afterwards.
func (tx *Tx) Commit(ctx context.Context) (Changes, error) { return Changes{}, nil }

// Close ends the transaction; what was not committed never was.
func (tx *Tx) Close() error { return nil }

// Changes is what a commit did.
type Changes struct {
	Set      map[string]string // parameter path → text (hidden ones ""), also where it was the old text again; with the …NumberOfEntries of tables that changed
	Added    []string          // rows, with the trailing dot
	Deleted  []string
	Packages []string // UCI packages that changed
	Reload   []string // those whose reload is owed now: Status 1 iff there are any
	Own      bool     // one of Config.Own changed
	Origin   Origin
}

// Cover returns paths without duplicates and without those that lie below another one, in order: the same parameters, each once.
func Cover(paths []string) []string { return paths }
