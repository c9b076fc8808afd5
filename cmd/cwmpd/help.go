package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

func overview(w io.Writer) error {
	fmt.Fprint(w, `NAME
    cwmpd - TR-069 (CWMP) agent for OpenWrt, and its operator's tool

SYNOPSIS
    cwmpd [--root DIR] [--json] [-v] VERB [ARGUMENT...]
    cwmpd --help | --version

VERBS
`)
	for _, v := range verbs() {
		fmt.Fprintf(w, "    %-34s %s\n", strings.TrimSpace(v.name+" "+v.args), v.summary)
	}
	fmt.Fprint(w, `
    A PATH is a parameter (Device.Time.Enable), an object (Device.WiFi.SSID.1.) or a
    partial path, which ends with a dot and stands for all below it.

TOPICS
`)
	for i := range topics {
		fmt.Fprintf(w, "    %-34s %s\n", topics[i].name, topics[i].summary)
	}
	_, err := fmt.Fprintf(w, "\n    'cwmpd help' with one of these words tells more.\n\nFILES\n%s\nEXIT STATUS\n%s", filesText, exitText)
	return err
}

func (v verb) usage(w io.Writer, fs *pflag.FlagSet) {
	fmt.Fprintf(w, "NAME\n    cwmpd %s - %s\n\nSYNOPSIS\n    cwmpd %s\n\n", v.name, v.summary, strings.TrimSpace(v.name+" [OPTION...] "+v.args))
	if v.help != "" {
		fmt.Fprintf(w, "DESCRIPTION\n    %s\n\n", strings.ReplaceAll(strings.TrimSpace(v.help), "\n", "\n    "))
	}
	fmt.Fprint(w, "OPTIONS\n")
	fs.VisitAll(func(f *pflag.Flag) {
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		arg, text := pflag.UnquoteUsage(f)
		if f.NoOptDefVal == "" {
			name += " " + arg
		}
		fmt.Fprintf(w, "    %-22s %s\n", name, text)
	})
}

func unknown(name string) error { return usagef("unknown verb %q%s", name, nearest(name)) }

// nearest proposes the verb that a misspelt one probably meant.
func nearest(name string) string {
	also := map[string]string{"list": "names", "ls": "names", "show": "get", "delete": "del", "rm": "del", "daemon": "run", "start": "run", "get_names": "names", "get_notif": "attrs"}
	if v, ok := also[name]; ok {
		return fmt.Sprintf("; did you mean %q?", v)
	}
	best, least := "", 3 // changes of a letter, at most two
	for _, v := range verbs() {
		if len(name) > 1 && (strings.HasPrefix(v.name, name) || strings.HasPrefix(name, v.name)) {
			return fmt.Sprintf("; did you mean %q?", v.name)
		}
		if d := distance(name, v.name); d < least && d < len(v.name)-1 {
			best, least = v.name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance counts the letters to be put in, left out, changed or swapped with their neighbour to make b of a.
func distance(a, b string) int {
	if len(a) > 32 {
		return len(a)
	}
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
