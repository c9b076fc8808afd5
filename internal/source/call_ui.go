package source

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// uiMade are the values of Device.UserInterface. that are more than one option.
func uiMade() map[string]Func {
	table := listTable{
		pkg: "uhttpd", typ: "cwmp_http", prefix: "cwmp_http_",
		owners: uiOwner,
		lists:  []string{"listen_http", "listen_https"},
		option: func(item string) string { return "listen_" + strings.ToLower(firstWord(item)) },
		load:   func(option, raw string) string { return strings.ToUpper(option[len("listen_"):]) + " " + raw },
		store:  func(_, item string) string { return item[strings.IndexByte(item, ' ')+1:] },
		shown:  func(string) bool { return true },
		ident:  func(item string) string { return item },
		fresh:  "HTTPS 443",
		get:    getListener,
		set:    setListener,
		check:  checkListener,
	}
	funcs := table.funcs("ui.listener")
	funcs["ui.remote"] = Func{Get: getRemote, Set: setRemote, Hook: hookRemote}
	funcs["ui.language"] = Func{Get: getLanguage, Set: setLanguage}
	funcs["ui.protocols"] = Func{Get: uiProtocols}
	// AutoDisableDuration stands in the section beside, which a row gets for it.
	funcs["ui.listener.option"] = Func{
		Get: func(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
			return text(r.own(row), args[0]), nil
		},
		Set: func(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
			if row.Section == "" {
				if err := table.adopt(r, row); err != nil {
					return err
				}
			}
			return r.uciSet("uhttpd", row.Section, args[0], value)
		},
	}
	enabled := funcs["ui.listener.value"].Get
	funcs["ui.status"] = Func{Get: func(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
		on, err := enabled(ctx, r, row, []string{"enable"})
		process := r.running(ctx, "uhttpd", "")
		switch {
		case args[0] == "since" && on == "1":
			return r.startOf(process), err
		case args[0] == "since":
			return "", err
		case on == "1" && process.Exists():
			return "Up", err
		}
		return "Down", err
	}}
	return funcs
}

func uiProtocols(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	if hasTLS(r) {
		return joinList([]string{"HTTP", "HTTPS"}), nil
	}
	return "HTTP", nil
}

// uiOwner is the web server that LuCI is on.
func uiOwner(r *Reader, _ *model.Row) []*uci.Section {
	if s := r.section("uhttpd", "main"); s != nil {
		return []*uci.Section{s}
	}
	if p := r.UCI("uhttpd"); p != nil {
		return p.OfType("uhttpd")[:min(1, len(p.OfType("uhttpd")))]
	}
	return nil
}

// splitListener takes apart an item: "HTTPS 192.168.1.1:443", "HTTP [::]:80", "HTTP 80".
func splitListener(item string) (protocol, address, port string) {
	protocol, rest, _ := strings.Cut(item, " ")
	i := strings.LastIndexByte(rest, ':')
	return protocol, strings.Trim(rest[:max(i, 0)], "[]"), rest[i+1:]
}

// anyAddress reports whether a listener is on all of one family's addresses or of both.
func anyAddress(address string) bool { return address == "" || address == "0.0.0.0" || address == "::" }

func getListener(r *Reader, owner, item, field string) string {
	protocol, address, port := splitListener(item)
	switch field {
	case "protocol":
		return protocol
	case "access":
		return accessType(r, item)
	case "port":
		return port
	}
	a, err := netip.ParseAddr(address)
	if err != nil || anyAddress(address) {
		return ""
	}
	return networkHolding(r, a)
}

// setListener changes one part of a listener.
func setListener(r *Reader, owner, item, field, value string) (string, string, error) {
	protocol, address, port := splitListener(item)
	switch field {
	case "protocol":
		if value != "HTTP" && value != "HTTPS" {
			return "", "", model.Errorf(model.BadValue, "want HTTP or HTTPS")
		}
		protocol = value
	case "port":
		port = value
	default:
		if address = ""; value != "" {
			own := subnetOf(r, value).Addr()
			if !own.IsValid() {
				return "", "", refused("%s has no address of its own in the configuration", value)
			}
			address = own.String()
		}
	}
	if strings.Contains(address, ":") {
		address = "[" + address + "]"
	}
	if address != "" {
		address += ":"
	}
	return owner, protocol + " " + address + port, nil
}

// checkListener refuses a listener whose port another has: one of this server, dropbear or the agent itself.
func checkListener(r *Reader, owner, item string) error {
	protocol, address, port := splitListener(item)
	if protocol == "HTTPS" && !hasTLS(r) {
		return at("Protocol", model.Refused, "the web server has no TLS: libustream-ssl is not installed")
	}
	o, same := r.section("uhttpd", owner), 0
	for _, other := range slices.Concat(items(o, "listen_http"), items(o, "listen_https")) {
		_, a, p := splitListener(" " + other)
		six := strings.Contains(a, ":")
		if p == port && (a == address || a == "" || address == "" || strings.Contains(address, ":") == six && (anyAddress(a) || anyAddress(address))) {
			same++
		}
	}
	taken := same > 1 || firstOf(text(r.section(ownPackage, "cpe"), "port"), "7547") == port
	if p := r.UCI("dropbear"); p != nil {
		for _, s := range p.OfType("dropbear") {
			taken = taken || yes(s.Get("enable"), true) && sshPort(s) == port
		}
	}
	if taken {
		return at("Port", model.BadValue, "somebody else listens there")
	}
	return nil
}

