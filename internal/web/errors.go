package web

import (
	"errors"
	"fmt"
)

// What went wrong, for errors.Is. Each error has text that says more.
var (
	ErrContact          = errors.New("no contact")        // name not found, no connection, TLS refused, no answer
	ErrAuth             = errors.New("not authorized")    // our credentials were refused, or none of the challenges can be answered
	ErrTruncated        = errors.New("cut short")         // the body ended too early or stalled
	ErrTooLarge         = errors.New("too large")         // header or body exceed their limits
	ErrScheme           = errors.New("unusable URL")      // not an absolute http or https URL, or with user information
	ErrForbiddenAddress = errors.New("forbidden address") // a redirect or a transfer to the router itself
	ErrRedirect         = errors.New("bad redirect")      // too many, without a usable target, or from https to http
	ErrProtocol         = errors.New("bad answer")        // not HTTP/1.x, or a coding that we did not ask for
)

// StatusError is an HTTP status that says no.
type StatusError struct{ Code int }

func (e *StatusError) Error() string { return fmt.Sprintf("HTTP status %d", e.Code) }
