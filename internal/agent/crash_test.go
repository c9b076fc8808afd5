package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/model"
)

// agentProcess names in the environment the router that a test program is to be the agent of, instead of testing: only a
// process can be stopped between any two of its steps.
const agentProcess = "CWMPD_TEST_AGENT"

// TestAgentProcess is that agent; as a test it does nothing.
func TestAgentProcess(t *testing.T) {
	root := os.Getenv(agentProcess)
	if root == "" {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin) // until who asked for it is gone
		cancel()
	}()
	err := Run(ctx, DaemonOptions{Options: Options{Root: root, Files: datamodel.Files, Version: "test", Log: testLogger(&lockedBuffer{})}})
	if err != nil && !errors.Is(err, ErrLeaving) {
		t.Fatal(err)
	}
}

// startProcess runs the agent as a process of its own.
func (s *stage) startProcess() *os.Process {
	s.t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestAgentProcess$")
	cmd.Env = append(os.Environ(), agentProcess+"="+s.router.Dir)
	cmd.Stderr = os.Stderr
	hold, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		hold.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd.Process
}

// freeze stops a process wherever it is, and thaw lets it go on.
func freeze(t *testing.T, p *os.Process) (thaw func()) {
	t.Helper()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); !stopped(t, p.Pid); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatal("the process does not stop")
		}
	}
	return func() {
		if err := p.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
}

// stopped reports whether every thread of a process stands still.
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(tasks) == 0 {
		t.Fatalf("process %d has no threads: %v", pid, err)
	}
	for _, name := range tasks {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // the thread ended
		}
		if state := stat[strings.LastIndexByte(string(stat), ')')+2]; state != 'T' {
			return false
		}
	}
	return true
}

// copyRouter copies what a power cut would leave of a router.
func (s *stage) copyRouter() (root string) {
	s.t.Helper()
	root, err := os.MkdirTemp(filepath.Dir(s.router.Dir), "cw")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { os.RemoveAll(root) })
	for _, dir := range []string{"proc", "sys", "usr", "ubus"} {
		if err := os.Symlink(s.router.Path(dir), filepath.Join(root, dir)); err != nil {
			s.t.Fatal(err)
		}
	}
	s.copyTree("etc", root)
	return root
}

