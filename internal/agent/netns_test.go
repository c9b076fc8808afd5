package agent

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cwmpd/cwmpd/internal/discover"
)

// A lan is two network namespaces with a wire between them; what asks for addresses or hears neighbours runs in "client".
type lan struct {
	t              *testing.T
	server, client string // namespaces
	dir            string
}

// newLAN makes one, where these programs are to run in it.
func newLAN(t *testing.T, programs ...string) *lan {
	t.Helper()
	for _, program := range append(programs, "ip") {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s here", program)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("network namespaces want root")
	}
	l := &lan{t: t, server: fmt.Sprintf("cwmpd-s%d", os.Getpid()), client: fmt.Sprintf("cwmpd-c%d", os.Getpid()), dir: t.TempDir()}
	for _, name := range []string{l.server, l.client} {
		if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			t.Skipf("no network namespaces here: %s", out)
		}
		t.Cleanup(func() { exec.Command("ip", "netns", "del", name).Run() })
	}
	if out, err := exec.Command("ip", "link", "add", "cws", "netns", l.server, "type", "veth", "peer", "name", "cwc", "netns", l.client).CombinedOutput(); err != nil {
		t.Skipf("no virtual wires here: %s", out)
	}
	for _, words := range []string{
		l.server + " addr add 10.99.0.1/24 dev cws", l.server + " link set lo up", l.server + " link set cws up", l.client + " link set cwc up",
	} {
		if out, err := exec.Command("ip", append([]string{"-n"}, strings.Fields(words)...)...).CombinedOutput(); err != nil {
			t.Fatalf("ip -n %s: %v %s", words, err, out)
		}
	}
	return l
}

// run starts a program in a namespace; what it says goes to the test's log if the test fails.
func (l *lan) run(namespace string, words ...string) *exec.Cmd {
	l.t.Helper()
	cmd := exec.Command("ip", append([]string{"netns", "exec", namespace}, words...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	said := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if l.t.Failed() {
			l.t.Logf("%s said\n%s", words[0], said)
		}
	})
	return cmd
}

func (l *lan) script(name, text string) string {
	l.t.Helper()
	path := filepath.Join(l.dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		l.t.Fatal(err)
	}
	return path
}

// dnsmasq serves as the DHCP server of a router, with further configuration.
func (l *lan) dnsmasq(gateway *stage, further string) *exec.Cmd {
	l.t.Helper()
	hook, err := filepath.Abs(hooks + "hotplug.d/dhcp/50-cwmpd")
	if err != nil {
		l.t.Fatal(err)
	}
	// What OpenWrt's dhcp-script.sh and procd's hotplug make of dnsmasq's call.
	script := l.script("dhcp-script", `
env | grep ^DNSMASQ_ | sort >>`+l.dir+`/seen
case "$1" in
add) ACTION=add ;;
del) ACTION=remove ;;
old) ACTION=update ;;
*) exit 0 ;;
esac
MACADDR=$2 CWMPD_RUN=`+gateway.router.Path(discover.Dir)+`
. `+hook+"\n")
	conf := filepath.Join(l.dir, "dnsmasq.conf")
	text := "port=0\ninterface=cws\nbind-interfaces\ndhcp-range=10.99.0.10,10.99.0.50,255.255.255.0,1h\ndhcp-authoritative\nno-ping\nuser=root\npid-file=\n" +
		"dhcp-leasefile=" + gateway.router.Path("/tmp/dhcp.leases") + "\ndhcp-script=" + script + "\n" + further
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
	return l.run(l.server, "dnsmasq", "-k", "--log-dhcp", "--log-facility=-", "-C", conf)
}

