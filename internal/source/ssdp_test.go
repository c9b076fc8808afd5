package source

import (
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

const aUUID = "2fac1234-31f8-11b4-a222-08002b34c003"

// notify is what a device says of itself.
func notify(nts, usn, age string) string {
	return "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: " + age + "\r\nLOCATION: http://192.0.2.9:80/d.xml\r\n" +
		"NT: x\r\nNTS: " + nts + "\r\nSERVER: OS/1 UPnP/1.0 p/2\r\nusn:" + usn + "\r\n\r\n"
}

// known are the rows of each kind, after a number of seconds.
func known(t *testing.T, s *ssdp) (out []string) {
	t.Helper()
	r := &Reader{rt: &Router{}}
	r.rt.ssdp.heard = s.heard
	for _, kind := range []string{"root", "device", "service"} {
		rows, _ := advertRows(t.Context(), r, nil, []string{kind})
		for _, row := range rows {
			v := row.Data.(ubus.Value)
			out = append(out, kind+" "+v.Get("USN").Text()+" "+v.Get("lease").Text())
		}
	}
	slices.Sort(out)
	return out
}

func TestAdverts(t *testing.T) {
	uuid := "uuid:" + aUUID
	for name, c := range map[string]struct {
		said []string
		want string
	}{
		"a root device": {[]string{notify("ssdp:alive", uuid+"::upnp:rootdevice", "max-age=1800"), notify("ssdp:alive", uuid, "max-age=1800"),
			notify("ssdp:alive", uuid+"::urn:schemas-upnp-org:device:Basic:1", "max-age = 1801, x"), notify("ssdp:alive", uuid, "max-age=1800")},
			"root " + uuid + "::urn:schemas-upnp-org:device:Basic:1 1800"},
		"a device and a service": {[]string{notify("ssdp:alive", uuid, "max-age=60"), notify("ssdp:alive", uuid+"::urn:x:service:s:1", "max-age=60")},
			"device " + uuid + " 60,service " + uuid + "::urn:x:service:s:1 60"},
		"goodbye":           {[]string{notify("ssdp:alive", uuid, "max-age=60"), notify("ssdp:byebye", uuid+"::upnp:rootdevice", "")}, ""},
		"goodbye of nobody": {[]string{notify("ssdp:byebye", uuid, "")}, ""},
		"no lease":          {[]string{notify("ssdp:alive", uuid, ""), notify("ssdp:alive", uuid, "max-age=0"), notify("ssdp:alive", uuid, "max-age=-5"), notify("ssdp:alive", uuid, "max-age=99999999999999999999")}, ""},
		"no UUID":           {[]string{notify("ssdp:alive", aUUID, "max-age=60"), notify("ssdp:alive", "uuid:x", "max-age=60"), notify("ssdp:alive", uuid+"x", "max-age=60"), notify("ssdp:alive", "uuid:"+strings.Repeat("-", 36), "max-age=60")}, ""},
		"no NOTIFY":         {[]string{"", "\r\n", "M-SEARCH * HTTP/1.1\r\n\r\n", strings.Replace(notify("ssdp:alive", uuid, "max-age=60"), "NOTIFY", "HTTP/1.1 200 OK", 1), notify("ssdp:update", uuid, "max-age=60")}, ""},
		"a NUL":             {[]string{notify("ssdp:alive", uuid+"\x00", "max-age=60"), notify("ssdp:alive", uuid, "max-age=60\r\nX: \x00")}, ""},
		"a long name":       {[]string{notify("ssdp:alive", uuid+"::"+strings.Repeat("x", 256), "max-age=60")}, ""},
		"a forged list":     {[]string{notify("ssdp:alive", uuid+"::\x1f\xff", "max-age=60")}, "device " + uuid + "::\ufffd 60"},
	} {
		s := &ssdp{}
		for _, text := range c.said {
			s.hear(text, "192.0.2.9", time.Now(), true)
		}
		if got := strings.Join(known(t, s), ","); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestAdvertsAgeAndAreFew(t *testing.T) {
	s, now := &ssdp{}, time.Now()
	for i := range 3 * maxAdverts {
		s.hear(notify("ssdp:alive", fmt.Sprintf("uuid:2fac1234-31f8-11b4-a222-%012x", i), "max-age=60"), "", now, false)
	}
	if len(s.heard) != maxAdverts {
		t.Errorf("%d are known", len(s.heard))
	}
	s.hear(notify("ssdp:alive", "uuid:"+aUUID, "max-age=60"), "", now.Add(61*time.Second), false)
	wantList(t, "after a minute", slices.Collect(maps.Keys(s.heard)), aUUID)
	s.hear(notify("ssdp:alive", "uuid:"+aUUID, "max-age=1"), "", now.Add(-time.Hour), false)
	wantList(t, "what is too old", known(t, s))
}

func FuzzAdvert(f *testing.F) {
	f.Add(notify("ssdp:alive", "uuid:"+aUUID+"::upnp:rootdevice", "max-age=1800"))
	f.Add(notify("ssdp:byebye", "uuid:"+aUUID, ""))
	f.Add("NOTIFY * HTTP/1.1\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		s := &ssdp{}
		for range 2 {
			s.hear(text, "192.0.2.9", time.Now(), true)
		}
		for key := range s.heard {
			if len(key) > 512 || strings.Contains(key, model.ListSep) {
				t.Errorf("a row is called %q", key)
			}
		}
	})
}

// The group is heard on one device, and only there.
func TestHearGroup(t *testing.T) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip(err)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := &ssdp{conn: os.NewFile(uintptr(fd), "ssdp")}
	if err := hearGroup(fd, lo.Index); err != nil {
		s.close()
		t.Skipf("no multicast here: %v", err)
	}
	rt, done := &Router{}, make(chan struct{})
	go func() { s.serve(s.conn, rt); close(done) }()
	out, err := net.Dial("udp4", "239.255.255.250:1900")
	if err == nil {
		raw, _ := out.(*net.UDPConn).SyscallConn()
		raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptIPMreqn(int(fd), syscall.IPPROTO_IP, syscall.IP_MULTICAST_IF, &syscall.IPMreqn{Ifindex: int32(lo.Index)})
		})
	}
	if err != nil {
		t.Logf("nothing can be said to the group: %v", err)
	} else {
		out.Write([]byte(notify("ssdp:alive", "uuid:"+aUUID, "max-age=60")))
	}
	for range 1000 { // until it has come
		s.mu.Lock()
		n := len(s.heard)
		s.mu.Unlock()
		if n > 0 || err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err == nil && len(s.heard) == 0 {
		t.Log("the group is not looped back here")
	}
	s.close()
	<-done
}

