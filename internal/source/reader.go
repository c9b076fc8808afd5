package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// Reader is one transaction's view of the router: every ubus method is asked once, every file is read once, and UCI
// packages carry the changes that this transaction made itself. It belongs to one goroutine. What it returns must not
// be changed.
type Reader struct {
	rt   *Router
	tree model.Context

	uci   uciView
	ubus  ubusView
	files fileView
	exec  execView
	dbus  dbusView
	state stateView
	kern  *kernel.Kernel // nil until somebody asks
	memo  map[string]any
	acts  []func(context.Context) error
	after []string
}

var _ model.Access = (*Reader)(nil)

func newReader(rt *Router, tree model.Context) *Reader {
	return &Reader{rt: rt, tree: tree}
}

// Tree asks the data model within this transaction; nil in tests without one.
func (r *Reader) Tree() model.Context { return r.tree }

// Box is the router itself, nil where the Router was made without one.
func (r *Reader) Box() *system.Box { return r.rt.cfg.Box }

// Memo returns what make returned the first time that this transaction asked for key: the place for an index which
// many parameters share. make must not change anything.
func (r *Reader) Memo(key string, make func() any) any {
	if v, ok := r.memo[key]; ok {
		return v
	}
	v := make()
	if r.memo == nil {
		r.memo = map[string]any{}
	}
	r.memo[key] = v
	return v
}

// UCI returns a package with this transaction's own changes in it, nil where it is absent or broken (logged once).
func (r *Reader) UCI(pkg string) *uci.Package { return r.uciPackage(pkg) }

// Edit makes a change to a UCI package, seen by all later reads of this transaction and written at its commit.
func (r *Reader) Edit(e uci.Edit) error { return r.uciEdit(e) }

// Ubus returns the answer of a ubus method, the absent Value on any error (logged once). One transaction asks a method
// with the same arguments once, and an object that did not answer in time not again.
func (r *Reader) Ubus(ctx context.Context, object, method string, args ubus.Value) ubus.Value {
	return r.ubusAsk(ctx, object, method, args)
}

// File returns the content of a file under the router's root, nil where it cannot be read; at most 1 MiB of it.
func (r *Reader) File(name string) []byte { return r.fileRead(name) }

// Glob returns the paths below the router's root that match pattern, sorted, as the router sees them.
func (r *Reader) Glob(pattern string) []string { return r.fileGlob(pattern) }

// State returns a value the agent owns, "" where it was never set.
func (r *Reader) State(name string) string { return r.stateGet("", name) }

// SetState changes a value the agent owns; it is saved with the commit.
func (r *Reader) SetState(name, value string) { r.stateSet("", name, value) }

// Act puts off to the commit what is neither a value nor a file, such as a command to a daemon. An error of it ends the
// commit, before any file is written.
func (r *Reader) Act(do func(context.Context) error) { r.acts = append(r.acts, do) }

// After puts off to the end of the session, or where there is none to the end of the commit, what may cut off who asks for it. An
// errand is the path of a program, each further word of which is a run with that argument, and outlives a lost power; or
// an object on the bus and methods of it, and does not. Nothing is left of it where the commit fails.
func (r *Reader) After(errand string) { r.after = append(r.after, errand) }

// Rows lists the instances of a table.
func (r *Reader) Rows(ctx context.Context, at model.Expr, parent *model.Row) ([]model.Row, error) {
	if e, ok := at.(lister); ok {
		return e.rows(ctx, r, parent)
	}
	return nil, fmt.Errorf("%s lists no rows", at)
}

// Get returns the raw text of a value, "" where it is absent.
func (r *Reader) Get(ctx context.Context, at model.Expr, row *model.Row) (string, error) {
	if e, ok := at.(getter); ok {
		return e.get(ctx, r, row)
	}
	return "", fmt.Errorf("%s has no value", at)
}

