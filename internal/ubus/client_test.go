package ubus

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/slog"
)

// scripted returns a client whose ubusd is the function play. Play runs once per connection; when it returns the
// connection stays open until the test ends.
func scripted(t *testing.T, play func(rw io.ReadWriter)) *Client {
	t.Helper()
	var wg sync.WaitGroup
	c := New(Config{Dial: func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		wg.Go(func() { play(theirs) })
		return ours, nil
	}})
	t.Cleanup(func() { c.Close(); wg.Wait() })
	return c
}

func put(t *testing.T, w io.Writer, p *Packet) {
	t.Helper()
	if _, err := w.Write(mustBytes(t, p)); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

// take reads the next message and checks its type.
func take(t *testing.T, r io.Reader, want MessageType) *Message {
	t.Helper()
	m, err := ReadMessage(r)
	if err != nil || m.Type != want {
		t.Errorf("waiting for a message of type %d: got %v, %v", want, m, err)
		return &Message{}
	}
	return m
}

func hello() *Packet { return NewPacket(MsgHello, 0, 77) }

// answerLookup greets and tells the id of the one object.
func answerLookup(t *testing.T, rw io.ReadWriter, id uint32) {
	m := take(t, rw, MsgLookup)
	put(t, rw, NewPacket(MsgData, m.Seq, 0).Text(AttrObjPath, m.Text(AttrObjPath)).U32(AttrObjID, id))
	put(t, rw, NewPacket(MsgStatus, m.Seq, 0).U32(AttrStatus, StatusOK))
}

func TestCallEndsAtItsDeadlineAndLateAnswersAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := scripted(t, func(rw io.ReadWriter) {
			put(t, rw, hello())
			answerLookup(t, rw, 5000)
			first := take(t, rw, MsgInvoke)
			second := take(t, rw, MsgInvoke) // comes after the first was given up
			for _, m := range []*Message{first, second} {
				put(t, rw, NewPacket(MsgData, m.Seq, 5000).U32(AttrObjID, 5000).Table(AttrData, Table("m", m.Text(AttrMethod))))
				put(t, rw, NewPacket(MsgStatus, m.Seq, 5000).U32(AttrStatus, StatusOK).U32(AttrObjID, 5000))
			}
		})
		start := time.Now()
		_, err := c.Call(t.Context(), "slow", "first", Value{})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		v, err := c.Call(t.Context(), "slow", "second", Value{})
		if err != nil || v.Get("m").Text() != "second" {
			t.Errorf("got %q, %v", v.Get("m").Text(), err)
		}
	})
}

func TestAnUbusdThatDoesNotGreetIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := scripted(t, func(rw io.ReadWriter) { io.Copy(io.Discard, rw) })
		start := time.Now()
		_, err := c.Call(t.Context(), "a", "b", Value{})
		if !errors.Is(err, ErrNotConnected) || time.Since(start) != 5*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

func TestAnUbusdThatDoesNotReadIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := scripted(t, func(rw io.ReadWriter) { put(t, rw, hello()) })
		_, err := c.Call(t.Context(), "a", "b", Value{})
		if !errors.Is(err, ErrNotConnected) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if c.Connected() {
			t.Error("still connected")
		}
	})
}

func TestMalformedFramesEndTheConnectionMalformedDataOnlyTheCall(t *testing.T) {
	frames := map[string]string{
		"another version":               `01 01 0002 00000000 00000004`,
		"a length below 4":              `00 01 0002 00000000 00000003`,
		"a length above 1 MiB":          `00 01 0002 00000000 00100004`,
		"an attribute beyond the frame": `00 01 0002 00000000 0000000c 010000ff 00000000`,
	}
	for name, frame := range frames {
		t.Run(name, func(t *testing.T) {
			c := scripted(t, func(rw io.ReadWriter) {
				put(t, rw, hello())
				answerLookup(t, rw, 5000)
				take(t, rw, MsgInvoke)
				rw.Write(unhex(t, frame))
			})
			_, err := c.Call(t.Context(), "a", "b", Value{})
			if !errors.Is(err, ErrMalformed) || !errors.Is(err, ErrNotConnected) || c.Connected() {
				t.Errorf("got %v, connected %v", err, c.Connected())
			}
		})
	}
	t.Run("data", func(t *testing.T) {
		c := scripted(t, func(rw io.ReadWriter) {
			put(t, rw, hello())
			answerLookup(t, rw, 5000)
			m := take(t, rw, MsgInvoke)
			put(t, rw, NewPacket(MsgData, m.Seq, 5000).U32(AttrObjID, 5000).attr(AttrData, "\x85\x00\x00\x03"))
			put(t, rw, NewPacket(MsgStatus, m.Seq, 5000).U32(AttrStatus, StatusOK).U32(AttrObjID, 5000))
		})
		_, err := c.Call(t.Context(), "a", "b", Value{})
		if !errors.Is(err, ErrMalformed) || !c.Connected() {
			t.Errorf("got %v, connected %v", err, c.Connected())
		}
	})
}

func TestBackoffBetweenAttemptsGrowsToFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var log strings.Builder
		c := New(Config{
			Log: slog.New(&log, nil),
			Dial: func(context.Context) (net.Conn, error) {
				at = append(at, time.Since(start))
				return nil, errors.New("no such socket")
			},
		})
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
		var gaps []time.Duration
		for i := 1; i < len(at); i++ {
			gaps = append(gaps, at[i]-at[i-1])
		}
		if len(gaps) < 8 || gaps[0] != 100*time.Millisecond || gaps[1] != 200*time.Millisecond || gaps[7] != 5*time.Second {
			t.Errorf("got %v", gaps)
		}
		if n := strings.Count(log.String(), "no connection to ubus"); n != 1 {
			t.Errorf("logged %d times", n)
		}
	})
}

func TestSequenceNumbersOfOpenCallsAreNotReused(t *testing.T) {
	cn := &conn{calls: map[uint16]*call{}, seq: 65534}
	taken := &call{}
	cn.calls[1] = taken
	for _, want := range []uint16{65535, 2} {
		seq, err := cn.open(&call{})
		if seq != want || err != nil {
			t.Errorf("got %d, %v, want %d", seq, err, want)
		}
	}
	for len(cn.calls) < maxOpenCalls {
		if _, err := cn.open(&call{abandoned: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := cn.open(&call{}); err != nil {
		t.Errorf("with only abandoned calls in the way: %v", err)
	}
	if cn.calls[1] != taken {
		t.Error("an open call was thrown out")
	}
}

func TestSocketPathFindsTheOldPlace(t *testing.T) {
	root := t.TempDir()
	if got := SocketPath(root); got != root+"/var/run/ubus/ubus.sock" {
		t.Errorf("got %s", got)
	}
}

// A message that arrives byte by byte is one message.
func TestMessagesMayArriveInPieces(t *testing.T) {
	raw := mustBytes(t, NewPacket(MsgData, 3, 9).Table(AttrData, Table("a", "b")))
	r, w := io.Pipe()
	go func() {
		for i := range raw {
			w.Write(raw[i : i+1])
		}
	}()
	m, err := ReadMessage(r)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := m.Table(AttrData); err != nil || v.Get("a").Text() != "b" {
		t.Errorf("got %v, %v", v, err)
	}
	if _, err := ReadMessage(bytes.NewReader(raw[:len(raw)-1])); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a cut message: %v", err)
	}
}
