package cwmp

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/slog"
)

const (
	traceFile  = 1 << 20   // a file of that size makes place for the next; one more is kept, with the suffix .1
	traceBody  = 256 << 10 // of one message
	traceQueue = 64        // entries that wait for the disk
)

// A Tracer writes what is said into a file, for people who look for a fault: the heads and the envelopes of both sides, without
// secrets (see soap.Redact). Sessions never wait for it: what the disk does not take in time is counted, and left out.
type Tracer struct {
	open    func() (io.WriteCloser, int64, error)
	rotate  func() error
	log     *slog.Logger
	show    func(path string) bool
	secrets func() []string
	entries chan traceEntry
	lost    atomic.Int64
	failing bool
}

type traceEntry struct {
	at          time.Time
	session     int
	head        string
	body        []byte
	contentType string
	whole       int // bytes of the body that there were
}

// TraceConfig says what a Tracer does. Path is required.
type TraceConfig struct {
	Path    string                 // of a file that is there, or is made, for our eyes only
	Show    func(path string) bool // whether a parameter's value may be shown; nil: none may
	Secrets func() []string        // texts that are never shown, wherever they stand; nil: none are known
	Log     *slog.Logger           // nil discards
}

// NewTracer makes a tracer; the file is opened to see that it can be.
func NewTracer(c TraceConfig) (*Tracer, error) {
	t := &Tracer{log: c.Log, show: c.Show, secrets: c.Secrets, entries: make(chan traceEntry, traceQueue)}
	if t.log == nil {
		t.log = slog.Discard()
	}
	if t.show == nil {
		t.show = func(string) bool { return false }
	}
	t.open = func() (io.WriteCloser, int64, error) { return openTrace(c.Path) }
	t.rotate = func() error { return os.Rename(c.Path, c.Path+".1") }
	f, _, err := t.open()
	if err != nil {
		return nil, err
	}
	return t, f.Close()
}

func openTrace(path string) (io.WriteCloser, int64, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("trace to %s: not a file", path) // a pipe would hang
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("trace: %w", err)
	}
	info, err := f.Stat()
	if err == nil {
		err = f.Chmod(0o600)
	}
	if err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("trace: %w", err)
	}
	return f, info.Size(), nil
}

// Run writes until ctx ends.
func (t *Tracer) Run(ctx context.Context) error {
	var f io.WriteCloser
	size := int64(0)
	defer func() {
		if f != nil {
			f.Close()
		}
	}()
	write := func(e traceEntry) {
		var err error
		if f != nil && size > traceFile {
			f.Close()
			f, err = nil, t.rotate()
		}
		if f == nil && err == nil {
			f, size, err = t.open()
		}
		if err == nil {
			var n int
			n, err = f.Write(t.format(e))
			size += int64(n)
		}
		if err != nil {
			t.lost.Add(1)
			if f != nil {
				f.Close()
				f = nil
			}
		}
		if err != nil && !t.failing {
			t.log.Warn("the trace cannot be written", "err", err)
		}
		t.failing = err != nil
	}
	for {
		select {
		case e := <-t.entries:
			write(e)
		case <-ctx.Done():
			for range len(t.entries) {
				write(<-t.entries)
			}
			return nil
		}
	}
}

// format writes an entry for people.
func (t *Tracer) format(e traceEntry) []byte {
	var b []byte
	if n := t.lost.Swap(0); n > 0 {
		b = fmt.Appendf(b, "(%d entries are lost)\n\n", n)
	}
	b = fmt.Appendf(b, "%s session %d %s", e.at.UTC().Format("2006-01-02T15:04:05.000Z"), e.session, e.head)
	if e.body != nil {
		b = append(b, soap.Redact(e.body, e.contentType, t.show)...)
		if left := e.whole - len(e.body); left > 0 {
			b = fmt.Appendf(b, "(of %d bytes the last %d are left out)\n", e.whole, left)
		}
	}
	text := string(append(b, '\n'))
	if t.secrets != nil {
		for _, s := range t.secrets() {
			if len(s) >= 4 {
				text = strings.ReplaceAll(text, s, soap.Hidden)
				text = strings.ReplaceAll(text, string(soap.AppendEscaped(nil, []byte(s))), soap.Hidden)
			}
		}
	}
	return []byte(text)
}

func (t *Tracer) put(e traceEntry) {
	select {
	case t.entries <- e:
	default:
		t.lost.Add(1)
	}
}

// exchange takes note of the heads of a request and of its answer.
func (t *Tracer) exchange(session int, req *http.Request, resp *http.Response, err error) {
	var b strings.Builder
	fmt.Fprintf(&b, "-> %s %s\nHost: %s\n", req.Method, soap.CleanURLs(req.URL.String()), req.Host)
	writeHead(&b, req.Header)
	if err != nil {
		fmt.Fprintf(&b, "<- no answer: %v\n", err)
	} else {
		fmt.Fprintf(&b, "<- %s %s\n", resp.Proto, resp.Status)
		writeHead(&b, resp.Header)
	}
	t.put(traceEntry{at: time.Now(), session: session, head: b.String()})
}

// shownFields are the fields of a head whose value is no secret; of others there is the name alone.
const shownFields = " soapaction content-type content-length content-encoding transfer-encoding connection keep-alive user-agent server date retry-after location "

func writeHead(b *strings.Builder, head http.Header) {
	for _, name := range slices.Sorted(maps.Keys(head)) {
		for _, value := range head[name] {
			if !strings.Contains(shownFields, " "+strings.ToLower(name)+" ") {
				value = soap.Hidden
			}
			fmt.Fprintf(b, "%s: %s\n", soap.Truncate(name, 64), soap.Truncate(soap.CleanURLs(value), 512))
		}
	}
}

// envelope takes note of a message.
func (t *Tracer) envelope(session int, direction string, body []byte, contentType string) {
	if len(body) == 0 {
		t.put(traceEntry{at: time.Now(), session: session, head: direction + " (empty)\n"})
		return
	}
	part := append([]byte(nil), body[:min(len(body), traceBody)]...)
	t.put(traceEntry{time.Now(), session, direction + "\n", part, contentType, len(body)})
}
