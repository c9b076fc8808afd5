package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// Parking: TR-181 has rows that exist without working, OpenWrt mostly has not. Such a row is a section whose type no
// service of OpenWrt reads ("cwmp_host" for a host that is switched off): nothing is lost, a person sees what lies
// there, and switching it on again is a change of type. Its option cwmp_key keeps the name of a row that came from an
// anonymous section.

const parkedKey = "cwmp_key"

// yes reads a UCI boolean; a value that is none is the default.
func yes(value string, absent bool) bool {
	switch value {
	case "1", "on", "true", "yes", "enabled":
		return true
	case "0", "off", "false", "no", "disabled":
		return false
	}
	return absent
}

func digit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// at makes an error about the parameter name of the row that a hook works on.
func at(name string, reason model.Reason, format string, args ...any) error {
	e := model.Errorf(reason, format, args...)
	e.Path = name
	return e
}

// own is the row's own section, nil where there is none.
func (r *Reader) own(row *model.Row) *uci.Section {
	if row == nil || row.Section == "" {
		return nil
	}
	return r.section(row.Package, row.Section)
}

// text is the scalar of an option, a list joined by blanks; "" where the section or the option is absent.
func text(s *uci.Section, option string) string {
	if s == nil {
		return ""
	}
	return s.Get(option)
}

// items are the values of an option; a scalar is cut at white space, as the init scripts of OpenWrt do.
func items(s *uci.Section, option string) []string {
	if s == nil {
		return nil
	}
	o := s.Option(option)
	if o == nil {
		return nil
	}
	if o.IsList {
		return o.Values
	}
	return strings.Fields(strings.Join(o.Values, " "))
}

// setItems writes a list option; no items delete it.
func (r *Reader) setItems(pkg, section, option string, list []string) error {
	if len(list) == 0 {
		return r.uciSet(pkg, section, option, "")
	}
	return r.uciSet(pkg, section, option, joinList(list))
}

// rowOf makes the row of a section as a `rows uci` line with these ident options would.
func (r *Reader) rowOf(pkg string, s *uci.Section, ident ...string) model.Row {
	row := model.Row{Key: s.Name, Package: pkg, Section: s.Name}
	if key := s.Get(parkedKey); key != "" {
		row.Key = key
	} else if s.Anonymous {
		v := r.uciLoad(pkg)
		row.Key = v.key(s, &uciRows{ident: ident, index: "\x00" + strings.Join(ident, ",")})
		row.Place = pkg + "." + s.Name
	}
	return row
}

// freeName is a name for a new section: wish, with a number behind it where it is taken.
func (r *Reader) freeName(pkg, wish string) string {
	name := validPart(wish)
	for i := 2; r.section(pkg, name) != nil; i++ {
		name = validPart(wish) + "_" + strconv.Itoa(i)
	}
	return name
}

// addSection makes a named section with options given in pairs; an empty value is left out.
func (r *Reader) addSection(pkg, typ, name string, pairs ...string) error {
	if err := r.uciEdit(uci.Edit{Op: uci.OpAdd, Package: pkg, Section: name, Type: typ}); err != nil {
		return err
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := r.uciSet(pkg, name, pairs[i], pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// retype gives a section another type, in its place and with the options that keep allows (nil: all), and returns its
// name, which is a new one where it had none. key is the name of its row.
func (r *Reader) retype(pkg string, s *uci.Section, typ, key string, keep func(option string) bool) (string, error) {
	p := r.UCI(pkg)
	place := slices.IndexFunc(p.Sections, func(o *uci.Section) bool { return o.Name == s.Name })
	old := uci.Edit{Op: uci.OpDelete, Package: pkg, Section: s.Name}
	name, options := s.Name, s.Options
	if s.Anonymous {
		name = r.freeName(pkg, "cwmp_"+fingerName(key))
	}
	if err := r.uciEdit(old); err != nil {
		return "", err
	}
	if err := r.addSection(pkg, typ, name); err != nil {
		return "", err
	}
	for _, o := range options {
		if keep != nil && !keep(o.Name) || o.Name == parkedKey {
			continue
		}
		if err := r.uciEdit(uci.Edit{Op: uci.OpSet, Package: pkg, Section: name, Option: o.Name, Values: o.Values, IsList: o.IsList}); err != nil {
			return "", err
		}
	}
	if key != name {
		if err := r.uciSet(pkg, name, parkedKey, key); err != nil {
			return "", err
		}
	}
	return name, r.uciEdit(uci.Edit{Op: uci.OpOrder, Package: pkg, Section: name, Values: []string{strconv.Itoa(place)}})
}

// fingerName makes a short name of any text.
func fingerName(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// removeSection deletes a section.
func (r *Reader) removeSection(pkg, name string) error {
	return r.uciEdit(uci.Edit{Op: uci.OpDelete, Package: pkg, Section: name})
}

// deleteSection is the Delete of rows that are whole sections.
func deleteSection(_ context.Context, r *Reader, row *model.Row) error {
	return r.removeSection(row.Package, row.Section)
}

// A parking table holds rows of one section type that OpenWrt cannot switch off, and of the type that stands for
// switched off.
type parking struct {
	pkg, live, parked string
	ident             []string
}

// rows are the sections of both types that fit.
func (t parking) rows(r *Reader, fits func(*uci.Section) bool) []model.Row {
	p := r.UCI(t.pkg)
	if p == nil {
		return nil
	}
	var out []model.Row
	for _, s := range p.Sections {
		if (s.Type == t.live || s.Type == t.parked) && fits(s) {
			out = append(out, r.rowOf(t.pkg, s, t.ident...))
		}
	}
	return out
}

// enable is the Enable of a row: Get and Set for `call`.
func (t parking) enable() Func {
	return Func{
		Get: func(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
			s := r.own(row)
			return digit(s != nil && s.Type == t.live), nil
		},
		Set: func(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
			s := r.own(row)
			typ := t.parked
			if yes(value, false) {
				typ = t.live
			}
			if s == nil || s.Type == typ {
				return nil
			}
			name, err := r.retype(t.pkg, s, typ, row.Key, nil)
			if err == nil {
				row.Section, row.Place = name, ""
			}
			return err
		},
	}
}

// only is a value that this router always has: another one is refused. It is for parameters which the standard lets an
// ACS write and which have one possible value here.
var only = Func{
	Get: func(_ context.Context, _ *Reader, _ *model.Row, args []string) (string, error) {
		return strings.Join(args, " "), nil
	},
	Set: func(_ context.Context, _ *Reader, _ *model.Row, args []string, value string) error {
		have := strings.Join(args, " ")
		if value == have || value != "" && yes(value, false) == yes(have, true) && yes(value, true) == yes(have, false) {
			return nil
		}
		return model.Errorf(model.BadValue, "this router can do %q only", have)
	},
}
