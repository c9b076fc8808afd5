package source

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

func TestCutOptions6(t *testing.T) {
	for _, c := range []struct {
		name, text, rest string
		want             []string
	}{
		{"nothing", "", "", nil},
		{"name servers", "0017001020010db8005300000000000000000053", "", []string{"23:20010db8005300000000000000000053"}},
		{"two, one of them empty", "000e0000" + "00610002AABB", "", []string{"14:", "97:aabb"}},
		{"cut off within a value", "00610002aabb" + "00170010aa", "00170010aa", []string{"97:aabb"}},
		{"cut off within a head", "00610002aabb" + "0017", "0017", []string{"97:aabb"}},
		{"no hexadecimal", "0061zz", "0061zz", nil},
		{"half an octet", "00610", "00610", nil},
	} {
		got, rest := cutOptions6(c.text)
		if !slices.Equal(got, c.want) || rest != c.rest {
			t.Errorf("%s: %q and %q, want %q and %q", c.name, got, rest, c.want, c.rest)
		}
	}
}

// What stands in a list of odhcpd is an option and comes back; what is IPv4's stays where it is.
func TestOptionsOfOdhcpd(t *testing.T) {
	for _, c := range []struct {
		option string
		raw    []string
		want   []string
		back   []string
	}{
		{"dns", []string{"192.168.1.1", "2001:db8::53", "fd00::1"}, []string{alien + "192.168.1.1", "23:20010db8000000000000000000000053fd000000000000000000000000000001"},
			[]string{"192.168.1.1", "2001:db8::53", "fd00::1"}},
		{"dns", []string{"nonsense"}, []string{alien + "nonsense"}, []string{"nonsense"}},
		{"dns", nil, nil, nil},
		{"domain", []string{"lan", "home.example"}, []string{"24:036c616e0004686f6d65076578616d706c6500"}, []string{"lan", "home.example"}},
		{"ntp", []string{"192.0.2.1", "2001:db8::1", "ntp.lan"}, []string{alien + "192.0.2.1", "56:0001001020010db8000000000000000000000001" + "00030009036e7470036c616e00"},
			[]string{"192.0.2.1", "2001:db8::1", "ntp.lan"}},
		{"dhcpv6_raw", []string{"00610002aabb000e0000"}, []string{"97:aabb", "14:"}, []string{"00610002aabb000e0000"}},
		{"dhcpv6_raw", []string{"00610002aabb0017"}, []string{"97:aabb", alien + "0017"}, []string{"00610002aabb0017"}},
	} {
		got := decodeOdhcpd(c.option, c.raw)
		if len(c.want) == 2 && c.option != "dhcpv6_raw" {
			slices.Sort(got)
			slices.Sort(c.want)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %q is %q, want %q", c.option, c.raw, got, c.want)
		}
		back := encodeOdhcpd(c.option, decodeOdhcpd(c.option, c.raw))
		if !slices.Equal(back, c.back) {
			t.Errorf("%s %q comes back as %q", c.option, c.raw, back)
		}
	}
}

func TestWhatOdhcpdCannotSend(t *testing.T) {
	table := poolOptionTable6()
	for item, good := range map[string]bool{
		"23:" + strings.Repeat("20", 16): true, "23:2001": false, "23:": false,
		"24:036c616e00": true, "24:036c616e": false, "24:ff": false,
		"56:00010010" + strings.Repeat("20", 16): true, "56:0001000120": false, "56:0002000020": false,
		"97:": true, "97:aabb": true, "1:00": false, ":00": false,
	} {
		if err := table.check(nil, "", item); (err == nil) != good {
			t.Errorf("%s: %v", item, err)
		}
	}
	sent := sentOptionTable6()
	for item, good := range map[string]bool{
		"16:00000de9": true, "15:000161": true, "15:00026161": true, "15:000361": false, "15:0003612062": false, "15:61": false,
		"40:aabb": true, "40:": false, "23:" + strings.Repeat("20", 16): false, "1:00": false, "300:00": true,
	} {
		tag, _, _ := strings.Cut(item, ":")
		_, _, err := sent.set(nil, "", "", "tag", tag)
		if err == nil {
			err = sent.check(nil, "", item)
		}
		if (err == nil) != good {
			t.Errorf("sent %s: %v", item, err)
		}
		if option := sent.option(item); good && sent.load(option, sent.store(option, item)) != item {
			t.Errorf("sent %s comes back as %s", item, sent.load(option, sent.store(option, item)))
		}
	}
}

// FuzzOptions6: nothing is lost between the wire and rows, and lists of odhcpd come back as they were.
func FuzzOptions6(f *testing.F) {
	f.Add("0017001020010db8005300000000000000000053", "2001:db8::1")
	f.Add("00610002aabb0017", "ntp.lan")
	f.Add("00", "raw x")
	f.Fuzz(func(t *testing.T, wire, item string) {
		options, rest := cutOptions6(wire)
		out := ""
		for _, o := range options {
			tag, value, _ := strings.Cut(o, ":")
			out += joinOption6(tag, value)
		}
		if want := strings.ToLower(strings.TrimSpace(wire)); isHex(want) && out+rest != want {
			t.Errorf("%q became %q and %q", wire, out, rest)
		}
		for _, option := range []string{"dns", "domain", "ntp"} {
			for _, got := range decodeOdhcpd(option, []string{item}) {
				tag, value, _ := strings.Cut(got, ":")
				if data, err := hex.DecodeString(value); err == nil && !strings.HasPrefix(got, alien) {
					odhcpdItems(tag, data)
				}
			}
		}
	})
}
