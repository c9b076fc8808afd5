package source

import (
	"context"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// constant is a fixed text, or one made of placeholders: `const WORD…`.
type constant struct{ words template }

func compileConst(_ *Router, use model.Use, words []string) (model.Expr, error) {
	if use == model.UseRows {
		return constRows(words), nil
	}
	if use != model.UseValue && use != model.UseLet {
		return nil, nil
	}
	t, err := parseTemplate(strings.Join(words, " "))
	if err != nil {
		return nil, err
	}
	return &constant{t}, nil
}

func (c *constant) Caps() model.Caps { return model.Caps{} }
func (c *constant) String() string   { return "const " + c.words.text }

func (c *constant) get(_ context.Context, r *Reader, row *model.Row) (string, error) {
	text, whole := c.words.expand(r, row)
	if !whole {
		return "", nil
	}
	return clean(text), nil
}

// constRows is a table whose rows are always the same: `rows const KEY…`.
type constRows []string

func (c constRows) Caps() model.Caps { return model.Caps{} }
func (c constRows) String() string   { return "const " + strings.Join(c, " ") }

func (c constRows) rows(context.Context, *Reader, *model.Row) ([]model.Row, error) {
	rows := make([]model.Row, len(c))
	for i, key := range c {
		rows[i].Key = key
	}
	return rows, nil
}
