package source

import (
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
)

func TestChipFromIW(t *testing.T) {
	out, err := os.ReadFile("../sandbox/root/usr/share/iw/phy1.txt")
	if err != nil {
		t.Fatal(err)
	}
	p := parsePhy(out)
	b := p.bands["5g"]
	if b == nil || len(p.bands) != 1 {
		t.Fatalf("bands %v", p.bands)
	}
	for what, c := range map[string][2]string{
		"standards": {strings.Join(b.standards, ","), "a,n,ac,ax"},
		"widths":    {strings.Join(b.widths, ","), "20MHz,40MHz,80MHz,160MHz"},
		"channels":  {strings.Join(ranges(b.channels), ","), "36,40,44,48,52,56,60,64,100,104,108,112,116,120,124,128,132,136,140"},
		"rates":     {strings.Join(b.rates, ","), "6,9,12,18,24,36,48,54"},
		"numbers":   {strings.Join([]string{itoa(b.dbm), itoa(b.streams), itoa(b.maxRate()), itoa(p.aps), itoa(p.stations), p.retries, p.retriesL}, " "), "26 2 2402 16 512 7 4"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %s, want %s", what, c[0], c[1])
		}
	}
	if !p.uapsd {
		t.Error("no u-APSD")
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func TestRangesOfChannels(t *testing.T) {
	for want, list := range map[string][]int{
		"":           nil,
		"1-13":       {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13},
		"1,2,5,9-11": {1, 2, 5, 9, 10, 11},
	} {
		if got := strings.Join(ranges(list), ","); got != want {
			t.Errorf("%v is %s, want %s", list, got, want)
		}
	}
}

func TestHTModes(t *testing.T) {
	for mode, want := range map[string][2]string{
		"": {"", "20MHz"}, "NOHT": {"", "20MHz"}, "HT20": {"HT", "20MHz"}, "HT40+": {"HT", "40MHz"}, "HT40-": {"HT", "40MHz"},
		"VHT160": {"VHT", "160MHz"}, "VHT80+80": {"VHT", "80+80MHz"}, "HE80": {"HE", "80MHz"}, "EHT320": {"EHT", "320MHz-1"},
	} {
		gen, width := cutHTMode(mode)
		if gen != want[0] || width != want[1] {
			t.Errorf("%s is %q %q, want %q", mode, gen, width, want)
		}
		if back := htmode(gen, width); back != strings.TrimRight(mode, "+-") && gen != "" {
			t.Errorf("%s comes back as %s", mode, back)
		}
	}
}

func TestEncryptions(t *testing.T) {
	for text, want := range map[string][2]string{
		"": {"None", ""}, "none": {"None", ""}, "psk": {"WPA-Personal", ""}, "psk2+ccmp": {"WPA2-Personal", "ccmp"},
		"psk2/tkip+aes": {"WPA2-Personal", "tkip+aes"}, "psk-mixed+tkip+ccmp": {"WPA-WPA2-Personal", "tkip+ccmp"},
		"psk+psk2": {"WPA-WPA2-Personal", ""}, "sae": {"WPA3-Personal", ""}, "psk3-mixed": {"WPA3-Personal-Transition", ""},
		"wpa3-192": {"WPA3-Enterprise", ""}, "wpa-mixed": {"WPA-WPA2-Enterprise", ""}, "owe": {"OWE", ""}, "what": {"", ""},
	} {
		mode, ciphers := cutEncryption(text)
		if mode != want[0] || ciphers != want[1] {
			t.Errorf("%q is %q with %q, want %q", text, mode, ciphers, want)
		}
	}
}

// TestOptionsOnTheWire compares what dnsmasq's text becomes with the octets of RFC 2132, and goes back.
func TestOptionsOnTheWire(t *testing.T) {
	for _, c := range []struct {
		code         int
		text, octets string
		back         string // "" for the same text
	}{
		{42, "192.168.1.1,10.0.0.1", "c0a801010a000001", ""},
		{66, "tftp.example", "746674702e6578616d706c65", ""},
		{26, "1492", "05d4", ""},
		{19, "1", "01", ""},
		{119, "lan,home.example", "036c616e0004686f6d65076578616d706c6500", ""},
		{43, "01:04:c0:a8:01:01", "0104c0a80101", ""},
		{43, "5", "05", ""},
		{224, "text", "74657874", "74:65:78:74"},
		{60, "192.168.1.1", "c0a80101", "c0:a8:01:01"},
	} {
		got := hex.EncodeToString(optionOctets(c.code, c.text))
		if got != c.octets {
			t.Errorf("option %d %q is %s, want %s", c.code, c.text, got, c.octets)
		}
		data, _ := hex.DecodeString(c.octets)
		want := c.text
		if c.back != "" {
			want = c.back
		}
		if text, err := optionForm(c.code, data); err != nil || text != want {
			t.Errorf("option %d %s is %q, %v, want %q", c.code, c.octets, text, err, want)
		}
	}
	for code, octets := range map[int]string{42: "c0a801", 66: "610a", 26: "05", 119: "03616200", 3: ""} {
		data, _ := hex.DecodeString(octets)
		if text, err := optionForm(code, data); err == nil {
			t.Errorf("option %d takes %s as %q", code, octets, text)
		}
	}
}

func TestEntriesOfOptions(t *testing.T) {
	for entry, want := range map[string]string{
		"6,1.2.3.4": "6 1.2.3.4 true", "option:dns-server,1.2.3.4": "6 1.2.3.4 true", "option:domain-search,lan": "119 lan true",
		"tag:tv,6,1.2.3.4": "tag:tv 6,1.2.3.4 false", "option6:dns-server,[::]": "option6:dns-server [::] false", "6": "6  true",
	} {
		code, value, ok := cutOption(entry)
		if got := code + " " + value + " " + strconv.FormatBool(ok); got != want {
			t.Errorf("%q is %q, want %q", entry, got, want)
		}
	}
}

func TestSentOptions(t *testing.T) {
	for _, c := range [][3]string{
		{"hostname", "box", "12:626f78"}, {"vendorid", "ACME", "60:41434d45"}, {"clientid", "01:02:03", "61:010203"},
		{"sendopts", "0x4d:0561636D65", "77:0561636d65"}, {"sendopts", "lease:3600", alien + "lease:3600"}, {"hostname", "*", alien + "*"},
	} {
		item := loadSent(c[0], c[1])
		if item != c[2] {
			t.Errorf("%s %s is %q, want %q", c[0], c[1], item, c[2])
		}
		if back := loadSent(c[0], storeSent(c[0], item)); back != item {
			t.Errorf("%s %s comes back as %q", c[0], c[1], back)
		}
	}
}

func TestLeaseFile(t *testing.T) {
	list := parseLeases("1795410172 02:cc:00:00:00:02 192.168.1.236 a 01:02:cc:00:00:00:02\n" +
		"0 06-02:cc:00:00:00:03 192.168.1.237 * *\n" + // not Ethernet
		"0 02:cc:00:00:00:04 192.168.1.238 * *\n" +
		"x 02:cc:00:00:00:05 192.168.1.239 * *\n1 02 1.2.3.4 * *\nshort\n" +
		"duid 00:01:00:01\n1795410172 269 2001:db8::1 a 00:01\n")
	var got []string
	for _, l := range list {
		got = append(got, l.mac+" "+l.ip.String()+" "+l.name+" "+l.clientID)
	}
	want := []string{"02:cc:00:00:00:02 192.168.1.236 a 0102cc00000002", "02:cc:00:00:00:04 192.168.1.238  "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMACOfADUID(t *testing.T) {
	for duid, want := range map[string]string{
		"000100012c03a15e3c22fb109a02":         "3c:22:fb:10:9a:02",
		"00:03:00:01:00:11:32:a4:5b:01":        "00:11:32:a4:5b:01",
		"000400112233445566778899aabbccddeeff": "", // a UUID
		"000200000009":                         "",
		"0001":                                 "", "": "", "zz": "",
	} {
		if got := duidMAC(duid); got != want {
			t.Errorf("%s is %q, want %q", duid, got, want)
		}
	}
}

// TestCommands: a command parameter reads false, and is put off to the end of the session.
func TestCommands(t *testing.T) {
	rt := newRouter(t, nil)
	row := &model.Row{Key: "wan", Package: "network", Section: "wan"}
	for source, want := range map[string]string{
		"call after network.interface.{section} renew": "network.interface.wan renew",
		"call after network.wireless down up":          "network.wireless down up",
		"call after nobody":                            "",
		"call after {.gone} up":                        "",
		"call after network.interface./x up":           "",
	} {
		r := rt.begin(t)
		e := rt.expr(t, model.UseValue, source)
		wantText(t, source, rt.get(t, r, source, row), "0")
		err := errors.Join(r.Set(t.Context(), e, row, "0"), r.Set(t.Context(), e, row, "1"))
		if (err != nil) != (want == "") {
			t.Errorf("%s: %v", source, err)
		}
		p, err := r.Prepare(t.Context())
		if got := strings.Join(p.After, ", "); err != nil || p.Commit != nil || got != want {
			t.Errorf("%s: left %q, %v, want %q", source, got, err, want)
		}
		r.Close()
	}
}

func FuzzLAN(f *testing.F) {
	f.Add("1795410172 02:cc:00:00:00:02 192.168.1.236 a 01:02:cc:00:00:00:02\n", 119)
	f.Add("\tBand 2:\n\t\t\t* 5180.0 MHz [36] (23.0 dBm)\n\t\t * #{ AP } <= 16,\n", 43)
	f.Add("036c616e00", 119)
	f.Fuzz(func(t *testing.T, text string, code int) {
		parseLeases(text)
		parsePhy([]byte(text))
		duidMAC(text)
		cutEncryption(text)
		cutHTMode(text)
		code &= 255
		form, err := optionForm(code, []byte(text))
		if err != nil || text == "" {
			return
		}
		if strings.ContainsAny(form, " \n\r") {
			t.Errorf("option %d %q is %q: dnsmasq's script cuts it", code, text, form)
		}
		if back := string(optionOctets(code, form)); back != text {
			t.Errorf("option %d %q is %q, which is %q", code, text, form, back)
		}
	})
}
