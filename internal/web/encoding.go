package web

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
)

// decode undoes the content coding of an answer, up to limit bytes (Z-05). Gzip and deflate are what the data model
// advertises (H-18); GenieACS uses the coding of our request for its answer, whatever we say to accept.
func decode(raw []byte, answer, request http.Header, limit int64) ([]byte, error) {
	coding := strings.ToLower(strings.TrimSpace(strings.Join(answer.Values("Content-Encoding"), ",")))
	coding = strings.TrimPrefix(coding, "x-")
	if coding == "" || coding == "identity" || len(raw) == 0 {
		return raw, nil
	}
	if !accepts(request, coding) {
		return nil, failf(ErrProtocol, nil, "answer in the coding %q, which is not acceptable", coding)
	}
	r, err := decoder(coding, raw)
	if err != nil {
		return nil, failf(ErrProtocol, err, "decode %s", coding)
	}
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case int64(len(out)) > limit:
		return nil, failf(ErrTooLarge, nil, "answer of more than %d bytes once decoded", limit)
	case err != nil:
		return nil, failf(ErrTruncated, err, "decode %s", coding)
	}
	return out, nil
}

// decoder reads one coding. "deflate" is zlib's format, but many a server sends it without zlib's header.
func decoder(coding string, raw []byte) (io.Reader, error) {
	if coding == "gzip" {
		return gzip.NewReader(bytes.NewReader(raw))
	}
	if z, err := zlib.NewReader(bytes.NewReader(raw)); err == nil {
		return z, nil
	}
	return flate.NewReader(bufio.NewReader(bytes.NewReader(raw))), nil
}

// accepts reports whether a request may be answered in a coding: one that we know, and that its Accept-Encoding, if there is
// one, does not leave out (RFC 9110 12.5.3).
func accepts(request http.Header, coding string) bool {
	if coding != "gzip" && coding != "deflate" {
		return false
	}
	limited := false
	for name, values := range request {
		if !strings.EqualFold(name, "Accept-Encoding") {
			continue
		}
		limited = true
		for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
			name, params, _ := strings.Cut(item, ";")
			if strings.EqualFold(strings.TrimSpace(name), coding) {
				return strings.TrimSpace(params) != "q=0"
			}
		}
	}
	return !limited
}
