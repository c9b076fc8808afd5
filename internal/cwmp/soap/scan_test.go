package soap

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// The tree that the scan fills is the one that etree's own reader makes, less comments and instructions.
func TestScanFillsWhatEtreeReads(t *testing.T) {
	for _, doc := range []string{
		"<a/>",
		"<?xml version='1.0' encoding='latin1'?>\r\n<!-- one -->\n<a> \r\n\t</a>\n<?two?>\n<!-- three -->\n",
		`<a xmlns="urn:a" xmlns:p="urn:p" z="1" p:z="2" y='3'><p:b z="1"/><b xmlns=""><c xmlns:p="urn:q" p:z="4"/></b></a>`,
		`<a xml:lang="de" type="x" xmlns:x="urn:x" x:type="y" xmlns:type="urn:t" type:type="z"/>`,
		`<a>one<![CDATA[ <two> & ]]]]><![CDATA[>]]>three<!-- not --><b/>  <?nor this?>four<![CDATA[]]></a>`,
		"<a b='&lt;&#x26;&quot;\r\n\t&#10;'>&amp;&gt;&apos;&#xE9;\u00fc\r\nx\ry</a>",
		`<a><b><c><d/></c></b>tail<b></b ></a >`,
		message(`<cwmp:ID soap-env:mustUnderstand="1">1</cwmp:ID>`, gpv),
	} {
		if !sameAsEtree(t, []byte(doc)) {
			t.Errorf("not read: %s", doc)
		}
	}
}

// sameAsEtree is false where the scan refuses the document.
func sameAsEtree(t *testing.T, doc []byte) bool {
	t.Helper()
	got, err := scan(doc)
	if err != nil {
		return false
	}
	want := etree.NewDocument()
	want.ReadSettings.CharsetReader = asItIs
	if _, err := want.ReadFrom(bytes.NewReader(doc)); err != nil {
		t.Fatalf("etree does not read %q: %v", doc, err)
	}
	var g, w strings.Builder
	outline(t, &g, got.Parent())
	outline(t, &w, &want.Element)
	if g.String() != w.String() {
		t.Errorf("%q\n is read as\n%s in place of\n%s", doc, &g, &w)
	}
	return true
}

// outline writes all that an element knows, and checks that its parts know it.
func outline(t *testing.T, b *strings.Builder, el *etree.Element) {
	t.Helper()
	fmt.Fprintf(b, "%q %q in %q\n", el.Space, el.Tag, el.NamespaceURI())
	for i := range el.Attr {
		a := &el.Attr[i]
		fmt.Fprintf(b, "@ %q %q in %q = %q\n", a.Space, a.Key, a.NamespaceURI(), a.Value)
		if a.Element() != el {
			t.Errorf("attribute %s is not at home in %s", a.FullKey(), el.FullTag())
		}
	}
	for _, c := range el.Child {
		if c.Parent() != el || el.Child[c.Index()] != c {
			t.Errorf("a child of %s is not at home in it", el.FullTag())
		}
		switch c := c.(type) {
		case *etree.Element:
			outline(t, b, c)
		case *etree.CharData:
			fmt.Fprintf(b, "%q, blank %t, CDATA %t\n", c.Data, c.IsWhitespace(), c.IsCData())
		}
	}
	fmt.Fprintf(b, "end of %q\n", el.Tag)
}
