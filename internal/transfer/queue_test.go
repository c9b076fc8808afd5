package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/web"
)

// T-250: the whole way of a configuration file.
func TestADownloadIsFetchedAppliedToldAndForgotten(t *testing.T) {
	r := newRouter(t)
	var applied, path string
	r.cfg.Apply = func(_ context.Context, req Request, file string) (bool, error) {
		data, err := os.ReadFile(file)
		applied, path = string(data), file
		if fi, err := os.Stat(file); err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("spooled file: %v, %v", fi.Mode(), err)
		}
		if fi, err := os.Stat(filepath.Dir(file)); err != nil || fi.Mode().Perm() != 0o700 {
			t.Errorf("spool: %v, %v", fi.Mode(), err)
		}
		if req.Password != "" {
			t.Error("the password is of no use to Apply")
		}
		return false, err
	}
	l := r.start()
	before := time.Now()
	got := l.transfer(Request{CommandKey: "c1", FileType: TypeConfig, URL: serve(t, "package system\n"), Password: "secret"})
	if got.Reason != OK || got.CommandKey != "c1" || got.FileType != TypeConfig || got.ID == "" || got.Password != "" {
		t.Errorf("got %+v", got)
	}
	if got.Start.Before(before.Add(-time.Second)) || got.Complete.Before(got.Start) || got.Complete.After(time.Now()) {
		t.Errorf("got times %v to %v", got.Start, got.Complete)
	}
	if applied != "package system\n" || !strings.HasPrefix(path, filepath.Join(r.root, spoolName)) {
		t.Errorf("applied %q from %s", applied, path)
	}
	if left := r.spooled(); left != "" {
		t.Errorf("left in the spool: %s", left)
	}
	if err := l.Forget(got.ID); err != nil || len(l.Done()) != 0 || len(l.Entries()) != 0 {
		t.Errorf("not forgotten: %v, %v", err, l.Entries())
	}
	if err := l.Forget(got.ID); err != nil {
		t.Errorf("forgotten twice: %v", err)
	}
}

// T-251, R-72: not before the delay is over, nor before the session is.
//
func TestATransferStartsAfterItsDelayAndItsSession(t *testing.T) {
	for name, c := range map[string]struct {
		delay, session, want time.Duration
	}{
		"delay":                          {20 * time.Second, 0, 20 * time.Second},
		"no delay":                       {0, 3 * time.Second, 3 * time.Second},
		"delay shorter than the session": {5 * time.Second, time.Minute, time.Minute},
		"a long delay":                   {100 * time.Hour, 0, 100 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRouter(t)
				r.cfg.Web = func() web.Config { return web.Config{Root: r.root} } // which refuses loopback without a socket
				l := r.start()
				begin := time.Now()
				l.add(Request{FileType: TypeConfig, URL: "http://127.0.0.1/x", Delay: c.delay})
				time.Sleep(c.session)
				l.SessionOver()
				<-l.done
				if got := time.Since(begin); got != c.want {
					t.Errorf("got %v, want %v", got, c.want)
				}
				if got := l.Done()[0]; got.Reason != Failed || !got.Start.IsZero() || !got.Complete.IsZero() {
					t.Errorf("got %+v, want failed, and no times since the clock is not set", got)
				}
				l.end()
			})
		})
	}
}

