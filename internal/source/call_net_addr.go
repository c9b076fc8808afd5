package source

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/json"
	"github.com/cwmpd/cwmpd/internal/model"
)

// An addrBook is the static addresses (option ipaddr, ip6addr) or prefixes (ip6prefix) of an interface. netifd has no way
// to switch one off: what is off, or not finished, waits among the agent's own values of the interface's row.
type addrBook struct {
	r       *Reader
	row     *model.Row // of the interface
	iface   *netIface
	option  string
	netmask string // option netmask, which goes for the addresses that say no length
	scalar  bool   // option ipaddr, not list ipaddr
	List    []*netAddr
}

// A netAddr is one of them. Key is what it was called when its row was made.
type netAddr struct {
	Key     string `json:"key"`
	Addr    string `json:"addr,omitempty"`
	Bits    int    `json:"bits"` // -1 where nobody has said it
	Enabled bool   `json:"enabled,omitempty"`
	Live    bool   `json:"live,omitempty"` // stands in UCI
	text    string // as UCI has it
}

// addrBook reads the book of an interface; what is changed in it counts when it is saved.
func (r *Reader) addrBook(ctx context.Context, row *model.Row, option string) *addrBook {
	b := &addrBook{r: r, row: row, iface: r.network(ctx).iface[row.Key], option: option}
	if b.iface == nil || b.iface.s == nil {
		return b
	}
	var saved []*netAddr
	if text := r.stateGet(rowName(row), option); text != "" {
		_ = json.Unmarshal([]byte(text), &saved) // broken: what stands in UCI is all
	}
	if b.netmask = b.iface.s.Get("netmask"); option != "ipaddr" {
		b.netmask = ""
	}
	if o := b.iface.s.Option(option); o != nil {
		b.scalar = !o.IsList
	}
	if b.iface.proto == "static" || option == "ip6prefix" {
		for _, item := range words(b.iface.s, option) {
			b.add(item, saved)
		}
	}
	for _, a := range saved {
		if !a.Live && b.byKey(a.Key) == nil {
			b.List = append(b.List, a)
		}
	}
	return b
}

func (b *addrBook) add(item string, saved []*netAddr) {
	a := &netAddr{Enabled: true, Live: true, text: item}
	var length string
	a.Addr, length, _ = strings.Cut(item, "/")
	a.Bits = b.length(cmp.Or(length, b.netmask))
	for _, s := range saved {
		if s.Live && s.Addr == a.Addr && s.Key != "" && b.byKey(s.Key) == nil {
			a.Key = s.Key
		}
	}
	if a.Key == "" {
		a.Key = freeKey(a.Addr, func(key string) bool { return b.byKey(key) != nil })
	}
	b.List = append(b.List, a)
}

// length reads a prefix length or a mask; netifd takes a missing one for a single host.
func (b *addrBook) length(text string) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	if n, ok := netmaskBits(text); ok {
		return n
	}
	if b.option == "ipaddr" {
		return 32
	}
	return 128
}

// netmaskBits is the length of a dotted mask.
func netmaskBits(mask string) (int, bool) {
	a, err := netip.ParseAddr(mask)
	if err != nil || !a.Is4() {
		return 0, false
	}
	m := a.As4()
	bits := uint32(m[0])<<24 | uint32(m[1])<<16 | uint32(m[2])<<8 | uint32(m[3])
	n := 0
	for bits&(1<<31) != 0 {
		bits <<= 1
		n++
	}
	return n, bits == 0
}

// netmaskText is the inverse of netmaskBits.
func netmaskText(bits int) string {
	if bits < 0 || bits > 32 {
		return ""
	}
	m := uint32(uint64(0xffffffff) << (32 - bits))
	return netip.AddrFrom4([4]byte{byte(m >> 24), byte(m >> 16), byte(m >> 8), byte(m)}).String()
}

func (b *addrBook) byKey(key string) *netAddr {
	for _, a := range b.List {
		if a.Key == key {
			return a
		}
	}
	return nil
}

func (a *netAddr) complete() bool { return a.Addr != "" && a.Bits >= 0 }

// save writes what is on and complete to UCI, and keeps the rest.
func (b *addrBook) save(ctx context.Context) error {
	var live []*netAddr
	for _, a := range b.List {
		if a.Enabled && a.complete() {
			live = append(live, a)
		}
	}
	if len(live) > 0 && b.option != "ip6prefix" && b.iface.proto != "static" {
		if b.iface.proto != "none" && b.iface.proto != "" {
			return refused("proto %s of interface %s gets its addresses elsewhere", b.iface.proto, b.iface.name)
		}
		if err := b.r.uciSet("network", b.iface.name, "proto", "static"); err != nil {
			return err
		}
	}
	if err := b.write(live); err != nil {
		return err
	}
	var keep []*netAddr
	for _, a := range b.List {
		a.Live = slices.Contains(live, a)
		if !a.Live || a.Key != a.Addr {
			keep = append(keep, a)
		}
	}
	text := ""
	if len(keep) > 0 {
		out, err := json.Marshal(keep)
		if err != nil {
			return err
		}
		text = string(out)
	}
	b.r.stateSet(rowName(b.row), b.option, text)
	b.r.networkCache(ctx).saved++
	return nil
}

