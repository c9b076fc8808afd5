package source

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// Port mappings are DNAT redirects. One for both TCP and UDP is two rows, as TR-181 has one protocol a row; what is
// written to one of them, or its deletion, makes two sections of it.

// redirectIdent are the options that tell redirects without a name apart.
var redirectIdent = []string{"src", "src_dport", "name"}

// protocols are those of a redirect that a row can show.
func protocols(s *uci.Section) []string {
	list := strings.Fields(strings.ToLower(strings.ReplaceAll(strings.Join(items(s, "proto"), " "), "tcpudp", "tcp udp")))
	if len(list) == 0 {
		list = []string{"tcp", "udp"} // fw4's default
	}
	var out []string
	for _, p := range []string{"tcp", "udp"} {
		if slices.Contains(list, p) || slices.Contains(list, "all") || slices.Contains(list, "any") || slices.Contains(list, "*") {
			out = append(out, p)
		}
	}
	return out
}

func isMapping(s *uci.Section) bool {
	target := strings.ToLower(s.Get("target"))
	return s.Type == "redirect" && (target == "dnat" || target == "") && !isDMZ(s)
}

// secondKey is the key of the UDP row of a redirect for both, and the name of its section once it has one of its own.
func secondKey(key string) string { return "pm_" + fingerName(key) + "_udp" }

func portMappings(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	p := r.UCI("firewall")
	if p == nil {
		return nil, nil
	}
	var out []model.Row
	for _, s := range p.OfType("redirect") {
		if !isMapping(s) {
			continue
		}
		row := r.rowOf("firewall", s, redirectIdent...)
		for i, proto := range protocols(s) {
			mapped := row
			mapped.Data = proto
			if i > 0 {
				mapped.Key, mapped.Place = secondKey(row.Key), ""
			}
			out = append(out, mapped)
		}
	}
	return append(out, upnpRows(r, "redirect")...), nil
}

// mappingOf is the section and the protocol of a row; the section of a row's own, made in this transaction, comes first.
func mappingOf(r *Reader, row *model.Row) (*uci.Section, string) {
	if s, ok := row.Data.(*uci.Section); ok {
		return s, ""
	}
	proto, _ := row.Data.(string)
	if s := r.section("firewall", row.Key); s != nil {
		return s, proto
	}
	return r.own(row), proto
}

func addMapping(_ context.Context, r *Reader, _ *model.Row, n uint32, _ []string) (model.Row, error) {
	name := r.freeName("firewall", "cwmp_pm_"+strconv.FormatUint(uint64(n), 10))
	src := "wan"
	for _, z := range zones(r) {
		if yes(z.Get("masq"), false) {
			src = z.Get("name")
			break
		}
	}
	err := r.addSection("firewall", "redirect", name, "enabled", "0", "src", src, "proto", "tcp", "target", "DNAT")
	return model.Row{Key: name, Package: "firewall", Section: name, Data: "tcp"}, err
}

// split gives each protocol of a redirect its own section: the row's and the other one's.
func splitMapping(r *Reader, row *model.Row) (*uci.Section, error) {
	s, proto := mappingOf(r, row)
	if s == nil {
		return nil, model.Errorf(model.Internal, "the redirect is gone")
	}
	if len(protocols(s)) < 2 {
		return s, nil
	}
	second := row.Key
	if proto == "tcp" {
		second = secondKey(row.Key)
	}
	if err := r.addSection("firewall", "redirect", second); err != nil {
		return nil, err
	}
	if err := r.copyOptions("firewall", s, second); err != nil {
		return nil, err
	}
	r.SetState(mappingText(second), r.State(mappingText(s.Name)))
	r.SetState(mappingNetwork(second), r.State(mappingNetwork(s.Name)))
	if err := r.uciSet("firewall", second, "proto", "udp"); err != nil {
		return nil, err
	}
	if err := r.uciSet("firewall", s.Name, "proto", "tcp"); err != nil {
		return nil, err
	}
	s, _ = mappingOf(r, row)
	return s, nil
}

// copyOptions gives a new section what another one says, but for its protocol.
func (r *Reader) copyOptions(pkg string, from *uci.Section, to string) error {
	for _, o := range from.Options {
		if o.Name == "proto" || o.Name == parkedKey {
			continue
		}
		if err := r.uciEdit(uci.Edit{Op: uci.OpSet, Package: pkg, Section: to, Option: o.Name, Values: o.Values, IsList: o.IsList}); err != nil {
			return err
		}
	}
	return nil
}

