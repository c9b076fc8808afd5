package cwmp

import (
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

// maxRefusals is how many sessions a TransferComplete is tried in that the ACS answers with a fault (S-20).
const maxRefusals = 10

// transferEvents lists what ended transfers add to an Inform: one "7 TRANSFER COMPLETE", and an "M …" for each (E-2).
func transferEvents(done []transfer.Result) []Event {
	if len(done) == 0 {
		return nil
	}
	events := []Event{{Code: EventTransferComplete}}
	for _, r := range done {
		code := EventMDownload
		switch {
		case r.Kind == transfer.Upload:
			code = EventMUpload
		case r.Scheduled():
			code = EventMScheduled
		}
		events = append(events, Event{code, r.CommandKey})
	}
	return events
}

// owe lists the requests that we have for the ACS, in their order (S-4).
func (s *session) owe() {
	defer s.oweRequestDownloads()
	defer s.oweReports(EventAutonomousDUChange)
	defer s.oweDUChanges()
	defer s.oweReports(EventAutonomousTransfer)
	requested := false
	if len(s.cpe.requestedDownloads()) > 0 {
		_, known := s.cpe.knows("RequestDownload")
		requested = !known
	}
	s.oweGetRPCMethods(requested)
	for _, r := range s.cpe.doneTransfers() {
		s.owed = append(s.owed, owed{
			method: "TransferComplete",
			write:  func(e *soap.Encoder) { e.TransferComplete(s.transferComplete(r)) },
			done:   func(fault int) { s.cpe.transferTold(r, fault) },
		})
	}
}

func (s *session) transferComplete(r transfer.Result) soap.TransferComplete {
	m := soap.TransferComplete{CommandKey: r.CommandKey, Start: r.Start, Complete: r.Complete}
	m.FaultCode = transferFault(r, s.version)
	if m.FaultCode != 0 {
		m.FaultString = (&rpcFault{code: m.FaultCode, detail: r.Msg}).text()
	}
	return m
}

// transferFault is the code for how a transfer ended. Uploads know fewer codes than downloads, and CWMP 1.0 fewer than
// its successors (its schema ends with 9012).
func transferFault(r transfer.Result, v version) int {
	code := transferFaults[r.Reason]
	general := transferFailure
	if r.Kind == transfer.Upload {
		general = uploadFailure
	}
	switch {
	case r.Kind == transfer.Upload && code >= transferFailure && code != transferAuth && code != transferContact:
		return general
	case v == 0 && code > transferAuth:
		return general
	}
	return code
}

// transferTold notes what the ACS said to a TransferComplete. It is forgotten when it was answered, when the ACS does not
// know the method, or when it was refused in ten sessions (S-20).
func (c *CPE) transferTold(r transfer.Result, fault int) {
	if !c.triesAgain("TransferComplete", r.ID, r.CommandKey, fault) {
		c.forgetTransfer(r)
	}
}

// triesAgain counts a refusal by the ACS of what we have to tell it, and reports whether it is told again.
func (c *CPE) triesAgain(method, id, key string, fault int) bool {
	if fault == 0 || fault == acsMethodNotSupported {
		return false
	}
	if c.saved.Refused == nil {
		c.saved.Refused = map[string]int{}
	}
	c.saved.Refused[id]++
	c.log.Warn(method+" refused", "key", key, "fault", fault, "times", c.saved.Refused[id])
	if c.saved.Refused[id] >= maxRefusals {
		return false
	}
	c.trySave()
	return true
}

func (c *CPE) forgetTransfer(r transfer.Result) {
	if err := c.cfg.Transfers.Forget(r.ID); err != nil {
		c.log.Error("transfer cannot be forgotten", "key", r.CommandKey, "err", err)
		return
	}
	if _, ok := c.saved.Refused[r.ID]; ok {
		delete(c.saved.Refused, r.ID)
		c.trySave()
	}
}
