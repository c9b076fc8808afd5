package model

import (
	"strings"
	"testing"
)

// l is a raw list.
func l(items ...string) string { return joinList(items) }

func filtersOf(t testing.TB, text string) []filter {
	t.Helper()
	words, _, err := split(nil, text)
	if err != nil {
		t.Fatal(err)
	}
	var filters []filter
	for _, part := range splitPipes(words) {
		f, err := newFilter(part, false)
		if err != nil {
			t.Fatal(err)
		}
		filters = append(filters, f)
	}
	return filters
}

func TestFiltersRead(t *testing.T) {
	for _, c := range []struct{ name, filters, raw, want string }{
		{"default gives what is absent", "default 5", "", "5"},
		{"default leaves what is there", "default 5", "6", "6"},
		{"not turns round", "not", "1", "0"},
		{"not of nothing is true", "not", "", "1"},
		{"not leaves what is no boolean", "not", "x", "x"},
		{"default before not", "default 0 | not", "", "1"},
		{"map", "map 2g=2.4GHz 5g=5GHz", "5g", "5GHz"},
		{"map leaves the unknown to the type", "map 2g=2.4GHz", "6g", "6g"},
		{"map with a star", "map auto=1 *=0", "36", "0"},
		{"map with a star takes nothing too", "map auto=1 *=0", "", "0"},
		{"map that lets pass", "map off=2347 *=*", "500", "500"},
		{"map of nothing", "map =None", "", "None"},
		{"map of each item of a list", "map a=A b=B", l("a", "b"), l("A", "B")},
		{"item", "item 1", l("a", "b"), "b"},
		{"item beyond the end", "item 2", l("a", "b"), ""},
		{"item of a scalar", "item 0", "a", "a"},
		{"list splits at white space", `list " "`, " a  b\tc ", l("a", "b", "c")},
		{"list splits at a comma", "list ,", "a,b", l("a", "b")},
		{"list of nothing", `list " "`, "", ""},
		{"list of a list", "list ,", l("a,b"), l("a,b")},
		{"entry", "entry 6,", l("3,1.1.1.1", "6,8.8.8.8,9.9.9.9"), "8.8.8.8,9.9.9.9"},
		{"entry that is not there", "entry 6,", l("3,1.1.1.1"), ""},
		{"entry, then list", "entry 6, | list ,", l("6,8.8.8.8,9.9.9.9"), l("8.8.8.8", "9.9.9.9")},
		{"scale down", "scale 1/1000", "1999", "1"},
		{"scale up a fraction", "scale 100/1", "0.35", "35"},
		{"scale of a word", "scale 8", "auto", "auto"},
		{"dur in hours", "dur", "12h", "43200"},
		{"dur in days", "dur", "7d", "604800"},
		{"dur in seconds", "dur", "90", "90"},
		{"dur without end", "dur", "infinite", "-1"},
		{"time", "time", "1767225600", "2026-01-01T00:00:00Z"},
		{"time of nothing", "time", "", unknownTime},
		{"time with whole hours of a zone", "time", "2026-11-20T10:12:13-05", "2026-11-20T10:12:13-05:00"},
		{"time with a zone", "time", "2026-11-20T10:12:13+05:30", "2026-11-20T10:12:13+05:30"},
		{"time of zero", "time", "0", unknownTime},
		{"mac of twelve digits", "mac", "0011223344ff", "00:11:22:33:44:FF"},
		{"mac with dashes", "mac", "00-11-22-33-44-ff", "00:11:22:33:44:FF"},
		{"mac of a word", "mac", "none", "none"},
		{"mask", "mask", "24", "255.255.255.0"},
		{"mask of nothing at all", "mask", "0", "0.0.0.0"},
		{"mask that is one", "mask", "255.255.0.0", "255.255.0.0"},
		{"uint below zero", "uint", "-4", "0"},
		{"uint of a word", "uint", "n/a", "0"},
		{"trim counts characters", "trim 2", "äöü", "äö"},
		{"hex", "hex", "1d6b", "7531"},
		{"hex with its prefix", "hex", " 0x10\n", "16"},
		{"hex of nothing", "hex", "", ""},
		{"hex of a word", "hex", "none", "none"},
		{"octets", "octets", l("0", "11", "255"), "000bff"},
		{"octets of nothing", "octets", "", ""},
		{"octets that are none", "octets", l("0", "256"), ""},
		{"some octets", "octets 2 4", l("181", "0", "66", "68", "67"), "4244"},
		{"octets beyond the end", "octets 2 6", l("181", "0", "66"), ""},
		{"octets as text", "octets text", l("65", "49", "0", "66"), "A1"},
		{"octets as text that are none", "octets text", l("A"), ""},
		{"bits", "bits 0=a 3=b", "9", l("a", "b")},
		{"bits in the order of the words", "bits 15=NR 14=LTE 3=GPRS", "49152", l("NR", "LTE")},
		{"bits of a list", "bits 1=2G 2=3G 2=HSPA 3=4G", l("6", "8", "0"), l("2G", "3G", "HSPA", "4G")},
		{"bits of one name", "bits 6=HSPA 7=HSPA", "192", l("HSPA")},
		{"bits of nothing", "bits 1=a", "", ""},
		{"bits of a negative number", "bits 1=a", "-2", ""},
		{"the best of the bits", "bits 15=NR 14=LTE | item 0", "49152", "NR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, "value", readThrough(filtersOf(t, c.filters), nil, c.raw), c.want)
		})
	}
}

