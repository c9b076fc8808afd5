package cwmp

import (
	"errors"
	"fmt"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/notify"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

// The fault codes that we use (4.2), and the one code of the ACS that asks for a repetition (4.3).
const (
	methodNotSupported = 9000
	requestDenied      = 9001
	internalError      = 9002
	invalidArguments   = 9003
	resourcesExceeded  = 9004
	invalidName        = 9005
	invalidType        = 9006
	invalidValue       = 9007
	notWritable        = 9008
	notifyRejected     = 9009
	transferFailure    = 9010
	uploadFailure      = 9011
	transferAuth       = 9012
	transferProtocol   = 9013
	transferContact    = 9015
	transferAccess     = 9016
	transferIncomplete = 9017
	transferCorrupt    = 9018
	transferSignature  = 9019
	transferWindows    = 9020
	transferTooLate    = 9021
	duBadUUID          = 9022
	duNoEnvironment    = 9023
	duUnknown          = 9028

	acsMethodNotSupported  = 8000
	acsInvalidArguments    = 8003
	acsRetryRequest        = 8005
	acsVersionIncompatible = 8006
)

// faultKinds gives each code its name and says whose problem it is (F-2).
var faultKinds = map[int]struct {
	text   string
	client bool
}{
	methodNotSupported: {"Method not supported", false},
	requestDenied:      {"Request denied", false},
	internalError:      {"Internal error", false},
	invalidArguments:   {"Invalid arguments", true},
	resourcesExceeded:  {"Resources exceeded", false},
	invalidName:        {"Invalid parameter name", true},
	invalidType:        {"Invalid parameter type", true},
	invalidValue:       {"Invalid parameter value", true},
	notWritable:        {"Attempt to set a non-writable parameter", true},
	notifyRejected:     {"Notification request rejected", false},
	transferFailure:    {"File transfer failure", false},
	uploadFailure:      {"Upload failure", false},
	transferAuth:       {"File transfer server authentication failure", false},
	transferProtocol:   {"Unsupported protocol for file transfer", false},
	transferContact:    {"File transfer failure: unable to contact file server", false},
	transferAccess:     {"File transfer failure: unable to access file", false},
	transferIncomplete: {"File transfer failure: unable to complete download", false},
	transferCorrupt:    {"File transfer failure: file corrupted", false},
	transferSignature:  {"File transfer failure: file authentication failure", false},
	transferWindows:    {"File transfer failure: unable to complete download within specified time windows", true},
	duBadUUID:          {"Invalid UUID Format", false},
	duNoEnvironment:    {"Unknown Execution Environment", false},
	duUnknown:          {"Unknown Deployment Unit", false},
	transferTooLate:    {"Cancelation of file transfer not permitted in current transfer state", true},
}

// reasonFaults maps what the tree refuses to fault codes. Where a code may not name a parameter, see paramFault.
var reasonFaults = map[model.Reason]int{
	model.Internal:    internalError,
	model.Unknown:     invalidName,
	model.NoSuchRow:   invalidName,
	model.ReadOnly:    notWritable,
	model.BadType:     invalidType,
	model.BadValue:    invalidValue,
	model.NoRoom:      resourcesExceeded,
	model.Busy:        requestDenied,
	model.Refused:     requestDenied,
	model.BadArgument: invalidArguments,
}

// transferFaults maps how a transfer ended to the fault codes that TransferComplete may carry: 9003, 9004 and 9013 are
// not among them (3.15).
var transferFaults = map[transfer.Reason]int{
	transfer.OK:         0,
	transfer.Internal:   internalError,
	transfer.Auth:       transferAuth,
	transfer.Contact:    transferContact,
	transfer.Access:     transferAccess,
	transfer.Incomplete: transferIncomplete,
	transfer.Corrupt:    transferCorrupt,
	transfer.Signature:  transferSignature,
	transfer.Scheme:     transferFailure,
	transfer.NoSpace:    transferFailure,
	transfer.Windows:    transferWindows,
	transfer.Failed:     transferFailure,
}

// queueFaults maps what the transfer queue says to a request.
var queueFaults = []struct {
	err  error
	code int
}{
	{transfer.ErrTooLate, transferTooLate},
	{transfer.ErrFull, resourcesExceeded},
	{transfer.ErrNoSpace, resourcesExceeded},
	{transfer.ErrScheme, transferProtocol},
	{transfer.ErrFileType, invalidArguments},
	{transfer.ErrMode, invalidArguments},
	{transfer.ErrURL, invalidArguments},
	{transfer.ErrArgument, invalidArguments},
}

// A rpcFault is a handler's error that has its number already.
type rpcFault struct {
	code   int
	detail string // for people; never raw input of any length, never a secret (F-4)
	params []soap.ParamFault
}

func (f *rpcFault) Error() string { return fmt.Sprintf("fault %d: %s", f.code, f.text()) }

func (f *rpcFault) text() string {
	text := faultKinds[f.code].text
	if f.detail != "" {
		text += ": " + f.detail
	}
	return soap.Truncate(text, 160)
}

func faultf(code int, format string, args ...any) error {
	return &rpcFault{code: code, detail: fmt.Sprintf(format, args...)}
}

// faultOf gives every error of a handler its number. What is not known is an internal error, whose text goes to the log
// and not to the ACS.
func faultOf(err error) *rpcFault {
	var f *rpcFault
	var arg *soap.ArgError
	var refused *notify.RefusedError
	var invalid *notify.InvalidError
	var param *model.ParamError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &arg):
		return &rpcFault{code: invalidArguments, detail: soap.Truncate(arg.Error(), 120)}
	case errors.As(err, &refused):
		return &rpcFault{code: notifyRejected, detail: soap.Truncate(refused.Path, 120)}
	case errors.As(err, &invalid):
		return &rpcFault{code: invalidArguments, detail: soap.Truncate(invalid.Error(), 120)}
	case errors.As(err, &param):
		detail := soap.Truncate(param.Path, 100)
		if d := paramDetail(param); d != "" {
			detail += ": " + d
		}
		return &rpcFault{code: reasonFaults[param.Reason], detail: detail}
	}
	for _, q := range queueFaults {
		if errors.Is(err, q.err) {
			return &rpcFault{code: q.code, detail: soap.Truncate(q.err.Error(), 120)}
		}
	}
	return &rpcFault{code: internalError}
}

func paramDetail(e *model.ParamError) string {
	if e.Reason == model.Internal {
		return ""
	}
	return soap.Truncate(e.Msg, 120)
}

// setFault makes the fault of a SetParameterValues whose parameters were refused: 9003, with one entry for each of them
// . 9004 names no parameter, and stands for the whole.
func setFault(refused []*model.ParamError) error {
	f := &rpcFault{code: invalidArguments}
	for _, e := range refused {
		code := reasonFaults[e.Reason]
		switch code {
		case resourcesExceeded:
			return &rpcFault{code: resourcesExceeded, detail: paramDetail(e)}
		case invalidArguments:
			code = invalidValue
		}
		p := &rpcFault{code: code, detail: paramDetail(e)}
		f.params = append(f.params, soap.ParamFault{Name: e.Path, Code: code, Message: p.text()})
	}
	return f
}
