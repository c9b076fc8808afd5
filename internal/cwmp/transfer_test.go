package cwmp

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

// A depot is a bench with a transfer queue that runs, and a file server.
type depot struct {
	*bench
	queue *transfer.Queue
	done  chan struct{} // a transfer ended
	files *httptest.Server
}

func newDepot(t *testing.T) *depot {
	t.Helper()
	return newDepotWith(t, func(*transfer.Config) {})
}

func newDepotWith(t *testing.T, change func(*transfer.Config), more ...func(*bench, *Config)) *depot {
	t.Helper()
	d := &depot{done: make(chan struct{}, 16)}
	d.files = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/good" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("config x 'x'\n"))
	}))
	t.Cleanup(d.files.Close)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	d.bench = newBenchWith(t, func(b *bench, c *Config) {
		writeFiles(t, b.root, map[string]string{"tmp/.keep": "", "proc/meminfo": "MemAvailable: 100000 kB\n"})
		box, err := system.Open(b.root, c.Log)
		if err != nil {
			t.Fatal(err)
		}
		cfg := transfer.Config{
			Store: c.Store, Box: box, Log: c.Log, Web: c.Web,
			Apply:  func(context.Context, transfer.Request, string) (bool, error) { return false, nil },
			OnDone: func() { d.done <- struct{}{} },
		}
		change(&cfg)
		d.queue, err = transfer.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		c.Transfers = d.queue
		for _, f := range more {
			f(b, c)
		}
	})
	go func() {
		defer close(stopped)
		if err := d.queue.Run(ctx); err != nil {
			t.Errorf("queue: %v", err)
		}
	}()
	t.Cleanup(func() { cancel(); <-stopped })
	return d
}

func (d *depot) get(key, file string) cwmptest.Call {
	return cwmptest.Download(cwmptest.DownloadArgs{CommandKey: key, FileType: transfer.TypeConfig, URL: d.files.URL + file})
}

// wait waits for n transfers to end.
func (d *depot) wait(n int) {
	d.t.Helper()
	deadline := time.After(20 * time.Second)
	for len(d.queue.Done()) < n {
		select {
		case <-d.done:
		case <-deadline:
			d.t.Fatalf("%d transfers ended, want %d: %+v\n%s", len(d.queue.Done()), n, d.queue.Entries(), d.logs)
		}
	}
}

// end brings transfers to their end, told to nobody yet.
func (d *depot) end(calls ...cwmptest.Call) {
	d.t.Helper()
	d.acs.Ask(calls...)
	d.good()
	d.wait(len(calls))
}

// Status 1 with Unknown Time, and exactly one TransferComplete.
// Covers: S-4, E-1, S-17, §3.15.
func TestT250_Download(t *testing.T) {
	d := newDepot(t)
	d.end(d.get("c1", "/good"))
	m := d.last("DownloadResponse")
	if m.Text("Status") != "1" || m.Text("StartTime") != soap.UnknownTime || m.Text("CompleteTime") != soap.UnknownTime {
		t.Errorf("answer %s", m.Body)
	}
	d.good()
	d.wantEvents("7 TRANSFER COMPLETE", "M Download c1")
	d.wantNames("Inform", "", "DownloadResponse", "Inform", "TransferComplete", "")
	m = d.last("TransferComplete")
	start, err1 := time.Parse(time.RFC3339, m.Text("StartTime"))
	complete, err2 := time.Parse(time.RFC3339, m.Text("CompleteTime"))
	if m.Text("CommandKey") != "c1" || m.Text("FaultCode") != "0" || m.Text("FaultString") != "" || err1 != nil || err2 != nil || complete.Before(start) || time.Since(start).Abs() > time.Minute {
		t.Errorf("TransferComplete %s", m.Body)
	}
	d.good()
	d.wantEvents()
	if len(d.queue.Entries()) != 0 {
		t.Errorf("queue %+v", d.queue.Entries())
	}
}

func TestT253_DownloadThatFails(t *testing.T) {
	d := newDepot(t)
	d.end(d.get("c1", "/missing"))
	d.good()
	m := d.last("TransferComplete")
	if m.Text("FaultCode") != "9016" || m.Text("FaultString") == "" {
		t.Errorf("TransferComplete %s", m.Body)
	}
}

// E-2: each transfer has its own event and its own call; those that were answered do not come back.
// Covers: E-6.
func TestE2_PartOfTheTransfersIsTold(t *testing.T) {
	d := newDepot(t)
	d.end(d.get("c1", "/good"), d.get("c2", "/good"), d.get("c3", "/missing"))
	d.acs.Play(cwmptest.Polite, cwmptest.Polite, cwmptest.Drop)
	d.bad("")
	if got := d.last("Inform").Events(); len(got) != 4 || got[0] != "7 TRANSFER COMPLETE" {
		t.Errorf("events %q", got)
	}
	told := d.acs.Pick("TransferComplete")[0].Text("CommandKey")
	d.good()
	events := d.last("Inform").Events()
	if len(events) != 3 || slices.Contains(events, "M Download "+told) {
		t.Errorf("after %s was told: %q", told, events)
	}
	if n := len(d.acs.Pick("TransferComplete")); n != 4 {
		t.Errorf("%d TransferCompletes", n)
	}
}

