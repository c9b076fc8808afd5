package cwmp

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/web"
)

// A protocolError is a message that the state machine of Appendix B does not know: the session has failed.
type protocolError struct{ msg string }

func (e *protocolError) Error() string { return "protocol violation: " + e.msg }

func protocolErrorf(format string, args ...any) error {
	return &protocolError{fmt.Sprintf(format, args...)}
}

// post sends one envelope, or nothing, and reads the answer: nil is an empty one, which is 204, or 200 without a body
// (H-7). Redirects, challenges, cookies and the decoding of the answer are package web's.
func (s *session) post(ctx context.Context, body []byte) (*soap.Envelope, error) {
	header := http.Header{}
	wire := body
	if t := s.cpe.cfg.Trace; t != nil {
		t.envelope(s.number, "CPE", body, "")
	}
	if body != nil {
		header.Set("Content-Type", `text/xml; charset="utf-8"`)
		header["SOAPAction"] = []string{""} // empty, without quotes, spelled so (H-4)
		wire = s.compress(header, body)
	}
	answer, err := s.http.Post(ctx, header, wire)
	if err != nil {
		return nil, err
	}
	s.answered = true
	if t := s.cpe.cfg.Trace; t != nil {
		t.envelope(s.number, "ACS", answer.Body, answer.Header.Get("Content-Type"))
	}
	s.record.BytesOut += int64(len(wire))
	s.record.BytesIn += int64(len(answer.Body))
	s.log.Debug("posted", "out", len(wire), "status", answer.Status, "in", len(answer.Body)) // no bodies: they hold passwords
	switch answer.Status {
	case http.StatusNoContent:
		return nil, nil
	case http.StatusOK:
		if len(bytes.TrimSpace(answer.Body)) == 0 {
			return nil, nil
		}
		return soap.Parse(answer.Body, answer.Header.Get("Content-Type"))
	case http.StatusUnsupportedMediaType:
		if header.Get("Content-Encoding") != "" {
			s.cpe.uncompressed = s.settings.ACS.Compression // until it is set anew (H-17)
		}
	}
	return nil, s.badStatus(answer)
}

// badStatus reports a status that ends the session. A fault in a 500 is not acted upon, but somebody wants to read it (H-6).
func (s *session) badStatus(answer *web.Response) error {
	err := &web.StatusError{Code: answer.Status}
	if env, parseErr := soap.Parse(answer.Body, answer.Header.Get("Content-Type")); parseErr == nil && env.Kind == soap.FaultBody {
		return fmt.Errorf("%w with fault %d %q", err, env.Fault.Code, env.Fault.Message)
	}
	if answer.Status == http.StatusServiceUnavailable {
		s.retryAfter = retryAfter(answer.Header.Get("Retry-After"), time.Now())
	}
	return err
}

// retryAfter reads a Retry-After header; it delays us by an hour at most (H-15).
func retryAfter(value string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), time.Hour)
}

// compress encodes a body as HTTPCompression says (H-16). A short one is not worth it, but the standard leaves no choice.
func (s *session) compress(header http.Header, body []byte) []byte {
	coding := s.settings.ACS.Compression
	if coding == s.cpe.uncompressed {
		return body
	}
	var b bytes.Buffer
	var w io.WriteCloser
	switch strings.ToUpper(coding) {
	case "GZIP":
		w = gzip.NewWriter(&b)
		header.Set("Content-Encoding", "gzip")
	case "DEFLATE":
		w = zlib.NewWriter(&b)
		header.Set("Content-Encoding", "deflate")
	default:
		return body
	}
	_, err := w.Write(body)
	if err = errors.Join(err, w.Close()); err != nil { // cannot be: the buffer takes everything
		header.Del("Content-Encoding")
		return body
	}
	return b.Bytes()
}

// statusOf returns the HTTP status that an error stands for, 0 for none.
func statusOf(err error) int {
	var se *web.StatusError
	if errors.As(err, &se) {
		return se.Code
	}
	return 0
}
