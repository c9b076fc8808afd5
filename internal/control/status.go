package control

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/cwmp"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/transfer"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// status is how things stand. Times that are not known are left out.
type status struct {
	Phase        string    `json:"phase"`
	Step         string    `json:"step,omitempty"` // of the session, while there is one
	URL          string    `json:"acs_url"`
	URLFrom      string    `json:"acs_url_from,omitempty"` // config or dhcp
	Started      time.Time `json:"started"`
	RetryCount   uint32    `json:"retry_count"`
	Next         time.Time `json:"next_session,omitzero"`
	NextPeriodic time.Time `json:"next_periodic,omitzero"`
	LastSuccess  time.Time `json:"last_success,omitzero"`
	LastFailure  time.Time `json:"last_failure,omitzero"`
	LastWhy      string    `json:"last_why,omitempty"` // how the last failed session ended
	Successes    int       `json:"successes"`          // sessions since the start
	Failures     int       `json:"failures"`
	Events       []string  `json:"events"`    // that the ACS was not told of
	Transfers    []string  `json:"transfers"` // that wait, run, or have ended without the ACS knowing
	Owed         []string  `json:"reload"`    // packages that changed and were not reloaded

	XMPP     string `json:"xmpp,omitempty"` // Device.XMPP.Connection.{i}.Status of the connection that is wanted
	JabberID string `json:"jabber_id,omitempty"`
	STUN     string `json:"stun,omitempty"` // the address that the STUN server sees, and whether it is another than ours

	Probation *probation `json:"probation,omitempty"`
	GivenUp   *givenUp   `json:"given_up,omitempty"`
}

// probation is a new ACS that has to complete a session before the old one is forgotten.
type probation struct {
	New   string    `json:"new"`
	Old   string    `json:"old"`
	Since time.Time `json:"since"`
	Back  bool      `json:"back"` // the old one is asked, since the new one did not answer in time
	Until time.Time `json:"until,omitzero"`
	Tries int       `json:"tries"` // sessions with the new one that failed
	Why   string    `json:"why,omitempty"`
}

// givenUp is an ACS that failed its probation, while the one before it answers.
type givenUp struct {
	URL   string    `json:"url"`
	At    time.Time `json:"at"`
	Tries int       `json:"tries"`
	Why   string    `json:"why"`
}

func (s *Server) status(context.Context, ubus.Value) (any, error) {
	st := s.cfg.CWMP.Status()
	from := ""
	if s.cfg.URLFrom != nil {
		from = s.cfg.URLFrom()
	}
	answer := status{
		Phase: string(st.Phase), Step: string(st.Step), URL: st.URL, URLFrom: from, Started: seconds(s.started), RetryCount: st.RetryCount,
		Next: seconds(st.Next), NextPeriodic: seconds(st.NextPeriodic), LastSuccess: seconds(st.LastSuccess), LastFailure: seconds(st.LastFailure),
		LastWhy: st.LastWhy, Successes: st.Successes, Failures: st.Failures,
		Events: eventTexts(st.Events), Transfers: transferTexts(st.Transfers), Owed: notNil(s.cfg.Tree.Owed()),
	}
	if s.cfg.XMPP != nil {
		answer.XMPP, answer.JabberID = s.cfg.XMPP()
	}
	if s.cfg.STUN != nil {
		answer.STUN = s.cfg.STUN()
	}
	if p := st.Probation; p != nil {
		answer.Probation = &probation{p.New, p.Old, seconds(p.Since), p.Back, seconds(p.Until), p.Tries, p.Why}
	}
	if g := st.GivenUp; g != nil {
		answer.GivenUp = &givenUp{g.URL, seconds(g.At), g.Tries, g.Why}
	}
	return answer, nil
}

// seconds cuts a time to seconds, in UTC.
func seconds(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Second)
}

// transferTexts writes transfers as `3 Vendor Configuration File "key", waiting`.
func transferTexts(list []transfer.Entry) []string {
	texts := []string{}
	for _, e := range list {
		texts = append(texts, fmt.Sprintf("%s %q, %s", e.FileType, e.CommandKey, e.State))
	}
	return texts
}

// eventTexts writes events as `M Reboot "key"`.
func eventTexts(events []cwmp.Event) []string {
	texts := []string{}
	for _, e := range events {
		text := e.Code
		if e.CommandKey != "" {
			text += fmt.Sprintf(" %q", e.CommandKey)
		}
		texts = append(texts, text)
	}
	return texts
}

