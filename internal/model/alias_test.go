package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// shelfDM has tables in tables, one without Alias, and values that are paths.
const shelfDM = `
Device.Shelf.{i}. rw
  rows uci s.@shelf
  add  uci s.@shelf shelf_{n}
  max  4
  Label rw string(8) uci .label
Device.Shelf.{i}.Size. r
  Width rw unsignedInt uci .width
Device.Shelf.{i}.Book.{i}. rw
  rows uci s.@book on={parent.section}
  add  uci s.@book book_{parent.n}_{n} on={parent.section}
  Title rw string(16) uci .title
Device.Shelf.{i}.Nail.{i}. rw
  rows uci s.@nail in={parent.section}
  add  uci s.@nail nail_{parent.n}_{n} in={parent.section}
  noalias
  Long rw unsignedInt uci .long
Device.Hall. r
  First rw pathRef uci s.hall.first | ref Device.Shelf.
  All   rw list pathRef uci s.hall.all | ref Device.Shelf. Device.Shelf.{i}.Book.
  Any   rw pathRef weak uci s.hall.any
Device.Sealed.{i}. r
  rows uci s.@sealed
  X rw string uci .x
`

func newShelf(t *testing.T) *bed {
	t.Helper()
	return newBed(t, shelfDM, func(m *memory) {
		m.put(t, "s", "hall hall first=low all=[low,red]", "shelf low label=l", "book red on=low title=Red", "shelf top label=t", "nail n on=top in=low long=3", "sealed x x=1")
	})
}

// renamed gives the first shelf and its book names of the ACS.
func renamed(t *testing.T) *bed {
	b := newShelf(t)
	b.mustSet("Device.Shelf.1.Alias=low", "Device.Shelf.1.Book.1.Alias=red")
	return b
}

// aliased begins a transaction that shows aliases.
func (b *bed) aliased() *Tx {
	b.Helper()
	tx := b.begin(FromACS)
	tx.UseAliases()
	return tx
}

func TestT240_ShownAliases(t *testing.T) {
	b := renamed(t)
	for _, c := range []struct {
		name, path string
		want       []string
	}{
		{"asked for by number", "Device.Shelf.1.Label", []string{"Device.Shelf.[low].Label=l"}},
		{"by alias", "Device.Shelf.[low].Size.Width", []string{"Device.Shelf.[low].Size.Width=0"}},
		{"a table in a row", "Device.Shelf.1.Book.", []string{"Device.Shelf.[low].Book.[red].Title=Red", "Device.Shelf.[low].Book.[red].Alias=red"}},
		{"a row", "Device.Shelf.2.", []string{"Device.Shelf.[cpe-2].Label=t", "Device.Shelf.[cpe-2].Alias=cpe-2", "Device.Shelf.[cpe-2].BookNumberOfEntries=0",
			"Device.Shelf.[cpe-2].NailNumberOfEntries=0", "Device.Shelf.[cpe-2].Size.Width=0"}},
		{"a table without Alias keeps its numbers", "Device.Shelf.*.Nail.1.Long", []string{"Device.Shelf.[low].Nail.1.Long=3"}},
		{"values that are paths", "Device.Hall.", []string{"Device.Hall.First=Device.Shelf.[low]", "Device.Hall.All=Device.Shelf.[low],Device.Shelf.[low].Book.[red]", "Device.Hall.Any="}},
	} {
		tx := b.aliased()
		got, err := valuesIn(b.Context(), tx, c.path)
		if err != nil {
			t.Fatal(c.name, err)
		}
		same(t, c.name, got, c.want)
		tx.Close()
	}
	tx := b.aliased()
	names, _ := namesIn(b.Context(), tx, "Device.Shelf.", true)
	same(t, "names of rows", names, []string{"Device.Shelf.[low].*", "Device.Shelf.[cpe-2].*"})
	numbers, all := tx.numbers(t), b.numbersOfAll()
	same(t, "Numbered", numbers, all)
	tx.Close()

	same(t, "R-36 without UseAliases there are numbers", b.values("Device.Shelf.[low].Book.[red].Title"), []string{"Device.Shelf.1.Book.1.Title=Red"})
	b.cfg.Aliases = false
	b.boot()
	tx = b.aliased()
	got, _ := valuesIn(b.Context(), tx, "Device.Shelf.1.Label")
	same(t, "where aliases are off there are numbers", got, []string{"Device.Shelf.1.Label=l"})
}

