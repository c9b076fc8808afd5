package source

import (
	"encoding/binary"
	"math"
	"net/netip"
	"testing"

	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/model"
)

func sfpOf(change func(a0, a2 []byte)) *model.Row {
	a0, a2 := make([]byte, 128), make([]byte, 128)
	a0[0] = 3
	if change != nil {
		change(a0, a2)
	}
	return &model.Row{Key: "sfp1", Data: cage{"sfp1", "wan", kernel.Module{Dev: "wan", A0: a0, A2: a2}}}
}

func TestSFPValues(t *testing.T) {
	row := sfpOf(func(a0, a2 []byte) {
		copy(a0[20:], "ACME \x00\x00")
		a0[12], a0[66], a0[67], a0[65] = 255, 41, 200, 0x1a
		a0[60], a0[61] = 5, 0x1e
		binary.BigEndian.PutUint16(a2[96:], 0xf580) // -10.5
		binary.BigEndian.PutUint16(a2[98:], 33005)
		binary.BigEndian.PutUint16(a2[100:], 7101)
		binary.BigEndian.PutUint16(a2[102:], 5500)
	})
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"text", "a0", "20", "16"}, "ACME"},
		{[]string{"rate", "a0", "12"}, "102"},
		{[]string{"percent", "a0", "67"}, ""},
		{[]string{"octet", "a0", "66"}, "41"},
		{[]string{"word", "a0", "60"}, "1310"},
		{[]string{"hex", "a0", "60", "2"}, "051e"},
		{[]string{"bit", "a0", "65", "4"}, "1"},
		{[]string{"bit", "a0", "65", "2"}, "0"},
		{[]string{"temp", "a2", "96"}, "-11"},
		{[]string{"vcc", "a2", "98"}, "3301"},
		{[]string{"bias", "a2", "100"}, "14202"},
		{[]string{"txpower", "a2", "102"}, "-26"},
		{[]string{"rxpower", "a2", "104"}, "-400"},
		{[]string{"octet", "a0", "200"}, ""},
	} {
		if got, err := sfpValue(t.Context(), nil, row, tt.args); got != tt.want || err != nil {
			t.Errorf("%v: %q, want %q (%v)", tt.args, got, tt.want, err)
		}
	}
}

// A module that leaves the calibration to its host.
func TestSFPCalibration(t *testing.T) {
	row := sfpOf(func(a0, a2 []byte) {
		a0[92] = 0x50
		binary.BigEndian.PutUint16(a2[84:], 0x0200) // slope 2
		binary.BigEndian.PutUint16(a2[86:], 0xff00) // offset -1 degree
		binary.BigEndian.PutUint16(a2[96:], 20*256)
		binary.BigEndian.PutUint32(a2[68:], math.Float32bits(0.5))
		binary.BigEndian.PutUint32(a2[72:], math.Float32bits(100))
		binary.BigEndian.PutUint16(a2[104:], 19800)
	})
	for form, want := range map[string]string{"temp": "39", "rxpower": "0"} {
		at := map[string]string{"temp": "96", "rxpower": "104"}[form]
		if got, _ := sfpValue(t.Context(), nil, row, []string{form, "a2", at}); got != want {
			t.Errorf("%s is %s, want %s", form, got, want)
		}
	}
	row = sfpOf(func(a0, a2 []byte) {
		a0[92] = 0x50
		binary.BigEndian.PutUint32(a2[72:], math.Float32bits(float32(math.NaN())))
	})
	if got, _ := sfpValue(t.Context(), nil, row, []string{"rxpower", "a2", "104"}); got != "" {
		t.Errorf("nonsense reads %s", got)
	}
}

func TestSFPTypes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		octet  int
		value  byte
		wanted string
	}{
		{"1000BASE-LX", 6, 2, "Optical Ethernet"},
		{"10GBASE-SR", 3, 0x10, "Optical Ethernet"},
		{"1000BASE-T", 6, 8, "Electrical Ethernet"},
		{"a copper cable", 8, 4, "Electrical Ethernet"},
		{"10GBASE-T", 36, 0x1c, "Electrical Ethernet"},
		{"1000BASE-PX", 6, 0x80, "EPON"},
		{"a GPON stick", 11, 3, "Unsupported"},
		{"a QSFP", 0, 13, "Unsupported"},
	} {
		row := sfpOf(func(a0, _ []byte) { a0[tt.octet] = tt.value })
		if got, _ := getCage(t.Context(), nil, row, []string{"type"}); got != tt.wanted {
			t.Errorf("%s is %s, want %s", tt.name, got, tt.wanted)
		}
	}
}

// FuzzSFP reads everything of any two memories.
func FuzzSFP(f *testing.F) {
	f.Add(make([]byte, 128), make([]byte, 128))
	f.Fuzz(func(t *testing.T, a0, a2 []byte) {
		if len(a0) < 128 {
			return
		}
		if len(a2) < 128 { // as the kernel answers: whole or not at all
			a2 = nil
		}
		row := &model.Row{Data: cage{"sfp1", "wan", kernel.Module{Dev: "wan", A0: a0[:128], A2: a2[:min(len(a2), 128)]}}}
		for _, form := range []string{"hex", "text", "bit", "codes", "octet", "word", "rate", "percent", "temp", "vcc", "bias", "txpower", "rxpower"} {
			for _, at := range []string{"0", "36", "96", "104", "118", "126", "127"} {
				sfpValue(t.Context(), nil, row, []string{form, "a2", at, "7"})
				sfpValue(t.Context(), nil, row, []string{form, "a0", at, "1"})
			}
		}
		getCage(t.Context(), nil, row, []string{"type"})
	})
}

func TestBroadcast(t *testing.T) {
	for prefix, want := range map[string]string{"192.168.1.1/24": "192.168.1.255", "10.9.3.1/22": "10.9.3.255", "10.0.0.1/30": "10.0.0.3"} {
		if got := broadcast(netip.MustParsePrefix(prefix)).String(); got != want {
			t.Errorf("%s: %s, want %s", prefix, got, want)
		}
	}
}
