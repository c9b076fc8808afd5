package transfer

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/web"
)

// sysupgrade is that of the router in these tests. An image begins with GOOD (installed: the release changes and the
// boot id too), SAME (the boot id alone changes), STUCK (nothing happens) or REFUSED (not while it is installed).
const sysupgrade = `#!/bin/sh
echo "sysupgrade $*" >>tmp/commands.log
for image; do :; done
read -r word <".$image"
if [ "$1" = -T ]; then
	case $word in
	GOOD*|SAME*|STUCK*|REFUSED*) exit 0 ;;
	UNSIGNED*) echo "Image signature not present"; echo "Use sysupgrade -F to override this check"; exit 1 ;;
	*) echo "Image metadata not present"; echo "Image signature not present"; echo "Image check failed."; exit 1 ;;
	esac
fi
case $word in
GOOD*) echo "DISTRIB_RELEASE='24.10.9'" >etc/openwrt_release ;;
STUCK*) exit 0 ;;
REFUSED*) exit 1 ;;
esac
echo second >proc/sys/kernel/random/boot_id
`

// A router is a root directory with what the queue needs of it.
type router struct {
	t    *testing.T
	root string
	log  lockedBuffer
	cfg  Config // changed before a start
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newRouter(t *testing.T) *router {
	t.Helper()
	r := &router{t: t, root: t.TempDir()}
	for name, data := range map[string]string{
		"proc/sys/kernel/random/boot_id": "first\n", "proc/uptime": "100.00 90.00\n",
		"etc/openwrt_release": "DISTRIB_RELEASE='24.10.2'\n", "etc/config/system": "config system\n\toption hostname 'box'\n",
		"sbin/sysupgrade": sysupgrade, "sbin/reboot": "#!/bin/sh\necho reboot >>tmp/commands.log\n", "tmp/commands.log": "",
	} {
		r.write(name, data)
	}
	r.cfg.Web = func() web.Config { return web.Config{Root: r.root, AllowLocal: true} }
	r.cfg.Apply = func(context.Context, Request, string) (bool, error) { return false, nil }
	return r
}

func (r *router) write(name, data string) {
	r.t.Helper()
	path := filepath.Join(r.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o755); err != nil {
		r.t.Fatal(err)
	}
}

func (r *router) read(name string) string {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.root, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(data)
}

// A life is the agent from one start to one end.
type life struct {
	*Queue
	r    *router
	end  context.CancelFunc
	done chan struct{} // one item per OnDone
	gone chan struct{} // closed when Run returned
}

// wake makes a queue that does not run yet.
func (r *router) queue() *Queue {
	r.t.Helper()
	log := slog.New(&r.log, slog.LevelDebug)
	cfg := r.cfg
	cfg.Log = log
	var err error
	if cfg.Store, err = state.Open(r.root, log); err != nil {
		r.t.Fatal(err)
	}
	if cfg.Box, err = system.Open(r.root, log); err != nil {
		r.t.Fatal(err)
	}
	q, err := New(cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	return q
}

// start makes a queue and runs it until the test or the life ends.
func (r *router) start() *life {
	r.t.Helper()
	l := &life{r: r, done: make(chan struct{}, 100), gone: make(chan struct{})}
	onDone := r.cfg.OnDone
	r.cfg.OnDone = func() {
		if onDone != nil {
			onDone()
		}
		l.done <- struct{}{}
	}
	l.Queue = r.queue()
	r.cfg.OnDone = onDone
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(l.gone)
		if err := l.Run(ctx); err != nil {
			r.t.Errorf("Run: %v", err)
		}
	}()
	l.end = func() {
		cancel()
		<-l.gone
	}
	r.t.Cleanup(l.end)
	return l
}

func (l *life) add(r Request) {
	l.r.t.Helper()
	if err := l.Add(r); err != nil {
		l.r.t.Fatal(err)
	}
}

// result waits for one transfer to end and returns the last result.
func (l *life) result() Result {
	l.r.t.Helper()
	select {
	case <-l.done:
	case <-time.After(20 * time.Second):
		l.r.t.Fatal("no transfer has ended")
	}
	list := l.Done()
	if len(list) == 0 {
		l.r.t.Fatal("no result")
	}
	return list[len(list)-1]
}

// transfer does one transfer from the beginning to its result.
func (l *life) transfer(r Request) Result {
	l.r.t.Helper()
	l.add(r)
	l.SessionOver()
	return l.result()
}

// wait waits until the one entry is in a state.
func (l *life) wait(s State) {
	l.r.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if list := l.Entries(); len(list) > 0 && list[0].State == s {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	l.r.t.Fatalf("never %v: %+v", s, l.Entries())
}

// reboot ends the life as a power cut does, and makes it another boot.
func (l *life) reboot() {
	l.end()
	l.r.write("proc/sys/kernel/random/boot_id", fmt.Sprintf("boot %d\n", time.Now().UnixNano()))
}

// serve answers every request with data.
func serve(t *testing.T, data string) string {
	t.Helper()
	return handle(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, data) })
}

func handle(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL + "/file.bin"
}

func firmware(url string) Request {
	return Request{CommandKey: "key", FileType: TypeFirmware, URL: url}
}

func configuration(url string) Request {
	return Request{CommandKey: "key", FileType: TypeConfig, URL: url}
}

// spooled lists the files of the spool.
func (r *router) spooled() string {
	entries, _ := os.ReadDir(filepath.Join(r.root, spoolName))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}
