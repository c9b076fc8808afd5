package model

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/state"
)

func TestSetChecksEverything(t *testing.T) {
	b := newHouse(t)
	tx := b.begin(FromACS)
	defer tx.Close()
	for _, c := range []struct {
		name, path, text string
		typ              Base
		want             Reason
	}{
		{"T-173 a partial path", "Device.Time.", "1", BaseAny, Unknown},
		{"R-13 an object without its dot", "Device.Time", "1", BaseAny, Unknown},
		{"an unknown parameter", "Device.Time.Nope", "1", BaseAny, Unknown},
		{"a row that is not there", "Device.Net.Link.9.Name", "x", BaseAny, NoSuchRow},
		{"a read-only parameter", "Device.Net.Link.1.Show", "x", BaseAny, ReadOnly},
		{"a parameter of a read-only row", "Device.Net.Link.3.Name", "x", BaseAny, ReadOnly},
		{"NumberOfEntries", "Device.Net.LinkNumberOfEntries", "5", BaseAny, ReadOnly},
		{"T-179 a boolean sent as a string", "Device.Time.Enable", "1", BaseString, BadType},
		{"a list is a string on the wire", "Device.Net.Link.1.Addr", "1.1.1.1", BaseUnsignedInt, BadType},
		{"a value too long", "Device.Time.Zone", strings.Repeat("x", 17), BaseString, BadValue},
		{"a reference to nothing", "Device.Net.Link.2.Route.1.Via", "Device.Net.Link.9", BaseString, BadValue},
		{"a reference to another kind of row", "Device.Net.Link.2.Route.1.Via", "Device.Net.Link.2.Route.1", BaseString, BadValue},
		{"a reference to a table", "Device.Net.Link.2.Route.1.Via", "Device.Net.Link.", BaseString, BadValue},
		{"a reference by wildcard", "Device.Net.Link.2.Route.1.Via", "Device.Net.Link.*", BaseString, BadValue},
		{"T-242 an alias that starts with a digit", "Device.Net.Link.1.Alias", "1a", BaseString, BadValue},
		{"9.7 an alias that looks like ours", "Device.Net.Link.1.Alias", "cpe-9", BaseString, BadValue},
		{"a wildcard", "Device.Net.Link.*.Name", "x", BaseAny, Unknown},
	} {
		reason(t, c.name, tx.Set(b.Context(), c.path, c.text, c.typ), c.want)
	}
	if err := tx.Set(b.Context(), "Device.Time.Zone", "CET", BaseString); err != nil {
		t.Error("R-15 a good one after bad ones:", err)
	}
	got, _ := tx.Value(b.Context(), "Device.Time.Zone")
	same(t, "read your writes", got, "CET")
	tx.Close()
	same(t, "nothing was committed", b.value("Device.Time.Zone"), "UTC")
}

func TestErrorsDoNotTellSecrets(t *testing.T) {
	b := newBed(t, "Device.A. r\n  P rw string(4) hidden uci p.s.p\n", func(m *memory) { m.put(t, "p", "s s p=old") })
	_, failed := b.set("Device.A.P=swordfish")
	same(t, "errors", failed, []string{"Device.A.P: bad value: 9 characters, expected ..4"})
	c := b.mustSet("Device.A.P=new")
	same(t, "changes", c.Set, map[string]string{"Device.A.P": ""})
	same(t, "written", b.get(t, "p"), []string{"s s p=new"})
}

func TestSetAndCommit(t *testing.T) {
	b := newHouse(t)
	c := b.mustSet("Device.Time.Enable=0", "Device.Net.Link.1.Addr= 10.0.0.3 , 10.0.0.4", "Device.Net.Link.2.Route.1.Via=Device.Net.Link.2.", "Device.Time.Password=x'\"\\\n")
	same(t, "the system", b.get(t, "system"), []string{"timeserver ntp enabled=0 password=x'\"\\\n zone=UTC"})
	same(t, "the net", b.get(t, "net")[:3], []string{"link lan addr=[10.0.0.3,10.0.0.4] device=br-lan name=lan", "link wan bytes=-5 device=eth0 name=wan up=0", "route r1 link=wan to=10.0.0.0/8 via=wan"})
	same(t, "R-11 status 1", c.Reload, []string{"net", "system"})
	same(t, "set", c.Set, map[string]string{"Device.Time.Enable": "false", "Device.Net.Link.1.Addr": "10.0.0.3,10.0.0.4", "Device.Net.Link.2.Route.1.Via": "Device.Net.Link.2", "Device.Time.Password": ""})
	same(t, "R-11 a new transaction reads the new values", b.value("Device.Net.Link.2.Route.1.Via"), "Device.Net.Link.2")
	same(t, "told", len(b.commits), 1)
	same(t, "sources closed", b.begun-b.closed, 0)
}

