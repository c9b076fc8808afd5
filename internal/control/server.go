package control

import (
	"context"
	"errors"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/notify"
	"github.com/cwmpd/cwmpd/internal/slog"
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
	STUN    func() string                   // says where connection requests by UDP come to, "" without STUN; nil: nobody knows
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
		cfg.Log = slog.Discard()
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

// A method is a method of an object on ubus.
type method struct {
	name   string
	handle func(s *Server, ctx context.Context, args ubus.Value) (any, error) // answers with something that has a JSON form
	args   []arg
}

type arg ubus.Arg

const (
	text    = ubus.KindString
	list    = ubus.KindArray
	table   = ubus.KindTable
	number  = ubus.KindInt32
	boolean = ubus.KindBool
)

var methods = [...]method{
	{"status", (*Server).status, nil},
	{"sessions", (*Server).sessions, nil},
	{"inform", (*Server).inform, []arg{{"event", text}}},
	{"get", (*Server).get, []arg{{"path", text}, {"paths", list}, {"skip", number}}},
	{"names", (*Server).names, []arg{{"path", text}, {"next_level", boolean}, {"skip", number}}},
	{"attrs", (*Server).attrs, []arg{{"path", text}, {"paths", list}, {"notification", number}, {"skip", number}}},
	{"set", (*Server).set, []arg{{"path", text}, {"value", text}, {"values", table}}},
	{"add", (*Server).add, []arg{{"path", text}}},
	{"del", (*Server).del, []arg{{"path", text}, {"paths", list}}},
	{"request_download", (*Server).requestDownload, []arg{{"file_type", text}, {"args", table}}},
	{"transfer_complete", (*Server).transferComplete, []arg{
		{"file_type", text}, {"upload", boolean}, {"url", text}, {"announce_url", text}, {"file_size", number}, {"target_file_name", text},
		{"fault", number}, {"fault_string", text}, {"start", text}, {"complete", text},
	}},
	{"du_state_change_complete", (*Server).unitsChanged, []arg{{"results", list}}},
	{"apply", (*Server).apply, nil},
	{"reload", (*Server).reload, nil},
}

func (m *method) signature() (args []ubus.Arg) {
	for _, a := range m.args {
		args = append(args, ubus.Arg(a))
	}
	return args
}

func (s *Server) methods() map[string]ubus.Method {
	all := map[string]ubus.Method{}
	for i := range methods {
		m := &methods[i]
		all[m.name] = ubus.Method{Args: m.signature(), Handle: func(ctx context.Context, r ubus.Request) (ubus.Value, error) {
			x, err := s.handle(ctx, m, r.Args)
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
	return all
}

func (s *Server) handle(ctx context.Context, m *method, args ubus.Value) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return m.handle(s, ctx, args)
}

// refuse logs what is our own fault.
func (s *Server) refuse(r ubus.Request, err error) refusal {
	refused, unknown := refusalOf(err)
	if unknown {
		s.log.Error("a call on ubus went wrong", "object", r.Object, "method", r.Method, "err", err)
	}
	return refused
}
