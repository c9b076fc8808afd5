package cwmp

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
)

const (
	reportsName = "reports" // the state file of what was reported
	maxReports  = 32        // that the ACS was not told of
	maxUnits    = 32        // in one of them

	transferPolicy = "Device.ManagementServer.AutonomousTransferCompletePolicy."
	unitPolicy     = "Device.ManagementServer.DUStateChangeComplPolicy."
)

// What keeps a report from being taken.
var (
	ErrNoReport       = errors.New("not a report of what ended")
	ErrTooManyReports = errors.New("the ACS was not told of too many others yet")
)

// A report is what ended on this router without the ACS having ordered it: a transfer, or operations on deployment units
// (3.15, 3.13). It lies on flash until the ACS has answered.
type report struct {
	ID       string
	Transfer *soap.AutonomousTransfer `json:",omitempty"`
	Units    []soap.DUResult          `json:",omitempty"`
}

func (r report) event() string {
	if r.Transfer != nil {
		return EventAutonomousTransfer
	}
	return EventAutonomousDUChange
}

// TransferDone takes the report of a transfer that somebody else on this router made. The ACS is told of it if
// AutonomousTransferCompletePolicy says so; wanted is that. What is wanted is on flash when it returns. It may be called
// from every goroutine.
func (c *CPE) TransferDone(ctx context.Context, t soap.AutonomousTransfer) (wanted bool, err error) {
	if !validFileType(t.FileType) || !validFault(t.FaultCode, transferReports) ||
		tooLong(1024, t.AnnounceURL, t.TransferURL) || tooLong(256, t.TargetFileName, t.FaultString) {
		return false, ErrNoReport
	}
	p, err := c.policy(ctx, transferPolicy)
	if err != nil || !p.takes(t.FaultCode) || !p.lists("FileTypeFilter", t.FileType) {
		return false, err
	}
	if which := p["TransferTypeFilter"]; which != "Both" && (which == "Download") != t.IsDownload {
		return false, nil
	}
	return true, c.report(ctx, report{Transfer: &t})
}

// UnitsChanged takes the report of operations on deployment units that the ACS did not order, as TransferDone does that of
// a transfer; DUStateChangeComplPolicy says of which of them the ACS wants to know.
func (c *CPE) UnitsChanged(ctx context.Context, units []soap.DUResult) (wanted bool, err error) {
	for _, u := range units {
		if !slices.Contains([]string{"Install", "Update", "Uninstall"}, u.Operation) || !validUUID(u.UUID) ||
			!validFault(u.FaultCode, unitReports) || tooLong(32, u.Version) || tooLong(256, u.FaultString, u.Ref) {
			return false, ErrNoReport
		}
	}
	if len(units) == 0 || len(units) > maxUnits {
		return false, ErrNoReport
	}
	p, err := c.policy(ctx, unitPolicy)
	if err != nil {
		return false, err
	}
	units = slices.DeleteFunc(slices.Clone(units), func(u soap.DUResult) bool {
		return !p.takes(u.FaultCode) || !p.lists("OperationTypeFilter", u.Operation) ||
			u.FaultCode != 0 && !p.lists("FaultCodeFilter", strconv.Itoa(u.FaultCode))
	})
	if len(units) == 0 {
		return false, nil
	}
	return true, c.report(ctx, report{Units: units})
}

// validFileType: "1 Firmware Upgrade Image", "X 00D09E Tones"; the latter's middle may be any word.
func validFileType(s string) bool {
	first, rest, _ := strings.Cut(s, " ")
	if first == "X" {
		return validVendorEvent(s)
	}
	return first != "" && strings.Trim(first, "0123456789") == "" && first[0] != '0' && wordsOnly(rest) && soap.Length(s) <= 64
}

// The faults that a report may tell of, beside 0 and a vendor's own (9800 to 9899): those of the schema.
var (
	transferReports = []int{requestDenied, internalError, 9010, 9011, 9012, 9014, 9015, 9016, 9017, 9018, 9019, 9020}
	unitReports     = []int{requestDenied, invalidArguments, 9012, 9013, 9015, 9016, 9017, 9018,
		9022, 9023, 9024, 9025, 9026, 9027, 9028, 9029, 9030, 9031, 9032}
)

func validFault(code int, known []int) bool {
	return code == 0 || code >= 9800 && code <= 9899 || slices.Contains(known, code)
}

func tooLong(max int, texts ...string) bool {
	return slices.ContainsFunc(texts, func(s string) bool { return soap.Length(s) > max })
}

// A policy is an object of Device.ManagementServer. by the names of its parameters.
type policy map[string]string

// policy reads one. Where the data model has none, nothing is told.
func (c *CPE) policy(ctx context.Context, object string) (policy, error) {
	p := policy{}
	if c.cfg.Tree == nil {
		return p, nil
	}
	tx, err := c.cfg.Tree.Begin(ctx, model.FromSelf)
	if err != nil {
		return nil, err
	}
	defer tx.Close()
	err = tx.Get(ctx, object, func(param *model.Param) error {
		p[strings.TrimPrefix(string(param.Path), object)] = param.Value
		return nil
	})
	if len(model.Errors(err)) > 0 {
		err = nil
	}
	return p, err
}

