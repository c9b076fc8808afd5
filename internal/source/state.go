package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/state"
)

// values are what the agent itself owns: row → name → text. The row "" holds those outside tables; other rows are
// named by their table and keys. A values once shared is never changed, but replaced.
type values map[string]map[string]string

const valuesFile = "values"

type stateView struct {
	values values
	dirty  bool
	staged bool // handed out for a commit: what is on flash is known only after it
}

// loadValues returns the values as saved last.
func (rt *Router) loadValues() values {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.values != nil {
		return *rt.values
	}
	v := values{}
	if st := rt.cfg.Store; st != nil {
		err := st.Load(valuesFile, &v)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			rt.log.Error("the agent's own values cannot be read", "error", err)
		}
	}
	rt.values = &v
	return v
}

func (r *Reader) stateValues() values {
	if r.state.values == nil {
		r.state.values = r.rt.loadValues()
	}
	return r.state.values
}

func (r *Reader) stateGet(row, name string) string { return r.stateValues()[row][name] }

func (r *Reader) stateSet(row, name, value string) {
	old := r.stateValues()
	if old[row][name] == value {
		return
	}
	r.stateOwn()
	all := r.state.values
	mine := map[string]string{}
	for k, v := range all[row] {
		mine[k] = v
	}
	if value == "" {
		delete(mine, name)
	} else {
		mine[name] = value
	}
	if len(mine) == 0 {
		delete(all, row)
	} else {
		all[row] = mine
	}
}

// stateOwn makes the values a copy of this transaction's own.
func (r *Reader) stateOwn() {
	if r.state.dirty {
		return
	}
	all := values{}
	for k, v := range r.stateValues() {
		all[k] = v
	}
	r.state.values, r.state.dirty = all, true
}

// stateDrop forgets the values of a row that is no more, and those of its children.
func (r *Reader) stateDrop(row *model.Row) {
	own := rowName(row)
	for name := range r.stateValues() {
		if name == own || strings.HasPrefix(name, own+rowSep) {
			r.stateOwn()
			delete(r.state.values, name)
		}
	}
}

func (r *Reader) statePrepare() ([]state.File, error) {
	if !r.state.dirty {
		return nil, nil
	}
	if r.rt.cfg.Store == nil {
		return nil, errors.New("there is no place for the agent's own values")
	}
	f, err := r.rt.cfg.Store.File(valuesFile, r.state.values)
	if err != nil {
		return nil, fmt.Errorf("save the agent's own values: %w", err)
	}
	r.state.staged = true
	return []state.File{f}, nil
}

func (r *Reader) stateClose() {
	if r.state.staged {
		r.rt.mu.Lock()
		r.rt.values = nil
		r.rt.mu.Unlock()
		r.state.staged = false
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
