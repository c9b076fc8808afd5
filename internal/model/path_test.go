package model

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// houseDM is a small router: a singleton, a table that can grow, a singleton in it, a table below it, and an empty table.
const houseDM = `
Device.Time. r
  Enable   rw boolean    uci system.ntp.enabled | default 1
  Zone     rw string(16) uci system.ntp.zone
  Password rw string     hidden uci system.ntp.password
Device.Net.Link.{i}. rw
  rows uci net.@link
  add  uci net.@link link_{n} up=0
  let  dev uci .device
  max  5
  unique Name
  Enable rw boolean uci .up | default 1
  Name   rw string(8) uci .name
  Show   r  string call show
  Addr   rw list(0..4) IPv4Address uci .addr
Device.Net.Link.{i}.Stats. r
  Bytes  r StatsCounter64 uci .bytes | uint
Device.Net.Link.{i}.Route.{i}. rw
  rows uci net.@route link={parent.section}
  add  uci net.@route route_{parent.n}_{n} link={parent.section}
  noalias
  To     rw IPv4Prefix uci .to
  Via    rw pathRef uci .via | ref Device.Net.Link.
Device.Net.Void.{i}. r
  rows none
  X r string const x
`

func newHouse(t *testing.T) *bed {
	t.Helper()
	return newBed(t, houseDM, func(m *memory) {
		m.funcs["show"] = memFunc{get: func(_ context.Context, _ *memAccess, row *Row) (string, error) {
			return row.Var("dev") + "/" + row.Var("key") + "/" + row.Var("n"), nil
		}}
		m.put(t, "system", "timeserver ntp zone=UTC password=secret")
		m.put(t, "net", "link lan device=br-lan name=lan addr=[10.0.0.1,10.0.0.2]", "link wan device=eth0 name=wan up=0 bytes=-5",
			"route r1 link=wan to=10.0.0.0/8 via=lan", "link usb device=usb0 dynamic=1")
	})
}

//
func TestGet(t *testing.T) {
	b := newHouse(t)
	const wan = "Device.Net.Link.2."
	for _, c := range []struct {
		name, path string
		want       []string
	}{
		{"R-30 a full name is one entry", "Device.Time.Enable", []string{"Device.Time.Enable=true"}},
		{"R-32 a hidden parameter is empty", "Device.Time.", []string{"Device.Time.Enable=true", "Device.Time.Zone=UTC", "Device.Time.Password="}},
		{"R-30 a row with all below it", wan, []string{
			wan + "Enable=false", wan + "Name=wan", wan + "Show=eth0/wan/2", wan + "Addr=", wan + "Alias=cpe-2", wan + "RouteNumberOfEntries=1",
			wan + "Stats.Bytes=0", wan + "Route.1.To=10.0.0.0/8", wan + "Route.1.Via=Device.Net.Link.1"}},
		{"R-31 a table without rows is nothing, and no fault", "Device.Net.Void.", nil},
		{"R-34 a wildcard", "Device.Net.Link.*.Name", []string{"Device.Net.Link.1.Name=lan", "Device.Net.Link.2.Name=wan", "Device.Net.Link.3.Name="}},
		{"R-34 a wildcard that matches nothing below some rows", "Device.Net.Link.*.Route.1.To", []string{wan + "Route.1.To=10.0.0.0/8"}},
		{"9.7 an alias", "Device.Net.Link.[cpe-2].Name", []string{wan + "Name=wan"}},
	} {
		t.Run(c.name, func(t *testing.T) { same(t, "values", b.values(c.path), c.want) })
	}
	same(t, "T-151 Device. is everything", b.values("Device."), b.values(""))
	same(t, "how many there are", len(b.values("")), 3+2+3*7+2)
}