// The queue tells of a transfer that ended while a session was about to begin, which then told the ACS: there is nothing
// for another session to say. Seen after a firmware upgrade: an Inform without events a second after "1 BOOT".
func TestTransferToldBeforeThePost(t *testing.T) {
	d := newDepot(t)
	d.end(d.get("c1", "/good"))
	d.cpe.Post(Event{Code: EventTransferComplete})
	d.cpe.takePosted(time.Now())
	if _, due := d.cpe.next(time.Now()); !due {
		t.Error("a transfer that ended causes no session")
	}
	d.good()
	d.wantEvents("7 TRANSFER COMPLETE", "M Download c1")
	d.cpe.dueAt = time.Time{}
	d.cpe.Post(Event{Code: EventTransferComplete})
	d.cpe.takePosted(time.Now())
	if _, due := d.cpe.next(time.Now()); due {
		t.Error("one that was told causes another session")
	}
}

// Covers: S-18.
func TestT121_RetryOfTransferComplete(t *testing.T) {
	d := newDepot(t)
	d.end(d.get("c1", "/good"))
	d.acs.Play(cwmptest.Polite, cwmptest.Fault(8005))
	d.good()
	calls := d.acs.Pick("TransferComplete")
	if len(calls) != 2 || string(calls[0].Body) != string(calls[1].Body) {
		t.Errorf("%d TransferCompletes", len(calls))
	}
}

// S-20: a refused TransferComplete comes again in later sessions, ten times, without causing one.
func TestT122_TransferCompleteRefused(t *testing.T) {
	d := newDepot(t)
	d.end(d.get("c1", "/good"))
	for i := range maxRefusals {
		d.acs.Play(cwmptest.Polite, cwmptest.Fault(8002))
		d.good()
		d.wantEvents("7 TRANSFER COMPLETE", "M Download c1")
		if _, due := d.cpe.next(d.cpe.lastEnd); due {
			t.Errorf("refusal %d causes a session", i)
		}
	}
	d.good()
	d.wantEvents()
	if len(d.queue.Done()) != 0 || len(d.cpe.saved.Refused) != 0 {
		t.Errorf("done %+v, refused %v", d.queue.Done(), d.cpe.saved.Refused)
	}
}

func TestS20_TransferCompleteUnknown(t *testing.T) {
	genie := cwmptest.Answer("", "<soap-env:Body:Fault><faultcode>Server</faultcode></soap-env:Body:Fault>")
	for _, answer := range []cwmptest.Step{cwmptest.Fault(8000), genie} {
		d := newDepot(t)
		d.end(d.get("c1", "/good"))
		d.acs.Play(cwmptest.Polite, answer)
		d.good()
		d.good()
		d.wantEvents()
	}
}

// S-11 against Oktopus, which answers TransferComplete with nothing: the session has failed, but not for ever.
func TestTransferCompleteWithoutAnswer(t *testing.T) {
	d := newDepot(t)
	d.end(d.get("c1", "/good"))
	for range maxRefusals {
		d.acs.Play(cwmptest.Polite, cwmptest.Empty200)
		d.bad("empty answer")
	}
	d.good()
	d.wantEvents()
}

func TestT254_DownloadArguments(t *testing.T) {
	d := newDepot(t)
	arg := func(change func(a *cwmptest.DownloadArgs)) cwmptest.Call {
		a := cwmptest.DownloadArgs{CommandKey: "k", FileType: transfer.TypeConfig, URL: "http://192.0.2.1/x"}
		change(&a)
		return cwmptest.Download(a)
	}
	for _, tt := range []struct {
		name string
		call cwmptest.Call
		want int
	}{
		{"T-254 ftp", arg(func(a *cwmptest.DownloadArgs) { a.URL = "ftp://192.0.2.1/x" }), 9013},
		{"T-254 javascript", arg(func(a *cwmptest.DownloadArgs) { a.URL = "javascript:alert(1)" }), 9013},
		{"Z-35 file", arg(func(a *cwmptest.DownloadArgs) { a.URL = "file:///etc/shadow" }), 9013},
		{"T-255 file type", arg(func(a *cwmptest.DownloadArgs) { a.FileType = "9 Something" }), 9003},
		{"T-256 user information", arg(func(a *cwmptest.DownloadArgs) { a.URL = "http://a:b@192.0.2.1/x" }), 9003},
		{"T-256 257 characters", arg(func(a *cwmptest.DownloadArgs) { a.URL = "http://192.0.2.1/" + strings.Repeat("x", 240) }), 9003},
		{"T-256 empty", arg(func(a *cwmptest.DownloadArgs) { a.URL = "" }), 9003},
		{"a long key", arg(func(a *cwmptest.DownloadArgs) { a.CommandKey = strings.Repeat("k", 33) }), 9003},
		{"a negative delay", arg(func(a *cwmptest.DownloadArgs) { a.DelaySeconds = -1 }), 9003},
		{"without URLs for a browser", cwmptest.Call(strings.NewReplacer("<SuccessURL></SuccessURL>", "", "<FailureURL></FailureURL>", "").Replace(string(arg(func(a *cwmptest.DownloadArgs) { a.DelaySeconds = 3600 })))), 0},
	} {
		d.acs.Ask(tt.call)
		d.good()
		messages := d.acs.Messages()
		if m := messages[len(messages)-1]; m.FaultCode() != tt.want {
			t.Errorf("%s: %s %s, want %d", tt.name, m.Name, m.Body, tt.want)
		}
	}
}