func TestSettingTheSameChangesNothing(t *testing.T) {
	b := newHouse(t)
	before := b.get(t, "net")
	c := b.mustSet("Device.Time.Enable=1", "Device.Net.Link.1.Name=lan", "Device.Net.Link.1.Addr=10.0.0.1, 10.0.0.2", "Device.Net.Link.2.Route.1.Via=Device.Net.Link.1.", "Device.Time.Password=secret", "Device.Net.Link.1.Alias=cpe-1")
	same(t, "R-19 packages", c.Packages, nil)
	same(t, "R-19 reloads", c.Reload, nil)
	same(t, "the file", b.get(t, "net"), before)
	same(t, "the absent option stays absent", b.get(t, "system"), []string{"timeserver ntp password=secret zone=UTC"})
	same(t, "but the watcher hears that the ACS knows", len(c.Set), 6)

	c = b.mustSet("Device.Time.Zone=CET", "Device.Time.Zone=UTC")
	same(t, "there and back again", c.Packages, nil)
}

func TestOwnPackagesOweNoReload(t *testing.T) {
	b := newBed(t, "Device.M. r\n  URL rw URL uci cwmp.acs.url\n", func(m *memory) { m.put(t, "cwmp", "acs acs url=http://a") })
	c := b.mustSet("Device.M.URL=http://b")
	if !c.Own || len(c.Reload) != 0 || len(c.Packages) != 1 || c.Origin != FromACS {
		t.Errorf("got %+v", c)
	}
}

const hookDM = `
Device.Chan.{i}. r
  rows uci radio.@chan
  write call tune
  Auto    rw boolean     call auto
  Channel rw unsignedInt call channel
  Name    rw string      uci .name
Device.Chan.{i}.Power. r
  Level   rw int(0..100) call level
`

func newHook(t *testing.T) (*bed, *[]map[string]string) {
	t.Helper()
	var runs []map[string]string
	b := newBed(t, hookDM, func(m *memory) {
		m.put(t, "radio", "chan a ch=36 level=5", "chan b ch=auto level=5")
		m.funcs["auto"] = memFunc{get: func(_ context.Context, a *memAccess, row *Row) (string, error) {
			return boolText(a.section("radio", row.Section).Options["ch"] == "auto"), nil
		}}
		m.funcs["channel"] = memFunc{get: func(_ context.Context, a *memAccess, row *Row) (string, error) {
			if ch := a.section("radio", row.Section).Options["ch"]; ch != "auto" {
				return ch, nil
			}
			return "1", nil
		}}
		m.funcs["level"] = memFunc{get: func(_ context.Context, a *memAccess, row *Row) (string, error) {
			return a.section("radio", row.Section).Options["level"], nil
		}}
		m.funcs["tune"] = memFunc{hook: func(a *memAccess, row *Row, changed map[string]string) error {
			runs = append(runs, changed)
			s := a.section("radio", row.Section)
			if ch, ok := changed["Channel"]; ok {
				if ch == "13" {
					return &ParamError{Path: "Channel", Reason: BadValue, Msg: "not in this country"}
				}
				a.set("radio", s, "ch", ch)
			}
			if changed["Auto"] == "true" {
				a.set("radio", s, "ch", "auto")
			}
			if level, ok := changed["Power.Level"]; ok {
				a.set("radio", s, "level", level)
			}
			return nil
		}}
	})
	return b, &runs
}

func TestHookSeesAllValuesOfARowInAnyOrder(t *testing.T) {
	pairs := []string{"Device.Chan.1.Auto=0", "Device.Chan.1.Channel=44", "Device.Chan.1.Power.Level=7"}
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} { // T-181
		b, runs := newHook(t)
		b.mustSet(pairs[order[0]], pairs[order[1]], pairs[order[2]])
		same(t, "the router", b.get(t, "radio")[0], "chan a ch=44 level=7")
		same(t, "hook runs", *runs, []map[string]string{{"Channel": "44", "Power.Level": "7"}})
	}
	b, runs := newHook(t)
	tx := b.begin(FromACS)
	for _, path := range []string{"Device.Chan.2.Channel", "Device.Chan.1.Channel"} {
		if err := tx.Set(b.Context(), path, "48", BaseAny); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := tx.Value(b.Context(), "Device.Chan.2.Channel")
	same(t, "read your writes before the hook ran", got, "48")
	if err := tx.Set(b.Context(), "Device.Chan.1.Name", "n", BaseAny); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Commit(b.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "one run for each row", *runs, []map[string]string{{"Channel": "48"}, {"Channel": "48", "Name": "n"}})
	b.mustSet("Device.Chan.1.Channel=48", "Device.Chan.1.Channel=52", "Device.Chan.1.Channel=48")
	same(t, "there and back again runs no hook", len(*runs), 2)
}