func deleteMapping(_ context.Context, r *Reader, row *model.Row) error {
	s, err := splitMapping(r, row)
	if err != nil {
		return err
	}
	r.SetState(mappingNetwork(s.Name), "")
	r.SetState(mappingText(s.Name), "")
	return r.removeSection("firewall", s.Name)
}

// mappingNetwork is where we remember which network of the zone the ACS chose: fw4 knows zones only.
func mappingNetwork(section string) string { return "nat.network." + section }

func getMapping(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s, proto := mappingOf(r, row)
	if s == nil {
		return "", nil
	}
	from, to := cutPorts(s.Get("src_dport"))
	inner, _ := cutPorts(s.Get("dest_port"))
	switch args[0] {
	case "enable":
		return digit(yes(s.Get("enabled"), true)), nil
	case "status":
		if row.ReadOnly {
			return "Enabled", nil
		}
		return mappingStatus(r, s), nil
	case "left":
		if !row.ReadOnly {
			return getFWEnd(ctx, r, row, args)
		}
		end, _ := strconv.ParseInt(s.Get("end"), 10, 64)
		return strconv.FormatInt(max(0, end-time.Now().Unix()), 10), nil
	case "lease":
		return getFWEnd(ctx, r, row, args)
	case "interface":
		return networkPath(r, mappingNetworkOf(r, s)), nil
	case "all":
		return digit(s.Get("src") == "*"), nil
	case "remote":
		return strings.Join(items(s, "src_ip"), " "), nil
	case "from":
		return from, nil
	case "to":
		return to, nil
	case "inner":
		if inner == "" || inner == "0" {
			return from, nil // fw4 leaves the port as it is
		}
		return inner, nil
	case "protocol":
		if list := protocols(s); len(list) == 1 {
			proto = list[0]
		}
		return strings.ToUpper(proto), nil
	case "client":
		return s.Get("dest_ip"), nil
	case "name":
		return description(r, s), nil
	case "log":
		return digit(s.Get("log") != "" && yes(s.Get("log"), true)), nil
	}
	return "", nil
}

// mappingText is where a Description is kept that cannot be the name of a rule.
func mappingText(section string) string { return "nat.description." + section }

// description is the name of a redirect, or what it was made of, unless somebody changed the name since.
func description(r *Reader, s *uci.Section) string {
	name := s.Get("name")
	if whole := r.State(mappingText(s.Name)); whole != "" && ruleName(whole) == name {
		return whole
	}
	return name
}

func setDescription(r *Reader, section, value string) error {
	safe := ruleName(value)
	if safe == value {
		r.SetState(mappingText(section), "")
	} else {
		r.SetState(mappingText(section), value)
	}
	return r.uciSet("firewall", section, "name", safe)
}

// ruleName makes text a name that fw4 can hand to nft, as part of a comment and of a log prefix: of some hundred octets,
// in quotes that nothing can escape. One bad name and the whole firewall is not loaded.
func ruleName(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '"':
			return '\''
		case c < ' ' || c == 0x7f:
			return ' '
		}
		return c
	}, text)
	for len(text) > 100 {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}

// cutPorts splits "a-b" (fw4 takes "a:b" too); one port, or none, has no end.
func cutPorts(ports string) (from, to string) {
	from, to, _ = strings.Cut(strings.Replace(ports, ":", "-", 1), "-")
	if from == "" {
		from = "0"
	}
	if to == "" || to == from {
		to = "0"
	}
	return from, to
}

func mappingStatus(r *Reader, s *uci.Section) string {
	switch {
	case !yes(s.Get("enabled"), true):
		return "Disabled"
	case zoneNamed(r, s.Get("src")) == nil:
		return "Error_Misconfigured" // fw4 skips it, "*" as well
	case s.Get("dest_ip") == "" && s.Get("dest") != "":
		return "Error_Misconfigured"
	}
	switch end, ends := fwEnd(r, s); {
	case !ends || time.Now().Before(end):
		return "Enabled"
	case isDMZ(s):
		return "Disabled"
	}
	return "Inactive"
}

func mappingNetworkOf(r *Reader, s *uci.Section) string {
	z := zoneNamed(r, s.Get("src"))
	list := items(z, "network")
	if chosen := s.Get("network"); chosen != "" { // of miniupnpd
		return chosen
	}
	if chosen := r.State(mappingNetwork(s.Name)); slices.Contains(list, chosen) {
		return chosen
	}
	for _, network := range list {
		if speaksIPv4(r, network) {
			return network
		}
	}
	return ""
}

