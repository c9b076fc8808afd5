package model

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/cwmpd/cwmpd/internal/state"
)

const rulesDM = `
Device.Rule.{i}. rw
  rows uci fw.@rule
  ident src dst
  add  uci fw.@rule rule_{n}
  Src  rw string uci .src
  Name rw string uci .name
Device.Rule.{i}.Port.{i}. r
  rows uci fw.@port rule={parent.key}
  N    r string uci .n
`

func newRules(t *testing.T, sections ...string) *bed {
	t.Helper()
	return newBed(t, rulesDM, func(m *memory) { m.put(t, "fw", sections...) })
}

// numbered lists "number=name" of all rules.
func (b *bed) numbered() string {
	b.Helper()
	var all []string
	for _, v := range b.values("Device.Rule.*.Name") {
		all = append(all, strings.NewReplacer("Device.Rule.", "", ".Name", "").Replace(v))
	}
	return strings.Join(all, " ")
}

func TestNumbersSurviveForeignEdits(t *testing.T) {
	b := newRules(t, "rule - src=lan name=a", "rule named name=b", "rule - src=wan name=c")
	same(t, "at first", b.numbered(), "1=a 2=b 3=c")

	b.put(t, "fw", "rule - src=wan name=c", "rule - src=lan name=a", "rule named name=b")
	same(t, "sections moved: their content names them", b.numbered(), "1=a 2=b 3=c")

	b.put(t, "fw", "rule - src=guest name=c", "rule - src=lan name=a", "rule named name=b")
	same(t, "content changed: their place names them", b.numbered(), "1=a 2=b 3=c")

	b.boot()
	same(t, "after a reboot", b.numbered(), "1=a 2=b 3=c")

	b.put(t, "fw", "rule - src=lan name=a", "rule named name=b", "rule - src=vpn name=d")
	same(t, "T-238 a new section at a new place gets a new number", b.numbered(), "1=a 2=b 4=d")

	b.put(t, "fw", "rule - src=lan name=a", "rule named name=b", "rule - src=vpn name=d", "rule - src=guest name=c")
	same(t, "one that comes back has its old number", b.numbered(), "1=a 2=b 3=c 4=d")
}

func TestNumbersFollowOurOwnWrites(t *testing.T) {
	b := newRules(t, "rule - src=lan name=a", "rule - src=wan name=b", "rule - src=vpn name=c")
	b.numbered()
	b.mustSet("Device.Rule.2.Src=lan", "Device.Rule.1.Src=wan", "Device.Rule.3.Src=dmz") // two fingerprints change places
	same(t, "written", b.get(t, "fw"), []string{"rule - name=a src=wan", "rule - name=b src=lan", "rule - name=c src=dmz"})
	same(t, "numbers", b.numbered(), "1=a 2=b 3=c")
	b.boot()
	same(t, "after a reboot", b.numbered(), "1=a 2=b 3=c")
	b.del("Device.Rule.1.")
	same(t, "after a delete all places moved", b.numbered(), "2=b 3=c")
	b.boot()
	same(t, "T-233 a new one", b.add("Device.Rule."), 4)
}

func TestTwinsKeepTheirNumbers(t *testing.T) {
	b := newRules(t, "rule - src=lan name=a", "rule - src=lan name=b", "rule - src=lan name=c")
	same(t, "at first", b.numbered(), "1=a 2=b 3=c")
	b.del("Device.Rule.1.")
	same(t, "the brothers of a deleted one", b.numbered(), "2=b 3=c")
	b.boot()
	same(t, "after a reboot", b.numbered(), "2=b 3=c")
	b.del("Device.Rule.2.")
	same(t, "the last one", b.numbered(), "3=c")
	b.put(t, "fw", "rule - src=lan name=c", "rule - src=lan name=new")
	same(t, "a new twin gets no old number", b.numbered(), "3=c 4=new")
}

func TestNumbersOfWhatCLIReadsStayInMemory(t *testing.T) {
	b := newRules(t, "rule x name=a")
	tx := b.begin(FromCLI)
	if _, err := valuesIn(b.Context(), tx, ""); err != nil {
		t.Fatal(err)
	}
	tx.Close()
	if _, err := os.Stat(b.store.Path(instancesFile + ".json")); err == nil {
		t.Error("a person who looked wrote to flash")
	}
	tx = b.begin(FromACS)
	if _, err := valuesIn(b.Context(), tx, ""); err != nil {
		t.Fatal(err)
	}
	if err := tx.Close(); err != nil {
		t.Fatal(err)
	}
	var saved map[string]savedTable
	if err := b.store.Load(instancesFile, &saved); err != nil {
		t.Fatal(err)
	}
	same(t, "P-1 what the ACS saw is on flash", saved["Device.Rule."].Rows["x"].N, 1)
}

