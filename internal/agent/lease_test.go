package agent

import (
	"encoding/hex"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/discover"
)

// hooks are the scripts of the package.
const hooks = "../../openwrt/files/etc/"

// hook has a shell read a script of the package, with the environment that OpenWrt gives it and nothing else.
func (s *stage) hook(script string, args []string, env ...string) {
	s.t.Helper()
	cmd := exec.Command("/bin/sh", append([]string{"-c", `. "$0"`, hooks + script}, args...)...)
	cmd.Env = append(env, "PATH=/usr/bin:/bin", "CWMPD_RUN="+s.router.Path(discover.Dir))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		s.t.Fatalf("%s %q: %v\n%s", script, args, err, out)
	}
}

// lease is what a DHCP client of the router's WAN tells its hooks: client is dhcp4 or dhcp6, event its word. The options are
// written as in scenarios: 43 1=URL 2=CODE.
func (s *stage) lease(client, event string, options ...string) {
	s.t.Helper()
	s.leaseOn("wan", client, event, options...)
}

func (s *stage) leaseOn(network, client, event string, options ...string) {
	s.t.Helper()
	if client == "dhcp6" {
		env := []string{"INTERFACE=" + network + "6"}
		for _, o := range options {
			if _, value := encodeOption(s, o, 2); value != "" {
				env = append(env, "OPTION_17="+value)
			}
		}
		s.hook("odhcp6c.user.d/50-cwmpd", []string{"eth1", event}, env...)
		return
	}
	env := []string{"INTERFACE=" + network}
	for _, o := range options {
		if number, value := encodeOption(s, o, 1); value != "" {
			env = append(env, "opt"+number+"="+value)
		}
	}
	s.hook("udhcpc.user.d/50-cwmpd", []string{event}, env...)
}

// encodeOption makes hexadecimal digits of "NUMBER CODE=TEXT…" or "NUMBER raw=TEXT"; width octets for a code and a length.
func encodeOption(s *stage, option string, width int) (number, value string) {
	s.t.Helper()
	words := strings.Fields(option)
	if len(words) == 0 {
		return "", ""
	}
	var b []byte
	for _, w := range words[1:] {
		name, text, _ := strings.Cut(w, "=")
		if name == "raw" {
			return words[0], hex.EncodeToString([]byte(text))
		}
		code, err := strconv.Atoi(name)
		if err != nil {
			s.t.Fatalf("%q is no option", option)
		}
		head := []byte{byte(code), byte(len(text))}
		if width == 2 {
			head = []byte{0, byte(code), byte(len(text) >> 8), byte(len(text))}
		}
		b = append(append(b, head...), text...)
	}
	switch words[0] {
	case "125":
		b = append([]byte{0, 0, 0x0d, 0xe9, byte(len(b))}, b...)
	case "17":
		b = append([]byte{0, 0, 0x0d, 0xe9}, b...)
	}
	return words[0], hex.EncodeToString(b)
}

// device is what dnsmasq tells its lease script of a device on the LAN, by way of hotplug.
func (s *stage) device(mac, action string, env ...string) {
	s.t.Helper()
	s.hook("hotplug.d/dhcp/50-cwmpd", nil, append(env, "ACTION="+action, "MACADDR="+mac)...)
}

// daemon starts the agent and gives what it is made of.
func (s *stage) daemon() *Daemon {
	s.t.Helper()
	parts := make(chan *Daemon, 1)
	s.built = func(d *Daemon) { parts <- d }
	s.start()
	select {
	case d := <-parts:
		return d
	case err := <-s.ended:
		s.t.Fatalf("the agent does not start: %v", err)
	}
	return nil
}

// wantBootstrap waits for the next Inform, the first at an ACS; what a lease brought beside the URL may be in it too.
func (s *stage) wantBootstrap() {
	s.t.Helper()
	if got := s.inform().Events(); !slices.Contains(got, "0 BOOTSTRAP") {
		s.t.Errorf("Inform with %q, want 0 BOOTSTRAP among them", got)
	}
}
