package source

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// A listTable shows the items of UCI list options as rows: DHCP options of a pool, name servers of an interface. An
// item has no name and cannot be switched off, so a row that needs one of the two gets a section of its own beside:
// `config cwmp_… NAME` with the list's owner, the item's text, and, where the row was an item before, the row's key. The
// item is in the list when the row is enabled; services read the list only.
type listTable struct {
	pkg    string
	typ    string                                   // of the sections beside
	prefix string                                   // of their names
	owners func(*Reader, *model.Row) []*uci.Section // the sections that may hold the list, below a parent row
	option func(item string) string                 // the list option that an item belongs into
	lists  []string                                 // all of these options
	load   func(option, raw string) string          // an item as a row knows it, of what stands in the option; nil: the same
	store  func(option, item string) string         // the inverse
	// Where items are not what stands in the option one by one: all of them, and the inverse. In place of load and store.
	decode, encode func(option string, list []string) []string
	joined         bool                     // items stand in a scalar, with blanks between, unless there is a list
	scalars        []string                 // those of lists that hold one item and are no list
	shown          func(item string) bool   // other items are left alone
	ident          func(item string) string // the part of an item that names its row
	fresh          string                   // the item of a row that was just added
	get            func(r *Reader, owner, item, field string) string
	// set changes one field of an item; owner may change too.
	set func(r *Reader, owner, item, field, value string) (newOwner, newItem string, err error)
	// check tests a row that is enabled.
	check func(r *Reader, owner, item string) error
}

// listItem is the Data of a row without a section: whose list it is in, and what it says.
type listItem struct{ owner, item string }

func (t *listTable) funcs(name string) map[string]Func {
	return map[string]Func{
		name:            {Rows: t.rows, Add: t.add, Delete: t.remove},
		name + ".value": {Get: t.getField, Set: t.setField, Hook: t.hook},
	}
}

// ref names an owner for ever: a section that has no name by its place among those of its type.
func (t *listTable) ref(r *Reader, s *uci.Section) string {
	if !s.Anonymous {
		return s.Name
	}
	i := slices.IndexFunc(r.UCI(t.pkg).OfType(s.Type), func(o *uci.Section) bool { return o.Name == s.Name })
	return "@" + s.Type + "[" + strconv.Itoa(i) + "]"
}

// items are those of one option of an owner.
func (t *listTable) items(owner *uci.Section, option string) []string {
	list := items(owner, option)
	if t.decode != nil {
		return t.decode(option, list)
	}
	if t.load == nil {
		return list
	}
	out := make([]string, len(list))
	for i, raw := range list {
		out[i] = t.load(option, raw)
	}
	return out
}

func (t *listTable) setItems(r *Reader, owner *uci.Section, option string, list []string) error {
	if t.encode != nil {
		if list = t.encode(option, list); option == "dhcpv6_raw" {
			return r.uciSet(t.pkg, owner.Name, option, strings.Join(list, ""))
		}
	}
	if t.store != nil {
		list = slices.Clone(list)
		for i := range list {
			list[i] = t.store(option, list[i])
		}
	}
	if o := owner.Option(option); (o == nil || !o.IsList) && (t.joined || slices.Contains(t.scalars, option)) {
		return r.uciSet(t.pkg, owner.Name, option, strings.Join(list, " "))
	}
	return r.setItems(t.pkg, owner.Name, option, list)
}

func (t *listTable) beside(r *Reader) []*uci.Section {
	p := r.UCI(t.pkg)
	if p == nil {
		return nil
	}
	return p.OfType(t.typ)
}

func (t *listTable) rows(_ context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	var out []model.Row
	var refs []string
	for _, owner := range t.owners(r, parent) {
		ref := t.ref(r, owner)
		refs = append(refs, ref)
		taken := map[string]bool{}
		for _, s := range t.beside(r) {
			if s.Get("owner") == ref {
				taken[s.Get("item")] = true
			}
		}
		for _, option := range t.lists {
			for _, item := range t.items(owner, option) {
				row := model.Row{Key: ref + "/" + t.ident(item), Data: listItem{ref, item}}
				if t.shown(item) && !taken[item] && !slices.ContainsFunc(out, func(o model.Row) bool { return o.Key == row.Key }) {
					out = append(out, row)
				}
			}
		}
	}
	for _, s := range t.beside(r) {
		owner := s.Get("owner")
		if owner == "" && s.Get("parent") == keyOf(parent) || slices.Contains(refs, owner) {
			out = append(out, r.rowOf(t.pkg, s))
		}
	}
	return out, nil
}

// keyOf is the key of a row, "" for nobody's.
func keyOf(row *model.Row) string {
	if row.IsRoot() {
		return ""
	}
	return row.Key
}

// at is the owner and item of a row, and its section where it has one.
func (t *listTable) at(r *Reader, row *model.Row) (owner, item string, s *uci.Section) {
	if row.Section != "" {
		if s = r.own(row); s != nil {
			return s.Get("owner"), s.Get("item"), s
		}
	}
	d, _ := row.Data.(listItem)
	return d.owner, d.item, nil
}

func (t *listTable) present(r *Reader, owner, item string) bool {
	o := r.section(t.pkg, owner)
	return item != "" && slices.ContainsFunc(t.lists, func(option string) bool { return slices.Contains(t.items(o, option), item) })
}

