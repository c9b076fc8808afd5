package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/pflag"

	"github.com/cwmpd/cwmpd/internal/sandbox"
)

var newVerb = verb{name: "new", synopsis: "[--router KIND] DIR", about: "write a router into DIR", run: runNew}

const aboutNew = `
Writes the files of an OpenWrt router into DIR, which must not hold one. Look
around in etc/config; change what you like.

DIR should be short: the socket DIR/var/run/ubus/ubus.sock may have 107 bytes.
`

func runNew(_ context.Context, args []string, out io.Writer) error {
	f := flagsOf(verb{name: "new", synopsis: "[--router KIND] DIR"}, out, aboutNew+aboutKinds())
	kind := kindFlag(f)
	if err := parse(f, args, 1); err != nil {
		return err
	}
	r, err := sandbox.NewKind(f.Arg(0), *kind)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "a router is in %s; now: sandbox router %s\n", r.Dir, f.Arg(0))
	return nil
}

// kindFlag is --router.
func kindFlag(f *pflag.FlagSet) *string {
	return f.String("router", sandbox.Home, "a router of this KIND")
}

// aboutKinds tells what routers there are, as part of a help text.
func aboutKinds() string {
	kinds := sandbox.Kinds()
	text := "\nThe kinds of router:\n"
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		text += fmt.Sprintf("  %-10s %s\n", name, kinds[name])
	}
	return text
}
