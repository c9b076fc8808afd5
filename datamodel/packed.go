//go:build packed

package datamodel

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"io/fs"
	"time"
)

//go:embed packed.gz
var compressed []byte

// Files holds one file, which is all of them.
var Files fs.FS = packed{}

// packed is that file and the directory it is in.
type packed struct{}

// Name is how messages call it.
func (packed) Name() string { return "builtin.dm" }

func (packed) ReadFile(string) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func (p packed) ReadDir(string) ([]fs.DirEntry, error) { return []fs.DirEntry{p}, nil }
func (p packed) Stat(string) (fs.FileInfo, error)      { return p, nil }
func (p packed) Info() (fs.FileInfo, error)            { return p, nil }
func (packed) Open(string) (fs.File, error)            { return nil, fs.ErrInvalid }
func (packed) IsDir() bool                             { return false }
func (packed) Type() fs.FileMode                       { return 0 }
func (packed) Mode() fs.FileMode                       { return 0o444 }
func (packed) Size() int64                             { return 0 }
func (packed) ModTime() time.Time                      { return time.Time{} }
func (packed) Sys() any                                { return nil }
