package kernel

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/jsimonetti/rtnetlink/v2"
	"golang.org/x/sys/unix"
)

// inNamespace runs do on a thread in a network namespace that ip made with these commands.
func inNamespace(t *testing.T, commands string, do func()) {
	t.Helper()
	if testing.Short() {
		t.Skip("namespaces take their time")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("no ip here")
	}
	if os.Getuid() != 0 {
		t.Skip("network namespaces want root")
	}
	done := make(chan string)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- fmt.Sprintf("skip: no network namespaces here: %v", err)
			return
		}
		for line := range strings.Lines(commands) {
			words := strings.Fields(line)
			cmd := exec.Command(words[0], words[1:]...)
			if out, err := cmd.CombinedOutput(); err != nil {
				done <- fmt.Sprintf("skip: %s: %v %s", strings.TrimSpace(line), err, out)
				return
			}
		}
		do()
		done <- ""
	}()
	switch said := <-done; {
	case strings.HasPrefix(said, "skip: "):
		t.Skip(said[6:])
	case said != "":
		t.Fatal(said)
	}
}

// wires are two ends of a wire, with addresses, routes and neighbours.
const wires = `ip link set lo up
ip link add va type veth peer name vb
ip link set va up
ip link set vb up
ip addr add 10.9.0.1/24 dev va
ip addr add 10.9.1.1 peer 10.9.1.2/32 dev va
ip addr add 2001:db8:9::1/64 dev va nodad valid_lft 900 preferred_lft 600
ip route add 10.8.0.0/16 via 10.9.0.2 dev va metric 30 proto ospf
ip route add 10.7.0.0/16 table 77 via 10.9.0.2 dev va
ip route add blackhole 10.6.0.0/16
ip -6 route add unreachable 2001:db8:8::/48 metric 5
ip -6 route add 2001:db8:7::/48 via 2001:db8:9::2 dev va expires 300 proto ra
ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev va nud reachable
ip neigh add 2001:db8:9::2 lladdr 02:00:00:00:00:02 dev va nud permanent
`

// bridged is a bridge with VLANs over the wire, and a route by two ways.
const bridged = `ip link add va type veth peer name vb
ip link add vc type veth peer name vd
ip link add br0 type bridge vlan_filtering 1
ip link set va master br0
ip link set vc master br0
ip link add link br0 name br0.7 type vlan id 7
bridge vlan add dev va vid 7 pvid untagged
bridge vlan add dev vc vid 7
bridge fdb add 02:00:00:00:00:aa dev va master static vlan 7
ip link set br0 up
`

