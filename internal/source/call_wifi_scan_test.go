package source

import (
	"testing"

	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/model"
)

// elements joins information elements: each is its kind, then its content.
func elements(list ...string) (b []byte) {
	for _, e := range list {
		b = append(append(b, e[0], byte(len(e)-1)), e[1:]...)
	}
	return b
}

const (
	oui     = "\x00\x0f\xac"
	rsnHead = "\x30\x01\x00" + oui + "\x04\x01\x00" + oui + "\x04"
	wpaIE   = "\xdd\x00\x50\xf2\x01\x01\x00\x00\x50\xf2\x02\x01\x00\x00\x50\xf2\x02\x01\x00\x00\x50\xf2\x02"
)

func TestNetworkSecurity(t *testing.T) {
	for _, tt := range []struct {
		name     string
		cap      uint16
		elements []byte
		want     string
		ciphers  string
	}{
		{"open", 1, nil, "None", ""},
		{"privacy alone", 0x11, nil, "WEP", ""},
		{"WPA2", 0x11, elements(rsnHead + "\x01\x00" + oui + "\x02"), "WPA2", "AES"},
		{"WPA2 with SHA-256", 0x11, elements(rsnHead + "\x01\x00" + oui + "\x06"), "WPA2", "AES"},
		{"802.1X", 0x11, elements(rsnHead + "\x01\x00" + oui + "\x01"), "WPA2-Enterprise", "AES"},
		{"Suite B", 0x11, elements(rsnHead + "\x01\x00" + oui + "\x0c"), "WPA3-Enterprise", "AES"},
		{"SAE", 0x11, elements(rsnHead + "\x01\x00" + oui + "\x08"), "WPA3-SAE", "AES"},
		{"both", 0x11, elements(rsnHead + "\x02\x00" + oui + "\x02" + oui + "\x08"), "WPA2-PSK-WPA3-SAE", "AES"},
		{"OWE", 0x11, elements(rsnHead + "\x01\x00" + oui + "\x12"), "OWE", "AES"},
		{"WPA", 0x11, elements(wpaIE), "WPA", "TKIP"},
		{"WPA and WPA2", 0x11, elements(wpaIE, rsnHead+"\x01\x00"+oui+"\x02"), "WPA-WPA2", "TKIP,AES"},
		{"cut off", 0x11, elements("\x30\x01\x00" + oui), "WPA2", ""},
		{"more than there is", 0x11, elements(rsnHead + "\xff\xff" + oui + "\x02"), "WPA2", "AES"},
	} {
		row := &model.Row{Data: network{BSS: kernel.BSS{Capability: tt.cap, Elements: tt.elements}}}
		got, _ := getNetwork(t.Context(), nil, row, []string{"security"})
		ciphers, _ := getNetwork(t.Context(), nil, row, []string{"ciphers"})
		if items, ok := splitList(ciphers); ok {
			ciphers = ""
			for i, item := range items {
				if i > 0 {
					ciphers += ","
				}
				ciphers += item
			}
		}
		if got != tt.want || ciphers != tt.ciphers {
			t.Errorf("%s: %s %s, want %s %s", tt.name, got, ciphers, tt.want, tt.ciphers)
		}
	}
}

func TestNetworkWidth(t *testing.T) {
	ht40 := "\x3d\x24\x05" + "\x00\x00\x00"
	for _, tt := range []struct {
		name     string
		elements []byte
		want     string
	}{
		{"nothing", nil, "20MHz"},
		{"802.11n", elements(ht40), "40MHz"},
		{"802.11n at 20", elements("\x3d\x24\x00\x00"), "20MHz"},
		{"80 MHz", elements(ht40, "\xc0\x01\x2a\x00\x00\x00"), "80MHz"},
		{"160 MHz", elements(ht40, "\xc0\x01\x2a\x32\x00\x00"), "160MHz"},
		{"160 MHz of old", elements(ht40, "\xc0\x02\x32\x00\x00\x00"), "160MHz"},
		{"6 GHz", elements("\xff\x24\x00\x00\x02\x00\x00\x00\x05\x02\x07\x00\x00"), "80MHz"},
		{"6 GHz after two more fields", elements("\xff\x24\x00\xc0\x02\x00\x00\x00\x01\x02\x03\x04\x05\x03\x07\x00\x00"), "160MHz"},
		{"320 MHz", elements("\xff\x6a\x01\x00\x00\x00\x00\x04\x0f\x1f\x00"), "320MHz-1"},
		{"320 MHz in between", elements("\xff\x6a\x01\x00\x00\x00\x00\x04\x2f\x3f\x00"), "320MHz-2"},
		{"cut off", elements("\xff\x6a\x01", "\xff\x24\x00\x00\x02", "\xc0\x01"), "20MHz"},
	} {
		n := network{BSS: kernel.BSS{Elements: tt.elements}}
		if got := n.width(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestChannelNumbers(t *testing.T) {
	for freq, want := range map[uint32]int{0: 0, 2412: 1, 2472: 13, 2484: 14, 4920: 184, 5180: 36, 5825: 165, 5885: 177, 5935: 2, 5955: 1, 7115: 233} {
		if got := channelOf(freq); got != want {
			t.Errorf("%d MHz: %d, want %d", freq, got, want)
		}
	}
}

// FuzzNetwork reads everything of any elements.
func FuzzNetwork(f *testing.F) {
	f.Add(elements("\x00name", wpaIE, rsnHead+"\x01\x00"+oui+"\x02", "\xff\x6a\x01\x00\x00\x00\x00\x04\x0f\x1f\x00"), uint32(5180))
	f.Fuzz(func(t *testing.T, b []byte, freq uint32) {
		row := &model.Row{Data: network{BSS: kernel.BSS{Freq: freq, Elements: b}}}
		for _, field := range []string{
			"radio", "ssid", "bssid", "mode", "channel", "signal", "noise", "security", "ciphers", "band", "standards", "operating", "width",
			"beacon", "dtim", "basic", "rates",
		} {
			getNetwork(t.Context(), nil, row, []string{field})
		}
	})
}
