package cwmp

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// An Event is why a session is held: an EventCode of TR-069 Table 8, with the CommandKey of the call that caused it.
type Event struct {
	Code       string
	CommandKey string `json:",omitempty"`
}

// The event codes, spelled exactly (E-8).
const (
	EventBootstrap           = "0 BOOTSTRAP"
	EventBoot                = "1 BOOT"
	EventPeriodic            = "2 PERIODIC"
	EventScheduled           = "3 SCHEDULED"
	EventValueChange         = "4 VALUE CHANGE"
	EventConnectionRequest   = "6 CONNECTION REQUEST"
	EventTransferComplete    = "7 TRANSFER COMPLETE"
	EventDiagnosticsComplete = "8 DIAGNOSTICS COMPLETE"
	EventRequestDownload     = "9 REQUEST DOWNLOAD"
	EventAutonomousTransfer  = "10 AUTONOMOUS TRANSFER COMPLETE"
	EventDUChange            = "11 DU STATE CHANGE COMPLETE"
	EventAutonomousDUChange  = "12 AUTONOMOUS DU STATE CHANGE COMPLETE"
	EventHeartbeat           = "14 HEARTBEAT"

	EventMDUChange       = "M ChangeDUState"
	EventMReboot         = "M Reboot"
	EventMScheduleInform = "M ScheduleInform"
	EventMDownload       = "M Download"
	EventMUpload         = "M Upload"
	EventMScheduled      = "M ScheduleDownload"
)

const (
	maxEvents       = 64 // that one Inform may carry (I-5)
	maxVendorEvents = 16 // that wait
)

// persistent events are never discarded: they survive a reboot (policy N of 2.3). 0 BOOTSTRAP and 1 BOOT are not
// here, since they are found again by comparing URL and boot id, and neither are 7 TRANSFER COMPLETE with its
// "M Download", which follow from the transfer queue.
var persistent = map[string]bool{
	EventPeriodic: true, EventScheduled: true, EventMReboot: true, EventMScheduleInform: true,
}

// fromElsewhere are events that are found when an Inform is made: posting one only says that there is something to find.
var fromElsewhere = map[string]bool{
	EventValueChange: true, EventTransferComplete: true, EventMDownload: true, EventMUpload: true, EventMScheduled: true, EventRequestDownload: true,
	EventDUChange: true, EventMDUChange: true, EventAutonomousTransfer: true, EventAutonomousDUChange: true,
}

// sinceVersion is the version of CWMP that an event code came with: an ACS that is offered less does not hear of it.
func sinceVersion(code string) version {
	switch code {
	case EventAutonomousTransfer:
		return 1
	case EventDUChange, EventAutonomousDUChange, EventMDUChange, EventMScheduled:
		return 2
	case EventHeartbeat:
		return 4
	}
	if strings.HasPrefix(code, "X ") && !hasOUI(code) {
		return 2 // a vendor could not be told by another name before
	}
	return 0
}

// multiple tells events that are listed once per occurrence from those listed once however often they happened.
func multiple(code string) bool { return strings.HasPrefix(code, "M ") }

// Valid reports whether an event can be told: its code has the form that the schema wants.
func (e Event) Valid() bool {
	if soap.Length(e.CommandKey) > 32 {
		return false
	}
	number, rest, _ := strings.Cut(e.Code, " ")
	switch number {
	case "X":
		return validVendorEvent(e.Code)
	case "M":
		return wordsOnly(rest) && !strings.Contains(rest, " ") && soap.Length(e.Code) <= 64
	}
	return number != "" && strings.Trim(number, "0123456789") == "" && wordsOnly(rest) && soap.Length(e.Code) <= 64
}

// validVendorEvent: X, the vendor's OUI or name, and what happened, in at most 64 characters without control characters.
func validVendorEvent(code string) bool {
	vendor, what, _ := strings.Cut(strings.TrimPrefix(code, "X "), " ")
	return strings.HasPrefix(code, "X ") && wordsOnly(vendor) && strings.TrimSpace(what) != "" && soap.Length(code) <= 64 &&
		utf8.ValidString(code) && !strings.ContainsFunc(code, unicode.IsControl)
}

// hasOUI reports whether a vendor's code names it by its OUI.
func hasOUI(code string) bool {
	return len(code) > 8 && code[:2] == "X " && code[8] == ' ' && strings.Trim(code[2:8], "0123456789ABCDEF") == ""
}

// wordsOnly: words with one blank between them.
func wordsOnly(s string) bool {
	for word := range strings.SplitSeq(s, " ") {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError }) {
			return false
		}
	}
	return true
}

// pendingEvent is an event that no InformResponse has acknowledged yet.
type pendingEvent struct {
	Event
	// HeldBoot keeps an event back until the box has another boot id: "M Reboot" is not true before.
	HeldBoot string `json:",omitempty"`
	durable  bool   // belongs on flash
}

