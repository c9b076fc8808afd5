package connreq

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cwmpd/cwmpd/internal/digest"
	"github.com/cwmpd/cwmpd/internal/slog"
)

const (
	morePorts   = 10               // tried after a port that is taken
	listenAgain = 30 * time.Second // when no port could be had
)

// HTTPConfig says how an HTTP listener for connection requests behaves. Credentials and OnRequest are required.
type HTTPConfig struct {
	Root        string                     // the router's root directory, where our own path is kept; "" means "/"
	Port        int                        // the port asked for; 0 means any free one
	Path        string                     // "" and "/" mean our own random path
	Settings    func() (int, string)       // port and path, asked at start and at Reload; nil means Port and Path for ever
	Credentials func() (user, pass string) // asked at each request, must not block
	Allowed     func(netip.Addr) bool      // whether a source may connect at all, asked at each connection; nil means all may
	OnRequest   func()                     // called after each accepted request is answered, by its goroutine; must not block
	OnChange    func()                     // called by Run when what URL returns may have changed; nil means nobody asks
	Enabled     func() bool                // asked at start and at Reload; nil means always
	SHA256      bool                       // challenge with SHA-256 instead of MD5: few ACSs know it
	Log         *slog.Logger               // nil discards
}

// HTTP listens for connection requests over HTTP.
type HTTP struct {
	cfg    HTTPConfig
	digest *digest.Server
	rates  *rates
	reload chan struct{}
	ready  chan struct{}
	place  atomic.Pointer[place] // nil while the port is closed
	warned atomic.Int64          // when a refusal was last logged, in Unix seconds
	own    func() string         // our random path
	ran    atomic.Bool           // Run has tried to open the port that is wanted
}

// place is where we listen.
type place struct {
	port int
	path string
}

// NewHTTP returns a listener that does nothing until Run.
func NewHTTP(cfg HTTPConfig) *HTTP {
	if cfg.Root == "" {
		cfg.Root = "/"
	}
	if cfg.Settings == nil {
		port, path := cfg.Port, cfg.Path
		cfg.Settings = func() (int, string) { return port, path }
	}
	if cfg.OnChange == nil {
		cfg.OnChange = func() {}
	}
	if cfg.Allowed == nil {
		cfg.Allowed = everybody
	}
	if cfg.Enabled == nil {
		cfg.Enabled = func() bool { return true }
	}
	if cfg.Log == nil {
		cfg.Log = slog.Discard()
	}
	dc := digest.Config{Realm: "cwmpd"}
	if cfg.SHA256 {
		dc.Algorithm = digest.SHA256
	}
	return &HTTP{
		cfg: cfg, digest: digest.NewServer(dc), rates: newRates(),
		reload: make(chan struct{}, 1), ready: make(chan struct{}),
		own: sync.OnceValue(func() string { return ownPath(cfg.Root, cfg.Log) }),
	}
}

// Ready is closed when Run has tried for the first time to open the port.
func (h *HTTP) Ready() <-chan struct{} { return h.ready }

// Port is where we listen, 0 while the port is closed.
func (h *HTTP) Port() int {
	if p := h.place.Load(); p != nil {
		return p.port
	}
	return 0
}

// URL returns the connection request URL for a host name or address, "" while the port is closed (C-16). Before Run has
// opened the port that is wanted it is the one asked for, "" if our path is still to be made: asking writes nothing.
func (h *HTTP) URL(host string) string {
	p := h.place.Load()
	if p == nil && !h.ran.Load() {
		if port, path := h.settings(h.kept); port > 0 && path != "" {
			p = &place{port, path}
		}
	}
	host, _, _ = strings.Cut(strings.Trim(host, "[]"), "%")
	if p == nil || host == "" {
		return ""
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, strconv.Itoa(p.port)), Path: p.path}
	return u.String()
}

// Reload makes Run ask for its settings again. A port that is to be opened has its URL at once: nobody takes what is about to
// be there for a change.
func (h *HTTP) Reload() {
	h.ran.Store(false)
	h.look()
}

// look makes Run see how things are.
func (h *HTTP) look() {
	select {
	case h.reload <- struct{}{}:
	default:
	}
}

// Run listens until ctx ends. While no port can be had it tries again and again.
func (h *HTTP) Run(ctx context.Context) error {
	var srv *server
	defer func() { srv.close() }()
	for first := true; ; first = false {
		var again <-chan time.Time
		before := h.place.Load()
		port, path := h.settings(h.own)
		if srv != nil && (port < 0 || srv.wanted != port || srv.dead.Load()) {
			srv.close()
			srv = nil
			h.place.Store(nil)
		}
		if srv == nil && port >= 0 {
			if srv = h.open(port); srv == nil {
				again = time.After(listenAgain)
			}
		}
		if srv != nil {
			h.place.Store(&place{srv.port, path})
			srv.start(h.attend, h.look)
		}
		h.ran.Store(true)
		if now := h.place.Load(); (now == nil) != (before == nil) || now != nil && *now != *before {
			h.cfg.OnChange()
		}
		if first {
			close(h.ready)
		}
		select {
		case <-ctx.Done():
			h.place.Store(nil)
			h.ran.Store(true)
			return nil
		case <-h.reload:
		case <-again:
		}
	}
}

// kept is our random path if it was made already.
func (h *HTTP) kept() string {
	path, _ := read(ownPathFile(h.cfg.Root))
	return path
}

// settings returns what is wanted now; a negative port means none. own is asked for our random path.
func (h *HTTP) settings(own func() string) (port int, path string) {
	port, path = h.cfg.Settings()
	if !h.cfg.Enabled() {
		return -1, ""
	}
	if port > 65535 || port < 0 {
		h.cfg.Log.Warn("connection requests: no such port", "port", port)
		return -1, ""
	}
	if path == "" || path == "/" {
		return port, own()
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return port, path
}

// server is an open port.
type server struct {
	wanted, port int
	gate         *gate
	running      bool
	dead         atomic.Bool // it has stopped by itself
	done         sync.WaitGroup
}

// open takes the port that is wanted or one of the next (Z-40 is the gate's business). It listens on all addresses of both
// families (C-18); the firewall decides who gets here. nil means that none could be had.
func (h *HTTP) open(wanted int) *server {
	for port := wanted; port <= min(wanted+morePorts, 65535); port++ {
		ln, err := net.Listen("tcp", net.JoinHostPort("", strconv.Itoa(port)))
		if err != nil {
			h.cfg.Log.Warn("connection requests: port not free", "port", port, "err", err)
			if errors.Is(err, syscall.EADDRINUSE) {
				continue
			}
			return nil
		}
		s := &server{wanted: wanted, port: ln.Addr().(*net.TCPAddr).Port, gate: newGate(ln, h.cfg.Allowed)}
		h.cfg.Log.Info("connection requests: listening", "port", s.port)
		return s
	}
	return nil
}

// start serves, if it does not yet; stopped is called at the end.
func (s *server) start(attend func(*guest), stopped func()) {
	if s.running {
		return
	}
	s.running = true
	s.done.Go(func() {
		_ = s.welcome(attend)
		s.dead.Store(true)
		stopped()
	})
}

func (s *server) close() {
	if s != nil {
		s.gate.Close()
		s.done.Wait()
	}
}
