package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// TestWithoutDaemon: the verbs that need it end with their own code.
func TestWithoutDaemon(t *testing.T) {
	t.Parallel()
	b := offline(t)
	down := []string{"cwmpd: the daemon does not run; `cwmpd run` starts it, /etc/init.d/cwmpd start on a router"}
	for _, args := range [][]string{{"inform"}, {"status"}, {"sessions"}, {"reload"}, {"--json", "status"}} {
		b.fails(exitDown, down, args...)
	}
	b.startBus() // without an agent on it
	b.fails(exitDown, down, "status")
	if got := b.ok("get", ssid); got != ssid+"=HomeNet" {
		t.Errorf("get on a router with a bus and no daemon: %q", got)
	}
}

func TestDaemon(t *testing.T) {
	t.Parallel()
	b := online(t)

	status := b.ok("status")
	for _, line := range []string{
		"state           idle", "ACS             " + b.acs.URL, "sessions        1 complete, 0 failed", "running since   20", "last success    20", "next periodic   20",
	} {
		if !strings.Contains("\n"+status+"\n", "\n"+line) {
			t.Errorf("status has no line %q:\n%s", line, status)
		}
	}
	for _, none := range []string{"last failure", "next session", "events to tell", "to be reloaded"} {
		if strings.Contains(status, none) {
			t.Errorf("status tells %q:\n%s", none, status)
		}
	}
	facts := asJSON[map[string]any](b, "status")
	if facts["acs_url"] != b.acs.URL || facts["phase"] != "idle" || facts["successes"] != 1.0 || facts["failures"] != 0.0 || facts["retry_count"] != 0.0 {
		t.Errorf("status --json: %v", facts)
	}

	if got := b.ok("inform"); got != "" {
		t.Errorf("inform prints %q", got)
	}
	if got := b.session(2).Events(); fmt.Sprint(got) != "[2 PERIODIC]" {
		t.Errorf("inform: the events are %q", got)
	}
	b.ok("inform", "6", "CONNECTION", "REQUEST")
	if got := b.session(3).Events(); fmt.Sprint(got) != "[6 CONNECTION REQUEST]" {
		t.Errorf("inform 6 CONNECTION REQUEST: the events are %q", got)
	}
	b.ok("inform", "X 00D09E test")
	b.session(4)
	b.fails(exitUsage, []string{
		"cwmpd: inform: event is none of 0 BOOTSTRAP, 1 BOOT, 2 PERIODIC, 3 SCHEDULED, 4 VALUE CHANGE, 6 CONNECTION REQUEST, 8 DIAGNOSTICS COMPLETE, X OUI NAME",
		"Try 'cwmpd inform --help'.",
	}, "inform", "gurk")

	lines := strings.Split(b.ok("sessions"), "\n")
	if len(lines) != 4 || !strings.Contains(lines[0], "  ok  ") || !strings.HasSuffix(lines[0], "  0 BOOTSTRAP, 1 BOOT") || !strings.HasSuffix(lines[3], "  X 00D09E test") {
		t.Errorf("sessions:\n%s", strings.Join(lines, "\n"))
	}
	for _, line := range lines {
		if strings.Index(line, " RPCs") != strings.Index(lines[0], " RPCs") {
			t.Errorf("not in its column:\n%s\n%s", lines[0], line)
		}
	}
	if got := b.ok("sessions", "-v"); !strings.Contains(got, "\n    > Inform\n") {
		t.Errorf("sessions -v:\n%s", got)
	}
	list := asJSON[struct{ Sessions []map[string]any }](b, "sessions").Sessions
	if len(list) != 4 || list[0]["ok"] != true || list[0]["why"] != "complete" {
		t.Errorf("sessions --json: %v", list)
	}

	// Who edits the file by hand is heard at a reload.
	b.edit("etc/config/cwmp", `option provisioning_code '[^']*'`, "option provisioning_code 'NEW-2'")
	b.ok("reload")
	if got := b.ok("get", "-q", "Device.DeviceInfo.ProvisioningCode"); got != "NEW-2" {
		t.Errorf("after a reload the provisioning code is %q", got)
	}
	b.edit("etc/config/cwmp", `option url '[^']*'`, "option url ''")
	b.ok("reload")
	if got := b.ok("status"); !strings.Contains(got, "\nACS             none is known: set option url of acs in /etc/config/cwmp\n") {
		t.Errorf("status without an ACS:\n%s", got)
	}
}

