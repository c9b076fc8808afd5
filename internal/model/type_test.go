package model

import (
	"strings"
	"testing"
)

func typeOf(t testing.TB, text string) *Type {
	t.Helper()
	words, _, err := split(nil, text)
	if err != nil {
		t.Fatal(err)
	}
	typ, _, err := parseType(words)
	if err != nil {
		t.Fatal(text, err)
	}
	return &typ
}

// refused stands for "Parse gives an error".
const refused = "\x00refused"

func TestValuesFromOutsideAreTakenStrictly(t *testing.T) {
	for _, c := range []struct{ name, typ, in, want string }{
		{"T-175 the smallest int", "int", "-2147483648", "-2147483648"},
		{"T-175 the largest int", "int", "2147483647", "2147483647"},
		{"T-175 one less than the smallest int", "int", "-2147483649", refused},
		{"T-175 one more than the largest int", "int", "2147483648", refused},
		{"T-175 the largest unsignedInt", "unsignedInt", "4294967295", "4294967295"},
		{"T-175 one more than the largest unsignedInt", "unsignedInt", "4294967296", refused},
		{"an unsignedInt below zero", "unsignedInt", "-1", refused},
		{"minus zero is zero", "unsignedInt", "-0", "0"},
		{"the smallest long", "long", "-9223372036854775808", "-9223372036854775808"},
		{"too large for a long", "long", "9223372036854775808", refused},
		{"the largest unsignedLong", "unsignedLong", "18446744073709551615", "18446744073709551615"},
		{"Z-28 overflow", "unsignedLong", "99999999999999999999", refused},
		{"Z-28 a plus sign is XML Schema's", "unsignedInt", "+1", "1"},
		{"9.8 leading zeros are accepted", "int", "-007", "-7"},
		{"Z-28 hexadecimal", "int", "0x10", refused},
		{"Z-28 an exponent", "int", "1e9", refused},
		{"Z-28 NaN", "int", "NaN", refused},
		{"Z-28 Arabic digits", "int", "١٢", refused},
		{"an underscore", "int", "1_000", refused},
		{"two signs", "int", "+-1", refused},
		{"a sign alone", "int", "-", refused},
		{"nothing is no number", "int", "", refused},
		{"white space around a number is collapsed", "int", " \n5\t", "5"},
		{"9.8 a blank inside a number", "int", "1 0", refused},
		{"a point", "int", "1.0", refused},
		{"T-191 below its range", "unsignedInt(1..)", "0", refused},
		{"in the second of two ranges", "int(-1..-1,1..10)", "10", "10"},
		{"between two ranges", "int(-1..-1,1..10)", "0", refused},
		{"above the range of an unsignedLong", "unsignedLong(..10)", "18446744073709551615", refused},

		{"R-2 true", "boolean", "true", "true"},
		{"R-2 one", "boolean", " 1 ", "true"},
		{"R-2 zero", "boolean", "0", "false"},
		{"R-2 in capitals", "boolean", "True", refused},
		{"R-2 a word of UCI", "boolean", "on", refused},
		{"R-2 nothing", "boolean", "", refused},

		{"R-7 characters are counted, not bytes", "string(3)", "äöü", "äöü"},
		{"T-176 one character too many", "string(3)", "äöüß", refused},
		{"an emoji is one character", "string(1)", "😀", "😀"},
		{"a string keeps its white space", "string", "  a\n\tb ", "  a\n\tb "},
		{"a string may be empty", "string(64)", "", ""},
		{"a string shorter than asked for", "string(6..6)", "12345", refused},
		{"a string of the length asked for", "string(6..6)", "123456", "123456"},
		{"a NUL", "string", "a\x00b", refused},
		{"a control character", "string", "a\x1bb", refused},
		{"broken UTF-8", "string", "a\xffb", refused},
		{"U+FFFE", "string", "a\ufffeb", refused},
		{"T-184 quotes and backslashes", "string", `'; reboot;# "\`, `'; reboot;# "\`},

		{"R-17 in the enumeration", "enum(Up,Down,\"Not Present\")", "Not Present", "Not Present"},
		{"R-17 in the wrong case", "enum(Up,Down)", "up", refused},
		{"R-17 with a blank", "enum(Up,Down)", "Up ", refused},
		{"an empty value that is enumerated", `enum("",A)`, "", ""},
		{"an empty value that is not", "enum(A)", "", refused},

		{"T-178 a time in UTC", "dateTime", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"},
		{"T-178 a day that is not", "dateTime", "2026-02-30T12:00:00Z", refused},
		{"a leap day", "dateTime", "2024-02-29T00:00:00+02:00", "2024-02-29T00:00:00+02:00"},
		{"no leap day in 2025", "dateTime", "2025-02-29T00:00:00Z", refused},
		{"the Unknown Time", "dateTime", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		{"R-5 a time since boot", "dateTime", "0001-01-01T00:05:00", "0001-01-01T00:05:00"},
		{"a fraction", "dateTime", "2026-01-31T12:00:00.125Z", "2026-01-31T12:00:00.125Z"},
		{"a fraction without digits", "dateTime", "2026-01-31T12:00:00.Z", refused},
		{"the year 0", "dateTime", "0000-01-31T12:00:00Z", refused},
		{"hour 25", "dateTime", "2026-01-31T25:00:00Z", refused},
		{"a zone of 15 hours", "dateTime", "2026-01-31T12:00:00+15:00", refused},
		{"a zone of 99 minutes", "dateTime", "2026-01-31T12:00:00+01:99", refused},
		{"a date alone", "dateTime", "2026-01-31", refused},
		{"a blank for the T", "dateTime", "2026-01-31 12:00:00Z", refused},
		{"nothing is no time", "dateTime", "", refused},

		{"base64", "base64(4)", "AQIDBA==", "AQIDBA=="},
		{"9.8 base64 counts octets", "base64(3)", "AQIDBA==", refused},
		{"base64 with a line break", "base64", "AQID\r\n BA==", "AQIDBA=="},
		{"base64 without its padding", "base64", "AQIDBA", refused},
		{"hexBinary", "hexBinary(2)", "0aFF", "0aFF"},
		{"hexBinary of odd length", "hexBinary", "0aF", refused},
		{"hexBinary too long", "hexBinary(1)", "0aFF", refused},
		{"hexBinary of other letters", "hexBinary", "0g", refused},

		{"decimal", "decimal", "+01.50", "1.5"},
		{"decimal without a whole part", "decimal", "-.5", "-0.5"},
		{"decimal of zero", "decimal", "-0.00", "0"},
		{"decimal with an exponent", "decimal", "1e2", refused},
		{"decimal of a point", "decimal", ".", refused},
		{"decimal out of range", "decimal(0..1)", "1.01", refused},
		{"decimal with a sign inside", "decimal", "1.-5", refused},

		{"IPv4Address", "IPv4Address", "192.168.1.1", "192.168.1.1"},
		{"IPv4Address with a leading zero", "IPv4Address", "192.168.01.1", refused},
		{"IPv4Address of IPv6", "IPv4Address", "::1", refused},
		{"IPv4Address may be empty", "IPv4Address", "", ""},
		{"IPv6Address", "IPv6Address", "2001:db8::1", "2001:db8::1"},
		{"IPv6Address with a zone", "IPv6Address", "fe80::1%eth0", refused},
		{"IPAddress of either kind", "IPAddress", "fe80::1", "fe80::1"},
		{"IPAddress of a name", "IPAddress", "localhost", refused},
		{"IPv6Prefix", "IPv6Prefix", "2001:db8::/32", "2001:db8::/32"},
		{"IPv6Prefix too long", "IPv6Prefix", "2001:db8::/129", refused},
		{"IPPrefix without a length", "IPPrefix", "10.0.0.0", refused},
		{"MACAddress", "MACAddress", "00:11:22:aa:BB:cc", "00:11:22:aa:BB:cc"},
		{"MACAddress with dashes", "MACAddress", "00-11-22-aa-BB-cc", refused},
		{"URL", "URL", "http://a@b:7547/x?y#z", "http://a@b:7547/x?y#z"},
		{"URL with a blank", "URL", "http://a b/", refused},
		{"Z-29 URL of 64 KiB", "URL", "http://a/" + strings.Repeat("x", 65536), refused},
		{"UUID", "UUID", "123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"},
		{"UUID without dashes", "UUID", "123e4567e89b12d3a456426614174000", refused},
		{"9.7 an alias", "Alias", "web-1_x", "web-1_x"},
		{"T-242 an empty alias", "Alias", "", refused},
		{"T-242 an alias that starts with a digit", "Alias", "1a", refused},
		{"an alias of 65 letters", "Alias", strings.Repeat("a", 65), refused},
		{"StatsCounter32", "StatsCounter32", "4294967296", refused},
		{"StatsCounter64", "StatsCounter64", "4294967296", "4294967296"},

		{"a list", "list string", "a, b ,c", "a,b,c"},
		{"an empty list", "list string", " ", ""},
		{"an empty item", "list string", "a,,b", refused},
		{"a comma in an item is percent-encoded", "list string", "a%2cb,c", "a%2Cb,c"},
		{"another's percent sign stays", "list string", "http://x/%2F,100%", "http://x/%2F,100%"},
		{"too few items", "list(2..3) string", "a", refused},
		{"too many items", "list(..2) string", "a,b,c", refused},
		{"an item of the wrong type", "list unsignedInt(1..10)", "1,11", refused},
		{"numbers in a list are made canonical", "list unsignedInt", "01,+2", "1,2"},
		{"an enumerated list", "list enum(A,B)", "B,A", "B,A"},
		{"an item out of the enumeration", "list enum(A,B)", "A,C", refused},
		{"a list of addresses", "list IPAddress", "1.1.1.1,::1", "1.1.1.1,::1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			typ := typeOf(t, c.typ)
			got, err := typ.Parse(c.in)
			if c.want == refused {
				if err == nil {
					t.Fatalf("%s took %q as %q", c.typ, c.in, got)
				}
				if len(c.in) > 3 && strings.Contains(err.Error(), c.in) {
					t.Errorf("the error quotes the value: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s refused %q: %v", c.typ, c.in, err)
			}
			same(t, "text", got, c.want)
		})
	}
}

func TestValuesOfTheRouterAreShownLeniently(t *testing.T) {
	const odd = "\x00odd"
	for _, c := range []struct{ name, typ, in, want string }{
		{"nothing as a number", "int(5..)", "", "0"},
		{"nothing as a boolean", "boolean", "", "false"},
		{"nothing as a time", "dateTime", "", "0001-01-01T00:00:00Z"},
		{"nothing as an address", "IPAddress", "", ""},
		{"a word as a boolean", "boolean", "on", "true"},
		{"a wrong word as a boolean", "boolean", "maybe", odd + "false"},
		{"a number out of range is what it is", "int(5..)", "3", "3"},
		{"a line end after a number", "unsignedInt", "42\n", "42"},
		{"a word as a number", "int", "auto", odd + "0"},
		{"a number that runs over", "unsignedInt", "4294967296", odd + "0"},
		{"what is not in the enumeration", "enum(A,B)", "C", odd + ""},
		{"a string too long stays", "string(2)", "abc", "abc"},
		{"a UCI list as a string", "string", "\x1fa\x1fb", "a b"},
		{"broken UTF-8", "string", "a\xffb", "a\ufffdb"},
		{"a control character", "string", "a\x1bb", "a\ufffdb"},
		{"a UCI list as a list", "list string", "\x1fa\x1fb,c\x1f d", "a,b%2Cc,%20d"},
		{"a scalar as a list", "list string", "a, b", "a,b"},
		{"holes in a list close", "list string", "\x1fa\x1f\x1fb", "a,b"},
		{"an odd item is left out", "list unsignedInt", "\x1f1\x1fx\x1f2", odd + "1,2"},
		{"a name for an address", "IPv4Address", "gateway", odd + ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := typeOf(t, c.typ).Show(c.in)
			if !ok {
				got = odd + got
			}
			same(t, "text", got, c.want)
		})
	}
}

func TestListItemsSurviveTheirEncoding(t *testing.T) {
	for _, item := range []string{"a", ",", "a,b", "%", "%2C", "%252C", "%25", "%2525", " a ", "a b", "%2F", "%%2C,", "%25%2c", "\t", "% 2C", "%2"} {
		encoded := encodeItem(item)
		if strings.Contains(encoded, ",") || strings.TrimSpace(encoded) != encoded {
			t.Errorf("%q is encoded as %q", item, encoded)
		}
		same(t, "decoded "+encoded, decodeItem(encoded), item)
	}
}

func FuzzType(f *testing.F) {
	types := []string{
		"string(64)", "boolean", "int(-1..10)", "unsignedInt", "long", "unsignedLong", "dateTime", "base64(64)", "hexBinary", "decimal",
		"IPAddress", "IPPrefix", "MACAddress", "URL", "UUID", "Alias", "enum(A,\"B C\")", "list string", "list(0..4) unsignedInt", "pathRef", "list boolean",
	}
	for i := range types {
		f.Add(i, "1")
		f.Add(i, " +01,%2C\x1f")
		f.Add(i, "2026-01-31T12:00:00.5+01:00")
	}
	f.Fuzz(func(t *testing.T, which int, text string) {
		typ := typeOf(t, types[uint(which)%uint(len(types))])
		shown, ok := typ.Show(text)
		if again, good := typ.Show(shown); again != shown || !good {
			t.Fatalf("%s shows %q as %q (%v), and that as %q (%v)", typ, text, shown, ok, again, good)
		}
		value, err := typ.Parse(text)
		if err != nil {
			return
		}
		if again, err := typ.Parse(value); err != nil || again != value {
			t.Fatalf("%s takes %q as %q, and that as %q (%v)", typ, text, value, again, err)
		}
		if shown, ok := typ.Show(value); !ok || shown != value {
			t.Fatalf("%s takes %q as %q and shows %q", typ, text, value, shown)
		}
		if back, ok := typ.Show(typ.raw(value)); !ok || back != value {
			t.Fatalf("%s: %q comes back from its raw value as %q", typ, value, back)
		}
	})
}
