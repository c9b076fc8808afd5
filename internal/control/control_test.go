package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/notify"
	"github.com/cwmpd/cwmpd/internal/source"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
	"github.com/cwmpd/cwmpd/internal/uci"
)

const testModel = `
Device.                       r
  RootDataModelVersion        r  string inform          const 2.19
Device.ManagementServer.      r
  Password                    rw string(256) hidden     uci cwmp.acs.passwd
  ParameterKey                r  string(32) inform deny state ParameterKey
Device.Test.                  r
  String                      rw string(8)              uci test.t.string
  Int                         rw int(-9..9)             uci test.t.int
  Bool                        rw boolean                uci test.t.bool
  Fixed                       r  string                 const fixed
Device.Test.Row.{i}.          rw
  rows uci test.@row
  add uci test.@row row_{n} enable=0
  max 3
  Enable                      rw boolean                uci .enable | default 0
  Name                        rw string                 uci .name
`

// cpe stands where the TR-069 side is; it is not asked to talk to anybody.
type cpe struct {
	mu      sync.Mutex
	posted  []cwmp.Event
	status  cwmp.Status
	records []cwmp.Record
}

func (c *cpe) Post(e cwmp.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posted = append(c.posted, e)
}

func (c *cpe) Status() cwmp.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

func (c *cpe) RequestDownload(fileType string, args [][2]string) error {
	if fileType == "none" {
		return cwmp.ErrACSRefuses
	}
	c.Post(cwmp.Event{Code: fmt.Sprint(fileType, args)})
	return nil
}

func (c *cpe) TransferDone(_ context.Context, t soap.AutonomousTransfer) (bool, error) {
	c.Post(cwmp.Event{Code: fmt.Sprintf("%+v", t)})
	return t.FileType != "nobody wants it", nil
}

func (c *cpe) UnitsChanged(_ context.Context, units []soap.DUResult) (bool, error) {
	c.Post(cwmp.Event{Code: fmt.Sprintf("%+v", units)})
	switch len(units) {
	case 0:
		return false, cwmp.ErrNoReport
	case 3:
		return true, cwmp.ErrTooManyReports
	}
	return true, nil
}

func (c *cpe) Sessions() []cwmp.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.records
}

// §3.15: a download can be asked for on the router.
func TestRequestDownload(t *testing.T) {
	c := &cpe{}
	s := &Server{cfg: Config{CWMP: c}}
	args := ubus.Table("file_type", "1 Firmware Upgrade Image", "args", ubus.Table("Version", "2", "Size", 7))
	if _, err := s.requestDownload(t.Context(), args); err != nil {
		t.Error(err)
	}
	if got := c.codes(); len(got) != 1 || got[0] != "1 Firmware Upgrade Image[[Version 2] [Size 7]]" {
		t.Errorf("asked for %q", got)
	}
	if _, err := s.requestDownload(t.Context(), ubus.Table("file_type", "none")); err == nil {
		t.Error("the ACS has none, and no error")
	}
}

