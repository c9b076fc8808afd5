package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/state"
)

// values are what the agent itself owns: row → name → text. The row "" holds those outside tables; other rows are
// named by their table and keys. A values once shared is never changed, but replaced.
type values map[string]map[string]string

const valuesFile = "values"

type stateView struct {
	values values // as this transaction sees them
	own    bool   // values is a copy with edits, not the shared one
	edits  []stateEdit
	staged bool // handed out for a commit: what is saved is known only after it
}

// A stateEdit is one change, replayed at the commit on what is saved by then: another transaction may have come first.
type stateEdit struct {
	row, name, value string
	drop             bool // of all values of the row and of those below it
}

// apply makes the change in all, whose rows it replaces.
func (e *stateEdit) apply(all values) {
	if e.drop {
		for name := range all {
			if name == e.row || strings.HasPrefix(name, e.row+rowSep) {
				delete(all, name)
			}
		}
		return
	}
	mine := map[string]string{}
	maps.Copy(mine, all[e.row])
	if e.value == "" {
		delete(mine, e.name)
	} else {
		mine[e.name] = e.value
	}
	if len(mine) == 0 {
		delete(all, e.row)
	} else {
		all[e.row] = mine
	}
}

// readValues reads the values as they were saved last.
func (rt *Router) readValues() values {
	v := values{}
	if st := rt.cfg.Store; st != nil {
		err := st.Load(valuesFile, &v)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			rt.log.Error("the agent's own values cannot be read", "error", err)
		}
	}
	return v
}

// sharedValues returns the values as saved last, read once for all transactions until one of them saves.
func (rt *Router) sharedValues() values {
	rt.mu.Lock()
	v, age := rt.values, rt.age
	rt.mu.Unlock()
	if v != nil {
		return v
	}
	v = rt.readValues()
	rt.mu.Lock()
	if rt.age == age {
		rt.values = v
	}
	rt.mu.Unlock()
	return v
}

func (r *Reader) stateValues() values {
	if r.state.values == nil {
		r.state.values = r.rt.sharedValues()
	}
	return r.state.values
}

func (r *Reader) stateGet(row, name string) string { return r.stateValues()[row][name] }

func (r *Reader) stateSet(row, name, value string) {
	if r.stateGet(row, name) != value {
		r.stateEdit(stateEdit{row: row, name: name, value: value})
	}
}

// stateDrop forgets the values of a row that is no more, and those of its children.
func (r *Reader) stateDrop(row *model.Row) {
	own := rowName(row)
	for name := range r.stateValues() {
		if name == own || strings.HasPrefix(name, own+rowSep) {
			r.stateEdit(stateEdit{row: own, drop: true})
			return
		}
	}
}

func (r *Reader) stateEdit(e stateEdit) {
	if !r.state.own {
		r.state.values, r.state.own = maps.Clone(r.stateValues()), true
	}
	e.apply(r.state.values)
	r.state.edits = append(r.state.edits, e)
}

func (r *Reader) statePrepare() ([]state.File, error) {
	if len(r.state.edits) == 0 {
		return nil, nil
	}
	if r.rt.cfg.Store == nil {
		return nil, errors.New("there is no place for the agent's own values")
	}
	all := r.rt.readValues()
	for i := range r.state.edits {
		r.state.edits[i].apply(all)
	}
	f, err := r.rt.cfg.Store.File(valuesFile, all)
	if err != nil {
		return nil, fmt.Errorf("save the agent's own values: %w", err)
	}
	r.state.staged = true
	return []state.File{f}, nil
}

func (r *Reader) stateClose() {
	if !r.state.staged {
		return
	}
	r.state.staged = false
	r.rt.mu.Lock()
	r.rt.values = nil
	r.rt.age++
	r.rt.mu.Unlock()
	r.rt.NetworkChanged()
	select {
	case r.rt.sampler.changed <- struct{}{}:
	default:
	}
}

// rowName names a row in the saved values: its table's path and its key, after those of its parents.
func rowName(row *model.Row) string {
	if row.IsRoot() {
		return ""
	}
	own := row.Table() + " " + row.Key
	if row.Parent.IsRoot() {
		return own
	}
	return rowName(row.Parent) + rowSep + own
}

// rowSep stands between the names of a row's parents and its own.
const rowSep = " > "

// stateValue is a value the agent owns: `state NAME`.
type stateValue struct{ name string }

func compileState(_ *Router, use model.Use, words []string) (model.Expr, error) {
	if use != model.UseValue && use != model.UseLet {
		return nil, nil
	}
	if len(words) != 1 {
		return nil, errors.New("want state NAME")
	}
	return &stateValue{words[0]}, nil
}

func (e *stateValue) Caps() model.Caps { return model.Caps{Set: true} }
func (e *stateValue) String() string   { return "state " + e.name }

func (e *stateValue) get(_ context.Context, r *Reader, row *model.Row) (string, error) {
	all := r.stateValues()
	if len(all) == 0 {
		return "", nil
	}
	return all[rowName(row)][e.name], nil
}

func (e *stateValue) set(_ context.Context, r *Reader, row *model.Row, value string) error {
	r.stateSet(rowName(row), e.name, value)
	return nil
}
