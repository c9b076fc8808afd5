package cwmptest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// Next returns the i-th message of the CPE, counted from 0, and waits for it.
func (a *ACS) Next(ctx context.Context, i int) (Message, error) {
	for {
		a.mu.Lock()
		news := a.news
		if i < len(a.messages) {
			m := a.messages[i]
			a.mu.Unlock()
			return m, nil
		}
		a.mu.Unlock()
		select {
		case <-news:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

// Words splits a line at blanks; "…" keeps blanks in a word, with \" \\ \n and \t inside.
func Words(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	open, quoted := false, false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '"':
			open, quoted = true, !quoted
		case quoted && c == '\\' && i+1 < len(line):
			i++
			word.WriteString(map[byte]string{'n': "\n", 't': "\t"}[line[i]])
			if line[i] != 'n' && line[i] != 't' {
				word.WriteByte(line[i])
			}
		case !quoted && (c == ' ' || c == '\t'):
			if open {
				words = append(words, word.String())
				word.Reset()
				open = false
			}
		case !quoted && c == '#' && !open:
			return words, nil
		default:
			open = true
			word.WriteByte(c)
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quote is not closed")
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

// Methods lists what ParseCall understands, each with its arguments.
var Methods = []string{
	"GetRPCMethods",
	"GetParameterNames PATH [next]",
	"GetParameterValues PATH...",
	"SetParameterValues PATH=VALUE... [key=K]",
	"GetParameterAttributes PATH...",
	"SetParameterAttributes PATH=0..6...",
	"AddObject OBJECT. [key=K]",
	"DeleteObject OBJECT.N. [key=K]",
	"Download TYPE URL [key=K] [name=FILE] [user=U] [password=P] [delay=SECONDS] [size=BYTES]",
	"ScheduleDownload TYPE URL START-END:MODE[:MAXRETRIES]... [key=K] [name=FILE] [user=U] [password=P] [size=BYTES]",
	"Upload TYPE URL [key=K] [user=U] [password=P] [delay=SECONDS]",
	"GetQueuedTransfers",
	"GetAllQueuedTransfers",
	"CancelTransfer [key=K]",
	"ScheduleInform SECONDS [key=K]",
	"Reboot [key=K]",
	"FactoryReset",
}

// ParseCall makes a call of a line such as
//
//	SetParameterValues Device.Time.Enable=true key=k1
//
// A value has no xsi:type unless the path names one, as in Device.Time.Enable:boolean=true.
func ParseCall(line string) (Call, error) {
	words, err := Words(line)
	if err != nil || len(words) == 0 {
		return "", fmt.Errorf("%q: a call is missing: %w", line, err)
	}
	method, args := words[0], words[1:]
	opts := map[string]string{}
	args = slices.DeleteFunc(args, func(w string) bool {
		name, value, ok := strings.Cut(w, "=")
		switch name {
		case "key", "name", "user", "password", "delay", "size":
			if ok {
				opts[name] = value
			}
			return ok
		}
		return false
	})
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	need := map[string]int{"GetParameterNames": 1, "GetParameterValues": 1, "GetParameterAttributes": 1, "SetParameterAttributes": 1,
		"AddObject": 1, "DeleteObject": 1, "Download": 2, "Upload": 2, "ScheduleDownload": 3, "ScheduleInform": 1}
	if len(args) < need[method] {
		return "", fmt.Errorf("%s: too few arguments", method)
	}
	switch method {
	case "GetRPCMethods":
		return GetRPCMethods(), nil
	case "GetQueuedTransfers":
		return GetQueuedTransfers(), nil
	case "GetAllQueuedTransfers":
		return GetAllQueuedTransfers(), nil
	case "CancelTransfer":
		return CancelTransfer(opts["key"]), nil
	case "GetParameterNames":
		return GetParameterNames(args[0], slices.Contains(args[1:], "next")), nil
	case "GetParameterValues":
		return GetParameterValues(args...), nil
	case "GetParameterAttributes":
		return GetParameterAttributes(args...), nil
	case "SetParameterValues":
		var values []Value
		for _, a := range args {
			name, text, ok := strings.Cut(a, "=")
			if !ok {
				return "", fmt.Errorf("%s: %q is not PATH=VALUE", method, a)
			}
			name, typ, _ := strings.Cut(name, ":")
			values = append(values, Value{name, text, typ})
		}
		return SetParameterValues(opts["key"], values...), nil
	case "SetParameterAttributes":
		var attrs []Attribute
		for _, a := range args {
			name, level, ok := strings.Cut(a, "=")
			n, err := strconv.Atoi(level)
			if !ok || err != nil {
				return "", fmt.Errorf("%s: %q is not PATH=NUMBER", method, a)
			}
			attrs = append(attrs, Attribute{Name: name, Notification: &n})
		}
		return SetParameterAttributes(attrs...), nil
	case "AddObject":
		return AddObject(args[0], opts["key"]), nil
	case "DeleteObject":
		return DeleteObject(args[0], opts["key"]), nil
	case "Download", "Upload":
		ask := map[string]func(DownloadArgs) Call{"Download": Download, "Upload": Upload}[method]
		return ask(DownloadArgs{CommandKey: opts["key"], FileType: args[0], URL: args[1], Username: opts["user"], Password: opts["password"],
			FileSize: number(opts["size"]), TargetFileName: opts["name"], DelaySeconds: number(opts["delay"])}), nil
	case "ScheduleDownload":
		var windows []Window
		for _, a := range args[2:] {
			w := Window{MaxRetries: -1}
			var mode int
			if n, _ := fmt.Sscanf(a, "%d-%d:%d:%d", &w.Start, &w.End, &mode, &w.MaxRetries); n < 3 || mode < 1 || mode > 4 {
				return "", fmt.Errorf("%s: %q is not START-END:MODE[:MAXRETRIES]", method, a)
			}
			w.Mode = []string{"1 At Any Time", "2 Immediately", "3 When Idle", "4 Confirmation Needed"}[mode-1]
			windows = append(windows, w)
		}
		return ScheduleDownload(DownloadArgs{CommandKey: opts["key"], FileType: args[0], URL: args[1], Username: opts["user"],
			Password: opts["password"], FileSize: number(opts["size"]), TargetFileName: opts["name"]}, windows...), nil
	case "ScheduleInform":
		return ScheduleInform(number(args[0]), opts["key"]), nil
	case "Reboot":
		return Reboot(opts["key"]), nil
	case "FactoryReset":
		return FactoryReset(), nil
	}
	return "", fmt.Errorf("unknown method %q", method)
}

// forced are the parameters that every Inform carries, and that Describe leaves out therefore (2.2).
var forced = []string{
	"Device.RootDataModelVersion", "Device.DeviceInfo.HardwareVersion", "Device.DeviceInfo.SoftwareVersion", "Device.DeviceInfo.ProvisioningCode",
	"Device.ManagementServer.ParameterKey", "Device.ManagementServer.ConnectionRequestURL", "Device.ManagementServer.AliasBasedAddressing",
}

// Describe tells what a message says, in a line or more, without the SOAP.
func Describe(m Message) []string {
	switch m.Name {
	case "":
		return []string{"(empty POST: nothing more to say)"}
	case "Inform":
		lines := []string{fmt.Sprintf("Inform  %s  (RetryCount %s)", strings.Join(m.Events(), ", "), m.Text("RetryCount"))}
		for _, el := range m.all("ParameterValueStruct") {
			if name := childText(el, "Name"); !slices.Contains(forced, name) {
				lines = append(lines, fmt.Sprintf("  %s = %s", name, childText(el, "Value")))
			}
		}
		return lines
	case "Fault":
		lines := []string{}
		for _, el := range m.all("Fault") {
			if code := childText(el, "FaultCode"); code != "" {
				lines = append(lines, fmt.Sprintf("Fault %s %s", code, childText(el, "FaultString")))
			}
		}
		for _, el := range m.all("SetParameterValuesFault") {
			lines = append(lines, fmt.Sprintf("  %s: %s %s", childText(el, "ParameterName"), childText(el, "FaultCode"), childText(el, "FaultString")))
		}
		return lines
	}
	lines := []string{m.Name}
	for _, el := range m.all("ParameterValueStruct") {
		lines = append(lines, fmt.Sprintf("  %s = %s", childText(el, "Name"), childText(el, "Value")))
	}
	for _, el := range m.all("ParameterInfoStruct") {
		access := "r"
		if w := childText(el, "Writable"); w == "1" || w == "true" {
			access = "rw"
		}
		lines = append(lines, fmt.Sprintf("  %-2s %s", access, childText(el, "Name")))
	}
	for _, el := range m.all("ParameterAttributeStruct") {
		lines = append(lines, fmt.Sprintf("  %s  Notification=%s", childText(el, "Name"), childText(el, "Notification")))
	}
	for _, kind := range []string{"QueuedTransferStruct", "AllQueuedTransferStruct"} {
		for _, el := range m.all(kind) {
			line := ""
			for _, field := range el.ChildElements() {
				line += fmt.Sprintf("  %s=%s", field.Tag, field.Text())
			}
			lines = append(lines, line)
		}
	}
	if list := m.Element("MethodList"); list != nil {
		for _, el := range list.ChildElements() {
			lines = append(lines, "  "+el.Text())
		}
	}
	for _, name := range []string{"InstanceNumber", "Status", "CommandKey", "FaultCode", "FaultString"} {
		if el := m.body(name); el != nil && el.Text() != "" {
			lines[0] += fmt.Sprintf("  %s=%s", name, el.Text())
		}
	}
	return lines
}

// body finds a direct argument of the message, or one of its FaultStruct.
func (m Message) body(name string) *etree.Element {
	el := m.Element(m.Name)
	if el == nil {
		return nil
	}
	for _, parent := range append([]*etree.Element{el}, el.SelectElements("FaultStruct")...) {
		if child := parent.SelectElement(name); child != nil {
			return child
		}
	}
	return nil
}

// Added stands in a call for the InstanceNumber that the last AddObject was answered with.
const Added = "{added}"

// fill puts what is known by now into a call; the caller holds mu.
func (a *ACS) fill(call string) string {
	if !strings.Contains(call, Added) {
		return call
	}
	for i := len(a.messages) - 1; i >= 0; i-- {
		if m := a.messages[i]; m.Name == "AddObjectResponse" {
			return strings.ReplaceAll(call, Added, m.Text("InstanceNumber"))
		}
	}
	return call
}

// Fill is a call with what is known by now, for printing.
func (a *ACS) Fill(call string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fill(call)
}

// waitForCall waits as long as Patience says until a call is queued: a person, or a script that looks on, decides what to ask
// when the Inform has come.
func (a *ACS) waitForCall(x *Exchange) {
	for deadline := time.Now().Add(a.Patience); time.Now().Before(deadline) && x.r.Context().Err() == nil; time.Sleep(5 * time.Millisecond) {
		a.mu.Lock()
		n := len(a.calls)
		a.mu.Unlock()
		if n > 0 {
			return
		}
	}
}

// Settled waits until the CPE has closed the connections of its sessions.
func (a *ACS) Settled(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		a.check.mu.Lock()
		open := len(a.check.conns)
		a.check.mu.Unlock()
		if open == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the CPE keeps %d connections open: %w", open, ctx.Err())
		}
	}
}