func TestUnknownPaths(t *testing.T) {
	b := newHouse(t)
	tx := b.begin(FromACS)
	for _, path := range []string{
		"Device", "Device.Time", "Device.Nope.", "device.", "Device..", "Device.Time..", ".", "..", ".Device.", " Device.", "Device. ",
		"Device.Time.enable", "Device.Time.Enable.", "Device.Time.Enable.x", "Time.Enable", "Device.Net.Link.x.", "Device.Net.Link.0.",
		"Device.Net.Link.01.", "Device.Net.Link.+1.", "Device.Net.Link.-1.", "Device.Net.Link.1", "Device.Net.Link.1 .", "Device.Net.Link.4294967296.",
		"Device.Net.Link.99999999999999999999.", "Device.Net.Link.{i}.", "Device.Net.Link.{i}.Name", "Device.Net.Link.[.", "Device.Net.Link.[].",
		"Device.Net.Link.[cpe-2", "Device.Net.Link.[1a].", "Device.Net.Link.[a b].", "Device.Net.Link.**.", "Device.*.", "*.", "Device.Net.Link.*", "Device.%00",
		"Device.\x00", "Device.Net.Link.1.Route.*.*.", "Device.Net.Void.*.Nope", "InternetGatewayDevice.", strings.Repeat("*.", 128), strings.Repeat("Device.", 36) + "Time",
	} {
		reason(t, path, tx.Check(b.Context(), path), Unknown)
		reason(t, "get "+path, tx.Get(b.Context(), path, func(*Param) error { return nil }), Unknown)
		reason(t, "names "+path, tx.Names(b.Context(), path, false, func(Name) error { return nil }), Unknown)
		reason(t, "set "+path, tx.Set(b.Context(), path, "1", BaseAny), Unknown)
	}
	for _, path := range []string{"Device.Net.Link.4.", "Device.Net.Link.4294967295.Name", "Device.Net.Void.1.X", "Device.Net.Link.[nobody].Name"} {
		reason(t, path, tx.Check(b.Context(), path), NoSuchRow)
	}
	same(t, "T-149 256 characters may be", len("Device.Net."+strings.Repeat("x", 245)), 256)
	reason(t, "T-149 256", tx.Check(b.Context(), "Device.Net."+strings.Repeat("x", 245)), Unknown)
	var pe *ParamError
	err := tx.Check(b.Context(), "Device."+strings.Repeat("ü", 1<<19))
	if !errors.As(err, &pe) || pe.Reason != Unknown || len(pe.Path) > 300 {
		t.Errorf("Z-26 a path of 1 MiB: got %d bytes of %v", len(pe.Path), pe.Reason)
	}
}

func TestWildcardsAndAliasesCanBeOff(t *testing.T) {
	b := newHouse(t)
	b.cfg.Wildcard, b.cfg.Aliases = false, false
	b.boot()
	tx := b.begin(FromACS)
	reason(t, "wildcard", tx.Check(b.Context(), "Device.Net.Link.*.Name"), Unknown)
	reason(t, "alias", tx.Check(b.Context(), "Device.Net.Link.[cpe-2].Name"), Unknown)
}

func TestNames(t *testing.T) {
	b := newHouse(t)
	// A writable name is marked with a star.
	for _, c := range []struct {
		name, path string
		next       bool
		want       string
	}{
		{"a full name", "Device.Time.Zone", false, "Device.Time.Zone*"},
		{"T-143 an object itself and all below", "Device.Time.", false, "Device.Time. Device.Time.Enable* Device.Time.Zone* Device.Time.Password*"},
		{"T-142 the next level without itself", "Device.Time.", true, "Device.Time.Enable* Device.Time.Zone* Device.Time.Password*"},
		{"T-140 the next level of nothing is the root", "", true, "Device."},
		{"R-40 a table that can grow is writable, an empty one not", "Device.Net.", true, "Device.Net.LinkNumberOfEntries Device.Net.VoidNumberOfEntries Device.Net.Link.* Device.Net.Void."},
		{"R-40 a row that can go is writable, the router's own not", "Device.Net.Link.", true, "Device.Net.Link.1.* Device.Net.Link.2.* Device.Net.Link.3."},
		{"a table without rows is just the table", "Device.Net.Void.", false, "Device.Net.Void."},
		{"a table without rows has no next level", "Device.Net.Void.", true, ""},
		{"a row that is read-only", "Device.Net.Link.3.", false, "Device.Net.Link.3. Device.Net.Link.3.Enable Device.Net.Link.3.Name Device.Net.Link.3.Show Device.Net.Link.3.Addr " +
			"Device.Net.Link.3.Alias* Device.Net.Link.3.RouteNumberOfEntries Device.Net.Link.3.Stats. Device.Net.Link.3.Stats.Bytes Device.Net.Link.3.Route."},
		{"the next level of a row", "Device.Net.Link.2.Route.1.", true, "Device.Net.Link.2.Route.1.To* Device.Net.Link.2.Route.1.Via*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := b.begin(FromACS)
			defer tx.Close()
			got, err := namesIn(b.Context(), tx, c.path, c.next)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "names", strings.Join(got, " "), c.want)
		})
	}
	tx := b.begin(FromACS)
	_, err := namesIn(b.Context(), tx, "Device.Time.Zone", true)
	reason(t, "R-40 the next level of a parameter", err, BadArgument)

	var params []string
	all, _ := namesIn(b.Context(), tx, "", false)
	for _, n := range all {
		if n = strings.TrimSuffix(n, "*"); !strings.HasSuffix(n, ".") {
			params = append(params, n)
		}
	}
	var read []string
	for _, v := range b.values("") {
		name, _, _ := strings.Cut(v, "=")
		read = append(read, name)
	}
	same(t, "T-151 Names and Get agree", params, read)
	same(t, "the first name", all[0], "Device.")
}

