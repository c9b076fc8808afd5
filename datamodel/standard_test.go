package datamodel_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cwmpd/cwmpd/internal/model"
)

// standard is what Broadband Forum's Device:2.19 says, as facts.
type standard struct {
	Types   map[string]stdParam
	Objects map[string]stdObject
}

type stdObject struct {
	Kind    string              `json:"k"` // M table, O single
	Access  string              `json:"a"`
	Status  string              `json:"s"`
	Entries string              `json:"ne"` // the parameter that counts the rows
	Unique  []stdKey            `json:"uk"`
	Params  map[string]stdParam `json:"p"`
}

type stdKey struct {
	Functional int      `json:"f"`
	Params     []string `json:"p"`
}

type stdParam struct {
	Type    string            `json:"t"`
	Access  string            `json:"a"`
	Status  string            `json:"s"`
	Notify  string            `json:"an"`
	Inform  int               `json:"fi"`
	Sizes   [][]*int64        `json:"sz"`
	Ranges  [][]*float64      `json:"rg"`
	Enum    []json.RawMessage `json:"e"`
	EnumRef string            `json:"er"`
	List    *stdList          `json:"l"`
	Ref     string            `json:"rt"`
	Hidden  int               `json:"hid"`
	Secured int               `json:"sec"`
	Command int               `json:"cmd"`
}

type stdList struct {
	Min int `json:"mn"`
	Max int `json:"mx"`
}

