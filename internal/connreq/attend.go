package connreq

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

// The limits of a connection (C-17). net/http's Server is not used: of all it can, an answer without a body needs nothing,
// and it would be a hundredth of the program.
const (
	maxRequests = 5                // that a connection may carry
	maxHead     = 8 << 10          // octets of a request line with its fields
	patience    = 5 * time.Second  // for a request's head and for our answer
	idle        = 10 * time.Second // between two requests
	lingering   = 500 * time.Millisecond
)

// welcome attends to everybody whom the gate lets in, until it is closed; then it returns nil.
func (s *server) welcome(attend func(*guest)) error {
	for {
		c, err := s.gate.Accept()
		switch {
		case err == nil:
			s.done.Go(func() { attend(c) })
		case errors.Is(err, net.ErrClosed):
			return nil
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ECONNABORTED):
			time.Sleep(100 * time.Millisecond) // it passes
		default:
			return err
		}
	}
}

// attend reads the requests of a connection and answers them.
func (h *HTTP) attend(g *guest) {
	defer g.Close()
	limit := &io.LimitedReader{R: g}
	in := bufio.NewReaderSize(limit, 1<<10)
	wait := patience
	for n := 1; n <= maxRequests; n++ {
		_ = g.SetDeadline(time.Now().Add(wait))
		wait, limit.N = idle, maxHead
		if _, err := in.Peek(1); err != nil {
			return
		}
		_ = g.SetDeadline(time.Now().Add(patience))
		r, err := http.ReadRequest(in)
		g.busy.Store(true) // nobody takes its place while it is answered
		status, header := unreadable(r, err, limit), http.Header{}
		last := status != 0 || n == maxRequests || r.Close || r.ContentLength != 0 // a body is not wanted, nor waited for (C-13)
		if status == 0 {
			r.RemoteAddr = g.RemoteAddr().String()
			status = h.judge(header, r)
		}
		if status < 0 || !answer(g, err == nil && r.Proto == "HTTP/1.0", header, status, last) {
			return
		}
		if status == http.StatusOK { // the answer comes before the session (C-12)
			h.cfg.Log.Info("connection request", "from", r.RemoteAddr)
			h.cfg.OnRequest()
		}
		g.busy.Store(false)
		if last {
			break
		}
	}
	// What was sent and not read would tear the answer down with the connection.
	if tcp, ok := g.Conn.(*net.TCPConn); ok && tcp.CloseWrite() == nil {
		_ = g.SetReadDeadline(time.Now().Add(lingering))
		_, _ = io.Copy(io.Discard, io.LimitReader(g, 64<<10))
	}
}

// unreadable is the status for what is no request, 0 for a good one, -1 where nobody is left to be answered.
func unreadable(r *http.Request, err error, limit *io.LimitedReader) int {
	var lost *net.OpError
	switch {
	case err != nil && limit.N <= 0:
		return http.StatusRequestHeaderFieldsTooLarge
	case errors.As(err, &lost), errors.Is(err, io.ErrUnexpectedEOF):
		return -1
	case err != nil, r.ProtoMajor != 1, r.ProtoMinor > 0 && r.Host == "":
		return http.StatusBadRequest
	}
	return 0
}

// answer writes an answer without a body, and reports whether it went out. old: to HTTP/1.0.
func answer(g *guest, old bool, header http.Header, status int, last bool) bool {
	header.Set("Content-Length", "0")
	if last {
		header.Set("Connection", "close")
	}
	var out bytes.Buffer
	version := "HTTP/1.1"
	if old {
		version = "HTTP/1.0"
	}
	fmt.Fprintf(&out, "%s %d %s\r\n", version, status, http.StatusText(status))
	_ = header.Write(&out)
	out.WriteString("\r\n")
	_, err := g.Write(out.Bytes())
	return err == nil
}
