package main

import (
	"context"
	"fmt"
	"io"

	"github.com/cwmpd/cwmpd/internal/sandbox"
)

var newVerb = verb{name: "new", synopsis: "DIR", about: "write a router into DIR", run: runNew}

const aboutNew = `
Writes the files of an OpenWrt 24.10 router into DIR, which must not hold one:
a GL.iNet GL-MT3000 with four LAN ports, a guest network, two uplinks and two
radios. Look around in etc/config; change what you like.

DIR should be short: the socket DIR/var/run/ubus/ubus.sock may have 107 bytes.
`

func runNew(_ context.Context, args []string, out io.Writer) error {
	f := flagsOf(verb{name: "new", synopsis: "DIR"}, out, aboutNew)
	if err := parse(f, args, 1); err != nil {
		return err
	}
	r, err := sandbox.New(f.Arg(0))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "a router is in %s; now: sandbox router %s\n", r.Dir, f.Arg(0))
	return nil
}
