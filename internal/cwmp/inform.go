package cwmp

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

const informParameterTable = "Device.ManagementServer.InformParameter."

// buildInform encodes the Inform of a session and remembers what it tells, to be acknowledged by InformResponse (I-7,
// E-2). The bytes stay as they are for every repetition of this Inform.
func (s *session) buildInform(ctx context.Context) (body []byte, id string) {
	c := s.cpe
	s.told = c.untoldEvents()
	s.changes = c.pendingChanges(ctx)
	if len(s.changes) > 0 {
		s.told = append(s.told, Event{Code: EventValueChange})
	}
	s.told = slices.DeleteFunc(s.told, func(e Event) bool { return sinceVersion(e.Code) > s.version })
	carried := inOrder(fit(slices.Clone(s.told)))
	s.record.Events, s.record.RetryCount = carried, c.retries

	id = s.nextID()
	header := soap.Header{Namespace: s.version.namespace(), ID: id, HasID: true}
	if s.version == 4 {
		header.SupportedVersions = s.version.list()
	}
	if s.version >= 3 {
		header.SessionTimeout = uint32(s.settings.CPE.SessionTimeout / time.Second)
	}
	s.enc.Begin(header)
	s.enc.InformStart(soap.Inform{
		Device: c.deviceID(), Events: wireEvents(carried), CurrentTime: c.currentTime(), RetryCount: c.retries,
	})
	s.writeParameters(ctx, carried)
	s.enc.InformEnd()
	return s.enc.End(), id
}

// untoldEvents lists all that the ACS is to be told of, but for changes of values.
func (c *CPE) untoldEvents() []Event {
	list := slices.Concat(c.events.deliverable(), transferEvents(c.doneTransfers()), c.duEvents(), c.reportEvents())
	if len(c.requestedDownloads()) > 0 {
		list = append(list, Event{Code: EventRequestDownload})
	}
	return list
}

func wireEvents(events []Event) []soap.Event {
	list := make([]soap.Event, len(events))
	for i, e := range events {
		list[i] = soap.Event(e)
	}
	return list
}

func (c *CPE) deviceID() soap.DeviceID {
	id := c.cfg.Identity()
	return soap.DeviceID{Manufacturer: id.Manufacturer, OUI: id.OUI, ProductClass: id.ProductClass, SerialNumber: id.Serial}
}

// currentTime is what the box says, or Unknown Time (I-3).
func (c *CPE) currentTime() string {
	if c.cfg.Box == nil {
		return soap.UnknownTime
	}
	return cmp.Or(c.cfg.Box.DateTime(), soap.UnknownTime)
}

// writeParameters fills the ParameterList, each parameter once: the forced ones, those that changed, and those that the
// table InformParameter wants for these events. An Inform goes out whatever the tree says: what cannot be read is left
// out, or empty where it is forced.
func (s *session) writeParameters(ctx context.Context, events []Event) {
	written := map[string]bool{}
	tree := s.cpe.cfg.Tree
	if tree == nil {
		return
	}
	tx, err := s.begin(ctx, model.FromSelf)
	if err != nil {
		s.log.Error("parameters of Inform cannot be read", "err", err)
	} else {
		defer tx.Close()
	}
	for _, ch := range s.changes {
		path, value := ch.Path, ch.Value
		if tx != nil {
			path, value = tx.Retell(ctx, path, value)
		}
		if !written[path] {
			written[path] = true
			s.enc.ParameterValue([]byte(path), ch.Type.XSD(), value)
		}
	}
	if tx == nil {
		return
	}
	add := func(p *model.Param) error {
		if path := string(p.Path); !written[path] {
			written[path] = true
			s.writeValue(p)
		}
		return nil
	}
	for _, path := range tree.Informs() {
		if err := tx.Get(ctx, path, add); err != nil {
			s.log.Warn("forced parameter of Inform cannot be read", "path", path, "err", err)
		}
		if !written[path] && !strings.Contains(path, "{i}") {
			written[path] = true
			s.enc.ParameterValue([]byte(path), "string", "")
		}
	}
	for _, path := range informParameters(ctx, tx, events) {
		if err := tx.Get(ctx, path, add); err != nil {
			s.log.Debug("InformParameter without a match", "path", path, "err", err)
		}
	}
}

// informParameters reads which parameters the ACS wants to have in an Inform with these events (I-9).
func informParameters(ctx context.Context, tx *model.Tx, events []Event) []string {
	type row struct{ enable, name, events string }
	rows := map[string]*row{}
	var order []*row
	err := tx.Get(ctx, informParameterTable, func(p *model.Param) error {
		number, name, ok := strings.Cut(strings.TrimPrefix(string(p.Path), informParameterTable), ".")
		if !ok {
			return nil
		}
		r := rows[number]
		if r == nil {
			r = &row{}
			rows[number], order = r, append(order, r)
		}
		switch name {
		case "Enable":
			r.enable = p.Value
		case "ParameterName":
			r.name = p.Value
		case "EventList":
			r.events = p.Value
		}
		return nil
	})
	if err != nil {
		return nil // the table is not part of this data model
	}
	var paths []string
	for _, r := range order {
		if r.enable == "true" && r.name != "" && !strings.HasSuffix(r.name, ".") && wanted(r.events, events) {
			paths = append(paths, r.name)
		}
	}
	return paths
}

// wanted: an empty EventList means every event but 4 VALUE CHANGE.
func wanted(list string, events []Event) bool {
	for _, e := range events {
		if e.Code == EventValueChange {
			continue
		}
		if strings.TrimSpace(list) == "" {
			return true
		}
		for item := range strings.SplitSeq(list, ",") {
			if strings.TrimSpace(item) == e.Code {
				return true
			}
		}
	}
	return false
}

// informed takes note that the ACS answered Inform: what was told is told, also if the session dies later (S-13).
func (c *CPE) informed(s *session) {
	s.informed = true
	c.events.acknowledge(s.told)
	for _, e := range s.told {
		switch e.Code {
		case EventBootstrap:
			c.saved.Bootstrapped = s.settings.ACS.URL
		case EventBoot:
			c.saved.BootID = c.bootID
		}
	}
	if c.saved.Good.URL == "" && c.saved.Probation == nil { // as good as any: this session may be the one that names another ACS
		c.saved.Good = accountOf(s.settings.ACS)
	}
	if w := c.cfg.Notify; w != nil && len(s.changes) > 0 {
		if err := w.Ack(s.changes); err != nil {
			s.log.Error("reported values cannot be remembered", "err", err)
		}
	}
	c.offer.accepted()
	c.trySave()
}

// untold reports whether something ended that the ACS has not answered for, or is to be asked: else the session that was
// open meanwhile has told of it, and another one would have nothing to say.
func (c *CPE) untold() bool {
	fresh := func(id string) bool { return c.saved.Refused[id] == 0 }
	return slices.ContainsFunc(c.doneTransfers(), func(r transfer.Result) bool { return fresh(r.ID) }) ||
		slices.ContainsFunc(c.saved.DUChanges, func(d duChange) bool { return fresh(d.ID) }) ||
		slices.ContainsFunc(c.reported(), func(r report) bool { return fresh(r.ID) }) ||
		len(c.requestedDownloads()) > 0
}

func (c *CPE) doneTransfers() []transfer.Result {
	if c.cfg.Transfers == nil {
		return nil
	}
	return slices.DeleteFunc(c.cfg.Transfers.Done(), func(r transfer.Result) bool { return c.hidden(r.ID) })
}
