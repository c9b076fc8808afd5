package cwmptest

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// A Message is one POST of the CPE.
type Message struct {
	Session int    // 1 is the first; an Inform begins a new one, unless it repeats the last Inform
	Conn    string // address of the CPE's end: one for each TCP connection
	At      time.Time
	Method  string // of HTTP
	URL     string
	Header  http.Header
	Body    []byte // without Content-Encoding
	Name    string // "Inform", "GetParameterValuesResponse", "Fault"; "" for an empty POST

	doc    *etree.Document
	proto  string // of HTTP
	length int64  // Content-Length; -1 where there is none
}

// Element finds the first element of a local name, anywhere; nil where there is none.
func (m Message) Element(name string) *etree.Element {
	if m.doc == nil {
		return nil
	}
	return m.doc.FindElement("//" + name)
}

// Text is the text of the first element of a local name.
func (m Message) Text(name string) string {
	if el := m.Element(name); el != nil {
		return el.Text()
	}
	return ""
}

// ID is cwmp:ID; "" where there is none.
func (m Message) ID() string { return m.Text("ID") }

// Namespace is the CWMP namespace of the message.
func (m Message) Namespace() string {
	if m.doc == nil {
		return ""
	}
	return string(messageNS.Find(m.Body))
}

// Events lists the events of an Inform: "1 BOOT", and with a command key "M Reboot abc".
func (m Message) Events() []string {
	var list []string
	for _, el := range m.all("EventStruct") {
		list = append(list, strings.TrimRight(childText(el, "EventCode")+" "+childText(el, "CommandKey"), " "))
	}
	return list
}

// Values maps the names of all ParameterValueStructs to their values.
func (m Message) Values() map[string]string {
	values := map[string]string{}
	for _, el := range m.all("ParameterValueStruct") {
		values[childText(el, "Name")] = childText(el, "Value")
	}
	return values
}

// Types maps the names of all ParameterValueStructs to their xsi:type.
func (m Message) Types() map[string]string {
	types := map[string]string{}
	for _, el := range m.all("ParameterValueStruct") {
		if v := el.SelectElement("Value"); v != nil {
			types[childText(el, "Name")] = v.SelectAttrValue("xsi:type", "")
		}
	}
	return types
}

// Names lists the names of a GetParameterNamesResponse, with " rw" after those that are writable.
func (m Message) Names() []string {
	var list []string
	for _, el := range m.all("ParameterInfoStruct") {
		name := childText(el, "Name")
		if w := childText(el, "Writable"); w == "1" || w == "true" {
			name += " rw"
		}
		list = append(list, name)
	}
	return list
}

// FaultCode is the code of the CWMP fault; 0 where the message is none.
func (m Message) FaultCode() int {
	if m.Name != "Fault" {
		return 0
	}
	code, _ := strconv.Atoi(m.Text("FaultCode"))
	return code
}

// ParamFaults maps the names in a fault of SetParameterValues to their codes.
func (m Message) ParamFaults() map[string]int {
	faults := map[string]int{}
	for _, el := range m.all("SetParameterValuesFault") {
		faults[childText(el, "ParameterName")], _ = strconv.Atoi(childText(el, "FaultCode"))
	}
	return faults
}

func (m Message) all(name string) []*etree.Element {
	if m.doc == nil {
		return nil
	}
	return m.doc.FindElements("//" + name)
}

func childText(el *etree.Element, name string) string {
	if c := el.SelectElement(name); c != nil {
		return c.Text()
	}
	return ""
}

// IsRequest reports whether the CPE asks something with this message.
func (m Message) IsRequest() bool {
	return m.Name != "" && m.Name != "Fault" && !strings.HasSuffix(m.Name, "Response")
}
