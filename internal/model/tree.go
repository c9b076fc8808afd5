package model

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
)

// Origin says on whose behalf a transaction runs.
type Origin int

const (
	FromSelf Origin = iota // the agent itself
	FromACS
	FromCLI // a person at the router
)

func (o Origin) String() string { return [...]string{"self", "acs", "cli"}[o] }

// Config says what a Tree is made of. Source and Files are required.
type Config struct {
	Store    *state.Store                                // keeps instance numbers and owed reloads; nil keeps nothing (for checks)
	Source   Source                                      // where values live
	Files    []fs.FS                                     // in order, later wins: embedded, /usr/share, /etc (see DirFS); a missing directory is an empty one
	Own      []string                                    // UCI packages that are ours ("cwmp"): no reload is owed for them
	Reload   func(ctx context.Context, pkg string) error // tells the router that a package changed, or does an errand (see owed); nil does nothing
	OnCommit func(Changes)                               // called after each commit that changed something, from its goroutine; nil means nobody asks
	Wildcard bool                                        // "*" in place of an instance number
	Compat   func() bool                                 // whether what is flagged compat is in the tree; nil: it is
	Aliases  bool                                        // "[alias]" in place of an instance number (9.7)
	Log      *slog.Logger                                // nil discards
}

// A Problem is a line of a .dm file that was left out, and why.
type Problem struct {
	File string
	Line int // 0: the file as a whole
	Msg  string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Msg
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Msg)
}

// A Tree is the data model of this router. It is safe for use by many goroutines.
type Tree struct {
	cfg       Config
	log       *slog.Logger
	compiled  atomic.Pointer[compiled]
	instances instances
	owed      owed
	commits   atomic.Uint64 // commits so far: a writer reads anew what changed while it waited
	writer    chan struct{} // one slot: the transaction that writes
	disk      chan struct{} // one slot: who writes the tree's own files, from making them to having them on flash
	applying  chan struct{} // one slot: Apply
}

// Load reads the definitions. A broken line or file is left out and is a Problem; it fails only when nothing is left.
func Load(ctx context.Context, cfg Config) (*Tree, []Problem, error) {
	t := newTree(cfg)
	if err := t.restore(); err != nil {
		return nil, nil, err
	}
	c, problems, err := load(ctx, &t.cfg, t.cfg.Files, t.openOn)
	if err != nil {
		return nil, problems, err
	}
	t.compiled.Store(c)
	return t, problems, nil
}

func newTree(cfg Config) *Tree {
	log := cfg.Log
	if log == nil {
		log = slog.Discard()
	}
	t := &Tree{cfg: cfg, log: log.With("part", "model"), writer: make(chan struct{}, 1), disk: make(chan struct{}, 1), applying: make(chan struct{}, 1)}
	t.instances.restore(nil)
	return t
}

// The tree's own files in the Store.
const (
	instancesFile = "instances"
	owedFile      = "reloads"
)

// restore reads the tree's own files. Where there are none, or none that can be read, it starts with nothing (P-2): numbers
// then begin anew, and the agent that lost its state introduces itself to the ACS anew too.
func (t *Tree) restore() error {
	if t.cfg.Store == nil {
		return nil
	}
	var saved map[string]savedTable
	if err := t.cfg.Store.Load(instancesFile, &saved); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.log.Error("instance numbers are lost, they start anew", "error", err)
		saved = nil
	}
	t.instances.restore(saved)
	var packages []string
	if err := t.cfg.Store.Load(owedFile, &packages); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.log.Error("the list of reloads owed is lost", "error", err)
		packages = nil
	}
	t.owed.add(packages)
	return nil
}

// Reload reads the definitions again. Open transactions go on with the old ones; so does everybody when nothing can be read.
func (t *Tree) Reload(ctx context.Context) []Problem {
	c, problems, err := load(ctx, &t.cfg, t.cfg.Files, t.openOn)
	if err != nil {
		t.log.Error("the data model stays as it was", "error", err)
		return append(problems, Problem{File: "data model", Msg: err.Error()})
	}
	t.compiled.Store(c)
	return problems
}

// Check reads cfg.Files and then the named files of the host, and returns the problems of those; of all when files is empty.
func Check(files []string, cfg Config) []Problem {
	t := newTree(cfg)
	layers := slices.Clone(cfg.Files)
	wanted := map[string]bool{}
	var absent []Problem
	for _, name := range files {
		if _, err := os.Stat(name); err != nil {
			absent = append(absent, Problem{File: name, Msg: err.Error()})
			continue
		}
		if !slices.ContainsFunc(cfg.Files, func(f fs.FS) bool { return fileName(f, "") == filepath.Dir(name)+"/" }) {
			layers = append(layers, oneFile{DirFS(filepath.Dir(name)), filepath.Base(name)})
		}
		wanted[filepath.Dir(name)+"/"+filepath.Base(name)] = true // as fileName says it
	}
	_, problems, err := load(context.Background(), &t.cfg, layers, t.openOn)
	if err != nil {
		problems = append(problems, Problem{File: "data model", Msg: err.Error()})
	}
	if len(files) == 0 {
		return problems
	}
	return append(absent, slices.DeleteFunc(problems, func(p Problem) bool { return !wanted[p.File] })...)
}

// DirFS is os.DirFS for Config.Files: problems then name the whole path of a file.
func DirFS(dir string) fs.FS { return namedDir{os.DirFS(dir), dir} }

type namedDir struct {
	fs.FS
	dir string
}

func (d namedDir) String() string { return d.dir }

// oneFile shows one file of a directory only.
type oneFile struct {
	fs.FS
	name string
}

func (f oneFile) String() string { return f.FS.(fmt.Stringer).String() }

func (f oneFile) ReadDir(string) ([]fs.DirEntry, error) {
	info, err := fs.Stat(f.FS, f.name)
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(info)}, nil
}

// Begin opens a transaction. Readers run side by side; the first write of a transaction waits for the one writer slot.
func (t *Tree) Begin(ctx context.Context, origin Origin) (*Tx, error) {
	return t.begin(ctx, t.compiled.Load(), origin)
}

// openOn opens a transaction on definitions that are not in use yet.
func (t *Tree) openOn(ctx context.Context, c *compiled) (*Tx, error) {
	return t.begin(ctx, c, FromCLI) // it only reads, and must not write to flash
}

func (t *Tree) begin(ctx context.Context, c *compiled, origin Origin) (*Tx, error) {
	tx := &Tx{tree: t, def: c, origin: origin, ctx: ctx}
	if err := tx.open(ctx); err != nil {
		return nil, err
	}
	return tx, nil
}

// Lookup returns the definition behind the path of a parameter or object, whether or not its rows exist.
func (t *Tree) Lookup(path string) (*Def, error) {
	p, err := t.compiled.Load().locate(path)
	if err != nil {
		return nil, err
	}
	if d := p.def(); d != nil {
		return d, nil
	}
	return nil, &ParamError{Path: path, Reason: Unknown}
}

// Informs lists the paths of the parameters that belong into every Inform, in order (flag `inform`). Those of tables are not
// among them: which row it would be is not said.
func (t *Tree) Informs() []string {
	var paths []string
	for _, o := range t.compiled.Load().order {
		for _, p := range o.params {
			if p.def.Inform && !strings.Contains(p.def.Path, instanceOf) {
				paths = append(paths, p.def.Path)
			}
		}
	}
	return paths
}
