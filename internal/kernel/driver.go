package kernel

import (
	"strings"

	"golang.org/x/sys/unix"
)

// A Driver is what a device's driver says of itself; kernel/drivers.json.
type Driver struct{ Dev, Firmware string }

// Firmware is what the device of that name runs inside, "" where its driver does not tell. There is no netlink for it.
func (k *Kernel) Firmware(dev string) string {
	if k.File != nil {
		k.first("drivers", &k.drivers)
		for _, d := range k.drivers {
			if d.Dev == dev {
				return d.Firmware
			}
		}
		return ""
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	info, err := unix.IoctlGetEthtoolDrvinfo(fd, dev)
	if err != nil {
		return ""
	}
	if s := strings.TrimSpace(attr(info.Fw_version[:]).text()); s != "N/A" { // what cfg80211 says for none
		return s
	}
	return ""
}
