package kernel

import (
	"context"
	"errors"
	"syscall"
	"time"
)

// Scan has a wireless device look for networks, also one that is an access point, and waits for the end. A recording needs
// no scan.
func (k *Kernel) Scan(ctx context.Context, dev string) error {
	if k.File != nil {
		return nil
	}
	var index uint32
	for _, l := range k.Links() {
		if l.Name == dev {
			index = l.Index
		}
	}
	if k.genl("", wifi, 5, dump, nil); k.families[wifi] == 0 || index == 0 {
		return errors.New(dev + " is no wireless device")
	}
	fd, err := socket(syscall.NETLINK_GENERIC)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	// NETLINK_ADD_MEMBERSHIP: who starts may not be the one who hears of the end.
	if err := syscall.SetsockoptInt(fd, 270, 1, int(k.group(wifi, "scan"))); err != nil {
		return err
	}
	question := addNum(addNum([]byte{33, 1, 0, 0}, 3, index), 158, 4)     // NL80211_SCAN_FLAG_AP
	question = add(question, 45|nested, add(nil, 1, nil))                 // networks of any name
	if _, _, err := once(fd, k.families[wifi], 4, question); err != nil { // NLM_F_ACK
		return err
	}
	buf := make([]byte, 1<<16)
	for ctx.Err() == nil {
		n, _, err := syscall.Recvfrom(fd, buf, 0)
		if errors.Is(err, syscall.EINTR) || errors.Is(err, syscall.EAGAIN) {
			continue
		}
		if err != nil {
			return err
		}
		messages, _, _ := parse(buf[:n])
		for _, m := range messages {
			if len(m.data) < 4 || find(m.data[4:], 3).num32() != index {
				continue
			}
			switch m.data[0] {
			case 34: // NL80211_CMD_NEW_SCAN_RESULTS
				return nil
			case 35:
				return errors.New("the scan was aborted")
			}
		}
	}
	return ctx.Err()
}

// group is the number of a multicast group of generic netlink, 0 for none.
func (k *Kernel) group(family, name string) (group uint32) {
	for _, m := range k.ask("", syscall.NETLINK_GENERIC, 0x10, 0, familyByName(family)) {
		if len(m.data) < 4 {
			continue
		}
		for _, v, rest := next(find(m.data[4:], 7)); v != nil; _, v, rest = next(rest) {
			if find(v, 1).text() == name {
				group = find(v, 2).num32()
			}
		}
	}
	return group
}

// ScanTime is how long a scan may take.
const ScanTime = 20 * time.Second
