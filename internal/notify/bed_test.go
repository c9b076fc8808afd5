package notify

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/source"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// The data model of these tests: a parameter of each kind that matters here.
const definitions = `
Device.  r
Device.DeviceInfo.  r
  SoftwareVersion       r  string(64) inform forced   call test.value version
  ProvisioningCode      rw string(64) inform forced   uci system.@system[0].code
  UpTime                r  unsignedInt deny           call test.value uptime
  HostName              rw string                     uci system.@system[0].hostname
  Notes                 rw string                     uci system.@system[0].notes
  Secret                rw string hidden              uci system.@system[0].secret
  Polled                r  string                     file /tmp/polled
Device.ManagementServer.  r
  ConnectionRequestURL  r  string active              call test.value url
  LightweightNotificationProtocolsSupported r list string call test.value lwn
Device.IP.  r
  Proto                 r  string                     ubus network.interface.wan status {} .proto
Device.WiFi.  r
  Clients               r  string                     ubus hostapd.wlan0 get_clients {} .n
Device.WiFi.SSID.{i}.  rw
  rows uci wireless.@wifi-iface
  add  uci wireless.@wifi-iface ssid_{n}
  SSID                  rw string(32)                 uci .ssid
  Name                  r  string                     uci .ssid
Device.Unit.{i}.  r
  rows uci units.@unit
  Status                r  string active              uci .status
`

const (
	version  = "Device.DeviceInfo.SoftwareVersion"
	code     = "Device.DeviceInfo.ProvisioningCode"
	uptime   = "Device.DeviceInfo.UpTime"
	hostname = "Device.DeviceInfo.HostName"
	notes    = "Device.DeviceInfo.Notes"
	polled   = "Device.DeviceInfo.Polled"
	url      = "Device.ManagementServer.ConnectionRequestURL"
	ssid1    = "Device.WiFi.SSID.1.SSID"
	ssid2    = "Device.WiFi.SSID.2.SSID"
)

// bed is a router with a watcher.
type bed struct {
	*Watcher
	t      *testing.T
	root   string
	tree   *model.Tree
	store  *state.Store
	bus    *ubus.Client
	onTold chan bool // OnChange was called

	mu     sync.Mutex
	values map[string]string // of test.value
	reads  int               // of test.value version
}

func newBed(t *testing.T, bus *ubus.Client) *bed {
	t.Helper()
	b := &bed{t: t, root: t.TempDir(), bus: bus, onTold: make(chan bool, 100)}
	b.values = map[string]string{"version": "1.0", "uptime": "1", "url": "http://192.0.2.1:7547/x"}
	b.write("etc/config/system", "config system\n\toption hostname 'r1'\n\toption notes 'n1'\n")
	b.write("etc/config/wireless", "config wifi-iface 'a'\n\toption ssid 'one'\nconfig wifi-iface 'b'\n\toption ssid 'two'\n")
	b.write("etc/config/units", "")
	b.write("tmp/polled", "p1")
	log := slog.Discard()
	box, err := system.Open(b.root, log)
	if err != nil {
		t.Fatal(err)
	}
	if b.store, err = state.Open(b.root, log); err != nil {
		t.Fatal(err)
	}
	funcs := map[string]source.Func{"test.value": {Get: func(_ context.Context, _ *source.Reader, _ *model.Row, args []string) (string, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if args[0] == "version" {
			b.reads++
		}
		return b.values[args[0]], nil
	}}}
	router := source.New(source.Config{Root: b.root, UCI: uci.Open(b.root), Ubus: bus, Box: box, Store: b.store, Funcs: funcs, Log: log})
	tree, problems, err := model.Load(t.Context(), model.Config{
		Store: b.store, Source: router, Log: log, Files: []fs.FS{fstest.MapFS{"test.dm": {Data: []byte(definitions)}}},
	})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	b.tree = tree
	b.restart()
	return b
}

// restart makes the watcher anew, as after a reboot.
func (b *bed) restart() {
	b.t.Helper()
	var dirs []string
	for _, d := range []string{"etc/config", "var/run/uci"} {
		dirs = append(dirs, filepath.Join(b.root, d))
	}
	w, err := New(Config{Tree: b.tree, Store: b.store, Ubus: b.bus, UCIDirs: dirs, OnChange: func() { b.onTold <- true }})
	if err != nil {
		b.t.Fatal(err)
	}
	b.Watcher = w
}

// run starts Run, without its sources when there are no files to be watched for real.
func (b *bed) run(files bool) {
	b.t.Helper()
	if !files {
		b.cfg.UCIDirs = nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	b.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Error(err)
		}
	})
}

func (b *bed) write(name, text string) {
	b.t.Helper()
	path := filepath.Join(b.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	temp := filepath.Join(filepath.Dir(path), ".tmp-"+filepath.Base(path)) // as uci commit does
	if err := os.WriteFile(temp, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Rename(temp, path); err != nil {
		b.t.Fatal(err)
	}
}

// edit changes text in a file, as an administrator does.
func (b *bed) edit(name, from, to string) {
	b.t.Helper()
	data, err := os.ReadFile(filepath.Join(b.root, name))
	if err != nil || !strings.Contains(string(data), from) {
		b.t.Fatalf("no %q in %s: %v", from, name, err)
	}
	b.write(name, strings.Replace(string(data), from, to, 1))
}

func (b *bed) setValue(name, value string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.values[name] = value
}

func ptr[T any](v T) *T { return &v }

// notify is SetParameterAttributes of one notification.
func (b *bed) notify(path string, level int) {
	b.t.Helper()
	if err := b.SetAttributes(b.t.Context(), []SetAttr{{Path: path, Notification: &level}}); err != nil {
		b.t.Fatal(err)
	}
}

// pending returns what is pending, as name=value.
func (b *bed) pending() []string {
	b.t.Helper()
	changes, err := b.Pending(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	var list []string
	for _, c := range changes {
		list = append(list, c.Path+"="+c.Value)
	}
	return list
}

func (b *bed) wantPending(want ...string) {
	b.t.Helper()
	if got := b.pending(); !slices.Equal(got, want) {
		b.t.Errorf("pending: got %q, want %q", got, want)
	}
}

// ack is the answer to an Inform with all that is pending.
func (b *bed) ack() {
	b.t.Helper()
	changes, err := b.Pending(b.t.Context())
	if err == nil {
		err = b.Ack(changes)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// acs commits a transaction of the ACS.
func (b *bed) acs(do func(tx *model.Tx) error) model.Changes {
	b.t.Helper()
	tx, err := b.tree.Begin(b.t.Context(), model.FromACS)
	if err != nil {
		b.t.Fatal(err)
	}
	defer tx.Close()
	if err := do(tx); err != nil {
		b.t.Fatal(err)
	}
	changes, err := tx.Commit(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	b.Known(changes)
	return changes
}

func set(path, value string) func(tx *model.Tx) error {
	return func(tx *model.Tx) error { return tx.Set(context.Background(), path, value, model.BaseAny) }
}

// versionReads tells how often the watcher has looked.
func (b *bed) versionReads() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reads
}
