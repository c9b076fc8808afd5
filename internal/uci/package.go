package uci

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Package is one configuration file. What Dir.Load returns is shared: Clone it before a change.
type Package struct {
	Name     string
	Sections []*Section

	count  int                 // sections ever added, as libuci counts them for the names of anonymous ones
	byName map[string]*Section // a help for look-ups, nil or right
}

// Section is one `config` of a package. Name is libuci's: for an anonymous section the computed cfgXXXXXX, which
// moves when a section before it goes (not in this Package, but when the file is read again).
type Section struct {
	Type, Name string
	Anonymous  bool
	Options    []*Option
}

// Option is an option, which has exactly one value and never "", or a list.
type Option struct {
	Name   string
	Values []string
	IsList bool
}

// Clone copies a package for a change.
func (p *Package) Clone() *Package {
	c := &Package{Name: p.Name, count: p.count, Sections: make([]*Section, len(p.Sections))}
	for i, s := range p.Sections {
		n := *s
		n.Options = make([]*Option, len(s.Options))
		for j, o := range s.Options {
			n.Options[j] = &Option{o.Name, slices.Clone(o.Values), o.IsList}
		}
		c.Sections[i] = &n
	}
	return c
}

// Section finds a section by its name, or by "@type[n]": the n-th of that type from 0, from the end where n is
// negative; "@[n]" counts all types. It is nil where there is none.
func (p *Package) Section(ref string) *Section {
	if strings.HasPrefix(ref, "@") {
		return p.indexed(ref)
	}
	if s := p.byName[ref]; s != nil {
		return s
	}
	for _, s := range p.Sections {
		if s.Name == ref {
			return s
		}
	}
	return nil
}

func (p *Package) indexed(ref string) *Section {
	typ, index, ok := strings.Cut(ref[1:], "[")
	index, closed := strings.CutSuffix(index, "]")
	n, err := strconv.Atoi(index)
	if !ok || !closed || err != nil {
		return nil
	}
	list := p.Sections
	if typ != "" {
		list = p.OfType(typ)
	}
	if n < 0 {
		n += len(list)
	}
	if n < 0 || n >= len(list) {
		return nil
	}
	return list[n]
}

// OfType lists the sections of a type in their order.
func (p *Package) OfType(typ string) []*Section {
	var list []*Section
	for _, s := range p.Sections {
		if s.Type == typ {
			list = append(list, s)
		}
	}
	return list
}

// Add appends a section; name "" makes it anonymous.
func (p *Package) Add(typ, name string) (*Section, error) {
	switch {
	case !ValidType(typ):
		return nil, fmt.Errorf("section type %q", clip(typ))
	case name == "":
	case !ValidName(name):
		return nil, fmt.Errorf("section name %q", clip(name))
	case p.Section(name) != nil:
		return nil, fmt.Errorf("section %s exists", name)
	}
	return p.append(typ, name), nil
}

func (p *Package) append(typ, name string) *Section {
	p.byName = nil
	p.count = max(p.count, len(p.Sections)) + 1
	s := &Section{Type: typ, Name: name}
	if name == "" {
		s.Anonymous, s.Name = true, anonymousName(p.count, typ)
	}
	p.Sections = append(p.Sections, s)
	return s
}

// Delete removes a section and reports whether there was one.
func (p *Package) Delete(ref string) bool {
	return p.remove(p.Section(ref))
}

func (p *Package) remove(s *Section) bool {
	i := slices.Index(p.Sections, s)
	if s == nil || i < 0 {
		return false
	}
	p.byName = nil
	p.count = max(p.count, len(p.Sections))
	p.Sections = slices.Delete(p.Sections, i, i+1)
	return true
}

// reindex prepares look-ups by name in a package that will not change any more.
func (p *Package) reindex() {
	if len(p.Sections) < 8 {
		return
	}
	m := make(map[string]*Section, len(p.Sections))
	for _, s := range p.Sections {
		if m[s.Name] == nil {
			m[s.Name] = s
		}
	}
	p.byName = m
}

// Option is the option or list of that name, nil where it is absent.
func (s *Section) Option(name string) *Option {
	for _, o := range s.Options {
		if o.Name == name {
			return o
		}
	}
	return nil
}

// Get is the value of an option, the items of a list with a space between them, "" where it is absent.
func (s *Section) Get(name string) string {
	o := s.Option(name)
	switch {
	case o == nil || len(o.Values) == 0:
		return ""
	case len(o.Values) == 1:
		return o.Values[0]
	}
	return strings.Join(o.Values, " ")
}

// List is the items of a list; an option is a list of one, whatever is in it.
func (s *Section) List(name string) []string {
	if o := s.Option(name); o != nil {
		return o.Values
	}
	return nil
}

// Set makes name an option with that value; "" deletes it.
func (s *Section) Set(name, value string) error {
	if value == "" {
		s.Unset(name)
		return nil
	}
	return s.put(name, []string{value}, false)
}

// SetList makes name a list of those values; none deletes it.
func (s *Section) SetList(name string, values []string) error {
	if len(values) == 0 {
		s.Unset(name)
		return nil
	}
	return s.put(name, slices.Clone(values), true)
}

func (s *Section) put(name string, values []string, list bool) error {
	if !ValidName(name) {
		return fmt.Errorf("option name %q", clip(name))
	}
	for _, v := range values {
		if err := CheckValue(v); err != nil {
			return fmt.Errorf("option %s: %w", name, err)
		}
	}
	if o := s.Option(name); o != nil {
		o.Values, o.IsList = values, list
		return nil
	}
	s.Options = append(s.Options, &Option{name, values, list})
	return nil
}

// Unset removes an option or list.
func (s *Section) Unset(name string) {
	s.Options = slices.DeleteFunc(s.Options, func(o *Option) bool { return o.Name == name })
}

// same tells whether two sections hold the same, whatever their names.
func (s *Section) same(t *Section) bool {
	return s.Type == t.Type && slices.EqualFunc(s.Options, t.Options, func(a, b *Option) bool {
		return a.Name == b.Name && a.IsList == b.IsList && slices.Equal(a.Values, b.Values)
	})
}
