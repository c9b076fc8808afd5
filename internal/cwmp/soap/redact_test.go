package soap

import (
	"bytes"
	"strings"
	"testing"
)

const secret = "s3cr3t"

// visible are the parameters of these tests whose value may be shown.
func visible(path string) bool {
	return strings.HasPrefix(path, "Device.") && !strings.Contains(path, "Password")
}

func setting(values string) string {
	return message("", `<c:SetParameterValues xmlns:c="urn:dslforum-org:cwmp-1-0"><ParameterList>`+values+`</ParameterList><ParameterKey>k1</ParameterKey></c:SetParameterValues>`)
}

func value(name, value string) string {
	return `<ParameterValueStruct><Name>` + name + `</Name><Value>` + value + `</Value></ParameterValueStruct>`
}

// No form of an envelope brings a secret into a trace, and what is none is there.
func TestRedact(t *testing.T) {
	const url, pass = "Device.ManagementServer.URL", "Device.ManagementServer.Password"
	for _, tt := range []struct{ name, message, want string }{
		{"a parameter that is hidden", setting(value(url, "http://acs/") + value(pass, secret)), "http://acs/"},
		{"not in the data model", setting(value("X.Y", secret)), "<Name>X.Y</Name>"},
		{"the value before the name", setting(`<ParameterValueStruct><Value>` + secret + `</Value><Name>` + pass + `</Name></ParameterValueStruct>`), pass},
		{"no name", setting(`<ParameterValueStruct><Value>` + secret + `</Value></ParameterValueStruct>`), "k1"},
		{"two names", setting(`<ParameterValueStruct><Name>` + url + `</Name><Name>` + pass + `</Name><Value>` + secret + `</Value></ParameterValueStruct>`), url},
		{"two values", setting(`<ParameterValueStruct><Name>` + url + `</Name><Value>` + secret + `</Value><Value>` + secret + `</Value></ParameterValueStruct>`), url},
		{"two values, one blank", setting(`<ParameterValueStruct><Name>` + pass + `</Name><Value>` + secret + `</Value><Value> </Value></ParameterValueStruct>`), pass},
		{"the name in pieces", setting(`<ParameterValueStruct><Name>Device.ManagementServer.<!-- x -->Pass<![CDATA[word]]></Name><Value>` + secret + `</Value></ParameterValueStruct>`), pass},
		{"the name escaped", setting(value("Device.ManagementServer.&#80;assword", secret)), pass},
		{"the value in pieces", setting(value(pass, secret[:3]+"<!-- -->"+secret[3:]+"<![CDATA["+secret+"]]>")), pass},
		{"elements in the value", setting(value(url, "<Name>"+secret+"</Name><URL>"+secret+"</URL>")), url},
		{"elements in the value of a hidden one", setting(value(pass, "<a><b>"+secret+"</b></a>")), pass},
		{"any prefix", setting(`<z:PVS xmlns:z="urn:z"><z:Name>` + pass + `</z:Name><z:Value>` + secret + `</z:Value></z:PVS>`), pass},
		{"a default namespace", `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><SetParameterValues xmlns="urn:dslforum-org:cwmp-1-0"><ParameterList>` + value(pass, secret) + `</ParameterList></SetParameterValues></Body></Envelope>`, pass},
		{"a Download", message("", `<c:Download xmlns:c="urn:dslforum-org:cwmp-1-0"><CommandKey>c1</CommandKey><URL>http://u:`+secret+`@h/x?t=`+secret+`</URL><Username>`+secret+`</Username><Password>`+secret+`</Password><SuccessURL>http://h/?`+secret+`</SuccessURL></c:Download>`), "http://***@h/x?***"},
		{"elements in a password", message("", `<c:Upload xmlns:c="urn:dslforum-org:cwmp-1-0"><Password><URL>`+secret+`</URL></Password></c:Upload>`), "<Password>"},
		{"an element that nobody knows", message("", `<Vendor><Token>`+secret+`</Token></Vendor>`), "<Token>***</Token>"},
		{"text between elements", setting(secret + value(url, "x") + secret), "x"},
		{"a comment", setting("<!-- " + secret + " -->" + value(url, "x")), "x"},
		{"an instruction", "<?pi " + secret + "?>" + setting(value(url, "x")), "x"},
		{"a declaration", "<!DOCTYPE " + secret + ">" + setting(value(url, "x")), "x"},
		{"an attribute that nobody knows", strings.Replace(setting(value(pass, "x")), "<Value>", `<Value password="`+secret+`">`, 1), pass},
		{"not XML", secret, "left out"},
		{"XML up to a point", setting(value(url, "http://first/")) + "<" + secret, "http://first/"},
		{"broken off in the value", strings.SplitAfter(setting(value(url, "http://first/")+value(pass, secret)), secret)[0], "http://first/"},
		{"closed by another element", strings.Replace(setting(value(pass, secret)), "</Value>", "</Name>", 1), pass},
		{"an entity of its own", setting(value(url, "&"+secret+";")), url},
		{"too deep", strings.Repeat("<a>", 100) + secret, "too deep"},
		{"too many attributes", "<a " + strings.Repeat(secret+"='' ", 100) + "/>", "left out"},
		{"UTF-16", "\xff\xfe" + strings.Join(strings.Split(secret, ""), "\x00"), "left out"},
		{"a byte order mark", "\xef\xbb\xbf" + setting(value(pass, secret)), pass},
		{"Latin-1", `<?xml version="1.0" encoding="ISO-8859-1"?>` + setting(value(url, "Caf\xe9")+value(pass, secret+"\xe9")), "Café"},
		{"bytes that are no text", setting(value(pass, secret+"\x01\xff")), "left out"},
	} {
		got := string(Redact([]byte(tt.message), "", visible))
		if strings.Contains(strings.ReplaceAll(got, "\x00", ""), secret) || !strings.Contains(got, tt.want) {
			t.Errorf("%s: want %q and no secret in\n%s", tt.name, tt.want, got)
		}
	}
}

func TestCleanURLs(t *testing.T) {
	for text, want := range map[string]string{
		"plain a@b text":                       "plain a@b text",
		"http://host:1/p":                      "http://host:1/p",
		"http://user:s3cr3t@host/p":            "http://***@host/p",
		"http://user:s3cr3t@x@host/p?q=s3cr3t": "http://***@host/p?***",
		"http://u:s3/cr3t@host/":               "http://***",
		"http://u:s3 cr3t@host/":               "http://***",
		"http://host/?mail=a@b&t=s3cr3t":       "http://***",
		"see http://host/?s3cr3t and <ftp://u@h>, 'https://h?s3cr3t'": "see http://***",
		"http://a/?s3cr3t, https://b/?s3cr3t":                         "http://a/?*** https://b/?***",
	} {
		if got := CleanURLs(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add([]byte(setting(value("Device.X", "v"))), "")
	f.Fuzz(func(t *testing.T, head []byte, contentType string) {
		// Wherever and after whatever it stands, a password is not told.
		for _, tail := range []string{"<Password>" + secret + "</Password>", value("Device.A.Password", secret)} {
			if bytes.Contains(head, []byte(secret)) {
				return
			}
			if got := Redact(append(bytes.Clone(head), tail...), contentType, func(path string) bool { return path == "Device.X" }); bytes.Contains(got, []byte(secret)) {
				t.Errorf("%q: %s", head, got)
			}
		}
	})
}