func TestReadingAgainWritesNothing(t *testing.T) {
	b := newRules(t, "rule - src=lan name=a", "rule x name=b")
	b.numbered()
	count := b.tree.instances.saved
	for range 3 {
		b.values("")
	}
	same(t, "P-3 changes", b.tree.instances.changed, count)
}

func TestVolatileNumbersAreNotOnFlash(t *testing.T) {
	b := newBed(t, `
Device.Host.{i}. r
  rows uci h.@host
  volatile
  Name r string uci .name
Device.Host.{i}.Addr.{i}. r
  rows uci h.@addr host={parent.key}
  N r string uci .n
`, func(m *memory) { m.put(t, "h", "host a name=a", "host b name=b", "addr x host=b n=1") })
	same(t, "at first", b.values("Device.Host.*.Name"), []string{"Device.Host.1.Name=a", "Device.Host.2.Name=b"})
	b.put(t, "h", "host b name=b", "host c name=c", "addr x host=b n=1")
	same(t, "numbers stay while the daemon lives", b.values("Device.Host."), []string{
		"Device.Host.2.Name=b", "Device.Host.2.Alias=cpe-2", "Device.Host.2.AddrNumberOfEntries=1", "Device.Host.2.Addr.1.N=1", "Device.Host.2.Addr.1.Alias=cpe-1",
		"Device.Host.3.Name=c", "Device.Host.3.Alias=cpe-3", "Device.Host.3.AddrNumberOfEntries=0"})
	_, failed := b.set("Device.Host.2.Alias=x")
	same(t, "R-6 an alias that cannot be kept cannot be set", failed, []string{"Device.Host.2.Alias: read-only"})
	if _, err := os.Stat(b.store.Path(instancesFile + ".json")); err == nil {
		t.Error("they are on flash")
	}
}

