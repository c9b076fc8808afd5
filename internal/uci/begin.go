package uci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/cwmpd/cwmpd/internal/state"
)

// ErrVolatile is a write to a package that is held in var/run/uci: the change could not survive a reboot.
var ErrVolatile = errors.New("package is volatile")

// Write is a set of edits, replayed and ready to be committed. It holds the locks of its packages until Close.
type Write struct {
	d     *Dir
	files []*written
}

// written is one package of a Write.
type written struct {
	*locked
	name    string
	data    []byte // as it will be
	changed bool
}

// Begin locks every package that the edits touch, reads them again and replays the edits in their order. It waits for
// locks until ctx ends. On an error nothing is locked and nothing has changed. Errors: *BusyError, ErrVolatile,
// ErrNoSection, *SyntaxError, or that a name or value is not valid.
func (d *Dir) Begin(ctx context.Context, edits []Edit) (*Write, error) {
	w := &Write{d: d}
	if err := w.begin(ctx, edits); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func (w *Write) begin(ctx context.Context, edits []Edit) error {
	byPackage := map[string][]Edit{}
	for _, e := range edits {
		if !ValidPackage(e.Package) {
			return fmt.Errorf("package name %q", clip(e.Package))
		}
		if e.Base == nil {
			e.Base = w.d.lastLoaded(e.Package)
		}
		byPackage[e.Package] = append(byPackage[e.Package], e)
	}
	var names []string
	for name := range byPackage {
		names = append(names, name)
	}
	slices.Sort(names) // all writers in the same order, or two would wait for each other
	for _, name := range names {
		if err := w.lock(ctx, name, byPackage[name]); err != nil {
			return err
		}
	}
	if len(names) > 0 && w.d.applyPending() {
		return &BusyError{Package: names[0], Why: "an apply waits for its confirmation"}
	}
	for _, f := range w.files {
		if err := w.replay(f, byPackage[f.name]); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dir) lastLoaded(pkg string) *Package {
	if c := d.cachedPackage(pkg); c != nil {
		return c.pkg
	}
	return nil
}

func (w *Write) lock(ctx context.Context, name string, edits []Edit) error {
	if exists(w.d.varPath(name)) {
		return fmt.Errorf("%s: %w", name, ErrVolatile)
	}
	creates := slices.ContainsFunc(edits, func(e Edit) bool { return e.Op == OpAdd || e.Op == OpReplace })
	l, err := w.d.lock(ctx, name, creates)
	if errors.Is(err, fs.ErrNotExist) && !creates {
		return fmt.Errorf("%s.%s: %w", name, edits[0].Section, ErrNoSection)
	}
	if err != nil {
		return fmt.Errorf("lock package: %w", err)
	}
	w.files = append(w.files, &written{locked: l, name: name})
	w.d.hold(name, 1)
	return nil
}

func (d *Dir) hold(pkg string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held[pkg] += n
}

// replay does the edits of one package on what its file holds now.
func (w *Write) replay(f *written, edits []Edit) error {
	data, err := readAll(f.f)
	if err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	now, broken := parseFile(f.name, f.path, string(data))
	if broken != nil {
		if edits[0].Op != OpReplace { // which need not know what was there
			return broken
		}
		now = &Package{Name: f.name}
	}
	foreign, err := w.d.Foreign(f.name)
	if err != nil {
		return err
	}
	r := newReplay(now)
	for _, e := range edits {
		if err := r.do(e); err != nil {
			return err
		}
	}
	if err := r.conflict(foreign); err != nil {
		return err
	}
	f.data = r.next.Bytes()
	f.changed = broken != nil || !bytes.Equal(f.data, now.Bytes())
	if len(f.data) > maxFile {
		return fmt.Errorf("%s: %d bytes are too many for a package", f.name, len(f.data))
	}
	return nil
}

// Files are the packages that change, as they will be, for state.Commit.
func (w *Write) Files() []state.File {
	var files []state.File
	for _, f := range w.files {
		if f.changed {
			files = append(files, state.File{Path: f.path, Data: f.data, Mode: 0o600})
		}
	}
	return files
}

// Packages names the packages that change, sorted.
func (w *Write) Packages() []string {
	var names []string
	for _, f := range w.files {
		if f.changed {
			names = append(names, f.name)
		}
	}
	return names
}

// Close releases the locks, after the commit or instead of it. Further calls do nothing.
func (w *Write) Close() {
	for _, f := range w.files {
		if f.changed && f.replaced() {
			// Who waits for the lock of the old inode goes on from the new content. If this fails (no room), such a
			// program undoes our change, as it would undo anybody's.
			_ = f.overwrite(f.data)
			f.handOver()
		}
		f.release()
		w.d.hold(f.name, -1)
	}
	w.files = nil
}
