package source

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// getFWRule answers `call fw.rule FIELD` of a rule, a service, a pinhole or a policy.
func getFWRule(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := fwOf(r, row)
	if s == nil {
		return "", nil
	}
	switch args[0] {
	case "status":
		return fwStatus(r, s), nil
	case "order":
		proto, _ := row.Data.(string)
		return strconv.Itoa(slices.Index(fwOrder(r, fwKind(s)), s.Name) + max(0, slices.Index(fwProtocols(s), proto)) + 1), nil
	case "name":
		return description(r, s), nil
	case "proto":
		if list := fwProtocols(s); len(list) == 1 {
			return list[0], nil
		}
		proto, _ := row.Data.(string)
		return proto, nil
	case "protos":
		return joinList(fwProtocols(s)), nil
	case "prefixes":
		var out []string
		for _, item := range items(s, "src_ip") {
			if p, ok := fwAddress(item); ok {
				out = append(out, p.String())
			}
		}
		return joinList(out), nil
	case "mac":
		return fwMAC(s.Get("dest_ip")), nil
	case "icmp":
		return fwICMP(s), nil
	case "reverse":
		for _, f := range r.UCI("firewall").OfType("forwarding") {
			if yes(f.Get("enabled"), true) && f.Get("src") == s.Get("dest") && f.Get("dest") == s.Get("src") {
				return "ACCEPT", nil
			}
		}
		return text(r.section("firewall", "@defaults[0]"), "forward"), nil
	}
	return "", nil
}

func setFWRule(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	s, err := fwSplit(r, row)
	if err != nil {
		return err
	}
	list, isList := splitList(value)
	if !isList && value != "" {
		list = []string{value}
	}
	switch args[0] {
	case "order":
		want, _ := strconv.Atoi(value)
		all := fwOrder(r, fwKind(s))
		return fwMove(r, s.Name, fwPlace(r, all[min(max(want, 1), len(all))-1]))
	case "name":
		return setDescription(r, s.Name, value)
	case "proto", "protos":
		for i := range list {
			list[i] = fwProtoName(list[i])
		}
		if len(list) == 1 {
			return r.uciSet("firewall", s.Name, "proto", list[0])
		}
		return r.setItems("firewall", s.Name, "proto", list)
	case "prefixes":
		if len(list) == 1 { // a redirect takes no list
			return r.uciSet("firewall", s.Name, "src_ip", list[0])
		}
		return r.setItems("firewall", s.Name, "src_ip", list)
	case "mac":
		hw, err := net.ParseMAC(value)
		if err != nil || len(hw) != 6 {
			return r.uciSet("firewall", s.Name, "dest_ip", "")
		}
		id := netip.AddrFrom16([16]byte{8: hw[0] ^ 2, hw[1], hw[2], 0xff, 0xfe, hw[3], hw[4], hw[5]})
		return r.uciSet("firewall", s.Name, "dest_ip", id.String()+fwSuffix)
	case "icmp":
		if len(items(s, "icmp_type")) > 1 {
			return fwSeveral()
		}
		return r.uciSet("firewall", s.Name, "icmp_type", strings.TrimPrefix(value, "-1"))
	}
	return nil
}

func fwSeveral() error {
	return refused("the rule has several of them, which one parameter cannot hold: add a rule of its own")
}

// fwCut takes an option apart that may be negated and have a second part: !192.0.2.0/24, 80-90. While an ACS sets the parts,
// in any order, some may be missing.
func fwCut(s *uci.Section, option, sep string) (base, tail string, not bool) {
	list := items(s, option)
	if len(list) == 0 {
		return "", "", false
	}
	base, not = strings.CutPrefix(strings.TrimSpace(list[0]), "!")
	base = strings.TrimSpace(base)
	if sep == "-" {
		base = strings.Replace(base, ":", sep, 1)
	}
	if sep != "" {
		base, tail, _ = strings.Cut(base, sep)
	}
	return base, tail, not
}

// getFWPart answers `call fw.part OPTION base|tail|not [SEPARATOR]`. The mask of an address is shown with its stroke.
func getFWPart(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	base, tail, not := fwCut(fwOf(r, row), args[0], strings.Join(args[2:], ""))
	switch args[1] {
	case "not":
		return digit(not), nil
	case "base":
		if _, err := netip.ParseAddr(base); (err != nil || "/"+tail == fwSuffix) && strings.HasSuffix(args[0], "_ip") {
			return "", nil // a range, the name of a network, or part of an address
		}
		return base, nil
	}
	if args[2] == "-" || tail == "" {
		return tail, nil
	}
	if m, err := netip.ParseAddr(tail); err == nil && m.Is4() {
		tail = strconv.Itoa(maskBits(m))
	}
	if _, err := strconv.Atoi(tail); err != nil {
		return "", nil
	}
	return "/" + tail, nil
}

