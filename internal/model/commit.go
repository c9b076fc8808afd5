package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/state"
)

// Changes is what a commit did.
type Changes struct {
	Set      map[string]string // parameter path → text (hidden ones ""), also where it was the old text again; with the …NumberOfEntries of tables that changed
	Added    []string          // rows, with the trailing dot
	Deleted  []string
	Packages []string // UCI packages that changed
	Reload   []string // what is owed now, reloads and errands: Status 1 iff there is any
	Own      bool     // one of Config.Own changed
	Origin   Origin
}

// Commit makes all changes at once or none, also over a power cut: the sources' files, the instance numbers, the
// reloads owed and the attached files are one commit of the Store. It may return ParamErrors (see Errors). The transaction
// is closed afterwards in any case.
func (tx *Tx) Commit(ctx context.Context) (Changes, error) {
	defer tx.enter(ctx)()
	if tx.done {
		return Changes{}, errOver
	}
	changes, err := tx.commit(ctx)
	err = tx.tell(err)
	if closing := tx.Close(); closing != nil {
		tx.tree.log.Error("a transaction did not close well", "error", closing) // what is committed stays so
	}
	if err != nil {
		return Changes{}, err
	}
	if changes.any() && tx.tree.cfg.OnCommit != nil {
		tx.tree.cfg.OnCommit(changes)
	}
	return changes, nil
}

func (c *Changes) any() bool {
	return len(c.Set)+len(c.Added)+len(c.Deleted)+len(c.Packages) > 0
}

func (tx *Tx) commit(ctx context.Context) (Changes, error) {
	if tx.failed != nil {
		return Changes{}, tx.failed
	}
	if !tx.writer && len(tx.attached) == 0 {
		return Changes{Origin: tx.origin}, nil
	}
	if err := tx.settle(ctx); err != nil {
		return Changes{}, err
	}
	overlay := tx.overlay()
	prepared, err := tx.prepare(ctx)
	if err != nil {
		return Changes{}, err
	}
	changes := tx.report(prepared)
	if err := tx.store(ctx, prepared, overlay, changes.Reload); err != nil {
		return Changes{}, err
	}
	return changes, nil
}

// settle does what is to be done once all values are known: cross-checks and write hooks.
func (tx *Tx) settle(ctx context.Context) error {
	if err := tx.clearReferences(); err != nil {
		return err
	}
	if errs := tx.checkUnique(); len(errs) > 0 {
		return errors.Join(errs...)
	}
	return tx.runHooks(ctx)
}

// A hookRun is one call of a write hook: a row and what changed in it.
type hookRun struct {
	hook    *hook
	row     *Row
	first   *param
	changed map[string]string
}

// runHooks calls each write hook once for each changed row, with all new values of the row, whatever order they were set in.
func (tx *Tx) runHooks(ctx context.Context) error {
	var runs []*hookRun
	for _, ch := range tx.order {
		h := ch.param.object.hook
		if h == nil || ch.own || !ch.differs() || ch.row.gone || ch.param.isAlias() {
			continue
		}
		i := slices.IndexFunc(runs, func(r *hookRun) bool { return r.hook == h && r.row == ch.row })
		if i < 0 {
			i = len(runs)
			runs = append(runs, &hookRun{hook: h, row: ch.row, first: ch.param, changed: map[string]string{}})
		}
		runs[i].changed[strings.TrimPrefix(ch.param.object.below, h.object.below)+ch.param.name] = ch.now
	}
	var errs []error
	for _, r := range runs {
		tx.writes++
		err := contain(tx, "a write hook broke down", r.row.Path(), func() error {
			return tx.access.Hook(ctx, r.hook.expr, r.row.pass(), r.changed)
		})
		if err != nil {
			errs = append(errs, tx.explainHook(err, r))
		}
	}
	return errors.Join(errs...)
}

// explainHook completes the path of an error: a hook names parameters as its own object does.
func (tx *Tx) explainHook(err error, r *hookRun) error {
	var pe *ParamError
	if errors.As(err, &pe) && pe.Path != "" && tx.def.locateRoot(pe.Path) == nil {
		err = &ParamError{Path: r.row.prefix() + r.hook.object.below + pe.Path, Reason: pe.Reason, Msg: pe.Msg}
	}
	return tx.explain(err, r.first, r.row)
}

func (tx *Tx) prepare(ctx context.Context) (Prepared, error) {
	var prepared Prepared
	err := contain(tx, "the commit broke a source", "", func() (err error) {
		prepared, err = tx.access.Prepare(ctx)
		return err
	})
	if err == nil {
		return prepared, nil
	}
	var pe *ParamError
	if !errors.As(err, &pe) {
		if ctx.Err() == nil {
			tx.tree.log.Error("a commit cannot be prepared", "error", err)
		}
		return prepared, fmt.Errorf("prepare the commit: %w", err)
	}
	return prepared, tx.blame(pe)
}

// blame gives an error that concerns the whole commit the path of the first thing changed.
func (tx *Tx) blame(pe *ParamError) *ParamError {
	if pe.Path != "" {
		return pe
	}
	path, set := "", slices.IndexFunc(tx.order, func(ch *change) bool { return !ch.own })
	switch {
	case set >= 0:
		path = tx.order[set].path
	case len(tx.added) > 0:
		path = tx.added[0].prefix()
	case len(tx.goneRows) > 0:
		path = tx.goneRows[0].prefix()
	}
	return &ParamError{Path: path, Reason: pe.Reason, Msg: pe.Msg}
}

