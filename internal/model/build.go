package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A builder turns definitions into a tree; what does not fit is left out and becomes a Problem.
type builder struct {
	*definitions
	c    *compiled
	lack map[string]bool // objects whose needs do not hold
	bad  map[string]bool // objects that cannot be built, said once
	old  bool            // what is flagged compat is in the tree
}

// build makes the tree of what d holds, without the objects in lack.
func (d *definitions) build(cfg *Config, lack map[string]bool) *compiled {
	b := &builder{definitions: d, lack: lack, bad: map[string]bool{}, old: cfg.Compat == nil || cfg.Compat()}
	b.c = &compiled{
		objects: map[string]*object{}, tables: map[string]*object{}, top: &scope{}, files: len(d.files),
		wildcard: cfg.Wildcard, aliases: cfg.Aliases,
	}
	for _, od := range d.order {
		b.object(od.path)
	}
	for _, o := range b.c.order {
		b.fill(o)
	}
	for _, o := range b.c.order {
		b.finish(o)
	}
	slices.SortFunc(b.c.roots, func(x, y *object) int { return strings.Compare(x.name, y.name) })
	return b.c
}

// object makes an object and those above it; nil when it is not in the tree.
func (b *builder) object(path string) *object {
	if o := b.c.objects[path]; o != nil || b.bad[path] {
		return o
	}
	od := b.objects[path]
	if od == nil && strings.HasSuffix(path, "."+instanceOf+".") {
		b.bad[path] = true
		return nil
	}
	parentPath, name, isTable := cutLast(path)
	var parent *object
	if parentPath != "" {
		if parent = b.object(parentPath); parent == nil {
			b.leaveOut(od, path, parentPath)
			return nil
		}
	}
	if b.lack[path] || od != nil && !b.old && len(od.params) > 0 && !slices.ContainsFunc(od.params, func(p *paramDef) bool { return !p.def.Compat }) {
		b.leaveOut(od, path, "")
		return nil
	}
	o := &object{name: name, parent: parent, def: Def{Path: path, Object: true}}
	if od != nil {
		o.def.Writable, o.def.File, o.def.Line = od.writable, od.at.file, od.at.line
	}
	b.place(o, isTable)
	return o
}

// leaveOut notes why an object is not in the tree: a need of it or above it, or a table that nobody defined.
func (b *builder) leaveOut(od *objectDef, path, parentPath string) {
	b.bad[path] = true
	if od == nil {
		return
	}
	if strings.HasSuffix(parentPath, "."+instanceOf+".") && b.objects[parentPath] == nil {
		b.problemAt(od.at, "%s: its table %s is defined nowhere", path, parentPath)
		return
	}
	def := Def{Path: path, Object: true, Writable: od.writable, Unmet: true, File: od.at.file, Line: od.at.line}
	b.c.unmet = append(b.c.unmet, def)
	for _, p := range od.params {
		p.def.Unmet = true
		b.c.unmet = append(b.c.unmet, p.def)
		p.def.Unmet = false
	}
}

// cutLast splits the path of an object into its parent's and its own name.
func cutLast(path string) (parent, name string, isTable bool) {
	body := strings.TrimSuffix(path, ".")
	if rest, ok := strings.CutSuffix(body, "."+instanceOf); ok {
		body, isTable = rest, true
	}
	i := strings.LastIndexByte(body, '.')
	return body[:i+1], body[i+1:], isTable
}

// place hangs an object into the tree and gives it its scope.
func (b *builder) place(o *object, isTable bool) {
	outer, below := b.c.top, ""
	if o.parent == nil {
		b.c.roots = append(b.c.roots, o)
	} else {
		o.parent.objects = append(o.parent.objects, o)
		outer, below = o.parent.scope, o.parent.below
	}
	if isTable {
		o.table = &table{rel: below + o.name + ".", slot: len(outer.inner)}
		o.scope = &scope{table: o, outer: outer}
		outer.inner = append(outer.inner, o)
		b.c.tables[strings.TrimSuffix(o.def.Path, instanceOf+".")] = o
	} else {
		o.scope, o.below = outer, below+o.name+"."
	}
	b.c.objects[o.def.Path] = o
	b.c.order = append(b.c.order, o)
}

