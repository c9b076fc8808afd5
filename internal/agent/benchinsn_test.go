package agent

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// A small router's processor: MIPS 24Kc of 580 MHz (MT7628, AR9531) finishes at most one instruction a cycle; with its misses
// of 32 KiB caches seven in ten cycles are assumed.
const (
	routerHz    = 580e6
	perCycle    = 0.7
	routerChip  = "24Kc"
	routerBuild = "../../bin/mipsle-softfloat/cwmpd" // that `make bench` makes
)

// BenchmarkInstructions counts the instructions that the program as small routers get it executes for the tasks that people
// wait for, and estimates how long such a router takes: unlike a time measured here that is about the same on every machine.
// What the kernel does for it is not counted.
func BenchmarkInstructions(b *testing.B) {
	qemu, file := countingQemu(b)
	root := grownRouter(b, 0)
	serveRouter(b, root)
	for b.Loop() { // once with -benchtime 1x, as `make bench` says
		benchInstructions(b, qemu, file, root)
	}
}

func benchInstructions(b *testing.B, qemu []string, file, root string) {
	acs := cwmptest.New()
	defer acs.Close()
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	program := append(qemu[:len(qemu):len(qemu)], routerBuild, "run", "--root", root, "--acs", acs.URL)
	cmd := exec.Command(program[0], program[1:]...)
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=20MiB", "GOGC=50")
	began := counted(b, file)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Signal(syscall.SIGTERM)
	report := func(what string, n uint64) {
		b.ReportMetric(float64(n)/1e6, "Minsn/"+what)
		b.ReportMetric(float64(n)/(routerHz*perCycle)*1000, "est-ms/"+what)
	}
	seen := 0
	await := func(name string) uint64 {
		for {
			m, err := acs.Next(ctx, seen)
			if err != nil {
				b.Fatal(err)
			}
			if seen++; m.Name == name {
				return counted(b, file)
			}
		}
	}
	report("first-Inform", await("Inform")-began)
	idle := func() uint64 {
		if err := acs.Settled(ctx); err != nil {
			b.Fatal(err)
		}
		for last := counted(b, file); ; {
			time.Sleep(500 * time.Millisecond)
			now := counted(b, file)
			if now-last < 100_000 || ctx.Err() != nil {
				return now
			}
			last = now
		}
	}
	before := idle()
	bus := ubus.New(ubus.Config{Path: ubus.SocketPath(root)})
	defer bus.Close()
	inform := func(event string) {
		if _, err := bus.Call(ctx, "tr069", "inform", ubus.Table("event", event)); err != nil {
			b.Fatal(err)
		}
	}
	inform("2 PERIODIC")
	await("Inform")
	report("periodic-session", idle()-before)

	for range 2 { // the second time everything has been in use
		acs.Ask(cwmptest.GetParameterValues("Device.DeviceInfo.SoftwareVersion"), cwmptest.GetParameterValues("Device."))
	}
	inform("6 CONNECTION REQUEST")
	for _, what := range []string{"first-whole-tree", "whole-tree"} {
		before = await("GetParameterValuesResponse")
		report(what, await("GetParameterValuesResponse")-before)
	}
	b.ReportMetric(0, "ns/op")
}

// countingQemu is a command that runs programs for small routers on one processor, as those have, and counts what they
// execute in file.
func countingQemu(b *testing.B) (command []string, file string) {
	if _, err := os.Stat(routerBuild); err != nil {
		skip(b, "bin/mipsle-softfloat/cwmpd is missing: make bench makes it")
	}
	qemu := ""
	for _, program := range []string{"cc", "taskset", "qemu-mipsel"} {
		path, err := exec.LookPath(program)
		if err != nil {
			skip(b, "no %s here, with which instructions are counted (Debian: gcc, util-linux, qemu-user)", program)
		}
		qemu = path
	}
	dir := b.TempDir()
	file = filepath.Join(dir, "count")
	if err := os.WriteFile(file, make([]byte, 8), 0o600); err != nil {
		b.Fatal(err)
	}
	plugin := filepath.Join(dir, "count.so")
	var said []byte
	for version := 1; version <= 6; version++ {
		out, err := exec.Command("cc", "-shared", "-fPIC", "-O2", fmt.Sprint("-DVERSION=", version), "-o", plugin, "testdata/count.c").CombinedOutput()
		if err != nil {
			b.Fatalf("build the plug-in: %v\n%s", err, out)
		}
		command = []string{"taskset", "-c", "0", qemu, "-cpu", routerChip, "-plugin", plugin + ",to=" + file}
		said, err = exec.Command(command[0], append(command[1:], routerBuild, "version")...).CombinedOutput()
		if err == nil && counted(b, file) > 0 {
			return command, file
		}
	}
	skip(b, "this qemu-mipsel takes no plug-in: %s", said)
	return nil, ""
}

// skip tells why: of a benchmark that is skipped Go says nothing.
func skip(b *testing.B, reason string, args ...any) {
	b.Helper()
	fmt.Printf("%s: skipped: %s\n", b.Name(), fmt.Sprintf(reason, args...))
	b.SkipNow()
}

// counted is the number of instructions so far.
func counted(b *testing.B, file string) uint64 {
	b.Helper()
	data, err := os.ReadFile(file)
	if err != nil || len(data) < 8 {
		b.Fatalf("the counter: %d octets, %v", len(data), err)
	}
	return binary.NativeEndian.Uint64(data)
}
