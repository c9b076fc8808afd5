package kernel

import (
	"encoding/binary"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// radio is a Kernel with one wireless device, whose family answers a command with these messages.
func radio(answers map[byte][][]byte) *Kernel {
	k := generic(answers)
	families := k.exchange
	k.exchange = func(proto int, typ, flags uint16, body []byte) ([]message, error) {
		if proto == syscall.NETLINK_ROUTE {
			return []message{link(4, "phy0-ap0")}, nil
		}
		return families(proto, typ, flags, body)
	}
	return k
}

func short(typ, n uint16) []byte { return add(nil, typ, binary.NativeEndian.AppendUint16(nil, n)) }

func text(typ uint16, s string) []byte { return add(nil, typ, append([]byte(s), 0)) }

func TestChannels(t *testing.T) {
	k := radio(map[byte][][]byte{5: {
		slices.Concat(addNum(nil, 1, 1), text(4, "phy0-ap0"), addNum(nil, 38, 5180), addNum(nil, 159, 3), addNum(nil, 160, 5210)),
		addNum(nil, 1, 1), // no name: a device of another kind
	}})
	if got, want := k.Channels(), []Channel{{Dev: "phy0-ap0", Phy: 1, Freq: 5180, Center1: 5210, Width: 3}}; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestStations(t *testing.T) {
	rates := func(typ uint16, parts ...[]byte) []byte { return nest(typ, parts...) }
	k := radio(map[byte][][]byte{17: {
		slices.Concat(addNum(nil, 3, 4), add(nil, 6, []byte{1, 2, 3, 4, 5, 6}), nest(21,
			addNum(nil, 2, 1<<31), addNum(nil, 3, 7), add(nil, 7, []byte{0xc3}), addNum(nil, 9, 10), addNum(nil, 10, 11),
			rates(8, short(1, 0xffff), addNum(nil, 5, 12010), add(nil, 13, []byte{11})),
			rates(14, short(1, 60), add(nil, 2, []byte{7})),
			addNum(nil, 11, 5), addNum(nil, 12, 1), addNum(nil, 16, 60), long(23, 1<<33), long(28, 3))),
		nest(21, addNum(nil, 2, 1)), // without an address
	}})
	want := []Station{{
		Dev: "phy0-ap0", MAC: "01:02:03:04:05:06", Signal: -61, Connected: 60, RxBytes: 1 << 33, TxBytes: 7, RxPackets: 10, TxPackets: 11,
		TxRate: 1201000, TxStandard: "ax", RxRate: 6000, RxStandard: "n", TxRetries: 5, TxFailed: 1, RxDropMisc: 3,
	}}
	for range 2 {
		if got := k.Stations("phy0-ap0"); !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got := k.Stations("phy1-ap0"); len(got) > 0 {
			t.Errorf("got %+v", got)
		}
	}
}

func TestNetworks(t *testing.T) {
	k := radio(map[byte][][]byte{
		32: {
			nest(47, add(nil, 1, []byte{1, 2, 3, 4, 5, 6}), addNum(nil, 2, 2412), short(4, 100), short(5, 0x431),
				add(nil, 11, []byte{0, 1, 'x'}), addNum(nil, 7, 0xffffe4a8)),
			nest(47, addNum(nil, 2, 2412)),
		},
		50: {nest(84, addNum(nil, 1, 2412), add(nil, 2, []byte{0xa5}), add(nil, 3, nil)), nest(84, addNum(nil, 1, 2437))},
	})
	got := k.Networks("phy0-ap0")
	if len(got) != 1 || got[0].BSSID != "01:02:03:04:05:06" || got[0].Signal != -70 || got[0].Interval != 100 || string(got[0].Elements) != "\x00\x01x" {
		t.Errorf("got %+v", got)
	}
	if got, want := k.Surveys("phy0-ap0"), []Survey{{"phy0-ap0", 2412, -91, true}, {"phy0-ap0", 2437, 0, false}}; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// One question for each device and kind.
func TestWirelessIsAskedOnce(t *testing.T) {
	k := radio(map[byte][][]byte{17: {}, 32: {}, 50: {}, 5: {}})
	families := k.exchange
	asked := map[string]int{}
	k.exchange = func(proto int, typ, flags uint16, body []byte) ([]message, error) {
		asked[strings.ToUpper(string(append([]byte{byte(proto), byte(typ)}, body...)))]++
		return families(proto, typ, flags, body)
	}
	for range 3 {
		k.Stations("phy0-ap0")
		k.Networks("phy0-ap0")
		k.Surveys("phy0-ap0")
		k.Channels()
	}
	if len(asked) != 6 { // and the devices, and the family
		t.Errorf("%d questions: %q", len(asked), asked)
	}
	for q, n := range asked {
		if n != 1 {
			t.Errorf("%q was asked %d times", q, n)
		}
	}
}

func TestScanNeedsAWirelessDevice(t *testing.T) {
	inNamespace(t, wires, func() {
		k := &Kernel{}
		if err := k.Scan(t.Context(), "va"); err == nil {
			t.Error("a wire was scanned")
		}
	})
}

// FuzzWifi feeds the readers of nl80211's answers.
func FuzzWifi(f *testing.F) {
	f.Add(nest(47, add(nil, 1, []byte{1, 2, 3, 4, 5, 6}), addNum(nil, 2, 2412), addNum(nil, 7, 0xffffe4a8)))
	f.Add(slices.Concat(add(nil, 6, []byte{1, 2, 3, 4, 5, 6}), nest(21, addNum(nil, 2, 1), nest(8, addNum(nil, 5, 3)))))
	f.Fuzz(func(t *testing.T, b []byte) {
		k := radio(map[byte][][]byte{5: {b}, 17: {b}, 32: {b}, 50: {b}})
		k.Channels()
		k.Stations("phy0-ap0")
		k.Networks("phy0-ap0")
		k.Surveys("phy0-ap0")
	})
}