func TestHookRefuses(t *testing.T) {
	b, _ := newHook(t)
	_, failed := b.set("Device.Chan.1.Channel=13", "Device.Chan.1.Name=x", "Device.Chan.2.Channel=13")
	same(t, "both rows", failed, []string{"Device.Chan.1.Channel: bad value: not in this country", "Device.Chan.2.Channel: bad value: not in this country"})
	same(t, "nothing changed", b.get(t, "radio"), []string{"chan a ch=36 level=5", "chan b ch=auto level=5"})
}

func TestCommands(t *testing.T) {
	var pushed int
	b := newBed(t, "Device.A. r\n  write call push\n  Reset rw boolean command call reset\n", func(m *memory) {
		m.funcs["reset"] = memFunc{}
		m.funcs["push"] = memFunc{hook: func(*memAccess, *Row, map[string]string) error { pushed++; return nil }}
	})
	same(t, "reads false", b.value("Device.A.Reset"), "false")
	b.mustSet("Device.A.Reset=0")
	same(t, "false does nothing", pushed, 0)
	b.mustSet("Device.A.Reset=1")
	b.mustSet("Device.A.Reset=1")
	same(t, "true does it each time", pushed, 2)
}

//
func TestAddAndDelete(t *testing.T) {
	b := newHouse(t)
	tx := b.begin(FromACS)
	n, err := tx.Add(b.Context(), "Device.Net.Link.")
	if err != nil || n != 4 {
		t.Fatal(n, err)
	}
	if err := tx.Set(b.Context(), "Device.Net.Link.4.Name", "four", BaseString); err != nil {
		t.Fatal(err)
	}
	inner, err := tx.Add(b.Context(), "Device.Net.Link.4.Route.")
	if err != nil || inner != 1 {
		t.Fatal(inner, err)
	}
	c, err := tx.Commit(b.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "T-230 added", c.Added, []string{"Device.Net.Link.4.", "Device.Net.Link.4.Route.1."})
	same(t, "R-66 the counts are the ACS's own change", c.Set, map[string]string{
		"Device.Net.Link.4.Name": "four", "Device.Net.LinkNumberOfEntries": "4", "Device.Net.Link.4.RouteNumberOfEntries": "1"})
	same(t, "the router", b.get(t, "net")[4:], []string{"link link_4 name=four up=0", "route route_4_1 link=link_4"})
	same(t, "T-230 defaults", b.value("Device.Net.Link.4.Enable"), "false")

	c = b.del("Device.Net.Link.4.")
	same(t, "R-63 the sections below go too", len(b.get(t, "net")), 4)
	same(t, "deleted", c.Deleted, []string{"Device.Net.Link.4.Route.1.", "Device.Net.Link.4."})
	same(t, "R-66", c.Set, map[string]string{"Device.Net.LinkNumberOfEntries": "3"})
	tx = b.begin(FromACS)
	reason(t, "T-232 again", tx.Delete(b.Context(), "Device.Net.Link.4."), NoSuchRow)
	tx.Close()
	same(t, "T-233 never the same number", b.add("Device.Net.Link."), 5)
	b.boot()
	same(t, "T-233 nor after a reboot", b.add("Device.Net.Link."), 6)
	same(t, "a new row's own tables begin anew", b.add("Device.Net.Link.6.Route."), 1)
}

func TestAddRefuses(t *testing.T) {
	b := newHouse(t)
	for _, c := range []struct {
		name, path string
		want       Reason
	}{
		{"R-64 no dot", "Device.Net.Link", Unknown},
		{"R-64 not a table", "Device.Time.", Unknown},
		{"R-64 a row", "Device.Net.Link.1.", Unknown},
		{"R-64 a read-only table", "Device.Net.Void.", Unknown},
		{"R-64 a table of no row", "Device.Net.Link.9.Route.", NoSuchRow},
		{"a parameter", "Device.Time.Zone", Unknown},
		{"nothing", "", Unknown},
		{"R-65 bad alias", "Device.Net.Link.[1].", Unknown},
		{"an alias of ours", "Device.Net.Link.[cpe-77].", Unknown},
		{"R-65 an alias that is taken", "Device.Net.Link.[cpe-1].", Unknown},
	} {
		tx := b.begin(FromACS)
		_, err := tx.Add(b.Context(), c.path)
		reason(t, c.name, err, c.want)
		tx.Close()
	}
	for _, c := range []struct {
		name, path string
		want       Reason
	}{
		{"T-235 a table", "Device.Net.Link.", Unknown},
		{"a singleton", "Device.Time.", Unknown},
		{"a singleton of a row", "Device.Net.Link.1.Stats.", Unknown},
		{"a row without its dot", "Device.Net.Link.1", Unknown},
		{"everything", "", Unknown},
		{"a read-only row", "Device.Net.Link.3.", Refused},
		{"all rows at once", "Device.Net.Link.*.", Unknown},
	} {
		tx := b.begin(FromACS)
		reason(t, c.name, tx.Delete(b.Context(), c.path), c.want)
		tx.Close()
	}
	b.add("Device.Net.Link.")
	b.add("Device.Net.Link.")
	tx := b.begin(FromACS)
	_, err := tx.Add(b.Context(), "Device.Net.Link.")
	reason(t, "T-236 a full table", err, NoRoom)
	if _, err := tx.Commit(b.Context()); err != nil {
		t.Error("a refused Add breaks nothing:", err)
	}
}

