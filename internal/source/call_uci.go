package source

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// uciTable is Device.X_CWMPD_UCI.: packages, sections and options as they are in the files, for the packages that the
// owner has opened in section cpe of our own.
var uciTable = []named{
	{"uci.open", &Func{Need: func(_ context.Context, r *Reader, _ []string) bool { return len(openPackages(r)) > 0 }}},
	{"uci.packages", &Func{Rows: uciPackages}},
	{"uci.sections", &Func{Rows: uciSections, Add: uciAddNew, Delete: deleteSection}},
	{"uci.options", &Func{Rows: uciOptions, Add: uciAddNew, Delete: uciDropOption}},
	{"uci.field", &Func{Get: uciField, Set: uciSetField}},
}

// closedPackages are never opened: they hold what guards the router, and the list itself.
var closedPackages = []string{ownPackage, "rpcd"}

// openPackages are those that may be read, sorted.
func openPackages(r *Reader) []string {
	cpe := r.section(ownPackage, "cpe")
	names := slices.Concat(items(cpe, "uci_read"), items(cpe, "uci_write"))
	slices.Sort(names)
	names = slices.Compact(names)
	for _, closed := range closedPackages {
		if i := slices.Index(names, closed); i >= 0 {
			names = slices.Delete(names, i, i+1)
		}
	}
	return names
}

func uciPackages(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, name := range openPackages(r) {
		if r.UCI(name) != nil {
			open := slices.Contains(items(r.section(ownPackage, "cpe"), "uci_write"), name)
			rows = append(rows, model.Row{Key: name, Package: name, ReadOnly: !open})
		}
	}
	return rows, nil
}

func uciSections(_ context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, s := range r.UCI(parent.Package).Sections {
		var ident []string
		if s.Anonymous {
			for _, o := range s.Options {
				ident = append(ident, o.Name)
			}
		}
		row := r.rowOf(parent.Package, s, ident...)
		row.Key, row.ReadOnly = s.Type+" "+row.Key, parent.ReadOnly
		rows = append(rows, row)
	}
	return rows, nil
}

// An optionName is the Data of a row that stands for one option of its section.
type optionName string

func uciOptions(_ context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	if s := r.own(parent); s != nil {
		for _, o := range s.Options {
			rows = append(rows, model.Row{Key: o.Name, Package: parent.Package, Section: parent.Section, ReadOnly: parent.ReadOnly, Data: optionName(o.Name)})
		}
	}
	return rows, nil
}

// uciNew begins the name of what AddObject makes, and is the type of such a section: no service reads either, until the ACS
// says what it is to be.
const uciNew = "cwmp_new"

func uciAddNew(_ context.Context, r *Reader, parent *model.Row, n uint32, args []string) (model.Row, error) {
	row := model.Row{Key: uciNew + strconv.FormatUint(uint64(n), 10), Package: parent.Package, Section: parent.Section}
	if parent.Section != "" {
		row.Data = optionName(row.Key)
		return row, r.uciSet(row.Package, row.Section, row.Key, uciNew)
	}
	row.Section = r.freeName(row.Package, row.Key)
	row.Key = uciNew + " " + row.Section
	return row, r.addSection(row.Package, uciNew, row.Section)
}

// uciName gives what AddObject made its name or its type.
func uciName(r *Reader, row *model.Row, field, value string) error {
	s := r.own(row)
	old, isOption := row.Data.(optionName)
	switch {
	case !isOption && s.Type != uciNew && !strings.HasPrefix(s.Name, uciNew), isOption && !strings.HasPrefix(string(old), uciNew):
		return refused("only what AddObject made can be called otherwise")
	case isOption && s.Option(value) != nil, !isOption && field == "name" && r.section(row.Package, value) != nil:
		return badValue("there is one of that name")
	case isOption:
		row.Key, row.Data = value, optionName(value)
		return r.uciEdit(uci.Edit{Op: uci.OpRename, Package: row.Package, Section: row.Section, Option: string(old), Values: []string{value}})
	case field == "name":
		row.Key, row.Section = s.Type+" "+value, value
		return r.uciEdit(uci.Edit{Op: uci.OpRename, Package: row.Package, Section: s.Name, Values: []string{value}})
	}
	row.Key = value + " " + s.Name
	_, err := r.retype(row.Package, s, value, s.Name, nil)
	return err
}

func uciDropOption(_ context.Context, r *Reader, row *model.Row) error {
	return r.uciSet(row.Package, row.Section, row.Key, "")
}

// secrets are parts of the names of options that hold passwords and keys.
var secrets = []string{"key", "pass", "secret", "psk", "priv", "token", "pin", "auth", "sae"}

// uciField reads one field of a package, a section or an option.
func uciField(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	name, isOption := row.Data.(optionName)
	switch field := args[0]; {
	case s == nil && field == "name":
		return row.Package, nil
	case s == nil && field == "writable":
		return digit(!row.ReadOnly), nil
	case s == nil:
		return "", nil
	case isOption:
		return uciOptionField(s.Option(string(name)), field), nil
	case field == "name" && !s.Anonymous:
		return s.Name, nil
	case field == "type":
		return s.Type, nil
	}
	return "", nil // AddSection and SetOption
}

func uciOptionField(o *uci.Option, field string) string {
	switch {
	case o == nil:
		return ""
	case field == "name":
		return o.Name
	case field == "type" && o.IsList:
		return "list"
	case field == "type":
		return "option"
	}
	lower := strings.ToLower(o.Name)
	for _, word := range secrets {
		if strings.Contains(lower, word) {
			return ""
		}
	}
	if !o.IsList {
		return strings.Join(o.Values, "")
	}
	list := strings.Join(o.Values, "\x00")
	list = strings.ReplaceAll(strings.ReplaceAll(list, "%", "%25"), ",", "%2C")
	return strings.ReplaceAll(list, "\x00", ",")
}

// uciSetField writes one of AddSection, SetOption, Value, Name and Type.
func uciSetField(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	switch args[0] {
	case "name", "type":
		return uciName(r, row, args[0], value)
	case "add":
		typ, name, _ := strings.Cut(value, " ")
		if name != "" && r.section(row.Package, name) != nil || !uci.ValidName(typ) {
			return badValue("want TYPE or TYPE NAME of a section that is not there")
		}
		return r.uciEdit(uci.Edit{Op: uci.OpAdd, Package: row.Package, Type: typ, Section: name})
	case "set":
		name, text, ok := strings.Cut(value, "=")
		if !ok {
			return badValue("want NAME=VALUE, NAME+=ITEM, NAME-=ITEM or NAME=")
		}
		e := uci.Edit{Op: uci.OpSet, Package: row.Package, Section: row.Section, Option: name, Values: []string{text}}
		if bare, found := strings.CutSuffix(name, "+"); found {
			e.Op, e.Option = uci.OpListAdd, bare
		} else if bare, found := strings.CutSuffix(name, "-"); found {
			e.Op, e.Option = uci.OpListDel, bare
		}
		return r.uciEdit(e)
	}
	o := r.own(row).Option(row.Key)
	if o == nil || value == "" {
		return badValue("an option without a value is none: delete it")
	}
	e := uci.Edit{Op: uci.OpSet, Package: row.Package, Section: row.Section, Option: o.Name, Values: []string{value}, IsList: o.IsList}
	if o.IsList {
		e.Values = nil
		for item := range strings.SplitSeq(value, ",") {
			e.Values = append(e.Values, strings.ReplaceAll(strings.ReplaceAll(item, "%2C", ","), "%25", "%"))
		}
	}
	return r.uciEdit(e)
}
