package uci

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Op says what an Edit does.
type Op int

// The operations.
const (
	OpSet     Op = iota // Option of Section becomes Values, a list with IsList; no value or one "" deletes it
	OpUnset             // Option of Section goes; with Values only the list item of that number, from 0
	OpAdd               // a new section of Type appears, called Section; without that, or with Anonymous, it has no name
	OpDelete            // Section goes
	OpRename            // Section, or Option of it where given, gets the name Values[0]
	OpOrder             // Section moves to place Values[0], from 0
	OpListAdd           // Values are appended to the list Option
	OpListDel           // items of the list Option that equal one of Values go
	OpReplace           // the whole package becomes Content
)

// An Edit is one change, replayed on whatever the file holds under the lock.
type Edit struct {
	Op      Op
	Package string
	Section string // a name, or "@type[n]" as it is counted when the edit is replayed
	Option  string
	Values  []string
	IsList  bool
	Type    string // of the section, with OpAdd

	// Anonymous makes OpAdd add a section without a name. Later edits of the same list then call it by Section.
	Anonymous bool
	// Base is the package as the author of the edit saw it, that is as Load returned it. An anonymous Section is found
	// again by what it held there. nil means what Load returned last.
	Base *Package
	// Content is the new package, with OpReplace.
	Content *Package
}

// ErrNoSection is an edit of a section that is not there.
var ErrNoSection = errors.New("no such section")

// Apply does one edit to a package, where Section is looked up by its name of today.
func (p *Package) Apply(e Edit) error {
	if e.Op == OpAdd || e.Op == OpReplace {
		_, err := p.apply(e, nil)
		return err
	}
	s := p.Section(e.Section)
	if s == nil {
		return fmt.Errorf("%s.%s: %w", p.Name, e.Section, ErrNoSection)
	}
	_, err := p.apply(e, s)
	return err
}

// apply does one edit to section s and returns the section that it added, if any.
func (p *Package) apply(e Edit, s *Section) (added *Section, err error) {
	switch e.Op {
	case OpSet:
		err = e.set(s)
	case OpUnset:
		err = e.unset(s)
	case OpAdd:
		added, err = p.add(e)
	case OpDelete:
		p.remove(s)
	case OpRename:
		err = p.rename(e, s)
	case OpOrder:
		err = p.move(e, s)
	case OpListAdd:
		err = s.SetList(e.Option, slices.Concat(s.List(e.Option), e.Values))
	case OpListDel:
		if o := s.Option(e.Option); o != nil && o.IsList {
			err = s.SetList(e.Option, without(o.Values, e.Values))
		}
	case OpReplace:
		err = p.replace(e.Content)
	default:
		err = fmt.Errorf("operation %d is not known", e.Op)
	}
	if err != nil {
		return nil, fmt.Errorf("%s.%s: %w", e.Package, e.Section, err)
	}
	return added, nil
}

func (e *Edit) set(s *Section) error {
	switch {
	case e.IsList:
		return s.SetList(e.Option, e.Values)
	case len(e.Values) > 1:
		return fmt.Errorf("option %s cannot have %d values", e.Option, len(e.Values))
	case len(e.Values) == 0:
		return s.Set(e.Option, "")
	}
	return s.Set(e.Option, e.Values[0])
}

func (e *Edit) unset(s *Section) error {
	if len(e.Values) == 0 {
		s.Unset(e.Option)
		return nil
	}
	n, err := e.number()
	if err != nil {
		return err
	}
	if o := s.Option(e.Option); o != nil && o.IsList && n < len(o.Values) {
		return s.SetList(e.Option, slices.Delete(slices.Clone(o.Values), n, n+1))
	}
	return nil
}

func (e *Edit) number() (int, error) {
	if len(e.Values) == 1 {
		if n, err := strconv.Atoi(e.Values[0]); err == nil && n >= 0 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("not a place in a list: %q", e.Values)
}

func (p *Package) add(e Edit) (*Section, error) {
	if !e.Anonymous {
		return p.Add(e.Type, e.Section)
	}
	s, err := p.Add(e.Type, "")
	if err == nil && e.Section != "" {
		s.Name = e.Section
	}
	return s, err
}

func (p *Package) rename(e Edit, s *Section) error {
	if len(e.Values) != 1 || !ValidName(e.Values[0]) {
		return fmt.Errorf("bad new name %q", e.Values)
	}
	name := e.Values[0]
	if e.Option == "" {
		if other := p.Section(name); other != nil && other != s {
			return fmt.Errorf("section %s exists", name)
		}
		s.Name, s.Anonymous, p.byName = name, false, nil
		return nil
	}
	o := s.Option(e.Option)
	if o == nil {
		return fmt.Errorf("no option %s", e.Option)
	}
	if other := s.Option(name); other != nil && other != o {
		return fmt.Errorf("option %s exists", name)
	}
	o.Name = name
	return nil
}

func (p *Package) move(e Edit, s *Section) error {
	n, err := e.number()
	if err != nil {
		return err
	}
	p.Sections = slices.DeleteFunc(p.Sections, func(t *Section) bool { return t == s })
	p.Sections = append(p.Sections, s)
	if n < len(p.Sections) {
		copy(p.Sections[n+1:], p.Sections[n:])
		p.Sections[n] = s
	}
	return nil
}

func (p *Package) replace(content *Package) error {
	if content == nil {
		return errors.New("nothing to replace it with")
	}
	for _, s := range content.Sections {
		if err := s.check(); err != nil {
			return err
		}
	}
	c := content.Clone()
	p.Sections, p.count, p.byName = c.Sections, c.count, nil
	return nil
}

// check refuses what a file cannot hold, in a section that was not made by our methods.
func (s *Section) check() error {
	if !ValidType(s.Type) || !s.Anonymous && !ValidName(s.Name) {
		return fmt.Errorf("section %q of type %q", clip(s.Name), clip(s.Type))
	}
	for _, o := range s.Options {
		if err := (&Section{}).put(o.Name, o.Values, o.IsList); err != nil {
			return err
		}
	}
	return nil
}

func without(list, gone []string) []string {
	var rest []string
	for _, v := range list {
		if !slices.Contains(gone, v) {
			rest = append(rest, v)
		}
	}
	return rest
}
