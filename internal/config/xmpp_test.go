package config

import (
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/uci"
)

func TestXMPP(t *testing.T) {
	p, err := uci.Parse("cwmp", []byte(`
config xmpp_server
	option connection 'two'
	option enable '1'
	option server_address 'a.example.net'
config xmpp_server
	option connection 'one'
	option enable '1'
	option server_address 'b.example.net'
	option port '0'
	option priority '7'
	option weight '-1'
config cpe 'cpe'
	option xmpp_connection 'two'
	list xmpp_allowed_jid 'acs@example.net'
	list xmpp_allowed_jid 'boss@example.net/desk, left'
config xmpp_connection 'one'
	option enable '1'
	option username 'wrong'
config xmpp_connection 'two'
	option enable '1'
	option username 'cpe'
	option domain 'example.net'
	option server_connect_algorithm 'servertable'
	option keepalive_interval '-2'
	option connect_attempts '3'
	option use_tls '1'
	option colour 'red'
config xmpp_server
	option connection 'two'
	option port '5223'
	option priority 'many'
`))
	if err != nil {
		t.Fatal(err)
	}
	c, problems := FromUCI(p)
	want := XMPP{Section: "two", Enable: true, Username: "cpe", Domain: "example.net", Algorithm: "ServerTable", KeepAlive: -1, Attempts: 3,
		RetryInitial: 60, RetryMultiplier: 2000, RetryMax: 30720, UseTLS: true, AllowedJIDs: "acs@example.net\nboss@example.net/desk, left"}
	want.Servers[0] = XMPPServer{Enable: true, Address: "a.example.net", Port: 5222}
	want.Servers[1] = XMPPServer{Port: 5223}
	if c.XMPP != want {
		t.Errorf("got  %+v\nwant %+v", c.XMPP, want)
	}
	var options []string
	for _, problem := range problems {
		options = append(options, problem.Option)
	}
	if got, want := strings.Join(options, " "), "xmpp_connection.keepalive_interval xmpp_connection.colour xmpp_server.priority"; got != want {
		t.Errorf("problems with %s, want %s", got, want)
	}

	// The connection that is named is not there, or none is named: nothing is wanted.
	for _, text := range []string{
		"config cpe 'cpe'\n\toption xmpp_connection 'three'\nconfig xmpp_connection 'one'\n\toption enable '1'\n",
		"config cpe 'cpe'\nconfig xmpp_connection\n\toption enable '1'\n",
		"config xmpp_connection 'one'\n\toption enable '1'\nconfig xmpp_server\n\toption enable '1'\n",
		"config cpe 'cpe'\n\toption xmpp_connection 'cpe'\n\toption enable '1'\n",
	} {
		p, err := uci.Parse("cwmp", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if c, _ := FromUCI(p); c.XMPP.Enable || c.XMPP.Servers != ([MaxXMPPServers]XMPPServer{}) {
			t.Errorf("%s\ngives %+v", text, c.XMPP)
		}
	}
}
