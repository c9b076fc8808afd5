package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nest is an attribute made of others.
func nest(typ uint16, parts ...[]byte) []byte { return add(nil, typ|nested, slices.Concat(parts...)) }

func long(typ uint16, n uint64) []byte {
	return add(nil, typ, binary.NativeEndian.AppendUint64(nil, n))
}

// family is the answer that generic netlink's controller gives: the family has the number 21.
var family = message{data: append([]byte{1, 2, 0, 0}, add(nil, 1, binary.NativeEndian.AppendUint16(nil, 21))...)}

// generic is a Kernel whose families answer a command with these messages, without their heads.
func generic(answers map[byte][][]byte) *Kernel {
	return &Kernel{exchange: func(_ int, typ, _ uint16, body []byte) ([]message, error) {
		if typ == 0x10 {
			return []message{family}, nil
		}
		if answers[body[0]] == nil {
			return nil, syscall.EOPNOTSUPP
		}
		var list []message
		for _, b := range answers[body[0]] {
			list = append(list, message{data: append([]byte{body[0], 1, 0, 0}, b...)})
		}
		return list, nil
	}}
}

func dev(typ uint16, name string) []byte {
	return nest(typ, addNum(nil, 1, 4), add(nil, 2, append([]byte(name), 0)))
}

func TestEEE(t *testing.T) {
	modes := func(mask ...byte) []byte {
		return nest(2, addNum(nil, 2, 64), add(nil, 4, make([]byte, 8)), add(nil, 5, mask))
	}
	k := generic(map[byte][][]byte{23: {
		slices.Concat(dev(1, "lan1"), modes(0, 0, 2, 0), add(nil, 4, []byte{1}), add(nil, 5, []byte{1})),
		slices.Concat(dev(1, "lan2"), modes(0, 0, 0, 0), add(nil, 4, []byte{0}), add(nil, 5, []byte{0})),
		{1, 2, 3}, nil,
	}})
	if got, want := k.EEE(), []EEE{{"lan1", true, true, true}, {"lan2", false, false, false}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Padding between the counters of a 32-bit kernel is none of them.
func TestCounters(t *testing.T) {
	bucket := func(low, high uint32, n uint64) []byte {
		return nest(5, addNum(nil, 7, low), addNum(nil, 8, high), add(nil, 1, nil), long(9, n))
	}
	k := generic(map[byte][][]byte{32: {
		slices.Concat(dev(2, "lan1"),
			nest(4, addNum(nil, 2, 1), addNum(nil, 3, 17), nest(4, long(12, 1<<40)), nest(4, add(nil, 1, nil), long(3, 7))),
			nest(4, addNum(nil, 2, 3), addNum(nil, 3, 19), nest(4, long(0, 5)), nest(4, add(nil, 1, nil), long(1, 6)),
				bucket(0, 64, 10), bucket(65, 127, 11), bucket(1024, 1518, 12), bucket(1519, 9216, 1))),
		slices.Concat(dev(2, "wan"), nest(4, addNum(nil, 2, 3))),
	}})
	got := k.Counters()
	if len(got) != 1 || got[0].Dev != "lan1" {
		t.Fatalf("got %v", got)
	}
	if want := map[uint16]uint64{12: 1 << 40, 3: 7}; !maps.Equal(got[0].MAC, want) {
		t.Errorf("got %v, want %v", got[0].MAC, want)
	}
	if want := map[uint16]uint64{0: 5, 1: 6}; !maps.Equal(got[0].RMON, want) {
		t.Errorf("got %v, want %v", got[0].RMON, want)
	}
	if want := map[uint32]uint64{64: 10, 127: 11, 1518: 13}; !maps.Equal(got[0].Sizes, want) {
		t.Errorf("got %v, want %v", got[0].Sizes, want)
	}
}

// The diagnostics are read where the module has them at their own address; ports without a module are passed over, silently.
func TestModules(t *testing.T) {
	for flags, want := range map[byte]int{0x68: memory, 0: 0, 0x44: 0} {
		var asked []string
		k := &Kernel{Fail: func(kind string, err error) { t.Error(kind, err) }, exchange: func(_ int, typ, _ uint16, body []byte) ([]message, error) {
			if typ == 0x10 {
				return []message{family}, nil
			}
			port, address := find(body[4:], 1, 2).text(), find(body[4:], 6).num()
			asked = append(asked, fmt.Sprintf("%s %x", port, address))
			if port != "wan" {
				return nil, syscall.EOPNOTSUPP
			}
			data := make([]byte, memory)
			data[0], data[92] = 3, flags
			return []message{{data: append([]byte{31, 1, 0, 0}, append(dev(1, "wan"), add(nil, 7, data)...)...)}}, nil
		}}
		got := k.Modules([]string{"lan1", "wan"})
		if len(got) != 1 || got[0].Dev != "wan" || len(got[0].A0) != memory || len(got[0].A2) != want {
			t.Errorf("%x: got %v", flags, got)
		}
		k.Modules(nil)
		if want := 2 + want/memory; len(asked) != want {
			t.Errorf("%x: asked %v", flags, asked)
		}
	}
}

// What is asked of ethtool is well formed: the kernel says what it has, or that it has nothing of the kind.
func TestRealEthtool(t *testing.T) {
	inNamespace(t, wires, func() {
		k := &Kernel{}
		k.Fail = func(kind string, err error) {
			if strings.HasPrefix(kind, "family") && errors.Is(err, syscall.ENOENT) {
				t.Skip("this kernel has no ethtool over netlink")
			}
			t.Error(err)
		}
		if got := k.EEE(); len(got) > 0 {
			t.Errorf("got %v", got)
		}
		if got := k.Counters(); len(got) > 0 {
			t.Errorf("got %v", got)
		}
		if got := k.Modules([]string{"va", "gone"}); len(got) > 0 {
			t.Errorf("got %v", got)
		}
	})
}

func TestWake(t *testing.T) {
	inNamespace(t, wires, func() {
		heard, err := net.ListenUDP("udp4", &net.UDPAddr{Port: 9})
		if err != nil {
			t.Error(err)
			return
		}
		defer heard.Close()
		mac, password := []byte{0, 1, 2, 3, 4, 5}, []byte{9, 8, 7, 6}
		recorded := &Kernel{File: func(string) []byte { return nil }}
		for _, k := range []*Kernel{recorded, {}} {
			if err := k.Wake(mac, password, []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.9.0.255")}); err != nil {
				t.Error(err)
			}
		}
		b := make([]byte, 200)
		heard.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := heard.Read(b)
		want := append(append(bytes.Repeat([]byte{255}, 6), bytes.Repeat(mac, 16)...), password...)
		if err != nil || !bytes.Equal(b[:n], want) {
			t.Errorf("heard %x, %v", b[:n], err)
		}
	})
}

// FuzzEthtool feeds the readers of ethtool's answers.
func FuzzEthtool(f *testing.F) {
	f.Add(slices.Concat(dev(1, "lan1"), nest(2, addNum(nil, 2, 64), add(nil, 5, []byte{1}))))
	f.Add(slices.Concat(dev(2, "lan1"), nest(4, addNum(nil, 2, 3), nest(4, long(1, 6)), nest(5, addNum(nil, 7, 0), addNum(nil, 8, 64), long(9, 6)))))
	f.Fuzz(func(t *testing.T, b []byte) {
		k := generic(map[byte][][]byte{23: {b}, 32: {b}, 31: {b}})
		k.EEE()
		k.Counters()
		for _, m := range k.Modules([]string{"lan1"}) {
			if len(m.A0) != memory {
				t.Fatal(m)
			}
		}
	})
}