// fill compiles the clauses and then the parameters of an object whose parents are filled already.
func (b *builder) fill(o *object) {
	od := b.objects[o.def.Path]
	if od == nil {
		od = &objectDef{path: o.def.Path}
	}
	if o.parent != nil && !o.isTable() {
		o.hook = o.parent.hook
	}
	if c := od.last("write"); c != nil && b.placeholders(c.at, c.expr, o.scope, o.scope) {
		o.hook = &hook{object: o, expr: c.expr}
	}
	b.lets(o, od)
	if o.isTable() {
		b.rows(o, od)
	}
	for _, pd := range od.params {
		if pd.def.Compat && !b.old {
			def := pd.def
			def.Unmet = true
			b.c.unmet = append(b.c.unmet, def)
			continue
		}
		b.param(o, pd)
	}
}

// lets adds an object's lets to its scope; all names of a scope are known before any of them is checked.
func (b *builder) lets(o *object, od *objectDef) {
	for _, c := range od.of("let") {
		if slices.ContainsFunc(o.scope.lets, func(l let) bool { return l.name == c.name }) {
			b.problemAt(c.at, "let %s: the same row has one of that name already", c.name)
			continue
		}
		o.scope.lets = append(o.scope.lets, let{c.name, c.expr, c.filters})
	}
	for _, c := range od.of("let") {
		b.placeholders(c.at, c.expr, o.scope, o.scope)
	}
}

// rows compiles what only tables have.
func (b *builder) rows(o *object, od *objectDef) {
	t, outer := o.table, o.scope.outer
	var ident []string
	for _, c := range od.of("ident") {
		ident = append(ident, c.words...)
	}
	rows := od.of("rows")
	for _, c := range rows {
		expr, err := b.identified(c, ident)
		if err != nil {
			b.problemAt(c.at, "rows: %v", err)
		} else if expr != nil && b.placeholders(c.at, expr, o.scope, outer) {
			t.rows = append(t.rows, expr)
		}
	}
	if len(rows) == 0 {
		b.problemAt(od.at, "%s: a table needs rows SOURCE, or rows none", od.path)
	}
	if c := od.last("add"); c != nil && b.placeholders(c.at, c.expr, o.scope, outer) {
		t.add = c.expr
	}
	grows := slices.ContainsFunc(t.rows, func(e Expr) bool { return e.Caps().Grow })
	if o.def.Writable && (t.add == nil || !t.add.Caps().Grow || !grows) {
		b.problemAt(od.at, "%s: rw needs a clause add, and rows that can be deleted; taken as r", od.path)
		o.def.Writable = false
	}
	t.max = 256
	if c := od.last("max"); c != nil {
		t.max, _ = strconv.Atoi(c.words[0])
	}
	outerVolatile := outer.table != nil && outer.table.table.volatile
	t.volatile = outerVolatile || od.last("volatile") != nil
}

// identified compiles a rows clause anew with the names that `ident` gave: only the source knows how to use them.
func (b *builder) identified(c *clause, ident []string) (Expr, error) {
	if c.expr == nil || len(ident) == 0 || c.words[0] != "uci" {
		return c.expr, nil
	}
	words := append(slices.Clone(c.words), "ident="+strings.Join(ident, ","))
	return b.compile(UseRows, words)
}

// param adds a parameter, or an older line of the same name where this one turns out unusable.
func (b *builder) param(o *object, pd *paramDef) {
	for ; pd != nil; pd = pd.older {
		if !b.placeholders(pd.at, pd.expr, o.scope, o.scope) {
			continue
		}
		set := pd.expr.Caps().Set
		if pd.def.Writable && !set && o.hook == nil {
			b.problemAt(pd.at, "%s: %q cannot be set: expected access r, or a clause write call NAME on its object", pd.name, pd.def.Source)
			continue
		}
		o.params = append(o.params, &param{def: pd.def, name: pd.name, object: o, expr: pd.expr, set: set, filters: pd.filters})
		return
	}
}

// placeholders checks the {names} that an expression wants. parent.… is seen from own; lets from the scope seen.
func (b *builder) placeholders(at where, expr Expr, own, seen *scope) bool {
	named, ok := expr.(interface{ Names() []string })
	if !ok {
		return true
	}
	good := true
	for _, name := range named.Names() {
		if err := checkPlaceholder(name, own, seen); err != nil {
			b.problemAt(at, "%v", err)
			good = false
		}
	}
	return good
}

