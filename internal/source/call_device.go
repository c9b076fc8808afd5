package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/system"
)

// deviceTable are the values behind Device.DeviceInfo.
var deviceTable = []named{
	{"device.board", &Func{Get: deviceBoard}},
	{"device.hostname", &Func{Get: deviceHostname, Set: deviceSetHostname}},
	{"device.uptime", &Func{Get: deviceUptime}},
	{"device.memory", &Func{Get: deviceMemory}},
	{"device.configs", &Func{Rows: deviceConfigs}},
	{"device.config", &Func{Get: deviceConfig}},
	{"device.logs", &Func{Rows: deviceLogs}},
	{"device.log", &Func{Get: deviceLog}},
	{"device.cpus", &Func{Rows: deviceCPUs}},
	{"device.arch", &Func{Get: deviceArch}},
	{"device.cores", &Func{Rows: deviceCores}},
	{"device.processes", &Func{Rows: deviceProcesses}},
	{"device.process", &Func{Get: deviceProcess}},
	{"device.sensors", &Func{Rows: deviceSensors}},
	{"device.sensor", &Func{Get: deviceSensor}},
}

func deviceMade() map[string]Func {
	cpu := &cpuSampler{}
	return map[string]Func{
		"device.cpu": {Get: cpu.get},
	}
}

// deviceBoard is a fact about the hardware or the firmware; the owner's option in /etc/config/cwmp wins where there is one.
func deviceBoard(_ context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	box := r.Box()
	if box == nil || len(args) != 1 {
		return "", nil
	}
	board := r.board()
	own := func(option string) string { return optionText(r.section(ownPackage, "cpe"), option) }
	switch args[0] {
	case "model":
		return cut(firstOf(own("model_name"), board.Model), 64), nil
	case "number":
		return cut(board.Name, 64), nil
	case "description":
		return cut(firstOf(own("description"), board.Description), 256), nil
	case "hardware":
		return cut(firstOf(board.DeviceRevision, board.Name, board.Model), 64), nil
	}
	return "", nil
}

func (r *Reader) board() system.Board {
	box := r.Box()
	if box == nil {
		return system.Board{}
	}
	return r.Memo("device.board", func() any { return box.Board() }).(system.Board)
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// cut keeps the first n characters.
func cut(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

func deviceHostname(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	if name := optionText(r.section("system", systemSection), "hostname"); name != "" {
		return name, nil
	}
	return "OpenWrt", nil // as init.d/system has it
}

// deviceSetHostname writes a name that the kernel and DNS can bear: labels of letters, digits and inner hyphens.
func deviceSetHostname(_ context.Context, r *Reader, _ *model.Row, _ []string, value string) error {
	s := r.section("system", systemSection)
	if s == nil {
		return refused("/etc/config/system has no section of type system")
	}
	if !validHostname(value) {
		return model.Errorf(model.BadValue, "want a host name: letters, digits and inner hyphens, at most 63 in a label")
	}
	return r.uciSet("system", s.Name, "hostname", value)
}

func validHostname(name string) bool {
	if len(name) == 0 || len(name) > 255 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := 0; i < len(label); i++ {
			c := label[i]
			if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				return false
			}
		}
	}
	return true
}

func deviceUptime(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	if r.Box() == nil {
		return "", nil
	}
	return strconv.FormatInt(int64(r.uptime()/time.Second), 10), nil
}

// uptime is how long the box has been up, the same for all of a transaction; 0 where that is not known.
func (r *Reader) uptime() time.Duration {
	box := r.Box()
	if box == nil {
		return 0
	}
	return r.Memo("device.uptime", func() any { return box.Uptime() }).(time.Duration)
}

// deviceConfigs lists what a vendor configuration file can be: the whole of it, and every UCI package.
func deviceConfigs(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	rows := []model.Row{{Key: "all"}}
	for _, name := range r.Glob("/etc/config/*") {
		base := path.Base(name)
		if !strings.Contains(base, ".") {
			rows = append(rows, model.Row{Key: base, Data: name})
		}
	}
	return rows, nil
}

func deviceConfig(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	name, one := row.Data.(string)
	if !one {
		name = "all"
	}
	if len(args) != 1 {
		return "", nil
	}
	switch args[0] {
	case "name":
		return cut(name, 64), nil
	case "version":
		if !one {
			return "", nil
		}
		return r.rt.sums.of(r.rt.rooted(name), func() []byte { return r.File(name) }), nil
	case "date":
		return r.configDate(name, one), nil
	case "description":
		if one {
			return "UCI package " + row.Key, nil
		}
		return "backup of all settings, as sysupgrade makes it", nil
	case "backup":
		return strconv.FormatBool(!one), nil
	}
	return "", nil
}