// write keeps the form that the interface has: option with netmask, option with a length, or list.
func (b *addrBook) write(live []*netAddr) error {
	section := b.iface.name
	if len(live) == 1 && b.scalar && b.netmask != "" && !strings.Contains(live[0].text, "/") {
		if err := b.r.uciSet("network", section, "netmask", netmaskText(live[0].Bits)); err != nil {
			return err
		}
		return b.r.uciSet("network", section, b.option, live[0].Addr)
	}
	var items []string
	needMask := false
	for _, a := range live {
		var was addrBook
		was.option, was.netmask = b.option, b.netmask
		if was.add(a.text, nil); a.text != "" && was.List[0].Addr == a.Addr && was.List[0].Bits == a.Bits {
			items = append(items, a.text)
			needMask = needMask || !strings.Contains(a.text, "/")
			continue
		}
		items = append(items, a.Addr+"/"+strconv.Itoa(a.Bits))
	}
	if b.netmask != "" && !needMask {
		if err := b.r.uciSet("network", section, "netmask", ""); err != nil {
			return err
		}
	}
	if b.scalar && len(items) == 1 {
		return b.r.uciSet("network", section, b.option, items[0])
	}
	if b.scalar && len(items) > 1 {
		return b.r.uciSet("network", section, b.option, joinList(items))
	}
	return b.r.setWords("network", section, b.option, items)
}

// An addrData is the Data of an address's row: nil static for one that is configured, else what netifd or the kernel say.
type addrData struct{ live *liveAddr }

// A liveAddr is an address or a prefix that the router got from elsewhere.
type liveAddr struct {
	addr             string
	bits             int
	origin           string
	preferred, valid string // dateTime
	status           string
	parent           string // reference to the prefix that a child is cut from
}

// netIPv4Rows is `rows call net.ipv4`: the static addresses, and those that a proto got.
func netIPv4Rows(ctx context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	b := r.addrBook(ctx, parent, "ipaddr")
	rows := b.rows()
	if b.iface == nil || b.iface.proto == "static" {
		return rows, nil
	}
	origin := "DHCP"
	if b.iface.isPPP() {
		origin = "IPCP"
	}
	for _, v := range b.iface.live.Get("ipv4-address").All() {
		bits, _ := v.Get("mask").Int()
		a := &liveAddr{addr: v.Get("address").Text(), bits: int(bits), origin: origin}
		if strings.HasPrefix(a.addr, "169.254.") {
			a.origin = "AutoIP"
		}
		// The row stays the same when the provider gives another address.
		key := freeKey("dynamic", func(key string) bool {
			return slices.ContainsFunc(rows, func(row model.Row) bool { return row.Key == key })
		})
		rows = append(rows, model.Row{Key: key, ReadOnly: true, Data: addrData{a}})
	}
	return rows, nil
}

func (b *addrBook) rows() []model.Row {
	var rows []model.Row
	for _, a := range b.List {
		row := model.Row{Key: a.Key, Data: addrData{}}
		if len(b.List) == 1 && a.Key == a.Addr {
			row.Place = b.iface.name + " " + b.option // the only address, by whatever value
		}
		rows = append(rows, row)
	}
	return rows
}

// netAddrAdd is the add of the three tables: a static row that is off and says nothing yet.
func netAddrAdd(option string) func(context.Context, *Reader, *model.Row, uint32, []string) (model.Row, error) {
	return func(ctx context.Context, r *Reader, parent *model.Row, number uint32, _ []string) (model.Row, error) {
		b := r.addrBook(ctx, parent, option)
		if b.iface == nil || b.iface.s == nil {
			return model.Row{}, refused("netifd made this interface itself")
		}
		switch {
		case b.iface.proto == "static", b.iface.proto == "none", b.iface.proto == "":
		case option == "ip6prefix" && b.iface.proto == "dhcpv6":
		default:
			return model.Row{}, refused("proto %s of interface %s gets its addresses elsewhere", b.iface.proto, b.iface.name)
		}
		a := &netAddr{Bits: -1, Key: freeKey("static"+strconv.Itoa(int(number)), func(key string) bool { return b.byKey(key) != nil })}
		if option == "ip6addr" {
			a.Bits = 64
		}
		b.List = append(b.List, a)
		return model.Row{Key: a.Key, Data: addrData{}}, b.save(ctx)
	}
}

