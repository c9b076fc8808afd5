package cwmptest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// arguments lists what each message and each struct of a CPE holds, in the order of the schemas. "*" may be there any
// number of times, "?" may be missing.
var arguments = map[string]string{
	"Inform":                          "DeviceId Event MaxEnvelopes CurrentTime RetryCount ParameterList",
	"DeviceId":                        "Manufacturer OUI ProductClass SerialNumber",
	"EventStruct":                     "EventCode CommandKey",
	"ParameterValueStruct":            "Name Value",
	"GetRPCMethods":                   "",
	"TransferComplete":                "CommandKey FaultStruct StartTime CompleteTime",
	"FaultStruct":                     "FaultCode FaultString",
	"AutonomousTransferComplete":      "AnnounceURL TransferURL IsDownload FileType FileSize TargetFileName FaultStruct StartTime CompleteTime",
	"RequestDownload":                 "FileType FileTypeArg",
	"ArgStruct":                       "Name Value",
	"DUStateChangeComplete":           "Results* CommandKey?",
	"AutonomousDUStateChangeComplete": "Results*",

	"GetRPCMethodsResponse":          "MethodList",
	"SetParameterValuesResponse":     "Status",
	"GetParameterValuesResponse":     "ParameterList",
	"GetParameterNamesResponse":      "ParameterList",
	"ParameterInfoStruct":            "Name Writable",
	"SetParameterAttributesResponse": "",
	"GetParameterAttributesResponse": "ParameterList",
	"ParameterAttributeStruct":       "Name Notification AccessList",
	"AddObjectResponse":              "InstanceNumber Status",
	"DeleteObjectResponse":           "Status",
	"RebootResponse":                 "",
	"FactoryResetResponse":           "",
	"DownloadResponse":               "Status StartTime CompleteTime",
	"UploadResponse":                 "Status StartTime CompleteTime",
	"ScheduleInformResponse":         "",
	"ScheduleDownloadResponse":       "",
	"CancelTransferResponse":         "",
	"ChangeDUStateResponse":          "",
	"GetQueuedTransfersResponse":     "TransferList",
	"QueuedTransferStruct":           "CommandKey State",
	"GetAllQueuedTransfersResponse":  "TransferList",
	"AllQueuedTransferStruct":        "CommandKey State IsDownload FileType FileSize TargetFileName",
}

// arrays are the elements with an arrayType, and limits how many characters an element holds at most.
var (
	arrays = []string{"Event", "ParameterList", "MethodList", "AccessList", "TransferList", "FileTypeArg"}
	limits = map[string]int{"EventCode": 64, "CommandKey": 32, "Manufacturer": 64, "ProductClass": 64, "SerialNumber": 64, "Name": 256, "FaultString": 256}
)

