// Package model is the parameter tree: what this router can say and be told, under the names of TR-181, with no router
// and no protocol in it. Transports (CWMP today) speak to a Tree in paths and text; a Source knows where values live.
//
// # One page
//
// Load reads .dm files (see datamodel/README.md for the language) into definitions: objects with parameters, each a line
//
//	Enable  rw boolean  uci .disabled | default 0 | not
//
// of name, access, type, flags, source and filters. A line that is wrong is left out and becomes a Problem; later files
// win. Everything after that happens in a transaction:
//
//	tx, err := tree.Begin(ctx, model.FromACS)
//	defer tx.Close()
//	err = tx.Set(ctx, "Device.Time.Enable", "1", model.BaseBoolean) // *ParamError: keep going, collect all
//	changes, err := tx.Commit(ctx)                                  // all or nothing, also over a power cut
//	…
//	err = tree.Apply(ctx)                                           // when the session is over: tell the router
//
// A value travels as text. Reading: the Source's raw value → filters, left to right → canonical text of the type
// (type.go, lexical.go, named.go). Writing is strict and goes the other way: text → type, enumeration, reference → filters
// backwards → Source. What the router says is shown leniently; what is not of the type at all reads as the type's empty
// value and is logged once.
//
// # Rows
//
// A table's rows come from its `rows` clauses. Row.Key names a row for ever within its parent; its instance number
// belongs to the key, is given once and never again (instance.go). Rows are read once in a transaction, lazily, and again
// after it added or deleted one; a row that is still there stays the same *Row. Singletons under a table's row share that
// row, and with it the `let` values. References are resolved through one index per table and transaction.
//
// # Writing
//
// There is one writer at a time: the first write of a transaction takes the slot, and reads anew what others committed
// while it waited. Commit (commit.go) reads from top to bottom: clear references to deleted rows, check unique keys, run
// the write hooks (each once for a changed row, with all its new values), follow rows whose keys moved, prepare the
// source, then hand everything to state.Store as one commit: the source's files, instance numbers, the list of reloads
// owed, attached files. The text a parameter has already is no change at all.
//
// # Who owns what
//
// Definitions are immutable; a Reload puts new ones beside the old, which open transactions finish with. A Tx and its rows
// belong to one goroutine. Shared are only the instance numbers and the reloads owed, each behind its mutex, and three
// one-slot channels: the writer, the flash, and Apply. No lock is held while a source works, but the writer slot.
// Code of a source is called in contain or ask: a panic there is an error of that line and no more.
package model