func setFWPart(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	s, err := fwSplit(r, row)
	if err != nil {
		return err
	}
	if len(items(s, args[0])) > 1 {
		return fwSeveral()
	}
	sep := strings.Join(args[2:], "")
	base, tail, not := fwCut(s, args[0], sep)
	switch args[1] {
	case "not":
		not = yes(value, false)
	case "base":
		base = value
	default:
		tail = value[strings.LastIndexByte(value, '/')+1:]
	}
	if tail != "" {
		base += sep + tail
	}
	if not {
		base = "!" + base
	}
	return r.uciSet("firewall", s.Name, args[0], base)
}

// getFWZone answers `call fw.zone src|dest [all]`: a network of the zone, the one that was set as long as it is in the zone,
// else its first.
func getFWZone(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := fwOf(r, row)
	if len(args) > 1 && args[1] == "all" {
		return digit(text(s, args[0]) == "*"), nil
	}
	list := items(zoneNamed(r, text(s, args[0])), "network")
	path := ""
	if row.ReadOnly { // of miniupnpd
		path = networkPath(r, text(s, "network"))
	}
	if chosen := r.stateGet(rowName(row), args[0]); slices.Contains(list, chosen) {
		path = networkPath(r, chosen)
	}
	for _, network := range list {
		if path == "" {
			path = networkPath(r, network)
		}
	}
	return path, nil
}

// setFWZone writes the zone of an interface. None is the router itself, and with `call fw.zone … any` every zone.
func setFWZone(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	s, err := fwSplit(r, row)
	if err != nil {
		return err
	}
	zone := ""
	switch {
	case len(args) > 1 && args[1] == "all" && yes(value, false), len(args) > 1 && args[1] == "any" && value == "":
		zone = "*"
	case value != "" && (len(args) < 2 || args[1] != "all"):
		network := networkAt(r, value)
		z := zoneOf(r, network)
		if z == nil {
			return model.Errorf(model.BadValue, "that interface is in no firewall zone")
		}
		zone = z.Get("name")
		r.stateSet(rowName(row), args[0], network)
	}
	return r.uciSet("firewall", s.Name, args[0], zone)
}

// fwEnd is when a rule ceases to match, of itself: nft reads the date in the zone of the router.
func fwEnd(r *Reader, s *uci.Section) (time.Time, bool) {
	date := text(s, "stop_date")
	t, err := time.ParseInLocation("2006-01-02T15:04:05"[:min(len(date), 19)], date, r.location())
	return t, err == nil && date != ""
}

// getFWEnd answers `call fw.end date|lease|left`, of a redirect too.
func getFWEnd(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	end, ok := fwEnd(r, fwOf(r, row))
	switch {
	case !ok && args[0] == "date":
		return "9999-12-31T23:59:59Z", nil
	case !ok:
		return "0", nil
	case args[0] == "date":
		return end.UTC().Format(time.RFC3339), nil
	case args[0] == "lease":
		return r.stateGet(rowName(row), "lease"), nil
	}
	return strconv.Itoa(max(0, int(time.Until(end)/time.Second))), nil
}

func setFWEnd(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	s, err := fwSplit(r, row)
	if err != nil {
		return err
	}
	end, _ := time.Parse(time.RFC3339, value)
	if args[0] == "lease" {
		seconds, _ := strconv.ParseUint(value, 10, 32)
		end = time.Now().Add(time.Duration(seconds) * time.Second)
		r.stateSet(rowName(row), "lease", value)
	}
	if value == "0" || end.Year() == 9999 {
		return r.uciSet("firewall", s.Name, "stop_date", "")
	}
	if box := r.Box(); box == nil || !box.ClockSet() {
		return refused("the clock is not set")
	}
	if end = end.In(r.location()); end.Year() > 2037 || end.Year() < 2000 {
		return model.Errorf(model.BadValue, "the firewall knows dates of 2000 to 2037")
	}
	return r.uciSet("firewall", s.Name, "stop_date", end.Format("2006-01-02T15:04:05"))
}

