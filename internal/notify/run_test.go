package notify

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
)

// told waits for OnChange, for real.
func (b *bed) told(within time.Duration) bool {
	select {
	case <-b.onTold:
		return true
	case <-time.After(within):
		return false
	}
}

// TestActiveChange is T-201, T-203, N-14: several quick changes are one, and it is heard of within two seconds.
func TestActiveChange(t *testing.T) {
	b := newBed(t, nil)
	b.notify(hostname, 2)
	b.run(true)
	for from, to := range []string{"r2", "r3", "r4", "r5", "r6"} {
		b.edit(sysFile, []string{"r1", "r2", "r3", "r4", "r5"}[from], to)
	}
	start := time.Now()
	if !b.told(10 * time.Second) {
		t.Fatal("not told")
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %v, want 2 s at most", d)
	}
	b.wantPending(hostname + "=r6")
	if len(b.onTold) > 0 {
		t.Error("told twice")
	}
}

// /var/run/uci does not exist on a router that never had a file in it.
func TestDirectoriesComeAndGo(t *testing.T) {
	root := t.TempDir()
	dirs := []string{filepath.Join(root, "etc/config"), filepath.Join(root, "var/run/uci")}
	heard := make(chan bool, 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- watchDirs(ctx, dirs, func() { heard <- true }) }()
	wait := func(what string, do func() error) {
		t.Helper()
		deadline := time.After(10 * time.Second)
		for { // the watch may be rearranged just now, so what is done is done again
			for len(heard) > 0 {
				<-heard
			}
			if err := do(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-heard:
				return
			case <-time.After(300 * time.Millisecond):
			case <-deadline:
				t.Fatalf("not heard: %s", what)
			}
		}
	}
	write := func(name string) func() error {
		return func() error { return os.WriteFile(filepath.Join(root, name), []byte("x"), 0o644) }
	}
	mk := func(name string) func() error {
		return func() error {
			os.RemoveAll(filepath.Join(root, name))
			return os.MkdirAll(filepath.Join(root, name), 0o755)
		}
	}
	wait("etc/config is made", mk("etc/config"))
	wait("a file of it is written", write("etc/config/network"))
	wait("var/run is made", mk("var/run"))
	wait("var/run/uci is made", mk("var/run/uci"))
	wait("a file of it is written", write("var/run/uci/system"))
	wait("a file of the other is written", write("etc/config/network"))
	wait("a file is removed", func() error {
		if err := write("etc/config/network")(); err != nil {
			return err
		}
		return os.Remove(filepath.Join(root, "etc/config/network"))
	})
	wait("a directory is replaced", mk("etc/config"))
	wait("a file of the new one is written", write("etc/config/network"))
	for len(heard) > 0 {
		<-heard
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestTemporaryFilesAreSilent(t *testing.T) {
	d := &dirWatch{held: map[int32]string{1: ""}}
	event := func(wd, mask uint32, name string) []byte {
		b := make([]byte, 0, 32)
		for _, field := range []uint32{wd, mask, 0, 16} {
			b = binary.NativeEndian.AppendUint32(b, field)
		}
		return append(append(b, name...), make([]byte, 16-len(name))...)
	}
	for name, want := range map[string]bool{".network.uci-x1": false, "network": true} {
		if files, moved := d.events(event(1, 8, name)); files != want || moved {
			t.Errorf("%s: got %v, %v", name, files, moved)
		}
	}
	if files, moved := d.events(event(7, 8, "network")); files || moved {
		t.Error("an event of a watch that was given up")
	}
	if files, moved := d.events(event(0, 1<<14, "")); !files || !moved {
		t.Error("an overflow is to be taken for everything")
	}
	d.events([]byte{1, 2, 3})
	d.events(append(event(1, 8, "x")[:16:16], 1))
}

// TestTicker is N-14: what tells nobody is looked at every 30 seconds, and only while somebody wants to know.
func TestTicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		b.cfg.UCIDirs = nil
		var done = make(chan error)
		go func() { done <- b.Run(ctx) }()
		defer func() { cancel(); <-done }()
		looks := func(during time.Duration) int {
			before := b.versionReads()
			time.Sleep(during)
			synctest.Wait()
			return b.versionReads() - before
		}
		looks(2 * time.Second)
		if n := looks(time.Hour); n != 0 {
			t.Errorf("nothing is notified: got %d looks in an hour", n)
		}
		b.notify(polled, 1)
		looks(2 * time.Second)
		if n := looks(time.Hour); n != 0 {
			t.Errorf("passive: got %d looks in an hour", n)
		}
		b.notify(polled, 2)
		looks(2 * time.Second)
		if n := looks(time.Hour); n != 120 {
			t.Errorf("active: got %d looks in an hour, want 120", n)
		}
		b.write("tmp/polled", "p2")
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if len(b.onTold) != 1 || !b.Active() {
			t.Errorf("changed: told %d times", len(b.onTold))
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(b.onTold) != 1 {
			t.Errorf("one change: told %d times", len(b.onTold))
		}
		b.notify(polled, 0)
		looks(2 * time.Second)
		if n := looks(time.Hour); n != 0 {
			t.Errorf("off again: got %d looks in an hour", n)
		}
		b.notify(hostname, 2) // its source tells
		looks(2 * time.Second)
		if n := looks(time.Hour); n != 0 {
			t.Errorf("a source with events: got %d looks in an hour", n)
		}
	})
}

