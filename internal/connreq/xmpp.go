package connreq

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/web"
)

// What Device.XMPP.Connection.{i}.Status says.
const (
	XMPPDisabled      = "Disabled"
	XMPPEnabled       = "Enabled" // connected
	XMPPConnecting    = "Connecting"
	XMPPDormant       = "Dormant" // nobody wants it, or there is no way to the network
	XMPPUnknown       = "Unknown" // no daemon runs
	XMPPNoServer      = "ServerNotPresent"
	XMPPMisconfigured = "Error_Misconfigured"
	XMPPAuthFailed    = "Error_AuthenticationFailure"
	XMPPError         = "Error"
)

const (
	loginTime  = time.Minute     // from the open connection to our address
	keepAlive  = 5 * time.Minute // when the ACS leaves it to us; RFC 6120 section 4.6.4 wants no less
	linkTime   = time.Minute     // data that nobody acknowledges for so long ends the connection
	steadyTime = 5 * time.Minute // a connection that lived so long was no failure
	afterMove  = 5 * time.Second // from one attempt to the next when the network has changed in between
	maxPause   = 1 << 20 * time.Second
)

// XMPPConfig says how connection requests come by XMPP. Settings, Credentials, Web and OnRequest are required.
type XMPPConfig struct {
	Settings    func() config.XMPP         // the connection that is wanted, asked at start, at Reload and at each request
	Credentials func() (user, pass string) // asked at each request, must not block
	Web         func() web.Config          // TLS, addresses and the resolver, asked for each attempt
	OnRequest   func()                     // called after each accepted request is answered; must not block
	OnChange    func()                     // called when what State or JabberID return has changed; nil means nobody asks
	Store       *state.Store               // keeps our address over restarts; nil forgets it
	Log         *slog.Logger               // nil discards
}

// XMPP is a connection to an XMPP server, by which an ACS reaches us behind any NAT (TR-069 Annex K).
type XMPP struct {
	cfg    XMPPConfig
	rates  *rates
	warned atomic.Int64
	reload chan struct{}
	moved  chan struct{} // one slot: the network may have changed

	// The outside, for tests.
	lookup    func(ctx context.Context, host string) ([]netip.Addr, error)
	lookupSRV func(ctx context.Context, domain string) ([]*net.SRV, error)
	dial      func(ctx context.Context, at netip.AddrPort) (net.Conn, error)

	mu   sync.Mutex
	live XMPPState
	kept keptJID // as it is on flash
}

// XMPPState is how the connection is.
type XMPPState struct {
	Section string // of the connection in /etc/config/cwmp, "" while none is wanted
	Status  string
	Since   time.Time // when Status became so
	TLS     bool      // it is secured by TLS now

	Received, Sent             uint32 // stanzas since the start
	ReceivedErrors, SentErrors uint32 // those of them that were errors
}

// keptJID is the address that we had last, and what we asked for when we got it.
type keptJID struct {
	For, JID string
}

const keptFile = "xmpp"

// NewXMPP returns a connection that does not exist until Run.
func NewXMPP(cfg XMPPConfig) *XMPP {
	if cfg.OnChange == nil {
		cfg.OnChange = func() {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.Discard()
	}
	x := &XMPP{cfg: cfg, rates: newRates(), reload: make(chan struct{}, 1), moved: make(chan struct{}, 1)}
	x.lookup = func(ctx context.Context, host string) ([]netip.Addr, error) { return web.Lookup(ctx, cfg.Web(), host) }
	x.lookupSRV = func(ctx context.Context, domain string) ([]*net.SRV, error) {
		_, records, err := net.DefaultResolver.LookupSRV(ctx, "xmpp-client", "tcp", domain)
		if len(records) > 0 { // broken ones among them were left out
			err = nil
		}
		return records, err
	}
	x.dial = func(ctx context.Context, at netip.AddrPort) (net.Conn, error) { return web.Dial(ctx, cfg.Web(), at) }
	x.live = XMPPState{Status: XMPPUnknown, Since: time.Now()}
	if cfg.Store != nil {
		cfg.Store.Load(keptFile, &x.kept)
	}
	return x
}

// State returns how the connection is.
func (x *XMPP) State() XMPPState {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.live
}

// JabberID is our full JID: that of the connection, or the last one while it is lost; "" while none is wanted, or it never
// was there as it is wanted now (C-50).
func (x *XMPP) JabberID() string {
	c := x.cfg.Settings()
	x.mu.Lock()
	defer x.mu.Unlock()
	if !c.Enable || x.kept.For != account(&c) {
		return ""
	}
	return x.kept.JID
}

// account names what decides on the JID that we get.
func account(c *config.XMPP) string {
	return c.Section + " " + c.Username + "@" + c.Domain + "/" + c.Resource
}

// Reload makes Run ask for its settings again.
func (x *XMPP) Reload() { poke(x.reload) }

// NetworkChanged says that our addresses may have changed, or that there is a way to the server again.
func (x *XMPP) NetworkChanged() { poke(x.moved) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run keeps the connection that is wanted until ctx ends. While none is, it only waits.
func (x *XMPP) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		c := x.wanted()
		run, stop := context.WithCancel(ctx)
		var kept sync.WaitGroup
		switch {
		case !c.Enable:
			x.is(c.Section, XMPPDisabled)
		case c.Username == "" || c.Domain == "":
			x.is(c.Section, XMPPMisconfigured)
		default:
			kept.Go(func() { x.keep(run, &c) })
		}
		for ctx.Err() == nil && x.wanted() == c {
			select {
			case <-ctx.Done():
			case <-x.reload:
			}
		}
		stop()
		kept.Wait()
	}
	x.is("", XMPPUnknown)
	return nil
}