func TestLostInstanceStateStartsAnew(t *testing.T) {
	b := newRules(t, "rule x name=a", "rule y name=b")
	b.numbered()
	for _, name := range []string{instancesFile + ".json", instancesFile + ".json~"} {
		if err := os.WriteFile(b.store.Path(name), []byte(`{"nonsense`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.boot()
	same(t, "P-2 it goes on", b.numbered(), "1=a 2=b")
}

func TestImpossibleInstanceStateIsRepaired(t *testing.T) {
	var in instances
	in.restore(map[string]savedTable{"Device.T.": {Last: 2, Rows: map[string]savedRow{"a": {N: 7}, "b": {N: 7}, "c": {N: 0}, "d": {N: 1}}}})
	n := in.tables["Device.T."]
	same(t, "rows", slices.Sorted(maps.Keys(n.rows)), []string{"a", "d"})
	same(t, "the highest", n.last, 7)
}

func TestNumbersAreNeverUsedUpAndStartedAgain(t *testing.T) {
	b := newRules(t, "rule x name=a")
	b.numbered()
	b.tree.instances.tables["Device.Rule."].last = math.MaxUint32
	tx := b.begin(FromACS)
	_, err := tx.Add(b.Context(), "Device.Rule.")
	reason(t, "R-61", err, NoRoom)
	tx.Close()
	b.put(t, "fw", "rule x name=a", "rule y name=b")
	same(t, "what has no number is not seen", b.numbered(), "1=a")
}

func TestVanishedRowsAreForgottenInTheEnd(t *testing.T) {
	b := newRules(t)
	for round := range 30 {
		var sections []string
		for i := range 20 {
			sections = append(sections, fmt.Sprintf("rule r%d_%d name=x", round, i), fmt.Sprintf("port p%d_%d rule=r%d_%d", round, i, round, i))
		}
		b.put(t, "fw", sections...)
		b.values("")
	}
	in := &b.tree.instances
	if n := len(in.tables["Device.Rule."].rows); n > 20+maxLost || n < maxLost/2 {
		t.Errorf("%d keys are remembered", n)
	}
	if n := len(in.tables); n > 30+maxLost {
		t.Errorf("%d tables are remembered", n)
	}
	same(t, "numbers go on", in.tables["Device.Rule."].last, 600)
}

func TestRowMadeAgainByHandIsAnotherOne(t *testing.T) {
	b := newRules(t, "rule x name=a", "rule y name=b")
	b.numbered()
	b.del("Device.Rule.1.")
	b.put(t, "fw", "rule x name=new", "rule y name=b")
	same(t, "R-61 its number", b.numbered(), "2=b 3=new")
	b.boot()
	same(t, "after a reboot", b.numbered(), "2=b 3=new")
}

func TestAliasesOfAnonymousRowsFollow(t *testing.T) {
	b := newRules(t, "rule - src=lan name=a", "rule - src=wan name=b")
	b.mustSet("Device.Rule.2.Alias=mine", "Device.Rule.2.Src=vpn")
	b.boot()
	same(t, "our own write", b.values("Device.Rule.[mine].Name"), []string{"Device.Rule.2.Name=b"})
	b.put(t, "fw", "rule - src=lan name=a", "rule - src=dmz name=b")
	same(t, "a foreign write", b.values("Device.Rule.[mine].Name"), []string{"Device.Rule.2.Name=b"})
	same(t, "the CPE's own never changes", b.value("Device.Rule.1.Alias"), "cpe-1")
}

func TestFailedCommitLeavesNumbersAlone(t *testing.T) {
	b := newRules(t, "rule x name=a")
	b.numbered()
	dir := filepath.Join(b.root, "a-directory")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	tx := b.begin(FromACS)
	if _, err := tx.Add(b.Context(), "Device.Rule."); err != nil {
		t.Fatal(err)
	}
	if err := tx.Delete(b.Context(), "Device.Rule.1."); err != nil {
		t.Fatal(err)
	}
	tx.Attach(state.File{Path: dir, Data: []byte("cannot be")})
	if _, err := tx.Commit(b.Context()); err == nil {
		t.Fatal("the commit of a file over a directory worked")
	}
	same(t, "the router", b.get(t, "fw"), []string{"rule x name=a"})
	same(t, "numbers", b.numbered(), "1=a")
	same(t, "reloads owed", len(b.tree.Owed()), 0)
	b.boot()
	same(t, "after a reboot", b.numbered(), "1=a")
}

func TestReadersBesideWriters(t *testing.T) {
	b := newRules(t, "rule - src=lan name=a", "rule x name=x")
	b.numbered()
	ctx, cancel := context.WithCancel(b.Context())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				tx, err := b.tree.Begin(b.Context(), FromACS)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := valuesIn(b.Context(), tx, "Device.Rule.")
				if err != nil {
					t.Error(err)
				}
				for _, v := range got {
					path, name, _ := strings.Cut(v, "=")
					if n, ok := strings.CutPrefix(name, "n"); ok && strings.HasSuffix(path, ".Name") && path != "Device.Rule."+n+".Name" {
						t.Errorf("row %s has the name of row %s", path, n)
					}
				}
				if err := tx.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 30 {
		tx := b.begin(FromACS)
		n, err := tx.Add(b.Context(), "Device.Rule.")
		if err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("Device.Rule.%d.", n)
		if err := tx.Set(b.Context(), path+"Name", fmt.Sprintf("n%d", n), BaseAny); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Commit(b.Context()); err != nil {
			t.Fatal(err)
		}
		if n%3 == 0 {
			b.del(path)
		}
	}
	cancel()
	readers.Wait()
	before := b.numbered()
	b.boot()
	same(t, "on flash as in memory", b.numbered(), before)
}

// T-364: the definitions are loaded again while others read and write.
func TestT364_ReloadUnderLoad(t *testing.T) {
	b := newRules(t, "rule - src=lan name=a", "rule x name=x")
	want := b.values("Device.")
	ctx, cancel := context.WithCancel(b.Context())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				tx, err := b.tree.Begin(b.Context(), FromACS)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := valuesIn(b.Context(), tx, "Device."); err != nil || len(got) < len(want) {
					t.Errorf("read %q, %v", got, err)
				}
				if err := tx.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 15 {
		tx := b.begin(FromACS)
		n, err := tx.Add(b.Context(), "Device.Rule.")
		if problems := b.tree.Reload(b.Context()); len(problems) > 0 {
			t.Error(problems)
		}
		if err == nil { // begun with the definitions of before
			_, err = tx.Commit(b.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		b.del(fmt.Sprintf("Device.Rule.%d.", n))
	}
	cancel()
	readers.Wait()
	same(t, "afterwards", b.values("Device."), want)
}

func TestKeysNeedNotBeText(t *testing.T) {
	keys := []string{"plain", "ü", "\xff\xfe", `"quoted"`, `"`, "\x00"}
	saved := map[string]savedRow{}
	for i, key := range keys {
		saved[jsonKey(key)] = savedRow{N: uint32(i + 1)}
		if !utf8.ValidString(jsonKey(key)) {
			t.Errorf("%q is not UTF-8", jsonKey(key))
		}
	}
	var in instances
	in.restore(map[string]savedTable{"Device.T.": {Rows: saved}})
	for i, key := range keys {
		if e := in.tables["Device.T."].rows[key]; e == nil || e.number != uint32(i+1) {
			t.Errorf("%q: got %+v", key, e)
		}
	}
}
