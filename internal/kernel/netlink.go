package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// A message is one of an answer, without its header.
type message struct {
	typ   uint16
	flags uint16
	data  []byte
}

const (
	dump        = syscall.NLM_F_DUMP
	interrupted = 0x10 // NLM_F_DUMP_INTR: the table changed meanwhile

	maxAnswer = 8 << 20 // bytes of one answer
	patience  = 3       // seconds that the kernel has for a message
)

// exchange sends one request over a socket of its own and returns the answer. A dump that the kernel calls inconsistent is
// asked for again, twice.
func exchange(proto int, typ, flags uint16, body []byte) (answer []message, err error) {
	fd, err := socket(proto)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd)
	for range 3 {
		var whole bool
		if answer, whole, err = once(fd, typ, flags, body); err != nil || whole {
			return answer, err
		}
	}
	return answer, nil
}

func socket(proto int) (int, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, proto)
	if err != nil {
		return -1, err
	}
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: patience}); err != nil {
		syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

func once(fd int, typ, flags uint16, body []byte) (answer []message, whole bool, err error) {
	b := binary.NativeEndian.AppendUint32(nil, uint32(16+len(body)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = binary.NativeEndian.AppendUint16(b, syscall.NLM_F_REQUEST|flags)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0) // sequence number and port: the socket has one question only
	b = append(b, body...)
	if err := syscall.Sendto(fd, b, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return nil, false, err
	}
	whole = true
	buf := make([]byte, 1<<16)
	for size := 0; size < maxAnswer; {
		n, _, err := syscall.Recvfrom(fd, buf, syscall.MSG_TRUNC)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if n > len(buf) {
			return nil, false, fmt.Errorf("a message of %d bytes", n)
		}
		size += n
		messages, done, err := parse(slices.Clone(buf[:n]))
		if err != nil {
			return nil, false, err
		}
		for _, m := range messages {
			whole = whole && m.flags&interrupted == 0
		}
		answer = append(answer, messages...)
		if done || flags&dump == 0 {
			return answer, whole, nil
		}
	}
	return nil, false, fmt.Errorf("an answer of more than %d bytes", maxAnswer)
}

// parse takes a datagram apart. done says that the answer ends in it, err that the kernel refused or that it is broken.
func parse(b []byte) (messages []message, done bool, err error) {
	for len(b) >= 16 {
		n := int(binary.NativeEndian.Uint32(b))
		if n < 16 || n > len(b) {
			return nil, false, errors.New("a truncated message")
		}
		m := message{binary.NativeEndian.Uint16(b[4:]), binary.NativeEndian.Uint16(b[6:]), b[16:n:n]}
		b = b[min((n+3)&^3, len(b)):]
		switch m.typ {
		case syscall.NLMSG_ERROR, syscall.NLMSG_DONE: // both may bear an error number
			if number := int32(attr(m.data).num32()); number != 0 {
				return nil, true, syscall.Errno(-number)
			}
			return messages, true, nil
		case syscall.NLMSG_NOOP:
		default:
			messages = append(messages, m)
		}
	}
	return messages, false, nil
}

// num32 is num of the first four bytes.
func (v attr) num32() uint32 {
	if len(v) < 4 {
		return 0
	}
	return binary.NativeEndian.Uint32(v)
}
