package transfer

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/web"
)

const (
	// After a start the network may take a while: what was interrupted then is tried again without being counted.
	startGrace = 3 * time.Minute
	startPause = 10 * time.Second
)

// Run does the transfers, one after the other, until ctx ends. What is under way then stays in the queue.
func (q *Queue) Run(ctx context.Context) error {
	if len(q.Done()) > 0 {
		q.tell()
	}
	started := time.Now()
	for ctx.Err() == nil {
		e, wait := q.next()
		if e != nil {
			if !e.Request.Scheduled() || !q.disturbs(e) {
				q.do(ctx, *e, started.Add(startGrace))
			}
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-timer.C:
			q.takeNotes()
		}
		timer.Stop()
	}
	return nil
}

func (q *Queue) tell() {
	if q.cfg.OnDone != nil {
		q.cfg.OnDone()
	}
}

// next is the entry to start now, or else how long to wait for one.
func (q *Queue) next() (*entry, time.Duration) {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	wait := noteEvery
	for i := range q.entries {
		e := &q.entries[i]
		if e.State != Waiting || e.held {
			continue
		}
		left := e.wait(now)
		if left <= 0 {
			due := *e
			return &due, 0
		}
		wait = min(wait, left)
		if e.unclocked {
			wait = min(wait, clockEvery)
		}
	}
	return nil, wait
}

// takeNotes keeps the delays right: by the clock once it is set, on flash from time to time while it is not.
func (q *Queue) takeNotes() {
	now := q.clock()
	if !now.wall.IsZero() {
		q.noteAll(func(e *entry) {
			if e.unclocked {
				e.clockWasSet(now)
			}
		})
		return
	}
	old := false
	q.noteAll(func(e *entry) {
		old = old || e.State == Waiting && e.remaining(now.mono) > 0 && e.passedAt(now.mono)-e.Since.Passed >= noteEvery
	})
	if !old {
		return
	}
	err := q.change(func(list []entry) ([]entry, error) {
		for i := range list {
			if e := &list[i]; e.State == Waiting {
				e.anchor(now)
				e.unclocked = false // a box that does not learn the time in an hour goes on without
			}
		}
		return list, nil
	})
	if err != nil {
		q.log.Warn("waiting transfers not saved", "err", err)
	}
}

// ending is how a transfer ended.
type ending struct {
	reason Reason
	msg    string
	err    error
}

func (how *ending) text() string {
	if how.err == nil {
		return how.msg
	}
	return strings.TrimPrefix(how.msg+": "+how.err.Error(), ": ")
}

func endOf(err error) *ending { return &ending{reason: reasonOf(err), err: err} }

// do brings one transfer to its end, or leaves it as it is when ctx ends or somebody cancels it.
func (q *Queue) do(ctx context.Context, e entry, graceEnds time.Time) {
	window, closes, ok := q.within(ctx, &e)
	if !ok {
		q.end(e.ID, ending{reason: Windows})
		return
	}
	defer closes()
	fetching, stop := context.WithCancelCause(window)
	defer stop(nil)
	q.setRunning(e.ID, stop)
	end := q.try(ctx, fetching, e, graceEnds)
	q.setRunning("", nil)
	if end == nil && ctx.Err() == nil && context.Cause(fetching) == errWindowOver {
		end = &ending{reason: Windows}
	}
	if end != nil && !(end.reason != OK && e.Request.Scheduled() && q.again(e.ID, end)) {
		q.end(e.ID, *end)
	}
}

// again puts a scheduled transfer that failed back into the queue, if it has another attempt.
func (q *Queue) again(id string, how *ending) bool {
	more := false
	err := q.update(id, func(e *entry) {
		if more = e.retry(time.Now(), how); more {
			e.State = Waiting
			q.log.Warn("attempt failed", "type", e.Request.FileType, "url", origin(e.Request.URL), "key", e.Request.CommandKey,
				"reason", how.reason, "err", scrub(how.text(), e.Request))
		}
	})
	return more && err == nil
}

// try does all of a transfer but telling its end. It is nil when there is none.
func (q *Queue) try(ctx, fetching context.Context, e entry, graceEnds time.Time) *ending {
	err := q.update(e.ID, func(e *entry) {
		e.State, e.Start = Fetching, q.wallTime()
		e.Tries++
		if e.Request.Scheduled() {
			e.enter(e.passedAt(time.Now()))
		}
	})
	if err != nil {
		return &ending{Internal, "cannot be saved", err}
	}
	q.log.Info("transfer starts", "type", e.Request.FileType, "url", origin(e.Request.URL), "key", e.Request.CommandKey)
	f, err := q.fetch(fetching, e, graceEnds)
	defer f.remove()
	switch {
	case fetching.Err() != nil:
		return nil // resume or Cancel says what becomes of it
	case err != nil || e.Request.Kind == Upload:
		return endOf(err)
	}
	q.note(e.ID, func(e *entry) { e.State = Fetched })
	return q.apply(ctx, fetching, e, f)
}

func (q *Queue) setRunning(id string, stop context.CancelCauseFunc) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running, q.stop = id, stop
}

// fetch gets the file, or sends it. Without contact it tries again for a while if the transfer was interrupted by a
// reboot, since the network is up later than we are.
func (q *Queue) fetch(ctx context.Context, e entry, graceEnds time.Time) (*file, error) {
	for {
		move := q.get
		if e.Request.Kind == Upload {
			move = q.put
		}
		f, err := move(ctx, e)
		if !e.recovered || !errors.Is(err, web.ErrContact) || time.Now().After(graceEnds) || ctx.Err() != nil {
			return f, err
		}
		f.remove()
		select {
		case <-ctx.Done():
		case <-time.After(startPause):
		}
	}
}

// end finishes an entry and tells it. A cancelled one is gone and ends silently.
func (q *Queue) end(id string, how ending) {
	msg, at := how.text(), q.wallTime()
	var ended entry
	finish := func(e *entry) {
		e.finish(how.reason, msg, at)
		ended = *e
	}
	if err := q.update(id, finish); err != nil {
		if ended.ID == "" {
			return
		}
		// The result is true all the same; after a reboot the transfer would start again.
		q.log.Error("end of a transfer not saved", "err", err)
		q.note(id, finish)
	}
	q.logEnd(&ended)
	q.tell()
}
