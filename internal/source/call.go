package source

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// call is a Go function by its name: `call NAME ARG…`.
type call struct {
	name string
	fn   Func
	args []template
	use  model.Use
	text []string // the arguments when they hold no placeholder
}

func compileCall(rt *Router, use model.Use, words []string) (model.Expr, error) {
	if len(words) == 0 {
		return nil, fmt.Errorf("want call NAME ARG…")
	}
	name := words[0]
	fn, ok := rt.funcs[name]
	if !ok {
		return nil, fmt.Errorf("unknown function %q%s", name, rt.near(name))
	}
	args, err := parseTemplates(words[1:])
	if err != nil {
		return nil, err
	}
	c := &call{name: name, fn: fn, args: args, use: use}
	if !slices.ContainsFunc(args, func(t template) bool { return !t.fixed() }) {
		c.text = words[1:]
	}
	if !c.serves() {
		return nil, fmt.Errorf("function %q cannot be used in %s", name, useName(use))
	}
	return c, nil
}

// serves reports whether the function is made for the use it is put to.
func (c *call) serves() bool {
	switch c.use {
	case model.UseRows:
		return c.fn.Rows != nil
	case model.UseAdd:
		return c.fn.Add != nil
	case model.UseHook:
		return c.fn.Hook != nil
	case model.UseNeed:
		return c.fn.Need != nil
	}
	return c.fn.Get != nil
}

// near names the functions of the same family, to help against typing errors.
func (rt *Router) near(name string) string {
	family, _, _ := strings.Cut(name, ".")
	var same []string
	for _, n := range slices.Sorted(maps.Keys(rt.funcs)) {
		if strings.HasPrefix(n, family+".") {
			same = append(same, n)
		}
	}
	if len(same) == 0 {
		return ""
	}
	return ", known are " + strings.Join(same, ", ")
}

func (c *call) Caps() model.Caps {
	if c.use == model.UseRows {
		return model.Caps{Grow: c.fn.Delete != nil}
	}
	return model.Caps{Set: c.fn.Set != nil, Grow: c.fn.Add != nil && c.use == model.UseAdd}
}

func (c *call) String() string {
	out := "call " + c.name
	for _, a := range c.args {
		out += " " + a.text
	}
	return out
}

func (c *call) templates() []*template { return pointers(c.args) }

// values are the arguments with their placeholders filled in; an empty placeholder stays an empty argument.
func (c *call) values(r *Reader, row *model.Row) []string {
	if c.text != nil || len(c.args) == 0 {
		return c.text
	}
	out := make([]string, len(c.args))
	for i := range c.args {
		out[i], _ = c.args[i].expand(r, row)
	}
	return out
}

func (c *call) get(ctx context.Context, r *Reader, row *model.Row) (string, error) {
	v, err := c.fn.Get(ctx, r, row, c.values(r, row))
	if err != nil || strings.HasPrefix(v, model.ListSep) {
		return v, err
	}
	return clean(v), nil
}

func (c *call) set(ctx context.Context, r *Reader, row *model.Row, value string) error {
	return c.fn.Set(ctx, r, row, c.values(r, row), value)
}

func (c *call) rows(ctx context.Context, r *Reader, parent *model.Row) ([]model.Row, error) {
	return c.fn.Rows(ctx, r, parent, c.values(r, parent))
}

func (c *call) add(ctx context.Context, r *Reader, parent *model.Row, n uint32) (model.Row, error) {
	return c.fn.Add(ctx, r, parent, n, c.values(r, parent))
}

func (c *call) remove(ctx context.Context, r *Reader, row *model.Row) error {
	return c.fn.Delete(ctx, r, row)
}

func (c *call) hook(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	return c.fn.Hook(ctx, r, row, changed)
}

func (c *call) need(ctx context.Context, r *Reader) bool {
	return c.fn.Need(ctx, r, c.text)
}