// TestDebounceAndFlapping: N-12.
func TestDebounceAndFlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		b.cfg.UCIDirs = nil
		done := make(chan error)
		go func() { done <- b.Run(ctx) }()
		defer func() { cancel(); <-done }()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		before := b.versionReads()
		for range 100 { // a storm of events is one look
			b.Poke()
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := b.versionReads() - before; n != 1 {
			t.Errorf("got %d looks for a storm, want 1", n)
		}
		told := func() (n int) {
			synctest.Wait()
			for ; len(b.onTold) > 0; n++ {
				<-b.onTold
			}
			return n
		}
		told()
		sessions := 0
		for i := range 7200 { // an hour of a URL that flaps twice a second, and an ACS that hears of it at once
			b.setValue("url", []string{"http://192.0.2.1:7547/x", "http://192.0.2.2:7547/x", "http://192.0.2.3:7547/x"}[i%3])
			b.Poke()
			time.Sleep(500 * time.Millisecond)
			if n := told(); n > 0 {
				sessions += n
				b.ack()
			}
		}
		if sessions < 10 || sessions > 10+12+1 {
			t.Errorf("flapping: %d sessions in an hour", sessions)
		}
		b.setValue("version", "9.9") // what does not flap is told all the same
		b.Poke()
		time.Sleep(2 * time.Second)
		if n := told(); n != 1 {
			t.Errorf("another value beside it: told %d times", n)
		}
		b.ack()
		b.setValue("url", "http://192.0.2.9:7547/x") // and so is what flapped, later
		b.Poke()
		time.Sleep(6 * time.Minute)
		if n := told(); n != 1 {
			t.Errorf("the last value: told %d times", n)
		}
		b.ack()
		for len(b.onTold) > 0 {
			<-b.onTold
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if b.Active() || len(b.onTold) > 0 {
			t.Error("told of what the ACS knows")
		}
	})
}

// TestLimit is N-13: a parameter with a limit opens a session as often as that and no more; three changes within it are one
// notification, with the last value. A value that goes back where it was is none.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		const limited, limit = "Device.ManagementServer.ConnectionRequestURL", time.Minute
		b.cfg.UCIDirs = nil
		b.cfg.Limit = func(path string) time.Duration {
			if path == limited {
				return limit
			}
			return 0
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.Run(ctx) }()
		defer func() { cancel(); <-done }()
		change := func(value string) {
			b.setValue("url", value)
			b.Poke()
			time.Sleep(2 * time.Second)
			synctest.Wait()
		}
		told := func() (n int) {
			for ; len(b.onTold) > 0; n++ {
				<-b.onTold
			}
			return n
		}
		time.Sleep(2 * time.Second)
		change("http://192.0.2.2/")
		if n := told(); n != 1 {
			t.Fatalf("the first change was told %d times", n)
		}
		b.ack()
		for _, url := range []string{"http://192.0.2.3/", "http://192.0.2.4/", "http://192.0.2.5/"} {
			change(url)
		}
		if n := told(); n != 0 {
			t.Errorf("within the limit told %d times", n)
		}
		time.Sleep(limit)
		synctest.Wait()
		if n := told(); n != 1 {
			t.Errorf("after the limit told %d times", n)
		}
		b.wantPending(limited + "=http://192.0.2.5/")
		b.ack()
		change("http://192.0.2.6/")
		change("http://192.0.2.5/")
		time.Sleep(2 * limit)
		synctest.Wait()
		if n := told(); n != 0 {
			t.Errorf("of a value that went back told %d times", n)
		}
	})
}