// accessType says whether the firewall lets anybody outside reach a listener: by a zone that is translated, as uplinks are.
func accessType(r *Reader, item string) string {
	_, address, port := splitListener(item)
	if a, err := netip.ParseAddr(address); err == nil && !anyAddress(address) {
		if z := zoneOf(r, networkHolding(r, a)); z != nil && !yes(z.Get("masq"), false) {
			return "LocalAccess"
		}
	}
	for _, z := range zones(r) {
		if yes(z.Get("masq"), false) && (fwOpen(r.UCI("firewall"), fwProbe{"input", z.Get("name"), 4, "6", atoi(port)}) ||
			fwOpen(r.UCI("firewall"), fwProbe{"input", z.Get("name"), 6, "6", atoi(port)})) {
			return "RemoteAccess"
		}
	}
	return "LocalAccess"
}

// atoi is 0 for what is no number.
func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func hasTLS(r *Reader) bool {
	return len(r.Glob("/lib/libustream-ssl.so*"))+len(r.Glob("/usr/lib/libustream-ssl.so*")) > 0
}

// languages are those that LuCI has, as RFC 5646 writes them; English is always there.
func languages(r *Reader) []string {
	all := []string{"en"}
	if s := r.section("luci", "languages"); s != nil {
		for _, o := range s.Options {
			if tag := strings.ReplaceAll(o.Name, "_", "-"); !slices.Contains(all, tag) {
				all = append(all, tag)
			}
		}
	}
	return all
}

// getLanguage answers `call ui.language all|current`; "" is the browser's.
func getLanguage(_ context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	s := r.section("luci", "main")
	switch {
	case s == nil:
		return "", nil
	case args[0] == "all":
		return joinList(languages(r)), nil
	case s.Get("lang") == "auto":
		return "", nil
	}
	return strings.ReplaceAll(s.Get("lang"), "_", "-"), nil
}

func setLanguage(_ context.Context, r *Reader, _ *model.Row, _ []string, value string) error {
	if r.section("luci", "main") == nil {
		return refused("LuCI is not installed")
	}
	if value != "" && !slices.Contains(languages(r), value) {
		return model.Errorf(model.BadValue, "not one of AvailableLanguages")
	}
	return r.uciSet("luci", "main", "lang", firstOf(strings.ReplaceAll(value, "-", "_"), "auto"))
}

// remoteRule is the rule of the firewall by which the pages are open to the uplink, for Device.UserInterface.RemoteAccess.
const remoteRule = "cwmp_remote_ui"

func getRemote(_ context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	s := r.section("firewall", remoteRule)
	port := firstOf(text(s, "dest_port"), "443")
	switch args[0] {
	case "port":
		return port, nil
	case "protocol":
		return remoteProtocol(r, port), nil
	}
	return digit(s != nil && yes(s.Get("enabled"), true)), nil
}

// remoteProtocol is what is spoken on a port of all addresses, "" for nothing.
func remoteProtocol(r *Reader, port string) string {
	for _, o := range uiOwner(r, nil) {
		for _, option := range [...]string{"listen_https", "listen_http"} {
			for _, item := range items(o, option) {
				if _, address, p := splitListener(" " + item); p == port && anyAddress(address) {
					return strings.ToUpper(option[len("listen_"):])
				}
			}
		}
	}
	return ""
}

func setRemote(_ context.Context, r *Reader, _ *model.Row, args []string, value string) error {
	if r.section("firewall", remoteRule) == nil {
		i := slices.IndexFunc(zones(r), func(z *uci.Section) bool { return yes(z.Get("masq"), false) })
		if i < 0 {
			return refused("the firewall has no uplink")
		}
		err := r.addSection("firewall", "rule", remoteRule, "name", "Web pages from outside", "src", zones(r)[i].Get("name"), "proto", "tcp",
			"dest_port", "443", "target", "ACCEPT", "enabled", "0")
		if err != nil {
			return err
		}
	}
	if args[0] == "port" {
		return r.uciSet("firewall", remoteRule, "dest_port", value)
	}
	return r.uciSet("firewall", remoteRule, "enabled", digit(yes(value, false)))
}

// hookRemote opens no port that nobody serves, and no pages without a password.
func hookRemote(ctx context.Context, r *Reader, _ *model.Row, _ map[string]string) error {
	if on, _ := getRemote(ctx, r, nil, []string{"enable"}); on != "1" {
		return nil
	}
	if remoteProtocol(r, text(r.section("firewall", remoteRule), "dest_port")) == "" {
		return at("Port", model.BadValue, "the web server does not listen there on all addresses")
	}
	if _, hash := r.hash(r.passwd("root")); hash == "" {
		return at("Enable", model.Refused, "the administrator has no password")
	}
	return nil
}
