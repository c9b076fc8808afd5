package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/agent"
	"github.com/cwmpd/cwmpd/internal/sandbox"
)

// router makes a router with its bus, whose path is short enough for a socket.
func router(t *testing.T) *sandbox.Router {
	t.Helper()
	dir, err := os.MkdirTemp("", "sb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r, err := sandbox.New(dir)
	if err == nil {
		err = r.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// manage runs the agent of a router against an ACS until the test ends.
func manage(t *testing.T, r *sandbox.Router, acs string) {
	t.Helper()
	file := r.Path("etc/config/cwmp")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`option retry_min_wait_interval '\d+'`).ReplaceAll(text, []byte("option retry_min_wait_interval '1'"))
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- agent.Run(ctx, agent.DaemonOptions{Options: agent.Options{Root: r.Dir, Files: datamodel.Files, Version: "test"}, ACS: acs})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the agent ended: %v", err)
		}
	})
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// command runs one command line of sandbox.
func command(ctx context.Context, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = execute(ctx, args, &o, &e)
	return code, o.String(), e.String()
}

func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestScripts plays scripts with a router: what comes true ends with 0, and what does not with 1 and the line.
func TestScripts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		says   string // on the standard error; "" when all comes true
		prints []string
	}{
		"a conversation": {`
say The title
wait 0 BOOTSTRAP, 1 BOOT
GetParameterValues Device.DeviceInfo.ModelName => GL-MT3000
SetParameterValues Device.ManagementServer.ConnectionRequestUsername=me Device.ManagementServer.ConnectionRequestPassword=psst-psst => Status=0
AddObject Device.NAT.PortMapping. => InstanceNumber=
SetParameterValues Device.NAT.PortMapping.{added}.Description="a => b" => Status=1
SetParameterValues Device.DeviceInfo.UpTime=1 => Fault 9003
done
connect
wait 6 CONNECTION REQUEST
done
quiet 0.2
`, "", []string{"The title\n", "ACS   -> AddObject Device.NAT.PortMapping.\n", "   <- CPE Inform  0 BOOTSTRAP, 1 BOOT  (RetryCount 0)\n", "HTTP 20"}},
		"a fault nobody expected":     {"wait 1 BOOT\nGetParameterValues Device.No.Such\n", "line 2: GetParameterValues Device.No.Such: a fault came\n", nil},
		"another answer":              {"wait 1 BOOT\n\nGetParameterValues Device.DeviceInfo.ModelName => Toaster\n", `line 3: GetParameterValues Device.DeviceInfo.ModelName: "Toaster" is not in the answer` + "\n", nil},
		"an event that does not come": {"wait 1 BOOT\ndone\nwait 8 DIAGNOSTICS COMPLETE\n", "line 3: wait 8 DIAGNOSTICS COMPLETE: nothing came for 3s\n", nil},
		"no silence":                  {"wait 1 BOOT\nquiet 2\n", "line 2: quiet 2: (empty POST: nothing more to say) came\n", nil},
		"too early a knock":           {"connect\n", "line 1: connect : no Inform told a ConnectionRequestURL yet\n", nil},
		"other credentials":           {"wait 1 BOOT\ndone\nconnect\n", "line 3: connect : the connection request was answered 401 Unauthorized: give --knock USER:PASSWORD, or set ConnectionRequestUsername and …Password first\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := freeAddress(t)
			r := router(t)
			manage(t, r, "http://"+address+"/acs")
			file := script(t, c.script)
			code, out, errs := command(t.Context(), "acs", "--listen", address, "--script", file, "--wait", "3s")
			want := ""
			if c.says != "" {
				want = "sandbox acs: " + file + ": " + c.says
			}
			if code != min(len(want), 1) || errs != want {
				t.Errorf("exit %d, %q, want %q\n%s", code, errs, want, out)
			}
			for _, part := range c.prints {
				if !strings.Contains(out, part) {
					t.Errorf("does not print %q:\n%s", part, out)
				}
			}
			if strings.Contains(out, "psst") || strings.Contains(out, "\x1b") {
				t.Errorf("prints a password, or colours that nobody sees:\n%s", out)
			}
		})
	}
}

// TestByHand types at an ACS.
func TestByHand(t *testing.T) {
	t.Parallel()
	var out lockedBuffer
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	acs, p := handACS(t, &out)
	typed, in := net.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- p.byHand(ctx, in) }()
	for _, line := range []string{"help", "GetParameterValues Device.DeviceInfo.ModelName", "frobnicate", "connect"} {
		if _, err := typed.Write([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	out.await(t, "FAILED   no Inform told a ConnectionRequestURL yet")
	manage(t, router(t), acs)
	out.await(t, "Device.DeviceInfo.ModelName = GL.iNet GL-MT3000")
	typed.Close() // the end of the input is not the end
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, part := range []string{
		"  SetParameterValues PATH=VALUE... [key=K]\n", "ACS   -> GetParameterValues Device.DeviceInfo.ModelName\n",
		`FAILED   unknown statement "frobnicate": want one of connect, help, or a method of TR-069` + "\n",
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("does not print %q:\n%s", part, out.String())
		}
	}
}

// A lockedBuffer is written by many and waited for by one.
type lockedBuffer struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	news chan struct{} // closed and replaced with every write
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.news != nil {
		close(b.news)
		b.news = nil
	}
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// await waits until a text was written.
func (b *lockedBuffer) await(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		b.mu.Lock()
		if b.news == nil {
			b.news = make(chan struct{})
		}
		there, news := strings.Contains(b.buf.String(), text), b.news
		b.mu.Unlock()
		if there {
			return
		}
		select {
		case <-news:
		case <-ctx.Done():
			t.Fatalf("%s was not printed:\n%s", strconv.Quote(text), b.String())
		}
	}
}
