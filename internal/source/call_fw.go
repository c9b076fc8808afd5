package source

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// fwTable are the values of Device.Firewall., and after them those of Device.DynamicDNS., Device.UPnP. and Device.Security.
var fwTable = []named{
	{"fw.one", &Func{Rows: fwOne}},
	{"fw.rules", &Func{Rows: fwRows, Add: addFWRule, Delete: deleteFWRule}},
	{"fw.rule", &Func{Get: getFWRule, Set: setFWRule, Hook: hookFW}},
	{"fw.part", &Func{Get: getFWPart, Set: setFWPart}},
	{"fw.zone", &Func{Get: getFWZone, Set: setFWZone}},
	{"fw.end", &Func{Get: getFWEnd, Set: setFWEnd}},
	{"fw.set", &Func{Get: getFWSet, Set: setFWSet}},
	{"fw.dmz", &Func{Rows: fwDMZ, Delete: deleteSection, Hook: hookDMZ}},
	{"fw.ping", &Func{Get: getPing, Set: setPing}},
	{"fw.helper", &Func{Get: getHelper, Set: setHelper}},
	{"fw.sets", &Func{Rows: fwSets, Delete: deleteSet, Get: getSet, Set: setSet, Hook: hookSet}},
	{"fw.log", &Func{Get: getFWLog, Set: setFWLog}},

	{"ddns.services", &Func{Get: ddnsServices}},
	{"ddns.status", &Func{Get: ddnsStatus}},
	{"ddns.error", &Func{Get: ddnsError}},
	{"ddns.option", &Func{Get: getDDNSOption, Set: setDDNSOption}},
	{"ddns.updated", &Func{Get: ddnsUpdated}},
	{"ddns.service", &Func{Get: getDDNSService, Set: setDDNSService}},
	{"ddns.url", &Func{Get: ddnsURL}},
	{"ddns.every", &Func{Get: getDDNSEvery, Set: setDDNSEvery}},
	{"upnp.igd", &Func{Get: getIGD, Set: setIGD}},

	{"security.certificates", &Func{Rows: certificates}},
	{"security.certificate", &Func{Get: getCertificate}},
	{"file.changed", &Func{Get: fileChanged}},
}

// fwOne is a table of one row, in the section of the row above.
func fwOne(_ context.Context, _ *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	if parent.IsRoot() {
		return []model.Row{{Key: "1"}}, nil
	}
	return []model.Row{{Key: "1", Package: parent.Package, Section: parent.Section}}, nil
}

// What a `config rule` is a row of, by the end of the table's path: of one table only.
const (
	fwRule    = "Rule."
	fwService = "Service."        // about the router itself
	fwPinhole = "Pinhole."        // lets IPv6 through to one address
	fwAccess  = "AccessControl."  // about one device on its way out
	fwClass   = "Classification." // marks what it matches, for Device.QoS.
)

// fwPrefixes are the names of the sections that AddObject makes; what they begin with stays the table of the row.
var fwPrefixes = [][2]string{
	{"cwmp_rule_", fwRule}, {"rule_", fwRule}, {"cwmp_svc_", fwService}, {"cwmp_pin_", fwPinhole}, {"cwmp_ac_", fwAccess},
	{"cwmp_qos_", fwClass}, {"qos_", fwClass}, {accessExtra, ""},
}

// fwIdent are the options that tell rules without a name apart.
var fwIdent = []string{"name", "src", "dest"}

// fwKind says which table a rule belongs to, "" for none: one that marks, helps or only logs decides nothing.
func fwKind(s *uci.Section) string {
	for _, p := range fwPrefixes {
		if strings.HasPrefix(s.Name, p[0]) && !s.Anonymous {
			return p[1]
		}
	}
	src, dest, target := s.Get("src"), s.Get("dest"), fwTarget(s)
	switch {
	case strings.EqualFold(s.Get("target"), "DSCP"):
		return fwClass
	case s.Option("src_mac") != nil && s.Option("dest") != nil:
		return fwAccess
	case target == "":
		return ""
	case dest == "" && src != "":
		return fwService
	case target == "Accept" && src != "" && src != "*" && strings.Count(s.Get("dest_ip"), ":") > 1 && !strings.ContainsAny(s.Get("dest_ip"), "! "):
		return fwPinhole
	}
	return fwRule
}

// fwTarget reads a target as fw4 does: any beginning of the word, in any case.
func fwTarget(s *uci.Section) string {
	word := strings.ToLower(s.Get("target"))
	for _, target := range []string{"Accept", "Reject", "Drop"} {
		if word != "" && strings.HasPrefix(strings.ToLower(target), word) {
			return target
		}
	}
	return ""
}

func fwRows(_ context.Context, r *Reader, _ *model.Row, args []string) ([]model.Row, error) {
	p := r.UCI("firewall")
	if p == nil {
		return nil, nil
	}
	var out []model.Row
	for _, s := range p.Sections {
		if s.Type != "rule" || fwKind(s) != args[0] {
			continue
		}
		row := r.rowOf("firewall", s, fwIdent...)
		key := row.Key
		for i, proto := range fwProtocols(s) {
			if row.Data = proto; i > 0 { // TR-181 has one protocol a rule
				if !fwSingle(args[0]) {
					break
				}
				row.Key, row.Place = fwTwin(args[0], key, proto), ""
			}
			out = append(out, row)
		}
	}
	if args[0] == fwPinhole {
		out = append(out, upnpRows(r, "rule")...)
	}
	return out, nil
}

