package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/cwmpd/cwmpd/internal/sandbox"
)

var routerVerb = verb{name: "router", synopsis: "[OPTION...] DIR", about: "be the system bus of the router in DIR", run: runRouter}

const aboutRouter = `
Answers on DIR/var/run/ubus/ubus.sock as the daemons of the router would, until
interrupted. Answers come from DIR/ubus/*.json, which may be edited while it
runs, and from the configuration in DIR/etc/config.

The agent then runs beside it:   cwmpd run --root DIR
and so does the ubus command:    ubus -s DIR/var/run/ubus/ubus.sock list
What was run on the router is in DIR/tmp/commands.log.
`

func runRouter(ctx context.Context, args []string, out io.Writer) error {
	f := flagsOf(verb{name: "router", synopsis: "[OPTION...] DIR"}, out, aboutRouter+aboutKinds())
	create := f.Bool("create", false, "write the router first when there is none in DIR")
	kind := kindFlag(f)
	verbose := f.BoolP("verbose", "v", false, "log what goes wrong in detail")
	if err := parse(f, args, 1); err != nil {
		return err
	}
	r, err := sandbox.Open(f.Arg(0))
	if err != nil && *create {
		r, err = sandbox.NewKind(f.Arg(0), *kind)
	}
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if *verbose {
		level = slog.LevelDebug
	}
	r.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	if err := r.Start(); err != nil {
		return err
	}
	fmt.Fprintf(out, "the router's bus is %s\n", r.Socket())
	<-ctx.Done()
	return r.Close()
}
