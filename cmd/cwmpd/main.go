// Command cwmpd is a TR-069 (CWMP) agent for OpenWrt routers and its operator's tool, in one binary.
//
// `cwmpd run` is the daemon. Every other verb asks it over ubus when it runs, and works on the router's files when it
// does not.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
)

// version is set by the linker.
var version = "unknown"

// The exit codes; `cwmpd --help` tells them to the user.
const (
	exitOK    = 0
	exitError = 1 // something went wrong
	exitUsage = 2 // the command line is wrong
	exitFault = 3 // a parameter or model file was refused
	exitDown  = 4 // the daemon does not run, and the verb needs it
)

// A verb is one thing the program does.
type verb struct {
	name, args, summary string
	help                string // paragraphs below the synopsis
	plain               bool   // takes no arguments
	flags               func(*pflag.FlagSet, *options)
	run                 func(ctx context.Context, o *options, args []string) error
}

// options is what flags set; each verb uses its own.
type options struct {
	verb    string // its name, once it is known
	root    string
	json    bool
	verbose bool

	acs, logLevel     string
	trace, vendor     string
	nextLevel, values bool
	notification      string
	stdout, stderr    io.Writer
}

// verbs returns the table of verbs in the order in which help shows them.
func verbs() []verb {
	return []verb{
		runVerb(),
		getVerb(), setVerb(), addVerb(), delVerb(), namesVerb(), attrsVerb(),
		informVerb(), statusVerb(), sessionsVerb(), reloadVerb(), dhcpOptionsVerb(),
		modelVerb(), versionVerb(), helpVerb(), completionVerb(),
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends us whatever we do
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// A usageError is the user's mistake on the command line.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// A codedError ends the program with a code of its own.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o := &options{stdout: stdout, stderr: stderr}
	err := dispatch(ctx, o, args)
	var usage *usageError
	var coded *codedError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		complain(stderr, err)
		fmt.Fprintf(stderr, "Try '%s --help'.\n", strings.TrimSpace("cwmpd "+o.verb))
		return exitUsage
	case errors.As(err, &coded):
		complain(stderr, err)
		return coded.code
	default:
		complain(stderr, err)
		return exitError
	}
}

// complain says who is speaking in each line: several parameters may have been refused.
func complain(w io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(w, "cwmpd: %s\n", strings.TrimSuffix(line, "\n"))
	}
}

// dispatch finds the verb, which may stand behind global flags, and runs it.
func dispatch(ctx context.Context, o *options, args []string) error {
	global := pflag.NewFlagSet("cwmpd", pflag.ContinueOnError)
	global.SetInterspersed(false)
	global.SetOutput(io.Discard)
	common(global, o)
	showVersion := global.Bool("version", false, "")
	err := global.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return overview(o.stdout)
	case err != nil:
		return usagef("%v", err)
	case *showVersion:
		return versionVerb().run(ctx, o, nil)
	}
	args = global.Args()
	if len(args) == 0 {
		return usagef("what shall it do?")
	}
	v := verbNamed(args[0])
	if v.name == "" {
		return unknown(args[0])
	}
	return v.execute(ctx, o, args[1:])
}

// verbNamed returns the zero verb where there is none of the name.
func verbNamed(name string) verb {
	for _, v := range verbs() {
		if v.name == name {
			return v
		}
	}
	return verb{}
}

// flagSet is what the verb takes beside its arguments; the zero verb's are those of all.
func (v verb) flagSet(o *options) *pflag.FlagSet {
	fs := pflag.NewFlagSet(v.name, pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	common(fs, o)
	fs.Lookup("root").DefValue = "/" // a --root before the verb is this one's value already
	if v.flags != nil {
		v.flags(fs, o)
	}
	return fs
}

func (v verb) execute(ctx context.Context, o *options, args []string) error {
	o.verb = v.name
	fs := v.flagSet(o)
	switch err := fs.Parse(args); {
	case errors.Is(err, pflag.ErrHelp):
		v.usage(o.stdout, fs)
		return nil
	case err != nil && v.name == "set":
		return usagef("set: %v; a value that begins with a dash is written PATH=VALUE", err)
	case err != nil:
		return usagef("%s: %v", v.name, err)
	}
	if v.plain && fs.NArg() > 0 {
		return usagef("%s takes no arguments, but there is %q", v.name, fs.Arg(0))
	}
	if fi, err := os.Stat(o.root); err != nil {
		return usagef("--root %s: no such directory", o.root)
	} else if !fi.IsDir() {
		return usagef("--root %s: not a directory", o.root)
	}
	return v.run(ctx, o, fs.Args())
}

// common adds the flags that every verb takes. Their current values are the defaults, so that they may stand on either
// side of the verb.
func common(fs *pflag.FlagSet, o *options) {
	root := o.root
	if root == "" {
		root = "/"
	}
	fs.StringVar(&o.root, "root", root, "`DIR` that the router's file system begins at; else /")
	fs.BoolVar(&o.json, "json", o.json, "print JSON, for scripts")
	fs.BoolVarP(&o.verbose, "verbose", "v", o.verbose, "say more")
}

func versionVerb() verb {
	return verb{name: "version", summary: "print the version", plain: true, help: "So does --version.",
		run: func(_ context.Context, o *options, _ []string) error {
			if o.json {
				return printJSON(o.stdout, map[string]string{"version": version})
			}
			_, err := fmt.Fprintln(o.stdout, "cwmpd", version)
			return err
		}}
}
