package xmpptest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Prosody is the real server, where it is installed.
type Prosody struct {
	Dir  string // where its files are, for itself alone
	Port int
	cmd  *exec.Cmd
	out  bytes.Buffer
}

// HaveProsody reports whether the machine has it.
func HaveProsody() bool {
	_, err := exec.LookPath("prosody")
	return err == nil
}

// NewProsody writes the configuration of a server for one domain, with a certificate for name. Accounts are user and
// password in turn. Nothing runs until Start.
func NewProsody(dir string, port int, ca *CA, domain, name string, accounts ...string) (*Prosody, error) {
	cert, key := ca.Issue(name)
	files := map[string][]byte{"cert.pem": cert, "key.pem": key, "prosody.cfg.lua": fmt.Appendf(nil, `
run_as_root = true
daemonize = false
pidfile = "%[1]s/pid"
data_path = "%[1]s/data"
log = { { levels = { min = "info" }, to = "console" } }
interfaces = { "127.0.0.1" }
c2s_ports = { %[2]d }
modules_enabled = { "saslauth", "tls" }
modules_disabled = { "s2s", "offline", "c2s_direct_tls" }
authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = true
ssl = { certificate = "%[1]s/cert.pem", key = "%[1]s/key.pem" }
VirtualHost "%[3]s"
`, dir, port, domain)}
	for i := 0; i+1 < len(accounts); i += 2 {
		file := "data/" + strings.NewReplacer(".", "%2e", "-", "%2d").Replace(domain) + "/accounts/" + accounts[i] + ".dat"
		files[file] = fmt.Appendf(nil, "return { [\"password\"] = %q }\n", accounts[i+1])
	}
	for file, text := range files {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return nil, err
		}
	}
	return &Prosody{Dir: dir, Port: port}, nil
}

// Addr is where it listens.
func (p *Prosody) Addr() string { return fmt.Sprintf("127.0.0.1:%d", p.Port) }

// Start runs it and waits until it listens.
func (p *Prosody) Start() error {
	p.cmd = exec.Command("prosody", "-F", "--config", filepath.Join(p.Dir, "prosody.cfg.lua"))
	p.cmd.Dir = p.Dir
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", p.Addr()); err == nil {
			c.Close()
			return nil
		}
	}
	p.Stop()
	return fmt.Errorf("prosody does not listen:\n%s", p.Output())
}

// Stop kills it.
func (p *Prosody) Stop() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.cmd = nil
	}
}

// Output is what it said; to be asked when it does not run.
func (p *Prosody) Output() string { return p.out.String() }
