package soap

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// Kind says what the body of an envelope holds.
type Kind int

// The kinds of a body.
const (
	Request Kind = iota
	Response
	FaultBody
)

func (k Kind) String() string { return [...]string{"request", "response", "fault"}[k] }

// What can be wrong with a message as a whole. All of these end the session, except that the sender of a
// request may go on after ErrFaultElement, which is an answer in its own broken way.
var (
	// ErrNotWellFormed: not XML, or XML that X-14 refuses.
	ErrNotWellFormed = errors.New("not a well-formed document")
	// ErrTooLarge: more bytes than Parse takes.
	ErrTooLarge = errors.New("message too large")
	// ErrEnvelope: XML, but not one SOAP 1.1 envelope with one message.
	ErrEnvelope = errors.New("not a valid SOAP envelope")
	// ErrVersionMismatch: the envelope is one of SOAP 1.2 or of another version.
	ErrVersionMismatch = errors.New("SOAP version mismatch")
	// ErrFault: a fault without the CWMP detail that it must have (4.3).
	ErrFault = errors.New("fault without CWMP detail")
	// ErrFaultElement: the element <soap-env:Body:Fault> with two colons, which GenieACS 1.2 sends in answer to a
	// method that it does not know. It means "method not supported".
	ErrFaultElement = errors.New("malformed fault element with two colons")
)

// An Envelope is one message of the ACS.
type Envelope struct {
	ID             string // echoed byte by byte
	HasID          bool
	HoldRequests   bool   // absent is false
	UseCWMPVersion string // as sent, blanks trimmed; "" where absent
	Namespace      string // CWMP namespace of the message, NS10, NS11 or NS12; "" when it has another one
	MustUnderstand string // the first header that had to be understood and is unknown; "" for none
	Kind           Kind
	Method         string // name of the request; of a response without the suffix "Response"
	Fault          Fault  // of a FaultBody

	message *etree.Element
}

// Parse reads one message; contentType is the header of the HTTP response and only its charset matters (H-3).
func Parse(body []byte, contentType string) (*Envelope, error) {
	if len(body) > MaxBytes {
		return nil, ErrTooLarge
	}
	var root *etree.Element
	text, err := toUTF8(body, contentType)
	if err == nil {
		root, err = scan(text)
	}
	if err != nil {
		if hasBodyFault(body) {
			return nil, fmt.Errorf("%w: %w", ErrFaultElement, err)
		}
		return nil, fmt.Errorf("%w: %w", ErrNotWellFormed, err)
	}
	return envelope(root)
}

// hasBodyFault finds a start tag <soap:Body:Fault> under any prefix.
func hasBodyFault(body []byte) bool {
	const inName = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
	for {
		before, after, found := bytes.Cut(body, []byte(":Body:Fault"))
		if !found {
			return false
		}
		open := bytes.TrimRight(before, inName)
		if len(open) < len(before) && bytes.HasSuffix(open, []byte("<")) && len(after) > 0 && strings.IndexByte(" \t\r\n\f>", after[0]) >= 0 {
			return true
		}
		body = after
	}
}

func envelope(root *etree.Element) (*Envelope, error) {
	if root.Tag != "Envelope" {
		return nil, fmt.Errorf("%w: root element %.64q", ErrEnvelope, root.Tag)
	}
	if ns := root.NamespaceURI(); ns != NSEnvelope {
		return nil, fmt.Errorf("%w: %.64q", ErrVersionMismatch, ns)
	}
	header, body, err := parts(root)
	if err != nil {
		return nil, err
	}
	env := &Envelope{}
	if header != nil {
		if err := env.readHeader(header); err != nil {
			return nil, err
		}
	}
	return env, env.readBody(body)
}

// parts finds Header and Body: at most one and exactly one, in this order (X-5, Z-20).
func parts(root *etree.Element) (header, body *etree.Element, err error) {
	for _, el := range root.ChildElements() {
		soap := el.NamespaceURI() == NSEnvelope
		switch {
		case soap && el.Tag == "Header" && header == nil && body == nil:
			header = el
		case soap && el.Tag == "Body" && body == nil:
			body = el
		default:
			return nil, nil, fmt.Errorf("%w: element %.64q in the wrong place", ErrEnvelope, el.Tag)
		}
	}
	if body == nil {
		return nil, nil, fmt.Errorf("%w: no Body", ErrEnvelope)
	}
	return header, body, nil
}

