package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// uciView is what one transaction knows of the UCI files: each package loaded once, its own edits in a private copy.
type uciView struct {
	packages map[string]*uciPackage
	edits    []uci.Edit
	write    *uci.Write
	gaps     map[uciOption]string // lists with empty slots, which only this transaction sees: an ACS fills slots in any order

	// The section asked for last: the parameters of a row are read one after the other.
	hitPackage, hitRef string
	hit                *uci.Section
	hitValid           bool
}

type uciOption struct{ pkg, section, option string }

type uciPackage struct {
	*uci.Package                                    // a copy with edits, or base itself
	base         *uci.Package                       // as it was loaded
	keys         map[string]map[*uci.Section]string // keys of anonymous sections, by type and ident
	refs         map[string]*uci.Section            // what names such as @system[0] stand for
}

// uciPackage returns a package as this transaction sees it, nil where there is none.
func (r *Reader) uciPackage(name string) *uci.Package {
	if v := r.uciLoad(name); v != nil {
		return v.Package
	}
	return nil
}

func (r *Reader) uciLoad(name string) *uciPackage {
	if v, ok := r.uci.packages[name]; ok {
		return v
	}
	var v *uciPackage
	if dir := r.rt.cfg.UCI; dir != nil && uci.ValidPackage(name) {
		p, err := dir.Load(name)
		r.rt.uciLoaded(name, err)
		if err == nil {
			v = &uciPackage{Package: p, base: p}
		}
	}
	if r.uci.packages == nil {
		r.uci.packages = map[string]*uciPackage{}
	}
	r.uci.packages[name] = v
	return v
}

// uciLoaded logs a package that cannot be read, once until it can.
func (rt *Router) uciLoaded(name string, err error) {
	key := "uci " + name
	switch {
	case err == nil:
		rt.quiet.again(key)
	case errors.Is(err, fs.ErrNotExist):
	case rt.quiet.first(key):
		rt.log.Warn("UCI package left out", "package", name, "error", err)
	}
}

// section returns the section that ref names ("lan", "@system[0]"), nil where there is none.
func (r *Reader) section(pkg, ref string) *uci.Section {
	v := &r.uci
	if v.hitValid && v.hitRef == ref && v.hitPackage == pkg {
		return v.hit
	}
	var s *uci.Section
	if p := r.uciLoad(pkg); p != nil && ref != "" {
		s = p.find(ref)
	}
	v.hitPackage, v.hitRef, v.hit, v.hitValid = pkg, ref, s, true
	return s
}

func (v *uciPackage) find(ref string) *uci.Section {
	if ref[0] != '@' {
		return v.Section(ref)
	}
	s, ok := v.refs[ref]
	if !ok {
		if v.refs == nil {
			v.refs = map[string]*uci.Section{}
		}
		s = v.Section(ref)
		v.refs[ref] = s
	}
	return s
}

// option returns the raw text of an option of a row's own section.
func (r *Reader) option(row *model.Row, name string) string {
	if row == nil || row.Section == "" {
		return ""
	}
	return r.raw(row.Package, r.section(row.Package, row.Section), name)
}

// raw is optionText with the empty slots of a list that this transaction wrote.
func (r *Reader) raw(pkg string, s *uci.Section, name string) string {
	if len(r.uci.gaps) > 0 && s != nil {
		if text, ok := r.uci.gaps[uciOption{pkg, s.Name, name}]; ok {
			return text
		}
	}
	return optionText(s, name)
}

// optionText is the raw text of an option: a list in the list form, a scalar as it is.
func optionText(s *uci.Section, name string) string {
	if s == nil {
		return ""
	}
	o := s.Option(name)
	switch {
	case o == nil || len(o.Values) == 0:
		return ""
	case o.IsList:
		return joinList(o.Values)
	}
	return clean(o.Values[0])
}

