package source

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/json"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// How long a method may take to answer, and what all that do not answer may cost one transaction together; after
// that the rest get ubusHurry each.
const (
	ubusPatience = 3 * time.Second
	ubusBudget   = 9 * time.Second
	ubusHurry    = 200 * time.Millisecond
)

// ubusKey is a question: the same one is asked once in a transaction.
type ubusKey struct {
	object, method string
	args           ubus.Value
}

type ubusView struct {
	answers map[ubusKey]ubus.Value // absent for a question that failed
	args    map[string]ubus.Value  // arguments by their JSON
	hung    map[string]bool        // objects that did not answer in time
	lost    time.Duration          // spent waiting for them
}

// ubusAsk asks a method, once per transaction. Every failure is an absent value: a router whose Wi-Fi is down still
// has a tree.
func (r *Reader) ubusAsk(ctx context.Context, object, method string, args ubus.Value) ubus.Value {
	if !args.Exists() {
		args = ubus.Table()
	}
	key := ubusKey{object, method, args}
	if v, ok := r.ubus.answers[key]; ok {
		return v
	}
	v := r.ubusCall(ctx, key)
	if r.ubus.answers == nil {
		r.ubus.answers = map[ubusKey]ubus.Value{}
	}
	r.ubus.answers[key] = v
	return v
}

func (r *Reader) ubusCall(ctx context.Context, q ubusKey) ubus.Value {
	bus := r.rt.cfg.Ubus
	if bus == nil || q.object == "" || r.ubus.hung[q.object] {
		return ubus.Value{}
	}
	patience := ubusPatience
	if r.ubus.lost >= ubusBudget {
		patience = ubusHurry
	}
	asked, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := time.Now()
	v, err := bus.Call(asked, q.object, q.method, q.args)
	name := "ubus " + q.object + " " + q.method
	if err == nil {
		r.rt.quiet.again(name)
		return v
	}
	if asked.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		if r.ubus.hung == nil {
			r.ubus.hung = map[string]bool{}
		}
		r.ubus.hung[q.object] = true
		r.ubus.lost += time.Since(start)
	}
	if ctx.Err() == nil && r.rt.quiet.first(name) {
		r.rt.log.Log(ctx, ubusLevel(err), "ubus does not answer", "object", q.object, "method", q.method, "error", err)
	}
	return ubus.Value{}
}

// ubusArgs makes arguments of their JSON, absent where it is none.
func (r *Reader) ubusArgs(text string) ubus.Value {
	if v, ok := r.ubus.args[text]; ok {
		return v
	}
	v, err := ubus.FromJSON([]byte(text))
	if err != nil {
		v = ubus.Value{}
	}
	if r.ubus.args == nil {
		r.ubus.args = map[string]ubus.Value{}
	}
	r.ubus.args[text] = v
	return v
}

// question is OBJECT METHOD {ARGS}, or nothing when the value is relative to the row's own.
type question struct {
	object, method, args template
	fixed                ubus.Value // the arguments when they hold no placeholder
	relative             bool
}

func parseQuestion(words []string) (question, []string, error) {
	var q question
	if strings.HasPrefix(words[0], ".") || strings.HasPrefix(words[0], "[") {
		q.relative = true
		return q, words, nil
	}
	if len(words) < 3 {
		return q, nil, errors.New("want OBJECT METHOD {ARGS} PATH, or .FIELD of the row")
	}
	t, err := parseTemplates(words[:3])
	if err != nil {
		return q, nil, err
	}
	q.object, q.method, q.args = t[0], t[1], t[2]
	rest := words[3:]
	if len(rest) == 0 {
		rest = []string{"."}
	}
	if q.args.fixed() {
		q.fixed, err = ubus.FromJSON([]byte(words[2]))
		if err != nil || q.fixed.Kind() != ubus.KindTable {
			return q, nil, fmt.Errorf("the arguments %q are not a JSON object", words[2])
		}
	}
	return q, rest, nil
}

// ask returns the value that a path starts from.
func (q *question) ask(ctx context.Context, r *Reader, row *model.Row) ubus.Value {
	if q.relative {
		if row == nil {
			return ubus.Value{}
		}
		v, _ := row.Data.(ubus.Value)
		return v
	}
	object, ok := q.object.expand(r, row)
	method, ok2 := q.method.expand(r, row)
	if !ok || !ok2 {
		return ubus.Value{}
	}
	args := q.fixed
	if !q.args.fixed() {
		text, whole := q.args.expandWith(r, row, jsonInner)
		if !whole {
			return ubus.Value{}
		}
		if args = r.ubusArgs(text); args.Kind() != ubus.KindTable {
			return ubus.Value{}
		}
	}
	return r.ubusAsk(ctx, object, method, args)
}

