package source

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/twamp"
)

// reflectors are those of Device.IP.Interface.{i}.TWAMPReflector.: rows and settings are values of the agent's own, on flash;
// sockets are open while RunListeners runs.
type reflectors struct {
	changed chan struct{} // one slot: values of the agent's own were saved, or addresses may have moved

	mu     sync.Mutex // guards what follows
	runs   bool
	said   string // what was opened; "" is something that could not be
	open   []*twamp.Reflector
	active map[string]bool // by rowName: whether it listens on all addresses of its interface
}

const reflectorTable = "Device.IP.Interface.{i}.TWAMPReflector."

// twampTable is the table, and its status, which is also the check of what is set.
var twampTable = []named{
	{"twamp.rows", &Func{Rows: reflectorRows, Add: addReflector, Delete: func(context.Context, *Reader, *model.Row) error { return nil }}},
	{"twamp.status", &Func{Get: getReflectorStatus, Hook: checkReflector}},
}

// reflectorRows are those of an interface; each has values of its own.
func reflectorRows(_ context.Context, r *Reader, parent *model.Row, _ []string) (rows []model.Row, _ error) {
	for name := range r.stateValues() {
		if key, ok := strings.CutPrefix(name, rowName(parent)+rowSep+reflectorTable+" "); ok {
			rows = append(rows, model.Row{Key: key})
		}
	}
	return rows, nil
}

func addReflector(_ context.Context, r *Reader, parent *model.Row, n uint32, _ []string) (model.Row, error) {
	row := model.Row{Key: strconv.FormatUint(uint64(n), 10)}
	r.stateSet(rowName(parent)+rowSep+reflectorTable+" "+row.Key, "port", "862")
	return row, nil
}

// reflector is what the values of a row say.
func reflector(set map[string]string) (c twamp.Config, err error) {
	addresses, _ := splitList(set["addresses"])
	ports, _ := splitList(set["ports"])
	err = c.Parse(addresses, ports)
	c.MaxTTL = max(atoi(set["ttl"]), 1)
	return c, err
}

func checkReflector(_ context.Context, r *Reader, row *model.Row, _ map[string]string) error {
	if _, err := reflector(r.stateValues()[rowName(row)]); err != nil {
		return badValue("%v", err)
	}
	return nil
}

func getReflectorStatus(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	name := rowName(row)
	if !yes(r.stateGet(name, "enable"), false) {
		return "Disabled", nil
	}
	s := &r.rt.reflectors
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.look(ctx, r.rt); s.active[name] {
		return "Active", nil
	}
	return "Error", nil
}

// RunListeners has reflectors answer and UPnP heard until ctx ends. It waits for news, and has no timer but for what could not be opened: a
// new address of IPv6 is on trial for a moment.
func (rt *Router) RunListeners(ctx context.Context) error {
	s := &rt.reflectors
	s.mu.Lock()
	s.runs = true
	for {
		s.look(ctx, rt)
		rt.ssdp.look(ctx, rt)
		var again <-chan time.Time
		if s.said == "" && len(s.active) > 0 {
			again = time.After(10 * time.Second)
		}
		s.mu.Unlock()
		select {
		case <-s.changed:
		case <-again:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if ctx.Err() != nil {
			break
		}
	}
	s.runs = false
	s.close()
	rt.ssdp.close()
	s.mu.Unlock()
	return nil
}

// NetworkChanged has those who listen look again at the settings and for the addresses of their interfaces.
func (rt *Router) NetworkChanged() {
	select {
	case rt.reflectors.changed <- struct{}{}:
	default:
	}
}

func (s *reflectors) close() {
	for _, o := range s.open {
		o.Close()
	}
	s.open, s.active = nil, map[string]bool{}
}

// look opens what is enabled by now, if that differs from what is open. mu is held.
func (s *reflectors) look(ctx context.Context, rt *Router) {
	if !s.runs {
		return
	}
	r := newReader(rt, nil)
	sets, addresses := map[string]map[string]string{}, map[string][]netip.Addr{}
	for name, set := range r.stateValues() {
		head, _, ours := strings.Cut(name, rowSep+reflectorTable)
		if _, network, _ := strings.Cut(head, " "); ours && yes(set["enable"], false) {
			sets[name], addresses[name] = set, r.networkAddresses(ctx, network)
		}
	}
	said := fmt.Sprint(sets, addresses) // by name
	if said == s.said {
		return
	}
	s.close()
	s.said = said
	for name, list := range addresses {
		c, failed := reflector(sets[name])
		for _, a := range list {
			c.At = netip.AddrPortFrom(a, uint16(atoi(sets[name]["port"])))
			if o, err := twamp.Listen(c); err != nil {
				failed = err
			} else {
				s.open = append(s.open, o)
			}
		}
		if s.active[name] = failed == nil && len(list) > 0; failed != nil {
			rt.log.Warn("TWAMP reflector", "row", name, "error", failed)
			s.said = ""
		}
	}
}

// networkAddresses are those that netifd has given to a network.
func (r *Reader) networkAddresses(ctx context.Context, network string) (out []netip.Addr) {
	st := ifaceStatus(ctx, r, network)
	for i, name := range [...]string{"ipv4-address", "ipv6-address", "ipv6-prefix-assignment"} {
		list := st.Get(name)
		for j := range list.Len() {
			v := list.Index(j)
			if i == 2 {
				v = v.Get("local-address")
			}
			if a, err := netip.ParseAddr(v.Get("address").Text()); err == nil {
				out = append(out, a)
			}
		}
	}
	return out
}
