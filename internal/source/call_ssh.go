package source

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// sshTable are the values of Device.SSH. that are more than an option of /etc/config/dropbear.
var sshTable = []named{
	{"ssh.server", &Func{Get: getSSH, Set: setSSH, Hook: hookSSH}},
	{"ssh.sessions", &Func{Rows: sshSessions}},
	{"ssh.key", &Func{Rows: keyRows, Add: addAuthorizedKey, Delete: deleteAuthorizedKey, Get: getAuthorizedKey, Set: setAuthorizedKey}},
}

// sshProcess is the instance that serves a section: dropbear's init script names the pid file after it. Where it numbered
// them (before 23.05), the port has to tell.
func (r *Reader) sshProcess(ctx context.Context, s *uci.Section) ubus.Value {
	port := sshPort(s)
	var same ubus.Value
	for _, i := range r.instances(ctx, "dropbear") {
		pid, p := argument(i, "-P"), argument(i, "-p")
		if pid == "/var/run/dropbear."+s.Name+".pid" {
			return i
		}
		numbered := strings.Trim(strings.TrimSuffix(strings.TrimPrefix(pid, "/var/run/dropbear."), ".pid"), "0123456789") == ""
		if numbered && (p == port || strings.HasSuffix(p, ":"+port)) {
			same = i
		}
	}
	return same
}

func sshPort(s *uci.Section) string { return firstOf(text(s, "Port"), "22") }

// sshNetwork is the network that a server is bound to, "" for all. Of several the first is told.
func sshNetwork(s *uci.Section) string {
	return firstWord(firstOf(text(s, "DirectInterface"), text(s, "Interface")))
}

func getSSH(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	if s == nil || len(args) != 1 {
		return "", nil
	}
	if args[0] == "interface" {
		return sshNetwork(s), nil
	}
	process := r.sshProcess(ctx, s)
	switch args[0] {
	case "status":
		return statusOf(r.serviceEnabled("dropbear") && yes(s.Get("enable"), true), process), nil
	case "since":
		return r.startOf(process), nil
	}
	return process.Get("pid").Text(), nil
}

// setSSH binds a server to a network. DirectInterface wins over Interface and is not known to all releases: what is there
// is written.
func setSSH(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	s, option := r.own(row), "Interface"
	if text(s, "DirectInterface") != "" && value != "" {
		option = "DirectInterface"
	} else if err := r.uciSet("dropbear", row.Section, "DirectInterface", ""); err != nil {
		return err
	}
	return r.uciSet("dropbear", row.Section, option, value)
}

// hookSSH refuses a server on a port that another one has.
func hookSSH(_ context.Context, r *Reader, row *model.Row, _ map[string]string) error {
	s := r.own(row)
	if s == nil || !yes(s.Get("enable"), true) {
		return nil
	}
	port, network := sshPort(s), sshNetwork(s)
	for _, o := range r.UCI("dropbear").OfType("dropbear") {
		if other := sshNetwork(o); o.Name != s.Name && yes(o.Get("enable"), true) && sshPort(o) == port &&
			(other == network || other == "" || network == "") {
			return at("Port", model.BadValue, "another server listens there")
		}
	}
	if r.portTaken(port) {
		return at("Port", model.BadValue, "the web pages or connection requests have this port")
	}
	return nil
}

// portTaken reports whether the web server or the agent itself listens on a port.
func (r *Reader) portTaken(port string) bool {
	if firstOf(text(r.section(ownPackage, "cpe"), "port"), "7547") == port {
		return true
	}
	if p := r.UCI("uhttpd"); p != nil {
		for _, s := range p.OfType("uhttpd") {
			for _, item := range slices.Concat(items(s, "listen_http"), items(s, "listen_https")) {
				if item[strings.LastIndexByte(item, ':')+1:] == port {
					return true
				}
			}
		}
	}
	return false
}

// sshSessions are the connections to the port of a server, on its network where it is bound to one.
func sshSessions(ctx context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	s := r.own(parent)
	if s == nil || !r.sshProcess(ctx, s).Exists() {
		return nil, nil
	}
	port, network := sshPort(s), sshNetwork(s)
	all, err := netSockets(ctx, r, nil, nil)
	return slices.DeleteFunc(all, func(row model.Row) bool {
		c := row.Data.(socket)
		if c.state != "ESTABLISHED" || c.localPort != port {
			return true
		}
		local, err := netip.ParseAddr(c.local)
		return err != nil || network != "" && local.Is4() && subnetOf(r, network).IsValid() && !subnetOf(r, network).Contains(local)
	}), err
}