// T-253, T-271, R-77: the reason of each failure.
func TestReasons(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + closed.Addr().String() + "/x"
	closed.Close()
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	hijack := func(after func(net.Conn)) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nGOOD and then")
			after(c)
			c.Close()
		}
	}
	text := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, s) }
	}
	for name, c := range map[string]struct {
		answer   http.HandlerFunc
		fileType string
		want     Reason
	}{
		"404":           {status(404), TypeFirmware, Access},
		"410":           {status(410), TypeFirmware, Access},
		"500":           {status(500), TypeFirmware, Access},
		"503":           {status(503), TypeFirmware, Access},
		"401":           {status(401), TypeFirmware, Auth},
		"403":           {status(403), TypeFirmware, Auth},
		"refused":       {nil, TypeFirmware, Contact},
		"truncated":     {hijack(func(net.Conn) {}), TypeFirmware, Incomplete},
		"reset":         {hijack(func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }), TypeFirmware, Incomplete},
		"redirect loop": {func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, "/x", http.StatusFound) }, TypeFirmware, Failed},
		"wrong magic":   {text("no image"), TypeFirmware, Corrupt},
		"empty":         {text(""), TypeFirmware, Corrupt},
		"signature":     {text("UNSIGNED image"), TypeFirmware, Signature},
		"sysupgrade":    {text("REFUSED image\n"), TypeFirmware, Failed},
		"config":        {text("bad"), TypeConfig, Corrupt},
		"busy config":   {text("busy"), TypeConfig, Failed},
		"our fault":     {text("ours"), TypeConfig, Internal},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRouter(t)
			r.cfg.Apply = func(_ context.Context, _ Request, file string) (bool, error) {
				data, err := os.ReadFile(file)
				return false, map[string]error{"bad": fmt.Errorf("x: %w", ErrCorrupt), "busy": errRefused, "ours": io.ErrNoProgress, "": err}[string(data)]
			}
			url := refused
			if c.answer != nil {
				url = handle(t, c.answer)
			}
			got := r.start().transfer(Request{FileType: c.fileType, URL: url})
			if got.Reason != c.want || got.Msg == "" {
				t.Errorf("got %v (%s), want %v", got.Reason, got.Msg, c.want)
			}
			if left := r.spooled(); left != "" {
				t.Errorf("left in the spool: %s", left)
			}
		})
	}
}

// T-254, T-256, R-70.
func TestWhatCanNeverWorkIsRefusedAtOnce(t *testing.T) {
	const good = "http://files.example/a?b=c"
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		r    Request
		want error
	}{
		"good":               {Request{FileType: TypeConfig, URL: good}, nil},
		"https, upper case":  {Request{FileType: TypeFirmware, URL: "HTTPS://[fe80::1]:443/"}, nil},
		"256 characters":     {Request{FileType: TypeFirmware, URL: good + long(256-len(good))}, nil},
		"257 characters":     {Request{FileType: TypeFirmware, URL: good + long(257-len(good))}, ErrURL},
		"ftp":                {Request{FileType: TypeFirmware, URL: "ftp://files.example/a"}, ErrScheme},
		"file":               {Request{FileType: TypeFirmware, URL: "file:///etc/passwd"}, ErrScheme},
		"javascript":         {Request{FileType: TypeFirmware, URL: "javascript:alert(1)"}, ErrScheme},
		"empty":              {Request{FileType: TypeFirmware}, ErrURL},
		"relative":           {Request{FileType: TypeFirmware, URL: "/a"}, ErrURL},
		"no host":            {Request{FileType: TypeFirmware, URL: "http:///a"}, ErrURL},
		"user":               {Request{FileType: TypeFirmware, URL: "http://a@files.example/"}, ErrURL},
		"user and password":  {Request{FileType: TypeFirmware, URL: "http://a:b@files.example/"}, ErrURL},
		"line feed":          {Request{FileType: TypeFirmware, URL: "http://files.example/\nx"}, ErrURL},
		"space":              {Request{FileType: TypeFirmware, URL: "http://files.example/ x"}, ErrURL},
		"no port":            {Request{FileType: TypeFirmware, URL: "http://files.example:x/"}, ErrURL},
		"web content":        {Request{FileType: "2 Web Content", URL: good}, ErrFileType},
		"no type":            {Request{URL: good}, ErrFileType},
		"vendor type":        {Request{FileType: "X 001122 thing", URL: good}, ErrFileType},
		"upload":             {Request{Kind: Upload, FileType: "2 Vendor Log File", URL: good}, ErrFileType},
		"command key":        {Request{FileType: TypeFirmware, URL: good, CommandKey: long(33)}, ErrArgument},
		"password":           {Request{FileType: TypeFirmware, URL: good, Password: long(257)}, ErrArgument},
		"target name":        {Request{FileType: TypeFirmware, URL: good, TargetFileName: "../../etc/passwd"}, nil},
		"size beyond memory": {Request{FileType: TypeFirmware, URL: good, FileSize: 1 << 62}, ErrNoSpace},
	} {
		q := newRouter(t).queue()
		if err := q.Add(c.r); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if want := c.want == nil; (len(q.Entries()) == 1) != want {
			t.Errorf("%s: got %d entries", name, len(q.Entries()))
		}
	}
	r := newRouter(t)
	r.cfg.Apply = nil
	if err := r.queue().Add(Request{FileType: TypeConfig, URL: good}); !errors.Is(err, ErrFileType) {
		t.Errorf("without Apply: got %v, want ErrFileType", err)
	}
}

