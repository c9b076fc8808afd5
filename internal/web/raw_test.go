package web

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// peer is one accepted connection of a server that speaks bytes.
type peer struct {
	net.Conn
	br *bufio.Reader
}

// read returns the next request: its head as it came, and its body by Content-Length. ok is false at the end.
func (p *peer) read() (head, body string, ok bool) {
	var b strings.Builder
	for {
		line, err := p.br.ReadString('\n')
		if err != nil {
			return b.String(), "", false
		}
		if line == "\r\n" {
			break
		}
		b.WriteString(line)
	}
	head = b.String()
	n, _ := strconv.Atoi(field(head, "Content-Length"))
	buf := make([]byte, n)
	if _, err := io.ReadFull(p.br, buf); err != nil {
		return head, "", false
	}
	return head, string(buf), true
}

// say sends text; lines end with \n here.
func (p *peer) say(format string, args ...any) {
	io.WriteString(p, strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\r\n"))
}

// field returns a header field of a head, by its name as spelled.
func field(head, name string) string {
	for line := range strings.Lines(head) {
		if k, v, ok := strings.Cut(line, ":"); ok && k == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

const ok200 = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"

// rawServer serves each connection with serve; n counts them from 1. It returns host:port.
func rawServer(t *testing.T, serve func(n int, p *peer)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveRaw(t, ln, serve)
	return ln.Addr().String()
}

func serveRaw(t *testing.T, ln net.Listener, serve func(n int, p *peer)) {
	var all sync.WaitGroup
	all.Go(func() {
		for n := 1; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(20 * time.Second))
				serve(n, &peer{c, bufio.NewReader(c)})
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		all.Wait()
	})
}

// newTestSession returns a Session that is closed before the servers of the test are.
func newTestSession(t *testing.T, cfg Config, url, user, pass string) *Session {
	t.Helper()
	s, err := NewSession(cfg, url, user, pass)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// post is a Post that must be answered with this status.
func post(t *testing.T, s *Session, body string, status int) *Response {
	t.Helper()
	resp, err := s.Post(t.Context(), nil, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status != status {
		t.Fatalf("got status %d, want %d", resp.Status, status)
	}
	return resp
}

// sent is a list that servers append to.
type sent struct {
	mu   sync.Mutex
	list []string
}

func (s *sent) add(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, text)
}

func (s *sent) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.list...)
}

// piped lends a client a connection whose other end is served by serve. It is for tests in a bubble of time, where no real
// socket may be; the connection is closed when do returns.
func piped(c *client, serve func(p *peer), do func()) {
	ours, theirs := net.Pipe()
	c.conn = newConn(ours, ours, origin(c.at))
	done := make(chan bool)
	go func() {
		serve(&peer{theirs, bufio.NewReader(theirs)})
		io.Copy(io.Discard, theirs)
		close(done)
	}()
	do()
	c.drop()
	<-done
}
