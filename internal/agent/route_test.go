package agent

import (
	"context"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/web"
)

func TestRouteToTheACS(t *testing.T) {
	t.Parallel()
	const (
		default4 = `{"dest":"0.0.0.0/0","gateway":"10.0.0.1","dev":"wan","table":254,"type":1}`
		lan4     = `{"dest":"192.168.1.1/32","dev":"br-lan","table":254,"type":1}`
		reject4  = `{"dest":"0.0.0.0/0","table":254,"type":7}`
		default6 = `{"dest":"::/0","gateway":"fe80::1","dev":"wan","table":254,"type":1}`
		reject6  = `{"dest":"::/0","dev":"lo","metric":4294967295,"type":7}`
		lan6     = `{"dest":"2001:db8:1::/64","dev":"br-lan","table":254,"type":1}`
	)
	for _, tt := range []struct {
		name, url, routes string
		only4, want       bool
	}{
		{"a name, default route", "https://acs.invalid/", default4, false, true},
		{"a name, default route of IPv6", "https://acs.invalid/", default6, false, true},
		{"a name, default route of IPv6 that is not to be used", "https://acs.invalid/", default6, true, false},
		{"a name, no route", "https://acs.invalid/", reject6, false, false},
		{"a name, on-link routes alone", "https://acs.invalid/", lan4 + "," + lan6, false, false},
		{"a name, forbidden routes alone", "https://acs.invalid/", reject4 + "," + reject6, false, false},
		{"IPv4, default route", "http://198.51.100.1:7547/", default4, false, true},
		{"IPv4, default route of IPv6", "http://198.51.100.1/", default6, false, false},
		{"IPv4 on-link, no default route", "http://192.168.1.1/", lan4, false, true},
		{"IPv4 elsewhere, no default route", "http://192.168.1.2/", lan4, false, false},
		{"IPv6 on-link", "http://[2001:db8:1::5]/", lan6, false, true},
		{"IPv6 elsewhere", "http://[2001:db8:2::5]/", lan6, false, false},
		{"IPv6, default route", "http://[2001:db8:2::5]/", default6, false, true},
		{"loopback", "http://127.0.0.1:7547/", reject6, false, true},
		{"loopback of IPv6", "http://[::1]:7547/", reject6, false, true},
		{"localhost", "http://LocalHost:7547/", reject6, false, true},
		{"by a proxy that is near", "https://acs.invalid/'\n\toption proxy 'http://192.168.1.1:3128", lan4, false, true},
		{"by a proxy that is far", "https://192.168.1.1/'\n\toption proxy 'http://198.51.100.1:3128", lan4, false, false},
		{"nobody knows", "https://acs.invalid/", "", false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			router := newRouter(t)
			s := &stage{t: t, router: router}
			text := strings.Replace(s.read("etc/config/cwmp"), "option url 'http://127.0.0.1:10301/acs'", "option url '"+tt.url+"'", 1)
			if tt.only4 {
				text = strings.Replace(text, "config cpe 'cpe'\n", "config cpe 'cpe'\n\toption force_ipv4 '1'\n", 1)
			}
			s.write("etc/config/cwmp", text)
			if err := os.Remove(router.Path("kernel/routes.json")); err != nil {
				t.Fatal(err)
			}
			if tt.routes != "" {
				s.write("kernel/routes.json", "["+tt.routes+"]")
			}
			p, err := Open(t.Context(), Options{Root: router.Dir, Files: datamodel.Files, Version: "test", Offline: true})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			if got := p.routed(t.Context()); got != tt.want {
				t.Errorf("routed: %v", got)
			}
		})
	}
}

// On a router the kernel is asked.
func TestRouteOfTheKernel(t *testing.T) {
	t.Parallel()
	type answers struct {
		err              error
		lo, world, never bool
	}
	result := make(chan answers)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its network
		var a answers
		if a.err = unix.Unshare(unix.CLONE_NEWNET); a.err == nil {
			a.lo = kernelRoute(netip.MustParseAddr("127.0.0.1"))
			a.world, a.never = kernelRoute(world4), kernelRoute(world6)
		}
		result <- a
	}()
	a := <-result
	if a.err != nil {
		t.Skip("no network namespace: ", a.err)
	}
	if a.world || a.never {
		t.Errorf("a machine without a network has a route: %+v", a)
	}
	if !kernelRoute(netip.MustParseAddr("127.0.0.1")) {
		t.Error("no route to ourselves")
	}
}

// S-34: the daemon waits for the route, says so, and begins when netifd tells that an interface is up.
func TestSessionWaitsForTheRoute(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	o := s.options()
	p, err := Open(t.Context(), o.Options)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var up atomic.Bool
	p.route = func(netip.Addr) bool { return up.Load() }
	d := &Daemon{Parts: p, busy: make(chan struct{}, 1), prefer: new(web.Affinity), moved: make(chan struct{}, 1), found: newDiscovery(0), leave: func(error) {}, settle: func() {}}
	if err := d.build(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx) }()
	defer func() { stop(); <-ended }()
	s.eventually("it waits", func() bool {
		st := s.call("cwmp", "status")
		return st.Get("phase").Text() == "waiting for a route to the ACS" && st.Get("retry_count").Text() == "0" && st.Get("failures").Text() == "0"
	})
	if n := len(s.acs.Messages()); n != 0 {
		t.Errorf("%d messages", n)
	}
	up.Store(true)
	s.router.Bus().Event("network.interface", ubus.Table("action", "ifup", "interface", "wan"))
	s.wantInform("0 BOOTSTRAP, 1 BOOT")
	s.settle()
}
