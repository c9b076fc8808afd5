package model

import (
	"errors"
	"fmt"
)

// Reason says why the tree refused something. Each transport maps reasons to its own numbers in one table.
type Reason int

const (
	// Internal: the router failed us; nothing the asker did (9002).
	Internal Reason = iota
	// Unknown: no such parameter or object, or a malformed path (9005).
	Unknown
	// NoSuchRow: the path is right, but there is no instance of that number (9005).
	NoSuchRow
	// ReadOnly: the parameter cannot be set (9008).
	ReadOnly
	// BadType: the type named with the value is not the parameter's (9006).
	BadType
	// BadValue: not of the type, out of range, not in the enumeration, an unresolvable reference, a unique key twice (9007).
	BadValue
	// NoRoom: the table is full (9004).
	NoRoom
	// Busy: somebody else is writing, or has uncommitted changes on the same option (9001; try again later).
	Busy
	// Refused: possible in principle, not here or not now (9001).
	Refused
	// BadArgument: the question makes no sense for this path, as NextLevel of a parameter does (R-40: 9003).
	BadArgument
)

var reasonNames = [...]string{
	Internal: "internal error", Unknown: "no such parameter", NoSuchRow: "no such instance", ReadOnly: "read-only",
	BadType: "wrong type", BadValue: "bad value", NoRoom: "no room", Busy: "busy", Refused: "refused", BadArgument: "bad argument",
}

func (r Reason) String() string {
	if r < 0 || int(r) >= len(reasonNames) {
		return fmt.Sprintf("Reason(%d)", int(r))
	}
	return reasonNames[r]
}

// A ParamError is what the tree answers about one parameter or object. Msg is for people and never holds a hidden value.
// A source or a write hook may return one too: with an empty Path, or a name below the row ("Channel",
// "Security.KeyPassphrase"), which the tree completes.
type ParamError struct {
	Path   string
	Reason Reason
	Msg    string
}

func (e *ParamError) Error() string {
	text := e.Reason.String()
	if e.Msg != "" {
		text += ": " + e.Msg
	}
	if e.Path == "" {
		return text
	}
	return e.Path + ": " + text
}

// Errorf makes a ParamError without a path: for sources and hooks, whose path the tree knows better.
func Errorf(reason Reason, format string, args ...any) *ParamError {
	return &ParamError{Reason: reason, Msg: fmt.Sprintf(format, args...)}
}

// Errors returns every ParamError that err holds, in order; nil where it holds none.
func Errors(err error) []*ParamError {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var found []*ParamError
		for _, e := range many.Unwrap() {
			found = append(found, Errors(e)...)
		}
		return found
	}
	if pe, ok := err.(*ParamError); ok {
		return []*ParamError{pe}
	}
	return Errors(errors.Unwrap(err))
}
