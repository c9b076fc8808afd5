package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/control"
	"github.com/cwmpd/cwmpd/internal/cwmp"
	"github.com/cwmpd/cwmpd/internal/discover"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/notify"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/transfer"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/web"
)

// DaemonOptions is what `cwmpd run` adds.
type DaemonOptions struct {
	Options
	ACS    string          // as if set in the file before start; "" leaves the file alone
	Level  *slog.LevelVar  // follows the option log_severity; nil: the level stays
	Trace  string          // file for what is said with the ACS, without secrets; "" for none
	Reload <-chan struct{} // each one has configuration and data model read again: SIGHUP; nil: nobody asks

	silence time.Duration // of the ACS, before DHCP is asked again; 0 means unreachable
	built   func(*Daemon) // for tests: called before anybody runs
}

// A Daemon is the whole agent: the parts, and everybody who runs.
type Daemon struct {
	*Parts
	level *slog.LevelVar
	asked <-chan struct{} // DaemonOptions.Reload

	watcher *notify.Watcher
	queue   *transfer.Queue
	cpe     *cwmp.CPE
	door    *control.Server

	trace  *cwmp.Tracer  // nil: nothing is traced
	busy   chan struct{} // one slot, held by a session or by a flash write, never both
	prefer *web.Affinity // the address of the ACS that worked last (S-50)

	moved chan struct{} // one slot: our address may have changed
	found *discovery

	firewall string // the rules that procd keeps for us; of watchAddress

	timer      chan struct{} // one slot: a deadline may have come or gone
	deadlining sync.Mutex    // held while deadlines are read and written

	leases *leaseWatch // from run on
	leave  context.CancelCauseFunc
	settle func() // the first session is over
}

// ErrLeaving ends Run after a reboot, an upgrade or a factory reset was ordered: the box goes down.
var ErrLeaving = errors.New("the box goes down")

// errAsked ends Run because somebody on the router asked for it.
var errAsked = errors.New("told to stop")

// Run is the daemon: it manages the router until ctx ends, which is no error, or the box goes down.
func Run(ctx context.Context, o DaemonOptions) error {
	// Half of what is made until the first session is over stays; to look again and again for the other half takes a third of the
	// time. The limit of all memory holds meanwhile.
	percent := debug.SetGCPercent(400)
	settle := sync.OnceFunc(func() { debug.SetGCPercent(percent) })
	defer time.AfterFunc(20*time.Second, settle).Stop()
	p, err := Open(ctx, o.Options)
	if p == nil {
		return err
	}
	defer p.Close()
	lock, lockErr := p.Lock(ctx, 5*time.Second)
	if lockErr != nil {
		return fmt.Errorf("another cwmpd manages this router: %w", lockErr)
	}
	defer lock.Unlock()
	if err != nil {
		return err
	}
	if o.ACS != "" {
		if err := p.SetACS(o.ACS); err != nil {
			return fmt.Errorf("set the ACS: %w", err)
		}
		s, _ := p.loadSettings(p.settings.Load())
		p.settings.Store(s)
	}
	p.keepGood()
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	d := &Daemon{Parts: p, level: o.Level, asked: o.Reload, busy: make(chan struct{}, 1), prefer: new(web.Affinity), moved: make(chan struct{}, 1), timer: make(chan struct{}, 1), found: newDiscovery(o.silence), leave: leave, settle: settle}
	if err := os.MkdirAll(p.Box.Path(discover.Dir), 0o755); err != nil {
		p.log.Warn("DHCP has no place to say where the ACS is", "err", err)
	}
	if o.Trace != "" {
		d.trace, err = cwmp.NewTracer(cwmp.TraceConfig{Path: o.Trace, Show: d.harmless, Secrets: d.secrets, Log: d.log.With("part", "trace")})
		if err != nil {
			return err
		}
	}
	if err := d.build(); err != nil {
		return err
	}
	d.setLevel()
	if o.built != nil {
		o.built(d)
	}
	err = d.run(ctx)
	if cause := context.Cause(ctx); errors.Is(cause, ErrLeaving) {
		return cause
	}
	return err
}