// udhcpc asks as netifd has it: with the options of the router's /etc/config/network, and with our hook.
func (l *lan) udhcpc(device *stage) *exec.Cmd {
	l.t.Helper()
	hook, err := filepath.Abs(hooks + "udhcpc.user.d/50-cwmpd")
	if err != nil {
		l.t.Fatal(err)
	}
	script := l.script("udhcpc-script", `
case "$1" in
deconfig) ip addr flush dev "$interface" ;;
bound | renew) ip addr replace "$ip/$mask" dev "$interface" ;;
esac
INTERFACE=wan CWMPD_RUN=`+device.router.Path(discover.Dir)+`
. `+hook+"\n")
	p, err := Open(l.t.Context(), device.options().Options)
	if err != nil {
		l.t.Fatal(err)
	}
	defer p.Close()
	lines, err := p.DHCPOptions(true)
	if err != nil {
		l.t.Fatal(err)
	}
	words := []string{"udhcpc", "-f", "-R", "-t", "20", "-T", "1", "-i", "cwc", "-s", script}
	for _, line := range lines {
		_, assignment, _ := strings.Cut(line, " ")
		option, value, _ := strings.Cut(assignment, "=")
		switch value = strings.Trim(value, "'"); option {
		case "network.wan.reqopts":
			words = append(words, "-O", value)
		case "network.wan.sendopts":
			words = append(words, "-x", value)
		case "network.wan.vendorid":
			words = append(words, "-V", value)
		}
	}
	return l.run(l.client, words...)
}

