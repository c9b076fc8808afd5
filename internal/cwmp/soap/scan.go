package soap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/beevik/etree"
)

// Limits of one incoming document.
const (
	MaxBytes    = 2 << 20 // X-6 asks for at least 32 KiB
	maxDepth    = 64
	maxElements = 40_000
	maxAttrs    = 64
	maxName     = 1024
)

const nsXML, nsXMLNS = "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"

// scan reads a document in UTF-8 and refuses what is not well-formed, not namespace-well-formed, or larger than any honest
// message. The tree is what etree's ReadFrom would make of it, less comments and instructions; it grows with what is within the
// limits, and a hostile document costs no more than an honest one of its length.
func scan(doc []byte) (*etree.Element, error) {
	if err := countAttributes(doc); err != nil {
		return nil, err
	}
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.CharsetReader = asItIs
	tree := etree.NewDocument()
	s := scanner{bindings: []binding{{"xml", nsXML}}, at: &tree.Element}
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return tree.Root(), s.end()
		}
		if err == nil {
			err = s.token(t)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", lineOf(d), err)
		}
	}
}

// asItIs serves documents that name an encoding they no longer have: toUTF8 has been there.
func asItIs(_ string, r io.Reader) (io.Reader, error) { return r, nil }

func lineOf(d *xml.Decoder) int { line, _ := d.InputPos(); return line }

type binding struct{ prefix, uri string }

type scanner struct {
	at       *etree.Element // the element that is open; outside the root the document's own
	scopes   []int          // of each open element, how many bindings were in scope before it
	bindings []binding
	elements int
	rootSeen bool
	tokens   int
}

func (s *scanner) token(t xml.Token) error {
	s.tokens++
	switch t := t.(type) {
	case xml.StartElement:
		return s.start(t)
	case xml.EndElement:
		return s.finish(t)
	case xml.CharData:
		if len(s.scopes) == 0 && len(bytes.TrimLeft(t, " \t\r\n")) > 0 {
			return errors.New("text outside the root element")
		}
		s.at.CreateText("").SetData(string(t)) // SetData sees whether it is white space only
	case xml.Directive:
		return errors.New("a DOCTYPE or another declaration is not allowed")
	case xml.ProcInst:
		if strings.EqualFold(t.Target, "xml") && s.tokens > 1 {
			return errors.New("XML declaration in the wrong place")
		}
	}
	return nil
}

func (s *scanner) start(t xml.StartElement) error {
	if len(s.scopes) == 0 && s.rootSeen {
		return errors.New("a second root element")
	}
	s.rootSeen = true
	s.elements++
	switch {
	case s.elements > maxElements:
		return fmt.Errorf("more than %d elements", maxElements)
	case len(s.scopes) >= maxDepth:
		return fmt.Errorf("elements deeper than %d", maxDepth)
	case len(t.Attr) > maxAttrs:
		return fmt.Errorf("more than %d attributes", maxAttrs)
	}
	scope := len(s.bindings)
	if err := s.declare(t.Attr); err != nil {
		return err
	}
	if err := s.names(t); err != nil {
		return err
	}
	s.scopes = append(s.scopes, scope)
	s.at = s.at.CreateElement(written(t.Name))
	for _, a := range t.Attr {
		s.at.CreateAttr(written(a.Name), a.Value)
	}
	return nil
}

// declare takes the xmlns attributes of an element into scope.
func (s *scanner) declare(attrs []xml.Attr) error {
	for _, a := range attrs {
		switch {
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			if a.Value == nsXML || a.Value == nsXMLNS {
				return errors.New("reserved namespace as the default")
			}
			s.bindings = append(s.bindings, binding{"", a.Value})
		case a.Name.Space == "xmlns":
			if err := checkBinding(a.Name.Local, a.Value); err != nil {
				return err
			}
			s.bindings = append(s.bindings, binding{a.Name.Local, a.Value})
		}
	}
	return nil
}

func checkBinding(prefix, uri string) error {
	switch {
	case prefix == "xmlns", uri == nsXMLNS, (prefix == "xml") != (uri == nsXML):
		return fmt.Errorf("reserved prefix or namespace in xmlns:%.32s", prefix)
	case uri == "":
		return fmt.Errorf("prefix %.32q bound to nothing", prefix)
	}
	return nil
}