// fileSums remembers the checksums of files that have not changed since: a read of the whole tree would read every file
// of /etc/config for them.
type fileSums struct {
	mu    sync.Mutex
	known map[string]fileSum // guarded by mu
}

type fileSum struct {
	size int64
	time time.Time
	sum  string
}

func (f *fileSums) of(path string, read func() []byte) string {
	st, err := os.Stat(path)
	if err != nil {
		return ""
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if k, ok := f.known[path]; ok && k.size == st.Size() && k.time.Equal(st.ModTime()) {
		return k.sum
	}
	sum := sha256.Sum256(read())
	k := fileSum{st.Size(), st.ModTime(), hex.EncodeToString(sum[:8])}
	if f.known == nil || len(f.known) > 1000 {
		f.known = map[string]fileSum{}
	}
	f.known[path] = k
	return k.sum
}

// configDate is the time of the last change, for everything the newest.
func (r *Reader) configDate(name string, one bool) string {
	names := []string{name}
	if !one {
		names = r.Glob("/etc/config/*")
	}
	var newest time.Time
	for _, n := range names {
		if st, err := os.Stat(r.rt.rooted(n)); err == nil && st.ModTime().After(newest) {
			newest = st.ModTime()
		}
	}
	if newest.IsZero() {
		return unknownTime
	}
	return newest.UTC().Format("2006-01-02T15:04:05Z")
}

// deviceLogs lists logd's ring buffer, and the file that it writes too where the owner wants one.
func deviceLogs(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	s := r.section("system", systemSection)
	var rows []model.Row
	if optionText(s, "log_size") != "0" {
		rows = append(rows, model.Row{Key: "syslog"})
	}
	if name := optionText(s, "log_file"); strings.HasPrefix(name, "/") {
		rows = append(rows, model.Row{Key: name})
	}
	return rows, nil
}

func deviceLog(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	if len(args) != 1 {
		return "", nil
	}
	file := strings.HasPrefix(row.Key, "/")
	switch args[0] {
	case "name":
		return cut(row.Key, 64), nil
	case "size":
		kib, err := strconv.ParseUint(optionText(r.section("system", systemSection), "log_size"), 10, 20)
		if err != nil {
			kib = 128
		}
		return strconv.FormatUint(kib<<10, 10), nil
	case "persistent":
		return strconv.FormatBool(file && !strings.HasPrefix(row.Key, "/tmp/") && !strings.HasPrefix(row.Key, "/var/")), nil
	}
	return "", nil
}

// architectures maps the beginning of OpenWrt's architecture to TR-181's word; the others have none.
var architectures = []struct{ openwrt, tr181 string }{
	{"aarch64", "arm"}, {"arm", "arm"}, {"i386", "i386"}, {"x86_64", "x86_64"}, {"mipsel", "mipsel"},
	{"mips64el", "mipsel"}, {"mips", "mipseb"}, {"powerpc", "powerpc"},
}

func deviceArch(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	return r.architecture(), nil
}

func (r *Reader) architecture() string {
	own := r.board().Arch
	for _, a := range architectures {
		if strings.HasPrefix(own, a.openwrt) {
			return a.tr181
		}
	}
	return ""
}

// deviceCores lists the processors, none where TR-181 has no word for what they are.
func deviceCores(ctx context.Context, r *Reader, parent *model.Row, args []string) ([]model.Row, error) {
	if r.architecture() == "" {
		return nil, nil
	}
	return deviceCPUs(ctx, r, parent, args)
}

// deviceMemory is memoryUsed as text, "" where it is not known.
func deviceMemory(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	if used, ok := memoryUsed(r); ok {
		return strconv.FormatUint(used, 10), nil
	}
	return "", nil
}

// memoryUsed is how much of the memory programs cannot get any more, in percent.
func memoryUsed(r *Reader) (percent uint64, ok bool) {
	info := r.File("/proc/meminfo")
	kib := func(name string) uint64 {
		n, _ := strconv.ParseUint(string(wordOf(lineOf(info, name, false), 1)), 10, 40)
		return n
	}
	total, free := kib("MemTotal:"), kib("MemAvailable:")
	if total == 0 || free > total {
		return 0, false
	}
	return (total - free) * 100 / total, true
}
