package source

import (
	"context"
	"fmt"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// Config says where values live. Root is required; a nil UCI, Ubus, Box or Store means that there is no such place,
// and what is read from it is empty.
type Config struct {
	Root  string
	UCI   *uci.Dir
	Ubus  *ubus.Client
	Box   *system.Box
	Store *state.Store
	Funcs map[string]Func // further values computed in Go, by their name in a `call`; they win over the built-in ones
	Log   *slog.Logger    // nil discards
}

// A Func is a value, a table or a hook computed in Go: `call NAME ARG…` in a .dm file. A nil field means that the
// function is not for that use, and a .dm line which uses it so does not load. Outside tables row and
// parent are nil or the root: ask Row.IsRoot, which bears both.
type Func struct {
	// Get returns the text of a parameter; "" is absent.
	Get func(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error)
	// Set writes a parameter; what it changes it changes through r.
	Set func(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error
	// Rows lists the instances of a table. A row with Package and Section may use `uci .option` lines.
	Rows func(ctx context.Context, r *Reader, parent *model.Row, args []string) ([]model.Row, error)
	// Add makes an instance, n is its number; Delete removes one that Rows listed.
	Add    func(ctx context.Context, r *Reader, parent *model.Row, n uint32, args []string) (model.Row, error)
	Delete func(ctx context.Context, r *Reader, row *model.Row) error
	// Hook runs once per changed row before a commit; changed holds the new text of every parameter set in this
	// transaction, by name.
	Hook func(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error
	// Need says whether an object exists on this router.
	Need func(ctx context.Context, r *Reader, args []string) bool
}

// Router finds values in all kinds of places; it is the model.Source of the daemon. It is safe for use by many
// goroutines; what it hands out for one transaction is not.
type Router struct {
	cfg    Config
	log    *slog.Logger
	funcs  map[string]Func
	quiet  *once
	sums   fileSums
	since  sinceMemo
	around *neighbourhood

	sampler    sampler
	channels   channelChanges
	reflectors reflectors
	ssdp       ssdp

	dialing chan struct{} // holds a token while somebody connects to D-Bus

	mu     sync.Mutex
	values values     // the agent's own values as saved last, nil when they are to be read again
	age    int        // counts the times that values was dropped
	bus    *dbus.Conn // nil while there is none
}

// New returns a Router over cfg.
func New(cfg Config) *Router {
	log := cfg.Log
	if log == nil {
		log = slog.Discard()
	}
	rt := &Router{cfg: cfg, log: log, funcs: builtin(), quiet: newOnce(512), dialing: make(chan struct{}, 1)}
	rt.around = &neighbourhood{asked: make(chan struct{}, 1)}
	rt.around.funcs(rt.funcs)
	rt.reflectors.changed = make(chan struct{}, 1)
	rt.sampler.changed = make(chan struct{}, 1)
	rt.funcs["device.sampled"] = Func{Get: rt.sampler.get}
	rt.funcs["wifi.changes"] = Func{Get: rt.channels.get}
	rt.funcs["device.reset"] = Func{Get: readsFalse, Set: rt.sampler.reset}
	for name, f := range cfg.Funcs {
		rt.funcs[name] = f
	}
	return rt
}

// verbs maps the first word of a source to the function that compiles the rest.
var verbs = map[string]func(*Router, model.Use, []string) (model.Expr, error){
	"uci":   compileUCI,
	"ubus":  compileUbus,
	"file":  compileFile,
	"exec":  compileExec,
	"dbus":  compileDBus,
	"const": compileConst,
	"state": compileState,
	"call":  compileCall,
}

// Compile turns the words of a source into an expression. The error says what was expected; the caller adds where.
func (rt *Router) Compile(use model.Use, words []string) (model.Expr, error) {
	if len(words) == 0 {
		return nil, fmt.Errorf("a source is missing: one of uci, ubus, file, exec, dbus, const, state, call")
	}
	compile, ok := verbs[words[0]]
	if !ok {
		return nil, fmt.Errorf("unknown source %q: want uci, ubus, file, exec, dbus, const, state or call", words[0])
	}
	e, err := compile(rt, use, words[1:])
	if use == model.UseRows || use == model.UseAdd {
		below(e)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", words[0], err)
	}
	if e == nil {
		return nil, fmt.Errorf("%s cannot be used in %s", words[0], useName(use))
	}
	return e, nil
}

// below makes the placeholders of a table's clause relative to the parent of its rows.
func below(e model.Expr) {
	if p, ok := e.(interface{ templates() []*template }); ok {
		for _, t := range p.templates() {
			t.below()
		}
	}
}

func useName(use model.Use) string {
	switch use {
	case model.UseRows:
		return "a rows clause"
	case model.UseAdd:
		return "an add clause"
	case model.UseHook:
		return "a write clause"
	case model.UseNeed:
		return "a needs clause"
	case model.UseLet:
		return "a let clause"
	}
	return "a parameter"
}

// Begin opens every source for one transaction; nothing is read before somebody asks.
func (rt *Router) Begin(_ context.Context, tx model.Context) (model.Access, error) {
	return newReader(rt, tx), nil
}

// Close ends the connections that the Router keeps between transactions.
func (rt *Router) Close() error {
	rt.mu.Lock()
	bus := rt.bus
	rt.bus = nil
	rt.mu.Unlock()
	if bus != nil {
		return bus.Close()
	}
	return nil
}

// once remembers what was logged already, so that a broken place is one line in the log and not one per parameter.
type once struct {
	mu   sync.Mutex
	max  int
	seen map[string]bool
}

func newOnce(size int) *once { return &once{max: size, seen: map[string]bool{}} }

// first reports whether key is new. When too many keys are held it forgets them all.
func (o *once) first(key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen[key] {
		return false
	}
	if len(o.seen) >= o.max {
		clear(o.seen)
	}
	o.seen[key] = true
	return true
}

// again forgets key: the place works, so its next failure is news.
func (o *once) again(key string) {
	o.mu.Lock()
	delete(o.seen, key)
	o.mu.Unlock()
}
