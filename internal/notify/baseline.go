package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// A mark stands for a value in the baseline: the value itself if it is short, else a hash.
const (
	maxMark    = 64
	hashPrefix = "sha256:"
)

func mark(value string) string {
	if len(value) <= maxMark && !strings.HasPrefix(value, hashPrefix) {
		return value
	}
	sum := sha256.Sum256([]byte(value))
	return hashPrefix + hex.EncodeToString(sum[:16])
}

// reading is what was found of one notified parameter.
type reading struct {
	value    string
	typ      model.Base
	level    int
	mute     bool // its source tells nobody of changes
	wireless bool // it depends on hostapd
}

// wanted is what is to be read.
type wanted struct {
	attrs map[string]stored
	own   map[string]bool
	facts uint64
	levels
	deaf bool
}

// Pending reads all notified parameters and returns those that differ from what the ACS knows, sorted by name. When one is
// active, Active is true from now on.
func (w *Watcher) Pending(ctx context.Context) ([]Change, error) {
	found, changed, err := w.compare(ctx, inInform)
	if err != nil {
		return nil, err
	}
	var list []Change
	for _, path := range slices.Sorted(maps.Keys(changed)) {
		list = append(list, Change{path, found[path].value, found[path].typ})
	}
	return list, nil
}

// look reads the parameters that want a session, and reports whether one of them has to be looked at every now and then.
func (w *Watcher) look(ctx context.Context) (ticker bool) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	found, _, err := w.compare(ctx, inSession)
	if err != nil {
		if ctx.Err() == nil {
			w.log.Warn("notified parameters cannot be read", "err", err)
		}
		return true
	}
	return w.wantTicker(found)
}

// wantTicker reports whether one of these has to be looked at every now and then, and makes sure that hostapd is heard if it
// matters.
func (w *Watcher) wantTicker(found map[string]reading) (ticker bool) {
	for _, r := range found {
		ticker = ticker || atOnce.has(r.level) && r.mute
		if atOnce.has(r.level) && r.wireless {
			w.listenHostapd()
		}
	}
	return ticker
}

// compare reads the parameters of these levels and returns the marks of those that differ from the baseline: that of Informs,
// or that of lightweight notifications. What has no baseline yet gets one: to the ACS it is as it is.
func (w *Watcher) compare(ctx context.Context, which levels) (map[string]reading, map[string]string, error) {
	for {
		want := w.snapshot(which)
		found, err := w.read(ctx, want)
		if err == nil {
			err = ctx.Err() // half a reading would be none
		}
		if err != nil {
			return nil, nil, err
		}
		changed, adopted, ok := w.judge(want, found)
		if !ok {
			continue // the facts have moved meanwhile
		}
		if adopted {
			if err := w.save("baseline"); err != nil {
				w.log.Error("what the ACS knows is not saved", "err", err)
			}
		}
		return found, changed, nil
	}
}

func (w *Watcher) snapshot(which levels) wanted {
	w.mu.Lock()
	defer w.mu.Unlock()
	return wanted{attrs: maps.Clone(w.attrs), own: maps.Clone(w.own), facts: w.facts, levels: which, deaf: w.deaf}
}

// judge compares readings with the baseline; ok is false if the facts are not those any more that the reading was made for.
func (w *Watcher) judge(want wanted, found map[string]reading) (changed map[string]string, adopted, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.facts != want.facts {
		return nil, false, false
	}
	changed = map[string]string{}
	lightly := want.levels&inSession == 0
	for path, r := range found {
		m := mark(r.value)
		if want.own[path] {
			if before, known := w.baseline[path]; inInform.has(r.level) && (!known || before != m) {
				adopted = true
				w.baseline[path] = m
			}
			if light.has(r.level) {
				w.light[path] = m
			}
			continue
		}
		base := w.baseline
		if lightly {
			base = w.light
		}
		before, known := base[path]
		switch {
		case !known:
			adopted = adopted || !lightly
			base[path] = m
		case before != m:
			changed[path] = m
		}
	}
	if !lightly {
		w.changed = map[string]string{}
		for path, m := range changed {
			if found[path].level == active {
				w.changed[path] = m
			}
		}
	}
	for path := range want.own {
		delete(w.own, path)
	}
	return changed, adopted, true
}

