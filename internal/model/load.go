package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sort"
)

// errEmpty is the only way for a tree not to load.
var errEmpty = errors.New("no data model: not one object could be read")

// load reads all files and asks the source which needs hold.
func load(ctx context.Context, cfg *Config, files []fs.FS, open func(context.Context, *compiled) (*Tx, error)) (*compiled, []Problem, error) {
	d := &definitions{source: cfg.Source, objects: map[string]*objectDef{}}
	d.readAll(files)
	lack, err := d.needs(ctx, open)
	if err != nil {
		return nil, d.problems, err
	}
	building := d
	if len(lack) > 0 && d.layers > 1 { // somebody wrote files: what is wrong in objects that are not in the tree is told too
		d.build(cfg, nil)
		quiet := *d // all was said
		building = &quiet
	}
	c := building.build(cfg, lack)
	d.sortProblems()
	if len(c.order) == 0 && len(lack) == 0 {
		return nil, d.problems, errEmpty
	}
	return c, d.problems, nil
}

// needs asks for every `needs` clause; all of an object must hold.
func (d *definitions) needs(ctx context.Context, open func(context.Context, *compiled) (*Tx, error)) (map[string]bool, error) {
	tx, err := open(ctx, &compiled{})
	if err != nil {
		return nil, fmt.Errorf("open the source: %w", err)
	}
	defer tx.Close()
	lack := map[string]bool{}
	for _, od := range d.order {
		for _, n := range od.of("needs") {
			if !lack[od.path] && !tx.need(ctx, n.expr) {
				lack[od.path] = true
			}
		}
	}
	return lack, nil
}

// sortProblems brings what was found while reading and what was found while building into the order of the files.
func (d *definitions) sortProblems() {
	sort.SliceStable(d.problems, func(i, j int) bool { // slices would compile a sort for Problem alone
		a, b := d.problems[i], d.problems[j]
		return cmp.Or(cmp.Compare(slices.Index(d.files, a.File), slices.Index(d.files, b.File)), cmp.Compare(a.Line, b.Line)) < 0
	})
}
