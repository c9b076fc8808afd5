package model

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A clauseRule says what one kind of clause looks like.
type clauseRule struct {
	kind   string
	want   string // after the kind, for messages
	tables bool   // only a table may have it
	single bool   // a later one takes the place of an earlier one
	read   func(d *definitions, c *clause, words []word) error
}

var clauseRules = [...]clauseRule{
	{kind: "needs", want: "file PATH, uci PKG, uci PKG.@TYPE or call NAME", read: readNeed},
	{kind: "rows", want: "SOURCE", tables: true, read: readRows},
	{kind: "add", want: "SOURCE", tables: true, single: true, read: readAdd},
	{kind: "write", want: "call NAME", single: true, read: readHook},
	{kind: "let", want: "NAME SOURCE [| FILTER]…", read: readLet},
	{kind: "ident", want: "OPTION…", tables: true, read: readNames},
	{kind: "unique", want: "NAME[,NAME]…", tables: true, read: readUnique},
	{kind: "max", want: "NUMBER", tables: true, single: true, read: readMax},
	{kind: "count", want: "NAME", tables: true, single: true, read: readCount},
	{kind: "nocount", tables: true, single: true, read: readFlag},
	{kind: "noalias", tables: true, single: true, read: readFlag},
	{kind: "volatile", tables: true, single: true, read: readFlag},
}

// clause reads one lower-case line of the current object.
func (d *definitions) clause(words []word) error {
	kind := words[0].text
	i := slices.IndexFunc(clauseRules[:], func(r clauseRule) bool { return r.kind == kind })
	if i < 0 {
		var kinds []string
		for i := range clauseRules {
			kinds = append(kinds, clauseRules[i].kind)
		}
		slices.Sort(kinds)
		return fmt.Errorf("unknown clause %q%s (a parameter begins with a capital)", kind, didYouMean(kind, kinds))
	}
	rule := &clauseRules[i]
	if rule.tables && !strings.HasSuffix(d.current.path, "."+instanceOf+".") {
		return fmt.Errorf("%s: only a table (…{i}.) has it, and %s is none", kind, d.current.path)
	}
	c := &clause{at: d.at, block: d.block, kind: kind}
	if err := rule.read(d, c, words[1:]); err != nil {
		return fmt.Errorf("%s: %w (expected: %s)", kind, err, strings.TrimSpace(kind+" "+rule.want))
	}
	o := d.current
	if d.replace != nil && !d.replace[kind] {
		d.replace[kind] = true
		o.clauses = slices.DeleteFunc(o.clauses, func(old *clause) bool { return old.kind == kind && old.block != d.block })
	}
	if rule.single || kind == "let" {
		o.clauses = slices.DeleteFunc(o.clauses, func(old *clause) bool { return old.kind == kind && old.name == c.name })
	}
	o.clauses = append(o.clauses, c)
	return nil
}

// readSource reads a clause that is one source without filters.
func readSource(d *definitions, c *clause, words []word, use Use) error {
	parts := splitPipes(words)
	if len(parts) > 1 {
		return errors.New("a filter has no place here")
	}
	if use == UseRows && len(words) == 1 && words[0].text == "none" {
		return nil // an honest table that is always empty here
	}
	expr, _, err := d.expression(use, words, false)
	if err != nil {
		return err
	}
	if use == UseHook && parts[0][0] != "call" {
		return fmt.Errorf("%q is not call", parts[0][0])
	}
	c.words, c.expr = parts[0], expr
	return nil
}

func readNeed(d *definitions, c *clause, words []word) error { return readSource(d, c, words, UseNeed) }
func readRows(d *definitions, c *clause, words []word) error { return readSource(d, c, words, UseRows) }
func readAdd(d *definitions, c *clause, words []word) error  { return readSource(d, c, words, UseAdd) }
func readHook(d *definitions, c *clause, words []word) error { return readSource(d, c, words, UseHook) }

// placeholders that need no let.
var builtinVars = []string{"section", "key", "n"}

func readLet(d *definitions, c *clause, words []word) error {
	if len(words) < 2 {
		return errors.New("name or source is missing")
	}
	c.name = words[0].text
	if !identifierText(c.name) || slices.Contains(builtinVars, c.name) || c.name == "parent" {
		return fmt.Errorf("%q cannot be a name: letters and digits, and none of section, key, n, parent", c.name)
	}
	expr, filters, err := d.expression(UseLet, words[1:], false)
	c.expr, c.filters = expr, filters
	return err
}

func readNames(d *definitions, c *clause, words []word) error {
	if len(words) == 0 {
		return errors.New("a name is missing")
	}
	for _, w := range words {
		if !identifierText(w.text) {
			return fmt.Errorf("%q is no name", w.text)
		}
		c.words = append(c.words, w.text)
	}
	return nil
}

func readUnique(d *definitions, c *clause, words []word) error {
	var split []word
	for _, w := range words {
		for name := range strings.SplitSeq(strings.TrimSuffix(w.text, ","), ",") {
			split = append(split, word{text: name})
		}
	}
	return readNames(d, c, split)
}

func readMax(d *definitions, c *clause, words []word) error {
	if len(words) == 1 {
		if n, err := strconv.Atoi(words[0].text); err == nil && n > 0 && n <= maxRows {
			c.words = []string{words[0].text}
			return nil
		}
	}
	return fmt.Errorf("not a number from 1 to %d", maxRows)
}

func readCount(d *definitions, c *clause, words []word) error {
	if len(words) != 1 || !upper(words[0].text) || !identifierText(words[0].text) {
		return errors.New("not the name of a parameter")
	}
	c.words = []string{words[0].text}
	return nil
}

func readFlag(d *definitions, c *clause, words []word) error {
	if len(words) != 0 {
		return fmt.Errorf("unexpected %q", words[0].text)
	}
	return nil
}

// of lists the clauses of one kind.
func (o *objectDef) of(kind string) []*clause {
	var found []*clause
	for _, c := range o.clauses {
		if c.kind == kind {
			found = append(found, c)
		}
	}
	return found
}

// last is the clause of a kind that there is one of, nil for none.
func (o *objectDef) last(kind string) *clause {
	for _, c := range slices.Backward(o.clauses) {
		if c.kind == kind {
			return c
		}
	}
	return nil
}
