package web

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxHead      = 64 << 10 // of all heads of one answer (Z-01)
	maxInterim   = 20       // 1xx answers before the final one (Z-11)
	writeChunk   = 16 << 10
	graceToRead  = 2 * time.Second // for the answer of a server that did not want to hear us out
	graceToWrite = 5 * time.Second // for a piece of a request whose answer has come already
)

// errIdleClosed says that the server had closed the connection before it read anything of this request.
var errIdleClosed = errors.New("connection closed by the server between two messages")

// errEarly stops a body whose answer has come already.
var errEarly = errors.New("answered before the end of the request")

// conn is one connection. It belongs to one goroutine; a second one, started by expect and waited for by roundTrip or
// close, reads the next head, also while nothing was asked: that is how a closed connection is noticed.
type conn struct {
	net.Conn // TLS or TCP
	tcp      net.Conn
	origin   string
	br       *bufio.Reader
	heads    chan head // from the reading goroutine; holds one
	reading  bool      // the reading goroutine runs or has left its head
	used     bool      // an answer was read to its end
	proxied  bool      // a proxy is on the other end, and wants whole URLs
}

// head is the head of a final answer.
type head struct {
	resp  *http.Response
	twice bool // it says both Content-Length and chunked (Z-04)
	err   error
}

func newConn(c, tcp net.Conn, origin string) *conn {
	cn := &conn{Conn: c, tcp: tcp, origin: origin, br: bufio.NewReaderSize(c, maxHead), heads: make(chan head, 1)}
	cn.expect()
	return cn
}

func (c *conn) secure() bool {
	_, ok := c.Conn.(*tls.Conn)
	return ok
}

// expect starts reading the next head, however long it takes.
func (c *conn) expect() {
	c.SetReadDeadline(time.Time{})
	c.reading = true
	go func() {
		h := c.readHead()
		c.SetWriteDeadline(time.Now().Add(graceToWrite)) // a server that has spoken may not be listening any more
		c.heads <- h
	}()
}

// close closes the connection and waits for its reader.
func (c *conn) close() {
	c.Conn.Close()
	if c.reading {
		<-c.heads
		c.reading = false
	}
}

// roundTrip sends a request and returns the head of the answer; its Body is to be read and then given to done. On an
// error the connection is of no use any more. With mayStop the rest of a request is not sent once its answer has come; that
// costs the connection, to which the nonce of a challenge may be bound.
func (c *conn) roundTrip(ctx context.Context, req *http.Request, wait time.Duration, mayStop bool) (*http.Response, error) {
	if len(c.heads) > 0 { // a farewell, or an answer to nothing
		return nil, errIdleClosed
	}
	defer c.obey(ctx)()
	werr := c.write(req, wait, mayStop)
	if src, ok := req.Body.(*source); ok && src.err != nil {
		return nil, fmt.Errorf("read what is to be sent: %w", src.err)
	}
	switch {
	case werr != nil && ctx.Err() != nil:
		return nil, failf(ErrContact, context.Cause(ctx), "send to %s", req.URL.Host)
	case werr != nil:
		wait = min(wait, graceToRead)
	}
	c.setReadDeadline(ctx, wait)
	h := <-c.heads
	c.reading = false
	if h.err != nil {
		return nil, c.noAnswer(ctx, req, werr, h.err)
	}
	if werr != nil || h.twice {
		h.resp.Close = true
	}
	return h.resp, nil
}

// noAnswer finds the best explanation for the lack of one.
func (c *conn) noAnswer(ctx context.Context, req *http.Request, werr, rerr error) error {
	switch host := req.URL.Host; {
	case ctx.Err() != nil:
		return failf(ErrContact, context.Cause(ctx), "wait for the answer of %s", host)
	case c.used && errors.Is(rerr, io.EOF) && unread(c.tcp):
		return errIdleClosed
	case errors.Is(rerr, ErrTooLarge) || errors.Is(rerr, ErrProtocol):
		return rerr
	case werr != nil && isTimeout(rerr):
		return failf(ErrContact, werr, "send to %s", host)
	case isTimeout(rerr):
		return failf(ErrContact, errors.New("no answer in time"), "wait for the answer of %s", host)
	default:
		return failf(ErrContact, rerr, "wait for the answer of %s", host)
	}
}

// obey makes ctx end all waiting for the network; the function it returns ends that.
func (c *conn) obey(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
}

func (c *conn) setReadDeadline(ctx context.Context, wait time.Duration) {
	c.SetReadDeadline(time.Now().Add(wait))
	if ctx.Err() != nil {
		c.SetDeadline(time.Unix(1, 0))
	}
}

