package agent

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/icholy/digest"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/sandbox"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// patience is how long anything may take that has to come.
const patience = 30 * time.Second

// lockedBuffer collects the agent's log while it runs.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func testLogger(b *lockedBuffer) *slog.Logger {
	return slog.New(b, slog.LevelDebug)
}

// A stage is one router with its agent and its ACS.
type stage struct {
	t      *testing.T
	router *sandbox.Router
	acs    *cwmptest.ACS
	bus    *ubus.Client
	files  map[string]string // what the router is to have
	seen   int               // messages of the CPE that were looked at
	ended  chan error
	stop   context.CancelFunc
	log    *lockedBuffer

	silence time.Duration // as in DaemonOptions
	built   func(*Daemon)
	trace   string // file for a trace; "" for none
}

// newStage sets up a router whose ACS is ours. Nothing runs but its bus. The text of files may name {acs}.
func newStage(t *testing.T, files map[string]string) *stage {
	t.Helper()
	return newStageIn(t, "/dev/shm", files)
}

func newStageIn(t *testing.T, place string, files map[string]string) *stage {
	t.Helper()
	return newStageOn(t, newRouterIn(t, place), files)
}

func newStageOn(t *testing.T, router *sandbox.Router, files map[string]string) *stage {
	t.Helper()
	s := &stage{t: t, router: router, acs: cwmptest.New(), files: files, log: &lockedBuffer{}}
	s.acs.Secret("connreq-secret") // of the router's configuration (INV-9)
	s.acs.Secret("acs-secret")
	for name, text := range files {
		s.write(name, text)
	}
	s.meet(s.acs.URL)
	if err := s.router.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.router.Close() })
	s.bus = ubus.New(ubus.Config{Path: s.router.Socket()})
	t.Cleanup(func() { s.bus.Close() })
	t.Cleanup(func() {
		s.halt()
		s.acs.Close()
		for _, v := range s.acs.Violations() {
			t.Errorf("invariant: %s", v)
		}
		archive.Add(t.Name(), s.acs.Envelopes()...)
		if log := s.log.String(); strings.Contains(log, "connreq-secret") || strings.Contains(log, "acs-secret") {
			t.Error("INV-9: a password is in the log")
		}
		if t.Failed() {
			t.Logf("the agent's log:\n%s", s.log.String())
		}
	})
	return s
}

// newRouter writes a router where writing is quick: in memory, if the system has such a place.
func newRouter(t *testing.T) *sandbox.Router {
	t.Helper()
	return newRouterIn(t, "/dev/shm")
}

func newRouterIn(t *testing.T, place string) *sandbox.Router {
	t.Helper()
	return newRouterOf(t, place, sandbox.Home)
}

