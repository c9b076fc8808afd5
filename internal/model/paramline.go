package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// param reads NAME ACCESS TYPE [FLAG…] SOURCE [| FILTER]…, or NAME none.
func (d *definitions) param(words []word) error {
	name := words[0].text
	if strings.HasSuffix(name, ".") {
		return fmt.Errorf("%s: an object stands at column one, a parameter has no dot", name)
	}
	if !identifierText(name) || len(d.current.path)+len(name) > maxPath {
		return fmt.Errorf("%q is no parameter name: expected letters and digits beginning with a capital", name)
	}
	if err := checkVendor(name); err != nil {
		return err
	}
	if len(words) == 2 && words[1].text == "none" && !words[1].quoted {
		d.drop(name)
		return nil
	}
	p := &paramDef{at: d.at, name: name}
	p.def = Def{Path: d.current.path + name, File: d.at.file, Line: d.at.line}
	rest, err := p.head(words[1:])
	if err == nil {
		err = d.origin(p, rest)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if p.expr == nil {
		d.drop(name)
		return nil
	}
	d.add(p)
	return nil
}

// head reads access, type and flags, and returns what follows.
func (p *paramDef) head(words []word) ([]word, error) {
	if len(words) == 0 {
		return nil, errors.New("expected NAME ACCESS TYPE SOURCE")
	}
	switch access := words[0].text; access {
	case "r", "rw":
		p.def.Writable = access == "rw"
	default:
		return nil, fmt.Errorf("access %q%s", access, didYouMean(access, []string{"r", "rw"}))
	}
	typ, used, err := parseType(words[1:])
	if err != nil {
		return nil, err
	}
	p.def.Type = typ
	rest := words[1+used:]
	for len(rest) > 0 && !rest[0].quoted {
		i := slices.IndexFunc(flags[:], func(f flag) bool { return f.word == rest[0].text })
		if i < 0 {
			break
		}
		flags[i].set(&p.def)
		rest = rest[1:]
	}
	if p.def.Command && typ.item != BaseBoolean {
		return nil, errors.New("command: only a boolean can be one, it reads false and writing true does something")
	}
	return rest, nil
}

func flagWords() (words []string) {
	for i := range flags {
		words = append(words, flags[i].word)
	}
	return words
}

// origin reads SOURCE [| FILTER]…; it leaves expr nil for `none`.
func (d *definitions) origin(p *paramDef, words []word) error {
	if len(words) == 0 {
		return fmt.Errorf("the source is missing: expected one of %s", strings.Join(verbs, " "))
	}
	if verb := words[0].text; !slices.Contains(verbs, verb) {
		return fmt.Errorf("unknown flag or verb %q%s", verb, didYouMean(verb, append(flagWords(), verbs...)))
	}
	if words[0].text == "none" {
		return nil
	}
	expr, filters, err := d.expression(UseValue, words, p.def.Type.item == BaseBoolean)
	if err != nil {
		return err
	}
	for _, f := range filters {
		if p.def.Writable && !f.inverse() {
			return fmt.Errorf("the filter %q cannot be undone, so the parameter cannot be written: expected access r", f.text)
		}
	}
	p.expr, p.filters = expr, filters
	p.def.Source = sourceText(words)
	return nil
}

// expression reads SOURCE [| FILTER]….
func (d *definitions) expression(use Use, words []word, boolean bool) (Expr, []filter, error) {
	parts := splitPipes(words)
	if len(parts[0]) == 0 {
		return nil, nil, fmt.Errorf("the source is missing: expected one of %s", strings.Join(verbs, " "))
	}
	if verb := parts[0][0]; !slices.Contains(verbs, verb) || verb == "none" {
		return nil, nil, fmt.Errorf("unknown verb %q%s", verb, didYouMean(verb, verbs))
	}
	expr, err := d.compile(use, parts[0])
	if err != nil {
		return nil, nil, err
	}
	var filters []filter
	for _, part := range parts[1:] {
		f, err := newFilter(part, boolean)
		if err != nil {
			return nil, nil, err
		}
		filters = append(filters, f)
	}
	return expr, filters, nil
}

// compile asks the source, whose code may be anybody's: a panic is an error of this line only.
func (d *definitions) compile(use Use, words []string) (expr Expr, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: the source broke down: %v", words[0], p)
		}
	}()
	expr, err = d.source.Compile(use, words)
	if err == nil && expr == nil {
		err = fmt.Errorf("%s: nothing to read", words[0])
	}
	return expr, err
}

// splitPipes cuts the words at unquoted bars.
func splitPipes(words []word) [][]string {
	texts := make([]string, 0, len(words)) // of all parts
	parts := make([][]string, 0, 2)
	from := 0
	for _, w := range words {
		if w.text == "|" && !w.quoted {
			parts = append(parts, texts[from:len(texts):len(texts)])
			from = len(texts)
			continue
		}
		texts = append(texts, w.text)
	}
	return append(parts, texts[from:])
}

func sourceText(words []word) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	return strings.Join(texts, " ")
}

// add puts a parameter into the current object; one of the same name gives up its place.
func (d *definitions) add(p *paramDef) {
	o := d.current
	for i, old := range o.params {
		if old.name == p.name {
			p.older = old
			o.params[i] = p
			return
		}
	}
	o.params = append(o.params, p)
}

func (d *definitions) drop(name string) {
	d.current.params = slices.DeleteFunc(d.current.params, func(p *paramDef) bool { return p.name == name })
}
