package ubus

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	maxQueued    = 4 * MaxMessage // bytes waiting to be written
	maxOpenCalls = 4096           // calls without a STATUS, abandoned ones included
)

// A conn is one connection to ubusd. Four goroutines live with it: read, which drains the socket and never waits for
// anything else; write; keep, which registers things (see keep.go); and deliver, which calls listeners in order.
type conn struct {
	client *Client
	nc     net.Conn

	life  context.Context // ends with the connection; Handles get it
	done  chan struct{}   // closed by fail
	gone  chan struct{}   // closed when the four goroutines have ended
	wake  chan struct{}   // something to write
	stale chan struct{}   // something to register
	asked chan chan struct{}
	inbox chan delivery

	registered bool // the first pass of keep is over; guarded by client.mu

	mu      sync.Mutex
	err     error // why done is closed
	out     [][]byte
	queued  int
	seq     uint16
	calls   map[uint16]*call
	ids     map[string]uint32         // LOOKUP's answers
	own     map[string]uint32         // our objects that ubusd took
	targets map[uint32]func(*Message) // our objects, anonymous ones too: who takes their INVOKEs
	kept    keeping
}

// A call waits for the STATUS that carries its sequence number and peer.
type call struct {
	peer      uint32
	data      func(*Message) // called by the reader for each DATA; may be nil
	answer    chan answer    // holds one
	abandoned bool           // nobody waits any more, but the number stays taken until the STATUS is here
}

type answer struct {
	status *Message
	err    error
}

// newConn waits for ubusd's HELLO and starts the goroutines.
func newConn(ctx context.Context, c *Client, nc net.Conn) (*conn, error) {
	r := bufio.NewReader(nc)
	if deadline, ok := ctx.Deadline(); ok {
		if err := nc.SetReadDeadline(deadline); err != nil {
			return nil, err
		}
	}
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	hello, err := ReadMessage(r)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("no greeting from ubusd (it wants our user in /etc/passwd): %w", err)
	}
	if hello.Type != MsgHello {
		return nil, fmt.Errorf("%w: first message is of type %d", ErrMalformed, hello.Type)
	}
	if err := nc.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	cn := &conn{
		client: c, nc: nc,
		done: make(chan struct{}), gone: make(chan struct{}),
		wake: make(chan struct{}, 1), stale: make(chan struct{}, 1), asked: make(chan chan struct{}),
		inbox: make(chan delivery, maxInbox),
		calls: map[uint16]*call{}, ids: map[string]uint32{}, own: map[string]uint32{}, targets: map[uint32]func(*Message){},
	}
	cn.start(r)
	return cn, nil
}

func (cn *conn) start(r *bufio.Reader) {
	var cancel context.CancelFunc
	cn.life, cancel = context.WithCancel(context.Background())
	c := cn.client
	c.mu.Lock()
	before := c.delivered
	delivered := make(chan struct{})
	c.delivered = delivered
	c.mu.Unlock()

	var all sync.WaitGroup
	all.Go(func() { cn.read(r) })
	all.Go(cn.write)
	all.Go(cn.keep)
	all.Go(func() {
		defer close(delivered)
		if before != nil {
			<-before // listeners never run twice at a time, not even across a reconnect
		}
		cn.deliver()
	})
	go func() {
		<-cn.done
		cancel()
		all.Wait()
		close(cn.gone)
	}()
}

// fail ends the connection; the first reason counts.
func (cn *conn) fail(err error) {
	cn.mu.Lock()
	if cn.err != nil {
		cn.mu.Unlock()
		return
	}
	cn.err = err
	calls := cn.calls
	cn.calls = nil
	close(cn.done)
	cn.mu.Unlock()
	cn.nc.Close()
	if errors.Is(err, ErrMalformed) {
		cn.client.log.Error("ubus connection dropped", "err", err)
	} else {
		cn.client.log.Debug("ubus connection ended", "err", err)
	}
	for _, c := range calls {
		c.answer <- answer{err: fmt.Errorf("%w: %w", ErrNotConnected, err)}
	}
	cn.client.lost(cn)
}

func (cn *conn) broken() bool {
	select {
	case <-cn.done:
		return true
	default:
		return false
	}
}

func (cn *conn) read(r *bufio.Reader) {
	for {
		m, err := ReadMessage(r)
		if err != nil {
			cn.fail(err)
			return
		}
		cn.handle(m)
	}
}

// handle sorts one message. It runs in the reader and must not wait.
func (cn *conn) handle(m *Message) {
	switch m.Type {
	case MsgData, MsgStatus:
		cn.answered(m)
	case MsgInvoke:
		cn.invoked(m)
	case MsgUnsubscribe:
		cn.unsubscribed(m)
	}
}

