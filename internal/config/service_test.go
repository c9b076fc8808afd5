package config

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/uci"
)

var update = flag.Bool("update", false, "write the types into the service's script")

const script = "../../openwrt/files/etc/init.d/cwmpd"

// datatype is what validate_data calls a rule's values. It takes no value that the rule does not; it may take fewer (the
// words in one spelling, numbers of 31 bits).
func (r *rule) datatype(t *testing.T) string {
	switch {
	case r.words != nil:
		return "or('" + strings.Join(r.words, "','") + "')"
	case r.check != nil:
		for _, c := range []struct {
			check func(string) (string, error)
			as    string
		}{
			{webURL, "and(regex('https?.//[^ ]+'),maxlength(2048))"}, // a ":" would end the type
			{path, "and(regex('/.*'),maxlength(1024))"},
			{dateTime, "regex('[0-9]+-[0-9]+-[0-9]+T[0-9]+.[0-9]+.[0-9]+([.][0-9]+)?(Z|[+-][0-9]+.[0-9]+)?')"},
			{oui, "regex('([0-9A-Fa-f]{2}-?){2}[0-9A-Fa-f]{2}')"},
			{requestPath, "and(regex('/?[A-Za-z0-9/_.-]*'),maxlength(127))"},
			{networks, "regex('[0-9A-Fa-f./ ]*')"},
			{incomingRule, "or('Port_Only','IP_Port','IP_Only')"},
		} {
			if reflect.ValueOf(c.check).Pointer() == reflect.ValueOf(r.check).Pointer() {
				return c.as
			}
		}
		t.Fatalf("%s: no type of validate_data for its check", r.option)
	case r.text != nil:
		return fmt.Sprintf("maxlength(%d)", r.max)
	case r.yes != nil:
		return "bool"
	case r.max > 1<<31-1:
		return fmt.Sprintf("and(uinteger,min(%d))", r.min)
	}
	return fmt.Sprintf("range(%d,%d)", r.min, r.max)
}

// types are the functions of the service's script that name the type of each option.
func types(t *testing.T) string {
	var b strings.Builder
	function := func(typ string, options []string) {
		fmt.Fprintf(&b, "validate_%s_section() {\n\tuci_load_validate cwmp %s \"$1\" \"$2\" \\\n\t\t\"%s\"\n}\n\n", typ, typ, strings.Join(options, "\" \\\n\t\t\""))
	}
	for _, s := range rules {
		var options []string
		for i := range s.rules {
			if r := &s.rules[i]; !r.idle() {
				options = append(options, r.option+":"+r.datatype(t))
			}
		}
		function(s.typ, options)
	}
	function("xmpp_server", []string{"enable:bool", "connection:string", "server_address:string", "port:range(1,65535)", "priority:range(0,65535)", "weight:range(-1,65535)"})
	return strings.TrimSuffix(b.String(), "\n")
}

// TestServiceKnowsTheTypes: what the service's script tells procd of the options is what this package takes.
func TestServiceKnowsTheTypes(t *testing.T) {
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)(# BEGIN types\n)(.*)(# END types\n)`)
	m := block.FindStringSubmatch(string(text))
	if m == nil {
		t.Fatal("no block of types in " + script)
	}
	want := types(t)
	if m[2] == want {
		return
	}
	if !*update {
		t.Fatalf("%s does not name the types of this package's rules; go test ./internal/config -update writes them:\n%s", script, want)
	}
	if err := os.WriteFile(script, block.ReplaceAll(text, []byte("${1}"+strings.ReplaceAll(want, "$", "$$")+"${3}")), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestValidateData gives values to OpenWrt's own validate_data, where it is: what it takes, we take too.
func TestValidateData(t *testing.T) {
	program := os.Getenv("CWMPD_VALIDATE_DATA")
	if program == "" {
		var err error
		if program, err = exec.LookPath("validate_data"); err != nil {
			t.Skip("no validate_data here, and CWMPD_VALIDATE_DATA names none")
		}
	}
	values := []string{
		"0", "1", "-1", "30", "29", "86400", "65535", "65536", "999", "1000", "2147483647", "on", "off", "enabled", "maybe",
		"https://acs.example.net:7547/x", "http://192.0.2.1", "https://", "https://a b/", "ftp://x/", "/etc/ssl/acs.pem", "etc/ssl",
		"2026-01-31T03:00:00Z", "2026-01-31T03:00:00", "2026-01-31T03:00:00+01:00", "2026-01-31", "0001-01-01T00:00:00Z",
		"00D09E", "00-D0-9E", "00D09", "/", "/cr/x_1", "/a?b", "192.0.2.0/24 2001", "192.0.2.1", "IP_Port", "IP_Only", "Port_Only",
		"GZIP", "gzip", "Disabled", "InstanceAlias", "DEBUG", "DNS-SRV", "a name", strings.Repeat("x", 64), strings.Repeat("x", 65),
		strings.Repeat("x", 256), strings.Repeat("x", 257),
	}
	taken := 0
	for _, s := range rules {
		for i := range s.rules {
			r := &s.rules[i]
			if r.idle() {
				continue
			}
			for _, v := range values {
				if exec.Command(program, r.datatype(t), v).Run() != nil {
					continue
				}
				taken++
				c := Default()
				if err := r.set(&c, v); err != nil && !loose(r, v) {
					t.Errorf("%s.%s: validate_data takes %.70q as %s, we do not: %v", s.typ, r.option, v, r.datatype(t), err)
				}
			}
			if c := Default(); r.yes == nil && r.seconds != nil && exec.Command(program, r.datatype(t), fmt.Sprint(r.seconds(&c).Seconds())).Run() != nil {
				t.Errorf("%s.%s: validate_data refuses the default %v", s.typ, r.option, r.seconds(&c))
			}
		}
	}
	if taken < 500 {
		t.Errorf("validate_data took %d values in all", taken)
	}
	// The file that comes with the package is of the types, as uci_load_validate asks it.
	text, err := os.ReadFile("../../openwrt/files/etc/config/cwmp")
	if err != nil {
		t.Fatal(err)
	}
	p, err := uci.Parse("cwmp", text)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Sections {
		for _, o := range s.Options {
			for i := range rulesOf(s.Type) {
				r := &rulesOf(s.Type)[i]
				if r.option != o.Name {
					continue
				}
				if out, err := exec.Command(program, r.datatype(t), s.Get(o.Name)).CombinedOutput(); err != nil {
					t.Errorf("%s.%s '%s': %s", s.Type, o.Name, s.Get(o.Name), bytes.TrimSpace(out))
				}
			}
		}
	}
}

// loose says where the types of validate_data cannot be as narrow as ours.
func loose(r *rule, v string) bool {
	return r.option == "connreq_allow" // its words are not single addresses there
}
