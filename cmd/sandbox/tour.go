package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/sandbox"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

const tourSynopsis = "[--acs URL] [OPTION...]"

var tourVerb = verb{name: "tour", synopsis: tourSynopsis, about: "show the main job: a router, its agent and an ACS, talking", run: runTour}

const aboutTour = `
Makes a router in a directory, starts its bus, an ACS and the agent (cwmpd, which
must lie beside this program), and plays a conversation of theirs, held against
what should be said. The exit status is 0 when all of it came true.

--agent may be a command, such as 'qemu-mipsel-static bin/mipsle/cwmpd': --end then
tells whether the agent for another processor leaves the router as this one's does.

With --acs the router and its agent are kept running against that ACS instead,
until interrupted.
`

//go:embed tour.txt
var tourScript string

// tourVerbs are the statements of the tour beside those of every script.
var tourVerbs = append([]string{"start", "restart", "edit", "diff", "file", "log"}, acsVerbs...)

func runTour(ctx context.Context, args []string, out io.Writer) error {
	f := flagsOf(verb{name: "tour", synopsis: tourSynopsis}, out, aboutTour)
	acsURL := f.String("acs", "", "keep router and agent running against the ACS with this `URL`")
	dir := f.String("dir", "", "make the router in `DIR` and keep it; else in a temporary directory")
	agent := f.String("agent", "", "`COMMAND` that is the agent; else the cwmpd beside this program")
	end := f.String("end", "", "`FILE` for the router's state at the end, the same for all tours that go alike")
	verbose := f.BoolP("verbose", "v", false, "print every line of every answer, and the agent's log")
	if err := parse(f, args, 0); err != nil {
		return err
	}
	t := &tour{out: out, verbose: *verbose}
	if err := t.cast(*agent); err != nil {
		return err
	}
	if err := t.prepare(*dir); err != nil {
		return err
	}
	defer t.end(*dir != "")
	if *acsURL != "" {
		return t.keep(ctx, *acsURL)
	}
	if err := t.play(ctx); err != nil || *end == "" {
		return err
	}
	t.stop()
	state, err := endState(t.router.Path("/"))
	if err != nil {
		return err
	}
	return os.WriteFile(*end, []byte(state), 0o600)
}

// A tour is everything on the stage.
type tour struct {
	out     io.Writer
	verbose bool
	agent   []string // a command

	router *sandbox.Router
	player *player
	files  *http.Server
	served sync.Map          // name → content of the file server
	last   map[string]string // files as they were when last looked at
	cmd    *exec.Cmd
	exited chan error
	acs    string
}

// cast finds the agent: every file that the command names has to be there.
func (t *tour) cast(command string) error {
	if command == "" {
		self, err := os.Executable()
		t.agent = []string{filepath.Join(filepath.Dir(self), "cwmpd")}
		if err != nil {
			return err
		}
	} else {
		words, err := cwmptest.Words(command)
		if err != nil || len(words) == 0 {
			return usageError{fmt.Errorf("--agent %q is no command", command)}
		}
		t.agent = words
	}
	if _, err := exec.LookPath(t.agent[0]); err != nil && !strings.Contains(t.agent[0], "/") {
		return fmt.Errorf("the agent is missing: %w", err)
	}
	for _, word := range t.agent {
		if _, err := os.Stat(word); err != nil && strings.Contains(word, "/") {
			return fmt.Errorf("the agent is missing: %w; make build makes it", err)
		}
	}
	return nil
}

func (t *tour) prepare(dir string) error {
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "cwmpd"); err != nil { // short: a socket's path lies below
			return err
		}
	}
	router, err := sandbox.New(dir)
	if err != nil {
		return err
	}
	t.router, t.last = router, map[string]string{}
	for _, name := range []string{"etc/config/wireless", "etc/config/firewall", "etc/config/system", "etc/config/dhcp", "etc/config/network"} {
		t.last[name] = t.read(name)
	}
	return router.Start()
}

func (t *tour) end(keep bool) {
	t.stop()
	t.router.Close()
	if t.files != nil {
		t.files.Close()
	}
	if !keep {
		os.RemoveAll(t.router.Path("/"))
	}
}

// keep is `make run ACS=…`: router and agent go on until interrupted; a reboot starts the agent again.
func (t *tour) keep(ctx context.Context, acs string) error {
	t.acs, t.verbose = acs, true
	fmt.Fprintf(t.out, "the router is in %s; its agent manages it for %s\n", t.router.Path("/"), acs)
	for ctx.Err() == nil {
		if err := t.start(ctx); err != nil {
			return err
		}
		select {
		case err := <-t.exited:
			t.cmd = nil
			if err != nil && ctx.Err() == nil {
				return fmt.Errorf("the agent ended: %w", err)
			}
		case <-ctx.Done():
		}
	}
	return nil
}