func checkPlaceholder(name string, own, seen *scope) error {
	if strings.HasPrefix(name, ".") {
		return nil
	}
	rest, s := name, seen
	for up := own; ; {
		tail, ok := strings.CutPrefix(rest, "parent.")
		if !ok {
			break
		}
		if up = up.outer; up == nil || up.table == nil {
			return fmt.Errorf("{%s}: the table has no parent row", name)
		}
		rest, s = tail, up
	}
	known := slices.Clone(builtinVars)
	for ; s != nil; s = s.outer {
		for _, l := range s.lets {
			known = append(known, l.name)
		}
	}
	if slices.Contains(known, rest) {
		return nil
	}
	return fmt.Errorf("unknown placeholder {%s}%s", name, didYouMean(rest, known))
}

// finish adds what other objects imply and sorts: Alias and …NumberOfEntries come after the written parameters.
func (b *builder) finish(o *object) {
	od := b.objects[o.def.Path]
	if od != nil && o.isTable() {
		b.implyAlias(o, od)
		b.unique(o, od)
	}
	for _, child := range o.objects {
		if child.isTable() {
			b.implyCount(o, child)
		}
	}
	for _, p := range o.params {
		b.checkReference(p)
	}
	o.byName = slices.SortedFunc(slices.Values(o.params), func(x, y *param) int { return strings.Compare(x.name, y.name) })
	o.sorted = slices.SortedFunc(slices.Values(o.objects), func(x, y *object) int { return strings.Compare(x.name, y.name) })
	if o.isTable() {
		o.table.enable = o.param("Enable")
	}
}

func (o *object) written(name string) *param {
	i := slices.IndexFunc(o.params, func(p *param) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	return o.params[i]
}

// implyAlias: in every table unless it says noalias or has its own. Numbers of a volatile table are not kept on flash, so
// an alias there could not survive a reboot: it is read-only.
func (b *builder) implyAlias(o *object, od *objectDef) {
	if od.last("noalias") != nil || o.written("Alias") != nil {
		return
	}
	rule := ruleOf("Alias")
	o.table.alias = true
	o.params = append(o.params, &param{name: "Alias", object: o, def: Def{
		Path: o.def.Path + "Alias", Writable: !o.table.volatile, Implied: true, File: o.def.File, Line: o.def.Line,
		Type: Type{Base: BaseString, item: BaseString, Name: "Alias", Ranges: rule.ranges, form: rule.form},
	}})
}

func (b *builder) implyCount(parent, child *object) {
	od := b.objects[child.def.Path]
	name := child.name + "NumberOfEntries"
	if c := od.last("count"); c != nil {
		name = c.words[0]
	}
	if od.last("nocount") != nil || parent.written(name) != nil {
		return
	}
	p := &param{name: name, object: parent, counts: child, def: Def{
		Path: parent.def.Path + name, Implied: true, File: child.def.File, Line: child.def.Line,
		Type: Type{Base: BaseUnsignedInt, item: BaseUnsignedInt, Name: "unsignedInt"},
	}}
	parent.params = append(parent.params, p)
	child.table.count = p
}

func (b *builder) unique(o *object, od *objectDef) {
	for _, c := range od.of("unique") {
		var key []*param
		for _, name := range c.words {
			p := o.written(name)
			if p == nil {
				b.problemAt(c.at, "unique: %s has no parameter %q%s", od.path, name, didYouMean(name, paramNames(o)))
				key = nil
				break
			}
			key = append(key, p)
		}
		if key != nil {
			o.table.unique = append(o.table.unique, key)
		}
	}
}

func paramNames(o *object) []string {
	names := make([]string, len(o.params))
	for i, p := range o.params {
		names[i] = p.name
	}
	return names
}

// checkReference reports a `ref` into nowhere; the line stays, for its table may come with another package.
func (b *builder) checkReference(p *param) {
	for _, f := range p.filters {
		if f.refs == nil {
			continue
		}
		for _, t := range f.refs.tables {
			if b.objects[t+instanceOf+"."] == nil {
				b.problemAt(where{p.def.File, p.def.Line}, "%s: ref %s: no such table%s", p.name, t, b.nearTable(t))
			}
		}
		if p.def.Type.Ref && !p.def.Type.Weak && p.def.Writable && p.set && len(f.refs.tables) > 0 {
			b.c.references = append(b.c.references, p)
		}
	}
}

func (b *builder) nearTable(path string) string {
	best, least := "", 4
	for _, od := range b.order {
		t, ok := strings.CutSuffix(od.path, instanceOf+".")
		if !ok {
			continue
		}
		if d := distance(strings.ToLower(path), strings.ToLower(t), least); d < least {
			best, least = t, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %s?", best)
}