// Real devices: what rtnetlink of another hand reads of the same kernel is what we read.
func TestRealDevices(t *testing.T) {
	inNamespace(t, wires, func() {
		k := &Kernel{Fail: func(kind string, err error) { t.Error(err) }}
		conn, err := rtnetlink.Dial(nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		links, err := conn.Link.List()
		if err != nil || len(links) != len(k.Links()) || len(links) < 3 {
			t.Errorf("%d links, want %d: %v", len(k.Links()), len(links), err)
		}
		for i, l := range k.Links() {
			if o := links[i]; l.Name != o.Attributes.Name || l.Index != o.Index {
				t.Errorf("link %+v, want %s", l, o.Attributes.Name)
			}
		}

		addresses, err := conn.Address.List()
		if err != nil || len(addresses) != len(k.Addresses()) {
			t.Errorf("%d addresses, want %d: %v", len(k.Addresses()), len(addresses), err)
		}
		for i, a := range k.Addresses() {
			o := addresses[i]
			ip, _ := netip.AddrFromSlice(o.Attributes.Address)
			if local, ok := netip.AddrFromSlice(o.Attributes.Local); ok {
				ip = local
			}
			if a.Prefix.Addr() != ip || a.Prefix.Bits() != int(o.PrefixLength) || a.Valid != o.Attributes.CacheInfo.Valid || a.Flags != o.Attributes.Flags {
				t.Errorf("address %+v, want %+v", a, o)
			}
		}
		if !slices.ContainsFunc(k.Addresses(), func(a Address) bool {
			return a.Prefix.String() == "2001:db8:9::1/64" && a.Dev == "va" && a.Preferred > 590 && a.Preferred <= 600 && a.Valid > 890 && a.Valid <= 900
		}) {
			t.Errorf("no lifetimes: %+v", k.Addresses())
		}

		checkRoutes(t, k)
		neighbours, err := conn.Neigh.List()
		if err != nil {
			t.Error(err)
		}
		for _, n := range k.Neighbours() {
			if !slices.ContainsFunc(neighbours, func(o rtnetlink.NeighMessage) bool {
				return o.Attributes != nil && slices.Equal(o.Attributes.Address, net.IP(n.IP.AsSlice())) && o.Attributes.LLAddress.String() == n.MAC
			}) {
				t.Errorf("%+v is not in %+v", n, neighbours)
			}
		}
		for _, want := range []Neighbour{
			{"va", "02:00:00:00:00:02", netip.MustParseAddr("10.9.0.2"), "reachable", 0},
			{"va", "02:00:00:00:00:02", netip.MustParseAddr("2001:db8:9::2"), "permanent", 0},
		} {
			if !slices.ContainsFunc(k.Neighbours(), func(n Neighbour) bool { n.Confirmed = 0; return n == want }) {
				t.Errorf("no %+v in %+v", want, k.Neighbours())
			}
		}
	})
}

func TestRealBridge(t *testing.T) {
	inNamespace(t, bridged, func() {
		k := &Kernel{Fail: func(kind string, err error) { t.Error(err) }}
		for _, l := range k.Links() {
			if want := map[string]Link{"va": {Master: "br0", Kind: "veth"}, "br0.7": {Kind: "vlan"}, "br0": {Kind: "bridge"}}[l.Name]; want.Kind != "" && (l.Kind != want.Kind || l.Master != want.Master) {
				t.Errorf("link %+v, want %+v", l, want)
			}
		}
		if want := (Forward{"02:00:00:00:00:aa", "va", "br0", 7, false}); !slices.Contains(k.Forwarding(), want) {
			t.Errorf("no %+v in %+v", want, k.Forwarding())
		}
		if !slices.ContainsFunc(k.Forwarding(), func(f Forward) bool { return f.Local }) {
			t.Errorf("nothing of the bridge itself in %+v", k.Forwarding())
		}
		for _, want := range []BridgeVLAN{{"va", 7, true, true}, {"vc", 7, false, false}, {"vc", 1, true, true}, {"br0", 1, true, true}} {
			if !slices.Contains(k.BridgeVLANs(), want) {
				t.Errorf("no %+v in %+v", want, k.BridgeVLANs())
			}
		}
	})
}

func checkRoutes(t *testing.T, k *Kernel) {
	var got []string
	for _, r := range k.Routes() {
		if r.Table != MainTable && r.Table != 77 || r.Dest.Addr().IsLinkLocalUnicast() || r.Dest.Addr().IsMulticast() {
			continue
		}
		expires := ""
		if r.Expires > 0 {
			expires = " expires"
			if r.Expires > 900 || r.Expires < 290 || r.Protocol == 9 && r.Expires > 300 {
				t.Errorf("expires in %d s", r.Expires)
			}
		}
		got = append(got, fmt.Sprint(r.Dest, " from ", r.From, " via ", r.Gateway, " dev ", r.Dev, " metric ", r.Metric, " table ", r.Table,
			" proto ", r.Protocol, " type ", r.Type, expires))
	}
	slices.SortFunc(got, cmp.Compare[string])
	want := []string{
		"10.6.0.0/16 from invalid Prefix via invalid IP dev  metric 0 table 254 proto 3 type 6",
		"10.7.0.0/16 from invalid Prefix via 10.9.0.2 dev va metric 0 table 77 proto 3 type 1",
		"10.8.0.0/16 from invalid Prefix via 10.9.0.2 dev va metric 30 table 254 proto 188 type 1",
		"10.9.0.0/24 from invalid Prefix via invalid IP dev va metric 0 table 254 proto 2 type 1",
		"10.9.1.2/32 from invalid Prefix via invalid IP dev va metric 0 table 254 proto 2 type 1",
		"2001:db8:7::/48 from invalid Prefix via 2001:db8:9::2 dev va metric 1024 table 254 proto 9 type 1 expires",
		"2001:db8:8::/48 from invalid Prefix via invalid IP dev lo metric 5 table 254 proto 3 type 7",
		"2001:db8:9::/64 from invalid Prefix via invalid IP dev va metric 256 table 254 proto 2 type 1 expires",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