// what Add accepted survives a cut of the power in the next moment, and the queue has an end.
func TestTheQueueIsOnFlashAndBounded(t *testing.T) {
	r := newRouter(t)
	q := r.queue()
	for i := range 16 {
		if err := q.Add(Request{CommandKey: fmt.Sprint(i), FileType: TypeFirmware, URL: "http://files.example/", Delay: time.Hour}); err != nil {
			t.Fatal(err)
		}
		if again := r.queue().Entries(); len(again) != i+1 || again[i].CommandKey != fmt.Sprint(i) {
			t.Fatalf("after entry %d flash holds %+v", i, again)
		}
	}
	if err := q.Add(firmware("http://files.example/")); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want full", err)
	}
	// What cannot be saved is not promised.
	r.write("etc/cwmpd/x", "")
	if err := os.RemoveAll(filepath.Join(r.root, "etc/cwmpd")); err != nil {
		t.Fatal(err)
	}
	q = r.queue()
	if err := os.RemoveAll(filepath.Join(r.root, "etc/cwmpd")); err != nil {
		t.Fatal(err)
	}
	r.write("etc/cwmpd", "a file")
	if err := q.Add(firmware("http://files.example/")); err == nil || len(q.Entries()) != 0 {
		t.Errorf("got %v and %d entries, want an error and none", err, len(q.Entries()))
	}
}

// T-257, R-75: credentials wait for the question.
func TestCredentialsAreShownWhenAskedFor(t *testing.T) {
	var seen []string
	url := handle(t, func(w http.ResponseWriter, req *http.Request) {
		user, pass, _ := req.BasicAuth()
		seen = append(seen, user+":"+pass)
		if user == "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="files"`)
			w.WriteHeader(401)
		}
	})
	r := newRouter(t)
	r.cfg.Web = func() web.Config { return web.Config{Root: r.root, AllowLocal: true, AllowBasicPlain: true} }
	got := r.start().transfer(Request{FileType: TypeConfig, URL: url, Username: "u", Password: "p"})
	if got.Reason != OK || strings.Join(seen, " ") != ": u:p" {
		t.Errorf("got %v %s, server saw %q", got.Reason, got.Msg, seen)
	}
}

