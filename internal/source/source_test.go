package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// router is a temporary root with everything that reads it.
type router struct {
	*Router
	root  string
	store *state.Store
	log   *lines
}

// lines collects log records.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	l.all = append(l.all, string(line))
	l.mu.Unlock()
	return len(line), nil
}

func (l *lines) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, text := range l.all {
		if strings.Contains(text, part) {
			n++
		}
	}
	return n
}

// newRouter writes files (path → content) into a new root and opens it.
func newRouter(t *testing.T, files map[string]string, change ...func(*Config)) *router {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		writeFile(t, root, name, text)
	}
	log := &lines{}
	box, err := system.Open(root, slog.New(log, slog.LevelDebug))
	if err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(root, slog.New(log, slog.LevelDebug))
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Root: root, UCI: uci.Open(root), Box: box, Store: store, Log: slog.New(log, slog.LevelDebug)}
	for _, f := range change {
		f(&cfg)
	}
	rt := New(cfg)
	t.Cleanup(func() { rt.Close() })
	return &router{rt, root, store, log}
}

func writeFile(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	mode := os.FileMode(0o644)
	if strings.HasPrefix(text, "#!") {
		mode = 0o755
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// withBus starts a bus in the root and connects cfg to it.
func withBus(t *testing.T, bus **ubustest.Bus) func(*Config) {
	return func(cfg *Config) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "ubus.sock")
		b, err := ubustest.New(path)
		if err != nil {
			t.Fatal(err)
		}
		client := ubus.New(ubus.Config{Path: path})
		t.Cleanup(func() { client.Close(); b.Close() })
		*bus, cfg.Ubus = b, client
	}
}

// begin opens a transaction that the test's end closes.
func (rt *router) begin(t *testing.T) *Reader {
	t.Helper()
	a, err := rt.Begin(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a.(*Reader)
}

// expr compiles a source as a .dm line would hold it, words being separated by blanks.
func (rt *router) expr(t *testing.T, use model.Use, text string) model.Expr {
	t.Helper()
	e, err := rt.Compile(use, strings.Fields(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

// get reads a value.
func (rt *router) get(t *testing.T, r *Reader, text string, row *model.Row) string {
	t.Helper()
	v, err := r.Get(t.Context(), rt.expr(t, model.UseValue, text), row)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// set writes a value.
func (rt *router) set(t *testing.T, r *Reader, text string, row *model.Row, value string) {
	t.Helper()
	if err := r.Set(t.Context(), rt.expr(t, model.UseValue, text), row, value); err != nil {
		t.Fatalf("%s = %q: %v", text, value, err)
	}
}

// rows lists a table.
func (rt *router) rows(t *testing.T, r *Reader, text string, parent *model.Row) []model.Row {
	t.Helper()
	rows, err := r.Rows(t.Context(), rt.expr(t, model.UseRows, text), parent)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return rows
}

func keys(rows []model.Row) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, r.Key)
	}
	return out
}

// commit prepares and writes what the transaction changed, as the tree does.
func (rt *router) commit(t *testing.T, r *Reader) model.Prepared {
	t.Helper()
	p, err := r.Prepare(t.Context())
	if err != nil {
		t.Fatalf("prepare: %v", err)
	}
	if p.Commit != nil {
		if err := p.Commit(); err != nil {
			t.Fatalf("commit: %v", err)
		}
	}
	if len(p.Files) > 0 {
		if err := rt.store.Commit(p.Files...); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return p
}

func wantList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func wantText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// list is the raw form of a list.
func list(items ...string) string { return joinList(items) }
