package kernel

import (
	"context"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestNews(t *testing.T) {
	event := func(command byte, body []byte) []byte { return append([]byte{command, 1, 0, 0}, body...) }
	for name, c := range map[string]struct {
		data []byte
		want News
	}{
		"a channel switch":          {event(88, addNum(addNum(nil, 3, 7), 38, 5180)), News{Freq: 5180, Moved: true}},
		"a radar":                   {event(94, addNum(addNum(addNum(nil, 1, 0), 168, 0), 38, 5500)), News{Freq: 5500, Radar: true}},
		"the check for radars":      {event(94, addNum(addNum(nil, 168, 1), 38, 5500)), News{Freq: 5500}},
		"a radar event of no kind":  {event(94, addNum(nil, 38, 5500)), News{Freq: 5500}},
		"an access point":           {event(15, addNum(nil, 3, 7)), News{}},
		"a switch to nowhere":       {event(88, addNum(nil, 3, 7)), News{Moved: true}},
		"half a number":             {event(88, add(nil, 38, []byte{1, 2})), News{Moved: true}},
		"an attribute without end":  {event(88, []byte{255, 255, 38, 0, 1}), News{Moved: true}},
		"a header that is cut off":  {[]byte{88, 1}, News{}},
		"nothing":                   {nil, News{}},
		"a frequency on its own":    {event(46, addNum(nil, 38, 2437)), News{Freq: 2437}},
		"a command of another kind": {event(0, addNum(nil, 38, 2437)), News{Freq: 2437}},
	} {
		if got := newsOf(c.data); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestThereAreNoNewsWithoutWiFi(t *testing.T) {
	never := func() { t.Error("news have settled") }
	if err := (&Kernel{File: func(string) []byte { return nil }}).Watch(t.Context(), time.Millisecond, nil, never); err != nil {
		t.Error(err)
	}
	none := func(int, uint16, uint16, []byte) ([]message, error) { return nil, syscall.ENOENT }
	if err := (&Kernel{exchange: none}).Watch(t.Context(), time.Millisecond, nil, never); err != nil {
		t.Error(err)
	}
}

// The kernel's own news: those of the family netdev about devices that come (NETDEV_CMD_DEV_ADD_NTF, 2) and go (3), since a
// machine without radios has no others.
func TestRealNews(t *testing.T) {
	inNamespace(t, wires, func() {
		group := (&Kernel{}).group("netdev", "mgmt")
		if group == 0 {
			t.Log("this kernel has no news of devices")
			return
		}
		heard := func(commands ...byte) (all []byte) {
			f, err := listen(group, commands)
			if err != nil {
				t.Error(err)
				return nil
			}
			defer f.Close()
			for _, command := range []string{"add", "del"} {
				if out, err := exec.Command("ip", "link", command, "vc", "type", "veth").CombinedOutput(); err != nil {
					t.Errorf("%v %s", err, out)
				}
			}
			for buf := make([]byte, 1<<12); ; {
				f.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
				n, err := f.Read(buf)
				if err != nil {
					return all
				}
				messages, _, err := parse(buf[:n])
				if err != nil {
					t.Error(err)
				}
				for _, m := range messages {
					all = append(all, m.data[0])
				}
			}
		}
		for _, c := range []struct{ wanted, want []byte }{ // a veth is two devices
			{[]byte{2, 3}, []byte{2, 2, 3, 3}}, {[]byte{1, 2, 200}, []byte{2, 2}}, {[]byte{200, 3}, []byte{3, 3}}, {[]byte{1, 200}, nil},
		} {
			if got := heard(c.wanted...); !slices.Equal(got, c.want) {
				t.Errorf("who wants to hear of %v hears %v, want %v", c.wanted, got, c.want)
			}
		}
	})
}

// A listener ends with its context, and tells at the beginning that things have settled.
func TestTheListenerEnds(t *testing.T) {
	group := (&Kernel{}).group("nlctrl", "notify")
	if group == 0 {
		t.Skip("no generic netlink here")
	}
	real := (&Kernel{}).ask("", syscall.NETLINK_GENERIC, 0x10, 0, familyByName("nlctrl"))
	for i := range real { // nlctrl's group goes by the name that is looked for
		real[i].data = append([]byte{1, 2, 0, 0}, add(nil, 7, add(nil, 1, append(add(nil, 1, []byte("mlme\x00")), addNum(nil, 2, group)...)))...)
	}
	ctx, cancel := context.WithCancel(t.Context())
	k := &Kernel{exchange: func(int, uint16, uint16, []byte) ([]message, error) { return real, nil }}
	if err := k.Watch(ctx, time.Millisecond, func(News) {}, cancel); err != nil {
		t.Error(err)
	}
}