// T-259, T-260: the queue tells what it does, and what waits or is being fetched can be cancelled.
func TestEntriesAndCancel(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	url := handle(t, func(_ http.ResponseWriter, req *http.Request) {
		asked <- struct{}{}
		select {
		case <-answer:
		case <-req.Context().Done():
		}
	})
	r := newRouter(t)
	l := r.start()
	l.add(Request{CommandKey: "one", FileType: TypeConfig, URL: url, Username: "u", Password: "p"})
	l.SessionOver()
	<-asked
	l.add(Request{CommandKey: "two", FileType: TypeConfig, URL: url, Delay: time.Hour})
	list := l.Entries()
	if len(list) != 2 || list[0].State != Fetching || list[1].State != Waiting || list[0].Username+list[0].Password != "" {
		t.Fatalf("got %+v", list)
	}
	if err := l.Forget(list[0].ID); err == nil {
		t.Error("what runs was forgotten")
	}
	for _, key := range []string{"two", "one", "none"} {
		if err := l.Cancel(key); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	// The next one comes through: the cancelled fetch has ended.
	l.add(Request{CommandKey: "three", FileType: TypeConfig, URL: url})
	l.SessionOver()
	<-asked
	close(answer)
	if got := l.result(); got.CommandKey != "three" || len(l.Done()) != 1 || len(l.done) != 0 {
		t.Errorf("got %+v of %d results", got, len(l.Done()))
	}
	if err := l.Cancel("three"); !errors.Is(err, ErrTooLate) || len(l.Done()) != 1 {
		t.Errorf("a result was cancelled: %v", err)
	}
}

// T-265: an interrupted fetch starts again, and not for ever.
func TestAFetchThatIsCutStartsAgainAfterTheReboot(t *testing.T) {
	asked := make(chan struct{}, 10)
	url := handle(t, func(_ http.ResponseWriter, req *http.Request) {
		asked <- struct{}{}
		<-req.Context().Done()
	})
	r := newRouter(t)
	l := r.start()
	l.add(configuration(url))
	l.SessionOver()
	for range maxTries {
		<-asked
		l.reboot()
		l = r.start()
	}
	if got := l.result(); got.Reason != Incomplete || got.CommandKey != "key" {
		t.Errorf("got %+v, want incomplete", got)
	}
	if left := r.spooled(); left != "" {
		t.Errorf("left in the spool: %s", left)
	}

	r = newRouter(t)
	l = r.start()
	l.add(configuration(url))
	l.SessionOver()
	<-asked
	l.reboot()
	file := filepath.Join(r.root, "etc/cwmpd/transfers.json")
	if !strings.Contains(r.read("etc/cwmpd/transfers.json"), url) {
		t.Fatalf("%s does not hold the transfer", file)
	}
	r.cfg.Web = func() web.Config { return web.Config{Root: r.root} } // now it fails at once
	if got := r.start().result(); got.Reason != Failed {
		t.Errorf("got %+v, want the result of the second try", got)
	}
}

// The network is up later than the agent: after a reboot no contact is no reason to give up at once.
func TestAfterARebootContactIsTriedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t)
		q := r.queue()
		if err := q.Add(configuration("http://127.0.0.1:1/x")); err != nil {
			t.Fatal(err)
		}
		if err := q.update(q.Entries()[0].ID, func(e *entry) { e.State, e.Tries = Fetching, 1 }); err != nil {
			t.Fatal(err)
		}
		l := r.start()
		begin := time.Now()
		<-l.done
		if got := l.Done()[0]; got.Reason != Contact {
			t.Errorf("got %+v, want no contact", got)
		}
		if got := time.Since(begin); got < startGrace || got > startGrace+2*startPause {
			t.Errorf("gave up after %v, want %v", got, startGrace)
		}
		l.end()
	})
}

// T-266: a result is told until it is forgotten.
func TestAResultOutlivesReboots(t *testing.T) {
	r := newRouter(t)
	l := r.start()
	first := l.transfer(configuration(serve(t, "x")))
	for range 3 {
		l.reboot()
		l = r.start()
		if got := l.result(); !reflect.DeepEqual(got, first) {
			t.Errorf("got %+v, want %+v", got, first)
		}
	}
	if err := l.Forget(first.ID); err != nil {
		t.Fatal(err)
	}
	l.reboot()
	if got := r.start().Done(); len(got) != 0 {
		t.Errorf("got %+v, want nothing", got)
	}
}

// T-271, R-74.
func TestFileSizeIsABelief(t *testing.T) {
	r := newRouter(t)
	l := r.start()
	req := configuration(serve(t, "twelve bytes"))
	for _, size := range []uint64{0, 1, 12, 1000} {
		req.FileSize = size
		if got := l.transfer(req); got.Reason != OK {
			t.Errorf("size %d: got %v %s", size, got.Reason, got.Msg)
		}
	}
	r.write("proc/meminfo", fmt.Sprintf("MemTotal: 1 kB\nMemAvailable:   %d kB\n", (reserve>>10)+1))
	req.FileSize = 1025
	if err := l.Add(req); !errors.Is(err, ErrNoSpace) {
		t.Errorf("got %v, want no space", err)
	}
	req.URL, req.FileSize = serve(t, strings.Repeat("x", 1025)), 1024
	if got := l.transfer(req); got.Reason != NoSpace {
		t.Errorf("got %v %s, want no space", got.Reason, got.Msg)
	}
	req.URL = serve(t, strings.Repeat("x", 1024))
	if got := l.transfer(req); got.Reason != OK {
		t.Errorf("got %v %s, want that it just fits", got.Reason, got.Msg)
	}
}