// uciEdit applies e to this transaction's copy of the package and keeps it for the commit.
func (r *Reader) uciEdit(e uci.Edit) error {
	if err := checkEdit(e); err != nil {
		return err
	}
	v := r.uciLoad(e.Package)
	if v == nil {
		return &model.ParamError{Reason: model.Refused, Msg: fmt.Sprintf("there is no /etc/config/%s to write to", e.Package)}
	}
	if v.Package == v.base {
		v.Package = v.Clone()
	}
	e.Base = v.base
	v.keys, v.refs = nil, nil
	r.uci.hitValid = false
	if err := v.Apply(e); err != nil {
		return &model.ParamError{Reason: model.Refused, Msg: err.Error()}
	}
	r.uci.edits = append(r.uci.edits, e)
	return nil
}

// checkEdit refuses names and values that libuci could not read back.
func checkEdit(e uci.Edit) error {
	bad := func(what, text string) error {
		return &model.ParamError{Reason: model.BadValue, Msg: fmt.Sprintf("%q cannot be a UCI %s", text, what)}
	}
	if !uci.ValidPackage(e.Package) {
		return bad("package", e.Package)
	}
	if e.Section != "" && e.Section[0] != '@' && !uci.ValidName(e.Section) {
		return bad("section", e.Section)
	}
	if e.Option != "" && !uci.ValidName(e.Option) {
		return bad("option", e.Option)
	}
	for _, v := range e.Values {
		if err := uci.CheckValue(v); err != nil {
			return &model.ParamError{Reason: model.BadValue, Msg: err.Error()}
		}
	}
	return nil
}

// validRef reports whether ref is the name of a section or @TYPE[N].
func validRef(ref string) bool {
	typ, ok := strings.CutPrefix(ref, "@")
	if !ok {
		return uci.ValidName(ref)
	}
	typ, index, ok := strings.Cut(typ, "[")
	_, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
	return ok && typ != "" && strings.HasSuffix(index, "]") && err == nil
}

// uciSet writes the raw value of an option: a list, a scalar, or nothing. A value that stands there already is left
// alone, so that no service is told of a change which is none.
func (r *Reader) uciSet(pkg, section, option, value string) error {
	e := uci.Edit{Op: uci.OpSet, Package: pkg, Section: section, Option: option}
	items, isList := splitList(value)
	if isList {
		items = r.closeGaps(uciOption{pkg, section, option}, value, items)
	} else {
		delete(r.uci.gaps, uciOption{pkg, section, option})
		if value != "" {
			items = []string{value}
		}
	}
	e.Values, e.IsList = items, isList
	var have []string
	if s := r.section(pkg, section); s != nil {
		if o := s.Option(option); o != nil {
			have = o.Values
		}
	}
	if slices.Equal(have, items) {
		return nil
	}
	if len(items) == 0 {
		e.Op, e.IsList = uci.OpUnset, false
	}
	return r.uciEdit(e)
}

// closeGaps returns the items that are not empty, and remembers the list as it was written while some are.
func (r *Reader) closeGaps(at uciOption, value string, items []string) []string {
	whole := slices.DeleteFunc(slices.Clone(items), func(s string) bool { return s == "" })
	if len(whole) == len(items) {
		delete(r.uci.gaps, at)
		return items
	}
	if r.uci.gaps == nil {
		r.uci.gaps = map[uciOption]string{}
	}
	r.uci.gaps[at] = value
	return whole
}

// uciPrepare replays the edits on the files as they are now, under libuci's locks.
func (r *Reader) uciPrepare(ctx context.Context) ([]state.File, []string, error) {
	if len(r.uci.edits) == 0 {
		return nil, nil, nil
	}
	r.uciClose()
	w, err := r.rt.cfg.UCI.Begin(ctx, r.uci.edits)
	if err != nil {
		return nil, nil, uciRefusal(err)
	}
	r.uci.write = w
	return w.Files(), w.Packages(), nil
}

// uciRefusal turns what keeps us from writing into the reason the tree knows.
func uciRefusal(err error) error {
	var busy *uci.BusyError
	switch {
	case errors.As(err, &busy), errors.Is(err, context.DeadlineExceeded):
		return &model.ParamError{Reason: model.Busy, Msg: err.Error()}
	case errors.Is(err, uci.ErrVolatile):
		return &model.ParamError{Reason: model.Refused, Msg: err.Error()}
	}
	return fmt.Errorf("write UCI: %w", err)
}

