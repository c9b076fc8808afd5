package datamodel_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/cwmpd/cwmpd/internal/sandbox"
)

const mm = "org.freedesktop.ModemManager1"

// newLTE is the sandbox's LTE router with a real dbus-daemon.
func newLTE(t *testing.T) (l *lan, address string) {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "lte")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	router, err := sandbox.NewKind(dir, "lte")
	if err != nil {
		t.Fatal(err)
	}
	address, stop, err := sandbox.StartDBus(router.Dir)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no dbus-daemon on this machine:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return openLAN(t, router), address
}

// playModems has the sandbox answer for ModemManager.
func playModems(t *testing.T, router *sandbox.Router, address string) {
	t.Helper()
	conn, err := router.PlayDBus(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
}

// mockModems has python3-dbusmock answer for ModemManager.
func mockModems(t *testing.T, router *sandbox.Router, address string) dbus.BusObject {
	t.Helper()
	python := ""
	for _, p := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(p, "-c", "import dbusmock").Run() == nil {
			python = p
			break
		}
	}
	if python == "" {
		t.Skip("no python3-dbusmock on this machine")
	}
	cmd := exec.Command(python, "-m", "dbusmock", "--system", "--is-object-manager", mm, "/org/freedesktop/ModemManager1", mm)
	cmd.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS="+address)
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	object := conn.Object(mm, "/org/freedesktop/ModemManager1")
	for began := time.Now(); object.Call("org.freedesktop.DBus.Peer.Ping", 0).Err != nil; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 15*time.Second {
			t.Fatal("dbusmock does not answer")
		}
	}
	objects, err := router.DBusObjects(mm)
	if err != nil {
		t.Fatal(err)
	}
	type method struct{ Name, In, Out, Code string }
	for path, interfaces := range objects {
		added := false
		for iface, props := range interfaces {
			if !added {
				err = object.Call("org.freedesktop.DBus.Mock.AddObject", 0, string(path), iface, props, []method{}).Err
			} else {
				err = conn.Object(mm, path).Call("org.freedesktop.DBus.Mock.AddProperties", 0, iface, props).Err
			}
			if added = true; err != nil {
				t.Fatal(path, iface, err)
			}
		}
	}
	return object
}

// What ModemManager says of the modem, as two players of it do.
func TestModemManager(t *testing.T) {
	for name, play := range map[string]func(*testing.T, *sandbox.Router, string){
		"sandbox":  playModems,
		"dbusmock": func(t *testing.T, r *sandbox.Router, a string) { mockModems(t, r, a) },
	} {
		t.Run(name, func(t *testing.T) {
			l, address := newLTE(t)
			play(t, l.router, address)
			l.want(`
Device.Cellular.RoamingStatus = Roaming
Device.Cellular.InterfaceNumberOfEntries = 2
Device.Cellular.Interface.1.Status = Up
Device.Cellular.Interface.1.Name = wwan0
Device.Cellular.Interface.1.IMEI = 867698041234567
Device.Cellular.Interface.1.SupportedAccessTechnologies = GPRS,EDGE,UMTS,UMTSHSPA,LTE
Device.Cellular.Interface.1.PreferredAccessTechnology = Auto
Device.Cellular.Interface.1.CurrentAccessTechnology = LTE
Device.Cellular.Interface.1.NetworkInUse = Example Mobile
Device.Cellular.Interface.1.RSSI = -61
Device.Cellular.Interface.1.RSRP = -91
Device.Cellular.Interface.1.RSRQ = -9
Device.Cellular.Interface.1.UpstreamMaxBitRate = 50000
Device.Cellular.Interface.1.DownstreamMaxBitRate = 150000
Device.Cellular.Interface.1.Stats.BytesSent = 81920373
Device.Cellular.Interface.1.USIM.Status = Valid
Device.Cellular.Interface.1.USIM.IMSI = 262011234567890
Device.Cellular.Interface.1.USIM.ICCID = 89490200001234567890
Device.Cellular.Interface.1.USIM.MSISDN = 491700123456789
Device.Cellular.Interface.1.USIM.PINCheck = OnNetworkAccess
Device.Cellular.Interface.1.USIM.PIN =
Device.Cellular.Interface.1.SMS.MessageNumberOfEntries = 2
Device.Cellular.Interface.1.SMS.Message.1.Sender = +491701234
Device.Cellular.Interface.1.SMS.Message.1.Receiver =
Device.Cellular.Interface.1.SMS.Message.1.Text = Your data volume is used up
Device.Cellular.Interface.1.SMS.Message.1.TimeStamp = 2026-11-20T10:12:13+01:00
Device.Cellular.Interface.1.SMS.Message.1.Status = Received
Device.Cellular.Interface.1.SMS.Message.1.Type = PointToPoint
Device.Cellular.Interface.1.SMS.Message.2.Sender =
Device.Cellular.Interface.1.SMS.Message.2.Receiver = 8080
Device.Cellular.Interface.1.SMS.Message.2.Status = Sent
Device.Cellular.Interface.1.SMS.Message.2.TimeStamp = 0001-01-01T00:00:00Z
Device.Cellular.Interface.2.Status = Down
Device.Cellular.Interface.2.IMEI =
Device.Cellular.Interface.2.SMS.MessageNumberOfEntries = 0
`)
		})
	}
}