// play is `make run`: everybody in one process tree, the script in tour.txt.
func (t *tour) play(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	acs, err := cwmptest.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer acs.Close()
	t.acs, acs.Patience = acs.URL, patience
	filesURL, err := t.serveFiles()
	if err != nil {
		return err
	}
	script, err := parseScript(strings.NewReader(strings.ReplaceAll(tourScript, "{files}", filesURL)), tourVerbs)
	if err != nil {
		return fmt.Errorf("tour.txt: %w", err)
	}
	t.player = &player{acs: acs, talk: newTalk(t.out, t.verbose), wait: 15 * time.Second, extra: map[string]func(context.Context, statement) error{
		"start": func(ctx context.Context, _ statement) error { return t.start(ctx) }, "restart": t.restart,
		"edit": t.edit, "diff": t.diff, "file": t.file, "log": t.log,
	}}
	if err = t.player.play(ctx, script); err == nil {
		err = t.player.manners()
	}
	if err != nil {
		t.player.talk.wrong("%v", err)
		if log := t.read("tmp/agent.log"); log != "" && !t.verbose {
			fmt.Fprintf(t.out, "the agent's log:\n%s\n", log)
		}
		return errors.New("the tour did not come true")
	}
	t.player.talk.title("Every step did what it should.")
	return nil
}

func (t *tour) read(name string) string {
	data, _ := os.ReadFile(t.router.Path(name))
	return string(data)
}

// start starts the agent as procd would.
func (t *tour) start(ctx context.Context) error {
	args := append(t.agent[1:len(t.agent):len(t.agent)], "run", "--root", t.router.Path("/"), "--acs", t.acs)
	cmd := exec.CommandContext(ctx, t.agent[0], args...)
	log, err := os.OpenFile(t.router.Path("tmp/agent.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if t.verbose {
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	if t.player != nil {
		t.player.talk.router("starts cwmpd run --root %s --acs %s", t.router.Path("/"), t.acs)
	}
	exited := make(chan error, 1)
	t.cmd, t.exited = cmd, exited
	go func() { exited <- cmd.Wait() }()
	return nil
}

// stop ends an agent that runs.
func (t *tour) stop() {
	if t.cmd == nil {
		return
	}
	t.cmd.Process.Signal(syscall.SIGTERM)
	<-t.exited
	t.cmd = nil
}

// restart waits until the agent ends by itself, as it does when the box goes down, and starts it again.
func (t *tour) restart(ctx context.Context, _ statement) error {
	select {
	case err := <-t.exited:
		t.cmd = nil
		if err != nil {
			return fmt.Errorf("the agent ended badly: %w", err)
		}
	case <-time.After(t.player.wait):
		return errors.New("the agent goes on")
	}
	t.player.talk.router("went down and is up again (boot id %s)", strings.TrimSpace(t.read("proc/sys/kernel/random/boot_id")))
	return t.start(ctx)
}

// edit PACKAGE.SECTION.OPTION=VALUE changes a UCI file as a person on the router would, and tells procd.
func (t *tour) edit(ctx context.Context, s statement) error {
	words, err := cwmptest.Words(s.text)
	if err != nil || len(words) != 1 {
		return errors.New("want PACKAGE.SECTION.OPTION=VALUE")
	}
	where, value, _ := strings.Cut(words[0], "=")
	names := strings.SplitN(where, ".", 3)
	if len(names) != 3 {
		return errors.New("want PACKAGE.SECTION.OPTION=VALUE")
	}
	store, err := state.Open(t.router.Path("/tmp/person"), nil)
	if err != nil {
		return err
	}
	w, err := uci.Open(t.router.Path("/")).Begin(ctx, []uci.Edit{{Op: uci.OpSet, Package: names[0], Section: names[1], Option: names[2], Values: []string{value}}})
	if err != nil {
		return err
	}
	defer w.Close()
	if err := store.Commit(w.Files()...); err != nil {
		return err
	}
	t.player.talk.router("somebody on the router: uci set %s='%s'; uci commit; reload_config", where, value)
	bus := ubus.New(ubus.Config{Path: t.router.Socket()})
	defer bus.Close()
	_, err = bus.Call(ctx, "service", "event", ubus.Table("type", "config.change", "data", ubus.Table("package", names[0])))
	return err
}

// diff FILE shows what changed in a file of the router since it was last looked at.
func (t *tour) diff(_ context.Context, s statement) error {
	now := t.read(s.text)
	before := t.last[s.text]
	t.last[s.text] = now
	if now == before {
		return errors.New("nothing changed")
	}
	t.player.talk.diff(s.text, before, now)
	return nil
}

// file NAME puts the lines that follow, indented, on the file server.
func (t *tour) file(_ context.Context, s statement) error {
	t.served.Store("/"+s.text, strings.Join(s.body, "\n")+"\n")
	return nil
}

// log TEXT wants TEXT among the commands that were run on the router.
func (t *tour) log(ctx context.Context, s statement) error {
	ctx, cancel := context.WithTimeout(ctx, t.player.wait)
	defer cancel()
	for {
		for line := range strings.Lines(t.read("tmp/commands.log")) {
			if strings.Contains(line, s.text) {
				t.player.talk.router("ran: %s", strings.TrimSpace(line))
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.New("was not run")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (t *tour) serveFiles() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	t.files = &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := t.served.Load(r.URL.Path)
		if !ok {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, content.(string))
	})}
	go t.files.Serve(l)
	return "http://" + l.Addr().String(), nil
}
