package web

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	maxURL       = 2048 // H-27
	maxAddresses = 8    // tried for one name (Z-47)
)

// parseURL checks what may be asked for: absolute, http or https, no user information (H-27).
func parseURL(raw string) (*url.URL, error) {
	if len(raw) > maxURL {
		return nil, failf(ErrScheme, nil, "URL of %d bytes", len(raw))
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, failf(ErrScheme, err, "parse URL")
	}
	return u, checkURL(u)
}

func checkURL(u *url.URL) error {
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	switch port, err := strconv.Atoi(portOf(u)); {
	case u.Scheme != "http" && u.Scheme != "https":
		return failf(ErrScheme, nil, "URL scheme %q is neither http nor https", u.Scheme)
	case u.User != nil:
		return failf(ErrScheme, nil, "URL with user information")
	case u.Opaque != "" || u.Hostname() == "":
		return failf(ErrScheme, nil, "URL without a host")
	case err != nil || port < 1 || port > 65535:
		return failf(ErrScheme, nil, "URL with port %q", u.Port())
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return failf(ErrScheme, nil, "host %q is not ASCII", u.Host)
	case len(u.String()) > maxURL:
		return failf(ErrScheme, nil, "URL too long")
	}
	return nil
}

// portOf returns the port of a URL, also where it is the default one.
func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// origin names whom we talk to: scheme, host and port.
func origin(u *url.URL) string {
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), portOf(u))
}

// hostHeader returns the Host header: the port only where it is not the default one (H-14).
func hostHeader(u *url.URL) string {
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host, _, _ = strings.Cut(host, "%") // a zone means nothing to the other side
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && !(u.Scheme == "http" && port == "80") && !(u.Scheme == "https" && port == "443") {
		host += ":" + port
	}
	return host
}

// IsLocal reports whether a URL names the router itself or a link-local neighbour, by the looks of it: "localhost" or a
// literal address. Names are not resolved, for the DNS is no friend. An agent whose ACS is local may set Config.AllowLocal.
func IsLocal(rawURL string) bool {
	u, err := url.Parse(rawURL)
	return err == nil && localHost(u.Hostname(), ownAddresses())
}

func localHost(host string, own []netip.Addr) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && local(addr, own)
}

// nat64 is the well-known prefix (RFC 6052), behind which an IPv4 address hides.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// embedded returns the IPv4 address that an IPv6 address stands for, if it does.
func embedded(addr netip.Addr) netip.Addr {
	addr = addr.WithZone("").Unmap()
	if nat64.Contains(addr) {
		b := addr.As16()
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return addr
}

// local reports whether an address is the router itself or only valid on a link.
func local(addr netip.Addr, own []netip.Addr) bool {
	addr = embedded(addr)
	return addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsUnspecified() || addr.Is4() && addr.As4()[0] == 0 || slices.Contains(own, addr)
}

// nobody reports whether an address is no host's (Z-47).
func nobody(addr netip.Addr) bool {
	addr = embedded(addr)
	return addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// ownAddresses lists the addresses of this machine.
func ownAddresses() []netip.Addr {
	addrs, _ := net.InterfaceAddrs()
	var own []netip.Addr
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(n.IP); ok {
				own = append(own, addr.Unmap())
			}
		}
	}
	return own
}

// lookup resolves names with the host's resolver.
func lookup(ctx context.Context, network, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, network, host)
}

// inOrder says in which order the addresses of a name are tried: the preferred one first, then the two families by turns, beginning
// with the one that the resolver has sorted to the front (RFC 6724, RFC 8305 4), each in a random order (S-50).
func inOrder(addrs []netip.Addr, prefer netip.Addr, only4 bool) ([]netip.Addr, error) {
	var list []netip.Addr
	for _, a := range addrs {
		if a = a.Unmap(); !slices.Contains(list, a) && !(only4 && !a.Is4()) {
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		if only4 && len(addrs) > 0 {
			return nil, errors.New("no IPv4 address")
		}
		return nil, errors.New("no address")
	}
	four := list[0].Is4()
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for i := range list {
		next := slices.IndexFunc(list[i:], func(a netip.Addr) bool { return a.Is4() == four })
		if next > 0 {
			list[i], list[i+next] = list[i+next], list[i]
		}
		four = !four
	}
	if i := slices.Index(list, prefer); i > 0 {
		copy(list[1:], list[:i])
		list[0] = prefer
	}
	return list[:min(len(list), maxAddresses)], nil
}

// Affinity remembers which address of a name answered last, from session to session (S-50). The zero value is ready.
type Affinity struct {
	mu    sync.Mutex
	addrs map[string]netip.Addr // guarded by mu
}

func (a *Affinity) get(host string) netip.Addr {
	if a == nil {
		return netip.Addr{}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.addrs[host]
}

// set remembers an address; the zero Addr forgets. A few hosts are all that a router talks to.
func (a *Affinity) set(host string, addr netip.Addr) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !addr.IsValid() {
		delete(a.addrs, host)
		return
	}
	if a.addrs == nil || len(a.addrs) >= 16 {
		a.addrs = map[string]netip.Addr{}
	}
	a.addrs[host] = addr
}

// forbidden explains a refusal.
func forbidden(host string, addr netip.Addr) error {
	return failf(ErrForbiddenAddress, nil, "%s", fmt.Sprintf("connect to %s: %s is not to be reached from outside requests", host, addr))
}
