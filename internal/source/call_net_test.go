package source_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/sandbox"
	"github.com/cwmpd/cwmpd/internal/source"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// netObjects are the parts of the tree that the network family answers for.
var netObjects = []string{
	"Device.InterfaceStack.", "Device.Ethernet.", "Device.Bridging.", "Device.IP.", "Device.PPP.", "Device.Routing.",
	"Device.GRE.", "Device.VXLAN.", "Device.IPv6rd.", "Device.DSLite.", "Device.NeighborDiscovery.", "Device.SFPs.",
}

// netFiles are their definitions.
var netFiles = []string{"interfacestack.dm", "ethernet.dm", "bridging.dm", "ip.dm", "ppp.dm", "routing.dm", "tunnel.dm", "dhcpv6.dm", "routeradvertisement.dm", "sfps.dm"}

// A netRouter is the sandbox with a tree over it.
type netRouter struct {
	t      *testing.T
	box    *sandbox.Router
	tree   *model.Tree
	before map[string][]byte // files as they were, nil for those that were not there
}

// newNetRouter starts the sandbox; files replace some of its own.
func newNetRouter(t *testing.T, files map[string]string) *netRouter {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "net") // commits wait for the disk; here it is quick
	if err != nil {
		dir, err = os.MkdirTemp("", "net") // t.TempDir may be too long for a socket
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	box, err := sandbox.New(dir + "/r")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(box.Path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := box.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	n := &netRouter{t: t, box: box, before: map[string][]byte{}}
	configs, err := filepath.Glob(box.Path("etc/config/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range configs {
		n.remember("etc/config/" + filepath.Base(file))
	}
	n.load()
	return n
}

// write replaces a file of the router until the next reset.
func (n *netRouter) write(name, text string) {
	n.t.Helper()
	n.remember(name)
	if err := os.WriteFile(n.box.Path(name), []byte(text), 0o644); err != nil {
		n.t.Fatal(err)
	}
}

func (n *netRouter) remember(name string) {
	if _, ok := n.before[name]; !ok {
		n.before[name], _ = os.ReadFile(n.box.Path(name)) // absent is nil
	}
}

// reset makes the router what it was, for a case of its own.
func (n *netRouter) reset(t *testing.T) {
	t.Helper()
	n.t = t
	if err := os.RemoveAll(n.box.Path("etc/cwmpd")); err != nil {
		t.Fatal(err)
	}
	for name, data := range n.before {
		err := os.Remove(n.box.Path(name))
		if data != nil {
			err = os.WriteFile(n.box.Path(name), data, 0o644)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	n.load()
}

// load makes a new tree, as a start of the daemon does.
func (n *netRouter) load() {
	t := n.t
	t.Helper()
	store, err := state.Open(n.box.Dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	system, err := system.Open(n.box.Dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := ubus.New(ubus.Config{Path: n.box.Socket()})
	t.Cleanup(func() { client.Close() })
	none := source.Func{Get: func(context.Context, *source.Reader, *model.Row, []string) (string, error) { return "", nil }}
	src := source.New(source.Config{
		Root: n.box.Dir, UCI: uci.Open(n.box.Dir), Ubus: client, Box: system, Store: store,
		Funcs: map[string]source.Func{
			"agent.identity": none, "agent.software_version": none, "agent.first_use": none, "agent.time_left": none, "agent.gateway": none, "agent.connreq_url": none,
			"agent.connreq_udp": none, "agent.nat_detected": none,
			"agent.jabber_id": none, "agent.xmpp": none,
		},
	})
	t.Cleanup(func() { src.Close() })
	tree, problems, err := model.Load(t.Context(), model.Config{Store: store, Source: src, Files: []fs.FS{datamodel.Files}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if slices.Contains(netFiles, p.File) {
			t.Errorf("%s:%d: %s", p.File, p.Line, p.Msg)
		}
	}
	n.tree = tree
}

// do runs f in a transaction and commits what it did.
func (n *netRouter) do(f func(*model.Tx) error) error {
	n.t.Helper()
	tx, err := n.tree.Begin(n.t.Context(), model.FromACS)
	if err != nil {
		n.t.Fatal(err)
	}
	defer tx.Close()
	if err := f(tx); err != nil {
		return err
	}
	_, err = tx.Commit(n.t.Context())
	return err
}

func (n *netRouter) set(pairs ...string) {
	n.t.Helper()
	if err := n.trySet(pairs...); err != nil {
		n.t.Fatalf("set %v: %v", pairs, err)
	}
}

func (n *netRouter) trySet(pairs ...string) error {
	n.t.Helper()
	return n.do(func(tx *model.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Set(n.t.Context(), pairs[i], pairs[i+1], model.BaseAny); err != nil {
				return err
			}
		}
		return nil
	})
}

func (n *netRouter) add(object string) string {
	n.t.Helper()
	var number uint32
	err := n.do(func(tx *model.Tx) (err error) {
		number, err = tx.Add(n.t.Context(), object)
		return err
	})
	if err != nil {
		n.t.Fatalf("add %s: %v", object, err)
	}
	return fmt.Sprintf("%s%d.", object, number)
}

func (n *netRouter) delete(row string) error {
	n.t.Helper()
	return n.do(func(tx *model.Tx) error { return tx.Delete(n.t.Context(), row) })
}

// A netParam is one parameter as read.
type netParam struct {
	path, value string
	writable    bool
	def         model.Def
}

func (n *netRouter) read(paths ...string) []netParam {
	n.t.Helper()
	tx, err := n.tree.Begin(n.t.Context(), model.FromACS)
	if err != nil {
		n.t.Fatal(err)
	}
	defer tx.Close()
	var out []netParam
	for _, path := range paths {
		err := tx.Get(n.t.Context(), path, func(p *model.Param) error {
			out = append(out, netParam{string(p.Path), p.Value, p.Writable, *p.Def})
			return nil
		})
		if err != nil {
			n.t.Fatalf("get %s: %v", path, err)
		}
	}
	return out
}

func (n *netRouter) value(path string) string {
	n.t.Helper()
	return n.read(path)[0].value
}

func (n *netRouter) want(path, want string) {
	n.t.Helper()
	if got := n.value(path); got != want {
		n.t.Errorf("%s is %q, want %q", path, got, want)
	}
}

// row finds the row of a table whose parameter has a value.
func (n *netRouter) row(table, name, value string) string {
	n.t.Helper()
	for _, p := range n.read(table) {
		rest, ok := strings.CutPrefix(p.path, table)
		number, param, _ := strings.Cut(rest, ".")
		if ok && param == name && p.value == value {
			return table + number + "."
		}
	}
	n.t.Fatalf("%s has no row with %s %q", table, name, value)
	return ""
}

// config returns what libuci would make of a package.
func (n *netRouter) config(pkg string) string {
	n.t.Helper()
	data, err := os.ReadFile(n.box.Path("etc/config/" + pkg))
	if err != nil {
		n.t.Fatal(err)
	}
	p, err := uci.Parse(pkg, data)
	if err != nil {
		n.t.Fatalf("/etc/config/%s: %v", pkg, err)
	}
	return string(p.Bytes())
}

func (n *netRouter) configs() map[string]string {
	n.t.Helper()
	files, err := filepath.Glob(n.box.Path("etc/config/*"))
	if err != nil {
		n.t.Fatal(err)
	}
	out := map[string]string{}
	for _, file := range files {
		out[filepath.Base(file)] = n.config(filepath.Base(file))
	}
	return out
}

// section returns a section of the network package as text.
func (n *netRouter) section(pkg, name string) string {
	n.t.Helper()
	p, err := uci.Parse(pkg, []byte(n.config(pkg)))
	if err != nil {
		n.t.Fatal(err)
	}
	s := p.Section(name)
	if s == nil {
		return ""
	}
	var b strings.Builder
	for _, o := range s.Options {
		fmt.Fprintf(&b, "%s=%s;", o.Name, strings.Join(o.Values, "|"))
	}
	return b.String()
}

func (n *netRouter) wantSection(pkg, name, want string) {
	n.t.Helper()
	if got := n.section(pkg, name); got != want {
		n.t.Errorf("%s.%s is\n%s, want\n%s", pkg, name, got, want)
	}
}

// passing are parameters whose values go with the time.
var passing = []string{".LastChange", ".PreferredLifetime", ".ValidLifetime", ".RouteLifetime", ".ExpirationTime"}

func TestNetTreeOfTheSandbox(t *testing.T) {
	n := newNetRouter(t, nil)
	var b strings.Builder
	for _, p := range n.read(netObjects...) {
		value := p.value
		if slices.ContainsFunc(passing, func(s string) bool { return strings.HasSuffix(p.path, s) }) && !strings.HasPrefix(value, "9999") {
			value = "(time)"
		}
		mark := ""
		if p.writable {
			mark = " rw"
		}
		fmt.Fprintf(&b, "%s%s = %s\n", p.path, mark, value)
	}
	golden := "testdata/net-tree.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		diffLines(t, got, string(want))
	}
}

func diffLines(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, line := range g {
		if !slices.Contains(w, line) {
			t.Errorf("got  %s", line)
		}
	}
	for _, line := range w {
		if !slices.Contains(g, line) {
			t.Errorf("want %s", line)
		}
	}
}

func TestNetAsksEachMethodOnce(t *testing.T) {
	n := newNetRouter(t, nil)
	n.read("Device.InterfaceStack.")
	before := len(n.box.Bus().Calls())
	n.read(netObjects...)
	count := map[string]int{}
	for _, c := range n.box.Bus().Calls()[before:] {
		count[c.Object+" "+c.Method]++
	}
	for _, method := range []string{"network.device status", "network.interface dump", "network.wireless status"} {
		if count[method] != 1 {
			t.Errorf("%s was asked %d times, want once: %v", method, count[method], count)
		}
	}
}

// refuses says which writes of the generic test the router is right to refuse.
func refuses(err error) bool {
	for _, pe := range model.Errors(err) {
		if pe.Reason != model.Refused && pe.Reason != model.ReadOnly {
			return false
		}
	}
	return true
}

// TestNetEveryWritableParameterReadsBack sets every parameter that can be set to another legal value, reads it back from a
// new transaction, and sets it to what it was. No package but the family's own changes, and all stay readable.
func TestNetEveryWritableParameterReadsBack(t *testing.T) {
	n := newNetRouter(t, nil)
	params := n.read(netObjects...)
	refs := map[string][]string{}
	for _, p := range params {
		if p.def.Type.Ref && p.value != "" && !p.def.Type.List {
			refs[p.def.Path] = append(refs[p.def.Path], p.value)
		}
	}
	done, refused := 0, 0
	tried := map[string]int{}
	for _, p := range params {
		if tried[p.def.Path]++; tried[p.def.Path] > 3 { // of each kind of row enough, for each write is on flash when it returns
			continue
		}
		if !p.writable || strings.HasSuffix(p.path, ".Alias") {
			continue
		}
		value, ok := otherValue(p, refs[p.def.Path])
		if !ok {
			continue
		}
		before := n.configs()
		if err := n.trySet(p.path, value); err != nil {
			if !refuses(err) && !known[p.def.Path] {
				t.Errorf("set %s=%q (was %q): %v", p.path, value, p.value, err)
			}
			refused++
			continue
		}
		want := value
		if p.def.Hidden || p.def.Command {
			want = n.value(p.path)
		}
		n.want(p.path, want)
		after := n.configs()
		for pkg := range after {
			if pkg != "network" && after[pkg] != before[pkg] {
				t.Errorf("set %s changed /etc/config/%s", p.path, pkg)
			}
		}
		if p.def.Hidden || p.def.Command {
			continue
		}
		if err := n.trySet(p.path, p.value); err != nil {
			if p.value != "" {
				t.Errorf("set %s back to %q: %v", p.path, p.value, err)
			}
			continue
		}
		n.want(p.path, p.value)
		done++
	}
	t.Logf("%d parameters read back, %d writes refused", done, refused)
	if done < 100 {
		t.Errorf("only %d parameters were tried", done)
	}
	// Nothing is left of all this: the tree is as it was.
	was := map[string]string{}
	for _, p := range params {
		was[p.path] = p.value
	}
	for _, p := range n.read(netObjects...) {
		value, ok := was[p.path]
		delete(was, p.path)
		if p.passes() || ok && value == p.value {
			continue
		}
		t.Errorf("in the end %s is %q, was %q (%v)", p.path, p.value, value, ok)
	}
	for path := range was {
		t.Errorf("in the end %s is gone", path)
	}
}

// passes reports whether the parameter's value goes with the time, or with a Reset of its counters.
func (p netParam) passes() bool {
	return strings.Contains(p.path, ".Stats.") || slices.ContainsFunc(passing, func(s string) bool { return strings.HasSuffix(p.path, s) })
}

// known are references whose other value may be taken by another row: they have a test of their own.
var known = map[string]bool{
	"Device.Bridging.Bridge.{i}.VLANPort.{i}.Port": true,
	"Device.Bridging.Bridge.{i}.VLANPort.{i}.VLAN": true,

	"Device.GRE.Tunnel.{i}.DeliveryHeaderProtocol":                     true,
	"Device.VXLAN.Tunnel.{i}.DeliveryHeaderProtocol":                   true,
	"Device.DSLite.InterfaceSetting.{i}.EndpointAddressTypePrecedence": true,
}

// otherValue makes a legal value that is not the present one.
func otherValue(p netParam, refs []string) (string, bool) {
	pick := func(values ...string) (string, bool) {
		for _, v := range values {
			if v != p.value {
				return v, true
			}
		}
		return "", false
	}
	typ := p.def.Type
	switch {
	case typ.Ref:
		if typ.List {
			return "", false
		}
		return pick(refs...)
	case len(typ.Enum) > 0:
		return pick(typ.Enum...)
	}
	switch typ.Name {
	case "IPv4Address":
		if strings.HasSuffix(p.path, "Mask") {
			return pick("255.255.254.0", "255.255.0.0")
		}
		return pick("192.0.2.77")
	case "IPv6Address":
		return pick("2001:db8:77::1")
	case "IPv6Prefix":
		if strings.HasSuffix(p.path, "ChildPrefixBits") {
			return pick("0:0:0:30::/62")
		}
		if strings.HasSuffix(p.path, "SPIPv6Prefix") {
			return pick("2001:db8::/32")
		}
		return pick("fd12:3456:789a::/48")
	case "MACAddress":
		return pick("02:00:5E:10:00:01")
	}
	switch {
	case strings.HasSuffix(p.path, ".TPID"):
		return pick("34984", "33024")
	case strings.HasSuffix(p.path, ".PVID"):
		return "", false // it makes rows of VLANPort: see TestNetPVID
	}
	switch typ.Base {
	case model.BaseBoolean:
		return pick("true", "false")
	case model.BaseInt, model.BaseUnsignedInt:
		for _, candidate := range []string{"100", "1000", "5", "4096", "34984", "7", "60", "1400"} {
			if inRange(typ, candidate) && candidate != p.value {
				return candidate, true
			}
		}
	case model.BaseString:
		return pick("some-text")
	}
	return "", false
}

func inRange(typ model.Type, text string) bool {
	var v int64
	fmt.Sscan(text, &v)
	for _, r := range typ.Ranges {
		if (!r.HasMin || v >= r.Min) && (!r.HasMax || v <= r.Max) {
			return true
		}
	}
	return len(typ.Ranges) == 0
}

// TestNetAddAndDelete makes a row in every table that can grow, reads all of it, and takes it away again: the
// configuration is then what it was.
func TestNetAddAndDelete(t *testing.T) {
	n := newNetRouter(t, nil)
	lan := n.row("Device.IP.Interface.", "Name", "lan")
	bridge := n.row("Device.Bridging.Bridge.", "Name", "br-lan")
	tables := []string{
		"Device.Ethernet.VLANTermination.", "Device.Bridging.Bridge.", bridge + "Port.", bridge + "VLAN.", bridge + "VLANPort.",
		"Device.IP.Interface.", lan + "IPv4Address.", lan + "IPv6Address.", lan + "IPv6Prefix.", "Device.PPP.Interface.",
		"Device.GRE.Tunnel.", "Device.VXLAN.Tunnel.",
		"Device.Routing.Router.1.IPv4Forwarding.", "Device.Routing.Router.1.IPv6Forwarding.",
	}
	for _, table := range tables {
		t.Run(table, func(t *testing.T) {
			n.t = t
			before := n.configs()
			row := n.add(table)
			params := n.read(row)
			if len(params) < 3 {
				t.Errorf("%s has %d parameters", row, len(params))
			}
			for _, p := range params {
				if p.path == row+"Enable" && p.value != "false" {
					t.Errorf("a new row is %s %s, want it switched off", p.path, p.value)
				}
			}
			n.load() // the number is kept
			if again := n.read(row); len(again) != len(params) {
				t.Errorf("after a restart %s has %d parameters, want %d", row, len(again), len(params))
			}
			if err := n.delete(row); err != nil {
				t.Fatalf("delete %s: %v", row, err)
			}
			for pkg, text := range n.configs() {
				if text != before[pkg] {
					t.Errorf("/etc/config/%s is not what it was:\n%s\nwas:\n%s", pkg, text, before[pkg])
				}
			}
			next := n.add(table)
			if next == row {
				t.Errorf("the number of %s was used again", row)
			}
			if err := n.delete(next); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// wantReason fails unless err says why the tree refused.
func (n *netRouter) wantReason(err error, want model.Reason) {
	n.t.Helper()
	if all := model.Errors(err); len(all) == 0 || all[0].Reason != want {
		n.t.Errorf("got %v, want %v", err, want)
	}
}
