package source

import (
	"fmt"
	"maps"
)

// builtin returns the functions that need nothing but the router: one file call_*.go per family. A name that two of
// them claim is an error of ours, which every test of this package meets.
func builtin() map[string]Func {
	all := map[string]Func{}
	for _, family := range []map[string]Func{
		deviceFuncs(),
		timeFuncs(),
		mgmtFuncs(),
		wifiFuncs(),
		natFuncs(),
		dhcpFuncs(),
		dnsFuncs(),
		hostsFuncs(),
		netFuncs(),
	} {
		for name := range family {
			if _, taken := all[name]; taken {
				panic(fmt.Sprintf("source: two functions are called %q", name))
			}
		}
		maps.Copy(all, family)
	}
	return all
}
