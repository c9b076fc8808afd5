package ubus_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
)

// The suite runs every exchange against the fake bus, and against a real ubusd where one is found, so that the fake
// cannot drift from what it stands for. CWMPD_UBUSD names the real one, else it is looked for in PATH.

// a bus is where the exchanges happen.
type bus struct {
	path    string
	restart func()
}

func TestSuite(t *testing.T) {
	exchanges := []struct {
		name string
		run  func(*testing.T, *bus)
	}{
		{"an unknown object is not found", unknownObject},
		{"a served object is listed and called", servedObject},
		{"status codes of methods reach the caller", statusCodes},
		{"a path is taken once and again when it is free", duplicatePath},
		{"events reach those who listen and not their sender", events},
		{"a subscription waits for its object and follows it", subscriptions},
		{"a pattern subscribes to all that match", patternSubscription},
		{"a restarted daemon is looked up again", restartedDaemon},
		{"a daemon that dies does not keep its callers waiting", deadDaemon},
		{"everything comes back when ubusd restarts", restartedBus},
		{"messages of almost 1 MiB pass and longer ones are refused", bigMessages},
		{"hundreds of calls in flight are answered", manyCalls},
		{"a stalled handle stalls nobody else", stalledHandle},
		{"raw messages are answered as ubusd does", rawMessages},
		{"the ubus command understands us", command},
	}
	for name, start := range map[string]func(*testing.T) *bus{"fake": fakeBus, "real": realBus} {
		t.Run(name, func(t *testing.T) {
			for _, e := range exchanges {
				t.Run(e.name, func(t *testing.T) { e.run(t, start(t)) })
			}
		})
	}
}

func fakeBus(t *testing.T) *bus {
	path := filepath.Join(tempDir(t), "ubus.sock")
	b, err := ubustest.New(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return &bus{path: path, restart: func() {
		b.Close()
		if b, err = ubustest.New(path); err != nil {
			t.Fatal(err)
		}
	}}
}

// tempDir is short: a socket's path holds 107 bytes.
func tempDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "ubus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func realBus(t *testing.T) *bus {
	name := os.Getenv("CWMPD_UBUSD")
	if name == "" {
		name, _ = exec.LookPath("ubusd")
	}
	if name == "" {
		t.Skip("no real ubusd: neither CWMPD_UBUSD nor ubusd in PATH")
	}
	path := filepath.Join(tempDir(t), "ubus.sock")
	start := func() (stop func()) {
		cmd := exec.Command(name, "-s", path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitForSocket(t, path)
		return sync.OnceFunc(func() { cmd.Process.Kill(); cmd.Wait() })
	}
	stop := start()
	t.Cleanup(func() { stop() })
	return &bus{path: path, restart: func() {
		stop()
		os.Remove(path)
		stop = start()
	}}
}

func waitForSocket(t *testing.T, path string) {
	deadline := time.Now().Add(5 * time.Second)
	for time.Now().Before(deadline) {
		if conn, err := net.Dial("unix", path); err == nil {
			conn.Close()
			return
		}
		<-time.After(5 * time.Millisecond) // another process: there is nothing to be told by
	}
	t.Fatal("ubusd does not listen")
}

// client returns a client that is kept connected, as that of the daemon.
func (b *bus) client(t *testing.T) *ubus.Client {
	c := ubus.New(ubus.Config{Path: b.path})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	if _, err := c.Lookup(ctx, ""); err != nil {
		t.Fatal(err)
	}
	return c
}

func hello(_ context.Context, r ubus.Request) (ubus.Value, error) {
	return ubus.Table("msg", "hi "+r.Args.Get("name").Text(), "user", r.User), nil
}

func demo(path string) ubus.Object {
	return ubus.Object{Path: path, Methods: map[string]ubus.Method{
		"hello": {Args: []ubus.Arg{{Name: "name", Kind: ubus.KindString}, {Name: "loud", Kind: ubus.KindBool}}, Handle: hello},
	}}
}

func wantCode(t *testing.T, what string, err error, want int) {
	t.Helper()
	if got := ubus.Code(err); got != want {
		t.Errorf("%s: got %v, want %q", what, err, ubus.StatusText(want))
	}
}

// receive waits for what a listener is told.
func receive[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case x := <-ch:
		return x
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: nothing came", what)
		panic("not reached")
	}
}

