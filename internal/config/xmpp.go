package config

import (
	"strings"

	"github.com/cwmpd/cwmpd/internal/uci"
)

// XMPP is the connection by which connection requests come: the section `xmpp_connection` that the option xmpp_connection
// of `cpe` names, the sections `xmpp_server` that name it, and who may use it.
type XMPP struct {
	Section string // its name; "" means that none is wanted
	Enable  bool   // enable; false where there is no such section

	Username, Password string // username, password
	Domain, Resource   string // domain, resource: with Username the JID that we ask for

	Algorithm string // server_connect_algorithm: DNS-SRV (default), DNS or ServerTable
	KeepAlive int    // keepalive_interval, seconds; 0 means none, -1 (default) that it is ours to choose
	Attempts  int    // connect_attempts for one address in a row, default 16; 0 leaves all this to us

	RetryInitial    int // retry_initial_interval, 1..65535 s, default 60
	RetryMultiplier int // retry_interval_multiplier, 1000..65535 thousandths, default 2000
	RetryMax        int // retry_max_interval, seconds, default 30720

	UseTLS  bool // use_tls: no connection without TLS
	Servers [MaxXMPPServers]XMPPServer

	AllowedJIDs string // xmpp_allowed_jid of `cpe`: who may send connection requests, one a line; "" means everybody
}

// MaxXMPPServers is how many servers of a table are read.
const MaxXMPPServers = 8

// XMPPServer is a section `xmpp_server`: a server of the connection that its option connection names.
type XMPPServer struct {
	Enable           bool   // enable
	Address          string // server_address, a name or an address
	Port             int    // port, default 5222
	Priority, Weight int    // priority, the least first; weight, -1 means none
}

const xmppConnection = "xmpp_connection"

// xmppChosen is the name of the connection that is wanted.
func xmppChosen(p *uci.Package) string {
	if len(p.OfType("cpe")) == 0 {
		return ""
	}
	return first(p, "cpe").Get("xmpp_connection")
}

// lists reads what is more than one value.
func (x *XMPP) lists(p *uci.Package) (problems []Problem) {
	if len(p.OfType("cpe")) > 0 {
		if o := first(p, "cpe").Option("xmpp_allowed_jid"); o != nil {
			x.AllowedJIDs = strings.Join(o.Values, "\n")
		}
	}
	n := 0
	for _, s := range p.OfType("xmpp_server") {
		if x.Section == "" || s.Get("connection") != x.Section {
			continue
		}
		if n == len(x.Servers) {
			return append(problems, Problem{"xmpp_server", 0, "more servers than are ever tried; the rest is left out"})
		}
		server := XMPPServer{Address: s.Get("server_address"), Port: 5222}
		server.Enable, _ = ParseBool(s.Get("enable"))
		for _, f := range []struct {
			option   string
			min, max int64
			field    *int
		}{{"port", 1, 65535, &server.Port}, {"priority", 0, 65535, &server.Priority}, {"weight", -1, 65535, &server.Weight}} {
			text := s.Get(f.option)
			if text == "" {
				continue
			}
			v, err := number(text, f.min, f.max)
			if err != nil {
				problems = append(problems, Problem{"xmpp_server." + f.option, 0, err.Error() + "; the default is used"})
				continue
			}
			*f.field = int(v)
		}
		x.Servers[n] = server
		n++
	}
	return problems
}