func TestAddWithAnAlias(t *testing.T) {
	b := newHouse(t)
	tx := b.begin(FromACS)
	n, err := tx.Add(b.Context(), "Device.Net.Link.[web].")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Commit(b.Context()); err != nil {
		t.Fatal(err)
	}
	b.boot()
	same(t, "T-239 the alias is kept", b.values("Device.Net.Link.[web].Alias"), []string{"Device.Net.Link.4.Alias=web"})
	same(t, "number", n, 4)
	tx = b.begin(FromACS)
	_, err = tx.Add(b.Context(), "Device.Net.Link.[web].")
	reason(t, "T-239 the same again", err, BadArgument)
}

func TestAddAndDeleteInOneTransaction(t *testing.T) {
	b := newHouse(t)
	before := b.get(t, "net")
	tx := b.begin(FromACS)
	n, err := tx.Add(b.Context(), "Device.Net.Link.")
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Delete(b.Context(), "Device.Net.Link.4."); err != nil {
		t.Fatal(err)
	}
	reason(t, "it is gone", tx.Check(b.Context(), "Device.Net.Link.4."), NoSuchRow)
	c, err := tx.Commit(b.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Added)+len(c.Deleted)+len(c.Packages) != 0 {
		t.Errorf("got %+v", c)
	}
	same(t, "the router", b.get(t, "net"), before)
	same(t, "the number is spent", b.add("Device.Net.Link."), n+1)
}

func TestBrokenAddCannotBeCommitted(t *testing.T) {
	b := newBed(t, "Device.T.{i}. rw\n  rows uci p.@t\n  add uci p.@other x_{n}\n  X r string const x\n", func(m *memory) { m.put(t, "p", "t a") })
	tx := b.begin(FromACS)
	_, err := tx.Add(b.Context(), "Device.T.")
	reason(t, "a template that makes no row of the table", err, Internal)
	_, err = tx.Commit(b.Context())
	reason(t, "commit", err, Internal)
	same(t, "the router", b.get(t, "p"), []string{"t a"})
}

func TestUniqueKeys(t *testing.T) {
	b := newHouse(t)
	b.mustSet("Device.Net.Link.2.Name=lan") // link 2 is disabled, so it may
	_, failed := b.set("Device.Net.Link.2.Enable=1")
	same(t, "enabling", failed, []string{"Device.Net.Link.2.Enable: bad value: another row has the same Name"})
	b.mustSet("Device.Net.Link.2.Enable=1", "Device.Net.Link.2.Name=wan")
	_, failed = b.set("Device.Net.Link.1.Name=wan", "Device.Time.Zone=CET")
	same(t, "renaming", failed, []string{"Device.Net.Link.1.Name: bad value: another row has the same Name"})
	same(t, "R-10 nothing of it", b.value("Device.Time.Zone"), "UTC")
	b.mustSet("Device.Net.Link.1.Name=wan", "Device.Net.Link.2.Name=lan")
	same(t, "two rows can swap", b.value("Device.Net.Link.1.Name"), "wan")

	b.mustSet("Device.Net.Link.1.Alias=a", "Device.Net.Link.2.Alias=b")
	_, failed = b.set("Device.Net.Link.1.Alias=b")
	same(t, "T-242 an alias twice", failed, []string{"Device.Net.Link.1.Alias: bad value: another row has the same Alias"})
	b.mustSet("Device.Net.Link.1.Alias=b", "Device.Net.Link.2.Alias=a")
	b.boot()
	same(t, "aliases swap and stay", b.values("Device.Net.Link.*.Alias"), []string{"Device.Net.Link.1.Alias=b", "Device.Net.Link.2.Alias=a", "Device.Net.Link.3.Alias=cpe-3"})
}

