package transfer

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/web"
)

const (
	stateName   = "transfers" // of the store
	upgradeWait = 5 * time.Minute
)

// Config says how a Queue behaves. Store, Box and Web are required.
type Config struct {
	Store *state.Store
	Box   *system.Box
	Web   func() web.Config // asked before each transfer
	Busy  chan struct{}     // one slot, held by whoever sent to it: a session elsewhere, a flash write here; nil: no sessions
	// Apply puts a downloaded configuration file in force; reboot says that it takes a reboot. An error that wraps
	// ErrCorrupt blames the file. nil: such downloads are refused.
	Apply func(ctx context.Context, r Request, path string) (reboot bool, err error)
	// Produce writes the file that an upload sends. nil: uploads are refused.
	Produce func(ctx context.Context, r Request, w io.Writer) error
	// Offers is asked before an upload is taken on: an error that wraps ErrFileType says that there is no such file, one
	// that wraps ErrScheme that it is not sent that way. nil: Produce will tell.
	Offers func(r Request) error
	// Traffic tells how many bytes the line to the outside has carried; false: not known. nil: downloads "when idle" are
	// refused.
	Traffic    func() (bytes uint64, ok bool)
	Keep       func() bool // whether a firmware upgrade keeps the configuration; nil: it does
	OnDone     func()      // called from Run after each transfer that ended, and at its start if there are such; nil: nobody asks
	OnLeaving  func()      // called from Run when sysupgrade or a reboot was ordered and the box goes down; nil: nobody asks
	MaxEntries int         // 0 means 16
	Log        *slog.Logger
}

// Queue holds the transfers of one router. Run does them; the other methods may be called from anywhere, also before.
type Queue struct {
	cfg  Config
	log  *slog.Logger
	wake chan struct{} // one slot
	line meter         // Run's

	writing sync.Mutex // held over a change and its way to the flash

	mu      sync.Mutex // guards what is below
	entries []entry
	running string                  // ID of the entry that is under way
	stop    context.CancelCauseFunc // ends its fetch; nil when it cannot be stopped
}

// book is what is on flash.
type book struct{ Entries []entry }

// New makes a queue and judges what the last run of the agent left behind.
func New(cfg Config) (*Queue, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Discard()
	}
	if cfg.MaxEntries == 0 {
		cfg.MaxEntries = 16
	}
	q := &Queue{cfg: cfg, log: cfg.Log, wake: make(chan struct{}, 1)}
	var b book
	if err := cfg.Store.Load(stateName, &b); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	q.clearSpool(b.Entries)
	if len(b.Entries) == 0 {
		return q, nil
	}
	q.entries = b.Entries
	for i := range q.entries {
		q.resume(&q.entries[i])
	}
	// If this cannot be saved the same is found again after the next start.
	if err := q.change(func(list []entry) ([]entry, error) { return list, nil }); err != nil {
		q.log.Error("transfers not saved", "err", err)
	}
	return q, nil
}

// clearSpool removes what the last life left, but not under the hands of a sysupgrade that may still be at it.
func (q *Queue) clearSpool(list []entry) {
	boot := q.cfg.Box.BootID()
	if slices.ContainsFunc(list, func(e entry) bool { return e.State == Applying && e.Boot == boot }) {
		return
	}
	if err := os.RemoveAll(q.spoolDir()); err != nil {
		q.log.Warn("old spool not removed", "err", err)
	}
}

// Add puts a transfer into the queue. When it returns nil, the entry is on flash. It starts after its delay, and after
// the next SessionOver.
func (q *Queue) Add(r Request) error {
	if err := q.check(r); err != nil {
		return err
	}
	e := entry{ID: newID(), Request: r, held: true}
	e.anchor(q.clock())
	err := q.change(func(list []entry) ([]entry, error) {
		if len(list) >= q.cfg.MaxEntries {
			return nil, ErrFull
		}
		return append(list, e), nil
	})
	if err != nil {
		return fmt.Errorf("queue transfer: %w", err)
	}
	q.log.Info("transfer queued", "type", r.FileType, "url", origin(r.URL), "key", r.CommandKey, "delay", r.Delay)
	q.poke()
	return nil
}

