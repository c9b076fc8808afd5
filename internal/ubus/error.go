package ubus

import (
	"errors"
	"fmt"
	"strconv"
)

// What a STATUS says.
const (
	StatusOK = iota
	StatusInvalidCommand
	StatusInvalidArgument
	StatusMethodNotFound
	StatusNotFound
	StatusNoData
	StatusPermissionDenied
	StatusTimeout
	StatusNotSupported
	StatusUnknownError
	StatusConnectionFailed
	StatusNoMemory
	StatusParseError
	StatusSystemError
)

var statusTexts = [...]string{"success", "invalid command", "invalid argument", "method not found", "not found", "no response",
	"permission denied", "request timed out", "operation not supported", "unknown error", "connection failed",
	"out of memory", "parsing message data failed", "system error"}

// StatusText returns what the ubus command prints for a status.
func StatusText(code int) string {
	if code >= 0 && code < len(statusTexts) {
		return statusTexts[code]
	}
	return "status " + strconv.Itoa(code)
}

// ErrNotConnected is wrapped by errors of calls that found no ubusd, or lost it.
var ErrNotConnected = errors.New("not connected to ubus")

// A StatusError is an answer other than StatusOK. A Handle returns one to answer with its Code.
type StatusError struct {
	Code           int
	Object, Method string
}

// Error says which call was answered how.
func (e *StatusError) Error() string {
	if e.Object == "" {
		return "ubus: " + StatusText(e.Code)
	}
	if e.Method == "" {
		return fmt.Sprintf("ubus %s: %s", e.Object, StatusText(e.Code))
	}
	return fmt.Sprintf("ubus call %s %s: %s", e.Object, e.Method, StatusText(e.Code))
}

// Code returns the status within err: StatusOK for nil, StatusUnknownError when there is none in it.
func Code(err error) int {
	var se *StatusError
	switch {
	case err == nil:
		return StatusOK
	case errors.As(err, &se):
		return se.Code
	}
	return StatusUnknownError
}