// names checks that every prefix is bound and no attribute comes twice, be it under two prefixes of one namespace.
func (s *scanner) names(t xml.StartElement) error {
	if err := s.checkName(t.Name, true); err != nil {
		return err
	}
	for i, a := range t.Attr {
		if a.Name.Space != "xmlns" {
			if err := s.checkName(a.Name, false); err != nil {
				return err
			}
		}
		for _, b := range t.Attr[:i] {
			if s.sameAttr(a.Name, b.Name) {
				return fmt.Errorf("attribute %.64q twice", a.Name.Local)
			}
		}
	}
	return nil
}

func (s *scanner) sameAttr(a, b xml.Name) bool {
	if a.Local != b.Local || (a.Space == "") != (b.Space == "") {
		return false
	}
	if a.Space == b.Space {
		return true
	}
	if a.Space == "xmlns" || b.Space == "xmlns" {
		return false
	}
	ua, _ := s.resolve(a.Space)
	ub, _ := s.resolve(b.Space)
	return ua == ub
}

func (s *scanner) checkName(n xml.Name, element bool) error {
	if len(n.Space)+len(n.Local) > maxName {
		return fmt.Errorf("a name longer than %d bytes", maxName)
	}
	if n.Space == "" {
		if strings.HasPrefix(n.Local, ":") || strings.HasSuffix(n.Local, ":") {
			return fmt.Errorf("name %.64q", n.Local)
		}
		return nil
	}
	if n.Space == "xmlns" && element {
		return errors.New("element with the prefix xmlns")
	}
	if _, ok := s.resolve(n.Space); !ok {
		return fmt.Errorf("prefix %.32q is not bound", n.Space)
	}
	return nil
}

func (s *scanner) resolve(prefix string) (string, bool) {
	for i := len(s.bindings) - 1; i >= 0; i-- {
		if s.bindings[i].prefix == prefix {
			return s.bindings[i].uri, true
		}
	}
	return "", false
}

func (s *scanner) finish(t xml.EndElement) error {
	if len(s.scopes) == 0 {
		return fmt.Errorf("</%.64s> without a start", t.Name.Local)
	}
	if s.at.Space != t.Name.Space || s.at.Tag != t.Name.Local {
		return fmt.Errorf("</%.64s> closes <%.64s>", t.Name.Local, s.at.Tag)
	}
	top := len(s.scopes) - 1
	s.at, s.bindings, s.scopes = s.at.Parent(), s.bindings[:s.scopes[top]], s.scopes[:top]
	return nil
}

func (s *scanner) end() error {
	switch {
	case len(s.scopes) > 0:
		return fmt.Errorf("the document ends inside <%.64s>", s.at.Tag)
	case !s.rootSeen:
		return errors.New("no element at all")
	}
	return nil
}

// countAttributes looks for tags with more attributes than allowed, before a decoder collects them all: two megabytes of
// them in one tag would become fifty (Z-16). It need not understand XML well; the decoder does that after it.
func countAttributes(doc []byte) error {
	for {
		_, rest, found := bytes.Cut(doc, []byte("<"))
		if !found {
			return nil
		}
		switch {
		case bytes.HasPrefix(rest, []byte("!--")):
			_, doc, _ = bytes.Cut(rest, []byte("-->"))
			continue
		case bytes.HasPrefix(rest, []byte("![CDATA[")):
			_, doc, _ = bytes.Cut(rest, []byte("]]>"))
			continue
		}
		values, length := tag(rest)
		if values > maxAttrs {
			return fmt.Errorf("more than %d attributes", maxAttrs)
		}
		doc = rest[length:]
	}
}

// tag counts the quoted values in a tag, whose "<" is already read, and its bytes.
func tag(doc []byte) (values, length int) {
	quote := byte(0)
	for i, c := range doc {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return values, i
		case c == '"' || c == '\'':
			quote = c
			if values++; values > maxAttrs {
				return values, i
			}
		}
	}
	return values, len(doc)
}
