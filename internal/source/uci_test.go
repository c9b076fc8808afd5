package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

const firewall = `
config zone 'lan'
	option name 'lan'
	list network 'lan'
	list network 'guest'

config rule
	option name 'Allow-Ping'
	option target 'ACCEPT'
	option src 'wan'

config rule
	option name 'Twin'
	option target 'DROP'

config rule
	option name 'Twin'
	option target 'DROP'
	option enabled '0'

config rule 'mine'
	option name 'Mine'
	option target 'ACCEPT'
	option src 'lan'
`

const system0 = "config system\n\toption hostname 'r'\n\toption timezone 'UTC'\n\nconfig timeserver 'ntp'\n\tlist server 'a'\n\tlist server 'b'\n"

func firewallRouter(t *testing.T) *router {
	return newRouter(t, map[string]string{"etc/config/firewall": firewall, "etc/config/system": system0})
}

func TestUCIValues(t *testing.T) {
	rt := firewallRouter(t)
	r := rt.begin(t)
	cases := []struct{ source, want string }{
		{"uci system.@system[0].hostname", "r"},
		{"uci system.@system[-1].hostname", "r"},
		{"uci system.@system[1].hostname", ""},
		{"uci system.ntp.server", list("a", "b")},
		{"uci system.ntp.enabled", ""},
		{"uci system.nothing.enabled", ""},
		{"uci nothing.at.all", ""},
		{"uci firewall.lan.network", list("lan", "guest")},
		{"uci .name", ""},
	}
	for _, c := range cases {
		wantText(t, c.source, rt.get(t, r, c.source, nil), c.want)
	}
	wantText(t, "own section", rt.get(t, r, "uci .name", &model.Row{Package: "firewall", Section: "mine", Number: 1}), "Mine")
}

func TestUCIRowsAndTheirKeys(t *testing.T) {
	rt := firewallRouter(t)
	r := rt.begin(t)
	rows := rt.rows(t, r, "uci firewall.@rule ident=name,target", nil)
	if len(rows) != 4 {
		t.Fatalf("got %d rows, want 4", len(rows))
	}
	if k := rows[0].Key; !strings.HasPrefix(k, "@rule-") || k == rows[1].Key {
		t.Errorf("key of an anonymous section: %q", k)
	}
	if rows[2].Key != rows[1].Key+"#2" {
		t.Errorf("twins: %q and %q", rows[1].Key, rows[2].Key)
	}
	wantText(t, "key of a named section", rows[3].Key, "mine")
	wantText(t, "place of a named section", rows[3].Place, "")
	if rows[0].Place != "firewall."+rows[0].Section || rows[0].Package != "firewall" {
		t.Errorf("row %+v", rows[0])
	}

	for cond, want := range map[string][]string{
		"src=lan": {"Mine"}, "src!=lan": {"Allow-Ping", "Twin", "Twin"}, "src": {"Allow-Ping", "Mine"}, "!src": {"Twin", "Twin"},
		"target=ACCEPT src=wan": {"Allow-Ping"}, "src=": {"Twin", "Twin"}, "enabled!=0 name=Twin": {"Twin"},
	} {
		var got []string
		for _, row := range rt.rows(t, r, "uci firewall.@rule "+cond, nil) {
			row.Number = 1
			got = append(got, rt.get(t, r, "uci .name", &row))
		}
		wantList(t, cond, got, want...)
	}
	wantList(t, "a list holds one of its items", keys(rt.rows(t, r, "uci firewall.@zone network=guest", nil)), "lan")

	// A section before them goes: libuci's names move, the keys stay.
	old := keys(rows)
	writeFile(t, rt.root, "etc/config/firewall", strings.Replace(firewall, "config zone 'lan'\n\toption name 'lan'\n\tlist network 'lan'\n\tlist network 'guest'\n", "", 1))
	again := rt.rows(t, rt.begin(t), "uci firewall.@rule ident=name,target", nil)
	wantList(t, "keys after a foreign change", keys(again), old...)
	if again[0].Section == rows[0].Section {
		t.Error("the test is not about moved names")
	}
}

func TestUCIWritesAreReadBackBeforeTheCommit(t *testing.T) {
	rt := firewallRouter(t)
	r, other := rt.begin(t), rt.begin(t)
	rt.set(t, r, "uci system.@system[0].hostname", nil, "new name")
	rt.set(t, r, "uci system.ntp.server", nil, list("x", "", "y"))
	rt.set(t, r, "uci system.ntp.enabled", nil, "1")
	wantText(t, "scalar", rt.get(t, r, "uci system.@system[0].hostname", nil), "new name")
	wantText(t, "list", rt.get(t, r, "uci system.ntp.server", nil), list("x", "", "y"))
	wantText(t, "another transaction", rt.get(t, other, "uci system.@system[0].hostname", nil), "r")
	rt.set(t, r, "uci system.ntp.enabled", nil, "")
	wantText(t, "deleted", rt.get(t, r, "uci system.ntp.enabled", nil), "")

	p := rt.commit(t, r)
	wantList(t, "packages", p.Packages, "system")
	data, err := os.ReadFile(filepath.Join(rt.root, "etc/config/system"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"option hostname 'new name'", "list server 'x'\n\tlist server 'y'"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %q in %s", want, data)
		}
	}
	wantText(t, "next transaction", rt.get(t, rt.begin(t), "uci system.@system[0].hostname", nil), "new name")
}

