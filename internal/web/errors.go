package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
)

// What went wrong, for errors.Is. The error itself says more.
var (
	ErrContact          = errors.New("no contact")        // name not found, no connection, TLS refused, no answer
	ErrAuth             = errors.New("not authorized")    // our credentials were refused, or no challenge can be answered
	ErrTruncated        = errors.New("cut short")         // the body ended too early or stalled
	ErrTooLarge         = errors.New("too large")         // header or body exceed their limits
	ErrScheme           = errors.New("unusable URL")      // not an absolute http or https URL, or with user information
	ErrForbiddenAddress = errors.New("forbidden address") // the router itself, or no address of a host at all
	ErrRedirect         = errors.New("bad redirect")      // too many, without a usable target, or from https to http
	ErrProtocol         = errors.New("bad answer")        // not HTTP/1.x, or in a coding that we do not accept
)

// StatusError is an HTTP status that says no.
type StatusError struct{ Code int }

func (e *StatusError) Error() string { return fmt.Sprintf("HTTP status %d", e.Code) }

// failure is an error of one of the kinds above, with its story.
type failure struct {
	kind  error
	doing string
	err   error // nil when doing says all
}

func (f *failure) Error() string {
	if f.err == nil {
		return f.doing
	}
	return f.doing + ": " + f.err.Error()
}

func (f *failure) Unwrap() []error {
	if f.err == nil {
		return []error{f.kind}
	}
	return []error{f.kind, f.err}
}

func failf(kind error, err error, format string, args ...any) error {
	return &failure{kind: kind, doing: fmt.Sprintf(format, args...), err: bare(err)}
}

// bare replaces an error that quotes parts of a URL, among which may be a password.
func bare(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return errMalformed
	}
	return err
}

var errMalformed = errors.New("malformed URL")

// bodyFailure tells why a body was not read to its end.
func bodyFailure(ctx context.Context, err error, host string) error {
	switch {
	case ctx.Err() != nil:
		return failf(ErrTruncated, context.Cause(ctx), "read from %s", host)
	case isTimeout(err):
		return failf(ErrTruncated, errors.New("stalled"), "read from %s", host)
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return failf(ErrTruncated, err, "read from %s", host)
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout()
}
