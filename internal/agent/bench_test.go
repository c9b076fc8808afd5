package agent

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
)

// openParts opens a router's data model as the daemon does.
func openParts(tb testing.TB, root string) *Parts {
	tb.Helper()
	p, err := Open(context.Background(), Options{Root: root, Files: datamodel.Files, Version: "test"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	return p
}

// readValues is what GetParameterValues does with one name, up to the envelope; it returns how many parameters that was.
func readValues(tb testing.TB, p *Parts, enc *soap.Encoder, name string) (params int) {
	ctx := context.Background()
	tx, err := p.Tree.Begin(ctx, model.FromACS)
	if err != nil {
		tb.Fatal(err)
	}
	defer tx.Close()
	enc.Begin(soap.Header{ID: "1", HasID: true})
	enc.Open("GetParameterValuesResponse")
	enc.List("ParameterList", "cwmp:ParameterValueStruct")
	if err := tx.Get(ctx, name, func(p *model.Param) error {
		params++
		enc.ParameterValue(p.Path, p.Type.String(), p.Value)
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	enc.EndList()
	enc.Close()
	enc.End()
	return params
}

// BenchmarkWholeTree reads all there is, on the sandbox's router and on larger ones. The router answers in another
// process. Cost that grows linearly shows in equal ns/param.
func BenchmarkWholeTree(b *testing.B) {
	for _, leases := range []int{0, 100, 200, 400, 800} {
		b.Run(fmt.Sprint(leases, "leases"), func(b *testing.B) {
			root := grownRouter(b, leases)
			serveRouter(b, root)
			p := openParts(b, root)
			var enc soap.Encoder
			params := readValues(b, p, &enc, "") // the connection, the files' cache
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			reads := 0
			for b.Loop() {
				readValues(b, p, &enc, "")
				reads++
			}
			runtime.ReadMemStats(&after)
			n := float64(reads) * float64(params)
			b.ReportMetric(float64(params), "params")
			b.ReportMetric(n/b.Elapsed().Seconds(), "params/s")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/param")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/n, "allocs/param")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/n, "B/param")
		})
	}
}
