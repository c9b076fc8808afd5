package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
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

// cpuTime is what this process has used of the processors so far: on a busy machine it says more than the clock.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkWholeTree reads all there is, on the sandbox's router and on larger ones. The router answers in another
// process. Cost that grows linearly shows in equal ns/param.
func BenchmarkWholeTree(b *testing.B) {
	for _, leases := range []int{0, 250, 500, 1000} {
		b.Run(fmt.Sprint(leases, "leases"), func(b *testing.B) {
			root := grownRouter(b, leases)
			serveRouter(b, root)
			p := openParts(b, root)
			var enc soap.Encoder
			params := readValues(b, p, &enc, "") // the connection, the files' cache
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			reads, worked := 0, cpuTime(b)
			for b.Loop() {
				readValues(b, p, &enc, "")
				reads++
			}
			worked = cpuTime(b) - worked
			runtime.ReadMemStats(&after)
			n := float64(reads) * float64(params)
			b.ReportMetric(float64(params), "params")
			b.ReportMetric(n/b.Elapsed().Seconds(), "params/s")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/param")
			b.ReportMetric(float64(worked.Nanoseconds())/n, "cpu-ns/param")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/n, "allocs/param")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/n, "B/param")
		})
	}
}

// BenchmarkBareReads does what a read of the whole tree does outside the program, and nothing else: the same calls of the
// bus, one after the other, and the same files. The whole tree is to take twice that at most.
func BenchmarkBareReads(b *testing.B) {
	root := grownRouter(b, 0)
	var calls []ubustest.Call
	for _, text := range serveRouter(b, root) {
		words := strings.SplitN(text, " ", 3)
		args, err := ubus.FromJSON([]byte(words[2]))
		if err != nil {
			b.Fatal(err)
		}
		calls = append(calls, ubustest.Call{Object: words[0], Method: words[1], Args: args})
	}
	p := openParts(b, root)
	watch := watchFiles(b, root)
	readValues(b, p, new(soap.Encoder), "")
	readValues(b, p, new(soap.Encoder), "")
	files := watch()
	for b.Loop() {
		for _, c := range calls {
			p.Bus.Call(b.Context(), c.Object, c.Method, c.Args) // an error costs as much as an answer
		}
		for i := 0; i < len(files); i += 2 {
			os.ReadFile(filepath.Join(root, files[i]))
		}
	}
	b.ReportMetric(float64(len(calls)), "calls")
	b.ReportMetric(float64(len(files))/2, "files")
}

// BenchmarkOneParameter reads one parameter in a transaction of its own.
func BenchmarkOneParameter(b *testing.B) {
	root := grownRouter(b, 0)
	serveRouter(b, root)
	p := openParts(b, root)
	var enc soap.Encoder
	for _, name := range []string{"Device.DeviceInfo.SoftwareVersion", "Device.WiFi.SSID.1.SSID", "Device.Hosts.Host.1.HostName"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if readValues(b, p, &enc, name) != 1 {
					b.Fatal("there is no such parameter")
				}
			}
		})
	}
}

// BenchmarkOpen opens a router's data model, as every start of the program does: files are found, definitions compiled.
func BenchmarkOpen(b *testing.B) {
	root := grownRouter(b, 0)
	serveRouter(b, root)
	b.ReportAllocs()
	for b.Loop() {
		p, err := Open(b.Context(), Options{Root: root, Files: datamodel.Files, Version: "test"})
		if err != nil {
			b.Fatal(err)
		}
		p.Close()
	}
}