func TestReferencesToDeletedRows(t *testing.T) {
	const dm = `
Device.T.{i}. rw
  rows uci p.@t
  add  uci p.@t t_{n}
  X r string const x
Device.U.{i}. r
  rows uci p.@u
  One    rw pathRef       uci .one  | ref Device.T.
  Many   rw list pathRef  uci .many | ref Device.T.
  Packed rw list pathRef  uci .packed | list " " | ref Device.T.
  Weak   rw pathRef weak  uci .weak | ref Device.T.
  Read   r  pathRef       uci .read | ref Device.T.
`
	b := newBed(t, dm, func(m *memory) {
		m.put(t, "p", "t a", "t b", "u x one=a many=[a,b,z] weak=a read=a", "u y one=b many=[a]")
	})
	tx := b.begin(FromACS)
	if err := tx.Set(b.Context(), "Device.U.1.Packed", "Device.T.1,Device.T.2", BaseAny); err != nil {
		t.Fatal(err)
	}
	if err := tx.Delete(b.Context(), "Device.T.1."); err != nil {
		t.Fatal(err)
	}
	c, err := tx.Commit(b.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "R-67 strong ones are cleared, weak and read-only ones stay", b.get(t, "p"), []string{"t b", "u x many=[b,z] packed=b read=a weak=a", "u y one=b"})
	same(t, "what nobody named is no change of the asker", c.Set, map[string]string{"Device.U.1.Packed": "Device.T.1,Device.T.2", "Device.TNumberOfEntries": "1"})
	same(t, "they read as nothing", b.values("Device.U.1."), []string{"Device.U.1.One=", "Device.U.1.Many=Device.T.2", "Device.U.1.Packed=Device.T.2", "Device.U.1.Weak=", "Device.U.1.Read=", "Device.U.1.Alias=cpe-1"})
}

func TestSetOwn(t *testing.T) {
	b := newBed(t, "Device.M. r\n  ParameterKey r string(32) state key\n  Fixed r string const x\n", nil)
	tx := b.begin(FromSelf)
	reason(t, "too long", tx.SetOwn(b.Context(), "Device.M.ParameterKey", strings.Repeat("x", 33)), BadValue)
	reason(t, "not ours", tx.SetOwn(b.Context(), "Device.M.Fixed", "y"), ReadOnly)
	reason(t, "the ACS may not", tx.Set(b.Context(), "Device.M.ParameterKey", "y", BaseAny), ReadOnly)
	if err := tx.SetOwn(b.Context(), "Device.M.ParameterKey", "K1"); err != nil {
		t.Fatal(err)
	}
	c, err := tx.Commit(b.Context())
	if err != nil || c.Reload != nil {
		t.Fatal(c, err)
	}
	same(t, "T-170", b.value("Device.M.ParameterKey"), "K1")
}

func TestAttachedFilesAreInTheCommit(t *testing.T) {
	b := newHouse(t)
	note := b.root + "/note"
	tx := b.begin(FromACS)
	tx.Attach(state.File{Path: note, Data: []byte("hello")})
	if _, err := tx.Commit(b.Context()); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(note)
	same(t, "the file", string(data), "hello")
	tx = b.begin(FromACS)
	tx.Attach(state.File{Path: note, Remove: true})
	tx.Close()
	if _, err := os.Stat(note); err != nil {
		t.Error("a transaction that was not committed removed it")
	}
}

func TestCommitFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		break_ func(*bed)
		want   Reason
	}{
		{"a foreign change on the same option", func(b *bed) { b.prepare = func() error { return Errorf(Busy, "uncommitted changes of others") } }, Busy},
		{"the source cannot set it", func(b *bed) { b.onSet = func(*memEx) error { return Errorf(Refused, "held in RAM") } }, Refused},
		{"the source breaks down in Set", func(b *bed) { b.onSet = func(*memEx) error { panic("boom") } }, Internal},
		{"the source breaks down in Prepare", func(b *bed) { b.prepare = func() error { panic("boom") } }, -1},
		{"the effect that is no file fails", func(b *bed) { b.effect = func() error { return errors.New("no answer") } }, -1},
		{"the effect that is no file breaks down", func(b *bed) { b.effect = func() error { panic("boom") } }, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newHouse(t)
			b.values("") // give all rows their numbers
			c.break_(b)
			tx := b.begin(FromACS)
			err := tx.Set(b.Context(), "Device.Time.Zone", "CET", BaseAny)
			if err == nil {
				_, err = tx.Commit(b.Context())
			}
			tx.Close()
			if c.want >= 0 {
				reason(t, "error", err, c.want)
				same(t, "it names the parameter", Errors(err)[0].Path, "Device.Time.Zone")
			} else if err == nil {
				t.Error("no error")
			}
			b.prepare, b.effect, b.onSet = nil, nil, nil
			same(t, "nothing changed", b.value("Device.Time.Zone"), "UTC")
			same(t, "reloads owed", len(b.tree.Owed()), 0)
			same(t, "nobody was told", len(b.commits), 0)
			b.mustSet("Device.Time.Zone=CET")
			same(t, "the next one works: all locks are free", b.value("Device.Time.Zone"), "CET")
		})
	}
}

