package sandbox

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// interfaces lists the logical interfaces that netifd knows: those of the configuration, with what the files say of
// them, and those the files say came about by themselves, as wanb_6 beside a PPPoE wanb.
func (r *Router) interfaces() []ubus.Value {
	network := r.config("network")
	var all []ubus.Value
	known := map[string]bool{}
	for _, base := range r.read("network.interface.dump.json").Get("interface").All() {
		name := base.Get("interface").Text()
		known[name] = true
		s := network.Section(name)
		switch {
		case s != nil && s.Type == "interface" && s.Get("disabled") != "1":
			all = append(all, configured(base, s))
		case base.Get("dynamic").Bool():
			all = append(all, base)
		}
	}
	for _, s := range network.OfType("interface") {
		if !known[s.Name] && s.Get("disabled") != "1" {
			all = append(all, configured(ubus.Table("interface", s.Name), s))
		}
	}
	return all
}

// configured returns what netifd says about an interface: base, with what its section says.
func configured(base ubus.Value, s *uci.Section) ubus.Value {
	proto, device := s.Get("proto"), s.Get("device")
	if base.Get("proto").Text() != proto { // nothing of what was learned with the old protocol holds
		up := proto == "static" && s.Get("auto") != "0"
		base = ubus.Table("interface", s.Name, "up", up, "pending", false, "available", true, "autostart", s.Get("auto") != "0", "dynamic", false)
		if up {
			base = with(base, "uptime", 0, "l3_device", device)
		}
		base = with(base, "proto", proto, "device", device, "metric", 0, "dns_metric", 0, "delegation", true,
			"ipv4-address", []any{}, "ipv6-address", []any{}, "ipv6-prefix", []any{}, "ipv6-prefix-assignment", []any{},
			"route", []any{}, "dns-server", []any{}, "dns-search", []any{}, "data", ubus.Table())
	}
	if metric, err := strconv.Atoi(s.Get("metric")); err == nil {
		base = with(base, "metric", metric)
	}
	if proto != "static" {
		return base
	}
	if device != "" {
		base = with(base, "device", device)
		if base.Get("l3_device").Exists() {
			base = with(base, "l3_device", device)
		}
	}
	if !base.Get("up").Bool() {
		return base
	}
	base = with(base, "ipv4-address", addresses(s, "ipaddr"), "ipv6-address", addresses(s, "ip6addr"))
	if gateway := s.Get("gateway"); gateway != "" {
		base = with(base, "route", []any{ubus.Table("target", "0.0.0.0", "mask", 0, "nexthop", gateway, "source", "0.0.0.0/0")})
	}
	if o := s.Option("dns"); o != nil {
		base = with(base, "dns-server", o.Values)
	}
	return base
}

// addresses reads ipaddr in all its forms: one or several, with a prefix length or with a netmask beside.
func addresses(s *uci.Section, option string) []ubus.Value {
	list := []ubus.Value{}
	for word := range strings.FieldsSeq(s.Get(option)) {
		address, bits, cidr := strings.Cut(word, "/")
		mask, err := strconv.Atoi(bits)
		ip, wrong := netip.ParseAddr(address)
		if wrong != nil || cidr && err != nil {
			continue
		}
		if !cidr {
			mask = ip.BitLen()
			if m, err := netip.ParseAddr(s.Get("netmask")); err == nil && m.Is4() && ip.Is4() {
				mask = maskBits(m)
			}
		}
		list = append(list, ubus.Table("address", address, "mask", mask))
	}
	return list
}

func maskBits(m netip.Addr) int {
	n := 0
	for _, b := range m.As4() {
		for ; b&0x80 != 0; b <<= 1 {
			n++
		}
	}
	return n
}

func (r *Router) interfaceDump(_, _ ubus.Value) (ubus.Value, int) {
	return ubus.Table("interface", r.interfaces()), ubus.StatusOK
}

