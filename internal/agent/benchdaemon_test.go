package agent

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// idleFor is how long a daemon with nothing to do is watched.
const idleFor = time.Minute

// BenchmarkDaemon measures the program itself, with the memory limit that the init script sets: the time from its start to
// the first Inform, its resident memory after that and at most, how long GetParameterValues takes over the wire, and how
// often it wakes up when nothing happens. It wants bin/cwmpd, which `make bench` makes.
func BenchmarkDaemon(b *testing.B) {
	for _, leases := range []int{0, 160} {
		b.Run(fmt.Sprint(leases, "leases"), func(b *testing.B) {
			root := grownRouter(b, leases)
			serveRouter(b, root)
			for b.Loop() { // once with -benchtime 1x, as `make bench` says
				benchDaemon(b, root)
			}
		})
	}
}

func benchDaemon(b *testing.B, root string) {
	program, _ := filepath.Abs("../../bin/cwmpd")
	if _, err := os.Stat(program); err != nil {
		b.Skip("bin/cwmpd is missing: run make build")
	}
	acs := cwmptest.New()
	defer acs.Close()
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.Command(program, "run", "--root", root, "--acs", acs.URL)
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=20MiB", "GOGC=50")
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Signal(syscall.SIGTERM)
	next := 0
	await := func(name string) time.Time {
		for {
			m, err := acs.Next(ctx, next)
			if err != nil {
				b.Fatal(err)
			}
			next++
			if m.Name == name {
				return time.Now()
			}
		}
	}
	b.ReportMetric(float64(await("Inform").Sub(start).Microseconds())/1000, "ms/first-Inform")
	if err := acs.Settled(ctx); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(kib(b, cmd, "VmRSS")/1024, "MiB-RSS/first-session")

	const ones = 50
	for range ones + 1 {
		acs.Ask(cwmptest.GetParameterValues("Device.DeviceInfo.SoftwareVersion"))
	}
	acs.Ask(cwmptest.GetParameterValues("Device."))
	bus := ubus.New(ubus.Config{Path: ubus.SocketPath(root)})
	defer bus.Close()
	if _, err := bus.Call(ctx, "tr069", "inform", ubus.Table("event", "6 CONNECTION REQUEST")); err != nil {
		b.Fatal(err)
	}
	first := await("GetParameterValuesResponse")
	last := first
	for range ones {
		last = await("GetParameterValuesResponse")
	}
	b.ReportMetric(float64(last.Sub(first).Microseconds())/1000/ones, "ms/one-parameter")
	b.ReportMetric(float64(await("GetParameterValuesResponse").Sub(last).Microseconds())/1000, "ms/whole-tree")
	if err := acs.Settled(ctx); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(kib(b, cmd, "VmHWM")/1024, "MiB-RSS/peak")
	time.Sleep(5 * time.Second) // the collector's last turns
	wakeups := switches(b, cmd)
	time.Sleep(idleFor)
	b.ReportMetric(float64(switches(b, cmd)-wakeups)*float64(time.Minute/idleFor), "wakeups/minute")
	b.ReportMetric(kib(b, cmd, "VmRSS")/1024, "MiB-RSS/idle")
	b.ReportMetric(0, "ns/op")
}

// kib is a line of /proc/PID/status.
func kib(b *testing.B, cmd *exec.Cmd, name string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	return number(status, name)
}

// switches counts how often the threads of a process went to sleep so far.
func switches(b *testing.B, cmd *exec.Cmd) int {
	b.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", cmd.Process.Pid))
	if err != nil || len(tasks) == 0 {
		b.Fatalf("no tasks: %v", err)
	}
	n := 0
	for _, name := range tasks {
		if status, err := os.ReadFile(name); err == nil { // a thread may end
			n += int(number(status, "voluntary_ctxt_switches"))
		}
	}
	return n
}

func number(status []byte, name string) float64 {
	m := regexp.MustCompile(`(?m)^` + name + `:\s+(\d+)`).FindSubmatch(status)
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseFloat(string(bytes.TrimSpace(m[1])), 64)
	return n
}
