package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

const (
	debounce  = time.Second      // from the first event to the look
	tick      = 30 * time.Second // N-14
	lookTime  = time.Minute      // the longest a look may take
	tellEvery = time.Second      // N-12: between two calls of OnChange, after tellBurst at once
	tellBurst = 10
	flapEvery = 5 * time.Minute // the same on account of one and the same value
)

// Change is a value that the ACS does not know yet.
type Change struct {
	Path, Value string
	Type        model.Base
}

// Config says what a Watcher watches. Tree and Store are required.
type Config struct {
	Tree     *model.Tree
	Store    *state.Store // keeps "attributes" and "baseline"
	Ubus     *ubus.Client // nil: no events from ubus
	UCIDirs  []string     // directories whose files hold values: ROOT/etc/config, ROOT/var/run/uci; they may come and go
	OnFiles  func()       // called when a file of UCIDirs was written, has come or has gone; must not block long; nil means nobody asks
	OnChange func()       // called from Run's goroutine when there is an active change that was not told of; nil means nobody asks
	Log      *slog.Logger // nil discards

	// Limit is the shortest time between two calls of OnChange for the sake of one parameter; nil: none has one.
	Limit func(path string) time.Duration

	Lightweight func() Lightweight // asked for the settings of lightweight notifications; nil: none are sent
}

// Watcher compares values with what the ACS knows.
type Watcher struct {
	cfg  Config
	log  *slog.Logger
	poke chan struct{} // one slot
	turn chan struct{} // one slot: held while facts are written to flash

	mu       sync.Mutex
	attrs    map[string]stored // by full name; guarded by mu, as all below
	baseline map[string]string // by full name: mark of the value
	own      map[string]bool   // set by the ACS a moment ago: what is read next is what it knows
	light    map[string]string // the same as baseline, as last sent in a lightweight notification
	changed  map[string]string // active differences as last seen: mark of the value
	facts    uint64            // counts changes of attrs and baseline by others than a reading
	hostapd  bool              // subscribed
	deaf     bool              // no inotify: UCI tells nobody
}

// New reads attributes and baseline from the store. What cannot be read is as if it had never been (Z-49).
func New(cfg Config) (*Watcher, error) {
	if cfg.Tree == nil || cfg.Store == nil {
		return nil, errors.New("notify: Tree and Store are required")
	}
	if cfg.Log == nil {
		cfg.Log = slog.Discard()
	}
	if cfg.OnChange == nil {
		cfg.OnChange = func() {}
	}
	w := &Watcher{
		cfg: cfg, log: cfg.Log, poke: make(chan struct{}, 1), turn: make(chan struct{}, 1),
		attrs: map[string]stored{}, baseline: map[string]string{}, own: map[string]bool{}, changed: map[string]string{},
		light: map[string]string{},
	}
	for name, v := range map[string]any{"attributes": &w.attrs, "baseline": &w.baseline, lightFile: &w.light} {
		if err := cfg.Store.Load(name, v); err != nil && !errors.Is(err, os.ErrNotExist) {
			w.log.Warn("what the ACS knows is lost", "file", name, "err", err)
		}
	}
	if w.attrs == nil { // a file may hold null
		w.attrs = map[string]stored{}
	}
	if w.baseline == nil {
		w.baseline = map[string]string{}
	}
	if w.light == nil {
		w.light = map[string]string{}
	}
	maps.DeleteFunc(w.attrs, func(_ string, s stored) bool { return !s.valid() })
	return w, nil
}

// Poke says that something may have changed. It never blocks.
func (w *Watcher) Poke() {
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// Active reports whether an active change wants a session.
func (w *Watcher) Active() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.changed) > 0
}

// Run watches until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	var sources sync.WaitGroup
	defer sources.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if len(w.cfg.UCIDirs) > 0 {
		sources.Go(func() { w.listenUCI(ctx) })
	}
	w.listenUbus()
	w.Poke() // what changed while we were not there (N-7)
	w.loop(ctx)
	return nil
}

