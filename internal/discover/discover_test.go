package discover

import (
	"encoding/hex"
	"strings"
	"testing"
)

// tlv makes suboptions of codes and texts.
func tlv(pairs ...any) []byte {
	var b []byte
	for i := 0; i < len(pairs); i += 2 {
		text := pairs[i+1].(string)
		b = append(append(b, byte(pairs[i].(int)), byte(len(text))), text...)
	}
	return b
}

// enterprise wraps suboptions for option 125.
func enterprise(number uint32, b []byte) []byte {
	return append([]byte{byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number), byte(len(b))}, b...)
}

func tlv6(pairs ...any) []byte {
	b := []byte{0, 0, 0x0d, 0xe9}
	for i := 0; i < len(pairs); i += 2 {
		text := pairs[i+1].(string)
		b = append(append(b, 0, byte(pairs[i].(int)), byte(len(text)>>8), byte(len(text))), text...)
	}
	return b
}

const url = "https://acs.example.net:7547/"

// T-345: option 43 with its suboptions or with a bare URL. T-346: option 125, and 17 of DHCPv6, with trailing NULs.
// Z-47: what does not add up is no offer.
// Covers: K-32.
func TestOffers(t *testing.T) {
	full := Offer{URL: url, Provisioning: "bronze", RetryMinWait: 30, RetryMultiplier: 1500}
	gateway := ID{"00D09E", "GW-1", "Box"}
	for name, c := range map[string]struct {
		got, want Offer
	}{
		"43 with all of K-32":                {Option43(tlv(1, url, 2, "bronze", 3, "30", 4, "1500")), full},
		"43 ends with 255, as dnsmasq's":     {Option43(append(tlv(1, url), 255)), Offer{URL: url}},
		"43 is padded":                       {Option43(append([]byte{0, 0}, tlv(1, url)...)), Offer{URL: url}},
		"43 is nothing but a URL":            {Option43([]byte(url)), Offer{URL: url}},
		"43 is a URL with NUL":               {Option43([]byte(url + "\x00")), Offer{URL: url}},
		"43 of another vendor, an address":   {Option43([]byte{1, 4, 192, 168, 1, 5}), Offer{}},
		"43 of another vendor, no lengths":   {Option43([]byte("ubnt-controller")), Offer{}},
		"43 cut short":                       {Option43(tlv(1, url)[:20]), Offer{}},
		"43 cut short after a whole URL":     {Option43(append(tlv(1, url), 2, 9, 'x')), Offer{}},
		"43 ends in a type":                  {Option43(append(tlv(1, url), 2)), Offer{}},
		"43 with the URL twice":              {Option43(tlv(1, url, 1, "https://other/")), Offer{URL: url}},
		"43 with a URL of another scheme":    {Option43(tlv(1, "ftp://acs/", 2, "bronze")), Offer{Provisioning: "bronze"}},
		"43 with a line break in the URL":    {Option43(tlv(1, "http://a/\r\nX: y")), Offer{}},
		"43 with NUL inside the URL":         {Option43(tlv(1, "http://a/\x00b")), Offer{}},
		"43 with bytes that are no text":     {Option43(tlv(1, "http://a/\xff\xfe", 2, "\x80")), Offer{}},
		"43 with numbers out of range":       {Option43(tlv(3, "0", 4, "999")), Offer{}},
		"43 with numbers out of all bounds":  {Option43(tlv(3, "99999999999999999999", 4, "-5")), Offer{}},
		"43 with numbers that are none":      {Option43(tlv(3, "5 s", 4, "0x400")), Offer{}},
		"43 with a provisioning code of 65":  {Option43(tlv(2, strings.Repeat("p", 65))), Offer{}},
		"43 is empty":                        {Option43(nil), Offer{}},
		"43 is too long":                     {Option43([]byte("http://" + strings.Repeat("a", 3000))), Offer{}},
		"125 with all, NUL at the end":       {Option125(enterprise(3561, tlv(11, url+"\x00", 12, "bronze\x00", 13, "30\x00", 14, "1500\x00"))), full},
		"125 after another enterprise":       {Option125(append(enterprise(9, tlv(11, "http://no/")), enterprise(3561, tlv(11, url))...)), Offer{URL: url}},
		"125 of another enterprise":          {Option125(enterprise(9, tlv(11, url))), Offer{}},
		"125 with the codes of option 43":    {Option125(enterprise(3561, tlv(1, url))), Offer{}},
		"125 with the gateway":               {Option125(enterprise(3561, tlv(4, "00d09e", 5, "GW-1", 6, "Box"))), Offer{Gateway: gateway}},
		"125 with a gateway without class":   {Option125(enterprise(3561, tlv(4, "00D09E", 5, "GW-1"))), Offer{Gateway: ID{"00D09E", "GW-1", ""}}},
		"125 with a gateway without serial":  {Option125(enterprise(3561, tlv(4, "00D09E", 6, "Box"))), Offer{}},
		"125 with an OUI that is none":       {Option125(enterprise(3561, tlv(4, "00D09", 5, "GW-1"))), Offer{}},
		"125 says more than there is":        {Option125(append([]byte{0, 0, 0x0d, 0xe9, 200}, tlv(11, url)...)), Offer{}},
		"125 cut short inside":               {Option125(enterprise(3561, tlv(11, url)[:9])), Offer{}},
		"17 with all":                        {Option17(tlv6(1, url, 2, "bronze", 3, "30", 4, "1500", 14, "00D09E", 15, "GW-1", 16, "Box")), Offer{url, "bronze", 30, 1500, gateway}},
		"17 with trailing NUL":               {Option17(tlv6(1, url+"\x00\x00")), Offer{URL: url}},
		"17 with a URL of 1000 bytes":        {Option17(tlv6(1, url+strings.Repeat("a", 1000))), Offer{URL: url + strings.Repeat("a", 1000)}},
		"17 of another enterprise":           {Option17(append([]byte{0, 0, 0, 9}, tlv6(1, url)[4:]...)), Offer{}},
		"17 cut short":                       {Option17(tlv6(1, url)[:12]), Offer{}},
		"a file with 125 before 43":          {ParseLease("opt43 " + hex.EncodeToString(tlv(1, "http://other/", 2, "bronze")) + "\nopt125 " + hex.EncodeToString(enterprise(3561, tlv(11, url))) + "\n"), Offer{URL: url, Provisioning: "bronze"}},
		"a file of DHCPv6":                   {ParseLease("opt17 " + hex.EncodeToString(tlv6(1, url)) + "\n"), Offer{URL: url}},
		"a file with what is no hexadecimal": {ParseLease("opt43 $(reboot)\nopt125\n"), Offer{}},
		"a file that is too long":            {ParseLease(strings.Repeat("x\n", MaxFile) + "opt43 " + hex.EncodeToString([]byte(url))), Offer{}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("got %+v, want %+v", c.got, c.want)
			}
		})
	}
}