func newRouterOf(t *testing.T, place, kind string) *sandbox.Router {
	t.Helper()
	dir, err := os.MkdirTemp(place, "cw")
	if err != nil {
		dir, err = os.MkdirTemp("", "cw") // short: the path of a socket lies below
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	router, err := sandbox.NewKind(dir, kind)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

var (
	urlOption    = regexp.MustCompile(`option url '[^']*'`)
	portOption   = regexp.MustCompile(`option port '\d+'`)
	periodOption = regexp.MustCompile(`option periodic_inform_interval '\d+'`)
)

// meet makes the router's configuration, also that of the factory, name an ACS and a port that is free. The first periodic
// Inform comes at a random moment of its interval: of a year, so that no test meets it by chance.
func (s *stage) meet(url string) {
	s.t.Helper()
	port := strconv.Itoa(freePort(s.t))
	for _, name := range []string{"etc/config/cwmp", "rom/etc/config/cwmp"} {
		text := s.read(name)
		text = urlOption.ReplaceAllString(text, "option url '"+url+"'")
		text = portOption.ReplaceAllString(text, "option port '"+port+"'")
		text = periodOption.ReplaceAllString(text, "option periodic_inform_interval '31536000'")
		s.write(name, text)
	}
}

// freePort finds a port that nobody gets by chance while the agent restarts: below those of outgoing connections.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 10_000 + rand.IntN(20_000)
		l, err := net.Listen("tcp", ":"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		l.Close()
		if u, err := net.ListenPacket("udp", ":"+strconv.Itoa(port)); err == nil {
			u.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

func (s *stage) read(name string) string {
	s.t.Helper()
	data, err := os.ReadFile(s.router.Path(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

// write replaces a file of the router as a whole, as an editor does. A script can be run.
func (s *stage) write(name, text string) {
	s.t.Helper()
	path := s.router.Path(name)
	mode := os.FileMode(0o644)
	if strings.HasPrefix(text, "#!") {
		mode = 0o755
	}
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path+".new", []byte(text), mode)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) options() DaemonOptions {
	return DaemonOptions{Options: Options{Root: s.router.Dir, Files: datamodel.Files, Version: "test", Log: testLogger(s.log)}, silence: s.silence, built: s.built, Trace: s.trace}
}

// start runs the agent.
func (s *stage) start() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.ended = stop, make(chan error, 1)
	options, ended := s.options(), s.ended
	go func() { ended <- Run(ctx, options) }()
}

// begin runs the agent and lets its first session pass: the state P0 of the catalogue.
func (s *stage) begin() cwmptest.Message {
	s.t.Helper()
	s.start()
	m := s.inform()
	s.settle()
	return m
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

// left waits until the agent ends by itself, since the box goes down.
func (s *stage) left() {
	s.t.Helper()
	select {
	case err := <-s.ended:
		s.stop()
		s.stop = nil
		if !errors.Is(err, ErrLeaving) {
			s.t.Fatalf("the agent ended with %v, want %v", err, ErrLeaving)
		}
	case <-time.After(patience):
		s.t.Fatal("the agent goes on, though the box went down")
	}
}

// restart ends the agent and starts it again, in the same boot.
func (s *stage) restart() {
	s.t.Helper()
	s.halt()
	s.start()
}

// reboot does the same over a boot of the box that nobody ordered.
func (s *stage) reboot() {
	s.t.Helper()
	s.halt()
	if err := s.router.Reboot(); err != nil {
		s.t.Fatal(err)
	}
	s.start()
}

// next returns the next message of the CPE.
func (s *stage) next() cwmptest.Message {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m, err := s.acs.Next(ctx, s.seen)
	if err != nil {
		s.t.Fatalf("no message came: %v", err)
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

// wantInform waits for the next Inform and wants it to have these events.
func (s *stage) wantInform(events string) cwmptest.Message {
	s.t.Helper()
	m := s.inform()
	if got := strings.Join(m.Events(), ", "); got != events {
		s.t.Errorf("Inform with %q, want %q", got, events)
	}
	return m
}

// wait returns the next message of a name.
func (s *stage) wait(name string) cwmptest.Message {
	s.t.Helper()
	for {
		if m := s.next(); m.Name == name {
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

// settle waits for the end of the session.
func (s *stage) settle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.acs.Settled(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// ask opens a session, makes calls in it, and returns its Inform and the answers.
func (s *stage) ask(calls ...cwmptest.Call) []cwmptest.Message {
	s.t.Helper()
	s.acs.Ask(calls...)
	s.call("tr069", "inform", "event", "6 CONNECTION REQUEST")
	return s.answers(len(calls))
}

// one makes one call in a session of its own.
func (s *stage) one(call cwmptest.Call) cwmptest.Message {
	s.t.Helper()
	m := s.ask(call)[0]
	s.settle()
	return m
}

// set is SetParameterValues, which must be answered with the Status.
func (s *stage) set(status string, values ...cwmptest.Value) {
	s.t.Helper()
	if m := s.one(cwmptest.SetParameterValues("", values...)); m.Text("Status") != status {
		s.t.Errorf("set %v: %s, want Status %s", values, strings.Join(cwmptest.Describe(m), "; "), status)
	}
}

// get is GetParameterValues.
func (s *stage) get(names ...string) map[string]string {
	s.t.Helper()
	m := s.one(cwmptest.GetParameterValues(names...))
	if m.Name != "GetParameterValuesResponse" {
		s.t.Fatalf("get %q: %s", names, strings.Join(cwmptest.Describe(m), "; "))
	}
	return m.Values()
}

// call asks an object on the bus; one that the agent makes may take a moment to be there. The bus says nothing when the
// agent dies before it answers, and may not have noticed yet: asking for a session or for the status can be done again.
func (s *stage) call(object, method string, args ...any) ubus.Value {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		once, done := ctx, context.CancelFunc(func() {})
		again := method == "inform" || method == "status"
		if again {
			once, done = context.WithTimeout(ctx, time.Second)
		}
		v, err := s.bus.Call(once, object, method, ubus.Table(args...))
		done()
		var status *ubus.StatusError
		missing := errors.As(err, &status) && status.Code == ubus.StatusNotFound
		unheard := again && errors.Is(err, context.DeadlineExceeded)
		if (missing || unheard) && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if err != nil {
			s.t.Fatalf("%s %s %v: %v", object, method, args, err)
		}
		return v
	}
}

// tell lets procd, and the agent if it is its own package, know that a package was edited: `reload_config`.
func (s *stage) tell(pkg string) {
	s.t.Helper()
	s.call("service", "event", "type", "config.change", "data", ubus.Table("package", pkg))
	if pkg == "cwmp" && s.stop != nil {
		s.call("cwmp", "reload")
	}
}

// serve is a web server with one file, whatever its name.
func (s *stage) serve(text string) (url string) {
	return s.serveWith(func(w io.Writer) { io.WriteString(w, text) })
}

func (s *stage) serveWith(answer func(io.Writer)) (url string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
	s.t.Cleanup(server.Close)
	return server.URL
}

// eventually waits until something is so.
func (s *stage) eventually(what string, so func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("it did not come true: %s", what)
		}
	}
}

// knock makes a connection request to the URL that the last Inform told, or to its path and query instead of the URL's,
// and returns the HTTP status; "closed" when nobody listens.
func (s *stage) knock(user, password string) string {
	s.t.Helper()
	informs := s.acs.Pick("Inform")
	url := informs[len(informs)-1].Values()["Device.ManagementServer.ConnectionRequestURL"]
	if url == "" {
		return "no URL"
	}
	client := &http.Client{Transport: &digest.Transport{Username: user, Password: password, Transport: &http.Transport{DisableKeepAlives: true}}}
	resp, err := client.Get(url)
	if err != nil {
		return "closed"
	}
	resp.Body.Close()
	return fmt.Sprint(resp.StatusCode)
}

// knockUDP sends a signed datagram to the port that the last Inform told of, three times as ACSs do (C-36). There is never an
// answer, but a port that is closed is told of: the agent may just be starting.
func (s *stage) knockUDP(user, password, ts, id string) {
	s.t.Helper()
	informs := s.acs.Pick("Inform")
	u, err := url.Parse(informs[len(informs)-1].Values()["Device.ManagementServer.ConnectionRequestURL"])
	if err != nil {
		s.t.Fatal(err)
	}
	text := signedUDP(user, password, ts, id, u.Host)
	s.eventually("somebody listens on UDP "+u.Host, func() bool {
		c, err := net.Dial("udp", u.Host)
		if err != nil {
			s.t.Fatal(err)
		}
		defer c.Close()
		for range 3 {
			io.WriteString(c, text)
		}
		c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		_, err = c.Read(make([]byte, 10))
		if err == nil {
			s.t.Error("C-37: something was answered")
		}
		return !errors.Is(err, syscall.ECONNREFUSED)
	})
}

func signedUDP(user, password, ts, id, host string) string {
	mac := hmac.New(sha1.New, []byte(password))
	io.WriteString(mac, ts+id+user+"c0ffee")
	return fmt.Sprintf("GET http://%s?ts=%s&id=%s&un=%s&cn=c0ffee&sig=%x HTTP/1.1\r\nHost: %[1]s\r\n\r\n", host, ts, id, user, mac.Sum(nil))
}
