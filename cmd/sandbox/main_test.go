package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// handACS is an ACS on a free port, and a player for it that prints to out.
func handACS(t *testing.T, out io.Writer) (url string, p *player) {
	t.Helper()
	acs, err := cwmptest.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(acs.Close)
	acs.Patience = patience
	return acs.URL, &player{acs: acs, talk: newTalk(out, false), wait: 10 * time.Second}
}

func TestCommandLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args, says string
		code       int
	}{
		{"frobnicate", "sandbox: no verb \"frobnicate\"; sandbox help lists them\n", 2},
		{"new", "sandbox new: which directory? See sandbox new --help\n", 2},
		{"new a b", "sandbox new: which directory? See sandbox new --help\n", 2},
		{"acs now", "sandbox acs: \"now\" is one argument too many; see sandbox acs --help\n", 2},
		{"tour --frob", "sandbox tour: unknown flag: --frob\n", 2},
		{"router /no/such/place", "sandbox router: /no/such/place: no router in it: stat /no/such/place/etc/config: no such file or directory\n", 1},
		{"acs --listen 127.0.0.1:0 --script /no/such/script", "sandbox acs: open /no/such/script: no such file or directory\n", 1},
		{"tour --agent /no/such/agent", "sandbox tour: the agent is missing: stat /no/such/agent: no such file or directory; make build makes it\n", 1},
		{"tour --agent frobnicate-mipsel", "sandbox tour: the agent is missing: exec: \"frobnicate-mipsel\": executable file not found in $PATH\n", 1},
	} {
		code, out, errs := command(t.Context(), strings.Fields(c.args)...)
		if code != c.code || errs != c.says || strings.Contains(out, "FAILED") {
			t.Errorf("%s: exit %d, %q, want %d, %q", c.args, code, errs, c.code, c.says)
		}
	}
	if code, out, errs := command(t.Context()); code != 2 || out != "" || !strings.Contains(errs, "sandbox tour ") {
		t.Errorf("nothing: exit %d, %q, %q", code, out, errs)
	}
	for _, v := range verbs() {
		code, out, errs := command(t.Context(), v.name, "--help")
		if code != 0 || errs != "" || !strings.HasPrefix(out, "SYNOPSIS\n  sandbox "+v.name) || !strings.Contains(out, "\nDESCRIPTION\n  ") {
			t.Errorf("%s --help: exit %d, %q\n%s", v.name, code, errs, out)
		}
	}
	if code, out, _ := command(t.Context(), "help"); code != 0 || !strings.Contains(out, "sandbox new [--router KIND] DIR ") {
		t.Errorf("help: exit %d\n%s", code, out)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "r")
	code, out, errs := command(t.Context(), "new", dir)
	if code != 0 || errs != "" || out != "a router is in "+dir+"; now: sandbox router "+dir+"\n" {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
	file := filepath.Join(dir, "etc/config/system")
	if err := os.WriteFile(file, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, errs = command(t.Context(), "new", dir)
	if code != 1 || out != "" || errs != "sandbox new: "+dir+": there is a router already\n" {
		t.Errorf("again: exit %d, %q, %q", code, out, errs)
	}
	if text, _ := os.ReadFile(file); string(text) != "mine" {
		t.Errorf("the router that was there is changed: %q", text)
	}
}

func TestRouter(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "sb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	dir = filepath.Join(dir, "r")
	var out lockedBuffer
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- execute(ctx, []string{"router", "--create", dir}, &out, &out) }()
	socket := filepath.Join(dir, "var/run/ubus/ubus.sock")
	out.await(t, "the router's bus is "+socket+"\n")
	if _, err := os.Stat(socket); err != nil {
		t.Error(err)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit %d, %s", code, out.String())
	}
}

// TestTour is the main job from end to end, with the agent as it is built.
func TestTour(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the agent and plays for ten seconds: not with -short")
	}
	t.Parallel()
	agent := filepath.Join(t.TempDir(), "cwmpd")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", agent, "github.com/cwmpd/cwmpd/cmd/cwmpd")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the agent: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	end := filepath.Join(t.TempDir(), "end")
	code, out, errs := command(ctx, "tour", "--agent", "env "+agent, "--end", end)
	if code != 0 || errs != "" || !strings.HasSuffix(out, "\nEvery step did what it should.\n") {
		t.Errorf("exit %d, %q\n%s", code, errs, out)
	}
	left, err := os.ReadFile(end)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n== etc/config/wireless\n", "option ssid 'Sunshine'", "option url 'http://…/acs'", "\n== etc/cwmpd/values.json\n", `"ParameterKey":"pm-1"`, "\nreboot\n"} {
		if !strings.Contains(string(left), want) {
			t.Errorf("the end state lacks %q:\n%s", want, left)
		}
	}
	for _, secret := range []string{"knock-knock", "correct horse", "\x1b"} {
		for line := range strings.Lines(out) {
			if strings.Contains(line, secret) && !strings.Contains(line, "option key") { // of the router's file, which is shown
				t.Errorf("the tour prints %q: %s", secret, line)
			}
		}
	}
}
