package sandbox

import (
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
	"github.com/cwmpd/cwmpd/internal/uci"
)

//go:embed all:root
var rootFiles embed.FS

//go:embed scripts
var scripts embed.FS

// A Router is a router in a directory. New makes one, Open takes one that is there.
type Router struct {
	Dir string
	Log *slog.Logger // discards unless set before Serve

	uci    *uci.Dir
	bus    *ubustest.Bus
	makers map[string]maker

	mu       sync.Mutex
	bootID   string                  // of the boot that applied is from
	applied  map[string]*uci.Package // the configuration as the daemons know it: that of boot or of the last reload
	files    map[string]answerFile   // ubus/*.json as last read
	services map[string]ubus.Value   // the data of those that somebody set since boot
	made     map[string]bool         // bus objects that follow from the configuration
}

// New writes the home router into dir, which must not hold one.
func New(dir string) (*Router, error) { return NewKind(dir, Home) }

// NewKind writes a router of one of Kinds into dir, which must not hold one.
func NewKind(dir, kind string) (*Router, error) {
	if _, err := os.Lstat(filepath.Join(dir, "etc")); err == nil {
		return nil, fmt.Errorf("%s: there is a router already", dir)
	}
	files, err := filesOf(kind)
	if err != nil {
		return nil, err
	}
	for name, text := range files {
		if err := write(dir, name, text); err != nil {
			return nil, err
		}
		if strings.HasPrefix(name, "etc/") { // a factory reset goes back to this
			if err := write(filepath.Join(dir, "rom"), name, text); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range []string{"var/run/ubus", "var/lock", "tmp"} { // directories without files
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return nil, err
		}
	}
	return Open(dir)
}

// Open takes the router that New once wrote into dir.
func Open(dir string) (*Router, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "etc/config")); err != nil {
		return nil, fmt.Errorf("%s: no router in it: %w", dir, err)
	}
	return &Router{
		Dir: dir, Log: slog.Discard(), uci: uci.Open(dir), makers: makersOf(),
		files: map[string]answerFile{}, made: map[string]bool{},
	}, nil
}

// write makes one file of the router.
func write(dir, name, text string) error {
	out := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return os.WriteFile(out, []byte(text), modeOf(name))
}

// modeOf returns the mode that a file of the router has; an embedded file has none.
func modeOf(name string) fs.FileMode {
	switch {
	case name == "etc/shadow" || strings.HasPrefix(name, "etc/dropbear/"):
		return 0o600
	case strings.HasPrefix(name, "sbin/") || strings.HasPrefix(name, "bin/") || strings.HasPrefix(name, "usr/sbin/") ||
		strings.HasPrefix(name, "usr/bin/") || strings.HasPrefix(name, "usr/libexec/") || strings.HasPrefix(name, "etc/init.d/"):
		return 0o755
	}
	return 0o644
}

// Path returns the place of a file of the router.
func (r *Router) Path(name string) string { return filepath.Join(r.Dir, filepath.FromSlash(name)) }

// Socket returns the place of the router's bus.
func (r *Router) Socket() string { return ubus.SocketPath(r.Dir) }

const bootIDFile = "proc/sys/kernel/random/boot_id"

// Reboot gives the router a new boot id, restarts its clock and forgets what is not committed: what sbin/reboot does,
// without the record of it.
func (r *Router) Reboot() error {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	id := fmt.Sprintf("%x-%x-%x-%x-%x\n", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	return errors.Join(
		os.RemoveAll(r.Path("tmp/.uci")),
		os.RemoveAll(r.Path("var/run/uci")),
		os.WriteFile(r.Path("proc/uptime"), []byte("31.07 52.64\n"), 0o644),
		os.WriteFile(r.Path(bootIDFile), []byte(id), 0o644),
	)
}

const commandsLog = "tmp/commands.log"

// Commands returns what was run so far, one line each.
func (r *Router) Commands() ([]string, error) {
	data, err := os.ReadFile(r.Path(commandsLog))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return strings.FieldsFunc(string(data), func(c rune) bool { return c == '\n' }), err
}

// record appends a line to what Commands returns.
func (r *Router) record(line string) {
	f, err := os.OpenFile(r.Path(commandsLog), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.WriteString(line + "\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		r.Log.Error("record a command", "err", err)
	}
}
