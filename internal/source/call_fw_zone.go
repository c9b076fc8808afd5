package source

import (
	"context"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// isDMZ reports whether a redirect takes all that comes from a zone to one host.
func isDMZ(s *uci.Section) bool {
	return s.Get("src_dport") == "" && (s.Get("dest_ip") != "" || strings.HasPrefix(s.Name, "cwmp_dmz_")) && fwAll(fwProtocols(s), "-1")
}

func fwDMZ(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var out []model.Row
	for _, s := range r.UCI("firewall").OfType("redirect") {
		if strings.HasPrefix("dnat", strings.ToLower(s.Get("target"))) && isDMZ(s) {
			out = append(out, r.rowOf("firewall", s, redirectIdent...))
		}
	}
	return out, nil
}

// hookDMZ writes the zone of the host beside its address.
func hookDMZ(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	s := r.own(row)
	host := s.Get("dest_ip")
	switch {
	case yes(s.Get("enabled"), true) && (host == "" || zoneNamed(r, s.Get("src")) == nil):
		return at("DestIP", model.BadValue, "an enabled DMZ needs it, and an Interface in a zone")
	case changed["DestIP"] != "":
		return r.uciSet("firewall", s.Name, "dest", zoneOfAddress(r, host))
	}
	return nil
}

// pingProbe is an echo request of `call fw.ping input|forward 4|6` that comes from the zone of a row.
func pingProbe(r *Reader, row *model.Row, args []string) fwProbe {
	c := fwProbe{chain: args[0], zone: text(r.own(row), "name"), family: 4, proto: "1"}
	if args[1] == "6" {
		c.family, c.proto = 6, "58"
	}
	return c
}

func getPing(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	return digit(fwOpen(r.UCI("firewall"), pingProbe(r, row, args))), nil
}

// setPing makes a rule of its own before all others, where those do not say what is wanted.
func setPing(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	c := pingProbe(r, row, args)
	name := "cwmp_ping_" + args[0] + args[1] + "_" + validPart(c.zone)
	if r.section("firewall", name) != nil {
		if err := r.removeSection("firewall", name); err != nil {
			return err
		}
	}
	on := yes(value, false)
	if fwOpen(r.UCI("firewall"), c) == on {
		return nil
	}
	target, dest := "DROP", ""
	if on {
		target = "ACCEPT"
	}
	if args[0] == "forward" {
		dest = "*"
	}
	first := slices.IndexFunc(r.UCI("firewall").Sections, func(s *uci.Section) bool { return s.Type == "rule" })
	err := r.addSection("firewall", "rule", name, "name", "Ping", "src", c.zone, "dest", dest, "family", "ipv"+args[1], "proto", "icmp",
		"icmp_type", "echo-request", "target", target)
	if err != nil || first < 0 {
		return err
	}
	return fwMove(r, name, first)
}

// fwHelpers are the connection tracking helpers that fw4 knows and whose modules are there.
func fwHelpers(r *Reader) map[string]*uci.Section {
	out := map[string]*uci.Section{}
	p, err := uci.Parse("helpers", r.File("/usr/share/firewall4/helpers"))
	if err != nil {
		return out
	}
	for _, s := range p.OfType("helper") {
		if _, err := os.Stat(r.rt.rooted("/sys/module/" + safePart(s.Get("module")))); err == nil {
			out[s.Get("name")] = s
		}
	}
	return out
}

// zoneHelpers are those of a zone: its own list, else all for a zone that is not translated.
func zoneHelpers(r *Reader, z *uci.Section) []string {
	list := items(z, "helper")
	if len(list) > 0 || yes(z.Get("masq"), false) || yes(z.Get("masq6"), false) || !yes(z.Get("auto_helper"), true) ||
		!yes(text(r.section("firewall", "@defaults[0]"), "auto_helper"), true) {
		return list
	}
	for name := range fwHelpers(r) {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// getHelper answers `call fw.helper port|on NAME…`.
func getHelper(_ context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	if args[0] == "port" {
		return joinList(items(fwHelpers(r)[args[1]], "port")), nil
	}
	for _, z := range zones(r) {
		if slices.Contains(zoneHelpers(r, z), args[1]) {
			return "1", nil
		}
	}
	return "0", nil
}

// setHelper gives every zone that is not translated a list with the helper, or every zone one without it.
func setHelper(_ context.Context, r *Reader, _ *model.Row, args []string, value string) error {
	on := yes(value, false)
	for _, z := range zones(r) {
		list := slices.DeleteFunc(slices.Clone(zoneHelpers(r, z)), func(name string) bool { return slices.Contains(args[1:], name) })
		if on && !yes(z.Get("masq"), false) && !yes(z.Get("masq6"), false) {
			list = append(list, args[1:]...)
		}
		auto := ""
		if len(list) == 0 {
			auto = "0"
		}
		if err := r.setItems("firewall", z.Name, "helper", list); err != nil {
			return err
		}
		if err := r.uciSet("firewall", z.Name, "auto_helper", auto); err != nil {
			return err
		}
	}
	return nil
}

// fwSets are the sets of one kind of thing; a set of pairs has no row.
func fwSets(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var out []model.Row
	for _, s := range r.UCI("firewall").OfType("ipset") {
		if len(items(s, "match")) == 1 {
			out = append(out, r.rowOf("firewall", s, "name"))
		}
	}
	return out, nil
}

// renameSet does with each rule that compares with a set what is to be done: gives it the new name, or, where there is none,
// switches it off, since it would mean everybody.
func renameSet(r *Reader, old, name string) error {
	for _, s := range r.UCI("firewall").Sections {
		words := strings.Fields(strings.TrimPrefix(s.Get("ipset"), "!"))
		if len(words) == 0 || words[0] != old {
			continue
		}
		value := strings.Replace(s.Get("ipset"), old, name, 1)
		if name == "" {
			value = ""
			if err := r.uciSet("firewall", s.Name, "enabled", "0"); err != nil {
				return err
			}
		}
		if err := r.uciSet("firewall", s.Name, "ipset", value); err != nil {
			return err
		}
	}
	return nil
}

func deleteSet(_ context.Context, r *Reader, row *model.Row) error {
	if err := renameSet(r, text(r.own(row), "name"), ""); err != nil {
		return err
	}
	return r.removeSection("firewall", row.Section)
}

// setKind is what is in a set: ip, net, mac or port.
func setKind(s *uci.Section) string {
	match := text(s, "match")
	return match[strings.LastIndexByte(match, '_')+1:]
}

// getSet answers `call fw.sets name` and `call fw.sets KIND…`: the entries of a set of one of these kinds.
func getSet(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	switch {
	case args[0] == "name":
		return text(s, "name"), nil
	case !slices.Contains(args, setKind(s)):
		return "", nil
	}
	return joinList(slices.DeleteFunc(slices.Clone(items(s, "entry")), func(item string) bool {
		_, err := netip.ParseAddr(item)
		return err != nil && args[0] == "ip" // a prefix, which an IPAddressList cannot hold
	})), nil
}

func setSet(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	s := r.own(row)
	if args[0] == "name" {
		if value == "" || strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != "" || value[0] <= '9' && value[0] != '.' {
			return model.Errorf(model.BadValue, "the firewall wants a letter, then letters, digits and _ . -")
		}
		if err := renameSet(r, s.Get("name"), value); err != nil {
			return err
		}
		return r.uciSet("firewall", s.Name, "name", value)
	}
	have, _ := getSet(ctx, r, row, args)
	if shown, _ := splitList(have); !slices.Contains(args, setKind(s)) || len(shown) != len(items(s, "entry")) {
		return refused("the set holds other things, see its Type")
	}
	list, _ := splitList(value)
	return r.setItems("firewall", s.Name, "entry", list)
}

// hookSet refuses entries that fw4 leaves out, and a set that it skips.
func hookSet(_ context.Context, r *Reader, row *model.Row, _ map[string]string) error {
	s := r.own(row)
	kind, family := setKind(s), fwFamily(fwDefault(s.Get("family"), "ipv4"))
	addresses := kind == "ip" || kind == "net"
	if addresses && family == 0 {
		return at("IPVersion", model.BadValue, "a set of addresses is of one IP version")
	}
	for _, item := range items(s, "entry") {
		p, ok := fwAddress(item)
		_, err := strconv.ParseUint(item, 10, 16)
		switch {
		case addresses && (!ok || p.Addr().Is4() != (family == 4)), kind == "mac" && plainMAC(item) == "", kind == "port" && err != nil:
			return model.Errorf(model.BadValue, "%q cannot be in this set", item)
		}
	}
	return nil
}

// getFWLog says whether every zone logs what the policy keeps out; it is the first bit of an option.
func getFWLog(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	for _, z := range zones(r) {
		if n, _ := strconv.Atoi(z.Get("log")); n&1 == 0 {
			return "0", nil
		}
	}
	return "1", nil
}

func setFWLog(_ context.Context, r *Reader, _ *model.Row, _ []string, value string) error {
	for _, z := range zones(r) {
		n, _ := strconv.Atoi(z.Get("log"))
		n &^= 1
		if yes(value, false) {
			n |= 1
		}
		if err := r.uciSet("firewall", z.Name, "log", strings.TrimPrefix(strconv.Itoa(n), "0")); err != nil {
			return err
		}
	}
	return nil
}

// keepsShut refuses a commit after which the firewall is off and that lets something in which was kept out: with it goes the
// translation of addresses, and every zone is open to the router and to the others.
func (r *Reader) keepsShut() error {
	touched := len(r.after) > 0
	for _, e := range r.uci.edits {
		touched = touched || e.Package == "network" || e.Package == "firewall"
	}
	if !touched || r.serviceEnabled("firewall") {
		return nil
	}
	before, why := newReader(r.rt, r.tree), r.needsFirewall()
	if why == "" || !before.serviceEnabled("firewall") && before.needsFirewall() != "" {
		return nil
	}
	return refused("without the firewall %s", why)
}

// needsFirewall says what there would not be without it, "" for nothing: on a router of one network, such as an access point.
func (r *Reader) needsFirewall() string {
	defaults, last := r.section("firewall", "@defaults[0]"), ""
	for _, z := range zones(r) {
		name := z.Get("name")
		live := z.Option("device") != nil || z.Option("subnet") != nil
		for _, network := range items(z, "network") {
			s := r.section("network", network)
			live = live || s != nil && !yes(s.Get("disabled"), false)
		}
		switch {
		case !live:
		case yes(z.Get("masq"), false), yes(z.Get("masq6"), false):
			return "nobody translates the addresses for the zone " + name
		case !strings.EqualFold(firstOf(z.Get("input"), text(defaults, "input")), "ACCEPT"):
			return "the router is open to the zone " + name
		case last != "":
			return "the zones " + last + " and " + name + " are open to one another"
		default:
			last = name
		}
	}
	return ""
}