func unknownObject(t *testing.T, b *bus) {
	c := b.client(t)
	_, err := c.Call(t.Context(), "no.such", "method", ubus.Value{})
	wantCode(t, "Call", err, ubus.StatusNotFound)
	_, err = c.Lookup(t.Context(), "no.such")
	wantCode(t, "Lookup", err, ubus.StatusNotFound)
	found, err := c.Lookup(t.Context(), "no.*")
	if err != nil || len(found) != 0 {
		t.Errorf("Lookup of a pattern: got %v, %v", found, err)
	}
}

func servedObject(t *testing.T, b *bus) {
	server, c := b.client(t), b.client(t)
	for _, path := range []string{"lab.demo", "lab.demo.two", "other"} {
		if err := server.Serve(demo(path)); err != nil {
			t.Fatal(err)
		}
	}
	v, err := c.Call(t.Context(), "lab.demo", "hello", ubus.Table("name", "bob"))
	if err != nil || v.Get("msg").Text() != "hi bob" || v.Get("user").Text() == "" {
		t.Errorf("Call: got %q from %q, %v", v.Get("msg").Text(), v.Get("user").Text(), err)
	}
	found, err := c.Lookup(t.Context(), "lab.*")
	if err != nil || len(found) != 2 || found[0].Path != "lab.demo" || found[1].Path != "lab.demo.two" {
		t.Fatalf("Lookup: got %v, %v", found, err)
	}
	args := found[0].Methods["hello"].Args
	if want := []ubus.Arg{{Name: "name", Kind: ubus.KindString}, {Name: "loud", Kind: ubus.KindBool}}; !slices.Equal(args, want) {
		t.Errorf("signature: got %v", args)
	}
	all, err := c.Lookup(t.Context(), "")
	if err != nil || len(all) != 3 {
		t.Errorf("Lookup of all: got %v, %v", all, err)
	}
	v, err = server.Call(t.Context(), "other", "hello", ubus.Table("name", "me"))
	if err != nil || v.Get("msg").Text() != "hi me" {
		t.Errorf("a call of our own object: got %q, %v", v.Get("msg").Text(), err)
	}
}

