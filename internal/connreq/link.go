package connreq

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// link is a UDP socket as the STUN client sees it.
type link struct {
	port    int
	send    func(b []byte, to netip.AddrPort) error
	answers chan datagram // from whom we await some; what there is no room for is lost, as with any UDP
	awaited atomic.Pointer[netip.AddrPort]
	close   func()
	conn    *net.UDPConn
}

type datagram struct {
	data []byte
	from netip.AddrPort
}

func newLink(conn *net.UDPConn) *link {
	return &link{
		port: conn.LocalAddr().(*net.UDPAddr).Port, conn: conn, answers: make(chan datagram, 8),
		send: func(b []byte, to netip.AddrPort) error {
			conn.SetWriteDeadline(time.Now().Add(time.Second))
			_, err := conn.WriteToUDPAddrPort(b, to)
			return err
		},
		close: func() { conn.Close() },
	}
}

// openLink is a socket of its own, for answers that go elsewhere.
func openLink() (*link, error) {
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return nil, err
	}
	l := newLink(conn)
	go l.read(func([]byte, netip.AddrPort) {})
	return l, nil
}

// read hands datagrams out until the socket is closed: answers that are awaited to the STUN client, others to serve.
func (l *link) read(serve func([]byte, netip.AddrPort)) {
	buf := make([]byte, maxUDPRequest+1) // one byte more shows what is too long
	for {
		n, from, err := l.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // ICMP told of a packet that did not arrive, or memory is short
			time.Sleep(10 * time.Millisecond)
			continue
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if !looksLikeSTUN(buf[:n]) {
			serve(buf[:n], from)
			continue
		}
		l.take(buf[:n], from)
	}
}

func (l *link) take(b []byte, from netip.AddrPort) {
	if awaited := l.awaited.Load(); awaited == nil || *awaited != from {
		return
	}
	select {
	case l.answers <- datagram{slices.Clone(b), from}:
	default:
	}
}

// lookUp4 resolves a host name: Annex G knows IPv4 only.
func lookUp4(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
}

// routeFrom is our own address on the way to somebody, not valid where there is no way. Nothing is sent.
func routeFrom(to netip.AddrPort) netip.Addr {
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return netip.Addr{}
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
}
