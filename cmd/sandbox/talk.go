package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// A talk prints who says what to whom, in colour on a terminal.
type talk struct {
	mu     sync.Mutex
	w      io.Writer
	colour bool
	full   bool // every line of an answer, not the first few
}

func newTalk(w io.Writer, full bool) *talk {
	t := &talk{w: w, full: full}
	if f, ok := w.(*os.File); ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		st, err := f.Stat()
		t.colour = err == nil && st.Mode()&os.ModeCharDevice != 0
	}
	return t
}

// The colours of the speakers.
const (
	bold, grey, red, green, blue, yellow = "1", "90", "31", "32", "34", "33"
)

func (t *talk) paint(colour, s string) string {
	if !t.colour {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

func (t *talk) line(colour, who, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.w, "%s %s\n", t.paint(colour, fmt.Sprintf("%-8s", who)), fmt.Sprintf(format, args...))
}

// title begins a new scene.
func (t *talk) title(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.w, "\n%s\n", t.paint(bold, text))
}

func (t *talk) acs(format string, args ...any)    { t.line(blue, "ACS   ->", format, args...) }
func (t *talk) cpe(format string, args ...any)    { t.line(green, "   <- CPE", format, args...) }
func (t *talk) router(format string, args ...any) { t.line(yellow, "router", format, args...) }
func (t *talk) wrong(format string, args ...any)  { t.line(red, "FAILED", format, args...) }

// maxLines of an answer are shown unless everything is wanted.
const maxLines = 9

// message prints a message of the CPE.
func (t *talk) message(m cwmptest.Message) {
	lines := cwmptest.Describe(m)
	if len(lines) == 0 {
		return
	}
	if n := len(lines) - 1; n > maxLines && !t.full {
		lines = append(lines[:maxLines:maxLines], fmt.Sprintf("  … %d in all", n))
	}
	t.cpe("%s", lines[0])
	for _, l := range lines[1:] {
		t.line(grey, "", "%s", clipLine(l))
	}
}

// diff prints a unified-looking difference of two texts, without context.
func (t *talk) diff(name, before, after string) {
	t.router("%s now differs:", name)
	for _, l := range diffLines(before, after) {
		colour := green
		if l[0] == '-' {
			colour = red
		}
		t.line(grey, "", "  %s", t.paint(colour, l))
	}
}

// diffLines lists the lines that went ("-…") and came ("+…"), by the longest common subsequence.
func diffLines(before, after string) []string {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			out = append(out, "-"+a[i])
			i++
		default:
			out = append(out, "+"+b[j])
			j++
		}
	}
	return out
}

func clipLine(s string) string {
	if r := []rune(s); len(r) > 110 {
		return string(r[:109]) + "…"
	}
	return s
}
