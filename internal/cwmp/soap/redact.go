package soap

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// plainText are the elements whose text is nobody's secret. Value is not one: its parameter decides.
const plainText = " ID HoldRequests SessionTimeout SupportedCWMPVersions UseCWMPVersion NoMoreRequests Manufacturer OUI ProductClass SerialNumber" +
	" EventCode CommandKey MaxEnvelopes CurrentTime RetryCount Name ParameterKey ParameterPath NextLevel Writable string Notification" +
	" NotificationChange AccessListChange Status ObjectName InstanceNumber DelaySeconds FileType FileSize TargetFileName URL SuccessURL" +
	" FailureURL AnnounceURL TransferURL StartTime CompleteTime IsDownload State WindowStart WindowEnd WindowMode UserMessage MaxRetries" +
	" FaultCode FaultString faultcode faultstring ParameterName UUID Version ExecutionEnvRef DeploymentUnitRef ExecutionUnitRefList" +
	" CurrentState Resolved OperationPerformed "

// Hidden stands for what Redact does not show.
const Hidden = "***"

// frame is an element that Redact is in.
type frame struct {
	name   string // as written
	local  string
	text   []byte
	leaf   bool
	secret bool     // it is in an element that nothing is shown of
	names  []string // the texts of its children called Name
	values int      // how many children it has that are called Value
	at     int      // where the text of the last of them belongs
	value  []byte
}

// Redact writes a message for people, without its secrets: not the message is copied but what is known to be harmless in it. Of
// parameters the value is shown if show says so for the name; of URLs neither user nor query; of other elements the text where the
// element is known to hold none. Comments, instructions and unknown attributes are left out, and so is all from the place on where
// the message is no XML. contentType is the header of the message.
func Redact(message []byte, contentType string, show func(path string) bool) []byte {
	text, err := toUTF8(message, contentType)
	if err == nil {
		err = countAttributes(text)
	}
	if err != nil {
		return []byte("(not XML, left out)\n")
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = asItIs
	var out []byte
	var stack []frame
	for {
		t, err := d.RawToken()
		if err != nil {
			if len(stack) > 0 || len(out) == 0 {
				out = append(out, "\n(no XML from here on, left out)"...)
			}
			return append(out, '\n')
		}
		switch t := t.(type) {
		case xml.StartElement:
			if len(stack) >= maxDepth || len(t.Name.Space)+len(t.Name.Local) > maxName {
				return append(out, "\n(too deep, left out)\n"...)
			}
			f := frame{name: written(t.Name), local: t.Name.Local, leaf: true}
			if len(stack) > 0 {
				above := &stack[len(stack)-1]
				above.leaf = false
				f.secret = above.secret || above.local == "Value" || above.local == "Password" || above.local == "Username"
			}
			out = startTag(out, len(stack), t)
			stack = append(stack, f)
		case xml.CharData:
			if len(stack) > 0 {
				f := &stack[len(stack)-1]
				f.text = append(f.text, t...)
			}
		case xml.EndElement:
			if len(stack) == 0 || stack[len(stack)-1].name != written(t.Name) {
				return append(out, "\n(no XML from here on, left out)\n"...)
			}
			f := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			var above *frame
			if len(stack) > 0 {
				above = &stack[len(stack)-1]
			}
			out = f.end(out, len(stack), above, show)
		}
	}
}

func written(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

func startTag(out []byte, depth int, t xml.StartElement) []byte {
	if len(out) > 0 {
		out = append(out, '\n')
	}
	out = append(out, strings.Repeat(" ", depth)...)
	out = append(append(out, '<'), written(t.Name)...)
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns", a.Name.Space == "" && a.Name.Local == "xmlns":
		case a.Name.Local == "type", a.Name.Local == "arrayType", a.Name.Local == "mustUnderstand":
		default:
			continue
		}
		out = append(append(append(out, ' '), written(a.Name)...), '=', '"')
		out = append(AppendEscaped(out, []byte(Truncate(a.Value, 100))), '"')
	}
	return append(out, '>')
}

// end writes the text and the end of an element. The value of a parameter goes where it belongs when its parent ends: only then all
// names are known.
func (f *frame) end(out []byte, depth int, above *frame, show func(string) bool) []byte {
	if f.values > 0 {
		text := []byte(Hidden)
		if len(f.value) == 0 || f.values == 1 && len(f.names) == 1 && show(f.names[0]) {
			text = AppendEscaped(nil, []byte(CleanURLs(string(f.value))))
		}
		out = append(out[:f.at], append(text, out[f.at:]...)...)
	}
	blank := len(bytes.TrimSpace(f.text)) == 0
	switch {
	case f.secret:
		if !blank {
			out = append(out, Hidden...)
		}
	case f.local == "Value" && above != nil:
		above.values++
		above.at, above.value = len(out), f.text
		if above.values > 1 && !blank {
			out = append(out, Hidden...)
		}
	case f.local == "Name" && above != nil:
		above.names = append(above.names, string(f.text))
		fallthrough
	case strings.Contains(plainText, " "+f.local+" "):
		if !blank {
			out = AppendEscaped(out, []byte(CleanURLs(string(f.text))))
		}
	case !blank:
		out = append(out, Hidden...)
	}
	if !f.leaf {
		out = append(append(out, '\n'), strings.Repeat(" ", depth)...)
	}
	return append(append(append(out, '<', '/'), f.name...), '>')
}

// CleanURLs takes user information and queries out of the URLs in a text, and all the rest where it is not sure.
func CleanURLs(text string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "://")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		out.WriteString("://")
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			out.WriteString(Hidden)
			if strings.ContainsAny(rest[:at], "/?# \t\r\n") {
				return out.String()
			}
			rest = rest[at:]
		}
		end := len(rest)
		if i := strings.IndexAny(rest, " \t\r\n\"'<>"); i >= 0 {
			end = i
		}
		url, _, query := strings.Cut(rest[:end], "?")
		text = rest[end:]
		out.WriteString(url)
		if query {
			out.WriteString("?" + Hidden)
		}
	}
}
