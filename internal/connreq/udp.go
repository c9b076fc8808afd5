package connreq

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
)

// UDPConfig says how a UDP listener for connection requests behaves (TR-069 Annex G). Settings, Credentials and OnRequest
// are required.
type UDPConfig struct {
	Store       *state.Store               // keeps what was accepted last; nil: that is forgotten
	Settings    func() UDPSettings         // asked at start, at Reload and at each request; must not block
	Credentials func() (user, pass string) // asked at each request, must not block
	Allowed     func(netip.Addr) bool      // asked at each request, must not block; nil means everybody
	Clock       func() (time.Time, bool)   // the time of day, and whether it is right; nil means it is not
	OnRequest   func()                     // called after each accepted request by the reading goroutine; must not block
	OnChange    func()                     // called when what Address and NATDetected return may have changed; nil: nobody asks
	Log         *slog.Logger               // nil discards
}

// UDPSettings are the owner's and the ACS's.
type UDPSettings struct {
	Enable bool
	Port   int           // the port asked for; 0 means any free one
	Window time.Duration // how far a request's time may be from ours, if ours is right; 0 means any
	STUN   STUNSettings
}

// UDP listens for connection requests by UDP. On the same socket it keeps a mapping through NATs alive, if STUN is enabled.
type UDP struct {
	cfg      UDPConfig
	rates    *rates
	replay   replay
	reload   chan struct{}
	ready    chan struct{}
	once     sync.Once // closes ready
	port     atomic.Int32
	binding  atomic.Pointer[binding]
	warned   atomic.Int64 // when a refusal was last logged, in Unix seconds
	resolver func(ctx context.Context, host string) ([]netip.Addr, error)
	route    func(to netip.AddrPort) netip.Addr
}

// NewUDP returns a listener that does nothing until Run.
func NewUDP(cfg UDPConfig) *UDP {
	if cfg.OnChange == nil {
		cfg.OnChange = func() {}
	}
	if cfg.Allowed == nil {
		cfg.Allowed = everybody
	}
	if cfg.Clock == nil {
		cfg.Clock = func() (time.Time, bool) { return time.Time{}, false }
	}
	if cfg.Log == nil {
		cfg.Log = slog.Discard()
	}
	return &UDP{
		cfg: cfg, rates: newRates(), replay: replay{store: cfg.Store, log: cfg.Log},
		reload: make(chan struct{}, 1), ready: make(chan struct{}), resolver: lookUp4, route: routeFrom,
	}
}

// Ready is closed when Address is as good as it gets at once: the port is open, and the STUN server has answered or does not.
func (u *UDP) Ready() <-chan struct{} { return u.ready }

func (u *UDP) isReady() { u.once.Do(func() { close(u.ready) }) }

// Port is where we listen, 0 while the port is closed.
func (u *UDP) Port() int { return int(u.port.Load()) }

// Address is UDPConnectionRequestAddress: the mapping that STUN has found, else our own address host with our port; ""
// while we do not listen (C-34).
func (u *UDP) Address(host string) string {
	port := u.Port()
	switch b := u.binding.Load(); {
	case port == 0:
		return ""
	case b != nil:
		return authority(b.mapped.Addr().String(), int(b.mapped.Port()))
	case host == "":
		return ""
	}
	return authority(host, port)
}