// session is what is remembered of one.
type session struct {
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"`
	URL        string    `json:"acs_url"`
	Version    string    `json:"version,omitempty"`
	Probation  bool      `json:"probation,omitempty"` // the ACS was new, or asked again since the new one had not answered
	OK         bool      `json:"ok"`
	Why        string    `json:"why"`
	RetryCount uint32    `json:"retry_count"`
	Events     []string  `json:"events"`
	Calls      []string  `json:"calls"` // "> Inform" is ours, "< Reboot" the ACS's; a fault's number follows
	MoreCalls  int       `json:"more_calls,omitempty"`
	BytesOut   int64     `json:"bytes_out"`
	BytesIn    int64     `json:"bytes_in"`
}

func (s *Server) sessions(context.Context, ubus.Value) (any, error) {
	list := []session{}
	for _, r := range s.cfg.CWMP.Sessions() {
		list = append(list, session{
			Start: r.Start.UTC(), End: r.End.UTC(), URL: r.URL, Version: r.Version, Probation: r.Probation, OK: r.OK, Why: r.Why, RetryCount: r.RetryCount,
			Events: eventTexts(r.Events), Calls: callTexts(r.Calls), MoreCalls: r.MoreCalls, BytesOut: r.BytesOut, BytesIn: r.BytesIn,
		})
	}
	return map[string]any{"sessions": list}, nil
}

func callTexts(calls []cwmp.Call) []string {
	texts := []string{}
	for _, c := range calls {
		text := "< " + c.Method
		if c.FromUs {
			text = "> " + c.Method
		}
		if c.Fault != 0 {
			text += fmt.Sprint(" ", c.Fault)
		}
		texts = append(texts, text)
	}
	return texts
}

// askable are the events that a person may have told to the ACS, beside vendors' own; the others are true or not,
// whatever a person says.
var askable = []string{
	cwmp.EventBootstrap, cwmp.EventBoot, cwmp.EventPeriodic, cwmp.EventScheduled, cwmp.EventValueChange,
	cwmp.EventConnectionRequest, cwmp.EventDiagnosticsComplete,
}

// eventOf finds the event that was meant: "2 PERIODIC", "2", "periodic", "value_change", "X 00D09E whatever". Nothing
// means a connection request, as with icwmp.
func eventOf(text string) (cwmp.Event, error) {
	if text == "" {
		return cwmp.Event{Code: cwmp.EventConnectionRequest}, nil
	}
	if strings.HasPrefix(text, "X ") {
		if e := (cwmp.Event{Code: text}); e.Valid() {
			return e, nil
		}
		return cwmp.Event{}, badArgument("a vendor's event is X, its OUI or name, and what happened, in at most 64 characters")
	}
	want := strings.NewReplacer("_", " ", "-", " ").Replace(text)
	for _, code := range askable {
		number, name, _ := strings.Cut(code, " ")
		if strings.EqualFold(want, code) || want == number || strings.EqualFold(want, name) {
			return cwmp.Event{Code: code}, nil
		}
	}
	return cwmp.Event{}, badArgument("event is none of " + strings.Join(askable, ", ") + ", X OUI NAME")
}

// informed is the answer of inform, the same for both objects.
type informed struct {
	Status int    `json:"status"`
	Info   string `json:"info"`
	Event  string `json:"event"`
}

func (s *Server) inform(_ context.Context, args ubus.Value) (any, error) {
	event, err := eventOf(args.Get("event").Text())
	if err != nil {
		return nil, err
	}
	info := "Session started"
	switch s.cfg.CWMP.Status().Phase {
	case cwmp.InSession:
		info = "Session running, the event is told in the next one"
	case cwmp.HeldOff:
		info = "Sessions are held off, the event is kept"
	}
	if event.Code == cwmp.EventValueChange && s.cfg.Notify != nil {
		info = "Changed values are looked for, a session starts if one is to be told at once"
		s.cfg.Notify.Poke()
	}
	s.cfg.CWMP.Post(event)
	s.log.Info("a session was asked for on ubus", "event", event.Code)
	return informed{Status: 1, Info: info, Event: event.Code}, nil
}