func TestPanicInAHookIsContained(t *testing.T) {
	b := newBed(t, "Device.A. r\n  write call boom\n  X rw string state x\n", func(m *memory) {
		m.funcs["boom"] = memFunc{hook: func(*memAccess, *Row, map[string]string) error { panic("boom") }}
	})
	_, failed := b.set("Device.A.X=1")
	same(t, "errors", failed, []string{"Device.A.X: internal error: the router did not do it"})
	same(t, "nothing changed", b.value("Device.A.X"), "")
}

func TestPanicWhileReadingIsContained(t *testing.T) {
	b := newBed(t, `
Device.A. r
  X r unsignedInt call boom
  Y r string const y
Device.A.T.{i}. r
  rows call boom
  Z r string const z
`, func(m *memory) {
		m.funcs["boom"] = memFunc{
			get:  func(context.Context, *memAccess, *Row) (string, error) { panic("boom") },
			rows: func(context.Context, *memAccess, *Row) ([]Row, error) { panic("boom") },
		}
	})
	same(t, "values", b.values(""), []string{"Device.A.X=0", "Device.A.Y=y", "Device.A.TNumberOfEntries=0"})
	tx := b.begin(FromACS)
	reason(t, "a row of a table that cannot be read", tx.Check(b.Context(), "Device.A.T.1.Z"), Internal)
}

func TestValuesThatNeedThemselves(t *testing.T) {
	b := newBed(t, `
Device.A. r
  let x call self
  X r string call value
  Y r string call let
Device.T.{i}. r
  rows call rows
  Z r string const z
`, func(m *memory) {
		m.funcs["value"] = memFunc{get: func(_ context.Context, a *memAccess, _ *Row) (string, error) { return a.tree.Value("Device.A.X") }}
		m.funcs["self"] = memFunc{get: func(_ context.Context, _ *memAccess, r *Row) (string, error) { return r.Var("x") + "!", nil }}
		m.funcs["let"] = memFunc{get: func(_ context.Context, _ *memAccess, r *Row) (string, error) { return r.Var("x"), nil }}
		m.funcs["rows"] = memFunc{rows: func(_ context.Context, a *memAccess, _ *Row) ([]Row, error) {
			if a.tree.Path("Device.T.", "k") != "" || len(a.tree.Rows("Device.T.")) != 0 {
				return nil, errors.New("impossible")
			}
			return []Row{{Key: "k"}}, nil
		}}
	})
	same(t, "values", b.values(""), []string{"Device.TNumberOfEntries=1", "Device.A.X=", "Device.A.Y=!", "Device.T.1.Z=z", "Device.T.1.Alias=cpe-1"})
	tx := b.begin(FromACS)
	same(t, "the index is not the half one", view{tx}.Path("Device.T.", "k"), "Device.T.1")
}

func TestContextOfASource(t *testing.T) {
	b := newHouse(t)
	tx := b.begin(FromCLI)
	v := view{tx}
	same(t, "by key", v.Path("Device.Net.Link.", "wan"), "Device.Net.Link.2")
	same(t, "by key over all parents", v.Path("Device.Net.Link.{i}.Route.", "r1"), "Device.Net.Link.2.Route.1")
	same(t, "of no table", v.Path("Device.Nope.", "r1"), "")
	row := v.Row("Device.Net.Link.2.Route.1.")
	if row == nil || row.Var("parent.section") != "wan" || row.Var("parent.n") != "2" || row.Var("dev") != "eth0" || row.Table() != "Device.Net.Link.{i}.Route." || row.Parent.Key != "wan" {
		t.Errorf("got %+v", row)
	}
	if v.Row("Device.Time.") != nil || v.Row("Device.Net.Link.") != nil || v.Row("Device.Net.Link.1.Name") != nil || v.Row("") != nil {
		t.Error("a row where there is none")
	}
	same(t, "rows", len(v.Rows("Device.Net.Link.{i}.Route.")), 1)
	got, err := v.Value("Device.Time.Password")
	if err != nil || got != "secret" {
		t.Errorf("got %q, %v", got, err)
	}
	same(t, "origin", v.Origin(), FromCLI)
	same(t, "the root has no parents", (*Row)(nil).Var("parent.key")+tx.top.Path()+tx.top.Table(), "")
}

