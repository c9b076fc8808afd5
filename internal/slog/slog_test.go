package slog_test

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	oracle "log/slog"

	"github.com/cwmpd/cwmpd/internal/slog"
)

type hidden struct{}

func (hidden) LogValue() string { return "***" }

// TestWritesAsLogSlog holds every kind of value against log/slog's TextHandler, less its time.
func TestWritesAsLogSlog(t *testing.T) {
	values := []any{
		"plain", "", "two words", `a"quote`, "key=value", "line\nfeed", "\x1b[0m", "ä€", "\xff", 5, int64(-1), uint16(7), true, 1.5,
		90 * time.Second, time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), errors.New("it broke: why"), nil, []string{"a", "b c"},
		netip.MustParseAddr("192.0.2.1"), struct{ A, B int }{1, 2}, map[string]int{"x": 1}, slog.LevelWarn,
	}
	var got, want bytes.Buffer
	ours := slog.New(&got, slog.LevelDebug)
	theirs := oracle.New(oracle.NewTextHandler(&want, &oracle.HandlerOptions{Level: oracle.LevelDebug, ReplaceAttr: func(_ []string, a oracle.Attr) oracle.Attr {
		if a.Key == oracle.TimeKey {
			return oracle.Attr{}
		}
		return a
	}}))
	for _, v := range values {
		ours.Debug("a message", "v", v)
		theirs.Debug("a message", "v", v)
		ours.With("part", v).Warn("one", "n", 1, "v", v)
		theirs.With("part", v).Warn("one", "n", 1, "v", v)
	}
	ours.Info("two words")
	theirs.Info("two words")
	ours.Error("alone")
	theirs.Error("alone")
	a, b := strings.Split(got.String(), "\n"), strings.Split(want.String(), "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("line %d\ngot  %q\nwant %q", i, a[min(i, len(a)-1)], b[min(i, len(b)-1)])
		}
	}
}

func TestWhatAValueHides(t *testing.T) {
	var b bytes.Buffer
	slog.New(&b, nil).Info("login", "password", hidden{})
	if got := b.String(); got != "level=INFO msg=login password=***\n" {
		t.Error(got)
	}
}

func TestLevels(t *testing.T) {
	var b bytes.Buffer
	var level slog.LevelVar
	log := slog.New(&b, &level)
	log.Debug("no")
	log.Info("yes")
	if err := level.UnmarshalText([]byte("error")); err != nil {
		t.Fatal(err)
	}
	log.Warn("no")
	log.Error("yes")
	if got, want := b.String(), "level=INFO msg=yes\nlevel=ERROR msg=yes\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if level.UnmarshalText([]byte("loud")) == nil {
		t.Error("a level that there is not was taken")
	}
}
