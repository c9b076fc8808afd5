package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// cond is one condition on the sections of a table: opt=value, opt!=value, opt (present) or !opt (absent).
type cond struct {
	option string
	value  template
	not    bool
	bare   bool
}

func parseCond(word string) (cond, error) {
	var c cond
	option, value, hasValue := strings.Cut(word, "=")
	if hasValue {
		option, c.not = strings.CutSuffix(option, "!")
	} else {
		c.bare = true
		option, c.not = strings.CutPrefix(option, "!")
	}
	c.option = option
	if !uci.ValidName(option) {
		return c, fmt.Errorf("%q: want OPTION=VALUE, OPTION!=VALUE, OPTION or !OPTION", word)
	}
	var err error
	c.value, err = parseTemplate(value)
	return c, err
}

// holds tests a section; a list holds when one of its items does.
func (c *cond) holds(r *Reader, s *uci.Section, parent *model.Row) bool {
	o := s.Option(c.option)
	if c.bare {
		return (o != nil) != c.not
	}
	want, _ := c.value.expand(r, parent)
	if o == nil {
		return (want == "") != c.not
	}
	return slices.Contains(o.Values, want) != c.not
}

// uciRows makes one row per section of a type: `uci PACKAGE.@TYPE [COND…] [ident=a,b,c]`.
type uciRows struct {
	text  string
	pkg   string
	typ   template
	conds []cond
	ident []string
	index string // the ident options, as part of the name of an index of keys
}

func compileUCIRows(words []string) (model.Expr, error) {
	e := &uciRows{text: strings.Join(words, " ")}
	var err error
	if e.pkg, e.typ, err = parseTable(words[0]); err != nil {
		return nil, err
	}
	for _, w := range words[1:] {
		if list, ok := strings.CutPrefix(w, "ident="); ok {
			e.ident = strings.FieldsFunc(list, func(c rune) bool { return c == ',' })
			continue
		}
		c, err := parseCond(w)
		if err != nil {
			return nil, err
		}
		e.conds = append(e.conds, c)
	}
	e.index = "\x00" + strings.Join(e.ident, ",")
	return e, nil
}

// parseTable splits PACKAGE.@TYPE.
func parseTable(word string) (pkg string, typ template, err error) {
	pkg, rest, ok := strings.Cut(word, ".")
	name, isType := strings.CutPrefix(rest, "@")
	if !ok || !isType || name == "" || strings.Contains(name, "[") || !uci.ValidPackage(pkg) {
		return "", typ, fmt.Errorf("%q: want PACKAGE.@TYPE", word)
	}
	typ, err = parseTemplate(name)
	return pkg, typ, err
}

func (e *uciRows) Caps() model.Caps { return model.Caps{Grow: true} }
func (e *uciRows) String() string   { return "uci " + e.text }

func (e *uciRows) templates() []*template {
	out := []*template{&e.typ}
	for i := range e.conds {
		out = append(out, &e.conds[i].value)
	}
	return out
}

func (e *uciRows) rows(_ context.Context, r *Reader, parent *model.Row) ([]model.Row, error) {
	v := r.uciLoad(e.pkg)
	typ, ok := e.typ.expand(r, parent)
	if v == nil || !ok {
		return nil, nil
	}
	var out []model.Row
	for _, s := range v.Sections {
		if s.Type != typ || !e.match(r, s, parent) {
			continue
		}
		row := model.Row{Key: s.Name, Package: e.pkg, Section: s.Name}
		if s.Anonymous {
			row.Key, row.Place = v.key(s, e), e.pkg+"."+s.Name
		}
		out = append(out, row)
	}
	return out, nil
}

func (e *uciRows) match(r *Reader, s *uci.Section, parent *model.Row) bool {
	for i := range e.conds {
		if !e.conds[i].holds(r, s, parent) {
			return false
		}
	}
	return true
}

func (e *uciRows) remove(_ context.Context, r *Reader, row *model.Row) error {
	return r.uciEdit(uci.Edit{Op: uci.OpDelete, Package: row.Package, Section: row.Section})
}

// key names an anonymous section for ever: by a fingerprint of its type and the options that identify it. Twins are
// counted.
func (v *uciPackage) key(s *uci.Section, e *uciRows) string {
	index := s.Type + e.index
	keys, ok := v.keys[index]
	if !ok {
		keys = fingerprints(v.Package, s.Type, e.ident)
		if v.keys == nil {
			v.keys = map[string]map[*uci.Section]string{}
		}
		v.keys[index] = keys
	}
	return keys[s]
}

func fingerprints(p *uci.Package, typ string, ident []string) map[*uci.Section]string {
	keys, twins := map[*uci.Section]string{}, map[string]int{}
	for _, s := range p.Sections {
		if s.Type != typ || !s.Anonymous {
			continue
		}
		key := fingerprint(s, ident)
		twins[key]++
		if n := twins[key]; n > 1 {
			key += "#" + strconv.Itoa(n)
		}
		keys[s] = key
	}
	return keys
}

