package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/agent"
	"github.com/cwmpd/cwmpd/internal/model"
)

func modelVerb() verb {
	return verb{
		name: "model", args: "check [FILE...] | stats | import-bbfdm FILE", summary: "check .dm files; count what the model says",
		help: `check reads data model files, the given ones or all that the router has, and prints
FILE:LINE: what is wrong, for each problem; it exits 3 when there is one. On a
PC it hints on the error output at names that may be misspelt.
stats counts objects, parameters and the sources they come from.
import-bbfdm prints a JSON plugin of bbfdm as a .dm file, and on the error
output what it had to leave out. {BBF_VENDOR_PREFIX} becomes --vendor.`,
		flags: func(fs *pflag.FlagSet, o *options) {
			fs.StringVar(&o.vendor, "vendor", "", "the `PREFIX` of a vendor's names, X_ACME_")
		},
		run: func(ctx context.Context, o *options, args []string) error {
			if len(args) == 0 {
				return usagef("model: check, stats or import-bbfdm?")
			}
			switch args[0] {
			case "check":
				return checkModel(ctx, o, args[1:])
			case "stats":
				if len(args) > 1 {
					return usagef("model: stats takes no files")
				}
				return modelStats(ctx, o)
			case "import-bbfdm":
				if len(args) != 2 {
					return usagef("model: import-bbfdm takes one file")
				}
				return importBBFDM(o, args[1])
			}
			return usagef("model: unknown %q: want check, stats or import-bbfdm", args[0])
		},
	}
}

func checkModel(ctx context.Context, o *options, files []string) error {
	for _, f := range files {
		if _, err := os.Stat(f); err != nil {
			return err
		}
	}
	problems, err := agent.CheckModel(ctx, agent.Options{Root: o.root, Files: datamodel.Files, Version: version, Offline: true}, files)
	if err != nil {
		return err
	}
	modelHints(o, files)
	if o.json {
		if problems == nil {
			problems = []model.Problem{}
		}
		if err := printJSON(o.stdout, problems); err != nil {
			return err
		}
	} else {
		for _, p := range problems {
			fmt.Fprintf(o.stdout, "%s\n", p)
		}
	}
	if len(problems) > 0 {
		what := "1 problem"
		if len(problems) > 1 {
			what = fmt.Sprint(len(problems), " problems")
		}
		return &codedError{exitFault, errors.New(what)}
	}
	if !o.json {
		fmt.Fprintln(o.stdout, "no problems")
	}
	return nil
}

func modelStats(ctx context.Context, o *options) error {
	parts, err := local(ctx, o)
	if err != nil {
		return err
	}
	defer parts.Close()
	s := parts.Tree.Stats()
	if o.json {
		return printJSON(o.stdout, s)
	}
	families := map[string]int{}
	parts.Tree.Definitions(func(d model.Def) {
		if !d.Object {
			families[family(d.Path)]++
		}
	})
	fmt.Fprintf(o.stdout, "files %d  objects %d (tables %d)  parameters %d (writable %d, hidden %d, compat %d)\n",
		s.Files, s.Objects, s.Tables, s.Parameters, s.Writable, s.Hidden, s.Compat)
	for _, name := range sortedKeys(families) {
		fmt.Fprintf(o.stdout, "  %-32s %4d\n", name, families[name])
	}
	for _, verb := range sortedKeys(s.Verbs) {
		name := "from " + verb
		if verb == "" {
			name = "implied" // Alias, NumberOfEntries
		}
		fmt.Fprintf(o.stdout, "  %-32s %4d\n", name, s.Verbs[verb])
	}
	for _, path := range s.Unmet {
		fmt.Fprintf(o.stdout, "  not on this router: %s\n", path)
	}
	return nil
}

// family is the first two levels of a path: "Device.WiFi.".
func family(path string) string {
	parts := strings.SplitAfterN(path, ".", 3)
	if len(parts) < 3 {
		return parts[0]
	}
	return parts[0] + parts[1]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
