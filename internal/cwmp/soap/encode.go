package soap

import (
	"strconv"
	"unicode/utf8"
)

// Header is what stands before the body of a message that we send.
type Header struct {
	Namespace         string // NS10, NS11 or NS12; "" means NS12
	ID                string // cwmp:ID, echoed byte by byte in answers
	HasID             bool   // false: no cwmp:ID at all, as in the answer to a request without one
	SupportedVersions string // cwmp:SupportedCWMPVersions, Inform of a 1.4 CPE only; "" leaves it out
	SessionTimeout    uint32 // cwmp:SessionTimeout in seconds, Inform of 1.3 and up only; 0 leaves it out
}

// An Encoder appends one message at a time to its buffer. The zero value is ready. Begin, one message, End; the bytes
// that End returns are valid until the next Begin.
type Encoder struct {
	buf   []byte
	lists []listMark
	name  string // the message element that is open
}

// A listMark remembers where the count of an open list is to be put.
type listMark struct {
	name  string
	at    int // offset of the first byte of the hole
	count int
}

// countHole is the room left for a count: as many digits as a list can need.
const countHole = "          "

const preamble = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
	`<soap-env:Envelope xmlns:soap-env="` + NSEnvelope + `" xmlns:soap-enc="` + NSEncoding +
	`" xmlns:xsd="` + NSSchema + `" xmlns:xsi="` + NSInstance + `" xmlns:cwmp="`

// Begin starts an envelope and opens its body; what the Encoder held before is gone.
func (e *Encoder) Begin(h Header) {
	e.buf, e.lists, e.name = e.buf[:0], e.lists[:0], ""
	ns := h.Namespace
	if ns == "" {
		ns = NS12
	}
	e.raw(preamble)
	e.raw(ns)
	e.raw(`">` + "\n")
	if h.HasID || h.SupportedVersions != "" || h.SessionTimeout != 0 {
		e.header(h)
	}
	e.raw("<soap-env:Body>")
}

func (e *Encoder) header(h Header) {
	e.raw("<soap-env:Header>")
	if h.HasID {
		e.raw(`<cwmp:ID soap-env:mustUnderstand="1">`)
		e.buf = AppendEscaped(e.buf, []byte(h.ID))
		e.raw("</cwmp:ID>")
	}
	if h.SessionTimeout != 0 {
		e.raw(`<cwmp:SessionTimeout soap-env:mustUnderstand="0">`)
		e.buf = strconv.AppendUint(e.buf, uint64(h.SessionTimeout), 10)
		e.raw("</cwmp:SessionTimeout>")
	}
	if h.SupportedVersions != "" {
		e.raw(`<cwmp:SupportedCWMPVersions soap-env:mustUnderstand="0">`)
		e.buf = AppendEscaped(e.buf, []byte(h.SupportedVersions))
		e.raw("</cwmp:SupportedCWMPVersions>")
	}
	e.raw("</soap-env:Header>\n")
}

// End closes the envelope and returns it.
func (e *Encoder) End() []byte {
	e.raw("</soap-env:Body>\n</soap-env:Envelope>\n")
	return e.buf
}

// Len returns how many bytes the message has so far.
func (e *Encoder) Len() int { return len(e.buf) }

// Open starts the message element of a method, e.g. "Inform" or "GetParameterValuesResponse".
func (e *Encoder) Open(method string) {
	e.name = method
	e.raw("<cwmp:")
	e.raw(method)
	e.raw(">")
}

// Close ends the element that Open started.
func (e *Encoder) Close() {
	e.raw("</cwmp:")
	e.raw(e.name)
	e.raw(">")
}

// Empty writes a whole message without arguments, as most responses are.
func (e *Encoder) Empty(method string) {
	e.raw("<cwmp:")
	e.raw(method)
	e.raw("/>")
}

// Start opens an unqualified element, Finish closes it.
func (e *Encoder) Start(name string) { e.raw("<"); e.raw(name); e.raw(">") }

