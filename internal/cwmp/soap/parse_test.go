package soap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// message wraps a body as a common ACS does.
func message(header, body string) string {
	return `<soap-env:Envelope xmlns:soap-env="` + NSEnvelope + `" xmlns:soap-enc="` + NSEncoding + `" xmlns:xsd="` + NSSchema +
		`" xmlns:xsi="` + NSInstance + `" xmlns:cwmp="` + NS12 + `"><soap-env:Header>` + header + `</soap-env:Header><soap-env:Body>` +
		body + `</soap-env:Body></soap-env:Envelope>`
}

const gpv = `<cwmp:GetParameterValues><ParameterNames soap-enc:arrayType="xsd:string[1]"><string>Device.</string></ParameterNames></cwmp:GetParameterValues>`

func parse(t *testing.T, doc string) *Envelope {
	t.Helper()
	env, err := Parse([]byte(doc), "")
	if err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return env
}

func TestParseRequest(t *testing.T) {
	env := parse(t, message(`<cwmp:ID soap-env:mustUnderstand="1"> ü&#10;1 </cwmp:ID><cwmp:HoldRequests soap-env:mustUnderstand="1">true</cwmp:HoldRequests>`, gpv))
	if env.Kind != Request || env.Method != "GetParameterValues" || env.ID != " ü\n1 " || !env.HasID || !env.HoldRequests || env.Namespace != NS12 {
		t.Errorf("got %+v", env)
	}
	args := env.Args()
	if got := args.Strings("ParameterNames", 256); !slices.Equal(got, []string{"Device."}) || args.Err() != nil {
		t.Errorf("got %q, %v", got, args.Err())
	}
}

// prefixes are free, the default namespace may be used, declarations may stand on inner elements.
func TestParsePrefixStyles(t *testing.T) {
	docs := []string{
		message("", gpv),
		`<S:Envelope xmlns:S="` + NSEnvelope + `"><S:Body><m:GetParameterValues xmlns:m="` + NS10 + `"><ParameterNames><string>Device.</string></ParameterNames></m:GetParameterValues></S:Body></S:Envelope>`,
		`<Envelope xmlns="` + NSEnvelope + `"><Body><GetParameterValues xmlns="` + NS10 + `"><ParameterNames xmlns=""><string>Device.</string></ParameterNames></GetParameterValues></Body></Envelope>`,
		`<e:Envelope xmlns:e="` + NSEnvelope + `" xmlns:c="` + NS11 + `"><e:Body><c:GetParameterValues><c:ParameterNames><c:string>Device.</c:string></c:ParameterNames></c:GetParameterValues></e:Body></e:Envelope>`,
		`<e:Envelope xmlns:e="` + NSEnvelope + `"><e:Body><GetParameterValues xmlns="urn:dslforum-org:cwmp-1-4"><ParameterNames><string>Device.</string></ParameterNames></GetParameterValues></e:Body></e:Envelope>`,
	}
	for i, doc := range docs {
		env := parse(t, doc)
		args := env.Args()
		if got := args.Strings("ParameterNames", 256); env.Method != "GetParameterValues" || env.Namespace == "" || !slices.Equal(got, []string{"Device."}) {
			t.Errorf("style %d: %+v, %q, %v", i, env, got, args.Err())
		}
	}
}

// encodingStyle and attributes that nobody knows are passed over, wherever they stand.
func TestParseOddAttributes(t *testing.T) {
	odd := ` soap-env:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" soap-env:actor="urn:x" xml:lang="de" x:y="z" id="1" xmlns:x="urn:x"`
	doc := message(`<cwmp:ID soap-env:mustUnderstand="1">7</cwmp:ID>`, gpv)
	for _, tag := range []string{"<soap-env:Envelope", "<soap-env:Header", "<soap-env:Body", "<cwmp:ID", "<cwmp:GetParameterValues", "<ParameterNames", "<string"} {
		env := parse(t, strings.Replace(doc, tag, tag+odd, 1))
		args := env.Args()
		if got := args.Strings("ParameterNames", 256); env.Method != "GetParameterValues" || env.ID != "7" || !slices.Equal(got, []string{"Device."}) {
			t.Errorf("%s: %+v, %q, %v", tag, env, got, args.Err())
		}
	}
}