func TestOneWriterAtATime(t *testing.T) {
	b := newHouse(t)
	first, second := b.begin(FromACS), b.begin(FromACS)
	if err := first.Set(b.Context(), "Device.Time.Zone", "one", BaseAny); err != nil {
		t.Fatal(err)
	}
	if got, _ := second.Value(b.Context(), "Device.Time.Zone"); got != "UTC" {
		t.Errorf("a reader beside the writer got %q", got)
	}
	ctx, cancel := context.WithTimeout(b.Context(), time.Millisecond)
	defer cancel()
	reason(t, "a second writer with a deadline", second.Set(ctx, "Device.Time.Zone", "two", BaseAny), Busy)

	waited := make(chan error)
	go func() {
		_, err := second.Add(b.Context(), "Device.Net.Link.")
		if err == nil {
			err = second.Set(b.Context(), "Device.Net.Link.5.Name", "two", BaseAny)
		}
		if err == nil {
			_, err = second.Commit(b.Context())
		}
		waited <- err
	}()
	if n, err := first.Add(b.Context(), "Device.Net.Link."); err != nil || n != 4 {
		t.Fatal(n, err)
	}
	if _, err := first.Commit(b.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	same(t, "both are there: the second read anew what the first wrote", b.value("Device.Net.LinkNumberOfEntries"), "5")
	same(t, "the first's value", b.value("Device.Time.Zone"), "one")
}

func TestHangingSourceEndsWithItsContext(t *testing.T) {
	b := newBed(t, "Device.A. r\n  X r string call hang\n  Y r string const y\nDevice.T.{i}. r\n  rows call hang\n  Z r string const z\n", func(m *memory) {
		m.funcs["hang"] = memFunc{
			get:  func(ctx context.Context, _ *memAccess, _ *Row) (string, error) { <-ctx.Done(); return "", ctx.Err() },
			rows: func(ctx context.Context, _ *memAccess, _ *Row) ([]Row, error) { <-ctx.Done(); return nil, ctx.Err() },
		}
	})
	for _, path := range []string{"", "Device.A.X", "Device.T.", "Device.T.1.Z"} {
		ctx, cancel := context.WithTimeout(b.Context(), time.Millisecond)
		tx := b.begin(FromACS)
		if err := tx.Get(ctx, path, func(*Param) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q: got %v", path, err)
		}
		tx.Close()
		cancel()
	}
}

func TestClosedTransaction(t *testing.T) {
	b := newHouse(t)
	tx := b.begin(FromACS)
	tx.Close()
	tx.Close()
	_, err := tx.Value(b.Context(), "Device.Time.Zone")
	reason(t, "read", err, Internal)
	reason(t, "set", tx.Set(b.Context(), "Device.Time.Zone", "x", BaseAny), Internal)
	_, err = tx.Add(b.Context(), "Device.Net.Link.")
	reason(t, "add", err, Internal)
	_, err = tx.Commit(b.Context())
	reason(t, "commit", err, Internal)
	same(t, "opened and closed", b.begun, b.closed)
}

func TestReloadsAreOwedUntilSent(t *testing.T) {
	const dm = "Device.A. r\n  F rw string uci firewall.s.o\n  N rw string uci network.s.o\n  S rw string uci system.s.o\n  X rw string uci acme.s.o\n"
	b := newBed(t, dm, func(m *memory) {
		for _, p := range []string{"firewall", "network", "system", "acme"} {
			m.put(t, p, "s s")
		}
	})
	b.mustSet("Device.A.X=1", "Device.A.F=1", "Device.A.N=1", "Device.A.S=1")
	want := []string{"system", "network", "firewall", "acme"}
	same(t, "the order", b.tree.Owed(), want)
	b.boot()
	same(t, "owed after a crash", b.tree.Owed(), want)
	fails := true
	b.tree.cfg.Reload = func(_ context.Context, pkg string) error {
		if pkg == "network" && fails {
			return errors.New("procd is away")
		}
		b.reloads = append(b.reloads, pkg)
		return nil
	}
	if err := b.tree.Apply(b.Context()); err == nil || !strings.Contains(err.Error(), "network") {
		t.Errorf("got %v", err)
	}
	same(t, "sent", b.reloads, []string{"system", "firewall", "acme"})
	b.boot()
	same(t, "still owed", b.tree.Owed(), []string{"network"})
	fails = false
	if err := errors.Join(b.tree.Apply(b.Context()), b.tree.Apply(b.Context())); err != nil {
		t.Fatal(err)
	}
	same(t, "each once", b.reloads, []string{"system", "firewall", "acme", "network"})
	same(t, "reloads owed", len(b.tree.Owed()), 0)
}

// Errands come after the reloads. Of those to a program the last about it counts, and they are on flash; those on the bus are
// not. A commit that fails leaves none.
func TestErrandsAreOwedUntilDone(t *testing.T) {
	b := newHouse(t)
	set := func(text string, errands ...string) (Changes, error) {
		b.after = errands
		tx := b.begin(FromACS)
		defer tx.Close()
		if err := tx.Set(b.Context(), "Device.Time.Zone", text, BaseAny); err != nil {
			t.Fatal(err)
		}
		return tx.Commit(b.Context())
	}
	b.effect = func() error { return errors.New("no") }
	if _, err := set("CET", "/etc/init.d/log disable stop", "a up"); err == nil {
		t.Fatal("the commit did not fail")
	}
	same(t, "owed after a commit that failed", len(b.tree.Owed()), 0)
	b.effect = nil
	c, err := set("CET", "/etc/init.d/log disable stop", "/etc/init.d/logger enable start", "b down up", "a up")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what the commit tells", c.Reload, []string{"system", "/etc/init.d/log disable stop", "/etc/init.d/logger enable start", "b down up", "a up"})
	if _, err := set("CET", "/etc/init.d/log enable start", "b renew", "b down up"); err != nil {
		t.Fatal(err)
	}
	kept := []string{"system", "/etc/init.d/log enable start", "/etc/init.d/logger enable start"}
	same(t, "owed", b.tree.Owed(), append(slices.Clone(kept), "a up", "b down up", "b renew"))
	b.boot()
	same(t, "owed after a crash", b.tree.Owed(), kept)

	again := true
	b.tree.cfg.Reload = func(_ context.Context, pkg string) error {
		b.reloads = append(b.reloads, pkg)
		if again { // while they are done
			again = false
			_, err := set("EET", "/etc/init.d/log disable stop", "/etc/init.d/logger enable start")
			return err
		}
		return nil
	}
	if err := errors.Join(b.tree.Apply(b.Context()), b.tree.Apply(b.Context())); err != nil {
		t.Fatal(err)
	}
	same(t, "done", b.reloads, []string{"system", "/etc/init.d/logger enable start", "system", "/etc/init.d/log disable stop"})
	b.boot()
	same(t, "owed at the end", len(b.tree.Owed()), 0)
}

// Files that no transaction made and the reloads that they call for are on flash together (P-1), none of them for ourselves.
func TestFilesOweReloads(t *testing.T) {
	b := newHouse(t)
	f := state.File{Path: filepath.Join(b.root, "etc/config/acme"), Data: []byte("config a\n"), Mode: 0o644}
	b.tree.cfg.Own = []string{"cwmp"}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := b.tree.Owe([]string{"wireless", "cwmp", "network"}, []state.File{f}); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(f.Path); err != nil || string(data) != "config a\n" {
		t.Errorf("the file: %q, %v", data, err)
	}
	b.boot() // a power cut before anybody was told
	same(t, "owed", b.tree.Owed(), []string{"network", "wireless"})
	if err := b.tree.Apply(b.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "sent", b.reloads, []string{"network", "wireless"})
}

func TestReloadAskedForWhileApplyRuns(t *testing.T) {
	b := newHouse(t)
	b.mustSet("Device.Time.Zone=CET")
	again := true
	b.tree.cfg.Reload = func(context.Context, string) error {
		if again {
			again = false
			b.mustSet("Device.Time.Zone=EET")
		}
		return nil
	}
	if err := b.tree.Apply(b.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "it is still owed", b.tree.Owed(), []string{"system"})
}

func TestManyParametersInOneSet(t *testing.T) {
	b := newBed(t, "Device.T.{i}. r\n  rows uci p.@t\n  X rw unsignedInt uci .x\n", func(m *memory) {
		var s []string
		for range 500 {
			s = append(s, "t row"+string(rune('a'+len(s)%26))+strings.Repeat("x", len(s)/26))
		}
		m.put(t, "p", s...)
	})
	tx := b.begin(FromACS)
	begin := time.Now()
	for n := range 500 {
		if err := tx.Set(b.Context(), "Device.T."+ownAlias(uint32(n + 1))[4:]+".X", "7", BaseUnsignedInt); err != nil {
			t.Fatal(err)
		}
	}
	c, err := tx.Commit(b.Context())
	if err != nil || len(c.Set) != 500 {
		t.Fatal(len(c.Set), err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("T-193 took %v", took)
	}
	if i := slices.IndexFunc(b.get(t, "p"), func(s string) bool { return !strings.HasSuffix(s, " x=7") }); i >= 0 {
		t.Error("not all are written")
	}
}
