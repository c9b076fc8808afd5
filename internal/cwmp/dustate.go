package cwmp

import (
	"context"
	"crypto/rand"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

const (
	maxDUChanges = 16 // that the ACS was not told of
	maxDUOps     = 32 // in one of them
	noUUID       = "00000000-0000-0000-0000-000000000000"
)

// A duChange is one ChangeDUState whose end the ACS does not know (3.13). It lies on flash until it does.
type duChange struct {
	ID         string
	CommandKey string
	Results    []duResult
	At         time.Time // zero: the clock was not set
}

type duResult struct {
	UUID, Version string
	Fault         int
}

// changeDUState takes on operations on deployment units. This router has no execution environment that could hold any, so
// each operation ends at once, with the fault that says why, and one DUStateChangeComplete tells of all, in their order.
func (s *session) changeDUState(_ context.Context, args *soap.Args) error {
	change := duChange{ID: rand.Text(), CommandKey: args.OptionalString("CommandKey", maxKey)}
	ops := args.Repeated("Operations")
	for i := range ops {
		result, err := duOperation(&ops[i])
		if err != nil {
			return err
		}
		change.Results = append(change.Results, result)
	}
	c := s.cpe
	switch err := args.Err(); {
	case err != nil:
		return err
	case len(ops) == 0:
		return faultf(invalidArguments, "no operation")
	case len(ops) > maxDUOps || len(c.saved.DUChanges) >= maxDUChanges:
		return &rpcFault{code: resourcesExceeded}
	}
	if c.clockSet() {
		change.At = time.Now().UTC().Truncate(time.Second)
	}
	before := c.saved.DUChanges
	c.saved.DUChanges = append(slices.Clone(before), change)
	if err := c.save(); err != nil {
		c.saved.DUChanges = before
		return err
	}
	c.Post(Event{Code: EventDUChange}) // it is told in a session of its own
	s.enc.Empty("ChangeDUStateResponse")
	return nil
}

func validUUID(s string) bool {
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])) {
			return false
		}
	}
	return len(s) == len(noUUID)
}

// duOperation reads one operation. Only its form is the matter of the whole call.
func duOperation(m *soap.Member) (duResult, error) {
	defer m.Done()
	r := duResult{UUID: noUUID}
	environment, at := "", ""
	uuid := m.OptionalString("UUID", 1024)
	switch m.StructType() {
	case "InstallOpStruct":
		at = m.String("URL", 1024)
		environment = m.OptionalString("ExecutionEnvRef", 256)
		r.Fault = requestDenied // there is nothing to install into
	case "UpdateOpStruct":
		at = m.OptionalString("URL", 1024)
		r.Version = m.OptionalString("Version", 32)
		r.Fault = duUnknown
		if uuid == "" && at == "" {
			r.Fault = requestDenied // update all: there are none
		}
	case "UninstallOpStruct":
		m.String("UUID", 1024)
		r.Version = m.OptionalString("Version", 32)
		environment = m.OptionalString("ExecutionEnvRef", 256)
		r.Fault = duUnknown
	default:
		return r, faultf(invalidArguments, "Operations: want xsi:type InstallOpStruct, UpdateOpStruct or UninstallOpStruct")
	}
	m.OptionalString("Username", 256) // nothing is fetched: not kept
	m.OptionalString("Password", 256)
	if validUUID(uuid) {
		r.UUID = uuid
	} else if uuid != "" {
		r.Fault = duBadUUID
		return r, nil
	}
	if fault := duURL(at); fault != 0 {
		r.Fault = fault
	} else if environment != "" {
		r.Fault = duNoEnvironment
	}
	return r, nil
}

func duURL(text string) (fault int) {
	if text == "" {
		return 0
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme == "" || u.User != nil:
		return invalidArguments
	case u.Scheme != "http" && u.Scheme != "https":
		return transferProtocol
	case u.Hostname() == "":
		return invalidArguments
	}
	return 0
}

// duEvents lists what ended changes add to an Inform (E-1).
func (c *CPE) duEvents() []Event {
	if len(c.saved.DUChanges) == 0 {
		return nil
	}
	events := []Event{{Code: EventDUChange}}
	for _, d := range c.saved.DUChanges {
		events = append(events, Event{EventMDUChange, d.CommandKey})
	}
	return events
}

func (s *session) oweDUChanges() {
	if s.version < 2 {
		return
	}
	for _, d := range s.cpe.saved.DUChanges {
		s.owed = append(s.owed, owed{
			method: "DUStateChangeComplete",
			write:  func(e *soap.Encoder) { e.DUStateChangeComplete(d.wire(), d.CommandKey) },
			done:   func(fault int) { s.cpe.duChangeTold(d, fault) },
		})
	}
}

func (d duChange) wire() []soap.DUResult {
	var list []soap.DUResult
	for _, r := range d.Results {
		list = append(list, soap.DUResult{
			UUID: r.UUID, Version: r.Version, FaultCode: r.Fault, FaultString: (&rpcFault{code: r.Fault}).text(), Start: d.At, Complete: d.At,
		})
	}
	return list
}

func (c *CPE) duChangeTold(d duChange, fault int) {
	if c.triesAgain("DUStateChangeComplete", d.ID, d.CommandKey, fault) {
		return
	}
	c.saved.DUChanges = slices.DeleteFunc(slices.Clone(c.saved.DUChanges), func(o duChange) bool { return o.ID == d.ID })
	delete(c.saved.Refused, d.ID)
	c.trySave()
}
