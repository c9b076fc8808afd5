package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cwmpd/cwmpd/internal/connreq"
	"github.com/cwmpd/cwmpd/internal/control"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/notify"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/source"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// Options says which router is meant. Root and Files are required.
type Options struct {
	Root    string // "/" on a router, else a directory that looks like one
	Files   fs.FS  // the embedded data model
	Version string
	Log     *slog.Logger // nil discards
	Offline bool         // no ubus: for checks of files alone
}

// Parts is a router's data model and what it stands on, without a daemon around it. The CLI works on it when no daemon
// runs; the daemon is built on it.
type Parts struct {
	Box   *system.Box
	Store *state.Store
	UCI   *uci.Dir
	Bus   *ubus.Client
	Tree  *model.Tree

	Problems []model.Problem // of the .dm files

	version  string
	log      *slog.Logger
	settings atomic.Pointer[settings]
	read     atomic.Pointer[uci.Package] // /etc/config/cwmp as it was last read without an error
	host     atomic.Pointer[string]      // our address as the ACS sees it, nil before it was looked up
	http     *connreq.HTTP
	udp      *connreq.UDP
	acsAddrs atomic.Pointer[[]netip.Addr] // of the ACS, sorted, as they were last looked up
	xmpp     *connreq.XMPP
	router   *source.Router
	route    func(netip.Addr) bool // whether there is a route to an address

	strangers atomic.Int64 // when one last wanted to wake us, in Unix seconds

	// What the daemon wants to hear; nil without one.
	onCommit  func(model.Changes)
	onKnock   func() // a connection request was accepted
	onMove    func() // the connection request URL may have changed
	onBinding func() // where connection requests by UDP come to may have changed
	onXMPP    func() // what Device.XMPP. says of its connection has changed
}

// Directories of .dm files beside the embedded ones; later ones win.
const (
	packageModels = "/usr/share/cwmpd/datamodel"
	ownerModels   = "/etc/cwmpd/datamodel"
)

// LockPath is the file under the root that whoever may write holds locked: the daemon always, the CLI while it writes.
const LockPath = "/var/run/cwmpd.lock"

// Open builds the parts. It reads the configuration and the definitions; it writes nothing, but a commit that a power
// cut interrupted is finished.
func Open(ctx context.Context, o Options) (*Parts, error) {
	log := o.Log
	if log == nil {
		log = slog.Discard()
	}
	box, err := system.Open(o.Root, log)
	if err != nil {
		return nil, err
	}
	store, err := state.Open(box.Root, log)
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	p := &Parts{Box: box, Store: store, UCI: uci.Open(box.Root), version: o.Version, log: log}
	box.TZ = p.timeZone
	if !o.Offline {
		p.Bus = ubus.New(ubus.Config{Path: ubus.SocketPath(box.Root), Log: log.With("part", "ubus")})
	}
	s, err := p.loadSettings(nil)
	if err != nil {
		log.Warn("identity", "err", err)
	}
	p.settings.Store(s)
	p.http = p.newConnReq()
	p.route = p.newRoute()
	p.udp = p.newUDP()
	p.xmpp = p.newXMPP()
	return p, p.loadTree(ctx, o.Files)
}

func (p *Parts) loadTree(ctx context.Context, embedded fs.FS) error {
	p.router = source.New(source.Config{
		Root: p.Box.Root, UCI: p.UCI, Ubus: p.Bus, Box: p.Box, Store: p.Store, Funcs: p.funcs(), Log: p.log.With("part", "source"),
	})
	tree, problems, err := model.Load(ctx, model.Config{
		Store: p.Store, Source: p.router, Own: []string{"cwmp"}, Reload: p.reloadService, Log: p.log.With("part", "model"),
		Aliases: true, Wildcard: true, Compat: func() bool { return p.settings.Load().CPE.OldParameters },
		Files: []fs.FS{embedded, os.DirFS(p.Box.Path(packageModels)), os.DirFS(p.Box.Path(ownerModels))},
		OnCommit: func(c model.Changes) {
			if p.onCommit != nil {
				p.onCommit(c)
			}
		},
	})
	p.Tree = tree
	p.tell(problems)
	return err
}

