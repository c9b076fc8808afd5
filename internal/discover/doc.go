// Package discover reads what DHCP says of the ACS and of the gateway (TR-069 3.1 and Annex F), and writes what we say of
// ourselves.
//
// The hooks of udhcpc, odhcp6c and dnsmasq (openwrt/files/etc/udhcpc.user.d, etc/odhcp6c.user.d, etc/hotplug.d/dhcp) put the
// raw words of a lease into files below /var/run/cwmpd, one line "name value" each, options in hexadecimal:
//
//	dhcp4.INTERFACE  opt43 HEX, opt125 HEX    what a DHCPv4 server told us
//	dhcp6.INTERFACE  opt17 HEX                what a DHCPv6 server told us
//	device.MAC       oui, serial, class TEXT  what a device on our LAN told dnsmasq
//
// All of it is a stranger's: any DHCP server in reach of the WAN, any device on the LAN. Limits: a file 8 KiB, an option
// 2 KiB, a URL 2048 bytes, other texts 64 characters. An option whose lengths do not add up is not read at all. Whether a
// URL may be used is for the caller to say.
package discover
