package cwmp

import (
	"context"
	"slices"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// A handler executes one request of the ACS and writes its response; an error becomes a fault, and nothing of what it
// wrote is sent. What it promises is on flash when it returns.
type handler func(s *session, ctx context.Context, args *soap.Args) error

// A method is what an ACS can call, from a version of CWMP on.
type method struct {
	since version
	call  handler
}

// methods is what an ACS can call. A new RPC is one file and one line here.
func methods() map[string]method {
	return map[string]method{
		"GetRPCMethods":          {0, (*session).getRPCMethods},
		"GetParameterNames":      {0, (*session).getParameterNames},
		"GetParameterValues":     {0, (*session).getParameterValues},
		"SetParameterValues":     {0, (*session).setParameterValues},
		"GetParameterAttributes": {0, (*session).getParameterAttributes},
		"SetParameterAttributes": {0, (*session).setParameterAttributes},
		"AddObject":              {0, (*session).addObject},
		"DeleteObject":           {0, (*session).deleteObject},
		"Download":               {0, (*session).download},
		"Upload":                 {0, (*session).upload},
		"ScheduleDownload":       {2, (*session).scheduleDownload},
		"GetQueuedTransfers":     {0, (*session).getQueuedTransfers},
		"GetAllQueuedTransfers":  {1, (*session).getAllQueuedTransfers},
		"CancelTransfer":         {2, (*session).cancelTransfer},
		"ChangeDUState":          {2, (*session).changeDUState},
		"Reboot":                 {0, (*session).reboot},
		"FactoryReset":           {0, (*session).factoryReset},
		"ScheduleInform":         {0, (*session).scheduleInform},
	}
}

// methodNames lists what an ACS of a version can call.
func methodNames(v version) []string {
	var names []string
	for name, m := range methods() {
		if m.since <= v {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

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
	m := methods()[request.Method]
	if m.call == nil || m.since > s.version || request.Namespace == "" {
		return &rpcFault{code: methodNotSupported}
	}
	err := m.call(s, ctx, request.Args())
	if err == nil {
		return nil
	}
	fault := faultOf(err)
	if fault.code == internalError {
		s.log.Error("request failed", "method", request.Method, "err", err)
	}
	return fault
}
