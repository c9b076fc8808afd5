package soap

import (
	"encoding/xml"
	"strings"
)

// An element is one of a scanned document.
type element struct {
	name     xml.Name // as written: prefix and local
	ns       string   // what the prefix means, or the default namespace in scope; "" for none
	attrs    []xml.Attr
	parent   *element // nil for the root
	children []*element
	data     []byte // character data, as long as there are no children
}

// is reports whether the element has that name in that namespace.
func (el *element) is(ns, local string) bool { return el.name.Local == local && el.ns == ns }

// add takes character data that belongs to the element.
func (el *element) add(data []byte) {
	if len(el.children) == 0 {
		el.data = append(el.data, data...)
	}
}

// child returns the only way a scalar can be meant: the first child element of that local name.
func (el *element) child(name string) *element {
	for _, c := range el.children {
		if c.name.Local == name {
			return c
		}
	}
	return nil
}

// text joins the character data of an element over comments, CDATA and processing instructions; it is false
// where the element has child elements.
func (el *element) text() (string, bool) {
	return string(el.data), len(el.children) == 0
}

// attrNS returns the namespace of an attribute; without a prefix it has none.
func (el *element) attrNS(a xml.Attr) string {
	if a.Name.Space == "" {
		return ""
	}
	return el.resolve(a.Name.Space)
}

// xsiType resolves the QName in xsi:type by the namespaces in scope, if there is one.
func (el *element) xsiType() (ns, local string, ok bool) {
	for _, a := range el.attrs {
		if a.Name.Local != "type" || el.attrNS(a) != NSInstance {
			continue
		}
		prefix, local, ok := strings.Cut(collapse(a.Value), ":")
		if !ok {
			prefix, local = "", prefix
		}
		return el.resolve(prefix), local, true
	}
	return "", "", false
}

// resolve finds what a prefix means inside the element; "" is the default namespace.
func (el *element) resolve(prefix string) string {
	for ; el != nil; el = el.parent {
		for _, a := range el.attrs {
			if (prefix == "" && a.Name.Space == "" && a.Name.Local == "xmlns") || (prefix != "" && a.Name.Space == "xmlns" && a.Name.Local == prefix) {
				return a.Value
			}
		}
	}
	return ""
}