// wanted is the connection that is wanted. Who may use it is asked at each request.
func (x *XMPP) wanted() config.XMPP {
	c := x.cfg.Settings()
	c.AllowedJIDs = ""
	return c
}

// keep connects again and again (C-54). Each address of the servers is tried ServerConnectAttempts times in a row, with
// pauses between that grow; then it is the next one's turn. Names are looked up anew each time: they may lead elsewhere by
// then. What fails for want of a route does not count, and a change of the network ends a pause.
func (x *XMPP) keep(ctx context.Context, c *config.XMPP) {
	pauses := newPauses(c)
	for {
		x.is(c.Section, XMPPConnecting)
		began := time.Now()
		at, last, err := x.choose(ctx, c, pauses)
		var up time.Duration
		if err == nil {
			up, err = x.connect(ctx, c, at)
		}
		if ctx.Err() != nil {
			return
		}
		var f *fault
		status, network := XMPPError, false
		switch {
		case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH):
			status, network = XMPPDormant, true
		case errors.As(err, &f):
			status, network = f.status, f.status == XMPPNoServer
		case errors.Is(err, io.EOF), errors.Is(err, errClosed), errors.Is(err, errGone), isNetError(err):
			status, network = XMPPNoServer, true
		}
		pause := pauses.next(at, last, status != XMPPDormant, up)
		x.is(c.Section, status)
		x.cfg.Log.Info("no XMPP connection", "server", at, "status", status, "again", pause.Round(time.Second), "err", err)
		if !x.wait(ctx, began, pause, network) {
			return
		}
	}
}

// errGone ends a connection from an address that we no longer have.
var errGone = errors.New("our address has gone")

// isNetError reports whether it is the network that failed, and not what came over it.
func isNetError(err error) bool {
	var ne *net.OpError // which is also what crypto/tls makes of an alert
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Op != "remote error" && ne.Op != "local error"
}

// wait waits until it is time for the next attempt, and reports whether there is one. If the network was to blame, its
// change is a reason not to wait longer.
func (x *XMPP) wait(ctx context.Context, began time.Time, pause time.Duration, network bool) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	until := time.Now().Add(pause)
	moved := x.moved
	if !network {
		moved = nil
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-moved:
			if early := began.Add(afterMove); early.Before(until) {
				until = early
				timer.Reset(time.Until(early))
			}
		}
	}
}

// choose finds the address to try, and whether it is the last one that is left in this round.
func (x *XMPP) choose(ctx context.Context, c *config.XMPP, p *pauses) (at netip.AddrPort, last bool, err error) {
	all, err := x.find(ctx, c)
	if err != nil {
		return at, true, err
	}
	at, last = p.choose(all)
	return at, last, nil
}

// connect makes one connection and lives on it until it ends. up is how long it did.
func (x *XMPP) connect(ctx context.Context, c *config.XMPP, at netip.AddrPort) (up time.Duration, err error) {
	tcp, err := x.dial(ctx, at)
	if err != nil {
		return 0, &fault{XMPPNoServer, err}
	}
	defer tcp.Close()
	tellLinkTime(tcp)
	tcp.SetDeadline(time.Now().Add(loginTime))
	quit := context.AfterFunc(ctx, func() { tcp.Close() })
	s := newStream(tcp)
	jid, err := s.login(ctx, c, x.resource(c), func(ctx context.Context) (*tls.Conn, error) {
		return web.StartTLS(ctx, x.cfg.Web(), tcp, c.Domain)
	})
	if !quit() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return 0, err
	}
	s.early = false
	tcp.SetDeadline(time.Time{})
	began := time.Now()
	x.bound(c, jid, s.tls != nil)
	x.cfg.Log.Info("XMPP connection", "jid", trim(jid), "server", at, "tls", s.tls != nil)
	err = x.serve(ctx, c, s, jid)
	return time.Since(began), err
}