// A preferred technology is one that the modem can prefer, and the others stay allowed.
func TestPreferredAccessTechnology(t *testing.T) {
	l, address := newLTE(t)
	playModems(t, l.router, address)
	const name = "Device.Cellular.Interface.1.PreferredAccessTechnology"
	for _, c := range []struct{ value, allowed, preferred string }{
		{"LTE", "2g|3g|4g", "4g"}, {"UMTS", "2g|3g|4g", "3g"}, {"Auto", "", ""},
	} {
		l.set(name, c.value)
		s := l.section("network", "wwan")
		if a, p := s.Get("allowedmode"), s.Get("preferredmode"); a != c.allowed || p != c.preferred {
			t.Errorf("%s: allowedmode %q, preferredmode %q; want %q, %q", c.value, a, p, c.allowed, c.preferred)
		}
		if got := l.value(name); got != c.value {
			t.Errorf("%s reads %s", c.value, got)
		}
	}
	for _, cannot := range []string{"NR", "GPRS", "EDGE"} {
		if err := l.try(name, cannot); err == nil {
			t.Errorf("%s is accepted", cannot)
		}
	}
}

// What a modem may do while it is read: it goes, it says things of other types, it says nothing.
func TestModemThatMisbehaves(t *testing.T) {
	const file, good = "dbus/" + mm + ".txt", "Device.Cellular.Interface.2.PreferredAccessTechnology = LTE\n"
	for _, c := range []struct{ name, old, new, want string }{
		{"the SIM and the bearer are gone", "/SIM/0\n  org", "/SIM/9\n  org", "Device.Cellular.Interface.1.USIM.IMSI =\nDevice.Cellular.Interface.1.IMEI = 867698041234567"},
		{"there is no SIM", "Sim objectpath '/org/freedesktop/ModemManager1/SIM/0'", "Sim objectpath '/'", "Device.Cellular.Interface.1.USIM.Status = None\nDevice.Cellular.Interface.1.USIM.ICCID ="},
		{"it waits for its PIN", "UnlockRequired uint32 3", "UnlockRequired uint32 2", "Device.Cellular.Interface.1.USIM.Status = Available"},
		{"its SIM is blocked", "UnlockRequired uint32 3", "UnlockRequired uint32 4", "Device.Cellular.Interface.1.USIM.Status = Blocked"},
		{"it failed", "State int32 11", "State int32 -1", "Device.Cellular.Interface.1.Status = Error"},
		{"a state of the future", "State int32 11", "State int32 99", "Device.Cellular.Interface.1.Status ="},
		{"numbers are words", "AccessTechnologies uint32 16384", "AccessTechnologies 'many'", "Device.Cellular.Interface.1.CurrentAccessTechnology =\nDevice.Cellular.Interface.1.RSSI = -61"},
		{"a dictionary is a number", "Lte @a{sv} {'rssi': <-61.5>, 'rsrq': <-9.0>, 'rsrp': <-91.0>, 'snr': <12.4>}", "Lte uint32 4", "Device.Cellular.Interface.1.RSSI = 0\nDevice.Cellular.Interface.1.RSRP = 0"},
		{"a path is a word", "Sim objectpath '/org/freedesktop/ModemManager1/SIM/0'", "Sim 'the sim'", "Device.Cellular.Interface.1.USIM.IMSI ="},
		{"modes are no pairs", "SupportedModes @a(uu) 4 0, 8 0, 12 8, 14 0, 14 8, 14 4", "SupportedModes 'any'", "Device.Cellular.Interface.1.SupportedAccessTechnologies ="},
		{"the device is a number", "Device '", "Device uint32 7\n    Was '", "Device.Cellular.InterfaceNumberOfEntries = 2"},
		{"it is unplugged", "/org/freedesktop/ModemManager1/Modem/7\n  org.freedesktop.ModemManager1.Modem\n", "/org/freedesktop/ModemManager1/Modem/7\n  org.example\n", "Device.Cellular.Interface.1.IMEI =\nDevice.Cellular.Interface.1.Status = Up"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, address := newLTE(t)
			playModems(t, l.router, address)
			text, err := os.ReadFile(l.router.Path(file))
			if err != nil || !strings.Contains(string(text), c.old) {
				t.Fatal("nothing to change", err)
			}
			changed := strings.Replace(string(text), c.old, c.new, 1)
			if err := os.WriteFile(l.router.Path(file), []byte(changed), 0o644); err != nil {
				t.Fatal(err)
			}
			l.want(good + c.want)
		})
	}
}