func TestParseKinds(t *testing.T) {
	fault := func(inner string) string {
		return `<soap-env:Fault><faultcode>Server</faultcode><faultstring>CWMP fault</faultstring>` + inner + `</soap-env:Fault>`
	}
	env := parse(t, message("", fault(`<detail><cwmp:Fault><FaultCode> 8005 </FaultCode><FaultString>later</FaultString></cwmp:Fault></detail>`)))
	if env.Kind != FaultBody || env.Fault.Code != 8005 || env.Fault.Message != "later" {
		t.Errorf("got %+v", env)
	}
	env = parse(t, message("", `<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>`))
	if env.Kind != Response || env.Method != "Inform" {
		t.Errorf("got %+v", env)
	}
	env = parse(t, message("", `<x:GetParameterValues xmlns:x="urn:example"/>`))
	if env.Kind != Request || env.Namespace != "" {
		t.Errorf("T-043: got %+v", env)
	}
	for _, detail := range []string{"", "<detail/>", "<detail><cwmp:Fault/></detail>", "<detail><cwmp:Fault><FaultCode>x</FaultCode></cwmp:Fault></detail>"} {
		if _, err := Parse([]byte(message("", fault(detail))), ""); !errors.Is(err, ErrFault) {
			t.Errorf("T-124: %q gives %v", detail, err)
		}
	}
}

func TestT035_MustUnderstand(t *testing.T) {
	tests := []struct{ header, want string }{
		{`<x:Foo xmlns:x="urn:x" mustUnderstand="1"/>`, "Foo"},
		{`<x:Foo xmlns:x="urn:x" soap-env:mustUnderstand="true"/>`, "Foo"},
		{`<cwmp:Foo soap-env:mustUnderstand="1"/>`, "Foo"},
		{`<x:ID xmlns:x="urn:x" soap-env:mustUnderstand="1"/>`, "ID"},
		{`<x:Foo xmlns:x="urn:x" soap-env:mustUnderstand="0"/>`, ""},
		{`<x:Foo xmlns:x="urn:x"/>`, ""},
		{`<x:Foo xmlns:x="urn:x" soap-env:mustUnderstand="1" soap-env:actor="urn:somebody"/>`, ""},
		{`<x:Foo xmlns:x="urn:x" soap-env:mustUnderstand="1" soap-env:actor="` + actorNext + `"/>`, "Foo"},
		{`<cwmp:NoMoreRequests soap-env:mustUnderstand="1">1</cwmp:NoMoreRequests>`, ""}, // T-037
		{`<cwmp:ID soap-env:mustUnderstand="1">1</cwmp:ID>`, ""},
	}
	for _, tt := range tests {
		if got := parse(t, message(tt.header, gpv)).MustUnderstand; got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.header, got, tt.want)
		}
	}
}

