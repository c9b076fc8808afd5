package source

import (
	"context"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// accessRules are the rules about one device on its way out, and those of ours that have no device yet.
func accessRules(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	p := r.UCI("firewall")
	if p == nil {
		return nil, nil
	}
	var out []model.Row
	for _, s := range p.OfType("rule") {
		if fwKind(s) == fwAccess {
			out = append(out, r.rowOf("firewall", s, "src_mac", "name"))
		}
	}
	return out, nil
}

// getAccess answers `call hosts.access FIELD` for a firewall rule about one MAC address.
func getAccess(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	switch args[0] {
	case "mac":
		if macs := items(s, "src_mac"); len(macs) > 0 {
			return macs[0], nil
		}
	case "policy":
		if strings.EqualFold(text(s, "target"), "ACCEPT") {
			return "Allow", nil
		}
		return "Deny", nil
	}
	return "", nil
}

func setAccess(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if have, _ := getAccess(ctx, r, row, args); strings.EqualFold(have, value) {
		return nil
	}
	if args[0] == "policy" {
		target := map[string]string{"Allow": "ACCEPT", "Deny": "REJECT"}[value]
		return r.uciSet("firewall", row.Section, "target", target)
	}
	if value == "" {
		return r.uciSet("firewall", row.Section, "src_mac", "")
	}
	if plainMAC(value) == "" {
		return model.Errorf(model.BadValue, "not a MAC address")
	}
	return r.uciSet("firewall", row.Section, "src_mac", value)
}

// hookAccess keeps a rule without an address off, which would be about everybody, and its copies alike.
func hookAccess(_ context.Context, r *Reader, row *model.Row, _ map[string]string) error {
	if s := r.own(row); s != nil && yes(s.Get("enabled"), true) && s.Get("src_mac") == "" {
		return at("PhysAddress", model.BadValue, "an enabled rule needs one: without it everybody is meant")
	}
	if list := schedulesOf(r, row); len(list) > 0 && list[0].Name != "" {
		return writeTimes(r, row)
	}
	return nil
}
