package cwmp

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/notify"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/web"
)

const (
	maxRepeats      = 10        // of one request after 8005 (S-18)
	maxCallsOfACS   = 10_000    // in one session (S-22)
	longestSession  = time.Hour // (S-22)
	maxResponseSize = 16 << 20  // beyond it the answer is 9004, never a part
)

// A session is one conversation with the ACS, from Inform to the closed connection (1.3). It runs in the goroutine of
// CPE.Run, so that it may touch what CPE.Run owns.
type session struct {
	cpe      *CPE
	log      *slog.Logger
	http     *web.Session
	settings config.Config // as they were when the session began
	enc      soap.Encoder
	number   int // counted since the start of the process
	record   *Record

	idPrefix string
	ids      int
	version  version
	hold     bool // HoldRequests of the last envelope
	emptied  bool // our empty POST is sent: no more requests from us (S-4)
	owed     []owed
	asked    int // requests of the ACS

	told     []Event         // in Inform
	changes  []notify.Change // in Inform
	informed bool            // InformResponse came

	promised   promise // what is to happen after the session
	kept       bool    // the answer that promised it was sent
	answered   bool    // the last POST got an HTTP response, whatever its status
	retryAfter time.Duration
}

// A owed is a request that we have for the ACS.
type owed struct {
	method string
	needs  func() bool // asked when its turn comes: whether it is to be sent; nil: it is
	write  func(*soap.Encoder)
	done   func(fault int)  // 0: it was answered; not called when the session dies
	read   func(*soap.Args) // gets the arguments of the response, before done; nil: there are none of interest
}

// run holds the session. A nil error means that it ended as S-9 wants; the caller closes the connection.
func (s *session) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, longestSession, errors.New("session took too long"))
	defer cancel()
	s.step(Connecting)
	if err := s.inform(ctx); err != nil {
		return fmt.Errorf("inform: %w", err)
	}
	s.owe()
	return s.converse(ctx)
}

// inform opens the session: Inform, repeated as it is while the ACS asks for that, and its response (S-1, S-18, S-19).
func (s *session) inform(ctx context.Context) error {
	body, id := s.buildInform(ctx)
	s.step(Informing)
	reply, err := s.ask(ctx, "Inform", body, id)
	if err != nil {
		return err
	}
	s.record.call(Call{Method: "Inform", FromUs: true, Fault: reply.Fault.Code})
	if reply.Kind == soap.FaultBody {
		return &acsFault{reply.Fault.Code, reply.Fault.Message}
	}
	if s.version, err = s.version.negotiate(reply); err != nil {
		return err
	}
	s.record.Version = s.version.String()
	s.cpe.informed(s)
	return nil
}

// converse plays the state RUN of Appendix B until the ACS has nothing more to ask.
func (s *session) converse(ctx context.Context) error {
	var answer []byte // to the last request of the ACS; nil: there is none
	for {
		if answer == nil && len(s.owed) > 0 && !s.hold && !s.emptied {
			if err := s.call(ctx); err != nil {
				return err
			}
			continue
		}
		if answer == nil && !s.hold {
			s.emptied = true
		}
		s.step(Serving)
		reply, err := s.post(ctx, answer)
		s.promiseSent(answer != nil)
		switch {
		case err != nil:
			return err
		case reply == nil && s.emptied:
			return nil // S-9
		case reply == nil:
			s.hold, answer = false, nil // S-8, S-10
			continue
		case reply.Kind != soap.Request:
			return protocolErrorf("a %s nobody asked for", reply.Kind) // S-21
		}
		s.hold = reply.HoldRequests
		if s.asked++; s.asked > s.cpe.callLimit {
			return protocolErrorf("more than %d requests in one session", s.cpe.callLimit) // S-22
		}
		answer = s.serve(ctx, reply)
	}
}

// call sends the first request that we owe and hears its answer. A fault of the ACS does not end the session (S-20).
func (s *session) call(ctx context.Context) error {
	s.step(Owing)
	o := s.owed[0]
	if o.needs != nil && !o.needs() {
		s.owed = s.owed[1:]
		return nil
	}
	id := s.nextID()
	s.enc.Begin(soap.Header{Namespace: s.version.namespace(), ID: id, HasID: true})
	o.write(&s.enc)
	reply, err := s.ask(ctx, o.method, s.enc.End(), id)
	code := 0
	switch {
	case errors.Is(err, soap.ErrFaultElement):
		code, s.hold = acsMethodNotSupported, false // GenieACS' way to say it
	case errors.Is(err, errNoAnswer):
		o.done(requestDenied) // counted: an ACS that never answers is not asked for ever
		return err
	case err != nil:
		return err
	default:
		code = reply.Fault.Code
	}
	s.owed = s.owed[1:]
	s.record.call(Call{Method: o.method, FromUs: true, Fault: code})
	if o.read != nil && err == nil && reply.Kind == soap.Response {
		o.read(reply.Args())
	}
	o.done(code)
	return nil
}

var errNoAnswer = errors.New("empty answer to a request")

// ask posts a request of ours and returns its response or fault. The same bytes go out again after fault 8005 (S-18).
func (s *session) ask(ctx context.Context, method string, body []byte, id string) (*soap.Envelope, error) {
	for range maxRepeats + 1 {
		reply, err := s.post(ctx, body)
		switch {
		case err != nil:
			return nil, err
		case reply == nil:
			return nil, errNoAnswer // S-11
		}
		if err := checkReply(reply, method, id); err != nil {
			return nil, err
		}
		s.hold = reply.HoldRequests
		if reply.Kind != soap.FaultBody || reply.Fault.Code != acsRetryRequest {
			return reply, nil
		}
	}
	return nil, protocolErrorf("%s was to be repeated more than %d times", method, maxRepeats)
}

func checkReply(reply *soap.Envelope, method, id string) error {
	switch {
	case reply.HasID && reply.ID != id:
		return protocolErrorf("answer with the ID of another message") // X-20; a missing one is tolerated
	case reply.MustUnderstand != "":
		return protocolErrorf("header %.64q had to be understood", reply.MustUnderstand)
	case reply.Kind == soap.Request:
		return protocolErrorf("request %.64q in answer to %s", reply.Method, method) // S-7
	case reply.Kind == soap.Response && (reply.Method != method || reply.Namespace == ""):
		return protocolErrorf("response to %.64q in answer to %s", reply.Method, method)
	}
	return nil
}

// An acsFault is a fault that ended the session: any but 8005 in answer to Inform (S-19).
type acsFault struct {
	code int
	text string
}

func (e *acsFault) Error() string { return fmt.Sprintf("fault %d %q", e.code, e.text) }

// promiseSent remembers that the ACS has our RebootResponse: from now on we reboot even if the session fails (S-14).
func (s *session) promiseSent(answering bool) {
	if answering && s.promised != "" && s.answered {
		s.kept = true
	}
	s.answered = false
}

// nextID makes the ID of a request: unique, and telling apart the sessions in the log of an ACS.
func (s *session) nextID() string {
	if s.idPrefix == "" {
		var b [4]byte
		_, _ = rand.Read(b[:])
		s.idPrefix = hex.EncodeToString(b[:]) + "-"
	}
	s.ids++
	return s.idPrefix + strconv.Itoa(s.ids)
}

func (s *session) step(step Step) { s.cpe.setStep(step) }