// build makes everybody and connects them. The funcs given here are all the ways by which news travels upwards.
func (d *Daemon) build() (err error) {
	part := func(name string) *slog.Logger { return d.log.With("part", name) }
	d.watcher, err = notify.New(notify.Config{
		Tree: d.Tree, Store: d.Store, Ubus: d.Bus, Log: part("notify"),
		UCIDirs:  []string{d.Box.Path("/etc/config"), d.Box.Path("/var/run/uci"), d.Box.Path(discover.Dir)},
		OnChange: func() { d.cpe.Post(cwmp.Event{Code: cwmp.EventValueChange}) },
		OnFiles:  d.filesChanged,
		Limit: func(path string) time.Duration {
			if path == "Device.ManagementServer.ManageableDeviceNumberOfEntries" {
				return d.settings.Load().CPE.DeviceLimit
			}
			return 0
		},

		Lightweight: d.lightweight,
	})
	if err != nil {
		return err
	}
	d.queue, err = transfer.New(transfer.Config{
		Store: d.Store, Box: d.Box, Busy: d.busy, Log: part("transfer"),
		Web:    d.fileConfig,
		Keep:   func() bool { return d.settings.Load().CPE.KeepSettings },
		Apply:  d.applyConfig,
		OnDone: func() { d.cpe.Post(cwmp.Event{Code: cwmp.EventTransferComplete}) },

		Offers: d.offersUpload, Produce: d.produceUpload, Traffic: d.wanTraffic,

		OnLeaving: func() { d.leave(ErrLeaving) },
	})
	if err != nil {
		return err
	}
	d.cpe, err = cwmp.New(cwmp.Config{
		Tree: d.Tree, Notify: d.watcher, Transfers: d.queue, Box: d.Box, Store: d.Store, Busy: d.busy, Log: part("cwmp"),
		Settings:     func() config.Config { return d.settings.Load().Config },
		Identity:     func() config.Identity { return d.settings.Load().id },
		Web:          d.webConfig,
		AfterSession: d.afterSession,
		SwitchACS:    d.switchACS,
		Routed:       d.routed,
		OnEnd:        d.sessionEnded,
		Trace:        d.trace,
		OnLeave:      func() { d.leave(ErrLeaving) },
	})
	if err != nil {
		return err
	}
	d.door, err = control.New(control.Config{
		Ubus: d.Bus, Tree: d.Tree, CWMP: d.cpe, Notify: d.watcher, Reload: d.Reload, Log: part("control"),
		Exit:    func() { d.leave(errAsked) },
		URLFrom: d.urlFrom,
		XMPP:    d.statusXMPP,
		STUN:    d.statusSTUN,
	})
	if err != nil {
		return err
	}
	d.onKnock = func() { d.cpe.Post(cwmp.Event{Code: cwmp.EventConnectionRequest}) }
	d.onMove = d.lookAround
	d.onBinding = func() { d.watcher.Poke(); d.lookAround() }
	d.onXMPP = d.watcher.Poke
	d.onCommit = d.committed
	return nil
}

// run starts everybody and waits for the last one. The first error stops all.
func (d *Daemon) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.rememberFirstUse()
	d.noticeFirmware(ctx)
	d.apply(ctx) // what is owed since a crash
	d.leases = d.newLeaseWatch()
	var wg sync.WaitGroup
	errs := make(chan error, 16)
	start := func(name string, run func(context.Context) error) {
		wg.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				errs <- fmt.Errorf("%s: %w", name, err)
				cancel()
			}
		})
	}
	start("ubus", d.Bus.Run)
	start("scans", func(ctx context.Context) error {
		return d.router.RunScans(ctx, func() { d.cpe.Post(cwmp.Event{Code: cwmp.EventDiagnosticsComplete}) })
	})
	start("samples", d.router.RunSampler)
	start("channels", d.router.RunChannels)
	start("listeners", d.router.RunListeners)
	start("connreq", d.http.Run)
	start("connreq by UDP", d.udp.Run)
	d.awaitPorts(ctx) // the first Inform tells where we listen
	start("control", d.door.Run)
	start("transfer", d.queue.Run)
	start("address", d.watchAddress)
	start("leases", d.leases.run)
	start("procd", d.watchProcd)
	start("clock", d.watchClock)
	start("deadlines", d.watchDeadlines)
	start("reload", d.reloadWhenAsked)
	if d.trace != nil {
		start("trace", d.trace.Run)
	}
	start("notify", d.watcher.Run)
	start("cwmp", d.cpe.Run)
	start("xmpp", d.xmpp.Run)
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// awaitPorts waits a moment until the connection request ports are open, or it is sure that there will be none.
func (d *Daemon) awaitPorts(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for _, ready := range []<-chan struct{}{d.http.Ready(), d.udp.Ready()} {
		select {
		case <-ready:
		case <-ctx.Done():
		}
	}
}

