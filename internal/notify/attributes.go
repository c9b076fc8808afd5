package notify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/state"
)

// The levels of notification (N-1). Of the lightweight ones the bigger of each pair is in Inform as well.
const (
	off           = 0
	passive       = 1
	active        = 2
	lightPassive  = 3
	lightPassive1 = 4
	lightActive   = 5
	lightActive1  = 6
)

// A levels is a set of them.
type levels uint8

const (
	inSession   levels = 1 << active // wants a session
	inInform    levels = 1<<passive | inSession | 1<<lightPassive1 | 1<<lightActive1
	lightAtOnce levels = 1<<lightActive | 1<<lightActive1
	light              = 1<<lightPassive | 1<<lightPassive1 | lightAtOnce
	atOnce             = inSession | lightAtOnce
)

func (l levels) has(level int) bool { return l>>level&1 != 0 }

const (
	maxAttributes = 4096 // parameters with other attributes than the data model's
	maxEntities   = 16   // in an access list
	maxEntity     = 64   // bytes
)

// subscriber is the only entity that the standard names, and the default access list.
const subscriber = "Subscriber"

// Attr is what the ACS may say of a parameter.
type Attr struct {
	Notification int // 0 off, 1 passive, 2 active, 3 to 6 lightweight
	AccessList   []string
}

// SetAttr changes attributes; nil leaves one as it is.
type SetAttr struct {
	Path         string // full name, partial path, or "" for all
	Notification *int
	AccessList   *[]string
}

// RefusedError says that active notification is refused for a parameter (9009).
type RefusedError struct{ Path string }

func (e *RefusedError) Error() string { return e.Path + ": active notification refused" }

// InvalidError says that an attribute is out of its range (9003).
type InvalidError struct{ Path, Msg string }

func (e *InvalidError) Error() string { return fmt.Sprintf("%q: %s", e.Path, e.Msg) }

// stored is what was set for one parameter; nil is the data model's default.
type stored struct {
	Notification *int      `json:"n,omitempty"`
	AccessList   *[]string `json:"a,omitempty"`
}

// valid reports whether it can have come from us.
func (s stored) valid() bool {
	return s.Notification == nil || *s.Notification >= off && *s.Notification <= lightActive1
}

// level returns how a parameter is notified.
func (s stored) level(def model.Notify) int {
	switch {
	case def == model.NotifyForced:
		return active
	case s.Notification != nil:
		return *s.Notification
	case def == model.NotifyDefault:
		return active
	default:
		return off
	}
}

// Attr returns the attributes of a parameter, the defaults for one that does not exist.
func (w *Watcher) Attr(path string) Attr {
	notify := model.NotifyNormal
	if def, err := w.cfg.Tree.Lookup(path); err == nil {
		notify = def.Notify
	}
	w.mu.Lock()
	s := w.attrs[path]
	w.mu.Unlock()
	a := Attr{Notification: s.level(notify), AccessList: []string{subscriber}}
	if s.AccessList != nil {
		a.AccessList = slices.Clone(*s.AccessList)
	}
	return a
}

// SetAttributes changes attributes in the order given, all or none, and has them on flash when it returns. A partial
// path stands for the parameters that exist below it. The error is a *RefusedError, an *InvalidError, or a
// *model.ParamError. What the ACS may not lower stays active.
func (w *Watcher) SetAttributes(ctx context.Context, set []SetAttr) error {
	for _, s := range set {
		if err := s.check(); err != nil {
			return err
		}
	}
	tx, err := w.cfg.Tree.Begin(ctx, model.FromACS)
	if err != nil {
		return err
	}
	defer tx.Close()
	if err := checkLight(ctx, tx, set); err != nil {
		return err
	}
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	w.mu.Lock()
	before := maps.Clone(w.attrs)
	w.mu.Unlock()
	next, touched, err := applyAll(ctx, tx, before, set)
	if err != nil {
		return err
	}
	if len(next) > maxAttributes {
		dropGone(ctx, tx, next)
		if len(next) > maxAttributes {
			return &model.ParamError{Path: set[len(set)-1].Path, Reason: model.NoRoom, Msg: "attributes of too many parameters"}
		}
	}
	known := firstValues(ctx, tx, inInform, before, next, touched)
	lightKnown := firstValues(ctx, tx, light, before, next, touched)
	if err := w.commitAttributes(before, next, known, lightKnown); err != nil {
		return err
	}
	w.Poke()
	return nil
}

// check looks at what is asked for alone.
func (s SetAttr) check() error {
	if strings.Contains(s.Path, "*") {
		return &model.ParamError{Path: s.Path, Reason: model.Unknown, Msg: "a wildcard cannot set attributes"}
	}
	if s.Notification != nil && (*s.Notification < off || *s.Notification > lightActive1) {
		return &InvalidError{s.Path, fmt.Sprintf("notification %d is not supported", *s.Notification)}
	}
	if s.AccessList == nil {
		return nil
	}
	if len(*s.AccessList) > maxEntities {
		return &InvalidError{s.Path, "access list too long"}
	}
	for _, entity := range *s.AccessList {
		if len(entity) > maxEntity {
			return &InvalidError{s.Path, "entity of the access list too long"}
		}
	}
	return nil
}