// write sends the request; each piece of it has the time of wait.
func (c *conn) write(req *http.Request, wait time.Duration, mayStop bool) error {
	if src, ok := req.Body.(*source); ok && mayStop {
		src.stop = func() bool { return len(c.heads) > 0 }
	}
	bw := bufio.NewWriterSize(&patient{c: c, ctx: req.Context(), wait: wait}, writeChunk)
	send := req.Write
	if c.proxied {
		send = req.WriteProxy
	}
	if err := send(bw); err != nil {
		return err
	}
	return bw.Flush()
}

// source is a request's body. It keeps its own errors apart from the network's.
type source struct {
	r    io.Reader
	left int64
	stop func() bool // nil: never; whether the answer has come already
	err  error
}

func (s *source) Close() error { return nil }

func (s *source) Read(p []byte) (int, error) {
	if s.stop != nil && s.stop() {
		return 0, errEarly
	}
	n, err := s.r.Read(p)
	switch s.left -= int64(n); {
	case errors.Is(err, io.EOF) && s.left > 0:
		s.err = io.ErrUnexpectedEOF
		return n, s.err
	case err != nil && !errors.Is(err, io.EOF):
		s.err = err
	}
	return n, err
}

// patient gives each write its own deadline.
type patient struct {
	c    *conn
	ctx  context.Context
	wait time.Duration
}

func (p *patient) Write(b []byte) (int, error) {
	wait := p.wait
	if len(p.c.heads) > 0 {
		wait = min(wait, graceToWrite)
	}
	p.c.SetWriteDeadline(time.Now().Add(wait))
	if p.ctx.Err() != nil {
		return 0, p.ctx.Err()
	}
	return p.c.Write(b)
}

// done is told when an answer is dealt with, and whether its body was read to the end. It keeps the connection for the
// next request or closes it, and reports whether it was kept. Bytes after the answer are a reason to close.
func (c *conn) done(resp *http.Response, whole bool) bool {
	if resp.Close || !whole || c.br.Buffered() > 0 {
		c.close()
		return false
	}
	c.used = true
	c.expect()
	return true
}

// readHead reads the head of the final answer.
func (c *conn) readHead() head {
	for used, interim := 0, 0; ; interim++ {
		raw, err := peekHead(c.br, maxHead-used)
		if err != nil {
			return head{err: err}
		}
		used += len(raw)
		twice := names(raw, "content-length") && names(raw, "transfer-encoding")
		resp, err := http.ReadResponse(c.br, &http.Request{Method: http.MethodPost})
		switch {
		case err != nil:
			return head{err: failf(ErrProtocol, err, "read answer")}
		case resp.ProtoMajor != 1:
			return head{err: failf(ErrProtocol, nil, "answer in %q", resp.Proto)}
		case resp.StatusCode >= 200:
			return head{resp: resp, twice: twice}
		case resp.StatusCode == http.StatusSwitchingProtocols || interim == maxInterim:
			return head{err: failf(ErrProtocol, nil, "status %d out of place", resp.StatusCode)}
		}
	}
}

// peekHead returns the next head without consuming it: all up to and with the empty line.
func peekHead(br *bufio.Reader, limit int) ([]byte, error) {
	for seen := 0; ; {
		if _, err := br.Peek(seen + 1); err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				return nil, failf(ErrTooLarge, nil, "answer with more than %d bytes of header", maxHead)
			}
			if errors.Is(err, io.EOF) && seen > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		buf, _ := br.Peek(br.Buffered())
		from := max(0, seen-3)
		if end := endOfHead(buf[from:]); end >= 0 && from+end <= limit {
			return buf[:from+end], nil
		}
		if seen = len(buf); seen >= limit {
			return nil, failf(ErrTooLarge, nil, "answer with more than %d bytes of header", maxHead)
		}
	}
}

// endOfHead returns where the head ends, -1 if it does not.
func endOfHead(b []byte) int {
	end := -1
	for _, mark := range []string{"\n\r\n", "\n\n"} {
		if i := bytes.Index(b, []byte(mark)); i >= 0 && (end < 0 || i+len(mark) < end) {
			end = i + len(mark)
		}
	}
	return end
}

// names reports whether a head has a field.
func names(raw []byte, field string) bool {
	for line := range bytes.Lines(raw) {
		name, _, ok := bytes.Cut(line, []byte(":"))
		if ok && bytes.EqualFold(bytes.TrimSpace(name), []byte(field)) {
			return true
		}
	}
	return false
}

// unread reports whether the server had closed its end before our last bytes reached it: such bytes are answered by a reset,
// which follows the regular end that we have read already. If it took them, it may have acted on them. A round trip is
// all it takes to know.
func unread(c net.Conn) bool {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return false
	}
	for range 20 {
		var info *unix.TCPInfo
		if raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }) != nil || err != nil {
			return false
		}
		if info.State == unix.BPF_TCP_CLOSE {
			return true
		}
		if info.Unacked == 0 {
			return false
		}
		time.Sleep(100 * time.Millisecond)
	}
	return false
}
