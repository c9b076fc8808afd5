package model

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// trivial is a Source that costs nothing, so that a benchmark measures the tree alone. Every table has n rows.
type trivial struct{ n int }

type trivialEx string

func (e trivialEx) Caps() Caps     { return Caps{Set: true, Grow: true} }
func (e trivialEx) String() string { return string(e) }

func (s trivial) Compile(_ Use, words []string) (Expr, error) {
	return trivialEx(words[len(words)-1]), nil
}

func (s trivial) Begin(context.Context, Context) (Access, error) {
	rows := make([]Row, s.n)
	for i := range rows {
		rows[i] = Row{Key: fmt.Sprintf("key%d", i), Section: fmt.Sprintf("s%d", i)}
	}
	return trivialAccess{rows}, nil
}

type trivialAccess struct{ rows []Row }

func (a trivialAccess) Rows(context.Context, Expr, *Row) ([]Row, error) { return a.rows, nil }
func (a trivialAccess) Get(_ context.Context, at Expr, _ *Row) (string, error) {
	return string(at.(trivialEx)), nil
}
func (a trivialAccess) Set(context.Context, Expr, *Row, string) error             { return nil }
func (a trivialAccess) Add(context.Context, Expr, *Row, uint32) (Row, error)      { return Row{}, nil }
func (a trivialAccess) Delete(context.Context, Expr, *Row) error                  { return nil }
func (a trivialAccess) Hook(context.Context, Expr, *Row, map[string]string) error { return nil }
func (a trivialAccess) Need(context.Context, Expr) bool                           { return true }
func (a trivialAccess) Prepare(context.Context) (Prepared, error)                 { return Prepared{}, nil }
func (a trivialAccess) Close() error                                              { return nil }

// benchDM is a table of ten parameters.
const benchDM = `
Device.T.{i}. rw
  rows const rows
  add  const add
  A rw boolean          const 1 | default 0
  B rw unsignedInt      const 12345
  C r  string(64)       const hello
  D r  StatsCounter64   const 123456789 | uint
  E r  enum(Up,Down)    const up | map up=Up *=Down
  F r  MACAddress       const 00:11:22:33:44:55 | mac
  G rw pathRef          const key7 | ref Device.U.
  H r  IPAddress        const 192.168.1.1
  I r  boolean          const 0 | not
Device.U.{i}. r
  rows const rows
  noalias
  X r string const x
`

func benchTree(b *testing.B, rows int) *Tree {
	b.Helper()
	tree, problems, err := Load(b.Context(), Config{Source: trivial{rows}, Files: fsOf("bench.dm", benchDM)})
	if err != nil || len(problems) > 0 {
		b.Fatal(err, problems)
	}
	return tree
}

// BenchmarkGet reads the whole tree in one transaction; linear in rows shows in equal ns/param.
func BenchmarkGet(b *testing.B) {
	for _, rows := range []int{10, 100, 1000, 5000} {
		b.Run(fmt.Sprint(rows, " rows"), func(b *testing.B) {
			tree := benchTree(b, rows)
			b.ReportAllocs()
			params := 0
			for b.Loop() {
				tx, err := tree.Begin(b.Context(), FromCLI)
				if err != nil {
					b.Fatal(err)
				}
				if err := tx.Get(b.Context(), "", func(*Param) error { params++; return nil }); err != nil {
					b.Fatal(err)
				}
				tx.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(params), "ns/param")
		})
	}
}

// TestGetIsCheap keeps the promise of one allocation per parameter at most, in tables of any size.
func TestGetIsCheap(t *testing.T) {
	for _, rows := range []int{10, 1000} {
		tree, _, err := Load(t.Context(), Config{Source: trivial{rows}, Files: fsOf("bench.dm", benchDM)})
		if err != nil {
			t.Fatal(err)
		}
		params := 0
		perRun := testing.AllocsPerRun(5, func() {
			tx, err := tree.Begin(t.Context(), FromCLI)
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Close()
			params = 0
			if err := tx.Get(t.Context(), "", func(*Param) error { params++; return nil }); err != nil {
				t.Fatal(err)
			}
		})
		if perRun > float64(params) {
			t.Errorf("%d rows: %.0f allocations for %d parameters", rows, perRun, params)
		}
	}
}

func BenchmarkNames(b *testing.B) {
	tree := benchTree(b, 1000)
	b.ReportAllocs()
	names := 0
	for b.Loop() {
		tx, _ := tree.Begin(b.Context(), FromCLI)
		if err := tx.Names(b.Context(), "", false, func(Name) error { names++; return nil }); err != nil {
			b.Fatal(err)
		}
		tx.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(names), "ns/name")
}

func BenchmarkValue(b *testing.B) {
	tree := benchTree(b, 1000)
	tx, _ := tree.Begin(b.Context(), FromCLI)
	defer tx.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tx.Value(b.Context(), "Device.T.500.B"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	var dm strings.Builder
	for i := range 300 {
		dm.WriteString(strings.ReplaceAll(strings.ReplaceAll(benchDM, "Device.T.", fmt.Sprintf("Device.T%d.", i)), "Device.U.", fmt.Sprintf("Device.U%d.", i)))
	}
	for b.Loop() {
		if _, _, err := Load(b.Context(), Config{Source: trivial{1}, Files: fsOf("bench.dm", dm.String())}); err != nil {
			b.Fatal(err)
		}
	}
}