// checkLight refuses lightweight notifications where the data model says that there are none.
func checkLight(ctx context.Context, tx *model.Tx, set []SetAttr) error {
	for _, s := range set {
		if s.Notification == nil || !light.has(*s.Notification) {
			continue
		}
		if protocols, err := tx.Value(ctx, lightSupported); err != nil || protocols == "" {
			return &InvalidError{s.Path, fmt.Sprintf("notification %d is not supported", *s.Notification)}
		}
	}
	return nil
}

// applyAll returns the attributes as they will be, and the parameters that were named, with what the data model says of them.
func applyAll(ctx context.Context, tx *model.Tx, before map[string]stored, set []SetAttr) (next map[string]stored, touched map[string]model.Notify, err error) {
	next, touched = maps.Clone(before), map[string]model.Notify{}
	for _, s := range set {
		err := tx.Names(ctx, s.Path, false, func(n model.Name) error {
			if n.Object {
				return nil
			}
			path := string(n.Path)
			touched[path] = n.Def.Notify
			return s.apply(next, path, n.Def.Notify)
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return next, touched, nil
}

// apply changes the attributes of one parameter.
func (s SetAttr) apply(attrs map[string]stored, path string, notify model.Notify) error {
	a := attrs[path]
	if s.Notification != nil {
		if atOnce.has(*s.Notification) && notify == model.NotifyDeny {
			return &RefusedError{path} // N-15
		}
		a.Notification = nil
		if (stored{}).level(notify) != *s.Notification && notify != model.NotifyForced {
			a.Notification = s.Notification
		}
	}
	if s.AccessList != nil {
		a.AccessList = nil
		if !slices.Equal(*s.AccessList, []string{subscriber}) {
			list := slices.Clone(*s.AccessList)
			if list == nil {
				list = []string{}
			}
			a.AccessList = &list
		}
	}
	if a == (stored{}) {
		delete(attrs, path)
		return nil
	}
	attrs[path] = a
	return nil
}

// dropGone forgets the attributes of parameters that are not there any more. Usually they are kept: what is driven by ubus may
// come back.
func dropGone(ctx context.Context, tx *model.Tx, attrs map[string]stored) {
	for path := range attrs {
		if tx.Check(ctx, path) != nil {
			delete(attrs, path)
		}
	}
}

// firstValues reads the parameters whose notification in one way is switched on: from now on the ACS wants to know when they
// change. A nil entry stands for one that was switched off, or that cannot be read now and gets its baseline later.
func firstValues(ctx context.Context, tx *model.Tx, way levels, before, next map[string]stored, touched map[string]model.Notify) map[string]*string {
	known := map[string]*string{}
	for path, notify := range touched {
		was, is := way.has(before[path].level(notify)), way.has(next[path].level(notify))
		switch {
		case was && !is:
			known[path] = nil
		case is && !was:
			known[path] = nil
			if value, err := tx.Value(ctx, path); err == nil {
				value = mark(value)
				known[path] = &value
			}
		}
	}
	return known
}

// commitAttributes makes it so, on flash and then here. The caller holds the turn. What the ACS deleted meanwhile stays deleted;
// Known waits to save that.
func (w *Watcher) commitAttributes(before, next map[string]stored, known, lightKnown map[string]*string) error {
	w.mu.Lock()
	baseline, lightBase := maps.Clone(w.baseline), maps.Clone(w.light)
	w.mu.Unlock()
	merge(baseline, known)
	merge(lightBase, lightKnown)
	attrs, err := w.cfg.Store.File("attributes", next)
	if err != nil {
		return err
	}
	base, err := w.cfg.Store.File("baseline", baseline)
	if err != nil {
		return err
	}
	files := []state.File{attrs, base}
	if len(lightKnown) > 0 {
		f, err := w.cfg.Store.File(lightFile, lightBase)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	if err := w.cfg.Store.Commit(files...); err != nil {
		return fmt.Errorf("save attributes: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for path := range before {
		if _, still := w.attrs[path]; !still {
			delete(next, path)
			delete(known, path)
			delete(lightKnown, path)
		}
	}
	w.attrs = next
	merge(w.baseline, known)
	merge(w.light, lightKnown)
	for path := range known {
		delete(w.changed, path)
		delete(w.own, path)
	}
	w.facts++
	return nil
}

// merge puts marks into a baseline; nil removes one.
func merge(baseline map[string]string, known map[string]*string) {
	for path, m := range known {
		if m == nil {
			delete(baseline, path)
		} else {
			baseline[path] = *m
		}
	}
}

// below reports whether a path lies below one of these objects.
func below(path string, objects []string) bool {
	return slices.ContainsFunc(objects, func(o string) bool { return strings.HasPrefix(path, o) })
}
