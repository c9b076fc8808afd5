package dbus

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// patience is how long connecting, and an answer, may take.
const patience = 3 * time.Second

// An Error is what the bus or the asked object answers in place of a result.
type Error struct {
	Name string // such as org.freedesktop.DBus.Error.UnknownMethod
	Text string
}

func (e *Error) Error() string { return e.Name + ": " + e.Text }

// A Conn is a connection to a bus. It may be used by many goroutines; their calls wait for each other.
type Conn struct {
	socket net.Conn
	in     *bufio.Reader
	turn   chan struct{} // holds a token while a call goes; guards the fields below
	serial uint32
	broken bool
}

// Dial connects to the bus that listens at the path.
func Dial(ctx context.Context, path string) (*Conn, error) {
	d := net.Dialer{Timeout: patience}
	socket, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	c := &Conn{socket: socket, in: bufio.NewReaderSize(socket, 512), turn: make(chan struct{}, 1)}
	if err := c.hello(ctx); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return c, nil
}

// hello says who we are; the kernel vouches for it.
func (c *Conn) hello(ctx context.Context) error {
	if err := c.socket.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	uid := hex.EncodeToString([]byte(strconv.Itoa(os.Getuid())))
	if _, err := c.socket.Write([]byte("\x00AUTH EXTERNAL " + uid + "\r\n")); err != nil {
		return err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("authenticate: %w", err)
	}
	if !strings.HasPrefix(string(line), "OK ") {
		return fmt.Errorf("authenticate: the bus says %q", line)
	}
	if _, err := c.socket.Write([]byte("BEGIN\r\n")); err != nil {
		return err
	}
	const bus = "org.freedesktop.DBus"
	if _, err := c.Call(ctx, Call{Name: bus, Path: "/org/freedesktop/DBus", Interface: bus, Method: "Hello"}); err != nil {
		return fmt.Errorf("hello: %w", err)
	}
	return nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.socket.Close() }

// Call asks and returns the answer's values. An *Error is an answer too; after any other error, such as
// os.ErrDeadlineExceeded from an object that is silent, the connection is closed: calls return net.ErrClosed.
func (c *Conn) Call(ctx context.Context, call Call) ([]any, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c.serial++
	message, err := call.encode(c.serial)
	if err != nil {
		return nil, err
	}
	a, err := c.ask(ctx, message)
	if err != nil {
		c.broken = true
		_ = c.socket.Close()
		return nil, errors.Join(ctx.Err(), err)
	}
	if a.kind == kindError {
		e := &Error{Name: a.errorName}
		if len(a.body) > 0 {
			e.Text, _ = a.body[0].(string)
		}
		return nil, e
	}
	return a.body, nil
}

// ask sends the message and reads until its answer; signals and late answers to others are passed over.
func (c *Conn) ask(ctx context.Context, message []byte) (answer, error) {
	if err := c.socket.SetDeadline(time.Now().Add(patience)); err != nil {
		return answer{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.socket.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := c.socket.Write(message); err != nil {
		return answer{}, err
	}
	for {
		a, err := readAnswer(c.in)
		if err != nil || (a.kind == kindReturn || a.kind == kindError) && a.replyTo == uint64(c.serial) {
			return a, err
		}
	}
}
