package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// File is one file as it will be after a Commit.
type File struct {
	Path   string      // absolute, the root already applied
	Data   []byte      // ignored with Remove
	Mode   fs.FileMode // of a file that is new, 0 means 0600; a file that exists keeps its mode and owner
	Remove bool        // the file will be gone
}

// maxFile bounds what is read back of a file that is to be replaced.
const maxFile = 16 << 20

// change is a File that differs from what is on the disk.
type change struct {
	path   string // real
	tmp    string // beside it; "" for a removal
	data   []byte
	mode   fs.FileMode
	own    *owner // nil: whoever we are
	old    []byte // nil when there is no file yet
	oldSum string // "" likewise
	newSum string // "" for a removal
}

// Commit makes all files be as given, or none of them, also over a power cut. A file is named once at most.
// It returns when the change is on the disk. Files that are so already are not touched.
func (s *Store) Commit(files ...File) error {
	if len(files) == 0 {
		return nil
	}
	err := s.lock(func() error {
		if err := s.recover(); err != nil {
			return err
		}
		changes, err := s.plan(files)
		if err != nil {
			return err
		}
		return s.run(changes)
	})
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// plan compares the wanted files with the disk and keeps those that differ.
func (s *Store) plan(files []File) ([]change, error) {
	var changes []change
	seen := map[string]bool{}
	for _, f := range files {
		c, err := s.compare(f)
		if err != nil {
			return nil, err
		}
		if seen[c.path] {
			return nil, fmt.Errorf("%s is named twice", f.Path)
		}
		seen[c.path] = true
		if c.oldSum != c.newSum {
			changes = append(changes, c)
		}
	}
	return changes, nil
}

func (s *Store) compare(f File) (change, error) {
	if !filepath.IsAbs(f.Path) {
		return change{}, fmt.Errorf("%q is not an absolute path", f.Path)
	}
	path, err := s.real(f.Path)
	if err != nil {
		return change{}, err
	}
	c := change{path: path, mode: f.Mode.Perm()}
	if c.mode == 0 {
		c.mode = 0o600
	}
	if !f.Remove {
		c.data, c.newSum = f.Data, sum(f.Data)
		c.tmp = filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+tmpSuffix)
	}
	fi, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return change{}, err
	}
	if !fi.Mode().IsRegular() {
		return change{}, fmt.Errorf("%s is not a regular file", path)
	}
	c.mode = fi.Mode().Perm()
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		c.own = &owner{int(st.Uid), int(st.Gid)}
	}
	if c.old, err = readFile(path, maxFile); err != nil {
		return change{}, err
	}
	c.oldSum = sum(c.old)
	return c, nil
}

// run brings changes to the disk, by a journal when there are several.
func (s *Store) run(cs []change) error {
	if len(cs) == 0 {
		return nil
	}
	journaled := len(cs) > 1
	if err := s.prepare(cs, journaled); err != nil {
		s.discard(cs)
		return err
	}
	if journaled {
		if err := s.writeJournal(cs); err != nil {
			_ = s.remove(s.Path(journalName))
			s.discard(cs)
			return err
		}
	}
	if n, err := s.apply(cs); err != nil {
		return s.undo(cs[:n], cs[n:], err)
	}
	if journaled {
		s.dropJournal()
	}
	return nil
}

// prepare writes the new contents beside their targets, where a journal can find them after a power cut.
func (s *Store) prepare(cs []change, journaled bool) error {
	for _, c := range cs {
		if c.tmp == "" {
			continue
		}
		if err := s.mkdirAll(filepath.Dir(c.path)); err != nil {
			return err
		}
		if err := s.writeTemp(c.tmp, c.data, c.mode, c.own); err != nil {
			return err
		}
	}
	for _, c := range cs {
		s.keepLast(c)
	}
	if !journaled {
		return nil
	}
	for _, dir := range dirs(cs) {
		if err := s.syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// apply renames the new contents over their targets. On an error it tells how many targets may have changed.
func (s *Store) apply(cs []change) (int, error) {
	for i, c := range cs {
		var err error
		if c.tmp == "" {
			err = s.remove(c.path)
		} else {
			err = s.rename(c.tmp, c.path)
		}
		if err != nil {
			return i, err
		}
	}
	for _, dir := range dirs(cs) {
		if err := s.syncDir(dir); err != nil {
			return len(cs), err
		}
	}
	return len(cs), nil
}

// undo takes back the changes that were applied after the next one had failed with cause. It replaces the journal by
// one of its own, so that a power cut in here is finished as an undo. Where it cannot, the journal stays and stands.
func (s *Store) undo(applied, rest []change, cause error) error {
	if len(applied) > 0 {
		back := make([]change, 0, len(applied))
		for _, c := range slices.Backward(applied) {
			back = append(back, c.reversed())
		}
		err := s.prepare(back, true)
		if err == nil {
			err = s.writeJournal(back)
		}
		if err != nil {
			s.log.Error("half a commit could not be undone, it will be finished later", "cause", cause, "err", err)
			return fmt.Errorf("%w (to be finished later: %w)", cause, err)
		}
		if _, err := s.apply(back); err != nil {
			return fmt.Errorf("%w (to be undone later: %w)", cause, err)
		}
	}
	s.dropJournal()
	s.discard(rest)
	return cause
}

func (c change) reversed() change {
	r := change{path: c.path, mode: c.mode, own: c.own, data: c.old, old: c.data, oldSum: c.newSum, newSum: c.oldSum}
	if r.newSum != "" {
		r.tmp = filepath.Join(filepath.Dir(c.path), "."+filepath.Base(c.path)+tmpSuffix)
	}
	return r
}

// discard removes temporary files of a commit that will not happen.
func (s *Store) discard(cs []change) {
	for _, c := range cs {
		if c.tmp != "" {
			_ = s.remove(c.tmp)
		}
	}
}

// keepLast makes name.json~ the content that name.json is about to lose, if that is sound (P-2). A hard link costs no
// flash; where there are none, there is no last good copy.
func (s *Store) keepLast(c change) {
	name := filepath.Base(c.path)
	if filepath.Dir(c.path) != s.dir || !strings.HasSuffix(name, ".json") || c.old == nil {
		return
	}
	if c.newSum == "" { // forgotten on purpose
		_ = s.remove(c.path + "~")
		return
	}
	if _, err := unwrap(c.old); s.setBroken(c.path, false) || err != nil {
		return
	}
	if s.remove(c.path+"~") != nil || s.do("link", c.path, c.path+"~") != nil {
		return
	}
	_ = os.Link(c.path, c.path+"~")
}

// dirs lists the directories of the targets, each once.
func dirs(cs []change) []string {
	var list []string
	for _, c := range cs {
		if d := filepath.Dir(c.path); !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	return list
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// readFile reads a regular file of at most max bytes.
func readFile(path string, max int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(f, max+1))
	if err != nil {
		return nil, err
	}
	if n > max {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, max)
	}
	return b.Bytes(), nil
}
