// Package openwrt_test runs the service's scripts as a router runs them.
package openwrt_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A router is a shell in a root file system of OpenWrt, in namespaces of its own, with ubusd and procd running there. procd is not
// its first process, so that it walks no states of a boot, and starts what it is told.
type router struct {
	t    *testing.T
	to   io.Writer
	from *bufio.Reader
}

const devices = `
mount -t proc proc /proc; mount -t tmpfs tmpfs /tmp; mount -t tmpfs tmpfs /dev
mkdir -p /tmp/run/ubus /tmp/lock /tmp/state /tmp/.uci
mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/urandom c 1 9; mknod -m 600 /dev/kmsg c 1 11
grep -q ^cwmp: /etc/group || echo 'cwmp:x:453:' >>/etc/group # as USERID of the package has it
echo 'other:x:454:' >>/etc/group; echo 'other:x:454:454::/:/bin/false' >>/etc/passwd
ip link set lo up
exec /bin/sh
`

const bringUp = `
ubusd 2>/tmp/ubusd.log &
i=0; while [ ! -S /tmp/run/ubus/ubus.sock ] && [ $i -lt 50 ]; do i=$((i + 1)); sleep 0.1; done
procd -S >/tmp/procd.log 2>&1 &
i=0; while ! ubus list service >/dev/null 2>&1 && [ $i -lt 50 ]; do i=$((i + 1)); sleep 0.1; done
`

func boot(t *testing.T) *router {
	base := os.Getenv("CWMPD_OPENWRT_ROOT")
	switch {
	case base == "":
		t.Skip("CWMPD_OPENWRT_ROOT names no unpacked root file system of OpenWrt for this processor, with procd, ubus and uci")
	case os.Geteuid() != 0:
		t.Skip("only root can start procd in a root of its own")
	}
	dir := t.TempDir()
	for _, args := range [][]string{
		{"cp", "-a", base + "/.", dir}, {"cp", "-a", "files/.", dir},
		{"env", "CGO_ENABLED=0", "go", "build", "-tags", "nethttpomithttp2", "-o", dir + "/usr/sbin/cwmpd", "../cmd/cwmpd"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	cmd := exec.Command("unshare", "--mount", "--pid", "--net", "--uts", "--fork", "--kill-child", "chroot", dir, "/bin/sh", "-c", devices)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	to, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	from, other, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = other, other
	if err := cmd.Start(); err != nil {
		t.Skip("no namespaces here: ", err)
	}
	other.Close()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		from.Close()
	})
	r := &router{t, to, bufio.NewReader(from)}
	if out := r.sh(bringUp + "ubus list service"); strings.TrimSpace(out) != "service" {
		t.Skipf("procd does not come up here: %s\n%s", out, r.sh("cat /tmp/ubusd.log /tmp/procd.log"))
	}
	return r
}

// sh runs commands and returns what they print.
func (r *router) sh(commands string) string {
	r.t.Helper()
	const end = "-- that was all --"
	fmt.Fprintf(r.to, "{ %s\n} </dev/null 2>&1; echo; echo '%s'\n", commands, end)
	var b strings.Builder
	for {
		line, err := r.from.ReadString('\n')
		if err != nil {
			r.t.Fatalf("the router is gone after %s: %s", commands, b.String())
		}
		if strings.TrimSpace(line) == end {
			return strings.TrimSpace(b.String())
		}
		b.WriteString(line)
	}
}

// instance is what procd knows of ours.
type instance struct {
	Running      bool
	PID          int
	Respawn      struct{ Threshold, Timeout, Retry int }
	Limits       map[string]string
	Env          map[string]string
	TermTimeout  int  `json:"term_timeout"`
	NoNewPrivs   bool `json:"no_new_privs"`
	Capabilities string
}

func (r *router) instance() instance {
	r.t.Helper()
	var list map[string]struct{ Instances map[string]instance }
	text := r.sh(`ubus call service list '{"name":"cwmpd"}'`)
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		r.t.Fatalf("service list: %v\n%s", err, text)
	}
	for _, i := range list["cwmpd"].Instances {
		return i
	}
	return instance{}
}