// eventList is what is to be told to the ACS. It has one owner, the goroutine of CPE.Run.
type eventList struct{ list []pendingEvent }

// add puts an event in, and reports whether the list changed: a single event is there once.
func (l *eventList) add(e Event) bool {
	if !multiple(e.Code) && l.has(e.Code) {
		return false
	}
	l.put(pendingEvent{Event: e, durable: persistent[e.Code] && e.Code != EventPeriodic})
	return true
}

// addHeld puts in an event that becomes true with the next boot.
func (l *eventList) addHeld(e Event, boot string) {
	l.put(pendingEvent{Event: e, HeldBoot: boot, durable: true})
}

func (l *eventList) put(p pendingEvent) {
	l.list = append(l.list, p)
	if strings.HasPrefix(p.Code, "X ") {
		l.limitVendor()
	}
	for len(l.list) > maxEvents && l.dropOldestMultiple() {
	}
}

// limitVendor keeps the newest vendors' events: whoever posts them could else fill the list.
func (l *eventList) limitVendor() {
	count, oldest := 0, -1
	for i, p := range l.list {
		if strings.HasPrefix(p.Code, "X ") {
			if count++; oldest < 0 {
				oldest = i
			}
		}
	}
	if count > maxVendorEvents {
		l.list = append(l.list[:oldest], l.list[oldest+1:]...)
	}
}

func (l *eventList) dropOldestMultiple() bool {
	for i, p := range l.list {
		if multiple(p.Code) {
			l.list = append(l.list[:i], l.list[i+1:]...)
			return true
		}
	}
	return false
}

func (l *eventList) has(code string) bool {
	for _, p := range l.list {
		if p.Code == code && p.HeldBoot == "" {
			return true
		}
	}
	return false
}

// deliverable lists what an Inform made now carries.
func (l *eventList) deliverable() []Event {
	var list []Event
	for _, p := range l.list {
		if p.HeldBoot == "" {
			list = append(list, p.Event)
		}
	}
	return list
}

// acknowledge takes out what the ACS has been told (E-2).
func (l *eventList) acknowledge(told []Event) {
	for _, e := range told {
		for i, p := range l.list {
			if p.Event == e && p.HeldBoot == "" {
				l.list = append(l.list[:i], l.list[i+1:]...)
				break
			}
		}
	}
}

// sessionFailed forgets what is not to be retried (C-7; a heartbeat that is late is none) and makes the rest durable that
// must survive a reboot.
func (l *eventList) sessionFailed() {
	l.filter(func(p *pendingEvent) bool {
		p.durable = p.durable || persistent[p.Code]
		return p.Code != EventConnectionRequest && p.Code != EventHeartbeat
	})
}

// booted frees the events that were held in another boot than this one: it has come.
func (l *eventList) booted(boot string) {
	for i := range l.list {
		if p := &l.list[i]; p.HeldBoot != boot {
			p.HeldBoot = ""
		}
	}
}

// dropHeld takes out held events: the reboot that would have made them true was called off.
func (l *eventList) dropHeld() {
	l.filter(func(p *pendingEvent) bool { return p.HeldBoot == "" })
}

func (l *eventList) filter(keep func(*pendingEvent) bool) {
	kept := l.list[:0]
	for _, p := range l.list {
		if keep(&p) {
			kept = append(kept, p)
		}
	}
	l.list = kept
}

// durableOnes lists what is written to flash.
func (l *eventList) durableOnes() []pendingEvent {
	var list []pendingEvent
	for _, p := range l.list {
		if p.durable {
			list = append(list, p)
		}
	}
	return list
}

// fit cuts a list to what one Inform may carry: the oldest "M …" events go first (I-5).
func fit(events []Event) []Event {
	for i := 0; len(events) > maxEvents && i < len(events); {
		if multiple(events[i].Code) {
			events = append(events[:i:i], events[i+1:]...)
			continue
		}
		i++
	}
	return events[:min(len(events), maxEvents)]
}

// inOrder puts "0 BOOTSTRAP" before "1 BOOT" and so on, "M …" and "X …" behind them: any order is legal (I-5), and people
// read this one.
func inOrder(events []Event) []Event {
	rank := func(e Event) int {
		number, _, _ := strings.Cut(e.Code, " ")
		if n, err := strconv.Atoi(number); err == nil {
			return n
		}
		return 1<<16 + int(number[0])
	}
	for i := 1; i < len(events); i++ { // they are few, and nearly in order
		for j := i; j > 0 && rank(events[j]) < rank(events[j-1]); j-- {
			events[j], events[j-1] = events[j-1], events[j]
		}
	}
	return events
}
