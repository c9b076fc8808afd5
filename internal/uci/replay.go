package uci

import (
	"fmt"
	"slices"
)

// A replay does edits on a copy of a package and remembers which sections they meant.
type replay struct {
	now     *Package              // what the file holds, unchanged
	next    *Package              // what it will hold
	copyOf  map[*Section]*Section // from now to next
	origin  map[*Section]*Section // and back
	found   map[string]*Section   // in next, by what the edits call them
	touched []touch
}

// touch is what an edit touched, by the names of now.
type touch struct {
	section, option string // option "" means the section itself
	all             bool   // the whole package
}

func newReplay(now *Package) *replay {
	r := &replay{now: now, next: now.Clone(), copyOf: map[*Section]*Section{}, origin: map[*Section]*Section{},
		found: map[string]*Section{}}
	for i, s := range now.Sections {
		r.copyOf[s], r.origin[r.next.Sections[i]] = r.next.Sections[i], s
	}
	return r
}

func (r *replay) do(e Edit) error {
	if e.Op == OpAdd || e.Op == OpReplace {
		s, err := r.next.apply(e, nil)
		if err != nil {
			return err
		}
		if s != nil {
			r.found[s.Name] = s
		}
		r.touched = append(r.touched, touch{section: e.Section, all: e.Op == OpReplace})
		return nil
	}
	s, err := r.find(e)
	if err != nil {
		return err
	}
	t := touch{section: s.Name}
	if from := r.origin[s]; from != nil {
		t.section = from.Name
	}
	if e.Op != OpDelete && e.Op != OpOrder {
		t.option = e.Option
	}
	r.touched = append(r.touched, t)
	if _, err := r.next.apply(e, s); err != nil {
		return err
	}
	if e.Op == OpRename && e.Option == "" {
		r.found[s.Name] = s
	}
	return nil
}

// find is the section in next that an edit means.
func (r *replay) find(e Edit) (*Section, error) {
	s := r.found[e.Section]
	if s == nil {
		var err error
		if s, err = r.search(e); err != nil {
			return nil, err
		}
		if e.Section[0] != '@' {
			r.found[e.Section] = s
		}
	}
	if !slices.Contains(r.next.Sections, s) {
		return nil, fmt.Errorf("%s.%s was deleted: %w", e.Package, e.Section, ErrNoSection)
	}
	return s, nil
}

func (r *replay) search(e Edit) (*Section, error) {
	var was *Section
	if e.Base != nil && e.Section != "" && e.Section[0] != '@' {
		was = e.Base.Section(e.Section)
	}
	if was != nil && was.Anonymous {
		return r.identify(e, was)
	}
	s := r.next.Section(e.Section)
	switch {
	case s == nil, s.Anonymous && was == nil && e.Base != nil && e.Section[0] != '@':
		// A computed name that its author never saw means nothing.
		return nil, fmt.Errorf("%s.%s: %w", e.Package, e.Section, ErrNoSection)
	case was != nil && was.Type != s.Type:
		return nil, &BusyError{e.Package, e.Section, "", "another section has taken its name"}
	}
	return s, nil
}

// identify finds an anonymous section by what it held. Of twins it takes the one of the same place among them, if
// there are as many as there were.
func (r *replay) identify(e Edit, was *Section) (*Section, error) {
	before, now := twins(e.Base, was), twins(r.now, was)
	i := slices.Index(before, was)
	if len(before) != len(now) || i < 0 {
		return nil, &BusyError{e.Package, e.Section, "", "somebody changed or removed this unnamed section"}
	}
	return r.copyOf[now[i]], nil
}

// twins are the anonymous sections that hold what s holds.
func twins(p *Package, s *Section) []*Section {
	var list []*Section
	for _, t := range p.Sections {
		if t.Anonymous && t.same(s) {
			list = append(list, t)
		}
	}
	return list
}

// conflict compares what was touched with the uncommitted changes of others. Different options of one section get
// along; a section as a whole does not with anything in it.
func (r *replay) conflict(foreign []Edit) error {
	for _, f := range foreign {
		for _, t := range r.touched {
			if t.all {
				return busyDelta(f)
			}
			if t.section == "" || t.section != f.Section && !f.renamesTo(t.section) {
				continue
			}
			if t.option == "" || f.Option == "" || t.option == f.Option {
				return busyDelta(f)
			}
		}
		if err := r.displaced(f); err != nil {
			return err
		}
	}
	return nil
}

func (e *Edit) renamesTo(section string) bool {
	return e.Op == OpRename && e.Option == "" && e.Values[0] == section
}

func busyDelta(f Edit) error {
	return &BusyError{f.Package, f.Section, f.Option, "it has an uncommitted change (see `uci changes`)"}
}

// displaced refuses a foreign change that calls an anonymous section by a computed name which, once our change is
// written, is another section's.
func (r *replay) displaced(f Edit) error {
	was := r.now.Section(f.Section)
	if was != nil && !was.Anonymous {
		return nil
	}
	var holder *Section
	for i, s := range r.next.Sections {
		if s.Anonymous && anonymousName(i+1, s.Type) == f.Section {
			holder = s
		}
	}
	if was == nil && holder == nil || was != nil && holder == r.copyOf[was] {
		return nil
	}
	return busyDelta(f)
}
