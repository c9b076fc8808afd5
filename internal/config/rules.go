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

// A setter checks one text and stores it.
type setter func(c *Config, text string) error

// rules maps section type and option name to what is done with it. nil: an option of icwmp that means nothing here.
func rules() map[string]map[string]setter {
	return map[string]map[string]setter{
		"acs": {
			"url":                       webURL(func(c *Config) *string { return &c.ACS.URL }),
			"userid":                    text(256, func(c *Config) *string { return &c.ACS.Username }),
			"username":                  text(256, func(c *Config) *string { return &c.ACS.Username }),
			"passwd":                    text(256, func(c *Config) *string { return &c.ACS.Password }),
			"password":                  text(256, func(c *Config) *string { return &c.ACS.Password }),
			"periodic_inform_enable":    boolean(func(c *Config) *bool { return &c.ACS.PeriodicEnable }),
			"periodic_inform_interval":  seconds(1, 1<<32-1, func(c *Config) *time.Duration { return &c.ACS.PeriodicInterval }),
			"periodic_inform_time":      dateTime(func(c *Config) *string { return &c.ACS.PeriodicTime }),
			"heartbeat_enable":          boolean(func(c *Config) *bool { return &c.ACS.HeartbeatEnable }),
			"heartbeat_interval":        seconds(30, 1<<32-1, func(c *Config) *time.Duration { return &c.ACS.HeartbeatInterval }),
			"heartbeat_time":            dateTime(func(c *Config) *string { return &c.ACS.HeartbeatTime }),
			"retry_min_wait_interval":   integer(1, 65535, func(c *Config) *int { return &c.ACS.RetryMinWait }),
			"retry_interval_multiplier": integer(1000, 65535, func(c *Config) *int { return &c.ACS.RetryMultiplier }),
			"ssl_cacert":                path(func(c *Config) *string { return &c.ACS.CAFile }),
			"ssl_capath":                path(func(c *Config) *string { return &c.ACS.CADir }),
			"https_ssl_capath":          path(func(c *Config) *string { return &c.ACS.CADir }),
			"ssl_cert":                  path(func(c *Config) *string { return &c.ACS.ClientCert }),
			"ssl_key":                   path(func(c *Config) *string { return &c.ACS.ClientKey }),
			"insecure_enable":           boolean(func(c *Config) *bool { return &c.ACS.Insecure }),
			"spki_pin":                  text(2048, func(c *Config) *string { return &c.ACS.Pins }),
			"spki_pin_transfers":        boolean(func(c *Config) *bool { return &c.ACS.PinTransfers }),
			"proxy":                     webURL(func(c *Config) *string { return &c.ACS.Proxy }),
			"proxy_userid":              text(256, func(c *Config) *string { return &c.ACS.ProxyUser }),
			"proxy_passwd":              text(256, func(c *Config) *string { return &c.ACS.ProxyPassword }),
			"compression":               oneOf(func(c *Config) *string { return &c.ACS.Compression }, "Disabled", "GZIP", "Deflate"),
			"get_rpc_methods":           boolean(func(c *Config) *bool { return &c.ACS.GetRPCMethods }),
			"probation":                 seconds(0, 1<<31-1, func(c *Config) *time.Duration { return &c.ACS.Probation }),
			"dhcp_discovery":            boolean(func(c *Config) *bool { return &c.ACS.DHCPDiscovery }),
			"dhcp_interfaces":           text(256, func(c *Config) *string { return &c.ACS.DHCPInterfaces }),
			"dhcp_allow_http":           boolean(func(c *Config) *bool { return &c.ACS.DHCPAllowHTTP }),
			"dhcp_url":                  webURL(func(c *Config) *string { return &c.ACS.DHCPURL }),
			"dhcp_provisioning_code":    text(64, func(c *Config) *string { return &c.ACS.DHCPProvisioning }),

			"dhcp_retry_min_wait_interval":   integer(1, 65535, func(c *Config) *int { return &c.ACS.DHCPRetryMinWait }),
			"dhcp_retry_interval_multiplier": integer(1000, 65535, func(c *Config) *int { return &c.ACS.DHCPRetryMultiplier }),

			"http_disable_100continue": nil, "ip_version": nil, "ipv6_enable": nil, "ParameterKey": nil,
		},
		"cpe": {
			"enable":                   boolean(func(c *Config) *bool { return &c.CPE.Enable }),
			"interface":                text(64, func(c *Config) *string { return &c.CPE.Interface }),
			"default_wan_interface":    text(64, func(c *Config) *string { return &c.CPE.DefaultWAN }),
			"default_lan_interface":    text(64, func(c *Config) *string { return &c.CPE.DefaultLAN }),
			"force_ipv4":               boolean(func(c *Config) *bool { return &c.CPE.ForceIPv4 }),
			"manufacturer":             text(64, func(c *Config) *string { return &c.CPE.Manufacturer }),
			"manufacturer_oui":         oui,
			"product_class":            text(64, func(c *Config) *string { return &c.CPE.ProductClass }),
			"serial_number":            text(64, func(c *Config) *string { return &c.CPE.Serial }),
			"software_version":         text(64, func(c *Config) *string { return &c.CPE.SoftwareVersion }),
			"model_name":               text(64, func(c *Config) *string { return &c.CPE.ModelName }),
			"description":              text(256, func(c *Config) *string { return &c.CPE.Description }),
			"userid":                   text(256, func(c *Config) *string { return &c.CPE.Username }),
			"username":                 text(256, func(c *Config) *string { return &c.CPE.Username }),
			"passwd":                   text(256, func(c *Config) *string { return &c.CPE.Password }),
			"password":                 text(256, func(c *Config) *string { return &c.CPE.Password }),
			"port":                     integer(1, 65535, func(c *Config) *int { return &c.CPE.Port }),
			"path":                     requestPath,
			"http_connreq_enable":      boolean(func(c *Config) *bool { return &c.CPE.HTTPConnReq }),
			"connreq_acs_only":         boolean(func(c *Config) *bool { return &c.CPE.ACSOnly }),
			"connreq_allow":            networks,
			"incoming_rule":            incomingRule,
			"incoming_zone":            text(32, func(c *Config) *string { return &c.CPE.IncomingZone }),
			"provisioning_code":        text(64, func(c *Config) *string { return &c.CPE.Provisioning }),
			"amd_version":              integer(1, 6, func(c *Config) *int { return &c.CPE.AmdVersion }),
			"instance_mode":            oneOf(func(c *Config) *string { return &c.CPE.InstanceMode }, "InstanceNumber", "InstanceAlias"),
			"auto_create_instances":    boolean(func(c *Config) *bool { return &c.CPE.AutoCreate }),
			"session_timeout":          seconds(30, 3600, func(c *Config) *time.Duration { return &c.CPE.SessionTimeout }),
			"response_timeout":         seconds(30, 600, func(c *Config) *time.Duration { return &c.CPE.ResponseWait }),
			"active_notif_throttle":    seconds(0, 1<<32-1, func(c *Config) *time.Duration { return &c.CPE.NotifyThrottle }),
			"md_notif_limit":           seconds(0, 1<<32-1, func(c *Config) *time.Duration { return &c.CPE.DeviceLimit }),
			"device_association":       boolean(func(c *Config) *bool { return &c.CPE.TellDevices }),
			"lenient_types":            boolean(func(c *Config) *bool { return &c.CPE.LenientTypes }),
			"allow_basic_plain":        boolean(func(c *Config) *bool { return &c.CPE.AllowBasicPlain }),
			"allow_http_downgrade":     boolean(func(c *Config) *bool { return &c.CPE.AllowDowngrade }),
			"allow_local_transfers":    boolean(func(c *Config) *bool { return &c.CPE.AllowLocal }),
			"allow_plain_uploads":      boolean(func(c *Config) *bool { return &c.CPE.PlainUploads }),
			"fw_upgrade_keep_settings": boolean(func(c *Config) *bool { return &c.CPE.KeepSettings }),
			"schedule_reboot":          dateTime(func(c *Config) *string { return &c.CPE.ScheduleReboot }),
			"delay_reboot":             integer(-1, 1<<31-1, func(c *Config) *int { return &c.CPE.DelayReboot }),
			"upgrades_managed":         boolean(func(c *Config) *bool { return &c.CPE.UpgradesManaged }),
			"log_severity": oneOf(func(c *Config) *string { return &c.CPE.LogSeverity },
				"EMERG", "ALERT", "CRITIC", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"),

			"xmpp_connection": text(64, func(c *Config) *string { return &c.XMPP.Section }), "xmpp_allowed_jid": nil, // a list

			"use_curl_ifname": nil, "notification": nil, "periodic_notify_enable": nil, "periodic_notify_interval": nil,
			"custom_notify_json": nil, "exec_download": nil,
			"disable_datatype_check": nil, "log_to_console": nil,
			"log_to_file": nil, "log_to_syslog": nil, "log_file_name": nil, "log_max_size": nil, "ubus_socket": nil,
			"ParameterKey": nil,
		},
		"lwn": {
			"enable":   boolean(func(c *Config) *bool { return &c.LWN.Enable }),
			"hostname": text(256, func(c *Config) *string { return &c.LWN.Hostname }),
			"port":     integer(1, 65535, func(c *Config) *int { return &c.LWN.Port }),

			"trigger_interval": seconds(0, 1<<32-1, func(c *Config) *time.Duration { return &c.LWN.TriggerInterval }),
			"trigger_time":     dateTime(func(c *Config) *string { return &c.LWN.TriggerTime }),
		},
		"stun": {
			"enable":         boolean(func(c *Config) *bool { return &c.STUN.Enable }),
			"server_address": text(256, func(c *Config) *string { return &c.STUN.Server }),
			"server_port":    integer(0, 65535, func(c *Config) *int { return &c.STUN.Port }),
			"username":       text(256, func(c *Config) *string { return &c.STUN.Username }),
			"password":       text(256, func(c *Config) *string { return &c.STUN.Password }),
			"min_keepalive":  seconds(0, 1<<32-1, func(c *Config) *time.Duration { return &c.STUN.Min }),
			"max_keepalive":  seconds(-1, 1<<31-1, func(c *Config) *time.Duration { return &c.STUN.Max }),
			"client_port":    integer(0, 65535, func(c *Config) *int { return &c.STUN.ClientPort }),
			"max_clock_skew": seconds(0, 1<<31-1, func(c *Config) *time.Duration { return &c.STUN.Window }),
		},
		xmppConnection: {
			"enable":                    boolean(func(c *Config) *bool { return &c.XMPP.Enable }),
			"username":                  text(256, func(c *Config) *string { return &c.XMPP.Username }),
			"password":                  text(256, func(c *Config) *string { return &c.XMPP.Password }),
			"domain":                    text(64, func(c *Config) *string { return &c.XMPP.Domain }),
			"resource":                  text(64, func(c *Config) *string { return &c.XMPP.Resource }),
			"server_connect_algorithm":  oneOf(func(c *Config) *string { return &c.XMPP.Algorithm }, "DNS-SRV", "DNS", "ServerTable"),
			"keepalive_interval":        integer(-1, 1<<31-1, func(c *Config) *int { return &c.XMPP.KeepAlive }),
			"connect_attempts":          integer(0, 1<<31-1, func(c *Config) *int { return &c.XMPP.Attempts }),
			"retry_initial_interval":    integer(1, 65535, func(c *Config) *int { return &c.XMPP.RetryInitial }),
			"retry_interval_multiplier": integer(1000, 65535, func(c *Config) *int { return &c.XMPP.RetryMultiplier }),
			"retry_max_interval":        integer(1, 1<<31-1, func(c *Config) *int { return &c.XMPP.RetryMax }),
			"use_tls":                   boolean(func(c *Config) *bool { return &c.XMPP.UseTLS }),
		},
	}
}

func text(max int, field func(*Config) *string) setter {
	return func(c *Config, s string) error {
		if len(s) > 4*max || len([]rune(s)) > max {
			return fmt.Errorf("longer than %d characters", max)
		}
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("holds a control character")
		}
		*field(c) = s
		return nil
	}
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

func boolean(field func(*Config) *bool) setter {
	return func(c *Config, s string) error {
		v, ok := ParseBool(s)
		if !ok {
			return fmt.Errorf("%q is not 0 or 1", s)
		}
		*field(c) = v
		return nil
	}
}

func number(s string, min, max int64) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < min || n > max {
		return 0, fmt.Errorf("%q is not a number from %d to %d", s, min, max)
	}
	return n, nil
}

