package source

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
)

const ddnsProviders = "/usr/share/ddns/*/"

// ddnsServices are the providers that there is a file about, as many as the parameter holds.
func ddnsServices(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	var out []string
	size := 0
	for _, file := range r.Glob(ddnsProviders + "*.json") {
		name := strings.TrimSuffix(path.Base(file), ".json")
		if size += len(name) + 1; size <= 1024 && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return joinList(out), nil
}

// ddnsFile is what the updater of a service wrote: its process (pid), the uptime of its last success (update), its log.
func ddnsFile(r *Reader, row *model.Row, suffix string) string {
	option, dir := "ddns_rundir", "/var/run/ddns"
	if suffix == "log" {
		option, dir = "ddns_logdir", "/var/log/ddns"
	}
	dir = fwDefault(text(r.section("ddns", "global"), option), dir)
	return strings.TrimSpace(string(r.File(dir + "/" + row.Section + "." + suffix)))
}

func ddnsStatus(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	s := r.own(row)
	pid := ddnsFile(r, row, "pid")
	switch {
	case !yes(text(s, "enabled"), false):
		return "Disabled", nil
	case text(s, "service_name")+text(s, "update_url")+text(s, "update_script") == "", text(s, "lookup_host")+text(s, "domain") == "":
		return "Error_Misconfigured", nil
	case safePart(pid) == "" || !strings.Contains(string(r.File("/proc/"+pid+"/cmdline")), "dynamic_dns"):
		return "Error", nil // it gave up, or was never begun
	case ddnsFile(r, row, "update") == "":
		return "Connecting", nil
	}
	return "Updated", nil
}

// ddnsErrors are parts of the lines that ddns-scripts log, and what they are to TR-181.
var ddnsErrors = [][2]string{
	{"badauth", "AUTHENTICATION_ERROR"}, {"not accepted", "PROTOCOL_ERROR"}, {"imeout", "TIMEOUT_ERROR"}, {"TERMINATE", "MISCONFIGURATION_ERROR"},
	{"host error", "DNS_ERROR"}, {"resolve", "DNS_ERROR"}, {"", "CONNECTION_ERROR"},
}

// ddnsError looks for the last error in the log that no success follows.
func ddnsError(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	last := "NO_ERROR"
	for line := range strings.Lines(ddnsFile(r, row, "log")) {
		switch {
		case strings.Contains(line, "pdate successful"), strings.Contains(line, "' started at "):
			last = "NO_ERROR"
		case strings.Contains(line, " ERROR : "), strings.Contains(line, "  CRIT : "), strings.Contains(line, "badauth"):
			for _, e := range ddnsErrors {
				if strings.Contains(line, e[0]) {
					last = e[1]
					break
				}
			}
		}
	}
	return last, nil
}

// getDDNSOption is the first of two options that say the same, or what is meant where neither is there; set writes both.
func getDDNSOption(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	value := fwDefault(text(r.own(row), args[0]), text(r.own(row), args[1]))
	return fwDefault(value, strings.Join(args[2:], "")), nil
}

func setDDNSOption(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@.-_*") != "" {
		return model.Errorf(model.BadValue, "ddns-scripts take letters, digits and @ . - _ * alone")
	}
	for _, option := range args[:2] {
		if err := r.uciSet("ddns", row.Section, option, value); err != nil {
			return err
		}
	}
	return nil
}

// ddnsUpdated is when a service was updated last, in seconds of Unix.
func ddnsUpdated(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	up := int64(r.uptime() / time.Second)
	at, err := strconv.ParseInt(ddnsFile(r, row, "update"), 10, 64)
	if err != nil || at > up {
		return "", nil
	}
	return strconv.FormatInt(time.Now().Unix()-up+at, 10), nil
}

func getDDNSService(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	return text(r.own(row), "service_name"), nil
}

func setDDNSService(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	if value != "" && (safePart(value) == "" || strings.ContainsAny(value, `*?[\`) || len(r.Glob(ddnsProviders+value+".json")) == 0) {
		return model.Errorf(model.BadValue, "none of SupportedServices")
	}
	return r.uciSet("ddns", row.Section, "service_name", value)
}

// ddnsURL is the host or the port of the URL that an update goes to: of the provider's file, else of the service itself.
func ddnsURL(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	url := text(s, "update_url")
	if name := safePart(text(s, "service_name")); name != "" && !strings.ContainsAny(name, `*?[\`) {
		if files := r.Glob(ddnsProviders + name + ".json"); len(files) > 0 {
			url = string(r.File(files[0])) // one's own (custom) comes first
			if _, v6, ok := strings.Cut(url, `"ipv6"`); ok && yes(text(s, "use_ipv6"), false) {
				url = v6
			}
			_, url, _ = strings.Cut(url, `"url"`)
			url = strings.TrimLeft(url, ": \t\"")
			url, _, _ = strings.Cut(url, `"`)
		}
	}
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return "", nil // a script knows
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[:i]
	}
	host := rest[strings.LastIndexByte(rest, '@')+1:]
	host, port, _ := strings.Cut(host, ":")
	switch {
	case args[0] == "host":
		return host, nil
	case port != "":
		return port, nil
	case scheme == "https" || yes(text(s, "use_https"), false):
		return "443", nil
	}
	return "80", nil
}

// ddnsUnits are those of intervals; any other word is seconds.
var ddnsUnits = [][2]string{{"days", "86400"}, {"hours", "3600"}, {"minutes", "60"}, {"seconds", "1"}}

// getDDNSEvery answers `call ddns.every NAME DEFAULT UNIT` in seconds.
func getDDNSEvery(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	n, err := strconv.Atoi(fwDefault(text(r.own(row), args[0]+"_interval"), args[1]))
	unit := fwDefault(text(r.own(row), args[0]+"_unit"), args[2])
	for _, u := range ddnsUnits {
		if u[0] == unit {
			seconds, _ := strconv.Atoi(u[1])
			n *= seconds
		}
	}
	if err != nil || n < 0 {
		return "", nil
	}
	return strconv.Itoa(n), nil
}

func setDDNSEvery(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	n, _ := strconv.Atoi(value)
	unit := "seconds"
	if n%60 == 0 && n > 0 {
		value, unit = strconv.Itoa(n/60), "minutes"
	}
	if err := r.uciSet("ddns", row.Section, args[0]+"_unit", unit); err != nil {
		return err
	}
	return r.uciSet("ddns", row.Section, args[0]+"_interval", value)
}

// getIGD says whether miniupnpd speaks UPnP (it speaks PCP too), or with "version" which IGD. Its options have new names
// since 2025, and it turns the old ones into these itself.
func getIGD(_ context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	s := r.section("upnpd", "config")
	protocols, compat := text(s, "enabled_protocols"), text(s, "upnp_igd_compat")
	switch {
	case len(args) == 0 && protocols != "":
		return digit(protocols != "pcp+nat-pmp"), nil
	case len(args) == 0:
		return digit(yes(text(s, "enable_upnp"), true)), nil
	case compat == "igdv1", yes(text(s, "igdv1"), compat == "" && protocols != ""):
		return "1", nil
	}
	return "2", nil
}

func setIGD(_ context.Context, r *Reader, _ *model.Row, _ []string, value string) error {
	on := yes(value, false)
	switch text(r.section("upnpd", "config"), "enabled_protocols") {
	case "":
		return r.uciSet("upnpd", "config", "enable_upnp", digit(on))
	case "upnp-igd":
		return refused("it is all that miniupnpd does here: set Enable")
	}
	return r.uciSet("upnpd", "config", "enabled_protocols", map[bool]string{true: "all", false: "pcp+nat-pmp"}[on])
}