var lexical = map[string]*regexp.Regexp{
	"boolean":     regexp.MustCompile(`^(0|1|true|false)$`),
	"int":         regexp.MustCompile(`^-?\d{1,10}$`),
	"long":        regexp.MustCompile(`^-?\d{1,19}$`),
	"unsignedInt": regexp.MustCompile(`^\d{1,10}$`),
	"dateTime":    regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$`),
	"hexBinary":   regexp.MustCompile(`^([0-9A-Fa-f]{2})*$`),
}

// elements checks one element and all below it: namespaces, order, counts, types, lengths.
func elements(el *etree.Element, fail failFunc) {
	children := el.ChildElements()
	if want, known := arguments[el.Tag]; known && !inOrder(children, strings.Fields(want)) {
		fail("INV-1", "%s holds %s, the schema wants %s", el.Tag, tags(children), want)
	}
	if limit := limits[el.Tag]; limit > 0 && utf8.RuneCountInString(el.Text()) > limit {
		fail("INV-1", "%s of %d characters", el.Tag, utf8.RuneCountInString(el.Text()))
	}
	if slices.Contains(arrays, el.Tag) {
		array(el, children, fail)
	}
	if el.Tag == "Value" && el.Parent().Tag == "ParameterValueStruct" {
		kind, ok := strings.CutPrefix(el.SelectAttrValue("xsi:type", ""), "xsd:")
		if re := lexical[kind]; !ok {
			fail("INV-6", "a Value with xsi:type %q", el.SelectAttrValue("xsi:type", ""))
		} else if re != nil && !re.MatchString(el.Text()) {
			fail("INV-6", "%q is no %s", el.Text(), kind)
		}
	}
	for _, child := range children {
		if child.NamespaceURI() != "" {
			fail("X-2", "%s is qualified", child.Tag)
		}
		elements(child, fail)
	}
}

func array(el *etree.Element, children []*etree.Element, fail failFunc) {
	at := el.SelectAttrValue("soap-enc:arrayType", "")
	name, count, _ := strings.Cut(strings.TrimSuffix(at, "]"), "[")
	if n, err := strconv.Atoi(count); err != nil || n != len(children) {
		fail("INV-5", "%s has %d members, arrayType %q", el.Tag, len(children), at)
	}
	_, member, _ := strings.Cut(name, ":")
	for _, child := range children {
		if child.Tag != member {
			fail("INV-5", "%s has a %s, arrayType %q", el.Tag, child.Tag, at)
			return
		}
	}
}

func inOrder(children []*etree.Element, want []string) bool {
	for _, w := range want {
		name := strings.TrimRight(w, "*?")
		n := 0
		for n < len(children) && children[n].Tag == name && (n == 0 || w != name && w[len(w)-1] == '*') {
			n++
		}
		if n == 0 && w == name {
			return false
		}
		children = children[n:]
	}
	return len(children) == 0
}

func tags(children []*etree.Element) string {
	var list []string
	for _, c := range children {
		list = append(list, c.Tag)
	}
	return strings.Join(list, " ")
}

// header checks the SOAP header of a message: the ID that must be understood, and in Inform, from 1.3 on, what need not.
func header(m *Message, fail failFunc) {
	if root := m.doc.Root(); root.NamespaceURI() != soap.NSEnvelope || root.Tag != "Envelope" || !inOrder(root.ChildElements(), []string{"Header?", "Body"}) {
		fail("INV-1", "no envelope of SOAP 1.1: %s of %s", tags(root.ChildElements()), root.Tag)
		return
	}
	el := m.doc.Root().SelectElement("Header")
	if el == nil {
		return
	}
	seen := map[string]bool{}
	for _, h := range el.ChildElements() {
		must := h.SelectAttrValue("soap-env:mustUnderstand", "")
		switch {
		case seen[h.Tag]:
			fail("INV-1", "two headers %s", h.Tag)
		case h.NamespaceURI() != m.Namespace():
			fail("INV-1", "header %s of %q", h.Tag, h.NamespaceURI())
		case h.Tag == "ID" && must == "1":
		case (h.Tag == "SessionTimeout" || h.Tag == "SupportedCWMPVersions") && m.Name == "Inform" && must == "0" && m.Namespace() == soap.NS12:
		default:
			fail("INV-1", "header %s with mustUnderstand %q in %s", h.Tag, must, m.Name)
		}
		seen[h.Tag] = true
	}
	if n, err := strconv.Atoi(m.Text("SessionTimeout")); seen["SessionTimeout"] && (err != nil || n < 30) {
		fail("X-22", "SessionTimeout %q", m.Text("SessionTimeout"))
	}
}

// body checks the one message of an envelope by itself.
func body(m *Message, fail failFunc) {
	el := m.doc.Root().SelectElement("Body")
	if el == nil || len(el.ChildElements()) != 1 {
		fail("INV-1", "not one message in the Body")
		return
	}
	el = el.ChildElements()[0]
	if m.Name == "Fault" {
		fault(el, m.Namespace(), fail)
		return
	}
	if _, known := arguments[m.Name]; !known || el.NamespaceURI() != m.Namespace() {
		fail("INV-1", "nobody knows the message %s of %q", el.Tag, el.NamespaceURI())
	}
	elements(el, fail)
	if m.Name == "Inform" {
		inform(m, el, fail)
	}
	if m.Name == "TransferComplete" {
		code, err := strconv.Atoi(m.Text("FaultCode"))
		if illegal := code == 9003 || code == 9004 || code == 9013; err != nil || illegal || (code == 0) != (m.Text("FaultString") == "") {
			fail("§3.15", "TransferComplete with fault %q %q", m.Text("FaultCode"), m.Text("FaultString"))
		}
	}
}

var (
	eventCode = regexp.MustCompile(`^(0 BOOTSTRAP|1 BOOT|2 PERIODIC|3 SCHEDULED|4 VALUE CHANGE|5 KICKED|6 CONNECTION REQUEST|7 TRANSFER COMPLETE|` +
		`8 DIAGNOSTICS COMPLETE|9 REQUEST DOWNLOAD|10 AUTONOMOUS TRANSFER COMPLETE|11 DU STATE CHANGE COMPLETE|12 AUTONOMOUS DU STATE CHANGE COMPLETE|` +
		`13 WAKEUP|14 HEARTBEAT|M (Reboot|ScheduleInform|Download|ScheduleDownload|Upload|ChangeDUState|X_\S+)|X \S+ .+)$`)
	oui   = regexp.MustCompile(`^[0-9A-F]{6}$`)
	clean = regexp.MustCompile(`^[^\x00-\x1f\x7f]*$`)
)

// inform checks what every Inform has to hold.
func inform(m *Message, el *etree.Element, fail failFunc) {
	if id := el.SelectElement("DeviceId"); id != nil {
		for _, c := range id.ChildElements() {
			if !clean.MatchString(c.Text()) || c.Tag == "OUI" && !oui.MatchString(c.Text()) {
				fail("I-2", "%s %q", c.Tag, c.Text())
			}
		}
	}
	if got := childText(el, "MaxEnvelopes"); got != "1" {
		fail("S-3", "MaxEnvelopes %q", got)
	}
	if got := childText(el, "CurrentTime"); !lexical["dateTime"].MatchString(got) {
		fail("I-3", "CurrentTime %q", got)
	}
	if got := childText(el, "RetryCount"); !lexical["unsignedInt"].MatchString(got) {
		fail("I-4", "RetryCount %q", got)
	}
	events(m, fail)
	seen := map[string]int{}
	for _, v := range m.all("ParameterValueStruct") {
		if seen[childText(v, "Name")]++; seen[childText(v, "Name")] == 2 {
			fail("I-7", "%s twice", childText(v, "Name"))
		}
	}
	missing := slices.DeleteFunc(slices.Clone(forced), func(name string) bool { return seen[name] > 0 })
	if n := len(missing); n > 0 && n < len(forced) { // a CPE without a tree has none of them
		fail("§2.2", "an Inform without %s", strings.Join(missing, ", "))
	}
}

// events checks the event list: exact codes, and single ones once.
func events(m *Message, fail failFunc) {
	list := m.all("EventStruct")
	if len(list) > 64 {
		fail("I-5", "%d events", len(list))
	}
	seen := map[string]bool{}
	for _, e := range list {
		code, key := childText(e, "EventCode"), childText(e, "CommandKey")
		single := code != "" && code[0] >= '0' && code[0] <= '9'
		switch {
		case !eventCode.MatchString(code):
			fail("E-8", "event %q", code)
		case single && (seen[code] || key != ""):
			fail("§2.3", "event %q twice, or with the key %q", code, key)
		}
		seen[code] = true
	}
}

// clientFaults are the codes whose cause is the request (4.2).
var clientFaults = []string{"9003", "9005", "9006", "9007", "9008", "9020", "9021"}

// fault checks a Fault: its form, its side, and that it does not tell too much (F-4).
func fault(el *etree.Element, ns string, fail failFunc) {
	if el.NamespaceURI() != soap.NSEnvelope {
		fail("INV-1", "a Fault of %q", el.NamespaceURI())
	}
	detail := el.FindElement("detail/Fault")
	if code := childText(el, "faultcode"); detail == nil || code == "soap-env:MustUnderstand" {
		if code != "soap-env:MustUnderstand" || detail != nil {
			fail("INV-1", "a fault %q without detail", code)
		}
		return
	}
	code := childText(detail, "FaultCode")
	side := "Server"
	if slices.Contains(clientFaults, code) {
		side = "Client"
	}
	if got := childText(el, "faultcode"); got != side || childText(el, "faultstring") != "CWMP fault" {
		fail("F-2", "faultcode %q, faultstring %q with fault %s", got, childText(el, "faultstring"), code)
	}
	if detail.NamespaceURI() != ns || !inOrder(detail.ChildElements(), []string{"FaultCode", "FaultString", "SetParameterValuesFault*"}) {
		fail("INV-1", "a fault of %q with %s", detail.NamespaceURI(), tags(detail.ChildElements()))
	}
	for _, f := range append(detail.SelectElements("SetParameterValuesFault"), detail) {
		text := childText(f, "FaultString")
		if n, err := strconv.Atoi(childText(f, "FaultCode")); err != nil || n < 9000 || n > 9899 {
			fail("§4.2", "fault code %q", childText(f, "FaultCode"))
		}
		if text == "" || utf8.RuneCountInString(text) > 200 {
			fail("F-4", "a FaultString of %d characters", utf8.RuneCountInString(text))
		}
		if f != detail && (code != "9003" || !inOrder(f.ChildElements(), []string{"ParameterName", "FaultCode", "FaultString"}) || childText(f, "FaultCode") == "9004") {
			fail("R-15", "in fault %s: %s", code, tags(f.ChildElements()))
		}
	}
}