// Finish closes an element that Start opened.
func (e *Encoder) Finish(name string) { e.raw("</"); e.raw(name); e.raw(">") }

// Text writes one string argument.
func (e *Encoder) Text(name, value string) {
	e.Start(name)
	e.buf = AppendEscaped(e.buf, []byte(value))
	e.Finish(name)
}

// Uint writes one number.
func (e *Encoder) Uint(name string, n uint64) {
	e.Start(name)
	e.buf = strconv.AppendUint(e.buf, n, 10)
	e.Finish(name)
}

// Bool writes one boolean, as 1 or 0.
func (e *Encoder) Bool(name string, b bool) {
	n := uint64(0)
	if b {
		n = 1
	}
	e.Uint(name, n)
}

// List starts a SOAP array; its count is written by EndList. Every member is announced with one call of Item or
// of a method that says so.
func (e *Encoder) List(name, memberType string) {
	e.raw("<")
	e.raw(name)
	e.raw(` soap-enc:arrayType="`)
	e.raw(memberType)
	e.raw("[")
	e.lists = append(e.lists, listMark{name: name, at: len(e.buf)})
	e.raw(countHole + `]">`)
}

// Item counts one member of the innermost open list.
func (e *Encoder) Item() { e.lists[len(e.lists)-1].count++ }

// EndList closes the innermost list and closes the hole that was kept for its count.
func (e *Encoder) EndList() {
	l := e.lists[len(e.lists)-1]
	e.lists = e.lists[:len(e.lists)-1]
	var digits [20]byte
	d := strconv.AppendInt(digits[:0], int64(l.count), 10)
	copy(e.buf[l.at:], d)
	n := copy(e.buf[l.at+len(d):], e.buf[l.at+len(countHole):])
	e.buf = e.buf[:l.at+len(d)+n]
	e.Finish(l.name)
}

// ParameterValue writes one ParameterValueStruct into the open list. typ is the local name of an XML Schema type
// ("string", "unsignedInt"); text is canonical text of that type.
func (e *Encoder) ParameterValue(path []byte, typ, text string) {
	e.Item()
	b := append(e.buf, "<ParameterValueStruct><Name>"...)
	b = AppendEscaped(b, path)
	b = append(b, `</Name><Value xsi:type="xsd:`...)
	b = append(b, typ...)
	b = append(b, `">`...)
	b = AppendEscaped(b, []byte(text))
	e.buf = append(b, "</Value></ParameterValueStruct>\n"...)
}

// ParameterInfo writes one ParameterInfoStruct into the open list.
func (e *Encoder) ParameterInfo(path []byte, writable bool) {
	e.Item()
	b := append(e.buf, "<ParameterInfoStruct><Name>"...)
	b = AppendEscaped(b, path)
	b = append(b, "</Name><Writable>"...)
	if writable {
		b = append(b, '1')
	} else {
		b = append(b, '0')
	}
	e.buf = append(b, "</Writable></ParameterInfoStruct>\n"...)
}

// ParameterAttribute writes one ParameterAttributeStruct into the open list.
func (e *Encoder) ParameterAttribute(path []byte, notification int, access []string) {
	e.Item()
	e.raw("<ParameterAttributeStruct><Name>")
	e.buf = AppendEscaped(e.buf, path)
	e.raw("</Name>")
	e.Uint("Notification", uint64(notification))
	e.Strings("AccessList", access)
	e.raw("</ParameterAttributeStruct>\n")
}

// Strings writes an array of xsd:string.
func (e *Encoder) Strings(name string, members []string) {
	e.List(name, "xsd:string")
	for _, s := range members {
		e.Item()
		e.Text("string", s)
	}
	e.EndList()
}

// raw is called from some two hundred places that are not hot; inlined there it takes 50 KB.
//
//go:noinline
func (e *Encoder) raw(s string) { e.buf = append(e.buf, s...) }

// Truncate returns s cut to at most n characters, as XML Schema counts them.
func Truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// Length counts the characters of a decoded value, as the limits of CWMP do.
func Length(s string) int { return utf8.RuneCountInString(s) }
