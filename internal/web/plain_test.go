package web

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

// Z-34: what an ACS names as a server of another protocol does not lead to the router's own services either.
func TestDialIsGuarded(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	here := netip.MustParseAddrPort(ln.Addr().String())
	for _, at := range []netip.AddrPort{
		here, netip.MustParseAddrPort("[::ffff:127.0.0.1]:22"), netip.MustParseAddrPort("[fe80::1]:22"), netip.MustParseAddrPort("0.0.0.0:22"),
		netip.MustParseAddrPort("224.0.0.1:22"), netip.MustParseAddrPort("[64:ff9b::7f00:1]:22"),
	} {
		if _, err := Dial(t.Context(), Config{}, at); !errors.Is(err, ErrForbiddenAddress) {
			t.Errorf("dial %v: %v, want it forbidden", at, err)
		}
	}
	c, err := Dial(t.Context(), Config{AllowLocal: true}, here)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if _, err := Dial(t.Context(), Config{AllowLocal: true}, netip.MustParseAddrPort("0.0.0.0:22")); !errors.Is(err, ErrForbiddenAddress) {
		t.Errorf("dial nobody: %v", err)
	}
	addrs, err := Lookup(t.Context(), Config{}, "192.0.2.7")
	if err != nil || len(addrs) != 1 || addrs[0].String() != "192.0.2.7" {
		t.Errorf("a literal address: %v, %v", addrs, err)
	}
}
