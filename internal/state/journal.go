package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cwmpd/cwmpd/internal/json"
)

const (
	journalName = "journal"
	maxJournal  = 1 << 20
)

// A record is one file of a journal. The new content itself lies in the temporary file beside the target.
type record struct {
	Path string `json:"path"`          // relative to the root
	Old  string `json:"old,omitempty"` // sha256; "" means that there was no file
	New  string `json:"new,omitempty"` // sha256; "" means that the file goes
}

// writeJournal makes the commit count: once it returned, a power cut does not lose the changes any more.
func (s *Store) writeJournal(cs []change) error {
	records := make([]record, 0, len(cs))
	for _, c := range cs {
		rel, err := filepath.Rel(s.root, c.path)
		if err != nil {
			return err
		}
		records = append(records, record{rel, c.oldSum, c.newSum})
	}
	data, err := wrap(records)
	if err != nil {
		return err
	}
	path := s.Path(journalName)
	tmp := s.Path("." + journalName + tmpSuffix)
	if err = s.writeTemp(tmp, data, 0o600, nil); err == nil {
		err = s.rename(tmp, path)
	}
	if err != nil {
		_ = s.remove(tmp)
		return err
	}
	return s.syncDir(s.dir)
}

// dropJournal ends a commit. If the journal cannot be removed the next Open or Commit finds all of it done.
func (s *Store) dropJournal() {
	err := s.remove(s.Path(journalName))
	if err == nil {
		err = s.syncDir(s.dir)
	}
	if err != nil {
		s.log.Warn("journal not removed", "err", err)
	}
}

// recover finishes what a journal says, if there is one. Only errors that may pass are returned.
func (s *Store) recover() error {
	path := s.Path(journalName)
	data, err := readFile(path, maxJournal)
	if errors.Is(err, fs.ErrNotExist) {
		if s.once("sweep") {
			s.sweep()
		}
		return nil
	}
	var records []record
	if err == nil {
		records, err = parseJournal(data)
	}
	if err != nil {
		s.log.Error("journal is broken and put aside", "path", path+".bad", "err", err)
		if err := os.Rename(path, path+".bad"); err != nil {
			return err
		}
		s.sweep()
		return nil
	}
	if err := s.redo(records); err != nil {
		return fmt.Errorf("finish interrupted commit: %w", err)
	}
	s.dropJournal()
	s.sweep()
	s.log.Info("finished an interrupted commit", "files", len(records))
	return nil
}

func parseJournal(data []byte) ([]record, error) {
	raw, err := unwrap(data)
	if err != nil {
		return nil, err
	}
	var records []record
	if err := json.UnmarshalStrict(raw, &records); err != nil {
		return nil, err
	}
	for _, r := range records {
		if !filepath.IsLocal(r.Path) {
			return nil, fmt.Errorf("path %q leaves the root", r.Path)
		}
	}
	return records, nil
}

// redo applies those records that are not applied yet. A record whose new content is missing cannot be applied; if
// none of the others was, nothing is (this takes a tampered disk: the contents are synced before the journal is).
func (s *Store) redo(records []record) error {
	var todo []change
	applied, lost := 0, 0
	for _, r := range records {
		c := change{path: filepath.Join(s.root, r.Path), oldSum: r.Old, newSum: r.New}
		if r.New != "" {
			c.tmp = filepath.Join(filepath.Dir(c.path), "."+filepath.Base(c.path)+tmpSuffix)
		}
		now, err := s.sumOf(c.path)
		if err != nil {
			return err
		}
		switch {
		case now == r.New:
			applied++
		case now != r.Old:
			s.log.Warn("file of an interrupted commit was changed by somebody else, left alone", "path", c.path)
		case c.tmp != "" && !s.holds(c.tmp, r.New):
			s.log.Error("new content of an interrupted commit is missing", "path", c.path)
			lost++
		default:
			todo = append(todo, c)
			continue
		}
		s.discard([]change{c})
	}
	if lost > 0 && applied == 0 {
		s.discard(todo)
		return nil
	}
	_, err := s.apply(todo)
	return err
}

// sumOf is the checksum of a file's content, "" when there is none.
func (s *Store) sumOf(path string) (string, error) {
	data, err := readFile(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return sum(data), nil
}

func (s *Store) holds(path, want string) bool {
	got, err := s.sumOf(path)
	return err == nil && got == want
}