func (env *Envelope) readHeader(header *etree.Element) error {
	seen := map[string]bool{}
	for _, el := range header.ChildElements() {
		_, ours := CanonicalNS(el.NamespaceURI())
		if !ours || !knownHeader[el.Tag] {
			if env.MustUnderstand == "" && mustUnderstand(el) {
				env.MustUnderstand = el.Tag
			}
			continue
		}
		if seen[el.Tag] {
			return fmt.Errorf("%w: header %s twice", ErrEnvelope, el.Tag)
		}
		seen[el.Tag] = true
		if err := env.readHeaderField(el); err != nil {
			return err
		}
	}
	return nil
}

// knownHeader lists the headers that are read or may be ignored; NoMoreRequests is withdrawn and means nothing.
var knownHeader = map[string]bool{
	"ID": true, "HoldRequests": true, "UseCWMPVersion": true,
	"NoMoreRequests": true, "SessionTimeout": true, "SupportedCWMPVersions": true,
}

func (env *Envelope) readHeaderField(el *etree.Element) error {
	value, ok := text(el)
	if !ok {
		return fmt.Errorf("%w: header %s has children", ErrEnvelope, el.Tag)
	}
	switch el.Tag {
	case "ID":
		env.ID, env.HasID = value, true
	case "HoldRequests":
		hold, ok := parseBool(value)
		if !ok {
			return fmt.Errorf("%w: HoldRequests %.32q", ErrEnvelope, value)
		}
		env.HoldRequests = hold
	case "UseCWMPVersion":
		env.UseCWMPVersion = collapse(value)
	}
	return nil
}

// mustUnderstand says whether a header is one that we, and nobody behind us, have to understand. The attribute is
// taken without its namespace too: that is the safe side.
func mustUnderstand(el *etree.Element) bool {
	must := false
	for i := range el.Attr {
		a := &el.Attr[i]
		switch {
		case a.Key == "mustUnderstand" && (a.Space == "" || a.NamespaceURI() == NSEnvelope):
			must, _ = parseBool(a.Value)
		case a.Key == "actor" && a.NamespaceURI() == NSEnvelope && a.Value != "" && a.Value != actorNext:
			return false
		}
	}
	return must
}

func (env *Envelope) readBody(body *etree.Element) error {
	children := body.ChildElements()
	if len(children) != 1 {
		return fmt.Errorf("%w: %d messages in the Body", ErrEnvelope, len(children))
	}
	el := children[0]
	env.message = el
	if el.Tag == "Fault" && el.NamespaceURI() == NSEnvelope {
		env.Kind = FaultBody
		return env.readFault(el)
	}
	env.Namespace, _ = CanonicalNS(el.NamespaceURI())
	env.Method = el.Tag
	if name, ok := strings.CutSuffix(el.Tag, "Response"); ok && name != "" {
		env.Kind, env.Method = Response, name
	}
	return nil
}

// readFault reads a fault of the ACS; the number may be any, the detail must be there (4.3).
func (env *Envelope) readFault(el *etree.Element) error {
	detail := child(el, "detail")
	if detail == nil {
		return ErrFault
	}
	fault := child(detail, "Fault")
	if fault == nil {
		return ErrFault
	}
	env.Namespace, _ = CanonicalNS(fault.NamespaceURI())
	code := child(fault, "FaultCode")
	if code == nil {
		return ErrFault
	}
	value, _ := text(code)
	n, err := strconv.ParseUint(collapse(value), 10, 31)
	if err != nil {
		return fmt.Errorf("%w: FaultCode %.32q", ErrFault, value)
	}
	env.Fault.Code = int(n)
	if msg := child(fault, "FaultString"); msg != nil {
		value, _ := text(msg)
		env.Fault.Message = Truncate(value, 256)
	}
	return nil
}

// child returns the only way a scalar can be meant: the first child element of that local name.
func child(el *etree.Element, name string) *etree.Element {
	for _, c := range el.ChildElements() {
		if c.Tag == name {
			return c
		}
	}
	return nil
}

// text joins the character data of an element over comments, CDATA and processing instructions; it is false
// where the element has child elements.
func text(el *etree.Element) (string, bool) {
	if len(el.Child) == 1 {
		if c, ok := el.Child[0].(*etree.CharData); ok {
			return c.Data, true
		}
	}
	var b strings.Builder
	for _, c := range el.Child {
		switch c := c.(type) {
		case *etree.CharData:
			b.WriteString(c.Data)
		case *etree.Element:
			return "", false
		}
	}
	return b.String(), true
}

// collapse removes the white space that XML Schema ignores around numbers, booleans and dates.
func collapse(s string) string { return strings.Trim(s, " \t\r\n") }

func parseBool(s string) (value, ok bool) {
	switch collapse(s) {
	case "1", "true":
		return true, true
	case "0", "false":
		return false, true
	}
	return false, false
}
