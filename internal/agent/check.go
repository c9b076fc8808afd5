package agent

import (
	"context"
	"io/fs"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/source"
)

// CheckModel checks .dm files of the host, or all that the router has when none is named.
func CheckModel(ctx context.Context, o Options, files []string) ([]model.Problem, error) {
	p, err := Open(ctx, o)
	if p == nil {
		return nil, err
	}
	defer p.Close()
	if len(files) == 0 {
		return p.Problems, err
	}
	router := source.New(source.Config{Root: p.Box.Root, UCI: p.UCI, Box: p.Box, Funcs: p.funcs()})
	return model.Check(files, model.Config{Source: router, Files: []fs.FS{o.Files}}), nil
}
