// Package sandbox is a router made of a directory: the files an OpenWrt router has under /etc, /proc and /sys, a system
// bus that answers what its daemons would, and a reboot, a factoryreset and a sysupgrade that do to the directory what
// they would do to the router. `cwmpd run --root DIR` cannot tell the difference; tests and people without hardware
// use it.
//
// The directory:
//
//	etc/, usr/, proc/, sys/, tmp/   as on the router; what the agent changes is seen here
//	rom/etc/                        what a factory reset goes back to
//	ubus/OBJECT.METHOD.json         the bus's answers; edit one and the next call gets it
//	kernel/KIND.json                what the kernel says over netlink (package kernel has the kinds)
//	ubus/OBJECT.METHOD{ARG=X}.json  the same, only for calls with that argument; ARG=X,ARG=Y for two
//	var/run/ubus/ubus.sock          the bus
//	dbus/NAME.txt                   what a service has on D-Bus, played by PlayDBus
//	sbin/reboot, factoryreset, sysupgrade
//	tmp/commands.log                what was run: the commands with their arguments, and `service event {…}`
//
// The directory's path should be short: a unix socket's path holds 107 bytes.
//
// The bus does not only recite files. network.interface, network.wireless, network.device and hostapd tell what the
// UCI files say, once they are told by `service event` that a package has changed, as netifd and procd do; interfaces
// that differ then are notified. A firmware image is any file that begins with "SANDBOXFW VERSION ".
package sandbox