func TestBucket(t *testing.T) {
	now := time.Unix(0, 0)
	b := bucket{tokens: tellBurst, last: now, every: tellEvery}
	for i := range tellBurst {
		if w := b.take(now); w != 0 {
			t.Fatalf("token %d: wait %v", i, w)
		}
	}
	w := b.take(now)
	if w <= 0 || w > tellEvery+time.Millisecond {
		t.Errorf("wait %v, want up to a second", w)
	}
	if w := b.take(now.Add(w)); w != 0 {
		t.Errorf("after the wait: wait %v", w)
	}
}

// Events of netifd are heard of, those of hostapd only when somebody wants to know.
func TestUbusEvents(t *testing.T) {
	dir, err := os.MkdirTemp("", "bus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	bus, err := ubustest.New(filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	proto := make(chan string, 1)
	proto <- "dhcp"
	bus.Object("network.interface", nil)
	bus.Object("network.interface.wan", map[string]func(ubus.Value) (ubus.Value, int){"status": func(ubus.Value) (ubus.Value, int) {
		p := <-proto
		proto <- p
		return ubus.Table("proto", p), 0
	}})
	bus.Object("hostapd.wlan0", map[string]func(ubus.Value) (ubus.Value, int){"get_clients": func(ubus.Value) (ubus.Value, int) {
		return ubus.Table("n", "0"), 0
	}})
	client := ubus.New(ubus.Config{Path: bus.Path()})
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- client.Run(ctx) }()
	defer func() { cancel(); <-ran }()

	b := newBed(t, client)
	b.notify("Device.IP.Proto", 2)
	b.run(false)
	limit, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if err := bus.Wait(limit, func() bool { return bus.Subscribers("network.interface") == 1 }); err != nil {
		t.Fatal(err)
	}
	if n := bus.Subscribers("hostapd.wlan0"); n != 0 {
		t.Errorf("%d subscribers of hostapd", n)
	}
	<-proto
	proto <- "pppoe"
	bus.Notify("network.interface", "interface.update", ubus.Table("interface", "wan"))
	if !b.told(10 * time.Second) {
		t.Error("not told")
	}
	b.wantPending("Device.IP.Proto=pppoe")
	b.notify("Device.WiFi.Clients", 2)
	if err := bus.Wait(limit, func() bool { return bus.Subscribers("hostapd.wlan0") == 1 }); err != nil {
		t.Error(err)
	}
}

// While ubusd is away the values behind it are not known, which is no change.
func TestUbusIsAway(t *testing.T) {
	dir, err := os.MkdirTemp("", "bus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	bus, err := ubustest.New(filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	bus.Object("network.interface.wan", map[string]func(ubus.Value) (ubus.Value, int){"status": func(ubus.Value) (ubus.Value, int) {
		return ubus.Table("proto", "dhcp"), 0
	}})
	client := ubus.New(ubus.Config{Path: bus.Path(), Timeout: time.Second})
	defer client.Close()
	b := newBed(t, client)
	b.notify("Device.IP.Proto", 2)
	b.wantPending()
	b.setValue("url", "http://192.0.2.2:7547/x")
	bus.Close()
	b.wantPending(url + "=http://192.0.2.2:7547/x") // what the agent itself computes is still known
}

// What changed while nobody ran is told of at start.
func TestChangedWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.wantPending()
		b.setValue("version", "2.0")
		b.restart()
		ctx, cancel := context.WithCancel(t.Context())
		b.cfg.UCIDirs = nil
		done := make(chan error)
		go func() { done <- b.Run(ctx) }()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(b.onTold) != 1 {
			t.Errorf("told %d times, want once", len(b.onTold))
		}
		cancel()
		<-done
	})
}
