package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/sandbox"
)

var update = flag.Bool("update", false, "write the golden files")

// patience is how long anything may take that has to come.
const patience = 30 * time.Second

// beMain makes the test binary be the program, for tests that want a process to send signals to.
const beMain = "CWMPD_TEST_IS_THE_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// A bed is a router and the command line to it.
type bed struct {
	t      *testing.T
	router *sandbox.Router
	acs    *cwmptest.ACS // nil where no daemon runs
}

// answer is what one command came to.
type answer struct {
	code     int
	out, err string
}

// offline is a router without a bus.
func offline(t *testing.T) *bed {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "cl")
	if err != nil {
		dir, err = os.MkdirTemp("", "cl") // short: the path of a socket lies below
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	router, err := sandbox.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &bed{t: t, router: router}
}

// online is one whose daemon, the verb run, has had its first session.
func online(t *testing.T) *bed {
	t.Helper()
	b := offline(t)
	b.startBus()
	b.acs = cwmptest.New()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan answer, 1)
	go func() { ended <- run(ctx, "run", "--root", b.router.Dir, "--acs", b.acs.URL) }()
	t.Cleanup(func() {
		stop()
		if a := <-ended; a.code != exitOK || a.err != "" {
			t.Errorf("run ended with %d %q", a.code, a.err)
		}
		b.acs.Close()
		for _, v := range b.acs.Violations() {
			t.Errorf("invariant broken: %s", v)
		}
	})
	b.session(1)
	for deadline := time.Now().Add(patience); !strings.Contains(b.ok("status"), "idle"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the session does not end")
		}
	}
	return b
}

func (b *bed) startBus() {
	b.t.Helper()
	if err := b.router.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { b.router.Close() })
}

// session waits for the n-th Inform and the end of its session.
func (b *bed) session(n int) cwmptest.Message {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	m, err := b.acs.Wait(ctx, "Inform", n)
	if err == nil {
		err = b.acs.Settled(ctx)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func run(ctx context.Context, args ...string) answer {
	var out, err bytes.Buffer
	code := execute(ctx, args, &out, &err)
	return answer{code, out.String(), err.String()}
}

// do runs one command on the bed's router.
func (b *bed) do(args ...string) answer {
	b.t.Helper()
	return run(b.t.Context(), append([]string{"--root", b.router.Dir}, args...)...)
}

// ok is do for what must go well and in silence; it returns the output without its last line break.
func (b *bed) ok(args ...string) string {
	b.t.Helper()
	a := b.do(args...)
	if a.code != exitOK || a.err != "" {
		b.t.Fatalf("cwmpd %q: exit %d, %q", args, a.code, a.err)
	}
	return strings.TrimSuffix(a.out, "\n")
}

// made is ok for changes: where no bus is, the one thing to be said is that the services were not told.
func (b *bed) made(args ...string) string {
	b.t.Helper()
	a := b.do(args...)
	if told := strings.HasPrefix(a.err, "cwmpd: done, but the services were not told yet: "); a.code != exitOK || a.err != "" && (b.acs != nil || !told) {
		b.t.Fatalf("cwmpd %q: exit %d, %q", args, a.code, a.err)
	}
	return strings.TrimSuffix(a.out, "\n")
}

// fails wants an exit code and these lines on the standard error, and nothing else anywhere.
func (b *bed) fails(code int, lines []string, args ...string) {
	b.t.Helper()
	wantFailure(b.t, b.do(args...), code, lines, args)
}

func wantFailure(t *testing.T, a answer, code int, lines []string, args []string) {
	t.Helper()
	if a.code != code || a.out != "" {
		t.Errorf("cwmpd %q: exit %d, want %d, and %q", args, a.code, code, a.out)
	}
	if want := strings.Join(lines, "\n") + "\n"; a.err != want {
		t.Errorf("cwmpd %q says\n%swant\n%s", args, a.err, want)
	}
}

// asJSON decodes what a command prints with --json.
func asJSON[T any](b *bed, args ...string) T {
	b.t.Helper()
	var v T
	text := b.ok(append([]string{"--json"}, args...)...)
	d := json.NewDecoder(strings.NewReader(text))
	if err := d.Decode(&v); err != nil || d.More() {
		b.t.Fatalf("cwmpd --json %q: %v in %.200s", args, err, text)
	}
	return v
}

// edit replaces text in a file of the router.
func (b *bed) edit(name, pattern, text string) {
	b.t.Helper()
	path := b.router.Path(name)
	old, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, regexp.MustCompile(pattern).ReplaceAll(old, []byte(text)), 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// fingerprint tells the files and directories below etc/ and their contents; where a daemon runs, which has notes of its
// own to write, only those of the configuration.
func (b *bed) fingerprint() string {
	b.t.Helper()
	var list strings.Builder
	dir := "etc"
	if b.acs != nil {
		dir = "etc/config"
	}
	err := filepath.WalkDir(b.router.Path(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprint(&list, path, fi.Mode(), fi.ModTime().UnixNano())
		if d.Type().IsRegular() {
			data, err := os.ReadFile(path)
			fmt.Fprintf(&list, " %x %v", sha256.Sum256(data), err)
		}
		list.WriteByte('\n')
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return list.String()
}

// changedLines are those of after that are not in before.
func changedLines(before, after string) string {
	var list strings.Builder
	for line := range strings.Lines(after) {
		if !strings.Contains(before, line) {
			list.WriteString(line)
		}
	}
	return list.String()
}
