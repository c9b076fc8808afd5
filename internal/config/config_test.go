package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/uci"
)

func parse(t *testing.T, text string) (Config, []Problem) {
	t.Helper()
	p, err := uci.Parse("cwmp", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return FromUCI(p)
}

func TestNothingSetIsTheDefault(t *testing.T) {
	c, problems := FromUCI(nil)
	if c != Default() || len(problems) != 0 {
		t.Errorf("got %+v, %v", c, problems)
	}
}

func TestIcwmpsOptionsAreRead(t *testing.T) {
	c, problems := parse(t, `
config acs 'acs'
	option url 'https://acs.example.net:7547/acs'
	option userid 'me'
	option passwd 's3cret'
	option periodic_inform_enable 'no'
	option periodic_inform_interval '300'
	option periodic_inform_time '2026-01-01T03:00:00Z'
	option retry_min_wait_interval '10'
	option http_disable_100continue '1'

config cpe 'cpe'
	option userid 'acs'
	option passwd 'knock'
	option port '8547'
	option path 'wake'
	option manufacturer_oui '00:d0:9e'
	option instance_mode 'InstanceAlias'
	option auto_create_instances '1'
	option log_to_console 'disable'

config inform_parameter
	option enable '1'
`)
	for _, p := range problems {
		t.Errorf("unexpected problem: %s", p)
	}
	want := Default()
	want.ACS.URL, want.ACS.Username, want.ACS.Password = "https://acs.example.net:7547/acs", "me", "s3cret"
	want.ACS.PeriodicEnable, want.ACS.PeriodicInterval = false, 5*time.Minute
	want.ACS.PeriodicTime, want.ACS.RetryMinWait = "2026-01-01T03:00:00Z", 10
	want.CPE.Username, want.CPE.Password, want.CPE.Port, want.CPE.Path, want.CPE.OUI = "acs", "knock", 8547, "/wake", "00D09E"
	want.CPE.InstanceMode, want.CPE.AutoCreate = "InstanceAlias", true
	if c != want {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestABadValueIsAProblemAndTheDefaultIsUsed(t *testing.T) {
	for _, c := range []struct{ option, value, about string }{
		{"acs.url", "ftp://x/", "http://"},
		{"acs.url", "http://user:secret@acs/", "user name"},
		{"acs.url", "http:///path", "host"},
		{"acs.periodic_inform_interval", "0", "1 to"},
		{"acs.periodic_inform_interval", "soon", "soon"},
		{"acs.periodic_inform_time", "yesterday", "dateTime"},
		{"acs.retry_interval_multiplier", "999", "1000"},
		{"acs.ssl_cacert", "ca.pem", "absolute"},
		{"cpe.port", "70000", "65535"},
		{"cpe.manufacturer_oui", "XYZ", "hexadecimal"},
		{"cpe.path", "/a?b", "path"},
		{"cpe.enable", "maybe", "0 or 1"},
		{"cpe.serial_number", strings.Repeat("9", 65), "64"},
		{"cpe.log_severity", "LOUD", "INFO"},
		{"cpe.serialnumber", "1", "did you mean serial_number"},
	} {
		section, option, _ := strings.Cut(c.option, ".")
		got, problems := parse(t, "config "+section+" '"+section+"'\n\toption "+option+" '"+c.value+"'\n")
		if got != Default() {
			t.Errorf("%s=%q changed the configuration", c.option, c.value)
		}
		if len(problems) != 1 || problems[0].Option != c.option || !strings.Contains(problems[0].String(), c.about) {
			t.Errorf("%s=%q: problems %v, want one that tells of %q", c.option, c.value, problems, c.about)
		}
		if len(problems) == 1 && strings.Contains(problems[0].String(), "secret") {
			t.Errorf("a problem shows a password: %s", problems[0])
		}
	}
}

func TestProblemsNameTheirLine(t *testing.T) {
	file := "\n# the ISP's\nconfig acs 'acs'\n\toption url 'nowhere'\n\toption userid 'x'\n\nconfig cpe\n\toption port 'x'\n\nconfig acs 'other'\n\toption url 'y'\n"
	_, problems := parse(t, file)
	Locate([]byte(file), problems)
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	want := []string{
		"/etc/config/cwmp: line 4: acs.url: does not begin with http:// or https://; the default is used",
		`/etc/config/cwmp: line 8: cpe.port: "x" is not a number from 1 to 65535; the default is used`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func testBox(t *testing.T, files map[string]string) *system.Box {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := system.Open(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Covers: I-2.
func TestIdentityFallsBackOnTheBox(t *testing.T) {
	mac := map[string]string{"sys/class/net/eth0/address": "94:83:c4:00:11:22", "tmp/sysinfo/model": "GL.iNet GL-MT3000"}
	with := func(extra map[string]string) map[string]string {
		all := map[string]string{}
		for _, m := range []map[string]string{mac, extra} {
			for k, v := range m {
				all[k] = v
			}
		}
		return all
	}
	owner := Default()
	owner.CPE.Manufacturer, owner.CPE.OUI, owner.CPE.ProductClass, owner.CPE.Serial = "Acme\nInc", "00D09E", "A-B 1", "9"
	for _, c := range []struct {
		name  string
		cfg   Config
		files map[string]string
		want  Identity
		user  string
	}{
		{"the owner's words win", owner, mac, Identity{"AcmeInc", "00D09E", "A-B 1", "9"}, "00D09E-A%2DB%201-9"},
		{"a stock router", Default(), with(map[string]string{"etc/device_info": "DEVICE_MANUFACTURER='OpenWrt'\nDEVICE_PRODUCT='Generic'\n"}),
			Identity{"GL.iNet", "9483C4", "GL-MT3000", "9483C4001122"}, "9483C4-GL%2DMT3000-9483C4001122"},
		{"a branded router", Default(), with(map[string]string{"etc/device_info": "DEVICE_MANUFACTURER='Acme'\nDEVICE_PRODUCT='GW9'\nDEVICE_SERIAL='S1'\n"}),
			Identity{"Acme", "9483C4", "GW9", "S1"}, "9483C4-GW9-S1"},
		{"a virtual machine", Default(), map[string]string{"sys/class/net/eth0/address": "02:00:00:00:11:22"},
			Identity{"OpenWrt", NoOUI, "", "020000001122"}, "FFFFFF-020000001122"},
	} {
		box := testBox(t, c.files)
		got, err := Identify(c.cfg, box.Board(), box.BaseMAC())
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, err, c.want)
		}
		if u := got.Username(); u != c.user {
			t.Errorf("%s: user name %q, want %q (H-44)", c.name, u, c.user)
		}
	}
	bare := testBox(t, nil)
	if _, err := Identify(Default(), bare.Board(), bare.BaseMAC()); !errors.Is(err, ErrNoSerial) {
		t.Errorf("a box without any device: %v, want %v", err, ErrNoSerial)
	}
}

// An option has one rule: of two the second would never be asked.
func TestRulesAreUnique(t *testing.T) {
	for _, s := range rules {
		seen := map[string]bool{}
		for _, r := range s.rules {
			if seen[r.option] {
				t.Errorf("%s.%s has two rules", s.typ, r.option)
			}
			seen[r.option] = true
		}
	}
}