func TestFiltersWrite(t *testing.T) {
	for _, c := range []struct{ name, filters, value, old, want string }{
		{"default writes literally", "default 5", "5", "", "5"},
		{"default cannot be emptied", "default 5", "", "6", refused},
		{"not", "default 0 | not", "1", "1", "0"},
		{"map", "map 2g=2.4GHz 5g=5GHz", "2.4GHz", "5g", "2g"},
		{"map takes the first of several raws", "map psk2=WPA2 psk2+ccmp=WPA2", "WPA2", "none", "psk2"},
		{"map refuses what has no raw", "map a=A *=B", "B", "a", refused},
		{"map that lets pass", "map off=2347 *=*", "500", "", "500"},
		{"map of each item of a list", "map a=A b=B", l("B", "A"), "", l("b", "a")},
		{"item replaces its slot", "item 1", "x", l("a", "b", "c"), l("a", "x", "c")},
		{"item leaves a gap open", "item 2", "x", l("a"), l("a", "", "x")},
		{"item empties its slot", "item 0", "", l("a", "b"), l("", "b")},
		{"item of the last slot goes", "item 1", "", l("a", "b"), l("a")},
		{"item of the only slot goes", "item 0", "", "a", ""},
		{"list joins", `list " "`, l("a", "b"), "", "a b"},
		{"list refuses an item with a separator", `list " "`, l("a b"), "", refused},
		{"entry replaces", "entry 6,", "9.9.9.9", l("3,1.1.1.1", "6,8.8.8.8"), l("3,1.1.1.1", "6,9.9.9.9")},
		{"entry adds", "entry 6,", "9.9.9.9", l("3,1.1.1.1"), l("3,1.1.1.1", "6,9.9.9.9")},
		{"entry removes", "entry 6,", "", l("3,1.1.1.1", "6,8.8.8.8"), l("3,1.1.1.1")},
		{"entry, then list", "entry 6, | list ,", l("1.1.1.1", "9.9.9.9"), l("3,x", "6,8.8.8.8"), l("3,x", "6,1.1.1.1,9.9.9.9")},
		{"scale", "scale 1/1000", "2", "", "2000"},
		{"scale that would round", "scale 1000/1", "1500", "", refused},
		{"dur in hours", "dur", "43200", "", "12h"},
		{"dur in minutes", "dur", "5400", "", "90m"},
		{"dur in seconds", "dur", "90", "", "90"},
		{"dur without end", "dur", "-1", "", "infinite"},
		{"time", "time", "2026-01-01T01:00:00+01:00", "", "1767225600"},
		{"time without a zone", "time", "2026-01-01T01:00:00", "", refused},
		{"mask", "mask", "255.255.255.0", "", "24"},
		{"mask with a gap", "mask", "255.0.255.0", "", refused},
		{"trim", "trim 2", "abc", "", "abc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := writeThrough(filtersOf(t, c.filters), nil, c.value, c.old)
			if err != nil {
				got = refused
			}
			same(t, "raw", got, c.want)
		})
	}
}

func TestMapOfABooleanKnowsItsSpellings(t *testing.T) {
	f, err := newFilter(strings.Fields("map none=false psk2=true"), true)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{"1": "psk2", "0": "none"} {
		got, err := f.write(nil, value, "")
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", value, got, err, want)
		}
	}
}

func TestSplitTableKey(t *testing.T) {
	for _, c := range []struct {
		in, table, key string
		ok             bool
	}{
		{"Device.Ethernet.Link.{br-lan}", "Device.Ethernet.Link.", "br-lan", true},
		{"Device.A.{i}.B.{x.y}", "Device.A.{i}.B.", "x.y", true},
		{"Device.A.{i}.B.", "", "", false},
		{"Device.A.{i}", "Device.A.", "i", true},
		{"plain", "", "", false},
	} {
		table, key, ok := splitTableKey(c.in)
		if table != c.table || key != c.key || ok != c.ok {
			t.Errorf("%s: got %q %q %v", c.in, table, key, ok)
		}
	}
}

// FuzzFilters reads whatever a router says through every filter that takes text apart.
func FuzzFilters(f *testing.F) {
	all := []string{"hex", "octets", "octets 2 6", "octets text", "bits 0=a 63=b", "bits 15=NR | item 0", "scale 1/1000", "time", "dur", "mac", "mask", "trim 2", `list " "`, "entry 6,"}
	for i, raw := range []string{"1d6b", l("181", "0", "66", "68", "67", "77"), l("-1", "256", ""), "18446744073709551615", "2026-11-20T10:12:13+01", "\x1f", "-0.4"} {
		f.Add(i, raw)
	}
	f.Fuzz(func(t *testing.T, which int, raw string) {
		text := all[uint(which)%uint(len(all))]
		out := readThrough(filtersOf(t, text), nil, raw)
		if strings.HasPrefix(text, "octets") && len(out) > 2*len(raw) {
			t.Errorf("%s of %q is %q", text, raw, out)
		}
	})
}
