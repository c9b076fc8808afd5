package kernel

import (
	"bytes"
	"net"
	"net/netip"
	"time"
)

// Wake sends a magic packet to the networks with these broadcast addresses. Where there are recordings nothing is sent.
func (k *Kernel) Wake(mac, password []byte, networks []netip.Addr) error {
	if k.File != nil {
		return nil
	}
	packet := append(bytes.Repeat([]byte{0xff}, 6), bytes.Repeat(mac, 16)...)
	packet = append(packet, password...)
	c, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	for _, network := range networks {
		if _, err := c.WriteToUDPAddrPort(packet, netip.AddrPortFrom(network, 9)); err != nil {
			return err
		}
	}
	return nil
}
