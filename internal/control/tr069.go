package control

import (
	"context"
	"strconv"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// Object tr069 has the methods and the shapes of icwmp's, also those that we would have made otherwise.

var legacyMethods = [...]method{
	{"status", (*Server).legacyStatus, nil},
	{"inform", (*Server).legacyInform, []arg{{"GetRPCMethods", boolean}, {"event", text}}},
	{"notify", (*Server).legacyNotify, nil},
	{"command", (*Server).legacyCommand, []arg{{"command", text}, {"name", text}}},
	{"dm", (*Server).dm, []arg{{"cmd", text}, {"path", text}, {"value", text}, {"key", text}}},
}

// legacyMethods are methods with faults as data: icwmp's callers look at them and not at the status.
func (s *Server) legacyMethods() map[string]ubus.Method {
	all := map[string]ubus.Method{}
	for i := range legacyMethods {
		m := &legacyMethods[i]
		all[m.name] = ubus.Method{Args: m.signature(), Handle: func(ctx context.Context, r ubus.Request) (ubus.Value, error) {
			x, err := s.handle(ctx, m, r.Args)
			if err != nil {
				refused := s.refuse(r, err)
				x = legacyFault{refused.Path, refused.Fault, refused.Message}
			}
			return encode(x)
		}}
	}
	return all
}

type legacyFault struct {
	Parameter string `json:"parameter,omitempty"`
	Fault     int    `json:"fault"`
	Message   string `json:"message"`
}

// legacyTime is icwmp's form of a time.
func legacyTime(t time.Time) string {
	if t.IsZero() {
		return "N/A"
	}
	return t.UTC().Format("2006-01-02T15:04:05+0000")
}

type legacySession struct {
	Status string `json:"status"` // success, failure, running, waiting, N/A
	Start  string `json:"start_time"`
	End    string `json:"end_time"`
}

func (s *Server) legacyStatus(context.Context, ubus.Value) (any, error) {
	st := s.cfg.CWMP.Status()
	last := legacySession{"N/A", "N/A", "N/A"}
	if sessions := s.cfg.CWMP.Sessions(); len(sessions) > 0 {
		r := sessions[len(sessions)-1]
		last = legacySession{"failure", legacyTime(r.Start), legacyTime(r.End)}
		if r.OK {
			last.Status = "success"
		}
	}
	next := legacySession{"N/A", legacyTime(st.Next), "N/A"}
	switch {
	case st.Phase == cwmp.InSession:
		next = legacySession{"running", "N/A", "N/A"}
	case !st.Next.IsZero():
		next.Status = "waiting"
	}
	return map[string]any{
		"cwmp":         map[string]any{"status": "up", "start_time": legacyTime(s.started), "acs_url": st.URL},
		"last_session": last,
		"next_session": next,
		"statistics":   map[string]any{"success_sessions": st.Successes, "failure_sessions": st.Failures, "total_sessions": st.Successes + st.Failures},
	}, nil
}

// legacyInform holds a session. GetRPCMethods is sent by the agent whenever it wants to know; that it is asked for here
// only makes the session one that is due, as icwmp's does.
func (s *Server) legacyInform(ctx context.Context, args ubus.Value) (any, error) {
	if args.Get("GetRPCMethods").Bool() && args.Get("event").Text() == "" {
		args = ubus.Table("event", cwmp.EventPeriodic)
	}
	return s.inform(ctx, args)
}

// legacyNotify says that values may have changed.
func (s *Server) legacyNotify(context.Context, ubus.Value) (any, error) {
	if s.cfg.Notify != nil {
		s.cfg.Notify.Poke()
	}
	return map[string]any{"status": 0, "info": "looking for changed values"}, nil
}

// legacyCommand takes icwmp's `command` and EasyCwmp's `name`.
func (s *Server) legacyCommand(ctx context.Context, args ubus.Value) (any, error) {
	command := args.Get("command").Text()
	if command == "" {
		command = args.Get("name").Text()
	}
	answer := func(status int, info string) (any, error) {
		return map[string]any{"status": status, "info": info}, nil
	}
	switch {
	case (command == "reload" || command == "reload_end_session") && s.cfg.Reload != nil:
		if err := s.cfg.Reload(ctx); err != nil {
			s.log.Error("reload", "err", err)
			return answer(-1, "reload failed, see the log")
		}
		return answer(0, "configuration reloaded")
	case (command == "exit" || command == "stop") && s.cfg.Exit != nil:
		time.AfterFunc(100*time.Millisecond, s.cfg.Exit) // the answer goes first
		return answer(0, "the agent ends")
	}
	return answer(-1, "unknown command")
}

// legacyParam is a parameter as dm shows it.
type legacyParam struct {
	Parameter    string  `json:"parameter"`
	Value        *string `json:"value,omitempty"`
	Type         string  `json:"type,omitempty"`
	Writable     string  `json:"writable,omitempty"` // "1" or "0"
	Notification string  `json:"notification,omitempty"`
}

// parameterKey is what dm's key is for: the ACS's note of what was set last.
const parameterKey = "Device.ManagementServer.ParameterKey"

// dm is icwmp's way to the data model.
func (s *Server) dm(ctx context.Context, args ubus.Value) (any, error) {
	path, value := args.Get("path").Text(), args.Get("value")
	switch args.Get("cmd").Text() {
	case "get", "get_value":
		return s.legacyValues(ctx, path)
	case "inform":
		return s.legacyValues(ctx, s.cfg.Tree.Informs()...)
	case "names", "get_name":
		names, err := s.door.Names(ctx, path, value.Bool())
		return legacyPage(names, err, func(n Name) legacyParam { return legacyParam{Parameter: n.Path, Writable: oneOrZero(n.Writable)} })
	case "notif", "get_notification":
		attrs, err := s.door.Attrs(ctx, []string{path})
		return legacyPage(attrs, err, func(a Attr) legacyParam {
			return legacyParam{Parameter: a.Path, Notification: strconv.Itoa(a.Notification)}
		})
	case "set", "set_value":
		return s.legacyWrite(ctx, args, func(tx *model.Tx) (uint32, error) { return 0, tx.Set(ctx, path, value.Text(), model.BaseAny) })
	case "add", "add_object":
		return s.legacyWrite(ctx, args, func(tx *model.Tx) (uint32, error) { return tx.Add(ctx, path) })
	case "del", "del_object", "delete":
		return s.legacyWrite(ctx, args, func(tx *model.Tx) (uint32, error) { return 0, tx.Delete(ctx, path) })
	}
	return nil, badArgument("cmd is none of get, names, notif, set, add, del, inform")
}

func oneOrZero(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func (s *Server) legacyValues(ctx context.Context, paths ...string) (any, error) {
	params, err := s.door.Get(ctx, paths)
	return legacyPage(params, err, func(p Param) legacyParam {
		return legacyParam{Parameter: p.Path, Value: &p.Value, Type: "xsd:" + p.Type}
	})
}

// legacyPage answers with what fits; callers made for icwmp know of no second page.
func legacyPage[T any](items []T, err error, show func(T) legacyParam) (any, error) {
	params := make([]legacyParam, 0, len(items))
	for _, x := range items {
		params = append(params, show(x))
	}
	return pageOf(params, 0, legacyParam.size), err
}

func (p legacyParam) size() int {
	if p.Value == nil {
		return len(p.Parameter)
	}
	return len(p.Parameter) + len(*p.Value)
}

// legacyWrite changes one thing, with the ParameterKey when key is given. The status is that of the RPC, as text: 0,
// since the router takes notice at once.
func (s *Server) legacyWrite(ctx context.Context, args ubus.Value, edit func(*model.Tx) (uint32, error)) (any, error) {
	answer := map[string]any{"status": "0"}
	err := s.door.change(ctx, func(tx *model.Tx) error {
		instance, err := edit(tx)
		if instance != 0 {
			answer["instance"] = strconv.FormatUint(uint64(instance), 10)
		}
		if key := args.Get("key"); err == nil && key.Exists() {
			err = tx.SetOwn(ctx, parameterKey, key.Text())
		}
		return err
	})
	return answer, s.made(err)
}
