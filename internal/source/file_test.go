package source

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
)

func TestFileValues(t *testing.T) {
	rt := newRouter(t, map[string]string{
		"proc/meminfo":          "MemTotal:         498288 kB\nMemAvailable:     344976 kB\n",
		"proc/uptime":           "266421.33 531207.1\n",
		"etc/device_info":       "DEVICE_MANUFACTURER='GL.iNet'\nDEVICE_REVISION=\"v1.2\"\n",
		"sys/class/net/wan/mtu": "1500\n",
		"etc/shadow":            "root:secret",
		"tmp/big":               strings.Repeat("x", maxFile+1000),
	})
	r := rt.begin(t)
	cases := []struct{ source, want string }{
		{"file /proc/meminfo line MemTotal: word 1", "498288"},
		{"file /proc/meminfo line MemAvail word 2", "kB"},
		{"file /proc/meminfo line Nothing word 1", ""},
		{"file /proc/uptime word 0", "266421.33"},
		{"file /proc/uptime word 7", ""},
		{"file /proc/uptime", "266421.33 531207.1"},
		{"file /etc/device_info line DEVICE_MANUFACTURER=", "GL.iNet"},
		{"file /etc/device_info line DEVICE_REVISION=", "v1.2"},
		{"file /etc/nothing", ""},
		{"file /etc", ""},
		{"file /../../../etc/nothing", ""},
	}
	for _, c := range cases {
		wantText(t, c.source, rt.get(t, r, c.source, nil), c.want)
	}
	if n := len(rt.get(t, r, "file /tmp/big", nil)); n != maxValue {
		t.Errorf("a large file gives %d bytes, want %d", n, maxValue)
	}
}

func TestFileIsReadOncePerTransaction(t *testing.T) {
	rt := newRouter(t, map[string]string{"tmp/x": "old"})
	r := rt.begin(t)
	wantText(t, "first", rt.get(t, r, "file /tmp/x", nil), "old")
	writeFile(t, rt.root, "tmp/x", "new")
	wantText(t, "same transaction", rt.get(t, r, "file /tmp/x", nil), "old")
	wantText(t, "next transaction", rt.get(t, rt.begin(t), "file /tmp/x", nil), "new")
}

func TestFileNeverWaitsForAPipe(t *testing.T) {
	rt := newRouter(t, map[string]string{"tmp/x": ""})
	if err := syscall.Mkfifo(filepath.Join(rt.root, "tmp/pipe"), 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	wantText(t, "pipe", rt.get(t, rt.begin(t), "file /tmp/pipe", nil), "")
}

func TestFilePlaceholdersCannotLeaveTheirDirectory(t *testing.T) {
	rt := newRouter(t, map[string]string{
		"etc/config/network":        "config device 'd'\n\toption name '../../../../etc/shadow'\nconfig device 'e'\n\toption name 'wan'\nconfig device 'f'\n\toption name '..'\n",
		"etc/shadow":                "root:secret",
		"sys/class/net/wan/address": "00:11:22:33:44:55\n",
		"sys/class/address":         "stolen",
	})
	r := rt.begin(t)
	for section, want := range map[string]string{"d": "", "e": "00:11:22:33:44:55", "f": ""} {
		row := &model.Row{Key: section, Package: "network", Section: section, Number: 1}
		wantText(t, section, rt.get(t, r, "file /sys/class/net/{.name}/address", row), want)
	}
	row := &model.Row{Key: "d", Package: "network", Section: "d", Number: 1}
	wantText(t, "whole path", rt.get(t, r, "file /sys/class/net/{.name}", row), "")
}

func TestFilesBesideTheRow(t *testing.T) {
	rt := newRouter(t, map[string]string{
		"sys/bus/usb1/version": " 2.00\n", "sys/bus/usb1/1-0:1.0/usb1-port1/device/speed": "480\n", "sys/bus/usb1/1-0:1.0/usb1-port2/uevent": "",
		"sys/bus/1-1/devnum": "2\n", "sys/bus/1-1:1.0/driver": "", "etc/shadow": "secret",
	})
	r := rt.begin(t)
	ports := rt.rows(t, r, "file /sys/bus/usb*/*-0:1.0/usb*-port*", nil)
	wantList(t, "ports", keys(ports), "usb1-port1", "usb1-port2")
	wantText(t, "below", rt.get(t, r, "file ./device/speed", &ports[0]), "480")
	wantText(t, "below nothing", rt.get(t, r, "file ./device/speed", &ports[1]), "")
	wantText(t, "above", rt.get(t, r, "file ../../version", &ports[0]), "2.00")
	wantText(t, "of a row from elsewhere", rt.get(t, r, "file ./device/speed", &model.Row{Key: "x", Number: 1}), "")
	wantText(t, "of no row", rt.get(t, r, "file ./device/speed", nil), "")
	wantText(t, "above the root", rt.get(t, r, "file ../../../../../../../../etc/nothing", &ports[0]), "")

	devices := rt.rows(t, r, "file /sys/bus/1-*/devnum", nil)
	wantList(t, "directories with a file", keys(devices), "1-1")
	wantText(t, "in the directory", rt.get(t, r, "file ./devnum", &devices[0]), "2")
}

func TestFileRowsAndNeeds(t *testing.T) {
	rt := newRouter(t, map[string]string{"sys/class/net/wan/mtu": "1", "sys/class/net/lan1/mtu": "1", "usr/sbin/ntpd": ""})
	r := rt.begin(t)
	wantList(t, "glob", keys(rt.rows(t, r, "file /sys/class/net/*", nil)), "lan1", "wan")
	wantList(t, "empty glob", keys(rt.rows(t, r, "file /sys/nothing/*", nil)))
	for path, want := range map[string]bool{"/usr/sbin/ntpd": true, "/usr/sbin/chronyd": false} {
		if got := r.Need(t.Context(), rt.expr(t, model.UseNeed, "file "+path)); got != want {
			t.Errorf("needs file %s: got %v, want %v", path, got, want)
		}
	}
}

func TestGlobInARootWithOddName(t *testing.T) {
	rt := newRouter(t, nil)
	odd := filepath.Join(rt.root, "a[b]*")
	writeFile(t, odd, "etc/x", "")
	rt.cfg.Root = odd
	wantList(t, "glob", rt.begin(t).Glob("/etc/*"), "/etc/x")
}

func TestUnreadableFileIsLoggedOnce(t *testing.T) {
	rt := newRouter(t, map[string]string{"tmp/x": "a"})
	if err := os.Mkdir(filepath.Join(rt.root, "tmp/dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		rt.get(t, rt.begin(t), "file /tmp/dir", nil)
	}
	if n := rt.log.count("/tmp/dir is not") + rt.log.count("tmp/dir"); n == 0 || rt.log.count("file left out") != 1 {
		t.Errorf("got %d lines, want one: %q", rt.log.count("file left out"), rt.log.all)
	}
}
