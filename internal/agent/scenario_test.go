package agent

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/sandbox"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

var update = flag.Bool("update", false, "write what the CPE answered into the scenarios")

// TestScenarios plays testdata/*.txt: a router, what the ACS sends, what we answer, the router afterwards.
// A file is a title in # comments, then sections:
//
//	-- router/PATH --    a file of the router; before the first `acs` it is written, after it it is compared
//	-- acs --            calls of one session, as cwmptest.ParseCall reads them
//	-- cpe --            the answers, in order; a line "…" stands for any lines
//	-- ubus --           each line is OBJECT.METHOD {json} that must have been called, "!…" one that must not
//	-- edit --           PATH: sed-like changes somebody makes on the router: s/OLD/NEW/
//	-- inform --         the events of the next Inform, without asking for one
//
// Each `acs` after the first opens a session of its own.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			playScenario(t, file)
		})
	}
}

type section struct {
	name, text string
}

func parseScenario(t *testing.T, file string) (title string, list []section) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(name, " --") {
			list = append(list, section{name: strings.TrimSuffix(name, " --")})
		} else if len(list) == 0 {
			title += line
		} else {
			list[len(list)-1].text += line
		}
	}
	return title, list
}

// A stage is one router with its agent and its ACS.
type stage struct {
	t      *testing.T
	router *sandbox.Router
	acs    *cwmptest.ACS
	bus    *ubus.Client
	seen   int
	ended  chan error
	stop   context.CancelFunc
	log    *lockedBuffer
}

func newStage(t *testing.T, files map[string]string) *stage {
	t.Helper()
	dir, err := os.MkdirTemp("", "cw") // short: the path of a socket lies below
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	router, err := sandbox.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := router.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { router.Close() })
	s := &stage{t: t, router: router, acs: cwmptest.New(), bus: ubus.New(ubus.Config{Path: router.Socket()}), log: &lockedBuffer{}}
	t.Cleanup(func() { s.bus.Close() })
	t.Cleanup(func() {
		s.halt()
		s.acs.Close()
		for _, v := range s.acs.Violations() {
			t.Errorf("invariant: %s", v)
		}
		if t.Failed() {
			t.Logf("the agent's log:\n%s", s.log.String())
		}
	})
	return s
}

// start runs the agent as `cwmpd run --root DIR --acs URL`.
func (s *stage) start() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.ended = stop, make(chan error, 1)
	root, url, ended := s.router.Path("/"), s.acs.URL, s.ended
	go func() {
		ended <- Run(ctx, DaemonOptions{Options: Options{Root: root, Files: datamodel.Files, Version: "test", Log: testLogger(s.log)}, ACS: url})
	}()
}

// halt ends the agent, however it ends.
func (s *stage) halt() {
	if s.stop == nil {
		return
	}
	s.stop()
	if err := <-s.ended; err != nil && !errors.Is(err, ErrLeaving) {
		s.t.Errorf("the agent ended: %v", err)
	}
	s.stop = nil
}

// left waits until the agent ends by itself.
func (s *stage) left() {
	s.t.Helper()
	select {
	case err := <-s.ended:
		s.stop()
		s.stop = nil
		if !errors.Is(err, ErrLeaving) {
			s.t.Fatalf("the agent ended with %v, want %v", err, ErrLeaving)
		}
	case <-time.After(20 * time.Second):
		s.t.Fatal("the agent goes on, though the box went down")
	}
}

// next returns the next message of the CPE.
func (s *stage) next() cwmptest.Message {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	m, err := s.acs.Next(ctx, s.seen)
	if err != nil {
		s.t.Fatalf("no message came: %v\n%s", err, s.log.String())
	}
	s.seen++
	return m
}

// inform waits for the next Inform.
func (s *stage) inform() cwmptest.Message {
	s.t.Helper()
	for {
		if m := s.next(); m.Name == "Inform" {
			return m
		}
	}
}

// answers returns the next n messages that answer a call.
func (s *stage) answers(n int) []cwmptest.Message {
	s.t.Helper()
	var list []cwmptest.Message
	for len(list) < n {
		if m := s.next(); m.Name != "" && !m.IsRequest() {
			list = append(list, m)
		}
	}
	return list
}

