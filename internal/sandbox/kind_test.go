package sandbox

import (
	"maps"
	"testing"
)

func TestChange(t *testing.T) {
	files := map[string]string{"etc/a": "1\n", "etc/b": "2\n", "sys/class/net/eth0/mtu": "1500\n", "sys/class/net/eth1/x/y": "0\n", "sys/led": "x\n"}
	change(files, `# A router.

-- gone --
etc/b sys/class/net/*
-- etc/a --
changed

twice
-- sys/class/net/wan/ --
mtu 1492
uevent INTERFACE=wan and more
empty
-- etc/c --
`)
	want := map[string]string{"etc/a": "changed\n\ntwice\n", "sys/led": "x\n", "sys/class/net/wan/mtu": "1492\n",
		"sys/class/net/wan/uevent": "INTERFACE=wan and more\n", "sys/class/net/wan/empty": "\n", "etc/c": ""}
	if !maps.Equal(files, want) {
		t.Errorf("got %q, want %q", files, want)
	}
}

// Every kind can be written and opened, and an unknown one names those there are.
func TestKinds(t *testing.T) {
	for kind, about := range Kinds() {
		if about == "" {
			t.Errorf("%s: nothing says what it is", kind)
		}
		r, err := NewKind(t.TempDir(), kind)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if _, err := r.uci.Packages(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if _, err := NewKind(t.TempDir(), "toaster"); err == nil {
		t.Error("there is no toaster")
	}
}
