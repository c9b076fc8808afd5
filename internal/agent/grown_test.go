package agent

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/sandbox"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
)

// routerProcess names in the environment the directory that a test program serves as a router instead of testing: the
// figures of the agent are to hold the agent alone, not the other side of its socket too.
const routerProcess = "CWMPD_TEST_ROUTER"

// TestRouterProcess is that other program; as a test it does nothing. It has the sandbox answer everything that a read of
// the whole tree asks, once, and from then on repeats the answers: no bus is quicker.
func TestRouterProcess(t *testing.T) {
	root := os.Getenv(routerProcess)
	if root == "" {
		return
	}
	answers, paths := recordAnswers(t, root)
	bus, err := ubustest.New(ubus.SocketPath(root))
	if err != nil {
		t.Fatal(err)
	}
	methods := map[string]map[string]ubustest.Method{}
	for _, path := range paths {
		methods[path] = map[string]ubustest.Method{}
	}
	for _, c := range answers {
		if methods[c.Object] == nil {
			continue
		}
		methods[c.Object][c.Method] = func(args ubus.Value) (ubus.Value, int) {
			a := answers[questionText(c.Object, c.Method, args)]
			return a.value, a.code
		}
	}
	for _, path := range paths {
		bus.Object(path, methods[path])
	}
	for text := range answers {
		fmt.Println(text)
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin) // until who asked for it is gone
	bus.Close()
}

// An answer is what the bus said to a call.
type answer struct {
	ubustest.Call
	value ubus.Value
	code  int
}

func questionText(object, method string, args ubus.Value) string {
	text, _ := args.MarshalJSON()
	return object + " " + method + " " + string(text)
}

// recordAnswers reads the whole tree of a sandbox; it returns what that asked the bus, and the objects on it.
func recordAnswers(tb testing.TB, root string) (map[string]answer, []string) {
	router, err := sandbox.Open(root)
	if err != nil {
		tb.Fatal(err)
	}
	if err := router.Start(); err != nil {
		tb.Fatal(err)
	}
	defer router.Close()
	readValues(tb, openParts(tb, root), new(soap.Encoder), "")
	client := ubus.New(ubus.Config{Path: ubus.SocketPath(root)})
	defer client.Close()
	answers := map[string]answer{}
	for _, c := range router.Bus().Calls() {
		value, err := client.Call(tb.Context(), c.Object, c.Method, c.Args)
		answers[questionText(c.Object, c.Method, c.Args)] = answer{c, value, ubus.Code(err)}
	}
	return answers, router.Bus().Paths()
}

// serveRouter serves a router's bus in a process of its own and returns the calls that a read of the whole tree makes.
func serveRouter(tb testing.TB, root string) (calls []string) {
	tb.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestRouterProcess$")
	cmd.Env = append(os.Environ(), routerProcess+"="+root)
	cmd.Stderr = os.Stderr
	hold, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		hold.Close()
		io.Copy(io.Discard, out)
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		calls = append(calls, lines.Text())
	}
	if lines.Text() != "ready" {
		tb.Fatalf("the router did not start: %q", calls)
	}
	return calls
}

func readJSON(tb testing.TB, name string, into any) {
	tb.Helper()
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// grownRouter writes a router whose LAN has that many more hosts with a DHCP lease and two neighbours, half as many static leases, port
// mappings and routes, and an access point for each eighty of them. 200 leases make about 10,000 parameters.
func grownRouter(tb testing.TB, leases int) (root string) {
	tb.Helper()
	root, err := os.MkdirTemp("", "cw") // short: the path of a socket lies below
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(root) })
	if _, err := sandbox.New(root); err != nil {
		tb.Fatal(err)
	}
	var lease, dhcp, firewall, network, wireless bytes.Buffer
	var neighbours []kernel.Neighbour
	readJSON(tb, filepath.Join(root, "kernel/neighbours.json"), &neighbours)
	for i := range leases {
		mac, ip := fmt.Sprintf("02:00:00:00:%02x:%02x", i>>8, i&255), fmt.Sprintf("192.168.%d.%d", 2+i/250, 1+i%250)
		fmt.Fprintf(&lease, "4102444800 %s %s host-%d 01:%s\n", mac, ip, i, mac)
		for _, addr := range []string{ip, fmt.Sprintf("fd4c:9d1e:2b7a::1:%x", i)} {
			neighbours = append(neighbours, kernel.Neighbour{Dev: "br-lan.1", MAC: mac, IP: netip.MustParseAddr(addr), State: "reachable"})
		}
		if i%2 == 0 {
			fmt.Fprintf(&dhcp, "\nconfig host\n\toption name 'host-%d'\n\toption mac '%s'\n\toption ip '%s'\n", i, mac, ip)
			fmt.Fprintf(&firewall, "\nconfig redirect\n\toption name 'to host-%d'\n\toption src 'wan'\n\toption src_dport '%d'\n\toption dest 'lan'\n"+
				"\toption dest_ip '%s'\n\toption dest_port '80'\n\toption proto 'tcp'\n\toption target 'DNAT'\n", i, 10000+i, ip)
			fmt.Fprintf(&network, "\nconfig route\n\toption interface 'lan'\n\toption target '10.%d.%d.0/24'\n\toption gateway '%s'\n", 100+i/250, i%250, ip)
		}
		if i%80 == 79 {
			fmt.Fprintf(&wireless, "\nconfig wifi-iface 'more%d'\n\toption device 'radio%d'\n\toption network 'lan'\n\toption mode 'ap'\n"+
				"\toption ssid 'More %d'\n\toption encryption 'psk2'\n\toption key 'open Sesame'\n", i, i/80%2, i)
		}
	}
	for name, text := range map[string]*bytes.Buffer{
		"tmp/dhcp.leases": &lease,
		"etc/config/dhcp": &dhcp, "etc/config/firewall": &firewall, "etc/config/network": &network, "etc/config/wireless": &wireless,
	} {
		path := filepath.Join(root, name)
		had, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		all := string(had) + text.String()
		if name == "etc/config/network" && leases > 0 {
			all = strings.Replace(all, "255.255.255.0", "255.255.0.0", 1)
		}
		if err := os.WriteFile(path, []byte(all), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	text, err := json.Marshal(neighbours)
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "kernel/neighbours.json"), text, 0o644); err != nil {
		tb.Fatal(err)
	}
	old := time.Now().Add(-time.Hour) // a file that was just written is read once more, to be sure
	files, _ := filepath.Glob(filepath.Join(root, "etc/config/*"))
	for _, f := range files {
		if err := os.Chtimes(f, old, old); err != nil {
			tb.Fatal(err)
		}
	}
	return root
}