func netAddrDelete(option string) func(context.Context, *Reader, *model.Row) error {
	return func(ctx context.Context, r *Reader, row *model.Row) error {
		if live := liveOf(row); live != nil && live.origin == "Child" {
			return r.dropChild(row.Parent)
		} else if live != nil {
			return refused("the address was not given here")
		}
		b := r.addrBook(ctx, row.Parent, option)
		b.List = slices.DeleteFunc(b.List, func(a *netAddr) bool { return a.Key == row.Key })
		return b.save(ctx)
	}
}

func liveOf(row *model.Row) *liveAddr {
	d, _ := row.Data.(addrData)
	return d.live
}

// netAddrField makes `call net.… FIELD` of an address table.
func netAddrField(option string) Func {
	return Func{
		Get: func(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
			if live := liveOf(row); live != nil {
				return live.field(args[0]), nil
			}
			b := r.addrBook(ctx, row.Parent, option)
			a := b.byKey(row.Key)
			if a == nil {
				return "", nil
			}
			return b.field(r.network(ctx), a, args[0]), nil
		},
		Set: func(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
			if liveOf(row) != nil {
				return readOnly("the address was not given here")
			}
			b := r.addrBook(ctx, row.Parent, option)
			a := b.byKey(row.Key)
			if a == nil {
				return &model.ParamError{Reason: model.NoSuchRow, Msg: "the address has gone"}
			}
			if err := b.set(a, args[0], value); err != nil {
				return err
			}
			return b.save(ctx)
		},
	}
}

func (a *liveAddr) field(name string) string {
	switch name {
	case "enable":
		return "1"
	case "status":
		return "Enabled"
	case "address":
		return a.addr
	case "mask":
		return netmaskText(a.bits)
	case "prefix":
		return a.addr + "/" + strconv.Itoa(a.bits)
	case "origin":
		return a.origin
	case "state":
		return cmp.Or(a.status, "Preferred")
	case "preferred":
		return a.preferred
	case "valid":
		return a.valid
	case "parent":
		return a.parent
	}
	return ""
}

// field reads a static address.
func (b *addrBook) field(n *netView, a *netAddr, name string) string {
	switch name {
	case "enable":
		return digit(a.Enabled)
	case "status":
		return b.status(a)
	case "address":
		return a.Addr
	case "mask":
		return netmaskText(a.Bits)
	case "prefix":
		if !a.complete() {
			return ""
		}
		return a.Addr + "/" + strconv.Itoa(a.Bits)
	case "origin":
		return "Static"
	case "state":
		if b.status(a) != "Enabled" {
			return "Invalid"
		}
		return n.state(b.iface.l3, a.Addr, "Preferred")
	case "preferred", "valid":
		return forever
	}
	return ""
}

// status compares with what the interface has.
func (b *addrBook) status(a *netAddr) string {
	switch {
	case !a.Enabled:
		return "Disabled"
	case !a.complete():
		return "Error_Misconfigured"
	case !b.iface.live.Get("up").Bool():
		return "Disabled"
	}
	where := map[string]string{"ipaddr": "ipv4-address", "ip6addr": "ipv6-address", "ip6prefix": "ipv6-prefix"}[b.option]
	for _, v := range b.iface.live.Get(where).All() {
		if sameAddr(v.Get("address").Text(), a.Addr) {
			return "Enabled"
		}
	}
	return "Error"
}

func sameAddr(a, b string) bool {
	x, err := netip.ParseAddr(a)
	y, err2 := netip.ParseAddr(b)
	return err == nil && err2 == nil && x == y
}

// set changes a static address.
func (b *addrBook) set(a *netAddr, name, value string) error {
	switch name {
	case "enable":
		a.Enabled = value == "1"
	case "address":
		a.Addr = value
	case "mask":
		bits, ok := netmaskBits(value)
		switch {
		case value == "":
			a.Bits = -1
		case !ok:
			return badValue("%s is no mask", value)
		default:
			a.Bits = bits
		}
	case "prefix":
		p, err := netip.ParsePrefix(value)
		switch {
		case value == "":
			a.Addr, a.Bits = "", -1
		case err != nil || !p.Addr().Is6():
			return badValue("want an IPv6 prefix")
		default:
			a.Addr, a.Bits = p.Addr().String(), p.Bits()
		}
	}
	for _, o := range b.List {
		if o != a && a.Addr != "" && sameAddr(o.Addr, a.Addr) {
			return badValue("the interface has %s already", a.Addr)
		}
	}
	return nil
}

// forever is TR-181's word for a lifetime without end.
const forever = "9999-12-31T23:59:59Z"

// lifetime turns the seconds that netifd says are left into a time. It is rounded to the minute, so that the same moment
// reads the same twice.
func lifetime(seconds int64, ok bool) string {
	if !ok || seconds >= 0xffffffff {
		return forever
	}
	return time.Now().UTC().Add(time.Duration(seconds) * time.Second).Round(time.Minute).Format("2006-01-02T15:04:05Z")
}