// What the lines of the data model read of a row.
func TestRowOfAnAdvert(t *testing.T) {
	rt := newRouter(t, map[string]string{"etc/config/cwmp": "config cpe 'cpe'\n\toption upnp_discovery '1'\n"})
	rt.ssdp.hear(notify("ssdp:alive", "uuid:"+aUUID+"::upnp:rootdevice", "max-age=60"), "192.0.2.9", time.Unix(1767323045, 0).Add(100*365*24*time.Hour), true)
	r := rt.begin(t)
	rows := rt.rows(t, r, "call upnp.heard root", nil)
	if len(rows) != 1 || rows[0].Key != aUUID || !discovers(r) {
		t.Fatalf("%+v", rows)
	}
	for source, want := range map[string]string{"ubus .uuid": aUUID, "ubus .USN": "uuid:" + aUUID + "::upnp:rootdevice", "ubus .lease": "60",
		"ubus .LOCATION": "http://192.0.2.9:80/d.xml", "ubus .SERVER": "OS/1 UPnP/1.0 p/2", "ubus .last": "4920923045", "ubus .from": "192.0.2.9"} {
		wantText(t, source, rt.get(t, r, source, &rows[0]), want)
	}
	rt.ssdp.look(t.Context(), rt.Router) // below a root that is no router's nobody listens
	if rt.ssdp.conn != nil {
		t.Error("it listens")
	}
}