// resource is what we ask for: what the ACS wants, else what we had, so that our address stays the same.
func (x *XMPP) resource(c *config.XMPP) string {
	if c.Resource != "" {
		return c.Resource
	}
	_, last, _ := strings.Cut(x.JabberID(), "/")
	return last
}

// serve answers what comes until the connection or ctx ends. It alone writes; a second goroutine, which it waits for, reads.
func (x *XMPP) serve(ctx context.Context, c *config.XMPP, s *stream, jid string) error {
	stanzas, ended, done := make(chan *element), make(chan error, 1), make(chan struct{})
	speed := bucket{}
	s.pace = func() bool { // a flood waits in the server's buffers, not in ours
		for !speed.take(rateStanzas, time.Now()) {
			select {
			case <-time.After(rateStanzas.every):
			case <-done:
				return false
			}
		}
		return true
	}
	var reader sync.WaitGroup
	reader.Go(func() {
		for s.pace() {
			e, err := s.next()
			if err != nil {
				ended <- err
				return
			}
			select {
			case stanzas <- e:
			case <-done:
				return
			}
		}
	})
	defer func() {
		close(done)
		s.conn.Close()
		reader.Wait()
	}()
	alive := time.NewTimer(maxPause)
	defer alive.Stop()
	every := interval(c)
	for {
		if every > 0 {
			alive.Reset(every)
		}
		select {
		case <-ctx.Done():
			s.conn.SetWriteDeadline(time.Now().Add(time.Second))
			s.conn.Write([]byte("</stream:stream>"))
			return ctx.Err()
		case err := <-ended:
			return err
		case e := <-stanzas:
			if err := x.answer(s, e, jid); err != nil {
				return err
			}
		case <-alive.C:
			if every > 0 {
				if err := s.write(" "); err != nil { // RFC 6120 section 4.6.1
					return err
				}
			}
		case <-x.moved:
			if !stillOurs(s.conn.LocalAddr()) {
				return errGone
			}
			if err := s.write(" "); err != nil { // if it does not arrive, the kernel ends the connection
				return err
			}
		}
	}
}

// interval is the time between two keep-alives, 0 for none.
func interval(c *config.XMPP) time.Duration {
	if c.KeepAlive < 0 {
		return keepAlive
	}
	return min(time.Duration(c.KeepAlive)*time.Second, maxPause)
}

// answer counts a stanza and answers it.
func (x *XMPP) answer(s *stream, e *element, jid string) error {
	answer, obey := x.reply(e, jid)
	x.mu.Lock()
	x.live.Received++
	if e.get("type") == "error" {
		x.live.ReceivedErrors++
	}
	if answer != "" {
		x.live.Sent++
		if !obey {
			x.live.SentErrors++
		}
	}
	x.mu.Unlock()
	if answer == "" {
		return nil
	}
	if err := s.write(answer); err != nil {
		return err
	}
	if obey {
		x.cfg.Log.Info("connection request", "from", trim(e.get("from")), "by", "XMPP")
		x.cfg.OnRequest()
	}
	return nil
}

// is notes how the connection is now.
func (x *XMPP) is(section, status string) {
	x.mu.Lock()
	changed := x.live.Section != section || x.live.Status != status
	if changed {
		x.live.Section, x.live.Status, x.live.TLS, x.live.Since = section, status, false, time.Now()
	}
	x.mu.Unlock()
	if changed {
		x.cfg.OnChange()
	}
}

// bound notes that we are connected, and keeps our address if it is another one than before.
func (x *XMPP) bound(c *config.XMPP, jid string, secure bool) {
	x.mu.Lock()
	now := keptJID{account(c), jid}
	fresh := x.kept != now
	x.kept = now
	x.live.Section, x.live.Status, x.live.TLS, x.live.Since = c.Section, XMPPEnabled, secure, time.Now()
	x.mu.Unlock()
	if fresh && x.cfg.Store != nil {
		if err := x.cfg.Store.Save(keptFile, now); err != nil {
			x.cfg.Log.Warn("keep our Jabber ID", "err", err)
		}
	}
	x.cfg.OnChange()
}

// mayWarn allows one line a minute about refused requests.
func (x *XMPP) mayWarn() bool {
	now, last := time.Now().Unix(), x.warned.Load()
	return now-last >= 60 && x.warned.CompareAndSwap(last, now)
}

// tellLinkTime has the kernel end a connection whose other side acknowledges nothing any more. So a dead link is noticed
// by the next keep-alive.
func tellLinkTime(c net.Conn) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	if raw, err := tcp.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) {
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(linkTime/time.Millisecond))
		})
	}
}

// stillOurs reports whether an address of a connection is one of this machine.
func stillOurs(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return true
	}
	list, err := net.InterfaceAddrs()
	for _, o := range list {
		if n, ok := o.(*net.IPNet); ok && n.IP.Equal(tcp.IP) {
			return true
		}
	}
	return err != nil || tcp.IP.IsLoopback()
}