// requestDownload asks the ACS for a file.
func (s *Server) requestDownload(_ context.Context, args ubus.Value) (any, error) {
	var list [][2]string
	for name, value := range args.Get("args").All() {
		list = append(list, [2]string{name, value.Text()})
	}
	if err := s.cfg.CWMP.RequestDownload(args.Get("file_type").Text(), list); err != nil {
		reason := model.BadArgument
		switch {
		case errors.Is(err, cwmp.ErrACSRefuses):
			reason = model.Refused
		case errors.Is(err, cwmp.ErrTooMany):
			reason = model.NoRoom
		}
		return nil, &model.ParamError{Reason: reason, Msg: err.Error()}
	}
	return informed{Status: 1, Info: "The ACS will be asked", Event: cwmp.EventRequestDownload}, nil
}

// told is the answer to a report of something that ended without the ACS.
func told(wanted bool, err error, event string) (any, error) {
	switch {
	case errors.Is(err, cwmp.ErrTooManyReports):
		return nil, &model.ParamError{Reason: model.NoRoom, Msg: err.Error()}
	case errors.Is(err, cwmp.ErrNoReport):
		return nil, badArgument(err.Error())
	case err != nil:
		return nil, err
	case !wanted:
		return informed{Info: "The ACS does not want to know", Event: event}, nil
	}
	return informed{Status: 1, Info: "The ACS will be told", Event: event}, nil
}

// transferComplete takes the report of a transfer that the ACS did not order: an upgrade by LuCI, a vendor's updater.
func (s *Server) transferComplete(ctx context.Context, args ubus.Value) (any, error) {
	size, ok := args.Get("file_size").Uint()
	if args.Get("file_size").Exists() && !ok {
		return nil, badArgument("file_size is no number of bytes")
	}
	t := soap.AutonomousTransfer{
		AnnounceURL: args.Get("announce_url").Text(), TransferURL: args.Get("url").Text(), IsDownload: !args.Get("upload").Bool(),
		FileType: args.Get("file_type").Text(), FileSize: uint32(min(size, math.MaxUint32)), TargetFileName: args.Get("target_file_name").Text(),
	}
	var err error
	if t.FaultCode, t.FaultString, t.Start, t.Complete, err = endOf(args); err != nil {
		return nil, err
	}
	wanted, err := s.cfg.CWMP.TransferDone(ctx, t)
	return told(wanted, err, cwmp.EventAutonomousTransfer)
}

// endOf reads how and when something ended; times that are not given are not known.
func endOf(args ubus.Value) (fault int, text string, start, complete time.Time, err error) {
	given := args.Get("fault")
	code, ok := given.Int()
	if given.Exists() && (!ok || code < 0 || code > 9899) {
		return 0, "", start, complete, badArgument("fault is no code of TR-069")
	}
	for name, at := range map[string]*time.Time{"start": &start, "complete": &complete} {
		text := args.Get(name).Text()
		t, ok := config.ParseTime(text)
		if text != "" && !ok {
			return 0, "", start, complete, badArgument(name + " is no time such as 2026-01-31T03:00:00Z")
		}
		*at = t.UTC()
	}
	return int(code), args.Get("fault_string").Text(), start, complete, nil
}

// unitsChanged takes the report of operations on deployment units, a table for each.
func (s *Server) unitsChanged(ctx context.Context, args ubus.Value) (any, error) {
	var units []soap.DUResult
	for _, r := range args.Get("results").All() {
		u := soap.DUResult{
			Operation: r.Get("operation").Text(), UUID: r.Get("uuid").Text(), Version: r.Get("version").Text(), Ref: r.Get("unit_ref").Text(),
		}
		var err error
		if u.FaultCode, u.FaultString, u.Start, u.Complete, err = endOf(r); err != nil {
			return nil, err
		}
		units = append(units, u)
	}
	wanted, err := s.cfg.CWMP.UnitsChanged(ctx, units)
	return told(wanted, err, cwmp.EventAutonomousDUChange)
}

func (s *Server) apply(ctx context.Context, _ ubus.Value) (any, error) {
	owed := s.cfg.Tree.Owed()
	if err := s.cfg.Tree.Apply(ctx); err != nil {
		return nil, err
	}
	return map[string]any{"reload": notNil(owed)}, nil
}

func (s *Server) reload(ctx context.Context, _ ubus.Value) (any, error) {
	if s.cfg.Reload == nil {
		return nil, badArgument("there is nothing to reload here")
	}
	if err := s.cfg.Reload(ctx); err != nil {
		return nil, err
	}
	return map[string]any{}, nil
}