func readStandard(t *testing.T) *standard {
	t.Helper()
	data, err := os.ReadFile("../../shared/tr181/device2.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the standard's facts are not beside this repository:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var s standard
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// resolve fills in what the parameter's named type says.
func (s *standard) resolve(p stdParam) stdParam {
	named, ok := s.Types[p.Type]
	if !ok {
		return p
	}
	p.Type = named.Type
	if p.Sizes == nil {
		p.Sizes = named.Sizes
	}
	if p.Ranges == nil {
		p.Ranges = named.Ranges
	}
	if p.Enum == nil {
		p.Enum = named.Enum
	}
	if p.List == nil {
		p.List = named.List
	}
	return p
}

// enum lists the values without their notes.
func (p stdParam) enum() []string {
	var out []string
	for _, raw := range p.Enum {
		var one string
		var noted []json.RawMessage
		if json.Unmarshal(raw, &one) == nil {
			out = append(out, one)
		} else if json.Unmarshal(raw, &noted) == nil && len(noted) > 0 && json.Unmarshal(noted[0], &one) == nil {
			out = append(out, one)
		}
	}
	return out
}

// checker compares our definitions with the standard's and says what differs, one message per difference.
type checker struct {
	*standard
	ours   map[string]model.Def
	params int
	found  []string
}

func (c *checker) says(d model.Def, format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf("%s:%d: %s: %s", d.File, d.Line, d.Path, fmt.Sprintf(format, args...)))
}

// check compares everything in the tree.
func check(std *standard, tree *model.Tree) *checker {
	c := &checker{standard: std, ours: map[string]model.Def{}}
	var all []model.Def
	tree.Definitions(func(d model.Def) {
		all = append(all, d)
		c.ours[d.Path] = d
	})
	for _, d := range all {
		switch {
		case vendor(d.Path):
		case d.Object:
			c.object(d)
		default:
			c.params++
			c.param(d)
		}
	}
	return c
}

func TestDefinitionsAgreeWithTheStandard(t *testing.T) {
	c := check(readStandard(t), loadOurs(t))
	for _, text := range c.found {
		t.Error(text)
	}
	if c.params == 0 {
		t.Fatal("no parameter at all")
	}
	t.Logf("%d definitions, %d of them standard parameters", len(c.ours), c.params)
}

// What the comparison must see, each with the beginning of what it says.
func TestTheComparisonFindsWhatIsWrong(t *testing.T) {
	std, spine := readStandard(t), spine(t)
	cases := []struct{ object, line, says string }{
		{"Device.Nonsense.", "X r string const a", "the standard has no such object"},
		{"Device.DeviceInfo.", "Nonsense r string const a", "the standard has no such parameter in this object"},
		{"Device.DeviceInfo.", "Manufacturer rw string(64) state a", "rw is wider than the standard"},
		{"Device.DeviceInfo.", "Manufacturer r string const a", "wants the size [0..64]"},
		{"Device.DeviceInfo.", "Manufacturer r string(65) const a", "the size ..65 does not lie within"},
		{"Device.DeviceInfo.", "ManufacturerOUI r string(6) const a", "the size ..6 does not lie within the standard's [6..6]"},
		{"Device.DeviceInfo.", "UpTime r int deny const 1", "is int, the standard has unsignedInt"},
		{"Device.DeviceInfo.", "UpTime r unsignedInt const 1", "active notification: has none of deny, forced, active, the standard wants deny"},
		{"Device.DeviceInfo.", "UpTime r unsignedInt deny hidden const 1", "has the flag hidden, which the standard does not"},
		{"Device.DeviceInfo.", "HardwareVersion r string(64) const a", "wants the flag inform"},
		{"Device.DeviceInfo.", "Description r string(256) compat const a", "compat is for what the standard has deleted"},
		{"Device.DeviceInfo.", "AdditionalSoftwareVersion r string const a", "list in the standard: true, here: false"},
		{"Device.DeviceInfo.", "ActiveFirmwareImage r string(256) const a", "wants pathRef"},
		{"Device.DeviceInfo.", "ActiveFirmwareImage r pathRef weak const a", "is a strong reference in the standard"},
		{"Device.DeviceInfo.", "Description r pathRef const a", "is a pathRef, which it is not in the standard"},
		{"Device.Time.", "Status r string const a", "wants enum(Disabled, Unsynchronized, Synchronized, Error)"},
		{"Device.Time.", "Status r enum(Disabled, Late) const Late", `enum: "Late" is none of the standard's`},
		{"Device.Time.", "NTPServer1 r string(64) const a", "the standard has deleted it: want the flag compat"},
		{"Device.ManagementServer.", "Password rw string(256) state a", "wants the flag hidden"},
		{"Device.ManagementServer.", "URL rw string(256) state a", "is string, the standard has URL"},
		{"Device.ManagementServer.", "PeriodicInformInterval rw unsignedInt state a", "wants the range [1..]"},
		{"Device.ManagementServer.", "PeriodicInformInterval rw unsignedInt(0..) state a", "the range 0.. does not lie within the standard's [1..]"},
		{"Device.ManagementServer.", "DelayReboot rw int(-2..) state a", "the range -2.. does not lie within the standard's [-1..]"},
		{"Device.ManagementServer.", "ConnReqAllowedJabberIDs rw list string(256) state a", "wants list(..32)"},
		{"Device.DeviceInfo.TemperatureStatus.TemperatureSensor.{i}.", "Reset rw boolean state a", "wants the flag command"},
		{"Device.DeviceInfo.ProcessStatus.Process.{i}.", "Alias rw Alias state a", "the standard has no such parameter in this object"},
		{"Device.Ethernet.RMONStats.{i}.", "rows file /x\n  Packets r StatsCounter32 const 1", "is StatsCounter32, the standard has unsignedLong"},
		{"Device.Ethernet.Interface.{i}.", "rows file /x\nDevice.Ethernet.Interface.{i}.Stats. r\n  BytesSent r StatsCounter32 deny const 1", "is StatsCounter32, the standard has StatsCounter64"},
		{"Device.Time.Client.{i}.", "count Clients", "Device.Time.ClientNumberOfEntries is missing"},
		{"Device.Time.Client.{i}.", "count Clients", "the standard does not count this table"},
		{"Device.WiFi.NeighboringWiFiDiagnostic.Result.{i}.", "rows file /x", "the standard has no Alias here"},
	}
	for _, c := range cases {
		access := "r"
		file := fstest.MapFS{"wrong.dm": {Data: []byte(c.object + " " + access + "\n  " + c.line + "\n")}}
		found := check(std, load(t, spine, file)).found
		if !slices.ContainsFunc(found, func(text string) bool { return strings.Contains(text, ": "+c.says) }) {
			t.Errorf("%s %s: want %q, got %q", c.object, c.line, c.says, found)
		}
	}
	wide := fstest.MapFS{"wrong.dm": {Data: []byte("Device.DeviceInfo.Processor.{i}. rw\n  rows uci a.@b\n  add uci a.@b c_{n}\n")}}
	if found := check(std, load(t, spine, wide)).found; len(found) != 1 || !strings.Contains(found[0], "AddObject and DeleteObject in other tables only") {
		t.Errorf("a table that only ours lets grow: %q", found)
	}
}

// vendor reports whether some part of the path is a vendor's own, which the standard says nothing of.
func vendor(path string) bool { return strings.Contains(path, ".X_") }

func (c *checker) object(d model.Def) {
	o, ok := c.Objects[d.Path]
	if !ok {
		c.says(d, "the standard has no such object")
		return
	}
	if d.Writable && o.Access != "W" {
		c.says(d, "rw, but the standard has AddObject and DeleteObject in other tables only: want r")
	}
	if o.Kind == "M" && o.Entries != "" && !d.Unmet {
		above := d.Path[:strings.LastIndex(strings.TrimSuffix(d.Path, "{i}."), ".")]
		above = above[:strings.LastIndexByte(above, '.')+1]
		if _, ok := c.ours[above+o.Entries]; !ok {
			c.says(d, "%s%s is missing: want the clause `count %s`", above, o.Entries, o.Entries)
		}
	}
}

func (c *checker) param(d model.Def) {
	at := strings.LastIndexByte(d.Path, '.') + 1
	o, known := c.Objects[d.Path[:at]]
	p, ok := o.Params[d.Path[at:]]
	if o.Status == "deleted" {
		p.Status = o.Status
	}
	switch {
	case ok && p.Status == "deleted" && !d.Compat:
		c.says(d, "the standard has deleted it: want the flag compat, or no line")
	case ok && p.Status != "deleted" && d.Compat:
		c.says(d, "compat is for what the standard has deleted or never had, and it has this: drop the flag")
	case !ok && d.Compat:
		return
	case !ok && d.Implied && strings.HasSuffix(d.Path, ".Alias"):
		c.says(d, "the standard has no Alias here: want the clause noalias")
	case !ok && d.Implied:
		c.says(d, "the standard does not count this table: want the clause nocount, or count with another name")
	case !ok && known:
		c.says(d, "the standard has no such parameter in this object")
	case !ok:
		return // said of the object
	}
	if !ok {
		return
	}
	c.access(d, p)
	c.flags(d, p)
	c.types(d, p)
}

func (c *checker) access(d model.Def, p stdParam) {
	if d.Writable && p.Access == "R" {
		c.says(d, "rw is wider than the standard, which has it read-only")
	}
}

var notifies = map[model.Notify]string{
	model.NotifyNormal: "", model.NotifyDeny: "canDeny", model.NotifyForced: "forceEnabled", model.NotifyDefault: "forceDefaultEnabled",
}

var notifyFlags = map[string]string{"": "none of deny, forced, active", "canDeny": "deny", "forceEnabled": "forced", "forceDefaultEnabled": "active"}

func (c *checker) flags(d model.Def, p stdParam) {
	if got := notifies[d.Notify]; got != p.Notify {
		c.says(d, "active notification: has %s, the standard wants %s", notifyFlags[got], notifyFlags[p.Notify])
	}
	for _, f := range []struct {
		name      string
		ours, std bool
	}{
		{"inform", d.Inform, p.Inform != 0},
		{"hidden", d.Hidden, p.Hidden != 0 || p.Secured != 0},
		{"command", d.Command, p.Command != 0},
	} {
		if f.ours && !f.std {
			c.says(d, "has the flag %s, which the standard does not", f.name)
		} else if !f.ours && f.std {
			c.says(d, "wants the flag %s, as the standard has it", f.name)
		}
	}
}

// narrower lists the types that may stand for a wider one of the standard.
var narrower = map[string][]string{
	"IPAddress": {"IPv4Address", "IPv6Address"},
	"IPPrefix":  {"IPv4Prefix", "IPv6Prefix"},
}

// ownTypes are the named types that .dm files have too, so that they must be used where the standard uses them.
var ownTypes = []string{"IPAddress", "IPv4Address", "IPv6Address", "IPPrefix", "IPv4Prefix", "IPv6Prefix", "MACAddress", "URL", "UUID",
	"Alias", "StatsCounter32", "StatsCounter64"}

// bases maps the type words of .dm files to the standard's primitive types; those that are not here are strings.
var bases = map[string]string{
	"boolean": "boolean", "int": "int", "unsignedInt": "unsignedInt", "long": "long", "unsignedLong": "unsignedLong",
	"dateTime": "dateTime", "base64": "base64", "hexBinary": "hexBinary", "decimal": "decimal",
	"StatsCounter32": "unsignedInt", "StatsCounter64": "unsignedLong",
}

func (c *checker) types(d model.Def, p stdParam) {
	name := d.Type.Name
	if slices.Contains(ownTypes, p.Type) && name != p.Type && !slices.Contains(narrower[p.Type], name) {
		c.says(d, "is %s, the standard has %s", name, p.Type)
		return
	}
	p = c.resolve(p)
	base := bases[name]
	if base == "" {
		base = "string"
	}
	if base != p.Type {
		c.says(d, "is %s, the standard has %s", name, p.Type)
		return
	}
	c.reference(d, p)
	c.list(d, p)
	c.values(d, p)
	switch {
	case d.Type.Ref || slices.Contains(ownTypes, name):
	case base == "string" || base == "hexBinary" || base == "base64":
		c.within(d, "size", intervals(p.Sizes))
	default:
		c.within(d, "range", intervals(p.Ranges))
	}
}

func (c *checker) reference(d model.Def, p stdParam) {
	switch {
	case p.Ref == "" && d.Type.Ref:
		c.says(d, "is a pathRef, which it is not in the standard")
	case p.Ref != "" && !d.Type.Ref:
		c.says(d, "wants pathRef, as the standard has it")
	case p.Ref != "" && (p.Ref == "weak") != d.Type.Weak:
		c.says(d, "is a %s reference in the standard", p.Ref)
	}
}

func (c *checker) list(d model.Def, p stdParam) {
	switch {
	case (p.List != nil) != d.Type.List:
		c.says(d, "list in the standard: %v, here: %v", p.List != nil, d.Type.List)
	case p.List == nil:
	case p.List.Max > 0 && (d.Type.MaxItems == 0 || d.Type.MaxItems > p.List.Max):
		c.says(d, "wants list(..%d): the standard allows no more items", p.List.Max)
	case p.List.Min > d.Type.MinItems:
		c.says(d, "wants list(%d..): the standard allows no fewer items", p.List.Min)
	}
}

func (c *checker) values(d model.Def, p stdParam) {
	allowed := p.enum()
	if len(allowed) == 0 {
		return // where the standard leaves the words open, or takes them from another parameter, ours may be closed
	}
	if len(d.Type.Enum) == 0 {
		c.says(d, "wants enum(%s)", strings.Join(allowed, ", "))
		return
	}
	for _, v := range d.Type.Enum {
		if !slices.Contains(allowed, v) && !strings.HasPrefix(v, "X_") {
			c.says(d, "enum: %q is none of the standard's %s", v, strings.Join(allowed, ", "))
		}
	}
}

// interval is one range, its ends as the standard's strings and numbers both fit.
type interval struct {
	min, max       int64
	hasMin, hasMax bool
}

func (i interval) String() string {
	low, high := "", ""
	if i.hasMin {
		low = fmt.Sprint(i.min)
	}
	if i.hasMax {
		high = fmt.Sprint(i.max)
	}
	return low + ".." + high
}

func intervals[T int64 | float64](all [][]*T) []interval {
	var out []interval
	for _, r := range all {
		var i interval
		if len(r) > 0 && r[0] != nil {
			i.min, i.hasMin = int64(*r[0]), true
		}
		if len(r) > 1 && r[1] != nil {
			i.max, i.hasMax = int64(*r[1]), true
		}
		out = append(out, i)
	}
	return out
}

// within wants each of our ranges to lie within one of the standard's.
func (c *checker) within(d model.Def, what string, std []interval) {
	if len(std) == 0 || len(d.Type.Enum) > 0 {
		return
	}
	ours := d.Type.Ranges
	if len(ours) == 0 {
		c.says(d, "wants the %s %v", what, std)
		return
	}
	unsigned := bases[d.Type.Name] != "int" && bases[d.Type.Name] != "long"
	for _, r := range ours {
		fits := slices.ContainsFunc(std, func(s interval) bool {
			low := !s.hasMin || r.HasMin && r.Min >= s.min || unsigned && s.min <= 0
			high := !s.hasMax || r.HasMax && r.Max <= s.max
			return low && high
		})
		if !fits {
			c.says(d, "the %s %v does not lie within the standard's %v", what, interval{r.Min, r.Max, r.HasMin, r.HasMax}, std)
		}
	}
}

// TestUniqueKeys wants the standard's functional keys in tables that the ACS can fill, as far as we have their parameters.
func TestUniqueKeys(t *testing.T) {
	std := readStandard(t)
	keys, params := map[string][]string{}, map[string]bool{}
	for _, l := range lines(t) {
		params[l.object+l.words[0]] = true
		if l.words[0] == "unique" {
			keys[l.object] = append(keys[l.object], sorted(strings.FieldsFunc(strings.Join(l.words[1:], ","), func(r rune) bool { return r == ',' })))
		}
	}
	loadOurs(t).Definitions(func(d model.Def) {
		o, ok := std.Objects[d.Path]
		if !ok || !d.Object {
			return
		}
		for _, own := range keys[d.Path] {
			if !slices.ContainsFunc(o.Unique, func(k stdKey) bool { return sorted(k.Params) == own }) {
				t.Errorf("%s:%d: %s: unique %s is no key of the standard", d.File, d.Line, d.Path, own)
			}
		}
		for _, k := range o.Unique {
			all := !slices.ContainsFunc(k.Params, func(name string) bool { return !params[d.Path+name] })
			if d.Writable && k.Functional == 1 && all && !slices.Contains(keys[d.Path], sorted(k.Params)) {
				t.Errorf("%s:%d: %s: wants the clause `unique %s`", d.File, d.Line, d.Path, strings.Join(k.Params, ","))
			}
		}
	})
}

func sorted(names []string) string {
	names = slices.Clone(names)
	slices.Sort(names)
	return strings.Join(names, ",")
}