// jsonInner escapes s as the inside of a JSON string: what fills a placeholder cannot end it.
func jsonInner(s string) string {
	b := json.Quote(nil, s)
	return string(b[1 : len(b)-1])
}

// ubusValue is a member of an answer: `ubus OBJECT METHOD {ARGS} PATH`, or `ubus .FIELD` of the row's own.
type ubusValue struct {
	text string
	q    question
	path []step
	many bool
}

func compileUbus(_ *Router, use model.Use, words []string) (model.Expr, error) {
	if len(words) == 0 {
		return nil, errors.New("want OBJECT METHOD {ARGS} PATH, or .FIELD of the row")
	}
	text := strings.Join(words, " ")
	q, words, err := parseQuestion(words)
	if err != nil {
		return nil, err
	}
	path, err := parsePath(words[0])
	if err != nil {
		return nil, err
	}
	switch use {
	case model.UseValue, model.UseLet:
		if len(words) > 1 {
			return nil, fmt.Errorf("%q after the path", words[1])
		}
		return &ubusValue{text, q, path, plural(path)}, nil
	case model.UseRows:
		return compileUbusRows(text, q, path, words[1:])
	}
	return nil, nil
}

func (e *ubusValue) Caps() model.Caps { return model.Caps{} }
func (e *ubusValue) String() string   { return "ubus " + e.text }

func (e *ubusValue) get(ctx context.Context, r *Reader, row *model.Row) (string, error) {
	v := e.q.ask(ctx, r, row)
	if !v.Exists() {
		return "", nil
	}
	if e.many {
		var items []string
		every(r, row, v, e.path, "", func(_ string, v ubus.Value) { items = append(items, v.Text()) })
		return joinList(items), nil
	}
	return ubusText(one(r, row, v, e.path)), nil
}

// ubusText is the raw text of a value: an array is a list of its members.
func ubusText(v ubus.Value) string {
	if v.Kind() != ubus.KindArray {
		return clean(v.Text())
	}
	var items []string
	for _, m := range v.All() {
		items = append(items, m.Text())
	}
	return joinList(items)
}

// ubusRows makes a row of every value that a path leads to, or of every element of the array that it ends in.
type ubusRows struct {
	text string
	q    question
	path []step
	key  []step // the field that names the row; nil: the member's name, or the scalar itself
}

func compileUbusRows(text string, q question, path []step, words []string) (model.Expr, error) {
	e := &ubusRows{text: text, q: q, path: path}
	for _, w := range words {
		field, ok := strings.CutPrefix(w, "key=")
		if !ok || field == "" {
			return nil, fmt.Errorf("%q after the path: want key=FIELD", w)
		}
		if !strings.HasPrefix(field, ".") {
			field = "." + field
		}
		var err error
		if e.key, err = parsePath(field); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (e *ubusRows) Caps() model.Caps { return model.Caps{} }
func (e *ubusRows) String() string   { return "ubus " + e.text }

func (e *ubusRows) templates() []*template {
	out := []*template{&e.q.object, &e.q.method, &e.q.args}
	for i := range e.path {
		out = append(out, &e.path[i].name)
	}
	return out
}

func (e *ubusRows) rows(ctx context.Context, r *Reader, parent *model.Row) ([]model.Row, error) {
	var out []model.Row
	add := func(name string, v ubus.Value) {
		key := name
		switch {
		case e.key != nil:
			key = one(r, parent, v, e.key).Text()
		case key == "":
			key = v.Text()
		}
		if key = clean(key); key != "" {
			out = append(out, model.Row{Key: key, Data: v})
		}
	}
	every(r, parent, e.q.ask(ctx, r, parent), e.path, "", func(name string, v ubus.Value) {
		if v.Kind() != ubus.KindArray {
			add(name, v)
			return
		}
		for _, m := range v.All() {
			add("", m)
		}
	})
	return out, nil
}

// ubusLevel says how loud a failure is: an object of a package that is not installed is nothing to warn of.
func ubusLevel(err error) slog.Level {
	switch ubus.Code(err) {
	case ubus.StatusNotFound, ubus.StatusMethodNotFound, ubus.StatusNoData:
		return slog.LevelDebug
	}
	return slog.LevelWarn
}