func setMapping(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if have, _ := getMapping(ctx, r, row, args); have == value {
		return nil
	}
	switch args[0] {
	case "all":
		if !yes(value, false) {
			return nil
		}
		return model.Errorf(model.BadValue, "the firewall needs one zone to redirect from")
	case "interface":
		if z := zoneOf(r, networkAt(r, value)); z == nil {
			return model.Errorf(model.BadValue, "that interface is in no firewall zone")
		}
	case "remote":
		if value != "" && !isSubnet(value) {
			return model.Errorf(model.BadValue, "want an address or a prefix")
		}
	case "client":
		if a, err := netip.ParseAddr(value); value != "" && (err != nil || !a.Is4()) {
			return model.Errorf(model.BadValue, "want an IPv4 address: the firewall does not look names up")
		}
	}
	s, err := splitMapping(r, row)
	if err == nil && args[0] == "lease" {
		return setFWEnd(ctx, r, row, args, value)
	}
	if err != nil {
		return err
	}
	return writeMapping(r, s, args[0], value)
}

func writeMapping(r *Reader, s *uci.Section, field, value string) error {
	set := func(option, value string) error { return r.uciSet("firewall", s.Name, option, value) }
	from, to := cutPorts(s.Get("src_dport"))
	switch field {
	case "enable":
		return set("enabled", digit(yes(value, false)))
	case "interface":
		network := networkAt(r, value)
		r.SetState(mappingNetwork(s.Name), network)
		return set("src", zoneOf(r, network).Get("name"))
	case "remote":
		return set("src_ip", value)
	case "from":
		// Without a dest_port fw4 keeps the port: the inside one, which the ACS has read, is not to move with the outside one.
		if s.Get("dest_port") == "" && from != "0" && value != "0" {
			if err := set("dest_port", from); err != nil {
				return err
			}
		}
		return set("src_dport", ports(value, to))
	case "to":
		return set("src_dport", ports(from, value))
	case "inner":
		return set("dest_port", ports(value, "0"))
	case "protocol":
		return set("proto", strings.ToLower(value))
	case "client":
		if err := set("dest_ip", value); err != nil {
			return err
		}
		return set("dest", zoneOfAddress(r, value))
	case "name":
		return setDescription(r, s.Name, value)
	case "log":
		if yes(value, false) {
			return set("log", "1")
		}
		return set("log", "")
	}
	return nil
}

func ports(from, to string) string {
	switch {
	case to != "0" && to != from:
		return from + "-" + to
	case from == "0":
		return ""
	}
	return from
}

// zoneOfAddress is the zone whose network an address belongs to, else lan's or none.
func zoneOfAddress(r *Reader, address string) string {
	if a, err := netip.ParseAddr(address); err == nil {
		for _, z := range zones(r) {
			for _, network := range items(z, "network") {
				if subnetOf(r, network).Contains(a) {
					return z.Get("name")
				}
			}
		}
	}
	if z := zoneOf(r, "lan"); z != nil && address != "" {
		return z.Get("name")
	}
	return ""
}

// hookMapping brings the ports into a form that fw4 takes, whatever order they were set in.
func hookMapping(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	s, _ := mappingOf(r, row)
	if s == nil {
		return nil
	}
	if _, ok := changed["InternalClient"]; ok || changed["Enable"] != "" {
		if ours(row) && yes(s.Get("enabled"), true) && s.Get("dest_ip") == "" {
			return at("InternalClient", model.BadValue, "an enabled mapping needs one: without it the port of the router itself is meant")
		}
	}
	_, from := changed["ExternalPort"]
	if from || changed["Enable"]+changed["Protocol"]+changed["Interface"] != "" {
		if err := takesRequests(r, s); err != nil {
			return err
		}
	}
	_, to := changed["ExternalPortEndRange"]
	_, inner := changed["InternalPort"]
	if !from && !to && !inner {
		return nil
	}
	outside, end := cutPorts(s.Get("src_dport"))
	inside, _ := cutPorts(s.Get("dest_port"))
	first, _ := strconv.Atoi(outside)
	last, _ := strconv.Atoi(end)
	target, _ := strconv.Atoi(inside)
	switch {
	case last != 0 && (first == 0 || last < first):
		return at("ExternalPortEndRange", model.BadValue, "the range of ports ends before it begins")
	case target == 0 && inner:
		return r.uciSet("firewall", s.Name, "dest_port", "")
	case target == 0:
		return nil
	case first == 0:
		return at("InternalPort", model.BadValue, "all ports cannot go to one")
	case last == 0:
		return r.uciSet("firewall", s.Name, "dest_port", inside)
	case target+last-first > 65535:
		return at("InternalPort", model.BadValue, "the range of ports ends beyond 65535")
	}
	return r.uciSet("firewall", s.Name, "dest_port", inside+"-"+strconv.Itoa(target+last-first))
}
