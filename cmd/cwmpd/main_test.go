package main

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestHelp holds the help of every verb against testdata/help.txt. Topics are texts, or come from the tables that they tell of.
func TestHelp(t *testing.T) {
	t.Parallel()
	texts := run(t.Context(), "--help").out
	for _, v := range verbs() {
		a := run(t.Context(), v.name, "--help")
		if a.code != exitOK || a.err != "" {
			t.Errorf("%s --help: exit %d, %q", v.name, a.code, a.err)
		}
		if same := run(t.Context(), "help", v.name); same != a {
			t.Errorf("help %s differs from %s --help: %+v", v.name, v.name, same)
		}
		for _, section := range []string{"NAME\n", "SYNOPSIS\n", "OPTIONS\n"} {
			if !strings.Contains(a.out, section) {
				t.Errorf("%s --help has no %s", v.name, section)
			}
		}
		if v.help == "" {
			t.Errorf("%s --help says no more than the list of verbs", v.name)
		}
		texts += "\n====\n\n" + a.out
	}
	for _, topic := range topics {
		a := run(t.Context(), "help", topic.name)
		if a.code != exitOK || a.err != "" {
			t.Errorf("help %s: exit %d, %q", topic.name, a.code, a.err)
		}
		if verbNamed(topic.name).name != "" {
			t.Errorf("%s is a verb and a topic", topic.name)
		}
		if printed := strings.TrimPrefix(a.out, topic.text); a.out == "" || (printed == "") != (topic.print == nil) {
			t.Errorf("help %s: %s", topic.name, a.out)
		}
		for i, line := range strings.Split(a.out, "\n") {
			if utf8.RuneCountInString(line) > 100 {
				t.Errorf("help %s: line %d is too long for a terminal: %s", topic.name, i+1, line)
			}
		}
	}
	if same := run(t.Context(), "help"); same.code != exitOK || !strings.HasPrefix(texts, same.out) {
		t.Errorf("help is not --help: %+v", same)
	}
	for i, line := range strings.Split(texts, "\n") {
		if utf8.RuneCountInString(line) > 100 {
			t.Errorf("line %d is too long for a terminal: %s", i+1, line)
		}
	}
	const golden = "testdata/help.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(texts), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if texts != string(want) {
		t.Errorf("the help is not that of %s; -update writes it:\n%s", golden, texts)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"version"}, {"--version"}} {
		if got, want := run(t.Context(), args...), (answer{exitOK, "cwmpd " + version + "\n", ""}); got != want {
			t.Errorf("%q: got %+v, want %+v", args, got, want)
		}
	}
	for _, args := range [][]string{{"version", "--json"}, {"--json", "version"}, {"--json", "--version"}} {
		if got, want := run(t.Context(), args...), (answer{exitOK, "{\n  \"version\": \"" + version + "\"\n}\n", ""}); got != want {
			t.Errorf("%q: got %+v, want %+v", args, got, want)
		}
	}
}

