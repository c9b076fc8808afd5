package main

import (
	"context"
	"fmt"
)

func dhcpOptionsVerb() verb {
	return verb{
		name: "dhcp-options", args: "[identity]", summary: "print what /etc/config/network lacks to find the ACS by DHCP",
		help: `The lines are for "uci batch". They make the DHCP clients of the WAN ask for options
43 and 125, or 17 of DHCPv6, and send the class dslforum.org; what is set already
stays. With the word identity they also send who this router is, for a gateway
that it is behind (TR-069 Annex F).`,
		run: func(ctx context.Context, o *options, args []string) error {
			if len(args) > 1 || len(args) == 1 && args[0] != "identity" {
				return usagef("dhcp-options: only the word identity may follow")
			}
			p, err := local(ctx, o)
			if p == nil {
				return err
			}
			defer p.Close()
			lines, err := p.DHCPOptions(len(args) == 1)
			for _, line := range lines {
				fmt.Fprintln(o.stdout, line)
			}
			return err
		},
	}
}