// §3.15: what ended on the router without the ACS is reported, with all that is known of it.
func TestReports(t *testing.T) {
	c := &cpe{}
	s := &Server{cfg: Config{CWMP: c}}
	answer, err := s.transferComplete(t.Context(), ubus.Table("file_type", "1 Firmware Upgrade Image", "url", "https://x/", "file_size", uint64(1)<<40,
		"fault", 9018, "fault_string", "bad", "start", "2026-11-22T16:00:00Z", "upload", false))
	want := informed{1, "The ACS will be told", "10 AUTONOMOUS TRANSFER COMPLETE"}
	if err != nil || answer != want {
		t.Errorf("answered %+v, %v", answer, err)
	}
	if answer, err := s.transferComplete(t.Context(), ubus.Table("file_type", "nobody wants it", "upload", true)); err != nil || answer.(informed).Status != 0 {
		t.Errorf("answered %+v, %v", answer, err)
	}
	unit := ubus.Table("operation", "Install", "uuid", "u", "version", "1", "unit_ref", "Device.X.1.", "complete", "2026-11-22T17:00:00+01:00")
	if answer, err := s.unitsChanged(t.Context(), ubus.Table("results", ubus.Array(unit))); err != nil || answer.(informed).Event != cwmp.EventAutonomousDUChange {
		t.Errorf("answered %+v, %v", answer, err)
	}
	at := "2026-11-22 16:00:00 +0000 UTC"
	none := "0001-01-01 00:00:00 +0000 UTC"
	wantCodes := []string{
		"{AnnounceURL: TransferURL:https://x/ IsDownload:true FileType:1 Firmware Upgrade Image FileSize:4294967295 TargetFileName: FaultCode:9018 FaultString:bad Start:" + at + " Complete:" + none + "}",
		"{AnnounceURL: TransferURL: IsDownload:false FileType:nobody wants it FileSize:0 TargetFileName: FaultCode:0 FaultString: Start:" + none + " Complete:" + none + "}",
		"[{UUID:u Version:1 Ref:Device.X.1. Operation:Install FaultCode:0 FaultString: Start:" + none + " Complete:" + at + "}]",
	}
	if got := c.codes(); !slices.Equal(got, wantCodes) {
		t.Errorf("reported\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wantCodes, "\n"))
	}
	for name, call := range map[string]func() (any, error){
		"no time":    func() (any, error) { return s.transferComplete(t.Context(), ubus.Table("start", "soon")) },
		"no fault":   func() (any, error) { return s.transferComplete(t.Context(), ubus.Table("fault", "bad")) },
		"far fault":  func() (any, error) { return s.transferComplete(t.Context(), ubus.Table("fault", int64(1)<<32)) },
		"no size":    func() (any, error) { return s.transferComplete(t.Context(), ubus.Table("file_size", "big")) },
		"no results": func() (any, error) { return s.unitsChanged(t.Context(), ubus.Table()) },
		"too many": func() (any, error) {
			return s.unitsChanged(t.Context(), ubus.Table("results", ubus.Array(unit, unit, unit)))
		},
	} {
		if _, err := call(); len(Refused(err)) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := c.codes(); len(got) != 5 {
		t.Errorf("%d reports", len(got))
	}
}

func (c *cpe) codes() (codes []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.posted {
		codes = append(codes, e.Code)
	}
	return codes
}

// A house has an agent's door in it, and somebody before it.
type house struct {
	t      *testing.T
	root   string
	cpe    cpe
	read   atomic.Int32 // how often Config.Reload was called
	exited chan bool

	mu      sync.Mutex
	reloads []string // sent by Tree.Apply

	procdGone bool // they fail

	bus    *ubus.Client // of the one before the door
	client *Client
	direct Direct
}

func newHouse(t *testing.T) *house {
	t.Helper()
	root, err := os.MkdirTemp("", "ctl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	h := &house{t: t, root: root, exited: make(chan bool, 1)}
	h.write("etc/config/cwmp", "\nconfig acs 'acs'\n\toption passwd 'secret12'\n\n")
	h.write("etc/config/test", "\nconfig t 't'\n\toption string 'abc'\n\toption int '5'\n\nconfig row 'first'\n\toption name 'one'\n\n")

	socket := ubus.SocketPath(root)
	b, err := ubustest.New(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	store, err := state.Open(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	box, err := system.Open(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	tree, problems, err := model.Load(t.Context(), model.Config{
		Store: store, Own: []string{"cwmp"},
		Source: source.New(source.Config{Root: root, UCI: uci.Open(root), Box: box, Store: store}),
		Files:  []fs.FS{fstest.MapFS{"test.dm": {Data: []byte(testModel)}}},
		Reload: h.reload,
	})
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v, %v", err, problems)
	}
	watcher, err := notify.New(notify.Config{Tree: tree, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	h.direct = Direct{Tree: tree, Notify: watcher}

	ctx, cancel := context.WithCancel(context.Background())
	agent := ubus.New(ubus.Config{Path: socket})
	if _, err := agent.Lookup(ctx, ""); err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{
		Ubus: agent, Tree: tree, CWMP: &h.cpe, Notify: watcher,
		Reload: func(context.Context) error { h.read.Add(1); return nil },
		Exit:   func() { h.exited <- true },
	})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait(); agent.Close() })

	h.bus = ubus.New(ubus.Config{Path: socket})
	h.client = NewClient(h.bus)
	t.Cleanup(h.client.Close)
	waiting, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	if err := b.Wait(waiting, func() bool { return slices.Contains(b.Paths(), "tr069") }); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) reload(_ context.Context, pkg string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reloads = append(h.reloads, pkg)
	if h.procdGone {
		return errors.New("nobody is there")
	}
	return nil
}

func (h *house) reloaded() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.reloads)
}

func (h *house) write(name, text string) {
	h.t.Helper()
	path := filepath.Join(h.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) file(name string) string {
	h.t.Helper()
	data, err := os.ReadFile(filepath.Join(h.root, name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(data)
}

// call asks as a script would, with JSON in and out, and returns the status beside.
func (h *house) call(object, method, args string) (answer string, status int) {
	h.t.Helper()
	v, err := ubus.FromJSON([]byte(args))
	if err != nil {
		h.t.Fatal(err)
	}
	v, err = h.bus.Call(h.t.Context(), object, method, v)
	var se *ubus.StatusError
	if err != nil && !errors.As(err, &se) {
		h.t.Fatal(err)
	}
	text, _ := v.MarshalJSON()
	return string(text), ubus.Code(err)
}

func (h *house) want(object, method, args, answer string, status int) {
	h.t.Helper()
	got, code := h.call(object, method, args)
	var x, y any
	if err := errors.Join(json.Unmarshal([]byte(got), &x), json.Unmarshal([]byte(answer), &y)); err != nil {
		h.t.Fatal(err)
	}
	if !reflect.DeepEqual(x, y) || code != status {
		h.t.Errorf("%s %s %s:\n got %s, %s\nwant %s, %s", object, method, args, got, ubus.StatusText(code), answer, ubus.StatusText(status))
	}
}

func TestObjectCwmpAnswersScripts(t *testing.T) {
	h := newHouse(t)
	h.want("cwmp", "get", `{"path":"Device.Test.String"}`,
		`{"parameters":[{"path":"Device.Test.String","value":"abc","type":"string","writable":true}]}`, 0)
	h.want("cwmp", "get", `{"paths":["Device.Test.Fixed","Device.ManagementServer.Password"]}`,
		`{"parameters":[{"path":"Device.Test.Fixed","value":"fixed","type":"string","writable":false},
		{"path":"Device.ManagementServer.Password","value":"","type":"string","writable":true}]}`, 0)
	h.want("cwmp", "get", `{"path":"Device.Nosuch"}`,
		`{"path":"Device.Nosuch","fault":9005,"message":"Invalid parameter name","errors":[{"path":"Device.Nosuch","reason":"no such parameter","message":""}]}`,
		ubus.StatusNotFound)
	h.want("cwmp", "names", `{"path":"Device.Test.","next_level":true}`,
		`{"parameters":[{"path":"Device.Test.String","writable":true},{"path":"Device.Test.Int","writable":true},{"path":"Device.Test.Bool","writable":true},
		{"path":"Device.Test.Fixed","writable":false},{"path":"Device.Test.RowNumberOfEntries","writable":false},{"path":"Device.Test.Row.","writable":true}]}`, 0)
	h.want("cwmp", "set", `{"path":"Device.Test.Bool","value":true}`, `{}`, 0)
	h.want("cwmp", "set", `{"values":{"Device.Test.Int":-3,"Device.Test.String":"x"}}`, `{}`, 0)
	if text := h.file("etc/config/test"); !strings.Contains(text, "option int '-3'") || !strings.Contains(text, "option string 'x'") {
		t.Errorf("the file says %s", text)
	}
	if want := []string{"test", "test"}; !slices.Equal(h.reloaded(), want) {
		t.Errorf("reloaded %v", h.reloaded())
	}
	h.want("cwmp", "add", `{"path":"Device.Test.Row."}`, `{"instance":2,"path":"Device.Test.Row.2."}`, 0)
	h.want("cwmp", "del", `{"path":"Device.Test.Row.1."}`, `{}`, 0)
	h.want("cwmp", "get", `{"path":"Device.Test.Row."}`,
		`{"parameters":[{"path":"Device.Test.Row.2.Enable","value":"false","type":"boolean","writable":true},
		{"path":"Device.Test.Row.2.Name","value":"","type":"string","writable":true},
		{"path":"Device.Test.Row.2.Alias","value":"cpe-2","type":"string","writable":true}]}`, 0)
	h.want("cwmp", "apply", `{}`, `{"reload":[]}`, 0)
	h.want("cwmp", "reload", `{}`, `{}`, 0)
	if h.read.Load() != 1 {
		t.Errorf("read again %d times", h.read.Load())
	}
}

func TestWhatIsRefusedIsNamedAndNothingIsChanged(t *testing.T) {
	h := newHouse(t)
	before := h.file("etc/config/test")
	answer, status := h.call("cwmp", "set", `{"values":{"Device.Test.String":"ok","Device.Test.Int":"99","Device.Test.Fixed":"x","Device.Test.Nosuch":"1"}}`)
	var r refusal
	if err := json.Unmarshal([]byte(answer), &r); err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for _, e := range r.Errors {
		reasons[e.Path] = e.Reason
	}
	want := map[string]string{"Device.Test.Int": "bad value", "Device.Test.Fixed": "read-only", "Device.Test.Nosuch": "no such parameter"}
	if r.Fault != 9007 || status != ubus.StatusInvalidArgument || !reflect.DeepEqual(reasons, want) {
		t.Errorf("got %s, %s", answer, ubus.StatusText(status))
	}
	if h.file("etc/config/test") != before || len(h.reloaded()) > 0 {
		t.Error("something was changed all the same")
	}
	for _, args := range []string{`{}`, `{"path":"Device.Test.String"}`, `{"values":{"Device.Test.String":["a"]}}`} {
		if answer, status := h.call("cwmp", "set", args); status != ubus.StatusInvalidArgument || !strings.Contains(answer, `"fault":9003`) {
			t.Errorf("set %s: got %s, %d", args, answer, status)
		}
	}
	for _, args := range []string{`{"path":"","skip":-1}`, `{"path":"","skip":"many"}`} {
		if _, status := h.call("cwmp", "get", args); status != ubus.StatusInvalidArgument {
			t.Errorf("get %s: %d", args, status)
		}
	}
	for range 2 {
		h.call("cwmp", "add", `{"path":"Device.Test.Row."}`)
	}
	if _, status := h.call("cwmp", "add", `{"path":"Device.Test.Row."}`); status != ubus.StatusNoMemory {
		t.Errorf("a fourth row of three: %d", status)
	}
}

// Both Doors give the same answers and the same errors.
func TestBothDoorsAreAlike(t *testing.T) {
	h := newHouse(t)
	if !h.client.Running(t.Context()) {
		t.Fatal("the agent is not found")
	}
	for _, door := range []Door{h.direct, h.client} {
		t.Run(fmt.Sprintf("%T", door), func(t *testing.T) {
			ctx := t.Context()
			params, err := door.Get(ctx, []string{"Device.Test.", "Device.Test.String"})
			if err != nil || len(params) != 5+3 || params[0] != (Param{"Device.Test.String", "abc", "string", true}) {
				t.Errorf("Get: %v, %v", params, err)
			}
			names, err := door.Names(ctx, "Device.Test.Row.", true)
			if err != nil || !slices.Equal(names, []Name{{"Device.Test.Row.1.", true}}) {
				t.Errorf("Names: %v, %v", names, err)
			}
			path, err := door.Add(ctx, "Device.Test.Row.")
			if err != nil || !strings.HasPrefix(path, "Device.Test.Row.") {
				t.Errorf("Add: %s, %v", path, err)
			}
			if err := door.Set(ctx, [][2]string{{path + "Name", "it's"}, {"Device.Test.Int", "7"}}); err != nil {
				t.Error(err)
			}
			if params, err := door.Get(ctx, []string{path + "Name"}); err != nil || params[0].Value != "it's" {
				t.Errorf("Get of what was set: %v, %v", params, err)
			}
			if err := door.Delete(ctx, []string{path}); err != nil {
				t.Error(err)
			}
			err = door.Set(ctx, [][2]string{{"Device.Test.Int", "99"}, {path + "Name", "gone"}})
			refused := model.Errors(err)
			if len(refused) != 2 || refused[0].Reason != model.BadValue || refused[1].Path != path+"Name" || refused[1].Reason != model.NoSuchRow {
				t.Errorf("Set: %v", err)
			}
			for what, err := range map[string]error{
				"Get": second(door.Get(ctx, []string{"Nosuch."})), "Delete": door.Delete(ctx, []string{path}),
				"Names": second(door.Names(ctx, "Device.Test.Int", true)), "Attrs": second(door.Attrs(ctx, []string{"Device.X"})),
			} {
				if len(model.Errors(err)) != 1 {
					t.Errorf("%s: %v", what, err)
				}
			}
			attrs, err := door.Attrs(ctx, []string{"Device.Test.Int"})
			if err != nil || len(attrs) != 1 || attrs[0].Path != "Device.Test.Int" {
				t.Errorf("Attrs: %v, %v", attrs, err)
			}
			if params, err := door.Get(ctx, nil); err != nil || len(params) != 0 {
				t.Errorf("Get of nothing: %v, %v", params, err)
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

// What does not fit into one message comes in several, whole and in order.
func TestLongAnswersComeInPages(t *testing.T) {
	h := newHouse(t)
	var file strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&file, "\nconfig row 'r%d'\n\toption name '%s'\n", i, strings.Repeat("x", 700))
	}
	h.write("etc/config/test", file.String())
	params, err := h.client.Get(t.Context(), []string{"Device.Test.Row."})
	if err != nil || len(params) != 3*1000 {
		t.Fatalf("got %d parameters, %v", len(params), err)
	}
	here, err := h.direct.Get(t.Context(), []string{"Device.Test.Row."})
	if err != nil || !slices.Equal(params, here) {
		t.Errorf("other parameters than the tree has, %v", err)
	}
	answer, status := h.call("cwmp", "get", `{"path":"Device.Test.Row."}`)
	if status != 0 || !strings.Contains(answer, `"next":`) || len(answer) > 1<<20 {
		t.Errorf("one page: %d bytes, status %d", len(answer), status)
	}
}

func TestPagesHoldAtLeastOneItem(t *testing.T) {
	items := []int{1, 2, maxPage + 1, 3}
	var got []int
	for skip := 0; ; {
		p := pageOf(items, skip, func(n int) int { return n })
		got = append(got, p.Parameters...)
		if skip = p.Next; skip == 0 {
			break
		}
	}
	if !slices.Equal(got, items) {
		t.Errorf("got %v", got)
	}
	if p := pageOf(items, 99, func(n int) int { return n }); len(p.Parameters) != 0 || p.Next != 0 {
		t.Errorf("behind the end: %v", p)
	}
}

// §2.3: what a person may have told, and what not.
func TestInformNamesItsEvent(t *testing.T) {
	h := newHouse(t)
	for _, event := range []string{"", "2 PERIODIC", "2", "periodic", "value_change", "1 boot", "X 00D09E test"} {
		if err := h.client.Inform(t.Context(), event); err != nil {
			t.Errorf("%q: %v", event, err)
		}
	}
	want := []string{cwmp.EventConnectionRequest, cwmp.EventPeriodic, cwmp.EventPeriodic, cwmp.EventPeriodic, cwmp.EventValueChange, cwmp.EventBoot, "X 00D09E test"}
	if got := h.cpe.codes(); !slices.Equal(got, want) {
		t.Errorf("posted %q", got)
	}
	for _, event := range []string{
		"M Reboot", "7 TRANSFER COMPLETE", "99", "nonsense", "X ", "X 00D09E " + strings.Repeat("x", 56), // of 65
		"5 KICKED", "9 REQUEST DOWNLOAD", "10 AUTONOMOUS TRANSFER COMPLETE", "13 WAKEUP", "14 HEARTBEAT", // are true or not
		"X 00D09E", "X 00D09E ", "X  Lamp", "X 00D09E Lamp\non", "X 00D09E \xff",
	} {
		if err := h.client.Inform(t.Context(), event); err == nil {
			t.Errorf("%q: no error", event)
		}
	}
	if len(h.cpe.codes()) != len(want) {
		t.Error("posted what was refused")
	}
}

func TestStatusAndSessionsAreTold(t *testing.T) {
	h := newHouse(t)
	start := time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.UTC)
	h.cpe.mu.Lock()
	h.cpe.status = cwmp.Status{Phase: cwmp.Retrying, URL: "https://acs.example/", RetryCount: 3, Next: start.Add(time.Minute),
		LastFailure: start, LastWhy: "no answer", Successes: 40, Failures: 2, Events: []cwmp.Event{{Code: cwmp.EventBoot}, {Code: cwmp.EventMReboot, CommandKey: "k1"}}}
	h.cpe.records = []cwmp.Record{
		{Start: start, End: start.Add(time.Second), URL: "https://acs.example/", OK: true, Why: "the ACS is done", Version: "1.4",
			Events: []cwmp.Event{{Code: cwmp.EventPeriodic}}, Calls: []cwmp.Call{{Method: "Inform", FromUs: true}, {Method: "SetParameterValues", Fault: 9003}}},
		{Start: start.Add(time.Hour), End: start.Add(time.Hour), Why: "no answer"},
	}
	h.cpe.mu.Unlock()
	v, err := h.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"phase": "waiting to retry", "acs_url": "https://acs.example/", "retry_count": "3",
		"next_session": "2026-05-01T12:01:00Z", "last_failure": "2026-05-01T12:00:00Z", "last_why": "no answer", "successes": "40", "failures": "2",
		"last_success": "", "step": ""} {
		if got := v.Get(key).Text(); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if got := v.Get("events").Index(1).Text(); got != `M Reboot "k1"` {
		t.Errorf("events: got %s", got)
	}
	v, err = h.client.Sessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := v.Get("sessions").Index(0)
	if v.Get("sessions").Len() != 2 || !first.Get("ok").Bool() || first.Get("calls").Index(0).Text() != "> Inform" ||
		first.Get("calls").Index(1).Text() != "< SetParameterValues 9003" || first.Get("events").Index(0).Text() != "2 PERIODIC" {
		text, _ := v.MarshalJSON()
		t.Errorf("sessions: got %s", text)
	}
	h.want("tr069", "status", `{}`, `{
		"cwmp":{"status":"up","start_time":`+startTime(t, h)+`,"acs_url":"https://acs.example/"},
		"last_session":{"status":"failure","start_time":"2026-05-01T13:00:00+0000","end_time":"2026-05-01T13:00:00+0000"},
		"next_session":{"status":"waiting","start_time":"2026-05-01T12:01:00+0000","end_time":"N/A"},
		"statistics":{"success_sessions":40,"failure_sessions":2,"total_sessions":42}}`, 0)
}

// TestAChangeThatNobodyWasToldOf is made all the same, and owed.
func TestAChangeThatNobodyWasToldOf(t *testing.T) {
	h := newHouse(t)
	h.mu.Lock()
	h.procdGone = true
	h.mu.Unlock()
	if err := h.client.Set(t.Context(), [][2]string{{"Device.Test.Int", "7"}}); err != nil {
		t.Errorf("over the bus: %v", err)
	}
	err := h.direct.Set(t.Context(), [][2]string{{"Device.Test.Int", "8"}})
	if !errors.As(err, new(*ApplyError)) {
		t.Errorf("direct: got %v, want an ApplyError", err)
	}
	path, err := h.direct.Add(t.Context(), "Device.Test.Row.")
	if path != "Device.Test.Row.2." || !errors.As(err, new(*ApplyError)) {
		t.Errorf("direct: got %q and %v, want the path and an ApplyError", path, err)
	}
	v, err := h.client.Status(t.Context())
	if got := v.Get("reload").Index(0).Text(); got != "test" || err != nil {
		t.Errorf("owed is %q, want test (%v)", got, err)
	}
}

// startTime is the one thing in a status that no test can know.
func startTime(t *testing.T, h *house) string {
	t.Helper()
	answer, _ := h.call("tr069", "status", `{}`)
	var x struct {
		CWMP struct {
			Start string `json:"start_time"`
		} `json:"cwmp"`
	}
	if err := json.Unmarshal([]byte(answer), &x); err != nil {
		t.Fatal(err)
	}
	if at, err := time.Parse("2006-01-02T15:04:05-0700", x.CWMP.Start); err != nil || time.Since(at) > time.Hour {
		t.Errorf("start time %q: %v", x.CWMP.Start, err)
	}
	return fmt.Sprintf("%q", x.CWMP.Start)
}

// Scripts that were written for icwmp see what they know.
func TestObjectTr069IsThatOfIcwmp(t *testing.T) {
	h := newHouse(t)
	h.want("tr069", "dm", `{"cmd":"get","path":"Device.Test.Int"}`, `{"parameters":[{"parameter":"Device.Test.Int","value":"5","type":"xsd:int"}]}`, 0)
	h.want("tr069", "dm", `{"cmd":"get","path":"Device.Test.Nosuch"}`, `{"parameter":"Device.Test.Nosuch","fault":9005,"message":"Invalid parameter name"}`, 0)
	h.want("tr069", "dm", `{"cmd":"names","path":"Device.Test.Fixed"}`, `{"parameters":[{"parameter":"Device.Test.Fixed","writable":"0"}]}`, 0)
	h.want("tr069", "dm", `{"cmd":"set","path":"Device.Test.Int","value":"6","key":"k9"}`, `{"status":"0"}`, 0)
	h.want("tr069", "dm", `{"cmd":"get","path":"Device.ManagementServer.ParameterKey"}`,
		`{"parameters":[{"parameter":"Device.ManagementServer.ParameterKey","value":"k9","type":"xsd:string"}]}`, 0)
	answer, status := h.call("tr069", "dm", `{"cmd":"set","path":"Device.Test.Int","value":"66","key":"k10"}`)
	if !strings.HasPrefix(answer, `{"parameter":"Device.Test.Int","fault":9007,"message":"Invalid parameter value`) || status != 0 {
		t.Errorf("a value out of its range: got %s, %d", answer, status)
	}
	h.want("tr069", "dm", `{"cmd":"inform"}`, `{"parameters":[{"parameter":"Device.RootDataModelVersion","value":"2.19","type":"xsd:string"},
		{"parameter":"Device.ManagementServer.ParameterKey","value":"k9","type":"xsd:string"}]}`, 0)
	h.want("tr069", "dm", `{"cmd":"add","path":"Device.Test.Row."}`, `{"status":"0","instance":"2"}`, 0)
	h.want("tr069", "dm", `{"cmd":"del","path":"Device.Test.Row.2."}`, `{"status":"0"}`, 0)
	h.want("tr069", "dm", `{"cmd":"notif","path":"Device.Test.Int"}`, `{"parameters":[{"parameter":"Device.Test.Int","notification":"0"}]}`, 0)
	if answer, _ := h.call("tr069", "dm", `{"cmd":"format"}`); !strings.Contains(answer, `"fault":9003`) {
		t.Errorf("a cmd that is none: %s", answer)
	}

	h.want("tr069", "inform", `{"GetRPCMethods":true}`, `{"status":1,"info":"Session started","event":"2 PERIODIC"}`, 0)
	h.want("tr069", "inform", `{"event":"8 diagnostics complete"}`, `{"status":1,"info":"Session started","event":"8 DIAGNOSTICS COMPLETE"}`, 0)
	h.want("tr069", "inform", `{}`, `{"status":1,"info":"Session started","event":"6 CONNECTION REQUEST"}`, 0)
	if got, want := h.cpe.codes(), []string{"2 PERIODIC", "8 DIAGNOSTICS COMPLETE", "6 CONNECTION REQUEST"}; !slices.Equal(got, want) {
		t.Errorf("posted %q", got)
	}
	h.want("tr069", "command", `{"command":"reload"}`, `{"status":0,"info":"configuration reloaded"}`, 0)
	h.want("tr069", "command", `{"name":"reload"}`, `{"status":0,"info":"configuration reloaded"}`, 0)
	h.want("tr069", "command", `{"command":"dance"}`, `{"status":-1,"info":"unknown command"}`, 0)
	if h.read.Load() != 2 {
		t.Errorf("read again %d times", h.read.Load())
	}
	h.want("tr069", "command", `{"command":"exit"}`, `{"status":0,"info":"the agent ends"}`, 0)
	select {
	case <-h.exited:
	case <-time.After(10 * time.Second):
		t.Error("exit did nothing")
	}
	h.want("tr069", "notify", `{}`, `{"status":0,"info":"looking for changed values"}`, 0)
}

func TestNoAgentIsNotRunning(t *testing.T) {
	dir, err := os.MkdirTemp("", "ctl")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	c := NewClient(ubus.New(ubus.Config{Path: path}))
	defer c.Close()
	if c.Running(t.Context()) {
		t.Error("running without a bus")
	}
	b, err := ubustest.New(path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if c.Running(t.Context()) {
		t.Error("running on an empty bus")
	}
	b.Object("cwmp", map[string]ubustest.Method{"connection_request": func(ubus.Value) (ubus.Value, int) { return ubus.Value{}, 0 }})
	if c.Running(t.Context()) {
		t.Error("another agent's object was taken for ours")
	}
	if _, err := c.Get(t.Context(), []string{"Device."}); ubus.Code(err) != ubus.StatusMethodNotFound {
		t.Errorf("Get: %v", err)
	}
}
