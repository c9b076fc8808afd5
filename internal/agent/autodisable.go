package agent

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/source"
)

// timedTables are the rows that switch themselves off AutoDisableDuration after they were enabled, by whomever.
var timedTables = [...]struct {
	table, pkg string
	unit       int64 // of AutoDisableDuration, in seconds
}{
	{"Device.SSH.Server.", "dropbear", 60},
	{"Device.UserInterface.HTTPAccess.", "uhttpd", 1},
}

// timedOption is AutoDisableDuration in the section of such a row.
const timedOption = "cwmp_auto_disable"

// deadlinesState is the state file of the deadlines, by the path of the row with its dot.
const deadlinesState = "autodisable"

// A deadline is when a row is switched off. Up is what counts in the boot that noted it: no clock that is set moves it. In
// another boot it is At, once the clock is set; before, and where it never is, the time since that boot counts. So a
// power cut never makes it longer than For again.
type deadline struct {
	For  int64 // seconds, from Enable on
	Boot string
	Up   int64 // seconds of uptime in that boot
	At   int64 `json:",omitempty"` // Unix time; 0 while the clock was not set
}

// A moment is now, in all the times there are.
type moment struct {
	boot    string
	up, now int64 // now is 0 while the clock is not set
}

func (p *Parts) moment() moment {
	m := moment{boot: p.Box.BootID(), up: int64(p.Box.Uptime() / time.Second)}
	if p.Box.ClockSet() {
		m.now = p.Box.Now().Unix()
	}
	return m
}

// left is how many seconds are left.
func (t deadline) left(m moment) int64 {
	if t.Boot == m.boot {
		return t.Up - m.up
	}
	left := t.For - m.up
	if t.At > 0 && m.now > 0 {
		left = min(left, t.At-m.now)
	}
	return left
}

// noted is the same deadline as this boot knows it. It is another one only where that has to be on flash: in a new boot, and after
// the clock was set.
func (t deadline) noted(m moment) deadline {
	left := t.left(m)
	if t.Boot != m.boot && (m.now > 0 || t.At == 0) {
		t.Boot, t.Up = m.boot, m.up+left
	}
	if at := m.now + left; m.now > 0 && t.Boot == m.boot && (at > t.At+60 || at < t.At-60) {
		t.At = at
	}
	return t
}

// timeLeft is `call agent.time_left`: HTTPAccess.{i}.TimeLeft.
func (p *Parts) timeLeft(_ context.Context, _ *source.Reader, row *model.Row, _ []string) (string, error) {
	t, ok := p.deadlines()[row.Path()+"."]
	if !ok {
		return "0", nil
	}
	return strconv.FormatInt(max(0, t.left(p.moment())), 10), nil
}

func (p *Parts) deadlines() map[string]deadline {
	var all map[string]deadline
	_ = p.Store.Load(deadlinesState, &all) // without the file there are none
	return all
}

// timed reports whether any row has an AutoDisableDuration; most routers have none.
func (p *Parts) timed() bool {
	for _, t := range timedTables {
		pkg, err := p.UCI.Load(t.pkg)
		if err != nil {
			continue
		}
		for _, s := range pkg.Sections {
			if s.Get(timedOption) != "" {
				return true
			}
		}
	}
	return false
}

// timedRows are the rows that are on for a while, and for how many seconds. The error is that nobody knows.
func (p *Parts) timedRows(ctx context.Context) (map[string]int64, error) {
	rows := map[string]int64{}
	tx, err := p.Tree.Begin(ctx, model.FromSelf)
	if err != nil {
		return nil, err
	}
	defer tx.Close()
	for _, t := range timedTables {
		on := map[string]bool{}
		_ = tx.Get(ctx, t.table, func(v *model.Param) error { // where there is no such table it has no rows
			path := string(v.Path)
			if row, ok := strings.CutSuffix(path, "Enable"); ok {
				on[row] = v.Value == "true"
			} else if row, ok := strings.CutSuffix(path, "AutoDisableDuration"); ok && on[row] {
				if n, _ := strconv.ParseInt(v.Value, 10, 64); n > 0 {
					rows[row] = n * t.unit
				}
			}
			return nil
		})
	}
	return rows, ctx.Err()
}

// keepDeadlines gives each row that is on for a while its deadline, on flash, and takes it from the others. It returns the rows whose
// time is up, and how long it is until the next one's is; 0 for never.
func (d *Daemon) keepDeadlines(ctx context.Context) (over []string, wait time.Duration) {
	d.deadlining.Lock()
	defer d.deadlining.Unlock()
	before := d.deadlines()
	if len(before) == 0 && !d.timed() {
		return nil, 0
	}
	rows, err := d.timedRows(ctx)
	if err != nil {
		return nil, time.Minute
	}
	m, all := d.moment(), map[string]deadline{}
	for row, seconds := range rows {
		t := before[row]
		if t.For != seconds {
			t = deadline{For: seconds, Boot: m.boot, Up: m.up + seconds}
		}
		all[row] = t.noted(m)
		left := time.Duration(min(t.left(m), 1<<31)) * time.Second
		if left <= 0 {
			over = append(over, row)
		} else if wait == 0 || left < wait {
			wait = left
		}
	}
	if !maps.Equal(before, all) {
		if err := d.Store.Save(deadlinesState, all); err != nil {
			d.log.Error("when access ends is not on flash", "err", err)
		}
	}
	return over, wait
}

// watchDeadlines switches off what is on for a while only.
func (d *Daemon) watchDeadlines(ctx context.Context) error {
	for {
		over, wait := d.keepDeadlines(ctx)
		if len(over) > 0 {
			d.switchOff(ctx, over)
			wait = time.Minute // where it did not work
		}
		var due <-chan time.Time
		if wait > 0 {
			due = time.After(min(wait, 10*time.Minute)) // a suspended router's timers stand still
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.timer:
		case <-due:
		}
	}
}

func (d *Daemon) switchOff(ctx context.Context, rows []string) {
	tx, err := d.Tree.Begin(ctx, model.FromSelf)
	if err == nil {
		defer tx.Close()
		for _, row := range rows {
			d.log.Info("its time is up", "row", row)
			if err == nil {
				err = tx.Set(ctx, row+"Enable", "false", model.BaseAny)
			}
		}
	}
	if err == nil {
		_, err = tx.Commit(ctx)
	}
	if err != nil {
		d.log.Error("what was on for a while cannot be switched off", "err", err)
		return
	}
	d.applyOwed(ctx)
}