func (q *Queue) check(r Request) error {
	if err := Check(r); err != nil {
		return err
	}
	switch {
	case r.Kind == Upload && q.cfg.Produce == nil, r.Kind == Download && r.FileType == TypeConfig && q.cfg.Apply == nil:
		return ErrFileType
	case r.Kind == Download && r.FileSize > uint64(q.room()):
		return ErrNoSpace
	case q.cfg.Traffic == nil && slices.ContainsFunc(r.Windows, func(w Window) bool { return w.Mode == WhenIdle }):
		return ErrMode
	case r.Kind == Upload && q.cfg.Offers != nil:
		return q.cfg.Offers(r)
	}
	return nil
}

func newID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// change makes a new list of the old one. Nothing has changed if it returns an error.
func (q *Queue) change(f func([]entry) ([]entry, error)) error {
	q.writing.Lock()
	defer q.writing.Unlock()
	q.mu.Lock()
	list := slices.Clone(q.entries)
	q.mu.Unlock()
	list, err := f(list)
	if err != nil {
		return err
	}
	if err := q.cfg.Store.Save(stateName, book{list}); err != nil {
		return err
	}
	q.mu.Lock()
	q.entries = list
	q.mu.Unlock()
	return nil
}

// update changes one entry, on flash too.
func (q *Queue) update(id string, f func(*entry)) error {
	return q.change(func(list []entry) ([]entry, error) {
		i := find(list, id)
		if i < 0 {
			return nil, fmt.Errorf("no transfer %q", id)
		}
		f(&list[i])
		return list, nil
	})
}

// note changes one entry in memory alone.
func (q *Queue) note(id string, f func(*entry)) {
	q.noteAll(func(e *entry) {
		if e.ID == id {
			f(e)
		}
	})
}

// noteAll changes entries in memory alone.
func (q *Queue) noteAll(f func(*entry)) {
	q.writing.Lock()
	defer q.writing.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.entries {
		f(&q.entries[i])
	}
}

func find(list []entry, id string) int {
	return slices.IndexFunc(list, func(e entry) bool { return e.ID == id })
}

func (q *Queue) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Done lists the transfers that ended and that the ACS does not know of yet, the oldest first.
func (q *Queue) Done() []Result {
	q.mu.Lock()
	defer q.mu.Unlock()
	var list []Result
	for _, e := range q.entries {
		if e.State == Finished {
			list = append(list, Result{e.ID, e.public(), e.Reason, e.Msg, e.Start, e.Complete})
		}
	}
	return list
}

// Entries lists the queue, also what ended and is not forgotten, the oldest first.
func (q *Queue) Entries() []Entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]Entry, 0, len(q.entries))
	for _, e := range q.entries {
		list = append(list, Entry{e.ID, e.public(), e.State})
	}
	return list
}

// Forget removes a transfer that ended: the ACS knows. An ID that is not there is forgotten already.
func (q *Queue) Forget(id string) error {
	q.mu.Lock()
	i := find(q.entries, id)
	ended := i >= 0 && q.entries[i].State == Finished
	q.mu.Unlock()
	if i < 0 {
		return nil
	}
	if !ended {
		return fmt.Errorf("transfer %s is not finished", id)
	}
	return q.change(func(list []entry) ([]entry, error) {
		return slices.DeleteFunc(list, func(e entry) bool { return e.ID == id }), nil
	})
}

// SessionOver tells that no session is open: what was added during it may start.
func (q *Queue) SessionOver() {
	q.noteAll(func(e *entry) { e.held = false })
	q.poke()
}

// Cancel removes all transfers with that key, without a result. One that is being applied, or has ended and has a result, is
// not removed and makes the error ErrTooLate.
func (q *Queue) Cancel(commandKey string) error {
	var refused error
	err := q.change(func(list []entry) ([]entry, error) {
		return slices.DeleteFunc(list, func(e entry) bool {
			if e.Request.CommandKey != commandKey {
				return false
			}
			if e.State >= Applying {
				refused = ErrTooLate
				return false
			}
			return true
		}), nil
	})
	if err != nil {
		return fmt.Errorf("cancel transfer: %w", err)
	}
	q.mu.Lock()
	if q.running != "" && find(q.entries, q.running) < 0 && q.stop != nil {
		q.stop(errCancelled)
	}
	q.mu.Unlock()
	return refused
}

var errCancelled = errors.New("transfer was cancelled")
