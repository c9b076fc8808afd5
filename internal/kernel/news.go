package kernel

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// News is what nl80211 tells unasked about the channel of a wireless device.
type News struct {
	Freq  uint32 // MHz, 0 where none is told
	Radar bool   // one was heard there
	Moved bool   // the device went there without a restart
}

// newsCommands are NL80211_CMD_… START_AP (6.2 and later), CONNECT, ROAM, CH_SWITCH_NOTIFY and RADAR_DETECT. Others do not
// wake us, such as those about stations.
var newsCommands = []byte{15, 46, 47, 88, 94}

// Watch tells news as they come, and after the first of several that things have settled, until ctx ends; settled is told at
// the beginning, too. Where there is no Wi-Fi, and where there are recordings, it returns at once.
func (k *Kernel) Watch(ctx context.Context, settling time.Duration, tell func(News), settled func()) error {
	if k.File != nil {
		return nil
	}
	group := k.group(wifi, "mlme")
	if group == 0 {
		return nil
	}
	f, err := listen(group, newsCommands)
	if err != nil {
		return err
	}
	defer f.Close()
	defer context.AfterFunc(ctx, func() { f.Close() })()
	buf := make([]byte, 1<<12)
	err = f.SetReadDeadline(time.Now().Add(settling))
	for waiting := true; err == nil; {
		n, failed := f.Read(buf)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(failed, os.ErrDeadlineExceeded):
			waiting = false
			err = f.SetReadDeadline(time.Time{})
			settled()
			continue
		case failed != nil && !errors.Is(failed, syscall.ENOBUFS): // that some were lost is news, too
			return failed
		}
		messages, _, _ := parse(buf[:max(n, 0)])
		for _, m := range messages {
			tell(newsOf(m.data))
		}
		if !waiting {
			waiting = true
			err = f.SetReadDeadline(time.Now().Add(settling))
		}
	}
	return err
}

// newsOf reads one message.
func newsOf(data []byte) News {
	if len(data) < 4 {
		return News{}
	}
	event := find(data[4:], 168) // 0 is NL80211_RADAR_DETECTED
	return News{find(data[4:], 38).num32(), data[0] == 94 && event != nil && event.num32() == 0, data[0] == 88}
}

// listen opens a socket that hears the members of a multicast group of generic netlink, these commands only.
func listen(group uint32, commands []byte) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_GENERIC)
	if err != nil {
		return nil, err
	}
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 16}} // the command
	for i, c := range commands {
		filter = append(filter, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(len(commands) - i), K: uint32(c)})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET}, unix.SockFilter{Code: unix.BPF_RET, K: 1<<32 - 1})
	err = unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) // nobody sends to who has no port
	}
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_ADD_MEMBERSHIP, int(group))
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "netlink"), nil
}
