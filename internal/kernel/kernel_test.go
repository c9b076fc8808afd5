package kernel

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/mdlayher/netlink"
)

// encode makes a message as the kernel sends it.
func encode(typ, flags uint16, data []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(16+len(data)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = binary.NativeEndian.AppendUint16(b, flags)
	b = append(append(b, make([]byte, 8)...), data...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// link is the message of a device; neighbour that of one at 192.168.1.7.
func link(index uint32, name string) message {
	b := make([]byte, 16)
	binary.NativeEndian.PutUint32(b[4:], index)
	return message{typ: syscall.RTM_NEWLINK, data: add(b, syscall.IFLA_IFNAME, append([]byte(name), 0))}
}

func neighbour(index uint32, state byte) message {
	b := make([]byte, 12)
	b[0] = syscall.AF_INET
	binary.NativeEndian.PutUint16(b[8:], uint16(state))
	binary.NativeEndian.PutUint32(b[4:], index)
	b = add(b, 1, []byte{192, 168, 1, 7})
	b = add(b, 2, []byte{0, 1, 2, 3, 4, 5})
	return message{typ: syscall.RTM_NEWNEIGH, data: add(b, 3, make([]byte, 16))}
}

// played is a Kernel whose kernel answers with these messages; asked counts the questions by type and family.
func played(answers map[uint16][]message) (*Kernel, map[[2]int]int) {
	asked := map[[2]int]int{}
	return &Kernel{exchange: func(_ int, typ, _ uint16, body []byte) ([]message, error) {
		asked[[2]int{int(typ), int(body[0])}]++
		if answers[typ] == nil {
			return nil, syscall.EPERM
		}
		return answers[typ], nil
	}}, asked
}

func TestADumpIsAskedForOnce(t *testing.T) {
	k, asked := played(map[uint16][]message{syscall.RTM_GETLINK: {link(3, "wan")}})
	var failed []string
	k.Fail = func(kind string, err error) {
		failed = append(failed, kind)
		if !errors.Is(err, syscall.EPERM) {
			t.Error(err)
		}
	}
	for range 3 {
		k.Links()
		k.Addresses()
		k.Routes()
		k.Neighbours()
		k.Forwarding()
		k.BridgeVLANs()
	}
	if len(asked) != 6 {
		t.Errorf("asked %v", asked)
	}
	for question, n := range asked {
		if n != 1 {
			t.Errorf("%v was asked %d times", question, n)
		}
	}
	if want := []string{"addresses", "routes", "neighbours", "forwarding"}; !slices.Equal(failed, want) {
		t.Errorf("%v failed, want %v", failed, want)
	}
}

// A device that has gone between two dumps takes what the second says of it along.
func TestDevicesVanish(t *testing.T) {
	k, _ := played(map[uint16][]message{
		syscall.RTM_GETLINK:  {link(3, "wan"), {data: []byte{1}}, {data: make([]byte, 16)}},
		syscall.RTM_GETNEIGH: {neighbour(3, 2), neighbour(4, 2), neighbour(3, 0)},
	})
	want := []Neighbour{
		{Dev: "wan", MAC: "00:01:02:03:04:05", IP: netip.MustParseAddr("192.168.1.7"), State: "reachable"},
		{Dev: "wan", MAC: "00:01:02:03:04:05", IP: netip.MustParseAddr("192.168.1.7"), State: "none"},
	}
	if got := k.Neighbours(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Whatever is cut off a message, what remains of it is read, and nothing else.
func TestTruncatedMessages(t *testing.T) {
	whole := neighbour(3, 2).data
	for n := range whole {
		k, _ := played(map[uint16][]message{syscall.RTM_GETLINK: {link(3, "wan")}, syscall.RTM_GETNEIGH: {{data: whole[:n:n]}}})
		if got := k.Neighbours(); len(got) == 1 && (n < 20 || got[0].MAC != "" && n < 30) {
			t.Errorf("%d of %d bytes gave %v", n, len(whole), got)
		}
	}
	long, short := encode(16, 0, nil), encode(16, 0, nil)
	binary.NativeEndian.PutUint32(long, 17)
	binary.NativeEndian.PutUint32(short, 15)
	for _, b := range [][]byte{encode(syscall.NLMSG_DONE, 0, nil)[:15], long, short} {
		if messages, done, err := parse(b); len(messages) > 0 || done || len(b) == 16 && err == nil {
			t.Errorf("%v: %v %v %v", b, messages, done, err)
		}
	}
	no := -int32(syscall.EOPNOTSUPP)
	refusal := binary.NativeEndian.AppendUint32(nil, uint32(no))
	if _, done, err := parse(encode(syscall.NLMSG_ERROR, 0, refusal)); !done || err != syscall.EOPNOTSUPP {
		t.Errorf("%v %v", done, err)
	}
}

// FuzzParse holds the framing and the attributes against those of github.com/mdlayher/netlink.
func FuzzParse(f *testing.F) {
	f.Add(encode(syscall.RTM_NEWNEIGH, 2, neighbour(3, 2).data))
	f.Add(append(encode(syscall.RTM_NEWLINK, 2, link(3, "wan").data), encode(syscall.NLMSG_DONE, 2, make([]byte, 4))...))
	f.Fuzz(func(t *testing.T, b []byte) {
		messages, _, err := parse(slices.Clone(b))
		if err == nil {
			for _, m := range messages {
				for _, read := range []func(*Kernel){
					func(k *Kernel) { k.Links() }, func(k *Kernel) { k.Addresses() }, func(k *Kernel) { k.Routes() },
					func(k *Kernel) { k.Neighbours() }, func(k *Kernel) { k.Forwarding() }, func(k *Kernel) { k.BridgeVLANs() },
				} {
					all := map[uint16][]message{}
					for _, typ := range []uint16{syscall.RTM_GETLINK, syscall.RTM_GETADDR, syscall.RTM_GETROUTE, syscall.RTM_GETNEIGH} {
						all[typ] = []message{m}
					}
					k, _ := played(all)
					read(k)
				}
			}
		}
		oracle, err := netlink.UnmarshalAttributes(b)
		if err != nil {
			return
		}
		for left := b; len(oracle) > 0; oracle = oracle[1:] {
			if len(left) >= 2 && binary.NativeEndian.Uint16(left) < 4 { // broken: the oracle passes over it
				return
			}
			typ, v, rest := next(left)
			if o := oracle[0]; v == nil || typ != o.Type&0x3fff || !slices.Equal(v, o.Data) {
				t.Fatalf("%x: attribute %d %x, want %d %x", b, typ, v, o.Type, o.Data)
			}
			left = rest
		}
	})
}

// record writes what the kernel says as recordings below dir.
func record(t *testing.T, k *Kernel, dir string) {
	t.Helper()
	for kind, v := range map[string]any{
		"links": k.Links(), "addresses": k.Addresses(), "routes": k.Routes(), "neighbours": k.Neighbours(),
		"forwarding": k.Forwarding(), "bridgevlans": k.BridgeVLANs(),
	} {
		text, err := json.Marshal(v)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, kind+".json"), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A recording reads as the kernel did.
func TestRecordings(t *testing.T) {
	k, _ := played(map[uint16][]message{
		syscall.RTM_GETLINK: {link(3, "wan")}, syscall.RTM_GETNEIGH: {neighbour(3, 2)}, syscall.RTM_GETADDR: {}, syscall.RTM_GETROUTE: {},
	})
	dir := t.TempDir()
	record(t, k, dir)
	read := map[string]int{}
	replayed := &Kernel{File: func(name string) []byte {
		read[name]++
		text, _ := os.ReadFile(filepath.Join(dir, filepath.Base(name)))
		return text
	}}
	for range 2 {
		if got, want := replayed.Neighbours(), k.Neighbours(); !slices.Equal(got, want) || len(got) != 1 {
			t.Errorf("got %v, want %v", got, want)
		}
		if got, want := replayed.Links(), k.Links(); !slices.Equal(got, want) || len(got) != 1 {
			t.Errorf("got %v, want %v", got, want)
		}
		if got := replayed.Routes(); len(got) != 0 {
			t.Errorf("got %v", got)
		}
	}
	if want := map[string]int{"/kernel/neighbours.json": 1, "/kernel/links.json": 1, "/kernel/routes.json": 1}; !maps.Equal(read, want) {
		t.Errorf("read %v", read)
	}
	var failed error
	broken := &Kernel{File: func(string) []byte { return []byte(`[{"dev":"wan"`) }, Fail: func(_ string, err error) { failed = err }}
	if got := broken.Addresses(); len(got) != 0 || failed == nil {
		t.Errorf("got %v, %v", got, failed)
	}
}