// loop owns the timers.
func (w *Watcher) loop(ctx context.Context) {
	var due, next, again, trigger <-chan time.Time
	told := teller{told: map[string]string{}, at: map[string]time.Time{}, flapping: map[string]*bucket{}, tokens: bucket{tokens: tellBurst, last: time.Now(), every: tellEvery}}
	lightly := lightSender{tokens: bucket{tokens: tellBurst, last: time.Now(), every: lightEvery}}
	look := func() {
		ticker := w.look(ctx)
		again = w.tell(&told)
		lightTicker := false
		trigger, lightTicker = w.lookLightly(ctx, &lightly)
		next = nil
		if ticker || lightTicker {
			next = time.After(tick)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.poke:
			if due == nil {
				due = time.After(debounce)
			}
		case <-due:
			due = nil
			look()
		case <-next:
			look()
		case <-again:
			again = w.tell(&told)
		case <-trigger:
			trigger, _ = w.lookLightly(ctx, &lightly)
		}
	}
}

// A teller knows what OnChange was called for; only loop touches it.
type teller struct {
	told     map[string]string    // active differences: mark of the value
	flapping map[string]*bucket   // by full name: of values that were told lately
	at       map[string]time.Time // when OnChange was called for one that has a Limit
	tokens   bucket
}

// tell calls OnChange if there is a change that it was not called for yet. When it was called too often, for all values or
// for this one, it returns when to try again. A value that waits goes along with the session that another one opens.
func (w *Watcher) tell(t *teller) <-chan time.Time {
	w.mu.Lock()
	changed := maps.Clone(w.changed)
	w.mu.Unlock()
	now := time.Now()
	var news []string
	wait := time.Duration(0)
	for path, mark := range changed {
		if before, ok := t.told[path]; ok && before == mark {
			continue
		}
		b := t.flapping[path]
		if b == nil {
			b = &bucket{tokens: tellBurst, last: now, every: flapEvery}
			t.flapping[path] = b
		}
		if d := max(b.wait(now), w.limit(path)-now.Sub(t.at[path])); d <= 0 {
			news = append(news, path)
		} else if delete(changed, path); wait == 0 || d < wait {
			wait = d
		}
	}
	if len(news) > 0 {
		if d := t.tokens.take(now); d > 0 {
			return time.After(d)
		}
	}
	for _, path := range news {
		t.flapping[path].tokens--
		if w.limit(path) > 0 {
			t.at[path] = now
		}
	}
	t.told = changed
	maps.DeleteFunc(t.flapping, func(_ string, b *bucket) bool { b.wait(now); return b.tokens >= tellBurst })
	if len(news) > 0 {
		w.log.Info("values changed that the ACS wants to know of", "parameters", len(changed))
		w.cfg.OnChange()
	}
	if wait == 0 {
		return nil
	}
	return time.After(wait)
}

func (w *Watcher) limit(path string) time.Duration {
	if w.cfg.Limit == nil {
		return 0
	}
	return w.cfg.Limit(path)
}

// bucket holds tokens for OnChange, or for lightweight notifications: at most tellBurst, and a new one every so often.
type bucket struct {
	tokens float64
	last   time.Time
	every  time.Duration
}

// take takes a token, or returns how long to wait for one.
func (b *bucket) take(now time.Time) time.Duration {
	wait := b.wait(now)
	if wait == 0 {
		b.tokens--
	}
	return wait
}

// wait returns how long to wait for a token, 0 when there is one.
func (b *bucket) wait(now time.Time) time.Duration {
	b.tokens = min(tellBurst, b.tokens+float64(max(0, now.Sub(b.last)))/float64(b.every))
	b.last = now
	if b.tokens >= 1 {
		return 0
	}
	return time.Duration((1-b.tokens)*float64(b.every)) + time.Millisecond
}

// save writes the facts to flash, with all changes up to now.
func (w *Watcher) save(names ...string) error {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	var files []state.File
	for _, name := range names {
		w.mu.Lock()
		var facts any = maps.Clone(w.baseline)
		switch name {
		case "attributes":
			facts = maps.Clone(w.attrs)
		case lightFile:
			facts = maps.Clone(w.light)
		}
		w.mu.Unlock()
		f, err := w.cfg.Store.File(name, facts)
		if err != nil {
			return fmt.Errorf("save %s: %w", name, err)
		}
		files = append(files, f)
	}
	return w.cfg.Store.Commit(files...)
}