// awaitHTTP waits a moment until the port of connection requests is open again: the Inform that follows tells it.
func (d *Daemon) awaitHTTP() {
	for range 100 {
		if d.http.Port() > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// committed hears of every commit, the ACS's, the CLI's and our own.
func (d *Daemon) committed(c model.Changes) {
	if c.Own {
		d.reloadSettings()
	}
	ctx, cancel := lockContext()
	defer cancel()
	d.keepDeadlines(ctx) // before anybody is answered
	signal(d.timer)
	if c.Origin != model.FromACS { // what the ACS set itself the session tells the watcher
		d.watcher.Poke()
	}
}

// owedAgain is how long after a reload that procd did not take it is sent again; then twice as long each time.
const owedAgain = 5 * time.Second

// Reload reads configuration and data model again; an open session is not disturbed.
func (d *Daemon) Reload(ctx context.Context) error {
	d.reloadSettings()
	d.tell(d.Tree.Reload(ctx))
	d.watcher.Poke()
	return nil
}

func (d *Daemon) reloadWhenAsked(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.asked:
			if err := d.Reload(ctx); err != nil {
				d.log.Warn("reload", "err", err)
			}
		}
	}
}

// filesChanged hears of every UCI file that was written: an edit of /etc/config/cwmp by hand counts at once. Most are
// other files, and Load then hands out the package that was read before.
func (d *Daemon) filesChanged() {
	signal(d.found.leased) // or a hook of DHCP wrote
	signal(d.timer)
	if pkg, err := d.UCI.Load("cwmp"); err == nil && pkg == d.read.Load() {
		return
	}
	d.reloadSettings()
}

func (d *Daemon) reloadSettings() {
	before := d.settings.Load()
	s, err := d.loadSettings(before)
	if err != nil {
		d.log.Warn("identity", "err", err)
	}
	d.keepGood()
	if *s == *before {
		return
	}
	d.settings.Store(s)
	d.log.Info("configuration changed")
	d.setLevel()
	d.http.Reload()
	d.udp.Reload()
	d.xmpp.Reload()
	if s.CPE.Enable && !before.CPE.Enable && s.CPE.HTTPConnReq {
		d.awaitHTTP()
	}
	d.cpe.SettingsChanged()
	d.lookAround()
	signal(d.found.leased) // whose leases count, and who we are for our devices
	d.router.NetworkChanged()
}

func (d *Daemon) setLevel() {
	if d.level == nil {
		return
	}
	switch d.settings.Load().CPE.LogSeverity {
	case "DEBUG":
		d.level.Set(slog.LevelDebug)
	case "WARNING":
		d.level.Set(slog.LevelWarn)
	case "ERROR", "CRITIC", "ALERT", "EMERG":
		d.level.Set(slog.LevelError)
	default:
		d.level.Set(slog.LevelInfo)
	}
}

// switchACS puts an ACS into the configuration in the place of one that completed no session in its time.
func (d *Daemon) switchACS(from, to cwmp.Account) error {
	err := d.leases.switchACS(from, to)
	d.reloadSettings()
	d.watcher.Poke() // ManagementServer.URL reads another value than the one that the ACS has set
	return err
}

// harmless reports whether the value of a parameter may be shown in a trace.
func (d *Daemon) harmless(path string) bool {
	def, err := d.Tree.Lookup(path)
	return err == nil && !def.Object && !def.Hidden
}

// secrets are those of our own configuration.
func (d *Daemon) secrets() []string {
	s := d.settings.Load()
	return []string{s.ACS.Password, s.CPE.Password, s.ACS.ProxyPassword}
}