func TestUCIListSlotsAreFilledInAnyOrder(t *testing.T) {
	rt := firewallRouter(t)
	r := rt.begin(t)
	const source = "uci system.@timeserver[0].server"
	rt.set(t, r, source, nil, list("", "", "c"))
	wantText(t, "with gaps", rt.get(t, r, source, nil), list("", "", "c"))
	wantText(t, "by another name of the section", rt.get(t, r, "uci system.ntp.server", nil), list("", "", "c"))
	rt.set(t, r, source, nil, list("a", "", "c"))
	rt.commit(t, r)
	wantText(t, "closed by the commit", rt.get(t, rt.begin(t), source, nil), list("a", "c"))

	r = rt.begin(t)
	rt.set(t, r, source, nil, list("a", ""))
	rt.set(t, r, source, nil, list("a", "b"))
	wantText(t, "filled", rt.get(t, r, source, nil), list("a", "b"))
	rt.set(t, r, source, nil, list("", ""))
	rt.set(t, r, source, nil, "")
	wantText(t, "unset", rt.get(t, r, source, nil), "")
	rt.commit(t, r)
	wantText(t, "all slots empty", rt.get(t, rt.begin(t), source, nil), "")
}

func TestUCISameValueChangesNothing(t *testing.T) {
	rt := firewallRouter(t)
	r := rt.begin(t)
	rt.set(t, r, "uci system.@system[0].hostname", nil, "r")
	rt.set(t, r, "uci system.ntp.server", nil, list("a", "b"))
	rt.set(t, r, "uci system.ntp.enabled", nil, "")
	if p := rt.commit(t, r); len(p.Files) != 0 || len(p.Packages) != 0 {
		t.Errorf("got %d files, packages %v, want none", len(p.Files), p.Packages)
	}
}

func TestUCIAddAndDelete(t *testing.T) {
	rt := firewallRouter(t)
	r := rt.begin(t)
	add := rt.expr(t, model.UseAdd, "uci firewall.@rule cwmp_rule_{n} enabled=0 name=Rule-{n} src={parent.section}")
	var parent *model.Row
	row, err := r.Add(t.Context(), add, parent, 7)
	if err != nil {
		t.Fatal(err)
	}
	if row.Key != "cwmp_rule_7" || row.Section != "cwmp_rule_7" || row.Package != "firewall" {
		t.Errorf("row %+v", row)
	}
	row.Number = 7
	wantText(t, "option", rt.get(t, r, "uci .name", &row), "Rule-7")
	wantText(t, "option without its value", rt.get(t, r, "uci .src", &row), "")
	twin, err := r.Add(t.Context(), add, parent, 7)
	if err != nil || twin.Key != "cwmp_rule_7_2" {
		t.Errorf("a name that is taken: %+v, %v", twin, err)
	}

	rows := rt.expr(t, model.UseRows, "uci firewall.@rule ident=name,target")
	all, _ := r.Rows(t.Context(), rows, parent)
	if len(all) != 6 {
		t.Fatalf("got %d rows, want 6", len(all))
	}
	for _, i := range []int{0, 5} { // an anonymous one, and our twin
		all[i].Number = uint32(i + 1)
		if err := r.Delete(t.Context(), rows, &all[i]); err != nil {
			t.Fatal(err)
		}
	}
	left := all[1]
	left.Number = 2
	rt.set(t, r, "uci .target", &left, "REJECT")
	rt.commit(t, r)
	p, err := rt.cfg.UCI.Load("firewall")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range p.OfType("rule") {
		names = append(names, s.Get("name")+" "+s.Get("target"))
	}
	wantList(t, "rules", names, "Twin REJECT", "Twin DROP", "Mine ACCEPT", "Rule-7 ")
}

func TestUCISectionIsMadeWhenTheLineSaysItsType(t *testing.T) {
	rt := newRouter(t, map[string]string{"etc/config/cwmp": "config acs 'acs'\n"})
	r := rt.begin(t)
	set := func(source, value string) error {
		return r.Set(t.Context(), rt.expr(t, model.UseValue, source), nil, value)
	}
	if err := set("uci cwmp.cpe.port", "1"); reason(err) != model.Refused {
		t.Errorf("without a type: %v", err)
	}
	if err := set("uci nothing.cpe:cpe.port", "1"); reason(err) != model.Refused {
		t.Errorf("without a package: %v", err)
	}
	rt.set(t, r, "uci cwmp.cpe:cpe.port", nil, "")
	rt.set(t, r, "uci cwmp.cpe:cpe.port", nil, "7547")
	wantText(t, "port", rt.get(t, r, "uci cwmp.cpe:cpe.port", nil), "7547")
	rt.commit(t, r)
	if p, err := rt.cfg.UCI.Load("cwmp"); err != nil || p.Section("cpe") == nil || p.Section("cpe").Type != "cpe" {
		t.Errorf("package %+v, %v", p, err)
	}
}