func (t *listTable) add(_ context.Context, r *Reader, parent *model.Row, n uint32, _ []string) (model.Row, error) {
	owner := ""
	if list := t.owners(r, parent); len(list) == 1 {
		owner = t.ref(r, list[0])
	}
	name := t.prefix + strconv.FormatUint(uint64(n), 10)
	if !parent.IsRoot() {
		name = t.prefix + validPart(parent.Section) + "_" + strconv.FormatUint(uint64(n), 10)
	}
	name = r.freeName(t.pkg, name)
	pairs := []string{"owner", owner, "item", t.fresh}
	if owner == "" {
		pairs = []string{"parent", keyOf(parent), "item", t.fresh}
	}
	err := r.addSection(t.pkg, t.typ, name, pairs...)
	return model.Row{Key: name, Package: t.pkg, Section: name}, err
}

func (t *listTable) remove(_ context.Context, r *Reader, row *model.Row) error {
	owner, item, s := t.at(r, row)
	if err := t.drop(r, owner, item); err != nil {
		return err
	}
	if s != nil {
		return r.removeSection(t.pkg, s.Name)
	}
	return nil
}

// drop takes an item out of its list.
func (t *listTable) drop(r *Reader, owner, item string) error {
	o := r.section(t.pkg, owner)
	for _, option := range t.lists {
		if list := t.items(o, option); slices.Contains(list, item) {
			list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == item })
			return t.setItems(r, o, option, list)
		}
	}
	return nil
}

// put places an item into its list, where old was if it was there.
func (t *listTable) put(r *Reader, owner, item, old string) error {
	o := r.section(t.pkg, owner)
	if o == nil {
		return model.Errorf(model.BadValue, "it belongs to nothing yet")
	}
	option := t.option(item)
	list := slices.Clone(t.items(o, option))
	if i := slices.Index(list, old); i >= 0 && old != "" {
		list[i] = item
		return t.setItems(r, o, option, list)
	}
	if old != "" {
		if err := t.drop(r, owner, old); err != nil {
			return err
		}
		o = r.section(t.pkg, owner)
	}
	if slices.Contains(list, item) {
		return nil
	}
	if slices.Contains(t.scalars, option) {
		list = nil
	}
	return t.setItems(r, o, option, append(list, item))
}

// adopt gives a row a section of its own, so that it keeps its key whatever becomes of the item.
func (t *listTable) adopt(r *Reader, row *model.Row) error {
	d, _ := row.Data.(listItem)
	name := r.freeName(t.pkg, t.prefix+fingerName(row.Key))
	if err := r.addSection(t.pkg, t.typ, name, "owner", d.owner, "item", d.item, parkedKey, row.Key); err != nil {
		return err
	}
	row.Package, row.Section, row.Data = t.pkg, name, nil
	return nil
}

func (t *listTable) getField(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	owner, item, _ := t.at(r, row)
	if args[0] == "enable" {
		return digit(t.present(r, owner, item)), nil
	}
	return t.get(r, owner, item, args[0]), nil
}

func (t *listTable) setField(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if row.ReadOnly {
		return model.Errorf(model.ReadOnly, "it is not configured here")
	}
	have, _ := t.getField(ctx, r, row, args)
	if args[0] == "enable" {
		if yes(have, false) == yes(value, false) {
			return nil
		}
	} else if have == value {
		return nil
	}
	owner, item, s := t.at(r, row)
	on := t.present(r, owner, item)
	if args[0] == "enable" {
		if s == nil {
			if err := t.adopt(r, row); err != nil {
				return err
			}
		}
		if on {
			return t.drop(r, owner, item)
		}
		if item == "" || owner == "" {
			return nil // the hook enables it once it is complete
		}
		return t.put(r, owner, item, "")
	}
	newOwner, newItem, err := t.set(r, owner, item, args[0], value)
	if err != nil {
		return err
	}
	if s == nil && (newOwner != owner || newItem == "" || t.ident(newItem) != t.ident(item)) {
		if err := t.adopt(r, row); err != nil {
			return err
		}
	}
	if on {
		if newOwner != owner {
			if err := t.drop(r, owner, item); err != nil {
				return err
			}
			item = ""
		}
		if newItem == "" {
			err = t.drop(r, owner, item)
		} else if err = t.put(r, newOwner, newItem, item); err == nil && !t.present(r, newOwner, newItem) {
			err = model.Errorf(model.BadValue, "that cannot be written")
		}
		if err != nil {
			return err
		}
	}
	if row.Section == "" {
		row.Data = listItem{newOwner, newItem}
		return nil
	}
	if err := r.uciSet(t.pkg, row.Section, "owner", newOwner); err != nil {
		return err
	}
	return r.uciSet(t.pkg, row.Section, "item", newItem)
}

// hook enables a row that was enabled before it was complete.
func (t *listTable) hook(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	owner, item, s := t.at(r, row)
	enable, ok := changed["Enable"]
	want := ok && yes(enable, false)
	if want && s != nil && !t.present(r, owner, item) {
		if owner == "" || item == "" {
			return at("Enable", model.BadValue, "the row is not complete")
		}
		if err := t.put(r, owner, item, ""); err != nil {
			return err
		}
	}
	if t.check != nil && (want || t.present(r, owner, item)) {
		return t.check(r, owner, item)
	}
	return nil
}
