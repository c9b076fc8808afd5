package control

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/notify"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// The objects on ubus.
const (
	Object       = "cwmp"
	legacyObject = "tr069"
)

// patience is how long a call may take; the ubus command gives up after 30 s.
const patience = 25 * time.Second

// CWMP is what the door wants of the TR-069 side; a *cwmp.CPE is one.
type CWMP interface {
	Post(cwmp.Event)
	Status() cwmp.Status
	Sessions() []cwmp.Record
	RequestDownload(fileType string, args [][2]string) error
	TransferDone(ctx context.Context, t soap.AutonomousTransfer) (wanted bool, err error)
	UnitsChanged(ctx context.Context, units []soap.DUResult) (wanted bool, err error)
}

// Config says what the door opens to. Ubus, Tree and CWMP are required.
type Config struct {
	Ubus    *ubus.Client
	Tree    *model.Tree
	CWMP    CWMP
	Notify  *notify.Watcher                 // nil: there are no attributes
	Reload  func(ctx context.Context) error // reads configuration and data model again; nil: cannot be done
	Exit    func()                          // ends the agent, for icwmp's `command exit`; nil: cannot be done
	URLFrom func() string                   // says where the ACS's URL is from: config or dhcp; nil: nobody knows
	XMPP    func() (status, jid string)     // how the XMPP connection is, "" where none is wanted; nil: nobody knows
	Log     *slog.Logger                    // nil discards
}

// A Server answers on ubus.
type Server struct {
	cfg     Config
	log     *slog.Logger
	door    Direct
	started time.Time
}

// New checks the Config. Nothing is on the bus before Run.
func New(cfg Config) (*Server, error) {
	if cfg.Ubus == nil || cfg.Tree == nil || cfg.CWMP == nil {
		return nil, errors.New("control: Ubus, Tree and CWMP are required")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{cfg: cfg, log: cfg.Log, door: Direct{Tree: cfg.Tree, Notify: cfg.Notify}, started: time.Now()}, nil
}

// Run puts the objects on the bus and waits for the end of ctx; they go with the connection. That another agent holds
// one of the names is no error: the name is taken when it becomes free.
func (s *Server) Run(ctx context.Context) error {
	for _, o := range []ubus.Object{
		{Path: Object, Methods: s.methods()},
		{Path: legacyObject, Methods: s.legacyMethods()},
	} {
		if err := s.cfg.Ubus.Serve(o); err != nil {
			s.log.Warn("an object is not on ubus yet", "object", o.Path, "err", err)
		}
	}
	<-ctx.Done()
	return nil
}

func text(name string) ubus.Arg    { return ubus.Arg{Name: name, Kind: ubus.KindString} }
func list(name string) ubus.Arg    { return ubus.Arg{Name: name, Kind: ubus.KindArray} }
func table(name string) ubus.Arg   { return ubus.Arg{Name: name, Kind: ubus.KindTable} }
func number(name string) ubus.Arg  { return ubus.Arg{Name: name, Kind: ubus.KindInt32} }
func boolean(name string) ubus.Arg { return ubus.Arg{Name: name, Kind: ubus.KindBool} }

func (s *Server) methods() map[string]ubus.Method {
	return map[string]ubus.Method{
		"status":           s.method(s.status),
		"sessions":         s.method(s.sessions),
		"inform":           s.method(s.inform, text("event")),
		"get":              s.method(s.get, text("path"), list("paths"), number("skip")),
		"names":            s.method(s.names, text("path"), boolean("next_level"), number("skip")),
		"attrs":            s.method(s.attrs, text("path"), list("paths"), number("notification"), number("skip")),
		"set":              s.method(s.set, text("path"), text("value"), table("values")),
		"add":              s.method(s.add, text("path")),
		"del":              s.method(s.del, text("path"), list("paths")),
		"request_download": s.method(s.requestDownload, text("file_type"), table("args")),
		"transfer_complete": s.method(s.transferComplete, text("file_type"), boolean("upload"), text("url"), text("announce_url"),
			number("file_size"), text("target_file_name"), number("fault"), text("fault_string"), text("start"), text("complete")),
		"du_state_change_complete": s.method(s.unitsChanged, list("results")),
		"apply":                    s.method(s.apply),
		"reload":                   s.method(s.reload),
	}
}

// A handler answers with something that has a JSON form.
type handler func(ctx context.Context, args ubus.Value) (any, error)

// method makes a Method of a handler.
func (s *Server) method(h handler, args ...ubus.Arg) ubus.Method {
	return ubus.Method{Args: args, Handle: func(ctx context.Context, r ubus.Request) (ubus.Value, error) {
		x, err := s.handle(ctx, h, r.Args)
		if err == nil {
			return encode(x)
		}
		refused := s.refuse(r, err)
		v, err := encode(refused)
		if err != nil {
			return ubus.Value{}, err
		}
		return v, &ubus.StatusError{Code: faultKinds[refused.Fault].status}
	}}
}

func (s *Server) handle(ctx context.Context, h handler, args ubus.Value) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return h(ctx, args)
}

// refuse logs what is our own fault.
func (s *Server) refuse(r ubus.Request, err error) refusal {
	refused, unknown := refusalOf(err)
	if unknown {
		s.log.Error("a call on ubus went wrong", "object", r.Object, "method", r.Method, "err", err)
	}
	return refused
}
