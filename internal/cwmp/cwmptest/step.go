package cwmptest

import (
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// A Step answers one POST of the CPE.
type Step func(x *Exchange)

// An Exchange is one POST and the means to answer it.
type Exchange struct {
	Message
	ACS *ACS

	w      http.ResponseWriter
	r      *http.Request
	hold   bool   // the answer carries HoldRequests=true
	header string // of the envelope that was sent, and its CWMP namespace
	ns     string
	sent   answerKind
	left   sync.Once
}

// leave says that the answer is as good as out.
func (x *Exchange) leave() { x.left.Do(x.ACS.check.leave) }

// answerKind is what the checker has to know of an answer.
type answerKind int

const (
	answerOther answerKind = iota // a status, a challenge, a redirect, rubbish
	answerEmpty
	answerEnvelope
	answerRequest
)

// Header is the header of the answer, before it is sent.
func (x *Exchange) Header() http.Header { return x.w.Header() }

// Send answers with a status and a body of any kind.
func (x *Exchange) Send(status int, contentType string, body []byte) {
	if contentType != "" {
		x.w.Header().Set("Content-Type", contentType)
	}
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body)
}

// Envelope answers with a SOAP envelope: header and body are XML, where the prefixes cwmp, soap-env, soap-enc, xsd and
// xsi are bound.
func (x *Exchange) Envelope(header, body string) {
	if x.sent == answerOther {
		x.sent = answerEnvelope
	}
	x.hold = strings.Contains(header, "HoldRequests") && !strings.Contains(header, ">0<") && !strings.Contains(header, ">false<")
	x.header, x.ns = header, x.ACS.namespace()
	x.Send(http.StatusOK, `text/xml; charset="utf-8"`, []byte(Envelope(x.ns, header, body)))
}

// Envelope wraps header and body as this ACS does.
func Envelope(ns, header, body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<soap-env:Envelope xmlns:soap-env="` + soap.NSEnvelope + `" xmlns:soap-enc="` + soap.NSEncoding +
		`" xmlns:xsd="` + soap.NSSchema + `" xmlns:xsi="` + soap.NSInstance + `" xmlns:cwmp="` + ns + `"><soap-env:Header>` + header +
		`</soap-env:Header><soap-env:Body>` + body + `</soap-env:Body></soap-env:Envelope>`
}

// IDHeader is the header cwmp:ID.
func IDHeader(id string) string {
	return `<cwmp:ID soap-env:mustUnderstand="1">` + text(id) + `</cwmp:ID>`
}

// HoldHeader is the header cwmp:HoldRequests.
func HoldHeader(hold bool) string {
	return fmt.Sprintf(`<cwmp:HoldRequests soap-env:mustUnderstand="1">%t</cwmp:HoldRequests>`, hold)
}

// Polite answers as an ACS should: it is what happens when no Step is left.
func Polite(x *Exchange) {
	if !x.IsRequest() {
		x.ACS.ask(x)
		return
	}
	body := "<cwmp:" + x.Name + "Response/>"
	switch x.Name {
	case "Inform":
		body = "<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>"
	case "GetRPCMethods":
		body = "<cwmp:GetRPCMethodsResponse>" + strs("MethodList", []string{"Inform", "GetRPCMethods", "TransferComplete"}) + "</cwmp:GetRPCMethodsResponse>"
	}
	x.Envelope(IDHeader(x.ID()), body)
}

// Answer answers a request of the CPE with a response of these headers, after cwmp:ID, and this body.
func Answer(header, body string) Step {
	return func(x *Exchange) { x.Envelope(IDHeader(x.ID())+header, body) }
}

// InformResponse answers an Inform, with further headers.
func InformResponse(header string) Step {
	return Answer(header, "<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>")
}

// Send answers with a call, whatever the CPE has sent.
func Send(c Call) Step { return SendAs(NewID, "", c) }

// NewID makes SendAs number its call.
const NewID = "\x00new"

