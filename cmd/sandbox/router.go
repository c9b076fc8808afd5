package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/cwmpd/cwmpd/internal/sandbox"
	"github.com/cwmpd/cwmpd/internal/slog"
)

var routerVerb = verb{name: "router", synopsis: "[OPTION...] DIR", about: "be the system bus of the router in DIR", run: runRouter}

const aboutRouter = `
Answers on DIR/var/run/ubus/ubus.sock as the daemons of the router would, until
interrupted. Answers come from DIR/ubus/*.json, which may be edited while it
runs, and from the configuration in DIR/etc/config. What is in DIR/dbus is played on
a D-Bus of its own, if this machine has dbus-daemon.

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
	r.Log = slog.New(os.Stderr, level)
	if err := r.Start(); err != nil {
		return err
	}
	fmt.Fprintf(out, "the router's bus is %s\n", r.Socket())
	stop, err := playDBus(r, out)
	if err != nil {
		return errors.Join(err, r.Close())
	}
	defer stop()
	<-ctx.Done()
	return r.Close()
}

// playDBus answers for the router's services on D-Bus, where it has some and this machine has a dbus-daemon.
func playDBus(r *sandbox.Router, out io.Writer) (stop func(), err error) {
	names := strings.Join(r.DBusNames(), ", ")
	if names == "" {
		return func() {}, nil
	}
	address, stop, err := sandbox.StartDBus(r.Dir)
	if errors.Is(err, exec.ErrNotFound) {
		fmt.Fprintf(out, "no dbus-daemon on this machine: %s does not answer\n", names)
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	conn, err := r.PlayDBus(address)
	if err != nil {
		stop()
		return nil, err
	}
	fmt.Fprintf(out, "%s answers on %s\n", names, address)
	return func() { conn.Close(); stop() }, nil
}
