package source

import (
	"context"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// setAfter is `call after OBJECT METHOD…`, a command parameter: it reads false, and true has methods called on the bus, without
// arguments and in this order, after the session.
func setAfter(_ context.Context, r *Reader, _ *model.Row, args []string, value string) error {
	if !yes(value, false) {
		return nil
	}
	if len(args) < 2 || slices.ContainsFunc(args, func(word string) bool { return word == "" || strings.ContainsAny(word, " /") }) {
		return refused("there is nobody to ask")
	}
	r.After(strings.Join(args, " "))
	return nil
}
