package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A rule is what an option may be and where it goes. Exactly one of text, yes, number and seconds is set; with none of them it is
// an option of icwmp, or a list read elsewhere, that means nothing here.
type rule struct {
	option   string
	text     func(*Config) *string
	check    func(text string) (string, error) // what to store of a text; nil: its length or its words decide
	words    []string                          // the only texts, in any case
	yes      func(*Config) *bool
	number   func(*Config) *int
	seconds  func(*Config) *time.Duration
	min, max int64 // of a number, of seconds; characters of a text
}

// A section is the rules of the options of one type.
type section struct {
	typ   string
	rules []rule
}

// rules lie in the program as they are: no code fills them in.
var rules = [...]section{
	{"acs", []rule{
		{option: "url", text: func(c *Config) *string { return &c.ACS.URL }, check: webURL},
		{option: "userid", text: func(c *Config) *string { return &c.ACS.Username }, max: 256},
		{option: "username", text: func(c *Config) *string { return &c.ACS.Username }, max: 256},
		{option: "passwd", text: func(c *Config) *string { return &c.ACS.Password }, max: 256},
		{option: "password", text: func(c *Config) *string { return &c.ACS.Password }, max: 256},
		{option: "periodic_inform_enable", yes: func(c *Config) *bool { return &c.ACS.PeriodicEnable }},
		{option: "periodic_inform_interval", seconds: func(c *Config) *time.Duration { return &c.ACS.PeriodicInterval }, min: 1, max: 1<<32 - 1},
		{option: "periodic_inform_time", text: func(c *Config) *string { return &c.ACS.PeriodicTime }, check: dateTime},
		{option: "heartbeat_enable", yes: func(c *Config) *bool { return &c.ACS.HeartbeatEnable }},
		{option: "heartbeat_interval", seconds: func(c *Config) *time.Duration { return &c.ACS.HeartbeatInterval }, min: 30, max: 1<<32 - 1},
		{option: "heartbeat_time", text: func(c *Config) *string { return &c.ACS.HeartbeatTime }, check: dateTime},
		{option: "retry_min_wait_interval", number: func(c *Config) *int { return &c.ACS.RetryMinWait }, min: 1, max: 65535},
		{option: "retry_interval_multiplier", number: func(c *Config) *int { return &c.ACS.RetryMultiplier }, min: 1000, max: 65535},
		{option: "ssl_cacert", text: func(c *Config) *string { return &c.ACS.CAFile }, check: path},
		{option: "ssl_capath", text: func(c *Config) *string { return &c.ACS.CADir }, check: path},
		{option: "https_ssl_capath", text: func(c *Config) *string { return &c.ACS.CADir }, check: path},
		{option: "ssl_cert", text: func(c *Config) *string { return &c.ACS.ClientCert }, check: path},
		{option: "ssl_key", text: func(c *Config) *string { return &c.ACS.ClientKey }, check: path},
		{option: "insecure_enable", yes: func(c *Config) *bool { return &c.ACS.Insecure }},
		{option: "spki_pin", text: func(c *Config) *string { return &c.ACS.Pins }, max: 2048},
		{option: "spki_pin_transfers", yes: func(c *Config) *bool { return &c.ACS.PinTransfers }},
		{option: "proxy", text: func(c *Config) *string { return &c.ACS.Proxy }, check: webURL},
		{option: "proxy_userid", text: func(c *Config) *string { return &c.ACS.ProxyUser }, max: 256},
		{option: "proxy_passwd", text: func(c *Config) *string { return &c.ACS.ProxyPassword }, max: 256},
		{option: "compression", text: func(c *Config) *string { return &c.ACS.Compression }, words: []string{"Disabled", "GZIP", "Deflate"}},
		{option: "get_rpc_methods", yes: func(c *Config) *bool { return &c.ACS.GetRPCMethods }},
		{option: "probation", seconds: func(c *Config) *time.Duration { return &c.ACS.Probation }, max: 1<<31 - 1},
		{option: "dhcp_discovery", yes: func(c *Config) *bool { return &c.ACS.DHCPDiscovery }},
		{option: "dhcp_interfaces", text: func(c *Config) *string { return &c.ACS.DHCPInterfaces }, max: 256},
		{option: "dhcp_allow_http", yes: func(c *Config) *bool { return &c.ACS.DHCPAllowHTTP }},
		{option: "dhcp_url", text: func(c *Config) *string { return &c.ACS.DHCPURL }, check: webURL},
		{option: "dhcp_provisioning_code", text: func(c *Config) *string { return &c.ACS.DHCPProvisioning }, max: 64},

		{option: "dhcp_retry_min_wait_interval", number: func(c *Config) *int { return &c.ACS.DHCPRetryMinWait }, min: 1, max: 65535},
		{option: "dhcp_retry_interval_multiplier", number: func(c *Config) *int { return &c.ACS.DHCPRetryMultiplier }, min: 1000, max: 65535},

		{option: "http_disable_100continue"}, {option: "ip_version"}, {option: "ipv6_enable"}, {option: "ParameterKey"},
	}},
	{"cpe", []rule{
		{option: "enable", yes: func(c *Config) *bool { return &c.CPE.Enable }},
		{option: "interface", text: func(c *Config) *string { return &c.CPE.Interface }, max: 64},
		{option: "default_wan_interface", text: func(c *Config) *string { return &c.CPE.DefaultWAN }, max: 64},
		{option: "default_lan_interface", text: func(c *Config) *string { return &c.CPE.DefaultLAN }, max: 64},
		{option: "force_ipv4", yes: func(c *Config) *bool { return &c.CPE.ForceIPv4 }},
		{option: "manufacturer", text: func(c *Config) *string { return &c.CPE.Manufacturer }, max: 64},
		{option: "manufacturer_oui", text: func(c *Config) *string { return &c.CPE.OUI }, check: oui},
		{option: "product_class", text: func(c *Config) *string { return &c.CPE.ProductClass }, max: 64},
		{option: "serial_number", text: func(c *Config) *string { return &c.CPE.Serial }, max: 64},
		{option: "software_version", text: func(c *Config) *string { return &c.CPE.SoftwareVersion }, max: 64},
		{option: "model_name", text: func(c *Config) *string { return &c.CPE.ModelName }, max: 64},
		{option: "description", text: func(c *Config) *string { return &c.CPE.Description }, max: 256},
		{option: "userid", text: func(c *Config) *string { return &c.CPE.Username }, max: 256},
		{option: "username", text: func(c *Config) *string { return &c.CPE.Username }, max: 256},
		{option: "passwd", text: func(c *Config) *string { return &c.CPE.Password }, max: 256},
		{option: "password", text: func(c *Config) *string { return &c.CPE.Password }, max: 256},
		{option: "port", number: func(c *Config) *int { return &c.CPE.Port }, min: 1, max: 65535},
		{option: "path", text: func(c *Config) *string { return &c.CPE.Path }, check: requestPath},
		{option: "http_connreq_enable", yes: func(c *Config) *bool { return &c.CPE.HTTPConnReq }},
		{option: "connreq_acs_only", yes: func(c *Config) *bool { return &c.CPE.ACSOnly }},
		{option: "connreq_allow", text: func(c *Config) *string { return &c.CPE.Allow }, check: networks},
		{option: "incoming_rule", text: func(c *Config) *string { return &c.CPE.IncomingRule }, check: incomingRule},
		{option: "incoming_zone", text: func(c *Config) *string { return &c.CPE.IncomingZone }, max: 32},
		{option: "provisioning_code", text: func(c *Config) *string { return &c.CPE.Provisioning }, max: 64},
		{option: "amd_version", number: func(c *Config) *int { return &c.CPE.AmdVersion }, min: 1, max: 6},
		{option: "instance_mode", text: func(c *Config) *string { return &c.CPE.InstanceMode }, words: []string{"InstanceNumber", "InstanceAlias"}},
		{option: "auto_create_instances", yes: func(c *Config) *bool { return &c.CPE.AutoCreate }},
		{option: "session_timeout", seconds: func(c *Config) *time.Duration { return &c.CPE.SessionTimeout }, min: 30, max: 3600},
		{option: "response_timeout", seconds: func(c *Config) *time.Duration { return &c.CPE.ResponseWait }, min: 30, max: 600},
		{option: "active_notif_throttle", seconds: func(c *Config) *time.Duration { return &c.CPE.NotifyThrottle }, max: 1<<32 - 1},
		{option: "md_notif_limit", seconds: func(c *Config) *time.Duration { return &c.CPE.DeviceLimit }, max: 1<<32 - 1},
		{option: "device_association", yes: func(c *Config) *bool { return &c.CPE.TellDevices }},
		{option: "lenient_types", yes: func(c *Config) *bool { return &c.CPE.LenientTypes }},
		{option: "allow_basic_plain", yes: func(c *Config) *bool { return &c.CPE.AllowBasicPlain }},
		{option: "allow_http_downgrade", yes: func(c *Config) *bool { return &c.CPE.AllowDowngrade }},
		{option: "allow_local_transfers", yes: func(c *Config) *bool { return &c.CPE.AllowLocal }},
		{option: "allow_plain_uploads", yes: func(c *Config) *bool { return &c.CPE.PlainUploads }},
		{option: "upnp_discovery", yes: func(c *Config) *bool { return &c.CPE.UPnPDiscovery }},
		{option: "old_parameters", yes: func(c *Config) *bool { return &c.CPE.OldParameters }},
		{option: "fw_upgrade_keep_settings", yes: func(c *Config) *bool { return &c.CPE.KeepSettings }},
		{option: "schedule_reboot", text: func(c *Config) *string { return &c.CPE.ScheduleReboot }, check: dateTime},
		{option: "delay_reboot", number: func(c *Config) *int { return &c.CPE.DelayReboot }, min: -1, max: 1<<31 - 1},
		{option: "upgrades_managed", yes: func(c *Config) *bool { return &c.CPE.UpgradesManaged }},
		{option: "log_severity", text: func(c *Config) *string { return &c.CPE.LogSeverity }, words: []string{"EMERG", "ALERT", "CRITIC", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"}},

		{option: "xmpp_connection", text: func(c *Config) *string { return &c.XMPP.Section }, max: 64}, {option: "xmpp_allowed_jid"}, // a list
		{option: "uci_read"}, {option: "uci_write"}, {option: "device_category"}, {option: "additional_hardware_version"}, // lists

		{option: "use_curl_ifname"}, {option: "notification"}, {option: "periodic_notify_enable"}, {option: "periodic_notify_interval"},
		{option: "custom_notify_json"}, {option: "exec_download"},
		{option: "disable_datatype_check"}, {option: "log_to_console"},
		{option: "log_to_file"}, {option: "log_to_syslog"}, {option: "log_file_name"}, {option: "log_max_size"}, {option: "ubus_socket"},
		{option: "ParameterKey"},
	}},
	{"lwn", []rule{
		{option: "enable", yes: func(c *Config) *bool { return &c.LWN.Enable }},
		{option: "hostname", text: func(c *Config) *string { return &c.LWN.Hostname }, max: 256},
		{option: "port", number: func(c *Config) *int { return &c.LWN.Port }, min: 1, max: 65535},

		{option: "trigger_interval", seconds: func(c *Config) *time.Duration { return &c.LWN.TriggerInterval }, max: 1<<32 - 1},
		{option: "trigger_time", text: func(c *Config) *string { return &c.LWN.TriggerTime }, check: dateTime},
	}},
	{"stun", []rule{
		{option: "enable", yes: func(c *Config) *bool { return &c.STUN.Enable }},
		{option: "server_address", text: func(c *Config) *string { return &c.STUN.Server }, max: 256},
		{option: "server_port", number: func(c *Config) *int { return &c.STUN.Port }, max: 65535},
		{option: "username", text: func(c *Config) *string { return &c.STUN.Username }, max: 256},
		{option: "password", text: func(c *Config) *string { return &c.STUN.Password }, max: 256},
		{option: "min_keepalive", seconds: func(c *Config) *time.Duration { return &c.STUN.Min }, max: 1<<32 - 1},
		{option: "max_keepalive", seconds: func(c *Config) *time.Duration { return &c.STUN.Max }, min: -1, max: 1<<31 - 1},
		{option: "client_port", number: func(c *Config) *int { return &c.STUN.ClientPort }, max: 65535},
		{option: "max_clock_skew", seconds: func(c *Config) *time.Duration { return &c.STUN.Window }, max: 1<<31 - 1},
	}},
	{xmppConnection, []rule{
		{option: "enable", yes: func(c *Config) *bool { return &c.XMPP.Enable }},
		{option: "username", text: func(c *Config) *string { return &c.XMPP.Username }, max: 256},
		{option: "password", text: func(c *Config) *string { return &c.XMPP.Password }, max: 256},
		{option: "domain", text: func(c *Config) *string { return &c.XMPP.Domain }, max: 64},
		{option: "resource", text: func(c *Config) *string { return &c.XMPP.Resource }, max: 64},
		{option: "server_connect_algorithm", text: func(c *Config) *string { return &c.XMPP.Algorithm }, words: []string{"DNS-SRV", "DNS", "ServerTable"}},
		{option: "keepalive_interval", number: func(c *Config) *int { return &c.XMPP.KeepAlive }, min: -1, max: 1<<31 - 1},
		{option: "connect_attempts", number: func(c *Config) *int { return &c.XMPP.Attempts }, max: 1<<31 - 1},
		{option: "retry_initial_interval", number: func(c *Config) *int { return &c.XMPP.RetryInitial }, min: 1, max: 65535},
		{option: "retry_interval_multiplier", number: func(c *Config) *int { return &c.XMPP.RetryMultiplier }, min: 1000, max: 65535},
		{option: "retry_max_interval", number: func(c *Config) *int { return &c.XMPP.RetryMax }, min: 1, max: 1<<31 - 1},
		{option: "use_tls", yes: func(c *Config) *bool { return &c.XMPP.UseTLS }},
	}},
}

// rulesOf returns the rules of a section type, nil for one that is not ours.
func rulesOf(typ string) []rule {
	for i := range rules {
		if rules[i].typ == typ {
			return rules[i].rules
		}
	}
	return nil
}

// set checks one text and stores it.
func (r *rule) set(c *Config, s string) error {
	switch {
	case r.text != nil:
		checked, err := r.checked(s)
		if err != nil {
			return err
		}
		*r.text(c) = checked
	case r.yes != nil:
		v, ok := ParseBool(s)
		if !ok {
			return fmt.Errorf("%q is not 0 or 1", s)
		}
		*r.yes(c) = v
	default:
		n, err := number(s, r.min, r.max)
		if err != nil {
			return err
		}
		if r.number != nil {
			*r.number(c) = int(n)
		} else {
			*r.seconds(c) = time.Duration(n) * time.Second
		}
	}
	return nil
}

// idle reports whether the option means nothing here.
func (r *rule) idle() bool {
	return r.text == nil && r.yes == nil && r.number == nil && r.seconds == nil
}

func (r *rule) checked(s string) (string, error) {
	switch {
	case r.check != nil:
		return r.check(s)
	case r.words != nil:
		return oneOf(s, r.words...)
	case int64(len(s)) > 4*r.max || int64(len([]rune(s))) > r.max:
		return "", fmt.Errorf("longer than %d characters", r.max)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", fmt.Errorf("holds a control character")
	}
	return s, nil
}

// ParseBool reads the words UCI files use for yes and no.
func ParseBool(s string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "1", "on", "yes", "true", "enable", "enabled":
		return true, true
	case "0", "off", "no", "false", "disable", "disabled":
		return false, true
	}
	return false, false
}

func number(s string, min, max int64) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < min || n > max {
		return 0, fmt.Errorf("%q is not a number from %d to %d", s, min, max)
	}
	return n, nil
}