func namesIn(ctx context.Context, tx *Tx, path string, next bool) (got []string, err error) {
	err = tx.Names(ctx, path, next, func(n Name) error {
		text := string(n.Path)
		if n.Object != strings.HasSuffix(text, ".") || n.Def == nil {
			return errors.New("Object does not fit " + text)
		}
		if n.Writable {
			text += "*"
		}
		got = append(got, text)
		return nil
	})
	return got, err
}

func TestVisitCanStop(t *testing.T) {
	b := newHouse(t)
	tx := b.begin(FromACS)
	enough := errors.New("enough")
	n := 0
	stop := func() error {
		if n++; n == 3 {
			return enough
		}
		return nil
	}
	if err := tx.Get(b.Context(), "", func(*Param) error { return stop() }); err != enough || n != 3 {
		t.Errorf("Get: got %v after %d", err, n)
	}
	n = 0
	if err := tx.Names(b.Context(), "", false, func(Name) error { return stop() }); err != enough || n != 3 {
		t.Errorf("Names: got %v after %d", err, n)
	}
}

func TestCover(t *testing.T) {
	for _, c := range []struct {
		name     string
		in, want []string
	}{
		{"duplicates go", []string{"Device.A.B", "Device.A.B"}, []string{"Device.A.B"}},
		{"what lies below another goes, whatever comes first", []string{"Device.A.B", "Device.A.", "Device.A.C.", "Device.AB"}, []string{"Device.A.", "Device.AB"}},
		{"the empty path covers all", []string{"Device.", "", "Device.A.B"}, []string{""}},
		{"a duplicate still covers", []string{"Device.A.", "Device.A.", "Device.A.B"}, []string{"Device.A."}},
		{"nothing", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) { same(t, "cover", Cover(c.in), c.want) })
	}
	many := make([]string, 100_000) // Z-25
	for i := range many {
		many[i] = "Device."
	}
	same(t, "Z-25", Cover(many), []string{"Device."})
}

func TestWildcardsAreLinear(t *testing.T) {
	b := newHouse(t)
	tx := b.begin(FromACS)
	begin := time.Now()
	for range 1000 {
		_ = tx.Check(b.Context(), strings.Repeat("*.*.", 1<<10))
		_ = tx.Check(b.Context(), "Device.Net.Link.*.Route.*.To")
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("Z-26: 2000 wildcards took %v", took)
	}
}

func FuzzPath(f *testing.F) {
	for _, p := range []string{"", "Device.", "Device.Net.Link.1.Name", "Device.Net.Link.*.Route.1.To", "Device.Net.Link.[cpe-1].", "Device..", "Device.Net.Link.1.Route.1.Via."} {
		f.Add(p)
	}
	m := &memory{dir: f.TempDir(), reads: map[string]int{}, funcs: map[string]memFunc{"show": {}}}
	tree, _, err := Load(f.Context(), Config{Source: m, Files: fsOf("x.dm", strings.Replace(houseDM, "r  string call show", "r string const show", 1)), Wildcard: true, Aliases: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		tx, err := tree.Begin(t.Context(), FromCLI)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Close()
		known := tx.Check(t.Context(), path)
		got := tx.Get(t.Context(), path, func(p *Param) error {
			if !strings.HasPrefix(string(p.Path), "Device.") || p.Def == nil {
				t.Fatalf("%q visits %q", path, p.Path)
			}
			return nil
		})
		names := tx.Names(t.Context(), path, false, func(Name) error { return nil })
		if (known == nil) != (got == nil) || (known == nil) != (names == nil) {
			t.Fatalf("%q: Check %v, Get %v, Names %v", path, known, got, names)
		}
		if known != nil && len(Errors(known)) != 1 {
			t.Fatalf("%q: %v is no ParamError", path, known)
		}
	})
}