// report says what the commit will have done.
func (tx *Tx) report(prepared Prepared) Changes {
	c := Changes{Packages: prepared.Packages, Origin: tx.origin, Set: map[string]string{}}
	for _, ch := range tx.order {
		if ch.row.gone {
			continue
		}
		c.Set[ch.path] = ch.now
		if ch.param.def.Hidden {
			c.Set[ch.path] = ""
		}
	}
	for _, r := range tx.added {
		if !r.gone {
			c.Added = append(c.Added, r.prefix())
		}
		tx.reportCount(c.Set, r)
	}
	for _, r := range tx.goneRows {
		if !slices.Contains(tx.added, r) {
			c.Deleted = append(c.Deleted, r.prefix())
		}
		tx.reportCount(c.Set, r)
	}
	for _, pkg := range prepared.Packages {
		if slices.Contains(tx.tree.cfg.Own, pkg) {
			c.Own = true
			continue
		}
		c.Reload = append(c.Reload, pkg)
	}
	c.Reload = append(c.Reload, prepared.After...)
	return c
}

// reportCount adds the …NumberOfEntries of a row's table: the asker changed it with the row.
func (tx *Tx) reportCount(set map[string]string, r *Row) {
	if p := r.scope.table.table.count; p != nil && !r.outer.gone {
		set[tx.pathOf(p, r.outer)] = tx.implied(p, r.outer)
	}
}

// store has everything on flash when it returns, or nothing.
func (tx *Tx) store(ctx context.Context, prepared Prepared, overlay *overlay, reload []string) error {
	t := tx.tree
	if err := t.takeDisk(ctx); err != nil {
		return tx.blame(&ParamError{Reason: Busy, Msg: "the flash is busy"})
	}
	defer t.leaveDisk()
	undo := t.instances.stage(overlay)
	err := t.write(prepared, overlay, reload, tx.attached)
	if err != nil {
		undo()
		t.log.Error("a commit failed, nothing is changed", "error", err)
		return fmt.Errorf("commit: %w", err)
	}
	t.instances.finish(overlay, t.commits.Load()+1)
	t.owed.add(reload)
	t.commits.Add(1)
	return nil
}

func (t *Tree) write(prepared Prepared, overlay *overlay, reload []string, attached []state.File) error {
	files := slices.Concat(prepared.Files, attached)
	var count uint64
	if t.cfg.Store != nil && (!overlay.empty() || t.instances.dirty()) {
		saved, n := t.instances.snapshot(overlay)
		f, err := t.cfg.Store.File(instancesFile, saved)
		if err != nil {
			return err
		}
		files, count = append(files, f), n
	}
	if t.cfg.Store != nil && t.owed.lacks(reload) {
		f, err := t.cfg.Store.File(owedFile, t.owed.kept(reload))
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	if prepared.Commit != nil {
		if err := runCommit(prepared.Commit); err != nil {
			return err
		}
	}
	switch {
	case len(files) == 0:
		return nil
	case t.cfg.Store == nil:
		return errors.New("there is no store to commit files to")
	}
	if err := t.cfg.Store.Commit(files...); err != nil {
		return err
	}
	t.instances.wrote(count)
	return nil
}

// runCommit runs the effects that are not files, before the files: what can fail most goes first.
func runCommit(commit func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errBroke, p)
		}
	}()
	return commit()
}

// overlay collects what the transaction changes about instances. Tables whose keys may move are read once more: where our
// own writes changed the key of an anonymous section, its number follows.
func (tx *Tx) overlay() *overlay {
	o := &overlay{}
	if tx.writes > 0 {
		tx.grown++
		tx.follow(tx.top, o)
	}
	for _, r := range tx.added {
		if !r.gone {
			k := r.keyed()
			k.number, k.place = r.Number, r.Place
			o.added = append(o.added, k)
		}
	}
	for _, r := range tx.goneRows {
		o.removed = append(o.removed, keyed{table: r.table(), key: r.bound})
		o.paths = append(o.paths, r.prefix())
	}
	for _, r := range tx.aliases {
		if !r.gone {
			k := r.keyed()
			k.alias = r.alias
			o.aliases = append(o.aliases, k)
		}
	}
	return o
}

// table is today's path of the row's table.
func (r *Row) table() string { return r.outer.tablePath(r.scope.table) }

func (r *Row) keyed() keyed {
	return keyed{table: r.table(), key: r.Key, volatile: r.scope.table.table.volatile}
}

// follow looks at the tables that this transaction has seen for rows whose keys moved.
func (tx *Tx) follow(row *Row, o *overlay) {
	for slot := range row.sets {
		set := &row.sets[slot] // empty when the table was not looked at
		if slices.ContainsFunc(set.rows, func(r *Row) bool { return r.Place != "" }) {
			set = tx.rows(row.scope.inner[slot], row)
		}
		for _, r := range set.rows {
			if r.gone {
				continue
			}
			if r.bound != r.Key {
				o.renamed = append(o.renamed, rename{r.table(), r.bound, r.Key})
			}
			tx.follow(r, o)
		}
	}
}