// TestWrongCommandLines are those that are wrong whatever router it is: exit 2, a line that says what, and where help is.
func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		says string
		try  string // the verb whose help is offered
	}{
		{"", "what shall it do?", ""},
		{"gte", `unknown verb "gte"; did you mean "get"?`, ""},
		{"sett", `unknown verb "sett"; did you mean "set"?`, ""},
		{"stat", `unknown verb "stat"; did you mean "status"?`, ""},
		{"infrom", `unknown verb "infrom"; did you mean "inform"?`, ""},
		{"session", `unknown verb "session"; did you mean "sessions"?`, ""},
		{"delete", `unknown verb "delete"; did you mean "del"?`, ""},
		{"list", `unknown verb "list"; did you mean "names"?`, ""},
		{"x", `unknown verb "x"`, ""},
		{"frobnicate", `unknown verb "frobnicate"`, ""},
		{"help frobnicate", `unknown verb "frobnicate"`, "help"},
		{"help gte", `unknown verb "gte"; did you mean "get"?`, "help"},
		{"completion", "completion: bash or zsh?", "completion"},
		{"completion ash", "completion: bash or zsh?", "completion"},
		{"--frob get", "unknown flag: --frob", ""},
		{"get --frob", "get: unknown flag: --frob", "get"},
		{"get", "get: which path?", "get"},
		{"set", "set: which PATH=VALUE?", "set"},
		{"set Device.A=1 Device.B", `set: "Device.B" is not PATH=VALUE`, "set"},
		{"set Device.A", `set: "Device.A" is not PATH=VALUE`, "set"},
		{"set Device.A -1", "set: unknown shorthand flag: '1' in -1; a value that begins with a dash is written PATH=VALUE", "set"},
		{"add", "add: one table, such as Device.NAT.PortMapping.", "add"},
		{"add Device.A. Device.B.", "add: one table, such as Device.NAT.PortMapping.", "add"},
		{"del", "del: which instance?", "del"},
		{"attrs", "attrs: which path?", "attrs"},
		{"attrs Device. --set 3", `attrs: --set "3": want 0, 1 or 2`, "attrs"},
		{"attrs Device. --set -1", `attrs: --set "-1": want 0, 1 or 2`, "attrs"},
		{"status now", `status takes no arguments, but there is "now"`, "status"},
		{"sessions 3", `sessions takes no arguments, but there is "3"`, "sessions"},
		{"reload cwmp", `reload takes no arguments, but there is "cwmp"`, "reload"},
		{"run fast", `run takes no arguments, but there is "fast"`, "run"},
		{"run --log loud", `--log "loud": want debug, info, warn or error`, "run"},
		{"version 2", `version takes no arguments, but there is "2"`, "version"},
		{"model", "model: check, stats or import-bbfdm?", "model"},
		{"model chekc", `model: unknown "chekc": want check, stats or import-bbfdm`, "model"},
		{"model stats x", "model: stats takes no files", "model"},
		{"get --root /no/such/place Device.", "--root /no/such/place: no such directory", "get"},
		{"--root " + file + " run", "--root " + file + ": not a directory", "run"},
	} {
		args := strings.Fields(c.args)
		try := "Try '" + strings.TrimSpace("cwmpd "+c.try) + " --help'."
		wantFailure(t, run(t.Context(), args...), exitUsage, []string{"cwmpd: " + c.says, try}, args)
	}
}

// TestHelpOptions: every option that the package's configuration file shows is among those of help, and so is its value there.
func TestHelpOptions(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../../openwrt/files/etc/config/cwmp")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{} // "acs.url" → the line of help
	section := ""
	for line := range strings.Lines(run(t.Context(), "help", "config").out) {
		if name, ok := strings.CutPrefix(line, "config "); ok {
			section = strings.TrimSpace(name)
		} else if fields := strings.Fields(line); strings.HasPrefix(line, "  ") {
			lines[section+"."+fields[0]] = line
		}
	}
	shown := 0
	for line := range strings.Lines(string(file)) {
		switch fields := strings.Fields(strings.Replace(line, "#option", "option", 1)); {
		case len(fields) < 3:
		case fields[0] == "config":
			section = fields[1]
		case fields[0] == "option":
			shown++
			if lines[section+"."+fields[1]] == "" {
				t.Errorf("help config lacks %s.%s", section, fields[1])
			}
		}
	}
	if shown < 15 {
		t.Errorf("the file shows %d options", shown)
	}
}

// TestDistance is what misspelt verbs are measured by.
func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"get", "get", 0}, {"gte", "get", 1}, {"gt", "get", 1}, {"geet", "get", 1}, {"gat", "get", 1},
		{"", "get", 3}, {"run", "add", 3}, {"infrom", "inform", 1}, {strings.Repeat("x", 1000), "get", 1000},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%.10q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