// await asks until it is so.
func (r *router) await(what string, so func() bool) {
	r.t.Helper()
	for start := time.Now(); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			r.t.Fatalf("after 20 s not yet: %s\n%s", what, r.sh("cat /tmp/procd.log; ps"))
		}
	}
}

// agent is the process that is the agent itself, behind ujail where there is one.
func (r *router) agent() int {
	pid := 0
	for _, word := range strings.Fields(r.sh("pidof cwmpd")) {
		if n, _ := strconv.Atoi(word); n > 0 && strings.HasPrefix(r.sh("readlink /proc/"+word+"/exe"), "/usr/sbin/cwmpd") {
			pid = n
		}
	}
	return pid
}

func (r *router) answers() bool { return strings.Contains(r.sh("cwmpd status --json"), `"phase"`) }

// TestBoot has the real procd and procd.sh run the service: what it starts, reloads, starts again and stops.
func TestBoot(t *testing.T) {
	r := boot(t)
	r.sh("uci set cwmp.acs.probation=600; uci commit cwmp; /etc/init.d/cwmpd enable; /etc/init.d/cwmpd start")
	r.await("the agent answers on ubus", r.answers)

	first := r.instance()
	if !first.Running || first.Respawn.Threshold != 3600 || first.Respawn.Timeout != 5 || first.Respawn.Retry != 0 || first.TermTimeout != 10 {
		t.Errorf("procd has %+v", first)
	}
	if first.Limits["core"] != "0" || first.Limits["nofile"] != "512 512" || !regexp.MustCompile(`^\d+MiB$`).MatchString(first.Env["GOMEMLIMIT"]) || first.Env["GOGC"] == "" {
		t.Errorf("limits %v, environment %v", first.Limits, first.Env)
	}
	if got := r.sh("grep 'Max open files' /proc/" + strconv.Itoa(r.agent()) + "/limits"); !regexp.MustCompile(`512\s+512`).MatchString(got) {
		t.Errorf("the agent's %s", got)
	}
	if got := r.sh("cwmpd status --json"); strings.Count(got, "1 BOOT") != 1 {
		t.Errorf("events at the first start: %s", got)
	}

	t.Run("capabilities", func(t *testing.T) {
		if r.sh("[ -x /sbin/ujail ] && echo there") == "" {
			t.Skip("no ujail in that root: procd leaves capabilities to it")
		}
		status := r.sh("cat /proc/" + strconv.Itoa(r.agent()) + "/status")
		if !regexp.MustCompile(`NoNewPrivs:\s+1\b`).MatchString(status) {
			t.Errorf("no_new_privs is not set:\n%s", status)
		}
		m := regexp.MustCompile(`CapEff:\s+([0-9a-f]+)`).FindStringSubmatch(status)
		if m == nil {
			t.Fatal(status)
		}
		has, err := strconv.ParseUint(m[1], 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		if extra := has &^ kept(t); extra != 0 || has == 0 {
			t.Errorf("it has %x, of which %x is not in the file", has, extra)
		}
	})

	t.Run("types", func(t *testing.T) {
		text := r.sh(`ubus call service validate '{"package":"cwmp"}'`)
		for _, want := range []string{`"url": "and(regex('https?.//[^ ]+'),maxlength(2048))"`, `"port": "range(1,65535)"`, `"xmpp_server"`, `"max_keepalive"`} {
			if !strings.Contains(text, want) {
				t.Errorf("procd was not told %s:\n%s", want, text)
			}
		}
		if got := r.sh("/etc/init.d/cwmpd check && echo good"); !strings.HasSuffix(got, "good") {
			t.Errorf("check says %q", got)
		}
		if got := r.sh("uci set cwmp.stun.server_port=many; /etc/init.d/cwmpd check || echo bad; uci revert cwmp"); !strings.Contains(got, "server_port=many") || !strings.HasSuffix(got, "bad") {
			t.Errorf("check of a wrong port says %q", got)
		}
	})

	t.Run("reload", func(t *testing.T) {
		before := r.agent()
		r.sh("uci set cwmp.acs.periodic_inform_interval=4321; uci commit cwmp; " + changed)
		r.await("the new interval counts", func() bool {
			return strings.HasSuffix(r.sh("cwmpd get Device.ManagementServer.PeriodicInformInterval"), "=4321")
		})
		time.Sleep(1500 * time.Millisecond) // procd's delay before it runs the script
		if got := r.agent(); got != before {
			t.Errorf("a reload made process %d of %d", got, before)
		}
	})

	t.Run("switched off and on", func(t *testing.T) {
		r.sh("uci set cwmp.cpe.enable=0; uci commit cwmp; " + changed)
		r.await("it is stopped", func() bool { return r.agent() == 0 })
		r.sh("uci set cwmp.cpe.enable=1; uci commit cwmp; " + changed)
		r.await("it runs again", r.answers)
	})

	t.Run("the WAN comes up", func(t *testing.T) {
		before := r.agent()
		r.sh(`ubus call service event '{"type":"interface.update","data":{"interface":"wan"}}'; sleep 2`)
		if got := r.agent(); got != before || got == 0 {
			t.Errorf("the WAN made process %d of %d", got, before)
		}
	})

	t.Run("killed", func(t *testing.T) {
		before := r.agent()
		r.sh("kill -9 " + strconv.Itoa(before))
		r.await("another one answers", func() bool { pid := r.agent(); return pid != 0 && pid != before && r.answers() })
		if got := r.sh("cwmpd status --json"); strings.Count(got, "1 BOOT") != 1 {
			t.Errorf("events after another start in the same boot: %s", got)
		}
	})

	t.Run("who may ask", func(t *testing.T) {
		ask := func(group, method string) string {
			return r.sh("start-stop-daemon -S -c other:" + group + " -x /bin/ubus -- call cwmp " + method)
		}
		if got := ask("cwmp", "status"); !strings.Contains(got, `"phase"`) {
			t.Errorf("the group cwmp asks for the status and hears %q", got)
		}
		for _, c := range [][2]string{{"cwmp", `reload`}, {"cwmp", `get '{"path":"Device.DeviceInfo.UpTime"}'`}, {"other", "status"}} {
			if got := ask(c[0], c[1]); !strings.Contains(got, "Permission denied") && !strings.Contains(got, "Not found") {
				t.Errorf("group %s calls %s and hears %q", c[0], c[1], got)
			}
		}
	})

	t.Run("stop", func(t *testing.T) {
		r.sh(`ubus call service set '{"name":"cwmpd-firewall","data":{"firewall":[]}}'`)
		start := time.Now()
		r.sh("/etc/init.d/cwmpd stop")
		r.await("no process is left", func() bool { return r.agent() == 0 })
		if took := time.Since(start); took > 9*time.Second {
			t.Errorf("it stopped after %v: procd had to kill it", took)
		}
		if got := r.sh("ls /etc/cwmpd; ubus call service list '{\"name\":\"cwmpd-firewall\"}'"); strings.Contains(got, `"data": {
			"firewall"`) || !strings.Contains(got, "cwmp") {
			t.Errorf("left are %s", got)
		}
	})
}

const changed = `ubus call service event '{"type":"config.change","data":{"package":"cwmp"}}'`

// kept is the set that the file of capabilities names.
func kept(t *testing.T) (set uint64) {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash("files/etc/capabilities/cwmpd.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Bounding []string }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	names := strings.Fields("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE " +
		"NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE")
	for _, name := range file.Bounding {
		bit := slices.Index(names, strings.TrimPrefix(name, "CAP_"))
		if bit < 0 {
			t.Errorf("no kernel that OpenWrt has calls a capability %s", name)
			continue
		}
		set |= 1 << bit
	}
	return set
}

// TestCapabilitiesAreNames: a name that ujail does not know keeps the agent from starting.
func TestCapabilitiesAreNames(t *testing.T) {
	if kept(t) == 0 {
		t.Error("no capability is kept")
	}
}
