package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/control"
	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/model"
)

// openBeside opens the data model of a stage's router beside the agent, as the command line does without one.
func (s *stage) openBeside() *Parts {
	s.t.Helper()
	p, err := Open(s.t.Context(), Options{Root: s.router.Dir, Files: datamodel.Files, Version: "test", Log: testLogger(s.log)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { p.Close() })
	for _, problem := range p.Problems {
		s.t.Errorf("%s:%d: %s", problem.File, problem.Line, problem.Msg)
	}
	return p
}

// in runs a transaction that is never committed.
func (p *Parts) in(t *testing.T, do func(ctx context.Context, tx *model.Tx)) {
	t.Helper()
	tx, err := p.Tree.Begin(t.Context(), model.FromACS)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Close()
	do(t.Context(), tx)
}

// reasons are those of an error's ParamErrors.
func reasons(err error) (list []model.Reason) {
	for _, pe := range model.Errors(err) {
		list = append(list, pe.Reason)
	}
	return list
}

func hasReason(err error, any ...model.Reason) bool {
	return slices.ContainsFunc(reasons(err), func(r model.Reason) bool { return slices.Contains(any, r) })
}

// T-148, R-40: what GetParameterNames calls writable can be set, grown and deleted, and nothing else can.
func TestT148_WritableIsTrue(t *testing.T) {
	t.Parallel()
	p := newStage(t, nil).openBeside()
	type name struct {
		path     string
		writable bool
		value    string
	}
	var params, objects []name
	p.in(t, func(ctx context.Context, tx *model.Tx) {
		err := tx.Names(ctx, "", false, func(n model.Name) error {
			if n.Object {
				objects = append(objects, name{path: string(n.Path), writable: n.Writable})
			}
			return nil
		})
		if err == nil {
			err = tx.Get(ctx, "", func(p *model.Param) error {
				params = append(params, name{string(p.Path), p.Writable, p.Value})
				return nil
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range params {
			err := tx.Set(ctx, n.path, n.value, model.BaseAny)
			switch {
			case n.writable && hasReason(err, model.ReadOnly, model.Unknown, model.NoSuchRow):
				t.Errorf("%s is writable, and setting it says: %v", n.path, err)
			case !n.writable && !hasReason(err, model.ReadOnly):
				t.Errorf("%s is not writable, and setting it says: %v", n.path, err)
			}
		}
	})
	p.in(t, func(ctx context.Context, tx *model.Tx) {
		for _, n := range objects {
			isRow := rowPath.MatchString(n.path)
			if !n.writable || isRow {
				if _, err := tx.Add(ctx, n.path); err == nil {
					t.Errorf("%s cannot be added to, and was", n.path)
				}
			}
			if !n.writable || !isRow {
				if err := tx.Delete(ctx, n.path); err == nil {
					t.Errorf("%s cannot be deleted, and was", n.path)
				}
			}
		}
	})
	rows, tables := 0, 0
	for _, n := range objects {
		if !n.writable {
			continue
		}
		p.in(t, func(ctx context.Context, tx *model.Tx) {
			if rowPath.MatchString(n.path) {
				rows++
				if err := tx.Delete(ctx, n.path); err != nil && (!hasReason(err, model.Refused) || strings.Contains(err.Error(), "router's own")) {
					t.Errorf("%s can be deleted, and deleting it says: %v", n.path, err)
				}
				return
			}
			tables++
			if _, err := tx.Add(ctx, n.path); err != nil && !hasReason(err, model.Refused, model.NoRoom) {
				t.Errorf("%s can be added to, and adding says: %v", n.path, err)
			}
		})
	}
	if len(params) < 500 || rows < 5 || tables < 5 {
		t.Errorf("only %d parameters, %d rows and %d tables were tried", len(params), rows, tables)
	}
}

var rowPath = regexp.MustCompile(`\.\d+\.$`)

// TestWholeModel asks an agent for everything there is.
func TestWholeModel(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.acs.Ask(cwmptest.GetParameterNames("", false), cwmptest.GetParameterValues("Device."), cwmptest.GetParameterValues(""))
	s.start()
	m := s.answers(3)
	names, all, values, types := m[0].Names(), m[1], m[1].Values(), m[1].Types()
	s.settle()
	p := s.openBeside()

	t.Run("T-151 names and values are of the same parameters", func(t *testing.T) {
		var params []string
		for _, n := range names {
			if n = strings.TrimSuffix(n, " rw"); !strings.HasSuffix(n, ".") {
				params = append(params, n)
			}
		}
		slices.Sort(params)
		for i := 1; i < len(params); i++ {
			if params[i] == params[i-1] {
				t.Errorf("%s is named twice", params[i])
			}
		}
		for what, m := range map[string]cwmptest.Message{"Device.": m[1], `""`: m[2]} {
			if got := slices.Sorted(maps.Keys(m.Values())); !slices.Equal(got, params) {
				t.Errorf("the values of %s and the names differ: %s", what, difference(params, got))
			}
		}
	})
	t.Run("T-154 hidden parameters read as an empty string", func(t *testing.T) {
		hidden := 0
		for path, value := range values {
			if def, err := p.Tree.Lookup(path); err != nil {
				t.Error(err)
			} else if def.Hidden {
				if hidden++; value != "" || types[path] != "xsd:string" {
					t.Errorf("%s is %s %q", path, types[path], value)
				}
			}
		}
		if hidden < 5 {
			t.Errorf("only %d hidden parameters", hidden)
		}
	})
	t.Run("T-157 every value is of its type", func(t *testing.T) {
		checkLexically(t, p, all)
	})
	t.Run("R-15 what is not writable is refused, each by name", func(t *testing.T) {
		var set []cwmptest.Value
		for _, n := range names {
			if !strings.HasSuffix(n, ".") && !strings.HasSuffix(n, " rw") {
				set = append(set, cwmptest.Value{Name: n, Text: values[n]})
			}
		}
		m := s.one(cwmptest.SetParameterValues("no", set...))
		faults := m.ParamFaults()
		if m.FaultCode() != 9003 || len(faults) != len(set) {
			t.Errorf("fault %d with %d parameters, want %d", m.FaultCode(), len(faults), len(set))
		}
		for name, code := range faults {
			if code != 9008 {
				t.Errorf("%s: fault %d", name, code)
			}
		}
	})
	t.Run("T-185 T-193 everything set to what it is changes nothing", func(t *testing.T) {
		before := s.hashes("etc", "etc/cwmpd")
		var set []cwmptest.Value
		for _, n := range names {
			path, writable := strings.CutSuffix(n, " rw")
			def, err := p.Tree.Lookup(path)
			if writable && !strings.HasSuffix(path, ".") && err == nil && !def.Hidden {
				set = append(set, cwmptest.Value{Name: path, Text: values[path], Type: strings.TrimPrefix(types[path], "xsd:")})
			}
		}
		begin := time.Now()
		m := s.one(cwmptest.SetParameterValues("", set...))
		if m.Text("Status") != "0" {
			t.Errorf("%d parameters: %s", len(set), strings.Join(cwmptest.Describe(m), "\n"))
		}
		if after := s.hashes("etc", "etc/cwmpd"); !maps.Equal(before, after) {
			t.Errorf("files changed: %s", changedFiles(before, after))
		}
		t.Logf("%d parameters in %v", len(set), time.Since(begin))
	})
	t.Run("T-157 so is it after twenty sets at random", func(t *testing.T) {
		const seed = 20 // a failure is found again with the same one
		random := rand.New(rand.NewPCG(seed, seed))
		var writable []string
		for _, n := range names {
			if n, ok := strings.CutSuffix(n, " rw"); ok && !strings.HasSuffix(n, ".") && !strings.HasPrefix(n, "Device.ManagementServer.") {
				writable = append(writable, n)
			}
		}
		var calls []cwmptest.Call
		for range 20 {
			path := writable[random.IntN(len(writable))]
			def, err := p.Tree.Lookup(path)
			if err != nil {
				t.Fatal(err)
			}
			calls = append(calls, cwmptest.SetParameterValues("", cwmptest.Value{Name: path, Text: anyValue(random, def.Type)}))
		}
		m := s.ask(append(calls, cwmptest.GetParameterValues(""))...)
		s.settle()
		taken := 0
		for _, answer := range m[:len(m)-1] {
			if answer.Name == "SetParameterValuesResponse" {
				taken++
			}
		}
		if taken < 5 {
			t.Errorf("only %d sets were taken", taken)
		}
		checkLexically(t, p, m[len(m)-1])
	})
}

func difference(want, got []string) string {
	var list []string
	for _, s := range want {
		if !slices.Contains(got, s) {
			list = append(list, "-"+s)
		}
	}
	for _, s := range got {
		if !slices.Contains(want, s) {
			list = append(list, "+"+s)
		}
	}
	return strings.Join(list, " ")
}

// checkLexically parses each value as one from outside would be.
func checkLexically(t *testing.T, p *Parts, m cwmptest.Message) {
	t.Helper()
	types := m.Types()
	for path, value := range m.Values() {
		def, err := p.Tree.Lookup(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if def.Hidden {
			continue
		}
		if got := strings.TrimPrefix(types[path], "xsd:"); got != strings.Replace(def.Type.Base.String(), "base64", "base64Binary", 1) {
			t.Errorf("%s has the xsi:type %s, want %s", path, got, def.Type.Base)
		}
		if err := lexical(&def.Type, value); err != nil {
			t.Errorf("%s = %q: %v", path, value, err)
		}
	}
}

// lexical tells what is wrong with a value that was read. Where the router has nothing, it may be empty though its type
// has a form or an enumeration.
func lexical(typ *model.Type, value string) error {
	if value == typ.Empty() {
		return nil
	}
	canonical, err := typ.Parse(value)
	if err == nil && canonical != value {
		err = fmt.Errorf("not canonical, expected %q", canonical)
	}
	return err
}

// anyValue makes a value of a type; where its form matters it may well be refused.
func anyValue(random *rand.Rand, typ model.Type) string {
	switch {
	case len(typ.Enum) > 0:
		return typ.Enum[random.IntN(len(typ.Enum))]
	case typ.Base == model.BaseBoolean:
		return strconv.FormatBool(random.IntN(2) == 0)
	case typ.Base == model.BaseDateTime:
		return "2031-02-03T04:05:06Z"
	case typ.Base == model.BaseHexBinary:
		return "00ff"
	case typ.Base != model.BaseString:
		low, high := int64(0), int64(1000)
		if len(typ.Ranges) > 0 {
			if r := typ.Ranges[0]; r.HasMin || r.HasMax {
				low, high = r.Min, max(r.Max, r.Min)
			}
		}
		return strconv.FormatInt(low+random.Int64N(high-low+1), 10)
	}
	return []string{"", "x", "Ünï & <tag>", "192.0.2.7", "it's \"quoted\"", "a b"}[random.IntN(6)]
}

// T-158: the whole tree is read while the network is edited and reloads. Every reading is of one piece.
func TestT158_ReadingWhileTheNetworkReloads(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	p := s.openBeside()
	edit, edited := make(chan int, 1), make(chan struct{})
	go func() {
		defer close(edited)
		for i := range edit {
			network := "config interface 'more'\n\toption proto 'static'\n\toption device 'br-lan'\n\toption ipaddr '10.7.7.1'\n\toption netmask '255.255.255.0'\n"
			text := strings.ReplaceAll(s.read("etc/config/network"), network, "")
			if i%2 == 0 {
				text += network
			}
			s.write("etc/config/network", text)
			s.tell("network")
		}
	}()
	seen := map[string]bool{}
	for i := range 30 {
		select {
		case edit <- i / 5:
		default: // the last one is not over yet
		}
		var params []string
		values := map[string]string{}
		p.in(t, func(ctx context.Context, tx *model.Tx) {
			err := tx.Get(ctx, "", func(p *model.Param) error {
				path := string(p.Path)
				params, values[path] = append(params, path), p.Value
				if !p.Hidden {
					if err := lexical(&p.Def.Type, p.Value); err != nil {
						t.Errorf("%s = %q: %v", p.Path, p.Value, err)
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		checkNumbersOfEntries(t, params, values)
		seen[values["Device.IP.InterfaceNumberOfEntries"]] = true
		if t.Failed() {
			break
		}
	}
	close(edit)
	<-edited
	if len(seen) < 2 && !t.Failed() {
		t.Errorf("the network did not change while it was read: %v", seen)
	}
}

// checkNumbersOfEntries compares every …NumberOfEntries with the rows that the same reading has.
func checkNumbersOfEntries(t *testing.T, params []string, values map[string]string) {
	t.Helper()
	rows := map[string]map[string]bool{}
	for _, path := range params {
		parts := strings.Split(path, ".")
		for i, part := range parts {
			if _, err := strconv.Atoi(part); err == nil && i > 0 {
				table := strings.Join(parts[:i], ".")
				if rows[table] == nil {
					rows[table] = map[string]bool{}
				}
				rows[table][part] = true
			}
		}
	}
	for path, value := range values {
		table, ok := strings.CutSuffix(path, "NumberOfEntries")
		if table == "Device.DNS.Relay.Forward" {
			table += "ing" // the standard's name of its count
		}
		if ok && value != strconv.Itoa(len(rows[table])) {
			t.Errorf("%s = %s, and there are %d rows", path, value, len(rows[table]))
		}
	}
}

// hashes are the files below a directory of the router, but those below another, with what they hold.
func (s *stage) hashes(dir, but string) map[string]string {
	s.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(s.router.Path(dir), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(s.router.Dir, path)
		if err != nil {
			return err
		}
		if but != "" && name == but {
			return filepath.SkipDir
		}
		if d.IsDir() {
			all[name] = "directory"
			return nil
		}
		data, err := os.ReadFile(path)
		sum := sha256.Sum256(data)
		all[name] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

func changedFiles(before, after map[string]string) string {
	var list []string
	for name := range after {
		if before[name] != after[name] {
			list = append(list, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			list = append(list, name+" (gone)")
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// Reading never writes: the command line not at all, the ACS only what the agent itself keeps.
func TestReadingWritesNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	before := s.hashes("etc", "")
	var door control.Door = s.openBeside().Direct()
	everything := []string{""}
	if all, err := door.Get(t.Context(), everything); err != nil || len(all) < 500 {
		t.Fatalf("%d parameters, %v", len(all), err)
	}
	if _, err := door.Names(t.Context(), "", false); err != nil {
		t.Fatal(err)
	}
	if _, err := door.Attrs(t.Context(), everything); err != nil {
		t.Fatal(err)
	}
	if after := s.hashes("etc", ""); !maps.Equal(before, after) {
		t.Errorf("the command line wrote %s", changedFiles(before, after))
	}
	before = s.hashes("etc", "etc/cwmpd")
	s.acs.Ask(cwmptest.GetParameterNames("", false), cwmptest.GetParameterValues(""), cwmptest.GetParameterAttributes(""))
	s.start()
	s.answers(3)
	s.settle()
	s.halt()
	if after := s.hashes("etc", "etc/cwmpd"); !maps.Equal(before, after) {
		t.Errorf("reading by the ACS wrote %s", changedFiles(before, after))
	}
}
