package cwmp

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// trace makes a bench write a trace, and returns what reads it.
func (b *bench) trace(t *testing.T, change func(*Tracer)) (read func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace")
	tracer, err := NewTracer(TraceConfig{
		Path: path, Log: b.cpe.log, Show: func(path string) bool { return !strings.Contains(path, "Password") },
		Secrets: func() []string { return []string{b.settings().ACS.Password} },
	})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(tracer)
	}
	b.cpe.cfg.Trace = tracer
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- tracer.Run(ctx) }()
	stop := sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(stop)
	return func() string {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); len(tracer.entries) > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the trace is not written")
			}
		}
		stop() // it is through with the last one then
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		return string(text)
	}
}

// Item 11: heads and envelopes of both sides are in the trace, and no secret, in whatever coding it came.
func TestTrace(t *testing.T) {
	r := newRouter(t)
	r.acs.RequireDigest("cpe", password)
	read := r.trace(t, nil)
	zipped := func(next cwmptest.Step) cwmptest.Step { return cwmptest.Chunked(cwmptest.Gzip(next)) }
	set := cwmptest.SetParameterValues("k1", cwmptest.Value{Name: "Device.ManagementServer.Password", Text: "new-secret"},
		cwmptest.Value{Name: "Device.Test.String", Text: "shown"})
	r.acs.Play(cwmptest.With("Set-Cookie", "id=cookie-secret", cwmptest.Polite), zipped(cwmptest.Send(set)),
		cwmptest.Send(cwmptest.Download(cwmptest.DownloadArgs{CommandKey: "c1", FileType: "9 X", URL: "http://u:url-secret@h/f?query-secret", Username: "user-secret", Password: "dl-secret"})))
	r.good()
	text := read()
	for _, want := range []string{
		"session 1 CPE\n<", "<- HTTP/1.1 401 Unauthorized", "Authorization: ***", "SOAPAction: \n", "Inform>", "session 1 ACS", "<Name>Device.Test.String</Name>",
		"shown</Value>", "***</Value>", "<CommandKey>c1</CommandKey>", "Content-Encoding: gzip", "session 1 CPE (empty)", "Set-Cookie: ***", "Cookie: ***", "<- HTTP/1.1 204 No Content",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the trace", want)
		}
	}
	for _, secret := range []string{password, "new-secret", "cookie-secret", "url-secret", "query-secret", "user-secret", "dl-secret", "nonce"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the trace", secret)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }
func (w writer) Close() error                { return nil }

// A disk that is full, or does not answer at all, is no matter of sessions.
func TestTraceOnABadDisk(t *testing.T) {
	for name, full := range map[string]bool{"full": true, "stuck": false} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			stuck := make(chan struct{})
			var mu sync.Mutex
			var written strings.Builder
			bad := true
			b.trace(t, func(tr *Tracer) {
				tr.open = func() (io.WriteCloser, int64, error) {
					return writer(func(p []byte) (int, error) {
						if !full {
							<-stuck
						}
						mu.Lock()
						defer mu.Unlock()
						if bad && full {
							return 0, errors.New("no space left on device")
						}
						return written.Write(p)
					}), 0, nil
				}
			})
			for range 20 {
				b.good()
			}
			mu.Lock()
			bad = false
			mu.Unlock()
			close(stuck)
			deadline := time.Now().Add(20 * time.Second)
			for {
				b.good()
				mu.Lock()
				text := written.String()
				mu.Unlock()
				if strings.Contains(text, "entries are lost)") && strings.Contains(text, "Inform>") {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("not written again: %q", text)
				}
			}
			if full && strings.Count(b.logs.String(), "trace cannot be written") != 1 {
				t.Errorf("the log tells of it not once:\n%s", b.logs)
			}
		})
	}
}

func TestTraceIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace")
	tracer, err := NewTracer(TraceConfig{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- tracer.Run(ctx) }()
	body := []byte("<a>" + strings.Repeat("<ID>0123456789</ID>", 100_000) + "</a>")
	for range 30 {
		for len(tracer.entries) > 8 {
			time.Sleep(time.Millisecond)
		}
		tracer.envelope(7, "ACS", body, "")
	}
	for len(tracer.entries) > 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-ended
	for _, name := range []string{path, path + ".1"} {
		info, err := os.Stat(name)
		if err != nil || info.Size() > traceFile+2*traceBody || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	text, _ := os.ReadFile(path + ".1")
	if !strings.Contains(string(text), "(of 1900007 bytes the last 1637863 are left out)") || !strings.Contains(string(text), "session 7 ACS") {
		t.Errorf("%.300s", text)
	}
	if _, err := NewTracer(TraceConfig{Path: "/dev/null"}); err == nil {
		t.Error("a device is taken for a file")
	}
}
