// Command sandbox makes a router out of a directory and plays its system bus, for those who have no OpenWrt hardware
// at hand. `sandbox help` says how.
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

// A verb is one thing that sandbox does.
type verb struct {
	name     string
	synopsis string // its arguments
	about    string // one line
	run      func(ctx context.Context, args []string, out io.Writer) error
}

func verbs() []verb {
	return []verb{newVerb, routerVerb, acsVerb, tourVerb}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs one verb and returns the exit status: 0, 1 when it went wrong, 2 when it was asked wrongly.
func execute(ctx context.Context, args []string, out, errs io.Writer) int {
	if len(args) == 0 {
		usage(errs)
		return 2
	}
	switch args[0] {
	case "help", "-h", "--help":
		usage(out)
		return 0
	}
	for _, v := range verbs() {
		if v.name != args[0] {
			continue
		}
		err := v.run(ctx, args[1:], out)
		if err == nil || errors.Is(err, pflag.ErrHelp) {
			return 0
		}
		fmt.Fprintf(errs, "sandbox %s: %v\n", v.name, err)
		if wrong := (usageError{}); errors.As(err, &wrong) {
			return 2
		}
		return 1
	}
	fmt.Fprintf(errs, "sandbox: no verb %q; sandbox help lists them\n", args[0])
	return 2
}

// A usageError says that the command line makes no sense.
type usageError struct{ error }

func usage(w io.Writer) {
	fmt.Fprint(w, "sandbox: an OpenWrt router in a directory\n\n")
	for _, v := range verbs() {
		fmt.Fprintf(w, "  sandbox %-30s %s\n", strings.TrimSpace(v.name+" "+v.synopsis), v.about)
	}
	fmt.Fprint(w, "\nEach verb explains itself: sandbox VERB --help\n")
}

// flagsOf returns a verb's flags with its help text: the synopsis, what it does, the options.
func flagsOf(v verb, out io.Writer, about string) *pflag.FlagSet {
	f := pflag.NewFlagSet(v.name, pflag.ContinueOnError)
	f.SetOutput(out)
	f.Usage = func() {
		fmt.Fprintf(out, "SYNOPSIS\n  sandbox %s\n\nDESCRIPTION\n", strings.TrimSpace(v.name+" "+v.synopsis))
		for line := range strings.Lines(strings.TrimSpace(about) + "\n") {
			if line != "\n" {
				line = "  " + line
			}
			fmt.Fprint(out, line)
		}
		if f.HasFlags() {
			fmt.Fprint(out, "\nOPTIONS\n")
		}
		f.VisitAll(func(o *pflag.Flag) {
			name, text := pflag.UnquoteUsage(o)
			if name = "--" + o.Name + " " + name; o.NoOptDefVal != "" {
				name = "--" + o.Name
			}
			if o.Shorthand != "" {
				name = "-" + o.Shorthand + ", " + name
			}
			fmt.Fprintf(out, "  %-22s %s\n", name, text)
		})
	}
	return f
}

// parse wants exactly n arguments beside the flags: none, or one directory.
func parse(f *pflag.FlagSet, args []string, n int) error {
	if err := f.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return err
		}
		return usageError{err}
	}
	if f.NArg() != n {
		if n == 0 {
			return usageError{fmt.Errorf("%q is one argument too many; see sandbox %s --help", f.Arg(0), f.Name())}
		}
		return usageError{fmt.Errorf("which directory? See sandbox %s --help", f.Name())}
	}
	return nil
}