func (r *Reader) uciClose() {
	if r.uci.write != nil {
		r.uci.write.Close()
		r.uci.write = nil
	}
}

// compileUCI compiles `uci …` for every use.
func compileUCI(_ *Router, use model.Use, words []string) (model.Expr, error) {
	if len(words) == 0 {
		return nil, errors.New("want .OPTION, PACKAGE.SECTION.OPTION or PACKAGE.@TYPE")
	}
	switch use {
	case model.UseValue, model.UseLet:
		return compileUCIValue(words)
	case model.UseRows:
		return compileUCIRows(words)
	case model.UseAdd:
		return compileUCIAdd(words)
	case model.UseNeed:
		return compileUCINeed(words)
	}
	return nil, nil
}

// uciValue is an option of a section: of the row's own (`uci .OPTION`), or of one named in the line
// (`uci PACKAGE.SECTION.OPTION`). SECTION may be NAME:TYPE; then a write makes the section when there is none.
type uciValue struct {
	text         string
	pkg, section template
	typ          string
	option       string
	own          bool
}

func compileUCIValue(words []string) (model.Expr, error) {
	if len(words) != 1 {
		return nil, fmt.Errorf("%q after the option: a value is one word, .OPTION or PACKAGE.SECTION.OPTION", words[1:])
	}
	e := &uciValue{text: words[0]}
	names := splitDots(words[0])
	e.option = names[len(names)-1]
	if !uci.ValidName(e.option) {
		return nil, fmt.Errorf("%q is not the name of an option: letters, digits and _", e.option)
	}
	switch {
	case len(names) == 2 && names[0] == "":
		e.own = true
		return e, nil
	case len(names) != 3:
		return nil, fmt.Errorf("%q: want .OPTION or PACKAGE.SECTION.OPTION", words[0])
	}
	ref, typ, _ := strings.Cut(names[1], ":")
	e.typ = typ
	parts, err := parseTemplates([]string{names[0], ref})
	if err != nil {
		return nil, err
	}
	e.pkg, e.section = parts[0], parts[1]
	if e.pkg.fixed() && !uci.ValidPackage(e.pkg.text) {
		return nil, fmt.Errorf("%q is not the name of a package", e.pkg.text)
	}
	if e.section.fixed() && !validRef(e.section.text) {
		return nil, fmt.Errorf("%q is neither the name of a section nor @TYPE[N]", e.section.text)
	}
	if typ != "" && (!uci.ValidName(typ) || e.section.text[0] == '@') {
		return nil, fmt.Errorf("%q: want NAME:TYPE", names[1])
	}
	return e, nil
}

func (e *uciValue) Caps() model.Caps { return model.Caps{Set: true} }
func (e *uciValue) String() string   { return "uci " + e.text }

func (e *uciValue) where(r *Reader, row *model.Row) (pkg, section string) {
	if e.own {
		if row == nil {
			return "", ""
		}
		return row.Package, row.Section
	}
	pkg, ok := e.pkg.expand(r, row)
	section, ok2 := e.section.expand(r, row)
	if !ok || !ok2 {
		return "", ""
	}
	return pkg, section
}

func (e *uciValue) get(_ context.Context, r *Reader, row *model.Row) (string, error) {
	pkg, section := e.where(r, row)
	if section == "" {
		return "", nil
	}
	return r.raw(pkg, r.section(pkg, section), e.option), nil
}

func (e *uciValue) set(_ context.Context, r *Reader, row *model.Row, value string) error {
	pkg, section := e.where(r, row)
	if section == "" {
		return refused("this instance has no section to write to")
	}
	s := r.section(pkg, section)
	if s == nil {
		if e.typ == "" {
			return refused("/etc/config/%s has no section %s", pkg, section)
		}
		if value == "" {
			return nil
		}
		if err := r.uciEdit(uci.Edit{Op: uci.OpAdd, Package: pkg, Section: section, Type: e.typ}); err != nil {
			return err
		}
		return r.uciSet(pkg, section, e.option, value)
	}
	// libuci's own name of today: an edit must not count sections again later.
	return r.uciSet(pkg, s.Name, e.option, value)
}
