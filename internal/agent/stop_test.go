package agent

import (
	"net"
	"runtime"
	"testing"
	"time"
)

// TestEndsWhileTheACSHangs: SIGTERM ends the context in the middle of a session with an ACS that takes what it is told
// and never answers; procd kills after five seconds.
func TestEndsWhileTheACSHangs(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t, nil)
	s.meet("http://" + l.Addr().String() + "/")
	heard := make(chan net.Conn, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(heard)
				return
			}
			c.Read(make([]byte, 1)) // the Inform begins
			heard <- c
		}
	}()
	t.Cleanup(func() {
		l.Close()
		for c := range heard {
			c.Close()
		}
	})
	s.start()
	select {
	case c := <-heard:
		defer c.Close()
	case <-time.After(patience):
		t.Fatal("the agent does not call")
	}
	begin := time.Now()
	s.stop()
	select {
	case err := <-s.ended:
		s.stop = nil
		if err != nil {
			t.Errorf("the agent ended: %v", err)
		}
		t.Log(time.Since(begin))
	case <-time.After(300 * time.Millisecond):
		stacks := make([]byte, 1<<20)
		t.Fatalf("the agent goes on:\n%s", stacks[:runtime.Stack(stacks, true)])
	}
}