func integer(min, max int64, field func(*Config) *int) setter {
	return func(c *Config, s string) error {
		n, err := number(s, min, max)
		if err == nil {
			*field(c) = int(n)
		}
		return err
	}
}

func seconds(min, max int64, field func(*Config) *time.Duration) setter {
	return func(c *Config, s string) error {
		n, err := number(s, min, max)
		if err == nil {
			*field(c) = time.Duration(n) * time.Second
		}
		return err
	}
}

func oneOf(field func(*Config) *string, words ...string) setter {
	return func(c *Config, s string) error {
		i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, s) })
		if i < 0 {
			return fmt.Errorf("%q is not one of %s", s, strings.Join(words, ", "))
		}
		*field(c) = words[i]
		return nil
	}
}

func path(field func(*Config) *string) setter {
	return func(c *Config, s string) error {
		if !strings.HasPrefix(s, "/") || strings.ContainsRune(s, 0) || len(s) > 1024 {
			return fmt.Errorf("%q is not an absolute path", s)
		}
		*field(c) = s
		return nil
	}
}

func dateTime(field func(*Config) *string) setter {
	return func(c *Config, s string) error {
		if _, ok := ParseTime(s); !ok {
			return fmt.Errorf("%q is not a dateTime such as 2026-01-31T03:00:00Z", s)
		}
		*field(c) = s
		return nil
	}
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

func webURL(field func(*Config) *string) setter {
	return func(c *Config, s string) error {
		s = strings.TrimSpace(s)
		if s != "" {
			if err := CheckURL(s); err != nil {
				return err
			}
		}
		*field(c) = s
		return nil
	}
}

func oui(c *Config, s string) error {
	s = strings.ToUpper(strings.NewReplacer(":", "", "-", "").Replace(s))
	if len(s) != 6 || strings.Trim(s, "0123456789ABCDEF") != "" {
		return fmt.Errorf("%q is not six hexadecimal digits", s)
	}
	c.CPE.OUI = s
	return nil
}

func requestPath(c *Config, s string) error {
	if !strings.HasPrefix(s, "/") {
		s = "/" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Path != s || u.RawQuery != "" || u.Fragment != "" || len(s) > 128 || u.EscapedPath() != s {
		return fmt.Errorf("%q is not a plain URL path", s)
	}
	c.CPE.Path = s
	return nil
}

// networks checks a list of addresses and networks and writes them all as networks.
func networks(c *Config, s string) error {
	var list []string
	for _, word := range strings.Fields(s) {
		p, err := netip.ParsePrefix(word)
		if addr, bad := netip.ParseAddr(word); bad == nil && addr.Zone() == "" {
			p, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return fmt.Errorf("%q is no network such as 192.0.2.0/24", word)
		}
		list = append(list, p.Masked().String())
	}
	if len(list) > 32 {
		return fmt.Errorf("holds more than 32 networks")
	}
	c.CPE.Allow = strings.Join(list, " ")
	return nil
}

// incomingRule reads icwmp's words. Its IP_Only opens all ports to the ACS, we open no more than is needed.
func incomingRule(c *Config, s string) error {
	if strings.EqualFold(s, "IP_Only") {
		s = "IP_Port"
	}
	return oneOf(func(c *Config) *string { return &c.CPE.IncomingRule }, "", "Port_Only", "IP_Port")(c, s)
}

// hint proposes the option that a misspelt one probably meant.
func hint(table map[string]setter, name string) string {
	flat := func(s string) string { return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s)) }
	for known := range table {
		if flat(known) == flat(name) || (len(name) > 4 && (strings.HasPrefix(known, name) || strings.HasPrefix(name, known))) {
			return fmt.Sprintf(" (did you mean %s?)", known)
		}
	}
	return ""
}
