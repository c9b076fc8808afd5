package model

import (
	"context"
	"io/fs"
	"log/slog"

	"github.com/cwmpd/cwmpd/internal/state"
)

// Origin says on whose behalf a transaction runs.
type Origin int

const (
	FromSelf Origin = iota // the agent itself
	FromACS
	FromCLI // a person at the router
)

// Config says what a Tree is made of. Source and Files are required.
type Config struct {
	Store    *state.Store                                // keeps instance numbers and owed reloads; nil keeps nothing (for checks)
	Source   Source                                      //
	Files    []fs.FS                                     // in order, later wins: embedded, /usr/share, /etc; a missing directory is an empty one
	Own      []string                                    // UCI packages that are ours ("cwmp"): no reload is owed for them
	Reload   func(ctx context.Context, pkg string) error // tells the router that a package changed; nil does nothing
	OnCommit func(Changes)                               // called after each commit that changed something, from its goroutine; nil means nobody asks
	Wildcard bool                                        // "*" in place of an instance number
	Aliases  bool                                        // "[alias]" in place of an instance number (9.7)
	Log      *slog.Logger                                // nil discards
}

// A Problem is a line of a .dm file that was left out, and why.
type Problem struct {
	File string
	Line int // 0: the file as a whole
	Msg  string
}

// A Tree is the data model of this router. It is safe for use by many goroutines.
type Tree struct{}

// Load reads the definitions. A broken line or file is left out and is a Problem; it fails only when nothing is left.
func Load(ctx context.Context, cfg Config) (*Tree, []Problem, error) { return nil, nil, nil }

// Check reads cfg.Files and then the named files of the host, and returns the problems of those; of all when files is empty.
func Check(files []string, cfg Config) []Problem { return nil }

// Reload reads the definitions again. Open transactions go on with the old ones; so does everybody when nothing can be read.
func (t *Tree) Reload(ctx context.Context) []Problem { return nil }

// Begin opens a transaction. Readers run side by side; the first write of a transaction waits for the one writer slot.
func (t *Tree) Begin(ctx context.Context, origin Origin) (*Tx, error) { return nil, nil }

// Apply sends the reloads that commits have left owed, each once, in the order that routers need, and forgets those that
// were sent. It goes on after an error and returns all.
func (t *Tree) Apply(ctx context.Context) error { return nil }

// Owed lists the packages whose reload is owed, in the order of Apply.
func (t *Tree) Owed() []string { return nil }

// Lookup returns the definition behind the path of a parameter or object, whether or not its rows exist.
func (t *Tree) Lookup(path string) (*Def, error) { return nil, nil }

// Definitions visits every object and parameter, in order.
func (t *Tree) Definitions(visit func(Def)) {}

// Informs lists the paths of the parameters that belong into every Inform, in order (flag `inform`).
func (t *Tree) Informs() []string { return nil }

// Notify is what the data model says of active notification.
type Notify int

const (
	NotifyNormal  Notify = iota
	NotifyDeny           // active notification may be refused (9009)
	NotifyForced         // always active
	NotifyDefault        // active until the ACS says otherwise
)

// A Def is the definition of a parameter or, with a trailing dot, of an object.
type Def struct {
	Path     string // with {i}: "Device.WiFi.SSID.{i}.Enable", "Device.WiFi.SSID.{i}."
	Object   bool
	Type     Type // of a parameter
	Writable bool // of a table: rows can be added and deleted
	Notify   Notify
	Inform   bool // belongs into every Inform
	Hidden   bool // reads as the empty string
	Command  bool // reads false; writing true does something
	Compat   bool // deleted from the standard or never in it
	Unmet    bool // a `needs` of the object or of one above it does not hold: not in the tree
	Implied  bool // Alias or …NumberOfEntries that no line wrote
	File     string
	Line     int
	Source   string // as written
}

// Stats counts what the tree can say.
type Stats struct {
	Files, Objects, Tables, Parameters, Writable, Hidden, Compat int
	Verbs                                                        map[string]int // parameters by verb of their source
	Unmet                                                        []string       // objects left out by `needs`
}

// Stats counts the definitions in use.
func (t *Tree) Stats() Stats { return Stats{} }