// tell keeps and logs what is wrong with the .dm files.
func (p *Parts) tell(problems []model.Problem) {
	p.Problems = problems
	for _, problem := range problems {
		p.log.Warn("data model", "file", problem.File, "line", problem.Line, "problem", problem.Msg)
	}
}

// timeZone reads the POSIX TZ string of the router's configuration, which /etc/TZ only follows after a reload.
func (p *Parts) timeZone() string { return p.systemOption("timezone") }

// systemOption is an option of the router's own section in /etc/config/system, "" where there is none.
func (p *Parts) systemOption(name string) string {
	pkg, err := p.UCI.Load("system")
	if err != nil {
		return ""
	}
	s := pkg.Section("@system[0]")
	if s == nil {
		return ""
	}
	return s.Get(name)
}

// reloadService tells procd that a UCI package changed; it knows which services care. Or it does an errand.
func (p *Parts) reloadService(ctx context.Context, pkg string) error {
	if p.Bus == nil {
		return errors.New("no ubus")
	}
	if about, words, ok := strings.Cut(pkg, " "); ok {
		return p.errand(ctx, about, strings.Fields(words))
	}
	_, err := p.Bus.Call(ctx, "service", "event", ubus.Table("type", "config.change", "data", ubus.Table("package", pkg)))
	if pkg == "system" && err == nil {
		p.reloadLEDs(ctx)
	}
	if err == nil && pkg == "chrony" { // its init script waits for no event
		_, err = p.Box.Command(ctx, "/etc/init.d/chronyd", "reload")
	}
	if err == nil && pkg == "ddns" { // nor does this one; what it begins in the background keeps its output open
		_, err = p.Box.Command(ctx, "/etc/init.d/ddns", "restart")
		if errors.Is(err, exec.ErrWaitDelay) || errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	return err
}

// errand has a program run with each of words, or methods called of an object on the bus. What was tried and did not work is for
// the log and over; the error is that it could not be tried.
func (p *Parts) errand(ctx context.Context, about string, words []string) error {
	for _, word := range words {
		var out []byte
		var err error
		var answer *ubus.StatusError
		if about[0] == '/' {
			out, err = p.Box.Command(ctx, about, word)
		} else if _, err = p.Bus.Call(ctx, about, word, ubus.Value{}); err != nil && !errors.As(err, &answer) {
			return err
		}
		switch {
		case err == nil, errors.Is(err, exec.ErrWaitDelay): // what it left in the background keeps its output open
		case ctx.Err() != nil:
			return err
		default:
			p.log.Warn("what was put off to the end of the session did not work", "command", about+" "+word, "err", err, "output", string(out[:min(len(out), 500)]))
		}
	}
	return nil
}

// reloadLEDs has the LEDs set up again: their script is no service of procd's. LuCI does the same.
func (p *Parts) reloadLEDs(ctx context.Context) {
	_, err := p.Box.Command(ctx, "/etc/init.d/led", "restart")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.log.Warn("the LEDs are not set up", "err", err)
	}
}

// Lock takes the right to write this router, waiting a little for a CLI that holds it.
func (p *Parts) Lock(ctx context.Context, wait time.Duration) (*system.Lock, error) {
	deadline := time.Now().Add(wait)
	for {
		l, err := system.LockFile(p.Box.Path(LockPath))
		var held *system.HeldError
		if err == nil || !errors.As(err, &held) || time.Now().After(deadline) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Close lets go of the buses.
func (p *Parts) Close() error {
	var err error
	if p.router != nil {
		err = p.router.Close()
	}
	if p.Bus != nil {
		err = errors.Join(err, p.Bus.Close())
	}
	return err
}

func lockContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 10*time.Second)
}

// Direct is the way to the data model without a daemon. Reloads that its changes leave owed are sent when procd is there.
func (p *Parts) Direct() control.Direct {
	watcher, err := notify.New(notify.Config{Tree: p.Tree, Store: p.Store, Log: p.log.With("part", "notify")})
	if err != nil {
		p.log.Warn("attributes", "err", err)
	}
	return control.Direct{Tree: p.Tree, Notify: watcher}
}