// network.interface status {interface} is the status of one by name.
func (r *Router) interfaceStatus(_, args ubus.Value) (ubus.Value, int) {
	return r.oneInterface(args.Get("interface").Text())(args)
}

// oneInterface answers network.interface.NAME status, from its own file where there is one.
func (r *Router) oneInterface(name string) ubustest.Method {
	return func(ubus.Value) (ubus.Value, int) {
		r.refresh()
		for _, v := range r.interfaces() {
			if v.Get("interface").Text() != name {
				continue
			}
			file := r.read("network.interface." + name + ".status.json")
			s := r.config("network").Section(name)
			switch {
			case file.Exists() && s != nil:
				v = configured(file, s)
			case file.Exists():
				v = file
			}
			return with(v, "interface", ubus.Value{}), ubus.StatusOK
		}
		return ubus.Value{}, ubus.StatusNotFound
	}
}

// obey answers network.interface.NAME renew, down and up, and records them. There is no DHCP client that could be told to, and
// what goes down comes up at once.
func (r *Router) obey(object, method string) ubustest.Method {
	return func(ubus.Value) (ubus.Value, int) {
		r.record(object + " " + method)
		return ubus.Value{}, ubus.StatusOK
	}
}

var interfaceOrders = []string{"renew", "down", "up"}

// wantInterfaces has an object per interface, and none for those that are gone.
func (r *Router) wantInterfaces(want map[string]map[string]bool, add func(object, method string)) {
	for object := range want {
		if strings.HasPrefix(object, "network.interface.") {
			delete(want, object)
		}
	}
	for _, v := range r.interfaces() {
		add("network.interface."+v.Get("interface").Text(), "status")
		for _, order := range interfaceOrders {
			add("network.interface."+v.Get("interface").Text(), order)
		}
	}
}

func (r *Router) networkReload(_, _ ubus.Value) (ubus.Value, int) {
	r.record("network reload")
	r.reloadNetwork()
	return ubus.Value{}, ubus.StatusOK
}

// reloadNetwork has netifd take the configuration, and tell about each interface that is another than before.
func (r *Router) reloadNetwork() {
	before := map[string]string{}
	for _, v := range r.interfaces() {
		before[v.Get("interface").Text()] = jsonOf(v)
	}
	r.reload("network", "wireless")
	r.publish()
	for _, v := range r.interfaces() {
		name := v.Get("interface").Text()
		if before[name] != jsonOf(v) {
			r.tell(name, "interface.update", "ifup", v)
		}
		delete(before, name)
	}
	for name := range before {
		r.tell(name, "interface.down", "ifdown", ubus.Table("interface", name))
	}
}

func (r *Router) tell(name, notification, action string, status ubus.Value) {
	r.bus.Notify("network.interface", notification, status)
	r.bus.Notify("network.interface."+name, notification, status)
	r.bus.Event("network.interface", ubus.Table("action", action, "interface", name))
}

func jsonOf(v ubus.Value) string {
	text, _ := v.MarshalJSON()
	return string(text)
}

// network.device status {name}: what the files say, with the MTU and MAC address that are configured.
func (r *Router) deviceStatus(base, args ubus.Value) (ubus.Value, int) {
	if !base.Exists() {
		if args.Get("name").Exists() {
			return base, ubus.StatusInvalidArgument // as netifd does
		}
		return ubus.Table(), ubus.StatusOK
	}
	if name := args.Get("name").Text(); name != "" {
		return r.device(name, base), ubus.StatusOK
	}
	for name, v := range base.All() {
		base = with(base, name, r.device(name, v))
	}
	return base, ubus.StatusOK
}

func (r *Router) device(name string, v ubus.Value) ubus.Value {
	for _, s := range r.config("network").OfType("device") {
		if s.Get("name") != name {
			continue
		}
		if mtu, err := strconv.Atoi(s.Get("mtu")); err == nil {
			v = with(v, "mtu", mtu)
		}
		if mac := s.Get("macaddr"); mac != "" {
			v = with(v, "macaddr", strings.ToLower(mac))
		}
	}
	return v
}