func (cn *conn) answered(m *Message) {
	cn.mu.Lock()
	c := cn.calls[m.Seq]
	if c == nil || c.peer != m.Peer {
		cn.mu.Unlock() // a late answer, or a subscriber's to our notification
		return
	}
	if m.Type == MsgStatus {
		delete(cn.calls, m.Seq)
	}
	abandoned := c.abandoned
	cn.mu.Unlock()
	switch {
	case abandoned:
	case m.Type == MsgStatus:
		c.answer <- answer{status: m}
	case c.data != nil:
		c.data(m)
	}
}

func (cn *conn) invoked(m *Message) {
	id, _ := m.U32(AttrObjID)
	cn.mu.Lock()
	take := cn.targets[id]
	cn.mu.Unlock()
	if take == nil {
		cn.reply(m, StatusNotFound)
		return
	}
	take(m)
}

// reply answers an INVOKE with a STATUS unless its sender wants none.
func (cn *conn) reply(m *Message, code int) {
	if m.Flag(AttrNoReply) {
		return
	}
	id, _ := m.U32(AttrObjID)
	p := NewPacket(MsgStatus, m.Seq, m.Peer).U32(AttrStatus, uint32(code)).U32(AttrObjID, id)
	if err := cn.send(p); err != nil {
		cn.client.log.Warn("ubus answer not sent", "err", err)
	}
}

// send queues a message for the writer. It never waits.
func (cn *conn) send(p *Packet) error {
	b, err := p.Bytes()
	if err != nil {
		return err
	}
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if cn.err != nil {
		return fmt.Errorf("%w: %w", ErrNotConnected, cn.err)
	}
	if cn.queued+len(b) > maxQueued {
		return errors.New("ubusd does not take what we have for it")
	}
	cn.out, cn.queued = append(cn.out, b), cn.queued+len(b)
	signal(cn.wake)
	return nil
}

// signal leaves a token in a channel that holds one.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

func (cn *conn) write() {
	for {
		select {
		case <-cn.wake:
		case <-cn.done:
			return
		}
		cn.mu.Lock()
		out := net.Buffers(cn.out)
		cn.out, cn.queued = nil, 0
		cn.mu.Unlock()
		if err := cn.nc.SetWriteDeadline(time.Now().Add(cn.client.cfg.Timeout)); err != nil {
			cn.fail(err)
			return
		}
		if _, err := out.WriteTo(cn.nc); err != nil {
			cn.fail(err)
			return
		}
	}
}

// roundTrip sends what build makes of a sequence number and waits for the STATUS. The code in it is returned as an
// int and is no error here.
func (cn *conn) roundTrip(ctx context.Context, peer uint32, data func(*Message), build func(seq uint16) *Packet) (code int, status *Message, err error) {
	c := &call{peer: peer, data: data, answer: make(chan answer, 1)}
	seq, err := cn.open(c)
	if err != nil {
		return 0, nil, err
	}
	if err := cn.send(build(seq)); err != nil {
		cn.forget(seq)
		return 0, nil, err
	}
	select {
	case a := <-c.answer:
		if a.err != nil {
			return 0, nil, a.err
		}
		n, ok := a.status.U32(AttrStatus)
		if !ok {
			return 0, nil, fmt.Errorf("%w: STATUS without a number", ErrMalformed)
		}
		return int(n), a.status, nil
	case <-ctx.Done():
		cn.abandon(seq, c)
		return 0, nil, ctx.Err()
	}
}

// open takes a sequence number that no unanswered call has.
func (cn *conn) open(c *call) (uint16, error) {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if cn.err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNotConnected, cn.err)
	}
	if len(cn.calls) >= maxOpenCalls {
		cn.evict()
	}
	if len(cn.calls) >= maxOpenCalls {
		return 0, fmt.Errorf("more than %d ubus calls at a time", maxOpenCalls)
	}
	for cn.seq++; cn.calls[cn.seq] != nil || cn.seq == 0; cn.seq++ {
	}
	cn.calls[cn.seq] = c
	return cn.seq, nil
}

// evict frees the numbers of calls that nobody waits for; by the time they come round again their answers are long
// here or never come. mu is held.
func (cn *conn) evict() {
	for seq, c := range cn.calls {
		if c.abandoned {
			delete(cn.calls, seq)
		}
	}
}

func (cn *conn) forget(seq uint16) {
	cn.mu.Lock()
	delete(cn.calls, seq)
	cn.mu.Unlock()
}

func (cn *conn) abandon(seq uint16, c *call) {
	cn.mu.Lock()
	if cn.calls[seq] == c {
		c.abandoned = true
	}
	cn.mu.Unlock()
}
