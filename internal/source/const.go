package source

import (
	"context"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// constant is a fixed text, or one made of placeholders: `const WORD…`.
type constant struct{ words template }

func compileConst(_ *Router, use model.Use, words []string) (model.Expr, error) {
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
