package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cwmpd/cwmpd/internal/model"
)

const (
	maxFile = 1 << 20 // read of one file; the rest of it is not seen
	maxGlob = 4096    // paths of one pattern
)

type fileView struct {
	data  map[string][]byte // nil for a file that cannot be read
	globs map[string][]string
	texts map[string]*textFile
}

// rooted returns the real path of a name as the router sees it; it never leaves the root.
func (rt *Router) rooted(name string) string {
	return filepath.Join(rt.cfg.Root, filepath.Clean("/"+name))
}

// fileRead returns at most maxFile bytes of a file, read once per transaction.
func (r *Reader) fileRead(name string) []byte {
	if data, ok := r.files.data[name]; ok {
		return data
	}
	data, err := readBounded(r.rt.rooted(name))
	key := "file " + name
	switch {
	case err == nil:
		r.rt.quiet.again(key)
	case errors.Is(err, os.ErrNotExist):
	case r.rt.quiet.first(key):
		r.rt.log.Warn("file left out", "file", name, "error", err)
	}
	if r.files.data == nil {
		r.files.data = map[string][]byte{}
	}
	r.files.data[name] = data
	return data
}

// readBounded reads a regular file, also one of /proc or /sys whose size is unknown. Pipes and devices, which may
// never end, are refused.
// It asks the kernel itself: a whole read of the tree opens some 150 of them, and an os.File costs twice as much.
func readBounded(path string) ([]byte, error) {
	var st unix.Stat_t
	if err := again(func() error { return unix.Stat(path, &st) }); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	fd := -1
	err := again(func() (err error) {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	data := make([]byte, 0, min(max(st.Size, 511), maxFile-1)+1) // files of /proc say that they are empty
	for len(data) < maxFile {
		if len(data) == cap(data) {
			data = slices.Grow(data, min(len(data), maxFile-len(data)))
		}
		n := 0
		err := again(func() (err error) {
			n, err = unix.Read(fd, data[len(data):min(cap(data), maxFile)])
			return err
		})
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		if n <= 0 {
			break
		}
		data = data[:len(data)+n]
	}
	return data, nil
}

// again repeats a system call that a signal broke off.
func again(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// fileGlob returns the names that match a pattern, sorted, without the root.
func (r *Reader) fileGlob(pattern string) []string {
	if names, ok := r.files.globs[pattern]; ok {
		return names
	}
	root := filepath.Clean(r.rt.cfg.Root)
	found, _ := filepath.Glob(filepath.Join(globQuote(root), path.Clean("/"+pattern)))
	if len(found) > maxGlob {
		found = found[:maxGlob]
	}
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = "/" + strings.TrimPrefix(strings.TrimPrefix(f, root), "/")
	}
	slices.Sort(names)
	if r.files.globs == nil {
		r.files.globs = map[string][]string{}
	}
	r.files.globs[pattern] = names
	return names
}

// globQuote makes a path match only itself.
func globQuote(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// safePart refuses what would lead a file name with placeholders elsewhere: a value that came from the network names
// one file in the directory that the .dm line names, or none.
func safePart(s string) string {
	if strings.ContainsAny(s, "/\x00") || s == "." || s == ".." {
		return ""
	}
	return s
}

// safePath expands a path template.
func safePath(t *template, r *Reader, row *model.Row) (string, bool) {
	for _, p := range t.parts {
		if p.name == "" {
			continue
		}
		if v := placeholder(r, row, p.name); v != "" && safePart(v) == "" {
			return "", false
		}
	}
	return t.expand(r, row)
}

// fileValue is text of a file: `file PATH [line PREFIX] [word N]`.
type fileValue struct {
	text   string
	path   template
	prefix template
	line   bool
	word   int // -1: all words
}

func compileFile(_ *Router, use model.Use, words []string) (model.Expr, error) {
	relative := len(words) > 0 && strings.HasPrefix(words[0], ".") && (use == model.UseValue || use == model.UseLet)
	if len(words) == 0 || !strings.HasPrefix(words[0], "/") && !relative {
		return nil, errors.New("want an absolute PATH, or for a value one from that of the row, such as ./speed")
	}
	name, err := parseTemplate(words[0])
	if err != nil {
		return nil, err
	}
	text := strings.Join(words, " ")
	switch use {
	case model.UseValue, model.UseLet:
		return compileFileValue(text, name, words[1:])
	case model.UseRows, model.UseNeed:
		if len(words) > 1 {
			return nil, fmt.Errorf("%q after the path", words[1])
		}
		if use == model.UseNeed {
			return fileNeed{words[0]}, nil
		}
		if _, err := path.Match(words[0], ""); err != nil {
			return nil, fmt.Errorf("%q: %w", words[0], err)
		}
		last := path.Base(words[0])
		return &fileRows{name, strings.ContainsAny(words[0], "*?[") && !strings.ContainsAny(last, "*?[{")}, nil
	}
	return nil, nil
}

func compileFileValue(text string, name template, words []string) (model.Expr, error) {
	e := &fileValue{text: text, path: name, word: -1}
	for ; len(words) >= 2; words = words[2:] {
		var err error
		switch words[0] {
		case "line":
			e.line = true
			e.prefix, err = parseTemplate(words[1])
		case "word":
			e.word, err = strconv.Atoi(words[1])
			if err == nil && e.word < 0 {
				err = fmt.Errorf("word %d: words are counted from 0", e.word)
			}
		default:
			err = fmt.Errorf("%q: want line PREFIX or word N", words[0])
		}
		if err != nil {
			return nil, err
		}
	}
	if len(words) > 0 {
		return nil, fmt.Errorf("%q: want line PREFIX or word N", words[0])
	}
	return e, nil
}

func (e *fileValue) Caps() model.Caps { return model.Caps{} }
func (e *fileValue) String() string   { return "file " + e.text }

func (e *fileValue) get(_ context.Context, r *Reader, row *model.Row) (string, error) {
	name, ok := safePath(&e.path, r, row)
	if ok && name[0] == '.' {
		ok = row != nil
		if ok {
			var at fileRow
			at, ok = row.Data.(fileRow)
			name = path.Join(string(at), name)
		}
	}
	if !ok {
		return "", nil
	}
	data := r.fileRead(name)
	if e.line {
		prefix, ok := e.prefix.expand(r, row)
		if !ok {
			return "", nil
		}
		data = lineOf(data, prefix, e.word < 0)
	}
	if e.word >= 0 {
		return clean(string(wordOf(data, e.word))), nil
	}
	return clean(string(bytes.Trim(data, " \t\r\n\x00"))), nil
}

// lineOf returns the first line that begins with prefix; with rest only what follows the prefix, without the quotes
// that a shell file has around it.
func lineOf(data []byte, prefix string, rest bool) []byte {
	for len(data) > 0 {
		line, more, _ := bytes.Cut(data, []byte{'\n'})
		if bytes.HasPrefix(line, []byte(prefix)) {
			if rest {
				return unquote(bytes.TrimSpace(line[len(prefix):]))
			}
			return line
		}
		data = more
	}
	return nil
}

func unquote(s []byte) []byte {
	if n := len(s); n >= 2 && s[0] == s[n-1] && (s[0] == '\'' || s[0] == '"') {
		return s[1 : n-1]
	}
	return s
}

// wordOf returns the n-th word of data.
func wordOf(data []byte, n int) []byte {
	for {
		data = bytes.TrimLeft(data, " \t\r\n")
		end := bytes.IndexAny(data, " \t\r\n")
		if end < 0 {
			end = len(data)
		}
		if n == 0 || end == 0 {
			return data[:end]
		}
		data, n = data[end:], n-1
	}
}

// A fileRow is the Data of a row that is a file or a directory: its path.
type fileRow string

// fileRows makes a row of every file that matches a pattern: `file GLOB`. The key is the file's name, and the row the
// directory, where the pattern ends in a name without a wildcard.
type fileRows struct {
	pattern template
	up      bool
}

func (e *fileRows) Caps() model.Caps { return model.Caps{} }
func (e *fileRows) String() string   { return "file " + e.pattern.text }
func (e *fileRows) templates() []*template {
	return []*template{&e.pattern}
}

func (e *fileRows) rows(_ context.Context, r *Reader, parent *model.Row) ([]model.Row, error) {
	pattern, ok := safePath(&e.pattern, r, parent)
	if !ok {
		return nil, nil
	}
	names := r.fileGlob(pattern)
	out := make([]model.Row, len(names))
	for i, name := range names {
		if e.up {
			name = path.Dir(name)
		}
		out[i] = model.Row{Key: clean(path.Base(name)), Data: fileRow(name)}
	}
	return out, nil
}

// fileNeed is a file that must be there: `file PATH`, or `file GLOB` for at least one.
type fileNeed struct{ path string }

func (e fileNeed) Caps() model.Caps { return model.Caps{} }
func (e fileNeed) String() string   { return "file " + e.path }

func (e fileNeed) need(_ context.Context, r *Reader) bool {
	if strings.Contains(e.path, "*") {
		return len(r.Glob(e.path)) > 0
	}
	_, err := os.Stat(r.rt.rooted(e.path))
	return err == nil
}
