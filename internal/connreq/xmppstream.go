package connreq

import (
	"bufio"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The limits of what an XMPP server may send (Z-46).
const (
	maxStanza   = 64 << 10         // bytes of one stanza
	maxStream   = 4 << 10          // bytes of a stream's own start tag
	maxDepth    = 16               // elements in elements
	maxElements = 1000             // in one stanza
	maxAttrs    = 32               // of one element
	maxBlank    = 4 << 10          // bytes between two stanzas
	stanzaTime  = 30 * time.Second // from the first byte of a stanza to its last
	writeTime   = 10 * time.Second // for anything that we say
)

const (
	nsStream  = "http://etherx.jabber.org/streams"
	nsClient  = "jabber:client"
	nsStanzas = "urn:ietf:params:xml:ns:xmpp-stanzas"
)

// element is a part of a stanza.
type element struct {
	xml.Name
	attr  []xml.Attr
	text  string // all of it, what is inside inner elements excepted
	inner []*element
}

// get returns an attribute that is in no name space.
func (e *element) get(name string) string {
	for _, a := range e.attr {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// child returns the first inner element of that name, nil if there is none.
func (e *element) child(space, local string) *element {
	if e != nil {
		for _, c := range e.inner {
			if c.Space == space && c.Local == local {
				return c
			}
		}
	}
	return nil
}

// condition is what an error element says: the name of its first inner element, and the text beside it.
func (e *element) condition() string {
	if len(e.inner) == 0 {
		return e.Local
	}
	out := e.inner[0].Local
	for _, c := range e.inner[1:] {
		if c.Local == "text" {
			out += ": " + c.text
		}
	}
	return out[:min(len(out), 200)]
}

// errClosed says that the server has ended the stream as it should be ended.
var errClosed = errors.New("the server closed the stream")

// stream is an XMPP stream (RFC 6120 section 4). One goroutine may read while another writes.
//
// What is read goes through ReadByte, which counts, to the decoder, which so never reads ahead: a byte that comes after
// the permission to begin TLS is noticed.
type stream struct {
	conn net.Conn
	tls  *tls.Conn // nil while there is no TLS
	br   *bufio.Reader
	dec  *xml.Decoder
	left int // bytes that the present stanza may still have

	early bool        // the deadline is that of the whole login
	pace  func() bool // called after each stanza and each stretch of blanks; false ends the stream. nil while logging in
}

func newStream(c net.Conn) *stream {
	return &stream{conn: c, br: bufio.NewReaderSize(c, 2<<10), early: true}
}

// ReadByte is what the decoder reads with.
func (s *stream) ReadByte() (byte, error) {
	if s.left <= 0 {
		return 0, errors.New("stanza too long")
	}
	s.left--
	return s.br.ReadByte()
}

// Read exists since the decoder wants an io.Reader; it is not called.
func (s *stream) Read([]byte) (int, error) { return 0, io.ErrNoProgress }

// begin opens a stream, or opens it anew, and returns what the server offers.
func (s *stream) begin(domain string) (features *element, err error) {
	err = s.write("<?xml version='1.0'?><stream:stream to='" + escape(domain) +
		"' version='1.0' xml:lang='en' xmlns='" + nsClient + "' xmlns:stream='" + nsStream + "'>")
	if err != nil {
		return nil, err
	}
	s.dec, s.left = xml.NewDecoder(s), maxStream
	for {
		switch t, err := s.dec.Token(); t := t.(type) {
		case nil:
			return nil, err
		case xml.ProcInst, xml.CharData: // <?xml …?> and blanks; the decoder sees to it that there is nothing else
		case xml.StartElement:
			if t.Name.Space != nsStream || t.Name.Local != "stream" {
				return nil, fmt.Errorf("not XMPP: the server begins with <%.40s>", t.Name.Local)
			}
			features, err := s.next()
			if err == nil && (features.Space != nsStream || features.Local != "features") {
				err = fmt.Errorf("<%.40s> in place of the stream's features", features.Local)
			}
			return features, err
		default:
			return nil, fmt.Errorf("%T before the stream", t)
		}
	}
}

// next returns the next stanza, however long it takes to begin. A stream error is an error.
func (s *stream) next() (*element, error) {
	if err := s.blanks(); err != nil {
		return nil, err
	}
	s.left = maxStanza
	t, err := s.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case xml.StartElement:
		e, err := s.element(t)
		if err == nil && e.Space == nsStream && e.Local == "error" {
			err = fmt.Errorf("stream error %q", e.condition())
		}
		return e, err
	case xml.EndElement:
		return nil, errClosed
	}
	return nil, fmt.Errorf("%T between stanzas", t)
}

// blanks passes over what may stand between two stanzas, and begins to count the next one's time.
func (s *stream) blanks() error {
	if !s.early {
		s.conn.SetReadDeadline(time.Time{})
	}
	for n := 1; ; n++ {
		b, err := s.br.ReadByte()
		if err != nil {
			return err
		}
		if b != ' ' && b != '\n' && b != '\r' && b != '\t' {
			break
		}
		if n%maxBlank == 0 && (s.pace == nil || !s.pace()) {
			return errors.New("blanks without end")
		}
	}
	if !s.early {
		s.conn.SetReadDeadline(time.Now().Add(stanzaTime))
	}
	return s.br.UnreadByte()
}

// element reads an element to its end.
func (s *stream) element(start xml.StartElement) (*element, error) {
	root, err := newElement(start)
	if err != nil {
		return nil, err
	}
	open, count := []*element{root}, 1
	for {
		t, err := s.dec.Token()
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch t := t.(type) {
		case xml.StartElement:
			if count++; len(open) >= maxDepth || count > maxElements {
				return nil, errors.New("stanza of too many elements")
			}
			e, err := newElement(t)
			if err != nil {
				return nil, err
			}
			top.inner = append(top.inner, e)
			open = append(open, e)
		case xml.CharData:
			top.text += string(t)
		case xml.EndElement:
			if open = open[:len(open)-1]; len(open) == 0 {
				return root, nil
			}
		default: // comments, DTDs and processing instructions have no place in XMPP (RFC 6120 section 11.1)
			return nil, fmt.Errorf("%T in a stanza", t)
		}
	}
}

func newElement(t xml.StartElement) (*element, error) {
	if len(t.Attr) > maxAttrs {
		return nil, errors.New("element of too many attributes")
	}
	for i, a := range t.Attr {
		for _, b := range t.Attr[:i] {
			if a.Name == b.Name {
				return nil, errors.New("the same attribute twice")
			}
		}
	}
	return &element{Name: t.Name, attr: t.Attr}, nil
}

// write sends a piece of XML.
func (s *stream) write(text string) error {
	if !s.early {
		s.conn.SetWriteDeadline(time.Now().Add(writeTime))
	}
	_, err := io.WriteString(s.conn, text)
	return err
}

// secure goes on over TLS.
func (s *stream) secure(c *tls.Conn) {
	s.conn, s.tls = c, c
	s.br.Reset(c)
}

// escape makes text fit for an element or an attribute.
func escape(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text))
	return b.String()
}