const keysFile = "/etc/dropbear/authorized_keys"

// placeholder of a row that has no key yet: a comment, which dropbear passes over.
const noKey = "# cwmp_key_"

// keyTypes are the words that a public key begins with, after its options.
var keyTypes = []string{"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
	"sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"}

// keyBody is the base64 of the key in a line of authorized_keys ("[options] type base64 [comment]"), "" where the line holds
// none that dropbear would take. It passes over lines of more than 4200 octets.
func keyBody(line string) string {
	if len(line) > 4200 || strings.ContainsAny(line, "\x00\r\n") || strings.HasPrefix(line, "#") {
		return ""
	}
	f := strings.Fields(line)
	if len(f) > 0 && !slices.Contains(keyTypes, f[0]) {
		f = strings.Fields(skipOptions(line))
	}
	if len(f) < 2 || !slices.Contains(keyTypes, f[0]) {
		return ""
	}
	raw, err := base64.StdEncoding.DecodeString(f[1])
	if err != nil {
		return ""
	}
	for fields := 0; len(raw) > 0; fields++ { // each with its length before it; the first is the type again
		if len(raw) < 4 {
			return ""
		}
		n := uint64(binary.BigEndian.Uint32(raw))
		if raw = raw[4:]; n > uint64(len(raw)) || fields == 0 && (string(raw[:n]) != f[0] || int(n) == len(raw)) {
			return ""
		}
		raw = raw[n:]
	}
	return f[1]
}

// skipOptions returns what follows the options: they end at the first blank outside quotes.
func skipOptions(line string) string {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case (c == ' ' || c == '\t') && !quoted:
			return line[i:]
		}
	}
	return ""
}

// keys are the numbers of the lines that hold a key.
func (r *Reader) keys() (out []int) {
	for i, line := range r.textFile(keysFile).lines {
		if keyBody(line) != "" {
			out = append(out, i)
		}
	}
	return out
}

// keyRows lists the keys of root, each once, and the rows that have none yet. A row is called after its key.
func keyRows(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for i, line := range r.textFile(keysFile).lines {
		key := ""
		if body := keyBody(line); body != "" {
			key = fingerName(body)
		} else if n, ok := strings.CutPrefix(line, noKey); ok {
			key = "cwmp_key_" + n
		}
		if key != "" {
			rows = append(rows, model.Row{Key: key, Place: keysFile + ":" + strconv.Itoa(i), Data: i})
		}
	}
	return rows, nil
}

func addAuthorizedKey(_ context.Context, r *Reader, _ *model.Row, n uint32, _ []string) (model.Row, error) {
	if len(r.Glob("/etc/dropbear")) == 0 {
		return model.Row{}, refused("there is no /etc/dropbear")
	}
	id := strconv.FormatUint(uint64(n), 10)
	r.textFile(keysFile).add(noKey + id)
	return model.Row{Key: "cwmp_key_" + id}, nil
}

func deleteAuthorizedKey(_ context.Context, r *Reader, row *model.Row) error {
	if i, ok := row.Data.(int); ok {
		r.textFile(keysFile).set(i, goneLine)
	}
	return nil
}

func getAuthorizedKey(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	i, ok := row.Data.(int)
	if line := ""; ok {
		line = r.textFile(keysFile).lines[i]
		if keyBody(line) != "" {
			return line, nil
		}
	}
	return "", nil
}

func setAuthorizedKey(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	i, ok := row.Data.(int)
	value = strings.TrimSpace(value)
	body := keyBody(value)
	if !ok || body == "" {
		return model.Errorf(model.BadValue, "want one line of authorized_keys: type, key in base64, comment")
	}
	file := r.textFile(keysFile)
	for at, line := range file.lines {
		if at != i && keyBody(line) == body {
			return model.Errorf(model.BadValue, "another row has this key")
		}
	}
	file.set(i, value)
	return nil
}
