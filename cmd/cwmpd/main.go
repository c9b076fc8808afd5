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
	flags               func(*pflag.FlagSet, *options)
	run                 func(ctx context.Context, o *options, args []string) error
}

// options is what flags set; each verb uses its own.
type options struct {
	root    string
	json    bool
	verbose bool

	acs, trace, logLevel string
	nextLevel, values    bool
	notification         int
	stdout, stderr       io.Writer
}

// verbs returns the table of verbs in the order in which help shows them.
func verbs() []verb {
	return []verb{
		runVerb(),
		getVerb(), setVerb(), addVerb(), delVerb(), namesVerb(), attrsVerb(),
		informVerb(), statusVerb(), sessionsVerb(), reloadVerb(),
		modelVerb(), versionVerb(),
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
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
		fmt.Fprintf(stderr, "cwmpd: %s\nTry 'cwmpd --help'.\n", err)
		return exitUsage
	case errors.As(err, &coded):
		if msg := err.Error(); msg != "" {
			fmt.Fprintf(stderr, "cwmpd: %s\n", msg)
		}
		return coded.code
	default:
		fmt.Fprintf(stderr, "cwmpd: %s\n", err)
		return exitError
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
		overview(o.stderr)
		return &codedError{exitUsage, errors.New("which verb?")}
	}
	name := args[0]
	if name == "help" {
		if len(args) == 1 {
			return overview(o.stdout)
		}
		name, args = args[1], []string{args[1], "--help"}
	}
	for _, v := range verbs() {
		if v.name == name {
			return v.execute(ctx, o, args[1:])
		}
	}
	return usagef("unknown verb %q%s", name, nearest(name))
}

func (v verb) execute(ctx context.Context, o *options, args []string) error {
	fs := pflag.NewFlagSet(v.name, pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	common(fs, o)
	fs.Lookup("root").DefValue = "/" // a --root before the verb is this one's value already
	if v.flags != nil {
		v.flags(fs, o)
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, pflag.ErrHelp):
		v.usage(o.stdout, fs)
		return nil
	case err != nil:
		return usagef("%s: %v", v.name, err)
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
	fs.StringVar(&o.root, "root", root, "directory that the router's file system begins at")
	fs.BoolVar(&o.json, "json", o.json, "print JSON, for scripts")
	fs.BoolVarP(&o.verbose, "verbose", "v", o.verbose, "say more")
}

func overview(w io.Writer) error {
	fmt.Fprint(w, `NAME
    cwmpd - TR-069 (CWMP) agent for OpenWrt, and its operator's tool

SYNOPSIS
    cwmpd [--root DIR] [--json] [-v] VERB [ARGUMENT...]

VERBS
`)
	for _, v := range verbs() {
		fmt.Fprintf(w, "    %-34s %s\n", strings.TrimSpace(v.name+" "+v.args), v.summary)
	}
	_, err := fmt.Fprint(w, `
    'cwmpd help VERB' tells more of one.

    A PATH is a parameter (Device.Time.Enable), an object (Device.WiFi.SSID.1.) or a
    partial path, which ends with a dot and stands for all below it.

FILES
    /etc/config/cwmp              the ACS and this device's identity
    /etc/cwmpd/                   what must survive a reboot
    /etc/cwmpd/datamodel/*.dm     your own objects and parameters
    /usr/share/cwmpd/datamodel/   those of packages

EXIT STATUS
    0  done
    1  something went wrong; the message says what
    2  the command line is wrong
    3  a parameter, value or model file was refused
    4  the daemon does not run, and the verb needs it
`)
	return err
}

func (v verb) usage(w io.Writer, fs *pflag.FlagSet) {
	fmt.Fprintf(w, "NAME\n    cwmpd %s - %s\n\nSYNOPSIS\n    cwmpd %s\n\n", v.name, v.summary, strings.TrimSpace(v.name+" [OPTION...] "+v.args))
	if v.help != "" {
		fmt.Fprintf(w, "DESCRIPTION\n    %s\n\n", strings.ReplaceAll(strings.TrimSpace(v.help), "\n", "\n    "))
	}
	fmt.Fprintf(w, "OPTIONS\n%s", fs.FlagUsagesWrapped(78))
}

// nearest proposes the verb that a misspelt one probably meant.
func nearest(name string) string {
	also := map[string]string{"list": "names", "show": "get", "delete": "del", "rm": "del", "daemon": "run", "start": "run", "get_names": "names", "get_notif": "attrs"}
	if v, ok := also[name]; ok {
		return fmt.Sprintf("; did you mean %q?", v)
	}
	for _, v := range verbs() {
		if len(name) > 1 && (strings.HasPrefix(v.name, name) || strings.HasPrefix(name, v.name)) {
			return fmt.Sprintf("; did you mean %q?", v.name)
		}
	}
	return ""
}

func versionVerb() verb {
	return verb{name: "version", summary: "print the version",
		run: func(_ context.Context, o *options, _ []string) error {
			if o.json {
				return printJSON(o.stdout, map[string]string{"version": version})
			}
			_, err := fmt.Fprintln(o.stdout, "cwmpd", version)
			return err
		}}
}
