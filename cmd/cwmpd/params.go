package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/pflag"
)

func getVerb() verb {
	return verb{
		name: "get", args: "PATH...", summary: "print values",
		help: `Prints PATH=VALUE for every parameter that the paths stand for. Passwords and
keys read as the empty string, as they do for the ACS. A value with line breaks
or other control characters is printed in quotes, as Go and C write them, unless
-q or --json is given.`,
		flags: func(fs *pflag.FlagSet, o *options) {
			fs.BoolVarP(&o.values, "values", "q", false, "print the values alone, as they are")
		},
		run: func(ctx context.Context, o *options, args []string) error {
			if len(args) == 0 {
				return usagef("get: which path?")
			}
			door, done, err := open(ctx, o, false)
			if err != nil {
				return err
			}
			defer done()
			params, err := door.Get(ctx, args)
			if err != nil {
				return unread(ctx, door, err)
			}
			if o.json {
				values := make(map[string]string, len(params))
				for _, p := range params {
					values[p.Path] = p.Value
				}
				return printJSON(o.stdout, values)
			}
			for _, p := range params {
				if o.values {
					fmt.Fprintln(o.stdout, p.Value)
				} else {
					fmt.Fprintf(o.stdout, "%s=%s\n", p.Path, printable(p.Value))
				}
			}
			return nil
		},
	}
}

// printable keeps a value in its line, and what a neighbour's device calls itself from talking to the terminal.
func printable(value string) string {
	if strings.ContainsFunc(value, unicode.IsControl) {
		return strconv.Quote(value)
	}
	return value
}

func setVerb() verb {
	return verb{
		name: "set", args: "PATH=VALUE...", summary: "change values, all or none",
		help: `Changes all of the parameters or none of them, and has the services reloaded that
care. 'set PATH VALUE' does for one parameter.`,
		run: func(ctx context.Context, o *options, args []string) error {
			values, err := assignments(args)
			if err != nil {
				return err
			}
			door, done, err := open(ctx, o, true)
			if err != nil {
				return err
			}
			defer done()
			return made(o, door.Set(ctx, values))
		},
	}
}

// assignments reads PATH=VALUE words, or PATH VALUE where the first of two words holds no such thing.
func assignments(args []string) ([][2]string, error) {
	if len(args) == 2 && !strings.Contains(args[0], "=") {
		return [][2]string{{args[0], args[1]}}, nil
	}
	var values [][2]string
	for _, a := range args {
		path, value, ok := strings.Cut(a, "=")
		if !ok {
			return nil, usagef("set: %q is not PATH=VALUE", a)
		}
		values = append(values, [2]string{path, value})
	}
	if len(values) == 0 {
		return nil, usagef("set: which PATH=VALUE?")
	}
	return values, nil
}

func addVerb() verb {
	return verb{
		name: "add", args: "OBJECT.", summary: "make an instance and print its path",
		help: `It has the standard's defaults, and is disabled where it can be.`,
		run: func(ctx context.Context, o *options, args []string) error {
			if len(args) != 1 {
				return usagef("add: one table, such as Device.NAT.PortMapping.")
			}
			door, done, err := open(ctx, o, true)
			if err != nil {
				return err
			}
			defer done()
			path, err := door.Add(ctx, dotted(args[0]))
			if err = made(o, err); err != nil {
				return err
			}
			if o.json {
				return printJSON(o.stdout, map[string]string{"path": path})
			}
			_, err = fmt.Fprintln(o.stdout, path)
			return err
		},
	}
}

func delVerb() verb {
	return verb{
		name: "del", args: "OBJECT.N....", summary: "remove instances",
		help: `Removes all of them or none, with what hangs on them.`,
		run: func(ctx context.Context, o *options, args []string) error {
			if len(args) == 0 {
				return usagef("del: which instance?")
			}
			for i := range args {
				args[i] = dotted(args[i])
			}
			door, done, err := open(ctx, o, true)
			if err != nil {
				return err
			}
			defer done()
			return made(o, door.Delete(ctx, args))
		},
	}
}

// dotted lets a person leave out the dot at the end of an object.
func dotted(path string) string {
	if path != "" && !strings.HasSuffix(path, ".") {
		return path + "."
	}
	return path
}

func namesVerb() verb {
	return verb{
		name: "names", args: "[PATH...]", summary: "list objects and parameters",
		help: `Lists what GetParameterNames would: rw for what can be set, grown or deleted.`,
		flags: func(fs *pflag.FlagSet, o *options) {
			fs.BoolVarP(&o.nextLevel, "next", "n", false, "the next level only")
		},
		run: func(ctx context.Context, o *options, args []string) error {
			if len(args) == 0 {
				args = []string{"Device."}
			}
			door, done, err := open(ctx, o, false)
			if err != nil {
				return err
			}
			defer done()
			all := map[string]bool{}
			for _, path := range args {
				names, err := door.Names(ctx, path, o.nextLevel)
				if err != nil {
					return unread(ctx, door, err)
				}
				for _, n := range names {
					all[n.Path] = n.Writable
					if o.json {
						continue
					}
					access := "r "
					if n.Writable {
						access = "rw"
					}
					fmt.Fprintln(o.stdout, access, n.Path)
				}
			}
			if o.json {
				return printJSON(o.stdout, all)
			}
			return nil
		},
	}
}

func attrsVerb() verb {
	return verb{
		name: "attrs", args: "PATH...", summary: "print or set notification attributes",
		help: `Prints the notification of every parameter below the paths: 0 off, 1 passive (told
in the next session), 2 active (opens a session). --set changes it for all of them.`,
		flags: func(fs *pflag.FlagSet, o *options) {
			fs.StringVar(&o.notification, "set", "", "the `NOTIFICATION` to set: 0, 1 or 2")
		},
		run: func(ctx context.Context, o *options, args []string) error {
			if len(args) == 0 {
				return usagef("attrs: which path?")
			}
			level, known := map[string]int{"": -1, "0": 0, "1": 1, "2": 2}[o.notification]
			if !known {
				return usagef("attrs: --set %q: want 0, 1 or 2", o.notification)
			}
			door, done, err := open(ctx, o, level >= 0)
			if err != nil {
				return err
			}
			defer done()
			if level >= 0 {
				return refused(door.SetAttrs(ctx, args, level))
			}
			attrs, err := door.Attrs(ctx, args)
			if err != nil {
				return unread(ctx, door, err)
			}
			if o.json {
				return printJSON(o.stdout, attrs)
			}
			for _, a := range attrs {
				fmt.Fprintln(o.stdout, strings.TrimSpace(fmt.Sprint(a.Notification, " ", a.Path, " ", strings.Join(a.AccessList, ","))))
			}
			return nil
		},
	}
}