// takes reports whether the policy wants to hear of what ended with this fault.
func (p policy) takes(fault int) bool {
	which := p["ResultTypeFilter"]
	return p["Enable"] == "true" && (which == "Both" || (which == "Success") == (fault == 0))
}

// lists reports whether a filter has an item. An empty one has none: the standard wants nothing to be told then.
func (p policy) lists(filter, item string) bool {
	for s := range strings.SplitSeq(p[filter], ",") {
		if strings.TrimSpace(s) == item {
			return true
		}
	}
	return false
}

func (c *CPE) report(ctx context.Context, r report) error {
	r.ID = rand.Text()
	err := c.changeReports(ctx, func(list []report) ([]report, error) {
		if len(list) >= maxReports {
			return nil, ErrTooManyReports
		}
		return append(list, r), nil
	})
	if err == nil {
		c.Post(Event{Code: r.event()})
	}
	return err
}

func (c *CPE) allReports() []report {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.reports)
}

// reported lists what the ACS is to be told, but for what is the matter of an old one while a new one is on probation.
func (c *CPE) reported() []report {
	list := c.allReports()
	if p := c.saved.Probation; p != nil && p.Kept != nil {
		list = slices.DeleteFunc(list, func(r report) bool { return slices.Contains(p.Kept.Reports, r.ID) })
	}
	return list
}

// changeReports changes the list, on flash and then here.
func (c *CPE) changeReports(ctx context.Context, change func([]report) ([]report, error)) error {
	select {
	case c.reporting <- struct{}{}:
		defer func() { <-c.reporting }()
	case <-ctx.Done():
		return ctx.Err()
	}
	list, err := change(c.allReports())
	if err != nil {
		return err
	}
	if c.cfg.Store != nil && !c.left.Load() {
		if err := c.cfg.Store.Save(reportsName, list); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reports = list
	return nil
}

// dropReports forgets some.
func (c *CPE) dropReports(ids ...string) {
	if len(ids) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := c.changeReports(ctx, func(list []report) ([]report, error) {
		return slices.DeleteFunc(list, func(r report) bool { return slices.Contains(ids, r.ID) }), nil
	})
	if err != nil {
		c.log.Error("what was reported cannot be forgotten", "err", err)
	}
}

// reportIDs names all that there are.
func (c *CPE) reportIDs() (ids []string) {
	for _, r := range c.allReports() {
		ids = append(ids, r.ID)
	}
	return ids
}

func (c *CPE) loadReports() {
	if err := c.cfg.Store.Load(reportsName, &c.reports); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.log.Warn("what was reported on the router is lost", "err", err)
		c.reports = nil
	}
}

// tellable reports whether an ACS of a version has the words for a report: 1.1 knows four types of file, 1.2 deployment
// units.
func (r report) tellable(v version) bool {
	if r.Transfer != nil && v == 1 {
		t := r.Transfer.FileType
		return slices.Contains([]string{"1 Firmware Upgrade Image", "2 Web Content", "3 Vendor Configuration File", "4 Vendor Log File"}, t) || hasOUI(t)
	}
	return v >= sinceVersion(r.event())
}

// reportEvents lists what the reports add to an Inform.
func (c *CPE) reportEvents() (events []Event) {
	for _, r := range c.reported() {
		if e := (Event{Code: r.event()}); !slices.Contains(events, e) {
			events = append(events, e)
		}
	}
	return events
}

// oweReports puts those of one event behind what is owed already (S-4).
func (s *session) oweReports(event string) {
	for _, r := range s.cpe.reported() {
		if r.event() != event || !r.tellable(s.version) {
			continue
		}
		o := owed{method: "AutonomousTransferComplete", write: func(e *soap.Encoder) { e.AutonomousTransferComplete(r.told(s.version)) }}
		if r.Transfer == nil {
			o = owed{method: "AutonomousDUStateChangeComplete", write: func(e *soap.Encoder) { e.AutonomousDUStateChangeComplete(r.Units) }}
		}
		o.done = func(fault int) {
			if !s.cpe.triesAgain(o.method, r.ID, "", fault) {
				s.cpe.dropReports(r.ID)
				if _, ok := s.cpe.saved.Refused[r.ID]; ok {
					delete(s.cpe.saved.Refused, r.ID)
					s.cpe.trySave()
				}
			}
		}
		s.owed = append(s.owed, o)
	}
}

// told is the transfer as a version can say it: CWMP 1.1 has neither 9020 nor a vendor's faults.
func (r report) told(v version) soap.AutonomousTransfer {
	t := *r.Transfer
	if v == 1 && t.FaultCode >= transferWindows {
		t.FaultCode = uploadFailure
		if t.IsDownload {
			t.FaultCode = transferFailure
		}
	}
	return t
}