// Annex F: what a device says of itself is what a gateway reads, and the other way round.
// Covers: §9.2.
func TestIdentities(t *testing.T) {
	id := ID{"00D09E", `S"1,2 =:\`, "Box"}
	b, _ := hex.DecodeString(id.Announce4())
	if o := Option125(swap(b, map[byte]byte{1: 4, 2: 5, 3: 6})); o.Gateway != id {
		t.Errorf("option 125 of %+v is %x, read as %+v", id, b, o.Gateway)
	}
	b, _ = hex.DecodeString(id.Announce6())
	for i := 4; i < len(b); i += 4 + int(b[i+3]) {
		b[i+1] += 3
	}
	if o := Option17(b); o.Gateway != id {
		t.Errorf("option 17 of %+v is %x, read as %+v", id, b, o.Gateway)
	}
	if got := Class6(); got != "00000de9000c64736c666f72756d2e6f7267" {
		t.Errorf("option 16 is %s", got)
	}
	want := "dhcp-option=tag:cpewan-id,vi-encap:3561,4,30:30:44:30:39:45\ndhcp-option=tag:cpewan-id,vi-encap:3561,5,53:0a:22\n"
	if got := (ID{"00D09E", "S\n\"", ""}).Dnsmasq(); !strings.HasSuffix(got, "\n"+want) {
		t.Errorf("for dnsmasq %q, want %q at its end", got, want)
	}
	if got := ParseDevice("oui 00d09e\nserial a b\nclass \n"); got != (ID{"00D09E", "a b", ""}) {
		t.Errorf("got %+v", got)
	}
	for _, file := range []string{"", "oui 00D09E\n", "serial 1\n", "oui 00D09E\nserial a\x01\n", "oui 00D09E\nserial s\nclass \x02\n", "oui zzzzzz\nserial 1\n"} {
		if got := ParseDevice(file); got != (ID{}) {
			t.Errorf("%q is read as %+v", file, got)
		}
	}
}

// swap changes the codes of the suboptions of option 125.
func swap(b []byte, codes map[byte]byte) []byte {
	for i := 5; i < len(b); i += 2 + int(b[i+1]) {
		b[i] = codes[b[i]]
	}
	return b
}

// FuzzOptions wants no bytes to crash a reader, and nothing beyond the bounds to come out.
func FuzzOptions(f *testing.F) {
	f.Add(tlv(1, url, 2, "bronze", 3, "30", 4, "1500"))
	f.Add(enterprise(3561, tlv(11, url, 4, "00D09E", 5, "GW-1", 6, "Box")))
	f.Add(tlv6(1, url, 14, "00D09E", 15, "GW-1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file := "opt43 " + hex.EncodeToString(b) + "\noui " + string(b)
		for _, o := range []Offer{Option43(b), Option125(b), Option17(b), ParseLease(file), {Gateway: ParseDevice(file)}, {Gateway: ParseDevice(string(b))}} {
			if len(o.URL) > maxURL || !printable(o.URL) || o.RetryMinWait > 65535 || o.RetryMultiplier > 65535 ||
				o.RetryMinWait < 0 || o.RetryMultiplier < 0 || o.RetryMultiplier > 0 && o.RetryMultiplier < 1000 ||
				len([]rune(o.Provisioning)) > 64 || !printable(o.Provisioning+o.Gateway.Serial+o.Gateway.Class) ||
				len([]rune(o.Gateway.Serial)) > 64 || len([]rune(o.Gateway.Class)) > 64 || len(o.Gateway.OUI) != 6 && o.Gateway != (ID{}) {
				t.Errorf("%x is read as %+v", b, o)
			}
		}
	})
}
