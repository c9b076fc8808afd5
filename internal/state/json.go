package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"github.com/cwmpd/cwmpd/internal/json"
)

const (
	formatVersion = 1
	maxJSON       = 8 << 20
)

// envelope is what a state file looks like on the disk.
type envelope struct {
	Version int      `json:"version"`
	SHA256  string   `json:"sha256"` // of data, without white space
	Data    json.Raw `json:"data"`
}

// Load reads the fact called name into v, a pointer. If the file is broken the last good copy is taken; if that is
// broken or missing too, v is untouched and the error is os.ErrNotExist: the caller starts afresh (P-2). What is
// broken is logged once.
func (s *Store) Load(name string, v any) error {
	if err := checkName(name); err != nil {
		return err
	}
	path := s.Path(name + ".json")
	err := loadFile(path, v)
	if err == nil {
		return nil
	}
	broken := !errors.Is(err, fs.ErrNotExist)
	s.setBroken(path, broken)
	if last := loadFile(path+"~", v); last == nil {
		if s.once(path) {
			s.log.Warn("state file is broken or missing, the copy before it is used", "path", path, "err", err)
		}
		return nil
	}
	if broken && s.once(path) {
		s.log.Error("state file is broken, starting without it", "path", path, "err", err)
	}
	return fmt.Errorf("load %s: %w", path, os.ErrNotExist)
}

// File is the fact called name, with the value v, as a file to commit together with others.
func (s *Store) File(name string, v any) (File, error) {
	if err := checkName(name); err != nil {
		return File{}, err
	}
	data, err := wrap(v)
	if err != nil {
		return File{}, fmt.Errorf("encode state %s: %w", name, err)
	}
	if len(data) > maxJSON {
		return File{}, fmt.Errorf("encode state %s: %d bytes are too many", name, len(data))
	}
	return File{Path: s.Path(name + ".json"), Data: data, Mode: 0o600}, nil
}

// Save commits the fact called name with the value v.
func (s *Store) Save(name string, v any) error {
	f, err := s.File(name, v)
	if err != nil {
		return err
	}
	return s.Commit(f)
}

func loadFile(path string, v any) error {
	data, err := readFile(path, maxJSON)
	if err != nil {
		return err
	}
	raw, err := unwrap(data)
	if err != nil {
		return err
	}
	// A value of the wrong shape must not leave half of itself in v.
	if err := json.Unmarshal(raw, reflect.New(reflect.TypeOf(v).Elem()).Interface()); err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

func wrap(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(envelope{formatVersion, sum(raw), raw})
	return append(data, '\n'), err
}

// unwrap checks version and checksum and returns the value itself.
func unwrap(data []byte) (json.Raw, error) {
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, err
	}
	if e.Version != formatVersion {
		return nil, fmt.Errorf("version %d is not known", e.Version)
	}
	if sum(json.Compact(e.Data)) != e.SHA256 {
		return nil, errors.New("checksum is wrong")
	}
	return e.Data, nil
}

func checkName(name string) error {
	ok := name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
	if !ok {
		return fmt.Errorf("state name %q", name)
	}
	return nil
}