func oneOf(s string, words ...string) (string, error) {
	i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, s) })
	if i < 0 {
		return "", fmt.Errorf("%q is not one of %s", s, strings.Join(words, ", "))
	}
	return words[i], nil
}

func path(s string) (string, error) {
	if !strings.HasPrefix(s, "/") || strings.ContainsRune(s, 0) || len(s) > 1024 {
		return "", fmt.Errorf("%q is not an absolute path", s)
	}
	return s, nil
}

func dateTime(s string) (string, error) {
	if _, ok := ParseTime(s); !ok {
		return "", fmt.Errorf("%q is not a dateTime such as 2026-01-31T03:00:00Z", s)
	}
	return s, nil
}

// ParseTime reads a dateTime of this file, which counts as UTC where it names no zone.
func ParseTime(s string) (t time.Time, ok bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// CheckURL says what keeps a text from being the URL of an ACS (K-20).
func CheckURL(s string) error {
	if len(s) > 2048 {
		return fmt.Errorf("longer than 2048 bytes")
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return fmt.Errorf("holds a blank or control character")
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return fmt.Errorf("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("does not begin with http:// or https://")
	case u.Hostname() == "":
		return fmt.Errorf("names no host")
	case u.User != nil:
		return fmt.Errorf("holds a user name; use userid and passwd")
	}
	return nil
}

func webURL(s string) (string, error) {
	if s = strings.TrimSpace(s); s == "" {
		return s, nil
	}
	return s, CheckURL(s)
}

func oui(s string) (string, error) {
	s = strings.ToUpper(strings.NewReplacer(":", "", "-", "").Replace(s))
	if len(s) != 6 || strings.Trim(s, "0123456789ABCDEF") != "" {
		return "", fmt.Errorf("%q is not six hexadecimal digits", s)
	}
	return s, nil
}

func requestPath(s string) (string, error) {
	if !strings.HasPrefix(s, "/") {
		s = "/" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Path != s || u.RawQuery != "" || u.Fragment != "" || len(s) > 128 || u.EscapedPath() != s {
		return "", fmt.Errorf("%q is not a plain URL path", s)
	}
	return s, nil
}

// networks checks a list of addresses and networks and writes them all as networks.
func networks(s string) (string, error) {
	var list []string
	for _, word := range strings.Fields(s) {
		p, err := netip.ParsePrefix(word)
		if addr, bad := netip.ParseAddr(word); bad == nil && addr.Zone() == "" {
			p, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return "", fmt.Errorf("%q is no network such as 192.0.2.0/24", word)
		}
		list = append(list, p.Masked().String())
	}
	if len(list) > 32 {
		return "", fmt.Errorf("holds more than 32 networks")
	}
	return strings.Join(list, " "), nil
}

// incomingRule reads icwmp's words. Its IP_Only opens all ports to the ACS, we open no more than is needed.
func incomingRule(s string) (string, error) {
	if strings.EqualFold(s, "IP_Only") {
		s = "IP_Port"
	}
	return oneOf(s, "", "Port_Only", "IP_Port")
}

// hint proposes the option that a misspelt one probably meant.
func hint(table []rule, name string) string {
	flat := func(s string) string { return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s)) }
	for i := range table {
		known := table[i].option
		if flat(known) == flat(name) || (len(name) > 4 && (strings.HasPrefix(known, name) || strings.HasPrefix(name, known))) {
			return fmt.Sprintf(" (did you mean %s?)", known)
		}
	}
	return ""
}