// afterSession applies what the ACS changed, now that its connection is not cut by it.
func (d *Daemon) afterSession(ctx context.Context) {
	d.apply(ctx)
	d.rememberFirstUse()
	d.lookAround()
	d.settle()
	debug.FreeOSMemory() // a session's envelopes are the largest things we hold; a router wants them back
	system.ReleaseProgram()
}

// applyOwed sends reloads that procd was not there to hear, between sessions.
func (d *Daemon) applyOwed(ctx context.Context) {
	select {
	case d.busy <- struct{}{}:
		defer func() { <-d.busy }()
		d.apply(ctx)
	case <-ctx.Done():
	}
}

// apply has the router take notice of what was committed.
func (d *Daemon) apply(ctx context.Context) {
	if err := d.Tree.Apply(ctx); err != nil {
		d.log.Warn("apply changes", "err", err)
	}
}

func (d *Daemon) webConfig() web.Config {
	return d.settings.Load().webConfig(d.Box, d.version, d.prefer, d.log.With("part", "web"))
}

// fileConfig is webConfig for file servers.
func (d *Daemon) fileConfig() web.Config {
	c := d.webConfig()
	if !d.settings.Load().ACS.PinTransfers {
		c.Pins = nil
	}
	return c
}

// applyConfig puts a downloaded vendor configuration file in force (Download, type 3).
func (d *Daemon) applyConfig(ctx context.Context, r transfer.Request, path string) (reboot bool, err error) {
	packages, err := transfer.ApplyConfig(ctx, d.UCI, d.Tree.Owe, r, path)
	if err != nil {
		return false, err
	}
	if slices.Contains(packages, "cwmp") {
		d.reloadSettings()
	}
	d.apply(ctx) // what procd is not there to hear stays owed
	d.watcher.Poke()
	return false, nil
}

func (d *Daemon) watchClock(ctx context.Context) error {
	err := d.Box.WatchClock(ctx, func() {
		d.log.Info("the clock was set", "now", d.Box.Now().Format(time.RFC3339))
		d.rememberFirstUse()
		signal(d.timer)
		d.cpe.Stepped()
	})
	if err != nil {
		d.log.Warn("watch the clock", "err", err)
	}
	return nil
}

// lookAround asks for a fresh look at our own address.
func (d *Daemon) lookAround() {
	signal(d.moved)
}

// watchAddress keeps the connection request URL right: its change is a value change that the ACS wants to know (C-16).
func (d *Daemon) watchAddress(ctx context.Context) error {
	onNetwork := func(string, ubus.Value) {
		d.lookAround()
		d.xmpp.NetworkChanged()
		d.router.NetworkChanged()
	}
	if err := d.Bus.Listen("network.interface", onNetwork); err != nil {
		d.log.Warn("listen for network events", "err", err)
	}
	if err := d.Bus.Subscribe("network.interface", onNetwork); err != nil {
		d.log.Warn("subscribe to network.interface", "err", err)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.moved:
			if d.lookUpHost(ctx) {
				d.udp.Reload()
				d.watcher.Poke()
			}
			d.cpe.Wake() // a session may wait for a route
			d.lookUpACS(ctx)
			d.openFirewall(ctx)
		}
	}
}

// watchProcd sends what is owed when procd is on the bus: it came back, or the bus did. What a busy procd did not take in
// time is sent again.
func (d *Daemon) watchProcd(ctx context.Context) error {
	procd := make(chan struct{}, 1)
	look := func() {
		select {
		case procd <- struct{}{}:
		default:
		}
	}
	err := d.Bus.Listen("ubus.object.add", func(_ string, data ubus.Value) {
		if data.Get("path").Text() == "service" {
			look()
		}
	})
	if err != nil {
		d.log.Warn("listen for procd", "err", err)
	}
	d.Bus.OnState(func(up bool) {
		if up {
			look()
		}
	})
	var again <-chan time.Time
	wait := owedAgain
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-procd:
			wait = owedAgain
		case <-again:
			wait = min(2*wait, time.Hour)
		}
		if again = nil; len(d.Tree.Owed()) == 0 {
			continue
		}
		if d.applyOwed(ctx); len(d.Tree.Owed()) > 0 && d.Bus.Connected() {
			again = time.After(wait)
		}
	}
}
