package source

import (
	"bytes"
	"cmp"
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
)

// deviceProcesses lists the numeric directories of /proc.
func deviceProcesses(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var pids []string
	for _, name := range r.Glob("/proc/[0-9]*") {
		pid := path.Base(name)
		if _, err := strconv.ParseUint(pid, 10, 32); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.SortFunc(pids, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	rows := make([]model.Row, len(pids))
	for i, pid := range pids {
		rows[i].Key = pid
	}
	return rows, nil
}

// processStates maps the letter of /proc/PID/stat to TR-181's word.
var processStates = map[byte]string{
	'R': "Running", 'S': "Sleeping", 'D': "Uninterruptible", 'Z': "Zombie", 'X': "Zombie", 'T': "Stopped", 't': "Stopped", 'I': "Idle",
}

// deviceProcess is one fact about a process: command, size (KiB), priority, cputime (ms) or state. One that ended since
// the table was listed has none.
func deviceProcess(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	if len(args) != 1 || row.Key == "" || safePart(row.Key) == "" {
		return "", nil
	}
	dir := "/proc/" + row.Key
	if args[0] == "command" {
		return processCommand(r, dir), nil
	}
	if args[0] == "size" {
		return string(wordOf(lineOf(r.File(dir+"/status"), "VmSize:", false), 1)), nil
	}
	stat := r.File(dir + "/stat")
	after := bytes.LastIndexByte(stat, ')') // the name before it may hold anything
	if after < 0 {
		return "", nil
	}
	fields := bytes.Fields(stat[after+1:]) // fields[0] is the third of the line
	if len(fields) < 16 {
		return "", nil
	}
	switch args[0] {
	case "state":
		return processStates[fields[0][0]], nil
	case "priority": // -100 for real time to 39; TR-181 has 0 to 99
		n, _ := strconv.Atoi(string(fields[15]))
		return strconv.Itoa(min(max(n, 0), 99)), nil
	case "cputime":
		user, _ := strconv.ParseUint(string(fields[11]), 10, 64)
		kernel, _ := strconv.ParseUint(string(fields[12]), 10, 64)
		return strconv.FormatUint(min((user+kernel)*10, 1<<32-1), 10), nil // 100 ticks a second on every Linux
	}
	return "", nil
}

// processCommand is the program and, like ps without arguments, not what it was told: pppd's holds a password.
func processCommand(r *Reader, dir string) string {
	program, _, _ := bytes.Cut(r.File(dir+"/cmdline"), []byte{0})
	if len(program) > 0 {
		return cut(string(program), 256)
	}
	return cut("["+strings.TrimSpace(string(r.File(dir+"/comm")))+"]", 256)
}

// deviceCPUs lists the processors that are on line.
func deviceCPUs(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for line := range strings.Lines(string(r.File("/proc/stat"))) {
		name, _, _ := strings.Cut(line, " ")
		if n, ok := strings.CutPrefix(name, "cpu"); ok && n != "" {
			rows = append(rows, model.Row{Key: name})
		}
	}
	return rows, nil
}

// cpuSampler knows the load of each processor between the last two looks at it that were at least cpuWindow apart;
// before there are two, since the router came up. Nobody waits for a measurement.
type cpuSampler struct {
	mu     sync.Mutex
	taken  time.Time
	ticks  map[string]cpuTicks
	shares map[string]cpuShare
}

const cpuWindow = 2 * time.Second

// cpuTicks is what /proc/stat counts of one processor.
type cpuTicks struct{ user, system, idle uint64 }

func (t cpuTicks) minus(o cpuTicks) cpuTicks {
	if t.user < o.user || t.system < o.system || t.idle < o.idle {
		return t // counted anew: the processor was off
	}
	return cpuTicks{t.user - o.user, t.system - o.system, t.idle - o.idle}
}

// cpuShare is a load in percent.
type cpuShare struct{ user, system, idle uint64 }

func (t cpuTicks) share() cpuShare {
	sum := t.user + t.system + t.idle
	if sum == 0 {
		return cpuShare{idle: 100}
	}
	s := cpuShare{user: t.user * 100 / sum, system: t.system * 100 / sum}
	s.idle = 100 - s.user - s.system
	return s
}

// get is the load of the row's processor, or outside tables of all together: user, system, idle or busy, in percent. Where
// the sampler polls the processor it is the mean of its samples.
func (c *cpuSampler) get(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	if len(args) != 1 {
		return "", nil
	}
	shares := r.Memo("device.cpu", func() any { return c.look(r.File("/proc/stat"), time.Now()) }).(map[string]cpuShare)
	key := "cpu"
	if !row.IsRoot() {
		key = row.Key
	}
	s, ok := shares[key]
	if !ok {
		return "", nil
	}
	if polled, ok := r.rt.sampler.load(row); ok {
		s = polled
	}
	percent := map[string]uint64{"user": s.user, "system": s.system, "idle": s.idle, "busy": 100 - s.idle}[args[0]]
	return strconv.FormatUint(percent, 10), nil
}

// look takes a sample when the last is old enough.
func (c *cpuSampler) look(stat []byte, now time.Time) map[string]cpuShare {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shares != nil && now.Sub(c.taken) < cpuWindow {
		return c.shares
	}
	ticks, shares := parseTicks(stat), map[string]cpuShare{}
	for name, t := range ticks {
		shares[name] = t.minus(c.ticks[name]).share()
	}
	c.taken, c.ticks, c.shares = now, ticks, shares
	return shares
}

// parseTicks reads the lines "cpuN user nice system idle iowait irq softirq steal …" of /proc/stat.
func parseTicks(stat []byte) map[string]cpuTicks {
	all := map[string]cpuTicks{}
	for line := range bytes.Lines(stat) {
		f := bytes.Fields(line)
		if len(f) < 8 || !bytes.HasPrefix(f[0], []byte("cpu")) {
			continue
		}
		var n [7]uint64
		for i := range n {
			n[i], _ = strconv.ParseUint(string(f[i+1]), 10, 64)
		}
		all[string(f[0])] = cpuTicks{user: n[0] + n[1], system: n[2] + n[5] + n[6], idle: n[3] + n[4]}
	}
	return all
}