// Z-35: others cannot prepare the place where files go.
func TestTheSpoolIsOursAlone(t *testing.T) {
	for name, prepare := range map[string]func(*router, string) error{
		"link":       func(r *router, dir string) error { return os.Symlink(filepath.Join(r.root, "etc"), dir) },
		"file":       func(_ *router, dir string) error { return os.WriteFile(dir, nil, 0o644) },
		"open mode":  func(_ *router, dir string) error { return errors.Join(os.Mkdir(dir, 0o777), os.Chmod(dir, 0o777)) },
		"files left": func(_ *router, dir string) error { return os.MkdirAll(filepath.Join(dir, "old"), 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRouter(t)
			r.cfg.Apply = func(_ context.Context, _ Request, file string) (bool, error) {
				dir := filepath.Dir(file)
				fi, err := os.Lstat(dir)
				if err != nil || !fi.IsDir() || fi.Mode().Perm() != 0o700 || r.spooled() != filepath.Base(file) {
					t.Errorf("got %v, %v, files %s", fi.Mode(), err, r.spooled())
				}
				return false, nil
			}
			l := r.start()
			if err := prepare(r, filepath.Join(r.root, spoolName)); err != nil {
				t.Fatal(err)
			}
			if name == "files left" {
				l.end()
				l = r.start()
			}
			if got := l.transfer(configuration(serve(t, "x"))); got.Reason != OK {
				t.Errorf("got %v %s", got.Reason, got.Msg)
			}
			if _, err := os.Stat(filepath.Join(r.root, "etc/openwrt_release")); err != nil {
				t.Error("what the link led to is gone")
			}
		})
	}
}

// INV-9: passwords, and what stands in a query, are in no log and no message, and leave the flash with the transfer.
func TestSecretsStayInside(t *testing.T) {
	r := newRouter(t)
	r.cfg.Apply = func(_ context.Context, req Request, _ string) (bool, error) {
		return false, fmt.Errorf("%w: %s for %s", ErrCorrupt, req.URL, "t0ps3cret")
	}
	l := r.start()
	for _, url := range []string{serve(t, "x"), handle(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }), "http://127.0.0.1:1/"} {
		got := l.transfer(Request{FileType: TypeConfig, URL: url + "?token=s1gned", Username: "u", Password: "t0ps3cret"})
		if text := fmt.Sprintf("%+v", got); strings.Contains(text, "s1gned") || strings.Contains(text, "t0ps3cret") {
			t.Errorf("result tells: %s", text)
		}
	}
	for name, text := range map[string]string{"log": r.log.String(), "flash": r.read("etc/cwmpd/transfers.json")} {
		if text == "" || strings.Contains(text, "s1gned") || strings.Contains(text, "t0ps3cret") {
			t.Errorf("%s tells: %s", name, text)
		}
	}
}

func TestUploadsAreMadeAndSent(t *testing.T) {
	var got string
	url := handle(t, func(_ http.ResponseWriter, req *http.Request) {
		data, _ := io.ReadAll(req.Body)
		got = req.Method + " " + string(data)
	})
	r := newRouter(t)
	r.cfg.Produce = func(_ context.Context, req Request, w io.Writer) error {
		if req.FileType == "broken" {
			return io.ErrClosedPipe
		}
		_, err := io.WriteString(w, "the "+req.FileType)
		return err
	}
	l := r.start()
	if res := l.transfer(Request{Kind: Upload, FileType: "log", URL: url}); res.Reason != OK || got != "PUT the log" {
		t.Errorf("got %+v, server %q", res, got)
	}
	if res := l.transfer(Request{Kind: Upload, FileType: "broken", URL: url}); res.Reason != Internal {
		t.Errorf("got %+v, want our fault", res)
	}
	refusing := handle(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) })
	if res := l.transfer(Request{Kind: Upload, FileType: "log", URL: refusing}); res.Reason != Auth {
		t.Errorf("got %+v, want refused", res)
	}
	if left := r.spooled(); left != "" {
		t.Errorf("left in the spool: %s", left)
	}
}
