package source

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"strconv"

	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/model"
)

// What only the drivers say of Device.Ethernet., and Wake-on-LAN.

// netEEE is `call net.eee supported|status|eee`: the last as configured, else as the driver has it.
func netEEE(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	n := r.network(ctx)
	dev := netdevOf(n, row)
	var e kernel.EEE
	for _, o := range r.Kernel().EEE() {
		if o.Dev == dev {
			e = o
		}
	}
	switch {
	case args[0] == "supported":
		return digit(e.Supported), nil
	case args[0] == "eee":
		return cmp.Or(n.deviceOption(dev, "eee"), digit(e.Enabled)), nil
	case !e.Supported:
		return "Unsupported", nil
	case !e.Enabled:
		return "Disabled", nil
	case e.Active:
		return "Active", nil
	}
	return "Inactive", nil
}

// netRMONRows is `rows call net.rmon`: the ports whose hardware counts frames by their sizes.
func netRMONRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	n := r.network(ctx)
	var rows []model.Row
	for _, c := range r.Kernel().Counters() {
		if n.live.isEth[c.Dev] && len(c.RMON)+len(c.Sizes) > 0 {
			rows = append(rows, model.Row{Key: c.Dev, Data: netdev(c.Dev)})
		}
	}
	return rows, nil
}

// netRMON is `call net.rmon GROUP NUMBER [FIELD]`: a counter of the hardware's, of the group mac, rmon or size; where it is not
// counted there, a field of the port's own statistics.
func netRMON(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	if args[0] == "interface" {
		return ref(tableEthernet, row.Key), nil
	}
	number, err := strconv.ParseUint(args[1], 10, 16)
	if err != nil {
		return "", err
	}
	for _, c := range r.Kernel().Counters() {
		if c.Dev != row.Key {
			continue
		}
		v, ok := c.Sizes[uint32(number)]
		switch args[0] {
		case "mac":
			v, ok = c.MAC[uint16(number)]
		case "rmon":
			v, ok = c.RMON[uint16(number)]
		}
		if ok {
			return strconv.FormatUint(v, 10), nil
		}
	}
	if len(args) > 2 {
		if v, ok := r.networkCache(ctx).live.counter(r, row.Key, args[2]); ok {
			return strconv.FormatUint(v, 10), nil
		}
	}
	return "", nil
}

// sendMagicPacket is `call net.wol`: with the commit a packet goes to every network of the LAN.
func sendMagicPacket(ctx context.Context, r *Reader, _ *model.Row, _ []string, value string) error {
	if value != "1" {
		return nil
	}
	outside := uplinks(ctx, r)
	var networks []netip.Addr
	for _, a := range r.Kernel().Addresses() {
		if ip := a.Prefix.Addr(); ip.Is4() && !ip.IsLoopback() && a.Prefix.Bits() < 31 && !outside[a.Dev] {
			networks = append(networks, broadcast(a.Prefix))
		}
	}
	r.Act(func(context.Context) error {
		mac, err := net.ParseMAC(r.State("wol.mac"))
		if err != nil || len(mac) != 6 {
			return refused("MACAddress says nobody to wake")
		}
		password, err := secureOn(r.State("wol.password"))
		if err != nil {
			return err
		}
		if len(networks) == 0 {
			return refused("there is no LAN to send to")
		}
		return r.Kernel().Wake(mac, password, networks)
	})
	return nil
}

// secureOn reads the password that some cards want after the magic packet: six octets as a MAC address, or four as an IPv4
// address.
func secureOn(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	if b, err := net.ParseMAC(text); err == nil && len(b) == 6 {
		return b, nil
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Is4() {
		return a.AsSlice(), nil
	}
	return nil, badValue("Password is six octets such as 00:11:22:33:44:55, or four such as 192.0.2.1")
}

func broadcast(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}
