package ubus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cwmpd/cwmpd/internal/slog"
)

// Config says how a Client reaches the bus. Path or Dial is required.
type Config struct {
	Path    string                                      // the socket, see SocketPath
	Timeout time.Duration                               // the longest a call may take, also under a context with more; 0 means 5 s
	Log     *slog.Logger                                // nil discards
	Dial    func(ctx context.Context) (net.Conn, error) // nil dials the unix socket Path
}

// SocketPath returns where the ubusd of the router under root listens: today's place, or that of OpenWrt 19.07 and
// before when only that exists.
func SocketPath(root string) string {
	path := filepath.Join(root, "var/run/ubus/ubus.sock")
	if old := filepath.Join(root, "var/run/ubus.sock"); !exists(path) && exists(old) {
		return old
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// The times between attempts of Run to connect.
const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 5 * time.Second
)

// A Client is our end of the bus. It connects when it is first needed, and Run keeps it connected; objects, listeners
// and subscriptions are registered anew on every connection. All methods may be called from any goroutine.
type Client struct {
	cfg   Config
	log   *slog.Logger
	dial  chan struct{} // a slot: holds one token while nobody is connecting
	slots chan struct{} // tokens of running Handles

	mu        sync.Mutex
	conn      *conn // nil while there is none
	closed    bool
	objects   []*served
	listeners []*listener
	subs      []*subscription
	onState   []func(up bool)
	told      *conn           // the connection that the onState functions know of
	telling   bool            // somebody is at it
	delivered <-chan struct{} // closed when the last connection's listeners have returned

	waiting atomic.Int32 // requests without a slot yet
}

// New returns a Client that is not connected yet.
func New(cfg Config) *Client {
	if cfg.Timeout <= 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.Discard()
	}
	if cfg.Dial == nil {
		cfg.Dial = func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", cfg.Path)
		}
	}
	c := &Client{cfg: cfg, log: cfg.Log, dial: make(chan struct{}, 1), slots: make(chan struct{}, maxHandles)}
	c.dial <- struct{}{}
	return c
}

// Run keeps the client connected until ctx ends, and then closes it. It returns nil.
func (c *Client) Run(ctx context.Context) error {
	defer c.Close()
	wait, failed := firstBackoff, false
	for ctx.Err() == nil {
		cn, err := c.connect(ctx)
		if err == nil {
			if failed {
				c.log.Info("connected to ubus")
			}
			wait, failed = firstBackoff, false
			select {
			case <-cn.done:
			case <-ctx.Done():
			}
			continue
		}
		if !failed && ctx.Err() == nil {
			c.log.Warn("no connection to ubus", "err", err)
			failed = true
		}
		select {
		case <-time.After(wait):
			wait = min(2*wait, lastBackoff)
		case <-ctx.Done():
		}
	}
	return nil
}

var errClosed = fmt.Errorf("%w: the client is closed", ErrNotConnected)

// Close drops the connection and waits for its goroutines, listeners in the middle of an event included, but not for
// Handles that do not heed their context. Calls fail from then on. Listeners must not call it.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	cn := c.conn
	c.mu.Unlock()
	if cn != nil {
		cn.fail(errClosed)
		<-cn.gone
	}
	return nil
}

// Connected reports whether there is a connection right now.
func (c *Client) Connected() bool { return c.current() != nil }

// OnState has f called after a connection was made and everything registered on it (true), and after it was lost
// (false). f is told at once when there is a connection. Calls never overlap, and every connection that stands when
// its turn comes is told of, be it as short as a restart of ubusd.
func (c *Client) OnState(f func(up bool)) {
	c.mu.Lock()
	c.onState = append(c.onState, f)
	up := c.told != nil
	c.mu.Unlock()
	if up {
		f(true)
	}
}

// tellState calls the OnState functions until they know of the present connection.
func (c *Client) tellState() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.telling {
		return
	}
	c.telling = true
	for c.told != c.ready() {
		if c.told != nil {
			c.told = nil
		} else {
			c.told = c.ready()
		}
		fns, up := c.onState, c.told != nil
		c.mu.Unlock()
		for _, f := range fns {
			f(up)
		}
		c.mu.Lock()
	}
	c.telling = false
}

// ready returns the connection on which everything is registered, or nil. mu is held.
func (c *Client) ready() *conn {
	if c.conn != nil && c.conn.registered {
		return c.conn
	}
	return nil
}

// current returns the live connection or nil.
func (c *Client) current() *conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.conn == nil || c.conn.broken() {
		return nil
	}
	return c.conn
}

func (c *Client) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// connect returns the live connection and makes one where there is none; only one caller at a time dials.
func (c *Client) connect(ctx context.Context) (*conn, error) {
	if cn := c.current(); cn != nil {
		return cn, nil
	}
	select {
	case <-c.dial:
		defer func() { c.dial <- struct{}{} }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrNotConnected, ctx.Err())
	}
	if cn := c.current(); cn != nil {
		return cn, nil
	}
	if c.isClosed() {
		return nil, errClosed
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	nc, err := c.cfg.Dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotConnected, err)
	}
	cn, err := newConn(ctx, c, nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("%w: %w", ErrNotConnected, err)
	}
	if err := c.adopt(ctx, cn); err != nil {
		return nil, err
	}
	return cn, nil
}

// adopt makes cn the client's connection and registers on it whatever there is to register.
func (c *Client) adopt(ctx context.Context, cn *conn) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		cn.fail(errClosed)
		return errClosed
	}
	c.conn = cn
	c.mu.Unlock()
	err := cn.settle(ctx)
	if cn.broken() {
		return errors.Join(ErrNotConnected, err)
	}
	c.mu.Lock()
	cn.registered = true
	c.mu.Unlock()
	go c.tellState()
	return nil
}

// lost is called by a connection that broke.
func (c *Client) lost(cn *conn) {
	c.mu.Lock()
	if c.conn == cn {
		c.conn = nil
	}
	c.mu.Unlock()
	go c.tellState()
}
