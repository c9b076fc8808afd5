package config

import "testing"

// TestOptions: every rule that means something is told of, with what it may be, and a default that it may be.
func TestOptions(t *testing.T) {
	type option struct{ want, value string }
	told := map[string]option{}
	Options(func(section, name, want, value string) {
		if _, twice := told[section+"."+name]; twice || want == "" {
			t.Errorf("%s.%s: %q", section, name, want)
		}
		told[section+"."+name] = option{want, value}
	})
	count := 0
	for _, s := range rules {
		for _, r := range s.rules {
			o, ok := told[s.typ+"."+r.option]
			if ok == r.idle() {
				t.Errorf("%s.%s means something: %v, is told of: %v", s.typ, r.option, !r.idle(), ok)
			}
			if !ok {
				continue
			}
			count++
			var c Config
			if err := r.set(&c, o.value); o.value != "" && err != nil {
				t.Errorf("%s.%s: its default: %v", s.typ, r.option, err)
			}
		}
	}
	if count != len(told) {
		t.Errorf("%d options are told of, there are %d", len(told), count)
	}
	for name, want := range map[string]option{
		"acs.periodic_inform_interval":     {"a number from 1 to 4294967295 of seconds", "86400"},
		"acs.username":                     {"as userid", ""},
		"acs.compression":                  {"Disabled|GZIP|Deflate", "Disabled"},
		"acs.url":                          {"http:// or https://", ""},
		"acs.dhcp_retry_min_wait_interval": {"a number from 1 to 65535", ""},
		"acs.heartbeat_time":               {"a dateTime such as 2026-01-31T03:00:00Z", ""},
		"cpe.path":                         {"a plain URL path", "/"},
		"cpe.connreq_allow":                {"network such as 192.0.2.0/24", ""},
		"cpe.incoming_rule":                {"Port_Only|IP_Port", ""},
		"cpe.enable":                       {"0 or 1", "1"},
		"cpe.incoming_zone":                {"text", "wan"},
		"xmpp_connection.connect_attempts": {"a number from 0 to 2147483647", "16"},
	} {
		if told[name] != want {
			t.Errorf("%s: got %+v, want %+v", name, told[name], want)
		}
	}
}
