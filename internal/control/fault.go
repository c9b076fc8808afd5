package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/notify"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// The faults of TR-069 (A.5.1) that can be ours, with what ubus is told.
var faultKinds = map[int]struct {
	text   string
	status int
}{
	9001: {"Request denied", ubus.StatusPermissionDenied},
	9002: {"Internal error", ubus.StatusUnknownError},
	9003: {"Invalid arguments", ubus.StatusInvalidArgument},
	9004: {"Resources exceeded", ubus.StatusNoMemory},
	9005: {"Invalid parameter name", ubus.StatusNotFound},
	9006: {"Invalid parameter type", ubus.StatusInvalidArgument},
	9007: {"Invalid parameter value", ubus.StatusInvalidArgument},
	9008: {"Attempt to set a non-writable parameter", ubus.StatusPermissionDenied},
	9009: {"Notification request rejected", ubus.StatusPermissionDenied},
}

var reasonFaults = map[model.Reason]int{
	model.Internal: 9002, model.Unknown: 9005, model.NoSuchRow: 9005, model.ReadOnly: 9008, model.BadType: 9006,
	model.BadValue: 9007, model.NoRoom: 9004, model.Busy: 9001, model.Refused: 9001, model.BadArgument: 9003,
}

// badArgument says that a call makes no sense.
func badArgument(msg string) error { return &model.ParamError{Reason: model.BadArgument, Msg: msg} }

// A refusal is how faults cross the bus: the first as a number and a text, and all as the tree said them.
type refusal struct {
	Path    string         `json:"path,omitempty"`
	Fault   int            `json:"fault"`
	Message string         `json:"message"`
	Errors  []refusedParam `json:"errors"`
}

type refusedParam struct {
	Path    string `json:"path"`
	Reason  string `json:"reason"` // of model.Reason
	Message string `json:"message"`
}

// refusalOf says what err refuses. What is nobody's fault but ours has no text; unknown reports that it was such.
func refusalOf(err error) (r refusal, unknown bool) {
	refused, fault := refusedBy(err)
	if len(refused) == 0 {
		return refusal{Fault: 9002, Message: faultKinds[9002].text, Errors: []refusedParam{}}, true
	}
	first := refused[0]
	if fault == 0 {
		fault = reasonFaults[first.Reason]
	}
	r = refusal{Fault: fault, Path: first.Path, Message: faultKinds[fault].text}
	if first.Msg != "" {
		r.Message += ": " + first.Msg
	}
	for _, pe := range refused {
		r.Errors = append(r.Errors, refusedParam{pe.Path, pe.Reason.String(), pe.Msg})
	}
	return r, false
}

// Refused returns what err refuses, whichever Door it came from; nil where it refuses nothing.
func Refused(err error) []*model.ParamError {
	list, _ := refusedBy(err)
	return list
}

// refusedBy returns what err refuses as ParamErrors, and a fault where their reason does not tell it.
func refusedBy(err error) ([]*model.ParamError, int) {
	one := func(path string, reason model.Reason, msg string) []*model.ParamError {
		return []*model.ParamError{{Path: path, Reason: reason, Msg: msg}}
	}
	if all := model.Errors(err); len(all) > 0 {
		return all, 0
	}
	var rejected *notify.RefusedError
	var invalid *notify.InvalidError
	switch {
	case errors.As(err, &rejected):
		return one(rejected.Path, model.Refused, "active notification"), 9009
	case errors.As(err, &invalid):
		return one(invalid.Path, model.BadArgument, invalid.Msg), 0
	case errors.Is(err, errNoAttributes):
		return one("", model.Refused, err.Error()), 0
	case errors.Is(err, context.DeadlineExceeded):
		return one("", model.Busy, "it took too long"), 0
	}
	return nil, 0
}

// err is refusalOf backwards: ParamErrors where there were some.
func (r refusal) err() error {
	var errs []error
	for _, e := range r.Errors {
		errs = append(errs, &model.ParamError{Path: e.Path, Reason: reasonOf(e.Reason), Msg: e.Message})
	}
	if len(errs) == 0 {
		return fmt.Errorf("fault %d: %s", r.Fault, r.Message)
	}
	return errors.Join(errs...)
}

func reasonOf(name string) model.Reason {
	for reason := range reasonFaults {
		if reason.String() == name {
			return reason
		}
	}
	return model.Internal
}
