package source

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
)

// A sampler looks at the memory, at processors and at temperatures while nobody asks, where the ACS has switched that on:
// MemoryMonitor, CPU and TemperatureSensor of Device.DeviceInfo. One goroutine (RunSampler) and one timer serve all, and
// there is no timer while nothing is to be sampled. What to sample is said by values of the agent's own, on flash; what was
// seen lasts as long as the daemon. The rows go by their rowName, "" is the memory.
type sampler struct {
	changed chan struct{} // one slot: values of the agent's own were saved

	mu   sync.Mutex // guards what follows
	seen map[string]*seen
}

// seen is what became of the samples of one row.
type seen struct {
	polled   time.Time  // when the timer took the last one
	ticks    []cpuTicks // of a processor: those of the last polls
	critical bool       // it rose above the threshold, and has not fallen below the other one since
	failed   bool       // of a sensor: the last sample could not be taken

	// What is told, by the last word of `call device.sampled`: numbers, and dateTimes of what has happened.
	facts map[string]string
}

const (
	cpuTable    = "Device.DeviceInfo.ProcessStatus.CPU."
	sensorTable = "Device.DeviceInfo.TemperatureStatus.TemperatureSensor."
)

// RunSampler takes samples until ctx ends.
func (rt *Router) RunSampler(ctx context.Context) error {
	for {
		var due <-chan time.Time
		if wait := rt.sampler.poll(newReader(rt, nil), time.Now()); wait > 0 {
			due = time.After(wait)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-rt.sampler.changed:
		case <-due:
		}
	}
}

// poll takes the samples that are due and returns how long it is to the next one, 0 if there will be none.
func (s *sampler) poll(r *Reader, now time.Time) (wait time.Duration) {
	settings := r.stateValues()
	s.mu.Lock()
	for name, w := range s.seen {
		if sampleEvery(name, settings[name]) == 0 {
			w.polled, w.ticks, w.critical = time.Time{}, nil, false
		}
	}
	s.mu.Unlock()
	for name, set := range settings {
		every := sampleEvery(name, set)
		if every == 0 {
			continue
		}
		s.mu.Lock()
		w := s.row(name)
		left := w.polled.Add(every).Sub(now)
		if left <= 0 {
			w.polled, left = now, every
		}
		s.mu.Unlock()
		if left == every {
			s.take(r, name, set)
		}
		if wait == 0 || left < wait {
			wait = left
		}
	}
	return wait
}

// sampleEvery is how often a row is sampled by itself, 0 for never. A sensor whose interval is the agent's choice is read
// when somebody asks, and once a minute while an alarm is set.
func sampleEvery(name string, set map[string]string) time.Duration {
	prefix, seconds, on := "", int64(5), false
	table, _, _ := strings.Cut(name, " ")
	switch {
	case name == "":
		prefix, seconds = "memory.", 60
	case table == sensorTable:
		seconds, on = 0, true
		if sampleSetting(set, "low", noDegrees) > noDegrees || sampleSetting(set, "high", noDegrees) > noDegrees {
			seconds = 60
		}
	case table != cpuTable:
		return 0
	}
	if !yes(set[prefix+"enable"], on) {
		return 0
	}
	own := min(max(sampleSetting(set, prefix+"interval", 0), 0), math.MaxUint32)
	return time.Duration(cmp.Or(own, seconds)) * time.Second
}

// sampleSetting is a number among a row's values, absent where it was never set.
func sampleSetting(set map[string]string, name string, absent int64) int64 {
	if n, err := strconv.ParseInt(set[name], 10, 64); err == nil {
		return n
	}
	return absent
}

// row is what is known of a row; mu is held.
func (s *sampler) row(name string) *seen {
	w := s.seen[name]
	if w == nil {
		if w = (&seen{facts: map[string]string{}}); s.seen == nil {
			s.seen = map[string]*seen{}
		}
		s.seen[name] = w
	}
	return w
}

// take takes one sample of a row by its name.
func (s *sampler) take(r *Reader, name string, set map[string]string) {
	table, key, _ := strings.Cut(name, " ")
	switch table {
	case sensorTable:
		s.degrees(r, name, sensorFile(key))
	case cpuTable:
		ticks, ok := parseTicks(r.File("/proc/stat"))[key]
		if !ok {
			return // it is off
		}
		if share, ok := s.add(name, ticks, min(max(sampleSetting(set, "samples", 30), 1), 300)); ok {
			s.judge(r, name, 100-share.idle, set, "")
		}
	default:
		if used, ok := memoryUsed(r); ok {
			s.judge(r, name, used, set, "memory.")
		}
	}
}

// add takes note of a processor's ticks, and is share after that. The last samples count, and where the first of them began.
func (s *sampler) add(name string, ticks cpuTicks, samples int64) (cpuShare, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.row(name)
	w.ticks = append(w.ticks, ticks)
	if extra := len(w.ticks) - int(samples) - 1; extra > 0 {
		w.ticks = slices.Delete(w.ticks, 0, extra)
	}
	return w.share()
}

// share is the mean load over the last polls; there is none before the second.
func (w *seen) share() (cpuShare, bool) {
	last := len(w.ticks) - 1
	if last < 1 {
		return cpuShare{}, false
	}
	return w.ticks[last].minus(w.ticks[0]).share(), true
}

// load is the mean load of a row's processor while that is polled.
func (s *sampler) load(row *model.Row) (cpuShare, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.row(rowName(row)).share()
}

// judge notes when a load in percent rises above the one threshold, and when it falls below the other after that.
func (s *sampler) judge(r *Reader, name string, load uint64, set map[string]string, prefix string) {
	rise := sampleSetting(set, prefix+"rise", 80)
	fall := min(rise, sampleSetting(set, prefix+"fall", 60))
	now := r.rt.dateTime()
	s.mu.Lock()
	w := s.row(name)
	way, crossed := "rise", int64(load) > rise
	if w.critical {
		way, crossed = "fall", int64(load) < fall
	}
	if crossed {
		w.critical = !w.critical
		w.facts[way] = now
	}
	s.mu.Unlock()
	if crossed && yes(set[prefix+"log"], false) {
		_, key, _ := strings.Cut(name, " ")
		r.rt.log.Error("critical load: "+way, "of", cmp.Or(key, "memory"), "percent", load, "rise", rise, "fall", fall)
	}
}

// dateTime is the time of now, "" where it is not known at all.
func (rt *Router) dateTime() string {
	if rt.cfg.Box == nil {
		return ""
	}
	return rt.cfg.Box.DateTime()
}
