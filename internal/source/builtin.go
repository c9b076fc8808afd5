package source

import "fmt"

// A named function is an entry of a family's table. Such a table lies in the program as it is, without code that fills it:
// an entry is a literal of plain functions. What has to be made first (a closure, a method of something) is in a map that the
// family makes.
type named struct {
	name string
	*Func
}

// builtin returns the functions that need nothing but the router: one file call_*.go per family. A name that two of
// them claim is an error of ours, which every test of this package meets.
func builtin() map[string]Func {
	all := map[string]Func{}
	put := func(name string, f Func) {
		if _, taken := all[name]; taken {
			panic(fmt.Sprintf("source: two functions are called %q", name))
		}
		all[name] = f
	}
	for _, family := range [...][]named{
		usersTable, qosTable, serviceTable, sshTable, syslogTable,
		deviceTable, timeTable, mgmtTable, wifiTable, radioTable, securityTable, stationTable, natTable, dhcpTable, dnsTable, hostsTable,
		netTable, usbTable, ledTable, uciTable, wireguardTable, dslTable, cellularTable, fwTable, sdTable, lldpTable, twampTable, ssdpTable,
	} {
		for _, f := range family {
			put(f.name, *f.Func)
		}
	}
	for _, family := range [...]map[string]Func{deviceMade(), wifiMade(), dhcpMade(), dnsMade(), hostsMade(), netMade(), uiMade()} {
		for name, f := range family {
			put(name, f)
		}
	}
	return all
}
