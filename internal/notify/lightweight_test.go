package notify

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
)

const secret = "Device.DeviceInfo.Secret"

// A receiver is a UDP port. It never waits, so that it may be asked in a bubble: on loopback what was sent is there.
type receiver struct {
	t        *testing.T
	fd, port int
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err == nil {
		t.Cleanup(func() { syscall.Close(fd) })
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return &receiver{t, fd, name.(*syscall.SockaddrInet4).Port}
}

// datagrams returns what came since the last call.
func (r *receiver) datagrams() (list [][]byte) {
	r.t.Helper()
	for {
		b := make([]byte, 1<<16)
		n, _, err := syscall.Recvfrom(r.fd, b, syscall.MSG_DONTWAIT)
		if err == syscall.EAGAIN {
			return list
		}
		if err != nil {
			r.t.Fatal(err)
		}
		list = append(list, b[:n])
	}
}

// A note is a notification as its schema has it.
type note struct {
	XMLName                                       xml.Name `xml:"urn:broadband-forum-org:cwmp:lwnotif-1-0 Notification"`
	TS                                            int64    `xml:"urn:broadband-forum-org:cwmp:lwnotif-1-0 TS"`
	UN, CN, OUI, ProductClass, SerialNumber, Tail string
	Params                                        []struct {
		Name  string `xml:"urn:broadband-forum-org:cwmp:lwnotif-1-0 Name"`
		Value struct {
			Type string `xml:"http://www.w3.org/2001/XMLSchema-instance type,attr"`
			Text string `xml:",chardata"`
		} `xml:"urn:broadband-forum-org:cwmp:lwnotif-1-0 Value"`
	} `xml:"Param"`
}

// read takes a datagram apart, and recomputes its signature (N-23).
func (r *receiver) read(datagram []byte) (n note) {
	r.t.Helper()
	if len(datagram) > maxDatagram {
		r.t.Errorf("%d bytes", len(datagram))
	}
	address := fmt.Sprintf("127.0.0.1:%d", r.port)
	if want := "POST http://" + address + " HTTP/1.1\r\n"; !strings.HasPrefix(string(datagram), want) {
		r.t.Errorf("begins with %.60q, want %q", datagram, want)
	}
	// ReadRequest wants a path
	in := bytes.Replace(datagram, []byte(" HTTP/1.1"), []byte("/ HTTP/1.1"), 1)
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(in)))
	if err != nil {
		r.t.Fatalf("%q: %v", datagram, err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	sign := hmac.New(sha1.New, []byte("pass&word"))
	sign.Write(body)
	if got, want := req.Header.Get("Signature"), hex.EncodeToString(sign.Sum(nil)); got != want {
		r.t.Errorf("signature %q, want %q", got, want)
	}
	if got := req.Header.Get("Content-Type"); got != "text/xml; charset=utf-8" || req.Host != address || !bytes.HasSuffix(datagram, body) {
		r.t.Errorf("content type %q, host %q, %d bytes of body", got, req.Host, len(body))
	}
	if err := xml.Unmarshal(body, &n); err != nil {
		r.t.Fatalf("%s: %v", body, err)
	}
	checkSchema(r.t, body)
	return n
}

// values returns what was told since the last call, as name=value in the order of arrival.
func (r *receiver) values() (list []string) {
	r.t.Helper()
	for _, d := range r.datagrams() {
		for _, p := range r.read(d).Params {
			list = append(list, p.Name+"="+p.Value.Text)
		}
	}
	return list
}

func (r *receiver) want(what string, want ...string) {
	r.t.Helper()
	if got := r.values(); !slices.Equal(got, want) {
		r.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// checkSchema asks xmllint, where it and the Broadband Forum's schema are at hand.
func checkSchema(t *testing.T, body []byte) {
	t.Helper()
	xsd := "../../../shared/xsd/cwmp-UDPLightweightNotification-1-0.xsd"
	lint, err := exec.LookPath("xmllint")
	if err == nil {
		_, err = os.Stat(xsd)
	}
	if err != nil {
		t.Logf("not held against the schema: %v", err)
		return
	}
	name := filepath.Join(t.TempDir(), "body.xml")
	if err := os.WriteFile(name, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(lint, "--noout", "--nonet", "--schema", xsd, name).CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, out, body)
	}
}

// lightBed is a bed in a bubble, with lightweight notifications to r.
func lightBed(t *testing.T, r *receiver, play func(b *bed, cfg *Lightweight)) {
	synctest.Test(t, func(t *testing.T) {
		cfg := &Lightweight{
			Enable: true, Host: "127.0.0.1", Port: r.port,
			Username: "us<er", Password: "pass&word", OUI: "00D09E", ProductClass: "Router", SerialNumber: "1234",
		}
		b := newBed(t, nil)
		b.setValue("lwn", "UDP")
		stop := b.runLightly(cfg)
		defer func() { stop() }()
		b.pass(2 * time.Second)
		play(b, cfg)
	})
}

// runLightly runs the watcher without the sources that cannot be in a bubble. The settings are changed only while all sleep.
func (b *bed) runLightly(cfg *Lightweight) (stop func()) {
	b.cfg.UCIDirs = nil
	b.cfg.Lightweight = func() Lightweight { return *cfg }
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	return func() { cancel(); <-done }
}

func (b *bed) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// change edits a value of etc/config/system and lets the watcher see it.
func (b *bed) change(from, to string) {
	b.t.Helper()
	b.edit(sysFile, from, to)
	b.Poke()
	b.pass(1100 * time.Millisecond)
}

// TestT219_Lightweight: an active lightweight change is told at once, once, takes the passive ones with it (N-21), and is no
// matter of sessions (N-24).
// Covers: N-22, N-23.
func TestT219_Lightweight(t *testing.T) {
	r := newReceiver(t)
	lightBed(t, r, func(b *bed, _ *Lightweight) {
		b.notify(hostname, 5)
		b.notify(notes, 3)
		b.notify(secret, 5)
		b.change("n1", "n<2")
		r.want("a passive change alone")
		b.write("etc/config/system", "config system\n\toption hostname 'r2'\n\toption notes 'n<2'\n\toption secret 'hush'\n")
		b.Poke()
		b.pass(1100 * time.Millisecond)
		all := r.datagrams()
		if len(all) != 1 || bytes.Contains(all[0], []byte("hush")) {
			t.Fatalf("got %q", all)
		}
		n := r.read(all[0])
		if n.UN != "us<er" || n.OUI != "00D09E" || n.ProductClass != "Router" || n.SerialNumber != "1234" || len(n.CN) < 16 || n.TS-time.Now().Unix() < -2 {
			t.Errorf("got %+v", n)
		}
		if len(n.Params) != 2 || n.Params[0].Name != hostname || n.Params[0].Value.Text != "r2" || n.Params[0].Value.Type != "xsd:string" ||
			n.Params[1].Name != notes || n.Params[1].Value.Text != "n<2" {
			t.Errorf("got %+v", n.Params)
		}
		b.pass(time.Hour)
		r.want("once is enough")
		b.acs(set(hostname, "r3"))
		b.pass(time.Minute)
		r.want("the ACS's own change (N-10)")
		b.wantPending()
		if len(b.onTold) != 0 {
			t.Error("a session is wanted")
		}
	})
}

// TestT220_TriggerInterval: passive changes are told at T0 + N·interval, and only if there are any.
func TestT220_TriggerInterval(t *testing.T) {
	r := newReceiver(t)
	lightBed(t, r, func(b *bed, cfg *Lightweight) {
		cfg.Interval, cfg.Phase = 30*time.Second, time.Date(2020, 1, 1, 0, 0, 7, 0, time.UTC)
		b.notify(notes, 3)
		b.pass(5 * time.Minute)
		r.want("nothing changed")
		b.pass(time.Until(cfg.next()) + 10*time.Second)
		b.change("n1", "n2")
		b.pass(time.Until(cfg.next()) - time.Second)
		r.want("not yet")
		b.pass(2 * time.Second)
		r.want("now", notes+"=n2")
		b.pass(5 * time.Minute)
		r.want("no more")
		cfg.Interval, cfg.Phase = 0, time.Time{}
		b.change("n2", "n3")
		b.pass(time.Hour)
		r.want("off")
		cfg.Interval = 10 * time.Second
		b.Poke()
		b.pass(12 * time.Second)
		r.want("without a phase", notes+"=n3")
	})
}

func (cfg *Lightweight) next() time.Time {
	s := lightSender{interval: cfg.Interval, phase: cfg.Phase}
	return s.next(time.Now())
}

// TestT221_BothWays: 6 is 1+5, 4 is 1+3, and neither way silences the other (N-24).
func TestT221_BothWays(t *testing.T) {
	r := newReceiver(t)
	lightBed(t, r, func(b *bed, _ *Lightweight) {
		b.notify(hostname, 6)
		b.notify(notes, 4)
		b.change("n1", "n2")
		b.change("r1", "r2")
		r.want("now", hostname+"=r2", notes+"=n2")
		b.wantPending(hostname+"=r2", notes+"=n2")
		if b.Active() || len(b.onTold) != 0 {
			t.Error("a session is wanted")
		}
		b.ack()
		b.pass(time.Minute)
		r.want("the Inform was answered")
		b.change("r2", "r3")
		r.want("again", hostname+"=r3")
		b.notify(hostname, 1)
		b.wantPending(hostname + "=r3") // still owed to the Inform
		b.change("r3", "r4")
		r.want("no longer lightweight")
	})
}

// TestT222_ProtocolsUsed is N-20: no protocol, no datagrams, whatever the attributes say. Without a way nothing is lost.
func TestT222_ProtocolsUsed(t *testing.T) {
	r := newReceiver(t)
	lightBed(t, r, func(b *bed, cfg *Lightweight) {
		cfg.Enable = false
		b.notify(hostname, 5)
		b.change("r1", "r2")
		r.want("disabled")
		cfg.Enable, cfg.Host = true, ""
		b.Poke()
		b.pass(2 * time.Second)
		r.want("no host")
		cfg.Host = "127.0.0.1"
		b.Poke()
		b.pass(2 * time.Second)
		r.want("a host at last", hostname+"=r2")
	})
}

// What was sent is remembered, and what changed while we were not there is told (N-7).
func TestLightweightRestart(t *testing.T) {
	r := newReceiver(t)
	lightBed(t, r, func(b *bed, cfg *Lightweight) {
		b.notify(hostname, 5)
		b.change("r1", "r2")
		r.want("first", hostname+"=r2")
		old := b.Watcher
		again := func(what string, want ...string) {
			t.Helper()
			b.restart()
			stop := b.runLightly(cfg)
			b.pass(2 * time.Second)
			r.want(what, want...)
			stop()
		}
		again("nothing new")
		b.edit(sysFile, "r2", "r1")
		again("changed while off", hostname+"=r1")
		b.Watcher = old
	})
}

// N-24: a receiver that is down is nobody's business.
func TestLightweightWithoutReceiver(t *testing.T) {
	r := newReceiver(t)
	lightBed(t, r, func(b *bed, cfg *Lightweight) {
		b.notify(hostname, 5)
		cfg.Port = deadPort(t)
		b.change("r1", "r2")
		cfg.Port = r.port
		b.Poke()
		b.pass(time.Hour)
		r.want("no retry")
		if len(b.onTold) != 0 {
			t.Error("a session is wanted")
		}
	})
}

func deadPort(t *testing.T) int {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// N-12: a value that flaps for an hour makes a few hundred datagrams, and the last one holds the last value.
func TestLightweightFlapping(t *testing.T) {
	r := newReceiver(t)
	lightBed(t, r, func(b *bed, _ *Lightweight) {
		b.notify(url, 5)
		count, last := 0, []byte(nil)
		drain := func() {
			for _, d := range r.datagrams() {
				count++
				last = d
			}
		}
		for i := range 3600 {
			b.setValue("url", fmt.Sprintf("http://192.0.2.1/%d", i))
			b.Poke()
			b.pass(time.Second)
			drain()
		}
		b.pass(time.Minute)
		drain()
		if count < 100 || count > 400 {
			t.Errorf("%d datagrams in an hour", count)
		}
		if p := r.read(last).Params; len(p) != 1 || p[0].Value.Text != "http://192.0.2.1/3599" {
			t.Errorf("the last: %+v", p)
		}
	})
}

// Many changes make several datagrams of at most 1200 bytes (N-24), and what fits into none is left out.
func TestLightweightSplit(t *testing.T) {
	r := newReceiver(t)
	cfg := Lightweight{Host: "127.0.0.1", Port: r.port, Password: "pass&word", OUI: "00D09E", SerialNumber: "1"}
	found := map[string]reading{}
	var paths, want []string
	for i := range 50 {
		path := fmt.Sprintf("Device.Test.%02d", i)
		value := strings.Repeat("<", 5*i) // four bytes each
		found[path] = reading{value: value, typ: model.BaseAny}
		paths = append(paths, path)
		if 4*len(value) < 450 {
			want = append(want, path+"="+value)
		}
	}
	var got []string
	datagrams := 0
	for len(paths) > 0 {
		d, n := cfg.message(time.Now(), found, paths)
		if d == nil && n != 1 {
			t.Fatalf("%d left out at once", n)
		}
		if paths = paths[n:]; d == nil {
			continue
		}
		datagrams++
		for _, p := range r.read(d).Params {
			got = append(got, p.Name+"="+p.Value.Text)
		}
	}
	if datagrams < 2 || len(got) < len(want) || !slices.Equal(got[:len(want)], want) || len(got) == 50 {
		t.Errorf("%d datagrams with %d values, want at least %d of 50", datagrams, len(got), len(want))
	}
}

// More than a burst waits for its turn, and comes.
func TestLightweightBurst(t *testing.T) {
	r := newReceiver(t)
	lightBed(t, r, func(b *bed, _ *Lightweight) {
		rows := func(value string) {
			text := ""
			for i := range 100 {
				text += fmt.Sprintf("config unit 'u%d'\n\toption status '%s%d'\n", i, strings.Repeat(value, 200), i)
			}
			b.write("etc/config/units", text)
		}
		rows("a")
		b.notify("Device.Unit.", 5)
		rows("b")
		b.Poke()
		b.pass(1100 * time.Millisecond)
		first := r.datagrams()
		if len(first) != lightBurst {
			t.Errorf("%d datagrams at once", len(first))
		}
		b.pass(time.Minute)
		names := map[string]int{}
		for _, d := range append(first, r.datagrams()...) {
			for _, p := range r.read(d).Params {
				names[p.Name]++
			}
		}
		if len(names) != 100 {
			t.Errorf("%d of 100 rows were told", len(names))
		}
		for name, n := range names {
			if n != 1 {
				t.Errorf("%s: %d times", name, n)
			}
		}
	})
}

// TestT213_Lightweight is: what is accepted where lightweight notifications are supported.
func TestT213_Lightweight(t *testing.T) {
	b := newBed(t, nil)
	b.setValue("lwn", "UDP")
	for level := 3; level <= 6; level++ {
		b.notify(hostname, level)
		b.restart() // N-3
		if got := b.Attr(hostname); got.Notification != level {
			t.Errorf("%d: got %v", level, got)
		}
	}
	b.notify(version, 5) // forced
	if got := b.Attr(version); got.Notification != 2 {
		t.Errorf("forced: got %v", got)
	}
	b.notify(uptime, 4)
	for level, want := range map[int]string{5: "*notify.RefusedError", 6: "*notify.RefusedError", 7: "*notify.InvalidError"} {
		err := b.SetAttributes(t.Context(), []SetAttr{{Path: uptime, Notification: &level}})
		if got := fmt.Sprintf("%T", err); got != want {
			t.Errorf("%d on a counter: %s, want %s", level, got, want)
		}
	}
	b.setValue("lwn", "")
	if err := b.SetAttributes(t.Context(), []SetAttr{{Path: hostname, Notification: ptr(3)}}); err == nil {
		t.Error("no protocol: got no error")
	}
}
