package soap

import (
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"
)

//
func TestEscape(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain text stays", "HomeNet 5 GHz\ttab\nline", "HomeNet 5 GHz\ttab\nline"},
		{"markup", `a<b>&"c"'`, "a&lt;b&gt;&amp;&quot;c&quot;'"},
		{"T-047 a control character is replaced", "SSID\x07", "SSID\uFFFD"},
		{"NUL and DEL", "\x00\x7f", "\uFFFD\x7f"},
		{"carriage return survives a parser", "a\r\nb", "a&#13;\nb"},
		{"noncharacters", "\uFFFE\uFFFF\uFFFD", "\uFFFD\uFFFD\uFFFD"},
		{"surrogate in UTF-8", "\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},
		{"broken UTF-8 in the middle", "é\xffü", "é\uFFFDü"},
		{"cut UTF-8 at the end", "é\xe2\x82", "é\uFFFD\uFFFD"},
		{"four bytes", "😀", "😀"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(AppendEscaped(nil, []byte(tt.in))); got != tt.want {
				t.Errorf("AppendEscaped(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// FuzzEscape: whatever goes in, a parser gets the same text out, except for what XML cannot hold.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "a\rb\r\nc", "\x00<&>\"", "\xed\xa0\x80é", "]]>", "\uFFFE"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		esc := AppendEscaped([]byte(`<v a="`), []byte(s))
		esc = append(esc, `">`...)
		esc = AppendEscaped(esc, []byte(s))
		esc = append(esc, "</v>"...)
		if !utf8.Valid(esc) {
			t.Fatalf("%q: not UTF-8", esc)
		}
		var v struct {
			A    string `xml:"a,attr"`
			Text string `xml:",chardata"`
		}
		if err := xml.Unmarshal(esc, &v); err != nil {
			t.Fatalf("%q: %v", esc, err)
		}
		if want := holdable(s); v.Text != want || v.A != want {
			t.Fatalf("%q came back as text %q, attribute %q", s, v.Text, v.A)
		}
	})
}

func holdable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
		case r < 0x20 || r == 0xFFFE || r == 0xFFFF:
			return utf8.RuneError
		}
		return r
	}, s)
}