// A service that hangs costs its patience once; then what the configuration says is there.
func TestModemManagerThatHangs(t *testing.T) {
	l, address := newLTE(t)
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.RequestName(mm, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	silence := make(chan struct{})
	t.Cleanup(func() { close(silence) })
	hang := func() (sandbox.Objects, *dbus.Error) { <-silence; return nil, nil }
	if err := conn.ExportMethodTable(map[string]any{"GetManagedObjects": hang}, "/org/freedesktop/ModemManager1", "org.freedesktop.DBus.ObjectManager"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	l.want("Device.Cellular.Interface.1.Status = Up\nDevice.Cellular.Interface.1.IMEI =\nDevice.Cellular.AccessPoint.1.APN = internet.example")
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("it took %v", took)
	}
}

// want compares values in one read of all that they are of; each line is PATH = VALUE.
func (l *lan) want(text string) {
	l.t.Helper()
	all := l.all("Device.Cellular.")
	for line := range strings.Lines(text) {
		path, want, ok := strings.Cut(strings.TrimSpace(line), " =")
		if !ok {
			continue
		}
		if got, there := all[path]; got != strings.TrimSpace(want) || !there {
			l.t.Errorf("%s is %q (there: %v), want %q", path, got, there, strings.TrimSpace(want))
		}
	}
}

// One read of the tree asks for the modems once, and for each SIM, bearer and message once.
func TestModemManagerIsAskedOnce(t *testing.T) {
	l, address := newLTE(t)
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	objects, err := l.router.DBusObjects(mm)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	asked := map[string]int{}
	count := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		asked[what]++
	}
	modems := func() (sandbox.Objects, *dbus.Error) { count("modems"); return objects, nil }
	err = conn.ExportMethodTable(map[string]any{"GetManagedObjects": modems}, "/org/freedesktop/ModemManager1", "org.freedesktop.DBus.ObjectManager")
	for path, interfaces := range objects {
		all := func(iface string) (map[string]dbus.Variant, *dbus.Error) {
			count(string(path) + " " + iface)
			return interfaces[iface], nil
		}
		err = errors.Join(err, conn.ExportMethodTable(map[string]any{"GetAll": all}, path, "org.freedesktop.DBus.Properties"))
	}
	if _, failed := conn.RequestName(mm, dbus.NameFlagDoNotQueue); failed != nil || err != nil {
		t.Fatal(failed, err)
	}
	l.want("Device.Cellular.Interface.1.USIM.IMSI = 262011234567890")
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 5 { // modems, SIM, bearer, two messages
		t.Errorf("asked: %v", asked)
	}
	for what, n := range asked {
		if n != 1 {
			t.Errorf("%s: asked %d times", what, n)
		}
	}
}
