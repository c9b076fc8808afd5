package datamodel_test

import (
	"context"
	"io/fs"
	"maps"
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

// A lan is the data model over a running sandbox.
type lan struct {
	t      *testing.T
	router *sandbox.Router
	tree   *model.Tree
}

func newLAN(t *testing.T) *lan {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "lan") // commits wait for the disk; here it is quick
	if err != nil {
		dir, err = os.MkdirTemp("", "lan")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	router, err := sandbox.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return openLAN(t, router)
}

func openLAN(t *testing.T, router *sandbox.Router) *lan {
	t.Helper()
	if err := router.Start(); err != nil {
		t.Fatal(err)
	}
	client := ubus.New(ubus.Config{Path: router.Socket()})
	t.Cleanup(func() { client.Close(); router.Close() })
	box, err := system.Open(router.Dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(router.Dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	funcs := map[string]source.Func{}
	for name := range agentFuncs {
		funcs[name] = source.Func{Get: func(context.Context, *source.Reader, *model.Row, []string) (string, error) { return "", nil }}
	}
	src := source.New(source.Config{
		Root: router.Dir, UCI: uci.Open(router.Dir), Ubus: client, Box: box, Store: store, Funcs: funcs,
	})
	t.Cleanup(func() { src.Close() })
	tree, problems, err := model.Load(t.Context(), model.Config{Store: store, Source: src, Files: []fs.FS{datamodel.Files}})
	for _, p := range problems {
		if slices.Contains([]string{"wifi.dm", "nat.dm", "dhcpv4.dm", "dns.dm", "hosts.dm", "firewall.dm", "dynamicdns.dm", "upnp.dm", "security.dm"}, p.File) {
			t.Errorf("%s:%d: %s", p.File, p.Line, p.Msg)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return &lan{t, router, tree}
}

// all reads a subtree.
func (l *lan) all(path string) map[string]string {
	l.t.Helper()
	tx, err := l.tree.Begin(l.t.Context(), model.FromACS)
	if err != nil {
		l.t.Fatal(err)
	}
	defer tx.Close()
	out := map[string]string{}
	err = tx.Get(l.t.Context(), path, func(p *model.Param) error {
		out[string(p.Path)] = p.Value
		return nil
	})
	if err != nil {
		l.t.Fatalf("get %s: %v", path, err)
	}
	return out
}

func (l *lan) value(path string) string {
	l.t.Helper()
	return l.all(path)[path]
}

// try sets parameters, given in pairs, in one transaction.
func (l *lan) try(pairs ...string) error {
	l.t.Helper()
	tx, err := l.tree.Begin(l.t.Context(), model.FromACS)
	if err != nil {
		l.t.Fatal(err)
	}
	defer tx.Close()
	for i := 0; i < len(pairs); i += 2 {
		if err := tx.Set(l.t.Context(), pairs[i], pairs[i+1], model.BaseAny); err != nil {
			return err
		}
	}
	_, err = tx.Commit(l.t.Context())
	return err
}

func (l *lan) set(pairs ...string) {
	l.t.Helper()
	if err := l.try(pairs...); err != nil {
		l.t.Fatalf("set %q: %v", pairs, err)
	}
}

func (l *lan) add(object string) string {
	l.t.Helper()
	tx, err := l.tree.Begin(l.t.Context(), model.FromACS)
	if err != nil {
		l.t.Fatal(err)
	}
	defer tx.Close()
	n, err := tx.Add(l.t.Context(), object)
	if err == nil {
		_, err = tx.Commit(l.t.Context())
	}
	if err != nil {
		l.t.Fatalf("add %s: %v", object, err)
	}
	return object + itoa(n) + "."
}

func (l *lan) remove(object string) {
	l.t.Helper()
	if err := l.tryRemove(object); err != nil {
		l.t.Fatalf("delete %s: %v", object, err)
	}
}

func (l *lan) tryRemove(object string) error {
	l.t.Helper()
	tx, err := l.tree.Begin(l.t.Context(), model.FromACS)
	if err != nil {
		l.t.Fatal(err)
	}
	defer tx.Close()
	err = tx.Delete(l.t.Context(), object)
	if err == nil {
		_, err = tx.Commit(l.t.Context())
	}
	return err
}

// find returns the row of a table in which a parameter has a value, with a dot at its end.
func (l *lan) find(table, name, value string) string {
	l.t.Helper()
	for path, v := range l.all(table) {
		row, ok := strings.CutSuffix(path, "."+name)
		if ok && v == value && !strings.Contains(strings.TrimPrefix(row, table), ".") {
			return row + "."
		}
	}
	l.t.Fatalf("%s has no row with %s=%q", table, name, value)
	return ""
}

// file writes a file of the router, write one of etc/config.
func (l *lan) file(name, text string) {
	l.t.Helper()
	if err := os.MkdirAll(filepath.Dir(l.router.Path(name)), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(l.router.Path(name), []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lan) write(name, text string) { l.file("etc/config/"+name, text) }

// config is a file of etc/config.
func (l *lan) config(name string) string {
	l.t.Helper()
	data, err := os.ReadFile(l.router.Path("etc/config/" + name))
	if err != nil {
		l.t.Fatal(err)
	}
	return string(data)
}

// section returns a section of a configuration, which must parse.
func (l *lan) section(pkg, ref string) *uci.Section {
	l.t.Helper()
	p, err := uci.Parse(pkg, []byte(l.config(pkg)))
	if err != nil {
		l.t.Fatal(err)
	}
	return p.Section(ref)
}

func itoa(n uint32) string {
	var b []byte
	for ; n > 0; n /= 10 {
		b = append(b, byte('0'+n%10))
	}
	slices.Reverse(b)
	return string(b)
}

// writable lists the parameters of a subtree that can be set, with their definitions.
func (l *lan) writable(path string) map[string]*model.Def {
	l.t.Helper()
	tx, err := l.tree.Begin(l.t.Context(), model.FromACS)
	if err != nil {
		l.t.Fatal(err)
	}
	defer tx.Close()
	out := map[string]*model.Def{}
	err = tx.Get(l.t.Context(), path, func(p *model.Param) error {
		if p.Writable && !strings.HasSuffix(p.Def.Path, ".Alias") {
			def := *p.Def
			out[string(p.Path)] = &def
		}
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

var lanObjects = []string{"Device.WiFi.", "Device.NAT.", "Device.DHCPv4.", "Device.DNS.", "Device.Hosts.", "Device.Firewall.", "Device.DynamicDNS.", "Device.UPnP.", "Device.Security."}

// other are values to try for a parameter, by the last part of its definition's path; what is not here is tried by
// type. Values with a leading dot are rows of the table that the reference leads to.
var other = map[string][]string{
	"ANQP.Cellular3GPPNetworkInfo":               {"26201", "310410"},
	"NeighboringWiFiDiagnostic.DiagnosticsState": {},
	"Radio.{i}.OperatingStandards":               {"n,ax", "g,n", "a,n,ac", "ac,ax"},
	"Radio.{i}.Channel":                          {"11", "40"},
	"Radio.{i}.OperatingChannelBandwidth":        {"40MHz", "20MHz"},
	"Radio.{i}.GuardInterval":                    {"800nsec"},
	"Radio.{i}.TransmitPower":                    {"50", "100"},
	"Radio.{i}.RegulatoryDomain":                 {"FR "},
	"Radio.{i}.FragmentationThreshold":           {"1024"},
	"Radio.{i}.RTSThreshold":                     {"500"},
	"Radio.{i}.BasicDataTransmitRates":           {"12,24"},
	"Radio.{i}.OperationalDataTransmitRates":     {"12,24,48"},
	"Radio.{i}.PreambleType":                     {"long"},
	"SSID.{i}.LowerLayers":                       {"Device.WiFi.Radio.1", "Device.WiFi.Radio.2"},
	"AccessPoint.{i}.AllowedMACAddress":          {"02:00:00:00:00:01,02:00:00:00:00:02"},
	"Security.ModeEnabled":                       {"WPA3-Personal", "WPA2-Personal"},
	"Security.EncryptionMode":                    {"TKIP,AES"},
	"Security.MFPConfig":                         {"Optional", "Required"},
	"Security.KeyPassphrase":                     {"another pass phrase"},
	"Security.SAEPassphrase":                     {"yet another pass phrase"},
	"Security.PreSharedKey":                      {strings.Repeat("0a", 32)},
	"WPS.ConfigMethodsEnabled":                   {"Label,PushButton"},
	"WPS.PIN":                                    {"12345670"},
	"Accounting.InterimInterval":                 {"300"},
	"InterfaceSetting.{i}.SourceNetwork":         {"192.168.1.0/24"},
	"PortMapping.{i}.RemoteHost":                 {"198.51.100.9"},
	"PortMapping.{i}.ExternalPort":               {"2000"},
	"PortMapping.{i}.ExternalPortEndRange":       {"30011", "8444", "600", "4000"},
	"PortMapping.{i}.InternalPort":               {"2001"},
	"PortMapping.{i}.InternalClient":             {"192.168.1.99"},
	"PortMapping.{i}.Interface":                  {"Device.IP.Interface.6"},
	"Pool.{i}.Order":                             {"1", "2"},
	"Pool.{i}.Interface":                         {"Device.IP.Interface.2", "Device.IP.Interface.3"},
	"Pool.{i}.AllowedDevices":                    {"Known"},
	"Pool.{i}.MinAddress":                        {"192.168.1.20", "192.168.20.20"},
	"Pool.{i}.MaxAddress":                        {"192.168.1.200", "192.168.20.200"},
	"Pool.{i}.SubnetMask":                        {"255.255.255.128"},
	"Pool.{i}.DNSServers":                        {"192.168.1.2,192.168.1.3"},
	"Pool.{i}.IPRouters":                         {"192.168.1.2"},
	"Pool.{i}.WINSServers":                       {"192.168.1.2"},
	"Pool.{i}.DomainName":                        {"acme.example"},
	"Pool.{i}.UserClassID":                       {"616263"},
	"Pool.{i}.LeaseTime":                         {"3600"},
	"StaticAddress.{i}.Yiaddr":                   {"192.168.1.55"},
	"Pool.{i}.Option.{i}.Tag":                    {"43"},
	"Pool.{i}.Option.{i}.Value":                  {"c0a80105", "016101620163016400"},
	"Server.{i}.DNSServer":                       {"192.0.2.1"},
	"Server.{i}.Interface":                       {"Device.IP.Interface.2"},
	"Forwarding.{i}.DNSServer":                   {"192.0.2.1"},
	"Forwarding.{i}.Interface":                   {"Device.IP.Interface.4"},
	"Zone.{i}.Name":                              {"acme.example"},
	"Host.{i}.Name":                              {"a.example,b.example"},
	"Host.{i}.Host":                              {"Device.Hosts.Host.3"},
	"Interworking.VenueType":                     {"8"},
	"AccessControl.{i}.PhysAddress":              {"02:00:00:00:00:77"},
	"Rule.{i}.Order":                             {"2", "1"},
	"Rule.{i}.DestAllInterfaces":                 {}, // a rule has one destination
	"Rule.{i}.SourceInterface":                   {"Device.IP.Interface.3"},
	"Rule.{i}.DestInterface":                     {"Device.IP.Interface.3"},
	"Rule.{i}.IPVersion":                         {"4"},
	"Rule.{i}.SourceIP":                          {"2001:db8::7", "192.0.2.7"},
	"Rule.{i}.DestIP":                            {"2001:db8::7", "192.0.2.7"},
	"Rule.{i}.ExpiryDate":                        {"2030-01-01T00:00:00Z"},
	"Service.{i}.Interface":                      {"Device.IP.Interface.3"},
	"Service.{i}.IPVersion":                      {"-1"},
	"Service.{i}.SourcePrefixes":                 {"192.0.2.0/24", "2001:db8::/32"},
	"Service.{i}.Protocol":                       {"17", "1"},
	"Service.{i}.DestPort":                       {"99"},
	"Policy.{i}.SourceInterface":                 {"Device.IP.Interface.3", "Device.IP.Interface.2"},
	"Policy.{i}.DestinationInterface":            {"Device.IP.Interface.2"},
	"Policy.{i}.IPVersion":                       {"6"},
}

// single are parameters that the standard lets an ACS write and that have one possible value on this router, or none
// other in this state of it.
var single = map[string]string{
	"Radio.{i}.OperatingFrequencyBand":           "a chip of one band",
	"Radio.{i}.MCS":                              "the driver chooses",
	"Radio.{i}.PacketAggregationEnable":          "always on",
	"Radio.{i}.ExtensionChannel":                 "the radio is not in HT40",
	"AccessPoint.{i}.SSIDReference":              "one section holds both",
	"InterfaceSetting.{i}.Enable":                "TestNATOfOneZoneGoesTogether",
	"InterfaceSetting.{i}.SourceNetwork":         "TestNATOfOneZoneGoesTogether",
	"PortMapping.{i}.AllInterfaces":              "fw4 wants a zone",
	"PortMapping.{i}.LeaseDuration":              "mappings are static",
	"PortMapping.{i}.Interface":                  "a zone of one network",
	"NAT.InterfaceSetting.{i}.Interface":         "in its zone by itself, TestNATOfAnotherInterface",
	"PortMapping.{i}.Protocol":                   "the same ports of the other protocol are mapped too",
	"PortMapping.{i}.InternalPort":               "a range cannot be moved beyond its end",
	"PortMapping.{i}.ExternalPortEndRange":       "ends must follow beginnings",
	"Client.{i}.PassthroughEnable":               "none",
	"Pool.{i}.ChaddrMask":                        "TestPoolForSomeDevices",
	"Pool.{i}.VendorClassIDMode":                 "dnsmasq has one",
	"Pool.{i}.ReservedAddresses":                 "follows StaticAddress",
	"Pool.{i}.MinAddress":                        "a pool without a subnet",
	"Pool.{i}.MaxAddress":                        "a pool without a subnet",
	"Pool.{i}.SubnetMask":                        "a pool without a subnet",
	"Forwarding.{i}.LocallyServed":               "never",
	"Client.Enable":                              "always on",
	"Zone.{i}.Enable":                            "always on",
	"AccessPoint.{i}.AllowedMACAddress":          "an access point with a list of forbidden stations",
	"Security.SAEPassphrase":                     "a mode without SAE",
	"Security.PreSharedKey":                      "a mode with SAE",
	"Security.EncryptionMode":                    "a mode without TKIP",
	"Firewall.Config":                            "one",
	"Level.{i}.PortMappingEnabled":               "always on",
	"Rule.{i}.SourceInterfaceExclude":            "fw4 has no such thing",
	"Rule.{i}.DestInterfaceExclude":              "fw4 has no such thing",
	"Rule.{i}.ProtocolExclude":                   "fw4 does not heed it",
	"Policy.{i}.TargetChain":                     "a forwarding accepts",
	"Rule.{i}.DestPort":                          "no TCP nor UDP; TestRuleInAnyOrder",
	"Rule.{i}.DestPortRangeMax":                  "no TCP nor UDP; TestRuleInAnyOrder",
	"Rule.{i}.DestPortExclude":                   "no TCP nor UDP; TestRuleInAnyOrder",
	"Rule.{i}.SourcePort":                        "no TCP nor UDP; TestRuleInAnyOrder",
	"Rule.{i}.SourcePortRangeMax":                "no TCP nor UDP; TestRuleInAnyOrder",
	"Rule.{i}.SourcePortExclude":                 "no TCP nor UDP; TestRuleInAnyOrder",
	"Rule.{i}.SourceMask":                        "no address; TestRuleInAnyOrder",
	"Rule.{i}.SourceIPExclude":                   "no address; TestRuleInAnyOrder",
	"Rule.{i}.DestMask":                          "no address; TestRuleInAnyOrder",
	"Rule.{i}.DestIPExclude":                     "no address; TestRuleInAnyOrder",
	"Rule.{i}.DSCPExclude":                       "no DSCP; TestRuleInAnyOrder",
	"Rule.{i}.SourceMACExclude":                  "no address; TestRuleInAnyOrder",
	"Rule.{i}.SourceMAC":                         "it would be an AccessControl",
	"Rule.{i}.DestMatchSet":                      "there is no set",
	"Rule.{i}.DestMatchSetExclude":               "there is no set",
	"Rule.{i}.SourceMatchSet":                    "there is no set",
	"Rule.{i}.SourceMatchSetExclude":             "there is no set",
	"Service.{i}.ICMPType":                       "of UDP",
	"Service.{i}.Protocol":                       "of ports or ICMP types",
	"Rule.{i}.Protocol":                          "of ICMP types",
	"Rule.{i}.DestAllInterfaces":                 "TestAddAndDelete",
	"Rule.{i}.DestIP":                            "IPv6 would make it a pinhole",
	"Service.{i}.DestPort":                       "of ICMP",
	"Accounting.SecondaryServerIPAddr":           "the second of none; a scenario sets both",
	"Security.SecondaryRadiusServerIPAddr":       "the second of none; a scenario sets both",
	"Radio.{i}.AutoChannelRefreshPeriod":         "channels are chosen at the start",
	"NeighboringWiFiDiagnostic.DiagnosticsState": "a scenario asks for it",
}

func byEnd(def string, m map[string]string) (string, bool) {
	for end, v := range m {
		if strings.HasSuffix(def, "."+end) {
			return v, true
		}
	}
	return "", false
}

func candidates(def *model.Def, have string) []string {
	for _, values := range []map[string][]string{other, wallOther} {
		for end, list := range values {
			if strings.HasSuffix(def.Path, "."+end) {
				return list
			}
		}
	}
	t := def.Type
	switch {
	case t.Base == model.BaseBoolean && have == "true":
		return []string{"false"}
	case t.Base == model.BaseBoolean:
		return []string{"true"}
	case len(t.Enum) > 0:
		return t.Enum
	}
	switch t.Name {
	case "IPAddress", "IPv4Address":
		return []string{"192.0.2.77"}
	case "MACAddress":
		return []string{"02:00:00:00:00:42"}
	case "string":
		return []string{"something else"}
	case "unsignedInt", "int":
		return []string{"7", "77"}
	}
	return nil
}

// TestEveryWritableParameter sets each to another value and back again: it reads as it was written, the files can be
// parsed, and no other package is touched.
func TestEveryWritableParameter(t *testing.T) {
	for _, object := range lanObjects {
		t.Run(object, func(t *testing.T) {
			l := newLAN(t)
			all := l.writable(object)
			rows := map[string]int{} // of each definition two are enough
			for _, path := range slices.Sorted(maps.Keys(all)) {
				if all[path].Command {
					continue // TestCommands
				}
				if rows[all[path].Path]++; rows[all[path].Path] <= 2 {
					l.roundTrip(path, all[path])
				}
			}
		})
	}
}

func (l *lan) roundTrip(path string, def *model.Def) {
	t := l.t
	before := l.configs()
	have := l.value(path)
	var refusal error
	for _, want := range candidates(def, have) {
		if want == have {
			continue
		}
		if refusal = l.try(path, want); refusal != nil {
			if after := l.configs(); !maps.Equal(before, after) {
				t.Errorf("%s: a refused value changed a file", path)
			}
			continue
		}
		if got := l.value(path); got != want && !def.Hidden {
			t.Errorf("%s reads %q after %q was set", path, got, want)
		}
		if changed := changedIn(before, l.configs()); len(changed) > 1 || len(changed) == 0 && def.Hidden {
			t.Errorf("%s=%q changed the packages %q", path, want, changed)
		}
		if def.Hidden || have == "" && l.try(path, have) != nil {
			return
		}
		l.try(path, have)
		if got := l.value(path); got != have {
			t.Errorf("%s reads %q after it was set back to %q", path, got, have)
		}
		return
	}
	_, alone := byEnd(def.Path, wallSingle)
	if _, ok := byEnd(def.Path, single); !ok && !alone {
		t.Errorf("%s=%q: no other value was taken: %v", path, have, refusal)
	}
}

// configs are the packages, which must all parse.
func (l *lan) configs() map[string]string {
	l.t.Helper()
	out := map[string]string{}
	for _, name := range []string{"wireless", "network", "dhcp", "firewall", "system", "ddns", "upnpd"} {
		out[name] = l.config(name)
		if _, err := uci.Parse(name, []byte(out[name])); err != nil {
			l.t.Fatal(err)
		}
	}
	return out
}

func changedIn(before, after map[string]string) []string {
	var out []string
	for name := range before {
		if before[name] != after[name] {
			out = append(out, name)
		}
	}
	return out
}

// normal writes packages as we do, so that a first write of ours is no difference.
func normal(t *testing.T, all map[string]string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, text := range all {
		p, err := uci.Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(p.Bytes())
	}
	return out
}