// SendAs sends a call with an ID of choice ("" for none) and further headers.
func SendAs(id, header string, c Call) Step {
	return func(x *Exchange) {
		if id == NewID {
			id = x.ACS.newID()
		}
		x.ACS.expectEcho(id)
		if id != "" {
			header = IDHeader(id) + header
		}
		x.sent = answerRequest
		x.Envelope(header, string(c))
	}
}

// Empty answers with 204.
func Empty(x *Exchange) {
	x.sent = answerEmpty
	x.w.WriteHeader(http.StatusNoContent)
}

// Empty200 answers with 200 and nothing, as old ACSs end a session.
func Empty200(x *Exchange) {
	x.sent = answerEmpty
	x.w.Header().Set("Content-Length", "0")
	x.w.WriteHeader(http.StatusOK)
}

// Fault answers a request of the CPE with a CWMP fault.
func Fault(code int) Step {
	return Answer("", fmt.Sprintf("<soap-env:Fault><faultcode>Server</faultcode><faultstring>CWMP fault</faultstring><detail><cwmp:Fault><FaultCode>%d</FaultCode><FaultString>played</FaultString></cwmp:Fault></detail></soap-env:Fault>", code))
}

// Status answers with an HTTP status and no body.
func Status(code int) Step { return func(x *Exchange) { x.w.WriteHeader(code) } }

// Redirect answers with a redirect, and a body nobody should read.
func Redirect(code int, location string) Step {
	return func(x *Exchange) {
		x.w.Header().Set("Location", location)
		x.Send(code, "text/xml", []byte(strings.Repeat("<moved/>", 1280)))
	}
}

// Body answers with 200 and any bytes.
func Body(contentType, body string) Step {
	return func(x *Exchange) { x.Send(http.StatusOK, contentType, []byte(body)) }
}

// With sets a header of the answer before another Step.
func With(name, value string, next Step) Step {
	return func(x *Exchange) {
		x.w.Header().Add(name, value)
		next(x)
	}
}

// CloseAfter ends the TCP connection, cleanly, after the answer of another Step.
func CloseAfter(next Step) Step { return With("Connection", "close", next) }

// When holds the answer of another Step back until the channel is closed.
func When(ready <-chan struct{}, next Step) Step {
	return func(x *Exchange) {
		select {
		case <-ready:
			next(x)
		case <-x.r.Context().Done():
		}
	}
}

// Chunked sends the answer of another Step in pieces of one to seven bytes.
func Chunked(next Step) Step {
	return func(x *Exchange) {
		plain := x.w
		x.w = &chunkWriter{ResponseWriter: plain}
		next(x)
		x.w = plain
	}
}

type chunkWriter struct{ http.ResponseWriter }

func (c *chunkWriter) Write(b []byte) (int, error) {
	flush := http.NewResponseController(c.ResponseWriter)
	for i, n := 0, 1; i < len(b); i, n = i+n, n%7+1 {
		if _, err := c.ResponseWriter.Write(b[i:min(i+n, len(b))]); err != nil {
			return i, err
		}
		if err := flush.Flush(); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// Gzip sends the answer of another Step in that coding.
func Gzip(next Step) Step {
	return With("Content-Encoding", "gzip", func(x *Exchange) {
		plain := x.w
		x.w = &gzipWriter{ResponseWriter: plain}
		next(x)
		x.w = plain
	})
}

type gzipWriter struct{ http.ResponseWriter }

func (g *gzipWriter) Write(b []byte) (int, error) {
	w := gzip.NewWriter(g.ResponseWriter)
	n, err := w.Write(b)
	return n, errors.Join(err, w.Close())
}

// Drop cuts the connection without an answer.
func Drop(x *Exchange) { Raw("")(x) }

// Raw writes bytes to the connection, which need not be HTTP, and closes it.
func Raw(bytes string) Step {
	return func(x *Exchange) {
		conn, _, err := http.NewResponseController(x.w).Hijack()
		if err != nil {
			x.ACS.violated(x.Message, "test", "cannot hijack: %v", err)
			return
		}
		defer conn.Close()
		x.leave()
		_, _ = conn.Write([]byte(bytes))
	}
}

// Informational sends a 1xx answer before the real one.
func (x *Exchange) Informational(status int) { x.w.WriteHeader(status) }
