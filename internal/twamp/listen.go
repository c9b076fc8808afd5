package twamp

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Config says where a Reflector listens and whom it answers.
type Config struct {
	At        netip.AddrPort
	MaxTTL    int            // of packets that are answered
	Addresses []netip.Prefix // of those who are answered; none: all
	Ports     [][2]uint64    // theirs, first and last; none: all
}

// most is how many packets a Reflector answers in a second.
const most = 500

// Parse reads the texts of Addresses and Ports: an address or prefix each, a port or two with a hyphen between.
func (c *Config) Parse(addresses, ports []string) error {
	for _, text := range addresses {
		if a, err := netip.ParseAddr(text); err == nil {
			text += "/" + strconv.Itoa(a.BitLen())
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return errors.New(text + " is no address and no prefix")
		}
		c.Addresses = append(c.Addresses, p)
	}
	for _, text := range ports {
		first, last, ranged := strings.Cut(text, "-")
		if !ranged {
			last = first
		}
		a, err := strconv.ParseUint(first, 10, 16)
		b, err2 := strconv.ParseUint(last, 10, 16)
		if err != nil || err2 != nil || a > b {
			return errors.New(text + " is no port and no range of ports")
		}
		c.Ports = append(c.Ports, [2]uint64{a, b})
	}
	return nil
}

// allows reports whether somebody is answered. Who sends from the port that we listen on may be a reflector himself: two of
// them would answer each other for ever.
func (c *Config) allows(from netip.AddrPort, ttl int) bool {
	port := uint64(from.Port())
	if ttl < 0 || ttl > c.MaxTTL || port == 0 || from.Port() == c.At.Port() {
		return false
	}
	in, at := len(c.Addresses) == 0, len(c.Ports) == 0
	for _, p := range c.Addresses {
		in = in || p.Contains(from.Addr())
	}
	for _, p := range c.Ports {
		at = at || p[0] <= port && port <= p[1]
	}
	return in && at
}

// A Reflector is a socket that answers test packets until it is closed.
type Reflector struct {
	Config
	conn *net.UDPConn
	raw  syscall.RawConn
	done chan struct{}
}

// Listen opens a Reflector.
func Listen(c Config) (*Reflector, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(c.At))
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			level, tell, ttl := unix.IPPROTO_IP, unix.IP_RECVTTL, unix.IP_TTL
			if c.At.Addr().Is6() {
				level, tell, ttl = unix.IPPROTO_IPV6, unix.IPV6_RECVHOPLIMIT, unix.IPV6_UNICAST_HOPS
			}
			unix.SetsockoptInt(int(fd), level, tell, 1) // of a packet without a TTL nothing is answered
			unix.SetsockoptInt(int(fd), level, ttl, 255)
		})
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	c.At = conn.LocalAddr().(*net.UDPAddr).AddrPort()
	r := &Reflector{c, conn, raw, make(chan struct{})}
	go r.serve()
	return r, nil
}

// Close ends it.
func (r *Reflector) Close() {
	r.conn.Close()
	<-r.done
}

func (r *Reflector) serve() {
	defer close(r.done)
	buf, oob := make([]byte, 9000), make([]byte, 64)
	second, count := int64(0), 0
	for {
		n, from, ttl, err := r.read(buf, oob)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // ICMP told of an answer that did not arrive, or memory is short
			time.Sleep(10 * time.Millisecond)
			continue
		}
		now := time.Now()
		if now.Unix() != second {
			second, count = now.Unix(), 0
		}
		if count < most && r.allows(from, ttl) && answer(buf[:n], byte(ttl), now, clockError()) {
			count++
			r.conn.WriteToUDPAddrPort(buf[:n], from) // what does not go out is lost, as a packet may be
		}
	}
}

// read waits for a packet. It is empty if it was longer than buf; ttl is -1 where the kernel did not tell.
func (r *Reflector) read(buf, oob []byte) (n int, from netip.AddrPort, ttl int, err error) {
	var m, flags int
	var sender syscall.Sockaddr
	failed := r.raw.Read(func(fd uintptr) bool {
		n, m, flags, sender, err = syscall.Recvmsg(int(fd), buf, oob, 0)
		return err != syscall.EAGAIN
	})
	if failed != nil {
		err = failed
	}
	if err != nil || flags&unix.MSG_TRUNC != 0 {
		n = 0
	}
	switch s := sender.(type) {
	case *syscall.SockaddrInet4:
		from = netip.AddrPortFrom(netip.AddrFrom4(s.Addr), uint16(s.Port))
	case *syscall.SockaddrInet6:
		from = netip.AddrPortFrom(netip.AddrFrom16(s.Addr), uint16(s.Port))
	}
	return n, from, ttlOf(oob[:m]), err
}

// ttlOf is what the only kind of message says that we have asked for.
func ttlOf(oob []byte) int {
	head := unix.CmsgLen(0)
	if len(oob) < head+4 {
		return -1
	}
	return int(binary.NativeEndian.Uint32(oob[head:]) & 255)
}
