package cwmptest

import (
	"fmt"
	"strings"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// A Call is the body of a request that the ACS makes: the element in the CWMP namespace, with the prefix cwmp.
type Call string

func text(s string) string { return string(soap.AppendEscaped(nil, []byte(s))) }

func element(name string, value any) string {
	return fmt.Sprintf("<%s>%s</%s>", name, text(fmt.Sprint(value)), name)
}

func strs(name string, list []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<%s soap-enc:arrayType="xsd:string[%d]">`, name, len(list))
	for _, s := range list {
		b.WriteString(element("string", s))
	}
	return b.String() + "</" + name + ">"
}

func call(method string, args ...string) Call {
	return Call("<cwmp:" + method + ">" + strings.Join(args, "") + "</cwmp:" + method + ">")
}

// GetRPCMethods asks what the CPE can do.
func GetRPCMethods() Call { return call("GetRPCMethods") }

// GetParameterNames asks for names.
func GetParameterNames(path string, nextLevel bool) Call {
	return call("GetParameterNames", element("ParameterPath", path), element("NextLevel", nextLevel))
}

// GetParameterValues asks for values.
func GetParameterValues(names ...string) Call {
	return call("GetParameterValues", strs("ParameterNames", names))
}

// GetParameterAttributes asks for attributes.
func GetParameterAttributes(names ...string) Call {
	return call("GetParameterAttributes", strs("ParameterNames", names))
}

// SetParameterValues sets values.
func SetParameterValues(key string, values ...Value) Call {
	var b strings.Builder
	for _, v := range values {
		attr := ""
		if v.Type != "" {
			attr = ` xsi:type="xsd:` + v.Type + `"`
		}
		fmt.Fprintf(&b, "<ParameterValueStruct>%s<Value%s>%s</Value></ParameterValueStruct>", element("Name", v.Name), attr, text(v.Text))
	}
	return call("SetParameterValues", fmt.Sprintf(`<ParameterList soap-enc:arrayType="cwmp:ParameterValueStruct[%d]">%s</ParameterList>`, len(values), b.String()), element("ParameterKey", key))
}

// A Value is one parameter of SetParameterValues; without a Type there is no xsi:type.
type Value struct{ Name, Text, Type string }

// An Attribute is one entry of SetParameterAttributes; a nil field is not to be changed.
type Attribute struct {
	Name         string
	Notification *int
	AccessList   *[]string
}

// SetParameterAttributes sets attributes.
func SetParameterAttributes(attrs ...Attribute) Call {
	var b strings.Builder
	for _, a := range attrs {
		n, list := 0, []string(nil)
		if a.Notification != nil {
			n = *a.Notification
		}
		if a.AccessList != nil {
			list = *a.AccessList
		}
		b.WriteString("<SetParameterAttributesStruct>" + element("Name", a.Name) + element("NotificationChange", a.Notification != nil) +
			element("Notification", n) + element("AccessListChange", a.AccessList != nil) + strs("AccessList", list) + "</SetParameterAttributesStruct>")
	}
	return call("SetParameterAttributes", fmt.Sprintf(`<ParameterList soap-enc:arrayType="cwmp:SetParameterAttributesStruct[%d]">%s</ParameterList>`, len(attrs), b.String()))
}

// AddObject makes an instance.
func AddObject(object, key string) Call {
	return call("AddObject", element("ObjectName", object), element("ParameterKey", key))
}

// DeleteObject removes an instance.
func DeleteObject(object, key string) Call {
	return call("DeleteObject", element("ObjectName", object), element("ParameterKey", key))
}

// Download asks the CPE to fetch a file.
func Download(d DownloadArgs) Call {
	return call("Download", element("CommandKey", d.CommandKey), element("FileType", d.FileType), element("URL", d.URL),
		element("Username", d.Username), element("Password", d.Password), element("FileSize", d.FileSize),
		element("TargetFileName", d.TargetFileName), element("DelaySeconds", d.DelaySeconds), element("SuccessURL", ""), element("FailureURL", ""))
}

// DownloadArgs are the arguments of Download.
type DownloadArgs struct {
	CommandKey, FileType, URL, Username, Password string
	FileSize                                      int
	TargetFileName                                string
	DelaySeconds                                  int
}

// A Window is one TimeWindowStruct; times are seconds.
type Window struct {
	Start, End int
	Mode       string
	MaxRetries int
}

// ScheduleDownload asks the CPE to fetch a file within time windows; DelaySeconds is not among its arguments.
func ScheduleDownload(d DownloadArgs, windows ...Window) Call {
	var b strings.Builder
	for _, w := range windows {
		b.WriteString("<TimeWindowStruct>" + element("WindowStart", w.Start) + element("WindowEnd", w.End) + element("WindowMode", w.Mode) +
			element("UserMessage", "") + element("MaxRetries", w.MaxRetries) + "</TimeWindowStruct>")
	}
	return call("ScheduleDownload", element("CommandKey", d.CommandKey), element("FileType", d.FileType), element("URL", d.URL),
		element("Username", d.Username), element("Password", d.Password), element("FileSize", d.FileSize), element("TargetFileName", d.TargetFileName),
		fmt.Sprintf(`<TimeWindowList soap-enc:arrayType="cwmp:TimeWindowStruct[%d]">%s</TimeWindowList>`, len(windows), b.String()))
}

// ChangeDUState asks for operations on deployment units, which are given as XML.
func ChangeDUState(key string, operations ...string) Call {
	return call("ChangeDUState", strings.Join(operations, ""), element("CommandKey", key))
}

// Operation is one of ChangeDUState: Install, Update or Uninstall, with names and values of its arguments.
func Operation(kind string, args ...string) string {
	b := `<Operations xsi:type="cwmp:` + kind + `OpStruct">`
	for i := 0; i+1 < len(args); i += 2 {
		b += element(args[i], args[i+1])
	}
	return b + "</Operations>"
}

// Upload asks the CPE to send a file; FileSize and TargetFileName are not among its arguments.
func Upload(d DownloadArgs) Call {
	return call("Upload", element("CommandKey", d.CommandKey), element("FileType", d.FileType), element("URL", d.URL),
		element("Username", d.Username), element("Password", d.Password), element("DelaySeconds", d.DelaySeconds))
}

// GetQueuedTransfers asks what is in the queue.
func GetQueuedTransfers() Call { return call("GetQueuedTransfers") }

// GetAllQueuedTransfers asks the same, and hears more.
func GetAllQueuedTransfers() Call { return call("GetAllQueuedTransfers") }

// CancelTransfer takes transfers out of the queue.
func CancelTransfer(key string) Call { return call("CancelTransfer", element("CommandKey", key)) }

// Reboot asks for a reboot.
func Reboot(key string) Call { return call("Reboot", element("CommandKey", key)) }

// FactoryReset asks for a factory reset.
func FactoryReset() Call { return call("FactoryReset") }

// ScheduleInform asks for an Inform later.
func ScheduleInform(seconds int, key string) Call {
	return call("ScheduleInform", element("DelaySeconds", seconds), element("CommandKey", key))
}
