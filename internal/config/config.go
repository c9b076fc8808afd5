package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/cwmpd/cwmpd/internal/uci"
)

// Config is what the owner or the ACS set; what they did not set holds its default.
type Config struct {
	ACS ACS
	CPE CPE
	LWN LWN

	STUN STUN
	XMPP XMPP
}

// ACS is the section `acs`: the server and how to reach it.
type ACS struct {
	URL      string // url; absolute http or https; empty: no session is ever opened
	Username string // userid or username; empty: <OUI>-<ProductClass>-<SerialNumber> when Password is set (H-44)
	Password string // passwd or password

	PeriodicEnable   bool          // periodic_inform_enable, default 1
	PeriodicInterval time.Duration // periodic_inform_interval, seconds, at least 1, default 86400
	PeriodicTime     string        // periodic_inform_time, the phase (S-41); default Unknown Time

	RetryMinWait    int // retry_min_wait_interval, 1..65535 s, default 5
	RetryMultiplier int // retry_interval_multiplier, 1000..65535 thousandths, default 2000

	CAFile     string // ssl_cacert: further trusted roots, PEM
	CADir      string // ssl_capath: a directory of them; default /etc/ssl/certs
	ClientCert string // ssl_cert: our certificate, PEM
	ClientKey  string // ssl_key: its key, PEM; empty: it is in ssl_cert
	Insecure   bool   // insecure_enable: do not verify the ACS; for laboratories

	Pins         string // spki_pin: keys, "sha256/BASE64" with blanks between, one of which the server's chain has to have
	PinTransfers bool   // spki_pin_transfers: so do file servers

	Proxy         string // proxy: URL of an HTTP proxy on the way to the ACS and to file servers
	ProxyUser     string // proxy_userid
	ProxyPassword string // proxy_passwd

	HeartbeatEnable   bool          // heartbeat_enable
	HeartbeatInterval time.Duration // heartbeat_interval, seconds, at least 30, default 30
	HeartbeatTime     string        // heartbeat_time, the phase; default Unknown Time

	Compression   string // compression: GZIP, Deflate or Disabled
	GetRPCMethods bool   // get_rpc_methods: ask the ACS what it supports

	Probation time.Duration // probation, seconds a new ACS has to complete a session before the old one is asked again, default 3600; 0: for ever

	DHCPDiscovery  bool   // dhcp_discovery: take the URL from DHCP while there is none; default 1
	DHCPInterfaces string // dhcp_interfaces: whose leases count; empty: default_wan_interface and the same with a 6
	DHCPAllowHTTP  bool   // dhcp_allow_http: also a URL without TLS

	// What DHCP said last, written by the agent: dhcp_url, dhcp_provisioning_code, dhcp_retry_min_wait_interval,
	// dhcp_retry_interval_multiplier. FromUCI puts each in its place while nobody else set the value (K-35).
	DHCPURL, DHCPProvisioning             string
	DHCPRetryMinWait, DHCPRetryMultiplier int

	FromDHCP bool // URL is DHCPURL
}

// CPE is the section `cpe`: this device.
type CPE struct {
	Enable     bool   // enable, default 1
	Interface  string // interface: layer 3 device towards the ACS; empty: the route decides
	DefaultWAN string // default_wan_interface: section of /etc/config/network, default wan
	DefaultLAN string // default_lan_interface, default lan
	ForceIPv4  bool   // force_ipv4

	// The identity (I-1). What is empty is taken from the box by Identify.
	Manufacturer, OUI, ProductClass, Serial string // manufacturer, manufacturer_oui, product_class, serial_number
	SoftwareVersion                         string // software_version
	ModelName, Description                  string // model_name, description

	Username     string // userid or username: ConnectionRequestUsername
	Password     string // passwd or password: ConnectionRequestPassword
	Port         int    // port of the connection request, default 7547
	Path         string // path of the connection request; "/" or empty: a random one (C-10)
	HTTPConnReq  bool   // http_connreq_enable, default 1
	ACSOnly      bool   // connreq_acs_only: connection requests count only from the addresses of the ACS and of Allow
	Allow        string // connreq_allow: further networks, 192.0.2.0/24 or addresses, separated by blanks
	IncomingRule string // incoming_rule: Port_Only or IP_Port; empty: the firewall is left as it is
	IncomingZone string // incoming_zone: from which zone of the firewall, default wan
	Provisioning string // provisioning_code

	AmdVersion     int           // amd_version: newest amendment we may speak, 1..6, default 6
	InstanceMode   string        // instance_mode: InstanceNumber or InstanceAlias
	AutoCreate     bool          // auto_create_instances: SetParameterValues makes the rows of unknown aliases
	SessionTimeout time.Duration // session_timeout: the hint we give the ACS, default 60 s, at least 30 s
	ResponseWait   time.Duration // response_timeout: how long we wait for an answer, default 60 s, at least 30 s (H-11)
	NotifyThrottle time.Duration // active_notif_throttle: DefaultActiveNotificationThrottle, seconds
	DeviceLimit    time.Duration // md_notif_limit: ManageableDeviceNotificationLimit, seconds (N-13)
	TellDevices    bool          // device_association: devices that say who they are learn who we are (Annex F), default 1

	LenientTypes    bool // lenient_types: xsd:string is accepted for every type
	AllowBasicPlain bool // allow_basic_plain: Basic authentication without TLS (H-40)
	AllowDowngrade  bool // allow_http_downgrade: a redirect from https to http (H-24)
	AllowLocal      bool // allow_local_transfers: file servers on loopback and link-local addresses (Z-34)
	PlainUploads    bool // allow_plain_uploads: configuration, with its secrets, is sent by http too
	UPnPDiscovery   bool // upnp_discovery: advertisements of UPnP on the LAN are heard
	OldParameters   bool // old_parameters: what the standard has deleted is still there, default 1
	KeepSettings    bool // fw_upgrade_keep_settings, default 1
	UpgradesManaged bool // upgrades_managed

	ScheduleReboot string // schedule_reboot: when to reboot, once; default Unknown Time, which is never
	DelayReboot    int    // delay_reboot: seconds after the session until a reboot, default -1, which is none

	LogSeverity string // log_severity: icwmp's words, default INFO
}