func authority(host string, port int) string {
	if port != 80 {
		return net.JoinHostPort(host, strconv.Itoa(port))
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is6() {
		return "[" + host + "]"
	}
	return host
}

// NATDetected reports whether the STUN server sees another address than ours (C-34).
func (u *UDP) NATDetected() bool {
	b := u.binding.Load()
	return b != nil && b.mapped != b.local
}

// Server is the address of the STUN server that answered last; it is not valid while none is known.
func (u *UDP) Server() netip.Addr {
	if b := u.binding.Load(); b != nil {
		return b.server.Addr()
	}
	return netip.Addr{}
}

// Reload makes Run ask for its settings again and, if STUN is enabled, look for our mapping at once: our address may have
// changed.
func (u *UDP) Reload() {
	select {
	case u.reload <- struct{}{}:
	default:
	}
}

// Run listens until ctx ends. While no port can be had it tries again and again.
func (u *UDP) Run(ctx context.Context) error {
	defer u.publish(nil)
	defer u.port.Store(0)
	for ctx.Err() == nil {
		set := u.cfg.Settings()
		var conn *net.UDPConn
		var again <-chan time.Time
		if set.Enable {
			if conn = u.open(set.Port); conn == nil {
				again = time.After(listenAgain)
			}
		}
		if conn != nil {
			u.listen(ctx, conn, set.Port)
			u.port.Store(0)
			u.publish(nil)
			u.cfg.OnChange()
			continue
		}
		u.isReady()
		select {
		case <-ctx.Done():
		case <-u.reload:
		case <-again:
		}
	}
	return nil
}

// open takes the port that is wanted or one of the next, on all addresses of both families (C-18).
func (u *UDP) open(wanted int) *net.UDPConn {
	for port := wanted; port <= min(wanted+morePorts, 65535); port++ {
		conn, err := net.ListenUDP("udp", &net.UDPAddr{Port: port})
		if err == nil {
			u.cfg.Log.Info("connection requests by UDP: listening", "port", conn.LocalAddr().(*net.UDPAddr).Port)
			return conn
		}
		u.cfg.Log.Warn("connection requests by UDP: port not free", "port", port, "err", err)
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil
		}
	}
	return nil
}

// listen serves an open socket until ctx ends, it fails, or other settings want it closed.
func (u *UDP) listen(ctx context.Context, conn *net.UDPConn, wanted int) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer conn.Close()
	defer cancel()
	l := newLink(conn)
	u.port.Store(int32(l.port))
	u.cfg.OnChange()
	wg.Go(func() {
		defer cancel()
		l.read(u.serve)
	})
	s := &stun{
		log: u.cfg.Log, settings: func() STUNSettings { return u.cfg.Settings().STUN }, publish: u.publish, tried: u.isReady,
		primary: l, second: openLink, lookup: u.resolver, route: u.route, again: make(chan struct{}, 1),
	}
	wg.Go(func() { s.run(ctx) })
	for {
		select {
		case <-ctx.Done():
			return
		case <-u.reload:
			if now := u.cfg.Settings(); !now.Enable || now.Port != wanted {
				return
			}
			s.look()
		}
	}
}

// publish makes a mapping known; nil means that there is none.
func (u *UDP) publish(b *binding) {
	before := u.binding.Swap(b)
	if (b == nil) != (before == nil) || b != nil && *b != *before {
		u.cfg.OnChange()
	}
}

// serve judges a datagram. Nothing is ever answered (C-37).
func (u *UDP) serve(b []byte, from netip.AddrPort) {
	now := time.Now()
	if why := u.judge(b, from, now); why == "" {
		u.cfg.Log.Info("connection request by UDP", "from", from)
		u.cfg.OnRequest()
	} else if last := u.warned.Load(); why != "-" && now.Unix()-last >= 60 {
		u.warned.Store(now.Unix())
		u.cfg.Log.Warn("connection request by UDP ignored", "from", from, "why", why)
	}
}

// judge says why a datagram is ignored, "-" if that is not worth a word. What costs least is looked at first.
func (u *UDP) judge(b []byte, from netip.AddrPort, now time.Time) (why string) {
	if !u.cfg.Allowed(from.Addr().Unmap().WithZone("")) {
		return "not from the ACS"
	}
	r, ok := parseUDPRequest(b)
	user, pass := u.cfg.Credentials()
	switch {
	case !ok:
		return "-"
	case user == "" || pass == "" || !r.names(user):
		return "wrong user name"
	case !u.replay.fresh(&r, user, pass):
		return "-" // ACSs send each request several times
	case !u.timely(r.ts):
		return "its time is not ours"
	case !u.rates.mayGuess(sourceOf(from.String()), now):
		return "too many wrong signatures"
	case !r.signedBy(user, pass):
		u.rates.failed(sourceOf(from.String()), now)
		return "wrong signature"
	case !u.rates.accept(now):
		return "too many requests"
	}
	u.replay.accept(&r, user, pass)
	return ""
}

// timely holds a request's time against ours, where the owner wants that and our clock is right (C-37).
func (u *UDP) timely(ts int64) bool {
	window := u.cfg.Settings().Window
	now, right := u.cfg.Clock()
	if window <= 0 || !right {
		return true
	}
	off := now.Unix() - ts
	return max(off, -off) <= int64(window/time.Second)
}