// fwAddress is an address as fw4 takes it, also with a prefix length or a netmask.
func fwAddress(text string) (netip.Prefix, bool) {
	base, mask, ok := strings.Cut(text, "/")
	a, err := netip.ParseAddr(base)
	if err != nil {
		return netip.Prefix{}, false
	}
	bits := a.BitLen()
	if ok {
		if m, err := netip.ParseAddr(mask); err == nil && m.Is4() {
			bits = maskBits(m)
		} else if bits, err = strconv.Atoi(mask); err != nil {
			return netip.Prefix{}, false
		}
	}
	p := netip.PrefixFrom(a, bits)
	return p, p.IsValid()
}

// fwSuffix makes fw4 compare the interface identifier of an address alone, whatever prefix the host has today.
const fwSuffix = "/::ffff:ffff:ffff:ffff"

// fwMAC is the MAC address that an interface identifier was made of (RFC 4291 appendix A), "" where there is none.
func fwMAC(address string) string {
	base, ok := strings.CutSuffix(address, fwSuffix)
	a, err := netip.ParseAddr(base)
	if b := a.As16(); ok && err == nil && b[11] == 0xff && b[12] == 0xfe {
		return net.HardwareAddr{b[8] ^ 2, b[9], b[10], b[13], b[14], b[15]}.String()
	}
	return ""
}

// fwTypes are the ICMP types that firewalls of OpenWrt name: name, of IPv4, of IPv6.
const fwTypes = "echo-request 8 128 ping 8 128 echo-reply 0 129 pong 0 129 destination-unreachable 3 1 packet-too-big 2 2 " +
	"time-exceeded 11 3 ttl-exceeded 11 3 parameter-problem 12 4 bad-header 4 4 unknown-header-type 4 4 source-quench 4 4 redirect 5 137 " +
	"router-solicitation 10 133 router-advertisement 9 134 neighbour-solicitation 135 135 neighbour-advertisement 136 136 "

// fwICMP is the first ICMP type of a rule by number, -1 where any matches, "" for a name that is not known here.
func fwICMP(s *uci.Section) string {
	list := items(s, "icmp_type")
	if len(list) == 0 {
		return "-1"
	}
	word, _, _ := strings.Cut(list[0], "/")
	if _, err := strconv.Atoi(word); err == nil {
		return word
	}
	_, rest, _ := strings.Cut(" "+fwTypes, " "+word+" ")
	if f := strings.Fields(rest); len(f) > 1 {
		return f[fwFamily(s.Get("family"))/6]
	}
	return ""
}

// fwSetOf is the set that a rule matches, which way, and whether what is not in it matches.
func fwSetOf(r *Reader, s *uci.Section) (set *uci.Section, dir string, not bool) {
	name, way, not := strings.TrimSpace(text(s, "ipset")), "", false
	name, not = strings.CutPrefix(name, "!")
	name, way, _ = strings.Cut(strings.TrimSpace(name), " ")
	for _, o := range r.UCI("firewall").OfType("ipset") {
		if o.Get("name") == name {
			set = o
		}
	}
	if way == "" {
		way = text(set, "match")
	}
	dir = "src"
	if strings.HasPrefix(way, "d") {
		dir = "dest"
	}
	return set, dir, not
}

// getFWSet answers `call fw.set src|dest not|in`.
func getFWSet(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	set, dir, not := fwSetOf(r, fwOf(r, row))
	if set == nil || dir != args[0] || not != (args[1] == "not") {
		return "", nil
	}
	return r.Tree().Path("Device.Firewall.Set.", r.rowOf("firewall", set, "name").Key), nil
}

// setFWSet writes which set a rule matches. fw4 compares with one: the old one has to be taken out first.
func setFWSet(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	s, err := fwSplit(r, row)
	if err != nil || value == "" {
		if err == nil {
			err = r.uciSet("firewall", s.Name, "ipset", "")
		}
		return err
	}
	if have, dir, not := fwSetOf(r, s); have != nil && (dir != args[0] || not != (args[1] == "not")) {
		return model.Errorf(model.BadValue, "the firewall compares with one set for each rule")
	}
	set := r.Tree().Row(value)
	if set == nil || set.Table() != "Device.Firewall.Set." {
		return model.Errorf(model.BadValue, "that is no set")
	}
	name := text(r.own(set), "name") + " " + args[0]
	if args[1] == "not" {
		name = "!" + name
	}
	return r.uciSet("firewall", s.Name, "ipset", name)
}