func (tx *Tx) numbers(t *testing.T) (list []string) {
	t.Helper()
	if err := tx.Names(t.Context(), "", false, func(n Name) error {
		if !n.Object {
			list = append(list, n.Numbered())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

func (b *bed) numbersOfAll() []string {
	b.Helper()
	tx := b.begin(FromACS)
	defer tx.Close()
	return tx.numbers(b.T)
}

// TestT240_ShownIsUnderstood: every name that is shown is taken too, and names the same.
func TestT240_ShownIsUnderstood(t *testing.T) {
	b := renamed(t)
	tx := b.aliased()
	shown, err := valuesIn(b.Context(), tx, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range shown {
		path, _, _ := strings.Cut(line, "=")
		got, err := valuesIn(b.Context(), tx, path)
		if err != nil {
			t.Fatal(err)
		}
		same(t, path, got, []string{line})
	}
}

func TestAliasesInValuesAndRetell(t *testing.T) {
	b := renamed(t)
	b.mustSet("Device.Hall.First=Device.Shelf.[cpe-2].", "Device.Hall.Any=Device.Shelf.[low].Size")
	same(t, "what is stored has no alias", b.get(t, "s")[0], "hall hall all=[low,red] any=Device.Shelf.1.Size first=top")
	b.mustSet("Device.Shelf.1.Alias=other")
	tx := b.aliased()
	defer tx.Close()
	for path, want := range map[string]string{
		"Device.Hall.Any":            "Device.Shelf.[other].Size",
		"Device.Shelf.2.Label":       "t",
		"Device.Shelf.2.Size.Width":  "0",
		"Device.Shelf.[other].Label": "l",
	} {
		got, err := tx.Value(b.Context(), path)
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", path, got, err, want)
		}
	}
	for _, c := range [][4]string{
		{"Device.Hall.First", "Device.Shelf.2", "Device.Hall.First", "Device.Shelf.[cpe-2]"},
		{"Device.Shelf.1.Label", "Device.Shelf.2", "Device.Shelf.[other].Label", "Device.Shelf.2"},
		{"Device.Shelf.9.Label", "x", "Device.Shelf.9.Label", "x"},
		{"Device.Hall.All", "Device.Shelf.9,Device.Shelf.1", "Device.Hall.All", "Device.Shelf.9,Device.Shelf.[other]"},
	} {
		path, value := tx.Retell(b.Context(), c[0], c[1])
		same(t, "Retell "+c[0], []string{path, value}, c[2:])
	}
}

func TestT242_AliasesThatCannotBe(t *testing.T) {
	b := renamed(t)
	for _, c := range []struct{ name, alias string }{
		{"empty", ""}, {"a digit first", "1a"}, {"a hyphen first", "-a"}, {"a dot", "a.b"}, {"a bracket", "a]"}, {"a blank", "a b"}, {"65 letters", strings.Repeat("a", 65)},
		{"ours to give", "cpe-9"}, {"taken", "low"},
	} {
		_, failed := b.set("Device.Shelf.2.Alias=" + c.alias)
		if len(failed) != 1 || !strings.HasPrefix(failed[0], "Device.Shelf.2.Alias: bad value") {
			t.Errorf("%s: got %q", c.name, failed)
		}
	}
	b.mustSet("Device.Shelf.2.Alias=" + strings.Repeat("a", 64))
	b.mustSet("Device.Shelf.2.Alias=cpe-2") // the name it had from us
	b.mustSet("Device.Shelf.1.Alias=top", "Device.Shelf.2.Alias=low")
	b.mustSet("Device.Shelf.1.Alias=low", "Device.Shelf.2.Alias=top") // each has the other's for a moment
	b.boot()
	same(t, "kept", []string{b.value("Device.Shelf.[low].Label"), b.value("Device.Shelf.[top].Label")}, []string{"l", "t"})

	tx := b.aliased()
	err := tx.Set(b.Context(), "Device.Shelf.2.Alias", "low", BaseAny)
	if err == nil {
		_, err = tx.Commit(b.Context())
	}
	same(t, "the error of a commit is told with the new alias", err.Error(), "Device.Shelf.[low].Alias: bad value: another row has the same Alias")
}

func TestR36_ErrorsOfSet(t *testing.T) {
	b := renamed(t)
	for _, c := range []struct{ path, text, numbers, aliases string }{
		{"Device.Shelf.[low].Label", "much too long", "Device.Shelf.1.Label", "Device.Shelf.[low].Label"},
		{"Device.Shelf.1.Label", "much too long", "Device.Shelf.1.Label", "Device.Shelf.[low].Label"},
		{"Device.Shelf.[low].BookNumberOfEntries", "1", "Device.Shelf.1.BookNumberOfEntries", "Device.Shelf.[low].BookNumberOfEntries"},
		{"Device.Shelf.[nobody].Label", "x", "Device.Shelf.[nobody].Label", "Device.Shelf.[nobody].Label"},
		{"Device.Shelf.7.Label", "x", "Device.Shelf.7.Label", "Device.Shelf.7.Label"},
		{"Device.Shelf.*.Label", "x", "Device.Shelf.*.Label", "Device.Shelf.*.Label"},
	} {
		for aliased, want := range map[bool]string{false: c.numbers, true: c.aliases} {
			tx := b.begin(FromACS)
			if aliased {
				tx.UseAliases()
			}
			err := tx.Set(b.Context(), c.path, c.text, BaseAny)
			if found := Errors(err); len(found) != 1 || found[0].Path != want {
				t.Errorf("%s, aliases %v: got %v, want %s", c.path, aliased, err, want)
			}
			tx.Close()
		}
	}
}

// setNumbered looks names up as SetParameterValues does, sets them, and commits.
func (b *bed) setNumbered(create bool, pairs ...string) (Changes, error) {
	b.Helper()
	tx := b.begin(FromACS)
	defer tx.Close()
	var paths []string
	var failed []error
	for _, pair := range pairs {
		path, _, _ := strings.Cut(pair, "=")
		full, err := tx.Numbered(b.Context(), path, create)
		paths, failed = append(paths, full), append(failed, err)
	}
	if err := errors.Join(failed...); err != nil {
		return Changes{}, err
	}
	for i, pair := range pairs {
		_, value, _ := strings.Cut(pair, "=")
		if err := tx.Set(b.Context(), paths[i], value, BaseAny); err != nil {
			return Changes{}, err
		}
	}
	return tx.Commit(b.Context())
}

//
func TestT241_RowsThatAreMadeBySet(t *testing.T) {
	b := newShelf(t)
	before := b.get(t, "s")
	_, err := b.setNumbered(false, "Device.Shelf.[new].Label=x")
	reason(t, "AutoCreate false", err, NoSuchRow)

	c, err := b.setNumbered(true, "Device.Shelf.[new].Label=n", "Device.Shelf.[new].Book.[one].Title=One", "Device.Shelf.[new].Book.[two].Title=Two",
		"Device.Shelf.[cpe-1].Book.[one].Title=Here", "Device.Shelf.[cpe-2].Label=tt", "Device.Hall.First=Device.Shelf.[new]")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "added", c.Added, []string{"Device.Shelf.3.", "Device.Shelf.3.Book.1.", "Device.Shelf.3.Book.2.", "Device.Shelf.1.Book.2."})
	same(t, "the router", b.get(t, "s")[6:], []string{"shelf shelf_3 label=n", "book book_3_1 on=shelf_3 title=One", "book book_3_2 on=shelf_3 title=Two", "book book_1_2 on=low title=Here"})
	b.boot()
	same(t, "by alias after a boot", b.value("Device.Shelf.[new].Book.[two].Title"), "Two")
	same(t, "a path to a new row", b.value("Device.Hall.First"), "Device.Shelf.3")

	was := b.get(t, "s")
	for _, c := range []struct {
		name, path string
		want       Reason
	}{
		{"a table that cannot grow", "Device.Sealed.[a].X", Unknown},
		{"a table without Alias", "Device.Shelf.1.Nail.[a].Long", Unknown},
		{"an alias of ours", "Device.Shelf.[cpe-77].Label", Unknown},
		{"bad syntax", "Device.Shelf.[7].Label", Unknown},
		{"a number is never made", "Device.Shelf.9.Book.[a].Title", NoSuchRow},
		{"an unknown parameter", "Device.Shelf.[a].Nope", Unknown},
		{"no parameter", "Device.Shelf.[a].", NoSuchRow},
		{"a wildcard", "Device.Shelf.*.Book.[a].Title", Unknown},
		{"a wildcard below", "Device.Shelf.[zzz].Book.*.Title", Unknown},
	} {
		_, err := b.setNumbered(true, "Device.Hall.Any=x", c.path+"=1")
		reason(t, c.name, err, c.want)
		if found := Errors(err); len(found) != 1 || found[0].Path != c.path {
			t.Errorf("%s: got %v about another path", c.name, err)
		}
	}
	_, err = b.setNumbered(true, "Device.Shelf.[a].Label=1", "Device.Shelf.[b].Label=1")
	reason(t, "a full table", err, NoRoom)
	_, err = b.setNumbered(true, "Device.Shelf.[a].Label=1", "Device.Shelf.1.Label=much too long")
	reason(t, "one wrong value", err, BadValue)
	same(t, "R-10 nothing was made", b.get(t, "s"), was)
	same(t, "there was something to be made", len(was)-len(before), 4)
}

// TestR10_AliasThatIsRenamed: whoever renames a row may name it as it was in the same request, in any order.
func TestR10_AliasThatIsRenamed(t *testing.T) {
	pairs := []string{"Device.Shelf.[low].Alias=high", "Device.Shelf.[low].Label=x", "Device.Shelf.[low].Book.[red].Title=y"}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}} {
		b := renamed(t)
		if _, err := b.setNumbered(true, pairs[order[0]], pairs[order[1]], pairs[order[2]]); err != nil {
			t.Fatal(err)
		}
		same(t, "values", b.values("Device.Shelf.[high].Label"), []string{"Device.Shelf.1.Label=x"})
		same(t, "rows", b.value("Device.Shelf.[high].Book.[red].Title"), "y")
	}
}

func TestT239_ObjectsByAlias(t *testing.T) {
	b := renamed(t)
	same(t, "a row in a row", b.add("Device.Shelf.[low].Book.[blue]."), 2)
	b.mustSet("Device.Shelf.[low].Book.[blue].Title=Blue")
	same(t, "same book", b.value("Device.Shelf.1.Book.2.Title"), "Blue")
	for _, c := range []struct {
		path string
		want Reason
	}{
		{"Device.Shelf.[low].Book.[blue].", BadArgument}, {"Device.Shelf.[low].Nail.[blue].", Unknown}, {"Device.Shelf.[gone].Book.[blue].", NoSuchRow},
		{"Device.Shelf.[1a].", Unknown}, {"Device.Shelf.[].", Unknown}, {"Device.Shelf.[a", Unknown}, {"Device.Shelf.[a.", Unknown}, {"Device.Shelf.a].", Unknown},
		{"Device.Shelf.[" + strings.Repeat("a", 65) + "].", Unknown}, {"Device.Shelf.[a].[b].", NoSuchRow}, {"Device.Shelf.*.Book.[b].", Unknown}, {"Device.Shelf.*.Book.", Unknown},
	} {
		tx := b.begin(FromACS)
		_, err := tx.Add(b.Context(), c.path)
		reason(t, "R-65 "+c.path, err, c.want)
		tx.Close()
	}
	same(t, "deleted", b.del("Device.Shelf.[low].Book.[blue].").Deleted, []string{"Device.Shelf.1.Book.2."})
	tx := b.begin(FromACS)
	reason(t, "again", tx.Delete(b.Context(), "Device.Shelf.[low].Book.[blue]."), NoSuchRow)
	reason(t, "R-34 by wildcard", tx.Delete(b.Context(), "Device.Shelf.[low].Book.*."), Unknown)
	tx.Close()
	same(t, "an alias is free again, its number is not", b.add("Device.Shelf.[low].Book.[blue]."), 3)
}

// TestZ26_ManyRows: what a wildcard costs grows with the rows that it matches, and an alias finds its row.
func TestZ26_ManyRows(t *testing.T) {
	if testing.Short() {
		t.Skip("compares times: not with -short")
	}
	tree := func(rows int) *Tree {
		tree, _, err := Load(t.Context(), Config{Source: trivial{rows}, Files: fsOf("bench.dm", benchDM), Aliases: true, Wildcard: true})
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	const most = 8000
	took := func(rows int) time.Duration { // to read as many values as the largest table has
		best := time.Hour
		tree := tree(rows)
		for range 10 {
			tx, err := tree.Begin(t.Context(), FromCLI)
			if err != nil {
				t.Fatal(err)
			}
			tx.UseAliases()
			begin, n := time.Now(), 0
			for range most / rows {
				if err := tx.Get(t.Context(), "Device.T.*.G", func(*Param) error { n++; return nil }); err != nil {
					t.Fatal(err)
				}
			}
			if n != most {
				t.Fatal(n)
			}
			best = min(best, time.Since(begin))
			got, err := valuesIn(t.Context(), tx, fmt.Sprintf("Device.T.[cpe-%d].B", rows))
			if err != nil || !slices.Equal(got, []string{fmt.Sprintf("Device.T.[cpe-%d].B=12345", rows)}) {
				t.Fatal(got, err)
			}
			tx.Close()
		}
		return best
	}
	if few, many := took(500), took(most); many > 5*few {
		t.Errorf("tables of 500 rows took %v, one with all of them %v", few, many)
	}
}