func statusCodes(t *testing.T, b *bus) {
	server, c := b.client(t), b.client(t)
	fail := func(err error) ubus.Method {
		return ubus.Method{Handle: func(context.Context, ubus.Request) (ubus.Value, error) { return ubus.Value{}, err }}
	}
	err := server.Serve(ubus.Object{Path: "fails", Methods: map[string]ubus.Method{
		"denied": fail(&ubus.StatusError{Code: ubus.StatusPermissionDenied}),
		"missed": fail(&ubus.StatusError{Code: ubus.StatusNotFound}),
		"other":  fail(errors.New("something")),
		"late":   fail(context.DeadlineExceeded),
		"empty":  fail(nil),
		"both": {Handle: func(context.Context, ubus.Request) (ubus.Value, error) {
			return ubus.Table("why", "because"), &ubus.StatusError{Code: ubus.StatusNotSupported}
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for method, want := range map[string]int{
		"denied": ubus.StatusPermissionDenied, "missed": ubus.StatusNotFound, "other": ubus.StatusUnknownError,
		"late": ubus.StatusTimeout, "empty": ubus.StatusOK, "nosuch": ubus.StatusMethodNotFound,
	} {
		v, err := c.Call(t.Context(), "fails", method, ubus.Value{})
		wantCode(t, method, err, want)
		if v.Exists() {
			t.Errorf("%s: got data", method)
		}
	}
	v, err := c.Call(t.Context(), "fails", "both", ubus.Value{})
	wantCode(t, "both", err, ubus.StatusNotSupported)
	if v.Get("why").Text() != "because" {
		t.Error("the data beside the error are lost")
	}
}

func duplicatePath(t *testing.T, b *bus) {
	first := ubus.New(ubus.Config{Path: b.path})
	if _, err := first.Lookup(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if err := first.Serve(demo("one")); err != nil {
		t.Fatal(err)
	}
	second, c := b.client(t), b.client(t)
	wantCode(t, "the second of that path", second.Serve(demo("one")), ubus.StatusInvalidArgument)
	added := make(chan string, 9)
	if err := c.Listen("ubus.object.add", func(_ string, data ubus.Value) { added <- data.Get("path").Text() }); err != nil {
		t.Fatal(err)
	}
	first.Close()
	if path := receive(t, "the second object", added); path != "one" {
		t.Errorf("got %s", path)
	}
	if _, err := c.Call(t.Context(), "one", "hello", ubus.Value{}); err != nil {
		t.Error(err)
	}
}

func events(t *testing.T, b *bus) {
	sender, c := b.client(t), b.client(t)
	got := make(chan string, 9)
	note := func(event string, data ubus.Value) { got <- event + "=" + data.Get("n").Text() }
	for _, pattern := range []string{"my.event", "my.*"} { // both match: each is told once
		if err := c.Listen(pattern, note); err != nil {
			t.Fatal(err)
		}
	}
	if err := sender.Listen("my.*", func(string, ubus.Value) { t.Error("the sender got its own event") }); err != nil {
		t.Fatal(err)
	}
	send := func(name string, n int) {
		t.Helper()
		if err := sender.Send(t.Context(), name, ubus.Table("n", n)); err != nil {
			t.Error(err)
		}
	}
	send("my.event", 1)
	send("your.event", 2)
	send("my.other", 3)
	for _, want := range []string{"my.event=1", "my.event=1", "my.other=3"} {
		if s := receive(t, want, got); s != want {
			t.Errorf("got %s, want %s", s, want)
		}
	}
	wantCode(t, "an event of ubusd's", sender.Send(t.Context(), "ubus.object.add", ubus.Value{}), ubus.StatusPermissionDenied)
	if err := sender.Send(t.Context(), "my.empty", ubus.Value{}); err != nil {
		t.Error(err)
	}
	if s := receive(t, "my.empty", got); s != "my.empty=" {
		t.Errorf("got %s", s)
	}
}

// notifyUntil notifies until the subscriber got it, since nobody is told when a subscription is in place.
func notifyUntil(t *testing.T, server *ubus.Client, path string, got <-chan string) string {
	t.Helper()
	for range 2000 {
		if err := server.Notify(t.Context(), path, "tick", ubus.Table("from", path)); err != nil {
			t.Fatal(err)
		}
		select {
		case s := <-got:
			return s
		case <-time.After(5 * time.Millisecond):
		}
	}
	t.Fatal("no notification came")
	return ""
}

func subscriptions(t *testing.T, b *bus) {
	c := b.client(t)
	got := make(chan string, 4096)
	err := c.Subscribe("lab.demo", func(typ string, data ubus.Value) { got <- typ + " " + data.Get("from").Text() })
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // comes, goes and comes again
		server := ubus.New(ubus.Config{Path: b.path})
		if _, err := server.Lookup(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if err := server.Serve(demo("lab.demo")); err != nil {
			t.Fatal(err)
		}
		if s := notifyUntil(t, server, "lab.demo", got); s != "tick lab.demo" {
			t.Errorf("got %s", s)
		}
		server.Close()
		awaitGone(t, c, "lab.demo")
		for len(got) > 0 {
			<-got
		}
	}
	wantCode(t, "a notification of no object of ours", c.Notify(t.Context(), "lab.demo", "tick", ubus.Value{}), ubus.StatusNotFound)
}

func patternSubscription(t *testing.T, b *bus) {
	server, c := b.client(t), b.client(t)
	if err := server.Serve(demo("ap.one")); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 4096)
	if err := c.Subscribe("ap.*", func(_ string, data ubus.Value) { got <- data.Get("from").Text() }); err != nil {
		t.Fatal(err)
	}
	if err := server.Notify(t.Context(), "ap.one", "tick", ubus.Table("from", "ap.one")); err != nil {
		t.Fatal(err)
	}
	if s := receive(t, "ap.one", got); s != "ap.one" {
		t.Errorf("got %s", s)
	}
	if err := server.Serve(demo("ap.two")); err != nil {
		t.Fatal(err)
	}
	if s := notifyUntil(t, server, "ap.two", got); s != "ap.two" {
		t.Errorf("got %s", s)
	}
	if err := server.Notify(t.Context(), "ap.one", "tick", ubus.Table("from", "last")); err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ { // those of ap.two that were under way, then exactly one
		if s := receive(t, "last", got); s == "last" {
			break
		}
	}
	if err := server.Notify(t.Context(), "ap.one", "tick", ubus.Table("from", "end")); err != nil {
		t.Fatal(err)
	}
	if s := receive(t, "end", got); s != "end" {
		t.Errorf("subscribed twice to ap.one: got %s again", s)
	}
}

func restartedDaemon(t *testing.T, b *bus) {
	c := ubus.New(ubus.Config{Path: b.path}) // nothing registered: it learns of restarts only by status 4
	defer c.Close()
	for range 3 {
		server := ubus.New(ubus.Config{Path: b.path})
		if err := server.Serve(demo("lab.demo")); err != nil {
			t.Fatal(err)
		}
		if _, err := server.Lookup(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Call(t.Context(), "lab.demo", "hello", ubus.Value{}); err != nil {
			t.Error(err)
		}
		server.Close()
		awaitGone(t, c, "lab.demo")
	}
	_, err := c.Call(t.Context(), "lab.demo", "hello", ubus.Value{})
	wantCode(t, "after the last", err, ubus.StatusNotFound)
}

// awaitGone returns when ubusd has noticed that the object's connection was closed; before, it would still pass on calls.
func awaitGone(t *testing.T, c *ubus.Client, path string) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for err := error(nil); ubus.Code(err) != ubus.StatusNotFound; _, err = c.Lookup(t.Context(), path) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not go: %v", path, err)
		}
	}
}

func deadDaemon(t *testing.T, b *bus) {
	c := b.client(t)
	if err := c.Listen("anything", func(string, ubus.Value) {}); err != nil {
		t.Fatal(err)
	}
	server := ubus.New(ubus.Config{Path: b.path})
	entered, leave := make(chan bool, 1), make(chan bool)
	defer close(leave)
	err := server.Serve(ubus.Object{Path: "dies", Methods: map[string]ubus.Method{
		"now": {Handle: func(context.Context, ubus.Request) (ubus.Value, error) {
			entered <- true
			<-leave
			return ubus.Value{}, nil
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Lookup(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	start := time.Now()
	go func() { _, err := c.Call(t.Context(), "dies", "now", ubus.Value{}); result <- err }()
	receive(t, "the call", entered)
	server.Close()
	wantCode(t, "the call", receive(t, "an answer", result), ubus.StatusConnectionFailed)
	if d := time.Since(start); d > 4*time.Second {
		t.Errorf("took %v", d)
	}
}

func restartedBus(t *testing.T, b *bus) {
	server, c := b.client(t), b.client(t)
	if err := server.Serve(demo("lab.demo")); err != nil {
		t.Fatal(err)
	}
	events, notes, states := make(chan string, 9), make(chan string, 4096), make(chan bool, 9)
	server.OnState(func(up bool) { states <- up })
	if up := receive(t, "the present state", states); !up {
		t.Error("not up")
	}
	if err := c.Listen("my.event", func(event string, _ ubus.Value) { events <- event }); err != nil {
		t.Fatal(err)
	}
	if err := c.Subscribe("lab.demo", func(typ string, _ ubus.Value) { notes <- typ }); err != nil {
		t.Fatal(err)
	}
	both := make(chan bool, 9)
	c.OnState(func(up bool) { both <- up })
	receive(t, "the present state", both)
	b.restart()
	for _, ch := range []chan bool{states, both} {
		for up := false; !up; up = receive(t, "up again", ch) {
		}
	}
	v, err := c.Call(t.Context(), "lab.demo", "hello", ubus.Table("name", "bob"))
	if err != nil || v.Get("msg").Text() != "hi bob" {
		t.Errorf("Call: got %v", err)
	}
	if err := server.Send(t.Context(), "my.event", ubus.Value{}); err != nil {
		t.Error(err)
	}
	receive(t, "my.event", events)
	notifyUntil(t, server, "lab.demo", notes)
}

func bigMessages(t *testing.T, b *bus) {
	server, c := b.client(t), b.client(t)
	echo := func(_ context.Context, r ubus.Request) (ubus.Value, error) { return r.Args, nil }
	double := func(_ context.Context, r ubus.Request) (ubus.Value, error) {
		return ubus.Table("a", r.Args.Get("text").Text(), "b", r.Args.Get("text").Text()), nil
	}
	err := server.Serve(ubus.Object{Path: "big", Methods: map[string]ubus.Method{"echo": {Handle: echo}, "double": {Handle: double}}})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("0123456789abcdef", 60_000)
	v, err := c.Call(t.Context(), "big", "echo", ubus.Table("text", text))
	if err != nil || v.Get("text").Text() != text {
		t.Errorf("960 kB: got %d bytes, %v", len(v.Get("text").Text()), err)
	}
	_, err = c.Call(t.Context(), "big", "echo", ubus.Table("text", text+text))
	if !errors.Is(err, ubus.ErrTooLarge) {
		t.Errorf("2 MB: got %v", err)
	}
	_, err = c.Call(t.Context(), "big", "double", ubus.Table("text", text))
	wantCode(t, "an answer of 2 MB", err, ubus.StatusNoMemory)
	if !c.Connected() || !server.Connected() {
		t.Error("disconnected")
	}
}

func manyCalls(t *testing.T, b *bus) {
	server, c := b.client(t), b.client(t)
	if err := server.Serve(demo("lab.demo")); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			name := fmt.Sprint("n", i)
			v, err := c.Call(t.Context(), "lab.demo", "hello", ubus.Table("name", name))
			if err != nil || v.Get("msg").Text() != "hi "+name {
				t.Errorf("%s: got %q, %v", name, v.Get("msg").Text(), err)
			}
		})
	}
	wg.Wait()
}

func stalledHandle(t *testing.T, b *bus) {
	server, c := b.client(t), b.client(t)
	release := make(chan bool)
	err := server.Serve(ubus.Object{Path: "stalls", Methods: map[string]ubus.Method{
		"stall": {Handle: func(ctx context.Context, _ ubus.Request) (ubus.Value, error) {
			select {
			case <-release:
			case <-ctx.Done():
			}
			return ubus.Table("ok", true), nil
		}},
		"hello": {Handle: hello},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if v, err := c.Call(t.Context(), "stalls", "stall", ubus.Value{}); err != nil || !v.Get("ok").Bool() {
				t.Errorf("stall: %v", err)
			}
		})
	}
	if _, err := c.Call(t.Context(), "stalls", "hello", ubus.Value{}); err != nil {
		t.Error(err)
	}
	close(release)
	wg.Wait()
}

// A raw connection, to see what the bus itself answers.
type rawConn struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dialRaw(t *testing.T, b *bus) *rawConn {
	conn, err := net.Dial("unix", b.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	raw := &rawConn{t, conn, bufio.NewReader(conn)}
	if m := raw.read(); m.Type != ubus.MsgHello || m.Peer == 0 {
		t.Errorf("greeting: got %+v", m)
	}
	return raw
}

func (c *rawConn) read() *ubus.Message {
	c.t.Helper()
	m, err := ubus.ReadMessage(c.r)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

func (c *rawConn) send(p *ubus.Packet) {
	c.t.Helper()
	data, err := p.Bytes()
	if err == nil {
		_, err = c.Write(data)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *rawConn) want(typ ubus.MessageType, status int) *ubus.Message {
	c.t.Helper()
	m := c.read()
	n, _ := m.U32(ubus.AttrStatus)
	if m.Type != typ || int(n) != status {
		c.t.Errorf("got type %d status %d, want type %d status %d", m.Type, n, typ, status)
	}
	return m
}

func rawMessages(t *testing.T, b *bus) {
	c := dialRaw(t, b)
	c.send(ubus.NewPacket(ubus.MsgPing, 1, 0))
	c.want(ubus.MsgData, 0)
	c.want(ubus.MsgStatus, ubus.StatusOK)
	c.send(ubus.NewPacket(99, 2, 0))
	c.want(ubus.MsgStatus, ubus.StatusInvalidCommand)
	c.send(ubus.NewPacket(ubus.MsgInvoke, 3, 4711).U32(ubus.AttrObjID, 4711).Text(ubus.AttrMethod, "x").Table(ubus.AttrData, ubus.Value{}))
	if m := c.want(ubus.MsgStatus, ubus.StatusNotFound); m.Has(ubus.AttrObjID) || m.Peer != 4711 {
		t.Error("of an unknown id: an OBJID, or another peer than was sent")
	}
	c.send(ubus.NewPacket(ubus.MsgInvoke, 4, ubus.EventObject).U32(ubus.AttrObjID, ubus.EventObject).Text(ubus.AttrMethod, "nosuch"))
	c.want(ubus.MsgStatus, ubus.StatusInvalidCommand)

	server := dialRaw(t, b)
	server.send(ubus.NewPacket(ubus.MsgAddObject, 1, 0).Text(ubus.AttrObjPath, "raw").Table(ubus.AttrSignature, ubus.Value{}))
	object, ok := server.want(ubus.MsgData, 0).U32(ubus.AttrObjID)
	if server.want(ubus.MsgStatus, ubus.StatusOK); !ok || object < 1024 {
		t.Errorf("got object %d", object)
	}
	c.send(ubus.NewPacket(ubus.MsgAddObject, 5, 0))
	mine, _ := c.want(ubus.MsgData, 0).U32(ubus.AttrObjID)
	c.want(ubus.MsgStatus, ubus.StatusOK)
	c.send(ubus.NewPacket(ubus.MsgSubscribe, 6, 0).U32(ubus.AttrObjID, mine).U32(ubus.AttrTarget, object))
	c.want(ubus.MsgStatus, ubus.StatusOK)
	if m := server.want(ubus.MsgNotify, 0); !m.Flag(ubus.AttrActive) {
		t.Error("the first subscriber does not make the object active")
	}

	server.send(ubus.NewPacket(ubus.MsgNotify, 7, object).U32(ubus.AttrObjID, object).Text(ubus.AttrMethod, "tick").Table(ubus.AttrData, ubus.Table("n", 1)))
	if m := server.want(ubus.MsgStatus, ubus.StatusOK); !m.Has(ubus.AttrSubscribers) {
		t.Error("no list of subscribers")
	}
	m := c.want(ubus.MsgInvoke, 0)
	id, _ := m.U32(ubus.AttrObjID)
	if id != mine || m.Text(ubus.AttrMethod) != "tick" {
		t.Errorf("notification: got %s for %d", m.Text(ubus.AttrMethod), id)
	}
	c.send(ubus.NewPacket(ubus.MsgStatus, m.Seq, m.Peer).U32(ubus.AttrStatus, 0).U32(ubus.AttrObjID, mine))
	if m := server.want(ubus.MsgStatus, ubus.StatusOK); m.Peer != mine {
		t.Errorf("the subscriber's answer comes from %d, not from its object", m.Peer)
	}

	c.send(ubus.NewPacket(ubus.MsgInvoke, 8, object).U32(ubus.AttrObjID, object).Text(ubus.AttrMethod, "ask").Table(ubus.AttrData, ubus.Value{}))
	m = server.want(ubus.MsgInvoke, 0)
	server.send(ubus.NewPacket(ubus.MsgStatus, m.Seq, m.Peer).U32(ubus.AttrStatus, 0)) // without OBJID: thrown away
	server.send(ubus.NewPacket(ubus.MsgStatus, m.Seq, m.Peer).U32(ubus.AttrStatus, 5).U32(ubus.AttrObjID, object))
	if m := c.want(ubus.MsgStatus, ubus.StatusNoData); m.Seq != 8 || m.Peer != object {
		t.Errorf("answer: got seq %d peer %d", m.Seq, m.Peer)
	}

	server.send(ubus.NewPacket(ubus.MsgRemoveObject, 9, 0).U32(ubus.AttrObjID, object))
	for range 2 { // DATA and STATUS, with the notice that nobody is subscribed any more before or between
		if m := server.read(); m.Type == ubus.MsgNotify && m.Flag(ubus.AttrActive) {
			t.Error("active after its removal")
		}
	}
	if m := c.want(ubus.MsgUnsubscribe, 0); m.Seq == 0 {
		t.Error("UNSUBSCRIBE without a number")
	}
}

// command has the ubus command of OpenWrt talk to us over the bus, when it is there.
func command(t *testing.T, b *bus) {
	name := os.Getenv("CWMPD_UBUS")
	if name == "" {
		name, _ = exec.LookPath("ubus")
	}
	if beside := filepath.Join(filepath.Dir(os.Getenv("CWMPD_UBUSD")), "ubus"); name == "" && os.Getenv("CWMPD_UBUSD") != "" {
		name = beside
	}
	if name == "" {
		t.Skip("no ubus command: neither CWMPD_UBUS nor ubus in PATH")
	}
	c := b.client(t)
	if err := c.Serve(demo("lab.demo")); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, name, append([]string{"-s", b.path}, args...)...).CombinedOutput()
		return string(out), err
	}
	out, err := run("call", "lab.demo", "hello", `{"name":"bob"}`)
	var answer struct{ Msg string }
	if json.Unmarshal([]byte(out), &answer); err != nil || answer.Msg != "hi bob" {
		t.Errorf("call: got %s, %v", out, err)
	}
	out, err = run("-v", "list", "lab.*")
	if err != nil || !strings.Contains(out, `"hello":{"name":"String","loud":"Boolean"}`) {
		t.Errorf("list: got %s, %v", out, err)
	}
	out, err = run("call", "lab.demo", "nosuch")
	if err == nil || !strings.Contains(out, "Method not found") {
		t.Errorf("a method that is not there: got %s, %v", out, err)
	}
	got := make(chan string, 1)
	if err := c.Listen("from.command", func(_ string, data ubus.Value) { got <- data.Get("n").Text() }); err != nil {
		t.Fatal(err)
	}
	if out, err := run("send", "from.command", `{"n":5}`); err != nil {
		t.Errorf("send: %s, %v", out, err)
	}
	if n := receive(t, "the event", got); n != "5" {
		t.Errorf("event: got %s", n)
	}
	waited := make(chan error, 1)
	go func() { _, err := run("-t", "8", "wait_for", "appears"); waited <- err }()
	if err := c.Serve(demo("appears")); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, "wait_for", waited); err != nil {
		t.Errorf("wait_for: %v", err)
	}
}