// settle waits for the end of the session, and for what the agent does after it.
func (s *stage) settle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.acs.Settled(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// ask opens a session and makes calls in it.
func (s *stage) ask(calls ...cwmptest.Call) []cwmptest.Message {
	s.t.Helper()
	s.acs.Ask(calls...)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := s.bus.Call(ctx, "tr069", "inform", ubus.Table("event", "6 CONNECTION REQUEST")); err != nil {
		s.t.Fatalf("ask for a session: %v", err)
	}
	return s.answers(len(calls))
}

func playScenario(t *testing.T, file string) {
	_, sections := parseScenario(t, file)
	files := map[string]string{}
	first := 0
	for ; first < len(sections) && strings.HasPrefix(sections[first].name, "router/"); first++ {
		files[strings.TrimPrefix(sections[first].name, "router/")] = sections[first].text
	}
	s := newStage(t, files)
	s.start()
	s.inform()
	s.settle()
	var answers []string
	for i := first; i < len(sections); i++ {
		sec := &sections[i]
		switch name := sec.name; {
		case name == "acs":
			var calls []cwmptest.Call
			for line := range strings.Lines(sec.text) {
				if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
					continue
				}
				c, err := cwmptest.ParseCall(line)
				if err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				calls = append(calls, c)
			}
			answers = nil
			for _, m := range s.ask(calls...) {
				answers = append(answers, cwmptest.Describe(m)...)
			}
			s.settle()
		case name == "cpe":
			got := strings.Join(answers, "\n") + "\n"
			if *update && !strings.Contains(sec.text, "…") {
				sec.text = got
			}
			if !matches(strings.Split(strings.TrimSpace(sec.text), "\n"), answers) {
				t.Errorf("the CPE answered\n%swant\n%s", got, sec.text)
			}
		case strings.HasPrefix(name, "router/"):
			got, err := os.ReadFile(s.router.Path(strings.TrimPrefix(name, "router/")))
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				sec.text = string(got)
			}
			if strings.TrimSpace(string(got)) != strings.TrimSpace(sec.text) {
				t.Errorf("%s afterwards:\n%s\nwant\n%s", name, got, sec.text)
			}
		case name == "ubus":
			for line := range strings.Lines(sec.text) {
				s.wantCall(strings.TrimSpace(line))
			}
		case strings.HasPrefix(name, "edit "):
			s.edit(strings.TrimPrefix(name, "edit "), sec.text)
		case name == "inform":
			got := strings.Join(s.inform().Events(), ", ")
			if want := strings.TrimSpace(sec.text); got != want {
				t.Errorf("Inform with %s, want %s", got, want)
			}
			s.settle()
		default:
			t.Fatalf("%s: unknown section %q", file, name)
		}
	}
	if *update {
		rewrite(t, file, sections)
	}
}

// matches compares lines; "…" stands for any lines.
func matches(want, got []string) bool {
	for i, w := range want {
		if strings.TrimSpace(w) == "…" {
			for j := 0; j <= len(got); j++ {
				if matches(want[i+1:], got[j:]) {
					return true
				}
			}
			return false
		}
		if len(got) == 0 || strings.TrimSpace(got[0]) != strings.TrimSpace(w) {
			return false
		}
		got = got[1:]
	}
	return len(got) == 0
}

func rewrite(t *testing.T, file string, sections []section) {
	title, _ := parseScenario(t, file)
	var b bytes.Buffer
	b.WriteString(title)
	for _, s := range sections {
		fmt.Fprintf(&b, "-- %s --\n%s", s.name, s.text)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// wantCall wants OBJECT.METHOD {json} among the calls the bus got; reloads come a little after the session.
func (s *stage) wantCall(line string) {
	s.t.Helper()
	unwanted := strings.HasPrefix(line, "!")
	want := strings.TrimPrefix(line, "!")
	if want == "" {
		return
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		for _, c := range s.router.Bus().Calls() {
			args, _ := c.Args.MarshalJSON()
			if got := fmt.Sprintf("%s.%s %s", c.Object, c.Method, args); got == want {
				if unwanted {
					s.t.Errorf("the bus was called: %s", want)
				}
				return
			}
		}
		if unwanted {
			return
		}
		if time.Now().After(deadline) {
			s.t.Errorf("the bus was not called: %s", want)
			return
		}
	}
}

// edit changes a file of the router with lines s/OLD/NEW/ and tells procd, as uci commit and reload_config do.
func (s *stage) edit(name, text string) {
	s.t.Helper()
	path := s.router.Path(name)
	data, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		parts := strings.Split(line, "/")
		if len(parts) != 4 || parts[0] != "s" || !bytes.Contains(data, []byte(parts[1])) {
			s.t.Fatalf("edit %s: %q changes nothing", name, line)
		}
		data = bytes.Replace(data, []byte(parts[1]), []byte(parts[2]), 1)
	}
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		s.t.Fatal(err)
	}
	event := ubus.Table("type", "config.change", "data", ubus.Table("package", filepath.Base(name)))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := s.bus.Call(ctx, "service", "event", event); err != nil {
		s.t.Fatal(err)
	}
}