// The hostile list of XML and SOAP: each is refused with the right error.
func TestParseRefuses(t *testing.T) {
	env := `<e:Envelope xmlns:e="` + NSEnvelope + `">`
	many := func(n int, s string) string { return strings.Repeat(s, n) }
	var attrs strings.Builder
	for i := range maxAttrs + 1 {
		fmt.Fprintf(&attrs, ` a%d=""`, i)
	}
	tests := []struct {
		name, doc string
		want      error
	}{
		{"nothing", "", ErrNotWellFormed},
		{"T-044 an unclosed tag", env + `<e:Body>`, ErrNotWellFormed},
		{"wrong nesting", env + `<e:Body></e:Envelope></e:Body>`, ErrNotWellFormed},
		{"Z-14 DOCTYPE", `<!DOCTYPE x>` + message("", gpv), ErrNotWellFormed},
		{"Z-14 billion laughs", `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>` + message("", gpv), ErrNotWellFormed},
		{"Z-14 unknown entity", message("", strings.Replace(gpv, "Device.", "&b;", 1)), ErrNotWellFormed},
		{"two roots", message("", gpv) + message("", gpv), ErrNotWellFormed},
		{"trailing junk", message("", gpv) + "x", ErrNotWellFormed},
		{"leading junk", "x" + message("", gpv), ErrNotWellFormed},
		{"Z-17 duplicate attribute", `<e:Envelope xmlns:e="` + NSEnvelope + `" a="1" a="2"><e:Body/></e:Envelope>`, ErrNotWellFormed},
		{"Z-17 duplicate by namespace", `<e:Envelope xmlns:e="` + NSEnvelope + `" xmlns:f="` + NSEnvelope + `" e:a="1" f:a="2"><e:Body/></e:Envelope>`, ErrNotWellFormed},
		{"Z-17 unbound prefix", message("", `<nope:Foo/>`), ErrNotWellFormed},
		{"Z-17 prefix out of scope", message(`<x:A xmlns:x="urn:x"/>`, `<x:Foo/>`), ErrNotWellFormed},
		{"Z-17 xmlns:xml rebound", message("", `<cwmp:Foo xmlns:xml="urn:x"/>`), ErrNotWellFormed},
		{"Z-17 xmlns:xmlns", message("", `<cwmp:Foo xmlns:xmlns="urn:x"/>`), ErrNotWellFormed},
		{"Z-17 prefix bound to nothing", message("", `<cwmp:Foo xmlns:x=""/>`), ErrNotWellFormed},
		{"two colons", message("", `<cwmp:a:b/>`), ErrNotWellFormed},
		{"too deep", message("", many(70, "<a>")+many(70, "</a>")), ErrNotWellFormed},
		{"Z-16 too many elements", message("", "<a>"+many(maxElements, "<b/>")+"</a>"), ErrNotWellFormed},
		{"Z-16 too many attributes", message("", "<a"+attrs.String()+"/>"), ErrNotWellFormed},
		{"Z-16 a tag of attributes", message("", "<a"+many(MaxBytes/6-500, ` a=""`)+"/>"), ErrNotWellFormed},
		{"Z-16 an endless tag", message("", many(MaxBytes/2-500, "<a")), ErrNotWellFormed},
		{"an open comment", message("", "<!-- "), ErrNotWellFormed},
		{"a long name", message("", "<"+many(maxName+1, "a")+"/>"), ErrNotWellFormed},
		{"T-032 too large", message("", "<a>"+many(MaxBytes, "x")+"</a>"), ErrTooLarge},
		{"UTF-16", "\xff\xfe<\x00a\x00/\x00>\x00", ErrNotWellFormed},
		{"bad UTF-8", message("", "<a>\xff</a>"), ErrNotWellFormed},
		{"unknown encoding", `<?xml version="1.0" encoding="koi8-r"?>` + message("", gpv), ErrNotWellFormed},
		{"control character", message("", "<a>\x07</a>"), ErrNotWellFormed},
		{"late XML declaration", message("", `<?xml version="1.0"?>`+gpv), ErrNotWellFormed},
		{"another root", `<html/>`, ErrEnvelope},
		{"SOAP 1.2", `<e:Envelope xmlns:e="` + nsEnvelope12 + `"><e:Body/></e:Envelope>`, ErrVersionMismatch},
		{"T-041 no Body", env + `</e:Envelope>`, ErrEnvelope},
		{"T-041 empty Body", env + `<e:Body/></e:Envelope>`, ErrEnvelope},
		{"T-040 two requests", message("", gpv+gpv), ErrEnvelope},
		{"Z-20 two Bodies", env + `<e:Body><a/></e:Body><e:Body><a/></e:Body></e:Envelope>`, ErrEnvelope},
		{"Z-20 Header after Body", env + `<e:Body><a/></e:Body><e:Header/></e:Envelope>`, ErrEnvelope},
		{"Z-20 two IDs", message(`<cwmp:ID>1</cwmp:ID><cwmp:ID>2</cwmp:ID>`, gpv), ErrEnvelope},
		{"HoldRequests maybe", message(`<cwmp:HoldRequests>maybe</cwmp:HoldRequests>`, gpv), ErrEnvelope},
		{"GenieACS' fault", message("", `<soap-env:Body:Fault><faultcode>Server</faultcode></soap-env:Body:Fault>`), ErrFaultElement},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse([]byte(tt.doc), ""); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// the encoding comes from the mark, the Content-Type or the declaration, in this order.
func TestParseEncodings(t *testing.T) {
	body := func(value string) string { return strings.Replace(gpv, "Device.", value, 1) }
	latin := message("", body("Caf\xe9"))
	tests := []struct{ name, doc, contentType string }{
		{"UTF-8", message("", body("Café")), "text/xml"},
		{"byte order mark", "\xEF\xBB\xBF" + message("", body("Café")), "Text/XML; charset=iso-8859-1"},
		{"declared UTF-8", `<?xml version="1.0" encoding='UTF-8' ?>` + message("", body("Café")), ""},
		{"declared Latin-1", `<?xml version="1.0" encoding="ISO-8859-1"?>` + latin, ""},
		{"Latin-1 by Content-Type", latin, `text/xml; charset="iso-8859-1"`},
		{"Content-Type wins", `<?xml version="1.0" encoding="ISO-8859-1"?>` + message("", body("Café")), "text/xml;charset=utf-8"},
		{"character references", `<?xml version="1.0" encoding="us-ascii"?>` + message("", body("Caf&#233;")), ""},
		{"a Content-Type nobody can read", message("", body("Café")), "text/xml; ;;charset"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env, err := Parse([]byte(tt.doc), tt.contentType)
			if err != nil {
				t.Fatal(err)
			}
			if got := env.Args().Strings("ParameterNames", 256); !slices.Equal(got, []string{"Café"}) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestT031_LargeEnvelopes(t *testing.T) {
	const end = "</ParameterNames>"
	for _, size := range []int{32768, 32769, MaxBytes} {
		doc := strings.Replace(message("", gpv), end, strings.Repeat("<string>Device.WiFi.</string>", 1000)+end, 1)
		doc = strings.Replace(doc, end, strings.Repeat(" ", size-len(doc))+end, 1)
		env, err := Parse([]byte(doc), "")
		if err != nil || len(doc) != size {
			t.Fatalf("%d of %d bytes: %v", len(doc), size, err)
		}
		if got := env.Args().Strings("ParameterNames", 256); len(got) != 1001 {
			t.Errorf("%d bytes: %d names", size, len(got))
		}
	}
	long := message("", strings.Replace(gpv, "Device.", strings.Repeat("x", 1<<20), 1))
	if _, err := Parse([]byte(long), ""); err != nil {
		t.Errorf("1 MiB in one name: %v", err)
	}
}

func TestT038_ArrayCountsAreNotBelieved(t *testing.T) {
	for _, attr := range []string{` soap-enc:arrayType="xsd:string[9]"`, "", ` soap-enc:arrayType="xsd:string[0]"`, ` soap-enc:arrayType="nope"`} {
		env := parse(t, message("", `<cwmp:GetParameterValues><ParameterNames`+attr+`><string>a</string><string>b</string></ParameterNames></cwmp:GetParameterValues>`))
		if got := env.Args().Strings("ParameterNames", 256); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("%s: got %q", attr, got)
		}
	}
}

func spv(value string) string {
	return message("", `<cwmp:SetParameterValues><ParameterList>`+value+`</ParameterList><ParameterKey>k</ParameterKey></cwmp:SetParameterValues>`)
}

// X-12, Z-19: white space is kept; CDATA, references, comments and processing instructions inside a value join.
func TestT046_ValuesAreKeptExactly(t *testing.T) {
	tests := []struct{ in, want string }{
		{"  a\n b ", "  a\n b "},
		{"<![CDATA[<a> & ]]>b", "<a> & b"},
		{"&#10;&#13;&#x41;&lt;", "\n\rA<"},
		{"a\r\nb\rc", "a\nb\nc"},
		{"a<!-- c -->b<?pi?>c", "abc"},
		{"<![CDATA[" + strings.Repeat(`<a b="c">`, 100) + "]]>" + strings.Repeat(`"`, 200), strings.Repeat(`<a b="c">`, 100) + strings.Repeat(`"`, 200)},
		{"", ""},
	}
	for _, tt := range tests {
		env := parse(t, spv(`<ParameterValueStruct><Name>N</Name><Value xsi:type="xsd:string">`+tt.in+`</Value></ParameterValueStruct>`))
		args := env.Args()
		got := args.Values("ParameterList")
		if args.Err() != nil || len(got) != 1 || got[0].Text != tt.want {
			t.Errorf("%q: got %+v, %v", tt.in, got, args.Err())
		}
	}
}

func TestT049_TypeIsResolvedByNamespace(t *testing.T) {
	tests := []struct{ attrs, want string }{
		{`xsi:type="xsd:string"`, "string"},
		{`xmlns:s="` + NSSchema + `" xsi:type="s:boolean"`, "boolean"},
		{`xmlns:i="` + NSInstance + `" i:type=" xsd:int "`, "int"},
		{`xmlns="` + NSSchema + `" xsi:type="dateTime"`, "dateTime"},
		{`xsi:type="soap-enc:base64"`, "base64"},
		{`xmlns:xsd="urn:other" xsi:type="xsd:string"`, "?"},
		{`xsi:type="nope:string"`, "?"},
		{`type="xsd:string"`, ""},
		{``, ""},
	}
	for _, tt := range tests {
		env := parse(t, spv(`<ParameterValueStruct><Name>N</Name><Value `+tt.attrs+`>x</Value></ParameterValueStruct>`))
		args := env.Args()
		got := args.Values("ParameterList")
		if args.Err() != nil || len(got) != 1 || got[0].Type != tt.want {
			t.Errorf("%s: got %+v, %v, want %q", tt.attrs, got, args.Err(), tt.want)
		}
	}
}

// what is missing, doubled, too long or unreadable is an *ArgError; what is extra is not (T-281).
func TestArgs(t *testing.T) {
	read := func(a *Args) {
		a.String("S", 4)
		a.Bool("B")
		a.Uint("U")
		a.Int("I", 0, 6)
	}
	const good = `<S>abcd</S><B> true </B><U>4294967295</U><I> +5 </I>`
	tests := []struct{ name, args, wrong string }{
		{"good", good, ""},
		{"any order, extra arguments", `<Extra/><I>6</I><U>0</U><B>0</B><S/>`, ""},
		{"string missing", `<B>1</B><U>1</U><I>1</I>`, "S"},
		{"string twice", `<S/>` + good, "S"},
		{"string too long", strings.Replace(good, "abcd", "abcde", 1), "S"},
		{"length counts characters", strings.Replace(good, "abcd", "ä&amp;öü", 1), ""},
		{"string with children", strings.Replace(good, "abcd", "<a/>", 1), "S"},
		{"boolean", strings.Replace(good, "true", "yes", 1), "B"},
		{"empty boolean", strings.Replace(good, "true", "", 1), "B"},
		{"number too large", strings.Replace(good, "4294967295", "4294967296", 1), "U"},
		{"negative number", strings.Replace(good, "4294967295", "-1", 1), "U"},
		{"hexadecimal", strings.Replace(good, "4294967295", "0x10", 1), "U"},
		{"Z-28 Arabic digits", strings.Replace(good, "4294967295", "٣", 1), "U"},
		{"out of range", strings.Replace(good, "+5", "7", 1), "I"},
		{"two signs", strings.Replace(good, "+5", "+-5", 1), "I"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := parse(t, message("", `<cwmp:M>`+tt.args+`</cwmp:M>`)).Args()
			read(args)
			var wrong string
			var ae *ArgError
			if errors.As(args.Err(), &ae) {
				wrong = ae.Arg
			}
			if wrong != tt.wrong {
				t.Errorf("got %v, want a complaint about %q", args.Err(), tt.wrong)
			}
		})
	}
}

func TestStructErrorsReachArgs(t *testing.T) {
	args := parse(t, spv(`<ParameterValueStruct><Name>N</Name></ParameterValueStruct>`)).Args()
	args.Values("ParameterList")
	if args.Err() == nil {
		t.Error("a struct without Value is fine")
	}
	args = parse(t, spv(`<Wrong/>`)).Args()
	args.Values("ParameterList")
	if args.Err() == nil {
		t.Error("a wrong member is fine")
	}
}

// FuzzParse: no input crashes or hangs Parse, and whatever it takes can be asked for its arguments.
func FuzzParse(f *testing.F) {
	f.Add([]byte(message(`<cwmp:ID soap-env:mustUnderstand="1">1</cwmp:ID>`, gpv)), "text/xml")
	f.Add([]byte(spv(`<ParameterValueStruct><Name>N</Name><Value xsi:type="xsd:string"><![CDATA[x]]></Value></ParameterValueStruct>`)), "")
	f.Add([]byte(message("", `<soap-env:Fault><detail><cwmp:Fault><FaultCode>8005</FaultCode></cwmp:Fault></detail></soap-env:Fault>`)), "text/xml; charset=iso-8859-1")
	f.Add([]byte("<a xmlns:b=''><b:c d='&#0;'/></a>"), "")
	f.Fuzz(func(t *testing.T, doc []byte, contentType string) {
		if text, err := toUTF8(doc, contentType); err == nil {
			sameAsEtree(t, text)
		}
		env, err := Parse(doc, contentType)
		if err != nil {
			return
		}
		if env.message == nil || (env.Kind != FaultBody && env.Method == "") {
			t.Fatalf("an envelope without a message: %+v", env)
		}
		a := env.Args()
		a.Strings("ParameterNames", 256)
		a.Values("ParameterList")
		a.Bool("NextLevel")
		a.Uint("DelaySeconds")
		_ = a.Err()
	})
}
