package cwmp

import (
	"context"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// getRPCMethods answers with what can be called on us in the version of this session (3.1).
func (s *session) getRPCMethods(_ context.Context, _ *soap.Args) error {
	s.enc.GetRPCMethodsResponse(methodNames(s.version))
	return nil
}

// oweGetRPCMethods asks the ACS for its methods, once per boot and where the option says so; the answer is not used, but
// some ACSs want to be asked.
func (s *session) oweGetRPCMethods() {
	if !s.settings.ACS.GetRPCMethods || s.cpe.askedMethods {
		return
	}
	s.owed = append(s.owed, owed{
		method: "GetRPCMethods",
		write:  func(e *soap.Encoder) { e.GetRPCMethods() },
		done:   func(int) { s.cpe.askedMethods = true },
	})
}