// Set changes a value; reads of this transaction see it from now on.
func (r *Reader) Set(ctx context.Context, at model.Expr, row *model.Row, value string) error {
	e, ok := at.(setter)
	if !ok || !at.Caps().Set {
		return fmt.Errorf("%s cannot be set", at)
	}
	if len(value) > maxValue {
		return refused("a value of %d bytes is too long, at most %d", len(value), maxValue)
	}
	return e.set(ctx, r, row, value)
}

// Add makes a new instance from an add clause.
func (r *Reader) Add(ctx context.Context, at model.Expr, parent *model.Row, number uint32) (model.Row, error) {
	if e, ok := at.(adder); ok {
		return e.add(ctx, r, parent, number)
	}
	return model.Row{}, fmt.Errorf("%s adds nothing", at)
}

// Delete removes an instance; at is the rows clause that listed it. The agent's own values of the row go with it.
func (r *Reader) Delete(ctx context.Context, at model.Expr, row *model.Row) error {
	e, ok := at.(deleter)
	if !ok || !at.Caps().Grow {
		return refused("%s cannot be deleted", at)
	}
	if err := e.remove(ctx, r, row); err != nil {
		return err
	}
	r.stateDrop(row)
	return nil
}

// Hook runs an object's write clause.
func (r *Reader) Hook(ctx context.Context, at model.Expr, row *model.Row, changed map[string]string) error {
	if e, ok := at.(hooker); ok {
		return e.hook(ctx, r, row, changed)
	}
	return fmt.Errorf("%s is not a hook", at)
}

// Need tests a needs clause.
func (r *Reader) Need(ctx context.Context, at model.Expr) bool {
	e, ok := at.(needer)
	return ok && e.need(ctx, r)
}

// Prepare takes the locks, re-reads what changed meanwhile and returns what is to be committed. Nothing is written yet.
func (r *Reader) Prepare(ctx context.Context) (model.Prepared, error) {
	var p model.Prepared
	files, packages, err := r.uciPrepare(ctx)
	if err != nil {
		return p, err
	}
	p.Files, p.Packages = files, packages
	own, err := r.statePrepare()
	if err != nil {
		return model.Prepared{}, err
	}
	p.Files = append(p.Files, own...)
	texts, err := r.textPrepare()
	if err == nil {
		err = cmp.Or(r.keepsAWayIn(), r.keepsShut())
	}
	if err != nil {
		return model.Prepared{}, err
	}
	p.Files = append(p.Files, texts...)
	p.Commit, p.After = r.effects(ctx), r.after
	return p, nil
}

// effects returns the commit of what is not a file, nil when there is nothing of the kind.
func (r *Reader) effects(ctx context.Context) func() error {
	if len(r.exec.pending) == 0 && len(r.dbus.pending) == 0 && len(r.acts) == 0 {
		return nil
	}
	return func() error {
		err := errors.Join(r.execCommit(ctx), r.dbusCommit(ctx))
		for _, do := range r.acts {
			if err == nil {
				err = do(ctx)
			}
		}
		return err
	}
}

// Close releases the locks and drops what was not committed.
func (r *Reader) Close() error {
	r.uciClose()
	r.stateClose()
	return nil
}

// What an expression can do; a compiled expression implements those that its use asks for.
type (
	getter interface {
		get(context.Context, *Reader, *model.Row) (string, error)
	}
	setter interface {
		set(context.Context, *Reader, *model.Row, string) error
	}
	lister interface {
		rows(context.Context, *Reader, *model.Row) ([]model.Row, error)
	}
	adder interface {
		add(context.Context, *Reader, *model.Row, uint32) (model.Row, error)
	}
	deleter interface {
		remove(context.Context, *Reader, *model.Row) error
	}
	hooker interface {
		hook(context.Context, *Reader, *model.Row, map[string]string) error
	}
	needer interface {
		need(context.Context, *Reader) bool
	}
)

// refused is the error of a write which this router cannot take.
func refused(format string, args ...any) error {
	return model.Errorf(model.Refused, format, args...)
}