//
func TestT258_TheQueueIsFull(t *testing.T) {
	d := newDepot(t)
	for i := range 17 {
		d.acs.Ask(cwmptest.Download(cwmptest.DownloadArgs{CommandKey: string(rune('a' + i)), FileType: transfer.TypeConfig, URL: d.files.URL + "/good", DelaySeconds: 3600}))
	}
	d.good()
	if n := len(d.acs.Pick("DownloadResponse")); n != 16 || d.last("Fault").FaultCode() != 9004 {
		t.Errorf("%d accepted, then %s", n, d.last("Fault").Body)
	}
}

func TestTransferFaults(t *testing.T) {
	tests := []struct {
		kind   transfer.Kind
		reason transfer.Reason
		v      version
		want   int
	}{
		{transfer.Download, transfer.OK, 4, 0}, {transfer.Download, transfer.Access, 4, 9016}, {transfer.Download, transfer.Auth, 4, 9012},
		{transfer.Download, transfer.Contact, 3, 9015}, {transfer.Download, transfer.Incomplete, 2, 9017}, {transfer.Download, transfer.Corrupt, 1, 9018},
		{transfer.Download, transfer.Signature, 4, 9019}, {transfer.Download, transfer.Scheme, 4, 9010}, {transfer.Download, transfer.NoSpace, 4, 9010},
		{transfer.Download, transfer.Internal, 4, 9002}, {transfer.Download, transfer.Access, 0, 9010}, {transfer.Download, transfer.Auth, 0, 9012},
		{transfer.Download, transfer.Windows, 2, 9020}, {transfer.Download, transfer.Windows, 0, 9010},
		{transfer.Upload, transfer.Auth, 4, 9012}, {transfer.Upload, transfer.Access, 4, 9011}, {transfer.Upload, transfer.Contact, 4, 9015},
		{transfer.Upload, transfer.Contact, 0, 9011}, {transfer.Upload, transfer.Failed, 4, 9011}, {transfer.Upload, transfer.Internal, 4, 9002}, {transfer.Upload, transfer.OK, 0, 0},
	}
	for _, tt := range tests {
		if got := transferFault(transfer.Result{Request: transfer.Request{Kind: tt.kind}, Reason: tt.reason}, tt.v); got != tt.want {
			t.Errorf("%v: %d, want %d", tt, got, tt.want)
		}
	}
}

// E-4, T-128: what is promised is on flash before the ACS hears of it.
// Covers: P-1.
func TestE4_PromisesAreOnFlashFirst(t *testing.T) {
	d := newDepot(t)
	onFlash := func(file, text string) cwmptest.Step {
		return func(x *cwmptest.Exchange) {
			data, err := os.ReadFile(filepath.Join(d.root, "etc/cwmpd", file))
			if err != nil || !strings.Contains(string(data), text) {
				t.Errorf("%s came, and %s holds %q, %v", x.Name, file, data, err)
			}
			cwmptest.Polite(x)
		}
	}
	d.acs.Ask(cwmptest.Download(cwmptest.DownloadArgs{CommandKey: "key-d", FileType: transfer.TypeConfig, URL: d.files.URL + "/good", DelaySeconds: 3600}),
		cwmptest.ScheduleInform(3600, "key-s"), cwmptest.ChangeDUState("key-u", cwmptest.Operation("Update")), cwmptest.Reboot("key-r"))
	d.acs.Play(cwmptest.Polite, cwmptest.Polite, onFlash("transfers.json", "key-d"), onFlash("session.json", "key-s"), onFlash("session.json", "key-u"), onFlash("session.json", "key-r"))
	d.good()
	d.wantNames("Inform", "", "DownloadResponse", "ScheduleInformResponse", "ChangeDUStateResponse", "RebootResponse")
	if err := d.cpe.report(t.Context(), report{Transfer: &soap.AutonomousTransfer{TargetFileName: "reported"}}); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(d.root, "etc/cwmpd/reports.json")); err != nil || !strings.Contains(string(data), "reported") {
		t.Errorf("a report is taken, and the file holds %q, %v", data, err)
	}
}