// copyTree copies a directory of the router below root.
func (s *stage) copyTree(name, root string) {
	s.t.Helper()
	err := filepath.WalkDir(s.router.Path(name), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(s.router.Dir, path)
		if err != nil {
			return err
		}
		out := filepath.Join(root, inside)
		if d.IsDir() {
			return os.MkdirAll(out, 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(out, data, 0o600)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// T-182, R-10: whenever the agent is killed, a set of parameters in several packages, with its ParameterKey, is there as a
// whole or not at all, and what was answered is there.
// Covers: T-361.
func TestT182_KilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("no /proc: ", err)
	}
	s := newStageIn(t, "", nil) // on a disk: a commit takes its time
	const ssid, port, zone = "Device.WiFi.SSID.1.SSID", "Device.NAT.PortMapping.1.Description", "Device.DHCPv4.Server.Pool.1.DomainName"
	answered := make(chan int, 1)
	const last = 25
	for i := range last {
		text := strconv.Itoa(i)
		s.acs.Ask(cwmptest.SetParameterValues(text, cwmptest.Value{Name: ssid, Text: text}, cwmptest.Value{Name: port, Text: text}, cwmptest.Value{Name: zone, Text: text}))
	}
	process := s.startProcess()
	s.inform()
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_, _ = s.acs.Wait(ctx, "SetParameterValuesResponse", last)
		close(answered)
	}()
	photos, amid, different := 0, 0, map[string]bool{}
	for wait := time.Duration(0); ; wait += 137 * time.Microsecond {
		select {
		case <-answered:
		case <-time.After(5*time.Millisecond + wait%(3*time.Millisecond)):
		}
		thaw := freeze(t, process)
		done := len(s.acs.Pick("SetParameterValuesResponse"))
		root := s.copyRouter()
		thaw()
		if _, err := os.Stat(filepath.Join(root, "etc/cwmpd/journal")); err == nil {
			amid++
		}
		values := valuesAfterCrash(t, root, ssid, port, zone, "Device.ManagementServer.ParameterKey")
		photos++
		different[values[0]] = true
		first := slices.Contains(values, "HomeNet") // before any set
		if !first && (values[0] != values[1] || values[1] != values[2] || values[2] != values[3]) || first && values[3] != "" {
			t.Fatalf("killed after %d answers: %q", done, values)
		}
		if n, err := strconv.Atoi(values[3]); done > 0 && (err != nil || n < done-1 || n > done) {
			t.Fatalf("killed after %d answers: %q", done, values)
		}
		if done == last {
			break
		}
	}
	if photos < 10 || len(different) < 5 {
		t.Errorf("only %d moments, %d different", photos, len(different))
	}
	t.Logf("killed at %d moments, of %d different sets; %d amid the renames of a commit", photos, len(different), amid)
}

// valuesAfterCrash opens what was left of a router and reads it.
func valuesAfterCrash(t *testing.T, root string, paths ...string) (values []string) {
	t.Helper()
	var log lockedBuffer
	p, err := Open(t.Context(), Options{Root: root, Files: datamodel.Files, Offline: true, Log: testLogger(&log)})
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	defer p.Close()
	p.in(t, func(ctx context.Context, tx *model.Tx) {
		for _, path := range paths {
			v, err := tx.Value(ctx, path)
			if err != nil {
				t.Errorf("%v\n%s", err, log.String())
			}
			values = append(values, v)
		}
	})
	return values
}

// T-128, E-4: the agent is killed when its answer has just left it. What it promised is kept in its next life.
func TestT128_KilledAfterThePromise(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	files := s.serve("package system\nconfig timeserver 'ntp'\n\toption enabled '0'\n")
	s.begin()
	answer := make(chan string)
	s.acs.Play(cwmptest.Polite, cwmptest.Polite, cwmptest.Polite, func(x *cwmptest.Exchange) {
		root := s.copyRouter() // the agent waits for us
		answer <- root
		cwmptest.Drop(x)
	})
	s.acs.Ask(cwmptest.ScheduleInform(1, "soon"), cwmptest.Download(cwmptest.DownloadArgs{CommandKey: "c1", FileType: "3 Vendor Configuration File", URL: files + "/box.uci"}))
	s.call("tr069", "inform", "event", "6 CONNECTION REQUEST")
	left := <-answer
	s.halt()
	if err := os.RemoveAll(s.router.Path("etc")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(left, "etc"), s.router.Path("etc")); err != nil {
		t.Fatal(err)
	}
	s.seen = len(s.acs.Messages())
	s.start()
	var events []string
	for !slices.Contains(events, "M Download c1") || !slices.Contains(events, "M ScheduleInform soon") {
		events = append(events, s.inform().Events()...)
	}
	s.settle()
	if m := s.acs.Pick("TransferComplete"); len(m) != 1 || m[0].Text("CommandKey") != "c1" || m[0].Text("FaultCode") != "0" {
		t.Errorf("TransferComplete came %d times: %v", len(m), m)
	}
	if !strings.Contains(s.read("etc/config/system"), "option enabled '0'") {
		t.Error("the file is not in force")
	}
}

// T-265: the power goes while a file is fetched. It is fetched again after the boot, and the ACS hears of its end.
func TestT265_PowerCutInADownload(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	const config = "package system\nconfig timeserver 'ntp'\n\toption enabled '0'\n"
	asked, again := make(chan struct{}, 8), make(chan struct{})
	files := s.serveWith(func(w io.Writer) {
		asked <- struct{}{}
		select {
		case <-again:
			io.WriteString(w, config)
		case <-time.After(patience):
		}
	})
	s.begin()
	s.one(cwmptest.Download(cwmptest.DownloadArgs{CommandKey: "c1", FileType: "3 Vendor Configuration File", URL: files + "/box.uci"}))
	<-asked
	s.seen = len(s.acs.Messages())
	s.reboot()
	close(again)
	var events []string
	for !slices.Contains(events, "M Download c1") {
		events = append(events, s.inform().Events()...)
	}
	if !slices.Contains(events, "1 BOOT") {
		t.Errorf("events %q, want 1 BOOT among them", events)
	}
	if m := s.wait("TransferComplete"); m.Text("FaultCode") != "0" {
		t.Errorf("%s", strings.Join(cwmptest.Describe(m), "; "))
	}
	s.settle()
}