func TestUCIRefusesWhatLibuciCannotReadBack(t *testing.T) {
	rt := firewallRouter(t)
	r := rt.begin(t)
	e := rt.expr(t, model.UseValue, "uci system.@system[0].hostname")
	for _, value := range []string{"a\x00b", "a\x01b"} {
		if err := r.Set(t.Context(), e, nil, value); reason(err) != model.BadValue {
			t.Errorf("%q: %v", value, err)
		}
	}
	if err := r.Set(t.Context(), e, nil, strings.Repeat("x", maxValue+1)); reason(err) != model.Refused {
		t.Errorf("long value: %v", err)
	}
	for _, edit := range []uci.Edit{
		{Op: uci.OpSet, Package: "../etc/passwd", Section: "a", Option: "b", Values: []string{"c"}},
		{Op: uci.OpSet, Package: "system", Section: "a b", Option: "b", Values: []string{"c"}},
		{Op: uci.OpSet, Package: "system", Section: "ntp", Option: "b-c", Values: []string{"c"}},
	} {
		if err := r.Edit(edit); reason(err) != model.BadValue {
			t.Errorf("%+v: %v", edit, err)
		}
	}
	wantText(t, "value", rt.get(t, r, "uci system.@system[0].hostname", nil), "r")
}

func TestUCIForeignDeltaMakesUsWait(t *testing.T) {
	rt := firewallRouter(t)
	writeFile(t, rt.root, "tmp/.uci/system", "system.ntp.enabled='0'\n")
	r := rt.begin(t)
	rt.set(t, r, "uci system.ntp.enabled", nil, "1")
	if _, err := r.Prepare(t.Context()); reason(err) != model.Busy {
		t.Errorf("somebody else's change of the same option: %v", err)
	}
}

func TestUCIVolatilePackageIsRefused(t *testing.T) {
	rt := firewallRouter(t)
	writeFile(t, rt.root, "var/run/uci/system", system0)
	r := rt.begin(t)
	rt.set(t, r, "uci system.ntp.enabled", nil, "1")
	if _, err := r.Prepare(t.Context()); reason(err) != model.Refused {
		t.Errorf("a package that no reboot survives: %v", err)
	}
}

func TestUCIBrokenPackageIsLoggedOnceAndAbsent(t *testing.T) {
	rt := newRouter(t, map[string]string{"etc/config/system": "confog system\n"})
	for range 3 {
		wantText(t, "value", rt.get(t, rt.begin(t), "uci system.@system[0].hostname", nil), "")
	}
	if n := rt.log.count("package=system"); n != 1 {
		t.Errorf("%d log lines, want 1: %q", n, rt.log.all)
	}
}

func TestUCINeeds(t *testing.T) {
	rt := firewallRouter(t)
	r := rt.begin(t)
	for source, want := range map[string]bool{
		"uci firewall": true, "uci wireless": false, "uci firewall.@zone": true, "uci firewall.@redirect": false,
		"uci firewall.mine": true, "uci firewall.yours": false,
	} {
		if got := r.Need(t.Context(), rt.expr(t, model.UseNeed, source)); got != want {
			t.Errorf("needs %s: got %v, want %v", source, got, want)
		}
	}
}

func TestUCIOptionOfARowAllocatesNothing(t *testing.T) {
	rt := firewallRouter(t)
	r := rt.begin(t)
	rows := rt.rows(t, r, "uci firewall.@rule ident=name", nil)
	name, src := rt.expr(t, model.UseValue, "uci .name"), rt.expr(t, model.UseValue, "uci .src")
	fixed := rt.expr(t, model.UseValue, "uci system.@system[0].hostname")
	n := testing.AllocsPerRun(100, func() {
		_, _ = r.Get(t.Context(), name, &rows[0])
		_, _ = r.Get(t.Context(), src, &rows[0])
		_, _ = r.Get(t.Context(), name, &rows[3])
		_, _ = r.Get(t.Context(), fixed, &rows[3])
	})
	if n != 0 {
		t.Errorf("four values allocate %v times", n)
	}
}

func BenchmarkUCIOption(b *testing.B) {
	r := &Reader{rt: New(Config{})}
	p := &uci.Package{Name: "p"}
	s, err := p.Add("t", "s")
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Set("name", "value"); err != nil {
		b.Fatal(err)
	}
	r.uci.packages = map[string]*uciPackage{"p": {Package: p, base: p}}
	var e model.Expr = &uciValue{option: "name", own: true}
	row := &model.Row{Package: "p", Section: "s", Number: 1}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = r.Get(b.Context(), e, row)
	}
}