// LWN is the section `lwn`: lightweight notifications.
type LWN struct {
	Enable   bool   // enable: LightweightNotificationProtocolsUsed is UDP
	Hostname string // hostname; empty: that of the ACS
	Port     int    // port, default 7547

	TriggerInterval time.Duration // trigger_interval, seconds; 0: passive values wait for an active one
	TriggerTime     string        // trigger_time, the phase; default Unknown Time
}

// STUN is the section `stun`: connection requests by UDP, also through NATs.
type STUN struct {
	Enable             bool   // enable: STUNEnable
	Server             string // server_address; empty: the host of the ACS
	Port               int    // server_port, 0..65535, default 3478, which 0 means too
	Username, Password string // username, password

	Min, Max time.Duration // min_keepalive, max_keepalive, seconds, default 30 and 3600; Max is negative for no maximum

	ClientPort int           // client_port: where UDP connection requests come to; 0, the default: the number of cpe.port
	Window     time.Duration // max_clock_skew: how old or new a request may be, seconds; 0: any
}

// UnknownTime is TR-069's "no time".
const UnknownTime = "0001-01-01T00:00:00Z"

// Default returns the configuration of a router whose owner set nothing.
func Default() Config {
	return Config{
		ACS: ACS{PeriodicEnable: true, PeriodicInterval: 24 * time.Hour, PeriodicTime: UnknownTime,
			HeartbeatInterval: 30 * time.Second, HeartbeatTime: UnknownTime,
			RetryMinWait: 5, RetryMultiplier: 2000, CADir: "/etc/ssl/certs", Compression: "Disabled", Probation: time.Hour, DHCPDiscovery: true},
		CPE: CPE{Enable: true, DefaultWAN: "wan", DefaultLAN: "lan", Port: 7547, Path: "/", HTTPConnReq: true, IncomingZone: "wan", TellDevices: true,
			AmdVersion: 6, InstanceMode: "InstanceNumber", SessionTimeout: time.Minute, ResponseWait: time.Minute,
			ScheduleReboot: UnknownTime, DelayReboot: -1, KeepSettings: true, OldParameters: true, LogSeverity: "INFO"},
		LWN:  LWN{Port: 7547, TriggerTime: UnknownTime},
		STUN: STUN{Port: 3478, Min: 30 * time.Second, Max: time.Hour},
		XMPP: XMPP{Algorithm: "DNS-SRV", KeepAlive: -1, Attempts: 16, RetryInitial: 60, RetryMultiplier: 2000, RetryMax: 30720},
	}
}

// A Problem is one thing in the file that was passed over.
type Problem struct {
	Option string // "acs.periodic_inform_interval"
	Line   int    // 0 where it is not known
	Msg    string
}

func (p Problem) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("/etc/config/cwmp: line %d: %s: %s", p.Line, p.Option, p.Msg)
	}
	return fmt.Sprintf("/etc/config/cwmp: %s: %s", p.Option, p.Msg)
}

// FromUCI reads the package cwmp; nil gives the defaults. It never fails: what cannot be used is a Problem.
func FromUCI(p *uci.Package) (Config, []Problem) {
	c := Default()
	var problems []Problem
	if p == nil {
		return c, problems
	}
	for _, s := range p.Sections {
		table := rulesOf(s.Type)
		if table == nil {
			continue // inform_parameter and autonomous_notify are tables of the data model, others are not ours
		}
		if s != counting(p, s.Type) {
			continue
		}
		for _, o := range s.Options {
			where := s.Type + "." + o.Name
			i := slices.IndexFunc(table, func(r rule) bool { return r.option == o.Name })
			switch {
			case i < 0:
				problems = append(problems, Problem{where, 0, "unknown option, ignored" + hint(table, o.Name)})
			case table[i].idle(): // icwmp's, without meaning here
			case o.IsList:
				problems = append(problems, Problem{where, 0, "is a list, expected one value; the default is used"})
			default:
				if err := table[i].set(&c, s.Get(o.Name)); err != nil {
					problems = append(problems, Problem{where, 0, err.Error() + "; the default is used"})
				}
			}
		}
	}
	c.discovered(p)
	return c, append(problems, c.XMPP.lists(p)...)
}

// counting returns the section of a type that says how things are.
func counting(p *uci.Package, typ string) *uci.Section {
	if typ == xmppConnection {
		return p.Section(xmppChosen(p))
	}
	return first(p, typ)
}

// first returns the section of a type that counts: the one named like the type, else the first.
func first(p *uci.Package, typ string) *uci.Section {
	if s := p.Section(typ); s != nil && s.Type == typ {
		return s
	}
	return p.OfType(typ)[0]
}