// fingerprint is "@TYPE-" and twelve hexadecimal digits. No part of it can be a section's name.
func fingerprint(s *uci.Section, ident []string) string {
	h := sha256.New()
	for _, name := range ident {
		h.Write([]byte(name))
		h.Write([]byte{0})
		if o := s.Option(name); o != nil {
			for _, v := range o.Values {
				h.Write([]byte(v))
				h.Write([]byte{0})
			}
		}
		h.Write([]byte{1})
	}
	var sum [sha256.Size]byte
	return "@" + validPart(s.Type) + "-" + hex.EncodeToString(h.Sum(sum[:0])[:6])
}

// validPart makes text a part of a UCI name.
func validPart(text string) string {
	return strings.Map(func(c rune) rune {
		if c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			return c
		}
		return '_'
	}, text)
}

// uciAdd makes a named section: `uci PACKAGE.@TYPE NAMEPATTERN OPTION=VALUE…`.
type uciAdd struct {
	text    string
	pkg     string
	typ     template
	name    template
	options []string
	values  []template
}

func compileUCIAdd(words []string) (model.Expr, error) {
	e := &uciAdd{text: strings.Join(words, " ")}
	var err error
	if e.pkg, e.typ, err = parseTable(words[0]); err != nil {
		return nil, err
	}
	if len(words) < 2 || !strings.Contains(words[1], "{n}") {
		return nil, fmt.Errorf("%q: want PACKAGE.@TYPE NAMEPATTERN OPTION=VALUE…, with {n} in the pattern", e.text)
	}
	if e.name, err = parseTemplate(words[1]); err != nil {
		return nil, err
	}
	for _, w := range words[2:] {
		option, value, ok := strings.Cut(w, "=")
		if !ok || !uci.ValidName(option) {
			return nil, fmt.Errorf("%q: want OPTION=VALUE", w)
		}
		t, err := parseTemplate(value)
		if err != nil {
			return nil, err
		}
		e.options, e.values = append(e.options, option), append(e.values, t)
	}
	return e, nil
}

func (e *uciAdd) Caps() model.Caps { return model.Caps{Grow: true} }
func (e *uciAdd) String() string   { return "uci " + e.text }

func (e *uciAdd) templates() []*template {
	return append(pointers(e.values), &e.typ, &e.name)
}

func (e *uciAdd) add(_ context.Context, r *Reader, parent *model.Row, number uint32) (model.Row, error) {
	row := model.Row{Package: e.pkg}
	typ, ok := e.typ.expand(r, parent)
	pattern, ok2 := e.name.numbered(number).expandWith(r, parent, validPart)
	if !ok || !ok2 {
		return row, refused("the parent of the new instance has no section")
	}
	name := pattern
	for i := 2; r.section(e.pkg, name) != nil; i++ {
		name = pattern + "_" + strconv.Itoa(i)
	}
	if err := r.uciEdit(uci.Edit{Op: uci.OpAdd, Package: e.pkg, Section: name, Type: typ}); err != nil {
		return row, err
	}
	row.Key, row.Section = name, name
	for i, option := range e.options {
		value, whole := e.values[i].numbered(number).expand(r, parent)
		if !whole {
			continue
		}
		if err := r.uciSet(e.pkg, name, option, value); err != nil {
			return row, err
		}
	}
	return row, nil
}

// uciNeed is a package, or a section of it, that must be there: `uci PACKAGE`, `uci PACKAGE.@TYPE`,
// `uci PACKAGE.SECTION`.
type uciNeed struct{ pkg, typ, section string }

func compileUCINeed(words []string) (model.Expr, error) {
	e := &uciNeed{}
	if len(words) != 1 {
		return nil, fmt.Errorf("%q: want PACKAGE, PACKAGE.@TYPE or PACKAGE.SECTION", strings.Join(words, " "))
	}
	e.pkg, e.section, _ = strings.Cut(words[0], ".")
	if typ, ok := strings.CutPrefix(e.section, "@"); ok && !strings.Contains(typ, "[") {
		e.typ, e.section = typ, ""
	}
	if !uci.ValidPackage(e.pkg) || e.section != "" && !validRef(e.section) {
		return nil, fmt.Errorf("%q: want PACKAGE, PACKAGE.@TYPE or PACKAGE.SECTION", words[0])
	}
	return e, nil
}

func (e *uciNeed) Caps() model.Caps { return model.Caps{} }

func (e *uciNeed) String() string {
	switch {
	case e.typ != "":
		return "uci " + e.pkg + ".@" + e.typ
	case e.section != "":
		return "uci " + e.pkg + "." + e.section
	}
	return "uci " + e.pkg
}

func (e *uciNeed) need(_ context.Context, r *Reader) bool {
	p := r.uciPackage(e.pkg)
	switch {
	case p == nil:
		return false
	case e.typ != "":
		return slices.ContainsFunc(p.Sections, func(s *uci.Section) bool { return s.Type == e.typ })
	case e.section != "":
		return p.Section(e.section) != nil
	}
	return true
}