// fwSingle reports whether the rows of a table have one protocol each.
func fwSingle(kind string) bool { return kind == fwRule || kind == fwClass }

// fwTwin is the key of a row of a further protocol of a rule, and the name of its section once it has one of its own.
func fwTwin(kind, key, proto string) string {
	if kind == fwClass {
		return "qos_" + fingerName(key) + "_" + proto
	}
	return "rule_" + fingerName(key) + "_" + proto
}

// fwOf is the section of a row: one of the row's own, made in this transaction, comes first.
func fwOf(r *Reader, row *model.Row) *uci.Section {
	if s, ok := row.Data.(*uci.Section); ok {
		return s
	}
	if s := r.section("firewall", row.Key); s != nil {
		return s
	}
	return r.own(row)
}

func addFWRule(_ context.Context, r *Reader, parent *model.Row, n uint32, _ []string) (model.Row, error) {
	name := r.freeName("firewall", "cwmp_rule_"+strconv.FormatUint(uint64(n), 10))
	r.stateSet(rowName(parent)+rowSep+"Device.Firewall.Chain.{i}.Rule. "+name, "created", time.Now().UTC().Format(time.RFC3339))
	err := r.addSection("firewall", "rule", name, "enabled", "0", "proto", "all", "target", "DROP")
	return model.Row{Key: name, Package: "firewall", Section: name}, err
}

func deleteFWRule(_ context.Context, r *Reader, row *model.Row) error {
	s, err := fwSplit(r, row)
	if err != nil {
		return err
	}
	r.SetState(mappingText(s.Name), "")
	return r.removeSection("firewall", s.Name)
}

// fwSplit gives each protocol of a rule a section of its own, one after the other, and returns the row's.
func fwSplit(r *Reader, row *model.Row) (*uci.Section, error) {
	s := fwOf(r, row)
	if s == nil {
		return nil, model.Errorf(model.Internal, "the rule is gone")
	}
	protos := fwProtocols(s)
	kind := fwKind(s)
	if !fwSingle(kind) || len(protos) < 2 {
		return s, nil
	}
	key := r.rowOf("firewall", s, fwIdent...).Key
	for _, proto := range protos[1:] {
		name := fwTwin(kind, key, proto)
		if err := r.addSection("firewall", "rule", name); err != nil {
			return nil, err
		}
		if err := r.copyOptions("firewall", s, name); err != nil {
			return nil, err
		}
		if err := r.uciSet("firewall", name, "proto", fwProtoName(proto)); err != nil {
			return nil, err
		}
		r.SetState(mappingText(name), r.State(mappingText(s.Name)))
		if err := fwMove(r, name, fwPlace(r, s.Name)+1); err != nil {
			return nil, err
		}
	}
	if err := r.uciSet("firewall", s.Name, "proto", fwProtoName(protos[0])); err != nil {
		return nil, err
	}
	return fwOf(r, row), nil
}

func fwPlace(r *Reader, name string) int {
	return slices.IndexFunc(r.UCI("firewall").Sections, func(o *uci.Section) bool { return o.Name == name })
}

func fwMove(r *Reader, name string, place int) error {
	return r.uciEdit(uci.Edit{Op: uci.OpOrder, Package: "firewall", Section: name, Values: []string{strconv.Itoa(place)}})
}

// fwOrder lists the sections of the rows of a table in the order in which fw4 asks them, once for each protocol.
func fwOrder(r *Reader, kind string) []string {
	var out []string
	for _, s := range r.UCI("firewall").OfType("rule") {
		if fwKind(s) == kind {
			for range fwProtocols(s) {
				out = append(out, s.Name)
			}
		}
	}
	return out
}

// fwNumbers are the protocols that fw4 or nft have a name for. Others are written as numbers.
var fwNumbers = [][2]string{
	{"1", "icmp"}, {"2", "igmp"}, {"6", "tcp"}, {"17", "udp"}, {"47", "gre"}, {"50", "esp"}, {"51", "ah"}, {"58", "icmpv6"}, {"58", "ipv6-icmp"},
	{"89", "ospf"}, {"103", "pim"}, {"112", "vrrp"}, {"132", "sctp"}, {"136", "udplite"},
}

// fwProtocols are the protocols of a rule by number, "-1" for any. fw4 takes tcp and udp where none is named, knows icmp as
// that of the family, and does not heed a ! before a protocol.
func fwProtocols(s *uci.Section) []string {
	var out []string
	for _, word := range strings.Fields(strings.ToLower(strings.Join(items(s, "proto"), " "))) {
		word = strings.TrimPrefix(word, "!")
		switch word {
		case "tcpudp":
			out = append(out, "6")
			word = "17"
		case "all", "any", "*":
			word = "-1"
		}
		for _, n := range fwNumbers {
			if n[1] == word {
				word = n[0]
			}
		}
		if word == "1" && strings.Contains(s.Get("family"), "6") {
			word = "58"
		}
		if _, err := strconv.Atoi(word); err == nil && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	if len(out) == 0 {
		return []string{"6", "17"}
	}
	return out
}

func fwProtoName(number string) string {
	if number == "-1" {
		return "all"
	}
	for _, n := range fwNumbers {
		if n[0] == number {
			return n[1]
		}
	}
	return number
}