// read reads in one transaction what is wanted. A parameter that is not there, or cannot be read now, is left out: a row that was
// deleted is no change, and one that comes back is compared then.
func (w *Watcher) read(ctx context.Context, want wanted) (map[string]reading, error) {
	tx, err := w.cfg.Tree.Begin(ctx, model.FromSelf)
	if err != nil {
		return nil, err
	}
	defer tx.Close()
	found := map[string]reading{}
	visit := func(p *model.Param) error {
		path := string(p.Path)
		level := want.attrs[path].level(p.Def.Notify)
		if (want.has(level) || level != off && want.own[path]) && !w.unknown(p.Def) {
			found[path] = reading{p.Value, p.Type, level, w.mute(p.Def, want.deaf), wireless(p.Def)}
		}
		return nil
	}
	for _, path := range w.places(want) {
		if _, done := found[path]; done {
			continue
		}
		if err := tx.Get(ctx, path, visit); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			var pe *model.ParamError
			if !errors.As(err, &pe) {
				return nil, fmt.Errorf("read %s: %w", path, err)
			}
		}
	}
	return found, nil
}

// places lists what has to be read: full names, and for active parameters of tables the tables.
func (w *Watcher) places(want wanted) []string {
	var list []string
	w.cfg.Tree.Definitions(func(d model.Def) {
		if !want.has(active) || d.Object || d.Unmet || d.Notify != model.NotifyForced && d.Notify != model.NotifyDefault {
			return
		}
		table, _, _ := strings.Cut(d.Path, "{i}")
		list = append(list, table)
	})
	for path, s := range want.attrs {
		if s.Notification != nil && (want.has(*s.Notification) || want.own[path]) {
			list = append(list, path)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Ack says that the ACS knows these changes now. It is on flash when Ack returns (N-9).
func (w *Watcher) Ack(changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	w.mu.Lock()
	for _, c := range changes {
		w.baseline[c.Path] = mark(c.Value)
		if w.changed[c.Path] == mark(c.Value) {
			delete(w.changed, c.Path)
		}
	}
	w.facts++
	w.mu.Unlock()
	w.Poke() // what changed since wants a session of its own (N-6)
	if err := w.save("baseline"); err != nil {
		return fmt.Errorf("what the ACS knows: %w", err)
	}
	return nil
}

// Known says that the ACS itself made these changes: they are no news to it (N-10, R-18, R-66). What else changed on account of
// them is. Attributes go with the rows that it deleted.
func (w *Watcher) Known(changes model.Changes) {
	w.mu.Lock()
	dirty := false
	for path, text := range changes.Set {
		if _, watched := w.baseline[path]; watched {
			w.baseline[path] = mark(text)
			w.own[path] = true // its source may spell it differently
			delete(w.changed, path)
			dirty = true
		}
		if _, watched := w.light[path]; watched {
			w.light[path] = mark(text)
			w.own[path] = true
		}
	}
	var files []string
	if dropBelow(w.attrs, changes.Deleted) {
		files = append(files, "attributes")
	}
	if dropBelow(w.baseline, changes.Deleted) || dirty {
		files = append(files, "baseline")
	}
	dropBelow(w.changed, changes.Deleted)
	dropBelow(w.light, changes.Deleted)
	w.facts++
	w.mu.Unlock()
	w.Poke()
	if len(files) == 0 {
		return
	}
	if err := w.save(files...); err != nil {
		w.log.Error("what the ACS knows is not saved", "err", err)
	}
}

// dropBelow removes what lies below objects, and reports whether there was any.
func dropBelow[V any](m map[string]V, objects []string) bool {
	before := len(m)
	if len(objects) > 0 {
		maps.DeleteFunc(m, func(path string, _ V) bool { return below(path, objects) })
	}
	return len(m) != before
}
