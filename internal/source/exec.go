package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// scriptDir holds the scripts that `exec` may run, and only those.
const scriptDir = "/usr/libexec/cwmpd"

const (
	execTime   = 5 * time.Second
	execOutput = 64 << 10
	execBudget = 15 * time.Second // of one transaction; scripts after that are not started
	maxRows    = 4096             // that a script may list
)

type execView struct {
	answers map[string]execAnswer // by argv
	pending []execSet
	spent   time.Duration
}

type execAnswer struct {
	out []byte
	err error
}

// execSet is a write that waits for the commit.
type execSet struct {
	read  string // argv of the get that it changes
	argv  []string
	value string
}

func argvKey(argv []string) string { return strings.Join(argv, "\x00") }

// execRead runs a script once per transaction and argv.
func (r *Reader) execRead(ctx context.Context, argv []string) ([]byte, error) {
	key := argvKey(argv)
	if a, ok := r.exec.answers[key]; ok {
		return a.out, a.err
	}
	var a execAnswer
	if r.exec.spent >= execBudget {
		a.err = errors.New("the scripts of this transaction took too long together")
	} else {
		start := time.Now()
		a.out, a.err = r.rt.script(ctx, argv)
		r.exec.spent += time.Since(start)
	}
	if r.exec.answers == nil {
		r.exec.answers = map[string]execAnswer{}
	}
	r.exec.answers[key] = a
	return a.out, a.err
}

// script runs argv[0], of scriptDir where it is no path (which no .dm file can say), with an empty environment but for PATH, in a process group of its own that is
// killed when time is up. There is no shell between us and it. With an error comes what it has printed before.
func (rt *Router) script(ctx context.Context, argv []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, execTime)
	defer cancel()
	name := argv[0]
	if name[0] != '/' {
		name = filepath.Join(scriptDir, name)
	}
	cmd := exec.CommandContext(ctx, rt.rooted(name), argv[1:]...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Dir = rt.cfg.Root
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, complaint := &bounded{max: execOutput}, &bounded{max: 512}
	cmd.Stdout, cmd.Stderr = out, complaint
	err := cmd.Run()
	key := "exec " + argv[0]
	switch {
	case err == nil && out.over:
		err = fmt.Errorf("script %s prints more than %d bytes", argv[0], execOutput)
	case err == nil:
		rt.quiet.again(key)
		return out.buf.Bytes(), nil
	case ctx.Err() != nil:
		err = fmt.Errorf("script %s took longer than %v", argv[0], execTime)
	default:
		err = fmt.Errorf("script %s %s: %w: %q", argv[0], verbOf(argv), err, bytes.TrimSpace(complaint.buf.Bytes()))
	}
	if rt.quiet.first(key) {
		level := slog.LevelWarn
		// A program of others that has printed something has answered, and says that there is no more.
		if errors.Is(err, os.ErrNotExist) || argv[0][0] == '/' && out.buf.Len() > 0 && ctx.Err() == nil {
			level = slog.LevelDebug
		}
		rt.log.Log(ctx, level, "script does not answer", "script", argv[0], "error", err)
	}
	return out.buf.Bytes(), err
}

// verbOf is what a script was asked for: get, set or list. Its further arguments may be secret.
func verbOf(argv []string) string {
	if len(argv) > 1 {
		return argv[1]
	}
	return ""
}

// bounded keeps the first max bytes and swallows the rest.
type bounded struct {
	buf  bytes.Buffer
	max  int
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := b.max - b.buf.Len(); room < len(p) {
		b.over = true
		b.buf.Write(p[:room])
	} else {
		b.buf.Write(p)
	}
	return len(p), nil
}

// execCommit runs the writes that waited, in their order. The first that fails ends it.
func (r *Reader) execCommit(ctx context.Context) error {
	for _, s := range r.exec.pending {
		if _, err := r.rt.script(ctx, s.argv); err != nil {
			return refused("%v", err)
		}
	}
	return nil
}

// execValue is a value that a script knows: `exec SCRIPT ARG…`. The script is called as `SCRIPT get ARG…`, and as
// `SCRIPT set ARG… VALUE`.
type execValue struct {
	text   string
	script string
	args   []template
}

func compileExec(_ *Router, use model.Use, words []string) (model.Expr, error) {
	if use != model.UseValue && use != model.UseLet && use != model.UseRows {
		return nil, nil
	}
	if len(words) == 0 || !validScript(words[0]) {
		return nil, fmt.Errorf("want SCRIPT ARG…, SCRIPT being the name of a file in %s", scriptDir)
	}
	args, err := parseTemplates(words[1:])
	if err != nil {
		return nil, err
	}
	e := execValue{strings.Join(words, " "), words[0], args}
	if use == model.UseRows {
		return &execRows{e}, nil
	}
	return &e, nil
}

// validScript reports whether name is one file name, not hidden and not a way to elsewhere.
func validScript(name string) bool {
	return name != "" && uci.ValidName(strings.NewReplacer("-", "_", ".", "_").Replace(name)) && name[0] != '.' && name[0] != '-'
}

func (e *execValue) Caps() model.Caps { return model.Caps{Set: true} }
func (e *execValue) String() string   { return "exec " + e.text }

func (e *execValue) templates() []*template { return pointers(e.args) }

// argv is the command line for a verb; an argument whose placeholder is empty is empty.
func (e *execValue) argv(r *Reader, row *model.Row, verb string) []string {
	argv := append(make([]string, 0, len(e.args)+3), e.script, verb)
	for i := range e.args {
		a, _ := e.args[i].expand(r, row)
		argv = append(argv, strings.ReplaceAll(a, "\x00", ""))
	}
	return argv
}

func (e *execValue) get(ctx context.Context, r *Reader, row *model.Row) (string, error) {
	argv := e.argv(r, row, "get")
	key := argvKey(argv)
	for i := len(r.exec.pending) - 1; i >= 0; i-- {
		if r.exec.pending[i].read == key {
			return r.exec.pending[i].value, nil
		}
	}
	out, err := r.execRead(ctx, argv)
	if err != nil {
		return "", nil // logged: a broken script is an empty value
	}
	return clean(string(bytes.TrimRight(out, "\r\n"))), nil
}

func (e *execValue) set(_ context.Context, r *Reader, row *model.Row, value string) error {
	if strings.IndexByte(value, 0) >= 0 {
		return &model.ParamError{Reason: model.BadValue, Msg: "a NUL byte"}
	}
	arg := value
	if items, ok := splitList(value); ok {
		arg = strings.Join(items, ",")
	}
	if _, err := os.Stat(r.rt.rooted(filepath.Join(scriptDir, e.script))); err != nil {
		return refused("there is no script %s", e.script)
	}
	r.exec.pending = append(r.exec.pending, execSet{
		read: argvKey(e.argv(r, row, "get")), argv: append(e.argv(r, row, "set"), arg), value: value})
	return nil
}

// execRows makes a row of every line that `SCRIPT list ARG…` prints.
type execRows struct{ execValue }

func (e *execRows) Caps() model.Caps { return model.Caps{} }

func (e *execRows) rows(ctx context.Context, r *Reader, parent *model.Row) ([]model.Row, error) {
	out, err := r.execRead(ctx, e.argv(r, parent, "list"))
	if err != nil {
		return nil, nil // logged
	}
	var rows []model.Row
	for line := range strings.Lines(string(out)) {
		if key := clean(strings.TrimSpace(line)); key != "" && len(rows) < maxRows {
			rows = append(rows, model.Row{Key: key})
		}
	}
	return rows, nil
}