// TestUnreachableACS: status and sessions say why, and when it goes on.
func TestUnreachableACS(t *testing.T) {
	t.Parallel()
	b := offline(t)
	b.startBus()
	b.edit("etc/config/cwmp", `option retry_min_wait_interval '[^']*'`, "option retry_min_wait_interval '60'")
	gone := cwmptest.New()
	gone.Close()
	p := b.start("--acs", gone.URL)
	defer p.stop(exitOK)
	var status string
	eventually(t, "a failed session, and what follows from it", func() bool {
		status = b.do("status").out
		return strings.Contains(status, "\nlast failure ") && !strings.Contains(status, "in session")
	})
	for _, part := range []string{
		"state           waiting to retry (1 failed in a row)\n", "sessions        0 complete, 1 failed\n",
		"connection refused\nnext session    20", "\nevents to tell  0 BOOTSTRAP, 1 BOOT\n",
	} {
		if !strings.Contains(status, part) {
			t.Errorf("status does not say %q:\n%s", part, status)
		}
	}
	if got := b.ok("sessions"); !strings.Contains(got, "  FAILED ") || !strings.HasSuffix(got, "connection refused") {
		t.Errorf("sessions:\n%s", got)
	}
}

// TestRunRefuses what it cannot begin with.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	b := offline(t)
	a := b.do("run", "--acs", "ftp://acs.example/")
	if a.code != exitError || !strings.HasPrefix(a.err, "cwmpd: set the ACS: the ACS's URL ") || strings.Count(a.err, "\n") != 1 {
		t.Errorf("run with an FTP URL: %+v", a)
	}
	a = b.do("run", "--acs", "http://me:psst@acs.example/")
	if a.code != exitError || strings.Contains(a.err, "psst") || strings.Contains(a.out, "psst") {
		t.Errorf("run with a password in the URL: %+v", a)
	}
}

// TestSignals sends them to a real process: SIGHUP reads the configuration again, and SIGTERM ends even a session with an
// ACS that takes the Inform and never answers.
func TestSignals(t *testing.T) {
	t.Parallel()
	hanging, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	called := make(chan net.Conn)
	go func() {
		defer close(called)
		for {
			c, err := hanging.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 1)) // the Inform begins
			called <- c
		}
	}()
	defer func() {
		hanging.Close()
		for c := range called {
			c.Close()
		}
	}()

	b := offline(t)
	b.startBus()
	b.acs = cwmptest.New()
	defer b.acs.Close()
	p := b.start("--acs", b.acs.URL)
	b.session(1)
	b.edit("etc/config/cwmp", `option url '[^']*'`, "option url 'http://"+hanging.Addr().String()+"/'")
	p.signal(syscall.SIGHUP)
	select {
	case c := <-called:
		defer c.Close()
	case <-time.After(patience):
		t.Fatalf("the ACS of the new configuration is not called\n%s", p.log())
	}
	if got := b.ok("status"); !strings.Contains(got, "state           in session, informing\n") {
		t.Errorf("status in a session:\n%s", got)
	}
	begin := time.Now()
	p.stop(exitOK)
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("SIGTERM took %v", took)
	}
	log := p.log()
	for _, want := range []string{`level=INFO msg="configuration changed"`, `msg="session complete"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s:\n%s", want, log)
		}
	}
	if strings.Contains(log, "time=") || strings.Contains(log, "goroutine ") {
		t.Errorf("the log has times, or a stack:\n%s", log)
	}
}

// A process is cwmpd run.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	done sync.Once
	text bytes.Buffer // its output, to be read when it has ended
}

// start starts the test binary as `cwmpd run`.
func (b *bed) start(args ...string) *process {
	b.t.Helper()
	p := &process{t: b.t, cmd: exec.Command(os.Args[0], append([]string{"run", "--root", b.router.Dir}, args...)...)}
	p.cmd.Env = append(os.Environ(), beMain+"=1")
	p.cmd.Stdout, p.cmd.Stderr = &p.text, &p.text
	if err := p.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		p.done.Do(func() { // the test ended early
			p.cmd.Process.Kill()
			p.cmd.Wait()
		})
	})
	return p
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// stop is SIGTERM, and wants this exit code.
func (p *process) stop(code int) {
	p.t.Helper()
	p.done.Do(func() {
		p.signal(syscall.SIGTERM)
		p.cmd.Wait()
		if got := p.cmd.ProcessState.ExitCode(); got != code {
			p.t.Errorf("run ended with %v, want %d:\n%s", p.cmd.ProcessState, code, p.text.String())
		}
	})
}

// log is what it printed; it is killed if it still runs.
func (p *process) log() string {
	p.done.Do(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	})
	return p.text.String()
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come true: %s", what)
		}
	}
}