// T-345, T-349, §9.2, K-31, K-32, K-35, on the wire, with the programs of OpenWrt: a device behind a gateway gets its lease from
// dnsmasq, learns from it who its ACS and who its gateway is, and the gateway's ACS hears of the device; a renewed lease
// moves the device to another ACS; when it gives its lease back, the gateway forgets it.
func TestARealLease(t *testing.T) {
	t.Parallel()
	l := newLAN(t, "dnsmasq", "udhcpc")
	const network = "config interface 'wan'\n\toption device 'eth1'\n\toption proto 'dhcp'\n"
	const dhcp = "config dnsmasq\n\toption leasefile '/tmp/dhcp.leases'\n"
	gateway := newStage(t, map[string]string{"etc/config/dhcp": dhcp, "tmp/dhcp.leases": ""})
	device := newStage(t, map[string]string{"etc/config/cwmp": unfound, "etc/config/network": network,
		"etc/device_info": "DEVICE_MANUFACTURER='Maker'\nDEVICE_PRODUCT='Phone'\nDEVICE_REVISION='1'\n"})
	gateway.begin()
	device.start()

	// The service that puts the gateway's identity where dnsmasq reads it is a shell script; here it is only asked for.
	us := gateway.get("Device.DeviceInfo.ManufacturerOUI", "Device.DeviceInfo.SerialNumber", "Device.DeviceInfo.ProductClass")
	id := discover.NewID(us["Device.DeviceInfo.ManufacturerOUI"], us["Device.DeviceInfo.SerialNumber"], us["Device.DeviceInfo.ProductClass"])
	server := l.dnsmasq(gateway, id.Dnsmasq()+"dhcp-option=vendor:"+discover.Class+",1,\""+device.acs.URL+"\"\n"+
		"dhcp-option=vendor:"+discover.Class+",2,\"bronze\"\n")
	client := l.udhcpc(device)
	device.wantBootstrap()
	device.settle()
	got := device.get(urlPath, "Device.DeviceInfo.ProvisioningCode", "Device.GatewayInfo.", "Device.DeviceInfo.ManufacturerOUI", "Device.DeviceInfo.SerialNumber",
		"Device.DeviceInfo.ProductClass")
	for name, want := range map[string]string{
		urlPath: device.acs.URL, "Device.DeviceInfo.ProvisioningCode": "bronze",
		"Device.GatewayInfo.ManufacturerOUI": id.OUI, "Device.GatewayInfo.SerialNumber": id.Serial, "Device.GatewayInfo.ProductClass": id.Class,
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	seen, err := os.ReadFile(filepath.Join(l.dir, "seen"))
	if err != nil || !strings.Contains(string(seen), "DNSMASQ_VENDOR_CLASS="+discover.Class) {
		t.Errorf("the server saw %v\n%s", err, seen)
	}

	const table = "Device.ManagementServer.ManageableDevice."
	const count = "Device.ManagementServer.ManageableDeviceNumberOfEntries"
	gateway.eventually("the gateway knows the device", func() bool { return gateway.get(count)[count] == "1" })
	rows := gateway.get(table)
	var serial string
	for name, value := range rows {
		if strings.HasSuffix(name, ".SerialNumber") {
			serial = value
		}
	}
	if serial == "" || serial != got["Device.DeviceInfo.SerialNumber"] {
		t.Errorf("the gateway knows %v, want the serial number %q", rows, got["Device.DeviceInfo.SerialNumber"])
	}

	next := device.further()
	device.at(next)
	server.Process.Signal(syscall.SIGTERM)
	server.Wait()
	l.dnsmasq(gateway, id.Dnsmasq()+"dhcp-option=vi-encap:3561,11,\""+next.URL+"\"\n")
	device.eventually("the device has asked again", func() bool {
		client.Process.Signal(syscall.SIGUSR1) // what netifd does for `network.interface.wan renew`
		return strings.Contains(device.read("etc/config/cwmp"), next.URL)
	})
	device.wantBootstrap()
	device.settle()
	if n := gateway.get(count)[count]; n != "1" {
		t.Errorf("after a restart of dnsmasq the gateway knows %s devices", n)
	}
	client.Process.Signal(syscall.SIGTERM) // with -R it gives the lease back
	gateway.eventually("the gateway forgets the device", func() bool { return gateway.get(count)[count] == "0" })
}

// §9.2: what dnsmasq is to tell is written, and the service asked, when it has changed and only then.
func TestTheGatewaysIdentityReachesDnsmasq(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.write(strings.TrimPrefix(gatewayService, "/"), "#!/bin/sh\necho \"$@\" >>asked\n")
	if err := os.Chmod(s.router.Path(gatewayService), 0o755); err != nil {
		t.Fatal(err)
	}
	s.begin()
	asked := func() int {
		text, _ := os.ReadFile(s.router.Path("asked"))
		return bytes.Count(text, []byte("reload\n"))
	}
	s.eventually("the service is asked", func() bool { return asked() == 1 })
	told := s.read("etc/cwmpd/dnsmasq.conf")
	if !strings.Contains(told, "tag:cpewan-id,vi-encap:3561,5,") {
		t.Errorf("dnsmasq is told %q", told)
	}
	s.restart()
	s.awake()
	s.edit("etc/config/cwmp", []string{"s/config cpe 'cpe'/config cpe 'cpe'\n\toption serial_number 'NEW'/"})
	s.eventually("another serial number is told", func() bool { return s.read("etc/cwmpd/dnsmasq.conf") != told })
	s.eventually("the service is asked", func() bool { return asked() == 2 })
	s.edit("etc/config/cwmp", []string{"s/config cpe 'cpe'/config cpe 'cpe'\n\toption device_association '0'/"})
	s.eventually("nothing is told any more", func() bool {
		_, err := os.Stat(s.router.Path("etc/cwmpd/dnsmasq.conf"))
		return os.IsNotExist(err)
	})
	s.eventually("the service is asked", func() bool { return asked() == 3 })
}

// §9.2: the service itself, with what rc.common gives it.
func TestTheGatewayServicePlacesTheIdentity(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	run := func(call, confdir string) {
		t.Helper()
		cmd := exec.Command("/bin/sh", "-c", `
config_load() { :; }
config_foreach() { "$1" cfg01411c; }
config_get() { dir=$CONFDIR; }
. "$0"
$CALL`, "../../openwrt/files"+gatewayService)
		cmd.Env = []string{"PATH=/usr/bin:/bin", "CWMPD_ROOT=" + root, "CALL=" + call, "CONFDIR=" + confdir}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", call, err, out)
		}
	}
	there := func(name string) bool { _, err := os.Stat(filepath.Join(root, name)); return err == nil }
	for name, text := range map[string]string{"etc/cwmpd/dnsmasq.conf": "x", "etc/init.d/dnsmasq": "#!/bin/sh\necho $1 >>" + root + "/asked\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run("start", "")
	if !there("tmp/dnsmasq.d/cwmpd.conf") || !there("tmp/dnsmasq.cfg01411c.d/cwmpd.conf") || there("asked") {
		t.Error("at boot the identity is not where dnsmasq will look, or dnsmasq is restarted")
	}
	run("reload", "/tmp/own,*.conf")
	if asked, _ := os.ReadFile(filepath.Join(root, "asked")); !there("tmp/own/cwmpd.conf") || string(asked) != "enabled\nrestart\n" {
		t.Errorf("the owner's directory has none, or dnsmasq was asked %q", asked)
	}
	os.Remove(filepath.Join(root, "etc/cwmpd/dnsmasq.conf"))
	run("reload", "")
	if there("tmp/dnsmasq.d/cwmpd.conf") {
		t.Error("the identity is told after it was taken back")
	}
}

// awake waits until the agent answers on the bus.
func (s *stage) awake() { s.t.Helper(); s.call("cwmp", "status") }

// K-31, T-349: what a WAN has to ask and to say, without touching what its owner set.
func TestDHCPOptionsTouchNothingOfTheOwners(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ network, want string }{
		"nothing is set": {"config interface 'wan'\n\toption proto 'dhcp'\nconfig interface 'wan6'\n\toption proto 'dhcpv6'\n",
			"add_list network.wan.reqopts='43'\nadd_list network.wan.reqopts='125'\nset network.wan.vendorid='dslforum.org'\n" +
				"add_list network.wan6.reqopts='17'\nset network.wan6.vendorclass='00000de9000c64736c666f72756d2e6f7267'\n"},
		"an ISP wants a class of its own": {"config interface 'wan'\n\toption proto 'dhcp'\n\toption vendorid 'ISP box'\n\toption reqopts '121 43'\n",
			"set network.wan.reqopts='121 43 125'\nadd_list network.wan.sendopts='124:00000de90c64736c666f72756d2e6f7267'\n"},
		"the class is sent by its number": {"config interface 'wan'\n\toption proto 'dhcp'\n\tlist reqopts '43'\n\tlist reqopts '125'\n\tlist sendopts '0x3c:4953'\n",
			"add_list network.wan.sendopts='124:00000de90c64736c666f72756d2e6f7267'\n"},
		"all is there":   {"config interface 'wan'\n\toption proto 'dhcp'\n\toption reqopts '43 125'\n\toption vendorid 'x dslforum.org'\n", ""},
		"another proto":  {"config interface 'wan'\n\toption proto 'pppoe'\n", ""},
		"no such thing":  {"config interface 'lan'\n\toption proto 'dhcp'\n", ""},
		"with our names": {"config interface 'wan'\n\toption proto 'dhcp'\n\toption reqopts '43 125'\n\toption vendorid 'dslforum.org'\n", "identity"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, map[string]string{"etc/config/network": c.network, "etc/config/cwmp": unfound})
			p, err := Open(t.Context(), s.options().Options)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			lines, err := p.DHCPOptions(c.want == "identity")
			got := strings.Join(append(lines, ""), "\n")
			if c.want == "identity" {
				id := p.settings.Load().id
				c.want = "add_list network.wan.sendopts='125:" + discover.NewID(id.OUI, id.Serial, id.ProductClass).Announce4() + "'\n"
			}
			if err != nil || got != c.want {
				t.Errorf("got %v\n%swant\n%s", err, got, c.want)
			}
		})
	}
}
