package uci

import (
	"slices"
	"strconv"
)

// Diff lists the edits that make old, as Load returned it, hold what new does. Sections are the same where their
// names are, so new should be a changed Clone of old. The order of options within a section is not looked at.
func Diff(old, new *Package) []Edit {
	d := differ{base: old, work: old.Clone()}
	for _, s := range old.Sections {
		if n := new.Section(s.Name); n == nil || n.Type != s.Type || n.Anonymous != s.Anonymous {
			d.do(Edit{Op: OpDelete, Section: s.Name})
		}
	}
	for _, s := range new.Sections {
		w := d.work.Section(s.Name)
		if w == nil {
			d.do(Edit{Op: OpAdd, Section: s.Name, Type: s.Type, Anonymous: s.Anonymous})
			w = d.work.Section(s.Name)
		}
		d.options(w, s)
	}
	for i, s := range new.Sections {
		if i < len(d.work.Sections) && d.work.Sections[i].Name != s.Name {
			d.do(Edit{Op: OpOrder, Section: s.Name, Values: []string{strconv.Itoa(i)}})
		}
	}
	return d.edits
}

type differ struct {
	base, work *Package
	edits      []Edit
}

func (d *differ) do(e Edit) {
	e.Package, e.Base = d.base.Name, d.base
	if d.work.Apply(e) == nil {
		d.edits = append(d.edits, e)
	}
}

func (d *differ) options(was, is *Section) {
	if was == nil {
		return
	}
	for _, o := range slices.Clone(was.Options) {
		if is.Option(o.Name) == nil {
			d.do(Edit{Op: OpUnset, Section: is.Name, Option: o.Name})
		}
	}
	for _, o := range is.Options {
		w := was.Option(o.Name)
		if w == nil || w.IsList != o.IsList || !slices.Equal(w.Values, o.Values) {
			d.do(Edit{Op: OpSet, Section: is.Name, Option: o.Name, Values: slices.Clone(o.Values), IsList: o.IsList})
		}
	}
}
