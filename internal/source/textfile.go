package source

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/state"
)

// textFile is a file of lines as one transaction sees and changes it: /etc/passwd, authorized keys. What it does not change
// stays as it is, byte by byte. A line keeps its number while the transaction lasts: one that was removed leaves a gap.
type textFile struct {
	base    []byte
	lines   []string
	changed bool
}

const goneLine = "\x00"

// textFile returns a file of the router, without lines where there is none.
func (r *Reader) textFile(name string) *textFile {
	if f := r.files.texts[name]; f != nil {
		return f
	}
	f := &textFile{base: r.File(name)}
	f.lines = strings.Split(string(f.base), "\n")
	if r.files.texts == nil {
		r.files.texts = map[string]*textFile{}
	}
	r.files.texts[name] = f
	return f
}

func (f *textFile) set(i int, line string) {
	if f.lines[i] != line {
		f.lines[i], f.changed = line, true
	}
}

// add puts a line behind the last.
func (f *textFile) add(line string) {
	last := len(f.lines) - 1
	if f.lines[last] != "" {
		f.lines, last = append(f.lines, ""), last+1
	}
	f.lines, f.changed = append(f.lines, ""), true
	f.lines[last] = line
}

func (f *textFile) text() []byte {
	return []byte(strings.Join(slices.DeleteFunc(slices.Clone(f.lines), func(line string) bool { return line == goneLine }), "\n"))
}

// textPrepare returns the files that were changed. Somebody else's change since we read one would be lost: then nothing is
// committed.
func (r *Reader) textPrepare() ([]state.File, error) {
	var files []state.File
	for _, name := range slices.Sorted(maps.Keys(r.files.texts)) {
		f := r.files.texts[name]
		if !f.changed {
			continue
		}
		now, err := readBounded(r.rt.rooted(name))
		if len(f.base) >= maxFile || err == nil && !bytes.Equal(now, f.base) || err != nil && f.base != nil {
			return nil, model.Errorf(model.Busy, "%s was changed by somebody else", name)
		}
		files = append(files, state.File{Path: r.rt.rooted(name), Data: f.text(), Mode: 0o600})
	}
	return files, nil
}
