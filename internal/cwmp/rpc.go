package cwmp

import (
	"context"
	"maps"
	"slices"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// A handler executes one request of the ACS and writes its response; an error becomes a fault, and nothing of what it
// wrote is sent. What it promises is on flash when it returns.
type handler func(s *session, ctx context.Context, args *soap.Args) error

// methods is what an ACS can call. A new RPC is one file and one line here.
func methods() map[string]handler {
	return map[string]handler{
		"GetRPCMethods":          (*session).getRPCMethods,
		"GetParameterNames":      (*session).getParameterNames,
		"GetParameterValues":     (*session).getParameterValues,
		"SetParameterValues":     (*session).setParameterValues,
		"GetParameterAttributes": (*session).getParameterAttributes,
		"SetParameterAttributes": (*session).setParameterAttributes,
		"AddObject":              (*session).addObject,
		"DeleteObject":           (*session).deleteObject,
		"Download":               (*session).download,
		"Reboot":                 (*session).reboot,
		"FactoryReset":           (*session).factoryReset,
		"ScheduleInform":         (*session).scheduleInform,
	}
}

// methodNames lists what GetRPCMethods answers.
func methodNames() []string { return slices.Sorted(maps.Keys(methods())) }

// serve executes a request and returns the envelope of its response or fault, in the namespace of the request even where
// another was negotiated, with the ID of the request, or without one when it had none.
func (s *session) serve(ctx context.Context, request *soap.Envelope) []byte {
	header := soap.Header{Namespace: request.Namespace, ID: request.ID, HasID: request.HasID}
	if header.Namespace == "" {
		header.Namespace = s.version.namespace()
	}
	s.enc.Begin(header)
	if request.MustUnderstand != "" {
		s.enc.MustUnderstandFault(request.MustUnderstand) // not executed
		s.record.call(Call{Method: request.Method, Fault: methodNotSupported})
		return s.enc.End()
	}
	fault := s.execute(ctx, request)
	code := 0
	if fault != nil {
		code = fault.code
		s.enc.Begin(header)
		s.enc.Fault(soap.Fault{Client: faultKinds[code].client, Code: code, Message: fault.text(), Params: fault.params})
	}
	s.record.call(Call{Method: request.Method, Fault: code})
	s.log.Debug("served", "method", clip(request.Method, 64), "fault", code)
	return s.enc.End()
}

func (s *session) execute(ctx context.Context, request *soap.Envelope) *rpcFault {
	handle := methods()[request.Method]
	if handle == nil || request.Namespace == "" {
		return &rpcFault{code: methodNotSupported}
	}
	err := handle(s, ctx, request.Args())
	if err == nil {
		return nil
	}
	fault := faultOf(err)
	if fault.code == internalError {
		s.log.Error("request failed", "method", request.Method, "err", err)
	}
	return fault
}
